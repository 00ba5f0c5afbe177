//! Slack's HTTP requests at our door: who may come in. Pure: the caller hands over headers, body
//! and time, keeps the frame, and answers.

use crate::config::Secret;
use crate::decode;
use crate::loose;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};
use threadline_core::desk::Frame;
use threadline_core::ids::Moment;

/// How old a signed request may be, or how far ahead, in seconds (docs.slack.dev, "Verifying requests").
const AGE_SECS_MAX: i64 = 300;

/// What came to the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knock {
    /// Slack checks the address: answer 200 with this text.
    Challenge(String),
    /// An event: keep it, then answer 200.
    Frame(Frame),
    /// An agent used a button, a menu, a command or a form: carry it out, and answer 200 with what
    /// there is to say.
    ByHand(Value),
    /// Not Slack, or not now: answer 401 and do nothing. The reason is for the log.
    Refused(&'static str),
}

/// Judges a request to the Events API address. Several secrets count, so that one can be replaced
/// without a gap. `header` is asked by lower-case name.
pub fn knock(secrets: &[Secret], header: impl Fn(&str) -> Option<String>, body: &[u8], now: Moment) -> Knock {
    let (Some(sent_at), Some(signature)) = (header("x-slack-request-timestamp"), header("x-slack-signature")) else {
        return Knock::Refused("it is not signed");
    };
    let Some(seconds) = sent_at.parse::<i64>().ok() else { return Knock::Refused("its time is no number") };
    if seconds.abs_diff(now.0.div_euclid(1_000)) > AGE_SECS_MAX.unsigned_abs() {
        return Knock::Refused("it is too old, or our clock is wrong");
    }
    let Some(signature) = signature.strip_prefix("v0=").and_then(bytes) else {
        return Knock::Refused("its signature is of no known kind");
    };
    // Every secret is tried, so that the time taken tells nothing.
    let signed = secrets.iter().fold(false, |signed, secret| is_signed(secret, &sent_at, body, &signature) | signed);
    if !signed {
        return Knock::Refused("its signature is wrong");
    }
    let Ok(raw) = std::str::from_utf8(body) else { return Knock::Refused("it is not UTF-8") };
    if header("content-type").is_some_and(|kind| kind.starts_with(FORM)) {
        return by_hand(raw);
    }
    let Ok(value) = loose::read(raw) else { return Knock::Refused("it is not JSON") };
    if value["type"] == "url_verification" {
        return Knock::Challenge(value["challenge"].as_str().unwrap_or_default().to_string());
    }
    Knock::Frame(decode::frame(raw).unwrap_or_else(|| Frame { key: fingerprint(body), raw: raw.into() }))
}

/// How commands come, and in a field of the form, as JSON, what was pressed and filled in.
const FORM: &str = "application/x-www-form-urlencoded";

fn by_hand(raw: &str) -> Knock {
    let mut fields = serde_json::Map::new();
    for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
        fields.insert(name.into_owned(), Value::String(value.into_owned()));
    }
    if fields.get("ssl_check").is_some_and(|on| on == "1") {
        return Knock::Challenge(String::new());
    }
    match fields.get("payload").and_then(Value::as_str).map(loose::read) {
        Some(Ok(payload)) => Knock::ByHand(payload),
        Some(Err(_)) => Knock::Refused("its payload is not JSON"),
        None => Knock::ByHand(Value::Object(fields)),
    }
}

/// `v0=` and the HMAC-SHA256 of version, time and body; compared in constant time.
fn is_signed(secret: &Secret, sent_at: &str, body: &[u8], signature: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else { return false };
    mac.update(b"v0:");
    mac.update(sent_at.as_bytes());
    mac.update(b":");
    mac.update(body);
    !secret.reveal().is_empty() && mac.verify_slice(signature).is_ok()
}

/// What tells a body without an id from others, such as `app_rate_limited`.
fn fingerprint(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) || !hex.is_ascii() {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's own page on verifying requests.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const SENT_AT: i64 = 1_531_420_618;
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn sign(secret: &str, sent_at: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("v0:{sent_at}:{body}").as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("v0={hex}")
    }

    fn knocked(secrets: &[&str], sent_at: &str, signature: &str, body: &str, now_secs: i64) -> Knock {
        knocked_as("application/json", secrets, sent_at, signature, body, now_secs)
    }

    fn knocked_as(kind: &str, secrets: &[&str], sent_at: &str, signature: &str, body: &str, now_secs: i64) -> Knock {
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        let header = |name: &str| match name {
            "x-slack-request-timestamp" => Some(sent_at.to_string()),
            "x-slack-signature" => Some(signature.to_string()),
            "content-type" => Some(kind.to_string()),
            _ => None,
        };
        knock(&secrets, header, body.as_bytes(), Moment(now_secs * 1_000))
    }

    #[test]
    fn slacks_own_example_is_signed() {
        assert_eq!(sign(SECRET, SENT_AT, BODY), SIGNATURE);
        // Its body is a slash command's, which is no event.
        assert_eq!(knocked(&[SECRET], "1531420618", SIGNATURE, BODY, SENT_AT), Knock::Refused("it is not JSON"));
        let Knock::ByHand(command) = knocked_as(FORM, &[SECRET], "1531420618", SIGNATURE, BODY, SENT_AT) else {
            panic!("it is a command");
        };
        assert_eq!((&command["command"], &command["user_id"]), (&"/webhook-collect".into(), &"U2CERLKJA".into()));
    }

    #[test]
    fn what_was_pressed_comes_in_a_field_of_a_form() {
        let knocked = |body: &str| knocked_as(FORM, &["s"], "1000", &sign("s", 1_000, body), body, 1_000);
        let payload = serde_json::json!({ "type": "block_actions", "text": "ä" });
        assert_eq!(
            knocked("payload=%7B%22type%22%3A%22block_actions%22%2C%22text%22%3A%22%C3%A4%22%7D"),
            Knock::ByHand(payload)
        );
        assert_eq!(knocked("payload=text"), Knock::Refused("its payload is not JSON"));
        assert_eq!(knocked("ssl_check=1&token=x"), Knock::Challenge(String::new()));
        assert!(matches!(knocked_as(FORM, &["t"], "1000", &sign("s", 1_000, "a=b"), "a=b", 1_000), Knock::Refused(_)));
    }

    #[test]
    fn an_event_comes_in_under_its_id() {
        let body = r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}"#;
        let event = Knock::Frame(Frame { key: "Ev1".into(), raw: body.into() });
        let signature = sign("new", 1_000, body);
        for now in [700, 1_000, 1_300] {
            assert_eq!(knocked(&["old", "new"], "1000", &signature, body, now), event);
        }
    }

    #[test]
    fn the_address_is_confirmed_only_to_slack() {
        let body = r#"{"type":"url_verification","challenge":"3eZbrw1a"}"#;
        let signature = sign("s", 1_000, body);
        assert_eq!(knocked(&["s"], "1000", &signature, body, 1_000), Knock::Challenge("3eZbrw1a".into()));
        assert!(matches!(knocked(&["t"], "1000", &signature, body, 1_000), Knock::Refused(_)));
    }

    #[test]
    fn an_event_without_an_id_is_told_apart_by_its_content() {
        let key = |body: &str| match knocked(&["s"], "1000", &sign("s", 1_000, body), body, 1_000) {
            Knock::Frame(frame) => frame.key,
            other => panic!("{other:?}"),
        };
        let first = key(r#"{"type":"app_rate_limited","minute_rate_limited":1}"#);
        assert_eq!(first, key(r#"{"type":"app_rate_limited","minute_rate_limited":1}"#));
        assert_ne!(first, key(r#"{"type":"app_rate_limited","minute_rate_limited":2}"#));
    }

    #[test]
    fn everybody_else_stays_outside() {
        let body = "{}";
        let good = sign("s", 1_000, body);
        for (sent_at, signature, now) in [
            ("1000", good.as_str(), 1_301),
            ("1000", good.as_str(), 699),
            ("1001", good.as_str(), 1_000),
            ("soon", good.as_str(), 1_000),
            ("-9223372036854775808", good.as_str(), 1_000),
            ("1000", &good[3..], 1_000),
            ("1000", "v0=", 1_000),
            ("1000", "v0=zz", 1_000),
            ("1000", "v0=ünïcö", 1_000),
            ("1000", &good[..good.len() - 2], 1_000),
        ] {
            assert!(
                matches!(knocked(&["s"], sent_at, signature, body, now), Knock::Refused(_)),
                "{sent_at} {signature}"
            );
        }
        assert!(matches!(knocked(&[], "1000", &good, body, 1_000), Knock::Refused(_)));
        assert!(matches!(knocked(&[""], "1000", &sign("", 1_000, body), body, 1_000), Knock::Refused(_)));
        assert!(matches!(knock(&[Secret::new("s")], |_| None, b"{}", Moment(0)), Knock::Refused(_)));
    }
}
