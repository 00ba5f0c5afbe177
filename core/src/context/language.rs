//! The language of a customer's browser: a tag as browsers say it, and a name that agents read.

/// Longest tag that is kept, in characters (RFC 5646, 4.4.1: 35 are enough for what is in use).
const TAG_CHARS_MAX: usize = 35;

/// Names of the languages that browsers are set to most; others show their tag.
const NAMES: [(&str, &str); 41] = [
    ("ar", "Arabic"),
    ("bg", "Bulgarian"),
    ("bn", "Bengali"),
    ("ca", "Catalan"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("de", "German"),
    ("el", "Greek"),
    ("en", "English"),
    ("es", "Spanish"),
    ("et", "Estonian"),
    ("fa", "Persian"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("hr", "Croatian"),
    ("hu", "Hungarian"),
    ("id", "Indonesian"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("lt", "Lithuanian"),
    ("lv", "Latvian"),
    ("ms", "Malay"),
    ("nb", "Norwegian"),
    ("nl", "Dutch"),
    ("no", "Norwegian"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("sk", "Slovak"),
    ("sl", "Slovenian"),
    ("sr", "Serbian"),
    ("sv", "Swedish"),
    ("th", "Thai"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
    ("zh", "Chinese"),
];

/// A language tag, such as `de-AT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

impl Language {
    /// Reads a tag; none when it has not the form of one.
    pub fn parse(tag: &str) -> Option<Language> {
        let good = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        let first = tag.split('-').next().unwrap_or_default();
        let is_language = (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
        (is_language && tag.len() <= TAG_CHARS_MAX && tag.split('-').all(good)).then(|| Language(tag.to_string()))
    }

    /// The tag.
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// `German (AT)`, or the tag where the name is not known here.
    pub fn words(&self) -> String {
        let (code, rest) = self.0.split_once('-').unwrap_or((&self.0, ""));
        match NAMES.iter().find(|(known, _)| code.eq_ignore_ascii_case(known)) {
            Some((_, name)) if rest.is_empty() => name.to_string(),
            Some((_, name)) => format!("{name} ({rest})"),
            None => self.0.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_names() {
        for (tag, words) in
            [("de-AT", "German (AT)"), ("EN", "English"), ("zh-Hant-TW", "Chinese (Hant-TW)"), ("gsw-CH", "gsw-CH")]
        {
            assert_eq!(Language::parse(tag).map(|language| language.words()).as_deref(), Some(words));
        }
        for no in ["", "d", "de_AT", "de-", "<b>", "de AT", "12", &"de-".repeat(12)] {
            assert_eq!(Language::parse(no), None, "{no}");
        }
    }
}
