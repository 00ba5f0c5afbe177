//! Threadline's face on Discord: what comes in, what goes out, and the words it says there.
//!
//! Out: the service's outbox calls [`outbound::Discord`]. In: [`inbound::Inbound`] keeps the connection that
//! events come over, understands them thread by thread, and reads back what may have been missed. What agents
//! do with buttons, menus, commands and forms is acknowledged first, and has a way of its own: `hands`.
//! Nothing here knows a database, a customer's browser or another platform; everything said on Discord is
//! worded in [`format`](mod@format).
//!
//! Of serenity there are the builders, with which everything that is sent is made, and the models of
//! permissions, intents and times. Its gateway loses what agents write on several faults, and its limiter
//! and calls lose what Discord says about limits; so the connection (`gateway`), the calls (`client`,
//! `limits`) and the reading of events (`decode`) are our own.

pub mod config;
pub mod ids;

mod ears;
pub mod files;
pub mod outbound;
mod thread;

mod alarm;
mod catch_up;
mod crowd;
mod gateway;
pub mod inbound;
mod interpret;
mod reader;

mod buttons;
mod commands;
mod hands;
mod lists;
mod rooms;

pub mod decode;
mod directory;
pub mod markdown;
mod places;

pub mod check;
pub mod format;
pub mod permissions;

mod client;
mod limits;
mod refusal;

/// What this bot is called where platforms are told apart.
pub const PLATFORM: &str = "discord";
