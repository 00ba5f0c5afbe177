//! Catching up: after a start and whenever no socket was listening, every open thread is read as
//! it stands, the liveliest first, within Slack's rates; after one socket of several was lost, the
//! liveliest only. A reading that is interrupted by another gap starts over with what it had not
//! come to. Single threads are read again when something came in them that is too old to be
//! believed.

use crate::PLATFORM;
use crate::alarm::{Alarm, Part};
use crate::doubt::Doubts;
use crate::outbound::Slack;
use futures_util::{FutureExt, StreamExt, stream};
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::{DeskAct, DeskEvent, Inbox, Reading, Trouble};
use threadline_core::ids::{Moment, ThreadKey};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// Threads read at once.
const AT_ONCE: usize = 4;
/// Slack's window: it counts by the minute.
const WINDOW: Duration = Duration::from_secs(60);
/// Threads read after one socket of several was lost: Slack sends what it had on its way over
/// another one, and this is for what it did not. It leaves the window room for the outbox.
const LIVELIEST: usize = 40;
/// Times one thread is tried before the others go first.
const TRIES_MAX: u32 = 4;
/// First pause after a failed reading; it doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// Longest pause after a failed reading.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Reads every open thread when something may have been missed.
pub(crate) struct CatchUp {
    pub slack: Slack,
    pub inbox: Arc<dyn Inbox>,
    pub clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    pub alarm: Arc<Alarm>,
    pub readings: mpsc::Sender<Reading>,
    pub pace: Pace,
    pub doubts: Arc<Doubts>,
}

impl CatchUp {
    /// Waits for `missed` to count up, and reads every thread, or for `broken`, and reads the
    /// liveliest; until `shutdown`.
    pub async fn run(
        self,
        mut missed: watch::Receiver<u64>,
        mut broken: watch::Receiver<u64>,
        shutdown: CancellationToken,
    ) {
        tokio::select! {
            () = self.work(&mut missed, &mut broken) => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn work(&self, missed: &mut watch::Receiver<u64>, broken: &mut watch::Receiver<u64>) {
        loop {
            let some = tokio::select! {
                biased;
                changed = missed.changed() => match changed {
                    Ok(()) => {
                        self.read_everything(missed).await;
                        continue;
                    }
                    Err(_) => return,
                },
                changed = broken.changed() => match changed {
                    Ok(()) => self.read_liveliest().boxed(),
                    Err(_) => return,
                },
                () = self.doubts.arise() => self.read_doubtful().boxed(),
            };
            tokio::select! {
                () = some => {}
                // Everything has to be read, these threads among it.
                changed = missed.changed() => match changed {
                    Ok(()) => missed.mark_changed(),
                    Err(_) => return,
                },
            }
        }
    }

    /// Reads every open thread, and starts over when there was another gap.
    async fn read_everything(&self, missed: &mut watch::Receiver<u64>) {
        // Read in a round that was interrupted: they come last in the next one.
        let mut done = HashSet::new();
        loop {
            missed.borrow_and_update();
            let read = Mutex::new(Vec::new());
            let finished = tokio::select! {
                () = self.round(&done, &read) => true,
                changed = missed.changed() => changed.is_err(),
            };
            if finished {
                return;
            }
            done.extend(read.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Reads every open thread once.
    async fn round(&self, done: &HashSet<ThreadKey>, read: &Mutex<Vec<ThreadKey>>) {
        // What was stored before this moment has been announced by Slack; give it time to list it.
        let asked_at = (self.clock)();
        self.doubts.catching_up(asked_at);
        tokio::time::sleep(self.slack.config().settle).await;
        let (again, fresh): (Vec<_>, Vec<_>) =
            self.open_threads().await.into_iter().partition(|thread| done.contains(thread));
        let threads = [fresh, again].concat();
        let (total, began) = (threads.len(), Instant::now());
        self.read_all(threads, asked_at, read).await;
        info!(threads = total, millis = began.elapsed().as_millis() as u64, "caught up with Slack");
    }

    /// Reads the liveliest threads once.
    async fn read_liveliest(&self) {
        let asked_at = (self.clock)();
        tokio::time::sleep(self.slack.config().settle).await;
        let mut threads = self.open_threads().await;
        threads.truncate(LIVELIEST);
        self.read_all(threads, asked_at, &Mutex::default()).await;
    }

    /// Reads the threads in doubt once more.
    async fn read_doubtful(&self) {
        let asked_at = (self.clock)();
        tokio::time::sleep(self.slack.config().settle).await;
        let open: HashSet<ThreadKey> = self.open_threads().await.into_iter().collect();
        self.doubts.retain(|thread| open.contains(thread));
        self.read_all(self.doubts.threads(), asked_at, &Mutex::default()).await;
    }

    async fn read_all(&self, mut threads: Vec<ThreadKey>, asked_at: Moment, read: &Mutex<Vec<ThreadKey>>) {
        loop {
            let unread = Mutex::new(Vec::new());
            stream::iter(threads)
                .for_each_concurrent(AT_ONCE, |thread| {
                    let unread = &unread;
                    async move {
                        if self.catch_up(&thread, asked_at).await {
                            self.doubts.read(&thread, asked_at);
                            locked(read).push(thread);
                        } else {
                            locked(unread).push(thread);
                        }
                    }
                })
                .await;
            threads = unread.into_inner().unwrap_or_else(PoisonError::into_inner);
            if threads.is_empty() {
                break;
            }
            warn!(threads = threads.len(), "some threads cannot be read from Slack; trying again");
            tokio::time::sleep(PAUSE_MAX).await;
        }
    }

    async fn open_threads(&self) -> Vec<ThreadKey> {
        let mut pause = PAUSE_FIRST;
        loop {
            match self.inbox.open_threads(PLATFORM).await {
                Ok(open) => return open.into_iter().map(|open| open.thread).collect(),
                Err(error) => warn!(%error, "cannot list the open threads; trying again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Reads one thread, again if need be. False when it has to be tried once more later.
    async fn catch_up(&self, thread: &ThreadKey, asked_at: Moment) -> bool {
        let mut pause = PAUSE_FIRST;
        for _ in 0..TRIES_MAX {
            self.pace.turn().await;
            let act = match self.slack.read_thread(thread, asked_at).await {
                Ok(snapshot) => DeskAct::Stands(snapshot),
                Err(Trouble::ThreadGone) => DeskAct::Gone,
                Err(Trouble::Later { after_millis }) => {
                    self.pace.hold(Duration::from_millis(after_millis));
                    continue;
                }
                Err(Trouble::NotDone { why } | Trouble::Unclear { why }) => {
                    debug!(slack.thread = %thread, why, "cannot read a thread yet");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                    continue;
                }
                // One channel's trouble shows when something is posted there.
                Err(Trouble::Stopped(stop)) if stop.channel_only => {
                    warn!(slack.thread = %thread, slack.code = stop.code, "cannot read a thread: {}", stop.advice);
                    return true;
                }
                Err(Trouble::Stopped(stop)) => {
                    self.alarm.stopped(Part::Calls, stop);
                    return false;
                }
                Err(Trouble::Never { why }) => {
                    warn!(slack.thread = %thread, why, "cannot read a thread");
                    return true;
                }
            };
            self.alarm.works(Part::Calls);
            let event = DeskEvent { thread: thread.clone(), is_ours: true, act };
            // The other end closes only when everything stops.
            let _ = self.readings.send(Reading { frame: None, events: vec![event] }).await;
            return true;
        }
        false
    }
}

impl fmt::Debug for CatchUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatchUp").finish_non_exhaustive()
    }
}

/// Nothing can panic while one of these is locked, so a poisoned lock holds whole data.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the readings within Slack's rate: a burst is fine, more than the window allows waits.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Readings in a window; none for no limit.
    reads_max: Option<usize>,
    recent: Mutex<VecDeque<Instant>>,
    held_until: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most so many readings in a window.
    pub fn new(reads_max: Option<usize>) -> Pace {
        Pace { reads_max, recent: Mutex::default(), held_until: Mutex::default() }
    }

    /// Waits until another call is allowed, and counts it.
    pub async fn turn(&self) {
        while let Some(at) = self.book() {
            tokio::time::sleep_until(at).await;
        }
    }

    /// Slack asked for a pause.
    pub fn hold(&self, pause: Duration) {
        let mut held = locked(&self.held_until);
        *held = (*held).max(Some(Instant::now() + pause));
    }

    /// Counts a call now, or says when to ask again.
    fn book(&self) -> Option<Instant> {
        let now = Instant::now();
        let held = *locked(&self.held_until);
        if let Some(held) = held.filter(|held| *held > now) {
            return Some(held);
        }
        let reads_max = self.reads_max?;
        let mut recent = locked(&self.recent);
        if recent.len() >= reads_max
            && let Some(oldest) = recent.front()
            && *oldest + WINDOW > now
        {
            return Some(*oldest + WINDOW);
        }
        if recent.len() >= reads_max {
            recent.pop_front();
        }
        recent.push_back(now);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READS_MAX: usize = 45;

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_the_rest_keeps_to_the_window() {
        let (pace, began) = (Pace::new(Some(READS_MAX)), Instant::now());
        for _ in 0..READS_MAX {
            pace.turn().await;
        }
        assert_eq!(began.elapsed(), Duration::ZERO);
        pace.turn().await;
        assert!(began.elapsed() >= WINDOW);
        for _ in 0..READS_MAX {
            pace.turn().await;
        }
        assert!(began.elapsed() >= WINDOW * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_slack_asks_for_holds_everybody() {
        let (pace, began) = (Pace::new(Some(READS_MAX)), Instant::now());
        pace.hold(Duration::from_secs(30));
        pace.hold(Duration::from_secs(5));
        pace.turn().await;
        assert!(began.elapsed() >= Duration::from_secs(30));
    }
}
