//! What each key means: its bounds, its default, and what to say when it is wrong. One function per
//! table of the file, in the order of `threadline.example.toml`; then what concerns several.

use super::calendar::{self, ReadCalendar};
use super::discord::{self, ReadDiscord};
use super::document::{Document, Found, Place, Problem, Table, either};
use super::email::email;
use super::files::files;
use super::identity::identity;
use super::ladder;
use super::reminders;
use super::replies::replies;
use super::secret::{Given, Secret, Sources};
use super::sessions;
use super::slack::{self, ReadSlack};
use super::topics::{ReadPolicy, fact, labelled_facts, place_topics, topic};
use super::verbs::verbs;
use super::{
    Ask, Config, Database, DatabasePlace, Desk, LISTEN, Limits, Log, LogFormat, LogLevel, Platform, Practice, Server,
    WhenClosed, Widget,
};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use threadline_core::availability::{OpenWhen, Promise};
use threadline_core::body::BODY_CHARS_MAX;
use threadline_core::desk::Mode;
use threadline_core::ids::{CalendarName, DeskName};
use threadline_core::presence::Presence;
use threadline_core::ticket::Policy;

/// A newcomer's database: a file in the current directory.
const DATABASE_URL: &str = "sqlite:threadline.db";
const TITLE: &str = "Chat with us";
const GREETING: &str = "Hello! What can we do for you?";
/// What most teams manage.
const ANSWER_WITHIN: Promise = Promise::Days(1);
/// The desk of a configuration that names none.
const DESK: &str = "support";

/// What fits on one line at the top of the chat, or on a topic's button.
pub(super) const LABEL_CHARS_MAX: usize = 80;
/// A greeting is read before the first question, so it stays short.
const GREETING_CHARS_MAX: usize = 1_000;
/// Names end up in addresses, metrics and the database.
const NAME_CHARS_MAX: usize = 40;
/// How long a customer still comes back to what was resolved; most do within a day or two.
const CLOSE_AFTER_DAYS: u32 = 7;
const CLOSE_AFTER_DAYS_MAX: u32 = 365;
/// Nobody reads more chats at once than this.
const CHATS_PER_AGENT_MAX: u32 = 100;
/// A held reply is one that the customer waits for.
const HOLD_SECS_MAX: u32 = 60;
/// A few seconds are enough to see one's own mistake.
const HOLD_SECS: u32 = 3;
/// A character is at most four bytes of UTF-8 in a request.
const CHAR_BYTES_MAX: u32 = 4;
/// What a request holds besides the message, or instead of it: 10,000 characters of answers and
/// facts, addresses of pages, names and keys.
const REQUEST_BYTES_BESIDES: u32 = 64 * 1024;
/// Far above any message, and little enough to be held in memory for each request.
const BODY_BYTES_MAX: u32 = 1024 * 1024;
/// Upper bound of counts per minute: more is as good as no limit, and that is written 0.
const PER_MINUTE_MAX: u32 = 1_000_000;
/// Upper bound of open streams: each is a socket, and this is a common limit of a process's files.
const STREAMS_MAX: u32 = 1_000_000;

/// Reads the whole file. None when something is wrong that leaves nothing to put in the place; the
/// document knows what, and also what else is wrong.
pub(super) fn read(document: &Document<'_>, listen: Option<&str>, sources: &Sources<'_>) -> Option<Config> {
    document.root().read(|root| {
        let default_desk = root.text("default_desk");
        let default_calendar = root.text("default_calendar");
        let policy = ReadPolicy::new(document, root).over(&Policy::answering_within(ANSWER_WITHIN));
        let close_after_days = root.number("close_after_days", 1..=CLOSE_AFTER_DAYS_MAX);
        let server = root.table("server", |table| server(document, table, listen));
        let database = root.table("database", |table| database(document, table, sources));
        let widget = root.table("widget", widget);
        let topics = root.listed_tables("topic", |table| topic(document, table));
        let facts = root.listed_tables("context", |table| fact(document, table));
        let desks = root.named_tables("desk", |name, table| desk(document, name, table));
        let verbs = root.table("verbs", |table| verbs(document, table));
        let replies = root.table("replies", |table| replies(document, table, sources));
        let calendars = root.named_tables("calendar", |name, table| calendar::calendar(document, name, table));
        let tiers = root.listed_tables("tier", |table| ladder::tier(document, table)).unwrap_or_default();
        let steps = root.listed_tables("step", |table| ladder::step(document, table)).unwrap_or_default();
        let reminders =
            root.listed_tables("reminder", |table| reminders::reminder(document, table)).unwrap_or_default();
        let read_sessions = sessions::sessions(document, root);
        let engineers = root.named_tables("engineer", |name, table| sessions::engineer(document, name, table));
        let slack = root.table("slack", |table| ReadSlack::new(document, table, sources));
        let discord = root.table("discord", |table| ReadDiscord::new(document, table, sources));
        let identity_secrets = root.table("identity", |table| identity(document, table, sources));
        let email = email(document, root, sources);
        let files = root.table("files", |table| files(document, table, sources));
        let limits = root.table("limits", |table| limits(document, table));
        let practice = root.table("practice", |table| table.flag("enabled"));
        let log = root.table("log", log);

        let desks = or_a_practice_desk(document, root, desks);
        let default_desk = choose_default_desk(document, root, default_desk, &desks);
        let calendars = calendar::or_always_open(root, calendars);
        let default_calendar = calendar::choose_default(document, root, default_calendar, &calendars);
        let choice = Choice {
            desks: &desks,
            default_desk: default_desk.as_ref(),
            calendars: &calendars,
            default_calendar: default_calendar.as_ref(),
            policy,
        };
        let topics = place_topics(document, root, topics, &choice);
        let plan = match &topics {
            Some(topics) => {
                let read = (read_sessions, engineers);
                sessions::plan(document, root, read, &calendars, default_calendar.as_ref(), topics)
            }
            None => None,
        };
        let email = match (email, &topics) {
            (Some(Some(email)), Some(topics)) => email.with_topic(document, topics).map(Some),
            (Some(None), _) => Some(None),
            (Some(Some(_)) | None, _) => None,
        };
        let (tiers, steps) = (tiers.into_iter().flatten().collect(), steps.into_iter().flatten().collect());
        let (tiers, ladder) = ladder::ladder(document, root, tiers, steps, &desks);
        let reminders = reminders::reminders(document, root, reminders.into_iter().flatten().collect());
        let facts = labelled_facts(document, root, facts.into_iter().flatten().flatten().collect());
        let practice = decide_practice(document, practice, &desks, &server);
        let mut remarks = slack.remarks(&desks);
        remarks.extend(server.remark(practice));
        let slack = slack.for_desks(document, &desks);
        remarks.extend(discord.remarks(&desks));
        let discord = discord.for_desks(document, &desks);
        let of_topics = topics.iter().flatten().map(|topic| topic.policy.open_when);
        let asks_who_is_there = of_topics.chain([policy.open_when]).any(OpenWhen::asks_who_is_there);
        let verbs = verbs.for_desks(document, &desks, asks_who_is_there);
        Some(Config {
            server: server.value,
            database: database?,
            widget,
            topics: topics?,
            facts,
            desks: desks.into_iter().map(ReadDesk::finished).collect::<Option<_>>()?,
            default_desk: default_desk?,
            verbs,
            replies,
            calendars: calendars.into_iter().map(ReadCalendar::finished).collect::<Option<_>>()?,
            default_calendar: default_calendar?,
            tiers,
            ladder,
            reminders,
            policy,
            close_after_days: close_after_days.map_or(CLOSE_AFTER_DAYS, |found| found.value),
            sessions: plan?,
            slack: slack?,
            discord: discord?,
            identity_secrets: identity_secrets?,
            email: email?,
            files: files?,
            limits,
            practice,
            log,
            remarks,
        })
    })
}

/// The server, and where the parts stand that others depend on.
struct ReadServer {
    value: Server,
    listen_at: Place,
    public_url_at: Place,
    allowed_origins_at: Place,
}

fn server(document: &Document<'_>, table: &Table<'_>, listen: Option<&str>) -> ReadServer {
    let in_file = table.text("listen");
    let given = match listen {
        Some(option) => Some(Found { value: option.to_owned(), place: Place::outside("--listen") }),
        None => in_file,
    };
    let listen_at = given.as_ref().map_or_else(|| table.place_of("listen"), |found| found.place.clone());
    let listen = given.and_then(|found| match found.value.parse::<SocketAddr>() {
        Ok(address) => Some(address),
        Err(_) => {
            let what = format!("must be an address and a port, such as \"{LISTEN}\", is {:?}", found.value);
            document.problem(&found.place, what);
            None
        }
    });
    let origins = table.texts("allowed_origins");
    let allowed_origins_at = match origins.as_deref() {
        Some([first, ..]) => first.place.clone(),
        Some([]) | None => table.place_of("allowed_origins"),
    };
    let value = Server {
        listen: listen.unwrap_or(LISTEN),
        public_url: table.text("public_url").and_then(|found| origin(document, &found)),
        allowed_origins: origins.into_iter().flatten().filter_map(|found| origin(document, &found)).collect(),
        trusted_proxies: (table.texts("trusted_proxies").into_iter().flatten())
            .filter_map(|found| network(document, &found))
            .collect(),
    };
    let public_url_at = table.place_of("public_url");
    ReadServer { value, listen_at, public_url_at, allowed_origins_at }
}

impl ReadServer {
    fn remark(&self, practice: Practice) -> Option<Problem> {
        let nobody = !practice.enabled && self.value.allowed_origins.is_empty();
        let what = "no website may open the chat yet; list those that may, such as [\"https://shop.example.com\"]";
        nobody.then(|| Problem { place: self.allowed_origins_at.clone(), what: what.to_owned() })
    }
}

/// An origin as browsers write it: lower case, no default port, nothing after the host and port.
fn origin(document: &Document<'_>, found: &Found<String>) -> Option<String> {
    let wrong = |what: &str| {
        document.problem(&found.place, format!("{what}, is {:?}", found.value));
        None
    };
    let lower = found.value.to_ascii_lowercase();
    if lower == "*" {
        return wrong("must name each website, such as \"https://shop.example.com\"");
    }
    let (scheme, default_port) = match lower.split_once("://") {
        Some(("https", _)) => ("https", 443),
        Some(("http", _)) => ("http", 80),
        Some(_) | None => return wrong("must begin with https:// or http://, such as \"https://shop.example.com\""),
    };
    let Ok(uri) = lower.parse::<http::Uri>() else {
        return wrong("must be an address such as \"https://shop.example.com\"");
    };
    let Some(host) = uri.host().filter(|host| !host.is_empty() && !lower.contains('@')) else {
        return wrong("must have a host, such as \"https://shop.example.com\"");
    };
    let port = uri.port_u16().filter(|port| *port != default_port).map(|port| format!(":{port}")).unwrap_or_default();
    let plain = format!("{scheme}://{host}{port}");
    if uri.path_and_query().is_some_and(|rest| rest.as_str() != "/") || lower.ends_with('/') || lower.contains('#') {
        return wrong(&format!("must end after the host and the port, as in \"{plain}\""));
    }
    Some(plain)
}

fn network(document: &Document<'_>, found: &Found<String>) -> Option<IpNet> {
    let network = found.value.parse::<IpNet>().or_else(|_| found.value.parse::<IpAddr>().map(IpNet::from));
    if network.is_err() {
        let what = format!("must be an address or a network, such as \"10.0.0.0/8\", is {:?}", found.value);
        document.problem(&found.place, what);
    }
    network.ok()
}

fn database(document: &Document<'_>, table: &Table<'_>, sources: &Sources<'_>) -> Option<Database> {
    let secret = "a password does not go into this file: set the whole address in THREADLINE_DATABASE_URL, or put it \
                  into a file that THREADLINE_DATABASE_URL_FILE names";
    table.refuse("password", secret);
    let configured = table.text("url");
    // Even when the environment replaces it, what stands in the file has to be right.
    let in_file = configured.map(|found| database_at(document, &found));
    match (sources.secret(document, "THREADLINE_DATABASE_URL", Given::Missing), in_file) {
        (Given::Right(found), _) => database_at(document, &found),
        (Given::Wrong, _) => None,
        (Given::Missing, Some(database)) => database,
        (Given::Missing, None) => {
            database_at(document, &Found { value: DATABASE_URL.to_owned(), place: table.place_of("url") })
        }
    }
}

/// The value is not shown: it may hold a password.
fn database_at(document: &Document<'_>, found: &Found<String>) -> Option<Database> {
    let wrong = |what: &str| {
        document.problem(&found.place, what);
        None
    };
    let url = found.value.as_str();
    let place = if let Some(rest) = url.strip_prefix("sqlite:") {
        let file = rest.strip_prefix("//").unwrap_or(rest);
        if file.contains(":memory:") || file.contains("mode=memory") {
            return wrong(
                "a database in memory forgets every conversation at the end; name a file: \"sqlite:threadline.db\"",
            );
        }
        if file.is_empty() || file.contains('?') {
            return wrong("must be \"sqlite:\" and the name of a file, without options: \"sqlite:threadline.db\"");
        }
        DatabasePlace::File(PathBuf::from(file))
    } else if let Some(rest) = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")) {
        let without_options = rest.split('?').next().unwrap_or_default();
        let server = without_options.rsplit('@').next().unwrap_or_default();
        if rest.is_empty() || url.contains(char::is_whitespace) {
            return wrong("must be an address such as \"postgres://user@host/database\"");
        }
        DatabasePlace::Server(server.to_owned())
    } else {
        return wrong(
            "must begin with sqlite: or postgres://, such as \"sqlite:threadline.db\" or \"postgres://user@host/database\"",
        );
    };
    Some(Database { url: Secret::new(url), place })
}

fn widget(table: &Table<'_>) -> Widget {
    let when_closed = [("show", WhenClosed::Show), ("hide", WhenClosed::Hide)];
    let ask = [("off", Ask::Off), ("optional", Ask::Optional), ("required", Ask::Required)];
    let title = table.text_within("title", 1..=LABEL_CHARS_MAX);
    let greeting = table.text_within("greeting", 1..=GREETING_CHARS_MAX);
    Widget {
        title: title.map_or_else(|| TITLE.to_owned(), |found| found.value),
        greeting: greeting.map_or_else(|| GREETING.to_owned(), |found| found.value),
        ask_name: table.choice("ask_name", &ask).map_or(Ask::Optional, |found| found.value),
        ask_email: table.choice("ask_email", &ask).map_or(Ask::Required, |found| found.value),
        when_closed: table.choice("when_closed", &when_closed).map_or(WhenClosed::Show, |found| found.value),
    }
}

/// A desk, and where its parts stand.
pub(super) struct ReadDesk {
    pub name: String,
    /// None if it is missing or wrong.
    pub platform: Option<Platform>,
    /// How it is known who is there.
    pub presence: Presence,
    chats_per_agent: Option<u32>,
    missed_means_away: bool,
    pub platform_at: Place,
    pub channels: Vec<Found<String>>,
    pub mode: Mode,
    pub hold_secs: u32,
}

fn desk(document: &Document<'_>, name: &str, table: &Table<'_>) -> ReadDesk {
    let platforms = [("slack", Platform::Slack), ("discord", Platform::Discord), ("practice", Platform::Practice)];
    let modes = [("open", Mode::Open), ("claimed", Mode::Claimed), ("explicit", Mode::Explicit)];
    is_name(document, &Found { value: name.to_owned(), place: table.place().clone() });
    let platform = table.choice("platform", &platforms);
    let channels = table.texts("channels");
    if !table.has("platform") {
        document.problem(&table.place_of("platform"), "is missing; write \"slack\", \"discord\" or \"practice\"");
    }
    let none_listed = channels.as_ref().map_or(!table.has("channels"), Vec::is_empty);
    match platform.as_ref().map(|found| found.value) {
        Some(Platform::Slack) if none_listed => {
            let what = "a desk in Slack needs the id of at least one channel, such as [\"C0123ABCD\"]";
            document.problem(&table.place_of("channels"), what);
        }
        Some(Platform::Discord) if none_listed => {
            let what = "a desk on Discord needs the id of at least one channel, such as [\"1234567890123456789\"]";
            document.problem(&table.place_of("channels"), what);
        }
        Some(Platform::Practice) if table.has("channels") => {
            document.problem(&table.place_of("channels"), "the practice desk has no channels; remove this line");
        }
        Some(Platform::Slack | Platform::Discord | Platform::Practice) | None => {}
    }
    let platform_value = platform.as_ref().map(|found| found.value);
    let is_channel = |found: &Found<String>| match platform_value {
        Some(Platform::Discord) => discord::is_channel(document, found),
        Some(Platform::Slack | Platform::Practice) | None => slack::is_channel(document, found),
    };
    ReadDesk {
        name: name.to_owned(),
        platform: platform_value,
        platform_at: platform.map_or_else(|| table.place().clone(), |found| found.place),
        channels: channels.into_iter().flatten().filter(is_channel).collect(),
        mode: table.choice("mode", &modes).map_or(Mode::Open, |found| found.value),
        hold_secs: table.number("hold_secs", 0..=HOLD_SECS_MAX).map_or(HOLD_SECS, |found| found.value),
        presence: presence(document, table, platform_value),
        chats_per_agent: table.number("chats_per_agent", 1..=CHATS_PER_AGENT_MAX).map(|found| found.value),
        missed_means_away: table.flag("missed_means_away").is_some_and(|found| found.value),
    }
}

/// How it is known who is there: on a platform that knows it, as the platform says.
fn presence(document: &Document<'_>, table: &Table<'_>, platform: Option<Platform>) -> Presence {
    let found = table.choice("presence", &[("platform", Presence::Platform), ("verbs", Presence::Signed)]);
    match (platform, found) {
        (Some(Platform::Practice), Some(found)) if found.value == Presence::Platform => {
            document.problem(&found.place, "the practice desk does not know who is there; write \"verbs\"");
            Presence::Signed
        }
        (Some(Platform::Discord), Some(found)) if found.value == Presence::Platform => {
            let what = "Discord tells bots who is there only with a permission that it grants few; write \"verbs\"";
            document.problem(&found.place, what);
            Presence::Signed
        }
        (_, Some(found)) => found.value,
        (Some(Platform::Practice | Platform::Discord), None) => Presence::Signed,
        (Some(Platform::Slack) | None, None) => Presence::Platform,
    }
}

impl ReadDesk {
    fn finished(self) -> Option<Desk> {
        Some(Desk {
            name: DeskName(self.name),
            platform: self.platform?,
            channels: self.channels.into_iter().map(|found| found.value).collect(),
            mode: self.mode,
            hold_secs: self.hold_secs,
            presence: self.presence,
            chats_per_agent: self.chats_per_agent,
            missed_means_away: self.missed_means_away,
        })
    }
}

pub(super) fn is_name(document: &Document<'_>, found: &Found<String>) -> bool {
    let name = found.value.as_str();
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let right = !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(good);
    if !right {
        let what = format!("a name is 1 to {NAME_CHARS_MAX} of the letters a-z, digits, - and _, not {name:?}");
        document.problem(&found.place, what);
    }
    right
}

fn limits(document: &Document<'_>, table: &Table<'_>) -> Limits {
    let default = Limits::default();
    let chars_max = u32::try_from(BODY_CHARS_MAX).unwrap_or(u32::MAX);
    let number = |key, bounds, default| table.number(key, bounds).map_or(default, |found| found.value);
    // 0 in the file is no limit.
    let optional = |key, max, default| match table.number(key, 0..=max) {
        Some(found) => NonZeroU32::new(found.value),
        None => default,
    };
    let limits = Limits {
        message_chars_max: number("message_chars_max", 1..=chars_max, default.message_chars_max),
        body_bytes_max: number("body_bytes_max", REQUEST_BYTES_BESIDES..=BODY_BYTES_MAX, default.body_bytes_max),
        conversations_per_address_per_minute: optional(
            "conversations_per_address_per_minute",
            PER_MINUTE_MAX,
            default.conversations_per_address_per_minute,
        ),
        messages_per_conversation_per_minute: optional(
            "messages_per_conversation_per_minute",
            PER_MINUTE_MAX,
            default.messages_per_conversation_per_minute,
        ),
        requests_per_address_per_minute: optional(
            "requests_per_address_per_minute",
            PER_MINUTE_MAX,
            default.requests_per_address_per_minute,
        ),
        connections_per_address_max: optional(
            "connections_per_address_max",
            STREAMS_MAX,
            default.connections_per_address_max,
        ),
        streams_per_address_max: optional("streams_per_address_max", STREAMS_MAX, default.streams_per_address_max),
        streams_max: number("streams_max", 1..=STREAMS_MAX, default.streams_max),
    };
    if let (Some(connections), Some(streams)) = (limits.connections_per_address_max, limits.streams_per_address_max)
        && connections < streams
    {
        let key = ["connections_per_address_max", "streams_per_address_max"].into_iter().find(|key| table.has(key));
        let what = format!(
            "each stream is a connection: connections_per_address_max = {connections} is less than streams_per_address_max = {streams}"
        );
        document.problem(&table.place_of(key.unwrap_or_default()), what);
    }
    let needed = limits.message_chars_max * CHAR_BYTES_MAX + REQUEST_BYTES_BESIDES;
    if limits.body_bytes_max < needed {
        let (key, what) = if table.has("body_bytes_max") {
            ("body_bytes_max", format!("must be at least {needed}"))
        } else {
            ("message_chars_max", format!("needs body_bytes_max = {needed} or more"))
        };
        let what = format!("{what}, so that a message of {} characters fits in a request", limits.message_chars_max);
        document.problem(&table.place_of(key), what);
    }
    limits
}

fn log(table: &Table<'_>) -> Log {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let levels = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace]
        .map(|level| (level.as_str(), level));
    Log {
        format: table.choice("format", &formats).map_or(LogFormat::Text, |found| found.value),
        level: table.choice("level", &levels).map_or(LogLevel::Info, |found| found.value),
    }
}

/// The desks as configured, or the one of a newcomer; two desks must not share a channel, since a
/// thread has to belong to one of them.
fn or_a_practice_desk(document: &Document<'_>, root: &Table<'_>, desks: Vec<ReadDesk>) -> Vec<ReadDesk> {
    let mut taken: Vec<(&str, &Place)> = Vec::new();
    for channel in desks.iter().flat_map(|desk| &desk.channels) {
        match taken.iter().find(|(id, _)| *id == channel.value) {
            Some((id, at)) => {
                let what = format!("the channel {id} is given already, in {}", at.key);
                document.problem(&channel.place, what);
            }
            None => taken.push((&channel.value, &channel.place)),
        }
    }
    if !desks.is_empty() {
        return desks;
    }
    vec![ReadDesk {
        name: DESK.to_owned(),
        platform: Some(Platform::Practice),
        platform_at: root.place_of("desk"),
        channels: Vec::new(),
        mode: Mode::Open,
        hold_secs: HOLD_SECS,
        presence: Presence::Signed,
        chats_per_agent: None,
        missed_means_away: false,
    }]
}

/// The desk named, or the only one there is.
fn choose_default_desk(
    document: &Document<'_>,
    root: &Table<'_>,
    named: Option<Found<String>>,
    desks: &[ReadDesk],
) -> Option<DeskName> {
    match (named, desks) {
        (Some(named), _) => known_desk(document, named, desks),
        (None, [only]) => Some(DeskName(only.name.clone())),
        (None, several) => {
            let names: Vec<String> = several.iter().map(|desk| format!("\"{}\"", desk.name)).collect();
            let what = format!("is missing; with several desks, say which one takes the rest: {}", either(&names));
            document.problem(&root.place_of("default_desk"), what);
            None
        }
    }
}

pub(super) fn known_desk(document: &Document<'_>, named: Found<String>, desks: &[ReadDesk]) -> Option<DeskName> {
    if desks.iter().any(|desk| desk.name == named.value) {
        return Some(DeskName(named.value));
    }
    let names: Vec<String> = desks.iter().map(|desk| format!("\"{}\"", desk.name)).collect();
    document.problem(&named.place, format!("there is no desk {:?}; it can be {}", named.value, either(&names)));
    None
}

/// What topics can name, and what they get if they name nothing.
pub(super) struct Choice<'a> {
    pub desks: &'a [ReadDesk],
    pub default_desk: Option<&'a DeskName>,
    pub calendars: &'a [ReadCalendar],
    pub default_calendar: Option<&'a CalendarName>,
    pub policy: Policy,
}

/// Whether the shop page and the practice desk are served. Whoever opens the practice desk answers
/// as the team, so it is for this machine only.
fn decide_practice(
    document: &Document<'_>,
    enabled: Option<Found<bool>>,
    desks: &[ReadDesk],
    server: &ReadServer,
) -> Practice {
    let practice_desk = desks.iter().find(|desk| desk.platform == Some(Platform::Practice));
    if let (Some(found @ Found { value: false, .. }), Some(desk)) = (&enabled, practice_desk) {
        let what = format!(
            "cannot be false while the desk \"{}\" is a practice desk: nobody could answer there; \
             give it platform = \"slack\" and its channels",
            desk.name
        );
        document.problem(&found.place, what);
    }
    let enabled = enabled.map_or(practice_desk.is_some(), |found| found.value);
    if enabled && !server.value.listen.ip().is_loopback() {
        let what = format!(
            "the practice desk lets everybody who can reach it answer as the team, so it is served to this machine \
             only, and {} is open to others; listen on {LISTEN}, or use Slack: a desk with platform = \"slack\", \
             and practice.enabled = false",
            server.value.listen
        );
        document.problem(&server.listen_at, what);
    }
    // What is reached from outside through a proxy listens on loopback all the same.
    if enabled && (server.value.public_url.is_some() || !server.value.trusted_proxies.is_empty()) {
        let what = "the practice desk lets everybody who can reach it answer as the team, so it is not served where \
                    there is a public address or a proxy; take this key and trusted_proxies out, or use Slack: a desk \
                    with platform = \"slack\", and practice.enabled = false";
        document.problem(&server.public_url_at, what.to_owned());
    }
    Practice { enabled }
}
