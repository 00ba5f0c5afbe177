//! What a customer may expect who writes now: somebody who answers, or an answer by a stated time. A
//! pure function of a calendar, a promise and an instant; whoever shows it asks again when it changes.

use crate::calendar::Calendar;
use crate::ids::Moment;

/// The longest promise: further on, the hours of a team are not known well enough to be promised.
pub const PROMISE_DAYS_MAX: u32 = 60;
/// The same in hours of business.
pub const PROMISE_HOURS_MAX: u32 = 1_000;

const MINUTE_MILLIS: i64 = 60_000;

/// By when a team answers, counted in its own business time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// After so many minutes in which business was open.
    Minutes(u32),
    /// At the same time of day, so many business days later. What is written while business is closed
    /// counts as written on the next business day, of which nobody knows the hour yet: so at its end.
    Days(u32),
}

/// What has to be so that somebody answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenWhen {
    /// It is within the hours of business.
    #[default]
    InHours,
    /// Somebody of the team is there, whatever the hour.
    Attended,
    /// Both.
    InHoursAndAttended,
}

/// Who is there at a desk now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attendance {
    /// Their names, as customers see them, in the order of the alphabet.
    pub names: Vec<String>,
    /// True while one of them can take another chat.
    pub has_room: bool,
}

/// What a customer may expect now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Somebody answers.
    Open {
        /// Until then; none for a team that never closes.
        closes: Option<Moment>,
    },
    /// Nobody is there. What is written is answered all the same.
    Closed {
        /// When somebody is there again; none if that is not known.
        opens: Option<Moment>,
        /// By when what is written now has an answer; none if that cannot be said.
        answer_by: Option<Moment>,
    },
}

/// Fewest chats of which anything is said: what one or two had to wait for says nothing.
pub const MEASURED_MIN: usize = 5;
/// Longest time that is said, in minutes: a team that takes longer is one that answers by a stated time.
const USUAL_MINS_MAX: i64 = 60;

/// What chats usually wait for their first answer, in minutes, from what they waited for in business time: the
/// median, rounded up as people say it, to 5 minutes from 10 on and to 10 from 30 on. None where there are too
/// few, or it is too long to be said so.
pub fn usual_mins(mut waited_millis: Vec<i64>) -> Option<u32> {
    if waited_millis.len() < MEASURED_MIN {
        return None;
    }
    waited_millis.sort_unstable();
    let median = waited_millis[waited_millis.len() / 2];
    let mins = (median.max(1) + MINUTE_MILLIS - 1) / MINUTE_MILLIS;
    let step = match mins {
        ..=10 => 1,
        11..=30 => 5,
        _ => 10,
    };
    let said = (mins + step - 1) / step * step;
    u32::try_from(said).ok().filter(|_| said <= USUAL_MINS_MAX)
}

impl Promise {
    /// Reads `30 minutes`, `4 hours` or `2 business days`; none for anything else.
    pub fn parse(text: &str) -> Option<Promise> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let (count, unit) = match words.as_slice() {
            [count, unit] | [count, "business", unit] => (count, unit),
            _ => return None,
        };
        let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
        let minutes = |each: u32| count.checked_mul(each).filter(|all| *all <= PROMISE_HOURS_MAX * 60);
        match *unit {
            "minute" | "minutes" => minutes(1).map(Promise::Minutes),
            "hour" | "hours" => minutes(60).map(Promise::Minutes),
            // A day alone could be one of the week.
            "day" | "days" if words.len() == 3 && count <= PROMISE_DAYS_MAX => Some(Promise::Days(count)),
            _ => None,
        }
    }

    /// By when it is kept for what is written at an instant; none when business never comes to that.
    pub fn kept_by(self, calendar: &Calendar, at: Moment) -> Option<Moment> {
        match self {
            Promise::Minutes(minutes) => calendar.add_millis(at, i64::from(minutes) * MINUTE_MILLIS),
            Promise::Days(days) if calendar.is_open(at) => calendar.add_days(at, days),
            Promise::Days(days) => {
                let opens = calendar.next_opening(at)?;
                let last = calendar.add_days(opens, days.saturating_sub(1))?;
                calendar.day(calendar.wall(last).date()).spans.last().map(|span| span.closes)
            }
        }
    }
}

impl std::fmt::Display for Promise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (count, unit) = match *self {
            Promise::Minutes(minutes) if minutes % 60 == 0 => (minutes / 60, "business hour"),
            Promise::Minutes(minutes) => (minutes, "business minute"),
            Promise::Days(days) => (days, "business day"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

impl OpenWhen {
    /// The word for each, in the configuration.
    pub const ALL: [(&str, OpenWhen); 3] =
        [("hours", OpenWhen::InHours), ("presence", OpenWhen::Attended), ("both", OpenWhen::InHoursAndAttended)];

    /// True where it matters who is there.
    pub fn asks_who_is_there(self) -> bool {
        match self {
            OpenWhen::InHours => false,
            OpenWhen::Attended | OpenWhen::InHoursAndAttended => true,
        }
    }
}

impl Attendance {
    /// The same, for a chat that is under way: whoever is there can go on with it.
    pub fn under_way(&self) -> Attendance {
        Attendance { has_room: !self.names.is_empty(), ..self.clone() }
    }
}

impl Availability {
    /// What may be expected of a team with this calendar and this promise, of whom these are there.
    pub fn at(
        calendar: &Calendar,
        promise: Promise,
        open_when: OpenWhen,
        attendance: &Attendance,
        now: Moment,
    ) -> Availability {
        let (in_hours, attended) = match open_when {
            OpenWhen::InHours => (calendar.is_open(now), true),
            OpenWhen::Attended => (true, attendance.has_room),
            OpenWhen::InHoursAndAttended => (calendar.is_open(now), attendance.has_room),
        };
        let answer_by = || promise.kept_by(calendar, now);
        match (in_hours, attended) {
            // Nobody knows when who is there leaves.
            (true, true) if open_when == OpenWhen::Attended => Availability::Open { closes: None },
            (true, true) => Availability::Open { closes: calendar.next_closing(now) },
            // Nor when somebody comes.
            (true, false) => Availability::Closed { opens: None, answer_by: answer_by() },
            (false, _) => Availability::Closed { opens: calendar.next_opening(now), answer_by: answer_by() },
        }
    }

    /// When it is no longer so; none if that is not known.
    pub fn changes_at(self) -> Option<Moment> {
        match self {
            Availability::Open { closes } => closes,
            Availability::Closed { opens, .. } => opens,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Holidays, Hours};
    use chrono::{DateTime, Utc};
    use expect_test::expect;

    fn calendar(zone: &str, hours: &str) -> Calendar {
        let us = Holidays::of("US").unwrap();
        Calendar::new(zone.parse().unwrap(), Hours::parse(hours, &us).unwrap(), Vec::new())
    }

    /// An instant as the wall clock of a calendar shows it.
    fn wall(calendar: &Calendar, at: Option<Moment>) -> String {
        at.map_or("never".into(), |at| calendar.wall(at).format("%a %-d %b %H:%M").to_string())
    }

    fn utc(text: &str) -> Moment {
        Moment(format!("{text}:00Z").parse::<DateTime<Utc>>().unwrap().timestamp_millis())
    }

    fn said(calendar: &Calendar, promise: &str, now: &str) -> String {
        let now = utc(now);
        let at = wall(calendar, Some(now));
        let promise = Promise::parse(promise).unwrap();
        match Availability::at(calendar, promise, OpenWhen::InHours, &Attendance::default(), now) {
            Availability::Open { closes } => format!("{at}: open until {}\n", wall(calendar, closes)),
            Availability::Closed { opens, answer_by } => {
                format!("{at}: closed until {}, answer by {}\n", wall(calendar, opens), wall(calendar, answer_by))
            }
        }
    }

    #[test]
    fn the_three_teams() {
        let office = calendar("America/New_York", "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off");
        let mut table = String::new();
        // Friday's last minute, Friday night, Saturday, Sunday, Monday before it opens; Thanksgiving.
        for now in [
            "2026-03-06T22:59",
            "2026-03-06T23:00",
            "2026-03-07T14:59",
            "2026-03-08T19:00",
            "2026-03-09T12:59",
            "2026-03-09T13:00",
            "2026-11-26T15:00",
        ] {
            table += &said(&office, "1 business day", now);
        }
        // Late on Thursday in Los Angeles is Friday morning in UTC; on 8 March the clock is put forward.
        let pacific = calendar("America/Los_Angeles", "Mo-Th 06:00-24:00; Fr 06:00-21:00; Sa-Su 09:00-21:00");
        for now in ["2026-01-02T07:59", "2026-01-02T08:00", "2026-03-08T05:30", "2026-03-08T15:59", "2026-03-08T16:00"]
        {
            table += &said(&pacific, "4 hours", now);
        }
        table += &said(&Calendar::always_open(), "4 hours", "2026-01-02T07:59");
        expect![[r#"
            Fri 6 Mar 17:59: open until Fri 6 Mar 18:00
            Fri 6 Mar 18:00: closed until Sat 7 Mar 10:00, answer by Sat 7 Mar 14:00
            Sat 7 Mar 09:59: closed until Sat 7 Mar 10:00, answer by Sat 7 Mar 14:00
            Sun 8 Mar 15:00: closed until Mon 9 Mar 09:00, answer by Mon 9 Mar 18:00
            Mon 9 Mar 08:59: closed until Mon 9 Mar 09:00, answer by Mon 9 Mar 18:00
            Mon 9 Mar 09:00: open until Mon 9 Mar 18:00
            Thu 26 Nov 10:00: closed until Fri 27 Nov 09:00, answer by Fri 27 Nov 18:00
            Thu 1 Jan 23:59: open until Fri 2 Jan 00:00
            Fri 2 Jan 00:00: closed until Fri 2 Jan 06:00, answer by Fri 2 Jan 10:00
            Sat 7 Mar 21:30: closed until Sun 8 Mar 09:00, answer by Sun 8 Mar 13:00
            Sun 8 Mar 08:59: closed until Sun 8 Mar 09:00, answer by Sun 8 Mar 13:00
            Sun 8 Mar 09:00: open until Sun 8 Mar 21:00
            Fri 2 Jan 07:59: open until never
        "#]]
        .assert_eq(&table);
    }

    fn there(names: &[&str]) -> Attendance {
        Attendance { names: names.iter().map(ToString::to_string).collect(), has_room: !names.is_empty() }
    }

    /// Hours, who is there and room, by hand; business closes at six in New York, at 23:00 in UTC.
    #[test]
    fn open_is_in_hours_and_attended() {
        let office = calendar("America/New_York", "Mo-Fr 09:00-18:00");
        let full = Attendance { has_room: false, ..there(&["Ana"]) };
        let (in_hours, out_of_hours) = (utc("2026-03-06T15:00"), utc("2026-03-06T23:30"));
        let open_until_six = Availability::Open { closes: Some(utc("2026-03-06T23:00")) };
        let answer_by = |text| Some(utc(text));
        let nobody = Availability::Closed { opens: None, answer_by: answer_by("2026-03-09T14:00") };
        let (opens, by) = (Some(utc("2026-03-09T13:00")), answer_by("2026-03-09T22:00"));
        let closed = Availability::Closed { opens, answer_by: by };
        let closed_but_nobody = Availability::Closed { opens: None, answer_by: by };
        let (hours, presence, both) = (OpenWhen::InHours, OpenWhen::Attended, OpenWhen::InHoursAndAttended);
        for (open_when, attendance, at, expected) in [
            (hours, there(&[]), in_hours, open_until_six),
            (hours, there(&["Ana"]), out_of_hours, closed),
            (presence, there(&["Ana"]), in_hours, Availability::Open { closes: None }),
            (presence, there(&["Ana"]), out_of_hours, Availability::Open { closes: None }),
            (presence, there(&[]), in_hours, nobody),
            (presence, there(&[]), out_of_hours, closed_but_nobody),
            (presence, full.clone(), in_hours, nobody),
            (presence, full.under_way(), in_hours, Availability::Open { closes: None }),
            (both, there(&["Ana"]), in_hours, open_until_six),
            (both, there(&["Ana"]), out_of_hours, closed),
            (both, there(&[]), in_hours, nobody),
            (both, there(&[]), out_of_hours, closed),
            (both, full.clone(), in_hours, nobody),
            (both, full.under_way(), in_hours, open_until_six),
            (both, there(&[]).under_way(), in_hours, nobody),
        ] {
            let is = Availability::at(&office, Promise::Days(1), open_when, &attendance, at);
            assert_eq!(is, expected, "{open_when:?} with {attendance:?} at {at:?}");
        }
    }

    #[test]
    fn what_is_usual_is_the_median_as_people_say_it() {
        let of = |secs: &[i64]| usual_mins(secs.iter().map(|secs| secs * 1_000).collect());
        assert_eq!(of(&[30, 60, 90, 120]), None, "too few");
        assert_eq!(of(&[0, 0, 0, 0, 0]), Some(1));
        assert_eq!(of(&[5, 100_000, 61, 60, 59]), Some(1));
        assert_eq!(of(&[5, 100_000, 61, 61, 59]), Some(2));
        assert_eq!(of(&[601; 5]), Some(15));
        assert_eq!(of(&[1_801; 6]), Some(40));
        assert_eq!((of(&[3_600; 7]), of(&[3_601; 7])), (Some(60), None));
    }

    #[test]
    fn a_team_that_never_opens_promises_nothing() {
        let never = calendar("UTC", "off");
        let expected = Availability::Closed { opens: None, answer_by: None };
        let at = |when| Availability::at(&never, Promise::Days(1), when, &there(&["Ana"]), utc("2026-01-02T07:59"));
        assert_eq!((at(OpenWhen::InHours), at(OpenWhen::InHoursAndAttended)), (expected, expected));
        assert_eq!(at(OpenWhen::Attended), Availability::Open { closes: None });
        assert_eq!(expected.changes_at(), None);
    }

    #[test]
    fn promises_are_written_in_words() {
        for (text, promise, said) in [
            ("30 minutes", Promise::Minutes(30), "30 business minutes"),
            ("1 hour", Promise::Minutes(60), "1 business hour"),
            ("90 business minutes", Promise::Minutes(90), "90 business minutes"),
            ("1000 hours", Promise::Minutes(60_000), "1000 business hours"),
            (" 2  business days ", Promise::Days(2), "2 business days"),
        ] {
            assert_eq!(Promise::parse(text), Some(promise), "{text}");
            assert_eq!(promise.to_string(), said);
        }
        for wrong in
            ["", "soon", "2", "2 days", "0 hours", "-1 hours", "1001 hours", "61 business days", "1 business day ago"]
        {
            assert_eq!(Promise::parse(wrong), None, "{wrong}");
        }
    }
}
