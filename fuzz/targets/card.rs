#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| threadline_fuzz::card(text));
