//! `kill -9`: the real program, killed at random moments while a crowd writes, and started again.
//! Whatever was acknowledged is on the other side exactly once and in order. `THREADLINE_KILLS`
//! says how often; a patient person sets it to 100.

use crate::house::files::pdf;
use crate::house::{Crowd, DeskKind, Dice, House, Pace, Setup, seed};
use serde_json::json;
use std::time::Duration;
use threadline_fake_slack::Fault;

plays! {
    killed_again_and_again,
    killed_in_the_middle_of_an_upload,
}

const KILLS: usize = 3;
const CUSTOMERS: usize = 50;
const AGENTS: usize = 5;
const PACE: Pace = Pace {
    arrival_millis: 4_000,
    customer_millis: 700,
    agent_millis: 100,
    per_customer: usize::MAX,
    per_agent: usize::MAX,
};
/// What a start has to make good, on a machine that is busy with other plays.
const PATIENCE: Duration = Duration::from_secs(60);

async fn killed_again_and_again(house: House) {
    let seed = seed(std::process::id().into());
    let kills = std::env::var("THREADLINE_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number of kills"));
    let dice = Dice::new(seed);
    let setup = Setup {
        ack_timeout: Duration::from_secs(1),
        latency: Duration::from_millis(20),
        hold_secs: u32::from(dice.percent(50)),
        programs: 1,
        ..Setup::at(DeskKind::Slack)
    };
    let site = house.open(setup).await;
    let mut crowd = Crowd::gather(&site, CUSTOMERS).await;
    // Many a post is in Slack when the program that ordered it is killed before it hears of that.
    site.slack().faults().chance(Some("chat.postMessage"), 0.1, Fault::AnswerLate(Duration::from_millis(500)));
    crowd.begins(&site, AGENTS, PACE, &dice);
    let mut caught_up = 0;
    for _ in 0..kills {
        // Some do not get far after the start.
        dice.pause(if dice.percent(30) { 100 } else { 1_500 }).await;
        site.is_killed();
        caught_up = site.logged("caught up with Slack");
        dice.pause(if dice.percent(70) { 300 } else { 3_500 }).await;
        site.starts().await;
    }
    dice.pause(500).await;
    crowd.is_hushed().await;
    crate::house::until("catching up after the last start", async || site.logged("caught up with Slack") > caught_up)
        .await;
    crowd.reckons(&site, PATIENCE).await;
    let (asked, answered) = crowd.said(site.slack());
    eprintln!("killed {kills} times; {asked} questions and {answered} answers are all there, once and in order");
}

async fn killed_in_the_middle_of_an_upload(house: House) {
    let site = house.open(Setup { programs: 1, ..Setup::at(DeskKind::Slack) }).await;
    let ada = site.customer("Ada").await;
    let whole = ada.uploads("one.pdf", pdf()).await.expect(201)["id"].clone();
    let half = ada.begins_upload("half-upload", "two.pdf", &pdf()).await;
    site.is_killed();
    let answer = half.waits().await;
    assert!(!answer.contains("201"), "{answer}");
    site.starts().await;
    // As the widget does: the same once more.
    let again = ada.uploads_as("half-upload", "two.pdf", pdf()).await.expect(201)["id"].clone();
    ada.sends_with(&ada.fresh_key(), "See", &json!([whole, again])).await.expect(201);
    site.settle().await;
    let lines = site.desk().customers_lines(&ada).await;
    assert_eq!(lines, ["See", "[file: one.pdf]", "[file: two.pdf]"]);
}
