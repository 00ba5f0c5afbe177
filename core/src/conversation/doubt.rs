//! What may be at the desk twice. When nobody heard what became of an order, it is looked up and, if
//! it is not there, sent again; but a platform can carry it out later than anybody looked. So the
//! thread is looked at again, later and later, and of what stands there twice one goes.

use super::{Effect, Step, Thread};
use crate::body::Body;
use crate::desk::{FoundCard, OwnPost, Post};
use crate::ids::Moment;
use crate::message::Kind;
use std::collections::HashMap;

/// When it is looked again, counted from the moment at which nobody heard, in milliseconds. An answer
/// is waited for no longer than 15 s, and what is under way inside a platform, such as in its queues
/// after an outage, for minutes at most; what comes later still is found at the next catch-up.
pub const LOOKS_AFTER_MILLIS: [i64; 3] = [10_000, 60_000, 300_000];

/// Whether something of ours may still turn up at the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No: of everything that was sent, it was heard what became of it.
    None,
    /// Yes.
    Late {
        /// What was sent.
        sent: Sent,
        /// When it was last sent without hearing what became of it.
        since: Moment,
        /// How often it was looked since.
        looks: usize,
    },
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sent {
    /// Posts in the thread.
    Posts,
    /// The card of the thread itself, and perhaps posts: another thread may turn up.
    Card,
}

impl Doubt {
    /// When to look the next time.
    pub fn due(self) -> Option<Moment> {
        match self {
            Doubt::None => None,
            Doubt::Late { since, looks, .. } => LOOKS_AFTER_MILLIS.get(looks).map(|after| since.plus_millis(*after)),
        }
    }
}

impl Step<'_> {
    /// Nobody heard what became of something that was sent.
    pub(super) fn outcome_lost(&mut self, sent: Sent, at: Moment) {
        let sent = match self.head.doubt {
            Doubt::Late { sent: before, since, .. } if since >= at && before >= sent => return,
            Doubt::Late { sent: before, .. } => sent.max(before),
            Doubt::None => sent,
        };
        self.doubt(Doubt::Late { sent, since: at, looks: 0 });
    }

    /// It was looked for what may have been sent. A look that was not due is no worse than one that
    /// was, but what it cannot have seen yet is what the later ones are for.
    pub(super) fn looked_for(&mut self, seen: Sent) {
        let Doubt::Late { sent, since, .. } = self.head.doubt else { return };
        if seen < sent || self.head.doubt.due().is_some_and(|due| self.now < due) {
            return;
        }
        let passed = |after: &&i64| since.plus_millis(**after) <= self.now;
        let looks = LOOKS_AFTER_MILLIS.iter().take_while(passed).count();
        let left = looks < LOOKS_AFTER_MILLIS.len();
        self.doubt(if left { Doubt::Late { sent, since, looks } } else { Doubt::None });
    }

    /// The thread is gone, and with it whatever may have turned up in it.
    pub(super) fn doubt_gone(&mut self) {
        if let Doubt::Late { sent: Sent::Posts, .. } = self.head.doubt {
            self.doubt(Doubt::None);
        }
    }

    fn doubt(&mut self, doubt: Doubt) {
        self.head.doubt = doubt;
        self.effects.push(match doubt.due() {
            Some(at) => Effect::LookAgainAt(at),
            None => Effect::LookNoMore,
        });
    }

    /// Takes back whatever stands in the thread twice: of two posts that carry the same, the later.
    pub(super) fn take_back_doubles(&mut self, ours: &[OwnPost]) {
        for post in doubles(ours) {
            self.take_back(post);
        }
    }

    /// Cards of the conversation were found. Without a thread, the first one's is its thread; every other
    /// goes, and where people wrote under it, it shows them where the conversation goes on.
    pub(super) fn cards_found(&mut self, mut cards: Vec<FoundCard>) {
        cards.sort_by_key(|card| card.post.stamp);
        // One that was set aside never becomes the conversation's again.
        let first = cards.iter().find(|card| !self.knows(&card.post));
        if let (Thread::None | Thread::Wanted, Some(first)) = (&self.head.thread, first) {
            self.thread_opened(first.thread.clone());
        }
        for card in cards {
            if self.is_here(&card.thread) || self.knows(&card.post) {
                continue;
            }
            // Somebody may be writing under it at this moment.
            self.effects.push(Effect::RememberThread(card.thread.clone()));
            if card.written.is_empty() {
                self.take_back(card.post);
                continue;
            }
            self.set_aside(card.post.clone());
            self.effects.push(Effect::PointTheWay { post: card.post });
            for message in card.written {
                self.desk_wrote(&card.thread, message);
            }
        }
        self.looked_for(Sent::Card);
    }

    fn take_back(&mut self, post: Post) {
        if !self.knows(&post) {
            self.set_aside(post.clone());
            self.effects.push(Effect::TakeBack { post });
        }
    }

    fn knows(&self, post: &Post) -> bool {
        self.messages.iter().any(|message| message.key == post.key.0)
    }

    fn set_aside(&mut self, post: Post) {
        self.add_from_desk(post.clone(), Body::default(), Vec::new(), Kind::Set { post });
    }
}

/// The posts that can go because each piece they carry stands in another one that stays: the latest
/// first, so that what was there first remains.
fn doubles(ours: &[OwnPost]) -> Vec<Post> {
    let mut carried: HashMap<_, usize> = HashMap::new();
    for piece in ours.iter().flat_map(|own| &own.pieces) {
        *carried.entry(*piece).or_default() += 1;
    }
    let mut latest_first: Vec<&OwnPost> = ours.iter().filter(|own| !own.pieces.is_empty()).collect();
    latest_first.sort_by_key(|own| std::cmp::Reverse(own.post.stamp));
    let mut doubles = Vec::new();
    for own in latest_first {
        if own.pieces.iter().all(|piece| carried.get(piece).is_some_and(|count| *count > 1)) {
            for piece in &own.pieces {
                carried.entry(*piece).and_modify(|count| *count -= 1);
            }
            doubles.push(own.post.clone());
        }
    }
    doubles
}
