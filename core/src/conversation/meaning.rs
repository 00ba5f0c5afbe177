//! What an agent's message is meant to be: for the customer, for the team, or for us.

use crate::body::{Block, Body};
use crate::desk::{Agent, DeskRules, Mode, StrangerKind};
use crate::verb::Verb;
use crate::verb::parse::{self, Parsed, Wrong};
use crate::words::Notice;

/// What marks a note at the start of a message. Platforms write emoji by name where they do not
/// draw them, and so do people.
const NOTE_MARKS: [&str; 3] = ["//", "🔒", ":lock:"];
/// What marks a reply in a desk of mode `explicit`.
const REPLY_MARK: &str = ">";

/// What an agent's message is meant to be.
pub(super) enum Meaning {
    /// For the customer, without the mark that said so.
    Reply(Body),
    /// For the team.
    Note,
    /// For us.
    Verb(Verb),
    /// Meant for us, and not to be done.
    Wrong(Wrong),
    /// For the customer, by somebody whose messages do not go out; what he is told.
    NotAllowed(Notice),
}

/// Whom a message addresses.
#[derive(Clone, Copy)]
pub(super) enum For {
    /// The bot.
    Us,
    /// Nobody in particular.
    Anybody {
        /// True when it carries files.
        has_files: bool,
    },
}

impl For {
    /// A message that is addressed to the bot, or not, with files or without.
    pub fn of(to_us: bool, has_files: bool) -> For {
        if to_us { For::Us } else { For::Anybody { has_files } }
    }
}

/// What this message means at a desk of these rules whose conversation is claimed so.
pub(super) fn of(body: Body, has_files: bool, by: &Agent, rules: &DeskRules, claimed_by: Option<&Agent>) -> Meaning {
    if is_note(&body, has_files) {
        return Meaning::Note;
    }
    match parse::message(&body, &rules.names) {
        Parsed::NotAVerb => {}
        Parsed::Verb(Verb::Note(_)) => return Meaning::Note,
        Parsed::Verb(verb) => return Meaning::Verb(verb),
        Parsed::Wrong(wrong) => return Meaning::Wrong(wrong),
    }
    match (rules.mode, claimed_by) {
        (Mode::Open, _) => Meaning::Reply(body),
        (Mode::Claimed, Some(holder)) if holder.id == by.id => Meaning::Reply(body),
        (Mode::Claimed, Some(holder)) => {
            Meaning::NotAllowed(Notice::ClaimedByOtherNotSent { holder: holder.name.clone() })
        }
        (Mode::Claimed, None) => Meaning::NotAllowed(Notice::UnclaimedNotSent),
        (Mode::Explicit, _) => explicit(body, has_files),
    }
}

/// What this message means that is addressed to the bot, in the thread of the conversation of this
/// number: a verb, or nothing that can be done.
pub(super) fn of_command(body: &Body, rules: &DeskRules, number: i64) -> Meaning {
    let command = parse::command(&body.text(), &rules.names);
    match (command.number, command.verb) {
        (Some(other), _) if other != number => Meaning::Wrong(Wrong::OtherConversation { number: other }),
        (_, Ok(Verb::Note(_))) => Meaning::Note,
        (_, Ok(verb)) => Meaning::Verb(verb),
        (_, Err(wrong)) => Meaning::Wrong(wrong),
    }
}

/// What the customer could be shown of a body: bounded, so that it can be compared with what was
/// stored, and without blank blocks before its first words, behind which the mark of a note would
/// go unnoticed.
pub(super) fn tidy(mut body: Body) -> Body {
    let blank = body.0.iter().take_while(|block| Body(vec![(*block).clone()]).is_blank()).count();
    body.0.drain(..blank);
    body.bounded()
}

fn is_note(body: &Body, has_files: bool) -> bool {
    let opening = body.opening();
    // What shows nothing is for nobody.
    NOTE_MARKS.iter().any(|mark| opening.starts_with(mark)) || (body.is_blank() && !has_files)
}

/// What a stranger is told.
pub(super) fn notice_for(why: StrangerKind) -> Notice {
    match why {
        StrangerKind::Bot => Notice::BotNotSent,
        StrangerKind::OtherWorkspace => Notice::OutsiderNotSent,
    }
}

/// In mode `explicit`: a message that opens with `>`, or with the quote that a platform's composer
/// makes of it, is a reply; all else is a note, and so is a note after the `>`.
fn explicit(body: Body, has_files: bool) -> Meaning {
    let reply = if body.opening().starts_with(REPLY_MARK) {
        body.without_opening(REPLY_MARK)
    } else {
        let mut blocks = body.0;
        let Some(Block::Quote(spans)) = blocks.first_mut() else { return Meaning::Note };
        blocks[0] = Block::Paragraph(std::mem::take(spans));
        Body(blocks)
    };
    if is_note(&reply, has_files) { Meaning::Note } else { Meaning::Reply(reply) }
}
