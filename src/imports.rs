//! Who imports what, against the table in ARCHITECTURE.md: a rule that nobody checks is forgotten.
//! Test only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The head of the table.
const TABLE_HEAD: &str = "| unit | may use | never |";
/// Crates that the table speaks of: the word in it, and the name in a path.
const CRATES: [(&str, &str); 4] =
    [("core", "threadline_core"), ("bots", "threadline_slack"), ("axum", "axum"), ("sqlx", "sqlx")];
/// What puts the parts together, and this file: they may use everything.
const FREE: [&str; 3] = ["lib", "main", "imports"];

#[derive(Debug, Default)]
struct Row {
    may_use: BTreeSet<String>,
    never: BTreeSet<String>,
}

#[test]
fn every_part_imports_what_the_table_allows_and_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let table = rows(&page);
    let used = uses(&root.join("src"));
    let mut wrong = Vec::new();
    for (unit, uses) in &used {
        let Some(row) = table.get(unit) else {
            wrong.push(format!("src/{unit} has no row"));
            continue;
        };
        for (name, place) in uses {
            if !row.may_use.contains(name) {
                wrong.push(format!("src/{unit} must not use `{name}`, and does in {place}"));
            }
        }
        wrong.extend(
            row.may_use
                .iter()
                .filter(|name| !uses.contains_key(*name))
                .map(|name| format!("src/{unit} does not use `{name}`: take it out of the table")),
        );
        wrong.extend(row.never.intersection(&row.may_use).map(|name| format!("src/{unit}: `{name}` on both sides")));
    }
    wrong.extend(table.keys().filter(|unit| !used.contains_key(*unit)).map(|unit| format!("there is no src/{unit}")));
    for name in table.values().flat_map(|row| row.may_use.union(&row.never)) {
        if !used.contains_key(name) && !CRATES.iter().any(|(word, _)| word == name) {
            wrong.push(format!("the table speaks of `{name}`, which is no part"));
        }
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md, “Who may import what”:\n{}", wrong.join("\n"));
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let found = |text: &str| {
        let names = names_in(&code_of(text), &["hub", "store", "web"].map(String::from).into(), 1);
        names.into_iter().collect::<Vec<_>>().join(" ")
    };
    for (text, expected) in [
        ("use crate::store::orders::Task;", "store"),
        ("use crate::{hub, store::{json, orders}, other};", "hub store"),
        ("fn f() -> crate::web::App { $crate::hub::x!() }", "hub web"),
        ("use super::store::Tx;", "store"),
        ("use self::store; use store::x; mystore::y; super::other::hub::z", ""),
        ("use axum::Router; fn g(a: sqlx::PgPool, b: threadline_slack::ids::Spot) {}", "axum bots sqlx"),
        ("// crate::store\n/* crate::web */ \"crate::hub \\\" axum::x\" r#\"sqlx::y\"# '\"' 'a", ""),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

/// The rows about parts of the service; the crates' rows are Cargo's business.
fn rows(page: &str) -> BTreeMap<String, Row> {
    let lines = page.lines().skip_while(|line| *line != TABLE_HEAD).skip(2).take_while(|line| line.starts_with('|'));
    let mut rows = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [units, may_use, never] = cells[..] else { panic!("three cells: {line}") };
        for unit in quoted(units) {
            if let Some(unit) = unit.strip_prefix("src/").filter(|unit| !FREE.contains(unit)) {
                rows.insert(unit.to_string(), Row { may_use: quoted(may_use), never: quoted(never) });
            }
        }
    }
    assert!(!rows.is_empty(), "no table under {TABLE_HEAD}");
    rows
}

/// What stands between backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(String::from).collect()
}

/// What each part uses, and one place where it does.
fn uses(src: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut files = Vec::new();
    collect(src, &mut files);
    let part = |file: &Path| {
        let inside = file.strip_prefix(src).expect("a file of src");
        let first = inside.components().next().map(|first| first.as_os_str().to_string_lossy().to_string());
        first.expect("a name").trim_end_matches(".rs").to_string()
    };
    let parts: BTreeSet<String> = files.iter().map(|file| part(file)).collect();
    let mut uses: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for file in &files {
        let unit = part(file);
        if FREE.contains(&unit.as_str()) {
            continue;
        }
        let inside = file.strip_prefix(src).expect("a file of src");
        let depth = inside.components().count() - usize::from(inside.ends_with("mod.rs"));
        let text = std::fs::read_to_string(file).expect("a readable source");
        let used = uses.entry(unit.clone()).or_default();
        for name in names_in(&code_of(&text), &parts, depth) {
            if name != unit {
                used.entry(name).or_insert_with(|| format!("src/{}", inside.display()));
            }
        }
    }
    uses
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// Names of parts and crates in the paths of some code; in a file that stands `depth` levels below
/// the root, so many `super` lead there.
fn names_in(code: &str, parts: &BTreeSet<String>, depth: usize) -> BTreeSet<String> {
    let tokens = tokens(code);
    let mut names = BTreeSet::new();
    for at in 0..tokens.len() {
        let starts_path = at == 0 || tokens[at - 1] != "::";
        if !starts_path || tokens.get(at + 1).is_none_or(|next| *next != "::") {
            continue;
        }
        let supers = tokens[at..].chunks(2).take_while(|pair| pair[..] == ["super", "::"]).count();
        if tokens[at] == "crate" || (supers > 0 && supers >= depth) {
            let after = if supers > 0 { at + 2 * supers } else { at + 2 };
            names.extend(heads(&tokens[after..]).filter(|name| parts.contains(*name)).map(String::from));
        }
        names.extend(CRATES.iter().filter(|(_, path)| *path == tokens[at]).map(|(word, _)| (*word).to_string()));
    }
    names
}

/// The first names of a path's rest: one, or those of a group in braces.
fn heads<'a>(rest: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let group = rest.first() == Some(&"{");
    let mut level = 0;
    let inside = rest.iter().scan((), move |(), token| {
        level += i32::from(*token == "{") - i32::from(*token == "}");
        (level > 0).then_some((level, *token))
    });
    let firsts = inside.scan("{", |before, (level, token)| {
        let first = level == 1 && matches!(*before, "{" | ",") && token != "{";
        *before = token;
        Some(first.then_some(token))
    });
    let one = rest.first().copied().filter(|_| !group);
    one.into_iter().chain(firsts.flatten().filter(move |_| group))
}

/// Names, `::`, and every other sign by itself.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let len = match rest.find(|c: char| !is_name(c)).unwrap_or(rest.len()) {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            len => len,
        };
        tokens.push(&rest[..len]);
        rest = rest[len..].trim_start();
    }
    tokens
}

/// The text without comments, strings and characters.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let hashes = rest[c.len_utf8()..].bytes().take_while(|byte| *byte == b'#').count();
        let raw = c == 'r' && rest[1 + hashes..].starts_with('"') && !code.ends_with(|c: char| c.is_alphanumeric());
        let skipped = if rest.starts_with("//") {
            rest.find('\n')
        } else if rest.starts_with("/*") {
            rest.find("*/").map(|end| end + 2)
        } else if raw {
            let end = format!("\"{}", "#".repeat(hashes));
            rest[hashes + 2..].find(&end).map(|at| hashes + 2 + at + end.len())
        } else if c == '"' {
            closing(&rest[1..], '"').map(|at| at + 2)
        } else if c == '\'' {
            // A character; anything else is a lifetime.
            closing(&rest[1..], '\'')
                .filter(|at| *at <= 12 && is_char(&rest[1..1 + at]))
                .map_or(Some(1), |at| Some(at + 2))
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        code.push(' ');
        rest = &rest[skipped.unwrap_or(rest.len())..];
    }
    code
}

/// Where the text is closed, past what a backslash protects.
fn closing(text: &str, by: char) -> Option<usize> {
    let mut protected = false;
    text.char_indices().find_map(|(at, c)| {
        let closes = c == by && !protected;
        protected = c == '\\' && !protected;
        closes.then_some(at)
    })
}

fn is_char(inside: &str) -> bool {
    inside.starts_with('\\') || inside.chars().count() == 1
}
