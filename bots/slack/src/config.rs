//! What the bot has to be told before it can speak to Slack. The service fills it from its own
//! configuration; nothing here reads a file or an environment.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::verb::Names;

/// Where the real Slack answers.
pub const API_URL: &str = "https://slack.com/api";

/// What the bot has to be told before it can speak to Slack.
#[derive(Clone, Debug)]
pub struct SlackConfig {
    /// Base address of the Web API, without a slash at its end.
    pub api_url: String,
    /// The bot token, `xoxb-…`.
    pub bot_token: Secret,
    /// The app-level token, `xapp-…`: with it, events come over Socket Mode.
    pub app_token: Option<Secret>,
    /// The channels of the desks, by id. Life-cycle events of other channels are nobody's concern.
    pub channels: Vec<String>,
    /// How many sockets are held open at once. Slack allows ten per app; two let one be renewed or
    /// lost while the other goes on.
    pub sockets: usize,
    /// How long a call may take before its outcome counts as unclear.
    pub call_timeout: Duration,
    /// How long a socket may be silent, pings included, before it counts as deaf.
    pub deaf_after: Duration,
    /// How long a catch-up waits between noting the time and reading, so that a post which Slack
    /// has announced but does not list yet is not taken for deleted.
    pub settle: Duration,
    /// How many threads a catch-up reads in a minute; none for no limit, for a stand-in that has none.
    pub reads_per_minute: Option<usize>,
    /// What the team calls the verbs.
    pub verbs: Arc<Names>,
    /// What conversations can be about, for each desk.
    pub topics: Arc<[DeskTopics]>,
    /// The saved replies: the name of each, and how it begins.
    pub replies: Arc<[(String, String)]>,
}

/// What the conversations of a desk can be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskTopics {
    /// The desk's channels, by id.
    pub channels: Vec<String>,
    /// Each topic's id and label.
    pub topics: Vec<(String, String)>,
}

/// conversations.replies is of tier 3, 50 a minute, and the outbox looks things up with it too
/// (docs.slack.dev, "Rate limits").
const READS_PER_MINUTE: usize = 45;

impl SlackConfig {
    /// The usual settings for this token.
    pub fn new(bot_token: Secret) -> SlackConfig {
        SlackConfig {
            api_url: API_URL.to_string(),
            bot_token,
            app_token: None,
            channels: Vec::new(),
            sockets: 2,
            call_timeout: Duration::from_secs(15),
            deaf_after: Duration::from_secs(30),
            settle: Duration::from_secs(1),
            reads_per_minute: Some(READS_PER_MINUTE),
            verbs: Arc::default(),
            topics: Arc::default(),
            replies: Arc::default(),
        }
    }

    /// What can be chosen in a channel; where it is not known which, everything.
    pub(crate) fn topics_in(&self, channel: Option<&str>) -> Vec<(String, String)> {
        let here = |desk: &&DeskTopics| desk.channels.iter().any(|own| Some(own.as_str()) == channel);
        match self.topics.iter().find(here) {
            Some(desk) => desk.topics.clone(),
            None => self.topics.iter().flat_map(|desk| desk.topics.clone()).collect(),
        }
    }
}

/// Something that must not show up in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }

    /// The secret itself, for the one who needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_not_show_in_a_log() {
        let mut config = SlackConfig::new(Secret::new("xoxb-hush"));
        config.app_token = Some(Secret::new("xapp-hush"));
        assert!(!format!("{config:?}").contains("hush"));
    }
}
