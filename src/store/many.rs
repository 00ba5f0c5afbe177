//! Statements about many rows, in few different texts, so that each is prepared once.

use super::dialect::BINDS_MAX;
use sqlx::{Database, Encode, QueryBuilder, Type};

/// Rows of one statement come in powers of two up to this.
pub(super) const ROWS_MAX: usize = 128;
/// Most columns of a row that is written: a conversation's.
pub(super) const COLUMNS_MAX: usize = 51;

/// Slices of at most [`ROWS_MAX`] rows whose lengths are powers of two.
pub(super) fn powers_of_two<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    const { assert!(ROWS_MAX * COLUMNS_MAX <= BINDS_MAX, "a full statement fits the database's bound") };
    std::iter::from_fn(move || {
        if rows.is_empty() {
            return None;
        }
        let size = ROWS_MAX.min(1 << rows.len().ilog2());
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

/// Writes `($1, $2 …)` for `IN`, filled up with the last name to a power of two.
pub(super) fn push_list<DB>(query: &mut QueryBuilder<DB>, names: impl IntoIterator<Item = String>)
where
    DB: Database,
    String: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut names: Vec<String> = names.into_iter().collect();
    if let Some(last) = names.last().cloned() {
        names.resize(names.len().next_power_of_two(), last);
    }
    query.push("(");
    let mut list = query.separated(", ");
    for name in names {
        list.push_bind(name);
    }
    query.push(")");
}
