//! The real program, one or several of it on one database, behind a wire that leads to those that
//! run, as a load balancer would; and each with a wire of its own to the database.

use super::http::Web;
use super::program::Program;
use super::wire::Wire;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use threadline_fake_slack::FakeSlack;

/// The programs of a site.
#[derive(Debug)]
pub struct Nodes {
    front: Wire,
    nodes: Vec<Node>,
    /// Where PostgreSQL is; empty without one.
    server: String,
}

#[derive(Debug)]
struct Node {
    directory: PathBuf,
    toml: String,
    /// To PostgreSQL.
    database: Option<Wire>,
    running: Mutex<Option<Program>>,
}

impl Nodes {
    /// As many as are wanted; none runs yet. `toml` makes the configuration for a database.
    pub async fn new(count: usize, directory: &Path, database: &str, toml: impl Fn(&str) -> String) -> Nodes {
        let (mut nodes, mut server) = (Vec::new(), String::new());
        for number in 0..count {
            let directory = directory.join(format!("node-{number}"));
            std::fs::create_dir_all(&directory).unwrap();
            let (wire, url) = match database.strip_prefix("postgres://").and_then(|rest| rest.split_once('@')) {
                Some((user, rest)) => {
                    let (at, name) = rest.split_once('/').unwrap();
                    server = at.to_string();
                    let wire = Wire::lay().await;
                    wire.leads_to(vec![server.clone()]);
                    let url = format!("postgres://{user}@{}/{name}", wire.address);
                    (Some(wire), url)
                }
                None => (None, database.to_string()),
            };
            nodes.push(Node { directory, toml: toml(&url), database: wire, running: Mutex::default() });
        }
        Nodes { front: Wire::lay().await, nodes, server }
    }

    /// Where customers reach whichever runs.
    pub fn address(&self) -> &str {
        &self.front.address
    }

    /// Starts each that does not run.
    pub async fn start(&self, slack: Option<&FakeSlack>) {
        for node in &self.nodes {
            if node.running().is_none() {
                let (directory, toml, slack) = (node.directory.clone(), node.toml.clone(), slack.cloned());
                let start = move || Program::start(&directory, &toml, slack.as_ref());
                let program = tokio::task::spawn_blocking(start).await.unwrap();
                *node.running() = Some(program);
            }
        }
        self.lead();
    }

    /// `kill -9` for all that run.
    pub fn kill_all(&self) {
        (0..self.nodes.len()).for_each(|number| self.kill(number));
    }

    /// `kill -9` for one.
    pub fn kill(&self, number: usize) {
        let killed = self.nodes[number].running().take();
        drop(killed);
        self.lead();
    }

    /// A client of one of them.
    pub fn web(&self, number: usize) -> Web {
        let web = Web::new();
        web.moves_to(&self.nodes[number].running().as_ref().expect("it runs").address);
        web
    }

    /// Cuts every connection of one to the database, and lets it make no other.
    pub fn loses_database(&self, number: usize) {
        let wire = self.nodes[number].wire();
        wire.leads_to(Vec::new());
        wire.is_cut();
    }

    /// Lets it reach the database again.
    pub fn finds_database(&self, number: usize) {
        self.nodes[number].wire().leads_to(vec![self.server.clone()]);
    }

    /// What one has logged, over all its starts.
    pub fn log_of(&self, number: usize) -> String {
        Program::log(&self.nodes[number].directory)
    }

    /// What all have logged.
    pub fn log(&self) -> String {
        (0..self.nodes.len()).map(|number| format!("--- node {number}\n{}", self.log_of(number))).collect()
    }

    fn lead(&self) {
        let address = |node: &Node| node.running().as_ref().map(|program| program.address.clone());
        self.front.leads_to(self.nodes.iter().filter_map(address).collect());
    }
}

impl Node {
    fn wire(&self) -> &Wire {
        self.database.as_ref().expect("a database behind a wire")
    }

    fn running(&self) -> MutexGuard<'_, Option<Program>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
