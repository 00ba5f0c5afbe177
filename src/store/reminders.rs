//! Up to when the firings of each reminder were carried out, as rows.

use super::{Store, StoreError, Tx, on_read, on_tx};
use threadline_core::ids::Moment;

impl Tx {
    /// Everything of this reminder up to then was carried out. What was later already stays.
    pub async fn reminded(&mut self, name: &str, done: Moment) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            sqlx::query(
                "INSERT INTO reminder (name, done) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET done = excluded.done WHERE reminder.done < excluded.done",
            )
            .bind(name)
            .bind(done.0)
            .execute(c)
            .await?;
        });
        Ok(())
    }
}

impl Store {
    /// Up to when this reminder was carried out; none for one that is new.
    pub async fn reminded_upto(&self, name: &str) -> Result<Option<Moment>, StoreError> {
        let done: Option<i64> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT done FROM reminder WHERE name = $1").bind(name).fetch_optional(c).await?
        });
        Ok(done.map(Moment))
    }
}
