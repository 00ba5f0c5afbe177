//! Who is who on the server. Discord says with every message who wrote it and what he is called on the
//! server; where a message is read back it does not, and then the person is asked for, and remembered
//! for a while. That Discord does not know somebody is an answer; a look-up that fails for now is an
//! error to try again.

use crate::client::{Client, Sent};
use crate::format::{NAMELESS_AGENT, clean_line};
use crate::ids::{self, Id};
use crate::refusal::{About, UNKNOWN_MEMBER, UNKNOWN_USER};
use http::Method;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::desk::{Agent, Trouble};
use tokio::time::Instant;

/// How long a person is believed: changes are heard only with what he writes.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// People remembered; the one looked up longest ago makes room.
const PEOPLE_MAX: usize = 5_000;
/// Longest name shown (Discord's own bound is 32).
const NAME_CHARS_MAX: usize = 80;

/// The people of the server.
pub(crate) struct Directory {
    client: Arc<Client>,
    people: Mutex<HashMap<Id, (Person, Instant)>>,
}

/// A person, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// The name people see.
    pub name: Option<String>,
    /// A picture.
    pub picture: Option<String>,
    /// Where he belongs.
    pub place: Where,
}

/// Where somebody belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// To our server.
    Here,
    /// To no one: it is an app.
    App,
    /// To no server of ours any more.
    Elsewhere,
}

impl Person {
    /// The agent who he is.
    pub fn agent(self, guild: Id, user: Id) -> Agent {
        let name = self.name.unwrap_or_else(|| NAMELESS_AGENT.to_string());
        Agent { id: ids::agent(guild, user), name, picture: self.picture }
    }
}

impl Directory {
    pub fn new(client: Arc<Client>) -> Directory {
        Directory { client, people: Mutex::default() }
    }

    /// Who this is.
    pub async fn person(&self, guild: Id, user: Id) -> Result<Person, Trouble> {
        if let Some(known) = self.known(user) {
            return Ok(known);
        }
        let path = format!("/guilds/{guild}/members/{user}");
        let person = match self.client.call(Method::GET, &path, Sent::Nothing).await {
            Ok(member) => person(&member["user"], &member),
            Err(failure) if matches!(failure.code(), Some(UNKNOWN_MEMBER | UNKNOWN_USER)) => {
                Person { name: None, picture: None, place: Where::Elsewhere }
            }
            Err(failure) => return Err(failure.trouble("asking who somebody is", About::Channel)),
        };
        self.remember(user, person.clone());
        Ok(person)
    }

    /// Who this is, if we have met him.
    pub fn known(&self, user: Id) -> Option<Person> {
        let people = self.lock();
        let (person, at) = people.get(&user)?;
        (at.elapsed() < FRESH).then(|| person.clone())
    }

    /// What Discord says of somebody beside something that he did.
    pub fn met(&self, user: &Value, member: &Value) -> Option<Person> {
        let id = Id::of(&user["id"])?;
        let person = person(user, member);
        self.remember(id, person.clone());
        Some(person)
    }

    /// The person among those we have met who goes by this name, in any case; nobody if there are
    /// several.
    pub fn known_as(&self, name: &str) -> Option<Id> {
        let people = self.lock();
        let wanted = name.to_lowercase();
        let same = |person: &Person| person.name.as_ref().is_some_and(|own| own.to_lowercase() == wanted);
        let mut found = people.iter().filter(|(_, (person, _))| same(person)).map(|(user, _)| *user);
        found.next().filter(|_| found.next().is_none())
    }

    fn remember(&self, user: Id, person: Person) {
        let mut people = self.lock();
        if people.len() >= PEOPLE_MAX && !people.contains_key(&user) {
            let oldest = people.iter().min_by_key(|(_, (_, at))| *at).map(|(user, _)| *user);
            oldest.map(|oldest| people.remove(&oldest));
        }
        people.insert(user, (person, Instant::now()));
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lock(&self) -> MutexGuard<'_, HashMap<Id, (Person, Instant)>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("people", &self.lock().len()).finish_non_exhaustive()
    }
}

/// What a user and his membership of the server say.
fn person(user: &Value, member: &Value) -> Person {
    let names = [&member["nick"], &user["global_name"], &user["username"]];
    let names = names.into_iter().filter_map(Value::as_str).map(|name| clean_line(name, NAME_CHARS_MAX));
    let place = if user["bot"] == true || user["system"] == true { Where::App } else { Where::Here };
    let picture = user["avatar"].as_str().zip(Id::of(&user["id"])).and_then(|(hash, id)| picture(id, hash));
    Person { name: names.into_iter().find(|name| !name.is_empty()), picture, place }
}

/// Where a person's picture is (docs, "Image Formatting").
fn picture(user: Id, hash: &str) -> Option<String> {
    let is_hash = !hash.is_empty() && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_hash.then(|| format!("https://cdn.discordapp.com/avatars/{user}/{hash}.png?size=128"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_goes_by_the_name_he_shows_here() {
        let name = |user: Value, member: Value| person(&user, &member).name;
        let user = json!({ "username": "grace_h", "global_name": "Grace H." });
        assert_eq!(name(user.clone(), json!({ "nick": " Grace\n" })).as_deref(), Some("Grace"));
        assert_eq!(name(user, json!({ "nick": null })).as_deref(), Some("Grace H."));
        assert_eq!(name(json!({ "username": "grace_h", "global_name": null }), json!({})).as_deref(), Some("grace_h"));
        assert_eq!(name(json!({ "username": "\u{200b}" }), json!({})), None);
    }

    #[test]
    fn a_picture_is_discords() {
        let picture = |hash: &str| person(&json!({ "id": "7", "avatar": hash }), &json!({})).picture;
        assert_eq!(picture("a_1b").as_deref(), Some("https://cdn.discordapp.com/avatars/7/a_1b.png?size=128"));
        assert_eq!(picture("../x"), None);
        assert_eq!(person(&json!({ "bot": true }), &json!({})).place, Where::App);
    }
}
