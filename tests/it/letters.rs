//! What customers do not see at the chat goes to them by email: through real mail servers, into real
//! mailboxes.

use crate::house::files::pdf;
use crate::house::post::{Mailbox, parsed, shown};
use crate::house::{Customer, DeskKind, House, NewCustomer, Setup, Site, mail};
use expect_test::expect;
use serde_json::json;

desk_plays! {
    who_is_not_there_has_answers_by_email,
    who_sees_an_answer_gets_no_letter,
    an_address_that_takes_no_letters_is_told_to_the_team,
    a_letter_waits_for_the_mail_server,
    a_ticket_is_confirmed_in_the_customers_language_and_time,
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const OFFICE: &str = "[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                      [calendar.office]\nzone = \"Europe/Madrid\"\nhours = \"Mo-Fr 09:00-18:00\"\n";

/// A team that is always there, on a Thursday at midnight UTC; nothing where there are no mail servers.
async fn open(house: &House, desk: DeskKind) -> Option<Site> {
    if !mail::is_here() {
        return None;
    }
    Some(house.open(Setup { by_hand: true, by_email: true, ..Setup::at(desk) }).await)
}

/// A customer who has said hello and gone.
async fn gone(site: &Site, address: &str) -> Customer {
    let ada = site.new_customer(NewCustomer {
        more: json!({ "email": address }),
        page: false,
        receipts: false,
        ..NewCustomer::named("Ada")
    });
    let ada = ada.await;
    ada.writes("My export hangs").await;
    site.settle().await;
    ada
}

/// Time passes, and what is due is done.
async fn later(site: &Site, millis: i64) {
    site.time_passes(millis);
    site.settle().await;
}

async fn who_is_not_there_has_answers_by_email(house: House, desk: DeskKind) {
    let Some(site) = open(&house, desk).await else { return };
    let inbox = Mailbox::of("ada");
    let ada = gone(&site, &inbox.address()).await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "Which browser do you use?").await;
    site.settle().await;
    later(&site, 2 * MINUTE).await;
    assert_eq!(inbox.letters().len(), 0);
    grace.attaches(&ada, "Please try *this*", "guide.pdf", pdf()).await;
    grace.writes(&ada, "// he may be gone").await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    let letters = inbox.has(1).await;
    expect![[r#"
        Subject: [#1001] Technical Issues
        | Hello Ada,
        |
        | Grace wrote on Thursday, January 1, 12:00 AM (UTC):
        |
        | Which browser do you use?
        |
        | Grace wrote on Thursday, January 1, 12:02 AM (UTC):
        |
        | Please try this
        |
        | Attached: guide.pdf
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
        [guide.pdf, 3009 bytes]
    "#]]
    .assert_eq(&shown(&letters[0]));
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Which browser do you use? ✉️
          Grace: Please try this
            [file: guide.pdf] ✉️
          Grace: // he may be gone
    "#]]
    .assert_eq(&site.thread(&ada).await);
    grace.writes(&ada, "Did it help?").await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    let letters = inbox.has(2).await;
    let (first, second) = (parsed(&letters[0]), parsed(&letters[1]));
    assert_eq!(second.subject(), Some("Re: [#1001] Technical Issues"));
    assert_eq!(second.in_reply_to().as_text(), first.message_id());
    assert_eq!(second.references().as_text(), first.message_id());
    assert!(!shown(&letters[1]).contains("browser"), "{}", shown(&letters[1]));
    // Nothing more goes, however long he is away.
    later(&site, 48 * HOUR).await;
    inbox.has(2).await;
    // What he has by email is not unread when he comes back.
    ada.comes_back();
    site.settle().await;
    let standing = ada.tabs()[0].page().standing.clone();
    assert_eq!(standing["emailed"], ada.tabs()[0].page().last_rev, "{standing}");
}

async fn who_sees_an_answer_gets_no_letter(house: House, desk: DeskKind) {
    let Some(site) = open(&house, desk).await else { return };
    let inbox = Mailbox::of("ada");
    let more = json!({ "email": inbox.address() });
    let ada = site.new_customer(NewCustomer { more, ..NewCustomer::named("Ada") }).await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "Which browser do you use?").await;
    site.settle().await;
    ada.looks().await;
    later(&site, 10 * MINUTE).await;
    let taken_back = grace.writes(&ada, "Never mind").await;
    site.settle().await;
    grace.deletes(&ada, &taken_back).await;
    site.settle().await;
    later(&site, 10 * MINUTE).await;
    assert_eq!(inbox.letters().len(), 0);
    // Another one he leaves unread, though his browser has it.
    grace.writes(&ada, "Still there?").await;
    site.settle().await;
    later(&site, 10 * MINUTE).await;
    expect![[r#"
        Subject: [#1001] Technical Issues
        | Hello Ada,
        |
        | Grace wrote on Thursday, January 1, 12:20 AM (UTC):
        |
        | Still there?
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
    "#]]
    .assert_eq(&shown(&inbox.has(1).await[0]));
    ada.looks().await;
    site.settle().await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Which browser do you use? ✓ 👁
          Grace: Still there? ✓ ✉️ 👁
    "#]]
    .assert_eq(&site.thread(&ada).await);
}

async fn an_address_that_takes_no_letters_is_told_to_the_team(house: House, desk: DeskKind) {
    let Some(site) = open(&house, desk).await else { return };
    let ada = gone(&site, mail::NOBODY).await;
    let grace = site.agent("Grace");
    grace.writes(&ada, "Which browser do you use?").await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    grace.writes(&ada, "Hello?").await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Which browser do you use? ⏳
          Threadline: ⚠️ A letter to nobody@example.com could not be sent (550 no such user as (an address)). Nothing more goes to this address before it is tried again or the customer gives another one.
            [Try again]
          Grace: Hello? ⏳
    "#]].assert_eq(&site.thread(&ada).await);
    // Tried again, it is refused again; with another address it goes, with all that he has not read.
    assert!(grace.presses_retry(&ada).await);
    site.settle().await;
    let inbox = Mailbox::of("ada");
    ada.tells(json!({ "email": inbox.address() })).await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    expect![[r#"
        Subject: [#1001] Technical Issues
        | Hello Ada,
        |
        | Grace wrote on Thursday, January 1, 12:00 AM (UTC):
        |
        | Which browser do you use?
        |
        | Grace wrote on Thursday, January 1, 12:05 AM (UTC):
        |
        | Hello?
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
    "#]]
    .assert_eq(&shown(&inbox.has(1).await[0]));
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Which browser do you use? ✉️
          Threadline: ⚠️ A letter to nobody@example.com could not be sent (550 no such user as (an address)). Nothing more goes to this address before it is tried again or the customer gives another one.
            [Try again]
          Grace: Hello? ✉️
          Threadline: Grace tries again what could not be delivered.
          Threadline: ⚠️ A letter to nobody@example.com could not be sent (550 no such user as (an address)). Nothing more goes to this address before it is tried again or the customer gives another one.
            [Try again]
    "#]].assert_eq(&site.thread(&ada).await);
}

async fn a_letter_waits_for_the_mail_server(house: House, desk: DeskKind) {
    let Some(site) = open(&house, desk).await else { return };
    let inbox = Mailbox::of("ada");
    let ada = gone(&site, &inbox.address()).await;
    site.post().is_reachable(false);
    let grace = site.agent("Grace");
    grace.writes(&ada, "Which browser do you use?").await;
    site.settle().await;
    later(&site, 5 * MINUTE).await;
    grace.writes(&ada, "Still there?").await;
    site.settle().await;
    later(&site, HOUR).await;
    site.stops().await;
    site.starts().await;
    later(&site, HOUR).await;
    assert_eq!(inbox.letters().len(), 0);
    assert!(!site.thread(&ada).await.contains("✉️"));
    site.post().is_reachable(true);
    later(&site, HOUR).await;
    inbox.has(1).await;
    // What was written meanwhile goes with the next.
    later(&site, 5 * MINUTE).await;
    let letters = inbox.has(2).await;
    assert!(shown(&letters[0]).contains("Which browser") && !shown(&letters[0]).contains("Still there"));
    assert!(shown(&letters[1]).contains("Still there") && !shown(&letters[1]).contains("Which browser"));
}

async fn a_ticket_is_confirmed_in_the_customers_language_and_time(house: House, desk: DeskKind) {
    if !mail::is_here() {
        return;
    }
    let site = house.open(Setup { by_hand: true, by_email: true, topics: OFFICE, ..Setup::at(desk) }).await;
    let inbox = Mailbox::of("ada");
    let more = json!({ "email": inbox.address(), "language": "es-MX", "time_zone": "America/Mexico_City" });
    let ada = site.new_customer(NewCustomer { more, ..NewCustomer::named("Ada") }).await;
    ada.writes("No puedo exportar").await;
    site.settle().await;
    ada.writes("¿Hola?").await;
    site.settle().await;
    let letters = inbox.has(1).await;
    expect![[r#"
        Subject: [#1001] Technical Issues
        | Hola, Ada:
        |
        | Hemos recibido su mensaje. Su número es el #1001. Tendrá una respuesta antes del jueves 1 de enero de 2026, 11:00 (hora de Mexico City).
        |
        | Para contestar, responda a este correo.
        |
        | --
        | #1001
        | Recibe este correo porque escribió a Example Support.
    "#]].assert_eq(&shown(&letters[0]));
    let letter = parsed(&letters[0]);
    assert_eq!(letter.header("Auto-Submitted").and_then(|value| value.as_text()), Some("auto-generated"));
    // Answered, and waiting again: it is the same ticket.
    later(&site, 10 * HOUR).await;
    site.agent("Grace").writes(&ada, "¿Qué navegador usa?").await;
    site.settle().await;
    ada.looks().await;
    ada.writes("Firefox").await;
    later(&site, 10 * HOUR).await;
    inbox.has(1).await;
}
