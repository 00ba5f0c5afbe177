//! Files on their way between here and a desk: a customer's bytes go to the desk before it is their
//! turn in the thread, so that nothing waits for them longer than it must, and an agent's come from
//! there. They keep no order among themselves; when a file is shown is the lane's business.

use super::platform::Fetched;
use super::{Desk, report, report_done};
use crate::files::NotTaken;
use crate::service::Service;
use crate::store::orders::{OrderKey, OrderRow};
use std::collections::{HashSet, VecDeque};
use threadline_core::conversation::Event;
use threadline_core::desk::{NotFetched, Piece, Stop, Trouble};
use threadline_core::file::{Attachment, DeskFile, DeskFileKey, FileTrouble, StoredFile};
use threadline_core::ids::{ConversationId, FileId, MessageId, Moment};

/// Files under way at once: each takes its share of the line, and more would only be slower each.
const UNDER_WAY_MAX: usize = 4;
/// How often an agent's file is tried before its agent is told: some minutes.
const TRIES_MAX: u32 = 10;
/// The first wait after a failure; it doubles up to the second.
const RETRY_MILLIS: (i64, i64) = (500, 60_000);
/// The wait while nothing works at the platform; these tries are not counted.
const STOPPED_RETRY_MILLIS: i64 = 15_000;
/// What the operator reads when it does not work.
const PART: &str = "files";

/// Files that wait to be carried.
#[derive(Debug, Default)]
pub(super) struct Carrier {
    waiting: VecDeque<Waiting>,
    known: HashSet<Name>,
    under_way: usize,
}

/// A file, or those of a reply, and what became of it so far.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub job: Job,
    tries: u32,
    not_before: Moment,
}

/// What is to be carried.
#[derive(Clone, Debug)]
pub(super) enum Job {
    /// A customer's file to the desk.
    Upload { conversation: ConversationId, piece: Piece, file: StoredFile },
    /// The files of a reply from the desk.
    Fetch(OrderRow),
}

/// What makes it the same job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Name {
    Piece(Piece),
    Order(OrderKey),
}

/// What became of one.
pub(super) enum Carried {
    /// The desk has the bytes.
    Uploaded { conversation: ConversationId, piece: Piece, key: DeskFileKey },
    /// The desk will never take them.
    Refused { conversation: ConversationId, piece: Piece },
    /// The files of a reply are here, or never will be.
    Fetched(Name),
    /// Once more.
    Again { waiting: Waiting, after_millis: i64 },
}

impl Job {
    fn name(&self) -> Name {
        match self {
            Job::Upload { piece, .. } => Name::Piece(*piece),
            Job::Fetch(order) => Name::Order((order.conversation, order.task.kind(), order.seq)),
        }
    }
}

impl Carrier {
    pub(super) fn push(&mut self, job: Job) {
        if self.known.insert(job.name()) {
            self.waiting.push_back(Waiting { job, tries: 0, not_before: Moment::default() });
        }
    }

    /// The next one to be carried now, or when to ask again.
    pub(super) fn next(&mut self, now: Moment) -> (Option<Waiting>, Option<Moment>) {
        if self.under_way >= UNDER_WAY_MAX {
            return (None, None);
        }
        match self.waiting.iter().position(|waiting| waiting.not_before <= now) {
            Some(at) => {
                self.under_way += 1;
                (self.waiting.remove(at), None)
            }
            None => (None, self.waiting.iter().map(|waiting| waiting.not_before).min()),
        }
    }

    /// One is over, or is to be tried once more.
    pub(super) fn finish(&mut self, carried: &Carried, now: Moment) {
        self.under_way -= 1;
        let over = match carried {
            Carried::Uploaded { piece, .. } | Carried::Refused { piece, .. } => Name::Piece(*piece),
            Carried::Fetched(name) => name.clone(),
            Carried::Again { waiting, after_millis } => {
                self.waiting.push_back(Waiting { not_before: now.plus_millis(*after_millis), ..waiting.clone() });
                return;
            }
        };
        self.known.remove(&over);
    }
}

/// Carries one, and tells the service what became of it.
pub(super) async fn carry(service: &Service, desk: &Desk, waiting: Waiting) -> Carried {
    match &waiting.job {
        Job::Upload { conversation, piece, file } => {
            let (conversation, piece) = (*conversation, *piece);
            let uploaded = desk.platform.upload(&service.shared().files, file).await;
            match uploaded {
                Ok(key) => {
                    works(service, desk);
                    report(service, conversation, Event::FileUploaded { piece, key: key.clone() }).await;
                    Carried::Uploaded { conversation, piece, key }
                }
                Err(Trouble::Never { why }) => {
                    tracing::warn!(desk = %desk.name, conversation.id = %conversation, why, "a file was refused by the desk");
                    report(service, conversation, Event::FileRefused { piece, why }).await;
                    Carried::Refused { conversation, piece }
                }
                Err(trouble) => again(service, desk, waiting, trouble, "uploading a file"),
            }
        }
        Job::Fetch(order) => match fetch_all(service, desk, order, waiting.tries + 1 >= TRIES_MAX).await {
            Ok(()) => Carried::Fetched(waiting.job.name()),
            Err(trouble) => again(service, desk, waiting, trouble, "fetching files"),
        },
    }
}

/// The process stops while it is under way: it is not done.
pub(super) fn put_back(waiting: Waiting) -> Carried {
    Carried::Again { waiting, after_millis: 0 }
}

fn again(service: &Service, desk: &Desk, mut waiting: Waiting, trouble: Trouble, what: &str) -> Carried {
    let why = match trouble {
        Trouble::Later { after_millis } => {
            return Carried::Again { waiting, after_millis: i64::try_from(after_millis).unwrap_or(i64::MAX) };
        }
        Trouble::Stopped(stop) => {
            stopped(service, desk, stop);
            return Carried::Again { waiting, after_millis: STOPPED_RETRY_MILLIS };
        }
        Trouble::NotDone { why } | Trouble::Unclear { why } | Trouble::Never { why } => why,
        Trouble::ThreadGone => "the thread is gone".to_string(),
    };
    tracing::warn!(desk = %desk.name, what, why, "not done; trying again");
    let after_millis = RETRY_MILLIS.0.saturating_mul(1 << waiting.tries.min(20)).min(RETRY_MILLIS.1);
    waiting.tries += 1;
    Carried::Again { waiting, after_millis }
}

/// Fetches what is still awaited of a reply; the service settles the order with the last one.
async fn fetch_all(service: &Service, desk: &Desk, order: &OrderRow, last_try: bool) -> Result<(), Trouble> {
    let not_done = |error: crate::store::StoreError| Trouble::NotDone { why: error.to_string() };
    let found = service.shared().store.messages_by_seq(&[(order.conversation, order.seq)]).await.map_err(not_done)?;
    if let Some(broken) = found.broken.first() {
        return Err(Trouble::NotDone { why: format!("{broken:?}") });
    }
    let Some(message) = found.legible.into_iter().next() else {
        report_done(service, order.conversation, None, vec![(order.conversation, order.task.kind(), order.seq)]).await;
        return Ok(());
    };
    let mut failed = None;
    for file in &message.files {
        let Attachment::Awaited(file) = file else { continue };
        let event = match fetch(service, desk, file, message.id).await {
            Ok(event) => event,
            Err(trouble @ (Trouble::NotDone { .. } | Trouble::Unclear { .. } | Trouble::Never { .. })) if last_try => {
                tracing::error!(desk = %desk.name, conversation.id = %order.conversation, ?trouble, "an agent's file was given up");
                missed(message.id, &file.key, FileTrouble::Unreachable)
            }
            // The others do not wait for this one.
            Err(trouble) => {
                failed = Some(trouble);
                continue;
            }
        };
        report(service, order.conversation, event).await;
    }
    failed.map_or(Ok(()), Err)
}

async fn fetch(service: &Service, desk: &Desk, file: &DeskFile, message: MessageId) -> Result<Event, Trouble> {
    let shared = service.shared();
    let bytes_max = shared.files.settings().bytes_max;
    let too_large = FileTrouble::TooLarge { bytes_max };
    if file.bytes.is_some_and(|bytes| bytes > bytes_max) {
        return Ok(missed(message, &file.key, too_large));
    }
    let mut fetched: Fetched = match desk.platform.fetch(&file.key).await {
        Ok(fetched) => fetched,
        Err(NotFetched::Missing(why)) => return Ok(missed(message, &file.key, why)),
        Err(NotFetched::NotPermitted(stop)) => {
            stopped(service, desk, stop);
            return Ok(missed(message, &file.key, FileTrouble::NotPermitted));
        }
        Err(NotFetched::Trouble(trouble)) => return Err(trouble),
    };
    works(service, desk);
    if fetched.bytes.is_some_and(|bytes| bytes > bytes_max) {
        return Ok(missed(message, &file.key, too_large));
    }
    let taken = async {
        let mut arriving = shared.files.begin().await?;
        while let Some(part) = fetched.next().await {
            arriving = arriving.push(part.map_err(std::io::Error::other)?).await?;
        }
        if fetched.bytes.is_some_and(|bytes| bytes != arriving.bytes()) {
            return Err(std::io::Error::other("it broke off").into());
        }
        arriving.finish(FileId(shared.ids.fresh()), fetched.name.as_deref().unwrap_or(&file.name)).await
    };
    match taken.await {
        Ok(stored) => Ok(Event::FileFetched { message, key: file.key.clone(), file: stored }),
        Err(NotTaken::Refused(why)) => Ok(missed(message, &file.key, why)),
        Err(NotTaken::Disk(error)) => Err(Trouble::NotDone { why: error.to_string() }),
    }
}

fn missed(message: MessageId, key: &DeskFileKey, why: FileTrouble) -> Event {
    Event::FileMissed { message, key: key.clone(), why }
}

fn works(service: &Service, desk: &Desk) {
    service.shared().desk_stopped(desk.platform.kind().as_str(), PART, None);
}

fn stopped(service: &Service, desk: &Desk, stop: Stop) {
    service.shared().desk_stopped(desk.platform.kind().as_str(), PART, Some(stop));
}
