//! What the file and the environment say of Slack: the forms of its tokens and ids, what a desk in
//! Slack needs, and how an operator finds it. It asks Slack nothing.

use super::document::{Document, Found, Place, Problem, Table};
use super::secret::{Given, SIGNING_SECRET_LEN, Secret, Sources};
use super::sections::ReadDesk;
use super::{Platform, Slack, SlackEvents};
use std::num::NonZeroU32;

const API_URL: &str = "https://slack.com/api";
const BOT_TOKEN: Credential =
    Credential { variable: "SLACK_BOT_TOKEN", key: "bot_token_file", what: "the bot's token", beginning: "xoxb-" };
const APP_TOKEN: Credential =
    Credential { variable: "SLACK_APP_TOKEN", key: "app_token_file", what: "an app-level token", beginning: "xapp-" };
const SIGNING_SECRET: Credential = Credential {
    variable: "SLACK_SIGNING_SECRET",
    key: "signing_secret_file",
    what: "the signing secret",
    beginning: "",
};

/// What stands for a secret of Slack's while its app is still to be made, so that the rest of the
/// configuration can be read.
pub fn token_to_come(variable: &str) -> Option<String> {
    let signing = (SIGNING_SECRET.variable, "0".repeat(SIGNING_SECRET_LEN));
    let tokens = [BOT_TOKEN, APP_TOKEN].map(|token| (token.variable, format!("{}to-come", token.beginning)));
    tokens.into_iter().chain([signing]).find(|(name, _)| *name == variable).map(|(_, value)| value)
}

/// Shortest channel id that Slack gives, in characters.
const CHANNEL_CHARS_MIN: usize = 7;
/// Slack's limit of Socket Mode connections per app (docs.slack.dev, "Using Socket Mode").
const SOCKETS_MAX: u32 = 10;
/// One socket that Slack replaces, one that goes on.
const SOCKETS: u32 = 2;
/// One post a second in a channel (docs.slack.dev, "Rate limits": chat.postMessage).
const POSTS_PER_MINUTE: u32 = 60;
/// Far above what Slack takes; only a test server is posted to so fast.
const POSTS_PER_MINUTE_MAX: u32 = 60_000;

/// Where a secret of Slack's is given.
#[derive(Clone, Copy)]
struct Credential {
    variable: &'static str,
    /// In `[slack]`, the name of a file that holds it.
    key: &'static str,
    /// In words.
    what: &'static str,
    beginning: &'static str,
}

/// The table `[slack]` and the secrets, before it is known whether a desk needs them.
pub(super) struct ReadSlack {
    over_http: bool,
    sockets: u32,
    posts_per_minute: u32,
    api_url: Found<String>,
    bot_token: Given<Secret>,
    app_token: Given<Secret>,
    signing_secrets: Given<Vec<Secret>>,
}

impl ReadSlack {
    /// Reads `[slack]` and the environment.
    pub fn new(document: &Document<'_>, table: &Table<'_>, sources: &Sources<'_>) -> ReadSlack {
        let in_the_open = [("bot_token", BOT_TOKEN), ("app_token", APP_TOKEN), ("signing_secret", SIGNING_SECRET)];
        for (key, credential) in in_the_open {
            table.refuse(key, &format!("secrets do not go into this file; {}", credential.ways()));
        }
        let given = |credential: Credential| {
            let configured = match table.text(credential.key) {
                Some(file) => Given::Right(file),
                None if table.has(credential.key) => Given::Wrong,
                None => Given::Missing,
            };
            sources.secret(document, credential.variable, configured)
        };
        ReadSlack {
            over_http: table.choice("events", &[("socket", false), ("http", true)]).is_some_and(|found| found.value),
            sockets: table.number("sockets", 1..=SOCKETS_MAX).map_or(SOCKETS, |found| found.value),
            posts_per_minute: table
                .number("posts_per_minute_per_channel", 0..=POSTS_PER_MINUTE_MAX)
                .map_or(POSTS_PER_MINUTE, |found| found.value),
            api_url: (table.text("api_url").and_then(|found| api_url(document, found)))
                .unwrap_or_else(|| Found { value: API_URL.to_owned(), place: table.place_of("api_url") }),
            bot_token: given(BOT_TOKEN).and_then(|found| token(document, &found, BOT_TOKEN)),
            app_token: given(APP_TOKEN).and_then(|found| token(document, &found, APP_TOKEN)),
            signing_secrets: given(SIGNING_SECRET).and_then(|found| signing_secrets(document, &found)),
        }
    }

    /// What is allowed and deserves a look.
    pub fn remarks(&self, desks: &[ReadDesk]) -> Vec<Problem> {
        let mut remarks = Vec::new();
        let mut remark = |place: &Place, what: &str| {
            remarks.push(Problem { place: place.clone(), what: what.to_owned() });
        };
        if !desks.iter().any(|desk| desk.platform == Some(Platform::Slack)) {
            if matches!(self.bot_token, Given::Right(_)) {
                remark(
                    &Place::outside(BOT_TOKEN.variable),
                    "there is a token, but no desk is in Slack; add [desk.support] with platform = \"slack\" and its \
                     channels",
                );
            }
        } else if self.api_url.value.starts_with("http://") {
            remark(&self.api_url.place, "tokens travel unencrypted to this address; right only for a test");
        }
        remarks
    }

    /// How to reach Slack: nothing if no desk is there, and none if what a desk needs is not given.
    pub fn for_desks(self, document: &Document<'_>, desks: &[ReadDesk]) -> Option<Option<Slack>> {
        let Some(desk) = desks.iter().find(|desk| desk.platform == Some(Platform::Slack)) else { return Some(None) };
        let missing = |credential: Credential, why: &str| {
            let what = format!("a desk in Slack needs {}{why}; {}", credential.what, credential.ways());
            document.problem(&desk.platform_at, what);
        };
        let bot_token = match self.bot_token {
            Given::Right(token) => Some(token),
            Given::Wrong => None,
            Given::Missing => {
                missing(BOT_TOKEN, "");
                None
            }
        };
        let events = match (self.over_http, self.app_token, self.signing_secrets) {
            (false, Given::Right(app_token), _) => Some(SlackEvents::Socket { app_token, sockets: self.sockets }),
            (true, _, Given::Right(signing_secrets)) => Some(SlackEvents::Http { signing_secrets }),
            (false, Given::Wrong, _) | (true, _, Given::Wrong) => None,
            (false, Given::Missing, _) => {
                missing(APP_TOKEN, " for its sockets");
                None
            }
            (true, _, Given::Missing) => {
                missing(SIGNING_SECRET, " to know its requests by");
                None
            }
        };
        Some(Some(Slack {
            api_url: self.api_url.value,
            bot_token: bot_token?,
            events: events?,
            posts_per_minute_per_channel: NonZeroU32::new(self.posts_per_minute),
        }))
    }
}

impl Credential {
    /// How to give it.
    fn ways(self) -> String {
        let Credential { variable, key, .. } = self;
        format!("set {variable} in the environment, or name a file that holds it in {variable}_FILE or slack.{key}")
    }
}

/// True for a channel's id; whatever else is a problem.
pub(super) fn is_channel(document: &Document<'_>, found: &Found<String>) -> bool {
    let id = found.value.as_str();
    let of_slack = id.len() >= CHANNEL_CHARS_MIN && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if of_slack && id.starts_with(['C', 'G']) {
        return true;
    }
    let what = match id.chars().next() {
        Some('D') if of_slack => format!("{id:?} is a conversation with one person; name a channel"),
        Some('U' | 'W') if of_slack => format!("{id:?} is a person; name a channel"),
        Some(_) | None => format!(
            "must be the channel's id, such as \"C0123ABCD\", is {id:?}; in Slack, click the channel's name: the id \
             stands at the bottom of About"
        ),
    };
    document.problem(&found.place, what);
    false
}

fn api_url(document: &Document<'_>, found: Found<String>) -> Option<Found<String>> {
    let is_url = ["https://", "http://"].iter().any(|scheme| found.value.starts_with(scheme));
    if !is_url || found.value.parse::<http::Uri>().is_err() {
        document.problem(&found.place, format!("must be an address such as {API_URL:?}, is {:?}", found.value));
        return None;
    }
    Some(Found { value: found.value.trim_end_matches('/').to_owned(), place: found.place })
}

/// A token in the form that belongs to the credential. What is wrong is said without the token.
fn token(document: &Document<'_>, found: &Found<String>, credential: Credential) -> Option<Secret> {
    let (text, wanted) = (found.value.as_str(), credential.beginning);
    let of_form = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    if text.starts_with(wanted) && text.len() > wanted.len() && of_form {
        return Some(Secret::new(text));
    }
    let is = match text {
        _ if text.starts_with(BOT_TOKEN.beginning) && of_form => "is a bot's token",
        _ if text.starts_with(APP_TOKEN.beginning) && of_form => "is an app-level token",
        _ if text.starts_with("xoxp-") => "is a person's token",
        _ if text.starts_with("xoxe") => "is a token that expires; switch token rotation off by making a new app",
        _ if text.starts_with(wanted) => "is cut short, or has blanks or quotes in it",
        _ => "is something else",
    };
    document.problem(&found.place, format!("must be {}, beginning with {wanted}; this {is}", credential.what));
    None
}

/// One secret, or several while it is being changed: a comma stands between them.
fn signing_secrets(document: &Document<'_>, found: &Found<String>) -> Option<Vec<Secret>> {
    let parts: Vec<&str> = found.value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let of_form = |part: &&str| part.bytes().all(|b| b.is_ascii_alphanumeric());
    if parts.is_empty() || !parts.iter().all(of_form) {
        let what = "must be the app's signing secret, letters and digits only (in Slack: the app's Basic Information), \
                    or several with commas between them";
        document.problem(&found.place, what);
        return None;
    }
    Some(parts.into_iter().map(Secret::new).collect())
}
