//! What Slack carries out after nobody waited for it any more, and what people write where the
//! conversation is not, or not yet, or not any more.

use crate::house::{CHANNEL, Customer, DeskKind, House, Setup, Site, cards, until};
use expect_test::expect;
use std::time::Duration;
use threadline_fake_slack::Fault;

plays! {
    a_post_that_is_carried_out_late_is_there_once,
    a_card_that_is_carried_out_late_goes_away,
    a_late_card_under_which_somebody_wrote_shows_the_way,
    whoever_writes_under_a_deleted_card_is_shown_the_way,
    a_reply_that_is_quicker_than_the_news_of_the_card_is_not_lost,
    what_the_process_before_may_have_sent_is_looked_for_again,
}

/// Longer than it takes to look something up and to send it again, while time is moved by hand.
const LATE: Duration = Duration::from_secs(2);

fn setup() -> Setup {
    Setup { by_hand: true, ..Setup::at(DeskKind::Slack) }
}

/// Lets time pass until it holds.
async fn in_time(site: &Site, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    until(what, async || {
        site.time_passes(100);
        holds().await
    })
    .await;
}

async fn reads(site: &Site, customer: &Customer, lines: &[&str]) -> bool {
    site.desk().customers_lines(customer).await == lines
}

async fn a_post_that_is_carried_out_late_is_there_once(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    ada.writes("one").await;
    site.settle().await;
    site.slack().faults().next("chat.postMessage", Fault::DoneLate(LATE));
    ada.writes("two").await;
    in_time(&site, "it to be sent again", async || reads(&site, &ada, &["one", "two"]).await).await;
    ada.writes("three").await;
    until("the first one to turn up", async || reads(&site, &ada, &["one", "two", "three", "two"]).await).await;
    site.settle().await;
    // When it is looked for again is stored.
    site.stops().await;
    site.starts().await;
    site.time_passes(10_000);
    until("it to be taken back", async || reads(&site, &ada, &["one", "two", "three"]).await).await;
    site.settle().await;
    expect![[r#"
        me: one (sent)
        me: two (sent)
        me: three (sent)
    "#]]
    .assert_eq(&ada.sees());
    for millis in [50_000, 240_000] {
        assert_eq!(site.probe().number("SELECT COUNT(*) FROM look").await, 1);
        let read = site.slack().calls_of("conversations.replies").len();
        site.time_passes(millis);
        until("the thread to be read", async || site.slack().calls_of("conversations.replies").len() > read).await;
        site.settle().await;
    }
    until("no more doubt", async || site.probe().number("SELECT COUNT(*) FROM look").await == 0).await;
    assert!(reads(&site, &ada, &["one", "two", "three"]).await);
}

async fn a_card_that_is_carried_out_late_goes_away(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    site.slack().faults().next("chat.postMessage", Fault::DoneLate(LATE));
    ada.writes("one").await;
    in_time(&site, "it to be sent again", async || reads(&site, &ada, &["one"]).await).await;
    until("the first card to turn up", async || cards(site.slack(), &ada) == 2).await;
    site.settle().await;
    site.time_passes(10_000);
    until("it to be taken back", async || cards(site.slack(), &ada) == 1).await;
    site.settle().await;
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): one
          Grace: Looking into it ✓
    "#]]
    .assert_eq(&site.thread(&ada).await);
}

async fn a_late_card_under_which_somebody_wrote_shows_the_way(house: House) {
    let site = house.open(setup()).await;
    let ada = site.customer("Ada").await;
    site.slack().faults().next("chat.postMessage", Fault::DoneLate(LATE));
    ada.writes("one").await;
    in_time(&site, "it to be sent again", async || reads(&site, &ada, &["one"]).await).await;
    until("the first card to turn up", async || cards(site.slack(), &ada) == 2).await;
    // What is looked at again is known by its time before that comes.
    site.settle().await;
    // Under the card that was posted last.
    let grace = site.agent("Grace");
    grace.writes(&ada, "Looking into it").await;
    site.time_passes(10_000);
    let told = async || site.slack().ephemerals(CHANNEL).len() == 1;
    until("Grace to be told", told).await;
    site.settle().await;
    grace.writes(&ada, "Anybody?").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), Vec::<String>::new());
    expect![[r#"
        #support
        └ Threadline: #1001 · Technical Issues
              Waiting for an answer since (a time)
              Customer
              Ada Email
              ada@example.com Page
              Exports
              https://shop.example.com/exports
              [Claim] [Resolve] […]
          Ada (customer): one
        └ Threadline: #1001 goes on in another thread. Nothing that is written here is sent to the customer. (edited)
          Grace: Looking into it
          Threadline: Nothing was sent to the customer: this conversation goes on in another thread. Send your message there. (ephemeral to Grace)
          Grace: Anybody?
          Threadline: Nothing was sent to the customer: this conversation goes on in another thread. Send your message there. (ephemeral to Grace)
    "#]].assert_eq(&site.slack().transcript());
    site.time_passes(60_000);
    site.settle().await;
    assert_eq!(site.slack().ephemerals(CHANNEL).len(), 2, "each is told once");
}

async fn whoever_writes_under_a_deleted_card_is_shown_the_way(house: House) {
    let site = house.open(Setup::at(DeskKind::Slack)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (slack, grace) = (site.slack(), site.agent("Grace"));
    let before = grace.writes(&ada, "Lokking into it").await;
    site.settle().await;
    let root = slack.find_thread_containing("My export").unwrap();
    slack.agent("Alan").deletes(&root);
    site.settle().await;
    // What was said there before can still be changed there.
    grace.edits(&ada, &before, "Looking into it").await;
    slack.agent("Alan").writes(CHANNEL, root.as_str(), "// was that wise?");
    slack.agent("Hedy").writes(CHANNEL, root.as_str(), "It is mended");
    site.settle().await;
    slack.agent("Hedy").writes(CHANNEL, site_root(&site, &ada).as_str(), "It is mended");
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it (edited)
        Hedy: It is mended
    "#]]
    .assert_eq(&ada.sees());
    expect![[r#"
        #support
        └ (this message was deleted)
          Ada (customer): My export hangs
          Grace: Looking into it (edited) ✓
          Alan: // was that wise?
          Hedy: It is mended
          Threadline: Nothing was sent to the customer: this conversation goes on in another thread. Send your message there. (ephemeral to Hedy)
        └ Threadline: #1001 · Technical Issues
              Answered
              Customer
              Ada Email
              ada@example.com Page
              Exports
              https://shop.example.com/exports
              This conversation goes on here: its earlier thread was deleted.
              [Claim] [Resolve] […]
          Hedy: It is mended ✓
    "#]].assert_eq(&slack.transcript());
}

/// The root of the thread that was opened last.
fn site_root(site: &Site, customer: &Customer) -> String {
    let roots = site.slack().roots(CHANNEL);
    let card = roots.into_iter().rev().find(|post| post.metadata["event_payload"]["conversation"] == customer.id());
    card.unwrap().ts
}

/// An automation answers a card before we have heard that it was posted.
async fn a_reply_that_is_quicker_than_the_news_of_the_card_is_not_lost(house: House) {
    let site = house.open(Setup::at(DeskKind::Slack)).await;
    until("the catch-up of the start to be over", async || site.logged("caught up with Slack") > 0).await;
    site.slack().faults().next("chat.postMessage", Fault::AnswerLate(Duration::from_millis(400)));
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.agent("Grace").writes(&ada, "At once").await;
    ada.waits_to_see("At once").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["At once"]);
}

/// A process that is killed cannot say what it has sent.
async fn what_the_process_before_may_have_sent_is_looked_for_again(house: House) {
    let site = house.open(setup()).await;
    let (ada, bob) = (site.customer("Ada").await, site.customer("Bob").await);
    ada.writes("one").await;
    site.settle().await;
    site.slack().goes_down();
    ada.writes("two").await;
    bob.writes("one").await;
    site.stops().await;
    site.slack().comes_back();
    site.starts().await;
    in_time(&site, "all to be there", async || {
        reads(&site, &ada, &["one", "two"]).await && reads(&site, &bob, &["one"]).await
    })
    .await;
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM look").await, 2);
    site.time_passes(400_000);
    until("no more doubt", async || site.probe().number("SELECT COUNT(*) FROM look").await == 0).await;
    site.settle().await;
}
