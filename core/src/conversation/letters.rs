//! Letters to the customer, when he is not there to read: what agents wrote and he has not seen goes by
//! email after a while of quiet, in one letter; and a ticket is confirmed once. Each letter is a message of
//! the conversation, so that it has a number, is made once, and is known again by its id when an answer or
//! a bounce comes. One letter with answers is under way at a time: what is written meanwhile goes with the
//! next.

use super::{Effect, Order, Standing, Step};
use crate::body::Body;
use crate::desk::Mark;
use crate::ids::Moment;
use crate::message::{About, Delivery, Kind, Message};
use crate::words::Said;

/// An agent who goes on writing is waited for, up to so many times the quiet after which a letter goes.
const QUIET_TIMES_MAX: i64 = 4;

/// What went to the customer by email, and what is about to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailing {
    /// When what he has not seen goes by email.
    pub due: Option<Moment>,
    /// Since when the first of it waits.
    pub since: Option<Moment>,
    /// The number of the letter with answers that is under way.
    pub under_way: Option<i64>,
    /// The last change that went out by email.
    pub emailed: i64,
    /// The address from which a letter came back, or which the mail server did not take.
    pub undeliverable: Option<String>,
    /// True when he was told by email that the conversation is a ticket.
    pub ticket_told: bool,
}

impl Step<'_> {
    /// Something has just been shown to the customer: if he does not see it, it goes by email.
    pub(super) fn letter_wanted(&mut self) {
        let Some(rules) = self.rules.mail else { return };
        let since = *self.head.mailing.since.get_or_insert(self.now);
        let latest = since.plus_millis(rules.answer_after_millis.saturating_mul(QUIET_TIMES_MAX));
        self.head.mailing.due = Some(self.now.plus_millis(rules.answer_after_millis).min(latest).max(self.now));
    }

    /// The customer has seen all there is: nothing of it has to go by email.
    pub(super) fn letter_needless(&mut self) {
        (self.head.mailing.due, self.head.mailing.since) = (None, None);
    }

    /// What he has seen meanwhile does not go, and nothing does before the letter that is under way.
    pub(super) fn letter_due(&mut self) {
        if self.head.mailing.due.is_none_or(|due| due > self.now) {
            return;
        }
        self.letter_needless();
        let above = self.head.seen.max(self.head.mailing.emailed);
        if self.head.mailing.under_way.is_some() || self.shown_replies(above, self.head.rev).is_empty() {
            return;
        }
        if let Some(to) = self.mail_address() {
            let about = About::Answers { above, upto: self.head.rev };
            self.head.mailing.under_way = Some(self.write_letter(to, about));
        }
    }

    /// He learns once by email that the conversation is a ticket, as soon as there is an address.
    pub(super) fn confirm_ticket(&mut self) {
        let waits = matches!(self.head.standing, Standing::AwaitingAgent { .. });
        if self.head.ticket.is_none() || self.head.mailing.ticket_told || !waits {
            return;
        }
        if let Some(to) = self.mail_address() {
            self.head.mailing.ticket_told = true;
            self.write_letter(to, About::Ticket);
        }
    }

    /// The customer has another address, or his own works again: what could not be sent can be.
    pub(super) fn address_changed(&mut self) {
        let unseen = self.head.rev > self.head.seen.max(self.head.mailing.emailed);
        if unseen && self.head.mailing.under_way.is_none() && self.mail_address().is_some() {
            self.letter_wanted();
        }
    }

    /// The mail server has the letter of this number, with all changes up to `upto`.
    pub(super) fn letter_sent(&mut self, seq: i64, upto: i64) {
        let now = self.now;
        let Some(message) = self.letter(seq) else { return };
        let Kind::Letter { about, delivery: delivery @ Delivery::Waiting, .. } = &mut message.kind else { return };
        *delivery = Delivery::Sent { at: now };
        let about = *about;
        self.effects.push(Effect::Settled(Order::Letter(seq)));
        let About::Answers { above, .. } = about else { return };
        let (received, waits) = (self.head.received.max(self.head.mailing.emailed), self.head.waits);
        self.head.mailing.emailed = self.head.mailing.emailed.max(upto);
        let sent = self.shown_replies(above, upto);
        self.effects.extend(sent.into_iter().map(|(seq, post)| Effect::MarkPost { seq, post, mark: Mark::Emailed }));
        // What was said to wait for his browser waits for nothing any more.
        let waited = self.shown_replies(received, waits.min(upto));
        self.effects.extend(waited.into_iter().map(|(seq, post)| Effect::WaitsNoMore { seq, post }));
        self.effects.push(Effect::ShowStanding);
        self.letter_over(seq);
    }

    /// All that the letter of this number would say was taken back.
    pub(super) fn letter_empty(&mut self, seq: i64) {
        let Some(message) = self.letter(seq) else { return };
        let Kind::Letter { delivery: delivery @ Delivery::Waiting, .. } = &mut message.kind else { return };
        *delivery = Delivery::Needless;
        self.effects.push(Effect::Settled(Order::Letter(seq)));
        self.letter_over(seq);
    }

    /// The mail server will never take the letter of this number.
    pub(super) fn letter_refused(&mut self, seq: i64, why: String) {
        let Some(message) = self.letter(seq) else { return };
        let Kind::Letter { to, delivery: delivery @ Delivery::Waiting, .. } = &mut message.kind else { return };
        *delivery = Delivery::Refused { why: why.clone() };
        let to = to.clone();
        self.effects.push(Effect::Settled(Order::Letter(seq)));
        self.undeliverable(seq, to, |seq, to| Said::LetterRefused { seq, to, why });
        self.letter_over(seq);
    }

    /// A letter of ours came back.
    pub(super) fn letter_bounced(&mut self, seq: i64, why: String) {
        let Some(message) = self.letter(seq) else { return };
        let Kind::Letter { to, about, delivery } = &mut message.kind else { return };
        match delivery {
            // Where nobody heard that it was sent, that it came back says so.
            Delivery::Sent { .. } | Delivery::Waiting => {}
            Delivery::Refused { .. } | Delivery::Bounced { .. } | Delivery::Needless => return,
        }
        *delivery = Delivery::Bounced { why: why.clone() };
        let (to, about) = (to.clone(), *about);
        // What he was thought to have, he has not.
        if let About::Answers { above, upto } = about
            && (above + 1..=upto).contains(&self.head.mailing.emailed)
        {
            let emailed = std::mem::replace(&mut self.head.mailing.emailed, above);
            self.effects.push(Effect::ShowStanding);
            let waits = self.shown_replies(above.max(self.head.received), emailed.min(self.head.waits));
            let mark = Mark::Waiting;
            self.effects.extend(waits.into_iter().map(|(seq, post)| Effect::MarkPost { seq, post, mark }));
        }
        self.effects.push(Effect::Settled(Order::Letter(seq)));
        self.undeliverable(seq, to, |seq, to| Said::LetterBounced { seq, to, why });
        self.letter_over(seq);
    }

    /// What was given up is sent again, to the address that the customer has now, and with all that he
    /// has not read: of the letter that was given up nothing has arrived.
    pub(super) fn letter_again(&mut self, seq: i64) {
        let email = self.head.customer.email.clone();
        let all = About::Answers { above: self.head.read(), upto: self.head.rev };
        self.head.mailing.undeliverable = None;
        let Some(message) = self.letter(seq) else { return };
        let Kind::Letter { to, about, delivery } = &mut message.kind else { return };
        (*delivery, *to) = (Delivery::Waiting, email.unwrap_or_else(|| to.clone()));
        if matches!(about, About::Answers { .. }) {
            *about = all;
            self.head.mailing.under_way = Some(seq);
            self.letter_needless();
        }
        self.effects.push(Effect::SendLetter { seq });
    }

    /// Where letters can be sent to; none where nothing goes by email, or nothing arrives.
    pub(super) fn mail_address(&self) -> Option<String> {
        let email = self.rules.mail.and(self.head.customer.email.as_ref())?;
        (self.head.mailing.undeliverable.as_ref() != Some(email)).then(|| email.clone())
    }

    pub(super) fn write_letter(&mut self, to: String, about: About) -> i64 {
        let key = format!("letter/{}/{}", self.head.id, self.head.last_seq + 1);
        let kind = Kind::Letter { to, about, delivery: Delivery::Waiting };
        let (_, seq) = self.add(key, Body::default(), Vec::new(), kind, None);
        self.effects.push(Effect::SendLetter { seq });
        seq
    }

    /// What was written while the letter was under way goes with the next.
    fn letter_over(&mut self, seq: i64) {
        if self.head.mailing.under_way == Some(seq) {
            self.head.mailing.under_way = None;
            if self.head.rev > self.head.seen.max(self.head.mailing.emailed) && self.mail_address().is_some() {
                self.letter_wanted();
            }
        }
    }

    fn undeliverable(&mut self, seq: i64, to: String, said: impl FnOnce(i64, String) -> Said) {
        if self.head.customer.email.as_ref() == Some(&to) {
            self.head.mailing.undeliverable = Some(to.clone());
        }
        self.say(&said(seq, to));
    }

    fn letter(&mut self, seq: i64) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.seq == seq)
    }
}
