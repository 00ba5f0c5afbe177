//! What goes wrong, when a test wants it: for calls and for events, next in a queue, always, or by
//! chance from a seed. Faults of sockets, tokens and channels are methods of `FakeSlack`.

use crate::dice::Dice;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with `Retry-After`; nothing is done.
    RateLimited {
        /// The seconds it says.
        retry_after_secs: u64,
    },
    /// This HTTP status with a short text; nothing is done.
    Status(u16),
    /// 200 with an HTML page, as during maintenance; nothing is done.
    Html,
    /// `ok: false` with this error; nothing is done.
    Error(String),
    /// It is done, but no answer ever comes and the connection stays open.
    LostAnswer,
    /// It is done, but the connection is cut instead of an answer.
    CutAfter,
    /// The connection is cut; nothing is done.
    CutBefore,
    /// The connection is cut, and it is done this much later.
    DoneLate(Duration),
    /// Nothing happens for this long; then it is done and answered.
    Stall(Duration),
    /// It is done at once, and answered this much later.
    AnswerLate(Duration),
}

/// What goes wrong with an event on its way to the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventFault {
    /// It is delivered twice.
    Duplicate,
    /// It is delivered this much later.
    Delay(Duration),
    /// It is delivered after the next one.
    Swap,
    /// It is never delivered.
    Lose,
}

/// The switchboard of faults. Methods are named as in the Web API; besides them there are
/// `upload` (the POST of a file's bytes) and `download` (the GET of a private file).
#[derive(Debug)]
pub struct Faults {
    /// False while nothing is set, so that a call need not look.
    armed: AtomicBool,
    plan: Mutex<Plan>,
}

#[derive(Debug)]
struct Plan {
    queued: HashMap<String, VecDeque<Fault>>,
    queued_for_any: VecDeque<Fault>,
    standing: HashMap<String, Fault>,
    chances: Vec<(Option<String>, f64, Fault)>,
    events: VecDeque<EventFault>,
    event_chances: Vec<(f64, EventFault)>,
    dice: Dice,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Faults {
        let plan = Plan {
            queued: HashMap::new(),
            queued_for_any: VecDeque::new(),
            standing: HashMap::new(),
            chances: vec![],
            events: VecDeque::new(),
            event_chances: vec![],
            dice: Dice::new(seed),
        };
        Faults { armed: AtomicBool::new(false), plan: Mutex::new(plan) }
    }

    /// The next call of `method` meets `fault`; what was queued before comes first.
    pub fn next(&self, method: &str, fault: Fault) {
        self.next_times(method, 1, fault);
    }

    /// The next `times` calls of `method` meet `fault`.
    pub fn next_times(&self, method: &str, times: usize, fault: Fault) {
        let mut plan = self.plan();
        plan.queued.entry(method.into()).or_default().extend(std::iter::repeat_n(fault, times));
    }

    /// The next call, whatever it is, meets `fault`.
    pub fn next_of_any(&self, fault: Fault) {
        self.plan().queued_for_any.push_back(fault);
    }

    /// Every call of `method` meets `fault` until [`Faults::mend`] or [`Faults::clear`].
    pub fn always(&self, method: &str, fault: Fault) {
        self.plan().standing.insert(method.into(), fault);
    }

    /// `method` works again: what was queued or standing for it is off.
    pub fn mend(&self, method: &str) {
        let mut plan = self.plan();
        plan.standing.remove(method);
        plan.queued.remove(method);
    }

    /// Calls of `method`, or of any method, meet `fault` with this probability.
    pub fn chance(&self, method: Option<&str>, probability: f64, fault: Fault) {
        self.plan().chances.push((method.map(str::to_string), probability, fault));
    }

    /// The next event meets `fault`; what was queued before comes first.
    pub fn next_event(&self, fault: EventFault) {
        self.plan().events.push_back(fault);
    }

    /// Events meet `fault` with this probability.
    pub fn event_chance(&self, probability: f64, fault: EventFault) {
        self.plan().event_chances.push((probability, fault));
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        let mut plan = self.plan();
        let dice = plan.dice.clone();
        *plan = Plan {
            queued: HashMap::new(),
            queued_for_any: VecDeque::new(),
            standing: HashMap::new(),
            chances: vec![],
            events: VecDeque::new(),
            event_chances: vec![],
            dice,
        };
        self.armed.store(false, Ordering::Release);
    }

    /// What the call of `method` that is at hand meets.
    pub(crate) fn for_call(&self, method: &str) -> Option<Fault> {
        if !self.armed.load(Ordering::Acquire) {
            return None;
        }
        let mut plan = self.plan();
        let plan = &mut *plan;
        if let Some(fault) = plan.queued.get_mut(method).and_then(VecDeque::pop_front) {
            return Some(fault);
        }
        if let Some(fault) = plan.queued_for_any.pop_front() {
            return Some(fault);
        }
        if let Some(fault) = plan.standing.get(method) {
            return Some(fault.clone());
        }
        let dice = &mut plan.dice;
        let hit = |(name, probability, _): &&(Option<String>, f64, Fault)| {
            name.as_ref().is_none_or(|name| name == method) && dice.falls(*probability)
        };
        plan.chances.iter().find(hit).map(|(_, _, fault)| fault.clone())
    }

    /// What the event that is at hand meets.
    pub(crate) fn for_event(&self) -> Option<EventFault> {
        if !self.armed.load(Ordering::Acquire) {
            return None;
        }
        let mut plan = self.plan();
        let plan = &mut *plan;
        if let Some(fault) = plan.events.pop_front() {
            return Some(fault);
        }
        let dice = &mut plan.dice;
        plan.event_chances.iter().find(|(probability, _)| dice.falls(*probability)).map(|(_, fault)| *fault)
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.armed.store(true, Ordering::Release);
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    /// How the record names it.
    pub(crate) fn word(&self) -> String {
        match self {
            Fault::RateLimited { .. } => "fault: rate limited".into(),
            Fault::Status(status) => format!("fault: status {status}"),
            Fault::Html => "fault: html".into(),
            Fault::Error(error) => format!("fault: {error}"),
            Fault::LostAnswer => "fault: lost answer".into(),
            Fault::CutAfter => "fault: cut after".into(),
            Fault::CutBefore => "fault: cut before".into(),
            Fault::DoneLate(_) => "fault: done late".into(),
            Fault::Stall(_) => "fault: stall".into(),
            Fault::AnswerLate(_) => "fault: answer late".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queued_faults_come_first_and_once() {
        let faults = Faults::new(1);
        assert_eq!(faults.for_call("auth.test"), None);
        faults.always("auth.test", Fault::Html);
        faults.next_times("auth.test", 2, Fault::Status(503));
        let seen: Vec<_> = (0..3).filter_map(|_| faults.for_call("auth.test")).collect();
        assert_eq!(seen, [Fault::Status(503), Fault::Status(503), Fault::Html]);
        assert_eq!(faults.for_call("chat.update"), None);
        faults.mend("auth.test");
        assert_eq!(faults.for_call("auth.test"), None);
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed() {
        let draw = |seed| {
            let faults = Faults::new(seed);
            faults.chance(None, 0.3, Fault::CutAfter);
            (0..50).map(|_| faults.for_call("chat.postMessage").is_some()).collect::<Vec<_>>()
        };
        assert_eq!(draw(4), draw(4));
        assert_ne!(draw(4), draw(5));
    }
}
