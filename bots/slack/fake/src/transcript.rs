//! What a reader sees in Slack, as text: for tests to compare and for people to look at.

use crate::channel::{Author, Channel, Ephemeral, Kind, Message, Room};
use crate::emoji;
use crate::shape;
use crate::ts::Ts;
use crate::words::{self, Spelling};
use crate::world::World;
use serde_json::Value;

/// A message as a test looks at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// Its `ts`.
    pub ts: String,
    /// The root that it answers; none for a root and what stands alone.
    pub thread_ts: Option<String>,
    /// Who wrote it, by the name shown.
    pub author: String,
    /// Whether our bot wrote it.
    pub is_ours: bool,
    /// Its `text` field, escaped as it came.
    pub text: String,
    /// What a reader sees: its blocks as plain text, or its text where it has none.
    pub shown: String,
    /// Whether it was edited.
    pub edited: bool,
    /// Names of the emoji under it.
    pub reactions: Vec<String>,
    /// Its metadata; null if it has none.
    pub metadata: Value,
    /// All of it, as conversations.replies shows it with metadata.
    pub json: Value,
}

/// The whole workspace: each channel with something in it, its threads in order.
///
/// ```text
/// #support
/// └ Ada: My export hangs
///   Grace: Looking into it ✓
/// ```
pub(crate) fn transcript(world: &World) -> String {
    let channels = world.channels().all().to_vec();
    channels.iter().map(|channel| channel_transcript(world, channel)).collect()
}

/// One thread: its root's line and the answers'.
pub(crate) fn thread_transcript(world: &World, room: &Room, root: Ts) -> String {
    let mut lines: Vec<(Ts, String)> = room.thread(root).map(|message| (message.ts, line(world, message))).collect();
    let whispers = room.ephemerals.iter().filter(|whisper| whisper.thread_ts == Some(root));
    lines.extend(whispers.map(|whisper| (whisper.ts, whisper_line(world, whisper))));
    lines.sort_by_key(|(ts, _)| *ts);
    let mut out = String::new();
    for (i, (_, line)) in lines.into_iter().enumerate() {
        push_line(&mut out, if i == 0 { "└ " } else { "  " }, &line);
    }
    out
}

/// The messages of a channel in order, or those of one thread.
pub(crate) fn posts(world: &World, room: &Room, root: Option<Ts>) -> Vec<Post> {
    match root {
        Some(root) => room.thread(root).map(|message| post(world, room, message)).collect(),
        None => room.messages.values().map(|message| post(world, room, message)).collect(),
    }
}

/// The messages that are answers to none.
pub(crate) fn roots(world: &World, room: &Room) -> Vec<Post> {
    let roots = room.messages.values().filter(|message| message.thread_ts.is_none());
    roots.map(|message| post(world, room, message)).collect()
}

fn channel_transcript(world: &World, channel: &Channel) -> String {
    let room = channel.room();
    if room.messages.is_empty() && room.ephemerals.is_empty() {
        return String::new();
    }
    let mut parts: Vec<(Ts, String)> = room
        .messages
        .values()
        // An answer whose root is gone stands alone.
        .filter(|message| message.thread_ts.is_none_or(|root| room.message(root).is_none()))
        .map(|message| (message.ts, thread_transcript(world, &room, message.ts)))
        .collect();
    let is_loose = |whisper: &&Ephemeral| whisper.thread_ts.is_none_or(|root| room.message(root).is_none());
    parts.extend(room.ephemerals.iter().filter(is_loose).map(|whisper| {
        let mut out = String::new();
        push_line(&mut out, "└ ", &whisper_line(world, whisper));
        (whisper.ts, out)
    }));
    parts.sort_by_key(|(ts, _)| *ts);
    format!("#{}\n{}", room.name, parts.into_iter().map(|(_, part)| part).collect::<String>())
}

fn post(world: &World, room: &Room, message: &Message) -> Post {
    Post {
        ts: message.ts.to_string(),
        thread_ts: message.thread_ts.map(|ts| ts.to_string()),
        author: author_name(world, &message.author),
        is_ours: matches!(message.author, Author::OurBot { .. }),
        text: message.text.clone(),
        shown: shown(world, message),
        edited: message.edited.is_some(),
        reactions: message.reactions.iter().map(|reaction| reaction.name.clone()).collect(),
        metadata: message.metadata.as_ref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
        json: shape::message(world, room, message, true),
    }
}

/// `Grace: Looking into it (edited) ✓`
fn line(world: &World, message: &Message) -> String {
    if message.kind == Kind::Tombstone {
        return "(this message was deleted)".into();
    }
    let mut line = format!("{}: {}", author_name(world, &message.author), shown(world, message));
    if message.edited.is_some() {
        line.push_str(" (edited)");
    }
    for reaction in &message.reactions {
        line.push(' ');
        match reaction.name.as_str() {
            "heavy_check_mark" | "white_check_mark" => line.push('✓'),
            "eyes" | "eye" => line.push('👁'),
            name => match emoji::glyph(name) {
                Some(glyph) => line.push_str(glyph),
                None => line.push_str(&format!(":{name}:")),
            },
        }
    }
    line
}

fn whisper_line(world: &World, whisper: &Ephemeral) -> String {
    let to = world.name_of(&whisper.user).unwrap_or_else(|| whisper.user.clone());
    let text = shown_parts(world, &whisper.text, whisper.blocks.as_ref(), &[]);
    format!("{}: {text} (ephemeral to {to})", world.options.bot_name)
}

fn push_line(out: &mut String, indent: &str, line: &str) {
    out.push_str(indent);
    // Further lines of the same message stand further in, so that they are not taken for answers.
    out.push_str(&line.replace('\n', "\n      "));
    out.push('\n');
}

fn author_name(world: &World, author: &Author) -> String {
    match author {
        Author::Person { id, .. } => world.name_of(id).unwrap_or_else(|| id.clone()),
        Author::OurBot { face: Some(face) } => face.username.clone(),
        Author::OurBot { face: None } => world.options.bot_name.clone(),
        Author::OtherBot { name, .. } => name.clone(),
        Author::Slackbot => "Slackbot".into(),
    }
}

fn shown(world: &World, message: &Message) -> String {
    shown_parts(world, &message.text, message.blocks.as_ref(), &message.files)
}

fn shown_parts(world: &World, text: &str, blocks: Option<&Value>, files: &[String]) -> String {
    let blocks = blocks.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut lines: Vec<String> = match blocks {
        [] => vec![read(world, text)],
        blocks => blocks.iter().map(|block| shown_block(world, block)).collect(),
    };
    for id in files {
        let name = world.files.find(id).map_or_else(|| id.clone(), |file| file.name);
        lines.push(format!("[file: {name}]"));
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn shown_block(world: &World, block: &Value) -> String {
    let spaced = |parts: Vec<String>| parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let each = |key: &str, show: &dyn Fn(&Value) -> String| {
        block[key].as_array().into_iter().flatten().map(show).collect::<Vec<_>>()
    };
    match block["type"].as_str().unwrap_or_default() {
        "rich_text" => words::plain_of(block, &|id| world.name_of(id)),
        "section" => {
            let mut parts = vec![text_object(world, &block["text"])];
            parts.extend(each("fields", &|field| text_object(world, field)));
            parts.push(element(world, &block["accessory"]));
            spaced(parts)
        }
        "context" | "actions" => spaced(each("elements", &|it| element(world, it))),
        "header" => text_object(world, &block["text"]),
        "divider" => "---".into(),
        "image" => format!("[image: {}]", block["alt_text"].as_str().unwrap_or_default()),
        "markdown" => block["text"].as_str().unwrap_or_default().into(),
        "input" => format!("[{}]", text_object(world, &block["label"])),
        other => format!("[{other}]"),
    }
}

fn element(world: &World, element: &Value) -> String {
    match element["type"].as_str().unwrap_or_default() {
        "" => String::new(),
        "plain_text" | "mrkdwn" => text_object(world, element),
        "button" => format!("[{}]", text_object(world, &element["text"])),
        "image" => format!("[image: {}]", element["alt_text"].as_str().unwrap_or_default()),
        "overflow" => "[…]".into(),
        _ => format!("[{}]", text_object(world, &element["placeholder"])),
    }
}

fn text_object(world: &World, object: &Value) -> String {
    let text = object["text"].as_str().unwrap_or_default();
    if object["type"] == "mrkdwn" { read(world, text) } else { text.into() }
}

fn read(world: &World, mrkdwn: &str) -> String {
    words::plain_of(&words::rich_text(mrkdwn, Spelling::Api), &|id| world.name_of(id))
}
