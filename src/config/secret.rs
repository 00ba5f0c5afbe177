//! Secrets: never shown, and never in the configuration file. They come from an environment
//! variable, or from a file that a variable or the configuration names.

use super::document::{Document, Found, Place};
use super::replies::Entry;
use std::fmt;
use std::io;
use std::path::Path;

/// Beginnings of Slack's tokens: of bots, people, old workspace apps, refreshing and app-level ones.
const TOKEN_BEGINNINGS: [&str; 7] = ["xoxb-", "xoxp-", "xoxa-", "xoxs-", "xoxe-", "xoxe.", "xapp-"];
/// Length of Slack's signing secrets, which are hexadecimal.
pub(super) const SIGNING_SECRET_LEN: usize = 32;

/// Something that must not be seen. Shows itself as `Secret(…)`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides the text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text, for the one who has to use it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Something that may not have been given.
#[derive(Clone, Debug)]
pub(super) enum Given<T> {
    /// It was not.
    Missing,
    /// It was, and it is no use; the document knows why.
    Wrong,
    /// It was.
    Right(T),
}

/// Where secrets are looked for.
pub(super) struct Sources<'a> {
    /// The environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
    /// Lists a folder.
    pub list: &'a dyn Fn(&Path) -> io::Result<Vec<Entry>>,
}

impl Sources<'_> {
    /// The secret from `VARIABLE`, from the file that `VARIABLE_FILE` names, or from the file that
    /// the configuration names; the first that is there.
    pub fn secret(
        &self,
        document: &Document<'_>,
        variable: &str,
        configured: Given<Found<String>>,
    ) -> Given<Found<String>> {
        let file_variable = format!("{variable}_FILE");
        match (self.variable(variable), self.variable(&file_variable), configured) {
            (Some(_), Some(_), _) => {
                let what = format!("{variable} is set too; keep one of them");
                document.problem(&Place::outside(&file_variable), what);
                Given::Wrong
            }
            (Some(value), None, _) => Given::Right(Found { value, place: Place::outside(variable) }),
            (None, Some(value), _) => self.held_by(document, Found { value, place: Place::outside(&file_variable) }),
            (None, None, Given::Right(file)) => self.held_by(document, file),
            (None, None, nothing) => nothing,
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn held_by(&self, document: &Document<'_>, file: Found<String>) -> Given<Found<String>> {
        let wrong = |what: String| {
            document.problem(&file.place, what);
            Given::Wrong
        };
        if looks_secret(&file.value) {
            return wrong("this is a secret itself; it must be the name of a file that holds it".to_owned());
        }
        match (self.read)(Path::new(&file.value)) {
            Ok(text) if text.trim().is_empty() => wrong(format!("the file {} is empty", file.value)),
            Ok(text) => Given::Right(Found { value: text.trim().to_owned(), place: file.place }),
            Err(error) => wrong(format!("the file {} cannot be read: {error}", file.value)),
        }
    }
}

impl<T> Given<T> {
    /// Makes something of it; what cannot be made into it is wrong.
    pub fn and_then<U>(self, make: impl FnOnce(T) -> Option<U>) -> Given<U> {
        match self {
            Given::Missing => Given::Missing,
            Given::Wrong => Given::Wrong,
            Given::Right(value) => make(value).map_or(Given::Wrong, Given::Right),
        }
    }
}

/// True for text that must not be shown: a token, a signing secret, an address with a password.
pub(super) fn looks_secret(text: &str) -> bool {
    let token = TOKEN_BEGINNINGS.iter().any(|beginning| text.contains(beginning));
    let signing = text.len() == SIGNING_SECRET_LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    token || signing || has_password(text)
}

/// True for an address such as `postgres://ada:secret@db/threadline`. The password may hold anything
/// but blanks.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let rest = rest.split_whitespace().next().unwrap_or_default();
    let in_user = rest.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
    let in_query = rest.split_once('?').is_some_and(|(_, query)| {
        query.split('&').any(|pair| pair.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("password")))
    });
    in_user || in_query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::new("xoxb-1");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
        assert_eq!(secret.expose(), "xoxb-1");
    }

    #[test]
    fn secrets_are_known_by_their_looks() {
        for secret in [
            "xoxb-1-2",
            "bearer xapp-1-A-2",
            "xoxe.xoxb-1",
            "0123456789abcdef0123456789ABCDEF",
            "postgres://ada:pw@db/threadline",
            "postgres://ada:p/w@db/threadline",
            "postgres://db/threadline?sslmode=require&password=pw",
        ] {
            assert!(looks_secret(secret), "{secret}");
        }
        for open in [
            "/run/secrets/bot",
            "postgres://ada@db:5432/threadline?sslmode=require",
            "0123456789abcdef",
            "see https://x.example:80 or ask ada@example.com",
        ] {
            assert!(!looks_secret(open), "{open}");
        }
    }
}
