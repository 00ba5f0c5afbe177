//! What an agent wrote, as a message of Slack's or as text that was typed: the body it becomes, and
//! what that becomes.

use super::body::{holds, ink};
use serde_json::{Value, json};
use threadline_core::body::is_invisible;
use threadline_core::markup;
use threadline_slack::format::escape;
use threadline_slack::richtext;

/// Checks a message: an object as Slack sends it, or its text.
pub fn slack_message(text: &str) {
    let message = match serde_json::from_str::<Value>(text) {
        Ok(message) if message.is_object() => message,
        Ok(_) | Err(_) => json!({ "text": text }),
    };
    let body = richtext::body(&message);
    if let Some(person) = richtext::mentioned(&message, "U0BOT") {
        assert!(!person.is_empty() && person.chars().all(|c| c.is_ascii_alphanumeric()), "{person:?} is one person");
        assert_ne!(person, "U0BOT", "we are nobody to give a conversation to");
    }
    holds(body);
    typed(text);
}

/// What is typed at the practice desk, or comes from Slack escaped, keeps every letter in order.
fn typed(text: &str) {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let body = markup::parse(text);
    assert_eq!(letters(&body.text()), letters(text), "no letter gets lost");
    holds(body);
    // Emoji have names there, and our own mark for a form is none of Unicode's characters.
    if !text.contains(':') && !text.contains('\u{fdd0}') && !ink(text).is_empty() {
        let sent = json!({ "text": escape(text) });
        let body = richtext::body(&sent);
        assert_eq!(letters(&body.text()), letters(text), "no letter gets lost on the way through Slack");
        assert!(!body.text().chars().all(is_invisible), "what can be seen is not blank");
    }
}
