//! A conversation's life: `(state, event) → (state, effects)`. The service loads the head and the
//! messages that an event can touch, calls [`Dialogue::step`], and stores what changed together
//! with the effects. The same event twice changes nothing the second time.

mod meaning;
#[cfg(test)]
mod tests;

use crate::body::{Body, pieces};
use crate::desk::{Agent, Author, DeskMessage, DeskRules, Mark, Notice, Piece, Post, Snapshot};
use crate::ids::{ConversationId, DeskName, MessageId, Moment, PostKey, ThreadKey};
use crate::message::{Kind, Message, Place, Posting, Stage};
use crate::verb::Verb;
use meaning::{Meaning, notice_for, tidy};
use std::cmp::Ordering;
use std::collections::HashSet;

/// What is known of a conversation as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which one.
    pub id: ConversationId,
    /// The short number people say: `#1042`.
    pub number: i64,
    /// What the customer said of himself.
    pub customer: Customer,
    /// The topic's id in the configuration.
    pub topic: String,
    /// The page the chat was opened on.
    pub page: Page,
    /// Where it is answered.
    pub desk: DeskName,
    /// Its thread there.
    pub thread: Thread,
    /// Whose turn it is.
    pub standing: Standing,
    /// The agent who has it.
    pub claimed_by: Option<Agent>,
    /// The number of the last message.
    pub last_seq: i64,
    /// The number of the last change that the customer can see.
    pub rev: i64,
    /// The last change that the customer's browser has.
    pub received: i64,
    /// The last change that the customer has seen.
    pub seen: i64,
    /// The largest stamp of what was written at the desk.
    pub last_stamp: i64,
    /// When it was opened.
    pub created_at: Moment,
    /// When something last happened.
    pub last_at: Moment,
}

/// What a customer said of himself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// His name.
    pub name: Option<String>,
    /// His email address.
    pub email: Option<String>,
}

/// A page of the website.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its address.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
}

/// A conversation's thread at its desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thread {
    /// Nothing was written yet.
    None,
    /// To be opened; an earlier one may have been deleted.
    Wanted {
        /// True when an earlier thread is gone.
        again: bool,
    },
    /// There it is.
    Open(ThreadKey),
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The customer has not written yet.
    Fresh,
    /// The customer waits for an answer.
    AwaitingAgent {
        /// Since the first message that has no answer, or since its answer was written when that
        /// was taken back before it went out.
        since: Moment,
    },
    /// The last word was an agent's.
    Answered {
        /// Since that word.
        since: Moment,
    },
}

/// What happened, in the past tense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The customer sent a message.
    CustomerWrote {
        /// What makes it the same message when the browser sends it again.
        key: String,
        /// What it says.
        body: Body,
    },
    /// The customer's browser has everything up to a change.
    CustomerReceived {
        /// The change.
        rev: i64,
    },
    /// The customer has seen everything up to a change.
    CustomerSaw {
        /// The change.
        rev: i64,
    },
    /// Somebody wrote or edited in the thread: the post as it stands now.
    DeskWrote(DeskMessage),
    /// A post of the thread was deleted.
    DeskDeleted(Post),
    /// The whole thread was read.
    ThreadRead(Snapshot),
    /// The time for which a reply was held has passed.
    HoldEnded(MessageId),
    /// The desk has a thread for the conversation now.
    ThreadOpened(ThreadKey),
    /// The desk has these pieces of our messages.
    PiecesPosted(Vec<Piece>),
    /// The desk will never take this message.
    PostRefused {
        /// Which.
        message: MessageId,
        /// Why, in the platform's words.
        why: String,
    },
    /// The platform says that the thread does not exist any more.
    ThreadVanished(ThreadKey),
}

/// What must be done to the world: an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Make a thread at the desk, with the card at its root.
    OpenThread,
    /// Post the message in the thread, in the order of `seq`.
    PostToDesk {
        /// Which.
        message: MessageId,
        /// Its number.
        seq: i64,
    },
    /// Show a receipt under an agent's post.
    MarkPost {
        /// The reply's number.
        seq: i64,
        /// The post.
        post: PostKey,
        /// Which receipt.
        mark: Mark,
    },
    /// Tell one person at the desk, privately.
    TellPrivately {
        /// The number of the message it is about.
        seq: i64,
        /// The person, as the platform names him.
        person: String,
        /// What.
        notice: Notice,
    },
    /// Say [`Event::HoldEnded`] at that moment.
    EndHoldAt {
        /// Which reply.
        message: MessageId,
        /// When.
        at: Moment,
    },
    /// No need to say it any more.
    ForgetHold(MessageId),
    /// No need to open a thread or post this message any more: the desk has it, or refused it.
    Settled(Order),
    /// Show the customer the message as it stands, or that it is gone.
    ShowToCustomer(MessageId),
    /// Show the customer that an agent is writing, or has stopped.
    ShowTyping {
        /// The agent's name; none when nobody is.
        by: Option<String>,
    },
}

/// A stored order that waits for the desk, by what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// Open the thread.
    Open,
    /// Post the message of this number.
    Post(i64),
}

/// Why an event was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// A message that says nothing.
    Blank,
}

/// A conversation's head and those of its messages that an event can touch.
///
/// The caller has to load, besides the head: for [`Event::CustomerWrote`], [`Event::DeskWrote`] and
/// [`Event::DeskDeleted`] the message of that key; for a post with a stamp below
/// [`Conversation::last_stamp`] also the first desk message after that stamp; for receipts the
/// shown replies above [`Conversation::received`] or [`Conversation::seen`]; for
/// [`Event::DeskWrote`], [`Event::DeskDeleted`] and [`Event::HoldEnded`] also the held replies; for
/// [`Event::ThreadRead`] and [`Event::ThreadVanished`] all; for the rest the messages they name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialogue {
    /// The conversation.
    pub head: Conversation,
    /// Some of its messages, in no order.
    pub messages: Vec<Message>,
}

impl Dialogue {
    /// Carries the conversation over an event. Messages that were added or changed are found by
    /// comparing, or in the effects; nothing is changed when the event is rejected.
    pub fn step(
        &mut self,
        event: Event,
        now: Moment,
        rules: DeskRules,
        fresh_id: &mut dyn FnMut() -> MessageId,
    ) -> Result<Vec<Effect>, Rejected> {
        let mut step =
            Step { head: &mut self.head, messages: &mut self.messages, now, rules, fresh_id, effects: Vec::new() };
        match event {
            Event::CustomerWrote { key, body } => step.customer_wrote(key, body)?,
            Event::CustomerReceived { rev } => step.customer_has(rev, false),
            Event::CustomerSaw { rev } => step.customer_has(rev, true),
            Event::DeskWrote(message) => step.desk_wrote(message),
            Event::DeskDeleted(post) => step.desk_deleted(post),
            Event::ThreadRead(snapshot) => step.thread_read(snapshot),
            Event::HoldEnded(message) => step.hold_ended(message),
            Event::ThreadOpened(thread) => step.thread_opened(thread),
            Event::PiecesPosted(pieces) => step.pieces_posted(&pieces),
            Event::PostRefused { message, why } => step.post_refused(message, why),
            Event::ThreadVanished(thread) => step.thread_vanished(&thread),
        }
        Ok(step.effects)
    }
}

/// One step under way.
struct Step<'a> {
    head: &'a mut Conversation,
    messages: &'a mut Vec<Message>,
    now: Moment,
    rules: DeskRules,
    fresh_id: &'a mut dyn FnMut() -> MessageId,
    effects: Vec<Effect>,
}

impl Step<'_> {
    fn customer_wrote(&mut self, key: String, body: Body) -> Result<(), Rejected> {
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
    fn customer_has(&mut self, rev: i64, saw: bool) {
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

    fn desk_wrote(&mut self, mut message: DeskMessage) {
        message.body = tidy(message.body);
        match self.messages.iter().position(|m| m.key == message.post.key.0) {
            Some(at) => self.desk_edited(at, message),
            None => self.desk_wrote_first(message),
        }
    }

    fn desk_wrote_first(&mut self, message: DeskMessage) {
        let DeskMessage { post, author, body, edited } = message;
        let by = match author {
            Author::Agent(agent) => agent,
            Author::Stranger(stranger) => {
                let notice = notice_for(stranger.why);
                let seq = self.add_from_desk(post.clone(), Body::default(), Kind::Set { post }).1;
                if let Some(person) = stranger.person {
                    self.effects.push(Effect::TellPrivately { seq, person, notice });
                }
                return;
            }
        };
        match self.meaning(&by, body.clone()) {
            Meaning::Reply(body) => self.reply(by, post, edited, body),
            Meaning::Note => {
                self.add_from_desk(post.clone(), body, Kind::Note { by, post, edited });
            }
            Meaning::NotAllowed(notice) => {
                let person = by.id.0.clone();
                let seq = self.add_from_desk(post.clone(), body, Kind::Note { by, post, edited }).1;
                self.effects.push(Effect::TellPrivately { seq, person, notice });
            }
            Meaning::Verb(verb) => {
                self.add_from_desk(post.clone(), body, Kind::Note { by: by.clone(), post, edited });
                self.verb(verb, by);
            }
        }
    }

    fn reply(&mut self, by: Agent, post: Post, edited: Option<i64>, body: Body) {
        let held = self.rules.hold_millis > 0;
        match self.head.standing {
            // What is held may still be taken back, and then the word before it is the last again.
            Standing::Answered { .. } if held => {}
            Standing::Fresh | Standing::AwaitingAgent { .. } | Standing::Answered { .. } => {
                self.head.standing = Standing::Answered { since: self.now };
            }
        }
        let until = self.now.plus_millis(self.rules.hold_millis);
        let name = by.name.clone();
        let stage = if held { Stage::Held { until } } else { Stage::Shown { first_rev: self.head.rev + 1 } };
        let (id, _) = self.add_from_desk(post.clone(), body, Kind::Reply { by, post, edited, stage });
        if held {
            self.effects.push(Effect::EndHoldAt { message: id, at: until });
            self.effects.push(Effect::ShowTyping { by: Some(name) });
        } else {
            self.show(id);
        }
    }

    fn verb(&mut self, verb: Verb, by: Agent) {
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

    /// The latest version counts, in whatever order the versions come. A message of which any
    /// version was a note stays away from the customer for good.
    fn desk_edited(&mut self, at: usize, message: DeskMessage) {
        let (meaning, person) = match &message.author {
            Author::Agent(agent) => (self.meaning(agent, message.body.clone()), Some(agent.id.0.clone())),
            Author::Stranger(stranger) => (Meaning::NotAllowed(notice_for(stranger.why)), stranger.person.clone()),
        };
        let old = &mut self.messages[at];
        let (id, seq) = (old.id, old.seq);
        match &mut old.kind {
            Kind::Note { edited, .. } => {
                if *edited < message.edited {
                    *edited = message.edited;
                    old.body = message.body;
                }
            }
            Kind::Reply { stage: Stage::Withdrawn { .. }, .. } => {}
            Kind::Reply { edited, stage, .. } => {
                let version = message.edited.cmp(edited);
                *edited = message.edited.max(*edited);
                let held = matches!(stage, Stage::Held { .. });
                match (version, meaning) {
                    (Ordering::Equal, _) => {}
                    (Ordering::Less | Ordering::Greater, Meaning::Note | Meaning::Verb(_)) => self.withdraw(at),
                    (Ordering::Less, Meaning::Reply(_) | Meaning::NotAllowed(_)) => {}
                    (Ordering::Greater, Meaning::Reply(body)) => {
                        if old.body != body {
                            old.body = body;
                            if !held {
                                self.show(id);
                            }
                        }
                    }
                    // Who may no longer send does not change what was sent, and learns so; and what
                    // is held and was edited must not go out as it was first.
                    (Ordering::Greater, Meaning::NotAllowed(notice)) => {
                        if old.body != message.body {
                            if held {
                                self.withdraw(at);
                            }
                            self.effects.extend(person.map(|person| Effect::TellPrivately { seq, person, notice }));
                        }
                    }
                }
            }
            Kind::Set { .. } | Kind::FromCustomer(_) | Kind::FromBot(_) => {}
        }
    }

    fn desk_deleted(&mut self, post: Post) {
        match self.messages.iter().position(|m| m.key == post.key.0) {
            Some(at) => self.withdraw(at),
            // Deleted before it was ever read: when it comes, late, it stays away.
            None => {
                self.add_from_desk(post.clone(), Body::default(), Kind::Set { post });
            }
        }
    }

    fn withdraw(&mut self, at: usize) {
        let message = &mut self.messages[at];
        let (id, written) = (message.id, message.at);
        let Kind::Reply { stage, .. } = &mut message.kind else { return };
        match *stage {
            Stage::Held { .. } => {
                *stage = Stage::Withdrawn { was_shown: false };
                self.effects.push(Effect::ForgetHold(id));
                self.typing_changed();
                self.answer_taken_back(written);
            }
            Stage::Shown { .. } => {
                *stage = Stage::Withdrawn { was_shown: true };
                message.body = Body::default();
                self.show(id);
            }
            Stage::Withdrawn { .. } => {}
        }
    }

    /// The customer waits again when the held reply that answered him is taken back, unless another
    /// one is held.
    fn answer_taken_back(&mut self, written: Moment) {
        if self.head.standing != (Standing::Answered { since: written }) {
            return;
        }
        let other = self.last_held().map(|other| other.at);
        self.head.standing = match other {
            Some(since) => Standing::Answered { since },
            None => Standing::AwaitingAgent { since: written },
        };
    }

    /// The thread as it stands: what is new or edited counts as if it came now, what was here when
    /// the reading began and is not there any more was deleted, and what of ours is there is posted.
    /// Posts of an earlier thread are none of its business.
    fn thread_read(&mut self, snapshot: Snapshot) {
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
        for own in snapshot.ours {
            self.pieces_posted(&own.pieces);
        }
        for message in snapshot.messages {
            self.desk_wrote(message);
        }
    }

    fn hold_ended(&mut self, id: MessageId) {
        let rev = self.head.rev + 1;
        let Some(message) = self.messages.iter_mut().find(|m| m.id == id) else { return };
        let Kind::Reply { stage: stage @ Stage::Held { .. }, .. } = &mut message.kind else { return };
        *stage = Stage::Shown { first_rev: rev };
        if let Standing::Answered { since } = &mut self.head.standing {
            *since = message.at.max(*since);
        }
        self.effects.push(Effect::ForgetHold(id));
        self.show(id);
        self.typing_changed();
    }

    fn thread_opened(&mut self, thread: ThreadKey) {
        match self.head.thread {
            Thread::Open(_) => {}
            Thread::None => self.head.thread = Thread::Open(thread),
            Thread::Wanted { .. } => {
                self.head.thread = Thread::Open(thread);
                self.effects.push(Effect::Settled(Order::Open));
            }
        }
    }

    fn pieces_posted(&mut self, posted: &[Piece]) {
        for piece in posted {
            let Some(message) = self.messages.iter_mut().find(|m| m.id == piece.message) else { continue };
            let (id, seq) = (message.id, message.seq);
            let of_customer = matches!(message.kind, Kind::FromCustomer(_));
            let (Kind::FromCustomer(posting) | Kind::FromBot(posting)) = &mut message.kind else { continue };
            let Posting::Waiting { pieces_posted } = posting else { continue };
            *pieces_posted = (*pieces_posted).max(piece.index.saturating_add(1));
            let all = pieces(&message.body.text(), self.rules.post_chars_max).len();
            if (*pieces_posted as usize) < all {
                continue;
            }
            *posting = Posting::Posted { at: self.now };
            self.effects.push(Effect::Settled(Order::Post(seq)));
            if of_customer {
                self.show(id);
            }
        }
    }

    fn post_refused(&mut self, id: MessageId, why: String) {
        let Some(message) = self.messages.iter_mut().find(|m| m.id == id) else { return };
        let seq = message.seq;
        let of_customer = matches!(message.kind, Kind::FromCustomer(_));
        let (Kind::FromCustomer(posting) | Kind::FromBot(posting)) = &mut message.kind else { return };
        if !matches!(posting, Posting::Waiting { .. }) {
            return;
        }
        *posting = Posting::Refused { why };
        self.effects.push(Effect::Settled(Order::Post(seq)));
        if of_customer {
            self.show(id);
            let key = format!("bot/{}/refused/{seq}", self.head.id);
            let said = format!(
                "⚠️ Message {seq} of the customer could not be posted here. The customer was told that it did not arrive."
            );
            self.post_own(key, Body::plain(&said), Kind::FromBot);
        }
    }

    /// A new thread is opened when there is something to say in it. A message that the old one has
    /// in part is said again whole.
    fn thread_vanished(&mut self, gone: &ThreadKey) {
        if self.head.thread != Thread::Open(gone.clone()) {
            return;
        }
        self.head.thread = Thread::None;
        let (mut waiting, mut again) = (false, Vec::new());
        for message in self.messages.iter_mut() {
            let (Kind::FromCustomer(posting) | Kind::FromBot(posting)) = &mut message.kind else { continue };
            let Posting::Waiting { pieces_posted } = posting else { continue };
            waiting = true;
            if std::mem::take(pieces_posted) > 0 {
                again.push(Effect::PostToDesk { message: message.id, seq: message.seq });
            }
        }
        if waiting {
            self.want_thread();
        }
        self.effects.extend(again);
    }

    fn want_thread(&mut self) {
        if self.head.thread == Thread::None {
            self.head.thread = Thread::Wanted { again: self.head.last_seq > 0 };
            self.effects.push(Effect::OpenThread);
        }
    }

    fn meaning(&self, by: &Agent, body: Body) -> Meaning {
        meaning::of(body, by, self.rules.mode, self.head.claimed_by.as_ref())
    }

    /// A message of ours for the desk.
    fn post_own(&mut self, key: String, body: Body, kind: fn(Posting) -> Kind) -> MessageId {
        self.want_thread();
        let (id, seq) = self.add(key, body, kind(Posting::Waiting { pieces_posted: 0 }), None);
        self.effects.push(Effect::PostToDesk { message: id, seq });
        id
    }

    fn add_from_desk(&mut self, post: Post, body: Body, kind: Kind) -> (MessageId, i64) {
        let late_for = if post.stamp < self.head.last_stamp {
            self.messages
                .iter()
                .filter(|m| m.post().is_some_and(|p| p.stamp > post.stamp))
                .min_by_key(|m| m.place)
                .map(|m| m.place.seq)
        } else {
            None
        };
        let place = Place { seq: late_for.unwrap_or(self.head.last_seq + 1), stamp: post.stamp };
        self.head.last_stamp = self.head.last_stamp.max(post.stamp);
        self.add(post.key.0, body, kind, Some(place))
    }

    fn add(&mut self, key: String, body: Body, kind: Kind, place: Option<Place>) -> (MessageId, i64) {
        self.head.last_seq += 1;
        self.head.last_at = self.now;
        let seq = self.head.last_seq;
        let id = (self.fresh_id)();
        let place = place.unwrap_or(Place { seq, stamp: 0 });
        self.messages.push(Message {
            id,
            conversation: self.head.id,
            seq,
            place,
            key,
            kind,
            body: body.bounded(),
            at: self.now,
            rev: 0,
        });
        (id, seq)
    }

    /// The customer's view of this message changed.
    fn show(&mut self, id: MessageId) {
        self.head.rev += 1;
        if let Some(message) = self.messages.iter_mut().find(|m| m.id == id) {
            message.rev = self.head.rev;
        }
        self.effects.push(Effect::ShowToCustomer(id));
    }

    fn typing_changed(&mut self) {
        let by = self.last_held().and_then(|message| match &message.kind {
            Kind::Reply { by, .. } => Some(by.name.clone()),
            Kind::FromCustomer(_) | Kind::FromBot(_) | Kind::Note { .. } | Kind::Set { .. } => None,
        });
        self.effects.push(Effect::ShowTyping { by });
    }

    fn last_held(&self) -> Option<&Message> {
        let held = |message: &&Message| matches!(message.kind, Kind::Reply { stage: Stage::Held { .. }, .. });
        self.messages.iter().filter(held).max_by_key(|message| message.seq)
    }

    fn mark_replies(&mut self, above: i64, upto: i64, mark: Mark) {
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
