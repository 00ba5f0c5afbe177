//! A cron expression in words, for `threadline check`: what an operator compares with what he meant.

use super::fields::{Field, Fields};
use std::collections::BTreeSet;

/// So many times of day are listed one by one.
const TIMES_LISTED_MAX: usize = 6;

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// An expression in words: `at 09:00, Monday to Friday`.
pub(super) fn of(fields: &Fields) -> String {
    let mut said = times(fields);
    let days = days(fields);
    if !days.is_empty() {
        said += &format!(", {days}");
    } else if said.starts_with("at") {
        said += ", every day";
    }
    if !is_all(&fields.month) {
        said += &format!(", in {}", named(&fields.month.values, |month| MONTHS[month as usize - 1].into(), 1));
    }
    if !is_all(&fields.year) {
        said += &format!(", in {}", named(&fields.year.values, |year| year.to_string(), 1));
    }
    said
}

fn times(fields: &Fields) -> String {
    let Fields { minute, hour, second, .. } = fields;
    let at_second = if *second == 0 { String::new() } else { format!(" and {second} seconds") };
    let time = |hour: u32, minute: u32| match *second {
        0 => format!("{hour:02}:{minute:02}"),
        second => format!("{hour:02}:{minute:02}:{second:02}"),
    };
    let only_minute = minute.values.first().filter(|_| minute.values.len() == 1);
    let each_hour = is_all(hour);
    if let (true, Some(minute)) = (each_hour, only_minute) {
        return match minute {
            0 if *second == 0 => "every hour, on the hour".into(),
            minute => format!("every hour, {minute} minutes{at_second} past"),
        };
    }
    let all: Vec<String> = hour
        .values
        .iter()
        .flat_map(|hour| minute.values.iter().map(move |minute| (*hour, *minute)))
        .take(TIMES_LISTED_MAX + 1)
        .map(|(hour, minute)| time(hour, minute))
        .collect();
    if all.len() <= TIMES_LISTED_MAX {
        return format!("at {}", joined(&all));
    }
    let often = if is_all(minute) {
        Some("every minute".to_owned())
    } else {
        // Other steps begin anew with the hour.
        (minute.is_open && 60 % minute.step == 0).then(|| format!("every {} minutes", minute.step))
    };
    let (Some(first), Some(last)) = (hour.values.first(), hour.values.last()) else { return String::new() };
    let (Some(early), Some(late)) = (minute.values.first(), minute.values.last()) else { return String::new() };
    let in_a_row = (last - first) as usize + 1 == hour.values.len();
    match (often, only_minute) {
        (Some(often), _) if each_hour => often,
        (Some(often), _) if in_a_row => format!("{often} from {} to {}", time(*first, *early), time(*last, *late)),
        (None, Some(minute)) if in_a_row => {
            format!("every hour from {} to {}", time(*first, *minute), time(*last, *minute))
        }
        (None, Some(minute)) if hour.is_open && 24 % hour.step == 0 => {
            format!("every {} hours from {} on", hour.step, time(*first, *minute))
        }
        (Some(_), _) | (None, _) => {
            let minutes = named(&minute.values, |minute| minute.to_string(), 3);
            let hours = named(&hour.values, |hour| hour.to_string(), 3);
            let of_hours = if each_hour { "every hour".into() } else { format!("the hours {hours}") };
            format!("at the minutes {minutes} of {of_hours}")
        }
    }
}

fn days(fields: &Fields) -> String {
    let weekdays = || named(&from_monday(&fields.weekday.values), |day| WEEKDAYS[day as usize % 7].into(), 3);
    let dates = || format!("on the {}", named(&fields.day.values, ordinal, 3));
    let every_weekday = fields.weekday.values.len() == WEEKDAYS.len();
    match (is_all(&fields.day), every_weekday) {
        (true, true) => String::new(),
        (true, false) => weekdays(),
        (false, _) if fields.either_day() => format!("{}, and also {}", dates(), weekdays()),
        (false, true) => dates(),
        (false, false) => format!("{}, if that is a {}", dates(), weekdays().replace(" and ", " or ")),
    }
}

/// With Sunday at the end, where people have it, as 7.
fn from_monday(days: &BTreeSet<u32>) -> BTreeSet<u32> {
    days.iter().map(|day| if *day == 0 { 7 } else { *day }).collect()
}

fn is_all(field: &Field) -> bool {
    field.is_open && field.step == 1
}

/// `Monday to Friday and Sunday`: what stands in a row is joined from `row` of them on; with 1, never.
fn named(values: &BTreeSet<u32>, name: impl Fn(u32) -> String, row: usize) -> String {
    let mut rows: Vec<(u32, u32)> = Vec::new();
    for value in values {
        match rows.last_mut() {
            Some((_, last)) if *last + 1 == *value => *last = *value,
            Some(_) | None => rows.push((*value, *value)),
        }
    }
    let said = rows.into_iter().flat_map(|(first, last)| {
        if row > 1 && (last - first) as usize + 1 >= row {
            vec![format!("{} to {}", name(first), name(last))]
        } else {
            (first..=last).map(&name).collect()
        }
    });
    joined(&said.collect::<Vec<_>>())
}

fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn ordinal(day: u32) -> String {
    let suffix = match (day % 10, day / 10) {
        (_, 1) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{suffix}")
}
