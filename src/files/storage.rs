//! Where the bytes of files are kept, each under its hash: in a folder, or in a bucket. The same bytes are
//! the same object, so keeping them once more is harmless, whoever does it.

use super::bucket::Bucket;
use super::folder::Folder;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use std::io;
use std::path::Path;
use threadline_core::file::Hash;

/// Where bytes are kept.
#[derive(Debug)]
pub(super) enum Storage {
    /// In a folder of this machine, or one that several machines share.
    Folder(Folder),
    /// In a bucket of something that speaks S3.
    Bucket(Bucket),
}

/// What is read of a file.
pub struct Reading {
    /// The bytes.
    pub bytes: BoxStream<'static, io::Result<Bytes>>,
    /// How many.
    pub length: u64,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Storage {
    /// Keeps the bytes of a temporary file, which is complete.
    pub async fn keep(&self, arrived: &Path, hash: &Hash) -> io::Result<()> {
        match self {
            Storage::Folder(folder) => folder.keep(arrived, hash).await,
            Storage::Bucket(bucket) => bucket.keep(arrived, hash).await,
        }
    }

    /// Opens some of a file's bytes: `length` of them from `from` on. None when they are not here.
    pub async fn read(&self, hash: &Hash, from: u64, length: u64) -> io::Result<Option<Reading>> {
        match self {
            Storage::Folder(folder) => folder.read(hash, from, length).await,
            Storage::Bucket(bucket) => bucket.read(hash, from, length).await,
        }
    }

    /// All of a file's bytes. None when they are not here.
    pub async fn whole(&self, hash: &Hash) -> io::Result<Option<Bytes>> {
        match self {
            Storage::Folder(folder) => folder.whole(hash).await,
            Storage::Bucket(bucket) => bucket.whole(hash).await,
        }
    }

    /// What is old enough to be removed, if nobody has it any more.
    pub async fn old(&self) -> io::Result<Vec<Hash>> {
        match self {
            Storage::Folder(folder) => folder.old().await,
            Storage::Bucket(bucket) => bucket.old().await,
        }
    }

    /// Removes bytes, unless somebody has taken the same in once more meanwhile.
    pub async fn remove_if_old(&self, hash: &Hash) -> io::Result<()> {
        match self {
            Storage::Folder(folder) => folder.remove_if_old(hash).await,
            Storage::Bucket(bucket) => bucket.remove_if_old(hash).await,
        }
    }

    /// Removes bytes.
    pub async fn remove(&self, hash: &Hash) -> io::Result<()> {
        match self {
            Storage::Folder(folder) => folder.remove(hash).await,
            Storage::Bucket(bucket) => bucket.remove(hash).await,
        }
    }
}
