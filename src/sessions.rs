//! Says what is due before sessions: to the customer, and in the thread to whoever takes one. What is due, and
//! when, is stored with each session; this only looks at the clock.

use crate::lifecycle::Lifecycle;
use crate::service::Service;
use threadline_core::conversation::Event;
use threadline_core::ids::Moment;

/// Conversations that are told of in one go.
const TOLD_MAX: i64 = 256;
/// How often it is looked when nobody rang: another process may have stored a session.
const LOOK_EVERY_MILLIS: i64 = 5_000;

/// Says what is due before sessions, until the process stops.
pub async fn remind(service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    loop {
        let wake = match say_due(&service).await {
            Ok(wake) => wake,
            Err(error) => {
                tracing::error!(%error, "it could not be read which sessions begin soon; trying again");
                shared.clock.now().plus_millis(LOOK_EVERY_MILLIS)
            }
        };
        tokio::select! {
            () = life.stopping() => return Ok(()),
            () = shared.sessions.notified() => {}
            () = shared.clock.sleep_until(wake) => {}
        }
    }
}

/// Says what is due; when to look again.
async fn say_due(service: &Service) -> anyhow::Result<Moment> {
    let shared = service.shared();
    let (store, now) = (&shared.store, shared.clock.now());
    let due = store.sessions_due(now, TOLD_MAX).await?;
    shared.broken.found(&shared.metrics, "sessions", &due.broken);
    let all = (due.legible.len() + due.broken.len()) as i64 == TOLD_MAX;
    let events: Vec<_> = due.legible.into_iter().map(|id| (id, Event::SessionDue)).collect();
    let count = events.len();
    let failed = service.events(events).await.into_iter().filter_map(Result::err);
    let failed = failed.inspect(|error| tracing::error!(%error, "nobody was reminded of a session; trying again"));
    if failed.count() < count && all {
        return Ok(now);
    }
    let look = now.plus_millis(LOOK_EVERY_MILLIS);
    Ok(store.next_session_due(now).await?.map_or(look, |next| next.min(look)))
}
