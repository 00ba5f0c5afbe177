//! Every event in every state that it can meet: one line a pair.

use super::play::*;
use super::*;
use crate::verb::Verb;
use std::fmt::Write;

type Named<T> = (&'static str, T);
type About = fn(i64) -> Event;

#[test]
fn every_event_meets_every_thread() {
    let threads: [Named<fn() -> Play>; 5] = [
        ("fresh", Play::new),
        ("wanted", || after(Play::new(), [wrote("a", "Hello")])),
        ("open", || after(Play::new(), [wrote("a", "Hello"), opened("T1")])),
        ("gone", || after(Play::open(Mode::Open, 0), [vanished("T1")])),
        ("wanted again", || after(Play::open(Mode::Open, 0), [wrote("z", "More"), vanished("T1")])),
    ];
    let events = [
        wrote("a", "Hello"),
        wrote("b", "Hi"),
        wrote("c", "\n"),
        opened("T1"),
        opened("T2"),
        vanished("T1"),
        Event::CustomerReceived { rev: 9 },
        Event::CustomerSaw { rev: 9 },
        posted(&[(1, 0)]),
        delayed(1),
        refused(1),
        says(GRACE, 90, "Hello"),
        says(GRACE, 90, "!claim"),
        says(GRACE, 90, "!calim"),
        did(GRACE, "d1", Verb::Claim),
        did(GRACE, "d1", Verb::Help),
        rated("r1", 5, ""),
        told("plan", "pro"),
        told("Plan!", "pro"),
        Event::CardEdited { rev: 1 },
        deletes(90),
        Event::HoldEnded(id(1)),
        Event::ThreadRead(Snapshot {
            thread: ThreadKey("T1".into()),
            asked_at: Moment(9_000),
            root: 1,
            messages: vec![],
            ours: vec![],
        }),
    ];
    let mut table = String::new();
    for event in &events {
        let _ = writeln!(table, "{}", event_words(event));
        for (name, play) in &threads {
            let mut play = play();
            let effects = play.effects_of(event.clone());
            let _ = writeln!(table, "    {name:<12} → {:<30} | {effects}", format!("{:?}", play.dialogue.head.thread));
        }
    }
    expect![[r#"
        Ada, a: Hello
            fresh        → Wanted                         | open a thread, post 1, show 1
            wanted       → Wanted                         | nothing
            open         → Open(ThreadKey("T1"))          | nothing
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        Ada, b: Hi
            fresh        → Wanted                         | open a thread, post 1, show 1
            wanted       → Wanted                         | post 2, show 2
            open         → Open(ThreadKey("T1"))          | post 2, show 2
            gone         → Wanted                         | open a thread, post 2, show 2
            wanted again → Wanted                         | post 3, show 3
        Ada, c: ⏎
            fresh        → None                           | rejected: Blank
            wanted       → Wanted                         | rejected: Blank
            open         → Open(ThreadKey("T1"))          | rejected: Blank
            gone         → None                           | rejected: Blank
            wanted again → Wanted                         | rejected: Blank
        thread T1 opened
            fresh        → Open(ThreadKey("T1"))          | nothing
            wanted       → Open(ThreadKey("T1"))          | the thread is settled
            open         → Open(ThreadKey("T1"))          | nothing
            gone         → Open(ThreadKey("T1"))          | nothing
            wanted again → Open(ThreadKey("T1"))          | the thread is settled
        thread T2 opened
            fresh        → Open(ThreadKey("T2"))          | nothing
            wanted       → Open(ThreadKey("T2"))          | the thread is settled
            open         → Open(ThreadKey("T1"))          | nothing
            gone         → Open(ThreadKey("T2"))          | nothing
            wanted again → Open(ThreadKey("T2"))          | the thread is settled
        thread T1 vanished
            fresh        → None                           | nothing
            wanted       → Wanted                         | nothing
            open         → Wanted                         | remember T1, open a thread
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        Ada received r9
            fresh        → None                           | nothing
            wanted       → Wanted                         | nothing
            open         → Open(ThreadKey("T1"))          | nothing
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        Ada saw r9
            fresh        → None                           | nothing
            wanted       → Wanted                         | nothing
            open         → Open(ThreadKey("T1"))          | nothing
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        pieces posted: 1.0
            fresh        → None                           | nothing
            wanted       → Wanted                         | 1 is settled, show 1
            open         → Open(ThreadKey("T1"))          | 1 is settled, show 1
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        late: 1
            fresh        → None                           | nothing
            wanted       → Wanted                         | show 1
            open         → Open(ThreadKey("T1"))          | show 1
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        1 refused
            fresh        → None                           | nothing
            wanted       → Wanted                         | 1 is settled, show 1, post 2 “⚠️ Message 1 of the customer could not be posted here (msg_blocks_too_long). The customer was told that it did not arrive.”
            open         → Open(ThreadKey("T1"))          | 1 is settled, show 1, post 2 “⚠️ Message 1 of the customer could not be posted here (msg_blocks_too_long). The customer was told that it did not arrive.”
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        Grace @90: Hello
            fresh        → Wanted                         | open a thread, show desk/Grace the way from T1 for 1
            wanted       → Wanted                         | show desk/Grace the way from T1 for 2
            open         → Open(ThreadKey("T1"))          | hold 2 until 4000, Grace is typing, edit the card
            gone         → Wanted                         | open a thread, show desk/Grace the way from T1 for 2
            wanted again → Wanted                         | show desk/Grace the way from T1 for 3
        Grace @90: !claim
            fresh        → Wanted                         | open a thread, show desk/Grace the way from T1 for 1
            wanted       → Wanted                         | show desk/Grace the way from T1 for 2
            open         → Open(ThreadKey("T1"))          | post 3 “Grace has this conversation now.”, edit the card
            gone         → Wanted                         | open a thread, show desk/Grace the way from T1 for 2
            wanted again → Wanted                         | show desk/Grace the way from T1 for 3
        Grace @90: !calim
            fresh        → Wanted                         | open a thread, show desk/Grace the way from T1 for 1
            wanted       → Wanted                         | show desk/Grace the way from T1 for 2
            open         → Open(ThreadKey("T1"))          | tell desk/Grace of 2: Wrong(Mistyped { typed: "calim", meant: Claim })
            gone         → Wanted                         | open a thread, show desk/Grace the way from T1 for 2
            wanted again → Wanted                         | show desk/Grace the way from T1 for 3
        Grace did, d1: Claim
            fresh        → Wanted                         | open a thread, post 2 “Grace has this conversation now.”
            wanted       → Wanted                         | post 3 “Grace has this conversation now.”, edit the card
            open         → Open(ThreadKey("T1"))          | post 3 “Grace has this conversation now.”, edit the card
            gone         → Wanted                         | open a thread, post 3 “Grace has this conversation now.”
            wanted again → Wanted                         | post 4 “Grace has this conversation now.”, edit the card
        Grace did, d1: Help
            fresh        → None                           | tell desk/Grace of 1: Help
            wanted       → Wanted                         | tell desk/Grace of 2: Help
            open         → Open(ThreadKey("T1"))          | tell desk/Grace of 2: Help
            gone         → None                           | tell desk/Grace of 2: Help
            wanted again → Wanted                         | tell desk/Grace of 3: Help
        Ada rated, r1: 5 
            fresh        → None                           | rejected: NotResolved
            wanted       → Wanted                         | rejected: NotResolved
            open         → Open(ThreadKey("T1"))          | rejected: NotResolved
            gone         → None                           | rejected: NotResolved
            wanted again → Wanted                         | rejected: NotResolved
        the site told plan=pro
            fresh        → None                           | nothing
            wanted       → Wanted                         | edit the card
            open         → Open(ThreadKey("T1"))          | edit the card
            gone         → None                           | nothing
            wanted again → Wanted                         | edit the card
        the site told Plan!=pro
            fresh        → None                           | rejected: Unfit(Unfit { field: "Plan!", why: "a key is 1 to 40 of the letters a-z, digits and _, and begins with a letter." })
            wanted       → Wanted                         | rejected: Unfit(Unfit { field: "Plan!", why: "a key is 1 to 40 of the letters a-z, digits and _, and begins with a letter." })
            open         → Open(ThreadKey("T1"))          | rejected: Unfit(Unfit { field: "Plan!", why: "a key is 1 to 40 of the letters a-z, digits and _, and begins with a letter." })
            gone         → None                           | rejected: Unfit(Unfit { field: "Plan!", why: "a key is 1 to 40 of the letters a-z, digits and _, and begins with a letter." })
            wanted again → Wanted                         | rejected: Unfit(Unfit { field: "Plan!", why: "a key is 1 to 40 of the letters a-z, digits and _, and begins with a letter." })
        the card shows 1
            fresh        → None                           | nothing
            wanted       → Wanted                         | nothing
            open         → Open(ThreadKey("T1"))          | nothing
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        deleted @90
            fresh        → None                           | nothing
            wanted       → Wanted                         | nothing
            open         → Open(ThreadKey("T1"))          | nothing
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        the hold of 1 ended
            fresh        → None                           | nothing
            wanted       → Wanted                         | nothing
            open         → Open(ThreadKey("T1"))          | nothing
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
        read at 9000: [], ours []
            fresh        → None                           | nothing
            wanted       → Wanted                         | nothing
            open         → Open(ThreadKey("T1"))          | nothing
            gone         → None                           | nothing
            wanted again → Wanted                         | nothing
    "#]].assert_eq(&table);
}

#[test]
fn every_event_meets_every_message_of_the_desk() {
    let first = says(GRACE, 10, "Hi");
    let shown = || after(Play::open(Mode::Open, 0), [first.clone()]);
    let states: [(&str, Play); 7] = [
        ("unknown", Play::open(Mode::Open, 0)),
        ("held", after(Play::open(Mode::Open, 3_000), [first.clone()])),
        ("shown", shown()),
        ("discarded", after(Play::open(Mode::Open, 3_000), [first.clone(), deletes(10)])),
        ("withdrawn", after(shown(), [deletes(10)])),
        ("note", after(Play::open(Mode::Open, 0), [says(GRACE, 10, "// Hi")])),
        ("set aside", after(Play::open(Mode::Open, 0), [deletes(10)])),
    ];
    let edited_by_stranger = match stranger(10, Some("U-eve"), StrangerKind::OtherWorkspace, "Hi from Eve") {
        Event::DeskWrote { message, .. } => in_thread("T1", DeskMessage { edited: Some(11), ..message }),
        other => other,
    };
    let read = |messages: Vec<DeskMessage>| {
        Event::ThreadRead(Snapshot {
            thread: ThreadKey("T1".into()),
            asked_at: Moment(2_000),
            root: 1,
            messages,
            ours: vec![],
        })
    };
    let events = [
        says(GRACE, 10, "Hi"),
        edits(GRACE, 10, 11, "Hi!"),
        edits(GRACE, 10, 11, "Hi"),
        edits(HEDY, 10, 11, "Hi from Hedy"),
        edits(GRACE, 10, 11, "// Hi"),
        edits(GRACE, 10, 11, "!claim"),
        edited_by_stranger,
        deletes(10),
        Event::HoldEnded(id(2)),
        read(vec![post_of(GRACE, 10, None, "Hi")]),
        read(vec![post_of(GRACE, 10, Some(11), "Hi!")]),
        read(vec![]),
        Event::CustomerReceived { rev: 9 },
        Event::CustomerSaw { rev: 9 },
        posted(&[(2, 0)]),
        delayed(2),
        refused(2),
        vanished("T1"),
    ];
    let mut table = String::new();
    for event in &events {
        let _ = writeln!(table, "{}", event_words(event));
        for (name, play) in &states {
            let mut play = play.clone();
            let effects = play.effects_of(event.clone());
            let now = play.dialogue.messages.iter().find(|m| m.key == "p10").map_or("unknown".into(), stage_of);
            let _ = writeln!(table, "    {name:<10} → {now:<22} | {effects}");
        }
    }
    expect![[r#"
        Grace @10: Hi
            unknown    → shown since r3 “Hi”    | show 2, edit the card
            held       → held “Hi”              | nothing
            shown      → shown since r3 “Hi”    | nothing
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        Grace @10 edited @11: Hi!
            unknown    → shown since r3 “Hi!”   | show 2, edit the card
            held       → held “Hi!”             | nothing
            shown      → shown since r3 “Hi!”   | show 2
            discarded  → discarded              | tell desk/Grace of 2: EditedInVain
            withdrawn  → withdrawn              | tell desk/Grace of 2: EditedInVain
            note       → note “Hi!”             | tell desk/Grace of 2: EditedInVain
            set aside  → set aside              | nothing
        Grace @10 edited @11: Hi
            unknown    → shown since r3 “Hi”    | show 2, edit the card
            held       → held “Hi”              | nothing
            shown      → shown since r3 “Hi”    | nothing
            discarded  → discarded              | tell desk/Grace of 2: EditedInVain
            withdrawn  → withdrawn              | tell desk/Grace of 2: EditedInVain
            note       → note “Hi”              | tell desk/Grace of 2: EditedInVain
            set aside  → set aside              | nothing
        Hedy @10 edited @11: Hi from Hedy
            unknown    → shown since r3 “Hi from Hedy” | show 2, edit the card
            held       → held “Hi from Hedy”    | nothing
            shown      → shown since r3 “Hi from Hedy” | show 2
            discarded  → discarded              | tell desk/Hedy of 2: EditedInVain
            withdrawn  → withdrawn              | tell desk/Hedy of 2: EditedInVain
            note       → note “Hi from Hedy”    | tell desk/Hedy of 2: EditedInVain
            set aside  → set aside              | nothing
        Grace @10 edited @11: // Hi
            unknown    → note “// Hi”           | nothing
            held       → discarded              | hold 2 no more, nobody is typing, edit the card
            shown      → withdrawn              | show 2
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        Grace @10 edited @11: !claim
            unknown    → note “!claim”          | post 3 “Grace has this conversation now.”, edit the card
            held       → discarded              | hold 2 no more, nobody is typing, tell desk/Grace of 2: VerbByEdit, edit the card
            shown      → withdrawn              | show 2, tell desk/Grace of 2: VerbByEdit
            discarded  → discarded              | tell desk/Grace of 2: EditedInVain
            withdrawn  → withdrawn              | tell desk/Grace of 2: EditedInVain
            note       → note “!claim”          | tell desk/Grace of 2: EditedInVain
            set aside  → set aside              | nothing
        OtherWorkspace U-eve @10 edited @11: Hi from Eve
            unknown    → set aside              | tell U-eve of 2: OutsiderNotSent
            held       → discarded              | hold 2 no more, nobody is typing, tell U-eve of 2: OutsiderNotSent, edit the card
            shown      → shown since r3 “Hi”    | tell U-eve of 2: OutsiderNotSent
            discarded  → discarded              | tell U-eve of 2: OutsiderNotSent
            withdrawn  → withdrawn              | tell U-eve of 2: OutsiderNotSent
            note       → note “Hi from Eve”     | tell U-eve of 2: OutsiderNotSent
            set aside  → set aside              | nothing
        deleted @10
            unknown    → set aside              | nothing
            held       → discarded              | hold 2 no more, nobody is typing, edit the card
            shown      → withdrawn              | show 2
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        the hold of 2 ended
            unknown    → unknown                | nothing
            held       → shown since r3 “Hi”    | hold 2 no more, show 2, nobody is typing
            shown      → shown since r3 “Hi”    | nothing
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        read at 2000: [Grace @10: Hi], ours []
            unknown    → shown since r3 “Hi”    | show 2, edit the card
            held       → held “Hi”              | nothing
            shown      → shown since r3 “Hi”    | nothing
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        read at 2000: [Grace @10 edited @11: Hi!], ours []
            unknown    → shown since r3 “Hi!”   | show 2, edit the card
            held       → held “Hi!”             | nothing
            shown      → shown since r3 “Hi!”   | show 2
            discarded  → discarded              | tell desk/Grace of 2: EditedInVain
            withdrawn  → withdrawn              | tell desk/Grace of 2: EditedInVain
            note       → note “Hi!”             | tell desk/Grace of 2: EditedInVain
            set aside  → set aside              | nothing
        read at 2000: [], ours []
            unknown    → unknown                | nothing
            held       → discarded              | hold 2 no more, nobody is typing, edit the card
            shown      → withdrawn              | show 2
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        Ada received r9
            unknown    → unknown                | nothing
            held       → held “Hi”              | nothing
            shown      → shown since r3 “Hi”    | mark 2 Received
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        Ada saw r9
            unknown    → unknown                | nothing
            held       → held “Hi”              | nothing
            shown      → shown since r3 “Hi”    | mark 2 Received, mark 2 Seen
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        pieces posted: 2.0
            unknown    → unknown                | nothing
            held       → held “Hi”              | nothing
            shown      → shown since r3 “Hi”    | nothing
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        late: 2
            unknown    → unknown                | nothing
            held       → held “Hi”              | nothing
            shown      → shown since r3 “Hi”    | nothing
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        2 refused
            unknown    → unknown                | nothing
            held       → held “Hi”              | nothing
            shown      → shown since r3 “Hi”    | nothing
            discarded  → discarded              | nothing
            withdrawn  → withdrawn              | nothing
            note       → note “// Hi”           | nothing
            set aside  → set aside              | nothing
        thread T1 vanished
            unknown    → unknown                | remember T1
            held       → held “Hi”              | the card is settled, remember T1
            shown      → shown since r3 “Hi”    | the card is settled, remember T1
            discarded  → discarded              | the card is settled, remember T1
            withdrawn  → withdrawn              | the card is settled, remember T1
            note       → note “// Hi”           | remember T1
            set aside  → set aside              | remember T1
    "#]]
    .assert_eq(&table);
}

#[test]
fn every_event_meets_every_message_of_ours() {
    let long = || {
        let mut play = Play::new();
        play.rules.post_chars_max = 10;
        after(play, [wrote("a", "The first\nThe second"), opened("T1")])
    };
    let bot = || after(Play::open(Mode::Open, 0), [says(GRACE, 10, "!claim")]);
    let states: [(&str, i64, Play); 8] = [
        ("waits", 1, long()),
        ("late", 1, after(long(), [delayed(1)])),
        ("in part", 1, after(long(), [posted(&[(1, 0)])])),
        ("posted", 1, after(long(), [posted(&[(1, 0), (1, 1)])])),
        ("refused", 1, after(long(), [refused(1)])),
        ("bot waits", 3, bot()),
        ("bot posted", 3, after(bot(), [posted(&[(3, 0)])])),
        ("bot refused", 3, after(bot(), [refused(3)])),
    ];
    let events: [Named<About>; 10] = [
        ("written again", |_| wrote("a", "The first\nThe second")),
        ("its first piece posted", |seq| posted(&[(seq, 0)])),
        ("its second piece posted", |seq| posted(&[(seq, 1)])),
        ("found in the thread", |seq| {
            let ours = vec![OwnPost { post: post(5), pieces: vec![piece(seq, 0), piece(seq, 1)], files: vec![] }];
            Event::ThreadRead(Snapshot {
                thread: ThreadKey("T1".into()),
                asked_at: Moment(1_000),
                root: 1,
                messages: vec![],
                ours,
            })
        }),
        ("not found in the thread", |_| {
            Event::ThreadRead(Snapshot {
                thread: ThreadKey("T1".into()),
                asked_at: Moment(1_000),
                root: 1,
                messages: vec![],
                ours: vec![],
            })
        }),
        ("delayed", delayed),
        ("refused", refused),
        ("tried again", |_| did(GRACE, "d9", Verb::Retry(None))),
        ("its hold ended", |seq| Event::HoldEnded(id(seq))),
        ("the thread vanished", |_| vanished("T1")),
    ];
    let mut table = String::new();
    for (words, event) in &events {
        let _ = writeln!(table, "{words}");
        for (name, seq, play) in &states {
            let mut play = play.clone();
            let effects = play.effects_of(event(*seq));
            let _ = writeln!(table, "    {name:<11} → {:<11} | {effects}", stage_of(play.message(*seq)));
        }
    }
    expect![[r#"
        written again
            waits       → waits       | nothing
            late        → late        | nothing
            in part     → 1 posted    | nothing
            posted      → posted      | nothing
            refused     → refused     | nothing
            bot waits   → waits       | nothing
            bot posted  → posted      | nothing
            bot refused → refused     | nothing
        its first piece posted
            waits       → 1 posted    | nothing
            late        → late        | nothing
            in part     → 1 posted    | nothing
            posted      → posted      | nothing
            refused     → refused     | nothing
            bot waits   → posted      | 3 is settled
            bot posted  → posted      | nothing
            bot refused → refused     | nothing
        its second piece posted
            waits       → posted      | 1 is settled, show 1
            late        → posted      | 1 is settled, show 1
            in part     → posted      | 1 is settled, show 1
            posted      → posted      | nothing
            refused     → refused     | nothing
            bot waits   → posted      | 3 is settled
            bot posted  → posted      | nothing
            bot refused → refused     | nothing
        found in the thread
            waits       → posted      | 1 is settled, show 1
            late        → posted      | 1 is settled, show 1
            in part     → posted      | 1 is settled, show 1
            posted      → posted      | nothing
            refused     → refused     | nothing
            bot waits   → posted      | 3 is settled
            bot posted  → posted      | nothing
            bot refused → refused     | nothing
        not found in the thread
            waits       → waits       | nothing
            late        → late        | nothing
            in part     → 1 posted    | nothing
            posted      → posted      | nothing
            refused     → refused     | nothing
            bot waits   → waits       | nothing
            bot posted  → posted      | nothing
            bot refused → refused     | nothing
        delayed
            waits       → late        | show 1
            late        → late        | nothing
            in part     → late        | show 1
            posted      → posted      | nothing
            refused     → refused     | nothing
            bot waits   → waits       | nothing
            bot posted  → posted      | nothing
            bot refused → refused     | nothing
        refused
            waits       → refused     | 1 is settled, show 1, post 2 “⚠️ Message 1 of the customer could not be posted here (msg_blocks_too_long). The customer was told that it did not arrive.”
            late        → refused     | 1 is settled, show 1, post 2 “⚠️ Message 1 of the customer could not be posted here (msg_blocks_too_long). The customer was told that it did not arrive.”
            in part     → refused     | 1 is settled, show 1, post 2 “⚠️ Message 1 of the customer could not be posted here (msg_blocks_too_long). The customer was told that it did not arrive.”
            posted      → posted      | nothing
            refused     → refused     | nothing
            bot waits   → refused     | 3 is settled
            bot posted  → posted      | nothing
            bot refused → refused     | nothing
        tried again
            waits       → waits       | tell desk/Grace of 2: NothingToRetry
            late        → late        | tell desk/Grace of 2: NothingToRetry
            in part     → 1 posted    | tell desk/Grace of 2: NothingToRetry
            posted      → posted      | tell desk/Grace of 2: NothingToRetry
            refused     → waits       | post 1, show 1, post 4 “Grace tries again what could not be delivered.”
            bot waits   → waits       | tell desk/Grace of 4: NothingToRetry
            bot posted  → posted      | tell desk/Grace of 4: NothingToRetry
            bot refused → waits       | post 3 “Grace has this conversation now.”, post 5 “Grace tries again what could not be delivered.”
        its hold ended
            waits       → waits       | nothing
            late        → late        | nothing
            in part     → 1 posted    | nothing
            posted      → posted      | nothing
            refused     → refused     | nothing
            bot waits   → waits       | nothing
            bot posted  → posted      | nothing
            bot refused → refused     | nothing
        the thread vanished
            waits       → waits       | remember T1, open a thread
            late        → late        | remember T1, open a thread
            in part     → waits       | remember T1, open a thread, post 1
            posted      → posted      | remember T1
            refused     → refused     | remember T1, open a thread
            bot waits   → waits       | the card is settled, remember T1, open a thread
            bot posted  → posted      | the card is settled, remember T1
            bot refused → refused     | the card is settled, remember T1
    "#]].assert_eq(&table);
}

fn after<const N: usize>(mut play: Play, events: [Event; N]) -> Play {
    for event in events {
        play.step(event);
    }
    play
}

fn stage_of(message: &Message) -> String {
    let said = message.body.text();
    match &message.kind {
        Kind::FromCustomer(posting) | Kind::FromBot(posting) => match posting {
            Posting::Waiting { late: true, .. } => "late".into(),
            Posting::Waiting { pieces_posted: 0, .. } => "waits".into(),
            Posting::Waiting { pieces_posted, .. } => format!("{pieces_posted} posted"),
            Posting::Posted { .. } => "posted".into(),
            Posting::Refused { .. } => "refused".into(),
        },
        Kind::Reply { stage: Stage::Held { .. }, .. } => format!("held “{said}”"),
        Kind::Reply { stage: Stage::Shown { first_rev, .. }, .. } => format!("shown since r{first_rev} “{said}”"),
        Kind::Reply { stage: Stage::Withdrawn { was_shown: true }, .. } => "withdrawn".into(),
        Kind::Reply { stage: Stage::Withdrawn { was_shown: false }, .. } => "discarded".into(),
        Kind::Note { .. } => format!("note “{said}”"),
        Kind::Deed { .. } => format!("deed “{said}”"),
        Kind::Set { .. } => "set aside".into(),
        Kind::Letter { .. } => panic!("letters have tables of their own"),
        Kind::Saved { .. } | Kind::Preview { .. } => panic!("saved replies have tables of their own"),
    }
}
