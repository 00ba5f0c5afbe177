//! Other processes on the same PostgreSQL: what they stored is heard here and passed on to the hub
//! of this one. Only a hint: a stream that hears nothing is read again after a while, and so is the
//! outbox.

use crate::lifecycle::Lifecycle;
use crate::service::Service;
use crate::store::dialect::Told;
use std::time::Duration;
use threadline_core::ids::DeskName;

/// The wait before the database is asked again.
const RETRY: Duration = Duration::from_secs(1);

/// Listens until the process stops.
pub async fn listen(service: Service, life: Lifecycle) -> anyhow::Result<()> {
    let shared = service.shared().clone();
    loop {
        let mut peers = match shared.store.peers().await {
            Ok(Some(peers)) => peers,
            Ok(None) => {
                life.stopping().await;
                return Ok(());
            }
            Err(error) => {
                tracing::warn!(%error, "other processes cannot be heard; trying again");
                tokio::select! {
                    () = life.stopping() => return Ok(()),
                    () = tokio::time::sleep(RETRY) => continue,
                }
            }
        };
        missed(&service);
        loop {
            let told = tokio::select! {
                () = life.stopping() => return Ok(()),
                told = peers.hear() => told,
            };
            match told {
                Told::Words(words) => words.iter().for_each(|word| pass_on(&service, word)),
                Told::Missed => missed(&service),
                Told::Lost => break,
            }
        }
    }
}

fn pass_on(service: &Service, word: &str) {
    let shared = service.shared();
    let Some((node, what)) = word.split_once(':') else { return };
    if node == format!("{:x}", shared.node) {
        return;
    }
    match what.strip_prefix("desk/") {
        Some(desk) => {
            if let Some(setup) = shared.desks.get(&DeskName(desk.to_string())) {
                setup.bell.ring_for_scan();
            }
        }
        None => {
            if let Ok(conversation) = what.parse() {
                shared.live.poke(conversation);
                // Nobody looks at the practice desk's page: nothing to tell.
                let _ = shared.practice.send(conversation);
            }
        }
    }
    shared.holds.notify_one();
}

fn missed(service: &Service) {
    let shared = service.shared();
    shared.live.poke_all();
    shared.desks.values().for_each(|setup| setup.bell.ring_for_scan());
    shared.holds.notify_one();
}
