//! Every sentence that Threadline says at a desk, for all desks: what everybody in the thread reads
//! ([`Said`]), and what one person reads alone ([`Notice`]). They come as data with their facts; the
//! words are made here, once, because the same verb must mean the same everywhere. How a platform
//! shows a body (blocks, embeds, a page) is that platform's; words for customers are the widget's.

mod climb;
mod lists;
mod presence;
mod saved;
mod sessions;
mod verbs;
mod wrong;

pub use climb::Called;
pub use lists::{HOME_OF_A_GUEST, List, list_empty, list_title};
pub use saved::{CANCEL_BUTTON, SEND_BUTTON, SavedNotice, saved_in_thread};
pub use sessions::{SessionFacts, SessionSaid};
pub use verbs::{Asked, asked_before, button, shortcut};

use crate::body::{Block, Body, Span, Style};
use crate::conversation::{Rating, Score, Standing};
use crate::customer::{Customer, Identity};
use crate::file::FileTrouble;
use crate::ids::Moment;
use crate::message::Mailed;
use crate::presence::{Presence, Sign};
use crate::ticket::{Due, Priority};
use crate::verb::parse::Wrong;
use crate::verb::{Name, Names, VERBS};
use chrono::DateTime;
use wrong::Asking;

/// Something said to everybody in the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Somebody took the conversation.
    Claimed {
        /// Who.
        by: String,
    },
    /// Somebody let it go.
    Released {
        /// Who.
        by: String,
        /// The other one who had it, if it was not his own.
        from: Option<String>,
    },
    /// Somebody gave it to another.
    Assigned {
        /// Who.
        by: String,
        /// To whom.
        to: String,
    },
    /// Somebody took it over.
    TookOver {
        /// Who.
        by: String,
        /// From whom.
        from: String,
    },
    /// A note that was not written in the thread.
    Noted {
        /// Whose.
        by: String,
        /// What it says.
        note: Body,
    },
    /// The conversation is about something else.
    TopicChanged {
        /// Who says so.
        by: String,
        /// About what, as people read it.
        label: String,
    },
    /// It is done.
    Resolved {
        /// Who says so.
        by: String,
        /// True when the customer is asked how it was.
        asks: bool,
    },
    /// It is not done after all.
    Reopened {
        /// Who says so.
        by: String,
    },
    /// An answer later is promised, or something else than was promised.
    Ticket {
        /// Who promises.
        by: String,
        /// True when nothing was promised before.
        is_new: bool,
        /// What goes first.
        priority: Priority,
        /// By when, if that can be said.
        due: Option<Due>,
    },
    /// Nobody answered in time, or before the customer left, so it is a ticket.
    TicketByItself {
        /// By when an answer is promised, if that can be said.
        due: Option<Due>,
        /// True when it is because he left.
        left: bool,
    },
    /// A step of the ladder was taken.
    StepTaken {
        /// Who is told; nobody, where there is nobody any more.
        tier: Option<String>,
        /// Those in which there was nobody to be told.
        empty: Vec<String>,
        /// Since when the customer waits.
        since: Due,
    },
    /// The operator's reminder that he waits.
    Reminder {
        /// Since when.
        since: Due,
        /// True when he should have had an answer by now.
        is_broken: bool,
        /// True when it comes later than it should.
        is_late: bool,
    },
    /// Somebody asks for help.
    Escalated {
        /// Who.
        by: String,
        /// Of whom.
        tier: String,
        /// Why, if he says so.
        reason: String,
        /// Since when the customer waits, if he does.
        since: Option<Due>,
    },
    /// It does not climb for a while.
    Rests {
        /// Who says so.
        by: String,
        /// Until when.
        until: Due,
        /// Why, where it is put off; none where he takes care of it himself.
        reason: Option<String>,
    },
    /// The customer wrote though it was done.
    CustomerCameBack,
    /// The customer said how he found it.
    Rated {
        /// How many stars.
        score: Score,
        /// In words, or empty.
        comment: String,
    },
    /// The desk refused a message of the customer's.
    NotPosted {
        /// Its number.
        seq: i64,
        /// Why, in the platform's words.
        why: String,
    },
    /// A file of a letter of the customer's is not one that is taken.
    MailedFileNotTaken {
        /// Its name.
        name: String,
        /// Why.
        why: FileTrouble,
    },
    /// A letter came that is nobody's word: a program wrote it by itself, or it cannot be read.
    AutomaticLetter {
        /// Its subject.
        subject: String,
        /// What it is, in words.
        what: String,
    },
    /// The mail server will never take a letter to the customer.
    LetterRefused {
        /// Its number.
        seq: i64,
        /// His address.
        to: String,
        /// Why, in the server's words.
        why: String,
    },
    /// A letter to the customer came back.
    LetterBounced {
        /// Its number.
        seq: i64,
        /// His address.
        to: String,
        /// Why, in the words of the server that sent it back.
        why: String,
    },
    /// Somebody has tried again what was given up.
    TriedAgain {
        /// Who.
        by: String,
    },
    /// The desk refused a file of the customer's.
    FileNotPosted {
        /// The number of its message.
        seq: i64,
        /// Its name.
        name: String,
        /// Why, in the platform's words.
        why: String,
    },
    /// The desk refused to show a saved reply that goes to the customer.
    SavedNotPosted {
        /// Its number.
        seq: i64,
        /// Who sent it.
        by: String,
        /// Why, in the platform's words.
        why: String,
    },
    /// A saved reply is taken back before the customer saw it.
    SavedTakenBack {
        /// By whom.
        by: String,
    },
    /// The customer does not get a file of an agent's.
    FileNotSent {
        /// The number of its message.
        seq: i64,
        /// Its name.
        name: String,
        /// Why.
        why: FileTrouble,
        /// True when there is text, which goes out.
        has_text: bool,
    },
    /// About a session.
    Session(SessionSaid),
}

/// Something told to one person at a desk, privately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Nothing was sent: you are an app.
    BotNotSent,
    /// Nothing was sent: you belong to another workspace.
    OutsiderNotSent,
    /// Nothing was sent: in this desk only the claimer's messages go out, and nobody has claimed.
    UnclaimedNotSent,
    /// Nothing was sent: somebody else has the conversation.
    ClaimedByOtherNotSent {
        /// Who has it.
        holder: String,
    },
    /// An edit changed nothing: what was a note or a verb, or was taken back, stays what it was.
    EditedInVain,
    /// A reply was edited into a verb: the customer does not see it any more, and the verb is not done.
    VerbByEdit,
    /// What was meant as a verb was neither done nor sent.
    Wrong(Wrong),
    /// What was meant as a command was not done.
    WrongCommand(Wrong),
    /// He is there or away from now on.
    Signed {
        /// Which.
        sign: Sign,
        /// How it is known at his desk who is there.
        presence: Presence,
        /// True where customers notice it.
        counts: bool,
    },
    /// He is taken to be away, because nobody answered a chat that he had.
    SignedOut,
    /// Nobody was named who could be asked for help.
    NoTiers,
    /// Everybody was told already.
    AtTheTop,
    /// Nobody is there to be asked in that tier.
    NobodyInTier {
        /// Which.
        tier: String,
    },
    /// No customer waits for anything in it.
    NothingWaits,
    /// What can be done.
    Help,
    /// Somebody else was first.
    OtherWasFirst {
        /// Who has it.
        holder: String,
    },
    /// It is a ticket already, and just this was promised.
    TicketAlready {
        /// What goes first.
        priority: Priority,
        /// By when.
        due: Option<Due>,
    },
    /// You have it already.
    YoursAlready,
    /// He has it already.
    TheirsAlready {
        /// Who has it.
        holder: String,
    },
    /// Nobody has it.
    NobodyHasIt,
    /// Nobody of this name is known.
    NoSuchPerson {
        /// The name.
        asked: String,
    },
    /// There is no such topic.
    NoSuchTopic {
        /// What was asked for.
        asked: String,
        /// Those that there are, as people read them.
        labels: Vec<String>,
    },
    /// The topic belongs to another desk.
    TopicOfOtherDesk {
        /// The topic.
        label: String,
    },
    /// It is about that already.
    TopicAlready {
        /// The topic.
        label: String,
    },
    /// It is resolved already.
    ResolvedAlready {
        /// Who says so.
        by: String,
    },
    /// It is open.
    OpenAlready,
    /// Nothing was given up that could be tried again.
    NothingToRetry,
    /// It is done, for who is not in the thread.
    Done {
        /// Of which conversation.
        number: i64,
        /// What everybody in the thread was told.
        said: Box<Said>,
    },
    /// The same as in the thread, for who is not there.
    Of {
        /// Of which conversation.
        number: i64,
        /// What.
        notice: Box<Notice>,
    },
    /// Which conversation this verb is meant for was not said.
    WhichConversation {
        /// The verb.
        verb: Name,
    },
    /// There is none of this number.
    NoSuchConversation {
        /// The number.
        number: i64,
    },
    /// The message stands in no conversation's thread.
    NoConversationHere,
    /// The form that asks for what a verb needs could not be shown, or nobody heard that it was.
    FormNotShown,
    /// What was asked for could not be looked up.
    NotLookedUp,
    /// Nothing was done: you belong to another workspace.
    OutsiderNotDone,
    /// It could not be stored in time, and may still be.
    PerhapsNotDone,
    /// About saved replies.
    Saved(SavedNotice),
}

impl Said {
    /// The number of the message that it makes sense to try again, where it says that one was given up.
    pub fn retry_of(&self) -> Option<i64> {
        match self {
            Said::NotPosted { seq, .. }
            | Said::FileNotPosted { seq, .. }
            | Said::SavedNotPosted { seq, .. }
            | Said::LetterRefused { seq, .. }
            | Said::LetterBounced { seq, .. } => Some(*seq),
            Said::FileNotSent { seq, why, .. } => why.may_pass().then_some(*seq),
            Said::Claimed { .. }
            | Said::Released { .. }
            | Said::Assigned { .. }
            | Said::TookOver { .. }
            | Said::Noted { .. }
            | Said::TopicChanged { .. }
            | Said::Resolved { .. }
            | Said::Reopened { .. }
            | Said::Ticket { .. }
            | Said::TicketByItself { .. }
            | Said::Reminder { .. }
            | Said::StepTaken { .. }
            | Said::Escalated { .. }
            | Said::Rests { .. }
            | Said::CustomerCameBack
            | Said::Rated { .. }
            | Said::SavedTakenBack { .. }
            | Said::MailedFileNotTaken { .. }
            | Said::AutomaticLetter { .. }
            | Said::Session(_)
            | Said::TriedAgain { .. } => None,
        }
    }
}

/// What the team reads of what a customer wrote by email.
pub fn mailed_in_thread(mail: &Mailed, body: &Body) -> Body {
    let from = mail.from.as_ref().map(|from| format!(" from {from}, which is not the customer’s address"));
    let subject = mail.subject.as_ref().map(|subject| format!(": {subject}"));
    let mut said = Body::plain(&format!("✉️ By email{}{}", from.unwrap_or_default(), subject.unwrap_or_default()));
    said.0.extend(body.0.iter().cloned());
    said
}

/// What everybody in the thread reads.
pub fn said(said: &Said) -> Body {
    let plain = |text: String| Body::plain(&text);
    match said {
        Said::Claimed { by } => plain(format!("{by} has this conversation now.")),
        Said::Released { by, from: None } => plain(format!("{by} let this conversation go.")),
        Said::Released { by, from: Some(from) } => plain(format!("{by} released this conversation from {from}.")),
        Said::Assigned { by, to } => plain(format!("{by} gave this conversation to {to}.")),
        Said::TookOver { by, from } => plain(format!("{by} took this conversation over from {from}.")),
        Said::Noted { by, note } => {
            let mut body = plain(format!("Note by {by}, which the customer does not see:"));
            body.0.extend(note.0.iter().cloned());
            body
        }
        Said::Ticket { by, is_new, priority, due } => {
            let what = if *is_new { "made this a ticket" } else { "changed the ticket" };
            plain(format!("{by} {what}{}. {}", of_priority(*priority), promised(*due)))
        }
        Said::TopicChanged { by, label } => plain(format!("{by} changed the topic to {label}.")),
        Said::Resolved { by, asks: true } => {
            plain(format!("{by} resolved this conversation. The customer is asked how it was."))
        }
        Said::Resolved { by, asks: false } => plain(format!("{by} resolved this conversation.")),
        Said::Reopened { by } => plain(format!("{by} opened this conversation again.")),
        Said::TicketByItself { due, left } => {
            let why = if *left { "The customer left without an answer" } else { "Nobody has answered in time" };
            plain(format!("{why}, so this is a ticket now. {}", promised(*due)))
        }
        Said::Reminder { since, is_broken, is_late } => climb::reminder(*since, *is_broken, *is_late),
        Said::StepTaken { tier, empty, since } => climb::step_taken(tier.as_deref(), empty, *since),
        Said::Escalated { by, tier, reason, since } => climb::escalated(by, tier, reason, *since),
        Said::Rests { by, until, reason } => climb::rests(by, *until, reason.as_deref()),
        Said::CustomerCameBack => Body::plain("The customer wrote again, so this resolved conversation is open again."),
        Said::Rated { score, comment } => {
            let stars = stars(*score);
            if comment.trim().is_empty() {
                plain(format!("The customer gives {stars}."))
            } else {
                plain(format!("The customer gives {stars} and says: {}", comment.trim()))
            }
        }
        Said::NotPosted { seq, why } => plain(format!(
            "⚠️ Message {seq} of the customer could not be posted here ({why}). The customer was told that it did not \
             arrive."
        )),
        Said::MailedFileNotTaken { name, why } => plain(format!(
            "⚠️ A file of the customer’s letter, “{name}”, was not taken: {why}. The letter is kept whole."
        )),
        Said::AutomaticLetter { subject, what } => {
            let subject = if subject.is_empty() { String::new() } else { format!(" with the subject “{subject}”") };
            plain(format!("✉️ A letter{subject} came: {what}."))
        }
        Said::LetterRefused { to, why, .. } => plain(format!(
            "⚠️ A letter to {to} could not be sent ({why}). Nothing more goes to this address before it is tried again \
             or the customer gives another one."
        )),
        Said::LetterBounced { to, why, .. } => plain(format!(
            "⚠️ A letter to {to} came back ({why}). The customer has not read it there. Nothing more goes to this address \
             before it is tried again or the customer gives another one."
        )),
        Said::TriedAgain { by } => plain(format!("{by} tries again what could not be delivered.")),
        Said::SavedNotPosted { by, why, .. } => plain(format!(
            "⚠️ A saved reply that {by} sent could not be posted here ({why}). The customer gets it all the same."
        )),
        Said::SavedTakenBack { by } => plain(format!("{by} took the saved reply back. The customer has not seen it.")),
        Said::FileNotPosted { name, why, .. } => plain(format!(
            "⚠️ A file of the customer, “{name}”, could not be posted here ({why}). The customer was told."
        )),
        Said::Session(said) => sessions::said(said),
        Said::FileNotSent { name, why, has_text, .. } => {
            let rest = if *has_text { " The text goes out without it." } else { "" };
            plain(format!("⚠️ The customer did not get the file “{name}”: {why}.{rest}"))
        }
    }
}

/// What one person reads alone.
pub fn notice(notice: &Notice, names: &Names) -> Body {
    let typed = |name| names.typed(name);
    let line = Line::new;
    match notice {
        Notice::TicketAlready { priority, due } => {
            let what = format!("It is a ticket already{}. {}", of_priority(*priority), promised(*due));
            line(&what).text(" To promise something else, write ").code(&names.example(Name::Ticket)).text(".").end()
        }
        Notice::BotNotSent => line(
            "Nothing was sent to the customer: messages of apps stay in this thread. If the customer should read \
             it, send it yourself.",
        )
        .end(),
        Notice::OutsiderNotSent => line(
            "Nothing was sent to the customer: you belong to another workspace. Ask somebody of this workspace to \
             send it.",
        )
        .end(),
        Notice::UnclaimedNotSent => {
            line("Nothing was sent to the customer: here only the person who has a conversation answers it. Write ")
                .code(&typed(Name::Claim))
                .text(", then send your message again.")
                .end()
        }
        Notice::ClaimedByOtherNotSent { holder } => {
            let first = format!("Nothing was sent to the customer: {holder} has this conversation.");
            match take_over(names) {
                Some(typed) => line(&format!("{first} To take it over, write "))
                    .code(&typed)
                    .text(", then send your message again.")
                    .end(),
                None => line(&first).end(),
            }
        }
        Notice::EditedInVain => line(
            "Your edit was not sent to the customer, and nothing was done: a message that was once a note or a \
             command, or was taken back, stays inside. Write it as a new message.",
        )
        .end(),
        Notice::VerbByEdit => line(
            "Nothing was done, and the customer does not see this message: a command counts only when it is written \
             as a new message.",
        )
        .end(),
        Notice::Wrong(wrong) => wrong::wrong(wrong, Asking::InThread, names),
        Notice::WrongCommand(wrong) => wrong::wrong(wrong, Asking::ByCommand, names),
        Notice::Signed { sign, presence, counts } => presence::signed(*sign, *presence, *counts, names),
        Notice::SignedOut => presence::signed_out(names),
        Notice::NoTiers => climb::no_tiers(),
        Notice::AtTheTop => climb::at_the_top(names),
        Notice::NobodyInTier { tier } => climb::nobody_in(tier, names),
        Notice::NothingWaits => climb::nothing_waits(),
        Notice::Help => help(names),
        Notice::OtherWasFirst { holder } => {
            let first = format!("{holder} was first and has this conversation. Thank you for being there!");
            match take_over(names) {
                Some(typed) => line(&format!("{first} To take it over, write ")).code(&typed).text(".").end(),
                None => line(&first).end(),
            }
        }
        Notice::YoursAlready => line("You have this conversation already.").end(),
        Notice::TheirsAlready { holder } => line(&format!("{holder} has this conversation already.")).end(),
        Notice::NobodyHasIt => line("Nobody has this conversation, so there is nothing to let go.").end(),
        Notice::NoSuchPerson { asked } => {
            line(&format!("Nobody called “{asked}” is known here. Mention the person, as in "))
                .code(&names.example(Name::Assign))
                .text(", or write ")
                .code(&format!("{} me", typed(Name::Assign)))
                .text(" to take it yourself.")
                .end()
        }
        Notice::NoSuchTopic { asked, labels } => {
            line(&format!("There is no topic “{asked}”. The topics are {}.", labels.join(", "))).end()
        }
        Notice::TopicOfOtherDesk { label } => line(&format!(
            "{label} is answered at another desk, and a conversation cannot move between desks yet. Its topic stays."
        ))
        .end(),
        Notice::TopicAlready { label } => line(&format!("The topic is {label} already.")).end(),
        Notice::ResolvedAlready { by } => {
            let first = format!("{by} resolved this conversation already.");
            match names.word(Name::Reopen) {
                Some(_) => line(&format!("{first} ")).code(&typed(Name::Reopen)).text(" opens it again.").end(),
                None => line(&first).end(),
            }
        }
        Notice::OpenAlready => line("This conversation is open.").end(),
        Notice::NothingToRetry => line("There is nothing to try again: it is on its way, or it has arrived.").end(),
        Notice::Done { number, said } => of_number(*number, self::said(said)),
        Notice::Of { number, notice } => of_number(*number, self::notice(notice, names)),
        Notice::WhichConversation { verb } => {
            let word = names.word(*verb).unwrap_or(verb.entry().word);
            line("Nothing was done: which conversation is it about? Say its number, as in ")
                .code(&format!("{word} #1042"))
                .text(", or nothing at all to pick one.")
                .end()
        }
        Notice::NoSuchConversation { number } => {
            line(&format!("Nothing was done: there is no conversation #{number} here, or it has no thread yet.")).end()
        }
        Notice::NoConversationHere => line("Nothing was done: this message stands in no customer's thread.").end(),
        Notice::FormNotShown => line("If no form has opened, please try again: nothing was done.").end(),
        Notice::NotLookedUp => {
            line("This could not be looked up: Threadline's database does not answer. Please try again in a moment.")
                .end()
        }
        Notice::OutsiderNotDone => {
            line("Nothing was done: you belong to another workspace. Ask somebody of this workspace to do it.").end()
        }
        Notice::Saved(notice) => saved::saved(notice, names),
        Notice::PerhapsNotDone => line(
            "This could not be written down in time: Threadline's database does not answer. Look at the card in a \
             moment, and try again if nothing has changed.",
        )
        .end(),
    }
}

/// How one takes over what another has, where the team has not switched that off.
fn take_over(names: &Names) -> Option<String> {
    names.word(Name::Assign).map(|_| format!("{} me", names.typed(Name::Assign)))
}

/// What was said of a conversation, for somebody who does not see which.
fn of_number(number: i64, mut words: Body) -> Body {
    let mark = Span::plain(&format!("#{number}: "));
    match words.0.first_mut() {
        Some(Block::Paragraph(spans)) => spans.insert(0, mark),
        Some(Block::List { .. } | Block::Quote(_) | Block::Code(_)) | None => {
            words.0.insert(0, Block::Paragraph(vec![mark]));
        }
    }
    words
}

/// What can be done: the verbs that are on, as they are typed.
fn help(names: &Names) -> Body {
    let verbs = VERBS.iter().filter(|entry| entry.is_on && names.word(entry.name).is_some());
    let item = |name, does: &str| vec![code(&names.example(name)), Span::plain(&format!(" {does}"))];
    let items = verbs.map(|entry| item(entry.name, entry.does)).collect();
    let first = "What you can do in this thread. The customer sees none of it:";
    Body(vec![
        Block::Paragraph(vec![Span::plain(first)]),
        Block::List { ordered: false, indent: 0, start: 1, items },
        Block::Paragraph(vec![Span::plain("A message that begins with "), code("//"), Span::plain(" is a note, too.")]),
    ])
}

/// How it stands with a conversation, in the words of its card, and the moment they end in with the
/// word before it: each platform shows it in the reader's own time.
pub fn standing(standing: &Standing) -> (String, Option<(&'static str, Moment)>) {
    match standing {
        Standing::Fresh => ("Nothing was written yet".to_string(), None),
        Standing::AwaitingAgent { since } => ("Waiting for an answer".to_string(), Some(("since", *since))),
        Standing::Answered { .. } => ("Answered".to_string(), None),
        Standing::Resolved { at, by, rating } => {
            (format!("Resolved by {}{}", by.name, stars_if_any(*rating)), Some(("on", *at)))
        }
        Standing::Closed { at, by, rating } => {
            (format!("Closed, resolved by {}{}", by.name, stars_if_any(*rating)), Some(("since", *at)))
        }
    }
}

fn stars_if_any(rating: Rating) -> String {
    match rating {
        Rating::NotAsked | Rating::Wanted => String::new(),
        Rating::Given(score) => format!(" {}", stars(score)),
    }
}

/// A ticket, in the words of a card, and by when its customer has an answer.
pub fn ticket(priority: Priority, due: Option<Moment>) -> (String, Option<(&'static str, Moment)>) {
    (format!("Ticket{}", of_priority(priority)), due.map(|due| ("due", due)))
}

fn of_priority(priority: Priority) -> String {
    match priority {
        Priority::Normal => String::new(),
        Priority::Urgent | Priority::High | Priority::Low => format!(", {} priority", priority.word()),
    }
}

/// What the customer was told.
fn promised(due: Option<Due>) -> String {
    match due {
        Some(due) => format!("The customer reads that there is an answer by {}.", when(due)),
        None => "There is no business day in sight by which an answer could be promised.".to_string(),
    }
}

/// A moment on the clock of the team.
fn when(due: Due) -> String {
    let at = DateTime::from_timestamp_millis(due.at.0).unwrap_or_default().with_timezone(&due.zone);
    format!("{} ({})", at.format("%a %-d %b %H:%M"), due.zone)
}

fn stars(score: Score) -> String {
    let given = usize::from(score.stars());
    format!("{}{}", "★".repeat(given), "☆".repeat(usize::from(Score::MAX) - given))
}

/// Who has it, in the words of a card.
pub fn holder(name: &str) -> String {
    format!("{name} has it")
}

/// On a card whose earlier thread was deleted.
pub const CONTINUED: &str = "This conversation goes on here: its earlier thread was deleted.";
/// On a card, beside a value that does not have its form.
pub const ODD: &str = "not the usual form";
/// On a card, the label of [`identity`].
pub const IDENTITY: &str = "Identity";

/// Whether the site vouches for the customer, and for what beside his id it does not.
pub fn identity(customer: &Customer) -> String {
    let Identity::Proven { id, vouches_name, vouches_email } = &customer.identity else {
        return "not verified".to_string();
    };
    let name_typed = customer.name.is_some() && !vouches_name;
    let email_typed = customer.email.is_some() && !vouches_email;
    let typed = match (name_typed, email_typed) {
        (false, false) => "",
        (true, false) => " (name as typed)",
        (false, true) => " (email as typed)",
        (true, true) => " (name and email as typed)",
    };
    format!("verified: {id}{typed}")
}

/// One paragraph under way.
struct Line(Vec<Span>);

impl Line {
    fn new(text: &str) -> Line {
        Line(vec![Span::plain(text)])
    }

    fn text(mut self, text: &str) -> Line {
        self.0.push(Span::plain(text));
        self
    }

    fn code(mut self, text: &str) -> Line {
        self.0.push(code(text));
        self
    }

    fn end(self) -> Body {
        Body(vec![Block::Paragraph(self.0)])
    }
}

fn code(text: &str) -> Span {
    Span::Text { text: text.to_string(), style: Style { code: true, ..Style::default() } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verb::Chosen;
    use expect_test::expect;

    /// Code as people would type it.
    pub(super) fn shown(body: &Body) -> String {
        let span = |span: &Span| match span {
            Span::Text { text, style } if style.code => format!("`{text}`"),
            Span::Text { text, .. } | Span::Link { text, .. } => text.clone(),
        };
        let line = |spans: &[Span]| spans.iter().map(span).collect::<String>();
        let block = |block: &Block| match block {
            Block::Paragraph(spans) => line(spans),
            Block::List { items, .. } => {
                items.iter().map(|item| format!("• {}", line(item))).collect::<Vec<_>>().join("\n")
            }
            Block::Quote(spans) => format!("> {}", line(spans)),
            Block::Code(code) => code.clone(),
        };
        body.0.iter().map(block).collect::<Vec<_>>().join("\n")
    }

    fn score(stars: i64) -> Score {
        Score::new(stars).expect("1 to 5 stars")
    }

    /// New Year's Day, half past nine in Madrid.
    fn due() -> Option<Due> {
        Some(Due { at: Moment(1_767_256_200_000), zone: "Europe/Madrid".parse().unwrap() })
    }

    #[test]
    fn what_everybody_in_the_thread_reads() {
        let (grace, hedy) = ("Grace".to_string(), "Hedy".to_string());
        let all = [
            Said::Claimed { by: grace.clone() },
            Said::Released { by: grace.clone(), from: None },
            Said::Released { by: grace.clone(), from: Some(hedy.clone()) },
            Said::Assigned { by: grace.clone(), to: hedy.clone() },
            Said::TookOver { by: grace.clone(), from: hedy },
            Said::Noted { by: grace.clone(), note: Body::plain("She is in a hurry") },
            Said::TopicChanged { by: grace.clone(), label: "Billing Questions".into() },
            Said::Resolved { by: grace.clone(), asks: true },
            Said::Resolved { by: grace.clone(), asks: false },
            Said::Ticket { by: grace.clone(), is_new: true, priority: Priority::Normal, due: due() },
            Said::Ticket { by: grace.clone(), is_new: false, priority: Priority::Urgent, due: None },
            Said::Reopened { by: grace.clone() },
            Said::CustomerCameBack,
            Said::Rated { score: score(5), comment: String::new() },
            Said::Rated { score: score(2), comment: " Too slow\n".into() },
            Said::NotPosted { seq: 7, why: "it is too long".into() },
            Said::MailedFileNotTaken { name: "run.exe".into(), why: FileTrouble::Unreadable },
            Said::AutomaticLetter {
                subject: "Out of office".into(),
                what: "an automatic reply, which is not answered".into(),
            },
            Said::AutomaticLetter { subject: String::new(), what: "from a mailing list, which is not answered".into() },
            Said::Reminder { since: due().unwrap(), is_broken: false, is_late: false },
            Said::Reminder { since: due().unwrap(), is_broken: true, is_late: true },
            Said::StepTaken { tier: Some("leads".into()), empty: vec![], since: due().unwrap() },
            Said::StepTaken { tier: Some("executives".into()), empty: vec!["leads".into()], since: due().unwrap() },
            Said::StepTaken { tier: None, empty: vec!["executives".into()], since: due().unwrap() },
            Said::Escalated { by: grace.clone(), tier: "leads".into(), reason: String::new(), since: None },
            Said::Escalated {
                by: grace.clone(),
                tier: "engineering".into(),
                reason: "It is down".into(),
                since: due(),
            },
            Said::Rests { by: grace.clone(), until: due().unwrap(), reason: None },
            Said::Rests { by: grace.clone(), until: due().unwrap(), reason: Some("waits for a part".into()) },
            Said::TicketByItself { due: None, left: false },
            Said::TicketByItself { due: due(), left: true },
            Said::LetterRefused { seq: 7, to: "ada@example.com".into(), why: "550 no such user".into() },
            Said::LetterBounced { seq: 7, to: "ada@example.com".into(), why: "5.1.1 no such user".into() },
            Said::SavedNotPosted { seq: 7, by: "Grace".into(), why: "it is too long".into() },
            Said::SavedTakenBack { by: "Grace".into() },
            Said::TriedAgain { by: "Grace".into() },
        ];
        expect![[r#"
            Grace has this conversation now.
            Grace let this conversation go.
            Grace released this conversation from Hedy.
            Grace gave this conversation to Hedy.
            Grace took this conversation over from Hedy.
            Note by Grace, which the customer does not see:
            She is in a hurry
            Grace changed the topic to Billing Questions.
            Grace resolved this conversation. The customer is asked how it was.
            Grace resolved this conversation.
            Grace made this a ticket. The customer reads that there is an answer by Thu 1 Jan 09:30 (Europe/Madrid).
            Grace changed the ticket, urgent priority. There is no business day in sight by which an answer could be promised.
            Grace opened this conversation again.
            The customer wrote again, so this resolved conversation is open again.
            The customer gives ★★★★★.
            The customer gives ★★☆☆☆ and says: Too slow
            ⚠️ Message 7 of the customer could not be posted here (it is too long). The customer was told that it did not arrive.
            ⚠️ A file of the customer’s letter, “run.exe”, was not taken: it is empty, or a picture that cannot be read. The letter is kept whole.
            ✉️ A letter with the subject “Out of office” came: an automatic reply, which is not answered.
            ✉️ A letter came: from a mailing list, which is not answered.
            ⏰ Reminder: the customer has waited for an answer since Thu 1 Jan 09:30 (Europe/Madrid).
            ⏰ Reminder: the customer has waited for an answer since Thu 1 Jan 09:30 (Europe/Madrid), and was promised one by now. (This reminder comes late.)
            ⏰ The customer has waited for an answer since Thu 1 Jan 09:30 (Europe/Madrid). For leads: please answer, or say that you take care.
            ⏰ The customer has waited for an answer since Thu 1 Jan 09:30 (Europe/Madrid). For executives: please answer, or say that you take care. There was nobody to tell in leads.
            ⏰ The customer has waited for an answer since Thu 1 Jan 09:30 (Europe/Madrid). There was nobody to tell in executives.
            🆘 Grace asks leads for help.
            🆘 Grace asks engineering for help: It is down
            The customer has waited since Thu 1 Jan 09:30 (Europe/Madrid).
            Grace takes care of it until Thu 1 Jan 09:30 (Europe/Madrid). Nobody else is told before.
            Grace has put it off until Thu 1 Jan 09:30 (Europe/Madrid): waits for a part. Nobody is told before.
            Nobody has answered in time, so this is a ticket now. There is no business day in sight by which an answer could be promised.
            The customer left without an answer, so this is a ticket now. The customer reads that there is an answer by Thu 1 Jan 09:30 (Europe/Madrid).
            ⚠️ A letter to ada@example.com could not be sent (550 no such user). Nothing more goes to this address before it is tried again or the customer gives another one.
            ⚠️ A letter to ada@example.com came back (5.1.1 no such user). The customer has not read it there. Nothing more goes to this address before it is tried again or the customer gives another one.
            ⚠️ A saved reply that Grace sent could not be posted here (it is too long). The customer gets it all the same.
            Grace took the saved reply back. The customer has not seen it.
            Grace tries again what could not be delivered.
        "#]]
        .assert_eq(&all.iter().map(|it| shown(&said(it)) + "\n").collect::<String>());
    }

    #[test]
    fn what_one_person_reads_alone() {
        let holder = || "Grace".to_string();
        let all = [
            Notice::BotNotSent,
            Notice::OutsiderNotSent,
            Notice::UnclaimedNotSent,
            Notice::ClaimedByOtherNotSent { holder: holder() },
            Notice::EditedInVain,
            Notice::VerbByEdit,
            Notice::OtherWasFirst { holder: holder() },
            Notice::TicketAlready { priority: Priority::High, due: due() },
            Notice::YoursAlready,
            Notice::TheirsAlready { holder: holder() },
            Notice::NobodyHasIt,
            Notice::NoSuchPerson { asked: "Alan".into() },
            Notice::NoSuchTopic { asked: "cooking".into(), labels: vec!["Billing".into(), "Other".into()] },
            Notice::TopicOfOtherDesk { label: "Press".into() },
            Notice::TopicAlready { label: "Billing".into() },
            Notice::ResolvedAlready { by: "Grace".into() },
            Notice::OpenAlready,
            Notice::NothingToRetry,
            Notice::Done { number: 1042, said: Box::new(Said::Claimed { by: holder() }) },
            Notice::Of { number: 1042, notice: Box::new(Notice::OtherWasFirst { holder: holder() }) },
            Notice::WhichConversation { verb: Name::Claim },
            Notice::NoSuchConversation { number: 7 },
            Notice::NoConversationHere,
            Notice::FormNotShown,
            Notice::NotLookedUp,
            Notice::OutsiderNotDone,
            Notice::PerhapsNotDone,
            Notice::Wrong(Wrong::Mistyped { typed: "calim".into(), meant: Name::Claim }),
            Notice::Wrong(Wrong::Unknown { typed: "dance".into() }),
            Notice::Wrong(Wrong::Form(Name::Claim)),
            Notice::Wrong(Wrong::Form(Name::Assign)),
            Notice::Wrong(Wrong::Form(Name::Resolve)),
            Notice::Wrong(Wrong::Renamed(Name::Escalate)),
            Notice::Wrong(Wrong::Off(Name::Book)),
            Notice::Wrong(Wrong::NotYet(Name::Ticket)),
            Notice::Wrong(Wrong::OtherConversation { number: 7 }),
            Notice::WrongCommand(Wrong::Mistyped { typed: "calim".into(), meant: Name::Claim }),
            Notice::WrongCommand(Wrong::Form(Name::Claim)),
            Notice::WrongCommand(Wrong::Form(Name::Assign)),
            Notice::WrongCommand(Wrong::Off(Name::Book)),
            Notice::Signed { sign: Sign::Out, presence: Presence::Signed, counts: true },
            Notice::Signed { sign: Sign::Out, presence: Presence::Signed, counts: false },
            Notice::Signed { sign: Sign::In, presence: Presence::Signed, counts: true },
            Notice::Signed { sign: Sign::In, presence: Presence::Platform, counts: true },
            Notice::Signed { sign: Sign::In, presence: Presence::Platform, counts: false },
            Notice::SignedOut,
            Notice::NoTiers,
            Notice::AtTheTop,
            Notice::NobodyInTier { tier: "leads".into() },
            Notice::NothingWaits,
            Notice::Help,
        ];
        let mut names = Names::default();
        names.choose(Name::Escalate, Chosen::Word("raise".into()));
        names.choose(Name::Book, Chosen::Off);
        expect![[r#"
            Nothing was sent to the customer: messages of apps stay in this thread. If the customer should read it, send it yourself.
            Nothing was sent to the customer: you belong to another workspace. Ask somebody of this workspace to send it.
            Nothing was sent to the customer: here only the person who has a conversation answers it. Write `!claim`, then send your message again.
            Nothing was sent to the customer: Grace has this conversation. To take it over, write `!assign me`, then send your message again.
            Your edit was not sent to the customer, and nothing was done: a message that was once a note or a command, or was taken back, stays inside. Write it as a new message.
            Nothing was done, and the customer does not see this message: a command counts only when it is written as a new message.
            Grace was first and has this conversation. Thank you for being there! To take it over, write `!assign me`.
            It is a ticket already, high priority. The customer reads that there is an answer by Thu 1 Jan 09:30 (Europe/Madrid). To promise something else, write `!ticket high 4 hours`.
            You have this conversation already.
            Grace has this conversation already.
            Nobody has this conversation, so there is nothing to let go.
            Nobody called “Alan” is known here. Mention the person, as in `!assign @Grace`, or write `!assign me` to take it yourself.
            There is no topic “cooking”. The topics are Billing, Other.
            Press is answered at another desk, and a conversation cannot move between desks yet. Its topic stays.
            The topic is Billing already.
            Grace resolved this conversation already. `!reopen` opens it again.
            This conversation is open.
            There is nothing to try again: it is on its way, or it has arrived.
            #1042: Grace has this conversation now.
            #1042: Grace was first and has this conversation. Thank you for being there! To take it over, write `!assign me`.
            Nothing was done: which conversation is it about? Say its number, as in `claim #1042`, or nothing at all to pick one.
            Nothing was done: there is no conversation #7 here, or it has no thread yet.
            Nothing was done: this message stands in no customer's thread.
            If no form has opened, please try again: nothing was done.
            This could not be looked up: Threadline's database does not answer. Please try again in a moment.
            Nothing was done: you belong to another workspace. Ask somebody of this workspace to do it.
            This could not be written down in time: Threadline's database does not answer. Look at the card in a moment, and try again if nothing has changed.
            Nothing was done, and nothing was sent to the customer: `!calim` looks like `!claim`. If the customer should read it, send it again with a blank after the !.
            There is no `dance` here. `help` lists what there is.
            Nothing was done, and nothing was sent to the customer: `!claim` stands alone, with nothing after it.
            Nothing was done, and nothing was sent to the customer: it is written like `!assign @Grace`.
            Nothing was done, and nothing was sent to the customer: it is `!resolve` or `!resolve silently`.
            Nothing was done, and nothing was sent to the customer: here it is called `!raise`.
            Nothing was done, and nothing was sent to the customer: `!book` is switched off in this Threadline.
            Nothing was done, and nothing was sent to the customer: `!ticket` is not switched on yet: this version of Threadline cannot do it.
            Nothing was done, and nothing was sent to the customer: this is not the thread of #7. Here it is about this thread's conversation, and needs no number.
            Nothing was done: `calim` looks like `claim`.
            Nothing was done: `claim` stands alone, with nothing after it.
            Nothing was done: it is written like `assign @Grace`.
            Nothing was done: `book` is switched off in this Threadline.
            You are away. The chat does not count on you for the next 12 hours. When you are here again, write `!back`.
            You are away. Whether the chat is open goes by its hours alone here, so customers notice nothing. When you are here again, write `!back`.
            Welcome back! The chat counts on you for the next 12 hours, or until you write `!away`.
            Welcome back! The chat counts on you while you are shown as active, until you write `!away`.
            Welcome back! Whether the chat is open goes by its hours alone here, so customers notice nothing.
            Nobody answered this chat in time, and you had it. You are taken to be away; when you are here, write `!back`.
            Nobody was asked: the operator of this Threadline has named nobody who could be ([[tier]] in the configuration).
            Everybody was told already, up to the top. To ask somebody again, name them, as in `!raise leads why`.
            Nobody was asked: nobody is named who belongs to leads. To ask others, name them, as in `!raise leads why`.
            Nothing was done: no customer waits for an answer here, so nobody would be told anyway.
            What you can do in this thread. The customer sees none of it:
            • `!claim` Take this conversation.
            • `!release` Let it go, so that somebody else can take it.
            • `!assign @Grace` Give it to somebody, or take it over with “me”.
            • `!note she is in a hurry` Tell the team; the customer never sees it.
            • `!topic billing` Say what it is about.
            • `!r name` Look at a saved reply, then send it; alone, the list of them.
            • `!resolve silently` Say that it is done; “silently” asks the customer for no rating.
            • `!reopen` Say that it is not done after all.
            • `!retry 7` Try again what could not be delivered: all of it, or message 7.
            • `!ticket high 4 hours` Promise the customer an answer later, by the usual time or another.
            • `!snooze 2 hours waits for a part` Put it off, for a reason: nobody is reminded before.
            • `!raise leads why` Ask for help: of the next tier, or of one that you name.
            • `!ack 1 hour` Say that you take care of it, for 30 minutes or as long as you say: nobody else is told before.
            • `!away` Say that you are not there: the chat does not count on you.
            • `!back` Say that you are there again.
            • `!help` This list, for you only.
            A message that begins with `//` is a note, too.
        "#]].assert_eq(&all.iter().map(|it| shown(&notice(it, &names)) + "\n").collect::<String>());
    }

    #[test]
    fn nobody_is_sent_to_a_verb_that_is_switched_off() {
        let mut names = Names::default();
        names.choose(Name::Assign, Chosen::Off);
        names.choose(Name::Reopen, Chosen::Off);
        let holder = || "Grace".to_string();
        let all = [
            Notice::ClaimedByOtherNotSent { holder: holder() },
            Notice::OtherWasFirst { holder: holder() },
            Notice::ResolvedAlready { by: holder() },
        ];
        expect![[r#"
            Nothing was sent to the customer: Grace has this conversation.
            Grace was first and has this conversation. Thank you for being there!
            Grace resolved this conversation already.
        "#]]
        .assert_eq(&all.iter().map(|it| shown(&notice(it, &names)) + "\n").collect::<String>());
    }

    #[test]
    fn how_it_stands_on_the_card() {
        let by = crate::desk::Agent { id: crate::ids::AgentId("u".into()), name: "Grace".into(), picture: None };
        let at = Moment(7);
        let all = [
            Standing::Fresh,
            Standing::AwaitingAgent { since: at },
            Standing::Answered { since: at },
            Standing::Resolved { at, by: by.clone(), rating: Rating::NotAsked },
            Standing::Resolved { at, by: by.clone(), rating: Rating::Wanted },
            Standing::Resolved { at, by: by.clone(), rating: Rating::Given(score(4)) },
            Standing::Closed { at, by, rating: Rating::NotAsked },
        ];
        let line = |it: &Standing| {
            let (words, at) = standing(it);
            format!("{words}{}\n", at.map_or(String::new(), |(before, _)| format!(" {before} [time]")))
        };
        expect![[r#"
            Nothing was written yet
            Waiting for an answer since [time]
            Answered
            Resolved by Grace on [time]
            Resolved by Grace on [time]
            Resolved by Grace ★★★★☆ on [time]
            Closed, resolved by Grace since [time]
            Grace has it
        "#]]
        .assert_eq(&(all.iter().map(line).collect::<String>() + &holder("Grace") + "\n"));
    }
}
