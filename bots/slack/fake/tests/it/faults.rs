//! What goes wrong, and what can be found out afterwards.

use crate::app::{App, SOON, quick};
use http::header;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use threadline_fake_slack::Fault;

const JSON: &str = "application/json; charset=utf-8";

/// A post with a delivery id, without patience.
async fn post(app: &App, id: &str) -> Result<Value, String> {
    let metadata = json!({"event_type": "delivery", "event_payload": {"id": id}});
    let body = json!({"channel": "C1", "text": id, "metadata": metadata}).to_string();
    let call = app.post("chat.postMessage", Some(app.slack.bot_token()), JSON, body);
    match tokio::time::timeout(Duration::from_secs(1), call).await {
        Ok(answer) => answer.map(|answer| answer.json()),
        Err(_) => Err("no answer".into()),
    }
}

/// Whether a message with that delivery id is there, looked up as a bot does.
async fn is_there(app: &App, id: &str) -> bool {
    let args = json!({"channel": "C1", "include_all_metadata": true});
    let history = app.call("conversations.history", args).await;
    history["messages"].as_array().unwrap().iter().any(|m| m["metadata"]["event_payload"]["id"] == id)
}

#[tokio::test]
async fn work_may_be_done_although_no_answer_comes() {
    let app = App::start(quick()).await;
    let root = app.says(None, "root").await;
    let metadata = json!({"event_type": "delivery", "event_payload": {"id": "m1"}});
    let args = json!({"channel": "C1", "text": "x", "thread_ts": root, "metadata": metadata}).to_string();
    app.slack.faults().next("chat.postMessage", Fault::LostAnswer);
    let call = app.post("chat.postMessage", Some(app.slack.bot_token()), JSON, args);
    tokio::time::timeout(Duration::from_millis(500), call).await.expect_err("an answer came");
    let args = json!({"channel": "C1", "ts": root, "include_all_metadata": true});
    let thread = app.call("conversations.replies", args).await;
    assert_eq!(thread["messages"][1]["metadata"], metadata);
}

#[tokio::test]
async fn work_may_be_done_long_after_the_connection_was_cut() {
    let app = App::start(quick()).await;
    app.slack.faults().next("chat.postMessage", Fault::DoneLate(Duration::from_millis(200)));
    post(&app, "late").await.unwrap_err();
    assert!(!is_there(&app, "late").await);
    app.slack.wait_until(|slack| slack.messages("C1").len() == 1, SOON).await.unwrap();
    assert!(is_there(&app, "late").await);
}

#[tokio::test]
async fn a_cut_connection_says_nothing_of_the_work() {
    let app = App::start(quick()).await;
    app.slack.faults().next("chat.postMessage", Fault::CutAfter);
    app.slack.faults().next("chat.postMessage", Fault::CutBefore);
    post(&app, "done").await.unwrap_err();
    post(&app, "undone").await.unwrap_err();
    assert!(is_there(&app, "done").await && !is_there(&app, "undone").await);
    assert_eq!(post(&app, "fine").await.unwrap()["ok"], true);
}

#[tokio::test]
async fn work_goes_on_when_nobody_waits_for_it_any_more() {
    let app = App::start(quick()).await;
    app.slack.faults().next("chat.postMessage", Fault::Stall(Duration::from_millis(1_200)));
    post(&app, "slow").await.unwrap_err();
    assert!(!is_there(&app, "slow").await);
    app.slack.wait_until(|slack| slack.messages("C1").iter().any(|post| post.text == "slow"), SOON).await.unwrap();
}

#[tokio::test]
async fn work_may_be_done_long_before_its_answer_comes() {
    let app = App::start(quick()).await;
    app.slack.faults().next("chat.postMessage", Fault::AnswerLate(Duration::from_millis(600)));
    let (answer, there) = tokio::join!(post(&app, "early"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        is_there(&app, "early").await
    });
    assert!(answer.is_ok() && there);
}

#[tokio::test]
async fn answers_may_be_no_answers() {
    let app = App::start(quick()).await;
    let faults = app.slack.faults();
    faults.next("auth.test", Fault::RateLimited { retry_after_secs: 7 });
    faults.next("auth.test", Fault::Status(503));
    faults.next("auth.test", Fault::Html);
    faults.next("auth.test", Fault::Error("account_inactive".into()));
    let call = async || app.post("auth.test", Some(app.slack.bot_token()), JSON, "{}").await.unwrap();
    let limited = call().await;
    assert_eq!((limited.status.as_u16(), &limited.headers[header::RETRY_AFTER]), (429, &"7".parse().unwrap()));
    assert_eq!(limited.json()["error"], "ratelimited");
    assert_eq!(call().await.status, 503);
    let html = call().await;
    assert!(html.status == 200 && html.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    assert_eq!(call().await.json()["error"], "account_inactive");
    assert_eq!(call().await.json()["ok"], true);
    let outcomes: Vec<String> = app.slack.calls().into_iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, ["fault: rate limited", "fault: status 503", "fault: html", "fault: account_inactive", "ok"]);
    assert!(app.slack.complaints().is_empty());
}

#[tokio::test]
async fn a_stall_comes_before_the_work() {
    let app = App::start(quick()).await;
    app.slack.faults().next("chat.postMessage", Fault::Stall(Duration::from_millis(300)));
    let started = Instant::now();
    assert_eq!(post(&app, "late").await.unwrap()["ok"], true);
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn faults_stand_until_mended_and_come_by_chance() {
    let app = App::start(quick()).await;
    app.slack.faults().always("apps.connections.open", Fault::Status(500));
    for _ in 0..3 {
        let answer = app.post("apps.connections.open", Some(app.slack.app_token()), JSON, "{}").await.unwrap();
        assert_eq!(answer.status, 500);
    }
    app.slack.faults().mend("apps.connections.open");
    app.socket().await;
    app.slack.faults().chance(None, 0.5, Fault::Status(502));
    let mut bad = 0;
    for _ in 0..40 {
        let answer = app.post("auth.test", Some(app.slack.bot_token()), JSON, "{}").await.unwrap();
        bad += u32::from(answer.status == 502);
    }
    assert!((8..=32).contains(&bad), "{bad} of 40");
    app.slack.faults().clear();
    assert_eq!(app.call("auth.test", json!({})).await["ok"], true);
}

#[tokio::test]
async fn uploads_and_downloads_break_too() {
    let app = App::start(quick()).await;
    let place = app.call("files.getUploadURLExternal", json!({"filename": "a.txt", "length": 5})).await;
    let upload = async || {
        let request = http::Request::post(place["upload_url"].as_str().unwrap()).body("hello".into()).unwrap();
        app.send(request).await
    };
    app.slack.faults().next("upload", Fault::CutBefore);
    upload().await.unwrap_err();
    assert_eq!(upload().await.unwrap().body, "OK - 5");
    let file = app.call("files.info", json!({"file": place["file_id"]})).await["file"].take();
    let download = async || {
        let request = http::Request::get(file["url_private"].as_str().unwrap());
        let request = request.header(header::AUTHORIZATION, format!("Bearer {}", app.slack.bot_token()));
        app.send(request.body(Default::default()).unwrap()).await.unwrap()
    };
    app.slack.faults().next("download", Fault::Status(500));
    assert_eq!(download().await.status, 500);
    assert_eq!(download().await.body, "hello");
}

#[tokio::test]
async fn slack_goes_down_and_comes_back() {
    let app = App::start(quick()).await;
    let mut socket = app.socket().await;
    app.slack.goes_down();
    assert_eq!(socket.frame().await, None);
    post(&app, "x").await.unwrap_err();
    app.slack.comes_back();
    assert_eq!(post(&app, "y").await.unwrap()["ok"], true);
    app.slack.wait_until(|slack| slack.live_sockets() == 0, SOON).await.unwrap();
    app.socket().await;
}

#[tokio::test]
async fn waiting_for_what_does_not_happen_ends_with_the_transcript() {
    let app = App::start(quick()).await;
    app.says(None, "hello").await;
    let error = app.slack.wait_until(|_| false, Duration::from_millis(20)).await.unwrap_err();
    assert!(error.to_string().contains("└ Threadline: hello"), "{error}");
}
