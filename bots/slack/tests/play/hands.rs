//! What agents do with buttons: stored before Slack hears that it was taken, and in time.

use crate::stage::{CHANNEL, Listening, PATIENCE, Shelf, State, card, slack_with, ts};
use std::sync::Arc;
use std::time::Duration;
use threadline_core::card::Card;
use threadline_core::desk::{Deed, DeskAct};
use threadline_core::ids::ThreadKey;
use threadline_core::verb::{Name, Offered, Verb};
use threadline_fake_slack::{FakeSlack, Fault, Options, Reply};
use threadline_slack::outbound::Slack;

struct Stage {
    fake: FakeSlack,
    shelf: Arc<Shelf>,
    thread: ThreadKey,
    listening: Listening,
}

impl Stage {
    /// A card with its buttons, and the bot listening.
    async fn open() -> Stage {
        Stage::open_with(Options::default()).await
    }

    async fn open_with(options: Options) -> Stage {
        let (fake, config) = slack_with(options).await;
        let bot = Slack::new(config).unwrap();
        let offered = Offered { buttons: vec![Name::Claim, Name::Resolve], more: vec![Name::Help] };
        let thread = bot.open_thread(CHANNEL, &Card { offered, ..card(1042) }).await.unwrap();
        let shelf = Shelf::new();
        shelf.opens(&thread);
        let listening = Listening::start(&bot, &shelf);
        fake.wait_until(|fake| fake.live_sockets() == 2, PATIENCE).await.unwrap();
        Stage { fake, shelf, thread, listening }
    }

    fn presses(&self, name: &str, action: &str) -> Reply {
        self.fake.agent(name).presses(ts(&self.thread.0), action, None)
    }

    async fn close(self) {
        self.listening.stop().await;
        assert_eq!(self.fake.complaints(), Vec::<String>::new());
    }
}

fn deeds(state: &State) -> Vec<&Deed> {
    let mut deeds = Vec::new();
    for event in &state.events {
        match &event.act {
            DeskAct::Did(deed) => deeds.push(deed),
            DeskAct::Wrote(_) | DeskAct::Deleted(_) | DeskAct::Stands(_) | DeskAct::Gone => {}
        }
    }
    deeds
}

#[tokio::test]
async fn a_button_is_a_verb_of_whoever_pressed_it() {
    let stage = Stage::open().await;
    assert!(stage.presses("Grace", "verb/claim").payload().await.is_some());
    assert!(stage.presses("Hedy", "verb/resolve").payload().await.is_some());
    let reply = stage.fake.agent("Grace").presses(ts(&stage.thread.0), "verbs/more", "help/1042");
    assert!(reply.payload().await.is_some());
    {
        let state = stage.shelf.state();
        let done: Vec<_> = deeds(&state).into_iter().map(|deed| (deed.by.name.as_str(), &deed.verb)).collect();
        let resolve = Verb::Resolve { silently: false };
        assert_eq!(done, [("Grace", &Verb::Claim), ("Hedy", &resolve), ("Grace", &Verb::Help)]);
        assert!(state.events.iter().all(|event| event.thread == stage.thread));
    }
    stage.close().await;
}

#[tokio::test]
async fn somebody_of_another_workspace_does_nothing_and_is_told() {
    let stage = Stage::open().await;
    let eve = stage.fake.outsider("Eve");
    assert!(eve.presses(ts(&stage.thread.0), "verb/claim", None).payload().await.is_some());
    let told = stage.fake.ephemerals(CHANNEL);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "Eve");
    assert!(told[0].1.starts_with("Nothing was done: you belong to another workspace."), "{}", told[0].1);
    // The thread may have been read meanwhile, as after any start.
    assert!(deeds(&stage.shelf.state()).is_empty());
    stage.close().await;
}

#[tokio::test]
async fn what_is_not_stored_is_not_acknowledged_and_told() {
    let stage = Stage::open().await;
    for stuck in [false, true] {
        stage.shelf.set(|state| (state.closed, state.stuck) = (!stuck, stuck));
        assert!(stage.presses("Grace", "verb/claim").payload().await.is_none(), "stuck: {stuck}");
    }
    stage.shelf.set(|state| (state.closed, state.stuck) = (false, false));
    let told = stage.fake.ephemerals(CHANNEL);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|(who, words)| who == "Grace" && words.contains("could not be written down in time")));
    stage.close().await;
}

#[tokio::test]
async fn a_name_that_cannot_be_looked_up_holds_nothing_up() {
    let stage = Stage::open().await;
    stage.fake.faults().next("users.info", Fault::Stall(Duration::from_secs(5)));
    assert!(stage.presses("Grace", "verb/claim").payload().await.is_some());
    assert_eq!(deeds(&stage.shelf.state())[0].by.name, "grace");
    stage.close().await;
}

#[tokio::test]
async fn two_hundred_at_once_are_all_taken() {
    // How long a busy machine takes for all of them says nothing about one.
    let stage = Stage::open_with(Options { ack_timeout: PATIENCE, ..Options::default() }).await;
    let replies: Vec<Reply> = (0..200).map(|n| stage.presses(&format!("Agent {n}"), "verb/claim")).collect();
    let taken = futures_util::future::join_all(replies.into_iter().map(Reply::payload)).await;
    assert_eq!(taken.iter().filter(|payload| payload.is_none()).count(), 0);
    assert_eq!(deeds(&stage.shelf.state()).len(), 200);
    stage.close().await;
}
