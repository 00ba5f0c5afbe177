//! What a calendar says without mistake, and was perhaps not meant. For the operator, who is shown it
//! by `threadline check`.

use super::hours::is_about_holidays;
use super::{Calendar, Hours};
use chrono::{Days, NaiveDate};
use std::fmt;

/// How far a calendar is looked through: so far that every weekday, month and holiday comes by twice.
const LOOKED_THROUGH: Days = Days::new(2 * 366);

/// Something that deserves a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// It is not open once in the two years that were looked through.
    NeverOpens,
    /// One of the rules changes nothing, mostly because a later one replaces it.
    RuleWithoutEffect {
        /// In which hours.
        about: About,
        /// The rule.
        rule: String,
    },
    /// An exception is covered by later ones on all of its days.
    ExceptionCovered {
        /// Its place in the list.
        exception: usize,
    },
    /// The hours speak of public holidays, and no country is named.
    HolidaysUnknown,
    /// A country is named, and the hours do not speak of holidays.
    HolidaysIgnored,
    /// The day before a holiday goes on past midnight, into it.
    GoesOnIntoHoliday,
    /// Holidays are off, but an exception of several days opens on one.
    OpensOnHoliday {
        /// Its place in the list.
        exception: usize,
        /// The first such day.
        date: NaiveDate,
    },
}

/// What a remark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The calendar's hours.
    Hours,
    /// The exception with this place in the list.
    Exception(usize),
}

impl Calendar {
    /// What deserves a look in the two years from a date on.
    pub fn remarks(&self, from: NaiveDate) -> Vec<Remark> {
        let until = from.checked_add_days(LOOKED_THROUGH).unwrap_or(from);
        let dates = || from.iter_days().take_while(move |date| *date < until);
        let mut remarks = Vec::new();
        let hours = self.hours();
        if dates().all(|date| self.hours_on(date).spans_on(date).is_empty()) {
            remarks.push(Remark::NeverOpens);
        }
        remarks.extend(without_effect(About::Hours, hours, dates()));
        match (hours.speaks_of_holidays(), hours.holidays().are_known()) {
            (true, false) => remarks.push(Remark::HolidaysUnknown),
            (false, true) => remarks.push(Remark::HolidaysIgnored),
            (true, true) if hours.goes_past_midnight() => remarks.push(Remark::GoesOnIntoHoliday),
            (true, true) | (false, false) => {}
        }
        for (place, exception) in self.exceptions().iter().enumerate() {
            let days = || exception.from.iter_days().take_while(|date| *date <= exception.to);
            let later = &self.exceptions()[place + 1..];
            if days().all(|date| later.iter().any(|other| other.covers(date))) {
                remarks.push(Remark::ExceptionCovered { exception: place });
                continue;
            }
            remarks.extend(without_effect(About::Exception(place), &exception.hours, days()));
            let opens = |date: &NaiveDate| !exception.hours.spans_on(*date).is_empty();
            let replaces = |date: &NaiveDate| hours.spans_on(*date).is_empty() && hours.holidays().contains(*date);
            let several_days = exception.from != exception.to && hours.speaks_of_holidays();
            if let Some(date) = days().find(|date| several_days && replaces(date) && opens(date)) {
                remarks.push(Remark::OpensOnHoliday { exception: place, date });
            }
        }
        remarks
    }
}

impl Remark {
    /// What it is about.
    pub fn about(&self) -> About {
        match self {
            Remark::NeverOpens | Remark::HolidaysUnknown | Remark::HolidaysIgnored | Remark::GoesOnIntoHoliday => {
                About::Hours
            }
            Remark::RuleWithoutEffect { about, .. } => *about,
            Remark::ExceptionCovered { exception } | Remark::OpensOnHoliday { exception, .. } => {
                About::Exception(*exception)
            }
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::NeverOpens => f.write_str("this calendar does not open once in the next two years"),
            Remark::RuleWithoutEffect { rule, .. } => write!(
                f,
                "the rule \"{rule}\" changes nothing in the days that it is for; a later rule takes the place of an \
                 earlier one on the same day, so put what is special last"
            ),
            Remark::ExceptionCovered { .. } => {
                f.write_str("later exceptions cover all days of this one, and the last one counts")
            }
            Remark::HolidaysUnknown => {
                f.write_str("PH stands for public holidays, and none are known; name the country, as in holidays = \"US\"")
            }
            Remark::HolidaysIgnored => f.write_str(
                "public holidays are known, but the hours do not say what happens on them; add \"; PH off\" to close",
            ),
            Remark::GoesOnIntoHoliday => f.write_str(
                "a span belongs to the day on which it begins: what begins on the evening before a holiday goes on past \
                 midnight, and what begins on the holiday does not; add exceptions if you want it otherwise",
            ),
            Remark::OpensOnHoliday { date, .. } => write!(
                f,
                "an exception takes the place of all the rules, \"PH off\" among them: {date} is a public holiday and \
                 would be open; add \"; PH off\" to its hours to stay closed"
            ),
        }
    }
}

/// The rules that could be left out and nothing would change. One about holidays is only judged if
/// there is a holiday among the dates.
fn without_effect(about: About, hours: &Hours, dates: impl Iterator<Item = NaiveDate> + Clone) -> Vec<Remark> {
    let holidays = dates.clone().any(|date| hours.holidays().contains(date));
    let changes = |without: &Hours| dates.clone().any(|date| without.spans_on(date) != hours.spans_on(date));
    let idle = hours.without_each_rule().filter(|(rule, _)| holidays || !is_about_holidays(rule));
    idle.filter(|(_, without)| !changes(without))
        // The crate writes "closed" for what nearly everybody writes as "off".
        .map(|(rule, _)| Remark::RuleWithoutEffect { about, rule: rule.to_string().replace("closed", "off") })
        .collect()
}
