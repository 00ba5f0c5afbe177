//! What of ours turned up late, and what people write where the conversation is not any more.

use super::play::*;
use super::*;

fn lost(sent: Sent, at: i64) -> Event {
    Event::OutcomeLost { sent, at: Moment(at) }
}

fn own(stamp: i64, seqs: &[i64]) -> OwnPost {
    OwnPost { post: post(stamp), pieces: seqs.iter().map(|seq| piece(*seq, 0)).collect(), files: vec![] }
}

fn read(thread: &str, messages: Vec<DeskMessage>, ours: Vec<OwnPost>) -> Event {
    Event::ThreadRead(Snapshot { thread: ThreadKey(thread.into()), asked_at: Moment(0), root: 1, messages, ours })
}

#[test]
fn a_post_that_turned_up_late_is_taken_back_and_looked_for_three_times() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(wrote("b", "One"));
    play.on(lost(Sent::Posts, 1_000));
    play.on(lost(Sent::Posts, 900));
    play.note("not there: sent again");
    play.on(read("T1", vec![], vec![own(5, &[1])]));
    play.on(posted(&[(2, 0)]));
    play.later(10_000);
    play.on(read("T1", vec![], vec![own(5, &[1]), own(20, &[2])]));
    play.later(50_000);
    play.on(read("T1", vec![], vec![own(5, &[1]), own(20, &[2]), own(30, &[2])]));
    play.note("once more, and deleted meanwhile");
    play.on(read("T1", vec![], vec![own(5, &[1]), own(20, &[2])]));
    play.later(240_000);
    play.on(read("T1", vec![], vec![own(5, &[1]), own(20, &[2])]));
    play.check(expect![[r#"
        Ada, b: One
            post 2, show 2
        nobody heard what became of Posts sent at 1000
            look again at 11000
        nobody heard what became of Posts sent at 900
            nothing
        (not there: sent again)
        read at 0: [], ours [1.0]
            nothing
        pieces posted: 2.0
            2 is settled, show 2
        read at 0: [], ours [1.0; 2.0]
            look again at 61000
        read at 0: [], ours [1.0; 2.0; 2.0]
            take back @30, look again at 301000
        (once more, and deleted meanwhile)
        read at 0: [], ours [1.0; 2.0]
            nothing
        read at 0: [], ours [1.0; 2.0]
            look no more
        ---
        r2 Ada: Hello
        r4 Ada: One
    "#]]);
}

#[test]
fn whoever_is_never_heard_again_is_looked_for_from_the_last_time_on() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(lost(Sent::Posts, 1_000));
    play.later(9_000);
    play.on(lost(Sent::Posts, 10_000));
    play.later(2_000);
    play.note("too early for the look that is due now");
    play.on(read("T1", vec![], vec![]));
    play.later(1_000_000);
    play.note("the machine slept: one look is as good as three");
    play.on(read("T1", vec![], vec![]));
    play.on(lost(Sent::Posts, 2_000_000));
    play.note("nothing turns up in a thread that is gone");
    play.on(vanished("T1"));
    play.check(expect![[r#"
        nobody heard what became of Posts sent at 1000
            look again at 11000
        nobody heard what became of Posts sent at 10000
            look again at 20000
        (too early for the look that is due now)
        read at 0: [], ours []
            nothing
        (the machine slept: one look is as good as three)
        read at 0: [], ours []
            look no more
        nobody heard what became of Posts sent at 2000000
            look again at 2010000
        (nothing turns up in a thread that is gone)
        thread T1 vanished
            remember T1, look no more
        ---
        r2 Ada: Hello
    "#]]);
}

#[test]
fn of_what_stands_twice_the_later_goes_unless_only_it_has_everything() {
    let cases: [(&str, Vec<OwnPost>); 6] = [
        ("once", vec![own(10, &[1]), own(20, &[2])]),
        ("twice", vec![own(10, &[1]), own(20, &[2]), own(30, &[1])]),
        ("three times", vec![own(10, &[1]), own(20, &[1]), own(30, &[1])]),
        ("the second time with more", vec![own(10, &[1]), own(20, &[1, 2])]),
        ("together, after both alone", vec![own(10, &[1]), own(20, &[2]), own(30, &[1, 2])]),
        ("nothing that we know", vec![own(10, &[]), own(20, &[]), own(30, &[9]), own(40, &[9])]),
    ];
    let mut table = String::new();
    for (name, ours) in cases {
        let mut play = Play::open(Mode::Open, 0);
        play.step(wrote("b", "More"));
        play.step(posted(&[(2, 0)]));
        table += &format!("{name}: {}\n", play.effects_of(read("T1", vec![], ours)));
    }
    expect![[r#"
        once: nothing
        twice: take back @30
        three times: take back @30, take back @20
        the second time with more: take back @10
        together, after both alone: take back @30
        nothing that we know: take back @40
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_second_card_goes_and_one_under_which_people_wrote_shows_the_way() {
    let mut play = Play::new();
    play.on(wrote("a", "Hello"));
    play.on(lost(Sent::Card, 1_000));
    play.note("not found: opened again");
    play.on(Event::CardsFound(vec![]));
    play.on(opened("T2"));
    play.on(posted(&[(1, 0)]));
    play.later(10_000);
    play.note("reading the thread says nothing of other cards");
    play.on(read("T2", vec![], vec![own(21, &[1])]));
    play.on(Event::CardsFound(vec![found_card("T2", 20, vec![]), found_card("T3", 30, vec![])]));
    play.later(50_000);
    let under =
        vec![post_of(GRACE, 45, None, "Looking"), post_of(HEDY, 46, None, "// hm"), post_of(GRACE, 47, None, "!claim")];
    play.on(Event::CardsFound(vec![found_card("T4", 40, under), found_card("T2", 20, vec![])]));
    play.on(in_thread("T4", post_of(GRACE, 48, None, "And?")));
    play.on(in_thread("T2", post_of(GRACE, 49, None, "Here I am")));
    play.later(240_000);
    play.on(Event::CardsFound(vec![found_card("T2", 20, vec![])]));
    play.check(expect![[r#"
        Ada, a: Hello
            open a thread, post 1, show 1
        nobody heard what became of Card sent at 1000
            look again at 11000
        (not found: opened again)
        cards found: 
            nothing
        thread T2 opened
            the thread is settled
        pieces posted: 1.0
            1 is settled, show 1
        (reading the thread says nothing of other cards)
        T2 read at 0: [], ours [1.0]
            nothing
        cards found: T2 @20 [], T3 @30 []
            remember T3, take back @30, look again at 61000
        cards found: T4 @40 [Grace @45: Looking; Hedy @46: // hm; Grace @47: !claim], T2 @20 []
            remember T4, point the way from @40, show desk/Grace the way from T4 for 4, show desk/Grace the way from T4 for 6, look again at 301000
        in T4, Grace @48: And?
            show desk/Grace the way from T4 for 7
        in T2, Grace @49: Here I am
            hold 8 until 64000, Grace is typing, edit the card
        cards found: T2 @20 []
            look no more
        ---
        r2 Ada: Hello
    "#]]);
}

#[test]
fn of_several_cards_the_first_is_the_conversations() {
    let mut play = Play::new();
    play.on(wrote("a", "Hello"));
    play.on(lost(Sent::Card, 1_000));
    play.on(Event::CardsFound(vec![found_card("T3", 30, vec![]), found_card("T2", 20, vec![])]));
    play.note("the second one could not be deleted, and the first one was: it still is not the thread");
    play.on(vanished("T2"));
    play.on(Event::CardsFound(vec![found_card("T3", 30, vec![])]));
    play.check(expect![[r#"
        Ada, a: Hello
            open a thread, post 1, show 1
        nobody heard what became of Card sent at 1000
            look again at 11000
        cards found: T3 @30 [], T2 @20 []
            the thread is settled, remember T3, take back @30
        (the second one could not be deleted, and the first one was: it still is not the thread)
        thread T2 vanished
            remember T2, open a thread
        cards found: T3 @30 []
            nothing
        ---
        r1 Ada: Hello
    "#]]);
}

#[test]
fn who_writes_under_a_deleted_card_is_shown_where_the_conversation_goes_on() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 10, "Looking"));
    play.on(vanished("T1"));
    play.note("there is no other thread yet: he gets one");
    play.on(says(GRACE, 20, "Found it"));
    play.on(says(HEDY, 21, "// what a mess"));
    play.on(stranger(22, Some("U-eve"), StrangerKind::OtherWorkspace, "Hi"));
    play.on(edits(GRACE, 20, 23, "Found it!"));
    play.note("what was said while it was the thread can still be changed there");
    play.on(edits(GRACE, 10, 24, "Looking into it"));
    play.on(opened("T2"));
    play.on(read(
        "T1",
        vec![post_of(GRACE, 10, Some(24), "Looking into it"), post_of(HEDY, 30, None, "Hello?")],
        vec![],
    ));
    play.on(in_thread("T2", post_of(GRACE, 40, None, "Found it")));
    play.on(deletes(10));
    play.check(expect![[r#"
        Grace @10: Looking
            show 2, edit the card
        thread T1 vanished
            the card is settled, remember T1
        (there is no other thread yet: he gets one)
        Grace @20: Found it
            open a thread, show desk/Grace the way from T1 for 3
        Hedy @21: // what a mess
            nothing
        OtherWorkspace U-eve @22: Hi
            nothing
        Grace @20 edited @23: Found it!
            nothing
        (what was said while it was the thread can still be changed there)
        Grace @10 edited @24: Looking into it
            show 2
        thread T2 opened
            the thread is settled
        read at 0: [Grace @10 edited @24: Looking into it; Hedy @30: Hello?], ours []
            show desk/Hedy the way from T1 for 6
        in T2, Grace @40: Found it
            show 7
        deleted @10
            show 2
        ---
        r2 Ada: Hello
        r6 Grace took a message back
        r5 Grace: Found it
    "#]]);
}
