//! What agents do with buttons, menus, commands and forms.

use super::outbound::bot_at;
use super::shelf::{Listening, Shelf, card, glance};
use super::town::{Agent, CHANNEL, Town};
use serde_json::{Value, json};
use std::sync::Arc;
use threadline_core::desk::{Deed, DeskAct};
use threadline_core::ids::ThreadKey;
use threadline_core::verb::{Saved, Verb, Who};
use threadline_discord::ids::Spot;
use threadline_discord::outbound::Discord;

struct Stage {
    town: Town,
    discord: Discord,
    shelf: Arc<Shelf>,
    key: ThreadKey,
    spot: Spot,
    grace: Agent,
}

async fn stage() -> (Stage, Listening) {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let key = discord.open_thread(&CHANNEL.to_string(), &card(1042)).await.unwrap();
    let shelf = Shelf::new();
    shelf.set(|state| state.glances.push(glance(1042, &key)));
    let listening = Listening::start(&discord, &shelf);
    super::shelf::until("commands and a session", || town.state().identified == 1 && town.state().commands.len() > 10)
        .await;
    let (grace, spot) = (town.agent("Grace"), Spot::parse(&key).unwrap());
    (Stage { town, discord, shelf, key, spot, grace }, listening)
}

impl Stage {
    async fn did(&self, expected: usize) -> Deed {
        let deeds = |state: &super::shelf::State| {
            let act = |event: &threadline_core::desk::DeskEvent| match &event.act {
                DeskAct::Did(deed) => Some(deed.clone()),
                _ => None,
            };
            state.events.iter().filter_map(act).collect::<Vec<_>>()
        };
        self.shelf.until("a deed", |state| deeds(state).len() == expected).await;
        deeds(&self.shelf.state()).pop().unwrap()
    }

    async fn answered(&self, token: &str, times: usize) -> Vec<Value> {
        super::shelf::until("an answer", || self.town.answers(token).len() >= times).await;
        self.town.answers(token)
    }

    fn presses(&self, data: Value) -> String {
        self.town.interaction(&self.grace, Some(self.spot), 3, data)
    }

    fn commands(&self, in_thread: bool, name: &str, options: Value) -> String {
        let data = json!({ "name": name, "options": options });
        self.town.interaction(&self.grace, in_thread.then_some(self.spot), 2, data)
    }
}

#[tokio::test]
async fn a_button_is_acknowledged_and_its_deed_stored_once() {
    let (stage, listening) = stage().await;
    let token = stage.presses(json!({ "custom_id": "verb/claim/1042", "component_type": 2 }));
    let deed = stage.did(1).await;
    assert_eq!((deed.verb, deed.by.name.as_str(), deed.elsewhere), (Verb::Claim, "Grace", None));
    assert_eq!(stage.answered(&token, 1).await[0]["type"], 6);
    // What he is told goes beside what he did.
    stage
        .discord
        .tell(&stage.key, &deed.by.id.0, &threadline_core::body::Body::plain("You have it already."))
        .await
        .unwrap();
    assert_eq!(stage.answered(&token, 2).await[1]["flags"], 64);
    let token = stage.presses(json!({ "custom_id": "retry/7", "component_type": 2 }));
    assert_eq!(stage.did(2).await.verb, Verb::Retry(Some(7)));
    drop(token);
    listening.stop().await;
}

#[tokio::test]
async fn what_a_verb_needs_is_asked_first() {
    let (stage, listening) = stage().await;
    let asked = stage.presses(json!({ "custom_id": "verb/resolve/1042" }));
    let question = stage.answered(&asked, 1).await[0].clone();
    assert_eq!((&question["type"], &question["data"]["flags"]), (&json!(4), &json!(64)));
    let yes = question["data"]["components"][0]["components"][0]["custom_id"].clone();
    let token = stage.presses(json!({ "custom_id": yes }));
    assert_eq!(stage.did(1).await.verb, Verb::Resolve { silently: false });
    assert_eq!(stage.answered(&token, 2).await[1], json!({ "original": null }), "the question goes");
    let menu = stage.presses(json!({ "custom_id": "more/1042", "component_type": 3, "values": ["assign"] }));
    let people = stage.answered(&menu, 1).await[0]["data"]["components"][0]["components"][0].clone();
    assert_eq!((&people["type"], &people["custom_id"]), (&json!(5), &json!("given/assign/1042")));
    let ana = stage.town.agent("Ana");
    let member = stage.town.state().members[&ana.id].clone();
    let id = ana.id.to_string();
    let resolved = json!({ "users": { &id: member["user"] }, "members": { &id: member } });
    stage.presses(json!({ "custom_id": "given/assign/1042", "values": [id], "resolved": resolved }));
    let Verb::Assign(Who::Agent(agent)) = stage.did(2).await.verb else { panic!() };
    assert_eq!(agent.name, "Ana");
    let note = stage.presses(json!({ "custom_id": "more/1042", "values": ["note"] }));
    let form = stage.answered(&note, 1).await[0].clone();
    assert_eq!((&form["type"], &form["data"]["custom_id"]), (&json!(9), &json!("given/note/1042")));
    let filled = json!({ "custom_id": "given/note/1042", "components": [{ "type": 18, "component": { "custom_id": "text", "value": "hush" } }] });
    stage.town.interaction(&stage.grace, Some(stage.spot), 5, filled);
    assert_eq!(stage.did(3).await.verb, Verb::Note(threadline_core::body::Body::plain("hush")));
    let saved = json!({ "custom_id": "saved/send/1042/17" });
    stage.presses(saved);
    assert_eq!(stage.did(4).await.verb, Verb::Saved(Saved::Send { preview: Some(17) }));
    listening.stop().await;
}

#[tokio::test]
async fn commands_work_in_the_thread_and_elsewhere() {
    let (stage, listening) = stage().await;
    let token = stage.commands(true, "claim", json!([]));
    let deed = stage.did(1).await;
    assert_eq!((deed.verb, stage.answered(&token, 1).await[0]["type"].clone()), (Verb::Claim, json!(5)));
    // The core says what became of it where it was asked.
    let person = deed.elsewhere.unwrap();
    stage.discord.tell(&stage.key, &person, &threadline_core::body::Body::plain("Done.")).await.unwrap();
    assert_eq!(stage.answered(&token, 2).await[1]["original"]["embeds"][0]["description"], "Done\\.");
    let which = json!([{ "name": "conversation", "value": "#1042" }]);
    stage.commands(false, "reopen", which);
    assert_eq!(stage.did(2).await.verb, Verb::Reopen);
    for (name, options, words) in [
        ("claim", json!([]), "which conversation is it about"),
        ("claim", json!([{ "name": "conversation", "value": "9" }]), "9"),
        ("list", json!([]), "You have"),
        ("help", json!([]), "What you can do"),
        ("back", json!([]), ""),
    ] {
        let token = stage.commands(false, name, options);
        let said =
            stage.answered(&token, 2).await[1]["original"]["embeds"][0]["description"].as_str().unwrap().to_string();
        assert!(said.contains(words), "{name}: {said}");
    }
    assert_eq!(stage.shelf.state().signs.len(), 1);
    listening.stop().await;
}

#[tokio::test]
async fn a_field_offers_what_fits_and_commands_are_written_once() {
    let (stage, listening) = stage().await;
    let data = json!({ "name": "claim", "options": [{ "name": "conversation", "value": "10", "focused": true }] });
    let token = stage.town.interaction(&stage.grace, None, 4, data);
    let offered = stage.answered(&token, 1).await[0].clone();
    assert_eq!((&offered["type"], &offered["data"]["choices"][0]["value"]), (&json!(8), &json!("1042")));
    let written = |town: &Town| {
        town.state().requests.iter().filter(|it| it.starts_with("POST") && it.ends_with("/commands")).count()
    };
    let first = written(&stage.town);
    listening.stop().await;
    let listening = Listening::start(&stage.discord, &stage.shelf);
    super::shelf::until("a second session", || stage.town.state().identified == 2).await;
    super::shelf::until("it is quiet", || stage.town.is_quiet()).await;
    assert_eq!(written(&stage.town), first);
    listening.stop().await;
}

#[tokio::test]
async fn who_asked_hears_that_it_was_not_stored() {
    let (stage, listening) = stage().await;
    stage.shelf.set(|state| state.closed = true);
    let token = stage.presses(json!({ "custom_id": "verb/claim/1042" }));
    let said = stage.answered(&token, 2).await;
    assert_eq!((&said[0]["type"], &said[1]["flags"]), (&json!(6), &json!(64)), "{said:?}");
    listening.stop().await;
}
