//! Conversations in a line each: as lists that one person reads, and as what a field offers while somebody
//! types. Customers' words are plain text in them, and links go to threads only.

use crate::buttons::{ENTRIES_MAX, ENTRY_CHARS_MAX};
use crate::format::{clean_line, escape, moment, told};
use crate::ids::Spot;
use serenity::builder::{CreateAutocompleteResponse, CreateEmbed};
use threadline_core::body::Body;
use threadline_core::overview::Glance;
use threadline_core::words::{self, List};

/// Longest name or topic in a line, so that it stays one.
const PART_CHARS_MAX: usize = 40;
/// Longest list, in UTF-16 units (docs, "Embed Limits": a description's 4,096).
const LIST_UNITS_MAX: usize = 4_000;

/// Lists with their titles, as one embed; what is more than it holds is left out at its end.
pub(crate) fn lists(all: &[(List, &[Glance])]) -> CreateEmbed {
    let mut shown = String::new();
    for (list, found) in all {
        let title = format!("**{}**", escape(words::list_title(*list)));
        let empty = || vec![escape(words::list_empty(*list))];
        let lines =
            if found.is_empty() { empty() } else { found.iter().map(|glance| format!("- {}", line(glance))).collect() };
        for line in std::iter::once(title).chain(lines) {
            if shown.encode_utf16().count() + line.encode_utf16().count() < LIST_UNITS_MAX {
                shown.push_str(&line);
                shown.push('\n');
            }
        }
    }
    told(&Body::default()).description(shown)
}

/// `#1042 · Ada · Billing · Waiting for an answer since … · Grace has it`
fn line(glance: &Glance) -> String {
    let number = match Spot::parse(&glance.thread) {
        Some(spot) => format!("[#{}](<{}>)", glance.number, spot.link()),
        None => format!("\\#{}", glance.number),
    };
    let (standing, time) = words::standing(&glance.standing);
    let mut line = format!("{number} · {} · {}", escape(&who_and_what(glance)), escape(&standing));
    line.extend(time.map(|(before, at)| moment(before, at)));
    line.extend(glance.due.map(|due| format!(" · answer{}", moment("due", due))));
    let holder = glance.holder.as_ref().map(|holder| words::holder(&clean_line(&holder.name, PART_CHARS_MAX)));
    line.extend(holder.map(|holder| format!(" · {}", escape(&holder))));
    line
}

/// What a field for a conversation offers; its value is the number.
pub(crate) fn offered<'a>(found: impl Iterator<Item = &'a Glance>) -> CreateAutocompleteResponse {
    choices(found.map(|glance| {
        let text = format!("#{} · {}", glance.number, who_and_what(glance));
        (text, glance.number.to_string())
    }))
}

/// What a field offers: texts and values.
pub(crate) fn choices(all: impl Iterator<Item = (String, String)>) -> CreateAutocompleteResponse {
    let add = |response: CreateAutocompleteResponse, (text, value): (String, String)| {
        response.add_string_choice(clean_line(&text, ENTRY_CHARS_MAX), value)
    };
    all.take(ENTRIES_MAX).fold(CreateAutocompleteResponse::new(), add)
}

fn who_and_what(glance: &Glance) -> String {
    let name = glance.customer.as_deref().map(|name| clean_line(name, PART_CHARS_MAX)).unwrap_or_default();
    let topic = clean_line(&glance.topic, PART_CHARS_MAX);
    if name.is_empty() { topic } else { format!("{name} · {topic}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::json_of;
    use expect_test::expect;
    use threadline_core::conversation::Standing;
    use threadline_core::ids::{ConversationId, Moment, ThreadKey};

    fn glance(number: i64, customer: &str) -> Glance {
        Glance {
            conversation: ConversationId(7),
            number,
            customer: Some(customer.to_string()),
            topic: "Billing".to_string(),
            thread: ThreadKey("discord/1/2/3".to_string()),
            standing: Standing::AwaitingAgent { since: Moment(1_767_225_600_000) },
            due: None,
            holder: None,
            last_at: Moment(0),
        }
    }

    #[test]
    fn lists_have_titles_and_links_to_threads() {
        let shown = json_of(&lists(&[(List::Own, &[glance(1042, "[Ada](x)")]), (List::Unclaimed, &[])]));
        expect![[r#"
            **You have**
            - [#1042](<https://discord.com/channels/1/3>) · \[Ada\]\(x\) · Billing · Waiting for an answer since <t:1767225600:f>
            **Nobody has**
            No customer waits whom nobody has\.
        "#]].assert_eq(shown["description"].as_str().unwrap());
        let many: Vec<Glance> = (0..200).map(|number| glance(number, &"*".repeat(60))).collect();
        let shown = json_of(&lists(&[(List::Own, &many)]));
        assert!(shown["description"].as_str().unwrap().encode_utf16().count() <= 4_096);
    }

    #[test]
    fn a_field_offers_numbers() {
        let shown = json_of(&offered([glance(1042, "Ada")].iter()));
        assert_eq!(shown["choices"][0]["value"], "1042");
        assert_eq!(shown["choices"][0]["name"], "#1042 · Ada · Billing");
    }
}
