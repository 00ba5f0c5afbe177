//! Checks at start whether Slack lets the bot do its work, and says in plain words what is wrong.

use crate::manifest::SCOPES;
use crate::outbound::Slack;
use serde_json::{Value, json};
use threadline_core::desk::{Stop, Trouble};

/// What the check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The workspace's name, if Slack told it.
    pub workspace: Option<String>,
    /// What has to be mended, a sentence or two each; empty when all is well.
    pub problems: Vec<String>,
}

/// Asks Slack who we are, what we may do, and how each desk's channel stands.
pub async fn check(slack: &Slack) -> Report {
    let mut report = Report { workspace: None, problems: Vec::new() };
    match slack.call("auth.test", &json!({})).await {
        Ok(answer) => report.workspace = answer["team"].as_str().map(str::to_string),
        Err(trouble) => {
            report.problems.push(problem("Slack does not let the bot in.", trouble));
            return report;
        }
    }
    if let Err(trouble) = slack.us().await {
        report.problems.push(problem("The bot token is of no use.", trouble));
        return report;
    }
    if let Some(scopes) = slack.client().scopes(&slack.config().bot_token).await {
        report.problems.extend(missing_scopes(&scopes));
    }
    if let Some(token) = &slack.config().app_token
        && !token.reveal().starts_with("xapp-")
    {
        report.problems.push("The app-level token does not start with xapp-. Make one with the scope connections:write under Basic Information.".to_string());
    }
    for channel in &slack.config().channels {
        let answer = slack.get("conversations.info", &[("channel", channel)]).await;
        report.problems.extend(match answer {
            Ok(answer) => channel_problem(channel, &answer["channel"]),
            Err(trouble) => Some(problem(&format!("The channel {channel} cannot be used."), trouble)),
        });
    }
    report
}

fn missing_scopes(granted: &[String]) -> Option<String> {
    let missing: Vec<String> = SCOPES
        .iter()
        .filter(|(scope, _)| !granted.iter().any(|one| one == scope))
        .map(|(scope, why)| format!("{scope} (to {why})"))
        .collect();
    (!missing.is_empty()).then(|| {
        format!("The Slack app lacks {}. Update it from the current manifest and install it again.", missing.join(", "))
    })
}

fn channel_problem(channel: &str, info: &Value) -> Option<String> {
    if info["is_archived"] == true {
        return Some(format!("The channel {channel} is archived. Unarchive it, or configure another channel."));
    }
    if info["is_im"] == true || info["is_mpim"] == true {
        return Some(format!("{channel} is a direct message. Configure a channel."));
    }
    (info["is_member"] == false)
        .then(|| format!("The bot is not in the channel {channel}. Invite it there: /invite @ and its name."))
}

fn problem(what: &str, trouble: Trouble) -> String {
    let why = match trouble {
        Trouble::Stopped(Stop { advice, code, .. }) => format!("{advice} (Slack says: {code})"),
        Trouble::Later { .. } => "Slack asks for a pause; try again in a minute.".to_string(),
        Trouble::NotDone { why } | Trouble::Unclear { why } => format!("It cannot be reached ({why})."),
        Trouble::Never { why } => format!("Slack refuses ({why})."),
        Trouble::ThreadGone => "Slack refuses.".to_string(),
    };
    format!("{what} {why}")
}
