//! The folder of saved replies.

use super::*;

#[test]
fn a_folder_of_files_is_a_list_of_replies() {
    let config = World::default()
        .file("replies/shipping.md", "Hello {customer.first_name|there},\r\nit is *on its way*.\n")
        .file("replies/Sorry.md", "\u{feff}We are sorry.")
        .file("replies/README.txt", "{")
        .file("replies/.draft.md", "{")
        .load();
    let list: Vec<String> = config.replies.list().into_iter().map(|(name, first)| format!("{name}: {first}")).collect();
    assert_eq!(list, ["shipping: Hello {customer.first_name},", "Sorry: We are sorry."]);
    assert_eq!(config.names().typed(Name::Saved), "!r");
    let elsewhere = World::with("replies.folder = '/etc/threadline/replies'").file("/etc/threadline/replies/a.md", "x");
    assert_eq!(elsewhere.load().replies.len(), 1);
}

#[test]
fn without_a_reply_there_is_no_verb_for_them() {
    let config = World::default().load();
    assert!(config.replies.is_empty());
    assert_eq!((config.names().word(Name::Saved), config.verbs.word(Name::Saved)), (None, Some("r")));
    wrong(
        "[replies]\nfolder = 'answers'",
        expect!["threadline.toml:1: replies.folder: the folder answers cannot be read: entity not found"],
    );
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    World::default()
        .file("replies/2nd.md", "x")
        .file("replies/a.md", "Hello\n\n{Campaign}")
        .file("replies/b.md", "\n{campaign_id")
        .file("replies/film.md", &"x".repeat(8193))
        .file("replies/latin.md", NOT_UTF_8)
        .file("replies/send.md", "x")
        .file("replies/up.md", "x")
        .file("replies/UP.md", "x")
        .wrong(expect![[r#"
            replies/2nd.md:1: "2nd" cannot be typed as a name: a name is 1 to 40 letters, digits, - and _, and begins with a letter
            replies/a.md:3: {Campaign} is no variable: there are {customer.name}, {customer.first_name}, {customer.email}, {agent.name}, {number}, {topic}, and the keys of facts and fields, such as {campaign_id}; write {{ for a brace that is shown
            replies/b.md:2: has a { without its }; write {{ for a brace that is shown
            replies/film.md:1: has 8193 bytes; a saved reply has at most 8192
            replies/latin.md:1: is not UTF-8; save it as such
            replies/send.md:1: "send" is no name for a saved reply: this word says what to do with a preview
            replies/up.md:1: is called like UP.md: upper and lower case are the same"#]]);
    let many: Vec<String> = (0..101).map(|n| format!("replies/r{n:03}.md")).collect();
    let mut world = World::default();
    for name in &many {
        world.files.insert(name.clone().leak(), "x".to_owned());
    }
    world.wrong(expect!["replies/r100.md:1: is one too many: there can be 100 saved replies"]);
}
