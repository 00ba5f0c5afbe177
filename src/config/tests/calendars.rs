//! Calendars as operators write them.

use super::*;

#[test]
fn calendars_of_topics() {
    let config = World::with(
        r#"
        default_calendar = "office"
        [[topic]]
        id = "billing"
        label = "Billing"
        [[topic]]
        id = "calls"
        label = "Screen share"
        calendar = "calls"
        [calendar.office]
        zone = "America/New_York"
        hours = "Mo-Fr 09:00-18:00; PH off"
        holidays = "US"
        exceptions = [
            { from = "2026-07-01", to = 2026-08-31, hours = "Mo-Fr 08:00-15:00; PH off", name = "Summer" },
            { date = 2026-12-24, hours = "off", name = "Christmas Eve" },
        ]
        [calendar.calls]
        zone = "America/Los_Angeles"
        hours = """
            Mo-Fr 08:00-22:00
        """
        "#,
    )
    .load();
    let topics: Vec<_> = config.topics.iter().map(|topic| (topic.id.as_str(), topic.calendar.0.as_str())).collect();
    assert_eq!(topics, [("billing", "office"), ("calls", "calls")]);
    let calendars: Vec<_> = config.calendars.iter().map(|named| (named.name.0.as_str(), &named.calendar)).collect();
    expect![[r#"
        [
            (
                "office",
                Calendar(America/New_York, "Mo-Fr 09:00-18:00; PH off", "Summer" 2026-07-01 to 2026-08-31 "Mo-Fr 08:00-15:00; PH off", "Christmas Eve" 2026-12-24 to 2026-12-24 "off"),
            ),
            (
                "calls",
                Calendar(America/Los_Angeles, "Mo-Fr 08:00-22:00"),
            ),
        ]
    "#]].assert_debug_eq(&calendars);
    let one = World::with("calendar.a = { zone = 'UTC', hours = '24/7' }").load();
    assert!(one.topics.iter().all(|topic| topic.calendar.0 == "a"));
}

#[test]
fn mistakes_in_calendars() {
    wrong(
        r#"default_calendar = "ofice"
[[topic]]
id = "a"
label = "A"
calendar = "home"
[calendar.office]
zone = "New York"
hours = "Mon-Fri 09:00-18:00"
holidays = "USA"
[calendar.Office]
zone = "Eastern time"
[[calendar.Office.exceptions]]
[[calendar.Office.exceptions]]
date = 2026-12-24
from = 2026-12-24
hours = "10-14"
name = ""
[[calendar.Office.exceptions]]
from = 2026-08-31
to = 2026-07-01
hours = "off"
name = "Summer"
[[calendar.Office.exceptions]]
to = "24.12.2026"
hours = "off"
name = "Christmas"
day = 2026-12-24
[[calendar.Office.exceptions]]
from = 1999-12-31T00:00:00Z
hours = "off"
name = "Party"
[[calendar.Office.exceptions]]
date = 2077-01-01
hours = "off"
name = 1
"#,
        expect![[r#"
            threadline.toml:1: default_calendar: there is no calendar "ofice"; it can be "office" or "Office"
            threadline.toml:5: topic.calendar: there is no calendar "home"; it can be "office" or "Office"
            threadline.toml:7: calendar.office.zone: there is no time zone "New York"; did you mean "America/New_York"?
            threadline.toml:8: calendar.office.hours: days have two letters: Mo in place of Mon
                Mon-Fri 09:00-18:00
                  ^
            threadline.toml:9: calendar.office.holidays: no public holidays are known of "USA"; write a country's two letters, such as "US"
            threadline.toml:10: calendar.Office: a name is 1 to 40 of the letters a-z, digits, - and _, not "Office"
            threadline.toml:10: calendar.Office.hours: is missing; write them as in "Mo-Fr 09:00-18:00; Sa 10:00-14:00", or "24/7"
            threadline.toml:11: calendar.Office.zone: there is no time zone "Eastern time"; zones are named as in "America/New_York" or "Europe/Madrid"
            threadline.toml:12: calendar.Office.exceptions.hours: is missing; write what counts on these days, such as "10:00-14:00", or "off" for a closed day
            threadline.toml:12: calendar.Office.exceptions.name: is missing; say for people what these days are, such as "Christmas Eve"
            threadline.toml:12: calendar.Office.exceptions.date: is missing; write the date, such as 2026-12-24, or the first and the last one as from and to
            threadline.toml:13: calendar.Office.exceptions.date: stands beside from or to; write either one date, or from and to
            threadline.toml:16: calendar.Office.exceptions.hours: a time has hours and minutes: 09:00-18:00
                10-14
                ^
            threadline.toml:17: calendar.Office.exceptions.name: must be from 1 to 80 characters long, is 0
            threadline.toml:20: calendar.Office.exceptions.to: 2026-07-01 is before the first day, 2026-08-31
            threadline.toml:23: calendar.Office.exceptions.from: is missing; write the first day, or a single day as date
            threadline.toml:24: calendar.Office.exceptions.to: must be a date, such as 2026-12-24, is "24.12.2026"
            threadline.toml:27: calendar.Office.exceptions.day: there is no such key; the keys in [calendar.Office.exceptions] are date, from, hours, name, to
            threadline.toml:28: calendar.Office.exceptions.to: is missing; write the last day, or a single day as date
            threadline.toml:29: calendar.Office.exceptions.from: must be a date, such as 2026-12-24, is "1999-12-31T00:00:00Z"
            threadline.toml:33: calendar.Office.exceptions.date: calendars know the years 2000 to 2076, not 2077-01-01
            threadline.toml:35: calendar.Office.exceptions.name: must be text in quotes, is a number"#]],
    );
    wrong(
        "[calendar.a]\nzone = 'EST5ED'\nhours = '24/7'\n[calendar.b]\nzone = 'UTC'\nhours = 'off'\n",
        expect![[r#"
        threadline.toml:1: default_calendar: is missing; with several calendars, say which one is for topics that name none: "a" or "b"
        threadline.toml:2: calendar.a.zone: there is no time zone "EST5ED"; did you mean "EST5EDT"?"#]],
    );
}

#[test]
fn remarks_on_calendars_say_where() {
    let config = World::with(
        r#"[calendar.office]
zone = "UTC"
hours = "2026 Nov 26 off; Mo-Fr 09:00-18:00"
[[calendar.office.exceptions]]
from = 2026-12-20
to = 2026-12-24
hours = "off"
name = "Holidays"
[[calendar.office.exceptions]]
from = 2026-12-01
to = 2026-12-31
hours = "Mo 10:00-12:00"
name = "December"
"#,
    )
    .load();
    let remarks = config.calendars[0].remarks(NaiveDate::from_ymd_opt(2026, 1, 1).unwrap());
    expect![[r#"
        threadline.toml:3: calendar.office.hours: the rule "2026 Nov 26 off" changes nothing in the days that it is for; a later rule takes the place of an earlier one on the same day, so put what is special last
        threadline.toml:4: calendar.office.exceptions: later exceptions cover all days of this one, and the last one counts"#]].assert_eq(&remarks.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"));
}

/// The hours of the three teams that Threadline was made for; what they come to over a year is tested
/// in the core, against instants written by hand.
#[test]
fn the_examples_are_whole_configurations() {
    let example = |text: &str| {
        let config = World::with(text).load();
        let calendars = config.calendars.iter().map(|named| format!("{}: {:?}\n", named.name, named.calendar));
        let topics = config.topics.iter().map(|topic| format!("{} in {}\n", topic.id, topic.calendar));
        let from = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let remarks = config.calendars.iter().flat_map(|named| named.remarks(from)).map(|remark| format!("{remark}\n"));
        calendars.chain(topics).chain(remarks).collect::<String>()
    };
    expect![[r#"
        office: Calendar(America/New_York, "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off", "Independence Day" 2026-07-04 to 2026-07-04 "off", "Day after Thanksgiving" 2026-11-27 to 2026-11-27 "10:00-14:00", "Christmas Eve" 2026-12-24 to 2026-12-24 "09:00-12:00")
        campaign-setup in office
        technical-issues in office
        billing-questions in office
        platform-navigation in office
        other in office
    "#]].assert_eq(&example(include_str!("../../../examples/office-hours.toml")));
    expect![[r#"
        always: Calendar(Europe/Madrid, "24/7")
        campaign-setup in always
        technical-issues in always
        billing-questions in always
        platform-navigation in always
        other in always
    "#]]
    .assert_eq(&example(include_str!("../../../examples/when-somebody-is-there.toml")));
    expect![[r#"
        chat: Calendar(America/Los_Angeles, "Mo-Th 06:00-24:00; Fr 06:00-21:00; Sa-Su 09:00-21:00")
        screen-share: Calendar(America/Los_Angeles, "Mo-Fr 08:00-22:00")
        technical-issues in chat
        billing-questions in chat
        screen-share in screen-share
    "#]]
    .assert_eq(&example(include_str!("../../../examples/early-and-late.toml")));
}
