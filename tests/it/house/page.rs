//! What a customer's browser has: the changes that the live stream brought, each exactly once and
//! in order, and every byte of it, so that a play can ask what was never sent.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A browser's page. It keeps a complaint of whatever a good server never sends.
#[derive(Debug, Default)]
pub struct Page {
    /// Messages as they stand, by id.
    messages: BTreeMap<String, Value>,
    /// The last change, for `Last-Event-ID`.
    pub last_rev: i64,
    /// Who is writing.
    pub typing: Option<String>,
    /// What it was told of who is there.
    pub availability: Value,
    /// How it stands.
    pub standing: Value,
    /// Changes in the order they came: rev and id of the message.
    pub changes: Vec<(i64, String)>,
    /// How often anybody was shown as writing.
    pub typings: usize,
    /// True while a stream is open and has brought all there was.
    pub is_live: bool,
    /// How often a stream was opened.
    pub streams: usize,
    /// All bytes of all streams.
    pub raw: Vec<u8>,
    /// What should not have come.
    pub complaints: Vec<String>,
    buffer: Vec<u8>,
}

impl Page {
    /// A stream was opened.
    pub fn opened(&mut self) {
        self.streams += 1;
        self.buffer.clear();
    }

    /// The stream ended.
    pub fn ended(&mut self) {
        self.is_live = false;
    }

    /// Bytes came. True when a message was among them.
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        self.raw.extend_from_slice(bytes);
        self.buffer.extend_from_slice(bytes);
        let mut came = false;
        while let Some(end) = self.buffer.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = self.buffer.drain(..end + 2).collect();
            came |= self.event(&String::from_utf8_lossy(&event));
        }
        came
    }

    /// The messages in the order of a reader.
    pub fn messages(&self) -> Vec<&Value> {
        let mut messages: Vec<&Value> = self.messages.values().collect();
        let place = |message: &Value| {
            let part = |at: usize| message["place"][at].as_i64().unwrap_or_default();
            (part(0), part(1))
        };
        messages.sort_by_key(|message| place(message));
        messages
    }

    /// The texts of the messages from this side (`customer` or `agent`), in order.
    pub fn texts(&self, from: &str) -> Vec<String> {
        let of_side = |message: &&Value| message["from"] == from && message["state"] != "withdrawn";
        self.messages().into_iter().filter(of_side).map(|message| markup(&message["body"])).collect()
    }

    /// True when these bytes were ever sent.
    pub fn ever_got(&self, text: &str) -> bool {
        self.raw.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// What a customer sees.
    pub fn transcript(&self) -> String {
        let mut out = String::new();
        for message in self.messages() {
            let who = message["name"].as_str().unwrap_or("me");
            let mut line = format!("{who}: {}", markup(&message["body"]));
            for file in message["files"].as_array().into_iter().flatten() {
                let word = |name: &str| file[name].as_str().unwrap_or_default().to_string();
                let state = match word("state").as_str() {
                    "here" => String::new(),
                    "coming" => " …".to_string(),
                    _ => format!(" – {}", word("why")),
                };
                write!(line, " [{}{state}]", word("name")).unwrap();
            }
            match message["state"].as_str().unwrap_or_default() {
                "posted" => line.push_str(" (sent)"),
                "stored" => line.push_str(" (being sent)"),
                "late" => line.push_str(" (kept: the team cannot be reached)"),
                "refused" => write!(line, " (failed: {})", message["why"].as_str().unwrap_or_default()).unwrap(),
                "withdrawn" => line.push_str("(deleted)"),
                "shown" => {}
                other => write!(line, " ({other}?)").unwrap(),
            }
            if message["edited"] == true && message["state"] != "withdrawn" {
                line.push_str(" (edited)");
            }
            writeln!(out, "{}", line.replace('\n', "\n    ")).unwrap();
        }
        if let Some(typing) = &self.typing {
            writeln!(out, "{typing} is writing…").unwrap();
        }
        let standing = |name: &str| self.standing[name].as_str().unwrap_or_default();
        if standing("state") == "resolved" {
            let rating = self.standing["score"].as_u64().map_or(standing("rating").to_string(), |it| it.to_string());
            writeln!(out, "resolved by {}, rating {rating}", standing("resolved_by")).unwrap();
        }
        out
    }

    fn event(&mut self, event: &str) -> bool {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let data = field("data:").map(serde_json::from_str::<Value>);
        let data = match data {
            Some(Ok(data)) => data,
            Some(Err(error)) => return self.complain(format!("data that is no JSON ({error}): {event}")),
            // A comment keeps the connection open, `retry` sets the pause.
            None if event.starts_with(':') || event.starts_with("retry:") => return false,
            None => return self.complain(format!("an event without data: {event}")),
        };
        match field("event:") {
            Some("ready") => {
                self.is_live = true;
                false
            }
            Some("typing") => {
                self.typing = data["by"].as_str().map(str::to_string);
                self.typings += usize::from(self.typing.is_some());
                false
            }
            Some("standing") => {
                self.standing = data;
                false
            }
            Some("availability") => {
                self.availability = data;
                false
            }
            Some("message") => self.message(field("id:"), data),
            other => self.complain(format!("an unknown event {other:?}")),
        }
    }

    fn message(&mut self, id: Option<&str>, message: Value) -> bool {
        let rev = id.and_then(|id| id.parse().ok()).unwrap_or(-1);
        if message["rev"] != rev {
            self.complain(format!("the event's id {rev} is not the message's rev: {message}"));
        }
        if rev <= self.last_rev {
            self.complain(format!("change {rev} came after change {}: {message}", self.last_rev));
        }
        let (Some(id), "customer" | "agent") =
            (message["id"].as_str().map(str::to_string), message["from"].as_str().unwrap_or_default())
        else {
            return self.complain(format!("a message that is none of the customer's business: {message}"));
        };
        let says = message["body"].as_array().is_none_or(|body| !body.is_empty()) || message["files"].is_array();
        if message["state"] == "withdrawn" && says {
            self.complain(format!("a deleted message with its text: {message}"));
        }
        self.last_rev = rev;
        self.changes.push((rev, id.clone()));
        self.messages.insert(id, message);
        true
    }

    fn complain(&mut self, what: String) -> bool {
        self.complaints.push(what);
        false
    }
}

/// A body as one types it.
pub fn markup(body: &Value) -> String {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let blocks = list(body).into_iter().map(|block| match block["t"].as_str().unwrap_or_default() {
        "p" => spans(&block["c"]),
        "quote" => format!("> {}", spans(&block["c"]).replace('\n', "\n> ")),
        "pre" => format!("```\n{}\n```", block["v"].as_str().unwrap_or_default()),
        kind @ ("ul" | "ol") => {
            let (indent, start) = (block["indent"].as_u64().unwrap_or(0), block["start"].as_u64().unwrap_or(1));
            let item = |(at, item): (usize, Value)| {
                let mark = if kind == "ol" { format!("{}.", start + at as u64) } else { "•".to_string() };
                format!("{}{mark} {}", "  ".repeat(indent as usize), spans(&item))
            };
            list(&block["c"]).into_iter().enumerate().map(item).collect::<Vec<_>>().join("\n")
        }
        other => format!("[{other}?]"),
    });
    blocks.collect::<Vec<_>>().join("\n")
}

fn spans(spans: &Value) -> String {
    let span = |span: &Value| {
        let text = span["v"].as_str().unwrap_or_default().to_string();
        let text =
            if span["t"] == "a" { format!("[{text}]({})", span["href"].as_str().unwrap_or_default()) } else { text };
        [("c", '`'), ("s", '~'), ("i", '_'), ("b", '*')]
            .into_iter()
            .filter(|(flag, _)| span[*flag] == 1)
            .fold(text, |text, (_, mark)| format!("{mark}{text}{mark}"))
    };
    spans.as_array().map(|spans| spans.iter().map(span).collect()).unwrap_or_default()
}
