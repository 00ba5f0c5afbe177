//! Messages as rows.

use super::many::{ROWS_MAX, powers_of_two, push_list};
use super::{Rows, Store, StoreError, Tx, files_json, inconsistent, json, letter_json, on_read, on_tx, saved_json};
use sqlx::{Database, Encode, QueryBuilder, Type};
use std::collections::HashMap;
use threadline_core::desk::{Agent, Post};
use threadline_core::ids::{AgentId, ConversationId, MessageId, Moment, PostKey};
use threadline_core::message::{Delivery, Fate, Kind, Message, Place, Posting, Stage};

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
    files: Option<String>,
    saved: Option<String>,
    at_desk: Option<String>,
    letter: Option<String>,
    at: i64,
    rev: i64,
    retry_of: Option<i64>,
    calls: Option<String>,
}

const COLUMNS: &str = "id, conversation, seq, place_seq, place_stamp, key, kind, stage, stage_number, stage_why, \
    agent_id, agent_name, agent_picture, post_stamp, edited, body, files, saved, at_desk, letter, at, rev, retry_of, calls";

impl Tx {
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

    /// The previews of these conversations that can be sent.
    pub async fn open_previews(&mut self, conversations: &[ConversationId]) -> Result<Vec<Message>, StoreError> {
        let names = conversations.iter().map(ToString::to_string).collect();
        // As the index says it, or SQLite does not use it.
        self.messages_in("conversation", names, " AND stage IN ('unseen', 'seen')").await
    }

    /// Messages by their numbers.
    pub async fn numbered_messages(&mut self, numbers: &[(ConversationId, i64)]) -> Result<Vec<Message>, StoreError> {
        let mut messages = Vec::with_capacity(numbers.len());
        for chunk in powers_of_two(numbers) {
            let rows: Vec<MessageRow> =
                on_tx!(self, |c| messages_numbered(chunk).build_query_as().fetch_all(c).await?);
            for row in rows {
                messages.push(message_from(row)?);
            }
        }
        Ok(messages)
    }

    /// All messages of these conversations.
    pub async fn messages_of(&mut self, conversations: &[ConversationId]) -> Result<Vec<Message>, StoreError> {
        self.messages_in("conversation", conversations.iter().map(ToString::to_string).collect(), "").await
    }

    async fn messages_in(&mut self, column: &str, names: Vec<String>, and: &str) -> Result<Vec<Message>, StoreError> {
        let mut messages = Vec::with_capacity(names.len());
        for chunk in names.chunks(ROWS_MAX) {
            let rows: Vec<MessageRow> = on_tx!(self, |c| {
                let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM message WHERE {column} IN "));
                push_list(&mut query, chunk.iter().cloned());
                query.push(and);
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
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM message WHERE conversation = "));
            query
                .push_bind(conversation.to_string())
                .push(" AND rev > ")
                .push_bind(rev)
                .push(" AND kind IN ('reply', 'saved')");
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
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM message WHERE conversation = "));
            query.push_bind(conversation.to_string()).push(" AND post_stamp > ").push_bind(stamp);
            query.push(" ORDER BY place_seq, place_stamp LIMIT 1");
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(message_from).transpose()
    }

    /// Writes messages that are new.
    pub async fn insert_messages(&mut self, messages: &[&Message]) -> Result<(), StoreError> {
        for chunk in powers_of_two(messages) {
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new(format!("INSERT INTO message ({COLUMNS}) "));
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
                        .push_bind(files_json::attachments_to_json(&it.files))
                        .push_bind(words.saved)
                        .push_bind(words.at_desk)
                        .push_bind(words.letter.or_else(|| it.mail.as_ref().map(letter_json::theirs_to_json)))
                        .push_bind(it.at.0)
                        .push_bind(it.rev)
                        .push_bind(it.retry_of)
                        .push_bind(calls_text(&it.calls));
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
                     stage_why = v.column5, edited = v.column6, at_desk = v.column7, letter = v.column8, rev = v.column9 FROM (",
                );
                query.push_values(chunk, |mut row, it| {
                    let words = kind_words(&it.kind);
                    row.push_bind(it.id.to_string())
                        .push_bind(words.kind)
                        .push_bind(words.stage)
                        .push_bind(words.number)
                        .push_bind(words.why)
                        .push_bind(words.edited)
                        .push_bind(words.at_desk)
                        .push_bind(words.letter.or_else(|| it.mail.as_ref().map(letter_json::theirs_to_json)))
                        .push_bind(it.rev);
                });
                query.push(") AS v WHERE message.id = v.column1");
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Writes what a message says and brings now.
    pub async fn update_content(&mut self, message: &Message) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            sqlx::query("UPDATE message SET body = $1, files = $2 WHERE id = $3")
                .bind(json::body_to_json(&message.body))
                .bind(files_json::attachments_to_json(&message.files))
                .bind(message.id.to_string())
                .execute(c)
                .await?;
        });
        Ok(())
    }
}

impl Store {
    /// Of conversations that began since then, at most `limit`, the latest: the topic, when the customer first
    /// wrote, and when he was first answered.
    pub async fn first_answers(&self, since: Moment, limit: i64) -> Result<Vec<(String, Moment, Moment)>, StoreError> {
        let rows: Vec<(String, i64, i64)> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT c.topic, MIN(CASE WHEN m.kind = 'customer' THEN m.at END), \
                 MIN(CASE WHEN m.kind IN ('reply', 'saved') AND m.stage IN ('shown', 'reworded', 'withdrawn') THEN m.at END) \
                 FROM (SELECT id, topic FROM conversation WHERE created_at >= $1 AND last_seq > 0 \
                 ORDER BY created_at DESC LIMIT $2) c JOIN message m ON m.conversation = c.id GROUP BY c.id, c.topic \
                 HAVING MIN(CASE WHEN m.kind = 'customer' THEN m.at END) IS NOT NULL \
                 AND MIN(CASE WHEN m.kind IN ('reply', 'saved') AND m.stage IN ('shown', 'reworded', 'withdrawn') \
                 THEN m.at END) IS NOT NULL",
            )
            .bind(since.0)
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        Ok(rows.into_iter().map(|(topic, asked, answered)| (topic, Moment(asked), Moment(answered))).collect())
    }

    /// All messages of a conversation.
    pub async fn all_messages(&self, id: ConversationId) -> Result<Vec<Message>, StoreError> {
        let rows: Vec<MessageRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM message WHERE conversation = "));
            query.push_bind(id.to_string()).push(" ORDER BY seq");
            query.build_query_as().fetch_all(c).await?
        });
        rows.into_iter().map(message_from).collect()
    }

    /// What the customer can see of a conversation that changed after `rev`, in the order of the
    /// changes, and whether there may be more: at most `limit`, and none after those whose bodies have
    /// `chars_max` characters together.
    pub async fn changes_after(
        &self,
        id: ConversationId,
        rev: i64,
        limit: i64,
        chars_max: i64,
    ) -> Result<(Vec<Message>, bool), StoreError> {
        let rows: Vec<MessageRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!(
                "SELECT {COLUMNS} FROM (SELECT {COLUMNS}, SUM(LENGTH(body)) OVER (ORDER BY rev) - LENGTH(body) AS before \
                 FROM (SELECT {COLUMNS} FROM message WHERE conversation = "
            ));
            query.push_bind(id.to_string()).push(" AND rev > 0 AND rev > ").push_bind(rev);
            query.push(" ORDER BY rev LIMIT ").push_bind(limit);
            query.push(") AS page) AS page WHERE before < ").push_bind(chars_max).push(" ORDER BY rev");
            query.build_query_as().fetch_all(c).await?
        });
        let chars: usize = rows.iter().map(|row| row.body.chars().count()).sum();
        let more = rows.len() as i64 == limit || chars as i64 >= chars_max;
        Ok((rows.into_iter().map(message_from).collect::<Result<_, _>>()?, more))
    }

    /// The last word of each of these conversations that the customer sees.
    pub async fn last_words(&self, conversations: &[ConversationId]) -> Result<Vec<Message>, StoreError> {
        if conversations.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<MessageRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!(
                "SELECT {COLUMNS} FROM message m WHERE seq = (SELECT x.seq FROM message x \
                 WHERE x.conversation = m.conversation AND x.rev > 0 AND x.stage <> 'withdrawn' \
                 ORDER BY x.seq DESC LIMIT 1) AND conversation IN "
            ));
            push_list(&mut query, conversations.iter().map(ToString::to_string));
            query.build_query_as().fetch_all(c).await?
        });
        rows.into_iter().map(message_from).collect()
    }

    /// How many replies of each of these conversations the customer has not seen; none where he has seen all.
    pub async fn unread_replies(
        &self,
        conversations: &[ConversationId],
    ) -> Result<HashMap<ConversationId, i64>, StoreError> {
        if conversations.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(String, i64)> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(
                "SELECT m.conversation, COUNT(*) FROM message m JOIN conversation c ON c.id = m.conversation \
                 WHERE m.rev > 0 AND m.rev > c.seen AND m.rev > c.emailed AND m.kind IN ('reply', 'saved') AND m.stage IN ('shown', 'reworded') \
                 AND m.conversation IN ",
            );
            push_list(&mut query, conversations.iter().map(ToString::to_string));
            query.push(" GROUP BY m.conversation");
            query.build_query_as().fetch_all(c).await?
        });
        let read = |(conversation, count): (String, i64)| {
            let id = conversation.parse().map_err(|_| inconsistent("message", conversation, "no conversation id"))?;
            Ok((id, count))
        };
        rows.into_iter().map(read).collect()
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

    /// The numbers of a conversation's previews that can be sent.
    pub async fn open_preview_numbers(&self, id: ConversationId) -> Result<Vec<i64>, StoreError> {
        Ok(on_read!(self, |c| sqlx::query_scalar(
            "SELECT seq FROM message WHERE conversation = $1 AND stage IN ('unseen', 'seen')"
        )
        .bind(id.to_string())
        .fetch_all(c)
        .await?))
    }

    /// A message by its id.
    pub async fn message(&self, id: MessageId) -> Result<Option<Message>, StoreError> {
        let row: Option<MessageRow> = on_read!(self, |c| {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM message WHERE id = "));
            query.push_bind(id.to_string());
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(message_from).transpose()
    }

    /// Messages by their numbers.
    pub async fn messages_by_seq(&self, numbers: &[(ConversationId, i64)]) -> Result<Rows<Message>, StoreError> {
        let mut messages = Rows::default();
        for chunk in powers_of_two(numbers) {
            let rows: Vec<MessageRow> =
                on_read!(self, |c| messages_numbered(chunk).build_query_as().fetch_all(c).await?);
            for row in rows {
                messages.add(&row.conversation.clone(), message_from(row));
            }
        }
        Ok(messages)
    }
}

/// Asks for messages by their numbers.
fn messages_numbered<DB>(numbers: &[(ConversationId, i64)]) -> QueryBuilder<DB>
where
    DB: Database,
    String: for<'q> Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM message WHERE (conversation, seq) IN ("));
    query.push_values(numbers, |mut row, (conversation, seq)| {
        row.push_bind(conversation.to_string()).push_bind(*seq);
    });
    query.push(")");
    query
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
    saved: Option<&'a str>,
    at_desk: Option<String>,
    letter: Option<String>,
}

fn kind_words(kind: &Kind) -> KindWords<'_> {
    let none = || KindWords {
        kind: "",
        stage: "none",
        number: 0,
        why: None,
        agent: None,
        stamp: None,
        edited: None,
        saved: None,
        at_desk: None,
        letter: None,
    };
    let posting = |kind, posting| match posting {
        &Posting::Waiting { pieces_posted, late } => {
            let stage = if late { "late" } else { "waiting" };
            KindWords { kind, stage, number: pieces_posted.into(), ..none() }
        }
        Posting::Posted { at } => KindWords { kind, stage: "posted", number: at.0, ..none() },
        Posting::Refused { why, pieces_posted } => {
            KindWords { kind, stage: "refused", number: (*pieces_posted).into(), why: Some(why), ..none() }
        }
    };
    match kind {
        Kind::FromCustomer(stage) => posting("customer", stage),
        Kind::FromBot(stage) => posting("bot", stage),
        Kind::Saved { by, name, posting, post, stage } => {
            let (stage, number) = stage_words(*stage);
            let at_desk = Some(saved_json::to_json(posting, post.as_ref()));
            KindWords { kind: "saved", stage, number, agent: Some(by), saved: Some(name), at_desk, ..none() }
        }
        Kind::Preview { by, name, fate } => {
            let stage = fate_word(*fate);
            KindWords { kind: "preview", stage, agent: Some(by), saved: Some(name), ..none() }
        }
        Kind::Reply { by, post, edited, stage } => {
            let (stage, number) = stage_words(*stage);
            KindWords {
                kind: "reply",
                stage,
                number,
                agent: Some(by),
                stamp: Some(post.stamp),
                edited: *edited,
                ..none()
            }
        }
        Kind::Note { by, post, edited } => {
            KindWords { kind: "note", agent: Some(by), stamp: Some(post.stamp), edited: *edited, ..none() }
        }
        Kind::Deed { by } => KindWords { kind: "deed", agent: Some(by), ..none() },
        Kind::Letter { to, about, delivery } => {
            let (stage, number, why) = delivery_words(delivery);
            let letter = Some(letter_json::ours_to_json(to, *about));
            KindWords { kind: "letter", stage, number, why, letter, ..none() }
        }
        Kind::Set { post } => KindWords { kind: "set", stamp: Some(post.stamp), ..none() },
    }
}

fn delivery_words(delivery: &Delivery) -> (&'static str, i64, Option<&str>) {
    match delivery {
        Delivery::Waiting => ("waiting", 0, None),
        Delivery::Sent { at } => ("posted", at.0, None),
        Delivery::Refused { why } => ("refused", 0, Some(why)),
        Delivery::Bounced { why } => ("bounced", 0, Some(why)),
        Delivery::Needless => ("needless", 0, None),
    }
}

fn stage_words(stage: Stage) -> (&'static str, i64) {
    match stage {
        Stage::Held { until } => ("held", until.0),
        Stage::Shown { first_rev, reworded: false } => ("shown", first_rev),
        Stage::Shown { first_rev, reworded: true } => ("reworded", first_rev),
        Stage::Withdrawn { was_shown: true } => ("withdrawn", 0),
        Stage::Withdrawn { was_shown: false } => ("discarded", 0),
    }
}

fn fate_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Unseen => "unseen",
        Fate::Seen => "seen",
        Fate::Sent => "sent",
        Fate::Cancelled => "cancelled",
        Fate::Replaced => "replaced",
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
    let pieces_posted = || row.stage_number.try_into().map_err(|_| wrong("no count"));
    let posting = || match row.stage.as_str() {
        "waiting" | "late" => Ok(Posting::Waiting { pieces_posted: pieces_posted()?, late: row.stage == "late" }),
        "posted" => Ok(Posting::Posted { at: Moment(row.stage_number) }),
        "refused" => {
            let why = row.stage_why.clone().unwrap_or_default();
            Ok(Posting::Refused { why, pieces_posted: pieces_posted()? })
        }
        _ => Err(wrong("no such stage")),
    };
    let stage = || match row.stage.as_str() {
        "held" => Ok(Stage::Held { until: Moment(row.stage_number) }),
        "shown" => Ok(Stage::Shown { first_rev: row.stage_number, reworded: false }),
        "reworded" => Ok(Stage::Shown { first_rev: row.stage_number, reworded: true }),
        "withdrawn" => Ok(Stage::Withdrawn { was_shown: true }),
        "discarded" => Ok(Stage::Withdrawn { was_shown: false }),
        _ => Err(wrong("no such stage")),
    };
    let name = || row.saved.clone().ok_or_else(|| wrong("no name of a saved reply"));
    let fate = || {
        let all = [Fate::Unseen, Fate::Seen, Fate::Sent, Fate::Cancelled, Fate::Replaced];
        all.into_iter().find(|fate| fate_word(*fate) == row.stage).ok_or_else(|| wrong("no such stage"))
    };
    let why = || row.stage_why.clone().unwrap_or_default();
    let delivery = || match row.stage.as_str() {
        "waiting" => Ok(Delivery::Waiting),
        "posted" => Ok(Delivery::Sent { at: Moment(row.stage_number) }),
        "refused" => Ok(Delivery::Refused { why: why() }),
        "bounced" => Ok(Delivery::Bounced { why: why() }),
        "needless" => Ok(Delivery::Needless),
        _ => Err(wrong("no such stage")),
    };
    let kind = match row.kind.as_str() {
        "customer" => Kind::FromCustomer(posting()?),
        "bot" => Kind::FromBot(posting()?),
        "reply" => Kind::Reply { by: by()?, post: post()?, edited: row.edited, stage: stage()? },
        "saved" => {
            let at_desk = row.at_desk.as_deref().and_then(saved_json::from_json);
            let (posting, post) = at_desk.ok_or_else(|| wrong("not on its way to the desk"))?;
            Kind::Saved { by: by()?, name: name()?, posting, post, stage: stage()? }
        }
        "preview" => Kind::Preview { by: by()?, name: name()?, fate: fate()? },
        "note" => Kind::Note { by: by()?, post: post()?, edited: row.edited },
        "deed" => Kind::Deed { by: by()? },
        "letter" => {
            let letter = row.letter.as_deref().and_then(letter_json::ours_from_json);
            let (to, about) = letter.ok_or_else(|| wrong("no letter"))?;
            Kind::Letter { to, about, delivery: delivery()? }
        }
        "set" => Kind::Set { post: post()? },
        _ => return Err(wrong("no such kind")),
    };
    let theirs = row.letter.as_deref().filter(|_| matches!(kind, Kind::FromCustomer(_)));
    let mail = theirs.map(|letter| letter_json::theirs_from_json(letter).ok_or_else(|| wrong("no letter")));
    let mail = mail.transpose()?;
    Ok(Message {
        id: row.id.parse().map_err(|_| wrong("no id"))?,
        conversation: row.conversation.parse().map_err(|_| wrong("no conversation id"))?,
        seq: row.seq,
        place: Place { seq: row.place_seq, stamp: row.place_stamp },
        body: json::body_from_json(&row.body).ok_or_else(|| wrong("no body"))?,
        files: files_json::attachments_from_json(row.files.as_deref()).ok_or_else(|| wrong("no files"))?,
        kind,
        key: row.key,
        at: Moment(row.at),
        rev: row.rev,
        retry_of: row.retry_of,
        calls: row.calls.iter().flat_map(|calls| calls.lines()).map(str::to_owned).collect(),
        mail,
    })
}
/// Who is called, one a line; nothing for most messages.
fn calls_text(calls: &[String]) -> Option<String> {
    (!calls.is_empty()).then(|| calls.join("\n"))
}
