//! A body as Slack's rich text: what the bot tells people in words that are partly code, lists or
//! quotes. All of it is text elements, which Slack does not parse, with an escaped fallback.

use crate::format::escape;
use serde_json::{Value, json};
use threadline_core::body::{Block, Body, Span, Style};

/// Words for one person alone, for `chat.postEphemeral`, without where and whom.
pub fn whisper(words: &Body) -> Value {
    json!({
        "text": escape(&words.text()),
        "blocks": [{ "type": "rich_text", "elements": elements(words) }],
        "parse": "none",
    })
}

/// The same as the answer to a command, which goes with its acknowledgement.
pub fn answer(words: &Body) -> Value {
    json!({
        "response_type": "ephemeral",
        "text": escape(&words.text()),
        "blocks": [{ "type": "rich_text", "elements": elements(words) }],
    })
}

/// The elements of a `rich_text` block.
pub fn elements(body: &Body) -> Vec<Value> {
    body.0.iter().map(element).collect()
}

fn element(block: &Block) -> Value {
    let section = |spans: &[Span]| json!({ "type": "rich_text_section", "elements": texts(spans) });
    match block {
        Block::Paragraph(spans) => section(spans),
        Block::Quote(spans) => json!({ "type": "rich_text_quote", "elements": texts(spans) }),
        Block::Code(code) => json!({ "type": "rich_text_preformatted", "elements": [text(code, Style::default())] }),
        Block::List { ordered, indent, start, items } => {
            let mut list = json!({
                "type": "rich_text_list",
                "style": if *ordered { "ordered" } else { "bullet" },
                "indent": indent,
                "elements": items.iter().map(|item| section(item)).collect::<Vec<_>>(),
            });
            // Slack's own composer says it only where it counts, and its types do not know it.
            if *ordered && *start > 1 {
                list["offset"] = json!(start - 1);
            }
            list
        }
    }
}

fn texts(spans: &[Span]) -> Vec<Value> {
    if spans.is_empty() {
        return vec![text(" ", Style::default())];
    }
    let shown = |span: &Span| match span {
        Span::Text { text: words, style } => text(words, *style),
        Span::Link { href, text: words, style } => {
            styled(json!({ "type": "link", "url": href, "text": words }), *style)
        }
    };
    spans.iter().map(shown).collect()
}

fn text(words: &str, style: Style) -> Value {
    // Slack refuses an empty text element.
    styled(json!({ "type": "text", "text": if words.is_empty() { " " } else { words } }), style)
}

fn styled(mut element: Value, style: Style) -> Value {
    let styles = [("bold", style.bold), ("italic", style.italic), ("strike", style.strike), ("code", style.code)];
    for (name, _) in styles.into_iter().filter(|(_, on)| *on) {
        element["style"][name] = json!(true);
    }
    element
}
