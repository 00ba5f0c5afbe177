//! Going on where it stopped: streams that break, pages in two tabs, a service that is started
//! again in the middle.

use crate::house::{DeskKind, House, PATIENCE, Page, Setup, until};
use expect_test::expect;
use http::Method;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use serde_json::json;
use std::time::Duration;
use threadline_fake_slack::Fault;

desk_plays! {
    a_stream_that_breaks_again_and_again_shows_each_change_once,
    two_tabs_show_the_same,
    the_service_is_started_again_in_the_middle,
    who_has_seen_more_than_there_is_begins_anew,
}
plays! {
    frames_that_were_kept_before_a_restart_are_read_after_it,
    frames_of_long_ago_are_forgotten_however_many_there_are,
}

async fn a_stream_that_breaks_again_and_again_shows_each_change_once(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("message 0").await;
    site.settle().await;
    let (grace, breaker) = (site.agent("Grace"), ada.clone());
    let breaking = tokio::spawn(async move {
        let mut pause = 1;
        loop {
            breaker.cut();
            // Pauses that hit every point of a stream's life.
            pause = pause * 7 % 31;
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    });
    for n in 1..30 {
        ada.writes(&format!("message {n}")).await;
        let post = grace.writes(&ada, &format!("answer {n}, first")).await;
        if n % 3 == 0 {
            grace.edits(&ada, &post, &format!("answer {n}")).await;
        }
    }
    breaking.abort();
    site.settle().await;
    let page = ada.page();
    assert!(page.streams > 5, "the stream broke {} times only", page.streams);
    assert_eq!(page.texts("customer"), (0..30).map(|n| format!("message {n}")).collect::<Vec<_>>());
    let answer = |n: u32| if n.is_multiple_of(3) { format!("answer {n}") } else { format!("answer {n}, first") };
    assert_eq!(page.texts("agent"), (1..30).map(answer).collect::<Vec<_>>());
    // That no change came twice is what every page complains of at the end of a play.
    assert!(page.changes.is_sorted());
}

/// As when a backup of the database was put back under an open chat.
async fn who_has_seen_more_than_there_is_begins_anew(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let polled = site.web().get("/v1/messages?after=1000", Some(ada.token())).await.json();
    assert_eq!((polled["messages"].as_array().map(Vec::len), &polled["rev"]), (Some(1), &json!(2)), "{polled}");
    let bearer = format!("Bearer {}", ada.token());
    let headers = [("authorization", bearer.as_str()), ("last-event-id", "1000")];
    let mut stream = site.web().begin(Method::GET, "/v1/events", &headers, Bytes::new()).await.unwrap().into_body();
    let mut page = Page::default();
    while !page.is_live {
        page.take(stream.frame().await.unwrap().unwrap().data_ref().unwrap());
    }
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    while page.messages().len() < 2 {
        page.take(stream.frame().await.unwrap().unwrap().data_ref().unwrap());
    }
    assert_eq!((page.transcript(), &page.complaints), (ada.sees(), &Vec::new()));
}

async fn two_tabs_show_the_same(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    let second = ada.opens_another_tab();
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    let third = ada.opens_another_tab();
    site.settle().await;
    assert_eq!(second.page().transcript(), ada.sees());
    assert_eq!(third.page().transcript(), ada.sees());
    second.close();
    ada.writes("Thank you").await;
    site.settle().await;
    assert_eq!(third.page().transcript(), ada.sees());
    assert_eq!(second.page().texts("customer"), ["My export hangs"]);
}

async fn the_service_is_started_again_in_the_middle(house: House, desk: DeskKind) {
    let site = house.open(Setup::at(desk)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "Looking into it").await;
    site.settle().await;
    for round in 1..=3 {
        // Stored, and not yet in the thread when the service ends.
        ada.writes(&format!("Question {round}")).await;
        site.stops().await;
        site.starts().await;
        site.settle().await;
        grace.writes(&ada, &format!("Answer {round}")).await;
        site.settle().await;
    }
    ada.looks().await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Looking into it ✓ 👁
          Ada (customer): Question 1
          Grace: Answer 1 ✓ 👁
          Ada (customer): Question 2
          Grace: Answer 2 ✓ 👁
          Ada (customer): Question 3
          Grace: Answer 3 ✓ 👁
    "#]]
    .assert_eq(&site.thread(&ada).await);
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it
        me: Question 1 (sent)
        Grace: Answer 1
        me: Question 2 (sent)
        Grace: Answer 2
        me: Question 3 (sent)
        Grace: Answer 3
    "#]]
    .assert_eq(&ada.sees());
}

async fn frames_that_were_kept_before_a_restart_are_read_after_it(house: House) {
    let site = house.open(Setup::at(DeskKind::Slack)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    // Who wrote cannot be looked up, so the frame is kept and acknowledged, but not understood.
    site.slack().faults().always("users.info", Fault::Status(503));
    let grace = site.agent("Grace");
    grace.writes(&ada, "Looking into it").await;
    let unread = "SELECT COUNT(*) FROM frame WHERE read_at IS NULL";
    crate::house::until("an unread frame", async || site.probe().number(unread).await == 1).await;
    site.slack().wait_until(|slack| slack.unacked_events() == 0, PATIENCE).await.unwrap();
    site.stops().await;
    site.slack().faults().clear();
    site.starts().await;
    ada.waits_to_see("Looking into it").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["Looking into it"]);
}

async fn frames_of_long_ago_are_forgotten_however_many_there_are(house: House) {
    let site = house.open(Setup::at(DeskKind::Slack)).await;
    let old = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) \
               INSERT INTO frame (platform, key, raw, at, read_at) SELECT 'slack', CAST(i AS TEXT), '{}', 1, 1 FROM n";
    site.probe().spoils(old).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    // Housekeeping begins with the start.
    site.stops().await;
    site.starts().await;
    let left = async |of: &'static str| site.probe().number(of).await;
    until("what is old to be forgotten", async || left("SELECT COUNT(*) FROM frame WHERE at = 1").await == 0).await;
    assert!(left("SELECT COUNT(*) FROM frame").await > 0, "what came lately is kept");
    site.settle().await;
}
