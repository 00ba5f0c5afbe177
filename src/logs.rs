//! The log: one line per event on stderr, as text for a person or JSON for a collector. Called once,
//! by `main`. It never shows what customers or agents wrote, their addresses, or a token: our own
//! lines do not carry them, other crates are kept to warnings, and a panic's quoted values are cut.

use crate::config::{Log, LogFormat};
use anyhow::{Context, anyhow};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The environment variable whose filter is used in place of `log.level`.
pub const FILTER_VARIABLE: &str = "THREADLINE_LOG";

/// Longest text of a panic that is logged, in characters.
const PANIC_CHARS_MAX: usize = 200;

/// Starts the log for the whole process, and logs panics from now on.
///
/// # Errors
///
/// When the filter cannot be read, or a log was started before.
pub fn start(log: &Log, filter: Option<&str>) -> anyhow::Result<()> {
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing::subscriber::set_global_default(subscriber(log, filter, colours, std::io::stderr)?)
        .context("a log was started before")?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn subscriber<W>(
    log: &Log,
    filter: Option<&str>,
    colours: bool,
    to: W,
) -> anyhow::Result<Box<dyn Subscriber + Send + Sync>>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let directives = match filter {
        Some(given) => given.to_owned(),
        // Ours begin with `threadline`; others' lines below a warning may show what passes through.
        None => format!("warn,threadline={}", log.level.as_str()),
    };
    // The parser's own error says the same thing twice, and not where.
    let filter = EnvFilter::try_new(directives)
        .map_err(|_| anyhow!("{FILTER_VARIABLE} is not a log filter, such as \"info\" or \"warn,threadline=debug\""))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(to);
    Ok(match log.format {
        LogFormat::Text => Box::new(lines.with_ansi(colours).finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_span_list(false).finish()),
    })
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let said = match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
        (Some(literal), _) => (*literal).to_owned(),
        (None, Some(formatted)) => without_values(formatted),
        (None, None) => "something that is not text".to_owned(),
    };
    let thread = std::thread::current();
    tracing::error!(
        panic.at = panic.location().map(tracing::field::display),
        panic.thread = thread.name().unwrap_or("unnamed"),
        "panicked: {said}"
    );
}

/// A panic's formatted text up to the first quoted value: `byte index 1 is not a char boundary` goes
/// on with the whole string, which may be what a customer wrote.
fn without_values(text: &str) -> String {
    let plain = text.split(['`', '"', '\'']).next().unwrap_or_default();
    let short: String = plain.chars().take(PANIC_CHARS_MAX).collect();
    if short.len() < text.len() { format!("{}…", short.trim_end()) } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogLevel;
    use expect_test::{Expect, expect};
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is logged, without the time.
    fn logged(log: Log, filter: Option<&str>, act: impl FnOnce(), expected: Expect) {
        let page = Page::default();
        let to = page.clone();
        tracing::subscriber::with_default(subscriber(&log, filter, false, move || to.clone()).unwrap(), act);
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        let timeless: Vec<&str> = text
            .lines()
            .map(|line| match (line.find("\"level\""), line.find('Z')) {
                (Some(after_time), _) => &line[after_time..],
                (None, Some(zulu)) => line[zulu + 1..].trim_start(),
                (None, None) => line,
            })
            .collect();
        expected.assert_eq(&timeless.join("\n"));
    }

    fn some_lines() {
        tracing::info!(conversation.id = "cnv_1", "a conversation began");
        tracing::debug!("not at this level");
        tracing::info!(target: "threadline_slack::inbound", "a crate of ours");
        tracing::info!(target: "slack_morphism", "what passed through");
        tracing::warn!(target: "sqlx::query", "somebody else's warning");
    }

    #[test]
    fn text_for_people() {
        let log = Log { format: LogFormat::Text, level: LogLevel::Info };
        logged(
            log,
            None,
            some_lines,
            expect![[r#"
              INFO threadline::logs::tests: a conversation began conversation.id="cnv_1"
              INFO threadline_slack::inbound: a crate of ours
              WARN sqlx::query: somebody else's warning"#]],
        );
    }

    #[test]
    fn json_for_collectors() {
        let log = Log { format: LogFormat::Json, level: LogLevel::Info };
        logged(
            log,
            None,
            some_lines,
            expect![[r#"
            "level":"INFO","message":"a conversation began","conversation.id":"cnv_1","target":"threadline::logs::tests"}
            "level":"INFO","message":"a crate of ours","target":"threadline_slack::inbound"}
            "level":"WARN","message":"somebody else's warning","target":"sqlx::query"}"#]],
        );
    }

    #[test]
    fn the_environment_has_the_last_word() {
        let log = Log { format: LogFormat::Text, level: LogLevel::Info };
        logged(
            log,
            Some("off,threadline_slack=info"),
            some_lines,
            expect!["INFO threadline_slack::inbound: a crate of ours"],
        );
        let wrong = subscriber(&log, Some("threadline=loud"), false, std::io::sink).err().unwrap();
        expect![[r#"THREADLINE_LOG is not a log filter, such as "info" or "warn,threadline=debug""#]]
            .assert_eq(&wrong.to_string());
    }

    #[test]
    fn a_panic_shows_no_values() {
        let body = "é is what Ada wrote";
        let cut = std::panic::catch_unwind(|| body[1..].len()).unwrap_err();
        let said = without_values(cut.downcast_ref::<String>().unwrap());
        assert!(!said.contains("Ada"), "{said}");
        assert_eq!(without_values("index out of bounds: the len is 3"), "index out of bounds: the len is 3");
        assert_eq!(without_values(&"x".repeat(300)).chars().count(), PANIC_CHARS_MAX + 1);
    }
}
