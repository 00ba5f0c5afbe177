//! What the configuration says about sessions, and the sessions that an event can touch.

use super::{Engineer, Session, Stage, Taken, Terms};
use crate::calendar::Span;
use crate::ids::{AgentId, ConversationId, EngineerName, Moment, SessionId};

/// Stands in the template of a link for what makes it one session's.
pub const ROOM: &str = "{room}";

/// How long a session that is over is looked at all the same, in milliseconds: it counts for the most of
/// its day, and no day is longer than 25 hours.
pub const OVER_KEPT_MILLIS: i64 = 26 * 3_600_000;

/// What the configuration says about sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// When they can be booked, and how.
    pub terms: Terms,
    /// Who takes them, in the order of the configuration.
    pub hosts: Vec<Host>,
    /// The link to join by, with a place for the [`ROOM`]; none where each has his own, or none is needed.
    pub join: Option<String>,
    /// What the customer reads that he should have ready.
    pub prepare: Option<String>,
    /// When whoever takes it is reminded in the thread, in milliseconds before it begins.
    pub mention_millis: i64,
}

/// Somebody who takes sessions, as people know him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// When he does.
    pub engineer: Engineer,
    /// What people call him.
    pub shown: String,
    /// Who he is at the desk, where the configuration says so.
    pub person: Option<AgentId>,
    /// The topics that he takes, by their ids; none for all.
    pub topics: Option<Vec<String>>,
    /// A link of his own to join by.
    pub join: Option<String>,
}

/// The sessions that an event can touch: those of its conversation, and whatever else keeps the time of
/// somebody who could take one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// All of them, in the order in which they were made.
    pub sessions: Vec<Session>,
}

/// What a customer asks of the sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// To keep a time for him while he is typing; what he kept before is anybody's again.
    Hold {
        /// What the session is called from then on.
        id: SessionId,
        /// What makes it the same wish when it comes again.
        key: String,
        /// When it begins.
        at: Moment,
    },
    /// To have what is kept for him.
    Book {
        /// Which.
        id: SessionId,
    },
    /// To have it at another time.
    Move {
        /// Which.
        id: SessionId,
        /// When it begins then.
        to: Moment,
    },
    /// Not to have it.
    Cancel {
        /// Which.
        id: SessionId,
    },
}

impl Plan {
    /// Who takes sessions about this topic.
    pub fn engineers(&self, topic: &str) -> Vec<Engineer> {
        let takes = |host: &&Host| host.topics.as_ref().is_none_or(|topics| topics.iter().any(|id| id == topic));
        self.hosts.iter().filter(takes).map(|host| host.engineer.clone()).collect()
    }

    /// True when there are sessions about this topic.
    pub fn is_for(&self, topic: &str) -> bool {
        self.hosts.iter().any(|host| host.topics.as_ref().is_none_or(|topics| topics.iter().any(|id| id == topic)))
    }

    /// The one of this name; none if he has left the configuration.
    pub fn host(&self, name: &EngineerName) -> Option<&Host> {
        self.hosts.iter().find(|host| host.engineer.name == *name)
    }

    /// What people call whoever takes it.
    pub fn shown(&self, name: &EngineerName) -> String {
        self.host(name).map_or_else(|| name.0.clone(), |host| host.shown.clone())
    }

    /// The link to join a session by: his who takes it, or one that nobody can guess.
    pub fn join_link(&self, session: &Session) -> Option<String> {
        let own = self.host(&session.engineer).and_then(|host| host.join.as_ref());
        Some(own.or(self.join.as_ref())?.replace(ROOM, &session.id.to_string()))
    }

    /// The time of a session that begins at this moment.
    pub fn span_at(&self, opens: Moment) -> Span {
        Span { opens, closes: opens.plus_millis(self.terms.slot_millis) }
    }

    /// When something is said before a session, in order: to the customer as the terms say, and to
    /// whoever takes it.
    pub fn told_at(&self, span: Span, now: Moment) -> Vec<Moment> {
        let mut due = self.terms.reminders(span, now);
        due.push(span.opens.plus_millis(-self.mention_millis));
        due.retain(|due| *due > now);
        due.sort_unstable();
        due.dedup();
        due
    }
}

impl Book {
    /// The times that are given away, but for the one of this session.
    pub fn taken(&self, but: Option<SessionId>, now: Moment) -> Vec<Taken> {
        let keeps = |session: &&Session| {
            let is_over = matches!(session.stage, Stage::Held { until } if until <= now);
            session.keeps_its_time() && !is_over && Some(session.id) != but
        };
        let taken = |session: &Session| Taken { engineer: session.engineer.clone(), span: session.span };
        self.sessions.iter().filter(keeps).map(taken).collect()
    }

    /// A conversation's session of this id.
    pub fn of(&mut self, conversation: ConversationId, id: SessionId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.conversation == conversation && session.id == id)
    }

    /// What a conversation's customer has of what he asked for.
    pub fn asked(&self, ask: &Ask, conversation: ConversationId) -> Option<&Session> {
        let is_it = |session: &Session| match ask {
            Ask::Hold { key, .. } => session.key == *key && !matches!(session.stage, Stage::Lapsed),
            Ask::Book { id } | Ask::Move { id, .. } | Ask::Cancel { id } => session.id == *id,
        };
        self.sessions.iter().find(|session| session.conversation == conversation && is_it(session))
    }

    /// A conversation's session that matters: the one that is booked, or else the last that was.
    pub fn current(&self, conversation: ConversationId) -> Option<&Session> {
        let own = || self.sessions.iter().filter(|session| session.conversation == conversation);
        let was_booked = |session: &&Session| !matches!(session.stage, Stage::Held { .. } | Stage::Lapsed);
        own().rfind(|session| session.is_booked()).or_else(|| own().rfind(was_booked))
    }
}
