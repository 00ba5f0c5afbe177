//! What an agent typed: a verb only where one was meant, and nothing of a note lost.

use super::body::{holds, ink};
use threadline_core::body::{Body, is_invisible};
use threadline_core::markup;
use threadline_core::verb::parse::{Command, Parsed, Wrong, command, message, person_named};
use threadline_core::verb::{Chosen, Name, Names, PREFIX, Saved, VERBS, Verb, Who};

/// Checks what was typed, as a message in a thread and as a command.
pub fn verb(text: &str) {
    let mut own = Names::default();
    own.choose(Name::Claim, Chosen::Word("mine".into()));
    own.choose(Name::Book, Chosen::Off);
    own.choose(Name::Escalate, Chosen::Word("claim".into()));
    for names in [Names::default(), own] {
        for body in [Body::plain(text), markup::parse(text)] {
            in_a_thread(&body, &names);
        }
        as_a_command(text, &names);
    }
}

fn in_a_thread(body: &Body, names: &Names) {
    let text = body.text();
    let seen = text.trim_matches(is_invisible);
    let parsed = message(body, names);
    if !seen.starts_with(PREFIX) {
        assert_eq!(parsed, Parsed::NotAVerb, "words without the mark are a reply");
    }
    let word = seen.strip_prefix(PREFIX).unwrap_or_default().split(char::is_whitespace).next().unwrap_or_default();
    match parsed {
        Parsed::NotAVerb => {
            let is_word = VERBS.iter().any(|entry| names.word(entry.name) == Some(word));
            assert!(!is_word || !body.opening().starts_with(PREFIX), "{word:?} is a verb, and would be sent");
        }
        Parsed::Verb(verb) => {
            let own = names.word(verb.name()).unwrap_or_default();
            assert!(word.eq_ignore_ascii_case(own), "{word:?} does {verb:?}");
            let after: String = seen.chars().skip(1 + word.chars().count()).collect();
            is_whole(&verb, &after);
        }
        Parsed::Wrong(Wrong::Mistyped { typed, meant }) => {
            assert_eq!(typed, word);
            let like = [meant.entry().word, names.word(meant).unwrap_or_default()];
            let close = |known: &&str| word.chars().count().abs_diff(known.chars().count()) <= 2;
            assert!(like.iter().any(close), "{word:?} is not like {meant:?}");
        }
        Parsed::Wrong(Wrong::Unknown { typed }) => panic!("{typed:?} may be a word to a customer"),
        Parsed::Wrong(Wrong::OtherConversation { number }) => panic!("#{number} is part of what is typed here"),
        Parsed::Wrong(Wrong::Form(_) | Wrong::Renamed(_) | Wrong::Off(_) | Wrong::NotYet(_)) => {}
    }
    for to_us in [false, true] {
        if let Some(person) = person_named(body, to_us, names) {
            assert!(!ink(&person).is_empty(), "nobody is somebody");
        }
    }
}

fn as_a_command(text: &str, names: &Names) {
    let Command { number, verb } = command(text, names);
    assert!(number.is_none_or(|number| number > 0), "{number:?}");
    match verb {
        Ok(Verb::Note(note)) => {
            assert!(!note.is_blank(), "a note says something");
            holds(note);
        }
        Ok(Verb::Assign(Who::Named(person))) => assert!(!ink(&person).is_empty(), "nobody is somebody"),
        Ok(Verb::Saved(Saved::Show { name, .. })) => assert!(!ink(&name).is_empty(), "a reply has a name"),
        Ok(Verb::Snooze { reason, .. }) => assert!(!ink(&reason).is_empty(), "it is put off for a reason"),
        Ok(Verb::Topic(topic)) => assert!(!ink(&topic).is_empty(), "no topic is a topic"),
        Ok(
            Verb::Claim
            | Verb::Release
            | Verb::Assign(Who::Me | Who::Agent(_))
            | Verb::Resolve { .. }
            | Verb::Reopen
            | Verb::Retry(_)
            | Verb::Ticket { .. }
            | Verb::Saved(Saved::List | Saved::Send { .. } | Saved::Cancel { .. })
            | Verb::Escalate(_)
            | Verb::Ack(_)
            | Verb::Away
            | Verb::Back
            | Verb::Help,
        ) => {}
        Err(Wrong::Mistyped { typed, .. } | Wrong::Unknown { typed }) => {
            assert!(!typed.contains(char::is_whitespace), "{typed:?} is one word");
        }
        Err(Wrong::Form(_) | Wrong::Renamed(_) | Wrong::Off(_) | Wrong::NotYet(_)) => {}
        Err(Wrong::OtherConversation { number }) => panic!("#{number} is for whoever knows where it was written"),
    }
}

/// What follows the word is all there.
fn is_whole(verb: &Verb, after: &str) {
    match verb {
        Verb::Note(note) => {
            assert_eq!(ink(&note.text()), ink(after), "a note is what follows the word");
            assert!(!note.is_blank(), "a note says something");
            holds(note.clone());
        }
        Verb::Assign(Who::Named(person)) => {
            assert_eq!(ink(person), ink(after.trim_matches(is_invisible).trim_start_matches('@')), "a person's name");
            assert!(!ink(person).is_empty(), "nobody is somebody");
        }
        Verb::Saved(Saved::List) => assert_eq!(ink(after), "", "words would be lost"),
        Verb::Saved(Saved::Show { name, given }) => {
            let given: String = given.iter().map(|(key, value)| format!("{key}={value}")).collect();
            assert_eq!(ink(after), ink(&format!("{name}{given}")), "what goes into a reply is all there");
        }
        Verb::Saved(Saved::Send { preview } | Saved::Cancel { preview }) => {
            assert_eq!(preview.is_some(), after.chars().any(|c| c.is_ascii_digit()), "a preview has a number");
        }
        Verb::Topic(topic) => assert_eq!(ink(topic), ink(after), "a topic's name"),
        Verb::Assign(Who::Me) => assert_eq!(ink(after).to_lowercase(), "me"),
        Verb::Assign(Who::Agent(agent)) => panic!("nobody has looked {} up", agent.name),
        Verb::Resolve { silently } => assert_eq!(!silently, ink(after).is_empty()),
        Verb::Retry(seq) => assert_eq!(seq.is_none(), ink(after).is_empty()),
        Verb::Claim | Verb::Release | Verb::Reopen | Verb::Away | Verb::Back => {
            assert_eq!(ink(after), "", "words would be lost");
        }
        Verb::Ticket { priority: None, within: None } => assert_eq!(ink(after), "", "words would be lost"),
        Verb::Escalate(asked) => assert_eq!(ink(asked), ink(after), "what follows the word is all there"),
        Verb::Ack(within) => assert_eq!(within.is_none(), ink(after).is_empty()),
        Verb::Snooze { reason, .. } => assert!(after.contains(reason.as_str()), "the reason is what was written"),
        Verb::Ticket { .. } | Verb::Help => {}
    }
}
