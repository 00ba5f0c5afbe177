//! A conversation's life: `(state, event) → (state, effects)`. The service loads the head and the
//! messages that an event can touch, calls [`Dialogue::step`], and stores what changed together
//! with the effects. The same event twice changes nothing the second time.

mod agents;
mod card;
mod climb;
mod customer;
mod doubt;
mod elsewhere;
mod files;
mod letters;
mod meaning;
mod receipts;
mod retries;
mod saved;
mod sessions;
mod site;
#[cfg(test)]
mod tests;
mod thread;
mod verbs;

use crate::body::Body;
use crate::context::{Context, Unfit};
use crate::customer::Customer;
use crate::desk::{Agent, Deed, DeskMessage, DeskRules, FoundCard, Mark, Piece, Post, Snapshot};
use crate::file::{Attachment, DeskFileKey, FileTrouble, StoredFile};
use crate::ids::{AgentId, ConversationId, DeskName, MessageId, Moment, PostKey, ThreadKey};
use crate::message::{Kind, Mailed, Message, Place, Posting};
use crate::presence::Sign;
use crate::session::{Ask, Book, Refused};
use crate::ticket::Ticket;
use crate::verb::parse::asks_to_retry;
use crate::verb::{Names, Verb};
use crate::words::{self, Notice, Said};

pub use climb::Climbing;
pub use doubt::{Doubt, LOOKS_AFTER_MILLIS, Sent};
pub use letters::Mailing;
pub use receipts::RECEIPT_AFTER_MILLIS;
pub use site::Told;

/// What is known of a conversation as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Which one.
    pub id: ConversationId,
    /// The short number people say: `#1042`.
    pub number: i64,
    /// Who the customer is.
    pub customer: Customer,
    /// The topic's id in the configuration.
    pub topic: String,
    /// Where it is answered.
    pub desk: DeskName,
    /// Its thread there.
    pub thread: Thread,
    /// True when an earlier thread was deleted.
    pub continued: bool,
    /// What of ours may still turn up there.
    pub doubt: Doubt,
    /// Whose turn it is.
    pub standing: Standing,
    /// The promise to answer later, if one was given.
    pub ticket: Option<Ticket>,
    /// Since when the customer, who waits, has not been at the chat; none while he is, as far as is known.
    pub left_since: Option<Moment>,
    /// When it becomes a ticket by itself, if nobody answers before.
    pub patience_due: Option<Moment>,
    /// How far it has climbed the ladder.
    pub climb: Climbing,
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
    /// When the thread is told that replies wait for the customer's browser; none while it has all of
    /// which the thread was not told so.
    pub receipt_due: Option<Moment>,
    /// The last change of which the thread was told, if it was not received, that it waits.
    pub waits: i64,
    /// What went to the customer by email, and what is about to.
    pub mailing: Mailing,
    /// The number of the last change of what the card shows.
    pub card_rev: i64,
    /// The last change that the card at the desk shows.
    pub card_shown: i64,
    /// The largest stamp of what was written at the desk.
    pub last_stamp: i64,
    /// When it was opened.
    pub created_at: Moment,
    /// When something last happened.
    pub last_at: Moment,
}

impl Conversation {
    /// One in which nothing was written yet.
    pub fn opened(
        id: ConversationId,
        number: i64,
        customer: Customer,
        topic: String,
        desk: DeskName,
        at: Moment,
    ) -> Conversation {
        Conversation {
            id,
            number,
            customer,
            topic,
            desk,
            thread: Thread::None,
            continued: false,
            doubt: Doubt::None,
            standing: Standing::Fresh,
            ticket: None,
            left_since: None,
            patience_due: None,
            climb: Climbing::default(),
            claimed_by: None,
            last_seq: 0,
            rev: 0,
            received: 0,
            seen: 0,
            receipt_due: None,
            waits: 0,
            mailing: Mailing::default(),
            card_rev: 0,
            card_shown: 0,
            last_stamp: 0,
            created_at: at,
            last_at: at,
        }
    }

    /// The last change that the customer has seen, or has in his mailbox.
    pub fn read(&self) -> i64 {
        self.seen.max(self.mailing.emailed)
    }

    /// By when the customer, who waits, was promised an answer.
    pub fn answer_due(&self) -> Option<Moment> {
        match self.standing {
            Standing::AwaitingAgent { .. } => self.ticket?.due,
            Standing::Fresh | Standing::Answered { .. } | Standing::Resolved { .. } | Standing::Closed { .. } => None,
        }
    }
}

/// A conversation's thread at its desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thread {
    /// Nothing was written yet.
    None,
    /// To be opened.
    Wanted,
    /// There it is.
    Open(ThreadKey),
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// An agent said that it is done. What agents still write goes out and changes nothing; what the
    /// customer writes opens it again.
    Resolved {
        /// Since when.
        at: Moment,
        /// Who said so.
        by: Agent,
        /// How the customer found it.
        rating: Rating,
    },
    /// It was resolved a good while ago: nobody is asked or told anything about it any more. What the customer
    /// writes opens it again all the same.
    Closed {
        /// Since when.
        at: Moment,
        /// Who had resolved it.
        by: Agent,
        /// How the customer found it.
        rating: Rating,
    },
}

/// How the customer found it, once it was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rating {
    /// Nobody asks.
    NotAsked,
    /// The customer is asked.
    Wanted,
    /// So many stars; a later rating takes its place.
    Given(Score),
}

/// One to five stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(u8);

impl Score {
    /// The most stars that there are.
    pub const MAX: u8 = 5;

    /// So many stars, if there can be so many.
    pub fn new(stars: i64) -> Option<Score> {
        u8::try_from(stars).ok().filter(|stars| (1..=Score::MAX).contains(stars)).map(Score)
    }

    /// How many stars.
    pub fn stars(self) -> u8 {
        self.0
    }
}

/// What happened, in the past tense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The customer sent a message.
    CustomerWrote {
        /// What makes it the same message when the browser sends it again.
        key: String,
        /// What it says; it may be blank when there are files.
        body: Body,
        /// The files that are part of it.
        files: Vec<StoredFile>,
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
    /// Replies have waited for the customer's browser for so long ([`Conversation::receipt_due`]) that
    /// their agents have to know.
    RepliesDelayed,
    /// The customer wrote a letter.
    CustomerMailed {
        /// What makes it the same letter when it is read again.
        key: String,
        /// What it says.
        body: Body,
        /// The files that came with it.
        files: Vec<StoredFile>,
        /// Files of it that are not taken, and why.
        not_taken: Vec<(String, FileTrouble)>,
        /// Whom it says it is from.
        from: String,
        /// Its subject, where it says something new.
        subject: Option<String>,
        /// Its id.
        id: Option<String>,
    },
    /// A letter came that is nobody's word: a program wrote it by itself, or it cannot be read.
    AutomaticLetter {
        /// What makes it the same letter when it is read again.
        key: String,
        /// Its subject.
        subject: String,
        /// What it is, in words.
        what: String,
    },
    /// A chat has waited for an answer for so long ([`Conversation::patience_due`]) that it becomes a ticket.
    PatienceEnded,
    /// A reminder of the operator's fired.
    Reminded {
        /// What makes it the same firing when it is told again; of this conversation alone.
        key: String,
        /// True when it is only about what is late.
        only_late: bool,
        /// True when it fires later than it should have, and perhaps for several.
        is_late: bool,
    },
    /// A step of the ladder is due ([`Climbing::due`]).
    StepDue,
    /// The customer's last browser has gone, and has not come back for a while.
    CustomerLeft,
    /// A browser of the customer is there, of whom it was said that he left.
    CustomerIsBack,
    /// It was resolved so long ago that it is closed.
    ClosingDue,
    /// What the customer has not seen has waited for so long ([`Mailing::due`]) that it goes by email.
    LetterDue,
    /// The mail server has a letter of ours.
    LetterSent {
        /// Its number.
        seq: i64,
        /// The last change that it tells of.
        upto: i64,
    },
    /// Nothing is left that a letter of ours would say.
    LetterEmpty {
        /// Its number.
        seq: i64,
    },
    /// The mail server will never take a letter of ours.
    LetterRefused {
        /// Its number.
        seq: i64,
        /// Why, in its words.
        why: String,
    },
    /// A letter of ours came back.
    LetterBounced {
        /// Its number.
        seq: i64,
        /// Why, in the words of the server that sent it back.
        why: String,
    },
    /// The customer said how he found it.
    CustomerRated {
        /// What makes it the same rating when the browser sends it again.
        key: String,
        /// How many stars.
        score: Score,
        /// In words, or empty.
        comment: String,
    },
    /// The site said something more of the customer, by his browser.
    SiteTold(Told),
    /// The customer wants something of the sessions.
    SessionAsked(Ask),
    /// Something is to be said before a session of the conversation
    /// ([`Session::told_at`](crate::session::Session)).
    SessionDue,
    /// Somebody wrote or edited in a thread of the conversation: its own, or one that was.
    DeskWrote {
        /// The thread.
        thread: ThreadKey,
        /// The post as it stands now.
        message: DeskMessage,
    },
    /// An agent used a button, a menu or a command.
    AgentDid(Deed),
    /// A post of the thread was deleted.
    DeskDeleted(Post),
    /// The whole thread was read.
    ThreadRead(Snapshot),
    /// The time for which a reply was held has passed.
    HoldEnded(MessageId),
    /// The desk has a thread for the conversation now.
    ThreadOpened(ThreadKey),
    /// The desk has these pieces of our messages.
    PiecesPosted {
        /// Which.
        pieces: Vec<Piece>,
        /// In which post, if the desk has said so.
        post: Option<PostKey>,
    },
    /// An agent can see the preview of this number.
    PreviewShown {
        /// Which.
        seq: i64,
    },
    /// These messages have waited for so long, because the desk cannot be reached, that the customer
    /// has to know.
    PostsDelayed(Vec<MessageId>),
    /// The desk will never take this message.
    PostRefused {
        /// Which.
        message: MessageId,
        /// Why, in the platform's words.
        why: String,
    },
    /// The platform says that the thread does not exist any more.
    ThreadVanished(ThreadKey),
    /// The card at the desk shows this change of it, or the desk will never take it.
    CardEdited {
        /// Which ([`Conversation::card_rev`]).
        rev: i64,
    },
    /// Something was sent, and nobody heard what became of it.
    OutcomeLost {
        /// What.
        sent: Sent,
        /// When.
        at: Moment,
    },
    /// The channels were searched for cards of the conversation: all that stand there.
    CardsFound(Vec<FoundCard>),
    /// The desk has the bytes of a customer's file, under this name; they are in no thread yet.
    FileUploaded {
        /// The piece that the file is.
        piece: Piece,
        /// As the desk names it.
        key: DeskFileKey,
    },
    /// The desk will never take this file of a customer; the rest of the message goes on.
    FileRefused {
        /// The piece that the file is.
        piece: Piece,
        /// Why, in the platform's words.
        why: String,
    },
    /// A file that an agent attached is here.
    FileFetched {
        /// The reply it is part of.
        message: MessageId,
        /// As the desk names it.
        key: DeskFileKey,
        /// What is here.
        file: StoredFile,
    },
    /// A file that an agent attached never will be here.
    FileMissed {
        /// The reply it is part of.
        message: MessageId,
        /// As the desk names it.
        key: DeskFileKey,
        /// Why.
        why: FileTrouble,
    },
}

impl Event {
    /// For what a customer wrote: what makes it the same when it comes again, and its files.
    pub fn brings(&self) -> Option<(&str, &[StoredFile])> {
        if let Event::CustomerWrote { key, files, .. } | Event::CustomerMailed { key, files, .. } = self {
            return Some((key, files));
        }
        None
    }

    /// True for what can touch any message, because an agent asks to try again whatever was given up.
    pub fn asks_for_all(&self, names: &Names) -> bool {
        if let Event::DeskWrote { message, .. } = self {
            return asks_to_retry(&message.body, message.to_us, names);
        }
        matches!(self, Event::AgentDid(deed) if matches!(deed.verb, Verb::Retry(_)))
    }
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
    /// Fetch the files of a reply from the desk.
    FetchFiles {
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
    /// Take ⏳ away from an agent's post.
    WaitsNoMore {
        /// The reply's number.
        seq: i64,
        /// The post.
        post: PostKey,
    },
    /// Send the letter of this number.
    SendLetter {
        /// Its number.
        seq: i64,
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
    /// Show one person at the desk, privately, how a saved reply would read, with what sends it.
    ShowPreview {
        /// The number of the preview.
        seq: i64,
        /// The person, as the platform names him, or where he reads answers.
        person: String,
        /// The preview in words.
        notice: Notice,
    },
    /// Show on the card at the root of the thread what is so now.
    EditCard,
    /// Delete a post of ours that stands there twice.
    TakeBack {
        /// Which.
        post: Post,
    },
    /// Have a card of ours that is not the conversation's say where the conversation goes on.
    PointTheWay {
        /// Which.
        post: Post,
    },
    /// Tell one person privately that nothing of what he wrote there was sent, and where the
    /// conversation goes on.
    ShowTheWay {
        /// The number under which what he wrote was set aside.
        seq: i64,
        /// The person, as the platform names him.
        person: String,
        /// Where he wrote.
        thread: ThreadKey,
    },
    /// Take what is written in this thread for the conversation's, though it goes on elsewhere.
    RememberThread(ThreadKey),
    /// Look at that moment what is at the desk, in case something of ours turned up late.
    LookAgainAt(Moment),
    /// No need to look any more.
    LookNoMore,
    /// Say [`Event::HoldEnded`] at that moment.
    EndHoldAt {
        /// Which reply.
        message: MessageId,
        /// When.
        at: Moment,
    },
    /// No need to say it any more.
    ForgetHold(MessageId),
    /// No need to open a thread, to post this message, to fetch its files or to send it any more: it is
    /// done, or never will be.
    Settled(Order),
    /// Remember that an agent is there, or is not.
    Sign {
        /// Who.
        agent: Agent,
        /// What he said, or what was said for him.
        sign: Sign,
    },
    /// Show the customer the message as it stands, or that it is gone.
    ShowToCustomer(MessageId),
    /// Show the customer how it stands: open, resolved, how he rated it.
    ShowStanding,
    /// Show the customer that an agent is writing, or has stopped.
    ShowTyping {
        /// The agent's name; none when nobody is.
        by: Option<String>,
    },
}

/// A stored order that waits for the desk or the mail server, by what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// Open the thread.
    Open,
    /// Post the message of this number.
    Post(i64),
    /// Edit the card.
    Card,
    /// Fetch the files of the reply of this number.
    Fetch(i64),
    /// Send the letter of this number.
    Letter(i64),
}

/// Why an event was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// A message that says nothing and brings no file.
    Blank,
    /// A rating of what is not resolved.
    NotResolved,
    /// The site vouches for somebody else than before.
    SomebodyElse,
    /// What the site says cannot be kept.
    Unfit(Unfit),
    /// A session cannot be as the customer wants it.
    Session(Refused),
}

/// A conversation's head and those of its messages that an event can touch.
///
/// The caller has to load, besides the head: for [`Event::CustomerWrote`], [`Event::CustomerMailed`],
/// [`Event::AutomaticLetter`], [`Event::CustomerRated`], [`Event::Reminded`],
/// [`Event::AgentDid`], [`Event::DeskWrote`] and [`Event::DeskDeleted`] the message of that key; for a post with a stamp below
/// [`Conversation::last_stamp`] also the first desk message after that stamp; for receipts the
/// shown replies above [`Conversation::received`] or [`Conversation::seen`], for
/// [`Event::CustomerMailed`] as well, and for
/// [`Event::RepliesDelayed`] those above the former; for [`Event::LetterDue`] those above either; for
/// [`Event::DeskWrote`], [`Event::DeskDeleted`] and [`Event::HoldEnded`] also the held replies; for
/// [`Event::ThreadRead`], [`Event::CardsFound`], [`Event::ThreadVanished`], what becomes of a letter and what asks to try something
/// again ([`Event::asks_for_all`]) all; for the rest the messages they name;
/// and the context for [`Event::SiteTold`]. For an event that [wants a saved reply](Event::wants_saved)
/// also the context, the held replies, the previews that are open, and the one that it names; for one that
/// [wants the sessions](Event::wants_book) the context and the book, which nobody else may change meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialogue {
    /// The conversation.
    pub head: Conversation,
    /// Some of its messages, in no order.
    pub messages: Vec<Message>,
    /// What is known besides, where the event can touch it.
    pub context: Context,
    /// The sessions, where the event can touch them.
    pub book: Book,
}

impl Dialogue {
    /// Carries the conversation over an event. Messages that were added or changed are found by
    /// comparing, or in the effects; nothing is changed when the event is rejected.
    pub fn step(
        &mut self,
        event: Event,
        now: Moment,
        rules: &DeskRules,
        fresh_id: &mut dyn FnMut() -> MessageId,
    ) -> Result<Vec<Effect>, Rejected> {
        let mut step = Step {
            head: &mut self.head,
            messages: &mut self.messages,
            context: &mut self.context,
            book: &mut self.book,
            now,
            rules,
            fresh_id,
            effects: Vec::new(),
        };
        let (card, due, standing) = (step.card_face(), step.head.answer_due(), step.head.standing.clone());
        match event {
            Event::CustomerWrote { key, body, files } => step.customer_wrote(key, body, files)?,
            Event::CustomerMailed { key, body, files, not_taken, from, subject, id } => {
                let mail = Mailed { from: Some(from), subject, id };
                step.customer_mailed(key, body, files, not_taken, mail);
            }
            Event::AutomaticLetter { key, subject, what } => step.automatic_letter(key, subject, what),
            Event::CustomerRated { key, score, comment } => step.customer_rated(key, score, comment)?,
            Event::CustomerReceived { rev } => step.customer_has(rev, false),
            Event::CustomerSaw { rev } => step.customer_has(rev, true),
            Event::RepliesDelayed => step.replies_delayed(),
            Event::PatienceEnded => step.patience_ended(),
            Event::Reminded { key, only_late, is_late } => step.reminded(key, only_late, is_late),
            Event::StepDue => step.step_due(),
            Event::CustomerLeft => step.customer_left(),
            Event::CustomerIsBack => step.head.left_since = None,
            Event::ClosingDue => step.closing_due(),
            Event::LetterDue => step.letter_due(),
            Event::LetterSent { seq, upto } => step.letter_sent(seq, upto),
            Event::LetterEmpty { seq } => step.letter_empty(seq),
            Event::LetterRefused { seq, why } => step.letter_refused(seq, why),
            Event::LetterBounced { seq, why } => step.letter_bounced(seq, why),
            Event::SiteTold(told) => step.site_told(told)?,
            Event::SessionAsked(ask) => step.session_asked(ask)?,
            Event::SessionDue => step.session_due(),
            Event::DeskWrote { thread, message } => step.desk_wrote(&thread, message),
            Event::AgentDid(deed) => step.agent_did(deed),
            Event::DeskDeleted(post) => step.desk_deleted(post),
            Event::ThreadRead(snapshot) => step.thread_read(snapshot),
            Event::HoldEnded(message) => step.hold_ended(message),
            Event::ThreadOpened(thread) => step.thread_opened(thread),
            Event::PiecesPosted { pieces, post } => step.pieces_posted(&pieces, post.as_ref()),
            Event::PreviewShown { seq } => step.preview_shown(seq),
            Event::PostsDelayed(messages) => step.posts_delayed(&messages),
            Event::PostRefused { message, why } => step.post_refused(message, why),
            Event::ThreadVanished(thread) => step.thread_vanished(&thread),
            Event::CardEdited { rev } => step.card_edited(rev),
            Event::OutcomeLost { sent, at } => step.outcome_lost(sent, at),
            Event::CardsFound(cards) => step.cards_found(cards),
            Event::FileUploaded { piece, key } => step.file_uploaded(piece, key),
            Event::FileRefused { piece, why } => step.file_refused(piece, why),
            Event::FileFetched { message, key, file } => step.file_fetched(message, &key, file),
            Event::FileMissed { message, key, why } => step.file_missed(message, &key, why),
        }
        step.head.patience_due = step.patience_due();
        step.confirm_ticket();
        step.climb_on(&standing);
        step.card_changed(&card);
        if step.head.answer_due() != due && !step.effects.contains(&Effect::ShowStanding) {
            step.effects.push(Effect::ShowStanding);
        }
        Ok(step.effects)
    }
}

/// One step under way.
struct Step<'a> {
    head: &'a mut Conversation,
    messages: &'a mut Vec<Message>,
    context: &'a mut Context,
    book: &'a mut Book,
    now: Moment,
    rules: &'a DeskRules,
    fresh_id: &'a mut dyn FnMut() -> MessageId,
    effects: Vec<Effect>,
}

impl Step<'_> {
    /// Says something to everybody in the thread.
    fn say(&mut self, said: &Said) {
        self.say_to(said, Vec::new());
    }

    /// The same, and calls some of them.
    fn say_to(&mut self, said: &Said, calls: Vec<String>) {
        self.say_as(format!("bot/{}/{}", self.head.id, self.head.last_seq + 1), said, calls);
    }

    /// The same, under a key of its own.
    fn say_as(&mut self, key: String, said: &Said, calls: Vec<String>) {
        let id = self.post_own(key, words::said(said), Vec::new(), Kind::FromBot);
        if let Some(message) = self.messages.iter_mut().find(|message| message.id == id) {
            message.retry_of = said.retry_of();
            message.calls = calls;
        }
    }

    /// Tells one person something about the message of this number.
    fn tell(&mut self, seq: i64, person: &AgentId, notice: Notice) {
        self.effects.push(Effect::TellPrivately { seq, person: person.0.clone(), notice });
    }

    /// A message of ours for the desk.
    fn post_own(&mut self, key: String, body: Body, files: Vec<Attachment>, kind: fn(Posting) -> Kind) -> MessageId {
        self.want_thread();
        let posting = Posting::Waiting { pieces_posted: 0, late: false };
        let (id, seq) = self.add(key, body, files, kind(posting), None);
        self.effects.push(Effect::PostToDesk { message: id, seq });
        id
    }

    fn add_from_desk(&mut self, post: Post, body: Body, files: Vec<Attachment>, kind: Kind) -> (MessageId, i64) {
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
        self.add(post.key.0, body, files, kind, Some(place))
    }

    fn add(
        &mut self,
        key: String,
        body: Body,
        files: Vec<Attachment>,
        kind: Kind,
        place: Option<Place>,
    ) -> (MessageId, i64) {
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
            files,
            at: self.now,
            rev: 0,
            retry_of: None,
            calls: Vec::new(),
            mail: None,
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
}
