//! The post office of a site: its support address, the wire to the mail server, and what has arrived in
//! anybody's mailbox, as a mail program shows it.

use super::mail::{PASSWORD, Servers, servers};
use super::{Site, Wire, until};
use lettre::address::Envelope;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use mail_parser::{Message, MessageParser, MimeHeaders};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use threadline::email::address::Signer;

/// Signs the reply addresses of every site.
pub const SECRET: &str = "a secret of at least thirty-two characters";

/// A site's post office.
#[derive(Debug)]
pub struct Post {
    servers: &'static Servers,
    /// The support address, without its domain.
    pub user: String,
    wire: Wire,
}

/// A mailbox that no other play uses.
#[derive(Clone, Debug)]
pub struct Mailbox {
    user: String,
}

impl Post {
    /// A support address of its own, and a wire to the mail server.
    pub async fn opens() -> Post {
        // They take a while to start.
        let servers = tokio::task::spawn_blocking(servers).await.unwrap();
        let wire = Wire::lay().await;
        let post = Post { servers, user: fresh("support"), wire };
        post.is_reachable(true);
        post
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("{}@example.com", self.user)
    }

    /// Somebody sends a letter.
    pub async fn sends(&self, from: &str, to: &str, raw: &[u8]) {
        let smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(self.servers.smtp).build();
        let envelope = Envelope::new(Some(from.parse().unwrap()), vec![to.parse().unwrap()]).unwrap();
        smtp.send_raw(&envelope, raw).await.unwrap();
    }

    /// The tables `[email]` of a configuration.
    pub fn toml(&self) -> String {
        let port = self.wire.address.rsplit(':').next().unwrap();
        let (user, imaps) = (&self.user, self.servers.imaps);
        let ca = self.servers.ca_file();
        format!(
            "[email]\naddress = \"{user}@example.com\"\nname = \"Example Support\"\nca_file = {ca:?}\n\
             [email.smtp]\nhost = \"localhost\"\nport = {port}\nuser = \"{user}\"\n\
             [email.imap]\nhost = \"localhost\"\nport = {imaps}\nuser = \"{user}\"\n"
        )
    }

    /// Whether the mail server that takes letters can be reached.
    pub fn is_reachable(&self, is: bool) {
        self.wire.leads_to(if is { vec![format!("127.0.0.1:{}", self.servers.smtp)] } else { Vec::new() });
        self.wire.is_cut();
    }
}

/// What signs for a site; none where it sends no letters.
pub fn signer(site: &Site) -> Option<Signer> {
    site.sends_letters().then(|| Signer::new(&site.post().address(), [SECRET]))
}

/// The environment variables that a configuration's secrets come from.
pub fn secret(name: &str) -> Option<String> {
    match name {
        "THREADLINE_EMAIL_SECRET" => Some(SECRET.to_string()),
        "THREADLINE_SMTP_PASSWORD" | "THREADLINE_IMAP_PASSWORD" => Some(PASSWORD.to_string()),
        _ => None,
    }
}

fn fresh(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{name}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Mailbox {
    /// Somebody's.
    pub fn of(name: &str) -> Mailbox {
        Mailbox { user: fresh(name) }
    }

    /// Whoever has this name in every play.
    pub fn named(name: &str) -> Mailbox {
        Mailbox { user: name.to_string() }
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("{}@example.com", self.user)
    }

    /// The letters in it, in the order in which they came.
    pub fn letters(&self) -> Vec<Vec<u8>> {
        let home = servers().mailbox(&self.user);
        let files = ["new", "cur"].map(|folder| fs::read_dir(home.join(folder)));
        let mut files: Vec<_> = files.into_iter().flatten().flatten().map(|file| file.unwrap().path()).collect();
        files.sort_by_key(|path| delivered(path));
        files.into_iter().map(|path| fs::read(path).unwrap()).collect()
    }

    /// Waits until so many letters have come; all of them.
    pub async fn has(&self, count: usize) -> Vec<Vec<u8>> {
        until(&format!("{count} letters for {}", self.user), async || self.letters().len() >= count).await;
        let letters = self.letters();
        assert_eq!(letters.len(), count, "{}", letters.iter().map(|raw| shown(raw)).collect::<String>());
        letters
    }
}

/// When a letter was delivered, in seconds and microseconds: the name of its file begins with both,
/// `1767225600.M1234P…`.
fn delivered(path: &Path) -> (u64, u64) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let (secs, rest) = name.split_once(".M").unwrap();
    (secs.parse().unwrap(), rest.split('P').next().unwrap().parse().unwrap())
}

/// A letter as a mail program shows it: what it is about, what it says, and its files.
pub fn shown(raw: &[u8]) -> String {
    let letter = MessageParser::default().parse(raw).expect("a letter");
    let mut shown = format!("Subject: {}\n", letter.subject().unwrap_or_default());
    let text = letter.body_text(0).unwrap_or_default();
    for line in text.trim_end().lines() {
        let _ = writeln!(shown, "{}", format!("| {line}").trim_end());
    }
    for file in letter.attachments() {
        let _ = writeln!(shown, "[{}, {} bytes]", file.attachment_name().unwrap_or_default(), file.contents().len());
    }
    shown
}

/// A letter, understood.
pub fn parsed(raw: &[u8]) -> Message<'_> {
    MessageParser::default().parse(raw).expect("a letter")
}
