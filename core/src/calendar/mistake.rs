//! What is said of hours that cannot be understood: where it stopped, and what was probably meant.

use opening_hours_syntax::Error;
use pest::error::InputLocation;
use std::fmt;

/// Where the syntax is explained.
const SYNTAX: &str = "https://wiki.openstreetmap.org/wiki/Key:opening_hours";

/// Why hours cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    what: String,
    /// The text, and the characters before the place in it. None when no place can be shown.
    shown: Option<(String, usize)>,
}

impl fmt::Display for Mistake {
    /// In one line; and in two more, indented, the text with a caret under it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.shown {
            Some((text, before)) => write!(f, "\n    {text}\n    {:before$}^", ""),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Mistake {}

impl Mistake {
    pub(super) fn of_syntax(text: &str, error: &Error) -> Mistake {
        match error {
            Error::Syntax(_) if text.is_empty() => {
                Mistake::somewhere("is empty; write \"24/7\" for always or \"off\" for never")
            }
            Error::Syntax(error) => {
                let at = match error.location {
                    InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
                };
                Mistake::at(text, at, probable(text, at))
            }
            Error::InvertedYearRange { start, end, .. } => {
                let what = format!("the year {} is after {}", **start, **end);
                Mistake::at_word(text, &start.to_string(), what)
            }
            Error::InvertedWeekRange { start, end, .. } => {
                let what = format!(
                    "week {} is after week {}; over New Year, write two parts: week 50-53,1-10",
                    **start, **end
                );
                Mistake::at_word(text, "week", what)
            }
            Error::InvalidExtendedTime { .. } => Mistake::somewhere("a time is at most 48:00, the end of the next day"),
            Error::Overflow { value, expected_bounds } => {
                let (min, max) = (expected_bounds.start(), expected_bounds.end());
                Mistake::somewhere(format!("the number {value} is not between {min} and {max}"))
            }
            Error::Unsupported(_) | Error::GrammarUnexpectedToken { .. } | Error::GrammarLogic { .. } => {
                Mistake::somewhere(format!("these hours are not understood; how they are written: {SYNTAX}"))
            }
        }
    }

    pub(super) fn too_long(chars: usize) -> Mistake {
        let max = super::HOURS_CHARS_MAX;
        Mistake::somewhere(format!("must be at most {max} characters long, is {chars}; use exceptions for single days"))
    }

    pub(super) fn of_the_sun(text: &str) -> Mistake {
        let lower = text.to_ascii_lowercase();
        let word = ["dawn", "sunrise", "sunset", "dusk"].into_iter().find(|word| lower.contains(word));
        let what = "a calendar knows a zone and not a place, so it does not know the sun; write the time";
        Mistake::at_word(text, word.unwrap_or_default(), what)
    }

    pub(super) fn open_end(text: &str) -> Mistake {
        Mistake::at_word(
            text,
            "+",
            "nobody can promise an answer in hours without an end; write the end, as in 20:00-24:00",
        )
    }

    pub(super) fn repeats(text: &str) -> Mistake {
        let at = text.find(['/']).unwrap_or_default();
        Mistake::at(text, at, "this lists moments, and opening hours are spans; leave it out")
    }

    pub(super) fn unknown(text: &str) -> Mistake {
        Mistake::at_word(text, "unknown", "hours are open or off; nothing can be promised in \"unknown\" ones")
    }

    pub(super) fn not_evaluated(text: &str) -> Mistake {
        let what =
            "this is OpenStreetMap's syntax, but Threadline cannot be sure to read it right; write it another way";
        Mistake::at(text, 0, what)
    }

    fn somewhere(what: impl Into<String>) -> Mistake {
        Mistake { what: what.into(), shown: None }
    }

    /// With a caret under the byte `at`.
    fn at(text: &str, at: usize, what: impl Into<String>) -> Mistake {
        let before = text.get(..at).map_or(0, |before| before.chars().count());
        Mistake { what: what.into(), shown: Some((text.to_owned(), before)) }
    }

    fn at_word(text: &str, word: &str, what: impl Into<String>) -> Mistake {
        Mistake::at(text, text.to_ascii_lowercase().find(word).unwrap_or_default(), what)
    }
}

/// What somebody probably meant whose text was understood up to the byte `at`.
fn probable(text: &str, at: usize) -> String {
    let rest = text.get(at..).unwrap_or_default().trim_start();
    let before = text.get(..at).unwrap_or_default();
    let word_begins = before.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |end| end + 1);
    let word: String = text[word_begins..].chars().take_while(char::is_ascii_alphabetic).collect();
    let lower = word.to_ascii_lowercase();
    let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].into_iter().find(|day| lower.starts_with(day));
    if let Some(day) = day {
        let two = format!("{}{}", day[..1].to_ascii_uppercase(), &day[1..2]);
        return format!("days have two letters: {two} in place of {word}");
    }
    if lower.starts_with("weekday") || lower.starts_with("weekend") || lower.starts_with("daily") {
        return "days have two letters: Mo-Fr, Sa-Su, or Mo-Su for every day".to_owned();
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let after_digits = rest.get(digits..).unwrap_or_default().trim_start();
    let half_day =
        |text: &str| text.to_ascii_lowercase().starts_with("am") || text.to_ascii_lowercase().starts_with("pm");
    if half_day(rest) || half_day(after_digits) {
        return "the day has 24 hours here: 18:00 in place of 6:00pm".to_owned();
    }
    if rest.starts_with(['–', '—', '−']) {
        return "a span has a plain hyphen: 09:00-18:00".to_owned();
    }
    if rest.is_empty() && before.trim_end().ends_with(';') {
        return "ends with a semicolon, and no rule after it; take it out".to_owned();
    }
    if rest.starts_with(';') {
        return "between two semicolons there is no rule; take one out".to_owned();
    }
    let year_before = before.trim_end_matches('-').bytes().rev().take_while(u8::is_ascii_digit).count() == 4;
    if year_before && before.ends_with('-') {
        return "a date is written Dec 24 or 2026 Dec 24".to_owned();
    }
    let ends_in_time = before.bytes().rev().take_while(|b| b.is_ascii_digit() || *b == b':').count() >= 4;
    if ends_in_time && (rest.is_empty() || rest.starts_with([';', ','])) {
        return "a time has to have its end as well: 09:00-18:00".to_owned();
    }
    if digits > 0 && after_digits.starts_with(['.', 'h']) {
        return "a time has a colon: 09:00".to_owned();
    }
    if (1..=2).contains(&digits) && !after_digits.starts_with(':') {
        return "a time has hours and minutes: 09:00-18:00".to_owned();
    }
    if digits > 0 && after_digits.starts_with(':') {
        return "a time is from 00:00 to 24:00, or to 48:00 for an end on the next day; a span begins before 24:00"
            .to_owned();
    }
    if before.ends_with(',') {
        return "days of the week, holidays and dates cannot be in one list; write two rules: PH off; Dec 24 off"
            .to_owned();
    }
    format!("not understood from here on; how hours are written: {SYNTAX}")
}
