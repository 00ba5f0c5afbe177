//! Files of customers: taken in, claimed by a message, and shown only to whom their message is
//! shown. A browser cannot send its token where it follows a link, and a token never stands in one;
//! so a link to a file is signed for that file alone, and for some minutes.

use super::{Refusal, Service, Token, hex};
use crate::files::{Arriving, NotTaken};
use crate::store::StoreError;
use crate::store::files::{FileRow, OF_CUSTOMERS, Owner};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use threadline_core::file::{Attachment, FileTrouble, StoredFile};
use threadline_core::ids::{ConversationId, FileId, Moment};

/// How long a link to a file works: long enough to begin a download or to watch a recording, short
/// enough that a link in a log or a history soon opens nothing.
const LINK_MILLIS: i64 = 10 * 60_000;
/// What a day is to the limit of uploads.
const DAY_MILLIS: i64 = 24 * 3_600_000;

/// An upload that begins.
#[derive(Debug)]
pub enum Uploading {
    /// The same was uploaded before.
    There(StoredFile),
    /// It can come.
    Coming(Upload),
}

/// A file that a customer is uploading.
#[derive(Debug)]
pub struct Upload {
    arriving: Arriving,
    conversation: ConversationId,
    key: String,
}

/// Why a customer's file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotUploaded {
    /// It is not one that is taken.
    #[error("{0}")]
    Trouble(FileTrouble),
    /// Too much was uploaded within a day.
    #[error("too much was uploaded within a day")]
    DayIsFull,
    /// No files are taken here.
    #[error("files are switched off")]
    Off,
    /// As for any event.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// The disk or the bucket did not take it.
    #[error("where files are kept: {0}")]
    Disk(std::io::Error),
}

impl From<NotTaken> for NotUploaded {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::Refused(why) => NotUploaded::Trouble(why),
            NotTaken::Disk(error) => NotUploaded::Disk(error),
        }
    }
}

impl From<StoreError> for NotUploaded {
    fn from(error: StoreError) -> Self {
        NotUploaded::Refusal(Refusal::Store(error))
    }
}

impl Upload {
    /// Takes the next bytes.
    pub async fn push(self, part: Bytes) -> Result<Upload, NotUploaded> {
        Ok(Upload { arriving: self.arriving.push(part).await?, ..self })
    }
}

impl Service {
    /// Begins an upload of `declared` bytes, if that is known, under a key that the client made.
    pub async fn begin_upload(
        &self,
        token: &Token,
        key: &str,
        declared: Option<u64>,
    ) -> Result<Uploading, NotUploaded> {
        let inner = &self.inner;
        let settings = inner.files.settings();
        let conversation = self.opened_by(token).await?.id;
        if settings.types.is_empty() {
            return Err(NotUploaded::Off);
        }
        let key = format!("{OF_CUSTOMERS}{conversation}/{key}");
        if let Some(row) = inner.store.file_by_key(&key).await? {
            return Ok(Uploading::There(row.file));
        }
        if declared.is_some_and(|bytes| bytes > settings.bytes_max) {
            return Err(NotUploaded::Trouble(FileTrouble::TooLarge { bytes_max: settings.bytes_max }));
        }
        if let Some(day_max) = settings.bytes_per_conversation_per_day {
            let since = inner.clock.now().plus_millis(-DAY_MILLIS);
            let uploaded = inner.store.bytes_uploaded_since(conversation, since).await?;
            if uploaded.saturating_add(declared.unwrap_or(1)) > day_max.get() {
                return Err(NotUploaded::DayIsFull);
            }
        }
        let arriving = inner.files.begin().await?;
        Ok(Uploading::Coming(Upload { arriving, conversation, key }))
    }

    /// Begins an upload of the team's, at the practice desk.
    pub async fn begin_own_upload(&self, conversation: ConversationId, key: String) -> Result<Uploading, NotUploaded> {
        let arriving = self.inner.files.begin().await?;
        Ok(Uploading::Coming(Upload { arriving, conversation, key }))
    }

    /// Ends an upload: the file is stored, and waits for a message to be part of.
    pub async fn finish_upload(&self, upload: Upload, name: &str) -> Result<StoredFile, NotUploaded> {
        let Upload { arriving, conversation, key } = upload;
        let file = arriving.finish(FileId(self.inner.ids.fresh()), name).await?;
        let row = FileRow { file, conversation, key, owner: None, at: self.inner.clock.now() };
        Ok(self.store_file(row).await?.file)
    }

    /// Stores a file that was taken in; the one that is stored, if one of this key was before.
    pub async fn store_file(&self, row: FileRow) -> Result<FileRow, StoreError> {
        let write = self.inner.store.write(move |tx| {
            let row = row.clone();
            Box::pin(async move {
                tx.insert_files(std::slice::from_ref(&row)).await?;
                Ok(tx.file_by_key(&row.key).await?.unwrap_or(row))
            })
        });
        write.await
    }

    /// The customer's uploads with these ids, in this order.
    pub async fn uploads(&self, token: &Token, ids: &[FileId]) -> Result<Vec<StoredFile>, Refusal> {
        let mut files = Vec::with_capacity(ids.len());
        for id in ids {
            let row = self.inner.store.file(*id).await?;
            let own = |row: &FileRow| row.conversation == token.conversation && row.key.starts_with(OF_CUSTOMERS);
            files.push(row.filter(own).ok_or(Refusal::NoSuchFile)?.file);
        }
        Ok(files)
    }

    /// A file that whoever has this token can see.
    pub async fn file(&self, token: &Token, id: FileId) -> Result<StoredFile, Refusal> {
        self.opened_by(token).await?;
        self.file_in(token.conversation, id).await
    }

    /// Signs a link to a file that whoever has this token can see: until when it works, and the mark
    /// that says so.
    pub async fn sign_link(&self, token: &Token, id: FileId) -> Result<(StoredFile, Moment, String), Refusal> {
        self.opened_by(token).await?;
        let file = self.file_in(token.conversation, id).await?;
        let until = self.inner.clock.now().plus_millis(LINK_MILLIS);
        let signed = signing(token.hash(), id, until).ok_or(Refusal::LinkIsOver)?;
        Ok((file, until, hex(&signed.finalize().into_bytes())))
    }

    /// The file that a signed link is for.
    pub async fn file_by_link(&self, id: FileId, until: Moment, sign: &str) -> Result<StoredFile, Refusal> {
        let row = self.inner.store.file(id).await?.ok_or(Refusal::NoSuchFile)?;
        let hashes = self.inner.store.token_hashes(row.conversation).await?;
        let sign = unhex(sign).ok_or(Refusal::LinkIsOver)?;
        let signed_by = |hash: &String| signing(hash, id, until).is_some_and(|it| it.verify_slice(&sign).is_ok());
        let is_signed = hashes.iter().any(signed_by);
        if !is_signed || until < self.inner.clock.now() {
            return Err(Refusal::LinkIsOver);
        }
        self.file_in(row.conversation, id).await
    }

    /// A file of a conversation that its customer can see: his own, or one of a message he can see.
    async fn file_in(&self, conversation: ConversationId, id: FileId) -> Result<StoredFile, Refusal> {
        let row = self.inner.store.file(id).await?.filter(|row| row.conversation == conversation);
        let row = row.ok_or(Refusal::NoSuchFile)?;
        let is_seen = match &row.owner {
            None => row.key.starts_with(OF_CUSTOMERS),
            Some(Owner::Message(owner)) => {
                let is_it = |file: &Attachment| file.stored().is_some_and(|file| file.id == id);
                let message = self.inner.store.message(*owner).await?;
                message.is_some_and(|message| message.concerns_customer() && message.files.iter().any(is_it))
            }
            Some(Owner::Practice(_)) => false,
        };
        if is_seen { Ok(row.file) } else { Err(Refusal::NoSuchFile) }
    }
}

/// What signs a link: the hash of the token of whoever asked for it, which only the database has besides,
/// over the file and the time.
fn signing(token_hash: &str, id: FileId, until: Moment) -> Option<Hmac<Sha256>> {
    // A key of any length is good.
    let mut mac = Hmac::<Sha256>::new_from_slice(token_hash.as_bytes()).ok()?;
    mac.update(format!("file/{id}/{}", until.0).as_bytes());
    Some(mac)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    text.as_bytes().chunks(2).map(digits).collect()
}
