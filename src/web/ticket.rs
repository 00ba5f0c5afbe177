//! The customer's page, for who comes from a letter: it opens his conversation without an account. What is
//! signed stands behind the `#` of its address, so no server is sent it and none logs it; the page's script
//! trades it here for a token, as every browser has one.

use super::App;
use super::input::{BodyRefusals, In, Refusals};
use super::opening::OpenedConversation;
use super::page;
use super::problem::Problem;
use crate::email::letter::Writer;
use crate::service::Refusal;
use axum::extract::{Json, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

/// What stands behind the `#` of a link in a letter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    /// All of it: `1042.…`
    #[schema(max_length = 60)]
    link: String,
}

/// Opens the conversation of a link in a letter, for this browser.
#[utoipa::path(post, path = "/v1/tickets", request_body(
    content = Link,
    example = json!({"link": "1042.a4dqobyha4dqobyh"})
), responses(
    (status = 201, description = "It is open here, too", body = OpenedConversation),
    (status = 404, description = "The link is not one of ours, or is signed with a secret that was changed", body = Problem, content_type = "application/problem+json"),
    BodyRefusals,
    Refusals,
))]
pub(super) async fn open(
    State(app): State<App>,
    In(Link { link }): In<Link>,
) -> Result<(StatusCode, Json<OpenedConversation>), Problem> {
    let not_ours =
        || Problem::new(StatusCode::NOT_FOUND, "This link does not work. Open the newest letter, or reply to it.");
    let email = app.config.email.as_ref().ok_or_else(not_ours)?;
    let number = Writer::new(email).signer().conversation_of_page(&link).ok_or_else(not_ours)?;
    let (head, token) = match app.service.token_for(number).await {
        Err(Refusal::NotYours) => return Err(not_ours()),
        answer => answer?,
    };
    Ok((StatusCode::CREATED, Json(OpenedConversation::new(head.id, head.number, head.topic, &token))))
}

/// The page itself, the same for everybody.
pub(super) async fn ticket(State(app): State<App>, request: Request) -> Response {
    if app.config.email.is_none() {
        let what = "Nothing goes by email here, so there are no pages of tickets.";
        return Problem::new(StatusCode::NOT_FOUND, what).into_response();
    }
    page("/ticket.html", &request)
}
