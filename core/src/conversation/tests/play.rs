//! A conversation under test: carries events out, checks after each what must always hold, and
//! writes down what happened.

use super::super::*;
use crate::availability::Attendance;
use crate::body::{Block, Span};
use crate::desk::{Author, Mode, Stranger, StrangerKind, Topic};
use crate::file::{AtDesk, DeskFile, Hash};
use crate::ids::{AgentId, FileId};
use crate::message::{About, Delivery, Fate, Stage};
use crate::presence::Presence;
use crate::saved::{SavedReplies, SavedReply};
use crate::verb::parse::person_named;
use crate::verb::{Names, Verb, Who};
use crate::words::SavedNotice;
use expect_test::Expect;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

pub(super) use crate::desk::OwnPost;

pub(super) const GRACE: &str = "Grace";
pub(super) const HEDY: &str = "Hedy";

#[derive(Clone, Debug)]
pub(super) struct Play {
    pub dialogue: Dialogue,
    pub rules: DeskRules,
    pub now: Moment,
    log: String,
    orders: BTreeSet<Order>,
    holds: BTreeMap<MessageId, Moment>,
    typing: Option<String>,
    marked: BTreeSet<(i64, Mark)>,
    shown_standing: Standing,
    look: Option<Moment>,
}

impl Play {
    /// A conversation in which nothing was written yet.
    pub fn new() -> Play {
        let desk = DeskName("support".into());
        let head =
            Conversation::opened(ConversationId(7), 1042, Customer::default(), "billing".into(), desk, Moment(0));
        Play {
            dialogue: Dialogue { head, messages: Vec::new(), context: Context::default(), book: Book::default() },
            rules: rules(Mode::Open, 3_000),
            now: Moment(1_000),
            log: String::new(),
            orders: BTreeSet::new(),
            holds: BTreeMap::new(),
            typing: None,
            marked: BTreeSet::new(),
            shown_standing: Standing::Fresh,
            look: None,
        }
    }

    /// A conversation whose customer said hello, in a thread `T1`.
    pub fn open(mode: Mode, hold_millis: i64) -> Play {
        let mut play = Play::new();
        play.rules = rules(mode, hold_millis);
        play.step(wrote("a", "Hello"));
        play.step(opened("T1"));
        play.step(posted(&[(1, 0)]));
        play
    }

    /// Time passes.
    pub fn later(&mut self, millis: i64) -> Moment {
        self.now = self.now.plus_millis(millis);
        self.now
    }

    /// Carries an event out and writes it down.
    pub fn on(&mut self, event: Event) {
        let said = event_words(&event);
        let effects = self.effects_of(event);
        let _ = writeln!(self.log, "{said}\n    {effects}");
    }

    /// Carries an event out: what it asks for, in words.
    pub fn effects_of(&mut self, event: Event) -> String {
        let rejected = carry(&mut self.dialogue.clone(), event.clone(), self.now, &self.rules).err();
        let effects = self.step(event);
        let words: Vec<String> = effects.iter().map(|effect| self.effect_words(effect)).collect();
        match rejected {
            Some(rejected) => format!("rejected: {rejected:?}"),
            None if words.is_empty() => "nothing".into(),
            None => words.join(", "),
        }
    }

    pub fn note(&mut self, what: &str) {
        let _ = writeln!(self.log, "({what})");
    }

    pub fn standing(&mut self) {
        let _ = writeln!(self.log, "= {:?}", self.dialogue.head.standing);
    }

    /// Compares what happened, and what the customer sees in the end.
    pub fn check(&self, expected: Expect) {
        expected.assert_eq(&format!("{}---\n{}", self.log, self.customer_view()));
    }

    /// What the customer sees.
    pub fn customer_view(&self) -> String {
        let mut view: Vec<&Message> = self.dialogue.messages.iter().filter(|m| m.concerns_customer()).collect();
        view.sort_by_key(|message| message.place);
        let line = |message: &&Message| {
            let file = |file: &Attachment| match file {
                hidden if hidden.is_hidden() => String::new(),
                Attachment::Sent { file, desk: AtDesk::Refused { .. } } => format!(" [{} refused]", file.name),
                Attachment::Sent { file, .. } | Attachment::Fetched { file, .. } => format!(" [{}]", file.name),
                Attachment::Awaited(file) => format!(" [{} …]", file.name),
                Attachment::Missing { name, .. } => format!(" [{name} missing]"),
            };
            let said = format!("{}{}", message.body.text(), message.files.iter().map(file).collect::<String>());
            match &message.kind {
                Kind::FromCustomer(Posting::Refused { .. }) => format!("r{} Ada: {said} (refused)\n", message.rev),
                Kind::FromCustomer(_) => format!("r{} Ada: {said}\n", message.rev),
                Kind::Reply { by, stage: Stage::Shown { .. }, .. }
                | Kind::Saved { by, stage: Stage::Shown { .. }, .. } => {
                    let edited = if message.edited_in_sight() { " (edited)" } else { "" };
                    format!("r{} {}: {said}{edited}\n", message.rev, by.name)
                }
                Kind::Reply { by, .. } | Kind::Saved { by, .. } => {
                    format!("r{} {} took a message back\n", message.rev, by.name)
                }
                other => panic!("the customer sees {other:?}"),
            }
        };
        view.iter().map(line).collect()
    }

    pub fn message(&self, seq: i64) -> &Message {
        self.dialogue.messages.iter().find(|m| m.seq == seq).expect("a message of this number")
    }

    /// Carries an event out, and checks what must hold after any event.
    pub fn step(&mut self, event: Event) -> Vec<Effect> {
        let before = self.dialogue.clone();
        let Ok(effects) = carry(&mut self.dialogue, event.clone(), self.now, &self.rules) else {
            assert_eq!(self.dialogue, before, "rejected, and yet changed by {event:?}");
            return Vec::new();
        };
        self.only_what_the_caller_loads_is_looked_at(&before, &event, &effects);
        let mut again = self.dialogue.clone();
        // What it says is about a moment: a later one may be another.
        let is_of_moment = matches!(
            event,
            Event::RepliesDelayed
                | Event::LetterDue
                | Event::PatienceEnded
                | Event::StepDue
                | Event::CustomerLeft
                | Event::CustomerIsBack
                | Event::ClosingDue
                | Event::SessionDue
        );
        let later = self.now.plus_millis(i64::from(!is_of_moment));
        let repeated = carry(&mut again, event.clone(), later, &self.rules);
        assert_eq!((repeated, &again), (Ok(Vec::new()), &self.dialogue), "the second time of {event:?}");
        self.revs_are_one_per_change(&before, &effects);
        self.world_follows(&before, &effects);
        self.order_is_kept();
        effects
    }

    /// The same event over only those messages that [`Dialogue`] says the caller has to load.
    fn only_what_the_caller_loads_is_looked_at(&self, before: &Dialogue, event: &Event, effects: &[Effect]) {
        let loaded = loaded(before, event, &self.rules);
        let wants_context = matches!(event, Event::SiteTold(_))
            || event.wants_book()
            || event.wants_saved(&self.rules, before.head.number).any;
        let context = if wants_context { before.context.clone() } else { Context::default() };
        let mut part = Dialogue { head: before.head.clone(), messages: Vec::new(), context, book: before.book.clone() };
        part.messages.extend(before.messages.iter().filter(|message| loaded.contains(&message.id)).cloned());
        let same = carry(&mut part, event.clone(), self.now, &self.rules);
        assert_eq!(same.as_deref(), Ok(effects), "a part of the messages is not enough for {event:?}");
        assert_eq!(part.head, self.dialogue.head);
        let rest = before.messages.iter().filter(|message| !loaded.contains(&message.id)).cloned();
        part.messages.extend(rest);
        part.messages.sort_by_key(|message| message.seq);
        assert_eq!(part.messages, self.dialogue.messages, "{event:?}");
    }

    fn revs_are_one_per_change(&self, before: &Dialogue, effects: &[Effect]) {
        let head = &self.dialogue.head;
        let shown = effects.iter().filter(|effect| matches!(effect, Effect::ShowToCustomer(_))).count();
        assert_eq!(head.rev, before.head.rev + shown as i64, "one rev for each change that the customer sees");
        let mut revs = BTreeSet::new();
        for message in &self.dialogue.messages {
            assert_eq!(message.rev > 0, message.concerns_customer(), "{message:?}");
            assert!(message.rev <= head.rev && (message.rev == 0 || revs.insert(message.rev)), "{message:?}");
            let old = before.messages.iter().find(|old| old.id == message.id);
            let changed = old.is_none_or(|old| seen_of(old) != seen_of(message));
            let told = effects.contains(&Effect::ShowToCustomer(message.id));
            assert_eq!(told, old.map_or(0, |old| old.rev) != message.rev, "{message:?}");
            assert!(told || !(changed && message.concerns_customer()), "unseen change of {message:?}");
        }
    }

    /// The world as the effects made it, and as the state says it is.
    fn world_follows(&mut self, before: &Dialogue, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::OpenThread => assert!(self.orders.insert(Order::Open), "opened twice"),
                Effect::PostToDesk { seq, .. } => {
                    let again = !self.orders.insert(Order::Post(*seq));
                    let lost = before.head.thread != self.dialogue.head.thread;
                    assert!(!again || lost, "ordered twice: {seq}");
                }
                Effect::FetchFiles { seq, .. } => assert!(self.orders.insert(Order::Fetch(*seq)), "ordered twice"),
                Effect::SendLetter { seq } => assert!(self.orders.insert(Order::Letter(*seq)), "ordered twice: {seq}"),
                // One that came back was perhaps settled when it was sent.
                Effect::Settled(order @ Order::Letter(_)) => drop(self.orders.remove(order)),
                Effect::Settled(order) => assert!(self.orders.remove(order), "settled and not ordered: {order:?}"),
                Effect::EndHoldAt { message, at } => assert_eq!(self.holds.insert(*message, *at), None),
                Effect::ForgetHold(message) => {
                    assert!(self.holds.remove(message).is_some(), "forgot what was not held")
                }
                Effect::ShowTyping { by } => self.typing.clone_from(by),
                Effect::MarkPost { seq, mark, .. } => {
                    let head = &self.dialogue.head;
                    let upto = match mark {
                        Mark::Seen => head.seen,
                        Mark::Received => head.received,
                        Mark::Waiting => head.rev,
                        Mark::Emailed => head.mailing.emailed,
                    };
                    let Some((_, Stage::Shown { first_rev, .. })) = self.message(*seq).from_agent() else {
                        panic!("marked, and not shown: {seq}")
                    };
                    assert!(first_rev <= upto, "marked too early: {seq}");
                    let is_new = self.marked.insert((*seq, *mark));
                    // One that came back is sent again.
                    assert!(is_new || *mark == Mark::Emailed, "marked twice: {seq}");
                }
                Effect::WaitsNoMore { seq, .. } => {
                    assert!(self.marked.remove(&(*seq, Mark::Waiting)), "did not wait: {seq}");
                }
                // One that waits already stays one.
                Effect::EditCard => drop(self.orders.insert(Order::Card)),
                Effect::ShowStanding => self.shown_standing = self.dialogue.head.standing.clone(),
                Effect::LookAgainAt(at) => self.look = Some(*at),
                Effect::LookNoMore => assert!(self.look.take().is_some(), "nothing was to be looked at"),
                Effect::TellPrivately { .. }
                | Effect::ShowPreview { .. }
                | Effect::ShowToCustomer(_)
                | Effect::TakeBack { .. }
                | Effect::PointTheWay { .. }
                | Effect::ShowTheWay { .. }
                | Effect::RememberThread(_)
                | Effect::Sign { .. } => {}
            }
        }
        let (mut orders, mut holds, mut typing) = (BTreeSet::new(), BTreeMap::new(), (0, None));
        if matches!(self.dialogue.head.thread, Thread::Wanted) {
            orders.insert(Order::Open);
        }
        if self.dialogue.head.card_shown < self.dialogue.head.card_rev {
            orders.insert(Order::Card);
            assert_ne!(self.dialogue.head.thread, Thread::None, "a card that is nowhere is to be edited");
        }
        let resolved = |standing: &Standing| match standing {
            Standing::Resolved { at, rating, .. } => Some((*at, *rating)),
            _ => None,
        };
        assert_eq!(resolved(&self.shown_standing), resolved(&self.dialogue.head.standing), "the customer was not told");
        for message in &self.dialogue.messages {
            if message.files.iter().any(|file| matches!(file, Attachment::Awaited(_))) {
                orders.insert(Order::Fetch(message.seq));
            }
            if let Some(Posting::Waiting { .. }) = message.kind.posting() {
                orders.insert(Order::Post(message.seq));
                assert_ne!(self.dialogue.head.thread, Thread::None, "waits for a thread that nobody opens");
            }
            if matches!(message.kind, Kind::Letter { delivery: Delivery::Waiting, .. }) {
                orders.insert(Order::Letter(message.seq));
            }
            if let Some((by, Stage::Held { until })) = message.from_agent() {
                holds.insert(message.id, until);
                typing = typing.max((message.seq, Some(by.name.clone())));
            }
        }
        assert_eq!((&self.orders, &self.holds, &self.typing), (&orders, &holds, &typing.1));
        assert_eq!(self.look, self.dialogue.head.doubt.due());
        let head = &self.dialogue.head;
        assert!(head.seen <= head.received && head.received <= head.rev && head.waits <= head.rev);
        let shown_above = |above: i64, upto: i64| {
            let is_posted = |m: &Message| !matches!(m.kind, Kind::Saved { post: None, .. });
            let is_one = move |m: &&Message| {
                let shown = matches!(m.from_agent(), Some((_, Stage::Shown { first_rev, .. })) if first_rev > above && first_rev <= upto);
                shown && is_posted(m)
            };
            self.dialogue.messages.iter().filter(is_one).map(|m| m.seq).collect::<BTreeSet<_>>()
        };
        let marked = self.marked.iter().filter(|(_, mark)| *mark == Mark::Waiting).map(|(seq, _)| *seq);
        let has = head.received.max(head.mailing.emailed);
        assert_eq!(marked.collect::<BTreeSet<_>>(), shown_above(has, head.waits), "what shows that it waits");
        let unheard = shown_above(has.max(head.waits), head.rev);
        assert!(unheard.is_empty() || head.receipt_due.is_some(), "nobody is told that these wait: {unheard:?}");
        assert!(before.head.seen <= head.seen && before.head.received <= head.received);
        let under_way = |m: &&Message| {
            matches!(m.kind, Kind::Letter { about: About::Answers { .. }, delivery: Delivery::Waiting, .. })
        };
        let letters: Vec<i64> = self.dialogue.messages.iter().filter(under_way).map(|m| m.seq).collect();
        assert!(head.mailing.under_way.is_none_or(|seq| letters.contains(&seq)), "a letter that is not under way");
        let unread = shown_above(head.read().max(head.received), head.rev);
        let can_mail = self.rules.mail.is_some()
            && head.customer.email.is_some()
            && head.customer.email != head.mailing.undeliverable;
        let waits = head.mailing.due.is_some() || head.mailing.under_way.is_some();
        assert!(unread.is_empty() || !can_mail || waits, "nobody sends these: {unread:?}");
        let previews = self.dialogue.messages.iter();
        let previews = previews.filter(|m| matches!(m.kind, Kind::Preview { fate: Fate::Sent, .. }));
        let sent = self.dialogue.messages.iter().filter(|m| matches!(m.kind, Kind::Saved { .. }));
        assert_eq!(sent.count(), previews.count(), "what was looked at and sent is sent once");
    }

    fn order_is_kept(&self) {
        let mut by_place: Vec<&Message> = self.dialogue.messages.iter().collect();
        by_place.sort_by_key(|message| message.place);
        let customers: Vec<i64> =
            by_place.iter().filter(|m| matches!(m.kind, Kind::FromCustomer(_))).map(|m| m.seq).collect();
        assert!(customers.is_sorted(), "{customers:?}");
        let stamps: Vec<i64> = by_place.iter().filter_map(|m| m.post()).map(|post| post.stamp).collect();
        assert!(stamps.is_sorted(), "{stamps:?}");
        let places: BTreeSet<Place> = by_place.iter().map(|m| m.place).collect();
        let keys: BTreeSet<&str> = by_place.iter().map(|m| m.key.as_str()).collect();
        let count = self.dialogue.head.last_seq as usize;
        assert_eq!((places.len(), keys.len(), by_place.len()), (count, count, count), "no two alike");
    }

    fn effect_words(&self, effect: &Effect) -> String {
        match effect {
            Effect::OpenThread => "open a thread".into(),
            Effect::PostToDesk { seq, .. } => match &self.message(*seq).kind {
                Kind::FromBot(_) => format!("post {seq} “{}”", self.message(*seq).body.text()),
                _ => format!("post {seq}"),
            },
            Effect::FetchFiles { seq, .. } => format!("fetch the files of {seq}"),
            Effect::MarkPost { seq, mark, .. } => format!("mark {seq} {mark:?}"),
            Effect::WaitsNoMore { seq, .. } => format!("{seq} waits no more"),
            Effect::TellPrivately { seq, person, notice: Notice::Saved(notice) } => {
                format!("tell {person} of {seq}: {}", saved_words(notice))
            }
            Effect::TellPrivately { seq, person, notice } => format!("tell {person} of {seq}: {notice:?}"),
            Effect::ShowPreview { seq, person, notice } => {
                let Notice::Saved(SavedNotice::Preview { name, body }) = notice else { panic!("{notice:?}") };
                assert_eq!(self.message(*seq).body, *body, "what is shown is what is sent");
                format!("show {person} the preview {seq} of {name} “{}”", on_one_line(body))
            }
            Effect::EditCard => "edit the card".into(),
            Effect::ShowStanding => "show how it stands".into(),
            Effect::Settled(Order::Card) => "the card is settled".into(),
            Effect::TakeBack { post } => format!("take back @{}", post.stamp),
            Effect::PointTheWay { post } => format!("point the way from @{}", post.stamp),
            Effect::ShowTheWay { seq, person, thread } => format!("show {person} the way from {thread} for {seq}"),
            Effect::RememberThread(thread) => format!("remember {thread}"),
            Effect::LookAgainAt(at) => format!("look again at {}", at.0),
            Effect::LookNoMore => "look no more".into(),
            Effect::EndHoldAt { message, at } => format!("hold {} until {}", message.0, at.0),
            Effect::ForgetHold(message) => format!("hold {} no more", message.0),
            Effect::Sign { agent, sign } => format!("{} is {}", agent.name, sign.word()),
            Effect::Settled(Order::Open) => "the thread is settled".into(),
            Effect::Settled(Order::Post(seq)) => format!("{seq} is settled"),
            Effect::Settled(Order::Fetch(seq)) => format!("the files of {seq} are settled"),
            Effect::SendLetter { seq } => match &self.message(*seq).kind {
                Kind::Letter { to, about: About::Ticket, .. } => format!("send {to} the letter {seq} about the ticket"),
                Kind::Letter { to, about: About::Answers { above, upto }, .. } => {
                    format!("send {to} the letter {seq} with r{} to r{upto}", above + 1)
                }
                Kind::Letter { to, about: About::Session { revision, says, .. }, .. } => {
                    format!("send {to} the letter {seq} about the session, {says:?} {revision}")
                }
                other => panic!("a letter that is none: {other:?}"),
            },
            Effect::Settled(Order::Letter(seq)) => format!("the letter {seq} is settled"),
            Effect::ShowToCustomer(message) => format!("show {}", message.0),
            Effect::ShowTyping { by: Some(name) } => format!("{name} is typing"),
            Effect::ShowTyping { by: None } => "nobody is typing".into(),
        }
    }
}

/// The rules of a desk with two topics of its own, beside one of another desk.
pub(super) fn rules(mode: Mode, hold_millis: i64) -> DeskRules {
    let topic =
        |id: &str, label: &str, desk: &str| Topic { id: id.into(), label: label.into(), desk: DeskName(desk.into()) };
    let topics = [
        topic("technical", "Technical Issues", "support"),
        topic("billing", "Billing Questions", "support"),
        topic("press", "Press", "office"),
    ];
    DeskRules {
        mode,
        hold_millis,
        post_chars_max: 4_000,
        topics: Arc::new(topics),
        names: Arc::default(),
        timetable: Arc::default(),
        ladder: Arc::default(),
        tiers: Arc::new([]),
        presence: Presence::default(),
        attendance: Attendance::default(),
        missed_signs_out: false,
        replies: Arc::new(replies()),
        mail: None,
        sessions: None,
    }
}

/// Two saved replies: one that can always be sent, and one that needs to know something.
fn replies() -> SavedReplies {
    let reply = |name: &str, text: &str| SavedReply::new(name, text).expect("a saved reply");
    SavedReplies::new(vec![
        reply("hello", "Hello {customer.first_name|there}, this is {agent.name} about #{number}."),
        reply("late", "*Sorry!* Campaign {campaign_id} is late."),
    ])
}

/// Few words for what is told of saved replies.
fn saved_words(notice: &SavedNotice) -> String {
    match notice {
        SavedNotice::Lacks { missing, body, .. } => format!("lacks {missing:?} “{}”", on_one_line(body)),
        notice => format!("{notice:?}"),
    }
}

/// A step with ids that are the messages' numbers.
pub(super) fn carry(
    dialogue: &mut Dialogue,
    event: Event,
    now: Moment,
    rules: &DeskRules,
) -> Result<Vec<Effect>, Rejected> {
    let mut last = dialogue.head.last_seq;
    dialogue.step(event, now, rules, &mut || {
        last += 1;
        MessageId(last as u128)
    })
}

/// What the customer can tell of a message.
fn seen_of(message: &Message) -> (bool, Body, u8, Vec<String>) {
    let state = match &message.kind {
        Kind::FromCustomer(Posting::Waiting { late: false, .. }) => 1,
        Kind::FromCustomer(Posting::Waiting { late: true, .. }) => 6,
        Kind::FromCustomer(Posting::Posted { .. }) => 2,
        Kind::FromCustomer(Posting::Refused { .. }) => 3,
        Kind::Reply { stage: Stage::Shown { .. }, .. } | Kind::Saved { stage: Stage::Shown { .. }, .. } => 4,
        _ => 5,
    };
    let file = |file: &Attachment| match file {
        Attachment::Sent { desk: AtDesk::Refused { .. }, .. } => "refused".to_string(),
        Attachment::Sent { .. } => "sent".to_string(),
        Attachment::Awaited(_) => "coming".to_string(),
        Attachment::Fetched { file, .. } => file.id.to_string(),
        Attachment::Missing { why, .. } => why.to_string(),
    };
    let files = message.files.iter().filter(|file| !file.is_hidden()).map(file).collect();
    (message.concerns_customer(), message.body.clone(), state, files)
}

/// The messages that [`Dialogue`] says the caller has to load.
fn loaded(dialogue: &Dialogue, event: &Event, rules: &DeskRules) -> BTreeSet<MessageId> {
    let mut wanted = BTreeSet::new();
    let head = &dialogue.head;
    let saved = event.wants_saved(rules, head.number);
    if saved.any {
        let open = |m: &&Message| {
            matches!(m.kind, Kind::Preview { fate, .. } if fate.is_open())
                || matches!(m.from_agent(), Some((_, Stage::Held { .. })))
        };
        wanted.extend(dialogue.messages.iter().filter(open).map(|m| m.id));
    }
    wanted.extend(dialogue.messages.iter().filter(|m| saved.previews.contains(&m.seq)).map(|m| m.id));
    let key = |key: &str| dialogue.messages.iter().filter(|m| m.key == key).map(|m| m.id).collect::<Vec<_>>();
    let held = || {
        let held = |m: &&Message| matches!(m.kind, Kind::Reply { stage: Stage::Held { .. }, .. });
        dialogue.messages.iter().filter(held).map(|m| m.id).collect::<Vec<_>>()
    };
    let after = |stamp: i64| {
        let later = |m: &&Message| stamp < head.last_stamp && m.post().is_some_and(|post| post.stamp > stamp);
        dialogue.messages.iter().filter(later).min_by_key(|m| m.place).map(|m| m.id)
    };
    if event.asks_for_all(&Names::default()) {
        return dialogue.messages.iter().map(|m| m.id).collect();
    }
    match event {
        Event::CustomerWrote { key: name, .. }
        | Event::CustomerRated { key: name, .. }
        | Event::Reminded { key: name, .. }
        | Event::AutomaticLetter { key: name, .. } => wanted.extend(key(name)),
        Event::CustomerMailed { key: name, .. } => {
            wanted.extend(key(name));
            let above = head.seen.min(head.received);
            let reply = |m: &&Message| m.from_agent().is_some() && m.rev > above;
            wanted.extend(dialogue.messages.iter().filter(reply).map(|m| m.id));
        }
        Event::AgentDid(deed) => wanted.extend(key(&deed.key)),
        Event::LetterSent { .. }
        | Event::LetterEmpty { .. }
        | Event::LetterRefused { .. }
        | Event::LetterBounced { .. } => wanted.extend(dialogue.messages.iter().map(|m| m.id)),
        Event::CustomerReceived { .. } | Event::CustomerSaw { .. } | Event::RepliesDelayed | Event::LetterDue => {
            let above = head.seen.min(head.received);
            let reply = |m: &&Message| m.from_agent().is_some() && m.rev > above;
            wanted.extend(dialogue.messages.iter().filter(reply).map(|m| m.id));
        }
        Event::DeskWrote { message: DeskMessage { post, .. }, .. } | Event::DeskDeleted(post) => {
            wanted.extend(key(&post.key.0));
            wanted.extend(held());
            wanted.extend(after(post.stamp));
        }
        Event::ThreadRead(_) | Event::ThreadVanished(_) | Event::CardsFound(_) => {
            wanted.extend(dialogue.messages.iter().map(|m| m.id))
        }
        Event::HoldEnded(message) => {
            wanted.insert(*message);
            wanted.extend(held());
        }
        Event::PiecesPosted { pieces, .. } => wanted.extend(pieces.iter().map(|piece| piece.message)),
        Event::PostsDelayed(messages) => wanted.extend(messages),
        Event::FileUploaded { piece, .. } | Event::FileRefused { piece, .. } => {
            wanted.insert(piece.message);
        }
        Event::PostRefused { message, .. } | Event::FileFetched { message, .. } | Event::FileMissed { message, .. } => {
            wanted.insert(*message);
        }
        Event::PreviewShown { .. }
        | Event::PatienceEnded
        | Event::StepDue
        | Event::CustomerLeft
        | Event::CustomerIsBack
        | Event::ClosingDue
        | Event::ThreadOpened(_)
        | Event::SiteTold(_)
        | Event::SessionAsked(_)
        | Event::SessionDue
        | Event::CardEdited { .. }
        | Event::OutcomeLost { .. } => {}
    }
    wanted
}

pub(super) fn event_words(event: &Event) -> String {
    let said = |message: &DeskMessage| {
        let who = match &message.author {
            Author::Agent(agent) => agent.name.clone(),
            Author::Stranger(stranger) => format!("{:?} {}", stranger.why, stranger.person.as_deref().unwrap_or("-")),
        };
        let text = on_one_line(&message.body);
        let file = |file: &DeskFile| format!(" [{}{}]", if file.deleted { "deleted " } else { "" }, file.name);
        let text = format!("{text}{}", message.files.iter().map(file).collect::<String>());
        match message.edited {
            None => format!("{who} @{}: {text}", message.post.stamp),
            Some(at) => format!("{who} @{} edited @{at}: {text}", message.post.stamp),
        }
    };
    let pieces = |pieces: &[Piece]| {
        pieces.iter().map(|piece| format!("{}.{}", piece.message.0, piece.index)).collect::<Vec<_>>().join(" ")
    };
    match event {
        Event::CustomerWrote { key, body, files } => {
            let names: String = files.iter().map(|file| format!(" [{}]", file.name)).collect();
            format!("Ada, {key}: {}{names}", on_one_line(body))
        }
        Event::CustomerReceived { rev } => format!("Ada received r{rev}"),
        Event::CustomerSaw { rev } => format!("Ada saw r{rev}"),
        Event::CustomerMailed { key, body, files, not_taken, from, subject, id: _ } => {
            let names: String = files.iter().map(|file| format!(" [{}]", file.name)).collect();
            let not_taken: String = not_taken.iter().map(|(name, _)| format!(" [{name} not taken]")).collect();
            let subject = subject.as_deref().unwrap_or("-");
            format!("a letter {key} from {from}, {subject}: {}{names}{not_taken}", on_one_line(body))
        }
        Event::AutomaticLetter { key, subject, what } => format!("a letter {key} by itself, {subject}: {what}"),
        Event::RepliesDelayed => "Ada is missed".to_string(),
        Event::LetterDue => "a letter is due".to_string(),
        Event::PatienceEnded => "nobody has answered in time".to_string(),
        Event::Reminded { key, .. } => format!("reminded, {key}"),
        Event::StepDue => "a step is due".to_string(),
        Event::CustomerLeft => "the customer has left".to_string(),
        Event::CustomerIsBack => "the customer is back".to_string(),
        Event::ClosingDue => "it was resolved long ago".to_string(),
        Event::LetterSent { seq, upto } => format!("the letter {seq} is sent, up to r{upto}"),
        Event::LetterEmpty { seq } => format!("the letter {seq} has nothing to say"),
        Event::LetterRefused { seq, why } => format!("the letter {seq} is refused: {why}"),
        Event::LetterBounced { seq, why } => format!("the letter {seq} came back: {why}"),
        Event::CustomerRated { key, score, comment } => format!("Ada rated, {key}: {} {comment}", score.stars()),
        Event::AgentDid(deed) => format!("{} did, {}: {:?}", deed.by.name, deed.key, deed.verb),
        Event::SiteTold(told) => {
            let facts = told.facts.iter().map(|(key, value)| format!(" {key}={}", value.as_deref().unwrap_or("-")));
            format!("the site told{}", facts.collect::<String>())
        }
        Event::SessionAsked(ask) => format!("Ada wants {ask:?}"),
        Event::SessionDue => "something is due before a session".into(),
        Event::CardEdited { rev } => format!("the card shows {rev}"),
        Event::DeskWrote { thread, message } if thread.0 == "T1" => said(message),
        Event::DeskWrote { thread, message } => format!("in {thread}, {}", said(message)),
        Event::DeskDeleted(post) => format!("deleted @{}", post.stamp),
        Event::ThreadRead(snapshot) => {
            let there: Vec<String> = snapshot.messages.iter().map(said).collect();
            let ours: Vec<String> = snapshot.ours.iter().map(|own| pieces(&own.pieces)).collect();
            let which = if snapshot.thread.0 == "T1" { String::new() } else { format!("{} ", snapshot.thread) };
            format!("{which}read at {}: [{}], ours [{}]", snapshot.asked_at.0, there.join("; "), ours.join("; "))
        }
        Event::HoldEnded(message) => format!("the hold of {} ended", message.0),
        Event::ThreadOpened(thread) => format!("thread {thread} opened"),
        Event::PiecesPosted { pieces: posted, post: None } => format!("pieces posted: {}", pieces(posted)),
        Event::PiecesPosted { pieces: posted, post: Some(post) } => {
            format!("pieces posted as {post}: {}", pieces(posted))
        }
        Event::PreviewShown { seq } => format!("the preview {seq} is shown"),
        Event::PostsDelayed(late) => {
            format!("late: {}", late.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(" "))
        }
        Event::PostRefused { message, .. } => format!("{} refused", message.0),
        Event::ThreadVanished(thread) => format!("thread {thread} vanished"),
        Event::OutcomeLost { sent, at } => format!("nobody heard what became of {sent:?} sent at {}", at.0),
        Event::CardsFound(cards) => {
            let card = |card: &FoundCard| {
                let written: Vec<String> = card.written.iter().map(said).collect();
                format!("{} @{} [{}]", card.thread, card.post.stamp, written.join("; "))
            };
            format!("cards found: {}", cards.iter().map(card).collect::<Vec<_>>().join(", "))
        }
        Event::FileUploaded { piece, key } => format!("{}.{} uploaded as {}", piece.message.0, piece.index, key.0),
        Event::FileRefused { piece, .. } => format!("{}.{} refused", piece.message.0, piece.index),
        Event::FileFetched { message, file, .. } => format!("{} of {} fetched", file.name, message.0),
        Event::FileMissed { message, key, why } => format!("{} of {} missed: {why}", key.0, message.0),
    }
}

fn on_one_line(body: &Body) -> String {
    body.text().replace('\n', "⏎").replace('\u{200b}', "·")
}

pub(super) fn id(seq: i64) -> MessageId {
    MessageId(seq as u128)
}

pub(super) fn piece(seq: i64, index: u32) -> Piece {
    Piece { message: id(seq), index }
}

pub(super) fn wrote(key: &str, text: &str) -> Event {
    Event::CustomerWrote { key: key.into(), body: Body::plain(text), files: vec![] }
}

pub(super) fn opened(thread: &str) -> Event {
    Event::ThreadOpened(ThreadKey(thread.into()))
}

pub(super) fn vanished(thread: &str) -> Event {
    Event::ThreadVanished(ThreadKey(thread.into()))
}

pub(super) fn posted(pieces: &[(i64, u32)]) -> Event {
    Event::PiecesPosted { pieces: pieces.iter().map(|(seq, index)| piece(*seq, *index)).collect(), post: None }
}

/// One piece was posted there.
pub(super) fn stands(seq: i64, stamp: i64) -> Event {
    Event::PiecesPosted { pieces: vec![piece(seq, 0)], post: Some(post(stamp).key) }
}

pub(super) fn delayed(seq: i64) -> Event {
    Event::PostsDelayed(vec![id(seq)])
}

pub(super) fn refused(seq: i64) -> Event {
    Event::PostRefused { message: id(seq), why: "msg_blocks_too_long".into() }
}

pub(super) fn found_card(thread: &str, stamp: i64, written: Vec<DeskMessage>) -> FoundCard {
    FoundCard { thread: ThreadKey(thread.into()), post: post(stamp), written }
}

pub(super) fn post(stamp: i64) -> Post {
    Post { key: PostKey(format!("p{stamp}")), stamp }
}

pub(super) fn post_of(name: &str, stamp: i64, edited: Option<i64>, text: &str) -> DeskMessage {
    let body = Body::plain(text);
    // The platform knows two people.
    let asked = person_named(&body, false, &Names::default());
    let named =
        [GRACE, HEDY].into_iter().find(|known| asked.as_deref() == Some(known)).map(|known| Box::new(agent(known)));
    DeskMessage {
        post: post(stamp),
        author: Author::Agent(agent(name)),
        body,
        files: vec![],
        edited,
        to_us: false,
        named,
    }
}

pub(super) fn agent(name: &str) -> Agent {
    Agent { id: AgentId(format!("desk/{name}")), name: name.into(), picture: None }
}

pub(super) fn did(name: &str, key: &str, verb: Verb) -> Event {
    Event::AgentDid(Deed { key: key.into(), by: agent(name), verb, elsewhere: None })
}

pub(super) fn gives(name: &str, key: &str, to: &str) -> Event {
    did(name, key, Verb::Assign(Who::Agent(agent(to))))
}

pub(super) fn rated(key: &str, stars: i64, comment: &str) -> Event {
    Event::CustomerRated { key: key.into(), score: Score::new(stars).expect("1 to 5 stars"), comment: comment.into() }
}

/// Somebody wrote in the first thread.
pub(super) fn mailed(key: &str, from: &str, text: &str) -> Event {
    Event::CustomerMailed {
        key: key.into(),
        body: Body::plain(text),
        files: Vec::new(),
        not_taken: Vec::new(),
        from: from.into(),
        subject: None,
        id: Some(format!("{key}@customer.example")),
    }
}

pub(super) fn has_address(email: &str) -> Event {
    let who = crate::customer::Introduction { email: Some(email.into()), ..Default::default() };
    Event::SiteTold(Told { who, ..Told::default() })
}

pub(super) fn told(key: &str, value: &str) -> Event {
    Event::SiteTold(Told { facts: vec![(key.into(), Some(value.into()))], ..Told::default() })
}

pub(super) fn says(name: &str, stamp: i64, text: &str) -> Event {
    in_thread("T1", post_of(name, stamp, None, text))
}

pub(super) fn in_thread(thread: &str, message: DeskMessage) -> Event {
    Event::DeskWrote { thread: ThreadKey(thread.into()), message }
}

pub(super) fn says_body(name: &str, stamp: i64, body: Body) -> Event {
    in_thread("T1", DeskMessage { body, ..post_of(name, stamp, None, "") })
}

pub(super) fn edits(name: &str, stamp: i64, edited: i64, text: &str) -> Event {
    in_thread("T1", post_of(name, stamp, Some(edited), text))
}

pub(super) fn deletes(stamp: i64) -> Event {
    Event::DeskDeleted(post(stamp))
}

pub(super) fn stranger(stamp: i64, person: Option<&str>, why: StrangerKind, text: &str) -> Event {
    let author = Author::Stranger(Stranger { person: person.map(Into::into), why });
    in_thread("T1", DeskMessage { author, ..post_of("", stamp, None, text) })
}

pub(super) fn paragraph(text: &str) -> Block {
    Block::Paragraph(vec![Span::plain(text)])
}

pub(super) fn quote(text: &str) -> Block {
    Block::Quote(vec![Span::plain(text)])
}

/// A file of this name that is here.
pub(super) fn stored(name: &str) -> StoredFile {
    let number = name.bytes().fold(0, |sum: u128, byte| sum * 31 + u128::from(byte));
    let (media_type, hash) = ("image/png".to_string(), Hash(format!("{number:064x}")));
    StoredFile { id: FileId(number), name: name.into(), media_type, bytes: 9, hash, picture: None }
}

/// A file as an agent attaches it.
pub(super) fn attached(name: &str) -> DeskFile {
    DeskFile { key: DeskFileKey(format!("F-{name}")), name: name.into(), bytes: Some(9), deleted: false }
}

pub(super) fn wrote_with(key: &str, text: &str, files: &[&str]) -> Event {
    let files = files.iter().map(|name| stored(name)).collect();
    Event::CustomerWrote { key: key.into(), body: Body::plain(text), files }
}

pub(super) fn says_with(name: &str, stamp: i64, text: &str, files: &[&str]) -> Event {
    let files = files.iter().map(|name| attached(name)).collect();
    in_thread("T1", DeskMessage { files, ..post_of(name, stamp, None, text) })
}

pub(super) fn uploaded(seq: i64, index: u32, name: &str) -> Event {
    Event::FileUploaded { piece: piece(seq, index), key: DeskFileKey(format!("F-{name}")) }
}

pub(super) fn file_refused(seq: i64, index: u32) -> Event {
    Event::FileRefused { piece: piece(seq, index), why: "file_type_not_allowed".into() }
}

pub(super) fn fetched(seq: i64, name: &str) -> Event {
    Event::FileFetched { message: id(seq), key: DeskFileKey(format!("F-{name}")), file: stored(name) }
}

pub(super) fn missed(seq: i64, name: &str, why: FileTrouble) -> Event {
    Event::FileMissed { message: id(seq), key: DeskFileKey(format!("F-{name}")), why }
}
