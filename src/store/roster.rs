//! Who answers at which desk, what he says of himself and what the platform says of him, as rows.

use super::{Store, StoreError, Tx, inconsistent, on_read, on_tx};
use std::collections::HashMap;
use threadline_core::desk::Agent;
use threadline_core::ids::{AgentId, DeskName, Moment};
use threadline_core::presence::{Member, Sign};

impl Tx {
    /// Somebody says of himself whether he is there: at these desks, and at every other where he is known.
    pub async fn sign(&mut self, desks: &[DeskName], agent: &Agent, sign: Sign, now: Moment) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            for desk in desks {
                sqlx::query(
                    "INSERT INTO roster (desk, agent, name, picture, sign, sign_at) VALUES ($1, $2, $3, $4, $5, $6) \
                     ON CONFLICT (desk, agent) DO UPDATE SET name = excluded.name, picture = excluded.picture",
                )
                .bind(desk.0.as_str())
                .bind(agent.id.0.as_str())
                .bind(agent.name.as_str())
                .bind(agent.picture.as_deref())
                .bind(sign.word())
                .bind(now.0)
                .execute(&mut *c)
                .await?;
            }
            sqlx::query("UPDATE roster SET sign = $1, sign_at = $2 WHERE agent = $3")
                .bind(sign.word())
                .bind(now.0)
                .bind(agent.id.0.as_str())
                .execute(c)
                .await?;
        });
        Ok(())
    }

    /// The platform says who is in a desk's channels, and who of them is active. Who was there and is not any
    /// more does not belong to the desk.
    pub async fn seen_at(&mut self, desk: &DeskName, people: &[(Agent, bool)], now: Moment) -> Result<(), StoreError> {
        on_tx!(self, |c| {
            for (agent, is_active) in people {
                sqlx::query(
                    "INSERT INTO roster (desk, agent, name, picture, active, active_at) VALUES ($1, $2, $3, $4, $5, $6) \
                     ON CONFLICT (desk, agent) DO UPDATE SET name = excluded.name, picture = excluded.picture, \
                     active = excluded.active, active_at = excluded.active_at",
                )
                .bind(desk.0.as_str())
                .bind(agent.id.0.as_str())
                .bind(agent.name.as_str())
                .bind(agent.picture.as_deref())
                .bind(i64::from(*is_active))
                .bind(now.0)
                .execute(&mut *c)
                .await?;
            }
            sqlx::query("DELETE FROM roster WHERE desk = $1 AND active_at < $2")
                .bind(desk.0.as_str())
                .bind(now.0)
                .execute(c)
                .await?;
        });
        Ok(())
    }
}

/// Columns of the table, but the desk.
type Row = (String, String, String, Option<String>, Option<String>, Option<i64>, Option<i64>, Option<i64>);

impl Store {
    /// Every desk's team. The chats that somebody has are those in which something happened since then, that wait
    /// for no ticket and are not resolved.
    pub async fn rosters(&self, lately: Moment) -> Result<HashMap<DeskName, Vec<Member>>, StoreError> {
        let rows: Vec<Row> = on_read!(self, |c| {
            sqlx::query_as("SELECT desk, agent, name, picture, sign, sign_at, active, active_at FROM roster")
                .fetch_all(c)
                .await?
        });
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let chats: Vec<(String, i64)> = on_read!(self, |c| {
            sqlx::query_as(
                "SELECT claimed_id, COUNT(*) FROM conversation WHERE claimed_id IS NOT NULL \
                 AND standing IN ('awaiting_agent', 'answered') AND ticket_since IS NULL AND last_at >= $1 \
                 GROUP BY claimed_id",
            )
            .bind(lately.0)
            .fetch_all(c)
            .await?
        });
        let chats: HashMap<String, i64> = chats.into_iter().collect();
        let mut rosters: HashMap<DeskName, Vec<Member>> = HashMap::new();
        for (desk, agent, name, picture, sign, sign_at, active, active_at) in rows {
            let wrong = |what| inconsistent("roster", format!("{desk}/{agent}"), what);
            let sign = match (sign, sign_at) {
                (Some(word), Some(at)) => {
                    Some((Sign::parse(&word).ok_or_else(|| wrong("an unknown sign"))?, Moment(at)))
                }
                (None, None) => None,
                (Some(_), None) | (None, Some(_)) => return Err(wrong("half a sign")),
            };
            let active = match (active, active_at) {
                (Some(is_active), Some(at)) => Some((is_active == 1, Moment(at))),
                (None, None) => None,
                (Some(_), None) | (None, Some(_)) => return Err(wrong("half of what the platform says")),
            };
            let chats = chats.get(&agent).map_or(0, |count| u32::try_from(*count).unwrap_or(u32::MAX));
            let agent = Agent { id: AgentId(agent), name, picture };
            rosters.entry(DeskName(desk)).or_default().push(Member { agent, sign, active, chats });
        }
        Ok(rosters)
    }
}
