//! What comes in from Slack: stored, then acknowledged. A frame that can be understood at once is
//! stored together with what it says happened; every other is stored as it came, and understood
//! afterwards: frames of the sockets and of the Events API alike, and those that were kept before a
//! restart and not read yet. Those of one thread are understood in order, and no thread waits for
//! another.

use crate::PLATFORM;
use crate::alarm::Alarm;
use crate::catch_up::{CatchUp, Pace};
use crate::decode::{self, Decoded};
use crate::doubt::Doubts;
use crate::interpret;
use crate::outbound::{Slack, Us};
use crate::reader::{Fresh, Reader};
use crate::socket::{Arrival, Sockets};
use futures_util::FutureExt;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use threadline_core::desk::{DeskEvent, Frame, Inbox, Kept, Unstored};
use threadline_core::ids::{Moment, ThreadKey};
use tokio::sync::{mpsc, watch};
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
    clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    reader: Reader,
    handle: InboundHandle,
    live: Arc<AtomicUsize>,
}

/// Hands frames of the Events API to a running [`Inbound`].
#[derive(Clone)]
pub struct InboundHandle {
    inbox: Arc<dyn Inbox>,
    fresh: Fresh,
}

impl Inbound {
    /// Listens as `slack`, hands over to `inbox`; `clock` says what time it is.
    pub fn new(slack: Slack, inbox: Arc<dyn Inbox>, clock: impl Fn() -> Moment + Send + Sync + 'static) -> Inbound {
        let (reader, fresh) = Reader::new(slack.clone(), inbox.clone());
        let handle = InboundHandle { inbox: inbox.clone(), fresh };
        Inbound { slack, inbox, clock: Arc::new(clock), reader, handle, live: Arc::default() }
    }

    /// How many sockets have said `hello` and not ended.
    pub fn live_sockets(&self) -> Arc<AtomicUsize> {
        self.live.clone()
    }

    /// For the Events API route.
    pub fn handle(&self) -> InboundHandle {
        self.handle.clone()
    }

    /// Listens until `shutdown`; then takes in nothing more, acknowledges what was kept, and stores
    /// what was understood.
    pub async fn run(self, shutdown: CancellationToken) {
        let Inbound { slack, inbox, clock, reader, handle, live } = self;
        let alarm = Arc::new(Alarm::new(inbox.clone()));
        let (missed, gaps) = watch::channel(0);
        let (broken, breaks) = watch::channel(0);
        let hearing = tell_hearing(inbox.clone(), gaps.clone(), shutdown.clone());
        let (arrivals, arrived) = mpsc::channel(ARRIVALS_MAX);
        let pace = Pace::new(slack.config().reads_per_minute);
        let doubts = Arc::new(Doubts::new(clock.clone(), missed.clone()));
        let catch_up = CatchUp {
            slack: slack.clone(),
            inbox,
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
            match slack.config().app_token.clone() {
                Some(app_token) => {
                    let alarm = alarm.clone();
                    let sockets = Sockets { slack: slack.clone(), app_token, arrivals, missed, broken, alarm, live };
                    Arc::new(sockets).run(shutdown.clone()).await;
                }
                None => {
                    missed.send_modify(|count| *count += 1);
                    shutdown.cancelled().await;
                    drop((missed, broken, arrivals));
                }
            }
        };
        tokio::join!(listening, take_in(arrived, handle, slack.clone(), doubts), catching_up, reading, hearing);
    }
}

impl InboundHandle {
    /// Keeps a frame of the Events API; it is understood afterwards. Answer Slack when this returns.
    pub async fn frame(&self, frame: Frame) -> Result<(), Unstored> {
        let kept = self.inbox.keep(PLATFORM, vec![frame.clone()]).await?;
        match kept.first() {
            Some(Kept::New) => self.fresh.push(frame),
            Some(Kept::Known) | None => self.fresh.known(&frame.key),
        }
        Ok(())
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("slack", &self.slack).finish_non_exhaustive()
    }
}

impl fmt::Debug for InboundHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundHandle").finish_non_exhaustive()
    }
}

/// Says that everything is heard again, whenever something may have been missed until now.
async fn tell_hearing(inbox: Arc<dyn Inbox>, mut gaps: watch::Receiver<u64>, shutdown: CancellationToken) {
    while let Some(Ok(())) = shutdown.run_until_cancelled(gaps.changed()).await {
        inbox.heard_again(PLATFORM);
    }
}

/// Takes in what comes over the sockets: while one commit runs, the next batch gathers. What can be
/// understood without asking Slack anything is stored together with what it says; all else is kept
/// as it came, and understood afterwards. Slack tells us of every post of our own, too; there is
/// nothing in that to lose, so it is only acknowledged.
async fn take_in(mut arrived: mpsc::Receiver<Arrival>, handle: InboundHandle, slack: Slack, doubts: Arc<Doubts>) {
    let mut batch: Vec<Arrival> = Vec::new();
    while arrived.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let mut others = Vec::with_capacity(batch.len());
        let (mut plain, mut taken, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for arrival in batch.drain(..) {
            match slack.us_if_known().map(|us| at_once(&slack, us, &arrival.frame, &handle.fresh)) {
                Some(AtOnce::Echo) => arrival.answer(true),
                Some(AtOnce::Event(event)) => {
                    taken.push((arrival.frame.clone(), vec![event.clone()]));
                    events.push(event);
                    plain.push(arrival);
                }
                Some(AtOnce::Later(thread)) => {
                    thread.into_iter().for_each(|thread| handle.fresh.expect(&arrival.frame.key, thread));
                    others.push(arrival);
                }
                None => others.push(arrival),
            }
        }
        let taking = async {
            if taken.is_empty() || handle.inbox.took(PLATFORM, taken).await.is_ok() {
                doubts.stored(&events);
                plain.into_iter().for_each(|arrival| arrival.answer(true));
            } else {
                // One of them may be at fault: as it came, each can be stored.
                keep(plain, &handle).await;
            }
        };
        futures_util::join!(taking, keep(others, &handle));
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

fn at_once(slack: &Slack, us: &Us, frame: &Frame, fresh: &Fresh) -> AtOnce {
    let read = || {
        if decode::is_echo(us, &frame.raw) {
            return AtOnce::Echo;
        }
        let Ok(Decoded::Happened(found)) = decode::decode(us, &frame.raw) else { return AtOnce::Later(None) };
        let thread = found.thread.clone();
        if fresh.holds_up(&thread) {
            return AtOnce::Later(Some(thread));
        }
        match interpret::event(slack, us, found).now_or_never() {
            Some(Ok(event)) => AtOnce::Event(event),
            Some(Err(_)) | None => AtOnce::Later(Some(thread)),
        }
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(AtOnce::Later(None))
}

/// Keeps frames as they came, to be understood afterwards.
async fn keep(arrivals: Vec<Arrival>, handle: &InboundHandle) {
    if arrivals.is_empty() {
        return;
    }
    let frames = arrivals.iter().map(|arrival| arrival.frame.clone()).collect();
    match handle.inbox.keep(PLATFORM, frames).await {
        Ok(kept) => {
            for (arrival, kept) in arrivals.into_iter().zip(kept) {
                match kept {
                    Kept::New => handle.fresh.push(arrival.frame.clone()),
                    Kept::Known => handle.fresh.known(&arrival.frame.key),
                }
                arrival.answer(true);
            }
        }
        Err(error) => {
            warn!(frames = arrivals.len(), %error, "frames from Slack were not kept, so not acknowledged; Slack sends them again");
            for arrival in arrivals {
                handle.fresh.expect_no_more(&arrival.frame.key);
                arrival.answer(false);
            }
        }
    }
}
