//! A frame that came in, over a socket or by HTTP, and who waits to hear whether it was kept: what
//! is not kept is not acknowledged, and Slack sends it again.

use serde_json::Value;
use threadline_core::desk::{Frame, Unstored};
use tokio::sync::{mpsc, oneshot};

/// A frame that came in and waits for being kept.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// What to keep.
    pub frame: Frame,
    /// Who acknowledges it.
    pub sender: Sender,
}

/// Who acknowledges a frame, once it was kept.
#[derive(Debug)]
pub(crate) enum Sender {
    /// The socket that it came over, by the envelope that it came in.
    Socket {
        /// The envelope.
        envelope: String,
        /// The socket's own queue.
        answers: mpsc::UnboundedSender<Answer>,
    },
    /// The request of the Events API that brought it.
    Request(oneshot::Sender<Result<(), Unstored>>),
}

/// What a socket is told of a frame that it brought.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The envelope it came in.
    pub envelope: String,
    /// Whether it was kept.
    pub kept: bool,
    /// What the acknowledgement says besides, where Slack takes that.
    pub payload: Option<Value>,
}

impl Arrival {
    /// Says that it was kept, or why it was not.
    pub fn answer(self, kept: Result<(), Unstored>) {
        // Whoever brought it may be gone and cannot acknowledge any more: Slack sends it again.
        match self.sender {
            Sender::Socket { envelope, answers } => {
                drop(answers.send(Answer { envelope, kept: kept.is_ok(), payload: None }));
            }
            Sender::Request(waiting) => drop(waiting.send(kept)),
        }
    }
}
