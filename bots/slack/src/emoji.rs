//! Emoji as characters. Slack's own `unicode` field is believed first; its short names differ from
//! other lists, so the `emojis` crate is asked last, and never for a name the two disagree on.

use serde_json::Value;

/// Names that mean one emoji in Slack's list (emoji-datasource) and another in that of `emojis`
/// (GitHub's), and what Slack means.
const SLACK_MEANS: [(&str, &str); 8] = [
    ("email", "✉\u{fe0f}"),
    ("snowman", "☃\u{fe0f}"),
    ("umbrella", "☂\u{fe0f}"),
    ("satellite", "🛰\u{fe0f}"),
    ("guardsman", "💂"),
    ("man_with_turban", "👳"),
    ("bride_with_veil", "👰"),
    ("ok_woman", "🙆"),
];
/// Fitzpatrick types 1–2, which Slack calls skin tone 2; the others follow.
const FIRST_SKIN_TONE: u32 = 0x1f3fb;

/// The emoji of a rich-text element, as characters if there are any, else as `:name:`.
pub(crate) fn shown(element: &Value) -> String {
    let name = element["name"].as_str().unwrap_or_default();
    let (name, named_tone) = match name.split_once("::skin-tone-") {
        Some((name, tone)) => (name, tone.parse().ok()),
        None => (name, None),
    };
    let tone = element["skin_tone"].as_u64().or(named_tone);
    let glyph = element["unicode"].as_str().and_then(from_code_points).or_else(|| by_name(name));
    match glyph {
        Some(glyph) => toned(glyph, tone),
        None if name.is_empty() => String::new(),
        None => format!(":{name}:"),
    }
}

/// The text with the emoji that Slack writes in it as `:name:`, as characters.
pub(crate) fn in_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        // `10:30:45` is no emoji.
        let in_word = out.chars().next_back().is_some_and(char::is_alphanumeric);
        let found = if in_word { None } else { opening_name(from) };
        rest = match found {
            Some((glyph, after)) => {
                out.push_str(&glyph);
                after
            }
            None => {
                out.push(':');
                &from[1..]
            }
        };
    }
    out + rest
}

/// The emoji whose `:name:` the text opens with, and what comes after it.
fn opening_name(text: &str) -> Option<(String, &str)> {
    let (name, after) = text.strip_prefix(':')?.split_once(':')?;
    let glyph = by_name(name)?;
    let toned_one = || {
        let (tone, after) = after.strip_prefix(":skin-tone-")?.split_once(':')?;
        Some((toned(glyph.clone(), Some(tone.parse().ok()?)), after))
    };
    Some(toned_one().unwrap_or((glyph, after)))
}

/// The emoji of a short name, if it is the one that Slack means.
pub(crate) fn by_name(name: &str) -> Option<String> {
    if let Some((_, glyph)) = SLACK_MEANS.iter().find(|(ours, _)| *ours == name) {
        return Some((*glyph).to_string());
    }
    emojis::get_by_shortcode(name).map(|emoji| emoji.as_str().to_string())
}

/// Code points as Slack writes them: `1f44d-1f3fb`.
fn from_code_points(codes: &str) -> Option<String> {
    let glyph: Option<String> =
        codes.split('-').map(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)).collect();
    glyph.filter(|glyph| !glyph.is_empty() && !glyph.chars().any(char::is_control))
}

fn toned(glyph: String, tone: Option<u64>) -> String {
    let tone = tone.filter(|tone| (2..=6).contains(tone)).and_then(|tone| u32::try_from(tone).ok());
    let Some(tone) = tone.and_then(|tone| char::from_u32(FIRST_SKIN_TONE + tone - 2)) else { return glyph };
    let has_one = glyph.chars().any(|c| (FIRST_SKIN_TONE..FIRST_SKIN_TONE + 5).contains(&u32::from(c)));
    let mut chars = glyph.chars();
    match chars.next() {
        Some(first) if !has_one => {
            let rest = chars.as_str().strip_prefix('\u{fe0f}').unwrap_or(chars.as_str());
            format!("{first}{tone}{rest}")
        }
        _ => glyph,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_code_points_come_first_then_the_name() {
        for (element, expected) in [
            (json!({"name": "+1", "unicode": "1f44d"}), "👍"),
            (json!({"name": "+1", "unicode": "1f44d-1f3fb", "skin_tone": 2}), "👍🏻"),
            (json!({"name": "wave::skin-tone-6"}), "👋🏿"),
            (json!({"name": "wave", "skin_tone": 4}), "👋🏽"),
            (json!({"name": "tada"}), "🎉"),
            (json!({"name": "tada", "unicode": "not-hex"}), "🎉"),
            (json!({"name": "party-parrot", "url": "https://example.com/parrot.gif"}), ":party-parrot:"),
            (json!({"name": "lock", "unicode": "1f512"}), "🔒"),
            (json!({"name": "nul", "unicode": "0000"}), ":nul:"),
            (json!({}), ""),
        ] {
            assert_eq!(shown(&element), expected, "{element}");
        }
    }

    #[test]
    fn short_names_in_a_text_become_characters() {
        for (text, expected) in [
            (":lock: note", "🔒 note"),
            ("(:+1:) :wave::skin-tone-6: :tada::tada:", "(👍) 👋🏿 🎉🎉"),
            ("at 10:100:45, a:lock:, :our-logo: :: : :lock", "at 10:100:45, a:lock:, :our-logo: :: : :lock"),
            (":x:lock:", "❌lock:"),
        ] {
            assert_eq!(in_text(text), expected, "{text}");
        }
    }

    #[test]
    fn what_other_lists_call_otherwise_is_what_slack_means() {
        for (name, glyph) in SLACK_MEANS {
            assert_ne!(emojis::get_by_shortcode(name).map(|emoji| emoji.as_str()), Some(glyph), "{name} needs no rule");
            assert_eq!(by_name(name).as_deref(), Some(glyph));
        }
    }
}
