//! Who is there at the desks: read from the table whenever somebody says that he comes or goes, and every
//! few seconds, because what was said ends by itself, load changes, and other processes write too. It
//! tells the service, whose rules say to whom chats are open, and customers' browsers. It decides nothing.

use crate::config::Config;
use crate::hub::Change;
use crate::lifecycle::Lifecycle;
use crate::service::Service;
use crate::store::StoreError;
use std::sync::{Arc, OnceLock};
use threadline_core::ids::DeskName;
use threadline_core::presence::attendance;
use threadline_slack::outbound::Slack;

/// How often it is looked when nobody said anything.
const LOOK_EVERY_MILLIS: i64 = 5_000;
/// How often a platform is asked who is active.
const ASK_EVERY_MILLIS: i64 = 60_000;
/// A chat in which nothing happened for so long keeps nobody busy.
const LATELY_MILLIS: i64 = 3_600_000;

/// Asks Slack who is at a desk, again and again, until the process stops; of several processes one does.
pub async fn ask_slack(
    desk: DeskName,
    channels: Vec<String>,
    slack: Slack,
    service: Service,
    life: Lifecycle,
) -> anyhow::Result<()> {
    let shared = service.shared();
    let name = format!("presence/{desk}");
    while !life.is_stopping() {
        let mut lead = tokio::select! {
            lead = shared.store.lead(&name) => lead,
            () = life.stopping() => break,
        };
        let mut lost = std::pin::pin!(lead.lost());
        loop {
            match slack.people_in(&channels).await {
                Ok(people) => {
                    if let Err(error) = shared.seen_at(&desk, people).await {
                        tracing::warn!(%desk, %error, "who is there could not be stored; it is asked again");
                    }
                }
                // What stops a platform is told by whoever posts there.
                Err(trouble) => tracing::warn!(%desk, ?trouble, "Slack does not say who is there; it is asked again"),
            }
            tokio::select! {
                () = life.stopping() => break,
                () = &mut lost => break,
                () = shared.clock.sleep_until(shared.clock.now().plus_millis(ASK_EVERY_MILLIS)) => {}
            }
        }
    }
    Ok(())
}

/// Follows who is there.
#[derive(Debug)]
pub struct Follower {
    service: Service,
    /// The desks, and how many chats each of their agents has at once.
    desks: Vec<(DeskName, Option<u32>)>,
}

impl Follower {
    /// One who follows it at all desks, and has looked once: from the first request on it is known who is there.
    pub async fn start(config: &Config, service: Service) -> Result<Follower, StoreError> {
        let desks = config.desks.iter().map(|desk| (desk.name.clone(), desk.chats_per_agent)).collect();
        let follower = Follower { service, desks };
        follower.look().await?;
        Ok(follower)
    }

    /// Follows it until the process stops.
    pub async fn run(self, life: Lifecycle) -> anyhow::Result<()> {
        let shared = self.service.shared();
        loop {
            tokio::select! {
                () = life.stopping() => return Ok(()),
                () = shared.signs.notified() => {}
                () = shared.clock.sleep_until(shared.clock.now().plus_millis(LOOK_EVERY_MILLIS)) => {}
            }
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "it could not be read who is there; what was known before counts");
            }
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        let shared = self.service.shared();
        let now = shared.clock.now();
        let rosters = shared.store.rosters(now.plus_millis(-LATELY_MILLIS)).await?;
        let mut is_other = false;
        for (desk, chats_max) in &self.desks {
            let team = rosters.get(desk).map_or(&[][..], Vec::as_slice);
            let there = attendance(team, shared.rules(desk).presence, *chats_max, now);
            is_other |= shared.attended_by(desk, there);
        }
        if is_other {
            shared.live.publish_to_all(&Arc::new(Change::Availability(OnceLock::new())));
        }
        Ok(())
    }
}
