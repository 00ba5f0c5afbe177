//! `fake-slack`: a fake Slack that stands alone, for SDKs, scripts and people to try things on.

use std::process::ExitCode;
use std::time::Duration;
use threadline_fake_slack::{CONTROL_HELP, FakeSlack, Options};

const USAGE: &str = "\
fake-slack: a server that behaves as Slack does towards a bot

Usage: fake-slack [FLAG VALUE]… [SWITCH]…
  --listen ADDRESS          where to listen (127.0.0.1:3999)
  --public-url URL          the address to hand out, if it is another
  --bot-token TOKEN         the bot's token
  --app-token TOKEN         the app-level token
  --signing-secret SECRET   what events by HTTP are signed with
  --bot-name NAME           the bot's name (Threadline)
  --channel ID=NAME         make a channel with the bot in it; may be given again (C0SUPPORT=support)
  --events-url URL          send events there instead of over sockets
  --latency-ms NUMBER       how long each answer takes (0)
  --seed NUMBER             what chance is drawn from (1)
  --messages-max NUMBER     messages kept in each channel (all)
  --no-rate-limits          lift Slack's rate limits
  --no-bodies               do not keep what messages say
  --quiet                   do not record calls
  --help                    this
";

/// What the command line says.
struct Setup {
    options: Options,
    channels: Vec<(String, String)>,
    events_url: Option<String>,
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program tells where it is")]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        println!("{USAGE}\n{CONTROL_HELP}");
        return ExitCode::SUCCESS;
    }
    let setup = match read(args) {
        Ok(setup) => setup,
        Err(why) => {
            eprintln!("fake-slack: {why}; see --help");
            return ExitCode::from(2);
        }
    };
    let slack = match FakeSlack::try_start(setup.options).await {
        Ok(slack) => slack,
        Err(error) => {
            eprintln!("fake-slack: cannot listen: {error}");
            return ExitCode::FAILURE;
        }
    };
    for (id, name) in &setup.channels {
        slack.add_channel(id, name);
    }
    println!("fake Slack is at {0}/ (look) and {0}/_fake/… (play; see --help)\n", slack.base_url());
    println!("export SLACK_API_URL={}", slack.api_url());
    println!("export SLACK_BOT_TOKEN={}", slack.bot_token());
    println!("export SLACK_APP_TOKEN={}", slack.app_token());
    println!("export SLACK_SIGNING_SECRET={}", slack.signing_secret());
    for (id, name) in &setup.channels {
        println!("# channel #{name} is {id}");
    }
    if let Some(url) = &setup.events_url
        && let Err(why) = slack.set_events_url(Some(url)).await
    {
        eprintln!("fake-slack: {url} is not taken for events: {why}");
        return ExitCode::FAILURE;
    }
    match tokio::signal::ctrl_c().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn read(args: Vec<String>) -> Result<Setup, String> {
    let mut setup = Setup { options: Options::default(), channels: vec![], events_url: None };
    setup.options.listen = ([127, 0, 0, 1], 3999).into();
    let options = &mut setup.options;
    let mut args = args.into_iter();
    while let Some(flag) = args.next() {
        match flag.as_str() {
            "--no-rate-limits" => options.rate_limits = false,
            "--no-bodies" => options.keep_bodies = false,
            "--quiet" => options.quiet = true,
            _ => {
                let value = args.next().ok_or_else(|| format!("{flag} is unknown or lacks its value"))?;
                let number = || value.parse::<u64>().map_err(|_| format!("{flag} wants a number, not {value}"));
                match flag.as_str() {
                    "--listen" => {
                        options.listen =
                            value.parse().map_err(|_| format!("{value} is no address such as 127.0.0.1:3999"))?;
                    }
                    "--public-url" => options.public_url = Some(value),
                    "--bot-token" => options.bot_token = value,
                    "--app-token" => options.app_token = value,
                    "--signing-secret" => options.signing_secret = value,
                    "--bot-name" => options.bot_name = value,
                    "--channel" => {
                        let (id, name) = value.split_once('=').ok_or_else(|| format!("{value} is not ID=NAME"))?;
                        setup.channels.push((id.into(), name.into()));
                    }
                    "--events-url" => setup.events_url = Some(value),
                    "--latency-ms" => options.latency = Duration::from_millis(number()?),
                    "--seed" => options.seed = number()?,
                    "--messages-max" => options.messages_per_channel_max = number()? as usize,
                    _ => return Err(format!("{flag} is unknown")),
                }
            }
        }
    }
    if setup.channels.is_empty() {
        setup.channels.push(("C0SUPPORT".into(), "support".into()));
    }
    Ok(setup)
}
