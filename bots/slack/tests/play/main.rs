//! Short plays: the real bot against a Slack that behaves, with an inbox that can be told to fail.

#![expect(clippy::unwrap_used, reason = "in a play, what goes wrong should stop it")]

mod hands;
mod inbound;
mod outbound;
mod stage;
