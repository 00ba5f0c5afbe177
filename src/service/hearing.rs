//! What may not have been heard: while nobody listens to a platform, an agent may edit or delete a
//! reply that is held. So a reply that was stored before such a gap is let go only when its thread
//! was read after it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use threadline_core::ids::{ConversationId, Moment, ThreadKey};

/// Readings remembered; those of long ago matter to no reply that is held.
const READINGS_MAX: usize = 10_000;
/// A reading waits so long after it began, so that what was announced is listed: it may have begun
/// a little before it was known that everything is heard again.
const SETTLED_MILLIS: i64 = 1_000;

/// What is heard of each platform.
#[derive(Debug, Default)]
pub struct Hearing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    platforms: HashMap<&'static str, Platform>,
    readings: HashMap<ConversationId, Moment>,
}

#[derive(Debug, Default)]
struct Platform {
    /// Everything since then was heard.
    since: Option<Moment>,
    /// Connections that are listened to, where there are connections.
    connections: Option<Arc<AtomicUsize>>,
}

impl Hearing {
    /// The platform is listened to over these connections: when there are none, nothing is heard.
    pub fn listens(&self, platform: &'static str, connections: Option<Arc<AtomicUsize>>) {
        self.lock().platforms.insert(platform, Platform { since: None, connections });
    }

    /// From now on everything is heard; something before may not have been.
    pub fn heard_again(&self, platform: &'static str, now: Moment) {
        self.lock().platforms.entry(platform).or_default().since = Some(now);
    }

    /// The clock was set back by so much: all that was known to be before or after goes with it.
    pub fn set_back(&self, millis: i64) {
        let mut state = self.lock();
        let State { platforms, readings } = &mut *state;
        let since = platforms.values_mut().filter_map(|platform| platform.since.as_mut());
        since.chain(readings.values_mut()).for_each(|at| *at = at.plus_millis(-millis));
    }

    /// A thread was read, from this moment on.
    pub fn read(&self, conversation: ConversationId, asked_at: Moment) {
        let readings = &mut self.lock().readings;
        if readings.len() >= READINGS_MAX {
            readings.clear();
        }
        readings.insert(conversation, asked_at);
    }

    /// How many connections are open, where there are connections.
    pub fn connections(&self, platform: &str) -> Option<usize> {
        let state = self.lock();
        state.platforms.get(platform)?.connections.as_ref().map(|open| open.load(Ordering::SeqCst))
    }

    /// True when nothing that was done in the thread since `at` can have been missed.
    pub fn is_sure(&self, thread: &ThreadKey, conversation: ConversationId, at: Moment) -> bool {
        let state = self.lock();
        let name = thread.0.split('/').next().unwrap_or_default();
        // A platform that is not listened to is this process's own.
        let Some(platform) = state.platforms.get(name) else { return true };
        if platform.connections.as_ref().is_some_and(|open| open.load(Ordering::SeqCst) == 0) {
            return false;
        }
        let Some(since) = platform.since else { return false };
        let read = state.readings.get(&conversation);
        at >= since || read.is_some_and(|asked_at| asked_at.plus_millis(SETTLED_MILLIS) >= since)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_a_gap_is_unsure_until_its_thread_is_read() {
        let (hearing, ada) = (Hearing::default(), ConversationId(1));
        let thread = ThreadKey("slack/T/C/1.0".into());
        let sure = |at| hearing.is_sure(&thread, ada, Moment(at));
        assert!(sure(10), "nobody listens to this platform");
        let open = Arc::new(AtomicUsize::new(0));
        hearing.listens("slack", Some(open.clone()));
        assert!(!sure(10));
        open.store(1, Ordering::SeqCst);
        hearing.heard_again("slack", Moment(20_000));
        assert!(!sure(10_000) && sure(20_000));
        hearing.read(ada, Moment(18_000));
        assert!(!sure(10_000), "read before the gap ended");
        hearing.read(ada, Moment(20_000));
        assert!(sure(10_000));
        hearing.set_back(15_000);
        assert!(!hearing.is_sure(&thread, ConversationId(2), Moment(4_999)));
        assert!(hearing.is_sure(&thread, ConversationId(2), Moment(5_000)));
        open.store(0, Ordering::SeqCst);
        assert!(!sure(30_000), "in a gap");
        assert!(hearing.is_sure(&ThreadKey("practice/cnv".into()), ada, Moment(1)));
    }
}
