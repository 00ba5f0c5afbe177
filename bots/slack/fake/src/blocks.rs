//! Block Kit, checked as Slack checks it: which properties a block may have, how long they may be,
//! and what goes into what. Limits are those of Slack's block reference and of the official SDKs'
//! validators. It knows the blocks that a support bot has a use for and refuses all others: a fake
//! that lets a slip through proves nothing.

use serde_json::Value;
use std::collections::HashSet;

/// Most blocks in a message (Slack, "Blocks": 50 in messages, 100 in views).
const MESSAGE_BLOCKS_MAX: usize = 50;
/// Most blocks in a modal or a home tab.
const VIEW_BLOCKS_MAX: usize = 100;
/// Most characters of text over all blocks of a message: Slack documents none and answers
/// `msg_blocks_too_long` from about here on (slackapi/bolt-js issues 2509 and 2867).
const BLOCKS_TEXT_CHARS_MAX: usize = 13_200;
/// Longest view, serialised (Slack, views.open: `view_too_large`).
const VIEW_BYTES_MAX: usize = 250_000;

/// Why blocks are refused: Slack's error and the messages that explain it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BadBlocks {
    pub(crate) error: &'static str,
    pub(crate) messages: Vec<String>,
}

/// Checks the blocks of a message.
pub(crate) fn check_message(blocks: &Value) -> Result<(), BadBlocks> {
    let Some(list) = blocks.as_array() else {
        return Err(BadBlocks { error: "invalid_blocks_format", messages: vec![] });
    };
    let mut found = Findings::default();
    found.check(blocks, &MESSAGE_BLOCKS, "/blocks");
    found.check_ids(list, "/blocks");
    found.into_result("invalid_blocks")?;
    if text_chars(blocks) > BLOCKS_TEXT_CHARS_MAX {
        return Err(BadBlocks { error: "msg_blocks_too_long", messages: vec![] });
    }
    Ok(())
}

/// Checks a view: a modal or a home tab.
pub(crate) fn check_view(view: &Value) -> Result<(), BadBlocks> {
    let mut found = Findings::default();
    found.check(view, &VIEW, "/view");
    let blocks = view["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
    found.check_ids(blocks, "/view/blocks");
    if view["type"] == "modal" && view.get("submit").is_none() && blocks.iter().any(|block| block["type"] == "input") {
        found.say("missing required field: submit", "/view");
    }
    found.into_result("invalid_arguments")?;
    if view.to_string().len() > VIEW_BYTES_MAX {
        return Err(BadBlocks { error: "view_too_large", messages: vec![] });
    }
    Ok(())
}

/// Checks a message's metadata: `event_type` and `event_payload`, nothing else.
pub(crate) fn metadata_is_good(metadata: &Value) -> bool {
    metadata.as_object().is_some_and(|object| {
        object.keys().all(|key| key == "event_type" || key == "event_payload")
            && metadata["event_type"].as_str().is_some_and(|kind| !kind.is_empty())
            && metadata["event_payload"].is_object()
    })
}

/// What a value must be.
enum Rule {
    Flag,
    Int(i64, i64),
    /// A string of so many characters.
    Text(usize, usize),
    OneOf(&'static [&'static str]),
    /// An object with these properties and no others.
    Object(&'static [Field]),
    /// An object whose `type` says which properties it has.
    Tagged(&'static [(&'static str, &'static [Field])]),
    /// So many of the same.
    List(&'static Rule, usize, usize),
}

/// A property of an object: its name, whether it must be there, what it must be.
struct Field(&'static str, bool, &'static Rule);

const fn must(name: &'static str, rule: &'static Rule) -> Field {
    Field(name, true, rule)
}

const fn may(name: &'static str, rule: &'static Rule) -> Field {
    Field(name, false, rule)
}

/// A text object of one kind, up to so many characters.
macro_rules! plain {
    ($max:expr) => {
        &Rule::Tagged(&[("plain_text", &[must("text", &Rule::Text(1, $max)), may("emoji", &Rule::Flag)])])
    };
}
/// A text object of either kind, up to so many characters.
macro_rules! any_text {
    ($max:expr) => {
        &Rule::Tagged(&[
            ("plain_text", &[must("text", &Rule::Text(1, $max)), may("emoji", &Rule::Flag)]),
            ("mrkdwn", &[must("text", &Rule::Text(1, $max)), may("verbatim", &Rule::Flag)]),
        ])
    };
}

static ID: Rule = Rule::Text(1, 255);
static URL: Rule = Rule::Text(1, 3_000);
static ALT: Rule = Rule::Text(1, 2_000);
static ANY_TEXT: Rule = Rule::Text(1, usize::MAX);
static FLAG: Rule = Rule::Flag;

static OPTION: Rule = Rule::Object(&[
    must("text", any_text!(75)),
    must("value", &Rule::Text(1, 150)),
    may("description", any_text!(75)),
    may("url", &URL),
]);
static OPTIONS_100: Rule = Rule::List(&OPTION, 1, 100);
static OPTIONS_10: Rule = Rule::List(&OPTION, 1, 10);
static OPTIONS_5: Rule = Rule::List(&OPTION, 1, 5);
static CONFIRM: Rule = Rule::Object(&[
    must("title", plain!(100)),
    must("text", any_text!(300)),
    must("confirm", plain!(30)),
    must("deny", plain!(30)),
    may("style", &Rule::OneOf(&["primary", "danger"])),
]);

static BUTTON: &[Field] = &[
    must("text", plain!(75)),
    may("action_id", &ID),
    may("url", &URL),
    may("value", &Rule::Text(0, 2_000)),
    may("style", &Rule::OneOf(&["primary", "danger"])),
    may("confirm", &CONFIRM),
    may("accessibility_label", &Rule::Text(1, 75)),
];
static STATIC_SELECT: &[Field] = &[
    may("placeholder", plain!(150)),
    may("action_id", &ID),
    must("options", &OPTIONS_100),
    may("initial_option", &OPTION),
    may("confirm", &CONFIRM),
    may("focus_on_load", &FLAG),
];
static EXTERNAL_SELECT: &[Field] = &[
    may("placeholder", plain!(150)),
    may("action_id", &ID),
    may("initial_option", &OPTION),
    may("min_query_length", &Rule::Int(0, i64::MAX)),
    may("confirm", &CONFIRM),
    may("focus_on_load", &FLAG),
];
static USERS_SELECT: &[Field] = &[
    may("placeholder", plain!(150)),
    may("action_id", &ID),
    may("initial_user", &ID),
    may("confirm", &CONFIRM),
    may("focus_on_load", &FLAG),
];
static OVERFLOW: &[Field] = &[may("action_id", &ID), must("options", &OPTIONS_5), may("confirm", &CONFIRM)];
static CHOICES: &[Field] = &[
    may("action_id", &ID),
    must("options", &OPTIONS_10),
    may("initial_options", &OPTIONS_10),
    may("initial_option", &OPTION),
    may("confirm", &CONFIRM),
    may("focus_on_load", &FLAG),
];
static DATEPICKER: &[Field] = &[
    may("action_id", &ID),
    may("initial_date", &Rule::Text(10, 10)),
    may("placeholder", plain!(150)),
    may("confirm", &CONFIRM),
    may("focus_on_load", &FLAG),
];
static PLAIN_TEXT_INPUT: &[Field] = &[
    may("action_id", &ID),
    may("initial_value", &Rule::Text(0, 3_000)),
    may("multiline", &FLAG),
    may("min_length", &Rule::Int(0, 3_000)),
    may("max_length", &Rule::Int(1, 3_000)),
    may("placeholder", plain!(150)),
    may("focus_on_load", &FLAG),
];
static IMAGE_ELEMENT: &[Field] = &[must("image_url", &URL), must("alt_text", &ALT)];

static ACTIONS_ELEMENT: Rule = Rule::Tagged(&[
    ("button", BUTTON),
    ("static_select", STATIC_SELECT),
    ("users_select", USERS_SELECT),
    ("overflow", OVERFLOW),
    ("checkboxes", CHOICES),
    ("radio_buttons", CHOICES),
    ("datepicker", DATEPICKER),
]);
static ACCESSORY: Rule = Rule::Tagged(&[
    ("button", BUTTON),
    ("static_select", STATIC_SELECT),
    ("users_select", USERS_SELECT),
    ("overflow", OVERFLOW),
    ("checkboxes", CHOICES),
    ("radio_buttons", CHOICES),
    ("datepicker", DATEPICKER),
    ("image", IMAGE_ELEMENT),
]);
static INPUT_ELEMENT: Rule = Rule::Tagged(&[
    ("plain_text_input", PLAIN_TEXT_INPUT),
    ("static_select", STATIC_SELECT),
    ("external_select", EXTERNAL_SELECT),
    ("users_select", USERS_SELECT),
    ("checkboxes", CHOICES),
    ("radio_buttons", CHOICES),
    ("datepicker", DATEPICKER),
]);
static CONTEXT_ELEMENT: Rule = Rule::Tagged(&[
    ("plain_text", &[must("text", &Rule::Text(1, 3_000)), may("emoji", &FLAG)]),
    ("mrkdwn", &[must("text", &Rule::Text(1, 3_000)), may("verbatim", &FLAG)]),
    ("image", IMAGE_ELEMENT),
]);

static TEXT_STYLE: Rule = Rule::Object(&[
    may("bold", &FLAG),
    may("italic", &FLAG),
    may("strike", &FLAG),
    may("code", &FLAG),
    may("underline", &FLAG),
]);
static INLINE: Rule = Rule::Tagged(&[
    ("text", &[must("text", &ANY_TEXT), may("style", &TEXT_STYLE)]),
    ("link", &[must("url", &URL), may("text", &ANY_TEXT), may("unsafe", &FLAG), may("style", &TEXT_STYLE)]),
    ("user", &[must("user_id", &ID), may("style", &TEXT_STYLE)]),
    ("usergroup", &[must("usergroup_id", &ID), may("style", &TEXT_STYLE)]),
    ("channel", &[must("channel_id", &ID), may("style", &TEXT_STYLE)]),
    ("broadcast", &[must("range", &Rule::OneOf(&["here", "channel", "everyone"])), may("style", &TEXT_STYLE)]),
    (
        "emoji",
        &[
            must("name", &ID),
            may("unicode", &ID),
            may("skin_tone", &Rule::Int(1, 6)),
            may("url", &URL),
            may("style", &TEXT_STYLE),
        ],
    ),
    (
        "date",
        &[
            must("timestamp", &Rule::Int(0, i64::MAX)),
            must("format", &ID),
            may("url", &URL),
            may("fallback", &ANY_TEXT),
            may("style", &TEXT_STYLE),
        ],
    ),
    ("color", &[must("value", &ID), may("style", &TEXT_STYLE)]),
]);
static INLINES: Rule = Rule::List(&INLINE, 0, usize::MAX);
static BORDER: Rule = Rule::Int(0, 1);
static RICH_SECTION: Rule = Rule::Tagged(&[("rich_text_section", &[must("elements", &INLINES)])]);
static RICH_SECTIONS: Rule = Rule::List(&RICH_SECTION, 1, usize::MAX);
static RICH_ELEMENT: Rule = Rule::Tagged(&[
    ("rich_text_section", &[must("elements", &INLINES)]),
    (
        "rich_text_list",
        &[
            must("style", &Rule::OneOf(&["bullet", "ordered"])),
            must("elements", &RICH_SECTIONS),
            may("indent", &Rule::Int(0, 8)),
            may("offset", &Rule::Int(0, i64::MAX)),
            may("border", &BORDER),
        ],
    ),
    ("rich_text_quote", &[must("elements", &INLINES), may("border", &BORDER)]),
    ("rich_text_preformatted", &[must("elements", &INLINES), may("border", &BORDER), may("language", &ID)]),
]);
static RICH_ELEMENTS: Rule = Rule::List(&RICH_ELEMENT, 1, usize::MAX);

static SECTION: &[Field] = &[
    may("text", any_text!(3_000)),
    may("fields", &Rule::List(any_text!(2_000), 1, 10)),
    may("accessory", &ACCESSORY),
    may("expand", &FLAG),
    may("block_id", &ID),
];
static CONTEXT: &[Field] = &[must("elements", &Rule::List(&CONTEXT_ELEMENT, 1, 10)), may("block_id", &ID)];
static ACTIONS: &[Field] = &[must("elements", &Rule::List(&ACTIONS_ELEMENT, 1, 25)), may("block_id", &ID)];
static HEADER: &[Field] = &[must("text", plain!(150)), may("block_id", &ID)];
static DIVIDER: &[Field] = &[may("block_id", &ID)];
static IMAGE: &[Field] =
    &[must("image_url", &URL), must("alt_text", &ALT), may("title", plain!(2_000)), may("block_id", &ID)];
static RICH_TEXT: &[Field] = &[must("elements", &RICH_ELEMENTS), may("block_id", &ID)];
static MARKDOWN: &[Field] = &[must("text", &Rule::Text(1, 12_000)), may("block_id", &ID)];
static INPUT: &[Field] = &[
    must("label", plain!(2_000)),
    must("element", &INPUT_ELEMENT),
    may("hint", plain!(2_000)),
    may("optional", &FLAG),
    may("dispatch_action", &FLAG),
    may("block_id", &ID),
];

static MESSAGE_BLOCK: Rule = Rule::Tagged(&[
    ("section", SECTION),
    ("context", CONTEXT),
    ("actions", ACTIONS),
    ("header", HEADER),
    ("divider", DIVIDER),
    ("image", IMAGE),
    ("rich_text", RICH_TEXT),
    ("markdown", MARKDOWN),
    ("input", INPUT),
]);
static MESSAGE_BLOCKS: Rule = Rule::List(&MESSAGE_BLOCK, 0, MESSAGE_BLOCKS_MAX);
static VIEW_BLOCK: Rule = Rule::Tagged(&[
    ("section", SECTION),
    ("context", CONTEXT),
    ("actions", ACTIONS),
    ("header", HEADER),
    ("divider", DIVIDER),
    ("image", IMAGE),
    ("rich_text", RICH_TEXT),
    ("input", INPUT),
]);
static VIEW_BLOCKS: Rule = Rule::List(&VIEW_BLOCK, 0, VIEW_BLOCKS_MAX);
static PRIVATE_METADATA: Rule = Rule::Text(0, 3_000);
static VIEW: Rule = Rule::Tagged(&[
    (
        "modal",
        &[
            must("title", plain!(24)),
            must("blocks", &VIEW_BLOCKS),
            may("submit", plain!(24)),
            may("close", plain!(24)),
            may("callback_id", &ID),
            may("private_metadata", &PRIVATE_METADATA),
            may("external_id", &ID),
            may("clear_on_close", &FLAG),
            may("notify_on_close", &FLAG),
            may("submit_disabled", &FLAG),
        ],
    ),
    (
        "home",
        &[
            must("blocks", &VIEW_BLOCKS),
            may("callback_id", &ID),
            may("private_metadata", &PRIVATE_METADATA),
            may("external_id", &ID),
        ],
    ),
]);

/// What is wrong so far.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn say(&mut self, what: &str, at: &str) {
        self.0.push(format!("[ERROR] {what} [json-pointer:{at}]"));
    }

    fn into_result(self, error: &'static str) -> Result<(), BadBlocks> {
        if self.0.is_empty() { Ok(()) } else { Err(BadBlocks { error, messages: self.0 }) }
    }

    fn check(&mut self, value: &Value, rule: &Rule, at: &str) {
        match rule {
            Rule::Flag => {
                if !value.is_boolean() {
                    self.say("must provide a boolean", at);
                }
            }
            Rule::Int(least, most) => match value.as_i64() {
                Some(number) if (*least..=*most).contains(&number) => {}
                Some(_) => self.say(&format!("must be between {least} and {most}"), at),
                None => self.say("must provide an integer", at),
            },
            Rule::Text(least, most) => match value.as_str().map(|text| text.chars().count()) {
                Some(chars) if chars < *least => self.say(&format!("must be more than {} characters", least - 1), at),
                Some(chars) if chars > *most => self.say(&format!("must be less than {} characters", most + 1), at),
                Some(_) => {}
                None => self.say("must provide a string", at),
            },
            Rule::OneOf(known) => {
                if !value.as_str().is_some_and(|text| known.contains(&text)) {
                    self.say(&format!("value must be one of {}", known.join(", ")), at);
                }
            }
            Rule::Object(fields) => self.check_fields(value, fields, at, false),
            Rule::Tagged(kinds) => match (value.is_object(), value.get("type").and_then(Value::as_str)) {
                (false, _) => self.say("must provide an object", at),
                (true, None) => self.say("missing required field: type", at),
                (true, Some(kind)) => match kinds.iter().find(|(name, _)| *name == kind) {
                    Some((_, fields)) => self.check_fields(value, fields, at, true),
                    None => self.say(&format!("unsupported type: {kind}"), &format!("{at}/type")),
                },
            },
            Rule::List(item, least, most) => match value.as_array() {
                None => self.say("must provide an array", at),
                Some(items) if items.len() < *least => self.say(&format!("no fewer than {least} items allowed"), at),
                Some(items) if items.len() > *most => self.say(&format!("no more than {most} items allowed"), at),
                Some(items) => items.iter().enumerate().for_each(|(i, v)| self.check(v, item, &format!("{at}/{i}"))),
            },
        }
    }

    fn check_fields(&mut self, value: &Value, fields: &[Field], at: &str, tagged: bool) {
        let Some(object) = value.as_object() else {
            return self.say("must provide an object", at);
        };
        for Field(name, required, rule) in fields {
            match object.get(*name) {
                Some(value) => self.check(value, rule, &format!("{at}/{name}")),
                None if *required => self.say(&format!("missing required field: {name}"), at),
                None => {}
            }
        }
        for key in object.keys() {
            let known = (tagged && key == "type") || fields.iter().any(|Field(name, ..)| name == key);
            if !known {
                self.say(&format!("invalid additional property: {key}"), at);
            }
        }
        if std::ptr::eq(fields, SECTION) && !object.contains_key("text") && !object.contains_key("fields") {
            self.say("missing required field: text", at);
        }
    }

    /// A `block_id` is unique in its message or view, an `action_id` in its block.
    fn check_ids(&mut self, blocks: &[Value], at: &str) {
        let mut seen = HashSet::new();
        for (i, block) in blocks.iter().enumerate() {
            if let Some(id) = block["block_id"].as_str()
                && !seen.insert(id)
            {
                self.say(&format!("\"{id}\" already exists"), &format!("{at}/{i}/block_id"));
            }
            let mut actions = HashSet::new();
            for (j, element) in block["elements"].as_array().into_iter().flatten().enumerate() {
                if let Some(id) = element["action_id"].as_str()
                    && !actions.insert(id)
                {
                    self.say(&format!("\"{id}\" already exists"), &format!("{at}/{i}/elements/{j}/action_id"));
                }
            }
        }
    }
}

/// Characters in all `text` strings below a value.
fn text_chars(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(text_chars).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) if key == "text" => text.chars().count(),
                value => text_chars(value),
            })
            .sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn complaints(blocks: Value) -> Vec<String> {
        check_message(&blocks).err().map(|bad| bad.messages).unwrap_or_default()
    }

    #[test]
    fn good_blocks_pass() {
        let blocks = json!([
            {"type": "header", "text": {"type": "plain_text", "text": "#1042"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "hi", "verbatim": true},
             "accessory": {"type": "overflow", "action_id": "o", "options": [{"text": {"type": "plain_text", "text": "a"}, "value": "a"}]}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "small"}]},
            {"type": "actions", "elements": [{"type": "button", "action_id": "claim", "text": {"type": "plain_text", "text": "Claim"}, "style": "primary"}]},
            {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "x", "style": {"bold": true}}]}]}]},
            {"type": "divider"},
        ]);
        assert_eq!(check_message(&blocks), Ok(()));
    }

    #[test]
    fn each_slip_is_named_with_its_place() {
        let long = "x".repeat(3_001);
        assert_eq!(
            complaints(json!([
                {"type": "section", "text": {"type": "mrkdwn", "text": long}},
                {"type": "section"},
                {"type": "sektion"},
                {"type": "divider", "colour": "red"},
                {"type": "actions", "elements": [{"type": "button", "text": {"type": "mrkdwn", "text": "x"}}]},
                {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}]},
                "text",
            ])),
            [
                "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
                "[ERROR] missing required field: text [json-pointer:/blocks/1]",
                "[ERROR] unsupported type: sektion [json-pointer:/blocks/2/type]",
                "[ERROR] invalid additional property: colour [json-pointer:/blocks/3]",
                "[ERROR] unsupported type: mrkdwn [json-pointer:/blocks/4/elements/0/text/type]",
                "[ERROR] must be more than 0 characters [json-pointer:/blocks/5/elements/0/elements/0/text]",
                "[ERROR] must provide an object [json-pointer:/blocks/6]",
            ]
        );
        let many: Vec<Value> = (0..51).map(|_| json!({"type": "divider"})).collect();
        assert_eq!(complaints(json!(many)), ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]);
        let twice = json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]);
        assert_eq!(complaints(twice), ["[ERROR] \"a\" already exists [json-pointer:/blocks/1/block_id]"]);
    }

    #[test]
    fn text_over_all_blocks_is_bounded() {
        let block = json!({"type": "section", "text": {"type": "plain_text", "text": "x".repeat(3_000)}});
        let error = check_message(&json!(vec![block; 5])).unwrap_err().error;
        assert_eq!(error, "msg_blocks_too_long");
        assert_eq!(check_message(&json!({"type": "divider"})).unwrap_err().error, "invalid_blocks_format");
    }

    #[test]
    fn a_modal_with_an_input_needs_a_submit() {
        let input = json!({"type": "input", "label": {"type": "plain_text", "text": "Why"}, "element": {"type": "plain_text_input", "action_id": "why"}});
        let title = json!({"type": "plain_text", "text": "Escalate"});
        let view = json!({"type": "modal", "title": title, "blocks": [input]});
        assert_eq!(
            check_view(&view).unwrap_err().messages,
            ["[ERROR] missing required field: submit [json-pointer:/view]"]
        );
        assert_eq!(
            check_view(&json!({})).unwrap_err().messages,
            ["[ERROR] missing required field: type [json-pointer:/view]"]
        );
    }

    #[test]
    fn metadata_has_two_properties() {
        assert!(metadata_is_good(&json!({"event_type": "delivery", "event_payload": {"id": "m1"}})));
        for bad in [
            json!([]),
            json!({"event_type": "x"}),
            json!({"event_type": "", "event_payload": {}}),
            json!({"event_type": "x", "event_payload": 1}),
            json!({"event_type": "x", "event_payload": {}, "more": 1}),
        ] {
            assert!(!metadata_is_good(&bad), "{bad}");
        }
    }
}
