//! The hold: for a few seconds an agent's reply is his to edit or delete without a trace.

use crate::house::{DeskKind, House, Setup, Site, until};
use expect_test::expect;

desk_plays! {
    a_held_reply_is_shown_when_its_time_is_over_and_not_before,
    what_was_edited_in_time_was_never_said,
    what_was_deleted_in_time_was_never_said,
    a_later_edit_and_a_later_delete_reach_the_customer,
    a_reply_made_a_note_in_time_stays_inside,
    a_hold_outlives_a_restart,
    a_clock_that_is_set_back_holds_nothing_up,
}

/// Seconds of hold in these plays; time stands still until the play moves it.
const HOLD_SECS: u32 = 3;

async fn open(house: &House, desk: DeskKind) -> Site {
    house.open(Setup { hold_secs: HOLD_SECS, by_hand: true, ..Setup::at(desk) }).await
}

async fn a_held_reply_is_shown_when_its_time_is_over_and_not_before(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    site.time_passes(2_999);
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace is writing…
    "#]]
    .assert_eq(&ada.sees());
    assert!(!ada.page().ever_got("Looking"));
    site.time_passes(1);
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it
    "#]]
    .assert_eq(&ada.sees());
}

async fn what_was_edited_in_time_was_never_said(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (grace, tab) = (site.agent("Grace"), ada.opens_another_tab());
    let post = grace.writes(&ada, "What a hideous question").await;
    site.settle().await;
    site.time_passes(1_000);
    grace.edits(&ada, &post, "Looking into it").await;
    site.settle().await;
    let polled = site.web().get("/v1/messages", Some(ada.token())).await.text();
    assert!(!polled.contains("Looking") && polled.contains(r#""typing":"Grace""#), "{polled}");
    site.time_passes(2_000);
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it
    "#]]
    .assert_eq(&ada.sees());
    let polled = site.web().get("/v1/messages", Some(ada.token())).await.text();
    assert!(polled.contains("Looking") && !polled.contains("hideous"), "{polled}");
    assert!(!ada.page().ever_got("hideous") && !tab.page().ever_got("hideous"));
    assert_eq!(tab.page().transcript(), ada.sees());
}

async fn what_was_deleted_in_time_was_never_said(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    let post = grace.writes(&ada, "What a hideous question").await;
    site.settle().await;
    assert_eq!(ada.page().typing.as_deref(), Some("Grace"));
    grace.deletes(&ada, &post).await;
    site.settle().await;
    site.time_passes(60_000);
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
    "#]]
    .assert_eq(&ada.sees());
    assert!(!ada.page().ever_got("hideous"));
    assert_eq!(ada.page().texts("agent").len(), 0);
}

async fn a_later_edit_and_a_later_delete_reach_the_customer(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    let one = grace.writes(&ada, "It is being done").await;
    let two = grace.writes(&ada, "Sorry, wrong customer").await;
    site.settle().await;
    site.time_passes(3_000);
    site.settle().await;
    site.time_passes(1_000);
    grace.edits(&ada, &one, "It is done").await;
    grace.deletes(&ada, &two).await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: It is done (edited)
        Grace: (deleted)
    "#]]
    .assert_eq(&ada.sees());
    let polled = site.web().get("/v1/messages", Some(ada.token())).await.text();
    assert!(!polled.contains("wrong customer") && !polled.contains("being done"), "{polled}");
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: It is done (edited) ✓
    "#]]
    .assert_eq(&site.thread(&ada).await);
}

async fn a_reply_made_a_note_in_time_stays_inside(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    let post = grace.writes(&ada, "Does anybody know this one?").await;
    site.settle().await;
    grace.edits(&ada, &post, "// Does anybody know this one?").await;
    site.settle().await;
    site.time_passes(10_000);
    site.settle().await;
    assert!(!ada.page().ever_got("anybody"));
    expect![[r#"
        me: My export hangs (sent)
    "#]]
    .assert_eq(&ada.sees());
}

async fn a_hold_outlives_a_restart(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    site.stops().await;
    site.time_passes(5_000);
    site.starts().await;
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it
    "#]]
    .assert_eq(&ada.sees());
}

async fn a_clock_that_is_set_back_holds_nothing_up(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "Looking into it").await;
    site.settle().await;
    site.time_passes(-3_600_000);
    let until_when = "SELECT MAX(due) FROM hold";
    let anew = async || site.probe().number(until_when).await < (site.now_secs() + 4) * 1_000;
    until("the reply to be held anew", anew).await;
    ada.writes("Are you there?").await;
    site.settle().await;
    assert!(!ada.page().ever_got("Looking"), "held anew, and not let go");
    site.time_passes(3_000);
    site.settle().await;
    grace.writes(&ada, "Yes").await;
    site.settle().await;
    site.time_passes(3_000);
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        Grace: Looking into it
        me: Are you there? (sent)
        Grace: Yes
    "#]]
    .assert_eq(&ada.sees());
}
