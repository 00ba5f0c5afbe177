//! Threadline's face in Slack: what comes in, what goes out, and the words it says there.
//!
//! Out: the service's outbox calls [`outbound::Slack`]. In: [`inbound::Inbound`] keeps raw frames
//! from Slack's socket (or from the Events API, through [`knock`]) before they are acknowledged,
//! and understands them afterwards. What agents do with buttons, menus, commands and forms has three
//! seconds, and a way of its own: `hands`. Nothing here knows a database, a customer's browser or another
//! platform; everything said to Slack is worded in [`format`](mod@format).

pub mod config;
pub mod ids;

pub mod files;
pub mod outbound;
mod thread;

mod alarm;
mod arrival;
mod catch_up;
mod doubt;
mod held_up;
pub mod inbound;
mod interpret;
pub mod knock;
mod reader;
mod socket;

mod buttons;
mod command;
mod forms;
mod hands;
mod home;
mod interaction;
mod lists;
mod presence;
mod rooms;
mod saved;

pub mod decode;
mod directory;
mod emoji;
mod loose;
mod mrkdwn;
pub mod richtext;

pub mod check;
pub mod format;
pub mod manifest;
pub mod rich;

mod client;
mod refusal;

/// What this bot is called where platforms are told apart.
pub const PLATFORM: &str = "slack";
