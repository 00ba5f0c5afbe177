//! What a person sees of the app's answer to what they did: a modal that closes, stays with errors
//! or becomes another; an answer to a command; the entries of a field. What Slack would not take in
//! an answer is complained about.

use crate::blocks;
use crate::channel::Ephemeral;
use crate::interact;
use crate::people::Person;
use crate::say;
use crate::world::World;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long an app may take to answer an interaction (Slack, "Handling user interaction").
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Most entries of a menu (Slack, Block Kit, `external_select`).
const OPTIONS_MAX: usize = 100;

/// The app's answer to an interaction.
#[derive(Debug)]
pub struct Reply {
    answer: oneshot::Receiver<Value>,
    world: Arc<World>,
    to: To,
}

/// What was done.
#[derive(Debug)]
pub(crate) enum To {
    /// A button or a menu was used: nothing but a bare acknowledgement is taken.
    Click,
    /// This modal was submitted: it closes unless the answer says otherwise.
    Submission(String),
    /// A command was run by somebody in a channel.
    Command { channel: String, user: String },
    /// Somebody types into a field of this view.
    Typing(String),
}

impl Reply {
    pub(crate) fn new(world: &Arc<World>, answer: oneshot::Receiver<Value>, to: To) -> Reply {
        Reply { answer, world: world.clone(), to }
    }

    pub(crate) fn to_submission(world: &Arc<World>, who: &Person, values: Value) -> Result<Reply, String> {
        let (view, answer) = interact::submit(world, who, values)?;
        Ok(Reply::new(world, answer, To::Submission(view)))
    }

    /// The payload of the acknowledgement (`null` for a bare one); none if it did not come within
    /// Slack's three seconds, which the person sees as an error.
    pub async fn payload(self) -> Option<Value> {
        let payload = tokio::time::timeout(ANSWER_WITHIN, self.answer).await.ok()?.ok()?;
        let world = &self.world;
        match self.to {
            To::Click if payload.is_null() || payload == json!({}) => {}
            To::Click => world.record.complain(format!("a click was answered with {payload}")),
            To::Submission(view) => submitted(world, &view, &payload),
            To::Command { channel, user } => answered(world, &channel, &user, &payload),
            To::Typing(view) => {
                let offered = offered(world, &payload);
                world.views().offer(&view, offered);
            }
        }
        world.touch();
        Some(payload)
    }

    /// The entries that a field offers, value and text; none if they did not come in time.
    pub async fn entries(self) -> Option<Vec<(String, String)>> {
        let payload = self.payload().await?;
        Some(options(&payload).iter().map(|option| (word(&option["value"]), word(&option["text"]["text"]))).collect())
    }
}

fn submitted(world: &World, view: &str, payload: &Value) {
    match payload["response_action"].as_str() {
        None | Some("clear") => world.views().close(view),
        Some("update" | "push") => match blocks::check_view(&payload["view"]) {
            Ok(()) => drop(world.views().replace(view, &payload["view"])),
            Err(bad) => world.record.complain(format!("a view_submission's view: {}", bad.messages.join("; "))),
        },
        Some("errors") => {
            let known = world.views().inputs(view);
            let errors = payload["errors"].as_object();
            let fields: Vec<&String> = errors.into_iter().flatten().map(|(field, _)| field).collect();
            if fields.is_empty() || !fields.iter().all(|field| known.contains(field)) {
                world.record.complain(format!("errors at fields that are not there: {fields:?} among {known:?}"));
            }
        }
        Some(other) => world.record.complain(format!("there is no response_action {other}")),
    }
}

fn answered(world: &World, channel: &str, user: &str, payload: &Value) {
    let text = payload["text"].as_str().unwrap_or_default();
    if payload.is_null() || (text.is_empty() && payload.get("blocks").is_none()) {
        return;
    }
    if let Some(blocks) = payload.get("blocks")
        && let Err(bad) = blocks::check_message(blocks)
    {
        return world.record.complain(format!("an answer to a command: {}", bad.messages.join("; ")));
    }
    let Ok(channel) = world.channel(channel) else { return };
    let blocks = payload.get("blocks").cloned().map(|blocks| say::with_block_ids(world, blocks));
    let ts = world.stamps.next();
    let said = Ephemeral { ts, user: user.into(), thread_ts: None, text: text.into(), blocks };
    channel.room().ephemerals.push(said);
}

/// Checks what a field is to offer; its values.
fn offered(world: &World, payload: &Value) -> Vec<String> {
    let options = options(payload);
    let groups = payload["option_groups"].as_array();
    let shaped = payload["options"].is_array() != groups.is_some();
    let empty_group = groups.into_iter().flatten().any(|group| group["options"].as_array().is_none_or(Vec::is_empty));
    let fits = |option: &&Value| {
        (1..=75).contains(&word(&option["text"]["text"]).chars().count())
            && (1..=150).contains(&word(&option["value"]).chars().count())
    };
    if !shaped || empty_group || options.len() > OPTIONS_MAX || !options.iter().all(fits) {
        world.record.complain(format!("entries that Slack does not take: {payload}"));
    }
    options.iter().map(|option| word(&option["value"])).collect()
}

fn options(payload: &Value) -> Vec<&Value> {
    let groups = payload["option_groups"].as_array().into_iter().flatten();
    let grouped = groups.flat_map(|group| group["options"].as_array().into_iter().flatten());
    payload["options"].as_array().into_iter().flatten().chain(grouped).collect()
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}
