//! Tells the operator that something does not work, or works again, once per change.

use crate::PLATFORM;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use threadline_core::desk::{Inbox, Stop};
use tracing::{error, info};

/// What the operator was last told.
pub(crate) struct Alarm {
    inbox: Arc<dyn Inbox>,
    stops: Mutex<Stops>,
}

/// What may stop, each by itself: that one works says nothing about the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Calls to the Web API.
    Calls,
    /// The sockets.
    Sockets,
    /// A channel.
    Channel,
}

#[derive(Default)]
struct Stops {
    calls: Option<Stop>,
    sockets: Option<Stop>,
    channel: Option<Stop>,
}

impl Alarm {
    pub fn new(inbox: Arc<dyn Inbox>) -> Alarm {
        Alarm { inbox, stops: Mutex::default() }
    }

    /// Something must be mended.
    pub fn stopped(&self, part: Part, stop: Stop) {
        self.set(part, Some(stop));
    }

    /// It works, as far as this part goes.
    pub fn works(&self, part: Part) {
        self.set(part, None);
    }

    fn set(&self, part: Part, stop: Option<Stop>) {
        // Nothing can panic while it is locked, so a poisoned lock holds whole data.
        let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        let before = stops.worst().cloned();
        match part {
            Part::Calls => stops.calls = stop,
            Part::Sockets => stops.sockets = stop,
            Part::Channel => stops.channel = stop,
        }
        let after = stops.worst().cloned();
        if before == after {
            return;
        }
        match &after {
            Some(stop) => error!(slack.code = stop.code, "Slack stopped: {}", stop.advice),
            None => info!("Slack works again"),
        }
        // Told under the lock, so that the last word told is the last there is.
        self.inbox.desk_stopped(PLATFORM, after);
    }
}

impl Stops {
    fn worst(&self) -> Option<&Stop> {
        self.calls.as_ref().or(self.sockets.as_ref()).or(self.channel.as_ref())
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use threadline_core::desk::{Frame, Kept, Later, OpenThread, Reading, Unstored};

    /// An inbox that only hears alarms.
    #[derive(Default)]
    struct Ear(Mutex<Vec<Option<String>>>);

    impl Inbox for Ear {
        fn keep(&self, _: &'static str, _: Vec<Frame>) -> Later<'_, Result<Vec<Kept>, Unstored>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn happened(&self, _: &'static str, _: Vec<Reading>) -> Later<'_, Result<(), Unstored>> {
            Box::pin(async { Ok(()) })
        }

        fn unread(&self, _: &'static str, _: u32) -> Later<'_, Result<Vec<Frame>, Unstored>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn open_threads(&self, _: &'static str) -> Later<'_, Result<Vec<OpenThread>, Unstored>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn desk_stopped(&self, _: &'static str, stop: Option<Stop>) {
            self.0.lock().unwrap().push(stop.map(|stop| stop.code));
        }
    }

    #[test]
    fn the_operator_is_told_each_change_once() {
        let ear = Arc::new(Ear::default());
        let alarm = Alarm::new(ear.clone());
        let stop = |code: &str| Stop { code: code.to_string(), advice: String::new(), channel_only: false };
        alarm.works(Part::Calls);
        alarm.stopped(Part::Channel, stop("is_archived"));
        alarm.stopped(Part::Channel, stop("is_archived"));
        alarm.stopped(Part::Sockets, stop("link_disabled"));
        alarm.works(Part::Calls);
        alarm.stopped(Part::Calls, stop("token_revoked"));
        alarm.works(Part::Sockets);
        alarm.works(Part::Calls);
        alarm.works(Part::Channel);
        let told = ear.0.lock().unwrap().clone();
        let told: Vec<&str> = told.iter().map(|code| code.as_deref().unwrap_or("works")).collect();
        assert_eq!(told, ["is_archived", "link_disabled", "token_revoked", "is_archived", "works"]);
    }
}
