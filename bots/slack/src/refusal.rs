//! What Slack's error words mean for what to do next, and what the operator is told about them.
//! The words are those of Slack's method reference; one that is not listed refuses the one order
//! it answered, never the lane.

use threadline_core::desk::{Stop, Trouble};

/// How long to pause when Slack says "too many" without saying how long.
/// Its rates are counted in windows of a minute, with one post a second per channel.
pub(crate) const PAUSE_MILLIS: u64 = 5_000;

/// Slack's `ok: false`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Slack's word.
    pub code: String,
    /// The scope that is missing, when that is the reason.
    pub needed: Option<String>,
}

impl Refusal {
    /// What to do next.
    pub fn trouble(self, method: &str) -> Trouble {
        let why = format!("{method}: {}", self.code);
        match self.code.as_str() {
            "ratelimited" | "rate_limited" | "message_limit_exceeded" | "accesslimited" => {
                Trouble::Later { after_millis: PAUSE_MILLIS }
            }
            // "It's possible some aspect of the operation succeeded before the error was raised."
            "fatal_error" | "internal_error" | "service_unavailable" => Trouble::Unclear { why },
            "request_timeout" | "team_added_to_org" | "external_channel_migrating" => Trouble::NotDone { why },
            "thread_not_found" => Trouble::ThreadGone,
            _ => match self.stop() {
                Some(stop) => Trouble::Stopped(stop),
                None => Trouble::Never { why },
            },
        }
    }

    /// The operator's work, if it is that.
    fn stop(&self) -> Option<Stop> {
        let (channel_only, advice) = match self.code.as_str() {
            "invalid_auth" | "not_authed" => {
                (false, "Slack does not know the token. Copy it again from the app's settings into the configuration.")
            }
            "token_revoked" => (false, "The token was revoked. Install the Slack app again and put in its new token."),
            "token_expired" => (
                false,
                "The token has expired. Switch token rotation off in the app's settings, or install the app again.",
            ),
            "account_inactive" => {
                (false, "The app was removed from the workspace. Install it again and put in its new token.")
            }
            "not_allowed_token_type" => (
                false,
                "This is the wrong kind of token. The bot token starts with xoxb-, the app-level token with xapp-.",
            ),
            "missing_scope" => {
                let scope = self.needed.as_deref().unwrap_or("a permission");
                let advice = format!(
                    "The Slack app lacks {scope}. Update the app from the manifest that `threadline slack manifest` prints, and install it again."
                );
                return Some(Stop { code: self.code.clone(), advice, channel_only: false });
            }
            "team_access_not_granted" | "org_login_required" | "forbidden_team" | "team_not_found" => {
                (false, "The app has no access to this workspace. An administrator has to grant it.")
            }
            "ekm_access_denied" => (false, "The workspace's administrators have suspended access by key management."),
            "no_permission" | "app_access_restricted" | "access_denied" => {
                (false, "The workspace's administrators do not let the app do this. Ask them to allow it.")
            }
            "not_in_channel" => (true, "The bot is not in the channel. Invite it there: /invite @ and its name."),
            "channel_not_found" => (
                true,
                "Slack finds no such channel. Check the channel's id in the configuration; if the channel is private, invite the bot.",
            ),
            "is_archived" => (true, "The channel is archived. Unarchive it, or configure another channel."),
            "restricted_action"
            | "restricted_action_read_only_channel"
            | "restricted_action_thread_only_channel"
            | "restricted_action_non_threadable_channel" => (
                true,
                "The channel's posting permissions keep the bot out. Let apps post messages and thread replies there.",
            ),
            "channel_is_limited_access" | "messages_tab_disabled" | "method_not_supported_for_channel_type" => {
                (true, "This kind of channel cannot be a desk. Configure an ordinary channel.")
            }
            _ => return None,
        };
        Some(Stop { code: self.code.clone(), advice: advice.to_string(), channel_only })
    }
}

/// Events by which Slack says that nothing works any more, before a call finds it out.
pub(crate) fn stop_for_event(kind: &str) -> Option<Stop> {
    let (code, channel_only, advice) = match kind {
        "tokens_revoked" => {
            ("tokens_revoked", false, "The token was revoked. Install the Slack app again and put in its new token.")
        }
        "app_uninstalled" => (
            "app_uninstalled",
            false,
            "The app was removed from the workspace. Install it again and put in its new token.",
        ),
        "channel_archive" | "group_archive" => {
            ("is_archived", true, "The channel is archived. Unarchive it, or configure another channel.")
        }
        "channel_deleted" | "group_deleted" => {
            ("channel_not_found", true, "The channel was deleted. Configure another channel.")
        }
        "channel_left" | "group_left" => {
            ("not_in_channel", true, "The bot was removed from the channel. Invite it again: /invite @ and its name.")
        }
        "channel_id_changed" => (
            "channel_id_changed",
            true,
            "The channel has a new id since it is shared. Put the new id into the configuration.",
        ),
        _ => return None,
    };
    Some(Stop { code: code.to_string(), advice: advice.to_string(), channel_only })
}

/// Socket Mode was switched off.
pub(crate) fn socket_mode_off() -> Stop {
    Stop {
        code: "link_disabled".to_string(),
        advice: "Socket Mode is switched off in the Slack app's settings. Switch it on again.".to_string(),
        channel_only: false,
    }
}

/// Why Slack takes no file, as the thread reads it; the other words of Slack are shown as they are.
pub(crate) fn of_file(trouble: Trouble) -> Trouble {
    let Trouble::Never { why } = &trouble else { return trouble };
    let why = match why.rsplit(": ").next().unwrap_or_default() {
        "file_type_not_allowed" => "this workspace does not allow files of its type",
        "file_uploads_disabled" => "this workspace does not allow files",
        "file_uploads_except_images_disabled" => "this workspace allows pictures only",
        "file_upload_size_restricted" | "file_too_large" => "it is too large for this workspace",
        "storage_limit_reached" | "over_file_storage_limit" => "the workspace's storage is full",
        "file_not_found" | "file_deleted" => "Slack has lost it",
        _ => return trouble,
    };
    Trouble::Never { why: why.to_string() }
}

/// Why Slack takes no message, as the thread reads it; the other words of Slack are shown as they are.
pub(crate) fn of_post(trouble: Trouble) -> Trouble {
    let Trouble::Never { why } = &trouble else { return trouble };
    let why = match why.rsplit(": ").next().unwrap_or_default() {
        "msg_too_long" | "msg_blocks_too_long" => "it is too long for Slack",
        "restricted_action_thread_locked" | "thread_locked" => "this thread is locked",
        "no_text" | "invalid_blocks" | "invalid_blocks_format" => "Slack cannot show what it says",
        _ => return trouble,
    };
    Trouble::Never { why: why.to_string() }
}

/// The bot may not read files.
pub(crate) fn no_files_read() -> Stop {
    Stop {
        code: "missing_scope".to_string(),
        advice: "Agents' files do not reach customers: the Slack app lacks files:read. Update the app from the manifest that \
                 `threadline slack manifest` prints, and install it again."
            .to_string(),
        channel_only: false,
    }
}

/// The token opens Slack, but not for a bot.
pub(crate) fn not_a_bot_token() -> Stop {
    Stop {
        code: "not_a_bot_token".to_string(),
        advice: "The token is not a bot's. Put in the Bot User OAuth Token, which starts with xoxb-.".to_string(),
        channel_only: false,
    }
}

/// The thread belongs to a workspace that the token does not open.
pub(crate) fn other_workspace() -> Stop {
    Stop {
        code: "other_workspace".to_string(),
        advice: "The bot token belongs to another workspace than the conversation's thread. Put in the token of the first one."
            .to_string(),
        channel_only: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(code: &str) -> Trouble {
        Refusal { code: code.into(), needed: None }.trouble("chat.postMessage")
    }

    #[test]
    fn each_word_of_slack_leads_somewhere() {
        for code in ["ratelimited", "rate_limited", "message_limit_exceeded"] {
            assert_eq!(trouble(code), Trouble::Later { after_millis: PAUSE_MILLIS });
        }
        for code in ["fatal_error", "internal_error"] {
            assert!(matches!(trouble(code), Trouble::Unclear { .. }), "{code}");
        }
        assert_eq!(trouble("thread_not_found"), Trouble::ThreadGone);
        for code in ["invalid_blocks", "msg_too_long", "restricted_action_thread_locked", "a_word_of_next_year"] {
            assert_eq!(trouble(code), Trouble::Never { why: format!("chat.postMessage: {code}") });
        }
        for (code, only) in [
            ("token_revoked", false),
            ("invalid_auth", false),
            ("account_inactive", false),
            ("team_access_not_granted", false),
            ("ekm_access_denied", false),
            ("not_in_channel", true),
            ("is_archived", true),
            ("channel_not_found", true),
            ("restricted_action", true),
            ("restricted_action_read_only_channel", true),
        ] {
            let Trouble::Stopped(stop) = trouble(code) else { panic!("{code}") };
            assert_eq!((stop.code.as_str(), stop.channel_only), (code, only));
        }
    }

    #[test]
    fn why_a_file_is_not_taken_is_said_in_words() {
        let why = |code: &str| of_file(trouble(code));
        let never = |why: &str| Trouble::Never { why: why.to_string() };
        assert_eq!(why("storage_limit_reached"), never("the workspace's storage is full"));
        assert_eq!(why("a_word_of_next_year"), never("chat.postMessage: a_word_of_next_year"));
        assert_eq!(why("thread_not_found"), Trouble::ThreadGone);
        assert_eq!(of_post(trouble("restricted_action_thread_locked")), never("this thread is locked"));
        assert_eq!(of_post(trouble("cannot_reply_to_message")), never("chat.postMessage: cannot_reply_to_message"));
    }

    #[test]
    fn a_missing_scope_is_named() {
        let refusal = Refusal { code: "missing_scope".into(), needed: Some("users:read".into()) };
        let Trouble::Stopped(stop) = refusal.trouble("users.info") else { panic!() };
        assert!(stop.advice.contains("users:read"));
    }
}
