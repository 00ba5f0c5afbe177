//! Keeps the server below its limit of active threads: those of conversations that are done are archived,
//! the ones in which nothing was written for longest first. Discord wakes one when something is posted in
//! it. Others' threads, and those of open conversations, are never touched.

use crate::ids::{Id, Spot};
use crate::outbound::Discord;
use crate::thread;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use threadline_core::conversation::Standing;
use threadline_core::desk::Trouble;
use threadline_core::overview::{Overview, Sought};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often threads are counted.
const LOOK_EVERY: Duration = Duration::from_secs(10 * 60);
/// The pause after a round in which Discord said that there are too many.
const PAUSE: Duration = Duration::from_secs(30);

/// Counts threads, and archives some when there are too many, until `shutdown`.
pub(crate) async fn run(discord: &Discord, overview: Arc<dyn Overview>, shutdown: &CancellationToken) {
    while !shutdown.is_cancelled() {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = discord.crowded() => {}
            () = shutdown.cancelled() => return,
        }
        if let Err(trouble) = thin_out(discord, overview.as_ref()).await {
            warn!(?trouble, "threads could not be archived; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE.min(discord.config().pause_first * 60)) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Archives as many as there are too many, and some more, so that it is not for each new one again.
async fn thin_out(discord: &Discord, overview: &dyn Overview) -> Result<(), Trouble> {
    let us = discord.us().await?;
    let active = thread::active(discord).await?;
    let max = discord.config().active_threads_max;
    if active.len() < max {
        return Ok(());
    }
    let mut too_many = active.len() - max * 9 / 10;
    let last = |thread: &Value| Id::of(&thread["last_message_id"]).or_else(|| Id::of(&thread["id"]));
    let mut ours: Vec<&Value> = active.iter().filter(|thread| Id::of(&thread["owner_id"]) == Some(us.user)).collect();
    ours.sort_by_key(|thread| last(thread));
    let mut archived = 0;
    for described in ours {
        let parts = (Id::of(&described["parent_id"]), Id::of(&described["id"]));
        let (Some(channel), Some(thread)) = parts else { continue };
        if too_many == 0 {
            break;
        }
        let key = Spot { guild: us.guild, channel, thread }.key();
        let found = overview.glances(vec![key.0.clone()], Sought::Thread(key), 1).await;
        let found = found.map_err(|error| Trouble::NotDone { why: error.to_string() })?;
        let is_done = found
            .first()
            .is_some_and(|glance| matches!(glance.standing, Standing::Resolved { .. } | Standing::Closed { .. }));
        if is_done {
            discord.change_thread(thread, &json!({ "archived": true })).await?;
            (archived, too_many) = (archived + 1, too_many - 1);
        }
    }
    if archived > 0 {
        info!(archived, "threads of conversations that are done were archived, because the server has many");
    }
    if too_many > 0 {
        warn!(
            left = too_many,
            "the server has nearly as many active threads as it may have, and too few of them are of conversations that are done"
        );
    }
    Ok(())
}
