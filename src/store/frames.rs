//! Frames as rows: what platforms sent, to the letter.

use super::many::{ROWS_MAX, powers_of_two, push_list};
use super::{Store, StoreError, Tx, on_read, on_tx};
use sqlx::{Database, Encode, QueryBuilder, Type};
use threadline_core::desk::Frame;
use threadline_core::ids::Moment;

/// What letters that came in are kept as.
pub const MAIL: &str = "mail";

impl Tx {
    /// Stores frames that are not stored yet, as unread; answers with the keys of those that are new.
    pub async fn keep_frames(
        &mut self,
        platform: &str,
        frames: &[&Frame],
        now: Moment,
    ) -> Result<Vec<String>, StoreError> {
        let mut new = Vec::with_capacity(frames.len());
        for chunk in powers_of_two(frames) {
            let keys: Vec<String> = on_tx!(self, |c| {
                let mut query = frames_to_insert(platform, chunk, now, None);
                query.push(" RETURNING key");
                query.build_query_scalar().fetch_all(c).await?
            });
            new.extend(keys);
        }
        Ok(new)
    }

    /// Stores frames whose events are applied in the same transaction.
    pub async fn insert_read_frames(
        &mut self,
        platform: &str,
        frames: &[&Frame],
        now: Moment,
    ) -> Result<(), StoreError> {
        for chunk in powers_of_two(frames) {
            on_tx!(self, |c| {
                frames_to_insert(platform, chunk, now, Some(now)).build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Marks frames as read.
    pub async fn mark_frames_read(&mut self, platform: &str, keys: &[String], now: Moment) -> Result<(), StoreError> {
        for chunk in keys.chunks(ROWS_MAX) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("UPDATE frame SET read_at = ");
                query.push_bind(now.0).push(" WHERE platform = ").push_bind(platform).push(" AND key IN ");
                push_list(&mut query, chunk.iter().cloned());
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Forgets frames that were read before `before`, at most `limit`; how many there were. Letters stay: each is
    /// the original of what stands in its conversation.
    pub async fn forget_frames(&mut self, before: Moment, limit: i64) -> Result<u64, StoreError> {
        Ok(on_tx!(self, |c| sqlx::query(
            "DELETE FROM frame WHERE (platform, key) IN \
             (SELECT platform, key FROM frame WHERE read_at IS NOT NULL AND read_at < $1 AND platform <> $3 LIMIT $2)",
        )
        .bind(before.0)
        .bind(limit)
        .bind(MAIL)
        .execute(c)
        .await?
        .rows_affected()))
    }
}

impl Store {
    /// Frames that were stored and not read.
    pub async fn unread_count(&self, platform: &str) -> Result<i64, StoreError> {
        Ok(on_read!(self, |c| {
            sqlx::query_scalar("SELECT COUNT(*) FROM frame WHERE platform = $1 AND read_at IS NULL")
                .bind(platform)
                .fetch_one(c)
                .await?
        }))
    }

    /// The keys of frames that were stored and not read, oldest first.
    pub async fn unread_keys(&self, platform: &str, limit: i64) -> Result<Vec<String>, StoreError> {
        Ok(on_read!(self, |c| {
            sqlx::query_scalar(
                "SELECT key FROM frame WHERE platform = $1 AND read_at IS NULL ORDER BY at, key LIMIT $2",
            )
            .bind(platform)
            .bind(limit)
            .fetch_all(c)
            .await?
        }))
    }

    /// A frame as it was stored.
    pub async fn frame(&self, platform: &str, key: &str) -> Result<Option<String>, StoreError> {
        Ok(on_read!(self, |c| {
            sqlx::query_scalar("SELECT raw FROM frame WHERE platform = $1 AND key = $2")
                .bind(platform)
                .bind(key)
                .fetch_optional(c)
                .await?
        }))
    }

    /// Frames that were stored and not read, oldest first.
    pub async fn unread_frames(&self, platform: &str, limit: i64) -> Result<Vec<Frame>, StoreError> {
        let rows: Vec<(String, String)> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT key, raw FROM frame WHERE platform = $1 AND read_at IS NULL ORDER BY at, key LIMIT $2",
            )
            .bind(platform)
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        Ok(rows.into_iter().map(|(key, raw)| Frame { key, raw: raw.into() }).collect())
    }
}

fn frames_to_insert<DB>(platform: &str, frames: &[&Frame], now: Moment, read_at: Option<Moment>) -> QueryBuilder<DB>
where
    DB: Database,
    for<'q> &'q str: Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
    Option<i64>: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new("INSERT INTO frame (platform, key, raw, at, read_at) ");
    query.push_values(frames, |mut row, frame| {
        row.push_bind(platform)
            .push_bind(frame.key.as_str())
            .push_bind(&*frame.raw)
            .push_bind(now.0)
            .push_bind(read_at.map(|at| at.0));
    });
    query.push(" ON CONFLICT (platform, key) DO NOTHING");
    query
}
