use super::*;
use chrono::Timelike;
use expect_test::expect;
use proptest::prelude::*;
use std::fmt::Write as _;

/// Firings around changes of the clock, from a third-party implementation of cron, and from crontab's
/// own rules where the two differ; the head of the file says where.
const TABLE: &str = include_str!("firings.txt");
/// What the table covers on both sides of a change.
const AROUND_MILLIS: i64 = 100 * 3_600_000;
/// Of what fires often, what is listed on both sides of a change.
const NEAR_MILLIS: i64 = 2 * 3_600_000;

fn utc(text: &str) -> Moment {
    let with_seconds = if text.len() == 16 { format!("{text}:00Z") } else { format!("{text}Z") };
    Moment(with_seconds.parse::<DateTime<Utc>>().unwrap().timestamp_millis())
}

fn schedule(text: &str, zone: &str) -> Schedule {
    Schedule::parse(text, zone.parse().unwrap()).unwrap_or_else(|mistake| panic!("{text}: {mistake}"))
}

fn shown(at: Moment) -> String {
    DateTime::from_timestamp_millis(at.0).unwrap().format("%dT%H:%M:%S").to_string()
}

#[test]
fn around_changes_of_the_clock() {
    let (mut zone, mut change, mut rows, mut wrong) = ("", Moment(0), 0, String::new());
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with("//")) {
        if let Some(heading) = line.strip_prefix('[') {
            let (named, rest) = heading.split_once(' ').unwrap();
            (zone, change) = (named, utc(&rest[..16].replacen(' ', "T", 1)));
            continue;
        }
        let (expression, expected) = line.split_once(" = ").unwrap();
        let schedule = schedule(expression, zone);
        let from = Moment(change.0 - AROUND_MILLIS - 1_000);
        let all: Vec<Moment> = schedule.after(from).take_while(|at| at.0 < change.0 + AROUND_MILLIS).collect();
        let near = |at: &&Moment| all.len() <= 6 || (at.0 - change.0).abs() <= NEAR_MILLIS;
        let mut listed: Vec<String> = all.iter().filter(near).map(|at| shown(*at)).collect();
        if listed.len() > 12 {
            listed.splice(6..listed.len() - 6, ["..".to_owned()]);
        }
        let found = format!("{}: {}", all.len(), listed.join(" "));
        if found.trim() != expected.trim() {
            writeln!(wrong, "{zone} {expression}\n  expected {expected}\n  found    {found}").unwrap();
        }
        rows += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(rows, 400);
}

#[test]
fn what_an_operator_reads() {
    let mut said = String::new();
    let mut seen = std::collections::BTreeSet::new();
    let in_table = TABLE.lines().filter_map(|line| line.split_once(" = ").map(|(expression, _)| expression));
    let more = [
        "@daily",
        "@weekly",
        "0 9 1-7 * MON-FRI",
        "0 9 */3 * MON,WED",
        "*/5 8-9 * * *",
        "7 1,2,3,11,13,17,19 * * *",
        "*/25 * * * *",
        "0 9 1 * 0-7",
    ];
    for expression in in_table.chain(more).filter(|expression| seen.insert(*expression)) {
        writeln!(said, "{expression:30} {}", schedule(expression, "UTC")).unwrap();
    }
    expect![[r#"
        0 9 * * 1-5                    at 09:00, Monday to Friday
        0 9 * * MON-FRI                at 09:00, Monday to Friday
        0 9 * * 1                      at 09:00, Monday
        0 9 * * 0                      at 09:00, Sunday
        0 9 * * 7                      at 09:00, Sunday
        0 9 * * 5-7                    at 09:00, Friday to Sunday
        30 2 * * *                     at 02:30, every day
        0 2 * * *                      at 02:00, every day
        15 2 * * 0                     at 02:15, Sunday
        30 1 * * *                     at 01:30, every day
        0 1 * * 7                      at 01:00, Sunday
        45 1 * * SAT,SUN               at 01:45, Saturday and Sunday
        0 0 * * *                      at 00:00, every day
        30 0 * * *                     at 00:30, every day
        0,30 0 * * FRI,SUN             at 00:00 and 00:30, Friday and Sunday
        30 23 * * *                    at 23:30, every day
        59 23 * * *                    at 23:59, every day
        0 3 * * *                      at 03:00, every day
        5 3 * * 1-7                    at 03:05, every day
        * * * * *                      every minute
        */15 * * * *                   every 15 minutes
        */20 * * * *                   every 20 minutes
        0 * * * *                      every hour, on the hour
        30 * * * *                     every hour, 30 minutes past
        10,50 * * * *                  at the minutes 10 and 50 of every hour, every day
        0 */2 * * *                    every 2 hours from 00:00 on
        30 */3 * * *                   every 3 hours from 00:30 on
        15 */6 * * *                   at 00:15, 06:15, 12:15 and 18:15, every day
        */30 9-17 * * 1-5              every 30 minutes from 09:00 to 17:30, Monday to Friday
        0 0 1 * *                      at 00:00, on the 1st
        0 12 1 * 1                     at 12:00, on the 1st, and also Monday
        30 2 8 * SUN                   at 02:30, on the 8th, and also Sunday
        0 9 */2 * *                    at 09:00, on the 1st, 3rd, 5th, 7th, 9th, 11th, 13th, 15th, 17th, 19th, 21st, 23rd, 25th, 27th, 29th and 31st
        0 9 * 4,10 *                   at 09:00, every day, in April and October
        0 0 9 * * 1                    at 09:00, Monday
        30 30 2 * * *                  at 02:30:30, every day
        15 0 * * * *                   every hour, 0 minutes and 15 seconds past
        0 30 1 * * 0 2026              at 01:30, Sunday, in 2026
        0 0 0 * * * 2026-2027          at 00:00, every day, in 2026 and 2027
        0 0 8 29 2 * 2028              at 08:00, on the 29th, in February, in 2028
        @daily                         at 00:00, every day
        @weekly                        at 00:00, Sunday
        0 9 1-7 * MON-FRI              at 09:00, on the 1st to 7th, and also Monday to Friday
        0 9 */3 * MON,WED              at 09:00, on the 1st, 4th, 7th, 10th, 13th, 16th, 19th, 22nd, 25th, 28th and 31st, if that is a Monday or Wednesday
        */5 8-9 * * *                  every 5 minutes from 08:00 to 09:55
        7 1,2,3,11,13,17,19 * * *      at the minutes 7 of the hours 1 to 3, 11, 13, 17 and 19, every day
        */25 * * * *                   at the minutes 0, 25 and 50 of every hour, every day
        0 9 1 * 0-7                    at 09:00, on the 1st, and also Monday to Sunday
    "#]].assert_eq(&said);
}

#[test]
fn what_cannot_be_understood_is_said_with_what_to_do() {
    let mut said = String::new();
    for wrong in [
        "",
        "9",
        "0 9 * *",
        "0 0 9 * * 1 2026 7",
        "60 9 * * *",
        "0 24 * * *",
        "0 9 0 * *",
        "0 9 32 * *",
        "0 9 * 13 *",
        "0 9 * * 8",
        "0 9 * * MONDAY",
        "0 9 * FEBR *",
        "0 22-2 * * *",
        "*/90 * * * *",
        "*/0 * * * *",
        "5/15 * * * *",
        "0 9 L * *",
        "0 9 15W * *",
        "0 9 * * 5L",
        "0 9 * * MON#2",
        "0 9 ? * MON",
        "0 9 1, * *",
        "0 9 -1 * *",
        "* * * * * *",
        "*/10 0 9 * * *",
        "0,30 0 9 * * *",
        "0 9 30 2 *",
        "0 0 9 1 1 * 2101",
        "@reboot",
        "daily",
        "0 9 * * 1;2",
        "٣ 9 * * *",
        "0 9 * * 1-5-7",
        "99999999999 9 * * *",
    ] {
        let mistake = Schedule::parse(wrong, Zone::UTC).expect_err(wrong);
        writeln!(said, "{wrong:22} {mistake}").unwrap();
    }
    let long = vec!["0"; 200].join(",");
    writeln!(said, "{}", Schedule::parse(&format!("{long} 9 * * *"), Zone::UTC).unwrap_err()).unwrap();
    expect![[r#"
                               has 0 fields; it needs five: minute, hour, day of the month, month, day of the week, as in "0 9 * * MON-FRI" (six with a second before them, seven with a year after them)
        9                      has 1 field; it needs five: minute, hour, day of the month, month, day of the week, as in "0 9 * * MON-FRI" (six with a second before them, seven with a year after them)
        0 9 * *                has 4 fields; it needs five: minute, hour, day of the month, month, day of the week, as in "0 9 * * MON-FRI" (six with a second before them, seven with a year after them)
        0 0 9 * * 1 2026 7     has 8 fields; it needs five: minute, hour, day of the month, month, day of the week, as in "0 9 * * MON-FRI" (six with a second before them, seven with a year after them)
        60 9 * * *             minute: 60 is not between 0 and 59
        0 24 * * *             hour: 24 is not between 0 and 23
        0 9 0 * *              day of the month: 0 is not between 1 and 31
        0 9 32 * *             day of the month: 32 is not between 1 and 31
        0 9 * 13 *             month: 13 is not between 1 and 12
        0 9 * * 8              day of the week: 8 is not between 0 and 7
        0 9 * * MONDAY         day of the week: "MONDAY" is no day of the week; the names are SUN, MON, TUE, WED, THU, FRI, SAT
        0 9 * FEBR *           month: "FEBR" is no month; the names are JAN, FEB, MAR, APR, MAY, JUN, JUL, AUG, SEP, OCT, NOV, DEC
        0 22-2 * * *           hour: 22-2 goes backwards; if it goes on past the end, write 22-23,0-2
        */90 * * * *           minute: a step of 90 is longer than all there are, so it would count from 0 each time; at most 59
        */0 * * * *            minute: "0" is no step; write a number from 1 on
        5/15 * * * *           minute: write 5-59/15 in place of 5/15
        0 9 L * *              day of the month: L is not known to crontab; name the days themselves
        0 9 15W * *            day of the month: 15W is not known to crontab; name the days themselves
        0 9 * * 5L             day of the week: 5L is not known to crontab; name the days themselves
        0 9 * * MON#2          day of the week: MON#2 is not known to crontab; name the days themselves
        0 9 ? * MON            day of the month: write * in place of ?
        0 9 1, * *             day of the month: a comma, hyphen or slash has nothing beside it
        0 9 -1 * *             day of the month: a comma, hyphen or slash has nothing beside it
        * * * * * *            second: nobody is reminded more often than once a minute; write one number, such as 0, in place of *
        */10 0 9 * * *         second: nobody is reminded more often than once a minute; write one number, such as 0, in place of */10
        0,30 0 9 * * *         second: nobody is reminded more often than once a minute; write one number, such as 0, in place of 0,30
        0 9 30 2 *             names a day that never comes
        0 0 9 1 1 * 2101       year: 2101 is not between 1970 and 2100
        @reboot                "@reboot" is not known; there are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually
        daily                  has 1 field; it needs five: minute, hour, day of the month, month, day of the week, as in "0 9 * * MON-FRI" (six with a second before them, seven with a year after them)
        0 9 * * 1;2            day of the week: "1;2" is no day of the week; the names are SUN, MON, TUE, WED, THU, FRI, SAT
        ٣ 9 * * *              minute: "٣" is not a number
        0 9 * * 1-5-7          day of the week: "5-7" is no day of the week; the names are SUN, MON, TUE, WED, THU, FRI, SAT
        99999999999 9 * * *    minute: "99999999999" is not a number
        must be at most 300 characters long, is 407
    "#]].assert_eq(&said);
}

#[test]
fn a_list_or_step_within_an_hour_that_is_named_fires_once_at_the_jump_and_in_the_first_of_two_hours() {
    let spring = schedule("*/20 2 * * *", "America/New_York");
    let on_the_day = |schedule: &Schedule, day: &str| {
        let from = utc(&format!("{day}T05:00"));
        schedule.after(Moment(from.0 - 1)).take_while(|at| at.0 < from.0 + 5 * 3_600_000).map(shown).collect::<Vec<_>>()
    };
    assert_eq!(on_the_day(&spring, "2026-03-08"), ["08T07:00:00"]);
    let autumn = schedule("*/20 1 * * *", "America/New_York");
    assert_eq!(on_the_day(&autumn, "2026-11-01"), ["01T05:00:00", "01T05:20:00", "01T05:40:00"]);
}

#[test]
fn of_what_was_missed_only_the_last_is_due() {
    let morning = schedule("0 9 * * MON-FRI", "Europe/Berlin");
    let friday = utc("2026-03-27T08:00");
    assert_eq!(morning.due(Moment(friday.0 - 1), Moment(friday.0 - 1)), None);
    assert_eq!(morning.due(Moment(friday.0 - 1), friday), Some(Firing { at: friday, stands_for_more: false }));
    assert_eq!(morning.due(friday, Moment(friday.0 + 1)), None);
    // Over the weekend the clock is put forward; a week later five were missed.
    let monday = utc("2026-03-30T07:00");
    assert_eq!(morning.due(friday, monday), Some(Firing { at: monday, stands_for_more: false }));
    let next_friday = Firing { at: utc("2026-04-03T07:00"), stands_for_more: true };
    assert_eq!(morning.due(friday, utc("2026-04-05T00:00")), Some(next_friday));
    // Down for two years, with one that fires every minute, and one of a leap day.
    let minutes = schedule("* * * * *", "UTC");
    let last = Firing { at: utc("2028-03-27T08:00"), stands_for_more: true };
    assert_eq!(minutes.due(friday, utc("2028-03-27T08:00:59")), Some(last));
    let leap = schedule("0 0 29 2 *", "UTC");
    let day = Firing { at: utc("2028-02-29T00:00"), stands_for_more: false };
    assert_eq!(leap.due(friday, utc("2031-01-01T00:00")), Some(day));
    assert_eq!(leap.due(utc("2096-02-29T00:00"), utc("2105-01-01T00:00")), None);
}

fn zones() -> impl Strategy<Value = Zone> {
    prop::sample::select(crate::calendar::ZONES.to_vec())
}

fn instants() -> impl Strategy<Value = Moment> {
    (utc("2000-01-01T00:00").0..utc("2080-01-01T00:00").0).prop_map(Moment)
}

fn expressions() -> impl Strategy<Value = String> {
    let minute = prop::sample::select(vec!["*", "0", "30", "*/15", "0,30", "59", "5-10"]);
    let hour = prop::sample::select(vec!["*", "*/2", "0", "1", "2", "3", "23", "0-3", "9-17"]);
    let day = prop::sample::select(vec!["*", "*/2", "1", "28-31"]);
    let weekday = prop::sample::select(vec!["*", "0", "1-5", "SAT,SUN"]);
    (minute, hour, day, weekday).prop_map(|(minute, hour, day, weekday)| format!("{minute} {hour} {day} * {weekday}"))
}

proptest! {
    /// The next one is later, no instant on the way to it has another, and the wall clock shows a time
    /// that the expression names, or was just put forward over one.
    #[test]
    fn in_every_zone(expression in expressions(), zone in zones(), at in instants(), part in 0.0..1.0_f64) {
        let schedule = Schedule::parse(&expression, zone).unwrap();
        let next = schedule.next(at).unwrap();
        prop_assert!(next > at);
        let between = Moment(at.0 + ((next.0 - at.0 - 1) as f64 * part) as i64);
        prop_assert_eq!(schedule.next(between), Some(next));
        let wall = wall_clock(zone, next);
        let names = |wall: NaiveDateTime| schedule.next_wall(wall - TimeDelta::milliseconds(1)) == Some(wall);
        let before = wall_clock(zone, Moment(next.0 - 1));
        let jumped_over = schedule.next_wall(before).is_some_and(|left_out| left_out < wall);
        prop_assert!(names(wall) || (!schedule.fields.goes_by_the_hour() && jumped_over), "{} {}", wall, before);
    }

    /// What names its hours fires at most once for each time of the wall clock, in order.
    #[test]
    fn once_for_each_time(zone in zones(), at in instants(), hour in 0..24_u32, minute in 0..60_u32) {
        let schedule = Schedule::parse(&format!("{minute} {hour} * * *"), zone).unwrap();
        // What the clock was put forward over fires at the jump, which may be on the next day already.
        let date = |at: Moment| {
            let (wall, before) = (wall_clock(zone, at), wall_clock(zone, Moment(at.0 - 1)));
            let stands = (wall.hour(), wall.minute()) == (hour, minute);
            let is_over = (before.hour(), before.minute()) >= (hour, minute);
            if stands { wall.date() } else { before.date() + TimeDelta::days(i64::from(is_over)) }
        };
        let dates: Vec<_> = schedule.after(at).take(400).map(date).collect();
        prop_assert!(dates.windows(2).all(|two| two[0] < two[1]));
        // A day is left out whole where a zone went over the date line; else there is one on each.
        let span = (dates[399] - dates[0]).num_days();
        prop_assert!((399..=400).contains(&span), "{}", span);
    }

    /// Of whatever was missed, what is due is the last, and nothing is due any more once it was done.
    #[test]
    fn catching_up(expression in expressions(), zone in zones(), done in instants(), down_mins in 0..100_000_i64) {
        let schedule = Schedule::parse(&expression, zone).unwrap();
        let now = Moment(done.0 + down_mins * 60_000);
        match schedule.due(done, now) {
            None => prop_assert!(schedule.next(done).unwrap() > now),
            Some(Firing { at, stands_for_more }) => {
                prop_assert!(at > done && at <= now);
                prop_assert!(schedule.next(at).unwrap() > now);
                prop_assert_eq!(stands_for_more, schedule.next(done) != Some(at));
                prop_assert_eq!(schedule.due(at, now), None);
            }
        }
    }

    /// Whatever is written, it is understood or refused with a word.
    #[test]
    fn nothing_panics(text in "[-0-9*/,@?LW# a-zA-Z]{0,40}") {
        match Schedule::parse(&text, Zone::UTC) {
            Ok(schedule) => prop_assert!(!schedule.to_string().is_empty()),
            Err(mistake) => prop_assert!(!mistake.to_string().is_empty()),
        }
    }
}
