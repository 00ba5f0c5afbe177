//! Who is in which of the desks' channels: outside of a channel, in a list or at home, people see and
//! touch only the conversations of channels that they are in. Asked of Slack, and believed for a while.

use crate::outbound::Slack;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{self, PoisonError};
use std::time::Duration;
use threadline_core::desk::Trouble;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a channel's list is believed.
const FRESH: Duration = Duration::from_secs(60);
/// How long a list is believed about somebody who is not on it: he may have come just now.
const FRESH_ABOUT_OTHERS: Duration = Duration::from_secs(5);
/// Pages of a list, of a thousand people each: more than a support channel has.
const PAGES_MAX: usize = 20;

/// The channels' people.
#[derive(Default)]
pub(crate) struct Rooms {
    known: Mutex<HashMap<String, (HashSet<String>, Instant)>>,
    /// Channels into which somebody has come since.
    stale: sync::Mutex<HashSet<String>>,
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").finish_non_exhaustive()
    }
}

impl Rooms {
    /// The desks' channels that somebody is in.
    pub async fn of(&self, slack: &Slack, user: &str) -> Result<Vec<String>, Trouble> {
        let mut within = Vec::new();
        // One asks, and whoever comes meanwhile has the same answer.
        let mut known = self.known.lock().await;
        let stale = std::mem::take(&mut *self.stale.lock().unwrap_or_else(PoisonError::into_inner));
        known.retain(|channel, _| !stale.contains(channel));
        for channel in &slack.config().channels {
            let is_known = known.get(channel).is_some_and(|(people, at)| {
                at.elapsed() < if people.contains(user) { FRESH } else { FRESH_ABOUT_OTHERS }
            });
            if !is_known {
                let people = people(slack, channel).await?;
                known.insert(channel.clone(), (people, Instant::now()));
            }
            if known.get(channel).is_some_and(|(people, _)| people.contains(user)) {
                within.push(channel.clone());
            }
        }
        Ok(within)
    }

    /// Somebody came into a channel: its list is asked for again.
    pub fn changed(&self, channel: &str) {
        let mut stale = self.stale.lock().unwrap_or_else(PoisonError::into_inner);
        stale.insert(channel.to_string());
    }
}

/// Everybody in a channel.
pub(crate) async fn people(slack: &Slack, channel: &str) -> Result<HashSet<String>, Trouble> {
    let (mut people, mut cursor) = (HashSet::new(), String::new());
    for _ in 0..PAGES_MAX {
        let mut params = vec![("channel", channel), ("limit", "1000")];
        if !cursor.is_empty() {
            params.push(("cursor", &cursor));
        }
        let answer = match slack.get("conversations.members", &params).await {
            Ok(answer) => answer,
            // A channel that the bot cannot see is nobody's.
            Err(Trouble::Stopped(stop)) if stop.channel_only => return Ok(HashSet::new()),
            Err(trouble) => return Err(trouble),
        };
        let page = answer["members"].as_array().into_iter().flatten();
        people.extend(page.filter_map(|user| user.as_str().map(str::to_string)));
        match answer["response_metadata"]["next_cursor"].as_str() {
            Some(next) if !next.is_empty() && next != cursor => cursor = next.to_string(),
            Some(_) | None => break,
        }
    }
    Ok(people)
}
