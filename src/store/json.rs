//! A body as JSON: what stands in the database's `body` column and what the widget gets. The form
//! is public: `[{"t":"p","c":[{"t":"text","v":"Hello","b":1}]}]`.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use threadline_core::body::{Block, Body, Span, Style, safe_href};

/// A body that is written as JSON.
#[derive(Clone, Copy, Debug)]
pub struct BodyJson<'a>(pub &'a Body);

struct BlockJson<'a>(&'a Block);
struct SpansJson<'a>(&'a [Span]);
struct SpanJson<'a>(&'a Span);

/// The body as JSON text.
pub fn body_to_json(body: &Body) -> String {
    // Writing to a string fails only for maps whose keys are no strings.
    serde_json::to_string(&BodyJson(body)).unwrap_or_default()
}

/// Reads a body back; none when the text is not one.
pub fn body_from_json(text: &str) -> Option<Body> {
    let Value::Array(blocks) = serde_json::from_str(text).ok()? else { return None };
    blocks.iter().map(block_from).collect::<Option<Vec<_>>>().map(Body)
}

impl Serialize for BodyJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.0.iter().map(BlockJson))
    }
}

impl Serialize for BlockJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        match self.0 {
            Block::Paragraph(spans) => {
                map.serialize_entry("t", "p")?;
                map.serialize_entry("c", &SpansJson(spans))?;
            }
            Block::Quote(spans) => {
                map.serialize_entry("t", "quote")?;
                map.serialize_entry("c", &SpansJson(spans))?;
            }
            Block::Code(code) => {
                map.serialize_entry("t", "pre")?;
                map.serialize_entry("v", code)?;
            }
            Block::List { ordered, indent, start, items } => {
                map.serialize_entry("t", if *ordered { "ol" } else { "ul" })?;
                map.serialize_entry("indent", indent)?;
                map.serialize_entry("start", start)?;
                map.serialize_entry("c", &items.iter().map(|item| SpansJson(item)).collect::<Vec<_>>())?;
            }
        }
        map.end()
    }
}

impl Serialize for SpansJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(SpanJson))
    }
}

impl Serialize for SpanJson<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        let style = match self.0 {
            Span::Text { text, style } => {
                map.serialize_entry("t", "text")?;
                map.serialize_entry("v", text)?;
                style
            }
            Span::Link { href, text, style } => {
                map.serialize_entry("t", "a")?;
                map.serialize_entry("href", href)?;
                map.serialize_entry("v", text)?;
                style
            }
        };
        for (flag, on) in [("b", style.bold), ("i", style.italic), ("s", style.strike), ("c", style.code)] {
            if on {
                map.serialize_entry(flag, &1)?;
            }
        }
        map.end()
    }
}

fn block_from(value: &Value) -> Option<Block> {
    let kind = value["t"].as_str()?;
    Some(match kind {
        "p" => Block::Paragraph(spans_from(&value["c"])?),
        "quote" => Block::Quote(spans_from(&value["c"])?),
        "pre" => Block::Code(value["v"].as_str()?.to_string()),
        "ul" | "ol" => Block::List {
            ordered: kind == "ol",
            indent: value["indent"].as_u64()?.try_into().ok()?,
            start: value["start"].as_u64()?.try_into().ok()?,
            items: value["c"].as_array()?.iter().map(spans_from).collect::<Option<_>>()?,
        },
        _ => return None,
    })
}

fn spans_from(value: &Value) -> Option<Vec<Span>> {
    value.as_array()?.iter().map(span_from).collect()
}

fn span_from(value: &Value) -> Option<Span> {
    let on = |flag: &str| value.get(flag).is_some();
    let style = Style { bold: on("b"), italic: on("i"), strike: on("s"), code: on("c") };
    let text = value["v"].as_str()?.to_string();
    match value["t"].as_str()? {
        "text" => Some(Span::Text { text, style }),
        "a" => Some(Span::Link { href: safe_href(value["href"].as_str()?)?.to_string(), text, style }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_reads_back_as_it_was_written() {
        let bold = Style { bold: true, ..Style::default() };
        let body = Body(vec![
            Block::Paragraph(vec![
                Span::plain("Hello \"you\"\n"),
                Span::Text { text: "now".into(), style: bold },
                Span::Link { href: "https://example.com/?a=b".into(), text: "there".into(), style: Style::default() },
            ]),
            Block::List { ordered: true, indent: 1, start: 3, items: vec![vec![Span::plain("three")], vec![]] },
            Block::Quote(vec![Span::plain("said")]),
            Block::Code("let x = 1;".into()),
        ]);
        assert_eq!(body_from_json(&body_to_json(&body)), Some(body));
    }

    #[test]
    fn what_is_no_body_is_none() {
        for text in [
            "",
            "{}",
            "[{}]",
            "[{\"t\":\"script\"}]",
            "[{\"t\":\"p\",\"c\":[{\"t\":\"a\",\"href\":\"javascript:x\",\"v\":\"x\"}]}]",
        ] {
            assert_eq!(body_from_json(text), None, "{text}");
        }
    }
}
