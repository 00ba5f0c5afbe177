//! chat.*: what the bot says, changes and takes back, and what it shows while it is at it.

use super::{Answered, Call, check_member};
use crate::blocks;
use crate::call::Refusal;
use crate::channel::{Author, Ephemeral, Face, Icon, Kind, Message, Room};
use crate::people::{BOT_ID, BOT_USER_ID};
use crate::say;
use crate::shape;
use crate::ts::Ts;
use crate::words::{self, Spelling};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// Longest text; what is longer is cut (Slack, chat.postMessage: "Slack will truncate messages
/// containing more than 40,000 characters").
const TEXT_CHARS_MAX: usize = 40_000;
/// Longest text of chat.update (method reference: `msg_too_long`).
const UPDATE_TEXT_CHARS_MAX: usize = 4_000;
/// Longest markdown_text (method reference).
const MARKDOWN_CHARS_MAX: usize = 12_000;
/// Most attachments of a message (method reference: `too_many_attachments`).
const ATTACHMENTS_MAX: usize = 100;

/// What a message is to say.
struct Content {
    text: Option<String>,
    blocks: Option<Value>,
    attachments: Option<Value>,
    metadata: Option<Value>,
}

impl Content {
    fn read(call: &Call) -> Result<Content, Refusal> {
        let args = &call.args;
        let blocks = args.json("blocks", "invalid_blocks_format")?;
        if let Some(blocks) = &blocks {
            blocks::check_message(blocks)
                .map_err(|bad| Refusal { messages: bad.messages, ..Refusal::wrong(bad.error) })?;
        }
        let attachments = args.json("attachments", "invalid_attachments")?;
        if attachments.as_ref().and_then(|list| list.as_array()).is_some_and(|list| list.len() > ATTACHMENTS_MAX) {
            return Err(Refusal::wrong("too_many_attachments"));
        }
        let metadata = args.json("metadata", "invalid_metadata_format")?;
        let no_metadata = |metadata: &Value| metadata.as_object().is_some_and(|map| map.is_empty());
        if metadata.as_ref().is_some_and(|metadata| !no_metadata(metadata) && !blocks::metadata_is_good(metadata)) {
            return Err(Refusal::wrong("invalid_metadata_format"));
        }
        let markdown = args.text("markdown_text");
        if markdown.is_some() && (args.text("text").is_some() || blocks.is_some()) {
            return Err(Refusal::wrong("markdown_text_conflict"));
        }
        if markdown.is_some_and(|text| text.chars().count() > MARKDOWN_CHARS_MAX) {
            return Err(Refusal::wrong("msg_too_long"));
        }
        Ok(Content {
            text: markdown.or(args.text_or_empty("text")).map(cut),
            blocks: blocks.map(|blocks| blocks.into_owned()),
            attachments: attachments.map(|list| list.into_owned()),
            metadata: metadata.map(|metadata| metadata.into_owned()),
        })
    }

    /// Refuses a message that shows nothing.
    fn check_something(&self) -> Result<(), Refusal> {
        let some = |list: &Option<Value>| list.as_ref().and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        let has_text = self.text.as_ref().is_some_and(|text| !text.trim().is_empty());
        if has_text || some(&self.blocks) || some(&self.attachments) { Ok(()) } else { Err(Refusal::wrong("no_text")) }
    }

    /// The blocks to show, and whether Slack made them of the text.
    fn blocks_to_show(&self, call: &Call) -> (Option<Value>, bool) {
        match &self.blocks {
            Some(blocks) if blocks.as_array().is_some_and(|list| !list.is_empty()) => {
                (Some(say::with_block_ids(call.world, blocks.clone())), false)
            }
            _ => match self.text.as_deref().filter(|text| !text.trim().is_empty()) {
                Some(text) => {
                    let block = words::rich_text(text, Spelling::Api);
                    (Some(say::with_block_ids(call.world, json!([block]))), true)
                }
                None => (None, false),
            },
        }
    }
}

/// chat.postMessage
pub(super) fn post_message(call: &Call) -> Answered {
    let content = Content::read(call)?;
    content.check_something()?;
    let thread_ts = call.args.ts("thread_ts", "invalid_thread_ts")?;
    let channel = call.world.channel(call.args.required("channel"))?;
    let mut room = channel.room();
    check_member(&room)?;
    if room.archived {
        return Err(Refusal::no("is_archived"));
    }
    call.world.limits.post(&room.id)?;
    let thread_ts = thread_of(call, &room, thread_ts);
    let (blocks, blocks_are_slacks) = content.blocks_to_show(call);
    let ts = call.world.stamps.next();
    if let Some(root) = thread_ts {
        room.statuses.remove(&root);
    }
    let message = Message {
        text: content.text.unwrap_or_default(),
        blocks,
        blocks_are_slacks,
        attachments: content.attachments,
        metadata: content.metadata.as_ref().and_then(kept_metadata),
        kind: if thread_ts.is_some() && call.args.flag("reply_broadcast") {
            Kind::ThreadBroadcast
        } else {
            Kind::Plain
        },
        ..Message::new(ts, thread_ts, author_of(call))
    };
    call.world.record.posts.fetch_add(1, Ordering::Relaxed);
    let shape = say::say(call.world, &mut room, message);
    Ok(json!({"channel": room.id, "ts": ts.to_string(), "message": shape}))
}

/// chat.postEphemeral
pub(super) fn post_ephemeral(call: &Call) -> Answered {
    let content = Content::read(call)?;
    content.check_something()?;
    if content.text.as_ref().is_some_and(|text| text.chars().count() >= TEXT_CHARS_MAX) {
        return Err(Refusal::wrong("msg_too_long"));
    }
    let thread_ts = call.args.ts("thread_ts", "invalid_thread_ts")?;
    let channel = call.channel("channel")?;
    let mut room = channel.room();
    check_member(&room)?;
    if room.archived {
        return Err(Refusal::no("is_archived"));
    }
    let user = call.args.required("user").to_string();
    if !room.members.contains(&user) {
        return Err(Refusal::no("user_not_in_channel"));
    }
    let ts = call.world.stamps.next();
    let thread_ts = thread_of(call, &room, thread_ts);
    let (blocks, _) = content.blocks_to_show(call);
    room.ephemerals.push(Ephemeral { ts, user, thread_ts, text: content.text.unwrap_or_default(), blocks });
    call.world.touch();
    Ok(json!({"message_ts": ts.to_string()}))
}

/// chat.update
pub(super) fn update(call: &Call) -> Answered {
    let content = Content::read(call)?;
    if content.text.is_none() && content.blocks.is_none() && content.attachments.is_none() {
        return Err(Refusal::wrong("no_text"));
    }
    if call.args.text("text").is_some_and(|text| text.chars().count() > UPDATE_TEXT_CHARS_MAX) {
        return Err(Refusal::wrong("msg_too_long"));
    }
    let channel = call.channel("channel")?;
    let mut room = channel.room();
    let ts = own_message(call, &room, "cant_update_message")?;
    if room.archived {
        return Err(Refusal::no("is_inactive"));
    }
    let (blocks, blocks_are_slacks) = content.blocks_to_show(call);
    let edit = say::edited_by(call.world, &Author::OurBot { face: None });
    let shape = say::edit(call.world, &mut room, ts, |message| {
        // The name and icon of chat:write.customize do not survive an edit (slackapi/node-slack-sdk
        // issue 944), and chat.update takes none.
        message.author = Author::OurBot { face: None };
        if let Some(text) = content.text {
            message.text = text;
        }
        if content.blocks.is_some() || message.blocks_are_slacks {
            (message.blocks, message.blocks_are_slacks) = (blocks, blocks_are_slacks);
        }
        if content.attachments.is_some() {
            message.attachments = content.attachments;
        }
        if let Some(metadata) = content.metadata {
            message.metadata = kept_metadata(&metadata);
        }
        message.edited = Some(edit);
    });
    let shape = shape.ok_or_else(|| Refusal::no("message_not_found"))?;
    Ok(json!({"channel": room.id, "ts": ts.to_string(), "text": shape["text"], "message": shape}))
}

/// chat.delete
pub(super) fn delete(call: &Call) -> Answered {
    let channel = call.channel("channel")?;
    let mut room = channel.room();
    let ts = own_message(call, &room, "cant_delete_message")?;
    say::delete(call.world, &mut room, ts);
    Ok(json!({"channel": room.id, "ts": ts.to_string()}))
}

/// chat.getPermalink
pub(super) fn permalink(call: &Call) -> Answered {
    let channel = call.channel("channel")?;
    let room = channel.room();
    let ts = call.args.ts("message_ts", "message_not_found")?.filter(|ts| room.message(*ts).is_some());
    let ts = ts.ok_or_else(|| Refusal::no("message_not_found"))?;
    Ok(json!({"channel": room.id, "permalink": shape::permalink(&room, ts)}))
}

/// assistant.threads.setStatus
pub(super) fn set_status(call: &Call) -> Answered {
    let channel = call.channel("channel_id")?;
    let mut room = channel.room();
    check_member(&room)?;
    let ts = call.args.ts("thread_ts", "invalid_thread_ts")?;
    let root = ts.and_then(|ts| room.root_of(ts)).ok_or_else(|| Refusal::no("invalid_thread_ts"))?;
    match call.args.text("status") {
        Some(status) => {
            let name = call.args.text("username").unwrap_or(&call.world.options.bot_name);
            room.statuses.insert(root, format!("{name} {status}"))
        }
        None => room.statuses.remove(&root),
    };
    call.world.touch();
    Ok(json!({}))
}

/// Who the bot is in this call: itself, or a name and icon of its choice if it may choose.
pub(super) fn author_of(call: &Call) -> Author {
    let (username, emoji, url) = (call.args.text("username"), call.args.text("icon_emoji"), call.args.text("icon_url"));
    if (username, emoji, url) == (None, None, None) || !call.world.has_scope("chat:write.customize") {
        return Author::OurBot { face: None };
    }
    let icon = match (emoji, url) {
        (Some(emoji), _) => Icon::Emoji(emoji.to_string()),
        (None, Some(url)) => Icon::Url(url.to_string()),
        (None, None) => Icon::Own,
    };
    let username = username.unwrap_or(&call.world.options.bot_name).to_string();
    Author::OurBot { face: Some(Face { username, icon }) }
}

/// The thread a post goes to. Slack takes an answer's `ts` for its root's, and drops a post whose
/// root is gone into the channel without a word (slackapi/python-slack-events-api issue 87).
pub(super) fn thread_of(call: &Call, room: &Room, thread_ts: Option<Ts>) -> Option<Ts> {
    let ts = thread_ts?;
    let root = room.root_of(ts)?;
    if root != ts {
        call.world.record.complain(format!("posted to thread_ts {ts}, which is an answer in the thread {root}"));
    }
    Some(root)
}

/// The `ts` of a message in the channel that the bot wrote, refused with `others` if it is not the bot's.
fn own_message(call: &Call, room: &Room, others: &'static str) -> Result<Ts, Refusal> {
    if room.private && !room.bot_is_member {
        return Err(Refusal::no("channel_not_found"));
    }
    let ts = call.args.ts("ts", "message_not_found")?.ok_or_else(|| Refusal::no("message_not_found"))?;
    let message = room.message(ts).ok_or_else(|| Refusal::no("message_not_found"))?;
    match &message.author {
        Author::OurBot { .. } => Ok(ts),
        Author::Person { .. } | Author::OtherBot { .. } | Author::Slackbot => {
            call.world.record.complain(format!("{others}: {ts} is not a message of {BOT_USER_ID} ({BOT_ID})"));
            Err(Refusal::no(others))
        }
    }
}

/// Metadata as it is kept: none for an empty object, which takes metadata away.
fn kept_metadata(metadata: &Value) -> Option<Box<str>> {
    metadata["event_type"].is_string().then(|| metadata.to_string().into())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((end, _)) => text[..end].to_string(),
        None => text.to_string(),
    }
}
