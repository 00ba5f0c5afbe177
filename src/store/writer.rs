//! SQLite's one writer. It takes what is waiting, runs all of it in one transaction and commits
//! once, because a commit costs a disk flush and sharing it is what makes durable writes fast. If
//! anything in a shared transaction fails, nothing of it is stored and each is run again alone: so
//! one bad statement takes nobody with it.

use super::{OnCommit, StoreError, Tx};
use futures_util::FutureExt;
use sqlx::SqlitePool;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;
use threadline_core::desk::Later;
use tokio::sync::{Notify, mpsc, oneshot};

/// Most transactions that share a commit: bounds how long the first one waits for the others.
const SHARED_MAX: usize = 64;
/// Most transactions that wait: beyond this, callers wait to hand theirs in.
const WAITING_MAX: usize = 1024;

/// Hands transactions to the writer.
#[derive(Clone, Debug)]
pub struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
    pool: SqlitePool,
    log_ends: Arc<Notify>,
}

/// A transaction to be run, and somebody who waits for its outcome.
trait Job: Send {
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> Later<'t, Result<(), StoreError>>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Work<T, F> {
    work: F,
    value: Option<T>,
    asker: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: for<'t> FnMut(&'t mut Tx) -> Later<'t, Result<T, StoreError>> + Send,
{
    fn run<'t>(&'t mut self, tx: &'t mut Tx) -> Later<'t, Result<(), StoreError>> {
        Box::pin(async move {
            self.value = Some((self.work)(tx).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let answer = match (outcome, self.value) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => Err(StoreError::Closed),
            (Err(error), _) => Err(error),
        };
        // Nobody waits any more: the work is stored all the same.
        let _ = self.asker.send(answer);
    }
}

impl Writer {
    /// Starts the writer on a pool of one connection.
    pub(super) fn start(pool: SqlitePool, on_commit: OnCommit) -> Writer {
        let (jobs, inbox) = mpsc::channel(WAITING_MAX);
        let log_ends = Arc::new(Notify::new());
        tokio::spawn(serve(pool.clone(), inbox, log_ends.clone(), on_commit));
        Writer { jobs, pool, log_ends }
    }

    /// Asks the writer to move the last few pages of the write-ahead log into the file, so that the
    /// next transaction begins the log from its front.
    pub(super) fn end_log(&self) {
        self.log_ends.notify_one();
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx) -> Later<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (asker, answer) = oneshot::channel();
        self.jobs.send(Box::new(Work { work, value: None, asker })).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

async fn serve(pool: SqlitePool, mut inbox: mpsc::Receiver<Box<dyn Job>>, log_ends: Arc<Notify>, on_commit: OnCommit) {
    let mut jobs = Vec::with_capacity(SHARED_MAX);
    loop {
        tokio::select! {
            biased;
            () = log_ends.notified() => {
                if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&pool).await {
                    tracing::warn!(%error, "the write-ahead log could not be ended; it grows until the next try");
                }
                continue;
            }
            count = inbox.recv_many(&mut jobs, SHARED_MAX) => if count == 0 { return },
        }
        match run_safely(&pool, &mut jobs, &on_commit).await {
            Ok(()) => jobs.drain(..).for_each(|job| job.answer(Ok(()))),
            Err(error) if jobs.len() == 1 => jobs.drain(..).for_each(|job| job.answer(Err(error.clone()))),
            Err(_) => {
                for mut job in jobs.drain(..) {
                    let outcome = run_safely(&pool, std::slice::from_mut(&mut job), &on_commit).await;
                    job.answer(outcome);
                }
            }
        }
    }
}

/// A transaction that panics fails; the writer goes on.
async fn run_safely(pool: &SqlitePool, jobs: &mut [Box<dyn Job>], on_commit: &OnCommit) -> Result<(), StoreError> {
    let done = AssertUnwindSafe(run_together(pool, jobs, on_commit)).catch_unwind().await;
    done.unwrap_or_else(|_| Err(StoreError::Database("a transaction panicked: see the log".to_string())))
}

async fn run_together(pool: &SqlitePool, jobs: &mut [Box<dyn Job>], on_commit: &OnCommit) -> Result<(), StoreError> {
    let mut tx = Tx::Lite(pool.begin_with("BEGIN IMMEDIATE").await?);
    let shared_by = jobs.len();
    for job in jobs {
        job.run(&mut tx).await?;
    }
    let began = Instant::now();
    tx.commit().await?;
    on_commit.0(shared_by, began.elapsed());
    Ok(())
}
