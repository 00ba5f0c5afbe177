//! A card in Slack: the title, short values two by two, long answers each for itself, and the small
//! print. Values stand in mrkdwn objects, because only these have links and bold labels beside one
//! another; they are escaped, nothing is parsed (`verbatim`), and a value that mrkdwn would dress up
//! goes as plain text instead, so that an agent reads what the customer wrote.

use super::{base, bold, escape, metadata, moment, plain};
use crate::buttons::buttons;
use serde_json::{Value, json};
use threadline_core::card::{Card, CardField, CardValue};
use threadline_core::words::{self, CONTINUED, ODD};

/// Most fields of a section (Block Kit reference, `section`: 10).
const SECTION_FIELDS_MAX: usize = 10;
/// Longest text of a field (Block Kit reference, `section`: 2,000 characters).
const FIELD_CHARS_MAX: usize = 2_000;
/// Longest text of a header block (Block Kit reference, `header`: 150 characters).
const HEADER_CHARS_MAX: usize = 150;

/// The root of a conversation's thread, for `chat.postMessage`, without the channel.
pub fn card(card: &Card) -> Value {
    let title = card.title();
    let header: String = title.chars().take(HEADER_CHARS_MAX).collect();
    let mut blocks = vec![json!({ "type": "header", "text": plain_text(&header) }), standing(card)];
    for fields in card.fields.chunks(SECTION_FIELDS_MAX) {
        let fields: Vec<Value> = fields.iter().map(field).collect();
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    for (label, text) in &card.texts {
        let section = json!({ "type": "rich_text_section", "elements": [bold(label), plain(&format!("\n{text}"))] });
        blocks.push(json!({ "type": "rich_text", "elements": [section] }));
    }
    let continued = card.continued.then(|| CONTINUED.to_string());
    for line in [card.also_line(), card.surroundings_line(), continued].into_iter().flatten() {
        blocks.push(json!({ "type": "context", "elements": [plain_text(&line)] }));
    }
    blocks.extend(buttons(card.number, &card.offered));
    let mut payload = base(&escape(&title), blocks);
    payload["metadata"] = metadata(json!({ "conversation": card.conversation.to_string(), "card": "1" }));
    payload
}

/// The same for `chat.update`, which takes no word about unfurling.
pub fn card_edit(card: &Card) -> Value {
    let mut payload = self::card(card);
    if let Some(fields) = payload.as_object_mut() {
        fields.retain(|name, _| !name.starts_with("unfurl_"));
    }
    payload
}

/// Whose turn it is, since when, and who has it.
fn standing(card: &Card) -> Value {
    let (standing, time) = words::standing(&card.standing);
    let mut elements = vec![plain(&standing)];
    elements.extend(time.map(|(before, at)| moment(before, at)));
    if let Some((priority, due)) = card.ticket {
        let (ticket, due) = words::ticket(priority, due);
        elements.push(plain(&format!(" · {ticket}")));
        elements.extend(due.map(|(before, at)| moment(before, at)));
    }
    elements.extend(card.holder.as_deref().map(|holder| plain(&format!(" · {}", words::holder(holder)))));
    json!({ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": elements }] })
}

fn field(CardField { label, value }: &CardField) -> Value {
    let (exact, marked_up) = match value {
        CardValue::Text(text) => (text.clone(), escape(text)),
        CardValue::Link { href, text } => (text.clone(), link(href, text)),
        CardValue::Page { title, href, shown } => {
            let title = title.as_ref().map(|title| format!("{title}\n")).unwrap_or_default();
            (format!("{title}{shown}"), format!("{}{}", escape(&title), link(href, shown)))
        }
        CardValue::Odd(text) => (format!("⚠️ {text}\n({ODD})"), format!("⚠️ {}\n_({ODD})_", escape(text))),
    };
    let marked_up = format!("*{}*\n{marked_up}", escape(label));
    if shows_as_it_is(label) && shows_as_it_is(&exact) && marked_up.chars().count() <= FIELD_CHARS_MAX {
        return json!({ "type": "mrkdwn", "text": marked_up, "verbatim": true });
    }
    plain_text(&format!("{label}\n{exact}"))
}

/// True for text in which mrkdwn finds nothing to dress up. `_` inside words styles nothing
/// (`campaign_id`), nor does a `:` that begins no emoji (`https://…:80/`).
fn shows_as_it_is(text: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let inside_words = text
        .match_indices('_')
        .all(|(at, _)| letter(text[..at].chars().next_back()) && letter(text[at + 1..].chars().next()));
    let is_emoji = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_+-'".contains(c));
    let between_colons = text.split(':').skip(1).collect::<Vec<_>>();
    let names = &between_colons[..between_colons.len().saturating_sub(1)];
    !text.contains(['*', '~', '`'])
        && inside_words
        && !names.iter().any(|name| is_emoji(name))
        && !text.lines().any(|line| line.starts_with('>'))
}

fn link(href: &str, text: &str) -> String {
    // A `|` would end the address, and a `>` the link.
    let href = href.replace('|', "%7C").replace('>', "%3E").replace('<', "%3C");
    format!("<{}|{}>", escape(&href), escape(text).replace('|', "¦"))
}

fn plain_text(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use threadline_core::conversation::Standing;
    use threadline_core::ids::{ConversationId, Moment};
    use threadline_core::ticket::Priority;
    use threadline_core::verb::Offered;

    fn check(value: &Value, expected: Expect) {
        expected.assert_eq(&format!("{value:#}\n"));
    }

    fn field_of(label: &str, value: CardValue) -> CardField {
        CardField { label: label.to_string(), value }
    }

    fn text(label: &str, text: &str) -> CardField {
        field_of(label, CardValue::Text(text.to_string()))
    }

    fn bare() -> Card {
        Card {
            conversation: ConversationId(7),
            number: 1042,
            topic: "Billing".to_string(),
            standing: Standing::AwaitingAgent { since: Moment(1_767_225_600_000) },
            ticket: Some((Priority::High, Some(Moment(1_767_312_000_000)))),
            holder: Some("Grace".to_string()),
            offered: Offered::default(),
            fields: Vec::new(),
            texts: Vec::new(),
            also: Vec::new(),
            surroundings: Vec::new(),
            continued: false,
        }
    }

    #[test]
    fn a_card_is_calm() {
        let link = CardValue::Link { href: "https://app.example.com/campaigns/cp100".into(), text: "cp100".into() };
        let page = CardValue::Page {
            title: Some("Invoices".into()),
            href: "https://example.com/invoices?id=7&tab=a|b".into(),
            shown: "https://example.com/invoices?id=7&tab=a|b".into(),
        };
        let whole = Card {
            fields: vec![
                text("Customer", "Ada"),
                text("Email", "ada_l@example.com"),
                field_of("Campaign ID", link),
                field_of("Transaction ID", CardValue::Odd("the last one".into())),
                field_of("Page", page),
            ],
            texts: vec![("The exact error".into(), "E42:\n*not* <allowed>".into())],
            also: vec![("cart".into(), "3 items".into())],
            surroundings: vec!["Firefox 139 on Windows".into(), "German (AT)".into()],
            continued: true,
            ..bare()
        };
        check(
            &card(&whole),
            expect![[r##"
                {
                  "blocks": [
                    {
                      "text": {
                        "emoji": false,
                        "text": "#1042 · Billing",
                        "type": "plain_text"
                      },
                      "type": "header"
                    },
                    {
                      "elements": [
                        {
                          "elements": [
                            {
                              "text": "Waiting for an answer",
                              "type": "text"
                            },
                            {
                              "fallback": " since 2026-01-01 00:00 UTC",
                              "format": " since {date_short_pretty}, {time}",
                              "timestamp": 1767225600,
                              "type": "date"
                            },
                            {
                              "text": " · Ticket, high priority",
                              "type": "text"
                            },
                            {
                              "fallback": " due 2026-01-02 00:00 UTC",
                              "format": " due {date_short_pretty}, {time}",
                              "timestamp": 1767312000,
                              "type": "date"
                            },
                            {
                              "text": " · Grace has it",
                              "type": "text"
                            }
                          ],
                          "type": "rich_text_section"
                        }
                      ],
                      "type": "rich_text"
                    },
                    {
                      "fields": [
                        {
                          "text": "*Customer*\nAda",
                          "type": "mrkdwn",
                          "verbatim": true
                        },
                        {
                          "text": "*Email*\nada_l@example.com",
                          "type": "mrkdwn",
                          "verbatim": true
                        },
                        {
                          "text": "*Campaign ID*\n<https://app.example.com/campaigns/cp100|cp100>",
                          "type": "mrkdwn",
                          "verbatim": true
                        },
                        {
                          "text": "*Transaction ID*\n⚠️ the last one\n_(not the usual form)_",
                          "type": "mrkdwn",
                          "verbatim": true
                        },
                        {
                          "text": "*Page*\nInvoices\n<https://example.com/invoices?id=7&amp;tab=a%7Cb|https://example.com/invoices?id=7&amp;tab=a¦b>",
                          "type": "mrkdwn",
                          "verbatim": true
                        }
                      ],
                      "type": "section"
                    },
                    {
                      "elements": [
                        {
                          "elements": [
                            {
                              "style": {
                                "bold": true
                              },
                              "text": "The exact error",
                              "type": "text"
                            },
                            {
                              "text": "\nE42:\n*not* <allowed>",
                              "type": "text"
                            }
                          ],
                          "type": "rich_text_section"
                        }
                      ],
                      "type": "rich_text"
                    },
                    {
                      "elements": [
                        {
                          "emoji": false,
                          "text": "From the page: cart = 3 items",
                          "type": "plain_text"
                        }
                      ],
                      "type": "context"
                    },
                    {
                      "elements": [
                        {
                          "emoji": false,
                          "text": "Firefox 139 on Windows · German (AT)",
                          "type": "plain_text"
                        }
                      ],
                      "type": "context"
                    },
                    {
                      "elements": [
                        {
                          "emoji": false,
                          "text": "This conversation goes on here: its earlier thread was deleted.",
                          "type": "plain_text"
                        }
                      ],
                      "type": "context"
                    }
                  ],
                  "metadata": {
                    "event_payload": {
                      "card": "1",
                      "conversation": "cnv_00000000000000000000000007"
                    },
                    "event_type": "threadline_delivery"
                  },
                  "parse": "none",
                  "text": "#1042 · Billing",
                  "unfurl_links": false,
                  "unfurl_media": false
                }
            "##]],
        );
    }

    #[test]
    fn a_card_says_only_what_is_known() {
        check(
            &card(&bare())["blocks"],
            expect![[r##"
                [
                  {
                    "text": {
                      "emoji": false,
                      "text": "#1042 · Billing",
                      "type": "plain_text"
                    },
                    "type": "header"
                  },
                  {
                    "elements": [
                      {
                        "elements": [
                          {
                            "text": "Waiting for an answer",
                            "type": "text"
                          },
                          {
                            "fallback": " since 2026-01-01 00:00 UTC",
                            "format": " since {date_short_pretty}, {time}",
                            "timestamp": 1767225600,
                            "type": "date"
                          },
                          {
                            "text": " · Ticket, high priority",
                            "type": "text"
                          },
                          {
                            "fallback": " due 2026-01-02 00:00 UTC",
                            "format": " due {date_short_pretty}, {time}",
                            "timestamp": 1767312000,
                            "type": "date"
                          },
                          {
                            "text": " · Grace has it",
                            "type": "text"
                          }
                        ],
                        "type": "rich_text_section"
                      }
                    ],
                    "type": "rich_text"
                  }
                ]
            "##]],
        );
    }

    #[test]
    fn a_value_is_shown_as_it_was_written() {
        let shown = |value: &str| field(&text("Name", value))["text"].clone();
        for exact in ["*Ada*", "_x_", "~x~", "`x`", ":wave: hello", "> said", "a:b:c"] {
            assert_eq!(field(&text("Name", exact))["type"], "plain_text", "{exact}");
            assert_eq!(shown(exact), format!("Name\n{exact}"));
        }
        for (value, marked_up) in [
            ("<!channel> & co", "&lt;!channel&gt; &amp; co"),
            ("<https://evil.example|https://bank.example>", "&lt;https://evil.example|https://bank.example&gt;"),
            ("@here #general U0123", "@here #general U0123"),
            ("snake_case_id", "snake_case_id"),
            ("https://example.com:80/a: b", "https://example.com:80/a: b"),
        ] {
            assert_eq!(field(&text("Name", value))["verbatim"], true, "{value}");
            assert_eq!(shown(value), format!("*Name*\n{marked_up}"));
        }
    }

    #[test]
    fn a_link_goes_where_it_says() {
        let href = "https://example.com/?q=a|b<c>&d".to_string();
        let link = field(&field_of("X", CardValue::Link { href, text: "a|b>c".into() }));
        assert_eq!(link["text"], "*X*\n<https://example.com/?q=a%7Cb%3Cc%3E&amp;d|a¦b&gt;c>");
        let href = format!("https://example.com/{}", "x".repeat(2_000));
        let too_long = CardValue::Page { title: None, href, shown: "https://example.com/xxx…".into() };
        assert_eq!(field(&field_of("Page", too_long))["text"], "Page\nhttps://example.com/xxx…");
    }
}
