//! Calls to Slack's Web API, each with an outcome that says whether it was done. slack-morphism
//! carries them; only its untyped calls are used, because a typed answer that does not fit would
//! turn a message that was posted into an error. Tokens and bodies never reach a log from here.

use crate::config::Secret;
use crate::files::Bodies;
use crate::loose;
use crate::refusal::{PAUSE_MILLIS, Refusal};
use futures_util::StreamExt;
use http::Uri;
use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::{SlackApiToken, SlackClient};
use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::Trouble;
use tokio::time::Instant;

/// How long a connection may take to come up, well within the time of a call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer to a form: those that are called so say an address and an id.
const FORM_ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest pause that is believed: Slack counts its rates in minutes.
const PAUSE_MILLIS_MAX: u64 = 60 * 60 * 1_000;

/// Where answers to interactions go (docs.slack.dev, "Handling user interaction").
const RESPONSE_HOST: &str = "hooks.slack.com";

/// Calls to Slack's Web API.
pub(crate) struct Client {
    slack: SlackClient<SlackClientHyperConnector<HttpsConnector<HttpConnector>>>,
    https: HttpsConnector<HttpConnector>,
    api_url: String,
    tls: Arc<ClientConfig>,
    timeout: Duration,
    /// Methods that Slack wants left alone, until when. It counts by method, for the whole app.
    paused: Mutex<HashMap<String, Instant>>,
}

/// Why a call gave no answer to work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Not done; pause.
    Later { after_millis: u64 },
    /// Not done, and sure not to be.
    NotDone { why: String },
    /// Perhaps done.
    Unclear { why: String },
    /// Slack said no.
    Refused(Refusal),
}

/// A file's bytes, to be sent.
pub(crate) struct Body {
    /// How many.
    pub bytes: u64,
    /// They themselves.
    pub content: Bodies,
}

/// What became of sending a file's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// Slack has them.
    Done,
    /// Slack said no, with this status.
    Refused(u16),
    /// Nobody knows.
    Failed(String),
}

/// What an address of a private file gave.
#[derive(Debug)]
pub(crate) struct Download {
    /// The HTTP status.
    pub status: u16,
    /// Where it leads instead.
    pub location: Option<String>,
    /// Its type, in lower case; empty if it has none.
    pub content_type: String,
    /// How many bytes come, if that is said.
    pub bytes: Option<u64>,
    /// The bytes.
    pub body: Incoming,
}

impl Failure {
    /// Slack's word for it, if Slack said no.
    pub fn code(&self) -> Option<&str> {
        match self {
            Failure::Refused(refusal) => Some(&refusal.code),
            Failure::Later { .. } | Failure::NotDone { .. } | Failure::Unclear { .. } => None,
        }
    }

    /// What to do next.
    pub fn trouble(self, method: &str) -> Trouble {
        match self {
            Failure::Later { after_millis } => Trouble::Later { after_millis },
            Failure::NotDone { why } => Trouble::NotDone { why: format!("{method}: {why}") },
            Failure::Unclear { why } => Trouble::Unclear { why: format!("{method}: {why}") },
            Failure::Refused(refusal) => refusal.trouble(method),
        }
    }
}

impl Client {
    /// A client of the Slack at this address: `https` for the real one, `http` for a stand-in.
    pub fn new(api_url: &str, timeout: Duration) -> io::Result<Client> {
        let tls = tls_config(api_url)?;
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_TIMEOUT));
        http.set_nodelay(true);
        http.enforce_http(false);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(http);
        let api_url = api_url.trim_end_matches('/').to_string();
        let connector = SlackClientHyperConnector::with_connector(https.clone()).with_slack_api_url(&api_url);
        let (slack, paused) = (SlackClient::new(connector), Mutex::default());
        Ok(Client { slack, https, api_url, tls: Arc::new(tls), timeout, paused })
    }

    /// The TLS settings, for the sockets.
    pub fn tls(&self) -> Arc<ClientConfig> {
        self.tls.clone()
    }

    /// Calls a method that takes a JSON body.
    pub async fn call(&self, token: &Secret, method: &str, body: &Value) -> Result<Value, Failure> {
        let token = SlackApiToken::new(token.reveal().into());
        let session = self.slack.open_session(&token);
        let answer = session.http_session_api.http_post::<_, Value>(method, body, None);
        self.unless_paused(method, async { judged(tokio::time::timeout(self.timeout, answer).await) }).await
    }

    /// Calls a method that takes neither JSON nor a query: its arguments travel as a form. slack-morphism
    /// sends forms in parts, between marks that can be guessed, and with them what a customer calls his
    /// file: so this one is our own.
    pub async fn form(&self, token: &Secret, method: &str, params: &[(&str, &str)]) -> Result<Value, Failure> {
        self.unless_paused(method, self.send_form(token, method, params)).await
    }

    async fn send_form(&self, token: &Secret, method: &str, params: &[(&str, &str)]) -> Result<Value, Failure> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        let request = http::Request::post(format!("{}/{method}", self.api_url))
            .header(http::header::AUTHORIZATION, format!("Bearer {}", token.reveal()))
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form)
            .map_err(|_| Failure::NotDone { why: "the address is wrong".to_string() })?;
        let unclear = |why: String| Failure::Unclear { why };
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(self.https.clone());
        let answer = tokio::time::timeout(self.timeout, client.request(request)).await;
        let answer = answer.map_err(|_| unclear("no answer in time".to_string()))?;
        let (head, body) = answer.map_err(|error| unclear(chain(&error)))?.into_parts();
        if head.status == 429 {
            let header = |value: &http::HeaderValue| value.to_str().ok()?.trim().parse::<u64>().ok();
            let secs = head.headers.get(http::header::RETRY_AFTER).and_then(header);
            let after_millis = secs.map_or(PAUSE_MILLIS, |secs| secs.saturating_mul(1_000)).min(PAUSE_MILLIS_MAX);
            return Err(Failure::Later { after_millis });
        }
        let body = tokio::time::timeout(self.timeout, Limited::new(body, FORM_ANSWER_BYTES_MAX).collect()).await;
        let body = body.map_err(|_| unclear("no answer in time".to_string()))?;
        let body = body.map_err(|_| unclear("the answer broke off".to_string()))?.to_bytes();
        match serde_json::from_slice(&body) {
            Ok(value) => judged_value(value),
            Err(_) => Err(unclear(format!("HTTP {} with no JSON", head.status))),
        }
    }

    /// True for an address to which a token or a file of ours may go.
    pub fn is_slacks(&self, address: &str) -> bool {
        let Ok(address) = address.parse::<Uri>() else { return false };
        let same = self
            .api_url
            .parse::<Uri>()
            .is_ok_and(|api| (api.scheme(), api.authority()) == (address.scheme(), address.authority()));
        let host = address.host().unwrap_or_default();
        let slacks = host == "slack.com" || host.ends_with(".slack.com");
        same || (slacks && address.scheme_str() == Some("https") && address.port().is_none())
    }

    /// Sends a file's bytes to an address that Slack gave for them. No token goes with them.
    pub async fn send(&self, address: &str, body: Body) -> Transfer {
        let frames = body.content.map(|part| part.map(Frame::data));
        let request = http::Request::post(address)
            .header(http::header::CONTENT_TYPE, "application/octet-stream")
            .header(http::header::CONTENT_LENGTH, body.bytes)
            .body(StreamBody::new(frames));
        let Ok(request) = request else { return Transfer::Failed("the address is wrong".to_string()) };
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(self.https.clone());
        match client.request(request).await {
            Ok(answer) if answer.status().is_success() => Transfer::Done,
            Ok(answer) => Transfer::Refused(answer.status().as_u16()),
            Err(error) => Transfer::Failed(chain(&error)),
        }
    }

    /// Asks for a private file.
    pub async fn read(&self, token: &Secret, address: &str) -> Result<Download, String> {
        let request = http::Request::get(address)
            .header(http::header::AUTHORIZATION, format!("Bearer {}", token.reveal()))
            .body(String::new())
            .map_err(|_| "the address is wrong".to_string())?;
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(self.https.clone());
        let answer = tokio::time::timeout(self.timeout, client.request(request)).await;
        let answer = answer.map_err(|_| "no answer in time".to_string())?.map_err(|error| chain(&error))?;
        let header = |name: http::HeaderName| answer.headers().get(name).and_then(|value| value.to_str().ok());
        Ok(Download {
            status: answer.status().as_u16(),
            location: header(http::header::LOCATION).map(str::to_string),
            content_type: header(http::header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase(),
            bytes: header(http::header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            body: answer.into_body(),
        })
    }

    /// Calls a method that takes no JSON: its arguments travel in the query.
    pub async fn get(&self, token: &Secret, method: &str, params: &[(&str, &str)]) -> Result<Value, Failure> {
        let token = SlackApiToken::new(token.reveal().into());
        let session = self.slack.open_session(&token);
        let params: Vec<(&str, Option<&str>)> = params.iter().map(|(name, value)| (*name, Some(*value))).collect();
        let answer = session.http_session_api.http_get::<Value, _, _>(method, &params, None);
        self.unless_paused(method, async { judged(tokio::time::timeout(self.timeout, answer).await) }).await
    }

    /// Makes a call of this method, unless Slack has asked for a pause that is not over. Whoever calls:
    /// another channel, another desk and another thread count with this one.
    async fn unless_paused(
        &self,
        method: &str,
        call: impl Future<Output = Result<Value, Failure>>,
    ) -> Result<Value, Failure> {
        let left = self.paused().get(method).map(|until| until.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            let after_millis = u64::try_from(left.as_millis()).unwrap_or(PAUSE_MILLIS_MAX) + 1;
            return Err(Failure::Later { after_millis });
        }
        let answer = call.await;
        if let Err(Failure::Later { after_millis }) = answer {
            self.paused().insert(method.to_string(), Instant::now() + Duration::from_millis(after_millis));
        }
        answer
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn paused(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The scopes that a token has. Slack says so only in a header, which slack-morphism does not
    /// hand on; nothing when it cannot be learned.
    pub async fn scopes(&self, token: &Secret) -> Option<Vec<String>> {
        let request = http::Request::post(format!("{}/auth.test", self.api_url))
            .header(http::header::AUTHORIZATION, format!("Bearer {}", token.reveal()))
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(String::new())
            .ok()?;
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(self.https.clone());
        let answer = tokio::time::timeout(self.timeout, client.request(request)).await.ok()?.ok()?;
        let scopes = answer.headers().get("x-oauth-scopes")?.to_str().ok()?;
        Some(scopes.split(',').map(|scope| scope.trim().to_string()).collect())
    }

    /// Posts to the address that Slack gave with an interaction. The address lets whoever has it post,
    /// so no error quotes it.
    pub async fn respond(&self, url: &str, body: &Value) -> Result<(), Failure> {
        let refused = |code: &str| Failure::Refused(Refusal { code: code.to_string(), needed: None });
        if !self.is_of_slack(url) {
            return Err(refused("not_slacks_address"));
        }
        let request = http::Request::post(url)
            .header(http::header::CONTENT_TYPE, "application/json; charset=utf-8")
            .body(body.to_string())
            .map_err(|_| refused("no_address"))?;
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(self.https.clone());
        match tokio::time::timeout(self.timeout, client.request(request)).await {
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) if answer.status() == http::StatusCode::TOO_MANY_REQUESTS => {
                Err(Failure::Later { after_millis: PAUSE_MILLIS })
            }
            // Used too often, or too late.
            Ok(Ok(answer)) if answer.status().is_client_error() => Err(refused("used_url")),
            Ok(Ok(answer)) => Err(Failure::Unclear { why: format!("HTTP {}", answer.status()) }),
            Ok(Err(error)) if error.is_connect() => Err(Failure::NotDone { why: "no connection".to_string() }),
            Ok(Err(_)) | Err(_) => Err(Failure::Unclear { why: "no answer in time".to_string() }),
        }
    }

    /// True for an address of Slack's own, or of the stand-in for it.
    fn is_of_slack(&self, url: &str) -> bool {
        let base = |url: &str| {
            let url = url.parse::<http::Uri>().ok()?;
            Some((url.scheme_str()?.to_string(), url.authority()?.to_string()))
        };
        let Some(asked) = base(url) else { return false };
        asked == ("https".to_string(), RESPONSE_HOST.to_string()) || Some(asked) == base(&self.api_url)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// The machine's own roots. A stand-in over plain `http` needs none.
fn tls_config(api_url: &str) -> io::Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = || {
        ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)
    };
    match builder()?.with_native_roots() {
        Ok(config) => Ok(config.with_no_client_auth()),
        Err(_) if api_url.starts_with("http://") => {
            Ok(builder()?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
        }
        Err(error) => Err(error),
    }
}

/// Tells *done*, *not done* and *perhaps done* apart.
fn judged(answer: Result<Result<Value, SlackClientError>, tokio::time::error::Elapsed>) -> Result<Value, Failure> {
    let unclear = |why: String| Err(Failure::Unclear { why });
    let error = match answer {
        Ok(Ok(value)) => return judged_value(value),
        Ok(Err(error)) => error,
        Err(_) => return unclear("no answer in time".to_string()),
    };
    match error {
        SlackClientError::ApiError(error) => {
            let body = error.http_response_body.and_then(|body| loose::read(&body).ok());
            judged_value(body.unwrap_or_else(|| json!({ "ok": false, "error": error.code })))
        }
        SlackClientError::RateLimitError(error) => {
            let asked = error.retry_after.map(|pause| u64::try_from(pause.as_millis()).unwrap_or(PAUSE_MILLIS_MAX));
            Err(Failure::Later { after_millis: asked.unwrap_or(PAUSE_MILLIS).min(PAUSE_MILLIS_MAX) })
        }
        // A request that something on the way refused never reached Slack's own code.
        SlackClientError::HttpError(error) if error.status_code.is_client_error() && error.status_code != 408 => {
            Err(Failure::NotDone { why: format!("HTTP {}", error.status_code) })
        }
        SlackClientError::HttpError(error) => unclear(format!("HTTP {}", error.status_code)),
        SlackClientError::HttpProtocolError(error) => match error.cause {
            Some(cause) => match cause.downcast_ref::<hyper_util::client::legacy::Error>() {
                Some(error) if error.is_connect() => Err(Failure::NotDone { why: chain(error) }),
                Some(error) => unclear(chain(error)),
                // The request could not even be built: the address is wrong.
                None => Err(Failure::NotDone { why: chain(cause.as_ref()) }),
            },
            None => unclear("the connection broke".to_string()),
        },
        // slack-morphism could not read the envelope; what it says may still be plain.
        SlackClientError::ProtocolError(error) => match error.json_body.and_then(|body| loose::read(&body).ok()) {
            Some(value) => judged_value(value),
            None => unclear("an answer that is not JSON".to_string()),
        },
        SlackClientError::SystemError(_)
        | SlackClientError::EndOfStream(_)
        | SlackClientError::SocketModeProtocolError(_) => unclear("the answer broke off".to_string()),
    }
}

/// An answer without `ok` and `error` comes from something between us and Slack, such as a page of
/// a proxy.
fn judged_value(value: Value) -> Result<Value, Failure> {
    if value["ok"] == true {
        return Ok(value);
    }
    match value["error"].as_str() {
        Some(code) => Err(Failure::Refused(Refusal {
            code: code.to_string(),
            needed: value["needed"].as_str().map(str::to_string),
        })),
        None => Err(Failure::Unclear { why: "an answer that is not Slack's".to_string() }),
    }
}

/// An error and its causes in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Answers one request with these bytes, then hangs up; with none, it never answers.
    async fn outcome(answer: Option<&str>) -> Result<Value, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let answer = answer.map(str::to_string);
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"{}") {
                let mut part = [0; 1024];
                let read = stream.read(&mut part).await.unwrap();
                request.extend_from_slice(&part[..read]);
            }
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                None => std::future::pending().await,
            }
        });
        let client = Client::new(&url, Duration::from_millis(500)).unwrap();
        let outcome = client.call(&Secret::new("xoxb-x"), "chat.postMessage", &json!({})).await;
        server.abort();
        outcome
    }

    fn http(status: &str, headers: &str, body: &str) -> String {
        format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
    }

    const JSON: &str = "content-type: application/json; charset=utf-8\r\n";

    #[tokio::test]
    async fn what_was_done_is_a_success_whatever_else_the_answer_says() {
        for body in [
            r#"{"ok":true,"ts":"1.0"}"#,
            r#"{"ok":true,"ts":"1.0","message":{"metadata":{"event_payload":{"n":1}},"files":[{"url_private":""}]}}"#,
            r#"{"ok":true,"ts":"1.0","warnings":"not a list","errors":{}}"#,
        ] {
            let answer = outcome(Some(&http("200 OK", JSON, body))).await;
            assert_eq!(answer.map(|answer| answer["ts"].clone()), Ok(json!("1.0")), "{body}");
        }
    }

    #[tokio::test]
    async fn what_may_have_been_done_is_unclear() {
        let whole = http("200 OK", JSON, r#"{"ok":true,"ts":"1.0"}"#);
        for answer in [
            Some(http("500 Internal Server Error", JSON, r#"{"ok":false,"error":"internal_error"}"#)),
            Some(http("503 Service Unavailable", "", "")),
            Some(http("200 OK", "content-type: text/html\r\n", "<html>We are down</html>")),
            Some(http("200 OK", JSON, "not json")),
            Some(http("200 OK", JSON, r#"{"ok":false}"#)),
            Some(http("204 No Content", "", "")),
            Some(whole[..whole.len() - 5].to_string()),
            Some(String::new()),
            None,
        ] {
            let failure = outcome(answer.as_deref()).await;
            assert!(matches!(failure, Err(Failure::Unclear { .. })), "{answer:?}: {failure:?}");
        }
    }

    #[tokio::test]
    async fn what_was_surely_not_done_is_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = format!("http://{}/api", listener.local_addr().unwrap());
        drop(listener);
        let client = Client::new(&nobody, Duration::from_secs(10)).unwrap();
        let failure = client.call(&Secret::new("xoxb-x"), "chat.postMessage", &json!({})).await;
        assert!(matches!(failure, Err(Failure::NotDone { .. })), "{failure:?}");
        let refused = outcome(Some(&http("404 Not Found", "", ""))).await;
        assert!(matches!(refused, Err(Failure::NotDone { .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn a_pause_is_as_long_as_slack_says() {
        let limited = r#"{"ok":false,"error":"ratelimited"}"#;
        for (headers, after_millis) in [
            ("retry-after: 7\r\n", 7_000),
            ("", PAUSE_MILLIS),
            ("retry-after: soon\r\n", PAUSE_MILLIS),
            ("retry-after: 18446744073709551615\r\n", PAUSE_MILLIS_MAX),
        ] {
            let answer = http("429 Too Many Requests", &format!("{JSON}{headers}"), limited);
            assert_eq!(outcome(Some(&answer)).await, Err(Failure::Later { after_millis }), "{headers}");
        }
        let failure = outcome(Some(&http("200 OK", JSON, limited))).await.unwrap_err();
        assert_eq!(failure.trouble("chat.postMessage"), Trouble::Later { after_millis: PAUSE_MILLIS });
    }

    #[tokio::test]
    async fn a_pause_is_for_all_who_call_the_method_and_for_no_other() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let read = stream.read(&mut request).await.unwrap();
                let head = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = head.split(' ').nth(1).unwrap().to_string();
                let limited = path.ends_with("chat.postMessage");
                seen.lock().unwrap().push(path);
                let (status, headers) = match limited {
                    true => ("429 Too Many Requests", format!("{JSON}connection: close\r\nretry-after: 30\r\n")),
                    false => ("200 OK", format!("{JSON}connection: close\r\n")),
                };
                stream.write_all(http(status, &headers, r#"{"ok":true}"#).as_bytes()).await.unwrap();
            }
        });
        let (client, token) = (Client::new(&url, Duration::from_secs(10)).unwrap(), Secret::new("xoxb-x"));
        let post = async |channel: &str| client.call(&token, "chat.postMessage", &json!({ "channel": channel })).await;
        assert_eq!(post("C1").await, Err(Failure::Later { after_millis: 30_000 }));
        let Err(Failure::Later { after_millis }) = post("C2").await else { panic!("no pause") };
        assert!((1..=30_000).contains(&after_millis), "{after_millis}");
        assert!(client.call(&token, "chat.update", &json!({})).await.is_ok());
        assert_eq!(*asked.lock().unwrap(), ["/api/chat.postMessage", "/api/chat.update"]);
        server.abort();
    }

    #[test]
    fn the_token_goes_to_slack_alone() {
        let real = Client::new("https://slack.com/api", Duration::from_secs(1)).unwrap();
        for good in
            ["https://files.slack.com/files-pri/T1-F1/a.png", "https://slack.com/x", "https://acme.slack.com/?redir=x"]
        {
            assert!(real.is_slacks(good), "{good}");
        }
        for bad in [
            "http://files.slack.com/a",
            "https://files.slack.com:8443/a",
            "https://slack.com.example.com/a",
            "https://evilslack.com/a",
            "https://slack.com@example.com/a",
            "https://example.com/slack.com",
            "//files.slack.com/a",
            "files.slack.com",
            "",
        ] {
            assert!(!real.is_slacks(bad), "{bad}");
        }
        let fake = Client::new("http://127.0.0.1:9/api", Duration::from_secs(1)).unwrap();
        assert!(fake.is_slacks("http://127.0.0.1:9/upload/1") && !fake.is_slacks("http://127.0.0.1:10/upload/1"));
    }

    #[tokio::test]
    async fn a_redirect_to_another_host_is_not_followed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (api, other) = (listener.local_addr().unwrap(), elsewhere.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            let location = format!("location: http://{other}/a\r\n");
            stream.write_all(http("302 Found", &location, "").as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let client = Client::new(&format!("http://{api}/api"), Duration::from_secs(1)).unwrap();
        let answer = client.read(&Secret::new("xoxb-x"), &format!("http://{api}/files-pri/a")).await.unwrap();
        assert_eq!(answer.status, 302);
        assert!(!client.is_slacks(&answer.location.unwrap()));
        assert!(server.await.unwrap().contains("Bearer xoxb-x"));
        assert!(tokio::time::timeout(Duration::from_millis(50), elsewhere.accept()).await.is_err());
    }

    #[tokio::test]
    async fn half_a_character_in_an_answer_does_not_make_it_unclear() {
        let answer = outcome(Some(&http("200 OK", JSON, r#"{"ok":true,"ts":"1.0","text":"\ud83d"}"#))).await;
        assert_eq!(answer.unwrap()["ts"], "1.0");
    }

    #[tokio::test]
    async fn slacks_no_keeps_its_words() {
        let body = r#"{"ok":false,"error":"missing_scope","needed":"users:read","provided":"chat:write"}"#;
        let refusal = Refusal { code: "missing_scope".into(), needed: Some("users:read".into()) };
        assert_eq!(outcome(Some(&http("200 OK", JSON, body))).await, Err(Failure::Refused(refusal)));
    }
}
