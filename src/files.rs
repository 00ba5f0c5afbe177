//! The bytes of files: taken in piece by piece, known by their content, pictures without their
//! notes, kept once under their hash in a folder, and read from there. Called by the service, which
//! knows whose files they are; nothing here does, and nothing of a file goes through the database.
//!
//! Several processes on one database share the folder.

mod kind;
mod picture;
mod strip;

use crate::config;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use threadline_core::file::{FileTrouble, Hash, Picture, StoredFile, clean_name};
use threadline_core::ids::FileId;
use threadline_core::media;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
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
    /// The disk did not take it.
    #[error("the folder of files: {0}")]
    Disk(#[from] io::Error),
}

/// What is read of a file.
#[derive(Debug)]
pub struct Reading {
    /// The bytes.
    pub bytes: tokio::io::Take<tokio::fs::File>,
    /// How many.
    pub length: u64,
}

impl Files {
    /// The files of this folder. Nothing is touched yet; the folder is made when the first file comes.
    pub fn new(settings: config::Files, node: u64) -> Files {
        let pictures = Semaphore::new(PICTURES_AT_ONCE);
        Files { inner: Arc::new(Inner { settings, pictures, number: AtomicU64::new(0), node }) }
    }

    /// What is taken.
    pub fn settings(&self) -> &config::Files {
        &self.inner.settings
    }

    /// Begins to take a file in.
    pub async fn begin(&self) -> Result<Arriving, NotTaken> {
        let number = self.inner.number.fetch_add(1, Ordering::Relaxed);
        let folder = self.inner.settings.folder.join(ARRIVING);
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
        let mut file = match tokio::fs::File::open(self.path(hash)).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if from > 0 {
            file.seek(io::SeekFrom::Start(from)).await?;
        }
        Ok(Some(Reading { bytes: file.take(length), length }))
    }

    /// All of a file's bytes. None when they are not here.
    pub async fn whole(&self, hash: &Hash) -> io::Result<Option<Bytes>> {
        match tokio::fs::read(self.path(hash)).await {
            Ok(bytes) => Ok(Some(Bytes::from(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes what is old and what `known`, asked for some hashes at a time, does not know; how many
    /// there were.
    pub async fn sweep<F>(&self, mut known: impl FnMut(Vec<Hash>) -> F) -> anyhow::Result<u64>
    where
        F: Future<Output = anyhow::Result<HashSet<Hash>>>,
    {
        let folder = self.inner.settings.folder.clone();
        let (old, abandoned) = blocking(move || old_files(&folder)).await?;
        let mut removed = 0;
        for hashes in old.chunks(SWEPT_AT_ONCE) {
            let known = known(hashes.to_vec()).await?;
            let unknown = hashes.iter().filter(|hash| !known.contains(hash));
            let paths: Vec<PathBuf> = unknown.map(|hash| self.path(hash)).collect();
            removed += paths.len() as u64;
            blocking(move || paths.iter().try_for_each(|path| remove_if_old(path))).await?;
        }
        blocking(move || abandoned.iter().try_for_each(fs::remove_file)).await?;
        Ok(removed)
    }

    /// Two letters a folder, so that no folder has more files than people can list.
    fn path(&self, hash: &Hash) -> PathBuf {
        self.inner.settings.folder.join(&hash.0[..hash.0.len().min(2)]).join(&hash.0)
    }

    /// Keeps bytes under their hash: written, flushed and moved into place, or there already.
    fn keep(&self, arrived: &Path, hash: &Hash) -> io::Result<()> {
        let path = self.path(hash);
        if let Ok(there) = File::options().append(true).open(&path) {
            // Younger again, so that it is not swept before the database knows of it.
            return there.set_modified(now());
        }
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder)?;
        fs::rename(arrived, &path)?;
        File::open(folder)?.sync_all()
    }

    fn keep_bytes(&self, arriving: &Path, bytes: &[u8]) -> io::Result<Hash> {
        let hash = hash_of(Sha256::digest(bytes));
        let temporary = Temporary(arriving.with_extension("part"));
        let mut file = File::create(&temporary.0)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        self.keep(&temporary.0, &hash)?;
        Ok(hash)
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
        if !media::PICTURES.contains(&media_type.as_str()) {
            let bytes = self.bytes;
            let hash = blocking(move || {
                self.write()?;
                self.file.sync_all()?;
                let hash = hash_of(self.hash.finalize());
                self.files.keep(&self.path.0, &hash)?;
                Ok(hash)
            })
            .await?;
            return Ok(StoredFile { id, name, media_type, bytes, hash, picture: None });
        }
        let files = self.files.clone();
        // The permit is never refused: nobody closes the semaphore.
        let permit = files.inner.pictures.acquire().await;
        let opened = blocking(move || {
            self.write()?;
            let bytes = fs::read(&self.path.0)?;
            let opened = catch_unwind(|| picture::open(&bytes, &media_type)).unwrap_or_default();
            let Some(opened) = opened else { return Ok(None) };
            drop(bytes);
            let thumbnail = self.files.keep_bytes(&self.path.0, &opened.thumbnail)?;
            let hash = self.files.keep_bytes(&self.path.0, &opened.bytes)?;
            let picture = Some(Picture { width: opened.width, height: opened.height, thumbnail });
            Ok(Some(StoredFile { id, name, media_type, bytes: opened.bytes.len() as u64, hash, picture }))
        })
        .await?;
        drop(permit);
        opened.ok_or(NotTaken::Refused(FileTrouble::Unreadable))
    }
}

#[expect(clippy::disallowed_methods, reason = "it is compared with the disk's own times")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Runs what waits for the disk or takes the processor long; what panics there is an error here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Bytes that are old enough to be removed, and files that never arrived.
fn old_files(folder: &Path) -> io::Result<(Vec<Hash>, Vec<PathBuf>)> {
    let (mut old, mut abandoned) = (Vec::new(), Vec::new());
    let folders = match fs::read_dir(folder) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((old, abandoned)),
        Err(error) => return Err(error),
    };
    for part in folders {
        let part = part?;
        if !part.file_type()?.is_dir() {
            continue;
        }
        for entry in fs::read_dir(part.path())? {
            let entry = entry?;
            if !is_old(&entry.path())? {
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            if part.file_name() == ARRIVING {
                abandoned.push(entry.path());
            } else if name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
                old.push(Hash(name));
            }
        }
    }
    Ok((old, abandoned))
}

fn is_old(path: &Path) -> io::Result<bool> {
    let modified = fs::metadata(path)?.modified()?;
    Ok(modified.elapsed().is_ok_and(|age| age > FORGOTTEN_AFTER))
}

/// Somebody may have taken the same bytes in once more meanwhile.
fn remove_if_old(path: &Path) -> io::Result<()> {
    if is_old(path)? { fs::remove_file(path) } else { Ok(()) }
}

fn hash_of(digest: impl AsRef<[u8]>) -> Hash {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(64);
    for byte in digest.as_ref() {
        let _ = write!(text, "{byte:02x}");
    }
    Hash(text)
}
