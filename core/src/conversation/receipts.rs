//! How far the agents' replies have come: ✓ when the customer's browser has one, 👁 when he saw it, and
//! ⏳ when it has waited for his browser for a while, because he has no page open or is offline. When
//! that is told stands in the head of the conversation, which a reply and its receipt write anyway: so
//! a customer who is there costs nothing more.

use super::{Effect, Step};
use crate::desk::Mark;
use crate::ids::PostKey;
use crate::message::{Kind, Message, Stage};

/// How long a reply waits for the customer's browser before its agent is told, in milliseconds. A page
/// that is open has it within a second, and one that lost its connection, or whose customer is going
/// from page to page, is back within some; who is not there for a minute has left.
pub const RECEIPT_AFTER_MILLIS: i64 = 60_000;

impl Step<'_> {
    /// A reply has just been shown: from now on its receipt is waited for.
    pub(super) fn receipt_wanted(&mut self) {
        self.head.receipt_due.get_or_insert(self.now.plus_millis(RECEIPT_AFTER_MILLIS));
    }

    /// Receipts only ever move forward, and never past what there is.
    pub(super) fn customer_has(&mut self, rev: i64, saw: bool) {
        let rev = rev.min(self.head.rev);
        let (had, seen) = (self.head.received, self.head.seen);
        if rev > had {
            self.head.received = rev;
            self.mark_replies(had, rev, Mark::Received);
            let waited = self.shown_replies(had.max(self.head.mailing.emailed), rev.min(self.head.waits));
            self.effects.extend(waited.into_iter().map(|(seq, post)| Effect::WaitsNoMore { seq, post }));
            self.head.receipt_due = None;
            // The browser is there, and has a minute for the rest.
            if !self.shown_replies(rev.max(self.head.waits), self.head.rev).is_empty() {
                self.receipt_wanted();
            }
        }
        if saw && rev > seen {
            self.head.seen = rev;
            self.mark_replies(seen, rev, Mark::Seen);
            if rev == self.head.rev {
                self.letter_needless();
            }
        }
    }

    /// What has come to the browser meanwhile, or was told before, is not told.
    pub(super) fn replies_delayed(&mut self) {
        if self.head.receipt_due.is_none_or(|due| due > self.now) {
            return;
        }
        self.head.receipt_due = None;
        let told = std::mem::replace(&mut self.head.waits, self.head.rev);
        let has = self.head.received.max(self.head.mailing.emailed);
        self.mark_replies(told.max(has), self.head.rev, Mark::Waiting);
    }

    /// A shown reply is taken back: nothing of it waits any more.
    pub(super) fn nothing_waits_of(&mut self, at: usize) {
        let message = &self.messages[at];
        if let Some((first_rev, post)) = first_showing(message)
            && first_rev > self.head.received.max(self.head.mailing.emailed)
            && first_rev <= self.head.waits
        {
            self.effects.push(Effect::WaitsNoMore { seq: message.seq, post: post.clone() });
        }
    }

    fn mark_replies(&mut self, above: i64, upto: i64, mark: Mark) {
        let marked = self.shown_replies(above, upto);
        self.effects.extend(marked.into_iter().map(|(seq, post)| Effect::MarkPost { seq, post, mark }));
    }

    /// The replies that were first shown with a change above the one and up to the other.
    pub(super) fn shown_replies(&self, above: i64, upto: i64) -> Vec<(i64, PostKey)> {
        let is_one = |message: &&Message| first_showing(message).is_some_and(|(rev, _)| rev > above && rev <= upto);
        let named = |message: &Message| first_showing(message).map(|(_, post)| (message.seq, post.clone()));
        let mut found: Vec<(i64, PostKey)> = self.messages.iter().filter(is_one).filter_map(named).collect();
        found.sort_by_key(|(seq, _)| *seq);
        found
    }
}

/// The change with which a reply that is shown was shown first, and its post.
fn first_showing(message: &Message) -> Option<(i64, &PostKey)> {
    match &message.kind {
        Kind::Reply { post, stage: Stage::Shown { first_rev, .. }, .. } => Some((*first_rev, &post.key)),
        // Where nothing is posted yet, nothing can be marked.
        Kind::Saved { post: Some(key), stage: Stage::Shown { first_rev, .. }, .. } => Some((*first_rev, key)),
        Kind::Reply { stage: Stage::Held { .. } | Stage::Withdrawn { .. }, .. }
        | Kind::Saved { .. }
        | Kind::Preview { .. }
        | Kind::FromCustomer(_)
        | Kind::FromBot(_)
        | Kind::Note { .. }
        | Kind::Deed { .. }
        | Kind::Letter { .. }
        | Kind::Set { .. } => None,
    }
}
