//! The ladder while a customer waits: who is told when, who asks for help, and who takes care. What is due is
//! computed after every step (`ladder.rs`), and how far it has climbed is kept with the conversation.

use super::{Standing, Step};
use crate::availability::Promise;
use crate::desk::Agent;
use crate::ids::Moment;
use crate::ladder::{Call, Climb, Rest, Tier};
use crate::words::{Called, Notice, Said};

/// How far a conversation has climbed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Climbing {
    /// How many steps were taken or passed over since the customer began to wait.
    pub taken: usize,
    /// Until when it rests.
    pub rest: Option<Rest>,
    /// When the next step is due; none while nobody waits, or at the top.
    pub due: Option<Moment>,
}

/// How long somebody takes care who does not say it.
const ACK: Promise = Promise::Minutes(30);

impl Step<'_> {
    /// It stops at an answer, and begins anew with the next question.
    pub(super) fn climb_on(&mut self, before: &Standing) {
        let waits_as_before = match (before, &self.head.standing) {
            (Standing::AwaitingAgent { since: before }, Standing::AwaitingAgent { since }) => before == since,
            _ => false,
        };
        if !waits_as_before {
            self.head.climb = Climbing::default();
        }
        let terms = self.rules.timetable.terms(&self.head.topic);
        self.head.climb.due =
            self.climb().and_then(|climb| self.rules.ladder.next(&climb, &terms.calendar)).map(|due| due.at);
    }

    /// How far it has climbed; none while nobody waits.
    fn climb(&self) -> Option<Climb> {
        let Standing::AwaitingAgent { since } = self.head.standing else { return None };
        let terms = self.rules.timetable.terms(&self.head.topic);
        let promised = terms.policy.respond_within.and_then(|within| within.kept_by(&terms.calendar, since));
        let target = if self.head.ticket.is_some() { self.head.answer_due() } else { promised };
        let Climbing { taken, rest, due: _ } = self.head.climb.clone();
        Some(Climb { since, target, taken, rest })
    }

    /// Takes every step that is due, and tells everybody of their tiers at once.
    pub(super) fn step_due(&mut self) {
        let Some(mut climb) = self.climb() else { return };
        let calendar = &self.rules.timetable.terms(&self.head.topic).calendar;
        let mut tiers: Vec<&Tier> = Vec::new();
        let mut empty: Vec<String> = Vec::new();
        while let Some(due) = self.rules.ladder.take(&mut climb, calendar, self.now) {
            let mut at = Some(due.tier);
            while let Some(tier) = at.and_then(|at| self.rules.tiers.get(at)) {
                if !self.called(tier).is_empty() {
                    tiers.push(tier);
                    break;
                }
                // Nobody is there to hear it: the next one is told instead.
                empty.push(tier.name.clone());
                at = self.rules.ladder.escalate(&mut climb, None).map(|step| self.rules.ladder.steps()[step].tier);
            }
        }
        if climb.taken == self.head.climb.taken {
            return;
        }
        self.head.climb.taken = climb.taken;
        let since = self.rules.timetable.on_its_clock(&self.head.topic, climb.since);
        let mut calls: Vec<String> = Vec::new();
        for tier in &tiers {
            let more = self.called(tier).into_iter().filter(|call| !calls.contains(call)).collect::<Vec<_>>();
            calls.extend(more);
        }
        let tier = tiers.last().map(|tier| tier.name.clone());
        self.say_to(&Said::StepTaken { tier, empty, since }, calls);
    }

    /// A reminder of the operator's: said once for each firing, where there is something to say.
    pub(super) fn reminded(&mut self, key: String, only_late: bool, is_late: bool) {
        let Standing::AwaitingAgent { since } = self.head.standing else { return };
        if self.messages.iter().any(|message| message.key == key) {
            return;
        }
        let target = self.climb().and_then(|climb| climb.target);
        let is_broken = target.is_some_and(|target| target <= self.now);
        let rests = self.head.climb.rest.as_ref().is_some_and(|rest| rest.until > self.now);
        if (only_late && !is_broken) || rests {
            return;
        }
        let since = self.rules.timetable.on_its_clock(&self.head.topic, since);
        let calls = self.head.claimed_by.as_ref().map(|agent| agent.id.0.clone()).into_iter().collect();
        self.say_as(key, &Said::Reminder { since, is_broken, is_late }, calls);
    }

    /// An agent asks for help: of the tier that he names first, or of the next one.
    pub(super) fn escalate(&mut self, by: Agent, asked: String) -> Result<Called, Notice> {
        if let Standing::Resolved { by, .. } | Standing::Closed { by, .. } = &self.head.standing {
            return Err(Notice::ResolvedAlready { by: by.name.clone() });
        }
        let tiers = &self.rules.tiers;
        if tiers.is_empty() {
            return Err(Notice::NoTiers);
        }
        let (named, reason) = named(tiers, &asked);
        let mut climb = self.climb();
        let above = climb.as_mut().and_then(|climb| self.rules.ladder.escalate(climb, named));
        let on_ladder = above.map(|step| self.rules.ladder.steps()[step].tier);
        // Whoever asks while nobody waits, or for somebody who is no step of the ladder, is heard as well.
        let next = named.or(on_ladder).or_else(|| climb.is_none().then_some(1.min(tiers.len() - 1)));
        let Some(tier) = next.and_then(|at| tiers.get(at)) else { return Err(Notice::AtTheTop) };
        let calls = self.called(tier);
        if calls.is_empty() {
            return Err(Notice::NobodyInTier { tier: tier.name.clone() });
        }
        if let Some(climb) = climb {
            (self.head.climb.taken, self.head.climb.rest) = (climb.taken, None);
        }
        let since = match self.head.standing {
            Standing::AwaitingAgent { since } => Some(self.rules.timetable.on_its_clock(&self.head.topic, since)),
            Standing::Fresh | Standing::Answered { .. } | Standing::Resolved { .. } | Standing::Closed { .. } => None,
        };
        let said = Said::Escalated { by: by.name, tier: tier.name.clone(), reason, since };
        Ok(Called { said, calls })
    }

    /// Somebody takes care until then; for so long nobody else is told.
    pub(super) fn ack(&mut self, by: Agent, within: Option<Promise>) -> Result<Said, Notice> {
        self.rests(by, within.unwrap_or(ACK), None)
    }

    /// It is put off, for a reason.
    pub(super) fn snooze(&mut self, by: Agent, within: Promise, reason: String) -> Result<Said, Notice> {
        self.rests(by, within, Some(reason))
    }

    fn rests(&mut self, by: Agent, within: Promise, reason: Option<String>) -> Result<Said, Notice> {
        if let Standing::Resolved { by, .. } | Standing::Closed { by, .. } = &self.head.standing {
            return Err(Notice::ResolvedAlready { by: by.name.clone() });
        }
        let timetable = &self.rules.timetable;
        let until = within.kept_by(&timetable.terms(&self.head.topic).calendar, self.now);
        let (Some(mut climb), Some(until)) = (self.climb(), until) else { return Err(Notice::NothingWaits) };
        climb.rests(Rest { until, by: by.name.clone(), reason: reason.clone() }, self.now);
        self.head.climb.rest = climb.rest;
        Ok(Said::Rests { by: by.name, until: timetable.on_its_clock(&self.head.topic, until), reason })
    }

    /// Who of a tier is called, as the platform names them.
    fn called(&self, tier: &Tier) -> Vec<String> {
        let holder = || self.head.claimed_by.as_ref().map(|agent| agent.id.0.clone());
        let called = tier.calls.iter().filter_map(|call| match call {
            Call::Holder => holder(),
            Call::Named(name) => Some(name.clone()),
        });
        called.collect()
    }
}

/// The tier that the words begin with, and what is left of them.
fn named(tiers: &[Tier], asked: &str) -> (Option<usize>, String) {
    let lower = asked.to_lowercase();
    let is_named = |tier: &Tier| {
        let after = lower.strip_prefix(&tier.name.to_lowercase())?;
        (after.is_empty() || after.starts_with(|c: char| !c.is_alphanumeric())).then_some(after.len())
    };
    // The longest name counts: “support leads” and not “support”.
    let found = tiers.iter().enumerate().filter_map(|(at, tier)| Some((at, is_named(tier)?)));
    match found.min_by_key(|(_, left)| *left) {
        Some((at, left)) => {
            let rest = &asked[asked.len().saturating_sub(left)..];
            (Some(at), rest.trim_matches(|c: char| c.is_whitespace() || c == ':' || c == ',').to_string())
        }
        None => (None, asked.trim().to_string()),
    }
}
