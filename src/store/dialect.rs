//! What differs between SQLite and PostgreSQL, and nothing else.

use super::Tx;

/// Locks the rows that a `SELECT` of heads finds, where several processes may write: SQLite has one
/// writer, PostgreSQL takes row locks. The `SELECT` must be ordered, so that two transactions take
/// their locks in the same order.
pub fn for_update(tx: &Tx) -> &'static str {
    match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => " FOR UPDATE",
    }
}

/// Most bound values of one statement: SQLite 32,766 (SQLITE_MAX_VARIABLE_NUMBER), PostgreSQL
/// 65,535 (a 16-bit count in its protocol).
pub const BINDS_MAX: usize = 32_766;
