//! Conversations in a line each: as lists that one person reads, and as the entries of a menu.
//! Customers' words are plain text in them, and links go to threads only.

use crate::buttons;
use crate::format::{clean_line, escape, moment};
use crate::forms;
use crate::ids::Spot;
use crate::outbound::Us;
use serde_json::{Value, json};
use threadline_core::overview::Glance;
use threadline_core::verb::{Names, offered};
use threadline_core::words::{self, List};

/// Longest name or topic in a line, so that it stays one.
const PART_CHARS_MAX: usize = 40;

/// What somebody has, and what nobody has, as the answer to a command.
pub(crate) fn own_and_free(us: &Us, own: &[Glance], free: &[Glance]) -> Value {
    answer([part(us, List::Own, own), part(us, List::Unclaimed, free)].concat())
}

/// What waits longest, as the answer to a command.
pub(crate) fn waiting(us: &Us, waiting: &[Glance]) -> Value {
    answer(part(us, List::Waiting, waiting))
}

/// The entries that a field offers while somebody types.
pub(crate) fn menu(found: &[Glance]) -> Value {
    json!({ "options": entries(found) })
}

/// The entries that it offers at first: his own, then those that wait.
pub(crate) fn menu_of_two(own: &[Glance], waiting: &[Glance]) -> Value {
    let others: Vec<Glance> =
        waiting.iter().filter(|glance| own.iter().all(|own| own.number != glance.number)).cloned().collect();
    let groups = [(List::Own, own), (List::Waiting, &others)].into_iter().filter(|(_, found)| !found.is_empty());
    let groups: Vec<Value> = groups
        .map(|(list, found)| json!({ "label": plain(words::list_title(list)), "options": entries(found) }))
        .collect();
    // Slack takes no empty group.
    if groups.is_empty() { menu(&[]) } else { json!({ "option_groups": groups }) }
}

/// The blocks of an agent's home: each conversation in a line with its buttons.
pub(crate) fn home(us: &Us, own: &[Glance], free: &[Glance], waiting: &[Glance], names: &Names) -> Vec<Value> {
    let mut blocks = Vec::new();
    for (list, found) in [(List::Own, own), (List::Unclaimed, free), (List::Waiting, waiting)] {
        blocks.push(json!({ "type": "header", "text": plain(words::list_title(list)) }));
        if found.is_empty() {
            blocks.push(json!({ "type": "context", "elements": [plain(words::list_empty(list))] }));
        }
        for glance in found {
            let section = json!({ "type": "rich_text_section", "elements": line(us, glance) });
            blocks.push(json!({ "type": "rich_text", "elements": [section] }));
            // What stands above with its buttons needs none again.
            let above = [own, free].concat().iter().any(|above| above.number == glance.number);
            if list != List::Waiting || !above {
                let offered = offered(&glance.standing, glance.holder.is_some(), names);
                blocks.extend(buttons::row(glance.number, &offered.buttons));
            }
        }
    }
    blocks
}

/// The home of somebody who is in none of the desks' channels.
pub(crate) fn home_of_a_guest() -> Vec<Value> {
    vec![json!({ "type": "section", "text": plain(words::HOME_OF_A_GUEST) })]
}

/// A title and its conversations, or that there are none, as elements of rich text.
pub(crate) fn part(us: &Us, list: List, found: &[Glance]) -> Vec<Value> {
    let title = json!({ "type": "text", "text": words::list_title(list), "style": { "bold": true } });
    let section = |elements: Vec<Value>| json!({ "type": "rich_text_section", "elements": elements });
    if found.is_empty() {
        return vec![section(vec![title, text(&format!("\n{}\n", words::list_empty(list)))])];
    }
    let lines: Vec<Value> = found.iter().map(|glance| section(line(us, glance))).collect();
    vec![section(vec![title]), json!({ "type": "rich_text_list", "style": "bullet", "elements": lines })]
}

/// `#1042 · Ada · Billing · Waiting for an answer since … · Grace has it`
pub(crate) fn line(us: &Us, glance: &Glance) -> Vec<Value> {
    let number = format!("#{}", glance.number);
    let number = match link(us, glance) {
        Some(url) => json!({ "type": "link", "url": url, "text": number }),
        None => text(&number),
    };
    let (standing, time) = words::standing(&glance.standing);
    let mut elements = vec![number, text(&format!(" · {} · {standing}", who_and_what(glance)))];
    elements.extend(time.map(|(before, at)| moment(before, at)));
    if let Some(due) = glance.due {
        elements.push(text(" · answer"));
        elements.push(moment("due", due));
    }
    if let Some(holder) = &glance.holder {
        elements.push(text(&format!(" · {}", words::holder(&clean_line(&holder.name, PART_CHARS_MAX)))));
    }
    elements
}

fn entries(found: &[Glance]) -> Vec<Value> {
    let entry = |glance: &Glance| {
        forms::option(&format!("#{} · {}", glance.number, who_and_what(glance)), &glance.number.to_string())
    };
    found.iter().take(forms::ENTRIES_MAX).map(entry).collect()
}

fn who_and_what(glance: &Glance) -> String {
    let name = glance.customer.as_deref().map(|name| clean_line(name, PART_CHARS_MAX)).unwrap_or_default();
    let topic = clean_line(&glance.topic, PART_CHARS_MAX);
    if name.is_empty() { topic } else { format!("{name} · {topic}") }
}

/// The thread's address in the workspace.
fn link(us: &Us, glance: &Glance) -> Option<String> {
    let spot = Spot::parse(&glance.thread.0)?;
    let base = us.url.as_deref()?.trim_end_matches('/');
    Some(format!("{base}/archives/{}/p{}", spot.channel, spot.ts.replace('.', "")))
}

fn answer(elements: Vec<Value>) -> Value {
    json!({
        "response_type": "ephemeral",
        "text": escape(&spoken(&elements)),
        "blocks": [{ "type": "rich_text", "elements": elements }],
    })
}

/// What a screen reader reads: each section a line.
fn spoken(elements: &[Value]) -> String {
    let parts = |section: &Value| -> String {
        let each = section["elements"].as_array().into_iter().flatten();
        each.filter_map(|part| part["text"].as_str().or(part["fallback"].as_str())).collect()
    };
    let line = |element: &Value| match element["type"].as_str() {
        Some("rich_text_list") => {
            element["elements"].as_array().into_iter().flatten().map(parts).collect::<Vec<_>>().join("\n")
        }
        Some(_) | None => parts(element).trim_end().to_string(),
    };
    elements.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use threadline_core::conversation::Standing;
    use threadline_core::desk::Agent;
    use threadline_core::ids::{AgentId, ConversationId, Moment, ThreadKey};

    fn check(value: &Value, expected: Expect) {
        expected.assert_eq(&format!("{value:#}\n"));
    }

    fn us() -> Us {
        let url = Some("https://acme.slack.com/".into());
        Us { team: "T1".into(), enterprise: None, user: "U0BOT".into(), bot: "B0BOT".into(), url }
    }

    fn glance(number: i64, customer: Option<&str>) -> Glance {
        Glance {
            conversation: ConversationId(7),
            number,
            customer: customer.map(str::to_string),
            topic: "Billing".into(),
            thread: ThreadKey("slack/T1/C1/1700000001.000200".into()),
            standing: Standing::AwaitingAgent { since: Moment(1_767_225_600_000) },
            due: None,
            holder: None,
            last_at: Moment(1_767_225_600_000),
        }
    }

    #[test]
    fn a_list_links_to_its_threads() {
        let grace = Agent { id: AgentId("slack/T1/U1".into()), name: "Grace".into(), picture: None };
        let due = Some(Moment(1_767_312_000_000));
        let own = Glance { holder: Some(grace), due, ..glance(1042, Some("<!channel> Ada\n")) };
        check(
            &own_and_free(&us(), &[own], &[]),
            expect![[r##"
                {
                  "blocks": [
                    {
                      "elements": [
                        {
                          "elements": [
                            {
                              "style": {
                                "bold": true
                              },
                              "text": "You have",
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
                                  "text": "#1042",
                                  "type": "link",
                                  "url": "https://acme.slack.com/archives/C1/p1700000001000200"
                                },
                                {
                                  "text": " · <!channel> Ada · Billing · Waiting for an answer",
                                  "type": "text"
                                },
                                {
                                  "fallback": " since 2026-01-01 00:00 UTC",
                                  "format": " since {date_short_pretty}, {time}",
                                  "timestamp": 1767225600,
                                  "type": "date"
                                },
                                {
                                  "text": " · answer",
                                  "type": "text"
                                },
                                {
                                  "fallback": " due 2026-01-02 00:00 UTC",
                                  "format": " due {date_short_pretty}, {time}",
                                  "timestamp": 1767312000,
                                  "type": "date"
                                },
                                {
                                  "text": " · Grace has it",
                                  "type": "text"
                                }
                              ],
                              "type": "rich_text_section"
                            }
                          ],
                          "style": "bullet",
                          "type": "rich_text_list"
                        },
                        {
                          "elements": [
                            {
                              "style": {
                                "bold": true
                              },
                              "text": "Nobody has",
                              "type": "text"
                            },
                            {
                              "text": "\nNo customer waits whom nobody has.\n",
                              "type": "text"
                            }
                          ],
                          "type": "rich_text_section"
                        }
                      ],
                      "type": "rich_text"
                    }
                  ],
                  "response_type": "ephemeral",
                  "text": "You have\n#1042 · &lt;!channel&gt; Ada · Billing · Waiting for an answer since 2026-01-01 00:00 UTC · answer due 2026-01-02 00:00 UTC · Grace has it\nNobody has\nNo customer waits whom nobody has."
                }
            "##]],
        );
        check(
            &waiting(&us(), &[glance(1043, None)])["blocks"],
            expect![[r##"
                [
                  {
                    "elements": [
                      {
                        "elements": [
                          {
                            "style": {
                              "bold": true
                            },
                            "text": "Waiting longest",
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
                                "text": "#1043",
                                "type": "link",
                                "url": "https://acme.slack.com/archives/C1/p1700000001000200"
                              },
                              {
                                "text": " · Billing · Waiting for an answer",
                                "type": "text"
                              },
                              {
                                "fallback": " since 2026-01-01 00:00 UTC",
                                "format": " since {date_short_pretty}, {time}",
                                "timestamp": 1767225600,
                                "type": "date"
                              }
                            ],
                            "type": "rich_text_section"
                          }
                        ],
                        "style": "bullet",
                        "type": "rich_text_list"
                      }
                    ],
                    "type": "rich_text"
                  }
                ]
            "##]],
        );
    }

    #[test]
    fn a_home_has_three_parts_and_buttons() {
        let own = glance(1042, Some("Ada"));
        let free = glance(1043, None);
        let home = home(&us(), std::slice::from_ref(&own), &[], &[own.clone(), free], &Names::default());
        check(
            &json!(home),
            expect![[r##"
            [
              {
                "text": {
                  "emoji": false,
                  "text": "You have",
                  "type": "plain_text"
                },
                "type": "header"
              },
              {
                "elements": [
                  {
                    "elements": [
                      {
                        "text": "#1042",
                        "type": "link",
                        "url": "https://acme.slack.com/archives/C1/p1700000001000200"
                      },
                      {
                        "text": " · Ada · Billing · Waiting for an answer",
                        "type": "text"
                      },
                      {
                        "fallback": " since 2026-01-01 00:00 UTC",
                        "format": " since {date_short_pretty}, {time}",
                        "timestamp": 1767225600,
                        "type": "date"
                      }
                    ],
                    "type": "rich_text_section"
                  }
                ],
                "type": "rich_text"
              },
              {
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
                  }
                ],
                "type": "actions"
              },
              {
                "text": {
                  "emoji": false,
                  "text": "Nobody has",
                  "type": "plain_text"
                },
                "type": "header"
              },
              {
                "elements": [
                  {
                    "emoji": false,
                    "text": "No customer waits whom nobody has.",
                    "type": "plain_text"
                  }
                ],
                "type": "context"
              },
              {
                "text": {
                  "emoji": false,
                  "text": "Waiting longest",
                  "type": "plain_text"
                },
                "type": "header"
              },
              {
                "elements": [
                  {
                    "elements": [
                      {
                        "text": "#1042",
                        "type": "link",
                        "url": "https://acme.slack.com/archives/C1/p1700000001000200"
                      },
                      {
                        "text": " · Ada · Billing · Waiting for an answer",
                        "type": "text"
                      },
                      {
                        "fallback": " since 2026-01-01 00:00 UTC",
                        "format": " since {date_short_pretty}, {time}",
                        "timestamp": 1767225600,
                        "type": "date"
                      }
                    ],
                    "type": "rich_text_section"
                  }
                ],
                "type": "rich_text"
              },
              {
                "elements": [
                  {
                    "elements": [
                      {
                        "text": "#1043",
                        "type": "link",
                        "url": "https://acme.slack.com/archives/C1/p1700000001000200"
                      },
                      {
                        "text": " · Billing · Waiting for an answer",
                        "type": "text"
                      },
                      {
                        "fallback": " since 2026-01-01 00:00 UTC",
                        "format": " since {date_short_pretty}, {time}",
                        "timestamp": 1767225600,
                        "type": "date"
                      }
                    ],
                    "type": "rich_text_section"
                  }
                ],
                "type": "rich_text"
              },
              {
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
                    "value": "1043"
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
                    "value": "1043"
                  }
                ],
                "type": "actions"
              }
            ]
        "##]],
        );
        check(
            &json!(home_of_a_guest()),
            expect![[r#"
            [
              {
                "text": {
                  "emoji": false,
                  "text": "Join a channel where customers are answered, and you see here what there is to do.",
                  "type": "plain_text"
                },
                "type": "section"
              }
            ]
        "#]],
        );
        let many: Vec<Glance> = (0..12).map(|number| glance(number, Some("Ada"))).collect();
        assert!(super::home(&us(), &many, &many, &many, &Names::default()).len() <= 100);
    }

    #[test]
    fn a_menu_has_ones_own_first_and_each_once() {
        let (own, other) = (glance(1042, Some("Ada")), glance(1043, None));
        check(
            &menu_of_two(std::slice::from_ref(&own), &[own.clone(), other]),
            expect![[r##"
            {
              "option_groups": [
                {
                  "label": {
                    "emoji": false,
                    "text": "You have",
                    "type": "plain_text"
                  },
                  "options": [
                    {
                      "text": {
                        "emoji": false,
                        "text": "#1042 · Ada · Billing",
                        "type": "plain_text"
                      },
                      "value": "1042"
                    }
                  ]
                },
                {
                  "label": {
                    "emoji": false,
                    "text": "Waiting longest",
                    "type": "plain_text"
                  },
                  "options": [
                    {
                      "text": {
                        "emoji": false,
                        "text": "#1043 · Billing",
                        "type": "plain_text"
                      },
                      "value": "1043"
                    }
                  ]
                }
              ]
            }
        "##]],
        );
        assert_eq!(menu_of_two(&[], &[]), json!({ "options": [] }));
        let long = glance(1044, Some(&"x".repeat(500)));
        let shown = menu(&[long])["options"][0]["text"]["text"].as_str().unwrap().chars().count();
        assert!(shown <= forms::ENTRY_CHARS_MAX, "{shown}");
    }
}
