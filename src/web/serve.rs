//! Connections: accepted while there is room, served with small buffers, and let go in order. A live stream takes its
//! connection over once its head is known: the HTTP library's buffers, of which a stream needs
//! none, are given back, because what an idle stream keeps is what a connected customer costs.

use super::patience::Patient;
use super::places::{NoRoom, Place};
use super::problem::Problem;
use super::{App, Web};
use crate::lifecycle::Lifecycle;
use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, header};
use axum::response::Response;
use futures_util::future::{Either, select};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tower::ServiceExt;

/// The smallest buffer that the HTTP library allows; also the longest head of a request.
const BUFFER_BYTES: usize = 8 * 1024;
/// A head that takes longer to arrive is not a browser's.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How often a browser may say something on a stream before it is hung up on.
const SAID_MAX: usize = 64;
/// How long a stream may be stuck on a browser that reads nothing: it comes back and resumes.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// The wait after no connection could be accepted, which happens when there are no file
/// descriptors left: trying at once would only burn the processor.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Connections that wait to be accepted: after a restart every browser comes back within a second, and one
/// that finds the queue full tries again only after seconds. The system caps it (`net.core.somaxconn`).
const BACKLOG: i32 = 4_096;
/// When a connection that was turned away is worth another try, in seconds.
const TURNED_AWAY_SECS: u64 = 10;
/// How often the operator is told that connections are turned away; the metrics count each.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Marks a response whose body goes on for as long as the browser is there: it takes the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct TakesConnection;

/// A socket, and the place that it takes up.
type Connection = (TokioIo<TcpStream>, Place);

/// A connection that can be taken away from the HTTP library, which then sees its end.
#[derive(Clone, Debug)]
struct Lent(Arc<Mutex<Option<Connection>>>);

/// The connection was taken away.
#[derive(Debug, thiserror::Error)]
#[error("a stream took the connection over")]
struct Taken;

/// Serves until the process stops; requests under way are finished.
pub async fn serve(web: Web, listener: TcpListener, life: Lifecycle) -> anyhow::Result<()> {
    SockRef::from(&listener).listen(BACKLOG).context("cannot lengthen the queue of connections")?;
    let mut told: Option<Instant> = None;
    loop {
        tokio::select! {
            () = life.stopping() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match web.app.callers.connection(peer) {
                    Ok(place) => {
                        let (router, connection) = (web.router.clone(), life.clone());
                        life.spawn_brief("a connection", converse(router, stream, peer, place, connection));
                    }
                    Err(no_room) => {
                        if told.is_none_or(|told| told.elapsed() > TELL_EVERY) {
                            told = Some(Instant::now());
                            tracing::warn!("{}", no_room_for(no_room));
                        }
                        turn_away(&web.app, stream, no_room);
                    }
                },
                Err(error) if is_theirs(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "a connection could not be accepted; raise the limit of open files (ulimit -n)");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
        }
    }
}

/// What the operator is told when connections are turned away.
fn no_room_for(no_room: NoRoom) -> &'static str {
    match no_room {
        NoRoom::ForThisAddress => {
            "connections of an address are turned away: it has limits.connections_per_address_max; \
             if it is a proxy of yours, name it in server.trusted_proxies"
        }
        NoRoom::Here => "connections are turned away: there are as many as limits.streams_max leaves room for",
    }
}

/// Says why, as far as that can be said without waiting, and hangs up.
fn turn_away(app: &App, stream: TcpStream, no_room: NoRoom) {
    let limited = &app.service.shared().metrics.limited;
    let problem = match no_room {
        NoRoom::ForThisAddress => {
            limited.connections_per_address.inc();
            Problem::too_many("connections from this address", TURNED_AWAY_SECS)
        }
        NoRoom::Here => {
            limited.connections.inc();
            Problem::too_many("connections", TURNED_AWAY_SECS)
        }
    };
    // A stranger who cannot be told is turned away all the same.
    let _ = stream.into_std().and_then(|mut stream| io::Write::write(&mut stream, &problem.farewell()));
}

async fn converse(router: Router, stream: TcpStream, peer: SocketAddr, place: Place, life: Lifecycle) {
    // Small answers must not wait for more to come.
    let _ = stream.set_nodelay(true);
    let lent = Lent(Arc::new(Mutex::new(Some((TokioIo::new(stream), place)))));
    let (socket, streams) = (lent.clone(), life.clone());
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let (answer, socket, streams) = (router.clone().oneshot(request), socket.clone(), streams.clone());
        async move {
            let response = answer.await.unwrap_or_else(|never| match never {});
            if response.extensions().get::<TakesConnection>().is_none() {
                return Ok(response);
            }
            if let Some((stream, place)) = socket.lock().take() {
                streams.spawn_brief("a stream", stream_to(stream.into_inner(), place, response));
            }
            Err(Taken)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(Patient::new(lent), service);
    let mut connection = pin!(connection);
    tokio::select! {
        // A browser that went away is no error of ours.
        _ = connection.as_mut() => {}
        () = life.stopping() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Sends a response whose end is the connection's end, until it ends or the browser goes away.
async fn stream_to(mut stream: TcpStream, _place: Place, response: Response) {
    let (parts, mut body) = response.into_parts();
    let mut head = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    let close = (header::CONNECTION, header::HeaderValue::from_static("close"));
    let all = parts.headers.iter().chain(std::iter::once::<(&HeaderName, _)>((&close.0, &close.1)));
    for (name, value) in all {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    if !matches!(tokio::time::timeout(WRITE_TIMEOUT, stream.write_all(&head)).await, Ok(Ok(()))) {
        return;
    }
    drop((head, parts));
    loop {
        let frame = match select(pin!(body.frame()), pin!(gone(&stream))).await {
            Either::Left((Some(Ok(frame)), _)) => frame,
            Either::Left((Some(Err(_)) | None, _)) | Either::Right(_) => break,
        };
        let Ok(bytes) = frame.into_data() else { continue };
        match tokio::time::timeout(WRITE_TIMEOUT, stream.write_all(&bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
    let _ = stream.shutdown().await;
}

/// Ends when the other side is gone, or says more than a browser that listens would: nothing.
async fn gone(stream: &TcpStream) {
    let mut ignored = [0; 64];
    for _ in 0..SAID_MAX {
        if stream.readable().await.is_err() {
            return;
        }
        match stream.try_read(&mut ignored) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

impl Lent {
    fn lock(&self) -> MutexGuard<'_, Option<Connection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Lent {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        match &mut *self.lock() {
            Some((stream, _)) => Pin::new(stream).poll_read(cx, buffer),
            None => Poll::Ready(Ok(())),
        }
    }
}

impl Write for Lent {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self.lock() {
            Some((stream, _)) => Pin::new(stream).poll_write(cx, bytes),
            None => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.lock() {
            Some((stream, _)) => Pin::new(stream).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.lock() {
            Some((stream, _)) => Pin::new(stream).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.lock().as_ref().is_some_and(|(stream, _)| stream.is_write_vectored())
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self.lock() {
            Some((stream, _)) => Pin::new(stream).poll_write_vectored(cx, slices),
            None => Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum())),
        }
    }
}

fn is_theirs(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
