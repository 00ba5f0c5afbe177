//! `[files]`: where files are kept, and which are taken. The keys of a bucket only ever come from the
//! environment or from files.

use super::document::{Document, Found, Table};
use super::secret::{Given, Secret, Sources};
use super::{Bucket, Files, Keep};
use std::num::NonZeroU64;
use std::path::PathBuf;
use threadline_core::file::FILES_MAX;
use threadline_core::media::KINDS;

/// The most that Slack takes (slack.com/help, "Add files to Slack": 1 GB).
const FILE_BYTES_MAX: u32 = 1024 * 1024 * 1024;
/// More files than this are not looked at one by one, and are better one archive.
const PER_MESSAGE_MAX: u32 = FILES_MAX as u32;
/// As people count the size of files.
const MEGABYTE: u64 = 1024 * 1024;
/// A terabyte a day is no limit.
const MEGABYTES_PER_DAY_MAX: u32 = 1024 * 1024;
/// Where a bucket is when nothing is said: what most servers that speak S3 take for their only region.
const REGION: &str = "us-east-1";
/// What opens the bucket: the variable, and the key of the name of a file that holds it.
const ACCESS_KEY_ID: (&str, &str) = ("THREADLINE_S3_ACCESS_KEY_ID", "access_key_id_file");
const SECRET_ACCESS_KEY: (&str, &str) = ("THREADLINE_S3_SECRET_ACCESS_KEY", "secret_access_key_file");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    S3,
}

pub(super) fn files(document: &Document<'_>, table: &Table<'_>, sources: &Sources<'_>) -> Option<Files> {
    let default = Files::default();
    let number = |key, bounds, default| table.number(key, bounds).map_or(default, |found| found.value);
    let bytes_max = u32::try_from(default.bytes_max).unwrap_or(FILE_BYTES_MAX);
    // 0 in the file is no limit.
    let per_day = match table.number("megabytes_per_conversation_per_day", 0..=MEGABYTES_PER_DAY_MAX) {
        Some(found) => NonZeroU64::new(u64::from(found.value) * MEGABYTE),
        None => default.bytes_per_conversation_per_day,
    };
    let types = table.texts("types").map(|types| {
        let known = |found: &Found<String>| {
            let known = KINDS.iter().any(|(kind, _)| *kind == found.value);
            if !known {
                let what = format!("is no type that Threadline can tell by a file's content: {:?}", found.value);
                document.problem(&found.place, what);
            }
            known
        };
        types.into_iter().filter(known).map(|found| found.value).collect()
    });
    let files = Files {
        folder: table.text("folder").map_or(default.folder, |found| PathBuf::from(found.value)),
        keep: Keep::Here,
        bytes_max: number("bytes_max", 1..=FILE_BYTES_MAX, bytes_max).into(),
        per_message_max: number("per_message_max", 1..=PER_MESSAGE_MAX, default.per_message_max),
        bytes_per_conversation_per_day: per_day,
        types: types.unwrap_or(default.types),
    };
    Some(Files { keep: keep(document, table, sources)?, ..files })
}

fn keep(document: &Document<'_>, table: &Table<'_>, sources: &Sources<'_>) -> Option<Keep> {
    let wrong = table.has("storage");
    let kind = table.choice("storage", &[("folder", Kind::Folder), ("s3", Kind::S3)]);
    let (bucket, endpoint, region) = (table.text("bucket"), table.text("endpoint"), table.text("region"));
    let files = [ACCESS_KEY_ID, SECRET_ACCESS_KEY].map(|(_, key)| table.text(key));
    match kind.map(|found| found.value) {
        None if wrong => return None,
        None | Some(Kind::Folder) => {
            for found in [bucket, endpoint, region].into_iter().chain(files).flatten() {
                document.problem(&found.place, "is for storage = \"s3\" only");
            }
            return Some(Keep::Here);
        }
        Some(Kind::S3) => {}
    }
    let name = match bucket {
        Some(found) if is_bucket(&found.value) => Some(found.value),
        Some(found) => {
            let what = format!("is no name of a bucket: 3 to 63 of a-z, 0-9, - and ., is {:?}", found.value);
            document.problem(&found.place, what);
            None
        }
        None if table.has("bucket") => None,
        None => {
            document.problem(&table.place_of("bucket"), "is missing: storage = \"s3\" needs the name of a bucket");
            None
        }
    };
    let endpoint = match endpoint {
        Some(found) if is_address(&found.value) => Some(Some(found.value.trim_end_matches('/').to_owned())),
        Some(found) => {
            let what = format!("must be an address such as https://minio.example.com:9000, is {:?}", found.value);
            document.problem(&found.place, what);
            None
        }
        None if table.has("endpoint") => None,
        None => Some(None),
    };
    let region = match region {
        Some(found) => Some(found.value),
        None if table.has("region") => None,
        None => Some(REGION.to_owned()),
    };
    let secret = |(variable, key): (&str, &'static str), file: Option<Found<String>>| {
        let configured = match file {
            Some(file) => Given::Right(file),
            None if table.has(key) => Given::Wrong,
            None => Given::Missing,
        };
        match sources.secret(document, variable, configured) {
            Given::Right(found) => Some(Secret::new(found.value)),
            Given::Wrong => None,
            Given::Missing => {
                let what = format!(
                    "is missing: what opens the bucket; set {variable} in the environment, or name a file that holds \
                     it in {variable}_FILE or files.{key}"
                );
                document.problem(&table.place_of(key), what);
                None
            }
        }
    };
    let [id_file, key_file] = files;
    let (access_key_id, secret_access_key) = (secret(ACCESS_KEY_ID, id_file), secret(SECRET_ACCESS_KEY, key_file));
    Some(Keep::Bucket(Bucket {
        name: name?,
        endpoint: endpoint?,
        region: region?,
        access_key_id: access_key_id?,
        secret_access_key: secret_access_key?,
    }))
}

/// As S3 has them (docs.aws.amazon.com, "Bucket naming rules").
fn is_bucket(name: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    (3..=63).contains(&name.len()) && name.chars().all(good)
}

fn is_address(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let plain = uri.path() == "/" || uri.path().is_empty();
    plain && uri.query().is_none() && uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
}
