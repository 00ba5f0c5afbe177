//! What differs between SQLite and PostgreSQL, and nothing else.

use super::{Store, StoreError, Tx};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

/// Most bound values of one statement: SQLite 32,766 (SQLITE_MAX_VARIABLE_NUMBER), PostgreSQL
/// 65,535 (a 16-bit count in its protocol).
pub const BINDS_MAX: usize = 32_766;
/// The channel on which processes tell one another what they stored.
const CHANNEL: &str = "threadline";
/// Longest payload of a notification: PostgreSQL refuses 8,000 bytes.
const PAYLOAD_BYTES_MAX: usize = 7_900;
/// How often whoever leads asks whether he still does, and whoever does not whether he may.
const LEAD_EVERY: Duration = Duration::from_secs(1);
/// How long the database may take to say that it is there.
const PING_MAX: Duration = Duration::from_secs(5);
/// Has the server notice within 25 s that the machine of whoever leads is gone, and free the lock.
const KEEPALIVES: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 25000";
/// Set apart our advisory locks from those of others in the same database: "thread" as a number.
const LOCK_SPACE: i32 = 0x0074_6864;

/// Locks the rows that a `SELECT` of heads finds, where several processes may write: SQLite has one
/// writer, PostgreSQL takes row locks. The `SELECT` must be ordered, so that two transactions take
/// their locks in the same order.
pub fn for_update(tx: &Tx) -> &'static str {
    match tx {
        Tx::Lite(_) => "",
        Tx::Pg(_) => " FOR UPDATE",
    }
}

/// Tells the other processes, at the commit, words that [`Peers::hear`] hears. They carry names only;
/// the tables are the truth.
pub async fn tell_peers(tx: &mut Tx, words: &[String]) -> Result<(), StoreError> {
    let Tx::Pg(tx) = tx else { return Ok(()) };
    let mut payload = String::new();
    for word in words {
        if payload.len() + word.len() + 1 > PAYLOAD_BYTES_MAX {
            sqlx::query("SELECT pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(std::mem::take(&mut payload))
                .execute(&mut **tx)
                .await?;
        }
        if !payload.is_empty() {
            payload.push(' ');
        }
        payload.push_str(word);
    }
    if !payload.is_empty() {
        sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(&mut **tx).await?;
    }
    Ok(())
}

/// What other processes on the same database say.
#[derive(Debug)]
pub struct Peers(PgListener);

/// What was heard from another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// These words.
    Words(Vec<String>),
    /// The connection was lost for a while and is there again: anything may have been missed.
    Missed,
    /// The connection is lost: listen anew.
    Lost,
}

impl Peers {
    /// What was said next.
    pub async fn hear(&mut self) -> Told {
        match self.0.try_recv().await {
            Ok(Some(heard)) => Told::Words(heard.payload().split(' ').map(str::to_string).collect()),
            Ok(None) => Told::Missed,
            Err(error) => {
                tracing::warn!(%error, "the connection on which other processes are heard was lost");
                Told::Lost
            }
        }
    }
}

/// The right to do what only one process may do at a time; dropping it gives it back.
#[derive(Debug)]
pub enum Lead {
    /// SQLite: there is only one process.
    Alone,
    /// PostgreSQL: a lock that ends with this connection, however the process ends.
    Locked {
        /// The connection; a listener, because only a listener notices at once that it was cut.
        connection: Box<PgListener>,
        /// True when another process may have had the right until a moment ago.
        from_another: bool,
    },
}

impl Lead {
    /// True when another process may have had the right until a moment ago, and may not know yet that
    /// it has lost it.
    pub fn is_from_another(&self) -> bool {
        match self {
            Lead::Alone => false,
            Lead::Locked { from_another, .. } => *from_another,
        }
    }

    /// Ends when the right is lost.
    pub async fn lost(&mut self) {
        let connection = match self {
            Lead::Alone => std::future::pending().await,
            Lead::Locked { connection, .. } => connection,
        };
        loop {
            match tokio::time::timeout(LEAD_EVERY, connection.try_recv()).await {
                // Nobody tells anything on this connection.
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None) | Err(_)) => return,
                // A network that swallows everything cuts nothing: only an answer shows that it works.
                Err(_) => {
                    let ping = sqlx::query("SELECT 1").execute(connection.as_mut());
                    if !matches!(tokio::time::timeout(PING_MAX, ping).await, Ok(Ok(_))) {
                        return;
                    }
                }
            }
        }
    }
}

impl Store {
    /// Listens to other processes; none on SQLite, where there are none.
    pub async fn peers(&self) -> Result<Option<Peers>, StoreError> {
        let Store::Pg(pool) = self else { return Ok(None) };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Peers(listener)))
    }

    /// Waits for the right to do what `name` stands for.
    pub async fn lead(&self, name: &str) -> Lead {
        let Store::Pg(pool) = self else { return Lead::Alone };
        let (mut waiting, mut from_another) = (None, false);
        loop {
            match try_lead(pool, waiting.take(), name).await {
                Ok((connection, true)) => return Lead::Locked { connection, from_another },
                Ok((connection, false)) => waiting = Some(connection),
                Err(error) => tracing::warn!(%error, name, "it could not be asked who leads; trying again"),
            }
            from_another = true;
            tokio::time::sleep(LEAD_EVERY).await;
        }
    }
}

/// Asks once for the right, and gives back the connection that now has it or can ask again.
async fn try_lead(
    pool: &PgPool,
    waiting: Option<Box<PgListener>>,
    name: &str,
) -> Result<(Box<PgListener>, bool), sqlx::Error> {
    let mut connection = match waiting {
        Some(connection) => connection,
        None => {
            // A pool of its own: one that others use would keep the connection, and with it the lock.
            let alone = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
            let alone = alone.connect_with(PgConnectOptions::clone(&pool.connect_options())).await?;
            let mut connection = Box::new(PgListener::connect_with(&alone).await?);
            // A new connection has no lock.
            connection.eager_reconnect(false);
            sqlx::raw_sql(KEEPALIVES).execute(connection.as_mut()).await?;
            connection
        }
    };
    let locked = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
        .bind(LOCK_SPACE)
        .bind(name)
        .fetch_one(connection.as_mut())
        .await?;
    Ok((connection, locked))
}

/// Keeps a second process away from an SQLite file for as long as it lives.
pub fn claim_file(database: &Path) -> Result<File, StoreError> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let failed = |error: std::io::Error| StoreError::Database(format!("{}: {error}", Path::new(&name).display()));
    let file = File::create(&name).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Database(format!(
            "another Threadline is running on {}; stop it first, or use PostgreSQL for several processes",
            database.display()
        ))),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
