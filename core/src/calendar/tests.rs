//! The clock against truths that do not come from it.

mod oracle;
mod properties;
mod sentences;
mod teams;

use super::*;

/// A calendar without exceptions.
fn calendar(zone: &str, hours: &str, country: Option<&str>) -> Calendar {
    let holidays = country.map_or_else(Holidays::default, |code| Holidays::of(code).unwrap());
    let hours = Hours::parse(hours, &holidays).unwrap_or_else(|mistake| panic!("{mistake}"));
    Calendar::new(zone.parse().unwrap(), hours, Vec::new())
}

/// An instant as it is written in UTC: `2026-03-08 06:59`, or with seconds.
fn utc(text: &str) -> Moment {
    let with_seconds = if text.len() == 16 { format!("{text}:00") } else { text.to_owned() };
    let parsed = NaiveDateTime::parse_from_str(&with_seconds, "%Y-%m-%d %H:%M:%S");
    Moment(parsed.unwrap_or_else(|_| panic!("{text}")).and_utc().timestamp_millis())
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An instant to read in UTC.
fn shown(at: Moment) -> String {
    let utc = chrono::DateTime::from_timestamp_millis(at.0).unwrap();
    utc.format(if at.0 % 60_000 == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S%.f" }).to_string()
}

fn shown_or_never(at: Option<Moment>) -> String {
    at.map_or_else(|| "never".to_owned(), shown)
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
