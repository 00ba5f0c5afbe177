//! Bytes kept in a folder: each in a file that is called like its hash.

use super::storage::Reading;
use super::{FORGOTTEN_AFTER, blocking, now};
use bytes::Bytes;
use futures_util::StreamExt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use threadline_core::file::Hash;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// How much of a file is read at once.
const READ_BYTES: usize = 64 * 1024;
/// The letters of a hash.
const HASH_CHARS: usize = 64;

/// The folder. It is made when the first file comes.
#[derive(Debug)]
pub(super) struct Folder(pub PathBuf);

impl Folder {
    /// Written, flushed and moved into place, or there already.
    pub async fn keep(&self, arrived: &Path, hash: &Hash) -> io::Result<()> {
        let (arrived, path) = (arrived.to_path_buf(), self.path(hash));
        blocking(move || {
            if let Ok(there) = File::options().append(true).open(&path) {
                // Younger again, so that it is not swept before the database knows of it.
                return there.set_modified(now());
            }
            let folder = path.parent().unwrap_or(&path);
            fs::create_dir_all(folder)?;
            File::open(&arrived)?.sync_all()?;
            fs::rename(&arrived, &path)?;
            File::open(folder)?.sync_all()
        })
        .await
    }

    pub async fn read(&self, hash: &Hash, from: u64, length: u64) -> io::Result<Option<Reading>> {
        let mut file = match tokio::fs::File::open(self.path(hash)).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if from > 0 {
            file.seek(io::SeekFrom::Start(from)).await?;
        }
        let bytes = ReaderStream::with_capacity(file.take(length), READ_BYTES).boxed();
        Ok(Some(Reading { bytes, length }))
    }

    pub async fn whole(&self, hash: &Hash) -> io::Result<Option<Bytes>> {
        match tokio::fs::read(self.path(hash)).await {
            Ok(bytes) => Ok(Some(Bytes::from(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub async fn old(&self) -> io::Result<Vec<Hash>> {
        let folder = self.0.clone();
        blocking(move || {
            let mut old = Vec::new();
            let parts = match fs::read_dir(folder) {
                Ok(parts) => parts,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(old),
                Err(error) => return Err(error),
            };
            for part in parts {
                let part = part?;
                if !part.file_type()?.is_dir() {
                    continue;
                }
                for entry in fs::read_dir(part.path())? {
                    let entry = entry?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    let is_hash = name.len() == HASH_CHARS && name.bytes().all(|b| b.is_ascii_hexdigit());
                    if is_hash && is_old(&entry.path())? {
                        old.push(Hash(name));
                    }
                }
            }
            Ok(old)
        })
        .await
    }

    pub async fn remove_if_old(&self, hash: &Hash) -> io::Result<()> {
        let path = self.path(hash);
        blocking(move || if is_old(&path)? { fs::remove_file(&path) } else { Ok(()) }).await
    }

    pub async fn remove(&self, hash: &Hash) -> io::Result<()> {
        tokio::fs::remove_file(self.path(hash)).await
    }

    /// Two letters a folder, so that no folder has more files than people can list.
    fn path(&self, hash: &Hash) -> PathBuf {
        self.0.join(&hash.0[..hash.0.len().min(2)]).join(&hash.0)
    }
}

pub(super) fn is_old(path: &Path) -> io::Result<bool> {
    let modified = fs::metadata(path)?.modified()?;
    Ok(modified.elapsed().is_ok_and(|age| age > FORGOTTEN_AFTER))
}
