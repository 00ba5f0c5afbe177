//! What comes in from Slack: stored, then acknowledged. A frame that can be understood at once is
//! stored together with what it says happened; every other is stored as it came, and understood
//! afterwards: frames of the sockets and of the Events API alike, and those that were kept before a
//! restart and not read yet. Those of one thread are understood in order, and no thread waits for
//! another.

use crate::PLATFORM;
use crate::alarm::Alarm;
use crate::arrival::{Arrival, Sender};
use crate::catch_up::{CatchUp, Pace};
use crate::decode::{self, Decoded};
use crate::doubt::{Doubts, Told};
use crate::hands::{Hands, Reply};
use crate::home;
use crate::interpret;
use crate::outbound::{Slack, Us};
use crate::reader::{Fresh, Reader};
use crate::socket::Sockets;
use futures_util::FutureExt;
use serde_json::Value;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use threadline_core::desk::{DeskEvent, Frame, Inbox, Unstored};
use threadline_core::ids::{Moment, ThreadKey};
use threadline_core::overview::Overview;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Frames kept in one commit.
const BATCH_MAX: usize = 256;
/// How long the first catch-up lets frames of before the start go first.
const BACKLOG_FIRST: Duration = Duration::from_secs(10);
/// Frames that may wait for being kept; the sockets are not read any further meanwhile.
const ARRIVALS_MAX: usize = 1_024;

/// Everything that listens to Slack, not running yet.
pub struct Inbound {
    slack: Slack,
    inbox: Arc<dyn Inbox>,
    overview: Arc<dyn Overview>,
    hands: Hands,
    clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    reader: Reader,
    fresh: Fresh,
    arrivals: mpsc::Sender<Arrival>,
    arrived: mpsc::Receiver<Arrival>,
    live: Arc<AtomicUsize>,
}

/// Hands frames of the Events API to a running [`Inbound`].
#[derive(Clone, Debug)]
pub struct InboundHandle {
    /// Held weakly: a route that waits for requests keeps nothing running.
    arrivals: mpsc::WeakSender<Arrival>,
    hands: Hands,
}

impl Inbound {
    /// Listens as `slack`, hands over to `inbox`, looks conversations up in `overview`; `clock` says
    /// what time it is.
    pub fn new(
        slack: Slack,
        inbox: Arc<dyn Inbox>,
        overview: Arc<dyn Overview>,
        clock: impl Fn() -> Moment + Send + Sync + 'static,
    ) -> Inbound {
        let (reader, fresh) = Reader::new(slack.clone(), inbox.clone());
        let (arrivals, arrived) = mpsc::channel(ARRIVALS_MAX);
        let hands = Hands::new(slack.clone(), inbox.clone(), overview.clone());
        let (clock, live) = (Arc::new(clock), Arc::default());
        Inbound { slack, inbox, overview, hands, clock, reader, fresh, arrivals, arrived, live }
    }

    /// How many sockets have said `hello` and not ended.
    pub fn live_sockets(&self) -> Arc<AtomicUsize> {
        self.live.clone()
    }

    /// For the Events API route.
    pub fn handle(&self) -> InboundHandle {
        InboundHandle { arrivals: self.arrivals.downgrade(), hands: self.hands.clone() }
    }

    /// Listens until `shutdown`; then takes in nothing more, acknowledges what was kept, and stores
    /// what was understood.
    pub async fn run(self, shutdown: CancellationToken) {
        let Inbound { slack, inbox, overview, hands, clock, reader, fresh, arrivals, arrived, live } = self;
        let alarm = Arc::new(Alarm::new(inbox.clone()));
        let (missed, gaps) = watch::channel(0);
        let (broken, breaks) = watch::channel(0);
        let hearing = tell_hearing(inbox.clone(), gaps.clone(), shutdown.clone());
        let pace = Pace::new(slack.config().reads_per_minute);
        let doubts = Arc::new(Doubts::new(clock.clone(), missed.clone()));
        let catch_up = CatchUp {
            slack: slack.clone(),
            inbox: inbox.clone(),
            clock,
            alarm: alarm.clone(),
            readings: reader.readings(),
            pace,
            doubts: doubts.clone(),
        };
        let backlog_read = reader.backlog_read();
        let catching_up = async {
            // What was kept before comes before what is there now.
            tokio::select! {
                () = backlog_read.cancelled() => {}
                () = tokio::time::sleep(BACKLOG_FIRST) => {}
                () = shutdown.cancelled() => {}
            }
            catch_up.run(gaps, breaks, shutdown.clone()).await;
        };
        let reading = reader.run(alarm.clone(), missed.clone(), doubts.clone(), shutdown.clone());
        let listening = async {
            let by_hand = hands.clone();
            match slack.config().app_token.clone() {
                Some(app_token) => {
                    let alarm = alarm.clone();
                    let (slack, hands) = (slack.clone(), by_hand);
                    let sockets = Sockets { slack, app_token, arrivals, hands, missed, broken, alarm, live };
                    Arc::new(sockets).run(shutdown.clone()).await;
                }
                None => {
                    missed.send_modify(|count| *count += 1);
                    shutdown.cancelled().await;
                    drop((missed, broken, arrivals));
                }
            }
        };
        let homes = home::run(&slack, overview, &shutdown);
        let taking_in = TakingIn { slack: slack.clone(), inbox, fresh, doubts }.run(arrived);
        tokio::join!(listening, taking_in, catching_up, reading, hearing, homes);
        hands.finish().await;
    }
}

impl InboundHandle {
    /// Takes in a frame of the Events API as one of a socket. Answer Slack when this returns.
    pub async fn frame(&self, frame: Frame) -> Result<(), Unstored> {
        let ended = || Unstored("nobody listens to Slack any more".to_string());
        let arrivals = self.arrivals.upgrade().ok_or_else(ended)?;
        let (sender, kept) = oneshot::channel();
        arrivals.send(Arrival { frame, sender: Sender::Request(sender) }).await.map_err(|_| ended())?;
        drop(arrivals);
        kept.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Carries out what an agent did with a button, a menu, a command or a form: what Slack is
    /// answered besides, as JSON. An error is no answer: Slack tells who did it that it did not work.
    pub async fn by_hand(&self, payload: Value) -> Result<Option<Value>, Unstored> {
        let (answer, answered) = oneshot::channel();
        // Slack may have hung up: what was done is done.
        self.hands.take(payload, move |reply| drop(answer.send(reply)));
        match answered.await {
            Ok(Reply::Taken(answer)) => Ok(answer),
            Ok(Reply::Failed) | Err(_) => Err(Unstored("it was not stored in time".to_string())),
        }
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("slack", &self.slack).finish_non_exhaustive()
    }
}

/// Says that everything is heard again, whenever something may have been missed until now.
async fn tell_hearing(inbox: Arc<dyn Inbox>, mut gaps: watch::Receiver<u64>, shutdown: CancellationToken) {
    while let Some(Ok(())) = shutdown.run_until_cancelled(gaps.changed()).await {
        inbox.heard_again(PLATFORM);
    }
}

/// Takes in what comes, over the sockets or by HTTP: while one commit runs, the next batch gathers.
/// What can be understood without asking Slack anything is stored together with what it says; all
/// else is kept as it came, and understood afterwards. Slack tells us of every post of our own, too;
/// there is nothing in that to lose, so it is only acknowledged.
struct TakingIn {
    slack: Slack,
    inbox: Arc<dyn Inbox>,
    fresh: Fresh,
    doubts: Arc<Doubts>,
}

impl TakingIn {
    async fn run(self, mut arrived: mpsc::Receiver<Arrival>) {
        let mut batch: Vec<Arrival> = Vec::new();
        while arrived.recv_many(&mut batch, BATCH_MAX).await > 0 {
            let mut others = Vec::with_capacity(batch.len());
            let (mut plain, mut taken, mut told) = (Vec::new(), Vec::new(), Vec::new());
            for arrival in batch.drain(..) {
                match self.slack.us_if_known().map(|us| self.at_once(us, &arrival.frame)) {
                    Some(AtOnce::Echo) => arrival.answer(Ok(())),
                    Some(AtOnce::Event(event)) => {
                        told.push(Told::from(&event));
                        taken.push((arrival.frame.clone(), vec![event]));
                        plain.push(arrival);
                    }
                    Some(AtOnce::Later(thread)) => {
                        let held_up = self.fresh.held_up();
                        thread.iter().for_each(|thread| held_up.arrives(&arrival.frame.key, thread));
                        others.push(arrival);
                    }
                    None => others.push(arrival),
                }
            }
            let taking = async {
                let took = taken.is_empty() || self.inbox.took(PLATFORM, taken).await.is_ok();
                // Each was taken for itself: some may be stored where others are not.
                self.doubts.stored(told.iter().cloned());
                if took {
                    plain.into_iter().for_each(|arrival| arrival.answer(Ok(())));
                } else {
                    // One of them may be at fault: as it came, each can be stored.
                    let held_up = self.fresh.held_up();
                    plain.iter().zip(&told).for_each(|(it, told)| held_up.arrives(&it.frame.key, &told.thread));
                    self.keep(plain).await;
                }
            };
            futures_util::join!(taking, self.keep(others));
        }
    }

    fn at_once(&self, us: &Us, frame: &Frame) -> AtOnce {
        let read = || {
            if decode::is_echo(us, &frame.raw) {
                return AtOnce::Echo;
            }
            let found = match decode::decode(us, &frame.raw) {
                Ok(Decoded::Happened(found)) => found,
                Ok(Decoded::Shown { files, share }) => {
                    self.slack.shares().seen(&files, &share);
                    return AtOnce::Echo;
                }
                Ok(_) | Err(_) => return AtOnce::Later(None),
            };
            let thread = found.thread.clone();
            if self.fresh.held_up().holds(&thread) {
                return AtOnce::Later(Some(thread));
            }
            match interpret::event(&self.slack, us, found).now_or_never() {
                Some(Ok(event)) => AtOnce::Event(event),
                Some(Err(_)) | None => AtOnce::Later(Some(thread)),
            }
        };
        catch_unwind(AssertUnwindSafe(read)).unwrap_or(AtOnce::Later(None))
    }

    /// Keeps frames as they came, to be understood afterwards.
    async fn keep(&self, arrivals: Vec<Arrival>) {
        if arrivals.is_empty() {
            return;
        }
        let frames = arrivals.iter().map(|arrival| arrival.frame.clone()).collect();
        match self.inbox.keep(PLATFORM, frames).await {
            Ok(kept) => {
                for (arrival, kept) in arrivals.into_iter().zip(kept) {
                    self.fresh.take(&arrival.frame, kept);
                    arrival.answer(Ok(()));
                }
            }
            Err(error) => {
                warn!(frames = arrivals.len(), %error, "frames from Slack were not kept, so not acknowledged; Slack sends them again");
                for arrival in arrivals {
                    self.fresh.held_up().is_not_kept(&arrival.frame.key);
                    arrival.answer(Err(error.clone()));
                }
            }
        }
    }
}

/// What a frame is, so far as it can be told at once.
enum AtOnce {
    /// Our own post, told back to us.
    Echo,
    /// This happened.
    Event(DeskEvent),
    /// It has to be looked into, and holds up what comes after it in this thread.
    Later(Option<ThreadKey>),
}
