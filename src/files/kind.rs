//! What a file is, by its content: its name only tells one kind of text from another. A type that
//! nobody here knows is [`UNKNOWN`], and in no list of what is allowed.

use threadline_core::media::{KINDS, UNKNOWN, endings};

/// How much of a file's beginning is looked at: office documents tell what they are within it.
pub(super) const HEAD_BYTES: usize = 16 * 1024;
/// How far markup may begin inside a text that is one: comments and a declaration stand before it.
const MARKUP_WITHIN: usize = 2 * 1024;

/// What a file is that begins like this and is called so.
pub(super) fn of(head: &[u8], name: &str) -> &'static str {
    let found = match infer::get(head).map(|found| found.mime_type()) {
        Some("audio/m4a") => "audio/mp4",
        Some("audio/x-wav") => "audio/wav",
        Some("video/x-m4v") => "video/mp4",
        Some("image/heif") => "image/heic",
        // Texts are told apart here.
        Some(media_type) if !media_type.starts_with("text/") => media_type,
        Some(_) | None => UNKNOWN,
    };
    let known = KINDS.iter().map(|(kind, _)| *kind).find(|kind| *kind == found);
    match (known, text(head)) {
        (Some(known), _) => known,
        (None, Some(text)) => text_kind(&text, name),
        (None, None) => UNKNOWN,
    }
}

/// The beginning as text, if it is text: no control characters but those of lines.
fn text(head: &[u8]) -> Option<String> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        let little = head[0] == 0xff;
        let unit = |pair: &[u8; 2]| if little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
        let units: Vec<u16> = head[2..].as_chunks::<2>().0.iter().map(unit).collect();
        return Some(String::from_utf16_lossy(&units)).filter(|text| text.chars().all(is_written));
    }
    // Old Windows programs write one byte a letter: whatever the letters are, they are no controls.
    let text = String::from_utf8_lossy(head);
    let is_text = !head.is_empty() && head.iter().all(|byte| is_written(char::from(*byte)) || *byte >= 0x80);
    is_text.then(|| text.into_owned())
}

fn is_written(c: char) -> bool {
    !c.is_ascii_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}')
}

fn text_kind(text: &str, name: &str) -> &'static str {
    let start: String = text.trim_start_matches('\u{feff}').trim_start().chars().take(MARKUP_WITHIN).collect();
    let start = start.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| start.contains(word));
    if has(&["<svg"]) && !has(&["<html", "<!doctype html"]) {
        return "image/svg+xml";
    }
    if has(&["<html", "<!doctype html", "<head", "<body", "<script", "<iframe", "<meta ", "<style"]) {
        return "text/html";
    }
    if start.starts_with("<?xml") {
        return "application/xml";
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let is = |media_type| endings(media_type).contains(&ending.as_str());
    match start.chars().next() {
        Some('{' | '[') if is("application/json") => "application/json",
        _ if is("text/csv") => "text/csv",
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_says_what_a_file_is_whatever_it_is_called() {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("Grüße".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let cases: [(&[u8], &str, &str); 22] = [
            (b"\x89PNG\r\n\x1a\n....", "a.txt", "image/png"),
            (b"\xff\xd8\xff\xe0..JFIF", "a.exe", "image/jpeg"),
            (b"GIF89a/*....*/=1;alert(1)\0", "a.js", "image/gif"),
            (b"%PDF-1.7\n", "a.png", "application/pdf"),
            (b"PK\x03\x04\x14\0\0\0", "bomb.png", "application/zip"),
            (b"MZ\x90\0\x03\0\0\0", "setup.png", UNKNOWN),
            (b"\x7fELF\x02\x01\x01\0", "a", UNKNOWN),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "a.png", "image/svg+xml"),
            (b"<?xml version='1.0'?><!-- x --><svg/>", "a", "image/svg+xml"),
            (b"\xef\xbb\xbf  <!DOCTYPE HTML><p>", "a.txt", "text/html"),
            (b"hello <script>alert(1)</script>", "a.txt", "text/html"),
            (b"<?xml version='1.0'?><a/>", "a.html", "application/xml"),
            (b"id,name\n1,Ada\n", "a.csv", "text/csv"),
            (b"id,name\n1,Ada\n", "a.txt", "text/plain"),
            (b"{\"log\":{}}", "a.har", "application/json"),
            (b"Get-Item C:\\\r\n", "fix.ps1", "text/plain"),
            (b"\x1b[31mred\x1b[0m\n", "run.log", "text/plain"),
            (b"Gr\xfc\xdfe\r\n", "latin.txt", "text/plain"),
            (&utf16, "utf16.txt", "text/plain"),
            (b"a\0b", "a.txt", UNKNOWN),
            (b"", "a.txt", UNKNOWN),
            (b"#!/bin/sh\necho hi\n", "run.sh", "text/plain"),
        ];
        for (head, name, kind) in cases {
            assert_eq!(of(head, name), kind, "{name}: {:?}", String::from_utf8_lossy(head));
        }
    }
}
