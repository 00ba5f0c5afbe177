//! Slack's markup: mrkdwn read into a `rich_text` block, and a `rich_text` block written out again
//! as mrkdwn or as the plain text that a person sees. What agents type and what apps send differ
//! in spelling: apps escape `&`, `<` and `>`, people do not.

use crate::emoji;
use serde_json::{Map, Value, json};

/// Whose spelling a text follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// A person's: nothing is escaped, lists are lists, `<@U…>` and `<https://…|label>` are understood.
    Typed,
    /// An app's: `&amp;`, `&lt;` and `&gt;` stand for themselves, lists stay text.
    Api,
}

/// The `rich_text` block that Slack makes of a text.
pub(crate) fn rich_text(text: &str, spelling: Spelling) -> Value {
    let mut elements = Vec::new();
    for (i, part) in text.split("```").enumerate() {
        if i % 2 == 1 {
            let code = read_entities(part.trim_matches('\n'), spelling);
            if !code.is_empty() {
                elements.push(
                    json!({"type": "rich_text_preformatted", "elements": [text_element(&code, Style::default())]}),
                );
            }
        } else {
            push_lines(&mut elements, part, spelling);
        }
    }
    json!({"type": "rich_text", "elements": elements})
}

/// A `rich_text` block as the mrkdwn of a message's `text`, escaped.
pub(crate) fn mrkdwn_of(block: &Value) -> String {
    written(block, "&gt; ", &|element| {
        let style = |name: &str| element["style"][name] == true;
        let inner = match element["type"].as_str().unwrap_or_default() {
            "link" => match element["text"].as_str() {
                Some(label) => format!("<{}|{}>", escape(text_of(element, "url")), escape(label)),
                None => format!("<{}>", escape(text_of(element, "url"))),
            },
            "user" => format!("<@{}>", text_of(element, "user_id")),
            "channel" => format!("<#{}>", text_of(element, "channel_id")),
            "usergroup" => format!("<!subteam^{}>", text_of(element, "usergroup_id")),
            "broadcast" => format!("<!{}>", text_of(element, "range")),
            "emoji" => format!(":{}:", text_of(element, "name")),
            "date" => escape(text_of(element, "fallback")),
            _ => escape(text_of(element, "text")),
        };
        [("code", "`"), ("strike", "~"), ("italic", "_"), ("bold", "*")]
            .into_iter()
            .filter(|(name, _)| style(name))
            .fold(inner, |text, (_, mark)| format!("{mark}{text}{mark}"))
    })
}

/// A `rich_text` block as a reader sees it, with `name_of` for the people mentioned.
pub(crate) fn plain_of(block: &Value, name_of: &dyn Fn(&str) -> Option<String>) -> String {
    written(block, "> ", &|element| match element["type"].as_str().unwrap_or_default() {
        "link" => element["text"].as_str().unwrap_or(text_of(element, "url")).to_string(),
        "user" => {
            let id = text_of(element, "user_id");
            format!("@{}", name_of(id).unwrap_or_else(|| id.to_string()))
        }
        "channel" => format!("#{}", text_of(element, "channel_id")),
        "usergroup" => format!("@{}", text_of(element, "usergroup_id")),
        "broadcast" => format!("@{}", text_of(element, "range")),
        "emoji" => {
            let name = text_of(element, "name");
            emoji::glyph(name).map_or_else(|| format!(":{name}:"), str::to_string)
        }
        // Each reader sees his own time.
        "date" => {
            let format = text_of(element, "format");
            format!("{}(a time)", format.split('{').next().unwrap_or_default())
        }
        _ => text_of(element, "text").to_string(),
    })
}

/// The three characters that mean something in mrkdwn, escaped.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn read_entities(text: &str, spelling: Spelling) -> String {
    match spelling {
        Spelling::Typed => text.to_string(),
        Spelling::Api => unescape(text),
    }
}

/// What kind of line it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Plain,
    Quote,
    Item { ordered: bool, indent: usize },
}

/// How a run of text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Style {
    bold: bool,
    italic: bool,
    strike: bool,
    code: bool,
}

/// Lines of text as sections, quotes and lists, lines of one kind together.
fn push_lines(elements: &mut Vec<Value>, text: &str, spelling: Spelling) {
    let text = text.strip_prefix('\n').filter(|_| !elements.is_empty()).unwrap_or(text);
    if text.trim().is_empty() {
        return;
    }
    let mut group: Vec<&str> = Vec::new();
    let mut group_kind = Line::Plain;
    for line in text.split('\n') {
        let (kind, rest) = kind_of(line, spelling);
        if kind != group_kind && !group.is_empty() {
            elements.push(group_element(group_kind, &group, spelling));
            group.clear();
        }
        group_kind = kind;
        group.push(rest);
    }
    if group_kind != Line::Plain || group.iter().any(|line| !line.is_empty()) {
        elements.push(group_element(group_kind, &group, spelling));
    }
}

fn kind_of(line: &str, spelling: Spelling) -> (Line, &str) {
    let quoted = if spelling == Spelling::Api { line.strip_prefix("&gt;") } else { None };
    if let Some(rest) = quoted.or_else(|| line.strip_prefix('>')) {
        return (Line::Quote, rest.strip_prefix(' ').unwrap_or(rest));
    }
    if spelling == Spelling::Typed {
        let bare = line.trim_start_matches(' ');
        let indent = (line.len() - bare.len()) / 4;
        if let Some(rest) = ["• ", "- "].iter().find_map(|mark| bare.strip_prefix(mark)) {
            return (Line::Item { ordered: false, indent }, rest);
        }
        if let Some((number, rest)) = bare.split_once(". ")
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
        {
            return (Line::Item { ordered: true, indent }, rest);
        }
    }
    (Line::Plain, line)
}

fn group_element(kind: Line, lines: &[&str], spelling: Spelling) -> Value {
    let inline = |text: &str| {
        let mut out = Inline { out: Vec::new(), run: String::new(), spelling };
        out.read(text, Style::default());
        out.out
    };
    match kind {
        Line::Plain => json!({"type": "rich_text_section", "elements": inline(&lines.join("\n"))}),
        Line::Quote => json!({"type": "rich_text_quote", "elements": inline(&lines.join("\n"))}),
        Line::Item { ordered, indent } => {
            let items: Vec<Value> =
                lines.iter().map(|line| json!({"type": "rich_text_section", "elements": inline(line)})).collect();
            let style = if ordered { "ordered" } else { "bullet" };
            json!({"type": "rich_text_list", "style": style, "indent": indent, "border": 0, "elements": items})
        }
    }
}

/// Reads a run of text into inline elements.
struct Inline {
    out: Vec<Value>,
    run: String,
    spelling: Spelling,
}

impl Inline {
    fn read(&mut self, text: &str, style: Style) {
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let opens = text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
            let rest = &text[at..];
            let taken = match c {
                '`' if !style.code => self.code(rest, style),
                '*' if opens && !style.bold => self.styled(rest, style, Style { bold: true, ..style }),
                '_' if opens && !style.italic => self.styled(rest, style, Style { italic: true, ..style }),
                '~' if opens && !style.strike => self.styled(rest, style, Style { strike: true, ..style }),
                '<' => self.token(rest, style),
                ':' => self.emoji(rest, style),
                'h' if opens => self.bare_link(rest, style),
                '&' if self.spelling == Spelling::Api => self.entity(rest),
                _ => None,
            };
            match taken {
                Some(len) => at += len,
                None => {
                    self.run.push(c);
                    at += c.len_utf8();
                }
            }
        }
        self.flush(style);
    }

    fn flush(&mut self, style: Style) {
        if !self.run.is_empty() {
            let run = std::mem::take(&mut self.run);
            self.out.push(text_element(&run, style));
        }
    }

    fn push(&mut self, style: Style, mut element: Value) {
        self.flush(style);
        if let Some(style) = style_value(style) {
            element["style"] = style;
        }
        self.out.push(element);
    }

    fn code(&mut self, rest: &str, style: Style) -> Option<usize> {
        let end = rest[1..].find('`').filter(|end| *end > 0)? + 1;
        (!rest[..end].contains('\n')).then_some(())?;
        self.flush(style);
        let code = read_entities(&rest[1..end], self.spelling);
        self.out.push(text_element(&code, Style { code: true, ..style }));
        Some(end + 1)
    }

    fn styled(&mut self, rest: &str, outer: Style, inner: Style) -> Option<usize> {
        let mark = rest.chars().next()?;
        let body = &rest[1..];
        if body.starts_with(char::is_whitespace) || body.starts_with(mark) {
            return None;
        }
        let end = body.match_indices(mark).map(|(at, _)| at).find(|at| {
            let before = body[..*at].chars().next_back();
            let after = body[at + 1..].chars().next();
            before.is_some_and(|c| !c.is_whitespace()) && after.is_none_or(|c| !c.is_alphanumeric())
        })?;
        (!body[..end].contains('\n')).then_some(())?;
        self.flush(outer);
        self.read(&body[..end], inner);
        Some(end + 2)
    }

    fn token(&mut self, rest: &str, style: Style) -> Option<usize> {
        let end = rest.find('>')?;
        let inside = &rest[1..end];
        let (target, label) = inside.split_once('|').map_or((inside, None), |(target, label)| (target, Some(label)));
        let element = if let Some(user) = target.strip_prefix('@') {
            json!({"type": "user", "user_id": user})
        } else if let Some(channel) = target.strip_prefix('#') {
            json!({"type": "channel", "channel_id": channel})
        } else if let Some(group) = target.strip_prefix("!subteam^") {
            json!({"type": "usergroup", "usergroup_id": group})
        } else if let Some(range @ ("here" | "channel" | "everyone")) = target.strip_prefix('!') {
            json!({"type": "broadcast", "range": range})
        } else if ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
            link(
                &read_entities(target, self.spelling),
                label.map(|label| read_entities(label, self.spelling)).as_deref(),
            )
        } else {
            return None;
        };
        self.push(style, element);
        Some(end + 1)
    }

    fn emoji(&mut self, rest: &str, style: Style) -> Option<usize> {
        let name_len = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || "_+-'".contains(c)))?;
        let mut end = 1 + name_len;
        (rest[end..].starts_with(':') && name_len > 0).then_some(())?;
        let name = &rest[1..end];
        let glyph = emoji::glyph(name)?;
        let mut element = json!({"type": "emoji", "name": name, "unicode": emoji::code_points(glyph)});
        end += 1;
        if let Some(tone) = rest[end..].strip_prefix(":skin-tone-")
            && let Some(digit @ '2'..='6') = tone.chars().next()
            && tone[1..].starts_with(':')
        {
            element["skin_tone"] = json!(digit as u8 - b'0');
            end += ":skin-tone-2:".len();
        }
        self.push(style, element);
        Some(end)
    }

    fn bare_link(&mut self, rest: &str, style: Style) -> Option<usize> {
        (rest.starts_with("http://") || rest.starts_with("https://")).then_some(())?;
        let end = rest.find(|c: char| c.is_whitespace() || "<>|".contains(c)).unwrap_or(rest.len());
        let url = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '*', '_', '~']);
        (url.len() > "https://".len()).then_some(())?;
        self.push(style, link(&read_entities(url, self.spelling), None));
        Some(url.len())
    }

    fn entity(&mut self, rest: &str) -> Option<usize> {
        let (entity, c) =
            [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')].into_iter().find(|(entity, _)| rest.starts_with(entity))?;
        self.run.push(c);
        Some(entity.len())
    }
}

fn link(url: &str, label: Option<&str>) -> Value {
    let mut element = json!({"type": "link", "url": url});
    if let Some(label) = label {
        element["text"] = json!(label);
    }
    element
}

fn text_element(text: &str, style: Style) -> Value {
    let mut element = json!({"type": "text", "text": text});
    if let Some(style) = style_value(style) {
        element["style"] = style;
    }
    element
}

fn style_value(style: Style) -> Option<Value> {
    let mut map = Map::new();
    for (name, on) in [("bold", style.bold), ("italic", style.italic), ("strike", style.strike), ("code", style.code)] {
        if on {
            map.insert(name.to_string(), Value::Bool(true));
        }
    }
    (!map.is_empty()).then_some(Value::Object(map))
}

/// A `rich_text` block written line by line, each inline element through `inline`.
fn written(block: &Value, quote: &str, inline: &dyn Fn(&Value) -> String) -> String {
    let run = |element: &Value| items(element).iter().map(inline).collect::<String>();
    let lines: Vec<String> = items(block)
        .iter()
        .map(|element| match element["type"].as_str().unwrap_or_default() {
            "rich_text_list" => {
                let indent = "    ".repeat(element["indent"].as_u64().unwrap_or(0) as usize);
                let offset = element["offset"].as_u64().unwrap_or(0) as usize;
                let ordered = element["style"] == "ordered";
                let mark = |i: usize| if ordered { format!("{}. ", offset + i + 1) } else { "• ".to_string() };
                let item = |(i, item): (usize, &Value)| format!("{indent}{}{}", mark(i), run(item));
                items(element).iter().enumerate().map(item).collect::<Vec<_>>().join("\n")
            }
            "rich_text_quote" => format!("{quote}{}", run(element).replace('\n', &format!("\n{quote}"))),
            "rich_text_preformatted" => format!("```{}```", run(element)),
            _ => run(element),
        })
        .collect();
    lines.join("\n")
}

fn items(element: &Value) -> &[Value] {
    element["elements"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text_of<'a>(element: &'a Value, key: &str) -> &'a str {
    element[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, spelling: Spelling) -> String {
        plain_of(&rich_text(text, spelling), &|id| (id == "U1").then(|| "Grace".to_string()))
    }

    #[test]
    fn a_typed_text_has_its_styles() {
        let block = rich_text("*bold* and _it_ ~no~ `x<y` a*b*c :wave::skin-tone-3:", Spelling::Typed);
        let shown: Vec<String> = block["elements"][0]["elements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| format!("{}{}", e["text"].as_str().or(e["unicode"].as_str()).unwrap_or(""), e["style"]))
            .collect();
        assert_eq!(
            shown,
            [
                r#"bold{"bold":true}"#,
                " and null",
                r#"it{"italic":true}"#,
                " null",
                r#"no{"strike":true}"#,
                " null",
                r#"x<y{"code":true}"#,
                " a*b*c null",
                "1f44bnull"
            ]
        );
    }

    #[test]
    fn lists_quotes_and_code_are_elements_of_their_own() {
        let text = "Steps:\n- one\n- two\n1. first\n> said\n> more\n```let x = 1;```\nbye";
        let block = rich_text(text, Spelling::Typed);
        let kinds: Vec<&str> =
            block["elements"].as_array().unwrap().iter().map(|e| e["type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            [
                "rich_text_section",
                "rich_text_list",
                "rich_text_list",
                "rich_text_quote",
                "rich_text_preformatted",
                "rich_text_section"
            ]
        );
        assert_eq!(mrkdwn_of(&block), "Steps:\n• one\n• two\n1. first\n&gt; said\n&gt; more\n```let x = 1;```\nbye");
    }

    #[test]
    fn what_people_type_is_escaped_in_the_text_field() {
        let block = rich_text("a < b & <@U1> https://example.com/?a=1&b=2.", Spelling::Typed);
        assert_eq!(mrkdwn_of(&block), "a &lt; b &amp; <@U1> <https://example.com/?a=1&amp;b=2>.");
        assert_eq!(plain("a < b & <@U1>", Spelling::Typed), "a < b & @Grace");
    }

    #[test]
    fn an_escaped_text_mentions_nobody() {
        assert_eq!(plain("&lt;!channel&gt; &amp;lt; <!here>", Spelling::Api), "<!channel> &lt; @here");
    }
}
