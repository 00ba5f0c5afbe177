//! What an event of Discord's gateway means, read leniently from its JSON. Serenity's models are not used
//! here: one field that they expect and do not find loses the whole event without a word, a message with
//! it. An event we do not know, or a field we do not expect, is nothing and no error; what a person wrote
//! in a thread is found whatever else the event holds.

use crate::format::{A_STICKER, SHARED_MESSAGE};
use crate::ids::{FilePlace, Id};
use crate::markdown;
use crate::refusal;
use serde_json::Value;
use serenity::model::timestamp::Timestamp;
use std::fmt;
use threadline_core::body::{Block, Body, Span};
use threadline_core::desk::Stop;
use threadline_core::file::DeskFile;

/// What an event means.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// Something happened in a channel that may be a thread.
    Happened(Found),
    /// Channels and threads as they are now.
    Places(Vec<Value>),
    /// A server can be seen: who is on it, and which channels and threads it has.
    Server {
        /// Which.
        guild: Id,
        /// Its channels and threads.
        places: Vec<Value>,
    },
    /// A thread was deleted.
    ThreadGone {
        /// Which.
        thread: Id,
        /// Where it was.
        channel: Id,
        /// On which server.
        guild: Id,
    },
    /// A channel was deleted.
    ChannelGone(Id),
    /// The bot was taken off a server.
    Removed {
        /// Which.
        guild: Id,
        /// What the operator reads.
        stop: Stop,
    },
    /// What somebody may see may have changed.
    Reshuffled,
    /// Somebody used a button, a menu, a command or a form.
    ByHand(Value),
    /// Nothing that concerns us.
    Nothing,
}

/// Something that happened in a channel that may be a thread.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Where.
    pub channel: Id,
    /// What.
    pub act: FoundAct,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum FoundAct {
    /// Somebody wrote or edited.
    Wrote(Box<Utterance>),
    /// Somebody edited, and the event does not say what it says now.
    Changed(Id),
    /// Messages were deleted.
    Deleted(Vec<Id>),
}

/// A message that somebody wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    /// Which.
    pub message: Id,
    /// When it was last edited, in microseconds since 1970.
    pub edited: Option<i64>,
    /// Who wrote it.
    pub author: Author,
    /// The message object, for its content.
    pub json: Value,
}

/// Who wrote, as far as the message itself says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// A person.
    User(Id),
    /// An app, or a webhook.
    Bot(Option<Id>),
}

/// An event that means something and cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong.
    pub why: &'static str,
    /// Where it happened, if that much can be read.
    pub channel: Option<Id>,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)
    }
}

impl std::error::Error for Unreadable {}

/// What an event of this kind means to the bot with this user.
pub fn decode(us: Id, kind: &str, mut data: Value) -> Result<Decoded, Unreadable> {
    let id = |name: &str| Id::of(&data[name]);
    let unreadable = |why| Unreadable { why, channel: id("channel_id") };
    Ok(match kind {
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" => {
            let channel = id("channel_id").ok_or(unreadable("a message without its channel"))?;
            let message = id("id").ok_or(unreadable("a message without its id"))?;
            let is_new = kind == "MESSAGE_CREATE";
            let is_edited = data["edited_timestamp"].is_string();
            let is_whole = data["author"].is_object() && data["content"].is_string();
            if is_ours(us, &data) || is_new && is_direct(&data) {
                Decoded::Nothing
            } else if is_new && !data["author"].is_object() {
                return Err(unreadable("a message without its writer"));
            } else if !is_new && !is_edited {
                // Discord has unfurled a link, or counted something.
                Decoded::Nothing
            } else if !is_whole {
                Decoded::Happened(Found { channel, act: FoundAct::Changed(message) })
            } else {
                match utterance(&data) {
                    Some(said) => Decoded::Happened(Found { channel, act: FoundAct::Wrote(Box::new(said)) }),
                    None => Decoded::Nothing,
                }
            }
        }
        "MESSAGE_DELETE" => {
            let channel = id("channel_id").ok_or(unreadable("a deletion without its channel"))?;
            let message = id("id").ok_or(unreadable("a deletion without its message"))?;
            Decoded::Happened(Found { channel, act: FoundAct::Deleted(vec![message]) })
        }
        "MESSAGE_DELETE_BULK" => {
            let channel = id("channel_id").ok_or(unreadable("deletions without their channel"))?;
            let messages = data["ids"].as_array().ok_or(unreadable("deletions without their messages"))?;
            let messages = messages.iter().filter_map(Id::of).collect();
            Decoded::Happened(Found { channel, act: FoundAct::Deleted(messages) })
        }
        "GUILD_CREATE" => {
            let guild = id("id").ok_or(unreadable("a server without its id"))?;
            let places = ["channels", "threads"].map(|name| data[name].take()).into_iter();
            let mut places: Vec<Value> = places.flat_map(listed).collect();
            // Here Discord does not say of each which server it is on.
            places.iter_mut().for_each(|place| place["guild_id"] = Value::String(guild.to_string()));
            Decoded::Server { guild, places }
        }
        "THREAD_LIST_SYNC" => Decoded::Places(listed(data["threads"].take())),
        "THREAD_CREATE" | "THREAD_UPDATE" => Decoded::Places(vec![data]),
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" => Decoded::Places(vec![data]),
        "THREAD_DELETE" => {
            let parts = (id("id"), id("parent_id"), id("guild_id"));
            let (Some(thread), Some(channel), Some(guild)) = parts else {
                return Err(unreadable("a thread's deletion without its place"));
            };
            Decoded::ThreadGone { thread, channel, guild }
        }
        "CHANNEL_DELETE" => Decoded::ChannelGone(id("id").ok_or(unreadable("a channel's deletion without its id"))?),
        "GUILD_DELETE" if data["unavailable"] != true => {
            let guild = id("id").ok_or(unreadable("a server without its id"))?;
            let gone = refusal::Refusal { status: 404, code: 10_004, message: String::new() };
            match gone.trouble("", refusal::About::Channel) {
                threadline_core::desk::Trouble::Stopped(stop) => Decoded::Removed { guild, stop },
                _ => Decoded::Nothing,
            }
        }
        "GUILD_ROLE_UPDATE" | "GUILD_ROLE_DELETE" | "GUILD_UPDATE" => Decoded::Reshuffled,
        "INTERACTION_CREATE" => Decoded::ByHand(data),
        _ => Decoded::Nothing,
    })
}

/// A message to the bot alone, which is no thread's.
fn is_direct(message: &Value) -> bool {
    message["guild_id"].is_null() && message["member"].is_null()
}

/// What somebody wrote, if this message object is that and not Discord's own word or ours.
pub(crate) fn utterance(message: &Value) -> Option<Utterance> {
    // Plain messages and replies; those of commands are apps' (docs, "Message Types").
    if !matches!(message["type"].as_u64(), None | Some(0 | 19 | 20 | 23)) {
        return None;
    }
    let edited = message["edited_timestamp"].as_str().and_then(micros);
    let user = Id::of(&message["author"]["id"]);
    let is_app =
        message["author"]["bot"] == true || message["webhook_id"].is_string() || message["author"]["system"] == true;
    let author = match user {
        Some(user) if !is_app => Author::User(user),
        user => Author::Bot(user.filter(|_| message["webhook_id"].is_null())),
    };
    Some(Utterance { message: Id::of(&message["id"])?, edited, author, json: message.clone() })
}

fn is_ours(us: Id, message: &Value) -> bool {
    Id::of(&message["author"]["id"]) == Some(us)
}

/// What a message says.
pub(crate) fn body(message: &Value) -> Body {
    let mut body = markdown::body(message["content"].as_str().unwrap_or_default());
    let has = |name: &str| message[name].as_array().is_some_and(|all| !all.is_empty());
    if body.is_blank() {
        body = Body::default();
    }
    let mut say = |words: &str| body.0.push(Block::Paragraph(vec![Span::plain(words)]));
    if has("sticker_items") {
        say(A_STICKER);
    } else if message["content"].as_str().unwrap_or_default().is_empty()
        && (has("message_snapshots") || message["poll"].is_object())
    {
        say(SHARED_MESSAGE);
    }
    body
}

/// True for a message of a person that says nothing at all: Discord keeps its content from the bot.
pub(crate) fn is_hollow(message: &Value) -> bool {
    let has = |name: &str| message[name].as_array().is_some_and(|all| !all.is_empty());
    let lists = ["attachments", "embeds", "sticker_items", "message_snapshots", "components"];
    message["content"] == "" && !lists.into_iter().any(has) && message["poll"].is_null()
}

/// The files of a message.
pub(crate) fn files(thread: Id, message: &Value) -> Vec<DeskFile> {
    let Some(id) = Id::of(&message["id"]) else { return Vec::new() };
    let file = |file: &Value| {
        let key = FilePlace { thread, message: id, attachment: Id::of(&file["id"])? }.key();
        let name = file["filename"].as_str().unwrap_or_default().to_string();
        Some(DeskFile { key, name, bytes: file["size"].as_u64(), deleted: false })
    };
    message["attachments"].as_array().into_iter().flatten().filter_map(file).collect()
}

/// A time of Discord's in microseconds since 1970.
fn micros(text: &str) -> Option<i64> {
    let at = Timestamp::parse(text).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000).ok()
}

fn listed(value: Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const US: Id = Id(9);

    fn message(more: Value) -> Value {
        let mut message = json!({ "id": "30", "channel_id": "3", "guild_id": "1", "type": 0, "content": "hello",
            "author": { "id": "7" }, "member": {}, "edited_timestamp": null });
        for (name, value) in more.as_object().unwrap() {
            message[name] = value.clone();
        }
        message
    }

    fn said(kind: &str, more: Value) -> Option<Utterance> {
        match decode(US, kind, message(more)).unwrap() {
            Decoded::Happened(Found { channel: Id(3), act: FoundAct::Wrote(said) }) => Some(*said),
            Decoded::Nothing => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_person_wrote_is_found_whatever_else_the_event_holds() {
        for odd in [
            json!({}),
            json!({ "type": 19 }),
            json!({ "member": null, "mentions": "none", "embeds": 7, "components": [{ "type": 99 }], "flags": -1 }),
        ] {
            assert_eq!(said("MESSAGE_CREATE", odd).map(|said| said.author), Some(Author::User(Id(7))));
        }
        let edited = json!({ "edited_timestamp": "2026-01-01T00:00:00.123456+00:00" });
        assert_eq!(said("MESSAGE_UPDATE", edited).unwrap().edited, Some(1_767_225_600_123_456));
        assert_eq!(said("MESSAGE_UPDATE", json!({})), None, "a link was unfurled");
        assert_eq!(said("MESSAGE_CREATE", json!({ "author": { "id": "9", "bot": true } })), None, "it is ours");
        for kind in [6, 18, 21, 24, 300] {
            assert_eq!(said("MESSAGE_CREATE", json!({ "type": kind })), None, "Discord's own word");
        }
        let hook = json!({ "webhook_id": "5", "author": { "id": "5" } });
        assert_eq!(said("MESSAGE_CREATE", hook).unwrap().author, Author::Bot(None));
    }

    #[test]
    fn half_an_edit_is_looked_up_and_half_a_message_is_told_of() {
        let half =
            json!({ "id": "30", "channel_id": "3", "guild_id": "1", "edited_timestamp": "2026-01-01T00:00:00Z" });
        let found = Found { channel: Id(3), act: FoundAct::Changed(Id(30)) };
        assert_eq!(decode(US, "MESSAGE_UPDATE", half), Ok(Decoded::Happened(found)));
        let odd = decode(US, "MESSAGE_CREATE", json!({ "id": "30", "channel_id": "3", "guild_id": "1", "type": 0 }));
        assert_eq!(odd.unwrap_err().channel, Some(Id(3)));
        assert!(decode(US, "MESSAGE_CREATE", json!({ "content": "hello" })).is_err());
        assert_eq!(decode(US, "AN_INVENTION_OF_NEXT_YEAR", json!({})), Ok(Decoded::Nothing));
    }

    #[test]
    fn deletions_and_places_are_read() {
        let deleted = decode(US, "MESSAGE_DELETE_BULK", json!({ "channel_id": "3", "ids": ["5", 6, "x"] }));
        let act = FoundAct::Deleted(vec![Id(5), Id(6)]);
        assert_eq!(deleted, Ok(Decoded::Happened(Found { channel: Id(3), act })));
        let server =
            json!({ "id": "1", "channels": [{ "id": "2", "type": 0 }], "threads": [{ "id": "3", "type": 12 }] });
        let Ok(Decoded::Server { places, .. }) = decode(US, "GUILD_CREATE", server) else { panic!() };
        assert_eq!(places.iter().map(|place| place["guild_id"].as_str()).collect::<Vec<_>>(), [Some("1"), Some("1")]);
        assert_eq!(decode(US, "GUILD_DELETE", json!({ "id": "1", "unavailable": true })), Ok(Decoded::Nothing));
        assert!(matches!(decode(US, "GUILD_DELETE", json!({ "id": "1" })), Ok(Decoded::Removed { .. })));
    }

    #[test]
    fn what_a_message_carries_is_named() {
        let carried = message(json!({ "content": "", "sticker_items": [{ "name": "wave" }],
            "attachments": [{ "id": "8", "filename": "a.png", "size": 7 }, { "filename": "nameless" }] }));
        assert_eq!(body(&carried).text(), "(sticker)");
        assert_eq!(files(Id(3), &carried)[0].key.0, "discord/3/30/8");
        assert_eq!(files(Id(3), &carried).len(), 1);
        assert!(is_hollow(&message(json!({ "content": "" }))) && !is_hollow(&carried));
    }
}
