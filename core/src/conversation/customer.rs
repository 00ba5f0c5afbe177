//! What the customer does: writes, has what was said, sees it.

use super::{Effect, Rejected, Standing, Step};
use crate::body::Body;
use crate::desk::Mark;
use crate::ids::PostKey;
use crate::message::{Kind, Stage};

impl Step<'_> {
    pub(super) fn customer_wrote(&mut self, key: String, body: Body) -> Result<(), Rejected> {
        if self.messages.iter().any(|m| m.key == key) {
            return Ok(());
        }
        if body.is_blank() {
            return Err(Rejected::Blank);
        }
        self.head.standing = match self.head.standing {
            Standing::AwaitingAgent { since } => Standing::AwaitingAgent { since },
            Standing::Fresh | Standing::Answered { .. } => Standing::AwaitingAgent { since: self.now },
        };
        let id = self.post_own(key, body, Kind::FromCustomer);
        self.show(id);
        Ok(())
    }

    /// Receipts only ever move forward, and never past what there is.
    pub(super) fn customer_has(&mut self, rev: i64, saw: bool) {
        let rev = rev.min(self.head.rev);
        let (had, seen) = (self.head.received, self.head.seen);
        if rev > had {
            self.head.received = rev;
            self.mark_replies(had, rev, Mark::Received);
        }
        if saw && rev > seen {
            self.head.seen = rev;
            self.mark_replies(seen, rev, Mark::Seen);
        }
    }

    pub(super) fn mark_replies(&mut self, above: i64, upto: i64, mark: Mark) {
        let mut marked: Vec<(i64, PostKey)> = self
            .messages
            .iter()
            .filter_map(|m| match &m.kind {
                Kind::Reply { post, stage: Stage::Shown { first_rev }, .. }
                    if *first_rev > above && *first_rev <= upto =>
                {
                    Some((m.seq, post.key.clone()))
                }
                _ => None,
            })
            .collect();
        marked.sort_by_key(|(seq, _)| *seq);
        self.effects.extend(marked.into_iter().map(|(seq, post)| Effect::MarkPost { seq, post, mark }));
    }
}
