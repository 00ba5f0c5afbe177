//! Socket Mode: single-use addresses, the hello, envelopes out, acknowledgements in, pings.

use crate::delivery::Order;
use crate::people::APP_ID;
use crate::world::World;
use futures_util::{SinkExt, StreamExt};
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

/// Where sockets are opened.
pub(crate) const PATH: &str = "/link/";
/// How long the address from apps.connections.open is good. Slack does not say; a client opens it
/// at once.
const TICKET_TTL: Duration = Duration::from_secs(30);
/// What Slack says a connection lives, in seconds, and with `debug_reconnects=true`.
const CONNECTION_SECS: u64 = 18_060;
const DEBUG_CONNECTION_SECS: u64 = 360;
/// Buffers of a socket: frames are small, and the default of 128 KiB each is wasted here.
const BUFFER_BYTES: usize = 4_096;

/// Addresses that were handed out and not used yet.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    open: Mutex<(u64, HashMap<String, Instant>)>,
}

impl Tickets {
    /// A new address, good for one connection.
    pub(crate) fn issue(&self) -> String {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.0 += 1;
        let ticket = format!("fake-ticket-{:08x}", open.0.wrapping_mul(0x9e37_79b9));
        let now = Instant::now();
        open.1.retain(|_, issued| now - *issued < TICKET_TTL);
        open.1.insert(ticket.clone(), now);
        ticket
    }

    fn redeem(&self, ticket: &str) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.1.remove(ticket).is_some_and(|issued| issued.elapsed() < TICKET_TTL)
    }
}

/// Answers the request for a socket and serves it from then on.
pub(crate) fn open(world: &Arc<World>, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::default());
    let query = request.uri().query().unwrap_or_default().to_string();
    let query: HashMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let Some(key) = request.headers().get(header::SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes()))
    else {
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        return answer;
    };
    if !query.get("ticket").is_some_and(|ticket| world.tickets.redeem(ticket)) {
        world.record.complain("opened a socket with an address that was used before, is too old or never was".into());
        *answer.status_mut() = StatusCode::FORBIDDEN;
        return answer;
    }
    let connection_secs = if query.get("debug_reconnects").is_some_and(|on| on == "true") {
        DEBUG_CONNECTION_SECS
    } else {
        CONNECTION_SECS
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let world = world.clone();
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let config = WebSocketConfig::default().read_buffer_size(BUFFER_BYTES).write_buffer_size(0);
            let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
            serve(&world, socket, connection_secs).await;
            world.touch();
        }
    });
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, header::HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
    if let Ok(key) = header::HeaderValue::from_str(&key) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    }
    answer
}

/// The envelope that says goodbye.
pub(crate) fn disconnect_frame(reason: &str) -> String {
    json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "fake-slack"}}).to_string()
}

type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

async fn serve(world: &World, mut socket: Socket, connection_secs: u64) {
    let (orders, mut ordered) = mpsc::unbounded_channel();
    let Some((id, count)) = world.deliveries.add_socket(orders) else {
        let _ = socket.send(Message::text(disconnect_frame("too_many_websockets"))).await;
        let _ = socket.close(None).await;
        return;
    };
    let hello = json!({
        "type": "hello", "num_connections": count, "connection_info": {"app_id": APP_ID},
        "debug_info": {"host": "fake-slack", "build_number": 1, "approximate_connection_time": connection_secs},
    });
    let mut up = world.up.subscribe();
    if socket.send(Message::text(hello.to_string())).await.is_ok() {
        world.touch();
        tokio::select! {
            () = converse(world, &mut socket, &mut ordered) => {}
            _ = up.wait_for(|up| !up) => {}
        }
    }
    world.deliveries.remove_socket(id);
}

async fn converse(world: &World, socket: &mut Socket, ordered: &mut mpsc::UnboundedReceiver<Order>) {
    let mut pings = tokio::time::interval_at(Instant::now() + world.options.ping_every, world.options.ping_every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            order = ordered.recv() => match order {
                Some(Order::Send(frame)) => {
                    if socket.send(Message::text(frame)).await.is_err() {
                        return;
                    }
                }
                Some(Order::SendAndClose(frame)) => {
                    let _ = socket.send(Message::text(frame)).await;
                    return goodbye(socket).await;
                }
                Some(Order::Close) => return goodbye(socket).await,
                Some(Order::Drop) => return,
                Some(Order::GoDeaf) => return deaf(ordered).await,
                // The server forgot this socket, as it does when it was told to go.
                None => return,
            },
            frame = socket.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    if let Err(complaint) = acknowledged(world, &text) {
                        world.record.complain(complaint);
                    }
                    world.touch();
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(_))) => world.record.complain("sent a binary frame".into()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            _ = pings.tick() => {
                let nonce = format!("Ping from fake-slack {}", world.stamps.now_secs());
                if socket.send(Message::Ping(nonce.into())).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Holds the connection and does nothing on it, until told to drop it.
async fn deaf(ordered: &mut mpsc::UnboundedReceiver<Order>) {
    while let Some(order) = ordered.recv().await {
        if matches!(order, Order::Drop | Order::Close | Order::SendAndClose(_)) {
            return;
        }
    }
}

/// Sends a close frame and waits a moment for the other side's.
async fn goodbye(socket: &mut Socket) {
    let _ = socket.close(None).await;
    let last = async { while let Some(Ok(_)) = socket.next().await {} };
    let _ = tokio::time::timeout(Duration::from_secs(1), last).await;
}

fn acknowledged(world: &World, text: &str) -> Result<(), String> {
    let frame: Value = serde_json::from_str(text).map_err(|_| "sent a frame that is no JSON".to_string())?;
    let id = frame["envelope_id"].as_str().ok_or("sent a frame without envelope_id")?;
    world.deliveries.acked_envelope(id, frame.get("payload").cloned())
}
