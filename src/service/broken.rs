//! Rows that cannot be read: each stops what belongs to its own conversation, and the operator is
//! told once, and once more when it can be read again.

use crate::metrics::Metrics;
use crate::store::BrokenRow;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// The conversations of which a row could not be read, by who tried.
#[derive(Debug, Default)]
pub struct Broken(Mutex<HashMap<String, HashSet<String>>>);

impl Broken {
    /// These were all that `reader` could not read this time.
    pub fn found(&self, metrics: &Metrics, reader: &str, rows: &[BrokenRow]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.is_empty() && known.is_empty() {
            return;
        }
        let before = known.remove(reader).unwrap_or_default();
        for row in rows.iter().filter(|row| !before.contains(&row.conversation)) {
            let error = &row.error;
            tracing::error!(conversation.id = row.conversation, reader, %error, "a row cannot be read: its conversation stands still until it is mended; all others go on");
        }
        let now: HashSet<String> = rows.iter().map(|row| row.conversation.clone()).collect();
        for conversation in before.difference(&now) {
            tracing::info!(conversation.id = conversation, reader, "its rows can be read again");
        }
        if !now.is_empty() {
            known.insert(reader.to_string(), now);
        }
        let all: HashSet<&String> = known.values().flatten().collect();
        metrics.conversations_broken.set(i64::try_from(all.len()).unwrap_or(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    #[test]
    fn each_conversation_counts_once_until_its_rows_can_be_read_again() {
        let (broken, metrics) = (Broken::default(), Metrics::new());
        let row = |conversation: &str| {
            let error = StoreError::Inconsistent { table: "message", id: "msg".into(), what: "no such kind".into() };
            BrokenRow { conversation: conversation.into(), error }
        };
        let count = |reader: &str, rows: &[BrokenRow]| {
            broken.found(&metrics, reader, rows);
            metrics.conversations_broken.get()
        };
        assert_eq!(count("desk/a", &[]), 0);
        assert_eq!(count("desk/a", &[row("1"), row("1"), row("2")]), 2);
        assert_eq!(count("holds", &[row("2"), row("3")]), 3);
        assert_eq!(count("desk/a", &[]), 2);
        assert_eq!(count("holds", &[]), 0);
    }
}
