//! Threadline's face on Discord: what comes in, what goes out, and the words it says there.

mod buttons;
pub mod config;
pub mod format;
pub mod ids;
pub mod markdown;

/// What this bot is called where platforms are told apart.
pub const PLATFORM: &str = "discord";
