//! Who of the team is there, as Slack shows it: the people of the desk's channels, and whether each is
//! active. Asked again and again by the service; Slack tells of changes only to apps that hold a
//! connection of the older kind.

use crate::directory::Place;
use crate::format::NAMELESS_AGENT;
use crate::outbound::Slack;
use crate::{ids, rooms};
use std::collections::BTreeSet;
use std::time::Duration;
use threadline_core::desk::{Agent, Trouble};

/// People who are asked about in one round. A support team has fewer, and a round of so many takes over two minutes.
const PEOPLE_MAX: usize = 100;
/// The pause between two questions: users.getPresence is of tier 3, 50 a minute (docs.slack.dev, "Rate limits").
const PAUSE: Duration = Duration::from_millis(1_400);

impl Slack {
    /// The team's people in these channels, and whether Slack shows each as active.
    ///
    /// # Errors
    ///
    /// When Slack does not say; nothing is half answered.
    pub async fn people_in(&self, channels: &[String]) -> Result<Vec<(Agent, bool)>, Trouble> {
        let us = self.us().await?;
        let mut users = BTreeSet::new();
        for channel in channels {
            users.extend(rooms::people(self, channel).await?);
        }
        let pause = self.config().reads_per_minute.map(|_| PAUSE);
        let mut people = Vec::new();
        for user in users {
            let person = self.directory().person(us, &user).await?;
            match person.place {
                Place::App | Place::Elsewhere => continue,
                Place::Here => {}
            }
            if people.len() == PEOPLE_MAX {
                tracing::warn!(
                    people = PEOPLE_MAX,
                    "more people than this are in a desk's channels: the others are not asked about"
                );
                break;
            }
            let answer = self.get("users.getPresence", &[("user", user.as_str())]).await?;
            let name = person.name.unwrap_or_else(|| NAMELESS_AGENT.to_string());
            let agent = Agent { id: ids::agent(&us.team, &user), name, picture: person.picture };
            people.push((agent, answer["presence"] == "active"));
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
        }
        Ok(people)
    }
}
