//! Tells the operator that something does not work, or works again, once per change. The
//! inbox logs it.

use crate::PLATFORM;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use threadline_core::desk::{Inbox, Stop};

/// What the operator was last told.
pub(crate) struct Alarm {
    inbox: Arc<dyn Inbox>,
    stops: Mutex<Stops>,
}

/// What may stop, each by itself: that one works says nothing about the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Calls to the Web API.
    Calls,
    /// The sockets.
    Sockets,
    /// The channel with this id.
    Channel(&'a str),
}

#[derive(Default)]
struct Stops {
    calls: Option<Stop>,
    sockets: Option<Stop>,
    channels: BTreeMap<String, Stop>,
}

impl Alarm {
    pub fn new(inbox: Arc<dyn Inbox>) -> Alarm {
        Alarm { inbox, stops: Mutex::default() }
    }

    /// Something must be mended.
    pub fn stopped(&self, part: Part<'_>, stop: Stop) {
        self.set(part, Some(stop));
    }

    /// It works, as far as this part goes.
    pub fn works(&self, part: Part<'_>) {
        self.set(part, None);
    }

    fn set(&self, part: Part<'_>, stop: Option<Stop>) {
        // Nothing can panic while it is locked, so a poisoned lock holds whole data.
        let mut stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        let before = stops.worst().cloned();
        match part {
            Part::Calls => stops.calls = stop,
            Part::Sockets => stops.sockets = stop,
            Part::Channel(channel) => match stop {
                Some(stop) => drop(stops.channels.insert(channel.to_string(), stop)),
                None => drop(stops.channels.remove(channel)),
            },
        }
        let after = stops.worst().cloned();
        if before == after {
            return;
        }
        // Told under the lock, so that the last word told is the last there is.
        self.inbox.desk_stopped(PLATFORM, after);
    }
}

impl Stops {
    fn worst(&self) -> Option<&Stop> {
        self.calls.as_ref().or(self.sockets.as_ref()).or(self.channels.values().next())
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
    use threadline_core::desk::{Agent, Frame, Kept, Later, OpenThread, Reading, Unstored};
    use threadline_core::presence::Sign;
    use threadline_core::words::Notice;

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

        fn signed(&self, _: &'static str, _: Vec<String>, _: Agent, _: Sign) -> Later<'_, Result<Notice, Unstored>> {
            Box::pin(async { Err(Unstored("nobody signs here".to_string())) })
        }

        fn desk_stopped(&self, _: &'static str, stop: Option<Stop>) {
            self.0.lock().unwrap().push(stop.map(|stop| stop.code));
        }
    }

    impl Ear {
        fn told(&self) -> Vec<String> {
            let told = self.0.lock().unwrap();
            told.iter().map(|code| code.clone().unwrap_or_else(|| "works".to_string())).collect()
        }
    }

    #[test]
    fn a_channel_that_works_again_says_nothing_about_another() {
        let ear = Arc::new(Ear::default());
        let alarm = Alarm::new(ear.clone());
        let stop = |code: &str| Stop { code: code.to_string(), advice: String::new(), channel_only: true };
        alarm.stopped(Part::Channel("C1"), stop("is_archived"));
        alarm.stopped(Part::Channel("C2"), stop("not_in_channel"));
        alarm.works(Part::Channel("C2"));
        assert_eq!(ear.told(), ["is_archived"]);
        alarm.works(Part::Channel("C1"));
        assert_eq!(ear.told(), ["is_archived", "works"]);
    }

    #[test]
    fn the_operator_is_told_each_change_once() {
        let ear = Arc::new(Ear::default());
        let alarm = Alarm::new(ear.clone());
        let stop = |code: &str| Stop { code: code.to_string(), advice: String::new(), channel_only: false };
        alarm.works(Part::Calls);
        alarm.stopped(Part::Channel("C1"), stop("is_archived"));
        alarm.stopped(Part::Channel("C1"), stop("is_archived"));
        alarm.stopped(Part::Sockets, stop("link_disabled"));
        alarm.works(Part::Calls);
        alarm.stopped(Part::Calls, stop("token_revoked"));
        alarm.works(Part::Sockets);
        alarm.works(Part::Calls);
        alarm.works(Part::Channel("C1"));
        assert_eq!(ear.told(), ["is_archived", "link_disabled", "token_revoked", "is_archived", "works"]);
    }
}
