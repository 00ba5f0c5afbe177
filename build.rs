//! Puts the browser's files into the binary. The modules of `widget/` become one script each for
//! the loader, the chat, the practice desk and the shop; scripts and styles are named by a hash of
//! their content, so that a browser may keep them for ever; all are compressed here, once, as well
//! as it goes. The result is a table in `OUT_DIR/assets.rs`, which `src/web/assets.rs` serves.
//!
//! No bundler and no minifier: joining and stripping are line by line, which works because of three
//! habits of `widget/`, each checked here. Declarations of a module begin at the start of a line and
//! have names of their own; an import is one line; a lone backtick begins or ends a template that
//! spans lines, and any other is escaped.

use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The modules of the loader, those that are imported first.
const LOADER: &[&str] = &["words/fill.js", "words/loader.js", "dom.js", "loader/always.js", "widget.js"];

/// The same, for a site that hides the button while nobody is there.
const SHY_LOADER: &[&str] =
    &["words/fill.js", "words/loader.js", "dom.js", "hours/pause.js", "loader/shy.js", "widget.js"];

/// The modules of the chat.
const CHAT: &[&str] = &[
    "words/fill.js",
    "words/chat.js",
    "dom.js",
    "chat/wire.js",
    "chat/pace.js",
    "chat/memory.js",
    "chat/known.js",
    "chat/tabs.js",
    "chat/outbox.js",
    "chat/talk.js",
    "chat/body.js",
    "chat/log.js",
    "chat/bell.js",
    "chat/part.js",
    "chat/attach.js",
    "chat/composer.js",
    "chat/introduction.js",
    "chat/style.js",
    "chat/chat.js",
];

/// The modules that the chat fetches when it first has to do with a file.
const FILES: &[&str] = &[
    "words/fill.js",
    "words/files.js",
    "dom.js",
    "files/size.js",
    "files/shelf.js",
    "files/uploads.js",
    "files/picture.js",
    "files/tray.js",
    "files/attachments.js",
    "files/style.js",
    "files/files.js",
];

/// The modules that the chat fetches when a conversation is resolved.
const RATING: &[&str] = &["words/fill.js", "words/rating.js", "dom.js", "rating/style.js", "rating/rating.js"];

/// The modules that the chat fetches for a customer whom the site vouches for.
const MINE: &[&str] = &["words/fill.js", "words/mine.js", "dom.js", "mine/style.js", "mine/mine.js"];

/// The modules that the chat fetches where a topic is not answered day and night.
const HOURS: &[&str] =
    &["words/fill.js", "words/hours.js", "dom.js", "hours/pause.js", "hours/style.js", "hours/hours.js"];

/// The modules of the practice desk.
const PRACTICE: &[&str] = &["dom.js", "chat/body.js", "practice-files.js", "practice-there.js", "practice.js"];

/// The modules of the customer's page.
const TICKET: &[&str] = &["words/fill.js", "words/ticket.js", "ticket.js"];

/// The modules of the page of sessions.
const SESSION_PAGE: &[&str] = &["words/fill.js", "words/session.js", "dom.js", "session/picker.js", "session.js"];

/// Digits of a content's hash in a name: 64 bits, so two contents never share one.
const HASH_CHARS: usize = 16;

/// Where a source file has a hash to be filled in: `/assets/chat-HASH.js`.
const HASH: &str = "-HASH.";

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed=widget");
    println!("cargo:rerun-if-changed=build.rs");

    let mut assets = Assets::default();
    let parts = [("files.js", FILES), ("rating.js", RATING), ("mine.js", MINE), ("hours.js", HOURS), ("chat.js", CHAT)];
    for (name, modules) in parts {
        let script = assets.linked(&script(modules, true)?)?;
        // The same under a lasting name, for one that a browser kept over an upgrade.
        assets.add(&format!("/assets/{name}"), JAVASCRIPT, script.clone());
        assets.add_hashed(name, JAVASCRIPT, script);
    }
    for (path, modules) in [("/widget.js", LOADER), ("/assets/widget-shy.js", SHY_LOADER)] {
        let loader = assets.linked(&script(modules, false)?)?;
        assets.add(path, JAVASCRIPT, format!("(() => {{\n'use strict';\n{loader}}})();\n"));
    }
    for (page, modules) in
        [("shop", &["shop.js"][..]), ("practice", PRACTICE), ("ticket", TICKET), ("session", SESSION_PAGE)]
    {
        assets.add_hashed(&format!("{page}.js"), JAVASCRIPT, script(modules, false)?);
        assets.add_hashed(&format!("{page}.css"), CSS, source(&format!("{page}.css"))?);
        let html = assets.linked(&source(&format!("{page}.html"))?)?;
        assets.add(&format!("/{page}.html"), HTML, html);
    }
    assets.write(&PathBuf::from(env::var("OUT_DIR")?))
}

/// The files to embed.
#[derive(Default)]
struct Assets {
    files: Vec<File>,
    /// From `chat-HASH.js` to the name with the hash.
    names: BTreeMap<String, String>,
}

struct File {
    path: String,
    content_type: &'static str,
    content: String,
    hash: String,
    /// True when the name has the hash: under this name there will never be anything else.
    immutable: bool,
}

impl Assets {
    fn add(&mut self, path: &str, content_type: &'static str, content: String) {
        let hash = hash(&content);
        self.files.push(File { path: path.to_string(), content_type, content, hash, immutable: false });
    }

    fn add_hashed(&mut self, name: &str, content_type: &'static str, content: String) {
        let hash = hash(&content);
        let hashed = name.replacen('.', &format!("-{hash}."), 1);
        self.names.insert(name.replacen('.', HASH, 1), hashed.clone());
        self.files.push(File { path: format!("/assets/{hashed}"), content_type, content, hash, immutable: true });
    }

    /// The text with the hashes filled in.
    fn linked(&self, text: &str) -> Result<String> {
        let linked = self.names.iter().fold(text.to_string(), |text, (name, hashed)| text.replace(name, hashed));
        match linked.lines().find(|line| line.contains(HASH)) {
            Some(line) => Err(format!("no asset has the name in {line:?}").into()),
            None => Ok(linked),
        }
    }

    fn write(&self, out: &Path) -> Result<()> {
        let mut table = String::from("static ASSETS: &[Asset] = &[\n");
        for (number, file) in self.files.iter().enumerate() {
            let bytes = file.content.as_bytes();
            fs::write(out.join(format!("{number}.identity")), bytes)?;
            fs::write(out.join(format!("{number}.brotli")), brotli(bytes)?)?;
            fs::write(out.join(format!("{number}.gzip")), gzip(bytes)?)?;
            let File { path, content_type, hash, immutable, .. } = file;
            let bytes = |kind: &str| format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{number}.{kind}\"))");
            writeln!(
                table,
                "Asset {{ path: {path:?}, content_type: {content_type:?}, identity: {}, brotli: {}, gzip: {}, \
                 etag: \"W/\\\"{hash}\\\"\", immutable: {immutable} }},",
                bytes("identity"),
                bytes("brotli"),
                bytes("gzip"),
            )?;
        }
        table.push_str("];\n");
        fs::write(out.join("assets.rs"), table)?;
        Ok(())
    }
}

/// One script of these modules, the last of which may export.
fn script(modules: &[&str], exports: bool) -> Result<String> {
    let mut script = String::new();
    let mut names = BTreeSet::new();
    for (number, module) in modules.iter().enumerate() {
        let keeps_exports = exports && number + 1 == modules.len();
        let code = stripped(&source(module)?).ok_or_else(|| format!("{module} ends inside a comment or a template"))?;
        let mut in_template = false;
        for line in code.lines() {
            if line.starts_with("import ") {
                if !line.ends_with(".js';") {
                    return Err(format!("{module}: an import has to be one line: {line}").into());
                }
                continue;
            }
            let bare = line.strip_prefix("export ").unwrap_or(line);
            if let Some(name) = declared(bare)
                && !names.insert(name.to_string())
            {
                return Err(format!("{module}: {name} is declared by another module of the same script").into());
            }
            let line = if keeps_exports { line } else { bare };
            script.push_str(if in_template { line } else { line.trim_start() });
            script.push('\n');
            in_template ^= lone_backticks(line) % 2 == 1;
        }
    }
    Ok(script)
}

/// The name that a line at the outermost level declares.
fn declared(line: &str) -> Option<&str> {
    let rest =
        ["const ", "let ", "class ", "function ", "async function "].iter().find_map(|word| line.strip_prefix(word))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// The code without blank lines, comments that begin a line, and types; None when it does not end
/// where a line of code may. What stands in a template is left alone.
fn stripped(code: &str) -> Option<String> {
    let mut kept = String::new();
    let (mut in_comment, mut in_template) = (false, false);
    for line in code.lines() {
        let mut line = line;
        if !in_template {
            let bare = line.trim();
            if in_comment || bare.starts_with("/*") {
                let end = line.find("*/");
                in_comment = end.is_none();
                line = end.map_or("", |end| line.get(end + 2..).unwrap_or_default().trim());
            }
            if line.trim().is_empty() || line.trim().starts_with("//") {
                continue;
            }
        }
        let line = if in_template { line.to_string() } else { without_casts(line) };
        in_template ^= lone_backticks(&line) % 2 == 1;
        kept.push_str(&line);
        kept.push('\n');
    }
    (!in_comment && !in_template).then_some(kept)
}

/// A line without the types that stand in it for the checker alone.
fn without_casts(line: &str) -> String {
    let mut bare = line.to_string();
    while let Some((before, rest)) = bare.split_once("/** @type ") {
        let Some((_, after)) = rest.split_once("*/") else { break };
        bare = format!("{before}{}", after.trim_start());
    }
    bare
}

/// The number of backticks that no backslash stands before.
fn lone_backticks(line: &str) -> usize {
    let mut escaped = false;
    let mut count = 0;
    for c in line.chars() {
        count += usize::from(c == '`' && !escaped);
        escaped = c == '\\' && !escaped;
    }
    count
}

fn source(name: &str) -> Result<String> {
    fs::read_to_string(Path::new("widget").join(name)).map_err(|error| format!("widget/{name}: {error}").into())
}

fn hash(content: &str) -> String {
    let mut hash = Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    hash.truncate(HASH_CHARS);
    hash
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &params)?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
