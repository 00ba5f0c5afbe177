//! Acts in a channel, with the events they make: what the Web API does for the bot and what
//! people and other bots do by themselves come together here.

use crate::channel::{Author, Deleted, Edit, Message, Room};
use crate::events;
use crate::shape;
use crate::ts::Ts;
use crate::world::World;
use serde_json::{Value, json};

/// Takes a new message in and tells of it. Gives what it looks like, metadata included.
pub(crate) fn say(world: &World, room: &mut Room, mut message: Message) -> Value {
    let shape = shape::message(world, room, &message, true);
    events::wrote(world, room, &message);
    forget_body(world, &mut message);
    room.insert(message);
    world.touch();
    shape
}

/// Changes a message and tells of it. Gives what it looks like now; none if there is no such message.
pub(crate) fn edit(world: &World, room: &mut Room, ts: Ts, change: impl FnOnce(&mut Message)) -> Option<Value> {
    let before = shape::message(world, room, room.message(ts)?, false);
    let mut message = room.message(ts)?.clone();
    change(&mut message);
    events::changed(world, room, &message, before);
    let shape = shape::message(world, room, &message, true);
    forget_body(world, &mut message);
    room.messages.insert(ts, message);
    world.touch();
    Some(shape)
}

/// Deletes a message and tells of it; false if there is no such message.
pub(crate) fn delete(world: &World, room: &mut Room, ts: Ts) -> bool {
    let Some(before) = room.message(ts).map(|message| shape::message(world, room, message, false)) else {
        return false;
    };
    match room.remove(ts) {
        None => return false,
        Some(Deleted::Gone) => events::deleted(world, room, ts, before),
        Some(Deleted::Tombstone) => {
            if let Some(tombstone) = room.message(ts) {
                events::changed(world, room, tombstone, before);
            }
        }
    }
    world.touch();
    true
}

/// Sets a reaction and tells of it; false if it was there, none if there is no such message.
pub(crate) fn react(world: &World, room: &mut Room, ts: Ts, user: &str, name: &str) -> Option<bool> {
    let is_new = room.messages.get_mut(&ts)?.react(user, name);
    if is_new {
        events::reacted(world, room, room.message(ts)?, user, name, true);
    }
    Some(is_new)
}

/// Takes a reaction away and tells of it; false if it was not there, none if there is no such message.
pub(crate) fn unreact(world: &World, room: &mut Room, ts: Ts, user: &str, name: &str) -> Option<bool> {
    let was_there = room.messages.get_mut(&ts)?.unreact(user, name);
    if was_there {
        events::reacted(world, room, room.message(ts)?, user, name, false);
    }
    Some(was_there)
}

/// The mark of an edit made now.
pub(crate) fn edited_by(world: &World, author: &Author) -> Edit {
    let user = author.user().unwrap_or(crate::people::BOT_USER_ID).to_string();
    Edit { user, ts: world.stamps.next() }
}

/// Blocks as Slack gives them back: each with a `block_id`.
pub(crate) fn with_block_ids(world: &World, mut blocks: Value) -> Value {
    for block in blocks.as_array_mut().into_iter().flatten() {
        if block.get("block_id").is_none() {
            let number = world.deliveries.next_event_number().wrapping_mul(0x9e37_79b9) & 0xf_ffff;
            block["block_id"] = json!(format!("{number:05x}"));
        }
    }
    blocks
}

fn forget_body(world: &World, message: &mut Message) {
    if !world.options.keep_bodies {
        message.text = String::new();
        message.blocks = None;
        message.attachments = None;
    }
}
