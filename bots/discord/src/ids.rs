//! How Discord's names for things become the core's opaque keys, and back. A thread is
//! `discord/{server}/{channel}/{thread}`, a post `discord/{server}/{thread}/{message}`, a person
//! `discord/{server}/{user}` and a file `discord/{thread}/{message}/{attachment}`; only this file knows
//! that. A thread's key names the channel that it hangs on, because people see what is in their channels;
//! a post's does not, because Discord does not say it with every message.

use crate::PLATFORM;
use serde_json::Value;
use std::fmt;
use threadline_core::file::DeskFileKey;
use threadline_core::ids::{AgentId, PostKey, ThreadKey};

/// 2015-01-01T00:00Z in milliseconds, from which Discord's ids count (docs, "Snowflakes").
const EPOCH_MILLIS: i64 = 1_420_070_400_000;
/// Bits of an id below its milliseconds.
const BELOW_MILLIS_BITS: u32 = 22;

/// An id of Discord's: a number that grows with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u64);

impl Id {
    /// The id that this text is.
    pub fn parse(text: &str) -> Option<Id> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|id| digits && *id > 0).map(Id)
    }

    /// The id that this value of Discord's is.
    pub fn of(value: &Value) -> Option<Id> {
        value.as_str().and_then(Id::parse).or_else(|| value.as_u64().filter(|id| *id > 0).map(Id))
    }

    /// When it was made, in milliseconds since 1970.
    pub fn millis(self) -> i64 {
        (self.0 >> BELOW_MILLIS_BITS) as i64 + EPOCH_MILLIS
    }

    /// When it was made in microseconds, so that what was made later is never smaller: the digits
    /// behind the milliseconds come from what else the id holds.
    pub fn stamp(self) -> i64 {
        let rest = self.0 & ((1 << BELOW_MILLIS_BITS) - 1);
        self.millis() * 1_000 + ((rest * 1_000) >> BELOW_MILLIS_BITS) as i64
    }

    /// The smallest id that can be made at that moment.
    pub fn at_millis(millis: i64) -> Id {
        Id(u64::try_from(millis - EPOCH_MILLIS).unwrap_or(0) << BELOW_MILLIS_BITS)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A thread's place in Discord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// The server.
    pub guild: Id,
    /// The channel or forum that it hangs on.
    pub channel: Id,
    /// The thread itself.
    pub thread: Id,
}

impl Spot {
    /// Its key.
    pub fn key(self) -> ThreadKey {
        ThreadKey(joined([self.guild, self.channel, self.thread]))
    }

    /// Where a key points; nothing for a key of another platform.
    pub fn parse(key: &ThreadKey) -> Option<Spot> {
        let [guild, channel, thread] = parted(&key.0)?;
        Some(Spot { guild, channel, thread })
    }

    /// Its address for people.
    pub fn link(self) -> String {
        format!("https://discord.com/channels/{}/{}", self.guild, self.thread)
    }
}

/// A post's place in Discord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The server.
    pub guild: Id,
    /// The thread.
    pub thread: Id,
    /// The message.
    pub message: Id,
}

impl Place {
    /// Its key.
    pub fn key(self) -> PostKey {
        PostKey(joined([self.guild, self.thread, self.message]))
    }

    /// Where a key points; nothing for a key of another platform.
    pub fn parse(key: &PostKey) -> Option<Place> {
        let [guild, thread, message] = parted(&key.0)?;
        Some(Place { guild, thread, message })
    }
}

/// A file's place in Discord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FilePlace {
    /// The thread.
    pub thread: Id,
    /// The message that it is attached to.
    pub message: Id,
    /// The attachment.
    pub attachment: Id,
}

impl FilePlace {
    /// Its key.
    pub fn key(self) -> DeskFileKey {
        DeskFileKey(joined([self.thread, self.message, self.attachment]))
    }

    /// Where a key points; nothing for a key of another platform.
    pub fn parse(key: &DeskFileKey) -> Option<FilePlace> {
        let [thread, message, attachment] = parted(&key.0)?;
        Some(FilePlace { thread, message, attachment })
    }
}

fn joined(parts: [Id; 3]) -> String {
    format!("{PLATFORM}/{}/{}/{}", parts[0], parts[1], parts[2])
}

fn parted(key: &str) -> Option<[Id; 3]> {
    let mut parts = key.strip_prefix(PLATFORM)?.strip_prefix('/')?.split('/');
    let three = [Id::parse(parts.next()?)?, Id::parse(parts.next()?)?, Id::parse(parts.next()?)?];
    parts.next().is_none().then_some(three)
}

/// What the keys of all threads in a channel begin with.
pub fn threads_in(guild: Id, channel: Id) -> String {
    format!("{PLATFORM}/{guild}/{channel}/")
}

/// The key of a person.
pub fn agent(guild: Id, user: Id) -> AgentId {
    AgentId(format!("{PLATFORM}/{guild}/{user}"))
}

/// The Discord user in a person's key, or the bare id itself.
pub fn user(person: &str) -> Option<Id> {
    Id::parse(listener(person).0.rsplit('/').next().unwrap_or_default())
}

/// A person's key, and the token of what he did, by which Discord takes an answer for him alone.
pub fn elsewhere(person: &AgentId, token: &str) -> String {
    format!("{person} {token}")
}

/// A person's key, and the token behind it, if there is one.
pub fn listener(person: &str) -> (&str, Option<&str>) {
    match person.split_once(' ') {
        Some((person, token)) => (person, Some(token)),
        None => (person, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back() {
        let spot = Spot { guild: Id(1), channel: Id(2), thread: Id(3) };
        assert_eq!((spot.key().0.as_str(), Spot::parse(&spot.key())), ("discord/1/2/3", Some(spot)));
        let place = Place { guild: Id(1), thread: Id(3), message: Id(4) };
        assert_eq!((place.key().0.as_str(), Place::parse(&place.key())), ("discord/1/3/4", Some(place)));
        let file = FilePlace { thread: Id(3), message: Id(4), attachment: Id(5) };
        assert_eq!((file.key().0.as_str(), FilePlace::parse(&file.key())), ("discord/3/4/5", Some(file)));
        let elsewhere = elsewhere(&agent(Id(1), Id(9)), "token.x");
        assert_eq!((user(&elsewhere), listener(&elsewhere).1), (Some(Id(9)), Some("token.x")));
        assert_eq!((user("9"), listener("discord/1/9")), (Some(Id(9)), ("discord/1/9", None)));
    }

    #[test]
    fn other_keys_are_no_places() {
        for key in
            ["", "discord/1/2", "discord/1/2/x", "discord//2/3", "slack/1/2/3", "discord/1/2/3/4", "discord/1/2/0"]
        {
            assert_eq!(Spot::parse(&ThreadKey(key.into())), None, "{key}");
        }
    }

    #[test]
    fn a_stamp_is_microseconds_and_grows_with_the_id() {
        let id = Id(175_928_847_299_117_063);
        assert_eq!((id.millis(), id.stamp() / 1_000), (1_462_015_105_796, 1_462_015_105_796));
        assert!(Id(id.0 + 1).stamp() >= id.stamp() && Id(id.0 + (1 << 22)).stamp() == id.stamp() + 1_000);
        assert!(Id::at_millis(id.millis()) <= id && Id::at_millis(id.millis() + 1) > id);
        assert_eq!(Id::at_millis(0), Id(0));
    }
}
