//! The conversation's thread at its desk: opened, read, gone, and which of our messages it has.

use super::{Effect, Order, Sent, Step, Thread, files};
use crate::desk::{Piece, Post, Snapshot};
use crate::ids::{MessageId, PostKey, ThreadKey};
use crate::message::{Kind, Posting};
use crate::words::Said;
use std::collections::HashSet;

impl Step<'_> {
    pub(super) fn thread_opened(&mut self, thread: ThreadKey) {
        match self.head.thread {
            Thread::Open(_) => return,
            Thread::None => self.head.thread = Thread::Open(thread),
            Thread::Wanted => {
                self.head.thread = Thread::Open(thread);
                self.effects.push(Effect::Settled(Order::Open));
            }
        }
        self.card_at_last();
    }

    /// The thread as it stands: what is new or edited counts as if it came now, what was here when
    /// the reading began and is not there any more was deleted, and what of ours is there is posted.
    /// Posts of an earlier thread are none of its business; and of a thread that is not the
    /// conversation's any more only what people wrote there counts.
    pub(super) fn thread_read(&mut self, mut snapshot: Snapshot) {
        let thread = snapshot.thread;
        if !self.is_here(&thread) {
            return snapshot.messages.into_iter().for_each(|message| self.desk_wrote(&thread, message));
        }
        let there: HashSet<&str> = snapshot.messages.iter().map(|m| m.post.key.0.as_str()).collect();
        let mut missing: Vec<usize> = (0..self.messages.len())
            .filter(|at| {
                let message = &self.messages[*at];
                let gone = |post: &Post| post.stamp > snapshot.root && !there.contains(post.key.0.as_str());
                message.at < snapshot.asked_at && message.post().is_some_and(gone)
            })
            .collect();
        missing.sort_by_key(|at| self.messages[*at].place);
        for at in missing {
            self.withdraw(at);
        }
        for own in &mut snapshot.ours {
            own.pieces.extend(self.pieces_of_files(&own.files));
            self.pieces_posted(&own.pieces, Some(&own.post.key));
        }
        self.take_back_doubles(&snapshot.ours);
        for message in snapshot.messages {
            self.desk_wrote(&thread, message);
        }
        self.looked_for(Sent::Posts);
    }

    /// The desk has these pieces, in a post of this key, if it is known.
    pub(super) fn pieces_posted(&mut self, posted: &[Piece], post: Option<&PostKey>) {
        for piece in posted {
            let Some(message) = self.messages.iter_mut().find(|m| m.id == piece.message) else { continue };
            let id = message.id;
            let of_customer = matches!(message.kind, Kind::FromCustomer(_));
            self.saved_stands(id, post);
            let Some(message) = self.messages.iter_mut().find(|m| m.id == id) else { continue };
            let Some(Posting::Waiting { pieces_posted, .. }) = message.kind.posting_mut() else { continue };
            *pieces_posted = (*pieces_posted).max(piece.index.saturating_add(1));
            if self.whole_at_desk(id) && of_customer {
                self.show(id);
            }
        }
    }

    /// What has come to the desk meanwhile, or was told before, is not told.
    pub(super) fn posts_delayed(&mut self, delayed: &[MessageId]) {
        for id in delayed {
            let Some(message) = self.messages.iter_mut().find(|m| m.id == *id) else { continue };
            let Kind::FromCustomer(Posting::Waiting { late, .. }) = &mut message.kind else { continue };
            if !std::mem::replace(late, true) {
                self.show(*id);
            }
        }
    }

    /// Whether the message is whole at the desk now; then its order is settled.
    pub(super) fn whole_at_desk(&mut self, id: MessageId) -> bool {
        let Some(message) = self.messages.iter_mut().find(|m| m.id == id) else { return false };
        let Some(&Posting::Waiting { pieces_posted, .. }) = message.kind.posting() else { return false };
        if !message.is_whole_at_desk(pieces_posted, self.rules.post_chars_max) {
            return false;
        }
        let Some(posting) = message.kind.posting_mut() else { return false };
        *posting = Posting::Posted { at: self.now };
        self.effects.push(Effect::Settled(Order::Post(message.seq)));
        true
    }

    pub(super) fn post_refused(&mut self, id: MessageId, why: String) {
        let Some(message) = self.messages.iter_mut().find(|m| m.id == id) else { return };
        let seq = message.seq;
        let of_customer = matches!(message.kind, Kind::FromCustomer(_));
        let saved = if let Kind::Saved { by, .. } = &message.kind { Some(by.name.clone()) } else { None };
        let Some(posting) = message.kind.posting_mut() else { return };
        let Posting::Waiting { pieces_posted, .. } = *posting else { return };
        *posting = Posting::Refused { why: why.clone(), pieces_posted };
        self.effects.push(Effect::Settled(Order::Post(seq)));
        if of_customer {
            self.show(id);
            self.say(&Said::NotPosted { seq, why: why.clone() });
        }
        if let Some(by) = saved {
            self.say(&Said::SavedNotPosted { seq, by, why });
        }
    }

    /// A new thread is opened when there is something to say in it. A message that the old one has
    /// in part is said again whole.
    pub(super) fn thread_vanished(&mut self, gone: &ThreadKey) {
        if self.head.thread != Thread::Open(gone.clone()) {
            return;
        }
        self.head.thread = Thread::None;
        self.head.continued = true;
        self.card_gone();
        self.effects.push(Effect::RememberThread(gone.clone()));
        self.doubt_gone();
        let (mut waiting, mut again) = (false, Vec::new());
        for message in self.messages.iter_mut() {
            let begun = match message.kind.posting_mut() {
                Some(Posting::Waiting { pieces_posted, .. }) => std::mem::take(pieces_posted) > 0,
                // Tried again, it is said whole.
                Some(Posting::Refused { pieces_posted, .. }) => {
                    *pieces_posted = 0;
                    files::uploaded_to_nowhere(&mut message.files);
                    continue;
                }
                Some(Posting::Posted { .. }) | None => continue,
            };
            waiting = true;
            files::uploaded_to_nowhere(&mut message.files);
            if begun {
                again.push(Effect::PostToDesk { message: message.id, seq: message.seq });
            }
        }
        if waiting {
            self.want_thread();
        }
        self.effects.extend(again);
    }

    pub(super) fn want_thread(&mut self) {
        if self.head.thread == Thread::None {
            self.head.thread = Thread::Wanted;
            self.effects.push(Effect::OpenThread);
        }
    }
}
