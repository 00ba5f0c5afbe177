//! The customer's API under `/v1`: what the widget calls, and what another client of a website may.

use super::App;
use super::address::Caller;
use super::input::{Asked, BodyRefusals, In, QueryRefusals, Refusals, Rev, TokenRefusals, object_or_null};
use super::problem::Problem;
use crate::config::Ask;
use crate::service::{Opening, Token};
use crate::store::json::BodyJson;
use axum::Extension;
use axum::extract::{FromRequestParts, Json, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Borrow;
use threadline_core::body::{Body, is_invisible, safe_href};
use threadline_core::conversation::{Customer, Event, Page};
use threadline_core::message::{Kind, Message, Posting, Stage};
use utoipa::{IntoParams, ToSchema};

/// Longest name and page title that are kept, in characters.
const NAME_CHARS_MAX: usize = 120;
/// Longest email address (RFC 5321, section 4.5.3.1.3, less the angle brackets).
const EMAIL_CHARS_MAX: usize = 254;
/// Longest page address that is kept: what Slack takes in a link.
const URL_CHARS_MAX: usize = 3_000;
/// Length of the key that a client makes for a message, in characters.
const KEY_CHARS: std::ops::RangeInclusive<usize> = 8..=64;

/// The token of `Authorization: Bearer …`.
#[derive(Debug)]
pub(super) struct Bearer(pub Token);

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.strip_prefix("Bearer ")).and_then(Token::parse);
        token.map(Bearer).ok_or_else(Problem::not_yours)
    }
}

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
    /// Whether an email address is asked for: `off`, `optional`, `required`.
    ask_email: &'static str,
    /// Longest message, in characters.
    message_chars_max: u32,
}

/// A help category.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct SiteTopic {
    /// What to send in `POST /v1/conversations`.
    id: String,
    /// What people read.
    label: String,
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
    /// The page that the chat was opened on.
    #[serde(default, deserialize_with = "object_or_null")]
    page: Option<NewPage>,
}

/// A page of the website.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPage {
    /// Its address, `http` or `https`; longer than 3,000 characters is left out.
    #[serde(default)]
    url: Option<String>,
    /// Its title; cut after 120 characters.
    #[serde(default)]
    title: Option<String>,
}

/// A conversation, opened.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct OpenedConversation {
    /// Which.
    conversation: ConversationView,
    /// What opens it: shown this once, and kept here only as a hash.
    token: String,
}

/// What a customer knows of his conversation.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct ConversationView {
    /// `cnv_…`
    id: String,
    /// The number to say on the phone: 1042 for `#1042`.
    number: i64,
    /// The topic's id.
    topic: String,
}

/// A message to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// Made by the client, new for each message: sending the same again is harmless.
    #[schema(min_length = 8, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    key: String,
    /// What it says.
    #[schema(min_length = 1)]
    text: String,
}

/// A message, stored.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct Written {
    /// As everybody sees it now.
    #[schema(value_type = MessageDoc)]
    message: MessageView,
}

/// What changed in a conversation.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct Changes {
    /// The conversation.
    conversation: ConversationView,
    /// The last change that there is.
    rev: i64,
    /// The last change that the customer's browser has.
    received: i64,
    /// The last change that the customer has seen.
    seen: i64,
    /// The agent who is writing.
    typing: Option<String>,
    /// Messages that changed, in the order of their changes; at most 200, and fewer if they are long.
    #[schema(value_type = Vec<MessageDoc>)]
    messages: Vec<MessageView>,
    /// True when there is more: ask again after the last one's `rev`.
    more: bool,
}

/// Where to start.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct After {
    /// Changes up to this one are left out.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0)]
    after: Rev,
}

/// What the browser has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Receipts {
    /// It has every change up to this one.
    #[schema(value_type = i64, minimum = 0)]
    received: Rev,
    /// The customer has seen every change up to this one.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0)]
    seen: Option<Rev>,
}

/// A message as a customer sees it.
#[derive(Debug)]
pub(super) struct MessageView<M = Message>(pub M);

/// A message as a customer sees it.
#[derive(ToSchema)]
#[schema(as = Message)]
#[expect(dead_code, reason = "the description of what MessageView writes; the fields are read by the macro only")]
pub(super) struct MessageDoc {
    /// `msg_…`
    id: String,
    /// The client's key, for the customer's own messages.
    key: Option<String>,
    /// The change that made it as it is; the stream resumes after it.
    rev: i64,
    /// Two numbers to sort by: messages stand in this order.
    place: Vec<i64>,
    /// `customer` or `agent`.
    from: String,
    /// The agent's name.
    name: Option<String>,
    /// The agent's picture, an `https` address.
    picture: Option<String>,
    /// When it was written: milliseconds since 1970-01-01T00:00Z.
    at: i64,
    /// Blocks: `{"t":"p"|"quote","c":[span]}`, `{"t":"ul"|"ol","indent":0,"start":1,"c":[[span]]}`, `{"t":"pre","v":"…"}`;
    /// spans: `{"t":"text","v":"…"}`, `{"t":"a","href":"…","v":"…"}`, with `b`, `i`, `s`, `c` set to 1 for bold,
    /// italics, struck through, code.
    body: Vec<serde_json::Value>,
    /// True when it said something else before, and the customer saw that.
    edited: bool,
    /// The customer's: `stored`, `late` (stored, but the team's chat has not been reachable for a minute; it is
    /// posted when it is), `posted` (the team has it), `refused`. An agent's: `shown`, `withdrawn`.
    state: String,
    /// Why it was refused.
    why: Option<String>,
}

impl<M: Borrow<Message>> Serialize for MessageView<M> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let message = self.0.borrow();
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("id", &message.id.to_string())?;
        map.serialize_entry("rev", &message.rev)?;
        map.serialize_entry("place", &[message.place.seq, message.place.stamp])?;
        map.serialize_entry("at", &message.at.0)?;
        match &message.kind {
            Kind::FromCustomer(posting) => {
                map.serialize_entry("from", "customer")?;
                map.serialize_entry("key", client_key(&message.key))?;
                let state = match posting {
                    Posting::Waiting { late: false, .. } => "stored",
                    Posting::Waiting { late: true, .. } => "late",
                    Posting::Posted { .. } => "posted",
                    Posting::Refused { .. } => "refused",
                };
                map.serialize_entry("state", state)?;
                if matches!(posting, Posting::Refused { .. }) {
                    map.serialize_entry("why", REFUSED)?;
                }
                map.serialize_entry("edited", &false)?;
            }
            Kind::Reply { by, stage, .. } => {
                map.serialize_entry("from", "agent")?;
                map.serialize_entry("name", &by.name)?;
                map.serialize_entry("picture", &by.picture)?;
                map.serialize_entry("state", if matches!(stage, Stage::Shown { .. }) { "shown" } else { "withdrawn" })?;
                map.serialize_entry("edited", &message.edited_in_sight())?;
            }
            // None of these concerns a customer, and nothing of them is written.
            Kind::FromBot(_) | Kind::Note { .. } | Kind::Deed { .. } | Kind::Set { .. } => return map.end(),
        }
        map.serialize_entry("body", &BodyJson(&message.body))?;
        map.end()
    }
}

/// What a customer is told of a message that the desk refuses; the platform's words are for the team.
const REFUSED: &str = "This message could not be delivered to our team. Please write it again in other words.";

/// How the chat presents itself.
#[utoipa::path(get, path = "/v1/site", responses((status = 200, description = "How it does", body = Site), Refusals))]
pub(super) async fn site(State(app): State<App>) -> Json<Site> {
    let widget = &app.config.widget;
    let topics = app.config.topics.iter().map(|topic| SiteTopic { id: topic.id.clone(), label: topic.label.clone() });
    Json(Site {
        title: widget.title.clone(),
        greeting: widget.greeting.clone(),
        topics: topics.collect(),
        ask_name: ask_word(widget.ask_name),
        ask_email: ask_word(widget.ask_email),
        message_chars_max: app.config.limits.message_chars_max,
    })
}

/// Opens a conversation. It has no thread until the first message is sent.
#[utoipa::path(post, path = "/v1/conversations", request_body(
    content = NewConversation,
    example = json!({"topic": "technical-issues", "name": "Ada", "email": "ada@example.com",
        "page": {"url": "https://shop.example.com/exports", "title": "Exports"}})
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
    let opening = checked(&app, new)?;
    app.callers.opening(caller).map_err(|wait| {
        app.service.shared().metrics.limited.conversations_per_address.inc();
        Problem::too_many("new conversations from this address", wait)
    })?;
    let topic = opening.topic.clone();
    let opened = app.service.open_conversation(opening).await.map_err(crate::service::Refusal::Store)?;
    let conversation = ConversationView { id: opened.id.to_string(), number: opened.number, topic };
    Ok((StatusCode::CREATED, Json(OpenedConversation { conversation, token: opened.token.reveal().to_string() })))
}

/// Sends a message. Answered when it is stored; 200 when it was stored before.
#[utoipa::path(post, path = "/v1/messages", request_body(
    content = NewMessage,
    example = json!({"key": "b0a6f3c2-6c1d", "text": "My export hangs"})
), responses(
    (status = 200, description = "It was stored before", body = Written),
    (status = 201, description = "It is stored", body = Written),
    BodyRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn write(
    State(app): State<App>,
    Bearer(token): Bearer,
    In(new): In<NewMessage>,
) -> Result<Response, Problem> {
    let well_formed = new.key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !well_formed || !KEY_CHARS.contains(&new.key.len()) {
        let what = "key: make one of 8 to 64 letters, digits, - and _, new for each message.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, what));
    }
    let chars_max = app.config.limits.message_chars_max as usize;
    if new.text.len() > chars_max && new.text.chars().count() > chars_max {
        let what = format!("text: a message has at most {chars_max} characters. Send it in parts.");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, what));
    }
    app.callers.message(token.conversation).map_err(|wait| {
        app.service.shared().metrics.limited.messages_per_conversation.inc();
        Problem::too_many("messages in this conversation", wait)
    })?;
    let key = format!("w/{}/{}", token.conversation, new.key);
    let body = Body::plain(&new.text.replace(['\r', '\0'], ""));
    let answer = app.service.customer(&token, vec![Event::CustomerWrote { key, body }]).await?;
    let (message, is_new) = answer.written.ok_or_else(Problem::unstored)?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(Written { message: MessageView(message) })).into_response())
}

/// What changed in the conversation, for clients that do not stream.
#[utoipa::path(get, path = "/v1/messages", params(After), responses(
    (status = 200, description = "What changed, oldest change first", body = Changes),
    QueryRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn read(
    State(app): State<App>,
    Bearer(token): Bearer,
    Asked(After { after }): Asked<After>,
) -> Result<Json<Changes>, Problem> {
    let view = app.service.view(&token, after.0).await?;
    let head = view.conversation;
    Ok(Json(Changes {
        rev: head.rev,
        received: head.received,
        seen: head.seen,
        typing: view.typing,
        messages: view.changes.into_iter().filter(Message::concerns_customer).map(MessageView).collect(),
        more: view.more,
        conversation: ConversationView { id: head.id.to_string(), number: head.number, topic: head.topic },
    }))
}

/// Says what the customer's browser has, and what the customer has seen. Both only move forward.
#[utoipa::path(post, path = "/v1/receipts", request_body(
    content = Receipts,
    example = json!({"received": 2, "seen": 1})
), responses(
    (status = 204, description = "It is stored"),
    BodyRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn receive(
    State(app): State<App>,
    Bearer(token): Bearer,
    In(receipts): In<Receipts>,
) -> Result<StatusCode, Problem> {
    let mut events = vec![Event::CustomerReceived { rev: receipts.received.0 }];
    events.extend(receipts.seen.map(|Rev(rev)| Event::CustomerSaw { rev }));
    app.service.customer(&token, events).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked(app: &App, new: NewConversation) -> Result<Opening, Problem> {
    let unfit = |what: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, what);
    let Some(topic) = app.config.topics.iter().find(|topic| topic.id == new.topic) else {
        let ids: Vec<&str> = app.config.topics.iter().map(|topic| topic.id.as_str()).collect();
        return Err(unfit(format!("topic: choose one of {}.", ids.join(", "))));
    };
    let name = new.name.map(|name| one_line(&name)).filter(|name| !name.is_empty());
    let email = new.email.map(|email| email.trim().to_string()).filter(|email| !email.is_empty());
    let widget = &app.config.widget;
    let name = kept(widget.ask_name, name, "name: tell us your name.").map_err(unfit)?;
    let email = kept(widget.ask_email, email, "email: tell us your email address.").map_err(unfit)?;
    if name.as_ref().is_some_and(|name| name.chars().count() > NAME_CHARS_MAX) {
        return Err(unfit(format!("name: at most {NAME_CHARS_MAX} characters.")));
    }
    if email.as_deref().is_some_and(|email| !is_email(email)) {
        return Err(unfit("email: this is no email address. Write it like ada@example.com.".to_string()));
    }
    let page = new.page.unwrap_or_default();
    let url = page
        .url
        .filter(|url| url.chars().count() <= URL_CHARS_MAX && url.starts_with("http") && safe_href(url).is_some());
    let title = page.title.map(|title| one_line(&title).chars().take(NAME_CHARS_MAX).collect::<String>());
    Ok(Opening {
        customer: Customer { name, email },
        topic: topic.id.clone(),
        page: Page { url, title: title.filter(|title| !title.is_empty()) },
        desk: topic.desk.clone(),
    })
}

fn kept(ask: Ask, value: Option<String>, missing: &str) -> Result<Option<String>, String> {
    match (ask, value) {
        (Ask::Off, _) => Ok(None),
        (Ask::Required, None) => Err(missing.to_string()),
        (Ask::Required | Ask::Optional, value) => Ok(value),
    }
}

/// Text without line breaks, controls and characters that only disturb what stands around them.
fn one_line(text: &str) -> String {
    let words: String = text
        .chars()
        .map(|c| {
            if c == ' ' || !is_invisible(c) {
                c
            } else if c.is_whitespace() {
                ' '
            } else {
                '\0'
            }
        })
        .collect();
    words.replace('\0', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Good enough to write to, and nothing that could be more than one address.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let clean = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| {
                !is_invisible(c) && !matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | ':' | '"' | '\\' | '@' | '[' | ']')
            })
    };
    text.chars().count() <= EMAIL_CHARS_MAX
        && clean(local)
        && clean(domain)
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

fn ask_word(ask: Ask) -> &'static str {
    match ask {
        Ask::Off => "off",
        Ask::Optional => "optional",
        Ask::Required => "required",
    }
}

fn client_key(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses() {
        for good in ["ada@example.com", "a.b+c@sub.example.co"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@example",
            "a b@example.com",
            "a@b.com, c@d.com",
            "a@b@c.com",
            "<a@b.com>",
            "a@.com",
            "a@b.com\r\nBcc: x@y.z",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn a_name_is_one_line_of_what_can_be_seen() {
        assert_eq!(one_line("  Ada\n\tLovelace\u{202e}\u{0} "), "Ada Lovelace");
    }
}
