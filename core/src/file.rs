//! A file that is part of a message: what is known of it, and what became of it on the way to the
//! other side. The bytes are elsewhere, under their hash; nothing here touches them.

use crate::body::is_invisible;
use crate::ids::FileId;
use std::fmt;

/// Longest name that is kept, in characters: what a line of the chat and of a desk can show.
pub const NAME_CHARS_MAX: usize = 120;
/// Most files of a message that are looked at, whoever sent it (Slack: ten in one message).
pub const FILES_MAX: usize = 20;

/// A file as its desk names it, made and parsed only by the bot of its platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeskFileKey(pub String);

/// SHA-256 of some bytes, in hex: the name under which they are kept, once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub String);

/// A file whose bytes are here. Nothing of it ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Which.
    pub id: FileId,
    /// Its name, as [`clean_name`] leaves it.
    pub name: String,
    /// What it is, by its content.
    pub media_type: String,
    /// How many bytes.
    pub bytes: u64,
    /// Where they are.
    pub hash: Hash,
    /// For a picture that a browser may show: what is needed to show it.
    pub picture: Option<Picture>,
}

/// A picture that can be shown in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its width as it is looked at, in pixels.
    pub width: u32,
    /// Its height as it is looked at, in pixels.
    pub height: u32,
    /// A small version of it.
    pub thumbnail: Hash,
}

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// The customer sent it.
    Sent {
        /// The file.
        file: StoredFile,
        /// What the desk has of it.
        desk: AtDesk,
    },
    /// An agent attached it; it is being fetched from the desk.
    Awaited(DeskFile),
    /// An agent attached it, and it is here.
    Fetched {
        /// As the desk names it.
        key: DeskFileKey,
        /// The file.
        file: StoredFile,
    },
    /// An agent attached it, and the customer does not get it.
    Missing {
        /// As the desk names it.
        key: DeskFileKey,
        /// Its name.
        name: String,
        /// Why not.
        why: FileTrouble,
    },
}

/// What the desk has of a customer's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtDesk {
    /// Nothing, as far as is known.
    NotYet,
    /// Its bytes, under this name; it may stand in the thread already, and is looked for by it.
    Uploaded(DeskFileKey),
    /// It will never take it.
    Refused {
        /// In the platform's words.
        why: String,
    },
    /// It refused it, and it is tried again: as another file at the end of its message, because what was
    /// posted after it was posted. This one is nothing to anybody.
    TriedAgain,
}

/// A file that an agent attached, as the desk tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskFile {
    /// As the desk names it.
    pub key: DeskFileKey,
    /// Its name there.
    pub name: String,
    /// Its size, if the desk says.
    pub bytes: Option<u64>,
    /// True when it was deleted there.
    pub deleted: bool,
}

/// Why a file does not come over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileTrouble {
    /// It is larger than what is taken.
    TooLarge {
        /// The most that is taken.
        bytes_max: u64,
    },
    /// Files of this type are not taken.
    TypeNotAllowed {
        /// What it is, by its content.
        media_type: String,
    },
    /// It says it is a picture and cannot be read as one of a sane size, or it is empty.
    Unreadable,
    /// It was deleted at the desk.
    Deleted,
    /// The desk has only a link to it; another service has the bytes.
    Elsewhere,
    /// The desk does not let the bot read it; the operator has to mend that.
    NotPermitted,
    /// It could not be fetched, however often it was tried.
    Unreachable,
}

impl FileTrouble {
    /// True for what may be over soon, or once somebody has mended it.
    pub fn may_pass(&self) -> bool {
        match self {
            FileTrouble::NotPermitted | FileTrouble::Unreachable => true,
            FileTrouble::TooLarge { .. }
            | FileTrouble::TypeNotAllowed { .. }
            | FileTrouble::Unreadable
            | FileTrouble::Deleted
            | FileTrouble::Elsewhere => false,
        }
    }
}

impl Attachment {
    /// True for a file of which nobody is shown anything.
    pub fn is_hidden(&self) -> bool {
        matches!(self, Attachment::Sent { desk: AtDesk::TriedAgain, .. })
    }

    /// The file, if its bytes are here.
    pub fn stored(&self) -> Option<&StoredFile> {
        match self {
            Attachment::Sent { file, .. } | Attachment::Fetched { file, .. } => Some(file),
            Attachment::Awaited(_) | Attachment::Missing { .. } => None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Attachment::Sent { file, .. } | Attachment::Fetched { file, .. } => &file.name,
            Attachment::Awaited(file) => &file.name,
            Attachment::Missing { name, .. } => name,
        }
    }
}

impl fmt::Display for FileTrouble {
    /// For the team, after "the customer did not get the file: ".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileTrouble::TooLarge { bytes_max } => write!(f, "it is larger than {}", size(*bytes_max)),
            FileTrouble::TypeNotAllowed { media_type } => write!(f, "files of the type {media_type} are not allowed"),
            FileTrouble::Unreadable => f.write_str("it is empty, or a picture that cannot be read"),
            FileTrouble::Deleted => f.write_str("it was deleted"),
            FileTrouble::Elsewhere => f.write_str("another service has it; send its link instead"),
            FileTrouble::NotPermitted => {
                f.write_str("the bot may not read files here; the operator was told what to do about it")
            }
            FileTrouble::Unreachable => f.write_str("it could not be fetched"),
        }
    }
}

/// A size as people read it, never more than it is: `25 MB`, `1.5 MB`, `900 bytes`.
pub fn size(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * 1024;
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        KIB..MIB => format!("{} kB", bytes / KIB),
        _ if bytes.is_multiple_of(MIB) || bytes >= 10 * MIB => format!("{} MB", bytes / MIB),
        _ => format!("{}.{} MB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

/// A file's name as it is safe to show and to save: no folders, one line, nothing invisible or that
/// turns text around, nothing that a file system takes for something else, of bounded length, and
/// with an ending of its type, where the type has some: what the content is wins over the name.
pub fn clean_name(name: &str, endings: &[&str]) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean = String::new();
    for c in last.chars() {
        match c {
            ' ' | '\t' | '\n' | '\r' | '\u{a0}' if clean.is_empty() || clean.ends_with(' ') => {}
            ' ' | '\t' | '\n' | '\r' | '\u{a0}' => clean.push(' '),
            c if is_invisible(c) => {}
            ':' | '*' | '?' | '"' | '<' | '>' | '|' | '`' => clean.push('_'),
            c => clean.push(c),
        }
    }
    // A name of dots is a folder, one that begins with a dot is hidden, one that ends with one is cut.
    let bare = clean.trim_matches(['.', ' ']);
    let (stem, ending) = match bare.rsplit_once('.') {
        Some((stem, ending)) if !ending.is_empty() && ending.chars().count() <= ENDING_CHARS_MAX => (stem, ending),
        Some(_) | None => (bare, ""),
    };
    let fits = |ending: &str| endings.iter().any(|one| one.eq_ignore_ascii_case(ending));
    let (stem, ending) = match endings.first() {
        Some(first) if !fits(ending) => (bare, *first),
        Some(_) | None => (stem, ending),
    };
    let stem = stem.trim_matches(['.', ' ']);
    let stem = if stem.is_empty() { NAMELESS } else { stem };
    let stem = if is_device(stem) { &format!("_{stem}") } else { stem };
    let ending = if ending.is_empty() { String::new() } else { format!(".{ending}") };
    let room = NAME_CHARS_MAX - ending.chars().count();
    let short: String = stem.chars().take(room).collect();
    format!("{}{ending}", short.trim_end_matches(['.', ' ']))
}

/// True for a name that Windows takes for a device, whatever follows its first dot (Microsoft, "Naming Files,
/// Paths, and Namespaces").
fn is_device(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = first.strip_prefix("com").or_else(|| first.strip_prefix("lpt"));
    matches!(first.as_str(), "con" | "prn" | "aux" | "nul")
        || numbered.is_some_and(|digit| {
            matches!(digit, "\u{b9}" | "\u{b2}" | "\u{b3}") || digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit()
        })
}

/// What a file without a name is called.
const NAMELESS: &str = "file";
/// What stands after the last dot is an ending only if it is short.
const ENDING_CHARS_MAX: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_made_safe_and_stay_readable() {
        let png: &[&str] = &["png"];
        for (name, endings, clean) in [
            ("Screenshot 2026-01-01 at 10.00.png", png, "Screenshot 2026-01-01 at 10.00.png"),
            ("PHOTO.PNG", png, "PHOTO.PNG"),
            ("../../etc/passwd", &["txt"], "passwd.txt"),
            ("..\\..\\boot.ini", &[], "boot.ini"),
            ("/", &[], "file"),
            ("...", &["png"], "file.png"),
            (".htaccess", &["txt"], "htaccess.txt"),
            ("invoice\u{202e}gnp.exe", png, "invoicegnp.exe.png"),
            ("a\nb\r\n\tc\u{0}.png", png, "a b c.png"),
            ("<img src=x onerror=alert(1)>.png", png, "_img src=x onerror=alert(1)_.png"),
            ("con: \"x\"|y?.csv", &["csv"], "con_ _x__y_.csv"),
            ("Übergröße 写真.jpeg", &["jpg", "jpeg"], "Übergröße 写真.jpeg"),
            ("\u{200b}\u{feff}", &[], "file"),
            ("archive.tar.gz", &[], "archive.tar.gz"),
            ("CON", &["txt"], "_CON.txt"),
            ("nul.tar.gz", &[], "_nul.tar.gz"),
            ("com1.csv", &["csv"], "_com1.csv"),
            ("LPT\u{b2}.csv", &["csv"], "_LPT\u{b2}.csv"),
            ("console.csv", &["csv"], "console.csv"),
            ("what a. long sentence this is", &[], "what a. long sentence this is"),
        ] {
            assert_eq!(clean_name(name, endings), clean, "{name:?}");
        }
        let long = clean_name(&("x".repeat(10_000) + ".png"), png);
        assert_eq!((long.chars().count(), long.ends_with("x.png")), (NAME_CHARS_MAX, true));
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, said) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 kB"),
            (26_214_400, "25 MB"),
            (1_600_000, "1.5 MB"),
            (u64::MAX, "17592186044415 MB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }

    proptest! {
        #[test]
        fn whatever_the_name_the_clean_one_is_harmless(name in "\\PC{0,40}[./\\\\: \u{202e}\u{200d}\n]{0,9}\\PC{0,200}") {
            let clean = clean_name(&name, &["pdf"]);
            prop_assert!(!clean.is_empty() && clean.chars().count() <= NAME_CHARS_MAX, "{clean:?}");
            prop_assert!(clean.to_lowercase().ends_with(".pdf"), "{clean:?}");
            prop_assert!(!clean.starts_with(['.', ' ']), "{clean:?}");
            let bad = |c: char| (is_invisible(c) && c != ' ') || "/\\:*?\"<>|`".contains(c);
            prop_assert!(!clean.contains(bad), "{clean:?}");
            prop_assert_eq!(clean_name(&clean, &["pdf"]), clean);
        }
    }
}
