//! As little of HTTP/1.1 as the load needs, over connections that stay open: the load shares two
//! processors with what it measures, so requests are prepared once and answers are looked at, not
//! parsed.

use crate::stamp::position;
use anyhow::{Context, bail};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Room for an answer; it grows if one is longer.
const ANSWER_BYTES: usize = 4 * 1024;

/// A connection on which one request follows the other.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as long as the connection is not used again.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The lines before the body.
    pub head: &'a [u8],
    /// The body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub async fn open(server: SocketAddr) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(server).await.context("connecting to the server")?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::with_capacity(ANSWER_BYTES) })
    }

    /// Sends a request and waits for the whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await.context("sending a request")?;
        self.buffer.clear();
        let whole = loop {
            if self.stream.read_buf(&mut self.buffer).await.context("reading an answer")? == 0 {
                bail!("the server closed the connection: {}", String::from_utf8_lossy(&self.buffer));
            }
            if let Some(whole) = whole(&self.buffer)
                && self.buffer.len() >= whole.end
            {
                break whole;
            }
        };
        let status = self.buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        Ok(Answer {
            status: status.and_then(|digits| digits.parse().ok()).context("an answer without a status")?,
            head: &self.buffer[..whole.body],
            body: &self.buffer[whole.body..whole.end],
        })
    }
}

/// Where the body of a message begins, and where it ends.
#[derive(Clone, Copy, Debug)]
pub struct Whole {
    /// The first byte of the body.
    pub body: usize,
    /// The first byte after it.
    pub end: usize,
}

/// Where the message at the front of `bytes` ends, once its head is there. Bodies in chunks are not
/// understood: neither side here sends any.
pub fn whole(bytes: &[u8]) -> Option<Whole> {
    let body = position(bytes, b"\r\n\r\n")? + 4;
    let length = header(&bytes[..body], b"content-length").and_then(|value| value.parse::<usize>().ok());
    Some(Whole { body, end: body + length.unwrap_or(0) })
}

/// The value of a header; its name in lower case.
pub fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a str> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (start, value) = line.split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        start.eq_ignore_ascii_case(name).then(|| std::str::from_utf8(value.trim_ascii()).ok())?
    })
}

/// A POST with a JSON body; `token` opens the conversation.
pub fn post(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: load\r\n{authorization}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A GET with more header lines, each with its line end.
pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: load\r\n{headers}\r\n").into_bytes()
}
