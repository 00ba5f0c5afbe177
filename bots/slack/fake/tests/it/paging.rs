//! Reading back, page by page and between bounds.

use crate::app::{App, quick};
use serde_json::{Value, json};

/// The texts on a page, and its cursor.
fn page(answer: &Value) -> (Vec<String>, String) {
    let texts = answer["messages"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let texts = texts.iter().map(|message| message["text"].as_str().unwrap().to_string()).collect();
    (texts, answer["response_metadata"]["next_cursor"].as_str().unwrap().to_string())
}

async fn thread(app: &App) -> Vec<String> {
    let root = app.says(None, "root").await;
    let mut stamps = vec![root.clone()];
    for n in 1..=5 {
        stamps.push(app.says(Some(&root), &format!("{n}")).await);
    }
    stamps
}

#[tokio::test]
async fn a_thread_comes_oldest_first_with_its_root_on_the_first_page_only() {
    let app = App::start(quick()).await;
    let stamps = thread(&app).await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let args = json!({"channel": "C1", "ts": stamps[3], "limit": 2, "cursor": cursor});
        let answer = app.call("conversations.replies", args).await;
        let (texts, next) = page(&answer);
        assert_eq!(answer["has_more"], !next.is_empty());
        seen.push(texts.join(""));
        cursor = next;
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["root1", "23", "45"]);
    let args = json!({"channel": "C1", "ts": stamps[0], "cursor": "zz"});
    assert_eq!(app.call("conversations.replies", args).await["error"], "invalid_cursor");
}

#[tokio::test]
async fn bounds_are_left_out_unless_inclusive_and_the_root_is_always_there() {
    let app = App::start(quick()).await;
    let stamps = thread(&app).await;
    let read = async |inclusive: bool| {
        let args =
            json!({"channel": "C1", "ts": stamps[0], "oldest": stamps[2], "latest": stamps[4], "inclusive": inclusive});
        page(&app.call("conversations.replies", args).await).0.join("")
    };
    assert_eq!(read(false).await, "root3");
    assert_eq!(read(true).await, "root234");
    let args = json!({"channel": "C1", "ts": stamps[0], "oldest": "yesterday"});
    assert_eq!(app.call("conversations.replies", args).await["error"], "invalid_ts_oldest");
}

#[tokio::test]
async fn history_comes_newest_first_without_answers() {
    let app = App::start(quick()).await;
    thread(&app).await;
    for n in 6..=8 {
        app.says(None, &format!("{n}")).await;
    }
    let first = app.call("conversations.history", json!({"channel": "C1", "limit": 3})).await;
    let (texts, cursor) = page(&first);
    assert_eq!(texts, ["8", "7", "6"]);
    let second = app.call("conversations.history", json!({"channel": "C1", "limit": 3, "cursor": cursor})).await;
    assert_eq!(page(&second), (vec!["root".to_string()], String::new()));
    assert_eq!(second["messages"][0]["reply_count"], 5);
    let args = json!({"channel": "C1", "limit": 1001});
    assert_eq!(app.call("conversations.history", args).await["error"], "invalid_limit");
}

#[tokio::test]
async fn lists_have_pages_too() {
    let app = App::start(quick()).await;
    for n in 2..=5 {
        app.slack.add_channel(&format!("C{n}"), &format!("room-{n}"));
    }
    app.slack.add_private_channel("G1", "board");
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let args = json!({"types": "public_channel,private_channel", "limit": 4, "cursor": cursor});
        let answer = app.call("conversations.list", args).await;
        names.extend(answer["channels"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap().to_string()));
        cursor = answer["response_metadata"]["next_cursor"].as_str().unwrap().to_string();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["support", "room-2", "room-3", "room-4", "room-5", "board"]);
    app.slack.agent("Grace").writes("support", None, "hi");
    let members = app.call("conversations.members", json!({"channel": "C1"})).await;
    assert_eq!(members["members"].as_array().unwrap().len(), 2);
    let users = app.call("users.list", json!({})).await;
    assert_eq!(users["members"].as_array().unwrap().len(), 2);
}
