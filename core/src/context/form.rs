//! The form that a value must have, and the link that it makes, in the operator's words.

use super::URL_CHARS_MAX;
use crate::body::safe_href;
use regex::Regex;
use std::fmt::Write;

/// Longest pattern, in characters: the form of an id is short.
pub const PATTERN_CHARS_MAX: usize = 200;
/// Largest pattern once it is understood, in bytes: `(\w{99}){99}` is short to write.
const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// A regular expression that a whole value has to fit.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    whole: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// Understands a pattern.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it, in words that follow "the pattern".
    pub fn new(text: &str) -> Result<Pattern, String> {
        if text.chars().count() > PATTERN_CHARS_MAX {
            return Err(format!("is longer than {PATTERN_CHARS_MAX} characters"));
        }
        let build = |text: &str| regex::RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
        // Alone first, or `a)(b` would be understood between the brackets that hold it.
        build(text).and_then(|_| build(&format!("^(?:{text})$"))).map_or_else(
            |error| match error {
                regex::Error::CompiledTooBig(_) => Err("is too large; shorten its repetitions".to_string()),
                error => {
                    let words = error.to_string();
                    let last = words.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
                    Err(format!("is no regular expression: {last}"))
                }
            },
            |whole| Ok(Pattern { text: text.to_string(), whole }),
        )
    }

    /// True when the whole value has this form.
    pub fn fits(&self, value: &str) -> bool {
        self.whole.is_match(value)
    }

    /// The pattern as it was written; browsers understand nearly all of them alike.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// An address with places for values: `https://app.example.com/campaigns/{campaign_id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Text, and the key whose value follows it.
    parts: Vec<(String, String)>,
    /// The text after the last value.
    end: String,
}

impl Link {
    /// Understands an address with places.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it, in words that follow "the link".
    pub fn new(text: &str) -> Result<Link, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (key, after) = after.split_once('}').ok_or("has a { without its }")?;
            if !super::is_fact_key(key) {
                return Err(format!("has {{{key}}}, which cannot be a key"));
            }
            parts.push((before.to_string(), key.to_string()));
            rest = after;
        }
        let link = Link { parts, end: rest.to_string() };
        let Some((start, _)) = link.parts.first() else {
            return Err("has no place for the value, such as {campaign_id}".to_string());
        };
        // A value must never choose the host.
        let host_ends = start.split_once("://").is_some_and(|(scheme, rest)| {
            (scheme == "https" || scheme == "http") && rest.find(['/', '?', '#']).is_some_and(|at| at > 0)
        });
        if !host_ends || safe_href(start).is_none() {
            return Err("must begin with https:// and a host, and have its places after the host's /".to_string());
        }
        Ok(link)
    }

    /// True when the link has a place for this key.
    pub fn has(&self, key: &str) -> bool {
        self.parts.iter().any(|(_, name)| name == key)
    }

    /// The address with the values in their places. None when one is missing, or would be no value but
    /// a step in the path.
    pub fn href<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
        let mut href = String::new();
        for (text, key) in &self.parts {
            let value = value(key).filter(|value| !value.chars().all(|c| c == '.'))?;
            href.push_str(text);
            href.push_str(&percent_encoded(value));
        }
        href.push_str(&self.end);
        (href.len() <= URL_CHARS_MAX && safe_href(&href).is_some()).then_some(href)
    }
}

/// The value with all but the unreserved characters percent-encoded (RFC 3986, 2.3).
pub fn percent_encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte.into());
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_for_the_whole_value() {
        for text in ["cp\\d+", "^cp\\d+$"] {
            let pattern = Pattern::new(text).unwrap();
            assert!(pattern.fits("cp100"));
            for bad in ["cp", "xcp100", "cp100 ", "cp100\n", "CP100", "cp100|"] {
                assert!(!pattern.fits(bad), "{bad:?}");
            }
        }
        assert!(Pattern::new("a|bc").unwrap().fits("bc"));
        assert!(!Pattern::new("a|bc").unwrap().fits("ac"));
    }

    #[test]
    fn a_pattern_that_is_none_is_explained() {
        let wrong = |text: &str| Pattern::new(text).unwrap_err();
        assert_eq!(wrong("cp("), "is no regular expression: unclosed group");
        assert_eq!(wrong("a)(b"), "is no regular expression: unopened group");
        assert_eq!(wrong("(\\w{99}){99}"), "is too large; shorten its repetitions");
        assert_eq!(wrong(&"a".repeat(201)), "is longer than 200 characters");
    }

    #[test]
    fn a_value_stays_in_its_place() {
        let link = Link::new("https://app.example.com/campaigns/{id}?tab={tab}#top").unwrap();
        let href = |id: &'static str| link.href(|key| Some(if key == "id" { id } else { "a b" }));
        assert_eq!(href("cp100").as_deref(), Some("https://app.example.com/campaigns/cp100?tab=a%20b#top"));
        assert_eq!(
            href("../x?y=1#z&\u{e9}|>").as_deref(),
            Some("https://app.example.com/campaigns/..%2Fx%3Fy%3D1%23z%26%C3%A9%7C%3E?tab=a%20b#top")
        );
        // Browsers take away the path before `..`, however it is written.
        assert_eq!((href(".."), href(".")), (None, None));
        assert_eq!(link.href(|key| (key == "id").then_some("cp100")), None);
    }

    #[test]
    fn a_link_that_is_none_is_explained() {
        for (text, why) in [
            ("https://app.example.com/", "has no place for the value, such as {campaign_id}"),
            ("https://app.example.com/{id", "has a { without its }"),
            ("https://app.example.com/{Id}", "has {Id}, which cannot be a key"),
            (
                "https://{id}.example.com/",
                "must begin with https:// and a host, and have its places after the host's /",
            ),
            (
                "https://app.example.com{id}",
                "must begin with https:// and a host, and have its places after the host's /",
            ),
            ("https:///{id}", "must begin with https:// and a host, and have its places after the host's /"),
            ("javascript:{id}", "must begin with https:// and a host, and have its places after the host's /"),
            ("//app.example.com/{id}", "must begin with https:// and a host, and have its places after the host's /"),
        ] {
            assert_eq!(Link::new(text).unwrap_err(), why, "{text}");
        }
    }
}
