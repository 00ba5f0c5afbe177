//! The web: what browsers, Slack's HTTP events and whoever watches the process ask for. It turns
//! requests into events for the service and shows what the service has; it knows no SQL, no bot
//! and no outbox.

mod address;
pub mod assets;
mod availability;
mod context;
mod customer;
mod files;
mod input;
mod live;
mod mine;
mod opening;
mod patience;
mod places;
mod practice;
pub mod problem;
mod proof;
mod rating;
mod serve;
mod sessions;
mod ticket;
mod widget;

pub use serve::serve;

use crate::config::{Config, Limits, WhenClosed};
use crate::lifecycle::Lifecycle;
use crate::practice::Practice;
use crate::service::Service;
use address::{Addresses, Callers};
use assets::Asset;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use patience::Arriving;
use problem::Problem;
use proof::Signers;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use threadline_core::card::CardPlan;
use threadline_core::ticket::Timetable;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long a browser may remember what another origin may ask: a day, the most that one keeps.
const PREFLIGHT_KEPT: Duration = Duration::from_secs(24 * 3600);
/// A request that takes longer is answered with 503, or with 408 if its body has not come by then;
/// streams are not concerned, and uploads have longer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest body of an event of Slack's: an edit carries a message of 40,000 characters four times,
/// each character perhaps escaped as six bytes.
const SLACK_BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What every handler can reach.
#[derive(Clone, Debug)]
pub(crate) struct App(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    service: Service,
    practice: Option<Practice>,
    config: Config,
    cards: CardPlan,
    timetable: Timetable,
    signers: Signers,
    callers: Callers,
    door: Option<Door>,
    life: Lifecycle,
    requests: AtomicU64,
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What a platform's request was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knocked {
    /// It wants this text back.
    Answer(String),
    /// It was stored.
    Accepted,
    /// It was stored, and is answered with this JSON.
    Json(String),
    /// It is not from the platform; why, for the answer.
    Refused(&'static str),
    /// It was not stored: it must come again.
    Unstored,
}

type Knocking = Pin<Box<dyn Future<Output = Knocked> + Send>>;

/// Where a platform that sends its events by HTTP knocks.
#[derive(Clone)]
pub struct Door(pub Arc<dyn Fn(HeaderMap, Bytes) -> Knocking + Send + Sync>);

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Door")
    }
}

#[derive(OpenApi)]
#[openapi(modifiers(&TokenScheme), info(
    title = "Threadline",
    description = "The customer's side of a website's chat. A conversation is opened by a token that is handed out once; \
        every call after that carries it as `Authorization: Bearer …`. Where the site vouches for its customer with a signed \
        token, that one lists his conversations and gives tokens for them. Errors are `application/problem+json` and say what to do."
))]
struct Document;

/// How a request carries its token.
struct TokenScheme;

impl Modify for TokenScheme {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let mut jwt = Http::new(HttpAuthScheme::Bearer);
        jwt.bearer_format = Some("JWT".to_string());
        jwt.description = Some("Who the customer is, signed by the site (HS256) with `sub` and `exp`.".to_string());
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", bearer);
        components.add_security_scheme("proof", SecurityScheme::Http(jwt));
    }
}

/// The OpenAPI document of the customer's API, as JSON; written when somebody asks for it.
pub fn openapi_json() -> &'static str {
    static WRITTEN: LazyLock<String> = LazyLock::new(|| api().to_openapi().to_pretty_json().unwrap_or_default());
    &WRITTEN
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi_json())
}

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(opening::site))
        .routes(routes!(availability::availability))
        .routes(routes!(opening::open_conversation, mine::list))
        .routes(routes!(mine::another_token))
        .routes(routes!(ticket::open))
        .routes(routes!(context::tell))
        .routes(routes!(widget::write, widget::read))
        .routes(routes!(widget::receive))
        .routes(routes!(rating::rate))
        .routes(routes!(sessions::offer))
        .routes(routes!(sessions::hold))
        .routes(routes!(sessions::book))
        .routes(routes!(sessions::move_to))
        .routes(routes!(sessions::cancel))
        .routes(routes!(files::upload))
        .routes(routes!(files::link))
        .routes(routes!(files::download))
        .routes(routes!(files::thumbnail))
        .routes(routes!(live::stream))
}

/// All routes, and who may connect to them.
#[derive(Clone, Debug)]
pub struct Web {
    router: Router,
    app: App,
}

/// What is served to whom.
pub fn web(config: Config, service: Service, practice: Option<Practice>, door: Option<Door>, life: Lifecycle) -> Web {
    let callers = Callers::new(Addresses::new(config.server.trusted_proxies.clone()), &config.limits);
    let limits: Limits = config.limits;
    let origins = config.server.allowed_origins.clone();
    let practised = practice.is_some();
    let (cards, timetable) = (config.card_plan(), config.timetable());
    let signers = Signers::new(&config.identity_secrets);
    let app = App(Arc::new(Shared {
        service,
        practice,
        config,
        cards,
        timetable,
        signers,
        callers,
        door,
        life,
        requests: AtomicU64::new(0),
    }));
    let (api, _) = api().split_for_parts();
    let mut router = api
        .route("/openapi.json", get(openapi))
        .layer(middleware::from_fn_with_state(app.clone(), limited))
        .merge(slack_routes())
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/ticket", get(ticket::ticket))
        .route("/session", get(sessions::session_page))
        .route("/widget.js", get(loader))
        .route("/assets/{name}", get(asset));
    if practised {
        router = router.merge(practice::routes(app.clone()));
    }
    let router = router
        .fallback(|| async {
            Problem::new(StatusCode::NOT_FOUND, "There is nothing here. GET /openapi.json says what there is.")
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "This method is not allowed here. GET /openapi.json says which are.",
            )
        })
        .layer(DefaultBodyLimit::max(limits.body_bytes_max as usize))
        .layer(cors(&origins))
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .with_state(app.clone());
    Web { router, app }
}

fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| origin.parse::<HeaderValue>().ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("upload-key"),
            HeaderName::from_static("upload-name"),
        ])
        .expose_headers([header::RETRY_AFTER])
        .max_age(PREFLIGHT_KEPT)
}

/// What every answer has: a request id, safe headers, a number in the metrics, an end.
async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let number = app.requests.fetch_add(1, Ordering::Relaxed);
    let id = format!("{:x}-{number}", app.service.shared().node);
    let is_upload =
        route.as_ref().is_some_and(|route| matches!(route.as_str(), files::UPLOADS | files::PRACTICE_UPLOADS));
    let patience = if is_upload { files::UPLOAD_TIMEOUT } else { REQUEST_TIMEOUT };
    let (head, body) = request.into_parts();
    let (body, arrived) = Arriving::watch(body);
    let answer = tokio::time::timeout(patience, next.run(Request::from_parts(head, body))).await;
    let mut response = answer.unwrap_or_else(|_| {
        let has_it = arrived.is_none_or(|arrived| arrived.is_whole());
        if has_it { Problem::too_slow() } else { Problem::body_too_slow() }.into_response()
    });
    if response.status().is_server_error() {
        let route = route.as_ref().map(MatchedPath::as_str);
        tracing::error!(request.id = id, route, status = response.status().as_u16(), "a request failed on our side");
    }
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(
        HeaderName::from_static("x-request-id"),
        HeaderValue::from_str(&id).unwrap_or(HeaderValue::from(number)),
    );
    let name = route.as_ref().map_or(crate::metrics::OTHER_ROUTE, MatchedPath::as_str);
    app.service.shared().metrics.answered(name, response.status().as_u16(), began.elapsed());
    response
}

/// The limit that holds for every request of an address.
async fn limited(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let address = app.callers.addresses().of(&request);
    if let Err(wait) = app.callers.request(address) {
        app.service.shared().metrics.limited.requests_per_address.inc();
        return Problem::too_many("requests from this address", wait).into_response();
    }
    request.extensions_mut().insert(address);
    next.run(request).await
}

/// Where Slack knocks when its events come by HTTP. Every request says itself what it is.
fn slack_routes() -> Router<App> {
    let knock = || post(slack_knocks).layer(DefaultBodyLimit::max(SLACK_BODY_BYTES_MAX));
    Router::new()
        .route("/slack/events", knock())
        .route("/slack/interactions", knock())
        .route("/slack/commands", knock())
}

async fn slack_knocks(State(app): State<App>, headers: HeaderMap, request: Request) -> Response {
    let Some(door) = &app.door else {
        let what = "Slack's events do not come in by HTTP here. Set events = \"http\" under [slack].";
        return Problem::new(StatusCode::NOT_FOUND, what).into_response();
    };
    // Only now: nobody's body is read for nothing.
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(rejection) => return Problem::new(rejection.status(), rejection.body_text()).into_response(),
    };
    match door.0(headers, body).await {
        Knocked::Answer(text) => text.into_response(),
        Knocked::Accepted => StatusCode::OK.into_response(),
        Knocked::Json(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Knocked::Refused(why) => Problem::new(StatusCode::UNAUTHORIZED, why).into_response(),
        Knocked::Unstored => Problem::unstored().into_response(),
    }
}

/// These pages run only what they come with.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
);

/// A page of ours, for whoever asks for it.
fn page(name: &str, request: &Request) -> Response {
    let Some(asset) = assets::find(name) else {
        return Problem::new(StatusCode::NOT_FOUND, "There is no such page.").into_response();
    };
    let mut response = served(asset, request.headers());
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(app): State<App>) -> Response {
    let shared = app.service.shared();
    if !shared.store.is_alive().await {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "The database does not answer.").into_response();
    }
    // A desk that is stopped does not take the process out: customers' messages are kept.
    if shared.desks_work() {
        "ready\n".into_response()
    } else {
        "ready; a desk is stopped: see the log\n".into_response()
    }
}

async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, crate::metrics::CONTENT_TYPE)], app.service.shared().metrics.render())
}

/// The loader that suits the site.
async fn loader(State(app): State<App>, headers: HeaderMap) -> Response {
    let path = match app.config.widget.when_closed {
        WhenClosed::Show => "/widget.js",
        WhenClosed::Hide => "/assets/widget-shy.js",
    };
    match assets::find(path) {
        Some(asset) => served(asset, &headers),
        None => Problem::new(StatusCode::NOT_FOUND, "There is no such file.").into_response(),
    }
}

async fn asset(request: Request) -> Response {
    match assets::find(request.uri().path()) {
        Some(asset) => served(asset, request.headers()),
        None => Problem::new(StatusCode::NOT_FOUND, "There is no such file.").into_response(),
    }
}

/// A file of the widget, compressed as the browser likes it.
fn served(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let etag = HeaderValue::from_static(asset.etag);
    let cache = if asset.immutable { "public, max-age=31536000, immutable" } else { "public, max-age=300" };
    let common = [
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
        // The widget is for other websites.
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(&etag) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let (bytes, encoding) = assets::encoded(asset, accepted);
    let mut response = (common, [(header::CONTENT_TYPE, asset.content_type)], Body::from(bytes)).into_response();
    if let Some(encoding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}
