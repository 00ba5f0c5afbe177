//! Socket Mode: what comes, in which envelope, how often, and what sockets go through.

use crate::app::{App, SOON, quick};
use expect_test::expect;
use serde_json::{Value, json};
use std::time::Duration;
use threadline_fake_slack::{EventFault, Options};
use tokio_tungstenite::tungstenite::Message;

/// No event is sent twice on its own in these plays, however slow the machine.
fn patient() -> Options {
    Options { ack_timeout: SOON, ..quick() }
}

#[tokio::test]
async fn an_agents_message_comes_in_a_full_envelope() {
    let app = App::start(patient()).await;
    let mut socket = app.socket().await;
    let grace = app.slack.agent("Grace");
    app.slack.invite("support", &grace);
    assert_eq!(socket.event().await["type"], "member_joined_channel");
    let ts = grace.writes("support", None, "*hello*");
    let mut envelope = socket.envelope().await;
    let event = envelope["payload"]["event"].take();
    assert_eq!((&event["ts"], &event["event_ts"]), (&json!(ts), &json!(ts)));
    assert_eq!(event["blocks"][0]["type"], "rich_text");
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    expect!["accepts_response_payload envelope_id payload retry_attempt retry_reason type"].assert_eq(&keys(&envelope));
    expect!["api_app_id authorizations context_enterprise_id context_team_id event event_context event_id event_time is_ext_shared_channel team_id token type"]
        .assert_eq(&keys(&envelope["payload"]));
    expect!["blocks channel channel_type client_msg_id event_ts team text ts type user"].assert_eq(&keys(&event));
    assert_eq!((&envelope["retry_attempt"], &envelope["type"]), (&json!(0), &json!("events_api")));
    app.slack.wait_until(|slack| slack.unacked_events() == 0, SOON).await.unwrap();
}

#[tokio::test]
async fn what_happens_in_a_thread_is_told() {
    let app = App::start(patient()).await;
    let mut socket = app.socket().await;
    let root = app.says(None, "root").await;
    let echo = socket.event().await;
    assert_eq!((&echo["bot_id"], &echo["user"]), (&json!("B0FAKE0001"), &json!("U0FAKE0001")));
    let args = json!({"channel": "C1", "text": "x", "thread_ts": root, "username": "Ada", "metadata": {"event_type": "a", "event_payload": {}}});
    app.call("chat.postMessage", args).await;
    let echo = socket.event().await;
    assert_eq!((&echo["subtype"], echo.get("user"), echo.get("metadata")), (&json!("bot_message"), None, None));
    assert_eq!((&echo["thread_ts"], &echo["parent_user_id"]), (&json!(root), &json!("U0FAKE0001")));

    let grace = app.slack.agent("Grace");
    let ts = grace.writes("support", root.as_str(), "<@U0FAKE0001> help https://example.com");
    assert_eq!(socket.event().await["type"], "member_joined_channel");
    let (message, twin) = (socket.event().await, socket.event().await);
    assert_eq!((&message["type"], &twin["type"]), (&json!("message"), &json!("app_mention")));
    assert_eq!(message["ts"], twin["ts"]);
    app.slack.unfurls(&ts, "https://example.com");
    let unfurl = socket.event().await;
    assert_eq!((&unfurl["subtype"], unfurl["message"].get("edited")), (&json!("message_changed"), None));
    grace.edits(&ts, "never mind");
    let edit = socket.event().await;
    assert_eq!(
        (&edit["message"]["text"], &edit["message"]["edited"]["user"]),
        (&json!("never mind"), &json!(grace.id))
    );
    assert_eq!(edit["previous_message"]["ts"], ts);
    grace.reacts(&ts, "eyes");
    let reaction = socket.event().await;
    assert_eq!((&reaction["type"], &reaction["item"]["ts"]), (&json!("reaction_added"), &json!(ts)));
    grace.deletes(&ts);
    let gone = socket.event().await;
    assert_eq!((&gone["subtype"], &gone["deleted_ts"]), (&json!("message_deleted"), &json!(ts)));
    grace.deletes(&root);
    let tombstone = socket.event().await;
    assert_eq!(
        (&tombstone["subtype"], &tombstone["message"]["subtype"]),
        (&json!("message_changed"), &json!("tombstone"))
    );
    app.slack.kick_bot("support");
    assert_eq!(socket.event().await["type"], "channel_left");
    grace.writes("support", None, "nobody hears this");
    app.slack.invite_bot("support");
    assert_eq!(socket.event().await["type"], "member_joined_channel");
    assert!(app.slack.complaints().is_empty(), "{:?}", app.slack.complaints());
}

#[tokio::test]
async fn a_stranger_is_seen_to_be_one() {
    let app = App::start(patient()).await;
    let mut socket = app.socket().await;
    app.slack.outsider("Eve").writes("support", None, "hi");
    socket.envelope().await;
    let envelope = socket.envelope().await;
    let event = &envelope["payload"]["event"];
    assert_eq!((&event["team"], &event["user_team"]), (&json!("T0OTHER001"), &json!("T0OTHER001")));
    assert_eq!(envelope["payload"]["is_ext_shared_channel"], true);
}

#[tokio::test]
async fn what_is_not_acknowledged_comes_again_with_its_event_id() {
    let app = App::start(quick()).await;
    let mut socket = app.socket().await;
    app.says(None, "x").await;
    let first = socket.frame().await.unwrap();
    let second = socket.frame().await.unwrap();
    assert_eq!(first["payload"]["event_id"], second["payload"]["event_id"]);
    assert_ne!(first["envelope_id"], second["envelope_id"]);
    assert_eq!((&second["retry_attempt"], &second["retry_reason"]), (&json!(1), &json!("timeout")));
    socket.acks(&second, None).await;
    app.slack.wait_until(|slack| slack.unacked_events() == 0, SOON).await.unwrap();
    assert_eq!(app.slack.stats().events_acked, 1);
}

#[tokio::test]
async fn what_happens_without_a_socket_comes_as_a_retry_or_not_at_all() {
    let app = App::start(Options { retry_after: vec![Duration::from_millis(200); 100], ..patient() }).await;
    app.says(None, "x").await;
    let mut socket = app.socket().await;
    let envelope = socket.envelope().await;
    assert!(envelope["retry_attempt"].as_u64() >= Some(1), "{envelope}");

    let app = App::start(Options { retry_after: vec![], ..quick() }).await;
    app.says(None, "x").await;
    app.slack.wait_until(|slack| slack.stats().events_lost == 1, SOON).await.unwrap();
}

#[tokio::test]
async fn each_event_goes_to_one_of_at_most_ten_sockets() {
    let app = App::start(patient()).await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        sockets.push(app.socket().await);
    }
    for _ in 0..10 {
        app.says(None, "x").await;
    }
    for socket in &mut sockets {
        assert_eq!(socket.event().await["type"], "message");
    }
    let url = app.call("apps.connections.open", json!({})).await["url"].as_str().unwrap().to_string();
    let (stream, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    let mut eleventh = crate::app::Socket { stream };
    assert_eq!(eleventh.frame().await.unwrap()["reason"], "too_many_websockets");
    assert_eq!(eleventh.frame().await, None);
    tokio_tungstenite::connect_async(&url).await.expect_err("an address is good once");
}

#[tokio::test]
async fn sockets_are_cut_closed_refreshed_and_deafened() {
    let app = App::start(quick()).await;
    let mut socket = app.socket().await;
    app.slack.disconnect_sockets("warning");
    assert_eq!(socket.frame().await.unwrap()["reason"], "warning");
    app.slack.disconnect_sockets("refresh_requested");
    assert_eq!(socket.frame().await.unwrap()["reason"], "refresh_requested");
    assert_eq!(socket.frame().await, None);
    let mut socket = app.socket().await;
    app.slack.drop_sockets();
    assert_eq!(socket.frame().await, None);
    let mut socket = app.socket().await;
    assert_eq!(app.slack.close_sockets(), 1);
    assert_eq!(socket.frame().await, None);

    let mut deaf = app.socket().await;
    assert_eq!(app.slack.deafen_sockets(), 1);
    app.says(None, "x").await;
    futures_util::SinkExt::send(&mut deaf.stream, Message::Ping("hello?".into())).await.unwrap();
    let silence = tokio::time::timeout(Duration::from_millis(300), futures_util::StreamExt::next(&mut deaf.stream));
    assert!(silence.await.is_err(), "a deaf socket says nothing");
    let mut other = app.socket().await;
    assert_eq!(other.frame().await.unwrap()["payload"]["event"]["text"], "x");
}

#[tokio::test]
async fn the_server_pings() {
    let app = App::start(Options { ping_every: Duration::from_millis(20), ..patient() }).await;
    let mut socket = app.socket().await;
    let frame = tokio::time::timeout(SOON, futures_util::StreamExt::next(&mut socket.stream)).await.unwrap();
    assert!(matches!(frame, Some(Ok(Message::Ping(_)))), "{frame:?}");
}

#[tokio::test]
async fn events_are_doubled_swapped_delayed_and_lost_when_asked() {
    let app = App::start(patient()).await;
    let mut socket = app.socket().await;
    let faults = app.slack.faults();
    faults.next_event(EventFault::Swap);
    app.says(None, "a").await;
    app.says(None, "b").await;
    faults.next_event(EventFault::Duplicate);
    app.says(None, "c").await;
    faults.next_event(EventFault::Lose);
    app.says(None, "d").await;
    faults.next_event(EventFault::Delay(Duration::from_millis(100)));
    app.says(None, "e").await;
    app.says(None, "f").await;
    let mut texts = String::new();
    for _ in 0..6 {
        texts.push_str(socket.event().await["text"].as_str().unwrap());
    }
    assert_eq!(texts, "baccfe");
}

#[tokio::test]
async fn acknowledgements_are_looked_at() {
    let app = App::start(patient()).await;
    let mut socket = app.socket().await;
    app.says(None, "x").await;
    let envelope = socket.frame().await.unwrap();
    socket.acks(&envelope, Some(json!({"text": "hi"}))).await;
    socket.acks(&json!({"envelope_id": "made-up"}), None).await;
    app.slack.wait_until(|slack| slack.complaints().len() == 2, SOON).await.unwrap();
    assert!(app.slack.complaints()[0].contains("with a payload"));
    assert!(app.slack.complaints()[1].contains("never was"));
}
