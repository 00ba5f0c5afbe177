//! A small Discord: as much of its API and its gateway as these plays need, in this process. Threads exist,
//! nonces are enforced, sessions can be resumed, and it can be told to fail.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use threadline_discord::ids::{Id, Spot};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

pub const GUILD: Id = Id(900_000_000_000_000_001);
pub const CHANNEL: Id = Id(900_000_000_000_000_002);
pub const FORUM: Id = Id(900_000_000_000_000_003);
pub const BOT: Id = Id(900_000_000_000_000_004);
pub const APPLICATION: Id = Id(900_000_000_000_000_005);
pub const TEAM: Id = Id(900_000_000_000_000_006);
pub const BILLING_TAG: Id = Id(900_000_000_000_000_007);
pub const TOKEN: &str = "to.ken.x";
/// How often the bot has to say that it is there.
const HEARTBEAT: Duration = Duration::from_millis(600);

/// How long taking in what was told may take: nobody says when it is done.
const TAKEN_IN: Duration = Duration::from_millis(150);

/// The small Discord. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Town {
    pub state: Arc<Mutex<Inner>>,
    pub api_url: String,
}

#[derive(Debug, Default)]
pub struct Inner {
    counter: u64,
    gateway_url: String,
    pub channels: BTreeMap<Id, Value>,
    pub messages: BTreeMap<Id, BTreeMap<Id, Value>>,
    pub members: HashMap<Id, Value>,
    /// By the bot alone, wherever it posts.
    nonces: HashMap<String, Value>,
    sessions: HashMap<String, Vec<Value>>,
    sockets: Vec<(String, mpsc::UnboundedSender<Out>)>,
    /// New connections are cut off while this is set.
    pub refuses: bool,
    /// Nothing is said over connections while this is set.
    pub is_deaf: bool,
    /// What becomes of requests whose path holds this, once each.
    pub faults: Vec<(String, Fault)>,
    pub identified: usize,
    pub resumed: usize,
    pub commands: Vec<Value>,
    pub requests: Vec<String>,
    /// What interactions were answered with, by their token.
    pub answers: HashMap<String, Vec<Value>>,
    /// Messages to one person, with the person, in their order.
    pub direct: Vec<(Id, Value)>,
    /// The bytes of attachments, by their ids.
    pub files: HashMap<String, Bytes>,
    pub sessions_left: u64,
    /// When something was last told of.
    told_at: Option<Instant>,
}

/// Something that goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is done, and nobody hears of it.
    AnswerLost,
    /// It is refused like this.
    Refused(u16, Value),
    /// It is answered late.
    Slow(Duration),
}

#[derive(Debug)]
enum Out {
    Frame(Value),
    Close(Option<u16>),
    Cut,
}

/// Somebody of the team.
#[derive(Clone, Debug)]
pub struct Agent {
    town: Town,
    pub id: Id,
}

impl Town {
    pub async fn start() -> Town {
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let rest = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api_url = format!("http://{}/api/v10", rest.local_addr().unwrap());
        let inner = Inner {
            gateway_url: format!("ws://{}", gateway.local_addr().unwrap()),
            sessions_left: 1_000,
            ..Inner::default()
        };
        let town = Town { state: Arc::new(Mutex::new(inner)), api_url };
        let tag = json!({ "id": BILLING_TAG.to_string(), "name": "billing" });
        for (id, kind, tags) in [(CHANNEL, 0, json!([])), (FORUM, 15, json!([tag]))] {
            let channel = json!({ "id": id.to_string(), "type": kind, "guild_id": GUILD.to_string(),
                "permission_overwrites": [], "available_tags": tags });
            town.state().channels.insert(id, channel);
        }
        let app = axum::Router::new().fallback(serve).with_state(town.clone());
        tokio::spawn(async move { axum::serve(rest, app).await });
        let of_gateway = town.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = gateway.accept().await {
                if !of_gateway.state().refuses {
                    tokio::spawn(of_gateway.clone().connection(socket));
                }
            }
        });
        town
    }

    pub fn state(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap()
    }

    /// Somebody of the team.
    pub fn agent(&self, name: &str) -> Agent {
        let known = self.state().members.iter().find(|(_, it)| it["user"]["username"] == name).map(|(id, _)| *id);
        let id = known.unwrap_or_else(|| self.state().fresh());
        let member = json!({ "user": { "id": id.to_string(), "username": name, "global_name": null, "avatar": null },
            "nick": null, "roles": [TEAM.to_string()] });
        self.state().members.insert(id, member);
        Agent { town: self.clone(), id }
    }

    /// The texts of our posts in a thread: who speaks, and what.
    pub fn posts(&self, thread: Id) -> Vec<String> {
        let state = self.state();
        let all = state.messages.get(&thread).into_iter().flat_map(BTreeMap::values);
        let ours = all.filter(|it| it["author"]["id"] == BOT.to_string());
        ours.map(|it| {
            let embed = &it["embeds"][0];
            let text = embed["description"].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_string();
            format!("{}{}", embed["author"]["name"].as_str().map(|name| format!("{name}: ")).unwrap_or_default(), text)
        })
        .collect()
    }

    /// The next request whose path holds this goes wrong.
    pub fn fails(&self, path: &str, fault: Fault) {
        self.state().faults.push((path.to_string(), fault));
    }

    /// Something happens to every connection.
    fn all(&self, out: impl Fn() -> Out) {
        self.state().sockets.retain(|(_, socket)| socket.send(out()).is_ok());
    }

    pub fn says(&self, frame: &Value) {
        self.all(|| Out::Frame(frame.clone()));
    }

    pub fn closes(&self, code: Option<u16>) {
        self.all(|| Out::Close(code));
    }

    pub fn cuts(&self) {
        self.all(|| Out::Cut);
    }

    /// Nobody can resume any session any more.
    pub fn forgets_sessions(&self) {
        self.state().sessions.clear();
    }

    /// Somebody used something; the token that it is answered with.
    pub fn interaction(&self, agent: &Agent, thread: Option<Spot>, kind: u64, data: Value) -> String {
        let mut state = self.state();
        let (id, token) = (state.fresh(), format!("token{}", state.counter));
        let channel = match thread {
            Some(spot) => json!({ "id": spot.thread.to_string(), "type": 12, "parent_id": spot.channel.to_string() }),
            None => json!({ "id": CHANNEL.to_string(), "type": 0 }),
        };
        let member = state.members[&agent.id].clone();
        let event = json!({ "id": id.to_string(), "token": token, "type": kind, "data": data, "member": member,
            "guild_id": GUILD.to_string(), "channel": channel, "version": 1 });
        state.dispatch("INTERACTION_CREATE", event);
        token
    }

    pub fn answers(&self, token: &str) -> Vec<Value> {
        self.state().answers.get(token).cloned().unwrap_or_default()
    }

    /// True when nothing was told of for a while, so that whoever listens has taken it in.
    pub fn is_quiet(&self) -> bool {
        let state = self.state();
        !state.sockets.is_empty() && state.told_at.is_none_or(|at| at.elapsed() > TAKEN_IN)
    }

    async fn connection(self, socket: TcpStream) {
        let Ok(socket) = tokio_tungstenite::accept_async(socket).await else { return };
        let (mut sink, mut stream) = socket.split();
        let hello = json!({ "op": 10, "d": { "heartbeat_interval": HEARTBEAT.as_millis() as u64 } });
        if sink.send(Message::text(hello.to_string())).await.is_err() {
            return;
        }
        let (out, mut outgoing) = mpsc::unbounded_channel();
        loop {
            tokio::select! {
                said = stream.next() => {
                    let Some(Ok(message)) = said else { return };
                    let Message::Text(text) = message else { continue };
                    let frame: Value = serde_json::from_str(text.as_str()).unwrap();
                    self.state().heard(&frame, &out);
                }
                say = outgoing.recv() => match say {
                    Some(Out::Frame(frame)) => {
                        if !self.state().is_deaf && sink.send(Message::text(frame.to_string())).await.is_err() {
                            return;
                        }
                    }
                    Some(Out::Close(code)) => {
                        let frame = code.map(|code| CloseFrame { code: code.into(), reason: "".into() });
                        let _ = sink.send(Message::Close(frame)).await;
                        return;
                    }
                    Some(Out::Cut) | None => return,
                },
            }
        }
    }
}

impl Inner {
    fn fresh(&mut self) -> Id {
        #[expect(clippy::disallowed_methods, reason = "a play runs by the clock on the wall")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        self.counter += 1;
        Id(Id::at_millis(since.as_millis() as i64).0 | (self.counter & 0x3f_ffff))
    }

    fn heard(&mut self, frame: &Value, out: &mpsc::UnboundedSender<Out>) {
        let say = |frame: Value| drop(out.send(Out::Frame(frame)));
        match frame["op"].as_u64() {
            Some(1) => say(json!({ "op": 11 })),
            Some(2) => {
                assert_eq!(frame["d"]["token"], TOKEN);
                self.identified += 1;
                let session = format!("session{}", self.identified);
                self.sessions.insert(session.clone(), Vec::new());
                self.sockets.push((session.clone(), out.clone()));
                let ready = json!({ "session_id": session, "resume_gateway_url": self.gateway_url,
                    "user": { "id": BOT.to_string() } });
                self.tell(&session, "READY", ready);
                let threads: Vec<&Value> = self.channels.values().filter(|it| it["owner_id"].is_string()).collect();
                let server = json!({ "id": GUILD.to_string(), "channels": [], "threads": threads });
                self.tell(&session, "GUILD_CREATE", server);
            }
            Some(6) => {
                let (session, seq) =
                    (frame["d"]["session_id"].as_str().unwrap().to_string(), frame["d"]["seq"].as_u64().unwrap());
                let Some(missed) = self.sessions.get(&session) else { return say(json!({ "op": 9, "d": false })) };
                self.resumed += 1;
                missed.iter().filter(|event| event["s"].as_u64() > Some(seq)).for_each(|event| say(event.clone()));
                self.sockets.push((session.clone(), out.clone()));
                self.tell(&session, "RESUMED", json!({}));
            }
            _ => {}
        }
    }

    fn tell(&mut self, session: &str, kind: &str, data: Value) {
        let Some(events) = self.sessions.get_mut(session) else { return };
        let event = json!({ "op": 0, "t": kind, "s": events.len() + 1, "d": data });
        events.push(event.clone());
        let of_session = self.sockets.iter().filter(|(of, _)| of == session);
        of_session.for_each(|(_, socket)| drop(socket.send(Out::Frame(event.clone()))));
    }

    /// Tells every session that something happened.
    pub fn dispatch(&mut self, kind: &str, data: Value) {
        self.told_at = Some(Instant::now());
        for session in self.sessions.keys().cloned().collect::<Vec<_>>() {
            self.tell(&session, kind, data.clone());
        }
        self.sockets.retain(|(_, socket)| !socket.is_closed());
    }

    fn store(&mut self, channel: Id, author: Value, mut message: Value) -> Value {
        let id = self.fresh();
        message["id"] = json!(id.to_string());
        message["channel_id"] = json!(channel.to_string());
        message["author"] = author;
        message["edited_timestamp"] = Value::Null;
        if message["type"].is_null() {
            message["type"] = json!(0);
        }
        self.messages.entry(channel).or_default().insert(id, message.clone());
        message
    }

    fn refusal(code: u64) -> (u16, Value) {
        (if code == 50_083 { 400 } else { 404 }, json!({ "code": code, "message": "No" }))
    }

    fn answer(&mut self, method: &Method, path: &str, query: &str, body: Value) -> (u16, Value) {
        let parts: Vec<&str> = path.trim_start_matches("/api/v10/").split('/').collect();
        let id = |text: &str| Id::parse(text).unwrap_or(Id(0));
        let bot = json!({ "id": BOT.to_string(), "username": "Threadline", "bot": true });
        match (method.as_str(), parts.as_slice()) {
            ("GET", ["users", "@me"]) => (200, bot),
            ("GET", ["applications", "@me"]) => (200, json!({ "id": APPLICATION.to_string(), "flags": 1 << 19 })),
            ("GET", ["gateway", "bot"]) => {
                let limit = json!({ "total": 1000, "remaining": self.sessions_left, "reset_after": 1_000, "max_concurrency": 1 });
                (200, json!({ "url": self.gateway_url, "shards": 1, "session_start_limit": limit }))
            }
            ("GET", ["guilds", _]) => {
                let roles = json!([{ "id": GUILD.to_string(), "permissions": "0" }, { "id": TEAM.to_string(), "permissions": "1024" }]);
                (200, json!({ "id": GUILD.to_string(), "name": "Example Inc", "owner_id": "1", "roles": roles }))
            }
            ("GET", ["guilds", _, "members", user]) => match self.members.get(&id(user)) {
                Some(member) => (200, member.clone()),
                None => Self::refusal(10_007),
            },
            ("GET", ["guilds", _, "threads", "active"]) => {
                let active = |it: &&Value| it["owner_id"].is_string() && it["thread_metadata"]["archived"] != true;
                (200, json!({ "threads": self.channels.values().filter(active).collect::<Vec<_>>(), "members": [] }))
            }
            ("POST", ["users", "@me", "channels"]) => (200, json!({ "id": body["recipient_id"], "type": 1 })),
            ("GET", ["applications", _, "guilds", _, "commands"]) => (200, json!(self.commands)),
            ("POST", ["applications", _, "guilds", _, "commands"]) => {
                let (mut command, id) = (body, self.fresh());
                command["id"] = json!(id.to_string());
                self.commands.retain(|had| had["name"] != command["name"]);
                self.commands.push(command.clone());
                (201, command)
            }
            ("DELETE", ["applications", _, "guilds", _, "commands", command]) => {
                self.commands.retain(|had| had["id"] != *command);
                (204, Value::Null)
            }
            ("POST", ["interactions", _, token, "callback"]) | ("POST", ["webhooks", _, token]) => {
                self.answers.entry((*token).to_string()).or_default().push(body);
                (204, Value::Null)
            }
            ("PATCH" | "DELETE", ["webhooks", _, token, "messages", "@original"]) => {
                self.answers.entry((*token).to_string()).or_default().push(json!({ "original": body }));
                (200, Value::Null)
            }
            (_, ["channels", channel, rest @ ..]) => self.in_channel(method, id(channel), rest, query, body, bot),
            _ => panic!("not known: {method} {path}"),
        }
    }

    fn in_channel(
        &mut self,
        method: &Method,
        channel: Id,
        rest: &[&str],
        query: &str,
        body: Value,
        bot: Value,
    ) -> (u16, Value) {
        let id = |text: &str| Id::parse(text).unwrap_or(Id(0));
        if self.members.contains_key(&channel) {
            // A message to one person.
            self.direct.push((channel, body));
            let id = self.fresh();
            return (200, json!({ "id": id.to_string() }));
        }
        let Some(described) = self.channels.get(&channel).cloned() else { return Self::refusal(10_003) };
        let archived = described["thread_metadata"]["archived"] == true;
        match (method.as_str(), rest) {
            ("GET", []) => (200, described),
            ("PATCH", []) => {
                if let (Some(channel), Some(fields)) = (self.channels.get_mut(&channel), body.as_object()) {
                    for (name, value) in fields {
                        let place = if name == "archived" {
                            &mut channel["thread_metadata"]["archived"]
                        } else {
                            &mut channel[name]
                        };
                        *place = value.clone();
                    }
                }
                (200, self.channels[&channel].clone())
            }
            ("DELETE", []) => {
                self.channels.remove(&channel);
                let gone = json!({ "id": channel.to_string(), "parent_id": described["parent_id"], "guild_id": GUILD.to_string(), "type": 12 });
                self.dispatch("THREAD_DELETE", gone.clone());
                (200, described)
            }
            ("POST", ["threads"]) => {
                let thread = self.fresh();
                let mut opened = json!({ "id": thread.to_string(), "type": body["type"], "guild_id": GUILD.to_string(),
                    "parent_id": channel.to_string(), "owner_id": BOT.to_string(), "name": body["name"],
                    "thread_metadata": { "archived": false }, "total_message_sent": 0 });
                if described["type"] == 15 {
                    opened["type"] = json!(11);
                    opened["applied_tags"] = body["applied_tags"].clone();
                    let mut first = self.store(thread, bot, body["message"].clone());
                    let stored = self.messages.get_mut(&thread).unwrap();
                    stored.clear();
                    first["id"] = json!(thread.to_string());
                    stored.insert(thread, first);
                }
                self.channels.insert(thread, opened.clone());
                self.dispatch("THREAD_CREATE", opened.clone());
                (201, opened)
            }
            ("GET", ["messages"]) => {
                let param = |name: &str| {
                    query.split('&').find_map(|it| it.strip_prefix(&format!("{name}=")).map(str::to_string))
                };
                let limit = param("limit").and_then(|limit| limit.parse().ok()).unwrap_or(50);
                let all = self.messages.get(&channel).cloned().unwrap_or_default();
                let listed: Vec<Value> = match (param("after"), param("before")) {
                    (Some(after), _) => {
                        let after = after.parse().map(Id).unwrap_or(Id(0));
                        let mut first: Vec<Value> =
                            all.into_iter().filter(|(at, _)| *at > after).map(|(_, it)| it).take(limit).collect();
                        first.reverse();
                        first
                    }
                    (None, before) => {
                        let before = before.map_or(Id(u64::MAX), |before| id(&before));
                        all.into_iter().rev().filter(|(at, _)| *at < before).map(|(_, it)| it).take(limit).collect()
                    }
                };
                (200, json!(listed))
            }
            ("POST", ["messages"]) => {
                if let Some(nonce) = body["nonce"].as_str().filter(|_| body["enforce_nonce"] == true)
                    && let Some(first) = self.nonces.get(nonce)
                {
                    return (200, first.clone());
                }
                if let Some(channel) = self.channels.get_mut(&channel) {
                    channel["thread_metadata"]["archived"] = json!(false);
                    channel["total_message_sent"] = json!(1);
                }
                let nonce = body["nonce"].as_str().map(str::to_string);
                let message = self.store(channel, bot, body);
                if let Some(nonce) = nonce {
                    self.nonces.insert(nonce, message.clone());
                }
                let mut event = message.clone();
                event["guild_id"] = json!(GUILD.to_string());
                self.dispatch("MESSAGE_CREATE", event);
                (200, message)
            }
            (_, ["messages", ..]) if archived => Self::refusal(50_083),
            (_, ["messages", message, action @ ..]) => {
                let at = id(message);
                let Some(found) = self.messages.entry(channel).or_default().get_mut(&at) else {
                    return Self::refusal(10_008);
                };
                match (method.as_str(), action) {
                    ("GET", []) => (200, found.clone()),
                    ("PATCH", []) => {
                        for (name, value) in body.as_object().unwrap() {
                            found[name] = value.clone();
                        }
                        (200, found.clone())
                    }
                    ("DELETE", []) => {
                        self.messages.entry(channel).or_default().remove(&at);
                        (204, Value::Null)
                    }
                    ("PUT", ["reactions", emoji, "@me"]) => {
                        found["marks"][*emoji] = json!(true);
                        (204, Value::Null)
                    }
                    ("DELETE", ["reactions", emoji, "@me"]) => {
                        match found["marks"].as_object_mut().and_then(|all| all.remove(*emoji)) {
                            Some(_) => (204, Value::Null),
                            None => (404, json!({ "code": 10_014, "message": "Unknown Emoji" })),
                        }
                    }
                    other => panic!("not known: {other:?}"),
                }
            }
            other => panic!("not known: {other:?}"),
        }
    }
}

/// A moment as Discord writes it.
fn iso(millis: i64) -> String {
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    // Howard Hinnant's `civil_from_days`.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    format!("{year}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}000+00:00", rest % 1_000)
}

async fn serve(State(town): State<Town>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(file) = uri.path().strip_prefix("/files/") {
        let bytes = town.state().files.get(file).cloned();
        return bytes.map_or(StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response);
    }
    assert_eq!(headers["authorization"], format!("Bot {TOKEN}"));
    let (path, query) = (uri.path().to_string(), uri.query().unwrap_or_default().to_string());
    let is_form = headers.get("content-type").is_some_and(|kind| kind.to_str().unwrap().starts_with("multipart/"));
    let body = if is_form {
        let text = String::from_utf8_lossy(&body).into_owned();
        let json = text.split("\r\n\r\n").nth(1).unwrap().split("\r\n--").next().unwrap().to_string();
        let mut json: Value = serde_json::from_str(&json).unwrap();
        let names = text.split("filename=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        let files: Vec<Value> = names.map(|name| json!({ "id": "1", "filename": name, "size": 1 })).collect();
        json["attachments"] = json!(files);
        json
    } else {
        serde_json::from_slice(&body).unwrap_or_default()
    };
    let fault = {
        let mut state = town.state();
        state.requests.push(format!("{method} {path}"));
        let asked = format!("{method} {path}");
        let at = state.faults.iter().position(|(wanted, _)| asked.contains(wanted.as_str()));
        at.map(|at| state.faults.remove(at).1)
    };
    if let Some(Fault::Refused(status, body)) = &fault {
        let limited = [("x-ratelimit-scope", "user"), ("x-ratelimit-bucket", "b")];
        return (StatusCode::from_u16(*status).unwrap(), limited, body.to_string()).into_response();
    }
    if let Some(Fault::Slow(pause)) = &fault {
        tokio::time::sleep(*pause).await;
    }
    let (status, answer) = town.state().answer(&method, &path, &query, body);
    if let Some(Fault::AnswerLost) = fault {
        return (StatusCode::BAD_GATEWAY, "<html>").into_response();
    }
    let answer = if answer.is_null() { String::new() } else { answer.to_string() };
    (StatusCode::from_u16(status).unwrap(), answer).into_response()
}

impl Agent {
    /// Writes in a thread; which message it is.
    pub fn writes(&self, thread: Id, text: &str) -> Id {
        self.writes_with(thread, json!({ "content": text }))
    }

    /// Writes with a file.
    pub fn attaches(&self, thread: Id, text: &str, name: &str, bytes: Vec<u8>) -> Id {
        let file = {
            let mut state = self.town.state();
            let id = state.fresh().to_string();
            let url = self.town.api_url.replace("/api/v10", &format!("/files/{id}"));
            let file = json!({ "id": id, "filename": name, "size": bytes.len(), "url": url });
            state.files.insert(id, bytes.into());
            file
        };
        self.writes_with(thread, json!({ "content": text, "attachments": [file] }))
    }

    pub fn writes_with(&self, thread: Id, message: Value) -> Id {
        let mut state = self.town.state();
        let author = state.members[&self.id]["user"].clone();
        let message = state.store(thread, author, message);
        let id = Id::parse(message["id"].as_str().unwrap()).unwrap();
        let event = self.event(&state, &message);
        state.dispatch("MESSAGE_CREATE", event);
        id
    }

    pub fn edits(&self, thread: Id, message: Id, text: &str) {
        let mut state = self.town.state();
        #[expect(clippy::disallowed_methods, reason = "a play runs by the clock on the wall")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let at = iso(since.as_millis() as i64);
        let found = state.messages.get_mut(&thread).unwrap().get_mut(&message).unwrap();
        found["content"] = json!(text);
        found["edited_timestamp"] = json!(at);
        let found = found.clone();
        let event = self.event(&state, &found);
        state.dispatch("MESSAGE_UPDATE", event);
    }

    pub fn deletes(&self, thread: Id, message: Id) {
        let mut state = self.town.state();
        state.messages.get_mut(&thread).unwrap().remove(&message);
        let event =
            json!({ "id": message.to_string(), "channel_id": thread.to_string(), "guild_id": GUILD.to_string() });
        state.dispatch("MESSAGE_DELETE", event);
    }

    fn event(&self, state: &Inner, message: &Value) -> Value {
        let mut event = message.clone();
        event["guild_id"] = json!(GUILD.to_string());
        event["member"] = json!({ "nick": null, "roles": state.members[&self.id]["roles"] });
        event
    }
}
