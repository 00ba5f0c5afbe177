//! What goes by email: when, how often, and what becomes of it.

use super::play::*;
use super::*;
use crate::desk::MailRules;
use crate::verb::Verb;

const MINUTE: i64 = 60_000;
/// 2026-01-01T00:00Z: the team is there day and night.
const NEW_YEAR: Moment = Moment(1_767_225_600_000);

/// A conversation whose customer can be written to after five minutes, and has said hello.
fn by_email() -> Play {
    let mut play = Play::new();
    play.rules = DeskRules { mail: Some(MailRules { answer_after_millis: 5 * MINUTE }), ..rules(Mode::Open, 0) };
    play.now = NEW_YEAR;
    play.step(has_address("ada@example.com"));
    play.step(wrote("a", "Hello"));
    play.step(opened("T1"));
    play.step(posted(&[(1, 0)]));
    play
}

fn sent(seq: i64, upto: i64) -> Event {
    Event::LetterSent { seq, upto }
}

fn bounced(seq: i64) -> Event {
    Event::LetterBounced { seq, why: "5.1.1 no such user".into() }
}

#[test]
fn what_is_not_seen_goes_in_one_letter_after_a_while_of_quiet() {
    let mut play = by_email();
    play.on(says(GRACE, 90, "Which browser?"));
    play.later(4 * MINUTE);
    play.on(Event::LetterDue);
    play.on(Event::RepliesDelayed);
    play.on(says(GRACE, 91, "And which version?"));
    play.later(4 * MINUTE);
    play.on(Event::LetterDue);
    play.later(MINUTE);
    play.on(Event::RepliesDelayed);
    play.on(Event::LetterDue);
    play.on(Event::LetterDue);
    play.note("another answer while it is under way waits for the next letter");
    play.on(says(GRACE, 92, "Just tell me."));
    play.later(20 * MINUTE);
    play.on(Event::LetterDue);
    play.on(sent(4, 4));
    play.on(sent(4, 4));
    play.later(5 * MINUTE);
    play.on(Event::LetterDue);
    play.on(sent(6, 5));
    play.later(MINUTE);
    play.on(Event::RepliesDelayed);
    play.on(Event::LetterDue);
    play.note("back at the page");
    play.on(Event::CustomerSaw { rev: 5 });
    play.check(expect![[r#"
        Grace @90: Which browser?
            show 2, edit the card
        a letter is due
            nothing
        Ada is missed
            mark 2 Waiting
        Grace @91: And which version?
            show 3
        a letter is due
            nothing
        Ada is missed
            mark 3 Waiting
        a letter is due
            send ada@example.com the letter 4 with r1 to r4
        a letter is due
            nothing
        (another answer while it is under way waits for the next letter)
        Grace @92: Just tell me.
            show 5
        a letter is due
            nothing
        the letter 4 is sent, up to r4
            the letter 4 is settled, mark 2 Emailed, mark 3 Emailed, 2 waits no more, 3 waits no more, show how it stands
        the letter 4 is sent, up to r4
            nothing
        a letter is due
            send ada@example.com the letter 6 with r5 to r5
        the letter 6 is sent, up to r5
            the letter 6 is settled, mark 5 Emailed, show how it stands
        Ada is missed
            nothing
        a letter is due
            nothing
        (back at the page)
        Ada saw r5
            mark 2 Received, mark 3 Received, mark 5 Received, mark 2 Seen, mark 3 Seen, mark 5 Seen
        ---
        r2 Ada: Hello
        r3 Grace: Which browser?
        r4 Grace: And which version?
        r5 Grace: Just tell me.
    "#]]);
}

#[test]
fn what_was_seen_or_taken_back_meanwhile_does_not_go() {
    let mut play = by_email();
    play.on(says(GRACE, 90, "Which browser?"));
    play.later(MINUTE);
    play.on(Event::CustomerSaw { rev: 3 });
    play.later(5 * MINUTE);
    play.on(Event::LetterDue);
    play.on(says(GRACE, 91, "And which version?"));
    play.on(deletes(91));
    play.later(5 * MINUTE);
    play.on(Event::LetterDue);
    play.note("taken back while the letter is under way");
    play.on(says(GRACE, 92, "Hm."));
    play.later(5 * MINUTE);
    play.on(Event::LetterDue);
    play.on(deletes(92));
    play.on(Event::LetterEmpty { seq: 5 });
    play.on(Event::LetterEmpty { seq: 5 });
    play.later(5 * MINUTE);
    play.on(Event::LetterDue);
    play.check(expect![[r#"
        Grace @90: Which browser?
            show 2, edit the card
        Ada saw r3
            mark 2 Received, mark 2 Seen
        a letter is due
            nothing
        Grace @91: And which version?
            show 3
        deleted @91
            show 3
        a letter is due
            nothing
        (taken back while the letter is under way)
        Grace @92: Hm.
            show 4
        a letter is due
            send ada@example.com the letter 5 with r4 to r6
        deleted @92
            show 4
        the letter 5 has nothing to say
            the letter 5 is settled
        the letter 5 has nothing to say
            nothing
        a letter is due
            nothing
        ---
        r2 Ada: Hello
        r3 Grace: Which browser?
        r5 Grace took a message back
        r7 Grace took a message back
    "#]]);
}

#[test]
fn a_letter_waits_for_who_goes_on_writing_but_not_for_ever() {
    let mut play = by_email();
    for stamp in 90..97 {
        play.step(says(GRACE, stamp, "More"));
        play.later(4 * MINUTE);
        play.on(Event::LetterDue);
    }
    play.check(expect![[r#"
        a letter is due
            nothing
        a letter is due
            nothing
        a letter is due
            nothing
        a letter is due
            nothing
        a letter is due
            send ada@example.com the letter 7 with r1 to r7
        a letter is due
            nothing
        a letter is due
            nothing
        ---
        r2 Ada: Hello
        r3 Grace: More
        r4 Grace: More
        r5 Grace: More
        r6 Grace: More
        r7 Grace: More
        r8 Grace: More
        r9 Grace: More
    "#]]);
}

#[test]
fn what_never_arrives_is_told_and_tried_again_to_the_address_he_has_then() {
    let mut play = by_email();
    play.on(says(GRACE, 90, "Which browser?"));
    play.later(5 * MINUTE);
    play.on(Event::LetterDue);
    play.on(Event::LetterRefused { seq: 3, why: "550 no such user".into() });
    play.on(Event::LetterRefused { seq: 3, why: "550 no such user".into() });
    play.note("nothing goes there any more");
    play.on(says(GRACE, 91, "Hello?"));
    play.later(5 * MINUTE);
    play.on(Event::LetterDue);
    play.note("tried again, and comes back");
    play.on(says(GRACE, 92, "!retry"));
    play.on(sent(3, 3));
    play.on(bounced(3));
    play.on(bounced(3));
    play.note("another address");
    play.on(has_address("lovelace@example.com"));
    play.later(5 * MINUTE);
    play.on(Event::LetterDue);
    play.on(did(GRACE, "d1", Verb::Retry(Some(3))));
    play.on(sent(9, 4));
    play.on(did(GRACE, "d2", Verb::Retry(Some(3))));
    play.check(expect![[r#"
        Grace @90: Which browser?
            show 2, edit the card
        a letter is due
            send ada@example.com the letter 3 with r1 to r3
        the letter 3 is refused: 550 no such user
            the letter 3 is settled, post 4 “⚠️ A letter to ada@example.com could not be sent (550 no such user). Nothing more goes to this address before it is tried again or the customer gives another one.”
        the letter 3 is refused: 550 no such user
            nothing
        (nothing goes there any more)
        Grace @91: Hello?
            show 5
        a letter is due
            nothing
        (tried again, and comes back)
        Grace @92: !retry
            send ada@example.com the letter 3 with r1 to r4, post 7 “Grace tries again what could not be delivered.”
        the letter 3 is sent, up to r3
            the letter 3 is settled, mark 2 Emailed, show how it stands
        the letter 3 came back: 5.1.1 no such user
            show how it stands, the letter 3 is settled, post 8 “⚠️ A letter to ada@example.com came back (5.1.1 no such user). The customer has not read it there. Nothing more goes to this address before it is tried again or the customer gives another one.”
        the letter 3 came back: 5.1.1 no such user
            nothing
        (another address)
        the site told
            edit the card
        a letter is due
            send lovelace@example.com the letter 9 with r1 to r4
        Grace did, d1: Retry(Some(3))
            tell desk/Grace of 10: NothingToRetry
        the letter 9 is sent, up to r4
            the letter 9 is settled, mark 2 Emailed, mark 5 Emailed, show how it stands
        Grace did, d2: Retry(Some(3))
            tell desk/Grace of 11: NothingToRetry
        ---
        r2 Ada: Hello
        r3 Grace: Which browser?
        r4 Grace: Hello?
    "#]]);
}

#[test]
fn a_ticket_is_confirmed_once_as_soon_as_there_is_an_address() {
    let mut play = by_email();
    play.on(did(GRACE, "d1", Verb::Ticket { priority: None, within: None }));
    play.on(did(GRACE, "d2", Verb::Ticket { priority: Some(crate::ticket::Priority::High), within: None }));
    play.on(sent(4, 0));
    play.on(bounced(4));
    play.note("another one, whose address comes later");
    let rules = play.rules.clone();
    let mut later = Play::new();
    later.rules = rules;
    later.now = NEW_YEAR;
    later.step(wrote("a", "Hello"));
    later.step(opened("T1"));
    later.on(did(GRACE, "d1", Verb::Ticket { priority: None, within: None }));
    later.on(says(GRACE, 90, "Which browser?"));
    later.later(5 * MINUTE);
    later.on(Event::LetterDue);
    later.on(wrote("b", "Firefox"));
    later.on(has_address("ada@example.com"));
    later.later(5 * MINUTE);
    later.on(Event::LetterDue);
    play.check(expect![[r#"
        Grace did, d1: Ticket { priority: None, within: None }
            post 3 “Grace made this a ticket. The customer reads that there is an answer by Fri 2 Jan 00:00 (UTC).”, send ada@example.com the letter 4 about the ticket, edit the card, show how it stands
        Grace did, d2: Ticket { priority: Some(High), within: None }
            post 6 “Grace changed the ticket, high priority. The customer reads that there is an answer by Fri 2 Jan 00:00 (UTC).”, edit the card
        the letter 4 is sent, up to r0
            the letter 4 is settled
        the letter 4 came back: 5.1.1 no such user
            the letter 4 is settled, post 7 “⚠️ A letter to ada@example.com came back (5.1.1 no such user). The customer has not read it there. Nothing more goes to this address before it is tried again or the customer gives another one.”
        (another one, whose address comes later)
        ---
        r2 Ada: Hello
    "#]]);
    later.check(expect![[r#"
        Grace did, d1: Ticket { priority: None, within: None }
            post 3 “Grace made this a ticket. The customer reads that there is an answer by Fri 2 Jan 00:00 (UTC).”, edit the card, show how it stands
        Grace @90: Which browser?
            show 4, edit the card, show how it stands
        a letter is due
            nothing
        Ada, b: Firefox
            post 5, show 5, edit the card, show how it stands
        the site told
            edit the card, send ada@example.com the letter 6 about the ticket
        a letter is due
            send ada@example.com the letter 7 with r1 to r3
        ---
        r1 Ada: Hello
        r2 Grace: Which browser?
        r3 Ada: Firefox
    "#]]);
}

#[test]
fn where_nothing_goes_by_email_nothing_changes() {
    let mut play = by_email();
    play.rules.mail = None;
    play.on(says(GRACE, 90, "Which browser?"));
    play.on(did(GRACE, "d1", Verb::Ticket { priority: None, within: None }));
    play.later(50 * MINUTE);
    play.on(Event::LetterDue);
    play.check(expect![[r#"
        Grace @90: Which browser?
            show 2, edit the card
        Grace did, d1: Ticket { priority: None, within: None }
            post 4 “Grace made this a ticket. The customer reads that there is an answer by Fri 2 Jan 00:00 (UTC).”, edit the card, show how it stands
        a letter is due
            nothing
        ---
        r2 Ada: Hello
        r3 Grace: Which browser?
    "#]]);
}

#[test]
fn what_he_writes_by_email_is_his_word_and_a_ticket() {
    let mut play = by_email();
    play.on(says(GRACE, 90, "Which browser?"));
    play.later(5 * MINUTE);
    play.on(Event::LetterDue);
    play.on(sent(3, 3));
    play.later(60 * MINUTE);
    play.on(mailed("m1", "Ada@Example.com", "Firefox"));
    play.on(mailed("m1", "Ada@Example.com", "Firefox"));
    play.on(Event::AutomaticLetter { key: "m2".into(), subject: "Away".into(), what: "an automatic reply".into() });
    play.on(Event::AutomaticLetter { key: "m2".into(), subject: "Away".into(), what: "an automatic reply".into() });
    play.note("from somebody else, after it was resolved, with a file that is not taken");
    play.on(did(GRACE, "d1", Verb::Resolve { silently: true }));
    let letter = mailed("m3", "boss@example.com", "And now?");
    let Event::CustomerMailed { key, body, files, from, id, .. } = letter else { panic!("a letter") };
    let not_taken = vec![("run.exe".into(), FileTrouble::Unreadable)];
    let subject = Some("Still broken".into());
    play.on(Event::CustomerMailed { key, body, files, not_taken, from, subject, id });
    play.standing();
    play.check(expect![[r#"
        Grace @90: Which browser?
            show 2, edit the card
        a letter is due
            send ada@example.com the letter 3 with r1 to r3
        the letter 3 is sent, up to r3
            the letter 3 is settled, mark 2 Emailed, show how it stands
        a letter m1 from Ada@Example.com, -: Firefox
            mark 2 Received, mark 2 Seen, post 4, show 4, send ada@example.com the letter 5 about the ticket, edit the card, show how it stands
        a letter m1 from Ada@Example.com, -: Firefox
            nothing
        a letter m2 by itself, Away: an automatic reply
            post 6 “✉️ A letter with the subject “Away” came: an automatic reply.”
        a letter m2 by itself, Away: an automatic reply
            nothing
        (from somebody else, after it was resolved, with a file that is not taken)
        Grace did, d1: Resolve { silently: true }
            show how it stands, post 8 “Grace resolved this conversation.”, edit the card
        a letter m3 from boss@example.com, Still broken: And now? [run.exe not taken]
            post 9, show 9, show how it stands, post 10 “The customer wrote again, so this resolved conversation is open again.”, post 11 “⚠️ A file of the customer’s letter, “run.exe”, was not taken: it is empty, or a picture that cannot be read. The letter is kept whole.”, edit the card
        = AwaitingAgent { since: Moment(1767229500000) }
        ---
        r2 Ada: Hello
        r3 Grace: Which browser?
        r4 Ada: Firefox
        r5 Ada: And now?
    "#]]);
    let letter = play.dialogue.messages.iter().find(|message| message.key == "m3").unwrap();
    expect![[r#"[Text("✉\u{fe0f} By email from boss@example.com, which is not the customer’s address: Still broken\nAnd now?")]"#]].assert_eq(&format!("{:?}", letter.parts(4_000)));
}
