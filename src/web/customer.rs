//! Who the customer is, as far as a request says it: what he typed or the page said, and what the site
//! has signed.

use super::App;
use super::problem::Problem;
use super::proof::NoProof;
use crate::config::Ask;
use threadline_core::body::is_invisible;
use threadline_core::context::one_line;
use threadline_core::customer::{Introduction, NAME_CHARS_MAX};

/// Longest email address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const EMAIL_CHARS_MAX: usize = 254;

/// What a browser says of its customer, checked. What the site does not ask for is not kept, unless it
/// has signed it.
pub(super) fn introduction(
    app: &App,
    name: Option<String>,
    email: Option<String>,
    proof: Option<&str>,
    ask_email: Ask,
) -> Result<Introduction, Problem> {
    let widget = &app.config.widget;
    let name = name.map(|name| one_line(&name)).filter(|name| !name.is_empty() && widget.ask_name != Ask::Off);
    let email = email.map(|email| email.trim().to_string());
    let email = email.filter(|email| !email.is_empty() && ask_email != Ask::Off);
    if name.as_ref().is_some_and(|name| name.chars().count() > NAME_CHARS_MAX) {
        return Err(Problem::unfit("name", format!("at most {NAME_CHARS_MAX} characters.")));
    }
    if email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(Problem::unfit("email", "this is no email address. Write it like ada@example.com."));
    }
    let proof = proof.map(|token| app.signers.proof(token, app.service.shared().clock.now())).transpose();
    let proof = proof.map_err(|NoProof(why)| Problem::unfit("proof", why))?;
    Ok(Introduction { name, email, proof })
}

/// Good enough to write to, and nothing that could be more than one address.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let clean = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| {
                !is_invisible(c) && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '"' | '\\' | '@' | '[' | ']')
            })
    };
    text.chars().count() <= EMAIL_CHARS_MAX
        && clean(local)
        && clean(domain)
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses() {
        for good in ["ada@example.com", "a.b+c@sub.example.co"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example",
            "a b@example.com",
            "a@b.com, c@d.com",
            "a@b@c.com",
            "<a@b.com>",
            "a@.com",
            "a@b.com\r\nBcc: x@y.z",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
