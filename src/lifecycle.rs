//! The life of the process: one token that says "stop", one tracker of the tasks that must end
//! first. Called by `main` and by everything that runs for long; it knows nothing of what the tasks
//! do.
//!
//! Stopping takes four steps: nothing new is taken in, the job in hand is finished, what is left is
//! waited for up to [`DRAIN`], the process ends. What did not get done is stored and goes on after
//! the next start.

use futures_util::FutureExt;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long tasks may take to finish once the process is stopping. Kubernetes kills after 30 s and
/// Docker after 10 s by default; a held reply and an unsent post are stored, so nothing is lost by
/// not waiting longer.
pub const DRAIN: Duration = Duration::from_secs(10);

/// Exit code after a second signal: 128 + SIGINT, as a shell shows a program that Ctrl-C ended.
const EXIT_AT_ONCE: i32 = 130;

/// Says when to stop, and knows what has to end before the process does. Clones are the same life.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stop: CancellationToken,
    tasks: TaskTracker,
    /// How many tasks of each name are running, for the log when some do not end.
    running: Mutex<BTreeMap<Cow<'static, str>, usize>>,
    /// Why the process has to end, told by the first task that died.
    death: OnceLock<TaskDied>,
}

/// A task that has to live as long as the process did not. The log says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the task \"{task}\" died; the log says why")]
pub struct TaskDied {
    /// Its name.
    pub task: Cow<'static, str>,
}

impl Lifecycle {
    /// A life that has just begun.
    pub fn new() -> Lifecycle {
        Lifecycle::default()
    }

    /// Runs a task for as long as the process lives. If it fails, panics, or ends before anybody
    /// asked it to, the process stops and [`finished`](Self::finished) says so.
    pub fn spawn<F>(&self, name: impl Into<Cow<'static, str>>, task: F)
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (life, name) = (self.clone(), name.into());
        self.track(name.clone(), async move {
            let why = match AssertUnwindSafe(task).catch_unwind().await {
                Ok(Ok(())) if life.is_stopping() => return,
                Ok(Ok(())) => "it ended, though nobody asked it to".to_owned(),
                Ok(Err(error)) => format!("{error:#}"),
                Err(_panic) => "it panicked (see the log line before)".to_owned(),
            };
            tracing::error!(task.name = %name, task.error = %why, "a task died, the process stops");
            life.0.death.get_or_init(|| TaskDied { task: name });
            life.stop();
        });
    }

    /// Runs something that ends by itself, such as one connection, and is waited for when the
    /// process stops. If it panics, only it is lost: a stranger who finds a request that panics must
    /// not be able to stop the service with it.
    pub fn spawn_brief<F>(&self, name: impl Into<Cow<'static, str>>, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        // Boxed once, so that what wraps it does not move it about.
        let task = Box::pin(task);
        self.track(name.into(), async move {
            // The panic hook has logged it.
            let _: Result<(), _> = AssertUnwindSafe(task).catch_unwind().await;
        });
    }

    /// Ends when the process begins to stop.
    pub async fn stopping(&self) {
        self.0.stop.cancelled().await;
    }

    /// True when the process has begun to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stop.is_cancelled()
    }

    /// The token behind [`stopping`](Self::stopping), for what takes a token, such as a bot.
    pub fn token(&self) -> CancellationToken {
        self.0.stop.clone()
    }

    /// Begins to stop, as a signal does.
    pub fn stop(&self) {
        self.0.stop.cancel();
    }

    /// Waits until the process is stopping, and then for its tasks, at most [`DRAIN`].
    ///
    /// # Errors
    ///
    /// When a task died; the error names it.
    pub async fn finished(&self) -> Result<(), TaskDied> {
        self.stopping().await;
        self.0.tasks.close();
        if tokio::time::timeout(DRAIN, self.0.tasks.wait()).await.is_err() {
            tracing::warn!(
                drain.secs = DRAIN.as_secs(),
                drain.unfinished = self.unfinished(),
                "some tasks did not finish in time"
            );
        }
        self.0.death.get().cloned().map_or(Ok(()), Err)
    }

    /// Stops at the first SIGTERM or SIGINT (Ctrl-C); at the second, ends the process at once with
    /// code 130. Needs a running tokio runtime.
    ///
    /// # Errors
    ///
    /// When the system refuses to tell us of signals.
    pub fn stop_on_signals(&self) -> std::io::Result<()> {
        let (life, mut signals) = (self.clone(), Signals::new()?);
        tokio::spawn(async move {
            let signal = signals.next().await;
            tracing::info!(signal, "stopping: finishing what is in hand; a second signal ends it at once");
            life.stop();
            let signal = signals.next().await;
            tracing::warn!(signal, drain.unfinished = life.unfinished(), "ended at once by a second signal");
            std::process::exit(EXIT_AT_ONCE);
        });
        Ok(())
    }

    fn track<F>(&self, name: Cow<'static, str>, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let running = Running::begin(self.clone(), name);
        self.0.tasks.spawn(async move {
            task.await;
            drop(running);
        });
    }

    fn unfinished(&self) -> String {
        let named = |(name, count): (&Cow<'static, str>, &usize)| match count {
            1 => name.to_string(),
            more => format!("{name} ({more})"),
        };
        self.running().iter().map(named).collect::<Vec<_>>().join(", ")
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<Cow<'static, str>, usize>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a task by its name from now until it is dropped.
struct Running {
    life: Lifecycle,
    name: Cow<'static, str>,
}

impl Running {
    fn begin(life: Lifecycle, name: Cow<'static, str>) -> Running {
        *life.running().entry(name.clone()).or_default() += 1;
        Running { life, name }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self.life.running();
        if let Some(count) = running.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.name);
            }
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::time::Instant;

    #[tokio::test]
    async fn it_waits_for_the_job_in_hand() {
        let (life, done) = (Lifecycle::new(), Arc::new(AtomicBool::new(false)));
        life.spawn("worker", {
            let (life, done) = (life.clone(), done.clone());
            async move {
                life.stopping().await;
                tokio::task::yield_now().await;
                done.store(true, Ordering::SeqCst);
                Ok(())
            }
        });
        assert!(!life.is_stopping());
        life.stop();
        assert_eq!(life.finished().await, Ok(()));
        assert!(done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn a_task_that_dies_stops_the_others_and_is_named() {
        let fails = async { Err(anyhow::anyhow!("disk is gone")) };
        let panics = async { panic!("cannot be") };
        let ends_early = async { Ok(()) };
        for task in [fails.boxed(), panics.boxed(), ends_early.boxed()] {
            let life = Lifecycle::new();
            let other = life.clone();
            life.spawn("bystander", async move {
                other.stopping().await;
                Ok(())
            });
            life.spawn("outbox", task);
            assert_eq!(life.finished().await, Err(TaskDied { task: "outbox".into() }));
        }
    }

    #[tokio::test]
    async fn a_connection_that_panics_is_lost_alone() {
        let life = Lifecycle::new();
        life.spawn_brief("connection", async { panic!("a stranger's doing") });
        life.spawn_brief("connection", async {});
        while life.unfinished() != "" {
            tokio::task::yield_now().await;
        }
        assert!(!life.is_stopping());
        life.stop();
        assert_eq!(life.finished().await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_finish_is_not_waited_for_for_ever() {
        let (life, begun) = (Lifecycle::new(), Instant::now());
        life.spawn("deaf", std::future::pending());
        life.spawn_brief("stream", std::future::pending());
        life.spawn_brief("stream", std::future::pending());
        life.stop();
        assert_eq!(life.finished().await, Ok(()));
        assert_eq!(begun.elapsed().as_secs(), DRAIN.as_secs());
        assert_eq!(life.unfinished(), "deaf, stream (2)");
    }
}
