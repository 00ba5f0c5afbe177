//! The server under load: the real program, as a process of its own, with its configuration in a
//! temporary directory. What it uses up is read from /proc.

use crate::http::{Connection, get};
use anyhow::{Context, bail};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The program under load, if no other is named: Cargo builds it for this bench.
const PROGRAM: &str = env!("CARGO_BIN_EXE_threadline");
/// Names another one: a build to compare with.
const PROGRAM_VARIABLE: &str = "THREADLINE_PROGRAM";
/// Longest start that is waited for.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a starting server is asked whether it is ready.
const ASK_EVERY: Duration = Duration::from_micros(500);
/// How long a server that was told to stop may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// Processor time in /proc is counted in hundredths of a second on every Linux (proc(5): USER_HZ).
const TICKS_PER_SEC: f64 = 100.0;
/// Streams that a server takes: more than any load here opens.
const STREAMS_MAX: u32 = 100_000;

/// A temporary directory; gone when it is dropped.
#[derive(Debug)]
pub struct TempDir(PathBuf);

/// Where Slack is, for the server.
#[derive(Clone, Debug)]
pub struct SlackAt {
    /// The Web API's address.
    pub api_url: String,
    /// The bot's token.
    pub bot_token: String,
    /// The app-level token.
    pub app_token: String,
    /// The desk's channels.
    pub channels: Vec<String>,
}

/// A running server; stopped when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    ready_after: Duration,
}

impl TempDir {
    /// A new, empty directory.
    pub fn new() -> anyhow::Result<TempDir> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("threadline-load-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        Ok(TempDir(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // What is left of it is in the system's temporary directory and does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Server {
    /// Starts the program in `dir` on this database and waits until it is ready.
    pub async fn start(dir: &TempDir, database_url: &str, slack: &SlackAt) -> anyhow::Result<Server> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let config = dir.path().join("threadline.toml");
        std::fs::write(&config, configuration(address, database_url, slack))?;
        let log = dir.path().join("threadline.log");
        let began = Instant::now();
        let program = std::env::var_os(PROGRAM_VARIABLE).unwrap_or_else(|| PROGRAM.into());
        let child = Command::new(&program)
            .args(["serve", "--config"])
            .arg(&config)
            .current_dir(dir.path())
            .env("SLACK_BOT_TOKEN", &slack.bot_token)
            .env("SLACK_APP_TOKEN", &slack.app_token)
            .env_remove("THREADLINE_DATABASE_URL")
            .env_remove("THREADLINE_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(&log)?)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let mut server = Server { child, address, log, ready_after: Duration::ZERO };
        let request = get("/readyz", "connection: close\r\n");
        loop {
            if let Ok(mut connection) = Connection::open(address).await
                && connection.ask(&request).await.is_ok_and(|answer| answer.status == 200)
            {
                break;
            }
            if began.elapsed() > START_TIMEOUT || server.child.try_wait()?.is_some() {
                bail!("the server did not start; its log:\n{}", server.log());
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        server.ready_after = began.elapsed();
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the start of the process to the first 200 of /readyz.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Processor time used so far, in seconds.
    pub fn cpu_secs(&self) -> anyhow::Result<f64> {
        cpu_secs(&self.child.id().to_string())
    }

    /// Memory in use now, in bytes.
    pub fn memory_bytes(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in /proc")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().context("VmRSS is no number")?;
        Ok(kib * 1024)
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By the system's own tool: a signal is nothing that safe Rust can send.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let began = Instant::now();
        while began.elapsed() < STOP_TIMEOUT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time that a process has used so far, in seconds; `self` is this one.
pub fn cpu_secs(process: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in parentheses may contain anything; the numbers follow it.
    let (_, numbers) = stat.rsplit_once(')').context("/proc/…/stat has no name")?;
    // Fields 14 and 15, utime and stime (proc(5)); the first after the name is field 3.
    let ticks = numbers.split_whitespace().skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
    Ok(ticks / TICKS_PER_SEC)
}

/// Processor time that the whole machine has used so far, in seconds, all processors together.
pub fn machine_cpu_secs() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let times = stat.lines().next().and_then(|line| line.strip_prefix("cpu ")).context("no cpu in /proc/stat")?;
    let times = times.split_whitespace().map(str::parse::<f64>).collect::<Result<Vec<_>, _>>()?;
    // user, nice, system, idle, iowait, irq, softirq, steal (proc(5)): all but the two that wait.
    let busy = times.iter().take(8).sum::<f64>() - times.iter().skip(3).take(2).sum::<f64>();
    Ok(busy / TICKS_PER_SEC)
}

/// Everything that limits a load is off, the rest as it comes.
fn configuration(address: SocketAddr, database_url: &str, slack: &SlackAt) -> String {
    let channels = slack.channels.iter().map(|channel| format!("{channel:?}")).collect::<Vec<_>>().join(", ");
    let api_url = &slack.api_url;
    format!(
        r#"
[server]
listen = "{address}"
[database]
url = "{database_url}"
[widget]
ask_name = "off"
ask_email = "off"
[desk.support]
platform = "slack"
channels = [{channels}]
hold_secs = 0
[slack]
api_url = "{api_url}"
posts_per_minute_per_channel = 0
[limits]
conversations_per_address_per_minute = 0
messages_per_conversation_per_minute = 0
requests_per_address_per_minute = 0
connections_per_address_max = 0
streams_per_address_max = 0
streams_max = {STREAMS_MAX}
"#
    )
}
