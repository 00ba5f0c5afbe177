//! Short plays that prove the fake: a small client calls it as a bot would, and what it answers,
//! sends and remembers is compared with what Slack does.

mod app;

mod chat;
mod control;
mod events;
mod faults;
mod files;
mod interactions;
mod paging;
mod strict;
mod webhook;
