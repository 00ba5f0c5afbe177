//! The browser's files, embedded and compressed by `build.rs`: the widget's loader and chat, the
//! sample shop and the practice desk. Called by the web's routes; knows nothing of requests beyond
//! what a browser accepts.

/// A file for browsers.
#[derive(Debug)]
pub struct Asset {
    /// Where it is asked for.
    pub path: &'static str,
    /// What it is.
    pub content_type: &'static str,
    /// As it is.
    pub identity: &'static [u8],
    /// Compressed for `br`.
    pub brotli: &'static [u8],
    /// Compressed for `gzip`.
    pub gzip: &'static [u8],
    /// Names the content; weak, since it is the same for every encoding.
    pub etag: &'static str,
    /// True when the path will never lead to other content.
    pub immutable: bool,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file at a path: `/widget.js`, `/shop.html`, `/practice.html` or something under `/assets/`.
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// The smallest form of a file that a browser with this `Accept-Encoding` takes, and its name.
pub fn encoded(asset: &'static Asset, accept_encoding: Option<&str>) -> (&'static [u8], Option<&'static str>) {
    let accepted = accept_encoding.unwrap_or_default();
    if accepts(accepted, "br") {
        (asset.brotli, Some("br"))
    } else if accepts(accepted, "gzip") {
        (asset.gzip, Some("gzip"))
    } else {
        (asset.identity, None)
    }
}

/// True when the list names the encoding and does not rule it out by `q=0` (RFC 9110, 12.5.3).
fn accepts(list: &str, encoding: &str) -> bool {
    list.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).unwrap_or("1");
        named && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use std::io::Read;

    /// What a page carries before its visitor asks for anything.
    const LOADER_BYTES_MAX: usize = 5_000;
    /// What a customer's first click costs in all.
    const WIDGET_BYTES_MAX: usize = 20_000;
    /// What a part may cost that is fetched only when it is wanted.
    const PART_BYTES_MAX: usize = 6_000;

    fn text(asset: &Asset) -> &'static str {
        std::str::from_utf8(asset.identity).unwrap()
    }

    #[test]
    #[expect(clippy::print_stdout, reason = "what the widget weighs is worth reading with every run")]
    fn the_widget_is_small() {
        let weight = |path: &str| find(path).unwrap().brotli.len();
        let (loader, chat) = (weight("/widget.js"), weight("/assets/chat.js"));
        let parts = ["files", "rating", "mine", "hours"].map(|part| (part, weight(&format!("/assets/{part}.js"))));
        println!("the loader has {loader} bytes, the chat {chat}; when wanted {parts:?}");
        assert!(loader <= LOADER_BYTES_MAX, "the loader has {loader} bytes");
        assert!(loader + chat <= WIDGET_BYTES_MAX, "loader and chat have {loader} + {chat} bytes");
        assert!(parts.iter().all(|(_, bytes)| *bytes <= PART_BYTES_MAX), "{parts:?}");
    }

    #[test]
    fn every_file_is_there_under_a_name_of_its_own() {
        let mut paths: Vec<String> = ASSETS
            .iter()
            .map(|asset| {
                let hash = asset.etag.trim_start_matches("W/").trim_matches('"');
                assert_eq!(asset.immutable, asset.path.contains(hash), "{}", asset.path);
                asset.path.replace(hash, "<hash>")
            })
            .collect();
        paths.sort();
        expect![[r#"
            /assets/chat-<hash>.js
            /assets/chat.js
            /assets/files-<hash>.js
            /assets/files.js
            /assets/hours-<hash>.js
            /assets/hours.js
            /assets/mine-<hash>.js
            /assets/mine.js
            /assets/practice-<hash>.css
            /assets/practice-<hash>.js
            /assets/rating-<hash>.js
            /assets/rating.js
            /assets/session-<hash>.css
            /assets/session-<hash>.js
            /assets/shop-<hash>.css
            /assets/shop-<hash>.js
            /assets/ticket-<hash>.css
            /assets/ticket-<hash>.js
            /assets/widget-shy.js
            /practice.html
            /session.html
            /shop.html
            /ticket.html
            /widget.js
        "#]]
        .assert_eq(&(paths.join("\n") + "\n"));
    }

    #[test]
    fn what_a_file_links_to_is_there() {
        let mut links = 0;
        for asset in ASSETS {
            for link in text(asset).split(['"', '\'']).filter(|part| part.starts_with("/assets/") && part.contains('.'))
            {
                assert!(find(link).is_some(), "{} links to {link}", asset.path);
                links += 1;
            }
        }
        assert_eq!(
            links, 28,
            "both loaders, chat and its four parts by name and by hash, a script and a style for each page"
        );
    }

    #[test]
    fn no_comment_and_no_import_is_shipped() {
        for asset in ASSETS.iter().filter(|asset| asset.path.ends_with(".js")) {
            for line in text(asset).lines() {
                assert!(
                    !line.starts_with("//") && !line.starts_with("/*") && !line.starts_with("import "),
                    "{}: {line}",
                    asset.path
                );
            }
        }
    }

    #[test]
    fn a_browser_gets_the_smallest_form_that_it_takes() {
        let asset = find("/widget.js").unwrap();
        let encoding = |accepted| encoded(asset, accepted).1;
        assert_eq!(encoding(Some("gzip, deflate, br, zstd")), Some("br"));
        assert_eq!(encoding(Some("GZIP;q=0.8")), Some("gzip"));
        assert_eq!(encoding(Some("br;q=0, gzip;q=1.0")), Some("gzip"));
        assert_eq!(encoding(Some("br;q=0")), None);
        assert_eq!(encoding(Some("brotli")), None);
        assert_eq!(encoding(None), None);
    }

    #[test]
    fn compressed_forms_are_smaller_and_say_the_same() {
        for asset in ASSETS {
            assert!(asset.brotli.len() < asset.gzip.len() && asset.gzip.len() < asset.identity.len(), "{}", asset.path);
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(asset.gzip).read_to_end(&mut plain).unwrap();
            assert_eq!(plain, asset.identity, "{}", asset.path);
            plain.clear();
            brotli::Decompressor::new(asset.brotli, 4096).read_to_end(&mut plain).unwrap();
            assert_eq!(plain, asset.identity, "{}", asset.path);
        }
    }
}
