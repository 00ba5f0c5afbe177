//! The forms that ask for what a verb needs, or for everything. A form opens with what is at hand, so
//! nothing here looks anything up. What a form carries through Slack is made and read here only.

use crate::format::clean_line;
use serde_json::{Value, json};
use threadline_core::body::{Body, is_invisible};
use threadline_core::ids::ThreadKey;
use threadline_core::verb::parse;
use threadline_core::verb::{Entry, Name, Names, Need, Saved, Start, VERBS, Verb};
use threadline_core::words;

/// What all our forms are called.
pub(crate) const CALLBACK: &str = "threadline";
/// The field for a conversation, whose entries are looked up while somebody types.
pub(crate) const WHICH: &str = "which";
const WHAT: &str = "what";
const WHO: &str = "who";
const TOPIC: &str = "topic";
const NOTE: &str = "note";
const SAVED: &str = "saved";
const SNOOZE: &str = "snooze";
const ESCALATE: &str = "escalate";

/// Longest text of an entry (Block Kit reference, `option`: 75 characters).
pub(crate) const ENTRY_CHARS_MAX: usize = 75;
/// Most entries of a menu (Block Kit reference, `static_select`: 100).
pub(crate) const ENTRIES_MAX: usize = 100;
/// Longest text of a field of one line.
const LINE_CHARS_MAX: usize = 300;
/// Longest text of a field (Block Kit reference, `plain_text_input`: 3,000 characters).
const TEXT_CHARS_MAX: usize = 3_000;

/// A form that somebody is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// What it asks for.
    pub asks: Asks,
    /// The channel that he was in when he was shown it.
    pub channel: Option<String>,
    /// Where Slack takes an answer for him alone.
    pub answer_to: Option<String>,
}

/// What a form asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// Which conversation, and what to do to it.
    Everything,
    /// What one verb needs.
    This {
        /// What.
        need: Need,
        /// Of which conversation.
        of: Subject,
    },
}

/// The field for what a verb needs.
fn field_of(need: Need) -> &'static str {
    match need {
        Need::Person => WHO,
        Need::Topic => TOPIC,
        Need::Note => NOTE,
        Need::Saved => SAVED,
        Need::Snooze => SNOOZE,
        Need::Escalate => ESCALATE,
    }
}

/// A conversation as somebody named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// By its number.
    Number(i64),
    /// By its thread.
    Thread(ThreadKey),
}

/// What somebody filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// Everything that is needed.
    Verb {
        /// Of which conversation.
        of: Subject,
        /// What.
        verb: Verb,
    },
    /// To whom it shall be given.
    Assign {
        /// Of which conversation.
        of: Subject,
        /// The user.
        user: String,
    },
    /// A verb that needs something more.
    Needs {
        /// Of which conversation.
        of: Subject,
        /// What.
        need: Need,
    },
    /// Something is missing: at this field.
    Missing(&'static str),
}

/// What can be chosen in fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices<'a> {
    /// Each topic's id and label.
    pub topics: &'a [(String, String)],
    /// Each saved reply's name, and how it begins.
    pub replies: &'a [(String, String)],
}

/// The form as Slack shows it.
pub(crate) fn view(form: &Form, choices: Choices<'_>, names: &Names) -> Value {
    let (title, submit, blocks) = match &form.asks {
        Asks::Everything => ("Threadline".to_string(), "Go on", everything(names)),
        Asks::This { need, of } => {
            let verb = bare(need.name());
            let title = match of {
                Subject::Number(number) => format!("{verb} #{number}"),
                Subject::Thread(_) => verb.to_string(),
            };
            (title, verb, vec![field(*need, choices)])
        }
    };
    json!({
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": carried(form).to_string(),
        "title": plain(&title),
        "submit": plain(submit),
        "close": plain("Cancel"),
        "blocks": blocks,
    })
}

/// What was filled in, and the form; nothing for a view that is none of our forms.
pub(crate) fn read(view: &Value) -> Option<(Form, Filled)> {
    let form = shown(view)?;
    let values = &view["state"]["values"];
    let picked = |field: &str| values[field][field]["selected_option"]["value"].as_str();
    let filled = match &form.asks {
        Asks::Everything => {
            let number = picked(WHICH).and_then(|number| number.parse().ok());
            match (number, picked(WHAT).and_then(Name::of_word)) {
                (None, _) => Filled::Missing(WHICH),
                (_, None) => Filled::Missing(WHAT),
                (Some(number), Some(name)) => match name.start() {
                    Start::Ready(verb) => Filled::Verb { of: Subject::Number(number), verb },
                    Start::Needs(need) => Filled::Needs { of: Subject::Number(number), need },
                    Start::NotYet => Filled::Missing(WHAT),
                },
            }
        }
        Asks::This { need: Need::Person, of } => match values[WHO][WHO]["selected_user"].as_str() {
            Some(user) => Filled::Assign { of: of.clone(), user: user.to_string() },
            None => Filled::Missing(WHO),
        },
        Asks::This { need: Need::Topic, of } => match picked(TOPIC) {
            Some(topic) => Filled::Verb { of: of.clone(), verb: Verb::Topic(topic.to_string()) },
            None => Filled::Missing(TOPIC),
        },
        Asks::This { need: Need::Saved, of } => match picked(SAVED) {
            Some(name) => {
                let asked = Saved::Show { name: name.to_string(), given: Vec::new() };
                Filled::Verb { of: of.clone(), verb: Verb::Saved(asked) }
            }
            None => Filled::Missing(SAVED),
        },
        Asks::This { need: Need::Note, of } => {
            match values[NOTE][NOTE]["value"].as_str().unwrap_or_default().trim_matches(is_invisible) {
                "" => Filled::Missing(NOTE),
                text => Filled::Verb { of: of.clone(), verb: Verb::Note(Body::plain(text)) },
            }
        }
        Asks::This { need: need @ (Need::Snooze | Need::Escalate), of } => {
            let field = field_of(*need);
            let text = values[field][field]["value"].as_str().unwrap_or_default().trim_matches(is_invisible);
            // It is what one would type behind the verb's own word.
            let typed = format!("{} {text}", need.name().entry().word);
            match parse::command(&typed, &Names::default()).verb {
                Ok(verb) if !text.is_empty() => Filled::Verb { of: of.clone(), verb },
                Ok(_) | Err(_) => Filled::Missing(field),
            }
        }
    };
    Some((form, filled))
}

/// The form that this view of Slack's is.
pub(crate) fn shown(view: &Value) -> Option<Form> {
    let carried = view["private_metadata"].as_str().filter(|_| view["callback_id"] == CALLBACK)?;
    form(&serde_json::from_str(carried).ok()?)
}

impl Asks {
    /// The field that an error about the whole form is shown at.
    pub fn main_field(&self) -> &'static str {
        match self {
            Asks::Everything => WHICH,
            Asks::This { need, .. } => field_of(*need),
        }
    }
}

/// The acknowledgement that shows an error at a field; the form stays as it was filled in.
pub(crate) fn error(field: &str, words: &str) -> Value {
    json!({ "response_action": "errors", "errors": { field: words } })
}

/// What is said at a field that was left empty.
pub(crate) fn missing(field: &str) -> &'static str {
    match field {
        WHICH => "Pick a conversation: type its number or the customer's name.",
        WHAT => "Pick what should be done.",
        WHO => "Pick somebody.",
        TOPIC => "Pick a topic.",
        SAVED => "Pick a saved reply.",
        SNOOZE => "Write for how long and why, as in: 2 hours waits for a part.",
        ESCALATE => "Write why help is needed.",
        _ => "Write something: an empty note tells nobody anything.",
    }
}

/// Said at a field when the database does not answer.
pub(crate) const NOT_STORED: &str =
    "This could not be written down: Threadline's database does not answer. Please try again in a moment.";
/// Said at a person who is none of the team.
pub(crate) const NO_AGENT: &str = "This is an app, or somebody of another workspace. Pick somebody of yours.";

fn everything(names: &Names) -> Vec<Value> {
    let is_there =
        |entry: &&Entry| entry.is_on && entry.name.is_about_a_conversation() && names.word(entry.name).is_some();
    let verbs = VERBS.iter().filter(is_there);
    let verbs = verbs.filter(|entry| entry.name != Name::Help);
    let entries: Vec<Value> = verbs
        .map(|entry| {
            let mut option = option(words::button(entry.name), entry.word);
            option["description"] = plain(&clean_line(entry.does, ENTRY_CHARS_MAX));
            option
        })
        .collect();
    vec![
        input(
            WHICH,
            "Which conversation?",
            json!({
                "type": "external_select",
                "min_query_length": 0,
                "placeholder": plain("A number, or the customer's name"),
            }),
        ),
        input(WHAT, "What should be done?", json!({ "type": "static_select", "options": entries })),
    ]
}

fn field(need: Need, choices: Choices<'_>) -> Value {
    match need {
        Need::Person => input(WHO, "Who should have it?", json!({ "type": "users_select" })),
        Need::Topic => {
            let entries: Vec<Value> =
                choices.topics.iter().take(ENTRIES_MAX).map(|(id, label)| option(label, id)).collect();
            input(TOPIC, "What is it about?", json!({ "type": "static_select", "options": entries }))
        }
        Need::Saved => {
            let entry = |(name, first): &(String, String)| {
                let mut option = option(name, name);
                option["description"] = plain(&clean_line(first, ENTRY_CHARS_MAX));
                option
            };
            let entries: Vec<Value> = choices.replies.iter().take(ENTRIES_MAX).map(entry).collect();
            let mut input = input(SAVED, "Which one?", json!({ "type": "static_select", "options": entries }));
            input["hint"] = plain("You see it as the customer would read it. Nothing is sent before you say so.");
            input
        }
        Need::Note => {
            let element = json!({ "type": "plain_text_input", "multiline": true, "max_length": TEXT_CHARS_MAX });
            let mut input = input(NOTE, "What should the team know?", element);
            input["hint"] = plain("The customer never sees it.");
            input
        }
        Need::Snooze => {
            let placeholder = plain("2 hours waits for a part");
            let element =
                json!({ "type": "plain_text_input", "max_length": LINE_CHARS_MAX, "placeholder": placeholder });
            let mut input = input(SNOOZE, "For how long, and why?", element);
            input["hint"] = plain("Minutes, hours or business days, then the reason. Nobody is told before.");
            input
        }
        Need::Escalate => {
            let placeholder = plain("The export is down for everybody");
            let element = json!({
                "type": "plain_text_input", "multiline": true, "max_length": TEXT_CHARS_MAX, "placeholder": placeholder,
            });
            let mut input = input(ESCALATE, "Why is help needed?", element);
            input["hint"] = plain("The next tier is asked. To ask another one, begin with its name.");
            input
        }
    }
}

fn input(field: &str, label: &str, mut element: Value) -> Value {
    element["action_id"] = json!(field);
    json!({ "type": "input", "block_id": field, "label": plain(label), "element": element })
}

/// An entry of a menu.
pub(crate) fn option(text: &str, value: &str) -> Value {
    json!({ "text": plain(&clean_line(text, ENTRY_CHARS_MAX)), "value": value })
}

/// A verb's label, without the sign that something is asked.
fn bare(name: Name) -> &'static str {
    words::button(name).trim_end_matches('…')
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

/// What a form carries through Slack.
fn carried(form: &Form) -> Value {
    let mut carried = match &form.asks {
        Asks::Everything => json!({}),
        Asks::This { need, of } => {
            let verb = need.name().entry().word;
            match of {
                Subject::Number(number) => json!({ "verb": verb, "number": number }),
                Subject::Thread(thread) => json!({ "verb": verb, "thread": thread.0 }),
            }
        }
    };
    let also = [("channel", &form.channel), ("answer_to", &form.answer_to)];
    for (name, text) in also.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
        carried[name] = json!(text);
    }
    carried
}

fn form(carried: &Value) -> Option<Form> {
    let text = |name: &str| carried[name].as_str().map(str::to_string);
    let asks = match carried["verb"].as_str() {
        None => Asks::Everything,
        Some(word) => {
            let thread = || carried["thread"].as_str().map(|key| Subject::Thread(ThreadKey(key.to_string())));
            let of = carried["number"].as_i64().map(Subject::Number).or_else(thread)?;
            match Name::of_word(word)?.start() {
                Start::Needs(need) => Asks::This { need, of },
                Start::Ready(_) | Start::NotYet => return None,
            }
        }
    };
    Some(Form { asks, channel: text("channel"), answer_to: text("answer_to") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(value: &Value, expected: Expect) {
        expected.assert_eq(&format!("{value:#}\n"));
    }

    /// These topics; and as saved replies, the same.
    fn choices(all: &[(String, String)]) -> Choices<'_> {
        Choices { topics: all, replies: all }
    }

    fn topics() -> Vec<(String, String)> {
        vec![("billing".into(), "Billing Questions".into()), ("other".into(), "Other".into())]
    }

    fn all() -> Vec<Form> {
        let of_number = |need| Asks::This { need, of: Subject::Number(1042) };
        let of_thread = |need| Asks::This { need, of: Subject::Thread(ThreadKey("slack/T1/C1/1.000001".into())) };
        let needs = [Need::Person, Need::Topic, Need::Note];
        let asks = needs.into_iter().flat_map(|need| [of_number(need), of_thread(need)]).chain([Asks::Everything]);
        let url = || Some("https://hooks.slack.com/actions/T1/2/x".to_string());
        let channel = || Some("C1".to_string());
        asks.flat_map(|asks| {
            let bare = Form { asks, channel: None, answer_to: None };
            [bare.clone(), Form { channel: channel(), answer_to: url(), ..bare }]
        })
        .collect()
    }

    #[test]
    fn a_form_asks_for_what_a_verb_needs() {
        let shown = |asks| view(&Form { asks, channel: None, answer_to: None }, choices(&topics()), &Names::default());
        let of = || Subject::Number(1042);
        check(
            &shown(Asks::This { need: Need::Person, of: of() }),
            expect![[r#"
            {
              "blocks": [
                {
                  "block_id": "who",
                  "element": {
                    "action_id": "who",
                    "type": "users_select"
                  },
                  "label": {
                    "emoji": false,
                    "text": "Who should have it?",
                    "type": "plain_text"
                  },
                  "type": "input"
                }
              ],
              "callback_id": "threadline",
              "close": {
                "emoji": false,
                "text": "Cancel",
                "type": "plain_text"
              },
              "private_metadata": "{\"number\":1042,\"verb\":\"assign\"}",
              "submit": {
                "emoji": false,
                "text": "Assign",
                "type": "plain_text"
              },
              "title": {
                "emoji": false,
                "text": "Assign #1042",
                "type": "plain_text"
              },
              "type": "modal"
            }
        "#]],
        );
        check(
            &shown(Asks::This { need: Need::Topic, of: of() })["blocks"],
            expect![[r#"
            [
              {
                "block_id": "topic",
                "element": {
                  "action_id": "topic",
                  "options": [
                    {
                      "text": {
                        "emoji": false,
                        "text": "Billing Questions",
                        "type": "plain_text"
                      },
                      "value": "billing"
                    },
                    {
                      "text": {
                        "emoji": false,
                        "text": "Other",
                        "type": "plain_text"
                      },
                      "value": "other"
                    }
                  ],
                  "type": "static_select"
                },
                "label": {
                  "emoji": false,
                  "text": "What is it about?",
                  "type": "plain_text"
                },
                "type": "input"
              }
            ]
        "#]],
        );
        check(
            &shown(Asks::This { need: Need::Note, of: of() })["blocks"],
            expect![[r#"
            [
              {
                "block_id": "note",
                "element": {
                  "action_id": "note",
                  "max_length": 3000,
                  "multiline": true,
                  "type": "plain_text_input"
                },
                "hint": {
                  "emoji": false,
                  "text": "The customer never sees it.",
                  "type": "plain_text"
                },
                "label": {
                  "emoji": false,
                  "text": "What should the team know?",
                  "type": "plain_text"
                },
                "type": "input"
              }
            ]
        "#]],
        );
        check(
            &shown(Asks::Everything),
            expect![[r#"
                {
                  "blocks": [
                    {
                      "block_id": "which",
                      "element": {
                        "action_id": "which",
                        "min_query_length": 0,
                        "placeholder": {
                          "emoji": false,
                          "text": "A number, or the customer's name",
                          "type": "plain_text"
                        },
                        "type": "external_select"
                      },
                      "label": {
                        "emoji": false,
                        "text": "Which conversation?",
                        "type": "plain_text"
                      },
                      "type": "input"
                    },
                    {
                      "block_id": "what",
                      "element": {
                        "action_id": "what",
                        "options": [
                          {
                            "description": {
                              "emoji": false,
                              "text": "Take this conversation.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Claim",
                              "type": "plain_text"
                            },
                            "value": "claim"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Let it go, so that somebody else can take it.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Release",
                              "type": "plain_text"
                            },
                            "value": "release"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Give it to somebody, or take it over with “me”.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Assign…",
                              "type": "plain_text"
                            },
                            "value": "assign"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Tell the team; the customer never sees it.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Note…",
                              "type": "plain_text"
                            },
                            "value": "note"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Say what it is about.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Topic…",
                              "type": "plain_text"
                            },
                            "value": "topic"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Look at a saved reply, then send it; alone, the list of them.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Saved reply…",
                              "type": "plain_text"
                            },
                            "value": "r"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Say that it is done; “silently” asks the customer for no rating.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Resolve",
                              "type": "plain_text"
                            },
                            "value": "resolve"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Say that it is not done after all.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Reopen",
                              "type": "plain_text"
                            },
                            "value": "reopen"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Try again what could not be delivered: all of it, or message 7.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Try again",
                              "type": "plain_text"
                            },
                            "value": "retry"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Promise the customer an answer later, by the usual time or another.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Make a ticket",
                              "type": "plain_text"
                            },
                            "value": "ticket"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Put it off, for a reason: nobody is reminded before.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Snooze…",
                              "type": "plain_text"
                            },
                            "value": "snooze"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Ask for help: of the next tier, or of one that you name.",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Escalate…",
                              "type": "plain_text"
                            },
                            "value": "escalate"
                          },
                          {
                            "description": {
                              "emoji": false,
                              "text": "Say that you take care of it, for 30 minutes or as long as you say: nobody…",
                              "type": "plain_text"
                            },
                            "text": {
                              "emoji": false,
                              "text": "Acknowledge",
                              "type": "plain_text"
                            },
                            "value": "ack"
                          }
                        ],
                        "type": "static_select"
                      },
                      "label": {
                        "emoji": false,
                        "text": "What should be done?",
                        "type": "plain_text"
                      },
                      "type": "input"
                    }
                  ],
                  "callback_id": "threadline",
                  "close": {
                    "emoji": false,
                    "text": "Cancel",
                    "type": "plain_text"
                  },
                  "private_metadata": "{}",
                  "submit": {
                    "emoji": false,
                    "text": "Go on",
                    "type": "plain_text"
                  },
                  "title": {
                    "emoji": false,
                    "text": "Threadline",
                    "type": "plain_text"
                  },
                  "type": "modal"
                }
            "#]],
        );
    }

    #[test]
    fn a_form_comes_back_as_it_went_out() {
        for form in all() {
            let shown = view(&form, choices(&topics()), &Names::default());
            let (read, filled) = read(&shown).unwrap();
            assert_eq!((read, filled), (form.clone(), Filled::Missing(form.asks.main_field())));
        }
        assert_eq!(read(&json!({ "callback_id": CALLBACK, "private_metadata": "x" })), None);
        assert_eq!(read(&json!({ "callback_id": "another", "private_metadata": "{}" })), None);
        assert_eq!(
            read(&json!({ "callback_id": CALLBACK, "private_metadata": r#"{"verb":"claim","number":1}"# })),
            None
        );
    }

    #[test]
    fn what_is_filled_in_is_read() {
        let filled = |asks: Asks, values: Value| {
            let mut view = view(&Form { asks, channel: None, answer_to: None }, choices(&topics()), &Names::default());
            view["state"] = json!({ "values": values });
            read(&view).unwrap().1
        };
        let this = |need| Asks::This { need, of: Subject::Number(7) };
        let of = || Subject::Number(7);
        let who = json!({ "who": { "who": { "type": "users_select", "selected_user": "U1" } } });
        assert_eq!(filled(this(Need::Person), who), Filled::Assign { of: of(), user: "U1".into() });
        let topic = json!({ "topic": { "topic": { "selected_option": { "value": "billing" } } } });
        assert_eq!(filled(this(Need::Topic), topic), Filled::Verb { of: of(), verb: Verb::Topic("billing".into()) });
        let note = |text: &str| json!({ "note": { "note": { "value": text } } });
        let noted = Filled::Verb { of: of(), verb: Verb::Note(Body::plain("in a hurry")) };
        assert_eq!(filled(this(Need::Note), note(" in a hurry\n")), noted);
        assert_eq!(filled(this(Need::Note), note(" \u{200b}")), Filled::Missing("note"));
        let pick = |number: &str, verb: &str| {
            let value = |value: &str| json!({ "selected_option": { "value": value } });
            filled(Asks::Everything, json!({ "which": { "which": value(number) }, "what": { "what": value(verb) } }))
        };
        assert_eq!(pick("7", "claim"), Filled::Verb { of: of(), verb: Verb::Claim });
        assert_eq!(pick("7", "note"), Filled::Needs { of: of(), need: Need::Note });
        assert_eq!(pick("7", "dance"), Filled::Missing("what"));
        assert_eq!(pick("seven", "claim"), Filled::Missing("which"));
        assert_eq!(pick("7", "book"), Filled::Missing("what"));
    }

    #[test]
    fn what_is_said_at_a_field() {
        let all = [WHICH, WHAT, WHO, TOPIC, NOTE].map(missing).join("\n");
        expect![[r#"
            Pick a conversation: type its number or the customer's name.
            Pick what should be done.
            Pick somebody.
            Pick a topic.
            Write something: an empty note tells nobody anything.
            This could not be written down: Threadline's database does not answer. Please try again in a moment.
            This is an app, or somebody of another workspace. Pick somebody of yours.
        "#]]
        .assert_eq(&format!("{all}\n{NOT_STORED}\n{NO_AGENT}\n"));
    }
}
