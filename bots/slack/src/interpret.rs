//! From what Slack's payload says to what happened at the desk: looks up who wrote. A
//! lookup that fails for now fails the whole interpretation, to be tried again; a message is never
//! lost to it.

use crate::decode::{Author as Writer, Found, FoundAct, Utterance};
use crate::directory::Place;
use crate::outbound::{Slack, Us};
use crate::{files, ids, richtext};
use serde_json::Value;
use threadline_core::body::Body;
use threadline_core::desk::{Agent, Author, DeskAct, DeskEvent, DeskMessage, Stranger, StrangerKind, Trouble};
use threadline_core::verb::parse::person_named;

/// What happened, with its author resolved.
pub(crate) async fn event(slack: &Slack, us: &Us, found: Found) -> Result<DeskEvent, Trouble> {
    let mut is_ours = false;
    let act = match found.act {
        FoundAct::Wrote(utterance) => {
            is_ours = utterance.message["parent_user_id"] == us.user.as_str();
            DeskAct::Wrote(message(slack, us, *utterance).await?)
        }
        FoundAct::Deleted(post) => DeskAct::Deleted(post),
        FoundAct::Gone => DeskAct::Gone,
    };
    Ok(DeskEvent { thread: found.thread, is_ours, act })
}

/// A message with its author resolved.
pub(crate) async fn message(slack: &Slack, us: &Us, utterance: Utterance) -> Result<DeskMessage, Trouble> {
    let author = author(slack, us, utterance.author).await?;
    let to_us = richtext::is_addressed_to(&utterance.message, &us.user);
    let body = richtext::body(&utterance.message);
    // Who is addressed is no part of what is said.
    let body = if to_us { body.without_opening(crate::format::THE_TEAM) } else { body };
    let named = named(slack, us, &utterance.message, &body, to_us).await?.map(Box::new);
    let files = files::listed(us, &utterance.message).collect();
    Ok(DeskMessage { post: utterance.post, author, body, files, edited: utterance.edited, to_us, named })
}

/// The agent whom a verb names, where it is one that needs somebody: whom it mentions, or else who
/// goes by that name among those who have written here.
async fn named(slack: &Slack, us: &Us, message: &Value, body: &Body, to_us: bool) -> Result<Option<Agent>, Trouble> {
    let Some(name) = person_named(body, to_us, &slack.config().verbs) else { return Ok(None) };
    let user = richtext::mentioned(message, &us.user).map(str::to_string).or_else(|| slack.directory().known_as(&name));
    let Some(user) = user else { return Ok(None) };
    Ok(match author(slack, us, Writer::User(user)).await? {
        Author::Agent(agent) => Some(agent),
        Author::Stranger(_) => None,
    })
}

async fn author(slack: &Slack, us: &Us, author: Writer) -> Result<Author, Trouble> {
    let user = match author {
        Writer::User(user) => user,
        Writer::Bot { user } => return Ok(Author::Stranger(Stranger { person: user, why: StrangerKind::Bot })),
        Writer::Outsider { user } => {
            return Ok(Author::Stranger(Stranger { person: user, why: StrangerKind::OtherWorkspace }));
        }
    };
    let person = slack.directory().person(us, &user).await?;
    Ok(match person.place {
        Place::Here => Author::Agent(Agent {
            id: ids::agent(&us.team, &user),
            name: person.name.unwrap_or_else(|| crate::format::NAMELESS_AGENT.to_string()),
            picture: person.picture,
        }),
        Place::App => Author::Stranger(Stranger { person: Some(user), why: StrangerKind::Bot }),
        Place::Elsewhere => Author::Stranger(Stranger { person: Some(user), why: StrangerKind::OtherWorkspace }),
    })
}
