//! When the team is reminded of what waits (`[[reminder]]`).

use super::Reminder;
use super::document::{Document, Found, Place, Table};
use super::sections::is_name;
use threadline_core::calendar::Zone;
use threadline_core::schedule::{EXPRESSION_CHARS_MAX, Schedule};

/// More reminders than this are noise.
const REMINDERS_MAX: usize = 50;

pub(super) fn reminder(document: &Document<'_>, table: &Table<'_>) -> Option<(Found<String>, Reminder)> {
    let name = table.text("name");
    let cron = table.text_within("cron", 1..=EXPRESSION_CHARS_MAX);
    let zone = table.text("zone");
    let only_late = table.choice("about", &[("unanswered", false), ("late", true)]);
    for (key, example) in [("name", "\"morning\""), ("cron", "\"0 9 * * 1-5\""), ("zone", "\"Europe/Madrid\"")] {
        if !table.has(key) {
            document.problem(&table.place_of(key), format!("is missing; every reminder has one, such as {example}"));
        }
    }
    let name = name.filter(|name| is_name(document, name))?;
    let zone = zone.and_then(|found| {
        let zone = found.value.parse::<Zone>().ok();
        if zone.is_none() {
            let what = format!("must be a time zone such as \"Europe/Madrid\", is {:?}", found.value);
            document.problem(&found.place, what);
        }
        zone
    })?;
    let cron = cron?;
    let schedule = Schedule::parse(&cron.value, zone);
    let schedule = schedule.map_err(|mistake| document.problem(&cron.place, mistake.to_string())).ok()?;
    let only_late = only_late.is_some_and(|found| found.value);
    Some((name.clone(), Reminder { name: name.value, schedule, only_late }))
}

/// The reminders, each name once.
pub(super) fn reminders(
    document: &Document<'_>,
    root: &Table<'_>,
    reminders: Vec<(Found<String>, Reminder)>,
) -> Vec<Reminder> {
    if reminders.len() > REMINDERS_MAX {
        let what = format!("there can be up to {REMINDERS_MAX} reminders, not {}", reminders.len());
        document.problem(&root.place_of("reminder"), what);
    }
    let mut names: Vec<(String, Place)> = Vec::new();
    let noted = reminders.into_iter().map(|(name, reminder)| {
        if names.iter().any(|(known, _)| *known == name.value) {
            document.problem(&name.place, format!("another reminder has the name {:?} already", name.value));
        }
        names.push((name.value, name.place));
        reminder
    });
    noted.collect()
}
