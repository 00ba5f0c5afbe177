//! Whose turn it is to post in a channel. A platform takes only so many posts a second in one
//! channel (Slack: one), and all conversations of a desk share it. So each conversation is a lane
//! that keeps its order; lanes take turns; a customer who waits for a thread goes first; and what
//! waits in a lane is joined into one post. Pure: time comes in, nothing is sent from here.
//!
//! Joining is what bounds the delay: with one post a message, a queue that is fed faster than one
//! a second grows for ever; with joining, a turn empties the lane however much is in it.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use crate::conversation::Thread;
use crate::desk::Piece;
use crate::file::{DeskFileKey, StoredFile};
use crate::ids::{ConversationId, Moment, ThreadKey};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

/// Most pieces of one post: more are hard to read as one, and their ids have to fit in the
/// post's metadata.
pub const PIECES_PER_POST_MAX: usize = 20;
/// Most files of one post (a client of Slack sends ten at most).
pub const FILES_PER_POST_MAX: usize = 10;
/// What was sent last is remembered: a hint that comes so late that the order was carried out
/// before, as read from the table, must not have it sent once more. Hints are late by milliseconds.
const REMEMBERED_MAX: usize = 4_096;

/// A piece of a message that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Which piece of which message.
    pub piece: Piece,
    /// The message's number: lanes keep this order.
    pub seq: i64,
    /// What it says or brings.
    pub cargo: Cargo,
    /// The customer's name; none when the bot speaks.
    pub speaker: Option<String>,
    /// The number of the message that can be tried again, where it says that one was given up: that
    /// stands by itself, with a button of its own.
    pub retry_of: Option<i64>,
    /// Who is called by it: that stands by itself as well.
    pub calls: Vec<String>,
}

/// What a piece of a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// Some of its text.
    Text(String),
    /// One of its files.
    File {
        /// The file.
        file: StoredFile,
        /// As the desk names it, once the desk has its bytes: before that it cannot be posted.
        key: Option<DeskFileKey>,
        /// Until when what was written after it waits for it. After that only the rest of its own
        /// message does.
        waited_for_until: Moment,
    },
}

/// Something to be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Open the conversation's thread in this channel.
    Open {
        /// Whose.
        conversation: ConversationId,
        /// Where.
        channel: String,
    },
    /// Post these pieces in the thread as one post.
    Post {
        /// Whose.
        conversation: ConversationId,
        /// Where.
        thread: ThreadKey,
        /// What.
        parcels: Vec<Parcel>,
    },
    /// Look which of what waits is at the desk already, before anything is sent.
    Look {
        /// Whose.
        conversation: ConversationId,
        /// Its thread, if it has one.
        thread: Option<ThreadKey>,
    },
}

impl Turn {
    /// Whose turn it is.
    pub fn conversation(&self) -> ConversationId {
        match self {
            Turn::Open { conversation, .. } | Turn::Post { conversation, .. } | Turn::Look { conversation, .. } => {
                *conversation
            }
        }
    }
}

/// How fast a channel may be posted to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Milliseconds from one post to the next, over time; 0 for no limit.
    pub millis_per_post: i64,
    /// Posts that may be made at once after a pause.
    pub burst: i64,
}

/// The lanes of one desk.
#[derive(Clone, Debug)]
pub struct Lanes {
    pace: Pace,
    post_chars_max: usize,
    channels: Vec<Channel>,
    lanes: HashMap<ConversationId, Lane>,
    /// Lanes that want to look: reading has a limit of its own.
    looks: VecDeque<ConversationId>,
    /// True when the last turn was a look: looks and posts alternate, so that a crowd of either
    /// does not keep the other waiting.
    looked_last: bool,
    /// The channel that is asked first for a turn: each in turn.
    first: usize,
    /// Lanes that rest or await a file, by when they have.
    resting: BTreeSet<(i64, ConversationId)>,
    memory: Memory,
    /// The time, as far as it is known.
    now: i64,
}

/// What was carried out last.
#[derive(Clone, Debug, Default)]
struct Memory {
    known: HashSet<Done>,
    order: VecDeque<Done>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Done {
    Opened(ConversationId),
    Posted(Piece),
}

#[derive(Clone, Debug)]
struct Channel {
    name: String,
    /// When the channel would be free if every post so far had waited its time: the pace's clock.
    free_at: i64,
    /// The platform asked for a pause, or the channel is out of order.
    paused_until: i64,
    opens: VecDeque<ConversationId>,
    ready: VecDeque<ConversationId>,
    /// Conversations whose thread is here or is about to be: the load.
    conversations: usize,
    /// Conversations that were ever sent here: where nothing is under way, the least used goes first.
    sent_here: usize,
}

#[derive(Clone, Debug)]
struct Lane {
    channel: usize,
    thread: Option<ThreadKey>,
    wants_open: bool,
    /// Something of it may be at the desk already: look before anything is sent.
    unsure: bool,
    /// Look even if nothing is to be sent.
    wants_look: bool,
    /// Its last turn came to nothing: it does not go first again before another one had its turn.
    failed: bool,
    parcels: VecDeque<Parcel>,
    state: LaneState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LaneState {
    /// Nothing to do.
    Idle,
    /// In a channel's line.
    InLine,
    /// In the line of those who want to look.
    WantsLook,
    /// Something is being sent.
    Sending,
    /// A look is under way.
    Looking,
    /// Waits before it gets in line again.
    Resting { until: i64 },
    /// Waits until the desk has the bytes of the file that is next, or has had time enough for it.
    Awaiting { until: i64 },
}

impl Lanes {
    /// Lanes over these channels, of which there must be at least one; posts hold at most
    /// `post_chars_max` characters.
    pub fn new(channels: Vec<String>, pace: Pace, post_chars_max: usize) -> Lanes {
        let channels = channels
            .into_iter()
            .map(|name| Channel {
                name,
                free_at: i64::MIN,
                paused_until: i64::MIN,
                opens: VecDeque::new(),
                ready: VecDeque::new(),
                conversations: 0,
                sent_here: 0,
            })
            .collect();
        Lanes {
            pace,
            post_chars_max,
            channels,
            lanes: HashMap::new(),
            looks: VecDeque::new(),
            looked_last: false,
            first: 0,
            resting: BTreeSet::new(),
            memory: Memory::default(),
            now: i64::MIN,
        }
    }

    /// Conversations with something that waits or is under way.
    pub fn len(&self) -> usize {
        self.lanes.len()
    }

    /// True when nothing waits and nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// True when a piece of the message of this number waits or is under way.
    pub fn has_message(&self, conversation: ConversationId, seq: i64) -> bool {
        self.lanes.get(&conversation).is_some_and(|lane| {
            let at = lane.parcels.partition_point(|waiting| waiting.seq < seq);
            lane.parcels.get(at).is_some_and(|parcel| parcel.seq == seq)
        })
    }

    /// True when what waits in a lane cannot go on for now: its last try came to nothing, or its
    /// channel takes no posts. One that only waits for its turn is not held up.
    pub fn is_held_up(&self, conversation: ConversationId, now: Moment) -> bool {
        self.lanes
            .get(&conversation)
            .is_some_and(|lane| lane.failed || self.channels[lane.channel].paused_until > now.0)
    }

    /// A thread is to be opened. `unsure`: it may have been, so look first.
    pub fn want_open(&mut self, conversation: ConversationId, unsure: bool) {
        self.lane(conversation, &Thread::Wanted, None).unsure |= unsure;
        self.line_up(conversation);
    }

    /// A piece is to be posted. `channel`: where the thread is, as its bot reads the thread's key.
    /// `unsure`: it may have been posted, so look first.
    pub fn push(
        &mut self,
        conversation: ConversationId,
        thread: &Thread,
        channel: Option<&str>,
        parcel: Parcel,
        unsure: bool,
    ) {
        let unsure = unsure || self.memory.has(Done::Posted(parcel.piece));
        let lane = self.lane(conversation, thread, channel);
        let at = lane
            .parcels
            .partition_point(|waiting| (waiting.seq, waiting.piece.index) < (parcel.seq, parcel.piece.index));
        if lane.parcels.get(at).is_none_or(|waiting| waiting.piece != parcel.piece) {
            lane.parcels.insert(at, parcel);
        }
        lane.unsure |= unsure;
        self.line_up(conversation);
    }

    /// It is to be looked what is at the desk, whether anything waits or not. `thread`, `channel`: as
    /// in [`Lanes::push`].
    pub fn want_look(&mut self, conversation: ConversationId, thread: &Thread, channel: Option<&str>) {
        let lane = self.lane(conversation, thread, channel);
        (lane.unsure, lane.wants_look) = (true, true);
        self.line_up(conversation);
    }

    /// What to do now, or when to ask again; neither when nothing waits but what is under way.
    pub fn next(&mut self, now: Moment) -> (Option<Turn>, Option<Moment>) {
        self.now = now.0;
        let mut wake = self.wake_resting(now);
        let turn = if self.looked_last {
            self.next_post(now, &mut wake).or_else(|| self.next_look())
        } else {
            self.next_look().or_else(|| self.next_post(now, &mut wake))
        };
        self.looked_last = matches!(turn, Some(Turn::Look { .. }));
        match turn {
            Some(turn) => (Some(turn), None),
            None => (None, wake.map(Moment)),
        }
    }

    /// The thread was opened.
    pub fn opened(&mut self, conversation: ConversationId, thread: ThreadKey) {
        self.memory.add(Done::Opened(conversation));
        if let Some(lane) = self.lanes.get_mut(&conversation) {
            lane.thread = Some(thread);
            lane.wants_open = false;
            lane.failed = false;
        }
        self.go_on(conversation);
    }

    /// These pieces are at the desk.
    pub fn posted(&mut self, conversation: ConversationId, pieces: &[Piece]) {
        for piece in pieces {
            self.memory.add(Done::Posted(*piece));
        }
        if let Some(lane) = self.lanes.get_mut(&conversation) {
            lane.parcels.retain(|parcel| !pieces.contains(&parcel.piece));
            lane.failed = false;
        }
        self.go_on(conversation);
    }

    /// The message of this piece will never be taken.
    pub fn refused(&mut self, conversation: ConversationId, piece: Piece) {
        if let Some(lane) = self.lanes.get_mut(&conversation) {
            lane.parcels.retain(|parcel| parcel.piece.message != piece.message);
            lane.failed = false;
        }
        self.go_on(conversation);
    }

    /// The desk has the bytes of the file that is this piece.
    pub fn uploaded(&mut self, conversation: ConversationId, piece: Piece, uploaded: DeskFileKey) {
        let Some(lane) = self.lanes.get_mut(&conversation) else { return };
        for parcel in lane.parcels.iter_mut().filter(|parcel| parcel.piece == piece) {
            if let Cargo::File { key: key @ None, .. } = &mut parcel.cargo {
                *key = Some(uploaded.clone());
            }
        }
        self.line_up(conversation);
    }

    /// The desk will never take the file that is this piece; the rest of its message goes on.
    pub fn dropped(&mut self, conversation: ConversationId, piece: Piece) {
        let Some(lane) = self.lanes.get_mut(&conversation) else { return };
        lane.parcels.retain(|parcel| parcel.piece != piece);
        match lane.state {
            LaneState::Idle | LaneState::Awaiting { .. } => self.go_on(conversation),
            // It has its turn, and finds what is left.
            LaneState::InLine
            | LaneState::WantsLook
            | LaneState::Sending
            | LaneState::Looking
            | LaneState::Resting { .. } => {}
        }
    }

    /// A look is over: this is the thread, if there is one, and these pieces and files are in it.
    /// Pieces are posted in order, so what stands before one of them was posted too, though it may
    /// have been deleted since. `channel`: where the thread is, as in [`Lanes::push`].
    pub fn looked(
        &mut self,
        conversation: ConversationId,
        thread: Option<ThreadKey>,
        channel: Option<&str>,
        posted: &[Piece],
        files: &[DeskFileKey],
    ) {
        if let Some(thread) = thread {
            self.memory.add(Done::Opened(conversation));
            self.found(conversation, thread, channel);
        }
        if let Some(lane) = self.lanes.get_mut(&conversation) {
            let in_files =
                |parcel: &&Parcel| matches!(&parcel.cargo, Cargo::File { key: Some(key), .. } if files.contains(key));
            let found = lane.parcels.iter().filter(in_files).map(|parcel| parcel.piece);
            let posted: Vec<Piece> = posted.iter().copied().chain(found).collect();
            let there = |piece: Piece| posted.iter().any(|p| p.message == piece.message && p.index >= piece.index);
            lane.parcels.retain(|parcel| {
                let there = there(parcel.piece);
                if there {
                    self.memory.add(Done::Posted(parcel.piece));
                }
                !there
            });
        }
        self.go_on(conversation);
    }

    /// It was not done: once more after `millis`, and look first if `unsure`.
    pub fn rest(&mut self, conversation: ConversationId, now: Moment, millis: i64, unsure: bool) {
        if let Some(lane) = self.lanes.get_mut(&conversation) {
            let until = now.0.saturating_add(millis);
            let looking = lane.state == LaneState::Looking;
            lane.unsure |= unsure || looking;
            lane.wants_look |= looking;
            lane.failed = true;
            lane.state = LaneState::Resting { until };
            self.resting.insert((until, conversation));
        }
    }

    /// The platform wants no posts in the conversation's channel for `millis`. The conversation
    /// keeps its place at the front of the line; not a second time in a row, so that one that is
    /// always told to wait does not keep all others waiting.
    pub fn pause_channel(&mut self, conversation: ConversationId, now: Moment, millis: i64) {
        let Some(lane) = self.lanes.get_mut(&conversation) else { return };
        let channel = &mut self.channels[lane.channel];
        channel.paused_until = channel.paused_until.max(now.0.saturating_add(millis));
        let looking = lane.state == LaneState::Looking;
        lane.unsure |= looking;
        lane.wants_look |= looking;
        lane.state = LaneState::Idle;
        let again = std::mem::replace(&mut lane.failed, true);
        if again || lane.unsure {
            self.line_up(conversation);
            return;
        }
        lane.state = LaneState::InLine;
        let line = if lane.thread.is_none() { &mut channel.opens } else { &mut channel.ready };
        line.push_front(conversation);
    }

    /// The thread is gone. What waits goes into another one, which the lane opens after it has looked
    /// whether there is one already: it may have been a late hint that spoke of the old one. False
    /// when nothing waits.
    pub fn lost_thread(&mut self, conversation: ConversationId) -> bool {
        let Some(lane) = self.lanes.get_mut(&conversation) else { return false };
        let waits = !lane.parcels.is_empty();
        lane.thread = None;
        (lane.wants_open, lane.unsure, lane.wants_look) = (waits, waits, false);
        self.go_on(conversation);
        waits
    }

    fn lane(&mut self, conversation: ConversationId, thread: &Thread, channel: Option<&str>) -> &mut Lane {
        if let Thread::Open(key) = thread
            && self.lanes.get(&conversation).is_some_and(|lane| lane.thread.is_none())
        {
            self.found(conversation, key.clone(), channel);
        }
        let known = self.channel_named(channel);
        let channels = &mut self.channels;
        let lane = self.lanes.entry(conversation).or_insert_with(|| {
            // A new conversation goes where the fewest are under way.
            let least = (0..channels.len())
                .min_by_key(|at| (channels[*at].conversations, channels[*at].sent_here))
                .unwrap_or_default();
            let at = known.unwrap_or(least);
            channels[at].conversations += 1;
            channels[at].sent_here += 1;
            let thread = match thread {
                Thread::Open(key) => Some(key.clone()),
                Thread::None | Thread::Wanted => None,
            };
            Lane {
                channel: at,
                thread,
                wants_open: false,
                unsure: false,
                wants_look: false,
                failed: false,
                parcels: VecDeque::new(),
                state: LaneState::Idle,
            }
        });
        if lane.thread.is_none() && !lane.wants_open && matches!(thread, Thread::Wanted) {
            lane.wants_open = true;
            lane.unsure |= self.memory.has(Done::Opened(conversation));
        }
        lane
    }

    /// The lane's thread is this one, in this channel.
    fn found(&mut self, conversation: ConversationId, thread: ThreadKey, channel: Option<&str>) {
        let known = self.channel_named(channel);
        let Some(lane) = self.lanes.get_mut(&conversation) else { return };
        // A thread that was only found now has not been looked into.
        lane.unsure |= lane.thread.is_none() && lane.state == LaneState::Looking;
        lane.thread = Some(thread);
        lane.wants_open = false;
        let at = known.unwrap_or(lane.channel);
        if at != lane.channel {
            leave_line(&mut self.channels[lane.channel], conversation);
            self.channels[lane.channel].conversations -= 1;
            self.channels[at].conversations += 1;
            lane.channel = at;
            if lane.state == LaneState::InLine {
                lane.state = LaneState::Idle;
            }
        }
    }

    fn channel_named(&self, name: Option<&str>) -> Option<usize> {
        name.and_then(|name| self.channels.iter().position(|channel| channel.name == name))
    }

    fn line_up(&mut self, conversation: ConversationId) {
        let Some(lane) = self.lanes.get_mut(&conversation) else { return };
        let channel = &mut self.channels[lane.channel];
        match lane.state {
            LaneState::WantsLook | LaneState::Sending | LaneState::Looking | LaneState::Resting { .. } => return,
            LaneState::InLine if lane.unsure => {
                leave_line(channel, conversation);
            }
            LaneState::InLine => return,
            LaneState::Idle | LaneState::Awaiting { .. } => {}
        }
        lane.state = LaneState::InLine;
        if lane.unsure {
            lane.state = LaneState::WantsLook;
            self.looks.push_back(conversation);
        } else if lane.thread.is_some() && !lane.parcels.is_empty() {
            match lane.first_ready(self.now) {
                Ok(_) => channel.ready.push_back(conversation),
                Err(until) => {
                    lane.state = LaneState::Awaiting { until };
                    if until < i64::MAX {
                        self.resting.insert((until, conversation));
                    }
                }
            }
        } else if lane.thread.is_none() && lane.wants_open {
            let line = if lane.failed { &mut channel.ready } else { &mut channel.opens };
            line.push_back(conversation);
        } else {
            lane.state = LaneState::Idle;
        }
    }

    fn go_on(&mut self, conversation: ConversationId) {
        let Some(lane) = self.lanes.get_mut(&conversation) else { return };
        lane.state = LaneState::Idle;
        if lane.parcels.is_empty() && !lane.wants_open && !lane.wants_look {
            self.channels[lane.channel].conversations -= 1;
            self.lanes.remove(&conversation);
        } else {
            self.line_up(conversation);
        }
    }

    fn next_look(&mut self) -> Option<Turn> {
        let conversation = self.looks.pop_front()?;
        let lane = self.lanes.get_mut(&conversation)?;
        lane.state = LaneState::Looking;
        // What is pushed as unsure from now on is looked for once more.
        (lane.unsure, lane.wants_look) = (false, false);
        Some(Turn::Look { conversation, thread: lane.thread.clone() })
    }

    fn next_post(&mut self, now: Moment, wake: &mut Option<i64>) -> Option<Turn> {
        let (first, count) = (self.first, self.channels.len());
        for at in (0..count).map(|offset| (first + offset) % count) {
            let channel = &mut self.channels[at];
            if channel.opens.is_empty() && channel.ready.is_empty() {
                continue;
            }
            let burst_millis = self.pace.millis_per_post.saturating_mul(self.pace.burst - 1);
            let ready_at = channel.paused_until.max(channel.free_at.saturating_sub(burst_millis));
            if ready_at > now.0 {
                *wake = Some(wake.map_or(ready_at, |wake| wake.min(ready_at)));
                continue;
            }
            while let Some(conversation) =
                self.channels[at].opens.pop_front().or_else(|| self.channels[at].ready.pop_front())
            {
                let name = self.channels[at].name.clone();
                let Some(turn) = self.turn_of(conversation, name) else {
                    // What it stood in line for is gone, or has to wait.
                    self.go_on(conversation);
                    continue;
                };
                let channel = &mut self.channels[at];
                channel.free_at = channel.free_at.max(now.0).saturating_add(self.pace.millis_per_post);
                self.first = (at + 1) % count;
                return Some(turn);
            }
        }
        None
    }

    fn turn_of(&mut self, conversation: ConversationId, channel: String) -> Option<Turn> {
        let lane = self.lanes.get_mut(&conversation)?;
        let Some(thread) = lane.thread.clone() else {
            if !lane.wants_open {
                return None;
            }
            lane.state = LaneState::Sending;
            return Some(Turn::Open { conversation, channel });
        };
        let first = lane.first_ready(self.now).ok()?;
        lane.state = LaneState::Sending;
        let mut parcels: Vec<Parcel> = Vec::new();
        let mut chars = 0;
        for parcel in lane.parcels.iter().skip(first).take(PIECES_PER_POST_MAX) {
            if let Cargo::Text(text) = &parcel.cargo {
                chars += text.chars().count() + 1;
            }
            let joins = parcels.first().is_none_or(|first| match (&first.cargo, &parcel.cargo) {
                (Cargo::Text(_), Cargo::Text(_)) => {
                    let stands_alone = |it: &Parcel| it.retry_of.is_some() || !it.calls.is_empty();
                    let alone = stands_alone(first) || stands_alone(parcel);
                    chars <= self.post_chars_max && first.speaker == parcel.speaker && !alone
                }
                (Cargo::File { .. }, Cargo::File { key, .. }) => {
                    let room = parcels.len() < FILES_PER_POST_MAX;
                    key.is_some() && room && first.piece.message == parcel.piece.message
                }
                (Cargo::Text(_), Cargo::File { .. }) | (Cargo::File { .. }, Cargo::Text(_)) => false,
            });
            if !joins {
                break;
            }
            parcels.push(parcel.clone());
        }
        Some(Turn::Post { conversation, thread, parcels })
    }

    /// Puts back in line those who have rested; when the next one will have.
    fn wake_resting(&mut self, now: Moment) -> Option<i64> {
        while let Some((until, conversation)) = self.resting.first().copied() {
            if until > now.0 {
                return Some(until);
            }
            self.resting.pop_first();
            let Some(lane) = self.lanes.get_mut(&conversation) else { continue };
            if lane.state == (LaneState::Resting { until }) || lane.state == (LaneState::Awaiting { until }) {
                lane.state = LaneState::Idle;
                self.line_up(conversation);
            }
        }
        None
    }
}

impl Lane {
    /// The first parcel that can be posted now; or, with none, when to look again, which is never
    /// where only files that had time enough are left.
    fn first_ready(&self, now: i64) -> Result<usize, i64> {
        let mut held_back: Option<Piece> = None;
        // Files of one message are posted together, as they were sent.
        let awaited_with = |at: usize, piece: Piece| {
            let with = self
                .parcels
                .iter()
                .skip(at)
                .take(FILES_PER_POST_MAX)
                .take_while(|it| it.piece.message == piece.message);
            let until = with.filter_map(|it| match &it.cargo {
                Cargo::File { key: None, waited_for_until, .. } => Some(waited_for_until.0),
                Cargo::File { key: Some(_), .. } | Cargo::Text(_) => None,
            });
            until.filter(|until| *until > now).min()
        };
        for (at, parcel) in self.parcels.iter().enumerate() {
            if held_back.is_some_and(|piece| piece.message == parcel.piece.message) {
                continue;
            }
            match &parcel.cargo {
                Cargo::Text(_) => return Ok(at),
                Cargo::File { key, .. } => match (awaited_with(at, parcel.piece), key) {
                    (Some(until), _) => return Err(until),
                    (None, Some(_)) => return Ok(at),
                    (None, None) => held_back = Some(parcel.piece),
                },
            }
        }
        Err(i64::MAX)
    }
}

fn leave_line(channel: &mut Channel, conversation: ConversationId) {
    channel.opens.retain(|waiting| *waiting != conversation);
    channel.ready.retain(|waiting| *waiting != conversation);
}

impl Memory {
    fn has(&self, done: Done) -> bool {
        self.known.contains(&done)
    }

    fn add(&mut self, done: Done) {
        if !self.known.insert(done) {
            return;
        }
        self.order.push_back(done);
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}
