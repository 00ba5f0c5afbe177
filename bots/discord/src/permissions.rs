//! What the bot has to be allowed on a server, and to hear: one table for the invitation, the check at
//! start and the advice after a refusal.

use crate::ids::Id;
use serde_json::Value;
use serenity::model::gateway::GatewayIntents;
use serenity::model::permissions::Permissions;

/// What the bot has to be allowed, what Discord calls it, and what for.
const NEEDED: [(Permissions, &str, &str); 10] = [
    (Permissions::VIEW_CHANNEL, "View Channel", "see the desks' channels"),
    (Permissions::SEND_MESSAGES, "Send Messages", "open posts in a forum"),
    (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads", "post what customers write"),
    (Permissions::CREATE_PUBLIC_THREADS, "Create Public Threads", "open threads that the whole channel sees"),
    (Permissions::CREATE_PRIVATE_THREADS, "Create Private Threads", "open threads for the team"),
    (Permissions::MANAGE_THREADS, "Manage Threads", "wake, archive and tag threads"),
    (Permissions::EMBED_LINKS, "Embed Links", "show whose words they are"),
    (Permissions::ATTACH_FILES, "Attach Files", "pass customers' files on"),
    (Permissions::READ_MESSAGE_HISTORY, "Read Message History", "catch up after a pause"),
    (Permissions::ADD_REACTIONS, "Add Reactions", "show what became of an answer"),
];

/// Everything the bot has to be allowed.
pub fn needed() -> Permissions {
    NEEDED.iter().fold(Permissions::empty(), |all, (one, _, _)| all | *one)
}

/// What Discord's settings call these, in the order of the table.
pub fn names(permissions: Permissions) -> String {
    let named = NEEDED.iter().filter(|(one, _, _)| permissions.contains(*one));
    named.map(|(_, name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// The same, each with what it is for.
pub fn named_with_reason(permissions: Permissions) -> String {
    let named = NEEDED.iter().filter(|(one, _, _)| permissions.contains(*one));
    named.map(|(_, name, why)| format!("{name} (to {why})")).collect::<Vec<_>>().join(", ")
}

/// What the bot has to hear: threads, what is written in them, and what it says.
pub fn intents() -> GatewayIntents {
    GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT
}

/// The link by which the owner of a server invites the bot, with exactly what it needs.
pub fn invitation(application: &str) -> String {
    let permissions = needed().bits();
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot%20applications.commands&permissions={permissions}"
    )
}

/// What somebody may do in a channel: what his roles allow on the server, as the channel changes it
/// (docs, "Permission Overwrites").
pub(crate) fn effective(guild: &Value, member: &Value, channel: &Value, user: Id) -> Permissions {
    let bits = |value: &Value| value.as_str().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
    if Id::of(&guild["owner_id"]) == Some(user) {
        return Permissions::all();
    }
    let everyone = Id::of(&guild["id"]);
    let own: Vec<Option<Id>> = member["roles"].as_array().into_iter().flatten().map(Id::of).chain([everyone]).collect();
    let roles = guild["roles"].as_array().into_iter().flatten().filter(|role| own.contains(&Id::of(&role["id"])));
    let mut all = roles.fold(0, |all, role| all | bits(&role["permissions"]));
    if Permissions::from_bits_truncate(all).contains(Permissions::ADMINISTRATOR) {
        return Permissions::all();
    }
    let overwrites = channel["permission_overwrites"].as_array().map(Vec::as_slice).unwrap_or_default();
    let change = |all: u64, wanted: &dyn Fn(&Value) -> bool| {
        let (mut deny, mut allow) = (0, 0);
        for overwrite in overwrites.iter().filter(|it| wanted(it)) {
            deny |= bits(&overwrite["deny"]);
            allow |= bits(&overwrite["allow"]);
        }
        (all & !deny) | allow
    };
    all = change(all, &|it| Id::of(&it["id"]) == everyone);
    all = change(all, &|it| Id::of(&it["id"]) != everyone && it["type"] == 0 && own.contains(&Id::of(&it["id"])));
    all = change(all, &|it| it["type"] == 1 && Id::of(&it["id"]) == Some(user));
    Permissions::from_bits_truncate(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    #[test]
    fn the_invitation_asks_for_what_is_needed() {
        expect!["https://discord.com/oauth2/authorize?client_id=42&scope=bot%20applications.commands&permissions=395137109056"].assert_eq(&invitation("42"));
        expect!["View Channel (to see the desks' channels), Send Messages (to open posts in a forum), Send Messages in Threads (to post what customers write), Create Public Threads (to open threads that the whole channel sees), Create Private Threads (to open threads for the team), Manage Threads (to wake, archive and tag threads), Embed Links (to show whose words they are), Attach Files (to pass customers' files on), Read Message History (to catch up after a pause), Add Reactions (to show what became of an answer)"].assert_eq(&named_with_reason(needed()));
        assert_eq!(intents().bits(), 33_281);
    }

    #[test]
    fn a_channel_changes_what_roles_allow() {
        let guild = json!({ "id": "1", "owner_id": "9", "roles": [
            { "id": "1", "permissions": "1024" }, { "id": "2", "permissions": "2048" }, { "id": "3", "permissions": "8" }] });
        let may = |roles: Value, overwrites: Value| {
            let (member, channel) = (json!({ "roles": roles }), json!({ "permission_overwrites": overwrites }));
            effective(&guild, &member, &channel, Id(7))
        };
        assert_eq!(may(json!([]), json!([])).bits(), 1024);
        assert_eq!(may(json!(["2"]), json!([])).bits(), 1024 | 2048);
        assert_eq!(
            may(json!(["3"]), json!([{ "id": "1", "type": 0, "deny": "1024", "allow": "0" }])),
            Permissions::all()
        );
        let closed = json!([{ "id": "1", "type": 0, "deny": "1024", "allow": "0" }, { "id": "2", "type": 0, "deny": "0", "allow": "1024" }]);
        assert_eq!(may(json!(["2"]), closed.clone()).bits(), 1024 | 2048);
        assert_eq!(may(json!([]), closed).bits(), 0);
        let own = json!([{ "id": "7", "type": 1, "deny": "1024", "allow": "16" }]);
        assert_eq!(may(json!([]), own).bits(), 16);
    }
}
