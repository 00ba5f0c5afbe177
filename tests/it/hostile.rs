//! Those who want too much or mean ill: bodies and heads that are too large, connections and uploads that only hold on,
//! many streams, a very long conversation.

use crate::house::{DeskKind, House, NewCustomer, PATIENCE, Setup};
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, future, stream};
use http::Method;
use hyper::body::Bytes;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

plays! {
    a_body_that_is_too_large,
    a_head_that_is_too_large,
    connections_that_only_hold_on_are_cut,
    a_body_of_one_byte_a_second,
    hundreds_of_connections_from_one_address,
    uploads_that_never_end_keep_nobody_else_from_uploading,
    a_reader_that_reads_nothing_is_hung_up_on,
    two_hundred_streams,
    a_very_long_conversation_is_shown_whole,
}

fn setup() -> Setup {
    Setup::at(DeskKind::Practice)
}

async fn a_body_that_is_too_large(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    let large = serde_json::json!({ "key": "a-large-one", "text": "x".repeat(140_000) });
    let refused = site.web().send(Method::POST, "/v1/messages", Some(ada.token()), &large).await;
    assert_eq!(refused.problem(), "413 The body of the request is too long. Send less at once.");
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

async fn a_body_of_one_byte_a_second(house: House) {
    let site = house.open(setup()).await;
    let mut connection = TcpStream::connect(site.web().address()).await.unwrap();
    let head =
        "POST /v1/conversations HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n";
    connection.write_all(head.as_bytes()).await.unwrap();
    let (mut reads, mut writes) = connection.into_split();
    let drips = tokio::spawn(async move {
        // Until it is hung up on.
        while writes.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let answer = answer_of(&mut reads).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("did not arrive in time"), "{answer}");
    timeout(PATIENCE, drips).await.unwrap().unwrap();
    // It is not our failure.
    assert_eq!(site.journal().count("a request failed on our side"), 0);
}

async fn hundreds_of_connections_from_one_address(house: House) {
    const MAX: usize = 100;
    let limits = "connections_per_address_max = 100\nstreams_per_address_max = 90\nrequests_per_address_per_minute = 0";
    let site = house.open(Setup { limits, ..setup() }).await;
    let ada = site.new_customer(NewCustomer { receipts: false, ..NewCustomer::named("Ada") }).await;
    ada.writes("I was here first").await;
    site.settle().await;
    let connect = async |_| TcpStream::connect(site.web().address()).await.unwrap();
    let mut strangers = future::join_all((0..500).map(connect)).await;
    // Each that is too many is told so, or hung up on; the others are let wait for their head.
    let told = future::join_all(strangers.iter_mut().map(|stranger| {
        timeout(Duration::from_secs(8), async {
            let mut bytes = Vec::new();
            let _ = stranger.read_to_end(&mut bytes).await;
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }))
    .await;
    let turned_away: Vec<&String> = told.iter().flatten().collect();
    assert!((500 - MAX..500).contains(&turned_away.len()), "{} were turned away", turned_away.len());
    let word = turned_away[0];
    assert!(word.starts_with("HTTP/1.1 429 ") && word.contains("retry-after: 10\r\n"), "{word}");
    assert!(word.ends_with("\"detail\":\"Too many connections from this address. Try again in 10 s.\"}"), "{word}");
    assert_eq!(site.journal().count("connections of an address are turned away"), 1);
    drop(strangers);
    crate::house::until("room for another connection", async || {
        let mut connection = TcpStream::connect(site.web().address()).await.unwrap();
        let _ = connection.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        answer_of(&mut connection).await.starts_with("HTTP/1.1 200 ")
    })
    .await;
    // The customer's stream was there before, and has outlasted them all.
    site.agent("Grace").writes(&ada, "And I see you").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["And I see you"]);
    assert_eq!(ada.page().streams, 1);
    let metrics = site.web().get("/metrics", None).await.text();
    assert!(metrics.contains("rate_limited_total{limit=\"connections_per_address_max\"} "), "{metrics}");
}

/// As much as a conversation can hold in one page of changes, and nobody who takes it.
async fn uploads_that_never_end_keep_nobody_else_from_uploading(house: House) {
    /// Of one address, and more than there are altogether.
    const OF_ONE: usize = 32;
    const TOO_MANY: usize = 8;
    const MALLORY: [u8; 4] = [127, 0, 0, 2];
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    let begin = async |from: [u8; 4], key: &str, body: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let mut connection = socket.connect(site.web().address().parse().unwrap()).await.unwrap();
        let head = format!(
            "POST /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nupload-key: {key}\r\n\
             upload-name: a.txt\r\ncontent-length: 5\r\nconnection: close\r\n\r\n{body}",
            ada.token()
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        connection
    };
    let mut endless = Vec::new();
    for at in 0..OF_ONE + TOO_MANY {
        endless.push(begin(MALLORY, &format!("never-ends-{at}"), "x").await);
    }
    let answers: FuturesUnordered<_> = endless.iter_mut().map(answer_of).collect();
    let told: Vec<String> = answers.take(TOO_MANY).collect().await;
    let word = "\"detail\":\"Too many uploads from this address at once. Try again in 5 s.\"}";
    assert!(told.iter().all(|told| told.starts_with("HTTP/1.1 429 ") && told.ends_with(word)), "{told:?}");
    let mut other = begin([127, 0, 0, 3], "hello-from-elsewhere", "hello").await;
    let answer = answer_of(&mut other).await;
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

async fn a_reader_that_reads_nothing_is_hung_up_on(house: House) {
    let limits = "message_chars_max = 40000\nbody_bytes_max = 250000\nmessages_per_conversation_per_minute = 0\n\
                  requests_per_address_per_minute = 0";
    let site = house.open(Setup { limits, ..setup() }).await;
    let new = NewCustomer { page: false, receipts: false, ..NewCustomer::named("Ada") };
    let ada = site.new_customer(new).await;
    let text = "\u{1f600}".repeat(40_000);
    for _ in 0..20 {
        ada.writes(&text).await;
    }
    // Nobody is given all of that at once.
    let page = site.web().get("/v1/messages", Some(ada.token())).await;
    assert!(page.bytes.len() < 1_000_000, "{} bytes at once", page.bytes.len());
    assert_eq!(page.expect(200)["more"], true);
    let ask = format!("GET /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", ada.token());
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut reader = socket.connect(site.web().address().parse().unwrap()).await.unwrap();
    // More answers than the system's buffers take.
    reader.write_all(ask.repeat(40).as_bytes()).await.unwrap();
    let began = Instant::now();
    crate::house::until("the reader to be hung up on", async || reader.try_write(b"\r\n").is_err()).await;
    assert!(began.elapsed() > Duration::from_secs(5), "{:?}", began.elapsed());
    site.settle_within(PATIENCE * 2).await;
    let tab = ada.opens_another_tab();
    site.settle_within(PATIENCE * 2).await;
    assert_eq!(tab.page().texts("customer").len(), 20);
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
async fn answer_of(connection: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset says nothing more.
    let ended = timeout(PATIENCE, connection.read_to_end(&mut bytes)).await;
    assert!(ended.is_ok(), "the connection is never cut: {}", String::from_utf8_lossy(&bytes));
    String::from_utf8_lossy(&Bytes::from(bytes)).into_owned()
}
