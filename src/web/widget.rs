//! The customer's API under `/v1`, once a conversation is open: what the widget calls, and what
//! another client of a website may.

use super::App;
use super::files::{FileDoc, FileView};
use super::input::{Asked, BodyRefusals, In, QueryRefusals, Refusals, Rev, TokenRefusals};
use super::problem::Problem;
use super::rating::StandingView;
use crate::service::{Refusal, Token};
use crate::store::json::BodyJson;
use axum::extract::{FromRequestParts, Json, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Borrow;
use threadline_core::body::Body;
use threadline_core::conversation::Event;
use threadline_core::ids::FileId;
use threadline_core::message::{Kind, Message, Posting, Stage};
use utoipa::{IntoParams, ToSchema};

/// Length of the key that a client makes for a message, in characters.
pub(super) const KEY_CHARS: std::ops::RangeInclusive<usize> = 8..=64;

/// The token of `Authorization: Bearer …`.
#[derive(Debug)]
pub(super) struct Bearer(pub Token);

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        bearer(&parts.headers).map(Bearer).ok_or_else(Problem::not_yours)
    }
}

/// The token of `Authorization: Bearer …`, if there is one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<Token> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).and_then(Token::parse)
}

/// What a customer knows of his conversation.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct ConversationView {
    /// `cnv_…`
    pub id: String,
    /// The number to say on the phone: 1042 for `#1042`.
    pub number: i64,
    /// The topic's id.
    pub topic: String,
}

/// A message to be sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessage {
    /// Made by the client, new for each message: sending the same again is harmless.
    #[schema(min_length = 8, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    key: String,
    /// What it says; it may be left out when there are files.
    #[serde(default)]
    text: String,
    /// The ids of its files, each from `POST /v1/files` and of one message only, in the order in which
    /// they are shown.
    #[serde(default)]
    files: Vec<String>,
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
    /// How it stands.
    standing: StandingView,
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
    /// Its files; left out when there are none.
    files: Option<Vec<FileDoc>>,
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
            Kind::Reply { by, stage, .. } | Kind::Saved { by, stage, .. } => {
                map.serialize_entry("from", "agent")?;
                map.serialize_entry("name", &by.name)?;
                map.serialize_entry("picture", &by.picture)?;
                map.serialize_entry("state", if matches!(stage, Stage::Shown { .. }) { "shown" } else { "withdrawn" })?;
                map.serialize_entry("edited", &message.edited_in_sight())?;
            }
            // None of these concerns a customer, and nothing of them is written.
            Kind::FromBot(_)
            | Kind::Preview { .. }
            | Kind::Note { .. }
            | Kind::Deed { .. }
            | Kind::Letter { .. }
            | Kind::Set { .. } => {
                return map.end();
            }
        }
        map.serialize_entry("body", &BodyJson(&message.body))?;
        if !message.files.is_empty() {
            let shown = message.files.iter().filter(|file| !file.is_hidden());
            map.serialize_entry("files", &shown.map(FileView).collect::<Vec<_>>())?;
        }
        map.end()
    }
}

/// What a customer is told of a message that the desk refuses; the platform's words are for the team.
const REFUSED: &str = "This message could not be delivered to our team. Please write it again in other words.";

/// Sends a message. Answered when it is stored; 200 when it was stored before.
#[utoipa::path(post, path = "/v1/messages", request_body(
    content = NewMessage,
    example = json!({"key": "b0a6f3c2-6c1d", "text": "My export hangs"})
), responses(
    (status = 200, description = "It was stored before", body = Written),
    (status = 201, description = "It is stored", body = Written),
    (status = 404, description = "A file is not there, or in another message already", body = Problem, content_type = "application/problem+json"),
    BodyRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn write(
    State(app): State<App>,
    Bearer(token): Bearer,
    In(new): In<NewMessage>,
) -> Result<Response, Problem> {
    if !is_client_key(&new.key) {
        let what = "key: make one of 8 to 64 letters, digits, - and _, new for each message.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, what));
    }
    let chars_max = app.config.limits.message_chars_max as usize;
    if new.text.len() > chars_max && new.text.chars().count() > chars_max {
        let what = format!("text: a message has at most {chars_max} characters. Send it in parts.");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, what));
    }
    let files_max = app.config.files.per_message_max as usize;
    if new.files.len() > files_max {
        let what = format!("files: a message has at most {files_max} files. Send the others in the next one.");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, what));
    }
    app.callers.message(token.conversation).map_err(|wait| {
        app.service.shared().metrics.limited.messages_per_conversation.inc();
        Problem::too_many("messages in this conversation", wait)
    })?;
    let key = format!("w/{}/{}", token.conversation, new.key);
    let body = Body::plain(&new.text.replace(['\r', '\0'], ""));
    let ids: Result<Vec<FileId>, _> = new.files.iter().map(|id| id.parse()).collect();
    let files = app.service.uploads(&token, &ids.map_err(|_| Refusal::NoSuchFile)?).await?;
    let answer = app.service.customer(&token, vec![Event::CustomerWrote { key, body, files }]).await?;
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
        standing: StandingView::of(&head),
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

/// True for what a client may make a key of.
pub(super) fn is_client_key(key: &str) -> bool {
    KEY_CHARS.contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn client_key(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or_default()
}
