//! Who of a desk's team is there: what they say of themselves (`!away`, `!back`), and what the platform
//! says of them, where the desk goes by that. A pure function of both and an instant.

use crate::availability::Attendance;
use crate::desk::Agent;
use crate::ids::Moment;

/// How long what somebody said of himself counts: longer than any shift, so that who forgot to sign
/// off is not taken to be there all night, and who forgot to sign on is there again the next day.
pub const SIGN_MILLIS: i64 = 12 * 3_600_000;
/// The same in hours, for people.
pub const SIGN_HOURS: i64 = SIGN_MILLIS / 3_600_000;
/// How long what the platform said is believed: it is asked every minute or two, and who cannot be seen
/// for longer cannot be reached either.
pub const ACTIVE_BELIEVED_MILLIS: i64 = 10 * 60_000;

/// How it is known who is there at a desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// Everybody in its channels whom the platform shows as active, but those who said that they are away.
    Platform,
    /// Those who said that they are there.
    #[default]
    Signed,
}

/// What somebody said of himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// He is there.
    In,
    /// He is away.
    Out,
    /// He did not: it was said for him, because nobody answered a chat that he had.
    Missed,
}

/// Every sign, with its word.
pub const SIGNS: [(Sign, &str); 3] = [(Sign::In, "in"), (Sign::Out, "out"), (Sign::Missed, "missed")];

/// One of a desk's team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub agent: Agent,
    /// What he said of himself last, and when.
    pub sign: Option<(Sign, Moment)>,
    /// Whether the platform showed him as active, and when it was asked.
    pub active: Option<(bool, Moment)>,
    /// How many chats he has under way.
    pub chats: u32,
}

impl Sign {
    /// Its word.
    pub fn word(self) -> &'static str {
        SIGNS.iter().find(|(sign, _)| *sign == self).map_or("out", |(_, word)| word)
    }

    /// The sign that this word is.
    pub fn parse(word: &str) -> Option<Sign> {
        SIGNS.iter().find(|(_, own)| *own == word).map(|(sign, _)| *sign)
    }
}

impl Member {
    /// True while he is there.
    pub fn is_there(&self, presence: Presence, now: Moment) -> bool {
        let sign = self.sign.filter(|(_, at)| now.millis_since(*at) < SIGN_MILLIS).map(|(sign, _)| sign);
        let is_active =
            self.active.is_some_and(|(is_active, at)| is_active && now.millis_since(at) < ACTIVE_BELIEVED_MILLIS);
        match (presence, sign) {
            (_, Some(Sign::Out | Sign::Missed)) => false,
            (Presence::Platform, Some(Sign::In) | None) => is_active,
            (Presence::Signed, Some(Sign::In)) => true,
            (Presence::Signed, None) => false,
        }
    }
}

/// Who is there, and whether one of them can take another chat: each takes so many at once, or any number.
pub fn attendance(team: &[Member], presence: Presence, chats_max: Option<u32>, now: Moment) -> Attendance {
    let there: Vec<&Member> = team.iter().filter(|member| member.is_there(presence, now)).collect();
    let has_room = there.iter().any(|member| chats_max.is_none_or(|max| member.chats < max));
    let mut names: Vec<String> = there.iter().map(|member| member.agent.name.clone()).collect();
    names.sort();
    Attendance { names, has_room }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AgentId;

    const NOW: Moment = Moment(1_767_340_740_000);

    fn member(name: &str, sign: Option<(Sign, i64)>, active: Option<(bool, i64)>, chats: u32) -> Member {
        let ago = |millis: i64| NOW.plus_millis(-millis);
        Member {
            agent: Agent { id: AgentId(format!("desk/{name}")), name: name.to_string(), picture: None },
            sign: sign.map(|(sign, millis)| (sign, ago(millis))),
            active: active.map(|(is_active, millis)| (is_active, ago(millis))),
            chats,
        }
    }

    /// What he said, what the platform says, and whether he is there by either, by hand.
    #[test]
    fn who_is_there() {
        let (fresh, old) = (ACTIVE_BELIEVED_MILLIS - 1, ACTIVE_BELIEVED_MILLIS);
        let (shift, over) = (SIGN_MILLIS - 1, SIGN_MILLIS);
        for (sign, active, by_platform, by_sign) in [
            (None, None, false, false),
            (None, Some((true, fresh)), true, false),
            (None, Some((true, old)), false, false),
            (None, Some((false, 0)), false, false),
            (Some((Sign::In, shift)), None, false, true),
            (Some((Sign::In, over)), None, false, false),
            (Some((Sign::In, 0)), Some((true, 0)), true, true),
            (Some((Sign::In, 0)), Some((false, 0)), false, true),
            (Some((Sign::Out, shift)), Some((true, 0)), false, false),
            (Some((Sign::Out, over)), Some((true, 0)), true, false),
            (Some((Sign::Missed, 0)), Some((true, 0)), false, false),
        ] {
            let member = member("Ana", sign, active, 0);
            let is = (member.is_there(Presence::Platform, NOW), member.is_there(Presence::Signed, NOW));
            assert_eq!(is, (by_platform, by_sign), "{sign:?}, {active:?}");
        }
    }

    #[test]
    fn there_is_room_while_one_of_them_has_some() {
        let there = Some((Sign::In, 0));
        let team = [
            member("Grace", there, None, 3),
            member("Ana", there, None, 2),
            member("Ben", Some((Sign::Out, 0)), None, 0),
        ];
        let of = |team: &[Member], max| attendance(team, Presence::Signed, max, NOW);
        let names = vec!["Ana".to_string(), "Grace".to_string()];
        for (max, has_room) in [(None, true), (Some(3), true), (Some(2), false)] {
            assert_eq!(of(&team, max), Attendance { names: names.clone(), has_room });
        }
        assert_eq!(of(&team[2..], None), Attendance::default());
    }

    #[test]
    fn signs_have_words() {
        for (sign, word) in SIGNS {
            assert_eq!((sign.word(), Sign::parse(word)), (word, Some(sign)));
        }
        assert_eq!(Sign::parse("gone"), None);
    }
}
