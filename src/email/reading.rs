//! Reads a letter that came in, whoever wrote it and however: what it says without what it quotes, its files,
//! which conversation it belongs to, and whether a person wrote it at all. It trusts nothing: everything that
//! can grow has a bound, and what cannot be read is an error, never a crash.
//!
//! Which conversation a letter belongs to is said by a signature of ours alone ([`Signer`]): in the address
//! that it was sent to, or in the id of the letter that it answers. What stands in its subject, and whom it
//! says it is from, anybody can write.

use super::address::Signer;
use super::automatic;
use super::{html, quotes};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{
    Address, Encoding, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};
use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use threadline_core::body::BODY_CHARS_MAX;
use threadline_core::context::one_line;
use threadline_core::file::clean_name;
use threadline_core::ids::Moment;
use threadline_core::media::{UNKNOWN, endings};

/// Largest letter that is read, in bytes: what the large providers send, with base 64 (Gmail: 25 MB of
/// files, 35 MB in all, of which 30 are read here).
pub const LETTER_BYTES_MAX: usize = 30 * 1024 * 1024;
/// Most lines of a letter: each may be a header, which takes ten times its place in memory.
const LINES_MAX: usize = 1_000_000;
/// Most parts, and so the deepest nesting: the ends of letters inside of letters call one another.
const PARTS_MAX: usize = 2_000;
/// Most recipients that are looked at; a letter that one of us gets is not one to more.
const RECIPIENTS_MAX: usize = 10_000;
/// Most ids of letters before, the latest ones.
const REFERENCES_MAX: usize = 100;
/// Most files that are taken of one letter.
const ATTACHMENTS_MAX: usize = 100;
/// Longest text of a letter that is kept, with all that it quotes, in characters.
const WHOLE_CHARS_MAX: usize = 200_000;
/// Most of one part's HTML that is looked at, in bytes: markup and pictures inside of it are ten times the text.
const HTML_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest subject and longest name, in characters.
const LINE_CHARS_MAX: usize = 300;
/// Longest address (RFC 5321, 4.5.3.1: 64 before the @, 255 behind it) and longest id, in bytes.
const ID_BYTES_MAX: usize = 998;

/// What stands before a subject of an answer, for programs that say it in nothing else.
const ANSWERED: [&str; 8] = ["re:", "aw:", "antw:", "sv:", "vs:", "rép:", "res:", "odp:"];
/// What stands before a subject of something passed on.
const FORWARDED: [&str; 7] = ["fwd:", "fw:", "wg:", "tr:", "rv:", "enc:", "i:"];
/// Files that mail programs add for one another.
const NOT_FOR_PEOPLE: [(&str, &str); 7] = [
    ("application", "pgp-signature"),
    ("application", "pkcs7-signature"),
    ("application", "x-pkcs7-signature"),
    ("message", "delivery-status"),
    ("message", "disposition-notification"),
    ("message", "rfc822-headers"),
    ("text", "rfc822-headers"),
];

/// A letter that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Whom it says it is from.
    pub from: Option<Sender>,
    /// To whom it was sent, by `To` and `Cc`.
    pub to: Vec<String>,
    /// Its subject, in one line.
    pub subject: String,
    /// Its id.
    pub message_id: Option<String>,
    /// The ids of the letters that it answers.
    pub in_reply_to: Vec<String>,
    /// The ids of the letters before, the oldest first.
    pub references: Vec<String>,
    /// When it says it was written.
    pub date: Option<Moment>,
    /// What is new in it; empty where there is nothing but files.
    pub said: String,
    /// All of its text.
    pub whole: String,
    /// Its files.
    pub attachments: Vec<Attached>,
    /// Who wrote it.
    pub kind: Kind,
    /// The conversation that it belongs to, by a signature of ours.
    pub conversation: Option<Belongs>,
}

/// Whom a letter says it is from. Nobody vouches for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The address.
    pub address: String,
    /// The name beside it.
    pub name: Option<String>,
}

/// A file of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its name, safe to show and to save.
    pub name: String,
    /// What it says it is.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// True for a picture that stands in the text.
    pub is_inline: bool,
}

/// Who wrote a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person, as far as can be told.
    Person,
    /// A program, by itself. It is never answered.
    AutoReply {
        /// What it is, in words.
        why: &'static str,
    },
    /// A mail server: a letter of ours does not arrive.
    Bounce(Bounce),
    /// A mailing list. It is never answered.
    List,
}

/// A letter of ours that does not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// The id of the letter, if the server says.
    pub letter: Option<String>,
    /// To whom it was, if the server says.
    pub recipient: Option<String>,
    /// True when it will never arrive; false when the server still tries.
    pub is_permanent: bool,
    /// Why, in the server's words.
    pub why: String,
}

/// The conversation that a letter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belongs {
    /// Its number.
    pub number: i64,
    /// How that is known.
    pub by: By,
}

/// How it is known which conversation a letter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// It was sent to a signed address.
    Address,
    /// It answers a letter of ours, or is about one.
    Letter,
}

/// Why a letter is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is larger than [`LETTER_BYTES_MAX`].
    #[error("the letter is larger than {} MB", LETTER_BYTES_MAX / 1024 / 1024)]
    TooLarge,
    /// It has more lines or parts than a letter has.
    #[error("the letter has more lines or parts than a letter has")]
    TooComplex,
    /// It is no letter: not even one header can be found.
    #[error("it is no letter")]
    NoLetter,
    /// The parser gave up.
    #[error("the letter cannot be read")]
    Broken,
}

/// Reads a letter.
///
/// # Errors
///
/// When it is no letter, or more than one.
pub fn read(raw: &[u8], signer: &Signer) -> Result<Incoming, Unreadable> {
    if raw.len() > LETTER_BYTES_MAX {
        return Err(Unreadable::TooLarge);
    }
    if lines(raw).count() > LINES_MAX || lines(raw).filter(|line| begins_part(line)).count() > PARTS_MAX {
        return Err(Unreadable::TooComplex);
    }
    // A letter that breaks the parser is one letter less, not a mailbox that stands still.
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let letter = MessageParser::default().parse(raw).ok_or(Unreadable::NoLetter)?;
        Ok(incoming(&letter, raw, signer))
    }));
    read.unwrap_or(Err(Unreadable::Broken))
}

fn lines(raw: &[u8]) -> impl Iterator<Item = &[u8]> {
    raw.split(|byte| *byte == b'\n')
}

fn begins_part(line: &[u8]) -> bool {
    line.get(..12).is_some_and(|start| start.eq_ignore_ascii_case(b"content-type"))
}

fn incoming(letter: &Message<'_>, raw: &[u8], signer: &Signer) -> Incoming {
    let subject = bounded(&one_line(letter.subject().unwrap_or_default()), LINE_CHARS_MAX);
    let (whole, marked) = texts(letter, raw);
    let (in_reply_to, references) = (ids(letter, HeaderName::InReplyTo), ids(letter, HeaderName::References));
    let lower = subject.to_lowercase();
    let begins = |marks: &[&str]| marks.iter().any(|mark| lower.starts_with(mark));
    let is_answer = !in_reply_to.is_empty() || !references.is_empty() || begins(&ANSWERED);
    let said = quotes::new_words(&marked, !is_answer || begins(&FORWARDED));
    let kind = automatic::kind(letter, signer);
    let attachments = match kind {
        // What comes back is our own letter.
        Kind::Bounce(_) => Vec::new(),
        Kind::Person | Kind::AutoReply { .. } | Kind::List => attachments(letter, raw),
    };
    // A letter that seems to say nothing and has no files was not understood.
    let said = if said.is_empty() && attachments.is_empty() { whole.clone() } else { said };
    Incoming {
        from: letter.from().and_then(sender),
        to: to(letter),
        subject,
        message_id: letter.message_id().and_then(id),
        conversation: conversation(letter, signer, &kind, &in_reply_to, &references),
        in_reply_to,
        references,
        date: letter.date().map(|date| Moment(date.to_timestamp().saturating_mul(1_000))),
        said: bounded(&said, BODY_CHARS_MAX),
        whole,
        attachments,
        kind,
    }
}

/// All the text, and the same with marks where a mail program says that a quote begins.
fn texts(letter: &Message<'_>, raw: &[u8]) -> (String, String) {
    let plain = joined(letter, &letter.text_body, raw);
    // Some programs send the HTML with plain text beside it that is empty.
    let marked = if plain.is_empty() { joined(letter, &letter.html_body, raw) } else { plain };
    let marked = bounded(&marked, WHOLE_CHARS_MAX);
    let lines = marked.lines().map(str::trim_end);
    let is_mark = |line: &str| line.contains([html::QUOTE_BEGINS, html::REST_IS_QUOTED]);
    let whole = lines.filter(|line| !is_mark(line)).collect::<Vec<_>>().join("\n");
    (whole.trim_matches('\n').to_string(), marked)
}

/// The texts of some parts, one below the other; no more than are kept.
fn joined(letter: &Message<'_>, ids: &[u32], raw: &[u8]) -> String {
    let mut out = String::new();
    for part in ids.iter().filter_map(|id| letter.part(*id)) {
        let Some(text) = text(part, raw).filter(|text| !text.trim().is_empty()) else { continue };
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        out.push_str(&text);
        if out.len() > WHOLE_CHARS_MAX * size_of::<char>() {
            break;
        }
    }
    out
}

/// The text of a part, in lines that end with `\n`.
fn text(part: &MessagePart<'_>, raw: &[u8]) -> Option<String> {
    match &part.body {
        PartType::Html(html) => Some(html::text(&html[..html.floor_char_boundary(HTML_BYTES_MAX)])),
        PartType::Text(text) => {
            let guessed = guessed(part, text, raw);
            let text = guessed.as_deref().unwrap_or(text);
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            let is_written = |c: char| {
                (!c.is_control() || matches!(c, '\n' | '\t')) && !matches!(c, html::QUOTE_BEGINS | html::REST_IS_QUOTED)
            };
            let text: String = text.chars().filter(|c| is_written(*c)).collect();
            let attribute = |name| part.content_type().and_then(|kind| kind.attribute(name));
            let is = |name, value: &str| attribute(name).is_some_and(|given: &str| given.eq_ignore_ascii_case(value));
            Some(if is("format", "flowed") { unflowed(&text, is("delsp", "yes")) } else { text })
        }
        PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => None,
    }
}

/// What does not say its charset, and is not in Unicode's, comes from an old Windows program.
fn guessed(part: &MessagePart<'_>, text: &str, raw: &[u8]) -> Option<String> {
    let is_told = part.content_type().is_some_and(|kind| kind.has_attribute("charset"));
    if is_told || part.encoding != Encoding::None || !text.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    Some(charset_decoder(b"windows-1252")?(body_of(part, raw)?))
}

/// Lines that end with a blank go on in the next (RFC 3676).
fn unflowed(text: &str, drop_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let words = line[depth..].strip_prefix(' ').unwrap_or(&line[depth..]);
        if open != Some(depth) {
            if open.is_some() {
                out.push('\n');
            }
            if depth > 0 {
                out.push_str(&line[..depth]);
                out.push(' ');
            }
        }
        let flows = words.ends_with(' ') && words != "-- ";
        out.push_str(if flows && drop_space { &words[..words.len() - 1] } else { words });
        open = flows.then_some(depth);
        if !flows {
            out.push('\n');
        }
    }
    out
}

fn attachments(letter: &Message<'_>, raw: &[u8]) -> Vec<Attached> {
    let parts = letter.attachments.iter().filter_map(|id| letter.part(*id));
    let attached = parts.filter_map(|part| attached(part, raw)).take(ATTACHMENTS_MAX);
    attached.collect()
}

fn attached(part: &MessagePart<'_>, raw: &[u8]) -> Option<Attached> {
    if NOT_FOR_PEOPLE.iter().any(|(kind, subkind)| part.is_content_type(kind, subkind)) {
        return None;
    }
    let media_type = part.content_type().map_or(UNKNOWN.to_string(), |kind| {
        let whole = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()).to_ascii_lowercase();
        let is_good = |b: u8| b.is_ascii_alphanumeric() || b"/.+-_".contains(&b);
        if whole.len() <= 127 && whole.bytes().all(is_good) && !whole.ends_with('/') {
            whole
        } else {
            UNKNOWN.to_string()
        }
    });
    let name_endings = if part.attachment_name().is_some() { &[] } else { endings(&media_type) };
    let (bytes, endings): (Cow<'_, [u8]>, &[&str]) = match &part.body {
        // Where a letter stands in a letter as it is, its own bytes are a piece of the whole.
        PartType::Message(_) if part.encoding == Encoding::None => (body_of(part, raw)?.into(), &["eml"]),
        PartType::Message(_) => (part.contents().into(), &["eml"]),
        PartType::Text(_) | PartType::Html(_) => (bytes_of(part, raw), name_endings),
        PartType::Binary(_) | PartType::InlineBinary(_) => (part.contents().into(), name_endings),
        PartType::Multipart(_) => return None,
    };
    if bytes.is_empty() {
        return None;
    }
    let is_attachment = part.content_disposition().is_some_and(|it| it.is_attachment());
    Some(Attached {
        name: clean_name(part.attachment_name().unwrap_or_default(), endings),
        is_inline: part.content_id().is_some() && !is_attachment && media_type.starts_with("image/"),
        media_type,
        bytes: bytes.into_owned(),
    })
}

/// The bytes of a file that is text: the parser has turned them into Unicode, and a file stays as it is.
fn bytes_of<'a>(part: &'a MessagePart<'_>, raw: &'a [u8]) -> Cow<'a, [u8]> {
    let decoded = body_of(part, raw).and_then(|body| match part.encoding {
        Encoding::None => Some(Cow::Borrowed(body)),
        Encoding::Base64 => base64_decode(body).map(Cow::Owned),
        Encoding::QuotedPrintable => quoted_printable_decode(body).map(Cow::Owned),
    });
    decoded.unwrap_or_else(|| part.contents().into())
}

/// A part as it stands in the letter, without its headers.
fn body_of<'a>(part: &MessagePart<'_>, raw: &'a [u8]) -> Option<&'a [u8]> {
    raw.get(part.offset_body as usize..part.offset_end as usize)
}

fn sender(from: &Address<'_>) -> Option<Sender> {
    let first = from.first()?;
    let name = first.name().map(|name| bounded(&one_line(name), LINE_CHARS_MAX)).filter(|name| !name.is_empty());
    Some(Sender { address: address(first.address()?)?, name })
}

/// An address in one piece, or none.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let is_whole = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    (text.contains('@') && text.len() <= ID_BYTES_MAX && is_whole).then(|| text.to_string())
}

fn to(letter: &Message<'_>) -> Vec<String> {
    recipients(letter).filter_map(|text| address(&text)).collect()
}

fn recipients<'l>(letter: &'l Message<'_>) -> impl Iterator<Item = String> + 'l {
    let named = letter.header_values(HeaderName::To).chain(letter.header_values(HeaderName::Cc));
    let addresses = named.filter_map(HeaderValue::as_address).flat_map(Address::iter);
    addresses.filter_map(|to| to.address().map(str::to_string)).take(RECIPIENTS_MAX)
}

/// Where our own server delivered it, which stands in its headers, not in what the sender wrote.
fn delivered(letter: &Message<'_>) -> impl Iterator<Item = String> {
    let names = ["delivered-to", "x-original-to", "envelope-to"];
    let values = names.into_iter().filter_map(|name| automatic::raw(letter, name));
    values.map(|value| value.trim_matches(['<', '>', ' ']).to_string())
}

fn conversation(
    letter: &Message<'_>,
    signer: &Signer,
    kind: &Kind,
    in_reply_to: &[String],
    references: &[String],
) -> Option<Belongs> {
    let at = |address: String| signer.conversation_at(&address);
    if let Some(number) = delivered(letter).find_map(at).or_else(|| recipients(letter).find_map(at)) {
        return Some(Belongs { number, by: By::Address });
    }
    let returned = match kind {
        Kind::Bounce(bounce) => bounce.letter.as_deref(),
        Kind::Person | Kind::AutoReply { .. } | Kind::List => None,
    };
    let before = in_reply_to.iter().chain(references.iter().rev()).map(String::as_str);
    let number = returned.into_iter().chain(before).find_map(|id| signer.conversation_of(id))?;
    Some(Belongs { number, by: By::Letter })
}

/// The ids in a header, the latest ones if there are too many.
fn ids(letter: &Message<'_>, name: HeaderName<'static>) -> Vec<String> {
    let ids: Vec<String> = match letter.header(name) {
        Some(HeaderValue::Text(one)) => id(one).into_iter().collect(),
        Some(HeaderValue::TextList(many)) => many.iter().filter_map(|one| id(one)).collect(),
        Some(_) | None => Vec::new(),
    };
    ids[ids.len().saturating_sub(REFERENCES_MAX)..].to_vec()
}

/// An id in one piece, without its brackets.
fn id(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['<', '>']);
    let is_whole = !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    (text.len() <= ID_BYTES_MAX && is_whole).then(|| text.to_string())
}

fn bounded(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests;
