//! Sessions as rows. Whoever books holds the lock of the book until he has stored it, so that what is free
//! stays free meanwhile; and no two rows that keep an engineer's time begin together.

use super::dialect::for_update;
use super::{Rows, Store, StoreError, Tx, inconsistent, on_read, on_tx};
use sqlx::QueryBuilder;
use threadline_core::calendar::Span;
use threadline_core::desk::Agent;
use threadline_core::ids::{AgentId, ConversationId, EngineerName, Moment, SessionId};
use threadline_core::session::{Book, OVER_KEPT_MILLIS, Session, Side, Stage};

/// Sessions that are read at once: a day of a large team, sixty times.
const SESSIONS_MAX: i64 = 20_000;
/// All columns, in the order of [`Row`].
const COLUMNS: &str = "id, conversation, key, engineer, opens, closes, stage, stage_at, by_id, by_name, by_picture, \
                       revision, asked_again, told_at";

type Row = (
    String,
    String,
    String,
    String,
    i64,
    i64,
    String,
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
    i64,
    i64,
    String,
);

impl Tx {
    /// The sessions that events of these conversations can touch, locked until the transaction ends. Holds
    /// that are over are forgotten.
    pub async fn book(&mut self, conversations: &[ConversationId], now: Moment) -> Result<Book, StoreError> {
        let lock = for_update(self);
        let of_these: Vec<String> = conversations.iter().map(ToString::to_string).collect();
        let rows: Vec<Row> = on_tx!(self, |c| {
            let mut query = QueryBuilder::new("SELECT value FROM counter WHERE name = 'book'");
            query.push(lock);
            query.build().execute(&mut *c).await?;
            sqlx::query("DELETE FROM session WHERE stage = 'held' AND stage_at <= $1")
                .bind(now.0)
                .execute(&mut *c)
                .await?;
            let mut query = QueryBuilder::new("SELECT ");
            query.push(COLUMNS).push(" FROM session WHERE closes > ").push_bind(now.0 - OVER_KEPT_MILLIS);
            query.push(" OR conversation IN ");
            super::many::push_list(&mut query, of_these);
            query.push(" ORDER BY id LIMIT ").push_bind(SESSIONS_MAX);
            query.build_query_as().fetch_all(&mut *c).await?
        });
        Ok(Book { sessions: rows.into_iter().map(session).collect::<Result<_, _>>()? })
    }

    /// Writes sessions that are new or changed; one that lapsed is forgotten.
    pub async fn save_sessions(&mut self, sessions: &[&Session]) -> Result<(), StoreError> {
        // What gives a time away goes first: another of them may take it.
        let (over, kept): (Vec<&Session>, Vec<&Session>) =
            sessions.iter().partition(|session| matches!(session.stage, Stage::Lapsed));
        for session in over {
            on_tx!(self, |c| {
                sqlx::query("DELETE FROM session WHERE id = $1").bind(session.id.to_string()).execute(c).await?;
            });
        }
        for session in kept {
            let (stage, stage_at, by) = stage_row(&session.stage);
            let told_at: Vec<String> = session.told_at.iter().map(|at| at.0.to_string()).collect();
            on_tx!(self, |c| {
                let mut query = QueryBuilder::new("INSERT INTO session (");
                query.push(COLUMNS).push(", due) ");
                query.push_values([session], |mut row, session| {
                    row.push_bind(session.id.to_string())
                        .push_bind(session.conversation.to_string())
                        .push_bind(session.key.as_str())
                        .push_bind(session.engineer.0.as_str())
                        .push_bind(session.span.opens.0)
                        .push_bind(session.span.closes.0)
                        .push_bind(stage)
                        .push_bind(stage_at)
                        .push_bind(by.map(|by| by.id.0.as_str()))
                        .push_bind(by.map(|by| by.name.as_str()))
                        .push_bind(by.and_then(|by| by.picture.as_deref()))
                        .push_bind(i64::from(session.revision))
                        .push_bind(i64::from(session.asked_again))
                        .push_bind(told_at.join(" "))
                        .push_bind(session.told_at.first().map(|at| at.0));
                });
                query.push(
                    " ON CONFLICT (id) DO UPDATE SET engineer = excluded.engineer, opens = excluded.opens, \
                     closes = excluded.closes, stage = excluded.stage, stage_at = excluded.stage_at, \
                     by_id = excluded.by_id, by_name = excluded.by_name, by_picture = excluded.by_picture, \
                     revision = excluded.revision, asked_again = excluded.asked_again, told_at = excluded.told_at, \
                     due = excluded.due",
                );
                query.build().execute(c).await?;
            });
        }
        Ok(())
    }
}

impl Store {
    /// The sessions that keep somebody's time now, and those of a conversation.
    pub async fn sessions(&self, conversation: ConversationId, now: Moment) -> Result<Book, StoreError> {
        let rows: Vec<Row> = on_read!(self, |c| {
            let mut query = QueryBuilder::new("SELECT ");
            query.push(COLUMNS).push(" FROM session WHERE closes > ").push_bind(now.0 - OVER_KEPT_MILLIS);
            query.push(" OR conversation = ").push_bind(conversation.to_string());
            query.push(" ORDER BY id LIMIT ").push_bind(SESSIONS_MAX);
            query.build_query_as().fetch_all(c).await?
        });
        Ok(Book { sessions: rows.into_iter().map(session).collect::<Result<_, _>>()? })
    }

    /// The session of this id.
    pub async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let row: Option<Row> = on_read!(self, |c| {
            let mut query = QueryBuilder::new("SELECT ");
            query.push(COLUMNS).push(" FROM session WHERE id = ").push_bind(id.to_string());
            query.build_query_as().fetch_optional(c).await?
        });
        row.map(session).transpose()
    }

    /// Conversations before a session of which something is to be said, first the first, at most `limit`.
    pub async fn sessions_due(&self, now: Moment, limit: i64) -> Result<Rows<ConversationId>, StoreError> {
        let ids: Vec<String> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT conversation FROM session WHERE due <= $1 ORDER BY due, id LIMIT $2")
                .bind(now.0)
                .bind(limit)
                .fetch_all(c)
                .await?
        });
        let mut due = Rows::default();
        for id in ids {
            let parsed = id.parse().map_err(|_| inconsistent("session", id.clone(), "no conversation id"));
            due.add(&id, parsed);
        }
        Ok(due)
    }

    /// When something is to be said next that is not due by `now`.
    pub async fn next_session_due(&self, now: Moment) -> Result<Option<Moment>, StoreError> {
        let due: Option<i64> = on_read!(self, |c| {
            sqlx::query_scalar("SELECT MIN(due) FROM session WHERE due > $1").bind(now.0).fetch_one(c).await?
        });
        Ok(due.map(Moment))
    }
}

/// The word for a stage, its moment (0 for none), and who brought it about.
fn stage_row(stage: &Stage) -> (&'static str, i64, Option<&Agent>) {
    match stage {
        Stage::Held { until } => ("held", until.0, None),
        Stage::Lapsed => ("lapsed", 0, None),
        Stage::Booked { since } => ("booked", since.0, None),
        Stage::Cancelled { by: Side::Customer } => ("cancelled", 0, None),
        Stage::Cancelled { by: Side::Team(by) } => ("cancelled", 0, Some(by)),
        Stage::Done { by } => ("done", 0, Some(by)),
        Stage::Missed { by } => ("missed", 0, Some(by)),
    }
}

fn session(row: Row) -> Result<Session, StoreError> {
    let (
        id,
        conversation,
        key,
        engineer,
        opens,
        closes,
        stage,
        stage_at,
        by_id,
        by_name,
        picture,
        revision,
        asked,
        told,
    ) = row;
    let wrong = |what: &str| inconsistent("session", id.clone(), what);
    let by = by_id.zip(by_name).map(|(id, name)| Agent { id: AgentId(id), name, picture });
    let stage = match (stage.as_str(), by) {
        ("held", _) => Stage::Held { until: Moment(stage_at) },
        ("booked", _) => Stage::Booked { since: Moment(stage_at) },
        ("cancelled", None) => Stage::Cancelled { by: Side::Customer },
        ("cancelled", Some(by)) => Stage::Cancelled { by: Side::Team(by) },
        ("done", Some(by)) => Stage::Done { by },
        ("missed", Some(by)) => Stage::Missed { by },
        _ => return Err(wrong("no stage")),
    };
    let told_at: Result<Vec<Moment>, _> = told.split_whitespace().map(|at| at.parse().map(Moment)).collect();
    Ok(Session {
        id: id.parse().map_err(|_| wrong("no id"))?,
        conversation: conversation.parse().map_err(|_| wrong("no conversation id"))?,
        key,
        engineer: EngineerName(engineer),
        span: Span { opens: Moment(opens), closes: Moment(closes) },
        stage,
        revision: u32::try_from(revision).map_err(|_| wrong("no revision"))?,
        asked_again: asked != 0,
        told_at: told_at.map_err(|_| wrong("no moments"))?,
    })
}
