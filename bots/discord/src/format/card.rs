//! A card on Discord: the title and how it stands, short values side by side, long answers each for
//! itself, and the small print. Values are escaped, so that an agent reads what the customer wrote; only
//! what the configuration makes a link is one.

use super::{base, clean_line, cut, escape, json_of, link, marked_card, moment, nonce};
use crate::buttons;
use crate::config::Threads;
use crate::ids::Id;
use serde_json::Value;
use serenity::builder::{CreateAllowedMentions, CreateEmbed, CreateEmbedFooter, CreateMessage, EditMessage};
use threadline_core::card::{Card, CardField, CardValue};
use threadline_core::conversation::Standing;
use threadline_core::words::{self, CONTINUED, ODD};

/// Longest name of a field, before it is escaped (docs, "Embed Limits": 256).
const NAME_CHARS_MAX: usize = 120;
/// Longest value of a field, before it is escaped (the same: 1,024).
const VALUE_CHARS_MAX: usize = 500;
/// Longest value with its marks.
const VALUE_UNITS_MAX: usize = 1_024;
/// All embeds of a message together (the same: 6,000), with room for what has limits of its own.
const ALL_UNITS_MAX: usize = 5_600;
/// Most fields of an embed (the same).
const FIELDS_MAX: usize = 25;
/// Longest footer that is shown.
const FOOTER_CHARS_MAX: usize = 800;
/// The bar beside a card.
const CARD_COLOUR: u32 = 0x6b_7280;

/// The card as a message in this thread, in place of an earlier one that was deleted. The role, if one is
/// named, is called into the thread by it.
pub fn card(thread: Id, card: &Card, team: Option<Id>, earlier: Option<Id>) -> Value {
    let earlier = earlier.map(|earlier| format!("/{earlier}")).unwrap_or_default();
    let nonce = nonce(thread, &format!("{}{earlier}", marked_card(card.conversation)));
    json_of(&message(card, team).nonce(nonce).enforce_nonce(true))
}

/// The card as the first message of a forum's post, which takes no nonce.
pub fn in_forum(card: &Card, team: Option<Id>) -> Value {
    json_of(&message(card, team))
}

fn message(card: &Card, team: Option<Id>) -> CreateMessage {
    let message = base().embed(embed(card)).components(buttons::rows(card.number, &card.offered));
    match team {
        Some(role) => {
            message.content(format!("<@&{role}>")).allowed_mentions(CreateAllowedMentions::new().roles(vec![role.0]))
        }
        None => message,
    }
}

/// The same as an edit; nobody is called again.
pub fn edit(card: &Card) -> Value {
    let edit = EditMessage::new().embed(embed(card)).components(buttons::rows(card.number, &card.offered));
    json_of(&edit.allowed_mentions(CreateAllowedMentions::new()))
}

/// The title of its thread.
pub fn title(card: &Card) -> String {
    let customer = card.fields.iter().find(|field| field.label == "Customer").and_then(|field| match &field.value {
        CardValue::Text(name) => Some(name.as_str()),
        CardValue::Link { .. } | CardValue::Page { .. } | CardValue::Odd(_) => None,
    });
    super::title(&card.title(), customer)
}

/// The names of a forum's tags that say how it stands: its topic, and whose turn it is.
pub fn tags(card: &Card) -> Vec<String> {
    let standing = match card.standing {
        Standing::Fresh | Standing::AwaitingAgent { .. } => "Waiting",
        Standing::Answered { .. } => "Answered",
        Standing::Resolved { .. } | Standing::Closed { .. } => "Resolved",
    };
    let ticket = card.ticket.map(|_| "Ticket".to_string());
    [Some(card.topic.clone()), Some(standing.to_string()), ticket].into_iter().flatten().collect()
}

/// The number of Discord's kind of thread (docs, "Channel Types").
pub fn kind(threads: Threads) -> u8 {
    match threads {
        Threads::Public => 11,
        Threads::Private => 12,
    }
}

fn embed(card: &Card) -> CreateEmbed {
    let title = escape(&clean_line(&card.title(), NAME_CHARS_MAX));
    let head = format!("**{title}**\n{}", standing(card));
    let footer: Vec<String> =
        [card.also_line(), card.surroundings_line(), card.continued.then(|| CONTINUED.to_string())]
            .into_iter()
            .flatten()
            .collect();
    let footer = cut(&footer.join("\n"), FOOTER_CHARS_MAX);
    let mut units = units(&head) + units(&footer);
    let short = card.fields.iter().map(|it| (name(&it.label), value(it), true));
    let long = card.texts.iter().map(|(label, text)| (name(label), escape(&cut(text, VALUE_CHARS_MAX)), false));
    let mut embed = CreateEmbed::new().url(marked_card(card.conversation)).colour(CARD_COLOUR).description(head);
    for (name, value, inline) in short.chain(long).take(FIELDS_MAX) {
        let value = if value.trim().is_empty() { "–".to_string() } else { value };
        units += self::units(&name) + self::units(&value);
        if units > ALL_UNITS_MAX {
            break;
        }
        embed = embed.field(name, value, inline);
    }
    if footer.is_empty() { embed } else { embed.footer(CreateEmbedFooter::new(footer)) }
}

/// Whose turn it is, since when, and who has it.
fn standing(card: &Card) -> String {
    let (words, time) = words::standing(&card.standing);
    let mut line = escape(&words);
    line.extend(time.map(|(before, at)| moment(before, at)));
    if let Some((priority, due)) = card.ticket {
        let (ticket, due) = words::ticket(priority, due);
        line.push_str(&format!(" · {}", escape(&ticket)));
        line.extend(due.map(|(before, at)| moment(before, at)));
    }
    line.extend(card.holder.as_deref().map(|holder| format!(" · {}", escape(&words::holder(holder)))));
    line
}

fn name(label: &str) -> String {
    let label = clean_line(label, NAME_CHARS_MAX);
    if label.is_empty() { "–".to_string() } else { escape(&label) }
}

fn value(CardField { value, .. }: &CardField) -> String {
    let (exact, linked) = match value {
        CardValue::Text(text) => (escape(&cut(text, VALUE_CHARS_MAX)), None),
        CardValue::Link { href, text } => (escape(text), Some(link(href, text))),
        CardValue::Page { title, href, shown } => {
            let title = title.as_ref().map(|title| format!("{}\n", escape(title))).unwrap_or_default();
            (format!("{title}{}", escape(shown)), Some(format!("{title}{}", link(href, shown))))
        }
        CardValue::Odd(text) => (format!("⚠️ {}\n*({ODD})*", escape(&cut(text, VALUE_CHARS_MAX))), None),
    };
    // An address that is too long is shown and leads nowhere.
    linked.filter(|linked| units(linked) <= VALUE_UNITS_MAX).unwrap_or(exact)
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use threadline_core::ids::{ConversationId, Moment};
    use threadline_core::ticket::Priority;
    use threadline_core::verb::{Name, Offered};

    fn bare() -> Card {
        Card {
            conversation: ConversationId(7),
            number: 1042,
            topic: "Billing".to_string(),
            standing: Standing::AwaitingAgent { since: Moment(1_767_225_600_000) },
            ticket: Some((Priority::High, Some(Moment(1_767_312_000_000)))),
            holder: Some("Grace".to_string()),
            offered: Offered { buttons: vec![Name::Claim], more: vec![Name::Assign] },
            fields: Vec::new(),
            texts: Vec::new(),
            also: Vec::new(),
            surroundings: Vec::new(),
            continued: false,
        }
    }

    fn field(label: &str, value: CardValue) -> CardField {
        CardField { label: label.to_string(), value }
    }

    #[test]
    fn a_card_is_calm() {
        let link = CardValue::Link { href: "https://app.example.com/campaigns/cp100".into(), text: "cp100".into() };
        let whole = Card {
            fields: vec![
                field("Customer", CardValue::Text("*Ada* @everyone".into())),
                field("Campaign ID", link),
                field("Transaction ID", CardValue::Odd("the last one".into())),
            ],
            texts: vec![("The exact error".into(), "E42:\n<@1> [x](https://evil.example)".into())],
            also: vec![("cart".into(), "3 items".into())],
            surroundings: vec!["Firefox 139 on Windows".into()],
            continued: true,
            ..bare()
        };
        let made = card(Id(3), &whole, Some(Id(5)), None);
        expect![[r#"
            {
              "allowed_mentions": {
                "parse": [],
                "roles": [
                  "5"
                ],
                "users": []
              },
              "attachments": [],
              "components": [
                {
                  "components": [
                    {
                      "custom_id": "verb/claim/1042",
                      "disabled": false,
                      "label": "Claim",
                      "style": 1,
                      "type": 2
                    }
                  ],
                  "type": 1
                },
                {
                  "components": [
                    {
                      "custom_id": "more/1042",
                      "options": [
                        {
                          "label": "Assign…",
                          "value": "assign"
                        }
                      ],
                      "placeholder": "More…",
                      "type": 3
                    }
                  ],
                  "type": 1
                }
              ],
              "content": "<@&5>",
              "embeds": [
                {
                  "color": 7041664,
                  "description": "**\\#1042 · Billing**\nWaiting for an answer since <t:1767225600:f> · Ticket, high priority due <t:1767312000:f> · Grace has it",
                  "fields": [
                    {
                      "inline": true,
                      "name": "Customer",
                      "value": "\\*Ada\\* @‧everyone"
                    },
                    {
                      "inline": true,
                      "name": "Campaign ID",
                      "value": "[cp100](<https://app.example.com/campaigns/cp100>)"
                    },
                    {
                      "inline": true,
                      "name": "Transaction ID",
                      "value": "⚠️ the last one\n*(not the usual form)*"
                    },
                    {
                      "inline": false,
                      "name": "The exact error",
                      "value": "E42\\:\n\\<@‧1\\> \\[x\\]\\(https\\:\\/\\/evil\\.example\\)"
                    }
                  ],
                  "footer": {
                    "text": "From the page: cart = 3 items\nFirefox 139 on Windows\nThis conversation goes on here: its earlier thread was deleted."
                  },
                  "type": "rich",
                  "url": "https://threadline.invalid/card/cnv_00000000000000000000000007"
                }
              ],
              "enforce_nonce": true,
              "nonce": "e220203ded5a80fa60e0b63f",
              "sticker_ids": [],
              "tts": false
            }
        "#]].assert_eq(&format!("{made:#}\n").replace('\u{200b}', "‧"));
        assert_eq!(super::super::card_of(&made), Some(ConversationId(7)));
        assert_eq!(title(&whole), "#1042 · Billing · *Ada* @everyone");
        assert_eq!(tags(&whole), ["Billing", "Waiting", "Ticket"]);
        assert!(edit(&whole).get("content").is_none(), "nobody is called a second time");
    }

    #[test]
    fn a_long_card_keeps_discords_limits() {
        let long = "*".repeat(4_000);
        let whole = Card {
            fields: (0..20).map(|n| field(&n.to_string(), CardValue::Text(long.clone()))).collect(),
            texts: (0..10).map(|n| (n.to_string(), long.clone())).collect(),
            ..bare()
        };
        let made = card(Id(3), &whole, None, None);
        let embed = &made["embeds"][0];
        let fields = embed["fields"].as_array().unwrap();
        let all: usize =
            fields.iter().map(|it| units(it["name"].as_str().unwrap()) + units(it["value"].as_str().unwrap())).sum();
        assert!(fields.len() <= 25 && all + units(embed["description"].as_str().unwrap()) <= 6_000);
        assert!(fields.iter().all(|it| units(it["value"].as_str().unwrap()) <= 1_024));
    }
}
