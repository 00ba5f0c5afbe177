//! What becomes of a conversation, event by event: each table reads as a play, the event on the
//! left margin, what is to be done about it under it.

mod every_pair;
mod play;
mod properties;

use super::*;
use crate::body::{BODY_CHARS_MAX, Span};
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
            show 2
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
        r6 Grace: One!
        r4 Grace: Two
        r5 Grace: Three
    "#]]);
}

#[test]
fn a_held_reply_can_be_edited_and_deleted_without_a_trace() {
    let mut play = Play::open(Mode::Open, 3_000);
    play.on(says(GRACE, 10, "Frist"));
    play.on(edits(GRACE, 10, 11, "First"));
    play.on(says(HEDY, 20, "Never mind"));
    play.on(deletes(20));
    play.on(deletes(20));
    play.on(Event::HoldEnded(id(2)));
    play.on(Event::HoldEnded(id(2)));
    play.on(Event::HoldEnded(id(3)));
    play.check(expect![[r#"
        Grace @10: Frist
            hold 2 until 4000, Grace is typing
        Grace @10 edited @11: First
            nothing
        Hedy @20: Never mind
            hold 3 until 4000, Hedy is typing
        deleted @20
            hold 3 no more, Grace is typing
        deleted @20
            nothing
        the hold of 2 ended
            hold 2 no more, show 2, nobody is typing
        the hold of 2 ended
            nothing
        the hold of 3 ended
            nothing
        ---
        r2 Ada: Hello
        r3 Grace: First
    "#]]);
}

#[test]
fn several_are_typing_and_the_last_one_who_began_is_named() {
    let mut play = Play::open(Mode::Open, 3_000);
    play.on(says(GRACE, 10, "One"));
    play.on(says(HEDY, 20, "Two"));
    play.on(Event::HoldEnded(id(2)));
    play.on(says(GRACE, 30, "Three"));
    play.on(deletes(30));
    play.on(Event::HoldEnded(id(3)));
    play.check(expect![[r#"
        Grace @10: One
            hold 2 until 4000, Grace is typing
        Hedy @20: Two
            hold 3 until 4000, Hedy is typing
        the hold of 2 ended
            hold 2 no more, show 2, Hedy is typing
        Grace @30: Three
            hold 4 until 4000, Grace is typing
        deleted @30
            hold 4 no more, Hedy is typing
        the hold of 3 ended
            hold 3 no more, show 3, nobody is typing
        ---
        r2 Ada: Hello
        r3 Grace: One
        r4 Hedy: Two
    "#]]);
}

#[test]
fn edits_after_the_hold_are_shown_the_latest_counts_and_the_same_words_change_nothing() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 10, "v1"));
    play.on(edits(GRACE, 10, 13, "v3"));
    play.on(edits(GRACE, 10, 12, "v2"));
    play.on(edits(GRACE, 10, 14, "v3"));
    play.on(says(GRACE, 10, "v1"));
    play.on(deletes(10));
    play.on(deletes(10));
    play.on(edits(GRACE, 10, 15, "v4"));
    play.check(expect![[r#"
        Grace @10: v1
            show 2
        Grace @10 edited @13: v3
            show 2
        Grace @10 edited @12: v2
            nothing
        Grace @10 edited @14: v3
            nothing
        Grace @10: v1
            nothing
        deleted @10
            show 2
        deleted @10
            nothing
        Grace @10 edited @15: v4
            nothing
        ---
        r2 Ada: Hello
        r5 Grace took a message back
    "#]]);
}

#[test]
fn an_edit_that_comes_before_its_original_is_the_message() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(edits(GRACE, 10, 11, "edited"));
    play.on(says(GRACE, 10, "original"));
    play.note("the original of this one was a note: it should never have gone out");
    play.on(edits(GRACE, 20, 21, "public"));
    play.on(says(GRACE, 20, "// secret"));
    play.check(expect![[r#"
        Grace @10 edited @11: edited
            show 2
        Grace @10: original
            nothing
        (the original of this one was a note: it should never have gone out)
        Grace @20 edited @21: public
            show 3
        Grace @20: // secret
            show 3
        ---
        r2 Ada: Hello
        r3 Grace: edited
        r5 Grace took a message back
    "#]]);
}

#[test]
fn a_reply_edited_into_a_note_is_taken_back_and_a_note_stays_one() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 10, "The password is hunter2"));
    play.on(edits(GRACE, 10, 11, "// The password is hunter2"));
    play.on(edits(GRACE, 10, 12, "Sorry"));
    play.on(says(GRACE, 20, "🔒 Is he a customer at all?"));
    play.on(edits(GRACE, 20, 21, "Is he a customer at all?"));
    play.on(deletes(20));
    play.rules.hold_millis = 3_000;
    play.on(says(GRACE, 30, "Too early"));
    play.on(edits(GRACE, 30, 31, "// too early"));
    play.on(Event::HoldEnded(id(4)));
    play.check(expect![[r#"
        Grace @10: The password is hunter2
            show 2
        Grace @10 edited @11: // The password is hunter2
            show 2
        Grace @10 edited @12: Sorry
            nothing
        Grace @20: 🔒 Is he a customer at all?
            nothing
        Grace @20 edited @21: Is he a customer at all?
            nothing
        deleted @20
            nothing
        Grace @30: Too early
            hold 4 until 4000, Grace is typing
        Grace @30 edited @31: // too early
            hold 4 no more, nobody is typing
        the hold of 4 ended
            nothing
        ---
        r2 Ada: Hello
        r4 Grace took a message back
    "#]]);
}

#[test]
fn a_note_is_a_note_behind_whatever_nobody_sees() {
    let mut play = Play::open(Mode::Open, 0);
    let hidden =
        Body(vec![Block::Quote(vec![]), Block::Paragraph(vec![Span::plain("\u{200b}\n")]), paragraph("// hush")]);
    play.on(says_body(GRACE, 10, hidden));
    play.on(says_body(GRACE, 20, Body(vec![paragraph("\n")])));
    play.on(says_body(GRACE, 30, Body(vec![Block::Code("// a comment".into())])));
    play.check(expect![[r#"
        Grace @10: ·⏎⏎// hush
            nothing
        Grace @20: ⏎
            nothing
        Grace @30: // a comment
            show 4
        ---
        r2 Ada: Hello
        r3 Grace: // a comment
    "#]]);
}

#[test]
fn deleted_before_it_was_ever_read_it_stays_away() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(deletes(10));
    play.on(deletes(10));
    play.on(says(GRACE, 10, "gone"));
    play.on(edits(GRACE, 10, 11, "gone, too"));
    play.check(expect![[r#"
        deleted @10
            nothing
        deleted @10
            nothing
        Grace @10: gone
            nothing
        Grace @10 edited @11: gone, too
            nothing
        ---
        r2 Ada: Hello
    "#]]);
}

#[test]
fn a_late_post_stands_before_its_successor() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 30, "third"));
    play.on(wrote("b", "Thanks"));
    play.on(says(GRACE, 50, "fifth"));
    play.on(says(GRACE, 20, "second"));
    play.on(says(GRACE, 10, "first"));
    play.on(says(GRACE, 40, "fourth"));
    play.check(expect![[r#"
        Grace @30: third
            show 2
        Ada, b: Thanks
            post 3, show 3
        Grace @50: fifth
            show 4
        Grace @20: second
            show 5
        Grace @10: first
            show 6
        Grace @40: fourth
            show 7
        ---
        r2 Ada: Hello
        r7 Grace: first
        r6 Grace: second
        r3 Grace: third
        r4 Ada: Thanks
        r8 Grace: fourth
        r5 Grace: fifth
    "#]]);
}

#[test]
fn strangers_are_told_once_and_their_words_are_not_even_kept() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(stranger(10, Some("U-bot"), StrangerKind::Bot, "Buy!"));
    play.on(stranger(10, Some("U-bot"), StrangerKind::Bot, "Buy!"));
    play.on(stranger(20, None, StrangerKind::Bot, "Build failed"));
    play.on(stranger(30, Some("U-eve"), StrangerKind::OtherWorkspace, "Hi all"));
    play.on(says(GRACE, 30, "Hi all"));
    play.check(expect![[r#"
        Bot U-bot @10: Buy!
            tell U-bot of 2: BotNotSent
        Bot U-bot @10: Buy!
            nothing
        Bot - @20: Build failed
            nothing
        OtherWorkspace U-eve @30: Hi all
            tell U-eve of 4: OutsiderNotSent
        Grace @30: Hi all
            nothing
        ---
        r2 Ada: Hello
    "#]]);
    assert!(play.dialogue.messages.iter().all(|message| message.seq == 1 || message.body == Body::default()));
}

#[test]
fn where_only_the_claimer_answers_the_others_are_told() {
    let mut play = Play::open(Mode::Claimed, 0);
    play.on(says(GRACE, 10, "Hello"));
    play.on(says(GRACE, 20, "!claim"));
    play.on(says(GRACE, 20, "!claim"));
    play.on(says(GRACE, 30, "Hello!"));
    play.on(says(HEDY, 40, "Me too"));
    play.on(says(HEDY, 50, "!Claim"));
    play.on(says(GRACE, 60, "!claim"));
    play.on(says(HEDY, 70, "!release"));
    play.on(says(HEDY, 80, "!release"));
    play.note("who has let go no longer edits what was sent, but may take it back");
    play.on(edits(GRACE, 30, 90, "Hello?"));
    play.on(edits(GRACE, 30, 91, "Hello!"));
    play.on(edits(GRACE, 30, 92, "// Hello!"));
    play.check(expect![[r#"
        Grace @10: Hello
            tell desk/Grace of 2: UnclaimedNotSent
        Grace @20: !claim
            post 4 “Grace has this conversation now.”
        Grace @20: !claim
            nothing
        Grace @30: Hello!
            show 5
        Hedy @40: Me too
            tell desk/Hedy of 6: ClaimedByOtherNotSent
        Hedy @50: !Claim
            post 8 “Grace was first and has this conversation.”
        Grace @60: !claim
            post 10 “Grace already has this conversation.”
        Hedy @70: !release
            post 12 “Hedy released this conversation from Grace.”
        Hedy @80: !release
            post 14 “Nobody has claimed this conversation.”
        (who has let go no longer edits what was sent, but may take it back)
        Grace @30 edited @90: Hello?
            tell desk/Grace of 5: UnclaimedNotSent
        Grace @30 edited @91: Hello!
            nothing
        Grace @30 edited @92: // Hello!
            show 5
        ---
        r2 Ada: Hello
        r4 Grace took a message back
    "#]]);
}

#[test]
fn a_held_reply_that_was_edited_does_not_go_out_as_it_was_first() {
    let mut play = Play::open(Mode::Claimed, 3_000);
    play.on(says(GRACE, 10, "!claim"));
    play.on(says(GRACE, 20, "Your password is wrong"));
    play.on(says(GRACE, 30, "!release"));
    play.on(edits(GRACE, 20, 40, "Your passphrase is wrong"));
    play.on(Event::HoldEnded(id(4)));
    play.check(expect![[r#"
        Grace @10: !claim
            post 3 “Grace has this conversation now.”
        Grace @20: Your password is wrong
            hold 4 until 4000, Grace is typing
        Grace @30: !release
            post 6 “Grace let this conversation go.”
        Grace @20 edited @40: Your passphrase is wrong
            hold 4 no more, nobody is typing, tell desk/Grace of 4: UnclaimedNotSent
        the hold of 4 ended
            nothing
        ---
        r2 Ada: Hello
    "#]]);
}

#[test]
fn in_explicit_mode_only_what_is_marked_goes_out() {
    let mut play = Play::open(Mode::Explicit, 0);
    play.on(says(GRACE, 10, "What do we tell him?"));
    play.on(says(GRACE, 20, "> Try again"));
    play.on(says_body(GRACE, 30, Body(vec![quote("Please"), paragraph("reload")])));
    play.on(says(GRACE, 40, ">// not this"));
    play.on(says_body(GRACE, 50, Body(vec![quote("🔒 nor this")])));
    play.on(says(GRACE, 60, ">"));
    play.on(edits(GRACE, 20, 70, ">Try again now"));
    play.on(edits(GRACE, 20, 71, "> Try again now"));
    play.on(edits(GRACE, 20, 72, "Try again now"));
    play.note("a note stays one");
    play.on(edits(GRACE, 10, 73, "> Hello"));
    play.check(expect![[r#"
        Grace @10: What do we tell him?
            nothing
        Grace @20: > Try again
            show 3
        Grace @30: Please⏎reload
            show 4
        Grace @40: >// not this
            nothing
        Grace @50: 🔒 nor this
            nothing
        Grace @60: >
            nothing
        Grace @20 edited @70: >Try again now
            show 3
        Grace @20 edited @71: > Try again now
            nothing
        Grace @20 edited @72: Try again now
            show 3
        (a note stays one)
        Grace @10 edited @73: > Hello
            nothing
        ---
        r2 Ada: Hello
        r6 Grace took a message back
        r4 Grace: Please
        reload
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
    let ours = vec![OwnPost { post: post(5), pieces: vec![piece(1, 0)] }];
    let snapshot = Snapshot { asked_at, root: 1, messages: there, ours };
    play.on(Event::ThreadRead(snapshot.clone()));
    play.on(deletes(50));
    play.note("a reading that was overtaken brings nothing back");
    play.on(Event::ThreadRead(snapshot));
    play.check(expect![[r#"
        Grace @10: stays
            show 2
        Grace @20: edited meanwhile
            show 3
        Grace @30: deleted meanwhile
            show 4
        Grace @40: // a note, deleted meanwhile
            nothing
        Grace @60: came after the reading began
            show 6
        read at 2000: [Grace @10: stays; Grace @20 edited @45: edited; Hedy @50: new; Hedy @55: !claim], ours [1.0]
            show 4, show 3, show 7, post 9 “Hedy has this conversation now.”
        deleted @50
            show 7
        (a reading that was overtaken brings nothing back)
        read at 2000: [Grace @10: stays; Grace @20 edited @45: edited; Hedy @50: new; Hedy @55: !claim], ours [1.0]
            nothing
        ---
        r2 Ada: Hello
        r3 Grace: stays
        r8 Grace: edited
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
    play.on(says(GRACE, 110, "deleted before its hold ended"));
    let asked_at = play.later(1_000);
    let ours = vec![OwnPost { post: post(105), pieces: vec![piece(3, 0)] }];
    play.on(Event::ThreadRead(Snapshot { asked_at, root: 100, messages: vec![], ours }));
    play.check(expect![[r#"
        Grace @10: said in the first thread
            hold 2 until 4000, Grace is typing
        the hold of 2 ended
            hold 2 no more, show 2, nobody is typing
        thread T1 vanished
            nothing
        Ada, b: Hello?
            open a thread, post 3, show 3
        thread T2 opened
            the thread is settled
        Grace @110: deleted before its hold ended
            hold 4 until 4000, Grace is typing
        read at 2000: [], ours [3.0]
            hold 4 no more, nobody is typing, 3 is settled, show 3
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
    let ours = vec![OwnPost { post: post(5), pieces: vec![piece(1, 0), piece(1, 1)] }];
    play.on(Event::ThreadRead(Snapshot { asked_at, root: 1, messages: vec![], ours }));
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
            1 is settled, show 1, post 2 “⚠️ Message 1 of the customer could not be posted here. The customer was told that it did not arrive.”
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
            open a thread, post 1
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
            nothing
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

#[test]
fn who_waits_for_an_answer_waits_on_when_it_is_taken_back() {
    let mut play = Play::open(Mode::Open, 3_000);
    play.standing();
    play.on(says(GRACE, 10, "Looking"));
    play.standing();
    play.on(deletes(10));
    play.standing();
    play.note("two are held: one is left");
    play.on(says(GRACE, 20, "Looking"));
    play.on(says(HEDY, 30, "Me too"));
    play.on(deletes(20));
    play.standing();
    play.note("shown: and a second one, taken back, changes nothing");
    play.on(Event::HoldEnded(id(4)));
    play.on(says(GRACE, 40, "And"));
    play.on(deletes(40));
    play.standing();
    play.note("what the customer writes while a reply is held has no answer");
    play.on(says(GRACE, 50, "Solved?"));
    play.on(wrote("b", "And now this"));
    play.on(Event::HoldEnded(id(6)));
    play.standing();
    play.check(expect![[r#"
        = AwaitingAgent { since: Moment(1000) }
        Grace @10: Looking
            hold 2 until 4000, Grace is typing
        = Answered { since: Moment(1000) }
        deleted @10
            hold 2 no more, nobody is typing
        = AwaitingAgent { since: Moment(1000) }
        (two are held: one is left)
        Grace @20: Looking
            hold 3 until 4000, Grace is typing
        Hedy @30: Me too
            hold 4 until 4000, Hedy is typing
        deleted @20
            hold 3 no more, Hedy is typing
        = Answered { since: Moment(1000) }
        (shown: and a second one, taken back, changes nothing)
        the hold of 4 ended
            hold 4 no more, show 4, nobody is typing
        Grace @40: And
            hold 5 until 4000, Grace is typing
        deleted @40
            hold 5 no more, nobody is typing
        = AwaitingAgent { since: Moment(1000) }
        (what the customer writes while a reply is held has no answer)
        Grace @50: Solved?
            hold 6 until 4000, Grace is typing
        Ada, b: And now this
            post 7, show 7
        the hold of 6 ended
            hold 6 no more, show 6, nobody is typing
        = AwaitingAgent { since: Moment(1000) }
        ---
        r2 Ada: Hello
        r3 Hedy: Me too
        r5 Grace: Solved?
        r4 Ada: And now this
    "#]]);
}

#[test]
fn a_body_beyond_the_bound_is_cut_once_and_compared_as_it_was_cut() {
    let mut play = Play::open(Mode::Open, 0);
    let long = "x".repeat(BODY_CHARS_MAX + 10);
    assert_eq!(play.step(says(GRACE, 10, &long)).len(), 1);
    assert_eq!(play.step(edits(GRACE, 10, 11, &long)), []);
    assert_eq!(play.step(edits(GRACE, 10, 12, &long.replace('x', "y"))).len(), 1);
    let kept = &play.message(2).body;
    assert_eq!(kept.text().chars().count(), BODY_CHARS_MAX + 1);
    assert_eq!(*kept, kept.clone().bounded());
}
