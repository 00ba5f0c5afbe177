//! What the module says of itself, sentence by sentence; and what is said to whoever wrote the hours.

use super::*;
use expect_test::{Expect, expect};

fn hours(text: &str) -> Hours {
    Hours::parse(text, &Holidays::of("US").unwrap()).unwrap_or_else(|mistake| panic!("{mistake}"))
}

fn exception(from: &str, to: &str, text: &str) -> Exception {
    Exception { from: date(from), to: date(to), hours: hours(text), name: format!("{from} {text}") }
}

/// What begins on each of these dates in UTC, as times of that date; above 24:00 of the next.
fn week(calendar: &Calendar, from: &str, days: usize) -> String {
    let mut lines = String::new();
    for day in date(from).iter_days().take(days).map(|date| calendar.day(date)) {
        let midnight = utc(&format!("{} 00:00", day.date)).0;
        let time = |at: Moment| {
            let minutes = (at.0 - midnight) / MINUTE;
            format!("{:02}:{:02}", minutes / 60, minutes % 60)
        };
        let spans = day.spans.iter().map(|span| format!(" {}-{}", time(span.opens), time(span.closes)));
        lines.push_str(&format!("{}{}\n", day.date.format("%a %d %b"), spans.collect::<String>()));
    }
    lines
}

#[test]
fn a_span_belongs_to_the_day_on_which_it_begins() {
    // Christmas is a holiday, and Saturday has other hours: the nights before them go on all the same.
    let nights = Calendar::new(Zone::UTC, hours("Mo-Su 22:00-06:00; Sa 10:00-14:00; PH off"), Vec::new());
    expect![[r"
        Wed 23 Dec 22:00-30:00
        Thu 24 Dec 22:00-30:00
        Fri 25 Dec
        Sat 26 Dec 10:00-14:00
        Sun 27 Dec 22:00-30:00
    "]]
    .assert_eq(&week(&nights, "2026-12-23", 5));
    // And so it is with exceptions.
    let exceptions =
        vec![exception("2026-12-30", "2026-12-30", "off"), exception("2026-12-31", "2026-12-31", "10:00-15:00")];
    let nights = Calendar::new(Zone::UTC, hours("Mo-Su 22:00-06:00"), exceptions);
    expect![[r"
        Tue 29 Dec 22:00-30:00
        Wed 30 Dec
        Thu 31 Dec 10:00-15:00
        Fri 01 Jan 22:00-30:00
    "]]
    .assert_eq(&week(&nights, "2026-12-29", 4));
    assert!(nights.is_open(utc("2026-12-30 05:59")) && !nights.is_open(utc("2026-12-30 06:00")));
    // A business day lasts until its last span ends: at 3:00 it is still Tuesday's, and one more is Thursday.
    assert_eq!(shown_or_never(nights.add_days(utc("2026-12-30 03:00"), 1)), "2026-12-31 15:00");
    assert_eq!(shown_or_never(nights.add_days(utc("2027-01-05 03:00"), 1)), "2027-01-06 03:00");
}

#[test]
fn what_is_open_already_does_not_open_again() {
    let overlapping =
        Calendar::new(Zone::UTC, hours("Mo 20:00-28:00; Tu 02:00-10:00; We 09:00-12:00,12:00-13:00"), vec![]);
    expect![[r"
        Mon 04 Jan 20:00-28:00
        Tue 05 Jan 04:00-10:00
        Wed 06 Jan 09:00-13:00
    "]]
    .assert_eq(&week(&overlapping, "2027-01-04", 3));
    assert_eq!(shown_or_never(overlapping.next_closing(utc("2027-01-04 20:00"))), "2027-01-05 10:00");
    assert_eq!(shown_or_never(overlapping.next_opening(utc("2027-01-04 20:00"))), "2027-01-06 09:00");
}

/// What is left of Monday after its evening off begins on Tuesday, after what Tuesday begins with.
#[test]
fn what_is_left_of_a_span_belongs_to_the_day_on_which_it_begins() {
    let cut = Calendar::new(Zone::UTC, hours("Mo 12:00-36:00; Mo 20:00-26:00 off; Tu 00:30-01:00"), Vec::new());
    expect![[r"
        Mon 04 Jan 12:00-20:00
        Tue 05 Jan 00:30-01:00 02:00-12:00
        Wed 06 Jan
    "]]
    .assert_eq(&week(&cut, "2027-01-04", 3));
    assert_eq!(cut.between_millis(utc("2027-01-04 00:00"), utc("2027-01-06 00:00")), 18 * HOUR + 30 * MINUTE);
}

#[test]
fn the_last_exception_of_a_day_counts() {
    let exceptions = vec![
        exception("2026-07-01", "2026-08-31", "Mo-Fr 08:00-15:00"),
        exception("2026-07-06", "2026-07-06", "11:00-15:00"),
        exception("2026-07-07", "2026-07-08", "closed"),
    ];
    let summer = Calendar::new(Zone::UTC, hours("Mo-Sa 09:00-18:00; PH off"), exceptions);
    expect![[r"
        Tue 30 Jun 09:00-18:00
        Wed 01 Jul 08:00-15:00
        Thu 02 Jul 08:00-15:00
        Fri 03 Jul 08:00-15:00
        Sat 04 Jul
        Sun 05 Jul
        Mon 06 Jul 11:00-15:00
        Tue 07 Jul
        Wed 08 Jul
        Thu 09 Jul 08:00-15:00
    "]]
    .assert_eq(&week(&summer, "2026-06-30", 10));
    let reasons = ["2026-06-30", "2026-07-06", "2026-09-07"].map(|day| summer.day(date(day)).reason);
    let late = Reason::Exception("2026-07-06 11:00-15:00".to_owned());
    assert_eq!(reasons, [Reason::Ordinary, late, Reason::Holiday]);
}

/// The night of 1 November 2026 in New York: 1:00 to 2:00 is shown twice, from 5:00 to 7:00 UTC.
#[test]
fn nothing_opens_or_closes_a_second_time() {
    let night = |hours: &str| {
        let calendar = calendar("America/New_York", hours, None);
        let changes = std::iter::successors(Some(utc("2026-11-01 03:59")), |at| {
            let (opening, closing) = (calendar.next_opening(*at)?, calendar.next_closing(*at)?);
            Some(opening.min(closing))
        });
        changes
            .skip(1)
            .take_while(|at| *at < utc("2026-11-01 10:00"))
            .map(|at| shown(at)[11..].to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(night("00:00-01:30"), ["04:00", "05:30"], "closes at the first 1:30");
    assert_eq!(night("01:30-03:00"), ["05:30", "08:00"], "opens at the first 1:30");
    assert_eq!(night("01:00-02:00"), ["05:00", "07:00"], "two hours");
    assert_eq!(night("02:00-03:00"), ["07:00", "08:00"], "the 2:00 that is shown once");
    assert_eq!(night("00:00-01:00"), ["04:00", "05:00"]);
    let minute = calendar("America/New_York", "24/7", None);
    assert!((0..180).all(|at| minute.is_open(utc("2026-11-01 04:30").plus_millis(at * MINUTE))));
}

/// The night of 8 March 2026 in New York: 2:00 to 3:00 is left out, at 7:00 UTC.
#[test]
fn what_is_left_out_happens_at_the_jump() {
    let of_sunday = |hours: &str| {
        let spans = calendar("America/New_York", hours, None).day(date("2026-03-08")).spans;
        spans
            .iter()
            .map(|span| format!("{}-{}", &shown(span.opens)[11..], &shown(span.closes)[11..]))
            .collect::<Vec<_>>()
    };
    assert_eq!(of_sunday("01:00-02:30"), ["06:00-07:00"]);
    assert_eq!(of_sunday("02:30-04:00"), ["07:00-08:00"]);
    assert_eq!(of_sunday("02:15-02:45"), [""; 0]);
    let calendar = calendar("America/New_York", "24/7", None);
    let clock = |day: &str| calendar.day(date(day)).clock_forward_mins;
    assert_eq!(["2026-03-07", "2026-03-08", "2026-11-01"].map(clock), [0, 60, -60]);
}

#[test]
fn outside_of_the_years_it_knows_a_calendar_is_closed() {
    let always = Calendar::always_open();
    let (first, last) = (utc("2000-01-01 00:00"), utc("2076-12-31 23:59:59"));
    assert!(always.is_open(first) && !always.is_open(first.plus_millis(-1)));
    assert!(always.is_open(last) && !always.is_open(last.plus_millis(1_000)));
    for at in [i64::MIN, -1, 0, first.0 - 1, last.0 + 1_000, i64::MAX].map(Moment) {
        assert_eq!((always.next_opening(at), always.next_closing(at)), (None, None));
        assert_eq!((always.add_millis(at, 1), always.add_days(at, 1)), (None, None));
    }
    assert_eq!(always.add_millis(first, i64::MAX), None);
    assert_eq!(always.add_days(first, u32::MAX), None);
    assert_eq!(always.between_millis(Moment(i64::MIN), Moment(i64::MAX)), last.0 + 999 - first.0);
    assert_eq!(always.slots(last, Moment(i64::MAX), HOUR).count(), 0);
    let never = calendar("UTC", "off", None);
    assert_eq!((never.next_opening(first), never.next_closing(first)), (None, None));
    assert_eq!((never.add_millis(first, 1), never.add_days(first, 1)), (None, None));
    let once = calendar("UTC", "2030 May 05 10:00-11:00", None);
    assert_eq!(shown_or_never(once.next_opening(first)), "2030-05-05 10:00");
    assert_eq!(once.next_opening(utc("2030-05-05 10:00")), None);
    assert_eq!(shown_or_never(once.add_days(first, 1)), "2030-05-05 10:00");
}

/// What the crate reads, and how it writes that out, are two things; hours are only taken if the two agree.
#[test]
fn hours_of_all_kinds_are_understood() {
    for text in [
        "24/7",
        "off",
        "closed",
        "Mo-Fr 09:00-12:00,14:00-17:30; Sa[1,3] 10:00-12:00; PH off",
        "PH +1 day off; PH -2 days off; Mo-Su,PH 08:00-20:00",
        "Jan-Feb Mo-Fr 08:00-12:00; Mar 10-20 Sa 10:00-12:00; easter off; easter -1 day-easter +2 days off",
        "week 1-10/2 Sa 10:00-12:00 || Mo 10:00-12:00 || off \"by phone\"",
        "2026 Jul 01-2026 Aug 31 Mo-Fr 08:00-15:00, Nov Th[4] 10:00-12:00; Dec 24-Jan 02 off",
        "Su-Th 20:00-04:00; Fr,Sa 20:00-48:00; SH off",
        "2026-2030/2 Mo 10:00-12:00; 2027+ Tu 9:00-11:00; Sa[-1] 10:00-12:00; Su[1] +1 day 10:00-11:00",
        "mo-fr 09:00 - 18:00 open",
        "Mo 10:00-12:00 open, 11:00-11:30 off",
    ] {
        assert_eq!(hours(text).text(), text);
    }
    assert_eq!(hours(" Mo-Fr\n  09:00-18:00 ").text(), "Mo-Fr 09:00-18:00");
}

/// Where nothing goes past midnight, one day at a time is what the crate says as well.
#[test]
fn within_a_day_the_crate_says_the_same() {
    for text in [
        "Mo-Fr 09:00-12:00,14:00-17:30; Sa[1,3] 10:00-12:00; PH off",
        "week 1-10/2 Sa 10:00-12:00 || Mo 10:00-12:00 || off",
        "Mo-Su 08:00-20:00; Tu 10:00-11:00 off; We off; Th 12:00-13:00, Th 15:00-16:00",
        "PH +1 day off; Apr-Sep 10:00-18:00; Oct-Mar Mo-Fr 11:00-16:00; Nov Th[4] off; easter -2 days off",
        "24/7; Sa off; Su 10:00-12:00 off",
    ] {
        let crates: opening_hours::OpeningHours = text.parse().unwrap();
        let holidays = opening_hours::localization::Country::US.holidays();
        let crates = crates.with_context(opening_hours::Context::default().with_holidays(holidays));
        let ours = hours(text);
        for day in date("2026-01-01").iter_days().take(800) {
            let open = crates.schedule_at(day).into_iter().filter(|range| range.kind == opening_hours::RuleKind::Open);
            let minutes =
                open.map(|range| [range.range.start, range.range.end].map(|time| u32::from(time.mins_from_midnight())));
            let expected: Vec<_> = minutes.map(|[start, end]| start..end).collect();
            assert_eq!(ours.spans_on(day), expected, "{text} on {day}");
        }
    }
}

#[test]
fn mistakes_say_where_and_what_to_write() {
    let wrong = |text: &str, expected: Expect| {
        expected.assert_eq(&Hours::parse(text, &Holidays::default()).unwrap_err().to_string());
    };
    wrong(
        "Mon-Fri 09:00-18:00",
        expect![[r#"
        days have two letters: Mo in place of Mon
            Mon-Fri 09:00-18:00
              ^"#]],
    );
    wrong(
        "Mo-Fr 09:00-18:00; Saturday 10:00-14:00",
        expect![[r#"
        days have two letters: Sa in place of Saturday
            Mo-Fr 09:00-18:00; Saturday 10:00-14:00
                                 ^"#]],
    );
    wrong(
        "weekdays 9-5",
        expect![[r#"
        days have two letters: Mo-Fr, Sa-Su, or Mo-Su for every day
            weekdays 9-5
                ^"#]],
    );
    wrong(
        "Mo-Fr 9-18",
        expect![[r#"
        a time has hours and minutes: 09:00-18:00
            Mo-Fr 9-18
                  ^"#]],
    );
    wrong(
        "Mo-Fr 9:00am-6:00pm",
        expect![[r#"
        the day has 24 hours here: 18:00 in place of 6:00pm
            Mo-Fr 9:00am-6:00pm
                      ^"#]],
    );
    wrong(
        "Mo-Fr 09:00–18:00",
        expect![[r#"
        a span has a plain hyphen: 09:00-18:00
            Mo-Fr 09:00–18:00
                       ^"#]],
    );
    wrong(
        "Mo-Fr 09.00-18.00",
        expect![[r#"
        a time has a colon: 09:00
            Mo-Fr 09.00-18.00
                  ^"#]],
    );
    wrong(
        "Mo-Fr 09:00",
        expect![[r#"
        a time has to have its end as well: 09:00-18:00
            Mo-Fr 09:00
                       ^"#]],
    );
    wrong(
        "Mo-Fr 25:00-26:00",
        expect![[r#"
        a time is from 00:00 to 24:00, or to 48:00 for an end on the next day; a span begins before 24:00
            Mo-Fr 25:00-26:00
                  ^"#]],
    );
    wrong(
        "Mo-Fr 09:00-49:00",
        expect![[r#"
        a time is from 00:00 to 24:00, or to 48:00 for an end on the next day; a span begins before 24:00
            Mo-Fr 09:00-49:00
                        ^"#]],
    );
    wrong("", expect![[r#"is empty; write "24/7" for always or "off" for never"#]]);
    wrong(
        "Mo-Fr 09:00-18:00;",
        expect![[r#"
        ends with a semicolon, and no rule after it; take it out
            Mo-Fr 09:00-18:00;
                              ^"#]],
    );
    wrong(
        "Mo-Fr 09:00-18:00;; Sa off",
        expect![[r#"
        between two semicolons there is no rule; take one out
            Mo-Fr 09:00-18:00;; Sa off
                              ^"#]],
    );
    wrong(
        "PH,Dec 24 off",
        expect![[r#"
        days of the week, holidays and dates cannot be in one list; write two rules: PH off; Dec 24 off
            PH,Dec 24 off
               ^"#]],
    );
    wrong(
        "2026-12-24 off",
        expect![[r#"
            a date is written Dec 24 or 2026 Dec 24
                2026-12-24 off
                     ^"#]],
    );
    wrong(
        "2027-2026 Mo",
        expect![[r#"
        the year 2027 is after 2026
            2027-2026 Mo
            ^"#]],
    );
    wrong(
        "week 50-10 Mo",
        expect![[r#"
            week 50 is after week 10; over New Year, write two parts: week 50-53,1-10
                week 50-10 Mo
                ^"#]],
    );
    wrong(
        "Mo-Fr sunrise-18:00",
        expect![[r#"
        a calendar knows a zone and not a place, so it does not know the sun; write the time
            Mo-Fr sunrise-18:00
                  ^"#]],
    );
    wrong(
        "Mo-Fr 20:00+",
        expect![[r#"
        nobody can promise an answer in hours without an end; write the end, as in 20:00-24:00
            Mo-Fr 20:00+
                       ^"#]],
    );
    wrong(
        "Mo-Fr 10:00-16:00/01:30",
        expect![[r#"
        this lists moments, and opening hours are spans; leave it out
            Mo-Fr 10:00-16:00/01:30
                             ^"#]],
    );
    wrong(
        "Mo-Fr 10:00-16:00 unknown",
        expect![[r#"
        hours are open or off; nothing can be promised in "unknown" ones
            Mo-Fr 10:00-16:00 unknown
                              ^"#]],
    );
    wrong(
        "Größe 10:00-16:00",
        expect![[r#"
        not understood from here on; how hours are written: https://wiki.openstreetmap.org/wiki/Key:opening_hours
            Größe 10:00-16:00
            ^"#]],
    );
    wrong(
        &"Mo 10:00-11:00; ".repeat(200),
        expect!["must be at most 2000 characters long, is 3199; use exceptions for single days"],
    );
    assert_eq!(Holidays::of("XX"), Err(UnknownCountry));
}

#[test]
fn remarks_say_what_was_perhaps_not_meant() {
    let remarks = |text: &str, country: Option<&str>, exceptions: &[(&str, &str, &str)]| {
        let holidays = country.map_or_else(Holidays::default, |code| Holidays::of(code).unwrap());
        let hours = Hours::parse(text, &holidays).unwrap();
        let exceptions = exceptions.iter().map(|(from, to, text)| Exception {
            hours: Hours::parse(text, &holidays).unwrap(),
            ..exception(from, to, "off")
        });
        let calendar = Calendar::new(Zone::UTC, hours, exceptions.collect());
        let remarks = calendar.remarks(date("2026-01-15"));
        remarks.iter().map(|remark| format!("{:?}: {remark}\n", remark.about())).collect::<String>()
    };
    assert_eq!(remarks("24/7", None, &[]), "");
    assert_eq!(remarks("Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off", Some("US"), &[]), "");
    let summer = ("2026-07-01", "2026-08-31", "Mo-Fr 08:00-15:00; PH off");
    assert_eq!(
        remarks("Mo-Fr 09:00-18:00; PH off", Some("US"), &[summer, ("2026-07-04", "2026-07-04", "11:00-15:00")]),
        ""
    );
    expect![[r#"
        Hours: the rule "2026 Nov 26 off" changes nothing in the days that it is for; a later rule takes the place of an earlier one on the same day, so put what is special last
    "#]].assert_eq(&remarks("2026 Nov 26 off; Mo-Fr 09:00-18:00", None, &[]));
    expect![[r#"
        Hours: the rule "PH off" changes nothing in the days that it is for; a later rule takes the place of an earlier one on the same day, so put what is special last
    "#]].assert_eq(&remarks("PH off; Mo-Su 09:00-18:00", Some("US"), &[]));
    expect![[r#"
        Hours: this calendar does not open once in the next two years
    "#]]
    .assert_eq(&remarks("2020 Mo-Fr 09:00-18:00", None, &[]));
    expect![[r#"
        Hours: PH stands for public holidays, and none are known; name the country, as in holidays = "US"
    "#]]
    .assert_eq(&remarks("Mo-Fr 09:00-18:00; PH off", None, &[]));
    expect![[r#"
        Hours: public holidays are known, but the hours do not say what happens on them; add "; PH off" to close
    "#]]
    .assert_eq(&remarks("Mo-Fr 09:00-18:00", Some("US"), &[]));
    expect![[r#"
        Hours: a span belongs to the day on which it begins: what begins on the evening before a holiday goes on past midnight, and what begins on the holiday does not; add exceptions if you want it otherwise
    "#]].assert_eq(&remarks("Mo-Su 22:00-06:00; PH off", Some("US"), &[]));
    expect![[r#"
        Exception(0): an exception takes the place of all the rules, "PH off" among them: 2026-07-03 is a public holiday and would be open; add "; PH off" to its hours to stay closed
        Exception(1): later exceptions cover all days of this one, and the last one counts
    "#]].assert_eq(&remarks(
        "Mo-Fr 09:00-18:00; PH off",
        Some("US"),
        &[
            ("2026-07-01", "2026-08-31", "Mo-Fr 08:00-15:00"),
            ("2026-12-24", "2026-12-24", "off"),
            ("2026-12-20", "2026-12-31", "off"),
        ],
    ));
}
