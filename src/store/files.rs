//! Files whose bytes are here, as rows: whose they are, and under which hash they are kept.

use super::dialect::for_update;
use super::many::{powers_of_two, push_list};
use super::{Store, StoreError, Tx, inconsistent, on_read, on_tx};
use sqlx::QueryBuilder;
use std::collections::HashSet;
use threadline_core::file::{Hash, Picture, StoredFile};
use threadline_core::ids::{ConversationId, FileId, MessageId, Moment};

/// A file that is here, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// The file.
    pub file: StoredFile,
    /// Whose conversation.
    pub conversation: ConversationId,
    /// What makes it the same file when it is uploaded again.
    pub key: String,
    /// What it is part of; none until something is.
    pub owner: Option<Owner>,
    /// When it was taken in.
    pub at: Moment,
}

/// What a file is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A message: a customer can see it if he sees that.
    Message(MessageId),
    /// A post at the practice desk, by its key there: the team's, until it is fetched from there.
    Practice(String),
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    conversation: String,
    key: String,
    owner: Option<String>,
    name: String,
    media_type: String,
    bytes: i64,
    hash: String,
    width: Option<i64>,
    height: Option<i64>,
    thumbnail: Option<String>,
    at: i64,
}

const COLUMNS: &str = "id, conversation, key, owner, name, media_type, bytes, hash, width, height, thumbnail, at";

impl Tx {
    /// Writes files that are new; one whose key is there already stays as it is.
    pub async fn insert_files(&mut self, files: &[FileRow]) -> Result<(), StoreError> {
        for chunk in powers_of_two(files) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new(format!("INSERT INTO file ({COLUMNS}) "));
                query.push_values(chunk, |mut row, it| {
                    let picture = it.file.picture.as_ref();
                    row.push_bind(it.file.id.to_string())
                        .push_bind(it.conversation.to_string())
                        .push_bind(it.key.as_str())
                        .push_bind(it.owner.as_ref().map(owner_word))
                        .push_bind(it.file.name.as_str())
                        .push_bind(it.file.media_type.as_str())
                        .push_bind(i64::try_from(it.file.bytes).unwrap_or(i64::MAX))
                        .push_bind(it.file.hash.0.as_str())
                        .push_bind(picture.map(|picture| i64::from(picture.width)))
                        .push_bind(picture.map(|picture| i64::from(picture.height)))
                        .push_bind(picture.map(|picture| picture.thumbnail.0.as_str()))
                        .push_bind(it.at.0);
                });
                query.push(" ON CONFLICT (key) DO NOTHING");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Files by their ids, locked until the commit, in one order.
    pub async fn files(&mut self, ids: &[FileId]) -> Result<Vec<FileRow>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let lock = for_update(self);
        let rows: Vec<Row> = on_tx!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM file WHERE id IN "));
            push_list(&mut query, ids.iter().map(ToString::to_string));
            query.push(" ORDER BY id").push(lock);
            query.build_query_as().fetch_all(c).await?
        });
        rows.into_iter().map(file_from).collect()
    }

    /// The file of this key.
    pub async fn file_by_key(&mut self, key: &str) -> Result<Option<FileRow>, StoreError> {
        let row: Option<Row> = on_tx!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM file WHERE key = "));
            query.push_bind(key);
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(file_from).transpose()
    }

    /// Makes these files part of something.
    pub async fn own_files(&mut self, owner: &Owner, ids: &[FileId]) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            let mut query = QueryBuilder::new("UPDATE file SET owner = ");
            query.push_bind(owner_word(owner)).push(" WHERE id IN ");
            push_list(&mut query, ids.iter().map(ToString::to_string));
            query.build().execute(c).await?;
        });
        Ok(())
    }

    /// Forgets files; their bytes are swept away later.
    pub async fn forget_files(&mut self, ids: &[FileId]) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            let mut query = QueryBuilder::new("DELETE FROM file WHERE id IN ");
            push_list(&mut query, ids.iter().map(ToString::to_string));
            query.build().execute(c).await?;
        });
        Ok(())
    }

    /// Forgets files that nothing is made of and that came before `before`, at most `limit`.
    pub async fn forget_unowned_files(&mut self, before: Moment, limit: i64) -> Result<u64, StoreError> {
        Ok(on_tx!(self, |c| sqlx::query(
            "DELETE FROM file WHERE owner IS NULL AND id IN \
             (SELECT id FROM file WHERE owner IS NULL AND at < $1 LIMIT $2)",
        )
        .bind(before.0)
        .bind(limit)
        .execute(c)
        .await?
        .rows_affected()))
    }
}

impl Store {
    /// A file by its id.
    pub async fn file(&self, id: FileId) -> Result<Option<FileRow>, StoreError> {
        let row: Option<Row> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM file WHERE id = "));
            query.push_bind(id.to_string());
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(file_from).transpose()
    }

    /// The file of this key.
    pub async fn file_by_key(&self, key: &str) -> Result<Option<FileRow>, StoreError> {
        let row: Option<Row> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM file WHERE key = "));
            query.push_bind(key);
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(file_from).transpose()
    }

    /// How many bytes the customer has uploaded in a conversation since then.
    pub async fn bytes_uploaded_since(&self, id: ConversationId, since: Moment) -> Result<u64, StoreError> {
        let bytes: i64 = on_read!(self, |c| {
            sqlx::query_scalar(
                "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM file WHERE conversation = $1 AND at >= $2 \
                 AND key LIKE $3",
            )
            .bind(id.to_string())
            .bind(since.0)
            .bind(format!("{OF_CUSTOMERS}%"))
            .fetch_one(c)
            .await?
        });
        Ok(u64::try_from(bytes).unwrap_or_default())
    }

    /// Those of these hashes under which something of a file is kept.
    pub async fn hashes_in_use(&self, hashes: &[Hash]) -> Result<HashSet<Hash>, StoreError> {
        let mut used = HashSet::new();
        for column in ["hash", "thumbnail"] {
            let found: Vec<String> = on_read!(self, |c| {
                let mut query = QueryBuilder::new(format!("SELECT {column} FROM file WHERE {column} IN "));
                push_list(&mut query, hashes.iter().map(|hash| hash.0.clone()));
                query.build_query_scalar().fetch_all(c).await?
            });
            used.extend(found.into_iter().map(Hash));
        }
        Ok(used)
    }
}

/// How the keys of the practice desk's posts begin.
const OF_PRACTICE: &str = "practice/";
/// How the keys of what customers upload begin.
pub const OF_CUSTOMERS: &str = "w/";

fn owner_word(owner: &Owner) -> String {
    match owner {
        Owner::Message(id) => id.to_string(),
        Owner::Practice(post) => post.clone(),
    }
}

fn file_from(row: Row) -> Result<FileRow, StoreError> {
    let wrong = |what: &str| inconsistent("file", row.id.clone(), what);
    let owner = match row.owner.as_deref() {
        None => None,
        Some(word) if word.starts_with(OF_PRACTICE) => Some(Owner::Practice(word.to_string())),
        Some(word) => Some(Owner::Message(word.parse().map_err(|_| wrong("no owner"))?)),
    };
    let side = |side: i64| u32::try_from(side).map_err(|_| wrong("no size"));
    let picture = match (row.width, row.height, row.thumbnail.clone()) {
        (Some(width), Some(height), Some(thumbnail)) => {
            Some(Picture { width: side(width)?, height: side(height)?, thumbnail: Hash(thumbnail) })
        }
        (None, None, None) => None,
        _ => return Err(wrong("half a picture")),
    };
    let file = StoredFile {
        id: row.id.parse().map_err(|_| wrong("no id"))?,
        name: row.name.clone(),
        media_type: row.media_type.clone(),
        bytes: u64::try_from(row.bytes).map_err(|_| wrong("no size"))?,
        hash: Hash(row.hash.clone()),
        picture,
    };
    let conversation = row.conversation.parse().map_err(|_| wrong("no conversation id"))?;
    Ok(FileRow { file, conversation, key: row.key.clone(), owner, at: Moment(row.at) })
}
