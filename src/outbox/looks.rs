//! Looking again, later, what is at the desk: when nobody heard what became of something that was
//! sent, it may still turn up. When is stored; this only looks at the clock.

use super::Worker;
use std::collections::BTreeMap;
use threadline_core::conversation::{Event, Sent, Thread};
use threadline_core::ids::{ConversationId, Moment};

/// Looks taken from the table at once.
const LOOKS_MAX: i64 = 500;
/// How long a look that is due is not taken again: it is under way, or waits for the desk.
const TAKEN_MILLIS: i64 = 10_000;
/// The wait after the database failed.
const RETRY_MILLIS: i64 = 1_000;

impl Worker {
    /// Has the lanes make the looks that are due.
    pub(super) async fn take_looks(&mut self) {
        self.looks_changed = false;
        let now = self.service.shared().clock.now();
        self.next_look = match self.take_due(now).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(desk = %self.desk.name, %error, "it could not be read what is to be looked at again; trying again");
                Some(now.plus_millis(RETRY_MILLIS))
            }
        };
    }

    async fn take_due(&mut self, now: Moment) -> Result<Option<Moment>, crate::store::StoreError> {
        let shared = self.service.shared().clone();
        let due = shared.store.looks_due(&self.desk.name, now, LOOKS_MAX).await?;
        shared.broken.found(&shared.metrics, &format!("looks/{}", self.desk.name), &due.broken);
        self.looks_taken.retain(|_, at| now.millis_since(*at) < TAKEN_MILLIS);
        let some = !due.legible.is_empty();
        for look in due.legible {
            if self.looks_taken.contains_key(&look.conversation) {
                continue;
            }
            self.looks_taken.insert(look.conversation, now);
            let channel = match &look.thread {
                Thread::Open(key) => self.desk.platform.channel_of(key),
                Thread::None | Thread::Wanted => None,
            };
            self.lanes.want_look(look.conversation, &look.thread, channel.as_deref());
        }
        let next = shared.store.next_look(&self.desk.name, now).await?;
        let again = some.then(|| now.plus_millis(TAKEN_MILLIS));
        Ok(next.into_iter().chain(again).min())
    }

    /// These may have been sent by the process before this one, which cannot say any more.
    pub(super) async fn may_have_been_sent(&mut self, sent: BTreeMap<ConversationId, Sent>) {
        if !self.desk.platform.may_double() {
            return;
        }
        let at = self.service.shared().clock.now();
        let events = sent.into_iter().map(|(id, sent)| (id, Event::OutcomeLost { sent, at })).collect();
        for refusal in self.service.events(events).await.into_iter().filter_map(Result::err) {
            // It is looked up before it is sent again all the same, and once more at the catch-up.
            tracing::error!(desk = %self.desk.name, %refusal, "it was not stored that something may have been sent");
        }
        self.looks_changed = true;
    }
}
