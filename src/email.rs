//! Conversations by email: composing letters and handing them to a mail server, fetching what comes in and
//! reading what it says. It stands for itself: it knows mail servers and letters, not the database, and
//! what is said here is decided elsewhere.
//!
//! A letter goes out as [`letter::Letter`] → bytes → [`smtp::Smtp::send`]; one comes in as bytes from
//! [`imap::fetch_letters`] → [`reading::read`]. [`address::Signer`] ties the two together: the address that a customer replies to names his conversation
//! and is signed, and so is the id of every letter of ours.

pub mod address;
pub mod invitation;
pub mod letter;
pub mod session;
mod shown;
mod words;

pub mod smtp;

pub mod imap;
mod server;

pub mod reading;

mod automatic;
mod html;
mod quotes;

#[cfg(test)]
#[path = "../fuzz/src/letter.rs"]
mod hostile;
#[cfg(test)]
mod seeds;
