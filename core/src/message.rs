//! One thing said in a conversation, and what became of it.

use crate::body::{Body, pieces};
use crate::desk::{Agent, Piece, Post};
use crate::file::{AtDesk, Attachment};
use crate::ids::{ConversationId, MessageId, Moment, PostKey, SessionId};
use crate::words;

/// One thing said in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Which one.
    pub id: MessageId,
    /// Whose conversation.
    pub conversation: ConversationId,
    /// Its number in the conversation, by arrival, from 1.
    pub seq: i64,
    /// Where readers see it.
    pub place: Place,
    /// What makes it the same message when it comes again: the widget's key or the post's.
    pub key: String,
    /// Who said it, and what became of it.
    pub kind: Kind,
    /// What it says now.
    pub body: Body,
    /// The files that are part of it.
    pub files: Vec<Attachment>,
    /// When it came in.
    pub at: Moment,
    /// The last change of it that the customer can see; 0 when there is none.
    pub rev: i64,
    /// For what the bot says of a message that was given up: that message's number, so that everybody
    /// can have it tried again.
    pub retry_of: Option<i64>,
    /// For what the bot says to somebody in particular: who that is, as the desk's platform names them.
    pub calls: Vec<String>,
    /// For what a customer wrote by email: the letter.
    pub mail: Option<Mailed>,
}

/// The letter with which a customer wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailed {
    /// The address that it came from, where that is not the customer's.
    pub from: Option<String>,
    /// Its subject, where it says something new.
    pub subject: Option<String>,
    /// Its id, to answer it by.
    pub id: Option<String>,
}

/// The order in which readers see messages: by arrival, except that a desk's post that came late
/// stands before the posts that the desk shows after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The number of the message it stands at: its own, or the one it was late for.
    pub seq: i64,
    /// The desk's stamp, or 0 for what was not written at a desk.
    pub stamp: i64,
}

/// Who said it, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The customer wrote it; it goes to the desk.
    FromCustomer(Posting),
    /// The bot says it in the thread; the customer never sees it.
    FromBot(Posting),
    /// An agent wrote it for the customer.
    Reply {
        /// Who.
        by: Agent,
        /// The post at the desk.
        post: Post,
        /// The stamp of the last edit.
        edited: Option<i64>,
        /// Where it is on its way.
        stage: Stage,
    },
    /// An agent sent it for the customer without writing it in the thread: a saved reply, which the bot
    /// posts there in his name.
    Saved {
        /// Who.
        by: Agent,
        /// What the reply is called.
        name: String,
        /// How far it is on its way to the desk.
        posting: Posting,
        /// The bot's post at the desk, once it is known; of several, the first.
        post: Option<PostKey>,
        /// Where it is on its way to the customer.
        stage: Stage,
    },
    /// What an agent was shown alone, as it would be sent.
    Preview {
        /// Who.
        by: Agent,
        /// What the reply is called.
        name: String,
        /// What became of it.
        fate: Fate,
    },
    /// An agent wrote it for the team.
    Note {
        /// Who.
        by: Agent,
        /// The post at the desk.
        post: Post,
        /// The stamp of the last edit.
        edited: Option<i64>,
    },
    /// An agent did something with a button, a menu or a command, which the body names; kept so that
    /// it is done only once.
    Deed {
        /// Who.
        by: Agent,
    },
    /// A letter of ours to the customer, which says what stands in other messages.
    Letter {
        /// His address.
        to: String,
        /// What it is about.
        about: About,
        /// What became of it.
        delivery: Delivery,
    },
    /// Nothing of it goes anywhere: a stranger wrote it, or somebody where the conversation is not any
    /// more, or it was deleted before it was ever read, or it is a post of ours that was there twice.
    /// Kept so that it is told only once and never comes back.
    Set {
        /// The post at the desk.
        post: Post,
    },
}

/// How far a message of ours is on its way to the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posting {
    /// Some pieces wait.
    Waiting {
        /// How many have been posted, in their order; files that the desk refused are not waited for.
        pieces_posted: u32,
        /// True when it has waited so long that the customer was told; never for the bot's own.
        late: bool,
    },
    /// It is at the desk.
    Posted {
        /// Since when.
        at: Moment,
    },
    /// The desk refuses it.
    Refused {
        /// In words.
        why: String,
        /// How many pieces were posted before: they are not posted again when it is tried again.
        pieces_posted: u32,
    },
}

/// What a letter of ours is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The conversation is a ticket.
    Ticket,
    /// What agents wrote, by the changes with which it was first shown.
    Answers {
        /// Above this one.
        above: i64,
        /// Up to this one.
        upto: i64,
    },
    /// A session.
    Session {
        /// Which.
        id: SessionId,
        /// Its invitation's revision when the letter was written: what was changed since then has a letter of
        /// its own.
        revision: u32,
        /// What it says of it.
        says: SessionLetter,
    },
}

/// What a letter says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionLetter {
    /// It takes place: an invitation, or a change of one.
    Invited,
    /// It does not: the invitation is taken back.
    Cancelled,
    /// It begins soon.
    Soon,
}

/// What became of a letter of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The mail server does not have it yet.
    Waiting,
    /// It has it.
    Sent {
        /// Since when.
        at: Moment,
    },
    /// It will never take it.
    Refused {
        /// Why, in its words.
        why: String,
    },
    /// It came back.
    Bounced {
        /// Why, in the words of the server that sent it back.
        why: String,
    },
    /// There was nothing left to say.
    Needless,
}

/// What became of a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The desk has not shown it yet, so far as is known.
    Unseen,
    /// He can see it, and has not decided.
    Seen,
    /// He sent it.
    Sent,
    /// He did not want to.
    Cancelled,
    /// He looked at another one.
    Replaced,
}

impl Fate {
    /// True while it can be sent.
    pub fn is_open(self) -> bool {
        match self {
            Fate::Unseen | Fate::Seen => true,
            Fate::Sent | Fate::Cancelled | Fate::Replaced => false,
        }
    }
}

/// A piece of a message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Some of its text.
    Text(String),
    /// One of its files.
    File(&'a Attachment),
}

/// How far a reply is on its way to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Kept back: still free to be edited or deleted without a trace.
    Held {
        /// The moment it goes out.
        until: Moment,
    },
    /// The customer has it, or gets it when the browser is there.
    Shown {
        /// The change with which it was first shown: a receipt at or above this covers it.
        first_rev: i64,
        /// True when it says something else since then.
        reworded: bool,
    },
    /// Deleted, or made a note.
    Withdrawn {
        /// True when the customer may have seen it and has to be told.
        was_shown: bool,
    },
}

impl Message {
    /// True when the customer may see this message, or that it was withdrawn.
    pub fn concerns_customer(&self) -> bool {
        match &self.kind {
            Kind::FromCustomer(_) => true,
            Kind::Reply { stage, .. } | Kind::Saved { stage, .. } => match stage {
                Stage::Shown { .. } | Stage::Withdrawn { was_shown: true } => true,
                Stage::Held { .. } | Stage::Withdrawn { was_shown: false } => false,
            },
            Kind::FromBot(_)
            | Kind::Preview { .. }
            | Kind::Note { .. }
            | Kind::Deed { .. }
            | Kind::Letter { .. }
            | Kind::Set { .. } => false,
        }
    }

    /// True when the customer has seen it say something else: after a reply is shown, only another
    /// text changes it. What was edited while it was held was never said otherwise.
    pub fn edited_in_sight(&self) -> bool {
        matches!(self.kind, Kind::Reply { stage: Stage::Shown { reworded: true, .. }, .. })
    }

    /// The agent who says it to the customer, and how far it is on its way to him.
    pub fn from_agent(&self) -> Option<(&Agent, Stage)> {
        match &self.kind {
            Kind::Reply { by, stage, .. } | Kind::Saved { by, stage, .. } => Some((by, *stage)),
            Kind::FromCustomer(_)
            | Kind::FromBot(_)
            | Kind::Preview { .. }
            | Kind::Note { .. }
            | Kind::Deed { .. }
            | Kind::Letter { .. }
            | Kind::Set { .. } => None,
        }
    }

    /// What the desk reads of it.
    fn text_at_desk(&self) -> String {
        match &self.kind {
            Kind::Saved { by, name, .. } => words::saved_in_thread(&by.name, name, &self.body).text(),
            Kind::FromCustomer(_) => match &self.mail {
                Some(mail) => words::mailed_in_thread(mail, &self.body).text(),
                None => self.body.text(),
            },
            Kind::FromBot(_)
            | Kind::Reply { .. }
            | Kind::Preview { .. }
            | Kind::Note { .. }
            | Kind::Deed { .. }
            | Kind::Letter { .. }
            | Kind::Set { .. } => self.body.text(),
        }
    }

    /// What a message of ours is to a desk, in the order in which it is posted: its text, in as many
    /// parts as it needs, then its files. What stands here at `n` is the piece with the index `n`.
    pub fn parts(&self, post_chars_max: usize) -> Vec<Part<'_>> {
        let files = self.files.iter().map(Part::File);
        if self.is_only_files() {
            return files.collect();
        }
        let text = self.text_at_desk();
        pieces(&text, post_chars_max).into_iter().map(|text| Part::Text(text.to_string())).chain(files).collect()
    }

    /// The file that is the piece with this index.
    pub fn file_at(&self, index: u32, post_chars_max: usize) -> Option<usize> {
        (index as usize).checked_sub(self.texts(post_chars_max)).filter(|at| *at < self.files.len())
    }

    /// The piece that the file at this place is.
    pub fn piece_of_file(&self, at: usize, post_chars_max: usize) -> Piece {
        let index = u32::try_from(self.texts(post_chars_max) + at).unwrap_or(u32::MAX);
        Piece { message: self.id, index }
    }

    /// True when everything that the desk can have of a message of ours is there, once its first
    /// `posted` pieces are: what is left was refused.
    pub fn is_whole_at_desk(&self, posted: u32, post_chars_max: usize) -> bool {
        let Some(files_posted) = (posted as usize).checked_sub(self.texts(post_chars_max)) else { return false };
        let refused = |file: &Attachment| {
            matches!(file, Attachment::Sent { desk: AtDesk::Refused { .. } | AtDesk::TriedAgain, .. })
        };
        self.files.iter().skip(files_posted).all(refused)
    }

    fn texts(&self, post_chars_max: usize) -> usize {
        if self.is_only_files() { 0 } else { pieces(&self.text_at_desk(), post_chars_max).len() }
    }

    fn is_only_files(&self) -> bool {
        !self.files.is_empty() && self.body.is_blank() && self.mail.is_none()
    }

    /// The post it was written as, for what was written at a desk.
    pub fn post(&self) -> Option<&Post> {
        match &self.kind {
            Kind::Reply { post, .. } | Kind::Note { post, .. } | Kind::Set { post } => Some(post),
            Kind::FromCustomer(_)
            | Kind::FromBot(_)
            | Kind::Saved { .. }
            | Kind::Preview { .. }
            | Kind::Letter { .. }
            | Kind::Deed { .. } => None,
        }
    }
}

impl Kind {
    /// How far it is on its way to the desk, for what we post there.
    pub fn posting(&self) -> Option<&Posting> {
        match self {
            Kind::FromCustomer(posting) | Kind::FromBot(posting) | Kind::Saved { posting, .. } => Some(posting),
            Kind::Reply { .. }
            | Kind::Preview { .. }
            | Kind::Note { .. }
            | Kind::Deed { .. }
            | Kind::Letter { .. }
            | Kind::Set { .. } => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn posting_mut(&mut self) -> Option<&mut Posting> {
        match self {
            Kind::FromCustomer(posting) | Kind::FromBot(posting) | Kind::Saved { posting, .. } => Some(posting),
            Kind::Reply { .. }
            | Kind::Preview { .. }
            | Kind::Note { .. }
            | Kind::Deed { .. }
            | Kind::Letter { .. }
            | Kind::Set { .. } => None,
        }
    }

    /// How far it is on its way to the customer, for what an agent says to him; to be changed.
    pub(crate) fn stage_mut(&mut self) -> Option<&mut Stage> {
        match self {
            Kind::Reply { stage, .. } | Kind::Saved { stage, .. } => Some(stage),
            Kind::FromCustomer(_)
            | Kind::FromBot(_)
            | Kind::Preview { .. }
            | Kind::Note { .. }
            | Kind::Deed { .. }
            | Kind::Letter { .. }
            | Kind::Set { .. } => None,
        }
    }
}
