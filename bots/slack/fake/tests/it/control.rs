//! Playing by hand, over HTTP.

use crate::app::{App, quick};
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

async fn ask(app: &App, method: &str, path: &str, body: Value) -> String {
    let request = Request::builder().method(method).uri(format!("{}/{path}", app.slack.base_url()));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = app.send(request.body(Full::from(body)).unwrap()).await.unwrap();
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_script_plays_the_agents() {
    let app = App::start(quick()).await;
    let play = async |path: &str, body: Value| {
        let answer = ask(&app, "POST", &format!("_fake/{path}"), body).await;
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    play("channels", json!({"id": "C2", "name": "sales"})).await;
    let root = play("write", json!({"as": "Grace", "channel": "sales", "text": "hi"})).await["ts"].take();
    let args = json!({"as": "Ada", "channel": "sales", "text": "hello", "thread_ts": root});
    let answer = play("write", args).await["ts"].take();
    play("edit", json!({"as": "Ada", "ts": answer, "text": "hello there"})).await;
    play("react", json!({"as": "Grace", "ts": answer, "name": "eyes"})).await;
    assert_eq!(
        ask(&app, "GET", "_fake/transcript", Value::Null).await,
        "#sales\n└ Grace: hi\n  Ada: hello there (edited) 👁\n"
    );
    let path = format!("_fake/thread?channel=C2&ts={}&format=text", answer.as_str().unwrap());
    assert!(ask(&app, "GET", &path, Value::Null).await.starts_with("└ Grace: hi\n"));
    assert!(ask(&app, "GET", "_fake/find?text=there", Value::Null).await.contains(root.as_str().unwrap()));

    play("faults", json!({"method": "auth.test", "fault": "error", "error": "account_inactive"})).await;
    assert_eq!(app.call("auth.test", json!({})).await["error"], "account_inactive");
    play("token", json!({"revoked": true})).await;
    assert_eq!(app.call("auth.test", json!({})).await["error"], "token_revoked");
    play("channel", json!({"channel": "sales", "archived": true})).await;
    let refused = play("write", json!({"as": "Grace", "channel": "sales", "text": "x"})).await;
    assert_eq!(refused["error"], "#sales is archived");
    play("delete", json!({"ts": answer})).await;
    let stats: Value = serde_json::from_str(&ask(&app, "GET", "_fake/stats", Value::Null).await).unwrap();
    assert_eq!(stats["calls"]["auth.test"], 2);
    assert_eq!(play("nonsense", json!({})).await["ok"], false);
    assert!(ask(&app, "GET", "_fake/calls", Value::Null).await.lines().count() == 2);
    assert!(ask(&app, "GET", "", Value::Null).await.contains("└ Grace: hi"), "the page shows it too");
}
