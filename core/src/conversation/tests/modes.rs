//! Whose messages go out: strangers, and the modes of a desk.

use super::play::*;
use super::*;

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
            post 4 “Grace has this conversation now.”, edit the card
        Grace @20: !claim
            nothing
        Grace @30: Hello!
            show 5, edit the card
        Hedy @40: Me too
            tell desk/Hedy of 6: ClaimedByOtherNotSent { holder: "Grace" }
        Hedy @50: !Claim
            tell desk/Hedy of 7: OtherWasFirst { holder: "Grace" }
        Grace @60: !claim
            tell desk/Grace of 8: YoursAlready
        Hedy @70: !release
            post 10 “Hedy released this conversation from Grace.”, edit the card
        Hedy @80: !release
            tell desk/Hedy of 11: NobodyHasIt
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
            post 3 “Grace has this conversation now.”, edit the card
        Grace @20: Your password is wrong
            hold 4 until 4000, Grace is typing, edit the card
        Grace @30: !release
            post 6 “Grace let this conversation go.”, edit the card
        Grace @20 edited @40: Your passphrase is wrong
            hold 4 no more, nobody is typing, tell desk/Grace of 4: UnclaimedNotSent, edit the card
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
            show 3, edit the card
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
            tell desk/Grace of 2: EditedInVain
        ---
        r2 Ada: Hello
        r6 Grace took a message back
        r4 Grace: Please
        reload
    "#]]);
}
