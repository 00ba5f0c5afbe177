//! A `threadline.toml` that is read key by key. It remembers what was asked for, so whatever else is
//! in the file is unknown; and it remembers what is wrong instead of stopping there, so that one run
//! names every mistake with its line. It knows TOML and places, not what any key means.

use super::secret::looks_secret;
use chrono::NaiveDate;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// How unlike a known key an unknown one may be to be taken for it: 1 is the same, 0 has nothing in
/// common. `topics` is like `topic` by 0.83, `hold_seconds` like `hold_secs` by 0.66.
const LIKENESS_MIN: f64 = 0.6;

/// Stands for a name that the operator chose, where keys are listed: `desk.NAME.mode`.
const CHOSEN_NAME: &str = "NAME";

/// One thing that is wrong, or that deserves a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong there and what to do, in words for the operator; never a secret.
    pub what: String,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file and the line in it, from 1; none for an environment variable or an option.
    pub line: Option<(String, usize)>,
    /// The whole key (`desk.support.mode`), the variable or the option; empty for a line that could
    /// not be read.
    pub key: String,
}

impl Place {
    /// An environment variable or an option of the command line.
    pub fn outside(name: &str) -> Place {
        Place { line: None, key: name.to_owned() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((file, line)) = &self.place.line {
            write!(f, "{file}:{line}: ")?;
        }
        if !self.place.key.is_empty() {
            write!(f, "{}: ", self.place.key)?;
        }
        f.write_str(&self.what)
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Found<T> {
    pub value: T,
    pub place: Place,
}

/// A file under reading, and what was found out about it.
#[derive(Debug)]
pub(super) struct Document<'t> {
    name: String,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
    problems: RefCell<Vec<Problem>>,
    unknown: RefCell<Vec<UnknownKey>>,
    /// Every key that was asked for, whether it is there or not, with chosen names as `NAME`.
    known: RefCell<BTreeSet<String>>,
}

#[derive(Debug)]
struct UnknownKey {
    place: Place,
    /// The keys of its table.
    siblings: Vec<&'static str>,
}

impl<'t> Document<'t> {
    /// Reads the text; whatever is no TOML is among the problems.
    pub fn parse(name: &str, text: &'t str) -> Document<'t> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let document = Document {
            name: name.to_owned(),
            text,
            root,
            problems: RefCell::default(),
            unknown: RefCell::default(),
            known: RefCell::default(),
        };
        for error in errors {
            let place = document.place(error.span().unwrap_or_default(), String::new());
            // The parser's words for `listen = 127.0.0.1:80` are "invalid float, expected nothing".
            let hint = if error.message().starts_with("invalid") { "; text has to stand in quotes" } else { "" };
            document.problem(&place, format!("this is not TOML: {}{hint}", error.message()));
        }
        document
    }

    /// True when something is wrong with the TOML itself, so that keys cannot be told from one another.
    pub fn is_broken(&self) -> bool {
        !self.problems.borrow().is_empty()
    }

    /// The keys outside of any table, and the tables.
    pub fn root(&self) -> Table<'_> {
        Table {
            document: self,
            path: String::new(),
            shape: String::new(),
            place: self.place(0..0, String::new()),
            entries: Some(self.root.get_ref()),
            asked: RefCell::default(),
            refused: RefCell::default(),
        }
    }

    /// Notes something that is wrong.
    pub fn problem(&self, place: &Place, what: impl Into<String>) {
        self.problems.borrow_mut().push(Problem { place: place.clone(), what: what.into() });
    }

    /// Everything that is wrong, in the order of the file; what comes from outside of it is last.
    pub fn into_problems(self) -> Vec<Problem> {
        let known = self.known.into_inner();
        let mut problems = self.problems.into_inner();
        problems.extend(self.unknown.into_inner().into_iter().map(|key| key.explained(&known)));
        problems.sort_by_key(|problem| (problem.place.line.is_none(), problem.place.line.clone()));
        problems
    }

    /// Every key that exists, with chosen names as `NAME`.
    #[cfg(test)]
    pub fn known_keys(&self) -> BTreeSet<String> {
        self.known.borrow().clone()
    }

    fn place(&self, span: Range<usize>, key: String) -> Place {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Place { line: Some((self.name.clone(), line)), key }
    }
}

/// One table of the file, or of what the file could contain.
#[derive(Debug)]
pub(super) struct Table<'d> {
    document: &'d Document<'d>,
    /// Its name in the file, such as `desk.support`; empty for the root.
    path: String,
    /// The same with chosen names as `NAME`.
    shape: String,
    place: Place,
    entries: Option<&'d DeTable<'d>>,
    asked: RefCell<Vec<&'static str>>,
    /// Keys that are no mistake of spelling, and must not be there all the same.
    refused: RefCell<Vec<&'static str>>,
}

impl<'d> Table<'d> {
    /// Where the table begins.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Where `key` would stand: the table's place, with the key's name.
    pub fn place_of(&self, key: &str) -> Place {
        Place { key: join(&self.path, key), ..self.place.clone() }
    }

    /// True when the table is in the file.
    pub fn exists(&self) -> bool {
        self.entries.is_some()
    }

    /// True when the key is in the file, right or wrong.
    pub fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Text. A secret is a problem, not a text.
    pub fn text(&self, key: &'static str) -> Option<Found<String>> {
        let found = self.value(key)?;
        self.as_text(found)
    }

    /// Text of `chars` characters, in one or more lines.
    pub fn text_within(&self, key: &'static str, chars: RangeInclusive<usize>) -> Option<Found<String>> {
        let found = self.text(key)?;
        let length = found.value.trim().chars().count();
        if !chars.contains(&length) {
            let (min, max) = (chars.start(), chars.end());
            self.document.problem(&found.place, format!("must be from {min} to {max} characters long, is {length}"));
            return None;
        }
        Some(Found { value: found.value.trim().to_owned(), place: found.place })
    }

    /// Text, or false for none.
    pub fn text_or_off(&self, key: &'static str, wanted: &str) -> Option<Found<Option<String>>> {
        let found = self.value(key)?;
        let text = match found.value {
            DeValue::Boolean(false) => return Some(Found { value: None, place: found.place }),
            DeValue::String(_) => self.as_text(found)?,
            DeValue::Boolean(true)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => {
                self.mistyped(&found, wanted);
                return None;
            }
        };
        Some(Found { value: Some(text.value), place: text.place })
    }

    /// A list of texts.
    pub fn texts(&self, key: &'static str) -> Option<Vec<Found<String>>> {
        let found = self.value(key)?;
        let Some(items) = found.value.as_array() else {
            self.mistyped(&found, "a list of texts, such as [\"one\", \"two\"]");
            return None;
        };
        let texts = items.iter().filter_map(|item| {
            let place = self.document.place(item.span(), found.place.key.clone());
            self.as_text(Found { value: item.get_ref(), place })
        });
        Some(texts.collect())
    }

    /// A whole number.
    pub fn number(&self, key: &'static str, bounds: RangeInclusive<u32>) -> Option<Found<u32>> {
        let found = self.value(key)?;
        let Some(integer) = found.value.as_integer() else {
            self.mistyped(&found, "a whole number");
            return None;
        };
        let parsed = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = parsed.and_then(|n| u32::try_from(n).ok()).filter(|n| bounds.contains(n));
        let Some(number) = number else {
            let (min, max) = (bounds.start(), bounds.end());
            self.document.problem(&found.place, format!("must be from {min} to {max}, is {integer}"));
            return None;
        };
        Some(Found { value: number, place: found.place })
    }

    /// A list of whole numbers.
    pub fn numbers(&self, key: &'static str, bounds: RangeInclusive<u32>) -> Option<Vec<u32>> {
        let found = self.value(key)?;
        let items = found.value.as_array();
        let whole = |item: &Spanned<DeValue<'_>>| {
            let integer = item.get_ref().as_integer()?;
            let number = i128::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            u32::try_from(number).ok().filter(|number| bounds.contains(number))
        };
        let numbers = items.and_then(|items| items.iter().map(whole).collect::<Option<Vec<u32>>>());
        if numbers.is_none() {
            let what = format!("must be a list of whole numbers from {} to {}", bounds.start(), bounds.end());
            self.document.problem(&found.place, what);
        }
        numbers
    }

    /// A date, as TOML has them or in quotes.
    pub fn date(&self, key: &'static str) -> Option<Found<NaiveDate>> {
        let found = self.value(key)?;
        let written = match found.value {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => {
                self.mistyped(&found, "a date, such as 2026-12-24");
                return None;
            }
        };
        let Ok(value) = written.parse::<NaiveDate>() else {
            self.document.problem(&found.place, format!("must be a date, such as 2026-12-24, is {written:?}"));
            return None;
        };
        Some(Found { value, place: found.place })
    }

    /// True or false.
    pub fn flag(&self, key: &'static str) -> Option<Found<bool>> {
        let found = self.value(key)?;
        let Some(value) = found.value.as_bool() else {
            self.mistyped(&found, "true or false");
            return None;
        };
        Some(Found { value, place: found.place })
    }

    /// One of some words.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<Found<T>> {
        let found = self.text(key)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == found.value) {
            return Some(Found { value: *value, place: found.place });
        }
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        self.document.problem(&found.place, format!("must be {}, is {:?}", either(&words), found.value));
        None
    }

    /// A table; `read` is called even when there is none, and gets an empty one.
    pub fn table<T>(&self, key: &'static str, read: impl FnOnce(&Table<'d>) -> T) -> T {
        let (path, shape) = (join(&self.path, key), join(&self.shape, key));
        self.asked.borrow_mut().push(key);
        match self.entry(key) {
            None => self.child(path, shape, self.place_of(key), None).read(read),
            Some(found) => {
                let entries = self.as_table(&found, &format!("[{path}]"));
                self.child(path, shape, found.place, entries).read(read)
            }
        }
    }

    /// The tables whose names the operator chose: `[desk.support]`, `[desk.sales]`.
    pub fn named_tables<T>(&self, key: &'static str, mut read: impl FnMut(&str, &Table<'d>) -> T) -> Vec<T> {
        self.asked.borrow_mut().push(key);
        let (path, shape) = (join(&self.path, key), join(&self.shape, key));
        let Some(found) = self.entry(key) else { return Vec::new() };
        let Some(tables) = self.as_table(&found, &format!("[{path}.{CHOSEN_NAME}]")) else { return Vec::new() };
        let mut in_order: Vec<_> = tables.iter().collect();
        in_order.sort_by_key(|(name, _)| name.span().start);
        let of_one = |(name, value): (&'d Spanned<DeString<'d>>, &'d Spanned<DeValue<'d>>)| {
            let name = shown(name.get_ref());
            let path = join(&path, &name);
            let place = self.document.place(value.span(), path.clone());
            let entries = self.as_table(&Found { value: value.get_ref(), place: place.clone() }, &format!("[{path}]"));
            self.child(path, join(&shape, CHOSEN_NAME), place, entries).read(|table| read(&name, table))
        };
        in_order.into_iter().map(of_one).collect()
    }

    /// The tables of a list: `[[topic]]`, `[[topic]]`. None when there is not one of them.
    pub fn listed_tables<T>(&self, key: &'static str, mut read: impl FnMut(&Table<'d>) -> T) -> Option<Vec<T>> {
        self.asked.borrow_mut().push(key);
        let (path, shape) = (join(&self.path, key), join(&self.shape, key));
        let found = self.entry(key)?;
        let Some(items) = found.value.as_array() else {
            self.mistyped(&found, &format!("a list of tables, each beginning with [[{path}]]"));
            return None;
        };
        let of_one = |item: &'d Spanned<DeValue<'d>>| {
            let place = self.document.place(item.span(), path.clone());
            let entries = self.as_table(&Found { value: item.get_ref(), place: place.clone() }, &format!("[[{path}]]"));
            self.child(path.clone(), shape.clone(), place, entries).read(&mut read)
        };
        Some(items.iter().map(of_one).collect())
    }

    /// A key that must not be there, for the reason given.
    pub fn refuse(&self, key: &'static str, why: &str) {
        if let Some(found) = self.entry(key) {
            self.refused.borrow_mut().push(key);
            self.document.problem(&found.place, why);
        }
    }

    fn child(&self, path: String, shape: String, place: Place, entries: Option<&'d DeTable<'d>>) -> Table<'d> {
        Table {
            document: self.document,
            path,
            shape,
            place,
            entries,
            asked: RefCell::default(),
            refused: RefCell::default(),
        }
    }

    /// Reads the table, and notes what is in it that nobody asked for.
    pub fn read<T>(&self, read: impl FnOnce(&Table<'d>) -> T) -> T {
        let result = read(self);
        let asked = self.asked.borrow();
        for (name, _) in self.entries.into_iter().flatten() {
            let key: &str = name.get_ref();
            if !asked.contains(&key) && !self.refused.borrow().contains(&key) {
                let place = self.document.place(name.span(), join(&self.path, &shown(key)));
                self.document.unknown.borrow_mut().push(UnknownKey { place, siblings: asked.clone() });
            }
        }
        result
    }

    fn value(&self, key: &'static str) -> Option<Found<&'d DeValue<'d>>> {
        self.asked.borrow_mut().push(key);
        self.document.known.borrow_mut().insert(join(&self.shape, key));
        self.entry(key)
    }

    fn entry(&self, key: &str) -> Option<Found<&'d DeValue<'d>>> {
        let (_, value) = self.entries?.iter().find(|(name, _)| name.get_ref() == key)?;
        let place = self.document.place(value.span(), join(&self.path, key));
        Some(Found { value: value.get_ref(), place })
    }

    fn as_text(&self, found: Found<&DeValue<'_>>) -> Option<Found<String>> {
        let Some(text) = found.value.as_str() else {
            self.mistyped(&found, "text in quotes");
            return None;
        };
        if looks_secret(text) {
            let why = "this looks like a secret, and secrets do not go into this file: set it in the environment, \
                       or put it into a file of its own and give that file's name";
            self.document.problem(&found.place, why);
            return None;
        }
        Some(Found { value: text.to_owned(), place: found.place })
    }

    fn as_table(&self, found: &Found<&'d DeValue<'d>>, how: &str) -> Option<&'d DeTable<'d>> {
        let table = found.value.as_table();
        if table.is_none() {
            self.mistyped(found, &format!("a table, beginning with {how}"));
        }
        table
    }

    fn mistyped(&self, found: &Found<&DeValue<'_>>, wanted: &str) {
        let is = match found.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or a time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.document.problem(&found.place, format!("must be {wanted}, is {is}"));
    }
}

impl UnknownKey {
    fn explained(self, known: &BTreeSet<String>) -> Problem {
        let (table, key) = self.place.key.rsplit_once('.').unwrap_or(("", &self.place.key));
        let in_table = |table: &str| if table.is_empty() { "at the top".to_owned() } else { format!("in [{table}]") };
        let elsewhere = known.iter().map(|k| k.rsplit_once('.').unwrap_or(("", k))).find(|(_, last)| *last == key);
        let nearest = self
            .siblings
            .iter()
            .map(|sibling| (strsim::normalized_damerau_levenshtein(sibling, key), sibling))
            .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let what = match (nearest, elsewhere) {
            (Some((_, nearest)), _) => format!("there is no such key; did you mean \"{nearest}\"?"),
            (None, Some(("", _))) => {
                format!("there is no such key {}; it belongs at the top, before the first [table]", in_table(table))
            }
            (None, Some((home, _))) => {
                format!("there is no such key {}; it belongs in [{home}]", in_table(table))
            }
            (None, None) => {
                let mut siblings = self.siblings;
                siblings.sort_unstable();
                format!("there is no such key; the keys {} are {}", in_table(table), siblings.join(", "))
            }
        };
        Problem { place: self.place, what }
    }
}

/// `a, b or c`.
pub(super) fn either(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A name out of the file, unless it is a secret that went astray.
fn shown(name: &str) -> String {
    if looks_secret(name) { "(a secret)".to_owned() } else { name.to_owned() }
}

fn join(table: &str, key: &str) -> String {
    if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
}
