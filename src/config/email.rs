//! `[email]`: the address that answers by email, the server that sends its letters and the one that
//! keeps what comes in. Passwords and the secret only ever come from the environment or from files.
//! It asks no server anything.

use super::document::{Document, Found, Table, either};
use super::secret::{Given, Secret, Sources};
use super::sections::LABEL_CHARS_MAX;
use super::{Email, MailLogin, MailServer, MailTls, Mailbox, Topic};
use std::net::IpAddr;
use std::path::Path;

const SECRET: Credential = Credential {
    variable: "THREADLINE_EMAIL_SECRET",
    open_key: "secret",
    key: "secret_file",
    whole_key: "email.secret_file",
    what: "a secret that signs the addresses that customers reply to, such as `openssl rand -hex 32` prints",
};
const SMTP_PASSWORD: Credential = Credential {
    variable: "THREADLINE_SMTP_PASSWORD",
    open_key: "password",
    key: "password_file",
    whole_key: "email.smtp.password_file",
    what: "the user's password",
};
const IMAP_PASSWORD: Credential = Credential {
    variable: "THREADLINE_IMAP_PASSWORD",
    open_key: "password",
    key: "password_file",
    whole_key: "email.imap.password_file",
    what: "the user's password",
};

/// As many bits as the hash has that signs (HMAC-SHA256).
const SECRET_BYTES_MIN: usize = 32;
/// What stands before the @: with `+t`, a number of twelve digits, a dot and a signature of sixteen
/// letters after it, it still fits the 64 bytes that mail servers take (RFC 5321, 4.5.3.1.1).
pub const LOCAL_PART_BYTES_MAX: usize = 33;
/// Longest name of a host (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;
/// Users and mailboxes have names of this length at most, in characters.
const USER_CHARS_MAX: usize = 200;
const PORT_MAX: u32 = 65_535;
/// Who looks away from the page for five minutes is perhaps back; and an answer that is a day old is late.
const ANSWER_AFTER_MINS: u32 = 5;
const ANSWER_AFTER_MINS_MAX: u32 = 24 * 60;
/// Where every account's letters come in (RFC 3501, 5.1).
const INBOX: &str = "INBOX";

/// Where a secret is given.
#[derive(Clone, Copy)]
struct Credential {
    variable: &'static str,
    /// Where people would put the secret itself.
    open_key: &'static str,
    /// The name of a file that holds it.
    key: &'static str,
    whole_key: &'static str,
    /// In words.
    what: &'static str,
}

/// Which port a protocol has, by how it is encrypted.
#[derive(Clone, Copy)]
struct Ports {
    starttls: u16,
    implicit: u16,
    none: u16,
}

const SMTP_PORTS: Ports = Ports { starttls: 587, implicit: 465, none: 25 };
const IMAP_PORTS: Ports = Ports { starttls: 143, implicit: 993, none: 143 };

/// What the file says of email, and the topic that it names.
pub(super) struct ReadEmail {
    value: Email,
    topic: Option<Found<String>>,
}

impl ReadEmail {
    /// With one of these topics for letters that belong to no conversation: the one named, or the last, which is
    /// where people put what is about nothing else.
    pub(super) fn with_topic(self, document: &Document<'_>, topics: &[Topic]) -> Option<Email> {
        let topic = match self.topic {
            Some(named) => match topics.iter().find(|topic| topic.id == named.value) {
                Some(topic) => Some(topic),
                None => {
                    let ids: Vec<String> = topics.iter().map(|topic| format!("\"{}\"", topic.id)).collect();
                    let what = format!("there is no topic {:?}; it can be {}", named.value, either(&ids));
                    document.problem(&named.place, what);
                    None
                }
            },
            None => topics.last(),
        };
        Some(Email { topic: topic?.id.clone(), ..self.value })
    }
}

/// What the file says of email, nothing if there is no `[email]`; None if what it says is no use.
pub(super) fn email(document: &Document<'_>, root: &Table<'_>, sources: &Sources<'_>) -> Option<Option<ReadEmail>> {
    let is_there = root.has("email");
    let secrets = is_there.then_some(sources);
    root.table("email", |table| {
        let address = required(document, table, "address", "the address that customers write to").filter(|_| is_there);
        let address = address.and_then(|found| address_of(document, &found));
        let name = table.text_within("name", 1..=LABEL_CHARS_MAX).map(|found| found.value);
        let topic = table.text("topic");
        let answer_after = table.number("answer_after_mins", 1..=ANSWER_AFTER_MINS_MAX);
        let ca_file = table.text("ca_file");
        let signing = secrets.map(|sources| SECRET.given(document, table, sources));
        let smtp = table.table("smtp", |table| {
            let server = server(document, table, MailTls::StartTls, SMTP_PORTS, is_there);
            let login = secrets.map(|sources| login(document, table, sources, SMTP_PASSWORD));
            (server, login)
        });
        let imap = table.table("imap", |table| {
            let server = server(document, table, MailTls::Implicit, IMAP_PORTS, is_there);
            let mailbox = table.text_within("mailbox", 1..=USER_CHARS_MAX);
            let user_at = table.place_of("user");
            let login = secrets.map(|sources| login(document, table, sources, IMAP_PASSWORD));
            if let Some(Some(None)) = login {
                document.problem(&user_at, "is missing: fetching letters needs a user and a password");
            }
            (server, mailbox.map_or_else(|| INBOX.to_owned(), |found| found.value), login)
        });
        if !is_there {
            return Some(None);
        }
        let extra_ca = ca_file.map(|found| certificates(document, &found, sources));
        let secrets = match signing? {
            Given::Right(found) => signing_secrets(document, &found),
            Given::Wrong => None,
            Given::Missing => {
                document.problem(&table.place_of("secret_file"), format!("is missing: {}", SECRET.wanted()));
                None
            }
        };
        let (smtp, smtp_login) = smtp;
        let (imap, mailbox, imap_login) = imap;
        let value = Email {
            address: address?,
            name,
            answer_after_mins: answer_after.map_or(ANSWER_AFTER_MINS, |found| found.value),
            secrets: secrets?,
            smtp: MailServer { login: smtp_login??, ..smtp? },
            imap: Mailbox { server: MailServer { login: Some(imap_login???), ..imap? }, name: mailbox },
            extra_ca: match extra_ca {
                Some(certificates) => Some(certificates?),
                None => None,
            },
            topic: String::new(),
        };
        Some(Some(ReadEmail { value, topic }))
    })
}

/// A text that has to be there once there is an `[email]`.
fn required(document: &Document<'_>, table: &Table<'_>, key: &'static str, what: &str) -> Option<Found<String>> {
    let found = table.text(key);
    if found.is_none() && !table.has(key) && table.exists() {
        document.problem(&table.place_of(key), format!("is missing: {what}"));
    }
    found
}

fn server(
    document: &Document<'_>,
    table: &Table<'_>,
    usual: MailTls,
    ports: Ports,
    is_there: bool,
) -> Option<MailServer> {
    let kinds = [("starttls", MailTls::StartTls), ("implicit", MailTls::Implicit), ("none", MailTls::None)];
    let host = table.text("host");
    if is_there && host.is_none() && !table.has("host") {
        document.problem(&table.place_of("host"), "is missing: the name of the server, such as \"mail.example.com\"");
    }
    let tls = table.choice("tls", &kinds);
    let port = table.number("port", 1..=PORT_MAX).and_then(|found| u16::try_from(found.value).ok());
    let host = host.filter(|found| is_host(document, found))?;
    if let Some(found) = tls.as_ref().filter(|found| found.value == MailTls::None)
        && !is_loopback(&host.value)
    {
        let words = either(&["\"starttls\"".to_owned(), "\"implicit\"".to_owned()]);
        let what = format!(
            "\"none\" is for a server on this machine only (localhost, 127.0.0.1 or ::1): passwords and letters would \
             travel to {} in the open; write {words}",
            host.value
        );
        document.problem(&found.place, what);
        return None;
    }
    let tls = tls.map_or(usual, |found| found.value);
    let port = port.unwrap_or(match tls {
        MailTls::StartTls => ports.starttls,
        MailTls::Implicit => ports.implicit,
        MailTls::None => ports.none,
    });
    Some(MailServer { host: host.value, port, tls, login: None })
}

/// Who logs in, if anybody; None if what is given is no use.
fn login(
    document: &Document<'_>,
    table: &Table<'_>,
    sources: &Sources<'_>,
    credential: Credential,
) -> Option<Option<MailLogin>> {
    let user = table.text_within("user", 1..=USER_CHARS_MAX);
    let is_wrong = user.is_none() && table.has("user");
    let password = credential.given(document, table, sources);
    match (user, password) {
        _ if is_wrong => None,
        (_, Given::Wrong) => None,
        (Some(user), Given::Right(password)) => {
            if user.value.chars().chain(password.value.chars()).any(char::is_control) {
                document.problem(&user.place, "the user or the password has a line break or another control in it");
                return None;
            }
            Some(Some(MailLogin { user: user.value, password: Secret::new(password.value) }))
        }
        (Some(user), Given::Missing) => {
            document.problem(&user.place, format!("needs {}", credential.wanted()));
            None
        }
        (None, Given::Right(password)) => {
            let what = format!("there is a password, but no user; give {} too", table.place_of("user").key);
            document.problem(&password.place, what);
            None
        }
        (None, Given::Missing) => Some(None),
    }
}

impl Credential {
    /// What was given of it.
    fn given(self, document: &Document<'_>, table: &Table<'_>, sources: &Sources<'_>) -> Given<Found<String>> {
        table.refuse(self.open_key, &format!("secrets do not go into this file; {}", self.ways()));
        let configured = match table.text(self.key) {
            Some(file) => Given::Right(file),
            None if table.has(self.key) => Given::Wrong,
            None => Given::Missing,
        };
        sources.secret(document, self.variable, configured)
    }

    fn wanted(self) -> String {
        format!("{}; {}", self.what, self.ways())
    }

    fn ways(self) -> String {
        let Credential { variable, whole_key, .. } = self;
        format!("set {variable} in the environment, or name a file that holds it in {variable}_FILE or {whole_key}")
    }
}

/// One secret, or several while it is being changed: a comma stands between them.
fn signing_secrets(document: &Document<'_>, found: &Found<String>) -> Option<Vec<Secret>> {
    let parts: Vec<&str> = found.value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() || parts.iter().any(|part| part.len() < SECRET_BYTES_MIN) {
        let what = format!(
            "each secret has at least {SECRET_BYTES_MIN} characters, such as `openssl rand -hex 32` prints; several \
             have commas between them, the newest first"
        );
        document.problem(&found.place, what);
        return None;
    }
    Some(parts.into_iter().map(Secret::new).collect())
}

/// The address as it stands in letters, its domain in lower case.
fn address_of(document: &Document<'_>, found: &Found<String>) -> Option<String> {
    let wrong = |what: &str| {
        document.problem(&found.place, format!("{what}, is {:?}", found.value));
        None
    };
    let Some((local, domain)) = found.value.trim().split_once('@') else {
        return wrong("must be an address such as \"support@example.com\"");
    };
    let is_atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let is_dotted = |part: &str| !part.split('.').any(str::is_empty);
    let is_domain = domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    if !local.bytes().all(is_atom) || !is_dotted(local) || !is_domain || !is_dotted(domain) {
        return wrong(
            "must be an address and nothing else, such as \"support@example.com\"; a name goes into email.name",
        );
    }
    if local.len() > LOCAL_PART_BYTES_MAX {
        return wrong(&format!(
            "must have at most {LOCAL_PART_BYTES_MAX} characters before the @, so that signed reply addresses fit"
        ));
    }
    Some(format!("{local}@{}", domain.to_ascii_lowercase()))
}

fn is_host(document: &Document<'_>, found: &Found<String>) -> bool {
    let host = found.value.as_str();
    let is_name = host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    let right = !host.is_empty() && host.len() <= HOST_BYTES_MAX && (is_name || host.parse::<IpAddr>().is_ok());
    if !right {
        let what = format!("must be a name such as \"mail.example.com\", without a port or a scheme, is {host:?}");
        document.problem(&found.place, what);
    }
    right
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn certificates(document: &Document<'_>, found: &Found<String>, sources: &Sources<'_>) -> Option<String> {
    let what = match (sources.read)(Path::new(&found.value)) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => return Some(text),
        Ok(_) => format!("the file {} has no certificate in it (PEM, \"-----BEGIN CERTIFICATE-----\")", found.value),
        Err(error) => format!("the file {} cannot be read: {error}", found.value),
    };
    document.problem(&found.place, what);
    None
}
