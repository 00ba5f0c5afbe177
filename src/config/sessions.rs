//! `[sessions]` and `[engineer.NAME]`: how working sessions are booked, and who takes them. What is free is the
//! core's to say; here is what the keys are called and how far each may go.

use super::Topic;
use super::calendar::{self, ReadCalendar};
use super::document::{Document, Found, Table, either};
use super::sections::{LABEL_CHARS_MAX, is_name};
use chrono::NaiveDate;
use threadline_core::calendar::{Calendar, Zone};
use threadline_core::ids::{AgentId, CalendarName, EngineerName};
use threadline_core::session::{DAYS_AHEAD_MAX, Engineer, Host, Plan, ROOM, Terms, days};

/// A quarter of an hour is enough to look at one thing together.
const MINUTES: u32 = 15;
/// A session of half a day is a visit.
const MINUTES_MAX: u32 = 240;
const DAYS_AHEAD: u32 = 4;
/// Whoever takes it has time to read what it is about.
const LEAD_MINUTES: u32 = 15;
const DAY_MINUTES: u32 = 24 * 60;
const WEEK_MINUTES: u32 = 7 * DAY_MINUTES;
/// Who types his name and address needs a minute; who went away loses nothing that he has.
const HOLD_MINUTES: u32 = 5;
const HOLD_MINUTES_MAX: u32 = 60;
const CHANGE_UNTIL_MINUTES: u32 = 60;
const REMIND_MINUTES: [u32; 3] = [DAY_MINUTES, 60, 10];
/// More reminders than this are a nuisance.
const REMINDERS_MAX: usize = 5;
const MENTION_MINUTES: u32 = 10;
/// What to prepare fits into a letter and an invitation.
const PREPARE_CHARS_MAX: usize = 1_000;
const LINK_CHARS_MAX: usize = 500;
const PERSON_CHARS_MAX: usize = 100;
/// A session in each quarter of an hour of a day.
const A_DAY_MAX: u32 = 96;
/// More absences than this belong into a calendar.
const ABSENCES_MAX: usize = 200;
const ENGINEERS_MAX: usize = 100;
const MINUTE_MILLIS: i64 = 60_000;

/// What the file says of sessions, before calendars and topics are known.
pub(super) struct ReadSessions {
    calendar: Option<Found<String>>,
    minutes: u32,
    days_ahead: u32,
    lead_minutes: u32,
    buffer_minutes: u32,
    hold_minutes: u32,
    change_until_minutes: u32,
    reminders: Vec<u32>,
    mention_minutes: u32,
    join: Option<String>,
    prepare: Option<String>,
}

/// Somebody who takes sessions, before calendars and topics are known.
pub(super) struct ReadEngineer {
    name: Found<String>,
    shown: String,
    person: Option<String>,
    topics: Option<Vec<Found<String>>>,
    calendar: Option<Found<String>>,
    a_day_max: Option<u32>,
    join: Option<String>,
    absences: Vec<(NaiveDate, NaiveDate)>,
}

pub(super) fn sessions(document: &Document<'_>, root: &Table<'_>) -> ReadSessions {
    root.table("sessions", |table| {
        let number = |key, bounds, usual| table.number(key, bounds).map_or(usual, |found| found.value);
        let reminders = table.numbers("remind_minutes", 1..=WEEK_MINUTES);
        if reminders.as_ref().is_some_and(|given| given.len() > REMINDERS_MAX) {
            let what = format!("there can be up to {REMINDERS_MAX} reminders");
            document.problem(&table.place_of("remind_minutes"), what);
        }
        ReadSessions {
            calendar: table.text("calendar"),
            minutes: number("minutes", 5..=MINUTES_MAX, MINUTES),
            days_ahead: number("days_ahead", 0..=DAYS_AHEAD_MAX, DAYS_AHEAD),
            lead_minutes: number("lead_minutes", 0..=WEEK_MINUTES, LEAD_MINUTES),
            buffer_minutes: number("buffer_minutes", 0..=MINUTES_MAX, 0),
            hold_minutes: number("hold_minutes", 1..=HOLD_MINUTES_MAX, HOLD_MINUTES),
            change_until_minutes: number("change_until_minutes", 0..=WEEK_MINUTES, CHANGE_UNTIL_MINUTES),
            reminders: reminders.unwrap_or_else(|| REMIND_MINUTES.to_vec()),
            mention_minutes: number("mention_minutes", 1..=DAY_MINUTES, MENTION_MINUTES),
            join: link(document, table),
            prepare: table.text_within("prepare", 1..=PREPARE_CHARS_MAX).map(|found| found.value),
        }
    })
}

pub(super) fn engineer(document: &Document<'_>, name: &str, table: &Table<'_>) -> ReadEngineer {
    let found = Found { value: name.to_owned(), place: table.place().clone() };
    is_name(document, &found);
    let absences = table.listed_tables("absences", |table| absence(document, table)).unwrap_or_default();
    if absences.len() > ABSENCES_MAX {
        let what = format!("there can be up to {ABSENCES_MAX} absences, not {}", absences.len());
        document.problem(&table.place_of("absences"), what);
    }
    ReadEngineer {
        name: found,
        shown: table.text_within("name", 1..=LABEL_CHARS_MAX).map_or_else(|| name.to_owned(), |found| found.value),
        person: table.text_within("person", 1..=PERSON_CHARS_MAX).map(|found| found.value),
        topics: table.texts("topics"),
        calendar: table.text("calendar"),
        a_day_max: table.number("a_day_max", 1..=A_DAY_MAX).map(|found| found.value),
        join: link(document, table),
        absences: absences.into_iter().flatten().collect(),
    }
}

/// The link to join by, where it is one.
fn link(document: &Document<'_>, table: &Table<'_>) -> Option<String> {
    let found = table.text_within("join_url", 1..=LINK_CHARS_MAX)?;
    let is_link = found.value.starts_with("https://") && !found.value.contains(char::is_whitespace);
    let rest = found.value.replace(ROOM, "");
    if !is_link || rest.contains(['{', '}']) {
        let what = format!(
            "must be an https address, perhaps with a place for a name that nobody can guess, such as \
             \"https://meet.example.com/{ROOM}\", is {:?}",
            found.value
        );
        document.problem(&found.place, what);
        return None;
    }
    Some(found.value)
}

fn absence(document: &Document<'_>, table: &Table<'_>) -> Option<(NaiveDate, NaiveDate)> {
    let (from, to) = (table.date("from"), table.date("to"));
    if !table.has("from") {
        document.problem(&table.place_of("from"), "is missing; write the first day of the absence, such as 2026-12-24");
    }
    let from = from?.value;
    let to = to.map_or(from, |to| {
        if to.value < from {
            document.problem(&to.place, format!("{} is before the first day, {from}", to.value));
        }
        to.value
    });
    Some((from, to))
}

/// How sessions are booked: nothing where there are none; None when something is wrong that leaves nothing
/// to put in the place.
pub(super) fn plan(
    document: &Document<'_>,
    root: &Table<'_>,
    (read, engineers): (ReadSessions, Vec<ReadEngineer>),
    calendars: &[ReadCalendar],
    default: Option<&CalendarName>,
    topics: &[Topic],
) -> Option<Option<Plan>> {
    if engineers.is_empty() {
        return Some(None);
    }
    if engineers.len() > ENGINEERS_MAX {
        let what = format!("there can be up to {ENGINEERS_MAX} engineers, not {}", engineers.len());
        document.problem(&root.place_of("engineer"), what);
    }
    let of_name = |named: Option<Found<String>>| match named {
        Some(named) => calendar::known(document, named, calendars).map(Some),
        None => Some(None),
    };
    let calendar_of = |name: &CalendarName| calendars.iter().find(|it| it.name == name.0)?.calendar();
    let name = of_name(read.calendar).and_then(|named| named.or_else(|| default.cloned()));
    let calendar = name.as_ref().and_then(calendar_of);
    let host = |engineer: ReadEngineer| {
        let hours = match of_name(engineer.calendar)? {
            Some(name) => Some(calendar_of(&name)?),
            None => None,
        };
        let topics = match engineer.topics {
            Some(named) => Some(known_topics(document, named, topics)?),
            None => None,
        };
        let zone = hours.as_ref().or(calendar.as_ref()).map_or(Zone::UTC, Calendar::zone);
        let absences = engineer.absences.iter().map(|(from, to)| days(zone, *from, *to)).collect();
        let name = EngineerName(engineer.name.value);
        let one = Engineer { name, hours, absences, a_day_max: engineer.a_day_max };
        let (shown, join) = (engineer.shown, engineer.join);
        Some(Host { engineer: one, shown, person: engineer.person.map(AgentId), topics, join })
    };
    let hosts: Vec<Option<Host>> = engineers.into_iter().map(host).collect();
    let millis = |minutes: u32| i64::from(minutes) * MINUTE_MILLIS;
    let terms = Terms {
        calendar: calendar?,
        slot_millis: millis(read.minutes),
        lead_millis: millis(read.lead_minutes),
        days_ahead: read.days_ahead,
        buffer_millis: millis(read.buffer_minutes),
        hold_millis: millis(read.hold_minutes),
        change_until_millis: millis(read.change_until_minutes),
        reminders_millis: read.reminders.into_iter().map(millis).collect(),
    };
    let mention_millis = millis(read.mention_minutes);
    let hosts = hosts.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Some(Plan { terms, hosts, join: read.join, prepare: read.prepare, mention_millis }))
}

fn known_topics(document: &Document<'_>, named: Vec<Found<String>>, topics: &[Topic]) -> Option<Vec<String>> {
    let known = |found: Found<String>| {
        if topics.iter().any(|topic| topic.id == found.value) {
            return Some(found.value);
        }
        let ids: Vec<String> = topics.iter().map(|topic| format!("\"{}\"", topic.id)).collect();
        document.problem(&found.place, format!("there is no topic {:?}; it can be {}", found.value, either(&ids)));
        None
    };
    named.into_iter().map(known).collect()
}
