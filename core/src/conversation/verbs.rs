//! What agents do to a conversation: the one place where a verb is done, however it was asked for.
//! What concerns the team is said in the thread; what concerns only who asked is told to him alone.

use super::{Effect, Rating, Standing, Step};
use crate::availability::Promise;
use crate::body::Body;
use crate::desk::{Agent, Deed};
use crate::message::Kind;
use crate::presence::Sign;
use crate::ticket::{Priority, Ticket};
use crate::verb::{Verb, Who};
use crate::words::{Called, Notice, Said, SavedNotice};

/// What became of a verb that was done.
pub(super) enum Outcome {
    /// Everybody in the thread is told.
    Said(Said),
    /// The same, and somebody is called.
    Called(Called),
    /// A preview, for him alone.
    Shown {
        /// Its number.
        seq: i64,
        /// It in words.
        notice: Notice,
    },
    /// A saved reply of this name, which the bot posts in the thread.
    Sent {
        /// Its name.
        name: String,
    },
}

impl Step<'_> {
    /// A deed is done once, however often the platform tells of it.
    pub(super) fn agent_did(&mut self, deed: Deed) {
        if self.messages.iter().any(|m| m.key == deed.key) {
            return;
        }
        let Deed { key, by, verb, elsewhere } = deed;
        let what = Body::plain(self.rules.names.word(verb.name()).unwrap_or(verb.name().entry().word));
        let (_, seq) = self.add(key, what, Vec::new(), Kind::Deed { by: by.clone() }, None);
        self.do_verb(seq, verb, by, elsewhere);
    }

    /// Does what the message of this number asks for. Who is not in the thread, but `elsewhere`, does
    /// not read what is said there.
    pub(super) fn do_verb(&mut self, seq: i64, verb: Verb, by: Agent, elsewhere: Option<String>) {
        let number = self.head.number;
        let person = elsewhere.clone().unwrap_or_else(|| by.id.0.clone());
        let for_whom = |notice: Notice| match &elsewhere {
            Some(_) => Notice::Of { number, notice: Box::new(notice) },
            None => notice,
        };
        let notice = match self.outcome(verb, by) {
            Ok(Outcome::Said(said)) => {
                self.say(&said);
                if elsewhere.is_none() {
                    return;
                }
                Notice::Done { number, said: Box::new(said) }
            }
            Ok(Outcome::Called(Called { said, calls })) => {
                self.say_to(&said, calls);
                if elsewhere.is_none() {
                    return;
                }
                Notice::Done { number, said: Box::new(said) }
            }
            // What is sent stands in the thread.
            Ok(Outcome::Sent { name }) if elsewhere.is_some() => for_whom(Notice::Saved(SavedNotice::Sent { name })),
            Ok(Outcome::Sent { .. }) => return,
            Ok(Outcome::Shown { seq, notice }) => {
                return self.effects.push(Effect::ShowPreview { seq, person, notice: for_whom(notice) });
            }
            Err(notice) => for_whom(notice),
        };
        self.effects.push(Effect::TellPrivately { seq, person, notice });
    }

    /// Does the verb: what everybody sees of it, or he alone is told.
    fn outcome(&mut self, verb: Verb, by: Agent) -> Result<Outcome, Notice> {
        let said = match verb {
            Verb::Saved(asked) => return self.saved(asked, by).map_err(Notice::Saved),
            Verb::Claim => self.claim(by),
            Verb::Release => self.release(by),
            Verb::Assign(Who::Me) => self.assign(by.clone(), by),
            Verb::Assign(Who::Agent(to)) => self.assign(by, to),
            Verb::Assign(Who::Named(asked)) => Err(Notice::NoSuchPerson { asked }),
            Verb::Note(note) => Ok(Said::Noted { by: by.name, note }),
            Verb::Topic(asked) => self.change_topic(by, asked),
            Verb::Resolve { silently } => self.resolve(by, silently),
            Verb::Reopen => self.reopen(by),
            Verb::Retry(seq) => self.retry(by.name, seq),
            Verb::Ticket { priority, within } => self.make_ticket(by, priority, within),
            Verb::Escalate(asked) => return self.escalate(by, asked).map(Outcome::Called),
            Verb::Ack(within) => self.ack(by, within),
            Verb::Snooze { within, reason } => self.snooze(by, within, reason),
            Verb::Away => Err(self.sign(by, Sign::Out)),
            Verb::Back => Err(self.sign(by, Sign::In)),
            Verb::Help => Err(Notice::Help),
        };
        said.map(Outcome::Said)
    }

    /// Who is there concerns the whole desk: only he himself is told.
    fn sign(&mut self, agent: Agent, sign: Sign) -> Notice {
        self.effects.push(Effect::Sign { agent, sign });
        Notice::signed(sign, self.rules.presence, &self.rules.timetable)
    }

    fn claim(&mut self, by: Agent) -> Result<Said, Notice> {
        match &self.head.claimed_by {
            Some(holder) if holder.id == by.id => Err(Notice::YoursAlready),
            Some(holder) => Err(Notice::OtherWasFirst { holder: holder.name.clone() }),
            None => {
                let said = Said::Claimed { by: by.name.clone() };
                self.head.claimed_by = Some(by);
                Ok(said)
            }
        }
    }

    fn release(&mut self, by: Agent) -> Result<Said, Notice> {
        let holder = self.head.claimed_by.take().ok_or(Notice::NobodyHasIt)?;
        let from = (holder.id != by.id).then_some(holder.name);
        Ok(Said::Released { by: by.name, from })
    }

    fn assign(&mut self, by: Agent, to: Agent) -> Result<Said, Notice> {
        let before = self.head.claimed_by.take();
        let said = match &before {
            Some(holder) if holder.id == to.id && to.id == by.id => Err(Notice::YoursAlready),
            Some(holder) if holder.id == to.id => Err(Notice::TheirsAlready { holder: holder.name.clone() }),
            Some(holder) if to.id == by.id => Ok(Said::TookOver { by: by.name, from: holder.name.clone() }),
            None if to.id == by.id => Ok(Said::Claimed { by: by.name }),
            Some(_) | None => Ok(Said::Assigned { by: by.name, to: to.name.clone() }),
        };
        self.head.claimed_by = if said.is_ok() { Some(to) } else { before };
        said
    }

    fn change_topic(&mut self, by: Agent, asked: String) -> Result<Said, Notice> {
        let same = |text: &str| text.to_lowercase() == asked.to_lowercase();
        let topics = &self.rules.topics;
        let found = topics.iter().find(|topic| topic.id == asked);
        let Some(topic) = found.or_else(|| topics.iter().find(|topic| same(&topic.id) || same(&topic.label))) else {
            let here = topics.iter().filter(|topic| topic.desk == self.head.desk);
            return Err(Notice::NoSuchTopic { asked, labels: here.map(|topic| topic.label.clone()).collect() });
        };
        let label = topic.label.clone();
        if topic.id == self.head.topic {
            return Err(Notice::TopicAlready { label });
        }
        if topic.desk != self.head.desk {
            return Err(Notice::TopicOfOtherDesk { label });
        }
        self.head.topic.clone_from(&topic.id);
        Ok(Said::TopicChanged { by: by.name, label })
    }

    fn resolve(&mut self, by: Agent, silently: bool) -> Result<Said, Notice> {
        if let Standing::Resolved { by, .. } | Standing::Closed { by, .. } = &self.head.standing {
            return Err(Notice::ResolvedAlready { by: by.name.clone() });
        }
        let said = Said::Resolved { by: by.name.clone(), asks: !silently };
        let rating = if silently { Rating::NotAsked } else { Rating::Wanted };
        self.head.standing = Standing::Resolved { at: self.now, by, rating };
        self.effects.push(Effect::ShowStanding);
        Ok(said)
    }

    /// Whoever puts it off owes the customer an answer, whoever had the last word.
    fn make_ticket(&mut self, by: Agent, priority: Option<Priority>, within: Option<Promise>) -> Result<Said, Notice> {
        if let Standing::Resolved { by, .. } | Standing::Closed { by, .. } = &self.head.standing {
            return Err(Notice::ResolvedAlready { by: by.name.clone() });
        }
        let before = self.head.ticket;
        let timetable = &self.rules.timetable;
        let priority = priority.or(before.map(|ticket| ticket.priority)).unwrap_or_default();
        // What was promised stands, unless something else goes first now than did then.
        let is_other = before.is_some_and(|ticket| ticket.priority != priority);
        let promised = self.head.answer_due().filter(|_| within.is_none() && !is_other);
        let due = promised.or_else(|| {
            let since = match self.head.standing {
                Standing::AwaitingAgent { since } if is_other => since,
                Standing::AwaitingAgent { .. }
                | Standing::Fresh
                | Standing::Answered { .. }
                | Standing::Resolved { .. }
                | Standing::Closed { .. } => self.now,
            };
            let by = |since| timetable.due(&self.head.topic, since, priority, within);
            by(since).filter(|due| *due > self.now).or_else(|| by(self.now))
        });
        let ticket = Ticket { since: before.map_or(self.now, |ticket| ticket.since), due, priority };
        let due = due.map(|at| timetable.on_its_clock(&self.head.topic, at));
        if before == Some(ticket) && self.head.answer_due().is_some() {
            return Err(Notice::TicketAlready { priority, due });
        }
        self.head.ticket = Some(ticket);
        match self.head.standing {
            Standing::AwaitingAgent { .. } => {}
            Standing::Fresh | Standing::Answered { .. } | Standing::Resolved { .. } | Standing::Closed { .. } => {
                self.head.standing = Standing::AwaitingAgent { since: self.now };
            }
        }
        Ok(Said::Ticket { by: by.name, is_new: before.is_none(), priority, due })
    }

    /// Whoever opens it again owes the customer something.
    fn reopen(&mut self, by: Agent) -> Result<Said, Notice> {
        match self.head.standing {
            Standing::Fresh | Standing::AwaitingAgent { .. } | Standing::Answered { .. } => Err(Notice::OpenAlready),
            Standing::Resolved { .. } | Standing::Closed { .. } => {
                self.waits_anew();
                self.effects.push(Effect::ShowStanding);
                Ok(Said::Reopened { by: by.name })
            }
        }
    }
}

/// The verb with whom the platform says that it names.
pub(super) fn with_person(verb: Verb, named: Option<Agent>) -> Verb {
    match (verb, named) {
        (Verb::Assign(Who::Named(_)), Some(agent)) => Verb::Assign(Who::Agent(agent)),
        (verb, _) => verb,
    }
}
