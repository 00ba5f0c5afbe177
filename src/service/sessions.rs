//! What a customer asks of working sessions: what is free, and what he has.

use super::{Answer, Refusal, Service, Token};
use std::sync::Arc;
use threadline_core::calendar::Zone;
use threadline_core::conversation::Event;
use threadline_core::ids::{Moment, SessionId};
use threadline_core::session::{Ask, Plan, Refused, Session, Slot};

/// What a customer can book, and what he has.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What is free now, nearest first.
    pub slots: Vec<Slot>,
    /// What he has, or had last.
    pub session: Option<Session>,
    /// His time zone, where it is known.
    pub zone: Option<Zone>,
    /// How sessions are booked.
    pub plan: Arc<Plan>,
    /// When that was so.
    pub now: Moment,
}

impl Service {
    /// What the customer whom the token belongs to can book.
    pub async fn session_offer(&self, token: &Token) -> Result<Offer, Refusal> {
        let head = self.opened_by(token).await?;
        let plan = self.inner.rules(&head.desk).sessions.clone().filter(|plan| plan.is_for(&head.topic));
        let plan = plan.ok_or(Refusal::Session(Refused::NotOffered))?;
        let now = self.inner.clock.now();
        let book = self.inner.store.sessions(head.id, now).await?;
        let session = book.current(head.id).cloned();
        let own = session.as_ref().filter(|session| session.is_booked()).map(|session| session.id);
        // What he has can be moved to a time that touches it.
        let mut slots = plan.terms.free(&plan.engineers(&head.topic), &book.taken(own, now), now);
        slots.retain(|slot| session.as_ref().is_none_or(|has| !has.is_booked() || has.span != slot.span));
        let zone = self.inner.store.context(head.id).await?.zone;
        Ok(Offer { slots, session, zone, plan, now })
    }

    /// Keeps a time for the customer while he types; the same key is the same wish.
    pub async fn hold_session(&self, token: &Token, key: String, at: Moment) -> Result<Session, Refusal> {
        let id = SessionId(self.inner.ids.fresh());
        self.session_asked(token, Ask::Hold { id, key, at }).await
    }

    /// Books, moves or cancels a session of the customer's; asked again, it is done once.
    pub async fn session_asked(&self, token: &Token, ask: Ask) -> Result<Session, Refusal> {
        let answer: Answer = self.customer(token, vec![Event::SessionAsked(ask)]).await?;
        answer.session.ok_or(Refusal::Session(Refused::Unknown))
    }
}
