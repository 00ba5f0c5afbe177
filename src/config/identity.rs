//! `[identity]`: the secret with which the site signs who a customer is. It only ever comes from the
//! environment or from a file.

use super::document::{Document, Found, Table};
use super::secret::{Given, Secret, Sources};

const VARIABLE: &str = "THREADLINE_IDENTITY_SECRET";
/// A key for HS256 has at least as many bits as its hash (RFC 7518, section 3.2).
const SECRET_BYTES_MIN: usize = 32;

/// The secrets, none of them if none is given; None if what is given is no use.
pub(super) fn identity(document: &Document<'_>, table: &Table<'_>, sources: &Sources<'_>) -> Option<Vec<Secret>> {
    table.refuse(
        "secret",
        &format!(
            "secrets do not go into this file; set {VARIABLE} in the environment, or name a file that holds it in \
             {VARIABLE}_FILE or identity.secret_file"
        ),
    );
    let configured = match table.text("secret_file") {
        Some(file) => Given::Right(file),
        None if table.has("secret_file") => Given::Wrong,
        None => Given::Missing,
    };
    match sources.secret(document, VARIABLE, configured).and_then(|found| secrets(document, &found)) {
        Given::Right(secrets) => Some(secrets),
        Given::Missing => Some(Vec::new()),
        Given::Wrong => None,
    }
}

/// One secret, or several while it is being changed: a comma stands between them.
fn secrets(document: &Document<'_>, found: &Found<String>) -> Option<Vec<Secret>> {
    let parts: Vec<&str> = found.value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() || parts.iter().any(|part| part.len() < SECRET_BYTES_MIN) {
        let what = format!(
            "each secret has at least {SECRET_BYTES_MIN} characters, such as `openssl rand -hex 32` prints; several \
             have commas between them"
        );
        document.problem(&found.place, what);
        return None;
    }
    Some(parts.into_iter().map(Secret::new).collect())
}
