//! What an agent reads who says that he is away or back.

use super::{Line, Notice};
use crate::body::Body;
use crate::presence::{Presence, SIGN_HOURS, Sign};
use crate::ticket::Timetable;
use crate::verb::{Name, Names};

impl Notice {
    /// What he reads who said so at a desk with this timetable.
    pub fn signed(sign: Sign, presence: Presence, timetable: &Timetable) -> Notice {
        Notice::Signed { sign, presence, counts: timetable.asks_who_is_there() }
    }
}

pub(super) fn signed(sign: Sign, presence: Presence, counts: bool, names: &Names) -> Body {
    let (back, away) = (names.typed(Name::Back), names.typed(Name::Away));
    let by_hours = "Whether the chat is open goes by its hours alone here, so customers notice nothing.";
    match (sign, presence) {
        (Sign::Out | Sign::Missed, _) => {
            let rest = if counts { "The chat does not count on you" } else { by_hours };
            let until = if counts { format!(" for the next {SIGN_HOURS} hours.") } else { String::new() };
            Line::new(&format!("You are away. {rest}{until} When you are here again, write "))
                .code(&back)
                .text(".")
                .end()
        }
        (Sign::In, _) if !counts => Line::new(&format!("Welcome back! {by_hours}")).end(),
        (Sign::In, Presence::Signed) => Line::new(&format!(
            "Welcome back! The chat counts on you for the next {SIGN_HOURS} hours, or until you write "
        ))
        .code(&away)
        .text(".")
        .end(),
        (Sign::In, Presence::Platform) => {
            Line::new("Welcome back! The chat counts on you while you are shown as active, until you write ")
                .code(&away)
                .text(".")
                .end()
        }
    }
}

pub(super) fn signed_out(names: &Names) -> Body {
    Line::new("Nobody answered this chat in time, and you had it. You are taken to be away; when you are here, write ")
        .code(&names.typed(Name::Back))
        .text(".")
        .end()
}
