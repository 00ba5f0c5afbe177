//! The card at the root of a conversation's thread: what an agent has to know before he answers,
//! described once and laid out by each desk in its own way. Every value in it is customer text and
//! is shown as text; the labels are the operator's, so nothing that a customer sends can look like
//! something that we say.

use crate::body::safe_href;
use crate::context::{Context, Field, FieldKind, Link, Pattern, URL_CHARS_MAX, one_line};
use crate::conversation::{Conversation, Standing};
use crate::customer::Identity;
use crate::ids::{ConversationId, Moment};
use crate::ticket::Priority;
use crate::verb::{Names, Offered, offered};
use crate::words;
use chrono::{DateTime, Offset};

/// Longest value that stands among the fields, in characters; a longer one is cut there, or has a
/// place of its own if it is an answer.
const VALUE_CHARS_MAX: usize = 160;
/// Longest address that is shown, in characters; the link goes to the whole of it.
const SHOWN_URL_CHARS_MAX: usize = 80;
/// Most fields of a card: two of Slack's sections (Block Kit reference, `section`: 10 fields).
pub const FIELDS_MAX: usize = 20;
/// Facts without a label that are shown.
const ALSO_MAX: usize = 10;
/// Longest value of these, in characters.
const ALSO_CHARS_MAX: usize = 60;

/// The root of a conversation's thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Whose.
    pub conversation: ConversationId,
    /// `#1042`.
    pub number: i64,
    /// The topic's label.
    pub topic: String,
    /// Whose turn it is.
    pub standing: Standing,
    /// What was promised to the customer: what goes first, and by when he has an answer while he waits.
    pub ticket: Option<(Priority, Option<Moment>)>,
    /// The name of the agent who has it.
    pub holder: Option<String>,
    /// What makes sense to do to it now.
    pub offered: Offered,
    /// Short values with their labels, at most [`FIELDS_MAX`].
    pub fields: Vec<CardField>,
    /// Long answers, each with its label.
    pub texts: Vec<(String, String)>,
    /// Facts that the configuration has no label for, as the site's page said them.
    pub also: Vec<(String, String)>,
    /// Browser, language and local time, as far as they are known.
    pub surroundings: Vec<String>,
    /// True when an earlier thread of this conversation was deleted.
    pub continued: bool,
}

/// A short value with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardField {
    /// The operator's words, or ours.
    pub label: String,
    /// The customer's.
    pub value: CardValue,
}

/// A value as a card shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardValue {
    /// Text.
    Text(String),
    /// Text that is a link.
    Link {
        /// Where it goes.
        href: String,
        /// What is shown.
        text: String,
    },
    /// A page: its title, if it has one, and its address, which is the link. The customer's browser
    /// says what it is called, so the link says nothing but where it goes.
    Page {
        /// Its title.
        title: Option<String>,
        /// Its address.
        href: String,
        /// The address as it is shown.
        shown: String,
    },
    /// Text that does not have the form that it should have: marked, and never a link.
    Odd(String),
}

/// What the configuration says about cards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardPlan {
    /// The topics.
    pub topics: Vec<CardTopic>,
    /// The facts that have a label, in the order of the card.
    pub facts: Vec<CardFact>,
    /// True when the site can vouch for its customers, so that it means something when it has not.
    pub vouches: bool,
}

/// A topic as a card names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardTopic {
    /// Its id.
    pub id: String,
    /// What people read.
    pub label: String,
    /// What it asks for.
    pub fields: Vec<Field>,
}

/// A fact that the card shows under a label; an answer to a field of the same name is shown so too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFact {
    /// Its key.
    pub key: String,
    /// What agents read.
    pub label: String,
    /// Where it leads.
    pub link: Option<Link>,
    /// The form that it has.
    pub pattern: Option<Pattern>,
}

impl CardPlan {
    /// The label of a topic; its id, when it has left the configuration.
    pub fn topic_label<'a>(&'a self, id: &'a str) -> &'a str {
        self.topics.iter().find(|topic| topic.id == id).map_or(id, |topic| &topic.label)
    }

    /// The card of a conversation as it stands now.
    pub fn card(&self, head: &Conversation, context: &Context, names: &Names) -> Card {
        let mut card = Card {
            conversation: head.id,
            number: head.number,
            topic: self.topic_label(&head.topic).to_string(),
            standing: head.standing.clone(),
            ticket: head.ticket.map(|ticket| (ticket.priority, head.answer_due())),
            holder: head.claimed_by.as_ref().map(|agent| agent.name.clone()),
            offered: offered(&head.standing, head.claimed_by.is_some(), names),
            fields: Vec::new(),
            texts: Vec::new(),
            also: Vec::new(),
            surroundings: surroundings(context, head.created_at),
            continued: head.continued,
        };
        for (label, said) in [("Customer", &head.customer.name), ("Email", &head.customer.email)] {
            let value = said.as_deref().map(|said| CardValue::Text(cut(said, VALUE_CHARS_MAX)));
            card.fields.extend(value.map(|value| CardField { label: label.to_string(), value }));
        }
        if self.vouches || head.customer.identity != Identity::Unproven {
            let value = CardValue::Text(words::identity(&head.customer));
            card.fields.push(CardField { label: words::IDENTITY.to_string(), value });
        }
        self.answers(head, context, &mut card);
        self.facts(context, &mut card);
        card.fields.extend(page(context));
        card.fields.extend(referrer(context));
        card.fields.truncate(FIELDS_MAX);
        card
    }

    fn answers(&self, head: &Conversation, context: &Context, card: &mut Card) {
        let fields = self.topics.iter().find(|topic| topic.id == head.topic).map_or(&[][..], |topic| &topic.fields);
        for answer in &context.answers {
            let field = fields.iter().find(|field| field.id == answer.field);
            // What a page sends that asks for something else must not look like a label of the operator's.
            let label = field.map_or_else(|| format!("Answer to “{}”", answer.field), |field| field.label.clone());
            let is_long = answer.text.contains('\n') || answer.text.chars().count() > VALUE_CHARS_MAX;
            if is_long || field.is_some_and(|field| field.kind == FieldKind::Text) {
                card.texts.push((label, answer.text.clone()));
            } else {
                let value = self.value(&answer.field, &answer.text, context);
                card.fields.push(CardField { label, value });
            }
        }
    }

    fn facts(&self, context: &Context, card: &mut Card) {
        for fact in &self.facts {
            let Some(value) = context.facts.of(&fact.key).filter(|value| answered(context, &fact.key) != Some(value))
            else {
                continue;
            };
            let value = self.value(&fact.key, value, context);
            card.fields.push(CardField { label: fact.label.clone(), value });
        }
        let also = context.facts.iter().filter(|(key, value)| {
            answered(context, key) != Some(value) && !self.facts.iter().any(|fact| fact.key == *key)
        });
        card.also = also.take(ALSO_MAX).map(|(key, value)| (key.to_string(), cut(value, ALSO_CHARS_MAX))).collect();
    }

    /// A value as the fact of this key says: a link when it has the form, marked when it has not.
    fn value(&self, key: &str, value: &str, context: &Context) -> CardValue {
        let text = cut(value, VALUE_CHARS_MAX);
        let Some(fact) = self.facts.iter().find(|fact| fact.key == key) else { return CardValue::Text(text) };
        if !fits(fact, value) {
            return CardValue::Odd(text);
        }
        // Other values in the link must have their form too.
        let in_link = |other: &str| {
            if other == key {
                return Some(value);
            }
            let value = answered(context, other).or_else(|| context.facts.of(other))?;
            let fact = self.facts.iter().find(|fact| fact.key == other);
            fact.is_none_or(|fact| fits(fact, value)).then_some(value)
        };
        match fact.link.as_ref().and_then(|link| link.href(in_link)) {
            Some(href) => CardValue::Link { href, text },
            None => CardValue::Text(text),
        }
    }
}

impl Card {
    /// The card with nothing in it that the customer said, for a desk that refuses the whole one.
    pub fn bare(self) -> Card {
        Card { fields: Vec::new(), texts: Vec::new(), also: Vec::new(), surroundings: Vec::new(), ..self }
    }

    /// `#1042 · Billing Questions`.
    pub fn title(&self) -> String {
        format!("#{} · {}", self.number, self.topic)
    }

    /// Facts without a label in one line; none when there are none.
    pub fn also_line(&self) -> Option<String> {
        let pairs: Vec<String> = self.also.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        (!pairs.is_empty()).then(|| format!("From the page: {}", pairs.join(", ")))
    }

    /// Browser, language and local time in one line; none when nothing is known.
    pub fn surroundings_line(&self) -> Option<String> {
        (!self.surroundings.is_empty()).then(|| self.surroundings.join(" · "))
    }
}

fn answered<'a>(context: &'a Context, key: &str) -> Option<&'a str> {
    context.answers.iter().find(|answer| answer.field == key).map(|answer| answer.text.as_str())
}

fn fits(fact: &CardFact, value: &str) -> bool {
    fact.pattern.as_ref().is_none_or(|pattern| pattern.fits(value))
}

fn page(context: &Context) -> Option<CardField> {
    let title = context.page.title.as_deref().map(|title| cut(title, VALUE_CHARS_MAX));
    let value = match context.page.url.as_deref().and_then(linkable) {
        Some(url) => CardValue::Page { title, href: url.to_string(), shown: cut(url, SHOWN_URL_CHARS_MAX) },
        None => CardValue::Text(title?),
    };
    Some(CardField { label: "Page".to_string(), value })
}

/// Where the customer came from, if that was another website.
fn referrer(context: &Context) -> Option<CardField> {
    let referrer = linkable(context.page.referrer.as_deref()?)?;
    if context.page.url.as_deref().is_some_and(|page| origin(page) == origin(referrer)) {
        return None;
    }
    let shown = cut(referrer, SHOWN_URL_CHARS_MAX);
    let value = CardValue::Page { title: None, href: referrer.to_string(), shown };
    Some(CardField { label: "Came from".to_string(), value })
}

fn linkable(url: &str) -> Option<&str> {
    safe_href(url).filter(|url| url.chars().count() <= URL_CHARS_MAX)
}

fn origin(url: &str) -> &str {
    let host_at = url.find("://").map_or(0, |at| at + 3);
    let end = url[host_at..].find(['/', '?', '#']).map_or(url.len(), |at| host_at + at);
    &url[..end]
}

fn surroundings(context: &Context, opened_at: Moment) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(context.device.words());
    words.extend(context.language.as_ref().map(|language| language.words()));
    if let (Some(zone), Some(opened)) = (context.zone, DateTime::from_timestamp_millis(opened_at.0)) {
        let local = opened.with_timezone(&zone);
        let minutes = local.offset().fix().local_minus_utc() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        let minutes = if minutes == 0 { String::new() } else { format!(":{minutes:02}") };
        words.push(format!("began {} local time ({zone}, UTC{sign}{hours}{minutes})", local.format("%a %H:%M")));
    }
    words
}

/// One line, cut to a bound.
fn cut(text: &str, chars_max: usize) -> String {
    let line = one_line(text);
    if line.chars().count() <= chars_max {
        return line;
    }
    line.chars().take(chars_max - 1).collect::<String>() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Answer, Device, Facts, Language, Page, Tz};
    use crate::conversation::Thread;
    use crate::customer::{Customer, Introduction, Proof};
    use crate::ids::{CustomerId, DeskName};
    use expect_test::{Expect, expect};

    /// 2026-01-01T13:05Z, a Thursday.
    const THURSDAY: Moment = Moment(1_767_272_700_000);

    fn head() -> Conversation {
        let customer =
            Customer { name: Some("Ada".into()), email: Some("ada@example.com".into()), identity: Identity::Unproven };
        let desk = DeskName("support".into());
        let opened = Conversation::opened(ConversationId(7), 1042, customer, "technical".into(), desk, THURSDAY);
        Conversation { thread: Thread::Wanted, ..opened }
    }

    fn facts(said: &[(&str, &str)]) -> Facts {
        Facts::default().after(said.iter().map(|(key, value)| (key.to_string(), Some(value.to_string())))).unwrap()
    }

    fn answer(field: &str, text: &str) -> Answer {
        Answer { field: field.into(), text: text.into() }
    }

    fn field(id: &str, label: &str, kind: FieldKind) -> Field {
        Field { id: id.into(), label: label.into(), help: None, kind, required: false, pattern: None, error: None }
    }

    fn plan() -> CardPlan {
        let fact = |key: &str, label: &str, link: Option<&str>, pattern: Option<&str>| CardFact {
            key: key.into(),
            label: label.into(),
            link: link.map(|link| Link::new(link).unwrap()),
            pattern: pattern.map(|pattern| Pattern::new(pattern).unwrap()),
        };
        let fields =
            vec![field("campaign_id", "Campaign ID", FieldKind::Line), field("steps", "Steps", FieldKind::Text)];
        CardPlan {
            vouches: false,
            topics: vec![CardTopic { id: "technical".into(), label: "Technical Issues".into(), fields }],
            facts: vec![
                fact("plan", "Plan", None, None),
                fact(
                    "campaign_id",
                    "Campaign",
                    Some("https://app.example.com/campaigns/{campaign_id}"),
                    Some("cp\\d+"),
                ),
                fact("tx", "Transaction", Some("https://app.example.com/{campaign_id}/{tx}"), None),
            ],
        }
    }

    fn check(context: Context, expected: Expect) {
        expected.assert_eq(&shown(&plan().card(&head(), &context, &Names::default())));
    }

    fn shown(card: &Card) -> String {
        let mut lines = vec![card.title()];
        for CardField { label, value } in &card.fields {
            lines.push(match value {
                CardValue::Text(text) => format!("{label}: {text}"),
                CardValue::Link { href, text } => format!("{label}: [{text}]({href})"),
                CardValue::Page { title, href, shown } => format!("{label}: {title:?} [{shown}]({href})"),
                CardValue::Odd(text) => format!("{label}: {text} ({})", words::ODD),
            });
        }
        lines.extend(card.texts.iter().map(|(label, text)| format!("{label}:\n{text}")));
        lines.extend(card.also_line());
        lines.extend(card.surroundings_line());
        lines.join("\n") + "\n"
    }

    #[test]
    fn everything_that_is_known_has_its_place() {
        let context = Context {
            page: Page {
                url: Some("https://shop.example.com/exports?id=7".into()),
                title: Some("Exports".into()),
                referrer: Some("https://news.example.com/a".into()),
            },
            device: Device { browser: Some("Firefox 139".into()), system: Some("Windows".into()) },
            language: Language::parse("de-AT"),
            zone: Some(Tz::Asia__Kolkata),
            facts: facts(&[("plan", "pro"), ("campaign_id", "cp100"), ("tx", "t/1"), ("cart", "3 items")]),
            answers: vec![answer("campaign_id", "cp100"), answer("steps", "open it")],
        };
        check(
            context,
            expect![[r#"
                #1042 · Technical Issues
                Customer: Ada
                Email: ada@example.com
                Campaign ID: [cp100](https://app.example.com/campaigns/cp100)
                Plan: pro
                Transaction: [t/1](https://app.example.com/cp100/t%2F1)
                Page: Some("Exports") [https://shop.example.com/exports?id=7](https://shop.example.com/exports?id=7)
                Came from: None [https://news.example.com/a](https://news.example.com/a)
                Steps:
                open it
                From the page: cart = 3 items
                Firefox 139 on Windows · German (AT) · began Thu 18:35 local time (Asia/Kolkata, UTC+5:30)
            "#]],
        );
    }

    #[test]
    fn who_vouches_for_the_customer_is_said_where_it_can_be_known() {
        let card = |vouches: bool, customer: Customer| {
            let card = CardPlan { vouches, ..plan() }.card(
                &Conversation { customer, ..head() },
                &Context { facts: facts(&[("identity", "verified")]), ..Context::default() },
                &Names::default(),
            );
            shown(&card)
        };
        let ada = Proof { id: CustomerId("u-7".into()), name: None, email: Some("ada@example.com".into()) };
        let signed = head().customer.after(Introduction { proof: Some(ada), ..Introduction::default() }).unwrap();
        expect![[r#"
            #1042 · Technical Issues
            Customer: Ada
            Email: ada@example.com
            Identity: not verified
            From the page: identity = verified
            #1042 · Technical Issues
            Customer: Ada
            Email: ada@example.com
            Identity: verified: u-7 (name as typed)
            From the page: identity = verified
        "#]]
        .assert_eq(&(card(true, head().customer) + &card(true, signed.clone())));
        assert_eq!(card(true, signed.clone()), card(false, signed));
        assert!(!card(false, head().customer).contains("Identity"));
    }

    #[test]
    fn what_is_not_known_is_not_there() {
        let bare = Conversation { customer: Customer::default(), topic: "gone".into(), ..head() };
        expect![[r#"
            #1042 · gone
        "#]]
        .assert_eq(&shown(&plan().card(&bare, &Context::default(), &Names::default())));
    }

    #[test]
    fn a_value_without_its_form_is_marked_and_leads_nowhere() {
        let context = Context {
            facts: facts(&[("campaign_id", "Summer sale"), ("tx", "t1")]),
            page: Page { url: Some("javascript:alert(1)".into()), ..Page::default() },
            ..Context::default()
        };
        check(
            context,
            expect![[r#"
                #1042 · Technical Issues
                Customer: Ada
                Email: ada@example.com
                Campaign: Summer sale (not the usual form)
                Transaction: t1
            "#]],
        );
    }

    #[test]
    fn what_the_customer_answers_and_what_the_site_says_may_differ() {
        let context = Context {
            facts: facts(&[("campaign_id", "cp200")]),
            answers: vec![answer("campaign_id", "cp100"), answer("order", "7")],
            page: Page {
                url: Some("https://shop.example.com/b".into()),
                referrer: Some("https://shop.example.com/a".into()),
                ..Page::default()
            },
            zone: Some(Tz::America__New_York),
            ..Context::default()
        };
        check(
            context,
            expect![[r#"
                #1042 · Technical Issues
                Customer: Ada
                Email: ada@example.com
                Campaign ID: [cp100](https://app.example.com/campaigns/cp100)
                Answer to “order”: 7
                Campaign: [cp200](https://app.example.com/campaigns/cp200)
                Page: None [https://shop.example.com/b](https://shop.example.com/b)
                began Thu 08:05 local time (America/New_York, UTC-5)
            "#]],
        );
    }

    #[test]
    fn a_card_is_bounded_whatever_is_said() {
        let answers = (0..20).map(|n| answer(&format!("f{n}"), &"x".repeat(200))).collect();
        let many: Vec<(String, Option<String>)> = (0..30).map(|n| (format!("k{n}"), Some("y".repeat(130)))).collect();
        let context = Context { answers, facts: Facts::default().after(many).unwrap(), ..Context::default() };
        let card = plan().card(&head(), &context, &Names::default());
        assert_eq!((card.fields.len(), card.texts.len(), card.also.len()), (2, 20, ALSO_MAX));
        assert!(card.also.iter().all(|(_, value)| value.chars().count() == ALSO_CHARS_MAX));
    }
}
