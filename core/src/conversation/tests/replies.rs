//! What becomes of what agents write: held, edited, deleted, made a note, late.

use super::play::*;
use super::*;
use crate::body::{BODY_CHARS_MAX, Span};

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
            hold 2 until 4000, Grace is typing, edit the card
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
            hold 2 until 4000, Grace is typing, edit the card
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
            show 2, edit the card
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
            tell desk/Grace of 2: EditedInVain
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
            show 2, edit the card
        Grace @10: original
            nothing
        (the original of this one was a note: it should never have gone out)
        Grace @20 edited @21: public
            show 3
        Grace @20: // secret
            show 3, tell desk/Grace of 3: EditedInVain
        ---
        r2 Ada: Hello
        r3 Grace: edited
        r5 Grace took a message back
    "#]]);
}

#[test]
fn a_reply_edited_into_a_verb_is_taken_back_and_nothing_is_done() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 10, "It is done"));
    play.on(edits(GRACE, 10, 11, "!resolve"));
    play.on(edits(GRACE, 10, 12, "It is done"));
    play.check(expect![[r#"
        Grace @10: It is done
            show 2, edit the card
        Grace @10 edited @11: !resolve
            show 2, tell desk/Grace of 2: VerbByEdit
        Grace @10 edited @12: It is done
            tell desk/Grace of 2: EditedInVain
        ---
        r2 Ada: Hello
        r4 Grace took a message back
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
    play.on(says(GRACE, 25, ":lock: He pays late"));
    play.rules.hold_millis = 3_000;
    play.on(says(GRACE, 30, "Too early"));
    play.on(edits(GRACE, 30, 31, "// too early"));
    play.on(Event::HoldEnded(id(5)));
    play.check(expect![[r#"
        Grace @10: The password is hunter2
            show 2, edit the card
        Grace @10 edited @11: // The password is hunter2
            show 2
        Grace @10 edited @12: Sorry
            tell desk/Grace of 2: EditedInVain
        Grace @20: 🔒 Is he a customer at all?
            nothing
        Grace @20 edited @21: Is he a customer at all?
            tell desk/Grace of 3: EditedInVain
        deleted @20
            nothing
        Grace @25: :lock: He pays late
            nothing
        Grace @30: Too early
            hold 5 until 4000, Grace is typing
        Grace @30 edited @31: // too early
            hold 5 no more, nobody is typing, edit the card
        the hold of 5 ended
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
            show 4, edit the card
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
            show 2, edit the card
        Ada, b: Thanks
            post 3, show 3, edit the card
        Grace @50: fifth
            show 4, edit the card
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
fn who_waits_for_an_answer_waits_on_when_it_is_taken_back() {
    let mut play = Play::open(Mode::Open, 3_000);
    play.standing();
    play.on(says(GRACE, 10, "Looking"));
    play.standing();
    play.on(deletes(10));
    play.standing();
    play.note("two are held: one is left");
    play.later(1_000);
    play.on(says(GRACE, 20, "Looking"));
    play.later(1_000);
    play.on(says(HEDY, 30, "Me too"));
    play.on(deletes(20));
    play.standing();
    play.note("shown: and a second one, taken back, changes nothing");
    play.later(3_000);
    play.on(Event::HoldEnded(id(4)));
    play.on(says(GRACE, 40, "And"));
    play.on(deletes(40));
    play.standing();
    play.note("what the customer writes while a reply is held has no answer");
    play.later(1_000);
    play.on(says(GRACE, 50, "Solved?"));
    play.later(1_000);
    play.on(wrote("b", "And now this"));
    play.on(Event::HoldEnded(id(6)));
    play.standing();
    play.check(expect![[r#"
        = AwaitingAgent { since: Moment(1000) }
        Grace @10: Looking
            hold 2 until 4000, Grace is typing, edit the card
        = Answered { since: Moment(1000) }
        deleted @10
            hold 2 no more, nobody is typing, edit the card
        = AwaitingAgent { since: Moment(1000) }
        (two are held: one is left)
        Grace @20: Looking
            hold 3 until 5000, Grace is typing, edit the card
        Hedy @30: Me too
            hold 4 until 6000, Hedy is typing
        deleted @20
            hold 3 no more, Hedy is typing
        = Answered { since: Moment(3000) }
        (shown: and a second one, taken back, changes nothing)
        the hold of 4 ended
            hold 4 no more, show 4, nobody is typing
        Grace @40: And
            hold 5 until 9000, Grace is typing
        deleted @40
            hold 5 no more, nobody is typing
        = Answered { since: Moment(3000) }
        (what the customer writes while a reply is held has no answer)
        Grace @50: Solved?
            hold 6 until 10000, Grace is typing
        Ada, b: And now this
            post 7, show 7, edit the card
        the hold of 6 ended
            hold 6 no more, show 6, nobody is typing
        = AwaitingAgent { since: Moment(8000) }
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
    assert_eq!(play.effects_of(says(GRACE, 10, &long)), "show 2, edit the card");
    assert_eq!(play.step(edits(GRACE, 10, 11, &long)), []);
    assert_eq!(play.step(edits(GRACE, 10, 12, &long.replace('x', "y"))).len(), 1);
    let kept = &play.message(2).body;
    assert_eq!(kept.text().chars().count(), BODY_CHARS_MAX + 1);
    assert_eq!(*kept, kept.clone().bounded());
}
