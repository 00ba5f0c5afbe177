//! Composes an invitation to a session as a calendar understands it: iCalendar (RFC 5545) with the method of
//! RFC 5546, for Google Calendar, Outlook and Apple Calendar. The same session keeps its UID; each change
//! has a higher SEQUENCE, and the calendar of whoever has it follows. Times are in UTC, so no zone has to be
//! explained.

use chrono::{DateTime, TimeDelta, Utc};
use icalendar::{Alarm, Calendar, Component, Event, EventLike, Property};
use threadline_core::calendar::Span;
use threadline_core::context::{lines, one_line};
use threadline_core::ids::{Moment, SessionId};

/// Longest text that goes into it, in characters.
const TEXT_CHARS_MAX: usize = 2_000;
/// Longest name beside an address, in characters.
const NAME_CHARS_MAX: usize = 80;
/// Who made it, as RFC 5545, 3.7.3 wants it said.
const PRODUCT: &str = "-//Threadline//Threadline//EN";

/// An invitation, a change of one, or the end of one.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The session.
    pub session: SessionId,
    /// What stands behind the @ of our addresses.
    pub domain: String,
    /// Whether the session takes place.
    pub method: Method,
    /// How often the invitation was changed ([`Session::revision`](threadline_core::session::Session)).
    pub revision: u32,
    /// When.
    pub span: Span,
    /// What it is called.
    pub title: String,
    /// What to prepare and know.
    pub text: String,
    /// The link to join by.
    pub link: Option<String>,
    /// Who invites.
    pub organizer: Person,
    /// Who is invited.
    pub attendee: Person,
    /// How long before it begins a calendar reminds, in milliseconds.
    pub alarm_millis: Option<i64>,
    /// When it was written.
    pub at: Moment,
}

/// Whether a session takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// It does, at the time that is said.
    Request,
    /// It does not.
    Cancel,
}

/// Somebody with an address.
#[derive(Clone, Debug)]
pub struct Person {
    /// His name.
    pub name: Option<String>,
    /// His address.
    pub email: String,
}

impl Method {
    /// As iCalendar names it, and the part of the letter.
    pub fn name(self) -> &'static str {
        match self {
            Method::Request => "REQUEST",
            Method::Cancel => "CANCEL",
        }
    }
}

impl Invitation {
    /// The text of the calendar. The same invitation is the same text.
    pub fn text(&self) -> String {
        let mut event = Event::new();
        event
            .uid(&format!("{}@{}", self.session, self.domain))
            .timestamp(utc(self.at))
            .starts(utc(self.span.opens))
            .ends(utc(self.span.closes))
            .sequence(self.revision)
            .summary(&plain(&self.title))
            .description(&bounded(lines(&self.text)));
        if let Some(link) = self.link.as_deref().map(plain) {
            event.location(&link).url(&link);
        }
        let status = match self.method {
            Method::Request => "CONFIRMED",
            Method::Cancel => "CANCELLED",
        };
        event.add_property("STATUS", status).add_property("TRANSP", "OPAQUE");
        event.append_property(self.organizer.property("ORGANIZER"));
        let mut attendee = self.attendee.property("ATTENDEE");
        attendee
            .add_parameter("CUTYPE", "INDIVIDUAL")
            .add_parameter("ROLE", "REQ-PARTICIPANT")
            .add_parameter("PARTSTAT", "ACCEPTED")
            .add_parameter("RSVP", "FALSE");
        event.append_multi_property(attendee);
        if let Some(millis) = self.alarm_millis.filter(|_| self.method == Method::Request) {
            let mut alarm = Alarm::display(&plain(&self.title), -TimeDelta::milliseconds(millis));
            // What the crate would draw at random and read from the clock.
            let uid = format!("alarm-{}@{}", self.session, self.domain);
            alarm.uid(&uid).timestamp(utc(self.at));
            event.alarm(alarm);
        }
        let mut calendar = Calendar::empty();
        calendar
            .append_property(("VERSION", "2.0"))
            .append_property(("PRODID", PRODUCT))
            .append_property(("CALSCALE", "GREGORIAN"))
            .append_property(("METHOD", self.method.name()));
        calendar.push(event.done());
        calendar.done().to_string()
    }
}

impl Person {
    fn property(&self, key: &str) -> Property {
        let mut property = Property::new(key, format!("mailto:{}", plain(&self.email)));
        if let Some(name) = &self.name {
            // The crate puts parameters in quotes and lets a quote through.
            let name: String = plain(name).replace('"', "'").chars().take(NAME_CHARS_MAX).collect();
            property.add_parameter("CN", &name);
        }
        property.done()
    }
}

/// One line without controls: in an address, what has a line break would begin a property of its own.
fn plain(text: &str) -> String {
    bounded(one_line(text))
}

fn bounded(text: String) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

fn utc(at: Moment) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default()
}
