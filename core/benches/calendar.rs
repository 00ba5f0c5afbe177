//! How long a calendar's answers take, at random instants of two years: `cargo bench -p
//! threadline-core --bench calendar`. The goal is a million of each a second, 1,000 ns.

use std::hint::black_box;
use std::time::Instant;
use threadline_core::calendar::{Calendar, Holidays, Hours, Zone};
use threadline_core::ids::Moment;

const QUESTIONS: i64 = 1_000_000;
/// 2026-01-01T00:00Z.
const FROM: i64 = 1_767_225_600_000;
const HOUR: i64 = 3_600_000;
const TWO_YEARS: i64 = 2 * 365 * 24 * HOUR;

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn main() {
    for (zone, hours, country) in [
        ("America/New_York", "Mo-Fr 09:00-18:00; Sa 10:00-14:00; PH off", Some("US")),
        ("America/Los_Angeles", "Mo-Th 06:00-24:00; Fr 06:00-21:00; Sa-Su 09:00-21:00", None),
        ("Europe/Madrid", "24/7", None),
    ] {
        let started = Instant::now();
        let calendar = calendar(zone, hours, country);
        println!("{hours} in {zone}\n  {:24} {:>9.1} µs", "read", started.elapsed().as_secs_f64() * 1e6);
        let started = Instant::now();
        black_box(calendar.is_open(Moment(FROM)));
        println!("  {:24} {:>9.1} µs", "first answer of a year", started.elapsed().as_secs_f64() * 1e6);
        measure("open?", |at| calendar.is_open(at));
        measure("next opening", |at| calendar.next_opening(at));
        measure("next closing", |at| calendar.next_closing(at));
        measure("+ 5 business minutes", |at| calendar.add_millis(at, 5 * HOUR / 60));
        measure("+ 40 business hours", |at| calendar.add_millis(at, 40 * HOUR));
        measure("+ 2 business days", |at| calendar.add_days(at, 2));
        measure("business time, 3 days", |at| calendar.between_millis(at, at.plus_millis(72 * HOUR)));
        measure("first slot of an hour", |at| calendar.slots(at, at.plus_millis(168 * HOUR), HOUR).next());
    }
}

fn calendar(zone: &str, hours: &str, country: Option<&str>) -> Calendar {
    let holidays = country.map_or_else(Holidays::default, |code| Holidays::of(code).expect("a country"));
    Calendar::new(zone.parse::<Zone>().expect("a zone"), Hours::parse(hours, &holidays).expect("hours"), Vec::new())
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn measure<T>(question: &str, ask: impl Fn(Moment) -> T) {
    // The years are expanded when they are first asked about; that is not what is measured.
    (0..1_000).for_each(|nth| drop(black_box(ask(Moment(FROM + nth * TWO_YEARS / 1_000)))));
    let started = Instant::now();
    for nth in 0..QUESTIONS {
        // A stride that is no multiple of anything, so that each answer lies elsewhere.
        black_box(ask(Moment(FROM + nth * 37_861_777 % TWO_YEARS)));
    }
    println!("  {question:24} {:>9.0} ns", started.elapsed().as_secs_f64() * 1e9 / QUESTIONS as f64);
}
