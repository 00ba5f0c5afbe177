//! A customer's conversations on all his devices, for whom the site vouches: the list of them, and a
//! token for each that he wants to go on with.

use super::App;
use super::input::{At, ProofRefusals, QueryRefusals, Refusals};
use super::opening::OpenedConversation;
use super::problem::Problem;
use super::proof::Proven;
use super::rating::StandingView;
use crate::service::{Listed, Refusal};
use axum::extract::{Json, State};
use axum::http::StatusCode;
use threadline_core::context::one_line;
use threadline_core::ids::ConversationId;
use threadline_core::message::{Kind, Message};
use utoipa::ToSchema;

/// As much of a conversation's last word as fits on two lines of a list, in characters.
const LAST_WORD_CHARS_MAX: usize = 120;

/// A customer's conversations.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct Conversations {
    /// Those in which something was written, the liveliest first; at most 20.
    conversations: Vec<ListedConversation>,
}

/// One of them.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct ListedConversation {
    /// `cnv_…`
    id: String,
    /// The number to say on the phone: 1042 for `#1042`.
    number: i64,
    /// The topic's id.
    topic: String,
    /// How it stands.
    standing: StandingView,
    /// How many of the team's messages the customer has not seen.
    unread: i64,
    /// The last word in it.
    last: Option<LastWord>,
}

/// The last word in a conversation.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct LastWord {
    /// `customer` or `agent`.
    from: &'static str,
    /// The agent's name.
    name: Option<String>,
    /// How it begins, in one line.
    text: String,
    /// When it was written: milliseconds since 1970-01-01T00:00Z.
    at: i64,
}

/// The conversations of the customer for whom the site vouches: `Authorization: Bearer` carries the token that the
/// site has signed.
#[utoipa::path(get, path = "/v1/conversations", responses(
    (status = 200, description = "Here they are", body = Conversations),
    ProofRefusals,
    Refusals,
), security(("proof" = [])))]
pub(super) async fn list(State(app): State<App>, Proven(proof): Proven) -> Result<Json<Conversations>, Problem> {
    let listed = app.service.conversations_of(&proof.id).await.map_err(Refusal::Store)?;
    Ok(Json(Conversations { conversations: listed.into_iter().map(listed_conversation).collect() }))
}

/// Another token for one of his conversations, for this browser.
#[utoipa::path(post, path = "/v1/conversations/{id}/tokens", params(("id" = String, Path, description = "`cnv_…`")), responses(
    (status = 201, description = "It is open here, too", body = OpenedConversation),
    (status = 404, description = "He has no such conversation", body = Problem, content_type = "application/problem+json"),
    QueryRefusals,
    ProofRefusals,
    Refusals,
), security(("proof" = [])))]
pub(super) async fn another_token(
    State(app): State<App>,
    Proven(proof): Proven,
    At(id): At<String>,
) -> Result<(StatusCode, Json<OpenedConversation>), Problem> {
    let not_his = || Problem::new(StatusCode::NOT_FOUND, "This customer has no such conversation.");
    let id: ConversationId = id.parse().map_err(|_| not_his())?;
    let (conversation, token) = match app.service.another_token(proof.id, id).await {
        Err(Refusal::NotYours) => return Err(not_his()),
        answer => answer?,
    };
    Ok((StatusCode::CREATED, Json(OpenedConversation::new(id, conversation.number, conversation.topic, &token))))
}

fn listed_conversation(listed: Listed) -> ListedConversation {
    let Listed { conversation, last, unread } = listed;
    ListedConversation {
        id: conversation.id.to_string(),
        number: conversation.number,
        standing: StandingView::of(&conversation),
        topic: conversation.topic,
        unread,
        last: last.and_then(last_word),
    }
}

fn last_word(message: Message) -> Option<LastWord> {
    let (from, name) = match message.kind {
        Kind::FromCustomer(_) => ("customer", None),
        Kind::Reply { by, .. } | Kind::Saved { by, .. } => ("agent", Some(by.name)),
        Kind::FromBot(_)
        | Kind::Preview { .. }
        | Kind::Note { .. }
        | Kind::Deed { .. }
        | Kind::Letter { .. }
        | Kind::Set { .. } => {
            return None;
        }
    };
    let text = one_line(&message.body.text()).chars().take(LAST_WORD_CHARS_MAX).collect();
    Some(LastWord { from, name, text, at: message.at.0 })
}
