//! The practice desk's posts. It is a platform like another one, only that its server is our own
//! database: posts are made once per delivery id, agents write here, and the thread can be read
//! back.

use super::{Store, StoreError, Tx, files_json, json, on_read, on_tx};
use threadline_core::body::Body;
use threadline_core::desk::Mark;
use threadline_core::file::StoredFile;
use threadline_core::ids::{ConversationId, Moment};

/// What the word in the `kind` column says of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostKind {
    /// The root of the thread.
    Card,
    /// Posted for the customer.
    Customer,
    /// Written by an agent.
    Agent,
    /// Said by the bot.
    Bot,
    /// Told to one person.
    Private,
}

/// A post of the practice desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PracticePost {
    /// Which, and its place in the thread.
    pub post: i64,
    /// What it is.
    pub kind: PostKind,
    /// Under which name.
    pub name: String,
    /// For what was told privately: to whom.
    pub person: Option<String>,
    /// What it says.
    pub body: Body,
    /// The files in it.
    pub files: Vec<StoredFile>,
    /// For our own posts: the delivery id.
    pub delivery: Option<String>,
    /// The number of the message that a Retry under it tries again.
    pub retry_of: Option<i64>,
    /// The stamp of the last edit.
    pub edited: Option<i64>,
    /// True when it was deleted.
    pub deleted: bool,
    /// True when it carries ✓.
    pub received: bool,
    /// True when it carries 👁.
    pub seen: bool,
    /// True when it carries ⏳.
    pub waiting: bool,
    /// True when it carries ✉️.
    pub emailed: bool,
    /// When it was made.
    pub at: Moment,
}

/// A thread in the practice desk's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PracticeThread {
    /// The conversation's number.
    pub number: i64,
    /// The customer's name.
    pub customer: Option<String>,
    /// The topic's id.
    pub topic: String,
    /// When something last happened.
    pub last_at: Moment,
    /// The last post's text.
    pub last_body: Option<Body>,
    /// True when the customer waits for an answer.
    pub unanswered: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    post: i64,
    kind: String,
    name: String,
    person: Option<String>,
    body: String,
    files: Option<String>,
    delivery: Option<String>,
    retry_of: Option<i64>,
    edited: Option<i64>,
    deleted: i64,
    received: i64,
    seen: i64,
    waiting: i64,
    emailed: i64,
    at: i64,
}

impl PostKind {
    /// The word in the `kind` column.
    pub fn as_str(self) -> &'static str {
        match self {
            PostKind::Card => "card",
            PostKind::Customer => "customer",
            PostKind::Agent => "agent",
            PostKind::Bot => "bot",
            PostKind::Private => "private",
        }
    }
}

impl Tx {
    /// Makes a post, once per delivery id; which post it is. Its number is its place: later posts
    /// have larger ones.
    pub async fn practice_post(&mut self, conversation: ConversationId, new: &PracticePost) -> Result<i64, StoreError> {
        // Two who write at once have a number each.
        self.heads(&[conversation], &[]).await?;
        if let Some(delivery) = &new.delivery {
            let there: Option<i64> = on_tx!(self, |c| {
                sqlx::query_scalar("SELECT post FROM practice_post WHERE delivery = $1")
                    .bind(delivery)
                    .fetch_optional(c)
                    .await?
            });
            if let Some(post) = there {
                return Ok(post);
            }
        }
        let last: Option<i64> = on_tx!(self, |c| {
            sqlx::query_scalar("SELECT MAX(post) FROM practice_post WHERE conversation = $1")
                .bind(conversation.to_string())
                .fetch_one(c)
                .await?
        });
        // Microseconds, as Slack numbers its posts.
        let post = (new.at.0 * 1_000).max(last.unwrap_or(0) + 1);
        on_tx!(self, |c| {
            sqlx::query(
                "INSERT INTO practice_post (conversation, post, kind, name, person, body, files, delivery, retry_of, \
                 edited, deleted, received, seen, waiting, emailed, at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, 0, 0, 0, 0, 0, $10)",
            )
            .bind(conversation.to_string())
            .bind(post)
            .bind(new.kind.as_str())
            .bind(&new.name)
            .bind(&new.person)
            .bind(json::body_to_json(&new.body))
            .bind(files_json::files_to_json(&new.files))
            .bind(&new.delivery)
            .bind(new.retry_of)
            .bind(new.at.0)
            .execute(c)
            .await?;
        });
        Ok(post)
    }

    /// Has the card of a thread say this.
    pub async fn practice_card(&mut self, conversation: ConversationId, body: &Body) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            sqlx::query("UPDATE practice_post SET body = $1 WHERE conversation = $2 AND kind = 'card'")
                .bind(json::body_to_json(body))
                .bind(conversation.to_string())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// Shows a receipt under an agent's post, or takes it away.
    pub async fn practice_mark(
        &mut self,
        conversation: ConversationId,
        post: i64,
        mark: Mark,
        is_on: bool,
    ) -> Result<(), StoreError> {
        let sql = match mark {
            Mark::Received => "UPDATE practice_post SET received = $1 WHERE conversation = $2 AND post = $3",
            Mark::Seen => "UPDATE practice_post SET seen = $1 WHERE conversation = $2 AND post = $3",
            Mark::Waiting => "UPDATE practice_post SET waiting = $1 WHERE conversation = $2 AND post = $3",
            Mark::Emailed => "UPDATE practice_post SET emailed = $1 WHERE conversation = $2 AND post = $3",
        };
        on_tx!(self, |c| {
            sqlx::query(sql).bind(i64::from(is_on)).bind(conversation.to_string()).bind(post).execute(c).await?;
        });
        Ok(())
    }

    /// Edits an agent's own post; the edit's stamp, later than any before, if there is such a post.
    pub async fn practice_edit(
        &mut self,
        conversation: ConversationId,
        post: i64,
        name: &str,
        body: &Body,
        now_stamp: i64,
    ) -> Result<Option<i64>, StoreError> {
        Ok(on_tx!(self, |c| sqlx::query_scalar(
            "UPDATE practice_post SET body = $1, edited = CASE WHEN edited >= $2 THEN edited + 1 ELSE $2 END \
             WHERE conversation = $3 AND post = $4 AND name = $5 AND kind = 'agent' AND deleted = 0 RETURNING edited",
        )
        .bind(json::body_to_json(body))
        .bind(now_stamp)
        .bind(conversation.to_string())
        .bind(post)
        .bind(name)
        .fetch_optional(c)
        .await?))
    }

    /// Deletes an agent's own post; true when there is one.
    pub async fn practice_delete(
        &mut self,
        conversation: ConversationId,
        post: i64,
        name: &str,
    ) -> Result<bool, StoreError> {
        let changed = on_tx!(self, |c| {
            sqlx::query(
            "UPDATE practice_post SET deleted = 1, body = '[]', files = NULL WHERE conversation = $1 AND post = $2 AND name = $3 \
             AND kind = 'agent'",
        )
        .bind(conversation.to_string())
        .bind(post)
        .bind(name)
        .execute(c)
        .await?
        .rows_affected()
        });
        Ok(changed == 1)
    }
}

impl Store {
    /// A thread's posts, oldest first.
    pub async fn practice_posts(&self, conversation: ConversationId) -> Result<Vec<PracticePost>, StoreError> {
        let rows: Vec<Row> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT post, kind, name, person, body, files, delivery, retry_of, edited, deleted, received, seen, waiting, emailed, at \
                 FROM practice_post WHERE conversation = $1 ORDER BY post",
            )
            .bind(conversation.to_string())
            .fetch_all(c)
            .await?
        });
        rows.into_iter().map(|row| post_from(conversation, row)).collect()
    }

    /// The agent of this name, in any case, among those who have ever written at the practice desk.
    pub async fn practice_agent(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(on_read!(self, |c| sqlx::query_scalar(
            "SELECT name FROM practice_post WHERE kind = 'agent' AND lower(name) = lower($1) ORDER BY post DESC LIMIT 1"
        )
        .bind(name)
        .fetch_optional(c)
        .await?))
    }

    /// The threads of a desk, liveliest first, at most `limit`.
    pub async fn practice_threads(&self, limit: i64) -> Result<Vec<PracticeThread>, StoreError> {
        type Row = (i64, Option<String>, String, i64, String, Option<String>);
        let rows: Vec<Row> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT c.number, c.customer_name, c.topic, c.last_at, c.standing, \
                 (SELECT p.body FROM practice_post p WHERE p.conversation = c.id AND p.kind <> 'card' AND p.kind <> 'private' \
                  ORDER BY p.post DESC LIMIT 1) \
                 FROM conversation c WHERE c.thread_key LIKE 'practice/%' ORDER BY c.last_at DESC LIMIT $1",
            )
            .bind(limit)
            .fetch_all(c)
            .await?
        });
        Ok(rows
            .into_iter()
            .map(|(number, customer, topic, last_at, standing, body)| PracticeThread {
                number,
                customer,
                topic,
                last_at: Moment(last_at),
                last_body: body.as_deref().and_then(json::body_from_json),
                unanswered: standing == "awaiting_agent",
            })
            .collect())
    }
}

fn post_from(conversation: ConversationId, row: Row) -> Result<PracticePost, StoreError> {
    let wrong = |what: &str| StoreError::Inconsistent {
        table: "practice_post",
        id: format!("{conversation}/{}", row.post),
        what: what.to_string(),
    };
    let kinds = [PostKind::Card, PostKind::Customer, PostKind::Agent, PostKind::Bot, PostKind::Private];
    Ok(PracticePost {
        kind: kinds.into_iter().find(|kind| kind.as_str() == row.kind).ok_or_else(|| wrong("no such kind"))?,
        body: json::body_from_json(&row.body).ok_or_else(|| wrong("no body"))?,
        files: files_json::files_from_json(row.files.as_deref()).ok_or_else(|| wrong("no files"))?,
        post: row.post,
        name: row.name,
        person: row.person,
        delivery: row.delivery,
        retry_of: row.retry_of,
        edited: row.edited,
        deleted: row.deleted != 0,
        received: row.received != 0,
        seen: row.seen != 0,
        waiting: row.waiting != 0,
        emailed: row.emailed != 0,
        at: Moment(row.at),
    })
}
