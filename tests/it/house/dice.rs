//! Chance that comes out the same for the same seed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Dice shared by the tasks of a play (SplitMix64). What is thrown is the same for the same seed;
/// who throws next is up to the scheduler.
#[derive(Clone, Debug)]
pub struct Dice(Arc<Mutex<u64>>);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(Arc::new(Mutex::new(seed)))
    }

    /// A number below `bound`.
    pub fn below(&self, bound: usize) -> usize {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    /// True in so many of a hundred throws.
    pub fn percent(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Waits for up to so many milliseconds.
    pub async fn pause(&self, millis_max: usize) {
        tokio::time::sleep(Duration::from_millis(self.below(millis_max + 1) as u64)).await;
    }
}

/// The seeds of a play, or the one that the environment names, to try again what failed.
pub fn seed(usual: u64) -> u64 {
    let named = std::env::var("THREADLINE_SEED").ok();
    let seed = named.map_or(usual, |seed| seed.parse().expect("THREADLINE_SEED is a number"));
    eprintln!("seed {seed}; to try it again: THREADLINE_SEED={seed}");
    seed
}

/// The seeds of a play that has several: the usual ones, as many as `THREADLINE_SEEDS` says, or the one
/// that the environment names.
pub fn seeds(usual: &[u64]) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|number| number.parse::<u64>().expect(name));
    match (number("THREADLINE_SEED"), number("THREADLINE_SEEDS")) {
        (Some(seed), _) => vec![seed],
        (None, Some(seeds)) => (1..=seeds).collect(),
        (None, None) => usual.to_vec(),
    }
}
