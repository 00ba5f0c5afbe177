//! The ladder that a conversation climbs while its customer waits for an answer: after how much business
//! time, or with how much of the time left in which one was promised, who is told. Pure: the store keeps how
//! far a conversation has climbed, and whoever has a clock asks what is due.
//!
//! - *A step is due at a moment that can be computed*, never before it, and each once: what is stored is how
//!   many were taken, so a restart, a second process or a clock that jumps takes none twice.
//! - *It stops at an answer to the customer*, and rests while somebody has said until when he takes care of
//!   it; it never stops because somebody merely has the conversation.
//! - *Steps are taken in their order.* One that would be due before the one above it waits for that; what
//!   was due while nobody was there is taken in one go, each for itself.

#[cfg(test)]
mod tests;

use crate::availability::Promise;
use crate::calendar::Calendar;
use crate::ids::Moment;

/// Most steps of a ladder: more is a list that nobody reads.
pub const STEPS_MAX: usize = 20;

/// The steps, the first one first; there may be none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ladder {
    steps: Vec<Step>,
}

/// Those who are told together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// What they are called.
    pub name: String,
    /// Who they are.
    pub calls: Vec<Call>,
}

/// Somebody who is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Whoever has the conversation, if anybody has.
    Holder,
    /// A person or a group, as the platform names them.
    Named(String),
}

/// A step of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it is taken.
    pub when: When,
    /// The tier that is told, by its place among the tiers: agents first, executives last.
    pub tier: usize,
}

/// When a step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So much business time after the customer began to wait.
    After(Promise),
    /// When so many hundredths of the business time that was promised are left; with 0 when the promise is
    /// broken.
    Left(u8),
}

/// How far a conversation has climbed, while its customer waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Climb {
    /// Since when he waits.
    pub since: Moment,
    /// By when he was promised an answer; none if that cannot be said.
    pub target: Option<Moment>,
    /// How many steps were taken or passed over.
    pub taken: usize,
    /// Until when it rests.
    pub rest: Option<Rest>,
}

/// Why a conversation does not climb for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Until then.
    pub until: Moment,
    /// Who says so.
    pub by: String,
    /// Why, for what is put off; none for who takes care of it himself.
    pub reason: Option<String>,
}

/// A step that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which, from 0.
    pub step: usize,
    /// The tier that is told.
    pub tier: usize,
    /// Since when it is due.
    pub at: Moment,
}

impl Ladder {
    /// A ladder of these steps, at most [`STEPS_MAX`]; what is more is left out.
    pub fn new(mut steps: Vec<Step>) -> Ladder {
        steps.truncate(STEPS_MAX);
        Ladder { steps }
    }

    /// Its steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The next step and when it is due; none at the top. One whose moment never comes, because nothing was
    /// promised or business never comes to that, is passed over.
    pub fn next(&self, climb: &Climb, calendar: &Calendar) -> Option<Due> {
        let moments = self.steps.iter().map(|step| step.when.of(climb, calendar));
        let mut at = climb.rest.as_ref().map_or(climb.since, |rest| climb.since.max(rest.until));
        for (step, moment) in moments.enumerate() {
            let Some(moment) = moment else { continue };
            at = at.max(moment);
            if step >= climb.taken {
                return Some(Due { step, tier: self.steps[step].tier, at });
            }
        }
        None
    }

    /// Takes the next step if it is due.
    pub fn take(&self, climb: &mut Climb, calendar: &Calendar, now: Moment) -> Option<Due> {
        let due = self.next(climb, calendar).filter(|due| due.at <= now)?;
        climb.taken = due.step + 1;
        Some(due)
    }

    /// Climbs to the first step of a tier at once, because somebody asks for it; which step that is. With no
    /// tier it is the one above the highest that was told. None where there is none: it was told already, or
    /// the ladder does not go so far.
    pub fn escalate(&self, climb: &mut Climb, tier: Option<usize>) -> Option<usize> {
        let told = self.steps[..climb.taken.min(self.steps.len())].iter().map(|step| step.tier).max();
        let is_wanted = |step: &Step| match (tier, told) {
            (Some(tier), _) => step.tier == tier,
            (None, Some(told)) => step.tier > told,
            (None, None) => step.tier > 0,
        };
        let above = self.steps.iter().skip(climb.taken).position(is_wanted)? + climb.taken;
        climb.taken = above + 1;
        // Who asks for help now has not taken care of it.
        climb.rest = None;
        Some(above)
    }
}

impl Climb {
    /// The customer begins to wait.
    pub fn begins(since: Moment, target: Option<Moment>) -> Climb {
        Climb { since, target, taken: 0, rest: None }
    }

    /// What was promised is another time now. What was taken stays taken.
    pub fn has_target(&mut self, target: Option<Moment>) {
        self.target = target;
    }

    /// It rests until then; a rest that ends sooner than now is none.
    pub fn rests(&mut self, rest: Rest, now: Moment) {
        self.rest = (rest.until > now).then_some(rest);
    }
}

impl When {
    fn of(self, climb: &Climb, calendar: &Calendar) -> Option<Moment> {
        match self {
            When::After(promise) => promise.kept_by(calendar, climb.since),
            When::Left(percent) => {
                let target = climb.target?;
                let whole = calendar.between_millis(climb.since, target).max(0);
                let gone =
                    whole - whole / 100 * i64::from(percent.min(100)) - whole % 100 * i64::from(percent.min(100)) / 100;
                // The last moment of it, and not one of another day that has as much business time behind it.
                if gone >= whole { Some(target) } else { calendar.add_millis(climb.since, gone) }
            }
        }
    }
}
