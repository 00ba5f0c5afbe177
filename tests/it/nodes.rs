//! Several `threadline serve` on one PostgreSQL: whatever one of them stores reaches whoever is
//! connected to another, and one of them at a time looks after a desk, whoever is killed or cut off.

use crate::house::{Base, Crowd, DeskKind, Dice, House, PATIENCE, Pace, Setup, Site, mail, seed, stage, until};
use crate::kill::letters_over_kills;
use expect_test::expect;
use std::time::Duration;
use tokio::time::Instant;

/// Far below the interval at which a stream reads the table in case that a word of another process was
/// lost (25 s), and far above what a busy machine needs.
const SOON: Duration = Duration::from_secs(12);
/// What the log says when a process takes a desk.
const TAKES_OVER: &str = "this process looks after the desk from now on";

#[test]
fn a_customer_writes_to_one_and_listens_to_another() {
    stage(Base::Postgres, writes_to_one_and_listens_to_another);
}

#[test]
fn one_that_was_cut_off_hears_what_it_missed() {
    stage(Base::Postgres, cut_off);
}

#[test]
fn the_one_that_looks_after_the_desk_is_killed_again_and_again() {
    stage(Base::Postgres, killed);
}

#[test]
fn the_one_that_looks_after_the_desk_is_cut_off_again_and_again() {
    stage(Base::Postgres, cut_off_in_a_crowd);
}

#[test]
fn the_one_that_looks_after_the_mail_is_killed_again_and_again() {
    stage(Base::Postgres, killed_while_letters_come);
}

async fn killed_while_letters_come(house: House) {
    if !mail::is_here() {
        return;
    }
    let site = house.open(Setup { programs: 2, by_email: true, ..Setup::at(DeskKind::Slack) }).await;
    letters_over_kills(&site, async |at| {
        site.nodes().kill(at % 2);
        tokio::time::sleep(Duration::from_millis(500)).await;
        site.starts().await;
    })
    .await;
}

async fn two(house: &House) -> Site {
    let setup = Setup {
        ack_timeout: Duration::from_secs(1),
        latency: Duration::from_millis(20),
        programs: 2,
        ..Setup::at(DeskKind::Slack)
    };
    house.open(setup).await
}

async fn writes_to_one_and_listens_to_another(house: House) {
    let site = two(&house).await;
    let began = Instant::now();
    let ada = site.customer_between("Ada", 0, 1).await;
    let bob = site.customer_between("Bob", 1, 0).await;
    for customer in [&ada, &bob] {
        customer.writes("My export hangs").await;
        site.settle().await;
        site.agent("Grace").writes(customer, "Looking into it").await;
        site.settle().await;
        customer.looks().await;
        site.settle().await;
    }
    assert!(began.elapsed() < SOON * 2, "only found by looking now and then: {:?}", began.elapsed());
    expect![[r#"
        #1001 · Technical Issues
          Ada (customer): My export hangs
          Grace: Looking into it ✓ 👁
        #1002 · Technical Issues
          Bob (customer): My export hangs
          Grace: Looking into it ✓ 👁
    "#]]
    .assert_eq(&(site.thread(&ada).await + &site.thread(&bob).await));
    assert_eq!(site.logged(TAKES_OVER), 1);
}

async fn cut_off(house: House) {
    let site = two(&house).await;
    let ada = site.customer_between("Ada", 0, 1).await;
    for outage in [0, 2_000, 8_000] {
        let text = format!("Are you there after {outage} ms?");
        site.settle_within(PATIENCE * 2).await;
        site.nodes().loses_database(1);
        ada.writes(&text).await;
        tokio::time::sleep(Duration::from_millis(outage)).await;
        assert!(!ada.sees().contains(&text), "it was not cut off");
        site.nodes().finds_database(1);
        let mended = Instant::now();
        ada.waits_to_see(&text).await;
        assert!(mended.elapsed() < SOON, "only found by looking now and then: {:?}", mended.elapsed());
    }
    site.settle_within(PATIENCE * 2).await;
}

const CUSTOMERS: usize = 30;
const AGENTS: usize = 4;
const ROUNDS: usize = 4;
const PACE: Pace = Pace {
    arrival_millis: 4_000,
    customer_millis: 700,
    agent_millis: 100,
    per_customer: usize::MAX,
    per_agent: usize::MAX,
};

async fn killed(house: House) {
    crowded(&house, async |site, keeper, dice| {
        site.nodes().kill(keeper);
        let killed = Instant::now();
        until("the other to look after the desk", async || keeper_of(site) != keeper).await;
        let took = killed.elapsed();
        eprintln!("the other looks after the desk after {took:?}");
        assert!(took < Duration::from_secs(8), "the desk was left alone for {took:?}");
        dice.pause(1_500).await;
        site.starts().await;
    })
    .await;
}

async fn cut_off_in_a_crowd(house: House) {
    crowded(&house, async |site, keeper, dice| {
        site.nodes().loses_database(keeper);
        // Some find it again at once, and both may then want the desk.
        dice.pause(if dice.percent(50) { 20 } else { 2_500 }).await;
        site.nodes().finds_database(keeper);
    })
    .await;
}

/// A crowd writes while something happens again and again to whoever looks after the desk.
async fn crowded(house: &House, mut happens: impl AsyncFnMut(&Site, usize, &Dice)) {
    let dice = Dice::new(seed(std::process::id().into()));
    let site = two(house).await;
    let mut crowd = Crowd::gather(&site, CUSTOMERS).await;
    crowd.begins(&site, AGENTS, PACE, &dice);
    for _ in 0..ROUNDS {
        dice.pause(1_500).await;
        happens(&site, keeper_of(&site), &dice).await;
    }
    dice.pause(500).await;
    crowd.is_hushed().await;
    crowd.reckons(&site, PATIENCE * 2).await;
    let (asked, answered) = crowd.said(site.slack());
    eprintln!("{asked} questions and {answered} answers are all there, once and in order");
}

/// Who took the desk last: each line of a log begins with its time.
fn keeper_of(site: &Site) -> usize {
    let took = |node: usize| {
        let log = site.nodes().log_of(node);
        log.lines().rfind(|line| line.contains(TAKES_OVER)).map(str::to_string)
    };
    usize::from(took(1) > took(0))
}
