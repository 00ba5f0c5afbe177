//! What agents do to a conversation.

use super::Step;
use crate::body::Body;
use crate::desk::Agent;
use crate::message::Kind;
use crate::verb::Verb;

impl Step<'_> {
    pub(super) fn verb(&mut self, verb: Verb, by: Agent) {
        let said = match (verb, &self.head.claimed_by) {
            (Verb::Claim, Some(holder)) if holder.id == by.id => format!("{} already has this conversation.", by.name),
            (Verb::Claim, Some(holder)) => format!("{} was first and has this conversation.", holder.name),
            (Verb::Claim, None) => {
                let said = format!("{} has this conversation now.", by.name);
                self.head.claimed_by = Some(by);
                said
            }
            (Verb::Release, Some(holder)) => {
                let said = if holder.id == by.id {
                    format!("{} let this conversation go.", by.name)
                } else {
                    format!("{} released this conversation from {}.", by.name, holder.name)
                };
                self.head.claimed_by = None;
                said
            }
            (Verb::Release, None) => "Nobody has claimed this conversation.".to_string(),
        };
        let key = format!("bot/{}/{}", self.head.id, self.head.last_seq + 1);
        self.post_own(key, Body::plain(&said), Kind::FromBot);
    }
}
