//! How Slack's names for things become the core's opaque keys, and back. A thread and a post are
//! `slack/{team}/{channel}/{ts}`, a person is `slack/{team}/{user}`; only this file knows that.

use crate::PLATFORM;
use threadline_core::ids::{AgentId, PostKey, ThreadKey};

/// A message's place in Slack: the thread it starts, or the post it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot<'a> {
    /// The workspace.
    pub team: &'a str,
    /// The channel's id.
    pub channel: &'a str,
    /// The message's `ts`.
    pub ts: &'a str,
}

impl<'a> Spot<'a> {
    /// The key of the thread whose root stands here.
    pub fn thread(self) -> ThreadKey {
        ThreadKey(self.joined())
    }

    /// The key of the post that stands here.
    pub fn post(self) -> PostKey {
        PostKey(self.joined())
    }

    /// Where a key points; nothing for a key of another platform.
    pub fn parse(key: &'a str) -> Option<Spot<'a>> {
        let mut parts = key.split('/');
        let (platform, team, channel, ts) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let whole = parts.next().is_none() && platform == PLATFORM && !team.is_empty() && !channel.is_empty();
        (whole && stamp(ts).is_some()).then_some(Spot { team, channel, ts })
    }

    fn joined(self) -> String {
        format!("{PLATFORM}/{}/{}/{}", self.team, self.channel, self.ts)
    }
}

/// True for what can be an id of Slack's: with anything else in it, a key would not read back.
pub fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// What the keys of all threads in a channel begin with.
pub fn threads_in(team: &str, channel: &str) -> String {
    format!("{PLATFORM}/{team}/{channel}/")
}

/// The key of a person.
pub fn agent(team: &str, user: &str) -> AgentId {
    AgentId(format!("{PLATFORM}/{team}/{user}"))
}

/// The Slack user id in a person's key, or the bare user id itself.
pub fn user(person: &str) -> &str {
    let person = listener(person).0;
    person.rsplit('/').next().unwrap_or(person)
}

/// A person's key, and where Slack takes an answer for him alone: the `response_url` of what he did.
pub fn elsewhere(person: &AgentId, response_url: &str) -> String {
    format!("{person} {response_url}")
}

/// A person's key, and the `response_url` behind it, if there is one.
pub fn listener(person: &str) -> (&str, Option<&str>) {
    match person.split_once(' ') {
        Some((person, response_url)) => (person, Some(response_url)),
        None => (person, None),
    }
}

/// A `ts` such as `1700000001.000200` in microseconds, which sort as Slack sorts.
pub fn stamp(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(seconds) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let micros = format!("{fraction:0<6}").parse::<i64>().ok()?;
    seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back() {
        let spot = Spot { team: "T1", channel: "C1", ts: "1700000001.000200" };
        assert_eq!(Spot::parse(&spot.thread().0), Some(spot));
        assert_eq!(spot.post().0, "slack/T1/C1/1700000001.000200");
        assert_eq!(user(&agent("T1", "U1").0), "U1");
        assert_eq!(user("U1"), "U1");
        let elsewhere = elsewhere(&agent("T1", "U1"), "https://hooks.slack.com/actions/T1/2/x");
        assert_eq!(user(&elsewhere), "U1");
        assert_eq!(listener(&elsewhere), ("slack/T1/U1", Some("https://hooks.slack.com/actions/T1/2/x")));
        assert_eq!(listener("slack/T1/U1"), ("slack/T1/U1", None));
    }

    #[test]
    fn other_keys_are_no_spots() {
        for key in ["", "slack/T1/C1", "slack/T1/C1/x", "slack//C1/1.2", "practice/T1/C1/1.2", "slack/T1/C1/1.2/3"] {
            assert_eq!(Spot::parse(key), None, "{key}");
        }
    }

    #[test]
    fn a_stamp_is_microseconds() {
        assert_eq!(stamp("1700000001.000200"), Some(1_700_000_001_000_200));
        assert_eq!(stamp("1700000001.0002"), Some(1_700_000_001_000_200));
        assert_eq!(stamp("1700000001"), Some(1_700_000_001_000_000));
        for odd in ["", ".", "1.", "-1.0", "1.0000001", "1.-1", "99999999999999999999.0", "tomorrow"] {
            assert_eq!(stamp(odd), None, "{odd}");
        }
    }
}
