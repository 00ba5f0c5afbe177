//! Many customers and agents who all write at once, and the reckoning at the end: whatever was
//! stored or written is on the other side exactly once, in order.

use super::customer::Customer;
use super::dice::Dice;
use super::site::Site;
use super::slack::{self, Thread};
use super::{LOOK_EVERY, PATIENCE};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use threadline_fake_slack::FakeSlack;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A crowd that writes.
pub struct Crowd {
    members: Vec<Arc<Member>>,
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

/// A customer, the thread, and what was said.
struct Member {
    customer: Customer,
    thread: Thread,
    /// What was stored, in the order of storing.
    stored: Mutex<Vec<String>>,
}

/// How fast and how long everybody writes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Longest pause between two messages of one customer.
    pub customer_millis: usize,
    /// Longest pause between two messages of one agent.
    pub agent_millis: usize,
    /// Messages after which a customer is done.
    pub per_customer: usize,
    /// Messages after which an agent is done.
    pub per_agent: usize,
}

impl Crowd {
    /// Customers whose threads are open, not writing yet.
    pub async fn gather(site: &Site, customers: usize) -> Crowd {
        let mut members = Vec::new();
        for n in 0..customers {
            let customer = site.customer(&format!("Customer {n}")).await;
            customer.writes("Hello").await;
            members.push(customer);
        }
        site.settle().await;
        let mut crowd = Crowd { members: Vec::new(), stop: Arc::default(), tasks: JoinSet::new() };
        for customer in members {
            let thread = slack::thread(site.slack(), &customer).await;
            let stored = Mutex::new(vec!["Hello".to_string()]);
            crowd.members.push(Arc::new(Member { customer, thread, stored }));
        }
        crowd
    }

    /// Everybody begins to write.
    pub fn begins(&mut self, slack: &FakeSlack, agents: usize, pace: Pace, dice: &Dice) {
        for member in &self.members {
            let (member, dice, stop) = (member.clone(), dice.clone(), self.stop.clone());
            self.tasks.spawn(async move {
                for n in 0..pace.per_customer {
                    dice.pause(pace.customer_millis).await;
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let text = format!("question {n} of {}", member.customer.name());
                    member.customer.writes_until_stored(&text).await;
                    member.stored.lock().unwrap().push(text);
                }
            });
        }
        for agent in 0..agents {
            let (members, dice, stop) = (self.members.clone(), dice.clone(), self.stop.clone());
            let agent = slack.agent(&format!("Agent {agent}"));
            self.tasks.spawn(async move {
                for n in 0..pace.per_agent {
                    dice.pause(pace.agent_millis).await;
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let thread = &members[dice.below(members.len())].thread;
                    let text = format!("answer {n} of {}", agent.name);
                    let post = agent.writes(&thread.channel, thread.ts.as_str(), &text);
                    if dice.percent(10) {
                        dice.pause(50).await;
                        agent.edits(&post, &format!("{text}, edited"));
                    }
                    if dice.percent(4) {
                        dice.pause(50).await;
                        agent.deletes(&post);
                    }
                }
            });
        }
    }

    /// Waits until everybody has said everything.
    pub async fn falls_silent(&mut self) {
        while let Some(done) = self.tasks.join_next().await {
            done.unwrap();
        }
    }

    /// Everybody stops after the message at hand.
    pub async fn is_hushed(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.falls_silent().await;
    }

    /// Messages of customers and of agents.
    pub fn said(&self, slack: &FakeSlack) -> (usize, usize) {
        let of_customers = self.members.iter().map(|member| member.stored.lock().unwrap().len()).sum();
        (of_customers, self.members.iter().map(|member| member.answers(slack).len()).sum())
    }

    /// Waits until all is where it belongs, and fails with what is not.
    pub async fn reckons(&self, site: &Site, patience: Duration) {
        let began = Instant::now();
        loop {
            let calm = site.unrest().await;
            let wrong = match &calm {
                None => self.members.iter().find_map(|member| member.what_is_wrong(site.slack())),
                Some(what) => Some(what.clone()),
            };
            match wrong {
                None => return,
                Some(wrong) => assert!(began.elapsed() < patience, "after {patience:?}: {wrong}"),
            }
            tokio::time::sleep(if calm.is_none() { PATIENCE / 100 } else { LOOK_EVERY }).await;
        }
    }
}

impl Member {
    /// What agents said here and still stands, in Slack's order.
    fn answers(&self, slack: &FakeSlack) -> Vec<String> {
        let posts = slack.thread(&self.thread.channel, &self.thread.ts).into_iter();
        posts.filter(|post| !post.is_ours).map(|post| post.shown).collect()
    }

    fn what_is_wrong(&self, slack: &FakeSlack) -> Option<String> {
        let name = self.customer.name();
        let posts = slack.thread(&self.thread.channel, &self.thread.ts).into_iter().skip(1);
        let ours = posts.filter(|post| post.is_ours).map(|post| post.shown).collect::<Vec<_>>().join("\n");
        let in_thread: Vec<&str> = ours.lines().collect();
        let stored = self.stored.lock().unwrap();
        if in_thread != *stored {
            return Some(format!("{name}'s thread has {in_thread:#?} and not {stored:#?}"));
        }
        let on_page = self.customer.page().texts("customer");
        if on_page != *stored {
            return Some(format!("{name}'s page has {on_page:#?} and not {stored:#?}"));
        }
        let (answers, on_page) = (self.answers(slack), self.customer.page().texts("agent"));
        if on_page != answers {
            return Some(format!("{name}'s page has {on_page:#?} and the thread {answers:#?}"));
        }
        let cards = slack::cards(slack, &self.customer);
        (cards != 1).then(|| format!("{name} has {cards} cards"))
    }
}
