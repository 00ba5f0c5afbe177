//! Files as a play sends them, and as a client of the API does.

use super::customer::Customer;
use super::desk::Agent;
use super::http::{Answer, Web};
use super::slack;
use super::until;
use crate::house::desk::{Desk, thread_of};
use http::Method;
use http::header::AUTHORIZATION;
use hyper::body::Bytes;
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};
use std::io::Cursor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A picture of this size.
pub fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let pixel = |x: u32, y: u32| image::Rgb([(x * 7 % 256) as u8, (y * 5 % 256) as u8, ((x + y) % 256) as u8]);
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(RgbImage::from_fn(width, height, pixel)).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn png() -> Vec<u8> {
    picture(40, 30, ImageFormat::Png)
}

pub fn pdf() -> Vec<u8> {
    [b"%PDF-1.7\n".as_slice(), &[0xb7; 3_000]].concat()
}

/// A name as a browser sends it.
pub fn encoded(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

impl Customer {
    /// Uploads a file under this key.
    pub async fn uploads_as(&self, key: &str, name: &str, bytes: impl Into<Bytes>) -> Answer {
        let (bearer, name) = (format!("Bearer {}", self.token()), encoded(name));
        let headers = [(AUTHORIZATION.as_str(), bearer.as_str()), ("upload-key", key), ("upload-name", name.as_str())];
        self.web().ask(Method::POST, "/v1/files", &headers, bytes.into()).await.unwrap()
    }

    /// Uploads a file.
    pub async fn uploads(&self, name: &str, bytes: impl Into<Bytes>) -> Answer {
        self.uploads_as(&self.fresh_key(), name, bytes).await
    }

    /// Sends a message with files that are uploaded before.
    pub async fn writes_with(&self, text: &str, files: &[(&str, Vec<u8>)]) -> Value {
        let mut ids = Vec::new();
        for (name, bytes) in files {
            ids.push(self.uploads(name, bytes.clone()).await.expect(201)["id"].clone());
        }
        self.sends_with(&self.fresh_key(), text, &json!(ids)).await.expect(201)["message"].clone()
    }

    /// Sends a message with files of these ids.
    pub async fn sends_with(&self, key: &str, text: &str, ids: &Value) -> Answer {
        let said = json!({ "key": key, "text": text, "files": ids });
        self.web().send(Method::POST, "/v1/messages", Some(self.token()), &said).await
    }

    /// Gets a file with the token.
    pub async fn downloads(&self, id: &str) -> Answer {
        self.web().get(&format!("/v1/files/{id}/x"), Some(self.token())).await
    }

    /// All files on the page, in order.
    pub fn files(&self) -> Vec<Value> {
        let page = self.page();
        page.messages().iter().flat_map(|message| message["files"].as_array().cloned().unwrap_or_default()).collect()
    }
}

impl Agent {
    /// Writes in a customer's thread, with a file; the post's name there.
    pub async fn attaches(&self, customer: &Customer, text: &str, name: &str, bytes: Vec<u8>) -> String {
        match self.desk() {
            Desk::Slack(slack) => {
                let thread = slack::thread(slack, customer).await;
                slack.agent(self.name()).shares(&thread.channel, thread.ts.as_str(), name, bytes, text)
            }
            Desk::Practice(web) => {
                until("a thread at the practice desk", async || {
                    thread_of(web, customer).await["posts"].as_array().is_some_and(|posts| !posts.is_empty())
                })
                .await;
                let id = practice_upload(web, customer, name, bytes).await.expect(201)["id"].clone();
                let path = format!("/practice/api/threads/{}/posts", customer.number());
                let said = json!({ "agent": self.name(), "text": text, "files": [id] });
                web.send(Method::POST, &path, None, &said).await.expect(201)["post"].to_string()
            }
        }
    }
}

/// An upload of which half the bytes are still to come.
#[derive(Debug)]
pub struct HalfUpload {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Customer {
    /// Begins an upload, and sends half of it.
    pub async fn begins_upload(&self, key: &str, name: &str, bytes: &[u8]) -> HalfUpload {
        let mut stream = TcpStream::connect(self.web().address()).await.unwrap();
        let head = format!(
            "POST /v1/files HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
             upload-key: {key}\r\nupload-name: {}\r\ncontent-length: {}\r\n\r\n",
            self.token(),
            encoded(name),
            bytes.len()
        );
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(first).await.unwrap();
        HalfUpload { stream, rest: rest.to_vec() }
    }
}

impl HalfUpload {
    /// Sends the rest, and reads the answer.
    pub async fn ends(mut self) -> String {
        let rest = std::mem::take(&mut self.rest);
        self.stream.write_all(&rest).await.unwrap();
        self.waits().await
    }

    /// Sends nothing more, and reads the answer.
    pub async fn waits(mut self) -> String {
        let mut answer = Vec::new();
        // Whoever ends it may well do so abruptly.
        let _ = self.stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// An agent's upload at the practice desk.
pub async fn practice_upload(web: &Web, customer: &Customer, name: &str, bytes: Vec<u8>) -> Answer {
    let path = format!("/practice/api/threads/{}/files", customer.number());
    web.ask(Method::POST, &path, &[("upload-name", encoded(name).as_str())], bytes.into()).await.unwrap()
}
