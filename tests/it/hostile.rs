//! Those who want too much or mean ill: bodies and heads that are too large, connections that only
//! hold on, many streams, a very long conversation.

use crate::house::{DeskKind, House, NewCustomer, PATIENCE, Setup};
use futures_util::{StreamExt, future, stream};
use http::Method;
use hyper::body::Bytes;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

plays! {
    a_body_that_is_too_large,
    a_head_that_is_too_large,
    connections_that_only_hold_on_are_cut,
    two_hundred_streams,
    a_very_long_conversation_is_shown_whole,
}

fn setup() -> Setup {
    Setup::at(DeskKind::Practice)
}

async fn a_body_that_is_too_large(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    let large = serde_json::json!({ "key": "a-large-one", "text": "x".repeat(70_000) });
    let refused = site.web().send(Method::POST, "/v1/messages", Some(ada.token()), &large).await;
    assert!(refused.problem().starts_with("413 "), "{}", refused.text());
    // One that does not say how large it is.
    let head = "POST /v1/conversations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut connection = TcpStream::connect(site.web().address()).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    for _ in 0..10 {
        // It is cut off in the middle of it, or answered before its end.
        if connection.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let answer = answer_of(&mut connection).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
    ada.writes("Sorry").await;
    site.settle().await;
}

async fn a_head_that_is_too_large(house: House) {
    let site = house.open(setup()).await;
    for head in [
        format!("GET /v1/site HTTP/1.1\r\nhost: x\r\n{}\r\n", "a-header: and its value\r\n".repeat(2_000)),
        format!("GET /v1/site HTTP/1.1\r\nhost: x\r\ncookie: {}\r\n\r\n", "x".repeat(100_000)),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000)),
        "\u{0}\u{1}\u{2} no HTTP at all\r\n\r\n".to_string(),
    ] {
        let mut connection = TcpStream::connect(site.web().address()).await.unwrap();
        // It may be cut off in the middle.
        let _ = connection.write_all(head.as_bytes()).await;
        let answer = answer_of(&mut connection).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    site.web().get("/v1/site", None).await.expect(200);
}

async fn connections_that_only_hold_on_are_cut(house: House) {
    let site = house.open(setup()).await;
    let beginnings = [
        "GET /v1/site HTTP/1.1\r\nhost: x\r\n",
        "POST /v1/conversations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{",
    ];
    let began = Instant::now();
    let ends = beginnings.map(async |beginning| {
        let mut connection = TcpStream::connect(site.web().address()).await.unwrap();
        connection.write_all(beginning.as_bytes()).await.unwrap();
        answer_of(&mut connection).await
    });
    let answers = future::join_all(ends).await;
    assert!(began.elapsed() < Duration::from_secs(25), "held on for {:?}", began.elapsed());
    assert!(answers.iter().all(|answer| !answer.starts_with("HTTP/1.1 2")), "{answers:?}");
    site.web().get("/v1/site", None).await.expect(200);
}

async fn two_hundred_streams(house: House) {
    let site = house.open(setup()).await;
    let mut customers = Vec::new();
    for n in 0..20 {
        let customer = site.customer(&format!("Customer {n}")).await;
        for _ in 0..9 {
            customer.opens_another_tab();
        }
        customers.push(customer);
    }
    site.settle().await;
    assert!(site.web().get("/metrics", None).await.text().contains("streams_open 200\n"));
    future::join_all(customers.iter().map(|customer| customer.writes(customer.name()))).await;
    site.settle().await;
    for customer in &customers {
        for tab in customer.tabs() {
            assert_eq!(tab.page().texts("customer"), [customer.name()]);
            tab.close();
        }
    }
    crate::house::until("the streams to be let go", async || {
        site.web().get("/metrics", None).await.text().contains("streams_open 0\n")
    })
    .await;
}

async fn a_very_long_conversation_is_shown_whole(house: House) {
    const MESSAGES: usize = 5_000;
    let site = house.open(setup()).await;
    let new = NewCustomer { page: false, receipts: false, ..NewCustomer::named("Ada") };
    let ada = site.new_customer(new).await;
    let writes = stream::iter(0..MESSAGES).map(|n| {
        let ada = ada.clone();
        async move { ada.writes(&format!("message {n}")).await }
    });
    writes.buffer_unordered(100).for_each(async |_| {}).await;
    site.settle_within(PATIENCE * 2).await;
    let tab = ada.opens_another_tab();
    site.settle().await;
    assert_eq!(tab.page().streams, 1);
    let mut shown = tab.page().texts("customer");
    assert_eq!(shown.len(), MESSAGES);
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), MESSAGES);
    // By asking for pages it is the same.
    let (mut after, mut count) = (0, 0);
    loop {
        let page = site.web().get(&format!("/v1/messages?after={after}"), Some(ada.token())).await.expect(200);
        let messages = page["messages"].as_array().unwrap();
        count += messages.len();
        after = messages.last().map_or(after, |message| message["rev"].as_i64().unwrap());
        if page["more"] == false {
            break;
        }
    }
    assert_eq!(count, MESSAGES);
}

/// What the other end says until it hangs up.
async fn answer_of(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset says nothing more.
    let ended = timeout(PATIENCE, connection.read_to_end(&mut bytes)).await;
    assert!(ended.is_ok(), "the connection is never cut: {}", String::from_utf8_lossy(&bytes));
    String::from_utf8_lossy(&Bytes::from(bytes)).into_owned()
}
