//! The Web API: who may call, and which function answers. Each answers at once from memory; what
//! takes time or goes wrong on the way is the server's part.

mod chat;
mod conversations;
mod files;
mod people;
mod reactions;
mod views;

use crate::call::{Args, Refusal, Sent};
use crate::channel::{Channel, Room};
use crate::methods::{self, Method, TokenKind};
use crate::socket;
use crate::world::World;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// One call that passed the door.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a Arc<World>,
    pub(crate) args: Args<'a>,
}

type Answered = Result<Value, Refusal>;

/// Answers a call of `name`: without `ok`, which the server adds.
pub(crate) fn answer(
    world: &Arc<World>,
    name: &str,
    is_post: bool,
    header_token: Option<&str>,
    sent: Result<Sent, Refusal>,
) -> Answered {
    let (_, method) = methods::find(name).ok_or_else(|| Refusal::wrong("unknown_method"))?;
    let sent = sent?;
    check_token(world, method, header_token, sent.token.as_deref())?;
    check_scopes(world, method)?;
    world.limits.call(method)?;
    if sent.was_json && !method.json {
        // Slack looks past such a body and then misses what was in it.
        return Err(Refusal::arguments(vec![format!("[ERROR] {name} takes no JSON: send a form or a query")]));
    }
    if !is_post && !method.get {
        world.record.complain(format!("{name}: called by GET, is documented for POST"));
    }
    let call = Call { world, args: Args::check(method, &sent.args)? };
    match name {
        "api.test" => api_test(&call),
        "apps.connections.open" => connections_open(&call),
        "auth.test" => people::auth_test(&call),
        "bots.info" => people::bots_info(&call),
        "assistant.threads.setStatus" => chat::set_status(&call),
        "chat.delete" => chat::delete(&call),
        "chat.getPermalink" => chat::permalink(&call),
        "chat.postEphemeral" => chat::post_ephemeral(&call),
        "chat.postMessage" => chat::post_message(&call),
        "chat.update" => chat::update(&call),
        "conversations.history" => conversations::history(&call),
        "conversations.info" => conversations::info(&call),
        "conversations.join" => conversations::join(&call),
        "conversations.list" => conversations::list(&call),
        "conversations.members" => conversations::members(&call),
        "conversations.replies" => conversations::replies(&call),
        "emoji.list" => people::emoji_list(&call),
        "files.completeUploadExternal" => files::complete_upload(&call),
        "files.getUploadURLExternal" => files::get_upload_url(&call),
        "files.info" => files::info(&call),
        "reactions.add" => reactions::add(&call),
        "reactions.get" => reactions::get(&call),
        "reactions.remove" => reactions::remove(&call),
        "team.info" => people::team_info(&call),
        "users.getPresence" => people::presence(&call),
        "users.info" => people::users_info(&call),
        "users.list" => people::users_list(&call),
        "views.open" => views::open(&call),
        "views.publish" => views::publish(&call),
        "views.update" => views::update(&call),
        _ => Err(Refusal::wrong("unknown_method")),
    }
}

fn check_token(world: &World, method: &Method, header: Option<&str>, argument: Option<&str>) -> Result<(), Refusal> {
    let token = match method.token {
        TokenKind::None => return Ok(()),
        TokenKind::App => header,
        TokenKind::Bot => header.or(argument),
    };
    let token = token.ok_or_else(|| Refusal::wrong("not_authed"))?;
    let kind = if token == world.options.bot_token {
        if world.bot_token_revoked.load(Ordering::Acquire) {
            return Err(Refusal::no("token_revoked"));
        }
        TokenKind::Bot
    } else if token == world.options.app_token {
        TokenKind::App
    } else {
        return Err(Refusal::no("invalid_auth"));
    };
    if kind == method.token { Ok(()) } else { Err(Refusal::wrong("not_allowed_token_type")) }
}

fn check_scopes(world: &World, method: &Method) -> Result<(), Refusal> {
    if method.token != TokenKind::Bot || method.scopes.is_empty() {
        return Ok(());
    }
    if method.scopes.iter().any(|scope| world.has_scope(scope)) {
        return Ok(());
    }
    Err(Refusal::missing_scope(method.scopes[0]))
}

impl Call<'_> {
    /// The channel that the argument names by its id.
    fn channel(&self, name: &str) -> Result<Arc<Channel>, Refusal> {
        let id = self.args.required(name);
        self.world.channels().by_id(id).cloned().ok_or_else(|| Refusal::no("channel_not_found"))
    }

    /// Refuses where the channel's kind wants a scope the token does not have.
    fn check_channel_scope(&self, room: &Room, public: &'static str, private: &'static str) -> Result<(), Refusal> {
        let needed = if room.private { private } else { public };
        if self.world.has_scope(needed) { Ok(()) } else { Err(Refusal::missing_scope(needed)) }
    }
}

/// Refuses what the bot cannot see, and what only members may do.
fn check_member(room: &Room) -> Result<(), Refusal> {
    match (room.bot_is_member, room.private) {
        (true, _) => Ok(()),
        (false, true) => Err(Refusal::no("channel_not_found")),
        (false, false) => Err(Refusal::no("not_in_channel")),
    }
}

fn api_test(call: &Call) -> Answered {
    match call.args.text("error") {
        Some(error) => Err(Refusal::no(error.to_string())),
        None => Ok(json!({"args": {"foo": call.args.text("foo")}})),
    }
}

fn connections_open(call: &Call) -> Answered {
    let world = call.world;
    if world.deliveries.is_http() {
        // Slack documents no error for "Socket Mode is off"; this is the method's nearest.
        return Err(Refusal::no("forbidden_team"));
    }
    let ticket = world.tickets.issue();
    let host = world.base_url.split_once("://").map_or(world.base_url.as_str(), |(_, host)| host);
    let scheme = if world.base_url.starts_with("https://") { "wss" } else { "ws" };
    let app = crate::people::APP_ID;
    Ok(json!({"url": format!("{scheme}://{host}{}?ticket={ticket}&app_id={app}", socket::PATH)}))
}

/// The page after a place in a list: `next_cursor`, opaque to the client.
fn cursor_of(place: u64) -> String {
    format!("next:{place}").bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The place that a cursor names; none without a cursor.
fn place_of(call: &Call) -> Result<Option<u64>, Refusal> {
    let Some(cursor) = call.args.text("cursor") else {
        return Ok(None);
    };
    let bytes: Option<Vec<u8>> =
        (0..cursor.len()).step_by(2).map(|i| u8::from_str_radix(cursor.get(i..i + 2)?, 16).ok()).collect();
    let place = bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.strip_prefix("next:")?.parse().ok());
    place.map(Some).ok_or_else(|| Refusal::wrong("invalid_cursor"))
}

/// The page size asked for.
fn limit_of(call: &Call, default: usize) -> Result<usize, Refusal> {
    match call.args.int("limit") {
        None => Ok(default),
        Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit as usize),
        Some(_) => Err(Refusal::wrong("invalid_limit")),
    }
}

/// Largest page of any method (Slack, method reference: `limit` "maximum 1000").
const LIMIT_MAX: i64 = 1_000;

/// A page of a list of which all is at hand, and the cursor of the next page.
fn page_of<T>(call: &Call, items: Vec<T>, default_limit: usize) -> Result<(Vec<T>, String), Refusal> {
    let from = place_of(call)?.unwrap_or(0) as usize;
    let limit = limit_of(call, default_limit)?;
    let more = items.len() > from + limit;
    let page = items.into_iter().skip(from).take(limit).collect();
    Ok((page, if more { cursor_of((from + limit) as u64) } else { String::new() }))
}
