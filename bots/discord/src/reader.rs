//! Understanding events as they come. Those of one thread are understood and stored in the order they
//! came, threads side by side; one whose people cannot be looked up yet waits and holds up its own thread
//! only. Discord wants no acknowledgement of an event, so nothing has to be stored before one: what is in
//! memory when the process ends is read back from the threads at the next start. One that cannot be
//! understood is kept as it came, counted, and its thread is read.

use crate::PLATFORM;
use crate::alarm::{Alarm, Part};
use crate::decode::{self, Decoded, Found, FoundAct, Unreadable};
use crate::ids::{Id, Spot};
use crate::interpret;
use crate::outbound::{Discord, Us};
use crate::refusal;
use futures_util::FutureExt;
use serde_json::Value;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::{DeskAct, DeskEvent, Frame, Inbox, Reading, Trouble};
use threadline_core::ids::ThreadKey;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

/// Events in memory; what comes while there are so many is dropped, and everything is read again once
/// there is room.
const IN_HAND_MAX: usize = 8_192;
/// Events understood at once.
const AT_ONCE: usize = 32;
/// Readings stored in one call.
const BATCH_MAX: usize = 256;
/// Readings set aside because they cannot be stored; with more, no others are taken in meanwhile.
const ASIDE_MAX: usize = 1_024;
/// Threads to be read once more; with more, everything is.
const DOUBTED_MAX: usize = 1_000;
/// First pause after something that did not work; it doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
/// Longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Understands events.
pub(crate) struct Reader {
    discord: Discord,
    us: Us,
    inbox: Arc<dyn Inbox>,
    alarm: Arc<Alarm>,
    missed: watch::Sender<u64>,
    readings: mpsc::Sender<Reading>,
    /// The lane of each channel that has something to do.
    lanes: Mutex<HashMap<Id, VecDeque<Found>>>,
    at_once: Semaphore,
    in_hand: AtomicUsize,
    /// Something was dropped for lack of room.
    dropped: AtomicBool,
    unreadable: AtomicUsize,
    doubted: Mutex<HashSet<Id>>,
    bell: Notify,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Reader {
    /// A reader, and what it reads, which has to be stored with [`store`].
    pub fn new(
        discord: Discord,
        us: Us,
        inbox: Arc<dyn Inbox>,
        alarm: Arc<Alarm>,
        missed: watch::Sender<u64>,
        shutdown: CancellationToken,
    ) -> (Arc<Reader>, mpsc::Receiver<Reading>) {
        let (readings, read) = mpsc::channel(BATCH_MAX);
        let reader = Reader {
            discord,
            us,
            inbox,
            alarm,
            missed,
            readings,
            lanes: Mutex::default(),
            at_once: Semaphore::new(AT_ONCE),
            in_hand: AtomicUsize::new(0),
            dropped: AtomicBool::new(false),
            unreadable: AtomicUsize::new(0),
            doubted: Mutex::default(),
            bell: Notify::new(),
            tasks: TaskTracker::new(),
            shutdown,
        };
        (Arc::new(reader), read)
    }

    /// Where readings go to be stored.
    pub fn readings(&self) -> mpsc::Sender<Reading> {
        self.readings.clone()
    }

    /// True for the kinds of events that say something to us.
    pub fn concerns(kind: &str) -> bool {
        ["MESSAGE_", "THREAD_", "CHANNEL_", "GUILD_CREATE", "GUILD_DELETE", "GUILD_UPDATE", "GUILD_ROLE_"]
            .iter()
            .any(|begins| kind.starts_with(begins))
            && !kind.starts_with("MESSAGE_REACTION_")
    }

    /// Takes an event in; the next of its thread comes after it. Never waits.
    pub fn take(self: &Arc<Self>, kind: &str, data: Value, raw: &str) {
        let channel = Id::of(&data["channel_id"]);
        let decoded = catch_unwind(AssertUnwindSafe(|| decode::decode(self.us.user, kind, data)));
        match decoded {
            Ok(Ok(decoded)) => self.decoded(decoded),
            Ok(Err(Unreadable { why, channel })) => self.cannot_read(why, channel, raw),
            Err(_) => self.cannot_read("reading it panicked", channel, raw),
        }
    }

    fn decoded(self: &Arc<Self>, decoded: Decoded) {
        let places = self.discord.places();
        match decoded {
            Decoded::Happened(found) => self.enqueue(found),
            Decoded::Places(all) => {
                all.iter().for_each(|place| places.told(place));
            }
            Decoded::Server { guild, places: all } if guild == self.us.guild => {
                all.iter().for_each(|place| places.told(place));
                self.discord.rooms().changed();
                self.discord.config().channels.iter().for_each(|channel| self.alarm.works(Part::Channel(*channel)));
            }
            Decoded::Server { .. } => {}
            Decoded::ThreadGone { thread, channel, guild } => {
                places.gone(thread);
                if guild == self.us.guild && self.discord.config().channels.contains(&channel) {
                    let thread = Spot { guild, channel, thread }.key();
                    self.send(vec![DeskEvent { thread, is_ours: true, act: DeskAct::Gone }]);
                }
            }
            Decoded::ChannelGone(channel) => {
                places.gone(channel);
                if self.discord.config().channels.contains(&channel) {
                    let gone = refusal::Refusal { status: 404, code: refusal::UNKNOWN_CHANNEL, message: String::new() };
                    if let Trouble::Stopped(stop) = gone.trouble("", refusal::About::Channel) {
                        self.alarm.stopped(Part::Channel(channel), stop);
                    }
                    // Its threads went with it, and Discord tells of none.
                    self.missed.send_modify(|count| *count += 1);
                }
            }
            Decoded::Removed { guild, stop } => {
                if guild == self.us.guild {
                    self.alarm.stopped(Part::Calls, stop);
                }
            }
            Decoded::Reshuffled => self.discord.rooms().changed(),
            // The gateway hands these over itself.
            Decoded::ByHand(_) | Decoded::Nothing => {}
        }
    }

    /// Something cannot be read: it is kept as it came, the operator can find it, and the thread is read.
    pub fn cannot_read(self: &Arc<Self>, why: &'static str, channel: Option<Id>, raw: &str) {
        let count = self.unreadable.fetch_add(1, Ordering::SeqCst) + 1;
        error!(
            why,
            count,
            discord.channel = channel.map(|id| id.to_string()),
            "an event from Discord cannot be read; it is kept as it came, and what it says is read from its thread"
        );
        self.doubt(channel);
        let key = format!("unreadable/{:x}", fingerprint(raw));
        let (inbox, frame) = (self.inbox.clone(), Frame { key: key.clone(), raw: raw.into() });
        let readings = self.readings.clone();
        self.tasks.spawn(async move {
            if inbox.keep(PLATFORM, vec![frame]).await.is_ok() {
                drop(readings.send(Reading { frame: Some(key), events: Vec::new() }).await);
            }
        });
    }

    /// A thread has to be read once more; without one, everything.
    fn doubt(&self, channel: Option<Id>) {
        let mut doubted = self.doubted();
        match channel {
            Some(channel) if doubted.len() < DOUBTED_MAX => {
                doubted.insert(channel);
                self.bell.notify_one();
            }
            Some(_) | None => self.missed.send_modify(|count| *count += 1),
        }
    }

    /// Waits for threads that have to be read once more.
    pub async fn in_doubt(&self) -> Vec<Id> {
        loop {
            let doubted: Vec<Id> = self.doubted().drain().collect();
            if !doubted.is_empty() {
                return doubted;
            }
            self.bell.notified().await;
        }
    }

    fn send(self: &Arc<Self>, events: Vec<DeskEvent>) {
        let readings = self.readings.clone();
        self.tasks.spawn(async move { readings.send(Reading { frame: None, events }).await });
    }

    fn enqueue(self: &Arc<Self>, found: Found) {
        if self.in_hand.load(Ordering::SeqCst) >= IN_HAND_MAX {
            if !self.dropped.swap(true, Ordering::SeqCst) {
                warn!(
                    "more comes from Discord than can be taken in; what is dropped is read from its threads afterwards"
                );
            }
            return;
        }
        if let FoundAct::Wrote(said) = &found.act
            && matches!(said.author, decode::Author::User(_))
            && decode::is_hollow(&said.json)
        {
            self.alarm.stopped(Part::Gateway, refusal::no_message_content());
        }
        self.in_hand.fetch_add(1, Ordering::SeqCst);
        let channel = found.channel;
        let mut lanes = self.lanes();
        match lanes.get_mut(&channel) {
            Some(lane) => lane.push_back(found),
            None => {
                lanes.insert(channel, VecDeque::from([found]));
                self.tasks.spawn(self.clone().lane(channel));
            }
        }
    }

    /// Works off one thread's events, then goes away.
    async fn lane(self: Arc<Self>, channel: Id) {
        while let Some(found) = self.next(channel) {
            let events = self.understand(found).await;
            self.let_go();
            match events {
                Some(events) if events.is_empty() => {}
                Some(events) => {
                    if self.readings.send(Reading { frame: None, events }).await.is_err() {
                        return;
                    }
                }
                None => return,
            }
        }
    }

    fn next(&self, channel: Id) -> Option<Found> {
        let mut lanes = self.lanes();
        let found = lanes.get_mut(&channel).and_then(VecDeque::pop_front);
        if found.is_none() {
            lanes.remove(&channel);
        }
        found
    }

    fn let_go(&self) {
        let left = self.in_hand.fetch_sub(1, Ordering::SeqCst) - 1;
        if left < IN_HAND_MAX / 2 && self.dropped.swap(false, Ordering::SeqCst) {
            self.missed.send_modify(|count| *count += 1);
        }
    }

    /// Finds out where something happened and who did it, for as long as it takes. Nothing after
    /// `shutdown`.
    async fn understand(&self, found: Found) -> Option<Vec<DeskEvent>> {
        let (mut pause, mut stopped) = (PAUSE_FIRST, false);
        loop {
            let trouble = {
                let _turn = self.at_once.acquire().await.ok()?;
                let events = AssertUnwindSafe(interpret::events(&self.discord, &self.us, found.clone()));
                let events = tokio::select! {
                    events = events.catch_unwind() => events,
                    () = self.shutdown.cancelled() => return None,
                };
                match events {
                    Ok(Ok(events)) => {
                        if stopped {
                            self.alarm.works(Part::Calls);
                        }
                        return Some(events);
                    }
                    Ok(Err(trouble)) => trouble,
                    Err(_) => {
                        error!(discord.channel = %found.channel, "understanding an event panicked; its thread is read");
                        self.doubt(Some(found.channel));
                        return Some(Vec::new());
                    }
                }
            };
            warn!(discord.channel = %found.channel, ?trouble, "an event waits: where it happened cannot be looked up yet");
            stopped |= matches!(trouble, Trouble::Stopped(_));
            if !wait(told(&self.alarm, trouble, pause), &self.shutdown).await {
                return None;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Waits until nothing is under way.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lanes(&self) -> MutexGuard<'_, HashMap<Id, VecDeque<Found>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn doubted(&self) -> MutexGuard<'_, HashSet<Id>> {
        self.doubted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// What makes an event the same when it comes again.
fn fingerprint(raw: &str) -> u64 {
    // FNV-1a: it only has to be the same for the same text.
    raw.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Stores readings, many in one call, until everybody who makes them is gone. Those that cannot be stored
/// are set aside and tried again; meanwhile only what comes after them in the same threads waits. After
/// `shutdown` they are left: their threads are read at the next start.
pub(crate) async fn store(inbox: Arc<dyn Inbox>, mut read: mpsc::Receiver<Reading>, shutdown: CancellationToken) {
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
                let failed = store_once(inbox.as_ref(), clear).await;
                if !failed.is_empty() {
                    (pause, again_at) = (PAUSE_FIRST, Instant::now() + PAUSE_FIRST);
                }
                aside.extend(failed);
                aside.extend(waiting);
            }
            () = tokio::time::sleep_until(again_at), if !stopping && !aside.is_empty() => {
                let before = aside.len();
                aside = store_once(inbox.as_ref(), aside).await;
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

/// Stores what can be stored: together, or, should that fail, one by one, so that one bad reading keeps
/// back only its own thread. Returns what is left, in order.
async fn store_once(inbox: &dyn Inbox, readings: Vec<Reading>) -> Vec<Reading> {
    let mut left: Vec<Reading> = Vec::new();
    for some in readings.chunks(BATCH_MAX) {
        let (waiting, clear) = split_behind(&left, some.to_vec());
        if let Err(error) = inbox.happened(PLATFORM, clear.clone()).await {
            warn!(readings = clear.len(), %error, "cannot store what came from Discord; trying again");
            for reading in clear {
                let behind =
                    threads(std::slice::from_ref(&reading)).any(|thread| threads(&left).any(|held| held == thread));
                if behind || inbox.happened(PLATFORM, vec![reading.clone()]).await.is_err() {
                    left.push(reading);
                }
            }
        }
        left.extend(waiting);
    }
    left
}

/// The pause after this trouble; the operator hears of one that only he can end.
pub(crate) fn told(alarm: &Alarm, trouble: Trouble, pause: Duration) -> Duration {
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
pub(crate) async fn wait(pause: Duration, shutdown: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => true,
        () = shutdown.cancelled() => false,
    }
}
