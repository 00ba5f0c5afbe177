//! Rate limits that bite: per method and minute by tier, and for posts one a second and channel.

use crate::call::Refusal;
use crate::methods::Method;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A tier counts in windows of this length (Slack, "Rate limits").
const WINDOW: Duration = Duration::from_secs(60);
/// Posts an app may make in a channel, one in this long (Slack, "Rate limits", chat.postMessage).
const POST_EVERY: Duration = Duration::from_secs(1);

/// What was used of the limits.
#[derive(Debug)]
pub(crate) struct Limits {
    on: bool,
    post_burst: u32,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    /// By method: when its window began and how many calls were in it.
    windows: HashMap<&'static str, (Instant, u32)>,
    /// By channel: when all its posts would be paid for at one a second.
    posts: HashMap<String, Instant>,
}

impl Limits {
    pub(crate) fn new(on: bool, post_burst: u32) -> Limits {
        Limits { on, post_burst: post_burst.max(1), used: Mutex::default() }
    }

    /// Counts a call of `method`; refuses it beyond its tier.
    pub(crate) fn call(&self, method: &'static Method) -> Result<(), Refusal> {
        if !self.on {
            return Ok(());
        }
        let now = Instant::now();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, calls) = used.windows.entry(method.name).or_insert((now, 0));
        if now - *began >= WINDOW {
            (*began, *calls) = (now, 0);
        }
        if *calls >= method.tier.per_minute() {
            return Err(wait(*began + WINDOW - now));
        }
        *calls += 1;
        Ok(())
    }

    /// Counts a post in a channel; refuses it when the burst is spent and the second not over.
    pub(crate) fn post(&self, channel: &str) -> Result<(), Refusal> {
        if !self.on {
            return Ok(());
        }
        let now = Instant::now();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let paid_at = used.posts.get(channel).copied().unwrap_or(now).max(now);
        let credit = POST_EVERY * (self.post_burst - 1);
        if paid_at > now + credit {
            return Err(wait(paid_at - now - credit));
        }
        used.posts.insert(channel.to_string(), paid_at + POST_EVERY);
        Ok(())
    }
}

/// `Retry-After` is in whole seconds, at least one.
fn wait(left: Duration) -> Refusal {
    Refusal::rate_limited(left.as_secs_f64().ceil().max(1.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods;

    #[tokio::test(start_paused = true)]
    async fn a_channel_takes_a_burst_and_then_one_a_second() {
        let limits = Limits::new(true, 3);
        for _ in 0..3 {
            limits.post("C1").unwrap();
        }
        assert_eq!(limits.post("C1").unwrap_err().retry_after_secs, Some(1));
        limits.post("C2").unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        limits.post("C1").unwrap();
        limits.post("C1").unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_tier_is_counted_by_the_minute() {
        let limits = Limits::new(true, 1);
        let (_, method) = methods::find("reactions.remove").unwrap();
        for _ in 0..20 {
            limits.call(method).unwrap();
        }
        tokio::time::advance(Duration::from_secs(45)).await;
        assert_eq!(limits.call(method).unwrap_err().retry_after_secs, Some(15));
        tokio::time::advance(Duration::from_secs(15)).await;
        limits.call(method).unwrap();
    }
}
