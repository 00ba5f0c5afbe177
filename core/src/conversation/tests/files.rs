//! Files, both ways, as short plays.

use super::play::*;
use super::*;
use crate::desk::DeskMessage;
use crate::file::{DeskFile, FileTrouble};
use crate::verb::Verb;

#[test]
fn a_file_is_a_piece_of_its_message_and_stands_after_the_text() {
    let mut play = Play::new();
    play.on(wrote_with("a", "See", &["one.png", "two.png"]));
    play.on(opened("T1"));
    play.on(uploaded(1, 1, "one.png"));
    play.on(uploaded(1, 2, "two.png"));
    play.on(posted(&[(1, 0)]));
    play.on(posted(&[(1, 1), (1, 2)]));
    play.on(wrote_with("b", "", &["three.png"]));
    play.on(posted(&[(2, 0)]));
    play.on(wrote_with("c", " ", &[]));
    play.check(expect![[r#"
        Ada, a: See [one.png] [two.png]
            open a thread, post 1, show 1
        thread T1 opened
            the thread is settled
        1.1 uploaded as F-one.png
            nothing
        1.2 uploaded as F-two.png
            nothing
        pieces posted: 1.0
            nothing
        pieces posted: 1.1 1.2
            1 is settled, show 1
        Ada, b:  [three.png]
            post 2, show 2
        pieces posted: 2.0
            2 is settled, show 2
        Ada, c:  
            rejected: Blank
        ---
        r2 Ada: See [one.png] [two.png]
        r4 Ada:  [three.png]
    "#]]);
}

#[test]
fn a_refused_file_takes_nothing_with_it_whenever_that_is_known() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(wrote_with("b", "See", &["one.exe", "two.png"]));
    play.on(file_refused(2, 1));
    play.on(posted(&[(2, 0)]));
    play.on(posted(&[(2, 2)]));
    play.on(wrote_with("c", "", &["only.exe"]));
    play.on(file_refused(4, 0));
    play.on(file_refused(4, 7));
    play.check(expect![[r#"
        Ada, b: See [one.exe] [two.png]
            post 2, show 2
        2.1 refused
            show 2, post 3 “⚠️ A file of the customer, “one.exe”, could not be posted here (file_type_not_allowed). The customer was told.”
        pieces posted: 2.0
            nothing
        pieces posted: 2.2
            2 is settled, show 2
        Ada, c:  [only.exe]
            post 4, show 4
        4.0 refused
            4 is settled, show 4, post 5 “⚠️ A file of the customer, “only.exe”, could not be posted here (file_type_not_allowed). The customer was told.”
        4.7 refused
            nothing
        ---
        r2 Ada: Hello
        r5 Ada: See [one.exe refused] [two.png]
        r7 Ada:  [only.exe refused]
    "#]]);
}

#[test]
fn files_that_were_uploaded_are_found_in_the_thread_by_their_names_there() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(wrote_with("b", "See", &["one.png"]));
    play.on(uploaded(2, 1, "one.png"));
    let ours = vec![OwnPost { post: post(5), pieces: vec![], files: vec![DeskFileKey("F-one.png".into())] }];
    play.on(Event::ThreadRead(Snapshot {
        thread: ThreadKey("T1".into()),
        asked_at: Moment(9_000),
        root: 1,
        messages: vec![],
        ours,
    }));
    play.on(wrote_with("c", "", &["two.png"]));
    play.on(uploaded(3, 0, "two.png"));
    play.on(vanished("T1"));
    assert!(matches!(&play.message(3).files[0], Attachment::Sent { desk: crate::file::AtDesk::NotYet, .. }));
    play.check(expect![[r#"
        Ada, b: See [one.png]
            post 2, show 2
        2.1 uploaded as F-one.png
            nothing
        read at 9000: [], ours []
            2 is settled, show 2
        Ada, c:  [two.png]
            post 3, show 3
        3.0 uploaded as F-two.png
            nothing
        thread T1 vanished
            remember T1, open a thread
        ---
        r2 Ada: Hello
        r4 Ada: See [one.png]
        r5 Ada:  [two.png]
    "#]]);
}

#[test]
fn an_agents_text_does_not_wait_for_his_file() {
    let mut play = Play::open(Mode::Open, 3_000);
    play.on(says_with(GRACE, 10, "Here", &["a.png", "../b.pdf"]));
    play.on(fetched(2, "a.png"));
    play.on(Event::HoldEnded(id(2)));
    play.on(missed(2, "../b.pdf", FileTrouble::TooLarge { bytes_max: 26_214_400 }));
    play.on(says_with(GRACE, 11, "", &["c.png"]));
    play.on(Event::HoldEnded(id(4)));
    play.on(missed(4, "c.png", FileTrouble::NotPermitted));
    play.on(fetched(4, "c.png"));
    play.check(expect![[r#"
        Grace @10: Here [a.png] [../b.pdf]
            fetch the files of 2, hold 2 until 4000, Grace is typing, edit the card
        a.png of 2 fetched
            nothing
        the hold of 2 ended
            hold 2 no more, show 2, nobody is typing
        F-../b.pdf of 2 missed: it is larger than 25 MB
            the files of 2 are settled, show 2, post 3 “⚠️ The customer did not get the file “b.pdf”: it is larger than 25 MB. The text goes out without it.”
        Grace @11:  [c.png]
            fetch the files of 4, hold 4 until 4000, Grace is typing
        the hold of 4 ended
            hold 4 no more, show 4, nobody is typing
        F-c.png of 4 missed: the bot may not read files here; the operator was told what to do about it
            the files of 4 are settled, show 4, post 5 “⚠️ The customer did not get the file “c.png”: the bot may not read files here; the operator was told what to do about it.”
        c.png of 4 fetched
            nothing
        ---
        r2 Ada: Hello
        r4 Grace: Here [a.png] [b.pdf missing]
        r6 Grace:  [c.png missing]
    "#]]);
}

#[test]
fn what_stays_inside_is_not_fetched_and_what_is_taken_back_is_forgotten() {
    let mut play = Play::open(Mode::Open, 3_000);
    play.on(says_with(GRACE, 10, "// look", &["a.png"]));
    play.on(says_with(GRACE, 11, "Here", &["b.png"]));
    play.on(deletes(11));
    play.on(fetched(3, "b.png"));
    play.on(says_with(GRACE, 12, "Here", &["c.png"]));
    play.on(fetched(4, "c.png"));
    play.on(Event::HoldEnded(id(4)));
    play.on(deletes(12));
    play.check(expect![[r#"
        Grace @10: // look [a.png]
            nothing
        Grace @11: Here [b.png]
            fetch the files of 3, hold 3 until 4000, Grace is typing, edit the card
        deleted @11
            the files of 3 are settled, hold 3 no more, nobody is typing, edit the card
        b.png of 3 fetched
            nothing
        Grace @12: Here [c.png]
            fetch the files of 4, hold 4 until 4000, Grace is typing, edit the card
        c.png of 4 fetched
            the files of 4 are settled
        the hold of 4 ended
            hold 4 no more, show 4, nobody is typing
        deleted @12
            show 4
        ---
        r2 Ada: Hello
        r4 Grace took a message back
    "#]]);
    let mut play = Play::open(Mode::Explicit, 0);
    play.on(says_with(GRACE, 10, "", &["a.png"]));
    play.on(says_with(GRACE, 11, ">", &["b.png"]));
    play.check(expect![[r#"
        Grace @10:  [a.png]
            nothing
        Grace @11: > [b.png]
            fetch the files of 3, show 3, edit the card
        ---
        r2 Ada: Hello
        r3 Grace:  [b.png …]
    "#]]);
}

#[test]
fn a_file_that_is_deleted_at_the_desk_is_gone_for_the_customer_and_the_text_stays() {
    let gone = |stamp: i64, text: &str, names: &[&str]| {
        let files = names.iter().map(|name| DeskFile { deleted: true, ..attached(name) }).collect();
        in_thread("T1", DeskMessage { files, ..post_of(GRACE, stamp, None, text) })
    };
    let mut play = Play::open(Mode::Open, 0);
    play.on(says_with(GRACE, 10, "Here", &["a.png", "b.png"]));
    play.on(fetched(2, "a.png"));
    play.on(gone(10, "Here", &["b.png"]));
    play.on(gone(10, "Here", &["a.png", "b.png"]));
    play.on(says_with(GRACE, 10, "Here", &["a.png", "b.png"]));
    play.check(expect![[r#"
        Grace @10: Here [a.png] [b.png]
            fetch the files of 2, show 2, edit the card
        a.png of 2 fetched
            show 2
        Grace @10: Here [deleted b.png]
            the files of 2 are settled, show 2
        Grace @10: Here [deleted a.png] [deleted b.png]
            show 2
        Grace @10: Here [a.png] [b.png]
            nothing
        ---
        r2 Ada: Hello
        r6 Grace: Here [a.png missing] [b.png missing]
    "#]]);
}

#[test]
fn what_was_refused_is_tried_again_once_and_said_again_once() {
    let mut play = Play::open(Mode::Open, 0);
    play.rules.post_chars_max = 10;
    play.on(wrote("b", "One two three, four five"));
    play.on(posted(&[(2, 0)]));
    play.on(refused(2));
    play.on(did(GRACE, "d1", Verb::Retry(Some(2))));
    play.on(did(GRACE, "d1", Verb::Retry(Some(2))));
    play.on(did(GRACE, "d2", Verb::Retry(Some(2))));
    play.on(refused(2));
    play.on(says(GRACE, 90, "!retry"));
    play.on(posted(&[(2, 1)]));
    play.on(posted(&[(2, 2)]));
    play.on(says(GRACE, 91, "!retry"));
    play.check(expect![[r#"
        Ada, b: One two three, four five
            post 2, show 2
        pieces posted: 2.0
            nothing
        2 refused
            2 is settled, show 2, post 3 “⚠️ Message 2 of the customer could not be posted here (msg_blocks_too_long). The customer was told that it did not arrive.”
        Grace did, d1: Retry(Some(2))
            post 2, show 2, post 5 “Grace tries again what could not be delivered.”
        Grace did, d1: Retry(Some(2))
            nothing
        Grace did, d2: Retry(Some(2))
            tell desk/Grace of 6: NothingToRetry
        2 refused
            2 is settled, show 2, post 7 “⚠️ Message 2 of the customer could not be posted here (msg_blocks_too_long). The customer was told that it did not arrive.”
        Grace @90: !retry
            post 2, show 2, post 9 “Grace tries again what could not be delivered.”
        pieces posted: 2.1
            nothing
        pieces posted: 2.2
            2 is settled, show 2
        Grace @91: !retry
            tell desk/Grace of 10: NothingToRetry
        ---
        r2 Ada: Hello
        r8 Ada: One two three, four five
    "#]]);
}

#[test]
fn a_refused_file_is_tried_again_behind_what_was_posted_after_it() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(wrote_with("b", "See", &["one.png", "two.png"]));
    play.on(file_refused(2, 1));
    play.note("the rest is on its way");
    play.on(did(GRACE, "d1", Verb::Retry(None)));
    play.on(posted(&[(2, 0)]));
    play.on(posted(&[(2, 2)]));
    play.on(did(GRACE, "d2", Verb::Retry(Some(2))));
    play.on(file_refused(2, 3));
    play.on(did(GRACE, "d3", Verb::Retry(Some(2))));
    play.note("none of those before is posted once more");
    play.on(posted(&[(2, 2)]));
    play.on(uploaded(2, 4, "one.png"));
    play.on(posted(&[(2, 4)]));
    play.on(did(GRACE, "d4", Verb::Retry(None)));
    play.check(expect![[r#"
        Ada, b: See [one.png] [two.png]
            post 2, show 2
        2.1 refused
            show 2, post 3 “⚠️ A file of the customer, “one.png”, could not be posted here (file_type_not_allowed). The customer was told.”
        (the rest is on its way)
        Grace did, d1: Retry(None)
            tell desk/Grace of 4: NothingToRetry
        pieces posted: 2.0
            nothing
        pieces posted: 2.2
            2 is settled, show 2
        Grace did, d2: Retry(Some(2))
            post 2, show 2, post 6 “Grace tries again what could not be delivered.”
        2.3 refused
            2 is settled, show 2, post 7 “⚠️ A file of the customer, “one.png”, could not be posted here (file_type_not_allowed). The customer was told.”
        Grace did, d3: Retry(Some(2))
            post 2, show 2, post 9 “Grace tries again what could not be delivered.”
        (none of those before is posted once more)
        pieces posted: 2.2
            nothing
        2.4 uploaded as F-one.png
            nothing
        pieces posted: 2.4
            2 is settled, show 2
        Grace did, d4: Retry(None)
            tell desk/Grace of 10: NothingToRetry
        ---
        r2 Ada: Hello
        r9 Ada: See [two.png] [one.png]
    "#]]);
}

#[test]
fn an_agents_file_is_fetched_again_where_that_may_help() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says_with(GRACE, 10, "This helps", &["guide.pdf", "huge.pdf"]));
    play.on(missed(2, "guide.pdf", FileTrouble::Unreachable));
    play.on(missed(2, "huge.pdf", FileTrouble::TooLarge { bytes_max: 9 }));
    assert_eq!((play.message(3).retry_of, play.message(4).retry_of), (Some(2), None));
    play.on(did(GRACE, "d1", Verb::Retry(Some(2))));
    play.on(fetched(2, "guide.pdf"));
    play.on(did(GRACE, "d2", Verb::Retry(None)));
    play.check(expect![[r#"
        Grace @10: This helps [guide.pdf] [huge.pdf]
            fetch the files of 2, show 2, edit the card
        F-guide.pdf of 2 missed: it could not be fetched
            show 2, post 3 “⚠️ The customer did not get the file “guide.pdf”: it could not be fetched. The text goes out without it.”
        F-huge.pdf of 2 missed: it is larger than 9 bytes
            the files of 2 are settled, show 2, post 4 “⚠️ The customer did not get the file “huge.pdf”: it is larger than 9 bytes. The text goes out without it.”
        Grace did, d1: Retry(Some(2))
            fetch the files of 2, show 2, post 6 “Grace tries again what could not be delivered.”
        guide.pdf of 2 fetched
            the files of 2 are settled, show 2
        Grace did, d2: Retry(None)
            tell desk/Grace of 7: NothingToRetry
        ---
        r2 Ada: Hello
        r7 Grace: This helps [guide.pdf] [huge.pdf missing]
    "#]]);
}
