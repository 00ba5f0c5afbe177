//! What is Slack's own: events that come twice, late, or not at all; edits that are none; text that
//! wants to be more than text; threads, channels and tokens that go away; limits, and answers that
//! get lost.

use crate::house::{CHANNEL, DeskKind, House, NewCustomer, PATIENCE, SECOND_CHANNEL, Setup, cards};
use expect_test::expect;
use serde_json::json;
use std::time::Duration;
use threadline_fake_slack::{EventFault, Fault, signature};

plays! {
    events_that_come_twice_or_late_or_in_another_order,
    a_change_that_nobody_made_changes_nothing,
    unknown_forms_lose_no_words,
    what_agents_write_in_passing_arrives,
    long_messages_are_split_in_order,
    what_customers_write_is_only_text,
    an_answer_that_gets_lost_is_looked_up,
    slack_asks_for_a_pause,
    slacks_own_limits_bite,
    a_deleted_thread_is_continued_in_another,
    several_channels_share_the_conversations,
    events_over_http,
    a_file_is_mentioned,
}

fn setup() -> Setup {
    Setup::at(DeskKind::Slack)
}

async fn events_that_come_twice_or_late_or_in_another_order(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (grace, faults) = (site.agent("Grace"), site.slack().faults());
    faults.next_event(EventFault::Duplicate);
    grace.writes(&ada, "one").await;
    site.settle().await;
    faults.next_event(EventFault::Swap);
    grace.writes(&ada, "two").await;
    grace.writes(&ada, "three").await;
    site.settle().await;
    faults.next_event(EventFault::Delay(Duration::from_millis(300)));
    let late = grace.writes(&ada, "four").await;
    grace.writes(&ada, "five").await;
    grace.edits(&ada, &late, "four, edited").await;
    let gone = grace.writes(&ada, "six").await;
    site.settle().await;
    faults.next_event(EventFault::Swap);
    grace.edits(&ada, &gone, "six, edited").await;
    grace.deletes(&ada, &gone).await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: one
        Grace: two
        Grace: three
        Grace: four, edited
        Grace: five
        Grace: (deleted)
    "#]]
    .assert_eq(&ada.sees());
}

async fn a_change_that_nobody_made_changes_nothing(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("See https://shop.example.com/exports").await;
    site.settle().await;
    let post = site.agent("Grace").writes(&ada, "See https://shop.example.com/help").await;
    site.settle().await;
    let changes = ada.page().changes.len();
    site.slack().unfurls(&post, "https://shop.example.com/help");
    site.slack().agent("Alan").reacts(&post, "tada");
    site.settle().await;
    assert_eq!(ada.page().changes.len(), changes);
    expect![[r#"
        me: See https://shop.example.com/exports (sent)
        Grace: See [https://shop.example.com/help](https://shop.example.com/help)
    "#]]
    .assert_eq(&ada.sees());
}

async fn unknown_forms_lose_no_words(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let slack = site.slack();
    let (root, grace) = (slack.find_thread_containing("My export").unwrap(), slack.agent("Grace"));
    let say = |text: &str, blocks: serde_json::Value| grace.writes_blocks(CHANNEL, root.as_str(), text, blocks);
    say("a form of next year", json!([{ "type": "hologram", "depth": 3 }]));
    say("no blocks <https://shop.example.com|at all> &amp; *bold*", json!([]));
    say(
        "odd inside",
        json!([{ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [
            { "type": "text", "text": "known " },
            { "type": "sparkle", "text": "unknown " },
            { "type": "emoji", "name": "wave", "unicode": "1f44b" },
            { "type": "color", "value": "#ff0000" },
            { "type": "link", "url": "javascript:alert(1)", "text": " press here" },
            { "type": "text", "text": " end" },
        ] }] }]),
    );
    grace.writes(CHANNEL, root.as_str(), &format!("Ask <@{}> in <#{CHANNEL}>, <!here>", slack.agent("Alan").id));
    slack.sends_event(json!({ "type": "message", "channel": CHANNEL, "subtype": "of_next_year", "ts": "1.000001", "thread_ts": root }));
    slack.sends_event(json!({ "type": "message", "channel": 7, "text": null }));
    slack.sends_event(json!({ "type": "sunrise" }));
    slack.sends_frame(r#"{"type":"weather","outlook":"fine"}"#);
    slack.sends_frame("no JSON");
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: a form of next year
        Grace: no blocks [at all](https://shop.example.com) &amp; *bold*
        Grace: known unknown 👋#ff0000 press here end
        Grace: Ask @our team in #channel, @our team
    "#]]
    .assert_eq(&ada.sees());
}

async fn what_agents_write_in_passing_arrives(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let slack = site.slack();
    let (root, grace) = (slack.find_thread_containing("My export").unwrap(), slack.agent("Grace"));
    slack.add_emoji("our-logo", "https://emoji.example.com/our-logo.png");
    grace.writes(CHANNEL, root.as_str(), ":wave:");
    grace.writes(CHANNEL, root.as_str(), ":our-logo:");
    grace.writes_me(CHANNEL, root.as_str(), "is looking into it");
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["👋", ":our-logo:", "is looking into it"]);
}

async fn long_messages_are_split_in_order(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    let long: String = (0..1_500).map(|n| format!("w{n:04} ")).collect();
    ada.writes(long.trim()).await;
    ada.writes("Thank you").await;
    site.settle().await;
    let posts = site.slack().messages(CHANNEL);
    let sizes: Vec<usize> = posts[1..].iter().map(|post| post.shown.chars().count()).collect();
    assert!(sizes.iter().all(|size| *size <= 4_000) && sizes.len() >= 3, "{sizes:?}");
    let words = posts[1..].iter().map(|post| post.shown.replace('\n', " ")).collect::<Vec<_>>().join(" ");
    assert_eq!(words, format!("{long}Thank you"));
    assert_eq!(ada.page().texts("customer").len(), 2);
    assert!(ada.sees().ends_with("me: Thank you (sent)\n"));
}

async fn what_customers_write_is_only_text(house: House) {
    let site = house.open(setup()).await;
    let alan = site.slack().agent("Alan");
    let evil = format!(
        "<!channel> <@{}> @here @channel <https://evil.example|our bank> *bold* `code` :tada: &amp; </x>",
        alan.id
    );
    let name = format!("<!channel> *@everyone* <@{}>", alan.id);
    let ada = site.new_customer(NewCustomer { name: Some(name), ..NewCustomer::named("") }).await;
    ada.writes(&evil).await;
    site.settle().await;
    ada.writes("> a quote\n- an item\n```code```").await;
    site.settle().await;
    for post in site.slack().messages(CHANNEL) {
        let blocks = post.json["blocks"].to_string();
        for active in ["user", "broadcast", "usergroup", "emoji", "rich_text_list", "rich_text_quote"] {
            assert!(!blocks.contains(&format!("\"type\":\"{active}\"")), "{active} in {blocks}");
        }
        // Only a card has mrkdwn, for its labels and links, and Slack finds nothing by itself in it.
        assert_eq!(blocks.matches("\"mrkdwn\"").count(), blocks.matches("\"verbatim\":true").count(), "{blocks}");
        assert!(!post.text.contains('<') && !post.text.contains('>'), "{}", post.text);
        assert!(!post.author.contains(['<', '@', '*']), "{}", post.author);
    }
    expect![[r#"
        #support
        └ Threadline: #1001 · Technical Issues
              Waiting for an answer since (a time)
              Customer
              <!channel> *@everyone* <@ALAN> Email
              channeleveryoneu0person01@example.com Page
              Exports
              https://shop.example.com/exports
              [Claim] [Resolve] […]
          !channel everyone ALAN (customer): <!channel> <@ALAN> @here @channel <https://evil.example|our bank> *bold* `code` :tada: &amp; </x>
          !channel everyone ALAN (customer): > a quote
              - an item
              ```code```
    "#]].assert_eq(&site.slack().transcript().replace(&alan.id, "ALAN"));
}

async fn an_answer_that_gets_lost_is_looked_up(house: House) {
    let site = house.open(setup()).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    let faults = site.slack().faults();
    // The card was posted, and the connection cut before anybody heard of it.
    faults.next("chat.postMessage", Fault::CutAfter);
    ada.writes("one").await;
    site.settle().await;
    for fault in
        [Fault::CutAfter, Fault::CutBefore, Fault::Status(502), Fault::Html, Fault::Error("internal_error".into())]
    {
        faults.next("chat.postMessage", fault.clone());
        ada.writes(&format!("after {fault:?}")).await;
        site.settle().await;
    }
    // Looking it up fails too.
    faults.next("chat.postMessage", Fault::CutAfter);
    faults.next_times("conversations.replies", 2, Fault::Status(500));
    ada.writes("last").await;
    site.settle().await;
    bob.writes("undisturbed").await;
    site.settle().await;
    expect![[r##"
        #1001 · Technical Issues
          Ada (customer): one
          Ada (customer): after CutAfter
          Ada (customer): after CutBefore
          Ada (customer): after Status(502)
          Ada (customer): after Html
          Ada (customer): after Error("internal_error")
          Ada (customer): last
        #1002 · Technical Issues
          Bob (customer): undisturbed
    "##]]
    .assert_eq(&(site.thread(&ada).await + &site.thread(&bob).await));
    assert_eq!(cards(site.slack(), &ada), 1);
}

async fn slack_asks_for_a_pause(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("one").await;
    site.settle().await;
    let faults = site.slack().faults();
    faults.next("chat.postMessage", Fault::RateLimited { retry_after_secs: 1 });
    faults.next("reactions.add", Fault::RateLimited { retry_after_secs: 1 });
    let began = tokio::time::Instant::now();
    ada.writes("two").await;
    ada.writes("three").await;
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    assert!(began.elapsed() >= Duration::from_secs(1), "the pause was not kept");
    let posts: Vec<_> = site.slack().calls_of("chat.postMessage").into_iter().map(|call| call.outcome).collect();
    assert_eq!(posts.iter().filter(|outcome| outcome.starts_with("fault")).count(), 1);
    assert_eq!(ada.page().texts("customer"), ["one", "two", "three"]);
    let thread = site.thread(&ada).await;
    assert!(
        thread.contains("one") && thread.contains("two") && thread.contains("three") && thread.contains("it ✓"),
        "{thread}"
    );
}

async fn slacks_own_limits_bite(house: House) {
    let site = house.open(Setup { rate_limits: true, ..setup() }).await;
    let ada = site.customer("Ada").await;
    for n in 0..40 {
        ada.writes(&format!("message {n}")).await;
    }
    site.settle().await;
    let thread = site.desk().customers_lines(&ada).await;
    assert_eq!(thread, (0..40).map(|n| format!("message {n}")).collect::<Vec<_>>());
    let calls = site.slack().calls_of("chat.postMessage");
    let refused = calls.iter().filter(|call| call.outcome != "ok").count();
    assert_eq!((refused, calls.len() < 12), (0, true), "{} calls, {refused} refused", calls.len());
}

async fn a_deleted_thread_is_continued_in_another(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "Looking into it").await;
    site.settle().await;
    let root = site.slack().find_thread_containing("My export").unwrap();
    site.slack().agent("Alan").deletes(&root);
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["Looking into it"], "deleting the card takes nothing back");
    ada.writes("Are you there?").await;
    site.settle().await;
    grace.writes(&ada, "Yes").await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it
        me: Are you there? (sent)
        Grace: Yes
    "#]]
    .assert_eq(&ada.sees());
    expect![[r#"
        #support
        └ (this message was deleted)
          Ada (customer): My export hangs
          Grace: Looking into it ✓
        └ Threadline: #1001 · Technical Issues
              Answered
              Customer
              Ada Email
              ada@example.com Page
              Exports
              https://shop.example.com/exports
              This conversation goes on here: its earlier thread was deleted.
              [Claim] [Resolve] […] (edited)
          Ada (customer): Are you there?
          Grace: Yes ✓
    "#]]
    .assert_eq(&site.slack().transcript());
}

async fn several_channels_share_the_conversations(house: House) {
    let site = house.open(Setup { channels: vec![CHANNEL, SECOND_CHANNEL], ..setup() }).await;
    let mut customers = Vec::new();
    for n in 0..10 {
        customers.push(site.customer(&format!("Customer {n}")).await);
    }
    futures_util::future::join_all(customers.iter().map(|customer| customer.writes("Hello"))).await;
    site.settle().await;
    for customer in &customers {
        site.agent("Grace").writes(customer, &format!("Hello {}", customer.name())).await;
        customer.writes("Thank you").await;
    }
    site.settle().await;
    for customer in &customers {
        assert_eq!(customer.page().texts("agent"), [format!("Hello {}", customer.name())]);
        assert_eq!(site.desk().customers_lines(customer).await, ["Hello", "Thank you"]);
    }
    let counts = [CHANNEL, SECOND_CHANNEL].map(|id| site.slack().messages(id).len());
    assert!(counts.iter().all(|count| *count > 0), "all went to one channel: {counts:?}");
}

async fn events_over_http(house: House) {
    let site = house.open(Setup { over_http: true, ..setup() }).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.slack().faults().next_event(EventFault::Duplicate);
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["Looking into it"]);

    let body = json!({ "type": "event_callback", "event_id": "Ev1", "event": { "type": "message" } }).to_string();
    let now = site.now_secs().to_string();
    let long_ago = (site.now_secs() - 600).to_string();
    let right = signature(site.slack().signing_secret(), &now, body.as_bytes());
    let knock = async |timestamp: &str, signature: &str, body: &str| {
        let headers = [
            ("x-slack-request-timestamp", timestamp),
            ("x-slack-signature", signature),
            ("content-type", "application/json"),
        ];
        let body = hyper::body::Bytes::from(body.to_string());
        site.web().ask(http::Method::POST, "/slack/events", &headers, body).await.unwrap()
    };
    let frames = site.probe().number("SELECT COUNT(*) FROM frame").await;
    let stale = signature(site.slack().signing_secret(), &long_ago, body.as_bytes());
    for (timestamp, signature, body) in [
        (&now, signature("another secret", &now, body.as_bytes()), body.clone()),
        (&now, right.clone(), body.replace("Ev1", "Ev2")),
        (&long_ago, stale, body.clone()),
        (&now, String::new(), body.clone()),
        (&String::new(), right.clone(), body.clone()),
    ] {
        let refused = knock(timestamp, &signature, &body).await;
        assert!(refused.problem().starts_with("401 "), "{}", refused.text());
    }
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM frame").await, frames);
    assert_eq!(knock(&now, &right, &body).await.status, 200);
    site.settle().await;
}

async fn a_file_is_mentioned(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let root = site.slack().find_thread_containing("My export").unwrap();
    site.slack().agent("Grace").shares(CHANNEL, root.as_str(), "guide.pdf", b"%PDF-".as_slice(), "Here is the guide");
    let shared = |slack: &threadline_fake_slack::FakeSlack| slack.messages(CHANNEL).len() == 3;
    site.slack().wait_until(shared, PATIENCE).await.unwrap();
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Here is the guide [guide.pdf]
    "#]]
    .assert_eq(&ada.sees());
    assert!(!ada.page().ever_got("files-pri"));
}
