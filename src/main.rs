//! The program `threadline`: reads the command line and the configuration, starts the log and the
//! runtime, and hands over to [`threadline::start`].

use anyhow::Context;
use clap::Parser;
use futures_util::FutureExt;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use threadline::cli::{self, Check, Cli, Command, ConfigFile, DiscordCommand, Manifest, Serve, SlackCommand};
use threadline::clock::{Clock, Ids};
use threadline::config::{self, Config, ConfigErrors};
use threadline::lifecycle::Lifecycle;
use threadline::logs;
use threadline_slack::manifest::{App, manifest};
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long threads that block may hold the end up. What they were doing is not waited for anywhere.
const THREADS_GRACE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    // Only fails when there is one already, which is as good.
    let _: Result<(), _> = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let done = match cli.command {
        None => serve(cli.serve),
        Some(Command::Serve(options)) => serve(options),
        Some(Command::Check(file)) => check(&file),
        Some(Command::Slack { command: SlackCommand::Manifest(options) }) => slack_manifest(&options),
        Some(Command::Discord { command: DiscordCommand::Invite(file) }) => discord_invitation(&file),
        Some(Command::Openapi) => openapi(),
    };
    done.unwrap_or_else(|error| {
        complain(&match error.downcast_ref::<ConfigErrors>() {
            Some(errors) => cli::refusal(errors),
            None => format!("threadline: {error:#}\n"),
        });
        ExitCode::FAILURE
    })
}

fn serve(options: Serve) -> anyhow::Result<ExitCode> {
    let config = read_config(&options.config, options.listen.as_deref())?;
    logs::start(&config.log, std::env::var(logs::FILTER_VARIABLE).ok().as_deref())?;
    for remark in &config.remarks {
        tracing::warn!("{remark}");
    }
    let listener = cli::bind(config.server.listen)?;
    let welcome = cli::welcome(&config, listener.local_addr()?);
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let life = Lifecycle::new();
        life.stop_on_signals().context("cannot listen to signals")?;
        let running = threadline::start(config, listener, life, Clock::Real, Ids::Real).await?;
        say(&welcome);
        running.finished().await
    });
    runtime.shutdown_timeout(THREADS_GRACE);
    ended.map(|()| ExitCode::SUCCESS)
}

fn check(file: &ConfigFile) -> anyhow::Result<ExitCode> {
    let config = read_config(file, None)?;
    let about_slack = config.slack.is_some().then(|| {
        let config = config.clone();
        Check { about: "Slack", ask: Box::pin(async move { threadline::check_slack(&config).await }) }
    });
    let about_discord = config.discord.is_some().then(|| {
        let config = config.clone();
        Check { about: "Discord", ask: Box::pin(async move { threadline::check_discord(&config).await }) }
    });
    let files = config.files.clone();
    let about_files = Check { about: "Files", ask: Box::pin(threadline::check_files(files)) };
    let about_email = config.email.clone().into_iter().flat_map(|email| {
        let letters_out = email.clone();
        let smtp = async move { threadline::email::smtp::check(&letters_out).await.map_err(|why| vec![why]) };
        let imap = async move { threadline::email::imap::check(&email).await.map_err(|why| vec![why]) };
        let checks = [("letters that go out", smtp.boxed()), ("letters that come in", imap.boxed())];
        checks.map(|(about, ask)| Check { about, ask })
    });
    let checks = std::iter::once(about_files).chain(about_slack).chain(about_discord).chain(about_email).collect();
    let findings = runtime()?.block_on(cli::check(&config, Clock::Real.now(), checks));
    say(&findings.text);
    Ok(if findings.fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn slack_manifest(options: &Manifest) -> anyhow::Result<ExitCode> {
    let (name, command, http) = (&options.name, &options.command, options.http.as_deref());
    // Slack gives the tokens once the app is made.
    let env = |name: &str| std::env::var(name).ok().or_else(|| config::token_to_come(name));
    let read = |path: &Path| std::fs::read_to_string(path);
    let load = |path: &Path| config::load(Some(path), None, &env, &read, &config::files_in);
    let config = options.config.as_deref().map(load).transpose()?;
    let names = config.map(|config| config.verbs).unwrap_or_default();
    say(&manifest(App { name, command, names: &names, http }));
    Ok(ExitCode::SUCCESS)
}

fn discord_invitation(file: &ConfigFile) -> anyhow::Result<ExitCode> {
    let config = read_config(file, None)?;
    let link = runtime()?.block_on(threadline::invite_to_discord(&config)).map_err(anyhow::Error::msg)?;
    say(&link);
    Ok(ExitCode::SUCCESS)
}

fn openapi() -> anyhow::Result<ExitCode> {
    say(threadline::web::openapi_json());
    Ok(ExitCode::SUCCESS)
}

fn read_config(file: &ConfigFile, listen: Option<&str>) -> Result<Config, ConfigErrors> {
    let env = |name: &str| std::env::var(name).ok();
    config::load(file.config.as_deref(), listen, &env, &|path| std::fs::read_to_string(path), &config::files_in)
}

fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

/// To stdout. A reader who has gone away, as in `threadline openapi | head`, is no failure.
fn say(text: &str) {
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    let _: Result<(), _> = write!(std::io::stdout(), "{text}{line_end}");
}

/// To stderr, where nobody may be reading either.
fn complain(text: &str) {
    let _: Result<(), _> = write!(std::io::stderr(), "{text}");
}
