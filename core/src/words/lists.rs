//! What lists of conversations are called, for the person who reads them.

/// A list of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Those that the reader has and that are not done.
    Own,
    /// Those whose customer waits and that nobody has.
    Unclaimed,
    /// Those whose customer waits, longest first.
    Waiting,
}

/// What stands above a list.
pub fn list_title(list: List) -> &'static str {
    match list {
        List::Own => "You have",
        List::Unclaimed => "Nobody has",
        List::Waiting => "Waiting longest",
    }
}

/// What stands there instead of an empty list.
pub fn list_empty(list: List) -> &'static str {
    match list {
        List::Own => "No open conversation.",
        List::Unclaimed => "No customer waits whom nobody has.",
        List::Waiting => "No customer waits.",
    }
}

/// What somebody reads at home who is in no channel of a desk.
pub const HOME_OF_A_GUEST: &str = "Join a channel where customers are answered, and you see here what there is to do.";

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn every_list_has_a_title_and_something_to_say_when_it_is_empty() {
        let all = [List::Own, List::Unclaimed, List::Waiting];
        let all: String = all.map(|list| format!("{}: {}\n", list_title(list), list_empty(list))).concat();
        expect![[r"
            You have: No open conversation.
            Nobody has: No customer waits whom nobody has.
            Waiting longest: No customer waits.
        "]]
        .assert_eq(&all);
    }
}
