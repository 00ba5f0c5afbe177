//! The page at `/`: what is said in the channels, for a person who watches. It loads itself again.

use crate::transcript;
use crate::world::World;

/// Seconds between two loads.
const REFRESH_SECS: u32 = 2;

/// The page as it is now.
pub(crate) fn page(world: &World) -> String {
    let said = escape(&transcript::transcript(world));
    let said = if said.is_empty() { "Nothing was said yet.".into() } else { said };
    let complaints =
        world.record.complaints().iter().rev().take(20).map(|c| format!("<li>{}</li>", escape(c))).collect::<String>();
    let wrong = if complaints.is_empty() {
        String::new()
    } else {
        format!("<h2>Wrong calls, latest first</h2><ul>{complaints}</ul>")
    };
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"{REFRESH_SECS}\">\
         <title>fake Slack</title><style>body{{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}}\
         pre{{white-space:pre-wrap;font:inherit}}</style></head><body><h1>fake Slack</h1><pre>{said}</pre>{wrong}</body></html>"
    )
}

fn escape(text: &str) -> String {
    crate::words::escape(text).replace('"', "&quot;")
}
