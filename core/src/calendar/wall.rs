//! Between instants and what the clock on the wall shows. Only the one direction that is a function
//! is asked of the zones: from an instant to its offset. The other way round is derived here.

use super::Zone;
use crate::ids::Moment;
use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone};

/// Offsets lie between -12:00 and +14:00, so the instants at which a wall clock can show a given time
/// lie in this stretch around that time in UTC; an hour is left on both sides.
const EARLIEST_MILLIS: i64 = -15 * HOUR_MILLIS;
const LATEST_MILLIS: i64 = 13 * HOUR_MILLIS;
const HOUR_MILLIS: i64 = 3_600_000;

/// What the clock on the wall shows.
pub(crate) fn shown(zone: Zone, at: Moment) -> NaiveDateTime {
    utc(at) + TimeDelta::milliseconds(offset_millis(zone, at))
}

/// The first instant at which the clock on the wall shows `wall` or later. So a time that is left out
/// is the instant of the jump, and of a time that is shown twice it is the first. It never goes back
/// while `wall` goes on.
pub(crate) fn first_moment(zone: Zone, wall: NaiveDateTime) -> Moment {
    let as_utc = wall.and_utc().timestamp_millis();
    let (mut earlier, mut later) = (as_utc + EARLIEST_MILLIS, as_utc + LATEST_MILLIS);
    let (before, after) = (offset_millis(zone, Moment(earlier)), offset_millis(zone, Moment(later)));
    if before == after {
        return Moment(as_utc - before);
    }
    // The first instant of the new offset.
    while later - earlier > 1 {
        let middle = earlier + (later - earlier) / 2;
        if offset_millis(zone, Moment(middle)) == before {
            earlier = middle;
        } else {
            later = middle;
        }
    }
    let with_old_offset = as_utc - before;
    Moment(if with_old_offset < later { with_old_offset } else { later.max(as_utc - after) })
}

/// How far the wall clock is before UTC.
pub(crate) fn offset_millis(zone: Zone, at: Moment) -> i64 {
    i64::from(zone.offset_from_utc_datetime(&utc(at)).fix().local_minus_utc()) * 1_000
}

/// An instant that no date can name, hundreds of thousands of years away, is taken for the epoch.
fn utc(at: Moment) -> NaiveDateTime {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default().naive_utc()
}
