//! What an interactive payload of Slack means: somebody used a button, a menu, a command or a form.
//! Pure, and lenient as [`decode`](crate::decode): what we do not know is nothing.

use crate::buttons::{self, Picked};
use crate::forms::{self, Filled, Form};
use crate::ids::{self, Spot};
use crate::outbound::Us;
use crate::saved::{self, Decided};
use serde_json::Value;
use threadline_core::ids::ThreadKey;
use threadline_core::verb::Name;

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interaction {
    /// Who.
    pub by: Person,
    /// What makes it the same when Slack tells it again.
    pub key: String,
    /// What opens a form, for three seconds.
    pub trigger: Option<String>,
    /// Where Slack takes an answer for him alone.
    pub answer_to: Option<String>,
    /// The channel he did it in.
    pub channel: Option<String>,
    /// What he did.
    pub act: Act,
}

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// He picked a verb on the card of a thread.
    OnCard {
        /// The thread.
        thread: ThreadKey,
        /// What he picked.
        picked: Picked,
    },
    /// He wants tried again what was given up.
    Retries {
        /// In this thread.
        thread: ThreadKey,
        /// The number of the message.
        seq: i64,
    },
    /// He picked a verb where no thread is.
    AtHome(Picked),
    /// He decided about a preview that he alone was shown.
    OnPreview(Decided),
    /// He picked a verb in the menu of a message.
    OnMessage {
        /// The thread that the message is in, or starts.
        thread: ThreadKey,
        /// The verb.
        name: Name,
    },
    /// He wrote our command.
    Wrote(String),
    /// He filled in a form.
    FilledIn(Form, Filled),
    /// He types into a field whose entries are looked up.
    Types(String),
    /// He did something that is not for us, such as following a link.
    Other,
}

impl Act {
    /// The verb that was picked, where one was picked by name.
    pub fn verb(&self) -> Option<Name> {
        match self {
            Act::OnCard { picked, .. } | Act::AtHome(picked) => Some(picked.name),
            Act::OnMessage { name, .. } => Some(*name),
            Act::Retries { .. } => Some(Name::Retry),
            Act::OnPreview(_) => Some(Name::Saved),
            Act::Wrote(_) | Act::FilledIn(..) | Act::Types(_) | Act::Other => None,
        }
    }
}

/// A person, as far as the payload itself says who he is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// His user.
    pub user: String,
    /// His workspace.
    pub team: Option<String>,
    /// The name he signs in with: not the one that people see.
    pub handle: Option<String>,
}

/// What the callback of a message shortcut begins with; the verb's own word follows.
pub(crate) const SHORTCUT: &str = "verb/";

/// What the payload means to the bot that we are; nothing for one that does not say who did it.
pub(crate) fn decode(us: &Us, payload: &Value) -> Option<Interaction> {
    let action = &payload["actions"][0];
    let act = match payload["type"].as_str() {
        _ if payload["command"].is_string() => {
            Some(Act::Wrote(payload["text"].as_str().unwrap_or_default().to_string()))
        }
        Some("block_actions") => saved::decided(action).map(Act::OnPreview).or_else(|| pressed(us, payload, action)),
        Some("message_action") => on_message(us, payload),
        Some("view_submission") => forms::read(&payload["view"]).map(|(form, filled)| Act::FilledIn(form, filled)),
        Some("block_suggestion") if payload["action_id"] == forms::WHICH => {
            Some(Act::Types(payload["value"].as_str().unwrap_or_default().to_string()))
        }
        Some(_) | None => None,
    };
    let act = act.unwrap_or(Act::Other);
    // What is filled in was shown somewhere.
    let form = forms::shown(&payload["view"]);
    let (shown_in, answers) = form.map_or((None, None), |form| (form.channel, form.answer_to));
    Some(Interaction {
        by: person(payload)?,
        key: format!("{}/{}/did/{}", crate::PLATFORM, us.team, id(payload, action)?),
        trigger: owned(&payload["trigger_id"]),
        answer_to: owned(&payload["response_url"]).or(answers),
        channel: owned(&payload["channel"]["id"])
            .or_else(|| owned(&payload["channel_id"]))
            .or_else(|| owned(&payload["container"]["channel_id"]))
            .or(shown_in),
        act,
    })
}

/// A form is the same when it is sent once more, as long as it was not answered with another one;
/// each other interaction has a `trigger_id` of its own.
fn id(payload: &Value, action: &Value) -> Option<String> {
    let view = &payload["view"];
    if let ("view_submission", Some(id)) = (payload["type"].as_str().unwrap_or_default(), text(&view["id"])) {
        return Some(format!("{id}/{}", text(&view["hash"]).unwrap_or_default()));
    }
    let ids = [&payload["trigger_id"], &action["action_ts"], &payload["action_ts"], &payload["value"]];
    Some(ids.into_iter().find_map(Value::as_str)?.to_string())
}

fn pressed(us: &Us, payload: &Value, action: &Value) -> Option<Act> {
    let (container, message) = (&payload["container"], &payload["message"]);
    // A card is the root of its own thread.
    let ts = [&container["thread_ts"], &message["thread_ts"], &container["message_ts"], &message["ts"]];
    let here = || thread(us, payload, ts.into_iter().find_map(text)?);
    if let Some(seq) = buttons::retried(action) {
        return Some(Act::Retries { thread: here()?, seq });
    }
    let picked = buttons::picked(action)?;
    if container["type"] == "view" {
        return Some(Act::AtHome(picked));
    }
    Some(Act::OnCard { thread: here()?, picked })
}

fn on_message(us: &Us, payload: &Value) -> Option<Act> {
    let name = Name::of_word(payload["callback_id"].as_str()?.strip_prefix(SHORTCUT)?)?;
    let message = &payload["message"];
    let ts = [&message["thread_ts"], &payload["message_ts"], &message["ts"]].into_iter().find_map(text)?;
    Some(Act::OnMessage { thread: thread(us, payload, ts)?, name })
}

fn thread(us: &Us, payload: &Value, ts: &str) -> Option<ThreadKey> {
    let channel = text(&payload["channel"]["id"]).or_else(|| text(&payload["container"]["channel_id"]))?;
    ids::stamp(ts).filter(|_| ids::is_id(channel))?;
    Some(Spot { team: &us.team, channel, ts }.thread())
}

fn person(payload: &Value) -> Option<Person> {
    let user = &payload["user"];
    let team = [&user["team_id"], &payload["team"]["id"], &payload["team_id"]].into_iter().find_map(owned);
    let handle = [&user["name"], &user["username"], &payload["user_name"]].into_iter().find_map(owned);
    let user = owned(&user["id"]).or_else(|| owned(&payload["user_id"])).filter(|user| ids::is_id(user))?;
    Some(Person { user, team, handle })
}

fn owned(value: &Value) -> Option<String> {
    text(value).map(str::to_string)
}

/// A string that says something.
fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn us() -> Us {
        Us { team: "T1".into(), enterprise: None, user: "U0BOT".into(), bot: "B0BOT".into(), url: None }
    }

    fn payload(kind: &str, more: Value) -> Value {
        let mut payload = json!({
            "type": kind, "trigger_id": "1.2.3", "team": { "id": "T1" }, "response_url": "https://hooks.slack.com/x",
            "user": { "id": "U1", "name": "grace", "team_id": "T1" }, "channel": { "id": "C1" },
        });
        for (name, value) in more.as_object().unwrap() {
            payload[name] = value.clone();
        }
        payload
    }

    fn act(payload: &Value) -> Act {
        decode(&us(), payload).unwrap().act
    }

    const TS: &str = "1700000001.000100";

    #[test]
    fn a_pressed_button_says_who_and_where() {
        let claim = json!({ "action_id": "verb/claim", "value": "1042", "action_ts": "9.1" });
        let pressed = payload(
            "block_actions",
            json!({
                "container": { "type": "message", "message_ts": TS, "channel_id": "C1" }, "actions": [claim],
            }),
        );
        let picked = Picked { name: Name::Claim, number: 1042 };
        let expected = Interaction {
            by: Person { user: "U1".into(), team: Some("T1".into()), handle: Some("grace".into()) },
            key: "slack/T1/did/1.2.3".into(),
            trigger: Some("1.2.3".into()),
            answer_to: Some("https://hooks.slack.com/x".into()),
            channel: Some("C1".into()),
            act: Act::OnCard { thread: ThreadKey(format!("slack/T1/C1/{TS}")), picked },
        };
        assert_eq!(decode(&us(), &pressed), Some(expected));
        let mut again = pressed.clone();
        again["actions"] = json!([{ "action_id": "retry", "value": "7", "action_ts": "9.1" }]);
        again["container"]["thread_ts"] = json!("1700000000.000100");
        let thread = ThreadKey("slack/T1/C1/1700000000.000100".into());
        assert_eq!(act(&again), Act::Retries { thread, seq: 7 });
        let mut at_home = pressed.clone();
        at_home["container"] = json!({ "type": "view", "view_id": "V1" });
        assert_eq!(act(&at_home), Act::AtHome(picked));
        for user in [json!({}), json!({ "id": "U1/../U2" })] {
            let mut nobody = pressed.clone();
            nobody["user"] = user;
            assert_eq!(decode(&us(), &nobody), None);
        }
        let mut elsewhere = pressed;
        elsewhere["container"]["channel_id"] = json!("C1/C2");
        elsewhere["channel"] = json!({});
        assert_eq!(act(&elsewhere), Act::Other);
    }

    #[test]
    fn a_shortcut_is_for_the_thread_of_its_message() {
        let thread = ThreadKey(format!("slack/T1/C1/{TS}"));
        for (message, message_ts) in
            [(json!({ "ts": TS }), TS), (json!({ "ts": "1700000009.1", "thread_ts": TS }), "1700000009.1")]
        {
            let more = json!({ "callback_id": "verb/assign", "message": message, "message_ts": message_ts });
            let expected = Act::OnMessage { thread: thread.clone(), name: Name::Assign };
            assert_eq!(act(&payload("message_action", more)), expected);
        }
    }

    #[test]
    fn a_command_and_what_is_typed_into_a_field() {
        let command = json!({
            "command": "/threadline", "text": "claim #1042", "user_id": "U1", "user_name": "grace", "team_id": "T1",
            "channel_id": "C1", "trigger_id": "1.2.3",
        });
        let decoded = decode(&us(), &command).unwrap();
        assert_eq!((decoded.act, decoded.channel), (Act::Wrote("claim #1042".into()), Some("C1".into())));
        assert_eq!(decoded.by.handle.as_deref(), Some("grace"));
        let typed = json!({ "action_id": "which", "block_id": "which", "value": "10", "trigger_id": null });
        assert_eq!(act(&payload("block_suggestion", typed)), Act::Types("10".into()));
    }

    #[test]
    fn a_form_sent_twice_is_one() {
        let view = |hash: &str| {
            let view = json!({ "id": "V1", "hash": hash, "callback_id": forms::CALLBACK, "private_metadata": "{}" });
            decode(&us(), &payload("view_submission", json!({ "view": view, "trigger_id": hash }))).unwrap()
        };
        assert_eq!(view("1.a").key, "slack/T1/did/V1/1.a");
        assert_eq!(view("1.a").key, view("1.a").key);
        assert_ne!(view("1.a").key, view("2.b").key);
        assert!(matches!(view("1.a").act, Act::FilledIn(..)));
    }

    #[test]
    fn what_is_not_for_us_is_nothing() {
        for other in [
            payload("block_actions", json!({})),
            payload("block_actions", json!({ "actions": [{ "action_id": "verb/claim", "value": "1" }] })),
            payload("block_actions", json!({ "actions": "none" })),
            payload("message_action", json!({ "callback_id": "verb/dance", "message_ts": TS })),
            payload("message_action", json!({ "callback_id": "verb/claim", "message_ts": "soon" })),
            payload("view_submission", json!({ "view": {} })),
            payload("view_closed", json!({ "view": {} })),
            payload("an_invention_of_next_year", json!({})),
        ] {
            assert_eq!(act(&other), Act::Other, "{other}");
        }
        assert_eq!(decode(&us(), &json!("text")), None);
    }
}
