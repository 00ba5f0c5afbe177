//! What a message says: a small flat tree that every face of Threadline can show. No HTML, no
//! markup of a platform and no link of an unknown kind ever gets in, so nothing has to be cleaned
//! on the way out. Made by the bots and the web, shown by the widget as DOM nodes.

/// Longest body that is kept, in characters of text; what follows is cut with an ellipsis.
/// Slack truncates a message above 40,000 characters (chat.postMessage, `text`).
pub const BODY_CHARS_MAX: usize = 40_000;
/// Most blocks of a body, and most items of all its lists together, that are kept: empty ones count no
/// characters, but a thousand lists of a thousand would be a million lines.
pub const BODY_BLOCKS_MAX: usize = 1_000;

/// A message's content: blocks one below the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body(pub Vec<Block>);

/// One block of a body. Blocks do not nest: a list carries its level instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Running text; `\n` in a span is a line break.
    Paragraph(Vec<Span>),
    /// Some items of a list, all on one level.
    List {
        /// Numbered instead of bulleted.
        ordered: bool,
        /// How deep the items stand, 0 outermost.
        indent: u8,
        /// Number of the first item of an ordered list.
        start: u32,
        /// The items.
        items: Vec<Vec<Span>>,
    },
    /// Somebody else's words.
    Quote(Vec<Span>),
    /// Preformatted text, shown as it is.
    Code(String),
}

/// A run of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// Text.
    Text {
        /// What it says.
        text: String,
        /// How it looks.
        style: Style,
    },
    /// A link that [`safe_href`] has passed.
    Link {
        /// Where it goes.
        href: String,
        /// What is shown.
        text: String,
        /// How it looks.
        style: Style,
    },
}

/// How a span looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Bold.
    pub bold: bool,
    /// Italics.
    pub italic: bool,
    /// Struck through.
    pub strike: bool,
    /// Code, in a line of text.
    pub code: bool,
}

impl Body {
    /// Text as somebody typed it, with no style and no links.
    pub fn plain(text: &str) -> Body {
        Body(vec![Block::Paragraph(vec![Span::plain(text)])])
    }

    /// True when a reader would see nothing.
    pub fn is_blank(&self) -> bool {
        self.text().chars().all(is_invisible)
    }

    /// The body as plain text, for a fallback, a search or a size.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for block in &self.0 {
            if !out.is_empty() {
                out.push('\n');
            }
            match block {
                Block::Paragraph(spans) | Block::Quote(spans) => push_spans(&mut out, spans),
                Block::List { ordered, indent, start, items } => {
                    for (i, item) in items.iter().enumerate() {
                        if i > 0 {
                            out.push('\n');
                        }
                        for _ in 0..*indent {
                            out.push_str("  ");
                        }
                        if *ordered {
                            out.push_str(&format!("{}. ", *start as usize + i));
                        } else {
                            out.push_str("• ");
                        }
                        push_spans(&mut out, item);
                    }
                }
                Block::Code(code) => out.push_str(code),
            }
        }
        out
    }

    /// The text a reader meets first, without what is invisible before it. Empty when the body
    /// opens with code: `// a comment` in a code block is code, not a mark of the writer's.
    pub fn opening(&self) -> &str {
        for block in &self.0 {
            let spans: &[Span] = match block {
                Block::Paragraph(spans) | Block::Quote(spans) => spans,
                Block::List { items, .. } => items.first().map(Vec::as_slice).unwrap_or_default(),
                Block::Code(_) => return "",
            };
            for span in spans {
                let (Span::Text { text, style } | Span::Link { text, style, .. }) = span;
                let text = text.trim_start_matches(is_invisible);
                if !text.is_empty() {
                    return if style.code { "" } else { text };
                }
            }
        }
        ""
    }

    /// The body without `prefix` where it opens, in whatever styles, and the blank space after it.
    pub fn without_opening(mut self, prefix: &str) -> Body {
        for (at, block) in self.0.iter_mut().enumerate() {
            let (Block::Paragraph(spans) | Block::Quote(spans)) = block else { break };
            let mut text = String::new();
            push_spans(&mut text, spans);
            let bare = text.trim_start_matches(is_invisible);
            if bare.is_empty() {
                continue;
            }
            if let Some(rest) = bare.strip_prefix(prefix) {
                cut_start(spans, text.len() - rest.trim_start().len());
                let is_empty = spans.is_empty();
                self.0.drain(..at + usize::from(is_empty));
            }
            break;
        }
        self
    }

    /// The body cut to [`BODY_CHARS_MAX`] characters of text and [`BODY_BLOCKS_MAX`] blocks and items;
    /// an ellipsis stands where something was cut.
    pub fn bounded(mut self) -> Body {
        let (mut left, mut items_left) = (BODY_CHARS_MAX, BODY_BLOCKS_MAX);
        let mut is_cut = self.0.len() > BODY_BLOCKS_MAX;
        self.0.truncate(BODY_BLOCKS_MAX);
        for block in &mut self.0 {
            match block {
                Block::Paragraph(spans) | Block::Quote(spans) => bound_spans(spans, &mut left),
                Block::List { items, .. } => {
                    is_cut |= items.len() > items_left;
                    items.truncate(items_left);
                    items_left -= items.len();
                    items.iter_mut().for_each(|item| bound_spans(item, &mut left));
                }
                Block::Code(code) => bound_text(code, &mut left),
            }
        }
        self.0.retain(|block| !matches!(block, Block::List { items, .. } if items.is_empty()));
        if is_cut && left > 0 {
            self.0.push(Block::Paragraph(vec![Span::plain("…")]));
        }
        self
    }
}

impl Span {
    /// Text with no style.
    pub fn plain(text: &str) -> Span {
        Span::Text { text: text.to_string(), style: Style::default() }
    }
}

/// The link if a customer's browser may follow it: `http`, `https` or `mailto`, with something
/// after it, and no control or blank character inside.
pub fn safe_href(href: &str) -> Option<&str> {
    let (scheme, rest) = href.split_once(':')?;
    let rest_ok = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.strip_prefix("//").is_some_and(|host| !host.is_empty() && !host.starts_with('/')),
        "mailto" => !rest.is_empty(),
        _ => false,
    };
    (rest_ok && href.chars().all(|c| !c.is_control() && !c.is_whitespace())).then_some(href)
}

/// True for white space and for characters that take no place on the screen.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}')
}

/// Splits text into pieces of at most `chars_max` characters, in order, losing nothing but the
/// blank at a split: at a line's end if there is one in the second half of the piece, else at a
/// blank, else hard.
pub fn pieces(text: &str, chars_max: usize) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((hard, _)) = rest.char_indices().nth(chars_max) {
        let window = &rest[..hard];
        let floor = hard / 2;
        let cut = window.rfind('\n').filter(|at| *at >= floor).or_else(|| window.rfind(' ').filter(|at| *at >= floor));
        match cut {
            Some(at) => {
                out.push(&rest[..at]);
                rest = &rest[at + 1..];
            }
            None => {
                out.push(window);
                rest = &rest[hard..];
            }
        }
    }
    if out.is_empty() || !rest.is_empty() {
        out.push(rest);
    }
    // A desk takes no blank post.
    if out.iter().any(|piece| !piece.chars().all(is_invisible)) {
        out.retain(|piece| !piece.chars().all(is_invisible));
    }
    out
}

fn push_spans(out: &mut String, spans: &[Span]) {
    for span in spans {
        let (Span::Text { text, .. } | Span::Link { text, .. }) = span;
        out.push_str(text);
    }
}

/// Takes so many bytes of text off the start.
fn cut_start(spans: &mut Vec<Span>, mut bytes: usize) {
    spans.retain_mut(|span| {
        let (Span::Text { text, .. } | Span::Link { text, .. }) = span;
        let here = bytes.min(text.len());
        text.drain(..here);
        bytes -= here;
        !text.is_empty()
    });
}

fn bound_spans(spans: &mut Vec<Span>, left: &mut usize) {
    for span in spans.iter_mut() {
        let (Span::Text { text, .. } | Span::Link { text, .. }) = span;
        bound_text(text, left);
    }
    spans.retain(|span| {
        let (Span::Text { text, .. } | Span::Link { text, .. }) = span;
        !text.is_empty()
    });
}

fn bound_text(text: &mut String, left: &mut usize) {
    if *left == 0 {
        text.clear();
        return;
    }
    match text.char_indices().nth(*left) {
        Some((at, _)) => {
            text.truncate(at);
            text.push('…');
            *left = 0;
        }
        None => *left -= text.chars().count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_links_a_browser_may_follow_pass() {
        for good in ["https://example.com", "HTTP://example.com/a?b=c#d", "mailto:ada@example.com"] {
            assert_eq!(safe_href(good), Some(good));
        }
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "//example.com",
            "/path",
            "https:example",
            "https://",
            "https:///x",
            "java\nscript:x",
            "https://a b",
            "vbscript:x",
            "file:///etc/passwd",
            "",
            "mailto:",
        ] {
            assert_eq!(safe_href(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_opening_skips_what_nobody_sees_and_is_empty_for_code() {
        assert_eq!(Body::plain(" \u{200b}// hush").opening(), "// hush");
        assert_eq!(Body(vec![Block::Code("// code".into())]).opening(), "");
        let inline = Span::Text { text: "//x".into(), style: Style { code: true, ..Style::default() } };
        assert_eq!(Body(vec![Block::Paragraph(vec![inline])]).opening(), "");
    }

    #[test]
    fn a_prefix_is_taken_off_once() {
        assert_eq!(Body::plain(" > hello > you").without_opening(">"), Body::plain("hello > you"));
    }

    fn bold(text: &str) -> Span {
        Span::Text { text: text.into(), style: Style { bold: true, ..Style::default() } }
    }

    #[test]
    fn an_opening_may_change_its_style_and_stand_below_blank_lines() {
        let blank = Block::Paragraph(vec![Span::plain("\n\u{200b}")]);
        let marked = Block::Paragraph(vec![Span::plain("!no"), bold("te hush")]);
        let body = Body(vec![blank.clone(), marked]);
        assert_eq!(body.opening(), "!no");
        assert_eq!(body.clone().without_opening("!note"), Body(vec![Block::Paragraph(vec![bold("hush")])]));
        assert_eq!(body.clone().without_opening("!topic"), body);
        let alone = Body(vec![Block::Paragraph(vec![bold("!note")]), Block::Quote(vec![Span::plain("hush")])]);
        assert_eq!(alone.without_opening("!note"), Body(vec![Block::Quote(vec![Span::plain("hush")])]));
        assert_eq!(Body(vec![blank, Block::Code("// code".into())]).opening(), "");
    }

    #[test]
    fn what_counts_no_characters_is_bounded_too() {
        let list = Block::List { ordered: false, indent: 0, start: 1, items: vec![Vec::new(); 900] };
        let body = Body(vec![list; 900]).bounded();
        let items = |block: &Block| match block {
            Block::List { items, .. } => items.len(),
            Block::Paragraph(_) | Block::Quote(_) | Block::Code(_) => 0,
        };
        assert_eq!(body.0.iter().map(items).collect::<Vec<_>>(), [900, 100, 0]);
        assert!(body.text().ends_with("\n…"));
        assert_eq!(body.clone().bounded(), body);
    }

    #[test]
    fn text_is_split_at_lines_then_at_blanks() {
        assert_eq!(pieces("", 5), [""]);
        assert_eq!(pieces("abc", 5), ["abc"]);
        assert_eq!(pieces("abcd\nefg hi", 6), ["abcd", "efg hi"]);
        assert_eq!(pieces("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    proptest! {
        #[test]
        fn pieces_keep_every_visible_character_and_the_bound(text in "\\PC{0,80}[ \n\\PC]{0,80}", max in 1usize..20) {
            let parts = pieces(&text, max);
            let ink = |s: &str| s.chars().filter(|c| !is_invisible(*c)).collect::<String>();
            prop_assert_eq!(ink(&parts.concat()), ink(&text));
            prop_assert!(parts.iter().all(|part| part.chars().count() <= max));
        }

        #[test]
        fn a_bounded_body_is_never_longer_than_the_bound(text in "\\PC{0,50}", repeats in 1usize..3000) {
            let body = Body::plain(&text.repeat(repeats)).bounded();
            prop_assert!(body.text().chars().count() <= BODY_CHARS_MAX + 1);
        }
    }
}
