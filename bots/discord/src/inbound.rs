//! What comes in from Discord: one connection, the events that it brings, what agents do with their hands,
//! and whatever may have been missed, read back. Everything that happens is handed over to the service's
//! [`Inbox`].

use crate::PLATFORM;
use crate::alarm::{Alarm, Part};
use crate::catch_up::CatchUp;
use crate::commands;
use crate::crowd;
use crate::gateway::Gateway;
use crate::hands::Hands;
use crate::outbound::{Discord, Us};
use crate::reader::{self, Reader, told, wait};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;
use threadline_core::desk::Inbox;
use threadline_core::ids::Moment;
use threadline_core::overview::Overview;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// First pause after something that did not work; it doubles up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// Longest such pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Everything that listens to Discord, not running yet.
pub struct Inbound {
    discord: Discord,
    inbox: Arc<dyn Inbox>,
    overview: Arc<dyn Overview>,
    clock: Arc<dyn Fn() -> Moment + Send + Sync>,
    live: Arc<AtomicUsize>,
}

impl Inbound {
    /// Listens as `discord`, hands over to `inbox`, looks conversations up in `overview`; `clock` says what
    /// time it is.
    pub fn new(
        discord: Discord,
        inbox: Arc<dyn Inbox>,
        overview: Arc<dyn Overview>,
        clock: impl Fn() -> Moment + Send + Sync + 'static,
    ) -> Inbound {
        Inbound { discord, inbox, overview, clock: Arc::new(clock), live: Arc::default() }
    }

    /// How many connections have a session that has begun: one, or none.
    pub fn live_connections(&self) -> Arc<AtomicUsize> {
        self.live.clone()
    }

    /// Listens until `shutdown`; then takes in nothing more, and stores what was understood.
    pub async fn run(self, shutdown: CancellationToken) {
        let Inbound { discord, inbox, overview, clock, live } = self;
        let alarm = Arc::new(Alarm::new(inbox.clone()));
        let Some(us) = us(&discord, &alarm, &shutdown).await else { return };
        let (missed, gaps) = watch::channel(0);
        let hands = Hands::new(discord.clone(), inbox.clone(), overview.clone());
        let (reader, read) =
            Reader::new(discord.clone(), us.clone(), inbox.clone(), alarm.clone(), missed.clone(), shutdown.clone());
        let storing = reader::store(inbox.clone(), read, shutdown.clone());
        let catch_up = CatchUp {
            discord: discord.clone(),
            us: us.clone(),
            inbox: inbox.clone(),
            clock,
            alarm: alarm.clone(),
            reader: reader.clone(),
            readings: reader.readings(),
        };
        let catching_up = catch_up.run(gaps.clone(), shutdown.clone());
        let hearing = tell_hearing(inbox.clone(), gaps, shutdown.clone());
        let registering = register(&discord, alarm.clone(), &shutdown);
        let thinning = crowd::run(&discord, overview, &shutdown);
        let gateway =
            Gateway { discord: discord.clone(), reader: reader.clone(), hands: hands.clone(), missed, alarm, live };
        let listening = async {
            gateway.run(&us, shutdown.clone()).await;
            hands.finish().await;
            reader.finish().await;
            // With it, the last who has something to store is gone.
            drop(reader);
        };
        tokio::join!(listening, storing, catching_up, hearing, registering, thinning);
    }
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound").field("discord", &self.discord).finish_non_exhaustive()
    }
}

/// Who we are, waited for.
async fn us(discord: &Discord, alarm: &Alarm, shutdown: &CancellationToken) -> Option<Us> {
    let mut pause = PAUSE_FIRST;
    loop {
        let trouble = tokio::select! {
            us = discord.us() => match us {
                Ok(us) => {
                    alarm.works(Part::Calls);
                    return Some(us.clone());
                }
                Err(trouble) => trouble,
            },
            () = shutdown.cancelled() => return None,
        };
        warn!(?trouble, "Discord does not say who we are; trying again");
        if !wait(told(alarm, trouble, pause), shutdown).await {
            return None;
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// Says that everything is heard again, whenever something may have been missed until now.
async fn tell_hearing(inbox: Arc<dyn Inbox>, mut gaps: watch::Receiver<u64>, shutdown: CancellationToken) {
    while let Some(Ok(())) = shutdown.run_until_cancelled(gaps.changed()).await {
        inbox.heard_again(PLATFORM);
    }
}

/// Brings the server's commands up to date, once.
async fn register(discord: &Discord, alarm: Arc<Alarm>, shutdown: &CancellationToken) {
    let mut pause = PAUSE_FIRST;
    loop {
        let trouble = tokio::select! {
            registered = commands::register(discord) => match registered {
                Ok(()) => return,
                Err(trouble) => trouble,
            },
            () = shutdown.cancelled() => return,
        };
        warn!(?trouble, "the server's commands could not be brought up to date; trying again");
        if !wait(told(&alarm, trouble, pause), shutdown).await {
            return;
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
