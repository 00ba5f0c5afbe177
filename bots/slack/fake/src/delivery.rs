//! Bringing events to the app, over sockets or by HTTP: each payload to one live socket, an
//! acknowledgement in time or a retry by the schedule, and the faults on the way.

use crate::faults::EventFault;
use crate::record::Stats;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

/// Sockets an app may have open (Slack, "Using Socket Mode").
pub(crate) const SOCKETS_MAX: usize = 10;
/// Events waiting for an acknowledgement or a retry; what comes beyond is lost.
const WAITING_MAX: usize = 200_000;
/// How long a swapped event waits for one to follow before it goes alone.
const SWAP_PATIENCE: Duration = Duration::from_secs(1);

/// What a socket is told to do.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// Send this frame.
    Send(String),
    /// Send this last frame, say goodbye and close.
    SendAndClose(String),
    /// Send a close frame.
    Close,
    /// Drop the connection without a word.
    Drop,
    /// Stay open, but send and read nothing any more.
    GoDeaf,
}

/// A delivery by HTTP that is to be made.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) url: String,
    pub(crate) number: u64,
    pub(crate) attempt: usize,
    pub(crate) reason: &'static str,
    /// `events_api`, `interactive` or `slash_commands`: each travels in a form of its own.
    pub(crate) kind: &'static str,
    pub(crate) body: Arc<str>,
}

/// All deliveries.
#[derive(Debug)]
pub(crate) struct Deliveries {
    ack_timeout: Duration,
    retry_after: Vec<Duration>,
    jobs: mpsc::UnboundedSender<Job>,
    event_number: AtomicU64,
    desk: Mutex<Desk>,
    /// The next interaction is sent twice.
    double_next: AtomicBool,
    sooner: Notify,
}

#[derive(Debug, Default)]
struct Desk {
    /// Where events go by HTTP; none while Socket Mode is on.
    http_url: Option<String>,
    /// Where interactions and commands go meanwhile.
    hand_urls: Option<(String, String)>,
    next_number: u64,
    next_socket: u64,
    parcels: HashMap<u64, Parcel>,
    /// What is to be looked at and when: number of the parcel and its age at that time.
    due: BinaryHeap<Reverse<(Instant, u64, u32)>>,
    sockets: Vec<(u64, mpsc::UnboundedSender<Order>)>,
    turn: usize,
    swapped: Option<u64>,
    stats: Stats,
}

/// Something on its way.
#[derive(Debug)]
struct Parcel {
    kind: &'static str,
    body: Arc<str>,
    /// 0 for the first delivery.
    attempt: usize,
    reason: &'static str,
    /// When it was last handed over, while the acknowledgement is awaited.
    sent_at: Option<Instant>,
    /// Grows with every change, so that what was due before is seen to be stale.
    age: u32,
    /// Who waits for the answer that comes with the acknowledgement.
    answer: Option<oneshot::Sender<Value>>,
}

impl Deliveries {
    pub(crate) fn new(ack_timeout: Duration, retry_after: Vec<Duration>) -> (Deliveries, mpsc::UnboundedReceiver<Job>) {
        let (jobs, receiver) = mpsc::unbounded_channel();
        let deliveries = Deliveries {
            ack_timeout,
            retry_after,
            jobs,
            event_number: AtomicU64::new(1),
            desk: Mutex::default(),
            double_next: AtomicBool::new(false),
            sooner: Notify::new(),
        };
        (deliveries, receiver)
    }

    /// A number for an event's id.
    pub(crate) fn next_event_number(&self) -> u64 {
        self.event_number.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends an event on its way.
    pub(crate) fn event(&self, body: String, fault: Option<EventFault>) {
        let mut desk = self.desk();
        desk.stats.events += 1;
        if fault == Some(EventFault::Lose) || desk.parcels.len() >= WAITING_MAX {
            desk.stats.events_lost += 1;
            return;
        }
        let number = desk.take_in("events_api", body.into(), None);
        match fault {
            None | Some(EventFault::Lose) => self.send(&mut desk, number),
            Some(EventFault::Duplicate) => {
                self.send(&mut desk, number);
                self.send(&mut desk, number);
            }
            Some(EventFault::Delay(by)) => self.schedule(&mut desk, number, by),
            Some(EventFault::Swap) => {
                if let Some(earlier) = desk.swapped.replace(number) {
                    self.send(&mut desk, earlier);
                }
                self.schedule(&mut desk, number, SWAP_PATIENCE);
                return;
            }
        }
        if let Some(held) = desk.swapped.take() {
            self.send(&mut desk, held);
        }
    }

    /// Sends a slash command or an interaction: once, and its answer comes back.
    pub(crate) fn interaction(&self, kind: &'static str, body: String) -> oneshot::Receiver<Value> {
        let (answer, receiver) = oneshot::channel();
        let mut desk = self.desk();
        let number = desk.take_in(kind, body.into(), Some(answer));
        self.send(&mut desk, number);
        if self.double_next.swap(false, Ordering::Relaxed) {
            self.send(&mut desk, number);
        }
        receiver
    }

    /// Sends the next interaction twice.
    pub(crate) fn double_next_interaction(&self) {
        self.double_next.store(true, Ordering::Relaxed);
    }

    /// The app acknowledged an envelope, perhaps with a payload; what it did wrong, if anything.
    pub(crate) fn acked_envelope(&self, envelope_id: &str, payload: Option<Value>) -> Result<(), String> {
        let mut desk = self.desk();
        let number = envelope_number(envelope_id).filter(|number| *number < desk.next_number);
        let Some(number) = number else {
            return Err(format!("acknowledged an envelope that never was: {envelope_id}"));
        };
        let is_event = desk.parcels.get(&number).is_some_and(|parcel| parcel.kind == "events_api");
        let result = match &payload {
            Some(payload) if is_event && payload.as_object().is_none_or(|map| !map.is_empty()) => {
                Err(format!("acknowledged {envelope_id} with a payload, which it does not accept"))
            }
            _ => Ok(()),
        };
        desk.acked(number, payload);
        result
    }

    /// A delivery by HTTP came to this end.
    pub(crate) fn delivered_by_http(&self, number: u64, outcome: Result<Value, HttpFailure>) {
        let mut desk = self.desk();
        match outcome {
            Ok(answer) => desk.acked(number, Some(answer)),
            Err(HttpFailure { no_retry: true, .. }) => desk.lose(number),
            Err(HttpFailure { reason, .. }) => self.failed(&mut desk, number, reason),
        }
    }

    /// Does what is due and says when to look again.
    pub(crate) fn tick(&self) -> Option<Instant> {
        let mut desk = self.desk();
        let now = Instant::now();
        while let Some(Reverse((at, number, age))) = desk.due.peek().copied() {
            if at > now {
                return Some(at);
            }
            desk.due.pop();
            match desk.parcels.get(&number) {
                Some(parcel) if parcel.age != age => {}
                Some(parcel) if parcel.sent_at.is_some() => self.failed(&mut desk, number, "timeout"),
                Some(_) => self.send(&mut desk, number),
                None => {}
            }
        }
        None
    }

    /// Ends when something may be due sooner than [`Deliveries::tick`] said.
    pub(crate) async fn sooner(&self) {
        self.sooner.notified().await;
    }

    /// A socket was opened; `None` if there are too many. Gives its number and how many there are.
    pub(crate) fn add_socket(&self, orders: mpsc::UnboundedSender<Order>) -> Option<(u64, usize)> {
        let mut desk = self.desk();
        if desk.sockets.len() >= SOCKETS_MAX {
            return None;
        }
        desk.next_socket += 1;
        desk.stats.sockets_opened += 1;
        let id = desk.next_socket;
        desk.sockets.push((id, orders));
        Some((id, desk.sockets.len()))
    }

    /// A socket is gone.
    pub(crate) fn remove_socket(&self, id: u64) {
        self.desk().sockets.retain(|(there, _)| *there != id);
    }

    /// Tells every socket to do something; says how many there were. Sockets that go are no longer
    /// counted as live from this moment.
    pub(crate) fn order_all(&self, order: Order) -> usize {
        let mut desk = self.desk();
        let count = desk.sockets.iter().filter(|(_, socket)| socket.send(order.clone()).is_ok()).count();
        if matches!(order, Order::Close | Order::Drop | Order::SendAndClose(_)) {
            desk.sockets.clear();
        }
        count
    }

    /// Cuts off the socket that was opened first.
    pub(crate) fn drop_one(&self) -> bool {
        let mut desk = self.desk();
        if desk.sockets.is_empty() {
            return false;
        }
        let (_, socket) = desk.sockets.remove(0);
        socket.send(Order::Drop).is_ok()
    }

    /// Events go to this URL from now on, or over sockets again.
    pub(crate) fn set_http_url(&self, url: Option<String>) {
        self.desk().http_url = url;
    }

    /// Interactions and commands go to these URLs while events go by HTTP.
    pub(crate) fn set_hand_urls(&self, interactions: String, commands: String) {
        self.desk().hand_urls = Some((interactions, commands));
    }

    /// True while events go by HTTP.
    pub(crate) fn is_http(&self) -> bool {
        self.desk().http_url.is_some()
    }

    pub(crate) fn live_sockets(&self) -> usize {
        self.desk().sockets.len()
    }

    /// Events and interactions that are neither acknowledged nor given up.
    pub(crate) fn waiting(&self) -> usize {
        self.desk().parcels.len()
    }

    /// Adds the numbers kept here.
    pub(crate) fn add_stats(&self, stats: &mut Stats) {
        let desk = self.desk();
        stats.sockets_live = desk.sockets.len() as u64;
        let Stats {
            sockets_opened,
            events,
            events_sent,
            events_acked,
            events_retried,
            events_lost,
            interactions_acked,
            interactions_late,
            slowest_ack,
            ..
        } = desk.stats;
        (stats.sockets_opened, stats.events, stats.events_sent) = (sockets_opened, events, events_sent);
        (stats.events_acked, stats.events_retried, stats.events_lost) = (events_acked, events_retried, events_lost);
        (stats.interactions_acked, stats.interactions_late) = (interactions_acked, interactions_late);
        stats.slowest_ack = slowest_ack;
    }

    /// Hands a parcel over to one live socket or to HTTP; without either it counts as failed.
    fn send(&self, desk: &mut Desk, number: u64) {
        let now = Instant::now();
        let Some(parcel) = desk.parcels.get_mut(&number) else {
            return;
        };
        parcel.age += 1;
        parcel.sent_at = Some(now);
        if parcel.kind == "events_api" {
            desk.stats.events_sent += 1;
            desk.stats.events_retried += u64::from(parcel.attempt > 0);
        }
        if let Some(events_url) = &desk.http_url {
            let url = match parcel.kind {
                "interactive" => desk.hand_urls.as_ref().map(|(interactions, _)| interactions),
                "slash_commands" => desk.hand_urls.as_ref().map(|(_, commands)| commands),
                _ => Some(events_url),
            };
            let Some(url) = url.cloned() else { return desk.lose(number) };
            let (attempt, reason, kind, body) = (parcel.attempt, parcel.reason, parcel.kind, parcel.body.clone());
            // The receiver lives as long as the server; after it nobody waits for events.
            let _ = self.jobs.send(Job { url, number, attempt, reason, kind, body });
            return;
        }
        let frame = parcel.frame(number);
        let age = parcel.age;
        while !desk.sockets.is_empty() {
            desk.turn = (desk.turn + 1) % desk.sockets.len();
            let (_, socket) = &desk.sockets[desk.turn];
            if socket.send(Order::Send(frame.clone())).is_ok() {
                self.due(desk, number, age, now + self.ack_timeout);
                return;
            }
            desk.sockets.remove(desk.turn);
        }
        self.failed(desk, number, "timeout");
    }

    /// Puts a parcel aside for the next retry, or gives it up.
    fn failed(&self, desk: &mut Desk, number: u64, reason: &'static str) {
        let Some(parcel) = desk.parcels.get_mut(&number) else {
            return;
        };
        let wait = self.retry_after.get(parcel.attempt).filter(|_| parcel.kind == "events_api");
        match wait {
            Some(wait) => {
                parcel.attempt += 1;
                parcel.reason = reason;
                self.schedule(desk, number, *wait);
            }
            None => desk.lose(number),
        }
    }

    fn schedule(&self, desk: &mut Desk, number: u64, wait: Duration) {
        if let Some(parcel) = desk.parcels.get_mut(&number) {
            parcel.age += 1;
            parcel.sent_at = None;
            let age = parcel.age;
            self.due(desk, number, age, Instant::now() + wait);
        }
    }

    fn due(&self, desk: &mut Desk, number: u64, age: u32, at: Instant) {
        let is_first = desk.due.peek().is_none_or(|Reverse((first, ..))| at < *first);
        desk.due.push(Reverse((at, number, age)));
        if is_first {
            self.sooner.notify_one();
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a delivery by HTTP failed.
#[derive(Debug)]
pub(crate) struct HttpFailure {
    /// What the next attempt says in `x-slack-retry-reason`.
    pub(crate) reason: &'static str,
    /// The app asked not to be tried again.
    pub(crate) no_retry: bool,
}

impl Desk {
    fn take_in(&mut self, kind: &'static str, body: Arc<str>, answer: Option<oneshot::Sender<Value>>) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.parcels.insert(number, Parcel { kind, body, attempt: 0, reason: "", sent_at: None, age: 0, answer });
        number
    }

    fn acked(&mut self, number: u64, answer: Option<Value>) {
        let Some(parcel) = self.parcels.remove(&number) else {
            return;
        };
        if parcel.kind == "events_api" {
            self.stats.events_acked += 1;
        } else {
            self.stats.interactions_acked += 1;
        }
        if let Some(sent_at) = parcel.sent_at {
            self.stats.slowest_ack = self.stats.slowest_ack.max(sent_at.elapsed());
        }
        if let Some(waiting) = parcel.answer {
            // Whoever asked may have gone.
            let _ = waiting.send(answer.unwrap_or(Value::Null));
        }
    }

    fn lose(&mut self, number: u64) {
        match self.parcels.remove(&number) {
            Some(parcel) if parcel.kind == "events_api" => self.stats.events_lost += 1,
            Some(_) => self.stats.interactions_late += 1,
            None => {}
        }
    }
}

impl Parcel {
    /// The envelope around it, for a socket.
    fn frame(&self, number: u64) -> String {
        let id = envelope_id(number, self.attempt);
        let Parcel { kind, body, attempt, reason, .. } = self;
        if *kind == "events_api" {
            format!(
                r#"{{"envelope_id":"{id}","payload":{body},"type":"{kind}","accepts_response_payload":false,"retry_attempt":{attempt},"retry_reason":"{reason}"}}"#
            )
        } else {
            format!(r#"{{"envelope_id":"{id}","payload":{body},"type":"{kind}","accepts_response_payload":true}}"#)
        }
    }
}

/// An id like Slack's, from which the parcel's number can be read again.
fn envelope_id(number: u64, attempt: usize) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:08x}-{:04x}-4{:03x}-8000-{number:012x}", mixed >> 32, attempt, mixed & 0xfff)
}

fn envelope_number(id: &str) -> Option<u64> {
    let (rest, number) = id.rsplit_once('-')?;
    let number = u64::from_str_radix(number, 16).ok()?;
    let attempt = usize::from_str_radix(rest.split('-').nth(1)?, 16).ok()?;
    (envelope_id(number, attempt) == id).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_known_by_its_id() {
        assert_eq!(envelope_number(&envelope_id(77, 2)), Some(77));
        assert_eq!(envelope_number("00000000-0000-4000-8000-00000000004d"), None);
    }

    fn desk() -> (Deliveries, mpsc::UnboundedReceiver<Order>) {
        let (deliveries, _) = Deliveries::new(Duration::from_secs(3), vec![Duration::ZERO, Duration::from_secs(60)]);
        let (socket, orders) = mpsc::unbounded_channel();
        deliveries.add_socket(socket);
        (deliveries, orders)
    }

    /// What was sent since the last look: the payload and the number of the attempt.
    fn sent(orders: &mut mpsc::UnboundedReceiver<Order>) -> Vec<(String, u64)> {
        let mut out = vec![];
        while let Ok(Order::Send(frame)) = orders.try_recv() {
            let frame: Value = serde_json::from_str(&frame).unwrap();
            out.push((frame["payload"].as_str().unwrap().to_string(), frame["retry_attempt"].as_u64().unwrap()));
        }
        out
    }

    fn named(name: &str) -> String {
        format!("\"{name}\"")
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_acknowledged_comes_again_by_the_schedule_and_is_then_lost() {
        let (deliveries, mut orders) = desk();
        deliveries.event(named("a"), None);
        assert_eq!(sent(&mut orders), [("a".into(), 0)]);
        let mut stats = Stats::default();
        for (secs, expected) in [(2, None), (1, Some(1)), (3, None), (59, None), (1, Some(2)), (3, None)] {
            tokio::time::advance(Duration::from_secs(secs)).await;
            deliveries.tick();
            assert_eq!(sent(&mut orders), expected.map(|n| ("a".to_string(), n)).into_iter().collect::<Vec<_>>());
        }
        deliveries.add_stats(&mut stats);
        assert_eq!((stats.events_sent, stats.events_lost, deliveries.waiting()), (3, 1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_socket_an_event_comes_only_as_a_retry() {
        let (deliveries, orders) = desk();
        drop(orders);
        deliveries.event(named("a"), None);
        let (socket, mut orders) = mpsc::unbounded_channel();
        deliveries.tick();
        deliveries.add_socket(socket);
        tokio::time::advance(Duration::from_secs(60)).await;
        deliveries.tick();
        assert_eq!(sent(&mut orders), [("a".into(), 2)]);
    }

    #[tokio::test(start_paused = true)]
    async fn faults_duplicate_delay_swap_and_lose() {
        let (deliveries, mut orders) = desk();
        deliveries.event(named("a"), Some(EventFault::Swap));
        deliveries.event(named("b"), None);
        deliveries.event(named("c"), Some(EventFault::Duplicate));
        deliveries.event(named("d"), Some(EventFault::Delay(Duration::from_secs(1))));
        deliveries.event(named("e"), Some(EventFault::Lose));
        deliveries.event(named("f"), Some(EventFault::Swap));
        let names = |sent: Vec<(String, u64)>| sent.into_iter().map(|(name, _)| name).collect::<String>();
        assert_eq!(names(sent(&mut orders)), "bacc");
        tokio::time::advance(Duration::from_secs(1)).await;
        deliveries.tick();
        assert_eq!(names(sent(&mut orders)), "df");
    }
}
