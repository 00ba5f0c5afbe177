//! files.*: the three steps of an upload, and what became of it.

use super::{Answered, Call, chat, check_member};
use crate::blocks;
use crate::call::Refusal;
use crate::files::{self, Sharing};
use crate::say;
use crate::words::{self, Spelling};
use serde_json::{Value, json};

/// files.getUploadURLExternal
pub(super) fn get_upload_url(call: &Call) -> Answered {
    let length = call.args.int("length").unwrap_or(0);
    if length < 1 {
        return Err(Refusal::wrong("missing_argument"));
    }
    let name = call.args.required("filename");
    let created = call.world.stamps.now_secs();
    let (id, ticket) = call.world.files.announce(name, length as usize, files::UPLOADER, created);
    Ok(json!({"upload_url": format!("{}/upload/v1/{ticket}", call.world.base_url), "file_id": id}))
}

/// files.completeUploadExternal: answers before the file is anywhere; the message comes later.
pub(super) fn complete_upload(call: &Call) -> Answered {
    let world = call.world;
    let list = call.args.json("files", "invalid_arguments")?;
    let list = list.as_ref().and_then(|list| list.as_array()).filter(|list| !list.is_empty());
    let list =
        list.ok_or_else(|| Refusal::arguments(vec!["[ERROR] must provide an array [json-pointer:/files]".into()]))?;
    let mut ids = Vec::new();
    for entry in list {
        let id = entry["id"].as_str().unwrap_or_default();
        if world.files.find(id).is_none_or(|file| file.bytes.is_none()) {
            return Err(Refusal::no("file_not_found"));
        }
        ids.push(id.to_string());
    }
    let blocks = call.args.json("blocks", "invalid_blocks")?.map(|blocks| blocks.into_owned());
    if let Some(blocks) = &blocks {
        blocks::check_message(blocks)
            .map_err(|bad| Refusal { messages: bad.messages, ..Refusal::wrong("invalid_blocks") })?;
    }
    let comment = call.args.text("initial_comment").unwrap_or_default().to_string();
    if blocks.is_some() && !comment.is_empty() {
        world.record.complain("files.completeUploadExternal: blocks are ignored beside initial_comment".into());
    }
    let mut channels = call.args.names("channels").unwrap_or_default();
    channels.extend(call.args.text("channel_id").map(str::to_string));
    let thread_ts = call.args.ts("thread_ts", "invalid_thread_ts")?;
    let mut sharings = Vec::new();
    for id in channels {
        let channel = world.channels().by_id(&id).cloned().ok_or_else(|| Refusal::no("channel_not_found"))?;
        let room = channel.room();
        check_member(&room)?;
        if room.archived {
            return Err(Refusal::no("posting_to_channel_denied"));
        }
        let block = || say::with_block_ids(world, json!([words::rich_text(&comment, Spelling::Api)]));
        sharings.push(Sharing {
            files: ids.clone(),
            channel: id,
            thread_ts: chat::thread_of(call, &room, thread_ts),
            author: chat::author_of(call),
            blocks: if comment.is_empty() { blocks.clone() } else { Some(block()) },
            text: comment.clone(),
        });
    }
    for (entry, id) in list.iter().zip(&ids) {
        if let Some(title) = entry["title"].as_str() {
            world.files.set_title(id, title);
        }
    }
    let shapes: Vec<Value> = ids.iter().map(|id| world.files.shape(world, id, false)).collect();
    let later = world.clone();
    tokio::spawn(async move {
        tokio::time::sleep(later.options.file_delay).await;
        for sharing in sharings {
            files::share(&later, sharing);
        }
    });
    Ok(json!({"files": shapes}))
}

/// files.info
pub(super) fn info(call: &Call) -> Answered {
    let file = call.world.files.find(call.args.required("file")).filter(|file| file.bytes.is_some());
    let file = file.ok_or_else(|| Refusal::no("file_not_found"))?;
    Ok(json!({"file": file.shape(call.world), "comments": [], "response_metadata": {"next_cursor": ""}}))
}
