//! The card at the root of the thread: when what it shows has changed, and whether the desk shows
//! it. Changes that come while an edit waits are one edit, because the edit shows what is so when
//! it is made.

use super::{Effect, Order, Standing, Step, Thread};
use crate::desk::Agent;
use crate::ids::Moment;
use crate::ticket::Priority;

/// What a card shows of what can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CardFace {
    topic: String,
    holder: Option<Agent>,
    standing: Standing,
    ticket: Option<(Priority, Option<Moment>)>,
}

impl Step<'_> {
    pub(super) fn card_face(&self) -> CardFace {
        let standing = match &self.head.standing {
            // Since when is not on the card: a second answer changes nothing on it.
            Standing::Answered { .. } => Standing::Answered { since: self.head.created_at },
            Standing::Fresh | Standing::AwaitingAgent { .. } | Standing::Resolved { .. } | Standing::Closed { .. } => {
                self.head.standing.clone()
            }
        };
        let ticket = self.head.ticket.map(|ticket| (ticket.priority, self.head.answer_due()));
        CardFace { topic: self.head.topic.clone(), holder: self.head.claimed_by.clone(), standing, ticket }
    }

    /// Has the card edited if it showed something else before this step.
    pub(super) fn card_changed(&mut self, before: &CardFace) {
        if self.card_face() != *before {
            self.edit_card();
        }
    }

    /// Has the card show what is so now. Where there is no card, the next one is made with what is so
    /// then.
    pub(super) fn edit_card(&mut self) {
        match self.head.thread {
            Thread::None => {}
            // What a step that asks for a thread changes is on the card that it asks for.
            Thread::Wanted if self.effects.contains(&Effect::OpenThread) => {}
            Thread::Wanted | Thread::Open(_) => {
                self.head.card_rev += 1;
                self.effects.push(Effect::EditCard);
            }
        }
    }

    pub(super) fn card_edited(&mut self, rev: i64) {
        let rev = rev.min(self.head.card_rev);
        if rev > self.head.card_shown {
            self.head.card_shown = rev;
            if rev == self.head.card_rev {
                self.effects.push(Effect::Settled(Order::Card));
            }
        }
    }

    /// The thread is open: an edit that waited for it can be made.
    pub(super) fn card_at_last(&mut self) {
        if self.head.card_shown < self.head.card_rev {
            self.effects.push(Effect::EditCard);
        }
    }

    /// The card is gone, and with it whatever it should show.
    pub(super) fn card_gone(&mut self) {
        if self.head.card_shown < self.head.card_rev {
            self.head.card_shown = self.head.card_rev;
            self.effects.push(Effect::Settled(Order::Card));
        }
    }
}
