//! Working sessions: who books one, who comes too late, and what everybody is told of it.

use crate::house::post::{Mailbox, parsed, shown};
use crate::house::{Answer, Base, Customer, DeskKind, House, NewCustomer, PATIENCE, Setup, Site, mail, stage};
use crate::invitations::kept_by_python;
use expect_test::expect;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

plays! { a_hundred_customers_race_for_ten_times }

desk_plays! { a_session_from_its_booking_to_its_end }

#[test]
fn a_hundred_customers_race_for_ten_times_over_two_nodes() {
    stage(Base::Postgres, race_over_two_nodes);
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// One who takes sessions day and night, in the customer's own quarter of an hour.
pub const SESSIONS: &str = "[[topic]]\nid = \"technical\"\nlabel = \"Technical Issues\"\n\
                        [sessions]\njoin_url = \"https://meet.example.com/room\"\n\
                        prepare = \"Your campaign id\"\n\
                        [engineer.grace]\nname = \"Grace\"\n";

/// What a customer is answered who asks something of the sessions.
pub async fn asks(customer: &Customer, what: &str, said: Value) -> Answer {
    customer.web().send(Method::POST, &format!("/v1/session/{what}"), Some(customer.token()), &said).await
}

/// What the customer can book, and has.
pub async fn offer(customer: &Customer) -> Value {
    customer.web().get("/v1/session", Some(customer.token())).await.expect(200)
}

/// The times that are free, nearest first.
pub fn free(days: &Value) -> Vec<i64> {
    let days = days.as_array().into_iter().flatten();
    days.flat_map(|day| day["at"].as_array().unwrap()).map(|at| at.as_i64().unwrap()).collect()
}

/// A session that is booked.
async fn books(customer: &Customer, at: i64) -> Value {
    let held = asks(customer, "hold", json!({ "key": customer.fresh_key(), "at": at })).await.expect(200);
    asks(customer, "book", json!({ "id": held["id"] })).await.expect(200)
}

async fn a_hundred_customers_race_for_ten_times(house: House) {
    let site = house.open(Setup { topics: SESSIONS, ..Setup::at(DeskKind::Practice) }).await;
    race(&site).await;
}

async fn race_over_two_nodes(house: House) {
    let setup = Setup { topics: SESSIONS, programs: 2, ..Setup::at(DeskKind::Slack) };
    race(&house.open(setup).await).await;
}

/// Each wants one of the same ten times, and asks twice for all that it is answered, because it may have got lost.
async fn race(site: &Site) {
    let mut customers = Vec::new();
    for at in 0..100 {
        let new = NewCustomer { page: false, receipts: false, ..NewCustomer::named(&format!("Ada {at}")) };
        customers.push(site.new_customer(new).await);
    }
    let wanted: Vec<i64> = free(&offer(&customers[0]).await["days"])[4..14].to_vec();
    let run = |at: usize, customer: Customer| {
        let wish = wanted[at % wanted.len()];
        tokio::spawn(async move {
            let key = customer.fresh_key();
            let hold = async || asks(&customer, "hold", json!({ "key": key, "at": wish })).await;
            let (first, again) = (hold().await, hold().await);
            assert_eq!(first.status, again.status, "{} {}", first.text(), again.text());
            if first.status != 200 {
                let refused = first.json();
                assert_eq!(first.status, 409, "{refused}");
                assert!(refused["detail"].as_str().unwrap().starts_with("Somebody else was a moment faster"));
                let next = free(&refused["days"]);
                assert!(next.len() >= 3 && !next.contains(&wish), "{refused}");
                return None;
            }
            let id = first.json()["id"].clone();
            assert_eq!(again.json()["id"], id);
            let book = async || asks(&customer, "book", json!({ "id": id })).await.expect(200);
            let (first, again) = (book().await, book().await);
            assert_eq!((&first["state"], &first["opens"]), (&json!("booked"), &json!(wish)));
            assert_eq!(first, again);
            Some(wish)
        })
    };
    let racing: Vec<_> = customers.iter().cloned().enumerate().map(|(at, customer)| run(at, customer)).collect();
    let mut winners: BTreeMap<i64, usize> = BTreeMap::new();
    let mut kind_words = 0;
    for racer in racing {
        match racer.await.unwrap() {
            Some(wish) => *winners.entry(wish).or_default() += 1,
            None => kind_words += 1,
        }
    }
    assert_eq!((winners.len(), kind_words), (10, 90));
    assert!(winners.values().all(|count| *count == 1), "{winners:?}");
    let after = free(&offer(&customers[0]).await["days"]);
    assert!(wanted.iter().all(|at| !after.contains(at)));
    site.settle_within(PATIENCE * 2).await;
}

async fn a_session_from_its_booking_to_its_end(house: House, desk: DeskKind) {
    if !mail::is_here() {
        return;
    }
    let site = house.open(Setup { by_hand: true, by_email: true, topics: SESSIONS, ..Setup::at(desk) }).await;
    let inbox = Mailbox::of("ada");
    let more = json!({ "email": inbox.address(), "time_zone": "Europe/Vienna", "language": "en-GB" });
    let ada = site.new_customer(NewCustomer { more, ..NewCustomer::named("Ada") }).await;
    let at = free(&offer(&ada).await["days"])[4 * 40];
    let held = asks(&ada, "hold", json!({ "key": "first-choice", "at": at })).await.expect(200);
    assert_eq!(held["state"], "held");
    let booked = asks(&ada, "book", json!({ "id": held["id"], "text": "My export hangs" })).await.expect(200);
    assert_eq!((&booked["state"], &booked["with"]), (&json!("booked"), &json!("Grace")));
    site.settle().await;
    inbox.has(1).await;
    let moved = asks(&ada, "move", json!({ "id": held["id"], "to": at + HOUR })).await.expect(200);
    assert_eq!(moved["opens"], at + HOUR);
    site.settle().await;
    inbox.has(2).await;
    // A day, an hour and ten minutes before, and then it is over.
    for (millis, letters) in [(17 * HOUR + 15 * MINUTE, 3), (23 * HOUR, 4), (50 * MINUTE, 5), (30 * MINUTE, 5)] {
        site.time_passes(millis);
        site.settle().await;
        inbox.has(letters).await;
    }
    expect![[r#"
        #1001 · Technical Issues
          Threadline: 📅 The customer booked a session with Grace: Fri 2 Jan 16:15–16:30 (UTC), for the customer Fri 2 Jan 17:15 (Europe/Vienna). To join: https://meet.example.com/room
          Ada (customer): My export hangs
          Threadline: 📅 The customer moved the session. It is with Grace: Fri 2 Jan 17:15–17:30 (UTC), for the customer Fri 2 Jan 18:15 (Europe/Vienna). To join: https://meet.example.com/room
          Threadline: 📅 Grace, your session with Ada (ada@example.com) begins in 10 min: Fri 2 Jan 17:15–17:30 (UTC), for the customer Fri 2 Jan 18:15 (Europe/Vienna). To join: https://meet.example.com/room
    "#]].assert_eq(&site.thread(&ada).await.replace(&inbox.address(), "ada@example.com"));
    let letters = inbox.has(5).await;
    let said: Vec<String> = letters.iter().map(|raw| shown(raw)).collect();
    // How long an invitation is depends on the address of this run.
    let said: Vec<&str> = said.iter().flat_map(|text| text.lines()).map(without_bytes).collect();
    expect![[r#"
        Subject: [#1001] Technical Issues
        | Hello Ada,
        |
        | Your session with Grace is booked: Friday 2 January, 17:15 (Vienna time).
        |
        | Join the session: https://meet.example.com/room
        |
        | Please have ready: Your campaign id
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
        [
        [invite.ics
        Subject: Re: [#1001] Technical Issues
        | Hello Ada,
        |
        | Your session with Grace was moved. It is now on Friday 2 January, 18:15 (Vienna time).
        |
        | Join the session: https://meet.example.com/room
        |
        | Please have ready: Your campaign id
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
        [
        [invite.ics
        Subject: Re: [#1001] Technical Issues
        | Hello Ada,
        |
        | Your session with Grace begins soon: Friday 2 January, 18:15 (Vienna time).
        |
        | Join the session: https://meet.example.com/room
        |
        | Please have ready: Your campaign id
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
        Subject: Re: [#1001] Technical Issues
        | Hello Ada,
        |
        | Your session with Grace begins soon: Friday 2 January, 18:15 (Vienna time).
        |
        | Join the session: https://meet.example.com/room
        |
        | Please have ready: Your campaign id
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support.
        Subject: Re: [#1001] Technical Issues
        | Hello Ada,
        |
        | Your session with Grace begins soon: Friday 2 January, 18:15 (Vienna time).
        |
        | Join the session: https://meet.example.com/room
        |
        | Please have ready: Your campaign id
        |
        | To answer, just reply to this email.
        |
        | --
        | #1001
        | You get this email because you wrote to Example Support."#]]
    .assert_eq(&said.join("\n"));
    // Another one has none in the end.
    let bos = Mailbox::of("bo");
    let more = json!({ "email": bos.address() });
    let bo = site.new_customer(NewCustomer { more, ..NewCustomer::named("Bo") }).await;
    let booked = books(&bo, free(&offer(&bo).await["days"])[20]).await;
    site.settle().await;
    bos.has(1).await;
    let cancelled = asks(&bo, "cancel", json!({ "id": booked["id"] })).await.expect(200);
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(offer(&bo).await["session"]["state"], "cancelled");
    site.settle().await;
    let all: Vec<Vec<u8>> = letters.into_iter().chain(bos.has(2).await).collect();
    let calendars: Vec<String> = all.iter().filter_map(|raw| invitation(raw)).collect();
    assert_eq!(calendars.len(), 4);
    let Some(read) = kept_by_python(&calendars) else { return };
    let of = |at: usize, key: &str| read["shown"][at][key].as_str().unwrap().to_owned();
    assert_eq!(read["kept"].as_array().unwrap().len(), 1, "{read}");
    assert_eq!(read["kept"][0], read["shown"][1]["uid"]);
    assert_eq!(
        [of(0, "method"), of(1, "method"), of(2, "method"), of(3, "method")],
        ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    );
    assert_eq!(
        (of(0, "start"), of(1, "start")),
        ("2026-01-02T16:15:00+00:00".to_owned(), "2026-01-02T17:15:00+00:00".to_owned())
    );
}

/// `[invite.ics` of `[invite.ics, 785 bytes]`.
fn without_bytes(line: &str) -> &str {
    if line.starts_with('[') { line.split(',').next().unwrap_or_default() } else { line }
}

/// What a letter has for calendars: beside the words, and the same as a file.
fn invitation(raw: &[u8]) -> Option<String> {
    let letter = parsed(raw);
    let calendars = letter.parts.iter().filter(|part| {
        use mail_parser::MimeHeaders;
        part.content_type().is_some_and(|kind| kind.subtype() == Some("calendar") && kind.attribute("method").is_some())
    });
    let texts: Vec<String> = calendars.map(|part| String::from_utf8_lossy(part.contents()).into_owned()).collect();
    let [beside, file] = texts.as_slice() else { return None };
    assert_eq!(beside, file);
    Some(beside.clone())
}
