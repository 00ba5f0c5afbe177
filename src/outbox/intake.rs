//! What a desk's worker learns of orders: from the service's hint, or from the table. A conversation
//! of which a row cannot be read stands still, because what comes after that row has to wait for it;
//! all others go on.

use super::Worker;
use super::carrier::Job;
use crate::hub::{Placed, Rung};
use crate::store::orders::{OrderRow, Task};
use crate::store::{BrokenRow, Rows, StoreError};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;
use threadline_core::conversation::{Conversation, Sent, Thread};
use threadline_core::desk::Piece;
use threadline_core::file::{AtDesk, Attachment};
use threadline_core::ids::ConversationId;
use threadline_core::lane::{Cargo, Parcel};
use threadline_core::message::{Kind, Message, Part, Posting};
use threadline_core::verb::Name;

/// Orders read from the table at once.
const SCAN_ROWS: i64 = 500;
/// The wait before the table is read again after the database failed.
const SCAN_RETRY: Duration = Duration::from_secs(1);
/// How long what was written after a file waits until the desk has the file's bytes. A customer who
/// writes "see the screenshot" wants it above that; an agent wants to read that before long.
const FILE_WAIT_MILLIS: i64 = 20_000;

impl Worker {
    pub(super) async fn take_in(&mut self, rung: Rung) {
        // It may have been mended: then what waits comes first, and the table has all of it in order.
        let stands_still = |placed: &Placed| self.broken.contains(&placed.order.conversation.to_string());
        let scan = rung.scan || (!self.broken.is_empty() && rung.placed.iter().any(stands_still));
        for placed in rung.placed {
            if self.broken.is_empty() || !self.broken.contains(&placed.order.conversation.to_string()) {
                self.take_placed(placed);
            }
        }
        if scan {
            self.scan_until_it_works(false).await;
        }
    }

    fn take_placed(&mut self, placed: Placed) {
        let conversation = placed.order.conversation;
        match (&placed.order.task, placed.message) {
            (Task::Open, _) => self.lanes.want_open(conversation, false),
            (Task::Post, Some(message)) => self.push(&placed.thread, placed.customer, &message, false),
            (Task::Post, None) => {}
            (
                Task::Mark(..)
                | Task::Arrived(_)
                | Task::Tell(..)
                | Task::Preview(..)
                | Task::Card
                | Task::TakeBack(_)
                | Task::PointTheWay(_)
                | Task::ShowTheWay(..),
                _,
            ) => self.marks.push(placed.order),
            (Task::Fetch, _) => self.carrier.push(Job::Fetch(placed.order)),
        }
    }

    fn push(&mut self, thread: &Thread, customer: Option<String>, message: &Message, unsure: bool) {
        let (posted, speaker) = match &message.kind {
            Kind::FromCustomer(Posting::Waiting { pieces_posted, .. }) => {
                (*pieces_posted, Some(customer.unwrap_or_else(|| "Customer".to_string())))
            }
            Kind::FromBot(Posting::Waiting { pieces_posted, .. })
            | Kind::Saved { posting: Posting::Waiting { pieces_posted, .. }, .. } => (*pieces_posted, None),
            // The desk has it, or refused it, since the table was read.
            _ => return,
        };
        let chars_max = self.service.shared().rules(&self.desk.name).post_chars_max;
        let channel = match thread {
            Thread::Open(key) => self.desk.platform.channel_of(key),
            Thread::None | Thread::Wanted => None,
        };
        // Where the team does without the verb, there is no button for it either.
        let retry_of = message.retry_of.filter(|_| self.service.shared().names.word(Name::Retry).is_some());
        for (index, part) in message.parts(chars_max).into_iter().enumerate().skip(posted as usize) {
            let piece = Piece { message: message.id, index: index as u32 };
            let Some(cargo) = self.cargo(message.conversation, piece, part) else { continue };
            // They are called once, by the first piece.
            let calls = if index == 0 { message.calls.clone() } else { Vec::new() };
            let parcel = Parcel { piece, seq: message.seq, cargo, speaker: speaker.clone(), retry_of, calls };
            self.lanes.push(message.conversation, thread, channel.as_deref(), parcel, unsure);
        }
        self.late.watch(message, self.steady.at(message.at));
    }

    /// What a part of a message is to a lane; the bytes of a file begin their way to the desk. None for
    /// a file that the desk refused.
    fn cargo(&mut self, conversation: ConversationId, piece: Piece, part: Part<'_>) -> Option<Cargo> {
        let (file, desk) = match part {
            Part::Text(text) => return Some(Cargo::Text(text)),
            Part::File(Attachment::Sent { file, desk }) => (file.clone(), desk),
            // Nothing of the kind is in a message of ours.
            Part::File(Attachment::Awaited(_) | Attachment::Fetched { .. } | Attachment::Missing { .. }) => {
                return None;
            }
        };
        let key = match desk {
            AtDesk::Uploaded(key) => Some(key.clone()),
            AtDesk::NotYet => self.desk.platform.key_of(&file),
            AtDesk::Refused { .. } | AtDesk::TriedAgain => return None,
        };
        if key.is_none() {
            self.carrier.push(Job::Upload { conversation, piece, file: file.clone() });
        }
        let waited_for_until = self.steady.now().plus_millis(FILE_WAIT_MILLIS);
        Some(Cargo::File { file, key, waited_for_until })
    }

    pub(super) async fn scan_until_it_works(&mut self, unsure: bool) {
        while let Err(error) = self.scan(unsure).await {
            tracing::error!(desk = %self.desk.name, %error, "the outbox could not be read; trying again");
            tokio::select! {
                () = self.life.stopping() => return,
                () = tokio::time::sleep(SCAN_RETRY) => {}
            }
        }
    }

    /// Reads what waits in the table and is not known here yet.
    async fn scan(&mut self, unsure: bool) -> Result<(), StoreError> {
        let shared = self.service.shared().clone();
        let mut broken: Vec<BrokenRow> = Vec::new();
        // What stood still may have been sent before this process began.
        let stood_still = std::mem::take(&mut self.broken);
        let mut unheard: Vec<(ConversationId, Sent)> = Vec::new();
        let mut last = None;
        loop {
            let (orders, end) = shared.store.orders(&self.desk.name, last, SCAN_ROWS).await?;
            let orders = self.set_aside(&mut broken, orders);
            // Known already: nothing to load, however long the backlog is.
            let new: Vec<OrderRow> = orders
                .into_iter()
                .filter(|order| {
                    !matches!(order.task, Task::Post) || !self.lanes.has_message(order.conversation, order.seq)
                })
                .collect();
            // The heads first: a thread that is opened meanwhile is only told later.
            let of_lanes = |order: &&OrderRow| matches!(order.task, Task::Open | Task::Post);
            let ids: BTreeSet<ConversationId> = new.iter().filter(of_lanes).map(|order| order.conversation).collect();
            let heads = shared.store.heads(&ids.into_iter().collect::<Vec<_>>()).await?;
            let heads: HashMap<ConversationId, Conversation> =
                self.set_aside(&mut broken, heads).into_iter().map(|head| (head.id, head)).collect();
            let posts: Vec<(ConversationId, i64)> = new
                .iter()
                .filter(|order| order.task == Task::Post)
                .map(|order| (order.conversation, order.seq))
                .collect();
            let messages = shared.store.messages_by_seq(&posts).await?;
            let messages: HashMap<(ConversationId, i64), Message> = self
                .set_aside(&mut broken, messages)
                .into_iter()
                .map(|message| ((message.conversation, message.seq), message))
                .collect();
            for order in new {
                let is_one_of =
                    |some: &HashSet<String>| !some.is_empty() && some.contains(&order.conversation.to_string());
                let (stands_still, unsure) = (is_one_of(&self.broken), unsure || is_one_of(&stood_still));
                match (&order.task, heads.get(&order.conversation)) {
                    (
                        Task::Mark(..)
                        | Task::Arrived(_)
                        | Task::Tell(..)
                        | Task::Preview(..)
                        | Task::Card
                        | Task::TakeBack(_)
                        | Task::PointTheWay(_)
                        | Task::ShowTheWay(..),
                        _,
                    ) => self.marks.push(order),
                    (Task::Fetch, _) => self.carrier.push(Job::Fetch(order)),
                    (Task::Open | Task::Post, _) if stands_still => {}
                    (Task::Open, Some(head)) if matches!(head.thread, Thread::Wanted) => {
                        self.lanes.want_open(order.conversation, unsure);
                        unheard.extend(unsure.then_some((order.conversation, Sent::Card)));
                    }
                    (Task::Post, Some(head)) => {
                        if let Some(message) = messages.get(&(order.conversation, order.seq)) {
                            self.push(&head.thread, head.customer.name.clone(), message, unsure);
                            unheard.extend(unsure.then_some((order.conversation, Sent::Posts)));
                        }
                    }
                    (Task::Open | Task::Post, _) => {}
                }
            }
            last = end;
            if last.is_none() {
                break;
            }
        }
        shared.broken.found(&shared.metrics, &format!("desk/{}", self.desk.name), &broken);
        // The largest of what was sent in each stays.
        unheard.sort_unstable();
        self.may_have_been_sent(unheard.into_iter().collect()).await;
        Ok(())
    }

    /// Keeps what can be read, and has the conversations of the others stand still.
    fn set_aside<T>(&mut self, broken: &mut Vec<BrokenRow>, rows: Rows<T>) -> Vec<T> {
        self.broken.extend(rows.broken.iter().map(|row| row.conversation.clone()));
        broken.extend(rows.broken);
        rows.legible
    }
}
