//! An agent's message as a body that customers can be shown. Rich text comes first: it is what
//! Slack's own composer makes; a message without it is read from its `text`. Nothing that a person
//! wrote gets lost over a block or an element we do not know, and nothing internal shows: no name of
//! a person, a group or a channel.

use crate::{emoji, format, ids, mrkdwn};
use serde_json::Value;
use threadline_core::body::{Block, Body, Span, Style, safe_href};

/// Deepest nesting that is followed in blocks we do not know (Slack nests four levels).
const DEPTH_MAX: usize = 16;

/// What a message says, with the files it carries named.
pub fn body(message: &Value) -> Body {
    let text = message["text"].as_str().unwrap_or_default();
    let mut body = match blocks(&message["blocks"]) {
        Some(body) if !body.is_blank() => body,
        Some(body) if text.is_empty() => body,
        Some(_) | None => mrkdwn::body(text),
    };
    if body.is_blank() {
        body = Body::default();
    }
    let shares = |attachment: &Value| attachment["is_share"] == true || attachment["is_msg_unfurl"] == true;
    let has_files = !array(&message["files"]).is_empty();
    if body.0.is_empty() && !has_files && array(&message["attachments"]).iter().any(shares) {
        body.0.push(Block::Paragraph(vec![Span::plain(&format::shared_message())]));
    }
    body
}

/// True for a message that begins with a mention of this user.
pub fn is_addressed_to(message: &Value, user: &str) -> bool {
    let text = message["text"].as_str().unwrap_or_default().trim_start();
    let behind = text.strip_prefix("<@").and_then(|text| text.strip_prefix(user));
    behind.is_some_and(|behind| behind.starts_with(['>', '|']))
}

/// The first person whom a message mentions, other than us: a Slack user's id.
pub fn mentioned<'a>(message: &'a Value, us: &str) -> Option<&'a str> {
    let in_text = || {
        let forms = message["text"].as_str()?.split("<@").skip(1);
        let mut named = forms.filter_map(|form| form.find(['>', '|']).map(|end| &form[..end]));
        named.find(|id| ids::is_id(id) && *id != us)
    };
    mention(&message["blocks"], us, 0).or_else(in_text)
}

fn mention<'a>(value: &'a Value, us: &str, depth: usize) -> Option<&'a str> {
    if depth > DEPTH_MAX {
        return None;
    }
    match value {
        Value::Object(fields) if value["type"] == "user" => {
            fields.get("user_id")?.as_str().filter(|id| ids::is_id(id) && *id != us)
        }
        Value::Object(fields) => mention(fields.get("elements")?, us, depth + 1),
        Value::Array(items) => items.iter().find_map(|item| mention(item, us, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The blocks read; nothing if one of a kind we do not know opens them: only `text` says what the
/// message opens with then, and that may be the mark of a note.
fn blocks(blocks: &Value) -> Option<Body> {
    let blocks = blocks.as_array().filter(|blocks| !blocks.is_empty())?;
    let mut out = Vec::new();
    for block in blocks {
        match block["type"].as_str().unwrap_or_default() {
            "rich_text" => array(&block["elements"]).iter().for_each(|part| rich_part(part, &mut out)),
            "section" => {
                push_text_object(&block["text"], &mut out);
                array(&block["fields"]).iter().for_each(|field| push_text_object(field, &mut out));
            }
            "header" => push_text_object(&block["text"], &mut out),
            "context" => array(&block["elements"]).iter().for_each(|part| push_text_object(part, &mut out)),
            // What has no words of its own; files are named from `files`.
            "divider" | "actions" | "file" => {}
            _ => {
                let before = Body(out);
                if before.is_blank() {
                    return None;
                }
                out = before.0;
                let words: Vec<String> = unknown(block).iter().map(|span| joined(std::slice::from_ref(span))).collect();
                push_paragraph(vec![Span::plain(&words.join(" "))], &mut out);
            }
        }
    }
    Some(Body(out))
}

fn rich_part(part: &Value, out: &mut Vec<Block>) {
    let elements = || spans(array(&part["elements"]));
    match part["type"].as_str().unwrap_or_default() {
        "rich_text_section" => push_paragraph(elements(), out),
        "rich_text_quote" => out.push(Block::Quote(elements())),
        "rich_text_preformatted" => out.push(Block::Code(joined(&elements()))),
        "rich_text_list" => out.push(Block::List {
            ordered: part["style"] == "ordered",
            indent: part["indent"].as_u64().unwrap_or(0).min(8) as u8,
            start: u32::try_from(part["offset"].as_u64().unwrap_or(0)).unwrap_or(0).saturating_add(1),
            items: array(&part["elements"]).iter().map(list_item).collect(),
        }),
        _ => push_paragraph(unknown(part), out),
    }
}

fn list_item(item: &Value) -> Vec<Span> {
    match item["type"].as_str() {
        Some("rich_text_section") => spans(array(&item["elements"])),
        _ => unknown(item),
    }
}

fn spans(elements: &[Value]) -> Vec<Span> {
    elements.iter().filter_map(span).collect()
}

fn span(element: &Value) -> Option<Span> {
    let style = style(&element["style"]);
    let field = |name: &str| element[name].as_str().unwrap_or_default();
    let text = match element["type"].as_str().unwrap_or_default() {
        "text" => field("text").to_string(),
        "link" => {
            let (url, label) = (field("url"), field("text"));
            let label = if label.is_empty() { url } else { label };
            if let Some(href) = safe_href(url) {
                return Some(Span::Link { href: href.to_string(), text: label.to_string(), style });
            }
            label.to_string()
        }
        "user" | "usergroup" | "team" | "broadcast" => format::THE_TEAM.to_string(),
        "channel" => format::A_CHANNEL.to_string(),
        "emoji" => emoji::shown(element),
        "date" => match (field("fallback"), element["timestamp"].as_i64()) {
            ("", Some(seconds)) => format::date(seconds),
            (fallback, _) => fallback.to_string(),
        },
        "color" => field("value").to_string(),
        _ => joined(&unknown(element)),
    };
    (!text.is_empty()).then_some(Span::Text { text, style })
}

fn style(style: &Value) -> Style {
    let on = |name: &str| style[name] == true;
    Style { bold: on("bold"), italic: on("italic"), strike: on("strike"), code: on("code") }
}

/// Neighbouring sections become one paragraph each; an empty one says nothing.
fn push_paragraph(spans: Vec<Span>, out: &mut Vec<Block>) {
    if !spans.is_empty() {
        out.push(Block::Paragraph(spans));
    }
}

/// A text object of Block Kit: `plain_text`, `mrkdwn`; other elements of a context say what they say.
fn push_text_object(object: &Value, out: &mut Vec<Block>) {
    match (object["type"].as_str(), object["text"].as_str()) {
        (Some("mrkdwn"), Some(text)) => out.extend(mrkdwn::body(text).0),
        (_, Some(text)) if !text.is_empty() => out.push(Block::Paragraph(vec![Span::plain(&emoji::in_text(text))])),
        _ => {}
    }
}

/// Every `text` inside something we do not know.
fn unknown(value: &Value) -> Vec<Span> {
    let mut out = Vec::new();
    gather_text(value, &mut out, 0);
    out
}

fn gather_text(value: &Value, out: &mut Vec<Span>, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_str() {
                    Some(text) if name == "text" && !text.is_empty() => out.push(Span::plain(text)),
                    Some(_) => {}
                    None => gather_text(field, out, depth + 1),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather_text(item, out, depth + 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn joined(spans: &[Span]) -> String {
    spans.iter().map(|(Span::Text { text, .. } | Span::Link { text, .. })| text.as_str()).collect()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mrkdwn::tests::unsafe_links;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use serde_json::json;

    fn check(message: Value, expected: Expect) {
        expected.assert_debug_eq(&body(&message));
    }

    fn text_of(message: Value) -> String {
        body(&message).text()
    }

    fn rich(elements: Value) -> Value {
        json!({ "text": "the fallback", "blocks": [{ "type": "rich_text", "elements": elements }] })
    }

    fn section(elements: Value) -> Value {
        rich(json!([{ "type": "rich_text_section", "elements": elements }]))
    }

    #[test]
    fn rich_text_becomes_a_body() {
        check(
            rich(json!([
                { "type": "rich_text_section", "elements": [
                    { "type": "text", "text": "see " },
                    { "type": "link", "url": "https://example.com/x", "text": "this", "style": { "bold": true } },
                    { "type": "text", "text": "let x", "style": { "code": true, "underline": true } },
                ] },
                { "type": "rich_text_list", "style": "ordered", "indent": 1, "offset": 3, "elements": [
                    { "type": "rich_text_section", "elements": [{ "type": "text", "text": "four" }] },
                    { "type": "rich_text_section", "elements": [{ "type": "text", "text": "five", "style": { "strike": true } }] },
                ] },
                { "type": "rich_text_quote", "elements": [{ "type": "text", "text": "quoted", "style": { "italic": true } }] },
                { "type": "rich_text_preformatted", "border": 0, "elements": [
                    { "type": "text", "text": "<b>\n" }, { "type": "link", "url": "https://x.org" },
                ] },
            ])),
            expect![[r#"
                Body(
                    [
                        Paragraph(
                            [
                                Text {
                                    text: "see ",
                                    style: Style {
                                        bold: false,
                                        italic: false,
                                        strike: false,
                                        code: false,
                                    },
                                },
                                Link {
                                    href: "https://example.com/x",
                                    text: "this",
                                    style: Style {
                                        bold: true,
                                        italic: false,
                                        strike: false,
                                        code: false,
                                    },
                                },
                                Text {
                                    text: "let x",
                                    style: Style {
                                        bold: false,
                                        italic: false,
                                        strike: false,
                                        code: true,
                                    },
                                },
                            ],
                        ),
                        List {
                            ordered: true,
                            indent: 1,
                            start: 4,
                            items: [
                                [
                                    Text {
                                        text: "four",
                                        style: Style {
                                            bold: false,
                                            italic: false,
                                            strike: false,
                                            code: false,
                                        },
                                    },
                                ],
                                [
                                    Text {
                                        text: "five",
                                        style: Style {
                                            bold: false,
                                            italic: false,
                                            strike: true,
                                            code: false,
                                        },
                                    },
                                ],
                            ],
                        },
                        Quote(
                            [
                                Text {
                                    text: "quoted",
                                    style: Style {
                                        bold: false,
                                        italic: true,
                                        strike: false,
                                        code: false,
                                    },
                                },
                            ],
                        ),
                        Code(
                            "<b>\nhttps://x.org",
                        ),
                    ],
                )
            "#]],
        );
    }

    #[test]
    fn nothing_internal_shows() {
        let message = section(json!([
            { "type": "user", "user_id": "U1" }, { "type": "text", "text": " " },
            { "type": "user", "user_id": "U2" }, { "type": "text", "text": " " },
            { "type": "channel", "channel_id": "C1" }, { "type": "text", "text": " " },
            { "type": "usergroup", "usergroup_id": "S1" }, { "type": "text", "text": " " },
            { "type": "broadcast", "range": "channel" },
        ]));
        assert_eq!(text_of(message), "@our team @our team #channel @our team @our team");
    }

    #[test]
    fn a_mentioned_person_is_found() {
        let rich = section(json!([
            { "type": "text", "text": "!assign " }, { "type": "user", "user_id": "U1" }, { "type": "user", "user_id": "U2" },
        ]));
        assert_eq!(mentioned(&json!({ "text": "<@ nobody <@U3>" }), "U0BOT"), Some("U3"));
        assert_eq!(mentioned(&rich, "U0BOT"), Some("U1"));
        assert_eq!(mentioned(&json!({ "text": "!assign <@U3|grace> now" }), "U0BOT"), Some("U3"));
        assert_eq!(mentioned(&json!({ "text": "<@U0BOT> assign <@U3>" }), "U0BOT"), Some("U3"));
        assert_eq!(mentioned(&json!({ "text": "<@U0BOT> claim" }), "U0BOT"), None);
        assert_eq!(mentioned(&json!({ "text": "!assign <@ nobody", "blocks": [7] }), "U0BOT"), None);
    }

    #[test]
    fn what_begins_with_a_mention_of_us_is_addressed_to_us() {
        let addressed = |text: &str| is_addressed_to(&json!({ "text": text }), "U0BOT");
        assert!(addressed("<@U0BOT> claim") && addressed(" <@U0BOT|threadline>"));
        for other in ["claim <@U0BOT>", "<@U0BOT2> claim", "<@U1> claim", "&lt;@U0BOT&gt;", ""] {
            assert!(!addressed(other), "{other}");
        }
    }

    #[test]
    fn small_things_show_as_they_can() {
        let message = section(json!([
            { "type": "emoji", "name": "wave", "unicode": "1f44b-1f3fd", "skin_tone": 4 },
            { "type": "emoji", "name": "our-logo" },
            { "type": "date", "timestamp": 0, "format": "{date}" },
            { "type": "date", "timestamp": 0, "format": "{date}", "fallback": " today " },
            { "type": "color", "value": "#ff0000" },
            { "type": "hologram", "inner": { "text": " in a form of next year" } },
            { "type": "silence" },
            { "type": "link", "url": "javascript:alert(1)", "text": " click" },
            { "type": "link", "url": "slack://open" },
        ]));
        assert_eq!(
            text_of(message),
            "👋🏽:our-logo:1970-01-01 00:00 UTC today #ff0000 in a form of next year clickslack://open"
        );
    }

    #[test]
    fn a_block_we_do_not_know_falls_back_to_the_text() {
        let blocks = json!([
            { "type": "rich_text", "elements": [] },
            { "type": "table", "rows": [] },
        ]);
        assert_eq!(text_of(json!({ "text": "all of *it*", "blocks": blocks })), "all of it");
        let known = json!([{ "type": "section", "text": { "type": "mrkdwn", "text": "*hi*" } }, { "type": "divider" }]);
        assert_eq!(text_of(json!({ "text": "fallback", "blocks": known })), "hi");
        assert_eq!(text_of(json!({ "text": "only text", "blocks": [] })), "only text");
        assert_eq!(
            text_of(json!({ "text": "not lost", "blocks": [{ "type": "rich_text", "elements": [] }] })),
            "not lost"
        );
        assert_eq!(text_of(json!({ "text": "not lost", "blocks": "nonsense" })), "not lost");
    }

    #[test]
    fn the_mark_of_a_note_opens_what_is_read_beside_a_block_we_do_not_know() {
        let lock = json!({ "type": "emoji", "name": "lock", "unicode": "1f512" });
        let note = json!({ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements": [
            lock, { "type": "text", "text": " he pays late" },
        ] }] });
        let odd = json!({ "type": "hologram", "title": { "text": "depth" }, "cells": [{ "text": "3" }] });
        let message = |blocks: Value| json!({ "text": ":lock: he pays late", "blocks": blocks });
        assert_eq!(text_of(message(json!([note, odd]))), "🔒 he pays late\n3 depth");
        assert_eq!(text_of(message(json!([odd, note]))), "🔒 he pays late");
        assert_eq!(text_of(message(json!([{ "type": "rich_text", "elements": [] }, odd, note]))), "🔒 he pays late");
        let section = |kind: &str| json!([{ "type": "section", "text": { "type": kind, "text": ":lock: no" } }]);
        assert_eq!(text_of(message(section("plain_text"))), "🔒 no");
        assert_eq!(text_of(message(section("mrkdwn"))), "🔒 no");
        assert_eq!(text_of(json!({ "subtype": "me_message", "text": ":lock: he pays late" })), "🔒 he pays late");
    }

    #[test]
    fn an_unknown_part_of_rich_text_keeps_its_words() {
        let message = rich(json!([
            { "type": "rich_text_carousel", "slides": [{ "text": "one" }, { "caption": { "text": " two" } }] },
            { "type": "rich_text_list", "style": "bullet", "elements": [{ "type": "odd", "text": "three" }] },
        ]));
        assert_eq!(text_of(message), "one two\n• three");
    }

    #[test]
    fn files_are_no_words() {
        let files = json!([{ "id": "F1", "name": "invoice.pdf" }]);
        assert_eq!(text_of(json!({ "text": "see", "files": files })), "see");
        let share = json!([{ "is_share": true }]);
        assert!(body(&json!({ "text": "", "files": files, "attachments": share })).is_blank());
    }

    #[test]
    fn a_shared_message_is_not_shown_but_said() {
        let attachments = json!([{ "is_share": true, "text": "internal words", "author_name": "Grace" }]);
        assert_eq!(text_of(json!({ "text": "", "attachments": attachments })), format::shared_message());
        assert_eq!(text_of(json!({ "text": "look", "attachments": attachments })), "look");
        assert!(body(&json!({ "attachments": [{ "title": "a preview" }] })).is_blank());
    }

    /// Any JSON at all, with Slack's words in it.
    fn any_json() -> impl Strategy<Value = Value> {
        let word = proptest::sample::select(vec![
            "type",
            "text",
            "elements",
            "blocks",
            "rich_text",
            "rich_text_section",
            "rich_text_list",
            "user",
            "user_id",
            "style",
            "indent",
            "offset",
            "link",
            "url",
            "emoji",
            "unicode",
            "1f44d-zz",
            "<@U1>",
            "https://<@U1>",
            "https://",
            "https://x.org",
            "files",
            "name",
            "attachments",
            "section",
            "fields",
            "mrkdwn",
            "date",
            "timestamp",
            "ünï",
        ]);
        let leaf = proptest::prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            word.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            proptest::prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((word.clone(), inner), 0..6)
                    .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_payload_makes_it_panic_or_link_where_it_must_not(message in any_json()) {
            prop_assert_eq!(unsafe_links(&body(&message)), Vec::<String>::new());
        }
    }
}
