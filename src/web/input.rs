//! What comes with a request, and what is said when it is not what it should be. Every handler
//! takes its body, its path and its query through these, so that each refusal is a [`Problem`], and
//! tells of these refusals in the API's document by the types at the end.

use super::problem::Problem;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Json, Path, Query};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, de};
use std::fmt;
use std::marker::PhantomData;
use utoipa::IntoResponses;

/// A JSON body: an object.
#[derive(Debug)]
pub(super) struct In<T>(pub T);

/// What stands in the path.
#[derive(Debug, FromRequestParts)]
#[from_request(via(Path), rejection(Problem))]
pub(super) struct At<T>(pub T);

/// A query.
#[derive(Debug, FromRequestParts)]
#[from_request(via(Query), rejection(Problem))]
pub(super) struct Asked<T>(pub T);

const _: fn(JsonRejection) -> Problem = Problem::from;
const _: fn(PathRejection) -> Problem = Problem::from;
const _: fn(QueryRejection) -> Problem = Problem::from;

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for In<T> {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<In<T>, Problem> {
        let Json(Object(body)) = Json::from_request(request, state).await?;
        Ok(In(body))
    }
}

/// The number of a change as a client says it: 0 or more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rev(pub i64);

impl<'de> Deserialize<'de> for Rev {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Rev, D::Error> {
        let said = u64::deserialize(from)?;
        i64::try_from(said).map(Rev).map_err(|_| de::Error::custom("no change has so high a number"))
    }
}

/// A struct that is an object in JSON and nothing else: serde would also take a list of its fields
/// in their order, which nobody means, and which changes its meaning with the order of our fields.
#[derive(Debug)]
pub(super) struct Object<T>(pub T);

/// For a field that holds an object or nothing: `#[serde(default, deserialize_with = "…")]`.
pub(super) fn object_or_null<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::<Object<T>>::deserialize(from)?.map(|Object(value)| value))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Object<T>, D::Error> {
        from.deserialize_map(Fields(PhantomData)).map(Object)
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// What every request can be answered with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the macro, for the API's document")]
pub(super) enum Refusals {
    /// Too many requests; the header `Retry-After` says when to come again.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(Problem),
    /// Not now, and nothing was changed; or it took too long. Send the same again.
    #[response(status = 503, content_type = "application/problem+json")]
    NotNow(Problem),
}

/// What a request with a token can be answered with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the macro, for the API's document")]
pub(super) enum TokenRefusals {
    /// The token opens no conversation.
    #[response(status = 401, content_type = "application/problem+json")]
    NotYours(Problem),
}

/// What a request with a token that the site has signed can be answered with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the macro, for the API's document")]
pub(super) enum ProofRefusals {
    /// The token does not say who the customer is.
    #[response(status = 401, content_type = "application/problem+json")]
    Unproven(Problem),
}

/// What a request with a query or with values in its path can be answered with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the macro, for the API's document")]
pub(super) enum QueryRefusals {
    /// The query cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Unreadable(Problem),
}

/// What a request with a JSON body can be answered with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the macro, for the API's document")]
pub(super) enum BodyRefusals {
    /// The body is no JSON.
    #[response(status = 400, content_type = "application/problem+json")]
    NoJson(Problem),
    /// The body did not arrive in time.
    #[response(status = 408, content_type = "application/problem+json")]
    TooSlow(Problem),
    /// The body, or something in it, is too long.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLong(Problem),
    /// The body does not say that it is JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotCalledJson(Problem),
    /// The body does not say what it should.
    #[response(status = 422, content_type = "application/problem+json")]
    Unfit(Problem),
}
