//! What the client did: every call, what was wrong with it, and numbers.

use crate::methods::METHODS;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Calls kept; beyond it the oldest are forgotten.
const CALLS_MAX: usize = 100_000;
/// Complaints kept; a client that earns more has been heard.
const COMPLAINTS_MAX: usize = 1_000;

/// One call of the Web API.
#[derive(Clone, Debug)]
pub struct RecordedCall {
    /// The method: `chat.postMessage`.
    pub method: String,
    /// GET or POST.
    pub http: String,
    /// The content type of its body.
    pub content_type: String,
    /// Its arguments as they came: strings from forms, values from JSON; no token.
    pub args: Value,
    /// What became of it: `ok`, Slack's error, or `fault: …`.
    pub outcome: String,
}

impl RecordedCall {
    /// The call as one line of JSON: method, http, content_type, args.
    pub fn json_line(&self) -> String {
        json!({"method": self.method, "http": self.http, "content_type": self.content_type, "args": self.args})
            .to_string()
    }
}

/// Numbers of what went through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Calls by method; methods that do not exist under `?`.
    pub calls: BTreeMap<String, u64>,
    /// Calls that Slack refused or that met a fault.
    pub calls_failed: u64,
    /// TCP connections accepted.
    pub connections: u64,
    /// Messages posted by the bot.
    pub posts: u64,
    /// Sockets opened.
    pub sockets_opened: u64,
    /// Sockets open now.
    pub sockets_live: u64,
    /// Events that happened, each once.
    pub events: u64,
    /// Deliveries of events, retries and duplicates included.
    pub events_sent: u64,
    /// Events acknowledged.
    pub events_acked: u64,
    /// Deliveries that were retries.
    pub events_retried: u64,
    /// Events given up.
    pub events_lost: u64,
    /// Interactions and commands that were acknowledged in time.
    pub interactions_acked: u64,
    /// Those that were not: who pressed saw that it did not work.
    pub interactions_late: u64,
    /// The longest time from a delivery to its acknowledgement.
    pub slowest_ack: Duration,
}

/// The book that is kept.
#[derive(Debug)]
pub(crate) struct Record {
    quiet: bool,
    calls: Mutex<VecDeque<RecordedCall>>,
    complaints: Mutex<Vec<String>>,
    by_method: Vec<AtomicU64>,
    unknown: AtomicU64,
    pub(crate) calls_failed: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) posts: AtomicU64,
}

impl Record {
    pub(crate) fn new(quiet: bool) -> Record {
        Record {
            quiet,
            calls: Mutex::default(),
            complaints: Mutex::default(),
            by_method: METHODS.iter().map(|_| AtomicU64::new(0)).collect(),
            unknown: AtomicU64::new(0),
            calls_failed: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            posts: AtomicU64::new(0),
        }
    }

    /// Counts a call of the method at that place of the table.
    pub(crate) fn count(&self, method: Option<usize>) {
        match method {
            Some(index) => self.by_method[index].fetch_add(1, Ordering::Relaxed),
            None => self.unknown.fetch_add(1, Ordering::Relaxed),
        };
    }

    /// Writes a call down, unless quiet.
    pub(crate) fn call(&self, method: &str, http: &str, content_type: &str, args: &Map<String, Value>, outcome: &str) {
        if outcome != "ok" {
            self.calls_failed.fetch_add(1, Ordering::Relaxed);
        }
        if self.quiet {
            return;
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() == CALLS_MAX {
            calls.pop_front();
        }
        calls.push_back(RecordedCall {
            method: method.into(),
            http: http.into(),
            content_type: content_type.into(),
            args: Value::Object(args.clone()),
            outcome: outcome.into(),
        });
    }

    /// Notes something that a good client does not do.
    pub(crate) fn complain(&self, complaint: String) {
        let mut complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        if complaints.len() < COMPLAINTS_MAX {
            complaints.push(complaint);
        }
    }

    pub(crate) fn calls(&self) -> Vec<RecordedCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn clear(&self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The numbers that are kept here.
    pub(crate) fn stats(&self) -> Stats {
        let mut calls = BTreeMap::new();
        for (method, count) in METHODS.iter().zip(&self.by_method) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                calls.insert(method.name.to_string(), count);
            }
        }
        let unknown = self.unknown.load(Ordering::Relaxed);
        if unknown > 0 {
            calls.insert("?".into(), unknown);
        }
        Stats {
            calls,
            calls_failed: self.calls_failed.load(Ordering::Relaxed),
            connections: self.connections.load(Ordering::Relaxed),
            posts: self.posts.load(Ordering::Relaxed),
            ..Stats::default()
        }
    }
}
