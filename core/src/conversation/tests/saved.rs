//! Saved replies: looked at alone, sent once, and just so.

use super::play::*;
use super::*;
use crate::verb::{Saved, Verb};

fn shows(key: &str, name: &str) -> Event {
    did(GRACE, key, Verb::Saved(Saved::Show { name: name.into(), given: vec![] }))
}

fn sends(name: &str, key: &str, preview: Option<i64>) -> Event {
    did(name, key, Verb::Saved(Saved::Send { preview }))
}

fn cancels(key: &str, preview: Option<i64>) -> Event {
    did(GRACE, key, Verb::Saved(Saved::Cancel { preview }))
}

#[test]
fn a_saved_reply_is_looked_at_and_then_sent_once() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 10, "!r hello"));
    play.note("what nobody can have seen is not sent");
    play.on(says(GRACE, 20, "!r send"));
    play.on(Event::PreviewShown { seq: 3 });
    play.note("somebody else has looked at nothing");
    play.on(says(HEDY, 25, "!r send"));
    play.on(says(GRACE, 30, "!r send"));
    play.on(says(GRACE, 40, "!r send"));
    play.on(sends(GRACE, "d1", Some(3)));
    play.on(cancels("d2", Some(3)));
    play.on(stands(7, 35));
    play.on(Event::CustomerReceived { rev: 3 });
    play.on(Event::CustomerSaw { rev: 3 });
    play.check(expect![[r#"
        Grace @10: !r hello
            show desk/Grace the preview 3 of hello “Hello there, this is Grace about #1042.”
        (what nobody can have seen is not sent)
        Grace @20: !r send
            tell desk/Grace of 4: Unseen { name: "hello" }
        the preview 3 is shown
            nothing
        (somebody else has looked at nothing)
        Hedy @25: !r send
            tell desk/Hedy of 5: Nothing
        Grace @30: !r send
            post 7, show 7, edit the card
        Grace @40: !r send
            tell desk/Grace of 8: Nothing
        Grace did, d1: Saved(Send { preview: Some(3) })
            tell desk/Grace of 9: SentAlready { name: "hello" }
        Grace did, d2: Saved(Cancel { preview: Some(3) })
            tell desk/Grace of 10: SentAlready { name: "hello" }
        pieces posted as p35: 7.0
            7 is settled
        Ada received r3
            mark 7 Received
        Ada saw r3
            mark 7 Seen
        ---
        r2 Ada: Hello
        r3 Grace: Hello there, this is Grace about #1042.
    "#]]);
}

#[test]
fn what_is_sent_is_what_was_shown() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(shows("d1", "late"));
    play.on(told("campaign_id", "cp100"));
    play.on(shows("d2", "late"));
    play.on(told("campaign_id", "cp200"));
    play.rules.replies = std::sync::Arc::default();
    play.note("who points at it has seen it");
    play.on(sends(GRACE, "d3", Some(4)));
    play.on(shows("d4", "late"));
    play.check(expect![[r#"
        Grace did, d1: Saved(Show { name: "late", given: [] })
            tell desk/Grace of 2: lacks ["campaign_id"] “Sorry! Campaign {campaign_id} is late.”
        the site told campaign_id=cp100
            edit the card
        Grace did, d2: Saved(Show { name: "late", given: [] })
            show desk/Grace the preview 4 of late “Sorry! Campaign cp100 is late.”
        the site told campaign_id=cp200
            edit the card
        (who points at it has seen it)
        Grace did, d3: Saved(Send { preview: Some(4) })
            post 6, show 6, edit the card
        Grace did, d4: Saved(Show { name: "late", given: [] })
            tell desk/Grace of 7: NoSuch { asked: "late", near: [] }
        ---
        r2 Ada: Hello
        r3 Grace: Sorry! Campaign cp100 is late.
    "#]]);
}

#[test]
fn one_preview_is_open_and_each_is_decided_once() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 10, "!r hello"));
    play.on(Event::PreviewShown { seq: 3 });
    play.note("what cannot be sent closes the one before, too");
    play.on(says(GRACE, 20, "!r late"));
    play.on(says(GRACE, 30, "!r send"));
    play.on(sends(GRACE, "d1", Some(3)));
    play.on(says(GRACE, 40, "!r late campaign_id=*cp_7* <@U1>"));
    play.on(Event::PreviewShown { seq: 8 });
    play.on(says(GRACE, 50, "!r cancel"));
    play.on(sends(GRACE, "d2", Some(8)));
    play.on(says(GRACE, 60, "!r cancel"));
    play.on(says(GRACE, 70, "!r lates"));
    play.on(says(GRACE, 80, "!r hello town=x"));
    play.on(says(GRACE, 90, "!r"));
    play.check(expect![[r#"
        Grace @10: !r hello
            show desk/Grace the preview 3 of hello “Hello there, this is Grace about #1042.”
        the preview 3 is shown
            nothing
        (what cannot be sent closes the one before, too)
        Grace @20: !r late
            tell desk/Grace of 4: lacks ["campaign_id"] “Sorry! Campaign {campaign_id} is late.”
        Grace @30: !r send
            tell desk/Grace of 5: Nothing
        Grace did, d1: Saved(Send { preview: Some(3) })
            tell desk/Grace of 6: Over { name: "hello" }
        Grace @40: !r late campaign_id=*cp_7* <@U1>
            show desk/Grace the preview 8 of late “Sorry! Campaign *cp_7* <@U1> is late.”
        the preview 8 is shown
            nothing
        Grace @50: !r cancel
            tell desk/Grace of 9: Cancelled { name: "late" }
        Grace did, d2: Saved(Send { preview: Some(8) })
            tell desk/Grace of 10: Over { name: "late" }
        Grace @60: !r cancel
            tell desk/Grace of 11: Nothing
        Grace @70: !r lates
            tell desk/Grace of 12: NoSuch { asked: "lates", near: ["late"] }
        Grace @80: !r hello town=x
            tell desk/Grace of 13: NoSuchPlace { name: "hello", asked: "town", places: ["customer.first_name", "agent.name", "number"] }
        Grace @90: !r
            tell desk/Grace of 14: List { list: [("hello", "Hello {customer.first_name}, this is {agent.name} about #{nu…"), ("late", "Sorry! Campaign {campaign_id} is late.")] }
        ---
        r2 Ada: Hello
    "#]]);
}

#[test]
fn a_saved_reply_is_held_and_can_be_taken_back() {
    let mut play = Play::open(Mode::Open, 3_000);
    play.on(shows("d1", "hello"));
    play.on(sends(GRACE, "d2", Some(3)));
    play.standing();
    play.on(says(GRACE, 40, "!r cancel"));
    play.standing();
    play.on(shows("d3", "hello"));
    play.on(sends(GRACE, "d4", Some(9)));
    play.on(Event::HoldEnded(id(11)));
    play.on(Event::CustomerSaw { rev: 3 });
    play.note("receipts wait for the post that they are shown under");
    play.on(stands(11, 60));
    play.on(stands(11, 61));
    play.note("too late");
    play.on(cancels("d5", None));
    play.on(vanished("T1"));
    play.check(expect![[r#"
        Grace did, d1: Saved(Show { name: "hello", given: [] })
            show desk/Grace the preview 3 of hello “Hello there, this is Grace about #1042.”
        Grace did, d2: Saved(Send { preview: Some(3) })
            post 5, hold 5 until 4000, Grace is typing, edit the card
        = Answered { since: Moment(1000) }
        Grace @40: !r cancel
            hold 5 no more, nobody is typing, post 7 “Grace took the saved reply back. The customer has not seen it.”, edit the card
        = AwaitingAgent { since: Moment(1000) }
        Grace did, d3: Saved(Show { name: "hello", given: [] })
            show desk/Grace the preview 9 of hello “Hello there, this is Grace about #1042.”
        Grace did, d4: Saved(Send { preview: Some(9) })
            post 11, hold 11 until 4000, Grace is typing, edit the card
        the hold of 11 ended
            hold 11 no more, show 11, nobody is typing
        Ada saw r3
            nothing
        (receipts wait for the post that they are shown under)
        pieces posted as p60: 11.0
            mark 11 Received, mark 11 Seen, 11 is settled
        pieces posted as p61: 11.0
            nothing
        (too late)
        Grace did, d5: Saved(Cancel { preview: None })
            tell desk/Grace of 12: Nothing
        thread T1 vanished
            the card is settled, remember T1, open a thread
        ---
        r2 Ada: Hello
        r3 Grace: Hello there, this is Grace about #1042.
    "#]]);
}

#[test]
fn in_each_mode_it_goes_out_as_a_reply_does() {
    let mut play = Play::open(Mode::Claimed, 0);
    play.on(shows("d1", "hello"));
    play.on(sends(GRACE, "d2", Some(3)));
    play.on(did(HEDY, "d3", Verb::Claim));
    play.on(sends(GRACE, "d4", Some(3)));
    play.on(did(GRACE, "d5", Verb::Assign(crate::verb::Who::Me)));
    play.on(sends(GRACE, "d6", Some(3)));
    play.rules = rules(Mode::Explicit, 0);
    play.note("to press is as explicit as can be");
    play.on(shows("d7", "hello"));
    play.on(sends(GRACE, "d8", Some(13)));
    play.check(expect![[r#"
        Grace did, d1: Saved(Show { name: "hello", given: [] })
            show desk/Grace the preview 3 of hello “Hello there, this is Grace about #1042.”
        Grace did, d2: Saved(Send { preview: Some(3) })
            tell desk/Grace of 4: Unclaimed
        Hedy did, d3: Claim
            post 6 “Hedy has this conversation now.”, edit the card
        Grace did, d4: Saved(Send { preview: Some(3) })
            tell desk/Grace of 7: OfOther { holder: "Hedy" }
        Grace did, d5: Assign(Me)
            post 9 “Grace took this conversation over from Hedy.”, edit the card
        Grace did, d6: Saved(Send { preview: Some(3) })
            post 11, show 11, edit the card
        (to press is as explicit as can be)
        Grace did, d7: Saved(Show { name: "hello", given: [] })
            show desk/Grace the preview 13 of hello “Hello there, this is Grace about #1042.”
        Grace did, d8: Saved(Send { preview: Some(13) })
            post 15, show 15
        ---
        r2 Ada: Hello
        r3 Grace: Hello there, this is Grace about #1042.
        r4 Grace: Hello there, this is Grace about #1042.
    "#]]);
}

#[test]
fn what_was_typed_while_nobody_listened_is_shown_and_not_sent() {
    let mut play = Play::open(Mode::Open, 0);
    play.step(told("campaign_id", "cp100"));
    let messages = vec![post_of(GRACE, 10, None, "!r late"), post_of(GRACE, 20, None, "!r send")];
    let thread = ThreadKey("T1".into());
    play.on(Event::ThreadRead(Snapshot { thread, asked_at: Moment(9_000), root: 1, messages, ours: vec![] }));
    play.on(Event::PreviewShown { seq: 3 });
    play.on(says(GRACE, 30, "!r send"));
    play.note("its post is lost with the thread, and made again in the next one");
    play.on(vanished("T1"));
    play.on(opened("T2"));
    play.on(stands(6, 90));
    play.on(refused(6));
    play.check(expect![[r#"
        read at 9000: [Grace @10: !r late; Grace @20: !r send], ours []
            show desk/Grace the preview 3 of late “Sorry! Campaign cp100 is late.”, tell desk/Grace of 4: Unseen { name: "late" }
        the preview 3 is shown
            nothing
        Grace @30: !r send
            post 6, show 6, edit the card
        (its post is lost with the thread, and made again in the next one)
        thread T1 vanished
            the card is settled, remember T1, open a thread
        thread T2 opened
            the thread is settled
        pieces posted as p90: 6.0
            6 is settled
        6 refused
            nothing
        ---
        r2 Ada: Hello
        r3 Grace: Sorry! Campaign cp100 is late.
    "#]]);
}
