//! What the page knows of the customer: said when a conversation is opened, and again when there is
//! something new.

use super::App;
use super::customer::introduction;
use super::input::{BodyRefusals, In, Refusals, TokenRefusals, object_or_null};
use super::problem::Problem;
use super::widget::Bearer;
use crate::config::Ask;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;
use threadline_core::context::Page;
use threadline_core::conversation::{Event, Told};
use utoipa::ToSchema;

/// Facts as a request says them.
pub(super) type NewFacts = BTreeMap<String, Option<Said>>;

/// The value of a fact.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a value is text, a number, true, false or null")]
pub(super) enum Said {
    /// Text.
    Text(String),
    /// A number, kept as its digits.
    Number(serde_json::Number),
    /// Yes or no, kept as the word.
    Flag(bool),
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
    /// The address of the page before it.
    #[serde(default)]
    referrer: Option<String>,
}

/// What the page says of the customer, some time after the conversation was opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewContext {
    /// His name, at most 120 characters.
    #[serde(default)]
    #[schema(max_length = 120)]
    name: Option<String>,
    /// His email address.
    #[serde(default)]
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Who he is, as the site signs it; see `POST /v1/conversations`.
    #[serde(default)]
    proof: Option<String>,
    /// The page that he is on now.
    #[serde(default, deserialize_with = "object_or_null")]
    page: Option<NewPage>,
    /// What the site knows of him. A value replaces the one before it, null forgets it, and what is not named stays.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    facts: NewFacts,
}

/// Says what the page knows now; what is left out stays as it is. The card in the team's thread shows it.
#[utoipa::path(post, path = "/v1/context", request_body(
    content = NewContext,
    example = json!({"facts": {"transaction_id": "tx-77", "plan": null}, "page": {"url": "https://shop.example.com/cart", "title": "Cart"}})
), responses(
    (status = 204, description = "It is stored"),
    (status = 403, description = "The site vouches for somebody else than before", body = Problem, content_type = "application/problem+json"),
    BodyRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn tell(
    State(app): State<App>,
    Bearer(token): Bearer,
    In(new): In<NewContext>,
) -> Result<StatusCode, Problem> {
    // Where answers go by email, an address is welcome at any time.
    let asks = if app.config.email.is_some() { Ask::Optional } else { app.config.widget.ask_email };
    let who = introduction(&app, new.name, new.email, new.proof.as_deref(), asks)?;
    app.callers.telling(token.conversation).map_err(|wait| {
        app.service.shared().metrics.limited.messages_per_conversation.inc();
        Problem::too_many("changes of what is known in this conversation", wait)
    })?;
    let told = Told { who, page: new.page.map(NewPage::described), facts: facts_of(new.facts) };
    app.service.customer(&token, vec![Event::SiteTold(told)]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Facts as they are kept: as text.
pub(super) fn facts_of(said: NewFacts) -> Vec<(String, Option<String>)> {
    said.into_iter().map(|(key, said)| (key, said.map(Said::into_text))).collect()
}

impl NewPage {
    pub(super) fn described(self) -> Page {
        Page::described(self.url, self.title, self.referrer)
    }
}

impl Said {
    fn into_text(self) -> String {
        match self {
            Said::Text(text) => text,
            Said::Number(number) => number.to_string(),
            Said::Flag(flag) => flag.to_string(),
        }
    }
}
