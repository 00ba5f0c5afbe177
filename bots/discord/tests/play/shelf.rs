//! The service's side of the inbox, and the bot that hands over to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use threadline_core::body::Body;
use threadline_core::card::{Card, CardField, CardValue};
use threadline_core::conversation::Standing;
use threadline_core::desk::{
    Agent, Author, Content, DeskAct, DeskEvent, DeskMessage, Frame, Inbox, Kept, Later, Letter, OpenThread, Piece,
    Reading, Stop, Unstored,
};
use threadline_core::ids::{ConversationId, MessageId, Moment, ThreadKey};
use threadline_core::overview::{Glance, Overview, Sought};
use threadline_core::presence::{Presence, Sign};
use threadline_core::verb::Offered;
use threadline_core::words::Notice;
use threadline_discord::inbound::Inbound;
use threadline_discord::outbound::Discord;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest wait for something that has to happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until something is so.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("it did not happen: {what}"));
}

pub fn card(number: i64) -> Card {
    Card {
        conversation: ConversationId(number as u128),
        number,
        topic: "Billing".to_string(),
        fields: vec![CardField { label: "Customer".to_string(), value: CardValue::Text("Ada".to_string()) }],
        texts: Vec::new(),
        also: Vec::new(),
        surroundings: Vec::new(),
        continued: false,
        standing: Standing::AwaitingAgent { since: Moment(1_767_225_600_000) },
        ticket: None,
        holder: None,
        offered: Offered::default(),
    }
}

pub fn piece(message: u128) -> Piece {
    Piece { message: MessageId(message), index: 0 }
}

pub fn letter(message: u128, text: &str) -> Letter {
    Letter {
        conversation: ConversationId(1),
        speaker: Some("Ada".to_string()),
        content: Content::Texts(vec![(piece(message), text.to_string())]),
        retry_of: None,
        calls: Vec::new(),
    }
}

pub fn now() -> Moment {
    #[expect(clippy::disallowed_methods, reason = "a play runs by the clock on the wall")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Moment(since.as_millis() as i64)
}

/// A conversation in a line.
pub fn glance(number: i64, thread: &ThreadKey) -> Glance {
    Glance {
        conversation: ConversationId(number as u128),
        number,
        customer: Some("Ada".to_string()),
        topic: "Billing".to_string(),
        thread: thread.clone(),
        standing: Standing::AwaitingAgent { since: Moment(1_767_225_600_000) },
        due: None,
        holder: None,
        last_at: Moment(0),
    }
}

/// The bot, listening.
pub struct Listening {
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Listening {
    pub fn start(discord: &Discord, inbox: &Arc<Shelf>) -> Listening {
        let inbound = Inbound::new(discord.clone(), inbox.clone(), inbox.clone(), now);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(inbound.run(shutdown.clone()));
        Listening { shutdown, task }
    }

    /// Ends it as a service does, and fails if it does not end.
    pub async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("it does not end").expect("it panicked");
    }

    /// Ends it as a crash does.
    pub async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// The service's side: frames on a shelf, what happened in a book.
#[derive(Debug, Default)]
pub struct Shelf {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
pub struct State {
    pub frames: Vec<(Frame, bool)>,
    pub events: Vec<DeskEvent>,
    pub open: Vec<OpenThread>,
    pub stops: Vec<Option<Stop>>,
    /// Who said that he is there or away, and in which channels he is.
    pub signs: Vec<(Vec<String>, String, Sign)>,
    /// Frames are not kept while this is set.
    pub full: bool,
    /// The next frames are kept, and the answer is lost.
    pub forgets_that_it_kept: bool,
    /// Keeping takes as long as this is set.
    pub slow: bool,
    /// Frames that are being kept right now.
    pub being_kept: usize,
    /// Readings are not stored while this is set.
    pub closed: bool,
    /// Nor refused while this is set.
    pub stuck: bool,
    /// What can be looked up.
    pub glances: Vec<Glance>,
    /// Readings of frames with this in them are never stored.
    pub cursed: Option<String>,
}

impl Shelf {
    pub fn new() -> Arc<Shelf> {
        Arc::default()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Changes something, for whoever waits.
    pub fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_waiters();
    }

    pub fn opens(&self, thread: &ThreadKey) {
        self.set(|state| state.open.push(OpenThread { thread: thread.clone(), last_at: now() }));
    }

    pub async fn until(&self, what: &str, done: impl Fn(&State) -> bool) {
        let wait = async {
            loop {
                let mut changed = std::pin::pin!(self.changed.notified());
                changed.as_mut().enable();
                if done(&self.state()) {
                    return;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            panic!("it did not happen: {what}; {:#?}", self.state());
        }
    }

    /// Waits until this is what agents have written in the thread.
    pub async fn shows(&self, thread: &ThreadKey, expected: &str) {
        self.until(expected, |state| state.thread(thread) == expected).await;
    }
}

impl State {
    /// What agents have written in the thread as it stands, in the order of the desk.
    pub fn thread(&self, thread: &ThreadKey) -> String {
        let mut lines = BTreeMap::new();
        for event in self.events.iter().filter(|event| event.thread == *thread) {
            match &event.act {
                DeskAct::Wrote(message) => wrote(&mut lines, message),
                DeskAct::Deleted(post) => drop(lines.insert(post.key.0.clone(), (i64::MAX, String::new()))),
                DeskAct::Stands(snapshot) => {
                    let there: Vec<&String> = snapshot.messages.iter().map(|message| &message.post.key.0).collect();
                    for (key, line) in &mut lines {
                        if !there.contains(&key) {
                            *line = (i64::MAX, String::new());
                        }
                    }
                    snapshot.messages.iter().for_each(|message| wrote(&mut lines, message));
                }
                DeskAct::Did(_) => {}
                DeskAct::Gone => lines.clear(),
            }
        }
        let lines: Vec<String> = lines.into_values().map(|(_, line)| line).filter(|line| !line.is_empty()).collect();
        lines.join("\n")
    }

    /// How often the thread was read.
    pub fn readings(&self, thread: &ThreadKey) -> usize {
        let read = |event: &&DeskEvent| event.thread == *thread && matches!(event.act, DeskAct::Stands(_));
        self.events.iter().filter(read).count()
    }

    /// True when new messages were told of in the order of the desk.
    pub fn came_in_order(&self, thread: &ThreadKey) -> bool {
        let told = self.events.iter().filter(|event| event.thread == *thread).filter_map(|event| match &event.act {
            DeskAct::Wrote(message) if message.edited.is_none() => Some(message.post.stamp),
            _ => None,
        });
        told.collect::<Vec<_>>().is_sorted()
    }

    pub fn is_gone(&self, thread: &ThreadKey) -> bool {
        self.events.iter().any(|event| event.thread == *thread && event.act == DeskAct::Gone)
    }

    pub fn unread(&self) -> usize {
        self.frames.iter().filter(|(_, read)| !read).count()
    }
}

fn wrote(lines: &mut BTreeMap<String, (i64, String)>, message: &DeskMessage) {
    let DeskMessage { post, author, body, files, edited, to_us: _, named: _ } = message;
    let edited = edited.unwrap_or(0);
    if lines.get(&post.key.0).is_some_and(|(had, _)| *had >= edited) {
        return;
    }
    let who = match author {
        Author::Agent(agent) => agent.name.clone(),
        Author::Stranger(stranger) => format!("({:?})", stranger.why),
    };
    lines.insert(
        post.key.0.clone(),
        (
            edited,
            format!(
                "{who}: {}{}",
                Body::text(body),
                files.iter().map(|file| format!(" [{}]", file.name)).collect::<String>()
            ),
        ),
    );
}

impl Overview for Shelf {
    fn glances(&self, threads: Vec<String>, sought: Sought, limit: u32) -> Later<'_, Result<Vec<Glance>, Unstored>> {
        Box::pin(async move {
            self.until("it goes on", |state| !state.stuck).await;
            let state = self.state();
            if state.closed {
                return Err(Unstored("the book is closed".to_string()));
            }
            let waits = |glance: &Glance| matches!(glance.standing, Standing::AwaitingAgent { .. });
            let wanted = |glance: &&Glance| match &sought {
                Sought::Number(number) => glance.number == *number,
                Sought::Thread(thread) => glance.thread == *thread,
                Sought::HeldBy(agent) => glance.holder.as_ref().is_some_and(|holder| holder.id == *agent),
                Sought::Unclaimed => waits(glance) && glance.holder.is_none(),
                Sought::Waiting => waits(glance),
                Sought::Like(text) => {
                    let named = glance.customer.as_ref().is_some_and(|name| name.contains(text));
                    named || glance.number.to_string().starts_with(text.as_str())
                }
            };
            let ours = state
                .glances
                .iter()
                .filter(|glance| threads.iter().any(|threads| glance.thread.0.starts_with(threads)));
            Ok(ours.filter(wanted).take(limit as usize).cloned().collect())
        })
    }
}

impl Inbox for Shelf {
    fn keep(&self, platform: &'static str, frames: Vec<Frame>) -> Later<'_, Result<Vec<Kept>, Unstored>> {
        assert_eq!(platform, "discord");
        Box::pin(async move {
            if self.state().full {
                return Err(Unstored("the shelf is full".to_string()));
            }
            self.set(|state| state.being_kept += frames.len());
            self.until("keeping is quick again", |state| !state.slow).await;
            self.set(|state| state.being_kept -= frames.len());
            let mut kept = Vec::new();
            self.set(|state| {
                for frame in frames {
                    let known = state.frames.iter().any(|(had, _)| had.key == frame.key);
                    kept.push(if known { Kept::Known } else { Kept::New });
                    if !known {
                        state.frames.push((frame, false));
                    }
                }
            });
            if std::mem::take(&mut self.state().forgets_that_it_kept) {
                return Err(Unstored("the answer was lost".to_string()));
            }
            Ok(kept)
        })
    }

    fn took(&self, platform: &'static str, taken: Vec<(Frame, Vec<DeskEvent>)>) -> Later<'_, Result<(), Unstored>> {
        Box::pin(async move {
            let mut all = Ok(());
            for (frame, events) in taken {
                self.keep(platform, vec![frame.clone()]).await?;
                let reading = Reading { frame: Some(frame.key), events };
                all = all.and(self.happened(platform, vec![reading]).await);
            }
            all
        })
    }

    fn happened(&self, _: &'static str, readings: Vec<Reading>) -> Later<'_, Result<(), Unstored>> {
        Box::pin(async move {
            self.until("it goes on", |state| !state.stuck).await;
            let cursed = |state: &State| {
                let raw = |key: &String| {
                    state.frames.iter().find(|(frame, _)| frame.key == *key).map(|(frame, _)| &frame.raw)
                };
                let cursed = state.cursed.clone()?;
                readings
                    .iter()
                    .filter_map(|reading| reading.frame.as_ref())
                    .filter_map(raw)
                    .find(|raw| raw.contains(&cursed))
                    .cloned()
            };
            let refuses = {
                let state = self.state();
                state.closed || cursed(&state).is_some()
            };
            if refuses {
                return Err(Unstored("the book is closed".to_string()));
            }
            self.set(|state| {
                for reading in &readings {
                    state.events.extend(reading.events.clone());
                    for (frame, read) in &mut state.frames {
                        *read |= reading.frame.as_ref() == Some(&frame.key);
                    }
                }
            });
            Ok(())
        })
    }

    fn unread(&self, _: &'static str, limit: u32) -> Later<'_, Result<Vec<Frame>, Unstored>> {
        Box::pin(async move {
            let state = self.state();
            let unread = state.frames.iter().filter(|(_, read)| !read).map(|(frame, _)| frame.clone());
            Ok(unread.take(limit as usize).collect())
        })
    }

    fn open_threads(&self, _: &'static str) -> Later<'_, Result<Vec<OpenThread>, Unstored>> {
        Box::pin(async move { Ok(self.state().open.clone()) })
    }

    fn signed(
        &self,
        _: &'static str,
        channels: Vec<String>,
        agent: Agent,
        sign: Sign,
    ) -> Later<'_, Result<Notice, Unstored>> {
        Box::pin(async move {
            self.set(|state| state.signs.push((channels, agent.name, sign)));
            Ok(Notice::Signed { sign, presence: Presence::Platform, counts: true })
        })
    }

    fn desk_stopped(&self, _: &'static str, stop: Option<Stop>) {
        self.set(|state| state.stops.push(stop));
    }
}
