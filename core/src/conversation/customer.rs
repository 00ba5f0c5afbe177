//! What the customer does: writes, and says how he found it.

use super::{Effect, Rating, Rejected, Score, Standing, Step};
use crate::availability::Availability;
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
                self.head.standing = Standing::AwaitingAgent { since: self.now };
                // What was promised was kept, and is promised anew.
                if let Some(ticket) = &mut self.head.ticket {
                    ticket.due = self.rules.timetable.due(&self.head.topic, self.now, None);
                }
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

    /// Who writes while nobody is there is promised an answer, counted from the first message that has
    /// none; or from now, when that is over already.
    fn promise(&mut self, since: Moment) {
        let timetable = &self.rules.timetable;
        let is_closed = matches!(timetable.availability(&self.head.topic, self.now), Availability::Closed { .. });
        if is_closed && self.head.ticket.is_none() {
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
