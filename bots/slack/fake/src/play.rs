//! People and other bots as a test plays them: they write, edit, delete, react, press.

use crate::channel::{Author, Kind, Message, Room};
use crate::events;
use crate::files::{self, Sharing};
use crate::interact;
use crate::people::{Person, PersonKind};
use crate::reply::{Reply, To};
use crate::say;
use crate::ts::Ts;
use crate::words::{self, Spelling};
use crate::world::World;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;

/// Somebody in Slack, as a test plays them. Each act happens at once and makes its events.
/// Channels are named by id or name, messages by their `ts`.
#[derive(Clone, Debug)]
pub struct Agent {
    pub(crate) world: Arc<World>,
    /// The user id: `U…`.
    pub id: String,
    /// The name people see.
    pub name: String,
}

impl Agent {
    /// Writes a message, in a thread or in the channel; gives its `ts`. The text is what one types
    /// in Slack: `*bold*`, `_italic_`, `~strike~`, `` `code` ``, ```` ```block``` ````, `> quote`,
    /// `- item`, `1. item`, `<https://…|label>`, `<@U…>`, `:emoji:`.
    ///
    /// # Panics
    /// When the channel is not there or archived.
    pub fn writes<'a>(&self, channel: &str, thread_ts: impl Into<Option<&'a str>>, text: &str) -> String {
        done(write(&self.world, &self.person(), channel, thread_ts.into(), text, None))
    }

    /// Writes with `/me`: a `me_message`.
    ///
    /// # Panics
    /// When the channel is not there or archived.
    pub fn writes_me<'a>(&self, channel: &str, thread_ts: impl Into<Option<&'a str>>, text: &str) -> String {
        let ts = self.world.stamps.next();
        let channel = done(self.world.channel(channel).map_err(|_| format!("no channel {channel}")));
        let mut room = channel.room();
        let thread_ts = done(enter(&self.world, &mut room, &self.person(), thread_ts.into()));
        let message = Message {
            kind: Kind::Me,
            text: words::escape(text),
            ..Message::new(ts, thread_ts, author(&self.person()))
        };
        say::say(&self.world, &mut room, message);
        ts.to_string()
    }

    /// Writes a message with these blocks beside its text.
    ///
    /// # Panics
    /// When the channel is not there or archived.
    pub fn writes_blocks<'a>(
        &self,
        channel: &str,
        thread_ts: impl Into<Option<&'a str>>,
        text: &str,
        blocks: Value,
    ) -> String {
        done(write(&self.world, &self.person(), channel, thread_ts.into(), text, Some(blocks)))
    }

    /// Shares a file with a comment; gives the message's `ts`.
    ///
    /// # Panics
    /// When the channel is not there or archived.
    pub fn shares<'a>(
        &self,
        channel: &str,
        thread_ts: impl Into<Option<&'a str>>,
        file_name: &str,
        bytes: impl Into<Bytes>,
        comment: &str,
    ) -> String {
        let id = files::put(&self.world, file_name, bytes.into(), &self.id);
        done(share(&self.world, &self.person(), channel, thread_ts.into(), id, comment))
    }

    /// Changes the text of a message.
    ///
    /// # Panics
    /// When the message is not there.
    pub fn edits(&self, ts: &str, text: &str) {
        done(edit(&self.world, &self.person(), ts, text));
    }

    /// Deletes the files of a message and leaves its words. The message changes, but nobody edited it.
    ///
    /// # Panics
    /// When the message is not there.
    pub fn deletes_files(&self, ts: &str) {
        done(delete_files(&self.world, ts));
    }

    /// Deletes a message: one's own, or as an admin somebody else's.
    ///
    /// # Panics
    /// When the message is not there.
    pub fn deletes(&self, ts: &str) {
        done(delete(&self.world, ts));
    }

    /// Sets a reaction, by name without colons.
    ///
    /// # Panics
    /// When the message is not there.
    pub fn reacts(&self, ts: &str, emoji: &str) {
        done(react(&self.world, &self.person(), ts, emoji, true));
    }

    /// Takes a reaction away.
    ///
    /// # Panics
    /// When the message is not there.
    pub fn unreacts(&self, ts: &str, emoji: &str) {
        done(react(&self.world, &self.person(), ts, emoji, false));
    }

    /// Presses a button under a message, or picks `value` from a menu.
    ///
    /// # Panics
    /// When there is no such message or element.
    pub fn presses<'a>(&self, ts: &str, action_id: &str, value: impl Into<Option<&'a str>>) -> Reply {
        let (channel, ts) = done(locate(&self.world, ts));
        let answer = done(interact::press(&self.world, &self.person(), ts, &channel, action_id, value.into()));
        Reply::new(&self.world, answer, To::Click)
    }

    /// Presses a button under the last thing in a channel that one alone was shown with it.
    ///
    /// # Panics
    /// When there is no such button.
    pub fn presses_alone(&self, channel: &str, action_id: &str) -> Reply {
        self.presses_alone_so_often(channel, action_id, 1).remove(0)
    }

    /// The same, so often that nothing can happen in between.
    ///
    /// # Panics
    /// When there is no such button.
    pub fn presses_alone_so_often(&self, channel: &str, action_id: &str, times: usize) -> Vec<Reply> {
        let pressed = done(interact::press_alone(&self.world, &self.person(), channel, action_id, times));
        pressed.into_iter().map(|answer| Reply::new(&self.world, answer, To::Click)).collect()
    }

    /// Whether one alone is shown something in a channel with a button of that `action_id`.
    pub fn sees_alone(&self, channel: &str, action_id: &str) -> bool {
        interact::is_shown_alone(&self.world, &self.person(), channel, action_id)
    }

    /// Presses the button of that `action_id` and value in one's home tab.
    ///
    /// # Panics
    /// When there is no such button.
    pub fn presses_at_home(&self, action_id: &str, value: &str) -> Reply {
        Reply::new(&self.world, done(interact::press_at_home(&self.world, &self.person(), action_id, value)), To::Click)
    }

    /// Opens one's home tab: the app is told.
    pub fn opens_home(&self) {
        interact::open_home(&self.world, &self.person());
    }

    /// Runs a message shortcut on a message.
    ///
    /// # Panics
    /// When the message is not there.
    pub fn shortcuts(&self, ts: &str, callback_id: &str) -> Reply {
        let (channel, ts) = done(locate(&self.world, ts));
        let answer = done(interact::message_shortcut(&self.world, &self.person(), ts, &channel, callback_id));
        Reply::new(&self.world, answer, To::Click)
    }

    /// Runs a slash command in the channel's composer.
    ///
    /// # Panics
    /// When the channel is not there.
    pub fn commands(&self, channel: &str, command: &str, text: &str) -> Reply {
        let answer = done(interact::command(&self.world, &self.person(), channel, command, text));
        Reply::new(&self.world, answer, To::Command { channel: channel.into(), user: self.id.clone() })
    }

    /// Types into the field of the open modal whose entries the app looks up.
    ///
    /// # Panics
    /// When no modal with such a field is open.
    pub fn types(&self, block_id: &str, text: &str) -> Reply {
        let (view, answer) = done(interact::suggest(&self.world, &self.person(), block_id, text));
        Reply::new(&self.world, answer, To::Typing(view))
    }

    /// Fills the fields of the open modal, by `block_id`, and submits it: a text, or the value of an
    /// entry, or a user's id.
    ///
    /// # Panics
    /// When no modal is open, or Slack itself would not let it go: a field is missing, or a value is
    /// none of a menu's.
    pub fn fills(&self, fields: &[(&str, &str)]) -> Reply {
        let values = done(interact::filled(&self.world, fields));
        self.submits(values)
    }

    /// Submits the modal that was opened last, with these `state.values`.
    ///
    /// # Panics
    /// When no modal is open.
    pub fn submits(&self, values: Value) -> Reply {
        done(Reply::to_submission(&self.world, &self.person(), values))
    }

    /// Goes away or comes back, for users.getPresence.
    pub fn is_active(&self, active: bool) {
        if let Some(person) = self.world.people_mut().by_id_mut(&self.id) {
            person.active = active;
        }
    }

    fn person(&self) -> Person {
        self.world.people().by_id(&self.id).cloned().unwrap_or_else(|| panic!("{} has left", self.name))
    }
}

/// Somebody writes.
pub(crate) fn write(
    world: &World,
    who: &Person,
    channel: &str,
    thread_ts: Option<&str>,
    text: &str,
    blocks: Option<Value>,
) -> Result<String, String> {
    let channel = world.channel(channel).map_err(|_| format!("no channel {channel}"))?;
    let mut room = channel.room();
    let thread_ts = enter(world, &mut room, who, thread_ts)?;
    let (text, rich) = spelt(who, text);
    let ts = world.stamps.next();
    let message = Message {
        text,
        blocks: Some(say::with_block_ids(world, blocks.unwrap_or_else(|| json!([rich])))),
        blocks_are_slacks: true,
        client_msg_id: matches!(who.kind, PersonKind::Agent | PersonKind::Outsider).then(|| client_msg_id(ts)),
        ..Message::new(ts, thread_ts, author(who))
    };
    say::say(world, &mut room, message);
    Ok(ts.to_string())
}

/// Somebody changes what they wrote.
pub(crate) fn edit(world: &World, who: &Person, ts: &str, text: &str) -> Result<(), String> {
    let (channel, ts) = locate(world, ts)?;
    let channel = world.channel(&channel).map_err(|_| "the channel is gone")?;
    let (text, rich) = spelt(who, text);
    let blocks = say::with_block_ids(world, json!([rich]));
    let edited = say::edited_by(world, &author(who));
    let shape = say::edit(world, &mut channel.room(), ts, |message| {
        message.text = text;
        message.blocks = Some(blocks);
        message.edited = Some(edited);
    });
    shape.map(|_| ()).ok_or_else(|| format!("no message {ts}"))
}

/// Somebody deletes the files of a message.
pub(crate) fn delete_files(world: &World, ts: &str) -> Result<(), String> {
    let (channel, ts) = locate(world, ts)?;
    let channel = world.channel(&channel).map_err(|_| "the channel is gone")?;
    let shape = say::edit(world, &mut channel.room(), ts, |message| {
        message.files.iter().for_each(|file| world.files.remove(file));
    });
    shape.map(|_| ()).ok_or_else(|| format!("no message {ts}"))
}

/// Somebody deletes a message.
pub(crate) fn delete(world: &World, ts: &str) -> Result<(), String> {
    let (channel, ts) = locate(world, ts)?;
    let channel = world.channel(&channel).map_err(|_| "the channel is gone")?;
    let gone = say::delete(world, &mut channel.room(), ts);
    if gone { Ok(()) } else { Err(format!("no message {ts}")) }
}

/// Somebody sets a reaction or takes it away.
pub(crate) fn react(world: &World, who: &Person, ts: &str, emoji: &str, on: bool) -> Result<(), String> {
    let (channel, ts) = locate(world, ts)?;
    let channel = world.channel(&channel).map_err(|_| "the channel is gone")?;
    let mut room = channel.room();
    let acted = if on {
        say::react(world, &mut room, ts, &who.id, emoji)
    } else {
        say::unreact(world, &mut room, ts, &who.id, emoji)
    };
    acted.map(|_| ()).ok_or_else(|| format!("no message {ts}"))
}

/// Slack shows a preview of a link: the message changes, but nobody edited it.
pub(crate) fn unfurl(world: &World, ts: &str, url: &str) -> Result<(), String> {
    let (channel, ts) = locate(world, ts)?;
    let channel = world.channel(&channel).map_err(|_| "the channel is gone")?;
    let preview = json!([{
        "id": 1, "from_url": url, "original_url": url, "service_name": "example", "title": "A page",
        "title_link": url, "text": "What the page says of itself", "fallback": "A page",
    }]);
    let shape = say::edit(world, &mut channel.room(), ts, |message| message.attachments = Some(preview));
    shape.map(|_| ()).ok_or_else(|| format!("no message {ts}"))
}

/// The channel in which the message of that `ts` is: unique over the workspace.
pub(crate) fn locate(world: &World, ts: &str) -> Result<(String, Ts), String> {
    let parsed = Ts::parse(ts).ok_or_else(|| format!("{ts} is no ts"))?;
    let channels = world.channels().all().to_vec();
    let found = channels.iter().find(|channel| channel.room().message(parsed).is_some());
    found.map(|channel| (channel.id.clone(), parsed)).ok_or_else(|| format!("no message {ts}"))
}

/// Somebody shares a file with a comment.
pub(crate) fn share(
    world: &World,
    who: &Person,
    channel: &str,
    thread_ts: Option<&str>,
    file: String,
    comment: &str,
) -> Result<String, String> {
    let channel = world.channel(channel).map_err(|_| format!("no channel {channel}"))?;
    let thread_ts = enter(world, &mut channel.room(), who, thread_ts)?;
    let (text, rich) = spelt(who, comment);
    let blocks = (!comment.is_empty()).then(|| say::with_block_ids(world, json!([rich])));
    let sharing =
        Sharing { files: vec![file], channel: channel.id.clone(), thread_ts, author: author(who), text, blocks };
    files::share(world, sharing).map(|ts| ts.to_string()).ok_or_else(|| "the channel is gone".into())
}

/// Somebody who writes in a channel is in it, and a stranger makes it a shared one. Gives the root
/// of the thread.
fn enter(world: &World, room: &mut Room, who: &Person, thread_ts: Option<&str>) -> Result<Option<Ts>, String> {
    if room.archived {
        return Err(format!("#{} is archived", room.name));
    }
    if who.kind == PersonKind::Outsider {
        room.ext_shared = true;
    }
    if room.members.insert(who.id.clone()) {
        events::joined(world, room, &who.id);
    }
    let Some(text) = thread_ts else {
        return Ok(None);
    };
    let root = Ts::parse(text).and_then(|ts| room.root_of(ts));
    root.map(Some).ok_or_else(|| format!("no thread {text} in #{}", room.name))
}

/// A text as that writer's messages carry it: escaped, and as rich text. Apps escape by themselves.
fn spelt(who: &Person, text: &str) -> (String, Value) {
    if matches!(who.kind, PersonKind::OtherBot { .. }) {
        return (text.to_string(), words::rich_text(text, Spelling::Api));
    }
    let rich = words::rich_text(text, Spelling::Typed);
    (words::mrkdwn_of(&rich), rich)
}

fn author(who: &Person) -> Author {
    match &who.kind {
        PersonKind::Agent | PersonKind::Outsider => Author::Person { id: who.id.clone(), team: who.team() },
        PersonKind::OtherBot { bot_id } => {
            Author::OtherBot { id: who.id.clone(), bot_id: bot_id.clone(), name: who.name.clone() }
        }
        PersonKind::OurBot => Author::OurBot { face: None },
    }
}

fn client_msg_id(ts: Ts) -> String {
    format!("{:08x}-0000-4000-8000-{:012x}", ts.0 >> 32, ts.0 & 0xffff_ffff_ffff)
}

fn done<T>(result: Result<T, String>) -> T {
    result.unwrap_or_else(|why| panic!("in the play: {why}"))
}
