//! The load program: drives the real `threadline` over HTTP, with the fake Slack in its own process
//! beside it, and prints each figure with its goal. The goals are for two processors that the load
//! shares; figures of one run can be compared with each other, those of two machines cannot.
//!
//! ```text
//! cargo bench --bench load                      # everything, in about four minutes
//! cargo bench --bench load -- --quick           # the same, shorter and rougher
//! cargo bench --bench load -- --only rate,start # some of it
//! cargo bench --bench load -- --json            # for programs
//! THREADLINE_PROGRAM=other/threadline cargo bench --bench load   # another build, to compare with
//! ```
//!
//! A customer has a page open and writes again when his last message is in Slack; an agent when the
//! last reply is on the page. So a rate is one that holds, with nothing piling up in between, and
//! what counts is what arrived. The page sends no receipts here, as a browser would.
//!
//! It fails when something cannot be measured, never because a figure misses its goal.

mod footprint;
mod http;
mod ledger;
mod postgres;
mod report;
mod server;
mod site;
mod stamp;
mod traffic;
mod witness;

use anyhow::bail;
use postgres::Postgres;
use report::{Figure, Goal};
use server::TempDir;
use site::Site;
use stamp::Way;
use std::io::Write;
use std::time::Duration;
use traffic::{Latency, at_most, at_rate};

/// What can be measured, by the names that `--only` takes.
const PARTS: [&str; 6] = ["start", "widget", "latency", "rate", "postgres", "connected"];
/// Customers of a site: each has a page open and a thread.
const CUSTOMERS: usize = 512;
/// Customers busy at once, one load after the other: the best of them is the highest rate.
const BUSY: [usize; 3] = [64, 192, 512];
/// Messages a second at which latency is measured.
const RATES: [u32; 2] = [50, 500];

/// Processors that other processes may keep busy without being mentioned.
const OTHERS_MAX: f64 = 0.1;

const USAGE: &str = "usage: cargo bench --bench load -- [--quick] [--json] [--only NAME[,NAME…]]";

/// What was asked for on the command line.
#[derive(Debug)]
struct Options {
    quick: bool,
    json: bool,
    only: Vec<String>,
}

/// How long and how much.
#[derive(Clone, Copy, Debug)]
struct Extent {
    latency: Duration,
    rate: Duration,
    starts: usize,
    connected: usize,
}

const WHOLE: Extent =
    Extent { latency: Duration::from_secs(10), rate: Duration::from_secs(5), starts: 10, connected: 10_000 };
const QUICK: Extent =
    Extent { latency: Duration::from_secs(3), rate: Duration::from_secs(2), starts: 3, connected: 2_000 };

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let options = options(std::env::args().skip(1))?;
    let extent = if options.quick { QUICK } else { WHOLE };
    let mut figures = Vec::new();
    for part in PARTS {
        if !options.only.is_empty() && !options.only.iter().any(|only| only == part) {
            continue;
        }
        progress(&format!("measuring: {part}"));
        figures.extend(match part {
            "start" => start(extent).await?,
            "widget" => widget().await?,
            "latency" => latency(extent).await?,
            "rate" => {
                rate("SQLite", "sqlite:load.db", extent, (Goal::AtLeast(5_000.0), Goal::AtLeast(10_000.0))).await?
            }
            "postgres" => on_postgres(extent).await?,
            "connected" => connected(extent).await?,
            part => bail!("nothing measures {part}"),
        });
    }
    let text = if options.json { report::json(&figures) } else { report::table(&figures) };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn options(arguments: impl Iterator<Item = String>) -> anyhow::Result<Options> {
    let mut options = Options { quick: false, json: false, only: Vec::new() };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--json" => options.json = true,
            "--only" => {
                let Some(names) = arguments.next() else { bail!("--only needs names\n{USAGE}") };
                options.only.extend(names.split(',').map(str::to_owned));
            }
            // Cargo says so to every bench.
            "--bench" => {}
            other => bail!("{other} is not understood\n{USAGE}"),
        }
    }
    if let Some(unknown) = options.only.iter().find(|only| !PARTS.contains(&only.as_str())) {
        bail!("nothing is called {unknown}; there are {}", PARTS.join(", "));
    }
    Ok(options)
}

async fn start(extent: Extent) -> anyhow::Result<Vec<Figure>> {
    let start = footprint::start(extent.starts).await?;
    Ok(vec![
        Figure::new("start to ready", start.ready_millis, "ms", Goal::AtMost(50.0)),
        Figure::new("first start to ready", start.first_ready_millis, "ms", Goal::AtMost(50.0))
            .noted("makes the database"),
        Figure::new("memory at rest", start.idle_mib, "MiB", Goal::AtMost(25.0)),
    ])
}

async fn widget() -> anyhow::Result<Vec<Figure>> {
    let fetched = footprint::fetched().await?;
    let kb = |bytes: usize| bytes as f64 / 1_000.0;
    Ok(vec![
        Figure::new("widget before the first click", kb(fetched.loader_bytes), "kB", Goal::AtMost(5.0)).noted("Brotli"),
        Figure::new("widget in all", kb(fetched.all_bytes), "kB", Goal::AtMost(20.0)).noted("Brotli"),
    ])
}

async fn latency(extent: Extent) -> anyhow::Result<Vec<Figure>> {
    let dir = TempDir::new()?;
    let site = Site::open(&dir, "sqlite:load.db", CUSTOMERS).await?;
    let mut figures = Vec::new();
    for way in [Way::ToSlack, Way::ToPage] {
        for per_sec in RATES {
            let measured = at_rate(&site, way, per_sec, extent.latency).await?;
            let name = format!("{} at {per_sec}/s", named(way));
            let Latency { p50_millis, p99_millis, others, .. } = measured;
            progress(&format!("{name}: p50 {p50_millis:.2} ms, p99 {p99_millis:.2} ms{}", beside(others)));
            figures.push(Figure::new(format!("{name}, p50"), measured.p50_millis, "ms", Goal::AtMost(2.0)));
            figures.push(Figure::new(format!("{name}, p99"), measured.p99_millis, "ms", Goal::AtMost(8.0)));
            figures.push(cpu(&name, measured.cpu_secs_per_1000));
        }
    }
    doubt(&site);
    Ok(figures)
}

async fn rate(database: &str, url: &str, extent: Extent, goals: (Goal, Goal)) -> anyhow::Result<Vec<Figure>> {
    let dir = TempDir::new()?;
    let site = Site::open(&dir, url, CUSTOMERS).await?;
    let mut figures = Vec::new();
    for (way, goal) in [(Way::ToSlack, goals.0), (Way::ToPage, goals.1)] {
        let mut best: Option<traffic::Rate> = None;
        for customers in BUSY {
            let rate = at_most(&site, way, customers, extent.rate).await?;
            progress(&format!("{}: {customers} at once, {:.0}/s{}", named(way), rate.per_sec, beside(rate.others)));
            if best.is_none_or(|best| best.per_sec < rate.per_sec) {
                best = Some(rate);
            }
        }
        let Some(best) = best else { continue };
        let name = format!("{}, highest rate on {database}", named(way));
        let note = format!(
            "{} at once; the load itself used {:.2} s CPU per 1,000",
            best.customers, best.own_cpu_secs_per_1000
        );
        figures.push(Figure::new(&name, best.per_sec, "/s", goal).noted(note));
        figures.push(cpu(&name, best.cpu_secs_per_1000));
    }
    let memory = site.server.memory_bytes()? as f64 / 1024.0 / 1024.0;
    figures.push(Figure::new(format!("memory after the load on {database}"), memory, "MiB", Goal::None));
    doubt(&site);
    Ok(figures)
}

async fn on_postgres(extent: Extent) -> anyhow::Result<Vec<Figure>> {
    match Postgres::start()? {
        Some(postgres) => rate("PostgreSQL", &postgres.url(), extent, (Goal::None, Goal::None)).await,
        None => {
            progress("SKIPPED: PostgreSQL is not installed, so nothing is said about it");
            Ok(Vec::new())
        }
    }
}

async fn connected(extent: Extent) -> anyhow::Result<Vec<Figure>> {
    let connected = footprint::connected(extent.connected).await?;
    if connected.customers < extent.connected {
        progress(&format!("only {} customers: the limit of open files is too low", connected.customers));
    }
    let note = format!("{} connected; {:.1} MiB in all", connected.customers, connected.all_mib);
    Ok(vec![Figure::new("memory per idle customer", connected.kib_each, "KiB", Goal::AtMost(12.0)).noted(note)])
}

fn cpu(name: &str, secs_per_1000: f64) -> Figure {
    Figure::new(format!("{name}, CPU per 1,000"), secs_per_1000, "s", Goal::AtMost(0.2))
}

fn named(way: Way) -> &'static str {
    match way {
        Way::ToSlack => "customer → Slack",
        Way::ToPage => "agent → page",
    }
}

/// What else the machine was busy with: figures of a busy machine are not its own.
fn beside(others: f64) -> String {
    if others < OTHERS_MAX { String::new() } else { format!(" (beside other processes on {others:.1} processors)") }
}

/// Says what casts doubt on the figures.
fn doubt(site: &Site) {
    for doubt in site.doubts() {
        progress(&format!("IN DOUBT: {doubt}"));
    }
}

/// To stderr, so that the report can be piped. Whether anybody reads it does not matter.
fn progress(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
