//! Plays: the bot against a small Discord that behaves, over real sockets and HTTP.

#![expect(clippy::unwrap_used, reason = "in a play, what goes wrong should stop it")]

mod hands;
mod inbound;
mod outbound;
mod shelf;
mod town;
