//! Reading a thread back from Slack: for a catch-up, and to learn what became of an unclear order.
//! Only what Slack plainly says counts: an empty or odd answer never makes a thread gone or a
//! message deleted.

use crate::decode;
use crate::format;
use crate::ids::{self, Spot};
use crate::interpret;
use crate::outbound::Slack;
use serde_json::Value;
use std::collections::BTreeMap;
use threadline_core::desk::{OwnPost, Post, Snapshot, Trouble};
use threadline_core::ids::{ConversationId, Moment, ThreadKey};

/// Messages asked for at once (conversations.replies: "limit … no larger than 1,000").
const PAGE: &str = "1000";
/// Pages read of one thread or one channel's history, so that an answer that goes round in circles ends.
const PAGES_MAX: usize = 50;
/// How far Slack's clock may be behind ours.
const CLOCK_SKEW_SECS: i64 = 300;

/// The thread as it stands.
pub(crate) async fn snapshot(slack: &Slack, root: Spot<'_>, asked_at: Moment) -> Result<Snapshot, Trouble> {
    let messages = replies(slack, root).await?;
    let us = slack.us().await?;
    let root_stamp = ids::stamp(root.ts).ok_or_else(|| odd("the root has no stamp"))?;
    let mut snapshot = Snapshot { asked_at, root: root_stamp, messages: Vec::new(), ours: Vec::new() };
    for message in messages.values().filter(|message| message["ts"] != root.ts) {
        if decode::is_ours(us, message) {
            let pieces = format::pieces_of(message);
            if let Some(post) = decode::post(us, root.channel, message).filter(|_| !pieces.is_empty()) {
                snapshot.ours.push(OwnPost { post, pieces });
            }
        } else if let Some(utterance) = decode::utterance(us, root.channel, message) {
            snapshot.messages.push(interpret::message(slack, us, utterance).await?);
        }
    }
    let stamp = |post: &Post| post.stamp;
    snapshot.messages.sort_by_key(|message| stamp(&message.post));
    snapshot.ours.sort_by_key(|own| stamp(&own.post));
    Ok(snapshot)
}

/// Whether the thread's root is still there.
pub(crate) async fn root_stands(slack: &Slack, root: Spot<'_>) -> Result<(), Trouble> {
    let params = [("channel", root.channel), ("ts", root.ts), ("limit", "1")];
    let answer = slack.get("conversations.replies", &params).await?;
    let messages = answer["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    match messages.iter().find(|message| message["ts"] == root.ts) {
        Some(message) if message["subtype"] == "tombstone" => Err(Trouble::ThreadGone),
        Some(_) => Ok(()),
        None => Err(odd("the root is not listed")),
    }
}

/// The thread in this channel whose card is the conversation's: the earliest, if there are several.
pub(crate) async fn find_card(
    slack: &Slack,
    channel: &str,
    conversation: ConversationId,
    since: Moment,
) -> Result<Option<ThreadKey>, Trouble> {
    let us = slack.us().await?;
    let oldest = (since.0.div_euclid(1_000) - CLOCK_SKEW_SECS).max(0).to_string();
    let params = [("channel", channel), ("oldest", oldest.as_str()), ("include_all_metadata", "true"), ("limit", PAGE)];
    let messages = pages(slack, "conversations.history", &params).await?;
    let card = messages
        .values()
        .find(|message| decode::is_ours(us, message) && format::card_of(message) == Some(conversation));
    Ok(card.and_then(|card| card["ts"].as_str()).map(|ts| Spot { team: &us.team, channel, ts }.thread()))
}

/// Every message of the thread by its stamp, the root included.
async fn replies(slack: &Slack, root: Spot<'_>) -> Result<BTreeMap<i64, Value>, Trouble> {
    let params = [("channel", root.channel), ("ts", root.ts), ("include_all_metadata", "true"), ("limit", PAGE)];
    let messages = pages(slack, "conversations.replies", &params).await?;
    match messages.values().find(|message| message["ts"] == root.ts) {
        Some(message) if message["subtype"] == "tombstone" => Err(Trouble::ThreadGone),
        Some(_) => Ok(messages),
        None if messages.is_empty() => Err(odd("the answer lists nothing")),
        // The replies are listed and their root is not: it was deleted.
        None if messages.values().all(|message| message["thread_ts"] == root.ts) => Err(Trouble::ThreadGone),
        None => Err(odd("the answer is about another thread")),
    }
}

/// All pages of a listing, by stamp.
async fn pages(slack: &Slack, method: &str, params: &[(&str, &str)]) -> Result<BTreeMap<i64, Value>, Trouble> {
    let mut messages = BTreeMap::new();
    let mut cursor = String::new();
    for _ in 0..PAGES_MAX {
        let mut params = params.to_vec();
        if !cursor.is_empty() {
            params.push(("cursor", &cursor));
        }
        let mut answer = slack.get(method, &params).await?;
        // A free workspace hides what is old; hidden is not deleted.
        if answer["is_limited"] == true {
            return Err(odd("the workspace's plan hides a part"));
        }
        let Value::Array(listed) = answer["messages"].take() else { return Err(odd("the answer has no list")) };
        for message in listed {
            match message["ts"].as_str().and_then(ids::stamp) {
                Some(stamp) => messages.insert(stamp, message),
                None => return Err(odd("a message without a ts")),
            };
        }
        let next = answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default().to_string();
        match (next.is_empty(), answer["has_more"] == true) {
            (true, false) => return Ok(messages),
            (true, true) => return Err(odd("there is more, and no way to it")),
            (false, _) if next == cursor => return Err(odd("the same page again")),
            (false, _) => cursor = next,
        }
    }
    Err(odd("more pages than a thread has"))
}

fn odd(what: &str) -> Trouble {
    Trouble::Unclear { why: format!("reading from Slack: {what}") }
}
