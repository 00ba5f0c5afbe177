//! From what an agent typed to what he wants. Customers must never read a mistyped verb, so what
//! looks like one is wrong rather than a reply; and ordinary words after a `!` are a reply.

use super::{Name, Names, PREFIX, Saved, Takes, VERBS, Verb, WORD_CHARS_MAX, Who, is_same_word};
use crate::availability::Promise;
use crate::body::{Body, is_invisible};
use crate::saved::{CANCEL, SEND};
use crate::ticket::Priority;

/// What a message in a thread is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// No verb: a reply or a note.
    NotAVerb,
    /// This verb, and nothing else.
    Verb(Verb),
    /// Meant as a verb, and not to be done.
    Wrong(Wrong),
}

/// Why what an agent asked for is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It looks like this verb with letters missing, added or exchanged.
    Mistyped {
        /// What was typed.
        typed: String,
        /// What it looks like.
        meant: Name,
    },
    /// There is no such verb; only where nothing but a verb can stand.
    Unknown {
        /// What was typed.
        typed: String,
    },
    /// What follows the verb is missing, or is nothing it can take.
    Form(Name),
    /// The operator has given the verb another word.
    Renamed(Name),
    /// The operator has switched it off.
    Off(Name),
    /// What it needs is not part of Threadline yet.
    NotYet(Name),
    /// It names another conversation than the one in whose thread it stands.
    OtherConversation {
        /// Which.
        number: i64,
    },
}

/// A command outside of a thread: what, and of which conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The conversation's number, where one was named: 1042 for `#1042`.
    pub number: Option<i64>,
    /// What to do to it.
    pub verb: Result<Verb, Wrong>,
}

/// What a message in a thread is: `!claim`, `!assign @Grace`, in any case, blanks around it. The `!`
/// and the word stand together, and a blank between them makes it a reply.
pub fn message(body: &Body, names: &Names) -> Parsed {
    let text = body.text();
    let text = text.trim_matches(is_invisible);
    // Where the text opens with code, or with a list's bullet, nothing is asked of us.
    let Some(typed) = text.strip_prefix(PREFIX).filter(|_| body.opening().starts_with(PREFIX)) else {
        return Parsed::NotAVerb;
    };
    let (word, rest) = first_word(typed);
    let bare = || body.clone().without_opening(&format!("{PREFIX}{word}"));
    match named(word, names) {
        Some(name) => match verb(name, word, rest, bare(), names) {
            Ok(verb) => Parsed::Verb(verb),
            Err(wrong) => Parsed::Wrong(wrong),
        },
        None => match similar(word, names) {
            Some(meant) => Parsed::Wrong(Wrong::Mistyped { typed: word.to_string(), meant }),
            None => Parsed::NotAVerb,
        },
    }
}

/// What was said to the bot, or typed after its command, with or without the `!`: `assign @Grace`,
/// `claim #1042`. Only a verb can stand here; nothing at all asks for help.
pub fn command(text: &str, names: &Names) -> Command {
    let text = text.trim_matches(is_invisible);
    let (number, text) = without_number(text);
    let (word, rest) = first_word(text.strip_prefix(PREFIX).unwrap_or(&text));
    let result = match named(word, names) {
        Some(name) => verb(name, word, rest, Body::plain(rest), names),
        None if word.is_empty() => Ok(Verb::Help),
        None => Err(match similar(word, names) {
            Some(meant) => Wrong::Mistyped { typed: word.to_string(), meant },
            None => Wrong::Unknown { typed: word.to_string() },
        }),
    };
    Command { number, verb: result }
}

/// Whom a message names, if it is a verb that needs somebody: what a platform has to look up.
pub fn person_named(body: &Body, to_us: bool, names: &Names) -> Option<String> {
    let verb = if to_us {
        command(&body.text(), names).verb.ok()?
    } else {
        match message(body, names) {
            Parsed::Verb(verb) => verb,
            Parsed::NotAVerb | Parsed::Wrong(_) => return None,
        }
    };
    if let Verb::Assign(Who::Named(name)) = verb { Some(name) } else { None }
}

/// True for a message that asks to try again what was given up.
pub fn asks_to_retry(body: &Body, to_us: bool, names: &Names) -> bool {
    if to_us {
        return matches!(command(&body.text(), names).verb, Ok(Verb::Retry(_)));
    }
    // Most messages are none of ours.
    body.opening().starts_with(PREFIX) && matches!(message(body, names), Parsed::Verb(Verb::Retry(_)))
}

fn first_word(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_matches(is_invisible))
}

/// The verb that a word is, also one that the operator has switched off or given another word.
fn named(word: &str, names: &Names) -> Option<Name> {
    let chosen = VERBS.iter().find(|entry| names.word(entry.name).is_some_and(|own| is_same_word(own, word)));
    let own = VERBS.iter().find(|entry| is_same_word(entry.word, word));
    chosen.or(own).map(|entry| entry.name)
}

/// The verb of this name with what follows its word; `bare` is the same, as it was formatted.
fn verb(name: Name, word: &str, rest: &str, bare: Body, names: &Names) -> Result<Verb, Wrong> {
    let entry = name.entry();
    match names.word(name) {
        None => return Err(Wrong::Off(name)),
        Some(own) if !is_same_word(own, word) => return Err(Wrong::Renamed(name)),
        Some(_) => {}
    }
    if !entry.is_on {
        return Err(Wrong::NotYet(name));
    }
    let form = Err(Wrong::Form(name));
    match (entry.takes, rest.is_empty()) {
        (Takes::Nothing, false) if name != Name::Help => return form,
        (Takes::Something(_), true) => return form,
        (Takes::Nothing | Takes::Perhaps(_) | Takes::Something(_), _) => {}
    }
    Ok(match name {
        Name::Claim => Verb::Claim,
        Name::Release => Verb::Release,
        Name::Note => Verb::Note(bare),
        Name::Assign if rest.eq_ignore_ascii_case("me") => Verb::Assign(Who::Me),
        Name::Assign => match rest.trim_start_matches('@').trim_matches(is_invisible) {
            "" => return form,
            person => Verb::Assign(Who::Named(person.to_string())),
        },
        Name::Topic => Verb::Topic(rest.to_string()),
        Name::Saved => match saved(rest) {
            Some(asked) => Verb::Saved(asked),
            None => return form,
        },
        Name::Resolve if rest.is_empty() => Verb::Resolve { silently: false },
        Name::Resolve if rest.eq_ignore_ascii_case("silently") => Verb::Resolve { silently: true },
        Name::Resolve => return form,
        Name::Reopen => Verb::Reopen,
        Name::Retry if rest.is_empty() => Verb::Retry(None),
        Name::Retry => Verb::Retry(Some(rest.parse().ok().filter(|seq| *seq > 0).ok_or(Wrong::Form(name))?)),
        Name::Away => Verb::Away,
        Name::Back => Verb::Back,
        Name::Help => Verb::Help,
        Name::Ticket => ticket(rest).ok_or(Wrong::Form(name))?,
        Name::Escalate => Verb::Escalate(rest.to_string()),
        Name::Ack if rest.is_empty() => Verb::Ack(None),
        Name::Ack => match leading_promise(rest) {
            Some((within, "")) => Verb::Ack(Some(within)),
            Some(_) | None => return form,
        },
        Name::Snooze => match leading_promise(rest) {
            Some((within, reason)) if !reason.is_empty() => Verb::Snooze { within, reason: reason.to_string() },
            Some(_) | None => return form,
        },
        Name::Book | Name::Call => return Err(Wrong::NotYet(name)),
    })
}

/// A time at the beginning, such as `2 hours` or `1 business day`, and what follows it.
fn leading_promise(text: &str) -> Option<(Promise, &str)> {
    let ends = |words: usize| {
        let mut left = text;
        for _ in 0..words {
            left = first_word(left).1;
        }
        let promise = Promise::parse(text[..text.len() - left.len()].trim())?;
        Some((promise, left.trim_start_matches([':', ',', '–', '-']).trim()))
    };
    ends(3).or_else(|| ends(2))
}

/// `high`, `4 hours`, `urgent 2 business days`, or nothing.
fn ticket(rest: &str) -> Option<Verb> {
    let (first, after) = first_word(rest);
    let priority = Priority::parse(first);
    let promise = if priority.is_some() { after } else { rest };
    let within = if promise.is_empty() { None } else { Some(Promise::parse(promise)?) };
    Some(Verb::Ticket { priority, within })
}

/// What is wanted with the saved replies: nothing, a name and perhaps values for its places
/// (`order=1042 city=New York`), or what to do with a preview and perhaps its number.
fn saved(rest: &str) -> Option<Saved> {
    let (word, rest) = first_word(rest);
    let is = |known| is_same_word(word, known);
    if word.is_empty() {
        return Some(Saved::List);
    }
    if is(SEND) || is(CANCEL) {
        let preview = if rest.is_empty() { None } else { Some(rest.parse().ok()?) };
        return Some(if is(SEND) { Saved::Send { preview } } else { Saved::Cancel { preview } });
    }
    let mut given: Vec<(String, String)> = Vec::new();
    for word in rest.split_whitespace() {
        match (word.split_once('='), given.last_mut()) {
            (Some((name, value)), _) if is_variable(name) => given.push((name.to_string(), value.to_string())),
            (_, Some((_, value))) => {
                value.push(' ');
                value.push_str(word);
            }
            (_, None) => return None,
        }
    }
    Some(Saved::Show { name: word.to_string(), given })
}

fn is_variable(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(good)
}

/// The number of a conversation, wherever it stands among the first two words, and the rest.
fn without_number(text: &str) -> (Option<i64>, String) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &&str| word.strip_prefix('#')?.parse::<i64>().ok().filter(|number| *number > 0);
    let found = words.iter().take(2).position(|word| number(word).is_some());
    match found {
        Some(at) => (number(&words[at]), [&words[..at], &words[at + 1..]].concat().join(" ")),
        None => (None, text.to_string()),
    }
}

/// The verb that a word was probably meant to be: the same beginning, and one letter off, in longer
/// words two. Exchanged neighbours count as one. Short words are too much like others.
fn similar(word: &str, names: &Names) -> Option<Name> {
    let word: Vec<char> = word.to_lowercase().chars().take(WORD_CHARS_MAX).collect();
    let candidates = VERBS.iter().flat_map(|entry| {
        let own = names.word(entry.name).filter(|own| *own != entry.word);
        [Some(entry.word), own].into_iter().flatten().map(move |known| (known, entry.name))
    });
    candidates
        .filter_map(|(known, name)| {
            let known: Vec<char> = known.to_lowercase().chars().collect();
            let off = letters_off(&word, &known);
            let off_max = if known.len() >= LONG_CHARS { 2 } else { 1 };
            (begins_alike(&word, &known) && off <= off_max).then_some((off, name))
        })
        .min_by_key(|(off, _)| *off)
        .map(|(_, name)| name)
}

/// From this length on, two letters may be off.
const LONG_CHARS: usize = 5;

/// The same first letter, or the first two exchanged: people hit the first letter.
fn begins_alike(word: &[char], known: &[char]) -> bool {
    match (word, known) {
        ([first, ..], [own, ..]) if first == own => true,
        ([first, second, ..], [own, other, ..]) => first == other && second == own,
        _ => false,
    }
}

/// How many letters are missing, added, different or exchanged with their neighbour (optimal
/// string alignment).
pub(crate) fn letters_off(one: &[char], other: &[char]) -> usize {
    let mut rows: Vec<Vec<usize>> = vec![(0..=other.len()).collect()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=other.len() {
            let differ = usize::from(one[i - 1] != other[j - 1]);
            let mut off = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + differ);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                off = off.min(rows[i - 2][j - 2] + 1);
            }
            row.push(off);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::super::Chosen;
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Parsed {
        message(&Body::plain(text), &Names::default())
    }

    fn is(verb: Verb) -> Parsed {
        Parsed::Verb(verb)
    }

    #[test]
    fn every_name_has_its_line() {
        for (at, entry) in VERBS.iter().enumerate() {
            assert_eq!(entry.name as usize, VERBS[at].name.entry().name as usize);
            assert!(VERBS.iter().filter(|other| other.word == entry.word).count() == 1, "{}", entry.word);
        }
        let names: std::collections::BTreeSet<Name> = VERBS.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), Name::Help as usize + 1);
    }

    #[test]
    fn a_verb_is_the_whole_message() {
        assert_eq!(parsed(" !Claim\n"), is(Verb::Claim));
        assert_eq!(parsed("\u{200b}!release"), is(Verb::Release));
        assert_eq!(parsed("!resolve"), is(Verb::Resolve { silently: false }));
        assert_eq!(parsed("!resolve  Silently"), is(Verb::Resolve { silently: true }));
        assert_eq!(parsed("!assign me"), is(Verb::Assign(Who::Me)));
        assert_eq!(parsed("!assign @Grace Hopper"), is(Verb::Assign(Who::Named("Grace Hopper".into()))));
        assert_eq!(parsed("!topic Billing Questions"), is(Verb::Topic("Billing Questions".into())));
        assert_eq!(parsed("!note she is angry"), is(Verb::Note(Body::plain("she is angry"))));
        assert_eq!(parsed("!help me please"), is(Verb::Help));
        assert_eq!(parsed("!retry"), is(Verb::Retry(None)));
        assert_eq!(parsed("!retry 7"), is(Verb::Retry(Some(7))));
    }

    #[test]
    fn a_saved_reply_is_listed_shown_sent_or_not() {
        let given = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let shows = |name: &str, pairs: &[(&str, &str)]| Saved::Show { name: name.into(), given: given(pairs) };
        for (text, asked) in [
            ("!r", Saved::List),
            ("!R  Shipping", shows("Shipping", &[])),
            ("!r late city=New  York order=7", shows("late", &[("city", "New York"), ("order", "7")])),
            ("!r late note=a=b customer.name=Ada", shows("late", &[("note", "a=b"), ("customer.name", "Ada")])),
            ("!r late city=", shows("late", &[("city", "")])),
            ("!r send", Saved::Send { preview: None }),
            ("!r Send 17", Saved::Send { preview: Some(17) }),
            ("!r cancel", Saved::Cancel { preview: None }),
        ] {
            assert_eq!(parsed(text), is(Verb::Saved(asked)), "{text}");
        }
        for text in ["!r late please", "!r send it", "!r late City=x"] {
            assert_eq!(parsed(text), Parsed::Wrong(Wrong::Form(Name::Saved)), "{text}");
        }
        assert_eq!(parsed("!re"), Parsed::Wrong(Wrong::Mistyped { typed: "re".into(), meant: Name::Saved }));
        assert_eq!(parsed("!rrr"), Parsed::NotAVerb);
    }

    #[test]
    fn what_looks_like_a_verb_is_no_reply() {
        let mistyped = |typed: &str, meant| Parsed::Wrong(Wrong::Mistyped { typed: typed.into(), meant });
        assert_eq!(parsed("!calim"), mistyped("calim", Name::Claim));
        assert_eq!(parsed("!lcaim"), mistyped("lcaim", Name::Claim));
        assert_eq!(parsed("!resolved, thanks"), mistyped("resolved,", Name::Resolve));
        assert_eq!(parsed("!asign @Grace"), mistyped("asign", Name::Assign));
        for (text, name) in [
            ("!claim it", Name::Claim),
            ("!claim\nHello Ada", Name::Claim),
            ("!assign", Name::Assign),
            ("!assign @\u{200b}", Name::Assign),
            ("!note", Name::Note),
            ("!topic \u{200b}", Name::Topic),
            ("!resolve now", Name::Resolve),
            ("!retry soon", Name::Retry),
            ("!retry -1", Name::Retry),
        ] {
            assert_eq!(parsed(text), Parsed::Wrong(Wrong::Form(name)), "{text}");
        }
        assert_eq!(parsed("!book now"), Parsed::Wrong(Wrong::NotYet(Name::Book)));
    }

    #[test]
    fn ordinary_words_are_a_reply() {
        for reply in [
            "claim",
            "!",
            "!!",
            "! claim",
            "Please !claim",
            "!important",
            "!Please read this",
            "!all good",
            "!soon back",
            "!Nice",
            "!hello",
            "!important: claim",
            "!= not equal",
        ] {
            assert_eq!(parsed(reply), Parsed::NotAVerb, "{reply}");
        }
        let code = Body(vec![crate::body::Block::Code("!claim".into())]);
        assert_eq!(message(&code, &Names::default()), Parsed::NotAVerb);
    }

    #[test]
    fn a_ticket_says_what_goes_first_and_by_when() {
        let ticket = |priority, within| is(Verb::Ticket { priority, within });
        assert_eq!(parsed("!ticket"), ticket(None, None));
        assert_eq!(parsed("!ticket HIGH"), ticket(Some(Priority::High), None));
        assert_eq!(parsed("!ticket 4 hours"), ticket(None, Some(Promise::Minutes(240))));
        assert_eq!(parsed("!ticket urgent  2 business days "), ticket(Some(Priority::Urgent), Some(Promise::Days(2))));
        for wrong in ["!ticket soon", "!ticket high soon", "!ticket 4", "!ticket 4 hours high"] {
            assert_eq!(parsed(wrong), Parsed::Wrong(Wrong::Form(Name::Ticket)), "{wrong}");
        }
    }

    #[test]
    fn a_team_has_its_own_words() {
        let mut names = Names::default();
        names.choose(Name::Escalate, Chosen::Word("raise".into()));
        names.choose(Name::Claim, Chosen::Word("mine".into()));
        names.choose(Name::Book, Chosen::Off);
        names.choose(Name::Reopen, Chosen::Word("öffnen".into()));
        let parsed = |text: &str| message(&Body::plain(text), &names);
        assert_eq!(parsed("!mine"), is(Verb::Claim));
        assert_eq!(parsed("!claim"), Parsed::Wrong(Wrong::Renamed(Name::Claim)));
        assert_eq!(parsed("!ÖFFNEN"), is(Verb::Reopen));
        assert_eq!(parsed("!raise"), is(Verb::Escalate(String::new())));
        assert_eq!(parsed("!book"), Parsed::Wrong(Wrong::Off(Name::Book)));
        assert_eq!(parsed("!mien"), Parsed::Wrong(Wrong::Mistyped { typed: "mien".into(), meant: Name::Claim }),);
        assert_eq!((names.typed(Name::Claim), names.example(Name::Assign)), ("!mine".into(), "!assign @Grace".into()));
    }

    #[test]
    fn a_command_names_its_conversation_or_none() {
        let command = |text: &str| command(text, &Names::default());
        let with = |number, verb| Command { number, verb };
        assert_eq!(command("claim #1042"), with(Some(1042), Ok(Verb::Claim)));
        assert_eq!(command("#1042 !claim"), with(Some(1042), Ok(Verb::Claim)));
        assert_eq!(command("topic #1042 billing"), with(Some(1042), Ok(Verb::Topic("billing".into()))));
        assert_eq!(command("note see #1001"), with(None, Ok(Verb::Note(Body::plain("see #1001")))));
        assert_eq!(command("  "), with(None, Ok(Verb::Help)));
        assert_eq!(command("dance"), with(None, Err(Wrong::Unknown { typed: "dance".into() })));
        assert_eq!(command("#0 claim").number, None);
    }

    proptest! {
        #[test]
        fn nothing_that_is_typed_breaks_the_parser(text in "\\PC{0,60}", prefix in "!?#?[a-z]{0,8}") {
            let text = format!("{prefix}{text}");
            let _ = parsed(&text);
            let _ = command(&text, &Names::default());
        }

        #[test]
        fn what_does_not_begin_with_the_mark_is_no_verb(text in "[^!]\\PC{0,40}") {
            prop_assume!(!text.trim_matches(is_invisible).starts_with(PREFIX));
            prop_assert_eq!(parsed(&text), Parsed::NotAVerb);
        }
    }
}
