//! The promise to answer later: when it is given, what it promises, and when it is kept.

use super::play::*;
use super::*;
use crate::availability::{Attendance, OpenWhen, Promise};
use crate::calendar::{Calendar, Holidays, Hours};
use crate::ticket::{Policy, Priority, Terms, Timetable};
use crate::verb::Verb;
use std::fmt::Write;
use std::sync::Arc;

const HOUR: i64 = 3_600_000;
/// Thursday, 2026-01-01T00:00Z.
const THURSDAY: i64 = 1_767_225_600_000;

/// A team that answers Mo-Fr 09:00-18:00 UTC within a business day, at a moment after this Thursday's
/// first.
fn at(hours: i64) -> Play {
    let office = Hours::parse("Mo-Fr 09:00-18:00", &Holidays::default()).unwrap();
    let office = Calendar::new(crate::calendar::Zone::UTC, office, Vec::new());
    let mut play = Play::new();
    play.rules.timetable = Arc::new(Timetable::new(
        Default::default(),
        Terms { calendar: office, policy: Policy::answering_within(Promise::Days(1)) },
    ));
    play.rules.hold_millis = 0;
    play.now = Moment(THURSDAY + hours * HOUR);
    play
}

/// What was promised, and whether it is owed now.
fn promise(play: &Play) -> String {
    let head = &play.dialogue.head;
    let Some(ticket) = head.ticket else { return "no ticket".into() };
    let hours = |at: Moment| (at.0 - THURSDAY) as f64 / HOUR as f64;
    let due = ticket.due.map_or("never".into(), |due| format!("{} h", hours(due)));
    let owed = if head.answer_due().is_some() { "owed" } else { "not owed" };
    format!("{} ticket since {} h, due {due}, {owed}", ticket.priority.word(), hours(ticket.since))
}

fn ticket(priority: Option<Priority>, within: Option<Promise>) -> Verb {
    Verb::Ticket { priority, within }
}

/// Each line of the play: at which hour, and what happens.
fn played(from: i64, events: Vec<(i64, Event)>) -> String {
    let mut play = at(from);
    let mut told = String::new();
    for (hours, event) in events {
        play.now = Moment(THURSDAY + hours * HOUR);
        let said = event_words(&event);
        let effects = play.effects_of(event);
        let _ = writeln!(told, "{hours} h: {said}\n    {effects}\n    {}", promise(&play));
    }
    told
}

#[test]
fn a_chat_that_nobody_answers_in_time_becomes_a_ticket_once() {
    let minutes = |hours: i64, minutes: i64| Moment(THURSDAY + hours * HOUR + minutes * 60_000);
    let mut play = at(17);
    let office = Hours::parse("Mo-Fr 09:00-18:00", &Holidays::default()).unwrap();
    let calendar = Calendar::new(crate::calendar::Zone::UTC, office, Vec::new());
    let policy = Policy { ticket_after: Some(Promise::Minutes(10)), ..Policy::answering_within(Promise::Days(1)) };
    let terms = Terms { calendar, policy };
    play.rules.timetable = Arc::new(Timetable::new(Default::default(), terms));
    // In the last minutes of Thursday: what is left of the ten goes on on Friday.
    for (at, event) in [
        (minutes(17, 55), wrote("a", "My export hangs")),
        (minutes(17, 55), opened("T1")),
        (minutes(33, 4), Event::PatienceEnded),
        (minutes(33, 5), Event::PatienceEnded),
        (minutes(33, 5), Event::PatienceEnded),
    ] {
        play.now = at;
        play.on(event);
    }
    assert_eq!(play.dialogue.head.patience_due, None);
    play.note("another one is answered in time");
    let mut answered = at(10);
    answered.rules = play.rules.clone();
    answered.step(wrote("a", "My export hangs"));
    answered.step(opened("T1"));
    assert_eq!(answered.dialogue.head.patience_due, Some(minutes(10, 10)));
    answered.step(says(GRACE, 90, "Which browser?"));
    assert_eq!(answered.dialogue.head.patience_due, None);
    answered.now = minutes(11, 0);
    assert_eq!(answered.effects_of(Event::PatienceEnded), "nothing");
    play.check(expect![[r#"
        Ada, a: My export hangs
            open a thread, post 1, show 1
        thread T1 opened
            the thread is settled
        nobody has answered in time
            nothing
        nobody has answered in time
            post 2 “Nobody has answered in time, so this is a ticket now. The customer reads that there is an answer by Fri 2 Jan 17:55 (UTC).”, edit the card, show how it stands
        nobody has answered in time
            nothing
        (another one is answered in time)
        ---
        r1 Ada: My export hangs
    "#]]);
}

#[test]
fn who_left_without_an_answer_has_a_ticket() {
    let mut play = at(33);
    let policy = Policy {
        ticket_after: Some(Promise::Minutes(120)),
        ticket_when_left: Some(Promise::Minutes(5)),
        ..Policy::answering_within(Promise::Days(1))
    };
    let office = Hours::parse("Mo-Fr 09:00-18:00", &Holidays::default()).unwrap();
    let calendar = Calendar::new(crate::calendar::Zone::UTC, office, Vec::new());
    play.rules.timetable = Arc::new(Timetable::new(Default::default(), Terms { calendar, policy }));
    let at = |minutes: i64| Moment(THURSDAY + 33 * HOUR + minutes * 60_000);
    let due = |play: &Play| play.dialogue.head.patience_due.map(|due| (due.0 - at(0).0) / 60_000);
    play.step(Event::CustomerLeft);
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    assert_eq!(due(&play), Some(120));
    // He comes and goes; told twice, it is once.
    for (minutes, event, expected) in [
        (1, Event::CustomerLeft, 6),
        (2, Event::CustomerLeft, 6),
        (3, Event::CustomerIsBack, 120),
        (4, Event::CustomerLeft, 9),
        (5, wrote("b", "Hello?"), 120),
        (6, Event::CustomerLeft, 11),
        (10, Event::PatienceEnded, 11),
    ] {
        play.now = at(minutes);
        play.step(event);
        assert_eq!(due(&play), Some(expected), "after {minutes} minutes");
    }
    let mut answered = play.clone();
    answered.step(says(GRACE, 90, "Which browser?"));
    assert_eq!(due(&answered), None);
    // Who was answered and left is not waiting for anything.
    answered.step(Event::CustomerLeft);
    assert_eq!(due(&answered), None);
    play.now = at(11);
    play.on(Event::PatienceEnded);
    play.on(Event::CustomerLeft);
    play.check(expect![[r#"
        nobody has answered in time
            post 3 “The customer left without an answer, so this is a ticket now. The customer reads that there is an answer by Mon 5 Jan 09:00 (UTC).”, edit the card, show how it stands
        the customer has left
            nothing
        ---
        r1 Ada: My export hangs
        r2 Ada: Hello?
    "#]]);
}

#[test]
fn what_goes_first_is_due_earlier() {
    let mut play = at(33);
    let policy = Policy {
        urgent_within: Some(Promise::Minutes(60)),
        low_within: Some(Promise::Days(3)),
        ..Policy::answering_within(Promise::Days(1))
    };
    let office = Hours::parse("Mo-Fr 09:00-18:00", &Holidays::default()).unwrap();
    let calendar = Calendar::new(crate::calendar::Zone::UTC, office, Vec::new());
    play.rules.timetable = Arc::new(Timetable::new(Default::default(), Terms { calendar, policy }));
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    // Friday 09:00; counted from the question, and from now when that would be over; what he was told himself stands.
    for (hours, priority, within, expected) in [
        (33, None, None, "normal ticket since 33 h, due 105 h, owed"),
        (33, Some(Priority::Urgent), None, "urgent ticket since 33 h, due 34 h, owed"),
        (33, None, None, "urgent ticket since 33 h, due 34 h, owed"),
        (33, Some(Priority::High), None, "high ticket since 33 h, due 105 h, owed"),
        (33, Some(Priority::Low), None, "low ticket since 33 h, due 153 h, owed"),
        (36, Some(Priority::Urgent), None, "urgent ticket since 33 h, due 37 h, owed"),
        (36, None, Some(Promise::Minutes(30)), "urgent ticket since 33 h, due 36.5 h, owed"),
        (36, Some(Priority::Urgent), None, "urgent ticket since 33 h, due 36.5 h, owed"),
    ] {
        play.now = Moment(THURSDAY + hours * HOUR);
        let number = play.dialogue.head.last_seq;
        play.step(did(GRACE, &format!("d{number}"), ticket(priority, within)));
        assert_eq!(promise(&play), expected);
    }
    // He is answered and asks again: promised anew, by what goes first.
    play.step(says(GRACE, 90, "Try again"));
    play.step(wrote("b", "It still hangs"));
    assert_eq!(promise(&play), "urgent ticket since 33 h, due 37 h, owed");
}

#[test]
fn what_was_resolved_is_closed_and_opens_again() {
    let mut play = at(33);
    play.step(wrote("a", "My export hangs"));
    play.step(opened("T1"));
    play.on(Event::ClosingDue);
    play.step(did(GRACE, "d1", Verb::Resolve { silently: false }));
    play.now = Moment(THURSDAY + 200 * HOUR);
    play.on(Event::ClosingDue);
    play.on(Event::ClosingDue);
    assert!(play.dialogue.clone().step(rated("r1", 5, ""), play.now, &play.rules, &mut || id(99)).is_err());
    play.on(wrote("b", "It hangs again"));
    play.check(expect![[r#"
        it was resolved long ago
            nothing
        it was resolved long ago
            show how it stands, edit the card
        it was resolved long ago
            nothing
        Ada, b: It hangs again
            post 4, show 4, show how it stands, post 5 “The customer wrote again, so this resolved conversation is open again.”, edit the card
        ---
        r1 Ada: My export hangs
        r2 Ada: It hangs again
    "#]]);
}

/// A team that has hours, of whom somebody has to be there as well; at ten on Friday.
fn attended(names: &[&str], has_room: bool) -> Play {
    let mut play = at(34);
    let office = Hours::parse("Mo-Fr 09:00-18:00", &Holidays::default()).unwrap();
    let calendar = Calendar::new(crate::calendar::Zone::UTC, office, Vec::new());
    let policy = Policy {
        open_when: OpenWhen::InHoursAndAttended,
        ticket_after: Some(Promise::Minutes(10)),
        ..Policy::answering_within(Promise::Days(1))
    };
    let terms = Terms { calendar, policy };
    play.rules.timetable = Arc::new(Timetable::new(Default::default(), terms));
    play.rules.attendance = Attendance { names: names.iter().map(ToString::to_string).collect(), has_room };
    play
}

#[test]
fn who_writes_while_nobody_is_there_is_promised_an_answer() {
    let after_hello = |play: &mut Play| {
        play.step(wrote("a", "Hello"));
        promise(play)
    };
    let promised = "normal ticket since 34 h, due 106 h, owed";
    assert_eq!(after_hello(&mut attended(&["Grace"], true)), "no ticket");
    assert_eq!(after_hello(&mut attended(&[], false)), promised);
    assert_eq!(after_hello(&mut attended(&["Grace"], false)), promised, "they are all busy");
    // Whoever is there goes on with a chat that is under way, however busy; a new question is another matter.
    let mut under_way = attended(&["Grace"], true);
    assert_eq!(after_hello(&mut under_way), "no ticket");
    under_way.rules.attendance.has_room = false;
    under_way.step(opened("T1"));
    under_way.step(says(GRACE, 90, "Which browser?"));
    under_way.step(wrote("b", "All of them"));
    assert_eq!(promise(&under_way), "no ticket");
    under_way.step(did(GRACE, "d1", Verb::Resolve { silently: true }));
    under_way.step(wrote("c", "Another thing"));
    assert_eq!(promise(&under_way), promised);
}

#[test]
fn who_has_a_chat_that_nobody_answers_is_taken_to_be_away() {
    for (missed_signs_out, is_claimed) in [(true, true), (true, false), (false, true)] {
        let mut play = attended(&["Grace"], true);
        play.rules.missed_signs_out = missed_signs_out;
        play.step(wrote("a", "Hello"));
        play.step(opened("T1"));
        if is_claimed {
            play.step(did(GRACE, "d1", Verb::Claim));
        }
        play.now = play.now.plus_millis(10 * 60_000);
        let effects = play.effects_of(Event::PatienceEnded);
        let told = effects.contains("tell desk/Grace of 4: SignedOut, Grace is missed");
        assert_eq!(told, missed_signs_out && is_claimed, "{effects}");
    }
}

#[test]
fn who_is_there_is_said_by_himself() {
    let mut play = attended(&[], false);
    play.step(wrote("a", "Hello"));
    play.step(opened("T1"));
    play.on(says(GRACE, 90, "!back"));
    play.on(says(GRACE, 90, "!back"));
    play.on(did(GRACE, "d1", Verb::Away));
    play.check(expect![[r#"
        Grace @90: !back
            Grace is in, tell desk/Grace of 2: Signed { sign: In, presence: Signed, counts: true }
        Grace @90: !back
            nothing
        Grace did, d1: Away
            Grace is out, tell desk/Grace of 3: Signed { sign: Out, presence: Signed, counts: true }
        ---
        r1 Ada: Hello
    "#]]);
}

#[test]
fn who_writes_while_it_is_closed_is_promised_an_answer() {
    let events = vec![
        (8, wrote("a", "My export hangs")),
        (8, Event::ThreadOpened(ThreadKey("T1".into()))),
        // Once promised, it stays so, whatever else he writes.
        (10, wrote("b", "Hello?")),
        (11, says(GRACE, 10, "Looking into it")),
        (12, wrote("c", "It still hangs")),
        (13, says(GRACE, 20, "Try again")),
        (20, wrote("d", "No")),
        (21, did(GRACE, "d1", Verb::Resolve { silently: true })),
        (30, did(GRACE, "d2", Verb::Reopen)),
    ];
    expect![[r#"
        8 h: Ada, a: My export hangs
            open a thread, post 1, show 1, show how it stands
            normal ticket since 8 h, due 18 h, owed
        8 h: thread T1 opened
            the thread is settled
            normal ticket since 8 h, due 18 h, owed
        10 h: Ada, b: Hello?
            post 2, show 2
            normal ticket since 8 h, due 18 h, owed
        11 h: Grace @10: Looking into it
            show 3, edit the card, show how it stands
            normal ticket since 8 h, due 18 h, not owed
        12 h: Ada, c: It still hangs
            post 4, show 4, edit the card, show how it stands
            normal ticket since 8 h, due 36 h, owed
        13 h: Grace @20: Try again
            show 5, edit the card, show how it stands
            normal ticket since 8 h, due 36 h, not owed
        20 h: Ada, d: No
            post 6, show 6, edit the card, show how it stands
            normal ticket since 8 h, due 42 h, owed
        21 h: Grace did, d1: Resolve { silently: true }
            show how it stands, post 8 “Grace resolved this conversation.”, edit the card
            normal ticket since 8 h, due 42 h, not owed
        30 h: Grace did, d2: Reopen
            show how it stands, post 10 “Grace opened this conversation again.”, edit the card
            normal ticket since 8 h, due 42 h, owed
    "#]]
    .assert_eq(&played(8, events));
}

#[test]
fn what_was_asked_while_it_was_open_and_goes_on_at_night_is_counted_from_its_beginning() {
    let events = vec![
        (17, wrote("a", "My export hangs")),
        (17, Event::ThreadOpened(ThreadKey("T1".into()))),
        (19, wrote("b", "Hello?")),
    ];
    // Two days later, nothing of it is left.
    let late = vec![(17, wrote("a", "My export hangs")), (17 + 48, wrote("b", "Hello?"))];
    expect![[r#"
        17 h: Ada, a: My export hangs
            open a thread, post 1, show 1
            no ticket
        65 h: Ada, b: Hello?
            post 2, show 2, edit the card, show how it stands
            normal ticket since 65 h, due 114 h, owed
    "#]]
    .assert_eq(&played(17, late));
    expect![[r#"
        17 h: Ada, a: My export hangs
            open a thread, post 1, show 1
            no ticket
        17 h: thread T1 opened
            the thread is settled
            no ticket
        19 h: Ada, b: Hello?
            post 2, show 2, edit the card, show how it stands
            normal ticket since 19 h, due 41 h, owed
    "#]]
    .assert_eq(&played(17, events));
}

#[test]
fn an_agent_puts_it_off() {
    let events = vec![
        (10, wrote("a", "My export hangs")),
        (10, Event::ThreadOpened(ThreadKey("T1".into()))),
        (11, did(GRACE, "d1", ticket(None, None))),
        (11, did(GRACE, "d2", ticket(None, None))),
        (12, did(HEDY, "d3", ticket(Some(Priority::Urgent), None))),
        (12, did(HEDY, "d4", ticket(None, Some(Promise::Minutes(120))))),
        (13, says(GRACE, 10, "I come back to it")),
        // Whoever promises something after the last word owes it.
        (14, did(GRACE, "d5", ticket(None, Some(Promise::Days(2))))),
        (15, did(GRACE, "d6", Verb::Resolve { silently: true })),
        (15, did(GRACE, "d7", ticket(None, None))),
    ];
    expect![[r#"
        10 h: Ada, a: My export hangs
            open a thread, post 1, show 1
            no ticket
        10 h: thread T1 opened
            the thread is settled
            no ticket
        11 h: Grace did, d1: Ticket { priority: None, within: None }
            post 3 “Grace made this a ticket. The customer reads that there is an answer by Fri 2 Jan 11:00 (UTC).”, edit the card, show how it stands
            normal ticket since 11 h, due 35 h, owed
        11 h: Grace did, d2: Ticket { priority: None, within: None }
            tell desk/Grace of 4: TicketAlready { priority: Normal, due: Some(Due { at: Moment(1767351600000), zone: UTC }) }
            normal ticket since 11 h, due 35 h, owed
        12 h: Hedy did, d3: Ticket { priority: Some(Urgent), within: None }
            post 6 “Hedy changed the ticket, urgent priority. The customer reads that there is an answer by Fri 2 Jan 10:00 (UTC).”, edit the card, show how it stands
            urgent ticket since 11 h, due 34 h, owed
        12 h: Hedy did, d4: Ticket { priority: None, within: Some(Minutes(120)) }
            post 8 “Hedy changed the ticket, urgent priority. The customer reads that there is an answer by Thu 1 Jan 14:00 (UTC).”, edit the card, show how it stands
            urgent ticket since 11 h, due 14 h, owed
        13 h: Grace @10: I come back to it
            show 9, edit the card, show how it stands
            urgent ticket since 11 h, due 14 h, not owed
        14 h: Grace did, d5: Ticket { priority: None, within: Some(Days(2)) }
            post 11 “Grace changed the ticket, urgent priority. The customer reads that there is an answer by Mon 5 Jan 14:00 (UTC).”, edit the card, show how it stands
            urgent ticket since 11 h, due 110 h, owed
        15 h: Grace did, d6: Resolve { silently: true }
            show how it stands, post 13 “Grace resolved this conversation.”, edit the card
            urgent ticket since 11 h, due 110 h, not owed
        15 h: Grace did, d7: Ticket { priority: None, within: None }
            tell desk/Grace of 14: ResolvedAlready { by: "Grace" }
            urgent ticket since 11 h, due 110 h, not owed
    "#]].assert_eq(&played(10, events));
}
