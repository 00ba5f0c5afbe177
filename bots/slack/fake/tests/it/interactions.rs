//! Buttons, commands, shortcuts, modals.

use crate::app::{App, SOON, quick};
use serde_json::{Value, json};
use threadline_fake_slack::Options;

async fn app_with_card() -> (App, crate::app::Socket, String) {
    let app = App::start(Options { ack_timeout: SOON, ..quick() }).await;
    let mut socket = app.socket().await;
    app.slack.invite("support", &app.slack.agent("Grace"));
    socket.event().await;
    let button =
        json!({"type": "button", "action_id": "claim", "value": "c1", "text": {"type": "plain_text", "text": "Claim"}});
    let args = json!({"channel": "C1", "text": "card", "blocks": [{"type": "actions", "elements": [button]}]});
    let card = app.call("chat.postMessage", args).await["ts"].as_str().unwrap().to_string();
    socket.event().await;
    (app, socket, card)
}

fn modal() -> Value {
    let title = json!({"type": "plain_text", "text": "Escalate"});
    let why = json!({"type": "plain_text_input", "action_id": "why"});
    let label = json!({"type": "plain_text", "text": "Why?"});
    let input = json!({"type": "input", "block_id": "why", "label": label, "element": why});
    json!({"type": "modal", "title": title, "submit": label, "blocks": [input], "private_metadata": "c1"})
}

#[tokio::test]
async fn a_button_opens_a_modal_with_a_trigger_that_is_good_once() {
    let (app, mut socket, card) = app_with_card().await;
    let grace = app.slack.agent("Grace");
    let reply = grace.presses(&card, "claim", None);
    let envelope = socket.envelope().await;
    assert_eq!((&envelope["type"], reply.payload().await), (&json!("interactive"), Some(Value::Null)));
    let payload = &envelope["payload"];
    assert_eq!((&payload["type"], &payload["actions"][0]["value"]), (&json!("block_actions"), &json!("c1")));
    assert_eq!((&payload["container"]["message_ts"], &payload["user"]["id"]), (&json!(card), &json!(grace.id)));
    let args = json!({"trigger_id": payload["trigger_id"], "view": modal()});
    let opened = app.call("views.open", args.clone()).await;
    assert_eq!(opened["view"]["private_metadata"], "c1");
    assert_eq!(app.call("views.open", args).await["error"], "exchanged_trigger_id");
    let args = json!({"view_id": opened["view"]["id"], "view": modal(), "hash": "stale"});
    assert_eq!(app.call("views.update", args).await["error"], "hash_conflict");

    let reply = grace.submits(json!({"why": {"why": {"type": "plain_text_input", "value": "urgent"}}}));
    let envelope = socket.frame().await.unwrap();
    assert_eq!(envelope["payload"]["view"]["state"]["values"]["why"]["why"]["value"], "urgent");
    socket.acks(&envelope, Some(json!({"response_action": "errors", "errors": {"why": "no"}}))).await;
    assert_eq!(reply.payload().await.unwrap()["response_action"], "errors");
    assert!(app.slack.modal().is_some(), "a modal with errors stays open");
    let reply = grace.fills(&[("why", "urgent")]);
    assert_eq!(socket.envelope().await["payload"]["view"]["state"]["values"]["why"]["why"]["value"], "urgent");
    reply.payload().await.unwrap();
    assert!(app.slack.modal().is_none());
}

#[tokio::test]
async fn commands_and_shortcuts_have_answers_and_a_response_url() {
    let (app, mut socket, card) = app_with_card().await;
    let grace = app.slack.agent("Grace");
    let reply = grace.commands("support", "/escalate", "#1042");
    let envelope = socket.frame().await.unwrap();
    assert_eq!((&envelope["type"], &envelope["payload"]["text"]), (&json!("slash_commands"), &json!("#1042")));
    assert_eq!(envelope["payload"].get("thread_ts"), None);
    socket.acks(&envelope, Some(json!({"text": "On it"}))).await;
    assert_eq!(reply.payload().await.unwrap()["text"], "On it");
    let url = envelope["payload"]["response_url"].as_str().unwrap().to_string();
    for n in 1..=6 {
        let request = http::Request::post(&url).body(json!({"text": format!("{n}")}).to_string().into()).unwrap();
        assert_eq!(app.send(request).await.unwrap().status.is_success(), n <= 5);
    }
    assert_eq!(app.slack.ephemerals("support").len(), 6, "with the acknowledgement's");

    let _reply = grace.shortcuts(&card, "escalate");
    let payload = socket.envelope().await["payload"].take();
    assert_eq!((&payload["type"], &payload["message_ts"]), (&json!("message_action"), &json!(card)));
}

#[tokio::test]
async fn a_home_tab_is_a_persons_own() {
    let app = App::start(quick()).await;
    let grace = app.slack.agent("Grace");
    let home = json!({"type": "home", "blocks": [{"type": "divider"}]});
    let answer = app.call("views.publish", json!({"user_id": grace.id, "view": home})).await;
    assert_eq!(answer["ok"], true);
    assert_eq!(app.slack.home(&grace).unwrap()["type"], "home");
    let args = json!({"user_id": grace.id, "view": modal()});
    assert_eq!(app.call("views.publish", args).await["error"], "invalid_arguments");
}

#[tokio::test]
async fn a_field_offers_what_the_app_answers_and_takes_nothing_else() {
    let (app, mut socket, card) = app_with_card().await;
    let grace = app.slack.agent("Grace");
    let reply = grace.presses(&card, "claim", None);
    let payload = socket.envelope().await["payload"].take();
    reply.payload().await.unwrap();
    let text = |text: &str| json!({"type": "plain_text", "text": text});
    let select = json!({"type": "external_select", "action_id": "which", "min_query_length": 0});
    let input = json!({"type": "input", "block_id": "which", "label": text("Which?"), "element": select});
    let view = json!({"type": "modal", "title": text("Pick"), "submit": text("Go"), "blocks": [input]});
    let opened = app.call("views.open", json!({"trigger_id": payload["trigger_id"], "view": view})).await;
    assert_eq!(opened["ok"], true, "{opened}");

    let reply = grace.types("which", "10");
    let envelope = socket.frame().await.unwrap();
    let payload = &envelope["payload"];
    assert_eq!((&payload["type"], &payload["value"]), (&json!("block_suggestion"), &json!("10")));
    assert_eq!(payload.get("trigger_id"), None);
    let options = json!({"options": [{"text": text("#1042"), "value": "1042"}]});
    socket.acks(&envelope, Some(options)).await;
    assert_eq!(reply.entries().await.unwrap(), [("1042".to_string(), "#1042".to_string())]);
    let reply = grace.fills(&[("which", "1042")]);
    let values = socket.envelope().await["payload"]["view"]["state"]["values"].take();
    assert_eq!(values["which"]["which"]["selected_option"]["value"], "1042");
    reply.payload().await.unwrap();
    assert!(app.slack.modal().is_none());
}

#[tokio::test]
async fn a_home_tab_is_opened_and_its_buttons_are_pressed() {
    let app = App::start(quick()).await;
    let mut socket = app.socket().await;
    let grace = app.slack.agent("Grace");
    grace.opens_home();
    let event = socket.event().await;
    assert_eq!((&event["type"], &event["tab"], event.get("view")), (&json!("app_home_opened"), &json!("home"), None));
    let text = json!({"type": "plain_text", "text": "Claim"});
    let button = |value: &str| json!({"type": "button", "action_id": "claim", "value": value, "text": text});
    let row = |value: &str| json!({"type": "actions", "block_id": value, "elements": [button(value)]});
    let home = json!({"type": "home", "blocks": [row("1"), row("2")]});
    assert_eq!(app.call("views.publish", json!({"user_id": grace.id, "view": home})).await["ok"], true);
    let reply = grace.presses_at_home("claim", "2");
    let payload = socket.envelope().await["payload"].take();
    assert_eq!((&payload["container"]["type"], &payload["actions"][0]["block_id"]), (&json!("view"), &json!("2")));
    assert_eq!(payload.get("response_url"), None);
    reply.payload().await.unwrap();
}
