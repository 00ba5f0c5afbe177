//! Letters of a conversation, as JSON: of ours to whom it goes and what it is about,
//! `{"to":"ada@example.com","answers":[3,5]}`, or without the changes where it is about a ticket; of the
//! customer's what is known besides what it says, `{"from":"boss@example.com","subject":"…","id":"…"}`.

use serde::{Deserialize, Serialize};
use threadline_core::message::{About, Mailed};

/// The `letter` column of a letter of ours.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ours {
    /// The customer's address.
    to: String,
    /// The changes that it tells of: above the one and up to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answers: Option<(i64, i64)>,
}

/// The `letter` column of what a customer wrote by email.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Theirs {
    /// Where it came from, if not from the customer's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Its subject, if that says something new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

pub(super) fn ours_to_json(to: &str, about: About) -> String {
    let answers = match about {
        About::Ticket => None,
        About::Answers { above, upto } => Some((above, upto)),
    };
    // Writing to a string fails only for maps whose keys are no strings.
    serde_json::to_string(&Ours { to: to.to_owned(), answers }).unwrap_or_default()
}

pub(super) fn ours_from_json(text: &str) -> Option<(String, About)> {
    let Ours { to, answers } = serde_json::from_str(text).ok()?;
    Some((to, answers.map_or(About::Ticket, |(above, upto)| About::Answers { above, upto })))
}

pub(super) fn theirs_to_json(mail: &Mailed) -> String {
    let Mailed { from, subject, id } = mail.clone();
    serde_json::to_string(&Theirs { from, subject, id }).unwrap_or_default()
}

pub(super) fn theirs_from_json(text: &str) -> Option<Mailed> {
    let Theirs { from, subject, id } = serde_json::from_str(text).ok()?;
    Some(Mailed { from, subject, id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for about in [About::Ticket, About::Answers { above: 3, upto: 5 }] {
            assert_eq!(
                ours_from_json(&ours_to_json("ada@example.com", about)),
                Some(("ada@example.com".into(), about))
            );
        }
        for from in [None, Some("boss@example.com".to_owned())] {
            let mail = Mailed { subject: from.clone(), id: from.clone(), from };
            assert_eq!(theirs_from_json(&theirs_to_json(&mail)), Some(mail));
        }
        assert_eq!(ours_from_json("{}"), None);
        assert_eq!(ours_from_json(r#"{"to":"a","answers":[1]}"#), None);
        assert_eq!(theirs_from_json(r#"{"to":"a"}"#), None);
    }
}
