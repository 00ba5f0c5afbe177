//! A whole night: a chat in the last minute, a ticket after hours, a letter, a reply by email in the small
//! hours, the answer in the morning, and the customer back at the page. One conversation, one thread,
//! everything once, and every time right in three zones.

use crate::house::post::{Mailbox, parsed, shown};
use crate::house::{DeskKind, House, NewCustomer, Setup, Site, mail, until};
use expect_test::expect;
use serde_json::json;

desk_plays! {
    a_whole_night,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// The team is in New York, within a business day.
const OFFICE: &str = "[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                      [[topic.field]]\nid = \"error_text\"\nlabel = \"Exact error\"\nhelp = \"As it is shown.\"\n\
                      required = true\n\
                      [calendar.office]\nzone = \"America/New_York\"\nhours = \"Mo-Fr 09:00-18:00\"\n";

/// Time passes, and what is due is done.
async fn later(site: &Site, millis: i64) {
    site.time_passes(millis);
    site.settle().await;
}

/// The clock begins on Thursday, 2026-01-01T00:00Z, which is Wednesday 19:00 in New York, 01:00 in Madrid and
/// 09:00 in Tokyo.
async fn a_whole_night(house: House, desk: DeskKind) {
    if !mail::is_here() {
        return;
    }
    let site = house.open(Setup { by_hand: true, by_email: true, topics: OFFICE, ..Setup::at(desk) }).await;
    let (ada, ken, lin) = (Mailbox::of("ada"), Mailbox::of("ken"), Mailbox::of("lin"));
    let customer = |inbox: &Mailbox, zone: &str| json!({ "email": inbox.address(), "time_zone": zone, "fields": { "error_text": "E42" } });
    // Thursday 17:59 in New York: somebody is there, and it is no ticket.
    later(&site, 22 * HOUR + 59 * MINUTE).await;
    let more = customer(&ada, "Europe/Madrid");
    let madrid = site.new_customer(NewCustomer { more, ..NewCustomer::named("Ada") }).await;
    madrid.writes("My export hangs").await;
    site.settle().await;
    assert_eq!(madrid.page().standing["answer_by"], json!(null));
    // At 18:00 it closes: what is written now is answered by the end of the next business day.
    later(&site, MINUTE).await;
    madrid.writes("Hello?").await;
    let more = customer(&ken, "Asia/Tokyo");
    let tokyo = site.new_customer(NewCustomer { more, ..NewCustomer::named("Ken") }).await;
    tokyo.writes("Where is my invoice?").await;
    site.settle().await;
    expect![[r#"
        Subject: [#1001] Technical Issues
        | Hello Ada,
        |
        | We have received your message. Its number is #1001. You will have an answer by Friday, January 2, 11:59 PM (Madrid time).
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
    "#]].assert_eq(&shown(&ada.has(1).await[0]));
    expect![[r#"
        Subject: [#1002] Technical Issues
        | Hello Ken,
        |
        | We have received your message. Its number is #1002. You will have an answer by Saturday, January 3, 8:00 AM (Tokyo time).
        |
        | To answer, just reply to this email.
        |
        | --
        | #1002
        | You get this email because you wrote to Example Support.
    "#]].assert_eq(&shown(&ken.has(1).await[0]));
    // She leaves. At 22:00 somebody writes to the support address, and is asked once for what is missing.
    madrid.leaves();
    later(&site, 4 * HOUR).await;
    let support = site.post().address();
    let by_mail = format!(
        "From: Lin <{}>\r\nTo: {support}\r\nSubject: Broken\r\nMessage-ID: <1@customer.example>\r\n\r\nIt is broken.\r\n",
        lin.address(),
    );
    site.post().sends(&lin.address(), &support, by_mail.as_bytes()).await;
    until("the letter is taken in", async || site.letters_read().await == 1).await;
    site.settle().await;
    expect![[r#"
        Subject: Re: [#1003] Broken
        | Hello Lin,
        |
        | We have received your message. Its number is #1003. You will have an answer by Friday, January 2, 6:00 PM (New York time).
        |
        | To be able to help, we still need:
        |
        | - Exact error: As it is shown.
        |
        | Just reply to this email with it.
        |
        | --
        | #1003
        | You get this email because you wrote to Example Support.
    "#]].assert_eq(&shown(&lin.has(1).await[0]));
    // At 03:00 Ada replies to the letter.
    later(&site, 5 * HOUR).await;
    let confirmed = ada.has(1).await;
    let letter = parsed(&confirmed[0]);
    let reply_to = letter.reply_to().unwrap().first().unwrap().address().unwrap().to_string();
    let reply = format!(
        "From: {}\r\nTo: {reply_to}\r\nSubject: Re: {}\r\nMessage-ID: <2@customer.example>\r\nIn-Reply-To: <{}>\r\n\r\n\
         It hangs at 99 %.\r\n\r\nOn Fri, Jan 2, 2026 Example Support wrote:\r\n> Hello Ada,\r\n",
        ada.address(),
        letter.subject().unwrap(),
        letter.message_id().unwrap(),
    );
    site.post().sends(&ada.address(), &reply_to, reply.as_bytes()).await;
    until("the reply is taken in", async || site.letters_read().await == 2).await;
    site.settle().await;
    // At 09:05 Grace answers in the thread, and the answer goes by email.
    later(&site, 6 * HOUR + 5 * MINUTE).await;
    site.agent("Grace").writes(&madrid, "Please try it once more.").await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    expect![[r#"
        Subject: Re: [#1001] Technical Issues
        | Hello Ada,
        |
        | Grace wrote on Friday, January 2, 3:05 PM (Madrid time):
        |
        | Please try it once more.
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
    "#]]
    .assert_eq(&shown(&ada.has(2).await[1]));
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Ada (customer): Hello?
          Ada (customer): ✉️ By email
            It hangs at 99 %.
          Grace: Please try it once more. ✉️
    "#]]
    .assert_eq(&site.thread(&madrid).await);
    // She is back at the page, and everything is there once.
    let tab = madrid.comes_back();
    site.settle().await;
    expect![[r#"
        me: My export hangs (sent)
        me: Hello? (sent)
        me: It hangs at 99 %. (sent)
        Grace: Please try it once more.
    "#]]
    .assert_eq(&tab.page().transcript());
    madrid.writes("It works!").await;
    site.settle().await;
    later(&site, HOUR).await;
    ada.has(2).await;
    ken.has(1).await;
    lin.has(1).await;
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM conversation").await, 3);
    assert_eq!(site.probe().number("SELECT COUNT(*) FROM message WHERE kind = 'letter'").await, 4);
}
