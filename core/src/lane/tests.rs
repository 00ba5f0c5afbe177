//! Whose turn it is, as short plays.

use super::*;
use crate::ids::MessageId;

const PACE: Pace = Pace { millis_per_post: 1_000, burst: 1 };

fn parcel(seq: i64, text: &str) -> Parcel {
    let piece = Piece { message: MessageId(seq as u128), index: 0 };
    Parcel {
        piece,
        seq,
        cargo: Cargo::Text(text.into()),
        speaker: Some("Ada".into()),
        retry_of: None,
        calls: Vec::new(),
    }
}

fn open(number: u128) -> Thread {
    Thread::Open(ThreadKey(format!("t{number}")))
}

fn lanes(channels: usize) -> Lanes {
    Lanes::new((0..channels).map(|at| format!("C{at}")).collect(), PACE, 4_000)
}

fn words(parcels: &[Parcel]) -> String {
    let word = |parcel: &Parcel| match &parcel.cargo {
        Cargo::Text(text) => text.clone(),
        Cargo::File { file, .. } => format!("[{}]", file.name),
    };
    parcels.iter().map(word).collect::<Vec<_>>().join("+")
}

fn texts(turn: Option<Turn>) -> String {
    match turn {
        Some(Turn::Post { parcels, .. }) => words(&parcels),
        Some(Turn::Open { channel, .. }) => format!("open in {channel}"),
        Some(Turn::Look { .. }) => "look".into(),
        None => "nothing".into(),
    }
}

#[test]
fn what_waits_is_joined_and_lanes_take_turns_and_opens_go_first() {
    let (ada, bob, eve) = (ConversationId(1), ConversationId(2), ConversationId(3));
    let mut lanes = lanes(1);
    lanes.push(ada, &open(1), None, parcel(1, "a1"), false);
    lanes.push(ada, &open(1), None, parcel(2, "a2"), false);
    lanes.push(bob, &open(2), None, parcel(1, "b1"), false);
    lanes.push(eve, &Thread::Wanted, None, parcel(1, "e1"), false);
    lanes.want_open(eve, false);
    assert_eq!(texts(lanes.next(Moment(0)).0), "open in C0");
    assert_eq!(lanes.next(Moment(0)), (None, Some(Moment(1_000))));
    lanes.opened(eve, ThreadKey("t3".into()));
    assert_eq!(texts(lanes.next(Moment(1_000)).0), "a1+a2");
    lanes.push(ada, &open(1), None, parcel(3, "a3"), false);
    lanes.posted(ada, &[parcel(1, "").piece, parcel(2, "").piece]);
    assert_eq!(texts(lanes.next(Moment(2_000)).0), "b1");
    assert_eq!(texts(lanes.next(Moment(3_000)).0), "e1");
    assert_eq!(texts(lanes.next(Moment(4_000)).0), "a3");
    for (who, seq) in [(bob, 1), (eve, 1), (ada, 3)] {
        lanes.posted(who, &[parcel(seq, "").piece]);
    }
    assert!(lanes.is_empty());
}

#[test]
fn one_thing_at_a_time_in_a_lane_and_an_unclear_one_is_looked_up() {
    let ada = ConversationId(1);
    let mut lanes = lanes(1);
    lanes.push(ada, &open(1), None, parcel(1, "a1"), false);
    assert_eq!(texts(lanes.next(Moment(0)).0), "a1");
    lanes.push(ada, &open(1), None, parcel(2, "a2"), false);
    assert_eq!(lanes.next(Moment(5_000)), (None, None));
    lanes.rest(ada, Moment(5_000), 700, true);
    assert_eq!(lanes.next(Moment(5_000)), (None, Some(Moment(5_700))));
    assert_eq!(texts(lanes.next(Moment(5_700)).0), "look");
    lanes.posted(ada, &[parcel(1, "").piece]);
    assert_eq!(texts(lanes.next(Moment(6_000)).0), "a2");
}

#[test]
fn a_pause_holds_one_channel_and_keeps_the_place_in_line() {
    let (ada, bob, eve) = (ConversationId(1), ConversationId(2), ConversationId(3));
    let mut lanes = lanes(2);
    lanes.push(ada, &open(1), Some("C0"), parcel(1, "a1"), false);
    lanes.push(bob, &open(2), Some("C0"), parcel(1, "b1"), false);
    lanes.push(eve, &open(3), Some("C1"), parcel(1, "e1"), false);
    assert_eq!(texts(lanes.next(Moment(0)).0), "a1");
    lanes.pause_channel(ada, Moment(0), 30_000);
    assert_eq!(texts(lanes.next(Moment(0)).0), "e1");
    assert_eq!(lanes.next(Moment(0)), (None, Some(Moment(30_000))));
    assert_eq!(texts(lanes.next(Moment(30_000)).0), "a1");
}

#[test]
fn a_post_holds_only_so_much_and_one_speaker() {
    let ada = ConversationId(1);
    let mut lanes = Lanes::new(vec!["C".into()], Pace { millis_per_post: 0, burst: 1 }, 10);
    for (seq, text) in [(1, "12345"), (2, "678"), (3, "9")] {
        lanes.push(ada, &open(1), None, parcel(seq, text), false);
    }
    lanes.push(ada, &open(1), None, Parcel { speaker: None, ..parcel(4, "b") }, false);
    let mut posts = Vec::new();
    while let (Some(Turn::Post { parcels, .. }), _) = lanes.next(Moment(0)) {
        posts.push(words(&parcels));
        lanes.posted(ada, &parcels.iter().map(|p| p.piece).collect::<Vec<_>>());
    }
    assert_eq!(posts, ["12345+678", "9", "b"]);
}

#[test]
fn new_conversations_spread_over_the_channels() {
    let mut lanes = lanes(4);
    for number in 0..40 {
        lanes.want_open(ConversationId(number), false);
    }
    let mut opened = HashMap::<String, usize>::new();
    for second in 0..10 {
        while let (Some(Turn::Open { channel, .. }), _) = lanes.next(Moment(second * 1_000)) {
            *opened.entry(channel).or_default() += 1;
        }
    }
    assert_eq!(opened.into_values().collect::<Vec<_>>(), [10; 4]);
}

/// Twenty customers who each write every 15 seconds, for half an hour, into one channel with
/// one post a second: first in, first out with one message a post, and joined.
#[test]
fn joining_bounds_the_wait_where_a_queue_would_grow_for_ever() {
    let wait_p99 = |post_chars_max: usize| {
        let mut lanes = Lanes::new(vec!["C".into()], Pace { millis_per_post: 1_000, burst: 5 }, post_chars_max);
        let (mut waits, mut written, mut seq) = (Vec::new(), HashMap::new(), 0);
        for millis in (0..30 * 60_000).step_by(250) {
            for customer in 0..20u128 {
                if (millis + customer as i64 * 750) % 15_000 == 0 {
                    seq += 1;
                    written.insert(seq, millis);
                    lanes.push(ConversationId(customer), &open(customer), None, parcel(seq, "It still fails."), false);
                }
            }
            while let (Some(Turn::Post { conversation, parcels, .. }), _) = lanes.next(Moment(millis)) {
                waits.extend(parcels.iter().map(|p| millis - written[&p.seq]));
                lanes.posted(conversation, &parcels.iter().map(|p| p.piece).collect::<Vec<_>>());
            }
        }
        waits.sort_unstable();
        waits[waits.len() * 99 / 100]
    };
    let (alone, joined) = (wait_p99(1), wait_p99(4_000));
    assert!(alone > 300_000, "one message a post: {alone} ms");
    assert!(joined < 25_000, "joined: {joined} ms");
}

#[test]
fn a_hint_that_comes_after_the_order_was_carried_out_is_looked_up() {
    let ada = ConversationId(1);
    let mut lanes = lanes(1);
    lanes.push(ada, &Thread::Wanted, None, parcel(1, "a1"), false);
    assert_eq!(texts(lanes.next(Moment(0)).0), "open in C0");
    lanes.opened(ada, ThreadKey("t1".into()));
    assert_eq!(texts(lanes.next(Moment(1_000)).0), "a1");
    lanes.posted(ada, &[parcel(1, "").piece]);
    assert!(lanes.is_empty());
    lanes.push(ada, &Thread::Wanted, None, parcel(1, "a1"), false);
    assert_eq!(texts(lanes.next(Moment(2_000)).0), "look");
    lanes.looked(ada, Some(ThreadKey("t1".into())), Some("C0"), &[], &[]);
    assert_eq!(texts(lanes.next(Moment(2_000)).0), "look");
    lanes.looked(ada, Some(ThreadKey("t1".into())), Some("C0"), &[parcel(1, "").piece], &[]);
    assert!(lanes.is_empty());
}

#[test]
fn what_is_unsure_is_looked_up_even_when_it_comes_while_something_is_under_way() {
    let ada = ConversationId(1);
    let mut lanes = lanes(1);
    lanes.push(ada, &open(1), None, parcel(1, "a1"), false);
    assert_eq!(texts(lanes.next(Moment(0)).0), "a1");
    lanes.push(ada, &open(1), None, parcel(2, "a2"), true);
    lanes.posted(ada, &[parcel(1, "").piece]);
    assert_eq!(texts(lanes.next(Moment(1_000)).0), "look");
    lanes.push(ada, &open(1), None, parcel(3, "a3"), true);
    lanes.looked(ada, Some(ThreadKey("t1".into())), None, &[], &[]);
    assert_eq!(texts(lanes.next(Moment(1_000)).0), "look");
    lanes.looked(ada, Some(ThreadKey("t1".into())), None, &[], &[]);
    assert_eq!(texts(lanes.next(Moment(1_000)).0), "a2+a3");
}

#[test]
fn who_is_told_to_wait_twice_lets_the_others_go() {
    let (ada, bob) = (ConversationId(1), ConversationId(2));
    let mut lanes = lanes(1);
    lanes.want_open(ada, false);
    lanes.push(bob, &open(2), Some("C0"), parcel(1, "b1"), false);
    assert_eq!(texts(lanes.next(Moment(0)).0), "open in C0");
    lanes.pause_channel(ada, Moment(0), 5_000);
    assert_eq!(texts(lanes.next(Moment(5_000)).0), "open in C0");
    lanes.pause_channel(ada, Moment(5_000), 5_000);
    assert_eq!(texts(lanes.next(Moment(10_000)).0), "b1");
    assert_eq!(texts(lanes.next(Moment(11_000)).0), "open in C0");
}

#[test]
fn looks_and_posts_and_channels_take_turns() {
    let mut lanes = Lanes::new(vec!["C0".into(), "C1".into()], Pace { millis_per_post: 0, burst: 1 }, 4_000);
    for number in 0..3 {
        lanes.push(ConversationId(number), &open(number), Some("C0"), parcel(1, "old"), true);
    }
    for (number, channel) in [(10, "C0"), (11, "C0"), (12, "C1")] {
        lanes.push(ConversationId(number), &open(number), Some(channel), parcel(1, channel), false);
    }
    let turns: Vec<String> = (0..6).map(|_| texts(lanes.next(Moment(0)).0)).collect();
    assert_eq!(turns, ["look", "C0", "look", "C1", "look", "C0"]);
}

#[test]
fn a_thread_found_in_another_channel_is_paced_there() {
    let (ada, bob) = (ConversationId(1), ConversationId(2));
    let mut lanes = lanes(2);
    lanes.push(bob, &open(2), Some("C1"), parcel(1, "b1"), false);
    assert_eq!(texts(lanes.next(Moment(0)).0), "b1");
    lanes.want_open(ada, true);
    lanes.push(ada, &Thread::Wanted, None, parcel(1, "a1"), true);
    for _ in 0..2 {
        assert_eq!(texts(lanes.next(Moment(0)).0), "look");
        lanes.looked(ada, Some(ThreadKey("t1".into())), Some("C1"), &[], &[]);
    }
    assert_eq!(lanes.next(Moment(0)), (None, Some(Moment(1_000))));
    assert_eq!(texts(lanes.next(Moment(1_000)).0), "a1");
}

#[test]
fn a_piece_whose_successor_is_there_was_posted_and_is_not_posted_after_it() {
    let ada = ConversationId(1);
    let mut lanes = lanes(1);
    let piece = |index| Piece { message: MessageId(1), index };
    for index in 0..3 {
        lanes.push(ada, &open(1), None, Parcel { piece: piece(index), ..parcel(1, &index.to_string()) }, true);
    }
    assert_eq!(texts(lanes.next(Moment(0)).0), "look");
    lanes.looked(ada, Some(ThreadKey("t1".into())), None, &[piece(1)], &[]);
    assert_eq!(texts(lanes.next(Moment(0)).0), "2");
}

#[test]
fn who_lost_a_thread_looks_for_another_before_one_is_opened() {
    let ada = ConversationId(1);
    let mut lanes = lanes(1);
    lanes.push(ada, &open(1), Some("C0"), parcel(1, "a1"), false);
    assert_eq!(texts(lanes.next(Moment(0)).0), "a1");
    assert!(lanes.lost_thread(ada));
    assert_eq!(texts(lanes.next(Moment(1_000)).0), "look");
    lanes.looked(ada, None, None, &[], &[]);
    assert_eq!(texts(lanes.next(Moment(1_000)).0), "open in C0");
}

#[test]
fn a_look_is_made_though_nothing_waits_and_made_again_when_it_failed() {
    let ada = ConversationId(1);
    let mut lanes = lanes(1);
    lanes.want_look(ada, &open(1), Some("C0"));
    assert_eq!(texts(lanes.next(Moment(0)).0), "look");
    lanes.rest(ada, Moment(0), 100, false);
    assert_eq!(lanes.next(Moment(0)), (None, Some(Moment(100))));
    assert_eq!(texts(lanes.next(Moment(100)).0), "look");
    lanes.looked(ada, Some(ThreadKey("t1".into())), Some("C0"), &[], &[]);
    assert!(lanes.is_empty());
    // While something is being sent, it waits; and where nothing waits in a thread that is gone, none
    // is opened.
    lanes.push(ada, &open(1), Some("C0"), parcel(1, "a1"), false);
    assert_eq!(texts(lanes.next(Moment(200)).0), "a1");
    lanes.want_look(ada, &open(1), Some("C0"));
    assert_eq!(lanes.next(Moment(200)), (None, None));
    lanes.posted(ada, &[parcel(1, "a1").piece]);
    assert_eq!(texts(lanes.next(Moment(200)).0), "look");
    assert!(!lanes.lost_thread(ada));
}

/// A file that nobody waits for beyond this moment, and that the desk does not have yet.
fn file(seq: i64, index: u32, name: &str, waited_for_until: i64) -> Parcel {
    let (id, hash) = (crate::ids::FileId(0), crate::file::Hash(String::new()));
    let file = StoredFile { id, name: name.into(), media_type: "image/png".into(), bytes: 1, hash, picture: None };
    let cargo = Cargo::File { file, key: None, waited_for_until: Moment(waited_for_until) };
    Parcel { piece: Piece { message: MessageId(seq as u128), index }, cargo, ..parcel(seq, "") }
}

fn key(name: &str) -> DeskFileKey {
    DeskFileKey(name.into())
}

#[test]
fn what_was_written_after_a_file_waits_for_it() {
    let ada = ConversationId(1);
    let mut lanes = lanes(1);
    for parcel in [parcel(1, "a1"), file(1, 1, "one", 9_000), file(1, 2, "two", 9_000), parcel(2, "a2")] {
        lanes.push(ada, &open(1), None, parcel, false);
    }
    assert_eq!(texts(lanes.next(Moment(0)).0), "a1");
    lanes.uploaded(ada, file(1, 2, "", 0).piece, key("F2"));
    lanes.posted(ada, &[parcel(1, "").piece]);
    assert_eq!(lanes.next(Moment(1_000)), (None, Some(Moment(9_000))));
    lanes.uploaded(ada, file(1, 1, "", 0).piece, key("F1"));
    assert_eq!(texts(lanes.next(Moment(1_000)).0), "[one]+[two]");
    lanes.posted(ada, &[file(1, 1, "", 0).piece, file(1, 2, "", 0).piece]);
    assert_eq!(texts(lanes.next(Moment(2_000)).0), "a2");
    lanes.posted(ada, &[parcel(2, "").piece]);
    assert!(lanes.is_empty());
}

#[test]
fn a_file_that_takes_too_long_is_overtaken_by_all_but_its_own_message() {
    let ada = ConversationId(1);
    let mut lanes = lanes(1);
    for parcel in [file(1, 0, "slow", 2_000), file(1, 1, "quick", 2_000), parcel(2, "a2")] {
        lanes.push(ada, &open(1), None, parcel, false);
    }
    lanes.uploaded(ada, file(1, 1, "", 0).piece, key("F2"));
    assert_eq!(lanes.next(Moment(0)), (None, Some(Moment(2_000))));
    assert_eq!(texts(lanes.next(Moment(2_000)).0), "a2");
    lanes.posted(ada, &[parcel(2, "").piece]);
    assert_eq!(lanes.next(Moment(9_000)), (None, None));
    lanes.uploaded(ada, file(1, 0, "", 0).piece, key("F1"));
    assert_eq!(texts(lanes.next(Moment(9_000)).0), "[slow]+[quick]");
}

#[test]
fn a_file_that_the_desk_does_not_take_holds_up_nobody_and_one_that_is_there_is_found() {
    let ada = ConversationId(1);
    let mut lanes = lanes(1);
    for parcel in [file(1, 0, "one", 9_000), file(1, 1, "two", 9_000), parcel(2, "a2")] {
        lanes.push(ada, &open(1), None, parcel, true);
    }
    assert_eq!(texts(lanes.next(Moment(0)).0), "look");
    lanes.uploaded(ada, file(1, 1, "", 0).piece, key("F2"));
    lanes.dropped(ada, file(1, 0, "", 0).piece);
    lanes.looked(ada, Some(ThreadKey("t1".into())), None, &[], &[key("F2")]);
    assert_eq!(texts(lanes.next(Moment(0)).0), "a2");
    lanes.push(ada, &open(1), None, file(3, 0, "three", 9_000), false);
    lanes.posted(ada, &[parcel(2, "").piece]);
    assert_eq!(lanes.next(Moment(1_000)), (None, Some(Moment(9_000))));
    lanes.dropped(ada, file(3, 0, "", 0).piece);
    assert!(lanes.is_empty());
}
