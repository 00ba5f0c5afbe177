//! What was given up, tried again because an agent asks for it: a customer's message or file that the
//! desk refused, and an agent's file that could not be fetched. What is not given up, or not any more,
//! is left alone, so that asking twice is asking once; and what fails again is told again.

use super::{Effect, Step};
use crate::file::{AtDesk, Attachment, DeskFile, FILES_MAX};
use crate::ids::MessageId;
use crate::message::{About, Delivery, Kind, Message, Posting, Stage};
use crate::words::{Notice, Said};

/// Most files of a message, those that are tried again counted once more: the most that it can have when
/// it is sent, each tried again a few times.
const FILES_TRIED_MAX: usize = 4 * FILES_MAX;

/// What is tried again of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    /// What the desk refused, and what was to come after it.
    Post,
    /// Its files that could not be fetched.
    Fetch,
    /// A letter.
    Send,
}

impl Step<'_> {
    /// Tries again what was given up of the message of this number, or of all.
    pub(super) fn retry(&mut self, by: String, seq: Option<i64>) -> Result<Said, Notice> {
        let chars_max = self.rules.post_chars_max;
        // One letter says all that he has not read, so one is enough, and none while there is one.
        let mut unread_upto = (self.head.mailing.under_way.is_none()).then(|| self.head.read());
        let is_meant = |message: &Message| seq.is_none_or(|seq| message.seq == seq);
        let mut again: Vec<(i64, MessageId, Again)> = Vec::new();
        for message in self.messages.iter_mut().filter(|message| is_meant(message)) {
            again.extend(
                waits_again(message, chars_max, &mut unread_upto).map(|again| (message.seq, message.id, again)),
            );
        }
        if again.is_empty() {
            return Err(Notice::NothingToRetry);
        }
        again.sort_unstable_by_key(|(seq, _, _)| *seq);
        for (seq, id, again) in again {
            match again {
                Again::Post => {
                    self.want_thread();
                    self.effects.push(Effect::PostToDesk { message: id, seq });
                }
                Again::Send => self.letter_again(seq),
                Again::Fetch => self.effects.push(Effect::FetchFiles { message: id, seq }),
            }
            // What an agent sent is on its way to the customer anyway.
            let is_shown =
                |message: &Message| message.concerns_customer() && !matches!(message.kind, Kind::Saved { .. });
            if self.messages.iter().any(|message| message.id == id && is_shown(message)) {
                self.show(id);
            }
        }
        Ok(Said::TriedAgain { by })
    }
}

/// Has what was given up of a message wait again. `read`: of letters with answers one that tells of a later
/// change than this; taken by the first.
fn waits_again(message: &mut Message, chars_max: usize, read: &mut Option<i64>) -> Option<Again> {
    match &mut message.kind {
        // That something was given up is not so any more.
        Kind::FromBot(_) if message.retry_of.is_some() => None,
        Kind::FromCustomer(posting) | Kind::FromBot(posting) | Kind::Saved { posting, .. } => match *posting {
            Posting::Refused { pieces_posted, .. } => {
                *posting = Posting::Waiting { pieces_posted, late: false };
                Some(Again::Post)
            }
            Posting::Posted { .. } => files_wait_again(message, chars_max).then_some(Again::Post),
            Posting::Waiting { .. } => None,
        },
        Kind::Reply { stage: Stage::Held { .. } | Stage::Shown { .. }, .. } => {
            if message.files.iter().any(|file| matches!(file, Attachment::Awaited(_))) {
                return None;
            }
            let again = message.files.iter_mut().map(is_awaited_again).filter(|is| *is).count();
            (again > 0).then_some(Again::Fetch)
        }
        Kind::Letter { about, delivery: Delivery::Refused { .. } | Delivery::Bounced { .. }, .. } => match *about {
            About::Answers { upto, .. } => read.take_if(|read| upto > *read).map(|_| Again::Send),
            About::Ticket | About::Session { .. } => Some(Again::Send),
        },
        Kind::Letter { delivery: Delivery::Waiting | Delivery::Sent { .. } | Delivery::Needless, .. }
        | Kind::Reply { stage: Stage::Withdrawn { .. }, .. }
        | Kind::Preview { .. }
        | Kind::Note { .. }
        | Kind::Deed { .. }
        | Kind::Set { .. } => None,
    }
}

/// Has the files of a message that the desk refused wait again, behind everything that it did not: the
/// pieces of a message are posted in their order. True if there is one.
fn files_wait_again(message: &mut Message, chars_max: usize) -> bool {
    let is_refused = |file: &&Attachment| matches!(file, Attachment::Sent { desk: AtDesk::Refused { .. }, .. });
    let before = message.files.len();
    let refused = message.files.iter().filter(is_refused).count();
    if refused == 0 || before + refused > FILES_TRIED_MAX {
        return false;
    }
    let mut again = Vec::with_capacity(refused);
    for attachment in &mut message.files {
        if let Attachment::Sent { file, desk: desk @ AtDesk::Refused { .. } } = attachment {
            *desk = AtDesk::TriedAgain;
            again.push(Attachment::Sent { file: file.clone(), desk: AtDesk::NotYet });
        }
    }
    message.files.extend(again);
    let posting = Posting::Waiting { pieces_posted: message.piece_of_file(before, chars_max).index, late: false };
    message.kind = Kind::FromCustomer(posting);
    true
}

/// Has a file be fetched again, if it could not be and may be by now.
fn is_awaited_again(attachment: &mut Attachment) -> bool {
    let Attachment::Missing { key, name, why } = attachment else { return false };
    let may_pass = why.may_pass();
    if may_pass {
        let file = DeskFile { key: key.clone(), name: name.clone(), bytes: None, deleted: false };
        *attachment = Attachment::Awaited(file);
    }
    may_pass
}
