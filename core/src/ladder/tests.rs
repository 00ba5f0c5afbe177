use super::*;
use crate::calendar::{Holidays, Hours};
use chrono::NaiveDateTime;
use expect_test::expect;
use proptest::prelude::*;
use std::fmt::Write as _;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn calendar(zone: &str, hours: &str) -> Calendar {
    Calendar::new(zone.parse().unwrap(), Hours::parse(hours, &Holidays::default()).unwrap(), Vec::new())
}

fn utc(text: &str) -> Moment {
    Moment(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap().and_utc().timestamp_millis())
}

fn shown(at: Moment) -> String {
    chrono::DateTime::from_timestamp_millis(at.0).unwrap().format("%a %d %b %H:%M").to_string()
}

/// Agents with half of the time left, leads when it is broken, then engineering and the executives.
fn to_the_top() -> Ladder {
    let step = |when, tier| Step { when, tier };
    Ladder::new(vec![
        step(When::Left(50), 0),
        step(When::Left(0), 1),
        step(When::After(Promise::Minutes(60)), 2),
        step(When::After(Promise::Days(1)), 3),
    ])
}

/// In New York, on the last business hour of a Friday before the clock is put forward.
fn friday() -> (Calendar, Climb) {
    let office = calendar("America/New_York", "Mo-Fr 09:00-18:00");
    let since = utc("2026-03-06 22:40");
    let target = Promise::Minutes(30).kept_by(&office, since);
    (office, Climb::begins(since, target))
}

fn climbed(ladder: &Ladder, office: &Calendar, climb: &mut Climb, until: Moment) -> String {
    let mut said = String::new();
    while let Some(due) = ladder.take(climb, office, until) {
        let _ = writeln!(said, "{}: tier {}", shown(due.at), due.tier);
    }
    said
}

#[test]
fn it_climbs_in_business_time_to_the_top() {
    let (office, mut climb) = friday();
    let ladder = to_the_top();
    // 17:40 in New York is 22:40 UTC; Monday 9:00 is 13:00 UTC, an hour earlier than before.
    expect![[r#"
        Fri 06 Mar 22:55: tier 0
        Mon 09 Mar 13:10: tier 1
        Mon 09 Mar 13:40: tier 2
        Mon 09 Mar 21:40: tier 3
    "#]]
    .assert_eq(&climbed(&ladder, &office, &mut climb, utc("2026-03-20 00:00")));
    assert_eq!(ladder.next(&climb, &office), None);
}

#[test]
fn it_rests_while_somebody_takes_care_and_no_longer() {
    let (office, mut climb) = friday();
    let ladder = to_the_top();
    let now = utc("2026-03-06 22:45");
    let rest = |until: &str, reason: Option<&str>| Rest {
        until: utc(until),
        by: "Grace".into(),
        reason: reason.map(str::to_owned),
    };
    climb.rests(rest("2026-03-09 13:30", None), now);
    // What was due meanwhile is taken when the rest ends, and the rest of it in its time.
    expect![[r#"
        Mon 09 Mar 13:30: tier 0
        Mon 09 Mar 13:30: tier 1
        Mon 09 Mar 13:40: tier 2
    "#]]
    .assert_eq(&climbed(&ladder, &office, &mut climb, utc("2026-03-09 14:00")));
    climb.rests(rest("2026-03-09 13:59", Some("waits for a part")), utc("2026-03-09 14:00"));
    assert_eq!(climb.rest, None, "a rest that is over is none");
}

#[test]
fn who_asks_for_a_tier_skips_what_is_below_it() {
    let (office, mut climb) = friday();
    let ladder = to_the_top();
    climb.rests(Rest { until: utc("2026-03-10 13:00"), by: "Grace".into(), reason: None }, climb.since);
    assert_eq!(ladder.escalate(&mut climb, None), Some(1), "the next one above agents");
    assert_eq!(climb.rest, None);
    assert_eq!(ladder.escalate(&mut climb, None), Some(2));
    assert_eq!(ladder.escalate(&mut climb, Some(1)), None, "it was told");
    expect![[r#"
        Mon 09 Mar 21:40: tier 3
    "#]]
    .assert_eq(&climbed(&ladder, &office, &mut climb, utc("2026-03-20 00:00")));
    assert_eq!(ladder.escalate(&mut climb, None), None, "this is the top");
    let mut at_once = friday().1;
    assert_eq!(ladder.escalate(&mut at_once, Some(3)), Some(3), "up to the CEO");
    assert_eq!(ladder.next(&at_once, &office), None);
}

#[test]
fn a_promise_that_is_moved_moves_what_was_not_taken() {
    let (office, mut climb) = friday();
    let ladder = to_the_top();
    assert!(ladder.take(&mut climb, &office, utc("2026-03-06 22:55")).is_some());
    climb.has_target(Promise::Minutes(10).kept_by(&office, climb.since));
    assert_eq!(ladder.next(&climb, &office).map(|due| shown(due.at)), Some("Fri 06 Mar 22:50".into()), "it is over");
    climb.has_target(None);
    let next = ladder.next(&climb, &office).map(|due| (due.tier, shown(due.at)));
    assert_eq!(next, Some((2, "Mon 09 Mar 13:40".into())), "nobody was promised anything, and yet it is told");
    let never = calendar("UTC", "off");
    assert_eq!(ladder.next(&Climb::begins(climb.since, None), &never), None);
}

fn whens() -> impl Strategy<Value = When> {
    prop_oneof![
        (1..600_u32).prop_map(|minutes| When::After(Promise::Minutes(minutes))),
        (1..4_u32).prop_map(|days| When::After(Promise::Days(days))),
        (0..=100_u8).prop_map(When::Left),
    ]
}

fn hours() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["24/7", "Mo-Fr 09:00-18:00", "Mo-Su 22:00-26:00", "Sa 01:30-02:45", "off"])
}

/// What happens to a conversation that climbs; times in minutes since the one before.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// Somebody looks what is due, perhaps after the machine was down for a week.
    Looks(i64),
    /// The clock is set back.
    SetBack(i64),
    /// Somebody takes care of it for so long.
    Rests(i64),
    /// It is read from the database again.
    Restarts,
    Escalates(Option<usize>),
    HasTarget(Option<i64>),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        6 => (0..600_i64).prop_map(Happening::Looks),
        1 => Just(Happening::Looks(7 * 24 * 60)),
        1 => (1..120_i64).prop_map(Happening::SetBack),
        2 => (-10..3_000_i64).prop_map(Happening::Rests),
        2 => Just(Happening::Restarts),
        1 => prop::option::of(0..4_usize).prop_map(Happening::Escalates),
        1 => prop::option::of(1..5_000_i64).prop_map(Happening::HasTarget),
    ];
    prop::collection::vec(one, 0..40)
}

proptest! {
    /// Whatever happens in between, each step is taken at most once and in order, never before it is due,
    /// never while it rests; and looking twice takes nothing more.
    #[test]
    fn each_step_once_and_never_before_its_time(
        zone in prop::sample::select(crate::calendar::ZONES.to_vec()),
        hours in hours(),
        steps in prop::collection::vec((whens(), 0..4_usize), 0..8),
        since in 0..40 * 365 * DAY,
        target_mins in prop::option::of(0..5_000_i64),
        happenings in happenings(),
    ) {
        let calendar = Calendar::new(zone, Hours::parse(hours, &Holidays::default()).unwrap(), Vec::new());
        let ladder = Ladder::new(steps.into_iter().map(|(when, tier)| Step { when, tier }).collect());
        let since = Moment(utc("2001-01-01 00:00").0 + since);
        let mut climb = Climb::begins(since, target_mins.map(|mins| since.plus_millis(mins * MINUTE)));
        let (mut now, mut next) = (since, 0);
        for happening in happenings {
            match happening {
                Happening::SetBack(mins) => now = now.plus_millis(-mins * MINUTE),
                Happening::Rests(mins) => {
                    climb.rests(Rest { until: now.plus_millis(mins * MINUTE), by: "Grace".into(), reason: None }, now);
                }
                Happening::Restarts => climb = climb.clone(),
                Happening::HasTarget(mins) => climb.has_target(mins.map(|mins| since.plus_millis(mins * MINUTE))),
                Happening::Escalates(tier) => {
                    if let Some(step) = ladder.escalate(&mut climb, tier) {
                        prop_assert!(step >= next);
                        next = step + 1;
                    }
                }
                Happening::Looks(mins) => {
                    now = now.plus_millis(mins * MINUTE);
                    while let Some(due) = ladder.take(&mut climb, &calendar, now) {
                        prop_assert!(due.step >= next);
                        next = due.step + 1;
                        prop_assert!(due.at <= now && due.at >= since);
                        prop_assert!(climb.rest.as_ref().is_none_or(|rest| due.at >= rest.until));
                        if let When::After(Promise::Minutes(minutes)) = ladder.steps()[due.step].when {
                            prop_assert!(calendar.between_millis(since, due.at) >= i64::from(minutes) * MINUTE);
                        }
                    }
                    prop_assert_eq!(ladder.take(&mut climb, &calendar, now), None);
                }
            }
            prop_assert!(climb.taken <= ladder.steps().len());
        }
    }

    /// However long nobody looks, what is taken in the end is what would have been taken minute by minute, and
    /// due at the same moments.
    #[test]
    fn nothing_is_lost_while_nobody_looks(
        hours in hours(),
        steps in prop::collection::vec((whens(), 0..4_usize), 0..6),
        minutes in prop::collection::vec(1..3_000_i64, 1..10),
    ) {
        let calendar = calendar("Europe/Berlin", hours);
        let ladder = Ladder::new(steps.into_iter().map(|(when, tier)| Step { when, tier }).collect());
        let since = utc("2026-03-27 15:00");
        let climb = Climb::begins(since, Some(since.plus_millis(DAY)));
        let (mut often, mut once) = (climb.clone(), climb);
        let (mut now, mut taken) = (since, Vec::new());
        for minutes in minutes {
            now = now.plus_millis(minutes * MINUTE);
            taken.extend(std::iter::from_fn(|| ladder.take(&mut often, &calendar, now)));
        }
        let in_one_go: Vec<Due> = std::iter::from_fn(|| ladder.take(&mut once, &calendar, now)).collect();
        prop_assert_eq!(in_one_go, taken);
    }
}
