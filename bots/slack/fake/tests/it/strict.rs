//! What Slack refuses, and what a test can demand never to have been asked.

use crate::app::{App, form, quick};
use expect_test::expect;
use http::header;
use serde_json::{Value, json};
use threadline_fake_slack::Options;

/// `error`, and what explains it.
fn why(answer: &Value) -> String {
    let messages = answer["response_metadata"]["messages"].as_array().into_iter().flatten();
    let messages: Vec<&str> = messages.filter_map(Value::as_str).collect();
    format!("{} {}", answer["error"].as_str().unwrap_or("ok"), messages.join(" ")).trim().to_string()
}

#[tokio::test]
async fn a_mistaken_client_is_told_and_remembered() {
    let app = App::start(quick()).await;
    app.says(None, "hello").await;
    let good = app.slack.complaints();
    assert!(good.is_empty(), "{good:?}");

    app.call("chat.postMesage", json!({"channel": "C1"})).await;
    app.call("chat.postMessage", json!({"channel": "C1", "text": "x", "colour": "red"})).await;
    app.call("chat.postMessage", json!({"text": "x"})).await;
    app.call("chat.postMessage", json!({"channel": "C1", "text": " "})).await;
    app.call("chat.postMessage", json!({"channel": "C1", "text": "x", "blocks": [{"type": "section"}]})).await;
    app.call("chat.postMessage", json!({"channel": "C1", "text": "x", "metadata": {"id": 1}})).await;
    app.call("chat.postMessage", json!({"channel": "C1", "text": "x", "thread_ts": "yesterday"})).await;
    app.call("reactions.add", json!({"channel": "C1", "timestamp": "1.000000", "name": "nonsense"})).await;
    app.call("conversations.replies", json!({"channel": "C1", "ts": "1.000000", "limit": 1001})).await;
    let json = "application/json; charset=utf-8";
    let token = Some(app.slack.bot_token());
    app.post("users.info", token, json, r#"{"user":"U0FAKE0001"}"#).await.unwrap();
    app.post("chat.postMessage", token, json, "[]").await.unwrap();
    app.post("auth.test", None, json, "{}").await.unwrap();
    app.post("auth.test", Some(app.slack.app_token()), json, "{}").await.unwrap();
    expect![[r#"
        chat.postMesage: unknown_method
        chat.postMessage: invalid_arguments [ERROR] invalid additional property: colour [json-pointer:/colour]
        chat.postMessage: invalid_arguments [ERROR] missing required field: channel
        chat.postMessage: no_text
        chat.postMessage: invalid_blocks [ERROR] missing required field: text [json-pointer:/blocks/0]
        chat.postMessage: invalid_metadata_format
        chat.postMessage: invalid_thread_ts
        reactions.add: invalid_name
        conversations.replies: invalid_limit
        users.info: invalid_arguments [ERROR] users.info takes no JSON: send a form or a query
        chat.postMessage: json_not_object
        auth.test: not_authed
        auth.test: not_allowed_token_type"#]]
    .assert_eq(&app.slack.complaints().join("\n"));
    assert_eq!(app.slack.messages("support").len(), 1);
}

#[tokio::test]
async fn refusals_come_in_slacks_form() {
    let app = App::start(quick()).await;
    let answer = app.call("views.open", json!({"trigger_id": "1.2.3", "view": {}})).await;
    expect![[r#"{"error":"invalid_arguments","ok":false,"response_metadata":{"messages":["[ERROR] missing required field: type [json-pointer:/view]"]}}"#]]
        .assert_eq(&answer.to_string());
    app.slack.set_scopes(&["channels:history", "chat:write"]);
    let answer = app.call("reactions.add", json!({"channel": "C1", "timestamp": "1.000000", "name": "eyes"})).await;
    expect![[
        r#"{"error":"missing_scope","needed":"reactions:write","ok":false,"provided":"channels:history,chat:write"}"#
    ]]
    .assert_eq(&answer.to_string());
}

#[tokio::test]
async fn scopes_depend_on_the_channels_kind() {
    let app = App::start(quick()).await;
    app.slack.add_private_channel("G1", "board");
    app.slack.set_scopes(&["channels:history"]);
    let args = json!({"channel": "G1", "ts": "1.000000"});
    assert_eq!(app.call("conversations.replies", args).await["needed"], "groups:history");
}

#[tokio::test]
async fn a_token_in_the_wrong_place_is_none() {
    let app = App::start(quick()).await;
    let form_type = "application/x-www-form-urlencoded";
    let body = form(&json!({"token": app.slack.bot_token()}));
    assert_eq!(app.post("auth.test", None, form_type, body).await.unwrap().json()["ok"], true);
    let body = form(&json!({"token": app.slack.app_token()}));
    let answer = app.post("apps.connections.open", None, form_type, body).await.unwrap().json();
    assert_eq!(answer["error"], "not_authed");
    let answer = app.post("auth.test", Some("xoxb-other"), form_type, "").await.unwrap().json();
    assert_eq!(answer["error"], "invalid_auth");
    app.slack.revoke_token(true);
    assert_eq!(app.call("auth.test", json!({})).await["error"], "token_revoked");
    app.slack.revoke_token(false);
    assert_eq!(app.call("auth.test", json!({})).await["ok"], true);
}

#[tokio::test]
async fn channels_are_there_or_not() {
    let app = App::start(quick()).await;
    app.slack.make_channel("C2", "open", false);
    app.slack.make_channel("G2", "closed", true);
    let post = async |channel: &str| why(&app.call("chat.postMessage", json!({"channel": channel, "text": "x"})).await);
    assert_eq!(post("C9").await, "channel_not_found");
    assert_eq!(post("C2").await, "not_in_channel");
    assert_eq!(post("G2").await, "channel_not_found");
    assert_eq!(why(&app.call("conversations.join", json!({"channel": "C2"})).await), "ok");
    assert_eq!(post("C2").await, "ok");
    app.slack.archive("open", true);
    assert_eq!(post("C2").await, "is_archived");
    app.slack.archive("open", false);
    app.slack.kick_bot("open");
    assert_eq!(post("C2").await, "not_in_channel");
    assert!(app.slack.complaints().is_empty(), "the world changes; that is not the client's fault");
}

#[tokio::test]
async fn rate_limits_bite_with_a_time_to_wait() {
    let app = App::start(Options { post_burst: 1, ..Options::default() }).await;
    let body = json!({"channel": "C1", "text": "x"}).to_string();
    let json = "application/json; charset=utf-8";
    // One of them comes within a second of the one before, however slow the machine.
    let mut answer = app.post("chat.postMessage", Some(app.slack.bot_token()), json, body.clone()).await.unwrap();
    assert_eq!((answer.status.as_u16(), why(&answer.json())), (200, "ok".into()));
    for _ in 0..100 {
        if answer.status != 200 {
            break;
        }
        answer = app.post("chat.postMessage", Some(app.slack.bot_token()), json, body.clone()).await.unwrap();
    }
    assert_eq!((answer.status.as_u16(), why(&answer.json())), (429, "ratelimited".into()));
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    app.slack.add_channel("C2", "other");
    assert_eq!(app.call("chat.postMessage", json!({"channel": "C2", "text": "x"})).await["ok"], true);
}

#[tokio::test]
async fn calls_are_recorded_as_json_lines() {
    let app = App::start(quick()).await;
    app.says(None, "hi").await;
    app.call("users.info", json!({"user": "U0FAKE0001"})).await;
    let lines: Vec<String> = app.slack.calls().iter().map(|call| call.json_line()).collect();
    expect![[r#"
        {"args":{"channel":"C1","text":"hi"},"content_type":"application/json; charset=utf-8","http":"POST","method":"chat.postMessage"}
        {"args":{"user":"U0FAKE0001"},"content_type":"application/x-www-form-urlencoded","http":"POST","method":"users.info"}"#]]
    .assert_eq(&lines.join("\n"));
    assert_eq!(app.slack.stats().calls["users.info"], 1);
}
