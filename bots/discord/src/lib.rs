//! Threadline's face on Discord: what comes in, what goes out, and the words it says there.

pub mod config;
pub mod ids;

mod ears;
pub mod files;
pub mod outbound;
mod thread;

pub mod decode;
mod directory;
mod interpret;
pub mod markdown;
mod places;
mod rooms;

mod buttons;
pub mod format;
pub mod permissions;

mod client;
mod limits;
mod refusal;

/// What this bot is called where platforms are told apart.
pub const PLATFORM: &str = "discord";
