//! What people do besides writing: press buttons, run slash commands and shortcuts, submit modals.
//! Builds the payloads, keeps `trigger_id`s and `response_url`s, and takes what is posted to the
//! latter.

use crate::blocks;
use crate::channel::{Author, Ephemeral, Message, Room};
use crate::events;
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
    /// What was pressed, if he alone sees it.
    alone: Option<Ts>,
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

    fn response_url(&mut self, base_url: &str, channel: &str, user: &str, alone: Option<Ts>) -> String {
        self.count += 1;
        let id = format!("fake-response-{}", self.count);
        let url = format!("{base_url}/respond/{id}");
        let response =
            ResponseUrl { channel: channel.into(), user: user.into(), alone, issued: Instant::now(), used: 0 };
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
    let mut room = channel.room();
    enter(world, &mut room, who);
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
    payload["response_url"] = json!(world.interactions().response_url(&world.base_url, &room.id, &who.id, None));
    payload["actions"] = json!([action]);
    Ok(world.deliveries.interaction("interactive", payload.to_string()))
}

/// Presses the button of that `action_id` under the last thing that somebody alone was shown with one,
/// so many times.
pub(crate) fn press_alone(
    world: &World,
    who: &Person,
    channel: &str,
    action_id: &str,
    times: usize,
) -> Result<Vec<oneshot::Receiver<Value>>, String> {
    let channel = world.channel(channel).map_err(|_| format!("no channel {channel}"))?;
    let room = channel.room();
    let his = room.ephemerals.iter().rev().filter(|whisper| whisper.user == who.id);
    let found = his.filter_map(|whisper| Some((whisper, element_among(whisper.blocks.as_ref()?, action_id)?))).next();
    let (whisper, (block_id, button)) = found.ok_or_else(|| format!("{} alone sees no {action_id}", who.name))?;
    let press = || {
        let mut payload = interactive(world, "block_actions", who);
        // No message and no thread: Slack says where it stood, and that nobody else sees it.
        payload["container"] = json!({
            "type": "message", "message_ts": whisper.ts.to_string(), "channel_id": room.id, "is_ephemeral": true,
        });
        payload["channel"] = json!({"id": room.id, "name": room.name});
        payload["state"] = json!({"values": {}});
        let url = world.interactions().response_url(&world.base_url, &room.id, &who.id, Some(whisper.ts));
        payload["response_url"] = json!(url);
        payload["actions"] = json!([{
            "action_id": action_id, "block_id": block_id, "type": "button", "text": button["text"],
            "value": button["value"], "action_ts": world.stamps.next().to_string(),
        }]);
        world.deliveries.interaction("interactive", payload.to_string())
    };
    Ok((0..times).map(|_| press()).collect())
}

/// Whether somebody alone is shown something with a button of that `action_id`.
pub(crate) fn is_shown_alone(world: &World, who: &Person, channel: &str, action_id: &str) -> bool {
    let Ok(channel) = world.channel(channel) else { return false };
    let room = channel.room();
    let his = room.ephemerals.iter().filter(|whisper| whisper.user == who.id);
    his.filter_map(|whisper| whisper.blocks.as_ref()).any(|blocks| element_among(blocks, action_id).is_some())
}

/// Presses a button in a home tab.
pub(crate) fn press_at_home(
    world: &World,
    who: &Person,
    action_id: &str,
    value: &str,
) -> Result<oneshot::Receiver<Value>, String> {
    let view = world.views().home(&who.id).cloned().ok_or_else(|| format!("{} has no home", who.name))?;
    let found = view["blocks"].as_array().into_iter().flatten().find_map(|block| {
        let elements = block["elements"].as_array().into_iter().flatten().chain(block.get("accessory"));
        let mut elements = elements.filter(|element| element["action_id"] == action_id);
        elements.find(|element| element["value"] == value).map(|element| (block["block_id"].clone(), element.clone()))
    });
    let (block_id, button) = found.ok_or_else(|| format!("no {action_id} with {value} at {}'s home", who.name))?;
    let mut payload = interactive(world, "block_actions", who);
    payload["container"] = json!({"type": "view", "view_id": view["id"]});
    payload["actions"] = json!([{
        "action_id": action_id, "block_id": block_id, "type": "button", "text": button["text"], "value": value,
        "action_ts": world.stamps.next().to_string(),
    }]);
    payload["view"] = view;
    Ok(world.deliveries.interaction("interactive", payload.to_string()))
}

/// Opens a home tab.
pub(crate) fn open_home(world: &World, who: &Person) {
    let mut event = json!({
        "type": "app_home_opened", "user": who.id, "channel": format!("D{}", who.id), "tab": "home",
        "event_ts": world.stamps.next().to_string(),
    });
    // Slack leaves it out the first time.
    if let Some(view) = world.views().home(&who.id) {
        event["view"] = view.clone();
    }
    events::tell_whatever(world, false, event);
}

/// Types into the field of the modal that was opened last; gives the view's id as well.
pub(crate) fn suggest(
    world: &World,
    who: &Person,
    block_id: &str,
    text: &str,
) -> Result<(String, oneshot::Receiver<Value>), String> {
    let view = world.views().last_opened().cloned().ok_or("no modal is open")?;
    let mut blocks = view["blocks"].as_array().into_iter().flatten();
    let block = blocks.find(|block| block["block_id"] == block_id).ok_or_else(|| format!("no field {block_id}"))?;
    if block["element"]["type"] != "external_select" {
        return Err(format!("the entries of {block_id} are not looked up"));
    }
    let id = view["id"].as_str().unwrap_or_default().to_string();
    let mut payload = interactive(world, "block_suggestion", who);
    if let Some(fields) = payload.as_object_mut() {
        // Slack gives none: nothing can be opened from a field.
        fields.remove("trigger_id");
    }
    payload["container"] = json!({"type": "view", "view_id": id});
    payload["action_id"] = block["element"]["action_id"].clone();
    payload["block_id"] = json!(block_id);
    payload["value"] = json!(text);
    payload["view"] = view.clone();
    Ok((id, world.deliveries.interaction("interactive", payload.to_string())))
}

/// The `state.values` of the modal that was opened last, filled in so; what Slack itself refuses is an
/// error.
pub(crate) fn filled(world: &World, fields: &[(&str, &str)]) -> Result<Value, String> {
    let views = world.views();
    let view = views.last_opened().ok_or("no modal is open")?;
    let id = view["id"].as_str().unwrap_or_default();
    let inputs = view["blocks"].as_array().into_iter().flatten().filter(|block| block["type"] == "input");
    let mut values = json!({});
    let mut left: Vec<&str> = fields.iter().map(|(field, _)| *field).collect();
    for block in inputs {
        let name = block["block_id"].as_str().unwrap_or_default();
        let element = &block["element"];
        let Some((_, text)) = fields.iter().find(|(field, _)| *field == name) else {
            if block["optional"] == true {
                continue;
            }
            return Err(format!("Slack lets nobody leave {name} out"));
        };
        left.retain(|field| *field != name);
        let kind = element["type"].as_str().unwrap_or_default();
        let option = |known: bool| {
            let label = json!({"type": "plain_text", "text": text});
            known.then(|| json!({"value": text, "text": label})).ok_or_else(|| format!("{name} does not offer {text}"))
        };
        let mut value = json!({"type": kind});
        match kind {
            "plain_text_input" => value["value"] = json!(text),
            "users_select" => value["selected_user"] = json!(text),
            "static_select" => {
                let options = element["options"].as_array().into_iter().flatten();
                value["selected_option"] = option(options.into_iter().any(|option| option["value"] == **text))?;
            }
            "external_select" => value["selected_option"] = option(views.offers(id, text))?,
            other => return Err(format!("nobody here fills in a {other}")),
        }
        values[name] = json!({ element["action_id"].as_str().unwrap_or_default(): value });
    }
    if left.is_empty() { Ok(values) } else { Err(format!("there are no fields {left:?}")) }
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
    let mut room = channel.room();
    enter(world, &mut room, who);
    let message = room.message(ts).ok_or_else(|| format!("no message {ts}"))?;
    let mut payload = interactive(world, "message_action", who);
    payload["callback_id"] = json!(callback_id);
    payload["message_ts"] = json!(ts.to_string());
    payload["action_ts"] = json!(world.stamps.next().to_string());
    payload["channel"] = json!({"id": room.id, "name": room.name});
    payload["message"] = shape::message(world, &room, message, true);
    payload["response_url"] = json!(world.interactions().response_url(&world.base_url, &room.id, &who.id, None));
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
    let mut room = channel.room();
    enter(world, &mut room, who);
    let mut interactions = world.interactions();
    let payload = json!({
        "token": "fake-verification-token", "team_id": TEAM_ID, "team_domain": "acme", "channel_id": room.id,
        "channel_name": room.name, "user_id": who.id, "user_name": who.name.to_lowercase(), "command": command,
        "text": text, "api_app_id": APP_ID, "is_enterprise_install": "false",
        "response_url": interactions.response_url(&world.base_url, &room.id, &who.id, None),
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
    let (channel, user, alone) = (url.channel.clone(), url.user.clone(), url.alone);
    drop(interactions);
    if let Some(blocks) = said.get("blocks").filter(|blocks| blocks.is_array())
        && let Err(bad) = blocks::check_message(blocks)
    {
        world.record.complain(format!("response_url: {}", bad.messages.join("; ")));
        return server::text(StatusCode::BAD_REQUEST, "invalid_blocks");
    }
    let Ok(channel) = world.channel(&channel) else {
        return server::text(StatusCode::NOT_FOUND, "channel_not_found");
    };
    let mut room = channel.room();
    if said["delete_original"] == true {
        if alone.is_none() {
            world.record.complain("response_url: only what one person sees is taken away here".into());
        }
        room.ephemerals.retain(|whisper| Some(whisper.ts) != alone);
        world.touch();
        return server::text(StatusCode::OK, "ok");
    }
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

/// Whoever does something in a channel is in it.
fn enter(world: &World, room: &mut Room, who: &Person) {
    if room.members.insert(who.id.clone()) {
        events::joined(world, room, &who.id);
    }
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
    element_among(message.blocks.as_ref()?, action_id)
}

fn element_among<'a>(blocks: &'a Value, action_id: &str) -> Option<(&'a str, &'a Value)> {
    blocks.as_array()?.iter().find_map(|block| {
        let elements = block["elements"].as_array().into_iter().flatten();
        let element = elements.chain(block.get("accessory")).find(|element| element["action_id"] == action_id)?;
        Some((block["block_id"].as_str()?, element))
    })
}
