//! What the site knows travels with the conversation: plays of the card at the root of the thread, of
//! what topics ask for, and of the hostile who say it all themselves.

use crate::house::{Answer, Customer, DeskKind, House, NewCustomer, Setup, Site};
use expect_test::{Expect, expect};
use http::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};
use threadline_fake_slack::Fault;

desk_plays! { hostile_words_on_the_card }
plays! {
    everything_known_is_on_the_card_in_slack,
    everything_known_is_on_the_card_at_the_practice_desk,
    what_a_topic_asks_for_is_checked,
    what_cannot_be_kept_is_said,
    a_card_that_slack_refuses_goes_without_what_the_customer_said,
}

/// Topics that ask, and facts with labels.
const TOPICS: &str = r#"
[[topic]]
id = "technical"
label = "Technical Issues"
[[topic.field]]
id = "campaign_id"
label = "Campaign ID"
help = "For example cp100; we use the id, not the name."
pattern = '^cp\d+$'
required = true
[[topic.field]]
id = "affected"
label = "Who is affected?"
kind = "choice"
choices = ["Only me", "My whole team"]
[[topic.field]]
id = "steps"
label = "Steps"
kind = "text"
[[topic]]
id = "billing"
label = "Billing Questions"
[[context]]
key = "campaign_id"
label = "Campaign"
link = "https://app.example.com/campaigns/{campaign_id}"
pattern = '^cp\d+$'
[[context]]
key = "plan"
label = "Plan"
"#;

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0";

fn setup(desk: DeskKind) -> Setup {
    Setup { topics: TOPICS, by_hand: true, ..Setup::at(desk) }
}

/// Opens a conversation as a browser does, with all that one says.
async fn opens(site: &Site, said: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("user-agent", FIREFOX)];
    let body = Bytes::from(said.to_string());
    site.web().ask(Method::POST, "/v1/conversations", &headers, body).await.unwrap()
}

async fn whole_customer(site: &Site) -> Customer {
    let more = json!({
        "fields": { "campaign_id": "cp100", "affected": "My whole team", "steps": "1. Open the list\n2. Press *Export*" },
        "page": {
            "url": "https://shop.example.com/exports?id=7&tab=a",
            "title": "Exports",
            "referrer": "https://news.example.com/today",
        },
        "facts": { "plan": "pro", "campaign_id": "cp200", "seats": 12, "trial": false },
        "language": "de-AT",
        "time_zone": "Europe/Vienna",
    });
    site.new_customer(NewCustomer { more, ..NewCustomer::named("Ada") }).await
}

async fn everything_known_is_on_the_card_in_slack(house: House) {
    let site = house.open(setup(DeskKind::Slack)).await;
    let ada = whole_customer(&site).await;
    ada.writes("My export hangs").await;
    site.settle().await;
    expect![[r#"
        #support
        └ Threadline: #1001 · Technical Issues
              Waiting for an answer since (a time)
              Customer
              Ada Email
              ada@example.com Campaign ID
              cp100 Who is affected?
              My whole team Campaign
              cp200 Plan
              pro Page
              Exports
              https://shop.example.com/exports?id=7&tab=a Came from
              https://news.example.com/today
              Steps
              1. Open the list
              2. Press *Export*
              From the page: seats = 12, trial = false
              German (AT) · began Thu 01:00 local time (Europe/Vienna, UTC+1)
              [Claim] [Resolve] […]
          Ada (customer): My export hangs
    "#]]
    .assert_eq(&site.slack().transcript());
}

async fn everything_known_is_on_the_card_at_the_practice_desk(house: House) {
    let site = house.open(setup(DeskKind::Practice)).await;
    let ada = whole_customer(&site).await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let thread = site.web().get("/practice/api/threads/1001", None).await.expect(200);
    assert_eq!((&thread["customer"], &thread["topic"]), (&"Ada".into(), &"Technical Issues".into()));
    expect![[r##"
        {
          "buttons": [
            {
              "asks": null,
              "label": "Claim",
              "verb": "claim"
            },
            {
              "asks": null,
              "label": "Resolve",
              "verb": "resolve"
            }
          ],
          "fields": [
            {
              "label": "Customer",
              "text": "Ada"
            },
            {
              "label": "Email",
              "text": "ada@example.com"
            },
            {
              "href": "https://app.example.com/campaigns/cp100",
              "label": "Campaign ID",
              "text": "cp100"
            },
            {
              "label": "Who is affected?",
              "text": "My whole team"
            },
            {
              "href": "https://app.example.com/campaigns/cp200",
              "label": "Campaign",
              "text": "cp200"
            },
            {
              "label": "Plan",
              "text": "pro"
            },
            {
              "href": "https://shop.example.com/exports?id=7&tab=a",
              "label": "Page",
              "text": "https://shop.example.com/exports?id=7&tab=a",
              "title": "Exports"
            },
            {
              "href": "https://news.example.com/today",
              "label": "Came from",
              "text": "https://news.example.com/today",
              "title": null
            }
          ],
          "holder": null,
          "more": [
            {
              "asks": "person",
              "label": "Assign…",
              "verb": "assign"
            },
            {
              "asks": "note",
              "label": "Note…",
              "verb": "note"
            },
            {
              "asks": null,
              "label": "Make a ticket",
              "verb": "ticket"
            },
            {
              "asks": "topic",
              "label": "Topic…",
              "verb": "topic"
            },
            {
              "asks": null,
              "label": "Help",
              "verb": "help"
            }
          ],
          "replies": [],
          "small_print": [
            "From the page: seats = 12, trial = false",
            "German (AT) · began Thu 01:00 local time (Europe/Vienna, UTC+1)"
          ],
          "standing": "Waiting for an answer",
          "texts": [
            {
              "label": "Steps",
              "text": "1. Open the list\n2. Press *Export*"
            }
          ],
          "ticket": null,
          "time": {
            "at": 1767225600000,
            "before": "since"
          },
          "title": "#1001 · Technical Issues",
          "topics": [
            "Technical Issues",
            "Billing Questions"
          ]
        }
    "##]]
    .assert_eq(&format!("{:#}\n", thread["posts"][0]["card"]));
}

async fn what_a_topic_asks_for_is_checked(house: House) {
    let site = house.open(setup(DeskKind::Practice)).await;
    let mut answers = Vec::new();
    for fields in [
        json!({}),
        json!({ "campaign_id": " \u{200b} " }),
        json!({ "campaign_id": "Summer sale" }),
        json!({ "campaign_id": "cp100", "affected": "Everybody" }),
        json!({ "campaign_id": "cp100", "steps": "x".repeat(2_001) }),
        json!({ "campaign_id": "cp100", "<b>": "x" }),
    ] {
        answers.push(opens(&site, &json!({ "topic": "technical", "fields": fields })).await);
    }
    assert_eq!(answers[2].json()["field"], "campaign_id");
    check(
        &answers,
        expect![[r#"
        422 campaign_id: please answer “Campaign ID”.
        422 campaign_id: please answer “Campaign ID”.
        422 campaign_id: This does not look right. For example cp100; we use the id, not the name.
        422 affected: choose one of Only me, My whole team.
        422 steps: at most 2000 characters.
        422 fields: there is no such field.
    "#]],
    );
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM conversation").await, 0);
    // A page that is older than the configuration says more than is asked for: it is kept.
    let more = json!({ "fields": { "order_id": "77" } });
    let old = site.new_customer(NewCustomer { topic: "billing", more, ..NewCustomer::named("Ada") }).await;
    old.writes("Where is it?").await;
    site.settle().await;
    let thread = site.web().get(&format!("/practice/api/threads/{}", old.number()), None).await.expect(200);
    let fields = thread["posts"][0]["card"]["fields"].to_string();
    assert!(fields.contains(r#"{"label":"Answer to “order_id”","text":"77"}"#), "{fields}");
}

async fn what_cannot_be_kept_is_said(house: House) {
    let site = house.open(setup(DeskKind::Practice)).await;
    let many: serde_json::Map<String, Value> = (0..31).map(|n| (format!("key_{n}"), json!(n))).collect();
    let mut answers = Vec::new();
    for facts in [
        json!({ "Plan!": "pro" }),
        json!({ "plan": "x".repeat(501) }),
        json!({ "plan": ["pro"] }),
        json!({ "plan": { "name": "pro" } }),
        json!(many),
        json!("plan=pro"),
    ] {
        answers.push(opens(&site, &json!({ "topic": "billing", "facts": facts })).await);
    }
    check(
        &answers,
        expect![[r#"
        422 Plan!: a key is 1 to 40 of the letters a-z, digits and _, and begins with a letter.
        422 plan: at most 500 characters.
        422 The body is not what it should be (facts.plan: a value is text, a number, true, false or null at line 1 column 25). GET /openapi.json describes it.
        422 The body is not what it should be (facts.plan: a value is text, a number, true, false or null at line 1 column 32). GET /openapi.json describes it.
        422 facts: at most 30 keys.
        422 The body is not what it should be (facts: invalid type: string "plan=pro", expected a map at line 1 column 19). GET /openapi.json describes it.
    "#]],
    );
    // What a browser gets wrong by itself keeps nobody from asking.
    let odd = json!({
        "topic": "billing",
        "facts": { "plan": null, "seats": 1e3 },
        "page": { "url": "javascript:alert(1)", "title": "\u{202e}", "referrer": "about:blank" },
        "language": "<script>",
        "time_zone": "Mars/Olympus",
    });
    opens(&site, &odd).await.expect(201);
    let known = site.probe().text("SELECT known FROM context").await;
    assert_eq!(known, r#"{"browser":"Firefox 139","system":"Windows","facts":{"seats":"1000.0"}}"#);
}

async fn hostile_words_on_the_card(house: House, desk: DeskKind) {
    let site = house.open(setup(desk)).await;
    let evil = "<!channel> <https://evil.example|https://bank.example> *x* _y_ `z` \u{202e}@here :tada: \u{0}\n> q";
    let more = json!({
        "name": evil,
        "fields": { "campaign_id": "cp1", "steps": format!("{evil}\n{evil}") },
        "page": { "url": "https://shop.example.com/<!channel>|x>", "title": evil, "referrer": "https://evil.example/|<@U1>" },
        "facts": { "campaign_id": "cp1|<!here>", "plan": evil, "identity": "verified" },
        "language": "de",
    });
    let eve = site.new_customer(NewCustomer { more, ..NewCustomer::named("Eve") }).await;
    eve.writes("Hello").await;
    site.settle().await;
    match desk {
        DeskKind::Slack => expect![[r#"
            #support
            └ Threadline: #1001 · Technical Issues
                  Waiting for an answer since (a time)
                  Customer
                  <!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada: > q Email
                  eve@example.com Campaign ID
                  cp1 Campaign
                  ⚠️ cp1|<!here>
                  (not the usual form) Plan
                  <!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada: > q Page
                  <!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada: > q
                  https://shop.example.com/<!channel>|x> Came from
                  https://evil.example/¦<@U1>
                  Steps
                  <!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada:
                  > q
                  <!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada:
                  > q
                  From the page: identity = verified
                  German
                  [Claim] [Resolve] […]
              !channel https//evil.examplehttps//bank.example x _y_ z her… (customer): Hello
        "#]]
        .assert_eq(&site.slack().transcript()),
        DeskKind::Practice => {
            let thread = site.web().get("/practice/api/threads/1001", None).await.expect(200);
            expect![[r##"
                {
                  "buttons": [
                    {
                      "asks": null,
                      "label": "Claim",
                      "verb": "claim"
                    },
                    {
                      "asks": null,
                      "label": "Resolve",
                      "verb": "resolve"
                    }
                  ],
                  "fields": [
                    {
                      "label": "Customer",
                      "text": "<!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada: > q"
                    },
                    {
                      "label": "Email",
                      "text": "eve@example.com"
                    },
                    {
                      "href": "https://app.example.com/campaigns/cp1",
                      "label": "Campaign ID",
                      "text": "cp1"
                    },
                    {
                      "label": "Campaign",
                      "odd": "not the usual form",
                      "text": "cp1|<!here>"
                    },
                    {
                      "label": "Plan",
                      "text": "<!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada: > q"
                    },
                    {
                      "href": "https://shop.example.com/<!channel>|x>",
                      "label": "Page",
                      "text": "https://shop.example.com/<!channel>|x>",
                      "title": "<!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada: > q"
                    },
                    {
                      "href": "https://evil.example/|<@U1>",
                      "label": "Came from",
                      "text": "https://evil.example/|<@U1>",
                      "title": null
                    }
                  ],
                  "holder": null,
                  "more": [
                    {
                      "asks": "person",
                      "label": "Assign…",
                      "verb": "assign"
                    },
                    {
                      "asks": "note",
                      "label": "Note…",
                      "verb": "note"
                    },
                    {
                      "asks": null,
                      "label": "Make a ticket",
                      "verb": "ticket"
                    },
                    {
                      "asks": "topic",
                      "label": "Topic…",
                      "verb": "topic"
                    },
                    {
                      "asks": null,
                      "label": "Help",
                      "verb": "help"
                    }
                  ],
                  "replies": [],
                  "small_print": [
                    "From the page: identity = verified",
                    "German"
                  ],
                  "standing": "Waiting for an answer",
                  "texts": [
                    {
                      "label": "Steps",
                      "text": "<!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada:\n> q\n<!channel> <https://evil.example|https://bank.example> *x* _y_ `z` @here :tada:\n> q"
                    }
                  ],
                  "ticket": null,
                  "time": {
                    "at": 1767225600000,
                    "before": "since"
                  },
                  "title": "#1001 · Technical Issues",
                  "topics": [
                    "Technical Issues",
                    "Billing Questions"
                  ]
                }
            "##]].assert_eq(&format!("{:#}\n", thread["posts"][0]["card"]));
        }
    }
}

async fn a_card_that_slack_refuses_goes_without_what_the_customer_said(house: House) {
    let site = house.open(setup(DeskKind::Slack)).await;
    site.slack().faults().next("chat.postMessage", Fault::Error("msg_blocks_too_long".into()));
    let ada = whole_customer(&site).await;
    ada.writes("My export hangs").await;
    site.settle().await;
    expect![[r#"
        #support
        └ Threadline: #1001 · Technical Issues
              Waiting for an answer since (a time)
              [Claim] [Resolve] […]
          Ada (customer): My export hangs
    "#]]
    .assert_eq(&site.slack().transcript());
    assert_eq!(site.logged("a card was refused; once more with its title alone"), 1);
}

fn check(answers: &[Answer], expected: Expect) {
    let problems: Vec<String> = answers.iter().map(Answer::problem).collect();
    expected.assert_eq(&(problems.join("\n") + "\n"));
}
