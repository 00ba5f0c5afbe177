//! From what Discord says to what happened at the desk: finds the thread and who wrote. A look-up that
//! fails for now fails the whole interpretation, to be tried again; a message is never lost to it.

use crate::decode::{self, Author as Writer, Found, FoundAct, Utterance};
use crate::directory::{Person, Where};
use crate::format::THE_TEAM;
use crate::ids::{Id, Spot};
use crate::markdown;
use crate::outbound::{Discord, Us};
use crate::places::Known;
use crate::refusal::{About, UNKNOWN_MESSAGE};
use crate::thread;
use serde_json::Value;
use threadline_core::body::Body;
use threadline_core::desk::{Agent, Author, DeskAct, DeskEvent, DeskMessage, Stranger, StrangerKind, Trouble};
use threadline_core::verb::parse::person_named;

/// What happened; nothing where it is no thread of a desk's.
pub(crate) async fn events(discord: &Discord, us: &Us, found: Found) -> Result<Vec<DeskEvent>, Trouble> {
    let Some((spot, is_ours)) = spot(discord, us, found.channel).await? else { return Ok(Vec::new()) };
    let acts = match found.act {
        FoundAct::Wrote(said) => vec![DeskAct::Wrote(message(discord, us, spot.thread, *said).await?)],
        FoundAct::Changed(id) => changed(discord, us, spot, id).await?.into_iter().collect(),
        FoundAct::Deleted(ids) => {
            ids.into_iter().map(|id| DeskAct::Deleted(thread::post(us, spot.thread, id))).collect()
        }
    };
    Ok(acts.into_iter().map(|act| DeskEvent { thread: spot.key(), is_ours, act }).collect())
}

/// The thread of a desk that this channel is, and whether we opened it.
pub(crate) async fn spot(discord: &Discord, us: &Us, channel: Id) -> Result<Option<(Spot, bool)>, Trouble> {
    Ok(match discord.places().find(channel).await? {
        Known::Thread { spot, owner }
            if spot.guild == us.guild && discord.config().channels.contains(&spot.channel) =>
        {
            Some((spot, owner == Some(us.user)))
        }
        Known::Thread { .. } | Known::Other => None,
    })
}

/// A message as it stands now.
async fn changed(discord: &Discord, us: &Us, spot: Spot, id: Id) -> Result<Option<DeskAct>, Trouble> {
    let path = format!("/channels/{}/messages/{id}", spot.thread);
    let call = discord.client().call(http::Method::GET, &path, crate::client::Sent::Nothing);
    let json = match call.await {
        Ok(json) => json,
        Err(failure) if failure.code() == Some(UNKNOWN_MESSAGE) => {
            return Ok(Some(DeskAct::Deleted(thread::post(us, spot.thread, id))));
        }
        Err(failure) => return Err(failure.trouble("reading a message", About::Thread)),
    };
    if thread::is_ours(us, &json) {
        return Ok(None);
    }
    let Some(said) = decode::utterance(&json) else { return Ok(None) };
    Ok(Some(DeskAct::Wrote(message(discord, us, spot.thread, said).await?)))
}

/// A message with its writer.
pub(crate) async fn message(discord: &Discord, us: &Us, thread: Id, said: Utterance) -> Result<DeskMessage, Trouble> {
    let author = author(discord, us, &said).await?;
    let content = said.json["content"].as_str().unwrap_or_default();
    let to_us = markdown::is_addressed_to(content, us.user);
    let body = decode::body(&said.json);
    // Who is addressed is no part of what is said.
    let body = if to_us { body.without_opening(THE_TEAM) } else { body };
    let named = named(discord, us, content, &body, to_us).await?.map(Box::new);
    let files = decode::files(thread, &said.json);
    let post = thread::post(us, thread, said.message);
    Ok(DeskMessage { post, author, body, files, edited: said.edited, to_us, named })
}

/// The agent whom a verb names, where it is one that needs somebody: whom it mentions, or else who goes by
/// that name among those who have written here.
async fn named(discord: &Discord, us: &Us, content: &str, body: &Body, to_us: bool) -> Result<Option<Agent>, Trouble> {
    let Some(name) = person_named(body, to_us, &discord.config().verbs) else { return Ok(None) };
    let user = markdown::mentioned(content, us.user).or_else(|| discord.directory().known_as(&name));
    let Some(user) = user else { return Ok(None) };
    let person = discord.directory().person(us.guild, user).await?;
    Ok((person.place == Where::Here).then(|| person.agent(us.guild, user)))
}

async fn author(discord: &Discord, us: &Us, said: &Utterance) -> Result<Author, Trouble> {
    let user = match said.author {
        Writer::User(user) => user,
        Writer::Bot(user) => {
            let person = user.map(|user| user.to_string());
            return Ok(Author::Stranger(Stranger { person, why: StrangerKind::Bot }));
        }
    };
    let (account, member) = (&said.json["author"], &said.json["member"]);
    let person = if member.is_object() { discord.directory().met(account, member) } else { None };
    let person = match person {
        Some(person) => person,
        None => discord.directory().person(us.guild, user).await?,
    };
    Ok(who(us, user, person))
}

fn who(us: &Us, user: Id, person: Person) -> Author {
    let stranger = |why| Author::Stranger(Stranger { person: Some(user.to_string()), why });
    match person.place {
        Where::Here => Author::Agent(person.agent(us.guild, user)),
        Where::App => stranger(StrangerKind::Bot),
        Where::Elsewhere => stranger(StrangerKind::OtherWorkspace),
    }
}

/// The person who did something by hand, if he is of the server.
pub(crate) fn by_hand(discord: &Discord, us: &Us, interaction: &Value) -> Option<(Id, Agent)> {
    let member = &interaction["member"];
    let user = &member["user"];
    let id = Id::of(&user["id"])?;
    let person = discord.directory().met(user, member)?;
    (person.place == Where::Here).then(|| (id, person.agent(us.guild, id)))
}
