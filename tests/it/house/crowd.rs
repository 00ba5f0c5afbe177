//! Many customers and agents who all write at once, and the reckoning at the end: whatever was
//! stored or written is on the other side exactly once, in order, and nothing else is.

use super::customer::Customer;
use super::dice::Dice;
use super::page::Page;
use super::site::Site;
use super::slack::{self, Thread};
use super::{LOOK_EVERY, PATIENCE};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use threadline_fake_slack::{Agent, FakeSlack, Post};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// The word that no customer may ever get: it stands in every note.
const SECRET: &str = "hush";
/// Nobody sees a card, reads it and answers it in less.
const READ_AND_WRITTEN_AFTER: Duration = Duration::from_millis(1_100);
/// How often it is looked for threads that were just opened.
const FIND_EVERY: Duration = Duration::from_millis(10);

/// A crowd that writes.
#[derive(Debug)]
pub struct Crowd {
    members: Vec<Arc<Member>>,
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
    finder: JoinHandle<()>,
}

/// A customer, the thread, and what was said.
#[derive(Debug)]
struct Member {
    name: String,
    customer: OnceLock<Customer>,
    thread: OnceLock<Thread>,
    /// What was stored, in the order of storing.
    stored: Mutex<Vec<String>>,
}

/// How fast and how long everybody writes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Longest time until a customer who is not there from the start comes.
    pub arrival_millis: usize,
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
    /// Customers of whom every other one is there, with a thread; nobody writes yet.
    pub async fn gather(site: &Site, customers: usize) -> Crowd {
        Crowd::gather_each(site, customers, 2).await
    }

    /// Customers who are all there, with a thread; nobody writes yet.
    pub async fn gather_all(site: &Site, customers: usize) -> Crowd {
        Crowd::gather_each(site, customers, 1).await
    }

    async fn gather_each(site: &Site, customers: usize, nth: usize) -> Crowd {
        let members: Vec<Arc<Member>> = (0..customers).map(|n| Arc::new(Member::new(n))).collect();
        for member in members.iter().step_by(nth) {
            let customer = site.customer(&member.name).await;
            member.says(member.customer.get_or_init(|| customer), "Hello").await;
        }
        site.settle().await;
        let finder = tokio::spawn(find_threads(site.slack().clone(), members.clone()));
        Crowd { members, stop: Arc::default(), tasks: JoinSet::new(), finder }
    }

    /// Everybody begins to write.
    pub fn begins(&mut self, site: &Site, agents: usize, pace: Pace, dice: &Dice) {
        for member in &self.members {
            let (site, member, dice, stop) = (site.clone(), member.clone(), dice.clone(), self.stop.clone());
            self.tasks.spawn(async move { member.writes(&site, pace, &dice, &stop).await });
        }
        for number in 0..agents {
            let (members, dice, stop) = (self.members.clone(), dice.clone(), self.stop.clone());
            let agent = site.slack().agent(&format!("Agent {number}"));
            self.tasks.spawn(async move { answers(&agent, &members, pace, &dice, &stop).await });
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

    /// Messages of customers, and of agents to them.
    pub fn said(&self, slack: &FakeSlack) -> (usize, usize) {
        let of_customers = self.members.iter().map(|member| member.stored.lock().unwrap().len()).sum();
        (of_customers, self.members.iter().map(|member| replies(&member.posts(slack)).len()).sum())
    }

    /// Waits until all is where it belongs and nothing is under way, and fails with what is not.
    pub async fn reckons(&self, site: &Site, patience: Duration) {
        let (began, mut right_since) = (Instant::now(), None);
        loop {
            let wrong = match site.unrest().await {
                Some(what) => Some(what),
                None => self.what_is_wrong(site.slack()),
            };
            match wrong {
                // What comes twice or too late would come about now.
                None if right_since.get_or_insert_with(Instant::now).elapsed() > PATIENCE / 100 => return,
                None => {}
                Some(wrong) => {
                    right_since = None;
                    assert!(began.elapsed() < patience, "after {patience:?}: {wrong}");
                }
            }
            tokio::time::sleep(LOOK_EVERY * 10).await;
        }
    }

    fn what_is_wrong(&self, slack: &FakeSlack) -> Option<String> {
        let mut cards: HashMap<String, usize> = HashMap::new();
        for (conversation, thread) in slack::roots(slack) {
            let Some(conversation) = conversation else {
                return Some(format!("a stray post in a channel: {thread:?}"));
            };
            *cards.entry(conversation).or_default() += 1;
        }
        let ours = self.members.iter().filter_map(|member| member.customer.get());
        let known: HashMap<&str, &str> = ours.map(|customer| (customer.id(), customer.name())).collect();
        for (conversation, cards) in &cards {
            match known.get(conversation.as_str()) {
                Some(name) if *cards > 1 => return Some(format!("{name} has {cards} threads")),
                Some(_) => {}
                None => return Some(format!("there is a thread of {conversation}, in which nobody wrote")),
            }
        }
        self.members.iter().find_map(|member| member.what_is_wrong(slack))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.finder.abort();
    }
}

impl Member {
    fn new(number: usize) -> Member {
        let name = format!("Customer {number}");
        Member { name, customer: OnceLock::new(), thread: OnceLock::new(), stored: Mutex::default() }
    }

    async fn says(&self, customer: &Customer, text: &str) {
        customer.writes_until_stored(text).await;
        self.stored.lock().unwrap().push(text.to_string());
    }

    /// Comes, if he is not there yet, and writes.
    async fn writes(&self, site: &Site, pace: Pace, dice: &Dice, stop: &AtomicBool) {
        if self.customer.get().is_none() {
            dice.pause(pace.arrival_millis).await;
            if stop.load(Ordering::SeqCst) {
                return;
            }
            let customer = site.patient_customer(&self.name).await;
            self.says(self.customer.get_or_init(|| customer), "Hello").await;
        }
        let customer = self.customer.get().expect("he is there");
        for n in 0..pace.per_customer {
            dice.pause(pace.customer_millis).await;
            if stop.load(Ordering::SeqCst) {
                return;
            }
            self.says(customer, &format!("question {n} of {}", self.name)).await;
        }
    }

    /// What stands in the thread under the card, in Slack's order.
    fn posts(&self, slack: &FakeSlack) -> Vec<Post> {
        let posts = self.thread.get().map(|thread| slack.thread(&thread.channel, &thread.ts));
        posts.unwrap_or_default().into_iter().skip(1).collect()
    }

    fn what_is_wrong(&self, slack: &FakeSlack) -> Option<String> {
        let customer = self.customer.get()?;
        let (name, posts, stored) = (&self.name, self.posts(slack), self.stored.lock().unwrap());
        let page = customer.page();
        let ours: Vec<&str> = posts.iter().filter(|post| post.is_ours).flat_map(|post| post.shown.lines()).collect();
        let replies = replies(&posts);
        let shown: Vec<String> = replies.iter().map(|reply| reply.shown.clone()).collect();
        different(&format!("{name}'s thread, of what he wrote"), &ours, &stored)
            .or_else(|| different(&format!("{name}'s page, of what he wrote"), &page.texts("customer"), &stored))
            .or_else(|| different(&format!("{name}'s page, of what agents wrote"), &page.texts("agent"), &shown))
            .or_else(|| leaked(name, &page))
            .or_else(|| {
                let unmarked =
                    |post: &&&Post| post.reactions.iter().filter(|mark| *mark == "heavy_check_mark").count() != 1;
                let post = replies.iter().find(unmarked)?;
                Some(format!("{name} has {:?}, but under it stands {:?} and not one ✓", post.shown, post.reactions))
            })
    }
}

/// An agent answers whoever has a thread.
async fn answers(agent: &Agent, members: &[Arc<Member>], pace: Pace, dice: &Dice, stop: &AtomicBool) {
    let mut n = 0;
    while n < pace.per_agent {
        dice.pause(pace.agent_millis).await;
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Some(thread) = members[dice.below(members.len())].thread.get() else { continue };
        n += 1;
        let text = format!("answer {n} of {}", agent.name);
        let writes = |text: &str| agent.writes(&thread.channel, thread.ts.as_str(), text);
        if dice.percent(5) {
            let note = writes(&format!("// {SECRET} {n}"));
            if dice.percent(30) {
                agent.edits(&note, &format!("// {SECRET} {n}, edited"));
            }
        }
        let post = writes(&text);
        if dice.percent(10) {
            dice.pause(50).await;
            agent.edits(&post, &format!("{text}, edited"));
        }
        if dice.percent(4) {
            dice.pause(50).await;
            agent.deletes(&post);
        }
    }
}

/// Learns where the threads are, and has somebody answer in a new one as soon as a person can.
async fn find_threads(slack: FakeSlack, members: Vec<Arc<Member>>) {
    let (quick, mut seen) = (slack.agent("Quick"), HashMap::new());
    loop {
        for (conversation, thread) in slack::roots(&slack) {
            let since = *seen.entry(thread.ts.clone()).or_insert_with(Instant::now);
            let its = |member: &&Arc<Member>| {
                member.customer.get().is_some_and(|customer| conversation.as_deref() == Some(customer.id()))
            };
            if since.elapsed() >= READ_AND_WRITTEN_AFTER
                && let Some(member) = members.iter().find(its)
                && member.thread.set(thread.clone()).is_ok()
            {
                quick.writes(&thread.channel, thread.ts.as_str(), &format!("Good day, {}", member.name));
            }
        }
        tokio::time::sleep(FIND_EVERY).await;
    }
}

/// What is meant for the customer, of what agents wrote.
fn replies(posts: &[Post]) -> Vec<&Post> {
    posts.iter().filter(|post| !post.is_ours && !post.shown.contains(SECRET)).collect()
}

fn leaked(name: &str, page: &Page) -> Option<String> {
    page.ever_got(SECRET).then(|| format!("{name}'s page was sent a note:\n{}", page.transcript()))
}

/// The first place where a list is not what it should be, in words.
fn different<A: AsRef<str>>(what: &str, is: &[A], should: &[String]) -> Option<String> {
    let at =
        (0..is.len().max(should.len())).find(|at| is.get(*at).map(A::as_ref) != should.get(*at).map(String::as_str))?;
    let is: Vec<&str> = is.iter().map(A::as_ref).collect();
    let should: Vec<&str> = should.iter().map(String::as_str).collect();
    let lost: Vec<_> = should.iter().filter(|text| !is.contains(text)).collect();
    let extra: Vec<_> = is.iter().filter(|text| !should.contains(text)).collect();
    let twice: Vec<_> = is.iter().filter(|text| is.iter().filter(|other| other == text).count() > 1).collect();
    let around = |list: &[&str]| list[at.saturating_sub(2).min(list.len())..(at + 3).min(list.len())].join("\n    ");
    Some(format!(
        "{what}: differs at {at}\n  is:\n    {}\n  should be:\n    {}\n  lost: {lost:?}\n  extra: {extra:?}\n  twice: {twice:?}",
        around(&is),
        around(&should),
    ))
}
