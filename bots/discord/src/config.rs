//! What the bot has to be told before it can speak to Discord. The service fills it from its own
//! configuration; nothing here reads a file or an environment.

use crate::ids::Id;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::verb::Names;

/// Where the real Discord answers.
pub const API_URL: &str = "https://discord.com/api/v10";

/// What the bot has to be told before it can speak to Discord.
#[derive(Clone, Debug)]
pub struct DiscordConfig {
    /// Base address of the API, without a slash at its end.
    pub api_url: String,
    /// The bot's token.
    pub bot_token: Secret,
    /// The channels and forums of the desks. All are on one server.
    pub channels: Vec<Id>,
    /// Who sees the threads in a text channel. Threads of a forum are seen by whoever sees the forum.
    pub threads: Threads,
    /// The role that is called into each thread: a private thread is seen by those who were called.
    pub team_role: Option<Id>,
    /// How long a call may take before its outcome counts as unclear.
    pub call_timeout: Duration,
    /// How long a catch-up waits between noting the time and reading, so that a post which Discord has
    /// announced but does not list yet is not taken for deleted.
    pub settle: Duration,
    /// Threads of the server that may be active before those of conversations that are done are
    /// archived, oldest first.
    pub active_threads_max: usize,
    /// The first pause after a connection that failed; it doubles.
    pub pause_first: Duration,
    /// What the team calls the verbs.
    pub verbs: Arc<Names>,
    /// What conversations can be about, for each desk.
    pub topics: Arc<[DeskTopics]>,
    /// The saved replies: the name of each, and how it begins.
    pub replies: Arc<[(String, String)]>,
}

/// Who sees the threads in a text channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Threads {
    /// Those who were called into them, and those who may manage threads.
    #[default]
    Private,
    /// Everybody who sees the channel.
    Public,
}

/// What the conversations of a desk can be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskTopics {
    /// The desk's channels.
    pub channels: Vec<Id>,
    /// Each topic's id and label.
    pub topics: Vec<(String, String)>,
}

/// Discord's limit of active threads on a server is 1,000 (its error 160006 says when it is reached; the
/// number stands in its help pages); others open threads there, too.
const ACTIVE_THREADS_MAX: usize = 900;

impl DiscordConfig {
    /// The usual settings for this token.
    pub fn new(bot_token: Secret) -> DiscordConfig {
        DiscordConfig {
            api_url: API_URL.to_string(),
            bot_token,
            channels: Vec::new(),
            threads: Threads::Private,
            team_role: None,
            call_timeout: Duration::from_secs(15),
            settle: Duration::from_secs(1),
            active_threads_max: ACTIVE_THREADS_MAX,
            pause_first: Duration::from_millis(500),
            verbs: Arc::default(),
            topics: Arc::default(),
            replies: Arc::default(),
        }
    }

    /// What can be chosen in a channel; where it is not known which, everything.
    pub(crate) fn topics_in(&self, channel: Option<Id>) -> Vec<(String, String)> {
        let here = |desk: &&DeskTopics| channel.is_some_and(|channel| desk.channels.contains(&channel));
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
    fn the_token_does_not_show_in_a_log() {
        assert!(!format!("{:?}", DiscordConfig::new(Secret::new("hush"))).contains("hush"));
    }
}
