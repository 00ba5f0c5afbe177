//! Tokens as rows: what opens a conversation to its customer, one for each of his browsers. Only their
//! hashes are here.

use super::many::{ROWS_MAX, push_list};
use super::{Store, StoreError, Tx, inconsistent, on_read, on_tx};
use sqlx::QueryBuilder;
use threadline_core::ids::{ConversationId, Moment};

/// Tokens of one conversation: more browsers than a customer has. Beyond that the oldest opens it no
/// more.
const TOKENS_MAX: i64 = 50;

impl Tx {
    /// Keeps a token's hash, new.
    pub async fn insert_token(
        &mut self,
        hash: &str,
        conversation: ConversationId,
        now: Moment,
    ) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            sqlx::query("INSERT INTO token (hash, conversation, created_at) VALUES ($1, $2, $3)")
                .bind(hash)
                .bind(conversation.to_string())
                .bind(now.0)
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Forgets the oldest tokens of a conversation, if it has too many.
    pub async fn bound_tokens(&mut self, conversation: ConversationId) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            sqlx::query(
                "DELETE FROM token WHERE conversation = $1 AND hash NOT IN (SELECT hash FROM token \
                 WHERE conversation = $1 ORDER BY created_at DESC, hash LIMIT $2)",
            )
            .bind(conversation.to_string())
            .bind(TOKENS_MAX)
            .execute(c)
            .await?;
        });
        Ok(())
    }

    /// The tokens of these hashes that there are, each with the conversation that it opens.
    pub async fn tokens(&mut self, hashes: &[String]) -> Result<Vec<(String, ConversationId)>, StoreError> {
        let mut tokens = Vec::with_capacity(hashes.len());
        for chunk in hashes.chunks(ROWS_MAX) {
            let rows: Vec<(String, String)> = on_tx!(self, |c| {
                let mut query = QueryBuilder::new("SELECT hash, conversation FROM token WHERE hash IN ");
                push_list(&mut query, chunk.iter().cloned());
                query.build_query_as().fetch_all(c).await?
            });
            for (hash, conversation) in rows {
                let id = conversation.parse().map_err(|_| inconsistent("token", conversation, "no id"))?;
                tokens.push((hash, id));
            }
        }
        Ok(tokens)
    }
}

impl Store {
    /// The hashes of all tokens of a conversation.
    pub async fn token_hashes(&self, conversation: ConversationId) -> Result<Vec<String>, StoreError> {
        Ok(on_read!(self, |c| {
            sqlx::query_scalar("SELECT hash FROM token WHERE conversation = $1")
                .bind(conversation.to_string())
                .fetch_all(c)
                .await?
        }))
    }
}
