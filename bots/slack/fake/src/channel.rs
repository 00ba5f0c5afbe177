//! A channel and what was said in it: messages by their `ts`, threads, reactions, what only one
//! person saw. Knows nothing of HTTP, tokens or events.

use crate::people::SLACKBOT;
use crate::ts::Ts;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A channel, shared between whoever needs it.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: String,
    room: Mutex<Room>,
}

impl Channel {
    /// The channel's room, for oneself as long as the guard lives. Whoever holds it may take the
    /// locks of people, files and deliveries, never another room's.
    pub(crate) fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is in a channel.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    /// Whether people of another workspace are in it through Slack Connect.
    pub(crate) ext_shared: bool,
    pub(crate) bot_is_member: bool,
    pub(crate) created_secs: u64,
    pub(crate) members: BTreeSet<String>,
    pub(crate) messages: BTreeMap<Ts, Message>,
    pub(crate) ephemerals: Vec<Ephemeral>,
    /// What assistant.threads.setStatus shows, by thread.
    pub(crate) statuses: HashMap<Ts, String>,
    /// Beyond this many the oldest messages are forgotten.
    messages_max: usize,
}

/// A message as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) ts: Ts,
    /// The root it answers.
    pub(crate) thread_ts: Option<Ts>,
    pub(crate) author: Author,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) blocks: Option<Value>,
    /// True when Slack made the blocks of the text.
    pub(crate) blocks_are_slacks: bool,
    pub(crate) attachments: Option<Value>,
    pub(crate) files: Vec<String>,
    /// As JSON: kept for every message, and a tree of it would be ten times the size.
    pub(crate) metadata: Option<Box<str>>,
    pub(crate) client_msg_id: Option<String>,
    pub(crate) edited: Option<Edit>,
    pub(crate) reactions: Vec<Reaction>,
    /// The answers to it, if it is a root.
    pub(crate) replies: BTreeSet<Ts>,
}

/// What sort of message it is, as far as Slack tells by `subtype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    FileShare,
    ThreadBroadcast,
    Me,
    Tombstone,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    Person { id: String, team: &'static str },
    OurBot { face: Option<Face> },
    OtherBot { id: String, bot_id: String, name: String },
    Slackbot,
}

impl Author {
    /// The author's user id; a customised post has none.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Author::Person { id, .. } | Author::OtherBot { id, .. } => Some(id),
            Author::OurBot { face: None } => Some(crate::people::BOT_USER_ID),
            Author::OurBot { face: Some(_) } => None,
            Author::Slackbot => Some(SLACKBOT),
        }
    }
}

/// The name and icon under which a bot posts with chat:write.customize.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Face {
    pub(crate) username: String,
    pub(crate) icon: Icon,
}

/// A bot's icon of its choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Own,
    Emoji(String),
    Url(String),
}

/// That a message was edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) user: String,
    pub(crate) ts: Ts,
}

/// An emoji and who set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reaction {
    pub(crate) name: String,
    pub(crate) users: Vec<String>,
}

/// A message that only one person saw.
#[derive(Clone, Debug)]
pub(crate) struct Ephemeral {
    pub(crate) ts: Ts,
    pub(crate) user: String,
    pub(crate) thread_ts: Option<Ts>,
    pub(crate) text: String,
    pub(crate) blocks: Option<Value>,
}

/// What came of deleting a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deleted {
    /// It is gone.
    Gone,
    /// It had answers: a tombstone stands in its place.
    Tombstone,
}

impl Room {
    /// The message of that `ts`.
    pub(crate) fn message(&self, ts: Ts) -> Option<&Message> {
        self.messages.get(&ts)
    }

    /// The root of the thread that the message of that `ts` is in; itself if it answers nothing.
    pub(crate) fn root_of(&self, ts: Ts) -> Option<Ts> {
        let message = self.messages.get(&ts)?;
        Some(message.thread_ts.unwrap_or(ts))
    }

    /// A thread: the root, then its answers in order.
    pub(crate) fn thread(&self, root: Ts) -> impl Iterator<Item = &Message> {
        let replies = self.messages.get(&root).map(|message| &message.replies);
        self.messages.get(&root).into_iter().chain(replies.into_iter().flatten().filter_map(|ts| self.messages.get(ts)))
    }

    /// Takes a message in; it becomes an answer if its root is there.
    pub(crate) fn insert(&mut self, message: Message) {
        if let Some(root) = message.thread_ts.and_then(|ts| self.messages.get_mut(&ts)) {
            root.replies.insert(message.ts);
        }
        self.messages.insert(message.ts, message);
        while self.messages.len() > self.messages_max {
            self.messages.pop_first();
        }
    }

    /// Takes a message out, or leaves a tombstone where answers hang on it.
    pub(crate) fn remove(&mut self, ts: Ts) -> Option<Deleted> {
        let message = self.messages.get_mut(&ts)?;
        if !message.replies.is_empty() && message.kind != Kind::Tombstone {
            *message = Message {
                kind: Kind::Tombstone,
                text: "This message was deleted.".into(),
                replies: std::mem::take(&mut message.replies),
                ..Message::new(ts, None, Author::Slackbot)
            };
            return Some(Deleted::Tombstone);
        }
        let message = self.messages.remove(&ts)?;
        if let Some(root_ts) = message.thread_ts
            && let Some(root) = self.messages.get_mut(&root_ts)
        {
            root.replies.remove(&ts);
            if root.replies.is_empty() && root.kind == Kind::Tombstone {
                self.messages.remove(&root_ts);
            }
        }
        Some(Deleted::Gone)
    }

    /// The message as the receiver of an event about `ts` would see it one level up: its root.
    pub(crate) fn root_author(&self, message: &Message) -> Option<&str> {
        self.messages.get(&message.thread_ts?)?.author.user()
    }

    /// `channel` or `group`, as events call it.
    pub(crate) fn channel_type(&self) -> &'static str {
        if self.private { "group" } else { "channel" }
    }
}

impl Message {
    /// An empty message.
    pub(crate) fn new(ts: Ts, thread_ts: Option<Ts>, author: Author) -> Message {
        Message {
            ts,
            thread_ts,
            author,
            kind: Kind::Plain,
            text: String::new(),
            blocks: None,
            blocks_are_slacks: false,
            attachments: None,
            files: vec![],
            metadata: None,
            client_msg_id: None,
            edited: None,
            reactions: vec![],
            replies: BTreeSet::new(),
        }
    }

    /// Sets `user`'s reaction; false if it was there.
    pub(crate) fn react(&mut self, user: &str, name: &str) -> bool {
        let reaction = match self.reactions.iter_mut().find(|reaction| reaction.name == name) {
            Some(reaction) => reaction,
            None => {
                self.reactions.push(Reaction { name: name.into(), users: vec![] });
                let last = self.reactions.len() - 1;
                &mut self.reactions[last]
            }
        };
        let is_new = !reaction.users.iter().any(|there| there == user);
        if is_new {
            reaction.users.push(user.into());
        }
        is_new
    }

    /// Takes `user`'s reaction away; false if it was not there.
    pub(crate) fn unreact(&mut self, user: &str, name: &str) -> bool {
        let Some(reaction) = self.reactions.iter_mut().find(|reaction| reaction.name == name) else {
            return false;
        };
        let before = reaction.users.len();
        reaction.users.retain(|there| there != user);
        let was_there = reaction.users.len() < before;
        self.reactions.retain(|reaction| !reaction.users.is_empty());
        was_there
    }
}

/// All channels, by id, by name and in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    by_id: HashMap<String, Arc<Channel>>,
    by_name: HashMap<String, String>,
    order: Vec<Arc<Channel>>,
}

impl Channels {
    /// The channel of that id, name or `#name`.
    pub(crate) fn find(&self, id_or_name: &str) -> Option<&Arc<Channel>> {
        let name = id_or_name.strip_prefix('#').unwrap_or(id_or_name);
        self.by_id.get(id_or_name).or_else(|| self.by_id.get(self.by_name.get(name)?))
    }

    /// The channel of that id.
    pub(crate) fn by_id(&self, id: &str) -> Option<&Arc<Channel>> {
        self.by_id.get(id)
    }

    pub(crate) fn all(&self) -> &[Arc<Channel>] {
        &self.order
    }

    /// Makes a channel; one of the same id is left as it is.
    pub(crate) fn add(
        &mut self,
        id: &str,
        name: &str,
        private: bool,
        created_secs: u64,
        messages_max: usize,
    ) -> Arc<Channel> {
        if let Some(channel) = self.by_id.get(id) {
            return channel.clone();
        }
        let room = Room {
            id: id.into(),
            name: name.into(),
            private,
            archived: false,
            ext_shared: false,
            bot_is_member: false,
            created_secs,
            members: BTreeSet::new(),
            messages: BTreeMap::new(),
            ephemerals: vec![],
            statuses: HashMap::new(),
            messages_max,
        };
        let channel = Arc::new(Channel { id: id.into(), room: Mutex::new(room) });
        self.by_id.insert(id.into(), channel.clone());
        self.by_name.insert(name.into(), id.into());
        self.order.push(channel.clone());
        channel
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Arc<Channel> {
        Channels::default().add("C1", "support", false, 0, usize::MAX)
    }

    fn message(ts: u64, thread: Option<u64>) -> Message {
        Message::new(Ts(ts), thread.map(Ts), Author::OurBot { face: None })
    }

    #[test]
    fn a_root_with_answers_leaves_a_tombstone_until_they_are_gone_too() {
        let channel = room();
        let mut room = channel.room();
        for (ts, thread) in [(1, None), (2, Some(1)), (3, Some(1))] {
            room.insert(message(ts, thread));
        }
        assert_eq!(room.remove(Ts(1)), Some(Deleted::Tombstone));
        assert_eq!(room.thread(Ts(1)).map(|m| m.ts.0).collect::<Vec<_>>(), [1, 2, 3]);
        room.remove(Ts(2));
        room.remove(Ts(3));
        assert!(room.messages.is_empty());
    }

    #[test]
    fn the_oldest_messages_are_forgotten_beyond_the_bound() {
        let channel = Channels::default().add("C1", "support", false, 0, 2);
        let mut room = channel.room();
        for ts in 1..=5 {
            room.insert(message(ts, None));
        }
        assert_eq!(room.messages.keys().map(|ts| ts.0).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn a_person_reacts_once() {
        let mut message = message(1, None);
        assert!(message.react("U1", "eyes") && message.react("U2", "eyes") && !message.react("U1", "eyes"));
        assert!(message.unreact("U1", "eyes") && !message.unreact("U1", "eyes") && message.unreact("U2", "eyes"));
        assert!(message.reactions.is_empty());
    }
}
