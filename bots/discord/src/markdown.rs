//! An agent's message as a body that customers can be shown: Discord's markdown, read. Nothing that a
//! person wrote gets lost over a mark that we do not know, and nothing internal shows: no name of a
//! person, a role or a channel. What is no markup stays as it was typed.

use crate::format::{A_CHANNEL, THE_TEAM, date};
use crate::ids::Id;
use threadline_core::body::{Block, Body, Span, Style, safe_href};

/// What opens and closes a code block.
const FENCE: &str = "```";
/// Deepest nesting of styles that is followed; what is deeper stays as it was typed.
const DEPTH_MAX: usize = 8;
/// Deepest level of a list; what is indented further stands there.
const INDENT_MAX: usize = 8;
/// Longest number of an ordered list: longer ones are no numbering.
const NUMBER_DIGITS_MAX: usize = 6;
/// What a bare address ends with is more often the sentence's than the address's.
const NOT_AT_AN_ADDRESS_END: [char; 11] = ['.', ',', ';', ':', '!', '?', '\'', '"', '*', '_', '~'];

/// What a message says.
pub fn body(content: &str) -> Body {
    let mut blocks = Vec::new();
    let mut rest = content;
    while let Some((before, code, after)) = fenced(rest) {
        read_lines(before.strip_suffix('\n').unwrap_or(before), &mut blocks);
        blocks.push(Block::Code(code.to_string()));
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    read_lines(rest, &mut blocks);
    let body = Body(blocks);
    // Marks around nothing are all that there is to see.
    if body.is_blank() && !content.trim().is_empty() { Body::plain(content) } else { body }
}

/// True for a message that begins with a mention of this user.
pub fn is_addressed_to(content: &str, user: Id) -> bool {
    mention_at(content.trim_start()).is_some_and(|(id, _)| id == user)
}

/// The first person whom a message mentions, other than us.
pub fn mentioned(content: &str, us: Id) -> Option<Id> {
    let starts = content.match_indices("<@").map(|(at, _)| at);
    starts.filter_map(|at| mention_at(&content[at..])).map(|(id, _)| id).find(|id| *id != us)
}

/// The user who is mentioned where this text begins, and what follows.
fn mention_at(text: &str) -> Option<(Id, &str)> {
    let (inside, rest) = text.strip_prefix("<@")?.split_once('>')?;
    Some((Id::parse(inside.strip_prefix('!').unwrap_or(inside))?, rest))
}

/// The text before a code block, what is in it, and the text after it.
fn fenced(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(FENCE)?;
    let (code, after) = rest.split_once(FENCE)?;
    // The first line may name the language.
    let code = match code.split_once('\n') {
        Some((language, code)) if language.chars().all(|c| c.is_ascii_alphanumeric() || "+-_#.".contains(c)) => code,
        Some(_) | None => code,
    };
    Some((before, code.strip_suffix('\n').unwrap_or(code), after))
}

/// What a line is, apart from its words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Text,
    Heading,
    Quote,
    Item { ordered: bool, indent: usize, number: u32 },
}

/// Neighbouring lines of one kind become one block.
fn read_lines(text: &str, blocks: &mut Vec<Block>) {
    if text.is_empty() {
        return;
    }
    let mut run: Option<(Line, Vec<&str>)> = None;
    let mut offset = 0;
    for line in text.split('\n') {
        let at = offset;
        offset += line.len() + 1;
        if let Some(rest) = line.strip_prefix(">>> ") {
            finish(run.take(), blocks);
            let after = &text[(at + line.len()).min(text.len())..];
            blocks.push(Block::Quote(spans(&format!("{rest}{after}"), Style::default(), 0)));
            return;
        }
        let (kind, words) = kind_of(line);
        match &mut run {
            Some((before, all)) if joins(*before, kind) => all.push(words),
            _ => {
                finish(run.take(), blocks);
                run = Some((kind, vec![words]));
            }
        }
    }
    finish(run, blocks);
}

fn joins(before: Line, next: Line) -> bool {
    match (before, next) {
        (Line::Text, Line::Text) | (Line::Quote, Line::Quote) => true,
        (Line::Item { ordered: one, indent: a, .. }, Line::Item { ordered: other, indent: b, .. }) => {
            one == other && a == b
        }
        (Line::Text | Line::Heading | Line::Quote | Line::Item { .. }, _) => false,
    }
}

fn finish(run: Option<(Line, Vec<&str>)>, blocks: &mut Vec<Block>) {
    let Some((kind, lines)) = run else { return };
    let all = |style| spans(&lines.join("\n"), style, 0);
    blocks.push(match kind {
        Line::Text => {
            let spans = all(Style::default());
            if spans.is_empty() {
                return;
            }
            Block::Paragraph(spans)
        }
        Line::Heading => Block::Paragraph(all(Style { bold: true, ..Style::default() })),
        Line::Quote => Block::Quote(all(Style::default())),
        Line::Item { ordered, indent, number } => Block::List {
            ordered,
            indent: indent.min(INDENT_MAX) as u8,
            start: number,
            items: lines.iter().map(|line| spans(line, Style::default(), 0)).collect(),
        },
    });
}

fn kind_of(line: &str) -> (Line, &str) {
    if let Some(words) = line.strip_prefix("> ") {
        return (Line::Quote, words);
    }
    if line == ">" {
        return (Line::Quote, "");
    }
    if let Some(words) = ["# ", "## ", "### "].iter().find_map(|mark| line.strip_prefix(mark)) {
        return (Line::Heading, words);
    }
    if let Some(words) = line.strip_prefix("-# ") {
        return (Line::Text, words);
    }
    let words = line.trim_start_matches(' ');
    let indent = (line.len() - words.len()).div_ceil(2);
    if let Some(words) = ["- ", "* "].iter().find_map(|mark| words.strip_prefix(mark)) {
        return (Line::Item { ordered: false, indent, number: 1 }, words);
    }
    let digits = words.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=NUMBER_DIGITS_MAX).contains(&digits)
        && let Some(item) = words[digits..].strip_prefix(". ")
    {
        return (Line::Item { ordered: true, indent, number: words[..digits].parse().unwrap_or(1) }, item);
    }
    (Line::Text, line)
}

/// The words of a line, or of several, with their styles and links.
fn spans(text: &str, style: Style, depth: usize) -> Vec<Span> {
    let mut out = Out { spans: Vec::new(), plain: String::new(), style };
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let before = text[..at].chars().next_back();
        let read = match c {
            '\\' => escaped(rest).map(|(c, len)| (Read::Text(c.to_string()), len)),
            '`' => inline_code(rest),
            '<' => angled(rest),
            '[' => masked(rest),
            'h' | 'H' if !before.is_some_and(char::is_alphanumeric) => bare_address(rest),
            '@' => everybody(rest),
            '*' | '_' | '~' | '|' if depth < DEPTH_MAX => styled(rest, before),
            _ => None,
        };
        let Some((read, len)) = read else {
            out.plain.push(c);
            at += c.len_utf8();
            continue;
        };
        at += len;
        match read {
            Read::Text(words) => out.plain.push_str(&words),
            Read::Code(code) => out.push(Span::Text { text: code, style: Style { code: true, ..style } }),
            Read::Link { href, text } => out.push(Span::Link { href, text, style }),
            Read::Styled(inside, change) => {
                out.flush();
                out.spans.extend(spans(inside, change(style), depth + 1));
            }
        }
    }
    out.flush();
    out.spans
}

/// What was read.
struct Out {
    spans: Vec<Span>,
    /// Text that has no span yet.
    plain: String,
    style: Style,
}

impl Out {
    fn push(&mut self, span: Span) {
        self.flush();
        self.spans.push(span);
    }

    fn flush(&mut self) {
        if !self.plain.is_empty() {
            self.spans.push(Span::Text { text: std::mem::take(&mut self.plain), style: self.style });
        }
    }
}

/// Something other than a plain character.
enum Read<'a> {
    Text(String),
    Code(String),
    Link { href: String, text: String },
    Styled(&'a str, Change),
}

/// A character behind a `\`, which means itself.
fn escaped(rest: &str) -> Option<(char, usize)> {
    let c = rest[1..].chars().next()?;
    (!c.is_alphanumeric() && !c.is_whitespace()).then_some((c, 1 + c.len_utf8()))
}

fn inline_code(rest: &str) -> Option<(Read<'_>, usize)> {
    let ticks = rest.bytes().take_while(|b| *b == b'`').count();
    let mark = &rest[..ticks];
    let inside = &rest[ticks..];
    let end = inside.find(mark)?;
    let code = &inside[..end];
    if code.is_empty() {
        return None;
    }
    let code = if ticks > 1 { code.trim_matches(' ') } else { code };
    Some((Read::Code(code.to_string()), ticks * 2 + end))
}

/// A mention, an emoji, a time or an address in angle brackets.
fn angled(rest: &str) -> Option<(Read<'_>, usize)> {
    let end = rest.find('>')?;
    let inside = &rest[1..end];
    let len = end + 1;
    let id = |text: &str| Id::parse(text).is_some();
    let text = |text: &str| Some((Read::Text(text.to_string()), len));
    if let Some(person) = inside.strip_prefix('@') {
        return id(person.trim_start_matches(['!', '&'])).then(|| (Read::Text(THE_TEAM.to_string()), len));
    }
    if let Some(channel) = inside.strip_prefix('#') {
        return id(channel).then(|| (Read::Text(A_CHANNEL.to_string()), len));
    }
    if let Some(command) = inside.strip_prefix('/') {
        let (name, number) = command.rsplit_once(':')?;
        return id(number).then(|| (Read::Text(format!("/{name}")), len));
    }
    if let Some(time) = inside.strip_prefix("t:") {
        let seconds = time.split(':').next()?.parse().ok()?;
        return text(&date(seconds)?);
    }
    let emoji = inside.strip_prefix("a:").or_else(|| inside.strip_prefix(':'));
    if let Some((name, number)) = emoji.and_then(|emoji| emoji.split_once(':')) {
        return id(number).then(|| (Read::Text(format!(":{name}:")), len));
    }
    let href = safe_href(inside).filter(|href| is_web(href))?.to_string();
    Some((Read::Link { text: href.clone(), href }, len))
}

/// `[text](address)`
fn masked(rest: &str) -> Option<(Read<'_>, usize)> {
    let close = rest.find("](")?;
    let words = &rest[1..close];
    if words.is_empty() || words.contains(['\n', '[']) {
        return None;
    }
    let target = &rest[close + 2..];
    let (address, len) = match target.strip_prefix('<') {
        Some(inside) => {
            let end = inside.find(">)")?;
            (&inside[..end], end + 3)
        }
        None => {
            let end = target.find(')')?;
            (&target[..end], end + 1)
        }
    };
    let address = address.split_whitespace().next()?;
    let href = safe_href(address).filter(|href| is_web(href))?.to_string();
    // Marks inside the words are few; the words stay readable without them.
    let words: String = words.chars().filter(|c| !matches!(c, '*' | '`' | '\\')).collect();
    Some((Read::Link { href, text: words }, close + 2 + len))
}

fn bare_address(rest: &str) -> Option<(Read<'_>, usize)> {
    let is_address = |scheme: &str| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if !is_address("https://") && !is_address("http://") {
        return None;
    }
    let end = rest.find(|c: char| c.is_whitespace() || c.is_control() || c == '<').unwrap_or(rest.len());
    let mut address = &rest[..end];
    loop {
        let shorter = address.trim_end_matches(NOT_AT_AN_ADDRESS_END);
        let unmatched = shorter.ends_with(')') && shorter.matches(')').count() > shorter.matches('(').count();
        let shorter = if unmatched { &shorter[..shorter.len() - 1] } else { shorter };
        if shorter.len() == address.len() {
            break;
        }
        address = shorter;
    }
    let href = safe_href(address)?.to_string();
    Some((Read::Link { text: href.clone(), href }, address.len()))
}

fn is_web(href: &str) -> bool {
    href.split_once("://").is_some()
}

/// `@everyone` and `@here`: who is called is internal.
fn everybody(rest: &str) -> Option<(Read<'_>, usize)> {
    let len = ["@everyone", "@here"].iter().find(|all| rest.starts_with(**all))?.len();
    let goes_on = rest[len..].chars().next().is_some_and(char::is_alphanumeric);
    (!goes_on).then(|| (Read::Text(THE_TEAM.to_string()), len))
}

/// What a mark changes.
type Change = fn(Style) -> Style;

/// A run of text between two marks.
fn styled(rest: &str, before: Option<char>) -> Option<(Read<'_>, usize)> {
    let marks: [(&str, Change); 6] = [
        ("**", |style| Style { bold: true, ..style }),
        // Underlined: there is nothing of that kind on the page.
        ("__", |style| style),
        ("~~", |style| Style { strike: true, ..style }),
        // A spoiler hides nothing from whom it is meant for.
        ("||", |style| style),
        ("*", |style| Style { italic: true, ..style }),
        ("_", |style| Style { italic: true, ..style }),
    ];
    let (mark, change) = marks.into_iter().find(|(mark, _)| rest.starts_with(mark))?;
    let inside = &rest[mark.len()..];
    // snake_case is no style.
    if mark == "_" && before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    if mark.len() == 1 && inside.starts_with(char::is_whitespace) {
        return None;
    }
    let end = closing(inside, mark)?;
    if inside[..end].trim().is_empty() {
        return None;
    }
    Some((Read::Styled(&inside[..end], change), mark.len() * 2 + end))
}

/// Where this mark closes.
fn closing(inside: &str, mark: &str) -> Option<usize> {
    let mut at = 0;
    while at < inside.len() {
        let rest = &inside[at..];
        if let Some((_, len)) = rest.starts_with('\\').then(|| escaped(rest)).flatten() {
            at += len;
            continue;
        }
        if let Some((_, len)) = rest.starts_with('`').then(|| inline_code(rest)).flatten() {
            at += len;
            continue;
        }
        if let Some((_, len)) = rest.starts_with("http").then(|| bare_address(rest)).flatten() {
            at += len;
            continue;
        }
        if let Some(behind) = rest.strip_prefix(mark) {
            let (left, right) = (inside[..at].chars().next_back(), behind.chars().next());
            let double = mark.len() == 1 && right.is_some_and(|c| mark.starts_with(c));
            let inside_a_word = mark == "_" && right.is_some_and(char::is_alphanumeric);
            let behind_a_blank = mark.len() == 1 && left.is_some_and(char::is_whitespace);
            if double {
                at += mark.len() * 2;
                continue;
            }
            if !inside_a_word && !behind_a_blank && at > 0 {
                // Of three stars the last two close what two have opened.
                let longer = mark == "**" && rest.starts_with("***");
                return Some(at + usize::from(longer));
            }
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use proptest::prelude::*;
    use std::fmt::Write;

    fn shown(content: &str) -> String {
        let mut out = String::new();
        let spans = |spans: &[Span]| {
            let mut line = String::new();
            for span in spans {
                let (text, style, href) = match span {
                    Span::Text { text, style } => (text, style, None),
                    Span::Link { href, text, style } => (text, style, Some(href)),
                };
                let marks = [(style.bold, 'b'), (style.italic, 'i'), (style.strike, 's'), (style.code, 'c')];
                let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
                let href = href.map(|href| format!("→{href}")).unwrap_or_default();
                let _ = write!(line, "{marks}[{}{href}]", text.replace('\n', "⏎"));
            }
            line
        };
        for block in body(content).0 {
            let _ = match block {
                Block::Paragraph(all) => writeln!(out, "p {}", spans(&all)),
                Block::Quote(all) => writeln!(out, "q {}", spans(&all)),
                Block::Code(code) => writeln!(out, "c {code:?}"),
                Block::List { ordered, indent, start, items } => {
                    let items: Vec<String> = items.iter().map(|item| spans(item)).collect();
                    writeln!(out, "l {ordered} {indent} {start} {}", items.join(" ; "))
                }
            };
        }
        out
    }

    #[test]
    fn styles_links_and_lists_are_read() {
        let all = [
            "Hello **bold** and *it* and _it_ and __under__ and ~~gone~~ and `co*de` and ||hidden||",
            "***both*** snake_case_name 2*3*4 \\*not\\* a * b * c",
            "see https://example.com/a_b_c?x=(1). Or [the page](https://example.com) or <https://example.com/>",
            "[bad](javascript:alert(1)) and [](https://x.y)",
            "# Title\ntext\n> quoted\n> more\nafter",
            "- one\n- two\n  - deep\n1. first\n2. second",
            "before\n```rust\nlet x = \"*\";\n```\nafter",
            ">>> all\nof it",
            "-# small",
            "**open and *never closed",
        ];
        let all: String = all.iter().map(|content| shown(content)).collect();
        expect![[r#"
            p [Hello ]b[bold][ and ]i[it][ and ]i[it][ and ][under][ and ]s[gone][ and ]c[co*de][ and ][hidden]
            p bi[both][ snake_case_name 2]i[3][4 *not* a * b * c]
            p [see ][https://example.com/a_b_c?x=(1)→https://example.com/a_b_c?x=(1)][. Or ][the page→https://example.com][ or ][https://example.com/→https://example.com/]
            p [[bad](javascript:alert(1)) and [](][https://x.y→https://x.y][)]
            p b[Title]
            p [text]
            q [quoted⏎more]
            p [after]
            l false 0 1 [one] ; [two]
            l false 1 1 [deep]
            l true 0 1 [first] ; [second]
            p [before]
            c "let x = \"*\";"
            p [after]
            q [all⏎of it]
            p [small]
            p [**open and *never closed]
        "#]]
        .assert_eq(&all);
    }

    #[test]
    fn nothing_internal_shows() {
        let content =
            "<@1> <@!2> <@&3> <#4> </claim:5> <:party:6> <a:wave:7> <t:1767225600:R> @everyone @here <b> @heretic";
        expect![[r##"
            p [@our team @our team @our team #channel /claim :party: :wave: 2026-01-01 00:00 UTC @our team @our team <b> @heretic]
        "##]]
        .assert_eq(&shown(content));
    }

    #[test]
    fn who_is_meant_is_found() {
        assert!(is_addressed_to(" <@!5> claim", Id(5)) && is_addressed_to("<@5>", Id(5)));
        assert!(!is_addressed_to("hello <@5>", Id(5)) && !is_addressed_to("<@6>", Id(5)));
        assert_eq!(mentioned("<@5> assign <@!7> <@8>", Id(5)), Some(Id(7)));
        assert_eq!(mentioned("<@&7> <@x>", Id(5)), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_no_word_is_lost(content in "[a-z *_~|`<>@#\\\\\\[\\]()\n!.:/-]{0,120}") {
            let letters = |text: &str| text.chars().filter(|c| c.is_ascii_lowercase()).count();
            let read = body(&content).text();
            let odd = content.contains('@') || content.contains("](") || content.contains("```") || content.contains('<');
            prop_assert!(odd || letters(&read) == letters(&content), "{read:?}");
        }
    }
}
