//! Files, both ways. A customer's goes to Discord inside the message that shows it, so its bytes are asked
//! for when it is posted; an agent's is read from the address that Discord gives for it, which is asked
//! for each time, because it is good for a day only. The bot's token goes to neither.

use crate::client::Sent;
use crate::config::Secret;
use crate::format;
use crate::ids::{FilePlace, Id};
use crate::outbound::Discord;
use crate::refusal::{About, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use http_body_util::BodyExt;
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::desk::{Later, Letter, NotFetched, Piece, SentFile, Trouble};
use threadline_core::file::{DeskFileKey, FileTrouble, StoredFile};

/// Most bytes of one request (docs, "Uploading Files": 25 MiB), with room for what stands around the files.
const REQUEST_BYTES_MAX: u64 = 25 * 1024 * 1024 - 64 * 1024;
/// How long a file's bytes may fail to come.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Where the bytes of customers' files come from.
#[derive(Clone)]
pub struct Source(Arc<dyn Fn(StoredFile) -> Later<'static, Result<Bytes, Trouble>> + Send + Sync>);

impl Source {
    /// Bytes come from this function.
    pub fn new(read: impl Fn(StoredFile) -> Later<'static, Result<Bytes, Trouble>> + Send + Sync + 'static) -> Source {
        Source(Arc::new(read))
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// A file's bytes, on their way from Discord.
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
                Err(_) => return Some(Err("no more bytes came from Discord".to_string())),
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

/// As the desk names a customer's file before it is posted: nothing has to be there before.
pub fn key_of(file: &StoredFile) -> DeskFileKey {
    DeskFileKey(format!("{}/file/{}", crate::PLATFORM, file.id))
}

/// A post with files as the parts of a form, and its content type.
pub(crate) async fn form(
    source: &Source,
    token: &Secret,
    thread: Id,
    letter: &Letter,
    sent: &[(Piece, SentFile)],
) -> Result<(String, Bytes), Trouble> {
    let all: u64 = sent.iter().map(|(_, sent)| sent.file.bytes).sum();
    if all > REQUEST_BYTES_MAX {
        return Err(Trouble::Never { why: "together these are more than Discord takes at once".to_string() });
    }
    let mut parts = Vec::new();
    for (_, sent) in sent {
        parts.push((name_of(&sent.file), (source.0)(sent.file.clone()).await?));
    }
    let pieces: Vec<Piece> = sent.iter().map(|(piece, _)| *piece).collect();
    let names: Vec<String> = sent.iter().map(|(_, sent)| sent.file.name.clone()).collect();
    let payload = format::files(thread, letter, &pieces, &names);
    Ok(joined(&boundary(token, payload.to_string().as_bytes()), &payload.to_string(), &parts))
}

/// What stands between the parts: nobody who does not have the token can write it into a file.
fn boundary(token: &Secret, about: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(token.reveal().as_bytes()) else {
        // A key of any length is one.
        return "threadline".to_string();
    };
    mac.update(about);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn joined(boundary: &str, payload: &str, files: &[(String, Bytes)]) -> (String, Bytes) {
    let mut form = Vec::new();
    let head = "Content-Disposition: form-data; name=";
    let json = format!("--{boundary}\r\n{head}\"payload_json\"\r\nContent-Type: application/json\r\n\r\n{payload}\r\n");
    form.extend_from_slice(json.as_bytes());
    for (at, (name, bytes)) in files.iter().enumerate() {
        let head = format!("--{boundary}\r\n{head}\"files[{at}]\"; filename=\"{name}\"\r\n");
        form.extend_from_slice(head.as_bytes());
        form.extend_from_slice(b"Content-Type: application/octet-stream\r\n\r\n");
        form.extend_from_slice(bytes);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), form.into())
}

/// A name that ends no header.
fn name_of(file: &StoredFile) -> String {
    let name: String =
        file.name.chars().map(|c| if c.is_control() || matches!(c, '"' | '\\' | '/') { '_' } else { c }).collect();
    if name.trim().is_empty() { "file".to_string() } else { name }
}

impl Discord {
    /// Begins to read a file that somebody attached.
    pub async fn download(&self, key: &DeskFileKey) -> Result<Download, NotFetched> {
        let place = FilePlace::parse(key).ok_or(NotFetched::Missing(FileTrouble::Deleted))?;
        let path = format!("/channels/{}/messages/{}", place.thread, place.message);
        let message =
            self.client().call(Method::GET, &path, Sent::Nothing).await.map_err(|failure| match failure.code() {
                Some(UNKNOWN_CHANNEL | UNKNOWN_MESSAGE) => NotFetched::Missing(FileTrouble::Deleted),
                _ => match failure.trouble("asking for a file", About::Thread) {
                    Trouble::Stopped(stop) => NotFetched::NotPermitted(stop),
                    trouble => NotFetched::Trouble(trouble),
                },
            })?;
        let mut files = message["attachments"].as_array().into_iter().flatten();
        let file = files.find(|file| Id::of(&file["id"]) == Some(place.attachment));
        let file = file.ok_or(NotFetched::Missing(FileTrouble::Deleted))?;
        let address = file["url"].as_str().filter(|address| self.client().is_of_files(address));
        let address = address.ok_or(NotFetched::Missing(FileTrouble::Elsewhere))?;
        let failed = |why: String| NotFetched::Trouble(Trouble::NotDone { why: format!("reading a file: {why}") });
        let answer = self.client().read(address).await.map_err(failed)?;
        match answer.status {
            200 => {}
            403 | 404 | 410 => return Err(NotFetched::Missing(FileTrouble::Deleted)),
            status => return Err(failed(format!("HTTP {status}"))),
        }
        let name = file["filename"].as_str().map(str::to_string);
        Ok(Download { name, bytes: file["size"].as_u64().or(answer.bytes), body: answer.body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_its_parts_in_order() {
        let (kind, form) = joined("b", "{}", &[("a.txt".into(), Bytes::from_static(b"one"))]);
        assert_eq!(kind, "multipart/form-data; boundary=b");
        let expected = "--b\r\nContent-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json\r\n\r\n{}\r\n\
            --b\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"a.txt\"\r\nContent-Type: application/octet-stream\r\n\r\none\r\n--b--\r\n";
        assert_eq!(String::from_utf8_lossy(&form), expected);
        let secret = |token: &str| boundary(&Secret::new(token), b"x");
        assert_ne!(secret("one"), secret("two"));
    }
}
