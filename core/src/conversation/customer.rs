//! What the customer does: writes, and says how he found it.

use super::{Effect, Rating, Rejected, Score, Standing, Step};
use crate::body::Body;
use crate::file::{AtDesk, Attachment, StoredFile};
use crate::ids::Moment;
use crate::message::Kind;
use crate::ticket::{Priority, Ticket};
use crate::words::{self, Said};

impl Step<'_> {
    pub(super) fn customer_wrote(&mut self, key: String, body: Body, files: Vec<StoredFile>) -> Result<(), Rejected> {
        if self.messages.iter().any(|m| m.key == key) {
            return Ok(());
        }
        if body.is_blank() && files.is_empty() {
            return Err(Rejected::Blank);
        }
        let came_back = matches!(self.head.standing, Standing::Resolved { .. });
        match self.head.standing {
            Standing::AwaitingAgent { since } => self.promise(since),
            Standing::Fresh | Standing::Answered { .. } | Standing::Resolved { .. } => {
                self.waits_anew();
                self.promise(self.now);
            }
        }
        let files = files.into_iter().map(|file| Attachment::Sent { file, desk: AtDesk::NotYet }).collect();
        let id = self.post_own(key, body, files, Kind::FromCustomer);
        self.show(id);
        if came_back {
            self.effects.push(Effect::ShowStanding);
            self.say(&Said::CustomerCameBack);
        }
        Ok(())
    }

    /// The customer waits for an answer from now on. What was promised was kept, and is promised anew.
    pub(super) fn waits_anew(&mut self) {
        self.head.standing = Standing::AwaitingAgent { since: self.now };
        if let Some(ticket) = &mut self.head.ticket {
            ticket.due = self.rules.timetable.due(&self.head.topic, self.now, None);
        }
    }

    /// Who writes while nobody is there is promised an answer, counted from the first message that has
    /// none; or from now, when that is over already.
    fn promise(&mut self, since: Moment) {
        let timetable = &self.rules.timetable;
        if self.head.ticket.is_none() && !timetable.is_open(&self.head.topic, self.now) {
            let by = |since| timetable.due(&self.head.topic, since, None);
            let due = by(since).filter(|due| *due > self.now).or_else(|| by(self.now));
            self.head.ticket = Some(Ticket { since: self.now, due, priority: Priority::default() });
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
