//! A letter that came in, whatever it holds: read within its bounds, or not at all; of no conversation whose
//! signature nobody made; and never taken for a person's once it says that it is not. Whoever includes this
//! file has the service's own files beside it.

use super::address::Signer;
use super::reading::{Incoming, Kind, read};
use threadline_core::body::BODY_CHARS_MAX;

/// The signatures in the seeds are of this secret and for this conversation.
const SECRET: &str = "a secret of at least thirty-two characters";
const SIGNED: i64 = 1042;
/// More than any letter's text is kept of.
const WHOLE_CHARS_MAX: usize = 200_001;

/// Checks a letter.
pub fn letter(raw: &[u8]) {
    let signer = Signer::new("support@example.com", [SECRET]);
    let Ok(letter) = read(raw, &signer) else { return };
    is_bounded(&letter);
    if let Some(belongs) = letter.conversation {
        assert_eq!(belongs.number, SIGNED, "nobody made that signature");
    }
    let automatic = [b"Auto-Submitted: auto-replied\r\n", raw].concat();
    if let Ok(automatic) = read(&automatic, &signer) {
        assert_ne!(automatic.kind, Kind::Person, "it says that nobody wrote it");
    }
}

fn is_bounded(letter: &Incoming) {
    assert!(letter.said.chars().count() <= BODY_CHARS_MAX + 1);
    assert!(letter.whole.chars().count() <= WHOLE_CHARS_MAX);
    for text in [&letter.said, &letter.whole] {
        let is_text = |c: char| (!c.is_control() || matches!(c, '\n' | '\t')) && !matches!(c, '\u{fdd0}' | '\u{fdd1}');
        assert!(text.chars().all(is_text), "{text:?}");
    }
    for line in letter.said.trim_end_matches('…').lines() {
        assert!(letter.whole.contains(line.trim()), "{line:?} is made up");
    }
    let one_line = |text: &str| assert!(!text.contains(char::is_control), "{text:?} is one line");
    one_line(&letter.subject);
    let from = letter.from.as_ref();
    from.and_then(|from| from.name.as_deref()).into_iter().for_each(one_line);
    let addresses = letter.to.iter().chain(from.map(|from| &from.address));
    let ids = letter.in_reply_to.iter().chain(&letter.references).chain(&letter.message_id);
    for piece in addresses.chain(ids) {
        assert!(!piece.is_empty() && !piece.contains(|c: char| c.is_whitespace() || c.is_control()), "{piece:?}");
    }
    for file in &letter.attachments {
        one_line(&file.name);
        assert!(!file.name.contains(['/', '\\']) && !file.name.starts_with('.') && !file.name.is_empty());
        assert!(file.media_type.contains('/') && file.media_type.is_ascii() && !file.bytes.is_empty());
    }
}
