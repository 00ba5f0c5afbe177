//! A frame of Slack, whatever it holds: found or not, never misplaced, and the same over a socket and
//! by HTTP.

use super::body;
use serde_json::Value;
use threadline_slack::decode::{Author, Decoded, FoundAct, decode, frame, is_echo};
use threadline_slack::ids::Spot;
use threadline_slack::outbound::Us;
use threadline_slack::richtext;

/// Checks a frame.
pub fn slack_frame(raw: &str) {
    let us =
        Us { team: "T1".into(), enterprise: Some("E1".into()), user: "U0BOT".into(), bot: "B0BOT".into(), url: None };
    if let Some(frame) = frame(raw) {
        assert!(!frame.key.is_empty() && *frame.raw == *raw, "a frame is kept as it came");
    }
    let Ok(decoded) = decode(&us, raw) else {
        assert!(serde_json::from_str::<Value>(raw).is_err(), "only what is no JSON is unreadable");
        return;
    };
    if is_echo(&us, raw) {
        assert_eq!(decoded, Decoded::Nothing, "what is passed over unread means nothing");
    }
    let is_bare = serde_json::from_str::<Value>(raw).is_ok_and(|value| !value["envelope_id"].is_string());
    let wrapped = format!(r#"{{"envelope_id":"e1","type":"events_api","payload":{raw}}}"#);
    // What is nested as deeply as can be read cannot be wrapped once more.
    if is_bare && let Ok(over_socket) = decode(&us, &wrapped) {
        assert_eq!(over_socket, decoded, "both ways mean the same");
    }
    let Decoded::Happened(found) = decoded else { return };
    let thread = Spot::parse(&found.thread.0).expect("a thread's key reads back");
    assert_eq!(thread.team, us.team);
    match found.act {
        FoundAct::Wrote(utterance) => {
            let post = Spot::parse(&utterance.post.key.0).expect("a post's key reads back");
            assert_eq!(post.channel, thread.channel, "a post stands in its thread's channel");
            assert_ne!(post.ts, thread.ts, "a root is no reply");
            let message = &utterance.message;
            assert!(message["bot_id"] != us.bot.as_str() && message["user"] != us.user.as_str(), "we wrote that");
            let is_user = matches!(utterance.author, Author::User(_));
            assert!(!is_user || message["bot_id"].as_str().is_none_or(str::is_empty), "an app is no user");
            body::holds(richtext::body(message));
        }
        FoundAct::Deleted(post) => {
            let post = Spot::parse(&post.key.0).expect("a post's key reads back");
            assert_eq!(post.channel, thread.channel, "a post stands in its thread's channel");
        }
        FoundAct::Gone => {}
    }
}
