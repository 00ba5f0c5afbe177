//! Fetches letters: waits at the mailbox, hands each letter that nobody has seen to whoever keeps it, and
//! marks it as seen only after it was kept. So a letter that was acknowledged is stored, and one that could
//! not be stored is still there, unseen, and is tried again.
//!
//! A letter is handed over a second time when the process or the line dies between keeping and marking: its
//! [`Mark`] says that it is the same. Nothing here understands a letter, and nothing here logs one.

use super::reading::LETTER_BYTES_MAX;
use super::server::{said, trust};
use crate::config::{Email, MailServer, MailTls};
use anyhow::{Context, anyhow, bail};
use async_imap::types::{Fetch, Flag, UnsolicitedResponse};
use async_imap::{Client, Session};
use futures_util::TryStreamExt;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::desk::Later;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::sync::CancellationToken;

/// How long the server may take for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(60);
/// How long a whole letter may take.
const LETTER_MAX: Duration = Duration::from_secs(600);
/// How long is waited without asking anything: a line that is dead says nothing either. Servers allow 29
/// minutes (RFC 2177); keep-alive lines of theirs do not count as an answer here.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// How often a server is asked that cannot tell by itself.
const ASK_EVERY: Duration = Duration::from_secs(30);
/// How long is waited after a connection failed, at first and at most; twice as long each time.
const RECONNECT_FIRST: Duration = Duration::from_secs(1);
const RECONNECT_MAX: Duration = Duration::from_secs(60);
/// How long is waited with a letter that could not be kept, at first and at most; twice as long each time.
const AGAIN_FIRST: Duration = Duration::from_secs(5);
const AGAIN_MAX: Duration = Duration::from_secs(600);
/// After so many letters in a row that could not be kept, it is not for the letters.
const FAILURES_MAX: usize = 3;
/// Letters whose sizes are asked for at once.
const SIZES_AT_ONCE: usize = 100;
/// How much of the head of a letter is fetched that is too large.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Which letter it is, for as long as the mailbox exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// Which mailbox: another number is another mailbox under the same name.
    pub uid_validity: u32,
    /// Which letter in it.
    pub uid: u32,
}

/// A letter that came in.
#[derive(Clone, PartialEq, Eq)]
pub enum Arrival {
    /// All of it.
    Letter {
        /// As it travelled.
        raw: Vec<u8>,
    },
    /// It is larger than what is read. It stays unseen, with a flag for the people who look into the mailbox.
    TooLarge {
        /// Its headers, or the first of them.
        head: Vec<u8>,
        /// How large it is.
        bytes: u32,
    },
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arrival::Letter { raw } => write!(f, "Letter({} bytes)", raw.len()),
            Arrival::TooLarge { bytes, .. } => write!(f, "TooLarge({bytes} bytes)"),
        }
    }
}

/// Keeps a letter. The letter is marked as seen once this says Ok.
pub type Keep = Arc<dyn Fn(Mark, Arrival) -> Later<'static, anyhow::Result<()>> + Send + Sync>;

/// Fetches letters until it is told to stop; a letter that is being kept is finished first. A server that is
/// down is one line in the log, and one when it is back.
///
/// # Errors
///
/// When a certificate of the operator's is no use; nothing else ends it.
pub async fn fetch_letters(email: &Email, keep: Keep, stop: CancellationToken) -> anyhow::Result<()> {
    let tls = TlsConnector::from(trust(email.extra_ca.as_deref())?);
    let mut fetching = Fetching { email, keep, stop, passed: Passed::default(), is_down: false };
    let mut pause = RECONNECT_FIRST;
    loop {
        let began = Instant::now();
        let Err(error) = fetching.session(&tls).await else { return Ok(()) };
        if !fetching.is_down {
            fetching.is_down = true;
            tracing::warn!(email.error = %format!("{error:#}"), "letters cannot be fetched; it is tried again and again");
        }
        // What held for a while was good.
        pause = if began.elapsed() > RECONNECT_MAX { RECONNECT_FIRST } else { pause };
        if fetching.stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return Ok(());
        }
        pause = (pause * 2).min(RECONNECT_MAX);
    }
}

/// Connects, logs in and looks into the mailbox, for the operator. Nothing is fetched.
///
/// # Errors
///
/// What is wrong, in words.
pub async fn check(email: &Email) -> Result<String, String> {
    let server = &email.imap.server;
    let place = format!("{}:{}", server.host, server.port);
    let look = async {
        let tls = TlsConnector::from(trust(email.extra_ca.as_deref())?);
        let mut session = connect(server, &tls).await?;
        let mailbox = session.examine(&email.imap.name).await;
        mailbox.map_err(|error| words(error).context(format!("the mailbox {:?} cannot be opened", email.imap.name)))?;
        // Whether it says good-bye is all the same.
        let _ = session.logout().await;
        anyhow::Ok(())
    };
    match timeout(ANSWER_MAX, look).await {
        Ok(Ok(())) => Ok(format!("{place} lets us in to {}", email.imap.name)),
        Ok(Err(error)) => Err(format!("{place}: {error:#}")),
        Err(_) => Err(format!("{place}: it does not answer in time")),
    }
}

/// A line to the server, encrypted or not.
trait Line: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin> Line for T {}

/// What is known from one session to the next.
struct Fetching<'a> {
    email: &'a Email,
    keep: Keep,
    stop: CancellationToken,
    passed: Passed,
    is_down: bool,
}

/// Letters that stay unseen and are not looked at now.
#[derive(Default)]
struct Passed {
    uid_validity: u32,
    /// They are too large, and that was told.
    large: HashSet<u32>,
    /// They could not be kept: since how often, and when they are tried again.
    again: HashMap<u32, (u32, Instant)>,
}

/// What one look at the mailbox came to.
enum Looked {
    /// There is nothing new.
    Quiet,
    /// There was something.
    Took,
    /// Letters cannot be kept just now.
    Stuck,
}

/// A session, and what the server tells besides.
struct Open {
    session: Session<Box<dyn Line>>,
    knows_idle: bool,
}

impl Fetching<'_> {
    /// One connection, until it is told to stop.
    async fn session(&mut self, tls: &TlsConnector) -> anyhow::Result<()> {
        let stop = self.stop.clone();
        let Some(open) = stop.run_until_cancelled(self.open(tls)).await else { return Ok(()) };
        let mut open = open?;
        if self.is_down {
            self.is_down = false;
            tracing::info!("letters are fetched again");
        }
        while !stop.is_cancelled() {
            let pause = match self.look(&mut open).await? {
                Looked::Took => continue,
                Looked::Quiet => self.passed.next(),
                Looked::Stuck => Some(AGAIN_FIRST),
            };
            open = match stop.run_until_cancelled(open.wait(pause.unwrap_or(WAIT_MAX))).await {
                Some(open) => open?,
                None => return Ok(()),
            };
        }
        let _ = timeout(Duration::from_secs(1), open.session.logout()).await;
        Ok(())
    }

    async fn open(&mut self, tls: &TlsConnector) -> anyhow::Result<Open> {
        let mut session = in_time(async { connect(&self.email.imap.server, tls).await }).await?;
        let capabilities = in_time(async { session.capabilities().await.map_err(words) }).await?;
        let name = &self.email.imap.name;
        let mailbox = in_time(async { session.select(name).await.map_err(words) }).await;
        let mailbox = mailbox.with_context(|| format!("the mailbox {name:?} cannot be opened"))?;
        let uid_validity = mailbox.uid_validity.unwrap_or_default();
        if self.passed.uid_validity != uid_validity {
            if self.passed.uid_validity != 0 {
                tracing::info!("the mailbox was made anew; what is unseen in it is fetched");
            }
            self.passed = Passed { uid_validity, ..Passed::default() };
        }
        Ok(Open { session, knows_idle: capabilities.has_str("IDLE") })
    }

    /// Takes what nobody has seen, in the order in which it came in.
    async fn look(&mut self, open: &mut Open) -> anyhow::Result<Looked> {
        open.forget_news();
        let unseen = in_time(async { open.session.uid_search("UNSEEN").await.map_err(words) }).await?;
        let now = Instant::now();
        let mut uids: Vec<u32> = unseen.into_iter().filter(|uid| self.passed.is_due(*uid, now)).collect();
        uids.sort_unstable();
        if uids.is_empty() {
            // What came in while the server searched is in its news, and not in what it found.
            return Ok(if open.has_news() { Looked::Took } else { Looked::Quiet });
        }
        let mut failures = 0;
        for uids in uids.chunks(SIZES_AT_ONCE) {
            for (uid, bytes, is_flagged) in open.sizes(uids).await? {
                if self.stop.is_cancelled() {
                    return Ok(Looked::Took);
                }
                if bytes as usize > LETTER_BYTES_MAX && is_flagged {
                    self.passed.large.insert(uid);
                    continue;
                }
                if self.take(open, uid, bytes).await? {
                    failures = 0;
                } else {
                    failures += 1;
                }
                if failures >= FAILURES_MAX {
                    return Ok(Looked::Stuck);
                }
            }
        }
        Ok(Looked::Took)
    }

    /// Hands one letter over, and marks it. False when it could not be kept.
    async fn take(&mut self, open: &mut Open, uid: u32, bytes: u32) -> anyhow::Result<bool> {
        let is_large = bytes as usize > LETTER_BYTES_MAX;
        let fetched = if is_large { open.head(uid).await? } else { open.letter(uid).await? };
        // Somebody else deleted it meanwhile.
        let Some(fetched) = fetched else { return Ok(true) };
        let arrival = match is_large {
            true => Arrival::TooLarge { head: fetched, bytes },
            false => Arrival::Letter { raw: fetched },
        };
        let mark = Mark { uid_validity: self.passed.uid_validity, uid };
        if let Err(error) = (self.keep)(mark, arrival).await {
            let tries = self.passed.fails(uid);
            if tries == 1 {
                let why = format!("{error:#}");
                tracing::error!(email.uid = uid, email.error = %why, "a letter cannot be kept; it stays unseen, and is tried again");
            }
            return Ok(false);
        }
        self.passed.again.remove(&uid);
        if is_large {
            self.passed.large.insert(uid);
            tracing::warn!(
                email.uid = uid,
                email.bytes = bytes,
                "a letter is too large; it stays in the mailbox, with a flag"
            );
        }
        let flag = if is_large { "+FLAGS.SILENT (\\Flagged)" } else { "+FLAGS.SILENT (\\Seen)" };
        open.flag(uid, flag).await?;
        Ok(true)
    }
}

impl Passed {
    fn is_due(&self, uid: u32, now: Instant) -> bool {
        !self.large.contains(&uid) && self.again.get(&uid).is_none_or(|(_, at)| *at <= now)
    }

    /// Notes that a letter could not be kept; how often that was so.
    fn fails(&mut self, uid: u32) -> u32 {
        let (tries, at) = self.again.entry(uid).or_insert((0, Instant::now()));
        let pause = AGAIN_FIRST * 2_u32.saturating_pow((*tries).min(16));
        (*tries, *at) = (*tries + 1, Instant::now() + pause.min(AGAIN_MAX));
        *tries
    }

    /// How long until a letter is tried again.
    fn next(&self) -> Option<Duration> {
        let next = self.again.values().map(|(_, at)| *at).min()?;
        Some(next.saturating_duration_since(Instant::now()).min(WAIT_MAX))
    }
}

impl Open {
    /// What the server told besides is of no use any more: a look follows.
    fn forget_news(&self) {
        while self.session.unsolicited_responses.try_recv().is_ok() {}
    }

    /// True when it told that the mailbox grew.
    fn has_news(&self) -> bool {
        has_news(|| self.session.unsolicited_responses.try_recv().ok())
    }

    async fn sizes(&mut self, uids: &[u32]) -> anyhow::Result<Vec<(u32, u32, bool)>> {
        let list = uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let fetched = in_time(async {
            let stream = self.session.uid_fetch(&list, "(UID FLAGS RFC822.SIZE)").await.map_err(words)?;
            stream.try_collect::<Vec<Fetch>>().await.map_err(words)
        });
        let is_flagged = |fetch: &Fetch| fetch.flags().any(|flag| flag == Flag::Flagged);
        let of = |fetch: &Fetch| Some((fetch.uid?, fetch.size.unwrap_or_default(), is_flagged(fetch)));
        let mut sizes: Vec<_> = fetched.await?.iter().filter_map(of).filter(|(uid, ..)| uids.contains(uid)).collect();
        sizes.sort_unstable();
        Ok(sizes)
    }

    async fn letter(&mut self, uid: u32) -> anyhow::Result<Option<Vec<u8>>> {
        self.fetched(uid, "(UID BODY.PEEK[])", Fetch::body).await
    }

    async fn head(&mut self, uid: u32) -> anyhow::Result<Option<Vec<u8>>> {
        let head = self.fetched(uid, "(UID BODY.PEEK[HEADER])", Fetch::header).await?;
        Ok(head.map(|mut head| {
            head.truncate(HEAD_BYTES_MAX);
            head
        }))
    }

    /// A piece of a letter; none where it is not there any more. Other letters' news are passed over.
    async fn fetched(
        &mut self,
        uid: u32,
        query: &str,
        piece: fn(&Fetch) -> Option<&[u8]>,
    ) -> anyhow::Result<Option<Vec<u8>>> {
        let fetch = async {
            let mut stream = self.session.uid_fetch(uid.to_string(), query).await.map_err(words)?;
            let mut found = None;
            while let Some(fetch) = stream.try_next().await.map_err(words)? {
                if fetch.uid == Some(uid) && found.is_none() {
                    found = piece(&fetch).map(<[u8]>::to_vec);
                }
            }
            anyhow::Ok(found)
        };
        timeout(LETTER_MAX, fetch).await.unwrap_or_else(|_| Err(anyhow!("a letter takes too long")))
    }

    async fn flag(&mut self, uid: u32, flag: &str) -> anyhow::Result<()> {
        in_time(async {
            let stream = self.session.uid_store(uid.to_string(), flag).await.map_err(words)?;
            stream.try_collect::<Vec<Fetch>>().await.map_err(words)?;
            anyhow::Ok(())
        })
        .await
        .context("a letter that was kept cannot be marked")
    }

    /// Waits until the server says that something changed, or for so long.
    async fn wait(self, pause: Duration) -> anyhow::Result<Open> {
        if !self.knows_idle {
            tokio::time::sleep(pause.min(ASK_EVERY)).await;
            return Ok(self);
        }
        let news = self.session.unsolicited_responses.clone();
        let mut idle = self.session.idle();
        in_time(async { idle.init().await.map_err(words) }).await?;
        // What changed just before it began to wait was told then, and will not be told again.
        if !has_news(|| news.try_recv().ok()) {
            let (changed, _interrupt) = idle.wait_with_timeout(WAIT_MAX);
            match timeout(pause, changed).await {
                Ok(Ok(_)) | Err(_) => {}
                Ok(Err(error)) => return Err(words(error)),
            }
        }
        // A server that says good-bye is only found out here.
        let session = in_time(async { idle.done().await.map_err(words) }).await?;
        Ok(Open { session, knows_idle: true })
    }
}

/// True when something that the server told besides is that the mailbox grew.
fn has_news(mut next: impl FnMut() -> Option<UnsolicitedResponse>) -> bool {
    let mut is_new = false;
    while let Some(told) = next() {
        is_new |= matches!(told, UnsolicitedResponse::Exists(_) | UnsolicitedResponse::Recent(_));
    }
    is_new
}

async fn connect(server: &MailServer, tls: &TlsConnector) -> anyhow::Result<Session<Box<dyn Line>>> {
    let tcp = TcpStream::connect((server.host.as_str(), server.port)).await;
    let tcp = tcp.map_err(|error| anyhow!("it cannot be reached: {error}"))?;
    let client = match server.tls {
        MailTls::None => greeted(Box::new(tcp) as Box<dyn Line>).await?,
        MailTls::Implicit => greeted(encrypted(server, tls, tcp).await?).await?,
        MailTls::StartTls => {
            let mut client = greeted(tcp).await?;
            let asked = client.run_command_and_check_ok("STARTTLS", None).await;
            asked.map_err(|error| words(error).context("it does not know STARTTLS"))?;
            // Whatever it said besides, before it was encrypted, is not listened to.
            Client::new(encrypted(server, tls, client.into_inner()).await?)
        }
    };
    let Some(login) = &server.login else { bail!("nobody logs in") };
    let logged_in = client.login(&login.user, login.password.expose()).await;
    logged_in.map_err(|(error, _)| words(error).context("it does not let us in"))
}

async fn encrypted(server: &MailServer, tls: &TlsConnector, tcp: TcpStream) -> anyhow::Result<Box<dyn Line>> {
    let name = ServerName::try_from(server.host.clone()).context("its name is none that a certificate can have")?;
    let line = tls.connect(name, tcp).await;
    Ok(Box::new(line.map_err(|error| anyhow!("it cannot be encrypted: {error}"))?))
}

/// The server speaks first.
async fn greeted<T: Line>(line: T) -> anyhow::Result<Client<T>> {
    let mut client = Client::new(line);
    let greeting = client.read_response().await.map_err(|error| words(error.into()))?;
    if greeting.is_none() {
        bail!("it hung up before it said anything");
    }
    Ok(client)
}

async fn in_time<T>(step: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    timeout(ANSWER_MAX, step).await.unwrap_or_else(|_| Err(anyhow!("it does not answer in time")))
}

/// What went wrong, in words. What the server said that was not understood may be a letter, and is not
/// repeated.
fn words(error: async_imap::error::Error) -> anyhow::Error {
    use async_imap::error::Error;
    match error {
        Error::Io(error) if error.kind() == std::io::ErrorKind::Other => anyhow!("it says what cannot be understood"),
        Error::Io(error) => anyhow!("the line broke: {error}"),
        Error::Bad(text) | Error::No(text) => {
            // The library wraps what the server said in its own notation.
            let info = text.split_once("Some(\"").and_then(|(_, info)| info.rsplit_once("\")"));
            anyhow!("{}", said(info.map_or(&text, |(info, _)| info)))
        }
        Error::ConnectionLost => anyhow!("it hung up"),
        Error::Parse(_) => anyhow!("it says what cannot be understood"),
        Error::Validate(_) => anyhow!("a name or the password has a character that cannot be sent"),
        Error::Append => anyhow!("it does not take a letter"),
        _ => anyhow!("something went wrong"),
    }
}
