use super::*;
use crate::calendar::{Holidays, Hours, wall_clock};
use crate::desk::Agent;
use crate::ids::{AgentId, ConversationId, SessionId};
use chrono::NaiveDateTime;
use expect_test::expect;
use proptest::prelude::*;
use std::fmt::Write as _;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn calendar(zone: &str, hours: &str) -> Calendar {
    let holidays = Holidays::of("US").unwrap();
    Calendar::new(zone.parse().unwrap(), Hours::parse(hours, &holidays).unwrap(), Vec::new())
}

/// Fifteen minutes, four days ahead, from fifteen minutes on, between 8:00 and 22:00 Pacific.
fn terms() -> Terms {
    Terms {
        calendar: calendar("America/Los_Angeles", "Mo-Fr 08:00-22:00; PH off"),
        slot_millis: 15 * MINUTE,
        lead_millis: 15 * MINUTE,
        days_ahead: 4,
        buffer_millis: 0,
        hold_millis: 5 * MINUTE,
        change_until_millis: 30 * MINUTE,
        reminders_millis: vec![24 * HOUR, HOUR, 10 * MINUTE],
    }
}

fn engineer(name: &str) -> Engineer {
    Engineer { name: EngineerName(name.into()), hours: None, absences: Vec::new(), a_day_max: None }
}

fn agent() -> Agent {
    Agent { id: AgentId("A1".into()), name: "Grace".into(), picture: None }
}

/// An instant as it is written in UTC: `2026-03-08 06:59`.
fn utc(text: &str) -> Moment {
    Moment(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc().timestamp_millis())
}

fn span(opens: &str, mins: i64) -> Span {
    let opens = utc(opens);
    Span { opens, closes: opens.plus_millis(mins * MINUTE) }
}

fn taken(name: &str, span: Span) -> Taken {
    Taken { engineer: EngineerName(name.into()), span }
}

fn in_zone(zone: &str, at: Moment) -> String {
    wall_clock(zone.parse().unwrap(), at).format("%a %-d %b %H:%M").to_string()
}

/// The first and the last slot of each day of the calendar as three people read them: the team in Los
/// Angeles, an engineer in Berlin, a customer in Sydney.
fn first_and_last(now: &str) -> String {
    let (terms, mut said) = (terms(), String::new());
    let slots = terms.free(&[engineer("ada")], &[], utc(now));
    for (_, day) in by_day(&slots, terms.calendar.zone()) {
        for slot in [day[0], day[day.len() - 1]] {
            let at = slot.span.opens;
            let (team, engineer) = (in_zone("America/Los_Angeles", at), in_zone("Europe/Berlin", at));
            writeln!(said, "{team}  {engineer}  {}", in_zone("Australia/Sydney", at)).unwrap();
        }
    }
    said
}

/// By hand: Los Angeles is UTC-8, from 8 March 2026 UTC-7 and from 1 November UTC-8 again; Berlin is
/// UTC+1, from 29 March UTC+2 and from 25 October UTC+1; Sydney is UTC+11, from 5 April UTC+10 and from
/// 4 October UTC+11.
#[test]
fn three_zones_around_the_changes_of_their_clocks() {
    // Friday before Los Angeles goes forward, 12:07 there: 12:22 is the earliest, so 12:30.
    expect![[r#"
        Fri 6 Mar 12:30  Fri 6 Mar 21:30  Sat 7 Mar 07:30
        Fri 6 Mar 21:45  Sat 7 Mar 06:45  Sat 7 Mar 16:45
        Mon 9 Mar 08:00  Mon 9 Mar 16:00  Tue 10 Mar 02:00
        Mon 9 Mar 21:45  Tue 10 Mar 05:45  Tue 10 Mar 15:45
        Tue 10 Mar 08:00  Tue 10 Mar 16:00  Wed 11 Mar 02:00
        Tue 10 Mar 21:45  Wed 11 Mar 05:45  Wed 11 Mar 15:45
    "#]]
    .assert_eq(&first_and_last("2026-03-06 20:07"));
    // Friday before Berlin goes forward and the week before Sydney goes back.
    expect![[r#"
        Fri 27 Mar 20:30  Sat 28 Mar 04:30  Sat 28 Mar 14:30
        Fri 27 Mar 21:45  Sat 28 Mar 05:45  Sat 28 Mar 15:45
        Mon 30 Mar 08:00  Mon 30 Mar 17:00  Tue 31 Mar 02:00
        Mon 30 Mar 21:45  Tue 31 Mar 06:45  Tue 31 Mar 15:45
        Tue 31 Mar 08:00  Tue 31 Mar 17:00  Wed 1 Apr 02:00
        Tue 31 Mar 21:45  Wed 1 Apr 06:45  Wed 1 Apr 15:45
    "#]]
    .assert_eq(&first_and_last("2026-03-28 03:15"));
    // Friday before Los Angeles goes back.
    expect![[r#"
        Fri 30 Oct 08:00  Fri 30 Oct 16:00  Sat 31 Oct 02:00
        Fri 30 Oct 21:45  Sat 31 Oct 05:45  Sat 31 Oct 15:45
        Mon 2 Nov 08:00  Mon 2 Nov 17:00  Tue 3 Nov 03:00
        Mon 2 Nov 21:45  Tue 3 Nov 06:45  Tue 3 Nov 16:45
        Tue 3 Nov 08:00  Tue 3 Nov 17:00  Wed 4 Nov 03:00
        Tue 3 Nov 21:45  Wed 4 Nov 06:45  Wed 4 Nov 16:45
    "#]]
    .assert_eq(&first_and_last("2026-10-30 14:00"));
    // Thanksgiving is a holiday; the weekend has no sessions.
    expect![[r#"
        Wed 25 Nov 21:30  Thu 26 Nov 06:30  Thu 26 Nov 16:30
        Wed 25 Nov 21:45  Thu 26 Nov 06:45  Thu 26 Nov 16:45
        Fri 27 Nov 08:00  Fri 27 Nov 17:00  Sat 28 Nov 03:00
        Fri 27 Nov 21:45  Sat 28 Nov 06:45  Sat 28 Nov 16:45
    "#]]
    .assert_eq(&first_and_last("2026-11-26 05:15"));
}

#[test]
fn an_engineer_is_free_in_his_hours_away_from_absences_and_sessions_and_below_his_maximum() {
    // Tuesday 10 March, 8:00 to 22:00 in Los Angeles, which is 15:00 to 05:00 UTC.
    let now = utc("2026-03-10 14:00");
    let in_berlin = Engineer { hours: Some(calendar("Europe/Berlin", "Mo-Fr 09:00-17:00")), ..engineer("bo") };
    let terms = Terms { buffer_millis: 10 * MINUTE, days_ahead: 0, ..terms() };
    let shown = |engineers: &[Engineer], taken: &[Taken]| {
        let slots = terms.free(engineers, taken, now);
        let name = |slot: &Slot| slot.engineers.iter().map(|name| name.0.clone()).collect::<Vec<_>>().join("+");
        slots
            .iter()
            .filter(|slot| slot.span.opens < utc("2026-03-10 16:31"))
            .map(|slot| format!("{} {}", &in_zone("UTC", slot.span.opens)[11..], name(slot)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    // Until 17:00 in Berlin, which is 16:00 UTC, he is there too.
    expect!["15:00 ada+bo, 15:15 ada+bo, 15:30 ada+bo, 15:45 ada+bo, 16:00 ada, 16:15 ada, 16:30 ada"]
        .assert_eq(&shown(&[engineer("ada"), in_berlin.clone()], &[]));
    // Who has less to do that day goes first, and ten minutes are left free around a session.
    expect!["15:00 bo+ada, 15:15 bo, 15:30 bo, 15:45 bo, 16:15 ada, 16:30 ada"]
        .assert_eq(&shown(&[engineer("ada"), in_berlin.clone()], &[taken("ada", span("2026-03-10 15:30", 25))]));
    let ill = Engineer { absences: vec![span("2026-03-10 15:20", 60)], ..engineer("ada") };
    expect!["15:00 ada, 16:30 ada"].assert_eq(&shown(&[ill], &[]));
    let one_a_day = Engineer { a_day_max: Some(1), ..engineer("ada") };
    // Late on that day in Los Angeles, though it is the next one in UTC.
    expect![""].assert_eq(&shown(std::slice::from_ref(&one_a_day), &[taken("ada", span("2026-03-11 04:00", 15))]));
    let next_day = taken("ada", span("2026-03-11 15:00", 15));
    assert!(!shown(&[one_a_day], &[next_day]).is_empty());
}

#[test]
fn only_a_slot_of_the_calendar_can_be_booked() {
    let (terms, now, ada) = (terms(), utc("2026-03-10 15:00"), [engineer("ada")]);
    let is_free = |opens: &str, mins: i64| !terms.free_at(&ada, &[], span(opens, mins), now).is_empty();
    assert!(is_free("2026-03-10 15:15", 15));
    assert!(!is_free("2026-03-10 15:00", 15), "too soon");
    assert!(!is_free("2026-03-10 15:20", 15), "between two slots");
    assert!(!is_free("2026-03-10 15:15", 30), "two slots");
    assert!(!is_free("2026-03-11 05:00", 15), "after hours");
    assert!(is_free("2026-03-14 04:45", 15), "Friday evening");
    assert!(!is_free("2026-03-16 15:00", 15), "Monday is too far ahead");
    assert!(!is_free("2026-03-09 15:15", 15), "yesterday");
}

#[test]
fn the_customer_reads_the_days_of_his_own_zone() {
    let slots = terms().free(&[engineer("ada")], &[], utc("2026-03-10 14:00"));
    let days = |zone: &str| {
        let days = by_day(&slots, zone.parse().unwrap());
        days.iter().map(|(date, slots)| format!("{date}: {}", slots.len())).collect::<Vec<_>>().join(", ")
    };
    expect!["2026-03-10: 56, 2026-03-11: 56, 2026-03-12: 56, 2026-03-13: 56"].assert_eq(&days("America/Los_Angeles"));
    expect!["2026-03-11: 56, 2026-03-12: 56, 2026-03-13: 56, 2026-03-14: 56"].assert_eq(&days("Australia/Sydney"));
    // 15:00 to 05:00 UTC.
    expect!["2026-03-10: 36, 2026-03-11: 56, 2026-03-12: 56, 2026-03-13: 56, 2026-03-14: 20"].assert_eq(&days("UTC"));
}

fn slot(opens: &str, engineers: &[&str]) -> Slot {
    let engineers = engineers.iter().map(|name| EngineerName((*name).into())).collect();
    Slot { span: span(opens, 15), engineers }
}

fn session(now: &str) -> Session {
    let slot = slot("2026-03-10 18:00", &["ada"]);
    Session::held(SessionId(1), ConversationId(2), "k".into(), &slot, &terms(), utc(now)).unwrap()
}

fn shown(effect: &Effect) -> String {
    let clock = |at: Moment| in_zone("UTC", at)[4..].to_owned();
    match effect {
        Effect::GiveBack { engineer, span } => format!("give back {} of {engineer}", clock(span.opens)),
        Effect::RemindAt(due) => {
            format!("remind at {}", due.iter().map(|at| clock(*at)).collect::<Vec<_>>().join(" and "))
        }
        Effect::Invite | Effect::Uninvite | Effect::Show | Effect::RemindNoMore | Effect::AskForNewTime => {
            format!("{effect:?}")
        }
    }
}

fn stage(session: &Session) -> String {
    let Session { stage, engineer, span, .. } = session;
    let stage = format!("{stage:?}");
    let word = stage.split(' ').next().unwrap();
    format!("{word} with {engineer} at {}", &in_zone("UTC", span.opens)[4..])
}

#[test]
fn the_life_of_a_session() {
    let terms = terms();
    let mut session = session("2026-03-09 17:00");
    let mut said = String::new();
    let mut happens = |session: &mut Session, at: &str, event: Event| {
        let before = session.clone();
        let outcome = session.step(event.clone(), &terms, utc(at));
        match &outcome {
            Ok(effects) => {
                let effects: Vec<String> = effects.iter().map(shown).collect();
                let effects = if effects.is_empty() { "nothing".to_owned() } else { effects.join(", ") };
                writeln!(said, "{at} {}: {effects}", stage(session)).unwrap();
            }
            Err(refused) => {
                assert_eq!(*session, before);
                writeln!(said, "{at} refused: {refused:?}").unwrap();
            }
        }
        // What has happened once changes nothing more.
        let after = session.clone();
        if outcome.is_ok() {
            assert_eq!(session.step(event, &terms, utc(at)), Ok(Vec::new()));
            assert_eq!(*session, after);
        }
    };
    let customer = || Side::Customer;
    happens(&mut session, "2026-03-09 17:01", Event::Cancelled { by: customer() });
    happens(&mut session, "2026-03-09 17:04", Event::Booked);
    happens(&mut session, "2026-03-09 17:05", Event::HoldEnded);
    happens(&mut session, "2026-03-09 17:06", Event::Missed { by: agent() });
    happens(
        &mut session,
        "2026-03-10 17:00",
        Event::Moved { to: slot("2026-03-10 19:00", &["bo", "ada"]), by: customer() },
    );
    happens(&mut session, "2026-03-10 18:29", Event::Moved { to: slot("2026-03-10 19:30", &["bo"]), by: customer() });
    happens(&mut session, "2026-03-10 19:00", Event::Cancelled { by: customer() });
    happens(
        &mut session,
        "2026-03-10 19:01",
        Event::Moved { to: slot("2026-03-10 19:45", &[]), by: Side::Team(agent()) },
    );
    happens(&mut session, "2026-03-10 19:40", Event::Missed { by: agent() });
    happens(&mut session, "2026-03-10 19:41", Event::Ended { by: agent() });
    happens(&mut session, "2026-03-10 19:42", Event::Missed { by: agent() });
    happens(&mut session, "2026-03-10 19:43", Event::Cancelled { by: Side::Team(agent()) });
    assert_eq!((session.revision, session.engineer), (2, EngineerName("bo".into())));
    expect![[r#"
        2026-03-09 17:01 refused: NotBooked
        2026-03-09 17:04 Booked with ada at 10 Mar 18:00: Show, Invite, remind at 9 Mar 18:00 and 10 Mar 17:00 and 10 Mar 17:50
        2026-03-09 17:05 Booked with ada at 10 Mar 18:00: nothing
        2026-03-09 17:06 refused: NotYet
        2026-03-10 17:00 Booked with ada at 10 Mar 19:00: give back 10 Mar 18:00 of ada, Show, Invite, remind at 10 Mar 18:00 and 10 Mar 18:50
        2026-03-10 18:29 Booked with bo at 10 Mar 19:30: give back 10 Mar 19:00 of ada, Show, Invite, remind at 10 Mar 18:30 and 10 Mar 19:20
        2026-03-10 19:00 refused: TooLate
        2026-03-10 19:01 refused: NobodyFree
        2026-03-10 19:40 Missed with bo at 10 Mar 19:30: Show, RemindNoMore, AskForNewTime
        2026-03-10 19:41 Done with bo at 10 Mar 19:30: Show, RemindNoMore
        2026-03-10 19:42 Missed with bo at 10 Mar 19:30: Show, RemindNoMore
        2026-03-10 19:43 refused: Over
    "#]].assert_eq(&said);
}

#[test]
fn a_hold_ends_and_a_cancelled_session_gives_its_time_back() {
    let terms = terms();
    let mut held = session("2026-03-09 17:00");
    assert_eq!(held.step(Event::HoldEnded, &terms, utc("2026-03-09 17:04")), Ok(Vec::new()));
    assert_eq!(held.step(Event::Booked, &terms, utc("2026-03-09 17:05")), Err(Refused::Lapsed));
    let given_back = Effect::GiveBack { engineer: EngineerName("ada".into()), span: span("2026-03-10 18:00", 15) };
    assert_eq!(held.step(Event::HoldEnded, &terms, utc("2026-03-09 17:05")), Ok(vec![given_back.clone()]));
    assert!(!held.keeps_its_time());
    let mut booked = session("2026-03-09 17:00");
    booked.step(Event::Booked, &terms, utc("2026-03-09 17:01")).unwrap();
    let effects = booked.step(Event::Cancelled { by: Side::Customer }, &terms, utc("2026-03-10 17:29")).unwrap();
    assert_eq!(effects, [given_back, Effect::Show, Effect::Uninvite, Effect::RemindNoMore]);
    assert_eq!(booked.revision, 1);
    let again = Event::Cancelled { by: Side::Team(agent()) };
    assert_eq!(booked.step(again, &terms, utc("2026-03-10 17:30")), Ok(Vec::new()));
    assert_eq!(booked.step(Event::Booked, &terms, utc("2026-03-10 17:30")), Err(Refused::Over));
}

#[test]
fn reminders_that_would_come_at_once_are_left_out() {
    let terms = terms();
    let session = span("2026-03-10 18:00", 15);
    let due = |booked: &str| {
        terms.reminders(session, utc(booked)).into_iter().map(|at| in_zone("UTC", at)).collect::<Vec<_>>()
    };
    assert_eq!(due("2026-03-09 17:59"), ["Mon 9 Mar 18:00", "Tue 10 Mar 17:00", "Tue 10 Mar 17:50"]);
    assert_eq!(due("2026-03-09 18:00"), ["Tue 10 Mar 17:00", "Tue 10 Mar 17:50"]);
    assert_eq!(due("2026-03-10 17:45"), ["Tue 10 Mar 17:50"]);
    assert_eq!(due("2026-03-10 17:55"), Vec::<String>::new());
}

#[test]
fn an_absence_names_the_sessions_it_touches() {
    let mut booked = session("2026-03-09 17:00");
    booked.step(Event::Booked, &terms(), utc("2026-03-09 17:01")).unwrap();
    let held = session("2026-03-09 17:00");
    let sessions = [booked.clone(), held];
    let ada = EngineerName("ada".into());
    assert_eq!(affected(&sessions, &ada, span("2026-03-10 18:14", 60)), [&booked]);
    assert!(affected(&sessions, &ada, span("2026-03-10 18:15", 60)).is_empty());
    assert!(affected(&sessions, &EngineerName("bo".into()), span("2026-03-10 18:00", 60)).is_empty());
}

fn zones() -> impl Strategy<Value = Zone> {
    prop::sample::select(crate::calendar::ZONES.to_vec())
}

fn lie_apart(a: Span, b: Span, millis: i64) -> bool {
    a.closes.0 + millis <= b.opens.0 || b.closes.0 + millis <= a.opens.0
}

proptest! {
    /// In all zones and years each slot is as long as it should be, begins and ends in the hours of the
    /// team and of whoever takes it, touches no absence and nothing taken, and comes in its time; the
    /// same instants fall into the customer's days in order.
    #[test]
    fn every_slot_can_be_kept(
        (team, own, reader) in (zones(), zones(), zones()),
        now in utc("2001-01-01 00:00").0..utc("2070-01-01 00:00").0,
        (slot_mins, lead_mins, buffer_mins) in (prop::sample::select(vec![15_i64, 30, 45, 60]), 0..120_i64, 0..30_i64),
        busy in prop::collection::vec((0..6 * 24 * 60_i64, 1..240_i64), 0..6),
        given in prop::collection::vec((0..6 * 24 * 60_i64, 0..2_usize), 0..6),
    ) {
        let now = Moment(now);
        let hours = |zone: Zone, text: &str| {
            Calendar::new(zone, Hours::parse(text, &Holidays::default()).unwrap(), Vec::new())
        };
        let terms = Terms {
            calendar: hours(team, "Mo-Fr 08:00-22:00; Sa 22:00-26:00; Su 01:00-03:30"),
            slot_millis: slot_mins * MINUTE,
            lead_millis: lead_mins * MINUTE,
            buffer_millis: buffer_mins * MINUTE,
            ..terms()
        };
        let at = |(from, mins): (i64, i64)| {
            let opens = now.plus_millis(from * MINUTE);
            Span { opens, closes: opens.plus_millis(mins * MINUTE) }
        };
        let absences: Vec<Span> = busy.into_iter().map(at).collect();
        let own_hours = Engineer { hours: Some(hours(own, "Mo-Su 00:30-12:00")), absences, ..engineer("ada") };
        let engineers = [own_hours, Engineer { a_day_max: Some(2), ..engineer("bo") }];
        let given: Vec<Taken> =
            given.into_iter().map(|(from, who)| taken(["ada", "bo"][who], at((from, slot_mins)))).collect();
        let slots = terms.free(&engineers, &given, now);
        for slot in &slots {
            let Span { opens, closes } = slot.span;
            prop_assert_eq!(closes.0 - opens.0, terms.slot_millis);
            prop_assert!(opens >= now.plus_millis(terms.lead_millis));
            prop_assert_eq!(terms.calendar.between_millis(opens, closes), terms.slot_millis);
            let days = terms.calendar.wall(opens).date() - terms.calendar.wall(now).date();
            prop_assert!((0..=4).contains(&days.num_days()));
            prop_assert_eq!(&terms.free_at(&engineers, &given, slot.span, now), &slot.engineers);
            for name in &slot.engineers {
                let who = engineers.iter().find(|engineer| engineer.name == *name).unwrap();
                if let Some(hours) = &who.hours {
                    prop_assert_eq!(hours.between_millis(opens, closes), terms.slot_millis);
                }
                prop_assert!(!who.absences.iter().any(|absence| overlap(*absence, slot.span)));
                let own = given.iter().filter(|taken| taken.engineer == *name);
                prop_assert!(own.clone().all(|taken| lie_apart(taken.span, slot.span, terms.buffer_millis)));
            }
        }
        prop_assert!(slots.windows(2).all(|two| two[0].span.closes <= two[1].span.opens));
        let days = by_day(&slots, reader);
        prop_assert_eq!(days.iter().map(|(_, slots)| slots.len()).sum::<usize>(), slots.len());
        for (date, slots) in days {
            prop_assert!(slots.iter().all(|slot| wall_clock(reader, slot.span.opens).date() == date));
        }
    }

    /// However many want the same few slots, one after the other: nobody has another's time.
    #[test]
    fn nobody_is_booked_twice(wishes in prop::collection::vec(0..8_usize, 1..40), buffer_mins in 0..20_i64) {
        let terms = Terms { buffer_millis: buffer_mins * MINUTE, ..terms() };
        let engineers = [engineer("ada"), Engineer { a_day_max: Some(3), ..engineer("bo") }];
        let now = utc("2026-03-10 15:00");
        let mut given: Vec<Taken> = Vec::new();
        for wish in wishes {
            let opens = utc("2026-03-10 16:00").plus_millis(wish as i64 * 15 * MINUTE);
            let span = Span { opens, closes: opens.plus_millis(15 * MINUTE) };
            if let Some(first) = terms.free_at(&engineers, &given, span, now).first() {
                given.push(Taken { engineer: first.clone(), span });
            }
        }
        for (at, one) in given.iter().enumerate() {
            let others = given[at + 1..].iter().filter(|other| other.engineer == one.engineer);
            for other in others {
                prop_assert!(lie_apart(one.span, other.span, terms.buffer_millis));
            }
        }
        prop_assert!(given.iter().filter(|taken| taken.engineer.0 == "bo").count() <= 3);
    }
}
