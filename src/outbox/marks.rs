//! Receipts, private words, edits of cards and what is taken back: orders that keep no order among
//! themselves and have limits of their own, so that none of them is ever in the way of a message.
//! Private words go first; a ✓ that was overtaken by 👁 is still shown, because both are promised; a
//! card is edited once for all that changed while it waited.

use super::{Desk, report, report_done};
use crate::service::Service;
use crate::store::StoreError;
use crate::store::orders::{OrderKey, OrderRow, Task};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use threadline_core::conversation::{Conversation, Event, Thread};
use threadline_core::desk::{Mark, Trouble};
use threadline_core::ids::{Moment, PostKey};
use threadline_core::message::{Message, Stage};

/// Receipts that are under way at once.
const UNDER_WAY_MAX: usize = 4;
/// How often an order whose outcome is unclear or that fails is tried before it is given up: a
/// receipt is worth a few tries, not a queue that never empties.
const TRIES_MAX: u32 = 20;
/// The first wait after a failure; it doubles up to the second.
const RETRY_MILLIS: (i64, i64) = (500, 60_000);
/// The wait for a thread that is being opened.
const THREAD_WAIT_MILLIS: i64 = 1_000;
/// The wait while nothing works at the platform; these tries are not counted.
const STOPPED_RETRY_MILLIS: i64 = 15_000;

/// Receipts and private words that wait.
#[derive(Debug, Default)]
pub(super) struct Marks {
    tells: Line,
    cards: Line,
    repairs: Line,
    marks: Line,
    unmarks: Line,
    /// Everything that waits or is under way; true when it was ordered again meanwhile.
    known: HashMap<OrderKey, bool>,
    under_way: usize,
}

/// Orders of one kind: each kind is a method of the platform's, with a limit of its own.
#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    paused_until: Moment,
}

#[derive(Clone, Debug)]
pub(super) struct Waiting {
    order: OrderRow,
    tries: u32,
    not_before: Moment,
}

/// A kind of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineKind {
    Tells,
    Cards,
    Repairs,
    Marks,
    Unmarks,
}

impl LineKind {
    fn of(order: &OrderRow) -> LineKind {
        match order.task {
            Task::Tell(..) | Task::Preview(..) | Task::ShowTheWay(..) => LineKind::Tells,
            Task::Card => LineKind::Cards,
            Task::TakeBack(_) | Task::PointTheWay(_) => LineKind::Repairs,
            Task::Arrived(_) => LineKind::Unmarks,
            Task::Mark(..) | Task::Open | Task::Post | Task::Fetch => LineKind::Marks,
        }
    }

    /// What the operator reads when it does not work.
    fn part(self) -> &'static str {
        match self {
            LineKind::Tells => "private words",
            LineKind::Cards => "editing cards",
            LineKind::Repairs => "taking back what is there twice",
            LineKind::Marks => "receipts",
            LineKind::Unmarks => "taking receipts away",
        }
    }
}

/// What became of one.
pub(super) enum Done {
    /// It is at the desk, or was given up, or waits for something of which the service will tell.
    Over(OrderRow),
    /// Once more, this one alone.
    Again { waiting: Waiting, after_millis: i64 },
    /// Once more, when the conversation has a thread again; such tries are not counted.
    Waits { waiting: Waiting },
    /// Once more, after a pause of all orders of this kind.
    Paused { waiting: Waiting, millis: i64 },
}

impl Marks {
    pub(super) fn new() -> Marks {
        Marks::default()
    }

    pub(super) fn push(&mut self, order: OrderRow) {
        match self.known.entry(key(&order)) {
            Entry::Occupied(mut again) => {
                again.insert(true);
            }
            Entry::Vacant(new) => {
                new.insert(false);
                let line = self.line(LineKind::of(&order));
                line.waiting.push_back(Waiting { tries: 0, not_before: Moment::default(), order });
            }
        }
    }

    pub(super) fn next(&mut self, now: Moment) -> (Option<Waiting>, Option<Moment>) {
        if self.under_way >= UNDER_WAY_MAX {
            return (None, None);
        }
        let mut wake: Option<Moment> = None;
        for line in [&mut self.tells, &mut self.repairs, &mut self.cards, &mut self.marks, &mut self.unmarks] {
            let at = line.waiting.iter().position(|waiting| waiting.not_before <= now);
            match at {
                Some(at) if line.paused_until <= now => {
                    self.under_way += 1;
                    return (line.waiting.remove(at), None);
                }
                Some(_) => wake = Some(wake.map_or(line.paused_until, |wake| wake.min(line.paused_until))),
                None => wake = wake.into_iter().chain(line.waiting.iter().map(|waiting| waiting.not_before)).min(),
            }
        }
        (None, wake)
    }

    pub(super) fn finish(&mut self, done: Done, now: Moment) {
        self.under_way -= 1;
        match done {
            Done::Over(order) => {
                let again = self.known.remove(&key(&order)).unwrap_or(false);
                // What a card shows may have changed after it was read for this edit.
                if again && matches!(order.task, Task::Card) {
                    self.push(order);
                }
            }
            Done::Again { mut waiting, after_millis } => {
                waiting.tries += 1;
                waiting.not_before = now.plus_millis(after_millis);
                self.line(LineKind::of(&waiting.order)).waiting.push_back(waiting);
            }
            Done::Waits { mut waiting } => {
                waiting.not_before = now.plus_millis(THREAD_WAIT_MILLIS);
                self.line(LineKind::of(&waiting.order)).waiting.push_back(waiting);
            }
            Done::Paused { waiting, millis } => {
                let line = self.line(LineKind::of(&waiting.order));
                line.paused_until = line.paused_until.max(now.plus_millis(millis));
                line.waiting.push_front(waiting);
            }
        }
    }

    fn line(&mut self, kind: LineKind) -> &mut Line {
        match kind {
            LineKind::Tells => &mut self.tells,
            LineKind::Cards => &mut self.cards,
            LineKind::Repairs => &mut self.repairs,
            LineKind::Marks => &mut self.marks,
            LineKind::Unmarks => &mut self.unmarks,
        }
    }
}

pub(super) async fn carry_out(service: &Service, desk: &Desk, waiting: Waiting) -> Done {
    let order = &waiting.order;
    let mut outcome = None;
    let result = match &order.task {
        Task::Mark(Mark::Waiting, post) => show_waiting(service, desk, order, post).await,
        Task::Mark(mark, post) => desk.platform.mark(post, *mark).await,
        Task::Arrived(post) => desk.platform.unmark(post, Mark::Waiting).await,
        Task::Card => match desk.head(service, order.conversation).await {
            Ok(head) => {
                let Thread::Open(thread) = head.thread.clone() else {
                    // The service orders it again when there is a card.
                    return Done::Over(waiting.order);
                };
                outcome = Some(Event::CardEdited { rev: head.card_rev });
                if head.card_shown < head.card_rev {
                    match desk.card(service, &head).await {
                        Ok(card) => match desk.platform.edit_card(&thread, &card).await {
                            Err(Trouble::Never { .. }) => desk.platform.edit_card(&thread, &card.bare()).await,
                            edited => edited,
                        },
                        Err(trouble) => Err(trouble),
                    }
                } else {
                    Ok(())
                }
            }
            Err(trouble) => Err(trouble),
        },
        Task::TakeBack(post) => desk.platform.take_back(post).await,
        Task::PointTheWay(_) | Task::ShowTheWay(..) => match desk.head(service, order.conversation).await {
            // The way there is known when it is open.
            Ok(head) if head.thread == Thread::Wanted => return Done::Waits { waiting },
            Ok(head) => point(desk, order, &head).await,
            Err(trouble) => Err(trouble),
        },
        Task::Tell(person, words) => match service.shared().store.head(order.conversation).await {
            Ok(Some(head)) => match &head.thread {
                Thread::Open(thread) => {
                    // Of one message, several things may have to be told, one after the other.
                    let delivery = format!("tell/{}/{}/{}", order.conversation, order.seq, order.at.0);
                    desk.platform.tell(order.conversation, thread, person, words, delivery).await
                }
                Thread::None | Thread::Wanted => Err(Trouble::ThreadGone),
            },
            Ok(None) => Err(Trouble::ThreadGone),
            Err(error) => Err(Trouble::NotDone { why: error.to_string() }),
        },
        Task::Preview(person, words) => match service.shared().store.head(order.conversation).await {
            Ok(Some(head)) => match &head.thread {
                Thread::Open(thread) => {
                    let shown = desk.platform.show_preview(thread, &head, person, words, order.seq).await;
                    outcome = shown.is_ok().then_some(Event::PreviewShown { seq: order.seq });
                    shown
                }
                Thread::None | Thread::Wanted => Err(Trouble::ThreadGone),
            },
            Ok(None) => Err(Trouble::ThreadGone),
            Err(error) => Err(Trouble::NotDone { why: error.to_string() }),
        },
        Task::Open | Task::Post | Task::Fetch => Ok(()),
    };
    let kind = LineKind::of(order);
    let platform = desk.platform.kind().as_str();
    let why = match result {
        Ok(()) | Err(Trouble::ThreadGone) => {
            service.shared().desk_stopped(platform, kind.part(), None);
            return over(service, waiting.order, outcome).await;
        }
        Err(Trouble::Later { after_millis }) => {
            return Done::Paused { waiting, millis: i64::try_from(after_millis).unwrap_or(i64::MAX) };
        }
        Err(Trouble::Stopped(stop)) => {
            service.shared().desk_stopped(platform, kind.part(), Some(stop));
            return Done::Paused { waiting, millis: STOPPED_RETRY_MILLIS };
        }
        Err(Trouble::Never { why }) => {
            tracing::warn!(desk = %desk.name, conversation.id = %order.conversation, kind = order.task.kind(), why, "a receipt, a notice or an edit of a card was refused");
            return over(service, waiting.order, outcome).await;
        }
        Err(Trouble::NotDone { why } | Trouble::Unclear { why }) => why,
    };
    if waiting.tries + 1 >= TRIES_MAX {
        tracing::error!(desk = %desk.name, conversation.id = %order.conversation, kind = order.task.kind(), why, "a receipt, a notice or an edit of a card was given up");
        return over(service, waiting.order, outcome).await;
    }
    let after_millis = RETRY_MILLIS.0.saturating_mul(1 << waiting.tries.min(20)).min(RETRY_MILLIS.1);
    Done::Again { waiting, after_millis }
}

/// Shows that a reply waits for the customer's browser, if it still does. The order to take that away
/// again may be under way at the same time: so it is looked once more when it is there.
async fn show_waiting(service: &Service, desk: &Desk, order: &OrderRow, post: &PostKey) -> Result<(), Trouble> {
    if waits(service, order).await? {
        desk.platform.mark(post, Mark::Waiting).await?;
    }
    if waits(service, order).await? { Ok(()) } else { desk.platform.unmark(post, Mark::Waiting).await }
}

/// True while the reply that an order is about waits for the customer's browser.
async fn waits(service: &Service, order: &OrderRow) -> Result<bool, Trouble> {
    let store = &service.shared().store;
    let not_done = |error: StoreError| Trouble::NotDone { why: error.to_string() };
    let head = store.head(order.conversation).await.map_err(not_done)?;
    let found = store.messages_by_seq(&[(order.conversation, order.seq)]).await.map_err(not_done)?;
    let received = head.map_or(0, |head| head.received);
    let waits = |message: &Message| matches!(message.from_agent(), Some((_, Stage::Shown { first_rev, .. })) if first_rev > received);
    Ok(found.legible.iter().any(waits))
}

/// The order is dealt with, and this came of it.
async fn over(service: &Service, order: OrderRow, outcome: Option<Event>) -> Done {
    match outcome {
        // The service knows whether what the card shows is all there is.
        Some(edited @ Event::CardEdited { .. }) => report(service, order.conversation, edited).await,
        outcome => report_done(service, order.conversation, outcome, vec![key(&order)]).await,
    }
    Done::Over(order)
}

fn key(order: &OrderRow) -> OrderKey {
    (order.conversation, order.task.kind(), order.seq)
}

/// Points from a card that is not the conversation's, or shows one person, to where it goes on.
async fn point(desk: &Desk, order: &OrderRow, head: &Conversation) -> Result<(), Trouble> {
    let onward = match &head.thread {
        Thread::Open(thread) => Some(thread),
        Thread::None | Thread::Wanted => None,
    };
    match &order.task {
        Task::PointTheWay(card) => desk.platform.point_the_way(card, head.number, onward).await,
        Task::ShowTheWay(person, thread) => desk.platform.show_the_way(thread, person, onward).await,
        Task::Open
        | Task::Post
        | Task::Fetch
        | Task::Card
        | Task::Mark(..)
        | Task::Arrived(_)
        | Task::Tell(..)
        | Task::Preview(..)
        | Task::TakeBack(_) => Ok(()),
    }
}
