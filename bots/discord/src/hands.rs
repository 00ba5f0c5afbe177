//! What agents do with their hands: buttons, menus, commands, forms. Discord wants each acknowledged
//! within three seconds, so that is the first thing that happens, before anything is looked up or stored;
//! what has to be asked first is asked in the acknowledgement, with what is at hand. That something was
//! done is said only once it is stored; who asked for it is told when it was not.

use crate::PLATFORM;
use crate::buttons::{self, Pressed};
use crate::client::Sent;
use crate::commands::{self, Wanted};
use crate::format;
use crate::ids::{self, Id, Spot};
use crate::interpret;
use crate::lists;
use crate::outbound::{Discord, Us, untold};
use crate::places::is_thread;
use http::Method;
use serde_json::Value;
use serenity::builder::{
    CreateActionRow, CreateAllowedMentions, CreateAutocompleteResponse, CreateEmbed, CreateInputText,
    CreateInteractionResponse, CreateInteractionResponseMessage, CreateModal,
};
use serenity::model::application::InputTextStyle;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::body::{Body, is_invisible};
use threadline_core::desk::{Agent, Deed, DeskAct, DeskEvent, Inbox, Reading, Unstored};
use threadline_core::ids::ThreadKey;
use threadline_core::overview::{Glance, Overview, Sought};
use threadline_core::presence::Sign;
use threadline_core::verb::parse::{self, Wrong};
use threadline_core::verb::{Name, Names, Need, Saved, Start, Verb, Who};
use threadline_core::words::{self, List, Notice};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::warn;

/// How long looking up what a field offers may take: Discord waits three seconds.
const OFFERED_WITHIN: Duration = Duration::from_millis(1_500);
/// How long looking up a conversation may take once it was acknowledged.
const FOUND_WITHIN: Duration = Duration::from_secs(5);
/// How long storing may take before who asked for it hears that it perhaps was not.
const STORED_WITHIN: Duration = Duration::from_secs(10);
/// Interactions under way at once; a team has fewer hands.
const UNDER_WAY_MAX: usize = 1_024;
/// Conversations in each part of a list or a menu.
const LISTED_MAX: u32 = 20;
/// Longest text in a form (OpenAPI: 4,000).
const TEXT_CHARS_MAX: u16 = 3_000;
/// Longest text of one line in a form.
const LINE_CHARS_MAX: u16 = 300;
/// The field of a form.
const TEXT: &str = "text";

/// Carries out what was done with a button, a menu, a command or a form.
#[derive(Clone)]
pub(crate) struct Hands {
    inner: Arc<Inner>,
}

struct Inner {
    discord: Discord,
    inbox: Arc<dyn Inbox>,
    overview: Arc<dyn Overview>,
    places: Semaphore,
    tasks: TaskTracker,
}

/// Something that somebody did.
struct Interaction {
    id: Id,
    token: String,
    /// Of which kind it is (docs, "Interaction Type").
    kind: u64,
    /// Who, and what Discord says of his place on the server; nobody, when he is not of it.
    by: Option<(Id, Agent)>,
    member: Value,
    /// The thread that he did it in.
    thread: Option<Spot>,
    /// The desk's channel that he did it in, or in a thread of.
    channel: Option<Id>,
    data: Value,
}

/// The database did not answer in time.
struct NoAnswer;

impl Hands {
    pub fn new(discord: Discord, inbox: Arc<dyn Inbox>, overview: Arc<dyn Overview>) -> Hands {
        let places = Semaphore::new(UNDER_WAY_MAX);
        Hands { inner: Arc::new(Inner { discord, inbox, overview, places, tasks: TaskTracker::new() }) }
    }

    /// Carries out what an interaction says.
    pub fn take(&self, us: &Us, interaction: Value) {
        let (inner, us) = (self.inner.clone(), us.clone());
        self.inner.tasks.spawn(async move {
            let Ok(_place) = inner.places.try_acquire() else { return };
            if let Some(it) = inner.read(&us, interaction).await {
                inner.carry_out(&us, it).await;
            }
        });
    }

    /// Waits until nothing is under way; each thing is short.
    pub async fn finish(&self) {
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }
}

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hands").field("under_way", &self.inner.tasks.len()).finish_non_exhaustive()
    }
}

impl Inner {
    /// Reads an interaction. What is done in a message to one person is done by a member of the server
    /// all the same.
    async fn read(&self, us: &Us, mut it: Value) -> Option<Interaction> {
        let id = Id::of(&it["id"])?;
        let token = it["token"].as_str()?.to_string();
        let place = &it["channel"];
        let of_ours = |id: &Id| self.discord.config().channels.contains(id);
        let guild = Id::of(&it["guild_id"]);
        let spot =
            || Some(Spot { guild: guild?, channel: Id::of(&place["parent_id"])?, thread: Id::of(&place["id"])? });
        let thread = if is_thread(place) {
            spot().filter(|spot| spot.guild == us.guild && of_ours(&spot.channel))
        } else {
            None
        };
        let channel = thread.map(|spot| spot.channel).or_else(|| Id::of(&place["id"]).filter(of_ours));
        let by = (guild == Some(us.guild)).then(|| interpret::by_hand(&self.discord, us, &it)).flatten();
        let (kind, data, member) = (it["type"].as_u64()?, it["data"].take(), it["member"].take());
        let mut read = Interaction { id, token, kind, by, member, thread, channel, data };
        if guild.is_none() {
            let user = Id::of(&it["user"]["id"])?;
            read.data["of"] = Value::String(user.to_string());
        }
        Some(read)
    }

    async fn carry_out(&self, us: &Us, mut it: Interaction) {
        match it.kind {
            2 => self.commanded(us, it).await,
            3 => self.pressed(us, &mut it).await,
            4 => self.types(us, &it).await,
            5 => self.filled_in(us, &it).await,
            _ => {}
        }
    }

    /// Acknowledges an interaction. False when Discord does not take that any more: who did it was told
    /// that it did not work, so it is not done.
    async fn acknowledge(&self, it: &Interaction, answer: &CreateInteractionResponse) -> bool {
        let path = format!("/interactions/{}/{}/callback", it.id, it.token);
        let sent = format::json_of(answer);
        match self.discord.client().call(Method::POST, &path, Sent::Json(&sent)).await {
            Ok(_) => true,
            Err(failure) => {
                let refused = failure.code().is_some();
                warn!(?failure, "what an agent did was not acknowledged in time");
                !refused
            }
        }
    }

    /// A command. What there is to say comes instead of the answer that is announced.
    async fn commanded(&self, us: &Us, it: Interaction) {
        let later = CreateInteractionResponse::Defer(CreateInteractionResponseMessage::new().ephemeral(true));
        if !self.acknowledge(&it, &later).await {
            return;
        }
        self.discord.ears().awaits(&it.token);
        let Some((user, by)) = it.by.clone() else { return self.says(&it, &Notice::OutsiderNotDone).await };
        let names = &self.discord.config().verbs;
        let verb = match commands::read(&it.data, names) {
            None => return self.says(&it, &Notice::Help).await,
            Some(Wanted::Wrong(wrong)) => return self.says(&it, &Notice::WrongCommand(wrong)).await,
            Some(Wanted::List) => return self.lists(&it, user, &by).await,
            Some(Wanted::Late) => return self.late(&it, user).await,
            Some(Wanted::Verb(Verb::Help)) => return self.says(&it, &Notice::Help).await,
            Some(Wanted::Verb(Verb::Away)) => return self.signs(&it, user, by, Sign::Out).await,
            Some(Wanted::Verb(Verb::Back)) => return self.signs(&it, user, by, Sign::In).await,
            Some(Wanted::Assign(who)) => match self.named(us, &it, who) {
                Some(agent) => Verb::Assign(Who::Agent(agent)),
                None => return self.says(&it, &Notice::NoSuchPerson { asked: format!("<@{who}>") }).await,
            },
            Some(Wanted::Verb(verb)) => verb,
        };
        let thread = match (commands::which(&it.data), it.thread) {
            (None, Some(spot)) => spot.key(),
            (None, None) => return self.says(&it, &Notice::WhichConversation { verb: verb.name() }).await,
            (Some(Err(_)), _) => return self.says(&it, &Notice::NoConversationHere).await,
            (Some(Ok(number)), _) => match self.find(&it, user, number).await {
                Ok(Some(glance)) => glance.thread,
                Ok(None) => return self.says(&it, &Notice::NoSuchConversation { number }).await,
                Err(NoAnswer) => return self.says(&it, &Notice::NotLookedUp).await,
            },
        };
        let elsewhere = Some(ids::elsewhere(&by.id, &it.token));
        if self.store(us, &it, thread, by, verb, elsewhere).await.is_err() {
            self.says(&it, &Notice::PerhapsNotDone).await;
        }
    }

    /// A button or a menu.
    async fn pressed(&self, us: &Us, it: &mut Interaction) {
        let Some(pressed) = it.data["custom_id"].as_str().and_then(buttons::pressed) else { return };
        let pressed = match pressed {
            Pressed::More(number) => match buttons::chosen(&it.data).and_then(Name::of_word) {
                Some(name) => Pressed::Verb(name, number),
                None => return,
            },
            pressed => pressed,
        };
        if let Pressed::Verb(name, number) = pressed
            && let Some(asks) = self.asks(it, name, number)
        {
            self.acknowledge(it, &asks).await;
            return;
        }
        if !self.acknowledge(it, &CreateInteractionResponse::Acknowledge).await {
            return;
        }
        // What was asked beside the card goes, whatever was answered.
        let goes = matches!(pressed, Pressed::Sure(..) | Pressed::Given(..) | Pressed::Preview(_) | Pressed::Nothing);
        let verb = match pressed {
            Pressed::Verb(name, _) | Pressed::Sure(name, _) => match name.start() {
                Start::Ready(verb) => Some(verb),
                Start::Needs(_) | Start::NotYet => None,
            },
            Pressed::Given(need, _) => self.given(us, it, need),
            Pressed::Retry(seq) => Some(Verb::Retry(Some(seq))),
            Pressed::Preview(decided) => Some(decided.verb()),
            Pressed::More(_) | Pressed::Nothing => None,
        };
        let number = match pressed {
            Pressed::Verb(_, number) | Pressed::More(number) | Pressed::Sure(_, number) | Pressed::Given(_, number) => {
                Some(number)
            }
            Pressed::Preview(decided) => Some(decided.number),
            Pressed::Retry(_) | Pressed::Nothing => None,
        };
        let missing = verb.is_none() && matches!(pressed, Pressed::Given(Need::Person, _));
        let done = match verb {
            Some(verb) => self.do_it(us, it, number, verb).await,
            None if missing => {
                let asked = buttons::chosen(&it.data).unwrap_or_default().to_string();
                Err(Notice::NoSuchPerson { asked })
            }
            None => Ok(()),
        };
        match done {
            Ok(()) if goes => {
                if let Err(trouble) = self.discord.take_away(&it.token).await {
                    warn!(?trouble, "a question that was answered still stands there");
                }
            }
            Ok(()) => {}
            Err(notice) => self.says(it, &notice).await,
        }
    }

    /// What is asked before a verb is done, where something is.
    fn asks(&self, it: &Interaction, name: Name, number: i64) -> Option<CreateInteractionResponse> {
        let config = self.discord.config();
        let say = |notice: &Notice| Some(message(format::told(&words::notice(notice, &config.verbs)), Vec::new()));
        if it.by.is_none() {
            return say(&Notice::OutsiderNotDone);
        }
        if config.verbs.word(name).is_none() {
            // The card is older than the configuration.
            return say(&Notice::WrongCommand(Wrong::Off(name)));
        }
        let asked = |words: &str, row| Some(message(CreateEmbed::new().description(format::escape(words)), vec![row]));
        match name.start() {
            Start::NotYet => say(&Notice::WrongCommand(Wrong::NotYet(name))),
            Start::Ready(Verb::Help) => say(&Notice::Help),
            Start::Ready(_) => {
                let question = words::asked_before(name)?;
                let row = buttons::sure(name, number, question.yes, question.no);
                asked(&format!("{} {}", question.title, question.text), row)
            }
            Start::Needs(Need::Person) => {
                asked("Who should have it?", buttons::people(buttons::given(Need::Person, number)))
            }
            Start::Needs(Need::Topic) => {
                let topics = config.topics_in(it.channel);
                if topics.is_empty() {
                    return say(&Notice::NoSuchTopic { asked: String::new(), labels: Vec::new() });
                }
                let entries = topics.into_iter().map(|(id, label)| (id, label, None));
                asked("What is it about?", buttons::menu(buttons::given(Need::Topic, number), entries))
            }
            Start::Needs(Need::Saved) if config.replies.is_empty() => {
                say(&Notice::Saved(words::SavedNotice::List { list: Vec::new() }))
            }
            Start::Needs(Need::Saved) => {
                let entries =
                    config.replies.iter().map(|(name, first)| (name.clone(), name.clone(), Some(first.clone())));
                let words = "Which one? You see it as the customer would read it. Nothing is sent before you say so.";
                asked(words, buttons::menu(buttons::given(Need::Saved, number), entries))
            }
            Start::Needs(need @ (Need::Note | Need::Snooze | Need::Escalate)) => {
                let (label, style, chars_max, example) = match need {
                    Need::Snooze => {
                        ("For how long, and why?", InputTextStyle::Short, LINE_CHARS_MAX, "2 hours waits for a part")
                    }
                    Need::Escalate => {
                        let example = "The export is down for everybody";
                        ("Why is help needed?", InputTextStyle::Paragraph, TEXT_CHARS_MAX, example)
                    }
                    Need::Note | Need::Person | Need::Topic | Need::Saved => {
                        let example = "The customer never sees it.";
                        ("What should the team know?", InputTextStyle::Paragraph, TEXT_CHARS_MAX, example)
                    }
                };
                let field = CreateInputText::new(style, label, TEXT).required(true).max_length(chars_max);
                let title = format!("{} #{number}", words::button(need.name()).trim_end_matches('…'));
                let modal = CreateModal::new(buttons::given(need, number), title);
                let row = CreateActionRow::InputText(field.placeholder(example));
                Some(CreateInteractionResponse::Modal(modal.components(vec![row])))
            }
        }
    }

    /// The verb, with what was chosen for it.
    fn given(&self, us: &Us, it: &Interaction, need: Need) -> Option<Verb> {
        let chosen = buttons::chosen(&it.data)?;
        Some(match need {
            Need::Person => Verb::Assign(Who::Agent(self.named(us, it, Id::parse(chosen)?)?)),
            Need::Topic => Verb::Topic(chosen.to_string()),
            Need::Saved => Verb::Saved(Saved::Show { name: chosen.to_string(), given: Vec::new() }),
            Need::Note | Need::Snooze | Need::Escalate => return None,
        })
    }

    /// A form, which has one field.
    async fn filled_in(&self, us: &Us, it: &Interaction) {
        let pressed = it.data["custom_id"].as_str().and_then(buttons::pressed);
        let Some(Pressed::Given(need, number)) = pressed else { return };
        if !self.acknowledge(it, &CreateInteractionResponse::Acknowledge).await {
            return;
        }
        let text = field(&it.data["components"], TEXT, 0).unwrap_or_default().trim_matches(is_invisible).to_string();
        if text.is_empty() {
            return;
        }
        let verb = match need {
            Need::Note => Ok(Verb::Note(Body::plain(&text))),
            // It is what one would type behind the verb's own word.
            Need::Person | Need::Topic | Need::Saved | Need::Snooze | Need::Escalate => {
                parse::command(&format!("{} {text}", need.name().entry().word), &Names::default()).verb
            }
        };
        let done = match verb {
            Ok(verb) => self.do_it(us, it, Some(number), verb).await,
            Err(wrong) => Err(Notice::WrongCommand(wrong)),
        };
        if let Err(notice) = done {
            self.says(it, &notice).await;
        }
    }

    /// Stores a verb that was done in a thread, or beside a preview anywhere else; else why it was not.
    async fn do_it(&self, us: &Us, it: &Interaction, number: Option<i64>, verb: Verb) -> Result<(), Notice> {
        let (user, by, member) = match (&it.by, it.data["of"].as_str().and_then(Id::parse)) {
            (Some((user, by)), _) => (*user, by.clone(), it.member.clone()),
            (None, Some(user)) => self.member(us, user).await.ok_or(Notice::OutsiderNotDone)?,
            (None, None) => return Err(Notice::OutsiderNotDone),
        };
        let thread = match (it.thread, number) {
            (Some(spot), _) => {
                self.discord.ears().hears(user, spot.thread, &it.token);
                spot.key()
            }
            (None, Some(number)) => match self.find_as(user, &member, number).await {
                Ok(Some(glance)) => glance.thread,
                Ok(None) => return Err(Notice::NoSuchConversation { number }),
                Err(NoAnswer) => return Err(Notice::NotLookedUp),
            },
            (None, None) => return Err(Notice::NoConversationHere),
        };
        self.store(us, it, thread, by, verb, None).await.map_err(|NoAnswer| Notice::PerhapsNotDone)
    }

    /// The member of the server who did something in a message to himself alone.
    async fn member(&self, us: &Us, user: Id) -> Option<(Id, Agent, Value)> {
        let path = format!("/guilds/{}/members/{user}", us.guild);
        let member = self.discord.get(&path, crate::refusal::About::Channel).await.ok()?;
        let (user, agent) = interpret::by_hand(&self.discord, us, &serde_json::json!({ "member": member }))?;
        Some((user, agent, member))
    }

    /// What a field offers while somebody types.
    async fn types(&self, us: &Us, it: &Interaction) {
        let config = self.discord.config();
        let Some((field, typed)) = commands::typed(&it.data) else { return };
        let like = |text: &str| text.to_lowercase().contains(&typed.to_lowercase());
        let offered = match (field, &it.by) {
            (commands::WHICH, Some((user, by))) => {
                let looking = self.conversations(us, it, *user, by, typed);
                // There is no way to say here that the database does not answer.
                tokio::time::timeout(OFFERED_WITHIN, looking).await.unwrap_or_default()
            }
            (commands::TOPIC, _) => {
                let topics = config.topics_in(it.channel).into_iter();
                lists::choices(topics.filter(|(_, label)| like(label)).map(|(id, label)| (label, id)))
            }
            (commands::REPLY, _) => {
                let replies = config.replies.iter().filter(|(name, first)| like(name) || like(first));
                lists::choices(replies.map(|(name, first)| (format!("{name}: {first}"), name.clone())))
            }
            _ => CreateAutocompleteResponse::new(),
        };
        self.acknowledge(it, &CreateInteractionResponse::Autocomplete(offered)).await;
    }

    async fn conversations(
        &self,
        _us: &Us,
        it: &Interaction,
        user: Id,
        by: &Agent,
        typed: &str,
    ) -> CreateAutocompleteResponse {
        let look_up = async |sought| self.look_up(user, &it.member, sought).await.unwrap_or_default();
        if !typed.trim().is_empty() {
            let like = look_up(Sought::Like(typed.trim().trim_start_matches('#').to_string())).await;
            return lists::offered(like.iter());
        }
        let own = look_up(Sought::HeldBy(by.id.clone())).await;
        let waiting = look_up(Sought::Waiting).await;
        let others = waiting.iter().filter(|glance| own.iter().all(|own| own.number != glance.number));
        lists::offered(own.iter().chain(others))
    }

    async fn lists(&self, it: &Interaction, user: Id, by: &Agent) {
        let own = self.look_up(user, &it.member, Sought::HeldBy(by.id.clone())).await;
        let free = self.look_up(user, &it.member, Sought::Unclaimed).await;
        match (own, free) {
            (Ok(own), Ok(free)) => self.shows(it, lists::lists(&[(List::Own, &own), (List::Unclaimed, &free)])).await,
            (Err(NoAnswer), _) | (_, Err(NoAnswer)) => self.says(it, &Notice::NotLookedUp).await,
        }
    }

    async fn late(&self, it: &Interaction, user: Id) {
        match self.look_up(user, &it.member, Sought::Waiting).await {
            Ok(waiting) => self.shows(it, lists::lists(&[(List::Waiting, &waiting)])).await,
            Err(NoAnswer) => self.says(it, &Notice::NotLookedUp).await,
        }
    }

    /// He says that he is there or away: it concerns every desk whose channels he sees.
    async fn signs(&self, it: &Interaction, user: Id, by: Agent, sign: Sign) {
        let seen = self.discord.rooms().of(&self.discord, user, &it.member);
        let Ok(Ok(channels)) = tokio::time::timeout(FOUND_WITHIN, seen).await else {
            return self.says(it, &Notice::NotLookedUp).await;
        };
        let channels = channels.iter().map(Id::to_string).collect();
        let storing = self.inbox.signed(PLATFORM, channels, by, sign);
        match tokio::time::timeout(STORED_WITHIN, storing).await {
            Ok(Ok(notice)) => self.says(it, &notice).await,
            Ok(Err(_)) | Err(_) => self.says(it, &Notice::PerhapsNotDone).await,
        }
    }

    /// Stores a verb, once.
    async fn store(
        &self,
        us: &Us,
        it: &Interaction,
        thread: ThreadKey,
        by: Agent,
        verb: Verb,
        elsewhere: Option<String>,
    ) -> Result<(), NoAnswer> {
        let key = format!("{PLATFORM}/{}/did/{}", us.guild, it.id);
        let events = vec![DeskEvent { thread, is_ours: true, act: DeskAct::Did(Deed { key, by, verb, elsewhere }) }];
        let storing = self.inbox.happened(PLATFORM, vec![Reading { frame: None, events }]);
        let why = match tokio::time::timeout(STORED_WITHIN, storing).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the database does not answer".to_string(),
        };
        warn!(why, "what an agent asked for was not stored in time; he is told");
        Err(NoAnswer)
    }

    /// Somebody whom an agent has named, if he is one of the team.
    fn named(&self, us: &Us, it: &Interaction, user: Id) -> Option<Agent> {
        let (account, member) = commands::resolved(&it.data, user)?;
        let person = self.discord.directory().met(account, member)?;
        match person.place {
            crate::directory::Where::Here => Some(person.agent(us.guild, user)),
            crate::directory::Where::App | crate::directory::Where::Elsewhere => None,
        }
    }

    async fn find(&self, it: &Interaction, user: Id, number: i64) -> Result<Option<Glance>, NoAnswer> {
        self.find_as(user, &it.member, number).await
    }

    async fn find_as(&self, user: Id, member: &Value, number: i64) -> Result<Option<Glance>, NoAnswer> {
        Ok(self.look_up(user, member, Sought::Number(number)).await?.pop())
    }

    /// Looks conversations up in the channels that he sees.
    async fn look_up(&self, user: Id, member: &Value, sought: Sought) -> Result<Vec<Glance>, NoAnswer> {
        let looking = async {
            let seen = self.discord.rooms().of(&self.discord, user, member).await;
            let seen = seen.map_err(|trouble| Unstored(format!("Discord does not say who sees what: {trouble:?}")))?;
            let guild = self.discord.us_if_known().map(|us| us.guild);
            let threads = seen.iter().filter_map(|channel| Some(ids::threads_in(guild?, *channel))).collect();
            self.overview.glances(threads, sought, LISTED_MAX).await
        };
        match tokio::time::timeout(FOUND_WITHIN, looking).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => {
                warn!(%error, "conversations could not be looked up");
                Err(NoAnswer)
            }
            Err(_) => Err(NoAnswer),
        }
    }

    /// Says something to who did it, for his eyes only.
    async fn says(&self, it: &Interaction, notice: &Notice) {
        let words = words::notice(notice, &self.discord.config().verbs);
        if let Err(trouble) = self.discord.answer(&it.token, format::whisper(&words, Vec::new())).await {
            untold(&trouble);
        }
    }

    async fn shows(&self, it: &Interaction, embed: CreateEmbed) {
        let message =
            serenity::builder::CreateMessage::new().embed(embed).allowed_mentions(CreateAllowedMentions::new());
        if let Err(trouble) = self.discord.answer(&it.token, format::json_of(&message)).await {
            untold(&trouble);
        }
    }
}

/// Something that he alone sees at once.
fn message(embed: CreateEmbed, rows: Vec<CreateActionRow>) -> CreateInteractionResponse {
    let message = CreateInteractionResponseMessage::new().embed(embed).components(rows);
    CreateInteractionResponse::Message(message.ephemeral(true).allowed_mentions(CreateAllowedMentions::new()))
}

/// Deepest nesting of a form's parts that is followed (Discord nests two).
const DEPTH_MAX: usize = 6;

/// What was filled into a field of this name, wherever a form has it.
fn field<'a>(parts: &'a Value, name: &str, depth: usize) -> Option<&'a str> {
    if depth > DEPTH_MAX {
        return None;
    }
    match parts {
        Value::Array(all) => all.iter().find_map(|part| field(part, name, depth + 1)),
        Value::Object(_) if parts["custom_id"] == name => parts["value"].as_str(),
        Value::Object(_) => {
            ["components", "component"].into_iter().find_map(|inside| field(parts.get(inside)?, name, depth + 1))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_is_found_in_forms_of_both_kinds() {
        let old = json!([{ "type": 1, "components": [{ "type": 4, "custom_id": "text", "value": "hush" }] }]);
        let new = json!([{ "type": 18, "component": { "type": 4, "custom_id": "text", "value": "hush" } }]);
        assert_eq!((field(&old, TEXT, 0), field(&new, TEXT, 0)), (Some("hush"), Some("hush")));
        assert_eq!(field(&json!([{ "type": 1, "components": [] }]), TEXT, 0), None);
    }
}
