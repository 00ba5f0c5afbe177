//! The stage of the plays: for each play a runtime, a database and a log of its own; at the end it
//! is checked that nothing was left over. What stands on the stage is in the files below.

mod crowd;
mod customer;
mod database;
mod desk;
mod dice;
pub mod files;
mod http;
mod journal;
pub mod mail;
mod nodes;
mod page;
pub mod post;
mod postgres;
mod program;
pub mod s3;
mod signed;
mod site;
mod slack;
mod wire;

pub use crowd::{Crowd, Pace};
pub use customer::{Customer, NewCustomer};
pub use database::Base;
pub use desk::{Desk, DeskKind};
pub use dice::{Dice, seed, seeds};
pub use http::Answer;
pub use journal::Journal;
pub use page::Page;
pub use signed::{SECRETS, signed, signed_as, signed_with};
pub use site::{Setup, Site};
pub use slack::{CHANNEL, SECOND_CHANNEL, cards, thread as slack_thread};
pub use wire::Wire;

use database::Database;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a play waits for what must happen: far longer than it takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition that nobody announces is looked at.
pub const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long a whole play may take; one that hangs must say where.
const PLAY_MAX: Duration = Duration::from_secs(180);

/// Makes two tests of each play: on SQLite and on PostgreSQL.
macro_rules! plays {
    ($($play:ident),* $(,)?) => {$(
        mod $play {
            #[test]
            fn sqlite() {
                crate::house::stage(crate::house::Base::Sqlite, super::$play);
            }

            #[test]
            fn postgres() {
                crate::house::stage(crate::house::Base::Postgres, super::$play);
            }
        }
    )*};
}

/// Makes four tests of each play: on both databases, at the practice desk and in Slack.
macro_rules! desk_plays {
    ($($play:ident),* $(,)?) => {$(
        mod $play {
            use crate::house::{Base, DeskKind, stage};

            #[test]
            fn practice_sqlite() {
                stage(Base::Sqlite, |house| super::$play(house, DeskKind::Practice));
            }

            #[test]
            fn practice_postgres() {
                stage(Base::Postgres, |house| super::$play(house, DeskKind::Practice));
            }

            #[test]
            fn slack_sqlite() {
                stage(Base::Sqlite, |house| super::$play(house, DeskKind::Slack));
            }

            #[test]
            fn slack_postgres() {
                stage(Base::Postgres, |house| super::$play(house, DeskKind::Slack));
            }
        }
    )*};
}

/// Makes a test of each play with the mail servers, which needs no database.
macro_rules! mail_plays {
    ($($play:ident),* $(,)?) => {$(
        mod $play {
            #[test]
            fn exim_dovecot() {
                crate::house::mail::stage(super::$play);
            }
        }
    )*};
}

/// What a play is given.
#[derive(Clone, Debug)]
pub struct House {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    journal: Journal,
    sites: Mutex<Vec<Site>>,
}

impl House {
    /// Opens a site: a Threadline that runs in this process.
    pub async fn open(&self, setup: Setup) -> Site {
        let site = Site::open(setup, &self.inner.database, self.inner.journal.clone()).await;
        self.sites().push(site.clone());
        site
    }

    fn sites(&self) -> std::sync::MutexGuard<'_, Vec<Site>> {
        self.inner.sites.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one play on its own runtime.
pub fn stage<P, F>(base: Base, play: P)
where
    P: FnOnce(House) -> F,
    F: Future<Output = ()>,
{
    if base == Base::Postgres && !postgres::is_here() {
        return;
    }
    on_a_runtime(async |journal| {
        let database = Database::make(base).await;
        let inner = Inner { database, journal, sites: Mutex::default() };
        let house = House { inner: Arc::new(inner) };
        let mut outcome = played(play(house.clone())).await;
        let sites: Vec<Site> = std::mem::take(&mut *house.sites());
        for site in sites {
            let checked = AssertUnwindSafe(site.close(outcome.is_ok())).catch_unwind().await;
            outcome = outcome.and(checked);
        }
        house.inner.database.drop_it().await;
        outcome
    });
}

/// Plays one play to its end, or to where it hangs or panics.
async fn played(play: impl Future<Output = ()>) -> std::thread::Result<()> {
    let in_time = async { tokio::time::timeout(PLAY_MAX, play).await.expect("the play takes too long") };
    AssertUnwindSafe(in_time).catch_unwind().await
}

/// Runs something on a runtime of its own with a journal of what is logged there, which is shown if it
/// went wrong.
fn on_a_runtime(what: impl AsyncFnOnce(Journal) -> std::thread::Result<()>) {
    let journal = Journal::new();
    let of_worker = journal.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(move || of_worker.begin_on_this_thread())
        .build()
        .expect("a runtime");
    journal.begin_on_this_thread();
    let outcome = runtime.block_on(what(journal.clone()));
    runtime.shutdown_timeout(Duration::from_secs(2));
    journal.end_on_this_thread();
    if let Err(panic) = outcome {
        journal.show();
        std::panic::resume_unwind(panic);
    }
}

/// True where something is installed; where it is not, its plays are passed over with this loud line,
/// and in CI that is a failure.
pub fn is_installed(here: bool, otherwise: &str) -> bool {
    if !here {
        eprintln!("{otherwise}");
        assert!(std::env::var_os("CI").is_none(), "{otherwise}");
    }
    here
}

/// Waits until a condition holds that nobody announces.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = tokio::time::Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
