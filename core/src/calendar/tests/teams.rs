//! The hours of the three teams that Threadline was made for, over 2026 with both changes of the
//! clock. Everything expected here was written by hand, from a wall calendar and the offsets of the
//! zones: in 2026 the United States put their clocks forward on 8 March and back on 1 November.

use super::*;
use chrono::Weekday::{self, Fri, Mon, Sat, Sun, Thu, Tue, Wed};

/// On these weekdays open from and to, in UTC and in minutes of the date.
type Week = &'static [(&'static [Weekday], u32, u32)];

/// How a week is from a date on.
struct Season {
    from: &'static str,
    week: Week,
}

/// Checks every day of 2026, and the instants around each opening and closing.
fn is_so_all_year(calendar: &Calendar, seasons: &[Season], off: &[&str]) {
    for day in date("2026-01-01").iter_days().take(365) {
        let season = seasons.iter().rev().find(|season| date(season.from) <= day).unwrap();
        let of_day = season.week.iter().find(|(weekdays, _, _)| weekdays.contains(&day.weekday()));
        let minutes = of_day.filter(|_| !off.contains(&day.to_string().as_str()));
        let midnight = utc(&format!("{day} 00:00")).0;
        let expected = minutes.map(|(_, opens, closes)| Span {
            opens: Moment(midnight + i64::from(*opens) * MINUTE),
            closes: Moment(midnight + i64::from(*closes) * MINUTE),
        });
        assert_eq!(calendar.day(day).spans, Vec::from_iter(expected), "{day}");
        if let Some(Span { opens, closes }) = expected {
            let open = [-1, 0].map(|millis| calendar.is_open(opens.plus_millis(millis)));
            let closed = [-1, 0].map(|millis| calendar.is_open(closes.plus_millis(millis)));
            assert_eq!((open, closed), ([false, true], [true, false]), "{day}");
            assert_eq!(calendar.next_opening(opens.plus_millis(-1)), Some(opens), "{day}");
            assert_eq!(calendar.next_closing(opens), Some(closes), "{day}");
        }
    }
}

const fn hm(hours: u32, minutes: u32) -> u32 {
    hours * 60 + minutes
}

const WEEK: &[Weekday] = &[Mon, Tue, Wed, Thu, Fri];

/// Live chat of the first team: Mon–Fri 9:00–18:00, Sat 10:00–14:00, US Eastern.
const EASTERN: &str = "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off";

const EASTERN_WINTER: Week = &[(WEEK, hm(14, 0), hm(23, 0)), (&[Sat], hm(15, 0), hm(19, 0))];
const EASTERN_SUMMER: Week = &[(WEEK, hm(13, 0), hm(22, 0)), (&[Sat], hm(14, 0), hm(18, 0))];

fn eastern() -> Calendar {
    calendar("America/New_York", EASTERN, Some("US"))
}

#[test]
fn team_1_all_year() {
    let seasons = [
        Season { from: "2026-01-01", week: EASTERN_WINTER },
        Season { from: "2026-03-08", week: EASTERN_SUMMER },
        Season { from: "2026-11-01", week: EASTERN_WINTER },
    ];
    // New Year, Martin Luther King, Washington, Memorial Day, Juneteenth, Independence Day (Saturday
    // the 4th, so observed on Friday), Labor Day, Veterans, Thanksgiving, Christmas.
    let off = [
        "2026-01-01",
        "2026-01-19",
        "2026-02-16",
        "2026-05-25",
        "2026-06-19",
        "2026-07-03",
        "2026-09-07",
        "2026-11-11",
        "2026-11-26",
        "2026-12-25",
    ];
    is_so_all_year(&eastern(), &seasons, &off);
    // 261 days from Monday to Friday, 10 of them holidays, and 52 Saturdays: 251 * 9 + 52 * 4 hours.
    let whole_year = eastern().between_millis(utc("2026-01-01 05:00"), utc("2027-01-01 05:00"));
    assert_eq!(whole_year, 2_467 * HOUR);
}

#[test]
fn team_1_promises() {
    let calendar = eastern();
    // Live chat is answered within 5 minutes: asked, and due.
    for (asked, due) in [
        ("2026-03-02 15:00", "2026-03-02 15:05"), // Monday 10:00
        ("2026-03-06 22:58", "2026-03-07 15:03"), // Friday 17:58, so Saturday 10:03
        ("2026-03-07 18:57", "2026-03-09 13:02"), // Saturday 13:57, so Monday 9:02 of summer time
        ("2026-03-07 18:55", "2026-03-07 19:00"), // used up as they close
        ("2026-10-31 17:57", "2026-11-02 14:02"), // the same in autumn, Monday of winter time
        ("2026-11-25 22:58", "2026-11-27 14:03"), // Wednesday 17:58 before Thanksgiving
        ("2026-12-24 23:00", "2026-12-26 15:05"), // Thursday 18:00 before Christmas, so Saturday
    ] {
        assert_eq!(shown_or_never(calendar.add_millis(utc(asked), 5 * MINUTE)), due, "asked {asked}");
    }
    // Tickets: in 1 business day, in 2.
    for (asked, one, two) in [
        ("2026-03-05 15:30", "2026-03-06 15:30", "2026-03-07 15:30"), // Thursday 10:30: Friday, Saturday
        ("2026-03-06 15:30", "2026-03-07 15:30", "2026-03-09 14:30"), // Friday 10:30: Saturday, Monday 10:30
        ("2026-03-08 01:00", "2026-03-09 22:00", "2026-03-10 22:00"), // Saturday 20:00: Monday, Tuesday 18:00
        ("2026-03-06 12:00", "2026-03-07 15:00", "2026-03-09 13:00"), // Friday 7:00: when they open
        ("2026-12-24 22:00", "2026-12-26 19:00", "2026-12-28 22:00"), // Thursday 17:00: Saturday until 14:00, Monday
    ] {
        let due = [1, 2].map(|days| shown_or_never(calendar.add_days(utc(asked), days)));
        assert_eq!(due, [one, two], "asked {asked}");
    }
    // What the closed chat says.
    for (closed, opens) in [
        ("2026-03-07 19:00", "2026-03-09 13:00"),
        ("2026-10-31 18:00", "2026-11-02 14:00"),
        ("2026-11-25 23:00", "2026-11-27 14:00"),
        ("2026-07-02 22:00", "2026-07-04 14:00"),
    ] {
        assert_eq!(shown_or_never(calendar.next_opening(utc(closed))), opens, "closed {closed}");
    }
}

/// The second team's chat is there while an agent is: its hours are all hours, in its zone.
#[test]
fn team_2_is_there_when_somebody_is() {
    let calendar = calendar("Europe/Madrid", "24/7", None);
    let (spring, autumn) = (utc("2026-03-29 00:00"), utc("2026-10-25 00:00"));
    for minute in 0..180 {
        assert!(calendar.is_open(spring.plus_millis(minute * MINUTE)));
        assert!(calendar.is_open(autumn.plus_millis(minute * MINUTE)));
    }
    assert_eq!((calendar.next_opening(spring), calendar.next_closing(spring)), (None, None));
    // 365 days, of which one has 23 hours and one 25.
    let whole_year = calendar.between_millis(utc("2025-12-31 23:00"), utc("2026-12-31 23:00"));
    assert_eq!(whole_year, 365 * 24 * HOUR);
    for (asked, tomorrow) in [
        ("2026-03-27 01:30", "2026-03-28 01:30"), // 2:30 in winter, both days
        ("2026-03-28 01:30", "2026-03-29 01:00"), // there is no 2:30 on the 29th: at the jump
        ("2026-03-28 11:00", "2026-03-29 10:00"), // noon to noon are 23 hours
        ("2026-10-24 00:30", "2026-10-25 00:30"), // 2:30 to the first 2:30
        ("2026-10-24 10:00", "2026-10-25 11:00"), // noon to noon are 25 hours
    ] {
        assert_eq!(shown_or_never(calendar.add_days(utc(asked), 1)), tomorrow, "asked {asked}");
    }
}

/// The third team's chat and tickets: Mon–Thu 6:00–24:00, Fri 6:00–21:00, Sat–Sun 9:00–21:00 Pacific.
const PACIFIC: &str = "Mo-Th 06:00-24:00; Fr 06:00-21:00; Sa-Su 09:00-21:00";

/// As customers elsewhere read it: in winter, Mon–Thu is 14:00–08:00 UTC.
const PACIFIC_WINTER: Week = &[
    (&[Mon, Tue, Wed, Thu], hm(14, 0), hm(32, 0)),
    (&[Fri], hm(14, 0), hm(29, 0)),
    (&[Sat, Sun], hm(17, 0), hm(29, 0)),
];
const PACIFIC_SUMMER: Week = &[
    (&[Mon, Tue, Wed, Thu], hm(13, 0), hm(31, 0)),
    (&[Fri], hm(13, 0), hm(28, 0)),
    (&[Sat, Sun], hm(16, 0), hm(28, 0)),
];

#[test]
fn team_3_all_year() {
    let calendar = calendar("America/Los_Angeles", PACIFIC, None);
    let seasons = [
        Season { from: "2026-01-01", week: PACIFIC_WINTER },
        Season { from: "2026-03-08", week: PACIFIC_SUMMER },
        Season { from: "2026-11-01", week: PACIFIC_WINTER },
    ];
    is_so_all_year(&calendar, &seasons, &[]);
    // 52 Mondays, Tuesdays and Wednesdays and 53 Thursdays, 52 Fridays, 104 days of weekends.
    let whole_year = calendar.between_millis(utc("2026-01-01 08:00"), utc("2027-01-01 08:00"));
    assert_eq!(whole_year, (209 * 18 + 52 * 15 + 104 * 12) * HOUR);
    for (asked, hours, due) in [
        ("2026-03-08 04:30", 1, "2026-03-08 16:30"), // Saturday 20:30, so Sunday 9:30, an hour less of night
        ("2026-11-01 03:30", 1, "2026-11-01 17:30"), // Saturday 20:30, so Sunday 9:30, an hour more
        ("2026-01-06 07:30", 1, "2026-01-06 14:30"), // Monday 23:30, so Tuesday 6:30
    ] {
        assert_eq!(shown_or_never(calendar.add_millis(utc(asked), hours * HOUR)), due, "asked {asked}");
    }
}

#[test]
fn team_3_screen_share() {
    let sessions = calendar("America/Los_Angeles", "Mo-Fr 08:00-22:00", None);
    let opens = |from: &str, until: &str, minutes: i64| {
        let slots = sessions.slots(utc(from), utc(until), minutes * MINUTE);
        slots.map(|slot| shown(slot.opens)).collect::<Vec<_>>()
    };
    // Friday evening before the clocks go forward, to Monday morning: 20:30 is no slot of an hour.
    assert_eq!(
        opens("2026-03-07 04:30", "2026-03-09 17:30", 60),
        ["2026-03-07 05:00", "2026-03-09 15:00", "2026-03-09 16:00"]
    );
    // And back, in slots of 90 minutes from 8:00: the last one ends at 21:30.
    assert_eq!(
        opens("2026-10-31 00:00", "2026-11-02 19:00", 90),
        ["2026-10-31 00:00", "2026-10-31 01:30", "2026-10-31 03:00", "2026-11-02 16:00", "2026-11-02 17:30"]
    );
    assert_eq!(opens("2026-06-01 00:00", "2026-06-02 00:00", 60).len(), 9);
}
