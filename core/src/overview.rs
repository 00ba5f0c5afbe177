//! What people at a desk look up: conversations in a line each. A bot asks through [`Overview`], which
//! the service implements; nothing is changed by it.

use crate::conversation::Standing;
use crate::desk::{Agent, Later, Unstored};
use crate::ids::{AgentId, ConversationId, Moment, ThreadKey};

/// Conversations that somebody looks for. Those that have no thread at the desk's platform are never
/// among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// The one of this number.
    Number(i64),
    /// The one whose thread this is.
    Thread(ThreadKey),
    /// Those that an agent has and that are not done; whose customer waits longest first.
    HeldBy(AgentId),
    /// Those whose customer waits and that nobody has, longest first.
    Unclaimed,
    /// Those whose customer waits, longest first.
    Waiting,
    /// Those whose number begins so, or whose customer's name holds this; the liveliest first.
    Like(String),
}

/// A conversation in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Which.
    pub conversation: ConversationId,
    /// `#1042`.
    pub number: i64,
    /// The customer's name, if he has said it.
    pub customer: Option<String>,
    /// The topic's label.
    pub topic: String,
    /// Where its thread is.
    pub thread: ThreadKey,
    /// Whose turn it is.
    pub standing: Standing,
    /// By when the customer was promised an answer, while he waits.
    pub due: Option<Moment>,
    /// Who has it.
    pub holder: Option<Agent>,
    /// When something last happened in it.
    pub last_at: Moment,
}

/// Where bots look conversations up.
pub trait Overview: Send + Sync + 'static {
    /// The conversations whose threads' keys begin with one of `threads`, at most `limit`.
    fn glances(&self, threads: Vec<String>, sought: Sought, limit: u32) -> Later<'_, Result<Vec<Glance>, Unstored>>;
}
