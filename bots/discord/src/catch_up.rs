//! Catching up: whenever a session begins or goes on, every open thread is read as it stands, the
//! liveliest first. A reading that is interrupted by another gap starts over with what it had not come
//! to. Single threads are read again when something in them could not be understood.

use crate::PLATFORM;
use crate::alarm::{Alarm, Part};
use crate::ids::Spot;
use crate::interpret;
use crate::outbound::{Discord, Us};
use crate::reader::Reader;
use futures_util::{StreamExt, stream};
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::{DeskAct, DeskEvent, Inbox, Reading, Trouble};
use threadline_core::ids::{Moment, ThreadKey};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// Threads read at once; Discord's limits are kept where calls are made.
const AT_ONCE: usize = 4;
/// Times one thread is tried before the others go first.
const TRIES_MAX: u32 = 4;
/// First pause after a failed reading; it doubles.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// Longest pause after a failed reading.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Reads every open thread when something may have been missed.
pub(crate) struct CatchUp {
    pub discord: Discord,
    pub us: Us,
    pub inbox: Arc<dyn Inbox>,
    pub clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    pub alarm: Arc<Alarm>,
    pub reader: Arc<Reader>,
    pub readings: mpsc::Sender<Reading>,
}

impl CatchUp {
    /// Waits for `missed` to count up, and reads every thread, or for threads in doubt, and reads these;
    /// until `shutdown`.
    pub async fn run(self, mut missed: watch::Receiver<u64>, shutdown: CancellationToken) {
        tokio::select! {
            () = self.work(&mut missed) => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn work(&self, missed: &mut watch::Receiver<u64>) {
        loop {
            tokio::select! {
                biased;
                changed = missed.changed() => match changed {
                    Ok(()) => self.read_everything(missed).await,
                    Err(_) => return,
                },
                doubted = self.reader.in_doubt() => self.read_doubtful(doubted).await,
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
        let asked_at = self.asked_at().await;
        let (again, fresh): (Vec<_>, Vec<_>) =
            self.open_threads().await.into_iter().partition(|thread| done.contains(thread));
        let threads = [fresh, again].concat();
        let (total, began) = (threads.len(), Instant::now());
        self.read_all(threads, asked_at, read).await;
        info!(threads = total, millis = began.elapsed().as_millis() as u64, "caught up with Discord");
    }

    /// Reads threads in which something was not understood.
    async fn read_doubtful(&self, doubted: Vec<crate::ids::Id>) {
        let asked_at = self.asked_at().await;
        let mut threads = Vec::new();
        for channel in doubted {
            match interpret::spot(&self.discord, &self.us, channel).await {
                Ok(Some((spot, _))) => threads.push(Spot::key(spot)),
                Ok(None) => {}
                Err(trouble) => warn!(?trouble, "it cannot be asked which thread has to be read once more"),
            }
        }
        self.read_all(threads, asked_at, &Mutex::default()).await;
    }

    /// What was stored before this moment was announced by Discord; it is given time to list it.
    async fn asked_at(&self) -> Moment {
        let asked_at = (self.clock)();
        tokio::time::sleep(self.discord.config().settle).await;
        asked_at
    }

    async fn read_all(&self, mut threads: Vec<ThreadKey>, asked_at: Moment, read: &Mutex<Vec<ThreadKey>>) {
        loop {
            let unread = Mutex::new(Vec::new());
            stream::iter(threads)
                .for_each_concurrent(AT_ONCE, |thread| {
                    let unread = &unread;
                    async move {
                        if self.catch_up(&thread, asked_at).await {
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
            warn!(threads = threads.len(), "some threads cannot be read from Discord; trying again");
            tokio::time::sleep(PAUSE_MAX.min(self.discord.config().pause_first * 20)).await;
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
            let act = match self.discord.read_thread(thread, asked_at).await {
                Ok(snapshot) => DeskAct::Stands(snapshot),
                Err(Trouble::ThreadGone) => DeskAct::Gone,
                Err(Trouble::Later { after_millis }) => {
                    tokio::time::sleep(Duration::from_millis(after_millis).min(PAUSE_MAX)).await;
                    continue;
                }
                Err(Trouble::NotDone { why } | Trouble::Unclear { why }) => {
                    debug!(discord.thread = %thread, why, "cannot read a thread yet");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                    continue;
                }
                // One channel's trouble shows when something is posted there.
                Err(Trouble::Stopped(stop)) if stop.channel_only => {
                    warn!(discord.thread = %thread, discord.code = stop.code, "cannot read a thread: {}", stop.advice);
                    return true;
                }
                Err(Trouble::Stopped(stop)) => {
                    self.alarm.stopped(Part::Calls, stop);
                    return false;
                }
                Err(Trouble::Never { why }) => {
                    warn!(discord.thread = %thread, why, "cannot read a thread");
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
