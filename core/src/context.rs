//! What travels with a conversation: where the customer is and with what, the facts that the site
//! hands over, and what he answered to the fields of his topic. All of it is customer text, whoever
//! says it: a browser can send anything. It is bounded and cleaned here, and only ever shown as text.

mod device;
mod field;
mod form;
mod language;

pub use chrono_tz::Tz;
pub use device::{Device, USER_AGENT_CHARS_MAX};
pub use field::{ANSWER_CHARS_MAX, ANSWERS_CHARS_MAX, Answer, Field, FieldKind, answers, missing};
pub use form::{Link, PATTERN_CHARS_MAX, Pattern, percent_encoded};
pub use language::Language;

use crate::body::{is_invisible, safe_href};
use std::collections::BTreeMap;
use std::fmt;

/// Most facts of a conversation: what a card shows beyond them nobody reads.
pub const FACTS_MAX: usize = 30;
/// Longest key of a fact, in characters.
pub const FACT_KEY_CHARS_MAX: usize = 40;
/// Longest value of a fact, in characters: ids, plans and names are far below.
pub const FACT_CHARS_MAX: usize = 500;
/// Longest values of all facts together, in characters.
pub const FACTS_CHARS_MAX: usize = 4_000;
/// What the site signs is handed over under this key: it is no fact, and must not become one.
pub const SIGNED_KEY: &str = "token";
/// Longest title of a page that is kept, in characters.
pub const TITLE_CHARS_MAX: usize = 120;
/// Longest address of a page that is kept, in characters: what Slack takes in a link (Block Kit
/// reference, `url`).
pub const URL_CHARS_MAX: usize = 3_000;

/// What is known besides what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The page the chat was opened on.
    pub page: Page,
    /// The customer's browser and system.
    pub device: Device,
    /// The language of his browser.
    pub language: Option<Language>,
    /// His time zone.
    pub zone: Option<Tz>,
    /// What the site says of him, by key: `campaign_id`, `plan`.
    pub facts: Facts,
    /// What he answered to the fields of his topic, in their order.
    pub answers: Vec<Answer>,
}

/// A page of the website.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its address.
    pub url: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// The address of the page before it.
    pub referrer: Option<String>,
}

/// Keys and values that the site hands over: bounded, each one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, String>);

/// What was said cannot be kept so; the words are for whoever wrote the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The key or the field that is at fault.
    pub field: String,
    /// What is wrong with it, and what to do.
    pub why: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

impl Page {
    /// A page as a browser describes it: what is no address, or too long for one, is left out, and
    /// the title is cut.
    pub fn described(url: Option<String>, title: Option<String>, referrer: Option<String>) -> Page {
        let title = title.map(|title| one_line(&title).chars().take(TITLE_CHARS_MAX).collect::<String>());
        Page {
            url: url.filter(|url| is_page_address(url)),
            title: title.filter(|title| !title.is_empty()),
            referrer: referrer.filter(|url| is_page_address(url)),
        }
    }
}

impl Facts {
    /// The facts after the site has said these: a value replaces the one before it, and a key
    /// without a value is forgotten.
    ///
    /// # Errors
    ///
    /// Says which key or value is beyond its bound. Nothing is kept then.
    pub fn after(&self, said: impl IntoIterator<Item = (String, Option<String>)>) -> Result<Facts, Unfit> {
        let mut facts = self.0.clone();
        for (key, value) in said {
            if !is_fact_key(&key) {
                let why = format!(
                    "a key is 1 to {FACT_KEY_CHARS_MAX} of the letters a-z, digits and _, and begins with a letter."
                );
                return Err(Unfit { field: key.chars().take(FACT_KEY_CHARS_MAX).collect(), why });
            }
            if key == SIGNED_KEY {
                return Err(Unfit { field: key, why: "what the site signs is no fact: send it as `proof`.".into() });
            }
            let value = value.map(|value| one_line(&value)).filter(|value| !value.is_empty());
            match value {
                Some(value) if value.chars().count() > FACT_CHARS_MAX => {
                    return Err(Unfit { field: key, why: format!("at most {FACT_CHARS_MAX} characters.") });
                }
                Some(value) => {
                    facts.insert(key, value);
                }
                None => {
                    facts.remove(&key);
                }
            }
        }
        let why = if facts.len() > FACTS_MAX {
            format!("at most {FACTS_MAX} keys.")
        } else if facts.values().map(|value| value.chars().count()).sum::<usize>() > FACTS_CHARS_MAX {
            format!("at most {FACTS_CHARS_MAX} characters in all values together.")
        } else {
            return Ok(Facts(facts));
        };
        Err(Unfit { field: "facts".to_string(), why })
    }

    /// The value of a key.
    pub fn of(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// True for what can be the key of a fact: a word that a script can write down.
pub fn is_fact_key(key: &str) -> bool {
    key.len() <= FACT_KEY_CHARS_MAX
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// The time zone of that name (IANA), if there is one.
pub fn zone(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// Text without line breaks, controls and characters that only disturb what stands around them.
pub fn one_line(text: &str) -> String {
    let seen = |c: char| !is_invisible(c) || c.is_whitespace();
    let text: String = text.chars().filter(|c| seen(*c)).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same in several lines, with no blank ones at the ends.
pub fn lines(text: &str) -> String {
    let lines: Vec<String> = text.replace("\r\n", "\n").split(['\n', '\r']).map(one_line).collect();
    lines.join("\n").trim_matches('\n').to_string()
}

fn is_page_address(url: &str) -> bool {
    // A browser writes what nobody sees as an escape; as it is, it would make a link lead elsewhere than it says.
    url.chars().count() <= URL_CHARS_MAX
        && url.starts_with("http")
        && safe_href(url).is_some()
        && !url.chars().any(is_invisible)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(facts: &Facts, said: &[(&str, Option<&str>)]) -> Result<Facts, String> {
        let said = said.iter().map(|(key, value)| (key.to_string(), value.map(str::to_string)));
        facts.after(said).map_err(|unfit| unfit.to_string())
    }

    fn shown(facts: &Facts) -> String {
        facts.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn facts_are_replaced_forgotten_and_cleaned() {
        let first = told(&Facts::default(), &[("plan", Some("pro")), ("campaign_id", Some(" cp100\n\u{202e}x "))]);
        let first = first.unwrap();
        assert_eq!(shown(&first), "campaign_id=cp100 x plan=pro");
        let then =
            told(&first, &[("plan", None), ("campaign_id", Some("cp200")), ("blank", Some(" \u{200b}"))]).unwrap();
        assert_eq!(shown(&then), "campaign_id=cp200");
        assert_eq!(shown(&first), "campaign_id=cp100 x plan=pro");
    }

    #[test]
    fn facts_have_bounds_that_are_told() {
        let long = "x".repeat(FACT_CHARS_MAX + 1);
        let refusal = |key: &str, value: &str| told(&Facts::default(), &[(key, Some(value))]).unwrap_err();
        assert_eq!(refusal("plan", &long), "plan: at most 500 characters.");
        for key in ["", "Plan", "1st", "_x", "a-b", "a b", "ключ", &"k".repeat(41)] {
            assert!(refusal(key, "x").contains("a key is 1 to 40 of the letters a-z"), "{key}");
        }
        assert_eq!(refusal("token", "e30.e30.x"), "token: what the site signs is no fact: send it as `proof`.");
        let keys: Vec<String> = (0..31).map(|n| format!("key_{n}")).collect();
        let many: Vec<(&str, Option<&str>)> = keys.iter().map(|key| (key.as_str(), Some("x"))).collect();
        assert_eq!(told(&Facts::default(), &many).unwrap_err(), "facts: at most 30 keys.");
        let large: Vec<(&str, Option<&str>)> = keys[..9].iter().map(|key| (key.as_str(), Some(&long[1..]))).collect();
        assert_eq!(
            told(&Facts::default(), &large).unwrap_err(),
            "facts: at most 4000 characters in all values together."
        );
    }

    #[test]
    fn a_page_is_what_a_browser_may_open() {
        let page = |url: &str| Page::described(Some(url.to_string()), None, None).url;
        assert_eq!(page("https://shop.example.com/a?b=c"), Some("https://shop.example.com/a?b=c".to_string()));
        for bad in [
            "javascript:alert(1)",
            "mailto:a@b.com",
            "file:///etc/passwd",
            "https://a.com/\u{202e}b",
            &format!("https://{}", "x".repeat(3_000)),
        ] {
            assert_eq!(page(bad), None);
        }
        let titled = Page::described(None, Some(format!(" Exports\n{}", "x".repeat(200))), Some("about:blank".into()));
        assert_eq!((titled.title.unwrap().chars().count(), titled.referrer), (TITLE_CHARS_MAX, None));
    }

    #[test]
    fn text_is_made_of_what_can_be_seen() {
        assert_eq!(one_line("  Ada\n\tLovelace\u{202e}\u{0} "), "Ada Lovelace");
        assert_eq!(lines("\r\n 1. open\u{200b} it \r\n\r\n2. press\n\n"), "1. open it\n\n2. press");
    }

    #[test]
    fn a_zone_is_one_of_the_worlds() {
        assert_eq!(zone("Europe/Berlin"), Some(Tz::Europe__Berlin));
        for no in ["", "Berlin", "Europe/Nowhere", "+01:00", "europe/berlin"] {
            assert_eq!(zone(no), None, "{no}");
        }
    }
}
