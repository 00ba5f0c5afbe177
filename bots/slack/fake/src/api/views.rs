//! views.*: modals and home tabs.

use super::{Answered, Call};
use crate::blocks;
use crate::call::Refusal;
use crate::interact::TriggerState;
use serde_json::{Value, json};

/// views.open
pub(super) fn open(call: &Call) -> Answered {
    let view = view_of(call, "modal")?;
    let trigger = call.args.text("trigger_id").or(call.args.text("interactivity_pointer"));
    let trigger =
        trigger.ok_or_else(|| Refusal::arguments(vec!["[ERROR] missing required field: trigger_id".into()]))?;
    match call.world.interactions().exchange(trigger) {
        TriggerState::Good => {}
        TriggerState::Expired => return Err(Refusal::no("expired_trigger_id")),
        TriggerState::Exchanged => return Err(Refusal::wrong("exchanged_trigger_id")),
        TriggerState::Unknown => return Err(Refusal::wrong("invalid_trigger_id")),
    }
    let shape = call.world.views().open(&view).ok_or_else(|| Refusal::no("duplicate_external_id"))?;
    call.world.touch();
    Ok(json!({"view": shape}))
}

/// views.update
pub(super) fn update(call: &Call) -> Answered {
    let view = view_of(call, "modal")?;
    let mut views = call.world.views();
    let (id, external) = (call.args.text("view_id"), call.args.text("external_id"));
    let old = views.by_id(id).or(views.by_external_id(external)).ok_or_else(|| Refusal::no("not_found"))?;
    check_hash(call, old)?;
    let id = old["id"].as_str().unwrap_or_default().to_string();
    let shape = views.replace(&id, &view);
    drop(views);
    call.world.touch();
    Ok(json!({"view": shape}))
}

/// views.publish
pub(super) fn publish(call: &Call) -> Answered {
    let view = view_of(call, "home")?;
    let user = call.args.required("user_id");
    if call.world.people().by_id(user).is_none() {
        return Err(Refusal::no("user_not_found"));
    }
    let mut views = call.world.views();
    if let Some(old) = views.home(user) {
        check_hash(call, old)?;
    }
    let shape = views.publish(user, &view);
    drop(views);
    call.world.touch();
    Ok(json!({"view": shape}))
}

fn view_of(call: &Call, kind: &str) -> Result<Value, Refusal> {
    let view = call.args.json("view", "invalid_arguments")?.map(|view| view.into_owned()).unwrap_or_default();
    blocks::check_view(&view).map_err(|bad| Refusal { messages: bad.messages, ..Refusal::wrong(bad.error) })?;
    if view["type"] != kind {
        let message = format!("[ERROR] unsupported type: {} [json-pointer:/view/type]", view["type"]);
        return Err(Refusal::arguments(vec![message]));
    }
    Ok(view)
}

fn check_hash(call: &Call, old: &Value) -> Result<(), Refusal> {
    match call.args.text("hash") {
        Some(hash) if old["hash"] != hash => Err(Refusal::no("hash_conflict")),
        _ => Ok(()),
    }
}
