//! Everything goes wrong at once, by chance from a seed; at the end everything is where it belongs.

use crate::house::{CHANNEL, Crowd, DeskKind, Dice, House, Pace, SECOND_CHANNEL, Setup, seed};
use std::time::Duration;
use threadline_fake_slack::{EventFault, FakeSlack, Fault};

plays! { a_bad_day, another_bad_day, a_third_bad_day }

const CUSTOMERS: usize = 10;
const AGENTS: usize = 3;
/// About 200 messages each way.
const PACE: Pace = Pace { customer_millis: 400, agent_millis: 120, per_customer: 20, per_agent: 67 };
/// Answers that never come are waited for a quarter of a minute, each.
const PATIENCE: Duration = Duration::from_secs(120);

async fn a_bad_day(house: House) {
    play(house, seed(1)).await;
}

async fn another_bad_day(house: House) {
    play(house, seed(20)).await;
}

async fn a_third_bad_day(house: House) {
    play(house, seed(300)).await;
}

async fn play(house: House, seed: u64) {
    let dice = Dice::new(seed);
    let setup = Setup {
        channels: vec![CHANNEL, SECOND_CHANNEL],
        ack_timeout: Duration::from_millis(500),
        seed,
        ..Setup::at(DeskKind::Slack)
    };
    let site = house.open(setup).await;
    let mut crowd = Crowd::gather(&site, CUSTOMERS).await;
    goes_wrong(site.slack());
    crowd.begins(site.slack(), AGENTS, PACE, &dice);
    // Each time all sockets are gone every thread is read again, and Slack allows 50 readings a
    // minute: so this happens a few times only.
    dice.pause(1_500).await;
    site.slack().deafen_sockets();
    dice.pause(700).await;
    site.slack().drop_sockets();
    dice.pause(1_500).await;
    site.slack().disconnect_sockets("warning");
    crowd.falls_silent().await;
    site.slack().faults().clear();
    // What was lost on the way is found when the sockets are open again.
    site.slack().drop_sockets();
    crowd.reckons(&site, PATIENCE).await;
    let (asked, answered) = crowd.said(site.slack());
    assert!(asked == CUSTOMERS * (PACE.per_customer + 1) && answered > 150, "{asked} questions, {answered} answers");
}

fn goes_wrong(slack: &FakeSlack) {
    let faults = slack.faults();
    faults.next("chat.postMessage", Fault::LostAnswer);
    faults.chance(Some("apps.connections.open"), 0.4, Fault::Status(500));
    faults.chance(Some("chat.postMessage"), 0.06, Fault::CutAfter);
    faults.chance(Some("chat.postMessage"), 0.03, Fault::Error("internal_error".into()));
    faults.chance(None, 0.03, Fault::RateLimited { retry_after_secs: 1 });
    faults.chance(None, 0.03, Fault::Status(503));
    faults.chance(None, 0.03, Fault::CutBefore);
    faults.chance(None, 0.02, Fault::Html);
    faults.event_chance(0.10, EventFault::Duplicate);
    faults.event_chance(0.10, EventFault::Swap);
    faults.event_chance(0.08, EventFault::Delay(Duration::from_millis(400)));
    faults.event_chance(0.03, EventFault::Lose);
}
