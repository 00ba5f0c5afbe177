//! The verbs on a card: buttons for what is done with one click, a menu for the rest. What such a
//! button is called where Slack tells of it is made and read here only.

use serde_json::{Value, json};
use threadline_core::verb::{Name, Offered};
use threadline_core::words;

/// The block that the verbs stand in.
const BLOCK: &str = "verbs";
/// What the actions of verbs are called, each with the verb's own word behind it.
const VERB: &str = "verb/";
/// The menu.
const MORE: &str = "verbs/more";
/// The button under what says that something was given up; its value is the message's number.
const RETRY: &str = "retry";
/// Most entries of a menu (Block Kit reference, `overflow`: 5 options).
const MORE_MAX: usize = 5;

/// A verb that somebody picked on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Picked {
    /// Which.
    pub name: Name,
    /// The number of the conversation.
    pub number: i64,
}

/// The verbs that make sense now; nothing when there is none.
pub(crate) fn buttons(number: i64, offered: &Offered) -> Option<Value> {
    let mut elements: Vec<Value> = offered.buttons.iter().map(|name| button(number, *name)).collect();
    let more: Vec<Value> = offered.more.iter().take(MORE_MAX).map(|name| entry(number, *name)).collect();
    if !more.is_empty() {
        elements.push(json!({ "type": "overflow", "action_id": MORE, "options": more }));
    }
    (!elements.is_empty()).then(|| json!({ "type": "actions", "block_id": BLOCK, "elements": elements }))
}

/// Verbs beside one conversation among others.
pub(crate) fn row(number: i64, names: &[Name]) -> Option<Value> {
    let elements: Vec<Value> = names.iter().map(|name| button(number, *name)).collect();
    (!elements.is_empty()).then(|| json!({ "type": "actions", "elements": elements }))
}

/// What has tried again what was given up of the message of this number.
pub(crate) fn retry(seq: i64) -> Value {
    let button = json!({
        "type": "button",
        "action_id": RETRY,
        "text": plain(words::button(Name::Retry)),
        "value": seq.to_string(),
    });
    json!({ "type": "actions", "elements": [button] })
}

/// The number of the message that is to be tried again, if this action of Slack's asks for that.
pub(crate) fn retried(action: &Value) -> Option<i64> {
    if action["action_id"] != RETRY {
        return None;
    }
    action["value"].as_str()?.parse().ok()
}

/// What was picked, if this action of Slack's is one of a card's.
pub(crate) fn picked(action: &Value) -> Option<Picked> {
    let id = action["action_id"].as_str()?;
    let (word, number) = match id.strip_prefix(VERB) {
        Some(word) => (word, action["value"].as_str()?),
        None if id == MORE => action["selected_option"]["value"].as_str()?.split_once('/')?,
        None => return None,
    };
    Some(Picked { name: Name::of_word(word)?, number: number.parse().ok()? })
}

fn button(number: i64, name: Name) -> Value {
    let mut button = json!({
        "type": "button",
        "action_id": format!("{VERB}{}", name.entry().word),
        "text": plain(words::button(name)),
        "value": number.to_string(),
    });
    if name == Name::Claim {
        button["style"] = json!("primary");
    }
    if let Some(asked) = words::asked_before(name) {
        button["confirm"] = json!({
            "title": plain(asked.title),
            "text": plain(asked.text),
            "confirm": plain(asked.yes),
            "deny": plain(asked.no),
        });
    }
    button
}

fn entry(number: i64, name: Name) -> Value {
    json!({ "text": plain(words::button(name)), "value": format!("{}/{number}", name.entry().word) })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use threadline_core::verb::VERBS;

    #[test]
    fn a_card_has_buttons_and_a_menu() {
        let offered = Offered { buttons: vec![Name::Claim, Name::Resolve], more: vec![Name::Assign, Name::Help] };
        expect![[r#"
            {
              "block_id": "verbs",
              "elements": [
                {
                  "action_id": "verb/claim",
                  "style": "primary",
                  "text": {
                    "emoji": false,
                    "text": "Claim",
                    "type": "plain_text"
                  },
                  "type": "button",
                  "value": "1042"
                },
                {
                  "action_id": "verb/resolve",
                  "confirm": {
                    "confirm": {
                      "emoji": false,
                      "text": "Resolve",
                      "type": "plain_text"
                    },
                    "deny": {
                      "emoji": false,
                      "text": "Not yet",
                      "type": "plain_text"
                    },
                    "text": {
                      "emoji": false,
                      "text": "The customer reads that it is resolved, and is asked how it was.",
                      "type": "plain_text"
                    },
                    "title": {
                      "emoji": false,
                      "text": "Is it done?",
                      "type": "plain_text"
                    }
                  },
                  "text": {
                    "emoji": false,
                    "text": "Resolve",
                    "type": "plain_text"
                  },
                  "type": "button",
                  "value": "1042"
                },
                {
                  "action_id": "verbs/more",
                  "options": [
                    {
                      "text": {
                        "emoji": false,
                        "text": "Assign…",
                        "type": "plain_text"
                      },
                      "value": "assign/1042"
                    },
                    {
                      "text": {
                        "emoji": false,
                        "text": "Help",
                        "type": "plain_text"
                      },
                      "value": "help/1042"
                    }
                  ],
                  "type": "overflow"
                }
              ],
              "type": "actions"
            }
        "#]]
        .assert_eq(&format!("{:#}\n", buttons(1042, &offered).unwrap()));
        assert_eq!(buttons(1042, &Offered::default()), None);
    }

    #[test]
    fn what_is_picked_reads_back() {
        for entry in VERBS {
            let offered = Offered { buttons: vec![entry.name], more: vec![entry.name] };
            let block = buttons(1042, &offered).unwrap();
            let (button, menu) = (&block["elements"][0], &block["elements"][1]);
            let picked_in_menu = json!({ "action_id": MORE, "selected_option": menu["options"][0] });
            let expected = Some(Picked { name: entry.name, number: 1042 });
            assert_eq!((picked(button), picked(&picked_in_menu)), (expected, expected));
        }
        let again = retry(7)["elements"][0].clone();
        assert_eq!((retried(&again), picked(&again)), (Some(7), None));
        for other in [
            json!({}),
            json!({ "action_id": "verb/dance", "value": "1" }),
            json!({ "action_id": "verb/claim", "value": "all" }),
            json!({ "action_id": "verb/claim" }),
            json!({ "action_id": MORE, "selected_option": { "value": "claim" } }),
        ] {
            assert_eq!(picked(&other), None, "{other}");
        }
    }
}
