//! What customers choose from and are asked for (`[[topic]]`, `[[topic.field]]`), and which facts of
//! the site's the card shows under which label (`[[context]]`).

use super::document::{Document, Found, Place, Table};
use super::sections::{Choice, LABEL_CHARS_MAX, is_name, known_desk};
use super::{Fact, Topic, calendar};
use threadline_core::availability::{OpenWhen, PROMISE_DAYS_MAX, PROMISE_HOURS_MAX, Promise};
use threadline_core::context::{
    ANSWER_CHARS_MAX, FACT_KEY_CHARS_MAX, Field, FieldKind, Link, PATTERN_CHARS_MAX, Pattern, SIGNED_KEY,
    URL_CHARS_MAX, is_fact_key,
};
use threadline_core::ticket::Policy;

/// More topics than this are not chosen from but searched through.
const TOPICS_MAX: usize = 50;
/// More questions than this nobody answers who wants help.
const FIELDS_MAX: usize = 10;
/// More labels than this are more than a card shows.
const FACTS_MAX: usize = 20;
/// A hint is read beside the question, so it stays short.
const HELP_CHARS_MAX: usize = 300;
/// More choices than this are not chosen from but searched through.
const CHOICES_MAX: usize = 50;

pub(super) struct ReadTopic {
    id: Found<String>,
    label: String,
    desk: Option<Found<String>>,
    calendar: Option<Found<String>>,
    policy: ReadPolicy,
    fields: Vec<Field>,
}

pub(super) fn topic(document: &Document<'_>, table: &Table<'_>) -> Option<ReadTopic> {
    let (id, label) = (table.text("id"), table.text_within("label", 1..=LABEL_CHARS_MAX));
    let (desk, calendar) = (table.text("desk"), table.text("calendar"));
    let policy = ReadPolicy::new(document, table);
    for (key, example) in [("id", "\"billing\""), ("label", "\"Billing Questions\"")] {
        if !table.has(key) {
            document.problem(&table.place_of(key), format!("is missing; every topic has one, such as {example}"));
        }
    }
    let fields = table.listed_tables("field", |table| field(document, table)).unwrap_or_default();
    if fields.len() > FIELDS_MAX {
        let what = format!("a topic can have up to {FIELDS_MAX} fields, not {}", fields.len());
        document.problem(&table.place_of("field"), what);
    }
    let fields = unlike(document, "field of this topic", fields.into_iter().flatten());
    let id = id.filter(|id| is_name(document, id))?;
    Some(ReadTopic { id, label: label?.value, desk, calendar, policy, fields })
}

/// What a table promises; what it does not say, another does.
pub(super) struct ReadPolicy {
    open_when: Option<OpenWhen>,
    answer_within: Option<Promise>,
    urgent_within: Option<Promise>,
    high_within: Option<Promise>,
    low_within: Option<Promise>,
    respond_within: Option<Promise>,
    ticket_after: Option<Promise>,
    ticket_when_left: Option<Promise>,
}

impl ReadPolicy {
    pub fn new(document: &Document<'_>, table: &Table<'_>) -> ReadPolicy {
        let promise = |key| promise(document, table, key);
        ReadPolicy {
            open_when: table.choice("open_when", &OpenWhen::ALL).map(|found| found.value),
            answer_within: promise("answer_within"),
            urgent_within: promise("answer_urgent_within"),
            high_within: promise("answer_high_within"),
            low_within: promise("answer_low_within"),
            respond_within: promise("respond_within"),
            ticket_after: promise("ticket_after"),
            ticket_when_left: promise("ticket_when_left"),
        }
    }

    pub fn over(self, other: &Policy) -> Policy {
        Policy {
            open_when: self.open_when.unwrap_or(other.open_when),
            answer_within: self.answer_within.unwrap_or(other.answer_within),
            urgent_within: self.urgent_within.or(other.urgent_within),
            high_within: self.high_within.or(other.high_within),
            low_within: self.low_within.or(other.low_within),
            respond_within: self.respond_within.or(other.respond_within),
            ticket_after: self.ticket_after.or(other.ticket_after),
            ticket_when_left: self.ticket_when_left.or(other.ticket_when_left),
        }
    }
}

/// The time that the table gives under this key, if it gives one.
pub(super) fn promise(document: &Document<'_>, table: &Table<'_>, key: &'static str) -> Option<Promise> {
    let found = table.text(key)?;
    let promise = Promise::parse(&found.value);
    if promise.is_none() {
        let what = format!(
            "must be a time such as \"30 minutes\", \"4 hours\" (up to {PROMISE_HOURS_MAX}) or \"1 business day\" (up to \
             {PROMISE_DAYS_MAX}), counted while business is open, is {:?}",
            found.value
        );
        document.problem(&found.place, what);
    }
    promise
}

/// The topics as configured, or a newcomer's; each with its desk and its calendar.
pub(super) fn place_topics(
    document: &Document<'_>,
    root: &Table<'_>,
    topics: Option<Vec<Option<ReadTopic>>>,
    choice: &Choice<'_>,
) -> Option<Vec<Topic>> {
    let Some(topics) = topics else {
        return newcomers_topics(choice);
    };
    if topics.is_empty() || topics.len() > TOPICS_MAX {
        document
            .problem(&root.place_of("topic"), format!("there can be 1 to {TOPICS_MAX} topics, not {}", topics.len()));
    }
    let mut ids: Vec<String> = Vec::new();
    let placed: Vec<Option<Topic>> = (topics.into_iter().flatten())
        .map(|topic| {
            if ids.contains(&topic.id.value) {
                document.problem(&topic.id.place, format!("another topic has the id {:?} already", topic.id.value));
            }
            ids.push(topic.id.value.clone());
            let desk = match topic.desk {
                Some(named) => known_desk(document, named, choice.desks),
                None => choice.default_desk.cloned(),
            };
            let calendar = match topic.calendar {
                Some(named) => calendar::known(document, named, choice.calendars),
                None => choice.default_calendar.cloned(),
            };
            let (id, label, fields) = (topic.id.value, topic.label, topic.fields);
            let policy = topic.policy.over(&choice.policy);
            let (desk, calendar) = (desk?, calendar?);
            Some(Topic { id, label, desk, fields, calendar, policy })
        })
        .collect();
    placed.into_iter().collect()
}

/// The topics of a configuration that names none.
fn newcomers_topics(choice: &Choice<'_>) -> Option<Vec<Topic>> {
    let (desk, calendar) = (choice.default_desk?, choice.default_calendar?);
    let line = |id: &str, label: &str, help: &str| asked(id, label, Some(help), FieldKind::Line);
    let text = |id: &str, label: &str| asked(id, label, None, FieldKind::Text);
    let campaign = || line("campaign_id", "Campaign ID", "For example cp100; we use the id, not the name.");
    let transaction = || line("transaction_id", "Transaction ID", "If it is about one transaction.");
    let of_technical = vec![
        campaign(),
        transaction(),
        asked("error", "The exact error", Some("Copied from the screen, if you can."), FieldKind::Text),
        text("steps", "What did you do, step by step?"),
        text("expected", "What did you expect?"),
        text("actual", "What happened instead?"),
    ];
    let topics = [
        ("campaign-setup", "Campaign Setup", vec![campaign()]),
        ("technical-issues", "Technical Issues", of_technical),
        ("billing-questions", "Billing Questions", vec![campaign(), transaction()]),
        ("platform-navigation", "Platform Navigation", Vec::new()),
        ("other", "Other", Vec::new()),
    ];
    let of_newcomer = |(id, label, fields): (&str, &str, Vec<Field>)| Topic {
        id: id.to_owned(),
        label: label.to_owned(),
        desk: desk.clone(),
        fields,
        calendar: calendar.clone(),
        policy: choice.policy,
    };
    Some(topics.map(of_newcomer).to_vec())
}

fn asked(id: &str, label: &str, help: Option<&str>, kind: FieldKind) -> Field {
    Field {
        id: id.to_owned(),
        label: label.to_owned(),
        help: help.map(str::to_owned),
        kind,
        required: false,
        pattern: None,
        error: None,
    }
}

fn field(document: &Document<'_>, table: &Table<'_>) -> Option<(Found<String>, Field)> {
    let id = key(document, table, "id", "campaign_id");
    let label = label(document, table, "Campaign ID");
    let help = table.text_within("help", 1..=HELP_CHARS_MAX).map(|found| found.value);
    let error = table.text_within("error", 1..=HELP_CHARS_MAX).map(|found| found.value);
    let pattern = pattern(document, table);
    let required = table.flag("required").is_some_and(|found| found.value);
    let kind = kind(document, table);
    if error.is_some() && !table.has("pattern") {
        document.problem(&table.place_of("error"), "is said of an answer that does not fit the pattern; add a pattern");
    }
    let id = id?;
    let field = Field { id: id.value.clone(), label: label?, help, kind: kind?, required, pattern: pattern?, error };
    Some((id, field))
}

fn kind(document: &Document<'_>, table: &Table<'_>) -> Option<FieldKind> {
    #[derive(Clone, Copy)]
    enum Kind {
        Line,
        Text,
        Choice,
    }
    let kinds = [("line", Kind::Line), ("text", Kind::Text), ("choice", Kind::Choice)];
    let kind = if table.has("kind") { table.choice("kind", &kinds)?.value } else { Kind::Line };
    let choices = table.texts("choices");
    match (kind, choices) {
        (Kind::Choice, Some(choices)) => {
            let wrong = choices.iter().find(|found| {
                let text = found.value.as_str();
                text.is_empty()
                    || text.chars().count() > LABEL_CHARS_MAX
                    || threadline_core::context::one_line(text) != text
            });
            if let Some(found) = wrong {
                let what = format!("a choice is one line of 1 to {LABEL_CHARS_MAX} characters, not {:?}", found.value);
                document.problem(&found.place, what);
            }
            if choices.is_empty() || choices.len() > CHOICES_MAX {
                let what = format!("there can be 1 to {CHOICES_MAX} choices, not {}", choices.len());
                document.problem(&table.place_of("choices"), what);
            }
            Some(FieldKind::Choice(choices.into_iter().map(|found| found.value).collect()))
        }
        (Kind::Choice, None) => {
            if !table.has("choices") {
                let what = "is missing; a field of kind \"choice\" has some, such as [\"Yes\", \"No\"]";
                document.problem(&table.place_of("choices"), what);
            }
            None
        }
        (Kind::Line | Kind::Text, Some(_)) => {
            document.problem(&table.place_of("choices"), "belongs to a field of kind = \"choice\"");
            None
        }
        (Kind::Line, None) => Some(FieldKind::Line),
        (Kind::Text, None) => Some(FieldKind::Text),
    }
}

pub(super) fn fact(document: &Document<'_>, table: &Table<'_>) -> Option<(Found<String>, Fact)> {
    let key = key(document, table, "key", "campaign_id");
    if let Some(found) = key.as_ref().filter(|found| found.value == SIGNED_KEY) {
        document.problem(&found.place, "what the site signs is never shown; see [identity]");
    }
    let label = label(document, table, "Campaign");
    let pattern = pattern(document, table);
    let link = match table.text_within("link", 1..=URL_CHARS_MAX) {
        None => Some(None),
        Some(found) => match Link::new(&found.value) {
            Ok(link) if key.as_ref().is_some_and(|key| !link.has(&key.value)) => {
                document.problem(&found.place, "the link has no place for this key's own value, such as {campaign_id}");
                None
            }
            Ok(link) => Some(Some(link)),
            Err(why) => {
                document.problem(&found.place, format!("the link {why}"));
                None
            }
        },
    };
    let key = key?;
    let fact = Fact { key: key.value.clone(), label: label?, link: link?, pattern: pattern? };
    Some((key, fact))
}

/// The facts that have a label, each once.
pub(super) fn labelled_facts(
    document: &Document<'_>,
    root: &Table<'_>,
    facts: Vec<(Found<String>, Fact)>,
) -> Vec<Fact> {
    if facts.len() > FACTS_MAX {
        let what = format!("there can be up to {FACTS_MAX} of them, not {}", facts.len());
        document.problem(&root.place_of("context"), what);
    }
    unlike(document, "[[context]]", facts.into_iter())
}

/// None when it is missing or wrong.
fn key(document: &Document<'_>, table: &Table<'_>, name: &'static str, example: &str) -> Option<Found<String>> {
    if !table.has(name) {
        document.problem(&table.place_of(name), format!("is missing; it is a name such as \"{example}\""));
    }
    let found = table.text(name)?;
    if !is_fact_key(&found.value) {
        let what = format!(
            "a key is 1 to {FACT_KEY_CHARS_MAX} of the letters a-z, digits and _, and begins with a letter, not {:?}",
            found.value
        );
        document.problem(&found.place, what);
        return None;
    }
    Some(found)
}

fn label(document: &Document<'_>, table: &Table<'_>, example: &str) -> Option<String> {
    if !table.has("label") {
        document
            .problem(&table.place_of("label"), format!("is missing; it is what people read, such as \"{example}\""));
    }
    table.text_within("label", 1..=LABEL_CHARS_MAX).map(|found| found.value)
}

/// None when it is wrong; nothing in it when there is none.
fn pattern(document: &Document<'_>, table: &Table<'_>) -> Option<Option<Pattern>> {
    if !table.has("pattern") {
        let _ = table.text("pattern");
        return Some(None);
    }
    let found = table.text_within("pattern", 1..=PATTERN_CHARS_MAX)?;
    match Pattern::new(&found.value) {
        Ok(pattern) => Some(Some(pattern)),
        Err(why) => {
            document.problem(&found.place, format!("the pattern {why}"));
            None
        }
    }
}

/// All of them, after noting those whose key there was before.
fn unlike<T>(document: &Document<'_>, what: &str, all: impl Iterator<Item = (Found<String>, T)>) -> Vec<T> {
    let mut keys: Vec<(String, Place)> = Vec::new();
    let noted = all.map(|(key, it)| {
        if keys.iter().any(|(known, _)| *known == key.value) {
            document.problem(&key.place, format!("another {what} has the name {:?} already", key.value));
        }
        keys.push((key.value, key.place));
        it
    });
    noted.collect()
}

const _: () = assert!(ANSWER_CHARS_MAX > LABEL_CHARS_MAX, "a choice is an answer");
