//! Threadline's face on Discord: what comes in, what goes out, and the words it says there.

mod buttons;
mod client;
pub mod config;
pub mod format;
pub mod ids;
mod limits;
pub mod markdown;
pub mod permissions;
mod refusal;

/// What this bot is called where platforms are told apart.
pub const PLATFORM: &str = "discord";
