//! What the team reads of the ladder: who is told, who asks for help, who takes care, and why one cannot.

use super::{Line, Said, when};
use crate::body::Body;
use crate::ticket::Due;
use crate::verb::{Name, Names};

/// What is said, and who is called by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// What.
    pub said: Said,
    /// Who, as the desk's platform names them.
    pub calls: Vec<String>,
}

pub(super) fn step_taken(tier: Option<&str>, empty: &[String], since: Due) -> Body {
    let waits = format!("⏰ The customer has waited for an answer since {}.", when(since));
    let told = tier.map_or(String::new(), |tier| format!(" For {tier}: please answer, or say that you take care."));
    let nobody = match empty {
        [] => String::new(),
        empty => format!(" There was nobody to tell in {}.", empty.join(" and ")),
    };
    Body::plain(&format!("{waits}{told}{nobody}"))
}

pub(super) fn reminder(since: Due, is_broken: bool, is_late: bool) -> Body {
    let late = if is_late { " (This reminder comes late.)" } else { "" };
    let broken = if is_broken { ", and was promised one by now" } else { "" };
    Body::plain(&format!("⏰ Reminder: the customer has waited for an answer since {}{broken}.{late}", when(since)))
}

pub(super) fn escalated(by: &str, tier: &str, reason: &str, since: Option<Due>) -> Body {
    let why = if reason.is_empty() { ".".to_string() } else { format!(": {reason}") };
    let waits = since.map_or(String::new(), |since| format!("\nThe customer has waited since {}.", when(since)));
    Body::plain(&format!("🆘 {by} asks {tier} for help{why}{waits}"))
}

pub(super) fn rests(by: &str, until: Due, reason: Option<&str>) -> Body {
    Body::plain(&match reason {
        None => format!("{by} takes care of it until {}. Nobody else is told before.", when(until)),
        Some(reason) => format!("{by} has put it off until {}: {reason}. Nobody is told before.", when(until)),
    })
}

pub(super) fn no_tiers() -> Body {
    Line::new("Nobody was asked: the operator of this Threadline has named nobody who could be ([[tier]] in the configuration).")
        .end()
}

pub(super) fn at_the_top(names: &Names) -> Body {
    Line::new("Everybody was told already, up to the top. To ask somebody again, name them, as in ")
        .code(&names.example(Name::Escalate))
        .text(".")
        .end()
}

pub(super) fn nobody_in(tier: &str, names: &Names) -> Body {
    Line::new(&format!("Nobody was asked: nobody is named who belongs to {tier}. To ask others, name them, as in "))
        .code(&names.example(Name::Escalate))
        .text(".")
        .end()
}

pub(super) fn nothing_waits() -> Body {
    Line::new("Nothing was done: no customer waits for an answer here, so nobody would be told anyway.").end()
}
