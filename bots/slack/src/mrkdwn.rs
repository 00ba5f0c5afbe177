//! Slack's `text` of a message without rich text: its `<…>` forms and its three entities are read
//! here, what people type between them by the core's markup.

use crate::{emoji, format};
use threadline_core::body::{Block, Body, Span, Style, safe_href};
use threadline_core::markup;

/// Stands in the text for a `<…>` form while the markup around it is read; never a character of a
/// text (Unicode noncharacter).
const FORM: char = '\u{fdd0}';

/// The text as a body.
pub(crate) fn body(text: &str) -> Body {
    let mut plain = String::new();
    let mut forms = Vec::new();
    for piece in split(text) {
        match piece {
            Piece::Text(text) => plain.push_str(&unescape(&text.replace(FORM, ""))),
            Piece::Form(form) => {
                plain.push(FORM);
                forms.push(read_form(form));
            }
        }
    }
    let mut forms = forms.into_iter();
    let mut body = markup::parse(&plain);
    for block in &mut body.0 {
        match block {
            Block::Paragraph(spans) | Block::Quote(spans) => put_back(spans, &mut forms),
            Block::List { items, .. } => items.iter_mut().for_each(|item| put_back(item, &mut forms)),
            Block::Code(code) => put_back_text(code, &mut forms),
        }
    }
    body
}

enum Piece<'a> {
    Text(&'a str),
    Form(&'a str),
}

/// The text and the `<…>` forms in it. Slack escapes every `<` that people type.
fn split(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(inside) = rest.strip_prefix('<')
            && let Some(end) = inside.find(['>', '<', '\n'])
            && inside[end..].starts_with('>')
        {
            rest = &inside[end + 1..];
            return Some(Piece::Form(&inside[..end]));
        }
        let from = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[from..].find('<').map_or(rest.len(), |at| from + at);
        let text = &rest[..end];
        rest = &rest[end..];
        Some(Piece::Text(text))
    })
}

/// What a form shows, and where it leads if it is a link.
struct Form {
    text: String,
    href: Option<String>,
}

/// Who and what a form names is internal, and shows as what it is at most.
fn read_form(form: &str) -> Form {
    let words = |text: String| Form { text, href: None };
    if form.starts_with('@') {
        return words(format::THE_TEAM.to_string());
    }
    if form.starts_with('#') {
        return words(format::A_CHANNEL.to_string());
    }
    if let Some(special) = form.strip_prefix('!') {
        let (command, label) = label_of(special);
        return words(match label {
            Some(label) if command.starts_with("date^") => unescape(label),
            Some(_) | None => format::THE_TEAM.to_string(),
        });
    }
    let (url, label) = label_of(form);
    let url = unescape(url);
    let label = label.filter(|label| !label.is_empty()).map(|label| emoji::in_text(&unescape(label)));
    let text = label.unwrap_or_else(|| url.clone());
    Form { text, href: safe_href(&url).map(str::to_string) }
}

/// A form's content and its label.
fn label_of(form: &str) -> (&str, Option<&str>) {
    match form.split_once('|') {
        Some((content, label)) => (content, Some(label)),
        None => (form, None),
    }
}

/// The three entities that Slack knows, in one pass: `&amp;lt;` is `&lt;`.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (plain, len) = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')]
            .into_iter()
            .find(|(entity, _)| rest.starts_with(entity))
            .map_or(('&', 1), |(entity, plain)| (plain, entity.len()));
        out.push(plain);
        rest = &rest[len..];
    }
    out + rest
}

/// Puts the forms back where they stood, in the style of the text around them.
fn put_back(spans: &mut Vec<Span>, forms: &mut impl Iterator<Item = Form>) {
    let mut out = Vec::with_capacity(spans.len());
    for span in spans.drain(..) {
        match span {
            Span::Text { text, style } if style.code => out.push(Span::Text { text: with_forms(&text, forms), style }),
            Span::Text { text, style } => split_at_forms(&text, style, forms, &mut out),
            Span::Link { href, text, style } => {
                let text = with_forms(&text, forms);
                // An address with a form in it is another one without: `https://<@U1>` is none at all.
                out.push(match safe_href(&href.replace(FORM, "")) {
                    Some(href) => Span::Link { href: href.to_string(), text, style },
                    None => Span::Text { text, style },
                });
            }
        }
    }
    *spans = out;
}

fn split_at_forms(text: &str, style: Style, forms: &mut impl Iterator<Item = Form>, out: &mut Vec<Span>) {
    for (i, text) in text.split(FORM).enumerate() {
        if i > 0
            && let Some(form) = forms.next()
        {
            out.push(match form.href {
                Some(href) => Span::Link { href, text: form.text, style },
                None => Span::Text { text: form.text, style },
            });
        }
        if !text.is_empty() {
            out.push(Span::Text { text: emoji::in_text(text), style });
        }
    }
}

fn put_back_text(text: &mut String, forms: &mut impl Iterator<Item = Form>) {
    *text = with_forms(text, forms);
}

fn with_forms(text: &str, forms: &mut impl Iterator<Item = Form>) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, part) in text.split(FORM).enumerate() {
        if i > 0 {
            out.extend(forms.next().map(|form| form.text));
        }
        out.push_str(part);
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(text: &str, expected: Expect) {
        expected.assert_debug_eq(&body(text));
    }

    fn text_of(text: &str) -> String {
        body(text).text()
    }

    #[test]
    fn forms_show_without_anything_internal() {
        for (text, shown) in [
            ("<@U1> and <@U1|ada>", "@our team and @our team"),
            ("<#C1|secret-project> <#C1>", "#channel #channel"),
            ("<!here> <!channel> <!everyone|everyone>", "@our team @our team @our team"),
            ("<!subteam^S1|@night-shift> <!of_next_year|Night shift>", "@our team @our team"),
            ("<!date^1392734382^{date}|Feb 18, 2014>", "Feb 18, 2014"),
            ("<https://example.com?a=1&amp;b=2>", "https://example.com?a=1&b=2"),
            ("<mailto:ada@example.com|ada@example.com>", "ada@example.com"),
            ("<javascript:alert(1)|click>", "click"),
            ("a &lt;b&gt; &amp;lt; &copy; &", "a <b> &lt; &copy; &"),
            ("1 < 2 <", "1 < 2 <"),
            ("\u{fdd0}<@U2>\u{fdd0}", "@our team"),
            ("https://<@U1>", "https://@our team"),
        ] {
            assert_eq!(text_of(text), shown, "{text}");
        }
    }

    #[test]
    fn a_link_keeps_the_style_around_it() {
        check(
            "*see <https://example.com|a_b_c>* `<https://x.org>`",
            expect![[r#"
            Body(
                [
                    Paragraph(
                        [
                            Text {
                                text: "see ",
                                style: Style {
                                    bold: true,
                                    italic: false,
                                    strike: false,
                                    code: false,
                                },
                            },
                            Link {
                                href: "https://example.com",
                                text: "a_b_c",
                                style: Style {
                                    bold: true,
                                    italic: false,
                                    strike: false,
                                    code: false,
                                },
                            },
                            Text {
                                text: " ",
                                style: Style {
                                    bold: false,
                                    italic: false,
                                    strike: false,
                                    code: false,
                                },
                            },
                            Text {
                                text: "https://x.org",
                                style: Style {
                                    bold: false,
                                    italic: false,
                                    strike: false,
                                    code: true,
                                },
                            },
                        ],
                    ),
                ],
            )
        "#]],
        );
    }

    #[test]
    fn short_names_become_emoji_but_not_in_code() {
        for (text, shown) in [
            (":lock: not for him", "🔒 not for him"),
            ("_:lock: not for him_", "🔒 not for him"),
            ("well :wave::skin-tone-4:<@U1>:tada:", "well 👋🏽@our team🎉"),
            ("`:lock:` and ```:tada:```", ":lock: and \n:tada:"),
            (
                "<https://example.com/:lock:|:lock: here> https://example.com/:lock:",
                "🔒 here https://example.com/:lock:",
            ),
        ] {
            assert_eq!(text_of(text), shown, "{text}");
        }
    }

    #[test]
    fn what_is_left_of_an_address_without_its_form_is_a_link_only_if_it_may_be_followed() {
        let links = |text: &str| {
            let Some(Block::Paragraph(spans)) = body(text).0.into_iter().next() else { panic!("{text}") };
            spans.iter().filter(|span| matches!(span, Span::Link { .. })).count()
        };
        assert_eq!((links("https://<@U1>"), links("https://example.com/<@U1>")), (0, 1));
    }

    /// The addresses of links that no browser should be given.
    pub(crate) fn unsafe_links(body: &Body) -> Vec<String> {
        let spans = |block: &Block| match block {
            Block::Paragraph(spans) | Block::Quote(spans) => spans.clone(),
            Block::List { items, .. } => items.concat(),
            Block::Code(_) => Vec::new(),
        };
        let href = |span: Span| match span {
            Span::Link { href, .. } => Some(href),
            Span::Text { .. } => None,
        };
        let hrefs = body.0.iter().flat_map(spans).filter_map(href);
        hrefs.filter(|href| safe_href(href).is_none()).collect()
    }

    proptest! {
        #[test]
        fn what_was_typed_is_not_lost(text in "([a-z*_~`>\n -]|&lt;|&gt;|&amp;|```|\\PC){0,60}") {
            let letters = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            // As Slack sends what somebody typed: everything that could be a form is escaped.
            let sent = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            // Some emoji count as letters, and their names are gone.
            prop_assume!(!text.contains(':'));
            prop_assert_eq!(letters(&text_of(&sent)), letters(&text));
        }

        #[test]
        fn nothing_makes_it_panic_or_link_where_it_must_not(text in "([<>|@#!&;^*`:\n]|https?://|mailto:|<@U1>|x\\.org/|- |\u{fdd0}|&amp;|\\PC){0,60}") {
            let body = body(&text);
            prop_assert_eq!(unsafe_links(&body), Vec::<String>::new());
        }
    }
}
