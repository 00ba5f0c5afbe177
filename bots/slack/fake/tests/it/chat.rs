//! Posting, changing, taking back, and what a reader sees of it.

use crate::app::{App, quick};
use expect_test::expect;
use serde_json::{Value, json};
use threadline_fake_slack::Options;

async fn replies(app: &App, ts: &str, metadata: bool) -> Value {
    let args = json!({"channel": "C1", "ts": ts, "include_all_metadata": metadata});
    app.call("conversations.replies", args).await
}

#[tokio::test]
async fn a_conversation_reads_like_one() {
    let app = App::start(quick()).await;
    let root =
        app.call("chat.postMessage", json!({"channel": "C1", "text": "My export hangs", "username": "Ada"})).await;
    let root = root["ts"].as_str().unwrap().to_string();
    let grace = app.slack.agent("Grace");
    let answer = grace.writes("support", root.as_str(), "Looking *into* it:\n- first\n- second");
    grace.edits(&answer, "Looking into it");
    app.call("reactions.add", json!({"channel": "C1", "timestamp": answer, "name": "heavy_check_mark"})).await;
    app.call("reactions.add", json!({"channel": "C1", "timestamp": answer, "name": "eye"})).await;
    app.says(Some(&root), "Grace has it").await;
    let args = json!({"channel": "C1", "user": grace.id, "thread_ts": root, "text": "Nothing was sent"});
    app.call("chat.postEphemeral", args).await;
    app.slack.outsider("Eve").writes("support", root.as_str(), "a < b & <https://example.com|this>\nnext :wave:");
    app.slack.other_bot("Pager").writes("support", None, "All is well");
    expect![[r#"
        #support
        └ Ada: My export hangs
          Grace: Looking into it (edited) ✓ 👁
          Threadline: Grace has it
          Threadline: Nothing was sent (ephemeral to Grace)
          Eve: a < b & this
              next 👋
        └ Pager: All is well
    "#]]
    .assert_eq(&app.slack.transcript());
    assert_eq!(app.slack.find_thread_containing("Looking into").as_deref(), Some(root.as_str()));
    assert!(app.slack.complaints().is_empty(), "{:?}", app.slack.complaints());
}

#[tokio::test]
async fn metadata_is_shown_only_to_those_who_ask() {
    let app = App::start(quick()).await;
    let metadata = json!({"event_type": "delivery", "event_payload": {"id": "m1", "piece": 0}});
    let args = json!({"channel": "C1", "text": "x", "metadata": metadata});
    let ts = app.call("chat.postMessage", args).await["ts"].as_str().unwrap().to_string();
    assert_eq!(replies(&app, &ts, false).await["messages"][0].get("metadata"), None);
    assert_eq!(replies(&app, &ts, true).await["messages"][0]["metadata"], metadata);
    app.call("chat.update", json!({"channel": "C1", "ts": ts, "text": "y"})).await;
    assert_eq!(replies(&app, &ts, true).await["messages"][0]["metadata"], metadata, "an update leaves it");
    app.call("chat.update", json!({"channel": "C1", "ts": ts, "text": "z", "metadata": {}})).await;
    assert_eq!(replies(&app, &ts, true).await["messages"][0].get("metadata"), None, "unless it empties it");
}

#[tokio::test]
async fn a_reply_to_a_root_that_is_gone_lands_in_the_channel() {
    let app = App::start(quick()).await;
    let root = app.says(None, "root").await;
    app.slack.agent("Grace").deletes(&root);
    assert_eq!(replies(&app, &root, false).await["error"], "thread_not_found");
    let answer = app.call("chat.postMessage", json!({"channel": "C1", "text": "lost", "thread_ts": root})).await;
    assert_eq!(answer["message"].get("thread_ts"), None, "the only sign of it");
    expect![[r"
        #support
        └ Threadline: lost
    "]]
    .assert_eq(&app.slack.transcript());
}

#[tokio::test]
async fn a_root_with_answers_leaves_a_tombstone() {
    let app = App::start(quick()).await;
    let root = app.says(None, "root").await;
    app.says(Some(&root), "answer").await;
    app.call("chat.delete", json!({"channel": "C1", "ts": root})).await;
    let thread = replies(&app, &root, false).await;
    assert_eq!(thread["messages"][0]["subtype"], "tombstone");
    assert_eq!(
        (&thread["messages"][0]["user"], &thread["messages"][0]["reply_count"]),
        (&json!("USLACKBOT"), &json!(1))
    );
    expect![[r"
        #support
        └ (this message was deleted)
          Threadline: answer
    "]]
    .assert_eq(&app.slack.transcript());
}

#[tokio::test]
async fn the_bot_changes_only_its_own() {
    let app = App::start(quick()).await;
    let ts = app.slack.agent("Grace").writes("support", None, "mine");
    let change = |method: &'static str| app.call(method, json!({"channel": "C1", "ts": ts.clone()}));
    assert_eq!(change("chat.delete").await["error"], "cant_delete_message");
    let args = json!({"channel": "C1", "ts": ts, "text": "yours"});
    assert_eq!(app.call("chat.update", args).await["error"], "cant_update_message");
    let args = json!({"channel": "C1", "ts": "1700000000.000000", "text": "x"});
    assert_eq!(app.call("chat.update", args).await["error"], "message_not_found");
    let own = app.says(None, "short").await;
    let args = json!({"channel": "C1", "ts": own, "text": "x".repeat(4_001)});
    assert_eq!(app.call("chat.update", args).await["error"], "msg_too_long");
}

#[tokio::test]
async fn a_name_of_ones_own_needs_the_scope_and_does_not_survive_an_edit() {
    let app = App::start(quick()).await;
    let args = json!({"channel": "C1", "text": "x", "username": "Ada", "icon_emoji": ":wave:"});
    let post = app.call("chat.postMessage", args.clone()).await;
    let message = &post["message"];
    assert_eq!((&message["subtype"], &message["username"]), (&json!("bot_message"), &json!("Ada")));
    assert_eq!((message.get("user"), &message["bot_id"]), (None, &json!("B0FAKE0001")));
    let args_of_edit = json!({"channel": "C1", "ts": post["ts"], "text": "y"});
    let edited = app.call("chat.update", args_of_edit).await;
    assert_eq!(edited["message"]["user"], "U0FAKE0001");
    app.slack.set_scopes(&["chat:write"]);
    let plain = app.call("chat.postMessage", args).await;
    assert_eq!((&plain["message"]["user"], plain["message"].get("username")), (&json!("U0FAKE0001"), None));
}

#[tokio::test]
async fn long_text_is_cut_and_a_reaction_set_once() {
    let app = App::start(quick()).await;
    let ts = app.says(None, &"x".repeat(40_010)).await;
    assert_eq!(app.slack.messages("support")[0].text.len(), 40_000);
    let args = json!({"channel": "C1", "timestamp": ts, "name": "eyes"});
    assert_eq!(app.call("reactions.add", args.clone()).await["ok"], true);
    assert_eq!(app.call("reactions.add", args.clone()).await["error"], "already_reacted");
    assert_eq!(app.call("reactions.remove", args.clone()).await["ok"], true);
    assert_eq!(app.call("reactions.remove", args).await["error"], "no_reaction");
}

#[tokio::test]
async fn status_is_shown_until_the_bot_posts() {
    let app = App::start(quick()).await;
    let root = app.says(None, "root").await;
    let args = json!({"channel_id": "C1", "thread_ts": root, "status": "is typing…", "username": "Ada"});
    assert_eq!(app.call("assistant.threads.setStatus", args).await["ok"], true);
    assert_eq!(app.slack.status("support", &root).as_deref(), Some("Ada is typing…"));
    app.says(Some(&root), "done").await;
    assert_eq!(app.slack.status("support", &root), None);
}

#[tokio::test]
async fn without_bodies_only_metadata_is_kept() {
    let options = Options { keep_bodies: false, messages_per_channel_max: 3, ..quick() };
    let app = App::start(options).await;
    let mut last = Value::Null;
    for n in 0..5 {
        let metadata = json!({"event_type": "delivery", "event_payload": {"n": n}});
        last = app.call("chat.postMessage", json!({"channel": "C1", "text": "long", "metadata": metadata})).await;
        assert_eq!(last["message"]["text"], "long", "the answer has it all the same");
    }
    let messages = app.slack.messages("support");
    assert_eq!(messages.iter().map(|m| m.metadata["event_payload"]["n"].clone()).collect::<Vec<_>>(), [2, 3, 4]);
    assert!(messages.iter().all(|message| message.text.is_empty() && message.json.get("blocks").is_none()));
    let thread = replies(&app, last["ts"].as_str().unwrap(), true).await;
    assert_eq!(thread["messages"][0]["metadata"]["event_payload"]["n"], 4);
}

#[tokio::test]
async fn permalinks_and_people() {
    let app = App::start(quick()).await;
    let root = app.says(None, "root").await;
    let link = app.call("chat.getPermalink", json!({"channel": "C1", "message_ts": root})).await;
    let expected = format!("https://acme.slack.com/archives/C1/p{}", root.replace('.', ""));
    assert_eq!(link["permalink"], expected);
    let eve = app.slack.outsider("Eve");
    let user = app.call("users.info", json!({"user": eve.id})).await["user"].take();
    assert_eq!((&user["team_id"], &user["is_stranger"]), (&json!("T0OTHER001"), &json!(true)));
    assert_eq!(app.call("users.info", json!({"user": "U9"})).await["error"], "user_not_found");
    let me = app.call("auth.test", json!({})).await;
    assert_eq!((&me["user_id"], &me["bot_id"]), (&json!("U0FAKE0001"), &json!("B0FAKE0001")));
}
