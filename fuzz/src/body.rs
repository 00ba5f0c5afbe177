//! What must hold of a body, whoever made it, and of everything that it is turned into.

use super::json::{body_from_json, body_to_json};
use serde_json::Value;
use threadline_core::body::{BODY_BLOCKS_MAX, BODY_CHARS_MAX, Block, Body, Span, is_invisible, pieces, safe_href};
use threadline_slack::{rich, richtext};

/// More than a line's bullet or number, indent and line break.
const LINE_FRAME_CHARS_MAX: usize = 32;
/// What fits one post in Slack.
const PIECE_CHARS: usize = 3_000;

/// Checks a body as it came in.
pub fn holds(body: Body) {
    let body = body.bounded();
    assert_eq!(body.clone().bounded(), body, "bounded once is bounded");
    let text = body.text();
    let chars_max = BODY_CHARS_MAX + 2 * BODY_BLOCKS_MAX * LINE_FRAME_CHARS_MAX;
    assert!(text.chars().count() <= chars_max, "{} characters", text.chars().count());
    for span in spans(&body) {
        if let Span::Link { href, .. } = span {
            assert!(safe_href(href).is_some(), "{href:?} is a link");
        }
    }
    assert_eq!(body_from_json(&body_to_json(&body)).as_ref(), Some(&body), "JSON reads back");
    let parts = pieces(&text, PIECE_CHARS);
    assert_eq!(ink(&parts.concat()), ink(&text), "pieces lose nothing");
    assert!(parts.iter().all(|part| part.chars().count() <= PIECE_CHARS));
    in_slack(&body);
}

/// What can be seen of a text.
pub fn ink(text: &str) -> String {
    text.chars().filter(|c| !is_invisible(*c)).collect()
}

/// The body as Slack gets it: inert, and the same when it is read back.
fn in_slack(body: &Body) {
    let sent = rich::whisper(body);
    is_escaped(sent["text"].as_str().unwrap_or_default());
    is_inert(&sent["blocks"]);
    if !body.is_blank() {
        assert_eq!(richtext::body(&sent), as_slack_takes_it(body), "Slack's rich text reads back");
    }
}

/// Nothing in a `text` means anything to Slack.
pub fn is_escaped(text: &str) {
    assert!(!text.contains(['<', '>']), "{text:?} is not escaped");
    let entity = |(at, _): (usize, &str)| ["&amp;", "&lt;", "&gt;"].iter().any(|entity| text[at..].starts_with(entity));
    assert!(text.match_indices('&').all(entity), "{text:?} is not escaped");
}

/// Blocks hold nothing but text and links that may be followed.
fn is_inert(value: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(is_inert),
        Value::Object(fields) => match fields["type"].as_str() {
            Some(
                "rich_text" | "rich_text_section" | "rich_text_quote" | "rich_text_preformatted" | "rich_text_list",
            ) => {
                is_inert(&fields["elements"]);
            }
            Some("text") => assert!(fields["text"].as_str().is_some_and(|text| !text.is_empty()), "{value}"),
            Some("link") => {
                assert!(fields["url"].as_str().is_some_and(|url| safe_href(url).is_some()), "{value}");
            }
            _ => panic!("{value} is more than text"),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => panic!("{value} is no block"),
    }
}

/// Slack takes no empty text and no list that begins at nought.
fn as_slack_takes_it(body: &Body) -> Body {
    let fill = |spans: &[Span]| if spans.is_empty() { vec![Span::plain(" ")] } else { spans.to_vec() };
    let block = |block: &Block| match block {
        Block::Paragraph(spans) => Block::Paragraph(fill(spans)),
        Block::Quote(spans) => Block::Quote(fill(spans)),
        Block::Code(code) if code.is_empty() => Block::Code(" ".to_string()),
        Block::Code(code) => Block::Code(code.clone()),
        Block::List { ordered, indent, start, items } => Block::List {
            ordered: *ordered,
            indent: *indent,
            start: (*start).max(1),
            items: items.iter().map(|item| fill(item)).collect(),
        },
    };
    Body(body.0.iter().map(block).collect())
}

fn spans(body: &Body) -> impl Iterator<Item = &Span> {
    body.0.iter().flat_map(|block| match block {
        Block::Paragraph(spans) | Block::Quote(spans) => spans.iter().collect::<Vec<_>>(),
        Block::List { items, .. } => items.iter().flatten().collect(),
        Block::Code(_) => Vec::new(),
    })
}
