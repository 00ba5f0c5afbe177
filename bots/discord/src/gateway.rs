//! The connection that Discord's events come over, ours from end to end. Serenity's own is not used: it
//! gives a session up where it could have been resumed (after two refused connections, after a heartbeat
//! that nobody answered, after a close without a code), spins on some closes, takes five seconds for each
//! new session, never looks at how many may still be begun, and hands events over out of order. What is
//! built here keeps a session for as long as Discord does, at the address that Discord gives for that, and
//! hands events over one after the other as they came.
//!
//! What a session missed that could not be resumed is read back thread by thread, and so is what a resumed
//! one may have: the catch-up follows every beginning. A new session is begun rarely: Discord takes a token
//! away that begins a thousand in a day.

use crate::alarm::{Alarm, Part};
use crate::client::{Failure, Sent};
use crate::hands::Hands;
use crate::outbound::{Discord, Us};
use crate::permissions;
use crate::reader::Reader;
use crate::refusal::{self, About};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use threadline_core::desk::{Stop, Trouble};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// How long opening a connection, and each thing that Discord has to say first, may take.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a session may take to begin or to be resumed: what was missed comes before it counts as resumed.
const READY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a heartbeat may go without its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long saying something may take.
const SAY_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that lasted so long was a good one: the next is opened at once.
const STEADY: Duration = Duration::from_secs(5);
/// Longest pause between connections.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// The pause where only the operator can mend it: each try may cost a session.
const PAUSE_STOPPED: Duration = Duration::from_secs(5 * 60);
/// Failures in a row at a session's own address before it is tried at the usual one.
const OWN_ADDRESS_TRIES: u32 = 4;
/// Failures in a row to resume a session before it is given up.
const RESUME_TRIES: u32 = 12;
/// Between two new sessions, in first pauses: five seconds as a rule (docs, "Session Start Limit").
const BETWEEN_SESSIONS: u32 = 10;
/// How often that doubles for sessions that did not last.
const BETWEEN_SESSIONS_DOUBLED: u32 = 6;
/// A session that lasted so long is no reason to wait longer for the next.
const SESSION_LASTS: Duration = Duration::from_secs(10 * 60);
/// Sessions of the day that are left for the operator, who may have to start the bot by hand.
const SESSIONS_LEFT: u64 = 50;
/// Longest wait for sessions that may be begun again.
const SESSIONS_WAIT_MAX: Duration = Duration::from_secs(60 * 60);
/// Largest event that is taken: a server's description with all its threads is below.
const EVENT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A close that lets the session be resumed.
const CLOSED_TO_RESUME: u16 = 4_900;

/// Keeps the connection.
pub(crate) struct Gateway {
    pub discord: Discord,
    pub reader: Arc<Reader>,
    pub hands: Hands,
    pub missed: watch::Sender<u64>,
    pub alarm: Arc<Alarm>,
    pub live: Arc<AtomicUsize>,
}

/// A session that can be resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Session {
    id: String,
    address: String,
    /// The number of the last event that was handed over.
    seq: u64,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    /// It broke, or was closed in a way that lets the session go on.
    Dropped,
    /// A heartbeat went without its answer.
    Deaf,
    /// Discord wants another connection.
    Replaced,
    /// The session is over, for Discord or for us.
    SessionOver,
    /// Only the operator can mend it.
    Stopped(Stop),
    /// We stop.
    Left,
}

/// A frame of the gateway.
#[derive(Deserialize)]
struct Frame<'a> {
    op: u64,
    #[serde(default)]
    s: Option<u64>,
    #[serde(default)]
    t: Option<&'a str>,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl Gateway {
    /// Keeps the connection until `shutdown`.
    pub async fn run(self, us: &Us, shutdown: CancellationToken) {
        let mut session: Option<Session> = None;
        let (mut failures, mut short_sessions) = (0_u32, 0_u32);
        let mut began: Option<Instant> = None;
        while !shutdown.is_cancelled() {
            if session.is_some() && failures >= RESUME_TRIES {
                session = None;
            }
            if session.is_none() {
                let since = began.map(|began| began.elapsed());
                short_sessions = match since {
                    Some(lasted) if lasted < SESSION_LASTS => short_sessions + 1,
                    Some(_) | None => 0,
                };
                let doubled = short_sessions.saturating_sub(1).min(BETWEEN_SESSIONS_DOUBLED);
                let between = self.first_pause() * BETWEEN_SESSIONS * (1 << doubled);
                let wait = since.map_or(Duration::ZERO, |since| between.saturating_sub(since));
                pause_or_stop(wait, &shutdown).await;
            }
            let dialled = tokio::select! {
                dialled = self.dial(session.as_ref(), failures) => dialled,
                () = shutdown.cancelled() => break,
            };
            let socket = match dialled {
                Ok(socket) => socket,
                Err(pause) => {
                    failures += 1;
                    pause_or_stop(pause.max(self.backoff(failures)), &shutdown).await;
                    continue;
                }
            };
            if session.is_none() {
                began = Some(Instant::now());
            }
            let opened_at = Instant::now();
            let (sink, stream) = socket.split();
            let mut line =
                Line { gateway: &self, us, sink, stream, session: session.take(), is_live: false, unanswered: None };
            let end = line.run(&shutdown).await;
            session = line.session.take();
            if line.is_live {
                failures = 0;
            }
            drop(line);
            info!(discord.end = %end, "the connection to Discord ended");
            let steady = opened_at.elapsed() >= STEADY;
            let pause = match end {
                End::Left => break,
                End::Stopped(stop) => {
                    session = None;
                    self.alarm.stopped(Part::Gateway, stop);
                    PAUSE_STOPPED.min(self.first_pause() * 600)
                }
                End::SessionOver => {
                    session = None;
                    Duration::ZERO
                }
                End::Dropped | End::Deaf | End::Replaced if steady => Duration::ZERO,
                End::Dropped | End::Deaf | End::Replaced => {
                    failures += 1;
                    self.backoff(failures)
                }
            };
            pause_or_stop(pause, &shutdown).await;
        }
    }

    /// Opens a connection; an error says how long to wait at least.
    async fn dial(&self, session: Option<&Session>, failures: u32) -> Result<Socket, Duration> {
        let address = match session {
            Some(session) if failures < OWN_ADDRESS_TRIES => session.address.clone(),
            Some(_) | None => self.address(session.is_none()).await?,
        };
        let url = format!("{}/?v=10&encoding=json", address.trim_end_matches('/'));
        let config =
            WebSocketConfig::default().max_message_size(Some(EVENT_BYTES_MAX)).max_frame_size(Some(EVENT_BYTES_MAX));
        let tls = Connector::Rustls(self.discord.client().tls());
        let opening = tokio_tungstenite::connect_async_tls_with_config(url, Some(config), true, Some(tls));
        match tokio::time::timeout(OPEN_TIMEOUT, opening).await {
            Ok(Ok((socket, _))) => Ok(socket),
            Ok(Err(error)) => {
                warn!(failures, error = kind_of(&error), "cannot open a connection to Discord");
                Err(Duration::ZERO)
            }
            Err(_) => {
                warn!(failures, "opening a connection to Discord: no answer in time");
                Err(Duration::ZERO)
            }
        }
    }

    /// Where connections are opened. For a new session, only while there are some left to begin.
    async fn address(&self, is_new: bool) -> Result<String, Duration> {
        let answer = self.discord.client().call(Method::GET, "/gateway/bot", Sent::Nothing).await;
        let answer =
            answer.map_err(|failure: Failure| match failure.trouble("asking for the gateway", About::Channel) {
                Trouble::Later { after_millis } => Duration::from_millis(after_millis),
                Trouble::Stopped(stop) => {
                    self.alarm.stopped(Part::Gateway, stop);
                    PAUSE_MAX
                }
                trouble => {
                    warn!(?trouble, "Discord does not say where its gateway is");
                    Duration::ZERO
                }
            })?;
        let limit = &answer["session_start_limit"];
        if let (true, Some(left)) = (is_new, limit["remaining"].as_u64())
            && left <= SESSIONS_LEFT
        {
            let again = Duration::from_millis(limit["reset_after"].as_u64().unwrap_or_default());
            warn!(
                left,
                "Discord lets the bot begin few more sessions today; waiting, so that it does not take the token away"
            );
            return Err(again.clamp(PAUSE_MAX, SESSIONS_WAIT_MAX));
        }
        answer["url"].as_str().map(str::to_string).ok_or(Duration::ZERO)
    }

    fn first_pause(&self) -> Duration {
        self.discord.config().pause_first
    }

    fn backoff(&self, failures: u32) -> Duration {
        self.first_pause().saturating_mul(1 << failures.saturating_sub(1).min(16)).min(PAUSE_MAX)
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

/// One open connection.
struct Line<'a> {
    gateway: &'a Gateway,
    us: &'a Us,
    sink: SplitSink<Socket, Message>,
    stream: SplitStream<Socket>,
    session: Option<Session>,
    /// True once the session has begun or was resumed.
    is_live: bool,
    /// Since when a heartbeat has no answer.
    unanswered: Option<Instant>,
}

impl Line<'_> {
    async fn run(&mut self, shutdown: &CancellationToken) -> End {
        let end = self.listen(shutdown).await;
        if self.is_live {
            self.gateway.live.fetch_sub(1, Ordering::SeqCst);
        }
        // Whoever closes as if all were well ends the session.
        let code = match &end {
            End::Left | End::SessionOver | End::Stopped(_) => 1_000,
            End::Dropped | End::Deaf | End::Replaced => CLOSED_TO_RESUME,
        };
        let close = Message::Close(Some(CloseFrame { code: CloseCode::from(code), reason: "".into() }));
        let _ = tokio::time::timeout(Duration::from_secs(1), self.sink.send(close)).await;
        end
    }

    async fn listen(&mut self, shutdown: &CancellationToken) -> End {
        let hello = tokio::select! {
            hello = tokio::time::timeout(OPEN_TIMEOUT, self.hello()) => hello,
            () = shutdown.cancelled() => return End::Left,
        };
        let every = match hello {
            Ok(Ok(every)) => every,
            Ok(Err(end)) => return end,
            Err(_) => return End::Dropped,
        };
        if !self.say(self.opening()).await {
            return End::Dropped;
        }
        // The first beat comes early: Discord asks for some part of the interval.
        let mut beat_at = Instant::now() + every / 3;
        let live_by = Instant::now() + READY_TIMEOUT;
        loop {
            let deaf_at = self.unanswered.map(|since| since + ANSWER_TIMEOUT.min(every));
            tokio::select! {
                message = self.stream.next() => {
                    if let Some(end) = self.hear(message).await {
                        return end;
                    }
                }
                () = tokio::time::sleep_until(beat_at) => {
                    beat_at = Instant::now() + every;
                    if !self.beat().await {
                        return End::Dropped;
                    }
                }
                () = until(deaf_at) => return End::Deaf,
                () = tokio::time::sleep_until(live_by), if !self.is_live => return End::Dropped,
                () = shutdown.cancelled() => return End::Left,
            }
        }
    }

    /// Waits for Discord's first word: how often it wants to hear that we are there.
    async fn hello(&mut self) -> Result<Duration, End> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let Ok(frame) = serde_json::from_str::<Value>(text.as_str()) else { continue };
                    match (frame["op"].as_u64(), frame["d"]["heartbeat_interval"].as_u64()) {
                        (Some(10), Some(millis)) => return Ok(Duration::from_millis(millis.clamp(10, 300_000))),
                        (Some(7), _) => return Err(End::Replaced),
                        (Some(9), _) => return Err(self.invalid(frame["d"] == true)),
                        _ => {}
                    }
                }
                Some(Ok(Message::Close(frame))) => return Err(closed(frame)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(End::Dropped),
            }
        }
    }

    /// What begins a session, or has one go on.
    fn opening(&self) -> Value {
        let token = self.gateway.discord.client().token().reveal();
        match &self.session {
            Some(session) => {
                json!({ "op": 6, "d": { "token": token, "session_id": session.id, "seq": session.seq } })
            }
            None => {
                let about = json!({ "os": std::env::consts::OS, "browser": "threadline", "device": "threadline" });
                let intents = permissions::intents().bits();
                json!({ "op": 2, "d": { "token": token, "intents": intents, "properties": about, "large_threshold": 50 } })
            }
        }
    }

    /// Takes in what came; an end, if it is one.
    async fn hear(&mut self, message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) -> Option<End> {
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => return Some(closed(frame)),
            Some(Ok(_)) => return None,
            Some(Err(_)) | None => return Some(End::Dropped),
        };
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(text.as_str()) else {
            self.gateway.reader.cannot_read("a frame that is not JSON", None, text.as_str());
            return None;
        };
        match frame.op {
            0 => {
                self.event(&frame, text.as_str());
                // Only what was handed over counts as heard.
                if let (Some(seq), Some(session)) = (frame.s, &mut self.session) {
                    session.seq = session.seq.max(seq);
                }
                None
            }
            1 => (!self.beat().await).then_some(End::Dropped),
            7 => Some(End::Replaced),
            9 => Some(self.invalid(frame.d.is_some_and(|data| data.get() == "true"))),
            11 => {
                self.unanswered = None;
                None
            }
            op => {
                debug!(op, "Discord says something that we do not know");
                None
            }
        }
    }

    fn event(&mut self, frame: &Frame<'_>, raw: &str) {
        let data = || frame.d.and_then(|data| serde_json::from_str::<Value>(data.get()).ok()).unwrap_or_default();
        let Some(kind) = frame.t else { return };
        match kind {
            "READY" => {
                let data = data();
                let text = |name: &str| data[name].as_str().map(str::to_string);
                let (id, address) = (text("session_id"), text("resume_gateway_url"));
                self.session = id.zip(address).map(|(id, address)| Session { id, address, seq: frame.s.unwrap_or(0) });
                self.live();
            }
            "RESUMED" => self.live(),
            "INTERACTION_CREATE" => self.gateway.hands.take(self.us, data()),
            kind if Reader::concerns(kind) => self.gateway.reader.take(kind, data(), raw),
            _ => {}
        }
    }

    /// The session has begun, or goes on.
    fn live(&mut self) {
        if !self.is_live {
            self.is_live = true;
            self.gateway.live.fetch_add(1, Ordering::SeqCst);
        }
        self.gateway.alarm.works(Part::Gateway);
        self.gateway.missed.send_modify(|count| *count += 1);
    }

    /// Discord does not know the session, or only not now.
    fn invalid(&mut self, can_resume: bool) -> End {
        if can_resume && self.session.is_some() { End::Dropped } else { End::SessionOver }
    }

    /// Says that we are there. False when the connection takes nothing any more.
    async fn beat(&mut self) -> bool {
        let seq = self.session.as_ref().map(|session| session.seq);
        self.unanswered = self.unanswered.or(Some(Instant::now()));
        self.say(json!({ "op": 1, "d": seq })).await
    }

    async fn say(&mut self, frame: Value) -> bool {
        let saying = self.sink.send(Message::text(frame.to_string()));
        matches!(tokio::time::timeout(SAY_TIMEOUT, saying).await, Ok(Ok(())))
    }
}

/// What a close of Discord's means (docs, "Gateway Close Event Codes").
fn closed(frame: Option<CloseFrame>) -> End {
    let code = frame.map(|frame| u16::from(frame.code));
    match code {
        Some(code) => match (refusal::closed_for_good(code), code) {
            (Some(stop), _) => End::Stopped(stop),
            (None, 4003 | 4007 | 4009) => End::SessionOver,
            (None, _) => End::Dropped,
        },
        None => End::Dropped,
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Dropped => f.write_str("dropped"),
            End::Deaf => f.write_str("deaf"),
            End::Replaced => f.write_str("replaced"),
            End::SessionOver => f.write_str("session over"),
            End::Stopped(stop) => write!(f, "stopped ({})", stop.code),
            End::Left => f.write_str("left"),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_close_leads_somewhere() {
        let of = |code: u16| closed(Some(CloseFrame { code: CloseCode::from(code), reason: "".into() }));
        for code in [1000, 1001, 1006, 4000, 4001, 4002, 4005, 4008] {
            assert_eq!(of(code), End::Dropped, "{code}");
        }
        assert_eq!(closed(None), End::Dropped);
        for code in [4003, 4007, 4009] {
            assert_eq!(of(code), End::SessionOver, "{code}");
        }
        for code in [4004, 4010, 4011, 4012, 4013, 4014] {
            assert!(matches!(of(code), End::Stopped(_)), "{code}");
        }
    }
}
