//! Who in this process wants to know what was just committed: the streams of customers' browsers,
//! the workers of the desks, the practice desk's page. What passes here is a hint that makes
//! somebody look sooner; the tables are the truth, and whoever misses a hint reads them.

use futures_util::task::AtomicWaker;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use threadline_core::ids::ConversationId;
use threadline_core::message::Message;
use tokio::sync::{Notify, mpsc};

use crate::store::orders::OrderRow;
use threadline_core::conversation::Thread;

/// Changes that wait for one stream; a stream that falls further behind reads the table.
const EAR_CHANGES_MAX: usize = 64;
/// Parts of the map of streams, each with a lock of its own.
const SHARDS: usize = 32;
/// Departures that wait to be looked at.
const DEPARTURES_MAX: usize = 10_000;
/// Orders that wait in memory for one desk's worker; beyond this it scans the table.
const ORDERS_MAX: usize = 10_000;

/// A change that a customer can see.
#[derive(Debug)]
pub enum Change {
    /// A message, as it stands.
    Message(Box<Shown>),
    /// An agent is writing, or nobody is.
    Typing(Option<String>),
    /// Somebody came or went: the bytes that a stream sends for what customers may expect now, made once.
    Availability(OnceLock<bytes::Bytes>),
    /// It was resolved, opened again or rated: the table says how it stands.
    Standing,
}

/// A message as it stands, and the bytes that a stream sends for it, made once.
#[derive(Debug)]
pub struct Shown {
    /// The message.
    pub message: Message,
    /// Filled by the first stream that sends it.
    pub bytes: OnceLock<bytes::Bytes>,
}

/// What an ear heard.
#[derive(Debug)]
pub enum Heard {
    /// A change.
    Change(Arc<Change>),
    /// Something was missed: read the table.
    Missed,
    /// The process is stopping.
    Ended,
}

/// The streams of customers' browsers, by conversation.
#[derive(Debug, Default)]
pub struct Live {
    shards: [Mutex<HashMap<ConversationId, Vec<Arc<Ear>>>>; SHARDS],
    /// Who wants to know of conversations to which nobody listens any more.
    departures: OnceLock<mpsc::Sender<ConversationId>>,
}

/// One stream's place to listen. Dropping the [`Listening`] that holds it ends it.
#[derive(Debug, Default)]
struct Ear {
    waiting: Mutex<Waiting>,
    waker: AtomicWaker,
}

#[derive(Debug, Default)]
struct Waiting {
    changes: VecDeque<Arc<Change>>,
    missed: bool,
    ended: bool,
}

/// A stream that listens to one conversation.
#[derive(Debug)]
pub struct Listening {
    live: Arc<Live>,
    conversation: ConversationId,
    ear: Arc<Ear>,
}

impl Ear {
    fn hear(&self, change: &Arc<Change>) {
        let mut waiting = lock(&self.waiting);
        if waiting.changes.len() < EAR_CHANGES_MAX && !waiting.missed {
            waiting.changes.push_back(change.clone());
        } else {
            waiting.changes.clear();
            waiting.missed = true;
        }
        drop(waiting);
        self.waker.wake();
    }
}

impl Live {
    /// Listens to a conversation from now on.
    pub fn listen(self: &Arc<Self>, conversation: ConversationId) -> Listening {
        let ear = Arc::new(Ear::default());
        lock(self.shard(conversation)).entry(conversation).or_default().push(ear.clone());
        Listening { live: self.clone(), conversation, ear }
    }

    /// Hands a change to whoever listens.
    pub fn publish(&self, conversation: ConversationId, change: &Arc<Change>) {
        if let Some(ears) = lock(self.shard(conversation)).get(&conversation) {
            ears.iter().for_each(|ear| ear.hear(change));
        }
    }

    /// Hands a change to everybody who listens, whatever the conversation.
    pub fn publish_to_all(&self, change: &Arc<Change>) {
        for shard in &self.shards {
            lock(shard).values().flatten().for_each(|ear| ear.hear(change));
        }
    }

    /// The conversations to which, from now on, nobody listens any more. Asked for once.
    pub fn departures(&self) -> mpsc::Receiver<ConversationId> {
        let (departures, of_whom) = mpsc::channel(DEPARTURES_MAX);
        let _ = self.departures.set(departures);
        of_whom
    }

    /// True while somebody listens to a conversation here.
    pub fn is_heard(&self, conversation: ConversationId) -> bool {
        lock(self.shard(conversation)).contains_key(&conversation)
    }

    /// Tells whoever listens to read the table: another process wrote.
    pub fn poke(&self, conversation: ConversationId) {
        if let Some(ears) = lock(self.shard(conversation)).get(&conversation) {
            for ear in ears {
                lock(&ear.waiting).missed = true;
                ear.waker.wake();
            }
        }
    }

    /// Tells everybody to read the table: hints of other processes may have been lost.
    pub fn poke_all(&self) {
        for shard in &self.shards {
            for ear in lock(shard).values().flatten() {
                lock(&ear.waiting).missed = true;
                ear.waker.wake();
            }
        }
    }

    /// Ends every stream: browsers come back, to this process's successor.
    pub fn end_all(&self) {
        for shard in &self.shards {
            for ear in lock(shard).values().flatten() {
                lock(&ear.waiting).ended = true;
                ear.waker.wake();
            }
        }
    }

    fn shard(&self, conversation: ConversationId) -> &Mutex<HashMap<ConversationId, Vec<Arc<Ear>>>> {
        // The low bits of an id are random.
        &self.shards[conversation.0 as usize % SHARDS]
    }
}

impl Listening {
    /// What was heard next.
    pub fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<Heard> {
        self.ear.waker.register(cx.waker());
        let mut waiting = lock(&self.ear.waiting);
        if waiting.ended {
            return Poll::Ready(Heard::Ended);
        }
        if std::mem::take(&mut waiting.missed) {
            waiting.changes = VecDeque::new();
            return Poll::Ready(Heard::Missed);
        }
        match waiting.changes.pop_front() {
            Some(change) => {
                if waiting.changes.is_empty() {
                    // An idle stream keeps no buffer: there may be thousands.
                    waiting.changes = VecDeque::new();
                }
                Poll::Ready(Heard::Change(change))
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut shard = lock(self.live.shard(self.conversation));
        if let Some(ears) = shard.get_mut(&self.conversation) {
            ears.retain(|ear| !Arc::ptr_eq(ear, &self.ear));
            if ears.is_empty() {
                shard.remove(&self.conversation);
                if let Some(departures) = self.live.departures.get() {
                    // More than anybody looks at; they are noticed by their patience.
                    let _ = departures.try_send(self.conversation);
                }
            }
        }
    }
}

/// An order that was just stored, with what its worker needs to carry it out at once.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The order.
    pub order: OrderRow,
    /// The conversation's thread at the commit.
    pub thread: Thread,
    /// For a message to be posted: the message.
    pub message: Option<Message>,
    /// For a customer's message: his name.
    pub customer: Option<String>,
}

/// What waits in memory for one desk's worker.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<Rung>,
    notify: Notify,
}

/// What a bell was rung for.
#[derive(Debug, Default)]
pub struct Rung {
    /// Orders that were stored.
    pub placed: Vec<Placed>,
    /// True when there may be more in the table.
    pub scan: bool,
}

impl Bell {
    /// Hands over an order that was just stored.
    pub fn ring(&self, placed: Placed) {
        let mut rung = lock(&self.rung);
        if rung.placed.len() < ORDERS_MAX {
            rung.placed.push(placed);
        } else {
            rung.scan = true;
        }
        drop(rung);
        self.notify.notify_one();
    }

    /// Asks for a look at the table.
    pub fn ring_for_scan(&self) {
        lock(&self.rung).scan = true;
        self.notify.notify_one();
    }

    /// Waits until it is rung.
    pub async fn rung(&self) -> Rung {
        loop {
            let rung = std::mem::take(&mut *lock(&self.rung));
            if rung.scan || !rung.placed.is_empty() {
                return rung;
            }
            self.notify.notified().await;
        }
    }
}

/// The lock, also after a panic elsewhere: what is behind these locks is never half changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
