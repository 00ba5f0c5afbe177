//! Ids and times as types. Ids are time-ordered 128-bit numbers, shown with a prefix wherever a
//! person may see them; what a platform calls its things stays an opaque string that only its bot
//! makes and parses. Nothing here makes an id: they come in from outside.

use std::fmt;
use std::str::FromStr;

/// Crockford's base 32, lower case: no i, l, o, u.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Digits of a 128-bit number, five bits each.
const DIGITS_LEN: usize = 26;

/// Text that is no id of the kind that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnId {
    /// The prefix that was expected, for the message.
    pub expected: &'static str,
}

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an id of the form {}_ and 26 letters or digits", self.expected)
    }
}

impl std::error::Error for NotAnId {}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0u8; DIGITS_LEN];
                for (i, digit) in text.iter_mut().enumerate() {
                    *digit = DIGITS[(self.0 >> (5 * (DIGITS_LEN - 1 - i))) as usize & 31];
                }
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let wrong = NotAnId { expected: $prefix };
                let digits = text.strip_prefix(concat!($prefix, "_")).ok_or(wrong.clone())?;
                if digits.len() != DIGITS_LEN || digits.as_bytes()[0] > b'7' {
                    return Err(wrong);
                }
                let mut number = 0u128;
                for byte in digits.bytes() {
                    let digit = DIGITS.iter().position(|d| *d == byte).ok_or(wrong.clone())?;
                    number = number << 5 | digit as u128;
                }
                Ok(Self(number))
            }
        }
    };
}

id!(
    /// One customer's exchange for its whole life.
    ConversationId, "cnv"
);
id!(
    /// One thing said in a conversation.
    MessageId, "msg"
);
id!(
    /// One file that is here.
    FileId, "fil"
);

id!(
    /// One booked session.
    SessionId, "ses"
);

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A desk's name in the configuration, such as `support`.
    DeskName
);
name!(
    /// A calendar's name in the configuration, such as `office`.
    CalendarName
);
name!(
    /// Somebody who takes sessions, by his name in the configuration.
    EngineerName
);
name!(
    /// A thread at a desk, made and parsed only by the bot of its platform.
    ThreadKey
);
name!(
    /// One post at a desk, made and parsed only by the bot of its platform; unique over all platforms.
    PostKey
);
name!(
    /// A person who answers, as the platform names him; unique over all platforms.
    AgentId
);
name!(
    /// A customer as the site's own records name him.
    CustomerId
);

/// An instant: milliseconds since 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub i64);

impl Moment {
    /// The instant `millis` later.
    pub fn plus_millis(self, millis: i64) -> Moment {
        Moment(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this instant, never below zero.
    pub fn millis_since(self, earlier: Moment) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_shown() {
        for number in [0, 1, 31, 32, u128::MAX, 0x0198_f00d_dead_beef_1234_5678_9abc_def0] {
            let id = MessageId(number);
            assert_eq!(id.to_string().parse(), Ok(id), "{id}");
        }
    }

    #[test]
    fn ids_sort_as_text_as_they_do_as_numbers() {
        let (small, large) = (MessageId(0xff << 64), MessageId(0x100 << 64));
        assert!(small < large && small.to_string() < large.to_string());
    }

    #[test]
    fn what_is_no_id_is_refused() {
        let good = ConversationId(7).to_string();
        for text in [
            "",
            "cnv_",
            "msg_00000000000000000000000007",
            &good.to_uppercase(),
            &good[..29],
            "cnv_80000000000000000000000000",
            "cnv_ilouilouilouilouilouilouil",
        ] {
            assert!(text.parse::<ConversationId>().is_err(), "{text}");
        }
    }
}
