//! Carries out stored effects at the desks. One worker per desk: it learns of orders from the
//! service's hint or from the table, puts them into lanes, sends what has its turn, and reports
//! what became of it as an event. An order stays in the table until the desk has it, so whatever
//! is in memory here can be lost. What may have been sent before is looked up before it is sent.

mod carrier;
mod intake;
mod late;
mod looks;
mod marks;
mod platform;

pub use platform::Platform;

use crate::clock::Steady;
use crate::lifecycle::Lifecycle;
use crate::service::{Refusal, Service};
use crate::store::StoreError;
use crate::store::dialect::Lead;
use crate::store::orders::OrderKey;
use futures_util::FutureExt;
use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::card::{Card, CardPlan};
use threadline_core::conversation::{Conversation, Doubt, Event, Sent, Thread};
use threadline_core::desk::{Content, Letter, Piece, SentFile, Stop, Trouble};
use threadline_core::file::DeskFileKey;
use threadline_core::ids::{ConversationId, DeskName, Moment, ThreadKey};
use threadline_core::lane::{Cargo, Lanes, Pace, Parcel, Turn};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

/// Orders that are under way at once, over all channels of a desk, until their outcome is stored:
/// enough that slow answers and slow commits hold up nobody, few enough to be counted.
const UNDER_WAY_MAX: usize = 256;
/// How often the table is read when nobody rang: a hint can be lost.
const SCAN_EVERY: Duration = Duration::from_secs(30);
/// The same where other processes store orders, as a net under their notifications.
const SCAN_EVERY_SHARED: Duration = Duration::from_secs(2);
/// How long an unclear send is left alone before it is looked up: it may still be under way.
const SETTLE_MILLIS: i64 = 1_000;
/// A card that stood for this long before its thread was known to be ours may have been answered
/// meanwhile: nobody reads it and writes in less.
const ANSWERED_AFTER_MILLIS: i64 = 1_000;
/// How long after it was announced a post is sure to be listed when its thread is read.
const LISTED_AFTER_MILLIS: i64 = 10_000;
/// How often a stopped channel is tried again: often enough that mending it shows, rarely enough
/// that nothing is hammered.
const STOPPED_RETRY_MILLIS: i64 = 15_000;
/// The first wait before an order that failed is tried again; it doubles up to the second.
const RETRY_MILLIS: (i64, i64) = (200, 30_000);
/// The wait before a report that the database refused is tried again.
const REPORT_RETRY: Duration = Duration::from_millis(250);
/// How far back from a conversation's first message its thread is searched for, for clocks that differ.
const FIND_SLACK_MILLIS: i64 = 120_000;

/// A desk's worker.
#[derive(Debug)]
pub struct Desk {
    /// Its name.
    pub name: DeskName,
    /// What it talks to.
    pub platform: Platform,
    /// The channels that its conversations are spread over.
    pub channels: Vec<String>,
    /// How fast each may be posted to.
    pub pace: Pace,
    /// What its cards show.
    pub cards: Arc<CardPlan>,
}

/// The worker while it runs.
struct Worker {
    service: Service,
    desk: Arc<Desk>,
    lanes: Lanes,
    /// Conversations of which a row cannot be read: their lanes stand still.
    broken: HashSet<String>,
    /// When something of ours that was never heard of is looked for again, and whether that has
    /// changed since the table was read; and which looks were taken from it lately.
    next_look: Option<Moment>,
    looks_changed: bool,
    looks_taken: HashMap<ConversationId, Moment>,
    marks: marks::Marks,
    late: late::Late,
    carrier: carrier::Carrier,
    under_way: usize,
    /// How often an order of a conversation has failed in a row.
    failures: HashMap<ConversationId, u32>,
    /// Conversations whose pieces are sent one by one, to find the one that is refused.
    alone: HashSet<ConversationId>,
    results: mpsc::Sender<Finished>,
    life: Lifecycle,
    /// The time of all that waits here.
    steady: Steady,
}

/// A turn that is over.
enum Finished {
    Turn(ConversationId, Outcome),
    Mark(marks::Done),
    Carried(carrier::Carried),
}

/// What became of a turn.
enum Outcome {
    Opened(ThreadKey),
    Posted(Vec<Piece>),
    Refused(Piece),
    FileRefused(Piece),
    /// More than one piece was refused together: one of them is at fault.
    RefusedTogether,
    Looked {
        thread: Option<ThreadKey>,
        posted: Vec<Piece>,
        files: Vec<DeskFileKey>,
    },
    ThreadGone,
    Again {
        after_millis: Option<i64>,
        unsure: bool,
    },
    Paused {
        millis: i64,
    },
}

/// Runs a desk's worker until the process stops, whenever this process is the one that may.
pub async fn run(service: Service, desk: Desk, life: Lifecycle) -> anyhow::Result<()> {
    let desk = Arc::new(desk);
    let name = format!("desk/{}", desk.name);
    while !life.is_stopping() {
        let mut lead = tokio::select! {
            lead = service.shared().store.lead(&name) => lead,
            () = life.stopping() => break,
        };
        if service.shared().store.is_shared() {
            tracing::info!(desk = %desk.name, "this process looks after the desk from now on");
        }
        work(&service, &desk, &life, &mut lead).await?;
    }
    Ok(())
}

async fn work(service: &Service, desk: &Arc<Desk>, life: &Lifecycle, lead: &mut Lead) -> anyhow::Result<()> {
    let (results, mut finished) = mpsc::channel(UNDER_WAY_MAX * 2);
    let shared = service.shared().clone();
    let Some(setup) = shared.desks.get(&desk.name) else { anyhow::bail!("desk {} is not configured", desk.name) };
    let lanes = Lanes::new(desk.channels.clone(), desk.pace, setup.rules().post_chars_max);
    let mut worker = Worker {
        marks: marks::Marks::new(),
        late: late::Late::default(),
        carrier: carrier::Carrier::default(),
        service: service.clone(),
        desk: desk.clone(),
        lanes,
        broken: HashSet::new(),
        next_look: None,
        looks_changed: true,
        looks_taken: HashMap::new(),
        under_way: 0,
        failures: HashMap::new(),
        alone: HashSet::new(),
        results,
        life: life.clone(),
        steady: Steady::of(shared.clock.clone()),
    };
    // What waits now may have been sent by the process before this one, a moment ago; and one that was
    // cut off from the database may go on for that moment.
    if lead.is_from_another() || !matches!(shared.store.has_orders(&desk.name).await, Ok(false)) {
        tokio::time::sleep(Duration::from_millis(SETTLE_MILLIS.unsigned_abs())).await;
    }
    worker.scan_until_it_works(true).await;
    let every = if shared.store.is_shared() { SCAN_EVERY_SHARED } else { SCAN_EVERY };
    let mut rounds = tokio::time::interval(every);
    // A round that took long is no reason for the next one at once.
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    rounds.reset();
    let mut lost = std::pin::pin!(lead.lost());
    loop {
        if worker.looks_changed || worker.next_look.is_some_and(|at| at <= shared.clock.now()) {
            worker.take_looks().await;
        }
        let wake = worker.start_turns().map(|wake| worker.steady.shown_at(wake));
        let wake = sooner(wake, worker.next_look);
        let sleep = async {
            match wake {
                Some(wake) => shared.clock.sleep_until(wake).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = life.stopping() => break,
            () = lost.as_mut() => {
                tracing::warn!(desk = %desk.name, "another process may look after the desk now");
                break;
            }
            Some(done) = finished.recv() => {
                worker.finish(done);
                while let Ok(done) = finished.try_recv() {
                    worker.finish(done);
                }
            }
            rung = setup.bell.rung() => worker.take_in(rung).await,
            () = sleep => {}
            _ = rounds.tick() => worker.scan_until_it_works(false).await,
        }
    }
    // What is under way is reported, so that it need not be looked up after the start.
    while worker.under_way > 0 {
        let Some(done) = finished.recv().await else { break };
        worker.finish(done);
    }
    Ok(())
}

impl Worker {
    /// Starts what has its turn; when to look again.
    fn start_turns(&mut self) -> Option<Moment> {
        let now = self.steady.now();
        let mut wake = None;
        while self.under_way < UNDER_WAY_MAX {
            let (turn, next) = self.lanes.next(now);
            wake = next;
            let Some(turn) = turn else { break };
            self.under_way += 1;
            let turn = self.one_alone(turn);
            let (conversation, results) = (turn.conversation(), self.results.clone());
            let (service, desk) = (self.service.clone(), self.desk.clone());
            self.life.spawn_brief("a post to a desk", async move {
                let outcome = AssertUnwindSafe(carry_out(&service, &desk, turn)).catch_unwind().await;
                // It may have been sent before it panicked.
                let outcome = match outcome {
                    Ok(outcome) => outcome,
                    Err(_) => {
                        unheard(&service, &desk, conversation, Sent::Card).await;
                        Outcome::Again { after_millis: None, unsure: true }
                    }
                };
                // The worker waits for all that is under way before it ends.
                let _ = results.send(Finished::Turn(conversation, outcome)).await;
            });
        }
        let late = self.late.look(&self.lanes, now, &self.service, &self.desk, &self.life);
        wake = sooner(wake, late);
        loop {
            let (waiting, next) = self.carrier.next(now);
            wake = sooner(wake, next);
            let Some(waiting) = waiting else { break };
            self.under_way += 1;
            let (service, desk, results) = (self.service.clone(), self.desk.clone(), self.results.clone());
            let life = self.life.clone();
            self.life.spawn_brief("a file to or from a desk", async move {
                let carried = tokio::select! {
                    carried = carrier::carry(&service, &desk, waiting.clone()) => carried,
                    () = life.stopping() => carrier::put_back(waiting),
                };
                let _ = results.send(Finished::Carried(carried)).await;
            });
        }
        while self.under_way < UNDER_WAY_MAX {
            let (order, next) = self.marks.next(now);
            wake = sooner(wake, next);
            let Some(order) = order else { break };
            self.under_way += 1;
            let (service, desk, results) = (self.service.clone(), self.desk.clone(), self.results.clone());
            self.life.spawn_brief("a receipt at a desk", async move {
                let done = marks::carry_out(&service, &desk, order).await;
                let _ = results.send(Finished::Mark(done)).await;
            });
        }
        wake
    }

    fn one_alone(&mut self, turn: Turn) -> Turn {
        match turn {
            Turn::Post { conversation, thread, mut parcels } if self.alone.remove(&conversation) => {
                parcels.truncate(1);
                Turn::Post { conversation, thread, parcels }
            }
            turn => turn,
        }
    }

    fn finish(&mut self, finished: Finished) {
        self.under_way -= 1;
        let now = self.steady.now();
        let (conversation, outcome) = match finished {
            Finished::Mark(done) => return self.marks.finish(done, now),
            Finished::Carried(carried) => return self.finish_carried(carried, now),
            Finished::Turn(conversation, outcome) => (conversation, outcome),
        };
        self.looks_changed |= matches!(outcome, Outcome::Again { unsure: true, .. } | Outcome::Looked { .. });
        if !matches!(outcome, Outcome::Again { .. } | Outcome::Paused { .. }) {
            self.failures.remove(&conversation);
        }
        match outcome {
            Outcome::Opened(thread) => self.lanes.opened(conversation, thread),
            Outcome::Posted(pieces) => self.lanes.posted(conversation, &pieces),
            Outcome::Refused(piece) => self.lanes.refused(conversation, piece),
            Outcome::FileRefused(piece) => {
                self.lanes.dropped(conversation, piece);
                self.lanes.posted(conversation, &[]);
            }
            Outcome::RefusedTogether => {
                self.alone.insert(conversation);
                self.lanes.rest(conversation, now, 0, false);
            }
            Outcome::Looked { thread, posted, files } => {
                let channel = thread.as_ref().and_then(|thread| self.desk.platform.channel_of(thread));
                self.lanes.looked(conversation, thread, channel.as_deref(), &posted, &files);
            }
            Outcome::ThreadGone => {
                // The order for a new thread may have been handed over while this one was busy.
                if !self.lanes.lost_thread(conversation)
                    && let Some(setup) = self.service.shared().desks.get(&self.desk.name)
                {
                    setup.bell.ring_for_scan();
                }
            }
            Outcome::Again { after_millis, unsure } => {
                let failures = self.failures.entry(conversation).or_default();
                *failures += 1;
                let backoff = RETRY_MILLIS.0.saturating_mul(1 << (*failures - 1).min(20)).min(RETRY_MILLIS.1);
                self.lanes.rest(conversation, now, after_millis.unwrap_or(0).max(backoff), unsure);
            }
            Outcome::Paused { millis } => self.lanes.pause_channel(conversation, now, millis),
        }
    }
}

fn sooner(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Worker {
    fn finish_carried(&mut self, carried: carrier::Carried, now: Moment) {
        self.carrier.finish(&carried, now);
        match carried {
            carrier::Carried::Uploaded { conversation, piece, key } => self.lanes.uploaded(conversation, piece, key),
            carrier::Carried::Refused { conversation, piece } => self.lanes.dropped(conversation, piece),
            carrier::Carried::Fetched(_) | carrier::Carried::Again { .. } => {}
        }
    }
}

async fn carry_out(service: &Service, desk: &Desk, turn: Turn) -> Outcome {
    let conversation = turn.conversation();
    let channel = match &turn {
        Turn::Open { channel, .. } => channel.clone(),
        Turn::Post { thread, .. } => desk.platform.channel_of(thread).unwrap_or_default(),
        Turn::Look { thread, .. } => thread.as_ref().and_then(|it| desk.platform.channel_of(it)).unwrap_or_default(),
    };
    let result = match turn {
        Turn::Open { channel, .. } => open(service, desk, conversation, &channel).await,
        Turn::Post { thread, parcels, .. } => post(service, desk, conversation, thread, parcels).await,
        Turn::Look { thread, .. } => look(service, desk, conversation, thread).await,
    };
    match result {
        Ok(outcome) => outcome,
        Err((trouble, doing)) => {
            if let (Trouble::Unclear { .. }, Some(sent)) = (&trouble, doing.sent()) {
                unheard(service, desk, conversation, sent).await;
            }
            after_trouble(service, desk, conversation, &channel, trouble, doing)
        }
    }
}

/// What a turn was about when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Opening,
    Posting,
    Looking,
}

impl Doing {
    fn words(self) -> &'static str {
        match self {
            Doing::Opening => "opening a thread",
            Doing::Posting => "posting",
            Doing::Looking => "looking what was posted",
        }
    }

    fn sent(self) -> Option<Sent> {
        match self {
            Doing::Opening => Some(Sent::Card),
            Doing::Posting => Some(Sent::Posts),
            Doing::Looking => None,
        }
    }
}

type Attempt = Result<Outcome, (Trouble, Doing)>;

/// Nobody heard what became of something: it may turn up late.
async fn unheard(service: &Service, desk: &Desk, conversation: ConversationId, sent: Sent) {
    if desk.platform.may_double() {
        let at = service.shared().clock.now();
        report(service, conversation, Event::OutcomeLost { sent, at }).await;
    }
}

async fn open(service: &Service, desk: &Desk, conversation: ConversationId, channel: &str) -> Attempt {
    let head = desk.head(service, conversation).await.map_err(|trouble| (trouble, Doing::Opening))?;
    let card = desk.card(service, &head).await.map_err(|trouble| (trouble, Doing::Opening))?;
    let began = service.shared().clock.now();
    let opened = match desk.platform.open_thread(channel, &card).await {
        // What the customer or his page says can be what the desk refuses.
        Err(Trouble::Never { why }) => {
            tracing::warn!(desk = %desk.name, conversation.id = %conversation, why, "a card was refused; once more with its title alone");
            desk.platform.open_thread(channel, &card.bare()).await
        }
        opened => opened,
    };
    let thread = opened.map_err(|trouble| (trouble, Doing::Opening))?;
    works(service, desk, channel);
    report(service, conversation, Event::ThreadOpened(thread.clone())).await;
    if service.shared().clock.now().millis_since(began) < ANSWERED_AFTER_MILLIS {
        return Ok(Outcome::Opened(thread));
    }
    // Somebody may have answered while nobody knew whose thread it is: that went unheard.
    tokio::time::sleep(Duration::from_millis(SETTLE_MILLIS.unsigned_abs())).await;
    look(service, desk, conversation, Some(thread)).await
}

async fn post(
    service: &Service,
    desk: &Desk,
    conversation: ConversationId,
    thread: ThreadKey,
    parcels: Vec<Parcel>,
) -> Attempt {
    let pieces: Vec<Piece> = parcels.iter().map(|parcel| parcel.piece).collect();
    let speaker = parcels.first().and_then(|parcel| parcel.speaker.clone());
    let retry_of = parcels.first().and_then(|parcel| parcel.retry_of);
    let calls = parcels.first().map_or_else(Vec::new, |parcel| parcel.calls.clone());
    let content = content_of(parcels);
    let is_file = matches!(content, Content::Files(_));
    let letter = Letter { conversation, speaker, content, retry_of, calls };
    match desk.platform.post(&thread, &letter).await {
        Ok(post) => {
            works(service, desk, &desk.platform.channel_of(&thread).unwrap_or_default());
            report(service, conversation, Event::PiecesPosted { pieces: pieces.clone(), post }).await;
            Ok(Outcome::Posted(pieces))
        }
        Err(Trouble::Never { why }) if pieces.len() == 1 => {
            service.shared().metrics.platform(desk.platform.kind()).not_posted(&Trouble::Never { why: why.clone() });
            tracing::error!(desk = %desk.name, conversation.id = %conversation, why, "a message was refused by the desk");
            if is_file {
                report(service, conversation, Event::FileRefused { piece: pieces[0], why }).await;
                return Ok(Outcome::FileRefused(pieces[0]));
            }
            report(service, conversation, Event::PostRefused { message: pieces[0].message, why }).await;
            Ok(Outcome::Refused(pieces[0]))
        }
        Err(Trouble::Never { .. }) => Ok(Outcome::RefusedTogether),
        Err(Trouble::ThreadGone) => {
            report(service, conversation, Event::ThreadVanished(thread)).await;
            Ok(Outcome::ThreadGone)
        }
        Err(trouble) => Err((trouble, Doing::Posting)),
    }
}

/// What is posted together: texts, or files of which the desk has the bytes.
fn content_of(parcels: Vec<Parcel>) -> Content {
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    for parcel in parcels {
        match parcel.cargo {
            Cargo::Text(text) => texts.push((parcel.piece, text)),
            Cargo::File { file, key: Some(key), .. } => files.push((parcel.piece, SentFile { file, key })),
            // Lanes give no turn to such a one.
            Cargo::File { key: None, .. } => {}
        }
    }
    if texts.is_empty() { Content::Files(files) } else { Content::Texts(texts) }
}

/// Reads what is at the desk before anything is sent again.
async fn look(service: &Service, desk: &Desk, conversation: ConversationId, thread: Option<ThreadKey>) -> Attempt {
    // Slack may have announced a post that it does not list yet: what came in just now is not missing.
    let asked_at = service.shared().clock.now().plus_millis(-LISTED_AFTER_MILLIS);
    let failed = |trouble| (trouble, Doing::Looking);
    let head = desk.head(service, conversation).await.map_err(failed)?;
    let of_card = matches!(head.doubt, Doubt::Late { sent: Sent::Card, .. });
    if thread.is_none() || of_card {
        let known = match head.thread {
            Thread::Open(thread) => Some(thread),
            Thread::None | Thread::Wanted => None,
        };
        let since = head.created_at.plus_millis(-FIND_SLACK_MILLIS);
        let cards = desk.platform.find_cards(&desk.channels, conversation, since, known.as_ref());
        let cards = cards.await.map_err(failed)?;
        report(service, conversation, Event::CardsFound(cards)).await;
        if thread.is_none() {
            let thread = match desk.head(service, conversation).await.map_err(failed)?.thread {
                Thread::Open(thread) => Some(thread),
                Thread::None | Thread::Wanted => None,
            };
            return Ok(Outcome::Looked { thread, posted: Vec::new(), files: Vec::new() });
        }
    }
    let Some(thread) = thread else {
        return Ok(Outcome::Looked { thread: None, posted: Vec::new(), files: Vec::new() });
    };
    match desk.platform.read_thread(&thread, asked_at).await {
        Ok(snapshot) => {
            let posted = snapshot.ours.iter().flat_map(|own| own.pieces.clone()).collect();
            let files = snapshot.ours.iter().flat_map(|own| own.files.clone()).collect();
            report(service, conversation, Event::ThreadRead(snapshot)).await;
            Ok(Outcome::Looked { thread: Some(thread), posted, files })
        }
        Err(Trouble::ThreadGone) => {
            report(service, conversation, Event::ThreadVanished(thread)).await;
            Ok(Outcome::ThreadGone)
        }
        Err(trouble) => Err(failed(trouble)),
    }
}

fn after_trouble(
    service: &Service,
    desk: &Desk,
    conversation: ConversationId,
    channel: &str,
    trouble: Trouble,
    doing: Doing,
) -> Outcome {
    service.shared().metrics.platform(desk.platform.kind()).not_posted(&trouble);
    let (looking, what) = (doing == Doing::Looking, doing.words());
    match trouble {
        Trouble::Later { after_millis } => {
            let millis = i64::try_from(after_millis).unwrap_or(i64::MAX);
            if looking {
                // Reading has a limit of its own: the channel can be posted to meanwhile.
                return Outcome::Again { after_millis: Some(millis), unsure: true };
            }
            Outcome::Paused { millis }
        }
        Trouble::NotDone { why } => {
            tracing::warn!(desk = %desk.name, conversation.id = %conversation, what, why, "not done; trying again");
            Outcome::Again { after_millis: None, unsure: looking }
        }
        Trouble::Unclear { why } => {
            tracing::warn!(desk = %desk.name, conversation.id = %conversation, what, why, "unclear; looking before trying again");
            Outcome::Again { after_millis: Some(SETTLE_MILLIS), unsure: true }
        }
        // Only this conversation is concerned: the others of its channel go on.
        Trouble::ThreadGone | Trouble::Never { .. } => {
            tracing::error!(desk = %desk.name, conversation.id = %conversation, what, ?trouble, "refused; trying again later");
            Outcome::Again { after_millis: Some(STOPPED_RETRY_MILLIS), unsure: looking }
        }
        Trouble::Stopped(reason) => stop(service, desk, channel, reason, looking),
    }
}

fn stop(service: &Service, desk: &Desk, channel: &str, reason: Stop, looking: bool) -> Outcome {
    service.shared().desk_stopped(desk.platform.kind().as_str(), channel, Some(reason));
    if looking {
        return Outcome::Again { after_millis: Some(STOPPED_RETRY_MILLIS), unsure: true };
    }
    Outcome::Paused { millis: STOPPED_RETRY_MILLIS }
}

/// Something was done in a channel of the desk: it works.
fn works(service: &Service, desk: &Desk, channel: &str) {
    service.shared().metrics.platform(desk.platform.kind()).posted();
    service.shared().desk_stopped(desk.platform.kind().as_str(), channel, None);
}

/// Tells the service what became of an order, until it is stored: as long as it is not, the order
/// must not be sent again.
async fn report(service: &Service, conversation: ConversationId, event: Event) {
    report_done(service, conversation, Some(event), Vec::new()).await;
}

async fn report_done(service: &Service, conversation: ConversationId, event: Option<Event>, done: Vec<OrderKey>) {
    while let Err(refusal) = service.report(conversation, event.clone(), done.clone()).await {
        if !matches!(refusal, Refusal::Store(StoreError::Database(_) | StoreError::Unreachable(_))) {
            tracing::error!(conversation.id = %conversation, %refusal, "an outcome was not accepted");
            return;
        }
        tracing::error!(conversation.id = %conversation, %refusal, "an outcome was not stored; trying again");
        tokio::time::sleep(REPORT_RETRY).await;
    }
}

impl Desk {
    async fn head(&self, service: &Service, conversation: ConversationId) -> Result<Conversation, Trouble> {
        let head = service.shared().store.head(conversation).await;
        let head = head.map_err(|error| Trouble::NotDone { why: error.to_string() })?;
        head.ok_or_else(|| Trouble::Never { why: "no such conversation".to_string() })
    }

    /// What a conversation's card shows now.
    async fn card(&self, service: &Service, head: &Conversation) -> Result<Card, Trouble> {
        let context = service.shared().store.context(head.id).await;
        let context = context.map_err(|error| Trouble::NotDone { why: error.to_string() })?;
        Ok(self.cards.card(head, &context, &service.shared().names))
    }
}
