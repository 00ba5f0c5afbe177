//! What the customer does: writes, and says how he found it.

use super::{Effect, Rating, Rejected, Score, Standing, Step};
use crate::availability::Attendance;
use crate::body::Body;
use crate::file::{AtDesk, Attachment, FileTrouble, StoredFile};
use crate::ids::Moment;
use crate::message::{Kind, Mailed};
use crate::presence::Sign;
use crate::ticket::{Priority, Ticket};
use crate::words::{self, Notice, Said};

impl Step<'_> {
    pub(super) fn customer_wrote(&mut self, key: String, body: Body, files: Vec<StoredFile>) -> Result<(), Rejected> {
        if self.messages.iter().any(|m| m.key == key) {
            return Ok(());
        }
        if body.is_blank() && files.is_empty() {
            return Err(Rejected::Blank);
        }
        self.customer_says(key, body, files, None);
        Ok(())
    }

    /// A letter is answered in days and not in minutes, so it is a ticket; and who answers one has read it.
    pub(super) fn customer_mailed(
        &mut self,
        key: String,
        body: Body,
        files: Vec<StoredFile>,
        not_taken: Vec<(String, FileTrouble)>,
        mut mail: Mailed,
    ) {
        if self.messages.iter().any(|m| m.key == key) {
            return;
        }
        if self.head.customer.email.is_none() {
            self.head.customer.email.clone_from(&mail.from);
            self.edit_card();
        }
        let is_his =
            |from: &String| self.head.customer.email.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(from));
        if mail.from.as_ref().is_some_and(is_his) {
            mail.from = None;
            // Where he writes from, he can be written to.
            self.head.mailing.undeliverable = None;
        }
        let emailed = self.head.mailing.emailed;
        self.customer_has(emailed, true);
        self.address_changed();
        self.customer_says(key, body, files, Some(mail));
        for (name, why) in not_taken {
            self.say(&Said::MailedFileNotTaken { name, why });
        }
    }

    /// Nobody waits for an answer to what a program wrote.
    pub(super) fn automatic_letter(&mut self, key: String, subject: String, what: String) {
        if !self.messages.iter().any(|m| m.key == key) {
            let said = words::said(&Said::AutomaticLetter { subject, what });
            self.post_own(key, said, Vec::new(), Kind::FromBot);
        }
    }

    fn customer_says(&mut self, key: String, body: Body, files: Vec<StoredFile>, mail: Option<Mailed>) {
        let by_mail = mail.is_some();
        self.head.left_since = None;
        let came_back = matches!(self.head.standing, Standing::Resolved { .. } | Standing::Closed { .. });
        match self.head.standing {
            Standing::AwaitingAgent { since } => self.promise(since, by_mail, &self.rules.attendance.under_way()),
            Standing::Answered { .. } => {
                self.waits_anew();
                self.promise(self.now, by_mail, &self.rules.attendance.under_way());
            }
            Standing::Fresh | Standing::Resolved { .. } | Standing::Closed { .. } => {
                self.waits_anew();
                self.promise(self.now, by_mail, &self.rules.attendance);
            }
        }
        let files = files.into_iter().map(|file| Attachment::Sent { file, desk: AtDesk::NotYet }).collect();
        let id = self.post_own(key, body, files, Kind::FromCustomer);
        if let Some(message) = self.messages.iter_mut().find(|message| message.id == id) {
            message.mail = mail;
        }
        self.show(id);
        if came_back {
            self.effects.push(Effect::ShowStanding);
            self.say(&Said::CustomerCameBack);
        }
    }

    /// The customer waits for an answer from now on. What was promised was kept, and is promised anew.
    pub(super) fn waits_anew(&mut self) {
        self.head.standing = Standing::AwaitingAgent { since: self.now };
        if let Some(ticket) = &mut self.head.ticket {
            ticket.due = self.rules.timetable.due(&self.head.topic, self.now, ticket.priority, None);
        }
    }

    /// Who writes a letter, or while nobody is there, is promised an answer, counted from the first message that has
    /// none; or from now, when that is over already.
    fn promise(&mut self, since: Moment, by_mail: bool, attendance: &Attendance) {
        let timetable = &self.rules.timetable;
        if self.head.ticket.is_none() && (by_mail || !timetable.is_open(&self.head.topic, attendance, self.now)) {
            let by = |since| timetable.due(&self.head.topic, since, Priority::default(), None);
            let due = by(since).filter(|due| *due > self.now).or_else(|| by(self.now));
            self.head.ticket = Some(Ticket { since: self.now, due, priority: Priority::default() });
        }
    }

    /// When what waits becomes a ticket by itself.
    pub(super) fn patience_due(&self) -> Option<Moment> {
        match self.head.standing {
            Standing::AwaitingAgent { since } if self.head.ticket.is_none() => {
                let timetable = &self.rules.timetable;
                let unanswered = timetable.ticket_at(&self.head.topic, since);
                unanswered.into_iter().chain(self.left_due()).min()
            }
            Standing::AwaitingAgent { .. }
            | Standing::Fresh
            | Standing::Answered { .. }
            | Standing::Resolved { .. }
            | Standing::Closed { .. } => None,
        }
    }

    /// When it becomes a ticket because the customer left.
    fn left_due(&self) -> Option<Moment> {
        self.rules.timetable.ticket_when_left_at(&self.head.topic, self.head.left_since?)
    }

    /// It makes a difference only while he waits for an answer that he was not promised by a ticket.
    pub(super) fn customer_left(&mut self) {
        let waits = matches!(self.head.standing, Standing::AwaitingAgent { .. }) && self.head.ticket.is_none();
        if waits && self.head.left_since.is_none() {
            self.head.left_since = Some(self.now);
        }
    }

    /// What was opened again meanwhile stays open.
    pub(super) fn closing_due(&mut self) {
        if let Standing::Resolved { by, rating, .. } = &self.head.standing {
            self.head.standing = Standing::Closed { at: self.now, by: by.clone(), rating: *rating };
            self.effects.push(Effect::ShowStanding);
        }
    }

    /// What was answered meanwhile, or is a ticket already, stays what it is.
    pub(super) fn patience_ended(&mut self) {
        if self.patience_due().is_none_or(|due| due > self.now) {
            return;
        }
        let Standing::AwaitingAgent { since } = self.head.standing else { return };
        let left = self.left_due().is_some_and(|due| due <= self.now);
        self.promise(since, true, &self.rules.attendance);
        let timetable = &self.rules.timetable;
        let due = self.head.answer_due().map(|at| timetable.on_its_clock(&self.head.topic, at));
        self.say(&Said::TicketByItself { due, left });
        if let Some(agent) = self.head.claimed_by.clone().filter(|_| self.rules.missed_signs_out && !left) {
            self.tell(self.head.last_seq, &agent.id, Notice::SignedOut);
            self.effects.push(Effect::Sign { agent, sign: Sign::Missed });
        }
    }

    /// A rating counts while the conversation is resolved, asked for or not; a later one takes the
    /// place of the one before, and each is told to the team.
    pub(super) fn customer_rated(&mut self, key: String, score: Score, comment: String) -> Result<(), Rejected> {
        if self.messages.iter().any(|m| m.key == key) {
            return Ok(());
        }
        let Standing::Resolved { rating, .. } = &mut self.head.standing else { return Err(Rejected::NotResolved) };
        *rating = Rating::Given(score);
        self.effects.push(Effect::ShowStanding);
        let said = words::said(&Said::Rated { score, comment });
        self.post_own(key, said, Vec::new(), Kind::FromBot);
        Ok(())
    }
}
