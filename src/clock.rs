//! The only source of time, ids and randomness, so that a test can know all three. Everything that
//! needs one of them is given a [`Clock`] or an [`Ids`]; nothing else in the service asks the
//! system, and `clippy.toml` says so.

use sha2::{Digest, Sha256};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use threadline_core::ids::Moment;
use tokio::sync::watch;

/// The longest sleep before the wall clock is asked again: it can be set while we sleep.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// What time it is.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's wall clock.
    Real,
    /// A clock that stands still until its [`Hand`] is moved.
    ByHand(watch::Receiver<Moment>),
}

/// Moves a [`Clock::ByHand`] and all its clones.
#[derive(Clone, Debug)]
pub struct Hand(watch::Sender<Moment>);

/// The time for waits that are kept in memory: it goes on where the clock is set back, so that what
/// was to be done in a second is not done in an hour and a second.
#[derive(Debug)]
pub struct Steady {
    clock: Clock,
    /// What the clock showed last.
    shown: Moment,
    /// How much the clock was set back so far.
    set_back_millis: i64,
}

/// Where ids and random bytes come from.
#[derive(Clone, Debug)]
pub enum Ids {
    /// UUID version 7, each larger than the one before it in this process; bytes of the system.
    Real,
    /// 1, 2, 3 … above a start; bytes made of the same numbers, so nothing secret.
    Counted(Arc<AtomicU64>),
}

impl Clock {
    /// A clock that shows `start` until its hand is moved.
    pub fn by_hand(start: Moment) -> (Clock, Hand) {
        let (hand, clock) = watch::channel(start);
        (Clock::ByHand(clock), Hand(hand))
    }

    /// The time now.
    pub fn now(&self) -> Moment {
        match self {
            Clock::Real => wall_clock(),
            Clock::ByHand(shown) => *shown.borrow(),
        }
    }

    /// Waits until the clock shows `due` or later, or was set back: then it may be long until it does,
    /// and whoever waits has to think again. A clock by hand whose hand is gone never gets there.
    pub async fn sleep_until(&self, due: Moment) {
        let mut before = self.now();
        match self {
            Clock::Real => loop {
                let now = wall_clock();
                let left = due.millis_since(now).unsigned_abs();
                if left == 0 || now < before {
                    return;
                }
                before = now;
                tokio::time::sleep(Duration::from_millis(left).min(LOOK_AGAIN)).await;
            },
            Clock::ByHand(shown) => {
                if shown.clone().wait_for(|now| *now >= due || *now < before).await.is_err() {
                    std::future::pending().await
                }
            }
        }
    }
}

impl Steady {
    /// Goes with this clock.
    pub fn of(clock: Clock) -> Steady {
        Steady { shown: clock.now(), clock, set_back_millis: 0 }
    }

    /// The time now.
    pub fn now(&mut self) -> Moment {
        let now = self.clock.now();
        self.set_back_millis += self.shown.millis_since(now);
        self.shown = now;
        self.at(now)
    }

    /// The time when the clock showed this, after it was last set back.
    pub fn at(&self, shown: Moment) -> Moment {
        shown.plus_millis(self.set_back_millis)
    }

    /// What the clock shows at this time, unless it is set until then.
    pub fn shown_at(&self, time: Moment) -> Moment {
        time.plus_millis(-self.set_back_millis)
    }
}

impl Hand {
    /// Moves the clock forward by `millis` milliseconds.
    pub fn advance(&self, millis: i64) {
        self.0.send_modify(|now| *now = now.plus_millis(millis));
    }

    /// Sets the clock, backward too, as an operator may.
    pub fn set(&self, now: Moment) {
        self.0.send_replace(now);
    }
}

impl Ids {
    /// Ids that a test can know: `start + 1`, `start + 2` …
    pub fn counted(start: u64) -> Ids {
        Ids::Counted(Arc::new(AtomicU64::new(start)))
    }

    /// A number that was never given before.
    #[expect(clippy::disallowed_methods, reason = "the one place where ids are made")]
    pub fn fresh(&self) -> u128 {
        match self {
            Ids::Real => uuid::Uuid::now_v7().as_u128(),
            Ids::Counted(last) => u128::from(next(last)),
        }
    }

    /// `N` bytes that nobody can guess, for a token.
    ///
    /// # Errors
    ///
    /// When the system has no randomness to give. There is no other source to fall back on.
    pub fn secret_bytes<const N: usize>(&self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        match self {
            Ids::Real => getrandom::fill(&mut bytes).map_err(io::Error::other)?,
            Ids::Counted(last) => {
                for chunk in bytes.chunks_mut(32) {
                    let digest = Sha256::digest(next(last).to_be_bytes());
                    chunk.copy_from_slice(&digest[..chunk.len()]);
                }
            }
        }
        Ok(bytes)
    }
}

fn next(last: &AtomicU64) -> u64 {
    last.fetch_add(1, Ordering::Relaxed) + 1
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn wall_clock() -> Moment {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_clock_shows_this_century() {
        let year_2025 = Moment(1_735_689_600_000);
        assert!(Clock::Real.now() > year_2025);
    }

    #[tokio::test]
    async fn a_clock_by_hand_wakes_its_sleepers_when_it_is_moved_far_enough() {
        let (clock, hand) = Clock::by_hand(Moment(1_000));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(Moment(1_500)).await }
        });
        hand.advance(499);
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        hand.advance(1);
        sleeper.await.unwrap();
        assert_eq!(clock.now(), Moment(1_500));
        hand.set(Moment(7));
        assert_eq!(clock.now(), Moment(7));
    }

    #[tokio::test]
    async fn who_sleeps_thinks_again_when_the_clock_is_set_back() {
        let (clock, hand) = Clock::by_hand(Moment(1_000_000));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(Moment(1_000_500)).await }
        });
        tokio::task::yield_now().await;
        hand.set(Moment(7));
        sleeper.await.unwrap();
    }

    #[test]
    fn what_is_steady_goes_on_when_the_clock_is_set_back() {
        let (clock, hand) = Clock::by_hand(Moment(1_000_000));
        let mut steady = Steady::of(clock);
        hand.advance(500);
        assert_eq!(steady.now(), Moment(1_000_500));
        hand.set(Moment(7));
        assert_eq!(steady.now(), Moment(1_000_500));
        hand.advance(100);
        assert_eq!((steady.now(), steady.at(Moment(7))), (Moment(1_000_600), Moment(1_000_500)));
        assert_eq!(steady.shown_at(Moment(1_000_800)), Moment(307));
        hand.set(Moment(2_000_000));
        assert_eq!(steady.now(), Moment(3_000_493), "set forward, it goes along");
    }

    #[tokio::test]
    async fn what_is_due_already_is_not_waited_for() {
        let (clock, _hand) = Clock::by_hand(Moment(1_000));
        clock.sleep_until(Moment(1_000)).await;
        Clock::Real.sleep_until(Moment(1_000)).await;
    }

    #[test]
    fn real_ids_only_grow() {
        let ids: Vec<u128> = (0..10_000).map(|_| Ids::Real.fresh()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn counted_ids_are_shared_by_clones() {
        let ids = Ids::counted(100);
        assert_eq!((ids.fresh(), ids.clone().fresh(), ids.fresh()), (101, 102, 103));
    }

    #[test]
    fn secret_bytes_differ_each_time() {
        for ids in [Ids::Real, Ids::counted(0)] {
            let (one, two) = (ids.secret_bytes::<40>().unwrap(), ids.secret_bytes::<40>().unwrap());
            assert_ne!(one, two);
            assert_ne!(one[..32], [0; 32]);
            assert_ne!(one[32..], [0; 8]);
        }
        assert_eq!(Ids::counted(5).secret_bytes::<16>().unwrap(), Ids::counted(5).secret_bytes::<16>().unwrap());
    }
}
