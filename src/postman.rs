//! Sends the letters that wait: composes each from the conversation as it stands when it is sent, hands it
//! to the mail server, and reports what became of it as an event. One process at a time does so. A letter
//! stays in its table until the server has it or never will; when it is not known whether the server has
//! it, it is sent again, and has the same id, so that mail programs show it once.

use crate::config;
use crate::email::invitation::{Invitation, Method, Person};
use crate::email::letter::{Enclosed, FILES_BYTES_MAX, Kind as Says, Letter, Missing, Said, Unwritable, Writer};
use crate::email::session::{SessionSays, What};
use crate::email::smtp::{Outcome, Smtp};
use crate::lifecycle::Lifecycle;
use crate::service::{Answer, Refusal, Service};
use crate::store::letters::LetterRow;
use futures_util::StreamExt;
use governor::{DefaultKeyedRateLimiter, Quota};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;
use threadline_core::calendar::Zone;
use threadline_core::context::missing;
use threadline_core::conversation::{Conversation, Event};
use threadline_core::file::Attachment;
use threadline_core::ids::{MessageId, Moment};
use threadline_core::message::{About, Delivery, Kind, Message, SessionLetter, Stage};
use threadline_core::session::{self, Plan, Session};
use tokio_util::sync::CancellationToken;

/// Letters that are taken from the table at once.
const LETTERS_MAX: i64 = 64;
/// Letters that are under way at once: as many connections as there are to the mail server.
const UNDER_WAY_MAX: usize = 4;
/// How often the table is looked at when nobody rang: another process may have stored a letter.
const LOOK_EVERY_MILLIS: i64 = 5_000;
/// The first wait before a letter that did not go is tried again; it doubles up to the second.
const RETRY_MILLIS: (i64, i64) = (15_000, 30 * 60_000);
/// How long a letter waits for files of it that are still being fetched from the desk.
const FILES_WAIT_MILLIS: i64 = 10 * 60_000;
/// The wait before a report that the database refused is tried again.
const REPORT_RETRY: Duration = Duration::from_secs(1);
/// Letters of its own accord to one address within an hour, so that nobody is buried in letters by
/// whoever gives his address at the chat.
const AUTOMATIC_PER_HOUR: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// Addresses that are remembered for that, before those that have been quiet are forgotten.
const ADDRESSES_KEPT: usize = 10_000;

/// Who sends letters, and as whom.
#[derive(Debug)]
pub struct Postman {
    service: Service,
    writer: Writer,
    smtp: Smtp,
    /// What each topic is called and asks for, by its id.
    topics: HashMap<String, config::Topic>,
    /// Where browsers reach us.
    public_url: Option<String>,
    automatic: DefaultKeyedRateLimiter<String>,
    /// As whom sessions are invited to: the address, and the name beside it.
    organizer: Person,
}

/// What is to be done with a letter.
enum Composed {
    /// To be sent: it, and the last change that it tells of.
    Ready(Box<Letter>, i64),
    /// Files of it are still under way.
    NotYet,
    /// It has nothing to say, or was dealt with.
    Empty,
}

impl Postman {
    /// For this configuration.
    ///
    /// # Errors
    ///
    /// When a certificate of the operator's is no use.
    pub fn new(service: Service, email: &config::Email, config: &config::Config) -> anyhow::Result<Postman> {
        let topics = config.topics.iter().map(|topic| (topic.id.clone(), topic.clone())).collect();
        let automatic = DefaultKeyedRateLimiter::keyed(Quota::per_hour(AUTOMATIC_PER_HOUR));
        let public_url = config.server.public_url.clone();
        let organizer = Person { name: email.name.clone(), email: email.address.clone() };
        let (writer, smtp) = (Writer::new(email), Smtp::new(email)?);
        Ok(Postman { service, writer, smtp, topics, public_url, automatic, organizer })
    }

    /// Sends letters until the process stops, whenever this process is the one that may.
    pub async fn run(self, life: Lifecycle) -> anyhow::Result<()> {
        let shared = self.service.shared().clone();
        while !life.is_stopping() {
            let mut lead = tokio::select! {
                lead = shared.store.lead("letters") => lead,
                () = life.stopping() => break,
            };
            let over = life.token().child_token();
            let mut sending = std::pin::pin!(self.send_until(&over));
            tokio::select! {
                () = sending.as_mut() => {}
                () = lead.lost() => {
                    tracing::warn!("another process may send the letters from now on");
                    over.cancel();
                    // A letter that is being handed over is, and its outcome is stored.
                    sending.await;
                }
            }
        }
        Ok(())
    }

    async fn send_until(&self, over: &CancellationToken) {
        let shared = self.service.shared();
        while !over.is_cancelled() {
            let wake = match self.send_due(over).await {
                Ok(wake) => wake,
                Err(error) => {
                    tracing::error!(%error, "the letters that wait could not be read; trying again");
                    shared.clock.now().plus_millis(LOOK_EVERY_MILLIS)
                }
            };
            tokio::select! {
                () = over.cancelled() => return,
                () = shared.letters.notified() => {}
                () = shared.clock.sleep_until(wake) => {}
            }
        }
    }

    /// Sends what is due; when to look again.
    async fn send_due(&self, over: &CancellationToken) -> anyhow::Result<Moment> {
        let shared = self.service.shared();
        let now = shared.clock.now();
        let due = shared.store.letters_due(now, LETTERS_MAX).await?;
        shared.broken.found(&shared.metrics, "letters", &due.broken);
        // Behind each may be another one of its conversation, and there may be more than these.
        let more = !due.legible.is_empty();
        futures_util::stream::iter(due.legible)
            .take_while(|_| std::future::ready(!over.is_cancelled()))
            .for_each_concurrent(UNDER_WAY_MAX, |row| self.send(row))
            .await;
        if self.automatic.len() > ADDRESSES_KEPT {
            self.automatic.retain_recent();
        }
        if more {
            return Ok(now);
        }
        let look = now.plus_millis(LOOK_EVERY_MILLIS);
        Ok(shared.store.next_letter(now).await?.map_or(look, |next| next.min(look)))
    }

    async fn send(&self, row: LetterRow) {
        let LetterRow { conversation, seq, tries } = row;
        let event = match self.compose(row).await {
            Ok(Composed::Ready(letter, upto)) => match self.writer.compose(&letter) {
                Ok(sealed) => match self.smtp.send(&sealed).await {
                    Outcome::Sent => Event::LetterSent { seq, upto },
                    Outcome::Never { why } => Event::LetterRefused { seq, why },
                    Outcome::Later { why } => {
                        tracing::warn!(conversation.id = %conversation, letter.seq = seq, letter.tries = tries, why, "a letter was not sent; trying again");
                        return self.again(row, backed_off(tries)).await;
                    }
                },
                Err(Unwritable::NoAddress) => Event::LetterRefused { seq, why: "that is no email address".to_owned() },
                Err(error @ Unwritable::Broken(_)) => {
                    tracing::error!(conversation.id = %conversation, letter.seq = seq, %error, "a letter cannot be written");
                    Event::LetterRefused { seq, why: "it could not be written; the log says why".to_owned() }
                }
            },
            Ok(Composed::NotYet) => return self.again(row, RETRY_MILLIS.0).await,
            Ok(Composed::Empty) => Event::LetterEmpty { seq },
            Err(error) => {
                tracing::error!(conversation.id = %conversation, letter.seq = seq, error = format!("{error:#}"), "a letter could not be put together; trying again");
                return self.again(row, backed_off(tries)).await;
            }
        };
        self.count(&event);
        self.report(row, event).await;
    }

    /// What the letter says now.
    async fn compose(&self, row: LetterRow) -> anyhow::Result<Composed> {
        let shared = self.service.shared();
        let store = &shared.store;
        let Some(head) = store.head(row.conversation).await? else { return Ok(Composed::Empty) };
        let messages = store.all_messages(row.conversation).await?;
        let context = store.context(row.conversation).await?;
        let own = messages.iter().find(|message| message.seq == row.seq);
        let Some((own, Kind::Letter { to, about, delivery: Delivery::Waiting })) = own.map(|own| (own, &own.kind))
        else {
            return Ok(Composed::Empty);
        };
        let now = shared.clock.now();
        let (says, upto) = match *about {
            About::Ticket if self.automatic.check_key(to).is_err() => {
                tracing::warn!(conversation.id = %head.id, "the customer is not told by email of the ticket: too many such letters to one address");
                return Ok(Composed::Empty);
            }
            About::Ticket => {
                let fields = self.topics.get(&head.topic).map_or(&[][..], |topic| &topic.fields);
                let missing = missing(fields, &context).into_iter();
                let missing = missing.map(|field| Missing { label: field.label.clone(), help: field.help.clone() });
                (Says::TicketReceived { answer_by: head.answer_due(), missing: missing.collect() }, 0)
            }
            About::Session { id, revision, says } => {
                let session = store.session(id).await?.filter(|session| still_says(session, revision, says, now));
                let plan = shared.rules(&head.desk).sessions.clone();
                let Some((session, plan)) = session.zip(plan) else { return Ok(Composed::Empty) };
                (Says::Session(Box::new(self.session(&head, &session, &plan, says, now))), 0)
            }
            About::Answers { above, upto } => {
                let answers = answers(&messages, above, upto);
                if answers.iter().any(|answer| waits_for_files(answer, now)) {
                    return Ok(Composed::NotYet);
                }
                if answers.is_empty() {
                    return Ok(Composed::Empty);
                }
                let mut said = Vec::with_capacity(answers.len());
                for answer in answers {
                    said.extend(self.said(answer).await?);
                }
                (Says::Answer { messages: said }, upto)
            }
        };
        let before = self.letters_before(&head, &messages);
        let letter = Letter {
            to: to.clone(),
            to_name: head.customer.name.clone(),
            number: head.number,
            subject: own_subject(&messages).or_else(|| self.topics.get(&head.topic).map(|topic| topic.label.clone())),
            kind: says,
            language: context.language,
            zone: context.zone.unwrap_or_else(|| self.zone_of(&head)),
            message_id: self.message_id(&head, own.id),
            in_reply_to: before.last().cloned(),
            references: before,
            page: self.page(head.number),
            at: now,
        };
        Ok(Composed::Ready(Box::new(letter), upto))
    }

    /// What a letter says of a session now.
    fn session(
        &self,
        head: &Conversation,
        session: &Session,
        plan: &Plan,
        says: SessionLetter,
        now: Moment,
    ) -> SessionSays {
        let what = match says {
            SessionLetter::Invited if session.revision == 0 => What::Booked,
            SessionLetter::Invited => What::Moved,
            SessionLetter::Cancelled => What::Cancelled,
            SessionLetter::Soon => What::Soon,
        };
        let (with, join) = (plan.shown(&session.engineer), plan.join_link(session));
        let page = self.session_page(head.number);
        let topic = self.topics.get(&head.topic).map_or("", |topic| topic.label.as_str());
        let method = match what {
            What::Booked | What::Moved => Some(Method::Request),
            What::Cancelled => Some(Method::Cancel),
            What::Soon => None,
        };
        let text = [plan.prepare.as_deref(), page.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
        let address = &self.organizer.email;
        let invitation = method.map(|method| Invitation {
            session: session.id,
            domain: address.rsplit('@').next().unwrap_or_default().to_owned(),
            method,
            revision: session.revision,
            span: session.span,
            title: format!("{topic}: {with} (#{})", head.number),
            text,
            link: join.clone(),
            organizer: self.organizer.clone(),
            attendee: Person {
                name: head.customer.name.clone(),
                email: head.customer.email.clone().unwrap_or_default(),
            },
            alarm_millis: plan.terms.reminders_millis.iter().copied().min(),
            at: now,
        });
        SessionSays {
            what,
            with,
            opens: session.span.opens,
            changeable_until: session.changeable_until(&plan.terms),
            join,
            prepare: plan.prepare.clone(),
            page,
            invitation,
        }
    }

    /// Where the customer chooses a time, moves it and cancels it, if browsers can reach us.
    fn session_page(&self, number: i64) -> Option<String> {
        Some(format!("{}/session#{}", self.public_url.as_ref()?, self.writer.signer().page(number)))
    }

    /// The team's own, where the customer's is not known.
    fn zone_of(&self, head: &Conversation) -> Zone {
        let rules = self.service.shared().rules(&head.desk);
        rules.timetable.on_its_clock(&head.topic, head.created_at).zone
    }

    /// The ids of the conversation's letters before this one, oldest first: ours that went, and his.
    fn letters_before(&self, head: &Conversation, messages: &[Message]) -> Vec<String> {
        let id = |message: &Message| {
            let is_ours = matches!(message.kind, Kind::Letter { delivery: Delivery::Sent { .. }, .. });
            is_ours.then(|| self.message_id(head, message.id)).or_else(|| message.mail.as_ref()?.id.clone())
        };
        messages.iter().filter_map(id).collect()
    }

    /// Where the customer finds the whole conversation, if browsers can reach us.
    fn page(&self, number: i64) -> Option<String> {
        Some(format!("{}/ticket#{}", self.public_url.as_ref()?, self.writer.signer().page(number)))
    }

    fn message_id(&self, head: &Conversation, letter: MessageId) -> String {
        self.writer.signer().message_id(head.number, nonce(letter))
    }

    /// An agent's answer with its files, as far as they are here.
    async fn said(&self, answer: &Message) -> anyhow::Result<Option<Said>> {
        let Some((by, _)) = answer.from_agent() else { return Ok(None) };
        let mut files = Vec::new();
        for file in answer.files.iter().filter(|file| !file.is_hidden()).filter_map(Attachment::stored) {
            // What cannot go along is not read either: it may be a recording of an hour.
            let bytes = if file.bytes <= FILES_BYTES_MAX as u64 {
                let Some(bytes) = self.service.shared().files.whole(&file.hash).await? else {
                    tracing::error!(file.id = %file.id, "the bytes of a file are lost; the letter goes without it");
                    continue;
                };
                Some(bytes.to_vec())
            } else {
                None
            };
            files.push(Enclosed { name: file.name.clone(), media_type: file.media_type.to_string(), bytes });
        }
        Ok(Some(Said { from: by.name.clone(), at: answer.at, body: answer.body.clone(), files }))
    }

    async fn again(&self, row: LetterRow, after_millis: i64) {
        let shared = self.service.shared();
        let due = shared.clock.now().plus_millis(after_millis);
        if let Err(error) = shared.store.write(move |tx| Box::pin(tx.letter_again(row, due))).await {
            tracing::error!(%error, "it was not stored that a letter waits");
        }
    }

    /// Tells what became of a letter, until that is stored.
    async fn report(&self, row: LetterRow, event: Event) {
        loop {
            let reported: Result<Answer, Refusal> =
                self.service.report(row.conversation, Some(event.clone()), Vec::new()).await;
            match reported {
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(conversation.id = %row.conversation, %error, "what became of a letter was not stored; trying again");
                    tokio::time::sleep(REPORT_RETRY).await;
                }
            }
        }
    }

    fn count(&self, event: &Event) {
        let letters = &self.service.shared().metrics.letters;
        if matches!(event, Event::LetterSent { .. }) {
            letters.sent.inc();
        }
        if matches!(event, Event::LetterRefused { .. }) {
            letters.refused.inc();
        }
    }
}

/// The answers that were first shown with these changes and still are, in the order in which they are read.
fn answers(messages: &[Message], above: i64, upto: i64) -> Vec<&Message> {
    let is_one = |message: &&Message| matches!(message.from_agent(), Some((_, Stage::Shown { first_rev, .. })) if first_rev > above && first_rev <= upto);
    let mut answers: Vec<&Message> = messages.iter().filter(is_one).collect();
    answers.sort_by_key(|message| message.place);
    answers
}

/// False for what was changed since: that has a letter of its own.
fn still_says(session: &Session, revision: u32, says: SessionLetter, now: Moment) -> bool {
    let is_so = match says {
        SessionLetter::Invited => session.is_booked(),
        SessionLetter::Cancelled => matches!(session.stage, session::Stage::Cancelled { .. }),
        SessionLetter::Soon => session.is_booked() && now < session.span.opens,
    };
    is_so && session.revision == revision
}

/// What the customer called it, where it began with a letter.
fn own_subject(messages: &[Message]) -> Option<String> {
    let first = messages.iter().find(|message| matches!(message.kind, Kind::FromCustomer(_)))?;
    first.mail.as_ref()?.subject.clone()
}

fn waits_for_files(answer: &Message, now: Moment) -> bool {
    let awaited = answer.files.iter().any(|file| matches!(file, Attachment::Awaited(_)));
    awaited && now.millis_since(answer.at) < FILES_WAIT_MILLIS
}

/// What tells letters of a conversation apart: the part of a letter's own id that is random.
pub fn nonce(letter: MessageId) -> [u8; 10] {
    let mut nonce = [0; 10];
    nonce.copy_from_slice(&letter.0.to_be_bytes()[6..]);
    nonce
}

fn backed_off(tries: u32) -> i64 {
    RETRY_MILLIS.0.saturating_mul(1 << tries.min(20)).min(RETRY_MILLIS.1)
}
