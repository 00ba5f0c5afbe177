//! Who is in the workspace: our bot, agents, people of another team through Slack Connect, other bots.

use serde_json::{Value, json};
use std::collections::HashMap;

/// The workspace.
pub const TEAM_ID: &str = "T0FAKE0001";
/// Its name.
pub const TEAM_NAME: &str = "Acme";
/// Its address, for permalinks.
pub const TEAM_URL: &str = "https://acme.slack.com/";
/// Another workspace, from which outsiders write through Slack Connect.
pub const OTHER_TEAM_ID: &str = "T0OTHER001";
/// The app whose bot is under test.
pub const APP_ID: &str = "A0FAKE0001";
/// The bot, as `bot_id`.
pub const BOT_ID: &str = "B0FAKE0001";
/// The bot, as a user.
pub const BOT_USER_ID: &str = "U0FAKE0001";
/// Whom Slack names as the author of a tombstone.
pub(crate) const SLACKBOT: &str = "USLACKBOT";

/// Somebody in the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    /// The name people see.
    pub(crate) name: String,
    pub(crate) kind: PersonKind,
    pub(crate) active: bool,
}

/// What somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PersonKind {
    Agent,
    Outsider,
    OtherBot { bot_id: String },
    OurBot,
}

impl Person {
    /// The workspace the person belongs to.
    pub(crate) fn team(&self) -> &'static str {
        if self.kind == PersonKind::Outsider { OTHER_TEAM_ID } else { TEAM_ID }
    }

    /// The person as users.info shows them.
    pub(crate) fn shape(&self) -> Value {
        let handle: String = self.name.to_lowercase().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let picture = |size: u32| format!("https://avatars.slack-edge.com/{}_{size}.png", self.id);
        let is_bot = matches!(self.kind, PersonKind::OurBot | PersonKind::OtherBot { .. });
        let mut user = json!({
            "id": self.id, "team_id": self.team(), "name": handle, "deleted": false, "color": "9f69e7",
            "real_name": self.name, "tz": "Europe/Berlin", "tz_label": "Central European Time", "tz_offset": 3600,
            "profile": {
                "title": "", "phone": "", "skype": "", "real_name": self.name, "real_name_normalized": self.name,
                "display_name": self.name, "display_name_normalized": self.name, "fields": null,
                "status_text": "", "status_emoji": "", "status_emoji_display_info": [], "status_expiration": 0,
                "avatar_hash": "g0000000000", "image_24": picture(24), "image_32": picture(32),
                "image_48": picture(48), "image_72": picture(72), "image_192": picture(192),
                "image_512": picture(512), "status_text_canonical": "", "team": self.team(),
            },
            "is_admin": false, "is_owner": false, "is_primary_owner": false, "is_restricted": false,
            "is_ultra_restricted": false, "is_bot": is_bot, "is_app_user": false, "updated": 1_700_000_000,
            "is_email_confirmed": true, "who_can_share_contact_card": "EVERYONE",
        });
        match &self.kind {
            PersonKind::Agent => user["profile"]["email"] = json!(format!("{handle}@acme.example")),
            PersonKind::Outsider => user["is_stranger"] = json!(true),
            PersonKind::OtherBot { bot_id } => user["profile"]["bot_id"] = json!(bot_id),
            PersonKind::OurBot => {
                user["profile"]["bot_id"] = json!(BOT_ID);
                user["profile"]["api_app_id"] = json!(APP_ID);
            }
        }
        user
    }
}

/// Everybody, by id, by name and in the order they came.
#[derive(Debug)]
pub(crate) struct People {
    by_id: HashMap<String, Person>,
    by_name: HashMap<String, String>,
    order: Vec<String>,
}

impl People {
    pub(crate) fn new(bot_name: &str) -> People {
        let mut people = People { by_id: HashMap::new(), by_name: HashMap::new(), order: vec![] };
        people.add(Person { id: BOT_USER_ID.into(), name: bot_name.into(), kind: PersonKind::OurBot, active: true });
        people
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Person> {
        self.by_id.get(id)
    }

    pub(crate) fn by_id_mut(&mut self, id: &str) -> Option<&mut Person> {
        self.by_id.get_mut(id)
    }

    /// The person of that id or name.
    pub(crate) fn find(&self, id_or_name: &str) -> Option<&Person> {
        self.by_id.get(id_or_name).or_else(|| self.by_id.get(self.by_name.get(id_or_name)?))
    }

    /// The person of that id or name; made as `kind` if there is none.
    pub(crate) fn find_or_add(&mut self, name: &str, kind: impl FnOnce(usize) -> PersonKind) -> Person {
        if let Some(person) = self.find(name) {
            return person.clone();
        }
        let number = self.order.len();
        let person =
            Person { id: format!("U0PERSON{number:02}"), name: name.to_string(), kind: kind(number), active: true };
        self.add(person.clone());
        person
    }

    /// The bot of that `bot_id`.
    pub(crate) fn by_bot_id(&self, bot: &str) -> Option<&Person> {
        self.all().find(|person| match &person.kind {
            PersonKind::OurBot => bot == BOT_ID,
            PersonKind::OtherBot { bot_id } => bot_id == bot,
            PersonKind::Agent | PersonKind::Outsider => false,
        })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Person> {
        self.order.iter().filter_map(|id| self.by_id.get(id))
    }

    fn add(&mut self, person: Person) {
        self.order.push(person.id.clone());
        self.by_name.insert(person.name.clone(), person.id.clone());
        self.by_id.insert(person.id.clone(), person);
    }
}
