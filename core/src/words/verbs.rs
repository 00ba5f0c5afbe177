//! What a verb is called on a button and in menus, and what is asked before it is done.

use crate::verb::Name;

/// What stands on a verb's button, or on its line in a menu; an ellipsis says that something is
/// asked first.
pub fn button(name: Name) -> &'static str {
    match name {
        Name::Claim => "Claim",
        Name::Release => "Release",
        Name::Assign => "Assign…",
        Name::Note => "Note…",
        Name::Topic => "Topic…",
        Name::Saved => "Saved reply…",
        Name::Resolve => "Resolve",
        Name::Reopen => "Reopen",
        Name::Retry => "Try again",
        Name::Ticket => "Make a ticket",
        Name::Snooze => "Snooze…",
        Name::Escalate => "Escalate…",
        Name::Ack => "Acknowledge",
        Name::Book => "Book…",
        Name::Call => "Call",
        Name::Away => "I am away",
        Name::Back => "I am back",
        Name::Help => "Help",
    }
}

/// What a verb is called in the menu of every message, among other apps' entries: at most 24
/// characters, Slack's limit (manifest schema, `shortcuts`).
pub fn shortcut(name: Name) -> &'static str {
    match name {
        Name::Claim => "Take conversation",
        Name::Release => "Release conversation",
        Name::Assign => "Assign conversation…",
        Name::Note => "Note for the team…",
        Name::Topic => "Change topic…",
        Name::Saved => "Saved reply…",
        Name::Resolve => "Resolve conversation",
        Name::Reopen => "Reopen conversation",
        Name::Retry => "Try posting again",
        Name::Ticket => "Make a ticket",
        Name::Snooze => "Snooze conversation…",
        Name::Escalate => "Escalate conversation…",
        Name::Ack => "Acknowledge escalation",
        Name::Book => "Offer a session…",
        Name::Call => "Start a session",
        Name::Away => "I am away",
        Name::Back => "I am back",
        Name::Help => "What can be done",
    }
}

/// A question with two answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its title.
    pub title: &'static str,
    /// The question.
    pub text: &'static str,
    /// The button that does it.
    pub yes: &'static str,
    /// The button that does not.
    pub no: &'static str,
}

/// What is asked before a verb is done by a button; nothing for what can be taken back at once.
pub fn asked_before(name: Name) -> Option<Asked> {
    match name {
        // The customer is asked for a rating, and a question that was read is not unread.
        Name::Resolve => Some(Asked {
            title: "Is it done?",
            text: "The customer reads that it is resolved, and is asked how it was.",
            yes: "Resolve",
            no: "Not yet",
        }),
        Name::Claim
        | Name::Release
        | Name::Assign
        | Name::Note
        | Name::Topic
        | Name::Saved
        | Name::Reopen
        | Name::Retry
        | Name::Ticket
        | Name::Snooze
        | Name::Escalate
        | Name::Ack
        | Name::Book
        | Name::Call
        | Name::Away
        | Name::Back
        | Name::Help => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verb::VERBS;
    use expect_test::expect;
    use std::fmt::Write;

    #[test]
    fn every_verb_has_a_short_name_for_a_menu() {
        for entry in VERBS {
            let shown = shortcut(entry.name);
            assert!(shown.chars().count() <= 24, "{shown}");
        }
    }

    #[test]
    fn every_question_before_a_verb() {
        let mut all = String::new();
        for entry in VERBS {
            if let Some(Asked { title, text, yes, no }) = asked_before(entry.name) {
                let _ = writeln!(all, "{}: {title} | {text} | {yes} | {no}", entry.word);
            }
        }
        expect![[r#"
            resolve: Is it done? | The customer reads that it is resolved, and is asked how it was. | Resolve | Not yet
        "#]]
        .assert_eq(&all);
    }
}
