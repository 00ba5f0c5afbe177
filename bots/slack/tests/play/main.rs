//! Short plays: the real bot against a Slack that behaves, with an inbox that can be told to fail.

mod inbound;
mod outbound;
mod stage;
