//! Customers who leave while they wait: when the last of a conversation's browsers has gone and none has come back
//! for a moment, the core is told, where the team has said that leaving makes a difference. It knows the
//! browsers of this process only, and decides nothing.

use crate::lifecycle::Lifecycle;
use crate::service::Service;
use crate::store::StoreError;
use std::collections::VecDeque;
use threadline_core::conversation::{Conversation, Event, Standing};
use threadline_core::ids::{ConversationId, Moment};

/// How long somebody may be gone who goes from one page of the site to the next, or whose line breaks.
const GRACE_MILLIS: i64 = 15_000;
/// How long after its start this process waits for the browsers that were there before.
const START_MILLIS: i64 = 60_000;
/// Conversations that are looked at then, the longest waiting first; nobody else is told of who left meanwhile.
const START_MAX: i64 = 1_000;

/// Tells of customers who leave, until the process stops.
pub async fn follow(service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    let mut departures = shared.live.departures();
    let mut gone: VecDeque<(Moment, ConversationId)> = VecDeque::new();
    let began = shared.clock.now();
    // Where other processes have browsers too, nobody knows who came back to which.
    let mut start = (!shared.store.is_shared()).then(|| began.plus_millis(START_MILLIS));
    loop {
        let due = gone.front().map(|(due, _)| *due).into_iter().chain(start).min();
        let wake = due.unwrap_or_else(|| shared.clock.now().plus_millis(START_MILLIS));
        tokio::select! {
            () = life.stopping() => return Ok(()),
            Some(conversation) = departures.recv() => {
                gone.push_back((shared.clock.now().plus_millis(GRACE_MILLIS), conversation));
                continue;
            }
            () = shared.clock.sleep_until(wake) => {}
        }
        let now = shared.clock.now();
        let mut left = Vec::new();
        while gone.front().is_some_and(|(due, _)| *due <= now) {
            left.extend(gone.pop_front().map(|(_, conversation)| conversation));
        }
        if start.is_some_and(|at| at <= now) {
            start = None;
            match shared.store.waiting_chats(START_MAX).await {
                Ok(waiting) => left.extend(waiting),
                Err(error) => tracing::warn!(%error, "it could not be read who was waiting before the start"),
            }
        }
        if let Err(error) = tell(&service, left).await {
            tracing::warn!(%error, "it could not be stored that a customer left");
        }
    }
}

/// Tells of those who are not back, and for whom it makes a difference.
async fn tell(service: &Service, mut left: Vec<ConversationId>) -> Result<(), StoreError> {
    let shared = service.shared();
    left.retain(|conversation| !shared.live.is_heard(*conversation));
    if left.is_empty() {
        return Ok(());
    }
    let waits = |head: &Conversation| {
        matches!(head.standing, Standing::AwaitingAgent { .. }) && head.ticket.is_none() && head.left_since.is_none()
    };
    let heads = shared.store.heads(&left).await?;
    let waiting = heads.legible.iter().filter(|head| waits(head));
    let events = waiting.map(|head| (head.id, Event::CustomerLeft)).collect();
    for refusal in service.events(events).await.into_iter().filter_map(Result::err) {
        tracing::warn!(%refusal, "it could not be stored that a customer left");
    }
    Ok(())
}
