#![no_main]
#![allow(dead_code, reason = "the service's own files, of which this reads letters only")]

#[path = "../../src/email/address.rs"]
mod address;
#[path = "../../src/email/automatic.rs"]
mod automatic;
#[path = "../../src/email/html.rs"]
mod html;
#[path = "../src/letter.rs"]
mod letter;
#[path = "../../src/email/quotes.rs"]
mod quotes;
#[path = "../../src/email/reading.rs"]
mod reading;

libfuzzer_sys::fuzz_target!(|raw: &[u8]| letter::letter(raw));
