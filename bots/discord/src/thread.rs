//! Reading a thread back from Discord: for a catch-up, and to learn what became of an unclear order. Only
//! what Discord plainly says counts: an empty or odd answer never makes a thread gone or a message deleted.

use crate::decode;
use crate::format;
use crate::ids::{Id, Place, Spot};
use crate::interpret;
use crate::outbound::{Discord, Us};
use crate::refusal::About;
use serde_json::Value;
use std::collections::BTreeMap;
use threadline_core::desk::{FoundCard, OwnPost, Post, Snapshot, Trouble};
use threadline_core::ids::{ConversationId, Moment};
use tracing::info;

/// Messages asked for at once (OpenAPI: up to 100).
const PAGE: usize = 100;
/// Pages read of one thread, so that an answer that goes round in circles ends.
const PAGES_MAX: usize = 100;
/// Messages at a thread's beginning among which its card is.
const FIRST: usize = 10;
/// How far Discord's clock may be behind ours.
const CLOCK_SKEW_MILLIS: i64 = 300_000;
/// A thread of ours that has been empty for so long has no card on its way: longer than opening takes.
const EMPTY_FOR_MILLIS: i64 = 120_000;

/// The thread as it stands.
pub(crate) async fn snapshot(discord: &Discord, spot: Spot, asked_at: Moment) -> Result<Snapshot, Trouble> {
    let messages = messages(discord, spot.thread).await?;
    let us = discord.us().await?;
    let mut snapshot =
        Snapshot { thread: spot.key(), asked_at, root: spot.thread.stamp(), messages: Vec::new(), ours: Vec::new() };
    for (id, message) in &messages {
        if is_ours(us, message) {
            if let Some(conversation) = format::card_of(message) {
                discord.knows_card(spot.thread, conversation, *id);
            }
            let pieces = format::pieces_of(message);
            if !pieces.is_empty() {
                snapshot.ours.push(OwnPost { post: post(us, spot.thread, *id), pieces, files: Vec::new() });
            }
        } else if let Some(utterance) = decode::utterance(message) {
            snapshot.messages.push(interpret::message(discord, us, spot.thread, utterance).await?);
        }
    }
    Ok(snapshot)
}

/// The conversation's cards in threads of these channels that were opened since. An empty thread of ours
/// that nobody fills any more goes: its opening was cut off, and nobody can tell whose it was.
pub(crate) async fn find_cards(
    discord: &Discord,
    channels: &[Id],
    conversation: ConversationId,
    since: Moment,
) -> Result<Vec<FoundCard>, Trouble> {
    let us = discord.us().await?;
    let since = Id::at_millis(since.0 - CLOCK_SKEW_MILLIS);
    let mut cards = Vec::new();
    let threads = active(discord).await?;
    let newest = threads.iter().filter_map(|thread| Id::of(&thread["id"])).max();
    for thread in &threads {
        let id = |name: &str| Id::of(&thread[name]);
        let (Some(at), Some(channel), owner) = (id("id"), id("parent_id"), id("owner_id")) else { continue };
        if at < since || owner != Some(us.user) || !channels.contains(&channel) {
            continue;
        }
        let spot = Spot { guild: us.guild, channel, thread: at };
        let known = match discord.card_in(at) {
            Some(known) => Some(known),
            None => card(discord, spot).await?,
        };
        match known {
            Some((of, card)) if of == conversation => {
                cards.push(FoundCard { thread: spot.key(), post: post(us, at, card), written: Vec::new() });
            }
            Some(_) => {}
            None => {
                // Ids are Discord's clock: the newest says what time it is at least.
                let is_old = newest.is_some_and(|newest| newest.millis() - at.millis() > EMPTY_FOR_MILLIS);
                if is_old && thread["total_message_sent"] == 0 && !discord.is_half_open(at) {
                    info!(discord.thread = %at, "an empty thread of ours, whose opening was cut off, goes");
                    discord.delete_thread(at).await?;
                }
            }
        }
    }
    Ok(cards)
}

/// The threads of the server that are active.
pub(crate) async fn active(discord: &Discord) -> Result<Vec<Value>, Trouble> {
    let path = format!("/guilds/{}/threads/active", discord.us().await?.guild);
    let mut answer = discord.get(&path, About::Channel).await?;
    match answer["threads"].take() {
        Value::Array(threads) => Ok(threads),
        _ => Err(odd("the answer lists no threads")),
    }
}

/// The card at the beginning of a thread, and whose it is.
pub(crate) async fn card(discord: &Discord, spot: Spot) -> Result<Option<(ConversationId, Id)>, Trouble> {
    let us = discord.us().await?;
    let first = page(discord, spot.thread, &format!("after=0&limit={FIRST}")).await?;
    let mut found = first.iter().filter(|(_, message)| is_ours(us, message));
    let card = found.find_map(|(id, message)| Some((format::card_of(message)?, *id)));
    if let Some((conversation, id)) = card {
        discord.knows_card(spot.thread, conversation, id);
    }
    Ok(card)
}

/// True when nothing but this message stands in its thread.
pub(crate) async fn is_alone(discord: &Discord, place: Place) -> Result<bool, Trouble> {
    match page(discord, place.thread, "limit=5").await {
        Ok(messages) => {
            Ok(messages.values().all(|message| Id::of(&message["id"]) == Some(place.message) || is_of_system(message)))
        }
        Err(Trouble::ThreadGone) => Ok(true),
        Err(trouble) => Err(trouble),
    }
}

/// What Discord itself says in a thread, such as who was called into it.
fn is_of_system(message: &Value) -> bool {
    !matches!(message["type"].as_u64(), Some(0 | 19 | 20 | 23))
}

/// Every message of the thread by its id.
async fn messages(discord: &Discord, thread: Id) -> Result<BTreeMap<Id, Value>, Trouble> {
    let mut messages: BTreeMap<Id, Value> = BTreeMap::new();
    for _ in 0..PAGES_MAX {
        let before = messages.keys().next().map(|oldest| format!("&before={oldest}")).unwrap_or_default();
        let page = page(discord, thread, &format!("limit={PAGE}{before}")).await?;
        let (had, read) = (messages.len(), page.len());
        messages.extend(page);
        if read < PAGE {
            return Ok(messages);
        }
        if messages.len() == had {
            return Err(odd("the same page again"));
        }
    }
    Err(odd("more pages than are read"))
}

async fn page(discord: &Discord, thread: Id, query: &str) -> Result<BTreeMap<Id, Value>, Trouble> {
    let answer = discord.get(&format!("/channels/{thread}/messages?{query}"), About::Thread).await?;
    let Value::Array(listed) = answer else { return Err(odd("the answer has no list")) };
    let with_id = |message: Value| Some((Id::of(&message["id"])?, message));
    let messages: Option<BTreeMap<Id, Value>> = listed.into_iter().map(with_id).collect();
    messages.ok_or_else(|| odd("a message without an id"))
}

/// True for a message that we posted.
pub(crate) fn is_ours(us: &Us, message: &Value) -> bool {
    Id::of(&message["author"]["id"]) == Some(us.user)
}

/// A post of this thread.
pub(crate) fn post(us: &Us, thread: Id, message: Id) -> Post {
    Post { key: Place { guild: us.guild, thread, message }.key(), stamp: message.stamp() }
}

fn odd(what: &str) -> Trouble {
    Trouble::Unclear { why: format!("reading from Discord: {what}") }
}
