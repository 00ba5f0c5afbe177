//! Bodies of type `multipart/form-data`, as far as SDKs use them to send arguments and files.

use bytes::Bytes;

/// One part of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// The parts of a body; `parameters` is what stands behind the content type's first semicolon.
/// None if the body is not what it says it is.
pub(crate) fn parts(parameters: &str, body: &[u8]) -> Option<Vec<Part>> {
    let boundary = parameters.split(';').find_map(|p| p.trim().strip_prefix("boundary="))?.trim_matches('"');
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut rest = &body[find(body, delimiter.as_bytes())? + delimiter.len()..];
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let head_end = find(rest, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&rest[..head_end]).into_owned();
        let name = head.split("name=\"").nth(1)?.split('"').next()?.to_string();
        rest = &rest[head_end + 4..];
        let end = find(rest, format!("\r\n{delimiter}").as_bytes())?;
        parts.push(Part { name, bytes: Bytes::copy_from_slice(&rest[..end]) });
        rest = &rest[end + 2 + delimiter.len()..];
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found() {
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhel\r\nlo\r\n--xyz\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n\r\n--xyz--\r\n";
        assert_eq!(
            parts(" boundary=xyz", body),
            Some(vec![
                Part { name: "file".into(), bytes: Bytes::from_static(b"hel\r\nlo") },
                Part { name: "b".into(), bytes: Bytes::new() }
            ])
        );
        assert_eq!(parts(" boundary=abc", body), None);
    }
}
