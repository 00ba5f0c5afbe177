//! Everything goes wrong at once, by chance from a seed; at the end everything is where it belongs.

use crate::house::{
    Base, CHANNEL, Crowd, DeskKind, Dice, House, Pace, SECOND_CHANNEL, Setup, seed, seeds, stage, until,
};
use std::time::Duration;
use threadline_fake_slack::{EventFault, FakeSlack, Fault};

plays! {
    an_answer_under_a_card_that_is_hardly_posted,
    what_comes_late_may_not_be_so_any_more,
    what_is_carried_out_late_is_there_once_in_the_end,
}

const CUSTOMERS: usize = 10;
const AGENTS: usize = 3;
/// About 200 messages each way.
const PACE: Pace =
    Pace { arrival_millis: 4_000, customer_millis: 400, agent_millis: 120, per_customer: 20, per_agent: 67 };
/// Answers that never come are waited for a quarter of a minute, each.
const PATIENCE: Duration = Duration::from_secs(120);
/// The seeds of the usual run; `THREADLINE_SEEDS=n` plays those up to n, `THREADLINE_SEED` one.
const SEEDS: [u64; 2] = [1, 2];

#[test]
fn sqlite() {
    seeds(&SEEDS).into_iter().for_each(|seed| stage(Base::Sqlite, |house| play(house, seed)));
}

#[test]
fn postgres() {
    seeds(&SEEDS).into_iter().for_each(|seed| stage(Base::Postgres, |house| play(house, seed)));
}

async fn play(house: House, seed: u64) {
    eprintln!("seed {seed}; to try it again: THREADLINE_SEED={seed}");
    let dice = Dice::new(seed);
    let setup = Setup {
        channels: vec![CHANNEL, SECOND_CHANNEL],
        ack_timeout: Duration::from_millis(500),
        hold_secs: u32::from(seed.is_multiple_of(3)),
        seed,
        ..Setup::at(DeskKind::Slack)
    };
    let site = house.open(setup).await;
    let mut crowd = Crowd::gather(&site, CUSTOMERS).await;
    goes_wrong(site.slack(), seed);
    crowd.begins(&site, AGENTS, PACE, &dice);
    let slack = site.slack();
    dice.pause(1_500).await;
    slack.deafen_sockets();
    dice.pause(700).await;
    slack.drop_sockets();
    dice.pause(1_500).await;
    slack.disconnect_sockets("warning");
    dice.pause(1_000).await;
    slack.disconnect_sockets("refresh_requested");
    dice.pause(1_000).await;
    slack.goes_down();
    dice.pause(1_500).await;
    slack.comes_back();
    crowd.falls_silent().await;
    slack.faults().clear();
    // What was lost on the way is found when the sockets are open again.
    let caught_up = site.logged("caught up with Slack");
    slack.goes_down();
    until("the sockets to be missed", async || slack.live_sockets() == 0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    slack.comes_back();
    until("catching up", async || site.logged("caught up with Slack") > caught_up).await;
    crowd.reckons(&site, PATIENCE).await;
    let (asked, answered) = crowd.said(slack);
    assert!(asked == CUSTOMERS * (PACE.per_customer + 1) && answered > 100, "{asked} questions, {answered} answers");
}

/// Slack has posted the card and takes its time to say so; an agent is quicker.
async fn an_answer_under_a_card_that_is_hardly_posted(house: House) {
    let site = house.open(Setup::at(DeskKind::Slack)).await;
    site.slack().faults().next("chat.postMessage", Fault::AnswerLate(Duration::from_secs(2)));
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.agent("Grace").writes(&ada, "Looking into it").await;
    site.settle().await;
    assert_eq!(site.desk().customers_lines(&ada).await, ["My export hangs"]);
    ada.waits_to_see("Looking into it").await;
    site.settle().await;
    assert_eq!(ada.page().texts("agent"), ["Looking into it"]);
}

/// Slack repeats an event that nobody took. That the message was deleted is not repeated as often.
async fn what_comes_late_may_not_be_so_any_more(house: House) {
    let site = house.open(Setup::at(DeskKind::Slack)).await;
    let ada = site.customer("Ada").await;
    ada.writes("My export hangs").await;
    site.settle().await;
    let (grace, slack) = (site.agent("Grace"), site.slack());
    grace.writes(&ada, "Hello").await;
    site.settle().await;
    slack.faults().next_event(EventFault::Delay(Duration::from_secs(4)));
    slack.faults().next_event(EventFault::Lose);
    let gone = grace.writes(&ada, "To the wrong one").await;
    grace.deletes(&ada, &gone).await;
    slack.faults().next_event(EventFault::Delay(Duration::from_secs(4)));
    slack.faults().next_event(EventFault::Lose);
    let edited = grace.writes(&ada, "Looking into it").await;
    grace.edits(&ada, &edited, "Looking into it, edited").await;
    let caught_up = site.logged("caught up with Slack");
    slack.drop_sockets();
    until("catching up", async || site.logged("caught up with Slack") > caught_up).await;
    slack.wait_until(|slack| slack.unacked_events() == 0, crate::house::PATIENCE).await.unwrap();
    let right = async || ada.page().texts("agent") == ["Hello", "Looking into it, edited"];
    until("what is gone to be gone from the page", right).await;
    site.settle().await;
    assert!(right().await, "{}", ada.sees());
}

/// Slack carries out a tenth of all posts after they were looked up and sent again.
async fn what_is_carried_out_late_is_there_once_in_the_end(house: House) {
    let (seed, setup) = (seed(1), Setup::at(DeskKind::Slack));
    let site = house.open(Setup { seed, ..setup }).await;
    let mut crowd = Crowd::gather_all(&site, CUSTOMERS).await;
    let late = Fault::DoneLate(Duration::from_millis(2_500));
    site.slack().faults().chance(Some("chat.postMessage"), 0.1, late);
    crowd.begins(&site, AGENTS, PACE, &Dice::new(seed));
    crowd.falls_silent().await;
    site.slack().faults().clear();
    crowd.reckons(&site, PATIENCE).await;
    let taken_back = site.slack().calls_of("chat.delete").len();
    assert!(taken_back > 0, "nothing was there twice: the play plays nothing");
}

fn goes_wrong(slack: &FakeSlack, seed: u64) {
    let faults = slack.faults();
    if seed.is_multiple_of(2) {
        faults.next("chat.postMessage", Fault::LostAnswer);
    }
    faults.chance(Some("apps.connections.open"), 0.4, Fault::Status(500));
    faults.chance(Some("chat.postMessage"), 0.06, Fault::CutAfter);
    faults.chance(Some("chat.postMessage"), 0.04, Fault::AnswerLate(Duration::from_secs(2)));
    faults.chance(Some("chat.postMessage"), 0.03, Fault::Error("internal_error".into()));
    faults.chance(None, 0.03, Fault::RateLimited { retry_after_secs: 1 });
    faults.chance(None, 0.03, Fault::Status(503));
    faults.chance(None, 0.03, Fault::CutBefore);
    faults.chance(None, 0.02, Fault::Html);
    faults.chance(None, 0.02, Fault::Stall(Duration::from_millis(700)));
    faults.event_chance(0.10, EventFault::Duplicate);
    faults.event_chance(0.10, EventFault::Swap);
    faults.event_chance(0.08, EventFault::Delay(Duration::from_millis(400)));
    faults.event_chance(0.03, EventFault::Lose);
}
