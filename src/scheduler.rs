//! What has a time: replies whose hold ends, frames old enough to be forgotten, gauges. Each is a
//! stored row with a due time; this only looks at the clock and says that it has come.

use crate::config::Platform;
use crate::lifecycle::Lifecycle;
use crate::service::{Service, age_secs};
use crate::store::StoreError;
use crate::store::holds::HoldRow;
use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Duration;
use threadline_core::availability::usual_mins;
use threadline_core::conversation::{Conversation, Event};
use threadline_core::file::Hash;
use threadline_core::ids::Moment;
use threadline_core::ticket::Timetable;

/// Holds that are ended in one transaction.
const HOLDS_MAX: i64 = 256;
/// How often holds are looked for when nobody rang: another process may have stored one.
const LOOK_EVERY_MILLIS: i64 = 1_000;
/// How soon a hold is looked at again whose thread has to be read first.
const UNSURE_AGAIN_MILLIS: i64 = 250;
/// How long a reply is held beyond its time because its thread could not be read after a gap, in
/// which an agent may have edited or deleted it. Then it goes out: the customer has waited for it.
const UNSURE_MAX_MILLIS: i64 = 120_000;
/// Conversations of which something is due, told of in one go.
const MISSED_MAX: i64 = 256;
/// How often it is looked for such: what is stored meanwhile is due in a minute at the earliest.
const MISSED_EVERY_MILLIS: i64 = 5_000;
/// A step that is taken so much later than it was due is told of in the log.
const STEP_LATE_MILLIS: i64 = 60_000;
/// How often it is looked what was resolved long ago: a day more or less is all the same.
const CLOSE_EVERY_MILLIS: i64 = 10 * 60_000;
const DAY_MILLIS: i64 = 24 * 3_600_000;
/// How far back it is looked how soon chats were answered.
const MEASURED_MILLIS: i64 = 7 * 24 * 3_600_000;
/// Most chats that are looked at for that, the latest: thousands tell no more than these.
const MEASURED_MAX: i64 = 2_000;
/// How often.
const MEASURE_EVERY_MILLIS: i64 = 10 * 60_000;
/// The wait after the database failed.
const RETRY: Duration = Duration::from_secs(1);
/// How long a frame that was read is kept, so that it is known when it comes again: Slack's
/// Delayed Events come for 24 hours; twice that, and some.
const FRAMES_KEPT_MILLIS: i64 = 3 * 24 * 3_600_000;
/// How long a file that was uploaded waits for a message to be part of: a customer who went to lunch
/// still has his draft.
const UNOWNED_KEPT_MILLIS: i64 = 24 * 3_600_000;
/// How long a conversation is kept in which nothing was written: a customer whose connection broke before
/// his first message may be back within days, and whoever opens them for nothing leaves nothing behind.
const UNWRITTEN_KEPT_MILLIS: i64 = 7 * 24 * 3_600_000;
/// How often bytes that no file has any more are looked for: every one of them is looked at.
const SWEEP_EVERY: Duration = Duration::from_secs(6 * 3600);
/// Frames, files and conversations forgotten in one transaction.
const FORGOTTEN_MAX: i64 = 500;
/// How often old frames are looked for.
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// How often the gauges of what waits are set.
const GAUGES_EVERY: Duration = Duration::from_secs(5);

/// Ends holds when their time has come, until the process stops.
pub async fn end_holds(service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    let mut before = shared.clock.now();
    loop {
        let wake = match end_due(&service, &mut before).await {
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

/// Ends what is due; when to look again. `before`: when it was last looked.
async fn end_due(service: &Service, before: &mut Moment) -> anyhow::Result<Moment> {
    let shared = service.shared();
    let now = shared.clock.now();
    if now < *before {
        let anew = shared.store.write(move |tx| Box::pin(tx.hold_anew(now))).await?;
        shared.hearing.set_back(before.millis_since(now));
        tracing::warn!(replies = anew, "the clock was set back: what is held is held anew");
    }
    *before = now;
    let due = shared.store.holds_due(now, HOLDS_MAX).await?;
    shared.broken.found(&shared.metrics, "holds", &due.broken);
    let all = (due.legible.len() + due.broken.len()) as i64 == HOLDS_MAX;
    let (sure, unsure): (Vec<HoldRow>, Vec<HoldRow>) =
        due.legible.into_iter().partition(|hold| may_go(service, hold, now));
    let ended = sure.len();
    let failed = end(service, sure).await;
    if all && failed < ended {
        return Ok(now);
    }
    let look = if unsure.is_empty() { LOOK_EVERY_MILLIS } else { UNSURE_AGAIN_MILLIS };
    let look = now.plus_millis(look);
    Ok(shared.store.next_hold(now).await?.map_or(look, |next| next.min(look)))
}

/// True when nothing that an agent did to the reply can have been missed.
fn may_go(service: &Service, hold: &HoldRow, now: Moment) -> bool {
    let sure =
        hold.thread.as_ref().is_none_or(|thread| service.shared().hearing.is_sure(thread, hold.conversation, hold.at));
    if sure {
        return true;
    }
    let overdue = now.millis_since(hold.due) >= UNSURE_MAX_MILLIS;
    if overdue {
        tracing::warn!(conversation.id = %hold.conversation, "a reply goes out though its thread could not be read after a gap");
    }
    overdue
}

/// Ends holds, each for itself; how many could not be.
async fn end(service: &Service, holds: Vec<HoldRow>) -> usize {
    let events = holds.iter().map(|hold| (hold.conversation, Event::HoldEnded(hold.message))).collect();
    let outcomes = service.events(events).await;
    let failed = holds.iter().zip(outcomes).filter_map(|(hold, outcome)| Some((hold, outcome.err()?)));
    failed
        .inspect(|(hold, error)| {
            tracing::error!(conversation.id = %hold.conversation, %error, "a held reply could not be released; trying again");
        })
        .count()
}

/// What is due when a customer does not see what was written to him, or is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The thread is told that it waits for his browser.
    Receipts,
    /// It goes by email.
    Answers,
    /// What he wrote becomes a ticket.
    Patience,
    /// Somebody is told that he waits.
    Steps,
}

/// Does what is due of this kind, until the process stops.
pub async fn miss_customers(kind: Missed, service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    loop {
        let wake = match miss_due(kind, &service).await {
            Ok(wake) => wake,
            Err(error) => {
                tracing::error!(?kind, %error, "it could not be read what waits for customers; trying again");
                shared.clock.now().plus_millis(MISSED_EVERY_MILLIS)
            }
        };
        tokio::select! {
            () = life.stopping() => return Ok(()),
            () = shared.clock.sleep_until(wake) => {}
        }
    }
}

/// Tells what is due; when to look again.
async fn miss_due(kind: Missed, service: &Service) -> anyhow::Result<Moment> {
    let shared = service.shared();
    let (store, now) = (&shared.store, shared.clock.now());
    let due = match kind {
        Missed::Receipts => store.receipts_due(now, MISSED_MAX).await?,
        Missed::Answers => store.answers_due(now, MISSED_MAX).await?,
        Missed::Patience => store.patience_due(now, MISSED_MAX).await?,
        Missed::Steps => store.steps_due(now, MISSED_MAX).await?,
    };
    let (table, event) = match kind {
        Missed::Receipts => ("receipts", Event::RepliesDelayed),
        Missed::Answers => ("answers", Event::LetterDue),
        Missed::Patience => ("tickets", Event::PatienceEnded),
        Missed::Steps => ("steps", Event::StepDue),
    };
    shared.broken.found(&shared.metrics, table, &due.broken);
    if kind == Missed::Steps {
        audit(&due.legible, now);
    }
    let all = (due.legible.len() + due.broken.len()) as i64 == MISSED_MAX;
    let events: Vec<_> = due.legible.iter().map(|head| (head.id, event.clone())).collect();
    let count = events.len();
    let failed = service.events(events).await.into_iter().filter_map(Result::err);
    let failed = failed
        .inspect(|error| tracing::error!(?kind, %error, "it was not stored what waits for a customer; trying again"))
        .count();
    if all && failed < count {
        return Ok(now);
    }
    let next = match kind {
        Missed::Receipts => store.next_receipt(now).await?,
        Missed::Answers => store.next_answer(now).await?,
        Missed::Patience => store.next_patience(now).await?,
        Missed::Steps => store.next_step(now).await?,
    };
    let look = now.plus_millis(MISSED_EVERY_MILLIS);
    Ok(next.map_or(look, |next| next.min(look)))
}

/// Says which steps of the ladder are taken later than they should be: after an outage, or because something
/// holds this up.
fn audit(heads: &[Conversation], now: Moment) {
    for head in heads {
        let late_millis = head.climb.due.map_or(0, |due| now.millis_since(due));
        if late_millis > STEP_LATE_MILLIS {
            tracing::warn!(conversation.id = %head.id, late_secs = late_millis / 1_000, "a step of the ladder is taken late");
        }
    }
}

/// Closes what was resolved so many days ago, until the process stops.
pub async fn close(after_days: u32, service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    let after_millis = i64::from(after_days) * DAY_MILLIS;
    loop {
        let now = shared.clock.now();
        let all = match shared.store.resolved_by(now.plus_millis(-after_millis), MISSED_MAX).await {
            Ok(resolved) => {
                shared.broken.found(&shared.metrics, "resolved", &resolved.broken);
                let events: Vec<_> = resolved.legible.iter().map(|head| (head.id, Event::ClosingDue)).collect();
                let count = events.len();
                let closed = service.events(events).await.into_iter().filter(Result::is_ok).count();
                closed == count && count as i64 == MISSED_MAX
            }
            Err(error) => {
                tracing::error!(%error, "it could not be read what was resolved long ago; trying again");
                false
            }
        };
        if all {
            continue;
        }
        tokio::select! {
            () = life.stopping() => return Ok(()),
            () = shared.clock.sleep_until(now.plus_millis(CLOSE_EVERY_MILLIS)) => {}
        }
    }
}

/// Measures how soon chats are answered, until the process stops.
pub async fn measure(timetable: Timetable, service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    loop {
        let now = shared.clock.now();
        match shared.store.first_answers(now.plus_millis(-MEASURED_MILLIS), MEASURED_MAX).await {
            Ok(answers) => {
                let mut waited: HashMap<String, Vec<i64>> = HashMap::new();
                for (topic, asked, answered) in answers {
                    let millis = timetable.waited_millis(&topic, asked, answered);
                    waited.entry(topic).or_default().extend(millis);
                }
                let usual =
                    waited.into_iter().filter_map(|(topic, waited)| Some((topic, usual_mins(waited)?))).collect();
                *shared.usual_mins.write().unwrap_or_else(PoisonError::into_inner) = usual;
            }
            Err(error) => tracing::warn!(%error, "it could not be measured how soon chats are answered"),
        }
        tokio::select! {
            () = life.stopping() => return Ok(()),
            () = shared.clock.sleep_until(now.plus_millis(MEASURE_EVERY_MILLIS)) => {}
        }
    }
}

/// Forgets old frames and files that nobody wants, and sets the gauges, until the process stops.
pub async fn keep_house(service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    let mut forget = tokio::time::interval(FORGET_EVERY);
    let mut gauges = tokio::time::interval(GAUGES_EVERY);
    let mut sweep = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            () = life.stopping() => return Ok(()),
            _ = forget.tick() => forget_old(&service, &life).await,
            _ = sweep.tick() => sweep_files(&service).await,
            _ = gauges.tick() => match shared.store.outbox_state().await {
                Ok((oldest, waiting)) => {
                    shared.metrics.outbox_waiting.set(waiting);
                    shared.metrics.undelivered_age_secs.set(age_secs(shared.clock.now(), oldest));
                    shared.metrics.letters.waiting.set(shared.store.letters_waiting().await.unwrap_or_default());
                    let metrics = &shared.metrics;
                    let connected = [
                        (Platform::Slack, &metrics.slack_sockets),
                        (Platform::Discord, &metrics.discord_connected),
                    ];
                    for (platform, gauge) in connected {
                        let unread = shared.store.unread_count(platform.as_str()).await.unwrap_or_default();
                        metrics.platform(platform).frames_unread.set(unread);
                        let open = shared.hearing.connections(platform.as_str()).unwrap_or_default();
                        gauge.set(i64::try_from(open).unwrap_or(i64::MAX));
                    }
                }
                Err(error) => tracing::warn!(%error, "the outbox could not be counted"),
            },
        }
    }
}

async fn forget_old(service: &Service, life: &Lifecycle) {
    let shared = service.shared();
    let now = shared.clock.now();
    let (frames, files) = (now.plus_millis(-FRAMES_KEPT_MILLIS), now.plus_millis(-UNOWNED_KEPT_MILLIS));
    let some = || shared.store.write(move |tx| Box::pin(tx.forget_frames(frames, FORGOTTEN_MAX)));
    if let Err(error) = forget_all(life, some).await {
        tracing::warn!(%error, "old frames could not be forgotten");
    }
    let some = || shared.store.write(move |tx| Box::pin(tx.forget_unowned_files(files, FORGOTTEN_MAX)));
    if let Err(error) = forget_all(life, some).await {
        tracing::warn!(%error, "files that nobody sent could not be forgotten");
    }
    let unwritten = now.plus_millis(-UNWRITTEN_KEPT_MILLIS);
    let some = || shared.store.write(move |tx| Box::pin(tx.forget_unwritten(unwritten, FORGOTTEN_MAX)));
    if let Err(error) = forget_all(life, some).await {
        tracing::warn!(%error, "conversations in which nothing was written could not be forgotten");
    }
}

/// However many came since the last time, they are forgotten, in transactions that hold nobody up.
async fn forget_all<F>(life: &Lifecycle, some: impl Fn() -> F) -> Result<(), StoreError>
where
    F: Future<Output = Result<u64, StoreError>>,
{
    while !life.is_stopping() && some().await? == FORGOTTEN_MAX.unsigned_abs() {}
    Ok(())
}

/// Removes the bytes of files that the database does not know any more.
async fn sweep_files(service: &Service) {
    let known = |hashes: Vec<Hash>| {
        let shared = service.shared().clone();
        async move { Ok(shared.store.hashes_in_use(&hashes).await?) }
    };
    match service.shared().files.sweep(known).await {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed the bytes of files that are gone"),
        Err(error) => tracing::warn!(%error, "the folder of files could not be swept"),
    }
}
