//! What comes in from Slack: kept, acknowledged, then understood. Frames of the sockets and of the
//! Events API go the same way; so do those that were kept before a restart and not read yet. The
//! frames of one thread are understood in order, and no thread waits for another.

use crate::PLATFORM;
use crate::alarm::Alarm;
use crate::catch_up::{CatchUp, Pace};
use crate::outbound::Slack;
use crate::reader::Reader;
use crate::socket::{Arrival, Sockets};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use threadline_core::desk::{Frame, Inbox, Kept, Unstored};
use threadline_core::ids::Moment;
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
}

/// Hands frames of the Events API to a running [`Inbound`].
#[derive(Clone)]
pub struct InboundHandle {
    inbox: Arc<dyn Inbox>,
    fresh: crate::reader::Fresh,
}

impl Inbound {
    /// Listens as `slack`, hands over to `inbox`; `clock` says what time it is.
    pub fn new(slack: Slack, inbox: Arc<dyn Inbox>, clock: impl Fn() -> Moment + Send + Sync + 'static) -> Inbound {
        let (reader, fresh) = Reader::new(slack.clone(), inbox.clone());
        let handle = InboundHandle { inbox: inbox.clone(), fresh };
        Inbound { slack, inbox, clock: Arc::new(clock), reader, handle }
    }

    /// For the Events API route.
    pub fn handle(&self) -> InboundHandle {
        self.handle.clone()
    }

    /// Listens until `shutdown`; then takes in nothing more, acknowledges what was kept, and stores
    /// what was understood.
    pub async fn run(self, shutdown: CancellationToken) {
        let Inbound { slack, inbox, clock, reader, handle } = self;
        let alarm = Arc::new(Alarm::new(inbox.clone()));
        let (missed, gaps) = watch::channel(0);
        let (arrivals, arrived) = mpsc::channel(ARRIVALS_MAX);
        let pace = Pace::new(slack.config().reads_per_minute);
        let catch_up = CatchUp {
            slack: slack.clone(),
            inbox,
            clock,
            alarm: alarm.clone(),
            readings: reader.readings(),
            pace,
        };
        let backlog_read = reader.backlog_read();
        let catching_up = async {
            // What was kept before comes before what is there now.
            tokio::select! {
                () = backlog_read.cancelled() => {}
                () = tokio::time::sleep(BACKLOG_FIRST) => {}
                () = shutdown.cancelled() => {}
            }
            catch_up.run(gaps, shutdown.clone()).await;
        };
        let reading = reader.run(alarm.clone(), missed.clone(), shutdown.clone());
        let listening = async {
            match slack.config().app_token.clone() {
                Some(app_token) => {
                    let live = AtomicUsize::new(0);
                    let alarm = alarm.clone();
                    let sockets = Sockets { slack: slack.clone(), app_token, arrivals, missed, alarm, live };
                    Arc::new(sockets).run(shutdown.clone()).await;
                }
                None => {
                    missed.send_modify(|count| *count += 1);
                    shutdown.cancelled().await;
                    drop((missed, arrivals));
                }
            }
        };
        tokio::join!(listening, keep(arrived, handle), catching_up, reading);
    }
}

impl InboundHandle {
    /// Keeps a frame of the Events API; it is understood afterwards. Answer Slack when this returns.
    pub async fn frame(&self, frame: Frame) -> Result<(), Unstored> {
        let kept = self.inbox.keep(PLATFORM, vec![frame.clone()]).await?;
        if kept.first() == Some(&Kept::New) {
            self.fresh.push(frame);
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

/// Keeps what comes over the sockets: while one commit runs, the next batch gathers.
async fn keep(mut arrived: mpsc::Receiver<Arrival>, handle: InboundHandle) {
    let mut batch: Vec<Arrival> = Vec::new();
    while arrived.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let frames = batch.iter().map(|arrival| arrival.frame.clone()).collect();
        match handle.inbox.keep(PLATFORM, frames).await {
            Ok(kept) => {
                for (arrival, kept) in batch.drain(..).zip(kept) {
                    if kept == Kept::New {
                        handle.fresh.push(arrival.frame.clone());
                    }
                    arrival.answer(true);
                }
            }
            Err(error) => {
                warn!(frames = batch.len(), %error, "frames from Slack were not kept, so not acknowledged; Slack sends them again");
                batch.drain(..).for_each(|arrival| arrival.answer(false));
            }
        }
    }
}
