//! Moves what was committed from SQLite's write-ahead log into the file, beside the writer: if the
//! writer did it, every so many commits would wait for it.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, SqlitePool};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// From what length of the log on it is worth the flushes.
const WAL_BYTES: u64 = 4 * 1024 * 1024;

/// Runs until the writer's pool is closed.
pub(super) async fn run(options: SqliteConnectOptions, writer: SqlitePool) {
    let log = log_of(options.get_filename());
    let mut connection: Option<SqliteConnection> = None;
    let mut seen = None;
    loop {
        tokio::select! {
            () = writer.close_event() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        // The log keeps its length when it is written from the front again: only a change counts.
        let Ok(now) = std::fs::metadata(&log) else { continue };
        let changed = now.modified().ok();
        if now.len() < WAL_BYTES || changed == seen {
            continue;
        }
        seen = changed;
        if connection.is_none() {
            connection = options.connect().await.ok();
        }
        let Some(open) = &mut connection else { continue };
        if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(open).await {
            tracing::warn!(%error, "the write-ahead log could not be moved into the file; the writer will do it");
            connection = None;
        }
    }
}

fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}
