//! Events by HTTP: the challenge, the signature, the retries.

use crate::app::{App, SOON, quick};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;
use threadline_fake_slack::{Options, signature};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

type Heard = (HeaderMap, Bytes);

/// The app's own server: answers the challenge, and events with these statuses and then 200.
async fn listens(
    mut statuses: Vec<u16>,
    headers: &'static [(&'static str, &'static str)],
) -> (String, mpsc::UnboundedReceiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/slack/events", listener.local_addr().unwrap());
    let (heard, receiver) = mpsc::unbounded_channel();
    statuses.reverse();
    let statuses = std::sync::Arc::new(std::sync::Mutex::new(statuses));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (heard, statuses) = (heard.clone(), statuses.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let (heard, statuses) = (heard.clone(), statuses.clone());
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let value: Value = serde_json::from_slice(&body).unwrap();
                    let mut answer = Response::new(Full::new(Bytes::new()));
                    if value["type"] == "url_verification" {
                        *answer.body_mut() = Full::new(value["challenge"].as_str().unwrap().to_string().into());
                    } else {
                        let status = statuses.lock().unwrap().pop().unwrap_or(200);
                        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
                        for (name, value) in headers {
                            answer.headers_mut().insert(*name, value.parse().unwrap());
                        }
                        heard.send((parts.headers, body)).unwrap();
                    }
                    Ok::<_, Infallible>(answer)
                }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    (url, receiver)
}

fn header<'a>(heard: &'a Heard, name: &str) -> &'a str {
    heard.0.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn events_are_signed_and_retried() {
    let app = App::start(quick()).await;
    app.slack.wait_until(|slack| slack.unacked_events() == 0, SOON).await.unwrap();
    let (url, mut heard) = listens(vec![500], &[]).await;
    app.slack.set_events_url(Some(&url)).await.unwrap();
    app.says(None, "hello").await;
    let first = heard.recv().await.unwrap();
    let expected = signature(app.slack.signing_secret(), header(&first, "x-slack-request-timestamp"), &first.1);
    assert_eq!(header(&first, "x-slack-signature"), expected);
    assert_eq!(header(&first, "x-slack-retry-num"), "");
    let second = heard.recv().await.unwrap();
    assert_eq!((header(&second, "x-slack-retry-num"), header(&second, "x-slack-retry-reason")), ("1", "http_error"));
    assert_eq!(first.1, second.1);
    app.slack.wait_until(|slack| slack.unacked_events() == 0, SOON).await.unwrap();
}

#[tokio::test]
async fn an_app_may_ask_not_to_be_tried_again() {
    let app = App::start(quick()).await;
    app.slack.wait_until(|slack| slack.unacked_events() == 0, SOON).await.unwrap();
    let lost_before = app.slack.stats().events_lost;
    let (url, mut heard) = listens(vec![500], &[("x-slack-no-retry", "1")]).await;
    app.slack.set_events_url(Some(&url)).await.unwrap();
    app.says(None, "hello").await;
    heard.recv().await.unwrap();
    app.slack.wait_until(|slack| slack.unacked_events() == 0, SOON).await.unwrap();
    assert_eq!(app.slack.stats().events_lost, lost_before + 1);
}

#[tokio::test]
async fn socket_mode_and_http_exclude_each_other() {
    let app = App::start(Options { ack_timeout: Duration::from_secs(2), ..quick() }).await;
    app.slack.set_events_url(Some("http://127.0.0.1:9/")).await.unwrap_err();
    let mut socket = app.socket().await;
    let (url, _heard) = listens(vec![], &[]).await;
    app.slack.set_events_url(Some(&url)).await.unwrap();
    let mut frame = socket.frame().await.unwrap();
    while frame["type"] != "disconnect" {
        frame = socket.frame().await.unwrap();
    }
    assert_eq!(frame["reason"], "link_disabled");
    assert_eq!(app.call("apps.connections.open", json!({})).await["ok"], false);
    app.slack.set_events_url(None).await.unwrap();
    app.socket().await;
}
