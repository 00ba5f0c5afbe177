//! auth.test, users.*, bots.info, team.info, emoji.list: who is who.

use super::{Answered, Call, page_of};
use crate::call::Refusal;
use crate::people::{APP_ID, BOT_ID, BOT_USER_ID, PersonKind, TEAM_ID, TEAM_NAME, TEAM_URL};
use serde_json::{Value, json};

/// People on a page of users.list, if the call does not say.
const USERS_LIMIT: usize = 1_000;

/// auth.test
pub(super) fn auth_test(call: &Call) -> Answered {
    Ok(json!({
        "url": TEAM_URL, "team": TEAM_NAME, "user": call.world.options.bot_name.to_lowercase(), "team_id": TEAM_ID,
        "user_id": BOT_USER_ID, "bot_id": BOT_ID, "is_enterprise_install": false,
    }))
}

/// users.info
pub(super) fn users_info(call: &Call) -> Answered {
    let people = call.world.people();
    let person = people.by_id(call.args.required("user")).ok_or_else(|| Refusal::no("user_not_found"))?;
    let mut user = person.shape();
    if !call.world.has_scope("users:read.email")
        && let Some(profile) = user["profile"].as_object_mut()
    {
        profile.remove("email");
    }
    Ok(json!({"user": user}))
}

/// users.list
pub(super) fn users_list(call: &Call) -> Answered {
    let everybody: Vec<Value> = call.world.people().all().map(|person| person.shape()).collect();
    let (page, cursor) = page_of(call, everybody, USERS_LIMIT)?;
    Ok(json!({
        "members": page, "cache_ts": call.world.stamps.now_secs(), "response_metadata": {"next_cursor": cursor},
    }))
}

/// users.getPresence
pub(super) fn presence(call: &Call) -> Answered {
    let people = call.world.people();
    let user = call.args.text("user").unwrap_or(BOT_USER_ID);
    let person = people.by_id(user).ok_or_else(|| Refusal::no("user_not_found"))?;
    Ok(json!({"presence": if person.active { "active" } else { "away" }}))
}

/// bots.info
pub(super) fn bots_info(call: &Call) -> Answered {
    let people = call.world.people();
    let bot = call.args.text("bot").unwrap_or(BOT_ID);
    let person = people.by_bot_id(bot).ok_or_else(|| Refusal::no("bot_not_found"))?;
    let app_id = if person.kind == PersonKind::OurBot { APP_ID.to_string() } else { bot.replacen('B', "A", 1) };
    let mut profile = crate::shape::bot_profile(bot, &app_id, &person.name);
    profile["user_id"] = json!(person.id);
    Ok(json!({"bot": profile}))
}

/// team.info
pub(super) fn team_info(_call: &Call) -> Answered {
    Ok(json!({"team": {
        "id": TEAM_ID, "name": TEAM_NAME, "url": TEAM_URL, "domain": "acme", "email_domain": "",
        "icon": {"image_default": true},
    }}))
}

/// emoji.list
pub(super) fn emoji_list(call: &Call) -> Answered {
    Ok(json!({"emoji": *call.world.emoji(), "cache_ts": call.world.stamps.next().to_string()}))
}
