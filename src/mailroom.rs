//! Takes in the letters that come: each is kept as it came before it is marked as seen, then read, and what it
//! says is applied as an event, in one transaction with the mark that it was read. One process at a time
//! does so. A letter that cannot be dealt with is kept, named in the log and tried again; it keeps no other
//! one waiting.

use crate::config;
use crate::email::address::Signer;
use crate::email::imap::{Arrival, Keep, Mark, fetch_letters};
use crate::email::letter::Writer;
use crate::email::reading::{Attached, Bounce, Incoming, Kind, LETTER_BYTES_MAX, read};
use crate::files::NotTaken;
use crate::lifecycle::Lifecycle;
use crate::postman::nonce;
use crate::service::{Opening, Service};
use crate::store::files::FileRow;
use crate::store::frames::MAIL;
use anyhow::Context as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;
use std::sync::Arc;
use threadline_core::body::Body;
use threadline_core::context::Context;
use threadline_core::conversation::{Conversation, Event};
use threadline_core::customer::{Customer, Identity};
use threadline_core::desk::Frame;
use threadline_core::file::{FileTrouble, StoredFile};
use threadline_core::ids::{ConversationId, DeskName, FileId, Moment};
use threadline_core::message::Kind as Said;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Letters that are looked at in one go, by their keys: more than ever wait, so that those that cannot be dealt
/// with stand in nobody's way.
const LETTERS_MAX: i64 = 10_000;
/// How often it is looked for letters when nobody rang: those that had to wait.
const LOOK_EVERY_MILLIS: i64 = 5_000;
/// The first wait before a letter that could not be dealt with is tried again; it doubles up to the second.
const RETRY_MILLIS: (i64, i64) = (5_000, 30 * 60_000);
/// Letters of one sender that are taken in within an hour; the others wait. A person writes fewer, and two
/// programs that answer one another without saying that they are programs do so no faster than this.
const PER_SENDER_AND_HOUR: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Conversations that letters begin within an hour: more is a flood, and waits.
const NEW_PER_HOUR: NonZeroU32 = NonZeroU32::new(500).unwrap();
/// Senders that are remembered for that, before those that have been quiet are forgotten.
const SENDERS_KEPT: usize = 10_000;
/// What stands before a letter of which only the head is kept.
const ONLY_HEAD: &str = "head/";
/// What an empty letter says.
const EMPTY: &str = "(an empty letter)";

/// Who takes letters in, and where those go that belong to no conversation yet.
#[derive(Debug)]
pub struct Mailroom {
    service: Service,
    email: config::Email,
    signer: Signer,
    topic: String,
    desk: DeskName,
    senders: DefaultKeyedRateLimiter<String>,
    new: DefaultDirectRateLimiter,
    arrived: Arc<Notify>,
}

/// What comes of a letter, if anything does.
type Says = Option<(ConversationId, Event)>;

/// The letter's sender has written so many lately that it waits.
struct Waits;

/// A letter that waits to be tried again.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    due: Moment,
    tries: u32,
}

impl Mailroom {
    /// For this configuration; letters that belong to no conversation yet open one with this topic.
    pub fn new(service: Service, email: &config::Email, topic: &config::Topic) -> Mailroom {
        Mailroom {
            service,
            email: email.clone(),
            signer: Writer::new(email).signer().clone(),
            topic: topic.id.clone(),
            desk: topic.desk.clone(),
            senders: DefaultKeyedRateLimiter::keyed(Quota::per_hour(PER_SENDER_AND_HOUR)),
            new: RateLimiter::direct(Quota::per_hour(NEW_PER_HOUR)),
            arrived: Arc::default(),
        }
    }

    /// Takes letters in until the process stops, whenever this process is the one that may.
    pub async fn run(self, life: Lifecycle) -> anyhow::Result<()> {
        let shared = self.service.shared().clone();
        while !life.is_stopping() {
            let mut lead = tokio::select! {
                lead = shared.store.lead("mailbox") => lead,
                () = life.stopping() => break,
            };
            let over = life.token().child_token();
            let both =
                async { tokio::join!(fetch_letters(&self.email, self.keep(), over.clone()), self.read_until(&over)) };
            let mut both = std::pin::pin!(both);
            let (fetched, ()) = tokio::select! {
                done = both.as_mut() => done,
                () = lead.lost() => {
                    tracing::warn!("another process may fetch the letters from now on");
                    over.cancel();
                    both.await
                }
            };
            fetched?;
        }
        Ok(())
    }

    /// Keeps a letter as it came.
    fn keep(&self) -> Keep {
        let (service, arrived) = (self.service.clone(), self.arrived.clone());
        let imap = &self.email.imap;
        let user = imap.server.login.as_ref().map_or("", |login| &login.user);
        let mailbox = format!("{user}@{}:{}/{}", imap.server.host, imap.server.port, imap.name);
        Arc::new(move |Mark { uid_validity, uid }, arrival| {
            let (service, arrived) = (service.clone(), arrived.clone());
            let key = format!("{mailbox}/{uid_validity}/{uid}");
            Box::pin(async move {
                let raw = match arrival {
                    Arrival::Letter { raw } => BASE64.encode(raw),
                    Arrival::TooLarge { head, bytes } => format!("{ONLY_HEAD}{bytes}/{}", BASE64.encode(head)),
                };
                service.keep_letter(Frame { key, raw: raw.into() }).await?;
                arrived.notify_one();
                Ok(())
            })
        })
    }

    /// Reads what was kept.
    async fn read_until(&self, over: &CancellationToken) {
        let shared = self.service.shared();
        let mut waiting: HashMap<String, Waiting> = HashMap::new();
        while !over.is_cancelled() {
            if let Err(error) = self.read_all(over, &mut waiting).await {
                tracing::error!(error = %format!("{error:#}"), "the letters that came could not be looked at; trying again");
            }
            let wake = shared.clock.now().plus_millis(LOOK_EVERY_MILLIS);
            tokio::select! {
                () = over.cancelled() => return,
                () = self.arrived.notified() => {}
                () = shared.clock.sleep_until(wake) => {}
            }
        }
    }

    async fn read_all(&self, over: &CancellationToken, waiting: &mut HashMap<String, Waiting>) -> anyhow::Result<()> {
        let shared = self.service.shared();
        let keys = shared.store.unread_keys(MAIL, LETTERS_MAX).await?;
        if !waiting.is_empty() {
            let there: HashSet<&String> = keys.iter().collect();
            waiting.retain(|key, _| there.contains(key));
        }
        if self.senders.len() > SENDERS_KEPT {
            self.senders.retain_recent();
        }
        for key in keys {
            let now = shared.clock.now();
            if over.is_cancelled() || waiting.get(&key).is_some_and(|waiting| waiting.due > now) {
                continue;
            }
            let tries = waiting.get(&key).map_or(0, |waiting| waiting.tries);
            let done = async {
                match self.deal_with(&key).await? {
                    Ok(event) => self.service.letter_said(key.clone(), event).await.map(|()| true).map_err(Into::into),
                    Err(Waits) => anyhow::Ok(false),
                }
            };
            match done.await {
                Ok(true) => drop(waiting.remove(&key)),
                Ok(false) => {
                    tracing::warn!(
                        letter = mark_of(&key),
                        "a letter waits, because very many came lately, of its sender or in all"
                    );
                    waiting.insert(key, Waiting { due: now.plus_millis(RETRY_MILLIS.1), tries });
                }
                Err(error) => {
                    let after = RETRY_MILLIS.0.saturating_mul(1 << tries.min(20)).min(RETRY_MILLIS.1);
                    tracing::error!(letter = mark_of(&key), letter.tries = tries, error = %format!("{error:#}"), "a letter could not be dealt with; it is kept, and tried again");
                    shared.metrics.letters_in.failed.inc();
                    waiting.insert(key, Waiting { due: now.plus_millis(after), tries: tries + 1 });
                }
            }
        }
        Ok(())
    }

    /// What a letter that was kept is, and what comes of it.
    async fn deal_with(&self, key: &str) -> anyhow::Result<Result<Says, Waits>> {
        let metrics = &self.service.shared().metrics.letters_in;
        let kept = self.service.shared().store.frame(MAIL, key).await?.context("it is gone")?;
        if let Some((bytes, head)) = kept.strip_prefix(ONLY_HEAD).and_then(|rest| rest.split_once('/')) {
            metrics.too_large.inc();
            tracing::error!(
                letter = mark_of(key),
                letter.bytes = bytes,
                "a letter is too large to be read; it stays unseen in the mailbox, flagged"
            );
            return self.too_large(bytes, &BASE64.decode(head)?).await;
        }
        let raw = BASE64.decode(kept)?;
        // Reading a large letter takes as long as many small ones do; the others of this process go on.
        let signer = self.signer.clone();
        let (raw, read) = tokio::task::spawn_blocking(move || {
            let read = read(&raw, &signer);
            (raw, read)
        })
        .await?;
        let incoming = match read {
            Ok(incoming) => incoming,
            Err(why) => {
                metrics.unreadable.inc();
                tracing::error!(letter = mark_of(key), %why, "a letter cannot be read; it is kept");
                return Ok(Ok(None));
            }
        };
        let head = match incoming.conversation {
            Some(belongs) => self.service.shared().store.conversation_by_number(belongs.number).await?,
            None => None,
        };
        match (&incoming.kind, head) {
            (Kind::Bounce(bounce), head) => {
                metrics.bounced.inc();
                Ok(Ok(self.bounced(bounce, head).await?))
            }
            (Kind::AutoReply { why }, Some(head)) => {
                metrics.automatic.inc();
                Ok(Ok(Some(automatic(&head, &incoming, &raw, format!("{why}, which is not answered")))))
            }
            (Kind::List, Some(head)) => {
                metrics.automatic.inc();
                let what = "from a mailing list, which is not answered".to_owned();
                Ok(Ok(Some(automatic(&head, &incoming, &raw, what))))
            }
            (Kind::AutoReply { .. } | Kind::List, None) => {
                metrics.automatic.inc();
                tracing::info!(
                    letter = mark_of(key),
                    "a letter that a program sent by itself belongs to no conversation; it is kept"
                );
                Ok(Ok(None))
            }
            (Kind::Person, head) => self.written(incoming, &raw, head).await,
        }
    }

    /// What a person wrote, in his conversation or in a new one.
    async fn written(
        &self,
        incoming: Incoming,
        raw: &[u8],
        head: Option<Conversation>,
    ) -> anyhow::Result<Result<Says, Waits>> {
        let metrics = &self.service.shared().metrics.letters_in;
        let Some(from) = incoming.from.clone() else {
            metrics.unreadable.inc();
            tracing::warn!("a letter does not say whom it is from; it is kept");
            return Ok(Ok(None));
        };
        if self.senders.check_key(&from.address.to_lowercase()).is_err() {
            return Ok(Err(Waits));
        }
        if head.is_none() && self.new.check().is_err() {
            return Ok(Err(Waits));
        }
        let name = name_of(&incoming, raw);
        let id = match &head {
            Some(head) => head.id,
            None => {
                let id = ConversationId(u128::from_be_bytes(name));
                let customer = Customer {
                    name: from.name.clone(),
                    email: Some(from.address.clone()),
                    identity: Identity::Unproven,
                };
                let (topic, desk, context) = (self.topic.clone(), self.desk.clone(), Context::default());
                self.service.open_by_mail(id, Opening { customer, topic, context, desk }).await?;
                id
            }
        };
        // An answer has the subject of our letter, with our mark in it.
        let is_answer = head.as_ref().is_some_and(|head| incoming.subject.contains(&format!("[#{}]", head.number)));
        let subject = Some(incoming.subject.clone()).filter(|subject| !is_answer && !subject.is_empty());
        let (mut files, mut not_taken) = (Vec::new(), Vec::new());
        for (at, attached) in incoming.attachments.into_iter().enumerate() {
            let name_of_file = attached.name.clone();
            match self.take_file(id, format!("mail/{id}/{:032x}/{at}", u128::from_be_bytes(name)), attached).await? {
                Ok(file) => files.push(file),
                Err(why) => not_taken.push((name_of_file, why)),
            }
        }
        let said = if incoming.said.trim().is_empty() && files.is_empty() { EMPTY } else { incoming.said.trim() };
        metrics.taken.inc();
        let event = Event::CustomerMailed {
            key: key_in(id, name),
            body: Body::plain(said),
            files,
            not_taken,
            from: from.address,
            subject,
            id: incoming.message_id,
        };
        Ok(Ok(Some((id, event))))
    }

    async fn take_file(
        &self,
        conversation: ConversationId,
        key: String,
        attached: Attached,
    ) -> anyhow::Result<Result<StoredFile, FileTrouble>> {
        let shared = self.service.shared();
        if let Some(row) = shared.store.file_by_key(&key).await? {
            return Ok(Ok(row.file));
        }
        let taken = async {
            let arriving = shared.files.begin().await?.push(Bytes::from(attached.bytes)).await?;
            arriving.finish(FileId(shared.ids.fresh()), &attached.name).await
        };
        match taken.await {
            Ok(file) => {
                let row = FileRow { file, conversation, key, owner: None, at: shared.clock.now() };
                Ok(Ok(self.service.store_file(row).await?.file))
            }
            Err(NotTaken::Refused(why)) => Ok(Err(why)),
            Err(NotTaken::Disk(error)) => Err(error).context("a file of it cannot be kept"),
        }
    }

    /// The letter of ours that came back, if that is for good.
    async fn bounced(&self, bounce: &Bounce, head: Option<Conversation>) -> anyhow::Result<Says> {
        let Some(head) = head.filter(|_| bounce.is_permanent) else { return Ok(None) };
        let messages = self.service.shared().store.all_messages(head.id).await?;
        let ours = || messages.iter().filter(|message| matches!(message.kind, Said::Letter { .. }));
        let by_id = bounce.letter.as_deref().map(|id| id.trim_matches(['<', '>']).to_ascii_lowercase());
        let is_it = |number: i64, id| by_id.as_ref() == Some(&self.signer.message_id(number, nonce(id)));
        let found = ours().find(|message| is_it(head.number, message.id));
        // A server that does not say which letter it was sends it back to the signed address all the same.
        let letter = found.or_else(|| ours().filter(|_| by_id.is_none()).max_by_key(|message| message.seq));
        Ok(letter.map(|letter| (head.id, Event::LetterBounced { seq: letter.seq, why: bounce.why.clone() })))
    }

    async fn too_large(&self, bytes: &str, head: &[u8]) -> anyhow::Result<Result<Says, Waits>> {
        let Ok(incoming) = read(head, &self.signer) else { return Ok(Ok(None)) };
        let Some(belongs) = incoming.conversation else { return Ok(Ok(None)) };
        let Some(conversation) = self.service.shared().store.conversation_by_number(belongs.number).await? else {
            return Ok(Ok(None));
        };
        let megabytes = |bytes: u64| bytes / (1024 * 1024);
        let what = format!(
            "too large to be read, {} MB where {} are taken; it is in the mailbox, unread and flagged",
            megabytes(bytes.parse().unwrap_or_default()),
            megabytes(LETTER_BYTES_MAX as u64)
        );
        Ok(Ok(Some(automatic(&conversation, &incoming, head, what))))
    }
}

fn automatic(head: &Conversation, incoming: &Incoming, raw: &[u8], what: String) -> (ConversationId, Event) {
    let key = key_in(head.id, name_of(incoming, raw));
    (head.id, Event::AutomaticLetter { key, subject: incoming.subject.clone(), what })
}

/// Which letter of its mailbox, for the log: the key has an address in it.
fn mark_of(key: &str) -> &str {
    key.rmatch_indices('/').nth(1).map_or(key, |(at, _)| &key[at + 1..])
}

/// What makes it the same letter, however often it comes and in whichever mailbox: its id and its sender, or
/// all of it.
fn name_of(incoming: &Incoming, raw: &[u8]) -> [u8; 16] {
    let from = incoming.from.as_ref().map_or("", |from| &from.address).to_lowercase();
    let hash = match &incoming.message_id {
        Some(id) => Sha256::digest(format!("{from}\n{id}")),
        None => Sha256::digest(raw),
    };
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    name
}

fn key_in(conversation: ConversationId, name: [u8; 16]) -> String {
    format!("mail/{conversation}/{:032x}", u128::from_be_bytes(name))
}
