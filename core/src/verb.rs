//! What an agent can do to a conversation besides replying: one table of verbs, one parser, for
//! every desk.

/// Something an agent can do to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Take the conversation: in a desk of mode `claimed`, only the claimer's messages go out.
    Claim,
    /// Let it go again.
    Release,
}

/// Every verb and the word for it.
pub const VERBS: &[(&str, Verb)] = &[("claim", Verb::Claim), ("release", Verb::Release)];

/// What sets a verb apart from a reply.
pub const PREFIX: char = '!';

/// The verb that a message is, if it is nothing else: `!claim`, in any case, blanks around it.
pub fn parse(text: &str) -> Option<Verb> {
    let word = text.trim().strip_prefix(PREFIX)?;
    VERBS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, verb)| *verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_the_whole_message() {
        assert_eq!(parse(" !Claim\n"), Some(Verb::Claim));
        assert_eq!(parse("!release"), Some(Verb::Release));
        for reply in ["claim", "!", "!claim it", "! claim", "Please !claim", "!wonderful"] {
            assert_eq!(parse(reply), None, "{reply}");
        }
    }
}
