//! The seeds of the fuzz target `letter`, played through what the fuzzer checks (`fuzz/`). Test only.

use super::hostile;
use std::path::Path;

#[test]
fn every_seed_holds() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/letter");
    let mut held = 0;
    for seed in std::fs::read_dir(seeds).unwrap() {
        let seed = seed.unwrap().path();
        let raw = std::fs::read(&seed).unwrap();
        let holds = std::panic::catch_unwind(|| hostile::letter(&raw));
        assert!(holds.is_ok(), "{} does not hold", seed.display());
        held += 1;
    }
    assert!(held > 0, "there are no seeds");
}
