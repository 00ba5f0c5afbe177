//! What the team calls the verbs (`[verbs]`): words of its own, and which it does without.

use super::document::{Document, Found, Place, Table};
use super::sections::ReadDesk;
use threadline_core::desk::Mode;
use threadline_core::presence::Presence;
use threadline_core::verb::{Chosen, Entry, Name, Names, PREFIX, VERBS, WORD_CHARS_MAX, is_same_word, is_word};

/// The table, and where each verb stands that was decided about.
pub(super) struct ReadVerbs {
    names: Names,
    chosen: Vec<(Name, Place)>,
}

pub(super) fn verbs(document: &Document<'_>, table: &Table<'_>) -> ReadVerbs {
    let mut read = ReadVerbs { names: Names::default(), chosen: Vec::new() };
    for entry in &VERBS {
        let wanted = "a word for it in quotes, or false to switch it off";
        let Some(found) = table.text_or_off(entry.word, wanted) else { continue };
        if let Some(chosen) = decided(document, entry, &found) {
            read.names.choose(entry.name, chosen);
            read.chosen.push((entry.name, found.place));
        }
    }
    read.refuse_twins(document);
    read
}

fn decided(document: &Document<'_>, entry: &Entry, found: &Found<Option<String>>) -> Option<Chosen> {
    match &found.value {
        None if entry.name == Name::Help => {
            let what = "can have another word, but cannot be switched off: it is how agents find the other verbs";
            document.problem(&found.place, what);
            None
        }
        None => Some(Chosen::Off),
        Some(word) if is_word(word) => Some(Chosen::Word(word.clone())),
        Some(word) => {
            let what = format!(
                "nobody could type {word:?}: a word is 1 to {WORD_CHARS_MAX} letters, digits, - and _, begins with a \
                 letter, and stands here without the {PREFIX}"
            );
            document.problem(&found.place, what);
            None
        }
    }
}

impl ReadVerbs {
    /// Two verbs with one word could not be told apart; the mistake is where a word was given.
    fn refuse_twins(&self, document: &Document<'_>) {
        for (at, (name, place)) in self.chosen.iter().enumerate() {
            let Some(word) = self.names.word(*name) else { continue };
            let twin = VERBS.iter().find(|other| {
                let told_before = self.chosen[at + 1..].iter().any(|(later, _)| *later == other.name);
                let same = self.names.word(other.name).is_some_and(|own| is_same_word(own, word));
                other.name != *name && same && !told_before
            });
            if let Some(twin) = twin {
                let what = format!(
                    "{word:?} is the word of {} already; give one of them another word, or switch one off with false",
                    twin.word
                );
                document.problem(place, what);
            }
        }
    }

    /// The words, once it is known that every desk can be worked at with them.
    pub fn for_desks(self, document: &Document<'_>, desks: &[ReadDesk], asks_who_is_there: bool) -> Names {
        let claimed = desks.iter().find(|desk| desk.mode == Mode::Claimed);
        let claim = self.chosen.iter().find(|(name, _)| *name == Name::Claim);
        if let (Some(desk), Some((_, place)), None) = (claimed, claim, self.names.word(Name::Claim)) {
            let what = format!(
                "cannot be switched off: the desk \"{}\" has mode = \"claimed\", where nobody could answer then",
                desk.name
            );
            document.problem(place, what);
        }
        let signed = desks.iter().find(|desk| asks_who_is_there && desk.presence == Presence::Signed);
        let back = self.chosen.iter().find(|(name, _)| *name == Name::Back);
        if let (Some(desk), Some((_, place)), None) = (signed, back, self.names.word(Name::Back)) {
            let what = format!(
                "cannot be switched off: at the desk \"{}\" it is how people say that they are there",
                desk.name
            );
            document.problem(place, what);
        }
        self.names
    }
}
