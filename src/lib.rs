//! Threadline's service: everything around the core. `main` reads the configuration and calls
//! [`start`]; the rest is one way through: web and bots → service → store → outbox → bots and web.

pub mod attendance;
pub mod cli;
pub mod clock;
pub mod config;
pub mod departures;
pub mod email;
pub mod files;
pub mod hub;
pub mod lifecycle;
pub mod logs;
pub mod mailroom;
pub mod metrics;
pub mod outbox;
pub mod peers;
pub mod postman;
pub mod practice;
pub mod reminders;
pub mod scheduler;
pub mod service;
pub mod sessions;
pub mod store;
pub mod web;

#[cfg(test)]
mod imports;

use anyhow::Context;
use attendance::Follower;
use axum::body::Bytes;
use axum::http::HeaderMap;
use clock::{Clock, Ids};
use config::{Config, SlackEvents};
use files::Files;
use lifecycle::Lifecycle;
use mailroom::Mailroom;
use metrics::Metrics;
use postman::Postman;
use practice::Practice;
use service::{DeskSetup, Service};
use std::collections::HashMap;
use std::sync::Arc;
use store::{OnCommit, Store};
use threadline_core::availability::Attendance;
use threadline_core::desk::{DeskRules, MailRules, Topic, Trouble};
use threadline_core::ids::DeskName;
use threadline_core::lane::Pace;
use threadline_core::presence::Presence;
use threadline_core::verb::Names;
use threadline_discord::config::{self as on_discord, DiscordConfig};
use threadline_discord::files::Source;
use threadline_discord::ids::Id as DiscordId;
use threadline_discord::inbound::Inbound as DiscordInbound;
use threadline_discord::outbound::Discord;
use threadline_slack::config::{DeskTopics, Secret as SlackSecret, SlackConfig};
use threadline_slack::inbound::{Inbound, InboundHandle};
use threadline_slack::knock::{Knock, knock};
use threadline_slack::outbound::Slack;
use web::{Door, Knocked};

/// Longest text of one post: what Slack recommends at most for `text` in chat.postMessage; the
/// practice desk keeps to it too, so that both split alike.
const POST_CHARS_MAX: usize = 4_000;
/// The practice desk is ours: nothing has to be paced.
const PRACTICE_PACE: Pace = Pace { millis_per_post: 0, burst: 1 };
/// Between two posts on Discord, over all threads: it allows a bot 50 calls a second (docs, "Global Rate Limit"),
/// and its client keeps to what each thread takes.
const DISCORD_PACE: Pace = Pace { millis_per_post: 25, burst: 20 };
/// Posts that Slack takes at once after a pause: it allows "short bursts" above its rate
/// (docs.slack.dev, "Rate limits": posting messages).
const SLACK_BURST: i64 = 3;

/// A Threadline that runs.
#[derive(Debug)]
pub struct Running {
    life: Lifecycle,
    service: Service,
}

/// Starts Threadline on a bound listener: everything is given.
///
/// # Errors
///
/// When the database cannot be opened. A task that dies later stops `life`, and
/// [`Running::finished`] says so.
pub async fn start(
    config: Config,
    listener: std::net::TcpListener,
    life: Lifecycle,
    clock: Clock,
    ids: Ids,
) -> anyhow::Result<Running> {
    let metrics = Arc::new(Metrics::new());
    let counted = metrics.clone();
    let on_commit = OnCommit(Arc::new(move |shared_by, took| counted.committed(shared_by, took)));
    let store = Store::open(config.database.url.expose(), on_commit).await;
    let store = store.with_context(|| format!("cannot open {}", config.database.place))?;
    let names = Arc::new(config.names());
    let rules = setups(&config, &names);
    let files = Files::new(config.files.clone(), ids.fresh() as u64)?;
    let service = Service::start(store.clone(), clock, ids, metrics, files, names.clone(), rules);
    // The shop page can also be tried with a desk in Slack.
    let has_practice = config.desks.iter().any(|desk| desk.platform == config::Platform::Practice);
    let practice = (has_practice || config.practice.enabled).then(|| Practice::new(service.clone()));
    let mut door = None;
    let slack = match &config.slack {
        Some(settings) => {
            let slack = Slack::new(slack_config(&config, settings, &names))
                .context("cannot prepare the connection to Slack")?;
            door = listen_to_slack(&service, settings, slack.clone(), &life);
            Some(slack)
        }
        None => None,
    };
    if let Some(practice) = &practice {
        practice.catch_up().await.context("cannot read the practice desk")?;
    }
    let discord = match &config.discord {
        Some(settings) => {
            let files = service.shared().files.clone();
            let discord = Discord::new(discord_config(&config, settings, &names), bytes_of(files))
                .context("cannot prepare the connection to Discord")?;
            listen_to_discord(&service, discord.clone(), &life);
            Some(discord)
        }
        None => None,
    };
    let asked = slack.clone();
    for desk in desks(&config, slack, discord, practice.as_ref()) {
        let name = format!("the desk {}", desk.name);
        life.spawn(name, outbox::run(service.clone(), desk, life.clone()));
    }
    if store.is_shared() {
        life.spawn("listening to other processes", peers::listen(service.clone(), life.clone()));
    }
    life.spawn("the end of holds", scheduler::end_holds(service.clone(), life.clone()));
    let missed = |kind| scheduler::miss_customers(kind, service.clone(), life.clone());
    life.spawn("customers who are missed", missed(scheduler::Missed::Receipts));
    life.spawn("chats that become tickets", missed(scheduler::Missed::Patience));
    life.spawn("the ladder", missed(scheduler::Missed::Steps));
    if config.sessions.is_some() {
        life.spawn("what is said before sessions", sessions::remind(service.clone(), life.clone()));
    }
    if let Some(email) = &config.email {
        life.spawn("answers that go by email", missed(scheduler::Missed::Answers));
        let postman = Postman::new(service.clone(), email, &config).context("cannot prepare the sending of letters")?;
        life.spawn("the postman", postman.run(life.clone()));
        if let Some(topic) = config.mail_topic() {
            let mailroom = Mailroom::new(service.clone(), email, topic);
            life.spawn("the mailroom", mailroom.run(life.clone()));
        }
    }
    if config.timetable().asks_who_is_there() {
        let follower = Follower::start(&config, service.clone()).await.context("cannot read who is there")?;
        life.spawn("who is there", follower.run(life.clone()));
        for (desk, slack) in desks_that_ask(&config, asked) {
            let (name, channels) = (desk.name.clone(), desk.channels.clone());
            let asking = attendance::ask_slack(name, channels, slack, service.clone(), life.clone());
            life.spawn(format!("who is at the desk {}", desk.name), asking);
        }
    }
    if config.timetable().asks_who_left() {
        life.spawn("customers who leave", departures::follow(service.clone(), life.clone()));
    }
    if !config.reminders.is_empty() {
        let reminders = config.reminders.clone();
        life.spawn("reminders", reminders::run(reminders, service.clone(), life.clone()));
    }
    life.spawn("what is closed", scheduler::close(config.close_after_days, service.clone(), life.clone()));
    life.spawn("how soon is answered", scheduler::measure(config.timetable(), service.clone(), life.clone()));
    life.spawn("housekeeping", scheduler::keep_house(service.clone(), life.clone()));
    let shown = practice.filter(|_| config.practice.enabled);
    let web = web::web(config, service.clone(), shown, door, life.clone());
    listener.set_nonblocking(true).context("cannot prepare the listener")?;
    let listener = tokio::net::TcpListener::from_std(listener).context("cannot prepare the listener")?;
    life.spawn("the web", web::serve(web, listener, life.clone()));
    Ok(Running { life, service })
}

impl Running {
    /// Runs until it is told to stop, and stops in order.
    ///
    /// # Errors
    ///
    /// When a task died.
    pub async fn finished(self) -> anyhow::Result<()> {
        self.life.stopping().await;
        self.service.shared().live.end_all();
        let outcome = self.life.finished().await;
        self.service.shared().store.close().await;
        outcome.map_err(Into::into)
    }
}

/// What `threadline check` asks Slack, when a desk is there.
pub async fn check_slack(config: &Config) -> Result<String, Vec<String>> {
    let Some(settings) = &config.slack else { return Ok("no desk is in Slack".to_string()) };
    let slack = Slack::new(slack_config(config, settings, &Arc::new(config.names())))
        .map_err(|error| vec![error.to_string()])?;
    let report = threadline_slack::check::check(&slack).await;
    if report.problems.is_empty() {
        let workspace = report.workspace.unwrap_or_else(|| "the workspace".to_string());
        return Ok(format!("the bot is let in to {workspace} and to its channels"));
    }
    Err(report.problems)
}

/// What `threadline check` asks Discord, when a desk is there.
pub async fn check_discord(config: &Config) -> Result<String, Vec<String>> {
    let Some(settings) = &config.discord else { return Ok("no desk is on Discord".to_string()) };
    let discord = asking_discord(config, settings).map_err(|error| vec![error])?;
    let report = threadline_discord::check::check(&discord).await;
    if report.problems.is_empty() {
        let server = report.server.unwrap_or_else(|| "the server".to_string());
        return Ok(format!("the bot is let in to {server}, and may do what it needs in its channels"));
    }
    Err(report.problems)
}

/// The link by which the bot is invited to a Discord server, with exactly what it needs.
///
/// # Errors
///
/// What is missing, in words.
pub async fn invite_to_discord(config: &Config) -> Result<String, String> {
    let missing =
        "no desk is on Discord; add [desk.support] with platform = \"discord\" and its channels, and the token";
    let settings = config.discord.as_ref().ok_or_else(|| missing.to_string())?;
    threadline_discord::check::invitation(&asking_discord(config, settings)?).await
}

/// A Discord of which something is asked, and to which nothing is sent.
fn asking_discord(config: &Config, settings: &config::Discord) -> Result<Discord, String> {
    let nothing = Source::new(|_| Box::pin(async { Err(Trouble::Never { why: "nothing is sent".to_string() }) }));
    let names = Arc::new(config.names());
    Discord::new(discord_config(config, settings, &names), nothing).map_err(|error| error.to_string())
}

/// Whether files can be kept: `threadline check` asks.
///
/// # Errors
///
/// What does not work, and what to do about it.
pub async fn check_files(settings: config::Files) -> Result<String, Vec<String>> {
    let place = match &settings.keep {
        config::Keep::Here => format!("the folder {}", settings.folder.display()),
        config::Keep::Bucket(bucket) => format!("the bucket {}", bucket.name),
    };
    let tried = async { Files::new(settings, u64::from(std::process::id()))?.try_out().await };
    match tried.await {
        Ok(()) => Ok(format!("can be kept in {place}")),
        Err(error) => Err(vec![format!("{place} does not work: {error:#}. See [files] in the configuration.")]),
    }
}

fn setups(config: &Config, names: &Arc<Names>) -> HashMap<DeskName, DeskSetup> {
    let topic =
        |topic: &config::Topic| Topic { id: topic.id.clone(), label: topic.label.clone(), desk: topic.desk.clone() };
    let topics: Arc<[Topic]> = config.topics.iter().map(topic).collect();
    let timetable = Arc::new(config.timetable());
    let replies = Arc::new(config.replies.clone());
    let (ladder, tiers): (_, Arc<[_]>) = (Arc::new(config.ladder.clone()), config.tiers.clone().into());
    let sessions = config.sessions.clone().map(Arc::new);
    let rules = |desk: &config::Desk| DeskRules {
        mode: desk.mode,
        hold_millis: i64::from(desk.hold_secs) * 1_000,
        post_chars_max: post_chars_max(desk),
        topics: topics.clone(),
        names: names.clone(),
        timetable: timetable.clone(),
        ladder: ladder.clone(),
        tiers: tiers.clone(),
        presence: desk.presence,
        attendance: Attendance::default(),
        missed_signs_out: desk.missed_means_away,
        replies: replies.clone(),
        mail: config
            .email
            .as_ref()
            .map(|email| MailRules { answer_after_millis: i64::from(email.answer_after_mins) * 60_000 }),
        sessions: sessions.clone(),
    };
    let setup = |desk: &config::Desk| DeskSetup::new(desk.platform, channels_of(desk), rules(desk));
    config.desks.iter().map(|desk| (desk.name.clone(), setup(desk))).collect()
}

/// The longest text of one post at a desk.
fn post_chars_max(desk: &config::Desk) -> usize {
    match desk.platform {
        config::Platform::Discord => threadline_discord::format::POST_CHARS_MAX,
        config::Platform::Slack | config::Platform::Practice => POST_CHARS_MAX,
    }
}

fn desks(
    config: &Config,
    slack: Option<Slack>,
    discord: Option<Discord>,
    practice: Option<&Practice>,
) -> Vec<outbox::Desk> {
    let cards = Arc::new(config.card_plan());
    let platform = |desk: &config::Desk| match desk.platform {
        config::Platform::Slack => slack.clone().map(outbox::Platform::Slack),
        config::Platform::Discord => discord.clone().map(outbox::Platform::Discord),
        config::Platform::Practice => practice.cloned().map(outbox::Platform::Practice),
    };
    let worker = |desk: &config::Desk| {
        let platform = platform(desk)?;
        let (channels, pace) = match (&platform, &config.slack) {
            (outbox::Platform::Slack(_), Some(slack)) => (channels_of(desk), slack_pace(slack)),
            (outbox::Platform::Discord(_), _) => (channels_of(desk), DISCORD_PACE),
            _ => (channels_of(desk), PRACTICE_PACE),
        };
        Some(outbox::Desk { name: desk.name.clone(), platform, channels, pace, cards: cards.clone() })
    };
    config.desks.iter().filter_map(worker).collect()
}

/// The desks at which Slack says who is there.
fn desks_that_ask(config: &Config, slack: Option<Slack>) -> impl Iterator<Item = (&config::Desk, Slack)> {
    let asks = |desk: &&config::Desk| match (desk.platform, desk.presence) {
        (config::Platform::Slack, Presence::Platform) => true,
        (config::Platform::Slack, Presence::Signed) => false,
        (config::Platform::Discord | config::Platform::Practice, Presence::Platform | Presence::Signed) => false,
    };
    config.desks.iter().filter(asks).filter_map(move |desk| Some((desk, slack.clone()?)))
}

/// A desk's channels, as its platform names them.
fn channels_of(desk: &config::Desk) -> Vec<String> {
    match desk.platform {
        config::Platform::Slack | config::Platform::Discord => desk.channels.clone(),
        config::Platform::Practice => vec![practice::CHANNEL.to_string()],
    }
}

fn slack_pace(slack: &config::Slack) -> Pace {
    let millis_per_post = slack.posts_per_minute_per_channel.map_or(0, |posts| 60_000 / i64::from(posts.get()));
    Pace { millis_per_post, burst: SLACK_BURST }
}

fn slack_config(config: &Config, settings: &config::Slack, verbs: &Arc<Names>) -> SlackConfig {
    let channels = config.desks.iter().flat_map(|desk| desk.channels.clone()).collect();
    let secret = |secret: &config::Secret| SlackSecret::new(secret.expose());
    let common =
        SlackConfig { api_url: settings.api_url.clone(), channels, ..SlackConfig::new(secret(&settings.bot_token)) };
    // Where posts are not paced there are no rates at all.
    let reads_per_minute = settings.posts_per_minute_per_channel.and(common.reads_per_minute);
    let topics_of = |desk: &config::Desk| {
        let topics = config.topics.iter().filter(|topic| topic.desk == desk.name);
        let topics = topics.map(|topic| (topic.id.clone(), topic.label.clone())).collect();
        DeskTopics { channels: desk.channels.clone(), topics }
    };
    let topics = config.desks.iter().filter(|desk| desk.platform == config::Platform::Slack).map(topics_of).collect();
    let replies = config.replies.list().into();
    let common = SlackConfig { reads_per_minute, verbs: verbs.clone(), topics, replies, ..common };
    match &settings.events {
        SlackEvents::Socket { app_token, sockets } => {
            SlackConfig { app_token: Some(secret(app_token)), sockets: *sockets as usize, ..common }
        }
        SlackEvents::Http { .. } => common,
    }
}

fn discord_config(config: &Config, settings: &config::Discord, verbs: &Arc<Names>) -> DiscordConfig {
    let here = || config.desks.iter().filter(|desk| desk.platform == config::Platform::Discord);
    let ids = |desk: &config::Desk| desk.channels.iter().filter_map(|id| DiscordId::parse(id)).collect::<Vec<_>>();
    let topics_of = |desk: &config::Desk| {
        let topics = config.topics.iter().filter(|topic| topic.desk == desk.name);
        let topics = topics.map(|topic| (topic.id.clone(), topic.label.clone())).collect();
        on_discord::DeskTopics { channels: ids(desk), topics }
    };
    DiscordConfig {
        api_url: settings.api_url.clone(),
        channels: here().flat_map(ids).collect(),
        threads: match settings.threads {
            config::Threads::Private => on_discord::Threads::Private,
            config::Threads::Public => on_discord::Threads::Public,
        },
        team_role: settings.team_role.as_deref().and_then(DiscordId::parse),
        verbs: verbs.clone(),
        topics: here().map(topics_of).collect(),
        replies: config.replies.list().into(),
        ..DiscordConfig::new(on_discord::Secret::new(settings.bot_token.expose()))
    }
}

/// Customers' files, for posts that carry them.
fn bytes_of(files: Files) -> Source {
    Source::new(move |file| {
        let files = files.clone();
        Box::pin(async move {
            let bytes = files.whole(&file.hash).await;
            let bytes = bytes.map_err(|error| Trouble::NotDone { why: error.to_string() })?;
            bytes.ok_or_else(|| Trouble::Never { why: "its bytes are lost".to_string() })
        })
    })
}

/// Starts listening to Discord. Of several processes one does: each connection brings everything, and a button
/// is answered once.
fn listen_to_discord(service: &Service, discord: Discord, life: &Lifecycle) {
    const NAME: &str = "discord/gateway";
    service.shared().hearing.listens(threadline_discord::PLATFORM, Some(Arc::default()));
    let (service, stopping) = (service.clone(), life.clone());
    life.spawn("listening to Discord", async move {
        while !stopping.is_stopping() {
            let mut lead = tokio::select! {
                lead = service.shared().store.lead(NAME) => lead,
                () = stopping.stopping() => break,
            };
            let clock = service.shared().clock.clone();
            let shared = Arc::new(service.clone());
            let inbound = DiscordInbound::new(discord.clone(), shared.clone(), shared, move || clock.now());
            service.shared().hearing.listens(threadline_discord::PLATFORM, Some(inbound.live_connections()));
            let token = stopping.token().child_token();
            let mut listening = std::pin::pin!(inbound.run(token.clone()));
            tokio::select! {
                () = &mut listening => continue,
                () = lead.lost() => {
                    tracing::warn!("another process may listen to Discord now");
                    token.cancel();
                }
            }
            listening.await;
        }
        Ok(())
    });
}

/// Starts listening to Slack; where its events come in by HTTP, the door that they knock at.
fn listen_to_slack(service: &Service, settings: &config::Slack, slack: Slack, life: &Lifecycle) -> Option<Door> {
    let clock = service.shared().clock.clone();
    let shared = Arc::new(service.clone());
    let inbound = Inbound::new(slack, shared.clone(), shared, move || clock.now());
    let handle = inbound.handle();
    let over_sockets = matches!(settings.events, SlackEvents::Socket { .. });
    let connections = over_sockets.then(|| inbound.live_sockets());
    service.shared().hearing.listens(threadline_slack::PLATFORM, connections);
    let token = life.token();
    life.spawn("listening to Slack", async move {
        inbound.run(token).await;
        Ok(())
    });
    let SlackEvents::Http { signing_secrets } = &settings.events else { return None };
    let secrets: Vec<SlackSecret> = signing_secrets.iter().map(|secret| SlackSecret::new(secret.expose())).collect();
    Some(slack_door(service.shared().clock.clone(), secrets.into(), handle))
}

fn slack_door(clock: Clock, secrets: Arc<[SlackSecret]>, handle: InboundHandle) -> Door {
    Door(Arc::new(move |headers: HeaderMap, body: Bytes| {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
        let knocked = knock(&secrets, header, &body, clock.now());
        let handle = handle.clone();
        Box::pin(async move {
            match knocked {
                Knock::Challenge(text) => Knocked::Answer(text),
                Knock::Frame(frame) => match handle.frame(frame).await {
                    Ok(()) => Knocked::Accepted,
                    Err(_) => Knocked::Unstored,
                },
                Knock::ByHand(payload) => match handle.by_hand(payload).await {
                    Ok(Some(answer)) => Knocked::Json(answer.to_string()),
                    Ok(None) => Knocked::Accepted,
                    Err(_) => Knocked::Unstored,
                },
                Knock::Refused(why) => {
                    tracing::warn!(why, "a request that is not Slack's was refused");
                    Knocked::Refused(why)
                }
            }
        })
    }))
}
