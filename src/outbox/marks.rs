//! Receipts and private words: orders that keep no order among themselves and have limits of
//! their own. Private words go first; a ✓ that was overtaken by 👁 is still shown, because both
//! are promised.

use super::{Desk, report_done};
use crate::service::Service;
use crate::store::rows::{OrderKey, OrderRow, Task};
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
#[derive(Debug)]
pub(super) struct Marks {
    waiting: VecDeque<Waiting>,
    known: HashSet<OrderKey>,
    under_way: usize,
    paused_until: Moment,
}

#[derive(Clone, Debug)]
pub(super) struct Waiting {
    order: OrderRow,
    tries: u32,
}

/// What became of one.
pub(super) enum Done {
    /// It is at the desk, or was given up.
    Over(OrderKey),
    /// Once more, after a pause of this kind of order.
    Again { waiting: Waiting, after_millis: i64, counted: bool },
}

impl Marks {
    pub(super) fn new() -> Marks {
        Marks { waiting: VecDeque::new(), known: HashSet::new(), under_way: 0, paused_until: Moment(i64::MIN) }
    }

    pub(super) fn push(&mut self, order: OrderRow) {
        if !self.known.insert(key(&order)) {
            return;
        }
        let waiting = Waiting { tries: 0, order };
        match waiting.order.task {
            Task::Tell(..) => self.waiting.push_front(waiting),
            Task::Mark(..) | Task::Open | Task::Post => self.waiting.push_back(waiting),
        }
    }

    pub(super) fn next(&mut self, now: Moment) -> (Option<Waiting>, Option<Moment>) {
        if self.waiting.is_empty() || self.under_way >= UNDER_WAY_MAX {
            return (None, None);
        }
        if self.paused_until > now {
            return (None, Some(self.paused_until));
        }
        self.under_way += 1;
        (self.waiting.pop_front(), None)
    }

    pub(super) fn finish(&mut self, done: Done, now: Moment) {
        self.under_way -= 1;
        match done {
            Done::Over(key) => {
                self.known.remove(&key);
            }
            Done::Again { mut waiting, after_millis, counted } => {
                waiting.tries += u32::from(counted);
                self.paused_until = self.paused_until.max(now.plus_millis(after_millis));
                self.waiting.push_front(waiting);
            }
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
    let (why, after_millis, counted) = match result {
        Ok(()) | Err(Trouble::ThreadGone) => return over(service, order).await,
        Err(Trouble::Later { after_millis }) => (String::new(), i64::try_from(after_millis).unwrap_or(i64::MAX), false),
        Err(Trouble::Stopped(stop)) => {
            service.shared().desk_stopped(desk.platform.kind().as_str(), Some(stop));
            (String::new(), STOPPED_RETRY_MILLIS, false)
        }
        Err(Trouble::Never { why }) => {
            tracing::warn!(desk = %desk.name, conversation.id = %order.conversation, kind = order.task.kind(), why, "a receipt or notice was refused");
            return over(service, order).await;
        }
        Err(Trouble::NotDone { why } | Trouble::Unclear { why }) => {
            let backoff = RETRY_MILLIS.0.saturating_mul(1 << waiting.tries.min(20)).min(RETRY_MILLIS.1);
            (why, backoff, true)
        }
    };
    if counted && waiting.tries + 1 >= TRIES_MAX {
        tracing::error!(desk = %desk.name, conversation.id = %order.conversation, kind = order.task.kind(), why, "a receipt or notice was given up");
        return over(service, order).await;
    }
    Done::Again { waiting, after_millis, counted }
}

async fn over(service: &Service, order: &OrderRow) -> Done {
    let key = key(order);
    report_done(service, order.conversation, None, vec![key]).await;
    Done::Over(key)
}

fn key(order: &OrderRow) -> OrderKey {
    (order.conversation, order.task.kind(), order.seq)
}
