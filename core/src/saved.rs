//! Saved replies: text that a team keeps to send again and again, with places for what differs. The
//! text is the operator's, and its markup is read before anything is put into it; what is put into it
//! is a customer's or a page's word, and only ever text: no markup, no mention, and in an address no
//! more than one encoded value behind the host.

use crate::body::{Block, Body, Span, safe_href};
use crate::context::{Context, URL_CHARS_MAX, is_fact_key, lines, one_line, percent_encoded};
use crate::conversation::Conversation;
use crate::desk::{Agent, Topic};
use crate::markup;
use crate::verb::parse::letters_off;
use crate::verb::{is_same_word, is_word};
use std::fmt;

/// Most saved replies: what one menu of Slack's holds (Block Kit reference, `static_select`: 100 options).
pub const REPLIES_MAX: usize = 100;
/// Longest text of one, in bytes: two posts of Slack's, and more than anybody reads before he sends it.
pub const REPLY_BYTES_MAX: usize = 8 * 1024;
/// Most places for values in one: each costs a look at its value.
const VARIABLES_MAX: usize = 50;
/// Most names that a wrong one is answered with.
const NEAREST_MAX: usize = 3;
/// Longest first line that stands beside a name in a list, in characters.
const FIRST_LINE_CHARS_MAX: usize = 60;
/// What follows the verb's word and is no name of a reply.
pub const SEND: &str = "send";
/// The same.
pub const CANCEL: &str = "cancel";

/// Around the number of a place while the text is read as markup. Both are noncharacters of Unicode,
/// which no text may hold, and neither means anything in the markup.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// Every saved reply, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedReplies(Vec<SavedReply>);

/// A text with places for values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedReply {
    /// What it is called.
    pub name: String,
    /// What it says, with the numbers of places where values go.
    body: Body,
    places: Vec<Place>,
}

/// A place in a text: `{campaign_id|your campaign}`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    variable: Variable,
    /// What stands there when there is no value.
    fallback: Option<String>,
}

/// What can be put into a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Variable {
    CustomerName,
    CustomerFirstName,
    CustomerEmail,
    AgentName,
    Number,
    Topic,
    /// A fact of the site's, or an answer to a field.
    Known(String),
}

/// Those that have a name of their own.
const OWN: [(&str, Variable); 6] = [
    ("customer.name", Variable::CustomerName),
    ("customer.first_name", Variable::CustomerFirstName),
    ("customer.email", Variable::CustomerEmail),
    ("agent.name", Variable::AgentName),
    ("number", Variable::Number),
    ("topic", Variable::Topic),
];

/// What is wrong with a text, for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

/// What values are taken from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The conversation.
    pub head: &'a Conversation,
    /// What is known besides.
    pub context: &'a Context,
    /// Who sends it.
    pub by: &'a Agent,
    /// What conversations can be about.
    pub topics: &'a [Topic],
    /// What he says himself, by the variable's name; it goes before everything else.
    pub given: &'a [(String, String)],
}

/// A text with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// What it says; a place without a value shows its variable.
    pub body: Body,
    /// The variables that have no value, each once.
    pub missing: Vec<String>,
}

impl SavedReplies {
    /// These, by name. Names that differ only in case are one: the caller has looked.
    pub fn new(mut replies: Vec<SavedReply>) -> SavedReplies {
        replies.sort_by_key(|reply| reply.name.to_lowercase());
        SavedReplies(replies)
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The one that is called so, in any case.
    pub fn named(&self, name: &str) -> Option<&SavedReply> {
        self.0.iter().find(|reply| is_same_word(&reply.name, name))
    }

    /// Each name with how the text begins.
    pub fn list(&self) -> Vec<(String, String)> {
        self.0.iter().map(|reply| (reply.name.clone(), reply.first_line())).collect()
    }

    /// The names that somebody may have meant who wrote this one, the likeliest first.
    pub fn nearest(&self, asked: &str) -> Vec<String> {
        let letters = |text: &str| text.to_lowercase().chars().take(crate::verb::WORD_CHARS_MAX).collect::<Vec<_>>();
        let wanted = letters(asked);
        let text: String = wanted.iter().collect();
        let mut near: Vec<(usize, &str)> = Vec::new();
        for reply in &self.0 {
            let name = reply.name.to_lowercase();
            let off = letters_off(&wanted, &letters(&name));
            let holds = text.chars().count() > 1 && (name.contains(&text) || text.contains(&name));
            // A third of the letters may be wrong: with more, everything is like everything.
            if holds || off * 3 <= name.chars().count().max(wanted.len()) {
                near.push((off, &reply.name));
            }
        }
        near.sort();
        near.into_iter().take(NEAREST_MAX).map(|(_, name)| name.to_string()).collect()
    }
}

/// What is wrong with a name, in words that follow it; nothing for one that can be typed.
pub fn wrong_name(name: &str) -> Option<String> {
    if !is_word(name) {
        let max = crate::verb::WORD_CHARS_MAX;
        return Some(format!(
            "cannot be typed as a name: a name is 1 to {max} letters, digits, - and _, and begins with a letter"
        ));
    }
    let taken = [SEND, CANCEL].into_iter().any(|word| is_same_word(word, name));
    taken.then(|| "is no name for a saved reply: this word says what to do with a preview".to_string())
}

impl SavedReply {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it, and where.
    pub fn new(name: &str, text: &str) -> Result<SavedReply, Mistake> {
        if text.len() > REPLY_BYTES_MAX {
            return Err(Mistake { line: 1, what: format!("a saved reply has at most {REPLY_BYTES_MAX} bytes") });
        }
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (marked, places) = marked(&text)?;
        let body = markup::parse(marked.trim_start_matches('\n').trim_end());
        for (at, (line, place)) in places.iter().enumerate() {
            let here = format!("{OPEN}{at}{CLOSE}");
            let chooses_host = links(&body).any(|href| {
                href.split_once(&here).is_some_and(|(before, _)| {
                    let behind_scheme = before.split_once("://").map_or("", |(_, rest)| rest);
                    !behind_scheme.contains(['/', '?', '#'])
                })
            });
            if chooses_host {
                let what = format!(
                    "{{{}}} would choose where the link leads: a value stands behind the host and its /",
                    place.variable
                );
                return Err(Mistake { line: *line, what });
            }
        }
        let places = places.into_iter().map(|(_, place)| place).collect();
        let reply = SavedReply { name: name.to_string(), body, places };
        if reply.with(|_| String::new(), |_| None).is_blank() {
            return Err(Mistake { line: 1, what: "says nothing besides its variables".to_string() });
        }
        Ok(reply)
    }

    /// True when it has a place for the variable of this name.
    pub fn has(&self, variable: &str) -> bool {
        self.places.iter().any(|place| place.variable.to_string() == variable)
    }

    /// The variables that it has places for, each once.
    pub fn variables(&self) -> Vec<String> {
        once(self.places.iter().map(|place| place.variable.to_string()))
    }

    /// What it says with the values of a conversation.
    pub fn filled(&self, source: &Source<'_>) -> Filled {
        let values: Vec<Option<String>> =
            self.places.iter().map(|place| source.value(&place.variable).or_else(|| place.fallback.clone())).collect();
        let mut lacking: Vec<usize> = (0..values.len()).filter(|at| values[*at].is_none()).collect();
        // Browsers take away the path before `..`, however it is written.
        let in_link = |at: usize| links(&self.body).any(|href| href.contains(&format!("{OPEN}{at}{CLOSE}")));
        let is_step = |value: &String| value.chars().all(|c| c == '.');
        lacking.extend((0..values.len()).filter(|at| values[*at].as_ref().is_some_and(is_step) && in_link(*at)));
        lacking.sort_unstable();
        let shown = |at: usize| {
            let place = self.places.get(at);
            let named = || place.map_or(String::new(), |place| format!("{{{}}}", place.variable));
            values.get(at).cloned().flatten().unwrap_or_else(named)
        };
        let encoded = |at: usize| values.get(at).cloned().flatten().map(|value| percent_encoded(&value));
        let missing = once(lacking.into_iter().map(|at| self.places[at].variable.to_string()));
        Filled { body: self.with(shown, encoded).bounded(), missing }
    }

    fn first_line(&self) -> String {
        let named = |at: usize| self.places.get(at).map_or(String::new(), |place| format!("{{{}}}", place.variable));
        let text = self.with(named, |at| Some(named(at))).text();
        let line = text.lines().map(one_line).find(|line| !line.is_empty()).unwrap_or_default();
        match line.char_indices().nth(FIRST_LINE_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    /// The body with what stands in its places: as text, and in an address.
    fn with(&self, text: impl Fn(usize) -> String, in_address: impl Fn(usize) -> Option<String>) -> Body {
        let put = |said: &str| replaced(said, |at| Some(text(at))).unwrap_or_default();
        let put_span = |span: &Span| match span {
            Span::Text { text, style } => Span::Text { text: put(text), style: *style },
            Span::Link { href, text, style } if href.contains(OPEN) => {
                let whole = replaced(href, &in_address);
                let fits = |href: &String| href.chars().count() <= URL_CHARS_MAX && safe_href(href).is_some();
                match whole.filter(fits) {
                    // An address that is shown is the address that is followed.
                    Some(href) => Span::Link { text: href.clone(), href, style: *style },
                    None => Span::Text { text: put(text), style: *style },
                }
            }
            Span::Link { .. } => span.clone(),
        };
        let spans = |spans: &[Span]| spans.iter().map(put_span).collect::<Vec<_>>();
        let block = |block: &Block| match block {
            Block::Paragraph(said) => Block::Paragraph(spans(said)),
            Block::Quote(said) => Block::Quote(spans(said)),
            Block::Code(code) => Block::Code(put(code)),
            Block::List { ordered, indent, start, items } => Block::List {
                ordered: *ordered,
                indent: *indent,
                start: *start,
                items: items.iter().map(|item| spans(item)).collect(),
            },
        };
        Body(self.body.0.iter().map(block).collect())
    }
}

impl Source<'_> {
    fn value(&self, variable: &Variable) -> Option<String> {
        let name = variable.to_string();
        let given = self.given.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        let customer = &self.head.customer;
        let own = || match variable {
            Variable::CustomerName => customer.name.clone(),
            Variable::CustomerFirstName => {
                customer.name.as_deref().and_then(|name| one_line(name).split(' ').next().map(str::to_string))
            }
            Variable::CustomerEmail => customer.email.clone(),
            Variable::AgentName => Some(self.by.name.clone()),
            Variable::Number => Some(self.head.number.to_string()),
            Variable::Topic => {
                let label = self.topics.iter().find(|topic| topic.id == self.head.topic).map(|topic| &topic.label);
                Some(label.unwrap_or(&self.head.topic).clone())
            }
            Variable::Known(key) => {
                let answer = self.context.answers.iter().find(|answer| answer.field == *key);
                answer.map(|answer| answer.text.as_str()).or_else(|| self.context.facts.of(key)).map(str::to_string)
            }
        };
        let value = given.map(str::to_string).or_else(own)?;
        let value = match variable {
            // Steps, say, are several lines.
            Variable::Known(_) => lines(&value),
            Variable::CustomerName
            | Variable::CustomerFirstName
            | Variable::CustomerEmail
            | Variable::AgentName
            | Variable::Number
            | Variable::Topic => one_line(&value),
        };
        (!value.trim().is_empty()).then_some(value)
    }
}

impl Variable {
    fn named(name: &str) -> Option<Variable> {
        let own = OWN.into_iter().find(|(own, _)| *own == name).map(|(_, variable)| variable);
        own.or_else(|| is_fact_key(name).then(|| Variable::Known(name.to_string())))
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, OWN.iter().find(|(_, own)| own == self)) {
            (Variable::Known(key), _) => f.write_str(key),
            (_, Some((name, _))) => f.write_str(name),
            (_, None) => Ok(()),
        }
    }
}

/// The text with numbers in its places, and the places with their lines.
fn marked(text: &str) -> Result<(String, Vec<(usize, Place)>), Mistake> {
    let (mut out, mut places) = (String::new(), Vec::new());
    for (line, said) in (1..).zip(text.split('\n')) {
        let wrong = |what: String| Err(Mistake { line, what });
        if said.contains([OPEN, CLOSE]) {
            return wrong("holds a character that Unicode keeps for no text (U+FDD0 or U+FDD1)".to_string());
        }
        if line > 1 {
            out.push('\n');
        }
        let mut rest = said;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            if let Some(literal) = after.strip_prefix('{') {
                let name = literal.split_once("}}").map(|(name, _)| name.trim());
                if let Some(variable) = name.and_then(Variable::named) {
                    return wrong(format!("{{{{ is a brace that is shown; for the value write {{{variable}}}"));
                }
                out.push('{');
                rest = literal;
                continue;
            }
            let Some((inside, after)) = after.split_once('}') else {
                return wrong("has a { without its }; write {{ for a brace that is shown".to_string());
            };
            let (name, fallback) = match inside.split_once('|') {
                Some((name, fallback)) => (name.trim(), Some(one_line(fallback))),
                None => (inside.trim(), None),
            };
            let Some(variable) = Variable::named(name) else {
                let own = OWN.map(|(name, _)| format!("{{{name}}}")).join(", ");
                return wrong(format!(
                    "{{{name}}} is no variable: there are {own}, and the keys of facts and fields, such as {{campaign_id}}; \
                     write {{{{ for a brace that is shown"
                ));
            };
            if places.len() == VARIABLES_MAX {
                return wrong(format!("a saved reply has at most {VARIABLES_MAX} variables"));
            }
            out.push_str(&format!("{OPEN}{}{CLOSE}", places.len()));
            places.push((line, Place { variable, fallback }));
            rest = after;
        }
        out.push_str(rest);
    }
    Ok((out, places))
}

/// The text with something in each of its places; none when one has nothing.
fn replaced(text: &str, value: impl Fn(usize) -> Option<String>) -> Option<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        let (number, after) = after.split_once(CLOSE)?;
        out.push_str(&value(number.parse().ok()?)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// The addresses of a body's links.
fn links(body: &Body) -> impl Iterator<Item = &str> {
    body.0.iter().flat_map(spans_of).filter_map(|span| match span {
        Span::Link { href, .. } => Some(href.as_str()),
        Span::Text { .. } => None,
    })
}

fn spans_of(block: &Block) -> Vec<&Span> {
    match block {
        Block::Paragraph(spans) | Block::Quote(spans) => spans.iter().collect(),
        Block::List { items, .. } => items.iter().flatten().collect(),
        Block::Code(_) => Vec::new(),
    }
}

fn once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Answer, Facts};
    use crate::customer::Customer;
    use crate::ids::{AgentId, ConversationId, DeskName, Moment};
    use expect_test::expect;
    use proptest::prelude::*;

    fn reply(text: &str) -> SavedReply {
        SavedReply::new("shipping", text).unwrap()
    }

    fn head(name: &str) -> Conversation {
        let customer = Customer { name: Some(name.into()), email: None, ..Customer::default() };
        Conversation::opened(ConversationId(7), 1042, customer, "billing".into(), DeskName("s".into()), Moment(0))
    }

    fn context(pairs: &[(&str, &str)]) -> Context {
        let facts = pairs.iter().map(|(key, value)| (key.to_string(), Some(value.to_string())));
        Context { facts: Facts::default().after(facts).unwrap(), ..Context::default() }
    }

    fn filled(text: &str, name: &str, facts: &[(&str, &str)], given: &[(&str, &str)]) -> Filled {
        let by = Agent { id: AgentId("desk/Grace".into()), name: "Grace".into(), picture: None };
        let topics = [Topic { id: "billing".into(), label: "Billing Questions".into(), desk: DeskName("s".into()) }];
        let given: Vec<_> = given.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        let mut context = context(facts);
        context.answers.push(Answer { field: "steps".into(), text: "1. open\n2. press".into() });
        reply(text).filled(&Source { head: &head(name), context: &context, by: &by, topics: &topics, given: &given })
    }

    fn read(text: &str, name: &str, facts: &[(&str, &str)]) -> String {
        let Filled { body, missing } = filled(text, name, facts, &[]);
        if missing.is_empty() { body.text() } else { format!("{} (missing: {})", body.text(), missing.join(", ")) }
    }

    #[test]
    fn places_get_their_values() {
        let facts = &[("campaign_id", "cp100")];
        for (text, said) in [
            ("Dear {customer.first_name},", "Dear Ada,"),
            ("{customer.name} #{number} {topic} {agent.name}", "Ada King #1042 Billing Questions Grace"),
            ("For {campaign_id|your campaign}, {plan|your plan}", "For cp100, your plan"),
            ("{plan|}x", "x"),
            ("{customer.email} {plan} {plan}x", "{customer.email} {plan} {plan}x (missing: customer.email, plan)"),
            ("Write {{campaign_id} } and {{}}", "Write {campaign_id} } and {}}"),
            ("{steps}!", "1. open\n2. press!"),
        ] {
            assert_eq!(read(text, "Ada  King", facts), said, "{text}");
        }
        let given = filled("{plan} for {customer.name}", "Ada", &[], &[("plan", "*pro*"), ("customer.name", "Bob")]);
        assert_eq!((given.body, given.missing), (Body::plain("*pro* for Bob"), vec![]));
    }

    /// Text plain, styles as they are typed, links in angle brackets.
    fn marked(body: &Body) -> String {
        let span = |span: &Span| match span {
            Span::Text { text, style } if style.bold => format!("*{text}*"),
            Span::Text { text, style } if style.code => format!("`{text}`"),
            Span::Text { text, .. } => text.clone(),
            Span::Link { href, text, .. } => format!("<{href}|{text}>"),
        };
        let line = |spans: &[Span]| spans.iter().map(span).collect::<String>();
        let block = |block: &Block| match block {
            Block::Paragraph(spans) => line(spans),
            Block::Quote(spans) => format!("> {}", line(spans)),
            Block::Code(code) => format!("[{code}]"),
            Block::List { items, .. } => {
                items.iter().map(|it| format!("- {}", line(it))).collect::<Vec<_>>().join("\n")
            }
        };
        body.0.iter().map(block).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_value_is_text_and_nothing_else() {
        let hostile = "*x* <!channel> [x](javascript:y) https://evil.example {agent.name} `z`\n> q";
        let text = "Dear *{customer.name}*,\n- {customer.name}\n> {customer.name}\n```{customer.name}```\n\
                    `{customer.name}`{customer.name}\nhttps://a.example/{customer.name}?x={customer.name}#y";
        let filled = filled(text, hostile, &[], &[]);
        expect![[r#"
            Dear **x* <!channel> [x](javascript:y) https://evil.example {agent.name} `z` > q*,
            - *x* <!channel> [x](javascript:y) https://evil.example {agent.name} `z` > q
            > *x* <!channel> [x](javascript:y) https://evil.example {agent.name} `z` > q
            [*x* <!channel> [x](javascript:y) https://evil.example {agent.name} `z` > q]
            `*x* <!channel> [x](javascript:y) https://evil.example {agent.name} `z` > q`*x* <!channel> [x](javascript:y) https://evil.example {agent.name} `z` > q
            <https://a.example/%2Ax%2A%20%3C%21channel%3E%20%5Bx%5D%28javascript%3Ay%29%20https%3A%2F%2Fevil.example%20%7Bagent.name%7D%20%60z%60%20%3E%20q?x=%2Ax%2A%20%3C%21channel%3E%20%5Bx%5D%28javascript%3Ay%29%20https%3A%2F%2Fevil.example%20%7Bagent.name%7D%20%60z%60%20%3E%20q#y|https://a.example/%2Ax%2A%20%3C%21channel%3E%20%5Bx%5D%28javascript%3Ay%29%20https%3A%2F%2Fevil.example%20%7Bagent.name%7D%20%60z%60%20%3E%20q?x=%2Ax%2A%20%3C%21channel%3E%20%5Bx%5D%28javascript%3Ay%29%20https%3A%2F%2Fevil.example%20%7Bagent.name%7D%20%60z%60%20%3E%20q#y>
        "#]].assert_eq(&(marked(&filled.body) + "\n"));
        // No way up in an address, and no way out of it.
        assert_eq!(
            read("https://a.example/{plan}/x", "Ada", &[("plan", "..")]),
            "https://a.example/../x (missing: plan)"
        );
    }

    #[test]
    fn what_is_wrong_with_a_text_is_said_with_its_line() {
        let wrong = |text: &str| {
            let Mistake { line, what } = SavedReply::new("x", text).unwrap_err();
            format!("{line}: {what}\n")
        };
        let all = [
            "Hello\n{Customer}",
            "{customer.age}",
            "{",
            "Hello {customer.name\n}",
            "Hello {{customer.name}}",
            "\n\nhttps://{plan}.example.com/",
            "https://app.example.com{plan}",
            " \n{plan}\n",
            "",
            "a\u{fdd0}0\u{fdd1}",
            &"x".repeat(REPLY_BYTES_MAX + 1),
            &"{x|}".repeat(VARIABLES_MAX + 1),
        ];
        expect![[r#"
            2: {Customer} is no variable: there are {customer.name}, {customer.first_name}, {customer.email}, {agent.name}, {number}, {topic}, and the keys of facts and fields, such as {campaign_id}; write {{ for a brace that is shown
            1: {customer.age} is no variable: there are {customer.name}, {customer.first_name}, {customer.email}, {agent.name}, {number}, {topic}, and the keys of facts and fields, such as {campaign_id}; write {{ for a brace that is shown
            1: has a { without its }; write {{ for a brace that is shown
            1: has a { without its }; write {{ for a brace that is shown
            1: {{ is a brace that is shown; for the value write {customer.name}
            3: {plan} would choose where the link leads: a value stands behind the host and its /
            1: {plan} would choose where the link leads: a value stands behind the host and its /
            1: says nothing besides its variables
            1: says nothing besides its variables
            1: holds a character that Unicode keeps for no text (U+FDD0 or U+FDD1)
            1: a saved reply has at most 8192 bytes
            1: a saved reply has at most 50 variables
        "#]].assert_eq(&all.iter().map(|text| wrong(text)).collect::<String>());
    }

    #[test]
    fn names_can_be_typed_and_found() {
        for name in ["shipping", "Sorry-2", "größe"] {
            assert_eq!(wrong_name(name), None);
        }
        for name in ["", "2nd", "a b", "Send", "cancel", "a.b"] {
            assert!(wrong_name(name).is_some(), "{name}");
        }
        let all = ["shipping", "shipping-late", "Sorry", "refund"].map(|name| SavedReply::new(name, "x\ny").unwrap());
        let all = SavedReplies::new(all.to_vec());
        assert_eq!(all.named("SORRY").map(|it| it.name.as_str()), Some("Sorry"));
        for (asked, near) in [
            ("shiping", "shipping"),
            ("ship", "shipping, shipping-late"),
            ("sory", "Sorry"),
            ("refunds", "refund"),
            ("x", ""),
            ("hello", ""),
        ] {
            assert_eq!(all.nearest(asked).join(", "), near, "{asked}");
        }
        assert_eq!(all.list()[0], ("refund".to_string(), "x".to_string()));
    }

    proptest! {
        #[test]
        fn nothing_that_is_in_a_file_breaks_the_reader(text in "([{}|a-z.]|customer.name|\\PC|[*_~`>\n -]|https://){0,60}") {
            if let Ok(reply) = SavedReply::new("x", &text) {
                let body = reply.with(|_| "*v*".into(), |_| Some("v".into()));
                prop_assert!(!body.text().contains([OPEN, CLOSE]));
                let links = links(&body).all(|href| safe_href(href).is_some());
                prop_assert!(links);
            }
        }
    }
}
