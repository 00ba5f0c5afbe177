//! Reminders on a cron schedule: when one fires, every conversation whose customer waits is told of it, and says
//! in its thread what there is to say. Which firings were carried out is a row, so that after an outage at most one
//! is caught up with; each conversation knows a firing by its key, so that a restart in between and a second process
//! say nothing twice.

use crate::config::Reminder;
use crate::lifecycle::Lifecycle;
use crate::service::{Refusal, Service};
use threadline_core::conversation::Event;
use threadline_core::ids::Moment;
use threadline_core::schedule::Firing;

/// How often it is looked, whatever the schedules say: the clock may have been set.
const LOOK_EVERY_MILLIS: i64 = 60_000;
/// A firing that comes so much later than it should is marked as late.
const LATE_MILLIS: i64 = 5 * 60_000;
/// Conversations that one firing is told in, the longest waiting first: more is a list that nobody reads.
const TOLD_MAX: i64 = 1_000;

/// Fires them until the process stops.
pub async fn run(reminders: Vec<Reminder>, service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    loop {
        let now = shared.clock.now();
        let mut wake = now.plus_millis(LOOK_EVERY_MILLIS);
        for reminder in &reminders {
            match fire_due(reminder, &service, now).await {
                Ok(()) => wake = wake.min(reminder.schedule.next(now).unwrap_or(wake)),
                Err(error) => {
                    tracing::error!(reminder = reminder.name, %error, "a reminder could not be carried out; trying again");
                }
            }
        }
        tokio::select! {
            () = life.stopping() => return Ok(()),
            () = shared.clock.sleep_until(wake) => {}
        }
    }
}

/// Carries out what is due of a reminder. One that is new has nothing to catch up with.
async fn fire_due(reminder: &Reminder, service: &Service, now: Moment) -> Result<(), Refusal> {
    let shared = service.shared();
    let (name, mut done) = (reminder.name.clone(), now);
    if let Some(upto) = shared.store.reminded_upto(&name).await? {
        let Some(firing) = reminder.schedule.due(upto, now) else { return Ok(()) };
        tell(reminder, firing, service, now).await?;
        done = firing.at;
    }
    let written = shared.store.write(move |tx| {
        let name = name.clone();
        Box::pin(async move { tx.reminded(&name, done).await })
    });
    Ok(written.await?)
}

/// Tells every conversation that waits; an error when one of them could not be stored.
async fn tell(reminder: &Reminder, firing: Firing, service: &Service, now: Moment) -> Result<(), Refusal> {
    let waiting = service.shared().store.waiting(TOLD_MAX).await?;
    let is_late = firing.stands_for_more || now.millis_since(firing.at) > LATE_MILLIS;
    let event = |id| {
        let key = format!("reminder/{}/{}/{id}", reminder.name, firing.at.0);
        (id, Event::Reminded { key, only_late: reminder.only_late, is_late })
    };
    service.events(waiting.into_iter().map(event).collect()).await.into_iter().try_for_each(|told| told.map(drop))
}
