//! Discord's rate limits as its answers tell of them: by bucket, which several kinds of call can share,
//! and for the whole bot. Nothing is sent that would only be refused; a short wait is waited out here, a
//! long one is left to whoever ordered the call. Serenity's own limiter is not used: it sleeps for as long as it is told,
//! holds nobody back when the limit is global, and asks without a pause where the time is no number.

use http::{HeaderMap, Method};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Longest wait for a turn; with more, the order is put off.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(10);
/// Longest pause that is believed.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);
/// Shortest pause after a refusal, whatever it says.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The pause after a refusal that does not say how long.
const PAUSE: Duration = Duration::from_secs(5);
/// Calls in a second, all together: Discord allows 50 (docs, "Global Rate Limit").
const CALLS_A_SECOND: usize = 45;
/// Buckets remembered; those that are full again are forgotten first.
const BUCKETS_MAX: usize = 10_000;
/// Refusals within the window after which nothing is sent until some of them are over: Discord shuts an address
/// out for 10,000 in ten minutes (docs, "Invalid Request Limit").
const REFUSALS_MAX: usize = 3_000;
/// Its window.
const REFUSALS_WINDOW: Duration = Duration::from_secs(10 * 60);

/// What kind of call it is, as far as limits go: its method, and its path with all ids but the first of a
/// channel, a server or a webhook left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    kind: String,
    major: String,
}

impl Route {
    pub fn of(method: &Method, path: &str) -> Route {
        let (mut kind, mut major) = (method.to_string(), String::new());
        let path = path.split('?').next().unwrap_or_default();
        let mut before = ("", "");
        for (at, part) in path.trim_start_matches('/').split('/').enumerate() {
            let is_id = part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty();
            let is_token = before.0 == "webhooks" || before.0 == "interactions";
            let is_emoji = before.1 == "reactions";
            if at < 3
                && (is_id || is_token)
                && matches!(if is_id { before.1 } else { before.0 }, "channels" | "guilds" | "webhooks")
            {
                major.push('/');
                major.push_str(part);
            }
            kind.push('/');
            kind.push_str(if is_id || is_token || is_emoji { "*" } else { part });
            before = (before.1, part);
        }
        Route { kind, major }
    }

    /// Answers to interactions are beside all limits (docs, "Global Rate Limit").
    fn is_exempt(&self) -> bool {
        self.kind.starts_with("POST/interactions/")
    }
}

/// The limits, as far as they are known.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The bucket of each kind of call.
    names: HashMap<String, String>,
    /// Calls that are left in each, and until when.
    buckets: HashMap<(String, String), Bucket>,
    /// Until when nothing is sent.
    closed_until: Option<Instant>,
    /// The calls of the last second.
    recent: VecDeque<Instant>,
    /// What Discord refused lately and counts against us.
    refusals: VecDeque<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: u32,
    until: Instant,
}

impl Limits {
    /// Waits for a turn; an error says after how long it is worth trying again.
    pub async fn turn(&self, route: &Route) -> Result<(), Duration> {
        let began = Instant::now();
        loop {
            let Some(at) = self.book(route, Instant::now()) else { return Ok(()) };
            if at > began + WAIT_MAX {
                return Err(at.saturating_duration_since(Instant::now()));
            }
            tokio::time::sleep_until(at).await;
        }
    }

    /// Counts a call now, or says when to ask again.
    fn book(&self, route: &Route, now: Instant) -> Option<Instant> {
        if route.is_exempt() {
            return None;
        }
        let mut state = self.lock();
        if let Some(closed) = state.closed_until.filter(|until| *until > now) {
            return Some(closed);
        }
        while state.refusals.front().is_some_and(|at| *at + REFUSALS_WINDOW <= now) {
            state.refusals.pop_front();
        }
        if state.refusals.len() >= REFUSALS_MAX {
            return state.refusals.front().map(|at| *at + REFUSALS_WINDOW);
        }
        let name = state.names.get(&route.kind).cloned().unwrap_or_else(|| route.kind.clone());
        let key = (name, route.major.clone());
        match state.buckets.get_mut(&key) {
            Some(bucket) if bucket.until <= now => drop(state.buckets.remove(&key)),
            Some(bucket) if bucket.left == 0 => return Some(bucket.until),
            Some(_) | None => {}
        }
        let second_ago = |at: &Instant| *at + Duration::from_secs(1) <= now;
        while state.recent.front().is_some_and(second_ago) {
            state.recent.pop_front();
        }
        if state.recent.len() >= CALLS_A_SECOND {
            return state.recent.front().map(|at| *at + Duration::from_secs(1));
        }
        if let Some(bucket) = state.buckets.get_mut(&key) {
            bucket.left -= 1;
        }
        state.recent.push_back(now);
        None
    }

    /// Takes note of what an answer says about its limit.
    pub fn answered(&self, route: &Route, status: u16, headers: &HeaderMap) {
        let now = Instant::now();
        let mut state = self.lock();
        if matches!(status, 401 | 403) || (status == 429 && text(headers, "x-ratelimit-scope") != Some("shared")) {
            state.refusals.push_back(now);
        }
        let Some(name) = text(headers, "x-ratelimit-bucket") else { return };
        let (left, after) = (text(headers, "x-ratelimit-remaining"), text(headers, "x-ratelimit-reset-after"));
        let (Some(left), Some(after)) = (left.and_then(|left| left.parse().ok()), after.and_then(seconds)) else {
            return;
        };
        state.names.insert(route.kind.clone(), name.to_string());
        if state.buckets.len() >= BUCKETS_MAX {
            state.buckets.retain(|_, bucket| bucket.until > now);
        }
        let until = now + after.min(PAUSE_MAX);
        let bucket = state.buckets.entry((name.to_string(), route.major.clone())).or_insert(Bucket { left, until });
        // Of calls that were under way at once, the answers come in any order: the least is true, until it is over.
        bucket.left = if bucket.until <= now { left } else { bucket.left.min(left) };
        bucket.until = bucket.until.max(until);
    }

    /// Discord refused a call: how long it wants it left alone.
    pub fn refused(&self, route: &Route, headers: &HeaderMap, asked: Option<f64>, is_global: bool) -> Duration {
        let of_header = || text(headers, "retry-after").and_then(seconds);
        let pause = asked.and_then(of_secs).or_else(of_header).unwrap_or(PAUSE).clamp(PAUSE_MIN, PAUSE_MAX);
        let until = Instant::now() + pause;
        let mut state = self.lock();
        // Without a bucket it comes from in front of Discord's own code, and is for everything.
        let is_global = is_global
            || text(headers, "x-ratelimit-scope") == Some("global")
            || headers.get("x-ratelimit-bucket").is_none() && headers.get("x-ratelimit-scope").is_none();
        if is_global {
            state.closed_until = state.closed_until.max(Some(until));
            return pause;
        }
        let name = text(headers, "x-ratelimit-bucket").unwrap_or(&route.kind).to_string();
        state.names.insert(route.kind.clone(), name.clone());
        state.buckets.insert((name, route.major.clone()), Bucket { left: 0, until });
        pause
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn seconds(text: &str) -> Option<Duration> {
    of_secs(text.parse().ok()?)
}

fn of_secs(secs: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(secs).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn post(thread: u64) -> Route {
        Route::of(&Method::POST, &format!("/channels/{thread}/messages"))
    }

    #[test]
    fn calls_of_one_kind_count_together_by_channel() {
        let of = |method: Method, path: &str| Route::of(&method, path);
        assert_eq!(post(1).kind, post(2).kind);
        assert_ne!(post(1), post(2));
        let one = of(Method::PUT, "/channels/1/messages/2/reactions/%E2%9C%94/@me");
        assert_eq!(one, of(Method::PUT, "/channels/1/messages/3/reactions/x/@me"));
        assert_eq!((one.kind.as_str(), one.major.as_str()), ("PUT/channels/*/messages/*/reactions/*/@me", "/1"));
        let hook = of(Method::PATCH, "/webhooks/5/to.ken/messages/@original");
        assert_eq!((hook.kind.as_str(), hook.major.as_str()), ("PATCH/webhooks/*/*/messages/@original", "/5/to.ken"));
        assert!(of(Method::POST, "/interactions/5/to.ken/callback").is_exempt());
        assert_eq!(of(Method::GET, "/channels/1/messages?after=5").major, "/1");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_used_up_waits_and_nothing_else_does() {
        let (limits, began) = (Limits::default(), Instant::now());
        let used =
            headers(&[("x-ratelimit-bucket", "b"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset-after", "1.5")]);
        limits.answered(&post(1), 200, &used);
        limits.turn(&post(2)).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        limits.turn(&post(1)).await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(1_500));
        // Another kind of call in the same bucket.
        let edit = Route::of(&Method::PATCH, "/channels/1/messages/5");
        limits.answered(&edit, 200, &used);
        let again = Instant::now();
        limits.turn(&post(1)).await.unwrap();
        assert!(again.elapsed() >= Duration::from_millis(1_400));
    }

    #[tokio::test(start_paused = true)]
    async fn a_global_limit_holds_everybody_and_a_long_one_is_not_waited_for() {
        let (limits, began) = (Limits::default(), Instant::now());
        let scoped = headers(&[("x-ratelimit-scope", "global")]);
        assert_eq!(limits.refused(&post(1), &scoped, Some(2.0), true), Duration::from_secs(2));
        limits.turn(&post(9)).await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(2));
        limits.refused(&post(1), &headers(&[]), Some(3_600.0), false);
        assert!(limits.turn(&post(9)).await.unwrap_err() > Duration::from_secs(3_000));
        limits.turn(&Route::of(&Method::POST, "/interactions/5/to.ken/callback")).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_is_no_number_is_no_hot_loop() {
        let limits = Limits::default();
        let scoped = |after| headers(&[("x-ratelimit-scope", "user"), ("retry-after", after)]);
        assert_eq!(limits.refused(&post(1), &scoped("soon"), None, false), PAUSE);
        assert_eq!(limits.refused(&post(1), &scoped("-1"), None, false), PAUSE);
        assert_eq!(limits.refused(&post(1), &scoped("0"), None, false), PAUSE_MIN);
        assert_eq!(limits.refused(&post(1), &scoped("1e300"), None, false), PAUSE);
        assert_eq!(limits.refused(&post(1), &scoped("99999999"), None, false), PAUSE_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn all_calls_together_keep_to_a_rate_and_too_many_refusals_stop_them() {
        let (limits, began) = (Limits::default(), Instant::now());
        for thread in 0..=CALLS_A_SECOND as u64 {
            limits.turn(&post(thread)).await.unwrap();
        }
        assert!(began.elapsed() >= Duration::from_secs(1));
        for _ in 0..REFUSALS_MAX {
            limits.answered(&post(1), 403, &HeaderMap::new());
        }
        assert!(limits.turn(&post(1)).await.is_err());
    }
}
