//! Who is told when while a customer waits (`[[tier]]`, `[[step]]`).

use super::Platform;
use super::discord;
use super::document::{Document, Found, Table};
use super::sections::{LABEL_CHARS_MAX, ReadDesk};
use super::topics::promise;
use threadline_core::ladder::{Call, Ladder, STEPS_MAX, Step, Tier, When};

/// More tiers than this no company has.
const TIERS_MAX: usize = 10;
/// More people than this are a group of the platform's own.
const CALLS_MAX: usize = 20;
/// Whoever has the conversation.
const HOLDER: &str = "holder";
/// Fewest characters of an id of Slack's.
const ID_CHARS_MIN: usize = 9;

/// A tier, and where its people stand.
pub(super) struct ReadTier {
    name: Found<String>,
    calls: Vec<Found<String>>,
}

/// A step, with the tier that it names.
pub(super) struct ReadStep {
    when: When,
    tier: Found<String>,
}

pub(super) fn tier(document: &Document<'_>, table: &Table<'_>) -> Option<ReadTier> {
    if !table.has("name") {
        document.problem(&table.place_of("name"), "is missing; it is what the team reads, such as \"leads\"");
    }
    let name = table.text_within("name", 1..=LABEL_CHARS_MAX);
    let calls = table.texts("call").unwrap_or_default();
    if calls.len() > CALLS_MAX {
        let what = format!("up to {CALLS_MAX} can be called, not {}; name a group of the platform's", calls.len());
        document.problem(&table.place_of("call"), what);
    }
    Some(ReadTier { name: name?, calls })
}

pub(super) fn step(document: &Document<'_>, table: &Table<'_>) -> Option<ReadStep> {
    let after = promise(document, table, "after");
    let left = table.number("left", 0..=99);
    let tier = table.text("tier");
    if !table.has("tier") {
        document.problem(&table.place_of("tier"), "is missing; name the tier that is told");
    }
    let when = match (table.has("after"), table.has("left")) {
        (true, true) => {
            document.problem(&table.place_of("left"), "does not go with after: a step is taken at one of them");
            None
        }
        (false, false) => {
            let what = "is missing; say after how long, such as \"30 minutes\", or how much is left, such as left = 50";
            document.problem(&table.place_of("after"), what);
            None
        }
        (true, false) => after.map(When::After),
        (false, true) => left.map(|found| When::Left(u8::try_from(found.value).unwrap_or(0))),
    };
    Some(ReadStep { when: when?, tier: tier? })
}

/// The tiers and the ladder, with every name known.
pub(super) fn ladder(
    document: &Document<'_>,
    root: &Table<'_>,
    tiers: Vec<ReadTier>,
    steps: Vec<ReadStep>,
    desks: &[ReadDesk],
) -> (Vec<Tier>, Ladder) {
    if tiers.len() > TIERS_MAX {
        document.problem(&root.place_of("tier"), format!("there can be up to {TIERS_MAX} tiers, not {}", tiers.len()));
    }
    if steps.len() > STEPS_MAX {
        document.problem(&root.place_of("step"), format!("there can be up to {STEPS_MAX} steps, not {}", steps.len()));
    }
    for (at, tier) in tiers.iter().enumerate() {
        if tiers[..at].iter().any(|before| before.name.value.eq_ignore_ascii_case(&tier.name.value)) {
            document.problem(&tier.name.place, format!("another tier has the name {:?} already", tier.name.value));
        }
        for call in &tier.calls {
            check_call(document, call, desks);
        }
    }
    let steps = steps.into_iter().filter_map(|step| {
        let found = tiers.iter().position(|tier| tier.name.value == step.tier.value);
        if found.is_none() {
            let names: Vec<&str> = tiers.iter().map(|tier| tier.name.value.as_str()).collect();
            let known = if names.is_empty() { "there is no [[tier]]".to_owned() } else { names.join(", ") };
            document.problem(&step.tier.place, format!("there is no tier {:?}; there are: {known}", step.tier.value));
        }
        Some(Step { when: step.when, tier: found? })
    });
    let ladder = Ladder::new(steps.collect());
    let call = |found: Found<String>| match found.value.as_str() {
        HOLDER => Call::Holder,
        _ => Call::Named(found.value),
    };
    let tiers =
        tiers.into_iter().map(|tier| Tier { name: tier.name.value, calls: tier.calls.into_iter().map(call).collect() });
    (tiers.collect(), ladder)
}

/// Where a desk is in Slack or on Discord, people and groups are named by their ids.
fn check_call(document: &Document<'_>, call: &Found<String>, desks: &[ReadDesk]) {
    let id = call.value.as_str();
    let is_on = |platform| desks.iter().any(|desk| desk.platform == Some(platform));
    let (in_slack, on_discord) = (is_on(Platform::Slack), is_on(Platform::Discord));
    if on_discord && discord::is_id(id.strip_prefix('&').unwrap_or(id)) {
        return;
    }
    if on_discord && !in_slack && id != HOLDER {
        let what = format!(
            "must be \"{HOLDER}\", or the id of a person, such as \"1234567890123456789\", or of a role with a & before \
             it, is {id:?}; in Discord, with Developer Mode on, their menus have \"Copy ID\""
        );
        document.problem(&call.place, what);
        return;
    }
    let is_id = id.starts_with(['U', 'W', 'S'])
        && id.len() >= ID_CHARS_MIN
        && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if id.is_empty() || (in_slack && id != HOLDER && !is_id) {
        let what = format!(
            "must be \"{HOLDER}\", or the id of a person, such as \"U0123ABCD\", or of a user group, such as \
             \"S0123ABCD\", is {id:?}; in Slack, a profile's menu has \"Copy member ID\", a group's \"Copy group ID\""
        );
        document.problem(&call.place, what);
    }
}
