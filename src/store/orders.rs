//! The outbox as rows: effects that wait to be carried out at a desk.

use super::many::powers_of_two;
use super::{Rows, Store, StoreError, Tx, inconsistent, json, on_read, on_tx};
use sqlx::QueryBuilder;
use threadline_core::body::Body;
use threadline_core::desk::Mark;
use threadline_core::ids::{ConversationId, DeskName, Moment, PostKey, ThreadKey};

/// An order in the outbox: an effect that waits for its desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// Whose conversation.
    pub conversation: ConversationId,
    /// What is to be done.
    pub task: Task,
    /// The number of the message it is about; 0 for the thread and its card.
    pub seq: i64,
    /// The desk it waits for.
    pub desk: DeskName,
    /// Since when.
    pub at: Moment,
}

/// What is to be done at a desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Open the thread.
    Open,
    /// Post the message.
    Post,
    /// Fetch the files of the reply.
    Fetch,
    /// Show a receipt under a post.
    Mark(Mark, PostKey),
    /// Take ⏳ away from a post.
    Arrived(PostKey),
    /// Edit the card.
    Card,
    /// Tell a person these words, privately.
    Tell(String, Body),
    /// Show a person, privately, the preview of the order's number in these words, with what sends it.
    Preview(String, Body),
    /// Delete a post of ours.
    TakeBack(PostKey),
    /// Have a card of ours say where the conversation goes on.
    PointTheWay(PostKey),
    /// Tell a person, privately and in that thread, where the conversation goes on.
    ShowTheWay(String, ThreadKey),
}

impl Task {
    /// The word in the `kind` column.
    pub fn kind(&self) -> &'static str {
        match self {
            Task::Open => "open",
            Task::Post => "post",
            Task::Fetch => "fetch",
            Task::Card => "card",
            Task::Mark(Mark::Received, _) => "received",
            Task::Mark(Mark::Seen, _) => "seen",
            Task::Mark(Mark::Waiting, _) => "waiting",
            Task::Mark(Mark::Emailed, _) => "emailed",
            Task::Arrived(_) => "arrived",
            Task::Tell(..) => "tell",
            Task::Preview(..) => "preview",
            Task::TakeBack(_) => "take_back",
            Task::PointTheWay(_) => "point",
            Task::ShowTheWay(..) => "way",
        }
    }
}

/// What names an order: the conversation, the kind and the number.
pub type OrderKey = (ConversationId, &'static str, i64);

impl Tx {
    /// Puts orders into the outbox; one that is there already stays as it is.
    pub async fn insert_orders(&mut self, orders: &[OrderRow]) -> Result<(), StoreError> {
        for chunk in powers_of_two(orders) {
            on_tx!(self, |c| {
                let mut query =
                    QueryBuilder::new("INSERT INTO outbox (conversation, kind, seq, desk, target, words, thread, at) ");
                query.push_values(chunk, |mut row, order| {
                    let (target, words, thread) = match &order.task {
                        Task::Open | Task::Post | Task::Fetch | Task::Card => (None, None, None),
                        Task::Mark(_, post) | Task::Arrived(post) | Task::TakeBack(post) | Task::PointTheWay(post) => {
                            (Some(post.0.as_str()), None, None)
                        }
                        Task::Tell(person, words) | Task::Preview(person, words) => {
                            (Some(person.as_str()), Some(json::body_to_json(words)), None)
                        }
                        Task::ShowTheWay(person, thread) => (Some(person.as_str()), None, Some(thread.0.as_str())),
                    };
                    row.push_bind(order.conversation.to_string())
                        .push_bind(order.task.kind())
                        .push_bind(order.seq)
                        .push_bind(order.desk.0.as_str())
                        .push_bind(target)
                        .push_bind(words)
                        .push_bind(thread)
                        .push_bind(order.at.0);
                });
                query.push(" ON CONFLICT (conversation, kind, seq) DO NOTHING");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Takes orders out of the outbox.
    pub async fn delete_orders(&mut self, orders: &[OrderKey]) -> Result<(), StoreError> {
        for chunk in powers_of_two(orders) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("DELETE FROM outbox WHERE (conversation, kind, seq) IN (");
                query.push_values(chunk, |mut row, (conversation, kind, seq)| {
                    row.push_bind(conversation.to_string()).push_bind(*kind).push_bind(*seq);
                });
                query.push(")");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }
}

/// An order as its row says it.
type Row = (String, String, i64, String, Option<String>, Option<String>, Option<String>, i64);

/// Where a page of orders ends: when the order was stored, its conversation, kind and number.
pub type PageEnd = (i64, String, String, i64);

impl Store {
    /// A page of the orders that wait for a desk, oldest first, after the end of the page before; with
    /// the end of this one, unless it is the last.
    pub async fn orders(
        &self,
        desk: &DeskName,
        after: Option<PageEnd>,
        limit: i64,
    ) -> Result<(Rows<OrderRow>, Option<PageEnd>), StoreError> {
        let rows: Vec<Row> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(
                "SELECT conversation, kind, seq, desk, target, words, thread, at FROM outbox WHERE desk = ",
            );
            query.push_bind(desk.0.clone());
            if let Some((at, conversation, kind, seq)) = after {
                query.push(" AND (at, conversation, kind, seq) > (").push_bind(at).push(", ");
                query.push_bind(conversation).push(", ").push_bind(kind).push(", ").push_bind(seq).push(")");
            }
            query.push(" ORDER BY at, conversation, kind, seq LIMIT ").push_bind(limit);
            query.build_query_as().fetch_all(c).await?
        });
        let full = i64::try_from(rows.len()).is_ok_and(|count| count >= limit);
        let end = rows
            .last()
            .filter(|_| full)
            .map(|(conversation, kind, seq, .., at)| (*at, conversation.clone(), kind.clone(), *seq));
        let mut orders = Rows::default();
        for row in rows {
            orders.add(&row.0.clone(), order_from(row));
        }
        Ok((orders, end))
    }

    /// True when orders wait for a desk.
    pub async fn has_orders(&self, desk: &DeskName) -> Result<bool, StoreError> {
        let found: Option<i64> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT seq FROM outbox WHERE desk = $1 LIMIT 1").bind(&desk.0).fetch_optional(c).await?
        });
        Ok(found.is_some())
    }

    /// When the oldest message that still waits for its desk came in, and how many orders wait.
    pub async fn outbox_state(&self) -> Result<(Option<Moment>, i64), StoreError> {
        let (oldest, count): (Option<i64>, i64) = on_read!(self, |c| {
            sqlx::query_as("SELECT MIN(CASE WHEN kind = 'post' THEN at END), COUNT(*) FROM outbox").fetch_one(c).await?
        });
        Ok((oldest.map(Moment), count))
    }
}

fn order_from((conversation, kind, seq, desk, target, words, thread, at): Row) -> Result<OrderRow, StoreError> {
    let wrong = |what: &str| inconsistent("outbox", format!("{conversation}/{kind}/{seq}"), what);
    let post = || target.clone().map(PostKey).ok_or_else(|| wrong("no target"));
    let task = match kind.as_str() {
        "open" => Task::Open,
        "post" => Task::Post,
        "fetch" => Task::Fetch,
        "card" => Task::Card,
        "received" => Task::Mark(Mark::Received, post()?),
        "seen" => Task::Mark(Mark::Seen, post()?),
        "waiting" => Task::Mark(Mark::Waiting, post()?),
        "emailed" => Task::Mark(Mark::Emailed, post()?),
        "arrived" => Task::Arrived(post()?),
        "tell" => {
            Task::Tell(post()?.0, words.as_deref().and_then(json::body_from_json).ok_or_else(|| wrong("no words"))?)
        }
        "preview" => {
            Task::Preview(post()?.0, words.as_deref().and_then(json::body_from_json).ok_or_else(|| wrong("no words"))?)
        }
        "take_back" => Task::TakeBack(post()?),
        "point" => Task::PointTheWay(post()?),
        "way" => Task::ShowTheWay(post()?.0, thread.clone().map(ThreadKey).ok_or_else(|| wrong("no thread"))?),
        _ => return Err(wrong("no such kind")),
    };
    let id = conversation.parse().map_err(|_| wrong("no conversation id"))?;
    Ok(OrderRow { conversation: id, task, seq, desk: DeskName(desk), at: Moment(at) })
}
