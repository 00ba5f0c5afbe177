//! Conversations by email: composing letters and handing them to a mail server, fetching what comes in and
//! reading what it says. It stands for itself: it knows mail servers and letters, not the database, and
//! what is said here is decided elsewhere. Nothing calls it yet.
//!
//! A letter goes out as [`letter::Letter`] → bytes. [`address::Signer`] makes the address that a customer
//! replies to, which names his conversation and is signed, and the id of every letter of ours.

pub mod address;
pub mod letter;
mod shown;
mod words;
