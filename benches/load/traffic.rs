//! Traffic in either direction: at a given rate, whatever the answer takes (for latency), or as
//! fast as it goes (for the highest rate).

use crate::ledger::percentile;
use crate::server::{cpu_secs, machine_cpu_secs};
use crate::site::Site;
use crate::stamp::Way;
use anyhow::bail;
use std::time::{Duration, Instant};

/// How long traffic runs before it is measured: connections are open, statements prepared.
const WARM_UP: Duration = Duration::from_secs(1);
/// A message whose turn was so long ago is timed from its turn: waiting for the one before it is
/// part of what the customer waits.
const LATE: Duration = Duration::from_millis(2);

/// How long messages took, and what they cost.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// Half were faster, in milliseconds.
    pub p50_millis: f64,
    /// One in a hundred was slower.
    pub p99_millis: f64,
    /// Processor seconds of the server per 1,000 messages.
    pub cpu_secs_per_1000: f64,
    /// Processors that other processes kept busy meanwhile.
    pub others: f64,
}

/// How many messages went through, and what they cost.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Arrived messages a second.
    pub per_sec: f64,
    /// Processor seconds of the server per 1,000 messages.
    pub cpu_secs_per_1000: f64,
    /// The same of the load itself, the fake Slack and the pages included.
    pub own_cpu_secs_per_1000: f64,
    /// Processors that other processes kept busy meanwhile; a database server is one of them.
    pub others: f64,
    /// How many customers were busy at once.
    pub customers: usize,
}

/// What a stretch of traffic used up.
struct Meter {
    began: Instant,
    arrived: u64,
    server_cpu: f64,
    own_cpu: f64,
    machine_cpu: f64,
}

impl Meter {
    fn read(site: &Site, way: Way) -> anyhow::Result<Meter> {
        Ok(Meter {
            began: Instant::now(),
            arrived: ledger(site, way).arrived(),
            server_cpu: site.server.cpu_secs()?,
            own_cpu: cpu_secs("self")?,
            machine_cpu: machine_cpu_secs()?,
        })
    }

    fn rate_until(&self, end: &Meter, customers: usize) -> Rate {
        let thousands = (end.arrived - self.arrived) as f64 / 1_000.0;
        let secs = (end.began - self.began).as_secs_f64();
        let (server_cpu, own_cpu) = (end.server_cpu - self.server_cpu, end.own_cpu - self.own_cpu);
        Rate {
            per_sec: thousands * 1_000.0 / secs,
            cpu_secs_per_1000: server_cpu / thousands,
            own_cpu_secs_per_1000: own_cpu / thousands,
            others: (end.machine_cpu - self.machine_cpu - server_cpu - own_cpu).max(0.0) / secs,
            customers,
        }
    }
}

/// So many messages a second, evenly spread over all customers.
pub async fn at_rate(site: &Site, way: Way, per_sec: u32, length: Duration) -> anyhow::Result<Latency> {
    let begin = Instant::now();
    let step = Duration::from_secs(1) / per_sec;
    let every = step * u32::try_from(site.customers())?;
    let end = begin + WARM_UP + length;
    let speaking = (0..site.customers()).map(|customer| async move {
        let mut speaker = Speaker::new(site, way, customer).await?;
        let mut due = begin + step * u32::try_from(customer)?;
        while due < end {
            tokio::time::sleep_until(due.into()).await;
            let now = Instant::now();
            speaker.speak(if now > due + LATE { due } else { now }).await?;
            due += every;
        }
        speaker.until_heard().await
    });
    let measuring = async {
        tokio::time::sleep(WARM_UP).await;
        ledger(site, way).time();
        let first = Meter::read(site, way)?;
        tokio::time::sleep(length).await;
        let last = Meter::read(site, way)?;
        anyhow::Ok((first.rate_until(&last, site.customers()), ledger(site, way).times()))
    };
    let (_, (rate, times)) = tokio::try_join!(futures_util::future::try_join_all(speaking), measuring)?;
    if times.is_empty() {
        bail!("nothing arrived at {per_sec} messages a second");
    }
    Ok(Latency {
        p50_millis: percentile(&times, 50) / 1_000.0,
        p99_millis: percentile(&times, 99) / 1_000.0,
        cpu_secs_per_1000: rate.cpu_secs_per_1000,
        others: rate.others,
    })
}

/// As many messages as go through when `customers` are busy at once, each with its next message as
/// soon as the one before it is on the other side.
pub async fn at_most(site: &Site, way: Way, customers: usize, length: Duration) -> anyhow::Result<Rate> {
    let customers = customers.min(site.customers());
    let end = Instant::now() + WARM_UP + length;
    let speaking = (0..customers).map(|customer| async move {
        let mut speaker = Speaker::new(site, way, customer).await?;
        while Instant::now() < end {
            speaker.speak(Instant::now()).await?;
            speaker.until_heard().await?;
        }
        anyhow::Ok(())
    });
    let measuring = async {
        tokio::time::sleep(WARM_UP).await;
        let first = Meter::read(site, way)?;
        tokio::time::sleep(length).await;
        anyhow::Ok(first.rate_until(&Meter::read(site, way)?, customers))
    };
    let (_, rate) = tokio::try_join!(futures_util::future::try_join_all(speaking), measuring)?;
    Ok(rate)
}

fn ledger(site: &Site, way: Way) -> &crate::ledger::Ledger {
    match way {
        Way::ToSlack => &site.to_slack,
        Way::ToPage => &site.to_page,
    }
}

/// Whoever speaks in one conversation: its customer, or the agent.
struct Speaker<'a> {
    site: &'a Site,
    way: Way,
    customer: usize,
    number: u32,
    /// The customer's connection; the agent needs none.
    writer: Option<crate::site::Writer>,
}

impl Speaker<'_> {
    async fn new(site: &Site, way: Way, customer: usize) -> anyhow::Result<Speaker<'_>> {
        let writer = match way {
            Way::ToSlack => Some(site.writer(customer).await?),
            Way::ToPage => None,
        };
        Ok(Speaker { site, way, customer, number: ledger(site, way).last(customer), writer })
    }

    async fn speak(&mut self, sent: Instant) -> anyhow::Result<()> {
        self.number += 1;
        match &mut self.writer {
            Some(writer) => writer.write(self.number, sent).await,
            None => self.site.agent_writes(self.customer, self.number, sent),
        }
    }

    async fn until_heard(&self) -> anyhow::Result<()> {
        if ledger(self.site, self.way).until(self.customer, self.number).await.is_err() {
            let (customer, number) = (self.customer, self.number);
            bail!("message {number} of customer {customer} did not arrive; the log:\n{}", self.site.server.log());
        }
        Ok(())
    }
}
