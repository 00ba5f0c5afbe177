//! One clock of business time. Whether the chat is open, when a ticket is due, when a reminder comes
//! and what can be booked are all asked here, of a calendar and an instant; nothing else in
//! Threadline compares a time of day with opening hours.
//!
//! A [`Calendar`] is an IANA zone, opening hours as OpenStreetMap writes them, and exceptions by
//! date. Three sentences say how it reads them:
//!
//! - *A span belongs to the day on which it begins.* `22:00-06:00` on a Friday is Friday's, to its
//!   end on Saturday; what a later rule, a holiday or an exception says about Saturday changes what
//!   begins on Saturday.
//! - *Of several exceptions for a day the last one counts*, and it takes the place of all the rules.
//! - *Hours are what the clock on the wall shows.* Where it is put forward, what would begin or end
//!   in the hour that is left out does so at the jump. Where it is put back, nothing opens or closes
//!   a second time: business stays as it was when the clock was put back, until the wall clock shows
//!   a time that it has not shown yet.
//!
//! An answer is a search in a table of one year in UTC with running sums, made when the year is
//! first asked about and kept. That is a memory of a pure function: the same question always has the
//! same answer. What cannot be answered, because it lies outside of [`FIRST_YEAR`] to [`LAST_YEAR`]
//! or never happens in them, is none or closed.

mod hours;
mod mistake;
mod remark;
#[cfg(test)]
mod tests;
mod wall;
mod year;

pub use chrono::{NaiveDate, NaiveDateTime};
pub use chrono_tz::{TZ_VARIANTS as ZONES, Tz as Zone};
pub use hours::{HOURS_CHARS_MAX, Holidays, Hours, UnknownCountry};
pub use mistake::Mistake;
pub use remark::{About, Remark};
pub(crate) use wall::{first_moment, offset_millis, shown as wall_clock};
pub use year::{FIRST_YEAR, LAST_YEAR};

use crate::ids::Moment;
use chrono::{Datelike, Days, NaiveTime};
use std::fmt;
use std::sync::{Arc, OnceLock};
use year::{STARTS, YEARS, Year};

/// When business is done. Cloning it is cheap, and clones share what they have found out.
#[derive(Clone)]
pub struct Calendar(Arc<Inner>);

struct Inner {
    zone: Zone,
    hours: Hours,
    exceptions: Vec<Exception>,
    years: [OnceLock<Year>; YEARS],
}

/// Other hours on some days: a closed day, a late opening, a summer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The first day.
    pub from: NaiveDate,
    /// The last day, which is one of them.
    pub to: NaiveDate,
    /// What counts on these days, in place of the calendar's hours.
    pub hours: Hours,
    /// Why, for people.
    pub name: String,
}

/// What can be booked, or any other stretch of business time: from an instant up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Its first instant.
    pub opens: Moment,
    /// The first instant that is no longer in it.
    pub closes: Moment,
}

/// What a calendar says about one date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The date, in the calendar's zone.
    pub date: NaiveDate,
    /// The spans that begin on it, in order; none on a closed day.
    pub spans: Vec<Span>,
    /// Why it is not an ordinary day.
    pub reason: Reason,
    /// By how much the wall clock is put forward on this date, in minutes; negative for back.
    pub clock_forward_mins: i64,
}

/// Why a day has the hours that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is a day like others.
    Ordinary,
    /// The hours say something about public holidays, and it is one.
    Holiday,
    /// An exception of this name.
    Exception(String),
}

impl Calendar {
    /// A calendar of these hours in this zone; of several exceptions for a day the last one counts.
    pub fn new(zone: Zone, hours: Hours, exceptions: Vec<Exception>) -> Calendar {
        Calendar(Arc::new(Inner { zone, hours, exceptions, years: [const { OnceLock::new() }; YEARS] }))
    }

    /// Open day and night, in UTC: the calendar of whoever has set none up.
    pub fn always_open() -> Calendar {
        Calendar::new(Zone::UTC, Hours::always(), Vec::new())
    }

    /// Its zone.
    pub fn zone(&self) -> Zone {
        self.0.zone
    }

    /// Its hours, exceptions left aside.
    pub fn hours(&self) -> &Hours {
        &self.0.hours
    }

    /// Its exceptions.
    pub fn exceptions(&self) -> &[Exception] {
        &self.0.exceptions
    }

    /// True for one that is open day and night, on every day.
    pub fn never_closes(&self) -> bool {
        self.0.hours.text() == "24/7" && self.0.exceptions.is_empty()
    }

    /// What the clock on the wall shows in its zone.
    pub fn wall(&self, at: Moment) -> NaiveDateTime {
        wall::shown(self.0.zone, at)
    }

    /// True from the instant of an opening until just before the closing.
    pub fn is_open(&self, at: Moment) -> bool {
        year_of(at).is_some_and(|index| self.year(index).is_open(at.0))
    }

    /// The next instant after `at` at which it opens. None if it never does again, which is so of a
    /// calendar that never closes.
    pub fn next_opening(&self, at: Moment) -> Option<Moment> {
        // It would be looked for in every year there is.
        if self.never_closes() {
            return None;
        }
        for index in year_of(at)?..YEARS {
            let later = self.year(index).opening_after(at.0).iter().take(2);
            if let Some(open) = later.clone().find(|open| !self.goes_on_at(index, open.opens)) {
                return Some(Moment(open.opens));
            }
        }
        None
    }

    /// The next instant after `at` at which it closes. None if it never does again.
    pub fn next_closing(&self, at: Moment) -> Option<Moment> {
        if self.never_closes() {
            return None;
        }
        let mut after = at.0;
        for index in year_of(at)?..YEARS {
            let Some(open) = self.year(index).closing_after(after) else { continue };
            if open.closes < STARTS[index + 1] || (index + 1 < YEARS && !self.goes_on_at(index + 1, open.closes)) {
                return Some(Moment(open.closes));
            }
            after = open.closes;
        }
        None
    }

    /// The first instant at which `millis` of business time have gone by since `at`: with none to
    /// wait for, `at` itself. If they are used up as business closes, that closing. None if so much
    /// business time never comes.
    pub fn add_millis(&self, at: Moment, millis: i64) -> Option<Moment> {
        if millis <= 0 {
            return Some(at);
        }
        let first = year_of(at)?;
        let mut wanted = self.year(first).open_before(at.0).checked_add(millis)?;
        for index in first..YEARS {
            let year = self.year(index);
            match year.when_open_for(wanted) {
                Some(found) => return Some(Moment(found)),
                None => wanted -= year.open_millis(),
            }
        }
        None
    }

    /// The business time from `a` to `b`, in milliseconds; negative if `b` is the earlier one.
    pub fn between_millis(&self, a: Moment, b: Moment) -> i64 {
        if b < a {
            return -self.between_millis(b, a);
        }
        let (a, b) = (a.0.max(STARTS[0]), b.0.min(STARTS[YEARS] - 1));
        let (Some(first), Some(last)) = (year_of(Moment(a)), year_of(Moment(b))) else { return 0 };
        let whole_years: i64 = (first..last).map(|index| self.year(index).open_millis()).sum();
        whole_years + self.year(last).open_before(b) - self.year(first).open_before(a)
    }

    /// The same time of day `days` business days later. A business day is a date on which a span
    /// begins, and lasts until its last span ends, even past midnight. `days` of them are counted
    /// after the date of `at`, or after the business day that `at` is still a part of. If business is
    /// closed on that day at that time, it is the last closing before it, or the day's first opening.
    /// With no days to wait for it is `at` itself. None if there never are so many business days.
    pub fn add_days(&self, at: Moment, days: u32) -> Option<Moment> {
        let Some(more) = days.checked_sub(1) else { return Some(at) };
        let wall = self.wall(at);
        let date = self.business_date(at, wall.date());
        let clock = wall - date.and_time(NaiveTime::MIN);
        let (index, place) = self.nth_day_after(date, more)?;
        let year = self.year(index);
        let day = &year.days[place];
        let wanted = wall::first_moment(self.0.zone, day.date.and_time(NaiveTime::MIN) + clock).0;
        let spans = &year.spans[day.spans.clone()];
        let begun = spans.partition_point(|span| span.opens.0 <= wanted);
        match begun.checked_sub(1).and_then(|last| spans.get(last)) {
            Some(span) => Some(Moment(wanted.min(span.closes.0))),
            None => spans.first().map(|span| span.opens),
        }
    }

    /// The slots of `slot_millis` that lie wholly between `from` and `until` and in business hours, in
    /// order. They are counted from each opening, and day by day where business goes on past
    /// midnight without a break in the hours, as in `24/7`.
    pub fn slots(&self, from: Moment, until: Moment, slot_millis: i64) -> impl Iterator<Item = Span> + '_ {
        let slot = slot_millis.max(1);
        let spans = self.spans_since(from).take_while(move |span| span.opens < until);
        spans.flat_map(move |span| {
            let late = from.0.saturating_sub(span.opens.0).max(0);
            let first = span.opens.0 + (late + slot - 1) / slot * slot;
            let end = span.closes.0.min(until.0);
            (0..)
                .map(move |nth| first + nth * slot)
                .take_while(move |opens| opens + slot <= end)
                .map(move |opens| Span { opens: Moment(opens), closes: Moment(opens + slot) })
        })
    }

    /// What it says about a date.
    pub fn day(&self, date: NaiveDate) -> Day {
        let exception = self.exception_on(date);
        let is_holiday = self.0.hours.speaks_of_holidays() && self.0.hours.holidays().contains(date);
        let reason = match exception {
            Some(exception) => Reason::Exception(exception.name.clone()),
            None if is_holiday => Reason::Holiday,
            None => Reason::Ordinary,
        };
        let spans = index_of(date.year()).map(|index| {
            let year = self.year(index);
            let found = year.days.binary_search_by_key(&date, |day| day.date);
            found.map(|place| year.spans[year.days[place].spans.clone()].to_vec()).unwrap_or_default()
        });
        let midnight = |date: NaiveDate| wall::offset_millis(self.0.zone, wall::first_moment(self.0.zone, date.into()));
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        let clock_forward_mins = (midnight(next) - midnight(date)) / 60_000;
        Day { date, spans: spans.unwrap_or_default(), reason, clock_forward_mins }
    }

    fn year(&self, index: usize) -> &Year {
        self.0.years[index].get_or_init(|| Year::of(index, self.0.zone, |date| self.hours_on(date).spans_on(date)))
    }

    fn hours_on(&self, date: NaiveDate) -> &Hours {
        self.exception_on(date).map_or(&self.0.hours, |exception| &exception.hours)
    }

    fn exception_on(&self, date: NaiveDate) -> Option<&Exception> {
        self.0.exceptions.iter().rev().find(|exception| exception.covers(date))
    }

    /// True if `opens`, in this year, is no opening, because it was open just before in the last year.
    fn goes_on_at(&self, index: usize, opens: i64) -> bool {
        opens == STARTS[index]
            && self.year(index).is_open(opens)
            && index.checked_sub(1).is_some_and(|before| self.year(before).is_open(opens - 1))
    }

    /// The date of `at`, or the day before while its business is not over.
    fn business_date(&self, at: Moment, today: NaiveDate) -> NaiveDate {
        let spans_of = |date: NaiveDate| {
            let year = self.year(index_of(date.year())?);
            let place = year.days.binary_search_by_key(&date, |day| day.date).ok()?;
            Some(&year.spans[year.days[place].spans.clone()])
        };
        let begun = spans_of(today).and_then(<[Span]>::first).is_some_and(|first| first.opens <= at);
        match today.pred_opt() {
            Some(before) if !begun => match spans_of(before).and_then(<[Span]>::last) {
                Some(last) if at < last.closes => before,
                Some(_) | None => today,
            },
            Some(_) | None => today,
        }
    }

    /// The year and the place in it of the business day after `date`, or of the one `more` further on.
    fn nth_day_after(&self, date: NaiveDate, more: u32) -> Option<(usize, usize)> {
        let first = index_of(date.year())?;
        let mut place = self.year(first).days.partition_point(|day| day.date <= date) + more as usize;
        for index in first..YEARS {
            let days = self.year(index).days.len();
            if place < days {
                return Some((index, place));
            }
            place -= days;
        }
        None
    }

    /// Each span as the hours have it, from the one that is not over at `from`.
    fn spans_since(&self, from: Moment) -> impl Iterator<Item = Span> + '_ {
        let date = self.wall(from).date().pred_opt().unwrap_or_default();
        let first = index_of(date.year()).unwrap_or(if date.year() < FIRST_YEAR { 0 } else { YEARS });
        let of_year = move |index: usize| {
            let spans = &self.year(index).spans;
            spans[spans.partition_point(|span| span.closes <= from)..].iter().copied()
        };
        (first..YEARS).flat_map(of_year)
    }
}

impl Exception {
    /// True if the date is one of its days.
    pub fn covers(&self, date: NaiveDate) -> bool {
        (self.from..=self.to).contains(&date)
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Calendar({}, {:?}", self.0.zone, self.0.hours.text())?;
        for Exception { from, to, hours, name } in &self.0.exceptions {
            write!(f, ", {name:?} {from} to {to} {:?}", hours.text())?;
        }
        f.write_str(")")
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Calendar) -> bool {
        (self.0.zone, &self.0.hours, &self.0.exceptions) == (other.0.zone, &other.0.hours, &other.0.exceptions)
    }
}

impl Eq for Calendar {}

/// Which table an instant is in.
fn year_of(at: Moment) -> Option<usize> {
    STARTS.partition_point(|start| *start <= at.0).checked_sub(1).filter(|index| *index < YEARS)
}

/// Which table the dates of a year are in.
fn index_of(year: i32) -> Option<usize> {
    usize::try_from(year - FIRST_YEAR).ok().filter(|index| *index < YEARS)
}
