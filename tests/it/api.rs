//! The customer's API against the careless and the hostile: the same key twice, another's token,
//! what is no message, and the limits. Every refusal is a problem with words.

use crate::house::{Answer, Customer, DeskKind, House, NewCustomer, Setup, Site};
use expect_test::{Expect, expect};
use futures_util::future::join_all;
use http::Method;
use hyper::body::Bytes;
use serde_json::json;

desk_plays! { the_same_key_is_one_message }
plays! {
    a_key_belongs_to_its_conversation,
    a_token_opens_one_conversation,
    what_is_no_conversation,
    what_is_no_message,
    other_websites_may_not_open_the_chat,
    too_many_messages,
    too_many_conversations,
    too_many_requests,
    too_many_streams,
    a_conversation_in_which_nothing_was_written_is_forgotten,
}

fn setup() -> Setup {
    Setup::at(DeskKind::Practice)
}

fn check(answers: &[Answer], expected: Expect) {
    let problems: Vec<String> = answers.iter().map(Answer::problem).collect();
    expected.assert_eq(&(problems.join("\n") + "\n"));
}

async fn the_same_key_is_one_message(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    let answers = join_all((0..10).map(|_| ada.sends("the-same-key", "My export hangs"))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 200, 200, 201]);
    let ids: Vec<_> = answers.iter().map(|answer| answer.json()["message"]["id"].clone()).collect();
    assert!(ids.iter().all(|id| id == &ids[0]), "{ids:?}");
    site.settle().await;
    // With other words it is still the message that was stored first.
    assert_eq!(ada.sends("the-same-key", "Other words").await.expect(200)["message"]["id"], ids[0]);
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
    "#]]
    .assert_eq(&site.thread(&ada).await);
    assert_eq!(ada.sees(), "me: My export hangs (sent)\n");
}

async fn a_key_belongs_to_its_conversation(house: House) {
    let site = house.open(setup()).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    ada.sends("the-same-key", "Ada's").await.expect(201);
    bob.sends("the-same-key", "Bob's").await.expect(201);
    site.settle().await;
    assert_eq!(
        (ada.page().texts("customer"), bob.page().texts("customer")),
        (vec!["Ada's".into()], vec!["Bob's".into()])
    );
}

async fn a_token_opens_one_conversation(house: House) {
    let site = house.open(setup()).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    ada.writes("My export hangs").await;
    site.settle().await;
    let secret = |customer: &Customer| customer.token().split_once('.').unwrap().1.to_string();
    let forged = [
        format!("{}.{}", ada.id(), secret(&bob)),
        format!("{}.{}", ada.id(), "0".repeat(64)),
        format!("{}.{}", ada.id(), secret(&ada).to_uppercase()),
        ada.token()[..ada.token().len() - 1].to_string(),
        format!("{}0", ada.token()),
        format!("cnv_00000000000000000000000000.{}", secret(&ada)),
        ada.id().to_string(),
        String::new(),
    ];
    let mut answers = Vec::new();
    for token in &forged {
        let web = site.web();
        answers.push(web.get("/v1/messages", Some(token)).await);
        answers.push(web.get("/v1/events", Some(token)).await);
        let message = json!({ "key": "a-forged-message", "text": "Let me in" });
        answers.push(web.send(Method::POST, "/v1/messages", Some(token), &message).await);
        let receipts = json!({ "received": 1, "seen": 1 });
        answers.push(web.send(Method::POST, "/v1/receipts", Some(token), &receipts).await);
    }
    answers.push(site.web().get("/v1/messages", None).await);
    for answer in &answers {
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert_eq!(
            answer.problem(),
            "401 No conversation is opened by this token. Open a new one with POST /v1/conversations."
        );
    }
    site.settle().await;
    assert_eq!(ada.page().texts("customer"), ["My export hangs"]);
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM message").await, 1);
}

async fn what_is_no_conversation(house: House) {
    let site = house.open(setup()).await;
    let mut answers = Vec::new();
    for body in [
        json!({}),
        json!({ "topic": "no-such-topic" }),
        json!({ "topic": "billing", "email": "no address" }),
        json!({ "topic": "billing", "name": "x".repeat(121) }),
        json!({ "topic": "billing", "is_admin": true }),
    ] {
        answers.push(site.web().send(Method::POST, "/v1/conversations", None, &body).await);
    }
    check(
        &answers,
        expect![[r#"
            422 The body is not what it should be (missing field `topic` at line 1 column 2). GET /openapi.json describes it.
            422 topic: choose one of technical, billing.
            422 email: this is no email address. Write it like ada@example.com.
            422 name: at most 120 characters.
            422 The body is not what it should be (is_admin: unknown field `is_admin`, expected one of `topic`, `name`, `email`, `proof`, `fields`, `page`, `facts`, `language`, `time_zone` at line 1 column 11). GET /openapi.json describes it.
        "#]],
    );
    let json_type = [("content-type", "application/json")];
    let mut answers = Vec::new();
    for (headers, body) in
        [(&json_type[..], "{"), (&json_type[..], ""), (&[][..], r#"{"topic":"billing"}"#), (&json_type[..], "\u{0}")]
    {
        let body = Bytes::from_static(body.as_bytes());
        answers.push(site.web().ask(Method::POST, "/v1/conversations", headers, body).await.unwrap());
    }
    answers.push(site.web().get("/v1/receipts", None).await);
    answers.push(site.web().get("/v1/nothing", None).await);
    check(
        &answers,
        expect![[r#"
            400 The body is not what it should be (EOF while parsing an object at line 1 column 1). GET /openapi.json describes it.
            400 The body is not what it should be (EOF while parsing a value at line 1 column 0). GET /openapi.json describes it.
            415 The body has to be JSON, and to say so: Content-Type: application/json.
            400 The body is not what it should be (expected value at line 1 column 1). GET /openapi.json describes it.
            405 This method is not allowed here. GET /openapi.json says which are.
            404 There is nothing here. GET /openapi.json says what there is.
        "#]],
    );
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM conversation").await, 0);
}

async fn what_is_no_message(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    let mut answers = Vec::new();
    for (key, text) in [
        ("key-00001", String::new()),
        ("key-00002", " \n\t\u{200b}\u{2060}".to_string()),
        ("key-00003", "x".repeat(10_001)),
        ("short", "My export hangs".to_string()),
        ("key/../with/slashes", "My export hangs".to_string()),
        ("", "My export hangs".to_string()),
    ] {
        answers.push(ada.sends(key, &text).await);
    }
    let long_key = "k".repeat(65);
    answers.push(ada.sends(&long_key, "My export hangs").await);
    for body in [
        json!({}),
        json!({ "key": "key-00004" }),
        json!({ "key": 1, "text": 2 }),
        json!({ "key": "key-00005", "text": "x", "from": "agent" }),
    ] {
        answers.push(site.web().send(Method::POST, "/v1/messages", Some(ada.token()), &body).await);
    }
    answers.push(site.web().get("/v1/messages?after=first", Some(ada.token())).await);
    answers.push(site.web().send(Method::POST, "/v1/receipts", Some(ada.token()), &json!({ "received": "all" })).await);
    check(
        &answers,
        expect![[r#"
            422 The message is empty. Write something.
            422 The message is empty. Write something.
            413 text: a message has at most 10000 characters. Send it in parts.
            422 key: make one of 8 to 64 letters, digits, - and _, new for each message.
            422 key: make one of 8 to 64 letters, digits, - and _, new for each message.
            422 key: make one of 8 to 64 letters, digits, - and _, new for each message.
            422 key: make one of 8 to 64 letters, digits, - and _, new for each message.
            422 The body is not what it should be (missing field `key` at line 1 column 2). GET /openapi.json describes it.
            422 The message is empty. Write something.
            422 The body is not what it should be (key: invalid type: integer `1`, expected a string at line 1 column 8). GET /openapi.json describes it.
            422 The body is not what it should be (from: unknown field `from`, expected one of `key`, `text`, `files` at line 1 column 7). GET /openapi.json describes it.
            400 The query is not what it should be (after: invalid digit found in string). GET /openapi.json describes it.
            422 The body is not what it should be (received: invalid type: string "all", expected u64 at line 1 column 17). GET /openapi.json describes it.
        "#]],
    );
    ada.sends("key-00003", &"x".repeat(10_000)).await.expect(201);
    // What cannot be is harmless: receipts for what there is not yet.
    ada.says_received(0, Some(i64::MAX)).await;
    site.settle().await;
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM message").await, 1);
}

async fn other_websites_may_not_open_the_chat(house: House) {
    let site = house.open(setup()).await;
    let from = async |origin: &str| {
        let headers = [("content-type", "application/json"), ("origin", origin)];
        let body = Bytes::from_static(br#"{"topic":"billing"}"#);
        site.web().ask(Method::POST, "/v1/conversations", &headers, body).await.unwrap()
    };
    let allowed = from("https://shop.example.com").await;
    assert_eq!(allowed.header("access-control-allow-origin"), "https://shop.example.com");
    allowed.expect(201);
    let own = format!("http://{}", site.web().address());
    from(&own).await.expect(201);
    for origin in ["https://evil.example", "https://shop.example.com.evil.example", "http://shop.example.com", "null"] {
        let refused = from(origin).await;
        assert_eq!(refused.header("access-control-allow-origin"), "");
        assert!(refused.problem().starts_with("403 This website may not open the chat."), "{}", refused.text());
    }
}

/// The first refusal of many, after how many that were answered.
async fn first_refusal(mut ask: impl AsyncFnMut(usize) -> Answer) -> (usize, Answer) {
    for count in 0..100 {
        let answer = ask(count).await;
        if !answer.status.is_success() {
            return (count, answer);
        }
    }
    panic!("never refused");
}

fn check_limit(refused: &Answer, what: &str) {
    let wait: u64 = refused.header("retry-after").parse().expect("Retry-After in seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(refused.problem(), format!("429 Too many {what}. Try again in {wait} s."));
}

async fn too_many_messages(house: House) {
    let site = house.open(Setup { limits: "messages_per_conversation_per_minute = 3", ..setup() }).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    let (count, refused) = first_refusal(async |at| ada.sends(&format!("message-{at}"), "And another").await).await;
    assert_eq!(count, 3);
    check_limit(&refused, "messages in this conversation");
    bob.writes("I am patient").await;
    site.settle().await;
    assert_eq!(ada.page().texts("customer").len(), 3);
}

async fn too_many_conversations(house: House) {
    let site = house.open(Setup { limits: "conversations_per_address_per_minute = 2", ..setup() }).await;
    let open = async |_| open_conversation(&site).await;
    let (count, refused) = first_refusal(open).await;
    assert_eq!(count, 2);
    check_limit(&refused, "new conversations from this address");
}

async fn a_conversation_in_which_nothing_was_written_is_forgotten(house: House) {
    let site = house.open(Setup { by_hand: true, ..setup() }).await;
    let opened = open_conversation(&site).await.expect(201);
    let silent = opened["token"].as_str().unwrap();
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let passes = async |days: i64| {
        site.time_passes(days * 24 * 3_600_000);
        // Housekeeping begins with the start.
        site.stops().await;
        site.starts().await;
    };
    passes(6).await;
    site.web().get("/v1/messages", Some(silent)).await.expect(200);
    passes(2).await;
    let gone = async || site.web().get("/v1/messages", Some(silent)).await.status == 401;
    crate::house::until("it to be forgotten", gone).await;
    let left = "SELECT (SELECT COUNT(*) FROM conversation) + (SELECT COUNT(*) FROM token)";
    assert_eq!(site.probe().number(left).await, 2, "Ada's are kept");
    ada.writes("Still here").await;
    site.settle().await;
}

async fn too_many_requests(house: House) {
    let site = house.open(Setup { limits: "requests_per_address_per_minute = 5", ..setup() }).await;
    let (count, refused) = first_refusal(async |_| site.web().get("/v1/site", None).await).await;
    assert_eq!(count, 5);
    check_limit(&refused, "requests from this address");
    // Whoever watches the process is not a customer.
    site.web().get("/healthz", None).await.expect_text(200);
    site.web().get("/metrics", None).await.expect_text(200);
}

async fn too_many_streams(house: House) {
    let site = house.open(Setup { limits: "streams_per_address_max = 2\nstreams_max = 3", ..setup() }).await;
    let ada = site.new_customer(NewCustomer { page: false, receipts: false, ..NewCustomer::named("Ada") }).await;
    let (one, two) = (ada.opens_another_tab(), ada.opens_another_tab());
    site.settle().await;
    check_limit(&site.web().get("/v1/events", Some(ada.token())).await, "open streams from this address");
    one.close();
    let bearer = format!("Bearer {}", ada.token());
    crate::house::until("room for another stream", async || {
        let headers = [("authorization", bearer.as_str())];
        let begun = site.web().begin(Method::GET, "/v1/events", &headers, Bytes::new()).await;
        begun.unwrap().status() == 200
    })
    .await;
    ada.writes("Still there").await;
    site.settle().await;
    assert_eq!(two.page().texts("customer"), ["Still there"]);
}

async fn open_conversation(site: &Site) -> Answer {
    site.web().send(Method::POST, "/v1/conversations", None, &json!({ "topic": "billing" })).await
}
