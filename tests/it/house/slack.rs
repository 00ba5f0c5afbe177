//! The Slack of a play: a fake that behaves, in this process, with its clock on the play's.

use super::customer::Customer;
use super::desk::whisper;
use super::site::Setup;
use super::until;
use serde_json::Value;
use std::time::Duration;
use threadline::clock::Clock;
use threadline_fake_slack::{FakeSlack, Options, Post, WallClock};

/// The first channel of a desk in Slack.
pub const CHANNEL: &str = "C0SUPPORT1";
/// The second.
pub const SECOND_CHANNEL: &str = "C0SUPPORT2";
/// Their names; more channels are never needed.
const CHANNELS: [(&str, &str); 2] = [(CHANNEL, "support"), (SECOND_CHANNEL, "support-2")];

/// A thread in Slack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    pub channel: String,
    pub ts: String,
}

/// Starts the Slack that a setup wants.
pub async fn start(setup: &Setup, clock: &Clock) -> FakeSlack {
    let wall_clock = match clock {
        Clock::Real => WallClock::default(),
        by_hand @ Clock::ByHand(_) => {
            let clock = by_hand.clone();
            WallClock::new(move || u64::try_from(clock.now().0 * 1_000).unwrap_or_default())
        }
    };
    let options = Options {
        rate_limits: setup.rate_limits,
        clock: wall_clock,
        seed: setup.seed,
        // Slack waits a minute and five before it sends again; a play has no time.
        retry_after: vec![Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)],
        ack_timeout: setup.ack_timeout,
        latency: setup.latency,
        file_delay: setup.file_delay,
        ..Options::default()
    };
    let slack = FakeSlack::start(options).await;
    for (id, name) in CHANNELS {
        slack.add_channel(id, name);
    }
    slack
}

/// The thread of a conversation: the last one that was opened for it.
pub fn find_thread(slack: &FakeSlack, customer: &Customer) -> Option<Thread> {
    let found = CHANNELS.iter().filter_map(|(channel, _)| {
        let ts = slack.roots_with(channel, |metadata| is_card_of(metadata, customer)).pop()?;
        Some(Thread { channel: channel.to_string(), ts })
    });
    found.max_by(|a, b| a.ts.cmp(&b.ts))
}

/// The same, waited for.
pub async fn thread(slack: &FakeSlack, customer: &Customer) -> Thread {
    let what = format!("a thread in Slack for {}", customer.name());
    until(&what, async || find_thread(slack, customer).is_some()).await;
    find_thread(slack, customer).unwrap()
}

/// What stands in the channels themselves, by the id of the conversation whose card it is; without one
/// it is a stray.
pub fn roots(slack: &FakeSlack) -> Vec<(Option<String>, Thread)> {
    let root = |channel: &str, post: Post| {
        let payload = &post.metadata["event_payload"];
        let of = payload["conversation"].as_str().filter(|_| payload["card"] == "1").map(str::to_string);
        (of, Thread { channel: channel.to_string(), ts: post.ts })
    };
    let roots = |(channel, _): &(&'static str, _)| {
        let channel = *channel;
        slack.roots(channel).into_iter().map(move |post| root(channel, post))
    };
    CHANNELS.iter().flat_map(roots).collect()
}

/// Every card that was ever posted for a conversation and still stands.
pub fn cards(slack: &FakeSlack, customer: &Customer) -> usize {
    CHANNELS.iter().map(|(channel, _)| slack.roots_with(channel, |it| is_card_of(it, customer)).len()).sum()
}

/// A thread as its readers see it, one line a post.
pub fn transcript(slack: &FakeSlack, thread: &Thread) -> String {
    let mut posts = slack.thread(&thread.channel, &thread.ts).into_iter();
    let card = posts.next().map(|card| card.shown.lines().next().unwrap_or_default().to_string());
    let mut lines = vec![card.unwrap_or_default()];
    for post in posts {
        let mut line = format!("  {}: {}", post.author, post.shown);
        if post.edited {
            line.push_str(" (edited)");
        }
        // Slack shows them in the order in which they were made; here they stand as at the practice desk.
        let marks = [("hourglass_flowing_sand", " ⏳"), ("heavy_check_mark", " ✓"), ("envelope", " ✉️"), ("eye", " 👁")];
        line.extend(marks.iter().filter(|(name, _)| post.reactions.iter().any(|it| it == name)).map(|(_, mark)| *mark));
        if post.reactions.iter().any(|it| !marks.iter().any(|(name, _)| it == name)) {
            line.push_str(" ?");
        }
        lines.push(line.replace('\n', "\n    "));
    }
    lines.extend(slack.whispers(&thread.channel, &thread.ts).iter().map(|(person, words)| whisper(person, words)));
    lines.join("\n") + "\n"
}

fn is_card_of(metadata: &Value, customer: &Customer) -> bool {
    let payload = &metadata["event_payload"];
    payload["card"] == "1" && payload["conversation"] == customer.id()
}
