//! How a fake Slack is set up.

use crate::methods::SCOPES;
use crate::ts::WallClock;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How a fake Slack is set up. The defaults are Slack's own rules, on a free port.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address it hands out for sockets, uploads and downloads, if not the one it listens on.
    pub public_url: Option<String>,
    /// The bot's token.
    pub bot_token: String,
    /// The app-level token, for Socket Mode.
    pub app_token: String,
    /// What HTTP events are signed with.
    pub signing_secret: String,
    /// The scopes of the bot's token.
    pub scopes: Vec<String>,
    /// The bot's name.
    pub bot_name: String,
    /// Whether Slack's rate limits bite; off for benchmarks.
    pub rate_limits: bool,
    /// Posts a channel takes at once before one a second is the rule.
    pub post_burst: u32,
    /// Whether calls are not recorded; on for benchmarks. Complaints and numbers are kept anyway.
    pub quiet: bool,
    /// Whether messages keep their text and blocks; off for benchmarks. Metadata is always kept.
    pub keep_bodies: bool,
    /// Messages kept in each channel; beyond it the oldest are forgotten.
    pub messages_per_channel_max: usize,
    /// How long the answer to each call takes.
    pub latency: Duration,
    /// How long the app has to acknowledge an event.
    pub ack_timeout: Duration,
    /// When an event that was not acknowledged comes again: the wait before each retry. For
    /// Slack's "Delayed Events", add 24 hours.
    pub retry_after: Vec<Duration>,
    /// How often the server pings each socket.
    pub ping_every: Duration,
    /// How long Slack works on an upload before it shows up as a message.
    pub file_delay: Duration,
    /// What chance is drawn from.
    pub seed: u64,
    /// What time it is at this Slack.
    pub clock: WallClock,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: None,
            bot_token: "xoxb-fake-bot-token".into(),
            app_token: "xapp-1-fake-app-token".into(),
            signing_secret: "fake0signing0secret".into(),
            scopes: SCOPES.iter().map(|scope| scope.to_string()).collect(),
            bot_name: "Threadline".into(),
            rate_limits: true,
            post_burst: 4,
            quiet: false,
            keep_bodies: true,
            messages_per_channel_max: usize::MAX,
            latency: Duration::ZERO,
            ack_timeout: Duration::from_secs(3),
            // Slack, Events API, "Retries": nearly immediately, after a minute, after five.
            retry_after: vec![Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)],
            ping_every: Duration::from_secs(10),
            file_delay: Duration::from_millis(20),
            seed: 1,
            clock: WallClock::default(),
        }
    }
}
