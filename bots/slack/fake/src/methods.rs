//! The Web API's methods as this Slack serves them: who may call each, with which arguments, how
//! often, and whether it takes JSON. Written after Slack's method reference (docs.slack.dev).

/// A method of the Web API.
#[derive(Debug)]
pub struct Method {
    /// Its name: `chat.postMessage`.
    pub name: &'static str,
    /// The token it wants.
    pub token: TokenKind,
    /// The scopes of which one is needed; none where that depends on the channel or nothing is needed.
    pub scopes: &'static [&'static str],
    /// Whether it takes a JSON body; all methods take forms and queries.
    pub json: bool,
    /// Whether it is documented for GET.
    pub get: bool,
    /// How often it may be called.
    pub tier: Tier,
    /// What it takes besides the token.
    pub args: &'static [Arg],
}

/// Which token a method wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `xoxb-…`.
    Bot,
    /// `xapp-…`, in the Authorization header only.
    App,
    /// Any or none.
    None,
}

/// How often a method may be called: "Rate limits" in Slack's documentation, per app and workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// About 20 a minute.
    T2,
    /// About 50 a minute.
    T3,
    /// About 100 a minute.
    T4,
    /// "Special": this many a minute. Slack gives 600 for assistant.threads.setStatus, "hundreds"
    /// for auth.test and chat.getPermalink, and "several hundred" for all posts of a workspace.
    Special(u32),
}

impl Tier {
    /// Calls allowed in a minute.
    pub fn per_minute(self) -> u32 {
        match self {
            Tier::T2 => 20,
            Tier::T3 => 50,
            Tier::T4 => 100,
            Tier::Special(calls) => calls,
        }
    }
}

/// An argument of a method.
#[derive(Debug)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// What it must be.
    pub kind: ArgKind,
    /// Whether the method does nothing without it.
    pub required: bool,
}

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// A string.
    Text,
    /// A whole number, perhaps spelt as a string.
    Int,
    /// True or false, perhaps spelt as a string.
    Flag,
    /// An object or a list, in a form or query serialised as JSON.
    Json,
    /// Names, as a list or with commas between them.
    Names,
}

const fn must(name: &'static str, kind: ArgKind) -> Arg {
    Arg { name, kind, required: true }
}

const fn may(name: &'static str, kind: ArgKind) -> Arg {
    Arg { name, kind, required: false }
}

use ArgKind::{Flag, Int, Json, Names, Text};
use TokenKind::{App, Bot};

/// One of these is enough to look at channels; which one is needed is the channel's kind.
const CHANNELS_READ: &[&str] = &["channels:read", "groups:read"];
/// One of these is enough to read messages.
const HISTORY: &[&str] = &["channels:history", "groups:history"];

/// A method's row: documented for POST with JSON, unless said otherwise.
const fn post(name: &'static str, scopes: &'static [&'static str], tier: Tier, args: &'static [Arg]) -> Method {
    Method { name, token: Bot, scopes, json: true, get: false, tier, args }
}

/// A reading method's row: documented for GET, no JSON.
const fn get(name: &'static str, scopes: &'static [&'static str], tier: Tier, args: &'static [Arg]) -> Method {
    Method { name, token: Bot, scopes, json: false, get: true, tier, args }
}

/// Every method that this Slack serves.
pub const METHODS: &[Method] = &[
    Method {
        token: TokenKind::None,
        get: true,
        ..post("api.test", &[], Tier::T4, &[may("error", Text), may("foo", Text)])
    },
    Method { token: App, ..post("apps.connections.open", &["connections:write"], Tier::T3, &[]) },
    post("auth.test", &[], Tier::Special(300), &[]),
    get("bots.info", &["users:read"], Tier::T3, &[may("bot", Text), may("team_id", Text)]),
    post(
        "assistant.threads.setStatus",
        &["chat:write"],
        Tier::Special(600),
        &[
            must("channel_id", Text),
            must("thread_ts", Text),
            must("status", Text),
            may("loading_messages", Names),
            may("icon_emoji", Text),
            may("icon_url", Text),
            may("username", Text),
        ],
    ),
    post("chat.delete", &["chat:write"], Tier::T3, &[must("channel", Text), must("ts", Text), may("as_user", Flag)]),
    get("chat.getPermalink", &[], Tier::Special(300), &[must("channel", Text), must("message_ts", Text)]),
    post(
        "chat.postEphemeral",
        &["chat:write"],
        Tier::T4,
        &[
            must("channel", Text),
            must("user", Text),
            may("text", Text),
            may("blocks", Json),
            may("attachments", Json),
            may("thread_ts", Text),
            may("username", Text),
            may("icon_emoji", Text),
            may("icon_url", Text),
            may("parse", Text),
            may("link_names", Flag),
            may("markdown_text", Text),
            may("metadata", Json),
            may("as_user", Flag),
        ],
    ),
    post(
        "chat.postMessage",
        &["chat:write"],
        Tier::Special(600),
        &[
            must("channel", Text),
            may("text", Text),
            may("blocks", Json),
            may("attachments", Json),
            may("thread_ts", Text),
            may("reply_broadcast", Flag),
            may("metadata", Json),
            may("username", Text),
            may("icon_emoji", Text),
            may("icon_url", Text),
            may("unfurl_links", Flag),
            may("unfurl_media", Flag),
            may("parse", Text),
            may("link_names", Flag),
            may("mrkdwn", Flag),
            may("markdown_text", Text),
            may("as_user", Flag),
        ],
    ),
    post(
        "chat.update",
        &["chat:write"],
        Tier::T3,
        &[
            must("channel", Text),
            must("ts", Text),
            may("text", Text),
            may("blocks", Json),
            may("attachments", Json),
            may("metadata", Json),
            may("parse", Text),
            may("link_names", Flag),
            may("markdown_text", Text),
            may("reply_broadcast", Flag),
            may("file_ids", Json),
            may("as_user", Flag),
        ],
    ),
    Method {
        json: true,
        ..get(
            "conversations.history",
            HISTORY,
            Tier::T3,
            &[
                must("channel", Text),
                may("cursor", Text),
                may("include_all_metadata", Flag),
                may("inclusive", Flag),
                may("latest", Text),
                may("limit", Int),
                may("oldest", Text),
            ],
        )
    },
    get(
        "conversations.info",
        CHANNELS_READ,
        Tier::T3,
        &[must("channel", Text), may("include_locale", Flag), may("include_num_members", Flag)],
    ),
    post("conversations.join", &["channels:join"], Tier::T3, &[must("channel", Text)]),
    get(
        "conversations.list",
        CHANNELS_READ,
        Tier::T2,
        &[
            may("cursor", Text),
            may("exclude_archived", Flag),
            may("limit", Int),
            may("team_id", Text),
            may("types", Names),
        ],
    ),
    get(
        "conversations.members",
        CHANNELS_READ,
        Tier::T4,
        &[must("channel", Text), may("cursor", Text), may("limit", Int)],
    ),
    get(
        "conversations.replies",
        HISTORY,
        Tier::T3,
        &[
            must("channel", Text),
            must("ts", Text),
            may("cursor", Text),
            may("include_all_metadata", Flag),
            may("inclusive", Flag),
            may("latest", Text),
            may("limit", Int),
            may("oldest", Text),
        ],
    ),
    get("emoji.list", &["emoji:read"], Tier::T2, &[may("include_categories", Flag)]),
    post(
        "files.completeUploadExternal",
        &["files:write"],
        Tier::T4,
        &[
            must("files", Json),
            may("channel_id", Text),
            may("channels", Names),
            may("thread_ts", Text),
            may("initial_comment", Text),
            may("blocks", Json),
            may("username", Text),
            may("icon_emoji", Text),
            may("icon_url", Text),
        ],
    ),
    Method {
        get: false,
        ..get(
            "files.getUploadURLExternal",
            &["files:write"],
            Tier::T4,
            &[must("filename", Text), must("length", Int), may("snippet_type", Text), may("alt_txt", Text)],
        )
    },
    get(
        "files.info",
        &["files:read"],
        Tier::T4,
        &[must("file", Text), may("count", Int), may("cursor", Text), may("limit", Int), may("page", Int)],
    ),
    post(
        "reactions.add",
        &["reactions:write"],
        Tier::T3,
        &[must("channel", Text), must("timestamp", Text), must("name", Text)],
    ),
    get(
        "reactions.get",
        &["reactions:read"],
        Tier::T3,
        &[may("channel", Text), may("timestamp", Text), may("full", Flag), may("file", Text)],
    ),
    post(
        "reactions.remove",
        &["reactions:write"],
        Tier::T2,
        &[must("name", Text), may("channel", Text), may("timestamp", Text), may("file", Text)],
    ),
    Method { get: true, ..post("team.info", &["team:read"], Tier::T3, &[may("team", Text), may("domain", Text)]) },
    get("users.getPresence", &["users:read"], Tier::T3, &[may("user", Text)]),
    get("users.info", &["users:read"], Tier::T4, &[must("user", Text), may("include_locale", Flag)]),
    get(
        "users.list",
        &["users:read"],
        Tier::T2,
        &[may("cursor", Text), may("limit", Int), may("include_locale", Flag), may("team_id", Text)],
    ),
    post(
        "views.open",
        &[],
        Tier::T4,
        &[must("view", Json), may("trigger_id", Text), may("interactivity_pointer", Text)],
    ),
    post(
        "views.publish",
        &[],
        Tier::T4,
        &[must("user_id", Text), must("view", Json), may("hash", Text), may("interactivity_pointer", Text)],
    ),
    post(
        "views.update",
        &[],
        Tier::T4,
        &[must("view", Json), may("view_id", Text), may("external_id", Text), may("hash", Text)],
    ),
];

/// A method by its name, with its place in [`METHODS`].
pub(crate) fn find(name: &str) -> Option<(usize, &'static Method)> {
    METHODS.iter().enumerate().find(|(_, method)| method.name == name)
}

/// The scopes of a support bot's token, if nothing else is said.
pub const SCOPES: &[&str] = &[
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "commands",
    "emoji:read",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "reactions:read",
    "reactions:write",
    "team:read",
    "users:read",
    "users:read.email",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn methods_and_arguments_are_there_once() {
        let mut names = HashSet::new();
        for method in METHODS {
            assert!(names.insert(method.name), "{}", method.name);
            let args: HashSet<_> = method.args.iter().map(|arg| arg.name).collect();
            assert_eq!(args.len(), method.args.len(), "{}", method.name);
        }
    }

    #[test]
    fn a_full_token_may_call_everything() {
        for method in METHODS.iter().filter(|method| method.token == Bot && !method.scopes.is_empty()) {
            assert!(method.scopes.iter().any(|scope| SCOPES.contains(scope)), "{}", method.name);
        }
    }
}
