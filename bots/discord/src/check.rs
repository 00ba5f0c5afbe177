//! Checks at start whether Discord lets the bot do its work, and says in plain words what is wrong.

use crate::outbound::Discord;
use crate::permissions;
use crate::places;
use crate::refusal::{self, About};
use serenity::model::permissions::Permissions;
use threadline_core::desk::{Stop, Trouble};

/// The application may read what people write (docs, "Application Flags": GATEWAY_MESSAGE_CONTENT, and the
/// same for bots on few servers).
const READS_MESSAGES: u64 = 1 << 18 | 1 << 19;

/// What the check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The server's name, if Discord told it.
    pub server: Option<String>,
    /// What has to be mended, a sentence or two each; empty when all is well.
    pub problems: Vec<String>,
}

/// Asks Discord who we are, what we may read, and what we may do in each desk's channel.
pub async fn check(discord: &Discord) -> Report {
    let mut report = Report { server: None, problems: Vec::new() };
    let application = match discord.get("/applications/@me", About::Channel).await {
        Ok(application) => application,
        Err(trouble) => {
            report.problems.push(problem("Discord does not let the bot in.", trouble));
            return report;
        }
    };
    if application["flags"].as_u64().unwrap_or_default() & READS_MESSAGES == 0 {
        report.problems.push(refusal::no_message_content().advice);
    }
    let us = match discord.us().await {
        Ok(us) => us,
        Err(trouble) => {
            report.problems.push(problem("The first channel cannot be used.", trouble));
            return report;
        }
    };
    let server = match discord.rooms().server(discord).await {
        Ok(server) => server,
        Err(trouble) => {
            report.problems.push(problem("The server cannot be used.", trouble));
            return report;
        }
    };
    report.server = server["name"].as_str().map(str::to_string);
    let member = match discord.get(&format!("/guilds/{}/members/{}", us.guild, us.user), About::Channel).await {
        Ok(member) => member,
        Err(trouble) => {
            report.problems.push(problem("Discord does not say what the bot may do.", trouble));
            return report;
        }
    };
    for channel in &discord.config().channels {
        let described = match discord.places().channel(*channel).await {
            Ok(described) => described,
            Err(trouble) => {
                report.problems.push(problem(&format!("The channel {channel} cannot be used."), trouble));
                continue;
            }
        };
        if crate::ids::Id::of(&described["guild_id"]) != Some(us.guild) {
            report.problems.push(format!(
                "The channel {channel} is on another server than the first one. All channels have to be on one server."
            ));
        } else if !places::is_forum(&described) && !places::takes_threads(&described) {
            report
                .problems
                .push(format!("The channel {channel} is no text channel and no forum. Configure one of these."));
        }
        let may = permissions::effective(&server, &member, &described, us.user);
        let missing = permissions::needed() & !may;
        if missing != Permissions::empty() {
            report.problems.push(format!(
                "In the channel {channel} the bot lacks {}. Give its role these permissions in the channel's settings, or invite it again with the link that `threadline discord invite` prints.",
                permissions::named_with_reason(missing)
            ));
        }
    }
    report
}

/// The link by which the bot is invited, with exactly what it needs.
///
/// # Errors
///
/// When Discord does not say which application the token belongs to.
pub async fn invitation(discord: &Discord) -> Result<String, String> {
    let application = discord.get("/applications/@me", About::Channel).await;
    let application = application.map_err(|trouble| problem("Discord does not let the bot in.", trouble))?;
    match application["id"].as_str() {
        Some(id) => Ok(permissions::invitation(id)),
        None => Err("Discord does not say which application the token belongs to.".to_string()),
    }
}

fn problem(what: &str, trouble: Trouble) -> String {
    let why = match trouble {
        Trouble::Stopped(Stop { advice, code, .. }) => format!("{advice} (Discord says: {code})"),
        Trouble::Later { .. } => "Discord asks for a pause; try again in a minute.".to_string(),
        Trouble::NotDone { why } | Trouble::Unclear { why } => format!("It cannot be reached ({why})."),
        Trouble::Never { why } => format!("Discord refuses ({why})."),
        Trouble::ThreadGone => "Discord refuses.".to_string(),
    };
    format!("{what} {why}")
}
