//! The API against its own document (`/openapi.json`): whatever the document does not allow is fired
//! at every operation, and so is much that it allows and nobody would send. Each is refused as a
//! problem with a status that the document tells of, and never fails on our side. A new operation is
//! tried as soon as it is in the document; what it needs is an example of a body in it.

use crate::house::{Customer, DeskKind, House, NewCustomer, SECRETS, Setup, Site, mail, post, signed};
use crate::sessions;
use http::Method;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use serde_json::{Value, json};

plays! { every_operation_keeps_its_word }

const JSON: &str = "application/json";
/// One character more than a body may have.
const TOO_LARGE: usize = 131_073;
/// Deeper than a reader that calls itself can go without end.
const DEEP: usize = 10_000;
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
/// Text that is allowed where text is, and has broken something somewhere.
const ODD_TEXTS: [&str; 9] = [
    "\u{0}",
    "a\u{0}b",
    "\u{202e}evil\u{2066}",
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{fe0f}",
    "Z\u{0351}\u{036b}\u{0343}\u{036a}\u{0302}",
    "\u{feff}\u{fffe}\u{ffff}\u{10ffff}",
    "\r\n\r\nHTTP/1.1 200 OK\r\n",
    "'; DROP TABLE message; --",
    "<script>alert(1)</script>${7*7}{{7*7}}%00%n",
];
/// What stands in a path or a query in place of what should.
const ODD_VALUES: [&str; 9] =
    ["", "x", "-1", "1.5", "99999999999999999999", "%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", "%F0%9F%92%A5"];

async fn every_operation_keeps_its_word(house: House) {
    let by_email = mail::is_here();
    let topics = sessions::SESSIONS;
    let site = house.open(Setup { identity: SECRETS, by_email, topics, ..Setup::at(DeskKind::Practice) }).await;
    let mut trial = Trial::new(&site).await;
    let document = trial.document.clone();
    let paths = document["paths"].as_object().unwrap();
    for (path, operations) in paths {
        for method in METHODS {
            match &operations[method.as_str().to_lowercase()] {
                Value::Null => trial.other_method(&method, path).await,
                operation => trial.operation(&method, path, operation).await,
            }
        }
    }
    assert!(trial.tried > 250, "only {} requests were tried", trial.tried);
    assert!(trial.findings.is_empty(), "{} of {}:\n{}", trial.findings.len(), trial.tried, trial.findings.join("\n"));
    site.settle().await;
}

/// What must become of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Must {
    /// It is right.
    Succeed,
    /// It is wrong.
    BeRefused,
    /// It is odd: both are fine.
    NotFail,
}

/// A body, in words and bytes.
type Tried = (String, Bytes, Must);

/// All that is tried at one site.
struct Trial<'a> {
    site: &'a Site,
    document: Value,
    ada: Customer,
    token: String,
    /// What the site signs for its customer.
    proof: String,
    topic: Value,
    tried: usize,
    findings: Vec<String>,
}

/// A request, but for what is tried.
#[derive(Clone)]
struct Request<'a> {
    method: &'a Method,
    path: String,
    authorization: Option<String>,
    content_type: Option<&'a str>,
    body: Bytes,
    /// The statuses that the document tells of.
    documented: Vec<String>,
}

impl<'a> Trial<'a> {
    async fn new(site: &'a Site) -> Trial<'a> {
        let document = site.web().get("/openapi.json", None).await.expect(200);
        let proof = signed("u-7", &json!({}));
        let more = json!({ "proof": proof });
        let ada = site.new_customer(NewCustomer { more, ..NewCustomer::named("Ada") }).await;
        let topic = site.web().get("/v1/site", None).await.expect(200)["topics"][0]["id"].clone();
        Trial { site, document, token: ada.token().to_string(), proof, ada, topic, tried: 0, findings: Vec::new() }
    }

    /// A method that the document does not tell of.
    async fn other_method(&mut self, method: &Method, path: &str) {
        let request = Request {
            method,
            path: filled(path, "x"),
            authorization: Some(format!("Bearer {}", self.token)),
            content_type: Some(JSON),
            body: Bytes::from_static(b"{}"),
            documented: vec!["405".to_string()],
        };
        self.fire("a method that is not there", Must::BeRefused, &request).await;
    }

    async fn operation(&mut self, method: &Method, path: &str, operation: &Value) {
        if path == "/v1/rating" {
            // Only what is resolved is rated, and what is written opens it again.
            self.site.agent("Grace").writes(&self.ada, "!resolve").await;
        }
        let documented = operation["responses"].as_object().unwrap().keys().cloned().collect();
        let authorization = self.authorization(&operation["security"]);
        let content_type = operation["requestBody"].is_object().then_some(JSON);
        let right =
            Request { method, path: path.to_string(), authorization, content_type, body: Bytes::new(), documented };
        let right = match &operation["requestBody"]["content"][JSON] {
            Value::Null => right,
            content => self.bodies(right, content).await,
        };
        if operation["security"].is_array() {
            self.tokens(&right).await;
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            self.parameter(&right, parameter).await;
        }
        let odd = Request { path: format!("{}?unknown=%00&after&&=&after[]=1", right.path), ..right };
        self.fire("an odd query", Must::NotFail, &odd).await;
    }

    /// Tries bodies, and returns the request with one that is right.
    async fn bodies<'r>(&mut self, request: Request<'r>, content: &Value) -> Request<'r> {
        let mut example = content["example"].clone();
        if !example.is_object() {
            self.findings.push(format!("{} {} has no example of a body", request.method, request.path));
            return request;
        }
        if example["topic"].is_string() {
            example["topic"] = self.topic.clone();
        }
        let mut must = Must::Succeed;
        if example["link"].is_string() {
            example["link"] = json!(post::signer(self.site).map(|signer| signer.page(self.ada.number())));
            must = if example["link"].is_string() { must } else { Must::NotFail };
        }
        if let Some(what) = request.path.strip_prefix("/v1/session/") {
            self.session(what, &mut example).await;
        }
        let right = Request { body: bytes_of(&example), ..request };
        self.fire("its example", must, &right).await;
        for (what, body, must) in self.wrong_bodies(&example, &content["schema"]) {
            let body = self.with_a_key_of_its_own(&body, &example);
            self.fire(&what, must, &Request { body, ..right.clone() }).await;
        }
        for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
            let request = Request { content_type, ..right.clone() };
            self.fire(&format!("its example as {content_type:?}"), Must::BeRefused, &request).await;
        }
        right
    }

    /// A session with which this can be done, and a time that is free.
    async fn session(&self, what: &str, example: &mut Value) {
        let offer = sessions::offer(&self.ada).await;
        if offer["session"]["state"] == "booked" {
            sessions::asks(&self.ada, "cancel", json!({ "id": offer["session"]["id"] })).await.expect(200);
        }
        let free = sessions::free(&offer["days"]);
        if what != "hold" {
            let said = json!({ "key": self.ada.fresh_key(), "at": free[20] });
            example["id"] = sessions::asks(&self.ada, "hold", said).await.expect(200)["id"].clone();
        }
        if matches!(what, "move" | "cancel") {
            sessions::asks(&self.ada, "book", json!({ "id": example["id"] })).await.expect(200);
        }
        for key in ["at", "to"] {
            if example[key].is_i64() {
                example[key] = json!(free[30]);
            }
        }
    }

    async fn tokens(&mut self, right: &Request<'_>) {
        let long = format!("Bearer {}", "x".repeat(4_000));
        let cut = right.authorization.as_ref().map(|bearer| bearer[..bearer.len() - 1].to_string());
        let others = ["", "Bearer", "Bearer ", "Bearer x", "Bearer cnv_.", "Basic YTpi", &long].map(str::to_string);
        for authorization in others.map(Some).into_iter().chain([None, cut]) {
            let what = format!("the token {authorization:.40?}");
            self.fire(&what, Must::BeRefused, &Request { authorization, ..right.clone() }).await;
        }
    }

    async fn parameter(&mut self, right: &Request<'_>, parameter: &Value) {
        let name = parameter["name"].as_str().unwrap();
        let is_number = allowed(&parameter["schema"]).contains(&"integer");
        for value in ODD_VALUES {
            let path = match parameter["in"].as_str().unwrap() {
                "path" => right.path.replace(&format!("{{{name}}}"), value),
                "query" => format!("{}?{name}={value}", right.path),
                // A header that cannot be read is passed over, as HTTP has it.
                _ => continue,
            };
            let must = if is_number { Must::BeRefused } else { Must::NotFail };
            let request = Request { path: filled(&path, "x"), ..right.clone() };
            self.fire(&format!("{name} = {value:?}"), must, &request).await;
        }
    }

    /// Sends a request and looks at its answer.
    async fn fire(&mut self, what: &str, must: Must, request: &Request<'_>) {
        self.tried += 1;
        let mut headers: Vec<(&str, &str)> = Vec::new();
        headers.extend(request.content_type.map(|content_type| ("content-type", content_type)));
        headers.extend(request.authorization.as_deref().map(|authorization| ("authorization", authorization)));
        let web = self.site.web();
        let finding = match web
            .begin(request.method.clone(), &filled(&request.path, self.ada.id()), &headers, request.body.clone())
            .await
        {
            Err(error) => Some(format!("{error:?}")),
            Ok(answer) => {
                let status = answer.status();
                let content_type = answer.headers().get("content-type").map(|it| it.to_str().unwrap_or_default());
                let is_problem = content_type == Some("application/problem+json");
                let is_good = match must {
                    Must::Succeed => status.is_success(),
                    Must::BeRefused => status.is_client_error(),
                    Must::NotFail => status.is_success() || status.is_client_error(),
                };
                if !is_good {
                    Some(format!("must {must:?}, but: {status}"))
                } else if !request.documented.iter().any(|known| known == status.as_str()) {
                    Some(format!("{status} is not in the document"))
                } else if status.is_client_error() && !is_problem {
                    Some(format!("{status} is no problem but {content_type:?}"))
                } else if is_problem {
                    let problem = answer.into_body().collect().await.unwrap().to_bytes();
                    let problem: Value = serde_json::from_slice(&problem).unwrap();
                    let is_said = problem["status"] == status.as_u16() && problem["detail"].is_string();
                    (!is_said).then(|| format!("a problem that says nothing: {problem}"))
                } else {
                    None
                }
            }
        };
        if let Some(finding) = finding {
            let body: String = String::from_utf8_lossy(&request.body).chars().take(100).collect();
            self.findings.push(format!("{} {} with {what}: {finding}\n    {body}", request.method, request.path));
        }
    }

    /// What was stored before under the example's key would be the answer to anything.
    fn with_a_key_of_its_own(&self, body: &Bytes, example: &Value) -> Bytes {
        match (example["key"].as_str(), std::str::from_utf8(body)) {
            (Some(key), Ok(text)) => Bytes::from(text.replace(key, &format!("tried-as-number-{}", self.tried))),
            (None, _) | (_, Err(_)) => body.clone(),
        }
    }

    fn authorization(&self, security: &Value) -> Option<String> {
        let token = match security[0].as_object()?.keys().next()?.as_str() {
            "proof" => &self.proof,
            _ => &self.token,
        };
        Some(format!("Bearer {token}"))
    }

    fn wrong_bodies(&self, example: &Value, schema: &Value) -> Vec<Tried> {
        let mut bodies = self.wrong_values("", example, example, schema);
        let text = example.to_string();
        let raw: [(&str, Vec<u8>, Must); 9] = [
            ("nothing", Vec::new(), Must::BeRefused),
            ("half of it", text.as_bytes()[..text.len() / 2].to_vec(), Must::BeRefused),
            ("it, and more", format!("{text} {text}").into_bytes(), Must::BeRefused),
            ("no UTF-8", text.replace('{', "{\"\u{1}\":\"").into_bytes(), Must::BeRefused),
            ("bytes that are no text", [b"{\"".as_slice(), &[0xff, 0xfe, 0x80], b"\":1}"].concat(), Must::BeRefused),
            ("half a surrogate pair", text.replacen(":\"", ":\"\\ud800", 1).into_bytes(), Must::NotFail),
            (
                "the same key twice",
                text.replacen('{', &format!("{},", &text[..text.len() - 1]), 1).into_bytes(),
                Must::BeRefused,
            ),
            ("lists without end", [b'['].repeat(DEEP), Must::BeRefused),
            ("too much of it", format!("{text}{}", " ".repeat(TOO_LARGE)).into_bytes(), Must::BeRefused),
        ];
        bodies.extend(raw.into_iter().map(|(what, bytes, must)| (what.to_string(), Bytes::from(bytes), must)));
        bodies
    }

    /// The whole example with a wrong value at one place, for this place and all below it.
    fn wrong_values(&self, at: &str, whole: &Value, here: &Value, schema: &Value) -> Vec<Tried> {
        let schema = self.resolved(schema);
        let kinds = allowed(&schema);
        let mut values: Vec<(String, Value, Must)> = Vec::new();
        let examples = [
            ("null", json!(null)),
            ("boolean", json!(true)),
            ("integer", json!(7)),
            ("number", json!(1.5)),
            ("string", json!("text")),
            ("array", json!([])),
            ("object", json!({})),
        ];
        let others = examples.into_iter().filter(|(kind, _)| !kinds.contains(kind));
        values.extend(others.map(|(kind, value)| (format!("a {kind}"), value, Must::BeRefused)));
        if kinds.contains(&"string") {
            values.extend(ODD_TEXTS.map(|text| (format!("{text:?}"), json!(text), Must::NotFail)));
            let max = schema["maxLength"].as_u64().map(|max| "é".repeat(max as usize + 1));
            values.extend(max.map(|long| ("too long a text".to_string(), json!(long), Must::BeRefused)));
            if schema["minLength"].as_u64().is_some_and(|min| min > 0) {
                values.push(("an empty text".to_string(), json!(""), Must::BeRefused));
            }
            if schema["pattern"].is_string() {
                values.push(("a text of another form".to_string(), json!("no: this is not it"), Must::BeRefused));
            }
        }
        if kinds.contains(&"integer") {
            let below = schema["minimum"].as_i64().map(|min| min - 1);
            values.extend(below.map(|below| ("too small a number".to_string(), json!(below), Must::BeRefused)));
            values.push(("a huge number".to_string(), json!(i64::MAX), Must::NotFail));
            values.push(("a number too huge".to_string(), json!(1_u64 << 63), Must::BeRefused));
            values.push(("a number without end".to_string(), json!(1e300), Must::BeRefused));
        }
        let mut below = Vec::new();
        if let (Some(properties), Some(fields)) = (schema["properties"].as_object(), here.as_object()) {
            values.push(("a list of its fields".to_string(), fields.values().cloned().collect(), Must::BeRefused));
            if schema["additionalProperties"] == false {
                let mut more = fields.clone();
                more.insert("unheard_of".to_string(), json!(1));
                values.push(("one field more".to_string(), more.into(), Must::BeRefused));
            }
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                let mut less = fields.clone();
                less.remove(name);
                values.push((format!("no {name}"), less.into(), Must::BeRefused));
            }
            for (name, schema) in properties {
                let null = Value::Null;
                let field = fields.get(name).unwrap_or(&null);
                below.extend(self.wrong_values(&format!("{at}/{name}"), whole, field, schema));
            }
        }
        if let (Some(items), Some(first)) = (schema.get("items"), here.get(0)) {
            below.extend(self.wrong_values(&format!("{at}/0"), whole, first, items));
        }
        let tried = |(what, value, must): (String, Value, Must)| {
            let mut whole = whole.clone();
            put(&mut whole, at, value);
            (format!("{what} at {at:?}"), bytes_of(&whole), must)
        };
        values.into_iter().map(tried).chain(below).collect()
    }

    /// The schema itself: references followed, and of "this or null" this, with null allowed.
    fn resolved(&self, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            return self.resolved(self.document.pointer(pointer).expect("what is referred to"));
        }
        let Some(either) = schema["oneOf"].as_array() else { return schema.clone() };
        let mut resolved = either.iter().map(|one| self.resolved(one)).find(|one| one["type"] != "null").unwrap();
        if either.iter().any(|one| one["type"] == "null") {
            resolved["type"] = json!([resolved["type"], "null"]);
        }
        resolved
    }
}

/// What kinds of values a schema allows; a whole number is also a number.
fn allowed(schema: &Value) -> Vec<&str> {
    let mut kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec!["null", "boolean", "integer", "number", "string", "array", "object"],
    };
    if kinds.contains(&"number") {
        kinds.push("integer");
    }
    kinds
}

/// Puts a value where a pointer points, also where nothing is yet.
fn put(whole: &mut Value, at: &str, value: Value) {
    let Some((parent, name)) = at.rsplit_once('/') else {
        *whole = value;
        return;
    };
    match whole.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.insert(name.to_string(), value);
        }
        Some(Value::Array(items)) => items[name.parse::<usize>().unwrap()] = value,
        // What the example leaves out: its parent is made first.
        _ => {
            let mut parent_value = json!({});
            parent_value[name] = value;
            put(whole, parent, parent_value);
        }
    }
}

/// A path with this for every value that is still missing in it.
fn filled(path: &str, value: &str) -> String {
    let mut parts = path.split('{');
    let first = parts.next().unwrap_or_default().to_string();
    parts.fold(first, |path, part| path + value + part.split_once('}').map_or("", |(_, rest)| rest))
}

fn bytes_of(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}
