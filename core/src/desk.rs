//! What the core and a platform's bot say to one another. A bot turns its platform's frames into
//! [`DeskEvent`]s and carries out orders, each with an outcome that can be told apart; it hands
//! over what came in through [`Inbox`], which the service implements. Nothing here knows a
//! platform: keys are opaque.

use crate::availability::Attendance;
use crate::body::Body;
use crate::file::{DeskFile, DeskFileKey, FileTrouble, StoredFile};
use crate::ids::{AgentId, ConversationId, DeskName, MessageId, Moment, PostKey, ThreadKey};
use crate::ladder::{Ladder, Tier};
use crate::presence::{Presence, Sign};
use crate::saved::SavedReplies;
use crate::session::Plan;
use crate::ticket::Timetable;
use crate::verb::{Names, Verb};
use crate::words::Notice;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A post at a desk and its place there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Which one.
    pub key: PostKey,
    /// Its place among the posts of its thread: larger is later. Slack: its `ts` in microseconds.
    pub stamp: i64,
}

/// A person who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Who.
    pub id: AgentId,
    /// The name customers see.
    pub name: String,
    /// An `https` picture customers see.
    pub picture: Option<String>,
}

/// Who wrote at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// One of the team.
    Agent(Agent),
    /// Somebody whose words must not reach the customer.
    Stranger(Stranger),
}

/// Somebody at the desk who is no agent of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// How the platform names him, if he can be told anything.
    pub person: Option<String>,
    /// Why his words stay inside.
    pub why: StrangerKind,
}

/// Why somebody is no agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrangerKind {
    /// Another app.
    Bot,
    /// A person of another workspace, through a shared channel.
    OtherWorkspace,
}

/// One post as it stands, written by somebody at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskMessage {
    /// Which post.
    pub post: Post,
    /// Who wrote it.
    pub author: Author,
    /// What it says now.
    pub body: Body,
    /// The files it has now, and those of which the desk says that they were deleted.
    pub files: Vec<DeskFile>,
    /// The stamp of its last edit, on the same scale as [`Post::stamp`]; none if never edited.
    pub edited: Option<i64>,
    /// True when it is addressed to the bot: then it is a verb, and never a reply.
    pub to_us: bool,
    /// The agent whom it names, where it is a verb that needs somebody: only the platform knows its
    /// people ([`person_named`](crate::verb::parse::person_named) says when).
    pub named: Option<Box<Agent>>,
}

/// Something that happened in a thread, as a bot understood it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskEvent {
    /// Where.
    pub thread: ThreadKey,
    /// True when the platform says that the root of the thread is a post of ours: then it is the
    /// thread of a conversation, even if nobody has heard yet that it was opened.
    pub is_ours: bool,
    /// What.
    pub act: DeskAct,
}

/// What happened in a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeskAct {
    /// Somebody wrote, or edited: the post as it stands now, new or not.
    Wrote(DeskMessage),
    /// A post was deleted.
    Deleted(Post),
    /// An agent used a button, a menu or a command.
    Did(Deed),
    /// The thread was read: everything in it now.
    Stands(Snapshot),
    /// The thread's root was deleted, or the platform says there is no such thread.
    Gone,
}

/// What an agent did otherwise than by writing in the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// What makes it the same deed when the platform tells it again; unique over all platforms.
    pub key: String,
    /// Who.
    pub by: Agent,
    /// What.
    pub verb: Verb,
    /// Where he reads what became of it, as the platform names such a place, when he did it elsewhere
    /// than at the conversation's thread.
    pub elsewhere: Option<String>,
}

/// A card of ours that was found in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCard {
    /// The thread that it is the root of.
    pub thread: ThreadKey,
    /// The card itself.
    pub post: Post,
    /// What people wrote under it.
    pub written: Vec<DeskMessage>,
}

/// A thread as it was read from the platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Which thread.
    pub thread: ThreadKey,
    /// When the reading began: a message that came in later is not missing, only new.
    pub asked_at: Moment,
    /// The stamp of the thread's root: an earlier post stands in an earlier thread of the same
    /// conversation, and is not missing either.
    pub root: i64,
    /// What people wrote, oldest first.
    pub messages: Vec<DeskMessage>,
    /// Our own posts: which pieces of which messages each carries.
    pub ours: Vec<OwnPost>,
}

/// A post of ours, found by the delivery id or the files it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPost {
    /// The post.
    pub post: Post,
    /// The pieces it carries, in order.
    pub pieces: Vec<Piece>,
    /// The files it carries, as the desk names them.
    pub files: Vec<DeskFileKey>,
}

/// A part of a message that fits in one post; most messages are one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece {
    /// The message.
    pub message: MessageId,
    /// Which piece, from 0.
    pub index: u32,
}

/// One post to be made: pieces of one speaker's messages, joined in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Whose conversation.
    pub conversation: ConversationId,
    /// The customer's name to post under; none when the bot itself speaks.
    pub speaker: Option<String>,
    /// What it says, or what it brings.
    pub content: Content,
    /// The number of the message that a Retry under it tries again.
    pub retry_of: Option<i64>,
    /// Who of the team is called by it, as the platform names them.
    pub calls: Vec<String>,
}

/// What a letter holds: a desk posts files by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Pieces of text.
    Texts(Vec<(Piece, String)>),
    /// Files of which the desk has the bytes already.
    Files(Vec<(Piece, SentFile)>),
}

/// A file of which the desk has the bytes, and does not show them yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// The file.
    pub file: StoredFile,
    /// As the desk names it.
    pub key: DeskFileKey,
}

/// A receipt shown under an agent's post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// ✓ the customer's browser has it.
    Received,
    /// 👁 the customer saw it.
    Seen,
    /// ⏳ it waits for the customer's browser; taken away again when that has it.
    Waiting,
    /// ✉️ it went to the customer by email.
    Emailed,
}

/// Which of an agent's messages go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Any agent's message in the thread.
    #[default]
    Open,
    /// Only the claimer's.
    Claimed,
    /// Only what starts with `>`.
    Explicit,
}

/// What the configuration says about the conversations of a desk. Clones share what is large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskRules {
    /// Which messages go out.
    pub mode: Mode,
    /// How long a reply is held before the customer sees it, in milliseconds; 0 shows it at once.
    pub hold_millis: i64,
    /// The longest text of one post, in characters; longer messages are split.
    pub post_chars_max: usize,
    /// What conversations can be about.
    pub topics: Arc<[Topic]>,
    /// What the team calls the verbs.
    pub names: Arc<Names>,
    /// When conversations are answered, and by when.
    pub timetable: Arc<Timetable>,
    /// Who is told when while a customer waits, and who they are.
    pub ladder: Arc<Ladder>,
    /// The tiers of the ladder, agents first.
    pub tiers: Arc<[Tier]>,
    /// How it is known who is there.
    pub presence: Presence,
    /// Who is there now, where that matters.
    pub attendance: Attendance,
    /// True when whoever has a chat that nobody answers in time is taken to be away.
    pub missed_signs_out: bool,
    /// What the team has saved to send again.
    pub replies: Arc<SavedReplies>,
    /// How customers who are not there are written to; none where nothing goes by email.
    pub mail: Option<MailRules>,
    /// How sessions are booked; none where there are none.
    pub sessions: Option<Arc<Plan>>,
}

/// When letters go to customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailRules {
    /// How long an answer waits to be seen before it goes by email, in milliseconds; one that is written
    /// meanwhile has it wait anew.
    pub answer_after_millis: i64,
}

/// Something that conversations can be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What it is called in the API and the database.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Where its conversations are answered.
    pub desk: DeskName,
}

/// Why an order to a platform was not carried out, so far as what to do next depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Not done; the platform asks for a pause of this kind of order.
    Later {
        /// How long, in milliseconds.
        after_millis: u64,
    },
    /// Not done, and sure not to be: try again.
    NotDone {
        /// For the log.
        why: String,
    },
    /// Perhaps done: look before trying again.
    Unclear {
        /// For the log.
        why: String,
    },
    /// Not done, and never will be: this one order is refused.
    Never {
        /// For the agent and the log.
        why: String,
    },
    /// Not done: the thread does not exist any more.
    ThreadGone,
    /// Not done, and nothing else will be until somebody mends it.
    Stopped(Stop),
}

/// Why a file was not fetched from a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFetched {
    /// As for any order.
    Trouble(Trouble),
    /// It cannot be had.
    Missing(FileTrouble),
    /// The bot may not read it before somebody mends that.
    NotPermitted(Stop),
}

/// Why a lane stopped: what the operator has to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The platform's own word, such as `token_revoked`.
    pub code: String,
    /// What to do about it.
    pub advice: String,
    /// True when it concerns one channel, false when nothing works at all.
    pub channel_only: bool,
}

/// A future without a runtime.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A raw frame as a platform sent it, kept before it is acknowledged and understood afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What makes it the same frame when it comes again, unique within the platform.
    pub key: String,
    /// The frame, to the letter.
    pub raw: Arc<str>,
}

/// What became of a frame that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Stored now; understand it next.
    New,
    /// Stored before; nothing to do.
    Known,
}

/// What a frame meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The frame that was read, if it came as one; it is marked as read in the same transaction.
    pub frame: Option<String>,
    /// What it said happened; nothing, for a frame that concerns no conversation.
    pub events: Vec<DeskEvent>,
}

/// A thread of a conversation that may still change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenThread {
    /// Which.
    pub thread: ThreadKey,
    /// The last moment at which something happened in its conversation: the liveliest are read first.
    pub last_at: Moment,
}

/// The database did not take it. Nothing was stored; the caller must not acknowledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unstored(pub String);

impl fmt::Display for Unstored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not stored: {}", self.0)
    }
}

impl std::error::Error for Unstored {}

/// Where bots hand over what came in. Every method returns after the commit.
pub trait Inbox: Send + Sync + 'static {
    /// Stores raw frames, each once; the answers stand in the order of the frames.
    fn keep(&self, platform: &'static str, frames: Vec<Frame>) -> Later<'_, Result<Vec<Kept>, Unstored>>;

    /// Stores frames that were understood as they came, as read, each with what it said happened.
    /// Here in two steps; an inbox that can do it in one transaction does.
    fn took(&self, platform: &'static str, taken: Vec<(Frame, Vec<DeskEvent>)>) -> Later<'_, Result<(), Unstored>> {
        Box::pin(async move {
            self.keep(platform, taken.iter().map(|(frame, _)| frame.clone()).collect()).await?;
            let reading = |(frame, events): (Frame, _)| Reading { frame: Some(frame.key), events };
            self.happened(platform, taken.into_iter().map(reading).collect()).await
        })
    }

    /// Applies what frames meant, and marks them as read, each in one transaction with its events.
    fn happened(&self, platform: &'static str, readings: Vec<Reading>) -> Later<'_, Result<(), Unstored>>;

    /// Frames that were stored and not yet read, oldest first, at most `limit`.
    fn unread(&self, platform: &'static str, limit: u32) -> Later<'_, Result<Vec<Frame>, Unstored>>;

    /// The threads of conversations that may still change, liveliest first.
    fn open_threads(&self, platform: &'static str) -> Later<'_, Result<Vec<OpenThread>, Unstored>>;

    /// An agent says that he is there or away, elsewhere than in a thread: in one of these channels, as the
    /// platform names them, if in any.
    fn signed(
        &self,
        platform: &'static str,
        channels: Vec<String>,
        agent: Agent,
        sign: Sign,
    ) -> Later<'_, Result<Notice, Unstored>>;

    /// From now on everything that happens at the platform is heard; something before may not have
    /// been, until the threads are read.
    fn heard_again(&self, _platform: &'static str) {}

    /// Tells the operator that nothing works, once per `stop`, or with none that it works again.
    fn desk_stopped(&self, platform: &'static str, stop: Option<Stop>);
}
