//! How a conversation begins: what the site asks for, and what a browser sends to open one.

use super::App;
use super::address::Caller;
use super::availability::AvailabilityView;
use super::context::{NewFacts, NewPage, facts_of};
use super::customer::introduction;
use super::files::{SiteFiles, site_files};
use super::input::{BodyRefusals, In, Refusals, object_or_null};
use super::problem::Problem;
use super::widget::ConversationView;
use crate::config::Ask;
use crate::service::{Opening, Token};
use axum::Extension;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use std::collections::BTreeMap;
use threadline_core::context::{ANSWER_CHARS_MAX, Context, Device, Facts, Field, FieldKind, Language, answers, zone};
use threadline_core::customer::{Customer, SomebodyElse};
use threadline_core::ids::ConversationId;
use utoipa::ToSchema;

/// How the chat presents itself.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct Site {
    /// Its title.
    title: String,
    /// What it says before the customer writes.
    greeting: String,
    /// What the customer can choose from.
    topics: Vec<SiteTopic>,
    /// Whether a name is asked for: `off`, `optional`, `required`.
    ask_name: &'static str,
    /// Longest message, in characters.
    message_chars_max: u32,
    /// What files can be sent; none when no files can.
    files: Option<SiteFiles>,
    /// Longest answer to a field, in characters.
    answer_chars_max: usize,
    /// When customers are answered, as `GET /v1/availability` says it; null where that is day and night.
    availability: Option<AvailabilityView>,
}

/// A help category.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct SiteTopic {
    /// What to send in `POST /v1/conversations`.
    id: String,
    /// What people read.
    label: String,
    /// Whether an email address is asked for: `off`, `optional` or `required`. It is required while nobody is there, where
    /// answers go by email.
    ask_email: &'static str,
    /// What it asks for before the first message.
    fields: Vec<SiteField>,
    /// True when sessions can be booked about it: `GET /v1/session`.
    sessions: bool,
}

/// Something that a topic asks for.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct SiteField {
    /// What to send as a key of `fields` in `POST /v1/conversations`; a fact of this key is a good first answer.
    id: String,
    /// What people read.
    label: String,
    /// A hint below it.
    help: Option<String>,
    /// How it is asked: `line`, `text` for several lines, `choice`.
    kind: &'static str,
    /// What to choose from, for `choice`.
    choices: Vec<String>,
    /// True when the conversation cannot begin without it.
    required: bool,
    /// A regular expression that the whole answer has to fit; most are understood alike everywhere, and the
    /// server's word counts.
    pattern: Option<String>,
    /// What to say when it does not fit.
    error: Option<String>,
}

/// A conversation to be opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewConversation {
    /// The topic's id.
    topic: String,
    /// The customer's name, at most 120 characters.
    #[serde(default)]
    #[schema(max_length = 120)]
    name: Option<String>,
    /// The customer's email address.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Who the customer is, as the site signs it: a JSON Web Token (HS256) with `sub` and `exp`, and perhaps `name` and
    /// `email`, which outrank those above. One that proves nothing is refused; without one the customer is not verified.
    #[serde(default)]
    proof: Option<String>,
    /// The answers to the topic's fields, by the fields' ids; each at most 2,000 characters, 6,000 together.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// The page that the chat was opened on.
    #[serde(default, deserialize_with = "object_or_null")]
    page: Option<NewPage>,
    /// What the site knows of the customer: up to 30 keys of a-z, 0-9 and _, with values of up to 500 characters,
    /// 4,000 together.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    facts: NewFacts,
    /// The language of the browser (BCP 47): `de-AT`; what is none is left out.
    #[serde(default)]
    language: Option<String>,
    /// The customer's time zone (IANA): `Europe/Vienna`; what is none is left out.
    #[serde(default)]
    time_zone: Option<String>,
}

/// A conversation, opened.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct OpenedConversation {
    /// Which.
    conversation: ConversationView,
    /// What opens it: shown this once, and kept here only as a hash.
    token: String,
}

/// How the chat presents itself.
#[utoipa::path(get, path = "/v1/site", responses((status = 200, description = "How it does", body = Site), Refusals))]
pub(super) async fn site(State(app): State<App>) -> Json<Site> {
    let widget = &app.config.widget;
    let topics = app.config.topics.iter().map(|topic| SiteTopic {
        id: topic.id.clone(),
        label: topic.label.clone(),
        ask_email: ask_word(ask_email(&app, &topic.id)),
        fields: topic.fields.iter().map(site_field).collect(),
        sessions: app.config.sessions.as_ref().is_some_and(|plan| plan.is_for(&topic.id)),
    });
    Json(Site {
        title: widget.title.clone(),
        greeting: widget.greeting.clone(),
        topics: topics.collect(),
        ask_name: ask_word(widget.ask_name),
        message_chars_max: app.config.limits.message_chars_max,
        files: site_files(&app.config.files),
        answer_chars_max: ANSWER_CHARS_MAX,
        availability: AvailabilityView::worth_saying(&app, app.service.shared().clock.now()),
    })
}

/// Opens a conversation. It has no thread until the first message is sent, and is forgotten if none is within a week.
#[utoipa::path(post, path = "/v1/conversations", request_body(
    content = NewConversation,
    example = json!({"topic": "technical-issues", "name": "Ada", "email": "ada@example.com",
        "fields": {"campaign_id": "cp100", "steps": "1. Open the list\n2. Press Export"},
        "page": {"url": "https://shop.example.com/exports", "title": "Exports", "referrer": "https://shop.example.com/"},
        "facts": {"plan": "pro", "seats": 12}, "language": "de-AT", "time_zone": "Europe/Vienna"})
), responses(
    (status = 201, description = "It is open", body = OpenedConversation),
    (status = 403, description = "The website is not one of `server.allowed_origins`", body = Problem, content_type = "application/problem+json"),
    BodyRefusals,
    Refusals,
))]
pub(super) async fn open_conversation(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    In(new): In<NewConversation>,
) -> Result<(StatusCode, Json<OpenedConversation>), Problem> {
    if !origin_allowed(&app, &headers) {
        let what =
            "This website may not open the chat. Its operator can allow it: server.allowed_origins in threadline.toml.";
        return Err(Problem::new(StatusCode::FORBIDDEN, what));
    }
    let opening = checked(&app, new, device(&headers))?;
    app.callers.opening(caller).map_err(|wait| {
        app.service.shared().metrics.limited.conversations_per_address.inc();
        Problem::too_many("new conversations from this address", wait)
    })?;
    let topic = opening.topic.clone();
    let opened = app.service.open_conversation(opening).await.map_err(crate::service::Refusal::Store)?;
    Ok((StatusCode::CREATED, Json(OpenedConversation::new(opened.id, opened.number, topic, &opened.token))))
}

impl OpenedConversation {
    pub(super) fn new(id: ConversationId, number: i64, topic: String, token: &Token) -> OpenedConversation {
        let conversation = ConversationView { id: id.to_string(), number, topic };
        OpenedConversation { conversation, token: token.reveal().to_string() }
    }
}

fn site_field(field: &Field) -> SiteField {
    let (kind, choices) = match &field.kind {
        FieldKind::Line => ("line", Vec::new()),
        FieldKind::Text => ("text", Vec::new()),
        FieldKind::Choice(choices) => ("choice", choices.clone()),
    };
    SiteField {
        id: field.id.clone(),
        label: field.label.clone(),
        help: field.help.clone(),
        kind,
        choices,
        required: field.required,
        pattern: field.pattern.as_ref().map(|pattern| pattern.as_str().to_string()),
        error: field.pattern.as_ref().map(|_| field.error()),
    }
}

/// What the browser says of itself.
fn device(headers: &HeaderMap) -> Device {
    headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(Device::of).unwrap_or_default()
}

fn checked(app: &App, new: NewConversation, device: Device) -> Result<Opening, Problem> {
    let Some(topic) = app.config.topics.iter().find(|topic| topic.id == new.topic) else {
        let ids: Vec<&str> = app.config.topics.iter().map(|topic| topic.id.as_str()).collect();
        return Err(Problem::unfit("topic", format!("choose one of {}.", ids.join(", "))));
    };
    let said = introduction(app, new.name, new.email, new.proof.as_deref(), ask_email(app, &topic.id))?;
    let customer = Customer::default().after(said).map_err(|SomebodyElse| Problem::somebody_else())?;
    let widget = &app.config.widget;
    if widget.ask_name == Ask::Required && customer.name.is_none() {
        return Err(Problem::unfit("name", "tell us your name."));
    }
    if ask_email(app, &topic.id) == Ask::Required && customer.email.is_none() {
        return Err(Problem::unfit("email", "tell us your email address, so that we can answer."));
    }
    let page = new.page.unwrap_or_default();
    let context = Context {
        page: page.described(),
        device,
        language: new.language.as_deref().and_then(Language::parse),
        zone: new.time_zone.as_deref().and_then(zone),
        facts: Facts::default().after(facts_of(new.facts))?,
        answers: answers(&topic.fields, new.fields.into_iter().collect())?,
    };
    Ok(Opening { customer, topic: topic.id.clone(), context, desk: topic.desk.clone() })
}

/// Whether a customer with this topic is asked for an email address now: where what is written while it is
/// closed is answered by email, he has to have one then, whatever is asked otherwise.
pub(super) fn ask_email(app: &App, topic: &str) -> Ask {
    let shared = app.service.shared();
    let desk = app.config.topics.iter().find(|it| it.id == topic).map_or(&app.config.default_desk, |it| &it.desk);
    let is_open = app.timetable.is_open(topic, &shared.rules(desk).attendance, shared.clock.now());
    if app.config.email.is_some() && !is_open { Ask::Required } else { app.config.widget.ask_email }
}

fn ask_word(ask: Ask) -> &'static str {
    match ask {
        Ask::Off => "off",
        Ask::Optional => "optional",
        Ask::Required => "required",
    }
}

/// A browser says where it is; a program that says nothing is limited like any other.
fn origin_allowed(app: &App, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    is_own
        || app.config.server.public_url.as_deref() == Some(origin)
        || app.config.server.allowed_origins.iter().any(|allowed| allowed == origin)
}
