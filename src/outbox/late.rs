//! Customers' messages that the desk takes no more: after a minute the customer is told, each
//! message once, and the operator once for all of them. A message that only waits for its turn among
//! many others is not late: the desk can be reached.

use super::{Desk, report};
use crate::lifecycle::Lifecycle;
use crate::service::Service;
use std::collections::HashMap;
use threadline_core::conversation::Event;
use threadline_core::ids::{ConversationId, MessageId, Moment};
use threadline_core::lane::Lanes;
use threadline_core::message::{Kind, Message, Posting};

/// How long a message may wait before its customer is told: shorter troubles are over before anybody
/// has read of them.
const LATE_MILLIS: i64 = 60_000;
/// How often this is looked at, while anything waits.
const LOOK_MILLIS: i64 = 5_000;

/// What waits at one desk.
#[derive(Debug, Default)]
pub(super) struct Late {
    waiting: Vec<Waiting>,
    look_at: Option<Moment>,
    /// True while the operator knows.
    alarmed: bool,
}

#[derive(Debug)]
struct Waiting {
    conversation: ConversationId,
    seq: i64,
    message: MessageId,
    since: Moment,
}

impl Late {
    /// A message of that time has been put into its lane.
    pub(super) fn watch(&mut self, message: &Message, since: Moment) {
        match message.kind {
            Kind::FromCustomer(Posting::Waiting { late: false, .. }) => {}
            // The customer knows.
            Kind::FromCustomer(Posting::Waiting { late: true, .. }) => return,
            Kind::FromCustomer(Posting::Posted { .. } | Posting::Refused { .. }) => return,
            Kind::FromBot(_)
            | Kind::Reply { .. }
            | Kind::Saved { .. }
            | Kind::Preview { .. }
            | Kind::Note { .. }
            | Kind::Set { .. }
            | Kind::Letter { .. }
            | Kind::Deed { .. } => return,
        }
        let Message { conversation, seq, id, .. } = *message;
        self.waiting.push(Waiting { conversation, seq, message: id, since });
        self.look_at.get_or_insert(since.plus_millis(LOOK_MILLIS));
    }

    /// Tells what is late, if it is time to look; when to look again.
    pub(super) fn look(
        &mut self,
        lanes: &Lanes,
        now: Moment,
        service: &Service,
        desk: &Desk,
        life: &Lifecycle,
    ) -> Option<Moment> {
        if self.look_at? > now {
            return self.look_at;
        }
        self.waiting.retain(|it| lanes.has_message(it.conversation, it.seq));
        let mut late: HashMap<ConversationId, Vec<MessageId>> = HashMap::new();
        self.waiting.retain(|it| {
            let is_late = now.millis_since(it.since) >= LATE_MILLIS && lanes.is_held_up(it.conversation, now);
            if is_late {
                late.entry(it.conversation).or_default().push(it.message);
            }
            !is_late
        });
        if !late.is_empty() && !self.alarmed {
            self.alarmed = true;
            let conversations = late.len();
            tracing::error!(desk = %desk.name, conversations, "the desk has taken no message for a minute; customers are told, \
                and all is kept and posted when the desk is back; said once until then");
        }
        for (conversation, messages) in late {
            let service = service.clone();
            life.spawn_brief("word that a message is late", async move {
                report(&service, conversation, Event::PostsDelayed(messages)).await;
            });
        }
        if self.alarmed && lanes.is_empty() {
            self.alarmed = false;
            tracing::info!(desk = %desk.name, "the desk takes messages again");
        }
        self.look_at = (!self.waiting.is_empty() || self.alarmed).then(|| now.plus_millis(LOOK_MILLIS));
        self.look_at
    }
}
