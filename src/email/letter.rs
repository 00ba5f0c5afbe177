//! Composes a letter to a customer, as the bytes that a mail server takes: plain text and HTML that says
//! the same, files, and headers that keep it in its thread and out of loops. Whatever a name, a subject or a
//! file is called, it stays in its place: every text that goes into a header is one line without controls
//! first ([`header_text`]).

use super::address::Signer;
use super::session::{Paragraph, SessionSays};
use super::shown;
use super::words::{self, Words};
use crate::config::Email;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body as Encoded, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use std::time::{Duration, UNIX_EPOCH};
use threadline_core::body::{Body, safe_href};
use threadline_core::calendar::Zone;
use threadline_core::context::{Language, one_line};
use threadline_core::file::clean_name;
use threadline_core::ids::Moment;
use threadline_core::media::{UNKNOWN, endings};

/// Most bytes of files in one letter: base 64 makes 19 MB of them, and 20 MB is what the strictest of the
/// large providers take. What is more stays on the conversation's page.
pub const FILES_BYTES_MAX: usize = 13 * 1024 * 1024;
/// Longest subject behind the number, in characters: what mail programs show in a list.
const SUBJECT_CHARS_MAX: usize = 120;
/// Longest name beside an address, in characters.
const NAME_CHARS_MAX: usize = 80;
/// Longest id of a letter that is repeated: two fit on a line of a header (RFC 5322, 2.1.1: 998).
const ID_BYTES_MAX: usize = 250;
/// Most ids in `References`: the first, which the thread hangs on, and the latest.
const REFERENCES_MAX: usize = 20;
/// What stands before a subject that was answered or passed on, in the languages of mail programs.
const SUBJECT_PREFIXES: [&str; 14] =
    ["re", "aw", "antw", "sv", "vs", "fwd", "fw", "wg", "tr", "rv", "res", "enc", "odp", "ynt"];

const BASE: &str = "font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:24px;color:#1f1f1f";
const SMALL: &str = "font-family:Arial,Helvetica,sans-serif;font-size:13px;line-height:20px;color:#666666";

/// A letter to a customer.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The customer's address, as he gave it.
    pub to: String,
    /// His name.
    pub to_name: Option<String>,
    /// The conversation's number.
    pub number: i64,
    /// What the conversation is about.
    pub subject: Option<String>,
    /// What is said.
    pub kind: Kind,
    /// The customer's language.
    pub language: Option<Language>,
    /// The zone of the customer's clock.
    pub zone: Zone,
    /// The letter's own id, from [`Signer::message_id`].
    pub message_id: String,
    /// The id of the letter that is answered, if it is one.
    pub in_reply_to: Option<String>,
    /// The ids of the letters before, the oldest first.
    pub references: Vec<String>,
    /// The conversation's page.
    pub page: Option<String>,
    /// When it is written.
    pub at: Moment,
}

/// What a letter says.
#[derive(Clone, Debug)]
pub enum Kind {
    /// What agents wrote.
    Answer {
        /// In their order.
        messages: Vec<Said>,
    },
    /// A conversation became a ticket. Written by itself, and never answered by another program.
    TicketReceived {
        /// By when there is an answer.
        answer_by: Option<Moment>,
        /// What the customer has not said yet.
        missing: Vec<Missing>,
    },
    /// Something about a session. Written by itself, and never answered by another program.
    Session(Box<SessionSays>),
}

/// Something that an agent wrote.
#[derive(Clone, Debug)]
pub struct Said {
    /// The name that the customer knows him by.
    pub from: String,
    /// When.
    pub at: Moment,
    /// What.
    pub body: Body,
    /// With what.
    pub files: Vec<Enclosed>,
}

/// Something that a topic asks for.
#[derive(Clone, Debug)]
pub struct Missing {
    /// What it is called.
    pub label: String,
    /// What it looks like.
    pub help: Option<String>,
}

/// A file of a letter.
#[derive(Clone, Debug)]
pub struct Enclosed {
    /// Its name.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// Its bytes; none of a file that is known to be too much.
    pub bytes: Option<Vec<u8>>,
}

/// A letter as it goes out.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Who sends it to whom, for the server: what cannot be delivered comes back to the signed address.
    pub envelope: Envelope,
    /// The whole letter.
    pub bytes: Vec<u8>,
}

/// Why a letter cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// The customer's address is none.
    #[error("the customer's email address is not one that a letter can be sent to")]
    NoAddress,
    /// Something of it cannot stand in a letter, for all that it is looked at before.
    #[error("the letter cannot be put together: {0}")]
    Broken(String),
}

/// Who writes the letters.
#[derive(Clone, Debug)]
pub struct Writer {
    name: Option<String>,
    signer: Signer,
}

impl Writer {
    /// For this configuration.
    pub fn new(email: &Email) -> Writer {
        let secrets = email.secrets.iter().map(|secret| secret.expose());
        Writer { name: email.name.clone(), signer: Signer::new(&email.address, secrets) }
    }

    /// What signs.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The letter as bytes. The same letter is the same bytes.
    ///
    /// # Errors
    ///
    /// When the customer's address is no address.
    pub fn compose(&self, letter: &Letter) -> Result<Sealed, Unwritable> {
        let to: Address = letter.to.trim().parse().map_err(|_| Unwritable::NoAddress)?;
        let own = |address: &str| address.parse::<Address>().map_err(|error| Unwritable::Broken(error.to_string()));
        let (from, reply_to) = (own(&self.signer.own_address())?, own(&self.signer.reply_address(letter.number))?);
        let envelope = Envelope::new(Some(reply_to.clone()), vec![to.clone()]);
        let envelope = envelope.map_err(|error| Unwritable::Broken(error.to_string()))?;
        let named = |name: Option<&str>| name.map(|name| header_text(name, NAME_CHARS_MAX)).filter(|it| !it.is_empty());
        let name = named(self.name.as_deref());
        let words = words::in_language(letter.language.as_ref());
        let subject = subject(letter, words);
        let message_id = id(&letter.message_id).ok_or_else(|| Unwritable::Broken("its id is none".to_string()))?;
        let mut builder = Message::builder()
            .from(Mailbox::new(name.clone(), from))
            .reply_to(Mailbox::new(name, reply_to))
            .to(Mailbox::new(named(greeted(letter)), to))
            .subject(subject.clone())
            .date(UNIX_EPOCH + Duration::from_millis(letter.at.0.unsigned_abs()))
            .message_id(Some(message_id))
            .envelope(envelope.clone());
        let in_reply_to = letter.in_reply_to.as_deref().and_then(id);
        if let Some(references) = references(letter, in_reply_to.as_deref()) {
            builder = builder.references(references);
        }
        if let Some(in_reply_to) = in_reply_to {
            builder = builder.in_reply_to(in_reply_to);
        }
        if let Some(automatic) = automatic(letter) {
            builder = builder.raw_header(plain_header("Auto-Submitted", automatic));
        }
        // Every answer that a program gives, but not a bounce: that has to come.
        builder = builder.raw_header(plain_header("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply"));
        let message = builder.multipart(self.parts(letter, &subject, words)?);
        let message = message.map_err(|error| Unwritable::Broken(error.to_string()))?;
        Ok(Sealed { envelope, bytes: message.formatted() })
    }

    fn parts(&self, letter: &Letter, subject: &str, words: &'static Words) -> Result<MultiPart, Unwritable> {
        let page = Page { letter, words, own: self.name.clone().unwrap_or_else(|| self.signer.own_address()) };
        // No line of quoted-printable or base 64 looks like these.
        let mark: String = letter.message_id.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
        let both = MultiPart::alternative()
            .boundary(format!("=_both_{mark}"))
            .singlepart(text_part(ContentType::TEXT_PLAIN, page.text())?)
            .singlepart(text_part(ContentType::TEXT_HTML, page.html(subject))?);
        let (calendar, calendar_file) = match &letter.kind {
            Kind::Session(says) => (says.calendar_part()?, says.calendar_file()?),
            Kind::Answer { .. } | Kind::TicketReceived { .. } => (None, None),
        };
        let both = calendar.into_iter().fold(both, MultiPart::singlepart);
        let (enclosed, _too_large) = page.files();
        if enclosed.is_empty() && calendar_file.is_none() {
            return Ok(both);
        }
        let all = MultiPart::mixed().boundary(format!("=_all_{mark}")).multipart(both);
        let all = calendar_file.into_iter().fold(all, MultiPart::singlepart);
        Ok(enclosed.into_iter().fold(all, |all, file| all.singlepart(file_part(file))))
    }
}

/// What a reader sees.
struct Page<'a> {
    letter: &'a Letter,
    words: &'static Words,
    /// Who writes, in words.
    own: String,
}

impl Page<'_> {
    fn text(&self) -> String {
        let words = self.words;
        let mut parts = vec![(words.hello)(self.to_name().as_deref())];
        match &self.letter.kind {
            Kind::Answer { messages } => {
                for said in messages {
                    parts.push(self.wrote(said));
                    parts.extend(Some(shown::text(&said.body)).filter(|text| !text.is_empty()));
                    parts.extend(file_names(said).map(|names| format!("{} {names}", words.attached)));
                }
                parts.push(words.just_reply.to_string());
            }
            Kind::TicketReceived { answer_by, missing } => {
                parts.push(format!("{} {}", (words.received)(self.letter.number), self.answer_by(*answer_by)));
                if missing.is_empty() {
                    parts.push(words.just_reply.to_string());
                } else {
                    let lines = missing.iter().map(|missing| format!("- {}", asked(missing)));
                    parts.push(words.missing.to_string());
                    parts.push(lines.collect::<Vec<_>>().join("\n"));
                    parts.push(words.reply_with_it.to_string());
                }
            }
            Kind::Session(says) => {
                parts.extend(self.paragraphs(says).into_iter().map(|paragraph| match paragraph {
                    Paragraph::Text(text) => text,
                    Paragraph::Link { label, href } => format!("{label}: {href}"),
                }));
                parts.push(words.just_reply.to_string());
            }
        }
        parts.extend(self.too_large());
        let whole = self.page().map(|page| format!("{}: {page}\n", words.whole)).unwrap_or_default();
        // What follows two dashes and a blank is a signature to mail programs, and left out of answers.
        format!("{}\n\n-- \n#{}\n{whole}{}\n", parts.join("\n\n"), self.letter.number, (words.why)(&self.own))
    }

    fn html(&self, subject: &str) -> String {
        let words = self.words;
        let paragraph = |text: &str| format!("<p style=\"margin:0 0 12px 0\">{}</p>\n", shown::escaped(text));
        let mut inner = paragraph(&(words.hello)(self.to_name().as_deref()));
        match &self.letter.kind {
            Kind::Answer { messages } => {
                for said in messages {
                    let wrote = shown::escaped(&self.wrote(said));
                    inner.push_str(&format!("<p style=\"margin:0 0 4px 0;{SMALL}\">{wrote}</p>\n"));
                    inner.push_str(&shown::html(&said.body));
                    inner.extend(file_names(said).map(|names| paragraph(&format!("{} {names}", words.attached))));
                }
                inner.push_str(&paragraph(words.just_reply));
            }
            Kind::TicketReceived { answer_by, missing } => {
                let received = (words.received)(self.letter.number);
                inner.push_str(&paragraph(&format!("{received} {}", self.answer_by(*answer_by))));
                if missing.is_empty() {
                    inner.push_str(&paragraph(words.just_reply));
                } else {
                    let items = missing.iter().map(|it| format!("<li>{}</li>\n", shown::escaped(&asked(it))));
                    inner.push_str(&paragraph(words.missing));
                    let items: String = items.collect();
                    inner.push_str(&format!("<ul style=\"margin:0 0 12px 24px;padding:0\">\n{items}</ul>\n"));
                    inner.push_str(&paragraph(words.reply_with_it));
                }
            }
            Kind::Session(says) => {
                inner.extend(self.paragraphs(says).into_iter().map(|one| match one {
                    Paragraph::Text(text) => paragraph(&text),
                    Paragraph::Link { label, href } => {
                        format!("<p style=\"margin:0 0 12px 0\">{}</p>\n", shown::link(&href, label))
                    }
                }));
                inner.push_str(&paragraph(words.just_reply));
            }
        }
        inner.extend(self.too_large().map(|text| paragraph(&text)));
        let whole = self.page().map(|page| format!("{}<br>\n", shown::link(page, words.whole))).unwrap_or_default();
        let why = shown::escaped(&(words.why)(&self.own));
        let number = self.letter.number;
        let (tag, title) = (words.tag, shown::escaped(subject));
        format!(
            "<!DOCTYPE html>\n<html lang=\"{tag}\">\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html; \
             charset=utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n</head>\n<body style=\"margin:0;padding:0\">\n\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\n\
             <tr><td align=\"left\" style=\"padding:16px\">\n\
             <table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
             style=\"width:100%;max-width:600px\">\n<tr><td style=\"{BASE}\">\n{inner}</td></tr>\n\
             <tr><td style=\"padding:12px 0 0 0;border-top:1px solid #dddddd;{SMALL}\">\n#{number}<br>\n{whole}{why}\n\
             </td></tr>\n</table>\n</td></tr>\n</table>\n</body>\n</html>\n"
        )
    }

    fn to_name(&self) -> Option<String> {
        greeted(self.letter).map(|name| bounded(one_line(name), NAME_CHARS_MAX)).filter(|name| !name.is_empty())
    }

    fn wrote(&self, said: &Said) -> String {
        (self.words.wrote)(&bounded(one_line(&said.from), NAME_CHARS_MAX), &self.when(said.at))
    }

    fn answer_by(&self, answer_by: Option<Moment>) -> String {
        answer_by.map_or_else(|| self.words.answer_soon.to_string(), |by| (self.words.answer_by)(&self.when(by)))
    }

    fn when(&self, at: Moment) -> String {
        words::when(self.words, self.letter.language.as_ref(), self.letter.zone, at, self.letter.at)
    }

    /// What is said of a session; a link only where it is one.
    fn paragraphs(&self, says: &SessionSays) -> Vec<Paragraph> {
        let mut all = says.paragraphs(self.letter.language.as_ref(), |at| self.when(at));
        all.retain(|one| match one {
            Paragraph::Text(_) => true,
            Paragraph::Link { href, .. } => safe_href(href).is_some(),
        });
        all
    }

    fn page(&self) -> Option<&str> {
        self.letter.page.as_deref().and_then(safe_href)
    }

    /// The files that go along, and those that are too much.
    fn files(&self) -> (Vec<&Enclosed>, Vec<&Enclosed>) {
        let messages = match &self.letter.kind {
            Kind::Answer { messages } => messages.as_slice(),
            Kind::TicketReceived { .. } | Kind::Session(_) => &[],
        };
        let mut left = FILES_BYTES_MAX;
        messages.iter().flat_map(|said| &said.files).partition(|file| {
            match file.bytes.as_ref().and_then(|bytes| left.checked_sub(bytes.len())) {
                Some(rest) => {
                    left = rest;
                    true
                }
                None => false,
            }
        })
    }

    fn too_large(&self) -> Option<String> {
        let (_, rest) = self.files();
        let names: Vec<String> = rest.into_iter().map(name_of).collect();
        (!names.is_empty()).then(|| (self.words.too_large)(&names.join(", ")))
    }
}

/// The customer's name, unless it is a link or an address: whoever gives somebody else's address at the chat must
/// not have us send him an advertisement.
fn greeted(letter: &Letter) -> Option<&str> {
    let is_name = |name: &&str| !["://", "www.", "@"].iter().any(|mark| name.contains(mark));
    letter.to_name.as_deref().filter(is_name)
}

fn file_names(said: &Said) -> Option<String> {
    let names: Vec<String> = said.files.iter().map(name_of).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn name_of(file: &Enclosed) -> String {
    clean_name(&file.name, endings(&file.media_type))
}

fn asked(missing: &Missing) -> String {
    let label = one_line(&missing.label);
    missing.help.as_deref().map(one_line).map_or(label.clone(), |help| format!("{label}: {help}"))
}

fn text_part(kind: ContentType, text: String) -> Result<SinglePart, Unwritable> {
    let encoded = Encoded::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable);
    let encoded = encoded.map_err(|_| Unwritable::Broken("text that cannot be encoded".to_string()))?;
    Ok(SinglePart::builder().header(kind).body(encoded))
}

fn file_part(file: &Enclosed) -> SinglePart {
    let kind = ContentType::parse(&file.media_type).or_else(|_| ContentType::parse(UNKNOWN));
    let bytes = Encoded::new_with_encoding(file.bytes.clone().unwrap_or_default(), ContentTransferEncoding::Base64);
    let bytes = bytes.unwrap_or_else(Encoded::new);
    Attachment::new(name_of(file)).body(bytes, kind.unwrap_or(ContentType::TEXT_PLAIN))
}

/// What kind of automatic letter it is (RFC 3834, section 5); none for what a person wrote.
fn automatic(letter: &Letter) -> Option<&'static str> {
    match (&letter.kind, &letter.in_reply_to) {
        (Kind::Answer { .. }, _) => None,
        (Kind::TicketReceived { .. }, Some(_)) => Some("auto-replied"),
        (Kind::TicketReceived { .. }, None) | (Kind::Session(_), _) => Some("auto-generated"),
    }
}

/// `[#1042] Export hangs`, with one `Re:` before it if it answers a letter.
fn subject(letter: &Letter, words: &Words) -> String {
    let mark = format!("[#{}]", letter.number);
    let given = header_text(letter.subject.as_deref().unwrap_or_default(), SUBJECT_CHARS_MAX);
    let about = without_prefixes(&given, &mark);
    let about = if about.is_empty() { words.no_subject } else { about };
    let re = if letter.in_reply_to.is_some() { "Re: " } else { "" };
    format!("{re}{mark} {about}")
}

/// A subject without what answering and passing on put before it, and without our own mark.
fn without_prefixes<'a>(subject: &'a str, mark: &str) -> &'a str {
    let mut rest = subject.trim();
    loop {
        let before = rest;
        rest = rest.strip_prefix(mark).unwrap_or(rest).trim_start();
        if let Some((prefix, after)) = rest.split_once(':') {
            let prefix = prefix.trim_end().trim_end_matches(|c: char| "[]()".contains(c) || c.is_ascii_digit());
            if SUBJECT_PREFIXES.iter().any(|known| prefix.eq_ignore_ascii_case(known)) {
                rest = after.trim_start();
            }
        }
        if rest == before {
            return rest;
        }
    }
}

/// An id in angle brackets, if it has the form of one.
fn id(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches('<').trim_end_matches('>');
    let is_good = |b: u8| b.is_ascii_graphic() && b != b'<' && b != b'>';
    let is_id = bare.len() <= ID_BYTES_MAX && bare.bytes().all(is_good) && bare.contains('@');
    is_id.then(|| format!("<{bare}>"))
}

/// The letters before, and last the one that is answered.
fn references(letter: &Letter, in_reply_to: Option<&str>) -> Option<String> {
    let mut ids: Vec<String> = letter.references.iter().filter_map(|text| id(text)).collect();
    if let Some(answered) = in_reply_to {
        ids.retain(|id| id != answered);
        ids.push(answered.to_string());
    }
    if ids.len() > REFERENCES_MAX {
        ids.drain(1..=ids.len() - REFERENCES_MAX);
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// One line without controls, and without what a reader would decode once more (RFC 2047).
fn header_text(text: &str, chars_max: usize) -> String {
    bounded(one_line(text).replace("=?", "= ?"), chars_max)
}

fn bounded(text: String, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text,
    }
}

fn plain_header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_string())
}

#[cfg(test)]
mod tests;
