//! Who is told while a customer waits: the whole ladder to the top, what ends it and what holds it up, whatever
//! restarts.

use crate::house::{DeskKind, House, Setup, Site, until};
use expect_test::expect;

desk_plays! {
    it_climbs_to_the_top_and_an_answer_ends_it,
    who_takes_care_or_asks_for_help_is_heard,
    each_step_is_taken_once_whatever_restarts,
    what_was_resolved_climbs_no_more_and_begins_anew,
    a_reminder_fires_once_in_the_threads_that_wait,
}

const MINUTE: i64 = 60_000;

/// Chats are answered within five minutes; business is always open.
const LADDER: &str = "respond_within = \"5 minutes\"\nanswer_urgent_within = \"1 hour\"\n\
                      [[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                      [[tier]]\nname = \"agents\"\ncall = [\"holder\"]\n\
                      [[tier]]\nname = \"leads\"\ncall = [\"U0LEADS001\", \"S0LEADS001\"]\n\
                      [[tier]]\nname = \"engineering\"\n\
                      [[tier]]\nname = \"executives\"\ncall = [\"U0CHIEF001\"]\n\
                      [[step]]\nleft = 40\ntier = \"agents\"\n\
                      [[step]]\nleft = 0\ntier = \"leads\"\n\
                      [[step]]\nafter = \"30 minutes\"\ntier = \"engineering\"\n\
                      [[step]]\nafter = \"2 hours\"\ntier = \"executives\"\n";

async fn open(house: &House, desk: DeskKind) -> Site {
    house.open(Setup { by_hand: true, topics: LADDER, ..Setup::at(desk) }).await
}

async fn later(site: &Site, minutes: i64) {
    site.time_passes(minutes * MINUTE);
    site.settle().await;
}

async fn it_climbs_to_the_top_and_an_answer_ends_it(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.agent("Grace").writes(&ada, "!claim").await;
    site.settle().await;
    // Two of five minutes are left after three; nobody is in engineering, so the executives are told after thirty.
    for minutes in [2, 1, 1, 1, 24, 1, 200] {
        later(&site, minutes).await;
    }
    // An answer at the last moment, and the next question begins anew.
    site.agent("Grace").writes(&ada, "Which browser?").await;
    site.settle().await;
    ada.writes("All of them").await;
    site.settle().await;
    later(&site, 2).await;
    site.agent("Grace").writes(&ada, "Thank you").await;
    site.settle().await;
    later(&site, 600).await;
    let thread = site.thread(&ada).await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !claim
          Threadline: Grace has this conversation now.
          Threadline: @Grace
            ⏰ The customer has waited for an answer since Thu 1 Jan 00:00 (UTC). For agents: please answer, or say that you take care.
          Threadline: @U0LEADS001 @S0LEADS001
            ⏰ The customer has waited for an answer since Thu 1 Jan 00:00 (UTC). For leads: please answer, or say that you take care.
          Threadline: @U0CHIEF001
            ⏰ The customer has waited for an answer since Thu 1 Jan 00:00 (UTC). For executives: please answer, or say that you take care. There was nobody to tell in engineering.
          Grace: Which browser? ✓
          Ada (customer): All of them
          Grace: Thank you ✓
    "#]].assert_eq(&thread);
    // Nothing of it reaches the customer.
    assert!(!ada.page().ever_got("waited") && !ada.page().ever_got("leads"));
}

async fn who_takes_care_or_asks_for_help_is_heard(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    for typed in [
        "!ack",
        "!snooze 2 hours",
        "!snooze 2 hours waits for a part",
        "!escalate",
        "!escalate executives: they threaten to leave",
        "!escalate",
        "!escalate engineering",
    ] {
        grace.writes(&ada, typed).await;
        site.settle().await;
    }
    later(&site, 600).await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !ack
          Threadline: Grace takes care of it until Thu 1 Jan 00:30 (UTC). Nobody else is told before.
          Grace: !snooze 2 hours
          Grace: !snooze 2 hours waits for a part
          Threadline: Grace has put it off until Thu 1 Jan 02:00 (UTC): waits for a part. Nobody is told before.
          Grace: !escalate
          Threadline: @U0LEADS001 @S0LEADS001
            🆘 Grace asks leads for help.
            The customer has waited since Thu 1 Jan 00:00 (UTC).
          Grace: !escalate executives: they threaten to leave
          Threadline: @U0CHIEF001
            🆘 Grace asks executives for help: they threaten to leave
            The customer has waited since Thu 1 Jan 00:00 (UTC).
          Grace: !escalate
          Grace: !escalate engineering
          (to Grace alone: Nothing was done, and nothing was sent to the customer: it is written like !snooze 2 hours waits for a part.)
          (to Grace alone: Everybody was told already, up to the top. To ask somebody again, name them, as in !escalate leads why.)
          (to Grace alone: Nobody was asked: nobody is named who belongs to engineering. To ask others, name them, as in !escalate leads why.)
    "#]].assert_eq(&site.thread(&ada).await);
}

async fn each_step_is_taken_once_whatever_restarts(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    later(&site, 3).await;
    for minutes in [2, 10_000] {
        // It restarts in the minute in which a step is due, and once after a week.
        site.stops().await;
        site.time_passes(minutes * MINUTE);
        site.starts().await;
        site.settle().await;
        site.stops().await;
        site.starts().await;
        later(&site, 1).await;
    }
    let thread = site.thread(&ada).await;
    let told = thread.lines().filter(|line| line.contains('⏰')).count();
    assert_eq!(told, 2, "{thread}");
    assert_eq!(site.probe().number("SELECT climb_taken FROM conversation").await, 4);
}

async fn what_was_resolved_climbs_no_more_and_begins_anew(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "!resolve silently").await;
    site.settle().await;
    later(&site, 600).await;
    let told = async || site.thread(&ada).await.lines().filter(|line| line.contains('⏰')).count();
    assert_eq!(told().await, 0);
    grace.writes(&ada, "!reopen").await;
    site.settle().await;
    later(&site, 5).await;
    assert_eq!(told().await, 1, "with nobody who has it, the leads are told at once");
    // A promise of an hour, given five minutes later: engineering comes after the leads, who would be told when it
    // is broken.
    grace.writes(&ada, "!ticket urgent").await;
    site.settle().await;
    let due = site.probe().number("SELECT step_due - standing_since FROM conversation").await;
    assert_eq!(due, 65 * MINUTE);
    grace.writes(&ada, "On it").await;
    site.settle().await;
    later(&site, 600).await;
    assert_eq!(told().await, 1);
}

async fn a_reminder_fires_once_in_the_threads_that_wait(house: House, desk: DeskKind) {
    // At nine and at five in Madrid, which is eight and four; what is late every hour.
    let topics = "respond_within = \"90 minutes\"\n[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                  [[reminder]]\nname = \"round\"\ncron = \"0 9,17 * * *\"\nzone = \"Europe/Madrid\"\n\
                  [[reminder]]\nname = \"late\"\ncron = \"@hourly\"\nzone = \"UTC\"\nabout = \"late\"\n";
    let site = house.open(Setup { by_hand: true, topics, ..Setup::at(desk) }).await;
    let first_looked_at = async || site.probe().number("SELECT COUNT(*) FROM reminder").await == 2;
    until("they are known", first_looked_at).await;
    later(&site, 7 * 60).await;
    let (ada, bo) = (site.customer("Ada").await, site.customer("Bo").await);
    ada.writes("My export hangs").await;
    bo.writes("Mine too").await;
    site.settle().await;
    site.agent("Grace").writes(&ada, "!claim").await;
    site.agent("Grace").writes(&bo, "Looking into it").await;
    site.settle().await;
    let upto = async |millis: i64| site.probe().number("SELECT MIN(done) FROM reminder").await >= millis;
    let begins = 1_767_225_600_000;
    for hours in [8, 9, 10] {
        later(&site, 60).await;
        until("it has fired", async || {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            site.probe().number("SELECT MAX(done) FROM reminder").await >= begins + hours * 60 * MINUTE
        })
        .await;
        site.settle().await;
        // Whatever restarts, it fires once.
        site.stops().await;
        site.starts().await;
        site.settle().await;
    }
    // Down for two days: one of each is caught up with.
    site.stops().await;
    site.time_passes(48 * 60 * MINUTE);
    site.starts().await;
    until("it has caught up", async || upto(begins + 48 * 60 * MINUTE).await).await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !claim
          Threadline: Grace has this conversation now.
          Threadline: @Grace
            ⏰ Reminder: the customer has waited for an answer since Thu 1 Jan 07:00 (UTC).
          Threadline: @Grace
            ⏰ Reminder: the customer has waited for an answer since Thu 1 Jan 07:00 (UTC), and was promised one by now.
          Threadline: @Grace
            ⏰ Reminder: the customer has waited for an answer since Thu 1 Jan 07:00 (UTC), and was promised one by now.
          Threadline: @Grace
            ⏰ Reminder: the customer has waited for an answer since Thu 1 Jan 07:00 (UTC), and was promised one by now. (This reminder comes late.)
          Threadline: @Grace
            ⏰ Reminder: the customer has waited for an answer since Thu 1 Jan 07:00 (UTC), and was promised one by now. (This reminder comes late.)
    "#]].assert_eq(&site.thread(&ada).await);
    assert!(!site.thread(&bo).await.contains('⏰'));
}
