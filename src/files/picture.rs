//! Pictures: whether they can be shown, how large they are, without what their camera noted, and
//! made small. All of it takes processor time and memory; the caller keeps it off the async threads.

use super::strip;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::borrow::Cow;
use std::io::Cursor;

/// Most pixels of a picture that is opened: what the largest phone cameras take (50 megapixels), and
/// 200 MB in memory.
const PIXELS_MAX: u64 = 50_000_000;
/// Longest side of a picture that is opened: what browsers can show.
const SIDE_MAX: u32 = 32_767;
/// Most memory that opening a picture may take.
const MEMORY_BYTES_MAX: u64 = 320 * 1024 * 1024;
/// Longest side of a thumbnail: as wide as the chat, on a screen with two pixels a point.
const THUMBNAIL_SIDE: u32 = 640;
/// Quality of a thumbnail's JPEG, of 100.
const THUMBNAIL_QUALITY: u8 = 80;

/// A picture that can be shown.
#[derive(Debug)]
pub(super) struct Opened {
    /// The picture without its notes.
    pub bytes: Vec<u8>,
    /// As it is looked at.
    pub width: u32,
    /// As it is looked at.
    pub height: u32,
    /// A small version.
    pub thumbnail: Vec<u8>,
}

/// Opens a picture of this type; none when it cannot be read, or would be too large in memory.
pub(super) fn open(bytes: &[u8], media_type: &str) -> Option<Opened> {
    let format = ImageFormat::from_mime_type(media_type)?;
    // What stands in a PNG beside its pixels is compressed, and reading it would inflate it all.
    let bytes = if format == ImageFormat::Png { Cow::Owned(strip::png(bytes)?) } else { Cow::Borrowed(bytes) };
    let mut reader = ImageReader::with_format(Cursor::new(&bytes[..]), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let whole = DynamicImage::from_decoder(decoder).ok()?;
    let mut small =
        if width.max(height) > THUMBNAIL_SIDE { whole.thumbnail(THUMBNAIL_SIDE, THUMBNAIL_SIDE) } else { whole };
    let bytes = match format {
        ImageFormat::Jpeg => strip::jpeg(&bytes, orientation.to_exif()),
        ImageFormat::Png => Some(bytes.into_owned()),
        ImageFormat::WebP => strip::webp(&bytes),
        ImageFormat::Gif => strip::gif(&bytes),
        _ => None,
    }?;
    // Browsers turn a JPEG by its notes; of the others the notes are gone.
    let (mut width, mut height) = (width, height);
    if format == ImageFormat::Jpeg {
        let turned = (5..=8).contains(&orientation.to_exif());
        (width, height) = if turned { (height, width) } else { (width, height) };
        small.apply_orientation(orientation);
    }
    Some(Opened { bytes, width, height, thumbnail: encoded(small)? })
}

fn encoded(small: DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    if small.color().has_alpha() {
        small.into_rgba8().write_to(&mut bytes, ImageFormat::Png).ok()?;
    } else {
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, THUMBNAIL_QUALITY);
        small.into_rgb8().write_with_encoder(encoder).ok()?;
    }
    Some(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbaImage;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgba8(RgbaImage::new(width, height)).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_picture_is_made_small_and_a_small_one_stays() {
        let large = open(&png(1_300, 700), "image/png").unwrap();
        assert_eq!((large.width, large.height), (1_300, 700));
        let thumbnail = image::load_from_memory(&large.thumbnail).unwrap();
        assert_eq!((thumbnail.width(), thumbnail.height()), (640, 345));
        let small = open(&png(20, 10), "image/png").unwrap();
        let thumbnail = image::load_from_memory(&small.thumbnail).unwrap();
        assert_eq!((thumbnail.width(), thumbnail.height()), (20, 10));
    }

    #[test]
    fn a_turned_jpeg_is_as_it_is_looked_at() {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(30, 20).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
        let turned = strip::jpeg(&bytes.into_inner(), 6).unwrap();
        let opened = open(&turned, "image/jpeg").unwrap();
        let thumbnail = image::load_from_memory(&opened.thumbnail).unwrap();
        assert_eq!((opened.width, opened.height, thumbnail.width(), thumbnail.height()), (20, 30, 20, 30));
        assert_eq!(opened.bytes, turned);
    }

    /// The head of a PNG that says it is this large, and hardly anything behind it.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = png(1, 1);
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = crc32(&bytes[12..29]).to_be_bytes();
        bytes[29..33].copy_from_slice(&crc);
        bytes
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
        })
    }

    #[test]
    fn bombs_and_broken_pictures_are_not_opened() {
        for (bytes, kind) in [
            (bomb(60_000, 60_000), "image/png"),
            (bomb(20_000, 20_000), "image/png"),
            (bomb(1, u32::MAX), "image/png"),
            (b"\x89PNG\r\n\x1a\n".to_vec(), "image/png"),
            (png(9, 9)[..60].to_vec(), "image/png"),
            (b"GIF89a/*\0\0\0*/=1;alert(1)".to_vec(), "image/gif"),
            (b"\xff\xd8\xff\xe0".to_vec(), "image/jpeg"),
            (png(9, 9), "image/jpeg"),
            (png(9, 9), "application/pdf"),
        ] {
            assert!(open(&bytes, kind).is_none(), "{kind}");
        }
    }
}
