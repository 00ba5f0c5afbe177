//! When customers are answered: for each topic, whether somebody is there now, and if not, by when
//! there is an answer. The chat asks with everything else it wants to know, and again when it changes.

use super::App;
use super::input::Refusals;
use axum::extract::{Json, State};
use axum::http::header;
use axum::response::IntoResponse;
use std::collections::BTreeMap;
use threadline_core::availability::Availability;
use threadline_core::ids::Moment;
use utoipa::ToSchema;

/// When customers are answered. All times are milliseconds since 1970.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct AvailabilityView {
    /// What the server's clock shows, for a browser whose clock is wrong.
    now: i64,
    /// When to ask again at the latest; null when it is not known that anything changes.
    changes_at: Option<i64>,
    /// For each topic, by its id.
    topics: BTreeMap<String, TopicAvailability>,
}

/// When customers of a topic are answered.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct TopicAvailability {
    /// `open` or `closed`.
    state: &'static str,
    /// With `open`: until when; null for a team that never closes.
    closes_at: Option<i64>,
    /// With `closed`: when somebody is there again; null if that is not known.
    opens_at: Option<i64>,
    /// With `closed`: by when what is written now has an answer; null if that cannot be said.
    answer_by: Option<i64>,
}

/// When customers are answered.
#[utoipa::path(get, path = "/v1/availability", responses(
    (status = 200, description = "As it is now", body = AvailabilityView), Refusals,
))]
pub(super) async fn availability(State(app): State<App>) -> impl IntoResponse {
    let now = app.service.shared().clock.now();
    ([(header::CACHE_CONTROL, "no-store")], Json(AvailabilityView::at(&app, now)))
}

impl AvailabilityView {
    /// As it is now; none where every topic is answered day and night, so that there is nothing to say.
    pub(super) fn worth_saying(app: &App, now: Moment) -> Option<AvailabilityView> {
        let view = AvailabilityView::at(app, now);
        let is_always_open = |topic: &TopicAvailability| topic.state == "open" && topic.closes_at.is_none();
        (!view.topics.values().all(is_always_open)).then_some(view)
    }

    fn at(app: &App, now: Moment) -> AvailabilityView {
        let of_topics =
            app.config.topics.iter().map(|topic| (topic.id.clone(), app.timetable.availability(&topic.id, now)));
        let of_topics: Vec<(String, Availability)> = of_topics.collect();
        let changes = of_topics.iter().filter_map(|(_, availability)| availability.changes_at());
        AvailabilityView {
            now: now.0,
            changes_at: changes.min().map(|at| at.0),
            topics: of_topics
                .iter()
                .map(|(id, availability)| (id.clone(), TopicAvailability::of(*availability)))
                .collect(),
        }
    }
}

impl TopicAvailability {
    fn of(availability: Availability) -> TopicAvailability {
        let millis = |at: Option<Moment>| at.map(|at| at.0);
        match availability {
            Availability::Open { closes } => {
                TopicAvailability { state: "open", closes_at: millis(closes), opens_at: None, answer_by: None }
            }
            Availability::Closed { opens, answer_by } => TopicAvailability {
                state: "closed",
                closes_at: None,
                opens_at: millis(opens),
                answer_by: millis(answer_by),
            },
        }
    }
}
