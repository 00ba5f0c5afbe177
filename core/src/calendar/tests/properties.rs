//! What holds of every calendar, in every zone.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

/// Hours of many shapes.
const HOURS: [&str; 9] = [
    "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off",
    "Mo-Th 06:00-24:00; Fr 06:00-21:00; Sa-Su 09:00-21:00",
    "24/7",
    "Mo-Su 22:00-06:00",
    "Mo-Fr 08:00-12:00,13:00-17:00; Sa[1] 10:00-12:30; Dec 24-26 off",
    "00:15-01:45,02:05-02:55",
    "Su 00:00-48:00",
    "Apr-Sep Mo-Fr 08:00-20:00; Oct-Mar Mo-Fr 10:00-16:00, Mo-Su 23:00-03:30",
    "week 1-53/2 Mo-We 10:00-19:00; easter -2 days off",
];

/// `CALENDAR_CASES=20`: look at so many times as many years and instants.
pub(super) fn more_cases() -> Option<usize> {
    std::env::var("CALENDAR_CASES").ok()?.parse().ok().filter(|times| *times > 1)
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        // Knuth's MMIX generator; its high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % bound
    }
}

/// Calls `check` with every zone, hours for it, and years of 2020 to 2035: another one for each zone,
/// or as many as were asked for.
fn in_every_zone(mut check: impl FnMut(&Calendar, i32, &mut Dice)) {
    for (place, zone) in ZONES.iter().enumerate() {
        for nth in 0..more_cases().unwrap_or(1) {
            let number = place * 7 + nth * 5;
            let calendar = calendar(zone.name(), HOURS[number % HOURS.len()], Some("US"));
            check(&calendar, 2020 + (number % 16) as i32, &mut Dice(number as u64 + 1));
        }
    }
}

/// The instants of a year at which the wall clock of a zone is put forward or back.
fn changes_of_the_clock(zone: Zone, year: i32) -> Vec<Moment> {
    let begins = utc(&format!("{year}-01-01 00:00")).0;
    let offset = |at: i64| wall::offset_millis(zone, Moment(at));
    let days = (0..366).map(|day| begins + day * 24 * HOUR).filter(|day| offset(*day) != offset(day + 24 * HOUR));
    let minute = |day: i64| {
        let minutes = (0..24 * 60).map(move |minute| day + minute * MINUTE);
        minutes.map(|at| at + MINUTE).find(|at| offset(*at) != offset(day)).map(Moment)
    };
    days.filter_map(minute).collect()
}

#[test]
fn what_holds_in_every_zone() {
    in_every_zone(|calendar, year, dice| {
        let from = utc(&format!("{year}-01-01 00:00")).0;
        let somewhere = |dice: &mut Dice| Moment(from + dice.below(365 * 24 * HOUR));
        let mut instants: Vec<Moment> = (0..8).map(|_| somewhere(dice)).collect();
        for change in changes_of_the_clock(calendar.zone(), year) {
            instants.extend((0..4).map(|_| change.plus_millis(dice.below(5 * HOUR) - 3 * HOUR)));
            instants.extend([change, change.plus_millis(-1)]);
        }
        instants.sort();
        for pair in instants.windows(2) {
            let (more, length) = (dice.below(60 * HOUR), 15 * MINUTE + dice.below(90 * MINUTE));
            adding(calendar, pair[0], pair[1], dice.below(30 * HOUR), more);
            openings(calendar, pair[0]);
            slots(calendar, pair[0], length);
            business_days(calendar, pair[0], pair[1], dice.below(5) as u32);
        }
        tables(calendar, year);
    });
}

fn adding(calendar: &Calendar, a: Moment, b: Moment, some: i64, more: i64) {
    let add = |at: Moment, millis: i64| calendar.add_millis(at, millis).unwrap();
    let about = || format!("{calendar:?}: {some} and {more} ms from {} and {} UTC", shown(a), shown(b));
    let later = add(a, some);
    assert_eq!(calendar.between_millis(a, later), some, "{}", about());
    assert_eq!(add(later, more), add(a, some + more), "in two steps. {}", about());
    assert!(later <= add(b, some), "not later from a later instant. {}", about());
    assert!(later <= add(a, some + more) && a <= later, "not later with more to add. {}", about());
    assert!(some == 0 || calendar.is_open(later.plus_millis(-1)), "used up while closed. {}", about());
    let c = later.max(b);
    let parts = calendar.between_millis(a, b) + calendar.between_millis(b, c);
    assert_eq!(calendar.between_millis(a, c), parts, "{}", about());
    assert_eq!(calendar.between_millis(c, a), -parts, "{}", about());
}

fn openings(calendar: &Calendar, at: Moment) {
    let about = || format!("{calendar:?} at {} UTC", shown(at));
    if calendar.hours().text() == "24/7" {
        // That it never closes is asked elsewhere: the answer looks through all the years.
        assert!(calendar.is_open(at), "{}", about());
        return;
    }
    let (opening, closing) = (calendar.next_opening(at), calendar.next_closing(at));
    let (opening, closing) = (opening.unwrap(), closing.unwrap());
    assert!(opening > at && closing > at, "{}", about());
    let before_and_at = |at: Moment| [-1, 0].map(|millis| calendar.is_open(at.plus_millis(millis)));
    assert_eq!((before_and_at(opening), before_and_at(closing)), ([false, true], [true, false]), "{}", about());
    // Between now and the next change nothing changes.
    let (next, open_for) = if calendar.is_open(at) { (closing, closing.0 - at.0) } else { (opening, 0) };
    assert!(next <= opening.min(closing), "{}", about());
    assert_eq!(calendar.between_millis(at, next), open_for, "{}", about());
}

fn slots(calendar: &Calendar, from: Moment, length: i64) {
    let until = from.plus_millis(3 * 24 * HOUR);
    let mut last = from;
    for slot in calendar.slots(from, until, length) {
        let about = || format!("{calendar:?}, {length} ms from {} UTC: {}", shown(from), shown(slot.opens));
        assert!(last <= slot.opens && slot.closes <= until, "{}", about());
        assert_eq!(slot.closes.0 - slot.opens.0, length, "{}", about());
        assert_eq!(calendar.between_millis(slot.opens, slot.closes), length, "{}", about());
        last = slot.closes;
    }
}

fn business_days(calendar: &Calendar, a: Moment, b: Moment, days: u32) {
    let about = || format!("{calendar:?}, {days} days after {} and {} UTC", shown(a), shown(b));
    let due = |at: Moment, days: u32| calendar.add_days(at, days).unwrap();
    if days == 0 {
        assert_eq!(due(a, 0), a, "{}", about());
        return;
    }
    let first = due(a, days);
    let business = [0, -1].map(|millis| calendar.is_open(first.plus_millis(millis)));
    assert_ne!(business, [false, false], "out of hours. {}", about());
    assert!(first < due(a, days + 1), "not later with more days. {}", about());
    let date = |at: Moment| calendar.business_date(at, calendar.wall(at).date());
    assert!(date(a) < date(first) || calendar.wall(a).date() < calendar.wall(first).date(), "{}", about());
    assert!(date(first.plus_millis(-1)) <= date(due(b, days)), "earlier from a later day. {}", about());
}

/// Every stretch of the year's table is a stretch of the days' spans, in order and apart.
fn tables(calendar: &Calendar, year: i32) {
    let (from, until) = (utc(&format!("{year}-02-01 00:00")), utc(&format!("{year}-11-20 00:00")));
    let mut spans: Vec<Span> = Vec::new();
    for day in date(&format!("{year}-01-28")).iter_days().take(300) {
        for span in calendar.day(day).spans {
            let shown = |at: Moment| shown(at);
            assert!(span.opens < span.closes, "{calendar:?} on {day}");
            match spans.last_mut() {
                Some(last) if last.closes == span.opens => last.closes = span.closes,
                Some(last) => {
                    assert!(last.closes < span.opens, "{calendar:?} on {day}: {}", shown(span.opens));
                    spans.push(span);
                }
                None => spans.push(span),
            }
        }
    }
    if calendar.hours().text() == "24/7" {
        assert!(matches!(spans[..], [Span { opens, closes }] if opens < from && until < closes), "{calendar:?}");
        return;
    }
    let mut at = from;
    for span in spans.iter().filter(|span| span.opens > from && span.closes < until) {
        assert_eq!(calendar.next_opening(at), Some(span.opens), "{calendar:?} after {}", shown(at));
        assert_eq!(calendar.next_closing(span.opens), Some(span.closes), "{calendar:?} {}", shown(span.opens));
        at = span.closes;
    }
}

#[test]
fn a_wall_clock_time_is_the_first_instant_that_shows_it_or_later() {
    let years = if more_cases().is_some() { 2000..=2076 } else { 2020..=2035 };
    for zone in ZONES {
        let step = if more_cases().is_some() { 1 } else { 5 };
        for change in years.clone().step_by(step).flat_map(|year| changes_of_the_clock(zone, year)) {
            let around = |minutes: i64| change.plus_millis(minutes * MINUTE);
            let mut last = around(-600);
            for minutes in [-150, -60, -30, -1, 0, 1, 30, 59, 60, 90, 120, 121, 200] {
                let wall = wall::shown(zone, around(-240)) + chrono::TimeDelta::minutes(240 + minutes);
                let found = wall::first_moment(zone, wall);
                let about = || format!("{zone}: {wall} is {} UTC", shown(found));
                assert!(wall::shown(zone, found) >= wall, "{}", about());
                let earlier = (-1_500..3_000).step_by(10).map(around).chain([change.plus_millis(-1)]);
                let earlier = earlier.chain([found.plus_millis(-1)]).filter(|at| *at < found);
                assert!(earlier.into_iter().all(|at| wall::shown(zone, at) < wall), "{}", about());
                assert!(last < found || (last == found && found == change), "{}", about());
                last = found;
            }
        }
    }
}

#[test]
fn clones_share_what_they_found_out_and_answer_alike() {
    let calendar = calendar("Europe/Madrid", HOURS[0], Some("ES"));
    let clone = calendar.clone();
    let at = utc("2030-05-05 05:05");
    let answers = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| clone.add_millis(at, 1_000 * HOUR))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(answers.iter().all(|answer| *answer == calendar.add_millis(at, 1_000 * HOUR)));
    assert!(Arc::ptr_eq(&calendar.0, &clone.0));
}

/// What hours are made of, put together at random: much of it is wrong, and some of it odd.
fn some_hours() -> impl Strategy<Value = String> {
    const DAYS: &[&str] = &[
        "Mo",
        "Tu-Th",
        "Fr-Mo",
        "Sa[1]",
        "Su[-1]",
        "We[2-4]",
        "Th[5] -2 days",
        "PH",
        "SH",
        "PH +1 day",
        "PH -2 days",
        "Mo,PH",
        "",
    ];
    const DATES: &[&str] = &[
        "",
        "",
        "2026",
        "2025-2027",
        "2026+",
        "2024-2030/2",
        "Jan",
        "Nov-Feb",
        "Feb 29",
        "Feb 30",
        "Dec 24-Jan 02",
        "Apr 31-May 05",
        "easter",
        "easter -2 days",
        "2026 Dec 31-2027 Jan 01",
        "Nov Th[4]",
        "week 53",
        "week 1-53/2",
        "Mar 05-Feb 28",
        "Jan 31+",
        "2026 easter-Jun 01",
        "Feb 29 +1 day",
        "Mar 01 -Su",
        "Oct Su[-1]-Mar Su[-1]",
    ];
    const TIMES: &[&str] = &[
        "",
        "00:00-24:00",
        "09:00-18:00",
        "22:00-06:00",
        "00:00-48:00",
        "23:59-24:01",
        "12:00-12:00",
        "08:00-12:00,13:00-17:00",
        "20:00-26:00,01:00-03:00",
        "9:00-8:59",
        "00:00-00:01",
        "10:00-47:59",
    ];
    const WHAT: &[&str] = &["", "", "", "off", "closed", "open", "\"by phone\"", "off \"ill\""];
    const JOINS: &[&str] = &["; ", ", ", " || "];
    let (join, words) = (select(JOINS), (select(DATES), select(DAYS), select(TIMES), select(WHAT)));
    let rule = words.prop_map(|(date, day, time, what)| {
        [date, day, time, what].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    });
    proptest::collection::vec((rule, join), 1..5).prop_map(|rules| {
        let last = rules.len() - 1;
        rules.into_iter().enumerate().map(|(nth, (rule, join))| if nth < last { rule + join } else { rule }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96 * more_cases().unwrap_or(1) as u32, ..ProptestConfig::default() })]

    /// Whatever is understood is evaluated: a date has spans in order and apart, of at most two days.
    #[test]
    fn hours_of_any_kind_have_spans_in_order(text in some_hours()) {
        let hours = Hours::parse(&text, &Holidays::of("US").unwrap());
        prop_assume!(hours.is_ok());
        let hours = hours.unwrap();
        for day in date("2027-12-20").iter_days().take(450) {
            let spans = hours.spans_on(day);
            for span in &spans {
                prop_assert!(span.start < span.end && span.end <= 48 * 60, "{text} on {day}: {spans:?}");
            }
            for pair in spans.windows(2) {
                prop_assert!(pair[0].end < pair[1].start, "{text} on {day}: {spans:?}");
            }
        }
    }
}
