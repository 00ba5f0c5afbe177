//! What messages and channels look like in Slack's answers and events.

use crate::channel::{Author, Icon, Kind, Message, Room};
use crate::people::{APP_ID, BOT_ID, BOT_USER_ID, OTHER_TEAM_ID, TEAM_ID, TEAM_URL};
use crate::ts::Ts;
use crate::world::World;
use serde_json::{Map, Value, json};

/// Repliers that a thread's root names at most.
const REPLY_USERS_MAX: usize = 5;

/// A message as conversations.history, events and answers show it.
pub(crate) fn message(world: &World, room: &Room, message: &Message, with_metadata: bool) -> Value {
    let mut map = Map::new();
    let mut set = |key: &str, value: Value| {
        map.insert(key.to_string(), value);
    };
    set("type", "message".into());
    set("ts", message.ts.to_string().into());
    set("text", message.text.as_str().into());
    let mut subtype = match message.kind {
        Kind::Plain => None,
        Kind::FileShare => Some("file_share"),
        Kind::ThreadBroadcast => Some("thread_broadcast"),
        Kind::Me => Some("me_message"),
        Kind::Tombstone => Some("tombstone"),
    };
    match &message.author {
        Author::Person { id, team } => {
            set("user", id.as_str().into());
            set("team", (*team).into());
            if *team == OTHER_TEAM_ID {
                set("user_team", (*team).into());
                set("source_team", (*team).into());
                set("user_profile", json!({"display_name": world.name_of(id), "team": team}));
            }
        }
        Author::OurBot { face: None } => {
            set("user", BOT_USER_ID.into());
            set("team", TEAM_ID.into());
            set("bot_id", BOT_ID.into());
            set("app_id", APP_ID.into());
            set("bot_profile", bot_profile(BOT_ID, APP_ID, &world.options.bot_name));
        }
        Author::OurBot { face: Some(face) } => {
            subtype.get_or_insert("bot_message");
            set("bot_id", BOT_ID.into());
            set("app_id", APP_ID.into());
            set("username", face.username.as_str().into());
            match &face.icon {
                Icon::Own => {}
                Icon::Emoji(name) => set("icons", json!({"emoji": format!(":{}:", name.trim_matches(':'))})),
                Icon::Url(url) => set("icons", json!({"image_36": url, "image_48": url, "image_72": url})),
            }
        }
        Author::OtherBot { id, bot_id, name } => {
            let app_id = bot_id.replacen('B', "A", 1);
            set("user", id.as_str().into());
            set("team", TEAM_ID.into());
            set("bot_id", bot_id.as_str().into());
            set("app_id", app_id.as_str().into());
            set("bot_profile", bot_profile(bot_id, &app_id, name));
        }
        Author::Slackbot => {
            set("user", crate::people::SLACKBOT.into());
            set("hidden", true.into());
        }
    }
    if let Some(subtype) = subtype {
        set("subtype", subtype.into());
    }
    if let Some(blocks) = &message.blocks {
        set("blocks", blocks.clone());
    }
    if let Some(attachments) = &message.attachments {
        set("attachments", attachments.clone());
    }
    if let Some(id) = &message.client_msg_id {
        set("client_msg_id", id.as_str().into());
    }
    if let Some(edit) = &message.edited {
        set("edited", json!({"user": edit.user, "ts": edit.ts.to_string()}));
    }
    if !message.files.is_empty() {
        let outside = matches!(&message.author, Author::Person { team, .. } if *team == OTHER_TEAM_ID);
        set("files", message.files.iter().map(|id| world.files.shape(world, id, outside)).collect());
        set("upload", false.into());
        set("display_as_bot", false.into());
    }
    if !message.reactions.is_empty() {
        set("reactions", reactions(message));
    }
    if let Some(metadata) = message.metadata.as_ref().filter(|_| with_metadata) {
        set("metadata", serde_json::from_str(metadata).unwrap_or_default());
    }
    if let Some(root) = message.thread_ts {
        set("thread_ts", root.to_string().into());
        if let Some(user) = room.root_author(message) {
            set("parent_user_id", user.into());
        }
    } else if let Some(latest) = message.replies.last() {
        let mut users: Vec<&str> = Vec::new();
        for reply in message.replies.iter().filter_map(|ts| room.message(*ts)) {
            if let Some(user) = reply.author.user().or(Some(BOT_ID)).filter(|user| !users.contains(user)) {
                users.push(user);
            }
        }
        set("thread_ts", message.ts.to_string().into());
        set("reply_count", message.replies.len().into());
        set("reply_users_count", users.len().into());
        set("latest_reply", latest.to_string().into());
        users.truncate(REPLY_USERS_MAX);
        set("reply_users", users.into());
        set("is_locked", false.into());
        set("subscribed", false.into());
    }
    Value::Object(map)
}

/// A message's reactions.
pub(crate) fn reactions(message: &Message) -> Value {
    let shape = |reaction: &crate::channel::Reaction| json!({"name": reaction.name, "users": reaction.users, "count": reaction.users.len()});
    message.reactions.iter().map(shape).collect()
}

/// A channel as conversations.info shows it.
pub(crate) fn channel(room: &Room) -> Value {
    let note = json!({"value": "", "creator": "", "last_set": 0});
    json!({
        "id": room.id, "name": room.name, "name_normalized": room.name, "is_channel": !room.private,
        "is_group": room.private, "is_im": false, "is_mpim": false, "is_private": room.private,
        "created": room.created_secs, "creator": "U0PERSON01", "is_archived": room.archived, "is_general": false,
        "unlinked": 0, "is_shared": room.ext_shared, "is_ext_shared": room.ext_shared, "is_org_shared": false,
        "pending_shared": [], "is_pending_ext_shared": false, "is_member": room.bot_is_member,
        "context_team_id": TEAM_ID, "updated": room.created_secs * 1_000, "topic": note, "purpose": note,
        "previous_names": [], "num_members": room.members.len(),
    })
}

/// Where a message is found on the web.
pub(crate) fn permalink(room: &Room, ts: Ts) -> String {
    let plain = format!("{TEAM_URL}archives/{}/{}", room.id, ts.in_permalink());
    match room.message(ts).and_then(|message| message.thread_ts) {
        Some(root) => format!("{plain}?thread_ts={root}&cid={}", room.id),
        None => plain,
    }
}

/// What Slack says of a bot wherever the bot wrote something.
pub(crate) fn bot_profile(bot_id: &str, app_id: &str, name: &str) -> Value {
    let icon = |size: u32| format!("https://avatars.slack-edge.com/{bot_id}_{size}.png");
    json!({
        "id": bot_id, "deleted": false, "name": name, "updated": 1_700_000_000, "app_id": app_id, "team_id": TEAM_ID,
        "icons": {"image_36": icon(36), "image_48": icon(48), "image_72": icon(72)},
    })
}
