//! Understanding kept frames, after they were acknowledged. Frames of one thread are understood in
//! the order they came, threads side by side; a frame whose people cannot be looked up yet waits
//! and holds up its own thread only. A frame that cannot be understood at all is marked as read
//! with an error in the log, and stays stored as it came.

use crate::PLATFORM;
use crate::alarm::{Alarm, Part};
use crate::decode::{self, Decoded, Found};
use crate::doubt::{Doubts, Told};
use crate::held_up::HeldUp;
use crate::interpret;
use crate::outbound::{Slack, Us};
use futures_util::FutureExt;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::{Frame, Inbox, Kept, Reading, Trouble, Unstored};
use threadline_core::ids::ThreadKey;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

/// Frames in memory; the others stay in the database and are fetched when there is room again.
const IN_HAND_MAX: usize = 2_048;
/// Frames understood at once.
const AT_ONCE: usize = 32;
/// Readings stored in one call, and unread frames fetched in one.
const BATCH_MAX: usize = 256;
/// How often it is looked whether frames were left in the database.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How often unread frames are looked for though none are known to be left: a process may have
/// died, or never have heard the database's answer, after it kept some.
const LOOK_FOR_LOST: Duration = Duration::from_secs(30);
/// Readings set aside because they cannot be stored; with more, no others are taken in meanwhile.
const ASIDE_MAX: usize = 1_024;
/// First pause after something that did not work; it doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
/// Longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Frames that were just kept, on their way to being understood.
#[derive(Clone, Debug)]
pub(crate) struct Fresh {
    frames: mpsc::Sender<Frame>,
    /// Some frames were left in the database.
    left: Arc<AtomicBool>,
    /// Threads with a frame on its way: what comes after it in the same thread waits for it.
    held_up: HeldUp,
}

impl Fresh {
    /// Threads with a frame on its way.
    pub fn held_up(&self) -> &HeldUp {
        &self.held_up
    }

    /// What became of a frame that was to be kept. Never waits: a frame for which there is no room is
    /// fetched from the database later.
    pub fn take(&self, frame: &Frame, kept: Kept) {
        match kept {
            Kept::New => {
                self.held_up.is_kept(&frame.key);
                if self.frames.try_send(frame.clone()).is_err() {
                    self.left.store(true, Ordering::SeqCst);
                }
            }
            // Kept before, by nobody knows whom: unless it is read, it was left.
            Kept::Known => {
                self.held_up.is_not_kept(&frame.key);
                self.left.store(true, Ordering::SeqCst);
            }
        }
    }
}

/// Understands frames.
pub(crate) struct Reader {
    held_up: HeldUp,
    inbox: Arc<dyn Inbox>,
    slack: Slack,
    fresh: mpsc::Receiver<Frame>,
    left: Arc<AtomicBool>,
    readings: mpsc::Sender<Reading>,
    read: mpsc::Receiver<Reading>,
    backlog_read: CancellationToken,
}

/// A frame that says something happened in a thread.
struct Job {
    frame: String,
    found: Found,
}

/// What the lanes share.
struct Shared {
    slack: Slack,
    us: Us,
    alarm: Arc<Alarm>,
    missed: watch::Sender<u64>,
    readings: mpsc::Sender<Reading>,
    in_hand: Arc<InHand>,
    /// The lane of each thread that has something to do.
    lanes: Mutex<HashMap<ThreadKey, VecDeque<Job>>>,
    at_once: Semaphore,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// Keys of the frames in memory, and of those among them that were there at the start.
struct InHand {
    held_up: HeldUp,
    keys: Mutex<(HashSet<String>, HashSet<String>)>,
    backlog_read: CancellationToken,
}

impl Reader {
    /// A reader, and the way to it.
    pub fn new(slack: Slack, inbox: Arc<dyn Inbox>) -> (Reader, Fresh) {
        let (frames, fresh) = mpsc::channel(IN_HAND_MAX);
        let (readings, read) = mpsc::channel(BATCH_MAX);
        let left = Arc::new(AtomicBool::new(true));
        let backlog_read = CancellationToken::new();
        let held_up = HeldUp::default();
        let reader =
            Reader { held_up: held_up.clone(), inbox, slack, fresh, left: left.clone(), readings, read, backlog_read };
        (reader, Fresh { frames, left, held_up })
    }

    /// Where readings go to be stored.
    pub fn readings(&self) -> mpsc::Sender<Reading> {
        self.readings.clone()
    }

    /// Cancelled once every frame that was unread at the start is read.
    pub fn backlog_read(&self) -> CancellationToken {
        self.backlog_read.clone()
    }

    /// Understands and stores until `shutdown`; counts `missed` up when a channel can be heard again.
    pub async fn run(
        self,
        alarm: Arc<Alarm>,
        missed: watch::Sender<u64>,
        doubts: Arc<Doubts>,
        shutdown: CancellationToken,
    ) {
        let Reader { held_up, inbox, slack, fresh, left, readings, read, backlog_read } = self;
        let in_hand = Arc::new(InHand { held_up, keys: Mutex::default(), backlog_read });
        let storing = store(inbox.clone(), read, in_hand.clone(), doubts, shutdown.clone());
        let taking = async move {
            let Some(us) = us(&slack, &alarm, &shutdown).await else { return };
            let tasks = TaskTracker::new();
            let shared = Arc::new(Shared {
                slack,
                us,
                alarm,
                missed,
                readings,
                in_hand,
                lanes: Mutex::default(),
                at_once: Semaphore::new(AT_ONCE),
                tasks: tasks.clone(),
                shutdown: shutdown.clone(),
            });
            tokio::select! {
                () = take(&shared, inbox.as_ref(), fresh, &left) => {}
                () = shutdown.cancelled() => {}
            }
            tasks.close();
            tasks.wait().await;
        };
        tokio::join!(storing, taking);
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// Who we are, waited for.
async fn us(slack: &Slack, alarm: &Alarm, shutdown: &CancellationToken) -> Option<Us> {
    let mut pause = PAUSE_FIRST;
    loop {
        let trouble = tokio::select! {
            us = slack.us() => match us {
                Ok(us) => {
                    alarm.works(Part::Calls);
                    return Some(us.clone());
                }
                Err(trouble) => trouble,
            },
            () = shutdown.cancelled() => return None,
        };
        warn!(?trouble, "Slack does not say who we are; trying again");
        if !wait(told(alarm, trouble, pause), shutdown).await {
            return None;
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Takes frames in: first those in the database, then those that come, and whatever was left.
async fn take(shared: &Arc<Shared>, inbox: &dyn Inbox, mut fresh: mpsc::Receiver<Frame>, left: &AtomicBool) {
    let mut first = true;
    let mut look = tokio::time::interval(LOOK_AGAIN);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lost = tokio::time::interval_at(Instant::now() + LOOK_FOR_LOST, LOOK_FOR_LOST);
    lost.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if left.load(Ordering::SeqCst) && shared.in_hand.len() < IN_HAND_MAX / 2 {
            match fetch(shared, inbox, left, first).await {
                Ok(()) => first = false,
                Err(error) => warn!(%error, "cannot fetch unread frames; trying again"),
            }
        }
        tokio::select! {
            frame = fresh.recv(), if !first => match frame {
                Some(frame) => {
                    if !shared.take(frame) {
                        left.store(true, Ordering::SeqCst);
                    }
                }
                None => return,
            },
            _ = look.tick() => {}
            _ = lost.tick() => left.store(true, Ordering::SeqCst),
        }
    }
}

/// Fetches unread frames while there is room.
async fn fetch(shared: &Arc<Shared>, inbox: &dyn Inbox, left: &AtomicBool, first: bool) -> Result<(), Unstored> {
    left.store(false, Ordering::SeqCst);
    loop {
        // Those in hand are still unread, and come first.
        let limit = shared.in_hand.len() + BATCH_MAX;
        let unread = inbox.unread(PLATFORM, u32::try_from(limit).unwrap_or(u32::MAX)).await.inspect_err(|_| {
            left.store(true, Ordering::SeqCst);
        })?;
        if first {
            shared.in_hand.note_backlog(&unread);
        }
        let all = unread.len() < limit;
        if !unread.into_iter().all(|frame| shared.take(frame)) {
            left.store(true, Ordering::SeqCst);
            return Ok(());
        }
        if all {
            return Ok(());
        }
    }
}

impl Shared {
    /// Decodes a frame and puts it into its thread's lane. False when there is no room.
    fn take(self: &Arc<Self>, frame: Frame) -> bool {
        match self.in_hand.add(&frame.key) {
            Added::New => {}
            Added::Known => return true,
            Added::NoRoom => return false,
        }
        let decoded = catch_unwind(AssertUnwindSafe(|| decode::decode(&self.us, &frame.raw)));
        let decoded = decoded.unwrap_or_else(|_| Err(decode::Unreadable("reading it panicked".to_string())));
        match decoded {
            Ok(Decoded::Happened(found)) => {
                self.in_hand.held_up.waits(&frame.key, &found.thread);
                self.enqueue(Job { frame: frame.key, found });
                return true;
            }
            Ok(Decoded::Shown { files, share }) => self.slack.shares().seen(&files, &share),
            Ok(Decoded::PersonChanged(user)) => self.slack.directory().changed(&self.us, &user),
            Ok(Decoded::Stopped { channel, stop }) => match channel {
                Some(channel) if self.is_desk(&channel) => self.alarm.stopped(Part::Channel(&channel), stop),
                Some(_) => {}
                None => self.alarm.stopped(Part::Calls, stop),
            },
            Ok(Decoded::Mended { channel }) => {
                if self.is_desk(&channel) {
                    self.alarm.works(Part::Channel(&channel));
                    // Slack tells nothing of a channel while the bot is not in it.
                    self.missed.send_modify(|count| *count += 1);
                }
            }
            Ok(Decoded::HomeOpened { user }) => self.slack.homes().opened(&user),
            Ok(Decoded::Joined { channel }) if self.is_desk(&channel) => {
                self.slack.rooms().changed(&channel);
                self.slack.homes().stir();
            }
            Ok(Decoded::Joined { .. }) => {}
            Ok(Decoded::Nothing) => {}
            Err(error) => error!(frame.key, %error, "a frame from Slack cannot be read; it is kept as it came"),
        }
        let (shared, reading) = (self.clone(), Reading { frame: Some(frame.key), events: Vec::new() });
        self.tasks.spawn(async move { shared.readings.send(reading).await });
        true
    }

    fn is_desk(&self, channel: &str) -> bool {
        self.slack.config().channels.iter().any(|desk| desk == channel)
    }

    fn enqueue(self: &Arc<Self>, job: Job) {
        let mut lanes = self.lanes();
        let thread = job.found.thread.clone();
        match lanes.get_mut(&thread) {
            Some(lane) => lane.push_back(job),
            None => {
                lanes.insert(thread.clone(), VecDeque::from([job]));
                self.tasks.spawn(self.clone().lane(thread));
            }
        }
    }

    /// Works off one thread's frames, then goes away.
    async fn lane(self: Arc<Self>, thread: ThreadKey) {
        while let Some(job) = self.next(&thread) {
            let Some(reading) = self.understand(job).await else { return };
            if self.readings.send(reading).await.is_err() {
                return;
            }
        }
    }

    fn next(&self, thread: &ThreadKey) -> Option<Job> {
        let mut lanes = self.lanes();
        let job = lanes.get_mut(thread).and_then(VecDeque::pop_front);
        if job.is_none() {
            lanes.remove(thread);
        }
        job
    }

    /// Looks up the people of one event, for as long as it takes. Nothing after `shutdown`.
    async fn understand(&self, job: Job) -> Option<Reading> {
        let (mut pause, mut stopped) = (PAUSE_FIRST, false);
        loop {
            let trouble = {
                let _turn = self.at_once.acquire().await.ok()?;
                let event = AssertUnwindSafe(interpret::event(&self.slack, &self.us, job.found.clone()));
                let event = tokio::select! {
                    event = event.catch_unwind() => event,
                    () = self.shutdown.cancelled() => return None,
                };
                match event {
                    Ok(Ok(event)) => {
                        if stopped {
                            self.alarm.works(Part::Calls);
                        }
                        return Some(Reading { frame: Some(job.frame), events: vec![event] });
                    }
                    Ok(Err(trouble)) => trouble,
                    Err(_) => {
                        error!(frame.key = job.frame, "understanding a frame panicked; it is kept as it came");
                        return Some(Reading { frame: Some(job.frame), events: Vec::new() });
                    }
                }
            };
            warn!(frame.key = job.frame, ?trouble, "a message waits: its people cannot be looked up yet");
            stopped |= matches!(trouble, Trouble::Stopped(_));
            if !wait(told(&self.alarm, trouble, pause), &self.shutdown).await {
                return None;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lanes(&self) -> MutexGuard<'_, HashMap<ThreadKey, VecDeque<Job>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a frame was taken into memory.
enum Added {
    New,
    Known,
    NoRoom,
}

impl InHand {
    fn len(&self) -> usize {
        self.lock().0.len()
    }

    fn add(&self, key: &str) -> Added {
        let mut keys = self.lock();
        if keys.0.contains(key) {
            return Added::Known;
        }
        if keys.0.len() >= IN_HAND_MAX {
            return Added::NoRoom;
        }
        keys.0.insert(key.to_string());
        Added::New
    }

    fn note_backlog(&self, frames: &[Frame]) {
        let mut keys = self.lock();
        keys.1.extend(frames.iter().map(|frame| frame.key.clone()));
        if keys.1.is_empty() {
            self.backlog_read.cancel();
        }
    }

    fn remove(&self, key: &str) {
        self.held_up.is_read(key);
        let mut keys = self.lock();
        keys.0.remove(key);
        if keys.1.remove(key) && keys.1.is_empty() {
            self.backlog_read.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, (HashSet<String>, HashSet<String>)> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Stores readings, many in one call, until everybody who makes them is gone. Those that cannot be
/// stored are set aside and tried again; meanwhile only what comes after them in the same threads
/// waits. After `shutdown` they are left: unread frames are understood again after the next start.
async fn store(
    inbox: Arc<dyn Inbox>,
    mut read: mpsc::Receiver<Reading>,
    in_hand: Arc<InHand>,
    doubts: Arc<Doubts>,
    shutdown: CancellationToken,
) {
    let stored = |reading: &Reading| {
        reading.frame.iter().for_each(|key| in_hand.remove(key));
        doubts.stored(reading.events.iter().map(Told::from));
    };
    let (mut batch, mut aside) = (Vec::new(), Vec::new());
    let (mut pause, mut again_at) = (PAUSE_FIRST, Instant::now());
    loop {
        let stopping = shutdown.is_cancelled();
        tokio::select! {
            count = read.recv_many(&mut batch, BATCH_MAX), if stopping || aside.len() < ASIDE_MAX => {
                if count == 0 {
                    return;
                }
                let (waiting, clear) = split_behind(&aside, std::mem::take(&mut batch));
                let failed = store_once(inbox.as_ref(), clear, &stored).await;
                if !failed.is_empty() {
                    (pause, again_at) = (PAUSE_FIRST, Instant::now() + PAUSE_FIRST);
                }
                aside.extend(failed);
                aside.extend(waiting);
            }
            () = tokio::time::sleep_until(again_at), if !stopping && !aside.is_empty() => {
                let before = aside.len();
                aside = store_once(inbox.as_ref(), aside, &stored).await;
                pause = if aside.len() < before { PAUSE_FIRST } else { (pause * 2).min(PAUSE_MAX) };
                again_at = Instant::now() + pause;
            }
            () = shutdown.cancelled(), if !stopping => {}
        }
    }
}

/// Parts readings into those that have to wait for one that was set aside, and the others.
fn split_behind(aside: &[Reading], readings: Vec<Reading>) -> (Vec<Reading>, Vec<Reading>) {
    let held: HashSet<ThreadKey> = threads(aside).cloned().collect();
    readings.into_iter().partition(|reading| threads(std::slice::from_ref(reading)).any(|thread| held.contains(thread)))
}

fn threads(readings: &[Reading]) -> impl Iterator<Item = &ThreadKey> {
    readings.iter().flat_map(|reading| &reading.events).map(|event| &event.thread)
}

/// Stores what can be stored: together, or, should that fail, one by one, so that one bad reading
/// keeps back only its own thread. Returns what is left, in order.
async fn store_once(inbox: &dyn Inbox, readings: Vec<Reading>, stored: &(dyn Fn(&Reading) + Sync)) -> Vec<Reading> {
    let mut left: Vec<Reading> = Vec::new();
    for some in readings.chunks(BATCH_MAX) {
        let (waiting, clear) = split_behind(&left, some.to_vec());
        match inbox.happened(PLATFORM, clear.clone()).await {
            Ok(()) => clear.iter().for_each(stored),
            Err(error) => {
                warn!(readings = clear.len(), %error, "cannot store what came from Slack; trying again");
                for reading in clear {
                    let behind =
                        threads(std::slice::from_ref(&reading)).any(|thread| threads(&left).any(|held| held == thread));
                    if !behind && inbox.happened(PLATFORM, vec![reading.clone()]).await.is_ok() {
                        stored(&reading);
                    } else {
                        left.push(reading);
                    }
                }
            }
        }
        left.extend(waiting);
    }
    left
}

/// The pause after this trouble; the operator hears of one that only he can end.
fn told(alarm: &Alarm, trouble: Trouble, pause: Duration) -> Duration {
    match trouble {
        Trouble::Later { after_millis } => Duration::from_millis(after_millis),
        Trouble::Stopped(stop) => {
            alarm.stopped(Part::Calls, stop);
            pause
        }
        Trouble::NotDone { .. } | Trouble::Unclear { .. } | Trouble::Never { .. } | Trouble::ThreadGone => pause,
    }
}

/// False when there is no more time to wait.
async fn wait(pause: Duration, shutdown: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => true,
        () = shutdown.cancelled() => false,
    }
}
