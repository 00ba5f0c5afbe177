//! What people write where the conversation is not any more: under a card that was deleted, or under
//! one that was posted twice. It is not sent. Their colleagues, who follow the conversation in its
//! thread, would not see it, and answer once more; and who deletes a card may well want to talk under
//! it without the customer. But nobody is left to think that it was sent: the writer is told, where
//! he wrote, and shown where the conversation goes on; if it has no thread, he gets one.

use super::meaning::{For, Meaning};
use super::{Effect, Step, Thread};
use crate::body::Body;
use crate::desk::{Author, DeskMessage};
use crate::ids::ThreadKey;
use crate::message::Kind;

impl Step<'_> {
    /// True for the conversation's thread as it is now.
    pub(super) fn is_here(&self, thread: &ThreadKey) -> bool {
        matches!(&self.head.thread, Thread::Open(here) if here == thread)
    }

    pub(super) fn desk_wrote_elsewhere(&mut self, thread: &ThreadKey, message: DeskMessage) {
        let DeskMessage { post, author, body, files, to_us, .. } = message;
        let writer = match author {
            Author::Agent(agent) => match self.meaning(&agent, body, For::of(to_us, !files.is_empty())) {
                Meaning::Note => None,
                Meaning::Reply(_) | Meaning::Verb(_) | Meaning::Wrong(_) | Meaning::NotAllowed(_) => Some(agent),
            },
            // Nothing of his would be sent anywhere.
            Author::Stranger(_) => None,
        };
        let (_, seq) = self.add_from_desk(post.clone(), Body::default(), Vec::new(), Kind::Set { post });
        if let Some(writer) = writer {
            self.want_thread();
            self.effects.push(Effect::ShowTheWay { seq, person: writer.id.0, thread: thread.clone() });
        }
    }
}
