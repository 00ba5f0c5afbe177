pub struct Asset {
    pub path: &'static str,
    pub content_type: &'static str,
    pub identity: &'static [u8],
    pub brotli: &'static [u8],
    pub gzip: &'static [u8],
    pub etag: &'static str,
    pub immutable: bool,
}
pub fn find(path: &str) -> Option<&'static Asset> {
    None
}
pub fn encoded(a: &'static Asset, accept_encoding: Option<&str>) -> (&'static [u8], Option<&'static str>) {
    (a.identity, None)
}
