//! What an agent sees under his message of what became of it: ✓, 👁, and ⏳ while the customer is not
//! there. Nothing is marked that is not so.

use crate::house::{DeskKind, House, Setup, Site, until};
use expect_test::expect;
use threadline_fake_slack::Fault;

desk_plays! {
    a_reply_waits_for_a_customer_who_has_left,
    who_is_there_is_never_missed,
    what_waits_is_told_once_whatever_restarts,
    what_is_taken_back_waits_for_nobody,
}

plays! {
    an_hourglass_that_comes_late_does_not_stay,
}

const MINUTE: i64 = 60_000;

fn at(desk: DeskKind) -> Setup {
    Setup { by_hand: true, ..Setup::at(desk) }
}

/// So much time passes, and everything is done for which it has come.
async fn passes(site: &Site, millis: i64) {
    site.time_passes(millis);
    site.settle().await;
}

async fn a_reply_waits_for_a_customer_who_has_left(house: House, desk: DeskKind) {
    let site = house.open(Setup { hold_secs: 3, ..at(desk) }).await;
    let (ada, grace) = (site.customer("Ada").await, site.agent("Grace"));
    ada.writes("My export hangs").await;
    site.settle().await;
    ada.leaves();
    grace.writes(&ada, "Looking into it").await;
    site.settle().await;
    passes(&site, 3_000).await;
    passes(&site, MINUTE - 1).await;
    let early = site.thread(&ada).await;
    assert!(!early.contains('⏳'), "{early}");
    passes(&site, 1).await;
    grace.writes(&ada, "It works again").await;
    site.settle().await;
    passes(&site, 3_000).await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Looking into it ⏳
          Grace: It works again
    "#]]
    .assert_eq(&site.thread(&ada).await);
    passes(&site, MINUTE).await;
    let all = site.thread(&ada).await;
    assert_eq!(all.matches('⏳').count(), 2, "{all}");
    ada.comes_back();
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Looking into it ✓
          Grace: It works again ✓
    "#]]
    .assert_eq(&site.thread(&ada).await);
}

async fn who_is_there_is_never_missed(house: House, desk: DeskKind) {
    let site = house.open(at(desk)).await;
    let (ada, grace) = (site.customer("Ada").await, site.agent("Grace"));
    ada.writes("My export hangs").await;
    site.settle().await;
    for text in ["Looking into it", "It works again"] {
        grace.writes(&ada, text).await;
        site.settle().await;
        assert_eq!(site.probe().number("SELECT COUNT(*) FROM conversation WHERE receipt_due > 0").await, 0);
        passes(&site, MINUTE).await;
    }
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Looking into it ✓
          Grace: It works again ✓
    "#]]
    .assert_eq(&site.thread(&ada).await);
    if desk == DeskKind::Slack {
        assert_eq!(site.slack().calls_of("reactions.remove").len(), 0);
    }
}

async fn what_waits_is_told_once_whatever_restarts(house: House, desk: DeskKind) {
    let site = house.open(at(desk)).await;
    let (ada, grace) = (site.customer("Ada").await, site.agent("Grace"));
    ada.writes("My export hangs").await;
    site.settle().await;
    ada.leaves();
    grace.writes(&ada, "Looking into it").await;
    site.settle().await;
    site.stops().await;
    site.time_passes(MINUTE);
    for _ in 0..2 {
        site.starts().await;
        site.settle().await;
        let thread = site.thread(&ada).await;
        assert_eq!(thread.matches('⏳').count(), 1, "{thread}");
        passes(&site, MINUTE).await;
        site.stops().await;
    }
    site.starts().await;
    ada.comes_back();
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert!(thread.contains("Looking into it ✓") && !thread.contains('⏳'), "{thread}");
}

async fn what_is_taken_back_waits_for_nobody(house: House, desk: DeskKind) {
    let site = house.open(at(desk)).await;
    let (ada, grace) = (site.customer("Ada").await, site.agent("Grace"));
    ada.writes("My export hangs").await;
    site.settle().await;
    ada.leaves();
    let first = grace.writes(&ada, "Lokking into it").await;
    grace.writes(&ada, "Looking into it").await;
    site.settle().await;
    passes(&site, MINUTE).await;
    grace.edits(&ada, &first, "// never mind").await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: // never mind (edited)
          Grace: Looking into it ⏳
    "#]]
    .assert_eq(&site.thread(&ada).await);
    ada.comes_back();
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert!(thread.contains("Looking into it ✓") && !thread.contains('⏳'), "{thread}");
}

/// Slack takes no reactions while the customer comes back.
async fn an_hourglass_that_comes_late_does_not_stay(house: House) {
    let site = house.open(at(DeskKind::Slack)).await;
    let (ada, grace) = (site.customer("Ada").await, site.agent("Grace"));
    ada.writes("My export hangs").await;
    site.settle().await;
    ada.leaves();
    grace.writes(&ada, "Looking into it").await;
    site.settle().await;
    site.slack().faults().always("reactions.add", Fault::Status(503));
    site.time_passes(MINUTE);
    until("the hourglass to be tried", async || !site.slack().calls_of("reactions.add").is_empty()).await;
    ada.comes_back();
    let received = "SELECT COUNT(*) FROM conversation WHERE received = rev";
    until("the customer to have it", async || site.probe().number(received).await == 1).await;
    site.slack().faults().clear();
    until("what is shown to be so", async || {
        site.time_passes(1_000);
        site.unrest().await.is_none()
    })
    .await;
    site.settle().await;
    let thread = site.thread(&ada).await;
    assert!(thread.contains("Looking into it ✓") && !thread.contains('⏳'), "{thread}");
}
