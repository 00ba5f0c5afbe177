//! The server: connections, which path is what, and the faults that need a connection to happen on.

use crate::api;
use crate::call::{self, Refusal};
use crate::control;
use crate::faults::Fault;
use crate::files;
use crate::interact;
use crate::methods;
use crate::page;
use crate::socket;
use crate::world::World;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Largest body taken: Slack's files may be 1 GB, but tests need no such thing.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How long to wait after a connection could not be accepted.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(10);

pub(crate) type Answer = Response<Full<Bytes>>;

/// Says that the connection is to be cut without an answer.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut, as a fault demands")
    }
}

impl std::error::Error for Cut {}

/// Accepts connections for ever.
pub(crate) async fn run(world: Arc<World>, listener: TcpListener) {
    loop {
        // An error of one connection (it was reset before it was accepted) says nothing of the next;
        // one of the process (no more file handles) may pass.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            continue;
        };
        world.record.connections.fetch_add(1, Ordering::Relaxed);
        if *world.up.borrow() {
            tokio::spawn(connection(world.clone(), stream));
        }
    }
}

async fn connection(world: Arc<World>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut up = world.up.subscribe();
    let service = service_fn(|request| {
        let world = world.clone();
        async move { serve(&world, request).await }
    });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::select! {
        // How a connection ended is the client's business.
        _ = served => {}
        _ = up.wait_for(|up| !up) => {}
    }
}

async fn serve(world: &Arc<World>, request: Request<Incoming>) -> Result<Answer, Cut> {
    let path = request.uri().path().to_string();
    if let Some(method) = path.strip_prefix("/api/") {
        return web_api(world, method, request).await;
    }
    if path == socket::PATH {
        return Ok(socket::open(world, request));
    }
    if let Some(ticket) = path.strip_prefix("/upload/v1/") {
        return faulty(world, "upload", async |world| {
            let content_type = header_text(request.headers(), header::CONTENT_TYPE);
            Ok(files::upload(world, ticket, &content_type, body_of(request).await?))
        })
        .await;
    }
    if let Some(file) = path.strip_prefix("/files-pri/") {
        let token = bearer(request.headers());
        return faulty(world, "download", async |world| Ok(files::download(world, file, token.as_deref()))).await;
    }
    if let Some(id) = path.strip_prefix("/respond/") {
        let id = id.to_string();
        return Ok(interact::respond(world, &id, &body_of(request).await?));
    }
    if let Some(rest) = path.strip_prefix("/_fake/") {
        let (method, query) = (request.method().clone(), request.uri().query().unwrap_or_default().to_string());
        return Ok(control::serve(world, &method, rest, &query, &body_of(request).await?).await);
    }
    Ok(match path.as_str() {
        "/" => html(StatusCode::OK, page::page(world)),
        _ => text(StatusCode::NOT_FOUND, "not found"),
    })
}

/// One call of the Web API. What was received whole is carried out even if the client hangs up.
async fn web_api(world: &Arc<World>, name: &str, request: Request<Incoming>) -> Result<Answer, Cut> {
    let (head, body) = request.into_parts();
    let body = whole(body).await?;
    let (world, name) = (world.clone(), name.to_string());
    let fault = world.faults.for_call(&name);
    if let Some(Fault::DoneLate(by)) = fault {
        tokio::spawn(async move {
            tokio::time::sleep(by).await;
            call(&world, &name, &head, &body, fault).await
        });
        return Err(Cut);
    }
    let answer = tokio::spawn(async move { call(&world, &name, &head, &body, fault).await }).await;
    match answer.unwrap_or(Err(Cut)) {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => std::future::pending().await,
        Err(cut) => Err(cut),
    }
}

/// Carries a call out; nothing when its answer gets lost.
async fn call(
    world: &Arc<World>,
    name: &str,
    head: &Parts,
    body: &[u8],
    fault: Option<Fault>,
) -> Result<Option<Answer>, Cut> {
    let is_post = head.method == Method::POST;
    let http = head.method.to_string();
    let query = head.uri.query().unwrap_or_default();
    let content_type = header_text(&head.headers, header::CONTENT_TYPE);
    let token = bearer(&head.headers);
    let found = methods::find(name);
    world.record.count(found.map(|(index, _)| index));

    let sent = call::read(is_post, query, &content_type, body);
    let args = match &sent {
        Ok(sent) if !world.options.quiet => sent.args.clone(),
        _ => serde_json::Map::new(),
    };
    let note = |outcome: &str| {
        world.record.call(name, &http, &content_type, &args, outcome);
        world.touch();
    };
    if let Some(fault) = &fault {
        let answer = match fault {
            Fault::LostAnswer | Fault::CutAfter | Fault::AnswerLate(_) | Fault::DoneLate(_) => None,
            Fault::Stall(by) => {
                tokio::time::sleep(*by).await;
                None
            }
            Fault::CutBefore => {
                note(&fault.word());
                return Err(Cut);
            }
            Fault::RateLimited { retry_after_secs } => Some(refused(world, &Refusal::rate_limited(*retry_after_secs))),
            Fault::Error(error) => Some(refused(world, &Refusal::no(error.clone()))),
            Fault::Status(status) => {
                Some(text(StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "upstream error"))
            }
            Fault::Html => Some(maintenance()),
        };
        if let Some(answer) = answer {
            note(&fault.word());
            return Ok(Some(answer));
        }
    }
    if !world.options.latency.is_zero() {
        tokio::time::sleep(world.options.latency).await;
    }

    let warning = sent.as_ref().ok().and_then(|sent| sent.warning);
    let result = api::answer(world, name, is_post, token.as_deref(), sent);
    if let Err(refusal) = &result
        && refusal.clients_fault
    {
        world.record.complain(format!("{name}: {} {}", refusal.error, refusal.messages.join("; ")).trim_end().into());
    }
    let outcome = match (&fault, &result) {
        (Some(fault), _) => fault.word(),
        (None, Ok(_)) => "ok".into(),
        (None, Err(refusal)) => refusal.error.to_string(),
    };
    note(&outcome);
    match fault {
        Some(Fault::LostAnswer) => return Ok(None),
        Some(Fault::CutAfter | Fault::DoneLate(_)) => return Err(Cut),
        Some(Fault::AnswerLate(by)) => tokio::time::sleep(by).await,
        _ => {}
    }
    Ok(Some(match result {
        Ok(mut value) => {
            value["ok"] = json!(true);
            if let Some(warning) = warning {
                value["warning"] = json!(warning);
                value["response_metadata"]["warnings"] = json!([warning]);
            }
            answered(world, value)
        }
        Err(refusal) => refused(world, &refusal),
    }))
}

/// Uploads and downloads, with their faults around them.
async fn faulty(
    world: &Arc<World>,
    name: &str,
    work: impl AsyncFnOnce(&Arc<World>) -> Result<Answer, Cut>,
) -> Result<Answer, Cut> {
    match world.faults.for_call(name) {
        None => work(world).await,
        Some(Fault::Stall(by)) => {
            tokio::time::sleep(by).await;
            work(world).await
        }
        Some(Fault::LostAnswer) => {
            work(world).await?;
            std::future::pending().await
        }
        Some(Fault::CutAfter) => {
            work(world).await?;
            Err(Cut)
        }
        Some(Fault::DoneLate(by)) => {
            tokio::time::sleep(by).await;
            work(world).await?;
            Err(Cut)
        }
        Some(Fault::AnswerLate(by)) => {
            let answer = work(world).await;
            tokio::time::sleep(by).await;
            answer
        }
        Some(Fault::CutBefore) => Err(Cut),
        Some(Fault::Html) => Ok(maintenance()),
        Some(Fault::RateLimited { retry_after_secs }) => Ok(refused(world, &Refusal::rate_limited(retry_after_secs))),
        Some(Fault::Error(error)) => Ok(refused(world, &Refusal::no(error))),
        Some(Fault::Status(status)) => {
            Ok(text(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "upstream error"))
        }
    }
}

fn refused(world: &World, refusal: &Refusal) -> Answer {
    let mut value = json!({"ok": false, "error": refusal.error});
    if let Some(needed) = refusal.needed {
        value["needed"] = json!(needed);
        value["provided"] = json!(world.scopes().iter().cloned().collect::<Vec<_>>().join(","));
    }
    if !refusal.messages.is_empty() {
        value["response_metadata"] = json!({"messages": refusal.messages});
    }
    let mut answer = answered(world, value);
    if let Some(secs) = refusal.retry_after_secs {
        *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    answer
}

fn answered(world: &World, value: Value) -> Answer {
    let mut answer = json_answer(&value);
    let scopes = world.scopes().iter().cloned().collect::<Vec<_>>().join(",");
    if let Ok(scopes) = HeaderValue::from_str(&scopes) {
        answer.headers_mut().insert("x-oauth-scopes", scopes);
    }
    answer
}

/// A JSON value as an answer.
pub(crate) fn json_answer(value: &Value) -> Answer {
    typed(StatusCode::OK, "application/json; charset=utf-8", value.to_string())
}

/// Text as an answer.
pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    typed(status, "text/plain; charset=utf-8", body)
}

/// A page as an answer.
pub(crate) fn html(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    typed(status, "text/html; charset=utf-8", body)
}

/// An answer of any type.
pub(crate) fn typed(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    answer
}

fn maintenance() -> Answer {
    html(StatusCode::OK, "<!DOCTYPE html><title>Slack is down for maintenance</title>")
}

async fn body_of(request: Request<Incoming>) -> Result<Bytes, Cut> {
    whole(request.into_body()).await
}

async fn whole(body: Incoming) -> Result<Bytes, Cut> {
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
    body.map(|body| body.to_bytes()).map_err(|_| Cut)
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_string()
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    header_text(headers, header::AUTHORIZATION).strip_prefix("Bearer ").map(|token| token.trim().to_string())
}
