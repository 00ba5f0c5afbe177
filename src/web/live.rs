//! The live stream to a customer's browser: server-sent events. It starts with what changed after
//! the browser's last event, read from the table, and goes on with what the hub hands over; when a
//! hint does not fit what was sent last, the table is read again. An idle stream keeps almost
//! nothing in memory.

use super::App;
use super::address::Caller;
use super::availability::AvailabilityView;
use super::input::{Refusals, TokenRefusals};
use super::places::{NoRoom, Place};
use super::problem::Problem;
use super::rating::StandingView;
use super::serve::TakesConnection;
use super::widget::{Bearer, MessageView};
use crate::hub::{Change, Heard, Listening, Shown};
use crate::service::{Refusal, Token, View};
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use threadline_core::conversation::{Conversation, Event};
use threadline_core::message::Message;
use tokio::time::{Instant, Sleep};

/// A comment is sent when nothing else was for so long: proxies close what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// How soon a browser comes back after a break, in milliseconds.
const RETRY_MILLIS: u32 = 1_000;

type Reading = Pin<Box<dyn Future<Output = Result<View, Refusal>> + Send>>;

/// The stream's bytes.
struct Events {
    app: App,
    token: Token,
    listening: Listening,
    /// The last change that was sent.
    rev: i64,
    /// Set while the table is read.
    reading: Option<Reading>,
    /// Bytes that wait to be sent.
    ready: Vec<Bytes>,
    /// True until the replay is over.
    replaying: bool,
    keep_alive: Pin<Box<Sleep>>,
    _place: Place,
    _open: OpenStream,
}

/// Counts an open stream for as long as it lives.
struct OpenStream(prometheus_client::metrics::gauge::Gauge);

impl OpenStream {
    fn new(gauge: prometheus_client::metrics::gauge::Gauge) -> OpenStream {
        gauge.inc();
        OpenStream(gauge)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The live stream: `event: message` with a message and its `rev` as id, `event: typing` with
/// `{"by":"Grace"}` or `{"by":null}`, `event: standing` with what `GET /v1/messages` has as `standing`, `event: availability` with what `GET /v1/availability` answers, when somebody
/// comes or goes, and once, when everything before is sent, `event: ready`.
#[utoipa::path(get, path = "/v1/events", params(("Last-Event-ID" = Option<u64>, Header, description = "Resume after this change")), responses(
    (status = 200, description = "Events, for as long as the browser listens", content_type = "text/event-stream", body = String),
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn stream(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Bearer(token): Bearer,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse::<i64>().ok());
    let place = app.callers.stream(caller).map_err(|no_room| refused(&app, no_room))?;
    // Listening begins before the table is read, so that nothing falls between the two.
    let listening = app.service.shared().live.listen(token.conversation);
    let view = app.service.view(&token, last.unwrap_or(0).max(0)).await?;
    if view.conversation.left_since.is_some()
        && let Err(refusal) = app.service.report(token.conversation, Some(Event::CustomerIsBack), Vec::new()).await
    {
        tracing::warn!(%refusal, "it could not be stored that a customer is back");
    }
    let rev = view.after;
    let mut events = Events {
        listening,
        rev,
        reading: None,
        ready: vec![Bytes::from(format!("retry: {RETRY_MILLIS}\n\n"))],
        replaying: true,
        keep_alive: Box::pin(tokio::time::sleep(KEEP_ALIVE)),
        _place: place,
        _open: OpenStream::new(app.service.shared().metrics.streams_open.clone()),
        app,
        token,
    };
    events.read(view);
    let mut response = Response::new(Body::new(events));
    response.extensions_mut().insert(TakesConnection);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // nginx would hold events back until its buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn refused(app: &App, no_room: NoRoom) -> Problem {
    let limited = &app.service.shared().metrics.limited;
    match no_room {
        NoRoom::ForThisAddress => {
            limited.streams_per_address.inc();
            Problem::too_many("open streams from this address", 10)
        }
        NoRoom::Here => {
            limited.streams.inc();
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Too many customers are connected. GET /v1/messages still answers.",
            )
        }
    }
}

impl Events {
    /// Takes in what the table says.
    fn read(&mut self, view: View) {
        for message in view.changes {
            self.rev = self.rev.max(message.rev);
            if message.concerns_customer() {
                self.ready.push(message_event(&message));
            }
        }
        if view.more {
            self.reading = Some(self.read_on());
            return;
        }
        self.ready.push(typing_event(view.typing.as_deref()));
        self.ready.push(standing_event(&view.conversation));
        if std::mem::take(&mut self.replaying) {
            let head = &view.conversation;
            let ready = serde_json::json!({"rev": self.rev, "received": head.received, "seen": head.seen});
            self.ready.push(Bytes::from(format!("event: ready\ndata: {ready}\n\n")));
        }
    }

    fn read_on(&self) -> Reading {
        let (service, token, rev) = (self.app.service.clone(), self.token.clone(), self.rev);
        Box::pin(async move { service.view(&token, rev).await })
    }

    /// Takes in a hint; the table is read when it is not the very next change.
    fn hear(&mut self, change: &Change) {
        match change {
            Change::Availability(bytes) => self.ready.push(bytes.get_or_init(|| availability_event(&self.app)).clone()),
            Change::Typing(by) => self.ready.push(typing_event(by.as_deref())),
            Change::Message(shown) if shown.message.rev <= self.rev => {}
            Change::Message(shown) if shown.message.rev == self.rev + 1 => {
                self.rev += 1;
                if shown.message.concerns_customer() {
                    self.ready.push(bytes_of(shown));
                }
            }
            Change::Standing | Change::Message(_) => self.reading = Some(self.read_on()),
        }
    }
}

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            if !self.ready.is_empty() {
                self.keep_alive.as_mut().reset(Instant::now() + KEEP_ALIVE);
                let ready = std::mem::take(&mut self.ready);
                let bytes = match <[Bytes; 1]>::try_from(ready) {
                    Ok([one]) => one,
                    Err(many) => Bytes::from(many.concat()),
                };
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if let Some(reading) = &mut self.reading {
                let Poll::Ready(view) = reading.as_mut().poll(cx) else { return Poll::Pending };
                self.reading = None;
                match view {
                    Ok(view) => self.read(view),
                    Err(refusal) => {
                        // The browser comes back and resumes from its last event.
                        tracing::warn!(%refusal, "a stream ends because the table could not be read");
                        return Poll::Ready(None);
                    }
                }
                continue;
            }
            match self.listening.poll_heard(cx) {
                Poll::Ready(Heard::Change(change)) => {
                    self.hear(&change);
                    continue;
                }
                Poll::Ready(Heard::Missed) => {
                    self.reading = Some(self.read_on());
                    continue;
                }
                Poll::Ready(Heard::Ended) => return Poll::Ready(None),
                Poll::Pending => {}
            }
            if self.keep_alive.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.ready.push(Bytes::from_static(b":\n\n"));
            // Where other processes write, their word may have been lost.
            if self.app.service.shared().store.is_shared() {
                self.reading = Some(self.read_on());
            }
        }
    }
}

fn availability_event(app: &App) -> Bytes {
    let view = AvailabilityView::at(app, app.service.shared().clock.now());
    let view = serde_json::to_string(&view).unwrap_or_default();
    Bytes::from(format!("event: availability\ndata: {view}\n\n"))
}

fn bytes_of(shown: &Shown) -> Bytes {
    shown.bytes.get_or_init(|| message_event(&shown.message)).clone()
}

fn message_event(message: &Message) -> Bytes {
    let mut text = format!("event: message\nid: {}\ndata: ", message.rev).into_bytes();
    // Writing to memory does not fail, and JSON has no line breaks.
    let _ = serde_json::to_writer(&mut text, &MessageView(message));
    text.extend_from_slice(b"\n\n");
    Bytes::from(text)
}

fn standing_event(conversation: &Conversation) -> Bytes {
    let standing = serde_json::to_string(&StandingView::of(conversation)).unwrap_or_default();
    Bytes::from(format!("event: standing\ndata: {standing}\n\n"))
}

fn typing_event(by: Option<&str>) -> Bytes {
    Bytes::from(format!("event: typing\ndata: {}\n\n", serde_json::json!({"by": by})))
}
