//! One year of a calendar, expanded: when it is open, in UTC, with running sums; and its business
//! days. Made by [`Calendar`](super::Calendar) when the year is first asked about.

use super::{Span, Zone, wall};
use crate::ids::Moment;
use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta};
use std::ops::Range;

/// The first year that calendars know: public holidays are listed from here on.
pub const FIRST_YEAR: i32 = 2000;
/// The last one: public holidays are listed up to here.
pub const LAST_YEAR: i32 = 2076;
pub(super) const YEARS: usize = (LAST_YEAR - FIRST_YEAR + 1) as usize;

/// The first instant of each year in UTC, and the one after the last.
pub(super) static STARTS: [i64; YEARS + 1] = starts();

const DAY_MINS: u32 = 24 * 60;
const DAY_MILLIS: i64 = DAY_MINS as i64 * 60_000;
/// 2000-01-01T00:00Z.
const FIRST_START: i64 = 946_684_800_000;

const fn starts() -> [i64; YEARS + 1] {
    let mut starts = [FIRST_START; YEARS + 1];
    let mut index = 0;
    while index < YEARS {
        let year = FIRST_YEAR + index as i32;
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        starts[index + 1] = starts[index] + DAY_MILLIS * if is_leap { 366 } else { 365 };
        index += 1;
    }
    starts
}

/// What is known of one year.
#[derive(Debug)]
pub(super) struct Year {
    /// When it is open in the year as UTC counts it: in order, with a gap between each two.
    open: Vec<Open>,
    /// The dates on which a span begins, in the year as the zone counts it.
    pub days: Vec<BusinessDay>,
    /// The spans of those days, in order; they may touch, but share no instant.
    pub spans: Vec<Span>,
}

/// A stretch of business time.
#[derive(Debug)]
pub(super) struct Open {
    pub opens: i64,
    pub closes: i64,
    /// How long it was open this year before.
    before: i64,
}

/// A date on which a span begins.
#[derive(Debug)]
pub(super) struct BusinessDay {
    pub date: NaiveDate,
    /// Which of the year's spans begin on it; never empty.
    pub spans: Range<usize>,
}

impl Year {
    /// The year with this index, where `spans_on` says what begins on a date, in minutes from its
    /// midnight.
    pub fn of(index: usize, zone: Zone, spans_on: impl Fn(NaiveDate) -> Vec<Range<u32>>) -> Year {
        let mut year = Year { open: Vec::new(), days: Vec::new(), spans: Vec::new() };
        let (begins, ends) = (STARTS[index], STARTS[index + 1]);
        let number = FIRST_YEAR + index as i32;
        let new_year = NaiveDate::from_ymd_opt(number, 1, 1).unwrap_or_default();
        let mut last_closes = i64::MIN;
        // A zone's year begins and ends up to 14 hours beside UTC's, and a span that began two days
        // before may reach into it.
        let around = (new_year - Days::new(3)).iter_days().take_while(|date| *date <= new_year + Days::new(368));
        let mut left_for_next_date: Vec<Range<u32>> = Vec::new();
        for date in around {
            let first_span = year.spans.len();
            // What is left of a span whose evening is off may begin on the next date, and belongs there.
            let mut begin_here = std::mem::take(&mut left_for_next_date);
            for minutes in spans_on(date) {
                match minutes.start.checked_sub(DAY_MINS) {
                    Some(start) => left_for_next_date.push(start..minutes.end - DAY_MINS),
                    None => begin_here.push(minutes),
                }
            }
            begin_here.sort_by_key(|minutes| minutes.start);
            for minutes in begin_here {
                let instant = |minutes: u32| {
                    let wall = date.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minutes));
                    wall::first_moment(zone, wall).0
                };
                // What is open already does not open again.
                let (opens, closes) = (instant(minutes.start).max(last_closes), instant(minutes.end));
                if opens >= closes {
                    continue;
                }
                last_closes = closes;
                if date.year() == number {
                    year.spans.push(Span { opens: Moment(opens), closes: Moment(closes) });
                }
                year.push(opens.max(begins), closes.min(ends));
            }
            if year.spans.len() > first_span {
                year.days.push(BusinessDay { date, spans: first_span..year.spans.len() });
            }
        }
        year
    }

    /// Takes in a span that does not begin before the last one ended.
    fn push(&mut self, opens: i64, closes: i64) {
        if opens >= closes {
            return;
        }
        match self.open.last_mut() {
            Some(last) if last.closes == opens => last.closes = closes,
            Some(_) | None => {
                let before = self.open_millis();
                self.open.push(Open { opens, closes, before });
            }
        }
    }

    pub fn is_open(&self, at: i64) -> bool {
        self.closing_after(at).is_some_and(|open| open.opens <= at)
    }

    /// The stretches that open after an instant.
    pub fn opening_after(&self, at: i64) -> &[Open] {
        &self.open[self.open.partition_point(|open| open.opens <= at)..]
    }

    /// The first stretch that closes after an instant.
    pub fn closing_after(&self, at: i64) -> Option<&Open> {
        self.open.get(self.open.partition_point(|open| open.closes <= at))
    }

    /// How long it is open in the whole year.
    pub fn open_millis(&self) -> i64 {
        self.open.last().map_or(0, |last| last.before + last.closes - last.opens)
    }

    /// How long it was open from the beginning of the year until an instant.
    pub fn open_before(&self, at: i64) -> i64 {
        self.closing_after(at).map_or_else(|| self.open_millis(), |open| open.before + (at - open.opens).max(0))
    }

    /// The first instant at which it was open for so long since the year began; `millis` is above 0.
    pub fn when_open_for(&self, millis: i64) -> Option<i64> {
        let open = self.open.get(self.open.partition_point(|open| open.before < millis).checked_sub(1)?)?;
        let open_for = millis - open.before;
        (open_for <= open.closes - open.opens).then(|| open.opens + open_for)
    }
}
