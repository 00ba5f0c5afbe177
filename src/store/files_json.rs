//! The files of a message as JSON, as they stand in the database's `files` columns. This form is ours
//! alone; what customers get of a file is written in `web`.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use threadline_core::file::{AtDesk, Attachment, DeskFile, DeskFileKey, FileTrouble, Hash, Picture, StoredFile};

#[derive(Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
enum AttachmentJson<'a> {
    Sent { file: FileJson<'a>, desk: AtDeskJson<'a> },
    Awaited { key: Cow<'a, str>, name: Cow<'a, str>, bytes: Option<u64> },
    Fetched { key: Cow<'a, str>, file: FileJson<'a> },
    Missing { key: Cow<'a, str>, name: Cow<'a, str>, why: TroubleJson<'a> },
}

#[derive(Serialize, Deserialize)]
struct FileJson<'a> {
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    media_type: Cow<'a, str>,
    bytes: u64,
    hash: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<PictureJson<'a>>,
}

#[derive(Serialize, Deserialize)]
struct PictureJson<'a> {
    width: u32,
    height: u32,
    thumbnail: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AtDeskJson<'a> {
    NotYet,
    Uploaded(Cow<'a, str>),
    Refused(Cow<'a, str>),
    TriedAgain,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TroubleJson<'a> {
    TooLarge(u64),
    TypeNotAllowed(Cow<'a, str>),
    Unreadable,
    Deleted,
    Elsewhere,
    NotPermitted,
    Unreachable,
}

/// The files of a message; none when it has no files.
pub(super) fn attachments_to_json(files: &[Attachment]) -> Option<String> {
    to_json(files.iter().map(attachment_json).collect::<Vec<_>>())
}

/// Reads the files of a message back; none when the text is not theirs.
pub(super) fn attachments_from_json(text: Option<&str>) -> Option<Vec<Attachment>> {
    let Some(text) = text else { return Some(Vec::new()) };
    let files: Vec<AttachmentJson<'_>> = serde_json::from_str(text).ok()?;
    files.into_iter().map(attachment_from).collect()
}

/// Files that are here; none when there are none.
pub(super) fn files_to_json(files: &[StoredFile]) -> Option<String> {
    to_json(files.iter().map(file_json).collect::<Vec<_>>())
}

/// Reads files that are here back; none when the text is not theirs.
pub(super) fn files_from_json(text: Option<&str>) -> Option<Vec<StoredFile>> {
    let Some(text) = text else { return Some(Vec::new()) };
    let files: Vec<FileJson<'_>> = serde_json::from_str(text).ok()?;
    files.into_iter().map(file_from).collect()
}

fn to_json<T: Serialize>(files: Vec<T>) -> Option<String> {
    // Writing to a string fails only for maps whose keys are no strings.
    if files.is_empty() { None } else { serde_json::to_string(&files).ok() }
}

fn attachment_json(file: &Attachment) -> AttachmentJson<'_> {
    match file {
        Attachment::Sent { file, desk } => {
            let desk = match desk {
                AtDesk::NotYet => AtDeskJson::NotYet,
                AtDesk::Uploaded(key) => AtDeskJson::Uploaded(key.0.as_str().into()),
                AtDesk::Refused { why } => AtDeskJson::Refused(why.into()),
                AtDesk::TriedAgain => AtDeskJson::TriedAgain,
            };
            AttachmentJson::Sent { file: file_json(file), desk }
        }
        Attachment::Awaited(DeskFile { key, name, bytes, deleted: _ }) => {
            AttachmentJson::Awaited { key: key.0.as_str().into(), name: name.into(), bytes: *bytes }
        }
        Attachment::Fetched { key, file } => {
            AttachmentJson::Fetched { key: key.0.as_str().into(), file: file_json(file) }
        }
        Attachment::Missing { key, name, why } => {
            let why = match why {
                FileTrouble::TooLarge { bytes_max } => TroubleJson::TooLarge(*bytes_max),
                FileTrouble::TypeNotAllowed { media_type } => TroubleJson::TypeNotAllowed(media_type.into()),
                FileTrouble::Unreadable => TroubleJson::Unreadable,
                FileTrouble::Deleted => TroubleJson::Deleted,
                FileTrouble::Elsewhere => TroubleJson::Elsewhere,
                FileTrouble::NotPermitted => TroubleJson::NotPermitted,
                FileTrouble::Unreachable => TroubleJson::Unreachable,
            };
            AttachmentJson::Missing { key: key.0.as_str().into(), name: name.into(), why }
        }
    }
}

fn attachment_from(json: AttachmentJson<'_>) -> Option<Attachment> {
    let key = |key: Cow<'_, str>| DeskFileKey(key.into_owned());
    Some(match json {
        AttachmentJson::Sent { file, desk } => {
            let desk = match desk {
                AtDeskJson::NotYet => AtDesk::NotYet,
                AtDeskJson::Uploaded(uploaded) => AtDesk::Uploaded(key(uploaded)),
                AtDeskJson::Refused(why) => AtDesk::Refused { why: why.into_owned() },
                AtDeskJson::TriedAgain => AtDesk::TriedAgain,
            };
            Attachment::Sent { file: file_from(file)?, desk }
        }
        AttachmentJson::Awaited { key: it, name, bytes } => {
            Attachment::Awaited(DeskFile { key: key(it), name: name.into_owned(), bytes, deleted: false })
        }
        AttachmentJson::Fetched { key: it, file } => Attachment::Fetched { key: key(it), file: file_from(file)? },
        AttachmentJson::Missing { key: it, name, why } => {
            let why = match why {
                TroubleJson::TooLarge(bytes_max) => FileTrouble::TooLarge { bytes_max },
                TroubleJson::TypeNotAllowed(media_type) => {
                    FileTrouble::TypeNotAllowed { media_type: media_type.into_owned() }
                }
                TroubleJson::Unreadable => FileTrouble::Unreadable,
                TroubleJson::Deleted => FileTrouble::Deleted,
                TroubleJson::Elsewhere => FileTrouble::Elsewhere,
                TroubleJson::NotPermitted => FileTrouble::NotPermitted,
                TroubleJson::Unreachable => FileTrouble::Unreachable,
            };
            Attachment::Missing { key: key(it), name: name.into_owned(), why }
        }
    })
}

fn file_json(file: &StoredFile) -> FileJson<'_> {
    let picture = file.picture.as_ref().map(|Picture { width, height, thumbnail }| PictureJson {
        width: *width,
        height: *height,
        thumbnail: thumbnail.0.as_str().into(),
    });
    FileJson {
        id: file.id.to_string().into(),
        name: file.name.as_str().into(),
        media_type: file.media_type.as_str().into(),
        bytes: file.bytes,
        hash: file.hash.0.as_str().into(),
        picture,
    }
}

fn file_from(json: FileJson<'_>) -> Option<StoredFile> {
    let picture = json.picture.map(|PictureJson { width, height, thumbnail }| Picture {
        width,
        height,
        thumbnail: Hash(thumbnail.into_owned()),
    });
    Some(StoredFile {
        id: json.id.parse().ok()?,
        name: json.name.into_owned(),
        media_type: json.media_type.into_owned(),
        bytes: json.bytes,
        hash: Hash(json.hash.into_owned()),
        picture,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use threadline_core::ids::FileId;

    #[test]
    fn files_read_back_as_they_were_written() {
        let picture = Some(Picture { width: 3, height: 2, thumbnail: Hash("cd".into()) });
        let (media_type, hash) = ("image/png".to_string(), Hash("ab".into()));
        let file = StoredFile { id: FileId(7), name: "a \"b\".png".into(), media_type, bytes: 9, hash, picture };
        let bare = StoredFile { picture: None, ..file.clone() };
        let (key, name) = (DeskFileKey("slack/T1/F1".into()), "c.pdf".to_string());
        let troubles = [
            FileTrouble::TooLarge { bytes_max: 5 },
            FileTrouble::TypeNotAllowed { media_type: "a/b".into() },
            FileTrouble::Unreadable,
            FileTrouble::Deleted,
            FileTrouble::Elsewhere,
            FileTrouble::NotPermitted,
            FileTrouble::Unreachable,
        ];
        let missing = troubles.map(|why| Attachment::Missing { key: key.clone(), name: name.clone(), why });
        let mut files = vec![
            Attachment::Sent { file: file.clone(), desk: AtDesk::NotYet },
            Attachment::Sent { file: bare.clone(), desk: AtDesk::Uploaded(key.clone()) },
            Attachment::Sent { file: bare.clone(), desk: AtDesk::Refused { why: "no".into() } },
            Attachment::Sent { file: bare.clone(), desk: AtDesk::TriedAgain },
            Attachment::Awaited(DeskFile { key: key.clone(), name: name.clone(), bytes: None, deleted: false }),
            Attachment::Fetched { key, file: file.clone() },
        ];
        files.extend(missing);
        assert_eq!(attachments_from_json(attachments_to_json(&files).as_deref()), Some(files));
        assert_eq!((attachments_to_json(&[]), attachments_from_json(None)), (None, Some(vec![])));
        let stored = vec![file, bare];
        assert_eq!(files_from_json(files_to_json(&stored).as_deref()), Some(stored));
        assert_eq!(attachments_from_json(Some("[{\"t\":\"script\"}]")), None);
    }
}
