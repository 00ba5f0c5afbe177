//! A preview of a saved reply: words for one person alone, and two buttons. What the buttons are called
//! where Slack tells of them is made and read here only.

use crate::rich;
use serde_json::{Value, json};
use threadline_core::body::Body;
use threadline_core::verb::{Saved, Verb};
use threadline_core::words::{CANCEL_BUTTON, SEND_BUTTON};

/// The block that the buttons stand in.
const BLOCK: &str = "saved";
const SEND: &str = "saved/send";
const CANCEL: &str = "saved/cancel";

/// What somebody decided about a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decided {
    /// The number of the conversation.
    pub number: i64,
    /// The number of the preview in it.
    pub preview: i64,
    /// True when it is to be sent.
    pub sends: bool,
}

impl Decided {
    /// What is to be done.
    pub fn verb(self) -> Verb {
        let preview = Some(self.preview);
        Verb::Saved(if self.sends { Saved::Send { preview } } else { Saved::Cancel { preview } })
    }
}

/// The preview with its buttons, for `chat.postEphemeral`, without where and whom.
pub(crate) fn preview(words: &Body, about: Decided) -> Value {
    let mut payload = rich::whisper(words);
    let value = format!("{}/{}", about.number, about.preview);
    let button = |id: &str, text: &str| {
        let text = json!({ "type": "plain_text", "text": text, "emoji": false });
        json!({ "type": "button", "action_id": id, "text": text, "value": value })
    };
    let mut send = button(SEND, SEND_BUTTON);
    send["style"] = json!("primary");
    let row = json!({ "type": "actions", "block_id": BLOCK, "elements": [send, button(CANCEL, CANCEL_BUTTON)] });
    if let Some(blocks) = payload["blocks"].as_array_mut() {
        blocks.push(row);
    }
    payload
}

/// What was decided, if this action of Slack's is one of a preview's.
pub(crate) fn decided(action: &Value) -> Option<Decided> {
    let sends = match action["action_id"].as_str()? {
        SEND => true,
        CANCEL => false,
        _ => return None,
    };
    let (number, preview) = action["value"].as_str()?.split_once('/')?;
    Some(Decided { number: number.parse().ok()?, preview: preview.parse().ok()?, sends })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use threadline_core::markup;

    #[test]
    fn a_preview_has_two_buttons_that_read_back() {
        let about = Decided { number: 1042, preview: 17, sends: true };
        let shown = preview(&markup::parse("Hello <!channel>,\n- it is *here*"), about);
        expect![[r#"
            {
              "blocks": [
                {
                  "elements": [
                    {
                      "elements": [
                        {
                          "text": "Hello <!channel>,",
                          "type": "text"
                        }
                      ],
                      "type": "rich_text_section"
                    },
                    {
                      "elements": [
                        {
                          "elements": [
                            {
                              "text": "it is ",
                              "type": "text"
                            },
                            {
                              "style": {
                                "bold": true
                              },
                              "text": "here",
                              "type": "text"
                            }
                          ],
                          "type": "rich_text_section"
                        }
                      ],
                      "indent": 0,
                      "style": "bullet",
                      "type": "rich_text_list"
                    }
                  ],
                  "type": "rich_text"
                },
                {
                  "block_id": "saved",
                  "elements": [
                    {
                      "action_id": "saved/send",
                      "style": "primary",
                      "text": {
                        "emoji": false,
                        "text": "Send",
                        "type": "plain_text"
                      },
                      "type": "button",
                      "value": "1042/17"
                    },
                    {
                      "action_id": "saved/cancel",
                      "text": {
                        "emoji": false,
                        "text": "Cancel",
                        "type": "plain_text"
                      },
                      "type": "button",
                      "value": "1042/17"
                    }
                  ],
                  "type": "actions"
                }
              ],
              "parse": "none",
              "text": "Hello &lt;!channel&gt;,\n• it is here"
            }
        "#]]
        .assert_eq(&format!("{shown:#}\n"));
        let buttons = &shown["blocks"][1]["elements"];
        assert_eq!(decided(&buttons[0]), Some(about));
        assert_eq!(decided(&buttons[1]), Some(Decided { sends: false, ..about }));
        for other in [json!({}), json!({ "action_id": SEND }), json!({ "action_id": CANCEL, "value": "1042" })] {
            assert_eq!(decided(&other), None, "{other}");
        }
    }
}
