//! What can be pressed on Discord: the verbs on a card, what asks for something first, what tries again
//! and what decides about a preview. What each is called where Discord tells of it (`custom_id`, up to
//! 100 characters) is made and read here only.

use crate::format::clean_line;
use serde_json::Value;
use serenity::builder::{
    CreateActionRow, CreateButton, CreateSelectMenu, CreateSelectMenuKind, CreateSelectMenuOption,
};
use serenity::model::application::ButtonStyle;
use threadline_core::verb::{Name, Need, Offered, Saved, Verb};
use threadline_core::words::{self, CANCEL_BUTTON, SEND_BUTTON};

/// Longest text of an entry (OpenAPI: 100).
pub(crate) const ENTRY_CHARS_MAX: usize = 100;
/// Most entries of a menu (the same: 25).
pub(crate) const ENTRIES_MAX: usize = 25;

/// Something that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// A verb on the card of the conversation of this number.
    Verb(Name, i64),
    /// The menu of that card; what was chosen in it says which verb.
    More(i64),
    /// Yes, this verb is meant.
    Sure(Name, i64),
    /// What a verb needs was chosen or filled in.
    Given(Need, i64),
    /// What was given up of the message of this number in the thread's conversation is tried again.
    Retry(i64),
    /// Something was decided about a preview.
    Preview(Decided),
    /// Never mind.
    Nothing,
}

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

/// What was pressed, by what it is called; nothing for what is none of ours.
pub(crate) fn pressed(custom_id: &str) -> Option<Pressed> {
    let mut parts = custom_id.split('/');
    let kind = parts.next()?;
    let mut word = || parts.next();
    let number = |text: Option<&str>| text?.parse::<i64>().ok();
    Some(match kind {
        "verb" => Pressed::Verb(Name::of_word(word()?)?, number(word())?),
        "more" => Pressed::More(number(word())?),
        "sure" => Pressed::Sure(Name::of_word(word()?)?, number(word())?),
        "given" => Pressed::Given(need_of(word()?)?, number(word())?),
        "retry" => Pressed::Retry(number(word())?),
        "saved" => {
            let sends = match word()? {
                "send" => true,
                "cancel" => false,
                _ => return None,
            };
            Pressed::Preview(Decided { number: number(word())?, preview: number(word())?, sends })
        }
        "nothing" => Pressed::Nothing,
        _ => return None,
    })
}

/// Everything that a verb can need.
const NEEDS: [Need; 6] = [Need::Person, Need::Topic, Need::Note, Need::Saved, Need::Snooze, Need::Escalate];

fn need_of(word: &str) -> Option<Need> {
    NEEDS.into_iter().find(|need| need.name().entry().word == word)
}

/// What asks for this is called so.
pub(crate) fn given(need: Need, number: i64) -> String {
    format!("given/{}/{number}", need.name().entry().word)
}

/// The rows under a card: buttons for what is done with one click, a menu for the rest.
pub(crate) fn rows(number: i64, offered: &Offered) -> Vec<CreateActionRow> {
    let mut rows = Vec::new();
    if !offered.buttons.is_empty() {
        rows.push(CreateActionRow::Buttons(offered.buttons.iter().map(|name| verb(*name, number)).collect()));
    }
    let entry = |name: &Name| CreateSelectMenuOption::new(words::button(*name), name.entry().word);
    let more: Vec<CreateSelectMenuOption> = offered.more.iter().take(ENTRIES_MAX).map(entry).collect();
    if !more.is_empty() {
        let menu = CreateSelectMenu::new(format!("more/{number}"), CreateSelectMenuKind::String { options: more });
        rows.push(CreateActionRow::SelectMenu(menu.placeholder("More…")));
    }
    rows
}

fn verb(name: Name, number: i64) -> CreateButton {
    let style = if name == Name::Claim { ButtonStyle::Primary } else { ButtonStyle::Secondary };
    CreateButton::new(format!("verb/{}/{number}", name.entry().word)).label(words::button(name)).style(style)
}

/// What has tried again what was given up of the message of this number.
pub(crate) fn retry(seq: i64) -> CreateButton {
    CreateButton::new(format!("retry/{seq}")).label(words::button(Name::Retry)).style(ButtonStyle::Secondary)
}

/// The two buttons under a preview.
pub(crate) fn preview(number: i64, preview: i64) -> CreateActionRow {
    let button = |word: &str, label: &str, style| {
        CreateButton::new(format!("saved/{word}/{number}/{preview}")).label(label).style(style)
    };
    CreateActionRow::Buttons(vec![
        button("send", SEND_BUTTON, ButtonStyle::Primary),
        button("cancel", CANCEL_BUTTON, ButtonStyle::Secondary),
    ])
}

/// The two buttons under a question that is asked before a verb is done.
pub(crate) fn sure(name: Name, number: i64, yes: &str, no: &str) -> CreateActionRow {
    let word = name.entry().word;
    CreateActionRow::Buttons(vec![
        CreateButton::new(format!("sure/{word}/{number}")).label(yes).style(ButtonStyle::Primary),
        CreateButton::new("nothing").label(no).style(ButtonStyle::Secondary),
    ])
}

/// A menu whose entries are these, each with its value, its text and perhaps a line more.
pub(crate) fn menu(
    custom_id: String,
    entries: impl Iterator<Item = (String, String, Option<String>)>,
) -> CreateActionRow {
    let entry = |(value, text, more): (String, String, Option<String>)| {
        let option = CreateSelectMenuOption::new(clean_line(&text, ENTRY_CHARS_MAX), value);
        match more.map(|more| clean_line(&more, ENTRY_CHARS_MAX)).filter(|more| !more.is_empty()) {
            Some(more) => option.description(more),
            None => option,
        }
    };
    let options = entries.take(ENTRIES_MAX).map(entry).collect();
    CreateActionRow::SelectMenu(CreateSelectMenu::new(custom_id, CreateSelectMenuKind::String { options }))
}

/// A menu of the server's people.
pub(crate) fn people(custom_id: String) -> CreateActionRow {
    CreateActionRow::SelectMenu(CreateSelectMenu::new(custom_id, CreateSelectMenuKind::User { default_users: None }))
}

/// What was chosen in a menu.
pub(crate) fn chosen(data: &Value) -> Option<&str> {
    data["values"][0].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::json_of;
    use threadline_core::verb::VERBS;

    #[test]
    fn what_is_pressed_reads_back() {
        for entry in VERBS {
            let offered = Offered { buttons: vec![entry.name], more: vec![entry.name] };
            let shown = json_of(&rows(1042, &offered));
            let id = |row: usize| shown[row]["components"][0]["custom_id"].as_str().unwrap().to_string();
            assert_eq!(pressed(&id(0)), Some(Pressed::Verb(entry.name, 1042)));
            assert_eq!(pressed(&id(1)), Some(Pressed::More(1042)));
            assert_eq!(shown[1]["components"][0]["options"][0]["value"], entry.word);
            let asked = json_of(&sure(entry.name, 7, "Yes", "No"));
            assert_eq!(
                pressed(asked["components"][0]["custom_id"].as_str().unwrap()),
                Some(Pressed::Sure(entry.name, 7))
            );
            assert_eq!(pressed(asked["components"][1]["custom_id"].as_str().unwrap()), Some(Pressed::Nothing));
        }
        for need in NEEDS {
            assert_eq!(pressed(&given(need, 7)), Some(Pressed::Given(need, 7)));
        }
        let shown = json_of(&preview(1042, 17));
        let decided = Decided { number: 1042, preview: 17, sends: true };
        assert_eq!(pressed(shown["components"][0]["custom_id"].as_str().unwrap()), Some(Pressed::Preview(decided)));
        for other in ["", "verb", "verb/dance/1", "verb/claim/all", "saved/keep/1/2", "given/claim/1", "x/1"] {
            assert_eq!(pressed(other), None, "{other}");
        }
    }
}
