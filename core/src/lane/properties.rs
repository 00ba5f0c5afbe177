//! What lanes promise, whatever the desk does: checked by playing the desk, the core and the
//! outbox against them, at random.

use super::*;
use crate::ids::MessageId;
use proptest::prelude::*;
use std::collections::BTreeMap;

const PACE: Pace = Pace { millis_per_post: 1_000, burst: 3 };

/// Something that happens. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Happening {
    /// A customer writes a message of so many pieces.
    Writes {
        who: u8,
        pieces: u32,
    },
    /// A hint comes once more, and late.
    HintsAgain(usize),
    /// The next turn begins.
    Turn,
    /// A turn that is under way ends.
    Ends {
        which: usize,
        how: How,
    },
    /// Somebody deletes the thread, and we are told.
    Deleted {
        who: u8,
    },
    /// It is to be looked what is in the thread, in case something turned up late.
    Looks {
        who: u8,
    },
    TimePasses(i64),
}

/// How a turn ends. What cannot be for its kind is [`How::Done`].
#[derive(Clone, Copy, Debug)]
enum How {
    Done,
    /// Nobody knows; in truth it was done, or not.
    Unclear(bool),
    NotDone,
    Paused(i64),
    Refused,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let how = prop_oneof![
        8 => Just(How::Done),
        2 => any::<bool>().prop_map(How::Unclear),
        1 => Just(How::NotDone),
        1 => (1..3_000i64).prop_map(How::Paused),
        1 => Just(How::Refused),
    ];
    prop_oneof![
        4 => (0..5u8, 1..4u32).prop_map(|(who, pieces)| Writes { who, pieces }),
        1 => (0..100usize).prop_map(HintsAgain),
        8 => Just(Turn),
        8 => (0..9usize, how).prop_map(|(which, how)| Ends { which, how }),
        1 => (0..5u8).prop_map(|who| Deleted { who }),
        1 => (0..5u8).prop_map(|who| Looks { who }),
        4 => (0..1_500i64).prop_map(TimePasses),
    ]
}

/// A thread at the desk: whether it stands, and what was posted in it, in order.
#[derive(Debug, Default)]
struct Posted {
    stands: bool,
    posts: Vec<(i64, Piece)>,
}

/// A message as the core knows it.
#[derive(Clone, Debug)]
struct Written {
    who: ConversationId,
    seq: i64,
    pieces: u32,
    /// How many the core knows to be posted.
    known: u32,
    refused: bool,
}

/// The core, the outbox and the desk around the lanes.
struct World {
    lanes: Lanes,
    now: i64,
    written: Vec<Written>,
    /// The thread as the core knows it.
    threads: HashMap<ConversationId, Thread>,
    desk: BTreeMap<ThreadKey, (ConversationId, Posted)>,
    under_way: Vec<Turn>,
    hints: Vec<(ConversationId, Thread, Option<Parcel>)>,
    /// When each channel was posted to, and until when it wants nothing.
    posts: HashMap<String, Vec<i64>>,
    paused: HashMap<String, i64>,
}

fn message(seq: i64) -> MessageId {
    MessageId(seq as u128)
}

fn channel_of(thread: &ThreadKey) -> String {
    thread.0.split('/').next().unwrap_or_default().to_string()
}

impl World {
    fn new(channels: usize) -> World {
        let names = (0..channels).map(|at| format!("C{at}")).collect();
        World {
            lanes: Lanes::new(names, PACE, 40),
            now: 0,
            written: Vec::new(),
            threads: HashMap::new(),
            desk: BTreeMap::new(),
            under_way: Vec::new(),
            hints: Vec::new(),
            posts: HashMap::new(),
            paused: HashMap::new(),
        }
    }

    fn on(&mut self, happening: Happening) {
        match happening {
            Happening::Writes { who, pieces } => self.write(ConversationId(who.into()), pieces),
            Happening::HintsAgain(at) => {
                if let Some((who, thread, parcel)) = self.hints.get(at % self.hints.len().max(1)).cloned()
                    && parcel.as_ref().is_none_or(|parcel| self.is_current(who, parcel))
                {
                    self.hand_over(who, &thread, parcel);
                }
            }
            Happening::Turn => {
                self.turn();
            }
            Happening::Ends { which, how } => {
                if !self.under_way.is_empty() {
                    let turn = self.under_way.swap_remove(which % self.under_way.len());
                    self.end(turn, how);
                }
            }
            Happening::Deleted { who } => {
                let who = ConversationId(who.into());
                if let Some(Thread::Open(key)) = self.threads.get(&who).cloned() {
                    if let Some((_, posted)) = self.desk.get_mut(&key) {
                        posted.stands = false;
                    }
                    self.vanished(who, &key);
                }
            }
            Happening::Looks { who } => {
                let who = ConversationId(who.into());
                if let Some(thread @ Thread::Open(key)) = self.threads.get(&who) {
                    self.lanes.want_look(who, thread, Some(&channel_of(key)));
                }
            }
            Happening::TimePasses(millis) => self.now += millis,
        }
    }

    fn write(&mut self, who: ConversationId, pieces: u32) {
        let thread = self.threads.entry(who).or_insert(Thread::None);
        if *thread == Thread::None {
            *thread = Thread::Wanted;
            self.hint(who, None);
        }
        let seq = self.written.len() as i64;
        self.written.push(Written { who, seq, pieces, known: 0, refused: false });
        self.hint_message(seq as usize);
    }

    fn hint_message(&mut self, at: usize) {
        let it = self.written[at].clone();
        for index in it.known..it.pieces {
            let piece = Piece { message: message(it.seq), index };
            let parcel = Parcel {
                piece,
                seq: it.seq,
                cargo: Cargo::Text("It fails.".into()),
                speaker: None,
                retry_of: None,
                calls: Vec::new(),
            };
            self.hint(it.who, Some(parcel));
        }
    }

    fn hint(&mut self, who: ConversationId, parcel: Option<Parcel>) {
        let thread = self.threads[&who].clone();
        self.hints.push((who, thread.clone(), parcel.clone()));
        self.hand_over(who, &thread, parcel);
    }

    /// False for what was refused, or stands in a thread that was deleted since: so late no hint is.
    fn is_current(&self, who: ConversationId, parcel: &Parcel) -> bool {
        let it = &self.written[parcel.seq as usize];
        let here = |(whose, posted): &(ConversationId, Posted)| {
            *whose == who && posted.stands && posted.posts.contains(&(parcel.seq, parcel.piece))
        };
        !it.refused && (it.known <= parcel.piece.index || self.desk.values().any(here))
    }

    fn hand_over(&mut self, who: ConversationId, thread: &Thread, parcel: Option<Parcel>) {
        let channel = match thread {
            Thread::Open(key) => Some(channel_of(key)),
            Thread::None | Thread::Wanted => None,
        };
        match parcel {
            Some(parcel) => self.lanes.push(who, thread, channel.as_deref(), parcel, false),
            None => self.lanes.want_open(who, false),
        }
    }

    /// What the core does when a thread is gone.
    fn vanished(&mut self, who: ConversationId, key: &ThreadKey) {
        if self.threads.get(&who) != Some(&Thread::Open(key.clone())) {
            return;
        }
        let waits = |it: &Written| it.who == who && !it.refused && it.known < it.pieces;
        if !self.written.iter().any(waits) {
            self.threads.insert(who, Thread::None);
            return;
        }
        self.threads.insert(who, Thread::Wanted);
        self.hint(who, None);
        for at in 0..self.written.len() {
            if waits(&self.written[at]) && std::mem::take(&mut self.written[at].known) > 0 {
                self.hint_message(at);
            }
        }
    }

    /// The next turn, with everything that must hold for it; when to ask again, if there is none.
    fn turn(&mut self) -> Option<Option<Moment>> {
        let (turn, wake) = self.lanes.next(Moment(self.now));
        let Some(turn) = turn else { return Some(wake) };
        let who = turn.conversation();
        assert!(self.under_way.iter().all(|other| other.conversation() != who), "two turns of one conversation");
        match &turn {
            Turn::Open { channel, .. } => {
                let open = self.desk.values().find(|(whose, posted)| *whose == who && posted.stands);
                assert!(open.is_none(), "a second thread of {who}");
                self.pace(channel.clone());
            }
            Turn::Post { thread, parcels, .. } => {
                let posted = &self.desk[thread].1;
                let mut last = None;
                assert!(!parcels.is_empty() && parcels.len() <= PIECES_PER_POST_MAX);
                for parcel in parcels {
                    let place = (parcel.seq, parcel.piece.index);
                    assert!(last < Some(place), "out of order in one post");
                    last = Some(place);
                    assert!(!self.written[parcel.seq as usize].refused, "sent after it was refused");
                    let there = posted.stands && posted.posts.contains(&(parcel.seq, parcel.piece));
                    assert!(!there, "sent twice: {:?}", parcel.piece);
                }
                self.pace(channel_of(thread));
            }
            Turn::Look { .. } => {}
        }
        self.under_way.push(turn);
        None
    }

    fn pace(&mut self, channel: String) {
        assert!(self.paused.get(&channel).is_none_or(|until| *until <= self.now), "posted in a pause");
        let posts = self.posts.entry(channel).or_default();
        posts.push(self.now);
        for (between, earlier) in posts.iter().rev().enumerate() {
            let allowed = PACE.burst + (self.now - earlier) / PACE.millis_per_post;
            assert!((between as i64) < allowed, "{posts:?}");
        }
    }

    fn end(&mut self, turn: Turn, how: How) {
        let (who, now) = (turn.conversation(), Moment(self.now));
        match turn {
            Turn::Look { thread: None, .. } => {
                let found = self.desk.iter().find(|(_, (whose, posted))| *whose == who && posted.stands);
                match (how, found.map(|(key, _)| key.clone())) {
                    (How::NotDone, _) => self.lanes.rest(who, now, 100, true),
                    (_, Some(key)) => {
                        self.threads.insert(who, Thread::Open(key.clone()));
                        let channel = channel_of(&key);
                        self.lanes.looked(who, Some(key), Some(&channel), &[], &[]);
                    }
                    (_, None) => self.lanes.looked(who, None, None, &[], &[]),
                }
            }
            Turn::Look { thread: Some(key), .. } => {
                let posted = &self.desk[&key].1;
                match how {
                    How::NotDone => self.lanes.rest(who, now, 100, true),
                    _ if !posted.stands => self.gone(who, &key),
                    _ => {
                        let pieces: Vec<Piece> = posted.posts.iter().map(|(_, piece)| *piece).collect();
                        self.know(&pieces);
                        let channel = channel_of(&key);
                        self.lanes.looked(who, Some(key), Some(&channel), &pieces, &[]);
                    }
                }
            }
            Turn::Open { channel, .. } => {
                let key = ThreadKey(format!("{channel}/{}", self.desk.len()));
                if matches!(how, How::Done | How::Refused | How::Unclear(true)) {
                    self.desk.insert(key.clone(), (who, Posted { stands: true, posts: Vec::new() }));
                }
                match how {
                    How::Done | How::Refused => {
                        self.threads.insert(who, Thread::Open(key.clone()));
                        self.lanes.opened(who, key);
                    }
                    How::Unclear(_) => self.lanes.rest(who, now, 100, true),
                    How::NotDone => self.lanes.rest(who, now, 100, false),
                    How::Paused(millis) => self.pause(who, channel, millis),
                }
            }
            Turn::Post { thread, parcels, .. } => {
                let pieces: Vec<Piece> = parcels.iter().map(|parcel| parcel.piece).collect();
                if !self.desk[&thread].1.stands {
                    return self.gone(who, &thread);
                }
                match how {
                    How::Done | How::Unclear(true) => {
                        if let Some((_, posted)) = self.desk.get_mut(&thread) {
                            posted.posts.extend(parcels.iter().map(|parcel| (parcel.seq, parcel.piece)));
                        }
                    }
                    How::Refused | How::Unclear(false) | How::NotDone | How::Paused(_) => {}
                }
                match how {
                    How::Done => {
                        self.know(&pieces);
                        self.lanes.posted(who, &pieces);
                    }
                    How::Unclear(_) => self.lanes.rest(who, now, 100, true),
                    How::NotDone => self.lanes.rest(who, now, 100, false),
                    How::Paused(millis) => self.pause(who, channel_of(&thread), millis),
                    How::Refused => {
                        self.written[parcels[0].seq as usize].refused = true;
                        self.lanes.refused(who, pieces[0]);
                    }
                }
            }
        }
    }

    fn gone(&mut self, who: ConversationId, key: &ThreadKey) {
        self.vanished(who, key);
        self.lanes.lost_thread(who);
    }

    fn pause(&mut self, who: ConversationId, channel: String, millis: i64) {
        let until = self.paused.entry(channel).or_default();
        *until = (*until).max(self.now + millis);
        self.lanes.pause_channel(who, Moment(self.now), millis);
    }

    fn know(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            let it = &mut self.written[piece.message.0 as usize];
            it.known = it.known.max(piece.index + 1);
        }
    }

    /// Everything that can be done is done, and works.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            while let Some(turn) = self.under_way.pop() {
                self.end(turn, How::Done);
            }
            match self.turn() {
                None => {}
                Some(Some(wake)) => {
                    assert!(wake.0 > self.now, "asked to come back at once, for nothing");
                    self.now = wake.0;
                }
                Some(None) => return,
            }
        }
        panic!("it never ends");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_reordered_and_the_pace_is_kept(
        channels in 1..3usize,
        happenings in prop::collection::vec(happening(), 0..120),
    ) {
        let mut world = World::new(channels);
        for happening in happenings {
            world.on(happening);
        }
        world.settle();
        prop_assert!(world.lanes.is_empty(), "left: {:?}", world.lanes);
        prop_assert!(world.lanes.channels.iter().all(|channel| channel.conversations == 0));
        for it in world.written.iter().filter(|it| !it.refused) {
            prop_assert_eq!(it.known, it.pieces, "lost: {:?}", it);
            let whole = |posted: &Posted| {
                (0..it.pieces).all(|index| posted.posts.contains(&(it.seq, Piece { message: message(it.seq), index })))
            };
            // What stood in part in a deleted thread stands whole in the next, unless its last
            // piece was on its way at that very moment.
            let split = world.desk.values().filter(|(who, _)| *who == it.who).count() > 1;
            prop_assert!(split || world.desk.values().any(|(_, posted)| whole(posted)), "torn: {:?}", it);
        }
        for (_, posted) in world.desk.values() {
            let places: Vec<(i64, u32)> = posted.posts.iter().map(|(seq, piece)| (*seq, piece.index)).collect();
            prop_assert!(places.is_sorted_by(|one, next| one < next), "out of order: {:?}", places);
        }
    }

    /// However the others are fed, and whatever becomes of their turns.
    #[test]
    fn whoever_waits_has_a_turn_before_anybody_else_has_many(
        turns in prop::collection::vec((0..10u8, 0..12u128), 300),
    ) {
        const LANES: usize = 12;
        let mut lanes = Lanes::new(vec!["C".into()], Pace { millis_per_post: 0, burst: 1 }, 4_000);
        let mut seq = 0;
        let mut feed = |lanes: &mut Lanes, who: ConversationId| {
            seq += 1;
            let piece = Piece { message: message(seq), index: 0 };
            let parcel = Parcel { piece, seq, cargo: Cargo::Text("x".into()), speaker: None, retry_of: None, calls: Vec::new() };
            // Every third conversation has a thread already.
            let key = ThreadKey(format!("C/{}", who.0));
            let thread = if who.0.is_multiple_of(3) { Thread::Open(key) } else { Thread::Wanted };
            lanes.push(who, &thread, Some("C"), parcel, false);
        };
        let mut waits: HashMap<ConversationId, usize> = HashMap::new();
        for who in 0..LANES as u128 {
            feed(&mut lanes, ConversationId(who));
            waits.insert(ConversationId(who), 0);
        }
        let mut now = 0;
        for (how, other) in turns {
            feed(&mut lanes, ConversationId(other));
            let (Some(turn), _) = lanes.next(Moment(now)) else {
                now += 1_000;
                continue;
            };
            now += 10;
            let who = turn.conversation();
            for (waiting, turns) in &mut waits {
                *turns = if *waiting == who { 0 } else { *turns + 1 };
                // Each other one opens its thread, looks, and has its turn, once more after a pause.
                prop_assert!(*turns <= 4 * LANES, "{} starves", waiting);
            }
            match (turn, how) {
                // Never works, whatever is tried.
                (Turn::Open { .. }, _) if who.0 % 5 == 1 => lanes.pause_channel(who, Moment(now), 1_000),
                (Turn::Post { .. }, _) if who.0 % 5 == 2 => lanes.pause_channel(who, Moment(now), 1_000),
                (_, 0) => lanes.pause_channel(who, Moment(now), 1_000),
                (_, 1) => lanes.rest(who, Moment(now), 0, true),
                (Turn::Open { .. }, _) => lanes.opened(who, ThreadKey(format!("C/{}", who.0))),
                (Turn::Post { parcels, .. }, _) => {
                    lanes.posted(who, &parcels.iter().map(|parcel| parcel.piece).collect::<Vec<_>>());
                }
                (Turn::Look { thread, .. }, _) => lanes.looked(who, thread, Some("C"), &[], &[]),
            }
            if !lanes.lanes.contains_key(&who) {
                feed(&mut lanes, who);
            }
        }
    }
}
