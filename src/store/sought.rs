//! Conversations that somebody at a desk looks for, in the order in which he wants them.

use super::conversations::{COLUMNS, ConversationRow, head_from};
use super::{Rows, Store, StoreError, on_read};
use sqlx::QueryBuilder;
use threadline_core::conversation::Conversation;
use threadline_core::overview::Sought;

impl Store {
    /// The conversations whose threads' keys begin with one of `threads`, at most `limit`.
    pub async fn sought(
        &self,
        threads: &[String],
        sought: &Sought,
        limit: i64,
    ) -> Result<Rows<Conversation>, StoreError> {
        let rows: Vec<ConversationRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM conversation WHERE (1 = 0"));
            for beginning in threads {
                query.push(" OR thread_key LIKE ").push_bind(format!("{}%", literal(beginning))).push(" ESCAPE '!'");
            }
            query.push(") AND ");
            match sought {
                Sought::Number(number) => query.push("number = ").push_bind(*number),
                Sought::Thread(thread) => query.push("thread_key = ").push_bind(thread.0.clone()),
                Sought::HeldBy(agent) => query
                    .push("standing NOT IN ('resolved', 'closed') AND claimed_id = ")
                    .push_bind(agent.0.clone())
                    .push(" ORDER BY CASE standing WHEN 'awaiting_agent' THEN 0 ELSE 1 END, standing_since, number"),
                Sought::Unclaimed => {
                    query.push("standing = 'awaiting_agent' AND claimed_id IS NULL ORDER BY standing_since, number")
                }
                Sought::Waiting => query.push("standing = 'awaiting_agent' ORDER BY standing_since, number"),
                Sought::Like(text) => query
                    .push("(CAST(number AS TEXT) LIKE ")
                    .push_bind(format!("{}%", literal(text.trim_start_matches('#'))))
                    .push(" ESCAPE '!' OR LOWER(customer_name) LIKE ")
                    .push_bind(format!("%{}%", literal(&text.to_lowercase())))
                    .push(" ESCAPE '!') ORDER BY last_at DESC"),
            };
            query.push(" LIMIT ").push_bind(limit);
            query.build_query_as().fetch_all(c).await?
        });
        let mut heads = Rows::default();
        for row in rows {
            heads.add(&row.id.clone(), head_from(row));
        }
        Ok(heads)
    }
}

/// Text in a pattern of LIKE that stands for itself.
fn literal(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}
