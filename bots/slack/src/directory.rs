//! Who is who in the workspace: `users.info`, remembered for a while and corrected by
//! `user_change`. Requests for one person at the same time share one call. A lookup that fails for
//! now is an error to try again; that Slack does not know somebody is an answer.

use crate::client::{Client, Failure};
use crate::config::Secret;
use crate::format::clean_line;
use crate::outbound::Us;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use threadline_core::body::safe_href;
use threadline_core::desk::Trouble;
use tokio::time::Instant;

/// How long a person is believed: `user_change` may be missed while no socket is open.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// People remembered; the one looked up longest ago makes room.
const PEOPLE_MAX: usize = 5_000;
/// Longest name shown (Slack's own bound for display names is 80).
const NAME_CHARS_MAX: usize = 80;
/// Slack's own voice, which `users.info` calls a person.
const SLACKBOT: &str = "USLACKBOT";

/// The people of the workspace.
pub(crate) struct Directory {
    client: Arc<Client>,
    token: Secret,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    people: HashMap<String, (Person, Instant)>,
    asked: HashMap<String, Lookup>,
}

type Lookup = Shared<BoxFuture<'static, Result<Value, Failure>>>;

/// A person, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// The name people see.
    pub name: Option<String>,
    /// An `https` picture.
    pub picture: Option<String>,
    /// Where he belongs.
    pub place: Place,
}

/// Where somebody belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// To our workspace.
    Here,
    /// To no one: it is an app.
    App,
    /// To another workspace, or to nobody Slack lets us see.
    Elsewhere,
}

impl Directory {
    pub fn new(client: Arc<Client>, token: Secret) -> Directory {
        Directory { client, token, known: Mutex::default() }
    }

    /// Who this is.
    pub async fn person(&self, us: &Us, user: &str) -> Result<Person, Trouble> {
        let lookup = {
            let mut known = self.lock();
            if let Some((person, at)) = known.people.get(user)
                && at.elapsed() < FRESH
            {
                return Ok(person.clone());
            }
            known.asked.entry(user.to_string()).or_insert_with(|| self.lookup(user)).clone()
        };
        let answer = lookup.clone().await;
        let mut known = self.lock();
        // Whoever comes first with this call's answer clears the call away.
        if known.asked.get(user).is_some_and(|asked| asked.ptr_eq(&lookup)) {
            known.asked.remove(user);
        }
        let person = match answer {
            Ok(answer) => person(us, &answer["user"]),
            Err(failure)
                if matches!(failure.code(), Some("user_not_found" | "user_not_visible" | "users_not_found")) =>
            {
                Person { name: None, picture: None, place: Place::Elsewhere }
            }
            Err(failure) => return Err(failure.trouble("users.info")),
        };
        known.remember(user, person.clone());
        Ok(person)
    }

    /// The person among those we have met who goes by this name, in any case; nobody if there are
    /// several.
    pub fn known_as(&self, name: &str) -> Option<String> {
        let known = self.lock();
        let wanted = name.to_lowercase();
        let same = |person: &Person| person.name.as_ref().is_some_and(|own| own.to_lowercase() == wanted);
        let mut found = known.people.iter().filter(|(_, (person, _))| same(person)).map(|(user, _)| user);
        found.next().filter(|_| found.next().is_none()).cloned()
    }

    /// A person changed: `user` is the object of the `user_change` event. One we never met stays so.
    pub fn changed(&self, us: &Us, user: &Value) {
        let Some(id) = user["id"].as_str() else { return };
        let mut known = self.lock();
        if known.people.contains_key(id) {
            known.remember(id, person(us, user));
        }
    }

    fn lookup(&self, user: &str) -> Lookup {
        let (client, token, user) = (self.client.clone(), self.token.clone(), user.to_string());
        async move { client.get(&token, "users.info", &[("user", &user)]).await }.boxed().shared()
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn remember(&mut self, user: &str, person: Person) {
        if self.people.len() >= PEOPLE_MAX && !self.people.contains_key(user) {
            let oldest = self.people.iter().min_by_key(|(_, (_, at))| *at).map(|(user, _)| user.clone());
            if let Some(oldest) = oldest {
                self.people.remove(&oldest);
            }
        }
        self.people.insert(user.to_string(), (person, Instant::now()));
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").field("people", &self.lock().people.len()).finish_non_exhaustive()
    }
}

/// What a user object of Slack says. Slack empties a name rather than leaving it out.
fn person(us: &Us, user: &Value) -> Person {
    let profile = &user["profile"];
    let names = [&profile["display_name"], &profile["real_name"], &user["real_name"], &user["name"]];
    let name = names
        .into_iter()
        .filter_map(Value::as_str)
        .map(|name| clean_line(name, NAME_CHARS_MAX))
        .find(|name| !name.is_empty());
    let picture = profile["image_72"].as_str().and_then(safe_href).filter(|url| url.starts_with("https://"));
    let team = user["team_id"].as_str().filter(|team| !team.is_empty());
    let grid = user["enterprise_user"]["enterprise_id"].as_str();
    let place = if user["is_bot"] == true || user["id"] == SLACKBOT {
        Place::App
    } else if user["is_stranger"] == true
        || team.is_some_and(|team| !us.is_home(team) && !grid.is_some_and(|grid| us.is_home(grid)))
    {
        Place::Elsewhere
    } else {
        Place::Here
    };
    Person { name, picture: picture.map(str::to_string), place }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn us() -> Us {
        Us { team: "T1".into(), enterprise: Some("E1".into()), user: "U0BOT".into(), bot: "B0BOT".into(), url: None }
    }

    #[test]
    fn a_person_goes_by_the_name_he_shows() {
        let name = |user: Value| person(&us(), &user).name;
        let profile = json!({ "display_name": " ada\n", "real_name": "Ada Lovelace" });
        assert_eq!(name(json!({ "profile": profile, "name": "alove" })).as_deref(), Some("ada"));
        let profile = json!({ "display_name": "", "real_name": "Ada Lovelace" });
        assert_eq!(name(json!({ "profile": profile })).as_deref(), Some("Ada Lovelace"));
        assert_eq!(name(json!({ "real_name": "Ada L." })).as_deref(), Some("Ada L."));
        assert_eq!(name(json!({ "profile": { "display_name": "\u{200b}" } })), None);
    }

    #[test]
    fn only_a_picture_over_https_is_shown() {
        let picture = |url: &str| person(&us(), &json!({ "profile": { "image_72": url } })).picture;
        assert_eq!(picture("https://avatars.example.com/a.png").as_deref(), Some("https://avatars.example.com/a.png"));
        for url in ["http://example.com/a.png", "javascript:alert(1)", "https://", ""] {
            assert_eq!(picture(url), None, "{url}");
        }
    }

    #[test]
    fn people_of_elsewhere_and_apps_are_known_as_such() {
        let place = |user: Value| person(&us(), &user).place;
        assert_eq!(place(json!({ "team_id": "T1" })), Place::Here);
        assert_eq!(place(json!({ "team_id": "T9", "enterprise_user": { "enterprise_id": "E1" } })), Place::Here);
        assert_eq!(place(json!({})), Place::Here);
        assert_eq!(place(json!({ "team_id": "T2" })), Place::Elsewhere);
        assert_eq!(place(json!({ "team_id": "T1", "is_stranger": true })), Place::Elsewhere);
        assert_eq!(place(json!({ "team_id": "T1", "is_bot": true })), Place::App);
        assert_eq!(place(json!({ "id": "USLACKBOT", "team_id": "T1" })), Place::App);
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut known = Known::default();
        let someone = person(&us(), &json!({}));
        for number in 0..=PEOPLE_MAX {
            known.remember(&format!("U{number}"), someone.clone());
        }
        assert_eq!(known.people.len(), PEOPLE_MAX);
        assert!(known.people.contains_key(&format!("U{PEOPLE_MAX}")));
    }
}
