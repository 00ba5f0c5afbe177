//! The command line: what can be asked of `threadline`, and the words it answers with. Called by
//! `main`, which prints them; nothing here prints, and only [`bind`] touches the system.

mod calendars;

use crate::config::{Config, ConfigErrors, Desk, Email, MailServer, MailTls, Platform, SlackEvents, Threads};
use anyhow::anyhow;
use chrono::DateTime;
use clap::{Args, Parser, Subcommand};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use threadline_core::availability::OpenWhen;
use threadline_core::desk::{Later, Mode};
use threadline_core::ids::Moment;
use threadline_core::ladder::When;
use threadline_core::verb::{Chosen, Entry, PREFIX};

/// The page of the made-up shop, to write from as a customer.
const SHOP_PATH: &str = "/";
/// Firings of a reminder that are shown.
const FIRINGS_SHOWN: usize = 5;
/// The practice desk, to answer at.
const PRACTICE_PATH: &str = "/practice";
/// Where Slack sends its events by HTTP.
const SLACK_EVENTS_PATH: &str = "/slack/events";
/// Saved replies that `check` names; the others are counted.
const REPLIES_SHOWN_MAX: usize = 10;
/// Slack's command for us, unless another app has the word.
const SLACK_COMMAND: &str = "threadline";

const ABOUT: &str = "Puts a website's chat into Slack or Discord threads, where the support team answers.

Without a command it serves. Without a threadline.toml it serves on this machine only, with a shop \
page to write from as a customer and a practice desk to answer at:

  http://127.0.0.1:8087/          the shop page
  http://127.0.0.1:8087/practice  the practice desk";

const AFTER: &str = "\
Environment:
  SLACK_BOT_TOKEN          The bot's token, xoxb-…
  SLACK_APP_TOKEN          The app-level token, xapp-…, when events come over sockets
  SLACK_SIGNING_SECRET     The signing secret, when events come by HTTP; several with commas between
  DISCORD_BOT_TOKEN        The bot's token, when a desk is on Discord
  THREADLINE_DATABASE_URL  The database, in place of database.url; it may contain a password
  THREADLINE_IDENTITY_SECRET
                           What the site signs with to say who a customer is; several with commas between
  THREADLINE_EMAIL_SECRET  Signs the addresses that customers reply to; several with commas between
  THREADLINE_SMTP_PASSWORD
                           The password of email.smtp.user
  THREADLINE_IMAP_PASSWORD
                           The password of email.imap.user
  THREADLINE_LOG           A filter such as \"warn,threadline=debug\", in place of log.level

  Each of the first nine can be in a file that another variable names: SLACK_BOT_TOKEN_FILE and so on.

Exit codes:
  0    It did what it was asked to, or was stopped by a signal
  1    The configuration is wrong, it could not start, or a part of it died; stderr says which
  2    The command line was not understood
  130  A second signal ended it before it had finished

Examples:
  threadline                                    Try it out, with nothing set up
  threadline slack manifest --name \"Shop Help\"  Make the Slack app: paste this at api.slack.com/apps
  threadline discord invite                     Print the link that invites the bot to a Discord server
  threadline check                              Read threadline.toml and say what is wrong
  threadline serve --config /etc/threadline.toml";

/// What was asked.
#[derive(Debug, Parser)]
#[command(name = "threadline", version, about = ABOUT.lines().next(), long_about = ABOUT, after_long_help = AFTER)]
#[command(args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct Cli {
    /// Without a command, it serves.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// And these are for serving.
    #[command(flatten)]
    pub serve: Serve,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until a signal says stop; what is asked for without a command
    Serve(Serve),
    /// Read the configuration, and say what is wrong or how it is understood
    Check(ConfigFile),
    /// Help with setting Slack up
    Slack {
        /// What about Slack.
        #[command(subcommand)]
        command: SlackCommand,
    },
    /// Help with setting Discord up
    Discord {
        /// What about Discord.
        #[command(subcommand)]
        command: DiscordCommand,
    },
    /// Print the OpenAPI document of the customers' API
    Openapi,
}

/// What can be asked about Slack.
#[derive(Debug, Subcommand)]
pub enum SlackCommand {
    /// Print the app's manifest: paste it at api.slack.com/apps, "Create New App", "From a manifest"
    Manifest(Manifest),
}

/// What can be asked about Discord.
#[derive(Debug, Subcommand)]
pub enum DiscordCommand {
    /// Print the link that invites the bot to a server, with exactly the permissions that it needs
    Invite(ConfigFile),
}

/// How to serve.
#[derive(Debug, Default, Args)]
pub struct Serve {
    /// Which configuration.
    #[command(flatten)]
    pub config: ConfigFile,
    /// Address and port to listen on, in place of server.listen
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

/// Which configuration.
#[derive(Debug, Default, Args)]
pub struct ConfigFile {
    /// The configuration; by default threadline.toml in this directory, if there is one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What the manifest says.
#[derive(Debug, Args)]
pub struct Manifest {
    /// The configuration whose [verbs] it is for: what is switched off there gets no place in Slack's menus.
    /// It may be written before there are tokens
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The app's name, and the bot's
    #[arg(long, default_value = "Threadline")]
    pub name: String,
    /// The word of its command, if another app has /threadline
    #[arg(long, value_name = "WORD", default_value = SLACK_COMMAND)]
    pub command: String,
    /// Have events sent by HTTP to Threadline at this address, such as https://chat.example.com; by
    /// default they come over sockets that we open
    #[arg(long, value_name = "URL", value_parser = address)]
    pub http: Option<String>,
}

/// Something that `check` asks beyond reading the configuration, such as whether a token works.
pub struct Check {
    /// What is asked about, such as `Slack`.
    pub about: &'static str,
    /// Asks. What comes back is for the operator to read: how it stands, or everything that is wrong
    /// and what to do.
    pub ask: Later<'static, Result<String, Vec<String>>>,
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("about", &self.about).finish_non_exhaustive()
    }
}

/// What `check` found.
#[derive(Debug)]
pub struct Findings {
    /// For the operator.
    pub text: String,
    /// False if something is wrong.
    pub fine: bool,
}

/// Listens, or says in plain words why not.
///
/// # Errors
///
/// When the system does not let us listen there.
pub fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(listen).map_err(|error| anyhow!("{}", not_bound(listen, &error)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn not_bound(listen: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let other = SocketAddr::new(listen.ip(), listen.port().checked_add(1).unwrap_or(0));
            format!(
                "{listen} is in use by another program, perhaps another Threadline. Stop that one, or listen elsewhere: \
                 --listen {other}"
            )
        }
        io::ErrorKind::PermissionDenied => {
            format!("{listen} is not for ordinary programs: ports below 1024 need a privilege. Listen on a higher port")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{listen} is not an address of this machine. To listen on all of its addresses, write 0.0.0.0")
        }
        _ => format!("cannot listen on {listen}: {error}"),
    }
}

/// What somebody reads who has just started it in a terminal.
pub fn welcome(config: &Config, listening: SocketAddr) -> String {
    let base = format!("http://{}", reachable(listening));
    let mut lines = vec!["Threadline is running.".to_owned(), String::new()];
    if config.practice.enabled {
        lines.push(format!("  Shop page      {base}{SHOP_PATH}  (write as a customer)"));
        lines.push(format!("  Practice desk  {base}{PRACTICE_PATH}  (answer as the team)"));
    } else {
        lines.push(format!("  Address        {}", config.server.public_url.as_deref().unwrap_or(&base)));
    }
    lines.push(format!("  Database       {}", config.database.place));
    lines.extend([String::new(), "Ctrl-C stops it.".to_owned(), String::new()]);
    lines.join("\n")
}

/// What somebody reads whose configuration is wrong.
pub fn refusal(errors: &ConfigErrors) -> String {
    let mistakes = match errors.problems.len() {
        1 => "a mistake".to_owned(),
        several => format!("{several} mistakes"),
    };
    format!("The configuration has {mistakes}:\n\n{errors}\n\nEvery key is explained in threadline.example.toml.\n")
}

/// Where Slack is to send its events, from the address that Threadline has.
fn address(given: &str) -> Result<String, String> {
    let address = given.trim_end_matches('/').trim_end_matches(SLACK_EVENTS_PATH);
    match address.strip_prefix("https://") {
        Some(host) if !host.is_empty() && address.parse::<http::Uri>().is_ok() => Ok(address.to_owned()),
        _ => Err("Slack only calls an https address, such as https://chat.example.com".to_owned()),
    }
}

/// How the configuration is understood at this instant, and what the further checks say.
pub async fn check(config: &Config, now: Moment, checks: Vec<Check>) -> Findings {
    let mut findings = Findings { text: summary(config, now), fine: true };
    for check in checks {
        let (mark, sayings) = match check.ask.await {
            Ok(said) => ("✓", vec![said]),
            Err(problems) => {
                findings.fine = false;
                ("✗", problems)
            }
        };
        for said in sayings {
            findings.text.push_str(&format!("{mark} {}: {said}\n", check.about));
        }
    }
    findings
}

fn summary(config: &Config, now: Moment) -> String {
    let mut rows = vec![("listens on".to_owned(), config.server.listen.to_string())];
    let mut row = |name: &str, value: String| rows.push((name.to_owned(), value));
    if let Some(url) = &config.server.public_url {
        row("reached at", url.clone());
    }
    if config.practice.enabled {
        row("practice", "the shop page and the practice desk are served, to this machine".to_owned());
    }
    if !config.server.allowed_origins.is_empty() {
        row("chat on", config.server.allowed_origins.join(", "));
    }
    row("database", config.database.place.to_string());
    for topic in &config.topics {
        let calendar = match config.calendars.len() {
            1 => String::new(),
            _ => format!(", calendar {}", topic.calendar),
        };
        let asks: Vec<&str> = topic.fields.iter().map(|field| field.id.as_str()).collect();
        let asks = if asks.is_empty() { String::new() } else { format!(", asks for {}", asks.join(", ")) };
        let answer = match config.calendars.iter().find(|named| named.name == topic.calendar) {
            Some(named) if named.calendar.next_closing(now).is_some() => {
                format!(", answered within {}", topic.policy.answer_within)
            }
            Some(_) | None => String::new(),
        };
        let open_when = match topic.policy.open_when {
            OpenWhen::InHours => "",
            OpenWhen::Attended => ", open while somebody is there",
            OpenWhen::InHoursAndAttended => ", open in hours while somebody is there",
        };
        row("topic", format!("{} → {}{calendar}{open_when}{answer}{asks}", topic.label, topic.desk));
    }
    for (at, step) in config.ladder.steps().iter().enumerate() {
        let Some(tier) = config.tiers.get(step.tier) else { continue };
        let when = match step.when {
            When::After(promise) => format!("after {promise}"),
            When::Left(0) => "when what was promised is over".to_owned(),
            When::Left(percent) => format!("with {percent} % of what was promised left"),
        };
        let who = match tier.calls.len() {
            0 => "nobody, so the next one is told".to_owned(),
            count => counted(count, "mention"),
        };
        row(&format!("step {}", at + 1), format!("{when} → {}, {who}", tier.name));
    }
    for reminder in &config.reminders {
        let about = if reminder.only_late { "what is late" } else { "what is unanswered" };
        let zone = reminder.schedule.zone();
        let clock = |at: Moment| DateTime::from_timestamp_millis(at.0).map(|at| at.with_timezone(&zone));
        let next = reminder.schedule.after(now).take(FIRINGS_SHOWN).filter_map(clock);
        let next: Vec<String> = next.map(|at| at.format("%a %-d %b %H:%M").to_string()).collect();
        let what = format!("{about}, {} ({zone}); next {}", reminder.schedule, next.join(", "));
        row(&format!("reminder {}", reminder.name), what);
    }
    for fact in &config.facts {
        let mark = if fact.link.is_some() { ", a link" } else { "" };
        row("context", format!("{} → {}{mark}", fact.key, fact.label));
    }
    match config.identity_secrets.len() {
        0 => {}
        secrets => row(
            "identity",
            format!("customers are verified by tokens that are signed with {}", counted(secrets, "secret")),
        ),
    }
    for desk in &config.desks {
        row(&format!("desk {}", desk.name), desk_in_words(desk));
    }
    let chosen: Vec<String> = config.verbs.chosen().map(|(entry, chosen)| verb_in_words(entry, chosen)).collect();
    if !chosen.is_empty() {
        row("verbs", chosen.join(", "));
    }
    if !config.replies.is_empty() {
        let list = config.replies.list();
        let names: Vec<&str> = list.iter().map(|(name, _)| name.as_str()).take(REPLIES_SHOWN_MAX).collect();
        let more = if list.len() > names.len() { ", …" } else { "" };
        let count = config.replies.len();
        let count = if count == 1 { "1 saved reply".to_owned() } else { format!("{count} saved replies") };
        row("replies", format!("{count}: {}{more}", names.join(", ")));
    }
    if let Some(slack) = &config.slack {
        row(
            "Slack",
            match &slack.events {
                SlackEvents::Socket { sockets, .. } => {
                    format!("events come over {}", counted(*sockets as usize, "socket"))
                }
                SlackEvents::Http { signing_secrets } => {
                    format!("events come by HTTP, signed with {}", counted(signing_secrets.len(), "secret"))
                }
            },
        );
    }
    if let Some(discord) = &config.discord {
        let seen = match discord.threads {
            Threads::Private => "who is called into them",
            Threads::Public => "everybody who sees the channel",
        };
        row("Discord", format!("threads in text channels are seen by {seen}"));
    }
    if let Some(email) = &config.email {
        row("email", email_in_words(email));
    }
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let mut text = "This is how the configuration is understood:\n\n".to_owned();
    for (name, value) in rows {
        text.push_str(&format!("  {name:width$}  {value}\n"));
    }
    text.push('\n');
    for named in &config.calendars {
        text.push_str(&calendars::shown(named, now));
    }
    let of_calendars = config.calendars.iter().flat_map(|named| named.remarks(named.calendar.wall(now).date()));
    for remark in config.remarks.iter().cloned().chain(of_calendars) {
        text.push_str(&format!("Worth a look: {remark}\n\n"));
    }
    text
}

fn verb_in_words(entry: &Entry, chosen: &Chosen) -> String {
    match chosen {
        Chosen::Word(word) => format!("{} → {PREFIX}{word}", entry.word),
        Chosen::Off => format!("{} is switched off", entry.word),
    }
}

fn desk_in_words(desk: &Desk) -> String {
    let place = match desk.platform {
        Platform::Slack => format!("in Slack, {}", counted(desk.channels.len(), "channel")),
        Platform::Discord => format!("on Discord, {}", counted(desk.channels.len(), "channel")),
        Platform::Practice => "the practice desk".to_owned(),
    };
    let goes_out = match desk.mode {
        Mode::Open => "every reply goes out",
        Mode::Claimed => "the claimer's replies go out",
        Mode::Explicit => "replies that begin with > go out",
    };
    match desk.hold_secs {
        0 => format!("{place}; {goes_out} at once"),
        secs => format!("{place}; {goes_out} after {secs} s"),
    }
}

fn email_in_words(email: &Email) -> String {
    let server = |server: &MailServer| format!("{}:{} {}", server.host, server.port, encryption(server.tls));
    let (smtp, imap) = (server(&email.smtp), server(&email.imap.server));
    format!("{}; letters go to {smtp}, and come from {} at {imap}", email.address, email.imap.name)
}

fn encryption(tls: MailTls) -> &'static str {
    match tls {
        MailTls::StartTls => "(STARTTLS)",
        MailTls::Implicit => "(TLS)",
        MailTls::None => "(not encrypted)",
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// The address to type on this machine: "all addresses" is none.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Entry, load};
    use clap::CommandFactory;
    use expect_test::expect;
    use futures_util::FutureExt;
    use std::path::Path;

    fn configured(toml: &str) -> Result<Config, ConfigErrors> {
        let env = |name: &str| match name {
            "SLACK_BOT_TOKEN" => Some("xoxb-1".to_owned()),
            "SLACK_APP_TOKEN" => Some("xapp-1".to_owned()),
            "SLACK_SIGNING_SECRET" => Some("0123456789abcdef,fedcba9876543210".to_owned()),
            _ => None,
        };
        load(None, None, &env, &|_: &Path| Ok(toml.to_owned()), &|_| Err(io::ErrorKind::NotFound.into()))
    }

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    /// The help as it looks in a wide terminal, whatever this one is.
    fn help_of(line: &str) -> String {
        let wide = Cli::command().term_width(100);
        wide.try_get_matches_from(line.split_whitespace()).unwrap_err().to_string()
    }

    /// 2026-11-25T23:00Z.
    const NOW: Moment = Moment(1_795_647_600_000);

    const SITE: &str = r#"
        [server]
        listen = "0.0.0.0:8087"
        public_url = "https://chat.example.com"
        [database]
        url = "sqlite:/var/lib/threadline/chat.db"
        [desk.support]
        platform = "slack"
        channels = ["C0123ABCD", "C0123ABCE"]
        mode = "claimed"
        [[topic]]
        id = "billing"
        label = "Billing Questions"
        [slack]
        events = "http"
    "#;

    #[test]
    fn the_help_is_worth_reading() {
        Cli::command().debug_assert();
        expect![[r#"
            Puts a website's chat into Slack or Discord threads, where the support team answers.

            Without a command it serves. Without a threadline.toml it serves on this machine only, with a shop
            page to write from as a customer and a practice desk to answer at:

              http://127.0.0.1:8087/          the shop page
              http://127.0.0.1:8087/practice  the practice desk

            Usage: threadline [OPTIONS]
                   threadline <COMMAND>

            Commands:
              serve    Serve until a signal says stop; what is asked for without a command
              check    Read the configuration, and say what is wrong or how it is understood
              slack    Help with setting Slack up
              discord  Help with setting Discord up
              openapi  Print the OpenAPI document of the customers' API
              help     Print this message or the help of the given subcommand(s)

            Options:
                  --config <FILE>
                      The configuration; by default threadline.toml in this directory, if there is one

                  --listen <ADDRESS>
                      Address and port to listen on, in place of server.listen

              -h, --help
                      Print help (see a summary with '-h')

              -V, --version
                      Print version

            Environment:
              SLACK_BOT_TOKEN          The bot's token, xoxb-…
              SLACK_APP_TOKEN          The app-level token, xapp-…, when events come over sockets
              SLACK_SIGNING_SECRET     The signing secret, when events come by HTTP; several with commas between
              DISCORD_BOT_TOKEN        The bot's token, when a desk is on Discord
              THREADLINE_DATABASE_URL  The database, in place of database.url; it may contain a password
              THREADLINE_IDENTITY_SECRET
                                       What the site signs with to say who a customer is; several with commas
                                       between
              THREADLINE_EMAIL_SECRET  Signs the addresses that customers reply to; several with commas between
              THREADLINE_SMTP_PASSWORD
                                       The password of email.smtp.user
              THREADLINE_IMAP_PASSWORD
                                       The password of email.imap.user
              THREADLINE_LOG           A filter such as "warn,threadline=debug", in place of log.level

              Each of the first nine can be in a file that another variable names: SLACK_BOT_TOKEN_FILE and so
              on.

            Exit codes:
              0    It did what it was asked to, or was stopped by a signal
              1    The configuration is wrong, it could not start, or a part of it died; stderr says which
              2    The command line was not understood
              130  A second signal ended it before it had finished

            Examples:
              threadline                                    Try it out, with nothing set up
              threadline slack manifest --name "Shop Help"  Make the Slack app: paste this at api.slack.com/apps
              threadline discord invite                     Print the link that invites the bot to a Discord
              server
              threadline check                              Read threadline.toml and say what is wrong
              threadline serve --config /etc/threadline.toml
        "#]]
        .assert_eq(&help_of("threadline --help"));
        expect![[r#"
            Serve until a signal says stop; what is asked for without a command

            Usage: threadline serve [OPTIONS]

            Options:
                  --config <FILE>     The configuration; by default threadline.toml in this directory, if there
                                      is one
                  --listen <ADDRESS>  Address and port to listen on, in place of server.listen
              -h, --help              Print help
        "#]]
        .assert_eq(&help_of("threadline serve --help"));
        expect![[r#"
            Print the app's manifest: paste it at api.slack.com/apps, "Create New App", "From a manifest"

            Usage: threadline slack manifest [OPTIONS]

            Options:
                  --config <FILE>   The configuration whose [verbs] it is for: what is switched off there gets
                                    no place in Slack's menus. It may be written before there are tokens
                  --name <NAME>     The app's name, and the bot's [default: Threadline]
                  --command <WORD>  The word of its command, if another app has /threadline [default:
                                    threadline]
                  --http <URL>      Have events sent by HTTP to Threadline at this address, such as
                                    https://chat.example.com; by default they come over sockets that we open
              -h, --help            Print help
        "#]]
        .assert_eq(&help_of("threadline slack manifest --help"));
    }

    #[test]
    fn without_a_command_it_serves() {
        let cli = parsed("threadline --listen 127.0.0.1:9000 --config a.toml").unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.listen.as_deref(), Some("127.0.0.1:9000"));
        assert_eq!(cli.serve.config.config, Some(PathBuf::from("a.toml")));
        assert!(matches!(
            parsed("threadline serve").unwrap().command,
            Some(Command::Serve(Serve { listen: None, .. }))
        ));
        assert_eq!(parsed("threadline sevre").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn slack_is_told_an_address() {
        let http = |url: &str| match parsed(&format!("threadline slack manifest --http {url}")).unwrap().command {
            Some(Command::Slack { command: SlackCommand::Manifest(manifest) }) => manifest.http.unwrap(),
            other => panic!("{other:?}"),
        };
        for given in ["https://chat.example.com", "https://chat.example.com/", "https://chat.example.com/slack/events"]
        {
            assert_eq!(http(given), "https://chat.example.com");
        }
        for wrong in ["http://chat.example.com", "chat.example.com", "https://"] {
            assert!(parsed(&format!("threadline slack manifest --http {wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_newcomer_is_welcomed() {
        let newcomer = configured("database.url = 'sqlite:/home/ada/threadline.db'").unwrap();
        expect![[r#"
            Threadline is running.

              Shop page      http://127.0.0.1:8087/  (write as a customer)
              Practice desk  http://127.0.0.1:8087/practice  (answer as the team)
              Database       /home/ada/threadline.db (SQLite)

            Ctrl-C stops it.
        "#]]
        .assert_eq(&welcome(&newcomer, newcomer.server.listen));
        let site = configured(SITE).unwrap();
        expect![[r#"
            Threadline is running.

              Address        https://chat.example.com
              Database       /var/lib/threadline/chat.db (SQLite)

            Ctrl-C stops it.
        "#]]
        .assert_eq(&welcome(&site, site.server.listen));
        let anonymous = configured(&SITE.replace("public_url", "#")).unwrap();
        assert!(welcome(&anonymous, "[::]:80".parse().unwrap()).contains("http://[::1]:80\n"));
    }

    #[test]
    fn mistakes_are_counted() {
        let one = configured("sever = 1").unwrap_err();
        expect![[r#"
            The configuration has a mistake:

            threadline.toml:1: sever: there is no such key; did you mean "server"?

            Every key is explained in threadline.example.toml.
        "#]]
        .assert_eq(&refusal(&one));
        let two = configured("sever = 1\nlimits.streams_max = 0").unwrap_err();
        assert!(refusal(&two).starts_with("The configuration has 2 mistakes:\n"));
    }

    #[test]
    fn check_says_how_it_is_understood() {
        let site = configured(SITE).unwrap();
        let checks = vec![
            Check { about: "Slack", ask: async { Ok("the bot is @support in Example Inc".to_owned()) }.boxed() },
            Check {
                about: "the database",
                ask: async { Err(vec!["it is old".to_owned(), "and full".to_owned()]) }.boxed(),
            },
        ];
        let findings = check(&site, NOW, checks).now_or_never().unwrap();
        assert!(!findings.fine);
        expect![[r#"
            This is how the configuration is understood:

              listens on    0.0.0.0:8087
              reached at    https://chat.example.com
              database      /var/lib/threadline/chat.db (SQLite)
              topic         Billing Questions → support
              desk support  in Slack, 2 channels; the claimer's replies go out after 3 s
              Slack         events come by HTTP, signed with 2 secrets

            Calendar always: open day and night, with the days of UTC

            Worth a look: threadline.toml:2: server.allowed_origins: no website may open the chat yet; list those that may, such as ["https://shop.example.com"]

            ✓ Slack: the bot is @support in Example Inc
            ✗ the database: it is old
            ✗ the database: and full
        "#]].assert_eq(&findings.text);

        let newcomer = configured("database.url = 'sqlite:/home/ada/threadline.db'").unwrap();
        let findings = check(&newcomer, NOW, Vec::new()).now_or_never().unwrap();
        assert!(findings.fine);
        expect![[r#"
            This is how the configuration is understood:

              listens on    127.0.0.1:8087
              practice      the shop page and the practice desk are served, to this machine
              database      /home/ada/threadline.db (SQLite)
              topic         Campaign Setup → support, asks for campaign_id
              topic         Technical Issues → support, asks for campaign_id, transaction_id, error, steps, expected, actual
              topic         Billing Questions → support, asks for campaign_id, transaction_id
              topic         Platform Navigation → support
              topic         Other → support
              desk support  the practice desk; every reply goes out after 3 s

            Calendar always: open day and night, with the days of UTC

            Worth a look: SLACK_BOT_TOKEN: there is a token, but no desk is in Slack; add [desk.support] with platform = "slack" and its channels

        "#]].assert_eq(&findings.text);
    }

    #[test]
    fn an_address_in_use_is_said_in_plain_words() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let taken = first.local_addr().unwrap();
        let said = bind(taken).unwrap_err().to_string();
        assert!(said.starts_with(&format!("{taken} is in use by another program")), "{said}");
        let at: SocketAddr = "10.0.0.1:80".parse().unwrap();
        let why = |kind: io::ErrorKind| not_bound(at, &kind.into());
        expect!["10.0.0.1:80 is in use by another program, perhaps another Threadline. Stop that one, or listen elsewhere: --listen 10.0.0.1:81"].assert_eq(&why(io::ErrorKind::AddrInUse));
        expect!["10.0.0.1:80 is not for ordinary programs: ports below 1024 need a privilege. Listen on a higher port"]
            .assert_eq(&why(io::ErrorKind::PermissionDenied));
        expect!["10.0.0.1:80 is not an address of this machine. To listen on all of its addresses, write 0.0.0.0"]
            .assert_eq(&why(io::ErrorKind::AddrNotAvailable));
        expect!["cannot listen on 10.0.0.1:80: out of memory"].assert_eq(&why(io::ErrorKind::OutOfMemory));
    }

    #[test]
    fn the_saved_replies_are_counted_and_named() {
        let shown = |count: usize| {
            let name = |n: usize| Entry { name: format!("r{n:02}.md"), bytes: 1 };
            let read = |path: &Path| Ok(if path.ends_with("threadline.toml") { String::new() } else { "x".to_owned() });
            let list = |_: &Path| Ok((1..=count).map(name).collect());
            let config = load(None, None, &|_| None, &read, &list).unwrap();
            let text = check(&config, NOW, Vec::new()).now_or_never().unwrap().text;
            text.lines().find(|line| line.contains("replies")).map(|line| line.trim().to_owned())
        };
        assert_eq!(shown(0), None);
        assert_eq!(shown(1).as_deref(), Some("replies       1 saved reply: r01"));
        let twelve = "replies       12 saved replies: r01, r02, r03, r04, r05, r06, r07, r08, r09, r10, …";
        assert_eq!(shown(12).as_deref(), Some(twelve));
    }
}
