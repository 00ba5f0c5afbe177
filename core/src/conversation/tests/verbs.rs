//! What agents do to a conversation, by words in the thread and by deeds.

use super::play::*;
use super::*;
use crate::verb::{Verb, Who};
use std::fmt::Write;

/// What a conversation has come to, by name.
fn standings() -> [(&'static str, Play); 5] {
    let open = || Play::open(Mode::Open, 0);
    let resolved = |silently| did(GRACE, "d0", Verb::Resolve { silently });
    let answered = || after(open(), [says(GRACE, 10, "Try again")]);
    [
        ("awaits", open()),
        ("answered", answered()),
        ("of Grace", after(open(), [did(GRACE, "d0", Verb::Claim)])),
        ("resolved", after(answered(), [resolved(false)])),
        ("silently", after(answered(), [resolved(true)])),
    ]
}

#[test]
fn every_deed_meets_every_standing() {
    let events = [
        did(GRACE, "d1", Verb::Claim),
        did(HEDY, "d1", Verb::Claim),
        did(HEDY, "d1", Verb::Release),
        did(GRACE, "d1", Verb::Release),
        gives(GRACE, "d1", HEDY),
        gives(HEDY, "d1", GRACE),
        did(HEDY, "d1", Verb::Assign(Who::Me)),
        did(HEDY, "d1", Verb::Assign(Who::Named("Ada".into()))),
        did(GRACE, "d1", Verb::Note(Body::plain("She is in a hurry"))),
        did(GRACE, "d1", Verb::Topic("technical issues".into())),
        did(GRACE, "d1", Verb::Topic("billing".into())),
        did(GRACE, "d1", Verb::Topic("Press".into())),
        did(GRACE, "d1", Verb::Topic("cooking".into())),
        did(HEDY, "d1", Verb::Resolve { silently: false }),
        did(HEDY, "d1", Verb::Resolve { silently: true }),
        did(HEDY, "d1", Verb::Reopen),
        did(HEDY, "d1", Verb::Help),
        wrote("b", "Still broken"),
        says(GRACE, 90, "Goodbye!"),
        rated("r1", 4, "quick"),
        vanished("T1"),
        Event::CardEdited { rev: 9 },
    ];
    let mut table = String::new();
    for event in &events {
        let _ = writeln!(table, "{}", event_words(event));
        for (name, play) in &standings() {
            let mut play = play.clone();
            let effects = play.effects_of(event.clone());
            let head = &play.dialogue.head;
            let standing = match &head.standing {
                Standing::Fresh => "fresh".to_string(),
                Standing::AwaitingAgent { .. } => "awaits".to_string(),
                Standing::Answered { .. } => "answered".to_string(),
                Standing::Resolved { by, rating, .. } => format!("{} resolved, {rating:?}", by.name),
                Standing::Closed { .. } => "closed".to_string(),
            };
            let holder = head.claimed_by.as_ref().map_or(String::new(), |agent| format!(", of {}", agent.name));
            let _ = writeln!(table, "    {name:<8} → {:<30} | {effects}", format!("{standing}{holder}"));
        }
    }
    expect![[r#"
        Grace did, d1: Claim
            awaits   → awaits, of Grace               | post 3 “Grace has this conversation now.”, edit the card
            answered → answered, of Grace             | post 4 “Grace has this conversation now.”, edit the card
            of Grace → awaits, of Grace               | tell desk/Grace of 4: YoursAlready
            resolved → Grace resolved, Wanted, of Grace | post 6 “Grace has this conversation now.”, edit the card
            silently → Grace resolved, NotAsked, of Grace | post 6 “Grace has this conversation now.”, edit the card
        Hedy did, d1: Claim
            awaits   → awaits, of Hedy                | post 3 “Hedy has this conversation now.”, edit the card
            answered → answered, of Hedy              | post 4 “Hedy has this conversation now.”, edit the card
            of Grace → awaits, of Grace               | tell desk/Hedy of 4: OtherWasFirst { holder: "Grace" }
            resolved → Grace resolved, Wanted, of Hedy | post 6 “Hedy has this conversation now.”, edit the card
            silently → Grace resolved, NotAsked, of Hedy | post 6 “Hedy has this conversation now.”, edit the card
        Hedy did, d1: Release
            awaits   → awaits                         | tell desk/Hedy of 2: NobodyHasIt
            answered → answered                       | tell desk/Hedy of 3: NobodyHasIt
            of Grace → awaits                         | post 5 “Hedy released this conversation from Grace.”, edit the card
            resolved → Grace resolved, Wanted         | tell desk/Hedy of 5: NobodyHasIt
            silently → Grace resolved, NotAsked       | tell desk/Hedy of 5: NobodyHasIt
        Grace did, d1: Release
            awaits   → awaits                         | tell desk/Grace of 2: NobodyHasIt
            answered → answered                       | tell desk/Grace of 3: NobodyHasIt
            of Grace → awaits                         | post 5 “Grace let this conversation go.”, edit the card
            resolved → Grace resolved, Wanted         | tell desk/Grace of 5: NobodyHasIt
            silently → Grace resolved, NotAsked       | tell desk/Grace of 5: NobodyHasIt
        Grace did, d1: Assign(Agent(Agent { id: AgentId("desk/Hedy"), name: "Hedy", picture: None }))
            awaits   → awaits, of Hedy                | post 3 “Grace gave this conversation to Hedy.”, edit the card
            answered → answered, of Hedy              | post 4 “Grace gave this conversation to Hedy.”, edit the card
            of Grace → awaits, of Hedy                | post 5 “Grace gave this conversation to Hedy.”, edit the card
            resolved → Grace resolved, Wanted, of Hedy | post 6 “Grace gave this conversation to Hedy.”, edit the card
            silently → Grace resolved, NotAsked, of Hedy | post 6 “Grace gave this conversation to Hedy.”, edit the card
        Hedy did, d1: Assign(Agent(Agent { id: AgentId("desk/Grace"), name: "Grace", picture: None }))
            awaits   → awaits, of Grace               | post 3 “Hedy gave this conversation to Grace.”, edit the card
            answered → answered, of Grace             | post 4 “Hedy gave this conversation to Grace.”, edit the card
            of Grace → awaits, of Grace               | tell desk/Hedy of 4: TheirsAlready { holder: "Grace" }
            resolved → Grace resolved, Wanted, of Grace | post 6 “Hedy gave this conversation to Grace.”, edit the card
            silently → Grace resolved, NotAsked, of Grace | post 6 “Hedy gave this conversation to Grace.”, edit the card
        Hedy did, d1: Assign(Me)
            awaits   → awaits, of Hedy                | post 3 “Hedy has this conversation now.”, edit the card
            answered → answered, of Hedy              | post 4 “Hedy has this conversation now.”, edit the card
            of Grace → awaits, of Hedy                | post 5 “Hedy took this conversation over from Grace.”, edit the card
            resolved → Grace resolved, Wanted, of Hedy | post 6 “Hedy has this conversation now.”, edit the card
            silently → Grace resolved, NotAsked, of Hedy | post 6 “Hedy has this conversation now.”, edit the card
        Hedy did, d1: Assign(Named("Ada"))
            awaits   → awaits                         | tell desk/Hedy of 2: NoSuchPerson { asked: "Ada" }
            answered → answered                       | tell desk/Hedy of 3: NoSuchPerson { asked: "Ada" }
            of Grace → awaits, of Grace               | tell desk/Hedy of 4: NoSuchPerson { asked: "Ada" }
            resolved → Grace resolved, Wanted         | tell desk/Hedy of 5: NoSuchPerson { asked: "Ada" }
            silently → Grace resolved, NotAsked       | tell desk/Hedy of 5: NoSuchPerson { asked: "Ada" }
        Grace did, d1: Note(Body([Paragraph([Text { text: "She is in a hurry", style: Style { bold: false, italic: false, strike: false, code: false } }])]))
            awaits   → awaits                         | post 3 “Note by Grace, which the customer does not see:
        She is in a hurry”
            answered → answered                       | post 4 “Note by Grace, which the customer does not see:
        She is in a hurry”
            of Grace → awaits, of Grace               | post 5 “Note by Grace, which the customer does not see:
        She is in a hurry”
            resolved → Grace resolved, Wanted         | post 6 “Note by Grace, which the customer does not see:
        She is in a hurry”
            silently → Grace resolved, NotAsked       | post 6 “Note by Grace, which the customer does not see:
        She is in a hurry”
        Grace did, d1: Topic("technical issues")
            awaits   → awaits                         | post 3 “Grace changed the topic to Technical Issues.”, edit the card
            answered → answered                       | post 4 “Grace changed the topic to Technical Issues.”, edit the card
            of Grace → awaits, of Grace               | post 5 “Grace changed the topic to Technical Issues.”, edit the card
            resolved → Grace resolved, Wanted         | post 6 “Grace changed the topic to Technical Issues.”, edit the card
            silently → Grace resolved, NotAsked       | post 6 “Grace changed the topic to Technical Issues.”, edit the card
        Grace did, d1: Topic("billing")
            awaits   → awaits                         | tell desk/Grace of 2: TopicAlready { label: "Billing Questions" }
            answered → answered                       | tell desk/Grace of 3: TopicAlready { label: "Billing Questions" }
            of Grace → awaits, of Grace               | tell desk/Grace of 4: TopicAlready { label: "Billing Questions" }
            resolved → Grace resolved, Wanted         | tell desk/Grace of 5: TopicAlready { label: "Billing Questions" }
            silently → Grace resolved, NotAsked       | tell desk/Grace of 5: TopicAlready { label: "Billing Questions" }
        Grace did, d1: Topic("Press")
            awaits   → awaits                         | tell desk/Grace of 2: TopicOfOtherDesk { label: "Press" }
            answered → answered                       | tell desk/Grace of 3: TopicOfOtherDesk { label: "Press" }
            of Grace → awaits, of Grace               | tell desk/Grace of 4: TopicOfOtherDesk { label: "Press" }
            resolved → Grace resolved, Wanted         | tell desk/Grace of 5: TopicOfOtherDesk { label: "Press" }
            silently → Grace resolved, NotAsked       | tell desk/Grace of 5: TopicOfOtherDesk { label: "Press" }
        Grace did, d1: Topic("cooking")
            awaits   → awaits                         | tell desk/Grace of 2: NoSuchTopic { asked: "cooking", labels: ["Technical Issues", "Billing Questions"] }
            answered → answered                       | tell desk/Grace of 3: NoSuchTopic { asked: "cooking", labels: ["Technical Issues", "Billing Questions"] }
            of Grace → awaits, of Grace               | tell desk/Grace of 4: NoSuchTopic { asked: "cooking", labels: ["Technical Issues", "Billing Questions"] }
            resolved → Grace resolved, Wanted         | tell desk/Grace of 5: NoSuchTopic { asked: "cooking", labels: ["Technical Issues", "Billing Questions"] }
            silently → Grace resolved, NotAsked       | tell desk/Grace of 5: NoSuchTopic { asked: "cooking", labels: ["Technical Issues", "Billing Questions"] }
        Hedy did, d1: Resolve { silently: false }
            awaits   → Hedy resolved, Wanted          | show how it stands, post 3 “Hedy resolved this conversation. The customer is asked how it was.”, edit the card
            answered → Hedy resolved, Wanted          | show how it stands, post 4 “Hedy resolved this conversation. The customer is asked how it was.”, edit the card
            of Grace → Hedy resolved, Wanted, of Grace | show how it stands, post 5 “Hedy resolved this conversation. The customer is asked how it was.”, edit the card
            resolved → Grace resolved, Wanted         | tell desk/Hedy of 5: ResolvedAlready { by: "Grace" }
            silently → Grace resolved, NotAsked       | tell desk/Hedy of 5: ResolvedAlready { by: "Grace" }
        Hedy did, d1: Resolve { silently: true }
            awaits   → Hedy resolved, NotAsked        | show how it stands, post 3 “Hedy resolved this conversation.”, edit the card
            answered → Hedy resolved, NotAsked        | show how it stands, post 4 “Hedy resolved this conversation.”, edit the card
            of Grace → Hedy resolved, NotAsked, of Grace | show how it stands, post 5 “Hedy resolved this conversation.”, edit the card
            resolved → Grace resolved, Wanted         | tell desk/Hedy of 5: ResolvedAlready { by: "Grace" }
            silently → Grace resolved, NotAsked       | tell desk/Hedy of 5: ResolvedAlready { by: "Grace" }
        Hedy did, d1: Reopen
            awaits   → awaits                         | tell desk/Hedy of 2: OpenAlready
            answered → answered                       | tell desk/Hedy of 3: OpenAlready
            of Grace → awaits, of Grace               | tell desk/Hedy of 4: OpenAlready
            resolved → awaits                         | show how it stands, post 6 “Hedy opened this conversation again.”, edit the card
            silently → awaits                         | show how it stands, post 6 “Hedy opened this conversation again.”, edit the card
        Hedy did, d1: Help
            awaits   → awaits                         | tell desk/Hedy of 2: Help
            answered → answered                       | tell desk/Hedy of 3: Help
            of Grace → awaits, of Grace               | tell desk/Hedy of 4: Help
            resolved → Grace resolved, Wanted         | tell desk/Hedy of 5: Help
            silently → Grace resolved, NotAsked       | tell desk/Hedy of 5: Help
        Ada, b: Still broken
            awaits   → awaits                         | post 2, show 2
            answered → awaits                         | post 3, show 3, edit the card
            of Grace → awaits, of Grace               | post 4, show 4
            resolved → awaits                         | post 5, show 5, show how it stands, post 6 “The customer wrote again, so this resolved conversation is open again.”, edit the card
            silently → awaits                         | post 5, show 5, show how it stands, post 6 “The customer wrote again, so this resolved conversation is open again.”, edit the card
        Grace @90: Goodbye!
            awaits   → answered                       | show 2, edit the card
            answered → answered                       | show 3
            of Grace → answered, of Grace             | show 4, edit the card
            resolved → Grace resolved, Wanted         | show 5
            silently → Grace resolved, NotAsked       | show 5
        Ada rated, r1: 4 quick
            awaits   → awaits                         | rejected: NotResolved
            answered → answered                       | rejected: NotResolved
            of Grace → awaits, of Grace               | rejected: NotResolved
            resolved → Grace resolved, Given(Score(4)) | show how it stands, post 5 “The customer gives ★★★★☆ and says: quick”, edit the card
            silently → Grace resolved, Given(Score(4)) | show how it stands, post 5 “The customer gives ★★★★☆ and says: quick”, edit the card
        thread T1 vanished
            awaits   → awaits                         | remember T1
            answered → answered                       | the card is settled, remember T1
            of Grace → awaits, of Grace               | the card is settled, remember T1, open a thread
            resolved → Grace resolved, Wanted         | the card is settled, remember T1, open a thread
            silently → Grace resolved, NotAsked       | the card is settled, remember T1, open a thread
        the card shows 9
            awaits   → awaits                         | nothing
            answered → answered                       | the card is settled
            of Grace → awaits, of Grace               | the card is settled
            resolved → Grace resolved, Wanted         | the card is settled
            silently → Grace resolved, NotAsked       | the card is settled
    "#]].assert_eq(&table);
}

#[test]
fn the_words_in_the_thread_end_where_deeds_do() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(says(GRACE, 10, "!claim"));
    play.on(says(HEDY, 20, "!claim"));
    play.on(says(GRACE, 30, "!assign @Hedy"));
    play.on(says(GRACE, 40, "!assign Alan"));
    play.on(says(GRACE, 50, "!assign me"));
    play.on(says(GRACE, 60, "!note she is in a hurry"));
    play.on(says(GRACE, 70, "!topic Technical Issues"));
    play.on(says(GRACE, 80, "!calim"));
    play.on(says(GRACE, 90, "!release it"));
    play.on(says(GRACE, 100, "!escalate"));
    play.on(says(GRACE, 110, "!resolve"));
    play.on(says(HEDY, 120, "!resolve"));
    play.on(wrote("b", "It is back"));
    play.on(says(GRACE, 130, "!resolve silently"));
    play.on(says(HEDY, 140, "!reopen"));
    play.on(says(HEDY, 150, "!help"));
    play.note("what was a verb when it was first heard is no reply when it is edited");
    play.on(edits(GRACE, 80, 160, "Hello"));
    play.note("and a reply that is edited into something like a verb is taken back");
    play.on(says(GRACE, 170, "claim"));
    play.on(edits(GRACE, 170, 180, "!calim"));
    play.check(expect![[r#"
        Grace @10: !claim
            post 3 “Grace has this conversation now.”, edit the card
        Hedy @20: !claim
            tell desk/Hedy of 4: OtherWasFirst { holder: "Grace" }
        Grace @30: !assign @Hedy
            post 6 “Grace gave this conversation to Hedy.”, edit the card
        Grace @40: !assign Alan
            tell desk/Grace of 7: NoSuchPerson { asked: "Alan" }
        Grace @50: !assign me
            post 9 “Grace took this conversation over from Hedy.”, edit the card
        Grace @60: !note she is in a hurry
            nothing
        Grace @70: !topic Technical Issues
            post 12 “Grace changed the topic to Technical Issues.”, edit the card
        Grace @80: !calim
            tell desk/Grace of 13: Wrong(Mistyped { typed: "calim", meant: Claim })
        Grace @90: !release it
            tell desk/Grace of 14: Wrong(Form(Release))
        Grace @100: !escalate
            tell desk/Grace of 15: NoTiers
        Grace @110: !resolve
            show how it stands, post 17 “Grace resolved this conversation. The customer is asked how it was.”, edit the card
        Hedy @120: !resolve
            tell desk/Hedy of 18: ResolvedAlready { by: "Grace" }
        Ada, b: It is back
            post 19, show 19, show how it stands, post 20 “The customer wrote again, so this resolved conversation is open again.”, edit the card
        Grace @130: !resolve silently
            show how it stands, post 22 “Grace resolved this conversation.”, edit the card
        Hedy @140: !reopen
            show how it stands, post 24 “Hedy opened this conversation again.”, edit the card
        Hedy @150: !help
            tell desk/Hedy of 25: Help
        (what was a verb when it was first heard is no reply when it is edited)
        Grace @80 edited @160: Hello
            tell desk/Grace of 13: EditedInVain
        (and a reply that is edited into something like a verb is taken back)
        Grace @170: claim
            show 26, edit the card
        Grace @170 edited @180: !calim
            show 26, tell desk/Grace of 26: Wrong(Mistyped { typed: "calim", meant: Claim })
        ---
        r2 Ada: Hello
        r3 Ada: It is back
        r5 Grace took a message back
    "#]]);
}

#[test]
fn a_deed_that_is_told_twice_is_done_once() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(did(GRACE, "d1", Verb::Claim));
    play.on(did(HEDY, "d2", Verb::Release));
    play.on(did(GRACE, "d1", Verb::Claim));
    play.on(did(GRACE, "d3", Verb::Help));
    play.on(did(GRACE, "d3", Verb::Help));
    play.check(expect![[r#"
        Grace did, d1: Claim
            post 3 “Grace has this conversation now.”, edit the card
        Hedy did, d2: Release
            post 5 “Hedy released this conversation from Grace.”, edit the card
        Grace did, d1: Claim
            nothing
        Grace did, d3: Help
            tell desk/Grace of 6: Help
        Grace did, d3: Help
            nothing
        ---
        r2 Ada: Hello
    "#]]);
}

#[test]
fn the_card_is_edited_once_for_all_that_changed_while_an_edit_waited() {
    let mut play = Play::new();
    play.on(wrote("a", "Hello"));
    play.note("the card that is made shows all that is so then");
    play.on(did(GRACE, "d1", Verb::Claim));
    play.on(opened("T1"));
    play.on(did(GRACE, "d2", Verb::Topic("technical".into())));
    play.on(Event::CardEdited { rev: 1 });
    play.on(Event::CardEdited { rev: 2 });
    play.on(says(GRACE, 10, "// a note changes nothing on it"));
    play.on(says(GRACE, 20, "// nor the next"));
    play.on(did(GRACE, "d3", Verb::Resolve { silently: false }));
    play.note("a card that is gone needs no edit");
    play.on(vanished("T1"));
    play.on(Event::CardEdited { rev: 3 });
    play.check(expect![[r#"
        Ada, a: Hello
            open a thread, post 1, show 1
        (the card that is made shows all that is so then)
        Grace did, d1: Claim
            post 3 “Grace has this conversation now.”, edit the card
        thread T1 opened
            the thread is settled, edit the card
        Grace did, d2: Topic("technical")
            post 5 “Grace changed the topic to Technical Issues.”, edit the card
        the card shows 1
            nothing
        the card shows 2
            the card is settled
        Grace @10: // a note changes nothing on it
            nothing
        Grace @20: // nor the next
            nothing
        Grace did, d3: Resolve { silently: false }
            show how it stands, post 9 “Grace resolved this conversation. The customer is asked how it was.”, edit the card
        (a card that is gone needs no edit)
        thread T1 vanished
            the card is settled, remember T1, open a thread
        the card shows 3
            nothing
        ---
        r1 Ada: Hello
    "#]]);
}

#[test]
fn what_the_customer_finds_counts_while_it_is_resolved() {
    let mut play = Play::open(Mode::Open, 0);
    play.on(rated("r1", 5, ""));
    play.on(did(GRACE, "d1", Verb::Resolve { silently: false }));
    play.on(rated("r2", 2, ""));
    play.on(rated("r2", 2, ""));
    play.on(rated("r3", 5, "It works now! <!channel>"));
    play.standing();
    play.note("what an agent still says does not open it");
    play.on(says(GRACE, 10, "Goodbye!"));
    play.standing();
    play.on(wrote("b", "One more thing"));
    play.standing();
    play.on(rated("r4", 1, ""));
    play.check(expect![[r#"
        Ada rated, r1: 5 
            rejected: NotResolved
        Grace did, d1: Resolve { silently: false }
            show how it stands, post 3 “Grace resolved this conversation. The customer is asked how it was.”, edit the card
        Ada rated, r2: 2 
            show how it stands, post 4 “The customer gives ★★☆☆☆.”, edit the card
        Ada rated, r2: 2 
            nothing
        Ada rated, r3: 5 It works now! <!channel>
            show how it stands, post 5 “The customer gives ★★★★★ and says: It works now! <!channel>”, edit the card
        = Resolved { at: Moment(1000), by: Agent { id: AgentId("desk/Grace"), name: "Grace", picture: None }, rating: Given(Score(5)) }
        (what an agent still says does not open it)
        Grace @10: Goodbye!
            show 6
        = Resolved { at: Moment(1000), by: Agent { id: AgentId("desk/Grace"), name: "Grace", picture: None }, rating: Given(Score(5)) }
        Ada, b: One more thing
            post 7, show 7, show how it stands, post 8 “The customer wrote again, so this resolved conversation is open again.”, edit the card
        = AwaitingAgent { since: Moment(1000) }
        Ada rated, r4: 1 
            rejected: NotResolved
        ---
        r2 Ada: Hello
        r3 Grace: Goodbye!
        r4 Ada: One more thing
    "#]]);
}

fn after<const N: usize>(mut play: Play, events: [Event; N]) -> Play {
    for event in events {
        play.step(event);
    }
    play
}

/// What somebody says to the bot in the thread.
fn to_bot(name: &str, stamp: i64, edited: Option<i64>, text: &str) -> Event {
    in_thread("T1", DeskMessage { to_us: true, ..post_of(name, stamp, edited, text) })
}

#[test]
fn what_is_said_to_the_bot_is_a_verb_and_never_a_reply() {
    let mut table = String::new();
    for text in
        ["claim", "!claim", "note in a hurry", "resolve #1001", "resolve #7", "calim", "hello there", "", "help"]
    {
        let mut play = Play::open(Mode::Open, 0);
        let effects = play.effects_of(to_bot(GRACE, 10, None, text));
        let _ = writeln!(table, "{text:<16} {effects}");
        assert!(!play.dialogue.messages.iter().any(|message| message.rev > 0 && message.post().is_some()), "{text}");
    }
    expect![[r#"
        claim            post 3 “Grace has this conversation now.”, edit the card
        !claim           post 3 “Grace has this conversation now.”, edit the card
        note in a hurry  nothing
        resolve #1001    tell desk/Grace of 2: Wrong(OtherConversation { number: 1001 })
        resolve #7       tell desk/Grace of 2: Wrong(OtherConversation { number: 7 })
        calim            tell desk/Grace of 2: Wrong(Mistyped { typed: "calim", meant: Claim })
        hello there      tell desk/Grace of 2: Wrong(Unknown { typed: "hello" })
                         tell desk/Grace of 2: Help
        help             tell desk/Grace of 2: Help
    "#]]
    .assert_eq(&table);
    // A reply that is edited into something for the bot is taken back.
    let mut play = after(Play::open(Mode::Open, 3_000), [says(GRACE, 10, "Hello")]);
    let effects = play.effects_of(to_bot(GRACE, 10, Some(11), "claim"));
    assert!(effects.starts_with("hold 2 no more"), "{effects}");
}
