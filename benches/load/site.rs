//! A website under load: the server, the fake Slack behind a witness, and customers whose pages are
//! open. Everything that the measures have in common.

use crate::http::{Connection, get, post};
use crate::ledger::Ledger;
use crate::server::{Server, SlackAt, TempDir};
use crate::stamp::{STAMP_BYTES, Stamp, Way, find_stamps, position};
use crate::witness::{self, Threads};
use anyhow::{Context, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use threadline_fake_slack::{Agent, FakeSlack, Options};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Channels of the desk: enough that none is a queue of its own.
const CHANNELS: usize = 8;
/// Messages that the fake keeps in each channel: threads' roots have to be among them.
const MESSAGES_PER_CHANNEL_MAX: usize = 40_000;
/// Connections over which conversations are opened, and streams begun, at once.
const AT_ONCE: usize = 64;
/// Room for what a page reads at once.
const PAGE_BYTES: usize = 4 * 1024;
/// The longest that the server may take to connect to Slack.
const SOCKETS_TIMEOUT: Duration = Duration::from_secs(20);

/// A website under load.
#[derive(Debug)]
pub struct Site {
    /// The server.
    pub server: Server,
    /// What reached Slack.
    pub to_slack: Arc<Ledger>,
    /// What reached a page.
    pub to_page: Arc<Ledger>,
    slack: Slack,
    start: Instant,
    threads: Arc<Threads>,
    tokens: Vec<String>,
    pages: JoinSet<()>,
}

/// The fake Slack, as the load sets it up.
#[derive(Clone, Debug)]
pub struct Slack {
    fake: FakeSlack,
    agent: Agent,
    channels: Vec<String>,
}

/// A customer who writes: his connection, and his next request.
#[derive(Debug)]
pub struct Writer {
    customer: usize,
    way: Way,
    start: Instant,
    connection: Connection,
    request: Vec<u8>,
    key_at: usize,
    text_at: usize,
}

impl Slack {
    /// Starts a fake Slack without limits.
    pub async fn start() -> Slack {
        let options = Options {
            rate_limits: false,
            quiet: true,
            keep_bodies: false,
            messages_per_channel_max: MESSAGES_PER_CHANNEL_MAX,
            ..Options::default()
        };
        let fake = FakeSlack::start(options).await;
        let channels: Vec<String> = (0..CHANNELS).map(|number| format!("C0LOAD{number:04}")).collect();
        for (number, channel) in channels.iter().enumerate() {
            fake.add_channel(channel, &format!("support-{number}"));
        }
        let agent = fake.agent("Grace");
        Slack { fake, agent, channels }
    }

    /// How the server reaches it, directly.
    pub fn at(&self) -> SlackAt {
        SlackAt {
            api_url: self.fake.api_url(),
            bot_token: self.fake.bot_token().to_string(),
            app_token: self.fake.app_token().to_string(),
            channels: self.channels.clone(),
        }
    }

    /// Waits until the server listens to it.
    pub async fn connected(&self) -> anyhow::Result<()> {
        let connected = self.fake.wait_until(|fake| fake.live_sockets() > 0, SOCKETS_TIMEOUT).await;
        connected.map_err(|_| anyhow::anyhow!("the server did not connect to Slack: {:?}", self.fake.complaints()))
    }

    /// What the server did that Slack does not like.
    pub fn complaints(&self) -> Vec<String> {
        self.fake.complaints()
    }

    fn address(&self) -> anyhow::Result<SocketAddr> {
        let authority = self.fake.base_url().trim_start_matches("http://");
        authority.parse().with_context(|| format!("{authority} is no address"))
    }
}

impl Site {
    /// A site with so many customers, each with a page open and a thread in Slack.
    pub async fn open(dir: &TempDir, database_url: &str, customers: usize) -> anyhow::Result<Site> {
        let start = Instant::now();
        let slack = Slack::start().await;
        let to_slack = Arc::new(Ledger::new(start, customers));
        let to_page = Arc::new(Ledger::new(start, customers));
        let threads = Arc::new(Threads::new(customers));
        let witness = witness::start(slack.address()?, to_slack.clone(), threads.clone()).await?;
        let at = SlackAt { api_url: format!("http://{witness}/api"), ..slack.at() };
        let server = Server::start(dir, database_url, &at).await?;
        slack.connected().await?;
        let tokens = open_conversations(server.address(), customers).await?;
        let mut pages = JoinSet::new();
        for stream in open_streams(server.address(), &tokens).await? {
            let ledger = to_page.clone();
            pages.spawn(async move { read_page(stream, &ledger).await });
        }
        let site = Site { server, to_slack, to_page, slack, start, threads, tokens, pages };
        site.first_words().await?;
        Ok(site)
    }

    /// How many customers there are.
    pub fn customers(&self) -> usize {
        self.tokens.len()
    }

    /// The customer at this index, ready to write.
    pub async fn writer(&self, customer: usize) -> anyhow::Result<Writer> {
        Writer::new(self.server.address(), self.start, customer, &self.tokens[customer]).await
    }

    /// An agent answers this customer.
    pub fn agent_writes(&self, customer: usize, number: u32, sent: Instant) -> anyhow::Result<()> {
        let (channel, thread) = self.threads.of(customer).context("a customer without a thread")?;
        let sent_nanos = u64::try_from((sent - self.start).as_nanos())?;
        let stamp = Stamp { customer: u32::try_from(customer)?, number, sent_nanos }.text(Way::ToPage);
        self.slack.agent.writes(channel, thread.as_str(), &format!("We are looking into it {stamp}"));
        Ok(())
    }

    /// What speaks against the figures: what went wrong beside them.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        for (what, ledger) in [("Slack", &self.to_slack), ("a page", &self.to_page)] {
            if ledger.wrong() > 0 {
                doubts.push(format!("{} messages reached {what} twice or out of order", ledger.wrong()));
            }
        }
        doubts.extend(self.slack.complaints().into_iter().take(5).map(|complaint| format!("Slack: {complaint}")));
        let log = self.server.log();
        let bad = log.lines().filter(|line| line.contains("ERROR"));
        doubts.extend(bad.take(5).map(|line| format!("the log: {line}")));
        if self.pages.len() < self.customers() {
            doubts.push("pages were closed by the server".to_string());
        }
        doubts
    }

    /// Every customer writes once, which opens his thread.
    async fn first_words(&self) -> anyhow::Result<()> {
        for from in (0..self.customers()).step_by(AT_ONCE) {
            let to = (from + AT_ONCE).min(self.customers());
            let writing = (from..to).map(|customer| async move {
                self.writer(customer).await?.write(1, Instant::now()).await?;
                let arrived = self.to_slack.until(customer, 1).await;
                arrived.map_err(|_| {
                    anyhow::anyhow!(
                        "the first message of customer {customer} did not arrive; log:\n{}",
                        self.server.log()
                    )
                })
            });
            futures_util::future::try_join_all(writing).await?;
        }
        Ok(())
    }
}

impl Writer {
    async fn new(server: SocketAddr, start: Instant, customer: usize, token: &str) -> anyhow::Result<Writer> {
        let hole = "0".repeat(STAMP_BYTES);
        let body = format!(r#"{{"key":"{hole}","text":"My export hangs at step three {hole}"}}"#);
        let request = post("/v1/messages", Some(token), &body);
        let body_at = request.len() - body.len();
        let key_at = body_at + position(body.as_bytes(), hole.as_bytes()).context("no key in the request")?;
        let text_at = request.len() - hole.len() - 2;
        let connection = Connection::open(server).await?;
        Ok(Writer { customer, way: Way::ToSlack, start, connection, request, key_at, text_at })
    }

    /// Writes the message of this number and waits until it is acknowledged.
    pub async fn write(&mut self, number: u32, sent: Instant) -> anyhow::Result<()> {
        let sent_nanos = u64::try_from((sent - self.start).as_nanos())?;
        let stamp = Stamp { customer: u32::try_from(self.customer)?, number, sent_nanos };
        stamp.write(self.way, &mut self.request[self.key_at..]);
        stamp.write(self.way, &mut self.request[self.text_at..]);
        let answer = self.connection.ask(&self.request).await?;
        match answer.status {
            201 => Ok(()),
            status => bail!("a message was answered {status}: {}", String::from_utf8_lossy(answer.body)),
        }
    }
}

/// Opens so many conversations; their tokens.
pub async fn open_conversations(server: SocketAddr, count: usize) -> anyhow::Result<Vec<String>> {
    let request = post("/v1/conversations", None, r#"{"topic":"other"}"#);
    let opening = (0..AT_ONCE.min(count)).map(|line| {
        let request = &request;
        async move {
            let mut connection = Connection::open(server).await?;
            let mut tokens = Vec::new();
            for _ in (line..count).step_by(AT_ONCE) {
                let answer = connection.ask(request).await?;
                tokens.push(token_in(answer.body).with_context(|| {
                    format!("no token, but {}: {}", answer.status, String::from_utf8_lossy(answer.body))
                })?);
            }
            anyhow::Ok(tokens)
        }
    });
    Ok(futures_util::future::try_join_all(opening).await?.concat())
}

/// Opens the stream of each conversation; done when each has said that it is ready.
pub async fn open_streams(server: SocketAddr, tokens: &[String]) -> anyhow::Result<Vec<TcpStream>> {
    let mut streams = Vec::with_capacity(tokens.len());
    for tokens in tokens.chunks(AT_ONCE) {
        let opening = tokens.iter().map(|token| async move {
            let mut stream = TcpStream::connect(server).await.context("opening a stream")?;
            let request = get("/v1/events", &format!("authorization: Bearer {token}\r\n"));
            tokio::io::AsyncWriteExt::write_all(&mut stream, &request).await?;
            let mut answer = Vec::with_capacity(512);
            while position(&answer, b"event: ready").is_none() {
                if stream.read_buf(&mut answer).await? == 0 {
                    bail!("a stream was refused: {}", String::from_utf8_lossy(&answer));
                }
            }
            Ok(stream)
        });
        streams.extend(futures_util::future::try_join_all(opening).await?);
    }
    Ok(streams)
}

fn token_in(body: &[u8]) -> Option<String> {
    let name = b"\"token\":\"";
    let from = position(body, name)? + name.len();
    let length = body[from..].iter().position(|byte| *byte == b'"')?;
    String::from_utf8(body[from..from + length].to_vec()).ok()
}

/// Reads a page's stream until the server ends it.
async fn read_page(mut stream: TcpStream, ledger: &Ledger) {
    let mut buffer = Vec::with_capacity(PAGE_BYTES);
    while stream.read_buf(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {
        let done = find_stamps(Way::ToPage, &buffer, |stamp| ledger.arrive(stamp));
        buffer.drain(..done);
    }
}
