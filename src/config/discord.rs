//! What the file and the environment say of Discord: the forms of its token and ids, what a desk on
//! Discord needs, and how an operator finds it. It asks Discord nothing.

use super::document::{Document, Found, Place, Problem, Table};
use super::secret::{Given, Secret, Sources};
use super::sections::ReadDesk;
use super::{Discord, Platform, Threads};

const API_URL: &str = "https://discord.com/api/v10";
/// Where the token is given.
const TOKEN_VARIABLE: &str = "DISCORD_BOT_TOKEN";
/// In `[discord]`, the name of a file that holds it.
const TOKEN_KEY: &str = "bot_token_file";
/// Digits of an id (docs, "Snowflakes"): those of 2015 have 17.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 15..=20;

/// The table `[discord]` and the token, before it is known whether a desk needs them.
pub(super) struct ReadDiscord {
    threads: Threads,
    team_role: Option<String>,
    api_url: Found<String>,
    bot_token: Given<Secret>,
}

impl ReadDiscord {
    /// Reads `[discord]` and the environment.
    pub fn new(document: &Document<'_>, table: &Table<'_>, sources: &Sources<'_>) -> ReadDiscord {
        table.refuse("bot_token", &format!("secrets do not go into this file; {}", ways()));
        let configured = match table.text(TOKEN_KEY) {
            Some(file) => Given::Right(file),
            None if table.has(TOKEN_KEY) => Given::Wrong,
            None => Given::Missing,
        };
        let threads = table.choice("threads", &[("private", Threads::Private), ("public", Threads::Public)]);
        ReadDiscord {
            threads: threads.map_or(Threads::Private, |found| found.value),
            team_role: table.text("team_role").filter(|found| is_role(document, found)).map(|found| found.value),
            api_url: (table.text("api_url").and_then(|found| api_url(document, found)))
                .unwrap_or_else(|| Found { value: API_URL.to_owned(), place: table.place_of("api_url") }),
            bot_token: sources.secret(document, TOKEN_VARIABLE, configured).and_then(|found| token(document, &found)),
        }
    }

    /// What is allowed and deserves a look.
    pub fn remarks(&self, desks: &[ReadDesk]) -> Vec<Problem> {
        let remark = |place: Place, what: &str| vec![Problem { place, what: what.to_owned() }];
        if !desks.iter().any(|desk| desk.platform == Some(Platform::Discord)) {
            let what = "there is a token, but no desk is on Discord; add [desk.support] with platform = \"discord\" and its \
                        channels";
            return match self.bot_token {
                Given::Right(_) => remark(Place::outside(TOKEN_VARIABLE), what),
                Given::Wrong | Given::Missing => Vec::new(),
            };
        }
        if self.api_url.value.starts_with("http://") {
            let what = "the token travels unencrypted to this address; right only for a test";
            return remark(self.api_url.place.clone(), what);
        }
        Vec::new()
    }

    /// How to reach Discord: nothing if no desk is there, and none if what a desk needs is not given.
    pub fn for_desks(self, document: &Document<'_>, desks: &[ReadDesk]) -> Option<Option<Discord>> {
        let Some(desk) = desks.iter().find(|desk| desk.platform == Some(Platform::Discord)) else { return Some(None) };
        let bot_token = match self.bot_token {
            Given::Right(token) => token,
            Given::Wrong => return None,
            Given::Missing => {
                document.problem(&desk.platform_at, format!("a desk on Discord needs the bot's token; {}", ways()));
                return None;
            }
        };
        let ReadDiscord { threads, team_role, api_url, .. } = self;
        Some(Some(Discord { api_url: api_url.value, bot_token, threads, team_role }))
    }
}

/// How to give the token.
fn ways() -> String {
    format!(
        "set {TOKEN_VARIABLE} in the environment, or name a file that holds it in {TOKEN_VARIABLE}_FILE or \
         discord.{TOKEN_KEY}"
    )
}

/// True for an id of Discord's.
pub(super) fn is_id(text: &str) -> bool {
    ID_DIGITS.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

/// True for a channel's id; whatever else is a problem.
pub(super) fn is_channel(document: &Document<'_>, found: &Found<String>) -> bool {
    let right = is_id(&found.value);
    if !right {
        let what = format!(
            "must be the id of a text channel or a forum, such as \"1234567890123456789\", is {:?}; in Discord, switch \
             Developer Mode on (User Settings → Advanced), then the channel's menu has \"Copy Channel ID\"",
            found.value
        );
        document.problem(&found.place, what);
    }
    right
}

fn is_role(document: &Document<'_>, found: &Found<String>) -> bool {
    let right = is_id(&found.value);
    if !right {
        let what = format!(
            "must be the id of a role, such as \"1234567890123456789\", is {:?}; in Discord, with Developer Mode on, \
             the role's menu in the server's settings has \"Copy Role ID\"",
            found.value
        );
        document.problem(&found.place, what);
    }
    right
}

fn api_url(document: &Document<'_>, found: Found<String>) -> Option<Found<String>> {
    let is_url = ["https://", "http://"].iter().any(|scheme| found.value.starts_with(scheme));
    if !is_url || found.value.parse::<http::Uri>().is_err() {
        document.problem(&found.place, format!("must be an address such as {API_URL:?}, is {:?}", found.value));
        return None;
    }
    Some(Found { value: found.value.trim_end_matches('/').to_owned(), place: found.place })
}

/// A token in the form that Discord gives it: three parts with dots between them. What is wrong is said
/// without the token.
fn token(document: &Document<'_>, found: &Found<String>) -> Option<Secret> {
    let text = found.value.strip_prefix("Bot ").unwrap_or(&found.value);
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if text.bytes().all(good) && text.split('.').filter(|part| !part.is_empty()).count() == 3 {
        return Some(Secret::new(text));
    }
    let is = if is_id(text) {
        "is an id"
    } else if text.len() == 32 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        "is the client secret"
    } else {
        "is something else"
    };
    let what = format!(
        "must be the bot's token, three parts with dots between them (in the developer portal: Bot → Reset Token); this {is}"
    );
    document.problem(&found.place, what);
    None
}
