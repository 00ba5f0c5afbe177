//! When customers are answered: for each topic, whether somebody is there now, and if not, by when
//! there is an answer. The chat asks with everything else it wants to know, and again when it changes.

use super::App;
use super::input::Refusals;
use axum::extract::{Json, State};
use axum::http::header;
use axum::response::IntoResponse;
use std::collections::BTreeMap;
use std::sync::PoisonError;
use threadline_core::availability::{Attendance, Availability};
use threadline_core::ids::Moment;
use utoipa::ToSchema;

/// How long it is believed though no change was announced: somebody may have changed the hours.
const BELIEVED_MILLIS: i64 = 5 * 60_000;
/// The same where it depends on who is there.
const ATTENDED_MILLIS: i64 = 20_000;
/// The least between two questions, whatever the clocks say.
const PAUSE_MILLIS: i64 = 1_000;

/// When customers are answered. All times are milliseconds since 1970.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct AvailabilityView {
    /// What the server's clock shows, for a browser whose clock is wrong.
    now: i64,
    /// When it changes by itself; null when it is not known that anything does.
    changes_at: Option<i64>,
    /// For how many milliseconds it can be believed: then it is time to ask again.
    believed_ms: i64,
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
    /// With `open`, where the chat is open only while somebody is there: who that is.
    there: Option<There>,
    /// With `open`: how many minutes a first answer usually took over the last week; null where that cannot be said.
    usual_mins: Option<u32>,
    /// With `closed`: when somebody is there again; null if that is not known.
    opens_at: Option<i64>,
    /// With `closed`: by when what is written now has an answer; null if that cannot be said.
    answer_by: Option<i64>,
}

/// Who is there.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct There {
    /// One of them.
    name: String,
    /// How many there are besides.
    others: usize,
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
        let may_change = app.timetable.asks_who_is_there();
        (may_change || !view.topics.values().all(has_nothing_to_say)).then_some(view)
    }

    pub(super) fn at(app: &App, now: Moment) -> AvailabilityView {
        let shared = app.service.shared();
        let usual = shared.usual_mins.read().unwrap_or_else(PoisonError::into_inner);
        let (mut changes_at, mut topics) = (None, BTreeMap::new());
        for topic in &app.config.topics {
            let rules = shared.rules(&topic.desk);
            let availability = app.timetable.availability(&topic.id, &rules.attendance, now);
            changes_at = changes_at.into_iter().chain(availability.changes_at()).min();
            let there = if topic.policy.open_when.asks_who_is_there() { There::of(&rules.attendance) } else { None };
            let view = TopicAvailability::of(availability, there, usual.get(&topic.id).copied());
            topics.insert(topic.id.clone(), view);
        }
        let believed = if app.timetable.asks_who_is_there() { ATTENDED_MILLIS } else { BELIEVED_MILLIS };
        let left = changes_at.map_or(believed, |at| at.millis_since(now));
        AvailabilityView {
            now: now.0,
            changes_at: changes_at.map(|at| at.0),
            believed_ms: left.clamp(PAUSE_MILLIS, believed),
            topics,
        }
    }
}

impl There {
    fn of(attendance: &Attendance) -> Option<There> {
        let (name, others) = attendance.names.split_first()?;
        Some(There { name: name.clone(), others: others.len() })
    }
}

impl TopicAvailability {
    fn of(availability: Availability, there: Option<There>, usual_mins: Option<u32>) -> TopicAvailability {
        let millis = |at: Option<Moment>| at.map(|at| at.0);
        match availability {
            Availability::Open { closes } => TopicAvailability {
                state: "open",
                closes_at: millis(closes),
                there,
                usual_mins,
                opens_at: None,
                answer_by: None,
            },
            Availability::Closed { opens, answer_by } => TopicAvailability {
                state: "closed",
                closes_at: None,
                there: None,
                usual_mins: None,
                opens_at: millis(opens),
                answer_by: millis(answer_by),
            },
        }
    }
}
