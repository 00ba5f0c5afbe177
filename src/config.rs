//! What the operator decides: `threadline.toml`, secrets from the environment or from files, and two
//! options of the command line, read once and checked as a whole. Everything after [`load`] can rely
//! on it. Called by `main`; it reads files and opens nothing.
//!
//! Every key stands in `threadline.example.toml` with its unit, bounds and default; a test keeps the
//! two alike.

mod calendar;
mod discord;
mod document;
mod email;
mod files;
mod identity;
mod ladder;
mod reminders;
mod replies;
mod secret;
mod sections;
mod sessions;
mod slack;
#[cfg(test)]
mod tests;
mod topics;
mod verbs;

pub use document::{Place, Problem};
pub use email::LOCAL_PART_BYTES_MAX;
pub use replies::{Entry, files_in};
pub use secret::Secret;
pub use slack::token_to_come;

use document::Document;
use ipnet::IpNet;
use secret::Sources;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use threadline_core::calendar::{About, Calendar, NaiveDate, Remark};
pub use threadline_core::card::CardFact as Fact;
use threadline_core::card::{CardPlan, CardTopic};
use threadline_core::context::Field;
use threadline_core::desk::Mode;
use threadline_core::ids::{CalendarName, DeskName};
use threadline_core::ladder::{Ladder, Tier};
use threadline_core::media::ALLOWED;
use threadline_core::presence::Presence;
use threadline_core::saved::SavedReplies;
use threadline_core::schedule::Schedule;
use threadline_core::session::Plan;
use threadline_core::ticket::{Policy, Terms, Timetable};
use threadline_core::verb::{Chosen, Name, Names};

/// The file that is read when no other is named, if it is there.
pub const FILE: &str = "threadline.toml";
/// Where a newcomer finds Threadline.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8087);
/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The HTTP server.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// The chat that customers see.
    pub widget: Widget,
    /// What customers choose from, in this order; never empty.
    pub topics: Vec<Topic>,
    /// Facts of the site's that the card shows under a label, in this order.
    pub facts: Vec<Fact>,
    /// Where threads live; never empty.
    pub desks: Vec<Desk>,
    /// The desk of what has no topic.
    pub default_desk: DeskName,
    /// What the team calls the verbs.
    pub verbs: Names,
    /// What the team has saved to send again.
    pub replies: SavedReplies,
    /// When business is done; never empty.
    pub calendars: Vec<NamedCalendar>,
    /// The calendar of what has no topic.
    pub default_calendar: CalendarName,
    /// Who can be told that a customer waits, agents first.
    pub tiers: Vec<Tier>,
    /// Who of them is, and when.
    pub ladder: Ladder,
    /// When the team is reminded of what waits.
    pub reminders: Vec<Reminder>,
    /// What is promised for what has no topic.
    pub policy: Policy,
    /// After how many days what is resolved is closed.
    pub close_after_days: u32,
    /// How working sessions are booked; none where there are none.
    pub sessions: Option<Plan>,
    /// How to reach Slack; there if a desk is in Slack.
    pub slack: Option<Slack>,
    /// How to reach Discord; there if a desk is on Discord.
    pub discord: Option<Discord>,
    /// What the site signs with to say who a customer is; none where it says nothing. Two while it is
    /// being changed.
    pub identity_secrets: Vec<Secret>,
    /// How letters are sent and fetched; none where nothing goes by email.
    pub email: Option<Email>,
    /// Where files are kept, and which are taken.
    pub files: Files,
    /// What strangers may use up.
    pub limits: Limits,
    /// The shop page and the practice desk.
    pub practice: Practice,
    /// The log.
    pub log: Log,
    /// What is allowed and still deserves a look.
    pub remarks: Vec<Problem>,
}

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where browsers and Slack reach it: scheme, host and port, with no slash at the end.
    pub public_url: Option<String>,
    /// The websites that may open the chat, as browsers send them in `Origin`.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed: the customer is its rightmost address that is
    /// not one of these.
    pub trusted_proxies: Vec<IpNet>,
}

/// The database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://…`; it may contain a password.
    pub url: Secret,
    /// What can be shown of it.
    pub place: DatabasePlace,
}

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabasePlace {
    /// An SQLite file.
    File(PathBuf),
    /// A PostgreSQL server: host, port and name, without user and password.
    Server(String),
}

/// The chat that customers see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    /// Its title.
    pub title: String,
    /// What it says before the customer writes.
    pub greeting: String,
    /// Whether the customer is asked for a name.
    pub ask_name: Ask,
    /// Whether the customer is asked for an email address.
    pub ask_email: Ask,
    /// What becomes of the button while nobody is there.
    pub when_closed: WhenClosed,
}

/// What becomes of the chat's button while nobody is there, whatever the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenClosed {
    /// It stays: what is written is answered later.
    Show,
    /// It is not to be seen, unless the customer has the chat open or something to read.
    Hide,
}

/// Whether something is asked before a conversation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Not asked.
    Off,
    /// Asked, and may be left empty.
    Optional,
    /// Asked, and needed to begin.
    Required,
}

/// A help category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What it is called in the API and the database.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Where its conversations go.
    pub desk: DeskName,
    /// What it asks for before the first message.
    pub fields: Vec<Field>,
    /// When they are answered.
    pub calendar: CalendarName,
    /// What is promised, counted in that.
    pub policy: Policy,
}

/// A calendar, and where it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCalendar {
    /// Its name.
    pub name: CalendarName,
    /// The clock of business time.
    pub calendar: Calendar,
    hours_at: Place,
    exceptions_at: Vec<Place>,
}

/// Where threads live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// Its name.
    pub name: DeskName,
    /// On which platform.
    pub platform: Platform,
    /// The channels that its conversations are spread over, as its platform names them; empty for the practice desk.
    pub channels: Vec<String>,
    /// Which of an agent's messages go out.
    pub mode: Mode,
    /// How long a reply is held before the customer sees it, in seconds.
    pub hold_secs: u32,
    /// How it is known who is there.
    pub presence: Presence,
    /// How many chats an agent has at once before he is too busy for another; none for any number.
    pub chats_per_agent: Option<u32>,
    /// True when whoever has a chat that nobody answers in time is taken to be away.
    pub missed_means_away: bool,
}

/// A reminder on a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Its name, which stays in the database.
    pub name: String,
    /// When it fires.
    pub schedule: Schedule,
    /// True when it is only about what is late.
    pub only_late: bool,
}

/// What a desk is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Slack.
    Slack,
    /// Discord.
    Discord,
    /// The built-in practice desk.
    Practice,
}

/// How to reach Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slack {
    /// The Web API, without a slash at the end.
    pub api_url: String,
    /// The bot's token, `xoxb-…`.
    pub bot_token: Secret,
    /// How events come in.
    pub events: SlackEvents,
    /// How fast each channel is posted to; none for as fast as it goes.
    pub posts_per_minute_per_channel: Option<NonZeroU32>,
}

/// How to reach Discord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discord {
    /// The API, without a slash at the end.
    pub api_url: String,
    /// The bot's token.
    pub bot_token: Secret,
    /// Who sees the threads in a text channel.
    pub threads: Threads,
    /// The role that is called into each thread.
    pub team_role: Option<String>,
}

/// Who sees the threads in a text channel of Discord's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// Those who were called into them, and those who may manage threads.
    Private,
    /// Everybody who sees the channel.
    Public,
}

/// How Slack's events come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlackEvents {
    /// Over sockets that we open.
    Socket {
        /// The app-level token, `xapp-…`.
        app_token: Secret,
        /// How many sockets are kept open.
        sockets: u32,
    },
    /// By requests to us, signed.
    Http {
        /// Any of these signs; never empty. Two while the secret is being changed.
        signing_secrets: Vec<Secret>,
    },
}

/// How letters are sent and fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Where customers write to, and where letters come from; its domain is in lower case.
    pub address: String,
    /// The name that stands beside it.
    pub name: Option<String>,
    /// The id of the topic of conversations that begin with a letter.
    pub topic: String,
    /// How long an answer waits to be seen before it goes by email, in minutes.
    pub answer_after_mins: u32,
    /// The first signs reply addresses, any of them checks; never empty. Two while it is being changed.
    pub secrets: Vec<Secret>,
    /// The server that letters are handed to.
    pub smtp: MailServer,
    /// Where letters come in.
    pub imap: Mailbox,
    /// Certificates (PEM) that are trusted besides the system's.
    pub extra_ca: Option<String>,
}

/// A mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// Its name, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is encrypted.
    pub tls: MailTls,
    /// Who logs in; nobody where the server knows us otherwise.
    pub login: Option<MailLogin>,
}

/// Who logs in at a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailLogin {
    /// The user.
    pub user: String,
    /// His password.
    pub password: Secret,
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// It begins in the open, and is encrypted before anything is said.
    StartTls,
    /// It is encrypted from the first byte.
    Implicit,
    /// Not at all; only ever on this machine.
    None,
}

/// A mailbox that letters are fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its server; somebody always logs in.
    pub server: MailServer,
    /// Its name there.
    pub name: String,
}

/// Where files are kept, and which are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The folder: for what is being taken in, and for all that is kept unless that is elsewhere.
    pub folder: PathBuf,
    /// Where what was taken in is kept.
    pub keep: Keep,
    /// Largest file that is taken from either side.
    pub bytes_max: u64,
    /// Most files of one message of a customer.
    pub per_message_max: u32,
    /// How much a customer may upload in one conversation within a day, in bytes; none for no limit.
    pub bytes_per_conversation_per_day: Option<NonZeroU64>,
    /// What is taken, by media type; empty for no files from customers.
    pub types: Vec<String>,
}

/// Where files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// In the folder.
    Here,
    /// In a bucket of something that speaks S3.
    Bucket(Bucket),
}

/// A bucket, and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Where it is served, without a slash at the end; none for Amazon's.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// The name of the key that opens it.
    pub access_key_id: Secret,
    /// The key.
    pub secret_access_key: Secret,
}

/// What strangers may use up. None of an optional one means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest message of a customer, in characters.
    pub message_chars_max: u32,
    /// Longest body of a request from a browser, in bytes.
    pub body_bytes_max: u32,
    /// New conversations per address.
    pub conversations_per_address_per_minute: Option<NonZeroU32>,
    /// Customer's messages per conversation.
    pub messages_per_conversation_per_minute: Option<NonZeroU32>,
    /// Requests of any kind per address.
    pub requests_per_address_per_minute: Option<NonZeroU32>,
    /// Open connections per address, those of streams among them.
    pub connections_per_address_max: Option<NonZeroU32>,
    /// Open event streams per address.
    pub streams_per_address_max: Option<NonZeroU32>,
    /// Open event streams of the process.
    pub streams_max: u32,
}

/// The shop page and the practice desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Practice {
    /// Whether they are served; only ever true on a loopback address.
    pub enabled: bool,
}

/// The log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// What a line looks like.
    pub format: LogFormat,
    /// From what level on our own lines are shown.
    pub level: LogLevel,
}

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors: one object per line.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what looks wrong.
    Warn,
    /// And what happened.
    Info,
    /// And how.
    Debug,
    /// And each step of it.
    Trace,
}

/// Everything that is wrong with a configuration, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// In the order of the file; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let line_end = if at == 0 { "" } else { "\n" };
            write!(f, "{line_end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads and checks the configuration: the file at `path`, or [`FILE`] if it exists, or else a
/// newcomer's defaults. `listen` is the command line's, and goes before the file's. `env` looks up
/// the environment, `read` reads a file and `list` a folder; nothing else is touched.
///
/// # Errors
///
/// All that is wrong, at once.
pub fn load(
    path: Option<&Path>,
    listen: Option<&str>,
    env: &dyn Fn(&str) -> Option<String>,
    read: &dyn Fn(&Path) -> io::Result<String>,
    list: &dyn Fn(&Path) -> io::Result<Vec<Entry>>,
) -> Result<Config, ConfigErrors> {
    let name = path.unwrap_or(Path::new(FILE));
    let text = match (read(name), path) {
        (Ok(text), _) => text,
        (Err(error), None) if error.kind() == io::ErrorKind::NotFound => String::new(),
        (Err(error), _) => {
            let place = Place::outside(&name.display().to_string());
            return Err(ConfigErrors { problems: vec![Problem { place, what: format!("cannot be read: {error}") }] });
        }
    };
    let document = Document::parse(&name.display().to_string(), &text);
    let config =
        if document.is_broken() { None } else { sections::read(&document, listen, &Sources { env, read, list }) };
    let problems = document.into_problems();
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(ConfigErrors { problems }),
    }
}

impl NamedCalendar {
    /// What deserves a look in the two years from a date on, and where it stands.
    pub fn remarks(&self, from: NaiveDate) -> Vec<Problem> {
        let remark = |remark: Remark| {
            let place = match remark.about() {
                About::Hours => &self.hours_at,
                About::Exception(nth) => self.exceptions_at.get(nth).unwrap_or(&self.hours_at),
            };
            Problem { place: place.clone(), what: remark.to_string() }
        };
        self.calendar.remarks(from).into_iter().map(remark).collect()
    }
}

impl Config {
    /// When the conversations of each topic are answered; the default counts for a topic that is no more.
    pub fn timetable(&self) -> Timetable {
        // Every name that is used is that of a calendar: it was checked when the file was read.
        let calendar = |name: &CalendarName| {
            let named = self.calendars.iter().find(|it| it.name == *name);
            named.map_or_else(Calendar::always_open, |named| named.calendar.clone())
        };
        let of = |topic: &Topic| Terms { calendar: calendar(&topic.calendar), policy: topic.policy };
        let topics = self.topics.iter().map(|topic| (topic.id.clone(), of(topic)));
        let default = Terms { calendar: calendar(&self.default_calendar), policy: self.policy };
        Timetable::new(topics.collect(), default)
    }

    /// The topic of conversations that begin with a letter.
    pub fn mail_topic(&self) -> Option<&Topic> {
        let email = self.email.as_ref()?;
        self.topics.iter().find(|topic| topic.id == email.topic)
    }

    /// What the team calls the verbs that there is something to do with.
    pub fn names(&self) -> Names {
        let mut names = self.verbs.clone();
        if self.replies.is_empty() {
            names.choose(Name::Saved, Chosen::Off);
        }
        // Without tiers there is nobody to ask, and without steps nothing that could rest. A word of the operator's
        // own stays one: whoever types it must not have it sent to the customer.
        let is_own = |name: Name| self.verbs.word(name).is_some_and(|word| word != name.entry().word);
        let (no_tiers, no_steps) = (self.tiers.is_empty(), self.ladder.steps().is_empty());
        for (name, is_off) in [(Name::Escalate, no_tiers), (Name::Ack, no_steps), (Name::Snooze, no_steps)] {
            if is_off && !is_own(name) {
                names.choose(name, Chosen::Off);
            }
        }
        names
    }

    /// What it says about the cards at the roots of threads.
    pub fn card_plan(&self) -> CardPlan {
        let topic = |topic: &Topic| CardTopic {
            id: topic.id.clone(),
            label: topic.label.clone(),
            fields: topic.fields.clone(),
        };
        CardPlan {
            topics: self.topics.iter().map(topic).collect(),
            facts: self.facts.clone(),
            vouches: !self.identity_secrets.is_empty(),
        }
    }
}

impl Platform {
    /// Its name in the configuration, the log and the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Platform::Slack => "slack",
            Platform::Discord => "discord",
            Platform::Practice => "practice",
        }
    }
}

impl fmt::Display for DatabasePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabasePlace::File(path) => {
                let whole = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                write!(f, "{} (SQLite)", whole.display())
            }
            DatabasePlace::Server(server) => write!(f, "{server} (PostgreSQL)"),
        }
    }
}

impl LogLevel {
    /// Its name in the configuration and in a log filter.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

impl Default for Files {
    fn default() -> Self {
        Files {
            folder: PathBuf::from("threadline-files"),
            keep: Keep::Here,
            bytes_max: 25 * 1024 * 1024,
            per_message_max: 10,
            bytes_per_conversation_per_day: NonZeroU64::new(500 * 1024 * 1024),
            types: ALLOWED.map(String::from).to_vec(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            message_chars_max: 10_000,
            body_bytes_max: 131_072,
            conversations_per_address_per_minute: NonZeroU32::new(10),
            messages_per_conversation_per_minute: NonZeroU32::new(60),
            requests_per_address_per_minute: NonZeroU32::new(600),
            connections_per_address_max: NonZeroU32::new(200),
            streams_per_address_max: NonZeroU32::new(50),
            streams_max: 20_000,
        }
    }
}
