//! What Discord's error codes mean for what to do next, and what the operator is told about them. The
//! codes are those of Discord's list (docs, "JSON Error Codes"); one that is not listed here refuses the
//! one order it answered, never the lane.

use crate::permissions;
use serde_json::Value;
use threadline_core::desk::{Stop, Trouble};

/// How long to pause when Discord says "too many" without saying how long.
pub(crate) const PAUSE_MILLIS: u64 = 5_000;

/// There is no such channel or thread.
pub(crate) const UNKNOWN_CHANNEL: u64 = 10_003;
/// There is no such message.
pub(crate) const UNKNOWN_MESSAGE: u64 = 10_008;
/// There is no such person on the server.
pub(crate) const UNKNOWN_MEMBER: u64 = 10_007;
/// There is no such account.
pub(crate) const UNKNOWN_USER: u64 = 10_013;
/// He takes no messages from the bot.
pub(crate) const CLOSED_TO_US: u64 = 50_007;
/// The thread is archived.
pub(crate) const ARCHIVED: u64 = 50_083;
/// The server has as many active threads as it may have.
pub(crate) const TOO_MANY_THREADS: u64 = 160_006;

/// Discord's no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Discord's code, 0 where it has none.
    pub code: u64,
    /// Discord's words.
    pub message: String,
}

/// What a call was about, where "there is no such channel" means something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A thread.
    Thread,
    /// A desk's channel, or the server.
    Channel,
}

impl Refusal {
    /// Reads what Discord answered; nothing for what is none of its answers.
    pub fn read(status: u16, body: &Value) -> Option<Refusal> {
        let code = body["code"].as_u64()?;
        let words = body["message"].as_str().unwrap_or_default();
        let message = match first_error(&body["errors"], "") {
            Some(error) => format!("{words}: {error}"),
            None => words.to_string(),
        };
        Some(Refusal { status, code, message })
    }

    /// What to do next.
    pub fn trouble(self, call: &str, about: About) -> Trouble {
        let why = format!("{call}: {} ({})", self.message, self.code);
        let never = |why: &str| Trouble::Never { why: why.to_string() };
        match (self.code, about) {
            (UNKNOWN_CHANNEL, About::Thread) => Trouble::ThreadGone,
            (20_016 | 20_022 | 20_028 | 40_004 | 130_000 | TOO_MANY_THREADS, _) => {
                Trouble::Later { after_millis: PAUSE_MILLIS }
            }
            // Edits of what is old have a limit of their own; an archived thread is woken, and then it goes on.
            (30_046 | ARCHIVED, _) => Trouble::NotDone { why },
            (160_005, _) => never("this thread is locked"),
            (200_000 | 200_001, _) => never("AutoMod, which guards this server, does not let it through"),
            (40_005, _) => never("it is too large for this server"),
            (30_010, _) => never("there are as many reactions as a message can have"),
            (90_001, _) => never("its writer has blocked the bot"),
            _ => match self.stop() {
                Some(stop) => Trouble::Stopped(stop),
                None => Trouble::Never { why },
            },
        }
    }

    /// The operator's work, if it is that.
    fn stop(&self) -> Option<Stop> {
        let (channel_only, advice) = match (self.status, self.code) {
            (401, _) | (_, 50_014) => return Some(wrong_token()),
            (_, UNKNOWN_CHANNEL) => (
                true,
                "Discord finds no such channel. Check the channel's id in the configuration, and that the bot may see the channel."
                    .to_string(),
            ),
            (_, 10_004) => (
                false,
                "The bot is not on the server any more. Invite it again: `threadline discord invite` prints the link."
                    .to_string(),
            ),
            (_, 50_001) => (
                true,
                "The bot does not see the channel. In its settings, under Permissions, give the bot's role View Channel."
                    .to_string(),
            ),
            (_, 50_013) => (
                true,
                format!(
                    "The bot lacks a permission in the channel. It needs: {}. Give them to the bot's role in the channel's settings under Permissions, or invite the bot again with the link that `threadline discord invite` prints.",
                    permissions::names(permissions::needed())
                ),
            ),
            (_, 50_024) => {
                (true, "This kind of channel cannot be a desk. Configure a text channel or a forum.".to_string())
            }
            (_, 40_067) => (
                true,
                "The forum demands a tag of each post, and none of its tags is called like the topic. Add tags that are called like your topics, or switch “Require people to select tags” off in the forum's settings."
                    .to_string(),
            ),
            _ => return None,
        };
        let code = self.code.to_string();
        Some(Stop { code, advice, channel_only })
    }
}

/// The first of the errors that Discord lists field by field.
fn first_error(errors: &Value, at: &str) -> Option<String> {
    let fields = errors.as_object()?;
    if let Some(words) = fields.get("_errors").and_then(|all| all[0]["message"].as_str()) {
        return Some(format!("{at}: {words}"));
    }
    fields.iter().find_map(|(name, inside)| first_error(inside, if at.is_empty() { name } else { at }))
}

/// The token opens nothing.
pub(crate) fn wrong_token() -> Stop {
    Stop {
        code: "401".to_string(),
        advice: "Discord does not know the token. In the developer portal, under Bot, make a new one and put it into the configuration.".to_string(),
        channel_only: false,
    }
}

/// The bot may not read what people write.
pub(crate) fn no_message_content() -> Stop {
    Stop {
        code: "4014".to_string(),
        advice:
            "The bot may not read messages. In the developer portal, under Bot, switch “Message Content Intent” on."
                .to_string(),
        channel_only: false,
    }
}

/// The thread belongs to a server that the bot does not serve.
pub(crate) fn other_server() -> Stop {
    Stop {
        code: "other_server".to_string(),
        advice: "The conversation's thread is on another server than the configured channels. Configure channels of that server."
            .to_string(),
        channel_only: true,
    }
}

/// Why Discord closed the connection, where only the operator can mend it (docs, "Gateway Close Event Codes").
pub(crate) fn closed_for_good(code: u16) -> Option<Stop> {
    match code {
        4004 => Some(wrong_token()),
        4013 | 4014 => Some(no_message_content()),
        4010..=4012 => Some(Stop {
            code: code.to_string(),
            advice: "Discord does not take connections of this kind any more. Update Threadline.".to_string(),
            channel_only: false,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trouble(status: u16, code: u64, about: About) -> Trouble {
        Refusal { status, code, message: "No".into() }.trouble("post", about)
    }

    #[test]
    fn each_code_of_discord_leads_somewhere() {
        assert_eq!(trouble(404, UNKNOWN_CHANNEL, About::Thread), Trouble::ThreadGone);
        for code in [20_016, 20_028, TOO_MANY_THREADS] {
            assert_eq!(trouble(429, code, About::Thread), Trouble::Later { after_millis: PAUSE_MILLIS });
        }
        assert!(matches!(trouble(400, ARCHIVED, About::Thread), Trouble::NotDone { .. }));
        for code in [UNKNOWN_MESSAGE, 50_035, 200_000, 160_005, 999_999] {
            assert!(matches!(trouble(400, code, About::Thread), Trouble::Never { .. }), "{code}");
        }
        for (status, code, only) in [
            (401, 0, false),
            (404, UNKNOWN_CHANNEL, true),
            (404, 10_004, false),
            (403, 50_001, true),
            (403, 50_013, true),
            (400, 40_067, true),
        ] {
            let Trouble::Stopped(stop) = trouble(status, code, About::Channel) else { panic!("{code}") };
            assert_eq!(stop.channel_only, only, "{code}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_field_is_said() {
        let body = json!({ "code": 50035, "message": "Invalid Form Body", "errors": {
            "embeds": { "0": { "description": { "_errors": [{ "code": "X", "message": "Must be shorter." }] } } } } });
        let refusal = Refusal::read(400, &body).unwrap();
        assert_eq!(refusal.message, "Invalid Form Body: embeds: Must be shorter.");
        assert_eq!(Refusal::read(502, &json!({ "message": "a proxy's" })), None);
    }
}
