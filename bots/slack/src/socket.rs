//! Socket Mode: holds a few sockets to Slack open and hands over every frame that comes in. A
//! frame is acknowledged only after it was kept; while one commit runs, reading goes on. A socket
//! that Slack wants renewed is replaced before it is left, and one that has fallen silent is given
//! up. Nothing here understands a frame beyond its envelope.

use crate::alarm::{Alarm, Part};
use crate::arrival::{Answer, Arrival, Sender};
use crate::client::Failure;
use crate::config::Secret;
use crate::decode::Outline;
use crate::hands::{Hands, Reply};
use crate::outbound::Slack;
use crate::refusal;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use threadline_core::desk::{Stop, Trouble};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// How long a socket may take to open, and then to say `hello`.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a replaced socket is still listened to: Slack closes it about ten seconds after its warning.
const LINGER: Duration = Duration::from_secs(10);
/// How long the last acknowledgements may take when a socket is left.
const DRAIN: Duration = Duration::from_secs(5);
/// First pause before dialling again; it doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
/// Longest pause before dialling again.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Pause while only the operator can help: somebody may just be mending it.
const PAUSE_STOPPED: Duration = Duration::from_secs(60);
/// Shortest time between pings, whatever the settings say.
const PING_MIN: Duration = Duration::from_millis(10);
/// A socket that lived this long was a good one: it is replaced at once.
const STEADY: Duration = Duration::from_secs(10);

/// All sockets of the app.
#[derive(Debug)]
pub(crate) struct Sockets {
    pub slack: Slack,
    pub app_token: Secret,
    pub arrivals: mpsc::Sender<Arrival>,
    /// Where goes what agents do with buttons, menus, commands and forms.
    pub hands: Hands,
    /// Counted up whenever something may have been missed.
    pub missed: watch::Sender<u64>,
    /// Counted up when a socket that ended by itself was replaced while others went on.
    pub broken: watch::Sender<u64>,
    pub alarm: Arc<Alarm>,
    /// Sockets that have said `hello` and not ended.
    pub live: Arc<AtomicUsize>,
}

/// What a socket tells its slot.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    /// It works.
    Hello,
    /// It will be closed soon; another one should be there first.
    WantsReplacement,
    /// It has ended.
    Ended(End),
}

/// Why a socket ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    /// The other side, or something between, closed it.
    Dropped,
    /// It was silent for too long.
    Deaf,
    /// Slack has too many of ours.
    TooMany,
    /// Socket Mode was switched off.
    SwitchedOff,
    /// We left it.
    Left,
}

impl Sockets {
    /// Keeps the sockets open until `shutdown`, then lets them acknowledge what was kept.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut slots = JoinSet::new();
        for index in 0..self.slack.config().sockets.max(1) {
            slots.spawn(self.clone().slot(index, shutdown.clone()));
        }
        while let Some(ended) = slots.join_next().await {
            if let Err(error) = ended
                && error.is_panic()
            {
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }

    /// Keeps one socket open.
    async fn slot(self: Arc<Self>, index: usize, shutdown: CancellationToken) {
        let mut lines = JoinSet::new();
        let mut replaced: Option<CancellationToken> = None;
        let (mut failures, mut was_deaf, mut was_dropped) = (0u32, false, false);
        while !shutdown.is_cancelled() {
            let dialled = tokio::select! {
                dialled = self.dial() => dialled,
                () = shutdown.cancelled() => break,
            };
            let socket = match dialled {
                Ok(socket) => socket,
                Err(trouble) => {
                    failures += 1;
                    let pause = self.pause_after(trouble, index, failures);
                    pause_or_stop(pause, &shutdown).await;
                    continue;
                }
            };
            let opened_at = Instant::now();
            let (words_tx, mut words) = mpsc::unbounded_channel();
            let leave = CancellationToken::new();
            lines.spawn(self.clone().line(socket, words_tx, leave.clone(), shutdown.clone()));
            let mut end = None;
            match tokio::time::timeout(OPEN_TIMEOUT, words.recv()).await {
                Ok(Some(Word::Hello)) => {
                    failures = 0;
                    if let Some(old) = replaced.take() {
                        old.cancel();
                    }
                    self.alarm.works(Part::Sockets);
                    if std::mem::take(&mut was_deaf) {
                        self.missed.send_modify(|count| *count += 1);
                    }
                    if std::mem::take(&mut was_dropped) {
                        self.broken.send_modify(|count| *count += 1);
                    }
                    match words.recv().await {
                        Some(Word::WantsReplacement) => replaced = Some(leave),
                        Some(Word::Ended(why)) => end = Some(why),
                        Some(Word::Hello) | None => end = Some(End::Dropped),
                    }
                    was_dropped = end == Some(End::Dropped);
                }
                Ok(Some(Word::Ended(why))) => end = Some(why),
                Ok(Some(Word::WantsReplacement)) => replaced = Some(leave),
                Ok(None) => end = Some(End::Dropped),
                Err(_) => {
                    leave.cancel();
                    end = Some(End::Dropped);
                }
            }
            while lines.try_join_next().is_some() {}
            let Some(end) = end else { continue };
            info!(slack.socket = index, slack.end = %end, "a socket to Slack ended");
            was_deaf |= end == End::Deaf;
            failures += 1;
            let pause = match end {
                End::Left => break,
                End::SwitchedOff => {
                    self.alarm.stopped(Part::Sockets, refusal::socket_mode_off());
                    PAUSE_STOPPED
                }
                End::Dropped | End::Deaf if opened_at.elapsed() >= STEADY => Duration::ZERO,
                End::Dropped | End::Deaf | End::TooMany => backoff(index, failures),
            };
            pause_or_stop(pause, &shutdown).await;
        }
        while lines.join_next().await.is_some() {}
    }

    /// Opens a socket.
    async fn dial(&self) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, Trouble> {
        let method = "apps.connections.open";
        let answer = self.slack.client().call(&self.app_token, method, &json!({})).await;
        let answer = answer.map_err(|failure: Failure| failure.trouble(method))?;
        let not_done = |why: String| Trouble::NotDone { why };
        let url = answer["url"].as_str().ok_or_else(|| not_done(format!("{method}: the answer has no address")))?;
        let tls = Connector::Rustls(self.slack.client().tls());
        let opening = tokio_tungstenite::connect_async_tls_with_config(url, None, true, Some(tls));
        match tokio::time::timeout(OPEN_TIMEOUT, opening).await {
            Ok(Ok((socket, _))) => Ok(socket),
            // The address holds a ticket, and errors may quote it.
            Ok(Err(error)) => Err(not_done(format!("opening the socket: {}", kind_of(&error)))),
            Err(_) => Err(not_done("opening the socket: no answer in time".to_string())),
        }
    }

    fn pause_after(&self, trouble: Trouble, index: usize, failures: u32) -> Duration {
        match trouble {
            Trouble::Later { after_millis } => Duration::from_millis(after_millis),
            Trouble::Stopped(stop) => {
                let advice = format!("{} This is about the app-level token, which starts with xapp-.", stop.advice);
                self.alarm.stopped(Part::Sockets, Stop { advice, ..stop });
                PAUSE_STOPPED
            }
            Trouble::NotDone { why } | Trouble::Unclear { why } | Trouble::Never { why } => {
                warn!(slack.socket = index, failures, why, "cannot open a socket to Slack");
                backoff(index, failures)
            }
            Trouble::ThreadGone => backoff(index, failures),
        }
    }

    /// Reads one socket until it ends, and says why.
    async fn line(
        self: Arc<Self>,
        socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
        words: mpsc::UnboundedSender<Word>,
        leave: CancellationToken,
        shutdown: CancellationToken,
    ) {
        let (sink, stream) = socket.split();
        let (answers_tx, answers) = mpsc::unbounded_channel();
        let line = Line {
            sink,
            stream,
            answers,
            answers_tx,
            words: words.clone(),
            waiting: 0,
            heard_at: Instant::now(),
            deaf_after: self.slack.config().deaf_after,
            sockets: self.clone(),
            said_hello: false,
        };
        let end = line.run(leave, shutdown).await;
        let _ = words.send(Word::Ended(end));
    }
}

/// One open socket.
struct Line {
    sink: SplitSink<WebSocketStream<MaybeTlsStream<TcpStream>>, Message>,
    stream: SplitStream<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    answers: mpsc::UnboundedReceiver<Answer>,
    answers_tx: mpsc::UnboundedSender<Answer>,
    words: mpsc::UnboundedSender<Word>,
    /// Frames handed over and not answered yet.
    waiting: usize,
    heard_at: Instant,
    deaf_after: Duration,
    sockets: Arc<Sockets>,
    said_hello: bool,
}

impl Line {
    async fn run(mut self, leave: CancellationToken, shutdown: CancellationToken) -> End {
        let arrivals = self.sockets.arrivals.clone();
        let mut ping = tokio::time::interval((self.deaf_after / 3).max(PING_MIN));
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // A frame for which there is no room yet; reading waits for it.
        let mut held: Option<Arrival> = None;
        let mut leave_at: Option<Instant> = None;
        loop {
            tokio::select! {
                message = self.stream.next(), if held.is_none() => {
                    self.heard_at = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => match self.read(text.as_str()) {
                            Ok(arrival) => held = arrival,
                            Err(end) => return end,
                        },
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => return End::Dropped,
                    }
                }
                room = arrivals.reserve(), if held.is_some() => {
                    self.heard_at = Instant::now();
                    if let (Ok(room), Some(arrival)) = (room, held.take()) {
                        self.waiting += 1;
                        room.send(arrival);
                    }
                }
                Some(answer) = self.answers.recv() => {
                    if !self.acknowledge(answer).await {
                        return End::Dropped;
                    }
                }
                _ = ping.tick() => {
                    if self.heard_at.elapsed() >= self.deaf_after {
                        return End::Deaf;
                    }
                    if !self.say([Message::Ping(Default::default())]).await {
                        return End::Dropped;
                    }
                }
                () = leave.cancelled(), if leave_at.is_none() => leave_at = Some(Instant::now() + LINGER),
                () = until(leave_at) => break,
                () = shutdown.cancelled() => break,
            }
        }
        self.drain().await;
        End::Left
    }

    /// What a text frame is. Only an envelope is handed over; anything else is about the socket.
    fn read(&mut self, raw: &str) -> Result<Option<Arrival>, End> {
        let Ok(outline) = serde_json::from_str::<Outline>(raw) else {
            warn!("a frame from Slack is not JSON; ignored");
            return Ok(None);
        };
        if let (Some(envelope), Some(payload)) = (outline.envelope(), outline.by_hand()) {
            self.waiting += 1;
            let (envelope, answers) = (envelope.to_string(), self.answers_tx.clone());
            self.sockets.hands.take(payload, move |reply| {
                let (kept, payload) = match reply {
                    Reply::Taken(payload) => (true, payload),
                    Reply::Failed => (false, None),
                };
                // The socket may be gone, and Slack has told who pressed that it did not work.
                let _ = answers.send(Answer { envelope, kept, payload });
            });
            return Ok(None);
        }
        if let (Some(envelope), Some(frame)) = (outline.envelope(), outline.frame(raw)) {
            let sender = Sender::Socket { envelope: envelope.to_string(), answers: self.answers_tx.clone() };
            return Ok(Some(Arrival { frame, sender }));
        }
        match outline.kind() {
            Some("hello") if !self.said_hello => {
                self.said_hello = true;
                let _ = self.words.send(Word::Hello);
                if self.sockets.live.fetch_add(1, Ordering::SeqCst) == 0 {
                    self.sockets.missed.send_modify(|count| *count += 1);
                }
                Ok(None)
            }
            Some("disconnect") => match outline.reason() {
                Some("link_disabled") => Err(End::SwitchedOff),
                // Another one can only be opened once this one is gone.
                Some("too_many_websockets") => Err(End::TooMany),
                reason => {
                    debug!(slack.reason = reason, "Slack wants the socket renewed");
                    let _ = self.words.send(Word::WantsReplacement);
                    Ok(None)
                }
            },
            _ => Ok(None),
        }
    }

    /// Acknowledges what was kept: this frame, and with it all others that are known to be by now.
    async fn acknowledge(&mut self, answer: Answer) -> bool {
        let mut answers = vec![answer];
        while let Ok(answer) = self.answers.try_recv() {
            answers.push(answer);
        }
        self.waiting = self.waiting.saturating_sub(answers.len());
        let kept = answers.into_iter().filter(|answer| answer.kept);
        let acknowledgement = |answer: Answer| match answer.payload {
            Some(payload) => json!({ "envelope_id": answer.envelope, "payload": payload }),
            None => json!({ "envelope_id": answer.envelope }),
        };
        self.say(kept.map(|answer| Message::text(acknowledgement(answer).to_string()))).await
    }

    /// False when the socket takes nothing any more.
    async fn say(&mut self, messages: impl IntoIterator<Item = Message>) -> bool {
        let saying = async {
            for message in messages {
                self.sink.feed(message).await?;
            }
            self.sink.flush().await
        };
        matches!(tokio::time::timeout(self.deaf_after, saying).await, Ok(Ok(())))
    }

    /// Acknowledges what is still being kept, and closes.
    async fn drain(&mut self) {
        let last = Instant::now() + DRAIN;
        while self.waiting > 0 {
            let Ok(Some(answer)) = tokio::time::timeout_at(last, self.answers.recv()).await else { break };
            if !self.acknowledge(answer).await {
                return;
            }
        }
        let _ = tokio::time::timeout_at(last, self.sink.close()).await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.said_hello {
            self.sockets.live.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Dropped => "dropped",
            End::Deaf => "deaf",
            End::TooMany => "too_many_websockets",
            End::SwitchedOff => "link_disabled",
            End::Left => "left",
        })
    }
}

/// The pause before this dial; slots are set apart, so that they do not knock together.
fn backoff(index: usize, failures: u32) -> Duration {
    let doubled = PAUSE_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(PAUSE_MAX) + Duration::from_millis(50 * (index as u64 % 10))
}

async fn pause_or_stop(pause: Duration, shutdown: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = shutdown.cancelled() => {}
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What kind of error it is, without the address it may quote.
fn kind_of(error: &tokio_tungstenite::tungstenite::Error) -> String {
    use tokio_tungstenite::tungstenite::Error;
    match error {
        Error::Io(error) => error.to_string(),
        Error::Tls(error) => error.to_string(),
        Error::Http(response) => format!("HTTP {}", response.status()),
        Error::Url(_) => "the address is of no use".to_string(),
        _ => "the handshake failed".to_string(),
    }
}
