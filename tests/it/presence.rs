//! Open means that somebody is there: who says that he comes or goes, whom Slack shows as active, and what
//! customers are told of it at once.

use crate::house::{Base, CHANNEL, Customer, DeskKind, House, Setup, Site, stage, until};
use expect_test::expect;
use serde_json::{Value, json};

desk_plays! {
    the_chat_is_open_while_somebody_is_there,
    who_is_busy_takes_no_other_chat,
    who_missed_a_chat_is_taken_to_be_away,
    who_is_there_outlives_a_restart_and_a_shift_ends,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

const TOPICS: &str = "open_when = \"presence\"\nanswer_within = \"4 hours\"\nticket_after = \"10 minutes\"\n\
                      [[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n";

/// A team whose people say themselves whether they are there.
async fn open(house: &House, desk: DeskKind, lines: &'static str) -> Site {
    house.open(Setup { by_hand: true, topics: TOPICS, desk_lines: lines, ..Setup::at(desk) }).await
}

/// Waits until what is said about the chat is this.
async fn is_told(site: &Site, expected: &str) {
    let mut told = String::new();
    until(&format!("it is told: {expected}"), async || {
        told = said(&site.web().get("/v1/availability", None).await.json());
        told == expected
    })
    .await;
}

/// What the API says of the topic.
fn said(view: &Value) -> String {
    let topic = &view["topics"]["technical"];
    let state = topic["state"].as_str().unwrap_or("nothing");
    match (&topic["there"]["name"], &topic["there"]["others"]) {
        (Value::String(name), others) => format!("{state}: {name} and {others}"),
        _ => state.to_string(),
    }
}

/// True when the customer has a ticket, as his page was told.
fn has_ticket(customer: &Customer) -> bool {
    !customer.page().standing["answer_by"].is_null()
}

async fn the_chat_is_open_while_somebody_is_there(house: House, desk: DeskKind) {
    let site = open(&house, desk, "presence = \"verbs\"").await;
    is_told(&site, "closed").await;
    // Nobody is there: it is a ticket.
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    assert!(has_ticket(&ada));
    let (grace, hedy) = (site.agent("Grace"), site.agent("Hedy"));
    grace.writes(&ada, "!back").await;
    is_told(&site, "open: Grace and 0").await;
    hedy.writes(&ada, "!back").await;
    is_told(&site, "open: Grace and 1").await;
    // Whoever has the chat open is told without asking.
    until("his page is told", async || said(&ada.page().availability) == "open: Grace and 1").await;
    let bo = site.customer("Bo").await;
    bo.writes("Hello?").await;
    site.settle().await;
    assert!(!has_ticket(&bo));
    grace.writes(&ada, "!away").await;
    hedy.writes(&bo, "!away").await;
    is_told(&site, "closed").await;
    until("his page is told", async || said(&bo.page().availability) == "closed").await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !back
          Hedy: !back
          Grace: !away
          (to Grace alone: Welcome back! The chat counts on you for the next 12 hours, or until you write !away.)
          (to Hedy alone: Welcome back! The chat counts on you for the next 12 hours, or until you write !away.)
          (to Grace alone: You are away. The chat does not count on you for the next 12 hours. When you are here again, write !back.)
    "#]].assert_eq(&site.thread(&ada).await);
}

async fn who_is_busy_takes_no_other_chat(house: House, desk: DeskKind) {
    let site = open(&house, desk, "presence = \"verbs\"\nchats_per_agent = 1").await;
    let (ada, bo) = (site.customer("Ada").await, site.customer("Bo").await);
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "!back").await;
    grace.writes(&ada, "!resolve silently").await;
    is_told(&site, "open: Grace and 0").await;
    bo.writes("Mine too").await;
    site.settle().await;
    assert!(!has_ticket(&bo));
    grace.writes(&bo, "!claim").await;
    site.settle().await;
    site.time_passes(5_000);
    is_told(&site, "closed").await;
    // Busy is not away: what is under way goes on, and what is new has to wait.
    let cy = site.customer("Cy").await;
    bo.writes("Still there?").await;
    cy.writes("And mine").await;
    site.settle().await;
    assert_eq!((has_ticket(&bo), has_ticket(&cy)), (false, true));
    // A chat that went quiet keeps nobody busy.
    is_told_in_a_while(&site, HOUR, "open: Grace and 0").await;
    site.settle().await;
}

async fn who_missed_a_chat_is_taken_to_be_away(house: House, desk: DeskKind) {
    let site = open(&house, desk, "presence = \"verbs\"\nmissed_means_away = true").await;
    let (ada, bo) = (site.customer("Ada").await, site.customer("Bo").await);
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "!back").await;
    is_told(&site, "open: Grace and 0").await;
    bo.writes("Hello?").await;
    site.settle().await;
    grace.writes(&bo, "!claim").await;
    site.settle().await;
    site.time_passes(10 * MINUTE);
    is_told(&site, "closed").await;
    site.settle().await;
    assert!(has_ticket(&bo));
    expect![[r#"
        #1002 · Technical Issues
          Bo (customer): Hello?
          Grace: !claim
          Threadline: Grace has this conversation now.
          Threadline: Nobody has answered in time, so this is a ticket now. The customer reads that there is an answer by Thu 1 Jan 04:00 (UTC).
          (to Grace alone: Nobody answered this chat in time, and you had it. You are taken to be away; when you are here, write !back.)
    "#]].assert_eq(&site.thread(&bo).await);
}

async fn who_is_there_outlives_a_restart_and_a_shift_ends(house: House, desk: DeskKind) {
    let site = open(&house, desk, "presence = \"verbs\"").await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.agent("Grace").writes(&ada, "!back").await;
    is_told(&site, "open: Grace and 0").await;
    site.settle().await;
    site.stops().await;
    site.time_passes(11 * HOUR);
    site.starts().await;
    // At once, not only after a first look.
    assert_eq!(said(&site.web().get("/v1/availability", None).await.json()), "open: Grace and 0");
    site.time_passes(HOUR);
    is_told(&site, "closed").await;
    site.settle().await;
}

#[test]
fn slack_says_who_is_there_sqlite() {
    stage(Base::Sqlite, slack_says_who_is_there);
}

#[test]
fn slack_says_who_is_there_postgres() {
    stage(Base::Postgres, slack_says_who_is_there);
}

async fn slack_says_who_is_there(house: House) {
    let site = open(&house, DeskKind::Slack, "").await;
    let (grace, hedy) = (site.slack().agent("Grace"), site.slack().agent("Hedy"));
    site.slack().invite(CHANNEL, &grace);
    site.slack().invite(CHANNEL, &hedy);
    hedy.is_active(false);
    is_told_in_a_while(&site, MINUTE, "open: Grace and 0").await;
    hedy.is_active(true);
    is_told_in_a_while(&site, MINUTE, "open: Grace and 1").await;
    // Who says that he is away is away, whatever Slack shows; and he need not be in a thread to say so.
    let said = hedy.commands(CHANNEL, "/threadline", "away").payload().await.unwrap();
    assert!(said.to_string().contains("You are away."), "{said}");
    is_told_in_a_while(&site, MINUTE, "open: Grace and 0").await;
    grace.is_active(false);
    is_told_in_a_while(&site, MINUTE, "closed").await;
    grace.is_active(true);
    is_told_in_a_while(&site, MINUTE, "open: Grace and 0").await;
    site.slack().leaves(CHANNEL, &grace);
    is_told_in_a_while(&site, MINUTE, "closed").await;
    let said = hedy.commands(CHANNEL, "/threadline", "back").payload().await.unwrap();
    assert!(said.to_string().contains("Welcome back!"), "{said}");
    is_told_in_a_while(&site, MINUTE, "open: Hedy and 0").await;
    assert_eq!(site.web().get("/v1/availability", None).await.json()["believed_ms"], json!(20_000));
}

/// The same, when so much time has passed, or that again.
async fn is_told_in_a_while(site: &Site, millis: i64, expected: &str) {
    until(&format!("it is told: {expected}"), async || {
        site.time_passes(millis);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        said(&site.web().get("/v1/availability", None).await.json()) == expected
    })
    .await;
}
