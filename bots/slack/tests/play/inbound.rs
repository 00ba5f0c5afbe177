//! What comes in: nothing is lost, nothing comes twice, whatever happens on the way.

use crate::stage::{CHANNEL, Listening, PATIENCE, Shelf, State, card, letter, piece, slack, slack_with, ts};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::poll;
use serde_json::json;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use threadline_core::desk::{DeskAct, DeskEvent};
use threadline_core::ids::ThreadKey;
use threadline_fake_slack::{EventFault, FakeSlack, Fault, Options};
use threadline_slack::config::{Secret, SlackConfig};
use threadline_slack::decode::frame;
use threadline_slack::knock::{Knock, knock};
use threadline_slack::outbound::Slack;

/// A thread, and the bot listening.
async fn opened(config: &SlackConfig) -> (Slack, Arc<Shelf>, ThreadKey) {
    let bot = Slack::new(config.clone()).unwrap();
    let thread = bot.open_thread(CHANNEL, &card(1)).await.unwrap();
    let shelf = Shelf::new();
    shelf.opens(&thread);
    (bot, shelf, thread)
}

async fn sockets(fake: &FakeSlack, count: usize) {
    fake.wait_until(|fake| fake.live_sockets() == count, PATIENCE).await.unwrap();
}

/// For a Slack that is [`impatient`]: otherwise, what happened before anybody listened comes again
/// a minute later.
async fn all_acked(fake: &FakeSlack) {
    fake.wait_until(|fake| fake.unacked_events() == 0, PATIENCE).await.unwrap();
}

/// Frames in which somebody wrote.
fn messages(state: &State) -> usize {
    state.frames.iter().filter(|(frame, _)| frame.raw.contains("client_msg_id")).count()
}

/// Options under which an event that was not acknowledged comes again soon.
fn impatient() -> Options {
    Options {
        ack_timeout: Duration::from_millis(300),
        retry_after: vec![Duration::from_millis(100); 50],
        ..Options::default()
    }
}

#[tokio::test]
async fn what_agents_do_in_the_thread_arrives() {
    let (fake, config) = slack_with(impatient()).await;
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    let root = ts(&thread.0);
    let (grace, bob) = (fake.agent("Grace"), fake.agent("Bob"));
    let first = grace.writes(CHANNEL, root, "Looking into it");
    let second = bob.writes(CHANNEL, root, "me too");
    shelf.shows(&thread, "Grace: Looking into it\nBob: me too").await;
    grace.edits(&first, "Found it");
    fake.unfurls(&first, "https://example.com");
    bob.deletes(&second);
    fake.outsider("Eve").writes(CHANNEL, root, "psst");
    fake.other_bot("Robot").writes(CHANNEL, root, "beep");
    bot.post(&thread, &letter(1, "from the customer")).await.unwrap();
    grace.writes(CHANNEL, None, "not in the thread");
    shelf.shows(&thread, "Grace: Found it\n(OtherWorkspace): psst\n(Bot): beep").await;
    all_acked(&fake).await;
    shelf.until("all is read", |state| state.unread() == 0).await;
    grace.deletes(root);
    shelf.until("the thread is gone", |state| state.is_gone(&thread)).await;
    listening.stop().await;
    assert_eq!(fake.complaints(), [""; 0]);
}

#[tokio::test]
async fn what_comes_twice_counts_once() {
    let (fake, config) = slack_with(impatient()).await;
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    fake.faults().next_event(EventFault::Duplicate);
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "once");
    shelf.shows(&thread, "Grace: once").await;
    all_acked(&fake).await;
    listening.stop().await;
    let wrote = |act: &DeskAct| matches!(act, DeskAct::Wrote(_));
    assert_eq!(shelf.state().events.iter().filter(|event| wrote(&event.act)).count(), 1);
}

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_kept() {
    let (fake, config) = slack_with(impatient()).await;
    let (bot, shelf, thread) = opened(&config).await;
    shelf.set(|state| state.full = true);
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "keep me");
    fake.wait_until(|fake| fake.stats().events_retried >= 2, PATIENCE).await.unwrap();
    // The echo of the card is nothing to keep.
    assert!(fake.unacked_events() >= 1);
    assert_eq!(shelf.state().frames.len(), 0);
    shelf.set(|state| state.full = false);
    shelf.shows(&thread, "Grace: keep me").await;
    all_acked(&fake).await;
    listening.stop().await;
}

#[tokio::test]
async fn what_is_being_kept_at_the_end_is_still_acknowledged() {
    let (fake, config) = slack_with(Options { ack_timeout: PATIENCE, ..Options::default() }).await;
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    let acked = fake.stats().events_acked;
    shelf.set(|state| state.slow = true);
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "the last word");
    shelf.until("it is being kept", |state| state.being_kept > 0).await;
    let stopping = tokio::spawn(listening.stop());
    tokio::task::yield_now().await;
    shelf.set(|state| state.slow = false);
    stopping.await.unwrap();
    fake.wait_until(|fake| fake.stats().events_acked > acked, PATIENCE).await.unwrap();
    assert_eq!(messages(&shelf.state()), 1);
}

#[tokio::test]
async fn a_closed_book_is_waited_for_and_one_bad_page_keeps_nothing_back() {
    let (fake, config) = slack().await;
    let (bot, shelf, thread) = opened(&config).await;
    let other = bot.open_thread(CHANNEL, &card(2)).await.unwrap();
    shelf.set(|state| state.closed = true);
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    let grace = fake.agent("Grace");
    grace.writes(CHANNEL, ts(&thread.0), "cursed");
    grace.writes(CHANNEL, ts(&other.0), "fine");
    shelf.until("both are kept", |state| messages(state) == 2).await;
    shelf.set(|state| (state.closed, state.cursed) = (false, Some("cursed".to_string())));
    shelf.shows(&other, "Grace: fine").await;
    shelf.until("only the bad page is unread", |state| state.unread() == 1).await;
    // What comes later is not kept back either, but for what comes after the bad page in its thread.
    let bob = fake.agent("Bob");
    bob.writes(CHANNEL, ts(&thread.0), "after it");
    bob.writes(CHANNEL, ts(&other.0), "fine, too");
    shelf.shows(&other, "Grace: fine\nBob: fine, too").await;
    shelf.set(|state| state.cursed = None);
    shelf.shows(&thread, "Grace: cursed\nBob: after it").await;
    shelf.until("all is read", |state| state.unread() == 0).await;
    listening.stop().await;
}

#[tokio::test]
async fn what_was_kept_before_a_crash_is_read_after_it() {
    let (fake, mut config) = slack().await;
    // Over one socket, frames come in order.
    config.sockets = 1;
    let (bot, shelf, thread) = opened(&config).await;
    shelf.set(|state| state.closed = true);
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 1).await;
    let grace = fake.agent("Grace");
    for number in 0..5 {
        grace.writes(CHANNEL, ts(&thread.0), &number.to_string());
    }
    shelf.until("all are kept", |state| messages(state) == 5).await;
    listening.crash().await;
    shelf.set(|state| {
        state.closed = false;
        // Nothing but the frames can bring them.
        state.open.clear();
    });
    let listening = Listening::start(&Slack::new(config).unwrap(), &shelf);
    shelf.shows(&thread, "Grace: 0\nGrace: 1\nGrace: 2\nGrace: 3\nGrace: 4").await;
    shelf.until("all is read", |state| state.unread() == 0).await;
    let order: Vec<i64> = shelf
        .state()
        .events
        .iter()
        .filter_map(|event| match &event.act {
            DeskAct::Wrote(message) => Some(message.post.stamp),
            DeskAct::Deleted(_) | DeskAct::Did(_) | DeskAct::Stands(_) | DeskAct::Gone => None,
        })
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    listening.stop().await;
}

#[tokio::test]
async fn what_happened_while_nobody_listened_is_caught_up() {
    let (fake, config) = slack().await;
    let (bot, shelf, thread) = opened(&config).await;
    let lost = bot.open_thread(CHANNEL, &card(2)).await.unwrap();
    shelf.opens(&lost);
    let root = ts(&thread.0);
    let grace = fake.agent("Grace");
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    let first = grace.writes(CHANNEL, root, "one");
    let second = grace.writes(CHANNEL, root, "two");
    shelf.shows(&thread, "Grace: one\nGrace: two").await;
    listening.stop().await;
    // No event of this time ever arrives.
    for _ in 0..4 {
        fake.faults().next_event(EventFault::Lose);
    }
    grace.edits(&first, "one, edited");
    grace.deletes(&second);
    grace.writes(CHANNEL, root, "three");
    grace.deletes(ts(&lost.0));
    let listening = Listening::start(&Slack::new(config).unwrap(), &shelf);
    shelf.shows(&thread, "Grace: one, edited\nGrace: three").await;
    shelf.until("the other thread is gone", |state| state.is_gone(&lost)).await;
    listening.stop().await;
    assert_eq!(fake.complaints(), [""; 0]);
}

#[tokio::test]
async fn dropped_sockets_come_back_and_the_gap_is_caught_up() {
    let (fake, config) = slack().await;
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    let grace = fake.agent("Grace");
    let mut expected = Vec::new();
    for (round, cut) in [FakeSlack::drop_sockets, FakeSlack::close_sockets].into_iter().enumerate() {
        sockets(&fake, 2).await;
        assert_eq!(cut(&fake), 2);
        fake.wait_until(|fake| fake.live_sockets() == 0, PATIENCE).await.unwrap();
        fake.faults().next_event(EventFault::Lose);
        grace.writes(CHANNEL, ts(&thread.0), &format!("in gap {round}"));
        expected.push(format!("Grace: in gap {round}"));
        shelf.shows(&thread, &expected.join("\n")).await;
    }
    listening.stop().await;
}

#[tokio::test]
async fn after_one_of_two_sockets_is_lost_the_liveliest_threads_are_read() {
    let (fake, config) = slack().await;
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    shelf.until("the start is caught up", |state| !state.events.is_empty()).await;
    fake.faults().next_event(EventFault::Lose);
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "on its way when the socket broke");
    assert!(fake.drop_one_socket());
    shelf.shows(&thread, "Grace: on its way when the socket broke").await;
    listening.stop().await;
}

#[tokio::test]
async fn a_frame_that_was_kept_by_one_who_died_is_read_when_it_comes_again() {
    let (fake, config) = slack_with(impatient()).await;
    let (bot, shelf, thread) = opened(&config).await;
    shelf.set(|state| state.open.clear());
    shelf.set(|state| state.forgets_that_it_kept = true);
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "kept, and nobody heard of it");
    shelf.shows(&thread, "Grace: kept, and nobody heard of it").await;
    listening.stop().await;
}

#[tokio::test]
async fn a_deaf_socket_is_given_up() {
    let (fake, mut config) = slack_with(impatient()).await;
    config.deaf_after = Duration::from_millis(600);
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    let opened = fake.stats().sockets_opened;
    assert_eq!(fake.deafen_sockets(), 2);
    fake.faults().next_event(EventFault::Lose);
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "can you hear me?");
    shelf.shows(&thread, "Grace: can you hear me?").await;
    fake.wait_until(|fake| fake.stats().sockets_opened >= opened + 2, PATIENCE).await.unwrap();
    listening.stop().await;
}

#[tokio::test]
async fn a_renewal_loses_nothing() {
    let (fake, config) = slack().await;
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    let grace = fake.agent("Grace");
    let mut expected = Vec::new();
    for reason in ["warning", "refresh_requested", "something_new"] {
        fake.wait_until(|fake| fake.live_sockets() >= 2, PATIENCE).await.unwrap();
        let opened = fake.stats().sockets_opened;
        fake.disconnect_sockets(reason);
        for number in 0..3 {
            grace.writes(CHANNEL, ts(&thread.0), &format!("{reason} {number}"));
            expected.push(format!("Grace: {reason} {number}"));
        }
        shelf.shows(&thread, &expected.join("\n")).await;
        fake.wait_until(|fake| fake.stats().sockets_opened >= opened + 2, PATIENCE).await.unwrap();
    }
    listening.stop().await;
    assert_eq!(fake.complaints(), [""; 0]);
}

#[tokio::test]
async fn somebody_who_cannot_be_looked_up_holds_up_nobody_else() {
    let (fake, mut config) = slack().await;
    // Over one socket, frames come in order.
    config.sockets = 1;
    let (bot, shelf, thread) = opened(&config).await;
    shelf.set(|state| state.open.clear());
    let other = bot.open_thread(CHANNEL, &card(2)).await.unwrap();
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 1).await;
    let (grace, bob) = (fake.agent("Grace"), fake.agent("Bob"));
    grace.writes(CHANNEL, ts(&other.0), "known by now");
    shelf.shows(&other, "Grace: known by now").await;
    fake.faults().always("users.info", Fault::Status(500));
    bob.writes(CHANNEL, ts(&thread.0), "who am I?");
    grace.writes(CHANNEL, ts(&thread.0), "after Bob");
    grace.writes(CHANNEL, ts(&other.0), "not held up");
    shelf.shows(&other, "Grace: known by now\nGrace: not held up").await;
    shelf.until("the others are kept", |state| messages(state) == 4 && state.unread() == 2).await;
    assert_eq!(shelf.state().thread(&thread), "");
    fake.faults().mend("users.info");
    shelf.shows(&thread, "Bob: who am I?\nGrace: after Bob").await;
    listening.stop().await;
}

/// Slack sends a frame again while it is being looked into: what comes after it waits all the same.
#[tokio::test]
async fn a_frame_that_comes_twice_holds_its_thread_up_until_it_is_read() {
    let (fake, mut config) = slack_with(impatient()).await;
    // Over one socket, frames come in order.
    config.sockets = 1;
    let (bot, shelf, thread) = opened(&config).await;
    shelf.set(|state| state.open.clear());
    let other = bot.open_thread(CHANNEL, &card(2)).await.unwrap();
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 1).await;
    let (grace, bob) = (fake.agent("Grace"), fake.agent("Bob"));
    grace.writes(CHANNEL, ts(&other.0), "known by now");
    shelf.shows(&other, "Grace: known by now").await;
    fake.faults().always("users.info", Fault::Status(500));
    // He joins the channel, and he writes.
    fake.faults().next_event(EventFault::Duplicate);
    fake.faults().next_event(EventFault::Duplicate);
    bob.writes(CHANNEL, ts(&thread.0), "who am I?");
    all_acked(&fake).await;
    grace.writes(CHANNEL, ts(&thread.0), "after Bob");
    grace.writes(CHANNEL, ts(&other.0), "not held up");
    shelf.shows(&other, "Grace: known by now\nGrace: not held up").await;
    fake.faults().mend("users.info");
    shelf.shows(&thread, "Bob: who am I?\nGrace: after Bob").await;
    let stored: Vec<i64> = shelf.state().events.iter().filter(|event| event.thread == thread).map(stamp).collect();
    assert!(stored.is_sorted(), "{stored:?}");
    listening.stop().await;
}

/// The stamp of what somebody wrote.
fn stamp(event: &DeskEvent) -> i64 {
    match &event.act {
        DeskAct::Wrote(message) => message.post.stamp,
        DeskAct::Deleted(_) | DeskAct::Did(_) | DeskAct::Stands(_) | DeskAct::Gone => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn a_new_name_is_the_one_that_shows() {
    let (fake, config) = slack().await;
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    let grace = fake.agent("Grace");
    grace.writes(CHANNEL, ts(&thread.0), "one");
    shelf.shows(&thread, "Grace: one").await;
    let user = serde_json::json!({ "id": grace.id, "team_id": threadline_fake_slack::TEAM_ID, "profile": { "display_name": "Grace H." } });
    fake.sends_event(serde_json::json!({ "type": "user_change", "user": user }));
    let changed = |state: &State| state.frames.iter().any(|(frame, read)| *read && frame.raw.contains("user_change"));
    shelf.until("the change is read", changed).await;
    grace.writes(CHANNEL, ts(&thread.0), "two");
    shelf.shows(&thread, "Grace: one\nGrace H.: two").await;
    listening.stop().await;
}

#[tokio::test]
async fn the_operator_hears_of_what_only_he_can_mend() {
    let (fake, config) = slack().await;
    let (bot, shelf, _) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    fake.make_channel("C0OTHER", "other", false);
    fake.invite_bot("C0OTHER");
    fake.archive("C0OTHER", true);
    fake.archive(CHANNEL, true);
    shelf.until("the archiving is told", |state| state.stop_codes() == [Some("is_archived")]).await;
    fake.archive(CHANNEL, false);
    shelf.until("its end is told", |state| state.stop_codes() == [Some("is_archived"), None]).await;
    fake.disconnect_sockets("link_disabled");
    shelf.until("the switch is told", |state| state.stop_codes().ends_with(&[None, Some("link_disabled")])).await;
    listening.stop().await;
}

#[tokio::test]
async fn a_channel_that_can_be_heard_again_is_caught_up() {
    let (fake, config) = slack().await;
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    fake.kick_bot(CHANNEL);
    shelf.until("the kick is told", |state| state.stop_codes() == [Some("not_in_channel")]).await;
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "are you there?");
    fake.invite_bot(CHANNEL);
    shelf.shows(&thread, "Grace: are you there?").await;
    assert_eq!(shelf.state().stop_codes(), [Some("not_in_channel"), None]);
    listening.stop().await;
}

#[tokio::test]
async fn frames_nobody_understands_are_kept_and_read() {
    let (fake, config) = slack().await;
    let (bot, shelf, thread) = opened(&config).await;
    let listening = Listening::start(&bot, &shelf);
    sockets(&fake, 2).await;
    fake.sends_frame("not json");
    fake.sends_frame(r#"{"type":"a_new_kind"}"#);
    fake.sends_frame(r#"{"envelope_id":"x1","type":"telepathy","payload":{"x":1}}"#);
    fake.sends_event(serde_json::json!({ "type": "brand_new", "item": [1] }));
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "still here");
    shelf.shows(&thread, "Grace: still here").await;
    let kept = |state: &State, word: &str| state.frames.iter().any(|(frame, read)| *read && frame.raw.contains(word));
    shelf.until("all is read", |state| kept(state, "telepathy") && kept(state, "brand_new")).await;
    listening.stop().await;
}

#[tokio::test]
async fn a_slack_that_is_down_is_waited_for() {
    let (fake, config) = slack().await;
    let (_, shelf, thread) = opened(&config).await;
    fake.goes_down();
    let listening = Listening::start(&Slack::new(config).unwrap(), &shelf);
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "while it was down");
    fake.comes_back();
    shelf.shows(&thread, "Grace: while it was down").await;
    listening.stop().await;
}

#[tokio::test]
async fn catching_up_keeps_to_slacks_rates_and_outlasts_them() {
    let (fake, config) = slack().await;
    let (bot, shelf, thread) = opened(&config).await;
    fake.agent("Grace").writes(CHANNEL, ts(&thread.0), "hello");
    fake.faults().next("conversations.replies", Fault::RateLimited { retry_after_secs: 1 });
    fake.faults().next("conversations.replies", Fault::Status(500));
    let listening = Listening::start(&bot, &shelf);
    shelf.shows(&thread, "Grace: hello").await;
    let ours = |act: &DeskAct| matches!(act, DeskAct::Stands(snapshot) if snapshot.ours.is_empty());
    assert!(shelf.state().events.iter().any(|event| ours(&event.act)));
    listening.stop().await;
}

#[tokio::test]
async fn events_come_by_http_as_well() {
    let (fake, mut config) = slack_with(impatient()).await;
    config.app_token = None;
    let (bot, shelf, thread) = opened(&config).await;
    bot.post(&thread, &letter(1, "hello")).await.unwrap();
    let grace = fake.agent("Grace");
    grace.writes(CHANNEL, ts(&thread.0), "before");
    let listening = Listening::start(&bot, &shelf);
    // Without sockets, the start is what is caught up.
    shelf.shows(&thread, "Grace: before").await;
    assert!(shelf.state().events.iter().any(|event| match &event.act {
        DeskAct::Stands(snapshot) => snapshot.ours.iter().any(|own| own.pieces == [piece(1)]),
        DeskAct::Wrote(_) | DeskAct::Deleted(_) | DeskAct::Did(_) | DeskAct::Gone => false,
    }));
    let (handle, secrets) = (listening.handle.clone(), [Secret::new(fake.signing_secret())]);
    let door = move |headers: HeaderMap, body: Bytes| async move { enter(&handle, &secrets, &headers, &body).await };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/slack/events", listener.local_addr().unwrap());
    let server =
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/slack/events", post(door))).await });
    fake.set_events_url(Some(&url)).await.unwrap();
    shelf.set(|state| state.full = true);
    grace.writes(CHANNEL, ts(&thread.0), "by http");
    fake.wait_until(|fake| fake.stats().events_retried >= 1, PATIENCE).await.unwrap();
    shelf.set(|state| state.full = false);
    shelf.shows(&thread, "Grace: before\nGrace: by http").await;
    all_acked(&fake).await;
    listening.stop().await;
    server.abort();
}

/// What comes from before the last catch-up may have been deleted since.
#[tokio::test]
async fn what_is_too_old_to_be_believed_is_read_again_whatever_it_came_with() {
    let (fake, mut config) = slack_with(impatient()).await;
    config.app_token = None;
    let (bot, shelf, thread) = opened(&config).await;
    let grace = fake.agent("Grace");
    grace.writes(CHANNEL, ts(&thread.0), "before");
    let listening = Listening::start(&bot, &shelf);
    shelf.shows(&thread, "Grace: before").await;
    let reads = |fake: &FakeSlack| fake.calls_of("conversations.replies").len();
    let read = reads(&fake);
    let wrote = |text: &str, ts: String| {
        let event = json!({ "type": "message", "channel": CHANNEL, "user": grace.id, "text": text, "ts": ts,
            "thread_ts": threadline_slack::ids::Spot::parse(&thread.0).unwrap().ts });
        frame(&json!({ "event_id": format!("Ev-{text}"), "event": event }).to_string()).unwrap()
    };
    let secs = crate::stage::now().0 / 1_000 + 60;
    shelf.set(|state| {
        state.slow = true;
        state.cursed = Some("cursed".to_string());
    });
    let handle = listening.handle.clone();
    let mut first = pin!(handle.frame(wrote("first", format!("{secs}.000001"))));
    assert!(poll!(first.as_mut()).is_pending());
    shelf.until("it is being kept", |state| state.being_kept == 1).await;
    let mut old = pin!(handle.frame(wrote("old", "1700000000.000001".to_string())));
    let mut cursed = pin!(handle.frame(wrote("cursed", format!("{secs}.000002"))));
    assert!(poll!(old.as_mut()).is_pending() && poll!(cursed.as_mut()).is_pending());
    shelf.set(|state| state.slow = false);
    let (first, old, cursed) = futures_util::join!(first, old, cursed);
    assert!(first.is_ok() && old.is_ok() && cursed.is_ok());
    fake.wait_until(move |fake| reads(fake) > read, PATIENCE).await.unwrap();
    shelf.set(|state| state.cursed = None);
    listening.stop().await;
}

async fn enter(
    handle: &threadline_slack::inbound::InboundHandle,
    secrets: &[Secret],
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
    match knock(secrets, header, body, crate::stage::now()) {
        Knock::Challenge(challenge) => challenge.into_response(),
        Knock::Frame(frame) => match handle.frame(frame).await {
            Ok(()) => StatusCode::OK.into_response(),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
        Knock::ByHand(payload) => match handle.by_hand(payload).await {
            Ok(Some(answer)) => axum::Json(answer).into_response(),
            Ok(None) => StatusCode::OK.into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Knock::Refused(_) => StatusCode::UNAUTHORIZED.into_response(),
    }
}
