//! The saved replies (`[replies]`): a folder of files, each a reply that is called like the file. They
//! are read once, with the configuration, and what is wrong with one is a mistake like any other.

use super::document::{Document, Place, Table};
use super::secret::Sources;
use std::io;
use std::path::{Path, PathBuf};
use threadline_core::saved::{REPLIES_MAX, REPLY_BYTES_MAX, SavedReplies, SavedReply, wrong_name};
use threadline_core::verb::is_same_word;

/// Where they are looked for if nothing else is said.
const FOLDER: &str = "replies";
/// What the names of their files end with.
const ENDING: &str = "md";
/// Most entries of the folder that are looked at, whatever they are: it is a folder of replies, and no
/// other one was named by mistake.
const ENTRIES_MAX: usize = 10_000;

/// A file in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as far as it is text.
    pub name: String,
    /// How large it is.
    pub bytes: u64,
}

/// The files of a folder, without its folders.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn files_in(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)?.take(ENTRIES_MAX) {
        let entry = entry?;
        // What a link points at counts.
        let about = std::fs::metadata(entry.path())?;
        if about.is_file() {
            files.push(Entry { name: entry.file_name().to_string_lossy().into_owned(), bytes: about.len() });
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

pub(super) fn replies(document: &Document<'_>, table: &Table<'_>, sources: &Sources<'_>) -> SavedReplies {
    let named = table.text("folder");
    let folder = PathBuf::from(named.as_ref().map_or(FOLDER, |found| found.value.as_str()));
    let files = match ((sources.list)(&folder), &named) {
        (Ok(files), _) => files,
        (Err(error), None) if error.kind() == io::ErrorKind::NotFound => return SavedReplies::default(),
        (Err(error), _) => {
            let what = format!("the folder {} cannot be read: {error}", folder.display());
            document.problem(&table.place_of("folder"), what);
            return SavedReplies::default();
        }
    };
    let mut read: Vec<SavedReply> = Vec::new();
    // What an editor or a system leaves there is none.
    let replies = files.into_iter().filter(|file| !file.name.starts_with('.'));
    let named = replies.filter_map(|file| Some((file.name.strip_suffix(ENDING)?.strip_suffix('.')?.to_string(), file)));
    for (at, (name, file)) in named.enumerate() {
        let path = folder.join(&file.name);
        let wrong = |line: usize, what: String| {
            let place = Place { line: Some((path.display().to_string(), line)), key: String::new() };
            document.problem(&place, what);
        };
        if at == REPLIES_MAX {
            wrong(1, format!("is one too many: there can be {REPLIES_MAX} saved replies"));
            break;
        }
        if let Some(why) = wrong_name(&name) {
            wrong(1, format!("{name:?} {why}"));
            continue;
        }
        if let Some(twin) = read.iter().find(|other| is_same_word(&other.name, &name)) {
            wrong(1, format!("is called like {}.{ENDING}: upper and lower case are the same", twin.name));
            continue;
        }
        // Before it is read: somebody may have put a film there.
        if file.bytes > REPLY_BYTES_MAX as u64 {
            wrong(1, format!("has {} bytes; a saved reply has at most {REPLY_BYTES_MAX}", file.bytes));
            continue;
        }
        match (sources.read)(&path) {
            Ok(text) => match SavedReply::new(&name, &text) {
                Ok(reply) => read.push(reply),
                Err(mistake) => wrong(mistake.line, mistake.what),
            },
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                wrong(1, "is not UTF-8; save it as such".to_string());
            }
            Err(error) => wrong(1, format!("cannot be read: {error}")),
        }
    }
    SavedReplies::new(read)
}
