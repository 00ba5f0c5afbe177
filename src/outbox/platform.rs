//! What a desk's worker can ask of its platform: the same for each.

use crate::config;
use crate::practice::Practice;
use threadline_core::body::Body;
use threadline_core::card::Card;
use threadline_core::desk::{Letter, Mark, Snapshot, Trouble};
use threadline_core::ids::{ConversationId, Moment, PostKey, ThreadKey};
use threadline_slack::ids::Spot;
use threadline_slack::outbound::Slack;

/// What a desk is on.
#[derive(Clone, Debug)]
pub enum Platform {
    /// Slack.
    Slack(Slack),
    /// The practice desk.
    Practice(Practice),
}

impl Platform {
    /// Its name in the configuration.
    pub fn kind(&self) -> config::Platform {
        match self {
            Platform::Slack(_) => config::Platform::Slack,
            Platform::Practice(_) => config::Platform::Practice,
        }
    }

    /// The channel that a thread is in.
    pub fn channel_of(&self, thread: &ThreadKey) -> Option<String> {
        match self {
            Platform::Slack(_) => Spot::parse(&thread.0).map(|spot| spot.channel.to_string()),
            Platform::Practice(_) => None,
        }
    }

    /// Makes a thread, with the card at its root.
    pub async fn open_thread(&self, channel: &str, card: &Card) -> Result<ThreadKey, Trouble> {
        match self {
            Platform::Slack(slack) => slack.open_thread(channel, card).await,
            Platform::Practice(practice) => practice.open_thread(card).await,
        }
    }

    /// Has the card at the root of a thread show what is so now.
    pub async fn edit_card(&self, thread: &ThreadKey, card: &Card) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.edit_card(thread, card).await,
            Platform::Practice(practice) => practice.edit_card(card).await,
        }
    }

    /// Posts in a thread.
    pub async fn post(&self, thread: &ThreadKey, letter: &Letter) -> Result<PostKey, Trouble> {
        match self {
            Platform::Slack(slack) => slack.post(thread, letter).await,
            Platform::Practice(practice) => practice.post(letter).await,
        }
    }

    /// Shows a receipt under a post.
    pub async fn mark(&self, post: &PostKey, mark: Mark) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.mark(post, mark).await,
            Platform::Practice(practice) => practice.mark(post, mark).await,
        }
    }

    /// Tells one person something. `delivery` makes it the same telling when it is repeated, where
    /// the platform can know.
    pub async fn tell(
        &self,
        conversation: ConversationId,
        thread: &ThreadKey,
        person: &str,
        words: &Body,
        delivery: String,
    ) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.tell(thread, person, words).await,
            Platform::Practice(practice) => practice.tell(conversation, person, words, delivery).await,
        }
    }

    /// The thread as it stands.
    pub async fn read_thread(&self, thread: &ThreadKey, asked_at: Moment) -> Result<Snapshot, Trouble> {
        match self {
            Platform::Slack(slack) => slack.read_thread(thread, asked_at).await,
            Platform::Practice(practice) => practice.read_thread(thread, asked_at).await,
        }
    }

    /// The thread of a conversation whose opening was unclear.
    pub async fn find_thread(
        &self,
        channels: &[String],
        conversation: ConversationId,
        since: Moment,
    ) -> Result<Option<ThreadKey>, Trouble> {
        match self {
            Platform::Slack(slack) => slack.find_thread(channels, conversation, since).await,
            Platform::Practice(practice) => practice.find_thread(conversation).await,
        }
    }
}
