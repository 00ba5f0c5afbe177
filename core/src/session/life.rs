//! What becomes of a session: `(session, event) → (session, effects)`. The same event twice changes
//! nothing the second time.

use super::{Slot, Terms};
use crate::calendar::Span;
use crate::desk::Agent;
use crate::ids::{ConversationId, EngineerName, Moment, SessionId};

/// A session, or the hold on a time for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which one.
    pub id: SessionId,
    /// Whose conversation it belongs to.
    pub conversation: ConversationId,
    /// What makes it the same wish when it comes again.
    pub key: String,
    /// Who takes it.
    pub engineer: EngineerName,
    /// When.
    pub span: Span,
    /// How far it has come.
    pub stage: Stage,
    /// How often the invitation was changed: iCalendar's SEQUENCE (RFC 5545, 3.8.7.4).
    pub revision: u32,
    /// True when the customer, who did not come, was asked for a new time: that is asked once.
    pub asked_again: bool,
    /// When something is still to be said before it, in order.
    pub told_at: Vec<Moment>,
}

/// How far a session has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The customer has chosen the time, and is still typing.
    Held {
        /// Until when it is kept for him.
        until: Moment,
    },
    /// He kept it for too long; it is anybody's again.
    Lapsed,
    /// It takes place.
    Booked {
        /// Since when.
        since: Moment,
    },
    /// It does not.
    Cancelled {
        /// Who cancelled it.
        by: Side,
    },
    /// It took place.
    Done {
        /// Who said so.
        by: Agent,
    },
    /// The customer did not come.
    Missed {
        /// Who said so.
        by: Agent,
    },
}

/// Who does something to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// The customer.
    Customer,
    /// Somebody of the team.
    Team(Agent),
}

/// What happened to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was booked: by the customer what he holds, or by an agent directly.
    Booked,
    /// The time for which it was held has passed.
    HoldEnded,
    /// It takes place at another time, or with another engineer.
    Moved {
        /// Then, and with the first of these.
        to: Slot,
        /// Who moved it.
        by: Side,
    },
    /// It does not take place.
    Cancelled {
        /// Who cancelled it.
        by: Side,
    },
    /// It took place.
    Ended {
        /// Who says so.
        by: Agent,
    },
    /// The customer did not come.
    Missed {
        /// Who says so.
        by: Agent,
    },
}

/// What must be done about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send the customer and the engineer the invitation as it is now.
    Invite,
    /// Take the invitation back.
    Uninvite,
    /// Show on its card in the thread, and to the customer, how it stands.
    Show,
    /// Remind the customer at these moments, and the engineer as the terms say; what was to be said
    /// before is forgotten.
    RemindAt(Vec<Moment>),
    /// Nobody is reminded any more.
    RemindNoMore,
    /// The time is anybody's again.
    GiveBack {
        /// Whose.
        engineer: EngineerName,
        /// Which.
        span: Span,
    },
    /// Ask the customer for a new time.
    AskForNewTime,
}

/// Why an event was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was held for too long, and the time may be somebody else's.
    Lapsed,
    /// It is too late for the customer to change it himself; the team can.
    TooLate,
    /// It was cancelled, or is over.
    Over,
    /// It has not begun.
    NotYet,
    /// It is held, and not booked yet.
    NotBooked,
    /// Nobody is free then.
    NobodyFree,
    /// The customer has one already, which can be moved.
    HasOne,
    /// He has none of this id.
    Unknown,
    /// There are none about what he asks.
    NotOffered,
}

impl Session {
    /// A time that the customer has just chosen, kept for the engineer who should take it; none if
    /// nobody is free then.
    pub fn held(
        id: SessionId,
        conversation: ConversationId,
        key: String,
        slot: &Slot,
        terms: &Terms,
        now: Moment,
    ) -> Option<Session> {
        let engineer = slot.engineers.first()?.clone();
        let stage = Stage::Held { until: now.plus_millis(terms.hold_millis) };
        let (span, told_at) = (slot.span, Vec::new());
        Some(Session { id, conversation, key, engineer, span, stage, revision: 0, asked_again: false, told_at })
    }

    /// True while it takes place.
    pub fn is_booked(&self) -> bool {
        matches!(self.stage, Stage::Booked { .. })
    }

    /// True while its time is nobody else's.
    pub fn keeps_its_time(&self) -> bool {
        match self.stage {
            Stage::Held { .. } | Stage::Booked { .. } | Stage::Done { .. } | Stage::Missed { .. } => true,
            Stage::Lapsed | Stage::Cancelled { .. } => false,
        }
    }

    /// Until when the customer can still move or cancel it.
    pub fn changeable_until(&self, terms: &Terms) -> Moment {
        self.span.opens.plus_millis(-terms.change_until_millis)
    }

    /// Changes it as the event asks, and says what has to be done.
    ///
    /// # Errors
    ///
    /// When it cannot be; then nothing has changed.
    pub fn step(&mut self, event: Event, terms: &Terms, now: Moment) -> Result<Vec<Effect>, Refused> {
        match event {
            Event::Booked => self.book(terms, now),
            Event::HoldEnded => Ok(self.end_hold(now)),
            Event::Moved { to, by } => self.move_to(&to, &by, terms, now),
            Event::Cancelled { by } => self.cancel(by, terms, now),
            Event::Ended { by } => self.close(Stage::Done { by }, now),
            Event::Missed { by } => self.close(Stage::Missed { by }, now),
        }
    }

    fn book(&mut self, terms: &Terms, now: Moment) -> Result<Vec<Effect>, Refused> {
        match self.stage {
            Stage::Held { until } if now < until => {
                self.stage = Stage::Booked { since: now };
                Ok(vec![Effect::Show, Effect::Invite, Effect::RemindAt(terms.reminders(self.span, now))])
            }
            Stage::Booked { .. } => Ok(Vec::new()),
            Stage::Held { .. } | Stage::Lapsed => Err(Refused::Lapsed),
            Stage::Cancelled { .. } | Stage::Done { .. } | Stage::Missed { .. } => Err(Refused::Over),
        }
    }

    fn end_hold(&mut self, now: Moment) -> Vec<Effect> {
        match self.stage {
            Stage::Held { until } if until <= now => {
                self.stage = Stage::Lapsed;
                vec![self.give_back()]
            }
            Stage::Held { .. }
            | Stage::Lapsed
            | Stage::Booked { .. }
            | Stage::Cancelled { .. }
            | Stage::Done { .. }
            | Stage::Missed { .. } => Vec::new(),
        }
    }

    fn move_to(&mut self, to: &Slot, by: &Side, terms: &Terms, now: Moment) -> Result<Vec<Effect>, Refused> {
        self.changeable(by, terms, now)?;
        if to.span == self.span && to.engineers.contains(&self.engineer) {
            return Ok(Vec::new());
        }
        // Who has it keeps it, where he can.
        let stays = to.engineers.iter().find(|engineer| **engineer == self.engineer);
        let engineer = stays.or(to.engineers.first()).ok_or(Refused::NobodyFree)?.clone();
        let given_back = self.give_back();
        (self.span, self.engineer) = (to.span, engineer);
        self.stage = Stage::Booked { since: now };
        self.revision += 1;
        Ok(vec![given_back, Effect::Show, Effect::Invite, Effect::RemindAt(terms.reminders(self.span, now))])
    }

    fn cancel(&mut self, by: Side, terms: &Terms, now: Moment) -> Result<Vec<Effect>, Refused> {
        if matches!(self.stage, Stage::Cancelled { .. }) {
            return Ok(Vec::new());
        }
        self.changeable(&by, terms, now)?;
        self.stage = Stage::Cancelled { by };
        self.revision += 1;
        Ok(vec![self.give_back(), Effect::Show, Effect::Uninvite, Effect::RemindNoMore])
    }

    fn close(&mut self, stage: Stage, now: Moment) -> Result<Vec<Effect>, Refused> {
        match &self.stage {
            Stage::Booked { .. } if now < self.span.opens => Err(Refused::NotYet),
            Stage::Booked { .. } | Stage::Done { .. } | Stage::Missed { .. } => {
                if std::mem::discriminant(&self.stage) == std::mem::discriminant(&stage) {
                    return Ok(Vec::new());
                }
                // Who was marked as missing by mistake did come, or the other way round.
                self.stage = stage;
                let asks =
                    matches!(self.stage, Stage::Missed { .. }) && !std::mem::replace(&mut self.asked_again, true);
                let ask = asks.then_some(Effect::AskForNewTime);
                Ok([Effect::Show, Effect::RemindNoMore].into_iter().chain(ask).collect())
            }
            Stage::Held { .. } | Stage::Lapsed => Err(Refused::NotBooked),
            Stage::Cancelled { .. } => Err(Refused::Over),
        }
    }

    fn changeable(&self, by: &Side, terms: &Terms, now: Moment) -> Result<(), Refused> {
        match (&self.stage, by) {
            (Stage::Booked { .. }, Side::Customer) if now >= self.changeable_until(terms) => Err(Refused::TooLate),
            (Stage::Booked { .. }, Side::Customer | Side::Team(_)) => Ok(()),
            (Stage::Held { .. } | Stage::Lapsed, _) => Err(Refused::NotBooked),
            (Stage::Cancelled { .. } | Stage::Done { .. } | Stage::Missed { .. }, _) => Err(Refused::Over),
        }
    }

    fn give_back(&self) -> Effect {
        Effect::GiveBack { engineer: self.engineer.clone(), span: self.span }
    }
}
