//! App Home: what an agent has, what nobody has, and what waits longest. Shown when he opens it, and
//! kept up for as long as he may still be looking: something that changes has those shown again whom
//! it may concern, a moment later and once for all that changed meanwhile.

use crate::hands::FOUND_WITHIN;
use crate::outbound::Slack;
use crate::{ids, lists};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::Trouble;
use threadline_core::overview::{Overview, Sought};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// How long somebody counts as looking after he opened it: Slack does not say when he leaves.
const LOOKS_FOR: Duration = Duration::from_secs(15 * 60);
/// How long changes are gathered before they are shown.
const GATHER: Duration = Duration::from_secs(2);
/// How often it is looked again: another process may have changed something.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// The pause after it could not be shown.
const PAUSE: Duration = Duration::from_secs(10);
/// People kept up at once: views.publish is of tier 4, 100 a minute (docs.slack.dev, "Rate limits").
const PEOPLE_MAX: usize = 50;
/// Conversations in each part, so that the blocks stay within a view's 100 (Block Kit reference).
const PART_MAX: u32 = 12;

/// Who looks at his home.
#[derive(Default)]
pub(crate) struct Homes {
    people: Mutex<HashMap<String, Looking>>,
    changed: Notify,
}

/// Somebody who looks, or did lately.
#[derive(Clone, Debug)]
struct Looking {
    opened: Instant,
    /// When it is to be shown again.
    due: Option<Instant>,
    /// What was shown last, and Slack's mark of it.
    shown: Option<(Value, Option<String>)>,
}

impl Homes {
    /// He has opened it, or did something there: it is shown at once.
    pub fn opened(&self, user: &str) {
        let now = Instant::now();
        let mut people = self.people();
        if people.len() >= PEOPLE_MAX && !people.contains_key(user) {
            let first = people.iter().min_by_key(|(_, looking)| looking.opened).map(|(user, _)| user.clone());
            first.map(|user| people.remove(&user));
        }
        let looking = people.entry(user.to_string()).or_insert(Looking { opened: now, due: None, shown: None });
        (looking.opened, looking.due) = (now, Some(now));
        drop(people);
        self.changed.notify_one();
    }

    /// Something changed that may concern everybody.
    pub fn stir(&self) {
        let due = Instant::now() + GATHER;
        let mut people = self.people();
        people.values_mut().for_each(|looking| looking.due = Some(looking.due.map_or(due, |earlier| earlier.min(due))));
        if !people.is_empty() {
            self.changed.notify_one();
        }
    }

    /// Whose home is due, and when to look again.
    fn due(&self, now: Instant) -> (Vec<String>, Option<Instant>) {
        let mut people = self.people();
        people.retain(|_, looking| now - looking.opened < LOOKS_FOR);
        let mut due = Vec::new();
        for (user, looking) in people.iter_mut() {
            if looking.due.is_some_and(|at| at <= now) {
                looking.due = None;
                due.push(user.clone());
            }
        }
        (due, people.values().filter_map(|looking| looking.due).min())
    }

    fn shown(&self, user: &str) -> Option<(Value, Option<String>)> {
        self.people().get(user)?.shown.clone()
    }

    fn shows(&self, user: &str, shown: Option<(Value, Option<String>)>) {
        if let Some(looking) = self.people().get_mut(user) {
            looking.shown = shown;
        }
    }

    fn again(&self, user: &str, after: Duration) {
        if let Some(looking) = self.people().get_mut(user) {
            looking.due = Some(Instant::now() + after);
        }
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn people(&self) -> MutexGuard<'_, HashMap<String, Looking>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Homes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Homes").field("people", &self.people().len()).finish_non_exhaustive()
    }
}

/// Shows what is due until `shutdown`.
pub(crate) async fn run(slack: &Slack, overview: Arc<dyn Overview>, shutdown: &CancellationToken) {
    let homes = slack.homes();
    let mut look_again = Instant::now() + LOOK_AGAIN;
    while !shutdown.is_cancelled() {
        let now = Instant::now();
        if look_again <= now {
            homes.stir();
            look_again = now + LOOK_AGAIN;
        }
        let (due, next) = homes.due(now);
        for user in due {
            match show(slack, overview.as_ref(), &user).await {
                Ok(()) => {}
                Err(after) => homes.again(&user, after),
            }
        }
        tokio::select! {
            () = homes.changed.notified() => {}
            () = tokio::time::sleep_until(next.map_or(look_again, |next| next.min(look_again))) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// Shows a person's home, unless it shows the same already; an error says when to try again.
async fn show(slack: &Slack, overview: &dyn Overview, user: &str) -> Result<(), Duration> {
    let us = slack.us().await.map_err(|_| PAUSE)?;
    let channels = slack.channels_of(user).await.map_err(|_| PAUSE)?;
    let threads: Vec<String> = channels.iter().map(|channel| ids::threads_in(&us.team, channel)).collect();
    let found = async |sought| {
        let looking = overview.glances(threads.clone(), sought, PART_MAX);
        match tokio::time::timeout(FOUND_WITHIN, looking).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(_)) | Err(_) => Err(PAUSE),
        }
    };
    let own = found(Sought::HeldBy(ids::agent(&us.team, user))).await?;
    let free = found(Sought::Unclaimed).await?;
    let waiting = found(Sought::Waiting).await?;
    let blocks = if threads.is_empty() {
        lists::home_of_a_guest()
    } else {
        lists::home(us, &own, &free, &waiting, &slack.config().verbs)
    };
    let view = json!({ "type": "home", "blocks": blocks });
    let homes = slack.homes();
    let before = homes.shown(user);
    if before.as_ref().is_some_and(|(shown, _)| *shown == view) {
        return Ok(());
    }
    let mut payload = json!({ "user_id": user, "view": view });
    if let Some((_, Some(hash))) = before {
        payload["hash"] = json!(hash);
    }
    match slack.call("views.publish", &payload).await {
        Ok(answer) => {
            homes.shows(user, Some((view, answer["view"]["hash"].as_str().map(str::to_string))));
            Ok(())
        }
        Err(Trouble::Later { after_millis }) => Err(Duration::from_millis(after_millis)),
        // Somebody else has shown something newer: looked up once more, it is the newest.
        Err(Trouble::Never { why }) if why.contains("hash_conflict") => {
            homes.shows(user, None);
            Err(Duration::ZERO)
        }
        Err(Trouble::Never { why }) => {
            warn!(why, "an agent's home cannot be shown");
            Ok(())
        }
        Err(trouble) => {
            warn!(?trouble, "an agent's home could not be shown; trying again");
            Err(PAUSE)
        }
    }
}
