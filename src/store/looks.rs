//! When it is looked again what is at a desk, and the threads in which conversations were before.

use super::many::{ROWS_MAX, powers_of_two, push_list};
use super::{Rows, Store, StoreError, Tx, inconsistent, on_read, on_tx};
use sqlx::QueryBuilder;
use threadline_core::conversation::{Doubt, Sent, Thread};
use threadline_core::ids::{ConversationId, DeskName, Moment, ThreadKey};

/// A look that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookRow {
    /// Whose conversation.
    pub conversation: ConversationId,
    /// Its thread now.
    pub thread: Thread,
    /// What may have turned up.
    pub sent: Sent,
}

impl Tx {
    /// Remembers when conversations are looked at again; the last word on each counts.
    pub async fn insert_looks(&mut self, looks: &[(ConversationId, DeskName, Moment)]) -> Result<(), StoreError> {
        for chunk in powers_of_two(looks) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("INSERT INTO look (conversation, desk, due) ");
                query.push_values(chunk, |mut row, (conversation, desk, due)| {
                    row.push_bind(conversation.to_string()).push_bind(desk.0.as_str()).push_bind(due.0);
                });
                query.push(" ON CONFLICT (conversation) DO UPDATE SET due = excluded.due");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Forgets that conversations are looked at again.
    pub async fn delete_looks(&mut self, conversations: &[ConversationId]) -> Result<(), StoreError> {
        for chunk in conversations.chunks(ROWS_MAX) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("DELETE FROM look WHERE conversation IN ");
                push_list(&mut query, chunk.iter().map(ToString::to_string));
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Remembers threads in which conversations were.
    pub async fn remember_threads(&mut self, threads: &[(ThreadKey, ConversationId)]) -> Result<(), StoreError> {
        for chunk in powers_of_two(threads) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("INSERT INTO former_thread (thread_key, conversation) ");
                query.push_values(chunk, |mut row, (thread, conversation)| {
                    row.push_bind(thread.0.as_str()).push_bind(conversation.to_string());
                });
                query.push(" ON CONFLICT (thread_key) DO NOTHING");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Whose threads these were.
    pub async fn former_threads(
        &mut self,
        threads: &[ThreadKey],
    ) -> Result<Vec<(ThreadKey, ConversationId)>, StoreError> {
        let mut found = Vec::new();
        for chunk in threads.chunks(ROWS_MAX) {
            let rows: Vec<(String, String)> = on_tx!(self, |c| {
                let mut query =
                    QueryBuilder::new("SELECT thread_key, conversation FROM former_thread WHERE thread_key IN ");
                push_list(&mut query, chunk.iter().map(|thread| thread.0.clone()));
                query.build_query_as().fetch_all(c).await?
            });
            for (thread, conversation) in rows {
                let wrong = |_| inconsistent("former_thread", thread.clone(), "no conversation id");
                found.push((ThreadKey(thread.clone()), conversation.parse().map_err(wrong)?));
            }
        }
        Ok(found)
    }
}

impl Store {
    /// Conversations of a desk that are to be looked at by `now`, first the first, at most `limit`.
    pub async fn looks_due(&self, desk: &DeskName, now: Moment, limit: i64) -> Result<Rows<LookRow>, StoreError> {
        let due: Vec<String> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT conversation FROM look WHERE desk = $1 AND due <= $2 ORDER BY due LIMIT $3")
                .bind(&desk.0)
                .bind(now.0)
                .bind(limit)
                .fetch_all(c)
                .await?
        });
        let mut looks = Rows::default();
        let mut ids = Vec::with_capacity(due.len());
        for conversation in due {
            match conversation.parse() {
                Ok(id) => ids.push(id),
                Err(_) => looks.add(&conversation, Err(inconsistent("look", conversation.clone(), "no id"))),
            }
        }
        let heads = self.heads(&ids).await?;
        looks.broken.extend(heads.broken);
        for conversation in heads.legible {
            if let Doubt::Late { sent, .. } = conversation.doubt {
                looks.legible.push(LookRow { conversation: conversation.id, thread: conversation.thread, sent });
            }
        }
        Ok(looks)
    }

    /// When the next conversation of a desk is to be looked at after `now`.
    pub async fn next_look(&self, desk: &DeskName, now: Moment) -> Result<Option<Moment>, StoreError> {
        let due: Option<i64> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT MIN(due) FROM look WHERE desk = $1 AND due > $2")
                .bind(&desk.0)
                .bind(now.0)
                .fetch_one(c)
                .await?
        });
        Ok(due.map(Moment))
    }
}
