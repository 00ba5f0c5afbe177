//! Letters that wait to be sent, as rows: when each is tried next.

use super::many::powers_of_two;
use super::{Rows, Store, StoreError, Tx, inconsistent, on_read, on_tx};
use sqlx::QueryBuilder;
use threadline_core::ids::{ConversationId, Moment};

/// A letter that waits to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LetterRow {
    /// Whose conversation.
    pub conversation: ConversationId,
    /// The letter's number.
    pub seq: i64,
    /// How often it was tried in vain.
    pub tries: u32,
}

impl Tx {
    /// Has letters be sent from `due` on.
    pub async fn insert_letters(&mut self, letters: &[(ConversationId, i64)], due: Moment) -> Result<(), StoreError> {
        for chunk in powers_of_two(letters) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("INSERT INTO letter (conversation, seq, due, tries) ");
                query.push_values(chunk, |mut row, (conversation, seq)| {
                    row.push_bind(conversation.to_string()).push_bind(*seq).push_bind(due.0).push_bind(0_i64);
                });
                query.push(" ON CONFLICT (conversation, seq) DO NOTHING");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Has no letters of these numbers be sent any more.
    pub async fn delete_letters(&mut self, letters: &[(ConversationId, i64)]) -> Result<(), StoreError> {
        for chunk in powers_of_two(letters) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("DELETE FROM letter WHERE (conversation, seq) IN (");
                query.push_values(chunk, |mut row, (conversation, seq)| {
                    row.push_bind(conversation.to_string()).push_bind(*seq);
                });
                query.push(")");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// A letter was tried in vain, and is tried again from `due` on.
    pub async fn letter_again(&mut self, letter: LetterRow, due: Moment) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            sqlx::query("UPDATE letter SET tries = tries + 1, due = $1 WHERE conversation = $2 AND seq = $3")
                .bind(due.0)
                .bind(letter.conversation.to_string())
                .bind(letter.seq)
                .execute(c)
                .await?;
        });
        Ok(())
    }
}

impl Store {
    /// Letters to be sent at or before `now`, first the first, at most `limit`; of a conversation only the first that
    /// waits, so that they keep their order.
    pub async fn letters_due(&self, now: Moment, limit: i64) -> Result<Rows<LetterRow>, StoreError> {
        let rows: Vec<(String, i64, i64)> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT conversation, seq, tries FROM letter l WHERE due <= $1 AND NOT EXISTS \
                 (SELECT 1 FROM letter e WHERE e.conversation = l.conversation AND e.seq < l.seq) \
                 ORDER BY due, conversation, seq LIMIT $2",
            )
            .bind(now.0)
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        let mut letters = Rows::default();
        for (conversation, seq, tries) in rows {
            let letter = || {
                let id = conversation
                    .parse()
                    .map_err(|_| inconsistent("letter", conversation.clone(), "no conversation id"))?;
                Ok(LetterRow { conversation: id, seq, tries: u32::try_from(tries).unwrap_or(u32::MAX) })
            };
            letters.add(&conversation, letter());
        }
        Ok(letters)
    }

    /// When the next letter that is not to be sent by `now` is.
    pub async fn next_letter(&self, now: Moment) -> Result<Option<Moment>, StoreError> {
        let due: Option<i64> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT MIN(due) FROM letter WHERE due > $1").bind(now.0).fetch_one(c).await?
        });
        Ok(due.map(Moment))
    }

    /// How many letters wait.
    pub async fn letters_waiting(&self) -> Result<i64, StoreError> {
        Ok(on_read!(self, |c| sqlx::query_scalar("SELECT COUNT(*) FROM letter").fetch_one(c).await?))
    }
}
