//! Opening hours as OpenStreetMap writes them: `Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off`. The
//! `opening-hours` crate reads them and knows which rule counts on which date; what it says is only
//! ever asked for one date and in wall-clock time, never as an instant.
//!
//! That crate cuts a span at midnight, and lets a rule of the next day replace its second half. Here
//! a span belongs to the day on which it begins, up to 48 hours long. So the rules are handed to it
//! with each time replaced by its rank among all the times that occur: a day of 48 hours with at most
//! a few hundred different times fits into one of 1,440 minutes, and the order of times is all that
//! its evaluation looks at.

use super::mistake::Mistake;
use chrono::NaiveDate;
use opening_hours::localization::Country;
use opening_hours::{Context, ContextHolidays, OpeningHours, RuleKind};
use opening_hours_syntax::ExtendedTime;
use opening_hours_syntax::rules::day::{DaySelector, HolidayKind, WeekDayRange, Weekday};
use opening_hours_syntax::rules::time::{Time, TimeSelector, TimeSpan};
use opening_hours_syntax::rules::{OpeningHoursExpression, RuleOperator, RuleSequence};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Longest text of hours. The longest in OpenStreetMap are a few hundred characters; so many keep the
/// number of different times, each at least four characters, far below the 1,440 that can be ranked.
pub const HOURS_CHARS_MAX: usize = 2_000;

const DAY_MINS: u16 = 24 * 60;
/// Where a span that begins on a day has to have ended.
const LONGEST_DAY_MINS: u16 = 48 * 60;

/// Opening hours that were understood.
#[derive(Clone, PartialEq, Eq)]
pub struct Hours {
    text: String,
    rules: Rules,
    holidays: Holidays,
}

#[derive(Clone, PartialEq, Eq)]
enum Rules {
    /// Day and night, which needs no reading.
    Always,
    /// As somebody wrote them.
    Written {
        /// As they were read.
        read: Vec<RuleSequence>,
        /// The same with times replaced by ranks.
        ranked: OpeningHours,
        /// The minute of the day that stands behind each rank.
        minutes: Vec<u16>,
    },
}

/// The public holidays of a country, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    country: Option<Country>,
    dates: ContextHolidays,
}

/// A code that is no country's whose holidays are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCountry;

impl Holidays {
    /// The public holidays of a country, by its ISO 3166 code: `US`. They are the days on which the
    /// holiday is observed, and only those of the whole country.
    ///
    /// # Errors
    ///
    /// When no holidays of such a country are known.
    pub fn of(code: &str) -> Result<Holidays, UnknownCountry> {
        let country: Country = code.parse().map_err(|_| UnknownCountry)?;
        Ok(Holidays { country: Some(country), dates: country.holidays() })
    }

    /// True if the date is one of them.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.dates.get_public().contains(date)
    }

    /// True if a country was named.
    pub fn are_known(&self) -> bool {
        self.country.is_some()
    }
}

impl Hours {
    /// Reads hours. Blanks and line ends are all one blank.
    ///
    /// # Errors
    ///
    /// When they cannot be understood, or mean something that is no opening hour: the sun, a moment,
    /// an open end.
    pub fn parse(text: &str, holidays: &Holidays) -> Result<Hours, Mistake> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let chars = text.chars().count();
        if chars > HOURS_CHARS_MAX {
            return Err(Mistake::too_long(chars));
        }
        let expression = opening_hours_syntax::parse(&text).map_err(|error| Mistake::of_syntax(&text, &error))?;
        if let Some(mistake) = expression.rules.iter().find_map(|rule| refused(&text, rule)) {
            return Err(mistake);
        }
        let mistake = Mistake::not_evaluated(&text);
        Hours::of_rules(text, expression.rules, holidays).ok_or(mistake)
    }

    /// Day and night.
    pub fn always() -> Hours {
        Hours { text: "24/7".to_owned(), rules: Rules::Always, holidays: Holidays::default() }
    }

    /// As they were written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The holidays that `PH` stands for.
    pub fn holidays(&self) -> &Holidays {
        &self.holidays
    }

    /// What begins on a date: spans in minutes from its midnight on the wall clock, in order, with a
    /// gap between each two; the last may end on the next date.
    pub fn spans_on(&self, date: NaiveDate) -> Vec<Range<u32>> {
        let (ranked, minutes) = match &self.rules {
            Rules::Always => return std::iter::once(0..u32::from(DAY_MINS)).collect(),
            Rules::Written { ranked, minutes, .. } => (ranked, minutes),
        };
        let minute = |rank: ExtendedTime| {
            let rank = usize::from(rank.mins_from_midnight()).min(minutes.len() - 1);
            u32::from(minutes[rank])
        };
        let of_date = ranked.schedule_at(date).into_iter();
        let open = of_date.filter(|range| range.kind == RuleKind::Open);
        open.map(|range| minute(range.range.start)..minute(range.range.end)).collect()
    }

    /// True if a rule is about public holidays.
    pub fn speaks_of_holidays(&self) -> bool {
        self.rules().iter().any(is_about_holidays)
    }

    /// True if a span of some day ends on the next.
    pub fn goes_past_midnight(&self) -> bool {
        let late = |minutes: &[u16]| minutes.iter().any(|minute| (DAY_MINS + 1..LONGEST_DAY_MINS).contains(minute));
        match &self.rules {
            Rules::Always => false,
            Rules::Written { minutes, .. } => late(minutes),
        }
    }

    /// Each rule by itself, and the hours as they would be without it; none if there is one rule only.
    pub(super) fn without_each_rule(&self) -> impl Iterator<Item = (&RuleSequence, Hours)> + '_ {
        self.rules().iter().enumerate().filter_map(|(place, rule)| {
            let mut rest = self.rules().to_vec();
            rest.remove(place);
            Some((rule, Hours::of_rules(self.text.clone(), rest, &self.holidays)?))
        })
    }

    fn rules(&self) -> &[RuleSequence] {
        match &self.rules {
            Rules::Always => &[],
            Rules::Written { read, .. } => read,
        }
    }

    /// None if the rules, written out with ranks in them, are not read back as what was written. Then
    /// it is better to say so than to keep other hours than were asked for.
    fn of_rules(text: String, mut read: Vec<RuleSequence>, holidays: &Holidays) -> Option<Hours> {
        // The first rule adds to nothing, however it was joined before others were left out.
        if let Some(first) = read.first_mut() {
            first.operator = RuleOperator::Normal;
        }
        let mut minutes: Vec<u16> = (read.iter().flat_map(|rule| &rule.time_selector.spans))
            .filter_map(|span| minutes_of(&span.range))
            .flat_map(|minutes| [minutes.start, minutes.end])
            .chain([0, DAY_MINS, LONGEST_DAY_MINS])
            .collect();
        minutes.sort_unstable();
        minutes.dedup();
        let rules: Option<Vec<RuleSequence>> = read.iter().map(|rule| ranked(rule, &minutes)).collect();
        let expression = OpeningHoursExpression { rules: rules? };
        let ranked: OpeningHours = written_out(&expression).parse().ok()?;
        if *ranked.get_expression() != expression {
            return None;
        }
        let ranked = ranked.with_context(Context::default().with_holidays(holidays.dates.clone()));
        Some(Hours { text, rules: Rules::Written { read, ranked, minutes }, holidays: holidays.clone() })
    }
}

impl fmt::Debug for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hours({:?})", self.text)
    }
}

/// True if the rule is about public holidays.
pub(super) fn is_about_holidays(rule: &RuleSequence) -> bool {
    let public = |day: &WeekDayRange| matches!(day, WeekDayRange::Holiday { kind: HolidayKind::Public, .. });
    rule.day_selector.weekday.iter().any(public)
}

/// What the syntax can say, and is no opening hour of a business.
fn refused(text: &str, rule: &RuleSequence) -> Option<Mistake> {
    let spans = &rule.time_selector.spans;
    let of_the_sun = spans.iter().flat_map(|span| [&span.range.start, &span.range.end]);
    if of_the_sun.into_iter().any(|time| time.as_time_event().is_some()) {
        return Some(Mistake::of_the_sun(text));
    }
    if spans.iter().any(|span| span.open_end) {
        return Some(Mistake::open_end(text));
    }
    if spans.iter().any(|span| span.repeats.is_some()) {
        return Some(Mistake::repeats(text));
    }
    (rule.kind == RuleKind::Unknown).then(|| Mistake::unknown(text))
}

/// The rule with ranks in place of its times.
fn ranked(rule: &RuleSequence, minutes: &[u16]) -> Option<RuleSequence> {
    let rank = |minute: u16| {
        let rank = minutes.binary_search(&minute).ok().and_then(|rank| u16::try_from(rank).ok())?;
        ExtendedTime::from_mins_from_midnight(rank)
    };
    let day = TimeSpan::fixed_range(ExtendedTime::MIDNIGHT_00, ExtendedTime::MIDNIGHT_24);
    // What is closed all day is closed for whatever would begin on it, past midnight as well.
    let closed_all_day = rule.kind == RuleKind::Closed && rule.time_selector.spans == [day];
    let spans: Option<Vec<TimeSpan>> = (rule.time_selector.spans.iter())
        .map(|span| {
            let of_day = if closed_all_day { 0..LONGEST_DAY_MINS } else { minutes_of(&span.range)? };
            Some(TimeSpan::fixed_range(rank(of_day.start)?, rank(of_day.end)?))
        })
        .collect();
    // An added rule without days, `Mo 09:00-12:00 open, 14:00-15:00 off`, would be read back as one more
    // time of the rule before it; the crate writes it with all days, and so do we.
    let day_selector = if rule.operator == RuleOperator::Additional && rule.day_selector.is_empty() {
        DaySelector { weekday: vec![every_weekday()], ..DaySelector::default() }
    } else {
        rule.day_selector.clone()
    };
    let time_selector = TimeSelector::new(spans?);
    Some(RuleSequence { day_selector, time_selector, comment: Arc::from(""), ..rule.clone() })
}

fn every_weekday() -> WeekDayRange {
    WeekDayRange::Fixed {
        range: Weekday::Mon..=Weekday::Sun,
        offset: 0,
        nth_from_start: [true; 5],
        nth_from_end: [true; 5],
    }
}

/// The minutes of a span from the midnight of the day on which it begins. None of one by the sun.
fn minutes_of(range: &Range<Time>) -> Option<Range<u16>> {
    match (range.start, range.end) {
        (Time::Fixed(start), Time::Fixed(end)) => {
            let (start, end) = (start.mins_from_midnight(), end.mins_from_midnight());
            Some(start..if end > start { end } else { end + DAY_MINS })
        }
        (Time::Fixed(_) | Time::Variable(_), Time::Fixed(_) | Time::Variable(_)) => None,
    }
}

/// The expression in its own syntax. The crate writes "PH 1 days", which it does not read.
fn written_out(expression: &OpeningHoursExpression) -> String {
    let mut text = expression.to_string();
    for digit in '1'..='9' {
        text = text.replace(&format!("PH {digit}"), &format!("PH +{digit}"));
    }
    text
}
