//! The promise to answer later: what a conversation becomes whose customer writes while nobody is
//! there, or that an agent puts off. It is the same conversation, with the same number, in the same
//! thread; whether it is open, waits for the customer or is resolved is its
//! [`Standing`](crate::conversation::Standing).

use crate::availability::{Attendance, Availability, OpenWhen, Promise};
use crate::calendar::{Calendar, Zone};
use crate::ids::Moment;
use std::collections::HashMap;

/// A promise to answer later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// When it was given.
    pub since: Moment,
    /// By when the customer has an answer, while he waits for one; none if that cannot be said.
    pub due: Option<Moment>,
    /// What goes first.
    pub priority: Priority,
}

/// What goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Before all others.
    Urgent,
    /// Soon.
    High,
    /// In its turn.
    #[default]
    Normal,
    /// When there is time.
    Low,
}

/// Every priority, with its word.
pub const PRIORITIES: [(Priority, &str); 4] =
    [(Priority::Urgent, "urgent"), (Priority::High, "high"), (Priority::Normal, "normal"), (Priority::Low, "low")];

/// When the conversations of each topic are answered, and by when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    topics: HashMap<String, Terms>,
    default: Terms,
}

/// When conversations with a topic are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// When business is done.
    pub calendar: Calendar,
    /// What is promised, counted in it.
    pub policy: Policy,
}

/// What a team promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What has to be so that somebody answers at once.
    pub open_when: OpenWhen,
    /// By when a ticket is answered.
    pub answer_within: Promise,
    /// The same for an urgent one; none where that makes no difference, as for those below.
    pub urgent_within: Option<Promise>,
    /// For one of high priority.
    pub high_within: Option<Promise>,
    /// For one of low priority.
    pub low_within: Option<Promise>,
    /// By when a chat is answered; none where nothing is aimed at.
    pub respond_within: Option<Promise>,
    /// How long a chat waits for an answer before it becomes a ticket by itself; none if it never does.
    pub ticket_after: Option<Promise>,
    /// How long after its customer left it does; none if leaving makes no difference.
    pub ticket_when_left: Option<Promise>,
}

/// A moment as a team reads it: on the clock of its calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: Moment,
    /// On whose clock.
    pub zone: Zone,
}

impl Priority {
    /// Its word.
    pub fn word(self) -> &'static str {
        PRIORITIES.iter().find(|(priority, _)| *priority == self).map_or("normal", |(_, word)| word)
    }

    /// The priority that this word is, in any case.
    pub fn parse(word: &str) -> Option<Priority> {
        PRIORITIES.iter().find(|(_, own)| own.eq_ignore_ascii_case(word)).map(|(priority, _)| *priority)
    }
}

impl Policy {
    /// Somebody answers in the hours of business, and what is asked besides within this.
    pub fn answering_within(promise: Promise) -> Policy {
        Policy {
            open_when: OpenWhen::InHours,
            answer_within: promise,
            urgent_within: None,
            high_within: None,
            low_within: None,
            respond_within: None,
            ticket_after: None,
            ticket_when_left: None,
        }
    }

    /// By when a ticket of this priority is answered.
    pub fn within(&self, priority: Priority) -> Promise {
        let other = match priority {
            Priority::Urgent => self.urgent_within,
            Priority::High => self.high_within,
            Priority::Normal => None,
            Priority::Low => self.low_within,
        };
        other.unwrap_or(self.answer_within)
    }
}

impl Timetable {
    /// The terms of the topics, by their ids, and those of every other.
    pub fn new(topics: HashMap<String, Terms>, default: Terms) -> Timetable {
        Timetable { topics, default }
    }

    /// What a customer with this topic may expect now, with these at its desk.
    pub fn availability(&self, topic: &str, attendance: &Attendance, now: Moment) -> Availability {
        let terms = self.terms(topic);
        Availability::at(&terms.calendar, terms.policy.answer_within, terms.policy.open_when, attendance, now)
    }

    /// True while somebody answers conversations with this topic.
    pub fn is_open(&self, topic: &str, attendance: &Attendance, now: Moment) -> bool {
        match self.availability(topic, attendance, now) {
            Availability::Open { .. } => true,
            Availability::Closed { .. } => false,
        }
    }

    /// True where it matters for a topic who is there.
    pub fn asks_who_is_there(&self) -> bool {
        self.topics.values().chain([&self.default]).any(|terms| terms.policy.open_when.asks_who_is_there())
    }

    /// By when what was written at an instant has an answer: by this promise, or by the topic's own for the priority.
    pub fn due(&self, topic: &str, at: Moment, priority: Priority, promise: Option<Promise>) -> Option<Moment> {
        let terms = self.terms(topic);
        promise.unwrap_or(terms.policy.within(priority)).kept_by(&terms.calendar, at)
    }

    /// What a chat waited for that was asked at the one moment and answered at the other, in milliseconds of
    /// business time; none for what was asked while nobody was there.
    pub fn waited_millis(&self, topic: &str, asked: Moment, answered: Moment) -> Option<i64> {
        let calendar = &self.terms(topic).calendar;
        calendar.is_open(asked).then(|| calendar.between_millis(asked, answered))
    }

    /// When a chat becomes a ticket by itself that has waited since then; none if it never does.
    pub fn ticket_at(&self, topic: &str, since: Moment) -> Option<Moment> {
        let terms = self.terms(topic);
        terms.policy.ticket_after?.kept_by(&terms.calendar, since)
    }

    /// When it does whose customer left then; none if leaving makes no difference.
    pub fn ticket_when_left_at(&self, topic: &str, left: Moment) -> Option<Moment> {
        let terms = self.terms(topic);
        terms.policy.ticket_when_left?.kept_by(&terms.calendar, left)
    }

    /// True where it makes a difference for a topic that customers leave.
    pub fn asks_who_left(&self) -> bool {
        self.topics.values().chain([&self.default]).any(|terms| terms.policy.ticket_when_left.is_some())
    }

    /// A moment on the clock of the topic's calendar.
    pub fn on_its_clock(&self, topic: &str, at: Moment) -> Due {
        Due { at, zone: self.terms(topic).calendar.zone() }
    }

    /// What holds for a topic.
    pub fn terms(&self, topic: &str) -> &Terms {
        self.topics.get(topic).unwrap_or(&self.default)
    }
}

impl Default for Timetable {
    /// Day and night, within a business day.
    fn default() -> Self {
        let (calendar, policy) = (Calendar::always_open(), Policy::answering_within(Promise::Days(1)));
        Timetable::new(HashMap::new(), Terms { calendar, policy })
    }
}
