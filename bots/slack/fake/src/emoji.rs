//! The emoji this Slack knows: common ones by their short names. Custom ones are in the workspace.

/// Short names and glyphs.
#[rustfmt::skip] // a table: one pair a line would be two screens of nothing
const EMOJI: &[(&str, &str)] = &[
    ("+1", "👍"), ("thumbsup", "👍"), ("-1", "👎"), ("thumbsdown", "👎"), ("wave", "👋"), ("clap", "👏"),
    ("pray", "🙏"), ("ok_hand", "👌"), ("raised_hands", "🙌"), ("muscle", "💪"), ("point_up", "☝️"), ("point_right", "👉"),
    ("smile", "😄"), ("smiley", "😃"), ("grinning", "😀"), ("grin", "😁"), ("joy", "😂"), ("slightly_smiling_face", "🙂"),
    ("wink", "😉"), ("blush", "😊"), ("heart_eyes", "😍"), ("sunglasses", "😎"), ("thinking_face", "🤔"), ("neutral_face", "😐"),
    ("cry", "😢"), ("sob", "😭"), ("scream", "😱"), ("rage", "😡"), ("sweat_smile", "😅"), ("confused", "😕"),
    ("disappointed", "😞"), ("sleeping", "😴"), ("robot_face", "🤖"), ("ghost", "👻"), ("skull", "💀"), ("eyes", "👀"),
    ("eye", "👁️"), ("speech_balloon", "💬"), ("thought_balloon", "💭"), ("heart", "❤️"), ("broken_heart", "💔"), ("100", "💯"),
    ("fire", "🔥"), ("tada", "🎉"), ("sparkles", "✨"), ("star", "⭐"), ("star2", "🌟"), ("zap", "⚡"),
    ("boom", "💥"), ("rocket", "🚀"), ("bulb", "💡"), ("bug", "🐛"), ("snail", "🐌"), ("dog", "🐶"),
    ("cat", "🐱"), ("heavy_check_mark", "✔️"), ("white_check_mark", "✅"), ("ballot_box_with_check", "☑️"), ("x", "❌"),
    ("heavy_multiplication_x", "✖️"), ("warning", "⚠️"), ("no_entry", "⛔"), ("no_entry_sign", "🚫"), ("exclamation", "❗"),
    ("heavy_exclamation_mark", "❗"), ("question", "❓"), ("bangbang", "‼️"), ("information_source", "ℹ️"), ("red_circle", "🔴"),
    ("large_blue_circle", "🔵"), ("large_green_circle", "🟢"), ("large_yellow_circle", "🟡"), ("white_circle", "⚪"),
    ("black_circle", "⚫"), ("arrow_right", "➡️"), ("arrow_left", "⬅️"), ("arrow_up", "⬆️"), ("arrow_down", "⬇️"),
    ("arrows_counterclockwise", "🔄"), ("repeat", "🔁"), ("fast_forward", "⏩"), ("hourglass", "⌛"),
    ("hourglass_flowing_sand", "⏳"), ("watch", "⌚"), ("alarm_clock", "⏰"), ("stopwatch", "⏱️"), ("clock1", "🕐"),
    ("calendar", "📅"), ("date", "📅"), ("spiral_calendar_pad", "🗓️"), ("email", "📧"), ("e-mail", "📧"), ("envelope", "✉️"),
    ("incoming_envelope", "📨"), ("envelope_with_arrow", "📩"), ("inbox_tray", "📥"), ("outbox_tray", "📤"), ("mailbox", "📫"),
    ("memo", "📝"), ("pencil", "📝"), ("pencil2", "✏️"), ("paperclip", "📎"), ("link", "🔗"), ("lock", "🔒"), ("unlock", "🔓"),
    ("key", "🔑"), ("bell", "🔔"), ("no_bell", "🔕"), ("mega", "📣"), ("loudspeaker", "📢"), ("phone", "☎️"), ("telephone_receiver", "📞"),
    ("iphone", "📱"), ("computer", "💻"), ("desktop_computer", "🖥️"), ("floppy_disk", "💾"), ("package", "📦"), ("gift", "🎁"),
    ("wrench", "🔧"), ("hammer", "🔨"), ("hammer_and_wrench", "🛠️"), ("gear", "⚙️"), ("mag", "🔍"), ("bookmark", "🔖"),
    ("ticket", "🎫"), ("tickets", "🎟️"), ("label", "🏷️"), ("pushpin", "📌"), ("round_pushpin", "📍"), ("chart_with_upwards_trend", "📈"),
    ("bar_chart", "📊"), ("clipboard", "📋"), ("file_folder", "📁"), ("page_facing_up", "📄"), ("newspaper", "📰"), ("book", "📖"),
    ("books", "📚"), ("globe_with_meridians", "🌐"), ("earth_africa", "🌍"), ("sunny", "☀️"), ("cloud", "☁️"), ("rainbow", "🌈"),
    ("coffee", "☕"), ("pizza", "🍕"), ("beer", "🍺"), ("house", "🏠"), ("office", "🏢"), ("bust_in_silhouette", "👤"),
    ("busts_in_silhouette", "👥"), ("zzz", "💤"), ("sos", "🆘"), ("new", "🆕"), ("ok", "🆗"), ("free", "🆓"), ("recycle", "♻️"),
    ("ladder", "🪜"), ("fire_engine", "🚒"), ("ambulance", "🚑"), ("police_car", "🚓"), ("construction", "🚧"), ("flag-de", "🇩🇪"),
];

/// The glyph of a short name, with or without a skin tone (`wave::skin-tone-3`).
pub(crate) fn glyph(name: &str) -> Option<&'static str> {
    let name = match name.split_once("::") {
        Some((name, tone)) => {
            let tone: u8 = tone.strip_prefix("skin-tone-")?.parse().ok()?;
            (2..=6).contains(&tone).then_some(name)?
        }
        None => name,
    };
    EMOJI.iter().find(|(known, _)| *known == name).map(|(_, glyph)| *glyph)
}

/// A glyph as Slack spells it in `unicode`: code points in hexadecimal, joined by dashes.
pub(crate) fn code_points(glyph: &str) -> String {
    glyph.chars().map(|c| format!("{:x}", c as u32)).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_have_glyphs_and_code_points() {
        assert_eq!(glyph("wave::skin-tone-3"), Some("👋"));
        assert_eq!((glyph("wave::skin-tone-9"), glyph("nonsense"), glyph(":wave:")), (None, None, None));
        assert_eq!(code_points("✔️"), "2714-fe0f");
    }
}
