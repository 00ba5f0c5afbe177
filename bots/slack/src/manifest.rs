//! The Slack app's manifest: exactly the scopes and events that this version uses, so that an
//! administrator grants nothing more.

use crate::format::clean_line;
use crate::interaction::SHORTCUT;
use threadline_core::verb::{Name, Names};
use threadline_core::words;

/// What the bot may do, each with what it is for.
pub const SCOPES: [(&str, &str); 11] = [
    ("chat:write", "post the card, the customer's messages and private notices"),
    ("chat:write.customize", "post under the customer's name"),
    ("channels:history", "read the threads of public channels"),
    ("groups:history", "read the threads of private channels"),
    ("channels:read", "check public channels, see who is in them, and hear of their archiving"),
    ("groups:read", "check private channels, see who is in them, and hear of their archiving"),
    ("reactions:write", "show receipts under an agent's message"),
    ("files:write", "show customers' files in their thread"),
    ("files:read", "bring agents' files to customers"),
    ("commands", "be called by its command and in the menus of messages"),
    ("users:read", "show customers the names and pictures of who answers"),
];

/// What the bot hears of.
pub const EVENTS: [&str; 16] = [
    "message.channels",
    "message.groups",
    "user_change",
    "app_home_opened",
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
/// Our slash command, unless another app of the workspace has the word.
pub const COMMAND: &str = "threadline";
/// What an app without a usable name is called.
const NAME: &str = "Threadline";

/// Longest name of a command (Slack's manifest schema, `slash_commands`).
const COMMAND_CHARS_MAX: usize = 32;
/// The verbs that have a place in the menu of every message, at most five of an app
/// (docs.slack.dev, "Implementing shortcuts"); each needs the message's thread and little else.
const SHORTCUTS: [Name; 5] = [Name::Claim, Name::Assign, Name::Note, Name::Topic, Name::Resolve];

/// What the manifest is made for.
#[derive(Clone, Copy, Debug)]
pub struct App<'a> {
    /// The app's name, and the bot's.
    pub name: &'a str,
    /// The word of its slash command, without the `/`.
    pub command: &'a str,
    /// What the team calls the verbs.
    pub names: &'a Names,
    /// Where Slack sends everything by HTTP, without a path; none for Socket Mode.
    pub http: Option<&'a str>,
}

/// The manifest as YAML, for "Create an app from a manifest".
pub fn manifest(app: App<'_>) -> String {
    let name = match clean_line(app.name, NAME_CHARS_MAX) {
        name if name.is_empty() => NAME.to_string(),
        name => name,
    };
    let name = quoted(&name);
    let scopes: String = SCOPES.iter().map(|(scope, why)| format!("      - {scope} # {why}\n")).collect();
    let events: String = EVENTS.iter().map(|event| format!("      - {event}\n")).collect();
    let url = |key: &str, path: &str| {
        app.http.map_or(String::new(), |base| format!("{key}: {}\n", quoted(&format!("{base}{path}"))))
    };
    let command = quoted(&format!("/{}", command(app.command)));
    let command_url = indented(6, &url("url", "/slack/commands"));
    let events_url = indented(4, &url("request_url", "/slack/events"));
    let hands_url = indented(4, &url("request_url", "/slack/interactions"));
    let menus_url = indented(4, &url("message_menu_options_url", "/slack/interactions"));
    let shortcuts: String =
        SHORTCUTS.into_iter().filter(|name| app.names.word(*name).is_some()).map(shortcut).collect();
    // Slack takes no empty list.
    let shortcuts = if shortcuts.is_empty() { shortcuts } else { format!("  shortcuts:\n{shortcuts}") };
    let socket_mode = app.http.is_none();
    format!(
        "\
_metadata:
  major_version: 2
display_information:
  name: {name}
  description: Answers the website's chat in threads
features:
  app_home:
    home_tab_enabled: true
    messages_tab_enabled: false
    messages_tab_read_only_enabled: false
  bot_user:
    display_name: {name}
    always_online: true
{shortcuts}  slash_commands:
    - command: {command}
{command_url}      description: \"Pick a conversation and what to do, or write: list, late, help\"
      usage_hint: \"claim #1042\"
      should_escape: true
oauth_config:
  scopes:
    bot:
{scopes}settings:
  event_subscriptions:
{events_url}    bot_events:
{events}  interactivity:
    is_enabled: true
{hands_url}{menus_url}  org_deploy_enabled: false
  socket_mode_enabled: {socket_mode}
  token_rotation_enabled: false
"
    )
}

/// An entry in the menu of every message.
fn shortcut(name: Name) -> String {
    format!(
        "    - name: {}\n      type: message\n      callback_id: {SHORTCUT}{}\n      description: {}\n",
        quoted(words::shortcut(name)),
        name.entry().word,
        quoted(name.entry().does),
    )
}

/// A command's word: Slack takes no blanks and no capitals in it.
fn command(given: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let word: String = given.to_lowercase().chars().filter(|c| fits(*c)).take(COMMAND_CHARS_MAX - 1).collect();
    if word.is_empty() { COMMAND.to_string() } else { word }
}

/// A line set in by so many blanks; nothing for none.
fn indented(blanks: usize, line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("{:blanks$}{line}", "") }
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
    use threadline_core::verb::Chosen;

    fn made(name: &str, command: &str, names: &Names, http: Option<&str>) -> String {
        manifest(App { name, command, names, http })
    }

    #[test]
    fn the_manifest_asks_for_what_is_used_and_no_more() {
        expect![[r#"
            _metadata:
              major_version: 2
            display_information:
              name: "Threadline"
              description: Answers the website's chat in threads
            features:
              app_home:
                home_tab_enabled: true
                messages_tab_enabled: false
                messages_tab_read_only_enabled: false
              bot_user:
                display_name: "Threadline"
                always_online: true
              shortcuts:
                - name: "Take conversation"
                  type: message
                  callback_id: verb/claim
                  description: "Take this conversation."
                - name: "Assign conversation…"
                  type: message
                  callback_id: verb/assign
                  description: "Give it to somebody, or take it over with “me”."
                - name: "Note for the team…"
                  type: message
                  callback_id: verb/note
                  description: "Tell the team; the customer never sees it."
                - name: "Change topic…"
                  type: message
                  callback_id: verb/topic
                  description: "Say what it is about."
                - name: "Resolve conversation"
                  type: message
                  callback_id: verb/resolve
                  description: "Say that it is done; “silently” asks the customer for no rating."
              slash_commands:
                - command: "/threadline"
                  description: "Pick a conversation and what to do, or write: list, late, help"
                  usage_hint: "claim #1042"
                  should_escape: true
            oauth_config:
              scopes:
                bot:
                  - chat:write # post the card, the customer's messages and private notices
                  - chat:write.customize # post under the customer's name
                  - channels:history # read the threads of public channels
                  - groups:history # read the threads of private channels
                  - channels:read # check public channels, see who is in them, and hear of their archiving
                  - groups:read # check private channels, see who is in them, and hear of their archiving
                  - reactions:write # show receipts under an agent's message
                  - files:write # show customers' files in their thread
                  - files:read # bring agents' files to customers
                  - commands # be called by its command and in the menus of messages
                  - users:read # show customers the names and pictures of who answers
            settings:
              event_subscriptions:
                bot_events:
                  - message.channels
                  - message.groups
                  - user_change
                  - app_home_opened
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
              interactivity:
                is_enabled: true
              org_deploy_enabled: false
              socket_mode_enabled: true
              token_rotation_enabled: false
        "#]]
        .assert_eq(&made("Threadline", COMMAND, &Names::default(), None));
    }

    #[test]
    fn without_socket_mode_everything_comes_to_an_address() {
        let manifest = made("Help \"desk\"\n: x", COMMAND, &Names::default(), Some("https://chat.example.com"));
        assert!(manifest.contains("  name: \"Help \\\"desk\\\" : x\"\n"), "{manifest}");
        for line in [
            "    request_url: \"https://chat.example.com/slack/events\"\n    bot_events:\n",
            "      url: \"https://chat.example.com/slack/commands\"\n",
            "    request_url: \"https://chat.example.com/slack/interactions\"\n",
            "    message_menu_options_url: \"https://chat.example.com/slack/interactions\"\n",
            "  socket_mode_enabled: false\n",
        ] {
            assert!(manifest.contains(line), "{line} in {manifest}");
        }
    }

    #[test]
    fn a_team_that_has_the_word_already_takes_another() {
        let mut names = Names::default();
        names.choose(Name::Topic, Chosen::Off);
        let manifest = made("Threadline", "/Shop Chat", &names, None);
        assert!(manifest.contains("    - command: \"/shopchat\"\n"), "{manifest}");
        assert!(!manifest.contains("verb/topic") && manifest.contains("verb/claim"), "{manifest}");
        assert!(made("Threadline", "//", &names, None).contains("\"/threadline\""));
        SHORTCUTS.into_iter().for_each(|name| names.choose(name, Chosen::Off));
        assert!(!made("Threadline", COMMAND, &names, None).contains("shortcuts"));
    }
}
