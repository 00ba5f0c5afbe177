//! conversations.*: channels, who is in them, and what was said, page by page.

use super::{Answered, Call, check_member, cursor_of, limit_of, page_of, place_of};
use crate::call::Refusal;
use crate::channel::{Kind, Message, Room};
use crate::events;
use crate::people::BOT_USER_ID;
use crate::shape;
use crate::ts::Ts;
use serde_json::{Value, json};

/// Messages on a page of conversations.replies and .history, if the call does not say.
const REPLIES_LIMIT: usize = 1_000;
const HISTORY_LIMIT: usize = 100;
/// Channels or members on a page, if the call does not say.
const LIST_LIMIT: usize = 100;

/// Which messages are asked for.
struct Range {
    oldest: Option<Ts>,
    latest: Option<Ts>,
    inclusive: bool,
}

impl Range {
    fn read(call: &Call) -> Result<Range, Refusal> {
        Ok(Range {
            oldest: call.args.bound("oldest", "invalid_ts_oldest")?,
            latest: call.args.bound("latest", "invalid_ts_latest")?,
            inclusive: call.args.flag("inclusive"),
        })
    }

    fn holds(&self, ts: Ts) -> bool {
        let at_bound = Some(ts) == self.oldest || Some(ts) == self.latest;
        if at_bound {
            return self.inclusive;
        }
        self.oldest.is_none_or(|oldest| ts > oldest) && self.latest.is_none_or(|latest| ts < latest)
    }
}

/// conversations.replies: the root opens the first page whatever the range, and only that one.
pub(super) fn replies(call: &Call) -> Answered {
    let range = Range::read(call)?;
    let after = place_of(call)?.map(Ts);
    let limit = limit_of(call, REPLIES_LIMIT)?;
    let channel = call.channel("channel")?;
    let room = channel.room();
    call.check_channel_scope(&room, "channels:history", "groups:history")?;
    check_member(&room)?;
    let ts = call.args.ts("ts", "thread_not_found")?;
    let root = ts.and_then(|ts| room.root_of(ts)).filter(|root| room.message(*root).is_some());
    let root = root.ok_or_else(|| Refusal::no("thread_not_found"))?;
    let mut rest = room.thread(root).filter(|message| match (message.ts == root, after) {
        (true, after) => after.is_none(),
        (false, after) => range.holds(message.ts) && after.is_none_or(|after| message.ts > after),
    });
    let page: Vec<&Message> = rest.by_ref().take(limit).collect();
    let more = rest.next().is_some();
    Ok(page_answer(call, &room, page, more))
}

/// conversations.history: newest first, without the answers in threads.
pub(super) fn history(call: &Call) -> Answered {
    let range = Range::read(call)?;
    let before = place_of(call)?.map(Ts);
    let limit = limit_of(call, HISTORY_LIMIT)?;
    let channel = call.channel("channel")?;
    let room = channel.room();
    call.check_channel_scope(&room, "channels:history", "groups:history")?;
    check_member(&room)?;
    let mut rest = room.messages.values().rev().filter(|message| {
        (message.thread_ts.is_none() || message.kind == Kind::ThreadBroadcast)
            && range.holds(message.ts)
            && before.is_none_or(|before| message.ts < before)
    });
    let page: Vec<&Message> = rest.by_ref().take(limit).collect();
    let more = rest.next().is_some();
    let mut answer = page_answer(call, &room, page, more);
    answer["pin_count"] = json!(0);
    Ok(answer)
}

fn page_answer(call: &Call, room: &Room, page: Vec<&Message>, more: bool) -> Value {
    let with_metadata = call.args.flag("include_all_metadata");
    let cursor = page.last().filter(|_| more).map(|message| cursor_of(message.ts.0)).unwrap_or_default();
    let messages: Vec<Value> =
        page.into_iter().map(|message| shape::message(call.world, room, message, with_metadata)).collect();
    json!({"messages": messages, "has_more": more, "response_metadata": {"next_cursor": cursor}})
}

/// conversations.info
pub(super) fn info(call: &Call) -> Answered {
    let channel = call.channel("channel")?;
    let room = channel.room();
    call.check_channel_scope(&room, "channels:read", "groups:read")?;
    check_visible(&room)?;
    let mut shape = shape::channel(&room);
    if !call.args.flag("include_num_members")
        && let Some(map) = shape.as_object_mut()
    {
        map.remove("num_members");
    }
    Ok(json!({"channel": shape}))
}

/// conversations.join
pub(super) fn join(call: &Call) -> Answered {
    let channel = call.channel("channel")?;
    let mut room = channel.room();
    check_visible(&room)?;
    if room.archived {
        return Err(Refusal::no("is_archived"));
    }
    if room.private {
        return Err(Refusal::no("method_not_supported_for_channel_type"));
    }
    if room.bot_is_member {
        return Ok(json!({
            "channel": shape::channel(&room), "warning": "already_in_channel",
            "response_metadata": {"warnings": ["already_in_channel"]},
        }));
    }
    room.bot_is_member = true;
    room.members.insert(BOT_USER_ID.into());
    events::joined(call.world, &room, BOT_USER_ID);
    Ok(json!({"channel": shape::channel(&room)}))
}

/// conversations.list
pub(super) fn list(call: &Call) -> Answered {
    let types = call.args.names("types").unwrap_or_else(|| vec!["public_channel".into()]);
    let known = ["public_channel", "private_channel", "mpim", "im"];
    if types.iter().any(|kind| !known.contains(&kind.as_str())) {
        return Err(Refusal::wrong("invalid_types"));
    }
    for (kind, scope) in [("public_channel", "channels:read"), ("private_channel", "groups:read")] {
        if types.iter().any(|asked| asked == kind) && !call.world.has_scope(scope) {
            return Err(Refusal::missing_scope(scope));
        }
    }
    let shown = |room: &Room| {
        let kind = if room.private { "private_channel" } else { "public_channel" };
        types.iter().any(|asked| asked == kind)
            && !(room.archived && call.args.flag("exclude_archived"))
            && check_visible(room).is_ok()
    };
    let channels = call.world.channels().all().to_vec();
    let rooms: Vec<Value> = channels
        .iter()
        .filter_map(|channel| {
            let room = channel.room();
            shown(&room).then(|| shape::channel(&room))
        })
        .collect();
    let (page, cursor) = page_of(call, rooms, LIST_LIMIT)?;
    Ok(json!({"channels": page, "response_metadata": {"next_cursor": cursor}}))
}

/// conversations.members
pub(super) fn members(call: &Call) -> Answered {
    let channel = call.channel("channel")?;
    let room = channel.room();
    call.check_channel_scope(&room, "channels:read", "groups:read")?;
    check_visible(&room)?;
    let (page, cursor) = page_of(call, room.members.iter().cloned().collect(), LIST_LIMIT)?;
    Ok(json!({"members": page, "response_metadata": {"next_cursor": cursor}}))
}

/// A private channel does not exist for those who are not in it.
fn check_visible(room: &Room) -> Result<(), Refusal> {
    if room.private && !room.bot_is_member { Err(Refusal::no("channel_not_found")) } else { Ok(()) }
}
