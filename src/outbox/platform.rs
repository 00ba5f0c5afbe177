//! What a desk's worker can ask of its platform: the same for each.

use crate::config;
use crate::files::Files;
use crate::practice::{self, Practice};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use std::{fmt, io};
use threadline_core::body::Body;
use threadline_core::card::Card;
use threadline_core::conversation::Conversation;
use threadline_core::desk::{FoundCard, Letter, Mark, NotFetched, Snapshot, Trouble};
use threadline_core::file::{DeskFileKey, StoredFile};
use threadline_core::ids::{ConversationId, Moment, PostKey, ThreadKey};
use threadline_discord::files::{self as discord_files, Download as FromDiscord};
use threadline_discord::outbound::Discord;
use threadline_slack::files::Download;
use threadline_slack::ids::Spot;
use threadline_slack::outbound::Slack;

/// A file that comes from a desk.
#[derive(Debug)]
pub struct Fetched {
    /// Its name there, if that is better known now.
    pub name: Option<String>,
    /// How many bytes come, if the desk says.
    pub bytes: Option<u64>,
    from: From,
}

enum From {
    Slack(Download),
    Discord(FromDiscord),
    Practice(BoxStream<'static, io::Result<Bytes>>),
}

impl fmt::Debug for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            From::Slack(_) => "Slack",
            From::Discord(_) => "Discord",
            From::Practice(_) => "Practice",
        })
    }
}

impl Fetched {
    /// The next bytes; none at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, String>> {
        match &mut self.from {
            From::Slack(download) => download.next().await,
            From::Discord(download) => download.next().await,
            From::Practice(stream) => stream.next().await.map(|part| part.map_err(|error| error.to_string())),
        }
    }
}

/// What a desk is on.
#[derive(Clone, Debug)]
pub enum Platform {
    /// Slack.
    Slack(Slack),
    /// Discord.
    Discord(Discord),
    /// The practice desk.
    Practice(Practice),
}

impl Platform {
    /// Its name in the configuration.
    pub fn kind(&self) -> config::Platform {
        match self {
            Platform::Slack(_) => config::Platform::Slack,
            Platform::Discord(_) => config::Platform::Discord,
            Platform::Practice(_) => config::Platform::Practice,
        }
    }

    /// The channel that a thread is in.
    pub fn channel_of(&self, thread: &ThreadKey) -> Option<String> {
        match self {
            Platform::Slack(_) => Spot::parse(&thread.0).map(|spot| spot.channel.to_string()),
            Platform::Discord(_) => Discord::channel_of(thread),
            Platform::Practice(_) => None,
        }
    }

    /// Makes a thread, with the card at its root.
    pub async fn open_thread(&self, channel: &str, card: &Card) -> Result<ThreadKey, Trouble> {
        match self {
            Platform::Slack(slack) => slack.open_thread(channel, card).await,
            Platform::Discord(discord) => discord.open_thread(channel, card).await,
            Platform::Practice(practice) => practice.open_thread(card).await,
        }
    }

    /// Has the card at the root of a thread show what is so now.
    pub async fn edit_card(&self, thread: &ThreadKey, card: &Card) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.edit_card(thread, card).await,
            Platform::Discord(discord) => discord.edit_card(thread, card).await,
            Platform::Practice(practice) => practice.edit_card(card).await,
        }
    }

    /// Posts in a thread; as which post, if the desk says so.
    pub async fn post(&self, thread: &ThreadKey, letter: &Letter) -> Result<Option<PostKey>, Trouble> {
        match self {
            Platform::Slack(slack) => slack.post(thread, letter).await,
            Platform::Discord(discord) => discord.post(thread, letter).await,
            Platform::Practice(practice) => practice.post(letter).await.map(Some),
        }
    }

    /// As the desk names a file of which it needs no bytes before it is posted.
    pub fn key_of(&self, file: &StoredFile) -> Option<DeskFileKey> {
        match self {
            Platform::Slack(_) => None,
            Platform::Discord(_) => Some(discord_files::key_of(file)),
            Platform::Practice(_) => Some(practice::file_key(file.id)),
        }
    }

    /// Gives the desk the bytes of a file, which nobody sees there before it is posted.
    pub async fn upload(&self, files: &Files, file: &StoredFile) -> Result<DeskFileKey, Trouble> {
        match self {
            Platform::Slack(slack) => {
                let reading = files.read(&file.hash, 0, file.bytes).await;
                let reading = reading.map_err(|error| Trouble::NotDone { why: error.to_string() })?;
                let reading = reading.ok_or_else(|| Trouble::Never { why: "its bytes are lost".to_string() })?;
                slack.upload(&file.name, file.bytes, reading.bytes).await
            }
            Platform::Discord(_) => Ok(discord_files::key_of(file)),
            Platform::Practice(_) => Ok(practice::file_key(file.id)),
        }
    }

    /// Gets a file that somebody attached at the desk.
    pub async fn fetch(&self, key: &DeskFileKey) -> Result<Fetched, NotFetched> {
        match self {
            Platform::Slack(slack) => {
                let download = slack.download(key).await?;
                Ok(Fetched { name: download.name.clone(), bytes: download.bytes, from: From::Slack(download) })
            }
            Platform::Discord(discord) => {
                let download = discord.download(key).await?;
                Ok(Fetched { name: download.name.clone(), bytes: download.bytes, from: From::Discord(download) })
            }
            Platform::Practice(practice) => {
                let (name, reading) = practice.file(key).await?;
                let bytes = Some(reading.length);
                Ok(Fetched { name: Some(name), bytes, from: From::Practice(reading.bytes) })
            }
        }
    }

    /// Shows a receipt under a post.
    pub async fn mark(&self, post: &PostKey, mark: Mark) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.mark(post, mark).await,
            Platform::Discord(discord) => discord.mark(post, mark).await,
            Platform::Practice(practice) => practice.mark(post, mark, true).await,
        }
    }

    /// Takes a receipt away from a post. It may not be there.
    pub async fn unmark(&self, post: &PostKey, mark: Mark) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.unmark(post, mark).await,
            Platform::Discord(discord) => discord.unmark(post, mark).await,
            Platform::Practice(practice) => practice.mark(post, mark, false).await,
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
            Platform::Discord(discord) => discord.tell(thread, person, words).await,
            Platform::Practice(practice) => practice.tell(conversation, person, words, delivery).await,
        }
    }

    /// Shows one person the preview of this number, in these words, with buttons that send it or not.
    pub async fn show_preview(
        &self,
        thread: &ThreadKey,
        head: &Conversation,
        person: &str,
        words: &Body,
        preview: i64,
    ) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.show_preview(thread, head.number, person, words, preview).await,
            Platform::Discord(discord) => discord.show_preview(thread, head.number, person, words, preview).await,
            Platform::Practice(practice) => practice.show_preview(head.id, person, words, preview).await,
        }
    }

    /// The thread as it stands.
    pub async fn read_thread(&self, thread: &ThreadKey, asked_at: Moment) -> Result<Snapshot, Trouble> {
        match self {
            Platform::Slack(slack) => slack.read_thread(thread, asked_at).await,
            Platform::Discord(discord) => discord.read_thread(thread, asked_at).await,
            Platform::Practice(practice) => practice.read_thread(thread, asked_at).await,
        }
    }

    /// The cards of a conversation that stand in these channels, posted since then: what became of an
    /// opening of which nobody heard. `known`: the conversation's thread, if it has one.
    pub async fn find_cards(
        &self,
        channels: &[String],
        conversation: ConversationId,
        since: Moment,
        known: Option<&ThreadKey>,
    ) -> Result<Vec<FoundCard>, Trouble> {
        match self {
            Platform::Slack(slack) => slack.find_cards(channels, conversation, since, known).await,
            Platform::Discord(discord) => discord.find_cards(channels, conversation, since, known).await,
            Platform::Practice(practice) => practice.find_cards(conversation).await,
        }
    }

    /// True when something can be there twice, because it turned up after it was sent again.
    pub fn may_double(&self) -> bool {
        match self {
            Platform::Slack(_) | Platform::Discord(_) => true,
            Platform::Practice(_) => false,
        }
    }

    /// Deletes a post of ours.
    pub async fn take_back(&self, post: &PostKey) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.take_back(post).await,
            Platform::Discord(discord) => discord.take_back(post).await,
            Platform::Practice(_) => Err(nothing_is_there_twice()),
        }
    }

    /// Has a card of ours say that its conversation goes on in another thread.
    pub async fn point_the_way(&self, card: &PostKey, number: i64, onward: Option<&ThreadKey>) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.point_the_way(card, number, onward).await,
            Platform::Discord(discord) => discord.point_the_way(card, number, onward).await,
            Platform::Practice(_) => Err(nothing_is_there_twice()),
        }
    }

    /// Tells one person, in the thread where he wrote, that it was not sent and where the conversation
    /// goes on.
    pub async fn show_the_way(
        &self,
        thread: &ThreadKey,
        person: &str,
        onward: Option<&ThreadKey>,
    ) -> Result<(), Trouble> {
        match self {
            Platform::Slack(slack) => slack.show_the_way(thread, person, onward).await,
            Platform::Discord(discord) => discord.show_the_way(thread, person, onward).await,
            Platform::Practice(_) => Err(nothing_is_there_twice()),
        }
    }
}

/// At the practice desk a conversation has one thread and each delivery is one post.
fn nothing_is_there_twice() -> Trouble {
    Trouble::Never { why: "at this desk nothing is there twice".to_string() }
}
