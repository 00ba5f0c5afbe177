//! The fields of a cron expression as people write them, with what crontab means by them.

use super::{EXPRESSION_CHARS_MAX, Mistake};
use std::collections::BTreeSet;

/// What stands in the place of an expression, and what it means.
const NICKNAMES: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What a field counts.
struct Unit {
    name: &'static str,
    min: u32,
    max: u32,
    /// Names for the numbers from `min` on.
    names: &'static [&'static str],
}

const SECOND: Unit = Unit { name: "second", min: 0, max: 59, names: &[] };
const MINUTE: Unit = Unit { name: "minute", min: 0, max: 59, names: &[] };
const HOUR: Unit = Unit { name: "hour", min: 0, max: 23, names: &[] };
const DAY: Unit = Unit { name: "day of the month", min: 1, max: 31, names: &[] };
const MONTH: Unit = Unit { name: "month", min: 1, max: 12, names: &MONTHS };
/// 7 is Sunday as well.
const WEEKDAY: Unit = Unit { name: "day of the week", min: 0, max: 7, names: &WEEKDAYS };
/// As far as the crate goes.
const YEAR: Unit = Unit { name: "year", min: 1970, max: 2100, names: &[] };

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// True for `*` and `*/2`: it narrows nothing down, or only by steps.
    pub(super) is_open: bool,
    /// The step of `*/2`; 1 for `*`.
    pub(super) step: u32,
    /// What it names: of weekdays 0 for Sunday to 6.
    pub(super) values: BTreeSet<u32>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) second: u32,
    pub(super) minute: Field,
    pub(super) hour: Field,
    pub(super) day: Field,
    pub(super) month: Field,
    pub(super) weekday: Field,
    pub(super) year: Field,
}

impl Fields {
    pub(super) fn parse(text: &str) -> Result<Fields, Mistake> {
        let chars = text.chars().count();
        if chars > EXPRESSION_CHARS_MAX {
            return Err(Mistake(format!("must be at most {EXPRESSION_CHARS_MAX} characters long, is {chars}")));
        }
        let text = text.trim();
        if text.starts_with('@') {
            let known = NICKNAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
            let Some((_, meaning)) = known else {
                let names = NICKNAMES.map(|(name, _)| name).join(", ");
                return Err(Mistake(format!("\"{text}\" is not known; there are {names}")));
            };
            return Fields::parse(meaning);
        }
        let parts: Vec<&str> = text.split_whitespace().collect();
        let (second, [minute, hour, day, month, weekday], year) = match *parts.as_slice() {
            [a, b, c, d, e] => ("0", [a, b, c, d, e], "*"),
            [second, a, b, c, d, e] => (second, [a, b, c, d, e], "*"),
            [second, a, b, c, d, e, year] => (second, [a, b, c, d, e], year),
            _ => return Err(count_mistake(parts.len())),
        };
        Ok(Fields {
            second: one_second(second)?,
            minute: Field::parse(minute, &MINUTE)?,
            hour: Field::parse(hour, &HOUR)?,
            day: Field::parse(day, &DAY)?,
            month: Field::parse(month, &MONTH)?,
            weekday: Field::parse(weekday, &WEEKDAY)?.with_one_sunday(),
            year: Field::parse(year, &YEAR)?,
        })
    }

    /// True for what runs in every hour, or every so many.
    pub(super) fn goes_by_the_hour(&self) -> bool {
        self.hour.is_open
    }

    /// True where crontab takes a day that either of the two fields names.
    pub(super) fn either_day(&self) -> bool {
        !self.day.is_open && !self.weekday.is_open
    }

    /// The same as plain lists with names of weekdays, for the crate, which takes only days that both
    /// fields name.
    pub(super) fn for_the_crate(&self) -> Vec<String> {
        let Fields { second, minute, hour, day, month, weekday, year } = self;
        let weekdays = || listed(weekday.values.iter().map(|day| WEEKDAYS[*day as usize]));
        let days = || listed(&day.values);
        // Every year there is would be long to write.
        let year = if year.is_open && year.step == 1 { "*".to_owned() } else { listed(&year.values) };
        let with = |days: String, weekdays: String| {
            format!(
                "{second} {} {} {days} {} {weekdays} {year}",
                listed(&minute.values),
                listed(&hour.values),
                listed(&month.values)
            )
        };
        if self.either_day() {
            vec![with(days(), "*".into()), with("*".into(), weekdays())]
        } else {
            vec![with(days(), weekdays())]
        }
    }
}

impl Field {
    fn parse(text: &str, unit: &Unit) -> Result<Field, Mistake> {
        let mut field = Field { is_open: text.starts_with('*'), step: 1, values: BTreeSet::new() };
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) => (range, Some(step_of(step, unit)?)),
                None => (item, None),
            };
            if range == "*" {
                field.step = step.unwrap_or(1);
                // Sunday is not to be counted a second time.
                let max = if unit.name == WEEKDAY.name { unit.max - 1 } else { unit.max };
                field.values.extend(every(unit.min, max, step));
                continue;
            }
            let Some((first, last)) = range.split_once('-') else {
                let value = unit.value(range)?;
                if let Some(step) = step {
                    let max = unit.max;
                    return Err(unit.wrong(format!("write {value}-{max}/{step} in place of {item}")));
                }
                field.values.insert(value);
                continue;
            };
            let (first, last) = (unit.value(first)?, unit.value(last)?);
            if first <= last {
                field.values.extend(every(first, last, step));
            } else if unit.name == WEEKDAY.name {
                // From Friday to Monday can only mean one thing.
                field.values.extend(every(first, last + 7, step).map(|day| day % 7));
            } else {
                let (min, max) = (unit.min, unit.max);
                return Err(unit.wrong(format!(
                    "{range} goes backwards; if it goes on past the end, write {first}-{max},{min}-{last}"
                )));
            }
        }
        Ok(field)
    }

    fn with_one_sunday(mut self) -> Field {
        if self.values.remove(&7) {
            self.values.insert(0);
        }
        self
    }
}

impl Unit {
    fn value(&self, text: &str) -> Result<u32, Mistake> {
        if let Some(place) = self.names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
            return Ok(self.min + u32::try_from(place).unwrap_or_default());
        }
        let Ok(value) = text.parse::<u32>() else { return Err(self.not_a_value(text)) };
        if (self.min..=self.max).contains(&value) {
            return Ok(value);
        }
        Err(self.wrong(format!("{value} is not between {} and {}", self.min, self.max)))
    }

    fn not_a_value(&self, text: &str) -> Mistake {
        let hint = match text {
            "" => "a comma, hyphen or slash has nothing beside it".to_owned(),
            "?" => "write * in place of ?".to_owned(),
            _ if text.contains(['L', 'W', '#']) && text.chars().any(|c| c.is_ascii_digit() || text.len() == 1) => {
                format!("{text} is not known to crontab; name the days themselves")
            }
            _ if !self.names.is_empty() => {
                format!("\"{text}\" is no {}; the names are {}", self.name, self.names.join(", "))
            }
            _ => format!("\"{text}\" is not a number"),
        };
        self.wrong(hint)
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Mistake {
        Mistake(format!("{}: {what}", self.name))
    }
}

/// Nobody is reminded more often than once a minute.
fn one_second(text: &str) -> Result<u32, Mistake> {
    let field = Field::parse(text, &SECOND)?;
    match field.values.first() {
        Some(second) if field.values.len() == 1 => Ok(*second),
        Some(_) | None => Err(SECOND.wrong(format!(
            "nobody is reminded more often than once a minute; write one number, such as 0, in place of {text}"
        ))),
    }
}

fn step_of(text: &str, unit: &Unit) -> Result<u32, Mistake> {
    let step = text.parse::<u32>().ok().filter(|step| *step > 0);
    let Some(step) = step else { return Err(unit.wrong(format!("\"{text}\" is no step; write a number from 1 on"))) };
    let most = unit.max - unit.min;
    if step > most {
        return Err(unit.wrong(format!(
            "a step of {step} is longer than all there are, so it would count from {} each time; at most {most}",
            unit.min
        )));
    }
    Ok(step)
}

fn every(first: u32, last: u32, step: Option<u32>) -> impl Iterator<Item = u32> {
    (first..=last).step_by(step.unwrap_or(1) as usize)
}

fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(",")
}

fn count_mistake(count: usize) -> Mistake {
    Mistake(format!(
        "has {count} field{}; it needs five: minute, hour, day of the month, month, day of the week, as in \
         \"0 9 * * MON-FRI\" (six with a second before them, seven with a year after them)",
        if count == 1 { "" } else { "s" }
    ))
}
