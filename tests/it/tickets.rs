//! A conversation that is answered later: what its customer is promised, and what the team sees of it.

use crate::house::{Customer, DeskKind, House, Setup, Site, until};
use expect_test::expect;

desk_plays! {
    who_writes_at_night_has_a_ticket_until_he_is_answered,
    an_agent_makes_a_ticket_and_changes_it,
    a_ticket_outlives_a_restart,
    a_chat_that_nobody_answers_becomes_a_ticket,
    who_leaves_without_an_answer_has_a_ticket,
    what_goes_first_is_due_earlier,
    what_was_resolved_is_closed_after_a_week,
}

const HOUR: i64 = 3_600_000;

const OFFICE: &str = "[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                      [calendar.office]\nzone = \"Europe/Madrid\"\nhours = \"Mo-Fr 09:00-18:00\"\n";

/// A team in Madrid, on Thursday at 01:00.
async fn open(house: &House, desk: DeskKind) -> Site {
    house.open(Setup { by_hand: true, topics: OFFICE, ..Setup::at(desk) }).await
}

/// What the customer was promised, as his page was told.
fn promised(customer: &Customer) -> String {
    let at = customer.page().standing["answer_by"].as_i64().and_then(chrono::DateTime::from_timestamp_millis);
    at.map_or("nothing".into(), |at| at.format("%a %H:%M").to_string())
}

async fn who_writes_at_night_has_a_ticket_until_he_is_answered(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    assert_eq!(promised(&ada), "Thu 17:00");
    assert_eq!(site.desk().card(&ada).await, "Waiting for an answer · Ticket due");
    site.time_passes(9 * HOUR);
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    assert_eq!(promised(&ada), "nothing");
    assert_eq!(site.desk().card(&ada).await, "Answered · Ticket");
    // He is promised something again, also in the hours: it stays a ticket.
    ada.writes("It still hangs").await;
    site.settle().await;
    assert_eq!(promised(&ada), "Fri 09:00");
}

async fn an_agent_makes_a_ticket_and_changes_it(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    site.time_passes(9 * HOUR);
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    assert_eq!(promised(&ada), "nothing");
    let grace = site.agent("Grace");
    for typed in ["!ticket", "!ticket", "!ticket high 4 hours", "!ticket soon", "!resolve silently", "!ticket"] {
        grace.writes(&ada, typed).await;
        site.settle().await;
    }
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: !ticket
          Threadline: Grace made this a ticket. The customer reads that there is an answer by Fri 2 Jan 10:00 (Europe/Madrid).
          Grace: !ticket
          Grace: !ticket high 4 hours
          Threadline: Grace changed the ticket, high priority. The customer reads that there is an answer by Thu 1 Jan 14:00 (Europe/Madrid).
          Grace: !ticket soon
          Grace: !resolve silently
          Threadline: Grace resolved this conversation.
          Grace: !ticket
          (to Grace alone: It is a ticket already. The customer reads that there is an answer by Fri 2 Jan 10:00 (Europe/Madrid). To promise something else, write !ticket high 4 hours.)
          (to Grace alone: Nothing was done, and nothing was sent to the customer: it is !ticket or !ticket high 4 hours.)
          (to Grace alone: Grace resolved this conversation already. !reopen opens it again.)
    "#]].assert_eq(&site.thread(&ada).await);
    assert_eq!(promised(&ada), "nothing");
}

async fn a_ticket_outlives_a_restart(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.agent("Grace").writes(&ada, "!ticket urgent 2 business days").await;
    site.settle().await;
    site.stops().await;
    site.starts().await;
    ada.writes("Hello?").await;
    site.settle().await;
    assert_eq!(promised(&ada), "Fri 17:00");
    assert_eq!(site.desk().card(&ada).await, "Waiting for an answer · Ticket, urgent priority due");
}

async fn a_chat_that_nobody_answers_becomes_a_ticket(house: House, desk: DeskKind) {
    let topics = "ticket_after = \"10 minutes\"\n[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                  [calendar.office]\nzone = \"Europe/Madrid\"\nhours = \"Mo-Fr 09:00-18:00\"\n";
    let site = house.open(Setup { by_hand: true, topics, ..Setup::at(desk) }).await;
    // Thursday, 10:00 in Madrid.
    site.time_passes(9 * HOUR);
    let (ada, bo) = (site.customer("Ada").await, site.customer("Bo").await);
    ada.writes("My export hangs").await;
    bo.writes("Mine too").await;
    site.settle().await;
    site.agent("Grace").writes(&bo, "Looking into it").await;
    site.settle().await;
    site.time_passes(HOUR / 6 - 1_000);
    site.settle().await;
    assert_eq!((promised(&ada).as_str(), promised(&bo).as_str()), ("nothing", "nothing"));
    // It restarts in the minute in which it is due.
    site.stops().await;
    site.time_passes(1_000);
    site.starts().await;
    site.settle().await;
    assert_eq!((promised(&ada).as_str(), promised(&bo).as_str()), ("Fri 09:00", "nothing"));
    site.time_passes(HOUR);
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Threadline: Nobody has answered in time, so this is a ticket now. The customer reads that there is an answer by Fri 2 Jan 10:00 (Europe/Madrid).
    "#]].assert_eq(&site.thread(&ada).await);
    assert_eq!(site.desk().card(&ada).await, "Waiting for an answer · Ticket due");
}

async fn who_leaves_without_an_answer_has_a_ticket(house: House, desk: DeskKind) {
    let topics = "ticket_when_left = \"5 minutes\"\n[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                  [calendar.office]\nzone = \"Europe/Madrid\"\nhours = \"Mo-Fr 09:00-18:00\"\n";
    let site = house.open(Setup { by_hand: true, topics, ..Setup::at(desk) }).await;
    // Thursday, 10:00 in Madrid.
    site.time_passes(9 * HOUR);
    let (ada, bo) = (site.customer("Ada").await, site.customer("Bo").await);
    ada.writes("My export hangs").await;
    bo.writes("Mine too").await;
    site.settle().await;
    ada.leaves();
    bo.leaves();
    let away = async || site.probe().number("SELECT COUNT(*) FROM conversation WHERE left_since IS NOT NULL").await;
    until("it is known that both have left", async || {
        site.time_passes(15_000);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        away().await == 2
    })
    .await;
    // Bo only went to another page.
    bo.comes_back();
    until("it is known that Bo is back", async || away().await == 1).await;
    site.time_passes(HOUR / 12);
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Threadline: The customer left without an answer, so this is a ticket now. The customer reads that there is an answer by Fri 2 Jan 10:00 (Europe/Madrid).
    "#]]
    .assert_eq(&site.thread(&ada).await);
    assert_eq!(site.desk().card(&bo).await, "Waiting for an answer");
    let tab = ada.comes_back();
    until("she reads it", async || !tab.page().standing["answer_by"].is_null()).await;
    site.settle().await;
}

async fn what_goes_first_is_due_earlier(house: House, desk: DeskKind) {
    let topics = "answer_urgent_within = \"1 hour\"\n[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                  answer_low_within = \"3 business days\"\n\
                  [calendar.office]\nzone = \"Europe/Madrid\"\nhours = \"Mo-Fr 09:00-18:00\"\n";
    let site = house.open(Setup { by_hand: true, topics, ..Setup::at(desk) }).await;
    site.time_passes(9 * HOUR);
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    for (typed, due) in [("!ticket", "Fri 09:00"), ("!ticket urgent", "Thu 10:00"), ("!ticket low", "Tue 09:00")] {
        site.agent("Grace").writes(&ada, typed).await;
        site.settle().await;
        assert_eq!(promised(&ada), due, "{typed}");
    }
}

async fn what_was_resolved_is_closed_after_a_week(house: House, desk: DeskKind) {
    let site = open(&house, desk).await;
    site.time_passes(9 * HOUR);
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    site.agent("Grace").writes(&ada, "!resolve").await;
    site.settle().await;
    let state = || ada.page().standing["state"].as_str().unwrap_or_default().to_string();
    assert_eq!(state(), "resolved");
    site.time_passes(7 * 24 * HOUR - 1);
    site.settle().await;
    assert_eq!(state(), "resolved");
    until("it is closed", async || {
        site.time_passes(HOUR);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        state() == "closed"
    })
    .await;
    site.settle().await;
    assert!(site.desk().card(&ada).await.starts_with("Closed, resolved by Grace"));
    assert_eq!(ada.page().standing["rating"], "not_asked");
    // It is the same conversation for its whole life.
    ada.writes("It hangs again").await;
    site.settle().await;
    assert_eq!(state(), "open");
    assert!(site.thread(&ada).await.contains("this resolved conversation is open again"));
}
