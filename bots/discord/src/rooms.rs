//! Who sees which of the desks' channels: outside of a thread, in a list or a form, people see and touch
//! only the conversations of channels that they see. Computed from the server's roles and the channels'
//! own settings, which are asked of Discord and believed for a while.

use crate::ids::Id;
use crate::outbound::Discord;
use crate::permissions;
use crate::refusal::About;
use serde_json::Value;
use serenity::model::permissions::Permissions;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::Trouble;
use tokio::time::Instant;

/// How long the server's roles are believed.
const FRESH: Duration = Duration::from_secs(60);

/// The server, as it was described last.
#[derive(Default)]
pub(crate) struct Rooms {
    server: Mutex<Option<(Arc<Value>, Instant)>>,
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").finish_non_exhaustive()
    }
}

impl Rooms {
    /// The desks' channels that a member of the server sees.
    pub async fn of(&self, discord: &Discord, user: Id, member: &Value) -> Result<Vec<Id>, Trouble> {
        let server = self.server(discord).await?;
        let mut seen = Vec::new();
        for channel in &discord.config().channels {
            let described = match discord.places().channel(*channel).await {
                Ok(described) => described,
                // A channel that the bot cannot see is nobody's.
                Err(Trouble::Stopped(stop)) if stop.channel_only => continue,
                Err(trouble) => return Err(trouble),
            };
            let may = permissions::effective(&server, member, &described, user);
            if may.contains(Permissions::VIEW_CHANNEL) {
                seen.push(*channel);
            }
        }
        Ok(seen)
    }

    /// The server with its roles.
    pub async fn server(&self, discord: &Discord) -> Result<Arc<Value>, Trouble> {
        if let Some((server, at)) = self.lock().as_ref()
            && at.elapsed() < FRESH
        {
            return Ok(server.clone());
        }
        let path = format!("/guilds/{}", discord.us().await?.guild);
        let server = Arc::new(discord.get(&path, About::Channel).await?);
        *self.lock() = Some((server.clone(), Instant::now()));
        Ok(server)
    }

    /// Roles have changed.
    pub fn changed(&self) {
        *self.lock() = None;
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lock(&self) -> MutexGuard<'_, Option<(Arc<Value>, Instant)>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
