//! The bytes of files: taken in piece by piece in a folder of this machine, known by their content, pictures
//! without their notes, kept once under their hash ([`storage`]), and read from there. Called by the
//! service, which knows whose files they are; nothing here does, and nothing of a file goes through the
//! database.
//!
//! Several processes on one database share the folder, or the bucket.

mod bucket;
mod folder;
mod kind;
mod picture;
mod storage;
mod strip;

pub use storage::Reading;

use crate::config;
use anyhow::Context;
use bucket::Bucket;
use bytes::Bytes;
use folder::{Folder, is_old};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use storage::Storage;
use threadline_core::file::{FileTrouble, Hash, Picture, StoredFile, clean_name};
use threadline_core::ids::FileId;
use threadline_core::media;
use tokio::sync::Semaphore;

/// Pictures opened at once: each may take hundreds of megabytes while it is.
const PICTURES_AT_ONCE: usize = 1;
/// How old bytes that no file has any more must be before they are removed: a file that has just
/// been taken in is not in the database yet.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Hashes asked about in one call.
const SWEPT_AT_ONCE: usize = 128;
/// How much is written at once.
const WRITTEN_BYTES: usize = 128 * 1024;
/// The folder of files that are still being taken in.
const ARRIVING: &str = "arriving";

/// Where the bytes are.
#[derive(Clone, Debug)]
pub struct Files {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: config::Files,
    storage: Storage,
    pictures: Semaphore,
    /// Sets apart files that arrive at the same time in this process.
    number: AtomicU64,
    /// Sets apart those of processes that share the folder.
    node: u64,
}

/// A file that is being taken in. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Arriving {
    files: Files,
    path: Temporary,
    file: File,
    hash: Sha256,
    bytes: u64,
    head: Vec<u8>,
    /// What is not written yet.
    unwritten: Vec<u8>,
}

/// A file that is removed when nobody wants it any more.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // It was moved to its place, or there is nothing to be done about it.
        let _ = fs::remove_file(&self.0);
    }
}

/// Why a file was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It is not one that is taken.
    #[error("{0}")]
    Refused(FileTrouble),
    /// The disk or the bucket did not take it.
    #[error("where files are kept: {0}")]
    Disk(#[from] io::Error),
}

impl Files {
    /// The files that are kept as these settings say. Nothing is touched yet; a folder is made when the
    /// first file comes. `node` sets this process apart from those that share the folder.
    pub fn new(settings: config::Files, node: u64) -> anyhow::Result<Files> {
        let pictures = Semaphore::new(PICTURES_AT_ONCE);
        let storage = match &settings.keep {
            config::Keep::Here => Storage::Folder(Folder(settings.folder.clone())),
            config::Keep::Bucket(bucket) => {
                Storage::Bucket(Bucket::new(bucket).context("cannot prepare the connection to the bucket of files")?)
            }
        };
        Ok(Files { inner: Arc::new(Inner { settings, storage, pictures, number: AtomicU64::new(0), node }) })
    }

    /// What is taken.
    pub fn settings(&self) -> &config::Files {
        &self.inner.settings
    }

    /// Begins to take a file in.
    pub async fn begin(&self) -> Result<Arriving, NotTaken> {
        let number = self.inner.number.fetch_add(1, Ordering::Relaxed);
        let folder = self.arriving();
        let path = Temporary(folder.join(format!("{:x}-{number}", self.inner.node)));
        let (file, path) = blocking(move || {
            fs::create_dir_all(&folder)?;
            Ok((File::create(&path.0)?, path))
        })
        .await?;
        Ok(Arriving {
            files: self.clone(),
            path,
            file,
            hash: Sha256::new(),
            bytes: 0,
            head: Vec::new(),
            unwritten: Vec::new(),
        })
    }

    /// Opens some of a file's bytes: `length` of them from `from` on. None when they are not here.
    pub async fn read(&self, hash: &Hash, from: u64, length: u64) -> io::Result<Option<Reading>> {
        self.inner.storage.read(hash, from, length).await
    }

    /// All of a file's bytes. None when they are not here.
    pub async fn whole(&self, hash: &Hash) -> io::Result<Option<Bytes>> {
        self.inner.storage.whole(hash).await
    }

    /// Tries whether files can be kept: writes some bytes, reads them back and removes them.
    pub async fn try_out(&self) -> anyhow::Result<()> {
        let bytes = format!("Threadline tries out whether files can be kept ({:x})", self.inner.node).into_bytes();
        let mut arriving = self.begin().await.context("the folder cannot be written")?;
        arriving.unwritten.extend_from_slice(&bytes);
        let (path, hash) = blocking(move || {
            arriving.write()?;
            Ok((arriving.path, hash_of(arriving.hash.finalize())))
        })
        .await
        .context("the folder cannot be written")?;
        let storage = &self.inner.storage;
        storage.keep(&path.0, &hash).await.context("a file cannot be kept")?;
        let read = storage.whole(&hash).await.context("a file that was kept cannot be read");
        storage.remove(&hash).await.context("a file cannot be removed")?;
        anyhow::ensure!(read?.as_deref() == Some(bytes.as_slice()), "a file that was kept reads otherwise");
        Ok(())
    }

    /// Removes what is old and what `known`, asked for some hashes at a time, does not know; how many
    /// there were.
    pub async fn sweep<F>(&self, mut known: impl FnMut(Vec<Hash>) -> F) -> anyhow::Result<u64>
    where
        F: Future<Output = anyhow::Result<HashSet<Hash>>>,
    {
        let storage = &self.inner.storage;
        let old = storage.old().await?;
        let mut removed = 0;
        for hashes in old.chunks(SWEPT_AT_ONCE) {
            let known = known(hashes.to_vec()).await?;
            for hash in hashes.iter().filter(|hash| !known.contains(hash)) {
                storage.remove_if_old(hash).await?;
                removed += 1;
            }
        }
        let arriving = self.arriving();
        blocking(move || remove_abandoned(&arriving)).await?;
        Ok(removed)
    }

    /// The folder of what is being taken in.
    fn arriving(&self) -> PathBuf {
        self.inner.settings.folder.join(ARRIVING)
    }
}

impl Arriving {
    /// How many bytes have come.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the next bytes; refused as soon as there are too many.
    pub async fn push(mut self, part: Bytes) -> Result<Arriving, NotTaken> {
        let bytes_max = self.files.settings().bytes_max;
        self.bytes += part.len() as u64;
        if self.bytes > bytes_max {
            return Err(NotTaken::Refused(FileTrouble::TooLarge { bytes_max }));
        }
        let room = kind::HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&part[..part.len().min(room)]);
        self.unwritten.extend_from_slice(&part);
        if self.unwritten.len() < WRITTEN_BYTES {
            return Ok(self);
        }
        blocking(move || {
            self.write()?;
            Ok(self)
        })
        .await
        .map_err(NotTaken::Disk)
    }

    fn write(&mut self) -> io::Result<()> {
        self.hash.update(&self.unwritten);
        self.file.write_all(&self.unwritten)?;
        self.unwritten.clear();
        Ok(())
    }

    /// All bytes have come: the file as it is kept from now on, if it is one that is taken.
    pub async fn finish(mut self, id: FileId, name: &str) -> Result<StoredFile, NotTaken> {
        let media_type = kind::of(&self.head, name);
        let settings = self.files.settings();
        if self.bytes == 0 {
            return Err(NotTaken::Refused(FileTrouble::Unreadable));
        }
        if !settings.types.iter().any(|allowed| allowed == media_type) {
            return Err(NotTaken::Refused(FileTrouble::TypeNotAllowed { media_type: media_type.to_string() }));
        }
        let name = clean_name(name, media::endings(media_type));
        let media_type = media_type.to_string();
        let files = self.files.clone();
        if !media::PICTURES.contains(&media_type.as_str()) {
            let bytes = self.bytes;
            let (path, hash) = blocking(move || {
                self.write()?;
                Ok((self.path, hash_of(self.hash.finalize())))
            })
            .await?;
            files.inner.storage.keep(&path.0, &hash).await?;
            return Ok(StoredFile { id, name, media_type, bytes, hash, picture: None });
        }
        // The permit is never refused: nobody closes the semaphore.
        let permit = files.inner.pictures.acquire().await;
        let said = media_type.clone();
        let opened = blocking(move || {
            self.write()?;
            let bytes = fs::read(&self.path.0)?;
            let opened = catch_unwind(|| picture::open(&bytes, &said)).unwrap_or_default();
            let Some(opened) = opened else { return Ok(None) };
            let thumbnail = written(&self.path.0.with_extension("thumbnail"), &opened.thumbnail)?;
            let whole = written(&self.path.0.with_extension("picture"), &opened.bytes)?;
            Ok(Some((opened.width, opened.height, opened.bytes.len() as u64, whole, thumbnail)))
        })
        .await?;
        drop(permit);
        let Some((width, height, bytes, whole, thumbnail)) = opened else {
            return Err(NotTaken::Refused(FileTrouble::Unreadable));
        };
        for (path, hash) in [&whole, &thumbnail] {
            files.inner.storage.keep(&path.0, hash).await?;
        }
        let picture = Some(Picture { width, height, thumbnail: thumbnail.1 });
        Ok(StoredFile { id, name, media_type, bytes, hash: whole.1, picture })
    }
}

/// Writes bytes into a temporary file; it, and their hash.
fn written(path: &Path, bytes: &[u8]) -> io::Result<(Temporary, Hash)> {
    let temporary = Temporary(path.to_path_buf());
    File::create(&temporary.0)?.write_all(bytes)?;
    Ok((temporary, hash_of(Sha256::digest(bytes))))
}

#[expect(clippy::disallowed_methods, reason = "it is compared with the disk's own times")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Runs what waits for the disk or takes the processor long; what panics there is an error here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Removes files that never arrived.
fn remove_abandoned(arriving: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(arriving) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        if is_old(&path)? {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn hash_of(digest: impl AsRef<[u8]>) -> Hash {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in digest.as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    Hash(text)
}
