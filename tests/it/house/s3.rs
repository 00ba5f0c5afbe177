//! A small stand-in for a server that speaks S3: one bucket, objects whole or in parts, and what it is
//! told to do wrong. Strict: whoever has not signed, or asks for what it does not know, is refused and
//! written down.

use chrono::{DateTime, Utc};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const BUCKET: &str = "threadline-files";
pub const ACCESS_KEY_ID: &str = "AKIAPLAY";
pub const SECRET_ACCESS_KEY: &str = "only-for-plays";

/// What it does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sickness {
    /// Nothing.
    None,
    /// It answers 503 to everything.
    Down,
    /// It cuts the connection in the middle of what it sends.
    Cuts,
    /// It takes so long for every answer.
    Slow(Duration),
}

/// The server. Clones are the same one.
#[derive(Clone, Debug)]
pub struct FakeS3 {
    /// `http://127.0.0.1:PORT`
    pub address: String,
    bucket: Arc<Mutex<State>>,
    _task: Arc<Task>,
}

#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Debug)]
struct State {
    sickness: Sickness,
    objects: BTreeMap<String, (Bytes, DateTime<Utc>)>,
    /// Parts of objects that are not complete.
    uploads: BTreeMap<String, BTreeMap<u32, Bytes>>,
    complaints: Vec<String>,
    requests: usize,
}

impl FakeS3 {
    pub async fn start() -> FakeS3 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            sickness: Sickness::None,
            objects: BTreeMap::new(),
            uploads: BTreeMap::new(),
            complaints: Vec::new(),
            requests: 0,
        };
        let bucket = Arc::new(Mutex::new(state));
        let of_task = bucket.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let bucket = of_task.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(bucket.clone(), request));
                    // One that is cut off is what a play wants.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        FakeS3 { address, bucket, _task: Arc::new(Task(task)) }
    }

    pub fn is(&self, sickness: Sickness) {
        lock(&self.bucket).sickness = sickness;
    }

    /// The bytes of every object.
    pub fn objects(&self) -> Vec<Bytes> {
        lock(&self.bucket).objects.values().map(|(bytes, _)| bytes.clone()).collect()
    }

    /// How often it was asked anything.
    pub fn requests(&self) -> usize {
        lock(&self.bucket).requests
    }

    pub fn complaints(&self) -> Vec<String> {
        lock(&self.bucket).complaints.clone()
    }
}

type Answer = Response<Full<Bytes>>;

async fn answer(bucket: Arc<Mutex<State>>, request: Request<Incoming>) -> Result<Answer, String> {
    let (head, body) = request.into_parts();
    let sickness = {
        let mut state = lock(&bucket);
        state.requests += 1;
        state.sickness
    };
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    match sickness {
        Sickness::None => {}
        Sickness::Down => return Ok(refused(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable")),
        Sickness::Cuts if head.method == Method::GET => return Err("cut".to_string()),
        Sickness::Cuts => {}
        Sickness::Slow(by) => tokio::time::sleep(by).await,
    }
    let mut state = lock(&bucket);
    let answer = carry_out(&mut state, &head, body);
    if answer.status() == StatusCode::BAD_REQUEST || answer.status() == StatusCode::FORBIDDEN {
        state.complaints.push(format!("{} {}: {}", head.method, head.uri, answer.status()));
    }
    Ok(answer)
}

fn carry_out(state: &mut State, head: &http::request::Parts, body: Bytes) -> Answer {
    let credential = format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/");
    let signed = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !signed.is_some_and(|signed| signed.starts_with(&credential)) {
        return refused(StatusCode::FORBIDDEN, "AccessDenied");
    }
    let Some(path) = head.uri.path().strip_prefix(&format!("/{BUCKET}")) else {
        return refused(StatusCode::BAD_REQUEST, "NoSuchBucket");
    };
    let key = path.trim_start_matches('/').to_string();
    let query: BTreeMap<&str, &str> = head
        .uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .collect();
    match (&head.method, query.get("uploadId"), query.contains_key("uploads")) {
        (&Method::GET, ..) if key.is_empty() && query.contains_key("list-type") => list(state),
        (&Method::POST, None, true) => {
            let upload = format!("upload-{}", state.uploads.len() + 1);
            let xml = format!(
                "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key><UploadId>{upload}</UploadId>\
                 </InitiateMultipartUploadResult>"
            );
            state.uploads.insert(upload, BTreeMap::new());
            given(StatusCode::OK, xml.into())
        }
        (&Method::PUT, Some(upload), _) => {
            let number = query.get("partNumber").and_then(|number| number.parse().ok());
            match (state.uploads.get_mut(*upload), number) {
                (Some(parts), Some(number)) => {
                    parts.insert(number, body);
                    given(StatusCode::OK, Bytes::new())
                }
                (None, _) | (_, None) => refused(StatusCode::BAD_REQUEST, "NoSuchUpload"),
            }
        }
        (&Method::POST, Some(upload), _) => match state.uploads.remove(*upload) {
            Some(parts) => {
                let whole: Vec<u8> = parts.into_values().flatten().collect();
                state.objects.insert(key.clone(), (whole.into(), now()));
                let xml = format!(
                    "<CompleteMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key><ETag>\"tag\"</ETag>\
                     </CompleteMultipartUploadResult>"
                );
                given(StatusCode::OK, xml.into())
            }
            None => refused(StatusCode::BAD_REQUEST, "NoSuchUpload"),
        },
        (&Method::DELETE, Some(upload), _) => {
            state.uploads.remove(*upload);
            given(StatusCode::NO_CONTENT, Bytes::new())
        }
        (&Method::PUT, None, _) => {
            state.objects.insert(key, (body, now()));
            given(StatusCode::OK, Bytes::new())
        }
        (&Method::GET | &Method::HEAD, ..) => match state.objects.get(&key) {
            Some((object, stored)) => {
                let mut answer = part(object, head);
                let stored = stored.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
                answer.headers_mut().insert(header::LAST_MODIFIED, stored.parse().unwrap());
                answer
            }
            None => refused(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        (&Method::DELETE, None, _) => {
            state.objects.remove(&key);
            given(StatusCode::NO_CONTENT, Bytes::new())
        }
        _ => refused(StatusCode::BAD_REQUEST, "NotImplemented"),
    }
}

/// An object, or the part of it that was asked for.
fn part(object: &Bytes, head: &http::request::Parts) -> Answer {
    let range = head.headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let range = range.and_then(|range| {
        let (from, to) = range.split_once('-')?;
        Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?.min(object.len() - 1)))
    });
    let Some((from, to)) = range else { return given(StatusCode::OK, object.clone()) };
    if from > to {
        return refused(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange");
    }
    let mut answer = given(StatusCode::PARTIAL_CONTENT, object.slice(from..=to));
    let shown = format!("bytes {from}-{to}/{}", object.len());
    answer.headers_mut().insert(header::CONTENT_RANGE, shown.parse().unwrap());
    answer
}

fn list(state: &State) -> Answer {
    let mut xml = String::from("<ListBucketResult><IsTruncated>false</IsTruncated>");
    for (key, (object, stored)) in &state.objects {
        let (size, stored) = (object.len(), stored.format("%Y-%m-%dT%H:%M:%S.000Z"));
        write!(xml, "<Contents><Key>{key}</Key><LastModified>{stored}</LastModified><Size>{size}</Size><ETag>\"tag\"</ETag></Contents>").unwrap();
    }
    xml.push_str("</ListBucketResult>");
    given(StatusCode::OK, xml.into())
}

fn given(status: StatusCode, body: Bytes) -> Answer {
    let answer = Response::builder().status(status).header(header::ETAG, "\"tag\"");
    answer.body(Full::new(body)).unwrap()
}

fn refused(status: StatusCode, code: &str) -> Answer {
    given(status, format!("<Error><Code>{code}</Code><Message>{code}</Message></Error>").into())
}

#[expect(clippy::disallowed_methods, reason = "a server in the world outside has a clock of its own")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
