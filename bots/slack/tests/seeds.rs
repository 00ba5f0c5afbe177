//! The seeds of the fuzz targets, played through what the fuzzer checks (`fuzz/`).

#[path = "../../../fuzz/src/lib.rs"]
mod fuzz;

use std::path::Path;

#[test]
fn every_seed_holds() {
    for (target, holds) in [
        ("slack_frame", fuzz::slack_frame as fn(&str)),
        ("slack_message", fuzz::slack_message),
        ("verb", fuzz::verb),
        ("card", fuzz::card),
    ] {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
        let seeds: Vec<_> = std::fs::read_dir(seeds).unwrap().map(|seed| seed.unwrap().path()).collect();
        assert!(!seeds.is_empty(), "{target} has no seeds");
        for seed in seeds {
            let text = std::fs::read_to_string(&seed).unwrap();
            let held = std::panic::catch_unwind(|| holds(&text));
            assert!(held.is_ok(), "{} does not hold", seed.display());
        }
    }
}
