//! What people at a desk look up.

use super::{Inner, Service, unstored};
use threadline_core::conversation::{Conversation, Thread};
use threadline_core::desk::{Later, Unstored};
use threadline_core::overview::{Glance, Overview, Sought};

impl Overview for Service {
    fn glances(&self, threads: Vec<String>, sought: Sought, limit: u32) -> Later<'_, Result<Vec<Glance>, Unstored>> {
        Box::pin(async move {
            let heads = self.inner.store.sought(&threads, &sought, limit.into()).await.map_err(unstored)?;
            // One that cannot be read is told elsewhere, and hides none of the others.
            Ok(heads.legible.into_iter().filter_map(|head| self.inner.glance(head)).collect())
        })
    }
}

impl Inner {
    fn glance(&self, it: Conversation) -> Option<Glance> {
        let due = it.answer_due();
        let Thread::Open(thread) = it.thread else { return None };
        let rules = self.rules(&it.desk);
        let topic = rules.topics.iter().find(|topic| topic.id == it.topic);
        Some(Glance {
            conversation: it.id,
            number: it.number,
            customer: it.customer.name,
            topic: topic.map_or(it.topic, |topic| topic.label.clone()),
            thread,
            standing: it.standing,
            due,
            holder: it.claimed_by,
            last_at: it.last_at,
        })
    }
}
