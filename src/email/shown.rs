//! A body as a letter shows it: as plain text, and as HTML of the kind that mail programs of twenty years
//! ago show too: no style sheet, no script, nothing from elsewhere. Everything is escaped here, and a
//! link is a link only if [`safe_href`] passes it.

use threadline_core::body::{Block, Body, Span, Style, safe_href};

const PARAGRAPH: &str = "margin:0 0 12px 0";
const QUOTE: &str = "margin:0 0 12px 0;padding:0 0 0 12px;border-left:3px solid #cccccc;color:#555555";
const CODE: &str = "font-family:Consolas,Menlo,monospace;font-size:14px;background-color:#f3f3f3";
const CODE_BLOCK: &str = "margin:0 0 12px 0;padding:8px;white-space:pre-wrap;font-family:Consolas,Menlo,monospace;\
                          font-size:14px;background-color:#f3f3f3";
const LINK: &str = "color:#0b57d0";
/// What a level of a list is set in by, in pixels.
const INDENT_PIXELS: u32 = 24;

/// The body as plain text: links with where they lead, quotes with their marks.
pub(super) fn text(body: &Body) -> String {
    let blocks: Vec<String> = body.0.iter().map(block_text).collect();
    blocks.join("\n\n")
}

/// The body as HTML.
pub(super) fn html(body: &Body) -> String {
    body.0.iter().map(block_html).collect()
}

/// Text that means nothing in HTML, inside of a tag's value neither. Controls that HTML knows not are dropped.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A link with its text, or the text alone where nobody may follow it.
pub(super) fn link(href: &str, shown: &str) -> String {
    match safe_href(href) {
        Some(href) => format!("<a href=\"{}\" style=\"{LINK}\">{shown}</a>", escaped(href)),
        None => shown.to_string(),
    }
}

fn block_text(block: &Block) -> String {
    let marked = |text: String, mark: &str| {
        text.split('\n').map(|line| format!("{mark}{line}").trim_end().to_string()).collect::<Vec<_>>().join("\n")
    };
    match block {
        Block::Paragraph(spans) => spans_text(spans),
        Block::Quote(spans) => marked(spans_text(spans), "> "),
        Block::Code(code) => marked(code.clone(), "    "),
        Block::List { ordered, indent, start, items } => {
            let item = |(at, spans): (usize, &Vec<Span>)| {
                let margin = "  ".repeat((*indent).into());
                let number = u64::from(*start) + at as u64;
                let mark = if *ordered { format!("{number}. ") } else { "- ".to_string() };
                let more = format!("\n{margin}{}", " ".repeat(mark.len()));
                format!("{margin}{mark}{}", spans_text(spans).replace('\n', &more))
            };
            items.iter().enumerate().map(item).collect::<Vec<_>>().join("\n")
        }
    }
}

fn spans_text(spans: &[Span]) -> String {
    let span = |span: &Span| match span {
        Span::Text { text, .. } => text.clone(),
        Span::Link { href, text, .. } => match safe_href(href) {
            Some(href) if !is_same(href, text) => format!("{text} ({href})"),
            Some(_) | None => text.clone(),
        },
    };
    let text: String = spans.iter().map(span).collect();
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// True where the text of a link says already where it leads.
fn is_same(href: &str, text: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim().trim_end_matches('/');
        let prefixes = ["https://", "http://", "mailto:"];
        prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text).to_string()
    };
    bare(href) == bare(text)
}

fn block_html(block: &Block) -> String {
    match block {
        Block::Paragraph(spans) => format!("<p style=\"{PARAGRAPH}\">{}</p>\n", spans_html(spans)),
        Block::Quote(spans) => format!("<blockquote style=\"{QUOTE}\">{}</blockquote>\n", spans_html(spans)),
        Block::Code(code) => format!("<pre style=\"{CODE_BLOCK}\">{}</pre>\n", escaped(code)),
        Block::List { ordered, indent, start, items } => {
            let (open, close) = if *ordered { (format!("ol start=\"{start}\""), "ol") } else { ("ul".into(), "ul") };
            let items: String = items.iter().map(|item| format!("<li>{}</li>\n", spans_html(item))).collect();
            let left = (u32::from(*indent) + 1) * INDENT_PIXELS;
            format!("<{open} style=\"margin:0 0 12px {left}px;padding:0\">\n{items}</{close}>\n")
        }
    }
}

fn spans_html(spans: &[Span]) -> String {
    let span = |span: &Span| match span {
        Span::Text { text, style } => styled(&broken(text), *style),
        Span::Link { href, text, style } => link(href, &styled(&broken(text), *style)),
    };
    spans.iter().map(span).collect()
}

fn broken(text: &str) -> String {
    escaped(text).replace('\n', "<br>\n")
}

fn styled(html: &str, style: Style) -> String {
    let mut html = html.to_string();
    if style.code {
        html = format!("<code style=\"{CODE}\">{html}</code>");
    }
    for (is_on, tag) in [(style.strike, "s"), (style.italic, "i"), (style.bold, "b")] {
        if is_on {
            html = format!("<{tag}>{html}</{tag}>");
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use threadline_core::markup;

    fn body() -> Body {
        let mut body = markup::parse(
            "Hello *there*,\nsee _this_ & <that>:\n> you said \"no\"\n- one\n- two `x < y`\n  1. deep\n```\nif a > b {\n```\n\
             and https://example.com/a?b=c&d=e",
        );
        body.0.push(Block::Paragraph(vec![
            Span::Link { href: "https://example.com/".into(), text: "our page".into(), style: Style::default() },
            Span::Link { href: "javascript:alert(1)".into(), text: " no link".into(), style: Style::default() },
        ]));
        body
    }

    #[test]
    fn a_body_as_text() {
        expect![[r#"
            Hello there,
            see this & <that>:

            > you said "no"

            - one
            - two x < y

              1. deep

                if a > b {

            and https://example.com/a?b=c&d=e

            our page (https://example.com/) no link"#]]
        .assert_eq(&text(&body()));
    }

    #[test]
    fn a_body_as_html() {
        expect![[r#"
            <p style="margin:0 0 12px 0">Hello <b>there</b>,<br>
            see <i>this</i> &amp; &lt;that&gt;:</p>
            <blockquote style="margin:0 0 12px 0;padding:0 0 0 12px;border-left:3px solid #cccccc;color:#555555">you said &quot;no&quot;</blockquote>
            <ul style="margin:0 0 12px 24px;padding:0">
            <li>one</li>
            <li>two <code style="font-family:Consolas,Menlo,monospace;font-size:14px;background-color:#f3f3f3">x &lt; y</code></li>
            </ul>
            <ol start="1" style="margin:0 0 12px 48px;padding:0">
            <li>deep</li>
            </ol>
            <pre style="margin:0 0 12px 0;padding:8px;white-space:pre-wrap;font-family:Consolas,Menlo,monospace;font-size:14px;background-color:#f3f3f3">if a &gt; b {</pre>
            <p style="margin:0 0 12px 0">and <a href="https://example.com/a?b=c&amp;d=e" style="color:#0b57d0">https://example.com/a?b=c&amp;d=e</a></p>
            <p style="margin:0 0 12px 0"><a href="https://example.com/" style="color:#0b57d0">our page</a> no link</p>
        "#]].assert_eq(&html(&body()));
    }
}
