//! The practice desk's page and the sample shop page: for trying Threadline out, on loopback only.
//! Whoever can reach them can read and answer everything, so every request has to name a loopback
//! host: a page of the Internet that makes a browser ask here does not.

use super::input::{At, In};
use super::problem::Problem;
use super::widget::is_client_key;
use super::{App, files, page};
use crate::config::Platform;
use crate::practice::{PracticeError, preview_of};
use crate::store::practice::{PostKind, PracticePost};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, patch, post};
use futures_util::{StreamExt, stream};
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use threadline_core::body::is_invisible;
use threadline_core::card::{Card, CardField, CardValue};
use threadline_core::conversation::Conversation;
use threadline_core::file::{FILES_MAX, StoredFile};
use threadline_core::ids::{FileId, Moment};
use threadline_core::saved::{CANCEL, SEND};
use threadline_core::verb::{Name, Names, Need, Start};
use threadline_core::words::{self, CONTINUED, Notice, ODD};
use tokio::sync::broadcast::error::RecvError;

/// Threads in the list.
const THREADS_MAX: i64 = 200;
/// How often it is looked whether what somebody said of himself has been read, and how many times.
const SIGN_LOOK_EVERY: Duration = Duration::from_millis(20);
const SIGN_LOOKS: u32 = 50;
/// Longest name of an agent, in characters.
const NAME_CHARS_MAX: usize = 80;
/// Longest text of an agent, in characters: what Slack takes in one message.
const TEXT_CHARS_MAX: usize = 40_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    agent: String,
    #[serde(default)]
    text: String,
    /// Ids of uploaded files.
    #[serde(default)]
    files: Vec<String>,
}

/// A click on the card.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Done {
    key: String,
    agent: String,
    /// The verb's word and what follows it, as one would type it.
    verb: String,
}

/// Somebody comes or goes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    agent: String,
    is_there: bool,
}

pub(super) fn routes(app: App) -> Router<App> {
    Router::new()
        .route("/", get(|request: Request| async move { page("/shop.html", &request) }))
        .route("/practice", get(|request: Request| async move { page("/practice.html", &request) }))
        .route("/practice/api/threads", get(threads))
        .route("/practice/api/threads/{number}", get(thread))
        .route("/practice/api/threads/{number}/posts", post(write))
        .route(files::PRACTICE_UPLOADS, post(upload))
        .route("/practice/api/threads/{number}/files/{id}/{name}", get(file))
        .route("/practice/api/threads/{number}/thumbnails/{id}", get(thumbnail))
        .route("/practice/api/threads/{number}/posts/{post}", patch(edit).delete(delete))
        .route("/practice/api/threads/{number}/deeds", post(deed))
        .route("/practice/api/presence", get(presence).post(sign))
        .route("/practice/api/events", get(events))
        .layer(middleware::from_fn_with_state(app, loopback_only))
}

async fn loopback_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_loopback =
        name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    let through_proxy = forwarded.iter().any(|name| request.headers().contains_key(*name));
    if is_loopback && !through_proxy {
        return next.run(request).await;
    }
    let what = "The practice desk is for this machine only. Open it under 127.0.0.1 or localhost.";
    Problem::new(StatusCode::FORBIDDEN, what).into_response()
}

async fn threads(State(app): State<App>) -> Result<Json<Value>, Problem> {
    let threads =
        app.service.shared().store.practice_threads(THREADS_MAX).await.map_err(crate::service::Refusal::Store)?;
    let threads: Vec<Value> = threads
        .into_iter()
        .map(|thread| {
            json!({
                "number": thread.number,
                "customer": thread.customer,
                "topic": app.cards.topic_label(&thread.topic),
                "last_at": thread.last_at.0,
                "last_line": thread.last_body.map(|body| body.text()).unwrap_or_default(),
                "unanswered": thread.unanswered,
            })
        })
        .collect();
    Ok(Json(json!({ "threads": threads })))
}

async fn thread(State(app): State<App>, At(number): At<i64>) -> Result<Json<Value>, Problem> {
    let conversation = find(&app, number).await?;
    let store = &app.service.shared().store;
    let posts = store.practice_posts(conversation.id).await.map_err(crate::service::Refusal::Store)?;
    let context = store.context(conversation.id).await.map_err(crate::service::Refusal::Store)?;
    let names = &app.service.shared().names;
    let here = app.config.topics.iter().filter(|topic| topic.desk == conversation.desk);
    let topics: Vec<&str> = here.map(|topic| topic.label.as_str()).collect();
    let replies = app.config.replies.list();
    let choices = Choices { topics: &topics, replies: &replies };
    let card = card_value(&app.cards.card(&conversation, &context, names), names, choices);
    let open = store.open_preview_numbers(conversation.id).await.map_err(crate::service::Refusal::Store)?;
    let decides = |preview: i64| {
        let word = names.word(Name::Saved)?;
        let verb = |what: &str| format!("{word} {what} {preview}");
        let button = |label: &str, what: &str| json!({ "label": label, "verb": verb(what) });
        let buttons = json!([button(words::SEND_BUTTON, SEND), button(words::CANCEL_BUTTON, CANCEL)]);
        open.contains(&preview).then_some(buttons)
    };
    let posts: Vec<Value> = posts
        .iter()
        .map(|post| {
            let mut value = post_value(number, post, &card, names);
            if let Some(buttons) = post.delivery.as_deref().and_then(preview_of).and_then(decides) {
                value["buttons"] = buttons;
            }
            value
        })
        .collect();
    let topic = app.cards.topic_label(&conversation.topic);
    Ok(Json(json!({ "number": number, "customer": conversation.customer.name, "topic": topic, "posts": posts })))
}

/// What the page lets one choose from.
#[derive(Clone, Copy)]
struct Choices<'a> {
    topics: &'a [&'a str],
    /// The name of each saved reply, and how it begins.
    replies: &'a [(String, String)],
}

fn card_value(card: &Card, names: &Names, choices: Choices<'_>) -> Value {
    let button = |name: &Name| json!({ "verb": names.word(*name), "label": words::button(*name), "asks": asks(*name) });
    let field = |CardField { label, value }: &CardField| match value {
        CardValue::Text(text) => json!({ "label": label, "text": text }),
        CardValue::Link { href, text } => json!({ "label": label, "text": text, "href": href }),
        CardValue::Page { title, href, shown } => {
            json!({ "label": label, "text": shown, "href": href, "title": title })
        }
        CardValue::Odd(text) => json!({ "label": label, "text": text, "odd": ODD }),
    };
    let texts = card.texts.iter().map(|(label, text)| json!({ "label": label, "text": text }));
    let continued = card.continued.then(|| CONTINUED.to_string());
    let small_print = [card.also_line(), card.surroundings_line(), continued].into_iter().flatten();
    let (standing, time) = words::standing(&card.standing);
    let moment = |(before, at): (&str, Moment)| json!({ "before": before, "at": at.0 });
    let ticket = card.ticket.map(|(priority, due)| {
        let (ticket, due) = words::ticket(priority, due);
        json!({ "words": ticket, "time": due.map(moment) })
    });
    json!({
        "title": card.title(),
        "ticket": ticket,
        "standing": standing,
        "time": time.map(moment),
        "holder": card.holder.as_deref().map(words::holder),
        "fields": card.fields.iter().map(field).collect::<Vec<_>>(),
        "texts": texts.collect::<Vec<_>>(),
        "small_print": small_print.collect::<Vec<_>>(),
        "buttons": card.offered.buttons.iter().map(button).collect::<Vec<_>>(),
        "more": card.offered.more.iter().map(button).collect::<Vec<_>>(),
        "topics": choices.topics,
        "replies": choices.replies.iter().map(|(name, first)| json!({ "name": name, "first": first })).collect::<Vec<_>>(),
    })
}

fn post_value(number: i64, post: &PracticePost, card: &Value, names: &Names) -> Value {
    let marks: Vec<&str> =
        [("waiting", post.waiting), ("received", post.received), ("emailed", post.emailed), ("seen", post.seen)]
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(mark, _)| mark)
            .collect();
    let mut value = json!({
        "post": post.post,
        "kind": post.kind.as_str(),
        "name": post.name,
        "at": post.at.0,
        "body": crate::store::json::BodyJson(&post.body),
        "edited": post.edited.is_some(),
        "deleted": post.deleted,
        "marks": marks,
        "to": post.person,
    });
    if !post.files.is_empty() {
        value["files"] = post.files.iter().map(|file| file_value(number, file)).collect();
    }
    if let (Some(seq), Some(word)) = (post.retry_of, names.word(Name::Retry)) {
        value["retry"] = json!({ "verb": format!("{word} {seq}"), "label": words::button(Name::Retry) });
    }
    if post.kind == PostKind::Card {
        value["card"] = card.clone();
    }
    value
}

fn file_value(number: i64, file: &StoredFile) -> Value {
    let name = utf8_percent_encode(&file.name, files::PLAIN);
    let mut value = json!({
        "id": file.id.to_string(),
        "name": file.name,
        "media_type": file.media_type,
        "bytes": file.bytes,
        "href": format!("/practice/api/threads/{number}/files/{}/{name}", file.id),
    });
    if let Some(picture) = &file.picture {
        value["thumbnail"] = json!(format!("/practice/api/threads/{number}/thumbnails/{}", file.id));
        (value["width"], value["height"]) = (json!(picture.width), json!(picture.height));
    }
    value
}

/// A file that an agent attaches to his next post.
async fn upload(
    State(app): State<App>,
    At(number): At<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let name = files::name_of(&headers).map_err(|what| Problem::new(StatusCode::BAD_REQUEST, what))?;
    let conversation = find(&app, number).await?;
    let begun = desk(&app)?.agent_uploads(conversation.id).await;
    files::received(&app, begun, body, &name).await
}

async fn file(
    State(app): State<App>,
    At((number, id, _name)): At<(i64, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let conversation = find(&app, number).await?;
    let file = desk(&app)?.file_of(conversation.id, files::file_id(&id)?).await?;
    files::serve(&app, &file, &headers).await
}

async fn thumbnail(State(app): State<App>, At((number, id)): At<(i64, String)>) -> Result<Response, Problem> {
    let conversation = find(&app, number).await?;
    let file = desk(&app)?.file_of(conversation.id, files::file_id(&id)?).await?;
    let picture = file.picture.ok_or(PracticeError::NotThere)?;
    files::serve_thumbnail(&app, &picture.thumbnail).await
}

async fn write(
    State(app): State<App>,
    At(number): At<i64>,
    In(said): In<Said>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (agent, text) = checked(&said)?;
    let conversation = find(&app, number).await?;
    let practice = desk(&app)?;
    let ids: Result<Vec<FileId>, Problem> = said.files.iter().map(|id| files::file_id(id)).collect();
    let post = practice.agent_writes(conversation.id, agent, text, &ids?).await?;
    Ok((StatusCode::CREATED, Json(json!({ "post": post }))))
}

/// What the page asks for before it sends a verb.
fn asks(name: Name) -> Option<&'static str> {
    match name.start() {
        Start::Needs(Need::Person) => Some("person"),
        Start::Needs(Need::Topic) => Some("topic"),
        Start::Needs(Need::Note) => Some("note"),
        Start::Needs(Need::Saved) => Some("saved"),
        Start::Needs(Need::Snooze) => Some("snooze"),
        Start::Needs(Need::Escalate) => Some("escalate"),
        Start::Ready(_) | Start::NotYet => None,
    }
}

async fn deed(State(app): State<App>, At(number): At<i64>, In(done): In<Done>) -> Result<StatusCode, Problem> {
    let Done { key, agent, verb } = done;
    let said = Said { agent, text: verb, files: Vec::new() };
    let (agent, verb) = checked(&said)?;
    if !is_client_key(&key) {
        let what = "key: make one of 8 to 64 letters, digits, - and _, new for each click.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, what));
    }
    let conversation = find(&app, number).await?;
    match desk(&app)?.agent_does(conversation.id, &key, agent, verb).await {
        Err(PracticeError::Wrong(wrong)) => {
            let words = words::notice(&Notice::Wrong(wrong), &app.service.shared().names);
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, words.text()))
        }
        done => Ok(done.map(|()| StatusCode::NO_CONTENT)?),
    }
}

async fn edit(
    State(app): State<App>,
    At((number, post)): At<(i64, i64)>,
    In(said): In<Said>,
) -> Result<StatusCode, Problem> {
    let (agent, text) = checked(&said)?;
    let conversation = find(&app, number).await?;
    desk(&app)?.agent_edits(conversation.id, post, agent, text).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(
    State(app): State<App>,
    At((number, post)): At<(i64, i64)>,
    In(said): In<Said>,
) -> Result<StatusCode, Problem> {
    let conversation = find(&app, number).await?;
    desk(&app)?.agent_deletes(conversation.id, post, said.agent.trim()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is there, and whether that matters to anybody.
async fn presence(State(app): State<App>) -> Json<Value> {
    let here = app.config.desks.iter().filter(|desk| desk.platform == Platform::Practice);
    let there: BTreeSet<String> =
        here.flat_map(|desk| app.service.shared().rules(&desk.name).attendance.names.clone()).collect();
    Json(json!({ "asks": app.timetable.asks_who_is_there(), "there": there }))
}

async fn sign(State(app): State<App>, In(signed): In<Signed>) -> Result<Json<Value>, Problem> {
    let agent = checked_name(&signed.agent)?;
    desk(&app)?.agent_signs(agent, signed.is_there).await?;
    // It is read a moment later, as by everybody.
    let wanted = |names: &[String]| names.iter().any(|name| name == agent) == signed.is_there;
    for _ in 0..SIGN_LOOKS {
        let here = app.config.desks.iter().filter(|desk| desk.platform == Platform::Practice);
        if here.map(|desk| app.service.shared().rules(&desk.name)).all(|rules| wanted(&rules.attendance.names)) {
            break;
        }
        tokio::time::sleep(SIGN_LOOK_EVERY).await;
    }
    Ok(presence(State(app)).await)
}

/// Tells the page which thread changed, as server-sent events.
async fn events(State(app): State<App>) -> Response {
    let changes = app.service.shared().practice.subscribe();
    let life = app.life.clone();
    let events = stream::unfold((app, changes), |(app, mut changes)| async move {
        let text = match changes.recv().await {
            Ok(id) => match app.service.shared().store.head(id).await {
                Ok(Some(head)) => format!("event: changed\ndata: {}\n\n", json!({"number": head.number})),
                Ok(None) | Err(_) => ":\n\n".to_string(),
            },
            Err(RecvError::Lagged(_)) => "event: changed\ndata: {\"number\":null}\n\n".to_string(),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(text)), (app, changes)))
    });
    let hello = stream::once(async { Ok(Bytes::from_static(b"retry: 1000\n\n")) });
    let stopping = life.token().cancelled_owned();
    let body = Body::from_stream(hello.chain(events).take_until(stopping));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

async fn find(app: &App, number: i64) -> Result<Conversation, Problem> {
    let found =
        app.service.shared().store.conversation_by_number(number).await.map_err(crate::service::Refusal::Store)?;
    found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, format!("There is no conversation #{number}.")))
}

fn desk(app: &App) -> Result<&crate::practice::Practice, Problem> {
    app.practice.as_ref().ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "There is no practice desk here."))
}

fn checked(said: &Said) -> Result<(&str, &str), Problem> {
    let (agent, text) = (checked_name(&said.agent)?, said.text.trim());
    let unfit = |what| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, what);
    if said.files.len() > FILES_MAX {
        return Err(unfit("files: attach at most 20 to one post."));
    }
    if (text.is_empty() && said.files.is_empty()) || text.chars().count() > TEXT_CHARS_MAX {
        return Err(unfit("text: write something, at most 40,000 characters."));
    }
    Ok((agent, text))
}

fn checked_name(agent: &str) -> Result<&str, Problem> {
    let agent = agent.trim();
    if agent.is_empty()
        || agent.chars().count() > NAME_CHARS_MAX
        || agent.chars().any(|c| is_invisible(c) && c != ' ')
        || agent.contains('/')
    {
        let what = "agent: tell who you are, in at most 80 characters that can be seen, without a slash.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, what));
    }
    Ok(agent)
}

impl From<PracticeError> for Problem {
    fn from(error: PracticeError) -> Self {
        match error {
            PracticeError::NotThere => Problem::new(StatusCode::NOT_FOUND, "There is no such post of yours."),
            PracticeError::Wrong(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "There is no such verb."),
            PracticeError::Store(error) => crate::service::Refusal::Store(error).into(),
        }
    }
}
