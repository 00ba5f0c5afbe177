//! Moves what was committed from SQLite's write-ahead log into the file, beside the writer: if the
//! writer did it, every so many commits would wait for it. Beside a busy writer this never gets to
//! the log's end, and the log would grow for ever; so the writer is asked to move the last pages
//! itself, between two transactions, and begins the log from its front again.

use super::writer::Writer;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, SqlitePool};
use std::time::Duration;

/// How often the log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Pages in the log, 4 MiB, from which on it is worth the flushes.
const PAGES: i64 = 1024;

/// Runs until the writer's pool is closed.
pub(super) async fn run(options: SqliteConnectOptions, pool: SqlitePool, writer: Writer) {
    let mut connection: Option<SqliteConnection> = None;
    loop {
        tokio::select! {
            () = pool.close_event() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        if connection.is_none() {
            connection = options.connect().await.ok();
        }
        let Some(open) = &mut connection else { continue };
        match look(open).await {
            Ok(true) => writer.end_log(),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be moved into the file; the writer will do it");
                connection = None;
            }
        }
    }
}

/// Moves what is in the log, if it is worth it; true when it did.
async fn look(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Whether somebody was in the way, the pages in the log, and how many of them are in the file.
    let (_, pages, moved): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut *connection).await?;
    if pages < PAGES || pages == moved {
        return Ok(false);
    }
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(connection).await?;
    Ok(true)
}
