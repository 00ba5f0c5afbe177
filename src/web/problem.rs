//! Errors as browsers and programs get them: `application/problem+json` (RFC 9457), with what to
//! do. Every word here is for a stranger; what went wrong inside is in the log, and the
//! request's id (`x-request-id`) beside it.

use super::sessions::FreeDay;
use crate::service::Refusal;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use threadline_core::context::Unfit;
use threadline_core::session::Refused;
use utoipa::ToSchema;

/// What is wrong with a request, and what to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What kind of problem it is.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened here, and what to do about it.
    detail: String,
    /// What in the request is at fault, where that is one part of it: a key of its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// Times that are free instead, by day, where a session could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<FreeDay>>)]
    days: Option<Box<[FreeDay]>>,
    /// Seconds to wait, for 429 and 503; the header `Retry-After` says the same.
    #[serde(skip)]
    retry_after_secs: Option<u64>,
}

impl Problem {
    /// A problem of this status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        let title = status.canonical_reason().unwrap_or("Problem");
        let (status, detail) = (status.as_u16(), detail.into());
        Problem { kind: "about:blank", title, status, detail, field: None, days: None, retry_after_secs: None }
    }

    /// A part of the request is missing or cannot be kept.
    pub fn unfit(field: &str, why: impl std::fmt::Display) -> Problem {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{field}: {why}"));
        Problem { field: Some(field.to_string()), ..problem }
    }

    /// The same, with times that are free instead.
    pub(super) fn with_days(self, days: Vec<FreeDay>) -> Problem {
        Problem { days: Some(days.into()), ..self }
    }

    /// The conversation is not there for whoever asks.
    pub fn not_yours() -> Problem {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "No conversation is opened by this token. Open a new one with POST /v1/conversations.",
        )
    }

    /// The site's word for who the customer is does not count; why, and what to do.
    pub fn unproven(why: &str) -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, format!("It is not known who asks: {why}"))
    }

    /// The site vouches for somebody else than before.
    pub fn somebody_else() -> Problem {
        let what = "This conversation is another customer's. Open a new one with POST /v1/conversations.";
        Problem::new(StatusCode::FORBIDDEN, what)
    }

    /// A limit was reached.
    pub fn too_many(what: &str, retry_after_secs: u64) -> Problem {
        let retry_after_secs = retry_after_secs.max(1);
        let detail = format!("Too many {what}. Try again in {retry_after_secs} s.");
        Problem { retry_after_secs: Some(retry_after_secs), ..Problem::new(StatusCode::TOO_MANY_REQUESTS, detail) }
    }

    /// It took too long: nobody knows whether it was stored.
    pub fn too_slow() -> Problem {
        let detail = "It took too long. It may have been stored: send the same again, with the same key.";
        Problem { retry_after_secs: Some(2), ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// The body of the request did not arrive in time.
    pub fn body_too_slow() -> Problem {
        let detail = "The body of the request did not arrive in time, and nothing was stored. Send it again.";
        Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
    }

    /// There is no room just now.
    pub fn busy(what: &str) -> Problem {
        let detail = format!("{what} Try again in a few seconds.");
        Problem { retry_after_secs: Some(2), ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    /// The database did not take it: nothing was stored.
    pub fn unstored() -> Problem {
        let detail = "It could not be stored just now, and nothing was. Send the same again in a few seconds.";
        Problem { retry_after_secs: Some(2), ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
    }
}

impl Problem {
    /// The bytes of an answer that ends its connection, where no request was read.
    pub fn farewell(&self) -> Vec<u8> {
        let body = serde_json::to_string(self).unwrap_or_default();
        let retry = self.retry_after_secs.map_or(String::new(), |secs| format!("retry-after: {secs}\r\n"));
        format!(
            "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\n{retry}content-length: {}\r\n\
             cache-control: no-store\r\nconnection: close\r\n\r\n{body}",
            self.status,
            self.title,
            body.len()
        )
        .into_bytes()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Unfit> for Problem {
    fn from(unfit: Unfit) -> Self {
        Problem::unfit(&unfit.field, unfit.why)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotYours => Problem::not_yours(),
            Refusal::Blank => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "The message is empty. Write something."),
            Refusal::SomebodyElse => Problem::somebody_else(),
            Refusal::Unfit(unfit) => unfit.into(),
            Refusal::NotResolved => {
                let what = "This conversation is open again, so there is nothing to rate yet.";
                Problem::new(StatusCode::CONFLICT, what)
            }
            // Only what comes from a desk can be too early.
            Refusal::TooEarly => Problem::unstored(),
            Refusal::NoSuchFile => Problem::new(
                StatusCode::NOT_FOUND,
                "There is no such file here for you, or it is part of another message already. Upload it again.",
            ),
            Refusal::LinkIsOver => Problem::new(
                StatusCode::FORBIDDEN,
                "This link does not work, or not any more. Ask for a new one with POST /v1/files/{id}/link.",
            ),
            Refusal::Session(refused) => of_session(refused),
            Refusal::Store(error) => {
                tracing::error!(%error, "a request was not stored");
                Problem::unstored()
            }
        }
    }
}

/// Why a session cannot be as the customer wants it, in kind words.
fn of_session(refused: Refused) -> Problem {
    let status = match refused {
        Refused::NotOffered => StatusCode::NOT_FOUND,
        Refused::Lapsed
        | Refused::TooLate
        | Refused::Over
        | Refused::NotYet
        | Refused::NotBooked
        | Refused::NobodyFree
        | Refused::HasOne
        | Refused::Unknown => StatusCode::CONFLICT,
    };
    let what = match refused {
        Refused::NobodyFree => {
            "Somebody else was a moment faster, and nobody is free then any more. Please choose another time."
        }
        Refused::Lapsed => "This time was kept for you for a while, and is not any more. Please choose again.",
        Refused::TooLate => "It begins too soon to be changed here. Write to us, and we look what can be done.",
        Refused::Over => "This session was cancelled, or is over. You can book a new one.",
        Refused::NotYet => "This session has not begun yet.",
        Refused::NotBooked => "This session is not booked yet.",
        Refused::HasOne => "You have booked a session already. You can move it to another time.",
        Refused::Unknown => "There is no such session of yours.",
        Refused::NotOffered => "There are no sessions about this topic. Write to us, and we answer.",
    };
    Problem::new(status, what)
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let status = rejection.status();
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(status, "The body of the request is too long. Send less at once.")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Problem::new(status, "The body has to be JSON, and to say so: Content-Type: application/json.")
            }
            _ => unreadable(status, "body", &rejection.body_text()),
        }
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        unreadable(rejection.status(), "path", &rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        unreadable(rejection.status(), "query", &rejection.body_text())
    }
}

/// A part of the request is not what it should be: why, which axum says behind words of its own about
/// what it was doing, and what to do.
fn unreadable(status: StatusCode, part: &str, text: &str) -> Problem {
    let why = text.split_once(": ").map_or(text, |(_, why)| why);
    Problem::new(status, format!("The {part} is not what it should be ({why}). GET /openapi.json describes it."))
}
