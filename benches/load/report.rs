//! The figures and their goals, as a table or as JSON.

use std::fmt::Write;

/// A measured figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// How much.
    pub value: f64,
    /// In what.
    pub unit: &'static str,
    /// What it should be.
    pub goal: Goal,
    /// What else a reader needs to know.
    pub note: String,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
    /// None is set.
    None,
}

impl Figure {
    /// A figure without a note.
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str, goal: Goal) -> Figure {
        Figure { name: name.into(), value, unit, goal, note: String::new() }
    }

    /// The same with a note.
    pub fn noted(self, note: impl Into<String>) -> Figure {
        Figure { note: note.into(), ..self }
    }

    fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::AtMost(most) => Some(self.value <= most),
            Goal::AtLeast(least) => Some(self.value >= least),
            Goal::None => None,
        }
    }
}

/// The figures as a Markdown table.
pub fn table(figures: &[Figure]) -> String {
    let mut table = String::from("| | measured | goal | met | |\n|---|--:|--:|---|---|\n");
    for figure in figures {
        let goal = match figure.goal {
            Goal::AtMost(most) => format!("≤ {}", number(most)),
            Goal::AtLeast(least) => format!("≥ {}", number(least)),
            Goal::None => String::new(),
        };
        let met = match figure.is_met() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        };
        let Figure { name, value, unit, note, .. } = figure;
        // Writing to a string does not fail.
        let _ = writeln!(table, "| {name} | {} {unit} | {goal} | {met} | {note} |", number(*value));
    }
    table
}

/// The figures as JSON, one object each.
pub fn json(figures: &[Figure]) -> String {
    let objects = figures.iter().map(|figure| {
        let (most, least) = match figure.goal {
            Goal::AtMost(most) => (Some(most), None),
            Goal::AtLeast(least) => (None, Some(least)),
            Goal::None => (None, None),
        };
        serde_json::json!({
            "name": figure.name, "value": figure.value, "unit": figure.unit, "at_most": most, "at_least": least,
            "met": figure.is_met(), "note": figure.note,
        })
    });
    format!("{:#}\n", serde_json::Value::Array(objects.collect()))
}

/// With as many digits as mean something.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    let (digits, grouped) = match magnitude {
        _ if magnitude >= 1_000.0 => (0, true),
        _ if magnitude >= 100.0 => (0, false),
        _ if magnitude >= 10.0 => (1, false),
        _ if magnitude >= 1.0 => (2, false),
        _ => (3, false),
    };
    let text = format!("{value:.digits$}");
    if grouped && let Some(at) = text.len().checked_sub(3) {
        return format!("{},{}", &text[..at], &text[at..]);
    }
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}
