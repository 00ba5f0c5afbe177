//! What `/metrics` shows, in the OpenMetrics text format. Every counter that a hot path bumps is a
//! field, found once when the process starts; only requests look their route up, by a shared read
//! without allocating. Bumped by everybody, read by the web; it decides nothing.

use crate::config::Platform;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use threadline_core::desk::Trouble;

/// The content type of what [`Metrics::render`] returns.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A request is meant to take milliseconds: one commit, some reads. 10 s is where it is cut off.
const REQUEST_SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];
/// From a lone transaction to a full batch.
const BATCH_SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// A flush takes from 0.1 ms (a server's disk with a battery) to 100 ms (a busy hard disk).
const COMMIT_SECONDS: [f64; 9] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0];
/// Routes that get numbers of their own; more than the service has, so that a mistake in naming
/// routes cannot fill the memory. What comes above is counted as [`OTHER_ROUTE`].
const ROUTES_MAX: usize = 100;
/// The route of a request that matched none.
pub const OTHER_ROUTE: &str = "other";

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    /// Messages stored.
    pub messages_stored: Origins,
    /// Agents' replies that became visible to the customer.
    pub replies_shown: Counter,
    /// What Slack was asked for and sent.
    pub slack: PlatformMetrics,
    /// What Discord was asked for and sent.
    pub discord: PlatformMetrics,
    /// What the practice desk was asked for and sent.
    pub practice: PlatformMetrics,
    /// What became of letters to customers.
    pub letters: Letters,
    /// What letters that came were.
    pub letters_in: LettersIn,
    /// Orders stored and not yet carried out.
    pub outbox_waiting: Gauge,
    /// Age of the oldest message that has not reached its desk, in seconds; 0 when none waits.
    pub undelivered_age_secs: Gauge<f64, AtomicU64>,
    /// Conversations that stand still because a row of theirs cannot be read.
    pub conversations_broken: Gauge,
    /// Customers' event streams that are open.
    pub streams_open: Gauge,
    /// Commits of the database's writer.
    pub commits: Counter,
    /// Transactions that shared one commit.
    pub commit_batch: Histogram,
    /// Duration of a commit, in seconds.
    pub commit_secs: Histogram,
    /// Sockets to Slack that are open and have said hello.
    pub slack_sockets: Gauge,
    /// 1 while there is a connection to Discord whose session has begun.
    pub discord_connected: Gauge,
    /// Requests refused, by the limit that refused them.
    pub limited: Limited,
    routes: Routes,
    registry: Registry,
}

/// Messages by who said them.
#[derive(Debug)]
pub struct Origins {
    /// By customers.
    pub customer: Counter,
    /// By agents, notes among them.
    pub agent: Counter,
    /// By the bot itself.
    pub bot: Counter,
}

/// Letters to customers.
#[derive(Debug)]
pub struct Letters {
    /// The mail server took them.
    pub sent: Counter,
    /// It never will.
    pub refused: Counter,
    /// Stored and not yet sent.
    pub waiting: Gauge,
}

/// Letters that came.
#[derive(Debug)]
pub struct LettersIn {
    /// A person wrote them.
    pub taken: Counter,
    /// A program wrote them by itself.
    pub automatic: Counter,
    /// They are letters of ours that came back.
    pub bounced: Counter,
    /// They are too large.
    pub too_large: Counter,
    /// They cannot be read.
    pub unreadable: Counter,
    /// They could not be dealt with, and are tried again.
    pub failed: Counter,
}

/// One platform's numbers.
#[derive(Debug)]
pub struct PlatformMetrics {
    /// Frames stored for the first time.
    pub frames_new: Counter,
    /// Frames that came again.
    pub frames_known: Counter,
    /// Frames stored and not yet read.
    pub frames_unread: Gauge,
    /// 1 while nothing works there and somebody has to mend it, otherwise 0.
    pub stopped: Gauge,
    posts: Posts,
}

#[derive(Debug)]
struct Posts {
    made: Counter,
    later: Counter,
    not_done: Counter,
    unclear: Counter,
    never: Counter,
    thread_gone: Counter,
    stopped: Counter,
}

/// Requests refused, by the key of the limit in the configuration.
#[derive(Debug)]
pub struct Limited {
    /// `limits.conversations_per_address_per_minute`
    pub conversations_per_address: Counter,
    /// `limits.messages_per_conversation_per_minute`
    pub messages_per_conversation: Counter,
    /// `limits.requests_per_address_per_minute`
    pub requests_per_address: Counter,
    /// `limits.connections_per_address_max`
    pub connections_per_address: Counter,
    /// Connections beyond those that `limits.streams_max` leaves room for.
    pub connections: Counter,
    /// `limits.streams_per_address_max`
    pub streams_per_address: Counter,
    /// `limits.streams_max`
    pub streams: Counter,
}

/// Requests by route.
#[derive(Debug)]
struct Routes {
    known: RwLock<HashMap<Box<str>, Arc<Route>>>,
    answers: Family<Labels<2>, Counter>,
    seconds: Family<Labels<1>, Histogram, Buckets>,
}

#[derive(Debug)]
struct Route {
    /// Answers by the first digit of their status: 1xx to 5xx.
    classes: [Counter; 5],
    seconds: Histogram,
}

/// Names and values of labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Labels<const N: usize>([(&'static str, String); N]);

impl<const N: usize> EncodeLabelSet for Labels<N> {
    fn encode(&self, encoder: &mut LabelSetEncoder) -> Result<(), std::fmt::Error> {
        self.0.encode(encoder)
    }
}

/// The bounds of a histogram that is made when its route is first seen.
#[derive(Clone, Copy, Debug)]
struct Buckets(&'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All numbers at zero.
    pub fn new() -> Metrics {
        let mut registry = Registry::with_prefix("threadline");
        let r = &mut registry;
        let version = Info::new(vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
        r.register("build", "The version that is running", version);

        let origins = family(r, "messages_stored", "Messages stored, by who said them");
        let shown = counter(r, "replies_shown", "Replies of agents that became visible to the customer");
        let posts = family(r, "posts", "Orders to post at a desk, by platform and what came of them");
        let frames = family(r, "frames_kept", "Frames that a platform sent, by whether they were new or known");
        let unread = family(r, "frames_unread", "Frames stored and not yet read");
        let stopped = family(r, "desk_stopped", "1 while nothing works at the platform and somebody has to mend it");
        let platform = |of: Platform| PlatformMetrics::new(of, &posts, &frames, &unread, &stopped);
        let (slack, practice) = (platform(Platform::Slack), platform(Platform::Practice));
        let discord = platform(Platform::Discord);
        let letters = family(r, "letters", "Letters to customers, by what became of them");
        let letters_in = family(r, "letters_in", "Letters that came, by what they were");
        let letters_waiting = gauge(r, "letters_waiting", "Letters to customers that are not sent yet");
        let outbox_waiting = gauge(r, "outbox_waiting", "Orders stored and not yet carried out");
        let undelivered_age_secs = Gauge::default();
        let help = "Age of the oldest message that has not reached its desk; 0 when none waits";
        r.register_with_unit("undelivered_age", help, Unit::Seconds, undelivered_age_secs.clone());
        let help = "Conversations that stand still because a row of theirs cannot be read: see the log";
        let conversations_broken = gauge(r, "conversations_broken", help);
        let streams_open = gauge(r, "streams_open", "Customers' event streams that are open");
        let commits = counter(r, "commits", "Commits of the database's writer");
        let commit_batch = Histogram::new(BATCH_SIZES);
        r.register("commit_batch_size", "Transactions that shared one commit", commit_batch.clone());
        let commit_secs = Histogram::new(COMMIT_SECONDS);
        r.register_with_unit("commit_duration", "Duration of a commit", Unit::Seconds, commit_secs.clone());
        let slack_sockets = gauge(r, "slack_sockets_connected", "Sockets to Slack that are open and have said hello");
        let help = "1 while there is a connection to Discord whose session has begun";
        let discord_connected = gauge(r, "discord_connected", help);
        let limited = family(r, "rate_limited", "Requests refused, by the limit that refused them");
        let routes = Routes::new(r);

        let limit = |key: &str| limited.get_or_create_owned(&Labels([("limit", key.to_owned())]));
        let letter = |fate: &str| letters.get_or_create_owned(&Labels([("outcome", fate.to_owned())]));
        let letter_in = |what: &str| letters_in.get_or_create_owned(&Labels([("kind", what.to_owned())]));
        let origin = |who: &str| origins.get_or_create_owned(&Labels([("origin", who.to_owned())]));
        Metrics {
            messages_stored: Origins { customer: origin("customer"), agent: origin("agent"), bot: origin("bot") },
            replies_shown: shown,
            slack,
            discord,
            practice,
            letters: Letters { sent: letter("sent"), refused: letter("refused"), waiting: letters_waiting },
            letters_in: LettersIn {
                taken: letter_in("taken"),
                automatic: letter_in("automatic"),
                bounced: letter_in("bounced"),
                too_large: letter_in("too_large"),
                unreadable: letter_in("unreadable"),
                failed: letter_in("failed"),
            },
            outbox_waiting,
            undelivered_age_secs,
            conversations_broken,
            streams_open,
            commits,
            commit_batch,
            commit_secs,
            slack_sockets,
            discord_connected,
            limited: Limited {
                conversations_per_address: limit("conversations_per_address_per_minute"),
                messages_per_conversation: limit("messages_per_conversation_per_minute"),
                requests_per_address: limit("requests_per_address_per_minute"),
                connections_per_address: limit("connections_per_address_max"),
                connections: limit("connections"),
                streams_per_address: limit("streams_per_address_max"),
                streams: limit("streams_max"),
            },
            routes,
            registry,
        }
    }

    /// The numbers of one platform.
    pub fn platform(&self, platform: Platform) -> &PlatformMetrics {
        match platform {
            Platform::Slack => &self.slack,
            Platform::Discord => &self.discord,
            Platform::Practice => &self.practice,
        }
    }

    /// One request was answered. `route` is the pattern that matched, or [`OTHER_ROUTE`]; never the
    /// path itself, which a stranger chooses.
    pub fn answered(&self, route: &str, status: u16, took: Duration) {
        let route = self.routes.route(route);
        route.seconds.observe(took.as_secs_f64());
        let class = usize::from(status / 100).clamp(1, route.classes.len());
        route.classes[class - 1].inc();
    }

    /// One commit was made, of `batch` transactions.
    pub fn committed(&self, batch: usize, took: Duration) {
        self.commits.inc();
        self.commit_batch.observe(batch as f64);
        self.commit_secs.observe(took.as_secs_f64());
    }

    /// All numbers as text, of the type [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a string does not fail; a scraper that finds no EOF drops what it got.
            Err(std::fmt::Error) => String::new(),
        }
    }
}

impl PlatformMetrics {
    fn new(
        platform: Platform,
        posts: &Family<Labels<2>, Counter>,
        frames: &Family<Labels<2>, Counter>,
        unread: &Family<Labels<1>, Gauge>,
        stopped: &Family<Labels<1>, Gauge>,
    ) -> PlatformMetrics {
        let here = ("platform", platform.as_str().to_owned());
        let with = |name, value: &str| Labels([here.clone(), (name, value.to_owned())]);
        let alone = Labels([here.clone()]);
        let post = |outcome| posts.get_or_create_owned(&with("outcome", outcome));
        let frame = |kind| frames.get_or_create_owned(&with("kind", kind));
        PlatformMetrics {
            frames_new: frame("new"),
            frames_known: frame("known"),
            frames_unread: unread.get_or_create_owned(&alone),
            stopped: stopped.get_or_create_owned(&alone),
            posts: Posts {
                made: post("made"),
                later: post("later"),
                not_done: post("not_done"),
                unclear: post("unclear"),
                never: post("never"),
                thread_gone: post("thread_gone"),
                stopped: post("stopped"),
            },
        }
    }

    /// A post was made.
    pub fn posted(&self) {
        self.posts.made.inc();
    }

    /// A post was not made, or perhaps was.
    pub fn not_posted(&self, trouble: &Trouble) {
        let counter = match trouble {
            Trouble::Later { .. } => &self.posts.later,
            Trouble::NotDone { .. } => &self.posts.not_done,
            Trouble::Unclear { .. } => &self.posts.unclear,
            Trouble::Never { .. } => &self.posts.never,
            Trouble::ThreadGone => &self.posts.thread_gone,
            Trouble::Stopped(_) => &self.posts.stopped,
        };
        counter.inc();
    }
}

impl Routes {
    fn new(registry: &mut Registry) -> Routes {
        let answers = family(registry, "http_requests", "Requests answered, by route and class of status");
        let seconds = Family::new_with_constructor(Buckets(&REQUEST_SECONDS));
        let help = "Time from a request's head to its answer's head, by route";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, seconds.clone());
        Routes { known: RwLock::default(), answers, seconds }
    }

    fn route(&self, name: &str) -> Arc<Route> {
        if let Some(route) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return route.clone();
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let name = if known.len() < ROUTES_MAX { name } else { OTHER_ROUTE };
        known.entry(name.into()).or_insert_with(|| Arc::new(self.make(name))).clone()
    }

    fn make(&self, name: &str) -> Route {
        let route = ("route", name.to_owned());
        let class =
            |class: &str| self.answers.get_or_create_owned(&Labels([route.clone(), ("status", class.to_owned())]));
        Route {
            classes: [class("1xx"), class("2xx"), class("3xx"), class("4xx"), class("5xx")],
            seconds: self.seconds.get_or_create_owned(&Labels([route.clone()])),
        }
    }
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

fn gauge(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    registry.register(name, help, gauge.clone());
    gauge
}

fn family<const N: usize, M>(registry: &mut Registry, name: &str, help: &str) -> Family<Labels<N>, M>
where
    Family<Labels<N>, M>: prometheus_client::registry::Metric + Default + Clone,
{
    let family: Family<Labels<N>, M> = Family::default();
    registry.register(name, help, family.clone());
    family
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    /// The samples of that name that are not 0, without buckets, sorted: a family keeps no order.
    fn above_zero(text: &str, name: &str) -> String {
        let zero = |line: &str| line.ends_with(" 0") || line.ends_with(" 0.0") || line.contains("_bucket{");
        let mut samples: Vec<&str> = text.lines().filter(|line| line.starts_with(name) && !zero(line)).collect();
        samples.sort_unstable();
        samples.join("\n")
    }

    #[test]
    fn everything_that_is_counted() {
        let metrics = Metrics::new();
        metrics.messages_stored.customer.inc();
        metrics.slack.posted();
        metrics.slack.not_posted(&Trouble::ThreadGone);
        metrics.platform(Platform::Practice).frames_known.inc();
        metrics.slack.stopped.set(1);
        metrics.undelivered_age_secs.set(2.5);
        metrics.limited.streams.inc();
        metrics.committed(3, Duration::from_millis(2));
        let text = metrics.render();
        let helps: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# HELP threadline_")).collect();
        expect![[r#"
            build The version that is running.
            messages_stored Messages stored, by who said them.
            replies_shown Replies of agents that became visible to the customer.
            posts Orders to post at a desk, by platform and what came of them.
            frames_kept Frames that a platform sent, by whether they were new or known.
            frames_unread Frames stored and not yet read.
            desk_stopped 1 while nothing works at the platform and somebody has to mend it.
            letters Letters to customers, by what became of them.
            letters_in Letters that came, by what they were.
            letters_waiting Letters to customers that are not sent yet.
            outbox_waiting Orders stored and not yet carried out.
            undelivered_age_seconds Age of the oldest message that has not reached its desk; 0 when none waits.
            conversations_broken Conversations that stand still because a row of theirs cannot be read: see the log.
            streams_open Customers' event streams that are open.
            commits Commits of the database's writer.
            commit_batch_size Transactions that shared one commit.
            commit_duration_seconds Duration of a commit.
            slack_sockets_connected Sockets to Slack that are open and have said hello.
            discord_connected 1 while there is a connection to Discord whose session has begun.
            rate_limited Requests refused, by the limit that refused them."#]]
        .assert_eq(&helps.join("\n"));
        expect![[r#"
            threadline_build_info{version="0.1.0"} 1
            threadline_commit_batch_size_count 1
            threadline_commit_batch_size_sum 3.0
            threadline_commit_duration_seconds_count 1
            threadline_commit_duration_seconds_sum 0.002
            threadline_commits_total 1
            threadline_desk_stopped{platform="slack"} 1
            threadline_frames_kept_total{platform="practice",kind="known"} 1
            threadline_messages_stored_total{origin="customer"} 1
            threadline_posts_total{platform="slack",outcome="made"} 1
            threadline_posts_total{platform="slack",outcome="thread_gone"} 1
            threadline_rate_limited_total{limit="streams_max"} 1
            threadline_undelivered_age_seconds 2.5"#]]
        .assert_eq(&above_zero(&text, "threadline_"));
    }

    #[test]
    fn requests_by_route_and_class() {
        let metrics = Metrics::new();
        metrics.answered("/a/{id}", 201, Duration::from_millis(3));
        metrics.answered("/a/{id}", 200, Duration::from_millis(3));
        metrics.answered("/a/{id}", 503, Duration::from_secs(20));
        metrics.answered(OTHER_ROUTE, 999, Duration::ZERO);
        expect![[r#"
            threadline_http_request_duration_seconds_count{route="/a/{id}"} 3
            threadline_http_request_duration_seconds_count{route="other"} 1
            threadline_http_request_duration_seconds_sum{route="/a/{id}"} 20.006
            threadline_http_requests_total{route="/a/{id}",status="2xx"} 2
            threadline_http_requests_total{route="/a/{id}",status="5xx"} 1
            threadline_http_requests_total{route="other",status="5xx"} 1"#]]
        .assert_eq(&above_zero(&metrics.render(), "threadline_http"));
    }

    #[test]
    fn a_batch_is_in_the_bucket_of_its_size() {
        let metrics = Metrics::new();
        metrics.committed(3, Duration::from_millis(2));
        let text = metrics.render();
        for sample in ["le=\"2.0\"} 0", "le=\"4.0\"} 1", "le=\"+Inf\"} 1"] {
            assert!(text.contains(&format!("threadline_commit_batch_size_bucket{{{sample}\n")), "{sample}");
        }
    }

    #[test]
    fn names_of_routes_cannot_fill_the_memory() {
        let metrics = Metrics::new();
        for number in 0..ROUTES_MAX * 2 {
            metrics.answered(&format!("/{number}"), 200, Duration::ZERO);
        }
        assert_eq!(metrics.routes.known.read().unwrap().len(), ROUTES_MAX + 1);
        assert!(metrics.render().contains(r#"route="other",status="2xx"} 100"#));
    }
}
