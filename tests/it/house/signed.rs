//! What a website signs to say who a customer is: JSON Web Tokens, good ones and others.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// What the site signs with: the secret of today, and the one of yesterday.
pub const SECRETS: &str = "today: a secret that is long enough,yesterday: a secret that is long enough";
/// 2100-01-01: none of these tokens expires while a play lasts.
const LATER: i64 = 4_102_444_800;

/// The site's word for who a customer is, with what else it says of him.
pub fn signed(id: &str, more: &Value) -> String {
    signed_with(SECRETS.split(',').next().unwrap(), id, more)
}

/// The same, signed with another secret.
pub fn signed_with(secret: &str, id: &str, more: &Value) -> String {
    signed_as(&json!({ "alg": "HS256", "typ": "JWT" }), secret, id, more)
}

/// The same, with another head.
pub fn signed_as(head: &Value, secret: &str, id: &str, more: &Value) -> String {
    let mut claims = json!({ "sub": id, "exp": LATER });
    for (key, value) in more.as_object().into_iter().flatten() {
        claims[key] = value.clone();
    }
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(head.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(key.chain_update(&text).finalize().into_bytes()))
}
