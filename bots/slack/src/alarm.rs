//! Tells the operator that nothing works, or works again, once per change.

use crate::PLATFORM;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use threadline_core::desk::{Inbox, Stop};
use tracing::{error, info};

/// What the operator was last told.
pub(crate) struct Alarm {
    inbox: Arc<dyn Inbox>,
    told: Mutex<Option<Stop>>,
}

impl Alarm {
    pub fn new(inbox: Arc<dyn Inbox>) -> Alarm {
        Alarm { inbox, told: Mutex::default() }
    }

    /// Something must be mended.
    pub fn stopped(&self, stop: Stop) {
        if self.tell(Some(stop.clone())) {
            error!(slack.code = stop.code, "Slack stopped: {}", stop.advice);
        }
    }

    /// Slack answers again.
    pub fn works(&self) {
        self.end(false);
    }

    /// A channel can be used again.
    pub fn channel_works(&self) {
        self.end(true);
    }

    /// Ends the alarm if it is of this kind: a socket that opens says nothing about a channel.
    fn end(&self, channel_only: bool) {
        let told = self.told().clone();
        if told.is_some_and(|stop| stop.channel_only == channel_only) && self.tell(None) {
            info!("Slack works again");
        }
    }

    fn tell(&self, stop: Option<Stop>) -> bool {
        let mut told = self.told();
        let changed = *told != stop;
        if changed {
            *told = stop.clone();
            self.inbox.desk_stopped(PLATFORM, stop);
        }
        changed
    }

    /// Nothing can panic while it is locked, so a poisoned lock holds whole data.
    fn told(&self) -> MutexGuard<'_, Option<Stop>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").finish_non_exhaustive()
    }
}
