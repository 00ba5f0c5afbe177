//! What becomes of a conversation, event by event: each table reads as a play, the event on the
//! left margin, what is to be done about it under it.

mod climb;
mod doubts;
mod every_pair;
mod files;
mod letters;
mod modes;
mod play;
mod properties;
mod replies;
mod saved;
mod sessions;
mod tickets;
mod verbs;

use super::*;
use crate::body::Block;
use crate::desk::{Mode, StrangerKind};
use crate::message::Stage;
use expect_test::expect;
use play::*;

#[test]
fn the_first_message_wants_a_thread_and_the_next_ones_do_not() {
    let mut play = Play::new();
    play.on(wrote("a", "Hello"));
    play.on(wrote("a", "Hello"));
    play.on(wrote("b", "Anybody there?"));
    play.on(wrote("c", "\u{200b}\n"));
    play.on(opened("T1"));
    play.on(opened("T1"));
    play.on(opened("T2"));
    play.on(posted(&[(1, 0), (2, 0)]));
    play.on(posted(&[(1, 0), (2, 0)]));
    play.check(expect![[r#"
        Ada, a: Hello
            open a thread, post 1, show 1
        Ada, a: Hello
            nothing
        Ada, b: Anybody there?
            post 2, show 2
        Ada, c: ·⏎
            rejected: Blank
        thread T1 opened
            the thread is settled
        thread T1 opened
            nothing
        thread T2 opened
            nothing
        pieces posted: 1.0 2.0
            1 is settled, show 1, 2 is settled, show 2
        pieces posted: 1.0 2.0
            nothing
        ---
        r3 Ada: Hello
        r4 Ada: Anybody there?
    "#]]);
}

#[test]
fn a_reply_that_waits_for_the_customer_is_told_once_and_until_he_has_it() {
    let mut play = Play::open(Mode::Open, 3_000);
    play.on(says(GRACE, 10, "One"));
    play.later(3_000);
    play.on(Event::HoldEnded(id(2)));
    play.later(RECEIPT_AFTER_MILLIS - 1);
    play.on(Event::RepliesDelayed);
    play.later(1);
    play.on(Event::RepliesDelayed);
    play.on(says(GRACE, 20, "Two"));
    play.on(Event::HoldEnded(id(3)));
    play.on(says(GRACE, 30, "Three"));
    play.on(Event::HoldEnded(id(4)));
    play.on(Event::CustomerReceived { rev: 4 });
    play.note("the browser is there, and has a minute for the rest");
    play.later(RECEIPT_AFTER_MILLIS - 1);
    play.on(Event::RepliesDelayed);
    play.later(1);
    play.on(Event::RepliesDelayed);
    play.on(deletes(30));
    play.on(Event::CustomerSaw { rev: 6 });
    play.later(RECEIPT_AFTER_MILLIS);
    play.on(Event::RepliesDelayed);
    play.check(expect![[r#"
        Grace @10: One
            hold 2 until 4000, Grace is typing, edit the card
        the hold of 2 ended
            hold 2 no more, show 2, nobody is typing
        Ada is missed
            nothing
        Ada is missed
            mark 2 Waiting
        Grace @20: Two
            hold 3 until 67000, Grace is typing
        the hold of 3 ended
            hold 3 no more, show 3, nobody is typing
        Grace @30: Three
            hold 4 until 67000, Grace is typing
        the hold of 4 ended
            hold 4 no more, show 4, nobody is typing
        Ada received r4
            mark 2 Received, mark 3 Received, 2 waits no more
        (the browser is there, and has a minute for the rest)
        Ada is missed
            nothing
        Ada is missed
            mark 4 Waiting
        deleted @30
            4 waits no more, show 4
        Ada saw r6
            mark 2 Seen, mark 3 Seen
        Ada is missed
            nothing
        ---
        r2 Ada: Hello
        r3 Grace: One
        r4 Grace: Two
        r6 Grace took a message back
    "#]]);
}

#[test]
fn receipts_only_move_forward_and_mark_each_reply_once() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 10, "One"));
    play.on(says(GRACE, 20, "Two"));
    play.on(Event::CustomerReceived { rev: 3 });
    play.on(Event::CustomerReceived { rev: 3 });
    play.on(Event::CustomerReceived { rev: 2 });
    play.on(Event::CustomerSaw { rev: 3 });
    play.on(says(GRACE, 30, "Three"));
    play.note("an edit is a change of its own, and no new receipt");
    play.on(edits(GRACE, 10, 40, "One!"));
    play.on(Event::CustomerSaw { rev: 1_000 });
    play.on(Event::CustomerReceived { rev: 1_000 });
    play.on(Event::CustomerSaw { rev: -7 });
    play.check(expect![[r#"
        Grace @10: One
            show 2, edit the card
        Grace @20: Two
            show 3
        Ada received r3
            mark 2 Received
        Ada received r3
            nothing
        Ada received r2
            nothing
        Ada saw r3
            mark 2 Seen
        Grace @30: Three
            show 4
        (an edit is a change of its own, and no new receipt)
        Grace @10 edited @40: One!
            show 2
        Ada saw r1000
            mark 3 Received, mark 4 Received, mark 3 Seen, mark 4 Seen
        Ada received r1000
            nothing
        Ada saw r-7
            nothing
        ---
        r2 Ada: Hello
        r6 Grace: One! (edited)
        r4 Grace: Two
        r5 Grace: Three
    "#]]);
}

#[test]
fn a_thread_that_is_read_is_the_truth_of_what_was_there_when_the_reading_began() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 10, "stays"));
    play.on(says(GRACE, 20, "edited meanwhile"));
    play.on(says(GRACE, 30, "deleted meanwhile"));
    play.on(says(GRACE, 40, "// a note, deleted meanwhile"));
    let asked_at = play.later(1_000);
    play.on(says(GRACE, 60, "came after the reading began"));
    let there = vec![
        post_of(GRACE, 10, None, "stays"),
        post_of(GRACE, 20, Some(45), "edited"),
        post_of(HEDY, 50, None, "new"),
        post_of(HEDY, 55, None, "!claim"),
    ];
    let ours = vec![OwnPost { post: post(5), pieces: vec![piece(1, 0)], files: vec![] }];
    let snapshot = Snapshot { thread: ThreadKey("T1".into()), asked_at, root: 1, messages: there, ours };
    play.on(Event::ThreadRead(snapshot.clone()));
    play.on(deletes(50));
    play.note("a reading that was overtaken brings nothing back");
    play.on(Event::ThreadRead(snapshot));
    play.check(expect![[r#"
        Grace @10: stays
            show 2, edit the card
        Grace @20: edited meanwhile
            show 3
        Grace @30: deleted meanwhile
            show 4
        Grace @40: // a note, deleted meanwhile
            nothing
        Grace @60: came after the reading began
            show 6
        read at 2000: [Grace @10: stays; Grace @20 edited @45: edited; Hedy @50: new; Hedy @55: !claim], ours [1.0]
            show 4, show 3, show 7, post 9 “Hedy has this conversation now.”, edit the card
        deleted @50
            show 7
        (a reading that was overtaken brings nothing back)
        read at 2000: [Grace @10: stays; Grace @20 edited @45: edited; Hedy @50: new; Hedy @55: !claim], ours [1.0]
            nothing
        ---
        r2 Ada: Hello
        r3 Grace: stays
        r8 Grace: edited (edited)
        r7 Grace took a message back
        r10 Hedy took a message back
        r6 Grace: came after the reading began
    "#]]);
}

#[test]
fn a_reading_takes_back_what_is_held_and_says_nothing_of_an_earlier_thread() {
    let mut play = Play::open(Mode::Open, 3_000);
    play.on(says(GRACE, 10, "said in the first thread"));
    play.on(Event::HoldEnded(id(2)));
    play.on(vanished("T1"));
    play.on(wrote("b", "Hello?"));
    play.on(opened("T2"));
    play.on(in_thread("T2", post_of(GRACE, 110, None, "deleted before its hold ended")));
    let asked_at = play.later(1_000);
    let ours = vec![OwnPost { post: post(105), pieces: vec![piece(3, 0)], files: vec![] }];
    play.on(Event::ThreadRead(Snapshot {
        thread: ThreadKey("T2".into()),
        asked_at,
        root: 100,
        messages: vec![],
        ours,
    }));
    play.check(expect![[r#"
        Grace @10: said in the first thread
            hold 2 until 4000, Grace is typing, edit the card
        the hold of 2 ended
            hold 2 no more, show 2, nobody is typing
        thread T1 vanished
            the card is settled, remember T1
        Ada, b: Hello?
            open a thread, post 3, show 3
        thread T2 opened
            the thread is settled
        in T2, Grace @110: deleted before its hold ended
            hold 4 until 4000, Grace is typing, edit the card
        T2 read at 2000: [], ours [3.0]
            hold 4 no more, nobody is typing, 3 is settled, show 3, edit the card
        ---
        r2 Ada: Hello
        r3 Grace: said in the first thread
        r5 Ada: Hello?
    "#]]);
}

#[test]
fn a_long_message_is_posted_when_its_last_piece_is() {
    let mut play = Play::new();
    play.rules.post_chars_max = 10;
    play.on(wrote("a", "The first\nThe second\nThe third"));
    play.on(opened("T1"));
    play.on(posted(&[(1, 0)]));
    play.on(posted(&[(1, 0)]));
    let asked_at = play.later(1_000);
    let ours = vec![OwnPost { post: post(5), pieces: vec![piece(1, 0), piece(1, 1)], files: vec![] }];
    play.on(Event::ThreadRead(Snapshot { thread: ThreadKey("T1".into()), asked_at, root: 1, messages: vec![], ours }));
    play.on(posted(&[(1, 1)]));
    play.on(posted(&[(1, 2)]));
    play.on(posted(&[(99, 0), (1, u32::MAX)]));
    play.check(expect![[r#"
        Ada, a: The first⏎The second⏎The third
            open a thread, post 1, show 1
        thread T1 opened
            the thread is settled
        pieces posted: 1.0
            nothing
        pieces posted: 1.0
            nothing
        read at 2000: [], ours [1.0 1.1]
            nothing
        pieces posted: 1.1
            nothing
        pieces posted: 1.2
            1 is settled, show 1
        pieces posted: 99.0 1.4294967295
            nothing
        ---
        r2 Ada: The first
        The second
        The third
    "#]]);
}

#[test]
fn what_the_desk_refuses_is_told_to_both_sides_once() {
    let mut play = Play::new();
    play.on(wrote("a", "a picture of a cat"));
    play.on(opened("T1"));
    play.on(refused(1));
    play.on(refused(1));
    play.on(posted(&[(1, 0)]));
    play.note("that the notice of it is refused, too, is told to nobody");
    play.on(refused(2));
    play.check(expect![[r#"
        Ada, a: a picture of a cat
            open a thread, post 1, show 1
        thread T1 opened
            the thread is settled
        1 refused
            1 is settled, show 1, post 2 “⚠️ Message 1 of the customer could not be posted here (msg_blocks_too_long). The customer was told that it did not arrive.”
        1 refused
            nothing
        pieces posted: 1.0
            nothing
        (that the notice of it is refused, too, is told to nobody)
        2 refused
            2 is settled
        ---
        r2 Ada: a picture of a cat (refused)
    "#]]);
}

#[test]
fn a_thread_that_vanished_is_opened_again_when_something_waits() {
    let mut play = Play::new();
    play.rules.post_chars_max = 10;
    play.on(wrote("a", "The first\nThe second"));
    play.on(opened("T1"));
    play.on(posted(&[(1, 0)]));
    play.on(vanished("T0"));
    play.note("the piece that stands in the deleted thread is said again");
    play.on(vanished("T1"));
    play.on(vanished("T1"));
    play.on(opened("T2"));
    play.on(posted(&[(1, 0)]));
    play.on(posted(&[(1, 1)]));
    play.note("nothing waits now");
    play.on(vanished("T2"));
    play.on(Event::CustomerSaw { rev: 9 });
    play.on(wrote("b", "Hello?"));
    play.on(vanished("T2"));
    play.check(expect![[r#"
        Ada, a: The first⏎The second
            open a thread, post 1, show 1
        thread T1 opened
            the thread is settled
        pieces posted: 1.0
            nothing
        thread T0 vanished
            nothing
        (the piece that stands in the deleted thread is said again)
        thread T1 vanished
            remember T1, open a thread, post 1
        thread T1 vanished
            nothing
        thread T2 opened
            the thread is settled
        pieces posted: 1.0
            nothing
        pieces posted: 1.1
            1 is settled, show 1
        (nothing waits now)
        thread T2 vanished
            remember T2
        Ada saw r9
            nothing
        Ada, b: Hello?
            open a thread, post 2, show 2
        thread T2 vanished
            nothing
        ---
        r2 Ada: The first
        The second
        r3 Ada: Hello?
    "#]]);
}
