//! Slack without us, and us without Slack: what was missed is caught up with, what waits is kept,
//! and the operator is told once.

use crate::house::{CHANNEL, DeskKind, House, PATIENCE, Setup, Site, until};
use expect_test::expect;
use std::time::Duration;
use threadline_fake_slack::{EventFault, Fault};

plays! {
    what_agents_did_while_we_were_down,
    events_that_never_came_are_caught_up_with_when_the_sockets_come_back,
    a_deaf_socket_is_noticed,
    sockets_that_slack_wants_renewed,
    slack_is_down_for_a_while,
    customers_are_told_when_slack_is_down_for_a_minute,
    a_revoked_token_stops_the_desk_until_it_is_given_again,
    an_archived_channel_stops_the_desk_until_it_is_back,
    a_row_that_cannot_be_read_stops_its_own_conversation_only,
}

fn setup() -> Setup {
    Setup::at(DeskKind::Slack)
}

async fn what_agents_did_while_we_were_down(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    let edited = grace.writes(&ada, "one").await;
    let deleted = grace.writes(&ada, "two").await;
    site.settle().await;
    site.stops().await;
    grace.edits(&ada, &edited, "one, edited").await;
    grace.deletes(&ada, &deleted).await;
    grace.writes(&ada, "three").await;
    grace.writes(&ada, "// a note").await;
    let brief = grace.writes(&ada, "four").await;
    grace.deletes(&ada, &brief).await;
    let five = grace.writes(&ada, "five").await;
    grace.edits(&ada, &five, "five, edited").await;
    // Slack gives up on what we do not take.
    site.slack().wait_until(|slack| slack.unacked_events() == 0, PATIENCE).await.unwrap();
    site.starts().await;
    ada.waits_to_see("five, edited").await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: one, edited (edited)
        Grace: (deleted)
        Grace: three
        Grace: five, edited
    "#]]
    .assert_eq(&ada.sees());
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: one, edited (edited) ✓
          Grace: three ✓
          Grace: // a note
          Grace: five, edited (edited) ✓
    "#]]
    .assert_eq(&site.thread(&ada).await);
}

async fn events_that_never_came_are_caught_up_with_when_the_sockets_come_back(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (grace, slack) = (site.agent("Grace"), site.slack());
    let post = grace.writes(&ada, "one").await;
    site.settle().await;
    for _ in 0..3 {
        slack.faults().next_event(EventFault::Lose);
    }
    grace.writes(&ada, "two").await;
    grace.edits(&ada, &post, "one, edited").await;
    let gone = grace.writes(&ada, "three").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["one"], "nobody told us");
    slack.faults().next_event(EventFault::Lose);
    grace.deletes(&ada, &gone).await;
    slack.drop_sockets();
    ada.waits_to_see("two").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["one, edited", "two"]);
}

async fn a_deaf_socket_is_noticed(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.slack().deafen_sockets();
    site.agent("Grace").writes(&ada, "Can you hear me?").await;
    // A socket that says nothing for half a minute, pings included, is given up.
    let heard = async || ada.sees().contains("Can you hear me?");
    let waited = tokio::time::timeout(PATIENCE * 2, async {
        while !heard().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "nobody noticed");
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["Can you hear me?"]);
}

async fn sockets_that_slack_wants_renewed(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (grace, slack) = (site.agent("Grace"), site.slack());
    for (n, reason) in ["warning", "refresh_requested"].into_iter().enumerate() {
        let opened = slack.stats().sockets_opened;
        slack.disconnect_sockets(reason);
        grace.writes(&ada, &format!("answer {n}")).await;
        slack.wait_until(|slack| slack.stats().sockets_opened >= opened + 2, PATIENCE).await.unwrap();
        site.settle().await;
    }
    slack.faults().next_times("apps.connections.open", 3, Fault::Status(500));
    slack.close_sockets();
    grace.writes(&ada, "answer 2").await;
    ada.waits_to_see("answer 2").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["answer 0", "answer 1", "answer 2"]);
}

async fn slack_is_down_for_a_while(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("one").await;
    site.settle().await;
    site.slack().goes_down();
    ada.writes("two").await;
    let bob = site.customer("Bob").await;
    bob.writes("I am new").await;
    site.agent("Grace").writes(&ada, "Hello?").await;
    until("the desk to notice", async || site.journal().count("trying again") > 0).await;
    assert_eq!(ada.sees(), "me: one (sent)\nme: two (being sent)\n");
    site.slack().comes_back();
    site.settle_within(PATIENCE * 2).await;
    ada.waits_to_see("Hello?").await;
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, ["one", "two"]);
    assert_eq!(site.desk().customers_lines(&bob).await, ["I am new"]);
}

/// Each message is told of once, over a restart too, and the operator once for all of them.
async fn customers_are_told_when_slack_is_down_for_a_minute(house: House) {
    const TOLD: &str = "(kept: the team cannot be reached)";
    let site = house.open(Setup { by_hand: true, ..setup() }).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    ada.writes("one").await;
    site.settle().await;
    site.slack().goes_down();
    ada.writes("two").await;
    bob.writes("I am new").await;
    until("the desk to notice", async || site.journal().count("trying again") > 1).await;
    site.time_passes(50_000);
    ada.writes("three").await;
    assert!(!ada.sees().contains(TOLD), "a short trouble is nobody's business: {}", ada.sees());
    site.time_passes(15_000);
    until("both to be told", async || ada.sees().contains(TOLD) && bob.sees().contains(TOLD)).await;
    assert_eq!(ada.sees(), format!("me: one (sent)\nme: two {TOLD}\nme: three (being sent)\n"));
    let told = ada.page().last_rev;
    site.stops().await;
    site.starts().await;
    until("the last one to be late", async || {
        site.time_passes(5_000);
        ada.sees().matches(TOLD).count() == 2
    })
    .await;
    assert_eq!(ada.page().last_rev, told + 1, "what was told before the restart is not told again");
    site.slack().comes_back();
    until("everything to be in Slack", async || {
        site.time_passes(1_000);
        site.desk().customers_lines(&bob).await == ["I am new"] && ada.sees().matches("(sent)").count() == 3
    })
    .await;
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, ["one", "two", "three"]);
    assert_eq!(site.logged("the desk has taken no message for a minute"), 2, "once by each process");
}

async fn a_revoked_token_stops_the_desk_until_it_is_given_again(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("one").await;
    site.settle().await;
    site.slack().revoke_token(true);
    ada.writes("two").await;
    until("the operator to be told", async || !told(&site, STOPPED).is_empty()).await;
    ada.writes("three").await;
    assert_eq!(site.web().get("/readyz", None).await.expect_text(200), "ready; a desk is stopped: see the log\n");
    assert!(site.web().get("/metrics", None).await.text().contains("threadline_desk_stopped"));
    site.slack().revoke_token(false);
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, ["one", "two", "three"]);
    everything_works_again(&site).await;
}

async fn an_archived_channel_stops_the_desk_until_it_is_back(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("one").await;
    site.settle().await;
    site.slack().archive(CHANNEL, true);
    ada.writes("two").await;
    until("the operator to be told", async || !told(&site, STOPPED).is_empty()).await;
    until("the page to show it", async || ada.sees().ends_with("me: two (being sent)\n")).await;
    site.slack().archive(CHANNEL, false);
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, ["one", "two"]);
    everything_works_again(&site).await;
}

/// A row that was torn stops what comes after it in its conversation, and nothing else.
async fn a_row_that_cannot_be_read_stops_its_own_conversation_only(house: House) {
    let site = house.open(setup()).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    ada.writes("one").await;
    bob.writes("one").await;
    site.settle().await;
    site.slack().goes_down();
    ada.writes("two").await;
    bob.writes("two").await;
    site.stops().await;
    site.probe().spoils("UPDATE message SET stage = 'torn' WHERE body LIKE '%two%' AND conversation = (SELECT id FROM conversation WHERE number = 1001)").await;
    site.slack().comes_back();
    site.starts().await;
    until("Bob's words to be in Slack", async || site.desk().customers_lines(&bob).await == ["one", "two"]).await;
    bob.writes("three").await;
    ada.writes("three").await;
    until("the others to go on", async || site.desk().customers_lines(&bob).await == ["one", "two", "three"]).await;
    assert_eq!(site.desk().customers_lines(&ada).await, ["one"], "what comes after it waits for it");
    let broken =
        async || site.web().get("/metrics", None).await.text().contains("\nthreadline_conversations_broken 1\n");
    until("the operator to be told", broken).await;
    assert_eq!(site.logged("a row cannot be read"), 1, "once");
    site.probe().spoils("UPDATE message SET stage = 'waiting' WHERE stage = 'torn'").await;
    ada.writes("four").await;
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, ["one", "two", "three", "four"]);
    assert!(!broken().await);
}

/// What the log says when something stops, and when it works again.
const STOPPED: &str = "stopped: what is for it waits until it is mended";
const WORKS: &str = ": works again";

/// The parts of the desk of which the log said this.
fn told(site: &Site, what: &str) -> Vec<String> {
    let lines = site.journal().lines().into_iter().filter(|line| line.contains(what));
    let mut parts: Vec<String> =
        lines.filter_map(|line| line.split_once("part=")?.1.split(' ').next().map(str::to_string)).collect();
    parts.sort_unstable();
    parts
}

/// Each part that stopped was told of once, and once that it works again.
async fn everything_works_again(site: &Site) {
    let ready = async || site.web().get("/readyz", None).await.expect_text(200) == "ready\n";
    until("every part to work again", ready).await;
    let stopped = told(site, STOPPED);
    assert!(stopped.windows(2).all(|two| two[0] != two[1]), "the operator is told once: {stopped:?}");
    assert_eq!(told(site, WORKS), stopped);
}
