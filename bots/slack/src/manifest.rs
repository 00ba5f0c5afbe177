//! The Slack app's manifest: exactly the scopes and events that this version uses, so that an
//! administrator grants nothing more.

use crate::format::clean_line;

/// What the bot may do, each with what it is for.
pub const SCOPES: [(&str, &str); 10] = [
    ("chat:write", "post the card, the customer's messages and private notices"),
    ("chat:write.customize", "post under the customer's name"),
    ("channels:history", "read the threads of public channels"),
    ("groups:history", "read the threads of private channels"),
    ("channels:read", "check public channels, and hear of their archiving"),
    ("groups:read", "check private channels, and hear of their archiving"),
    ("reactions:write", "show receipts under an agent's message"),
    ("files:write", "show customers' files in their thread"),
    ("files:read", "bring agents' files to customers"),
    ("users:read", "show customers the names and pictures of who answers"),
];

/// What the bot hears of.
pub const EVENTS: [&str; 15] = [
    "message.channels",
    "message.groups",
    "user_change",
    "member_joined_channel",
    "channel_archive",
    "channel_unarchive",
    "channel_deleted",
    "channel_left",
    "channel_id_changed",
    "group_archive",
    "group_unarchive",
    "group_deleted",
    "group_left",
    "tokens_revoked",
    "app_uninstalled",
];

/// Longest name of an app (Slack's manifest schema, `display_information.name`).
const NAME_CHARS_MAX: usize = 35;
/// What an app without a usable name is called.
const NAME: &str = "Threadline";

/// The manifest as YAML, for "Create an app from a manifest". Without Socket Mode, events come to
/// `request_url`.
pub fn manifest(app_name: &str, socket_mode: bool, request_url: Option<&str>) -> String {
    let name = match clean_line(app_name, NAME_CHARS_MAX) {
        name if name.is_empty() => NAME.to_string(),
        name => name,
    };
    let name = quoted(&name);
    let scopes: String = SCOPES.iter().map(|(scope, why)| format!("      - {scope} # {why}\n")).collect();
    let events: String = EVENTS.iter().map(|event| format!("      - {event}\n")).collect();
    let url = match request_url {
        Some(url) if !socket_mode => format!("    request_url: {}\n", quoted(url)),
        Some(_) | None => String::new(),
    };
    format!(
        "\
_metadata:
  major_version: 2
display_information:
  name: {name}
  description: Answers the website's chat in threads
features:
  bot_user:
    display_name: {name}
    always_online: true
oauth_config:
  scopes:
    bot:
{scopes}settings:
  event_subscriptions:
{url}    bot_events:
{events}  org_deploy_enabled: false
  socket_mode_enabled: {socket_mode}
  token_rotation_enabled: false
"
    )
}

/// A YAML string in double quotes, of printable characters.
fn quoted(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn the_manifest_asks_for_what_is_used_and_no_more() {
        expect![[r#"
            _metadata:
              major_version: 2
            display_information:
              name: "Threadline"
              description: Answers the website's chat in threads
            features:
              bot_user:
                display_name: "Threadline"
                always_online: true
            oauth_config:
              scopes:
                bot:
                  - chat:write # post the card, the customer's messages and private notices
                  - chat:write.customize # post under the customer's name
                  - channels:history # read the threads of public channels
                  - groups:history # read the threads of private channels
                  - channels:read # check public channels, and hear of their archiving
                  - groups:read # check private channels, and hear of their archiving
                  - reactions:write # show receipts under an agent's message
                  - files:write # show customers' files in their thread
                  - files:read # bring agents' files to customers
                  - users:read # show customers the names and pictures of who answers
            settings:
              event_subscriptions:
                bot_events:
                  - message.channels
                  - message.groups
                  - user_change
                  - member_joined_channel
                  - channel_archive
                  - channel_unarchive
                  - channel_deleted
                  - channel_left
                  - channel_id_changed
                  - group_archive
                  - group_unarchive
                  - group_deleted
                  - group_left
                  - tokens_revoked
                  - app_uninstalled
              org_deploy_enabled: false
              socket_mode_enabled: true
              token_rotation_enabled: false
        "#]]
        .assert_eq(&manifest("Threadline", true, None));
    }

    #[test]
    fn without_socket_mode_events_come_to_an_address() {
        let manifest = manifest("Help \"desk\"\n: x", false, Some("https://chat.example.com/slack/events"));
        assert!(manifest.contains("  name: \"Help \\\"desk\\\" : x\"\n"), "{manifest}");
        assert!(manifest.contains("    request_url: \"https://chat.example.com/slack/events\"\n"));
        assert!(manifest.contains("  socket_mode_enabled: false\n"));
    }
}
