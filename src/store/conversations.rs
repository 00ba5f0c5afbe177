//! Conversations as rows: each one's head.

use super::dialect::for_update;
use super::many::{ROWS_MAX, powers_of_two, push_list};
use super::{Rows, Store, StoreError, Tx, inconsistent, on_read, on_tx};
use sqlx::{Database, Encode, QueryBuilder, Type};
use threadline_core::conversation::{Climbing, Conversation, Doubt, Mailing, Rating, Score, Sent, Standing, Thread};
use threadline_core::customer::{Customer, Identity};
use threadline_core::desk::{Agent, OpenThread};
use threadline_core::ids::{AgentId, ConversationId, CustomerId, DeskName, Moment, ThreadKey};
use threadline_core::ladder::Rest;
use threadline_core::ticket::{Priority, Ticket};

#[derive(sqlx::FromRow)]
pub(super) struct ConversationRow {
    pub(super) id: String,
    number: i64,
    customer_name: Option<String>,
    customer_email: Option<String>,
    customer_id: Option<String>,
    vouches_name: i64,
    vouches_email: i64,
    topic: String,
    desk: String,
    thread: String,
    thread_key: Option<String>,
    continued: i64,
    doubt: String,
    doubt_since: i64,
    doubt_looks: i64,
    standing: String,
    standing_since: i64,
    resolved_id: Option<String>,
    resolved_name: Option<String>,
    resolved_picture: Option<String>,
    rating: Option<i64>,
    ticket_since: Option<i64>,
    ticket_due: Option<i64>,
    ticket_priority: Option<String>,
    left_since: Option<i64>,
    patience_due: Option<i64>,
    climb_taken: i64,
    rest_until: Option<i64>,
    rest_by: Option<String>,
    rest_reason: Option<String>,
    step_due: Option<i64>,
    claimed_id: Option<String>,
    claimed_name: Option<String>,
    claimed_picture: Option<String>,
    last_seq: i64,
    rev: i64,
    received: i64,
    seen: i64,
    receipt_due: Option<i64>,
    waits: i64,
    letter_due: Option<i64>,
    letter_since: Option<i64>,
    letter_under_way: Option<i64>,
    emailed: i64,
    undeliverable: Option<String>,
    ticket_told: i64,
    card_rev: i64,
    card_shown: i64,
    last_stamp: i64,
    created_at: i64,
    last_at: i64,
}

pub(super) const COLUMNS: &str = "id, number, customer_name, customer_email, customer_id, vouches_name, \
    vouches_email, topic, desk, thread, thread_key, continued, doubt, doubt_since, doubt_looks, standing, standing_since, resolved_id, \
    resolved_name, resolved_picture, rating, ticket_since, ticket_due, ticket_priority, left_since, patience_due, climb_taken, rest_until, rest_by, rest_reason, step_due, claimed_id, claimed_name, claimed_picture, last_seq, rev, received, seen, \
    receipt_due, waits, letter_due, letter_since, letter_under_way, emailed, undeliverable, ticket_told, card_rev, card_shown, last_stamp, created_at, last_at";

impl Tx {
    /// The heads of conversations by id or by thread, locked until the commit, in one order.
    pub async fn heads(
        &mut self,
        ids: &[ConversationId],
        threads: &[ThreadKey],
    ) -> Result<Vec<Conversation>, StoreError> {
        let lock = for_update(self);
        let rows: Vec<ConversationRow> = on_tx!(self, |c| {
            let mut query = heads_named(ids, threads);
            query.push(" ORDER BY id").push(lock);
            query.build_query_as().fetch_all(c).await?
        });
        rows.into_iter().map(head_from).collect()
    }

    /// Forgets conversations that were opened before `before` and in which nothing was written, with all
    /// that opens them, at most `limit`; how many there were. One that is in somebody's hands stays.
    pub async fn forget_unwritten(&mut self, before: Moment, limit: i64) -> Result<u64, StoreError> {
        let lock = for_update(self);
        let ids: Vec<String> = on_tx!(self, |c| {
            let mut query = QueryBuilder::new("SELECT id FROM conversation WHERE last_seq = 0 AND created_at < ");
            query.push_bind(before.0);
            query.push(" AND NOT EXISTS (SELECT 1 FROM file WHERE file.conversation = conversation.id) LIMIT ");
            query.push_bind(limit).push(lock).push(if lock.is_empty() { "" } else { " SKIP LOCKED" });
            query.build_query_scalar().fetch_all(c).await?
        });
        for chunk in ids.chunks(ROWS_MAX) {
            for of_them in ["token WHERE conversation", "context WHERE conversation", "conversation WHERE id"] {
                on_tx!(self, |c| {
                    let mut query = QueryBuilder::new(format!("DELETE FROM {of_them} IN "));
                    push_list(&mut query, chunk.iter().cloned());
                    query.build().execute(c).await?;
                });
            }
        }
        Ok(ids.len() as u64)
    }

    /// The next number of a conversation.
    pub async fn next_number(&mut self) -> Result<i64, StoreError> {
        Ok(on_tx!(self, |c| {
            sqlx::query_scalar("UPDATE counter SET value = value + 1 WHERE name = 'conversation' RETURNING value")
                .fetch_one(c)
                .await?
        }))
    }

    /// Writes heads that are new, and what changes of the others but for the thread and its doubt.
    pub async fn save_heads(&mut self, heads: &[&Conversation]) -> Result<(), StoreError> {
        for chunk in powers_of_two(heads) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new(format!("INSERT INTO conversation ({COLUMNS}) "));
                query.push_values(chunk, |mut row, it| {
                    let (thread, thread_key) = thread_words(&it.thread);
                    let (doubt, doubt_since, doubt_looks) = doubt_words(it.doubt);
                    let (customer_id, vouches_name, vouches_email) = identity_words(&it.customer.identity);
                    let standing = standing_words(&it.standing, it.created_at);
                    row.push_bind(it.id.to_string())
                        .push_bind(it.number)
                        .push_bind(it.customer.name.as_deref())
                        .push_bind(it.customer.email.as_deref())
                        .push_bind(customer_id)
                        .push_bind(vouches_name)
                        .push_bind(vouches_email)
                        .push_bind(it.topic.as_str())
                        .push_bind(it.desk.0.as_str())
                        .push_bind(thread)
                        .push_bind(thread_key)
                        .push_bind(i64::from(it.continued))
                        .push_bind(doubt)
                        .push_bind(doubt_since)
                        .push_bind(doubt_looks)
                        .push_bind(standing.word)
                        .push_bind(standing.since.0)
                        .push_bind(standing.by.map(|agent| agent.id.0.as_str()))
                        .push_bind(standing.by.map(|agent| agent.name.as_str()))
                        .push_bind(standing.by.and_then(|agent| agent.picture.as_deref()))
                        .push_bind(standing.rating)
                        .push_bind(it.ticket.map(|ticket| ticket.since.0))
                        .push_bind(it.ticket.and_then(|ticket| ticket.due).map(|due| due.0))
                        .push_bind(it.ticket.map(|ticket| ticket.priority.word()))
                        .push_bind(it.left_since.map(|since| since.0))
                        .push_bind(it.patience_due.map(|due| due.0))
                        .push_bind(i64::try_from(it.climb.taken).unwrap_or(i64::MAX))
                        .push_bind(it.climb.rest.as_ref().map(|rest| rest.until.0))
                        .push_bind(it.climb.rest.as_ref().map(|rest| rest.by.as_str()))
                        .push_bind(it.climb.rest.as_ref().and_then(|rest| rest.reason.as_deref()))
                        .push_bind(it.climb.due.map(|due| due.0))
                        .push_bind(it.claimed_by.as_ref().map(|agent| agent.id.0.as_str()))
                        .push_bind(it.claimed_by.as_ref().map(|agent| agent.name.as_str()))
                        .push_bind(it.claimed_by.as_ref().and_then(|agent| agent.picture.as_deref()))
                        .push_bind(it.last_seq)
                        .push_bind(it.rev)
                        .push_bind(it.received)
                        .push_bind(it.seen)
                        .push_bind(it.receipt_due.map(|due| due.0))
                        .push_bind(it.waits)
                        .push_bind(it.mailing.due.map(|due| due.0))
                        .push_bind(it.mailing.since.map(|since| since.0))
                        .push_bind(it.mailing.under_way)
                        .push_bind(it.mailing.emailed)
                        .push_bind(it.mailing.undeliverable.as_deref())
                        .push_bind(i64::from(it.mailing.ticket_told))
                        .push_bind(it.card_rev)
                        .push_bind(it.card_shown)
                        .push_bind(it.last_stamp)
                        .push_bind(it.created_at.0)
                        .push_bind(it.last_at.0);
                });
                query.push(
                    " ON CONFLICT (id) DO UPDATE SET topic = excluded.topic, continued = excluded.continued, \
                     standing = excluded.standing, standing_since = excluded.standing_since, \
                     resolved_id = excluded.resolved_id, resolved_name = excluded.resolved_name, \
                     resolved_picture = excluded.resolved_picture, rating = excluded.rating, \
                     ticket_since = excluded.ticket_since, ticket_due = excluded.ticket_due, \
                     ticket_priority = excluded.ticket_priority, left_since = excluded.left_since, patience_due = excluded.patience_due, climb_taken = excluded.climb_taken, \
                     rest_until = excluded.rest_until, rest_by = excluded.rest_by, rest_reason = excluded.rest_reason, \
                     step_due = excluded.step_due, claimed_id = excluded.claimed_id, claimed_name = excluded.claimed_name, \
                     claimed_picture = excluded.claimed_picture, last_seq = excluded.last_seq, rev = excluded.rev, \
                     received = excluded.received, seen = excluded.seen, receipt_due = excluded.receipt_due, \
                     waits = excluded.waits, letter_due = excluded.letter_due, \
                     letter_since = excluded.letter_since, letter_under_way = excluded.letter_under_way, \
                     emailed = excluded.emailed, undeliverable = excluded.undeliverable, \
                     ticket_told = excluded.ticket_told, card_rev = excluded.card_rev, \
                     card_shown = excluded.card_shown, last_stamp = excluded.last_stamp, last_at = excluded.last_at",
                );
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Writes the thread, and what may still turn up in it. They seldom change, and the thread has an
    /// index that would be written with every message.
    pub async fn update_thread(&mut self, it: &Conversation) -> Result<(), StoreError> {
        let (thread, thread_key) = thread_words(&it.thread);
        let (doubt, since, looks) = doubt_words(it.doubt);
        on_tx!(self, |c| {
            sqlx::query(
                "UPDATE conversation SET thread = $1, thread_key = $2, doubt = $3, doubt_since = $4, doubt_looks = $5 \
                 WHERE id = $6",
            )
            .bind(thread)
            .bind(thread_key)
            .bind(doubt)
            .bind(since)
            .bind(looks)
            .bind(it.id.to_string())
            .execute(c)
            .await?;
        });
        Ok(())
    }
}

impl Tx {
    /// Writes who the customer is. It seldom changes, and has an index that would be written with every message.
    pub async fn update_customer(&mut self, it: &Conversation) -> Result<(), StoreError> {
        let (customer_id, vouches_name, vouches_email) = identity_words(&it.customer.identity);
        on_tx!(self, |c| {
            sqlx::query(
                "UPDATE conversation SET customer_name = $1, customer_email = $2, customer_id = $3, vouches_name = $4, \
                 vouches_email = $5 WHERE id = $6",
            )
            .bind(it.customer.name.as_deref())
            .bind(it.customer.email.as_deref())
            .bind(customer_id)
            .bind(vouches_name)
            .bind(vouches_email)
            .bind(it.id.to_string())
            .execute(c)
            .await?;
        });
        Ok(())
    }
}

impl Store {
    /// The head of the conversation that the token of this hash opens.
    pub async fn opened_by(&self, hash: &str) -> Result<Option<Conversation>, StoreError> {
        let row: Option<ConversationRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM conversation WHERE id = "));
            query.push("(SELECT conversation FROM token WHERE hash = ").push_bind(hash.to_string()).push(")");
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(head_from).transpose()
    }

    /// The conversations of a customer in which something was written, liveliest first, at most `limit`.
    pub async fn conversations_of(&self, id: &CustomerId, limit: i64) -> Result<Vec<Conversation>, StoreError> {
        let rows: Vec<ConversationRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM conversation WHERE customer_id = "));
            query.push_bind(id.0.clone()).push(" AND last_seq > 0 ORDER BY last_at DESC, number DESC LIMIT ");
            query.push_bind(limit);
            query.build_query_as().fetch_all(c).await?
        });
        rows.into_iter().map(head_from).collect()
    }

    /// A conversation's head.
    pub async fn head(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        Ok(self.heads(&[id]).await?.all()?.pop())
    }

    /// Heads of conversations, by id.
    pub async fn heads(&self, ids: &[ConversationId]) -> Result<Rows<Conversation>, StoreError> {
        let mut heads = Rows::default();
        for chunk in ids.chunks(ROWS_MAX) {
            let rows: Vec<ConversationRow> =
                on_read!(self, |c| heads_named(chunk, &[]).build_query_as().fetch_all(c).await?);
            for row in rows {
                heads.add(&row.id.clone(), head_from(row));
            }
        }
        Ok(heads)
    }

    /// Conversations whose customer's browser should have had replies by `now` and has not, longest
    /// first, at most `limit`.
    pub async fn receipts_due(&self, now: Moment, limit: i64) -> Result<Rows<Conversation>, StoreError> {
        self.heads_due("receipt_due", now, limit).await
    }

    /// Conversations in which something has waited by `now` to be seen and goes by email, longest first, at
    /// most `limit`.
    pub async fn answers_due(&self, now: Moment, limit: i64) -> Result<Rows<Conversation>, StoreError> {
        self.heads_due("letter_due", now, limit).await
    }

    /// When the next answer goes by email after `now`.
    pub async fn next_answer(&self, now: Moment) -> Result<Option<Moment>, StoreError> {
        self.next_due("letter_due", now).await
    }

    /// Chats that become tickets by themselves by `now`, longest due first, at most `limit`.
    pub async fn patience_due(&self, now: Moment, limit: i64) -> Result<Rows<Conversation>, StoreError> {
        self.heads_due("patience_due", now, limit).await
    }

    /// Chats in which a customer waits who is not known to have left, longest first, at most `limit`.
    pub async fn waiting_chats(&self, limit: i64) -> Result<Vec<ConversationId>, StoreError> {
        let rows: Vec<String> = on_read!(self, |c| {
            sqlx::query_scalar(
                "SELECT id FROM conversation WHERE standing = 'awaiting_agent' AND ticket_since IS NULL \
                 AND left_since IS NULL ORDER BY standing_since LIMIT $1",
            )
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        rows.into_iter().map(|id| id.parse().map_err(|_| inconsistent("conversation", id, "no id"))).collect()
    }

    /// Conversations of which a step of the ladder is due by `now`, longest first, at most `limit`.
    pub async fn steps_due(&self, now: Moment, limit: i64) -> Result<Rows<Conversation>, StoreError> {
        self.heads_due("step_due", now, limit).await
    }

    /// When the next step is due after `now`.
    pub async fn next_step(&self, now: Moment) -> Result<Option<Moment>, StoreError> {
        self.next_due("step_due", now).await
    }

    /// Every conversation whose customer waits, longest first, at most `limit`.
    pub async fn waiting(&self, limit: i64) -> Result<Vec<ConversationId>, StoreError> {
        let rows: Vec<String> = on_read!(self, |c| {
            sqlx::query_scalar(
                "SELECT id FROM conversation WHERE standing = 'awaiting_agent' ORDER BY standing_since LIMIT $1",
            )
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        rows.into_iter().map(|id| id.parse().map_err(|_| inconsistent("conversation", id, "no id"))).collect()
    }

    /// Conversations that were resolved by then and are not closed yet, longest first, at most `limit`.
    pub async fn resolved_by(&self, then: Moment, limit: i64) -> Result<Rows<Conversation>, StoreError> {
        let rows: Vec<ConversationRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!(
                "SELECT {COLUMNS} FROM conversation WHERE standing = 'resolved' AND standing_since <= "
            ));
            query.push_bind(then.0).push(" ORDER BY standing_since LIMIT ").push_bind(limit);
            query.build_query_as().fetch_all(c).await?
        });
        let mut heads = Rows::default();
        for row in rows {
            heads.add(&row.id.clone(), head_from(row));
        }
        Ok(heads)
    }

    /// When the next chat becomes a ticket by itself after `now`.
    pub async fn next_patience(&self, now: Moment) -> Result<Option<Moment>, StoreError> {
        self.next_due("patience_due", now).await
    }

    /// Heads by a column that says when something is due, longest due first, at most `limit`.
    async fn heads_due(&self, column: &'static str, now: Moment, limit: i64) -> Result<Rows<Conversation>, StoreError> {
        let rows: Vec<ConversationRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM conversation WHERE {column} <= "));
            query.push_bind(now.0).push(format!(" ORDER BY {column} LIMIT ")).push_bind(limit);
            query.build_query_as().fetch_all(c).await?
        });
        let mut heads = Rows::default();
        for row in rows {
            heads.add(&row.id.clone(), head_from(row));
        }
        Ok(heads)
    }

    async fn next_due(&self, column: &'static str, now: Moment) -> Result<Option<Moment>, StoreError> {
        let due: Option<i64> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT MIN({column}) FROM conversation WHERE {column} > "));
            query.push_bind(now.0).build_query_scalar().fetch_one(c).await?
        });
        Ok(due.map(Moment))
    }

    /// When the next receipt is due after `now`.
    pub async fn next_receipt(&self, now: Moment) -> Result<Option<Moment>, StoreError> {
        self.next_due("receipt_due", now).await
    }

    /// A conversation by the number that people say.
    pub async fn conversation_by_number(&self, number: i64) -> Result<Option<Conversation>, StoreError> {
        let row: Option<ConversationRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM conversation WHERE number = "));
            query.push_bind(number);
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(head_from).transpose()
    }

    /// The threads whose keys start with `prefix`, liveliest first, at most `limit`.
    pub async fn open_threads(&self, prefix: &str, limit: i64) -> Result<Vec<OpenThread>, StoreError> {
        let rows: Vec<(String, i64)> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT thread_key, last_at FROM conversation WHERE thread_key LIKE $1 ORDER BY last_at DESC LIMIT $2",
            )
            .bind(format!("{prefix}%"))
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        Ok(rows.into_iter().map(|(thread, at)| OpenThread { thread: ThreadKey(thread), last_at: Moment(at) }).collect())
    }
}

/// Asks for heads by id or by thread.
fn heads_named<DB>(ids: &[ConversationId], threads: &[ThreadKey]) -> QueryBuilder<DB>
where
    DB: Database,
    String: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM conversation WHERE "));
    match (ids.is_empty(), threads.is_empty()) {
        (false, true) => push_list(query.push("id IN "), ids.iter().map(ToString::to_string)),
        (true, false) => push_list(query.push("thread_key IN "), threads.iter().map(|thread| thread.0.clone())),
        (false, false) => {
            push_list(query.push("(id IN "), ids.iter().map(ToString::to_string));
            push_list(query.push(" OR thread_key IN "), threads.iter().map(|thread| thread.0.clone()));
            query.push(")");
        }
        (true, true) => {
            query.push("1 = 0");
        }
    }
    query
}

pub(super) fn head_from(row: ConversationRow) -> Result<Conversation, StoreError> {
    let wrong = |what: &str| inconsistent("conversation", row.id.clone(), what);
    let since = Moment(row.standing_since);
    let thread = match (row.thread.as_str(), row.thread_key) {
        ("none", _) => Thread::None,
        ("wanted", _) => Thread::Wanted,
        ("open", Some(key)) => Thread::Open(ThreadKey(key)),
        _ => return Err(wrong("no such thread state")),
    };
    let sent = |sent| {
        let looks = row.doubt_looks.try_into().map_err(|_| wrong("no count"))?;
        Ok::<_, StoreError>(Doubt::Late { sent, since: Moment(row.doubt_since), looks })
    };
    let doubt = match row.doubt.as_str() {
        "none" => Doubt::None,
        "posts" => sent(Sent::Posts)?,
        "card" => sent(Sent::Card)?,
        _ => return Err(wrong("no such doubt")),
    };
    let standing = match row.standing.as_str() {
        "fresh" => Standing::Fresh,
        "awaiting_agent" => Standing::AwaitingAgent { since },
        "answered" => Standing::Answered { since },
        word @ ("resolved" | "closed") => {
            let by = agent_from(row.resolved_id, row.resolved_name, row.resolved_picture);
            let rating = match row.rating {
                None => Rating::NotAsked,
                Some(0) => Rating::Wanted,
                Some(stars) => Rating::Given(Score::new(stars).ok_or_else(|| wrong("no such rating"))?),
            };
            let (at, by) = (since, by.flatten().ok_or_else(|| wrong("resolved by nobody"))?);
            if word == "closed" { Standing::Closed { at, by, rating } } else { Standing::Resolved { at, by, rating } }
        }
        _ => return Err(wrong("no such standing")),
    };
    let ticket = match (row.ticket_since, row.ticket_priority) {
        (None, None) => None,
        (Some(since), Some(word)) => {
            let priority = Priority::parse(&word).ok_or_else(|| wrong("no such priority"))?;
            Some(Ticket { since: Moment(since), due: row.ticket_due.map(Moment), priority })
        }
        _ => return Err(wrong("half a ticket")),
    };
    let identity = match row.customer_id {
        Some(id) => Identity::Proven {
            id: CustomerId(id),
            vouches_name: row.vouches_name != 0,
            vouches_email: row.vouches_email != 0,
        },
        None => Identity::Unproven,
    };
    let rest = match (row.rest_until, row.rest_by) {
        (Some(until), Some(by)) => Some(Rest { until: Moment(until), by, reason: row.rest_reason }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(wrong("half a rest")),
    };
    let taken = usize::try_from(row.climb_taken).map_err(|_| wrong("no count of steps"))?;
    let climb = Climbing { taken, rest, due: row.step_due.map(Moment) };
    let claimed_by = agent_from(row.claimed_id, row.claimed_name, row.claimed_picture);
    let claimed_by = claimed_by.ok_or_else(|| wrong("half a claim"))?;
    Ok(Conversation {
        id: row.id.parse().map_err(|_| wrong("no id"))?,
        number: row.number,
        customer: Customer { name: row.customer_name, email: row.customer_email, identity },
        topic: row.topic,
        desk: DeskName(row.desk),
        thread,
        continued: row.continued != 0,
        doubt,
        standing,
        ticket,
        left_since: row.left_since.map(Moment),
        patience_due: row.patience_due.map(Moment),
        climb,
        claimed_by,
        last_seq: row.last_seq,
        rev: row.rev,
        received: row.received,
        seen: row.seen,
        receipt_due: row.receipt_due.map(Moment),
        waits: row.waits,
        mailing: Mailing {
            due: row.letter_due.map(Moment),
            since: row.letter_since.map(Moment),
            under_way: row.letter_under_way,
            emailed: row.emailed,
            undeliverable: row.undeliverable,
            ticket_told: row.ticket_told != 0,
        },
        card_rev: row.card_rev,
        card_shown: row.card_shown,
        last_stamp: row.last_stamp,
        created_at: Moment(row.created_at),
        last_at: Moment(row.last_at),
    })
}

fn thread_words(thread: &Thread) -> (&'static str, Option<&str>) {
    match thread {
        Thread::None => ("none", None),
        Thread::Wanted => ("wanted", None),
        Thread::Open(key) => ("open", Some(&key.0)),
    }
}

fn doubt_words(doubt: Doubt) -> (&'static str, i64, i64) {
    match doubt {
        Doubt::None => ("none", 0, 0),
        Doubt::Late { sent, since, looks } => {
            let word = match sent {
                Sent::Posts => "posts",
                Sent::Card => "card",
            };
            (word, since.0, i64::try_from(looks).unwrap_or(i64::MAX))
        }
    }
}

/// The customer's id, and whether the site vouches for his name and his email address.
fn identity_words(identity: &Identity) -> (Option<&str>, i64, i64) {
    match identity {
        Identity::Unproven => (None, 0, 0),
        Identity::Proven { id, vouches_name, vouches_email } => {
            (Some(&id.0), i64::from(*vouches_name), i64::from(*vouches_email))
        }
    }
}

/// An agent from its columns, or nobody; none when the columns are half filled.
fn agent_from(id: Option<String>, name: Option<String>, picture: Option<String>) -> Option<Option<Agent>> {
    match (id, name) {
        (Some(id), Some(name)) => Some(Some(Agent { id: AgentId(id), name, picture })),
        (None, None) => Some(None),
        _ => None,
    }
}

fn rating_number(rating: Rating) -> Option<i64> {
    match rating {
        Rating::NotAsked => None,
        Rating::Wanted => Some(0),
        Rating::Given(score) => Some(score.stars().into()),
    }
}

/// A standing as columns.
struct StandingWords<'a> {
    word: &'static str,
    since: Moment,
    by: Option<&'a Agent>,
    rating: Option<i64>,
}

fn standing_words(standing: &Standing, created_at: Moment) -> StandingWords<'_> {
    let plain = |word, since| StandingWords { word, since, by: None, rating: None };
    match standing {
        Standing::Fresh => plain("fresh", created_at),
        Standing::AwaitingAgent { since } => plain("awaiting_agent", *since),
        Standing::Answered { since } => plain("answered", *since),
        Standing::Resolved { at, by, rating } => {
            StandingWords { by: Some(by), rating: rating_number(*rating), ..plain("resolved", *at) }
        }
        Standing::Closed { at, by, rating } => {
            StandingWords { by: Some(by), rating: rating_number(*rating), ..plain("closed", *at) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::many::COLUMNS_MAX;
    use super::*;
    use sqlx::sqlite::SqliteConnection;
    use sqlx::{AssertSqlSafe, Connection, Sqlite};

    #[test]
    fn a_full_statement_fits_the_bound_that_was_counted() {
        assert_eq!(COLUMNS.split(',').count(), COLUMNS_MAX);
    }

    #[tokio::test]
    async fn heads_are_found_by_index_however_many_conversations_there_are() {
        let mut database = SqliteConnection::connect("sqlite::memory:").await.expect("a database in memory");
        super::super::MIGRATIONS.run(&mut database).await.expect("the tables");
        let (ids, threads) = (&[ConversationId(1), ConversationId(2)], &[ThreadKey("slack/T/C/1.0".into())]);
        for query in [heads_named::<Sqlite>(ids, &[]), heads_named(&[], threads), heads_named(ids, threads)] {
            let text = format!("EXPLAIN QUERY PLAN {} ORDER BY id", query.sql().as_str());
            let plan: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(AssertSqlSafe(text)).fetch_all(&mut database).await.expect("a plan");
            let steps: Vec<&str> = plan.iter().map(|(_, _, _, step)| step.as_str()).collect();
            assert!(steps.iter().any(|step| step.starts_with("SEARCH conversation USING INDEX")), "{steps:?}");
            assert!(!steps.iter().any(|step| step.starts_with("SCAN")), "{steps:?}");
        }
    }
}
