//! A calendar as `threadline check` shows it: two weeks of it, and what comes next, so that an operator
//! sees what was understood.

use crate::config::NamedCalendar;
use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use threadline_core::calendar::{Calendar, Day, Reason, Span};
use threadline_core::ids::Moment;

/// Two weeks: each weekday twice, so that the one after a holiday or a change of the clock is there too.
const DAYS: usize = 14;
/// The spans of a day are put under one another up to here; longer lines are rare and may be longer.
const SPANS_CHARS: usize = 24;

/// Its next days in its zone, and its next opening and closing.
pub(super) fn shown(named: &NamedCalendar, now: Moment) -> String {
    let (calendar, zone) = (&named.calendar, named.calendar.zone());
    if calendar.never_closes() {
        return format!("Calendar {}: open day and night, with the days of {zone}\n\n", named.name);
    }
    let here = calendar.wall(now);
    let mut text = format!("Calendar {}, in {zone}, where it is {}\n\n", named.name, long(here));
    text.push_str(&format!("  {}\n\n", calendar.hours().text()));
    for day in here.date().iter_days().take(DAYS).map(|date| calendar.day(date)) {
        text.push_str(&format!("  {}\n", line(calendar, &day)));
    }
    text.push_str(&format!("\n  {}\n\n", standing(calendar, now)));
    text
}

fn line(calendar: &Calendar, day: &Day) -> String {
    let spans: Vec<String> = day.spans.iter().map(|span| hours(calendar, day, span)).collect();
    let spans = if spans.is_empty() { "closed".to_owned() } else { spans.join(", ") };
    let reason = match &day.reason {
        Reason::Ordinary => None,
        Reason::Holiday => Some("public holiday".to_owned()),
        Reason::Exception(name) => Some(name.clone()),
    };
    let clock = match day.clock_forward_mins {
        0 => None,
        mins if mins > 0 => Some(format!("clocks go forward {mins} min")),
        mins => Some(format!("clocks go back {} min", -mins)),
    };
    let notes = [reason, clock].into_iter().flatten().collect::<Vec<_>>().join("; ");
    format!("{}  {spans:SPANS_CHARS$}  {notes}", day.date.format("%a %d %b")).trim_end().to_owned()
}

/// A span as the clock on the wall shows it. Its end is the moment just before: at midnight, and when
/// the clock is changed at that instant, it is still the old time that people go by.
fn hours(calendar: &Calendar, day: &Day, span: &Span) -> String {
    let closes = calendar.wall(span.closes.plus_millis(-1)) + TimeDelta::milliseconds(1);
    let midnight = day.date.and_time(NaiveTime::MIN) + TimeDelta::days(1);
    let end = if closes == midnight { "24:00".to_owned() } else { closes.format("%H:%M").to_string() };
    let later = if closes > midnight { " next day" } else { "" };
    format!("{}–{end}{later}", calendar.wall(span.opens).format("%H:%M"))
}

fn standing(calendar: &Calendar, now: Moment) -> String {
    let (opening, closing) = (calendar.next_opening(now), calendar.next_closing(now));
    let when = |at: Moment| long(calendar.wall(at));
    match (calendar.is_open(now), opening, closing) {
        (true, Some(opening), Some(closing)) => format!("Open now. Closes {}, opens {}.", when(closing), when(opening)),
        (true, None, Some(closing)) => format!("Open now. Closes {}, and does not open again.", when(closing)),
        (true, _, None) => "Open now, and does not close.".to_owned(),
        (false, Some(opening), Some(closing)) => {
            format!("Closed now. Opens {}, closes {}.", when(opening), when(closing))
        }
        (false, Some(opening), None) => format!("Closed now. Opens {}, and does not close again.", when(opening)),
        (false, None, _) => "Closed now, and does not open again.".to_owned(),
    }
}

fn long(wall: NaiveDateTime) -> String {
    wall.format("%a %d %b %Y %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;
    use expect_test::{Expect, expect};
    use std::path::Path;

    fn check(toml: &str, now: &str, expected: Expect) {
        let config = load(None, None, &|_| None, &|_: &Path| Ok(toml.to_owned()), &|_| Ok(Vec::new())).unwrap();
        let now: NaiveDateTime = now.parse().unwrap();
        expected.assert_eq(&shown(&config.calendars[0], Moment(now.and_utc().timestamp_millis())));
    }

    #[test]
    fn two_weeks_are_shown_as_they_are_understood() {
        let office = r#"
            [calendar.office]
            zone = "America/New_York"
            hours = "Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00; PH off"
            holidays = "US"
            exceptions = [{ date = 2026-11-27, hours = "10:00-14:00", name = "Day after Thanksgiving" }]
        "#;
        check(
            office,
            "2026-11-25T23:00:00",
            expect![[r#"
                Calendar office, in America/New_York, where it is Wed 25 Nov 2026 18:00

                  Mo-Fr 09:00-12:00,13:00-18:00; Sa 10:00-14:00; PH off

                  Wed 25 Nov  09:00–12:00, 13:00–18:00
                  Thu 26 Nov  closed                    public holiday
                  Fri 27 Nov  10:00–14:00               Day after Thanksgiving
                  Sat 28 Nov  10:00–14:00
                  Sun 29 Nov  closed
                  Mon 30 Nov  09:00–12:00, 13:00–18:00
                  Tue 01 Dec  09:00–12:00, 13:00–18:00
                  Wed 02 Dec  09:00–12:00, 13:00–18:00
                  Thu 03 Dec  09:00–12:00, 13:00–18:00
                  Fri 04 Dec  09:00–12:00, 13:00–18:00
                  Sat 05 Dec  10:00–14:00
                  Sun 06 Dec  closed
                  Mon 07 Dec  09:00–12:00, 13:00–18:00
                  Tue 08 Dec  09:00–12:00, 13:00–18:00

                  Closed now. Opens Fri 27 Nov 2026 10:00, closes Fri 27 Nov 2026 14:00.

            "#]],
        );
        let nights = r#"
            [calendar.nights]
            zone = "Europe/Madrid"
            hours = "Mo-Th 06:00-24:00; Fr-Sa 20:00-03:00; Su 00:00-03:00"
        "#;
        check(
            nights,
            "2026-03-27T20:00:00",
            expect![[r#"
                Calendar nights, in Europe/Madrid, where it is Fri 27 Mar 2026 21:00

                  Mo-Th 06:00-24:00; Fr-Sa 20:00-03:00; Su 00:00-03:00

                  Fri 27 Mar  20:00–03:00 next day
                  Sat 28 Mar  20:00–02:00 next day
                  Sun 29 Mar  closed                    clocks go forward 60 min
                  Mon 30 Mar  06:00–24:00
                  Tue 31 Mar  06:00–24:00
                  Wed 01 Apr  06:00–24:00
                  Thu 02 Apr  06:00–24:00
                  Fri 03 Apr  20:00–03:00 next day
                  Sat 04 Apr  20:00–03:00 next day
                  Sun 05 Apr  closed
                  Mon 06 Apr  06:00–24:00
                  Tue 07 Apr  06:00–24:00
                  Wed 08 Apr  06:00–24:00
                  Thu 09 Apr  06:00–24:00

                  Open now. Closes Sat 28 Mar 2026 03:00, opens Sat 28 Mar 2026 20:00.

            "#]],
        );
        check(
            "calendar.a = { zone = 'Asia/Kathmandu', hours = '24/7' }",
            "2026-03-27T20:00:00",
            expect![[r#"
                Calendar a: open day and night, with the days of Asia/Kathmandu

            "#]],
        );
        check(
            "calendar.a = { zone = 'UTC', hours = '2026 Mar 27 10:00-22:00' }",
            "2026-03-27T20:00:00",
            expect![[r#"
                Calendar a, in UTC, where it is Fri 27 Mar 2026 20:00

                  2026 Mar 27 10:00-22:00

                  Fri 27 Mar  10:00–22:00
                  Sat 28 Mar  closed
                  Sun 29 Mar  closed
                  Mon 30 Mar  closed
                  Tue 31 Mar  closed
                  Wed 01 Apr  closed
                  Thu 02 Apr  closed
                  Fri 03 Apr  closed
                  Sat 04 Apr  closed
                  Sun 05 Apr  closed
                  Mon 06 Apr  closed
                  Tue 07 Apr  closed
                  Wed 08 Apr  closed
                  Thu 09 Apr  closed

                  Open now. Closes Fri 27 Mar 2026 22:00, and does not open again.

            "#]],
        );
    }
}
