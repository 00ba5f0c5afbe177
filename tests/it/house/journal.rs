//! The log of one play: plays run side by side in one process, so each runtime's threads write to a
//! journal of their own. Shown when the play fails; asked when a play is about what the operator is
//! told.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Lines shown of a play that failed.
const SHOWN_MAX: usize = 150;

thread_local! {
    static GUARD: RefCell<Option<DefaultGuard>> = const { RefCell::new(None) };
}

/// What was logged during one play.
#[derive(Clone, Debug)]
pub struct Journal {
    text: Arc<Mutex<Vec<u8>>>,
}

impl Journal {
    pub fn new() -> Journal {
        Journal { text: Arc::default() }
    }

    /// What this thread logs goes here from now on.
    pub fn begin_on_this_thread(&self) {
        let filter = std::env::var("THREADLINE_LOG").unwrap_or_else(|_| "warn,threadline=info".to_string());
        let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter)).with_ansi(false);
        let guard = tracing::subscriber::set_default(lines.with_writer(self.clone()).finish());
        GUARD.with(|slot| *slot.borrow_mut() = Some(guard));
    }

    /// What this thread logs goes nowhere again.
    pub fn end_on_this_thread(&self) {
        GUARD.with(|slot| slot.borrow_mut().take());
    }

    /// How many lines hold this text.
    pub fn count(&self, text: &str) -> usize {
        self.lines().iter().filter(|line| line.contains(text)).count()
    }

    /// Every line so far.
    pub fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.text()).lines().map(str::to_string).collect()
    }

    /// The last lines, on stderr.
    pub fn show(&self) {
        let lines = self.lines();
        eprintln!("--- the log's last lines ---");
        lines.iter().skip(lines.len().saturating_sub(SHOWN_MAX)).for_each(|line| eprintln!("{line}"));
    }

    fn text(&self) -> MutexGuard<'_, Vec<u8>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl io::Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = Journal;

    fn make_writer(&'a self) -> Journal {
        self.clone()
    }
}
