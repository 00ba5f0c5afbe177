//! How it stands with a conversation, as its customer sees it, and how he found it.

use super::App;
use super::input::{BodyRefusals, In, Refusals, TokenRefusals};
use super::problem::Problem;
use super::widget::{Bearer, is_client_key};
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use threadline_core::conversation::{Conversation, Event, Rating, Score, Standing};
use utoipa::ToSchema;

/// Longest comment, in characters: a few sentences; what is longer is a message.
const COMMENT_CHARS_MAX: usize = 2_000;

/// How it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StandingView {
    /// `open`, `resolved`, or `closed` when that is a while ago. What the customer writes opens it again.
    state: &'static str,
    /// Since when it is resolved: milliseconds since 1970-01-01T00:00Z.
    resolved_at: Option<i64>,
    /// The name of the agent who resolved it.
    resolved_by: Option<String>,
    /// Of what is resolved: `wanted`, `given`, or `not_asked`.
    rating: Option<&'static str>,
    /// The stars that were given.
    score: Option<u8>,
    /// While an answer is owed that was promised for later, by when there is one: milliseconds since 1970-01-01T00:00Z.
    answer_by: Option<i64>,
    /// True while the customer waits for an answer.
    awaiting: bool,
    /// The last change that went to the customer by email: what he has there is not unread.
    emailed: i64,
}

/// How the customer found it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRating {
    /// Made by the client, new for each rating: sending the same again is harmless.
    #[schema(min_length = 8, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    key: String,
    /// Stars.
    #[schema(minimum = 1, maximum = 5)]
    score: i64,
    /// In words; the team reads it.
    #[serde(default)]
    #[schema(max_length = 2000)]
    comment: Option<String>,
}

impl StandingView {
    pub(super) fn of(it: &Conversation) -> StandingView {
        let (answer_by, emailed) = (it.answer_due().map(|due| due.0), it.mailing.emailed);
        let awaiting = matches!(it.standing, Standing::AwaitingAgent { .. });
        match &it.standing {
            Standing::Fresh | Standing::AwaitingAgent { .. } | Standing::Answered { .. } => StandingView {
                state: "open",
                resolved_at: None,
                resolved_by: None,
                rating: None,
                score: None,
                answer_by,
                awaiting,
                emailed,
            },
            Standing::Resolved { at, by, rating } | Standing::Closed { at, by, rating } => {
                let is_closed = matches!(it.standing, Standing::Closed { .. });
                let (rating, score) = match rating {
                    Rating::NotAsked => ("not_asked", None),
                    // Nothing can be said of it any more.
                    Rating::Wanted | Rating::Given(_) if is_closed => ("not_asked", None),
                    Rating::Wanted => ("wanted", None),
                    Rating::Given(score) => ("given", Some(score.stars())),
                };
                StandingView {
                    state: if is_closed { "closed" } else { "resolved" },
                    resolved_at: Some(at.0),
                    resolved_by: Some(by.name.clone()),
                    rating: Some(rating),
                    score,
                    answer_by,
                    awaiting,
                    emailed,
                }
            }
        }
    }
}

/// Rates a resolved conversation. A later rating, perhaps with a comment, takes the place of the one
/// before.
#[utoipa::path(post, path = "/v1/rating", request_body(
    content = NewRating,
    example = json!({"key": "f3a1c6d2-77aa", "score": 5, "comment": "Quick and kind"})
), responses(
    (status = 204, description = "It is stored"),
    (status = 409, description = "The conversation is not resolved, or not any more", body = Problem, content_type = "application/problem+json"),
    BodyRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn rate(
    State(app): State<App>,
    Bearer(token): Bearer,
    In(new): In<NewRating>,
) -> Result<StatusCode, Problem> {
    let unfit = |what: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, what);
    if !is_client_key(&new.key) {
        return Err(unfit("key: make one of 8 to 64 letters, digits, - and _, new for each rating."));
    }
    let score = Score::new(new.score).ok_or_else(|| unfit("score: from 1 to 5 stars."))?;
    let comment = new.comment.unwrap_or_default().replace(['\r', '\0'], "");
    if comment.chars().count() > COMMENT_CHARS_MAX {
        return Err(unfit("comment: at most 2,000 characters."));
    }
    app.callers.message(token.conversation).map_err(|wait| {
        app.service.shared().metrics.limited.messages_per_conversation.inc();
        Problem::too_many("messages in this conversation", wait)
    })?;
    let key = format!("rate/{}/{}", token.conversation, new.key);
    app.service.customer(&token, vec![Event::CustomerRated { key, score, comment }]).await?;
    Ok(StatusCode::NO_CONTENT)
}
