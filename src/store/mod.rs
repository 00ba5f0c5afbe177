//! The database: SQLite or PostgreSQL behind one type. The SQL is written once, with `$1`
//! placeholders. Called by the service, the outbox and the scheduler; it knows nothing of the web
//! or of a platform.
//!
//! SQLite has one writer that takes what is waiting, runs it in one transaction and commits once;
//! reads have a pool of their own. PostgreSQL groups commits by itself and gets a pool.

mod checkpoint;
pub mod contexts;
pub mod conversations;
pub mod dialect;
pub mod files;
mod files_json;
pub mod frames;
pub mod holds;
pub mod json;
mod letter_json;
pub mod letters;
pub mod looks;
mod many;
pub mod messages;
pub mod orders;
pub mod practice;
mod reminders;
mod roster;
mod saved_json;
pub mod sessions;
mod sought;
pub mod tokens;
mod writer;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use std::fs::File;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::desk::Later;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Connections that only read, on SQLite: a reader never waits for the writer in WAL mode, and
/// more than a few readers on two cores only wait for each other.
const LITE_READERS: u32 = 4;
/// Prepared statements kept for each connection: every text that `store` can make, in all its sizes.
const STATEMENTS_KEPT: usize = 512;
/// Pages that each connection keeps, at most, as SQLite counts them: KiB, negative.
const CACHE_KIB: &str = "-16384";
/// Pages of the write-ahead log after which the writer itself moves them into the file, 64 MiB: only
/// if [`checkpoint`] was too slow to do it beside the writer.
const WAL_PAGES_MAX: &str = "16384";
/// Connections to PostgreSQL: its default `max_connections` is 100, to be shared by all processes.
const PG_CONNECTIONS: u32 = 16;
/// How long a connection to PostgreSQL is waited for: less than a browser waits for its answer.
const PG_PATIENCE: Duration = Duration::from_secs(5);
/// How long a statement waits for a lock that another process holds on the SQLite file.
const LITE_BUSY: Duration = Duration::from_secs(10);

/// The database.
#[derive(Clone, Debug)]
pub enum Store {
    /// One file, one writer.
    Lite {
        /// Hands transactions to the writer.
        writer: writer::Writer,
        /// For reading.
        readers: SqlitePool,
        /// Keeps other processes away from the file.
        claim: Arc<File>,
    },
    /// A server, shared with other processes.
    Pg(PgPool),
}

/// Told of every commit that SQLite's writer makes: how many transactions shared it, and how long
/// it took.
#[derive(Clone)]
pub struct OnCommit(pub Arc<dyn Fn(usize, Duration) + Send + Sync>);

impl std::fmt::Debug for OnCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnCommit")
    }
}

/// A transaction under way.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Lite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Pg(Transaction<'static, Postgres>),
}

/// Why the database did not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The statement or the commit failed; nothing of the transaction is stored.
    #[error("database: {0}")]
    Database(String),
    /// The database does not answer; nothing of the transaction is stored.
    #[error("the database does not answer: {0}")]
    Unreachable(String),
    /// A stored row says what it cannot say.
    #[error("inconsistent row in {table} ({id}): {what}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// Which row.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// The process is stopping.
    #[error("the database is closed: the process is stopping")]
    Closed,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => {
                StoreError::Unreachable(error.to_string())
            }
            sqlx::Error::PoolClosed => StoreError::Closed,
            error => StoreError::Database(error.to_string()),
        }
    }
}

/// Expands the body once per database, with `$c` the connection inside the transaction.
macro_rules! on_tx {
    ($tx:expr, |$c:ident| $body:expr) => {
        match $tx {
            $crate::store::Tx::Lite(t) => {
                let $c = &mut **t;
                $body
            }
            $crate::store::Tx::Pg(t) => {
                let $c = &mut **t;
                $body
            }
        }
    };
}

/// Expands the body once per database, with `$c` a pool to read from.
macro_rules! on_read {
    ($store:expr, |$c:ident| $body:expr) => {
        match $store {
            $crate::store::Store::Lite { readers: $c, .. } => $body,
            $crate::store::Store::Pg($c) => $body,
        }
    };
}

pub(crate) use {on_read, on_tx};

impl Store {
    /// Opens the database at `url` (`sqlite:FILE` or `postgres://…`) and brings it up to date.
    pub async fn open(url: &str, on_commit: OnCommit) -> Result<Store, StoreError> {
        if url.starts_with("sqlite:") { Self::open_lite(url, on_commit).await } else { Self::open_pg(url).await }
    }

    async fn open_lite(url: &str, on_commit: OnCommit) -> Result<Store, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(LITE_BUSY)
            .foreign_keys(true)
            // What a statement of many rows has to remember is small: no file is made for it.
            .pragma("temp_store", "MEMORY")
            .pragma("wal_autocheckpoint", WAL_PAGES_MAX)
            .pragma("cache_size", CACHE_KIB)
            .statement_cache_capacity(STATEMENTS_KEPT)
            .disable_statement_logging();
        let claim = Arc::new(dialect::claim_file(options.get_filename())?);
        // The only connection that writes lives as long as the process: nothing to test or to
        // replace when it is taken out of the pool.
        let one = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await?;
        MIGRATIONS.run(&one).await.map_err(migration_failed)?;
        let writer = writer::Writer::start(one.clone(), on_commit);
        tokio::spawn(checkpoint::run(options.clone(), one, writer.clone()));
        let readers = SqlitePoolOptions::new()
            .max_connections(LITE_READERS)
            .test_before_acquire(false)
            .max_lifetime(None)
            .connect_lazy_with(options.read_only(true).create_if_missing(false));
        Ok(Store::Lite { writer, readers, claim })
    }

    async fn open_pg(url: &str) -> Result<Store, StoreError> {
        let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        let pool = PgPoolOptions::new().max_connections(PG_CONNECTIONS).acquire_timeout(PG_PATIENCE);
        let pool = match pool.connect_with(options.clone()).await {
            // It has tried again and again, and does not say what was in the way.
            Err(sqlx::Error::PoolTimedOut) => return Err(why_unreachable(&options).await),
            pool => pool?,
        };
        MIGRATIONS.run(&pool).await.map_err(migration_failed)?;
        Ok(Store::Pg(pool))
    }

    /// Runs `work` in a transaction and commits it. On SQLite the transaction may be shared with
    /// others that are waiting, and the work is run again, alone, if the shared one fails: so it
    /// must be able to run twice, and change nothing but the database.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx) -> Later<'t, Result<T, StoreError>> + Send + 'static,
    {
        match self {
            Store::Lite { writer, .. } => writer.write(work).await,
            Store::Pg(pool) => {
                let mut work = work;
                let mut tx = Tx::Pg(pool.begin().await?);
                let value = work(&mut tx).await?;
                tx.commit().await?;
                Ok(value)
            }
        }
    }

    /// True when the database answers.
    pub async fn is_alive(&self) -> bool {
        let answer: Result<i64, sqlx::Error> =
            on_read!(self, |c| sqlx::query_scalar("SELECT value FROM counter WHERE name = 'conversation'")
                .fetch_one(c)
                .await);
        answer.is_ok()
    }

    /// True when other processes may write to the same database.
    pub fn is_shared(&self) -> bool {
        matches!(self, Store::Pg(_))
    }

    /// Finishes what is under way and closes the database.
    pub async fn close(&self) {
        match self {
            Store::Lite { writer, readers, claim } => {
                writer.close().await;
                readers.close().await;
                // Not left to the last clone: a task that is just ending may hold one. Should it
                // fail, the end of the process frees the file.
                let _ = claim.unlock();
            }
            Store::Pg(pool) => pool.close().await,
        }
    }
}

/// Rows as they were read. What cannot be read concerns its own conversation only, and all others go
/// on.
#[derive(Debug)]
pub struct Rows<T> {
    /// Those that can be read.
    pub legible: Vec<T>,
    /// Those that cannot.
    pub broken: Vec<BrokenRow>,
}

/// A row that says what it cannot say.
#[derive(Clone, Debug)]
pub struct BrokenRow {
    /// Whose conversation, as the row names it.
    pub conversation: String,
    /// What is wrong with it.
    pub error: StoreError,
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows { legible: Vec::new(), broken: Vec::new() }
    }
}

impl<T> Rows<T> {
    fn add(&mut self, conversation: &str, row: Result<T, StoreError>) {
        match row {
            Ok(row) => self.legible.push(row),
            Err(error) => self.broken.push(BrokenRow { conversation: conversation.to_string(), error }),
        }
    }

    /// The rows, if all of them can be read.
    pub fn all(self) -> Result<Vec<T>, StoreError> {
        self.broken.into_iter().next().map_or(Ok(self.legible), |broken| Err(broken.error))
    }
}

/// A stored row that cannot be read into its type.
fn inconsistent(table: &'static str, id: String, what: &str) -> StoreError {
    StoreError::Inconsistent { table, id, what: what.to_string() }
}

impl Tx {
    async fn commit(self) -> Result<(), StoreError> {
        match self {
            Tx::Lite(tx) => tx.commit().await?,
            Tx::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

/// Why no connection to PostgreSQL can be opened, for whoever has to mend it.
async fn why_unreachable(options: &PgConnectOptions) -> StoreError {
    match tokio::time::timeout(PG_PATIENCE, options.connect()).await {
        Ok(Err(error)) => error.into(),
        Ok(Ok(_)) | Err(_) => sqlx::Error::PoolTimedOut.into(),
    }
}

fn migration_failed(error: sqlx::migrate::MigrateError) -> StoreError {
    use sqlx::migrate::MigrateError::{VersionMismatch, VersionMissing};
    StoreError::Database(match error {
        VersionMissing(step) => format!(
            "a newer Threadline made its tables (step {step}); run that one, or put a backup back from before it"
        ),
        VersionMismatch(step) => format!(
            "another version of Threadline, from before its first release, made its tables (step {step}); \
             begin with a new database, or run that one"
        ),
        error => format!("bringing the tables up to date: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_tables_they_are_is_said_when_they_are_not_ours() {
        use sqlx::migrate::MigrateError::{VersionMismatch, VersionMissing};
        for (error, words) in [
            (VersionMissing(7), "database: a newer Threadline made its tables (step 7); run that one"),
            (VersionMismatch(1), "database: another version of Threadline, from before its first release"),
        ] {
            let said = migration_failed(error).to_string();
            assert!(said.starts_with(words), "{said}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_not_there_is_said_to_refuse() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = listener.local_addr().unwrap();
        drop(listener);
        let opened = Store::open(&format!("postgres://nobody@{nobody}/nothing"), OnCommit(Arc::new(|_, _| {}))).await;
        let said = opened.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.starts_with("the database does not answer: ") && said.contains("refused"), "{said}");
    }
}
