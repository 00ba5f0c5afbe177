//! What comes in: every fault of the gateway ends with everything that agents wrote, once and in order,
//! edits and deletions included.

use super::outbound::bot_at;
use super::shelf::{Listening, Shelf, card};
use super::town::{CHANNEL, GUILD, Town};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::ids::ThreadKey;
use threadline_discord::ids::{Id, Spot};
use threadline_discord::outbound::Discord;

/// A Discord, a bot that listens, and a thread that is open.
struct Stage {
    town: Town,
    discord: Discord,
    shelf: Arc<Shelf>,
    key: ThreadKey,
    thread: Id,
}

async fn stage() -> (Stage, Listening) {
    let town = Town::start().await;
    let discord = bot_at(&town, &[CHANNEL]);
    let key = discord.open_thread(&CHANNEL.to_string(), &card(1)).await.unwrap();
    let shelf = Shelf::new();
    shelf.opens(&key);
    let listening = Listening::start(&discord, &shelf);
    let thread = Spot::parse(&key).unwrap().thread;
    let stage = Stage { town, discord, shelf, key, thread };
    stage.until_live(1).await;
    (stage, listening)
}

impl Stage {
    /// Waits until so many sessions began or were resumed, and their catch-up is done.
    async fn until_live(&self, times: usize) {
        let live = || {
            let state = self.town.state();
            state.identified + state.resumed >= times
        };
        super::shelf::until("a session", live).await;
        let before = self.shelf.state().readings(&self.key);
        self.shelf
            .until("a catch-up", |state| state.readings(&self.key) > before || state.readings(&self.key) >= times)
            .await;
    }

    fn sessions(&self) -> (usize, usize) {
        let state = self.town.state();
        (state.identified, state.resumed)
    }
}

#[tokio::test]
async fn what_agents_write_edit_and_delete_comes_in_order() {
    let (stage, listening) = stage().await;
    let (grace, ana) = (stage.town.agent("Grace"), stage.town.agent("Ana"));
    for number in 0..100 {
        let who = [&grace, &ana][number % 2];
        let message = who.writes(stage.thread, &format!("message {number}"));
        if number % 10 == 3 {
            who.edits(stage.thread, message, &format!("edited {number}"));
        }
        if number % 10 == 5 {
            who.deletes(stage.thread, message);
        }
    }
    let line = |number: usize| {
        let who = ["Grace", "Ana"][number % 2];
        format!("{who}: {} {number}", if number % 10 == 3 { "edited" } else { "message" })
    };
    let expected: Vec<String> = (0..100).filter(|number| number % 10 != 5).map(line).collect();
    stage.shelf.shows(&stage.key, &expected.join("\n")).await;
    assert!(stage.shelf.state().came_in_order(&stage.key));
    listening.stop().await;
}

/// Plays one fault: something is written before it, while it lasts, and after it.
async fn survives(name: &str, fault: impl Fn(&Town), mended: impl Fn(&Town), lasts: Duration) -> (usize, usize) {
    let (stage, listening) = stage().await;
    let grace = stage.town.agent("Grace");
    let (kept, edited, deleted) =
        (grace.writes(stage.thread, "one"), grace.writes(stage.thread, "two"), grace.writes(stage.thread, "three"));
    stage.shelf.shows(&stage.key, "Grace: one\nGrace: two\nGrace: three").await;
    fault(&stage.town);
    grace.writes(stage.thread, "four");
    grace.edits(stage.thread, edited, "two, edited");
    grace.deletes(stage.thread, deleted);
    tokio::time::sleep(lasts).await;
    mended(&stage.town);
    grace.writes(stage.thread, "five");
    let expected = "Grace: one\nGrace: two, edited\nGrace: four\nGrace: five";
    stage.shelf.shows(&stage.key, expected).await;
    grace.edits(stage.thread, kept, "one, edited");
    stage.shelf.shows(&stage.key, &expected.replacen("one", "one, edited", 1)).await;
    let sessions = stage.sessions();
    assert!(sessions.0 + sessions.1 < 8, "{name}: {sessions:?} is a runaway");
    listening.stop().await;
    sessions
}

fn nothing(_: &Town) {}

const BRIEFLY: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_reconnect_is_survived() {
    let sessions = survives("op 7", |town| town.says(&json!({ "op": 7, "d": null })), nothing, BRIEFLY).await;
    assert_eq!(sessions, (1, 1), "it is resumed");
}

#[tokio::test]
async fn an_invalid_session_is_survived() {
    let sessions = survives("op 9 true", |town| town.says(&json!({ "op": 9, "d": true })), nothing, BRIEFLY).await;
    assert_eq!(sessions, (1, 1));
    let over = |town: &Town| {
        town.forgets_sessions();
        town.says(&json!({ "op": 9, "d": false }));
    };
    let sessions = survives("op 9 false", over, nothing, BRIEFLY).await;
    assert_eq!(sessions, (2, 0), "a new one is begun");
}

#[tokio::test]
async fn every_close_is_survived() {
    for code in [Some(4000), Some(1000), Some(1001), Some(4008), None] {
        let sessions = survives("a close", |town| town.closes(code), nothing, BRIEFLY).await;
        assert_eq!(sessions, (1, 1), "{code:?}");
    }
    for code in [4007, 4009] {
        let sessions = survives("a close", |town| town.closes(Some(code)), nothing, BRIEFLY).await;
        assert_eq!(sessions, (2, 0), "{code}");
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_or_refused_for_a_while_is_survived() {
    let sessions = survives("a cut", Town::cuts, nothing, BRIEFLY).await;
    assert_eq!(sessions, (1, 1));
    let refused = |town: &Town| {
        town.state().refuses = true;
        town.cuts();
    };
    let sessions =
        survives("refused", refused, |town| town.state().refuses = false, Duration::from_millis(1_500)).await;
    assert_eq!(sessions, (1, 1), "the session is kept");
}

#[tokio::test]
async fn a_deaf_connection_is_noticed() {
    let deaf = |town: &Town| town.state().is_deaf = true;
    let hears = |town: &Town| {
        // What is on its way over the old connection is lost.
        town.cuts();
        town.state().is_deaf = false;
    };
    let sessions = survives("half-open", deaf, hears, Duration::from_millis(2_500)).await;
    assert!(sessions.0 == 1 && sessions.1 >= 1, "{sessions:?}");
}

#[tokio::test]
async fn a_session_that_cannot_be_resumed_is_begun_anew() {
    let gone = |town: &Town| {
        town.forgets_sessions();
        town.cuts();
    };
    let sessions = survives("resume answered by op 9", gone, nothing, BRIEFLY).await;
    assert_eq!(sessions, (2, 0));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_kept_and_its_thread_is_read() {
    let (stage, listening) = stage().await;
    let grace = stage.town.agent("Grace");
    // Discord tells of one without its writer.
    let odd = json!({ "id": "1", "channel_id": stage.thread.to_string(), "guild_id": GUILD.to_string(), "type": 0 });
    stage.town.state().dispatch("MESSAGE_CREATE", odd);
    grace.writes(stage.thread, "hello");
    stage.shelf.until("it is kept", |state| state.frames.len() == 1 && state.unread() == 0).await;
    stage.shelf.until("its thread is read", |state| state.readings(&stage.key) >= 2).await;
    stage.shelf.shows(&stage.key, "Grace: hello").await;
    listening.stop().await;
}

#[tokio::test]
async fn what_happened_while_the_process_was_down_is_read_back() {
    let (stage, listening) = stage().await;
    let grace = stage.town.agent("Grace");
    let (first, second) = (grace.writes(stage.thread, "one"), grace.writes(stage.thread, "two"));
    stage.shelf.shows(&stage.key, "Grace: one\nGrace: two").await;
    listening.crash().await;
    grace.deletes(stage.thread, first);
    grace.edits(stage.thread, second, "two, edited");
    grace.writes(stage.thread, "three");
    // Another process knows nothing of the one before.
    let discord = bot_at(&stage.town, &[CHANNEL]);
    let listening = Listening::start(&discord, &stage.shelf);
    stage.shelf.shows(&stage.key, "Grace: two, edited\nGrace: three").await;
    listening.stop().await;
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_lost_or_swapped() {
    let (stage, listening) = stage().await;
    let grace = stage.town.agent("Grace");
    stage.shelf.set(|state| state.closed = true);
    for number in 0..20 {
        grace.writes(stage.thread, &number.to_string());
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    stage.shelf.set(|state| state.closed = false);
    let expected: Vec<String> = (0..20).map(|number| format!("Grace: {number}")).collect();
    stage.shelf.shows(&stage.key, &expected.join("\n")).await;
    assert!(stage.shelf.state().came_in_order(&stage.key));
    listening.stop().await;
}

#[tokio::test]
async fn a_thread_that_is_deleted_is_gone_and_others_are_nobodys_concern() {
    let (stage, listening) = stage().await;
    let grace = stage.town.agent("Grace");
    {
        let mut state = stage.town.state();
        let elsewhere = json!({ "id": "77", "type": 0, "guild_id": GUILD.to_string() });
        state.channels.insert(Id(77), elsewhere);
    }
    grace.writes(Id(77), "lunch?");
    grace.writes(stage.thread, "hello");
    stage.shelf.shows(&stage.key, "Grace: hello").await;
    let spot = Spot::parse(&stage.key).unwrap();
    let gone = json!({ "id": spot.thread.to_string(), "parent_id": spot.channel.to_string(), "guild_id": GUILD.to_string(), "type": 12 });
    stage.town.state().dispatch("THREAD_DELETE", gone);
    stage.shelf.until("it is gone", |state| state.is_gone(&stage.key)).await;
    assert!(stage.shelf.state().events.iter().all(|event| event.thread == stage.key));
    let _ = &stage.discord;
    listening.stop().await;
}

#[tokio::test]
async fn few_sessions_of_the_day_are_left_alone() {
    let town = Town::start().await;
    town.state().sessions_left = 10;
    let discord = bot_at(&town, &[CHANNEL]);
    let listening = Listening::start(&discord, &Shelf::new());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(town.state().identified, 0);
    listening.stop().await;
}
