//! Receipts and private words: orders that keep no order among themselves and have limits of
//! their own. Private words go first; a ✓ that was overtaken by 👁 is still shown, because both
//! are promised.

use super::{Desk, report_done};
use crate::service::Service;
use crate::store::orders::{OrderKey, OrderRow, Task};
use std::collections::{HashSet, VecDeque};
use threadline_core::conversation::Thread;
use threadline_core::desk::Trouble;
use threadline_core::ids::Moment;

/// Receipts that are under way at once.
const UNDER_WAY_MAX: usize = 4;
/// How often an order whose outcome is unclear or that fails is tried before it is given up: a
/// receipt is worth a few tries, not a queue that never empties.
const TRIES_MAX: u32 = 20;
/// The first wait after a failure; it doubles up to the second.
const RETRY_MILLIS: (i64, i64) = (500, 60_000);
/// The wait while nothing works at the platform; these tries are not counted.
const STOPPED_RETRY_MILLIS: i64 = 15_000;

/// Receipts and private words that wait.
#[derive(Debug, Default)]
pub(super) struct Marks {
    tells: Line,
    marks: Line,
    known: HashSet<OrderKey>,
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
    Marks,
}

impl LineKind {
    fn of(order: &OrderRow) -> LineKind {
        match order.task {
            Task::Tell(..) => LineKind::Tells,
            Task::Mark(..) | Task::Open | Task::Post => LineKind::Marks,
        }
    }

    /// What the operator reads when it does not work.
    fn part(self) -> &'static str {
        match self {
            LineKind::Tells => "private words",
            LineKind::Marks => "receipts",
        }
    }
}

/// What became of one.
pub(super) enum Done {
    /// It is at the desk, or was given up.
    Over(OrderKey),
    /// Once more, this one alone.
    Again { waiting: Waiting, after_millis: i64 },
    /// Once more, after a pause of all orders of this kind.
    Paused { waiting: Waiting, millis: i64 },
}

impl Marks {
    pub(super) fn new() -> Marks {
        Marks::default()
    }

    pub(super) fn push(&mut self, order: OrderRow) {
        if self.known.insert(key(&order)) {
            let line = self.line(LineKind::of(&order));
            line.waiting.push_back(Waiting { tries: 0, not_before: Moment::default(), order });
        }
    }

    pub(super) fn next(&mut self, now: Moment) -> (Option<Waiting>, Option<Moment>) {
        if self.under_way >= UNDER_WAY_MAX {
            return (None, None);
        }
        let mut wake: Option<Moment> = None;
        for line in [&mut self.tells, &mut self.marks] {
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
            Done::Over(key) => {
                self.known.remove(&key);
            }
            Done::Again { mut waiting, after_millis } => {
                waiting.tries += 1;
                waiting.not_before = now.plus_millis(after_millis);
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
            LineKind::Marks => &mut self.marks,
        }
    }
}

pub(super) async fn carry_out(service: &Service, desk: &Desk, waiting: Waiting) -> Done {
    let order = &waiting.order;
    let result = match &order.task {
        Task::Mark(mark, post) => desk.platform.mark(post, *mark).await,
        Task::Tell(person, notice) => match service.shared().store.head(order.conversation).await {
            Ok(Some(head)) => match &head.conversation.thread {
                Thread::Open(thread) => {
                    let delivery = format!("tell/{}/{}", order.conversation, order.seq);
                    desk.platform.tell(order.conversation, thread, person, *notice, delivery).await
                }
                Thread::None | Thread::Wanted { .. } => Err(Trouble::ThreadGone),
            },
            Ok(None) => Err(Trouble::ThreadGone),
            Err(error) => Err(Trouble::NotDone { why: error.to_string() }),
        },
        Task::Open | Task::Post => Ok(()),
    };
    let kind = LineKind::of(order);
    let platform = desk.platform.kind().as_str();
    let why = match result {
        Ok(()) | Err(Trouble::ThreadGone) => {
            service.shared().desk_stopped(platform, kind.part(), None);
            return over(service, order).await;
        }
        Err(Trouble::Later { after_millis }) => {
            return Done::Paused { waiting, millis: i64::try_from(after_millis).unwrap_or(i64::MAX) };
        }
        Err(Trouble::Stopped(stop)) => {
            service.shared().desk_stopped(platform, kind.part(), Some(stop));
            return Done::Paused { waiting, millis: STOPPED_RETRY_MILLIS };
        }
        Err(Trouble::Never { why }) => {
            tracing::warn!(desk = %desk.name, conversation.id = %order.conversation, kind = order.task.kind(), why, "a receipt or notice was refused");
            return over(service, order).await;
        }
        Err(Trouble::NotDone { why } | Trouble::Unclear { why }) => why,
    };
    if waiting.tries + 1 >= TRIES_MAX {
        tracing::error!(desk = %desk.name, conversation.id = %order.conversation, kind = order.task.kind(), why, "a receipt or notice was given up");
        return over(service, order).await;
    }
    let after_millis = RETRY_MILLIS.0.saturating_mul(1 << waiting.tries.min(20)).min(RETRY_MILLIS.1);
    Done::Again { waiting, after_millis }
}

async fn over(service: &Service, order: &OrderRow) -> Done {
    let key = key(order);
    report_done(service, order.conversation, None, vec![key]).await;
    Done::Over(key)
}

fn key(order: &OrderRow) -> OrderKey {
    (order.conversation, order.task.kind(), order.seq)
}
