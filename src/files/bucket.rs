//! Bytes kept in a bucket of something that speaks S3: each is an object that is called like its hash.
//! The crate `object_store` knows the protocol; the connections are made here, with the HTTP client and the
//! TLS that are part of Threadline anyway.

use super::storage::Reading;
use super::{FORGOTTEN_AFTER, now};
use crate::config;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http_body_util::BodyExt;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    HttpClient, HttpConnector as Connector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::path::Path as Key;
use object_store::{
    ClientOptions, Error, GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, RetryConfig,
};
use rustls::RootCertStore;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, SystemTime};
use threadline_core::file::Hash;
use tokio::io::AsyncReadExt;

/// What every object's name begins with, so that the bucket can hold something else besides.
const FOLDER: &str = "files";
/// How long a connection may take to come up.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a request may take until its answer begins, the bytes that go up included.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// How long what comes down may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How much goes up at once, and is in memory for that; S3 takes parts of 5 MB and more, but for the last.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// How often, and for how long in all, a request is tried: whoever sends a file waits for it, and can send
/// it again.
const TRIES_MAX: usize = 3;
const TRIED_WITHIN: Duration = Duration::from_secs(10);

/// The bucket.
#[derive(Debug)]
pub(super) struct Bucket(AmazonS3);

impl Bucket {
    /// The bucket of these settings. Nothing is asked yet.
    pub fn new(settings: &config::Bucket) -> anyhow::Result<Bucket> {
        let retry = RetryConfig { max_retries: TRIES_MAX, retry_timeout: TRIED_WITHIN, ..RetryConfig::default() };
        let is_plain = settings.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        let mut builder = AmazonS3Builder::new()
            .with_http_connector(Https::new(is_plain)?)
            .with_bucket_name(&settings.name)
            .with_region(&settings.region)
            .with_access_key_id(settings.access_key_id.expose())
            .with_secret_access_key(settings.secret_access_key.expose())
            .with_retry(retry)
            // Not every server that speaks S3 can.
            .with_disable_bulk_delete(true);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(is_plain);
        }
        Ok(Bucket(builder.build()?))
    }

    pub async fn keep(&self, arrived: &Path, hash: &Hash) -> io::Result<()> {
        let mut file = tokio::fs::File::open(arrived).await?;
        let first = part_of(&mut file).await?;
        if first.len() < PART_BYTES {
            return self.0.put(&key(hash), first.into()).await.map(drop).map_err(failed);
        }
        let mut upload = self.0.put_multipart(&key(hash)).await.map_err(failed)?;
        let sent = send(&mut *upload, first, &mut file).await;
        if sent.is_err() {
            // What is left of it costs the operator money until he removes it; there is nothing more to try.
            let _ = upload.abort().await;
        }
        sent
    }

    pub async fn read(&self, hash: &Hash, from: u64, length: u64) -> io::Result<Option<Reading>> {
        let range = Some(GetRange::Bounded(from..from + length));
        let got = match self.0.get_opts(&key(hash), GetOptions { range, ..GetOptions::default() }).await {
            Ok(got) => got,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let coming = stream::try_unfold(got.into_stream(), |mut coming| async move {
            match tokio::time::timeout(SILENCE_MAX, coming.next()).await {
                Ok(part) => Ok(part.transpose().map_err(failed)?.map(|part| (part, coming))),
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the bucket is silent")),
            }
        });
        Ok(Some(Reading { bytes: coming.boxed(), length }))
    }

    pub async fn whole(&self, hash: &Hash) -> io::Result<Option<Bytes>> {
        match self.0.get_opts(&key(hash), GetOptions::default()).await {
            Ok(got) => got.bytes().await.map(Some).map_err(failed),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    pub async fn old(&self) -> io::Result<Vec<Hash>> {
        let all = self.0.list(Some(&Key::from(FOLDER)));
        let old = all.try_filter(|object| std::future::ready(is_old(object.last_modified.into())));
        let named = old.map_ok(|object| object.location.filename().map(|name| Hash(name.to_owned())));
        let found: Vec<Option<Hash>> = named.try_collect().await.map_err(failed)?;
        Ok(found.into_iter().flatten().collect())
    }

    pub async fn remove_if_old(&self, hash: &Hash) -> io::Result<()> {
        let object = self.0.head(&key(hash)).await.map_err(failed)?;
        if is_old(object.last_modified.into()) { self.remove(hash).await } else { Ok(()) }
    }

    pub async fn remove(&self, hash: &Hash) -> io::Result<()> {
        self.0.delete(&key(hash)).await.map_err(failed)
    }
}

async fn send(upload: &mut dyn MultipartUpload, first: Bytes, file: &mut tokio::fs::File) -> io::Result<()> {
    let mut part = first;
    while !part.is_empty() {
        upload.put_part(part.into()).await.map_err(failed)?;
        part = part_of(file).await?;
    }
    upload.complete().await.map(drop).map_err(failed)
}

/// The next part of a file; empty at its end.
async fn part_of(file: &mut tokio::fs::File) -> io::Result<Bytes> {
    let mut part = Vec::new();
    file.take(PART_BYTES as u64).read_to_end(&mut part).await?;
    Ok(part.into())
}

fn key(hash: &Hash) -> Key {
    Key::from_iter([FOLDER, hash.0.as_str()])
}

fn is_old(modified: SystemTime) -> bool {
    now().duration_since(modified).is_ok_and(|age| age > FORGOTTEN_AFTER)
}

fn failed(error: Error) -> io::Error {
    io::Error::other(format!("the bucket: {error}"))
}

/// How requests go out.
#[derive(Clone, Debug)]
struct Https(Client<HttpsConnector<HttpConnector>, HttpRequestBody>);

impl Https {
    /// `is_plain`: nothing is encrypted, so nobody has to be trusted.
    fn new(is_plain: bool) -> anyhow::Result<Https> {
        let mut http = HttpConnector::new();
        http.set_connect_timeout(Some(CONNECT_WITHIN));
        http.set_nodelay(true);
        http.enforce_http(false);
        let provider = rustls::crypto::ring::default_provider();
        let tls = rustls::ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions()?;
        let tls = if is_plain { tls.with_root_certificates(RootCertStore::empty()) } else { tls.with_native_roots()? };
        let tls = tls.with_no_client_auth();
        let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        Ok(Https(Client::builder(TokioExecutor::new()).build(https.wrap_connector(http))))
    }
}

impl Connector for Https {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl HttpService for Https {
    fn call<'life0, 'async_trait>(
        &'life0 self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let answer = tokio::time::timeout(ANSWER_WITHIN, self.0.request(request)).await;
            let answer = answer.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?;
            let answer = answer.map_err(|error| HttpError::new(kind_of(&error), error))?;
            let broke_off = |error| HttpError::new(HttpErrorKind::Interrupted, error);
            Ok(answer.map(|body| HttpResponseBody::new(body.map_err(broke_off))))
        })
    }
}

fn kind_of(error: &legacy::Error) -> HttpErrorKind {
    if error.is_connect() { HttpErrorKind::Connect } else { HttpErrorKind::Interrupted }
}
