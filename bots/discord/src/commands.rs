//! The slash commands: one for each verb that is there, made of the verb table, and two lists. They are
//! registered on the desks' server, where they can be used at once; only what changed is written.

use crate::client::Sent;
use crate::format::{clean_line, json_of};
use crate::ids::Id;
use crate::outbound::Discord;
use crate::refusal::About;
use http::Method;
use serde_json::{Value, json};
use serenity::builder::{CreateCommand, CreateCommandOption};
use serenity::model::application::CommandOptionType as Kind;
use std::collections::BTreeMap;
use threadline_core::body::Body;
use threadline_core::desk::Trouble;
use threadline_core::ticket::Priority;
use threadline_core::verb::parse::{self, Wrong};
use threadline_core::verb::{Entry, Name, Names, Saved, VERBS, Verb};
use tracing::info;

/// The field for a conversation.
pub(crate) const WHICH: &str = "conversation";
/// The field for a topic.
pub(crate) const TOPIC: &str = "topic";
/// The field for a saved reply.
pub(crate) const REPLY: &str = "reply";
const WHO: &str = "who";
const NOTE: &str = "text";
const SILENTLY: &str = "silently";
const MESSAGE: &str = "message";
const PRIORITY: &str = "priority";
const WITHIN: &str = "within";
const WHY: &str = "why";

const LIST: &str = "list";
const LATE: &str = "late";

/// Longest name of a command (docs, "Application Command Naming").
const NAME_CHARS_MAX: usize = 32;
/// Longest description (docs, "Application Command Object").
const DESCRIPTION_CHARS_MAX: usize = 100;
/// Longest reason of one line.
const LINE_CHARS_MAX: u16 = 300;
/// Longest note: Discord's own bound of a field is 6,000.
const NOTE_CHARS_MAX: u16 = 3_000;

/// What somebody wants by a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// This verb.
    Verb(Verb),
    /// Somebody is to have it.
    Assign(Id),
    /// What there is to do.
    List,
    /// What waits longest.
    Late,
    /// What was said is no verb.
    Wrong(Wrong),
}

/// All commands.
pub(crate) fn table(names: &Names) -> Vec<CreateCommand> {
    let verbs = VERBS.iter().filter(|entry| entry.is_on).filter_map(|entry| {
        let word = word(names, entry.name)?;
        Some(options(entry).into_iter().fold(command(&word, entry.does), CreateCommand::add_option))
    });
    let lists = [(LIST, "What you have, and what nobody has."), (LATE, "Whose customer waits longest.")];
    let taken: Vec<String> = VERBS.iter().filter_map(|entry| word(names, entry.name)).collect();
    let lists = lists.iter().filter(|(word, _)| !taken.iter().any(|taken| taken == word));
    verbs.chain(lists.map(|(word, does)| command(word, does))).collect()
}

/// The verb's word as a command, if it can be one.
fn word(names: &Names, name: Name) -> Option<String> {
    let word = names.word(name)?.to_lowercase();
    (word.chars().count() <= NAME_CHARS_MAX).then_some(word)
}

fn command(word: &str, does: &str) -> CreateCommand {
    CreateCommand::new(word).description(clean_line(does, DESCRIPTION_CHARS_MAX))
}

fn options(entry: &Entry) -> Vec<CreateCommandOption> {
    let option = |kind, name: &str, does: &str| CreateCommandOption::new(kind, name, does);
    let mut options = match entry.name {
        Name::Assign => vec![option(Kind::User, WHO, "Who should have it?").required(true)],
        Name::Note => vec![
            option(Kind::String, NOTE, "What should the team know? The customer never sees it.")
                .required(true)
                .max_length(NOTE_CHARS_MAX),
        ],
        Name::Topic => vec![option(Kind::String, TOPIC, "What is it about?").required(true).set_autocomplete(true)],
        Name::Saved => {
            vec![option(Kind::String, REPLY, "Which one? You see it before it is sent.").set_autocomplete(true)]
        }
        Name::Resolve => vec![option(Kind::Boolean, SILENTLY, "Without asking the customer how it was.")],
        Name::Retry => {
            vec![option(Kind::Integer, MESSAGE, "The number of one message; by default all.").min_int_value(1)]
        }
        Name::Ticket => {
            let priority = option(Kind::String, PRIORITY, "What goes first?");
            let all = [Priority::Urgent, Priority::High, Priority::Normal, Priority::Low];
            let priority = all.iter().fold(priority, |option, it| option.add_string_choice(it.word(), it.word()));
            vec![priority, option(Kind::String, WITHIN, "By when, such as “4 hours”; by default as usual.")]
        }
        Name::Snooze => vec![
            option(Kind::String, WITHIN, "For how long, such as “2 hours”?").required(true),
            option(Kind::String, WHY, "Why? The customer never sees it.").required(true).max_length(LINE_CHARS_MAX),
        ],
        Name::Escalate => vec![
            option(Kind::String, WHY, "Why is help needed? To ask another tier than the next, begin with its name.")
                .required(true)
                .max_length(NOTE_CHARS_MAX),
        ],
        Name::Ack => vec![option(Kind::String, WITHIN, "For how long, such as “1 hour”; by default 30 minutes.")],
        Name::Claim | Name::Release | Name::Reopen | Name::Book | Name::Call | Name::Away | Name::Back | Name::Help => {
            Vec::new()
        }
    };
    if entry.name.is_about_a_conversation() && entry.name != Name::Help {
        options
            .push(option(Kind::String, WHICH, "Which one? By default the one of this thread.").set_autocomplete(true));
    }
    options
}

/// What a command's data says is wanted; nothing for one that is none of ours.
pub(crate) fn read(data: &Value, names: &Names) -> Option<Wanted> {
    let typed = data["name"].as_str()?;
    let name = VERBS.iter().map(|entry| entry.name).find(|name| word(names, *name).as_deref() == Some(typed));
    let Some(name) = name else {
        return match typed {
            LIST => Some(Wanted::List),
            LATE => Some(Wanted::Late),
            _ => None,
        };
    };
    let text = |option: &str| value(data, option).as_str().unwrap_or_default().to_string();
    let verb = match name {
        Name::Claim => Verb::Claim,
        Name::Release => Verb::Release,
        Name::Assign => return Id::of(value(data, WHO)).map(Wanted::Assign),
        Name::Note => Verb::Note(Body::plain(&text(NOTE))),
        Name::Topic => Verb::Topic(text(TOPIC)),
        Name::Saved if text(REPLY).is_empty() => Verb::Saved(Saved::List),
        Name::Saved => Verb::Saved(Saved::Show { name: text(REPLY), given: Vec::new() }),
        Name::Resolve => Verb::Resolve { silently: value(data, SILENTLY) == true },
        Name::Reopen => Verb::Reopen,
        Name::Retry => Verb::Retry(value(data, MESSAGE).as_i64()),
        Name::Ticket | Name::Snooze | Name::Escalate | Name::Ack => {
            // How a time is written is the parser's business.
            let said = [text(PRIORITY), text(WITHIN), text(WHY)].join(" ");
            match parse::command(&format!("{} #1 {}", names.word(name)?, said.trim()), names).verb {
                Ok(verb) => verb,
                Err(wrong) => return Some(Wanted::Wrong(wrong)),
            }
        }
        Name::Away => Verb::Away,
        Name::Back => Verb::Back,
        Name::Help => Verb::Help,
        Name::Book | Name::Call => {
            return Some(Wanted::Wrong(Wrong::NotYet(name)));
        }
    };
    Some(Wanted::Verb(verb))
}

/// The conversation that a command names, if it names one: its number, or that there is none such.
pub(crate) fn which(data: &Value) -> Option<Result<i64, String>> {
    let text = value(data, WHICH).as_str()?;
    let number = text.trim().trim_start_matches('#').parse();
    Some(number.map_err(|_| text.to_string()))
}

/// The field that somebody types in, and what he has typed.
pub(crate) fn typed(data: &Value) -> Option<(&str, &str)> {
    let focused = data["options"].as_array()?.iter().find(|option| option["focused"] == true)?;
    Some((focused["name"].as_str()?, focused["value"].as_str().unwrap_or_default()))
}

fn value<'a>(data: &'a Value, option: &str) -> &'a Value {
    let mut all = data["options"].as_array().into_iter().flatten();
    all.find(|it| it["name"] == option).map_or(&Value::Null, |it| &it["value"])
}

/// Who he is whom an agent has named: his user and his membership, as Discord sends them along.
pub(crate) fn resolved(data: &Value, user: Id) -> Option<(&Value, &Value)> {
    let id = user.to_string();
    let user = data["resolved"]["users"].get(&id)?;
    Some((user, data["resolved"]["members"].get(&id)?))
}

/// What makes two commands the same: what people see of them. Discord adds much to what it is told.
fn essence(command: &Value) -> Value {
    let flag = |option: &Value, name: &str| json!(option[name] == true);
    let options: Vec<Value> = (command["options"].as_array().into_iter().flatten())
        .map(|option| {
            let choices: Vec<Value> = (option["choices"].as_array().into_iter().flatten())
                .map(|choice| json!([choice["name"], choice["value"]]))
                .collect();
            json!({
                "type": option["type"], "name": option["name"], "description": option["description"],
                "required": flag(option, "required"), "autocomplete": flag(option, "autocomplete"),
                "choices": choices, "max_length": option["max_length"], "min_value": option["min_value"],
            })
        })
        .collect();
    json!({ "name": command["name"], "description": command["description"], "options": options })
}

/// Has the server know our commands: reads those it has, and writes only what is new, changed or gone.
pub(crate) async fn register(discord: &Discord) -> Result<(), Trouble> {
    let us = discord.us().await?;
    let path = format!("/applications/{}/guilds/{}/commands", us.application, us.guild);
    let had = discord.get(&path, About::Channel).await?;
    let had: BTreeMap<&str, &Value> =
        had.as_array().into_iter().flatten().filter_map(|command| Some((command["name"].as_str()?, command))).collect();
    let wanted: Vec<Value> = table(&discord.config().verbs).iter().map(json_of).collect();
    let (mut written, mut removed) = (0, 0);
    for command in &wanted {
        let name = command["name"].as_str().unwrap_or_default();
        if had.get(name).is_some_and(|had| essence(had) == essence(command)) {
            continue;
        }
        let answer = discord.client().call(Method::POST, &path, Sent::Json(command)).await;
        answer.map_err(|failure| failure.trouble("registering a command", About::Channel))?;
        written += 1;
    }
    for (name, command) in had {
        if wanted.iter().any(|wanted| wanted["name"] == name) {
            continue;
        }
        let Some(id) = Id::of(&command["id"]) else { continue };
        let answer = discord.client().call(Method::DELETE, &format!("{path}/{id}"), Sent::Nothing).await;
        answer.map_err(|failure| failure.trouble("removing a command", About::Channel))?;
        removed += 1;
    }
    if written + removed > 0 {
        info!(written, removed, "the server's commands were brought up to date");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use threadline_core::verb::Chosen;

    #[test]
    fn every_verb_that_is_there_is_a_command() {
        let shown: Vec<String> = (table(&Names::default()).iter())
            .map(|command| {
                let command = essence(&json_of(command));
                let options = command["options"].as_array().unwrap().iter();
                let options: Vec<&str> = options.map(|option| option["name"].as_str().unwrap()).collect();
                format!(
                    "/{} {}: {}",
                    command["name"].as_str().unwrap(),
                    options.join(" "),
                    command["description"].as_str().unwrap()
                )
            })
            .collect();
        expect![[r#"
            /claim conversation: Take this conversation.
            /release conversation: Let it go, so that somebody else can take it.
            /assign who conversation: Give it to somebody, or take it over with “me”.
            /note text conversation: Tell the team; the customer never sees it.
            /topic topic conversation: Say what it is about.
            /r reply conversation: Look at a saved reply, then send it; alone, the list of them.
            /resolve silently conversation: Say that it is done; “silently” asks the customer for no rating.
            /reopen conversation: Say that it is not done after all.
            /retry message conversation: Try again what could not be delivered: all of it, or message 7.
            /ticket priority within conversation: Promise the customer an answer later, by the usual time or another.
            /snooze within why conversation: Put it off, for a reason: nobody is reminded before.
            /escalate why conversation: Ask for help: of the next tier, or of one that you name.
            /ack within conversation: Say that you take care of it, for 30 minutes or as long as you say: nobody else is told before.
            /away : Say that you are not there: the chat does not count on you.
            /back : Say that you are there again.
            /help : This list, for you only.
            /list : What you have, and what nobody has.
            /late : Whose customer waits longest."#]]
        .assert_eq(&shown.join("\n"));
        for command in table(&Names::default()).iter().map(json_of) {
            let options = command["options"].as_array().unwrap();
            let required = options.iter().map(|option| option["required"] == true);
            assert!(required.is_sorted_by_key(|required| !required), "what is required comes first: {command}");
            for described in options.iter().chain([&command]) {
                assert!((1..=100).contains(&described["description"].as_str().unwrap().chars().count()), "{described}");
            }
        }
    }

    #[test]
    fn what_is_wanted_is_read() {
        let read =
            |name: &str, options: Value| super::read(&json!({ "name": name, "options": options }), &Names::default());
        let option = |name: &str, value: Value| json!([{ "name": name, "value": value }]);
        assert_eq!(read("claim", json!([])), Some(Wanted::Verb(Verb::Claim)));
        assert_eq!(read("assign", option("who", json!("7"))), Some(Wanted::Assign(Id(7))));
        let note = Verb::Note(Body::plain("*hush*"));
        assert_eq!(read("note", option("text", json!("*hush*"))), Some(Wanted::Verb(note)));
        assert_eq!(
            read("resolve", option("silently", json!(true))),
            Some(Wanted::Verb(Verb::Resolve { silently: true }))
        );
        assert_eq!(read("retry", option("message", json!(7))), Some(Wanted::Verb(Verb::Retry(Some(7)))));
        let ticket =
            read("ticket", json!([{ "name": "priority", "value": "high" }, { "name": "within", "value": "4 hours" }]));
        assert!(matches!(ticket, Some(Wanted::Verb(Verb::Ticket { priority: Some(Priority::High), within: Some(_) }))));
        assert!(matches!(read("ticket", option("within", json!("soonish"))), Some(Wanted::Wrong(_))));
        let snooze =
            read("snooze", json!([{ "name": "within", "value": "2 hours" }, { "name": "why", "value": "a part" }]));
        assert!(matches!(snooze, Some(Wanted::Verb(Verb::Snooze { .. }))), "{snooze:?}");
        let escalate = read("escalate", option("why", json!("it is down")));
        assert_eq!(escalate, Some(Wanted::Verb(Verb::Escalate("it is down".into()))));
        assert_eq!(read("ack", json!([])), Some(Wanted::Verb(Verb::Ack(None))));
        assert_eq!((read("list", json!([])), read("dance", json!([]))), (Some(Wanted::List), None));
        let which = |value: Value| super::which(&json!({ "options": option(WHICH, value) }));
        assert_eq!(which(json!("#1042")), Some(Ok(1042)));
        assert_eq!(which(json!("Ada")), Some(Err("Ada".to_string())));
    }

    #[test]
    fn what_discord_adds_changes_nothing() {
        let ours = json_of(&table(&Names::default())[2]);
        let mut theirs = ours.clone();
        for (name, value) in
            [("id", json!("5")), ("version", json!("6")), ("nsfw", json!(false)), ("dm_permission", json!(null))]
        {
            theirs[name] = value;
        }
        theirs["options"][1].as_object_mut().unwrap().remove("required");
        assert_eq!(essence(&ours), essence(&theirs));
        theirs["options"][0]["description"] = json!("Another");
        assert_ne!(essence(&ours), essence(&theirs));
    }

    #[test]
    fn a_team_has_its_own_words() {
        let mut names = Names::default();
        names.choose(Name::Claim, Chosen::Word("Nehmen".into()));
        names.choose(Name::Note, Chosen::Off);
        names.choose(Name::Topic, Chosen::Word("list".into()));
        let all: Vec<Value> = table(&names).iter().map(|command| json_of(command)["name"].clone()).collect();
        assert!(all.contains(&json!("nehmen")) && !all.contains(&json!("note")));
        assert_eq!(all.iter().filter(|name| **name == "list").count(), 1);
        assert_eq!(super::read(&json!({ "name": "nehmen" }), &names), Some(Wanted::Verb(Verb::Claim)));
    }
}
