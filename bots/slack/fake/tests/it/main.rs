//! Short plays that prove the fake: a small client calls it as a bot would, and what it answers,
//! sends and remembers is compared with what Slack does.
//!
//! The modules are marked as tests so that clippy lets them unwrap, helpers included.

#[cfg(test)]
mod app;

#[cfg(test)]
mod chat;
#[cfg(test)]
mod control;
#[cfg(test)]
mod events;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod files;
#[cfg(test)]
mod interactions;
#[cfg(test)]
mod paging;
#[cfg(test)]
mod strict;
#[cfg(test)]
mod webhook;
