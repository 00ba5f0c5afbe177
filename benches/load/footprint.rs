//! What the server costs when nothing happens: the time to start, memory at rest, memory per
//! customer who only has the chat open, and the bytes that a visitor's browser fetches.

use crate::http::{Connection, get, header};
use crate::server::{Server, TempDir};
use crate::site::{Slack, open_conversations, open_streams};
use anyhow::{Context, bail};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

/// How long a server is left alone before its memory is read.
const REST: Duration = Duration::from_secs(2);
/// Files beside the streams: listeners, the fake Slack, the program's own.
const OTHER_FILES: usize = 500;
/// A file that is part of the chat by its name in the loader.
const ASSETS: &[u8] = b"/assets/";

/// A server's start and rest.
#[derive(Debug)]
pub struct Start {
    /// Start to ready on an existing database, the median, in milliseconds.
    pub ready_millis: f64,
    /// The same for the first start, which makes the database.
    pub first_ready_millis: f64,
    /// Memory at rest, in MiB.
    pub idle_mib: f64,
}

/// Memory of connected customers.
#[derive(Debug)]
pub struct Connected {
    /// How many there were.
    pub customers: usize,
    /// KiB for each.
    pub kib_each: f64,
    /// The whole process, in MiB.
    pub all_mib: f64,
}

/// What a browser fetches, in bytes as transferred.
#[derive(Debug)]
pub struct Fetched {
    /// Before the first click.
    pub loader_bytes: usize,
    /// With the chat opened.
    pub all_bytes: usize,
}

/// Starts the server again and again.
pub async fn start(times: usize) -> anyhow::Result<Start> {
    let slack = Slack::start().await;
    let mut first = Vec::new();
    let mut again = Vec::new();
    let mut idle = Vec::new();
    for _ in 0..times {
        let dir = TempDir::new()?;
        for ready in [&mut first, &mut again] {
            let server = Server::start(&dir, "sqlite:load.db", &slack.at()).await?;
            ready.push(server.ready_after().as_secs_f64() * 1_000.0);
            if idle.is_empty() {
                tokio::time::sleep(REST).await;
                idle.push(mib(server.memory_bytes()?));
            }
        }
    }
    Ok(Start { ready_millis: median(again), first_ready_millis: median(first), idle_mib: median(idle) })
}

/// Connects customers who say nothing. The server is started anew on their conversations, so that
/// no memory which was used before is used again and hides what a customer costs.
pub async fn connected(wanted: usize) -> anyhow::Result<Connected> {
    let customers = wanted.min(files(wanted + OTHER_FILES)?.saturating_sub(OTHER_FILES));
    let (slack, dir) = (Slack::start().await, TempDir::new()?);
    let server = Server::start(&dir, "sqlite:load.db", &slack.at()).await?;
    let tokens = open_conversations(server.address(), customers).await?;
    drop(server);
    let server = Server::start(&dir, "sqlite:load.db", &slack.at()).await?;
    slack.connected().await?;
    tokio::time::sleep(REST).await;
    let before = server.memory_bytes()?;
    let streams = open_streams(server.address(), &tokens).await?;
    tokio::time::sleep(REST).await;
    let after = server.memory_bytes()?;
    drop(streams);
    let kib_each = after.saturating_sub(before) as f64 / 1024.0 / customers as f64;
    Ok(Connected { customers, kib_each, all_mib: mib(after) })
}

/// Fetches what a browser fetches.
pub async fn fetched() -> anyhow::Result<Fetched> {
    let (slack, dir) = (Slack::start().await, TempDir::new()?);
    let server = Server::start(&dir, "sqlite:load.db", &slack.at()).await?;
    let mut connection = Connection::open(server.address()).await?;
    let plain = connection.ask(&get("/widget.js", "")).await?;
    if plain.status != 200 {
        bail!("/widget.js was answered {}", plain.status);
    }
    let names = asset_paths(plain.body);
    let loader = compressed(&mut connection, "/widget.js").await?;
    let loader_bytes = loader.len();
    // A file may have two names, one by its content and one that stays: a browser fetches it once.
    let mut files = BTreeSet::from([loader]);
    for name in &names {
        files.insert(compressed(&mut connection, name).await?);
    }
    let all_bytes = files.iter().map(Vec::len).sum();
    if names.is_empty() {
        bail!("/widget.js names no file of the chat");
    }
    Ok(Fetched { loader_bytes, all_bytes })
}

async fn compressed(connection: &mut Connection, path: &str) -> anyhow::Result<Vec<u8>> {
    let answer = connection.ask(&get(path, "accept-encoding: gzip, deflate, br\r\n")).await?;
    if answer.status != 200 || header(answer.head, b"content-encoding") != Some("br") {
        bail!("{path} was answered {} and not in Brotli", answer.status);
    }
    Ok(answer.body.to_vec())
}

/// The files that a script names, each once.
fn asset_paths(script: &[u8]) -> Vec<String> {
    let script = String::from_utf8_lossy(script);
    let assets = String::from_utf8_lossy(ASSETS);
    let mut paths: Vec<String> = (script.match_indices(&*assets))
        .map(|(at, _)| {
            let is_of_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
            script[at..].chars().take_while(|c| is_of_path(*c)).collect()
        })
        .filter(|path: &String| path.len() > assets.len())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

/// Files that this process and the servers it starts may open from now on: as many as wanted, if
/// the system allows it.
fn files(wanted: usize) -> anyhow::Result<usize> {
    let process = std::process::id().to_string();
    // Raising the hard limit takes root; raising the soft one to the hard one anybody may.
    for limit in [format!("--nofile={wanted}:{wanted}"), format!("--nofile={wanted}:")] {
        // Without the program the limit stays as it is, and is read below.
        let _ = Command::new("prlimit").args(["--pid", &process, &limit]).output();
        if files_allowed()? >= wanted {
            break;
        }
    }
    files_allowed()
}

fn files_allowed() -> anyhow::Result<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()).context("no limit of open files in /proc")?;
    Ok(soft.parse().unwrap_or(usize::MAX))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
