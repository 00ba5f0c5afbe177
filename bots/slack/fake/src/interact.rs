//! What people do besides writing: press buttons, run slash commands and shortcuts, submit modals.
//! Builds the payloads, keeps `trigger_id`s and `response_url`s, and takes what is posted to the
//! latter. Reaches the app through Socket Mode only: by HTTP, Slack sends these to URLs of their own.

use crate::channel::{Author, Ephemeral, Message};
use crate::people::{APP_ID, Person, TEAM_ID};
use crate::say;
use crate::server::{self, Answer};
use crate::shape;
use crate::ts::Ts;
use crate::words::{self, Spelling};
use crate::world::World;
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long a `trigger_id` is good (Slack, "Handling user interaction").
const TRIGGER_TTL: Duration = Duration::from_secs(3);
/// How long and how often a `response_url` is good (Slack, "Handling user interaction").
const RESPONSE_URL_TTL: Duration = Duration::from_secs(30 * 60);
const RESPONSE_URL_USES: u32 = 5;

/// What was handed out with interactions.
#[derive(Debug, Default)]
pub(crate) struct Interactions {
    count: u64,
    triggers: HashMap<String, (Instant, bool)>,
    response_urls: HashMap<String, ResponseUrl>,
}

#[derive(Debug)]
struct ResponseUrl {
    channel: String,
    user: String,
    issued: Instant,
    used: u32,
}

/// What a `trigger_id` is worth.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TriggerState {
    Good,
    Expired,
    Exchanged,
    Unknown,
}

impl Interactions {
    fn trigger(&mut self) -> String {
        self.count += 1;
        let id = format!("{}.{}.fake", 13_345_224_609_u64 + self.count, 738_474_920);
        self.triggers.insert(id.clone(), (Instant::now(), false));
        id
    }

    /// Uses a `trigger_id` up.
    pub(crate) fn exchange(&mut self, id: &str) -> TriggerState {
        match self.triggers.get_mut(id) {
            None => TriggerState::Unknown,
            Some((_, true)) => TriggerState::Exchanged,
            Some((issued, _)) if issued.elapsed() >= TRIGGER_TTL => TriggerState::Expired,
            Some((_, used)) => {
                *used = true;
                TriggerState::Good
            }
        }
    }

    fn response_url(&mut self, base_url: &str, channel: &str, user: &str) -> String {
        self.count += 1;
        let id = format!("fake-response-{}", self.count);
        let url = format!("{base_url}/respond/{id}");
        let response = ResponseUrl { channel: channel.into(), user: user.into(), issued: Instant::now(), used: 0 };
        self.response_urls.insert(id, response);
        url
    }
}

/// Presses the button (or picks from the menu) of that `action_id` under a message.
pub(crate) fn press(
    world: &World,
    who: &Person,
    ts: Ts,
    channel: &str,
    action_id: &str,
    value: Option<&str>,
) -> Result<oneshot::Receiver<Value>, String> {
    let channel = world.channel(channel).map_err(|_| format!("no channel {channel}"))?;
    let room = channel.room();
    let message = room.message(ts).ok_or_else(|| format!("no message {ts}"))?;
    let (block_id, element) = element_of(message, action_id).ok_or_else(|| format!("no {action_id} under {ts}"))?;
    let mut action = json!({
        "action_id": action_id, "block_id": block_id, "type": element["type"],
        "action_ts": world.stamps.next().to_string(),
    });
    if element["type"] == "button" {
        action["text"] = element["text"].clone();
        action["value"] = element["value"].clone();
    } else if element["type"] == "users_select" {
        action["selected_user"] = json!(value);
    } else {
        let options = element["options"].as_array().map(Vec::as_slice).unwrap_or_default();
        let option = options.iter().find(|option| option["value"].as_str() == value);
        action["selected_option"] = option.cloned().ok_or_else(|| format!("{action_id} has no option {value:?}"))?;
    }
    let mut container =
        json!({"type": "message", "message_ts": ts.to_string(), "channel_id": room.id, "is_ephemeral": false});
    if let Some(root) = message.thread_ts {
        container["thread_ts"] = json!(root.to_string());
    }
    let mut payload = interactive(world, "block_actions", who);
    payload["container"] = container;
    payload["channel"] = json!({"id": room.id, "name": room.name});
    payload["message"] = shape::message(world, &room, message, true);
    payload["state"] = json!({"values": {}});
    payload["response_url"] = json!(world.interactions().response_url(&world.base_url, &room.id, &who.id));
    payload["actions"] = json!([action]);
    Ok(world.deliveries.interaction("interactive", payload.to_string()))
}

/// Runs a message shortcut on a message.
pub(crate) fn message_shortcut(
    world: &World,
    who: &Person,
    ts: Ts,
    channel: &str,
    callback_id: &str,
) -> Result<oneshot::Receiver<Value>, String> {
    let channel = world.channel(channel).map_err(|_| format!("no channel {channel}"))?;
    let room = channel.room();
    let message = room.message(ts).ok_or_else(|| format!("no message {ts}"))?;
    let mut payload = interactive(world, "message_action", who);
    payload["callback_id"] = json!(callback_id);
    payload["message_ts"] = json!(ts.to_string());
    payload["action_ts"] = json!(world.stamps.next().to_string());
    payload["channel"] = json!({"id": room.id, "name": room.name});
    payload["message"] = shape::message(world, &room, message, true);
    payload["response_url"] = json!(world.interactions().response_url(&world.base_url, &room.id, &who.id));
    Ok(world.deliveries.interaction("interactive", payload.to_string()))
}

/// Runs a slash command in a channel; in a thread Slack has none.
pub(crate) fn command(
    world: &World,
    who: &Person,
    channel: &str,
    command: &str,
    text: &str,
) -> Result<oneshot::Receiver<Value>, String> {
    let channel = world.channel(channel).map_err(|_| format!("no channel {channel}"))?;
    let room = channel.room();
    let mut interactions = world.interactions();
    let payload = json!({
        "token": "fake-verification-token", "team_id": TEAM_ID, "team_domain": "acme", "channel_id": room.id,
        "channel_name": room.name, "user_id": who.id, "user_name": who.name.to_lowercase(), "command": command,
        "text": text, "api_app_id": APP_ID, "is_enterprise_install": "false",
        "response_url": interactions.response_url(&world.base_url, &room.id, &who.id),
        "trigger_id": interactions.trigger(),
    });
    drop(interactions);
    Ok(world.deliveries.interaction("slash_commands", payload.to_string()))
}

/// Submits the modal that was opened last, with these `state.values`; gives its id as well.
pub(crate) fn submit(world: &World, who: &Person, values: Value) -> Result<(String, oneshot::Receiver<Value>), String> {
    let mut view = world.views().last_opened().cloned().ok_or("no modal is open")?;
    let id = view["id"].as_str().unwrap_or_default().to_string();
    view["state"] = json!({"values": values});
    let mut payload = interactive(world, "view_submission", who);
    payload["view"] = view;
    payload["response_urls"] = json!([]);
    Ok((id, world.deliveries.interaction("interactive", payload.to_string())))
}

/// What was posted to a `response_url`.
pub(crate) fn respond(world: &World, id: &str, body: &[u8]) -> Answer {
    let Ok(said) = serde_json::from_slice::<Value>(body) else {
        world.record.complain("response_url: the body is no JSON".into());
        return server::text(StatusCode::BAD_REQUEST, "invalid_payload");
    };
    let mut interactions = world.interactions();
    let Some(url) = interactions.response_urls.get_mut(id) else {
        world.record.complain("response_url: never was".into());
        return server::text(StatusCode::NOT_FOUND, "expired_url");
    };
    url.used += 1;
    if url.used > RESPONSE_URL_USES || url.issued.elapsed() > RESPONSE_URL_TTL {
        return server::text(StatusCode::NOT_FOUND, "used_url");
    }
    let (channel, user) = (url.channel.clone(), url.user.clone());
    drop(interactions);
    let Ok(channel) = world.channel(&channel) else {
        return server::text(StatusCode::NOT_FOUND, "channel_not_found");
    };
    let mut room = channel.room();
    let text = said["text"].as_str().unwrap_or_default().to_string();
    let blocks = match said.get("blocks").filter(|blocks| blocks.is_array()) {
        Some(blocks) => blocks.clone(),
        None => json!([words::rich_text(&text, Spelling::Api)]),
    };
    let blocks = Some(say::with_block_ids(world, blocks));
    let ts = world.stamps.next();
    let thread_ts = said["thread_ts"].as_str().and_then(Ts::parse).and_then(|ts| room.root_of(ts));
    if said["response_type"] == "in_channel" {
        let message = Message { text, blocks, ..Message::new(ts, thread_ts, Author::OurBot { face: None }) };
        say::say(world, &mut room, message);
    } else {
        room.ephemerals.push(Ephemeral { ts, user, thread_ts, text, blocks });
        world.touch();
    }
    server::text(StatusCode::OK, "ok")
}

/// What all interactive payloads have.
fn interactive(world: &World, kind: &str, who: &Person) -> Value {
    json!({
        "type": kind, "token": "fake-verification-token", "api_app_id": APP_ID, "enterprise": null,
        "is_enterprise_install": false, "team": {"id": TEAM_ID, "domain": "acme"},
        "user": {"id": who.id, "username": who.name.to_lowercase(), "name": who.name.to_lowercase(), "team_id": who.team()},
        "trigger_id": world.interactions().trigger(),
    })
}

/// The element of that `action_id` among a message's blocks, and its block.
fn element_of<'a>(message: &'a Message, action_id: &str) -> Option<(&'a str, &'a Value)> {
    message.blocks.as_ref()?.as_array()?.iter().find_map(|block| {
        let elements = block["elements"].as_array().into_iter().flatten();
        let element = elements.chain(block.get("accessory")).find(|element| element["action_id"] == action_id)?;
        Some((block["block_id"].as_str()?, element))
    })
}
