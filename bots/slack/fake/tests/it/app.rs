//! The bot of these tests: plain HTTP, a plain socket, no SDK.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::time::Duration;
use threadline_fake_slack::{FakeSlack, METHODS, Options};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Long enough for anything that must happen at once, on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// A fake Slack with one channel, and a bot to call it.
pub struct App {
    pub slack: FakeSlack,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body))
    }
}

/// No limits but Slack's own on the way of a test, no waiting for retries.
pub fn quick() -> Options {
    Options {
        rate_limits: false,
        ack_timeout: Duration::from_millis(200),
        retry_after: vec![Duration::ZERO, Duration::from_millis(50), Duration::from_millis(50)],
        ..Options::default()
    }
}

impl App {
    pub async fn start(options: Options) -> App {
        let slack = FakeSlack::start(options).await;
        slack.add_channel("C1", "support");
        App { slack, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Calls a method as it wants to be called: with JSON where it takes JSON, else with a form.
    pub async fn call(&self, method: &str, args: Value) -> Value {
        let takes_json = METHODS.iter().find(|known| known.name == method).is_some_and(|known| known.json);
        let (content_type, body) = if takes_json {
            ("application/json; charset=utf-8", args.to_string())
        } else {
            ("application/x-www-form-urlencoded", form(&args))
        };
        let token = if method == "apps.connections.open" { self.slack.app_token() } else { self.slack.bot_token() };
        self.post(method, Some(token), content_type, body).await.unwrap().json()
    }

    /// Posts a body to a method; fails when the connection breaks.
    pub async fn post(
        &self,
        method: &str,
        token: Option<&str>,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, String> {
        let mut request =
            Request::post(format!("{}{method}", self.slack.api_url())).header(header::CONTENT_TYPE, content_type);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Full::new(body.into())).unwrap()).await
    }

    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// Posts a message and gives its `ts`.
    pub async fn says(&self, thread_ts: Option<&str>, text: &str) -> String {
        let mut args = json!({"channel": "C1", "text": text});
        if let Some(ts) = thread_ts {
            args["thread_ts"] = json!(ts);
        }
        let answer = self.call("chat.postMessage", args).await;
        answer["ts"].as_str().unwrap_or_else(|| panic!("{answer}")).to_string()
    }

    /// Opens a socket and reads its hello.
    pub async fn socket(&self) -> Socket {
        let url = self.call("apps.connections.open", json!({})).await["url"].as_str().unwrap().to_string();
        let (stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut socket = Socket { stream };
        assert_eq!(socket.frame().await.unwrap()["type"], "hello");
        socket
    }
}

/// An open socket.
pub struct Socket {
    pub stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// The next frame of JSON; none when the socket is closed.
    pub async fn frame(&mut self) -> Option<Value> {
        let next = async {
            loop {
                match self.stream.next().await? {
                    Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                    Ok(Message::Close(_)) | Err(_) => return None,
                    Ok(_) => {}
                }
            }
        };
        tokio::time::timeout(SOON, next).await.expect("no frame came")
    }

    /// The next envelope, acknowledged.
    pub async fn envelope(&mut self) -> Value {
        let envelope = self.frame().await.expect("the socket was closed");
        self.acks(&envelope, None).await;
        envelope
    }

    /// The event in the next envelope, acknowledged.
    pub async fn event(&mut self) -> Value {
        self.envelope().await["payload"]["event"].take()
    }

    pub async fn acks(&mut self, envelope: &Value, payload: Option<Value>) {
        let mut ack = json!({"envelope_id": envelope["envelope_id"]});
        if let Some(payload) = payload {
            ack["payload"] = payload;
        }
        self.stream.send(Message::text(ack.to_string())).await.unwrap();
    }
}

/// Arguments as a form.
pub fn form(args: &Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (key, value) in args.as_object().unwrap() {
        match value {
            Value::String(text) => form.append_pair(key, text),
            other => form.append_pair(key, &other.to_string()),
        };
    }
    form.finish()
}
