//! A play's own database, and a look at its tables from outside the service: what waits in them
//! says whether anything is still under way.

use super::postgres;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{PgPool, SqlitePool};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    Sqlite,
    Postgres,
}

/// A database of one play.
#[derive(Debug)]
pub struct Database {
    /// `sqlite:FILE` or `postgres://…`.
    pub url: String,
    /// A directory of the play's own.
    pub directory: PathBuf,
    postgres_name: Option<String>,
    probe: OnceLock<Probe>,
}

/// Reads the tables from outside.
#[derive(Clone, Debug)]
pub enum Probe {
    Lite(SqlitePool),
    Pg(PgPool),
}

/// What is still under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub orders: i64,
    pub frames: i64,
    /// Holds that have to end, and customers who have to be missed.
    pub due: i64,
}

impl Left {
    pub const NOTHING: Left = Left { orders: 0, frames: 0, due: 0 };
}

/// How far a conversation is.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Standing {
    pub id: String,
    pub rev: i64,
    pub received: i64,
    pub held: i64,
}

/// A database that stalls.
#[derive(Debug)]
pub enum Stall {
    Lite(sqlx::SqliteConnection),
    Pg(sqlx::PgConnection),
}

impl Stall {
    /// It goes on.
    pub async fn ends(self) {
        use sqlx::Connection;
        match self {
            Stall::Lite(connection) => connection.close().await.unwrap(),
            Stall::Pg(connection) => connection.close().await.unwrap(),
        }
    }
}

impl Database {
    pub async fn make(base: Base) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("threadline_it_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&directory).unwrap();
        match base {
            Base::Sqlite => {
                let url = format!("sqlite:{}", directory.join("threadline.db").display());
                Database { url, directory, postgres_name: None, probe: OnceLock::new() }
            }
            Base::Postgres => {
                let server = tokio::task::spawn_blocking(postgres::server).await.unwrap();
                administer(&format!("CREATE DATABASE {name} TEMPLATE template0")).await;
                let url = server.url(&name);
                Database { url, directory, postgres_name: Some(name), probe: OnceLock::new() }
            }
        }
    }

    pub async fn drop_it(&self) {
        match self.probe.get() {
            Some(Probe::Lite(pool)) => pool.close().await,
            Some(Probe::Pg(pool)) => pool.close().await,
            None => {}
        }
        if let Some(name) = &self.postgres_name {
            administer(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
        // What cannot be removed is only a temporary file.
        let _ = std::fs::remove_dir_all(&self.directory);
    }

    pub fn probe(&self) -> Probe {
        self.probe
            .get_or_init(|| {
                if self.postgres_name.is_some() {
                    let pool = PgPoolOptions::new().max_connections(2).connect_lazy(&self.url);
                    return Probe::Pg(pool.unwrap());
                }
                let file: SqliteConnectOptions = self.url.parse().unwrap();
                Probe::Lite(SqlitePoolOptions::new().max_connections(2).connect_lazy_with(file.read_only(true)))
            })
            .clone()
    }
}

/// Expands the body once per database, with `$pool` the pool to read from.
macro_rules! on_probe {
    ($probe:expr, |$pool:ident| $body:expr) => {
        match $probe {
            Probe::Lite($pool) => $body,
            Probe::Pg($pool) => $body,
        }
    };
}

impl Probe {
    /// What is still under way, with `now` on the service's clock.
    pub async fn left(&self, now: i64) -> Left {
        let sql = "SELECT (SELECT COUNT(*) FROM outbox), (SELECT COUNT(*) FROM frame WHERE read_at IS NULL), \
                   (SELECT COUNT(*) FROM hold WHERE due <= $1) + (SELECT COUNT(*) FROM conversation WHERE receipt_due <= $1) \
                   + (SELECT COUNT(*) FROM conversation WHERE letter_due <= $1) + (SELECT COUNT(*) FROM conversation WHERE patience_due <= $1) + (SELECT COUNT(*) FROM conversation WHERE step_due <= $1) + (SELECT COUNT(*) FROM letter WHERE due <= $1) \
                   + (SELECT COUNT(*) FROM session WHERE due <= $1)";
        let (orders, frames, due): (i64, i64, i64) =
            on_probe!(self, |pool| sqlx::query_as(sql).bind(now).fetch_one(pool).await.unwrap());
        Left { orders, frames, due }
    }

    /// How far each conversation is.
    pub async fn standings(&self) -> Vec<Standing> {
        let sql = "SELECT id, rev, received, (SELECT COUNT(*) FROM hold WHERE conversation = c.id) AS held \
                   FROM conversation c";
        on_probe!(self, |pool| sqlx::query_as(sql).fetch_all(pool).await.unwrap())
    }

    /// Changes the tables behind the service's back.
    pub async fn spoils(&self, sql: &'static str) {
        match self {
            Probe::Lite(pool) => {
                use sqlx::ConnectOptions;
                let options = (*pool.connect_options()).clone().read_only(false);
                let mut connection = options.connect().await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap();
            }
            Probe::Pg(pool) => drop(sqlx::query(sql).execute(pool).await.unwrap()),
        }
    }

    /// Has every change of a conversation wait, until the stall ends.
    pub async fn stalls(&self) -> Stall {
        use sqlx::ConnectOptions;
        match self {
            Probe::Lite(pool) => {
                let options = (*pool.connect_options()).clone().read_only(false);
                let mut connection = options.connect().await.unwrap();
                sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
                Stall::Lite(connection)
            }
            Probe::Pg(pool) => {
                let mut connection = (*pool.connect_options()).clone().connect().await.unwrap();
                sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
                sqlx::query("LOCK TABLE conversation IN ACCESS EXCLUSIVE MODE").execute(&mut connection).await.unwrap();
                Stall::Pg(connection)
            }
        }
    }

    /// The id of the conversation of this number.
    pub async fn id_of(&self, number: i64) -> String {
        let sql = "SELECT id FROM conversation WHERE number = $1";
        on_probe!(self, |pool| sqlx::query_scalar(sql).bind(number).fetch_one(pool).await.unwrap())
    }

    /// One text.
    pub async fn text(&self, sql: &'static str) -> String {
        on_probe!(self, |pool| sqlx::query_scalar(sql).fetch_one(pool).await.unwrap())
    }

    /// One number.
    pub async fn number(&self, sql: &'static str) -> i64 {
        on_probe!(self, |pool| sqlx::query_scalar(sql).fetch_one(pool).await.unwrap())
    }
}

async fn administer(sql: &str) {
    use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
    let options: sqlx::postgres::PgConnectOptions = postgres::server().url("postgres").parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}
