//! Where somebody can be told something that nobody else sees: Discord takes such answers only to what he
//! did with a button, a command or a form, for a quarter of an hour. Kept in memory: whoever is told
//! something later, or by another process, gets a message of his own.

use crate::ids::Id;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long an interaction can be answered (docs, "Followup Messages": 15 minutes), less the way there.
const GOOD_FOR: Duration = Duration::from_secs(14 * 60);
/// People remembered; those whose time is over make room.
const PEOPLE_MAX: usize = 5_000;

/// The last thing that each has done lately.
#[derive(Default)]
pub(crate) struct Ears(Mutex<State>);

#[derive(Default)]
struct State {
    people: HashMap<(Id, Id), (String, Instant)>,
    /// Answers that were announced ("is thinking…") and not given.
    awaited: HashSet<String>,
    /// Channels of messages to one person.
    direct: HashMap<Id, Id>,
}

impl Ears {
    /// Somebody did something in a thread that can be answered with this token.
    pub fn hears(&self, user: Id, thread: Id, token: &str) {
        let mut state = self.lock();
        if state.people.len() >= PEOPLE_MAX {
            state.people.retain(|_, (_, at)| at.elapsed() < GOOD_FOR);
        }
        if state.people.len() < PEOPLE_MAX {
            state.people.insert((user, thread), (token.to_string(), Instant::now()));
        }
    }

    /// What answers him there, if he did something there lately.
    pub fn of(&self, user: Id, thread: Id) -> Option<String> {
        let state = self.lock();
        let (token, at) = state.people.get(&(user, thread))?;
        (at.elapsed() < GOOD_FOR).then(|| token.clone())
    }

    /// An answer was announced.
    pub fn awaits(&self, token: &str) {
        let mut state = self.lock();
        if state.awaited.len() >= PEOPLE_MAX {
            state.awaited.clear();
        }
        state.awaited.insert(token.to_string());
    }

    /// True once for an answer that was announced.
    pub fn is_awaited(&self, token: &str) -> bool {
        self.lock().awaited.remove(token)
    }

    /// The channel of messages to one person.
    pub fn direct(&self, user: Id) -> Option<Id> {
        self.lock().direct.get(&user).copied()
    }

    /// Messages to him go there.
    pub fn goes_to(&self, user: Id, channel: Id) {
        let mut state = self.lock();
        if state.direct.len() >= PEOPLE_MAX {
            state.direct.clear();
        }
        state.direct.insert(user, channel);
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ears").field("people", &self.lock().people.len()).finish_non_exhaustive()
    }
}
