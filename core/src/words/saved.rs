//! What agents read of saved replies: the list, a preview, and why one is not sent.

use super::{Line, code, take_over};
use crate::body::{Block, Body, Span};
use crate::saved::{CANCEL, SEND};
use crate::verb::{Name, Names};

/// Something about saved replies, for who asked alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SavedNotice {
    /// Those that there are.
    List {
        /// Each name, and how the text begins.
        list: Vec<(String, String)>,
    },
    /// There is none of this name.
    NoSuch {
        /// The name.
        asked: String,
        /// Those that he may have meant.
        near: Vec<String>,
    },
    /// It has no place for what he gave.
    NoSuchPlace {
        /// The reply.
        name: String,
        /// What he gave something for.
        asked: String,
        /// Those that it has.
        places: Vec<String>,
    },
    /// Some of its places have no value.
    Lacks {
        /// The reply.
        name: String,
        /// Which.
        missing: Vec<String>,
        /// What it says so far.
        body: Body,
    },
    /// How it would read.
    Preview {
        /// The reply.
        name: String,
        /// What it says.
        body: Body,
    },
    /// There is no preview to send or to cancel.
    Nothing,
    /// It was sent before.
    SentAlready {
        /// The reply.
        name: String,
    },
    /// The preview was cancelled, or he looked at another one since.
    Over {
        /// The reply.
        name: String,
    },
    /// He cannot have seen the preview when he wrote.
    Unseen {
        /// The reply.
        name: String,
    },
    /// Somebody else has the conversation.
    OfOther {
        /// Who.
        holder: String,
    },
    /// Nobody has the conversation.
    Unclaimed,
    /// It will not be sent.
    Cancelled {
        /// The reply.
        name: String,
    },
    /// It was sent, for who is not in the thread.
    Sent {
        /// The reply.
        name: String,
    },
}

/// The button that sends what a preview shows.
pub const SEND_BUTTON: &str = "Send";
/// The button that does not.
pub const CANCEL_BUTTON: &str = "Cancel";

/// What one person reads alone.
pub(super) fn saved(notice: &SavedNotice, names: &Names) -> Body {
    let typed = |rest: &str| format!("{} {rest}", names.typed(Name::Saved));
    let line = Line::new;
    match notice {
        SavedNotice::List { list } if list.is_empty() => line("There is no saved reply here.").end(),
        SavedNotice::List { list } => {
            let item = |(name, first): &(String, String)| vec![code(name), Span::plain(&format!(" {first}"))];
            let items = list.iter().map(item).collect();
            let Body(mut blocks) = line("Saved replies. ")
                .code(&typed("name"))
                .text(" shows you alone how one would read; nothing is sent before you say so:")
                .end();
            blocks.push(Block::List { ordered: false, indent: 0, start: 1, items });
            Body(blocks)
        }
        SavedNotice::NoSuch { asked, near } => {
            let first = format!("Nothing was sent: there is no saved reply “{asked}”.");
            let Some((last, others)) = near.split_last() else {
                return line(&format!("{first} "))
                    .code(&names.typed(Name::Saved))
                    .text(" lists those there are.")
                    .end();
            };
            let mut line = line(&format!("{first} Did you mean "));
            for (at, name) in others.iter().enumerate() {
                line = line.text(if at > 0 { ", " } else { "" }).code(&typed(name));
            }
            line.text(if others.is_empty() { "" } else { " or " }).code(&typed(last)).text("?").end()
        }
        SavedNotice::NoSuchPlace { name, asked, places } => {
            let line = line(&format!("Nothing was sent: “{name}” has no place for ")).code(asked);
            if places.is_empty() {
                return line.text(", and none for anything else.").end();
            }
            listed(line.text("; it has "), places).text(".").end()
        }
        SavedNotice::Lacks { name, missing, body } => {
            let what = if missing.len() == 1 { "a value is" } else { "values are" };
            let first = format!("“{name}” cannot be sent so: {what} missing for ");
            let mut blocks = listed(line(&first), missing).text(". It says so far:").end().0;
            blocks.extend(body.0.iter().cloned());
            let given: Vec<String> = missing.iter().map(|variable| format!("{variable}=…")).collect();
            let last = line("Write ").code(&typed(&format!("{name} {}", given.join(" "))));
            blocks.extend(last.text(" with what goes there, or answer in your own words.").end().0);
            Body(blocks)
        }
        SavedNotice::Preview { name, body } => {
            let mut blocks = line(&format!("So the customer would read “{name}”:")).end().0;
            blocks.extend(body.0.iter().cloned());
            let last = line("Nobody else sees this. ").code(&typed(SEND)).text(" sends it, ").code(&typed(CANCEL));
            blocks.extend(last.text(" does not.").end().0);
            Body(blocks)
        }
        SavedNotice::Nothing => line("Nothing was sent: you are looking at no saved reply here. ")
            .code(&typed("name"))
            .text(" shows you one.")
            .end(),
        SavedNotice::SentAlready { name } => {
            line(&format!("“{name}” was sent already. It was not sent a second time.")).end()
        }
        SavedNotice::Over { name } => {
            let line = line(&format!("Nothing was sent: this preview of “{name}” is over. "));
            line.code(&typed(name)).text(" shows it to you again.").end()
        }
        SavedNotice::Unseen { name } => {
            line(&format!("Nothing was sent: you could not see yet how “{name}” reads. Look at it, then write "))
                .code(&typed(SEND))
                .text(".")
                .end()
        }
        SavedNotice::OfOther { holder } => {
            let first = format!("Nothing was sent to the customer: {holder} has this conversation.");
            match take_over(names) {
                Some(take) => line(&format!("{first} To take it over, write "))
                    .code(&take)
                    .text(", then ")
                    .code(&typed(SEND))
                    .text("."),
                None => line(&first),
            }
            .end()
        }
        SavedNotice::Unclaimed => {
            line("Nothing was sent to the customer: here only the person who has a conversation answers it. Write ")
                .code(&names.typed(Name::Claim))
                .text(", then ")
                .code(&typed(SEND))
                .text(".")
                .end()
        }
        SavedNotice::Cancelled { name } => line(&format!("“{name}” is not sent.")).end(),
        SavedNotice::Sent { name } => line(&format!("“{name}” was sent.")).end(),
    }
}

/// What everybody in the thread reads of a saved reply that goes to the customer.
pub fn saved_in_thread(by: &str, name: &str, body: &Body) -> Body {
    let mut blocks = Line::new(&format!("{by} sends the customer the saved reply “{name}”:")).end().0;
    blocks.extend(body.0.iter().cloned());
    Body(blocks)
}

fn listed(mut line: Line, all: &[String]) -> Line {
    for (at, one) in all.iter().enumerate() {
        line = line.text(if at > 0 { ", " } else { "" }).code(one);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::tests::shown;
    use super::*;
    use crate::markup;
    use expect_test::expect;

    #[test]
    fn what_is_said_of_saved_replies() {
        let name = || "shipping".to_string();
        let some = |all: &[&str]| all.iter().map(|it| it.to_string()).collect::<Vec<_>>();
        let body = || markup::parse("Hello Ada,\n- it is *on its way*");
        let list =
            vec![(name(), "Hello {customer.name},".to_string()), ("sorry".to_string(), "We are sorry".to_string())];
        let all = [
            SavedNotice::List { list },
            SavedNotice::List { list: vec![] },
            SavedNotice::NoSuch { asked: "xyz".into(), near: vec![] },
            SavedNotice::NoSuch { asked: "shiping".into(), near: some(&["shipping"]) },
            SavedNotice::NoSuch { asked: "so".into(), near: some(&["sorry", "soon", "so-so"]) },
            SavedNotice::NoSuchPlace { name: name(), asked: "town".into(), places: some(&["city", "order"]) },
            SavedNotice::NoSuchPlace { name: name(), asked: "town".into(), places: vec![] },
            SavedNotice::Lacks { name: name(), missing: some(&["city"]), body: markup::parse("It is in {city}.") },
            SavedNotice::Lacks {
                name: name(),
                missing: some(&["city", "order"]),
                body: markup::parse("{order}: {city}"),
            },
            SavedNotice::Preview { name: name(), body: body() },
            SavedNotice::Nothing,
            SavedNotice::SentAlready { name: name() },
            SavedNotice::Over { name: name() },
            SavedNotice::Unseen { name: name() },
            SavedNotice::OfOther { holder: "Hedy".into() },
            SavedNotice::Unclaimed,
            SavedNotice::Cancelled { name: name() },
            SavedNotice::Sent { name: name() },
        ];
        let all: String = all.iter().map(|it| shown(&saved(it, &Names::default())) + "\n").collect();
        expect![[r#"
            Saved replies. `!r name` shows you alone how one would read; nothing is sent before you say so:
            • `shipping` Hello {customer.name},
            • `sorry` We are sorry
            There is no saved reply here.
            Nothing was sent: there is no saved reply “xyz”. `!r` lists those there are.
            Nothing was sent: there is no saved reply “shiping”. Did you mean `!r shipping`?
            Nothing was sent: there is no saved reply “so”. Did you mean `!r sorry`, `!r soon` or `!r so-so`?
            Nothing was sent: “shipping” has no place for `town`; it has `city`, `order`.
            Nothing was sent: “shipping” has no place for `town`, and none for anything else.
            “shipping” cannot be sent so: a value is missing for `city`. It says so far:
            It is in {city}.
            Write `!r shipping city=…` with what goes there, or answer in your own words.
            “shipping” cannot be sent so: values are missing for `city`, `order`. It says so far:
            {order}: {city}
            Write `!r shipping city=… order=…` with what goes there, or answer in your own words.
            So the customer would read “shipping”:
            Hello Ada,
            • it is on its way
            Nobody else sees this. `!r send` sends it, `!r cancel` does not.
            Nothing was sent: you are looking at no saved reply here. `!r name` shows you one.
            “shipping” was sent already. It was not sent a second time.
            Nothing was sent: this preview of “shipping” is over. `!r shipping` shows it to you again.
            Nothing was sent: you could not see yet how “shipping” reads. Look at it, then write `!r send`.
            Nothing was sent to the customer: Hedy has this conversation. To take it over, write `!assign me`, then `!r send`.
            Nothing was sent to the customer: here only the person who has a conversation answers it. Write `!claim`, then `!r send`.
            “shipping” is not sent.
            “shipping” was sent.
            Grace sends the customer the saved reply “shipping”:
            Hello Ada,
            • it is on its way
        "#]].assert_eq(&(all + &shown(&saved_in_thread("Grace", "shipping", &body())) + "\n"));
    }
}
