//! `[calendar.NAME]`: when business is done. What the hours mean is the core's part; here is what the
//! keys are called, and where a mistake stands.

use super::NamedCalendar;
use super::document::{Document, Found, Place, Table, either};
use super::sections::is_name;
use chrono::{Datelike, NaiveDate};
use threadline_core::calendar::{Calendar, Exception, FIRST_YEAR, Holidays, Hours, LAST_YEAR, Mistake, ZONES, Zone};
use threadline_core::ids::CalendarName;

/// The calendar of a configuration that has none.
const ALWAYS: &str = "always";
/// What an exception is called fits on a line of the chat.
const NAME_CHARS_MAX: usize = 80;
/// Each day is looked for among them once; so many are ten closed days a year for half a century.
const EXCEPTIONS_MAX: usize = 500;
/// How alike a zone's name has to be to be taken for the one that was meant; 1 is the same.
const LIKENESS_MIN: f64 = 0.7;

/// A calendar, and where its parts stand.
pub(super) struct ReadCalendar {
    pub name: String,
    /// None if it is wrong.
    calendar: Option<Calendar>,
    hours_at: Place,
    exceptions_at: Vec<Place>,
}

pub(super) fn calendar(document: &Document<'_>, name: &str, table: &Table<'_>) -> ReadCalendar {
    is_name(document, &Found { value: name.to_owned(), place: table.place().clone() });
    let zone = table.text("zone").and_then(|found| zone(document, &found));
    let hours = table.text("hours");
    let holidays = table.text("holidays").map(|found| holidays(document, &found));
    for (key, what) in [
        ("zone", "is missing; name the time zone that its hours are in, such as \"America/New_York\""),
        ("hours", "is missing; write them as in \"Mo-Fr 09:00-18:00; Sa 10:00-14:00\", or \"24/7\""),
    ] {
        if !table.has(key) {
            document.problem(&table.place_of(key), what);
        }
    }
    let hours_at = hours.as_ref().map_or_else(|| table.place_of("hours"), |found| found.place.clone());
    // With a country that is not known, mistakes in the hours are looked for all the same.
    let known = holidays.clone().unwrap_or(Some(Holidays::default()));
    let parsed = hours.and_then(|found| parse(document, &found, &known.clone().unwrap_or_default()));
    let exceptions =
        table.listed_tables("exceptions", |table| exception(document, table, &known.clone().unwrap_or_default()));
    let exceptions = exceptions.unwrap_or_default();
    if exceptions.len() > EXCEPTIONS_MAX {
        let what = format!("there can be up to {EXCEPTIONS_MAX} exceptions, not {}", exceptions.len());
        document.problem(&table.place_of("exceptions"), what);
    }
    let exceptions_at = exceptions.iter().map(|(place, _)| place.clone()).collect();
    let exceptions: Option<Vec<Exception>> = exceptions.into_iter().map(|(_, exception)| exception).collect();
    let parts = zone.zip(parsed).zip(exceptions).filter(|_| known.is_some());
    let calendar = parts.map(|((zone, hours), exceptions)| Calendar::new(zone, hours, exceptions));
    ReadCalendar { name: name.to_owned(), calendar, hours_at, exceptions_at }
}

impl ReadCalendar {
    /// The clock of business time; none if it is wrong.
    pub fn calendar(&self) -> Option<Calendar> {
        self.calendar.clone()
    }

    pub fn finished(self) -> Option<NamedCalendar> {
        Some(NamedCalendar {
            name: CalendarName(self.name),
            calendar: self.calendar?,
            hours_at: self.hours_at,
            exceptions_at: self.exceptions_at,
        })
    }
}

/// The calendars as configured, or the one of whoever has none: open day and night.
pub(super) fn or_always_open(root: &Table<'_>, calendars: Vec<ReadCalendar>) -> Vec<ReadCalendar> {
    if !calendars.is_empty() {
        return calendars;
    }
    vec![ReadCalendar {
        name: ALWAYS.to_owned(),
        calendar: Some(Calendar::always_open()),
        hours_at: root.place_of("calendar"),
        exceptions_at: Vec::new(),
    }]
}

/// The calendar named, or the only one there is.
pub(super) fn choose_default(
    document: &Document<'_>,
    root: &Table<'_>,
    named: Option<Found<String>>,
    calendars: &[ReadCalendar],
) -> Option<CalendarName> {
    match (named, calendars) {
        (Some(named), _) => known(document, named, calendars),
        (None, [only]) => Some(CalendarName(only.name.clone())),
        (None, several) => {
            let what = format!(
                "is missing; with several calendars, say which one is for topics that name none: {}",
                either(&names(several))
            );
            document.problem(&root.place_of("default_calendar"), what);
            None
        }
    }
}

pub(super) fn known(document: &Document<'_>, named: Found<String>, calendars: &[ReadCalendar]) -> Option<CalendarName> {
    if calendars.iter().any(|calendar| calendar.name == named.value) {
        return Some(CalendarName(named.value));
    }
    let what = format!("there is no calendar {:?}; it can be {}", named.value, either(&names(calendars)));
    document.problem(&named.place, what);
    None
}

fn names(calendars: &[ReadCalendar]) -> Vec<String> {
    calendars.iter().map(|calendar| format!("\"{}\"", calendar.name)).collect()
}

fn exception(document: &Document<'_>, table: &Table<'_>, holidays: &Holidays) -> (Place, Option<Exception>) {
    let day = |key| table.date(key).filter(|found| is_in_known_years(document, found));
    let (date, from, to) = (day("date"), day("from"), day("to"));
    let (hours, name) = (table.text("hours"), table.text_within("name", 1..=NAME_CHARS_MAX));
    let at = table.place().clone();
    let problem = |key: &str, what: &str| document.problem(&table.place_of(key), what);
    for (key, what) in [
        ("hours", "is missing; write what counts on these days, such as \"10:00-14:00\", or \"off\" for a closed day"),
        ("name", "is missing; say for people what these days are, such as \"Christmas Eve\""),
    ] {
        if !table.has(key) {
            problem(key, what);
        }
    }
    let days = match (table.has("date"), table.has("from"), table.has("to")) {
        (true, false, false) => date.map(|found| (found.value, found.value)),
        (false, true, true) => from.zip(to).and_then(|(from, to)| in_order(document, &from, &to)),
        (false, false, false) => {
            problem(
                "date",
                "is missing; write the date, such as 2026-12-24, or the first and the last one as from and to",
            );
            None
        }
        (false, true, false) => {
            problem("to", "is missing; write the last day, or a single day as date");
            None
        }
        (false, false, true) => {
            problem("from", "is missing; write the first day, or a single day as date");
            None
        }
        (true, _, _) => {
            problem("date", "stands beside from or to; write either one date, or from and to");
            None
        }
    };
    let hours = hours.and_then(|found| parse(document, &found, holidays));
    let parts = days.zip(hours).zip(name);
    (at, parts.map(|(((from, to), hours), name)| Exception { from, to, hours, name: name.value }))
}

fn in_order(document: &Document<'_>, from: &Found<NaiveDate>, to: &Found<NaiveDate>) -> Option<(NaiveDate, NaiveDate)> {
    if from.value > to.value {
        document.problem(&to.place, format!("{} is before the first day, {}", to.value, from.value));
        return None;
    }
    Some((from.value, to.value))
}

fn is_in_known_years(document: &Document<'_>, found: &Found<NaiveDate>) -> bool {
    let known = (FIRST_YEAR..=LAST_YEAR).contains(&found.value.year());
    if !known {
        document.problem(
            &found.place,
            format!("calendars know the years {FIRST_YEAR} to {LAST_YEAR}, not {}", found.value),
        );
    }
    known
}

fn parse(document: &Document<'_>, found: &Found<String>, holidays: &Holidays) -> Option<Hours> {
    let parsed = Hours::parse(&found.value, holidays);
    parsed.map_err(|mistake: Mistake| document.problem(&found.place, mistake.to_string())).ok()
}

fn holidays(document: &Document<'_>, found: &Found<String>) -> Option<Holidays> {
    let known = Holidays::of(&found.value);
    if known.is_err() {
        let what =
            format!("no public holidays are known of {:?}; write a country's two letters, such as \"US\"", found.value);
        document.problem(&found.place, what);
    }
    known.ok()
}

fn zone(document: &Document<'_>, found: &Found<String>) -> Option<Zone> {
    let zone = found.value.parse::<Zone>();
    if zone.is_err() {
        let hint = match zone_like(&found.value) {
            Some(zone) => format!("did you mean \"{}\"?", zone.name()),
            None => "zones are named as in \"America/New_York\" or \"Europe/Madrid\"".to_owned(),
        };
        document.problem(&found.place, format!("there is no time zone {:?}; {hint}", found.value));
    }
    zone.ok()
}

/// The zone that was meant, by its whole name or by its city.
fn zone_like(written: &str) -> Option<Zone> {
    let plain = |name: &str| name.to_ascii_lowercase().replace([' ', '-'], "_");
    let (written, city_written) = (plain(written), plain(written.rsplit('/').next().unwrap_or_default()));
    let likeness = |zone: &Zone| {
        let name = plain(zone.name());
        let city = name.rsplit('/').next().unwrap_or_default();
        let of_city = strsim::normalized_damerau_levenshtein(city, &city_written);
        strsim::normalized_damerau_levenshtein(&name, &written).max(of_city)
    };
    let like = ZONES.iter().map(|zone| (likeness(zone), *zone)).filter(|(likeness, _)| *likeness >= LIKENESS_MIN);
    // Of several that are as like, the first: America before its aliases.
    like.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, zone)| zone)
}
