//! reactions.*: emoji under messages.

use super::{Answered, Call, check_member};
use crate::call::Refusal;
use crate::channel::Channel;
use crate::emoji;
use crate::people::{BOT_USER_ID, TEAM_ID};
use crate::say;
use crate::shape;
use crate::ts::Ts;
use serde_json::json;
use std::sync::Arc;

/// reactions.add
pub(super) fn add(call: &Call) -> Answered {
    let (channel, ts, name) = item(call)?;
    let mut room = channel.room();
    check_member(&room)?;
    if room.archived {
        return Err(Refusal::no("is_archived"));
    }
    match say::react(call.world, &mut room, ts, BOT_USER_ID, &name) {
        None => Err(Refusal::no("message_not_found")),
        Some(false) => Err(Refusal::no("already_reacted")),
        Some(true) => Ok(json!({})),
    }
}

/// reactions.remove
pub(super) fn remove(call: &Call) -> Answered {
    let (channel, ts, name) = item(call)?;
    let mut room = channel.room();
    check_member(&room)?;
    match say::unreact(call.world, &mut room, ts, BOT_USER_ID, &name) {
        None => Err(Refusal::no("message_not_found")),
        Some(false) => Err(Refusal::no("no_reaction")),
        Some(true) => Ok(json!({})),
    }
}

/// reactions.get
pub(super) fn get(call: &Call) -> Answered {
    let (channel, ts) = message(call)?;
    let room = channel.room();
    check_member(&room)?;
    let message = room.message(ts).ok_or_else(|| Refusal::no("message_not_found"))?;
    let mut shape = shape::message(call.world, &room, message, false);
    shape["permalink"] = json!(shape::permalink(&room, ts));
    shape["team"] = json!(TEAM_ID);
    Ok(json!({"type": "message", "channel": room.id, "message": shape}))
}

/// The message and the emoji that a call is about.
fn item(call: &Call) -> Result<(Arc<Channel>, Ts, String), Refusal> {
    let name = call.args.required("name");
    if emoji::glyph(name).is_none() && !call.world.emoji().contains_key(name) {
        return Err(Refusal::wrong("invalid_name"));
    }
    let (channel, ts) = message(call)?;
    Ok((channel, ts, name.to_string()))
}

fn message(call: &Call) -> Result<(Arc<Channel>, Ts), Refusal> {
    if call.args.text("channel").is_none() || call.args.text("timestamp").is_none() {
        return Err(Refusal::wrong("no_item_specified"));
    }
    let ts = call.args.ts("timestamp", "bad_timestamp")?.ok_or_else(|| Refusal::wrong("bad_timestamp"))?;
    Ok((call.channel("channel")?, ts))
}
