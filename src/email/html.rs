//! The HTML of a letter as the plain text that a reader would see: quotes with `> ` before them, links with
//! where they lead, and nothing of scripts, styles, comments and pictures. One pass, in time linear in the
//! text, whatever it is. Where a mail program marks the beginning of what it quotes, so does the text, with
//! a character that no text has: `quotes.rs` reads it.

use mail_parser::decoders::html::add_html_token;

/// Stands alone on a line: the next lines say whom the quote that follows them is from.
pub const QUOTE_BEGINS: char = '\u{fdd0}';
/// Stands alone on a line: everything from here on is quoted.
pub const REST_IS_QUOTED: char = '\u{fdd1}';

/// Deepest quote that is still marked as deeper: what is nested further stands there.
const QUOTE_DEPTH_MAX: usize = 8;
/// Longest reference to a character, such as `&CounterClockwiseContourIntegral;`.
const ENTITY_BYTES_MAX: usize = 40;
/// Longest address that is shown behind a link's text; what is longer is a tracker's, and says nothing.
const HREF_BYTES_MAX: usize = 500;
/// A line across the page.
const RULE: &str = "________________________________";

/// Elements whose content is no text of the letter.
const SILENT: [&str; 6] = ["script", "style", "title", "template", "noscript", "svg"];
/// Elements that stand on lines of their own.
const BLOCKS: [&str; 22] = [
    "div", "tr", "table", "ul", "ol", "li", "section", "article", "header", "footer", "address", "form", "center",
    "dl", "dt", "dd", "main", "nav", "aside", "figure", "tbody", "thead",
];
/// Elements with a blank line before and after them.
const PARAGRAPHS: [&str; 8] = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "pre"];

/// How a mail program marks what it quotes: in a `class` or an `id`.
const BEGINNINGS: [&str; 3] = ["gmail_attr", "moz-cite-prefix", "protonmail_quote"];
const RESTS: [&str; 5] =
    ["divrplyfwdmsg", "appendonsend", "yahoo_quoted", "outlookmessageheader", "olk_src_body_section"];

/// The text of some HTML.
pub fn text(html: &str) -> String {
    let mut page = Page::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        page.words(&rest[..at]);
        rest = match tag(&rest[at..]) {
            Found::Tag(tag, after) => match SILENT.iter().find(|name| **name == tag.name && !tag.closes) {
                Some(name) => after_closing(after, name),
                None => {
                    page.tag(&tag);
                    after
                }
            },
            Found::Nothing(after) => after,
            Found::Text => {
                page.words("<");
                &rest[at + 1..]
            }
            Found::Unfinished => {
                page.words(&rest[at..]);
                ""
            }
        };
    }
    page.words(rest);
    page.out
}

/// What stands at a `<`.
enum Found<'a> {
    /// A tag, and what follows it.
    Tag(Tag<'a>, &'a str),
    /// A comment or a declaration; what follows it.
    Nothing(&'a str),
    /// The character itself.
    Text,
    /// A tag that never ends.
    Unfinished,
}

struct Tag<'a> {
    name: String,
    closes: bool,
    attributes: &'a str,
}

fn tag(text: &str) -> Found<'_> {
    let inside = &text[1..];
    if let Some(comment) = inside.strip_prefix("!--") {
        return Found::Nothing(comment.find("-->").map_or("", |end| &comment[end + 3..]));
    }
    if inside.starts_with(['!', '?']) {
        return Found::Nothing(inside.find('>').map_or("", |end| &inside[end + 1..]));
    }
    let (closes, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Found::Text;
    }
    let name_end = inside.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(inside.len());
    let mut quote = None;
    for (at, byte) in inside.bytes().enumerate().skip(name_end) {
        match (quote, byte) {
            (None, b'>') => {
                let name = inside[..name_end].to_ascii_lowercase();
                return Found::Tag(Tag { name, closes, attributes: &inside[name_end..at] }, &inside[at + 1..]);
            }
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if byte == open => quote = None,
            (None | Some(_), _) => {}
        }
    }
    Found::Unfinished
}

/// What follows `</name…>`; nothing if it is never closed.
fn after_closing<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = &rest[at + 2..];
        if rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            return rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    ""
}

impl Tag<'_> {
    /// The value of an attribute.
    fn value(&self, name: &str) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            let end = rest.find(|c: char| c.is_whitespace() || c == '=' || c == '/').unwrap_or(rest.len());
            let (key, after) = rest.split_at(end);
            let after = after.trim_start();
            let Some(after) = after.strip_prefix('=') else {
                if after.is_empty() || key.is_empty() && !after.starts_with('/') {
                    return None;
                }
                rest = after;
                continue;
            };
            let after = after.trim_start();
            let (value, after) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                Some(_) | None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
            if key.eq_ignore_ascii_case(name) {
                return Some(decoded(value));
            }
            rest = after;
        }
    }

    /// True when the class or the id is one of these, or begins with one.
    fn is_marked(&self, marks: &[&str]) -> bool {
        let words = [self.value("class"), self.value("id")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let words = words.to_ascii_lowercase();
        words.split_whitespace().any(|word| {
            // Outlook on the web puts an `x_` before what it quotes itself.
            let word = word.trim_start_matches("x_");
            marks.iter().any(|mark| word.starts_with(mark))
        })
    }
}

/// The text under way.
#[derive(Default)]
struct Page {
    out: String,
    /// Line ends that come before the next word.
    breaks: usize,
    /// A blank that comes before the next word.
    blank: bool,
    quotes: usize,
    preformatted: usize,
    /// Where the link that is open leads, and where its text begins.
    link: Option<(String, usize)>,
    /// For each list that is open, the number of its next item; none where it has no numbers.
    lists: Vec<Option<u32>>,
}

impl Page {
    fn tag(&mut self, tag: &Tag<'_>) {
        let name = tag.name.as_str();
        if !tag.closes && tag.is_marked(&RESTS) {
            self.alone(&REST_IS_QUOTED.to_string());
        } else if !tag.closes && tag.is_marked(&BEGINNINGS) {
            self.alone(&QUOTE_BEGINS.to_string());
        }
        match name {
            "br" => self.breaks = (self.breaks + 1).min(2),
            "hr" => self.alone(RULE),
            "td" | "th" => self.blank = true,
            "a" => self.link_at(tag),
            "blockquote" => {
                self.at_least(1);
                self.quotes = if tag.closes { self.quotes.saturating_sub(1) } else { self.quotes + 1 };
            }
            _ => {}
        }
        if PARAGRAPHS.contains(&name) {
            // Outlook makes a paragraph of each line.
            let is_line = tag.closes || tag.value("class").is_some_and(|class| class.starts_with("Mso"));
            self.at_least(if is_line { 1 } else { 2 });
        } else if BLOCKS.contains(&name) {
            self.at_least(1);
        }
        match (name, tag.closes) {
            ("pre", false) => self.preformatted += 1,
            ("pre", true) => self.preformatted = self.preformatted.saturating_sub(1),
            ("ul", false) => self.lists.push(None),
            ("ol", false) => self.lists.push(Some(1)),
            ("ul" | "ol", true) => {
                self.lists.pop();
            }
            ("li", false) => self.item(),
            _ => {}
        }
    }

    fn item(&mut self) {
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            Some(None) | None => "- ".to_string(),
        };
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(QUOTE_DEPTH_MAX));
        self.push(&format!("{indent}{mark}"));
    }

    fn link_at(&mut self, tag: &Tag<'_>) {
        if let Some((href, from)) = self.link.take() {
            let shown = self.out.get(from..).unwrap_or_default().trim();
            let bare = href.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
            let says_it = shown.contains(bare) || bare.contains(shown) && shown.contains('.');
            if !shown.is_empty() && !says_it && href.len() <= HREF_BYTES_MAX {
                self.push(&format!(" ({href})"));
            }
        }
        let href = if tag.closes { None } else { tag.value("href") };
        let href = href.filter(|href| href.starts_with("https://") || href.starts_with("http://"));
        self.link = href.filter(|href| !href.contains(char::is_whitespace)).map(|href| (href, self.out.len()));
    }

    /// Words between two tags.
    fn words(&mut self, text: &str) {
        if self.preformatted > 0 {
            for (at, line) in decoded(text).replace('\r', "").split('\n').enumerate() {
                if at > 0 {
                    self.breaks = (self.breaks + 1).min(2);
                }
                if !line.is_empty() {
                    self.push(line);
                }
            }
            return;
        }
        let ends_blank = |text: &str| text.ends_with(|c: char| c.is_ascii_whitespace());
        self.blank |= text.starts_with(|c: char| c.is_ascii_whitespace());
        let mut words = text.split_ascii_whitespace().peekable();
        while let Some(word) = words.next() {
            self.push(&decoded(word));
            self.blank = words.peek().is_some() || ends_blank(text);
        }
    }

    /// A line of its own.
    fn alone(&mut self, line: &str) {
        self.at_least(1);
        self.push(line);
        self.at_least(1);
    }

    fn at_least(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
    }

    fn push(&mut self, text: &str) {
        // A blank that does not break is no word, but its line is not empty either.
        let text = text.replace('\u{a0}', " ");
        if self.out.is_empty() && text.trim().is_empty() {
            return;
        }
        let begins_line = self.out.is_empty() || self.breaks > 0;
        if self.breaks > 0 && !self.out.is_empty() {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            self.out.push_str(&"\n".repeat(self.breaks));
        }
        if begins_line && self.quotes > 0 {
            self.out.push_str(&">".repeat(self.quotes.min(QUOTE_DEPTH_MAX)));
            self.out.push(' ');
        } else if self.blank && !begins_line {
            self.out.push(' ');
        }
        (self.breaks, self.blank) = (0, false);
        self.out.push_str(&text);
    }
}

/// The text with its references to characters resolved, and without what marks quotes here.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(ENTITY_BYTES_MAX).position(|b| b == b';').map_or(1, |end| end + 1);
        add_html_token(&mut out, &rest.as_bytes()[..end], false);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out.retain(|c| !matches!(c, QUOTE_BEGINS | REST_IS_QUOTED) && (!c.is_control() || matches!(c, '\n' | '\t' | '\r')));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use proptest::prelude::*;

    #[test]
    fn what_is_seen_is_text() {
        let html = "<!DOCTYPE html><html><head><title>x</title><style>p{color:red}</style></head><body>\
            <script>alert('<p>no</p>')</script><!-- no --><p>Hello&nbsp;<b>Ana</b>,</p><p>1 &lt; 2 &amp;&#32;&#x41; &nope; <br>\
            next <a href='https://example.com/a?b=c&amp;d'>our page</a>, <a href=\"https://example.com\">example.com</a></p>\
            <ul><li>one<li>two<ol><li>deep</ol></ul><div>a</div><div><br></div><div>b</div>\
            <table><tr><td>1</td><td>2</td></tr></table><pre>if a\n  b\n</pre><img src=http://evil.test/x.png alt=x>\
            <hr><blockquote>they said<blockquote>deeper</blockquote></blockquote>end <3 </body></html>";
        expect![[r#"
            Hello Ana,

            1 < 2 & A &nope;
            next our page (https://example.com/a?b=c&d), example.com
            - one
            - two
              1. deep
            a

            b
            1 2

            if a
              b
            ________________________________
            > they said
            >> deeper
            end <3"#]]
        .assert_eq(&text(html));
    }

    #[test]
    fn outlooks_paragraphs_are_lines() {
        let html = "<p class=MsoNormal>Hello,<o:p></o:p></p><p class=MsoNormal>second line<o:p></o:p></p>\
            <p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>third</p>";
        expect![[r#"
            Hello,
            second line
 
            third"#]]
        .assert_eq(&text(html));
    }

    #[test]
    fn what_never_ends_is_no_trouble() {
        for (html, seen) in [
            ("a <b", "a <b"),
            ("a <b href=\"x", "a <b href=\"x"),
            ("a<!-- b", "a"),
            ("a<script>b", "a"),
            ("a<script>b</scrip>c</SCRIPT >d", "ad"),
            ("a < b > c", "a < b > c"),
            ("</div></ul></a>a", "a"),
            ("\u{fdd1}a", "a"),
            ("&#xfdd0;a&#0;", "a"),
        ] {
            assert_eq!(text(html), seen, "{html}");
        }
    }

    #[test]
    fn it_is_linear() {
        for piece in
            ["<blockquote>a", "<a href='https://x.example'>a", "<ul><li>", "<", "&", "<p>", "</scrip", "<!--", "<a \""]
        {
            let began = std::time::Instant::now();
            let html = piece.repeat(300_000 / piece.len());
            assert!(text(&html).len() <= 20 * html.len());
            // A hundredth of what quadratic time would take.
            assert!(began.elapsed().as_secs() < 60, "{piece}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_is_read(html in "([<>/&;a-z =\"'!\\-\u{a0}é]|<p>|<br>|<blockquote>|</a>|<a href=|<pre>|<li>){0,80}") {
            let text = text(&html);
            prop_assert!(!text.contains([QUOTE_BEGINS, '\u{a0}']), "{text:?}");
        }
    }
}
