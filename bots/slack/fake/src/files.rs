//! Files: announced, uploaded, shared some time later, and downloaded only with the right token.

use crate::channel::{Author, Kind, Message};
use crate::people::{BOT_USER_ID, TEAM_ID, TEAM_URL};
use crate::say;
use crate::server::{self, Answer};
use crate::ts::Ts;
use crate::world::World;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All files.
#[derive(Debug, Default)]
pub(crate) struct Files {
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    /// How many files there ever were.
    announced: usize,
    files: HashMap<String, File>,
    /// Upload tickets: which file each is for.
    tickets: HashMap<String, String>,
}

/// A file as Slack knows it.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) user: String,
    pub(crate) created_secs: u64,
    /// The size that was announced.
    pub(crate) size: usize,
    /// What was uploaded; none before.
    pub(crate) bytes: Option<Bytes>,
    /// Empty until Slack has worked on it.
    pub(crate) mimetype: String,
    pub(crate) shares: Vec<Share>,
}

/// A message that a file is in.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) channel: String,
    pub(crate) channel_name: String,
    pub(crate) private: bool,
    pub(crate) ts: Ts,
    pub(crate) thread_ts: Option<Ts>,
}

/// A message with files that is on its way.
#[derive(Debug)]
pub(crate) struct Sharing {
    pub(crate) files: Vec<String>,
    pub(crate) channel: String,
    pub(crate) thread_ts: Option<Ts>,
    pub(crate) author: Author,
    pub(crate) text: String,
    pub(crate) blocks: Option<Value>,
}

impl Files {
    /// Announces a file; gives its id and the ticket of its upload.
    pub(crate) fn announce(&self, name: &str, size: usize, user: &str, created_secs: u64) -> (String, String) {
        let mut shelf = self.shelf();
        let number = shelf.announced + 1;
        shelf.announced = number;
        let id = format!("F0FILE{number:04}");
        let ticket = format!("fake-upload-{:08x}", (number as u64).wrapping_mul(0x9e37_79b9));
        let file = File {
            id: id.clone(),
            name: name.into(),
            title: name.into(),
            user: user.into(),
            created_secs,
            size,
            bytes: None,
            mimetype: String::new(),
            shares: vec![],
        };
        shelf.files.insert(id.clone(), file);
        shelf.tickets.insert(ticket.clone(), id.clone());
        (id, ticket)
    }

    /// Stores what was uploaded; gives the announced size, none if the ticket is not good.
    pub(crate) fn store(&self, ticket: &str, bytes: Bytes) -> Option<usize> {
        let mut shelf = self.shelf();
        let id = shelf.tickets.remove(ticket)?;
        let file = shelf.files.get_mut(&id)?;
        let announced = file.size;
        file.size = bytes.len();
        file.bytes = Some(bytes);
        Some(announced)
    }

    pub(crate) fn find(&self, id: &str) -> Option<File> {
        self.shelf().files.get(id).cloned()
    }

    /// Somebody deleted the file: messages show that there was one.
    pub(crate) fn remove(&self, id: &str) {
        self.shelf().files.remove(id);
    }

    pub(crate) fn set_title(&self, id: &str, title: &str) {
        if let Some(file) = self.shelf().files.get_mut(id) {
            file.title = title.into();
        }
    }

    /// The file as messages show it; a file from another workspace shows only that it is there.
    pub(crate) fn shape(&self, world: &World, id: &str, outside: bool) -> Value {
        match self.find(id) {
            Some(file) if outside => {
                json!({"id": file.id, "mode": "file_access", "file_access": "check_file_info", "created": file.created_secs})
            }
            Some(file) => file.shape(world),
            None => json!({"id": id, "mode": "tombstone"}),
        }
    }

    /// Slack is done with the file: its type is known and it is in that message.
    fn settle(&self, id: &str, share: Share) {
        if let Some(file) = self.shelf().files.get_mut(id) {
            file.mimetype = mimetype_of(&file.name, file.bytes.as_deref().unwrap_or_default()).into();
            file.shares.push(share);
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl File {
    /// The file as files.info shows it.
    pub(crate) fn shape(&self, world: &World) -> Value {
        let filetype = self.name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let filetype = if self.mimetype.is_empty() { "" } else { filetype };
        // In an address Slack writes the name with the letters and digits it has, and "_" for all else.
        let plain =
            |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c.to_ascii_lowercase() } else { '_' };
        let in_address: String = self.name.chars().map(plain).collect();
        let private = format!("{}/files-pri/{TEAM_ID}-{}", world.base_url, self.id);
        let in_channels = |private: bool| -> Vec<&str> {
            self.shares.iter().filter(|s| s.private == private).map(|s| s.channel.as_str()).collect()
        };
        let mut shares = Map::new();
        for share in &self.shares {
            let kind = if share.private { "private" } else { "public" };
            let mut place = json!({"ts": share.ts.to_string(), "channel_name": share.channel_name, "team_id": TEAM_ID});
            if let Some(root) = share.thread_ts {
                place["thread_ts"] = json!(root.to_string());
            }
            let channels = shares.entry(kind).or_insert_with(|| json!({}));
            match channels[&share.channel].as_array_mut() {
                Some(places) => places.push(place),
                None => channels[&share.channel] = json!([place]),
            }
        }
        json!({
            "id": self.id, "created": self.created_secs, "timestamp": self.created_secs, "name": self.name,
            "title": self.title, "mimetype": self.mimetype, "filetype": filetype,
            "pretty_type": filetype.to_uppercase(), "user": self.user, "user_team": TEAM_ID, "editable": false,
            "size": self.size, "mode": "hosted", "is_external": false, "external_type": "", "is_public": false,
            "public_url_shared": false, "display_as_bot": false, "username": "",
            "url_private": format!("{private}/{in_address}"),
            "url_private_download": format!("{private}/download/{in_address}"), "media_display_type": "unknown",
            "permalink": format!("{TEAM_URL}files/{}/{}/{in_address}", self.user, self.id),
            "permalink_public": "", "comments_count": 0, "is_starred": false, "shares": shares,
            "channels": in_channels(false), "groups": in_channels(true), "ims": [], "has_more_shares": false,
            "has_rich_preview": false, "file_access": "visible",
        })
    }
}

/// Shares files in a message, now; gives its `ts`, none if the channel is gone.
pub(crate) fn share(world: &World, sharing: Sharing) -> Option<Ts> {
    let channel = world.channel(&sharing.channel).ok()?;
    let mut room = channel.room();
    let ts = world.stamps.next();
    let thread_ts = sharing.thread_ts.and_then(|ts| room.root_of(ts));
    for id in &sharing.files {
        let share =
            Share { channel: room.id.clone(), channel_name: room.name.clone(), private: room.private, ts, thread_ts };
        world.files.settle(id, share);
    }
    let message = Message {
        kind: Kind::FileShare,
        text: sharing.text,
        blocks: sharing.blocks,
        files: sharing.files,
        ..Message::new(ts, thread_ts, sharing.author)
    };
    say::say(world, &mut room, message);
    Some(ts)
}

/// The POST of a file's bytes, as they are or as the first part of a form.
pub(crate) fn upload(world: &World, ticket: &str, content_type: &str, body: Bytes) -> Answer {
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let bytes = if kind.trim() == "multipart/form-data" {
        crate::multipart::parts(parameters, &body).and_then(|parts| parts.into_iter().next()).map(|part| part.bytes)
    } else {
        Some(body)
    };
    let Some(bytes) = bytes else {
        world.record.complain("upload: a form without a part".into());
        return server::text(StatusCode::BAD_REQUEST, "no file");
    };
    let size = bytes.len();
    match world.files.store(ticket, bytes) {
        None => {
            world.record.complain("upload: to an address that was used before or never was".into());
            server::text(StatusCode::NOT_FOUND, "not found")
        }
        Some(announced) => {
            if announced != size {
                world.record.complain(format!("upload: {size} bytes came, {announced} were announced"));
            }
            world.touch();
            server::text(StatusCode::OK, format!("OK - {size}"))
        }
    }
}

/// The GET of a private file. Without the right token Slack shows a page to sign in, with status 200.
pub(crate) fn download(world: &Arc<World>, path: &str, token: Option<&str>) -> Answer {
    let revoked = world.bot_token_revoked.load(std::sync::atomic::Ordering::Acquire);
    let may = token == Some(world.options.bot_token.as_str()) && !revoked && world.has_scope("files:read");
    if !may {
        return server::html(StatusCode::OK, "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head></html>");
    }
    let id = path.split('/').next().and_then(|first| first.strip_prefix(TEAM_ID)?.strip_prefix('-'));
    match id.and_then(|id| world.files.find(id)).and_then(|file| file.bytes.map(|bytes| (file.mimetype, bytes))) {
        Some((mimetype, bytes)) => server::typed(StatusCode::OK, &mimetype, bytes),
        None => server::html(StatusCode::NOT_FOUND, "<!DOCTYPE html><title>File not found</title>"),
    }
}

/// Puts a file on the shelf for a person who shares it.
pub(crate) fn put(world: &World, name: &str, bytes: Bytes, user: &str) -> String {
    let (id, ticket) = world.files.announce(name, bytes.len(), user, world.stamps.now_secs());
    world.files.store(&ticket, bytes);
    id
}

/// Who uploads through the Web API.
pub(crate) const UPLOADER: &str = BOT_USER_ID;

/// The type that Slack finds, by content first and by name else.
fn mimetype_of(name: &str, bytes: &[u8]) -> &'static str {
    let by_content: [(&[u8], &str); 5] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
    ];
    if let Some((_, found)) = by_content.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return found;
    }
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "json" => "application/json",
        "html" | "htm" => "text/html",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
