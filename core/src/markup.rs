//! Simple chat markup as people type it, read into a [`Body`]: `*bold*`, `_italic_`, `~strike~`,
//! `` `code` ``, fenced code, `>` quotes, lists and bare web addresses. What is no markup stays as
//! it was typed; nothing is lost but the marks themselves. One pass, in time linear in the text.

use crate::body::{Block, Body, Span, Style, is_invisible, safe_href};

/// What opens and closes a code block.
const FENCE: &str = "```";
/// Deepest level of a list; what is indented further stands there.
const INDENT_MAX: usize = 8;
/// Longest number of an ordered list: longer ones are no numbering.
const NUMBER_DIGITS_MAX: usize = 6;
/// What a bare address ends with is more often the sentence's than the address's.
const NOT_AT_AN_ADDRESS_END: [char; 12] = ['.', ',', ';', ':', '!', '?', '\'', '"', '*', '_', '~', '`'];

/// Text that somebody typed, as a body.
pub fn parse(text: &str) -> Body {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((before, code, after)) = fenced(rest) {
        read_lines(before.strip_suffix('\n').unwrap_or(before), &mut blocks);
        blocks.push(Block::Code(code.to_string()));
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    read_lines(rest, &mut blocks);
    let body = Body(blocks);
    // Marks around nothing, such as a lone `>`, are all that there is to see.
    if body.is_blank() && !text.chars().all(is_invisible) { Body::plain(text) } else { body }
}

/// The text before a code block, what is in it, and the text after it.
fn fenced(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(FENCE)?;
    let (code, after) = rest.split_once(FENCE)?;
    let code = code.strip_prefix('\n').unwrap_or(code);
    let code = code.strip_suffix('\n').unwrap_or(code);
    Some((before, code, after))
}

/// What a line is, apart from its words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Text,
    Quote,
    Item { ordered: bool, blanks: usize, number: u32 },
}

/// Neighbouring lines of one kind become one block.
fn read_lines(text: &str, blocks: &mut Vec<Block>) {
    if text.is_empty() {
        return;
    }
    let mut run: Option<(Line, Vec<&str>)> = None;
    // The indents of the list that is being read, outermost first.
    let mut levels: Vec<usize> = Vec::new();
    for line in text.split('\n') {
        let (kind, words) = kind_of(line);
        match kind {
            Line::Item { ordered, blanks, number } => {
                finish(run.take(), blocks);
                push_item(blocks, &mut levels, ordered, blanks, number, words);
            }
            Line::Text | Line::Quote => {
                levels.clear();
                match &mut run {
                    Some((open, lines)) if *open == kind => lines.push(words),
                    _ => {
                        finish(run.take(), blocks);
                        run = Some((kind, vec![words]));
                    }
                }
            }
        }
    }
    finish(run, blocks);
}

fn finish(run: Option<(Line, Vec<&str>)>, blocks: &mut Vec<Block>) {
    let Some((kind, lines)) = run else { return };
    let mut spans = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            push_text(&mut spans, "\n", Style::default());
        }
        read_spans(line, &mut spans);
    }
    blocks.push(if kind == Line::Quote { Block::Quote(spans) } else { Block::Paragraph(spans) });
}

fn push_item(blocks: &mut Vec<Block>, levels: &mut Vec<usize>, ordered: bool, blanks: usize, number: u32, words: &str) {
    let goes_on = !levels.is_empty();
    while levels.last().is_some_and(|level| *level > blanks) {
        levels.pop();
    }
    if levels.last().is_none_or(|level| *level < blanks) {
        levels.push(blanks);
    }
    let level = (levels.len() - 1).min(INDENT_MAX) as u8;
    let mut spans = Vec::new();
    read_spans(words, &mut spans);
    if goes_on
        && let Some(Block::List { ordered: had, indent, start, items }) = blocks.last_mut()
        && (*had, *indent) == (ordered, level)
        // A number that does not follow starts a list of its own, so that it shows as it was typed.
        && (!ordered || u32::try_from(items.len()).is_ok_and(|len| start.checked_add(len) == Some(number)))
    {
        items.push(spans);
        return;
    }
    blocks.push(Block::List { ordered, indent: level, start: number, items: vec![spans] });
}

/// What a line is, and its words.
fn kind_of(line: &str) -> (Line, &str) {
    if let Some(quoted) = line.strip_prefix('>') {
        return (Line::Quote, quoted.strip_prefix(' ').unwrap_or(quoted));
    }
    let words = line.trim_start_matches([' ', '\t']);
    let blanks = line.len() - words.len();
    let bullet = ["- ", "• ", "◦ ", "▪ "].iter().find_map(|bullet| words.strip_prefix(bullet));
    if let Some(words) = bullet.filter(|words| !words.trim().is_empty()) {
        return (Line::Item { ordered: false, blanks, number: 1 }, words);
    }
    let digits = words.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=NUMBER_DIGITS_MAX).contains(&digits)
        && !(digits > 1 && words.starts_with('0'))
        && let Some(item) = words[digits..].strip_prefix(". ")
        && !item.trim().is_empty()
        && let Ok(number) = words[..digits].parse()
    {
        return (Line::Item { ordered: true, blanks, number }, item);
    }
    (Line::Text, line)
}

/// What stands at a place in a line that is more than its character.
enum Found {
    /// A mark that opens or closes; which, and whether it counts is known at the end of the line.
    Mark(usize),
    /// Code up to the closing backtick; both ends of what is inside.
    Code(usize, usize),
    /// An address up to there.
    Address(usize),
}

/// The marks, in the order of their slots.
const MARKS: [char; 3] = ['*', '_', '~'];

/// Reads one line. First everything that may mean something is found, and which marks belong
/// together; then the spans are cut.
fn read_spans(line: &str, spans: &mut Vec<Span>) {
    let mut found: Vec<(usize, Found)> = Vec::new();
    // Positions in `found` of marks that opened and are not closed yet.
    let mut open: [Option<usize>; 3] = [None; 3];
    let mut counts: Vec<bool> = Vec::new();
    let mut no_more_code = false;
    let mut before: Option<char> = None;
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        let next = at + c.len_utf8();
        let after = line[next..].chars().next();
        let mut end = next;
        if let Some(slot) = MARKS.iter().position(|mark| *mark == c) {
            let closes = open[slot].filter(|_| before.is_some_and(|b| !b.is_whitespace()) && !is_word(after));
            let start = closes.map(|opened| found[opened].0);
            match closes {
                // Nothing between them: two marks in a row mean nothing.
                Some(opened) if start != Some(at - 1) => {
                    counts[opened] = true;
                    found.push((at, Found::Mark(slot)));
                    counts.push(true);
                    // What opened inside and was not closed there does not close outside.
                    for other in &mut open {
                        if other.is_some_and(|other| other >= opened) {
                            *other = None;
                        }
                    }
                }
                _ if open[slot].is_none() && !is_word(before) && after.is_some_and(|a| !a.is_whitespace()) => {
                    open[slot] = Some(found.len());
                    found.push((at, Found::Mark(slot)));
                    counts.push(false);
                }
                _ => {}
            }
        } else if c == '`' && !no_more_code {
            match line[next..].find('`') {
                Some(0) => end = next + 1,
                Some(len) => {
                    found.push((at, Found::Code(next, next + len)));
                    counts.push(true);
                    end = next + len + 1;
                }
                None => no_more_code = true,
            }
        } else if (c == 'h' || c == 'H')
            && !is_word(before)
            && let Some((run, address)) = address(&line[at..])
        {
            // A run that is no address is passed over whole, so that it is looked at once.
            end = at + address.unwrap_or(run);
            if address.is_some() {
                found.push((at, Found::Address(end)));
                counts.push(true);
            }
        }
        before = line[..end].chars().next_back();
        at = end;
    }
    cut(line, found, &counts, spans);
}

fn cut(line: &str, found: Vec<(usize, Found)>, counts: &[bool], spans: &mut Vec<Span>) {
    let mut style = Style::default();
    let mut from = 0;
    for ((at, what), counts) in found.into_iter().zip(counts) {
        if !counts {
            continue;
        }
        push_text(spans, &line[from..at], style);
        match what {
            Found::Mark(slot) => {
                let on = [&mut style.bold, &mut style.italic, &mut style.strike];
                let [bold, italic, strike] = on;
                match slot {
                    0 => *bold = !*bold,
                    1 => *italic = !*italic,
                    _ => *strike = !*strike,
                }
                from = at + 1;
            }
            Found::Code(start, end) => {
                push_text(spans, &line[start..end], Style { code: true, ..style });
                from = end + 1;
            }
            Found::Address(end) => {
                let address = line[at..end].to_string();
                spans.push(Span::Link { href: address.clone(), text: address, style });
                from = end;
            }
        }
    }
    push_text(spans, &line[from..], style);
}

/// If the text starts like a web address: how long the run of characters is that could belong to
/// it, and how long the address itself, if a browser may follow it.
fn address(text: &str) -> Option<(usize, Option<usize>)> {
    let scheme = ["https://", "http://"]
        .into_iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    let end = text.find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '|'));
    let run = &text[..end.unwrap_or(text.len())];
    let mut unopened = run.matches(')').count().saturating_sub(run.matches('(').count());
    let mut address = run.trim_end_matches(NOT_AT_AN_ADDRESS_END);
    while unopened > 0
        && let Some(shorter) = address.strip_suffix(')')
    {
        unopened -= 1;
        address = shorter.trim_end_matches(NOT_AT_AN_ADDRESS_END);
    }
    let whole = address.len() > scheme.len() && safe_href(address).is_some();
    Some((run.len(), whole.then_some(address.len())))
}

fn push_text(spans: &mut Vec<Span>, text: &str, style: Style) {
    if text.is_empty() {
        return;
    }
    match spans.last_mut() {
        Some(Span::Text { text: last, style: same }) if *same == style => last.push_str(text),
        _ => spans.push(Span::Text { text: text.to_string(), style }),
    }
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    /// A body in a short form: styles as letters, links with their address.
    fn check(text: &str, expected: Expect) {
        let mut out = String::new();
        for block in parse(text).0 {
            match block {
                Block::Paragraph(spans) => out += &format!("p {}\n", show(&spans)),
                Block::Quote(spans) => out += &format!("> {}\n", show(&spans)),
                Block::Code(code) => out += &format!("code {code:?}\n"),
                Block::List { ordered, indent, start, items } => {
                    let mark = if ordered { format!("{start}.") } else { "-".to_string() };
                    let items: Vec<String> = items.iter().map(|item| show(item)).collect();
                    out += &format!("list{indent} {mark} {}\n", items.join(" / "));
                }
            }
        }
        expected.assert_eq(&out);
    }

    fn show(spans: &[Span]) -> String {
        let show = |span: &Span| {
            let (text, style, href) = match span {
                Span::Text { text, style } => (text, style, String::new()),
                Span::Link { href, text, style } => (text, style, format!("→{href}")),
            };
            let mut marks = String::new();
            for (on, mark) in [(style.bold, 'b'), (style.italic, 'i'), (style.strike, 's'), (style.code, 'c')] {
                marks.extend(on.then_some(mark));
            }
            format!("{marks}{text:?}{href}")
        };
        spans.iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn styles_stand_between_their_marks() {
        check(
            "a *b* _c_ ~d~ `e*f*`",
            expect![[r#"
            p "a " b"b" " " i"c" " " s"d" " " c"e*f*"
        "#]],
        );
        check(
            "*b _bi_ b*, *_~all~_*",
            expect![[r#"
            p b"b " bi"bi" b" b" ", " bis"all"
        "#]],
        );
    }

    #[test]
    fn what_is_no_mark_stays_as_typed() {
        check(
            "2*3*4 snake_case_name * a * ** ~ `` x`",
            expect![[r#"
            p "2*3*4 snake_case_name * a * ** ~ `` x`"
        "#]],
        );
        check(
            "*open and _crossing* over_",
            expect![[r#"
            p b"open and _crossing" " over_"
        "#]],
        );
        check(
            "*not over\nthe line*",
            expect![[r#"
            p "*not over\nthe line*"
        "#]],
        );
    }

    #[test]
    fn an_address_is_a_link_without_the_sentence_around_it() {
        check(
            "see https://example.com/a_b_c?d=(e). (http://x.org) *HTTPS://Y.org*",
            expect![[r#"
            p "see " "https://example.com/a_b_c?d=(e)"→https://example.com/a_b_c?d=(e) ". (" "http://x.org"→http://x.org ") " b"HTTPS://Y.org"→HTTPS://Y.org
        "#]],
        );
        check(
            "http:// https://. xhttps://no.org javascript://x",
            expect![[r#"
            p "http:// https://. xhttps://no.org javascript://x"
        "#]],
        );
    }

    #[test]
    fn quotes_lists_and_code_are_blocks() {
        check(
            "> one\n>two\nthree\n\nfour",
            expect![[r#"
            > "one\ntwo"
            p "three\n\nfour"
        "#]],
        );
        check(
            "- a\n- *b*\n    • c\n- d\n1. e\n2. f\n7. g",
            expect![[r#"
            list0 - "a" / b"b"
            list1 - "c"
            list0 - "d"
            list0 1. "e" / "f"
            list0 7. "g"
        "#]],
        );
        check(
            "run ```let x = *y*;\n\n  z``` now",
            expect![[r#"
            p "run "
            code "let x = *y*;\n\n  z"
            p " now"
        "#]],
        );
        check(
            "```\na\n```\nb ``` c",
            expect![[r#"
            code "a"
            p "b ``` c"
        "#]],
        );
        check(
            "-5 degrees\n- \n1.5\n07. x",
            expect![[r#"
            p "-5 degrees\n- \n1.5\n07. x"
        "#]],
        );
        check("", expect![""]);
    }

    #[test]
    fn marks_around_nothing_are_not_nothing() {
        for marks in [">", "> ", ">\n>", "``````", "```\n```", "` `", "*\u{200b}*"] {
            assert_eq!(parse(marks), Body::plain(marks), "{marks:?}");
        }
        assert!(parse(" \n\u{200b}").is_blank());
    }

    #[test]
    fn a_long_text_of_marks_is_read_in_no_time() {
        for text in ["*", "_a ", "`", "```", "*a", "(http://a)))", "http:///", "> ", "- a\n", "  - a\n", "*_~`"] {
            let long = text.repeat(100_000);
            let began = std::time::Instant::now();
            parse(&long);
            assert!(began.elapsed().as_secs() < 5, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_letter_stays_in_order(text in "([*_~`> .\\-•\n0-9a-c]|```|https?://|\\PC){0,60}") {
            let letters = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(letters(&parse(&text).text()), letters(&text));
        }

        #[test]
        fn every_link_is_safe(text in "([*_~() .,]|https?://|[a-z]|\\PC){0,60}") {
            for block in parse(&text).0 {
                let Block::Paragraph(spans) = block else { continue };
                for span in spans {
                    if let Span::Link { href, .. } = span {
                        prop_assert!(safe_href(&href).is_some());
                    }
                }
            }
        }
    }
}
