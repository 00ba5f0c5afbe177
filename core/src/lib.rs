//! What Threadline is, without the world around it.
//!
//! Everything that happens is an [`Event`](conversation::Event); the core turns it into new state
//! and [`Effect`](conversation::Effect)s; both are stored in one transaction; workers carry the
//! effects out and report back as events. This crate holds the middle of that sentence. It never
//! waits, reads a clock, rolls dice, logs, or knows a database, a socket or a file: time and ids
//! come in as arguments.
//!
//! # Words
//!
//! | word | meaning |
//! |---|---|
//! | Customer, Proof | a person on the website; what the site signs to say who he is |
//! | Agent | a person who answers in Slack or Discord |
//! | Desk | where threads live: Slack channels, or the built-in practice desk |
//! | Conversation | one customer's exchange for its whole life, with a short number (`#1042`) |
//! | Message | one thing said in it, numbered in order within the conversation |
//! | Note | an agent's message that the customer never sees |
//! | Thread, Post, Link | the conversation's thread at a desk; one message there; the stored pair *our message ↔ their post* |
//! | File, Attachment | bytes with a name, known by their content; one as a part of a message, and what became of it |
//! | Receipt | what became of a message: stored, delivered, seen, or failed and why |
//! | Topic, Field, Answer | the help category chosen by the customer; something it asks for before the first message; what the customer said |
//! | Context, Fact | what is known besides what was written: page, browser, language, zone; a key and value that the site hands over |
//! | Card | the root of the thread: what is so now, described once and laid out by each desk |
//! | Calendar | when business is done: opening hours in a zone, with holidays and exceptions |
//! | Availability, Promise | what a customer may expect who writes now: somebody is there, or an answer by a stated time; by when a team answers |
//! | Ticket, Due, Priority | the promise to answer later: by when, and what goes first |
//! | Verb | something an agent can do to a conversation: claim, release, assign, note, topic, resolve, reopen, help … |
//! | Saved reply, Preview | text of the team's with places for what differs; it as it would be sent, for one agent's eyes |
//! | Deed | a verb that was done with a button, a menu or a command |
//! | Event, Effect | what happened (past tense); what must be done to the world (an order) |
//! | Outbox, Lane | stored effects waiting to be carried out; the line in which they keep their order |
//! | Rev | the number of a change that the customer can see; what a broken stream resumes from |

pub mod availability;
pub mod body;
pub mod calendar;
pub mod card;
pub mod context;
pub mod conversation;
pub mod customer;
pub mod desk;
pub mod file;
pub mod ids;
pub mod ladder;
pub mod lane;
pub mod markup;
pub mod media;
pub mod message;
pub mod overview;
pub mod presence;
pub mod saved;
pub mod schedule;
pub mod session;
pub mod ticket;
pub mod verb;
pub mod words;
