//! What files can be: the types that are told apart, what their names may end with, and which are
//! taken where nobody says otherwise.

/// What nobody here knows.
pub const UNKNOWN: &str = "application/octet-stream";
/// The pictures that browsers show in place, and that lose their notes here.
pub const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Every type that is told apart, with the endings that a name may have, the usual one first.
pub const KINDS: [(&str, &[&str]); 27] = [
    ("image/png", &["png"]),
    ("image/jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
    ("image/gif", &["gif"]),
    ("image/webp", &["webp"]),
    ("image/heic", &["heic"]),
    ("image/svg+xml", &["svg"]),
    ("application/pdf", &["pdf"]),
    ("text/plain", &["txt", "log", "md", "tsv", "ini", "cfg", "conf", "toml", "yml", "yaml", "diff", "patch", "eml"]),
    ("text/csv", &["csv"]),
    ("text/html", &["html", "htm"]),
    ("application/json", &["json", "har", "geojson"]),
    ("application/xml", &["xml"]),
    ("video/mp4", &["mp4", "m4v"]),
    ("video/webm", &["webm"]),
    ("video/quicktime", &["mov", "qt"]),
    ("video/x-matroska", &["mkv"]),
    ("audio/mpeg", &["mp3"]),
    ("audio/mp4", &["m4a"]),
    ("audio/ogg", &["ogg", "oga", "opus"]),
    ("audio/wav", &["wav"]),
    ("application/zip", &["zip"]),
    ("application/gzip", &["gz", "tgz"]),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"]),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"]),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"]),
    ("application/vnd.oasis.opendocument.text", &["odt"]),
    ("application/vnd.oasis.opendocument.spreadsheet", &["ods"]),
];

/// What is taken where the configuration does not say: what helps to explain a problem. HTML and SVG
/// are among it because nothing here ever shows them; HEIC is not, because it keeps its location.
pub const ALLOWED: [&str; 21] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/svg+xml",
    "application/pdf",
    "text/plain",
    "text/csv",
    "text/html",
    "application/json",
    "application/xml",
    "video/mp4",
    "video/webm",
    "video/quicktime",
    "audio/mpeg",
    "audio/mp4",
    "application/zip",
    "application/gzip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
];

/// The endings that a file of this type may have, the usual one first; none where anything goes.
pub fn endings(media_type: &str) -> &'static [&'static str] {
    KINDS.iter().find(|(kind, _)| *kind == media_type).map_or(&[], |(_, endings)| endings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_and_what_is_a_picture_is_known() {
        for media_type in ALLOWED.iter().chain(&PICTURES) {
            assert!(!endings(media_type).is_empty(), "{media_type}");
        }
        assert!(!ALLOWED.contains(&UNKNOWN));
    }
}
