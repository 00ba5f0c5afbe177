//! The one way through: every event is applied here. The service takes the events that are
//! waiting, loads what they touch, asks the core, and stores new state and effects in one
//! transaction; after the commit it answers whoever waits and tells the hub. Called by the web,
//! the bots (as [`Inbox`]), the outbox and the scheduler. It never talks to a platform.

mod access;
mod batch;
mod broken;
pub mod files;
mod hearing;
mod overview;
mod sessions;

pub use access::{Listed, Opened, Opening, Token};
pub use sessions::Offer;

use crate::clock::{Clock, Ids};
use crate::config::Platform;
use crate::files::Files;
use crate::hub::{Bell, Change, Live, Shown};
use crate::metrics::Metrics;
use crate::store::frames::MAIL;
use crate::store::orders::OrderKey;
use crate::store::{Store, StoreError};
use batch::{Act, Request, Subject, Work};
use broken::Broken;
use futures_util::FutureExt;
use hearing::Hearing;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use threadline_core::availability::Attendance;
use threadline_core::context::Unfit;
use threadline_core::conversation::{Conversation, Event};
use threadline_core::desk::{
    Agent, DeskAct, DeskEvent, DeskRules, Frame, Inbox, Kept, Later, Mode, OpenThread, Reading, Stop, Unstored,
};
use threadline_core::ids::{ConversationId, DeskName, Moment};
use threadline_core::message::{Message, Stage};
use threadline_core::presence::{Presence, Sign};
use threadline_core::session::{self, Session};
use threadline_core::verb::Names;
use threadline_core::words::Notice;
use tokio::sync::{Notify, mpsc, oneshot};

/// Events of one transaction: bounds how long the first waits for the last, and the statements.
const BATCH_MAX: usize = 256;
/// Events that wait; beyond this, callers wait to hand theirs in.
const WAITING_MAX: usize = 4096;
/// Transactions side by side on PostgreSQL, which shares their commits; SQLite has one writer.
const PG_BATCHERS: usize = 4;
/// Threads read at a catch-up: beyond this they are too old to change while nobody looked.
const OPEN_THREADS_MAX: i64 = 5_000;

/// Applies events.
#[derive(Clone, Debug)]
pub struct Service {
    inner: Arc<Inner>,
    queues: Arc<[mpsc::Sender<Request>]>,
}

/// What every part of the service shares.
#[derive(Debug)]
pub struct Inner {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Fresh ids.
    pub ids: Ids,
    /// What was counted.
    pub metrics: Arc<Metrics>,
    /// The bytes of files.
    pub files: Files,
    /// The streams of customers' browsers.
    pub live: Arc<Live>,
    /// The practice desk's page.
    pub practice: Arc<PracticeBell>,
    /// The desks, by name.
    pub desks: HashMap<DeskName, DeskSetup>,
    default_rules: Arc<DeskRules>,
    /// What the team calls the verbs.
    pub names: Arc<Names>,
    /// This process among those on the same database.
    pub node: u64,
    /// What may not have been heard.
    pub hearing: Hearing,
    /// What cannot be read in the database.
    pub broken: Broken,
    /// Rung when holds were stored.
    pub holds: Notify,
    /// Rung when a session was stored.
    pub sessions: Notify,
    /// Rung when a letter to be sent was stored.
    pub letters: Notify,
    /// Rung when somebody said that he is there or away.
    pub signs: Notify,
    /// How soon chats are usually answered, in minutes, by topic.
    pub usual_mins: RwLock<HashMap<String, u32>>,
    /// What does not work: the platform and the part of it.
    stops: std::sync::Mutex<HashMap<(&'static str, String), Stop>>,
}

/// A desk as the service knows it.
#[derive(Debug)]
pub struct DeskSetup {
    /// Which messages go out, and when, and who is there; another one when that changes.
    rules: RwLock<Arc<DeskRules>>,
    /// Its channels, as its platform names them.
    pub channels: Vec<String>,
    /// What it is on.
    pub platform: Platform,
    /// Rung when orders for it were stored.
    pub bell: Bell,
}

impl DeskSetup {
    /// A desk as it is configured.
    pub fn new(platform: Platform, channels: Vec<String>, rules: DeskRules) -> DeskSetup {
        DeskSetup { rules: RwLock::new(Arc::new(rules)), channels, platform, bell: Bell::default() }
    }

    /// What holds for its conversations now.
    pub fn rules(&self) -> Arc<DeskRules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Tells the practice desk's page which conversation changed.
pub type PracticeBell = tokio::sync::broadcast::Sender<ConversationId>;

/// What became of an event.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// For a customer's message: the message as it is stored, and whether it is new.
    pub written: Option<(Message, bool)>,
    /// For what a customer wants of the sessions: the session as it is now.
    pub session: Option<Session>,
}

/// Why an event was not applied.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refusal {
    /// No such conversation, or the token does not open it: which of the two is nobody's business.
    #[error("no such conversation")]
    NotYours,
    /// The message says nothing.
    #[error("the message is empty")]
    Blank,
    /// The site vouches for somebody else than before.
    #[error("the conversation is another customer's")]
    SomebodyElse,
    /// What the site says cannot be kept.
    #[error("{0}")]
    Unfit(Unfit),
    /// What is rated is not resolved, or not any more.
    #[error("the conversation is not resolved")]
    NotResolved,
    /// Somebody wrote under a card of ours of which nobody has heard yet that it was posted.
    #[error("it is not known yet whose thread it is in")]
    TooEarly,
    /// No such file for whoever asks, or one that is part of another message already.
    #[error("no such file")]
    NoSuchFile,
    /// A link to a file that does not work, or not any more.
    #[error("the link does not work any more")]
    LinkIsOver,
    /// A session cannot be as the customer wants it.
    #[error("no such session can be had")]
    Session(session::Refused),
    /// The database did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A customer's view of a conversation.
#[derive(Clone, Debug)]
pub struct View {
    /// The conversation.
    pub conversation: Conversation,
    /// Who is writing to him.
    pub typing: Option<String>,
    /// The rev after which it was read: the one that was asked for, or 0 for one that there is not (any
    /// more, when a backup of the database was put back): whoever has seen more than all begins anew.
    pub after: i64,
    /// What changed after it, in the order of the changes.
    pub changes: Vec<Message>,
    /// True when there is more after these.
    pub more: bool,
}

/// Changes read at once for a stream or a page.
pub const VIEW_CHANGES_MAX: i64 = 200;
/// Characters of their stored bodies, after which no more changes are read at once: what is read is held
/// in memory until the browser has it, and a conversation may consist of messages of 40,000 characters.
const VIEW_CHARS_MAX: i64 = 128 * 1024;

impl Service {
    /// Starts the service. `names` are the words for the verbs, `desks` all desks of the configuration.
    pub fn start(
        store: Store,
        clock: Clock,
        ids: Ids,
        metrics: Arc<Metrics>,
        files: Files,
        names: Arc<Names>,
        desks: HashMap<DeskName, DeskSetup>,
    ) -> Service {
        let batchers = if store.is_shared() { PG_BATCHERS } else { 1 };
        let node = ids.fresh() as u64;
        let inner = Arc::new(Inner {
            store,
            clock,
            metrics,
            live: Arc::new(Live::default()),
            practice: Arc::new(PracticeBell::new(PRACTICE_CHANGES_MAX)),
            desks,
            default_rules: Arc::new(DeskRules { names: names.clone(), ..default_rules() }),
            names,
            node,
            files,
            ids,
            hearing: Hearing::default(),
            broken: Broken::default(),
            holds: Notify::new(),
            sessions: Notify::new(),
            letters: Notify::new(),
            signs: Notify::new(),
            usual_mins: RwLock::default(),
            stops: std::sync::Mutex::default(),
        });
        let queues = (0..batchers)
            .map(|_| {
                let (queue, waiting) = mpsc::channel(WAITING_MAX);
                tokio::spawn(run_batches(inner.clone(), waiting));
                queue
            })
            .collect();
        Service { inner, queues }
    }

    /// What every part shares.
    pub fn shared(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Applies what a customer did, if the token opens the conversation.
    pub async fn customer(&self, token: &Token, events: Vec<Event>) -> Result<Answer, Refusal> {
        let subject = || Subject::Conversation(token.conversation);
        let acts = events.into_iter().map(|event| Act { subject: subject(), event }).collect();
        self.submit(Work { acts, token: Some(token.clone()), ..Work::default() }).await
    }

    /// Applies what happened in a conversation, and takes what was done out of the outbox.
    pub async fn report(
        &self,
        conversation: ConversationId,
        event: Option<Event>,
        done: Vec<OrderKey>,
    ) -> Result<Answer, Refusal> {
        let acts = event.into_iter().map(|event| Act { subject: Subject::Conversation(conversation), event }).collect();
        self.submit(Work { acts, done, ..Work::default() }).await
    }

    /// Keeps a letter as it came, once; durable when it returns.
    pub async fn keep_letter(&self, frame: Frame) -> Result<(), StoreError> {
        let now = self.inner.clock.now();
        let write = self.inner.store.write(move |tx| {
            let frame = frame.clone();
            Box::pin(async move { tx.keep_frames(MAIL, &[&frame], now).await })
        });
        write.await.map(drop)
    }

    /// Applies what a letter that was kept says, and marks it as read.
    pub async fn letter_said(&self, key: String, event: Option<(ConversationId, Event)>) -> Result<(), Refusal> {
        let acts = event.into_iter().map(|(id, event)| Act { subject: Subject::Conversation(id), event }).collect();
        let work = Work { acts, frames_read: vec![(MAIL, key)], ..Work::default() };
        self.submit(work).await.map(drop)
    }

    /// Applies several events, each for itself: one that cannot be stored takes no other with it.
    pub async fn events(&self, events: Vec<(ConversationId, Event)>) -> Vec<Result<Answer, Refusal>> {
        let submitted = events.into_iter().map(|(id, event)| {
            let acts = vec![Act { subject: Subject::Conversation(id), event }];
            self.submit(Work { acts, ..Work::default() })
        });
        futures_util::future::join_all(submitted).await
    }

    /// The conversation that a token opens, and what changed in it after `rev`.
    pub async fn view(&self, token: &Token, rev: i64) -> Result<View, Refusal> {
        let head = self.opened_by(token).await?;
        let typing = self.inner.store.typing_in(token.conversation).await?;
        let after = if rev > head.rev { 0 } else { rev };
        let (changes, more) =
            self.inner.store.changes_after(token.conversation, after, VIEW_CHANGES_MAX, VIEW_CHARS_MAX).await?;
        Ok(View { conversation: head, typing, after, changes, more })
    }

    /// Each as a work of its own: one that cannot be stored takes no other with it.
    async fn submit_each(&self, works: impl Iterator<Item = Work>) -> Result<(), Unstored> {
        let outcomes = futures_util::future::join_all(works.map(|work| self.submit(work))).await;
        let failed = outcomes.into_iter().find_map(Result::err);
        failed.map_or(Ok(()), |refusal| Err(Unstored(refusal.to_string())))
    }

    async fn submit(&self, work: Work) -> Result<Answer, Refusal> {
        let (asker, answer) = oneshot::channel();
        let queue = match work.acts.first().map(|act| &act.subject) {
            Some(Subject::Conversation(id)) => id.0 as usize % self.queues.len(),
            Some(Subject::Thread { key, .. }) => {
                key.0.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte)) % self.queues.len()
            }
            None => 0,
        };
        self.queues[queue].send(Request { work, asker }).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

/// Conversations that the practice desk's page may lag behind before it reads everything again.
const PRACTICE_CHANGES_MAX: usize = 256;

impl Inbox for Service {
    fn keep(&self, platform: &'static str, frames: Vec<Frame>) -> Later<'_, Result<Vec<Kept>, Unstored>> {
        Box::pin(async move {
            let now = self.inner.clock.now();
            let frames = Arc::new(frames);
            let ours = frames.clone();
            let mut new = self
                .inner
                .store
                .write(move |tx| {
                    let ours = ours.clone();
                    // A frame twice in one call would be two rows of one statement.
                    Box::pin(async move {
                        let mut keys = std::collections::HashSet::with_capacity(ours.len());
                        let once: Vec<&Frame> = ours.iter().filter(|frame| keys.insert(frame.key.as_str())).collect();
                        tx.keep_frames(platform, &once, now).await
                    })
                })
                .await
                .map_err(unstored)?
                .into_iter()
                .collect::<std::collections::HashSet<String>>();
            let numbers = self.inner.metrics.platform(platform_named(platform));
            numbers.frames_new.inc_by(new.len() as u64);
            numbers.frames_known.inc_by((frames.len() - new.len()) as u64);
            Ok(frames.iter().map(|frame| if new.remove(&frame.key) { Kept::New } else { Kept::Known }).collect())
        })
    }

    fn took(&self, platform: &'static str, taken: Vec<(Frame, Vec<DeskEvent>)>) -> Later<'_, Result<(), Unstored>> {
        Box::pin(async move {
            self.inner.metrics.platform(platform_named(platform)).frames_new.inc_by(taken.len() as u64);
            let now = self.inner.clock.now();
            let works = taken.into_iter().map(|(frame, events)| Work {
                acts: events.into_iter().map(|event| act_of(event, now)).collect(),
                frames_taken: vec![(platform, frame)],
                ..Work::default()
            });
            self.submit_each(works).await
        })
    }

    fn happened(&self, platform: &'static str, readings: Vec<Reading>) -> Later<'_, Result<(), Unstored>> {
        Box::pin(async move {
            let now = self.inner.clock.now();
            let works = readings.into_iter().map(|reading| Work {
                acts: reading.events.into_iter().map(|event| act_of(event, now)).collect(),
                frames_read: reading.frame.map(|key| (platform, key)).into_iter().collect(),
                ..Work::default()
            });
            self.submit_each(works).await
        })
    }

    fn unread(&self, platform: &'static str, limit: u32) -> Later<'_, Result<Vec<Frame>, Unstored>> {
        Box::pin(async move { self.inner.store.unread_frames(platform, limit.into()).await.map_err(unstored) })
    }

    fn open_threads(&self, platform: &'static str) -> Later<'_, Result<Vec<OpenThread>, Unstored>> {
        Box::pin(async move {
            self.inner.store.open_threads(&format!("{platform}/"), OPEN_THREADS_MAX).await.map_err(unstored)
        })
    }

    fn signed(
        &self,
        platform: &'static str,
        channels: Vec<String>,
        agent: Agent,
        sign: Sign,
    ) -> Later<'_, Result<Notice, Unstored>> {
        Box::pin(async move {
            let is_here = |setup: &DeskSetup| {
                setup.platform == platform_named(platform) && setup.channels.iter().any(|it| channels.contains(it))
            };
            let here: Vec<(&DeskName, &DeskSetup)> =
                self.inner.desks.iter().filter(|(_, setup)| is_here(setup)).collect();
            let rules = here.first().map_or_else(|| self.inner.default_rules.clone(), |(_, setup)| setup.rules());
            let desks = here.into_iter().map(|(name, _)| name.clone()).collect();
            self.inner.sign(desks, agent, sign).await.map_err(unstored)?;
            Ok(Notice::signed(sign, rules.presence, &rules.timetable))
        })
    }

    fn heard_again(&self, platform: &'static str) {
        self.inner.hearing.heard_again(platform, self.inner.clock.now());
        self.inner.holds.notify_one();
    }

    fn desk_stopped(&self, platform: &'static str, stop: Option<Stop>) {
        self.inner.desk_stopped(platform, "listening", stop);
    }
}

impl Inner {
    /// Tells the operator that a part of a platform, such as a channel, does not work, once, or that
    /// it works again.
    pub fn desk_stopped(&self, platform: &'static str, part: &str, stop: Option<Stop>) {
        let mut stops = self.stops.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if stop.is_none() && stops.is_empty() {
            return;
        }
        let key = (platform, part.to_string());
        let before = match &stop {
            Some(stop) => stops.insert(key, stop.clone()),
            None => stops.remove(&key),
        };
        let stopped = stops.keys().any(|(name, _)| *name == platform);
        self.metrics.platform(platform_named(platform)).stopped.set(stopped.into());
        match (before, stop) {
            (Some(before), Some(stop)) if before.code == stop.code => {}
            (_, Some(stop)) => {
                let (code, advice) = (stop.code, stop.advice);
                tracing::error!(platform, part, code, advice, "stopped: what is for it waits until it is mended");
            }
            (Some(_), None) => tracing::info!(platform, part, "works again"),
            (None, None) => {}
        }
    }

    /// True when no platform is stopped.
    pub fn desks_work(&self) -> bool {
        self.stops.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_empty()
    }

    /// The rules of a desk; a desk that has left the configuration keeps the defaults.
    pub fn rules(&self, desk: &DeskName) -> Arc<DeskRules> {
        self.desks.get(desk).map_or_else(|| self.default_rules.clone(), DeskSetup::rules)
    }

    /// Tells of who is there at a desk; true when that is somebody else than before.
    pub fn attended_by(&self, desk: &DeskName, attendance: Attendance) -> bool {
        let Some(setup) = self.desks.get(desk) else { return false };
        let mut rules = setup.rules.write().unwrap_or_else(PoisonError::into_inner);
        if rules.attendance == attendance {
            return false;
        }
        *rules = Arc::new(DeskRules { attendance, ..DeskRules::clone(&rules) });
        true
    }

    /// Remembers who is in a desk's channels, and whom its platform shows as active.
    pub async fn seen_at(&self, desk: &DeskName, people: Vec<(Agent, bool)>) -> Result<(), StoreError> {
        let (desk, now) = (desk.clone(), self.clock.now());
        let seen = self.store.write(move |tx| {
            let (desk, people) = (desk.clone(), people.clone());
            Box::pin(async move { tx.seen_at(&desk, &people, now).await })
        });
        seen.await?;
        self.signs.notify_one();
        Ok(())
    }

    /// Remembers what somebody said of himself, at these desks and wherever else he is known.
    async fn sign(&self, desks: Vec<DeskName>, agent: Agent, sign: Sign) -> Result<(), StoreError> {
        let now = self.clock.now();
        let signed = self.store.write(move |tx| {
            let (desks, agent) = (desks.clone(), agent.clone());
            Box::pin(async move { tx.sign(&desks, &agent, sign, now).await })
        });
        signed.await?;
        self.signs.notify_one();
        Ok(())
    }
}

/// What holds for the conversations of a desk that is no longer configured.
fn default_rules() -> DeskRules {
    DeskRules {
        mode: Mode::Open,
        hold_millis: 3_000,
        post_chars_max: 4_000,
        topics: Arc::new([]),
        names: Arc::default(),
        timetable: Arc::default(),
        ladder: Arc::default(),
        tiers: Arc::new([]),
        presence: Presence::default(),
        attendance: Attendance::default(),
        missed_signs_out: false,
        replies: Arc::default(),
        mail: None,
        sessions: None,
    }
}

/// How long what was written under a card of ours waits until it is known whose thread that is: the
/// card is found within seconds. Later, it is the card of somebody who shares the bot, or of a database
/// that is no more.
const EARLY_MAX_MILLIS: i64 = 60_000;

fn act_of(event: DeskEvent, now: Moment) -> Act {
    let thread = event.thread;
    let waits = match &event.act {
        // Stamps are microseconds on every platform.
        DeskAct::Wrote(message) if event.is_ours => now.0 - message.post.stamp / 1_000 < EARLY_MAX_MILLIS,
        // Who pressed is told, and presses again.
        DeskAct::Did(_) => event.is_ours,
        DeskAct::Wrote(_) | DeskAct::Deleted(_) | DeskAct::Stands(_) | DeskAct::Gone => false,
    };
    let event = match event.act {
        DeskAct::Wrote(message) => Event::DeskWrote { thread: thread.clone(), message },
        DeskAct::Deleted(post) => Event::DeskDeleted(post),
        DeskAct::Did(deed) => Event::AgentDid(deed),
        DeskAct::Stands(snapshot) => Event::ThreadRead(snapshot),
        DeskAct::Gone => Event::ThreadVanished(thread.clone()),
    };
    Act { subject: Subject::Thread { key: thread, waits }, event }
}

async fn run_batches(inner: Arc<Inner>, mut waiting: mpsc::Receiver<Request>) {
    let mut requests = Vec::with_capacity(BATCH_MAX);
    while waiting.recv_many(&mut requests, BATCH_MAX).await > 0 {
        let (works, askers): (Vec<Work>, Vec<_>) =
            requests.drain(..).map(|request| (request.work, request.asker)).unzip();
        let works = Arc::new(works);
        match apply_safely(&inner, works.clone()).await {
            Ok(answers) => {
                for (asker, answer) in askers.into_iter().zip(answers) {
                    // Nobody waits any more: it is stored all the same.
                    let _ = asker.send(answer);
                }
            }
            // One of them cannot be stored: each alone, so that it takes nobody with it.
            Err(error @ (StoreError::Database(_) | StoreError::Inconsistent { .. })) if works.len() > 1 => {
                tracing::warn!(%error, events = works.len(), "a batch was not stored; each event is tried alone");
                for (at, asker) in askers.into_iter().enumerate() {
                    let answer = apply_safely(&inner, Arc::new(vec![works[at].clone()])).await;
                    let _ = asker.send(match answer {
                        Ok(mut answers) => answers.pop().unwrap_or(Err(Refusal::Store(StoreError::Closed))),
                        Err(error) => Err(Refusal::Store(error)),
                    });
                }
            }
            Err(error) => {
                for asker in askers {
                    let _ = asker.send(Err(Refusal::Store(error.clone())));
                }
            }
        }
    }
}

/// Events that make the service panic are not stored; the others go on.
async fn apply_safely(inner: &Arc<Inner>, works: Arc<Vec<Work>>) -> Result<Vec<Result<Answer, Refusal>>, StoreError> {
    let applied = AssertUnwindSafe(apply(inner, works)).catch_unwind().await;
    applied.unwrap_or_else(|_| Err(StoreError::Database("applying events panicked: see the log".to_string())))
}

/// Applies events in one transaction, and tells the hub after the commit.
async fn apply(inner: &Arc<Inner>, works: Arc<Vec<Work>>) -> Result<Vec<Result<Answer, Refusal>>, StoreError> {
    let shared = inner.clone();
    let outcome = inner
        .store
        .write(move |tx| {
            let (shared, works) = (shared.clone(), works.clone());
            Box::pin(async move { batch::run(tx, &shared, &works).await })
        })
        .await?;
    for (conversation, change) in outcome.changes {
        let change = match change {
            batch::Seen::Message(message) => {
                if is_first_showing(&message) {
                    inner.metrics.replies_shown.inc();
                }
                Change::Message(Box::new(Shown { message: *message, bytes: OnceLock::new() }))
            }
            batch::Seen::Typing(by) => Change::Typing(by),
            batch::Seen::Standing => Change::Standing,
        };
        inner.live.publish(conversation, &Arc::new(change));
    }
    for placed in outcome.placed {
        if let Some(setup) = inner.desks.get(&placed.order.desk) {
            if inner.store.is_shared() {
                // What another process stored before this may not have been heard yet: the table
                // has both, in order.
                setup.bell.ring_for_scan();
            } else {
                setup.bell.ring(placed);
            }
        }
    }
    if !outcome.threads_read.is_empty() {
        outcome.threads_read.iter().for_each(|(conversation, at)| inner.hearing.read(*conversation, *at));
        inner.holds.notify_one();
    }
    if outcome.holds_changed {
        inner.holds.notify_one();
    }
    if outcome.somebody_signed {
        inner.signs.notify_one();
    }
    if outcome.sessions_changed {
        inner.sessions.notify_one();
    }
    if outcome.letters_wait {
        inner.letters.notify_one();
    }
    inner.metrics.messages_stored.customer.inc_by(outcome.stored.customer);
    inner.metrics.messages_stored.agent.inc_by(outcome.stored.agent);
    inner.metrics.messages_stored.bot.inc_by(outcome.stored.bot);
    Ok(outcome.answers)
}

fn is_first_showing(message: &Message) -> bool {
    matches!(message.from_agent(), Some((_, Stage::Shown { first_rev, .. })) if first_rev == message.rev)
}

/// The platform that its bot calls by this name.
fn platform_named(name: &'static str) -> Platform {
    let all = [Platform::Practice, Platform::Discord, Platform::Slack];
    all.into_iter().find(|platform| platform.as_str() == name).unwrap_or(Platform::Slack)
}

fn unstored(error: StoreError) -> Unstored {
    Unstored(error.to_string())
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The age of a moment, for a gauge.
pub fn age_secs(now: Moment, since: Option<Moment>) -> f64 {
    since.map_or(0.0, |since| now.millis_since(since) as f64 / 1000.0)
}
