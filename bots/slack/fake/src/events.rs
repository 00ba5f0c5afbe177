//! What happens, as Slack tells it to the app: the events, and the payload around them. An event
//! is told only of channels that the bot is in.

use crate::channel::{Message, Room};
use crate::people::{APP_ID, BOT_USER_ID, TEAM_ID};
use crate::shape;
use crate::ts::Ts;
use crate::world::World;
use serde_json::{Value, json};

/// Somebody wrote; if it mentions the bot, the `app_mention` twin goes out as well.
pub(crate) fn wrote(world: &World, room: &Room, message: &Message) {
    let mut event = shape::message(world, room, message, false);
    event["channel"] = json!(room.id);
    event["event_ts"] = json!(message.ts.to_string());
    let mentions_bot = message.text.contains(&format!("<@{BOT_USER_ID}>")) && !is_ours(message);
    let twin = mentions_bot.then(|| {
        let mut twin = event.clone();
        twin["type"] = json!("app_mention");
        twin
    });
    event["channel_type"] = json!(room.channel_type());
    tell(world, room, event);
    if let Some(twin) = twin {
        tell(world, room, twin);
    }
}

/// A message is another now: `before` is how it looked.
pub(crate) fn changed(world: &World, room: &Room, message: &Message, before: Value) {
    let ts = world.stamps.next().to_string();
    let event = json!({
        "type": "message", "subtype": "message_changed", "hidden": true, "channel": room.id, "ts": ts, "event_ts": ts,
        "message": shape::message(world, room, message, false), "previous_message": before,
        "channel_type": room.channel_type(),
    });
    tell(world, room, event);
}

/// A message is gone: `before` is how it looked.
pub(crate) fn deleted(world: &World, room: &Room, deleted_ts: Ts, before: Value) {
    let ts = world.stamps.next().to_string();
    let event = json!({
        "type": "message", "subtype": "message_deleted", "hidden": true, "channel": room.id, "ts": ts, "event_ts": ts,
        "deleted_ts": deleted_ts.to_string(), "previous_message": before, "channel_type": room.channel_type(),
    });
    tell(world, room, event);
}

/// Somebody set or took away a reaction.
pub(crate) fn reacted(world: &World, room: &Room, message: &Message, user: &str, name: &str, added: bool) {
    let mut event = json!({
        "type": if added { "reaction_added" } else { "reaction_removed" }, "user": user, "reaction": name,
        "item": {"type": "message", "channel": room.id, "ts": message.ts.to_string()},
        "event_ts": world.stamps.next().to_string(),
    });
    if let Some(author) = message.author.user() {
        event["item_user"] = json!(author);
    }
    tell(world, room, event);
}

/// Somebody came into the channel, the bot itself included.
pub(crate) fn joined(world: &World, room: &Room, user: &str) {
    let channel_type = if room.private { "G" } else { "C" };
    let ts = world.stamps.next().to_string();
    let event = json!({
        "type": "member_joined_channel", "user": user, "channel": room.id, "channel_type": channel_type,
        "team": TEAM_ID, "event_ts": ts,
    });
    tell(world, room, event);
}

/// Somebody left the channel.
pub(crate) fn left(world: &World, room: &Room, user: &str) {
    let channel_type = if room.private { "G" } else { "C" };
    let ts = world.stamps.next().to_string();
    let event = json!({
        "type": "member_left_channel", "user": user, "channel": room.id, "channel_type": channel_type,
        "team": TEAM_ID, "event_ts": ts,
    });
    tell(world, room, event);
}

/// The bot was taken out of the channel. The last it hears of it.
pub(crate) fn bot_left(world: &World, room: &Room, actor: &str) {
    let kind = if room.private { "group_left" } else { "channel_left" };
    let event =
        json!({"type": kind, "channel": room.id, "actor_id": actor, "event_ts": world.stamps.next().to_string()});
    tell_whatever(world, room.ext_shared, event);
}

/// The channel was archived or taken out of the archive.
pub(crate) fn archived(world: &World, room: &Room, actor: &str) {
    let kind = match (room.private, room.archived) {
        (false, true) => "channel_archive",
        (false, false) => "channel_unarchive",
        (true, true) => "group_archive",
        (true, false) => "group_unarchive",
    };
    let event = json!({
        "type": kind, "channel": room.id, "user": actor, "is_moved": 0, "event_ts": world.stamps.next().to_string(),
    });
    tell(world, room, event);
}

/// Tells an event as it is, wherever the bot is.
pub(crate) fn tell_whatever(world: &World, ext_shared: bool, event: Value) {
    let number = world.deliveries.next_event_number();
    let payload = json!({
        "token": "fake-verification-token", "team_id": TEAM_ID, "context_team_id": TEAM_ID,
        "context_enterprise_id": null, "api_app_id": APP_ID, "event": event, "type": "event_callback",
        "event_id": format!("Ev{number:09X}"), "event_time": world.stamps.now_secs(),
        "authorizations": [{
            "enterprise_id": null, "team_id": TEAM_ID, "user_id": BOT_USER_ID, "is_bot": true,
            "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": ext_shared, "event_context": format!("4-fake{number:09}"),
    });
    world.deliveries.event(payload.to_string(), world.faults.for_event());
    world.touch();
}

fn tell(world: &World, room: &Room, event: Value) {
    if room.bot_is_member {
        tell_whatever(world, room.ext_shared, event);
    } else {
        world.touch();
    }
}

fn is_ours(message: &Message) -> bool {
    matches!(message.author, crate::channel::Author::OurBot { .. })
}
