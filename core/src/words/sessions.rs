//! What the team reads of sessions: what became of one, and what whoever takes it needs.

use crate::body::Body;
use crate::calendar::{Span, Zone, wall_clock};

/// A session as it is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// Who takes it.
    pub with: String,
    /// When.
    pub span: Span,
    /// The zone of the sessions' calendar.
    pub team: Zone,
    /// The customer's, where it is known.
    pub customer: Option<Zone>,
    /// The link to join by.
    pub join: Option<String>,
}

/// Something about a session that everybody in the thread reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionSaid {
    /// It takes place.
    Booked {
        /// The agent who booked it; none for the customer.
        by: Option<String>,
        /// The session.
        facts: SessionFacts,
    },
    /// It takes place at another time, or with another engineer.
    Moved {
        /// The agent who moved it; none for the customer.
        by: Option<String>,
        /// The session as it is now.
        facts: SessionFacts,
    },
    /// It does not take place.
    Cancelled {
        /// The agent who cancelled it; none for the customer.
        by: Option<String>,
        /// The session.
        facts: SessionFacts,
    },
    /// It begins soon.
    Soon {
        /// In how many minutes.
        mins: i64,
        /// The session.
        facts: SessionFacts,
        /// Who the customer is.
        customer: String,
        /// What he wants, by label and value.
        known: Vec<(String, String)>,
    },
}

pub(super) fn said(said: &SessionSaid) -> Body {
    match said {
        SessionSaid::Booked { by, facts } => Body::plain(&format!(
            "📅 {} booked a session with {}: {}.{}",
            who(by.as_ref()),
            facts.with,
            facts.when(),
            facts.to_join()
        )),
        SessionSaid::Moved { by, facts } => Body::plain(&format!(
            "📅 {} moved the session. It is with {}: {}.{}",
            who(by.as_ref()),
            facts.with,
            facts.when(),
            facts.to_join()
        )),
        SessionSaid::Cancelled { by, facts } => Body::plain(&format!(
            "📅 {} cancelled the session with {}: {}.",
            who(by.as_ref()),
            facts.with,
            facts.when()
        )),
        SessionSaid::Soon { mins, facts, customer, known } => {
            let mut text = format!(
                "📅 {}, your session with {customer} begins in {mins} min: {}.{}",
                facts.with,
                facts.when(),
                facts.to_join()
            );
            for (label, value) in known {
                text.push_str(&format!("\n{label}: {value}"));
            }
            Body::plain(&text)
        }
    }
}

fn who(by: Option<&String>) -> &str {
    by.map_or("The customer", String::as_str)
}

impl SessionFacts {
    /// `Tue 10 Mar 10:00–10:15 (America/Los_Angeles), for the customer Tue 10 Mar 18:00 (Europe/Vienna)`.
    pub fn when(&self) -> String {
        let opens = wall_clock(self.team, self.span.opens).format("%a %-d %b %H:%M");
        let closes = wall_clock(self.team, self.span.closes).format("%H:%M");
        let own = format!("{opens}–{closes} ({})", self.team);
        match self.customer.filter(|zone| *zone != self.team) {
            Some(zone) => {
                let opens = wall_clock(zone, self.span.opens).format("%a %-d %b %H:%M");
                format!("{own}, for the customer {opens} ({zone})")
            }
            None => own,
        }
    }

    fn to_join(&self) -> String {
        self.join.as_ref().map_or_else(String::new, |link| format!(" To join: {link}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Moment;
    use expect_test::expect;

    #[test]
    fn every_sentence_about_a_session() {
        // 2026-03-10 17:00 UTC.
        let opens = Moment(1_773_162_000_000);
        let facts = SessionFacts {
            with: "Grace".into(),
            span: Span { opens, closes: opens.plus_millis(15 * 60_000) },
            team: Zone::America__Los_Angeles,
            customer: Some(Zone::Europe__Vienna),
            join: Some("https://meet.example.com/ses_1".into()),
        };
        let at_home = SessionFacts { customer: Some(Zone::America__Los_Angeles), join: None, ..facts.clone() };
        let all = [
            SessionSaid::Booked { by: None, facts: facts.clone() },
            SessionSaid::Booked { by: Some("Bo".into()), facts: at_home },
            SessionSaid::Moved { by: None, facts: facts.clone() },
            SessionSaid::Cancelled { by: Some("Grace".into()), facts: facts.clone() },
            SessionSaid::Soon {
                mins: 10,
                facts,
                customer: "Ada (ada@example.com)".into(),
                known: vec![("Campaign".into(), "cp100".into())],
            },
        ];
        let all: Vec<String> = all.iter().map(|one| said(one).text()).collect();
        expect![[r#"
            📅 The customer booked a session with Grace: Tue 10 Mar 10:00–10:15 (America/Los_Angeles), for the customer Tue 10 Mar 18:00 (Europe/Vienna). To join: https://meet.example.com/ses_1
            📅 Bo booked a session with Grace: Tue 10 Mar 10:00–10:15 (America/Los_Angeles).
            📅 The customer moved the session. It is with Grace: Tue 10 Mar 10:00–10:15 (America/Los_Angeles), for the customer Tue 10 Mar 18:00 (Europe/Vienna). To join: https://meet.example.com/ses_1
            📅 Grace cancelled the session with Grace: Tue 10 Mar 10:00–10:15 (America/Los_Angeles), for the customer Tue 10 Mar 18:00 (Europe/Vienna).
            📅 Grace, your session with Ada (ada@example.com) begins in 10 min: Tue 10 Mar 10:00–10:15 (America/Los_Angeles), for the customer Tue 10 Mar 18:00 (Europe/Vienna). To join: https://meet.example.com/ses_1
            Campaign: cp100"#]].assert_eq(&all.join("\n"));
    }
}
