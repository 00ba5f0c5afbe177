//! JSON that is read although it holds half a character. A text that was cut by counting UTF-16 units,
//! as at a limit, can end in half an emoji, and its escape (`\ud83d`) makes the whole JSON unreadable for
//! a strict reader: one such field, of which nobody may take notice, would lose the message beside it.

use serde_json::Value;

/// The value; half a character in it is U+FFFD, as everywhere where text is mended.
pub(crate) fn read(raw: &str) -> serde_json::Result<Value> {
    serde_json::from_str(raw).or_else(|error| match mended(raw) {
        Some(mended) => serde_json::from_str(&mended),
        None => Err(error),
    })
}

/// The text with every escape of half a character replaced; none when there is none.
fn mended(raw: &str) -> Option<String> {
    let mut mended = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = raw[at..].find('\\') {
        at += found;
        let is_low = |unit: u16| (0xdc00..0xe000).contains(&unit);
        at += match unit_at(raw, at) {
            Some(high) if (0xd800..0xdc00).contains(&high) && unit_at(raw, at + 6).is_some_and(is_low) => 12,
            Some(half) if (0xd800..0xe000).contains(&half) => {
                mended.push_str(&raw[copied..at]);
                mended.push_str("\\ufffd");
                copied = at + 6;
                6
            }
            Some(_) => 6,
            // The escaped character may be of several bytes in what is no JSON.
            None => 1 + raw[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    (copied > 0).then(|| mended + &raw[copied..])
}

/// The UTF-16 unit whose escape stands here.
fn unit_at(raw: &str, at: usize) -> Option<u16> {
    let digits = raw.get(at..at + 6)?.strip_prefix("\\u")?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn half_a_character_costs_itself_only() {
        for (raw, text) in [
            (r#"{"text":"a\ud83d"}"#, "a\u{fffd}"),
            (r#"{"text":"\ude00a"}"#, "\u{fffd}a"),
            (r#"{"text":"\ud83d\ud83d\ude00"}"#, "\u{fffd}😀"),
            (r#"{"text":"\ud83d\ude00\uD83D"}"#, "😀\u{fffd}"),
            (r#"{"text":"\\ud83d \ud83d\n"}"#, "\\ud83d \u{fffd}\n"),
            (r#"{"text":"whole 😀 \ud83d\ude00"}"#, "whole 😀 😀"),
        ] {
            assert_eq!(read(raw).unwrap(), json!({ "text": text }), "{raw}");
        }
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for raw in ["", "\\", "<html>", r#"{"text":"\u12"}"#, r#"{"text":"\ud8"}"#, r#"{"text":"\é\ud83d"}"#, "\"\\é"]
        {
            assert!(read(raw).is_err(), "{raw}");
        }
    }
}
