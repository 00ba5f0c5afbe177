//! A PostgreSQL of the test run's own: made when the first play needs it, gone with the process
//! however that ends. It runs under a shell that waits for its standard input to close, and the
//! other end of that pipe is held by this process and nobody else; it has a process group of its own,
//! so that Ctrl-C does not end the shell before its child.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// How long the server may take to be made and to answer.
const START_MAX: Duration = Duration::from_secs(60);

/// The server of this test run.
#[derive(Debug)]
pub struct Server {
    port: u16,
    /// Its standard input is the pipe that keeps it alive.
    _shell: Mutex<Child>,
}

impl Server {
    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://threadline@127.0.0.1:{}/{database}", self.port)
    }
}

/// True when PostgreSQL is installed. Where it is not, its plays are passed over with a loud line;
/// in CI that is a failure.
pub fn is_here() -> bool {
    static SAID: OnceLock<bool> = OnceLock::new();
    *SAID.get_or_init(|| {
        let otherwise = "POSTGRESQL NOT FOUND: its plays are passed over; install postgresql or put initdb on the PATH";
        super::is_installed(programs().is_some(), otherwise)
    })
}

/// The server, started at the first call.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> Server {
    let programs = programs().expect("PostgreSQL is installed");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = std::env::temp_dir().join(format!("threadline-it-pg-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let root = is_root();
    if root {
        let owned = Command::new("chown").arg("postgres").arg(&home).status();
        assert!(
            owned.is_ok_and(|status| status.success()),
            "PostgreSQL does not run as root; it needs a user postgres"
        );
    }
    // No flush to the disk: these databases need not outlive the machine, only our process.
    let script = format!(
        "cd '{home}' || exit 1
         '{programs}/initdb' -D data -U threadline -A trust -E UTF8 --locale=C --no-sync >init.log 2>&1 || {{ cat init.log; exit 1; }}
         '{programs}/postgres' -D data -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='{home}' \
            -c fsync=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=64MB >log 2>&1 &
         read _
         kill -INT $!; wait $!; cd /; rm -rf '{home}'",
        home = home.display(),
        programs = programs.display(),
    );
    let mut command = if root { Command::new("su") } else { Command::new("sh") };
    if root {
        command.args(["-s", "/bin/sh", "postgres"]);
    }
    let shell = command.arg("-c").arg(script).process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let shell = shell.expect("a shell for PostgreSQL");
    let (ready, began) = (home.join("data/postmaster.pid"), Instant::now());
    while !is_ready(&programs, port, &ready) {
        assert!(began.elapsed() < START_MAX, "PostgreSQL does not start; see {}", home.display());
        std::thread::sleep(Duration::from_millis(50));
    }
    Server { port, _shell: Mutex::new(shell) }
}

fn is_ready(programs: &Path, port: u16, pid_file: &Path) -> bool {
    let port = port.to_string();
    let mut ask = Command::new(programs.join("pg_isready"));
    // Only our own server makes this file, so another program on the port is not taken for it.
    std::fs::exists(pid_file).unwrap_or(true)
        && ask.args(["-q", "-h", "127.0.0.1", "-p", &port]).status().is_ok_and(|status| status.success())
}

/// Where PostgreSQL's programs are: the newest that is installed, or those on the PATH.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    installed.sort_by_key(|path| path.parent().and_then(|it| it.file_name()?.to_str()?.parse::<u32>().ok()));
    let on_path = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let everywhere = installed.into_iter().rev().chain(on_path.into_iter().flatten());
    everywhere.into_iter().find(|directory| directory.join("initdb").is_file() && directory.join("postgres").is_file())
}

pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
