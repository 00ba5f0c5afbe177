//! Connections: accepted, served with small buffers, and let go in order. A connected customer
//! costs what his connection keeps in memory, so the buffers are set by hand.

use crate::lifecycle::Lifecycle;
use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// The smallest buffer that the HTTP library allows; also the longest head of a request.
const BUFFER_BYTES: usize = 8 * 1024;
/// A head that takes longer to arrive is not a browser's.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// The wait after no connection could be accepted, which happens when there are no file
/// descriptors left: trying at once would only burn the processor.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves until the process stops; requests under way are finished.
pub async fn serve(router: Router, listener: TcpListener, life: Lifecycle) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = life.stopping() => return Ok(()),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let (router, connection) = (router.clone(), life.clone());
                    life.spawn_brief("a connection", async move { converse(router, stream, peer, connection).await });
                }
                Err(error) if is_theirs(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "a connection could not be accepted; raise the limit of open files (ulimit -n)");
                    tokio::time::sleep(ACCEPT_RETRY).await;
                }
            },
        }
    }
}

async fn converse(router: Router, stream: TcpStream, peer: SocketAddr, life: Lifecycle) {
    // Small answers must not wait for more to come.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A browser that went away is no error of ours.
        _ = connection.as_mut() => {}
        () = life.stopping() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

fn is_theirs(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
