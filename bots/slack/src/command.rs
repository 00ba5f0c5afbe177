//! What somebody wrote behind our slash command: `claim #1042`, `list`, `help`, or nothing at all.

use crate::forms::Subject;
use threadline_core::presence::Sign;
use threadline_core::verb::parse::{self, Wrong};
use threadline_core::verb::{Names, Need, Start, Verb, Who};
use threadline_core::words::Notice;

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// To pick a conversation and a verb.
    Pick,
    /// To see what there is to do.
    List,
    /// To see what waits longest.
    Late,
    /// To be asked for what a verb needs.
    Ask(Subject, Need),
    /// This verb, done to this conversation.
    Do(i64, Verb),
    /// The verb that gives it to the user of this id.
    Assign(i64, String),
    /// To say that he is there, or away.
    Sign(Sign),
    /// To be told this.
    Tell(Notice),
}

/// Reads the text behind the command.
pub(crate) fn read(text: &str, names: &Names) -> Command {
    let text = unescaped(text);
    let parse::Command { number, verb } = parse::command(&text, names);
    match (number, verb) {
        // A number alone names no verb.
        (number, Ok(Verb::Help)) if text.split_whitespace().count() == usize::from(number.is_some()) => Command::Pick,
        (_, Ok(Verb::Help)) => Command::Tell(Notice::Help),
        (None, Err(Wrong::Unknown { typed })) if typed.eq_ignore_ascii_case("list") => Command::List,
        (None, Err(Wrong::Unknown { typed })) if typed.eq_ignore_ascii_case("late") => Command::Late,
        (_, Ok(Verb::Away)) => Command::Sign(Sign::Out),
        (_, Ok(Verb::Back)) => Command::Sign(Sign::In),
        (None, Ok(verb)) => Command::Tell(Notice::WhichConversation { verb: verb.name() }),
        (None, Err(Wrong::Form(verb))) if verb.is_about_a_conversation() => {
            Command::Tell(Notice::WhichConversation { verb })
        }
        (Some(number), Err(Wrong::Form(name))) => match name.start() {
            Start::Needs(need) if is_bare(&text) => Command::Ask(Subject::Number(number), need),
            Start::Needs(_) | Start::Ready(_) | Start::NotYet => Command::Tell(Notice::WrongCommand(Wrong::Form(name))),
        },
        (Some(number), Ok(Verb::Assign(Who::Named(who)))) => match mentioned(&who) {
            Some(user) => Command::Assign(number, user.to_string()),
            None => Command::Do(number, Verb::Assign(Who::Named(who))),
        },
        (Some(number), Ok(verb)) => Command::Do(number, verb),
        (_, Err(wrong)) => Command::Tell(Notice::WrongCommand(wrong)),
    }
}

/// True when nothing stands beside the verb and the number.
fn is_bare(text: &str) -> bool {
    text.split_whitespace().count() <= 2
}

/// The user whom `<@U123|grace>` mentions: Slack escapes mentions so in a command's text.
fn mentioned(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("<@")?.strip_suffix('>')?;
    let user = inside.split('|').next()?;
    (!user.is_empty() && user.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(user)
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use threadline_core::body::Body;
    use threadline_core::verb::{Chosen, Name};

    fn read(text: &str) -> Command {
        super::read(text, &Names::default())
    }

    #[test]
    fn alone_it_lets_one_pick() {
        assert_eq!(read(""), Command::Pick);
        assert_eq!(read("  "), Command::Pick);
        assert_eq!(read("#1042"), Command::Pick);
    }

    #[test]
    fn who_comes_or_goes_needs_no_number() {
        assert_eq!((read("away"), read("back")), (Command::Sign(Sign::Out), Command::Sign(Sign::In)));
        assert_eq!(read("away for lunch"), Command::Tell(Notice::WrongCommand(Wrong::Form(Name::Away))));
    }

    #[test]
    fn a_verb_wants_a_number() {
        assert_eq!(read("claim #1042"), Command::Do(1042, Verb::Claim));
        assert_eq!(read("#1042 resolve silently"), Command::Do(1042, Verb::Resolve { silently: true }));
        assert_eq!(read("topic #1042 Q&amp;A"), Command::Do(1042, Verb::Topic("Q&A".into())));
        let note = Verb::Note(Body::plain("x < y"));
        assert_eq!(read("note #1042 x &lt; y"), Command::Do(1042, note));
        for (text, verb) in [("claim", Name::Claim), ("assign @Grace", Name::Assign), ("note", Name::Note)] {
            assert_eq!(read(text), Command::Tell(Notice::WhichConversation { verb }), "{text}");
        }
    }

    #[test]
    fn what_a_verb_needs_is_asked_for() {
        assert_eq!(read("assign #1042"), Command::Ask(Subject::Number(1042), Need::Person));
        assert_eq!(read("#1042 note"), Command::Ask(Subject::Number(1042), Need::Note));
        assert_eq!(read("claim #1042 now"), Command::Tell(Notice::WrongCommand(Wrong::Form(Name::Claim))));
    }

    #[test]
    fn a_person_is_mentioned_or_named() {
        assert_eq!(read("assign #1042 <@U1|grace>"), Command::Assign(1042, "U1".into()));
        assert_eq!(read("assign #1042 <@U1>"), Command::Assign(1042, "U1".into()));
        assert_eq!(read("assign #1042 me"), Command::Do(1042, Verb::Assign(Who::Me)));
        assert_eq!(read("assign #1042 @Grace"), Command::Do(1042, Verb::Assign(Who::Named("Grace".into()))));
        let forged = Verb::Assign(Who::Named("<@U1/../x>".into()));
        assert_eq!(read("assign #1042 <@U1/../x>"), Command::Do(1042, forged));
    }

    #[test]
    fn lists_and_help_and_what_is_neither() {
        assert_eq!((read("list"), read("Late")), (Command::List, Command::Late));
        assert_eq!(read("help"), Command::Tell(Notice::Help));
        assert_eq!(read("dance"), Command::Tell(Notice::WrongCommand(Wrong::Unknown { typed: "dance".into() })));
        assert_eq!(read("book #1042"), Command::Tell(Notice::WrongCommand(Wrong::NotYet(Name::Book))));
        let mut names = Names::default();
        names.choose(Name::Claim, Chosen::Word("list".into()));
        assert_eq!(super::read("list #7", &names), Command::Do(7, Verb::Claim));
    }
}
