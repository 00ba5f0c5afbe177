//! Conversations, messages, orders and frames as rows: read into the core's types, written from
//! them. A row that cannot be read into its type is [`StoreError::Inconsistent`], loudly.

use super::dialect::{BINDS_MAX, for_update};
use super::{Store, StoreError, Tx, json, on_read, on_tx};
use sqlx::QueryBuilder;
use threadline_core::conversation::{Conversation, Customer, Page, Standing, Thread};
use threadline_core::desk::{Agent, Frame, Mark, Notice, OpenThread, Post};
use threadline_core::ids::{AgentId, ConversationId, DeskName, MessageId, Moment, PostKey, ThreadKey};
use threadline_core::message::{Kind, Message, Place, Posting, Stage};

/// Rows of one statement come in powers of two up to this, so that there are few different texts
/// and each is prepared once.
const ROWS_MAX: usize = 128;

/// An order in the outbox: an effect that waits for its desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// Whose conversation.
    pub conversation: ConversationId,
    /// What is to be done.
    pub task: Task,
    /// The number of the message it is about; 0 for the thread itself.
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
    /// Show a receipt under a post.
    Mark(Mark, PostKey),
    /// Tell a person, privately.
    Tell(String, Notice),
}

impl Task {
    /// The word in the `kind` column.
    pub fn kind(&self) -> &'static str {
        match self {
            Task::Open => "open",
            Task::Post => "post",
            Task::Mark(Mark::Received, _) => "received",
            Task::Mark(Mark::Seen, _) => "seen",
            Task::Tell(..) => "tell",
        }
    }
}

/// A reply that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// The reply.
    pub message: MessageId,
    /// Whose conversation.
    pub conversation: ConversationId,
    /// Since when.
    pub at: Moment,
    /// Until when.
    pub due: Moment,
    /// The conversation's thread.
    pub thread: Option<ThreadKey>,
}

/// What names an order: the conversation, the kind and the number.
pub type OrderKey = (ConversationId, &'static str, i64);

#[derive(sqlx::FromRow)]
struct ConversationRow {
    id: String,
    number: i64,
    customer_name: Option<String>,
    customer_email: Option<String>,
    topic: String,
    page_url: Option<String>,
    page_title: Option<String>,
    desk: String,
    thread: String,
    thread_key: Option<String>,
    standing: String,
    standing_since: i64,
    claimed_id: Option<String>,
    claimed_name: Option<String>,
    claimed_picture: Option<String>,
    last_seq: i64,
    rev: i64,
    received: i64,
    seen: i64,
    last_stamp: i64,
    created_at: i64,
    last_at: i64,
    token_hash: String,
}

const CONVERSATION_COLUMNS: &str = "id, number, token_hash, customer_name, customer_email, topic, page_url, page_title, \
    desk, thread, thread_key, standing, standing_since, claimed_id, claimed_name, claimed_picture, last_seq, rev, \
    received, seen, last_stamp, created_at, last_at";

#[derive(sqlx::FromRow)]
struct MessageRow {
    id: String,
    conversation: String,
    seq: i64,
    place_seq: i64,
    place_stamp: i64,
    key: String,
    kind: String,
    stage: String,
    stage_number: i64,
    stage_why: Option<String>,
    agent_id: Option<String>,
    agent_name: Option<String>,
    agent_picture: Option<String>,
    post_stamp: Option<i64>,
    edited: Option<i64>,
    body: String,
    at: i64,
    rev: i64,
}

const MESSAGE_COLUMNS: &str = "id, conversation, seq, place_seq, place_stamp, key, kind, stage, stage_number, stage_why, \
    agent_id, agent_name, agent_picture, post_stamp, edited, body, at, rev";

/// A conversation's head and the hash of the token that opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The conversation.
    pub conversation: Conversation,
    /// SHA-256 of the customer's token, in hex.
    pub token_hash: String,
}

impl Tx {
    /// The heads of conversations by id or by thread, locked until the commit, in one order.
    pub async fn heads(&mut self, ids: &[ConversationId], threads: &[ThreadKey]) -> Result<Vec<Head>, StoreError> {
        let lock = for_update(self);
        let ids = padded(ids.iter().map(ToString::to_string).collect());
        let threads = padded(threads.iter().map(|thread| thread.0.clone()).collect());
        let rows: Vec<ConversationRow> = on_tx!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {CONVERSATION_COLUMNS} FROM conversation WHERE "));
            for (column, names) in [("id", ids), ("thread_key", threads)] {
                if names.is_empty() {
                    continue;
                }
                query.push(if column == "id" { "id IN (" } else { "thread_key IN (" });
                let mut list = query.separated(", ");
                for name in names {
                    list.push_bind(name);
                }
                query.push(") OR ");
            }
            query.push("1 = 0 ORDER BY id").push(lock);
            query.build_query_as().fetch_all(c).await?
        });
        rows.into_iter().map(head_from).collect()
    }

    /// Messages by what makes them unique.
    pub async fn messages_by_key(&mut self, keys: Vec<String>) -> Result<Vec<Message>, StoreError> {
        self.messages_in("key", keys, "").await
    }

    /// Messages by id.
    pub async fn messages_by_id(&mut self, ids: &[MessageId]) -> Result<Vec<Message>, StoreError> {
        self.messages_in("id", ids.iter().map(ToString::to_string).collect(), "").await
    }

    /// The replies of these conversations that are held.
    pub async fn held_replies(&mut self, conversations: &[ConversationId]) -> Result<Vec<Message>, StoreError> {
        self.messages_in("conversation", conversations.iter().map(ToString::to_string).collect(), " AND stage = 'held'")
            .await
    }

    /// All messages of these conversations.
    pub async fn messages_of(&mut self, conversations: &[ConversationId]) -> Result<Vec<Message>, StoreError> {
        self.messages_in("conversation", conversations.iter().map(ToString::to_string).collect(), "").await
    }

    async fn messages_in(&mut self, column: &str, names: Vec<String>, and: &str) -> Result<Vec<Message>, StoreError> {
        let mut messages = Vec::with_capacity(names.len());
        for chunk in names.chunks(ROWS_MAX) {
            let names = padded(chunk.to_vec());
            let rows: Vec<MessageRow> = on_tx!(self, |c| {
                let mut query = QueryBuilder::new(format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE {column} IN ("));
                let mut list = query.separated(", ");
                for name in names {
                    list.push_bind(name);
                }
                query.push(")").push(and);
                query.build_query_as().fetch_all(c).await?
            });
            for row in rows {
                messages.push(message_from(row)?);
            }
        }
        Ok(messages)
    }

    /// The shown replies of a conversation with a change above `rev`.
    pub async fn replies_above(&mut self, conversation: ConversationId, rev: i64) -> Result<Vec<Message>, StoreError> {
        let rows: Vec<MessageRow> = on_tx!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE conversation = "));
            query.push_bind(conversation.to_string()).push(" AND rev > ").push_bind(rev).push(" AND kind = 'reply'");
            query.build_query_as().fetch_all(c).await?
        });
        rows.into_iter().map(message_from).collect()
    }

    /// The first message of a conversation that was written at the desk after `stamp`.
    pub async fn desk_message_after(
        &mut self,
        conversation: ConversationId,
        stamp: i64,
    ) -> Result<Option<Message>, StoreError> {
        let row: Option<MessageRow> = on_tx!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE conversation = "));
            query.push_bind(conversation.to_string()).push(" AND post_stamp > ").push_bind(stamp);
            query.push(" ORDER BY place_seq, place_stamp LIMIT 1");
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(message_from).transpose()
    }

    /// The next number of a conversation.
    pub async fn next_number(&mut self) -> Result<i64, StoreError> {
        Ok(on_tx!(self, |c| {
            sqlx::query_scalar("UPDATE counter SET value = value + 1 WHERE name = 'conversation' RETURNING value")
                .fetch_one(c)
                .await?
        }))
    }

    /// Writes heads, new or changed.
    pub async fn save_heads(&mut self, heads: &[Head]) -> Result<(), StoreError> {
        for chunk in powers_of_two(heads) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new(format!("INSERT INTO conversation ({CONVERSATION_COLUMNS}) "));
                query.push_values(chunk, |mut row, head| {
                    let it = &head.conversation;
                    let (thread, thread_key) = thread_words(&it.thread);
                    let (standing, since) = standing_words(it.standing, it.created_at);
                    row.push_bind(it.id.to_string())
                        .push_bind(it.number)
                        .push_bind(head.token_hash.as_str())
                        .push_bind(it.customer.name.as_deref())
                        .push_bind(it.customer.email.as_deref())
                        .push_bind(it.topic.as_str())
                        .push_bind(it.page.url.as_deref())
                        .push_bind(it.page.title.as_deref())
                        .push_bind(it.desk.0.as_str())
                        .push_bind(thread)
                        .push_bind(thread_key)
                        .push_bind(standing)
                        .push_bind(since)
                        .push_bind(it.claimed_by.as_ref().map(|agent| agent.id.0.as_str()))
                        .push_bind(it.claimed_by.as_ref().map(|agent| agent.name.as_str()))
                        .push_bind(it.claimed_by.as_ref().and_then(|agent| agent.picture.as_deref()))
                        .push_bind(it.last_seq)
                        .push_bind(it.rev)
                        .push_bind(it.received)
                        .push_bind(it.seen)
                        .push_bind(it.last_stamp)
                        .push_bind(it.created_at.0)
                        .push_bind(it.last_at.0);
                });
                query.push(
                    " ON CONFLICT (id) DO UPDATE SET thread = excluded.thread, thread_key = excluded.thread_key, \
                     standing = excluded.standing, standing_since = excluded.standing_since, \
                     claimed_id = excluded.claimed_id, claimed_name = excluded.claimed_name, \
                     claimed_picture = excluded.claimed_picture, last_seq = excluded.last_seq, rev = excluded.rev, \
                     received = excluded.received, seen = excluded.seen, last_stamp = excluded.last_stamp, \
                     last_at = excluded.last_at",
                );
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Writes messages that are new.
    pub async fn insert_messages(&mut self, messages: &[&Message]) -> Result<(), StoreError> {
        for chunk in powers_of_two(messages) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new(format!("INSERT INTO message ({MESSAGE_COLUMNS}) "));
                query.push_values(chunk, |mut row, it| {
                    let words = kind_words(&it.kind);
                    row.push_bind(it.id.to_string())
                        .push_bind(it.conversation.to_string())
                        .push_bind(it.seq)
                        .push_bind(it.place.seq)
                        .push_bind(it.place.stamp)
                        .push_bind(it.key.as_str())
                        .push_bind(words.kind)
                        .push_bind(words.stage)
                        .push_bind(words.number)
                        .push_bind(words.why)
                        .push_bind(words.agent.map(|agent| agent.id.0.as_str()))
                        .push_bind(words.agent.map(|agent| agent.name.as_str()))
                        .push_bind(words.agent.and_then(|agent| agent.picture.as_deref()))
                        .push_bind(words.stamp)
                        .push_bind(words.edited)
                        .push_bind(json::body_to_json(&it.body))
                        .push_bind(it.at.0)
                        .push_bind(it.rev);
                });
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Writes what changes often of messages: how far they are, and their place in the stream.
    pub async fn update_messages(&mut self, messages: &[&Message]) -> Result<(), StoreError> {
        for chunk in powers_of_two(messages) {
            on_tx!(self, |c| {
                // Both databases name the columns of VALUES column1, column2 …
                let mut query = QueryBuilder::new(
                    "UPDATE message SET kind = v.column2, stage = v.column3, stage_number = v.column4, \
                     stage_why = v.column5, edited = v.column6, rev = v.column7 FROM (",
                );
                query.push_values(chunk, |mut row, it| {
                    let words = kind_words(&it.kind);
                    row.push_bind(it.id.to_string())
                        .push_bind(words.kind)
                        .push_bind(words.stage)
                        .push_bind(words.number)
                        .push_bind(words.why)
                        .push_bind(words.edited)
                        .push_bind(it.rev);
                });
                query.push(") AS v WHERE message.id = v.column1");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Writes what a message says now.
    pub async fn update_body(&mut self, message: &Message) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            sqlx::query("UPDATE message SET body = $1 WHERE id = $2")
                .bind(json::body_to_json(&message.body))
                .bind(message.id.to_string())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Puts orders into the outbox; one that is there already stays as it is.
    pub async fn insert_orders(&mut self, orders: &[OrderRow]) -> Result<(), StoreError> {
        for chunk in powers_of_two(orders) {
            on_tx!(self, |c| {
                let mut query =
                    QueryBuilder::new("INSERT INTO outbox (conversation, kind, seq, desk, target, notice, at) ");
                query.push_values(chunk, |mut row, order| {
                    let (target, notice) = match &order.task {
                        Task::Open | Task::Post => (None, None),
                        Task::Mark(_, post) => (Some(post.0.as_str()), None),
                        Task::Tell(person, notice) => (Some(person.as_str()), Some(notice_word(*notice))),
                    };
                    row.push_bind(order.conversation.to_string())
                        .push_bind(order.task.kind())
                        .push_bind(order.seq)
                        .push_bind(order.desk.0.as_str())
                        .push_bind(target)
                        .push_bind(notice)
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

    /// Remembers until when replies are held.
    pub async fn insert_holds(
        &mut self,
        holds: &[(MessageId, ConversationId, Moment)],
        now: Moment,
    ) -> Result<(), StoreError> {
        for chunk in powers_of_two(holds) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("INSERT INTO hold (message, conversation, at, due) ");
                query.push_values(chunk, |mut row, (message, conversation, due)| {
                    row.push_bind(message.to_string())
                        .push_bind(conversation.to_string())
                        .push_bind(now.0)
                        .push_bind(due.0);
                });
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Forgets that replies are held.
    pub async fn delete_holds(&mut self, messages: &[MessageId]) -> Result<(), StoreError> {
        for chunk in messages.chunks(ROWS_MAX) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("DELETE FROM hold WHERE message IN (");
                let mut list = query.separated(", ");
                for message in padded(chunk.iter().map(ToString::to_string).collect()) {
                    list.push_bind(message);
                }
                query.push(")");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Stores frames that are not stored yet, as read at `read_at` or as unread; answers with the keys
    /// of those that are new.
    pub async fn insert_frames(
        &mut self,
        platform: &str,
        frames: &[&Frame],
        now: Moment,
        read_at: Option<Moment>,
    ) -> Result<Vec<String>, StoreError> {
        let mut new = Vec::with_capacity(frames.len());
        for chunk in powers_of_two(frames) {
            let keys: Vec<String> = on_tx!(self, |c| {
                let mut query = QueryBuilder::new("INSERT INTO frame (platform, key, raw, at, read_at) ");
                query.push_values(chunk, |mut row, frame| {
                    row.push_bind(platform)
                        .push_bind(frame.key.as_str())
                        .push_bind(frame.raw.as_str())
                        .push_bind(now.0)
                        .push_bind(read_at.map(|at| at.0));
                });
                query.push(" ON CONFLICT (platform, key) DO NOTHING RETURNING key");
                query.build_query_scalar().fetch_all(c).await?
            });
            new.extend(keys);
        }
        Ok(new)
    }

    /// Marks frames as read.
    pub async fn mark_frames_read(&mut self, platform: &str, keys: &[String], now: Moment) -> Result<(), StoreError> {
        for chunk in keys.chunks(ROWS_MAX) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("UPDATE frame SET read_at = ");
                query.push_bind(now.0).push(" WHERE platform = ").push_bind(platform).push(" AND key IN (");
                let mut list = query.separated(", ");
                for key in padded(chunk.to_vec()) {
                    list.push_bind(key);
                }
                query.push(")");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Forgets frames that were read before `before`, at most `limit`; how many there were.
    pub async fn forget_frames(&mut self, before: Moment, limit: i64) -> Result<u64, StoreError> {
        Ok(on_tx!(self, |c| sqlx::query(
            "DELETE FROM frame WHERE (platform, key) IN \
             (SELECT platform, key FROM frame WHERE read_at IS NOT NULL AND read_at < $1 LIMIT $2)",
        )
        .bind(before.0)
        .bind(limit)
        .execute(c)
        .await?
        .rows_affected()))
    }
}

impl Store {
    /// A conversation's head.
    pub async fn head(&self, id: ConversationId) -> Result<Option<Head>, StoreError> {
        let row: Option<ConversationRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {CONVERSATION_COLUMNS} FROM conversation WHERE id = "));
            query.push_bind(id.to_string());
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(head_from).transpose()
    }

    /// A conversation by the number that people say.
    pub async fn conversation_by_number(&self, number: i64) -> Result<Option<Conversation>, StoreError> {
        let row: Option<ConversationRow> = on_read!(self, |c| {
            let mut query =
                QueryBuilder::new(format!("SELECT {CONVERSATION_COLUMNS} FROM conversation WHERE number = "));
            query.push_bind(number);
            query.build_query_as().fetch_optional(c).await?
        });
        Ok(row.map(head_from).transpose()?.map(|head| head.conversation))
    }

    /// What the customer can see of a conversation that changed after `rev`, in the order of the
    /// changes, at most `limit`.
    pub async fn changes_after(&self, id: ConversationId, rev: i64, limit: i64) -> Result<Vec<Message>, StoreError> {
        let rows: Vec<MessageRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE conversation = "));
            query.push_bind(id.to_string()).push(" AND rev > 0 AND rev > ").push_bind(rev);
            query.push(" ORDER BY rev LIMIT ").push_bind(limit);
            query.build_query_as().fetch_all(c).await?
        });
        rows.into_iter().map(message_from).collect()
    }

    /// The agent whose reply is being held in a conversation.
    pub async fn typing_in(&self, id: ConversationId) -> Result<Option<String>, StoreError> {
        Ok(on_read!(self, |c| sqlx::query_scalar(
            "SELECT agent_name FROM message WHERE conversation = $1 AND stage = 'held' ORDER BY seq DESC LIMIT 1"
        )
        .bind(id.to_string())
        .fetch_optional(c)
        .await?))
    }

    /// Heads of conversations, by id.
    pub async fn heads(&self, ids: &[ConversationId]) -> Result<Vec<Head>, StoreError> {
        let mut heads = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(ROWS_MAX) {
            let rows: Vec<ConversationRow> = on_read!(self, |c| {
                let mut query =
                    QueryBuilder::new(format!("SELECT {CONVERSATION_COLUMNS} FROM conversation WHERE id IN ("));
                let mut list = query.separated(", ");
                for id in padded(chunk.iter().map(ToString::to_string).collect()) {
                    list.push_bind(id);
                }
                query.push(")");
                query.build_query_as().fetch_all(c).await?
            });
            for row in rows {
                heads.push(head_from(row)?);
            }
        }
        Ok(heads)
    }

    /// Messages by their numbers.
    pub async fn messages_by_seq(&self, numbers: &[(ConversationId, i64)]) -> Result<Vec<Message>, StoreError> {
        let mut messages = Vec::with_capacity(numbers.len());
        for chunk in powers_of_two(numbers) {
            let rows: Vec<MessageRow> = on_read!(self, |c| {
                let mut query =
                    QueryBuilder::new(format!("SELECT {MESSAGE_COLUMNS} FROM message WHERE (conversation, seq) IN ("));
                query.push_values(chunk, |mut row, (conversation, seq)| {
                    row.push_bind(conversation.to_string()).push_bind(*seq);
                });
                query.push(")");
                query.build_query_as().fetch_all(c).await?
            });
            for row in rows {
                messages.push(message_from(row)?);
            }
        }
        Ok(messages)
    }

    /// Orders that wait for a desk, oldest first, after `(at, conversation, kind, seq)`, at most `limit`.
    pub async fn orders(
        &self,
        desk: &DeskName,
        after: Option<&OrderRow>,
        limit: i64,
    ) -> Result<Vec<OrderRow>, StoreError> {
        type Row = (String, String, i64, String, Option<String>, Option<String>, i64);
        let rows: Vec<Row> = on_read!(self, |c| {
            let mut query =
                QueryBuilder::new("SELECT conversation, kind, seq, desk, target, notice, at FROM outbox WHERE desk = ");
            query.push_bind(desk.0.clone());
            if let Some(last) = after {
                query.push(" AND (at, conversation, kind, seq) > (").push_bind(last.at.0).push(", ");
                query.push_bind(last.conversation.to_string()).push(", ");
                query.push_bind(last.task.kind()).push(", ").push_bind(last.seq).push(")");
            }
            query.push(" ORDER BY at, conversation, kind, seq LIMIT ").push_bind(limit);
            query.build_query_as().fetch_all(c).await?
        });
        rows.into_iter()
            .map(|(conversation, kind, seq, desk, target, notice, at)| {
                let wrong = |what: &str| inconsistent("outbox", format!("{conversation}/{kind}/{seq}"), what);
                let post = || target.clone().map(PostKey).ok_or_else(|| wrong("no target"));
                let task = match kind.as_str() {
                    "open" => Task::Open,
                    "post" => Task::Post,
                    "received" => Task::Mark(Mark::Received, post()?),
                    "seen" => Task::Mark(Mark::Seen, post()?),
                    "tell" => Task::Tell(
                        post()?.0,
                        notice.as_deref().and_then(notice_from).ok_or_else(|| wrong("no such notice"))?,
                    ),
                    _ => return Err(wrong("no such kind")),
                };
                let id = conversation.parse().map_err(|_| wrong("no conversation id"))?;
                Ok(OrderRow { conversation: id, task, seq, desk: DeskName(desk), at: Moment(at) })
            })
            .collect()
    }

    /// When the oldest message that still waits for its desk came in, and how many orders wait.
    pub async fn outbox_state(&self) -> Result<(Option<Moment>, i64), StoreError> {
        let (oldest, count): (Option<i64>, i64) = on_read!(self, |c| {
            sqlx::query_as("SELECT MIN(CASE WHEN kind = 'post' THEN at END), COUNT(*) FROM outbox").fetch_one(c).await?
        });
        Ok((oldest.map(Moment), count))
    }

    /// Holds that end at or before `now`, first the first, at most `limit`.
    pub async fn holds_due(&self, now: Moment, limit: i64) -> Result<Vec<HoldRow>, StoreError> {
        let rows: Vec<(String, String, i64, i64, Option<String>)> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT h.message, h.conversation, h.at, h.due, c.thread_key FROM hold h \
                 JOIN conversation c ON c.id = h.conversation WHERE h.due <= $1 ORDER BY h.due, h.message LIMIT $2",
            )
            .bind(now.0)
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        rows.into_iter()
            .map(|(message, conversation, at, due, thread)| {
                let wrong = |_| inconsistent("hold", message.clone(), "no id");
                Ok(HoldRow {
                    message: message.parse().map_err(wrong)?,
                    conversation: conversation.parse().map_err(wrong)?,
                    at: Moment(at),
                    due: Moment(due),
                    thread: thread.map(ThreadKey),
                })
            })
            .collect()
    }

    /// When the next hold that has not ended by `now` ends.
    pub async fn next_hold(&self, now: Moment) -> Result<Option<Moment>, StoreError> {
        let due: Option<i64> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT MIN(due) FROM hold WHERE due > $1").bind(now.0).fetch_one(c).await?
        });
        Ok(due.map(Moment))
    }

    /// Frames that were stored and not read.
    pub async fn unread_count(&self, platform: &str) -> Result<i64, StoreError> {
        Ok(on_read!(self, |c| {
            sqlx::query_scalar("SELECT COUNT(*) FROM frame WHERE platform = $1 AND read_at IS NULL")
                .bind(platform)
                .fetch_one(c)
                .await?
        }))
    }

    /// Frames that were stored and not read, oldest first.
    pub async fn unread_frames(&self, platform: &str, limit: i64) -> Result<Vec<Frame>, StoreError> {
        let rows: Vec<(String, String)> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT key, raw FROM frame WHERE platform = $1 AND read_at IS NULL ORDER BY at, key LIMIT $2",
            )
            .bind(platform)
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        Ok(rows.into_iter().map(|(key, raw)| Frame { key, raw }).collect())
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

    /// True when the database answers.
    pub async fn is_alive(&self) -> bool {
        let answer: Result<i64, sqlx::Error> =
            on_read!(self, |c| sqlx::query_scalar("SELECT value FROM counter WHERE name = 'conversation'")
                .fetch_one(c)
                .await);
        answer.is_ok()
    }
}

/// Slices of at most [`ROWS_MAX`] rows whose lengths are powers of two.
pub(super) fn powers_of_two<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    const { assert!(ROWS_MAX * 23 <= BINDS_MAX, "a full statement fits the database's bound") };
    std::iter::from_fn(move || {
        if rows.is_empty() {
            return None;
        }
        let size = ROWS_MAX.min(1 << rows.len().ilog2());
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

/// A list for `IN`, filled up with its last name to a power of two, for the same reason.
fn padded(mut names: Vec<String>) -> Vec<String> {
    if let Some(last) = names.last().cloned() {
        names.resize(names.len().next_power_of_two(), last);
    }
    names
}

fn head_from(row: ConversationRow) -> Result<Head, StoreError> {
    let wrong = |what: &str| inconsistent("conversation", row.id.clone(), what);
    let since = Moment(row.standing_since);
    let thread = match (row.thread.as_str(), row.thread_key) {
        ("none", _) => Thread::None,
        ("wanted", _) => Thread::Wanted { again: false },
        ("wanted_again", _) => Thread::Wanted { again: true },
        ("open", Some(key)) => Thread::Open(ThreadKey(key)),
        _ => return Err(wrong("no such thread state")),
    };
    let standing = match row.standing.as_str() {
        "fresh" => Standing::Fresh,
        "awaiting_agent" => Standing::AwaitingAgent { since },
        "answered" => Standing::Answered { since },
        _ => return Err(wrong("no such standing")),
    };
    let claimed_by = match (row.claimed_id, row.claimed_name) {
        (Some(id), Some(name)) => Some(Agent { id: AgentId(id), name, picture: row.claimed_picture }),
        (None, None) => None,
        _ => return Err(wrong("half a claim")),
    };
    let conversation = Conversation {
        id: row.id.parse().map_err(|_| wrong("no id"))?,
        number: row.number,
        customer: Customer { name: row.customer_name, email: row.customer_email },
        topic: row.topic,
        page: Page { url: row.page_url, title: row.page_title },
        desk: DeskName(row.desk),
        thread,
        standing,
        claimed_by,
        last_seq: row.last_seq,
        rev: row.rev,
        received: row.received,
        seen: row.seen,
        last_stamp: row.last_stamp,
        created_at: Moment(row.created_at),
        last_at: Moment(row.last_at),
    };
    Ok(Head { conversation, token_hash: row.token_hash })
}

fn thread_words(thread: &Thread) -> (&'static str, Option<&str>) {
    match thread {
        Thread::None => ("none", None),
        Thread::Wanted { again: false } => ("wanted", None),
        Thread::Wanted { again: true } => ("wanted_again", None),
        Thread::Open(key) => ("open", Some(&key.0)),
    }
}

fn standing_words(standing: Standing, created_at: Moment) -> (&'static str, i64) {
    match standing {
        Standing::Fresh => ("fresh", created_at.0),
        Standing::AwaitingAgent { since } => ("awaiting_agent", since.0),
        Standing::Answered { since } => ("answered", since.0),
    }
}

/// A message's kind as columns.
struct KindWords<'a> {
    kind: &'static str,
    stage: &'static str,
    number: i64,
    why: Option<&'a str>,
    agent: Option<&'a Agent>,
    stamp: Option<i64>,
    edited: Option<i64>,
}

fn kind_words(kind: &Kind) -> KindWords<'_> {
    let none = KindWords { kind: "", stage: "none", number: 0, why: None, agent: None, stamp: None, edited: None };
    let posting = |kind, posting| match posting {
        &Posting::Waiting { pieces_posted } => {
            KindWords { kind, stage: "waiting", number: pieces_posted.into(), ..none }
        }
        Posting::Posted { at } => KindWords { kind, stage: "posted", number: at.0, ..none },
        Posting::Refused { why } => KindWords { kind, stage: "refused", why: Some(why), ..none },
    };
    match kind {
        Kind::FromCustomer(stage) => posting("customer", stage),
        Kind::FromBot(stage) => posting("bot", stage),
        Kind::Reply { by, post, edited, stage } => {
            let (stage, number) = match *stage {
                Stage::Held { until } => ("held", until.0),
                Stage::Shown { first_rev } => ("shown", first_rev),
                Stage::Withdrawn { was_shown: true } => ("withdrawn", 0),
                Stage::Withdrawn { was_shown: false } => ("discarded", 0),
            };
            KindWords {
                kind: "reply",
                stage,
                number,
                agent: Some(by),
                stamp: Some(post.stamp),
                edited: *edited,
                ..none
            }
        }
        Kind::Note { by, post, edited } => {
            KindWords { kind: "note", agent: Some(by), stamp: Some(post.stamp), edited: *edited, ..none }
        }
        Kind::Set { post } => KindWords { kind: "set", stamp: Some(post.stamp), ..none },
    }
}

fn message_from(row: MessageRow) -> Result<Message, StoreError> {
    let wrong = |what: &str| inconsistent("message", row.id.clone(), what);
    let post = || {
        let stamp = row.post_stamp.ok_or_else(|| wrong("no post"))?;
        Ok::<_, StoreError>(Post { key: PostKey(row.key.clone()), stamp })
    };
    let by = || match (&row.agent_id, &row.agent_name) {
        (Some(id), Some(name)) => {
            Ok(Agent { id: AgentId(id.clone()), name: name.clone(), picture: row.agent_picture.clone() })
        }
        _ => Err(wrong("no agent")),
    };
    let posting = || match row.stage.as_str() {
        "waiting" => {
            Ok(Posting::Waiting { pieces_posted: row.stage_number.try_into().map_err(|_| wrong("no count"))? })
        }
        "posted" => Ok(Posting::Posted { at: Moment(row.stage_number) }),
        "refused" => Ok(Posting::Refused { why: row.stage_why.clone().unwrap_or_default() }),
        _ => Err(wrong("no such stage")),
    };
    let stage = || match row.stage.as_str() {
        "held" => Ok(Stage::Held { until: Moment(row.stage_number) }),
        "shown" => Ok(Stage::Shown { first_rev: row.stage_number }),
        "withdrawn" => Ok(Stage::Withdrawn { was_shown: true }),
        "discarded" => Ok(Stage::Withdrawn { was_shown: false }),
        _ => Err(wrong("no such stage")),
    };
    let kind = match row.kind.as_str() {
        "customer" => Kind::FromCustomer(posting()?),
        "bot" => Kind::FromBot(posting()?),
        "reply" => Kind::Reply { by: by()?, post: post()?, edited: row.edited, stage: stage()? },
        "note" => Kind::Note { by: by()?, post: post()?, edited: row.edited },
        "set" => Kind::Set { post: post()? },
        _ => return Err(wrong("no such kind")),
    };
    Ok(Message {
        id: row.id.parse().map_err(|_| wrong("no id"))?,
        conversation: row.conversation.parse().map_err(|_| wrong("no conversation id"))?,
        seq: row.seq,
        place: Place { seq: row.place_seq, stamp: row.place_stamp },
        body: json::body_from_json(&row.body).ok_or_else(|| wrong("no body"))?,
        kind,
        key: row.key,
        at: Moment(row.at),
        rev: row.rev,
    })
}

fn notice_word(notice: Notice) -> &'static str {
    match notice {
        Notice::BotNotSent => "bot",
        Notice::OutsiderNotSent => "outsider",
        Notice::UnclaimedNotSent => "unclaimed",
        Notice::ClaimedByOtherNotSent => "claimed_by_other",
    }
}

fn notice_from(word: &str) -> Option<Notice> {
    [Notice::BotNotSent, Notice::OutsiderNotSent, Notice::UnclaimedNotSent, Notice::ClaimedByOtherNotSent]
        .into_iter()
        .find(|notice| notice_word(*notice) == word)
}

fn inconsistent(table: &'static str, id: String, what: &str) -> StoreError {
    StoreError::Inconsistent { table, id, what: what.to_string() }
}
