//! Working sessions under `/v1/session`: what the customer can book, and what he does with it; and the page on
//! which he does so when he comes from a letter, or by a link of the site's. What is free and what may be done is the core's to say.

use super::App;
use super::input::{Asked, BodyRefusals, In, QueryRefusals, Refusals, TokenRefusals};
use super::page;
use super::problem::Problem;
use super::widget::{Bearer, is_client_key};
use crate::service::{Offer, Refusal, Token};
use axum::extract::{Json, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use threadline_core::body::Body;
use threadline_core::calendar::Zone;
use threadline_core::context::zone;
use threadline_core::conversation::Event;
use threadline_core::ids::{Moment, SessionId};
use threadline_core::session::{Ask, Plan, Refused, Session, Slot, Stage, by_day};
use utoipa::{IntoParams, ToSchema};

/// Times that are offered beside a refusal: enough to choose another from.
const NEXT_MAX: usize = 12;

/// What can be booked, and what is.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct SessionOffer {
    /// How long a session is, in minutes.
    minutes: i64,
    /// The zone of the days below: the one that was asked for, or the customer's, or the team's.
    time_zone: String,
    /// What is free now, by day, nearest first.
    days: Vec<FreeDay>,
    /// What the customer should have ready.
    prepare: Option<String>,
    /// What he has booked, or had last.
    session: Option<SessionView>,
}

/// A day with free times.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct FreeDay {
    /// The day: `2026-03-10`.
    date: String,
    /// When a session can begin: milliseconds since 1970-01-01T00:00Z.
    at: Vec<i64>,
}

/// A session as its customer sees it.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct SessionView {
    /// `ses_…`
    id: String,
    /// `held`, `booked`, `cancelled`, `done`, `missed` or `lapsed`.
    state: &'static str,
    /// When it begins: milliseconds since 1970-01-01T00:00Z.
    opens: i64,
    /// When it ends.
    closes: i64,
    /// Who takes it.
    with: String,
    /// Until when it is kept, while it is held.
    held_until: Option<i64>,
    /// Until when it can be moved or cancelled here, while it is booked.
    changeable_until: Option<i64>,
    /// The link to join by, while it is booked.
    join: Option<String>,
}

/// For whom the days are.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct For {
    /// A time zone (IANA): `Europe/Vienna`; what is none is left aside.
    #[serde(default)]
    time_zone: Option<String>,
}

/// A time to be kept for the customer while he types.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewHold {
    /// Made by the client, new for each choice: sending the same again is harmless.
    #[schema(min_length = 8, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    key: String,
    /// When it begins.
    at: i64,
}

/// What is kept is booked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Booking {
    /// `ses_…`
    id: String,
    /// What the customer wants to look at; it is a message of the conversation.
    #[serde(default)]
    text: Option<String>,
}

/// Another time for a session.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Moving {
    /// `ses_…`
    id: String,
    /// When it begins then.
    to: i64,
}

/// A session that does not take place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Cancelling {
    /// `ses_…`
    id: String,
}

/// What can be booked now, and what the customer has.
#[utoipa::path(get, path = "/v1/session", params(For), responses(
    (status = 200, description = "Here it is", body = SessionOffer),
    (status = 404, description = "There are no sessions about this topic", body = Problem, content_type = "application/problem+json"),
    QueryRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn offer(
    State(app): State<App>,
    Bearer(token): Bearer,
    Asked(For { time_zone }): Asked<For>,
) -> Result<Json<SessionOffer>, Problem> {
    let offer = app.service.session_offer(&token).await?;
    let zone = time_zone.as_deref().and_then(zone).or(offer.zone).unwrap_or(offer.plan.terms.calendar.zone());
    Ok(Json(SessionOffer {
        minutes: offer.plan.terms.slot_millis / 60_000,
        time_zone: zone.name().to_owned(),
        days: days(&offer.slots, zone),
        prepare: offer.plan.prepare.clone(),
        session: offer.session.as_ref().map(|session| view(session, &offer.plan)),
    }))
}

/// Keeps a time for five minutes, or as long as the operator says. What was kept before is free again.
#[utoipa::path(post, path = "/v1/session/hold", request_body(
    content = NewHold,
    example = json!({"key": "b0a6f3c2-6c1d", "at": 1_773_162_000_000_i64})
), responses(
    (status = 200, description = "It is kept", body = SessionView),
    (status = 404, description = "There are no sessions about this topic", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "Nobody is free then, or the customer has a session; with the next free times", body = Problem, content_type = "application/problem+json"),
    BodyRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn hold(
    State(app): State<App>,
    Bearer(token): Bearer,
    In(new): In<NewHold>,
) -> Result<Json<SessionView>, Problem> {
    if !is_client_key(&new.key) {
        let what = "key: make one of 8 to 64 letters, digits, - and _, new for each choice.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, what));
    }
    limited(&app, &token)?;
    let held = app.service.hold_session(&token, new.key, Moment(new.at)).await;
    answer(&app, &token, held).await
}

/// Books what is kept. Asked again, it is booked once.
#[utoipa::path(post, path = "/v1/session/book", request_body(
    content = Booking,
    example = json!({"id": "ses_00000000000000000000000001", "text": "My export hangs"})
), responses(
    (status = 200, description = "It is booked", body = SessionView),
    (status = 404, description = "There are no sessions about this topic", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "It was kept for too long; with the next free times", body = Problem, content_type = "application/problem+json"),
    BodyRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn book(
    State(app): State<App>,
    Bearer(token): Bearer,
    In(Booking { id, text }): In<Booking>,
) -> Result<Json<SessionView>, Problem> {
    limited(&app, &token)?;
    let id = session_id(&id)?;
    let booked = app.service.session_asked(&token, Ask::Book { id }).await;
    let text = text.unwrap_or_default().replace(['\r', '\0'], "");
    let text: String = text.chars().take(app.config.limits.message_chars_max as usize).collect();
    if booked.is_ok() && !text.trim().is_empty() {
        let key = format!("w/{}/{id}", token.conversation);
        app.service
            .customer(&token, vec![Event::CustomerWrote { key, body: Body::plain(&text), files: Vec::new() }])
            .await?;
    }
    answer(&app, &token, booked).await
}

/// Moves a booked session. Asked again, it is moved once.
#[utoipa::path(post, path = "/v1/session/move", request_body(
    content = Moving,
    example = json!({"id": "ses_00000000000000000000000001", "to": 1_773_162_900_000_i64})
), responses(
    (status = 200, description = "It is moved", body = SessionView),
    (status = 404, description = "There are no sessions about this topic", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "Nobody is free then, it is too late, or it is over; with the next free times", body = Problem, content_type = "application/problem+json"),
    BodyRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn move_to(
    State(app): State<App>,
    Bearer(token): Bearer,
    In(Moving { id, to }): In<Moving>,
) -> Result<Json<SessionView>, Problem> {
    limited(&app, &token)?;
    let moved = app.service.session_asked(&token, Ask::Move { id: session_id(&id)?, to: Moment(to) }).await;
    answer(&app, &token, moved).await
}

/// Cancels a booked session. Asked again, it is cancelled once.
#[utoipa::path(post, path = "/v1/session/cancel", request_body(
    content = Cancelling,
    example = json!({"id": "ses_00000000000000000000000001"})
), responses(
    (status = 200, description = "It is cancelled", body = SessionView),
    (status = 404, description = "There are no sessions about this topic", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "It is too late, or it is over", body = Problem, content_type = "application/problem+json"),
    BodyRefusals,
    TokenRefusals,
    Refusals,
), security(("token" = [])))]
pub(super) async fn cancel(
    State(app): State<App>,
    Bearer(token): Bearer,
    In(Cancelling { id }): In<Cancelling>,
) -> Result<Json<SessionView>, Problem> {
    limited(&app, &token)?;
    let cancelled = app.service.session_asked(&token, Ask::Cancel { id: session_id(&id)? }).await;
    answer(&app, &token, cancelled).await
}

/// The page itself, the same for everybody.
pub(super) async fn session_page(State(app): State<App>, request: Request) -> Response {
    if app.config.sessions.is_none() {
        let what = "No sessions can be booked here.";
        return Problem::new(StatusCode::NOT_FOUND, what).into_response();
    }
    page("/session.html", &request)
}

fn limited(app: &App, token: &Token) -> Result<(), Problem> {
    app.callers.message(token.conversation).map_err(|wait| {
        app.service.shared().metrics.limited.messages_per_conversation.inc();
        Problem::too_many("messages in this conversation", wait)
    })
}

fn session_id(text: &str) -> Result<SessionId, Problem> {
    text.parse().map_err(|_| Problem::unfit("id", "it is one that POST /v1/session/hold has answered."))
}

/// The session as it is now, or why not, with what is free instead.
async fn answer(app: &App, token: &Token, asked: Result<Session, Refusal>) -> Result<Json<SessionView>, Problem> {
    let refused = match asked {
        Ok(session) => {
            let offer = app.service.session_offer(token).await?;
            return Ok(Json(view(&session, &offer.plan)));
        }
        Err(Refusal::Session(refused)) => refused,
        Err(refusal) => return Err(refusal.into()),
    };
    let problem = Problem::from(Refusal::Session(refused));
    match refused {
        Refused::NobodyFree | Refused::Lapsed => {
            let Offer { slots, zone, plan, .. } = app.service.session_offer(token).await?;
            let zone = zone.unwrap_or(plan.terms.calendar.zone());
            let next = &slots[..slots.len().min(NEXT_MAX)];
            Err(problem.with_days(days(next, zone)))
        }
        Refused::TooLate
        | Refused::Over
        | Refused::NotYet
        | Refused::NotBooked
        | Refused::HasOne
        | Refused::Unknown
        | Refused::NotOffered => Err(problem),
    }
}

fn days(slots: &[Slot], zone: Zone) -> Vec<FreeDay> {
    let day = |(date, slots): (threadline_core::calendar::NaiveDate, Vec<&Slot>)| FreeDay {
        date: date.to_string(),
        at: slots.into_iter().map(|slot| slot.span.opens.0).collect(),
    };
    by_day(slots, zone).into_iter().map(day).collect()
}

fn view(session: &Session, plan: &Plan) -> SessionView {
    let state = match session.stage {
        Stage::Held { .. } => "held",
        Stage::Lapsed => "lapsed",
        Stage::Booked { .. } => "booked",
        Stage::Cancelled { .. } => "cancelled",
        Stage::Done { .. } => "done",
        Stage::Missed { .. } => "missed",
    };
    let held_until = if let Stage::Held { until } = session.stage { Some(until.0) } else { None };
    SessionView {
        id: session.id.to_string(),
        state,
        opens: session.span.opens.0,
        closes: session.span.closes.0,
        with: plan.shown(&session.engineer),
        held_until,
        changeable_until: session.is_booked().then(|| session.changeable_until(&plan.terms).0),
        join: plan.join_link(session).filter(|_| session.is_booked()),
    }
}
