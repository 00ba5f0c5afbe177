//! A PostgreSQL server of our own, on a free port, with its data in a temporary directory and
//! every commit flushed to the disk, as in earnest.

use crate::server::TempDir;
use anyhow::{Context, bail};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian and its relatives put each version.
const VERSIONS_DIR: &str = "/usr/lib/postgresql";
/// Who runs it when we are root, which PostgreSQL refuses to run as: the first that there is.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// A running PostgreSQL; stopped when it is dropped.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    user: Option<&'static str>,
    port: u16,
    dir: TempDir,
}

impl Postgres {
    /// Starts one; none when PostgreSQL is not installed.
    pub fn start() -> anyhow::Result<Option<Postgres>> {
        let Some(programs) = programs() else { return Ok(None) };
        let user = if says(Command::new("id").arg("-u"))?.trim() == "0" {
            let there = |user: &&&str| says(Command::new("id").arg(user)).is_ok();
            Some(*USERS.iter().find(there).context("no user to run PostgreSQL as")?)
        } else {
            None
        };
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let postgres = Postgres { programs, user, port, dir: TempDir::new()? };
        let dir = postgres.dir.path();
        if let Some(user) = user {
            says(Command::new("chown").arg(user).arg(dir))?;
        }
        let data = dir.join("data").display().to_string();
        let words = ["-D", &data, "-U", "threadline", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"];
        says(postgres.command("initdb").args(words))?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=on -c synchronous_commit=on",
            dir.display()
        );
        says(postgres.control("start").args(["-o", &options]))?;
        Ok(Some(postgres))
    }

    /// Its database.
    pub fn url(&self) -> String {
        format!("postgres://threadline@127.0.0.1:{}/postgres", self.port)
    }

    fn control(&self, what: &str) -> Command {
        let (data, log) = (self.dir.path().join("data"), self.dir.path().join("log"));
        let mut command = self.command("pg_ctl");
        command.arg(what).args(["-w", "-m", "immediate", "-D"]).arg(data).arg("-l").arg(log);
        command
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = match self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.current_dir(self.dir.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its directory goes next, so there is nothing to be saved.
        let _ = self.control("stop").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// The newest installed version's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS_DIR).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let number = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest = versions.filter(|path| number(path).is_some()).max_by_key(|path| number(path))?;
    Some(newest.join("bin")).filter(|programs| programs.join("initdb").exists())
}

/// What a command prints, when it does what it is told.
fn says(command: &mut Command) -> anyhow::Result<String> {
    // pg_ctl leaves the server behind with our pipe open, so its words go nowhere.
    let is_control = command.get_args().any(|arg| arg == "start");
    if is_control {
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !status.with_context(|| format!("running {command:?}"))?.success() {
            bail!("{command:?} failed");
        }
        return Ok(String::new());
    }
    let output = command.output().with_context(|| format!("running {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
