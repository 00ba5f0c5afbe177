//! The promises of the main job, each with plays that try to break it: real service, real
//! databases, real clients, and a Slack that behaves, fails and is told to fail. A play is a short
//! script; `house` gives it a stage and checks at the end that nothing is left over.

#![expect(clippy::unwrap_used, reason = "a play that meets what it does not expect has failed")]

#[macro_use]
mod house;

mod main_job;

mod files;
mod files_in_a_bucket;
mod files_in_slack;
mod hold;
mod inside;
mod receipts;
mod retry;
mod verbs;

mod api;
mod browser;
mod context;
mod document;
mod hours;
mod identity;
mod presence;
mod resume;
mod saved;
mod sessions;
mod tickets;

mod by_hand;
mod downtime;
mod in_slack;
mod invitations;
mod ladder;
mod late;

mod letters;
mod letters_in;
mod mail;
mod night;

mod bad_day;
mod kill;
mod nodes;

mod corpus;
mod hostile;
mod hostile_text;
