//! What a raw frame of Slack means: an envelope of Socket Mode or a body of the Events API, read
//! leniently. An event we do not know, or a field we do not expect, is nothing and no error; what a
//! person wrote in a thread is found whatever else the payload holds.

use crate::files::Share;
use crate::ids::{self, Spot};
use crate::loose;
use crate::outbound::Us;
use crate::refusal;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use threadline_core::desk::{Frame, Post, Stop};
use threadline_core::ids::ThreadKey;

/// What a frame means.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// Something happened in a thread.
    Happened(Found),
    /// Files of ours are shown now, there.
    Shown {
        /// Their ids.
        files: Vec<String>,
        /// Where.
        share: Share,
    },
    /// A person's name, picture or place changed; the user object as it is now.
    PersonChanged(Value),
    /// Somebody opened his home.
    HomeOpened {
        /// Who.
        user: String,
    },
    /// Somebody came into a channel.
    Joined {
        /// Which.
        channel: String,
    },
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
    let mut frame: Value = loose::read(raw).map_err(|error| Unreadable(error.to_string()))?;
    let payload = if frame["envelope_id"].is_string() { frame["payload"].take() } else { frame };
    let event = &payload["event"];
    let channel = text(&event["channel"]).or_else(|| text(&event["channel"]["id"])).filter(|id| ids::is_id(id));
    let kind = event["type"].as_str().unwrap_or_default();
    Ok(match (kind, channel) {
        ("message", Some(channel)) if event["subtype"] == "file_share" && is_ours(us, event) => {
            shown(channel, event).unwrap_or(Decoded::Nothing)
        }
        ("message", Some(channel)) => message(us, channel, event).map_or(Decoded::Nothing, Decoded::Happened),
        // The same message comes as a `message` event too.
        ("app_mention", _) => Decoded::Nothing,
        ("user_change", _) => Decoded::PersonChanged(event["user"].clone()),
        ("channel_unarchive" | "group_unarchive", Some(channel)) => Decoded::Mended { channel: channel.to_string() },
        ("member_joined_channel", Some(channel)) if event["user"] == us.user.as_str() => {
            Decoded::Mended { channel: channel.to_string() }
        }
        ("member_joined_channel", Some(channel)) => Decoded::Joined { channel: channel.to_string() },
        ("app_home_opened", _) => match text(&event["user"]).filter(|_| event["tab"] != "messages") {
            Some(user) => Decoded::HomeOpened { user: user.to_string() },
            None => Decoded::Nothing,
        },
        ("channel_id_changed", _) => stopped(kind, text(&event["old_channel_id"])),
        ("tokens_revoked", _) if !lists(&event["tokens"]["bot"], &us.user) => Decoded::Nothing,
        (_, channel) => stopped(kind, channel),
    })
}

/// A frame of Socket Mode or a body of the Events API, under what makes it the same when it comes
/// again: the event's id, which Slack keeps over every retry and every way; else the envelope's.
/// Nothing for what carries neither.
pub fn frame(raw: &str) -> Option<Frame> {
    serde_json::from_str::<Outline>(raw).ok()?.frame(raw)
}

/// As much of a frame as tells what it is; what it carries is only skimmed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Outline<'a> {
    envelope_id: Value,
    event_id: Value,
    #[serde(rename = "type")]
    kind: Value,
    reason: Value,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PayloadOutline {
    event_id: Value,
}

impl Outline<'_> {
    /// The envelope that it came in over a socket.
    pub fn envelope(&self) -> Option<&str> {
        text(&self.envelope_id)
    }

    /// What it is, when it is about the socket itself.
    pub fn kind(&self) -> Option<&str> {
        text(&self.kind)
    }

    /// Why it was sent, when it is about the socket itself.
    pub fn reason(&self) -> Option<&str> {
        text(&self.reason)
    }

    /// What an agent did with a button, a menu, a command or a form, if it is that.
    pub fn by_hand(&self) -> Option<Value> {
        let by_hand = matches!(self.kind(), Some("interactive" | "slash_commands"));
        self.payload.filter(|_| by_hand).and_then(|payload| loose::read(payload.get()).ok())
    }

    /// The frame under its key.
    pub fn frame(&self, raw: &str) -> Option<Frame> {
        let payload = self.payload.and_then(|payload| serde_json::from_str::<PayloadOutline>(payload.get()).ok());
        let payload = payload.unwrap_or_default();
        let key = [&payload.event_id, &self.event_id, &self.envelope_id].into_iter().find_map(text)?;
        Some(Frame { key: key.to_string(), raw: raw.into() })
    }
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

/// True for the frame with which Slack tells us of a post that we have just made. Edits and
/// deletions of our posts, and whatever else is not plainly this, are not.
pub fn is_echo(us: &Us, raw: &str) -> bool {
    // Most frames are not: their bytes say so before anything is parsed.
    if !raw.contains(&us.bot) {
        return false;
    }
    let Ok(envelope) = serde_json::from_str::<Envelope>(raw) else { return false };
    // Where `decode` looks for it.
    let event = match envelope.envelope_id.is_string() {
        true => envelope.payload.and_then(|payload| payload.event),
        false => envelope.event,
    };
    let Some(event) = event else { return false };
    let plain = event.subtype.is_none_or(|subtype| subtype == "bot_message");
    event.kind == Some("message") && plain && event.bot_id == Some(&us.bot)
}

/// As much of an envelope, or of a body of the Events API, as tells an echo.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    envelope_id: Value,
    #[serde(borrow)]
    payload: Option<Callback<'a>>,
    #[serde(borrow)]
    event: Option<EventHead<'a>>,
}

#[derive(Deserialize)]
struct Callback<'a> {
    #[serde(borrow)]
    event: Option<EventHead<'a>>,
}

#[derive(Deserialize)]
struct EventHead<'a> {
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    subtype: Option<&'a str>,
    bot_id: Option<&'a str>,
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

/// Files that we had shown.
fn shown(channel: &str, event: &Value) -> Option<Decoded> {
    let id = |file: &Value| text(&file["id"]).map(str::to_string);
    let files = event["files"].as_array()?.iter().filter_map(id).collect();
    let (ts, thread_ts) = (text(&event["ts"])?.to_string(), text(&event["thread_ts"]).map(str::to_string));
    Some(Decoded::Shown { files, share: Share { channel: channel.to_string(), ts, thread_ts } })
}

/// An edit by a person, or a file of his that is gone. The same event comes for link previews and
/// reply counters, without `edited`; and, with a tombstone, for a root that was deleted while it had
/// replies.
fn changed(us: &Us, channel: &str, event: &Value) -> Option<Found> {
    let message = &event["message"];
    if message["subtype"] == "tombstone" {
        return removed(us, channel, text(&message["ts"])?, &[message, &event["previous_message"]], false);
    }
    let has_files = message["files"].as_array().is_some_and(|files| !files.is_empty());
    if !has_files {
        text(&message["edited"]["ts"])?;
    }
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
    let utterance = utterance(us, channel, message).filter(|_| message["ts"] != root)?;
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
    let user = text(&message["user"]).filter(|user| ids::is_id(user)).map(str::to_string);
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
        Some(stop) if stop.channel_only && channel.is_none() => Decoded::Nothing,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_new_posts_are_echoes() {
        let us = Us { team: "T1".into(), enterprise: None, user: "U0BOT".into(), bot: "B0BOT".into(), url: None };
        let frame = |event: &str| format!(r#"{{"envelope_id":"e","type":"events_api","payload":{{"event":{event}}}}}"#);
        for echo in [
            r#"{"type":"message","bot_id":"B0BOT","user":"U0BOT","text":"hi","ts":"1.0"}"#,
            r#"{"type":"message","subtype":"bot_message","bot_id":"B0BOT","username":"Ada","text":"\"hi\"","ts":"1.0"}"#,
        ] {
            assert!(is_echo(&us, &frame(echo)), "{echo}");
            assert!(is_echo(&us, &format!(r#"{{"type":"event_callback","event":{echo}}}"#)), "{echo}, by HTTP");
        }
        for other in [
            r#"{"type":"message","user":"U1","text":"B0BOT","ts":"1.0"}"#,
            r#"{"type":"message","subtype":"message_changed","bot_id":"B0BOT","message":{"bot_id":"B0BOT"}}"#,
            r#"{"type":"message","subtype":"file_share","bot_id":"B0BOT","ts":"1.0"}"#,
            r#"{"type":"reaction_added","bot_id":"B0BOT"}"#,
            r#"{"type":"message","bot_id":"B0BOT2","ts":"1.0"}"#,
            r#"{"type":7,"bot_id":"B0BOT"}"#,
        ] {
            assert!(!is_echo(&us, &frame(other)), "{other}");
        }
        // Only the event that is understood afterwards counts.
        let beside = r#"{"type":"message","user":"U1","text":"mine","ts":"1.0","thread_ts":"0.5"}"#;
        let two = frame(beside).replacen('{', r#"{"event":{"type":"message","bot_id":"B0BOT"},"#, 1);
        assert!(!is_echo(&us, &two), "{two}");
    }
    use serde_json::json;

    const ROOT: &str = "1700000001.000100";
    const REPLY: &str = "1700000002.000200";

    fn us() -> Us {
        Us { team: "T1".into(), enterprise: Some("E1".into()), user: "U0BOT".into(), bot: "B0BOT".into(), url: None }
    }

    fn meaning(event: Value) -> Decoded {
        let payload = json!({ "type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event });
        let envelope = json!({ "envelope_id": "e1", "type": "events_api", "payload": payload.clone() });
        let over_socket = decode(&us(), &envelope.to_string()).unwrap();
        assert_eq!(decode(&us(), &payload.to_string()).unwrap(), over_socket, "both ways mean the same");
        over_socket
    }

    fn found(event: Value) -> Found {
        match meaning(event) {
            Decoded::Happened(found) => found,
            other => panic!("{other:?}"),
        }
    }

    fn wrote(event: Value) -> Utterance {
        let found = found(event);
        assert_eq!(found.thread, ThreadKey(format!("slack/T1/C1/{ROOT}")));
        match found.act {
            FoundAct::Wrote(utterance) => *utterance,
            other => panic!("{other:?}"),
        }
    }

    /// A reply in the thread, as Slack announces it, with some fields changed.
    fn reply(changes: Value) -> Value {
        let mut event = json!({
            "type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "team": "T1", "text": "hi",
            "ts": REPLY, "event_ts": REPLY, "thread_ts": ROOT, "parent_user_id": "U0BOT", "client_msg_id": "c1",
        });
        change(&mut event, changes);
        event
    }

    /// Sets fields; `null` takes one away.
    fn change(value: &mut Value, changes: Value) {
        let (Value::Object(fields), Value::Object(changes)) = (value, changes) else { panic!("objects only") };
        for (name, change) in changes {
            match change {
                Value::Null => fields.remove(&name),
                change => fields.insert(name, change),
            };
        }
    }

    fn post() -> Post {
        Post { key: Spot { team: "T1", channel: "C1", ts: REPLY }.post(), stamp: 1_700_000_002_000_200 }
    }

    #[test]
    fn a_reply_in_a_thread_is_something_written() {
        let said = wrote(reply(json!({})));
        assert_eq!((said.post, said.edited, said.author), (post(), None, Author::User("U1".into())));
        for subtype in ["file_share", "thread_broadcast", "me_message", ""] {
            assert_eq!(wrote(reply(json!({ "subtype": subtype }))).author, Author::User("U1".into()), "{subtype}");
        }
    }

    #[test]
    fn what_is_no_reply_of_a_person_is_nothing() {
        for changes in [
            json!({ "thread_ts": null }),
            json!({ "thread_ts": REPLY }),
            json!({ "thread_ts": "soon" }),
            json!({ "ts": null }),
            json!({ "channel": null }),
            json!({ "user": "U0BOT" }),
            json!({ "user": null, "bot_id": "B0BOT", "subtype": "bot_message" }),
            json!({ "subtype": "message_replied" }),
            json!({ "subtype": "channel_join" }),
            json!({ "subtype": "reply_broadcast" }),
            json!({ "subtype": "an_invention_of_next_year" }),
            json!({ "type": "app_mention" }),
            json!({ "type": "an_event_of_next_year" }),
            json!({ "type": 7 }),
        ] {
            assert_eq!(meaning(reply(changes.clone())), Decoded::Nothing, "{changes}");
        }
    }

    #[test]
    fn odd_fields_beside_the_words_lose_nothing() {
        let odd = reply(json!({
            "metadata": { "event_type": 3, "event_payload": { "n": 1, "deep": [{}] } },
            "files": [{ "url_private": "" }, 4, null], "attachments": [{ "id": "x" }], "edited": false, "bot_profile": 1,
            "team": 5, "user_team": {}, "blocks": "none",
        }));
        assert_eq!(wrote(odd).message["text"], "hi");
    }

    #[test]
    fn half_a_character_beside_the_words_loses_nothing() {
        let whole = reply(json!({ "attachments": [{ "text": "cut off HALF" }] }));
        let raw = json!({ "event": whole }).to_string().replace("HALF", r"\ud83d");
        let Ok(Decoded::Happened(Found { act: FoundAct::Wrote(said), .. })) = decode(&us(), &raw) else {
            panic!("{raw}")
        };
        assert_eq!(said.message["text"], "hi");
    }

    #[test]
    fn apps_and_people_of_elsewhere_are_strangers() {
        let author = |changes: Value| wrote(reply(changes)).author;
        assert_eq!(author(json!({ "bot_id": "B2" })), Author::Bot { user: Some("U1".into()) });
        assert_eq!(
            author(json!({ "bot_id": "B2", "user": null, "subtype": "bot_message" })),
            Author::Bot { user: None }
        );
        assert_eq!(author(json!({ "user": null })), Author::Bot { user: None });
        assert_eq!(
            author(json!({ "user": "U1/../<script>" })),
            Author::Bot { user: None },
            "nobody is looked up by that"
        );
        for field in ["team", "user_team", "source_team"] {
            assert_eq!(author(json!({ field: "T2" })), Author::Outsider { user: Some("U1".into()) }, "{field}");
            assert_eq!(author(json!({ field: "E1" })), Author::User("U1".into()), "{field}");
        }
    }

    #[test]
    fn an_edit_is_the_post_as_it_stands() {
        let edit = |message: Value, previous: Value| {
            json!({ "type": "message", "subtype": "message_changed", "hidden": true, "channel": "C1",
                    "ts": "1700000009.000900", "message": message, "previous_message": previous })
        };
        let edited = json!({ "edited": { "user": "U1", "ts": "1700000008.000000" }, "text": "hello" });
        let said = wrote(edit(reply(edited.clone()), reply(json!({}))));
        assert_eq!((said.post, said.edited), (post(), Some(1_700_000_008_000_000)));
        assert_eq!(said.message["text"], "hello");
        // Slack may leave the thread out of the new text, never out of both.
        let mut bare = reply(edited.clone());
        change(&mut bare, json!({ "thread_ts": null }));
        assert_eq!(wrote(edit(bare, reply(json!({})))).message["text"], "hello");
        // A link preview or a counter changes the message without an edit; a root is no reply.
        assert_eq!(meaning(edit(reply(json!({})), reply(json!({})))), Decoded::Nothing);
        let root = json!({ "ts": ROOT, "edited": { "ts": "1700000008.000000" } });
        assert_eq!(meaning(edit(reply(root.clone()), reply(root))), Decoded::Nothing);
        // Our own posts change when their thread does.
        let mut own = reply(edited);
        change(&mut own, json!({ "bot_id": "B0BOT", "user": null }));
        assert_eq!(meaning(edit(own, json!(null))), Decoded::Nothing);
    }

    #[test]
    fn our_own_files_say_where_they_are_shown_and_a_deleted_file_changes_its_message() {
        let shown = reply(json!({ "subtype": "file_share", "bot_id": "B0BOT", "user": null,
            "files": [{ "id": "F1" }, { "id": "F2" }, { "id": "" }] }));
        let (channel, ts, thread_ts) = ("C1".to_string(), REPLY.to_string(), Some(ROOT.to_string()));
        let share = Share { channel, ts, thread_ts };
        assert_eq!(meaning(shown), Decoded::Shown { files: vec!["F1".into(), "F2".into()], share });
        let with = |mode: &str| reply(json!({ "files": [{ "id": "F1", "mode": mode }] }));
        let change = json!({ "type": "message", "subtype": "message_changed", "hidden": true, "channel": "C1",
            "ts": "1700000009.000900", "message": with("tombstone"), "previous_message": with("hosted") });
        let said = wrote(change);
        let files: Vec<_> = crate::files::listed(&us(), &said.message).map(|file| (file.key.0, file.deleted)).collect();
        assert_eq!((files, said.edited), (vec![("slack/T1/F1".to_string(), true)], None));
        // Of a file in a shared channel Slack says nothing but where to ask (`check_file_info`).
        let asked = wrote(reply(json!({ "subtype": "file_share", "files": [
            { "id": "F1", "mode": "file_access", "file_access": "check_file_info" },
            { "id": "F2", "mode": "external", "name": "plan.gdoc" },
        ] })));
        let files: Vec<_> = crate::files::listed(&us(), &asked.message).map(|file| (file.name, file.deleted)).collect();
        assert_eq!(files, [(String::new(), false), ("plan.gdoc".to_string(), false)]);
    }

    #[test]
    fn a_deleted_reply_and_a_deleted_root_are_told_apart() {
        let deletion = |ts: &str, previous: Value| {
            json!({ "type": "message", "subtype": "message_deleted", "hidden": true, "channel": "C1",
                    "ts": "1700000009.000900", "deleted_ts": ts, "previous_message": previous })
        };
        let thread = ThreadKey(format!("slack/T1/C1/{ROOT}"));
        let deleted = Found { thread: thread.clone(), act: FoundAct::Deleted(post()) };
        assert_eq!(found(deletion(REPLY, reply(json!({})))), deleted);
        let gone = Found { thread, act: FoundAct::Gone };
        assert_eq!(found(deletion(ROOT, reply(json!({ "ts": ROOT, "bot_id": "B0BOT" })))), gone);
        assert_eq!(found(deletion(ROOT, reply(json!({ "ts": ROOT, "thread_ts": null, "bot_id": "B0BOT" })))), gone);
        // A post of ours that somebody deleted in the thread changes nothing for the customer.
        assert_eq!(meaning(deletion(REPLY, reply(json!({ "bot_id": "B0BOT" })))), Decoded::Nothing);
        // A root with replies leaves a tombstone.
        let tombstone = json!({ "type": "message", "subtype": "message_changed", "channel": "C1",
            "message": { "subtype": "tombstone", "ts": ROOT, "thread_ts": ROOT, "user": "USLACKBOT", "hidden": true },
            "previous_message": { "ts": ROOT, "thread_ts": ROOT, "bot_id": "B0BOT" } });
        assert_eq!(found(tombstone), gone);
    }

    #[test]
    fn life_cycle_events_are_the_operators() {
        let stop = |event: Value| match meaning(event) {
            Decoded::Stopped { channel, stop } => (channel, stop.code),
            other => panic!("{other:?}"),
        };
        let in_c1 = |code: &str| (Some("C1".to_string()), code.to_string());
        for kind in ["channel_archive", "group_archive"] {
            assert_eq!(stop(json!({ "type": kind, "channel": "C1", "user": "U1" })), in_c1("is_archived"));
        }
        assert_eq!(stop(json!({ "type": "channel_deleted", "channel": "C1" })), in_c1("channel_not_found"));
        assert_eq!(stop(json!({ "type": "channel_left", "channel": "C1" })), in_c1("not_in_channel"));
        let moved = json!({ "type": "channel_id_changed", "old_channel_id": "C1", "new_channel_id": "C2" });
        assert_eq!(stop(moved), in_c1("channel_id_changed"));
        assert_eq!(stop(json!({ "type": "app_uninstalled" })), (None, "app_uninstalled".to_string()));
        let revoked = |bots: Value| json!({ "type": "tokens_revoked", "tokens": { "oauth": ["U1"], "bot": bots } });
        assert_eq!(stop(revoked(json!(["U0BOT"]))), (None, "tokens_revoked".to_string()));
        assert_eq!(meaning(revoked(json!([]))), Decoded::Nothing);
        assert_eq!(meaning(json!({ "type": "channel_archive" })), Decoded::Nothing);
        let mended = Decoded::Mended { channel: "C1".to_string() };
        assert_eq!(meaning(json!({ "type": "channel_unarchive", "channel": "C1" })), mended);
        assert_eq!(meaning(json!({ "type": "member_joined_channel", "channel": "C1", "user": "U0BOT" })), mended);
        assert_eq!(
            meaning(json!({ "type": "member_joined_channel", "channel": "C1", "user": "U1" })),
            Decoded::Joined { channel: "C1".to_string() }
        );
        let home = |tab: &str| meaning(json!({ "type": "app_home_opened", "user": "U1", "channel": "D1", "tab": tab }));
        assert_eq!(home("home"), Decoded::HomeOpened { user: "U1".to_string() });
        assert_eq!(home("messages"), Decoded::Nothing);
    }

    #[test]
    fn a_frame_is_the_same_when_it_comes_again() {
        let key = |frame: Value| super::frame(&frame.to_string()).map(|frame| frame.key);
        let named = |id: &str| Some(id.to_string());
        assert_eq!(key(json!({ "envelope_id": "e1", "payload": { "event_id": "Ev1" } })), named("Ev1"));
        assert_eq!(
            key(json!({ "envelope_id": "e2", "payload": { "event_id": "Ev1" }, "retry_attempt": 1 })),
            named("Ev1")
        );
        assert_eq!(key(json!({ "event_id": "Ev1", "event": {} })), named("Ev1"));
        assert_eq!(key(json!({ "envelope_id": "e3", "type": "interactive", "payload": {} })), named("e3"));
        assert_eq!(key(json!({ "envelope_id": "e4", "payload": { "event_id": "" } })), named("e4"));
        assert_eq!(key(json!({ "type": "hello" })), None);
        assert_eq!(super::frame("no json"), None);
    }

    #[test]
    fn what_is_no_json_is_an_error_and_other_json_is_nothing() {
        assert!(decode(&us(), "<html>").is_err());
        for raw in ["null", "[]", "7", "{}", r#"{"event":[]}"#, r#"{"envelope_id":"e","payload":"text"}"#] {
            assert_eq!(decode(&us(), raw), Ok(Decoded::Nothing), "{raw}");
        }
    }
}
