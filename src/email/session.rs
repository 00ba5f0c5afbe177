//! What a letter says of a working session: that it takes place, does not, or begins soon; with the invitation
//! that calendars understand. `letter.rs` puts it into its page, in the customer's language and on his clock.

use super::invitation::{Invitation, Method};
use super::letter::Unwritable;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, SinglePart};
use threadline_core::context::{Language, lines, one_line};
use threadline_core::ids::Moment;

/// What the invitation is called beside the letter.
const FILE: &str = "invite.ics";

/// What a letter says of a session.
#[derive(Clone, Debug)]
pub struct SessionSays {
    /// What became of it.
    pub what: What,
    /// Who takes it.
    pub with: String,
    /// When it begins.
    pub opens: Moment,
    /// Until when the customer can move or cancel it.
    pub changeable_until: Moment,
    /// The link to join by.
    pub join: Option<String>,
    /// What the customer should have ready.
    pub prepare: Option<String>,
    /// The page on which he chooses a time.
    pub page: Option<String>,
    /// What his calendar is told, if anything.
    pub invitation: Option<Invitation>,
}

/// What became of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It was booked.
    Booked,
    /// It takes place at another time.
    Moved,
    /// It does not take place.
    Cancelled,
    /// It begins soon.
    Soon,
}

/// A paragraph of it.
pub(super) enum Paragraph {
    /// Words.
    Text(String),
    /// Where something leads, and what it is called.
    Link {
        /// What.
        label: &'static str,
        /// Where.
        href: String,
    },
}

/// The sentences of one language.
struct Words {
    what: fn(What, &str, &str) -> String,
    join: &'static str,
    prepare: &'static str,
    change: fn(&str) -> String,
    change_link: &'static str,
    again_link: &'static str,
}

const ENGLISH: Words = Words {
    what: |what, with, when| match what {
        What::Booked => format!("Your session with {with} is booked: {when}."),
        What::Moved => format!("Your session with {with} was moved. It is now on {when}."),
        What::Cancelled => format!("Your session with {with} on {when} was cancelled."),
        What::Soon => format!("Your session with {with} begins soon: {when}."),
    },
    join: "Join the session",
    prepare: "Please have ready:",
    change: |when| format!("You can move or cancel it until {when}."),
    change_link: "Move or cancel it",
    again_link: "Choose another time",
};

const SPANISH: Words = Words {
    what: |what, with, when| match what {
        What::Booked => format!("Su sesión con {with} está reservada: {when}."),
        What::Moved => format!("Su sesión con {with} se ha cambiado. Ahora es el {when}."),
        What::Cancelled => format!("Su sesión con {with} del {when} se ha cancelado."),
        What::Soon => format!("Su sesión con {with} empieza pronto: {when}."),
    },
    join: "Entrar en la sesión",
    prepare: "Por favor, tenga preparado:",
    change: |when| format!("Puede cambiarla o cancelarla hasta el {when}."),
    change_link: "Cambiarla o cancelarla",
    again_link: "Elegir otra hora",
};

fn in_language(language: Option<&Language>) -> &'static Words {
    let code = language.map(|language| language.tag().to_ascii_lowercase()).unwrap_or_default();
    if code.split('-').next() == Some("es") { &SPANISH } else { &ENGLISH }
}

impl SessionSays {
    /// What the reader reads, in order; `when` says a moment on his clock.
    pub(super) fn paragraphs(&self, language: Option<&Language>, when: impl Fn(Moment) -> String) -> Vec<Paragraph> {
        let words = in_language(language);
        let text = Paragraph::Text;
        let mut all = vec![text((words.what)(self.what, &one_line(&self.with), &when(self.opens)))];
        let link = |label, href: &Option<String>| href.clone().map(|href| Paragraph::Link { label, href });
        match self.what {
            What::Booked | What::Moved | What::Soon => {
                all.extend(link(words.join, &self.join));
                all.extend(self.prepare.as_ref().map(|prepare| text(format!("{} {}", words.prepare, lines(prepare)))));
                if self.page.is_some() && self.what != What::Soon {
                    all.push(text((words.change)(&when(self.changeable_until))));
                }
                all.extend(link(words.change_link, &self.page));
            }
            What::Cancelled => all.extend(link(words.again_link, &self.page)),
        }
        all
    }

    /// The invitation as a part beside the words, which mail programs act upon.
    pub(super) fn calendar_part(&self) -> Result<Option<SinglePart>, Unwritable> {
        let Some(invitation) = &self.invitation else { return Ok(None) };
        Ok(Some(SinglePart::builder().header(calendar_type(invitation.method)?).body(invitation.text())))
    }

    /// The invitation as a file, for programs that do not.
    pub(super) fn calendar_file(&self) -> Result<Option<SinglePart>, Unwritable> {
        let Some(invitation) = &self.invitation else { return Ok(None) };
        let kind = calendar_type(invitation.method)?;
        Ok(Some(Attachment::new(FILE.to_owned()).body(invitation.text(), kind)))
    }
}

fn calendar_type(method: Method) -> Result<ContentType, Unwritable> {
    let kind = ContentType::parse(&format!("text/calendar; charset=utf-8; method={}", method.name()));
    kind.map_err(|error| Unwritable::Broken(error.to_string()))
}
