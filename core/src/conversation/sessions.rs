//! Working sessions of a conversation: a time is held for the customer while he types, booked, moved and
//! cancelled, and everybody is told before it begins. What is free is asked of the whole
//! [`Book`](crate::session::Book), which the caller keeps others away from until what comes of it is
//! stored.

use super::{Effect, Event, Rejected, Step};
use crate::ids::{Moment, SessionId};
use crate::message::{About, SessionLetter};
use crate::session::{self, Ask, Plan, Refused, Session, Side, Slot, Stage};
use crate::words::{Said, SessionFacts, SessionSaid};
use std::sync::Arc;

/// How many of the customer's answers whoever takes a session is reminded of.
const KNOWN_MAX: usize = 8;

impl Event {
    /// True for what needs the sessions, and the context with them.
    pub fn wants_book(&self) -> bool {
        matches!(self, Event::SessionAsked(_) | Event::SessionDue)
    }
}

impl From<Refused> for Rejected {
    fn from(refused: Refused) -> Self {
        Rejected::Session(refused)
    }
}

/// What became of a session, for the words about it.
enum Change {
    Booked,
    Moved,
    Cancelled,
}

impl Step<'_> {
    pub(super) fn session_asked(&mut self, ask: Ask) -> Result<(), Rejected> {
        let plan = self.plan().ok_or(Refused::NotOffered)?;
        match ask {
            Ask::Hold { id, key, at } => self.hold_session(&plan, id, key, at)?,
            Ask::Book { id } => self.change(&plan, id, session::Event::Booked, Side::Customer)?,
            Ask::Move { id, to } => self.move_session(&plan, id, to, Side::Customer)?,
            Ask::Cancel { id } => {
                let event = session::Event::Cancelled { by: Side::Customer };
                self.change(&plan, id, event, Side::Customer)?;
            }
        }
        Ok(())
    }

    /// What the configuration says about sessions; none where there are none about this topic.
    fn plan(&self) -> Option<Arc<Plan>> {
        self.rules.sessions.clone().filter(|plan| plan.is_for(&self.head.topic))
    }

    fn hold_session(&mut self, plan: &Plan, id: SessionId, key: String, at: Moment) -> Result<(), Refused> {
        let (now, conversation) = (self.now, self.head.id);
        let own = |session: &&mut Session| session.conversation == conversation;
        for session in self.book.sessions.iter_mut().filter(own) {
            match session.stage {
                // The same wish again.
                Stage::Held { until } if session.key == key && now < until => return Ok(()),
                Stage::Booked { .. } if session.key == key => return Ok(()),
                Stage::Booked { .. } if now < session.span.closes => return Err(Refused::HasOne),
                Stage::Held { .. } => session.stage = Stage::Lapsed,
                Stage::Lapsed
                | Stage::Booked { .. }
                | Stage::Cancelled { .. }
                | Stage::Done { .. }
                | Stage::Missed { .. } => {}
            }
        }
        let slot = self.slot_at(plan, at, None);
        let held = Session::held(id, conversation, key, &slot, &plan.terms, now).ok_or(Refused::NobodyFree)?;
        self.book.sessions.push(held);
        Ok(())
    }

    /// The time that begins at this moment, with whoever could take it; `but` gives its own away.
    fn slot_at(&self, plan: &Plan, at: Moment, but: Option<SessionId>) -> Slot {
        let (span, taken) = (plan.span_at(at), self.book.taken(but, self.now));
        let engineers = plan.terms.free_at(&plan.engineers(&self.head.topic), &taken, span, self.now);
        Slot { span, engineers }
    }

    fn move_session(&mut self, plan: &Plan, id: SessionId, to: Moment, by: Side) -> Result<(), Refused> {
        let session = self.book.of(self.head.id, id).ok_or(Refused::Unknown)?;
        if session.is_booked() && session.span.opens == to {
            return Ok(());
        }
        let to = self.slot_at(plan, to, Some(id));
        self.change(plan, id, session::Event::Moved { to, by: by.clone() }, by)
    }

    fn change(&mut self, plan: &Plan, id: SessionId, event: session::Event, by: Side) -> Result<(), Refused> {
        let change = match &event {
            session::Event::Booked => Some(Change::Booked),
            session::Event::Moved { .. } => Some(Change::Moved),
            session::Event::Cancelled { .. } => Some(Change::Cancelled),
            session::Event::HoldEnded | session::Event::Ended { .. } | session::Event::Missed { .. } => None,
        };
        // What nobody has booked is forgotten when its time is over.
        let gone = if matches!(event, session::Event::Booked) { Refused::Lapsed } else { Refused::Unknown };
        let session = self.book.of(self.head.id, id).ok_or(gone)?;
        let effects = session.step(event, &plan.terms, self.now)?;
        for effect in &effects {
            match effect {
                session::Effect::RemindAt(_) => session.told_at = plan.told_at(session.span, self.now),
                session::Effect::RemindNoMore => session.told_at.clear(),
                session::Effect::Invite
                | session::Effect::Uninvite
                | session::Effect::Show
                | session::Effect::GiveBack { .. }
                | session::Effect::AskForNewTime => {}
            }
        }
        let session = session.clone();
        for effect in effects {
            match effect {
                session::Effect::Show => self.show_session(plan, &session, change.as_ref(), &by),
                session::Effect::Invite => self.session_letter(&session, SessionLetter::Invited),
                session::Effect::Uninvite => self.session_letter(&session, SessionLetter::Cancelled),
                // What the row says is what is free.
                session::Effect::GiveBack { .. }
                | session::Effect::RemindAt(_)
                | session::Effect::RemindNoMore
                | session::Effect::AskForNewTime => {}
            }
        }
        Ok(())
    }

    fn show_session(&mut self, plan: &Plan, session: &Session, change: Option<&Change>, by: &Side) {
        let facts = self.facts(plan, session);
        let by = match by {
            Side::Customer => None,
            Side::Team(agent) => Some(agent.name.clone()),
        };
        let said = change.map(|change| match change {
            Change::Booked => SessionSaid::Booked { by, facts },
            Change::Moved => SessionSaid::Moved { by, facts },
            Change::Cancelled => SessionSaid::Cancelled { by, facts },
        });
        if let Some(said) = said {
            self.say(&Said::Session(said));
        }
        self.effects.push(Effect::ShowStanding);
    }

    fn facts(&self, plan: &Plan, session: &Session) -> SessionFacts {
        SessionFacts {
            with: plan.shown(&session.engineer),
            span: session.span,
            team: plan.terms.calendar.zone(),
            customer: self.context.zone,
            join: plan.join_link(session),
        }
    }

    fn session_letter(&mut self, session: &Session, says: SessionLetter) {
        if let Some(to) = self.mail_address() {
            self.write_letter(to, About::Session { id: session.id, revision: session.revision, says });
        }
    }

    /// Says what is due before a session. What was missed while nobody looked is said once, and nothing
    /// of a session that has begun.
    pub(super) fn session_due(&mut self) {
        let Some(plan) = self.plan() else { return };
        let (now, conversation) = (self.now, self.head.id);
        let mut soon: Vec<(Session, Vec<Moment>)> = Vec::new();
        for session in self.book.sessions.iter_mut().filter(|session| session.conversation == conversation) {
            let (due, later) = session.told_at.iter().copied().partition(|at| *at <= now);
            session.told_at = later;
            if session.is_booked() && now < session.span.opens {
                soon.push((session.clone(), due));
            }
        }
        for (session, due) in soon {
            let is_due = |before: &i64| due.contains(&session.span.opens.plus_millis(-before));
            if plan.terms.reminders_millis.iter().any(is_due) {
                self.session_letter(&session, SessionLetter::Soon);
                self.effects.push(Effect::ShowStanding);
            }
            if is_due(&plan.mention_millis) {
                let facts = self.facts(&plan, &session);
                let mins = session.span.opens.millis_since(now).div_euclid(60_000).max(1);
                let (customer, known) = (self.customer_in_words(), self.known_in_words());
                self.say(&Said::Session(SessionSaid::Soon { mins, facts, customer, known }));
            }
        }
    }

    fn customer_in_words(&self) -> String {
        let customer = &self.head.customer;
        match (&customer.name, &customer.email) {
            (Some(name), Some(email)) => format!("{name} ({email})"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => "a customer".to_owned(),
        }
    }

    fn known_in_words(&self) -> Vec<(String, String)> {
        let answers = self.context.answers.iter();
        answers.take(KNOWN_MAX).map(|answer| (answer.field.replace('_', " "), answer.text.clone())).collect()
    }
}
