//! Reading a thread back from Slack: for a catch-up, and to learn what became of an unclear order.
//! Only what Slack plainly says counts: an empty or odd answer never makes a thread gone or a
//! message deleted.

use crate::decode;
use crate::files;
use crate::format;
use crate::ids::{self, Spot};
use crate::interpret;
use crate::outbound::Slack;
use serde_json::Value;
use std::collections::BTreeMap;
use threadline_core::desk::{FoundCard, OwnPost, Post, Snapshot, Trouble};
use threadline_core::file::DeskFileKey;
use threadline_core::ids::{ConversationId, Moment};

/// Messages asked for at once (conversations.replies: "limit … no larger than 1,000").
const PAGE: &str = "1000";
/// Pages read of one thread or one channel's history, so that an answer that goes round in circles ends.
const PAGES_MAX: usize = 50;
/// How far Slack's clock may be behind ours.
const CLOCK_SKEW_MILLIS: i64 = 300_000;

/// The thread as it stands.
pub(crate) async fn snapshot(slack: &Slack, root: Spot<'_>, asked_at: Moment) -> Result<Snapshot, Trouble> {
    let messages = replies(slack, root).await?;
    let us = slack.us().await?;
    let root_stamp = ids::stamp(root.ts).ok_or_else(|| odd("the root has no stamp"))?;
    let mut snapshot =
        Snapshot { thread: root.thread(), asked_at, root: root_stamp, messages: Vec::new(), ours: Vec::new() };
    for message in messages.values().filter(|message| message["ts"] != root.ts) {
        if decode::is_ours(us, message) {
            let pieces = format::pieces_of(message);
            let files: Vec<DeskFileKey> = files::listed(us, message).map(|file| file.key).collect();
            let says = !pieces.is_empty() || !files.is_empty();
            if let Some(post) = decode::post(us, root.channel, message).filter(|_| says) {
                snapshot.ours.push(OwnPost { post, pieces, files });
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

/// The conversation's cards in this channel, read from the newest back to `since`, and no further. What
/// a plan hides is months old, and an opening is looked for within hours: nothing that counts is hidden.
/// Unless `all` are wanted, those that were seen before a reading failed are enough.
pub(crate) async fn find_cards(
    slack: &Slack,
    channel: &str,
    conversation: ConversationId,
    since: Moment,
    all: bool,
) -> Result<Vec<FoundCard>, Trouble> {
    let us = slack.us().await?;
    let since = (since.0 - CLOCK_SKEW_MILLIS).saturating_mul(1_000);
    // With `oldest`, Slack would page from there on: oldest first.
    let params = [("channel", channel), ("include_all_metadata", "true"), ("limit", PAGE)];
    let mut pages = Pages::of(slack, "conversations.history", &params);
    let mut cards = Vec::new();
    loop {
        let page = match pages.next().await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            // Not all was seen; but a card that was seen is there.
            Err(_) if !all && !cards.is_empty() => break,
            Err(trouble) => return Err(trouble),
        };
        let reached = page.messages.iter().any(|(stamp, _)| *stamp < since);
        let is_it = |message: &Value| decode::is_ours(us, message) && format::card_of(message) == Some(conversation);
        let found = page.messages.iter().filter(|(stamp, message)| *stamp >= since && is_it(message));
        cards.extend(found.filter_map(|(_, message)| {
            let thread = Spot { team: &us.team, channel, ts: message["ts"].as_str()? }.thread();
            Some(FoundCard { thread, post: decode::post(us, channel, message)?, written: Vec::new() })
        }));
        if reached {
            break;
        }
    }
    Ok(cards)
}

/// Every message of the thread by its stamp, the root included.
async fn replies(slack: &Slack, root: Spot<'_>) -> Result<BTreeMap<i64, Value>, Trouble> {
    let params = [("channel", root.channel), ("ts", root.ts), ("include_all_metadata", "true"), ("limit", PAGE)];
    let mut pages = Pages::of(slack, "conversations.replies", &params);
    let mut messages = BTreeMap::new();
    while let Some(page) = pages.next().await? {
        // A free workspace hides what is old; hidden is not deleted.
        if page.limited {
            return Err(odd("the workspace's plan hides a part"));
        }
        messages.extend(page.messages);
    }
    match messages.values().find(|message| message["ts"] == root.ts) {
        Some(message) if message["subtype"] == "tombstone" => Err(Trouble::ThreadGone),
        Some(_) => Ok(messages),
        None if messages.is_empty() => Err(odd("the answer lists nothing")),
        // The replies are listed and their root is not: it was deleted.
        None if messages.values().all(|message| message["thread_ts"] == root.ts) => Err(Trouble::ThreadGone),
        None => Err(odd("the answer is about another thread")),
    }
}

/// The pages of a listing, one after the other.
struct Pages<'a> {
    slack: &'a Slack,
    method: &'a str,
    params: &'a [(&'a str, &'a str)],
    cursor: String,
    read: usize,
    ended: bool,
}

/// One page.
struct Page {
    /// What it lists, by stamp.
    messages: Vec<(i64, Value)>,
    /// True when the workspace's plan hides a part.
    limited: bool,
}

impl<'a> Pages<'a> {
    fn of(slack: &'a Slack, method: &'a str, params: &'a [(&'a str, &'a str)]) -> Pages<'a> {
        Pages { slack, method, params, cursor: String::new(), read: 0, ended: false }
    }

    async fn next(&mut self) -> Result<Option<Page>, Trouble> {
        if self.ended {
            return Ok(None);
        }
        if self.read == PAGES_MAX {
            return Err(odd("more pages than are read"));
        }
        self.read += 1;
        let mut params = self.params.to_vec();
        if !self.cursor.is_empty() {
            params.push(("cursor", &self.cursor));
        }
        let mut answer = self.slack.get(self.method, &params).await?;
        let Value::Array(listed) = answer["messages"].take() else { return Err(odd("the answer has no list")) };
        let stamped = |message: Value| Some((message["ts"].as_str().and_then(ids::stamp)?, message));
        let messages: Option<Vec<_>> = listed.into_iter().map(stamped).collect();
        let messages = messages.ok_or_else(|| odd("a message without a ts"))?;
        let next = answer["response_metadata"]["next_cursor"].as_str().unwrap_or_default();
        match (next.is_empty(), answer["has_more"] == true) {
            (true, false) => self.ended = true,
            (true, true) => return Err(odd("there is more, and no way to it")),
            (false, _) if next == self.cursor => return Err(odd("the same page again")),
            (false, _) => self.cursor = next.to_string(),
        }
        Ok(Some(Page { messages, limited: answer["is_limited"] == true }))
    }
}

fn odd(what: &str) -> Trouble {
    Trouble::Unclear { why: format!("reading from Slack: {what}") }
}
