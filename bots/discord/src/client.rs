//! Calls to Discord's API, each with an outcome that says whether it was done. They are made here and not
//! by serenity, whose calls have no timeout, lose how long Discord wants to be left alone, and go to the
//! real Discord where a stand-in was meant; what they carry is made with its builders. Tokens and bodies
//! never reach a log from here.

use crate::config::Secret;
use crate::limits::{Limits, Route, WAIT_MAX};
use crate::refusal::{About, Refusal};
use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use serde_json::Value;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::desk::Trouble;

/// How long a connection may take to come up, well within the time of a call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read: a hundred messages with their embeds are far below.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How often a call that Discord refused for its rate is made again here.
const TRIES_MAX: u32 = 4;
/// Who we are (docs, "User Agent": the form is prescribed).
const USER_AGENT: &str = concat!("DiscordBot (https://threadline.invalid, ", env!("CARGO_PKG_VERSION"), ")");
/// Where files of messages are (docs, "Attachment Object": `url`).
const FILE_HOSTS: [&str; 2] = ["cdn.discordapp.com", "media.discordapp.net"];

/// Calls to Discord's API.
pub(crate) struct Client {
    http: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    api_url: String,
    token: Secret,
    tls: Arc<ClientConfig>,
    timeout: Duration,
    limits: Limits,
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
    /// Discord said no.
    Refused(Refusal),
}

/// What a call carries.
#[derive(Clone, Debug)]
pub(crate) enum Sent<'a> {
    /// Nothing.
    Nothing,
    /// JSON.
    Json(&'a Value),
    /// Parts of a form, with its content type.
    Form(String, Bytes),
}

/// What an address of a file gave.
#[derive(Debug)]
pub(crate) struct Download {
    /// The HTTP status.
    pub status: u16,
    /// How many bytes come, if that is said.
    pub bytes: Option<u64>,
    /// The bytes.
    pub body: Incoming,
}

impl Failure {
    /// Discord's code, if Discord said no.
    pub fn code(&self) -> Option<u64> {
        match self {
            Failure::Refused(refusal) => Some(refusal.code),
            Failure::Later { .. } | Failure::NotDone { .. } | Failure::Unclear { .. } => None,
        }
    }

    /// What to do next.
    pub fn trouble(self, call: &str, about: About) -> Trouble {
        match self {
            Failure::Later { after_millis } => Trouble::Later { after_millis },
            Failure::NotDone { why } => Trouble::NotDone { why: format!("{call}: {why}") },
            Failure::Unclear { why } => Trouble::Unclear { why: format!("{call}: {why}") },
            Failure::Refused(refusal) => refusal.trouble(call, about),
        }
    }
}

impl Client {
    /// A client of the Discord at this address: `https` for the real one, `http` for a stand-in.
    pub fn new(api_url: &str, token: Secret, timeout: Duration) -> io::Result<Client> {
        let tls = tls_config(api_url)?;
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        connector.enforce_http(false);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(connector);
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(https);
        let api_url = api_url.trim_end_matches('/').to_string();
        Ok(Client { http, api_url, token, tls: Arc::new(tls), timeout, limits: Limits::default() })
    }

    /// The TLS settings, for the socket.
    pub fn tls(&self) -> Arc<ClientConfig> {
        self.tls.clone()
    }

    /// The bot's token, for the socket.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Makes a call; what Discord answers, null for nothing.
    pub async fn call(&self, method: Method, path: &str, sent: Sent<'_>) -> Result<Value, Failure> {
        let route = Route::of(&method, path);
        let mut tries = 0;
        loop {
            tries += 1;
            self.limits.turn(&route).await.map_err(later)?;
            match self.once(&route, &method, path, &sent).await {
                Err(Attempt::Refused(pause)) if tries < TRIES_MAX && pause <= WAIT_MAX => {}
                Err(Attempt::Refused(pause)) => return Err(later(pause)),
                Err(Attempt::Failed(failure)) => return Err(failure),
                Ok(answer) => return Ok(answer),
            }
        }
    }

    async fn once(&self, route: &Route, method: &Method, path: &str, sent: &Sent<'_>) -> Result<Value, Attempt> {
        let request = http::Request::builder()
            .method(method.clone())
            .uri(format!("{}{path}", self.api_url))
            .header(http::header::AUTHORIZATION, format!("Bot {}", self.token.reveal()))
            .header(http::header::USER_AGENT, USER_AGENT);
        let (request, body) = match sent {
            Sent::Nothing => (request, Bytes::new()),
            Sent::Json(json) => {
                (request.header(http::header::CONTENT_TYPE, "application/json"), Bytes::from(json.to_string()))
            }
            Sent::Form(kind, bytes) => (request.header(http::header::CONTENT_TYPE, kind), bytes.clone()),
        };
        let not_done = |why: String| Attempt::Failed(Failure::NotDone { why });
        let unclear = |why: String| Attempt::Failed(Failure::Unclear { why });
        let request = request.body(Full::new(body)).map_err(|_| not_done("the address is wrong".to_string()))?;
        let exchange = async {
            let answer = self.http.request(request).await;
            let answer = answer.map_err(|error| match error.is_connect() {
                true => not_done(chain(&error)),
                false => unclear(chain(&error)),
            })?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            Ok((head, body.map(|body| body.to_bytes())))
        };
        let answer = tokio::time::timeout(self.timeout, exchange).await;
        let (head, body) = answer.map_err(|_| unclear("no answer in time".to_string()))??;
        self.limits.answered(route, head.status.as_u16(), &head.headers);
        let value = body.ok().map(|body| if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&body) });
        let value = value.and_then(Result::ok);
        match (head.status, value) {
            (StatusCode::TOO_MANY_REQUESTS, value) => {
                let value = value.unwrap_or_default();
                // A slow channel's pause is no rate of ours: it has a code.
                let (asked, is_global) = (value["retry_after"].as_f64(), value["global"] == true);
                Err(Attempt::Refused(self.limits.refused(route, &head.headers, asked, is_global)))
            }
            (status, Some(value)) if status.is_success() => Ok(value),
            (status, None) if status.is_success() => {
                Err(unclear("an answer that broke off, or is not JSON".to_string()))
            }
            (status, Some(value)) if status.is_client_error() => match Refusal::read(status.as_u16(), &value) {
                Some(refusal) => Err(Attempt::Failed(Failure::Refused(refusal))),
                None => Err(not_done(format!("HTTP {status}"))),
            },
            // What something on the way refused never reached Discord's own code.
            (status, None) if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT => {
                Err(not_done(format!("HTTP {status}")))
            }
            (status, _) => Err(unclear(format!("HTTP {status}"))),
        }
    }

    /// True for an address where files of messages are.
    pub fn is_of_files(&self, address: &str) -> bool {
        let Ok(address) = address.parse::<Uri>() else { return false };
        let api = self.api_url.parse::<Uri>().ok();
        // A stand-in keeps them beside its API.
        let same = api.is_some_and(|api| {
            api.scheme_str() == Some("http")
                && (api.scheme(), api.authority()) == (address.scheme(), address.authority())
        });
        let host = address.host().unwrap_or_default();
        same || (FILE_HOSTS.contains(&host) && address.scheme_str() == Some("https") && address.port().is_none())
    }

    /// Asks for a file. No token goes with it.
    pub async fn read(&self, address: &str) -> Result<Download, String> {
        let request = http::Request::get(address).header(http::header::USER_AGENT, USER_AGENT).body(Full::default());
        let request = request.map_err(|_| "the address is wrong".to_string())?;
        let answer = tokio::time::timeout(self.timeout, self.http.request(request)).await;
        let answer = answer.map_err(|_| "no answer in time".to_string())?.map_err(|error| chain(&error))?;
        let length = answer.headers().get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let bytes = length.and_then(|length| length.parse().ok());
        Ok(Download { status: answer.status().as_u16(), bytes, body: answer.into_body() })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Why one attempt gave no answer.
enum Attempt {
    /// Not done: too many, for so long.
    Refused(Duration),
    Failed(Failure),
}

fn later(pause: Duration) -> Failure {
    Failure::Later { after_millis: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX).saturating_add(1) }
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
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Answers each request with the next of these, then hangs up; with none, it never answers.
    async fn outcome(answers: &[Option<String>]) -> Result<Value, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v10", listener.local_addr().unwrap());
        let answers = answers.to_vec();
        let server = tokio::spawn(async move {
            for answer in answers {
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
            }
        });
        let client = Client::new(&url, Secret::new("t"), Duration::from_millis(500)).unwrap();
        let outcome = client.call(Method::POST, "/channels/1/messages", Sent::Json(&json!({}))).await;
        server.abort();
        outcome
    }

    fn http(status: &str, headers: &str, body: &str) -> Option<String> {
        Some(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}", body.len()))
    }

    #[tokio::test]
    async fn what_may_have_been_done_is_unclear() {
        let whole = http("200 OK", "", r#"{"id":"1"}"#).unwrap();
        for answer in [
            http("500 Internal Server Error", "", r#"{"code":0,"message":"500: Internal Server Error"}"#),
            http("502 Bad Gateway", "", "<html>"),
            http("200 OK", "", "not json"),
            Some(whole[..whole.len() - 3].to_string()),
            Some(String::new()),
            None,
        ] {
            let failure = outcome(std::slice::from_ref(&answer)).await;
            assert!(matches!(failure, Err(Failure::Unclear { .. })), "{answer:?}: {failure:?}");
        }
        assert_eq!(outcome(&[Some(whole)]).await, Ok(json!({ "id": "1" })));
    }

    #[tokio::test]
    async fn what_was_surely_not_done_is_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = format!("http://{}/api/v10", listener.local_addr().unwrap());
        drop(listener);
        let client = Client::new(&nobody, Secret::new("t"), Duration::from_secs(10)).unwrap();
        let failure = client.call(Method::GET, "/users/@me", Sent::Nothing).await;
        assert!(matches!(failure, Err(Failure::NotDone { .. })), "{failure:?}");
        let failure = outcome(&[http("403 Forbidden", "", "<html>")]).await;
        assert!(matches!(failure, Err(Failure::NotDone { .. })), "{failure:?}");
        let failure = outcome(&[http("403 Forbidden", "", r#"{"code":50013,"message":"Missing Permissions"}"#)]).await;
        assert_eq!(failure.unwrap_err().code(), Some(50_013));
    }

    #[tokio::test]
    async fn a_short_pause_is_waited_out_and_a_long_one_is_told() {
        let limited = |after: &str| {
            let body = format!(r#"{{"message":"You are being rate limited.","retry_after":{after},"global":false}}"#);
            http("429 Too Many Requests", "x-ratelimit-scope: user\r\nx-ratelimit-bucket: b\r\n", &body)
        };
        assert_eq!(outcome(&[limited("0.1"), http("200 OK", "", "{}")]).await, Ok(json!({})));
        let Err(Failure::Later { after_millis }) = outcome(&[limited("3600")]).await else { panic!("no pause") };
        assert_eq!(after_millis, 3_600_001);
    }

    #[test]
    fn files_come_from_discords_hosts_alone() {
        let real = Client::new("https://discord.com/api/v10", Secret::new("t"), Duration::from_secs(1)).unwrap();
        for good in ["https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", "https://media.discordapp.net/x"] {
            assert!(real.is_of_files(good), "{good}");
        }
        for bad in [
            "http://cdn.discordapp.com/a",
            "https://cdn.discordapp.com:8443/a",
            "https://cdn.discordapp.com.example.com/a",
            "https://cdn.discordapp.com@example.com/a",
            "https://discord.com/a",
            "",
        ] {
            assert!(!real.is_of_files(bad), "{bad}");
        }
        let fake = Client::new("http://127.0.0.1:9/api/v10", Secret::new("t"), Duration::from_secs(1)).unwrap();
        assert!(fake.is_of_files("http://127.0.0.1:9/files/1") && !fake.is_of_files("http://127.0.0.1:10/files/1"));
    }
}
