//! What is known of the server's channels and threads: which thread hangs on which channel, who opened it,
//! and what kind of channel a desk's is. Discord tells of threads that can be seen when a connection begins
//! and whenever one changes; of any other it is asked once.

use crate::client::{Client, Sent};
use crate::ids::{Id, Spot};
use crate::refusal::{About, UNKNOWN_CHANNEL};
use http::Method;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::Trouble;
use tokio::time::Instant;

/// Channels and threads remembered; with more, those of longest ago make room.
const PLACES_MAX: usize = 20_000;
/// How long what a desk's channel is like is believed.
const FRESH: Duration = Duration::from_secs(60);

/// What is known of the server's channels and threads.
pub(crate) struct Places {
    client: Arc<Client>,
    known: Mutex<HashMap<Id, Known>>,
    channels: Mutex<HashMap<Id, (Arc<Value>, Instant)>>,
}

/// What a channel of the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// A thread.
    Thread {
        /// Where it is.
        spot: Spot,
        /// Who opened it.
        owner: Option<Id>,
    },
    /// Something else.
    Other,
}

impl Places {
    pub fn new(client: Arc<Client>) -> Places {
        Places { client, known: Mutex::default(), channels: Mutex::default() }
    }

    /// What Discord says of a thread or a channel.
    pub fn told(&self, channel: &Value) {
        let Some(id) = Id::of(&channel["id"]) else { return };
        if let Some(known) = known(channel) {
            self.remember(id, known);
        }
        self.lock_channels().remove(&id);
    }

    /// It is gone.
    pub fn gone(&self, id: Id) {
        self.lock().remove(&id);
        self.lock_channels().remove(&id);
    }

    /// What this channel is, if that is known.
    pub fn known(&self, id: Id) -> Option<Known> {
        self.lock().get(&id).copied()
    }

    /// What this channel is. One that cannot be seen is nothing of ours.
    pub async fn find(&self, id: Id) -> Result<Known, Trouble> {
        if let Some(known) = self.known(id) {
            return Ok(known);
        }
        match self.client.call(Method::GET, &format!("/channels/{id}"), Sent::Nothing).await {
            Ok(channel) => {
                let known = known(&channel).unwrap_or(Known::Other);
                self.remember(id, known);
                Ok(known)
            }
            Err(failure) if matches!(failure.code(), Some(UNKNOWN_CHANNEL | 50_001)) => Ok(Known::Other),
            Err(failure) => Err(failure.trouble("asking what a channel is", About::Channel)),
        }
    }

    /// A desk's channel as Discord describes it, believed for a while.
    pub async fn channel(&self, id: Id) -> Result<Arc<Value>, Trouble> {
        if let Some((channel, at)) = self.lock_channels().get(&id)
            && at.elapsed() < FRESH
        {
            return Ok(channel.clone());
        }
        let asked = self.client.call(Method::GET, &format!("/channels/{id}"), Sent::Nothing).await;
        let channel = Arc::new(asked.map_err(|failure| failure.trouble("asking for a channel", About::Channel))?);
        self.lock_channels().insert(id, (channel.clone(), Instant::now()));
        Ok(channel)
    }

    fn remember(&self, id: Id, known: Known) {
        let mut all = self.lock();
        if all.len() >= PLACES_MAX {
            // Ids grow with time.
            let mut ids: Vec<Id> = all.keys().copied().collect();
            ids.sort_unstable();
            for oldest in ids.iter().take(PLACES_MAX / 4) {
                all.remove(oldest);
            }
        }
        all.insert(id, known);
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lock(&self) -> MutexGuard<'_, HashMap<Id, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_channels(&self) -> MutexGuard<'_, HashMap<Id, (Arc<Value>, Instant)>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").field("known", &self.lock().len()).finish_non_exhaustive()
    }
}

/// What a channel object of Discord's is; nothing for one that does not say where it is.
fn known(channel: &Value) -> Option<Known> {
    if !is_thread(channel) {
        return Some(Known::Other);
    }
    let id = |name: &str| Id::of(&channel[name]);
    let spot = Spot { guild: id("guild_id")?, channel: id("parent_id")?, thread: id("id")? };
    Some(Known::Thread { spot, owner: id("owner_id") })
}

/// True for a thread (docs, "Channel Types").
pub(crate) fn is_thread(channel: &Value) -> bool {
    matches!(channel["type"].as_u64(), Some(10..=12))
}

/// True for a forum, or a forum for media.
pub(crate) fn is_forum(channel: &Value) -> bool {
    matches!(channel["type"].as_u64(), Some(15 | 16))
}

/// True for a channel in which threads can be opened without a post.
pub(crate) fn takes_threads(channel: &Value) -> bool {
    matches!(channel["type"].as_u64(), Some(0))
}
