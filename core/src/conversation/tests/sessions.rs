//! What a customer does with sessions, what the team reads of it, and what goes by email.

use super::play::*;
use super::*;
use crate::calendar::{Calendar, Zone};
use crate::desk::MailRules;
use crate::ids::{EngineerName, SessionId};
use crate::session::{Engineer, Host, Plan, Terms};
use std::sync::Arc;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// 2026-01-01T00:00Z.
const NEW_YEAR: Moment = Moment(1_767_225_600_000);

fn plan() -> Plan {
    let host = |name: &str, shown: &str| Host {
        engineer: Engineer { name: EngineerName(name.into()), hours: None, absences: Vec::new(), a_day_max: None },
        shown: shown.into(),
        person: None,
        topics: None,
        join: None,
    };
    let terms = Terms {
        calendar: Calendar::always_open(),
        slot_millis: 15 * MINUTE,
        lead_millis: 15 * MINUTE,
        days_ahead: 4,
        buffer_millis: 0,
        hold_millis: 5 * MINUTE,
        change_until_millis: HOUR,
        reminders_millis: vec![24 * HOUR, HOUR, 10 * MINUTE],
    };
    Plan {
        terms,
        hosts: vec![host("grace", "Grace"), host("hedy", "Hedy")],
        join: Some("https://meet.example.com/{room}".into()),
        prepare: None,
        mention_millis: 10 * MINUTE,
    }
}

/// A conversation whose customer can book, at midnight.
fn bookable() -> Play {
    let mut play = Play::new();
    play.rules = DeskRules {
        mail: Some(MailRules { answer_after_millis: 5 * MINUTE }),
        sessions: Some(Arc::new(plan())),
        ..rules(Mode::Open, 0)
    };
    play.now = NEW_YEAR;
    play.dialogue.context.zone = Some(Zone::Europe__Vienna);
    play.step(has_address("ada@example.com"));
    play
}

fn at(hours: i64) -> Moment {
    NEW_YEAR.plus_millis(hours * HOUR)
}

fn hold(id: u128, key: &str, hours: i64) -> Event {
    Event::SessionAsked(Ask::Hold { id: SessionId(id), key: key.into(), at: at(hours) })
}

fn book(id: u128) -> Event {
    Event::SessionAsked(Ask::Book { id: SessionId(id) })
}

fn moved(id: u128, hours: i64) -> Event {
    Event::SessionAsked(Ask::Move { id: SessionId(id), to: at(hours) })
}

fn cancel(id: u128) -> Event {
    Event::SessionAsked(Ask::Cancel { id: SessionId(id) })
}

/// The times that are given away, in hours of the day, and to whom.
fn taken(play: &Play) -> String {
    let mut all: Vec<String> = (play.dialogue.book.taken(None, play.now).into_iter())
        .map(|taken| format!("{} {}", taken.span.opens.millis_since(NEW_YEAR) / HOUR, taken.engineer))
        .collect();
    all.sort_unstable();
    all.join(", ")
}

#[test]
fn a_time_is_held_booked_moved_and_cancelled() {
    let mut play = bookable();
    play.on(hold(1, "first", 48));
    play.on(hold(2, "first", 48));
    assert_eq!(taken(&play), "48 grace");
    play.note("another choice gives the first back");
    play.on(hold(2, "second", 49));
    assert_eq!(taken(&play), "49 grace");
    play.on(book(1));
    play.on(book(2));
    play.on(book(2));
    play.on(hold(3, "third", 50));
    play.on(moved(2, 50));
    play.on(moved(2, 50));
    assert_eq!(taken(&play), "50 grace");
    play.on(moved(2, 1_000));
    play.later(48 * HOUR + 30 * MINUTE);
    play.on(moved(2, 51));
    play.later(HOUR);
    play.on(cancel(2));
    play.on(cancel(7));
    play.later(-HOUR);
    play.on(cancel(2));
    play.on(cancel(2));
    assert_eq!(taken(&play), "");
    play.check(expect![[r#"
        Ada wants Hold { id: ses_00000000000000000000000001, key: "first", at: Moment(1767398400000) }
            nothing
        Ada wants Hold { id: ses_00000000000000000000000002, key: "first", at: Moment(1767398400000) }
            nothing
        (another choice gives the first back)
        Ada wants Hold { id: ses_00000000000000000000000002, key: "second", at: Moment(1767402000000) }
            nothing
        Ada wants Book { id: ses_00000000000000000000000001 }
            rejected: Session(Lapsed)
        Ada wants Book { id: ses_00000000000000000000000002 }
            open a thread, post 1 “📅 The customer booked a session with Grace: Sat 3 Jan 01:00–01:15 (UTC), for the customer Sat 3 Jan 02:00 (Europe/Vienna). To join: https://meet.example.com/ses_00000000000000000000000002”, show how it stands, send ada@example.com the letter 2 about the session, Invited 0
        Ada wants Book { id: ses_00000000000000000000000002 }
            nothing
        Ada wants Hold { id: ses_00000000000000000000000003, key: "third", at: Moment(1767405600000) }
            rejected: Session(HasOne)
        Ada wants Move { id: ses_00000000000000000000000002, to: Moment(1767405600000) }
            post 3 “📅 The customer moved the session. It is with Grace: Sat 3 Jan 02:00–02:15 (UTC), for the customer Sat 3 Jan 03:00 (Europe/Vienna). To join: https://meet.example.com/ses_00000000000000000000000002”, show how it stands, send ada@example.com the letter 4 about the session, Invited 1
        Ada wants Move { id: ses_00000000000000000000000002, to: Moment(1767405600000) }
            nothing
        Ada wants Move { id: ses_00000000000000000000000002, to: Moment(1770825600000) }
            rejected: Session(NobodyFree)
        Ada wants Move { id: ses_00000000000000000000000002, to: Moment(1767409200000) }
            post 5 “📅 The customer moved the session. It is with Grace: Sat 3 Jan 03:00–03:15 (UTC), for the customer Sat 3 Jan 04:00 (Europe/Vienna). To join: https://meet.example.com/ses_00000000000000000000000002”, show how it stands, send ada@example.com the letter 6 about the session, Invited 2
        Ada wants Cancel { id: ses_00000000000000000000000002 }
            post 7 “📅 The customer cancelled the session with Grace: Sat 3 Jan 03:00–03:15 (UTC), for the customer Sat 3 Jan 04:00 (Europe/Vienna).”, show how it stands, send ada@example.com the letter 8 about the session, Cancelled 3
        Ada wants Cancel { id: ses_00000000000000000000000007 }
            rejected: Session(Unknown)
        Ada wants Cancel { id: ses_00000000000000000000000002 }
            nothing
        Ada wants Cancel { id: ses_00000000000000000000000002 }
            nothing
        ---
    "#]]);
}

#[test]
fn a_hold_that_is_over_is_anybodys() {
    let mut play = bookable();
    play.step(hold(1, "first", 48));
    play.later(5 * MINUTE);
    assert_eq!(taken(&play), "");
    play.on(book(1));
    play.on(hold(2, "first", 48));
    play.on(book(2));
    play.check(expect![[r#"
        Ada wants Book { id: ses_00000000000000000000000001 }
            rejected: Session(Lapsed)
        Ada wants Hold { id: ses_00000000000000000000000002, key: "first", at: Moment(1767398400000) }
            nothing
        Ada wants Book { id: ses_00000000000000000000000002 }
            open a thread, post 1 “📅 The customer booked a session with Grace: Sat 3 Jan 00:00–00:15 (UTC), for the customer Sat 3 Jan 01:00 (Europe/Vienna). To join: https://meet.example.com/ses_00000000000000000000000002”, show how it stands, send ada@example.com the letter 2 about the session, Invited 0
        ---
    "#]]);
}

#[test]
fn everybody_is_told_once_before_it_begins() {
    let mut play = bookable();
    play.step(hold(1, "first", 48));
    play.step(book(1));
    play.on(Event::SessionDue);
    play.later(24 * HOUR);
    play.on(Event::SessionDue);
    play.note("nobody looked for an hour: the latest word counts");
    play.later(23 * HOUR + 50 * MINUTE);
    play.on(Event::SessionDue);
    play.on(Event::SessionDue);
    play.later(HOUR);
    play.on(Event::SessionDue);
    play.note("of one that has begun nothing is said");
    let mut missed = bookable();
    missed.step(hold(1, "first", 48));
    missed.step(book(1));
    missed.later(48 * HOUR);
    missed.on(Event::SessionDue);
    play.check(expect![[r#"
        something is due before a session
            nothing
        something is due before a session
            send ada@example.com the letter 3 about the session, Soon 0, show how it stands
        (nobody looked for an hour: the latest word counts)
        something is due before a session
            send ada@example.com the letter 4 about the session, Soon 0, show how it stands, post 5 “📅 Grace, your session with ada@example.com begins in 10 min: Sat 3 Jan 00:00–00:15 (UTC), for the customer Sat 3 Jan 01:00 (Europe/Vienna). To join: https://meet.example.com/ses_00000000000000000000000001”
        something is due before a session
            nothing
        something is due before a session
            nothing
        (of one that has begun nothing is said)
        ---
    "#]]);
    missed.check(expect![[r#"
        something is due before a session
            nothing
        ---
    "#]]);
}

#[test]
fn without_sessions_there_is_nothing_to_ask() {
    let mut play = bookable();
    play.rules.sessions = None;
    assert_eq!(play.effects_of(hold(1, "first", 48)), "rejected: Session(NotOffered)");
    let mut only_technical = plan();
    only_technical.hosts.iter_mut().for_each(|host| host.topics = Some(vec!["technical".into()]));
    play.rules.sessions = Some(Arc::new(only_technical));
    assert_eq!(play.effects_of(hold(1, "first", 48)), "rejected: Session(NotOffered)");
}
