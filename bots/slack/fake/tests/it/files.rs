//! Files: the three steps, the message that comes later, the download that wants a token.

use crate::app::{App, SOON, quick};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use serde_json::{Value, json};
use threadline_fake_slack::Options;

async fn upload(app: &App, bytes: &'static [u8], content_type: &str) -> (String, String) {
    let announced = json!({"filename": "a.txt", "length": 5});
    let place = app.call("files.getUploadURLExternal", announced).await;
    let (url, id) = (place["upload_url"].as_str().unwrap(), place["file_id"].as_str().unwrap());
    let request = Request::post(url).header(header::CONTENT_TYPE, content_type);
    let answer = app.send(request.body(Full::new(Bytes::from_static(bytes))).unwrap()).await.unwrap();
    assert_eq!(answer.body, "OK - 5");
    (id.to_string(), url.to_string())
}

async fn download(app: &App, file: &Value, token: &str) -> (String, Bytes) {
    let url = file["url_private_download"].as_str().unwrap();
    let request = Request::get(url).header(header::AUTHORIZATION, format!("Bearer {token}"));
    let answer = app.send(request.body(Full::default()).unwrap()).await.unwrap();
    assert_eq!(answer.status, 200);
    (answer.headers[header::CONTENT_TYPE].to_str().unwrap().to_string(), answer.body)
}

#[tokio::test]
async fn an_upload_becomes_a_message_some_time_later() {
    let app = App::start(Options { ack_timeout: SOON, ..quick() }).await;
    let mut socket = app.socket().await;
    let root = app.says(None, "root").await;
    socket.event().await;
    let (id, url) = upload(&app, b"hello", "application/octet-stream").await;
    let args =
        json!({"files": [{"id": id, "title": "A log"}], "channel_id": "C1", "thread_ts": root, "username": "Ada"});
    let done = app.call("files.completeUploadExternal", args).await;
    assert_eq!((&done["files"][0]["shares"], &done["files"][0]["mimetype"]), (&json!({}), &json!("")));
    let event = socket.event().await;
    assert_eq!((&event["subtype"], &event["files"][0]["id"]), (&json!("file_share"), &json!(id)));
    assert_eq!((&event["thread_ts"], &event["username"]), (&json!(root), &json!("Ada")));
    let info = app.call("files.info", json!({"file": id})).await["file"].take();
    assert_eq!((&info["mimetype"], &info["title"]), (&json!("text/plain"), &json!("A log")));
    assert_eq!(info["shares"]["public"]["C1"][0]["ts"], event["ts"]);

    assert_eq!(download(&app, &info, app.slack.bot_token()).await, ("text/plain".into(), Bytes::from("hello")));
    assert!(download(&app, &info, "xoxb-other").await.0.starts_with("text/html"), "a page to sign in");
    app.slack.set_scopes(&["chat:write"]);
    assert!(download(&app, &info, app.slack.bot_token()).await.0.starts_with("text/html"));
    assert!(app.slack.transcript().contains("  Ada: [file: a.txt]"), "{}", app.slack.transcript());
    assert!(app.slack.complaints().is_empty(), "{:?}", app.slack.complaints());

    let again = Request::post(url).body(Full::new(Bytes::from_static(b"x"))).unwrap();
    assert_eq!(app.send(again).await.unwrap().status, 404);
}

#[tokio::test]
async fn uploads_may_be_forms_and_must_be_announced() {
    let app = App::start(quick()).await;
    let form =
        b"--xyz\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"a.txt\"\r\n\r\nhello\r\n--xyz--\r\n";
    let (id, _) = upload(&app, form, "multipart/form-data; boundary=xyz").await;
    let done = app.call("files.completeUploadExternal", json!({"files": [{"id": id}]})).await;
    assert_eq!(done["ok"], true);
    let unknown = app.call("files.completeUploadExternal", json!({"files": [{"id": "F9"}]})).await;
    assert_eq!(unknown["error"], "file_not_found");
    let empty = app.call("files.getUploadURLExternal", json!({"filename": "a", "length": 0})).await;
    assert_eq!(empty["error"], "missing_argument");
}

#[tokio::test]
async fn a_strangers_file_has_to_be_looked_up() {
    let app = App::start(Options { ack_timeout: SOON, ..quick() }).await;
    let png = b"\x89PNG\r\n\x1a\n....".as_slice();
    let root = app.slack.agent("Grace").shares("support", None, "a.png", png, "see");
    let file = &app.slack.thread("support", &root)[0].json["files"][0];
    assert_eq!(file["mimetype"], "image/png");
    let ts = app.slack.outsider("Eve").shares("support", root.as_str(), "b.png", png, "");
    let file = &app.slack.thread("support", &ts)[1].json["files"][0];
    assert_eq!(file["file_access"], "check_file_info");
    let info = app.call("files.info", json!({"file": file["id"]})).await;
    assert_eq!(info["file"]["mimetype"], "image/png");
}
