//! Threads that are held up: what was said in them is being looked into, and what comes after it has
//! to wait, so that it keeps its order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use threadline_core::ids::ThreadKey;

/// Which threads are held up, and by which frames.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldUp(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    frames: HashMap<String, Held>,
    /// How many frames hold each thread up.
    threads: HashMap<ThreadKey, usize>,
}

/// A frame that holds its thread up.
#[derive(Debug)]
struct Held {
    thread: ThreadKey,
    /// How often it has come and is being kept right now: Slack may send it again meanwhile.
    arriving: usize,
    /// True while it waits to be understood.
    waits: bool,
    /// True when it was read before it was heard that it is kept: whoever fetches what was kept can
    /// be quicker.
    read: bool,
}

impl HeldUp {
    /// True when a frame of this thread is on its way to being understood.
    pub fn holds(&self, thread: &ThreadKey) -> bool {
        self.lock().threads.contains_key(thread)
    }

    /// A frame of this thread has come, and is about to be kept.
    pub fn arrives(&self, frame: &str, thread: &ThreadKey) {
        self.lock().held(frame, thread).arriving += 1;
    }

    /// It was kept for the first time, and waits to be understood.
    pub fn is_kept(&self, frame: &str) {
        self.lock().change(frame, |held| {
            held.arriving = held.arriving.saturating_sub(1);
            held.waits = !held.read;
        });
    }

    /// It was not kept, or had been kept before: whoever was first goes on.
    pub fn is_not_kept(&self, frame: &str) {
        self.lock().change(frame, |held| held.arriving = held.arriving.saturating_sub(1));
    }

    /// It was fetched from what was kept, and waits to be understood.
    pub fn waits(&self, frame: &str, thread: &ThreadKey) {
        self.lock().held(frame, thread).waits = true;
    }

    /// What it says was stored.
    pub fn is_read(&self, frame: &str) {
        self.lock().change(frame, |held| (held.waits, held.read) = (false, true));
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn held(&mut self, frame: &str, thread: &ThreadKey) -> &mut Held {
        if !self.frames.contains_key(frame) {
            *self.threads.entry(thread.clone()).or_default() += 1;
        }
        let fresh = || Held { thread: thread.clone(), arriving: 0, waits: false, read: false };
        self.frames.entry(frame.to_string()).or_insert_with(fresh)
    }

    fn change(&mut self, frame: &str, change: impl FnOnce(&mut Held)) {
        let Some(held) = self.frames.get_mut(frame) else { return };
        change(held);
        if held.arriving > 0 || held.waits {
            return;
        }
        let Some(held) = self.frames.remove(frame) else { return };
        if let Some(frames) = self.threads.get_mut(&held.thread) {
            *frames -= 1;
            if *frames == 0 {
                self.threads.remove(&held.thread);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_held_up_until_the_last_of_its_frames_is_read_however_often_each_comes() {
        let (held_up, thread, other) = (HeldUp::default(), ThreadKey("T1".into()), ThreadKey("T2".into()));
        held_up.arrives("first", &thread);
        held_up.is_kept("first");
        held_up.arrives("first", &thread);
        held_up.is_not_kept("first");
        assert!(held_up.holds(&thread), "it came again while it was being looked into");
        held_up.arrives("second", &thread);
        held_up.is_kept("second");
        held_up.is_read("first");
        assert!(held_up.holds(&thread) && !held_up.holds(&other));
        held_up.arrives("second", &thread);
        held_up.is_read("second");
        assert!(held_up.holds(&thread), "it may be a new one: nobody has said yet that it is known");
        held_up.is_not_kept("second");
        assert!(!held_up.holds(&thread));
    }

    #[test]
    fn what_was_read_long_ago_or_cannot_be_kept_holds_nothing_up() {
        let (held_up, thread) = (HeldUp::default(), ThreadKey("T1".into()));
        held_up.arrives("known", &thread);
        held_up.is_not_kept("known");
        held_up.is_read("never heard of");
        assert!(!held_up.holds(&thread));
        held_up.waits("from before the start", &thread);
        assert!(held_up.holds(&thread));
        held_up.is_read("from before the start");
        assert!(!held_up.holds(&thread));
        held_up.arrives("fetched at once", &thread);
        held_up.waits("fetched at once", &thread);
        held_up.is_read("fetched at once");
        held_up.is_kept("fetched at once");
        assert!(!held_up.holds(&thread));
        assert!(held_up.lock().frames.is_empty());
    }
}
