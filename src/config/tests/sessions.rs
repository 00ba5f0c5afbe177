//! Sessions and engineers as operators write them.

use super::*;

#[test]
fn who_takes_sessions_and_when() {
    let config = World::with(
        r#"
        default_calendar = "calls"
        [[topic]]
        id = "billing"
        label = "Billing"
        [[topic]]
        id = "technical"
        label = "Technical"
        [calendar.calls]
        zone = "America/Los_Angeles"
        hours = "Mo-Fr 08:00-22:00; PH off"
        holidays = "US"
        [calendar.madrid]
        zone = "Europe/Madrid"
        hours = "Mo-Fr 16:00-22:00"
        [sessions]
        minutes = 30
        remind_minutes = [60]
        join_url = "https://meet.example.com/{room}"
        [engineer.grace]
        name = "Grace"
        a_day_max = 3
        absences = [{ from = 2026-12-24 }, { from = 2026-07-01, to = 2026-07-14 }]
        [engineer.hedy]
        calendar = "madrid"
        topics = ["technical"]
        person = "U0123ABCD"
        "#,
    )
    .load();
    let plan = config.sessions.unwrap();
    expect![[r#"
        Plan {
            terms: Terms {
                calendar: Calendar(America/Los_Angeles, "Mo-Fr 08:00-22:00; PH off"),
                slot_millis: 1800000,
                lead_millis: 900000,
                days_ahead: 4,
                buffer_millis: 0,
                hold_millis: 300000,
                change_until_millis: 3600000,
                reminders_millis: [
                    3600000,
                ],
            },
            hosts: [
                Host {
                    engineer: Engineer {
                        name: EngineerName(
                            "grace",
                        ),
                        hours: None,
                        absences: [
                            Span {
                                opens: Moment(
                                    1798099200000,
                                ),
                                closes: Moment(
                                    1798185600000,
                                ),
                            },
                            Span {
                                opens: Moment(
                                    1782889200000,
                                ),
                                closes: Moment(
                                    1784098800000,
                                ),
                            },
                        ],
                        a_day_max: Some(
                            3,
                        ),
                    },
                    shown: "Grace",
                    person: None,
                    topics: None,
                    join: None,
                },
                Host {
                    engineer: Engineer {
                        name: EngineerName(
                            "hedy",
                        ),
                        hours: Some(
                            Calendar(Europe/Madrid, "Mo-Fr 16:00-22:00"),
                        ),
                        absences: [],
                        a_day_max: None,
                    },
                    shown: "hedy",
                    person: Some(
                        AgentId(
                            "U0123ABCD",
                        ),
                    ),
                    topics: Some(
                        [
                            "technical",
                        ],
                    ),
                    join: None,
                },
            ],
            join: Some(
                "https://meet.example.com/{room}",
            ),
            prepare: None,
            mention_millis: 600000,
        }
    "#]]
    .assert_debug_eq(&plan);
    assert_eq!(plan.engineers("billing").len(), 1);
    assert_eq!(plan.engineers("technical").len(), 2);
}

#[test]
fn mistakes_in_sessions() {
    wrong(
        r#"[sessions]
calendar = "calls"
minutes = 3
remind_minutes = [0]
join_url = "http://meet.example.com"
[engineer.Grace]
topics = ["press"]
calendar = "home"
[[engineer.Grace.absences]]
to = 2026-12-24
[[engineer.Grace.absences]]
from = 2026-12-24
to = 2026-12-23
"#,
        expect![[r#"
            threadline.toml:2: sessions.calendar: there is no calendar "calls"; it can be "always"
            threadline.toml:3: sessions.minutes: must be from 5 to 240, is 3
            threadline.toml:4: sessions.remind_minutes: must be a list of whole numbers from 1 to 10080
            threadline.toml:5: sessions.join_url: must be an https address, perhaps with a place for a name that nobody can guess, such as "https://meet.example.com/{room}", is "http://meet.example.com"
            threadline.toml:6: engineer.Grace: a name is 1 to 40 of the letters a-z, digits, - and _, not "Grace"
            threadline.toml:8: engineer.Grace.calendar: there is no calendar "home"; it can be "always"
            threadline.toml:9: engineer.Grace.absences.from: is missing; write the first day of the absence, such as 2026-12-24
            threadline.toml:13: engineer.Grace.absences.to: 2026-12-23 is before the first day, 2026-12-24"#]],
    );
}
