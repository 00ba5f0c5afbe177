//! Every sentence and every block that the bot sends to Slack, or puts into an agent's message on
//! its way to the customer. Customer text goes out as plain text elements, which Slack does not
//! parse, with an escaped fallback: it can mention nobody and forge no link.

mod card;

pub use card::{card, card_edit};

use crate::{buttons, ids};
use serde_json::{Value, json};
use threadline_core::body::is_invisible;
use threadline_core::desk::{Letter, Mark, Piece};
use threadline_core::ids::{ConversationId, Moment};

/// What marks our posts in their metadata, and tells us on reading which are ours.
pub const EVENT_TYPE: &str = "threadline_delivery";
/// Longest name a customer's posts stand under; a longer one is cut.
const NAME_CHARS_MAX: usize = 60;
/// Names under which nobody but Slack should speak; Slack itself refuses some (`reserved_username`).
const RESERVED_NAMES: [&str; 6] = ["slackbot", "slack", "everyone", "channel", "here", "threadline"];

/// How a mention shows to the customer, whoever is mentioned: names of people and groups are internal.
pub const THE_TEAM: &str = "@our team";
/// How a channel shows to the customer: names of channels are internal.
pub const A_CHANNEL: &str = "#channel";
/// What an agent without any name is called.
pub const NAMELESS_AGENT: &str = "Support";
/// What a customer without a usable name is called.
pub const NAMELESS_CUSTOMER: &str = "Customer";

/// Stands in the customer's chat for a message that an agent forwarded without a word of his own.
pub fn shared_message() -> String {
    "(The agent shared a message that cannot be shown here.)".to_string()
}

/// A date that Slack gave without the words to show.
pub fn date(unix_seconds: i64) -> String {
    let days = unix_seconds.div_euclid(86_400);
    let minutes = unix_seconds.rem_euclid(86_400) / 60;
    let (year, month, day) = civil(days);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// What one person is told privately who wrote where the conversation is not any more.
pub fn goes_on_elsewhere(link: Option<&str>) -> String {
    match link {
        Some(link) => format!(
            "Nothing was sent to the customer: this conversation goes on <{link}|in another thread>. Send your message there."
        ),
        None => "Nothing was sent to the customer: this is not the thread of the conversation any more.".to_string(),
    }
}

/// A card that is not the conversation's, for `chat.update`, without channel and message.
pub fn signpost(number: i64, link: Option<&str>) -> Value {
    let head = format!("#{number}");
    let onward = match link {
        Some(link) => json!({ "type": "link", "url": link, "text": "in another thread" }),
        None => plain("in another thread"),
    };
    let rest = plain(". Nothing that is written here is sent to the customer.");
    let section = json!({ "type": "rich_text_section", "elements": [bold(&head), plain(" goes on "), onward, rest] });
    json!({
        "text": format!("{head} goes on in another thread. Nothing that is written here is sent to the customer."),
        "blocks": [{ "type": "rich_text", "elements": [section] }],
        "parse": "none",
    })
}

/// The name of the reaction that shows a receipt.
pub fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Received => "heavy_check_mark",
        Mark::Seen => "eye",
        Mark::Waiting => "hourglass_flowing_sand",
        Mark::Emailed => "envelope",
    }
}

/// The name a customer's posts stand under: one line, of bounded length, that cannot mention
/// anybody, is none of Slack's own, and says whose it is: customers may call themselves like us.
pub fn speaker(name: &str) -> String {
    let bare: String =
        name.chars().filter(|c| !matches!(c, '@' | '<' | '>' | '&' | '#' | ':' | '*' | '`' | '|')).collect();
    let bare = clean_line(&bare, NAME_CHARS_MAX);
    let says_nothing = bare.is_empty() || bare.eq_ignore_ascii_case(NAMELESS_CUSTOMER);
    if says_nothing || RESERVED_NAMES.iter().any(|reserved| bare.eq_ignore_ascii_case(reserved)) {
        return NAMELESS_CUSTOMER.to_string();
    }
    format!("{bare} (customer)")
}

/// A post in a thread, for `chat.postMessage`, without channel and thread.
pub fn letter(letter: &Letter, texts: &[(Piece, String)]) -> Value {
    let sections = texts.iter().map(|(_, text)| json!({ "type": "rich_text_section", "elements": [plain(text)] }));
    let called = (!letter.calls.is_empty()).then(|| called(&letter.calls));
    let (first, words) = called.unzip();
    let escaped: Vec<String> = words.into_iter().chain(texts.iter().map(|(_, text)| escape(text))).collect();
    let sections: Vec<Value> = first.into_iter().chain(sections).collect();
    let mut payload = base(&escaped.join("\n"), vec![json!({ "type": "rich_text", "elements": sections })]);
    if let (Some(seq), Some(blocks)) = (letter.retry_of, payload["blocks"].as_array_mut()) {
        blocks.push(buttons::retry(seq));
    }
    if let Some(name) = &letter.speaker {
        payload["username"] = json!(speaker(name));
    }
    let pieces: Vec<Piece> = texts.iter().map(|(piece, _)| *piece).collect();
    payload["metadata"] =
        metadata(json!({ "conversation": letter.conversation.to_string(), "parts": pieces_text(&pieces) }));
    payload
}

/// A line that mentions people and groups of the team, and the same for a fallback. Nothing but ids gets in.
fn called(calls: &[String]) -> (Value, String) {
    let (mut elements, mut words) = (Vec::new(), Vec::new());
    for call in calls {
        let id = ids::user(call);
        if !ids::is_id(id) {
            continue;
        }
        if !elements.is_empty() {
            elements.push(plain(" "));
        }
        if id.starts_with('S') {
            elements.push(json!({ "type": "usergroup", "usergroup_id": id }));
            words.push(format!("<!subteam^{id}>"));
        } else {
            elements.push(json!({ "type": "user", "user_id": id }));
            words.push(format!("<@{id}>"));
        }
    }
    (json!({ "type": "rich_text_section", "elements": elements }), words.join(" "))
}

/// The conversation whose card this message is.
pub fn card_of(message: &Value) -> Option<ConversationId> {
    let payload = delivery(message)?;
    (payload["card"] == "1").then(|| payload["conversation"].as_str()?.parse().ok())?
}

/// The pieces that this message of ours carries; empty for one that carries none.
pub fn pieces_of(message: &Value) -> Vec<Piece> {
    let Some(parts) = delivery(message).and_then(|payload| payload["parts"].as_str()) else { return Vec::new() };
    let piece = |text: &str| {
        let (message, index) = text.split_once('/')?;
        Some(Piece { message: message.parse().ok()?, index: index.parse().ok()? })
    };
    parts.split(' ').filter_map(piece).collect()
}

/// Text that Slack shows as it is: only these three characters have a meaning
/// (docs.slack.dev, "Formatting message text").
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// One line without control or invisible characters at its ends or inside, cut to a bound.
pub fn clean_line(text: &str, chars_max: usize) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| !is_invisible(*c) || *c == '\u{200d}' || *c == '\u{fe0f}').collect();
        if word.chars().all(is_invisible) {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if line.chars().count() > chars_max {
        line = line.chars().take(chars_max - 1).collect::<String>() + "…";
    }
    line
}

/// What every post of ours has: nothing unfurls, nothing is parsed.
fn base(text: &str, blocks: Vec<Value>) -> Value {
    json!({
        "text": text,
        "blocks": blocks,
        "parse": "none",
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn plain(text: &str) -> Value {
    // Slack refuses an empty text element.
    json!({ "type": "text", "text": if text.is_empty() { " " } else { text } })
}

fn bold(text: &str) -> Value {
    json!({ "type": "text", "text": text, "style": { "bold": true } })
}

/// A moment, which Slack shows in the reader's own time and language.
pub(crate) fn moment(before: &str, at: Moment) -> Value {
    let seconds = at.0.div_euclid(1_000);
    json!({
        "type": "date",
        "timestamp": seconds,
        "format": format!(" {before} {{date_short_pretty}}, {{time}}"),
        "fallback": format!(" {before} {}", date(seconds)),
    })
}

fn metadata(payload: Value) -> Value {
    json!({ "event_type": EVENT_TYPE, "event_payload": payload })
}

fn delivery(message: &Value) -> Option<&Value> {
    let metadata = message.get("metadata")?;
    (metadata["event_type"] == EVENT_TYPE).then(|| &metadata["event_payload"])
}

fn pieces_text(pieces: &[Piece]) -> String {
    let texts: Vec<String> = pieces.iter().map(|piece| format!("{}/{}", piece.message, piece.index)).collect();
    texts.join(" ")
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use threadline_core::desk::Content;
    use threadline_core::ids::MessageId;

    fn check(value: &Value, expected: Expect) {
        expected.assert_eq(&format!("{value:#}\n"));
    }

    fn posted_as(letter: &Letter) -> Value {
        let Content::Texts(texts) = &letter.content else { panic!("no text") };
        super::letter(letter, texts)
    }

    fn a_letter(texts: &[&str]) -> Letter {
        let part = |(index, text): (usize, &&str)| {
            (Piece { message: MessageId(index as u128 + 1), index: 0 }, (*text).to_string())
        };
        Letter {
            conversation: ConversationId(7),
            speaker: Some("Ada".to_string()),
            content: Content::Texts(texts.iter().enumerate().map(part).collect()),
            retry_of: None,
            calls: Vec::new(),
        }
    }

    #[test]
    fn who_is_called_is_mentioned_by_id_alone() {
        let calls = ["slack/T1/U0GRACE", "U0LEADS", "S0LEADS", "<!channel>", "@here"].map(str::to_string).to_vec();
        let letter = Letter { speaker: None, calls, ..a_letter(&["Please answer @channel <!here>."]) };
        let Content::Texts(texts) = &letter.content else { panic!("a text") };
        let payload = super::letter(&letter, texts);
        assert_eq!(payload["text"], "<@U0GRACE> <@U0LEADS> <!subteam^S0LEADS>\nPlease answer @channel &lt;!here&gt;.");
        let first = &payload["blocks"][0]["elements"][0]["elements"];
        let ids: Vec<&Value> = first.as_array().unwrap().iter().filter(|it| it["type"] != "text").collect();
        assert_eq!(ids.len(), 3, "{first}");
        assert_eq!(payload["blocks"][0]["elements"][1]["elements"][0]["text"], "Please answer @channel <!here>.");
    }

    #[test]
    fn a_customers_post_is_plain_text() {
        check(
            &posted_as(&a_letter(&["<!channel> *hi* <https://example.com|you & me>"])),
            expect![[r#"
            {
              "blocks": [
                {
                  "elements": [
                    {
                      "elements": [
                        {
                          "text": "<!channel> *hi* <https://example.com|you & me>",
                          "type": "text"
                        }
                      ],
                      "type": "rich_text_section"
                    }
                  ],
                  "type": "rich_text"
                }
              ],
              "metadata": {
                "event_payload": {
                  "conversation": "cnv_00000000000000000000000007",
                  "parts": "msg_00000000000000000000000001/0"
                },
                "event_type": "threadline_delivery"
              },
              "parse": "none",
              "text": "&lt;!channel&gt; *hi* &lt;https://example.com|you &amp; me&gt;",
              "unfurl_links": false,
              "unfurl_media": false,
              "username": "Ada (customer)"
            }
        "#]],
        );
    }

    #[test]
    fn several_messages_stand_below_each_other() {
        let several = posted_as(&a_letter(&["one", "", "three"]));
        check(
            &several["blocks"],
            expect![[r#"
            [
              {
                "elements": [
                  {
                    "elements": [
                      {
                        "text": "one",
                        "type": "text"
                      }
                    ],
                    "type": "rich_text_section"
                  },
                  {
                    "elements": [
                      {
                        "text": " ",
                        "type": "text"
                      }
                    ],
                    "type": "rich_text_section"
                  },
                  {
                    "elements": [
                      {
                        "text": "three",
                        "type": "text"
                      }
                    ],
                    "type": "rich_text_section"
                  }
                ],
                "type": "rich_text"
              }
            ]
        "#]],
        );
        assert_eq!(several["text"], "one\n\nthree");
    }

    #[test]
    fn the_bot_speaks_in_its_own_name() {
        let own = Letter { speaker: None, ..a_letter(&["Ada has this conversation now."]) };
        assert!(posted_as(&own).get("username").is_none());
    }

    #[test]
    fn a_button_stands_under_what_can_be_tried_again() {
        let own =
            Letter { speaker: None, retry_of: Some(7), ..a_letter(&["⚠️ Message 7 could not be posted here."]) };
        check(
            &posted_as(&own)["blocks"][1],
            expect![[r#"
            {
              "elements": [
                {
                  "action_id": "retry",
                  "text": {
                    "emoji": false,
                    "text": "Try again",
                    "type": "plain_text"
                  },
                  "type": "button",
                  "value": "7"
                }
              ],
              "type": "actions"
            }
        "#]],
        );
    }

    #[test]
    fn what_was_posted_is_read_back() {
        let posted = posted_as(&a_letter(&["one", "two"]));
        let pieces: Vec<Piece> = [1, 2].map(|id| Piece { message: MessageId(id), index: 0 }).into();
        assert_eq!(pieces_of(&posted), pieces);
        assert_eq!(card_of(&posted), None);
        let card =
            json!({ "metadata": metadata(json!({ "conversation": ConversationId(7).to_string(), "card": "1" })) });
        assert_eq!(card_of(&card), Some(ConversationId(7)));
        assert_eq!(pieces_of(&card), []);
        let foreign = json!({ "metadata": { "event_type": "other", "event_payload": { "card": "1", "parts": 3 } } });
        assert_eq!((card_of(&foreign), pieces_of(&foreign)), (None, Vec::new()));
        let odd = metadata(json!({ "parts": "msg_x/0 nonsense /", "conversation": 7, "card": "1" }));
        assert_eq!((card_of(&json!({ "metadata": odd })), pieces_of(&json!({ "metadata": odd }))), (None, Vec::new()));
    }

    #[test]
    fn a_customer_cannot_take_anothers_name() {
        for (name, shown) in [
            ("Ada", "Ada (customer)"),
            ("  Ada\n Lovelace ", "Ada Lovelace (customer)"),
            ("@Grace", "Grace (customer)"),
            ("<@U1>", "U1 (customer)"),
            ("Shop Help", "Shop Help (customer)"),
            ("SlackBot", NAMELESS_CUSTOMER),
            ("@everyone", NAMELESS_CUSTOMER),
            ("\u{202e}\u{200b}", NAMELESS_CUSTOMER),
            ("", NAMELESS_CUSTOMER),
            ("Zoë 👩\u{200d}💻", "Zoë 👩\u{200d}💻 (customer)"),
        ] {
            assert_eq!(speaker(name), shown, "{name:?}");
        }
        let long = speaker(&"long ".repeat(50));
        assert!(long.ends_with("… (customer)") && long.chars().count() <= 80, "Slack's own bound for names: {long}");
    }

    #[test]
    fn whoever_writes_elsewhere_is_shown_the_way() {
        let link = "https://acme.slack.com/archives/C1/p1700000001000100";
        expect![[r#"
            Nothing was sent to the customer: this conversation goes on <https://acme.slack.com/archives/C1/p1700000001000100|in another thread>. Send your message there.
            Nothing was sent to the customer: this is not the thread of the conversation any more.
        "#]].assert_eq(&format!("{}\n{}\n", goes_on_elsewhere(Some(link)), goes_on_elsewhere(None)));
        check(
            &signpost(1042, Some(link)),
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
                          "text": "#1042",
                          "type": "text"
                        },
                        {
                          "text": " goes on ",
                          "type": "text"
                        },
                        {
                          "text": "in another thread",
                          "type": "link",
                          "url": "https://acme.slack.com/archives/C1/p1700000001000100"
                        },
                        {
                          "text": ". Nothing that is written here is sent to the customer.",
                          "type": "text"
                        }
                      ],
                      "type": "rich_text_section"
                    }
                  ],
                  "type": "rich_text"
                }
              ],
              "parse": "none",
              "text": "#1042 goes on in another thread. Nothing that is written here is sent to the customer."
            }
        "##]],
        );
    }

    #[test]
    fn what_stands_for_what_cannot_be_shown() {
        expect![[r#"
            (The agent shared a message that cannot be shown here.)
        "#]]
        .assert_eq(&(shared_message() + "\n"));
    }

    #[test]
    fn receipts_are_reactions() {
        let marks = [Mark::Received, Mark::Seen, Mark::Waiting, Mark::Emailed].map(mark);
        assert_eq!(marks, ["heavy_check_mark", "eye", "hourglass_flowing_sand", "envelope"]);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, shown) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_767_225_599, "2025-12-31 23:59 UTC"),
            (-1, "1969-12-31 23:59 UTC"),
        ] {
            assert_eq!(date(seconds), shown);
        }
    }

    proptest! {
        #[test]
        fn no_text_of_a_customer_can_mention_anybody(text in "(<!channel>|<@U1>|[<>&|!@]|\\PC){0,40}") {
            let posted = posted_as(&a_letter(&[&text]));
            prop_assert!(!posted["text"].as_str().unwrap().contains(['<', '>']));
            let elements = posted["blocks"][0]["elements"][0]["elements"].as_array().unwrap();
            prop_assert!(elements.iter().all(|element| element["type"] == "text"));
        }

        #[test]
        fn a_line_is_one_line(text in "\\PC{0,20}[\n\r\t\u{2028}\u{7}]\\PC{0,20}") {
            let line = clean_line(&text, 30);
            prop_assert!(line.chars().count() <= 30);
            let one_line = line.chars().all(|c| !c.is_control() && (c == ' ' || !c.is_whitespace()));
            prop_assert!(one_line);
        }
    }
}
