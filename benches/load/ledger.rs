//! What has arrived on the other side, in one direction: counted, timed, and told to whoever waits
//! for it. A message that comes twice or out of its order is not counted but held against the
//! server: a rate that is reached by losing or doubling messages is none.

use crate::stamp::{Stamp, nanos_since};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long a message may take to arrive before it counts as lost.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(20);

/// One direction.
#[derive(Debug)]
pub struct Ledger {
    start: Instant,
    slots: Vec<Slot>,
    arrived: AtomicU64,
    wrong: AtomicU64,
    timed: AtomicBool,
    micros: Mutex<Vec<u32>>,
}

/// One customer's line.
#[derive(Debug, Default)]
struct Slot {
    last: AtomicU32,
    came: Notify,
}

/// A message did not arrive in time.
#[derive(Clone, Copy, Debug)]
pub struct Lost;

impl Ledger {
    /// A ledger for so many customers; `start` is what stamps count from.
    pub fn new(start: Instant, customers: usize) -> Ledger {
        Ledger {
            start,
            slots: (0..customers).map(|_| Slot::default()).collect(),
            arrived: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
            timed: AtomicBool::new(false),
            micros: Mutex::default(),
        }
    }

    /// Notes an arrival.
    pub fn arrive(&self, stamp: Stamp) {
        let Some(slot) = self.slots.get(stamp.customer as usize) else { return };
        if slot.last.compare_exchange(stamp.number - 1, stamp.number, Ordering::AcqRel, Ordering::Acquire).is_err() {
            self.wrong.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.arrived.fetch_add(1, Ordering::Relaxed);
        slot.came.notify_one();
        if self.timed.load(Ordering::Relaxed) {
            let micros = nanos_since(self.start).saturating_sub(stamp.sent_nanos) / 1_000;
            let mut all = self.micros.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
    }

    /// The number of the customer's last message that arrived.
    pub fn last(&self, customer: usize) -> u32 {
        self.slots[customer].last.load(Ordering::Acquire)
    }

    /// Waits until the customer's message of that number is there.
    pub async fn until(&self, customer: usize, number: u32) -> Result<(), Lost> {
        let slot = &self.slots[customer];
        let arrival = async {
            while slot.last.load(Ordering::Acquire) < number {
                slot.came.notified().await;
            }
        };
        tokio::time::timeout(ARRIVAL_TIMEOUT, arrival).await.map_err(|_| Lost)
    }

    /// How many have arrived, each once and in order.
    pub fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    /// How many came twice or out of order.
    pub fn wrong(&self) -> u64 {
        self.wrong.load(Ordering::Relaxed)
    }

    /// Begins to note how long messages take, anew.
    pub fn time(&self) {
        self.micros.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.timed.store(true, Ordering::Relaxed);
    }

    /// Ends noting; the times in microseconds, sorted.
    pub fn times(&self) -> Vec<u32> {
        self.timed.store(false, Ordering::Relaxed);
        let mut all = std::mem::take(&mut *self.micros.lock().unwrap_or_else(PoisonError::into_inner));
        all.sort_unstable();
        all
    }
}

/// The value below which so many in a hundred lie; of sorted values.
pub fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((sorted.len() * percent / 100).min(last)).copied().map_or(f64::NAN, f64::from)
}
