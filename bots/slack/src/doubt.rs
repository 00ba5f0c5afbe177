//! What comes too late to be believed. Slack repeats an event that nobody took, after a minute and
//! after five; the message it tells of may have been deleted meanwhile, and that event may be lost.
//! So a thread in which something comes from before the last catch-up began is read once more.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use threadline_core::desk::{DeskAct, DeskEvent};
use threadline_core::ids::{Moment, ThreadKey};
use tokio::sync::{Notify, watch};

/// Threads in doubt at once; with more of them, everything is read.
const THREADS_MAX: usize = 5_000;

/// Threads that have to be read once more.
pub(crate) struct Doubts {
    clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    missed: watch::Sender<u64>,
    state: Mutex<State>,
    bell: Notify,
}

#[derive(Default)]
struct State {
    /// When the last catch-up began.
    since: Option<Moment>,
    /// Since when each thread is in doubt.
    threads: HashMap<ThreadKey, Moment>,
}

/// As much of an event as can be in doubt.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Where it happened.
    pub thread: ThreadKey,
    /// When that version of a message was written; a deletion is never out of date.
    written_at_millis: Option<i64>,
}

impl From<&DeskEvent> for Told {
    fn from(event: &DeskEvent) -> Told {
        let written_at_millis = match &event.act {
            DeskAct::Wrote(message) => Some(message.edited.unwrap_or(message.post.stamp) / 1_000),
            DeskAct::Deleted(_) | DeskAct::Did(_) | DeskAct::Stands(_) | DeskAct::Gone => None,
        };
        Told { thread: event.thread.clone(), written_at_millis }
    }
}

impl Doubts {
    /// No doubts. `missed` is counted up when there are too many.
    pub fn new(clock: Arc<dyn Fn() -> Moment + Send + Sync>, missed: watch::Sender<u64>) -> Doubts {
        Doubts { clock, missed, state: Mutex::default(), bell: Notify::new() }
    }

    /// A catch-up begins: it shows whatever happened before.
    pub fn catching_up(&self, asked_at: Moment) {
        self.lock().since = Some(asked_at);
    }

    /// What these events told was stored.
    pub fn stored(&self, told: impl IntoIterator<Item = Told>) {
        let mut state = self.lock();
        let Some(since) = state.since else { return };
        for told in told.into_iter().filter(|told| told.written_at_millis.is_some_and(|at| at < since.0)) {
            state.threads.insert(told.thread, (self.clock)());
            self.bell.notify_one();
        }
        if state.threads.len() > THREADS_MAX {
            state.threads.clear();
            self.missed.send_modify(|count| *count += 1);
        }
    }

    /// Waits until there are threads in doubt.
    pub async fn arise(&self) {
        while self.lock().threads.is_empty() {
            self.bell.notified().await;
        }
    }

    /// The threads in doubt.
    pub fn threads(&self) -> Vec<ThreadKey> {
        self.lock().threads.keys().cloned().collect()
    }

    /// Of the threads in doubt, keeps those that are still open.
    pub fn retain(&self, open: impl Fn(&ThreadKey) -> bool) {
        self.lock().threads.retain(|thread, _| open(thread));
    }

    /// The thread was read as it stood at that moment or later.
    pub fn read(&self, thread: &ThreadKey, asked_at: Moment) {
        let mut state = self.lock();
        if state.threads.get(thread).is_some_and(|since| *since < asked_at) {
            state.threads.remove(thread);
        }
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Doubts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doubts").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};
    use threadline_core::body::Body;
    use threadline_core::desk::{Author, DeskMessage, Post, Stranger, StrangerKind};
    use threadline_core::ids::PostKey;

    fn told(thread: &str, millis: i64) -> Told {
        let author = Author::Stranger(Stranger { person: None, why: StrangerKind::Bot });
        let post = Post { key: PostKey("p".into()), stamp: millis * 1_000 };
        let message = DeskMessage {
            post,
            author,
            body: Body::default(),
            files: Vec::new(),
            edited: None,
            to_us: false,
            named: None,
        };
        Told::from(&DeskEvent { thread: ThreadKey(thread.into()), is_ours: true, act: DeskAct::Wrote(message) })
    }

    #[tokio::test]
    async fn only_what_is_older_than_the_last_catch_up_is_in_doubt_until_it_is_read_again() {
        let now = Arc::new(AtomicI64::new(5_000));
        let clock = now.clone();
        let (missed, _gaps) = watch::channel(0);
        let doubts = Doubts::new(Arc::new(move || Moment(clock.load(Ordering::SeqCst))), missed);
        doubts.stored([told("t1", 1)]);
        assert_eq!(doubts.threads(), [], "nothing was read yet: the first catch-up will");
        doubts.catching_up(Moment(5_000));
        now.store(6_000, Ordering::SeqCst);
        doubts.stored([told("t1", 4_999), told("t2", 5_000)]);
        doubts.arise().await;
        let t1 = ThreadKey("t1".into());
        assert_eq!(doubts.threads(), std::slice::from_ref(&t1));
        doubts.read(&t1, Moment(6_000));
        assert_eq!(doubts.threads(), std::slice::from_ref(&t1), "read while it was being stored");
        doubts.read(&t1, Moment(6_001));
        assert_eq!(doubts.threads(), []);
    }

    #[test]
    fn with_too_many_doubts_everything_is_read() {
        let (missed, gaps) = watch::channel(0);
        let doubts = Doubts::new(Arc::new(|| Moment(1)), missed);
        doubts.catching_up(Moment(5_000));
        doubts.stored((0..=THREADS_MAX).map(|n| told(&n.to_string(), 0)));
        assert_eq!((doubts.threads(), *gaps.borrow()), (vec![], 1));
    }
}
