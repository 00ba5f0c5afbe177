//! Slack's `ts`: the time a message was written and, within its channel, its name. Made here,
//! strictly increasing over the whole workspace, from a clock that a test may replace.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds in a second: a `ts` shows them behind its dot.
pub const MICROS_PER_SEC: u64 = 1_000_000;

/// A message's `ts`, in microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ts(pub u64);

impl Ts {
    /// A `ts` as Slack writes it: `1512085950.000216`, nothing shorter.
    pub fn parse(text: &str) -> Option<Ts> {
        let (secs, micros) = text.split_once('.')?;
        (micros.len() == 6).then_some(())?;
        Self::from_parts(secs, micros)
    }

    /// A bound of a range, for which Slack takes shorter forms too: `0`, `1512085950`, `1512085950.5`.
    pub fn parse_bound(text: &str) -> Option<Ts> {
        let (secs, micros) = text.split_once('.').unwrap_or((text, "0"));
        if micros.len() > 6 {
            return None;
        }
        Self::from_parts(secs, &format!("{micros:0<6}"))
    }

    /// The `ts` as it stands in a permalink: `p1512085950000216`.
    pub fn in_permalink(self) -> String {
        format!("p{}", self.0)
    }

    /// Whole seconds since 1970.
    pub fn secs(self) -> u64 {
        self.0 / MICROS_PER_SEC
    }

    fn from_parts(secs: &str, micros: &str) -> Option<Ts> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(secs) || !digits(micros) {
            return None;
        }
        let secs: u64 = secs.parse().ok()?;
        Some(Ts(secs.checked_mul(MICROS_PER_SEC)?.checked_add(micros.parse().ok()?)?))
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.secs(), self.0 % MICROS_PER_SEC)
    }
}

/// What time it is at the fake Slack, in microseconds since 1970.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl WallClock {
    /// A clock of the test's own.
    pub fn new(micros_since_1970: impl Fn() -> u64 + Send + Sync + 'static) -> WallClock {
        WallClock(Arc::new(micros_since_1970))
    }

    /// Now, in microseconds since 1970.
    pub fn micros(&self) -> u64 {
        (self.0)()
    }
}

impl Default for WallClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the fake stands for a server elsewhere, which has a clock of its own"
    )]
    fn default() -> WallClock {
        WallClock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64))
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WallClock({})", Ts(self.micros()))
    }
}

/// Hands out each `ts` once, in order.
#[derive(Debug)]
pub(crate) struct Stamps {
    clock: WallClock,
    last: AtomicU64,
}

impl Stamps {
    pub(crate) fn new(clock: WallClock) -> Stamps {
        Stamps { clock, last: AtomicU64::new(0) }
    }

    /// The next `ts`: now, or a microsecond after the last one.
    pub(crate) fn next(&self) -> Ts {
        let now = self.clock.micros();
        let mut next = now;
        let _ = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            next = now.max(last + 1);
            Some(next)
        });
        Ts(next)
    }

    /// Now, in whole seconds since 1970.
    pub(crate) fn now_secs(&self) -> u64 {
        self.clock.micros() / MICROS_PER_SEC
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ts_reads_back_as_it_was_shown() {
        let ts = Ts(1_512_085_950_000_216);
        assert_eq!(ts.to_string(), "1512085950.000216");
        assert_eq!(Ts::parse("1512085950.000216"), Some(ts));
        for bad in ["", "1512085950", "1512085950.5", "1512085950.0002160", "a.000000", "-1.000000", ".000001"] {
            assert_eq!(Ts::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn bounds_may_be_shorter() {
        assert_eq!(Ts::parse_bound("0"), Some(Ts(0)));
        assert_eq!(Ts::parse_bound("12.5"), Some(Ts(12_500_000)));
        assert_eq!(Ts::parse_bound("now"), None);
    }

    #[test]
    fn stamps_increase_while_the_clock_stands() {
        let stamps = Stamps::new(WallClock::new(|| 5));
        assert_eq!([stamps.next(), stamps.next(), stamps.next()], [Ts(5), Ts(6), Ts(7)]);
    }
}
