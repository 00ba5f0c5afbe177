//! One call of the Web API: its arguments read from query, form, JSON or multipart as Slack reads
//! them, checked against the method's row, and the ways in which Slack says no.

use crate::methods::{Arg, ArgKind, Method};
use crate::multipart;
use crate::ts::Ts;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Slack saying no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Slack's name for it.
    pub(crate) error: Cow<'static, str>,
    /// `response_metadata.messages`.
    pub(crate) messages: Vec<String>,
    /// The scope that is missing, for `missing_scope`.
    pub(crate) needed: Option<&'static str>,
    /// Seconds to wait, for `ratelimited`.
    pub(crate) retry_after_secs: Option<u64>,
    /// True when only a mistake of the client's makes Slack say this.
    pub(crate) clients_fault: bool,
}

impl Refusal {
    /// A refusal that may meet a good client: the world is as it is.
    pub(crate) fn no(error: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { error: error.into(), messages: vec![], needed: None, retry_after_secs: None, clients_fault: false }
    }

    /// A refusal that only a mistaken client meets; a test may demand that there was none.
    pub(crate) fn wrong(error: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { clients_fault: true, ..Refusal::no(error) }
    }

    /// A refusal of the arguments, explained.
    pub(crate) fn arguments(messages: Vec<String>) -> Refusal {
        Refusal { messages, ..Refusal::wrong("invalid_arguments") }
    }

    /// The scope `needed` is not there.
    pub(crate) fn missing_scope(needed: &'static str) -> Refusal {
        Refusal { needed: Some(needed), ..Refusal::wrong("missing_scope") }
    }

    /// Too many calls.
    pub(crate) fn rate_limited(retry_after_secs: u64) -> Refusal {
        Refusal { retry_after_secs: Some(retry_after_secs), ..Refusal::no("ratelimited") }
    }
}

/// What a call came with.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// The arguments as they came: strings from forms and queries, values from JSON; no token.
    pub(crate) args: Map<String, Value>,
    /// A token among the arguments.
    pub(crate) token: Option<String>,
    /// True when the body was JSON with something in it; SDKs send an empty object for no arguments.
    pub(crate) was_json: bool,
    /// Slack's warning about the content type, if it has one.
    pub(crate) warning: Option<&'static str>,
}

/// Reads what a call came with.
pub(crate) fn read(is_post: bool, query: &str, content_type: &str, body: &[u8]) -> Result<Sent, Refusal> {
    let mut sent = Sent::default();
    sent.take_form(query.as_bytes());
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let has_charset = parameters.to_ascii_lowercase().contains("charset=");
    match kind.trim().to_ascii_lowercase().as_str() {
        _ if !is_post => {}
        "application/json" => {
            sent.warning = (!has_charset).then_some("missing_charset");
            match serde_json::from_slice::<Value>(body) {
                Ok(Value::Object(map)) => {
                    sent.was_json = !map.is_empty();
                    sent.take_json(map);
                }
                Ok(_) => return Err(Refusal::wrong("json_not_object")),
                Err(_) if body.is_empty() => {}
                Err(_) => return Err(Refusal::wrong("invalid_json")),
            }
        }
        "application/x-www-form-urlencoded" => {
            sent.warning = has_charset.then_some("superfluous_charset");
            sent.take_form(body);
        }
        "multipart/form-data" => {
            let parts = multipart::parts(parameters, body).ok_or_else(|| Refusal::wrong("invalid_form_data"))?;
            for part in parts {
                sent.take(part.name, Value::String(String::from_utf8_lossy(&part.bytes).into_owned()));
            }
        }
        "" if body.is_empty() => {}
        "" => return Err(Refusal::wrong("missing_post_type")),
        _ => return Err(Refusal::wrong("invalid_post_type")),
    }
    Ok(sent)
}

impl Sent {
    fn take_form(&mut self, form: &[u8]) {
        for (key, value) in form_urlencoded::parse(form) {
            self.take(key.into_owned(), Value::String(value.into_owned()));
        }
    }

    /// A token in JSON is none: with JSON it belongs into the header.
    fn take_json(&mut self, map: Map<String, Value>) {
        for (key, value) in map {
            if key != "token" && !value.is_null() {
                self.args.insert(key, value);
            }
        }
    }

    fn take(&mut self, key: String, value: Value) {
        if key == "token" {
            self.token = value.as_str().map(str::to_string);
        } else {
            self.args.insert(key, value);
        }
    }
}

/// Arguments that fit their method's row.
#[derive(Debug)]
pub(crate) struct Args<'a> {
    given: &'a Map<String, Value>,
    known: &'static [Arg],
}

impl<'a> Args<'a> {
    /// Checks the arguments against the row: nothing unknown, nothing missing, everything of its kind.
    pub(crate) fn check(method: &'static Method, given: &'a Map<String, Value>) -> Result<Args<'a>, Refusal> {
        let mut messages = Vec::new();
        for (name, value) in given {
            match method.args.iter().find(|arg| arg.name == name) {
                None => messages.push(format!("[ERROR] invalid additional property: {name} [json-pointer:/{name}]")),
                Some(arg) => {
                    if let Some(expected) = misfit(arg.kind, value) {
                        messages.push(format!("[ERROR] must provide {expected} [json-pointer:/{name}]"));
                    }
                }
            }
        }
        for arg in method.args.iter().filter(|arg| arg.required) {
            if given.get(arg.name).is_none_or(|value| value.as_str() == Some("")) {
                messages.push(format!("[ERROR] missing required field: {}", arg.name));
            }
        }
        if messages.is_empty() { Ok(Args { given, known: method.args }) } else { Err(Refusal::arguments(messages)) }
    }

    /// A string; none if it is not there or empty.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        debug_assert!(self.known.iter().any(|arg| arg.name == name), "no such argument: {name}");
        self.given.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A string that is there, perhaps empty.
    pub(crate) fn text_or_empty(&self, name: &str) -> Option<&'a str> {
        self.given.get(name).and_then(Value::as_str)
    }

    /// A string that the row requires.
    pub(crate) fn required(&self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    /// True or false; false if it is not there.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.flag_or(name, false)
    }

    /// True or false, or `default`.
    pub(crate) fn flag_or(&self, name: &str, default: bool) -> bool {
        self.given
            .get(name)
            .map_or(default, |value| *value == json!(true) || matches!(value.as_str(), Some("true" | "1")))
    }

    /// A whole number.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        let value = self.given.get(name)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Names, as a list or with commas between them.
    pub(crate) fn names(&self, name: &str) -> Option<Vec<String>> {
        match self.given.get(name)? {
            Value::Array(items) => Some(items.iter().filter_map(Value::as_str).map(str::to_string).collect()),
            Value::String(text) => Some(text.split(',').map(|name| name.trim().to_string()).collect()),
            _ => None,
        }
    }

    /// An object or a list, refused with `error` when it is spelt as a string that is no JSON.
    pub(crate) fn json(&self, name: &str, error: &'static str) -> Result<Option<Cow<'a, Value>>, Refusal> {
        match self.given.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => {
                let value = serde_json::from_str::<Value>(text).map_err(|_| Refusal::wrong(error))?;
                Ok(Some(Cow::Owned(value)))
            }
            Some(value) => Ok(Some(Cow::Borrowed(value))),
        }
    }

    /// A message's `ts`, refused with `error` when it is none.
    pub(crate) fn ts(&self, name: &str, error: &'static str) -> Result<Option<Ts>, Refusal> {
        self.text(name).map(|text| Ts::parse(text).ok_or_else(|| Refusal::wrong(error))).transpose()
    }

    /// A bound of a range, refused with `error` when it is none.
    pub(crate) fn bound(&self, name: &str, error: &'static str) -> Result<Option<Ts>, Refusal> {
        self.text(name).map(|text| Ts::parse_bound(text).ok_or_else(|| Refusal::wrong(error))).transpose()
    }
}

/// What was expected instead of `value`, if it is not of its kind.
fn misfit(kind: ArgKind, value: &Value) -> Option<&'static str> {
    let spelt = value.as_str();
    let (fits, expected) = match kind {
        ArgKind::Text => (value.is_string(), "a string"),
        ArgKind::Int => (value.is_i64() || spelt.is_some_and(|text| text.parse::<i64>().is_ok()), "an integer"),
        ArgKind::Flag => (
            value.is_boolean()
                || matches!(spelt, Some("true" | "false" | "1" | "0"))
                || matches!(value.as_i64(), Some(0 | 1)),
            "a boolean",
        ),
        ArgKind::Json => (value.is_object() || value.is_array() || spelt.is_some(), "an object or an array"),
        ArgKind::Names => (value.is_array() || spelt.is_some(), "an array"),
    };
    (!fits).then_some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods;

    fn refusal(method: &str, args: Value) -> Vec<String> {
        let (_, method) = methods::find(method).unwrap();
        let given = args.as_object().unwrap().clone();
        Args::check(method, &given).err().map(|refusal| refusal.messages).unwrap_or_default()
    }

    #[test]
    fn arguments_are_known_complete_and_of_their_kind() {
        assert!(refusal("chat.postMessage", json!({"channel": "C1", "text": "x", "blocks": "[]"})).is_empty());
        assert_eq!(
            refusal("chat.postMessage", json!({"text": 1, "colour": "red", "thread_ts": 1512085950.0})),
            [
                "[ERROR] invalid additional property: colour [json-pointer:/colour]",
                "[ERROR] must provide a string [json-pointer:/text]",
                "[ERROR] must provide a string [json-pointer:/thread_ts]",
                "[ERROR] missing required field: channel",
            ]
        );
    }

    #[test]
    fn bodies_are_read_by_their_type() {
        let form = read(true, "a=1", "application/x-www-form-urlencoded", b"b=x+y&token=xoxb-1").unwrap();
        assert_eq!((Value::from(form.args), form.token.as_deref()), (json!({"a": "1", "b": "x y"}), Some("xoxb-1")));
        let body = read(true, "", "application/json", br#"{"a":[1],"n":null,"token":"x"}"#).unwrap();
        assert_eq!(
            (Value::from(body.args), body.token, body.warning),
            (json!({"a": [1]}), None, Some("missing_charset"))
        );
        let error = |kind: &str, body: &[u8]| read(true, "", kind, body).unwrap_err().error;
        assert_eq!(error("application/json", b"[]"), "json_not_object");
        assert_eq!(error("application/json", b"{"), "invalid_json");
        assert_eq!(error("text/plain", b"x"), "invalid_post_type");
        assert_eq!(error("", b"x"), "missing_post_type");
    }
}
