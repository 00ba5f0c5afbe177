//! What has a time: replies whose hold ends, frames old enough to be forgotten, gauges. Each is a
//! stored row with a due time; this only looks at the clock and says that it has come.

use crate::lifecycle::Lifecycle;
use crate::service::{Service, age_secs};
use std::time::Duration;
use threadline_core::conversation::Event;
use threadline_core::ids::Moment;

/// Holds that are ended in one transaction.
const HOLDS_MAX: i64 = 256;
/// How often holds are looked for when nobody rang: another process may have stored one.
const LOOK_EVERY_MILLIS: i64 = 1_000;
/// The wait after the database failed.
const RETRY: Duration = Duration::from_secs(1);
/// How long a frame that was read is kept, so that it is known when it comes again: Slack's
/// Delayed Events come for 24 hours; twice that, and some.
const FRAMES_KEPT_MILLIS: i64 = 3 * 24 * 3_600_000;
/// Frames forgotten in one transaction.
const FORGOTTEN_MAX: i64 = 500;
/// How often old frames are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// How often the gauges of what waits are set.
const GAUGES_EVERY: Duration = Duration::from_secs(5);

/// Ends holds when their time has come, until the process stops.
pub async fn end_holds(service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    loop {
        let wake = match end_due(&service).await {
            Ok(wake) => wake,
            Err(error) => {
                tracing::error!(%error, "held replies could not be released; trying again");
                tokio::select! {
                    () = life.stopping() => return Ok(()),
                    () = tokio::time::sleep(RETRY) => continue,
                }
            }
        };
        tokio::select! {
            () = life.stopping() => return Ok(()),
            () = shared.holds.notified() => {}
            () = shared.clock.sleep_until(wake) => {}
        }
    }
}

/// Ends what is due; when to look again.
async fn end_due(service: &Service) -> anyhow::Result<Moment> {
    let shared = service.shared();
    loop {
        let now = shared.clock.now();
        let due = shared.store.holds_due(now, HOLDS_MAX).await?;
        if due.is_empty() {
            let look = now.plus_millis(LOOK_EVERY_MILLIS);
            return Ok(shared.store.next_hold().await?.map_or(look, |next| next.min(look)));
        }
        let events = due.into_iter().map(|(message, conversation)| (conversation, Event::HoldEnded(message))).collect();
        service.events(events).await?;
    }
}

/// Forgets old frames and sets the gauges, until the process stops.
pub async fn keep_house(service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    let mut forget = tokio::time::interval(FORGET_EVERY);
    let mut gauges = tokio::time::interval(GAUGES_EVERY);
    loop {
        tokio::select! {
            () = life.stopping() => return Ok(()),
            _ = forget.tick() => {
                let before = shared.clock.now().plus_millis(-FRAMES_KEPT_MILLIS);
                let forgotten = shared.store.write(move |tx| Box::pin(tx.forget_frames(before, FORGOTTEN_MAX))).await;
                if let Err(error) = forgotten {
                    tracing::warn!(%error, "old frames could not be forgotten");
                }
            }
            _ = gauges.tick() => match shared.store.outbox_state().await {
                Ok((oldest, waiting)) => {
                    shared.metrics.outbox_waiting.set(waiting);
                    shared.metrics.undelivered_age_secs.set(age_secs(shared.clock.now(), oldest));
                }
                Err(error) => tracing::warn!(%error, "the outbox could not be counted"),
            },
        }
    }
}
