//! Tells the operator that something does not work, or works again, once per change. The
//! inbox logs it.

use crate::PLATFORM;
use crate::ids::Id;
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
pub(crate) enum Part {
    /// Calls to the API.
    Calls,
    /// The connection that events come over.
    Gateway,
    /// This channel.
    Channel(Id),
}

#[derive(Default)]
struct Stops {
    calls: Option<Stop>,
    gateway: Option<Stop>,
    channels: BTreeMap<Id, Stop>,
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
            Part::Gateway => stops.gateway = stop,
            Part::Channel(channel) => match stop {
                Some(stop) => drop(stops.channels.insert(channel, stop)),
                None => drop(stops.channels.remove(&channel)),
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
        self.calls.as_ref().or(self.gateway.as_ref()).or(self.channels.values().next())
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
        alarm.stopped(Part::Channel(Id(1)), stop("50013"));
        alarm.stopped(Part::Channel(Id(2)), stop("50001"));
        alarm.works(Part::Channel(Id(2)));
        assert_eq!(ear.told(), ["50013"]);
        alarm.works(Part::Channel(Id(1)));
        assert_eq!(ear.told(), ["50013", "works"]);
    }

    #[test]
    fn the_operator_is_told_each_change_once() {
        let ear = Arc::new(Ear::default());
        let alarm = Alarm::new(ear.clone());
        let stop = |code: &str| Stop { code: code.to_string(), advice: String::new(), channel_only: false };
        alarm.works(Part::Calls);
        alarm.stopped(Part::Channel(Id(1)), stop("50013"));
        alarm.stopped(Part::Channel(Id(1)), stop("50013"));
        alarm.stopped(Part::Gateway, stop("4014"));
        alarm.works(Part::Calls);
        alarm.stopped(Part::Calls, stop("401"));
        alarm.works(Part::Gateway);
        alarm.works(Part::Calls);
        alarm.works(Part::Channel(Id(1)));
        assert_eq!(ear.told(), ["50013", "4014", "401", "50013", "works"]);
    }
}
