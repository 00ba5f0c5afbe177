//! How long a browser may take. One that reads nothing, or hardly anything, would keep its answer in
//! our memory for as long as it likes; one that sends its body a byte at a time would keep a request.

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// How long a browser may take to read any of its answer: a phone that changes its network is back
/// sooner.
const UNREAD_MAX: Duration = Duration::from_secs(15);
/// How much later an answer may be read for each KiB of it that was: 4 KiB a second, less than any
/// network on which a chat is any use.
const MORE_PER_KIB: Duration = Duration::from_millis(250);

/// A connection on which answers have to be read in time.
#[derive(Debug)]
pub(super) struct Patient<C> {
    connection: C,
    /// Set while bytes of an answer wait for the browser to read.
    until: Option<Pin<Box<Sleep>>>,
}

impl<C> Patient<C> {
    pub(super) fn new(connection: C) -> Patient<C> {
        Patient { connection, until: None }
    }

    fn written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match (written, &mut self.until) {
            (Poll::Ready(Ok(bytes)), Some(until)) => {
                let more = MORE_PER_KIB.mul_f64(bytes as f64 / 1024.0);
                let deadline = until.deadline() + more;
                until.as_mut().reset(deadline);
                Poll::Ready(Ok(bytes))
            }
            (Poll::Ready(done), _) => Poll::Ready(done),
            (Poll::Pending, until) => {
                let until =
                    until.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + UNREAD_MAX)));
                until.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<C: Read + Unpin> Read for Patient<C> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_read(cx, buffer)
    }
}

impl<C: Write + Unpin> Write for Patient<C> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.connection).poll_write(cx, bytes);
        self.written(cx, written)
    }

    /// The HTTP library flushes when it has written all that it had.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.until = None;
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.connection).poll_write_vectored(cx, slices);
        self.written(cx, written)
    }
}

/// The body of a request, and whether all of it has come.
#[derive(Debug)]
pub(super) struct Arriving {
    body: Body,
    arrived: Arrived,
}

/// Whether a request's body has come. Clones are of the same body.
#[derive(Clone, Debug)]
pub(super) struct Arrived(Arc<AtomicBool>);

impl Arriving {
    /// Watches a body, unless there is none.
    pub(super) fn watch(body: Body) -> (Body, Option<Arrived>) {
        if http_body::Body::is_end_stream(&body) {
            return (body, None);
        }
        let arrived = Arrived(Arc::default());
        (Body::new(Arriving { body, arrived: arrived.clone() }), Some(arrived))
    }
}

impl Arrived {
    pub(super) fn is_whole(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.arrived.0.store(true, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
