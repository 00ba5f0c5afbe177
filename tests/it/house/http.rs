//! A small HTTP client: what a browser's `fetch` is to the widget.

use super::PATIENCE;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a connection may have been idle to be used again: well below what the site waits.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// A client of a site; the site's address changes when it is started again.
#[derive(Clone, Debug)]
pub struct Web {
    client: Arc<Client<HttpConnector, Full<Bytes>>>,
    address: Arc<Mutex<String>>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

/// No answer came: the other end is gone, or was cut on the way.
#[derive(Debug)]
pub struct NoAnswer(#[expect(dead_code, reason = "shown by Debug when a play fails")] String);

impl Web {
    pub fn new() -> Web {
        let client = Client::builder(TokioExecutor::new())
            // The site hangs up on a connection that says nothing: none is used again that is about to end.
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .build_http();
        Web { client: Arc::new(client), address: Arc::default() }
    }

    /// Where the site is from now on: `127.0.0.1:PORT`.
    pub fn moves_to(&self, address: &str) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address.to_string();
    }

    /// Where the site is.
    pub fn address(&self) -> String {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a request with these headers and waits for the head of the answer.
    pub async fn begin(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<http::Response<Incoming>, NoAnswer> {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(|error| NoAnswer(error.to_string()))?;
        let answer = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
        let answer = answer.map_err(|_| NoAnswer("no answer in time".into()))?;
        answer.map_err(|error| NoAnswer(format!("{error:?}")))
    }

    /// Sends a request and reads the whole answer.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, NoAnswer> {
        let (head, body) = self.begin(method, path, headers, body).await?.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await;
        let body = body.map_err(|_| NoAnswer("the answer breaks off".into()))?;
        let bytes = body.map_err(|error| NoAnswer(error.to_string()))?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, bytes })
    }

    /// Sends JSON, with a token if there is one.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Result<Answer, NoAnswer> {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![(CONTENT_TYPE.as_str(), "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| (AUTHORIZATION.as_str(), bearer)));
        self.ask(method, path, &headers, Bytes::from(body.to_string())).await
    }

    /// [`Web::try_send`] to a site that must answer.
    pub async fn send(&self, method: Method, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.try_send(method.clone(), path, token, body)
            .await
            .unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// Asks for something, with a token if there is one.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer.as_deref().map(|bearer| (AUTHORIZATION.as_str(), bearer)).into_iter().collect();
        let answer = self.ask(Method::GET, path, &headers, Bytes::new()).await;
        answer.unwrap_or_else(|error| panic!("GET {path}: {error:?}"))
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The JSON body of an answer of that status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks the status of an answer that is no JSON.
    pub fn expect_text(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.text()
    }

    /// Checks the status of an answer that may be anything.
    pub fn expect_bytes(&self, status: u16) -> &Bytes {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        &self.bytes
    }

    /// The status and the words of a problem, after checking that it has the form of one.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text());
        let problem = self.json();
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{problem}");
        format!("{} {}", self.status.as_u16(), problem["detail"].as_str().unwrap_or_default())
    }
}
