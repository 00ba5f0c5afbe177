//! What holds for any sequence of events, with repetitions and out of order. What holds after
//! each single event is checked by [`Play::step`].

use super::play::*;
use super::*;
use crate::availability::Promise;
use crate::desk::MailRules;
use crate::message::{About, Delivery};
use crate::ticket::Priority;
use crate::verb::{Saved, Verb, Who};
use proptest::prelude::*;

/// Something that may happen next. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Happening {
    CustomerWrites(u8),
    Receives { back: i64, saw: bool },
    Writes { who: u8, post: i64, edited: i64, what: u8 },
    Deletes(i64),
    HoldEnds(usize),
    IsMissed,
    IsMailed,
    Waited,
    Letter { which: usize, fate: u8, back: i64 },
    HasAddress(u8),
    CustomerMails { key: u8, from: u8 },
    Opens(u8),
    Posts { which: usize, pieces: u32 },
    Refuses(usize),
    Delays(usize),
    Vanishes(u8),
    Does { who: u8, key: u8, what: u8 },
    Rates { key: u8, stars: i64 },
    EditsCard { back: i64 },
    Reads { missing: u8, edited: i64, found: u8, twice: bool, ago: i64 },
    WritesElsewhere { who: u8, post: i64, what: u8 },
    Loses { card: bool, ago: i64 },
    FindsCards { first: u8, count: u8, written: bool },
    TimePasses(i64),
    Shows(usize),
    Repeats(usize),
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        4 => (0..6u8).prop_map(CustomerWrites),
        2 => (-1..4i64, any::<bool>()).prop_map(|(back, saw)| Receives { back, saw }),
        8 => (0..4u8, 1..9i64, 0..4i64, 0..17u8)
            .prop_map(|(who, post, edited, what)| Writes { who, post, edited, what }),
        2 => (1..9i64).prop_map(Deletes),
        4 => (0..9usize).prop_map(HoldEnds),
        2 => Just(IsMissed),
        3 => Just(IsMailed),
        1 => Just(Waited),
        4 => (0..9usize, 0..8u8, 0..3i64).prop_map(|(which, fate, back)| Letter { which, fate, back }),
        1 => (0..3u8).prop_map(HasAddress),
        2 => (0..4u8, 0..3u8).prop_map(|(key, from)| CustomerMails { key, from }),
        2 => (1..4u8).prop_map(Opens),
        4 => (0..9usize, 0..4u32).prop_map(|(which, pieces)| Posts { which, pieces }),
        1 => (0..9usize).prop_map(Refuses),
        1 => (0..9usize).prop_map(Delays),
        1 => (1..4u8).prop_map(Vanishes),
        3 => (0..2u8, 0..9u8, 0..14u8).prop_map(|(who, key, what)| Does { who, key, what }),
        1 => (0..4u8, 1..6i64).prop_map(|(key, stars)| Rates { key, stars }),
        2 => (-1..3i64).prop_map(|back| EditsCard { back }),
        1 => (any::<u8>(), 0..4i64, any::<u8>(), any::<bool>(), 0..3i64)
            .prop_map(|(missing, edited, found, twice, ago)| Reads { missing, edited, found, twice, ago }),
        1 => (0..4u8, 1..9i64, 0..8u8).prop_map(|(who, post, what)| WritesElsewhere { who, post, what }),
        1 => (any::<bool>(), 0..3i64).prop_map(|(card, ago)| Loses { card, ago }),
        1 => (1..4u8, 0..3u8, any::<bool>())
            .prop_map(|(first, count, written)| FindsCards { first, count, written }),
        2 => prop_oneof![Just(1), Just(20_000), Just(60_000)].prop_map(TimePasses),
        2 => (0..9usize).prop_map(Shows),
        3 => (0..100usize).prop_map(Repeats),
    ]
}

/// Texts that must never reach the customer, whatever happens, say so.
const SECRET: &str = "secret";
const TEXTS: [&str; 17] = [
    "Hello",
    "Yes",
    "> Quoted",
    "// secret",
    "🔒 secret",
    "!calim secret",
    "!claim",
    "!release",
    "One two three four five six",
    "!resolve",
    "!assign Hedy",
    "!note secret",
    "!retry",
    "!r hello",
    "!r late campaign_id=cp1",
    "!r send",
    "!r cancel",
];

fn verb(what: u8) -> Verb {
    match what {
        0 => Verb::Claim,
        1 => Verb::Release,
        2 => Verb::Assign(Who::Agent(agent(HEDY))),
        3 => Verb::Note(Body::plain(SECRET)),
        4 => Verb::Topic("technical".into()),
        5 => Verb::Resolve { silently: false },
        6 => Verb::Reopen,
        8 => Verb::Retry(None),
        7 => Verb::Ticket { priority: Some(Priority::High), within: Some(Promise::Minutes(90)) },
        9 => Verb::Saved(Saved::Show { name: "late".into(), given: vec![] }),
        10 => Verb::Saved(Saved::Send { preview: None }),
        11 => Verb::Saved(Saved::Cancel { preview: None }),
        12 => Verb::Saved(Saved::Send { preview: Some(5) }),
        13 => Verb::Saved(Saved::Show { name: "hello".into(), given: vec![] }),
        _ => Verb::Help,
    }
}

fn desk_message(who: u8, stamp: i64, edited: i64, what: u8) -> DeskMessage {
    let text = TEXTS[what as usize];
    let edited = (edited > 0).then_some(100 + edited);
    match who {
        0 => match stranger(stamp, Some("U-eve"), StrangerKind::Bot, &format!("{SECRET} {text}")) {
            Event::DeskWrote { message, .. } => DeskMessage { edited, ..message },
            _ => unreachable!("a stranger writes"),
        },
        1 => post_of(HEDY, stamp, edited, text),
        _ => post_of(GRACE, stamp, edited, text),
    }
}

fn event_of(play: &mut Play, past: &[Event], happening: Happening) -> Option<Event> {
    let messages = &play.dialogue.messages;
    let here = match &play.dialogue.head.thread {
        Thread::Open(thread) => thread.0.clone(),
        Thread::None | Thread::Wanted => "T1".to_string(),
    };
    let nth = |at: usize| (!messages.is_empty()).then(|| &messages[at % messages.len()]);
    Some(match happening {
        Happening::CustomerWrites(key) => wrote(&format!("k{key}"), "One two three, four five six seven"),
        Happening::Receives { back, saw: false } => Event::CustomerReceived { rev: play.dialogue.head.rev - back },
        Happening::Receives { back, saw: true } => Event::CustomerSaw { rev: play.dialogue.head.rev - back },
        Happening::Writes { who, post, edited, what } => in_thread(&here, desk_message(who, post, edited, what)),
        Happening::WritesElsewhere { who, post, what } => in_thread("T0", desk_message(who, post, 0, what)),
        Happening::Deletes(stamp) => deletes(stamp),
        Happening::IsMissed => Event::RepliesDelayed,
        Happening::IsMailed => Event::LetterDue,
        Happening::Waited => Event::PatienceEnded,
        Happening::Letter { which, fate, back } => {
            let letters: Vec<_> = messages.iter().filter(|m| matches!(m.kind, Kind::Letter { .. })).collect();
            let letter = letters.get(which % letters.len().max(1))?;
            let seq = letter.seq;
            match (fate, &letter.kind) {
                (0, _) => Event::LetterRefused { seq, why: "no such user".into() },
                (1, _) => Event::LetterBounced { seq, why: "no such user".into() },
                (2, _) => Event::LetterEmpty { seq },
                (_, Kind::Letter { about: About::Answers { above, upto }, .. }) => {
                    Event::LetterSent { seq, upto: (upto - back).max(*above) }
                }
                _ => Event::LetterSent { seq, upto: 0 },
            }
        }
        Happening::CustomerMails { key: 0, .. } => {
            Event::AutomaticLetter { key: "m0".into(), subject: "Out".into(), what: "an automatic reply".into() }
        }
        Happening::CustomerMails { key, from } => {
            mailed(&format!("m{key}"), &format!("ada{from}@example.com"), "One two three, four")
        }
        Happening::HasAddress(which) => has_address(&format!("ada{which}@example.com")),
        Happening::HoldEnds(at) => Event::HoldEnded(nth(at)?.id),
        Happening::Opens(thread) => opened(&format!("T{thread}")),
        Happening::Posts { which, pieces: 0 } => stands(nth(which)?.seq, 70),
        Happening::Posts { which, pieces } => posted(&[(nth(which)?.seq, pieces)]),
        Happening::Shows(which) => Event::PreviewShown { seq: nth(which)?.seq },
        Happening::Refuses(which) => refused(nth(which)?.seq),
        Happening::Does { who, key, what } => {
            did(if who == 0 { GRACE } else { HEDY }, &format!("did/{key}"), verb(what))
        }
        Happening::Rates { key, stars } => rated(&format!("rate/{key}"), stars, ""),
        Happening::EditsCard { back } => Event::CardEdited { rev: play.dialogue.head.card_rev - back },
        Happening::Delays(which) => delayed(nth(which)?.seq),
        Happening::Vanishes(thread) => vanished(&format!("T{thread}")),
        Happening::Reads { missing, edited, found, twice, ago } => {
            let there = (0..8).filter(|bit| missing & 1 << bit == 0);
            let messages = there.map(|bit| desk_message(2, bit + 1, edited, (bit % 3) as u8)).collect();
            let own = |at: i64| {
                nth(found as usize).map(|m| OwnPost { post: post(at), pieces: vec![piece(m.seq, 0)], files: vec![] })
            };
            let ours = own(50).into_iter().chain(own(51).filter(|_| twice)).collect();
            let asked_at = play.now.plus_millis(-ago);
            Event::ThreadRead(Snapshot { thread: ThreadKey(here), asked_at, root: ago, messages, ours })
        }
        Happening::Loses { card, ago } => {
            let sent = if card { Sent::Card } else { Sent::Posts };
            Event::OutcomeLost { sent, at: play.now.plus_millis(-ago) }
        }
        Happening::FindsCards { first, count, written } => {
            let written: Vec<_> = written.then(|| desk_message(2, 60, 0, 0)).into_iter().collect();
            let card = |nth: u8| found_card(&format!("T{nth}"), 40 + i64::from(nth), written.clone());
            Event::CardsFound((first..first + count).map(card).collect())
        }
        Happening::TimePasses(millis) => {
            play.later(millis);
            return None;
        }
        Happening::Repeats(at) => past.get(at % past.len().max(1))?.clone(),
    })
}

fn rules() -> impl Strategy<Value = DeskRules> {
    let mode = prop_oneof![Just(Mode::Open), Just(Mode::Claimed), Just(Mode::Explicit)];
    let mail = prop_oneof![Just(None), Just(Some(MailRules { answer_after_millis: 20_000 }))];
    (mode, prop_oneof![Just(0), Just(3_000)], mail).prop_map(|(mode, hold_millis, mail)| DeskRules {
        post_chars_max: 10,
        mail,
        ..play::rules(mode, hold_millis)
    })
}

/// A post's life at the desk: what each version said, and whether it was deleted in the end.
#[derive(Clone, Debug)]
struct Life {
    versions: Vec<u8>,
    deleted: bool,
}

/// Lives, and everything that is heard of them, in an order of its own, some of it twice.
fn lives() -> impl Strategy<Value = (Vec<Life>, Vec<Event>)> {
    let life = (prop::collection::vec(0..6u8, 1..4), prop::bool::weighted(0.2))
        .prop_map(|(versions, deleted)| Life { versions, deleted });
    prop::collection::vec(life, 1..6).prop_flat_map(|lives| {
        let mut heard: Vec<Event> = Vec::new();
        for (stamp, life) in (1..).zip(&lives) {
            for (edited, what) in (0..).zip(&life.versions) {
                heard.push(in_thread("T1", desk_message(2, stamp, edited, *what)));
            }
            heard.extend(life.deleted.then(|| deletes(stamp)));
        }
        heard.push(wrote("k1", "Hello?"));
        let twice = prop::sample::subsequence(heard.clone(), 0..=heard.len());
        let order = twice.prop_flat_map(move |twice| {
            let mut all = heard.clone();
            all.extend(twice);
            Just(all).prop_shuffle()
        });
        (Just(lives), order)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_leaks_and_everything_is_settled(
        rules in rules(),
        happenings in prop::collection::vec(happening(), 0..60),
    ) {
        let mut play = Play::new();
        play.rules = rules.clone();
        let mut past = Vec::new();
        for happening in happenings {
            let Some(event) = event_of(&mut play, &past, happening) else { continue };
            past.push(event.clone());
            play.step(event);
            for message in &play.dialogue.messages {
                let leaks = message.concerns_customer() && message.body.text().contains(SECRET);
                prop_assert!(!leaks, "{message:?}");
            }
        }
        // The desk does what it was asked to.
        if matches!(play.dialogue.head.thread, Thread::Wanted) {
            play.step(opened("T9"));
        }
        for at in 0..play.dialogue.messages.len() {
            let message = play.dialogue.messages[at].clone();
            let pieces = message.parts(rules.post_chars_max).len() as u32;
            for index in 0..pieces {
                play.step(Event::PiecesPosted { pieces: vec![Piece { message: message.id, index }], post: None });
            }
            play.step(Event::HoldEnded(message.id));
        }
        for at in 0..play.dialogue.messages.len() {
            let message = &play.dialogue.messages[at];
            if let Kind::Letter { about, .. } = message.kind {
                let upto = if let About::Answers { upto, .. } = about { upto } else { 0 };
                play.step(Event::LetterSent { seq: message.seq, upto });
            }
        }
        play.step(Event::CardEdited { rev: play.dialogue.head.card_rev });
        // [`Play::step`] compares these with the orders and holds that the effects made.
        let waits = |m: &Message| {
            matches!(m.kind.posting(), Some(Posting::Waiting { .. }))
                || matches!(m.kind, Kind::Letter { delivery: Delivery::Waiting, .. })
                || matches!(m.from_agent(), Some((_, Stage::Held { .. })))
        };
        prop_assert!(!play.dialogue.messages.iter().any(waits));
    }

    #[test]
    fn what_the_customer_reads_in_the_end_does_not_depend_on_the_order_of_arrival(
        hold_millis in prop_oneof![Just(0), Just(3_000)],
        (lives, heard) in lives(),
        ends in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut play = Play::open(Mode::Open, hold_millis);
        for (at, event) in heard.into_iter().enumerate() {
            play.step(event);
            if let Some(index) = ends.get(at) {
                let seq = index.index(play.dialogue.messages.len()) as i64 + 1;
                play.step(Event::HoldEnded(id(seq)));
            }
        }
        for seq in 1..=play.dialogue.head.last_seq {
            play.step(Event::HoldEnded(id(seq)));
        }
        let mut shown: Vec<&Message> = play.dialogue.messages.iter().collect();
        shown.retain(|m| matches!(m.kind, Kind::Reply { stage: Stage::Shown { .. }, .. }));
        shown.sort_by_key(|m| m.place);
        let shown: Vec<(i64, String)> =
            shown.iter().filter_map(|m| Some((m.post()?.stamp, m.body.text()))).collect();
        let note = |what: &u8| matches!(what, 3..=5);
        let expected: Vec<(i64, String)> = (1..)
            .zip(&lives)
            .filter(|(_, life)| !life.deleted && !life.versions.iter().any(note))
            .filter_map(|(stamp, life)| Some((stamp, TEXTS[*life.versions.last()? as usize].to_string())))
            .collect();
        prop_assert_eq!(shown, expected);
    }
}
