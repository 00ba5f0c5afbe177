//! `kill -9`: the real program, killed at random moments while a crowd writes, and started again.
//! Whatever was acknowledged is on the other side exactly once and in order. `THREADLINE_KILLS`
//! says how often; a patient person sets it to 100.

use crate::house::files::pdf;
use crate::house::post::{Mailbox, parsed};
use crate::house::{Crowd, DeskKind, Dice, House, Pace, Setup, Site, mail, seed, until};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use threadline_fake_slack::Fault;

plays! {
    killed_again_and_again,
    killed_in_the_middle_of_an_upload,
    killed_while_letters_come_and_go,
}

const KILLS: usize = 3;
const SENDERS: usize = 24;
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

/// Letters are taken in once; and a letter that may have gone before the kill goes again with the same id, so
/// that mail programs show it once.
async fn killed_while_letters_come_and_go(house: House) {
    if !mail::is_here() {
        return;
    }
    let site = house.open(Setup { programs: 1, by_email: true, ..Setup::at(DeskKind::Slack) }).await;
    letters_over_kills(&site, async |_| {
        site.is_killed();
        site.starts().await;
    })
    .await;
}

/// Has people write letters while somebody kills, and reckons up in the end.
pub async fn letters_over_kills(site: &Site, mut kills: impl AsyncFnMut(usize)) {
    let dice = Dice::new(seed(std::process::id().into()));
    let senders: Vec<Mailbox> = (0..SENDERS).map(|_| Mailbox::of("sender")).collect();
    let support = site.post().address();
    for (at, sender) in senders.iter().enumerate() {
        let raw = format!(
            "From: {}\r\nTo: {support}\r\nSubject: Help {at}\r\nMessage-ID: <{at}@customer.example>\r\n\r\nIt hangs ({at})\r\n",
            sender.address()
        );
        site.post().sends(&sender.address(), &support, raw.as_bytes()).await;
        dice.pause(150).await;
        if at % (SENDERS / KILLS) == 0 {
            kills(at / (SENDERS / KILLS)).await;
        }
    }
    until("all letters are taken in", async || site.letters_read().await >= SENDERS as i64).await;
    until("all confirmations are sent", async || site.probe().number("SELECT COUNT(*) FROM letter").await == 0).await;
    site.settle_within(PATIENCE).await;
    let one = |what: &'static str| site.probe().number(what);
    assert_eq!(site.letters_read().await, SENDERS as i64);
    assert_eq!(one("SELECT COUNT(*) FROM conversation").await, SENDERS as i64);
    assert_eq!(one("SELECT COUNT(*) FROM message WHERE kind = 'customer'").await, SENDERS as i64);
    for sender in &senders {
        until("the confirmation", async || !sender.letters().is_empty()).await;
        let letters = sender.letters();
        let ids: BTreeSet<_> = letters.iter().map(|raw| parsed(raw).message_id().map(str::to_string)).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
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
