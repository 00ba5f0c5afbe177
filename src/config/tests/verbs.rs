//! What the team calls the verbs.

use super::*;
use threadline_core::verb::Name;

#[test]
fn a_team_has_its_own_words() {
    let config = World::with(
        "verbs = { escalate = 'raise', claim = 'release', release = 'Freigeben', book = false, call = 'book' }",
    )
    .load();
    let words = |name| config.verbs.word(name);
    assert_eq!((words(Name::Escalate), words(Name::Claim), words(Name::Book)), (Some("raise"), Some("release"), None));
    assert_eq!((words(Name::Call), words(Name::Topic)), (Some("book"), Some("topic")));
    let chosen: Vec<_> = config.verbs.chosen().map(|(entry, _)| entry.word).collect();
    assert_eq!(chosen, ["claim", "release", "escalate", "book", "call"]);
    assert_eq!(World::with("verbs.claim = 'claim'").load().verbs.chosen().count(), 0);
}

#[test]
fn words_that_nobody_could_use() {
    wrong(
        r#"
        [desk.support]
        platform = "practice"
        mode = "claimed"
        [verbs]
        claim = false
        clam = "mine"
        assign = "!give"
        note = "two words"
        topic = ""
        resolve = "Reopen"
        snooze = "later"
        ticket = "later"
        escalate = true
        book = 30
        help = false
        "#,
        expect![[r#"
            threadline.toml:6: verbs.claim: cannot be switched off: the desk "support" has mode = "claimed", where nobody could answer then
            threadline.toml:7: verbs.clam: there is no such key; did you mean "claim"?
            threadline.toml:8: verbs.assign: nobody could type "!give": a word is 1 to 40 letters, digits, - and _, begins with a letter, and stands here without the !
            threadline.toml:9: verbs.note: nobody could type "two words": a word is 1 to 40 letters, digits, - and _, begins with a letter, and stands here without the !
            threadline.toml:10: verbs.topic: nobody could type "": a word is 1 to 40 letters, digits, - and _, begins with a letter, and stands here without the !
            threadline.toml:11: verbs.resolve: "Reopen" is the word of reopen already; give one of them another word, or switch one off with false
            threadline.toml:12: verbs.snooze: "later" is the word of ticket already; give one of them another word, or switch one off with false
            threadline.toml:14: verbs.escalate: must be a word for it in quotes, or false to switch it off, is true or false
            threadline.toml:15: verbs.book: must be a word for it in quotes, or false to switch it off, is a number
            threadline.toml:16: verbs.help: can have another word, but cannot be switched off: it is how agents find the other verbs"#]],
    );
}
