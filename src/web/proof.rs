//! Who a customer is, as the site signs it: a JSON Web Token (RFC 7519), signed with HMAC-SHA256 and a
//! secret that the site and the operator share. One algorithm, as RFC 8725 has it: a token that names
//! another, or none, is refused before anything in it is believed. A token is never stored or logged.

use super::App;
use super::input::Object;
use super::problem::Problem;
use crate::config::Secret;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use std::fmt;
use threadline_core::context::one_line;
use threadline_core::customer::{CUSTOMER_ID_CHARS_MAX, NAME_CHARS_MAX, Proof};
use threadline_core::ids::{CustomerId, Moment};

/// Longest token, in bytes: ten times one that says all that is read here.
const TOKEN_BYTES_MAX: usize = 4_096;
/// How far the site's clock may be ahead of ours, for what says from when on a token counts. What says
/// until when is taken at its word.
const CLOCK_LEEWAY_SECS: f64 = 60.0;
/// Who a token is for, if it says so: what is for another service does not count here.
const AUDIENCE: &str = "threadline";

/// What the site signs with.
#[derive(Clone)]
pub(super) struct Signers(Vec<Hmac<Sha256>>);

/// Why a token proves nothing, in words for whoever has to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoProof(pub &'static str);

/// Whom the site vouches for, by its token in `Authorization: Bearer …`.
#[derive(Debug)]
pub(super) struct Proven(pub Proof);

#[derive(Deserialize)]
struct Head {
    alg: String,
    /// Names extensions that have to be understood; none is.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    sub: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    aud: Option<Audience>,
    name: Option<String>,
    email: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl fmt::Debug for Signers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signers({})", self.0.len())
    }
}

impl Signers {
    /// Those who sign with one of these secrets.
    pub fn new(secrets: &[Secret]) -> Signers {
        // HMAC takes a key of any length.
        Signers(secrets.iter().filter_map(|secret| Hmac::new_from_slice(secret.expose().as_bytes()).ok()).collect())
    }

    /// What a token proves at this moment.
    pub fn proof(&self, token: &str, now: Moment) -> Result<Proof, NoProof> {
        let no = |why: &'static str| Err(NoProof(why));
        if self.0.is_empty() {
            return no("nobody can be verified here: the operator has to set THREADLINE_IDENTITY_SECRET.");
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [head, claims, signature] = parts[..] else { return no(NO_TOKEN) };
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let (Some(head), Some(signature)) = (decoded(head), decoded(signature)) else { return no(NO_TOKEN) };
        let Ok(Object(Head { alg, crit })) = serde_json::from_slice(&head) else { return no(NO_TOKEN) };
        if token.len() > TOKEN_BYTES_MAX {
            return no("the token is longer than 4,096 bytes; sign less.");
        }
        if alg != "HS256" || crit.is_some() {
            return no("the token has to be signed with HS256, and its head must have no \"crit\".");
        }
        let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
        let fits = |key: &Hmac<Sha256>| key.clone().chain_update(signed).verify_slice(&signature).is_ok();
        if !self.0.iter().any(fits) {
            return no("the token is not signed with the secret that is set here.");
        }
        let claims = decoded(claims).and_then(|claims| serde_json::from_slice::<Object<Claims>>(&claims).ok());
        let Some(Object(claims)) = claims else {
            return no("the token's claims are no JSON of the form that is read here.");
        };
        claims.proof(now)
    }
}

const NO_TOKEN: &str = "this is no JSON Web Token; sign one with HS256.";

impl Claims {
    fn proof(self, now: Moment) -> Result<Proof, NoProof> {
        let no = |why: &'static str| Err(NoProof(why));
        let now = now.0 as f64 / 1_000.0;
        let Some(expires) = self.exp else { return no("the token has no \"exp\"; say until when it counts.") };
        if expires <= now {
            return no("the token has expired; sign a new one.");
        }
        if [self.nbf, self.iat].into_iter().flatten().any(|from| from > now + CLOCK_LEEWAY_SECS) {
            return no("the token does not count yet: \"nbf\" or \"iat\" is more than a minute ahead.");
        }
        let is_for_us = match &self.aud {
            None => true,
            Some(Audience::One(audience)) => audience == AUDIENCE,
            Some(Audience::Several(audiences)) => audiences.iter().any(|audience| audience == AUDIENCE),
        };
        if !is_for_us {
            return no("the token is for another service: leave \"aud\" out, or make it \"threadline\".");
        }
        // An id that is changed to fit could be another customer's.
        let id =
            self.sub.filter(|id| !id.is_empty() && id.chars().count() <= CUSTOMER_ID_CHARS_MAX && *id == one_line(id));
        let Some(id) = id else {
            return no("the token needs a \"sub\": the customer's id, one line of at most 128 characters.");
        };
        let name = self.name.map(|name| one_line(&name).chars().take(NAME_CHARS_MAX).collect());
        Ok(Proof {
            id: CustomerId(id),
            name: name.filter(|name: &String| !name.is_empty()),
            email: self.email.filter(|email| super::customer::is_email(email)),
        })
    }
}

impl FromRequestParts<App> for Proven {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let proof = app.signers.proof(token, app.service.shared().clock.now());
        proof.map(Proven).map_err(|NoProof(why)| Problem::unproven(why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const OLD: &str = "the old secret, which is long enough";
    const NEW: &str = "the new secret, which is long enough";
    const NOW: Moment = Moment(1_800_000_000_000);

    fn signed_as(head: &Value, claims: &[u8], secret: &str) -> String {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(head.to_string()), URL_SAFE_NO_PAD.encode(claims));
        let key = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let signature = key.chain_update(&text).finalize().into_bytes();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn signed(claims: &Value) -> String {
        signed_as(&json!({ "alg": "HS256", "typ": "JWT" }), claims.to_string().as_bytes(), NEW)
    }

    fn of(token: &str) -> Result<Proof, NoProof> {
        Signers::new(&[Secret::new(NEW), Secret::new(OLD)]).proof(token, NOW)
    }

    fn why(token: &str) -> &'static str {
        of(token).unwrap_err().0
    }

    /// A token that another implementation made: RFC 7515, appendix A.1.
    #[test]
    fn the_token_of_the_standard_is_signed_as_we_sign() {
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let key = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let signers = Signers(vec![Hmac::new_from_slice(&key).unwrap()]);
        let before = Moment(1_300_819_379_000);
        assert!(signers.proof(token, before).unwrap_err().0.contains("needs a \"sub\""), "the signature fits");
        assert!(signers.proof(token, Moment(1_300_819_380_000)).unwrap_err().0.contains("expired"));
        assert!(of(token).unwrap_err().0.contains("not signed with the secret"));
    }

    #[test]
    fn what_is_signed_is_believed() {
        let whole = json!({ "sub": "u-7", "exp": 1_800_000_001, "iat": 1_800_000_059, "nbf": 1_799_999_000.5,
            "aud": ["billing", "threadline"], "name": " Ada\n King ", "email": "ada@example.com", "role": ["x"] });
        let ada = Proof {
            id: CustomerId("u-7".into()),
            name: Some("Ada King".into()),
            email: Some("ada@example.com".into()),
        };
        assert_eq!(of(&signed(&whole)), Ok(ada));
        let bare = json!({ "sub": "u-7", "exp": 1_800_000_001, "name": "", "email": "no address" });
        let proof = Proof { id: CustomerId("u-7".into()), name: None, email: None };
        assert_eq!(of(&signed(&bare)), Ok(proof.clone()));
        let head = json!({ "alg": "HS256" });
        assert_eq!(of(&signed_as(&head, bare.to_string().as_bytes(), OLD)), Ok(proof), "while the secret is changed");
        assert!(Signers::new(&[]).proof(&signed(&bare), NOW).unwrap_err().0.contains("THREADLINE_IDENTITY_SECRET"));
    }

    #[test]
    fn what_is_not_signed_so_proves_nothing() {
        let claims = json!({ "sub": "u-7", "exp": 1_800_000_001 });
        let bytes = claims.to_string().into_bytes();
        let good = signed(&claims);
        assert!(of(&good).is_ok());
        for alg in ["none", "None", "NONE", "hs256", "HS384", "HS512", "RS256", "ES256", "EdDSA", ""] {
            assert_eq!(why(&signed_as(&json!({ "alg": alg }), &bytes, NEW)), why_alg(), "{alg}");
        }
        let crit = json!({ "alg": "HS256", "crit": ["b64"], "b64": false });
        assert_eq!(why(&signed_as(&crit, &bytes, NEW)), why_alg());
        let (text, signature) = good.rsplit_once('.').unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let unsigned = format!("{none}.{}.", URL_SAFE_NO_PAD.encode(&bytes));
        assert_eq!(why(&unsigned), why_alg());
        let other = URL_SAFE_NO_PAD.encode(json!({ "sub": "u-8", "exp": 1_800_000_001 }).to_string());
        let forged = format!("{}.{other}.{signature}", text.split_once('.').unwrap().0);
        let cut = &signature[..40];
        for token in [
            forged,
            format!("{text}."),
            format!("{text}.{cut}"),
            signed_as(&json!({ "alg": "HS256" }), &bytes, "another secret that is long enough"),
        ] {
            assert_eq!(why(&token), "the token is not signed with the secret that is set here.", "{token}");
        }
        for token in [
            "".to_string(),
            ".".to_string(),
            "..".to_string(),
            "a.b.c".to_string(),
            text.to_string(),
            format!("{good}.x"),
            format!("{good}="),
            format!(" {good}"),
            good.replacen("ey", "e+", 1),
            signed_as(&json!({ "typ": "JWT" }), &bytes, NEW),
            signed_as(&json!([{ "alg": "HS256" }]), &bytes, NEW),
        ] {
            assert_eq!(why(&token), NO_TOKEN, "{token}");
        }
        assert!(why(&signed(&json!({ "sub": "u", "exp": 1_900_000_000, "x": "x".repeat(4_000) }))).contains("longer"));
    }

    fn why_alg() -> &'static str {
        "the token has to be signed with HS256, and its head must have no \"crit\"."
    }

    #[test]
    fn what_is_signed_has_to_say_who_and_until_when() {
        for (claims, expected) in [
            (json!({ "sub": "u" }), "no \"exp\""),
            (json!({ "sub": "u", "exp": null }), "no \"exp\""),
            (json!({ "sub": "u", "exp": 1_800_000_000 }), "expired"),
            (json!({ "sub": "u", "exp": -1 }), "expired"),
            (json!({ "sub": "u", "exp": "1900000000" }), "no JSON of the form"),
            (json!({ "sub": "u", "exp": 1_900_000_000, "nbf": 1_800_000_061 }), "not count yet"),
            (json!({ "sub": "u", "exp": 1_900_000_000, "iat": 1_800_000_061 }), "not count yet"),
            (json!({ "sub": "u", "exp": 1_900_000_000, "aud": "billing" }), "another service"),
            (json!({ "sub": "u", "exp": 1_900_000_000, "aud": [] }), "another service"),
            (json!({ "exp": 1_900_000_000 }), "needs a \"sub\""),
            (json!({ "sub": "", "exp": 1_900_000_000 }), "needs a \"sub\""),
            (json!({ "sub": " u", "exp": 1_900_000_000 }), "needs a \"sub\""),
            (json!({ "sub": "u\u{200b}", "exp": 1_900_000_000 }), "needs a \"sub\""),
            (json!({ "sub": "u".repeat(129), "exp": 1_900_000_000 }), "needs a \"sub\""),
            (json!({ "sub": 7, "exp": 1_900_000_000 }), "no JSON of the form"),
            (json!(["u", 1_900_000_000, null, null, null, null, null]), "no JSON of the form"),
        ] {
            assert!(why(&signed(&claims)).contains(expected), "{claims}: {}", why(&signed(&claims)));
        }
        let twice = br#"{"sub":"u","exp":1900000000,"sub":"admin"}"#;
        assert!(why(&signed_as(&json!({ "alg": "HS256" }), twice, NEW)).contains("no JSON of the form"));
    }
}
