//! What a raw frame of Slack means: an envelope of Socket Mode or a body of the Events API, read
//! leniently. An event we do not know, or a field we do not expect, is nothing and no error; what a
//! person wrote in a thread is found whatever else the payload holds.

use crate::ids::{self, Spot};
use crate::outbound::Us;
use crate::refusal;
use serde_json::Value;
use std::fmt;
use threadline_core::desk::{Frame, Post, Stop};
use threadline_core::ids::ThreadKey;

/// What a frame means.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// Something happened in a thread.
    Happened(Found),
    /// A person's name, picture or place changed; the user object as it is now.
    PersonChanged(Value),
    /// Something must be mended by the operator before work goes on, in this channel if one is named.
    Stopped {
        /// The channel it concerns.
        channel: Option<String>,
        /// What stopped.
        stop: Stop,
    },
    /// A channel works again.
    Mended {
        /// Which.
        channel: String,
    },
    /// Nothing that concerns us.
    Nothing,
}

/// Something that happened in a thread; its people are not looked up yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Where.
    pub thread: ThreadKey,
    /// What.
    pub act: FoundAct,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum FoundAct {
    /// Somebody wrote or edited.
    Wrote(Box<Utterance>),
    /// A post was deleted.
    Deleted(Post),
    /// The root was deleted.
    Gone,
}

/// A message that somebody wrote in a thread.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    /// Which.
    pub post: Post,
    /// The stamp of its last edit.
    pub edited: Option<i64>,
    /// Who wrote it, as far as the message itself says.
    pub author: Author,
    /// The message object, for its content.
    pub message: Value,
}

/// Who wrote, as far as the message itself says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// A user, to be looked up.
    User(String),
    /// An app, with the user it posts as if it has one.
    Bot {
        /// The user.
        user: Option<String>,
    },
    /// A person of another workspace.
    Outsider {
        /// The user.
        user: Option<String>,
    },
}

/// A frame that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the frame is not JSON: {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

/// What the frame means to the bot that we are.
pub fn decode(us: &Us, raw: &str) -> Result<Decoded, Unreadable> {
    let mut frame: Value = serde_json::from_str(raw).map_err(|error| Unreadable(error.to_string()))?;
    let payload = if frame["envelope_id"].is_string() { frame["payload"].take() } else { frame };
    let event = &payload["event"];
    let channel = text(&event["channel"]).or_else(|| text(&event["channel"]["id"]));
    let kind = event["type"].as_str().unwrap_or_default();
    Ok(match (kind, channel) {
        ("message", Some(channel)) => message(us, channel, event).map_or(Decoded::Nothing, Decoded::Happened),
        // The same message comes as a `message` event too.
        ("app_mention", _) => Decoded::Nothing,
        ("user_change", _) => Decoded::PersonChanged(event["user"].clone()),
        ("channel_unarchive" | "group_unarchive", Some(channel)) => Decoded::Mended { channel: channel.to_string() },
        ("member_joined_channel", Some(channel)) if event["user"] == us.user.as_str() => {
            Decoded::Mended { channel: channel.to_string() }
        }
        ("channel_id_changed", _) => stopped(kind, text(&event["old_channel_id"])),
        ("tokens_revoked", _) if !lists(&event["tokens"]["bot"], &us.user) => Decoded::Nothing,
        (_, channel) => stopped(kind, channel),
    })
}

/// A frame of Socket Mode or a body of the Events API, under what makes it the same when it comes
/// again: the event's id, which Slack keeps over every retry and every way; else the envelope's.
/// Nothing for what carries neither.
pub fn frame(raw: &str) -> Option<Frame> {
    let frame: Value = serde_json::from_str(raw).ok()?;
    Some(Frame { key: key(&frame)?.to_string(), raw: raw.to_string() })
}

/// What makes a frame the same when it comes again.
pub(crate) fn key(frame: &Value) -> Option<&str> {
    [&frame["payload"]["event_id"], &frame["event_id"], &frame["envelope_id"]].into_iter().find_map(text)
}

/// What somebody else wrote in a thread, if this message object is that.
pub(crate) fn utterance(us: &Us, channel: &str, message: &Value) -> Option<Utterance> {
    let spoken = match text(&message["subtype"]) {
        None | Some("file_share" | "thread_broadcast" | "me_message" | "bot_message") => true,
        Some(_) => false,
    };
    if !spoken || is_ours(us, message) {
        return None;
    }
    let post = post(us, channel, message)?;
    let edited = text(&message["edited"]["ts"]).and_then(ids::stamp);
    Some(Utterance { post, edited, author: author(us, message), message: message.clone() })
}

/// True for a message that we posted.
pub(crate) fn is_ours(us: &Us, message: &Value) -> bool {
    message["bot_id"] == us.bot.as_str() || message["user"] == us.user.as_str()
}

/// The post that this message object is.
pub(crate) fn post(us: &Us, channel: &str, message: &Value) -> Option<Post> {
    post_at(us, channel, text(&message["ts"])?)
}

fn post_at(us: &Us, channel: &str, ts: &str) -> Option<Post> {
    Some(Post { key: Spot { team: &us.team, channel, ts }.post(), stamp: ids::stamp(ts)? })
}

fn message(us: &Us, channel: &str, event: &Value) -> Option<Found> {
    match text(&event["subtype"]) {
        Some("message_changed") => changed(us, channel, event),
        Some("message_deleted") => deleted(us, channel, event),
        _ => {
            let root = root_of(event)?;
            wrote(us, channel, root, event)
        }
    }
}

/// An edit by a person. The same event comes for link previews and reply counters, without
/// `edited`; and, with a tombstone, for a root that was deleted while it had replies.
fn changed(us: &Us, channel: &str, event: &Value) -> Option<Found> {
    let message = &event["message"];
    if message["subtype"] == "tombstone" {
        return removed(us, channel, text(&message["ts"])?, &[message, &event["previous_message"]], false);
    }
    text(&message["edited"]["ts"])?;
    let root = [message, &event["previous_message"]].into_iter().find_map(root_of)?;
    wrote(us, channel, root, message)
}

fn deleted(us: &Us, channel: &str, event: &Value) -> Option<Found> {
    let previous = &event["previous_message"];
    let ts = text(&event["deleted_ts"]).or_else(|| text(&previous["ts"]))?;
    removed(us, channel, ts, &[previous], is_ours(us, previous))
}

/// A post that is not there any more. One that stands in no thread may have been the root of one.
/// That a post of ours in a thread was deleted changes nothing for the customer.
fn removed(us: &Us, channel: &str, ts: &str, said: &[&Value], ours: bool) -> Option<Found> {
    let root = said.iter().find_map(|message| root_of(message)).unwrap_or(ts);
    let thread = thread_at(us, channel, root)?;
    if root == ts {
        return Some(Found { thread, act: FoundAct::Gone });
    }
    let post = post_at(us, channel, ts)?;
    (!ours).then_some(Found { thread, act: FoundAct::Deleted(post) })
}

fn wrote(us: &Us, channel: &str, root: &str, message: &Value) -> Option<Found> {
    let thread = thread_at(us, channel, root)?;
    let utterance = utterance(us, channel, message)?;
    Some(Found { thread, act: FoundAct::Wrote(Box::new(utterance)) })
}

/// The root of the thread that the message is a reply in.
fn root_of(message: &Value) -> Option<&str> {
    let root = text(&message["thread_ts"])?;
    (message["ts"] != root).then_some(root)
}

fn thread_at(us: &Us, channel: &str, root: &str) -> Option<ThreadKey> {
    ids::stamp(root)?;
    Some(Spot { team: &us.team, channel, ts: root }.thread())
}

/// A person's own workspace stands in one of three fields, depending on the kind of sharing.
fn author(us: &Us, message: &Value) -> Author {
    let user = text(&message["user"]).map(str::to_string);
    let bot = text(&message["bot_id"]).is_some() || message["subtype"] == "bot_message";
    let teams = [&message["user_team"], &message["source_team"], &message["team"]];
    match user {
        user if bot => Author::Bot { user },
        user if teams.into_iter().filter_map(text).any(|team| !us.is_home(team)) => Author::Outsider { user },
        Some(user) => Author::User(user),
        None => Author::Bot { user: None },
    }
}

fn stopped(kind: &str, channel: Option<&str>) -> Decoded {
    match refusal::stop_for_event(kind) {
        Some(stop) => Decoded::Stopped { channel: channel.filter(|_| stop.channel_only).map(str::to_string), stop },
        None => Decoded::Nothing,
    }
}

fn lists(array: &Value, item: &str) -> bool {
    array.as_array().is_some_and(|items| items.iter().any(|one| one == item))
}

/// A string that says something: Slack writes an empty one for "none".
fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}
