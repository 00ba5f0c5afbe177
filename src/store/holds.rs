//! Held replies as rows: until when each is held.

use super::many::{ROWS_MAX, powers_of_two, push_list};
use super::{Rows, Store, StoreError, Tx, inconsistent, on_read, on_tx};
use sqlx::QueryBuilder;
use threadline_core::ids::{ConversationId, MessageId, Moment, ThreadKey};

/// A reply that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// The reply.
    pub message: MessageId,
    /// Whose conversation.
    pub conversation: ConversationId,
    /// Since when.
    pub at: Moment,
    /// Until when.
    pub due: Moment,
    /// The conversation's thread.
    pub thread: Option<ThreadKey>,
}

impl Tx {
    /// Remembers until when replies are held.
    pub async fn insert_holds(
        &mut self,
        holds: &[(MessageId, ConversationId, Moment)],
        now: Moment,
    ) -> Result<(), StoreError> {
        for chunk in powers_of_two(holds) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("INSERT INTO hold (message, conversation, at, due) ");
                query.push_values(chunk, |mut row, (message, conversation, due)| {
                    row.push_bind(message.to_string())
                        .push_bind(conversation.to_string())
                        .push_bind(now.0)
                        .push_bind(due.0);
                });
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// The clock was set back to `now`: what was held since a later moment is held anew.
    pub async fn hold_anew(&mut self, now: Moment) -> Result<u64, StoreError> {
        Ok(on_tx!(self, |c| sqlx::query("UPDATE hold SET at = $1, due = $1 + (due - at) WHERE at > $1")
            .bind(now.0)
            .execute(c)
            .await?
            .rows_affected()))
    }

    /// Forgets that replies are held.
    pub async fn delete_holds(&mut self, messages: &[MessageId]) -> Result<(), StoreError> {
        for chunk in messages.chunks(ROWS_MAX) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("DELETE FROM hold WHERE message IN ");
                push_list(&mut query, chunk.iter().map(ToString::to_string));
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }
}

impl Store {
    /// Holds that end at or before `now`, first the first, at most `limit`.
    pub async fn holds_due(&self, now: Moment, limit: i64) -> Result<Rows<HoldRow>, StoreError> {
        let rows: Vec<(String, String, i64, i64, Option<String>)> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT h.message, h.conversation, h.at, h.due, c.thread_key FROM hold h \
                 JOIN conversation c ON c.id = h.conversation WHERE h.due <= $1 ORDER BY h.due, h.message LIMIT $2",
            )
            .bind(now.0)
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        let mut holds = Rows::default();
        for (message, conversation, at, due, thread) in rows {
            let wrong = |_| inconsistent("hold", message.clone(), "no id");
            let hold = || {
                Ok(HoldRow {
                    message: message.parse().map_err(wrong)?,
                    conversation: conversation.parse().map_err(wrong)?,
                    at: Moment(at),
                    due: Moment(due),
                    thread: thread.map(ThreadKey),
                })
            };
            holds.add(&conversation, hold());
        }
        Ok(holds)
    }

    /// When the next hold that has not ended by `now` ends.
    pub async fn next_hold(&self, now: Moment) -> Result<Option<Moment>, StoreError> {
        let due: Option<i64> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT MIN(due) FROM hold WHERE due > $1").bind(now.0).fetch_one(c).await?
        });
        Ok(due.map(Moment))
    }
}
