//! Files of the customer's API: `POST /v1/files` takes one in as it streams, and what is shown comes
//! back with headers that let nothing in it run. A file is what its content says; only PNG, JPEG, GIF
//! and WebP are shown in place, everything else is only ever saved.

use super::App;
use super::address::Caller;
use super::input::{Asked, At, QueryRefusals, Refusals, TokenRefusals};
use super::places::NoRoom;
use super::problem::Problem;
use super::widget::{Bearer, KEY_CHARS, bearer, is_client_key};
use crate::config;
use crate::service::Refusal;
use crate::service::files::{NotUploaded, Upload, Uploading};
use axum::Extension;
use axum::body::{Body, BodyDataStream};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use futures_util::StreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde::{Deserialize, Serialize as DeriveSerialize};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;
use threadline_core::file::{AtDesk, Attachment, FileTrouble, Hash, StoredFile, size};
use threadline_core::ids::{FileId, Moment};
use threadline_core::media::PICTURES;
use utoipa::{IntoParams, ToSchema};

/// The path of customers' uploads, which may take longer than other requests.
pub(super) const UPLOADS: &str = "/v1/files";
/// The path of agents' uploads at the practice desk.
pub(super) const PRACTICE_UPLOADS: &str = "/practice/api/threads/{number}/files";
/// How long an upload may take altogether: 25 MB over a slow telephone.
pub(super) const UPLOAD_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// How long an upload may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How much of a refused upload is still read, so that the browser reads the answer instead of
/// finding the connection broken.
const READ_ON_BYTES_MAX: usize = 1024 * 1024;
/// The same, in time.
const READ_ON_MAX: Duration = Duration::from_secs(2);
/// Uploads under way at once: each holds a connection and a file that is not finished.
pub(super) const UPLOADS_AT_ONCE: u32 = 128;
/// Those of one address: what an office needs, and a quarter of all, so that one who sends a byte now and
/// then does not keep the others from uploading.
pub(super) const UPLOADS_PER_ADDRESS: NonZeroU32 = NonZeroU32::new(32).expect("32 is not zero");
/// When it is worth trying again to upload where too many are under way, in seconds.
const UPLOAD_AGAIN_SECS: u64 = 5;
/// Nothing in the file runs, whoever opens it wherever.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
/// The same file is not asked for again while a page is read; one that is taken back is soon gone.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=300");
/// What a name keeps as it is in an address or a header (RFC 8187, `attr-char`).
pub(super) const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is taken, for `GET /v1/site`.
#[derive(Debug, DeriveSerialize, ToSchema)]
pub(super) struct SiteFiles {
    /// Largest file, in bytes.
    bytes_max: u64,
    /// Most files of one message.
    per_message_max: u32,
    /// Media types; the content of a file counts, not its name.
    types: Vec<String>,
}

/// What is taken; none where files are switched off.
pub(super) fn site_files(files: &config::Files) -> Option<SiteFiles> {
    let config::Files { bytes_max, per_message_max, types, .. } = files;
    let on = !types.is_empty();
    on.then(|| SiteFiles { bytes_max: *bytes_max, per_message_max: *per_message_max, types: types.clone() })
}

/// A link to a file.
#[derive(Debug, DeriveSerialize, ToSchema)]
pub(super) struct FileLink {
    /// From the root of this server: `/v1/files/…`.
    href: String,
    /// Until when it works: milliseconds since 1970-01-01T00:00Z.
    until: i64,
}

/// What makes an address a signed link.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Signed {
    /// Of a link from `POST /v1/files/{id}/link`.
    #[serde(default)]
    until: Option<i64>,
    /// Of the same.
    #[serde(default)]
    sign: Option<String>,
}

/// A file as a customer sees it.
#[derive(Debug)]
pub(super) struct FileView<'a>(pub &'a Attachment);

/// A file that is here and that nothing is known of at the desk.
#[derive(Debug)]
pub(super) struct UploadedFile(pub StoredFile);

/// A file as a customer sees it.
#[derive(ToSchema)]
#[schema(as = File)]
#[expect(dead_code, reason = "the description of what FileView writes; the fields are read by the macro only")]
pub(super) struct FileDoc {
    /// `fil_…`; there when `state` is `here` or `refused`.
    id: Option<String>,
    /// Its name, safe to show and to save.
    name: String,
    /// What it is, by its content; there with `id`.
    media_type: Option<String>,
    /// How large it is, as far as is known.
    bytes: Option<u64>,
    /// For a picture that can be shown in place, with a thumbnail: its width in pixels.
    width: Option<u32>,
    /// Its height.
    height: Option<u32>,
    /// `here`; `coming` (an agent's, still being fetched); `missing` (an agent's that does not come);
    /// `refused` (the customer's, which the team did not get).
    state: String,
    /// Why it is `missing` or `refused`.
    why: Option<String>,
}

impl Serialize for UploadedFile {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        stored(&mut map, &self.0)?;
        map.serialize_entry("state", "here")?;
        map.end()
    }
}

impl Serialize for FileView<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        match self.0 {
            Attachment::Sent { file, desk } => {
                stored(&mut map, file)?;
                match desk {
                    AtDesk::NotYet | AtDesk::Uploaded(_) => map.serialize_entry("state", "here")?,
                    AtDesk::Refused { .. } | AtDesk::TriedAgain => {
                        map.serialize_entry("state", "refused")?;
                        map.serialize_entry("why", REFUSED)?;
                    }
                }
            }
            Attachment::Fetched { file, .. } => {
                stored(&mut map, file)?;
                map.serialize_entry("state", "here")?;
            }
            Attachment::Awaited(file) => {
                map.serialize_entry("name", &file.name)?;
                map.serialize_entry("bytes", &file.bytes)?;
                map.serialize_entry("state", "coming")?;
            }
            Attachment::Missing { name, why, .. } => {
                map.serialize_entry("name", name)?;
                map.serialize_entry("state", "missing")?;
                map.serialize_entry("why", missing(why))?;
            }
        }
        map.end()
    }
}

fn stored<M: SerializeMap>(map: &mut M, file: &StoredFile) -> Result<(), M::Error> {
    map.serialize_entry("id", &file.id.to_string())?;
    map.serialize_entry("name", &file.name)?;
    map.serialize_entry("media_type", &file.media_type)?;
    map.serialize_entry("bytes", &file.bytes)?;
    if let Some(picture) = &file.picture {
        map.serialize_entry("width", &picture.width)?;
        map.serialize_entry("height", &picture.height)?;
    }
    Ok(())
}

/// What a customer is told of a file that the desk refuses; the platform's words are for the team.
const REFUSED: &str = "This file could not be delivered to our team.";

/// What a customer is told of an agent's file that does not come.
fn missing(why: &FileTrouble) -> &'static str {
    match why {
        FileTrouble::Deleted => "This file was taken back.",
        FileTrouble::TooLarge { .. }
        | FileTrouble::TypeNotAllowed { .. }
        | FileTrouble::Unreadable
        | FileTrouble::Elsewhere
        | FileTrouble::NotPermitted
        | FileTrouble::Unreachable => "This file could not be delivered to you. Our team knows.",
    }
}

/// Uploads a file, as the raw body of the request. Its name goes into `Upload-Name`, encoded as in an
/// address (`encodeURIComponent`); `Upload-Key` is made by the client, new for each file, so that
/// uploading the same again is harmless. The file waits for a message that names its id; after a day
/// without one it is forgotten. Answered when it is stored; 200 when it was stored before.
#[utoipa::path(post, path = "/v1/files",
    params(
        ("Upload-Key" = String, Header, description = "8 to 64 letters, digits, - and _"),
        ("Upload-Name" = String, Header, description = "The file's name, percent-encoded UTF-8"),
        ("Content-Length" = Option<u64>, Header, description = "If known: what is too large is refused before it is sent"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, description = "It was stored before", body = FileDoc),
        (status = 201, body = FileDoc),
        (status = 400, description = "The upload broke off, or a header is missing", body = Problem, content_type = "application/problem+json"),
        (status = 401, body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "No files are taken here", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "It is too large; the problem says what is not", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Files of this type are not taken", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "It is empty, or a picture that cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 429, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ), security(("token" = [])))]
pub(super) async fn upload(
    State(app): State<App>,
    Bearer(token): Bearer,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let bad = |what: &str| Problem::new(StatusCode::BAD_REQUEST, what);
    let key = headers.get("upload-key").and_then(|key| key.to_str().ok()).filter(|key| is_client_key(key));
    let key = key.ok_or_else(|| {
        let (least, most) = (KEY_CHARS.start(), KEY_CHARS.end());
        bad(&format!("Upload-Key: make one of {least} to {most} letters, digits, - and _, new for each file."))
    })?;
    let name = name_of(&headers).map_err(bad)?;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let _place = app.callers.upload(caller).map_err(|no_room| match no_room {
        NoRoom::ForThisAddress => Problem::too_many("uploads from this address at once", UPLOAD_AGAIN_SECS),
        NoRoom::Here => Problem::busy("Too many files are being uploaded just now."),
    })?;
    let begun = app.service.begin_upload(&token, key, declared).await;
    received(&app, begun, body, &name).await
}

/// Takes the bytes of an upload in, if it may come.
pub(super) async fn received(
    app: &App,
    begun: Result<Uploading, NotUploaded>,
    body: Body,
    name: &str,
) -> Result<Response, Problem> {
    let mut body = body.into_data_stream();
    let upload = match begun {
        Ok(Uploading::Coming(upload)) => upload,
        Ok(Uploading::There(file)) => {
            read_on(&mut body).await;
            return Ok((StatusCode::OK, Json(UploadedFile(file))).into_response());
        }
        Err(not_uploaded) => {
            read_on(&mut body).await;
            return Err(not_uploaded.into());
        }
    };
    let upload = match receive(app, upload, &mut body).await {
        Ok(upload) => upload,
        Err(problem) => {
            read_on(&mut body).await;
            return Err(problem);
        }
    };
    let file = app.service.finish_upload(upload, name).await?;
    Ok((StatusCode::CREATED, Json(UploadedFile(file))).into_response())
}

/// A link to a file that works without the token, for some minutes and for this file alone: a browser
/// sends no token where it follows a link, and a token never stands in one.
#[utoipa::path(post, path = "/v1/files/{id}/link", params(("id" = String, Path, description = "`fil_…`")), responses(
    (status = 200, body = FileLink),
    QueryRefusals,
    TokenRefusals,
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Refusals,
), security(("token" = [])))]
pub(super) async fn link(
    State(app): State<App>,
    Bearer(token): Bearer,
    At(id): At<String>,
) -> Result<Json<FileLink>, Problem> {
    let (file, until, sign) = app.service.sign_link(&token, file_id(&id)?).await?;
    let name = utf8_percent_encode(&file.name, PLAIN);
    Ok(Json(FileLink { href: format!("/v1/files/{id}/{name}?until={}&sign={sign}", until.0), until: until.0 }))
}

/// A file, with the token or by a signed link; `name` is what it is saved as, and may be anything.
#[utoipa::path(get, path = "/v1/files/{id}/{name}", params(
    ("id" = String, Path, description = "`fil_…`"),
    ("name" = String, Path, description = "The file's name"),
    ("Range" = Option<String>, Header, description = "One range of bytes"),
    Signed,
), responses(
    (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "application/octet-stream"),
    QueryRefusals,
    TokenRefusals,
    (status = 403, description = "The link does not work any more", body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 416, body = Problem, content_type = "application/problem+json"),
    Refusals,
), security((), ("token" = [])))]
pub(super) async fn download(
    State(app): State<App>,
    At((id, _name)): At<(String, String)>,
    Asked(signed): Asked<Signed>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = file_id(&id)?;
    let file = match (signed.until, signed.sign) {
        (Some(until), Some(sign)) => app.service.file_by_link(id, Moment(until), &sign).await?,
        (None, None) | (Some(_), None) | (None, Some(_)) => {
            let token = bearer(&headers).ok_or_else(Problem::not_yours)?;
            app.service.file(&token, id).await?
        }
    };
    serve(&app, &file, &headers).await
}

/// A small version of a picture, at most 640 pixels a side, as PNG or JPEG.
#[utoipa::path(get, path = "/v1/thumbnails/{id}", params(("id" = String, Path, description = "`fil_…`")), responses(
    (status = 200, body = Vec<u8>, content_type = "image/*"),
    QueryRefusals,
    TokenRefusals,
    (status = 404, body = Problem, content_type = "application/problem+json"),
    Refusals,
), security(("token" = [])))]
pub(super) async fn thumbnail(
    State(app): State<App>,
    Bearer(token): Bearer,
    At(id): At<String>,
) -> Result<Response, Problem> {
    let file = app.service.file(&token, file_id(&id)?).await?;
    let thumbnail = file.picture.map(|picture| picture.thumbnail).ok_or(Refusal::NoSuchFile)?;
    serve_thumbnail(&app, &thumbnail).await
}

/// A file's content, so that nothing in it can run.
pub(super) async fn serve(app: &App, file: &StoredFile, headers: &HeaderMap) -> Result<Response, Problem> {
    let range = match range_of(headers, file.bytes) {
        Ok(range) => range,
        Err(()) => {
            let what = format!("The file has {} bytes. Ask for some of them.", file.bytes);
            let mut response = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, what).into_response();
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{}", file.bytes));
            return Ok(response);
        }
    };
    let (from, length) = range.as_ref().map_or((0, file.bytes), |part| (*part.start(), part.end() - part.start() + 1));
    let files = &app.service.shared().files;
    let reading = files.read(&file.hash, from, length).await.map_err(unread)?.ok_or_else(lost)?;
    let body = Body::from_stream(reading.bytes);
    let mut response = inert(body, &file.media_type);
    let how = if PICTURES.contains(&file.media_type.as_str()) { "inline" } else { "attachment" };
    // The plain name is for what knows no other; every browser reads the second one.
    let plain: String = file.name.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    let name = utf8_percent_encode(&file.name, PLAIN);
    set(&mut response, header::CONTENT_DISPOSITION, &format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{name}"));
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    if let Some(part) = range {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        set(&mut response, header::CONTENT_RANGE, &format!("bytes {}-{}/{}", part.start(), part.end(), file.bytes));
    }
    Ok(response)
}

/// A thumbnail; they are made here, and are PNG or JPEG.
pub(super) async fn serve_thumbnail(app: &App, thumbnail: &Hash) -> Result<Response, Problem> {
    let bytes = app.service.shared().files.whole(thumbnail).await.map_err(unread)?.ok_or_else(lost)?;
    let media_type = if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" };
    let mut response = inert(Body::from(bytes), media_type);
    set(&mut response, header::CONTENT_DISPOSITION, "inline");
    Ok(response)
}

fn inert(body: Body, media_type: &str) -> Response {
    let mut response = Response::new(body);
    set(&mut response, header::CONTENT_TYPE, media_type);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::CACHE_CONTROL, KEPT);
    // The chat is on other websites, and whoever gets here has a token or a signed link.
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    response
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The part of a file that is asked for; none for all of it. One range is enough for a player.
fn range_of(headers: &HeaderMap, bytes: u64) -> Result<Option<RangeInclusive<u64>>, ()> {
    let Some(asked) = headers.get(header::RANGE).and_then(|range| range.to_str().ok()) else { return Ok(None) };
    let Some((first, last)) = asked.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let end = bytes.saturating_sub(1);
    let part = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) => first..=last.min(end),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..=end,
        (Err(_), Ok(length)) if first.trim().is_empty() => bytes.saturating_sub(length)..=end,
        // Several ranges, or none: all of it is a good answer, too.
        (Ok(_) | Err(_), Ok(_) | Err(_)) => return Ok(None),
    };
    if part.is_empty() || *part.start() > end || bytes == 0 { Err(()) } else { Ok(Some(part)) }
}

async fn receive(app: &App, mut upload: Upload, body: &mut BodyDataStream) -> Result<Upload, Problem> {
    loop {
        let part = tokio::select! {
            part = tokio::time::timeout(SILENCE_MAX, body.next()) => part,
            () = app.life.stopping() => return Err(Problem::busy("The server is just being restarted.")),
        };
        match part {
            Ok(Some(Ok(part))) => upload = upload.push(part).await?,
            Ok(None) => return Ok(upload),
            Ok(Some(Err(_))) | Err(_) => {
                let what = "The upload broke off. Upload it again, with the same key.";
                return Err(Problem::new(StatusCode::BAD_REQUEST, what));
            }
        }
    }
}

/// Reads and forgets a little of what is still coming.
async fn read_on(body: &mut BodyDataStream) {
    let read = async {
        let mut bytes = 0;
        while bytes < READ_ON_BYTES_MAX
            && let Some(Ok(part)) = body.next().await
        {
            bytes += part.len();
        }
    };
    // Whoever is slower finds a closed connection.
    let _ = tokio::time::timeout(READ_ON_MAX, read).await;
}

impl From<NotUploaded> for Problem {
    fn from(not_uploaded: NotUploaded) -> Self {
        match not_uploaded {
            NotUploaded::Trouble(why) => {
                let status = match &why {
                    FileTrouble::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                    FileTrouble::TypeNotAllowed { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    FileTrouble::Unreadable
                    | FileTrouble::Deleted
                    | FileTrouble::Elsewhere
                    | FileTrouble::NotPermitted
                    | FileTrouble::Unreachable => StatusCode::UNPROCESSABLE_ENTITY,
                };
                Problem::new(status, not_taken(&why))
            }
            NotUploaded::DayIsFull => Problem::too_many("files in this conversation today", 3_600),
            NotUploaded::Off => Problem::new(StatusCode::FORBIDDEN, "No files are taken here. Describe it in words."),
            NotUploaded::Refusal(refusal) => refusal.into(),
            NotUploaded::Disk(error) => unread(error),
        }
    }
}

/// What a customer is told of a file that is not taken.
fn not_taken(why: &FileTrouble) -> String {
    match why {
        FileTrouble::TooLarge { bytes_max } => {
            format!("This file is too large. The largest that can be sent has {}.", size(*bytes_max))
        }
        FileTrouble::TypeNotAllowed { media_type } => {
            let what = match media_type.as_str() {
                threadline_core::media::UNKNOWN => "Files of this type".to_string(),
                known => format!("Files of the type {known}"),
            };
            format!("{what} cannot be sent here. Send a picture, a PDF, a text or a recording of it.")
        }
        FileTrouble::Unreadable
        | FileTrouble::Deleted
        | FileTrouble::Elsewhere
        | FileTrouble::NotPermitted
        | FileTrouble::Unreachable => {
            "This file is empty, or a picture that cannot be opened or is too large to be. Save it anew and send that."
                .to_string()
        }
    }
}

fn unread(error: std::io::Error) -> Problem {
    tracing::error!(%error, "files cannot be kept or read: see [files] in the configuration, and `threadline check`");
    Problem::unstored()
}

/// The database knows it, and the folder or the bucket does not.
fn lost() -> Problem {
    tracing::error!("a file's bytes are not where files are kept: was [files] changed, or is its folder not shared?");
    Problem::new(StatusCode::NOT_FOUND, "This file is not here any more.")
}

pub(super) fn file_id(id: &str) -> Result<FileId, Problem> {
    id.parse().map_err(|_| Problem::from(Refusal::NoSuchFile))
}

pub(super) fn name_of(headers: &HeaderMap) -> Result<String, &'static str> {
    let what = "Upload-Name: send the file's name, encoded with encodeURIComponent.";
    let name = headers.get("upload-name").ok_or(what)?.to_str().map_err(|_| what)?;
    Ok(percent_decode_str(name).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn ranges() {
        let range = |asked: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_str(asked).unwrap());
            range_of(&headers, 100)
        };
        for (asked, part) in [
            ("bytes=0-", Ok(Some(0..=99))),
            ("bytes=10-19", Ok(Some(10..=19))),
            ("bytes=90-1000", Ok(Some(90..=99))),
            ("bytes=-5", Ok(Some(95..=99))),
            ("bytes=-500", Ok(Some(0..=99))),
            ("bytes=100-", Err(())),
            ("bytes=-0", Err(())),
            ("bytes=5-4", Err(())),
            ("bytes=0-1,5-6", Ok(None)),
            ("bytes=-", Ok(None)),
            ("lines=1-2", Ok(None)),
        ] {
            assert_eq!(range(asked), part, "{asked}");
        }
        assert_eq!(range_of(&HeaderMap::new(), 100), Ok(None));
    }

    #[test]
    fn what_customers_read_about_files() {
        let troubles = [
            FileTrouble::TooLarge { bytes_max: 26_214_400 },
            FileTrouble::TypeNotAllowed { media_type: "image/heic".into() },
            FileTrouble::TypeNotAllowed { media_type: threadline_core::media::UNKNOWN.into() },
            FileTrouble::Unreadable,
        ];
        let said: Vec<String> = troubles.iter().map(not_taken).collect();
        expect![[r#"
            This file is too large. The largest that can be sent has 25 MB.
            Files of the type image/heic cannot be sent here. Send a picture, a PDF, a text or a recording of it.
            Files of this type cannot be sent here. Send a picture, a PDF, a text or a recording of it.
            This file is empty, or a picture that cannot be opened or is too large to be. Save it anew and send that.
        "#]]
        .assert_eq(&(said.join("\n") + "\n"));
    }
}
