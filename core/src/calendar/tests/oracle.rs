//! A second clock, which goes through every minute and asks rules that were written by hand. It knows
//! nothing of the syntax, of tables or of the way back from wall clocks to instants: only what the
//! wall clock shows at an instant. Where that has been shown before, business stays as it was.

use super::*;
use chrono::{Offset, TimeZone, Timelike, Weekday};

/// Hours in the syntax, and by hand.
struct Rule {
    hours: &'static str,
    is_open: fn(NaiveDateTime) -> bool,
}

const RULES: [Rule; 6] = [
    Rule {
        hours: "Mo-Fr 09:00-18:00; Sa 10:00-14:00",
        is_open: |wall| match wall.weekday() {
            Weekday::Sun => false,
            Weekday::Sat => (10..14).contains(&wall.hour()),
            _ => (9..18).contains(&wall.hour()),
        },
    },
    Rule { hours: "Mo-Su 22:00-06:00", is_open: |wall| wall.hour() >= 22 || wall.hour() < 6 },
    // Spans that begin, end, or lie wholly in what is left out or shown twice.
    Rule {
        hours: "00:30-01:30,02:30-03:10,23:15-23:45",
        is_open: |wall| {
            let minute = minute_of(wall);
            (30..90).contains(&minute) || (150..190).contains(&minute) || (1395..1425).contains(&minute)
        },
    },
    Rule { hours: "24/7", is_open: |_| true },
    // The night of Friday and Saturday is longer, and each belongs to the day before.
    Rule {
        hours: "Su-Th 20:00-01:30; Fr-Sa 20:00-02:30",
        is_open: |wall| {
            let evening_before = (wall - chrono::TimeDelta::hours(12)).weekday();
            let long = [Weekday::Fri, Weekday::Sat].contains(&evening_before);
            wall.hour() >= 20 || minute_of(wall) < if long { 150 } else { 90 }
        },
    },
    // Closed on Sundays, so the shift of Saturday is the last: it goes on into Sunday, and none begins.
    Rule {
        hours: "Mo-Su 21:30-05:15; Su off",
        is_open: |wall| match (minute_of(wall), wall.weekday()) {
            (1290.., weekday) => weekday != Weekday::Sun,
            (..315, weekday) => weekday != Weekday::Mon,
            (315..1290, _) => false,
        },
    },
];

fn minute_of(wall: NaiveDateTime) -> u32 {
    wall.hour() * 60 + wall.minute()
}

/// By half an hour, at midnight, by two hours, for Ramadan only, to 45 minutes past, or never.
const SAMPLED: [&str; 14] = [
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/St_Johns",
    "Asia/Kathmandu",
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Santiago",
    "Antarctica/Troll",
    "America/Nuuk",
    "Pacific/Chatham",
    "Atlantic/Azores",
    "Europe/Dublin",
];

fn offset(zone: Zone, at: i64) -> i32 {
    zone.offset_from_utc_datetime(&chrono::DateTime::from_timestamp_millis(at).unwrap().naive_utc())
        .fix()
        .local_minus_utc()
}

/// Goes through the minutes from one instant to another.
fn walk(zone: Zone, rule: &Rule, from: i64, until: i64) {
    let calendar = calendar(zone.name(), rule.hours, None);
    let wall = |at: i64| {
        let utc = chrono::DateTime::from_timestamp_millis(at).unwrap().naive_utc();
        utc + chrono::TimeDelta::seconds(i64::from(offset(zone, at)))
    };
    let mut latest_shown = wall(from - MINUTE);
    let mut open = (rule.is_open)(latest_shown);
    let (mut minutes_open, mut changed) = (0, None);
    for at in (from..until).step_by(MINUTE as usize) {
        let shows = wall(at);
        let was_open = open;
        if shows > latest_shown {
            (latest_shown, open) = (shows, (rule.is_open)(shows));
        }
        let about = || format!("{} in {zone} at {} UTC, {shows} there", rule.hours, super::shown(Moment(at)));
        assert_eq!(calendar.is_open(Moment(at)), open, "{}", about());
        assert_eq!(calendar.is_open(Moment(at + MINUTE - 1)), open, "{}", about());
        assert_eq!(calendar.between_millis(Moment(from), Moment(at)), minutes_open * MINUTE, "{}", about());
        if at > from && open != was_open {
            let since = Moment(changed.unwrap_or(from));
            let next = if open { calendar.next_opening(since) } else { calendar.next_closing(since) };
            assert_eq!(next, Some(Moment(at)), "{}", about());
            changed = Some(at);
        }
        minutes_open += i64::from(open);
    }
}

#[test]
fn every_minute_around_every_change_of_the_clock() {
    let (from, until) = (utc("2020-01-01 00:00").0, utc("2036-01-01 00:00").0);
    let mut changes = 0;
    for (place, zone) in SAMPLED.iter().enumerate() {
        let zone: Zone = zone.parse().unwrap();
        for hour in (from..until).step_by(HOUR as usize) {
            if offset(zone, hour) == offset(zone, hour + HOUR) {
                continue;
            }
            changes += 1;
            let rules = properties::more_cases().map_or(1, |_| RULES.len());
            for nth in 0..rules {
                walk(zone, &RULES[(place + changes + nth) % RULES.len()], hour - 16 * HOUR, hour + 20 * HOUR);
            }
        }
    }
    assert!(changes > 300, "only {changes} changes were walked through");
}

#[test]
fn every_minute_of_a_week_in_every_sampled_zone() {
    for (place, zone) in SAMPLED.iter().enumerate() {
        let from = utc("2027-02-27 00:00").0;
        walk(zone.parse().unwrap(), &RULES[place % RULES.len()], from, from + 7 * 24 * HOUR);
    }
}

/// Samoa went over the date line: after Thursday 29 December 2011 came Saturday the 31st.
#[test]
fn a_day_that_never_was() {
    let zone: Zone = "Pacific/Apia".parse().unwrap();
    let jump = utc("2011-12-30 10:00");
    for rule in &RULES {
        walk(zone, rule, jump.0 - 60 * HOUR, jump.0 + 60 * HOUR);
    }
    let office = calendar("Pacific/Apia", "Mo-Fr 09:00-17:00", None);
    assert_eq!(office.day(date("2011-12-30")).spans, []);
    // Thursday noon; the next business day is Monday, 2 January.
    assert_eq!(shown_or_never(office.add_days(utc("2011-12-29 22:00"), 1)), "2012-01-01 22:00");
    let always = calendar("Pacific/Apia", "24/7", None);
    assert_eq!(shown_or_never(always.add_days(utc("2011-12-29 22:00"), 1)), "2011-12-30 22:00");
    assert_eq!(always.between_millis(utc("2011-12-29 22:00"), utc("2011-12-30 22:00")), 24 * HOUR);
}
