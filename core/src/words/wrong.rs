//! Why something that was meant as a verb is not done, in the words of the place where it was asked.

use super::Line;
use crate::body::Body;
use crate::verb::parse::Wrong;
use crate::verb::{Name, Names, PREFIX, Takes};

/// Where somebody has asked for something: it is written otherwise there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    /// In the thread, with a `!`, where it could have been a reply.
    InThread,
    /// By a command, where only a verb can stand.
    ByCommand,
}

/// Why what was asked for is not done.
pub(super) fn wrong(wrong: &Wrong, asking: Asking, names: &Names) -> Body {
    let (nothing, mark) = match asking {
        Asking::InThread => ("Nothing was done, and nothing was sent to the customer: ", PREFIX.to_string()),
        Asking::ByCommand => ("Nothing was done: ", String::new()),
    };
    let spelt = |typed: &str| format!("{mark}{}", typed.trim_start_matches(PREFIX));
    let word = |name: Name| spelt(&names.typed(name));
    let line = Line::new(nothing);
    match wrong {
        Wrong::Mistyped { typed, meant } => {
            let line = line.code(&spelt(typed)).text(" looks like ").code(&word(*meant));
            match asking {
                Asking::InThread => line
                    .text(&format!(". If the customer should read it, send it again with a blank after the {PREFIX}."))
                    .end(),
                Asking::ByCommand => line.text(".").end(),
            }
        }
        Wrong::Unknown { typed } => Line::new("There is no ")
            .code(typed)
            .text(" here. ")
            .code(names.word(Name::Help).unwrap_or(Name::Help.entry().word))
            .text(" lists what there is.")
            .end(),
        Wrong::Form(name) => {
            let (typed, example) = (word(*name), spelt(&names.example(*name)));
            match name.entry().takes {
                Takes::Nothing => line.code(&typed).text(" stands alone, with nothing after it.").end(),
                Takes::Perhaps(_) => line.text("it is ").code(&typed).text(" or ").code(&example).text(".").end(),
                Takes::Something(_) => line.text("it is written like ").code(&example).text(".").end(),
            }
        }
        Wrong::Renamed(name) => line.text("here it is called ").code(&word(*name)).text(".").end(),
        Wrong::Off(name) => line.code(&word(*name)).text(" is switched off in this Threadline.").end(),
        Wrong::OtherConversation { number } => line
            .text(&format!("this is not the thread of #{number}. Here it is about this thread's conversation, "))
            .text("and needs no number.")
            .end(),
        Wrong::NotYet(name) => {
            line.code(&word(*name)).text(" is not switched on yet: this version of Threadline cannot do it.").end()
        }
    }
}
