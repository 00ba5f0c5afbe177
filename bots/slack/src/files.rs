//! Files, both ways. A customer's goes to Slack in three steps: ask for an address, send the bytes
//! there, and have the file shown in the thread when its turn comes. Slack answers the last step
//! before it is done; that it is done is heard as a message of our own. An agent's file is read with
//! the bot's token, which goes to no other host than Slack's.

use crate::client::{Body, Download as Answer, Transfer};
use crate::ids::{self, Spot};
use crate::outbound::{Slack, Us};
use crate::{PLATFORM, format, refusal};
use bytes::Bytes;
use futures_util::Stream;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::{Content, Letter, NotFetched, Trouble};
use threadline_core::file::{DeskFile, DeskFileKey, FileTrouble};
use threadline_core::ids::ThreadKey;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::warn;

/// How long files may take from Slack's yes to the thread, while what is next in the thread waits:
/// Slack looks through them for viruses first. After that they count as shown.
const SHOWN_WITHIN: Duration = Duration::from_secs(8);
/// How long it is waited for word of that before Slack is asked, and between two questions: the
/// word may go to another process, or get lost.
const ASK_AFTER: Duration = Duration::from_secs(2);
/// How long sending a file's bytes may take altogether.
const SENT_WITHIN: Duration = Duration::from_secs(300);
/// How long a file's bytes may fail to come.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How often an address may lead to another one.
const HOPS_MAX: usize = 3;

/// A file's bytes, on their way to Slack.
pub type Bodies = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A file's bytes, on their way from Slack.
#[derive(Debug)]
pub struct Download {
    /// Its name.
    pub name: Option<String>,
    /// How many bytes come.
    pub bytes: Option<u64>,
    body: hyper::body::Incoming,
}

impl Download {
    /// The next bytes; none at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, String>> {
        loop {
            let frame = match tokio::time::timeout(SILENCE_MAX, self.body.frame()).await {
                Ok(frame) => frame?,
                Err(_) => return Some(Err("no more bytes came from Slack".to_string())),
            };
            match frame {
                // Something else than bytes may stand at the end.
                Ok(frame) => match frame.into_data() {
                    Ok(bytes) => return Some(Ok(bytes)),
                    Err(_) => continue,
                },
                Err(error) => return Some(Err(error.to_string())),
            }
        }
    }
}

/// Files that are about to be shown, and where they were seen.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    awaited: Mutex<HashMap<String, Option<Share>>>,
    bell: Notify,
}

/// Where a file of ours stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The channel.
    pub channel: String,
    /// The message.
    pub ts: String,
    /// The thread's root; none for a message in the channel itself.
    pub thread_ts: Option<String>,
}

impl Shares {
    /// These files stand there. Those that nobody waits for are nobody's concern.
    pub fn seen(&self, files: &[String], share: &Share) {
        let mut awaited = self.lock();
        for file in files {
            if let Some(place) = awaited.get_mut(file) {
                *place = Some(share.clone());
            }
        }
        drop(awaited);
        self.bell.notify_waiters();
    }

    fn await_all(&self, files: &[String]) {
        self.lock().extend(files.iter().map(|file| (file.clone(), None)));
    }

    fn forget(&self, files: &[String]) {
        let mut awaited = self.lock();
        files.iter().for_each(|file| drop(awaited.remove(file)));
    }

    /// Where the first of them stands, once all of them were seen.
    fn all_seen(&self, files: &[String]) -> Option<Share> {
        let awaited = self.lock();
        let seen: Option<Vec<&Share>> = files.iter().map(|file| awaited.get(file)?.as_ref()).collect();
        seen?.first().copied().cloned()
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Option<Share>>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As we name a file of Slack's.
pub(crate) fn key(us: &Us, file: &str) -> DeskFileKey {
    DeskFileKey(format!("{PLATFORM}/{}/{file}", us.team))
}

/// The files of a message: what an agent attached, or what we sent.
pub(crate) fn listed<'a>(us: &'a Us, message: &'a Value) -> impl Iterator<Item = DeskFile> + 'a {
    let files = message["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    files.iter().filter_map(|file| {
        let id = file["id"].as_str().filter(|id| !id.is_empty())?;
        let name = [&file["name"], &file["title"]].into_iter().find_map(Value::as_str).unwrap_or_default();
        let deleted = file["mode"] == "tombstone";
        Some(DeskFile { key: key(us, id), name: name.to_string(), bytes: file["size"].as_u64(), deleted })
    })
}

impl Slack {
    /// Sends a file's bytes to Slack. It is nowhere to be seen yet.
    pub async fn upload(&self, name: &str, bytes: u64, content: Bodies) -> Result<DeskFileKey, Trouble> {
        let us = self.us().await?;
        let (length, method) = (bytes.to_string(), "files.getUploadURLExternal");
        let answer = self.form(method, &[("filename", name), ("length", &length)]).await.map_err(refusal::of_file)?;
        let odd = |what: &str| Trouble::NotDone { why: format!("{method}: {what}") };
        let file = answer["file_id"].as_str().ok_or_else(|| odd("the answer names no file"))?;
        let address = answer["upload_url"].as_str().ok_or_else(|| odd("the answer names no address"))?;
        if !self.client().is_slacks(address) {
            return Err(odd("the address is not Slack's"));
        }
        // Once more is harmless: what is not shown in a thread is nowhere.
        match tokio::time::timeout(SENT_WITHIN, self.client().send(address, Body { bytes, content })).await {
            Ok(Transfer::Done) => Ok(key(us, file)),
            Ok(Transfer::Refused(status)) => Err(Trouble::NotDone { why: format!("sending a file: HTTP {status}") }),
            Ok(Transfer::Failed(why)) => Err(Trouble::NotDone { why: format!("sending a file: {why}") }),
            Err(_) => Err(Trouble::NotDone { why: "sending a file took too long".to_string() }),
        }
    }

    /// Shows files in a thread; done when they are seen there, or should have been.
    pub(crate) async fn post_files(&self, thread: &ThreadKey, letter: &Letter) -> Result<(), Trouble> {
        let Content::Files(files) = &letter.content else { return Ok(()) };
        let spot = self.spot(&thread.0).await?;
        let names: Vec<String> = files.iter().filter_map(|(_, sent)| id_of(&sent.key)).map(str::to_string).collect();
        let entry = |(name, (_, sent)): (&String, &(_, threadline_core::desk::SentFile))| json!({ "id": name, "title": sent.file.name });
        let mut payload = json!({
            "files": names.iter().zip(files).map(entry).collect::<Vec<_>>(),
            "channel_id": spot.channel,
            "thread_ts": spot.ts,
        });
        if let Some(speaker) = &letter.speaker {
            payload["username"] = json!(format::speaker(speaker));
        }
        self.shares().await_all(&names);
        let answer = self.call("files.completeUploadExternal", &payload).await.map_err(refusal::of_file);
        let seen = match &answer {
            // What is unclear may be seen, too, and then it is not.
            Ok(_) | Err(Trouble::Unclear { .. }) => self.wait_for(&names, spot).await,
            Err(_) => None,
        };
        self.shares().forget(&names);
        match (seen, answer) {
            (Some(share), _) if share.thread_ts.as_deref() != Some(spot.ts) => {
                self.check_place(spot, &share.channel, &share.ts).await
            }
            (Some(_), _) => Ok(()),
            (None, Ok(_)) => {
                warn!(
                    slack.channel = spot.channel,
                    slack.ts = spot.ts,
                    "files were accepted by Slack and are not seen yet"
                );
                Ok(())
            }
            (None, Err(trouble)) => Err(trouble),
        }
    }

    async fn wait_for(&self, files: &[String], spot: Spot<'_>) -> Option<Share> {
        let until = Instant::now() + SHOWN_WITHIN;
        while Instant::now() < until {
            let heard = self.shares().bell.notified();
            if let Some(share) = self.shares().all_seen(files) {
                return Some(share);
            }
            if tokio::time::timeout(ASK_AFTER, heard).await.is_ok() {
                continue;
            }
            for file in files {
                if let Ok(answer) = self.get("files.info", &[("file", file)]).await
                    && let Some(share) = shared_in(&answer["file"]["shares"], spot.channel)
                {
                    self.shares().seen(std::slice::from_ref(file), &share);
                }
            }
        }
        self.shares().all_seen(files)
    }

    /// Begins to read a file that somebody attached.
    pub async fn download(&self, key: &DeskFileKey) -> Result<Download, NotFetched> {
        let id = id_of(key).ok_or(NotFetched::Missing(FileTrouble::Deleted))?;
        let info = self.client().get(&self.config().bot_token, "files.info", &[("file", id)]).await;
        let info = info.map_err(|failure| match failure.code() {
            Some("file_not_found" | "file_deleted") => NotFetched::Missing(FileTrouble::Deleted),
            Some("missing_scope" | "not_allowed_token_type") => NotFetched::NotPermitted(refusal::no_files_read()),
            _ => NotFetched::Trouble(failure.trouble("files.info")),
        })?;
        let file = &info["file"];
        match file["mode"].as_str() {
            Some("tombstone") => return Err(NotFetched::Missing(FileTrouble::Deleted)),
            Some("external") => return Err(NotFetched::Missing(FileTrouble::Elsewhere)),
            Some("hidden_by_limit") => return Err(NotFetched::Missing(FileTrouble::Unreachable)),
            _ if file["is_external"] == true => return Err(NotFetched::Missing(FileTrouble::Elsewhere)),
            // "hosted", "snippet", and whatever comes next year: it is read if it can be.
            _ => {}
        }
        let address = [&file["url_private_download"], &file["url_private"]].into_iter().find_map(Value::as_str);
        let address = address.filter(|address| address.parse::<http::Uri>().is_ok());
        let address = address.ok_or(NotFetched::Missing(FileTrouble::Unreachable))?;
        let is_html = file["mimetype"].as_str().is_some_and(|kind| kind.contains("html"));
        let bytes = file["size"].as_u64();
        let answer = self.read(address).await?;
        // Without the scope Slack answers with a page to sign in, and says that all is well.
        let page = answer.content_type.contains("html");
        let other_size = answer.bytes.is_some() && bytes.is_some() && answer.bytes != bytes;
        if page && (!is_html || other_size) {
            return Err(NotFetched::NotPermitted(refusal::no_files_read()));
        }
        let name = file["name"].as_str().or(file["title"].as_str()).map(str::to_string);
        Ok(Download { name, bytes: bytes.or(answer.bytes), body: answer.body })
    }

    /// Follows an address of Slack's to what is there; the token goes nowhere else.
    async fn read(&self, address: &str) -> Result<Answer, NotFetched> {
        let failed = |why: String| NotFetched::Trouble(Trouble::NotDone { why: format!("reading a file: {why}") });
        let mut address = address.to_string();
        for _ in 0..=HOPS_MAX {
            if !self.client().is_slacks(&address) {
                warn!("a file of Slack's leads to another host, which is not followed");
                return Err(NotFetched::Missing(FileTrouble::Elsewhere));
            }
            let answer = self.client().read(&self.config().bot_token, &address).await.map_err(failed)?;
            match (answer.status, answer.location.clone()) {
                (200, _) => return Ok(answer),
                (301 | 302 | 303 | 307 | 308, Some(next)) => address = next,
                (401 | 403, _) => return Err(NotFetched::NotPermitted(refusal::no_files_read())),
                (404 | 410, _) => return Err(NotFetched::Missing(FileTrouble::Deleted)),
                (status, _) => return Err(failed(format!("HTTP {status}"))),
            }
        }
        Err(failed("it leads round in circles".to_string()))
    }
}

/// Where a file is shown in a channel, as files.info lists it.
fn shared_in(shares: &Value, channel: &str) -> Option<Share> {
    let places = ["public", "private"].into_iter().find_map(|kind| shares[kind][channel].as_array());
    let place = places?.iter().find(|place| place["ts"].as_str().is_some_and(|ts| ids::stamp(ts).is_some()))?;
    Some(Share {
        channel: channel.to_string(),
        ts: place["ts"].as_str()?.to_string(),
        thread_ts: place["thread_ts"].as_str().map(str::to_string),
    })
}

/// Slack's id in a file's key.
fn id_of(key: &DeskFileKey) -> Option<&str> {
    let id = key.0.strip_prefix(PLATFORM)?.rsplit('/').next()?;
    (!id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(id)
}
