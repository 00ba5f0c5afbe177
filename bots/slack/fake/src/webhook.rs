//! Events by HTTP: signed as Slack signs them, with Slack's retry headers, its three seconds and
//! its two redirects; and the challenge that opens the door.

use crate::delivery::{HttpFailure, Job};
use crate::world::World;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Redirects Slack follows (Slack, Events API, "Responding to events").
const REDIRECTS_MAX: usize = 2;

/// What Slack signs requests with: `v0=` and the HMAC-SHA256 of `v0:timestamp:body`.
pub fn signature(signing_secret: &str, timestamp: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length, so the error cannot happen; an empty signature would be refused.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(signing_secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("v0:{timestamp}:").as_bytes());
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

/// Makes the deliveries that come through `jobs`, each on its own.
pub(crate) async fn run(world: Arc<World>, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let poster = Arc::new(Poster { client: Client::builder(TokioExecutor::new()).build_http(), world });
    while let Some(job) = jobs.recv().await {
        let poster = poster.clone();
        tokio::spawn(async move {
            let outcome = poster.deliver(&job).await;
            poster.world.deliveries.delivered_by_http(job.number, outcome);
            poster.world.touch();
        });
    }
}

/// Asks the app at `url` for the challenge, as Slack does when the URL is entered.
pub(crate) async fn challenge(world: &Arc<World>, url: &str) -> Result<(), String> {
    let poster = Poster { client: Client::builder(TokioExecutor::new()).build_http(), world: world.clone() };
    let challenge = format!("fake-challenge-{}", world.deliveries.next_event_number());
    let body = json!({"token": "fake-verification-token", "challenge": challenge, "type": "url_verification"});
    let answer = poster.post(url, JSON, body.to_string().into(), None);
    let answer = tokio::time::timeout(world.options.ack_timeout, answer).await.map_err(|_| "it did not answer")??;
    if answer.status() != StatusCode::OK {
        return Err(format!("it answered {}", answer.status()));
    }
    let body = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
    let as_json = serde_json::from_slice::<Value>(&body).ok();
    let told = as_json.as_ref().and_then(|value| value["challenge"].as_str());
    if told == Some(&challenge) || body == challenge.as_bytes() {
        Ok(())
    } else {
        Err("it did not answer with the challenge".into())
    }
}

const JSON: &str = "application/json";

/// Content type and body of a delivery: events travel as JSON, commands as a form, and what was pressed
/// or filled in as JSON in a field of a form.
fn sent_as(kind: &str, payload: &str) -> (&'static str, Bytes) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    match kind {
        "interactive" => {
            form.append_pair("payload", payload);
        }
        "slash_commands" => {
            let fields = serde_json::from_str::<Value>(payload).unwrap_or_default();
            for (name, value) in fields.as_object().into_iter().flatten() {
                form.append_pair(name, value.as_str().unwrap_or_default());
            }
        }
        _ => return (JSON, Bytes::copy_from_slice(payload.as_bytes())),
    }
    ("application/x-www-form-urlencoded", form.finish().into())
}

struct Poster {
    client: Client<HttpConnector, Full<Bytes>>,
    world: Arc<World>,
}

impl Poster {
    async fn deliver(&self, job: &Job) -> Result<Value, HttpFailure> {
        let failed = |reason| HttpFailure { reason, no_retry: false };
        let retry = (job.attempt > 0).then_some((job.attempt, job.reason));
        let (content_type, body) = sent_as(job.kind, &job.body);
        let delivery = async {
            let mut url = job.url.clone();
            for _ in 0..=REDIRECTS_MAX {
                let answer = self
                    .post(&url, content_type, body.clone(), retry)
                    .await
                    .map_err(|_| failed("connection_failed"))?;
                match answer.headers().get(header::LOCATION).filter(|_| answer.status().is_redirection()) {
                    Some(location) => url = location.to_str().map_err(|_| failed("http_error"))?.to_string(),
                    None => return Ok(answer),
                }
            }
            Err(failed("too_many_redirects"))
        };
        let answer = tokio::time::timeout(self.world.options.ack_timeout, delivery)
            .await
            .map_err(|_| failed("http_timeout"))??;
        if !answer.status().is_success() {
            let no_retry = answer.headers().get("x-slack-no-retry").is_some_and(|value| value == "1");
            return Err(HttpFailure { reason: "http_error", no_retry });
        }
        let body = answer.into_body().collect().await.map_err(|_| failed("connection_failed"))?.to_bytes();
        Ok(serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    async fn post(
        &self,
        url: &str,
        content_type: &str,
        body: Bytes,
        retry: Option<(usize, &str)>,
    ) -> Result<Response<Incoming>, String> {
        let uri: Uri = url.parse().map_err(|_| format!("{url} is no URL"))?;
        let timestamp = self.world.stamps.now_secs().to_string();
        let signature = signature(&self.world.options.signing_secret, &timestamp, &body);
        let mut request = Request::post(uri)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::USER_AGENT, "Slackbot 1.0 (+https://api.slack.com/robots)")
            .header("X-Slack-Request-Timestamp", timestamp)
            .header("X-Slack-Signature", signature);
        if let Some((number, reason)) = retry {
            request = request.header("X-Slack-Retry-Num", number).header("X-Slack-Retry-Reason", reason);
        }
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        self.client.request(request).await.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_openssl_makes_of_it() {
        // printf 'v0:1531420618:token=x&text=hi' | openssl dgst -sha256 -hmac 8f742231b10e
        assert_eq!(
            signature("8f742231b10e", "1531420618", b"token=x&text=hi"),
            "v0=9b8877f7792cd5271a8859f288254862955b8270475b9bdd39763eb18c3ce1c3"
        );
    }
}
