//! When reminders are due: a cron expression in an IANA zone, read as `crontab` reads it.
//!
//! The `cron` crate knows which times of the wall clock an expression names, and is only ever asked
//! that, in wall-clock time; it reads numbers of weekdays, and days of the month beside days of the
//! week, unlike crontab, and loses or doubles firings where the clock is changed. So [`Schedule`] reads
//! the fields itself, hands the crate plain lists, and turns wall-clock times into instants by two
//! sentences:
//!
//! - *What names its hours fires once.* A time that is left out when the clock is put forward fires at
//!   the jump, all that are left out together as one; a time that is shown twice fires the first time.
//! - *What runs in every hour* (`*` or a step in the field of the hours) *goes by the hours that pass*:
//!   it fires whenever the clock shows the time.

mod fields;
#[cfg(test)]
mod tests;
mod words;

use crate::calendar::{Zone, first_moment, offset_millis, wall_clock};
use crate::ids::Moment;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use fields::Fields;
use std::fmt;
use std::str::FromStr;

/// Longest expression, in characters: a list of every minute of the hour fits in.
pub const EXPRESSION_CHARS_MAX: usize = 300;
/// How far ahead a zone is looked at at once for a change of its clock: no zone has had two in so
/// short a time.
const STRETCH_MILLIS: i64 = 7 * 24 * 3_600_000;
/// How far back the last firing is looked for, step by step: what fires often did so lately.
const BACK_MILLIS: [i64; 4] = [3_600_000, 86_400_000, 32 * 86_400_000, 400 * 86_400_000];

/// A cron expression that was understood, in a zone.
#[derive(Clone)]
pub struct Schedule {
    fields: Fields,
    zone: Zone,
    /// What the crate is asked: it takes days of the month and of the week together, where crontab
    /// takes either, so of those there are two.
    parts: Vec<cron::Schedule>,
}

/// Why an expression cannot be understood, for the operator who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake(String);

/// A firing that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The instant it was due.
    pub at: Moment,
    /// True when others were due before it, and nobody was there to carry them out.
    pub stands_for_more: bool,
}

impl Schedule {
    /// Reads an expression of five fields (minute, hour, day of the month, month, day of the week), of
    /// six (a second before them) or of seven (a year after them), or `@hourly`, `@daily`, `@weekly`,
    /// `@monthly`, `@yearly`.
    ///
    /// # Errors
    ///
    /// When it says something else, or nothing that ever comes.
    pub fn parse(text: &str, zone: Zone) -> Result<Schedule, Mistake> {
        let fields = Fields::parse(text)?;
        let ask = |expression: String| {
            cron::Schedule::from_str(&expression).map_err(|error| Mistake(format!("not understood: {error}")))
        };
        let parts = fields.for_the_crate().into_iter().map(ask).collect::<Result<_, _>>()?;
        let schedule = Schedule { fields, zone, parts };
        if schedule.next_wall(chrono::DateTime::UNIX_EPOCH.naive_utc()).is_none() {
            return Err(Mistake("names a day that never comes".into()));
        }
        Ok(schedule)
    }

    /// Its zone.
    pub fn zone(&self) -> Zone {
        self.zone
    }

    /// The first firing after an instant; none if there never is one again.
    pub fn next(&self, after: Moment) -> Option<Moment> {
        if self.fields.goes_by_the_hour() { self.next_by_the_hour(after) } else { self.next_by_the_clock(after) }
    }

    /// The firings after an instant, in order.
    pub fn after(&self, after: Moment) -> impl Iterator<Item = Moment> + '_ {
        std::iter::successors(self.next(after), |last| self.next(*last))
    }

    /// What is due at `now`, when everything up to `done` was carried out: of all that was missed
    /// meanwhile only the last.
    pub fn due(&self, done: Moment, now: Moment) -> Option<Firing> {
        let first = self.next(done).filter(|first| *first <= now)?;
        let at = self.last_between(done, now)?;
        Some(Firing { at, stands_for_more: first != at })
    }

    /// The last firing after the one instant and not after the other.
    fn last_between(&self, after: Moment, upto: Moment) -> Option<Moment> {
        let starts = BACK_MILLIS.iter().map(|back| Moment(upto.0.saturating_sub(*back))).filter(|from| *from > after);
        starts.chain([after]).find_map(|from| self.after(from).take_while(|at| *at <= upto).last())
    }

    /// For what names its hours. Later times of the wall clock never have earlier instants.
    fn next_by_the_clock(&self, after: Moment) -> Option<Moment> {
        let mut wall = wall_clock(self.zone, after);
        loop {
            wall = self.next_wall(wall)?;
            let at = first_moment(self.zone, wall);
            if at > after {
                return Some(at);
            }
        }
    }

    /// For what runs in every hour: stretch by stretch between the changes of the clock.
    fn next_by_the_hour(&self, after: Moment) -> Option<Moment> {
        let mut from = after;
        let mut wall_after = wall_clock(self.zone, after);
        loop {
            let wall = self.next_wall(wall_after)?;
            let at = wall.and_utc().timestamp_millis() - offset_millis(self.zone, from);
            let end = Moment(at.min(from.0 + STRETCH_MILLIS));
            match first_with_another_offset(self.zone, from, end) {
                Some(change) => {
                    from = change;
                    wall_after = wall_clock(self.zone, change) - TimeDelta::milliseconds(1);
                }
                None if end.0 == at => return Some(end),
                None => from = end,
            }
        }
    }

    /// The first time of the wall clock after another one.
    fn next_wall(&self, after: NaiveDateTime) -> Option<NaiveDateTime> {
        let after: DateTime<Utc> = after.and_utc();
        self.parts.iter().filter_map(|part| part.after(&after).next()).min().map(|wall| wall.naive_utc())
    }
}

impl fmt::Display for Schedule {
    /// In words, without the zone: `at 09:00, Monday to Friday`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words::of(&self.fields))
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({self}, {})", self.zone)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Schedule) -> bool {
        (&self.fields, self.zone) == (&other.fields, other.zone)
    }
}

impl Eq for Schedule {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mistake {}

/// The first instant after the one and not after the other at which the wall clock is another way
/// from UTC.
fn first_with_another_offset(zone: Zone, from: Moment, end: Moment) -> Option<Moment> {
    let offset = offset_millis(zone, from);
    if offset_millis(zone, end) == offset {
        return None;
    }
    let (mut earlier, mut later) = (from.0, end.0);
    while later - earlier > 1 {
        let middle = earlier + (later - earlier) / 2;
        if offset_millis(zone, Moment(middle)) == offset {
            earlier = middle;
        } else {
            later = middle;
        }
    }
    Some(Moment(later))
}
