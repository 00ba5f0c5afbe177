//! Every fixed sentence of a letter, one table a language. A third language is one more table, and its
//! name in [`in_language`]. What the team or the customer wrote is never in here.

use chrono::{DateTime, Datelike, Offset, TimeZone, Timelike};
use threadline_core::calendar::Zone;
use threadline_core::context::Language;
use threadline_core::ids::Moment;

/// The sentences of one language.
#[derive(Debug)]
pub(super) struct Words {
    /// Its tag, for programs that read aloud.
    pub tag: &'static str,
    /// To somebody whose name is known, or not.
    pub hello: fn(Option<&str>) -> String,
    /// Who wrote, and when.
    pub wrote: fn(&str, &str) -> String,
    /// A message was received, under this number.
    pub received: fn(i64) -> String,
    /// By when there is an answer.
    pub answer_by: fn(&str) -> String,
    /// No time can be named.
    pub answer_soon: &'static str,
    /// What still has to be told; a list follows.
    pub missing: &'static str,
    /// How to answer.
    pub just_reply: &'static str,
    /// How to answer, where something is missing.
    pub reply_with_it: &'static str,
    /// Before the address of the page, and on its link.
    pub whole: &'static str,
    /// Before the names of the files that are part of the letter.
    pub attached: &'static str,
    /// Files that are too large for a letter.
    pub too_large: fn(&str) -> String,
    /// Why this letter came: somebody who did not write can let us know.
    pub why: fn(&str) -> String,
    /// What the subject says where nobody gave one.
    pub no_subject: &'static str,
    /// When something is: the day, and the time in a zone.
    when: fn(&When) -> String,
    days: [&'static str; 7],
    months: [&'static str; 12],
}

/// How the clock is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hours {
    /// 4:05 PM
    Twelve,
    /// 16:05
    TwentyFour,
}

/// A point of time in its parts.
struct When {
    weekday: &'static str,
    month: &'static str,
    day: u32,
    /// Only where it is not the year of the letter.
    year: Option<i32>,
    time: String,
    /// Where clocks show that time.
    place: String,
    is_day_first: bool,
}

const ENGLISH: Words = Words {
    tag: "en",
    hello: |name| name.map_or_else(|| "Hello,".to_string(), |name| format!("Hello {name},")),
    wrote: |who, when| format!("{who} wrote on {when}:"),
    received: |number| format!("We have received your message. Its number is #{number}."),
    answer_by: |when| format!("You will have an answer by {when}."),
    answer_soon: "We will answer as soon as we can.",
    missing: "To be able to help, we still need:",
    just_reply: "To answer, just reply to this email.",
    reply_with_it: "Just reply to this email with it.",
    whole: "The whole conversation",
    attached: "Attached:",
    too_large: |names| format!("Too large for an email, and on the page of the conversation: {names}"),
    why: |who| format!("You get this email because you wrote to {who}."),
    no_subject: "Your message",
    when: |when| {
        let year = when.year.map(|year| if when.is_day_first { format!(" {year}") } else { format!(", {year}") });
        let year = year.unwrap_or_default();
        let day = match when.is_day_first {
            true => format!("{} {} {}{year}", when.weekday, when.day, when.month),
            false => format!("{}, {} {}{year}", when.weekday, when.month, when.day),
        };
        format!("{day}, {} ({})", when.time, place(&when.place, "time"))
    },
    days: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    months: [
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
    ],
};

const SPANISH: Words = Words {
    tag: "es",
    hello: |name| name.map_or_else(|| "Hola:".to_string(), |name| format!("Hola, {name}:")),
    wrote: |who, when| format!("{who} escribió el {when}:"),
    received: |number| format!("Hemos recibido su mensaje. Su número es el #{number}."),
    answer_by: |when| format!("Tendrá una respuesta antes del {when}."),
    answer_soon: "Le responderemos en cuanto podamos.",
    missing: "Para poder ayudarle, todavía necesitamos:",
    just_reply: "Para contestar, responda a este correo.",
    reply_with_it: "Responda a este correo con lo que falta.",
    whole: "La conversación completa",
    attached: "Adjunto:",
    too_large: |names| format!("Demasiado grande para un correo; está en la página de la conversación: {names}"),
    why: |who| format!("Recibe este correo porque escribió a {who}."),
    no_subject: "Su mensaje",
    when: |when| {
        let year = when.year.map(|year| format!(" de {year}")).unwrap_or_default();
        let place = if when.place.starts_with("UTC") { when.place.clone() } else { format!("hora de {}", when.place) };
        format!("{} {} de {}{year}, {} ({place})", when.weekday, when.day, when.month, when.time)
    },
    days: ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
};

/// The table for a customer's language; English where there is none of his.
pub(super) fn in_language(language: Option<&Language>) -> &'static Words {
    match language.map(|language| parts(language).0).as_deref() {
        Some("es") => &SPANISH,
        Some(_) | None => &ENGLISH,
    }
}

/// When something is, as the customer says it, on his own clock. The year stands there only where it is
/// not that of `now`.
pub(super) fn when(words: &Words, language: Option<&Language>, zone: Zone, at: Moment, now: Moment) -> String {
    let on_wall = |at: Moment| {
        let utc = DateTime::from_timestamp_millis(at.0).unwrap_or_default().naive_utc();
        zone.from_utc_datetime(&utc).naive_local()
    };
    let (shown, year) = (on_wall(at), on_wall(now).year());
    let time = match hours(language) {
        Hours::TwentyFour => format!("{:02}:{:02}", shown.hour(), shown.minute()),
        Hours::Twelve => {
            let (is_pm, hour) = shown.hour12();
            format!("{hour}:{:02} {}", shown.minute(), if is_pm { "PM" } else { "AM" })
        }
    };
    (words.when)(&When {
        weekday: words.days[shown.weekday().num_days_from_monday() as usize],
        month: words.months[shown.month0() as usize],
        day: shown.day(),
        year: (shown.year() != year).then_some(shown.year()),
        time,
        place: city(zone, at),
        is_day_first: hours(language) == Hours::TwentyFour,
    })
}

/// `New York` of `America/New_York`; what has no place is said by its distance from UTC.
fn city(zone: Zone, at: Moment) -> String {
    match zone.name().split_once('/') {
        Some(("Etc", _)) | None => {
            let utc = DateTime::from_timestamp_millis(at.0).unwrap_or_default().naive_utc();
            let minutes = zone.offset_from_utc_datetime(&utc).fix().local_minus_utc() / 60;
            match (minutes, minutes.unsigned_abs()) {
                (0, _) => "UTC".to_string(),
                (signed, all) => format!("UTC{}{}:{:02}", if signed < 0 { '-' } else { '+' }, all / 60, all % 60),
            }
        }
        Some((_, place)) => place.rsplit('/').next().unwrap_or(place).replace('_', " "),
    }
}

fn place(city: &str, time: &str) -> String {
    if city.starts_with("UTC") { city.to_string() } else { format!("{city} {time}") }
}

/// English with no country is most often American; Spanish reads 24 hours everywhere.
fn hours(language: Option<&Language>) -> Hours {
    let (code, country) = language.map(parts).unwrap_or_default();
    let is_twelve = matches!(country.as_str(), "" | "us" | "ca" | "au" | "nz" | "ph" | "in" | "pk");
    if matches!(code.as_str(), "" | "en") && is_twelve { Hours::Twelve } else { Hours::TwentyFour }
}

/// The language and the country of a tag, in lower case.
fn parts(language: &Language) -> (String, String) {
    let tag = language.tag().to_ascii_lowercase();
    let mut parts = tag.split('-');
    let code = parts.next().unwrap_or_default().to_string();
    (code, parts.find(|part| part.len() == 2).unwrap_or_default().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use threadline_core::context::zone;

    /// 2026-12-01T16:00Z.
    const AT: Moment = Moment(1_796_140_800_000);

    fn said(tag: &str, zone_name: &str, now: Moment) -> String {
        let language = Language::parse(tag);
        when(in_language(language.as_ref()), language.as_ref(), zone(zone_name).unwrap(), AT, now)
    }

    #[test]
    fn times_are_the_customers() {
        for (tag, zone, expected) in [
            ("en-US", "America/New_York", "Tuesday, December 1, 11:00 AM (New York time)"),
            ("en", "America/Argentina/Buenos_Aires", "Tuesday, December 1, 1:00 PM (Buenos Aires time)"),
            ("en-GB", "Europe/London", "Tuesday 1 December, 16:00 (London time)"),
            ("de-AT", "Europe/Vienna", "Tuesday 1 December, 17:00 (Vienna time)"),
            ("es-MX", "America/Mexico_City", "martes 1 de diciembre, 10:00 (hora de Mexico City)"),
            ("es", "UTC", "martes 1 de diciembre, 16:00 (UTC)"),
            ("en", "Asia/Tokyo", "Wednesday, December 2, 1:00 AM (Tokyo time)"),
            ("en", "Etc/GMT-3", "Tuesday, December 1, 7:00 PM (UTC+3:00)"),
        ] {
            assert_eq!(said(tag, zone, AT), expected, "{tag} {zone}");
        }
    }

    #[test]
    fn another_year_is_said() {
        let next_year = Moment(AT.0 + 60 * 86_400_000);
        assert_eq!(said("en-US", "UTC", next_year), "Tuesday, December 1, 2026, 4:00 PM (UTC)");
        assert_eq!(said("en-GB", "UTC", next_year), "Tuesday 1 December 2026, 16:00 (UTC)");
        assert_eq!(said("es", "UTC", next_year), "martes 1 de diciembre de 2026, 16:00 (UTC)");
    }
}
