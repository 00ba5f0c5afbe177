//! The promise to answer later: when it is given, what it promises, and when it is kept.

use super::play::*;
use super::*;
use crate::availability::{Attendance, OpenWhen, Promise};
use crate::calendar::{Calendar, Holidays, Hours};
use crate::ticket::{Priority, Terms, Timetable};
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
        Terms { calendar: office, open_when: OpenWhen::InHours, answer_within: Promise::Days(1), ticket_after: None },
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
    let terms = Terms {
        calendar,
        open_when: OpenWhen::InHours,
        answer_within: Promise::Days(1),
        ticket_after: Some(Promise::Minutes(10)),
    };
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

/// A team that has hours, of whom somebody has to be there as well; at ten on Friday.
fn attended(names: &[&str], has_room: bool) -> Play {
    let mut play = at(34);
    let office = Hours::parse("Mo-Fr 09:00-18:00", &Holidays::default()).unwrap();
    let calendar = Calendar::new(crate::calendar::Zone::UTC, office, Vec::new());
    let terms = Terms {
        calendar,
        open_when: OpenWhen::InHoursAndAttended,
        answer_within: Promise::Days(1),
        ticket_after: Some(Promise::Minutes(10)),
    };
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
            post 6 “Hedy changed the ticket, urgent priority. The customer reads that there is an answer by Fri 2 Jan 11:00 (UTC).”, edit the card
            urgent ticket since 11 h, due 35 h, owed
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
