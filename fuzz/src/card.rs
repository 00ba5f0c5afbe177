//! What a browser says of its customer, as a card in Slack: nothing in it is more than text, and its
//! links lead where they say.

use super::body::is_escaped;
use serde_json::Value;
use threadline_core::card::{CardFact, CardPlan, CardTopic};
use threadline_core::context::{
    Context, Device, Facts, Field, FieldKind, Language, Link, Page, Pattern, answers, zone,
};
use threadline_core::conversation::{Conversation, Standing, Thread};
use threadline_core::customer::{Customer, Identity};
use threadline_core::ids::{ConversationId, DeskName, Moment};
use threadline_core::verb::Names;
use threadline_slack::format;

/// Divides the text into what the browser says; no character of a text.
const NEXT: char = '\u{1}';
/// Slack's own bounds (Block Kit reference): blocks of a message, a header, a section's field.
const BLOCKS_MAX: usize = 50;
const HEADER_CHARS_MAX: usize = 150;
const FIELD_CHARS_MAX: usize = 2_000;
/// Where the operator's link leads, whatever the value.
const CAMPAIGNS: &str = "https://app.example.com/campaigns/";

/// Checks the card of whatever was said, part by part.
pub fn card(text: &str) {
    let mut parts = text.split(NEXT).map(str::to_string);
    let mut next = || parts.next();
    let name = next();
    let speaker = format::speaker(name.as_deref().unwrap_or_default());
    assert!(!speaker.contains(['@', '<', '>', '&', '#', ':', '*', '`', '|', '\n']), "{speaker:?}");
    assert!(!speaker.trim().is_empty() && speaker.chars().count() <= 80, "{speaker:?} (Slack: 80 characters)");
    let customer = Customer { name, email: next(), identity: Identity::Unproven };
    let page = Page::described(next(), next(), next());
    let said = ["campaign_id", "plan"].into_iter().map(|key| (key.to_string(), next()));
    let facts = Facts::default().after(said).unwrap_or_default();
    for (_, value) in facts.iter() {
        assert!(!value.contains(char::is_control) && value.trim() == value && !value.is_empty(), "{value:?}");
    }
    let fields = [Field {
        id: "steps".into(),
        label: "Steps".into(),
        help: None,
        kind: FieldKind::Text,
        required: false,
        pattern: None,
        error: None,
    }];
    let said = ["steps", "unasked"].into_iter().filter_map(|id| Some((id.to_string(), next()?))).collect();
    let answers = answers(&fields, said).unwrap_or_default();
    let context = Context {
        page,
        facts,
        answers,
        device: Device::of(&next().unwrap_or_default()),
        language: next().and_then(|tag| Language::parse(&tag)),
        zone: next().and_then(|name| zone(&name)),
    };
    let plan = CardPlan {
        topics: vec![CardTopic { id: "technical".into(), label: "Technical Issues".into(), fields: fields.to_vec() }],
        facts: vec![CardFact {
            key: "campaign_id".into(),
            label: "Campaign".into(),
            link: Link::new(&format!("{CAMPAIGNS}{{campaign_id}}?plan={{plan}}")).ok(),
            pattern: Pattern::new(".*").ok(),
        }],
        vouches: true,
    };
    let sent = format::card(&plan.card(&head(customer), &context, &Names::default()));
    is_escaped(sent["text"].as_str().unwrap_or_default());
    let blocks = sent["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert!(!blocks.is_empty() && blocks.len() <= BLOCKS_MAX, "{} blocks", blocks.len());
    let header = blocks[0]["text"]["text"].as_str().unwrap_or_default();
    assert!((1..=HEADER_CHARS_MAX).contains(&header.chars().count()), "{header:?}");
    blocks.iter().for_each(is_calm);
}

/// Text objects are plain, or mrkdwn of ours in which Slack finds nothing by itself.
fn is_calm(value: &Value) {
    let text = value["text"].as_str().unwrap_or_default();
    match value["type"].as_str() {
        Some("mrkdwn") => {
            assert_eq!(value["verbatim"], true, "{value}");
            assert!((1..=FIELD_CHARS_MAX).contains(&text.chars().count()), "{value}");
            links_are_ours(text);
        }
        Some("plain_text" | "text") => {
            assert!(!text.is_empty(), "{value}");
            assert!(value["type"] == "text" || value["emoji"] == false, "{value}");
        }
        Some("user" | "usergroup" | "broadcast" | "channel" | "emoji" | "link") => panic!("{value} is more than text"),
        Some(_) | None => {}
    }
    match value {
        Value::Array(items) => items.iter().for_each(is_calm),
        Value::Object(fields) => fields.values().filter(|field| !field.is_string()).for_each(is_calm),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One link at most, behind its label, and to a page of the web; the operator's to his own host.
fn links_are_ours(text: &str) {
    let (before, rest) = text.split_once('<').unwrap_or((text, ""));
    is_escaped(before);
    let Some((href, rest)) = rest.split_once('|') else { return assert_eq!(rest, "", "{text:?}") };
    let (shown, after) = rest.split_once('>').expect("a link ends");
    assert!(href.starts_with("http") || href.starts_with("HTTP"), "{text:?}");
    assert!(!text.starts_with("*Campaign*") || href.starts_with(CAMPAIGNS), "{text:?}");
    [href, shown, after].into_iter().for_each(is_escaped);
    assert_eq!(after, "", "{text:?}");
}

fn head(customer: Customer) -> Conversation {
    let at = Moment(1_767_225_600_000);
    let desk = DeskName("support".into());
    let opened = Conversation::opened(ConversationId(7), 1042, customer, "technical".into(), desk, at);
    Conversation { thread: Thread::Wanted, standing: Standing::AwaitingAgent { since: at }, ..opened }
}
