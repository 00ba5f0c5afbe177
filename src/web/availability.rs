//! When customers are answered: for each topic, whether somebody is there now, and if not, by when
//! there is an answer. The chat asks with everything else it wants to know, and again when it changes.

use super::App;
use super::input::Refusals;
use axum::extract::{Json, State};
use axum::http::header;
use axum::response::IntoResponse;
use std::collections::BTreeMap;
use std::sync::PoisonError;
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
    /// With `open`: how many minutes a first answer usually took over the last week; null where that cannot be said.
    usual_mins: Option<u32>,
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
    /// As it is now; none where every topic is answered day and night, and nothing was measured, so that there is
    /// nothing to say.
    pub(super) fn worth_saying(app: &App, now: Moment) -> Option<AvailabilityView> {
        let view = AvailabilityView::at(app, now);
        let has_nothing_to_say = |topic: &TopicAvailability| {
            topic.state == "open" && topic.closes_at.is_none() && topic.usual_mins.is_none()
        };
        (!view.topics.values().all(has_nothing_to_say)).then_some(view)
    }

    fn at(app: &App, now: Moment) -> AvailabilityView {
        let of_topics =
            app.config.topics.iter().map(|topic| (topic.id.clone(), app.timetable.availability(&topic.id, now)));
        let of_topics: Vec<(String, Availability)> = of_topics.collect();
        let usual = app.service.shared().usual_mins.read().unwrap_or_else(PoisonError::into_inner);
        let changes = of_topics.iter().filter_map(|(_, availability)| availability.changes_at());
        AvailabilityView {
            now: now.0,
            changes_at: changes.min().map(|at| at.0),
            topics: of_topics
                .iter()
                .map(|(id, availability)| (id.clone(), TopicAvailability::of(*availability, usual.get(id).copied())))
                .collect(),
        }
    }
}

impl TopicAvailability {
    fn of(availability: Availability, usual_mins: Option<u32>) -> TopicAvailability {
        let millis = |at: Option<Moment>| at.map(|at| at.0);
        match availability {
            Availability::Open { closes } => TopicAvailability {
                state: "open",
                closes_at: millis(closes),
                usual_mins,
                opens_at: None,
                answer_by: None,
            },
            Availability::Closed { opens, answer_by } => TopicAvailability {
                state: "closed",
                closes_at: None,
                usual_mins: None,
                opens_at: millis(opens),
                answer_by: millis(answer_by),
            },
        }
    }
}
