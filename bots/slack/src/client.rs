//! Calls to Slack's Web API, each with an outcome that says whether it was done. slack-morphism
//! carries them; only its untyped calls are used, because a typed answer that does not fit would
//! turn a message that was posted into an error. Tokens and bodies never reach a log from here.

use crate::config::Secret;
use crate::refusal::{PAUSE_MILLIS, Refusal};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::hyper_tokio::SlackClientHyperConnector;
use slack_morphism::{SlackApiToken, SlackClient};
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::desk::Trouble;

/// How long a connection may take to come up, well within the time of a call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest pause that is believed: Slack counts its rates in minutes.
const PAUSE_MILLIS_MAX: u64 = 60 * 60 * 1_000;

/// Calls to Slack's Web API.
pub(crate) struct Client {
    slack: SlackClient<SlackClientHyperConnector<HttpsConnector<HttpConnector>>>,
    https: HttpsConnector<HttpConnector>,
    api_url: String,
    tls: Arc<ClientConfig>,
    timeout: Duration,
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
        Ok(Client { slack: SlackClient::new(connector), https, api_url, tls: Arc::new(tls), timeout })
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
        judged(tokio::time::timeout(self.timeout, answer).await)
    }

    /// Calls a method that takes no JSON: its arguments travel in the query.
    pub async fn get(&self, token: &Secret, method: &str, params: &[(&str, &str)]) -> Result<Value, Failure> {
        let token = SlackApiToken::new(token.reveal().into());
        let session = self.slack.open_session(&token);
        let params: Vec<(&str, Option<&str>)> = params.iter().map(|(name, value)| (*name, Some(*value))).collect();
        let answer = session.http_session_api.http_get::<Value, _, _>(method, &params, None);
        judged(tokio::time::timeout(self.timeout, answer).await)
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
            let body = error.http_response_body.and_then(|body| serde_json::from_str(&body).ok());
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
        SlackClientError::ProtocolError(error) => {
            match error.json_body.and_then(|body| serde_json::from_str(&body).ok()) {
                Some(value) => judged_value(value),
                None => unclear("an answer that is not JSON".to_string()),
            }
        }
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
    async fn slacks_no_keeps_its_words() {
        let body = r#"{"ok":false,"error":"missing_scope","needed":"users:read","provided":"chat:write"}"#;
        let refusal = Refusal { code: "missing_scope".into(), needed: Some("users:read".into()) };
        assert_eq!(outcome(Some(&http("200 OK", JSON, body))).await, Err(Failure::Refused(refusal)));
    }
}
