//! What must hold of everything that comes from outside, as functions of one text each: the fuzz
//! targets call them with whatever the fuzzer thinks of, `bots/slack/tests/seeds.rs` with the seeds.

mod body;
mod card;
mod frame;
mod message;
mod verb;

// The service's own file, without the rest of the service.
#[path = "../../src/store/json.rs"]
mod json;

pub use card::card;
pub use frame::slack_frame;
pub use message::slack_message;
pub use verb::verb;
