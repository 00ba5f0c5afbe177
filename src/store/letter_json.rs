//! Letters of a conversation, as JSON: of ours to whom it goes and what it is about,
//! `{"to":"ada@example.com","answers":[3,5]}`, or without the changes where it is about a ticket, or with `"session":["ses_…",2,"invited"]`; of the
//! customer's what is known besides what it says, `{"from":"boss@example.com","subject":"…","id":"…"}`.

use serde::{Deserialize, Serialize};
use threadline_core::ids::SessionId;
use threadline_core::message::{About, Mailed, SessionLetter};

/// The `letter` column of a letter of ours.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ours {
    /// The customer's address.
    to: String,
    /// The changes that it tells of: above the one and up to the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answers: Option<(i64, i64)>,
    /// The session that it is about, its revision, and what it says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<(String, u32, Says)>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Says {
    Invited,
    Cancelled,
    Soon,
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
    let (answers, session) = match about {
        About::Ticket => (None, None),
        About::Answers { above, upto } => (Some((above, upto)), None),
        About::Session { id, revision, says } => {
            let says = match says {
                SessionLetter::Invited => Says::Invited,
                SessionLetter::Cancelled => Says::Cancelled,
                SessionLetter::Soon => Says::Soon,
            };
            (None, Some((id.to_string(), revision, says)))
        }
    };
    // Writing to a string fails only for maps whose keys are no strings.
    serde_json::to_string(&Ours { to: to.to_owned(), answers, session }).unwrap_or_default()
}

pub(super) fn ours_from_json(text: &str) -> Option<(String, About)> {
    let Ours { to, answers, session } = serde_json::from_str(text).ok()?;
    let about = match (answers, session) {
        (None, None) => About::Ticket,
        (Some((above, upto)), _) => About::Answers { above, upto },
        (None, Some((id, revision, says))) => {
            let says = match says {
                Says::Invited => SessionLetter::Invited,
                Says::Cancelled => SessionLetter::Cancelled,
                Says::Soon => SessionLetter::Soon,
            };
            About::Session { id: id.parse::<SessionId>().ok()?, revision, says }
        }
    };
    Some((to, about))
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
        let session = |says| About::Session { id: SessionId(7), revision: 2, says };
        let sessions = [SessionLetter::Invited, SessionLetter::Cancelled, SessionLetter::Soon].map(session);
        for about in [About::Ticket, About::Answers { above: 3, upto: 5 }].into_iter().chain(sessions) {
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
