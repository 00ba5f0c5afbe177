//! Pictures without what their camera or program noted in them: where and when, with what, by whom.
//! Bit by bit what is needed to show the picture is kept, everything else is left out, and so is
//! whatever stands behind the picture's end. Nothing is decoded, so nothing is lost or gets large.

use std::iter;

/// JPEG: `FF D8`, then segments of `FF`, a marker, a length and its content.
mod jpeg {
    pub const EOI: u8 = 0xd9;
    pub const SOS: u8 = 0xda;
    pub const APP0: u8 = 0xe0;
    pub const APP1: u8 = 0xe1;
    pub const APP2: u8 = 0xe2;
    pub const APP14: u8 = 0xee;
}

/// PNG's parts that say how to show it: pixels, palette, transparency, colours, size, animation.
const PNG_KEPT: [&[u8; 4]; 14] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"acTL",
    b"fcTL", b"fdAT",
];
/// Longest colour profile of a PNG that is kept, in bytes as they stand there: screens and cameras write
/// some thousand. It is compressed, up to a thousandfold, and whoever looks at the picture inflates it.
const PNG_PROFILE_BYTES_MAX: usize = 64 * 1024;
/// WebP's parts that say how to show it.
const WEBP_KEPT: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// In the first byte of `VP8X`: the file has EXIF or XMP.
const WEBP_NOTED: u8 = 0x08 | 0x04;

/// A JPEG without its notes. `orientation` is EXIF's number of how it has to be turned, 1 for not at
/// all. None when it is no whole JPEG.
pub(super) fn jpeg(bytes: &[u8], orientation: u8) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let mut kept = vec![0xff, 0xd8];
    let mut noted = false;
    loop {
        let at = rest.iter().position(|byte| *byte != 0xff)?;
        let marker = *rest.get(at).filter(|_| at > 0)?;
        rest = &rest[at + 1..];
        if marker == jpeg::EOI {
            kept.extend([0xff, jpeg::EOI]);
            return Some(kept);
        }
        // The notes stand before all else but JFIF's, which has to be the first.
        if !noted && marker != jpeg::APP0 {
            noted = true;
            if orientation > 1 {
                kept.extend(exif_segment(orientation));
            }
        }
        let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let (segment, after) = rest.split_at_checked(length.max(2))?;
        rest = after;
        let content = &segment[2..];
        let keep = match marker {
            0xc0..=0xcf | 0xdb..=0xdf | jpeg::SOS => true,
            jpeg::APP0 => content.starts_with(b"JFIF\0"),
            jpeg::APP2 => content.starts_with(b"ICC_PROFILE\0"),
            jpeg::APP14 => content.starts_with(b"Adobe"),
            _ => false,
        };
        if keep {
            kept.extend([0xff, marker]);
            kept.extend_from_slice(segment);
        }
        if marker == jpeg::SOS {
            // Pixels, up to a marker that is none of theirs: `FF 00` and `FF D0` to `FF D7` are.
            let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
            let end = rest.windows(2).position(ends)?;
            kept.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
    }
}

/// EXIF that says nothing but how to turn the picture.
fn exif_segment(orientation: u8) -> Vec<u8> {
    let exif = exif(orientation);
    let length = u16::try_from(2 + 6 + exif.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut segment = vec![0xff, jpeg::APP1];
    segment.extend(length);
    segment.extend_from_slice(b"Exif\0\0");
    segment.extend(exif);
    segment
}

/// TIFF, big endian, with one directory of one entry: orientation (0x0112), one short.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.push(orientation);
    exif.extend([0; 6]);
    exif
}

/// A PNG without its notes. None when it is no whole PNG.
pub(super) fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    let mut kept = SIGNATURE.to_vec();
    loop {
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let (chunk, after) = rest.split_at_checked(length.checked_add(12)?)?;
        rest = after;
        let kind = &chunk[4..8];
        let is_bomb = kind == b"iCCP" && length > PNG_PROFILE_BYTES_MAX;
        if !is_bomb && PNG_KEPT.iter().any(|kept| kept.as_slice() == kind) {
            kept.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(kept);
        }
    }
}

/// A WebP without its notes, turned as it was: its EXIF is not what browsers turn it by. None when
/// it is no whole WebP.
pub(super) fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    let size = u32::from_le_bytes(*bytes.strip_prefix(b"RIFF")?.first_chunk()?) as usize;
    let mut rest = bytes.get(8..)?.get(..size)?.strip_prefix(b"WEBP")?;
    let mut kept = b"WEBP".to_vec();
    while !rest.is_empty() {
        let length = u32::from_le_bytes(*rest.get(4..)?.first_chunk()?) as usize;
        let (chunk, after) = rest.split_at_checked(length.checked_add(8)?)?;
        // A chunk of odd length is filled up; the last one of a careless program is not.
        rest = if length % 2 == 1 { after.get(1..).unwrap_or_default() } else { after };
        let kind = &chunk[..4];
        if !WEBP_KEPT.iter().any(|kept| kept.as_slice() == kind) {
            continue;
        }
        let at = kept.len();
        kept.extend_from_slice(chunk);
        kept.extend(iter::repeat_n(0, length % 2));
        if kind == b"VP8X" && length > 0 {
            kept[at + 8] &= !WEBP_NOTED;
        }
    }
    let size = u32::try_from(kept.len()).ok()?.to_le_bytes();
    Some([b"RIFF".as_slice(), &size, &kept].concat())
}

/// A GIF without its comments and what programs added, but how often it repeats. None when it is no
/// whole GIF.
pub(super) fn gif(bytes: &[u8]) -> Option<Vec<u8>> {
    const IMAGE: u8 = 0x2c;
    const EXTENSION: u8 = 0x21;
    const TRAILER: u8 = 0x3b;
    const GRAPHIC_CONTROL: u8 = 0xf9;
    const APPLICATION: u8 = 0xff;
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    if !bytes.starts_with(b"GIF87a") && !bytes.starts_with(b"GIF89a") {
        return None;
    }
    let (head, mut rest) = bytes.split_at_checked(13 + colours(*bytes.get(10)?))?;
    let mut kept = head.to_vec();
    loop {
        let begin = match *rest.first()? {
            IMAGE => 10 + colours(*rest.get(9)?) + 1,
            EXTENSION => 2,
            TRAILER => {
                kept.push(TRAILER);
                return Some(kept);
            }
            _ => return None,
        };
        let label = *rest.get(1)?;
        let mut end = begin;
        while let length @ 1.. = usize::from(*rest.get(end)?) {
            end += 1 + length;
        }
        let (block, after) = rest.split_at_checked(end + 1)?;
        let repeats = label == APPLICATION && block.get(3..14) == Some(b"NETSCAPE2.0");
        if block[0] == IMAGE || label == GRAPHIC_CONTROL || repeats {
            kept.extend_from_slice(block);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, ImageReader, RgbImage};
    use proptest::prelude::*;
    use std::io::Cursor;

    const SECRET: &[u8] = b"N 52.5200 E 13.4050";

    fn picture() -> DynamicImage {
        RgbImage::from_fn(31, 17, |x, y| image::Rgb([(x * 8) as u8, (y * 15) as u8, 90])).into()
    }

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn decoded(bytes: &[u8], format: ImageFormat) -> DynamicImage {
        ImageReader::with_format(Cursor::new(bytes), format).decode().unwrap()
    }

    fn has_secret(bytes: &[u8]) -> bool {
        bytes.windows(SECRET.len()).any(|window| window == SECRET)
    }

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], length.as_slice(), content].concat()
    }

    fn insert(bytes: &[u8], at: usize, part: &[u8]) -> Vec<u8> {
        [&bytes[..at], part, &bytes[at..]].concat()
    }

    #[test]
    fn a_jpeg_keeps_its_pixels_and_how_it_is_turned_and_nothing_else() {
        let plain = encoded(ImageFormat::Jpeg);
        let noted = [b"Exif\0\0".as_slice(), SECRET].concat();
        let mut bytes = insert(&plain, 2, &segment(jpeg::APP1, &noted));
        bytes = insert(&bytes, 2, &segment(0xfe, SECRET));
        bytes = insert(&bytes, 2, &segment(0xed, SECRET));
        bytes = insert(&bytes, 2, &segment(jpeg::APP2, &[b"MPF\0".as_slice(), SECRET].concat()));
        bytes.extend_from_slice(SECRET);
        let stripped = jpeg(&bytes, 1).unwrap();
        assert!(has_secret(&bytes) && !has_secret(&stripped));
        assert_eq!(decoded(&stripped, ImageFormat::Jpeg), decoded(&plain, ImageFormat::Jpeg));
        let turned = jpeg(&bytes, 6).unwrap();
        let reader = ImageReader::with_format(Cursor::new(&turned), ImageFormat::Jpeg);
        let orientation = image::ImageDecoder::orientation(&mut reader.into_decoder().unwrap()).unwrap();
        assert_eq!(orientation.to_exif(), 6);
        assert_eq!(jpeg(&turned, 6).unwrap(), turned, "stripping twice is stripping once");
    }

    #[test]
    fn a_png_keeps_its_pixels_only() {
        let plain = encoded(ImageFormat::Png);
        let text = [&(SECRET.len() as u32).to_be_bytes(), b"tEXt".as_slice(), SECRET, &[0; 4]].concat();
        let bytes = [insert(&plain, 33, &text), SECRET.to_vec()].concat();
        assert_eq!(png(&bytes).unwrap(), plain);
    }

    #[test]
    fn a_png_keeps_its_colour_profile_unless_that_is_a_bomb() {
        let plain = encoded(ImageFormat::Png);
        let with = |profile: &[u8]| {
            let chunk = [&(profile.len() as u32).to_be_bytes(), b"iCCP".as_slice(), profile, &[0; 4]].concat();
            insert(&plain, 33, &chunk)
        };
        assert_eq!(png(&with(SECRET)).unwrap(), with(SECRET));
        assert_eq!(png(&with(&vec![0; PNG_PROFILE_BYTES_MAX + 1])).unwrap(), plain);
    }

    #[test]
    fn a_webp_keeps_its_pixels_only() {
        let plain = encoded(ImageFormat::WebP);
        let exif = [b"EXIF", (SECRET.len() as u32).to_le_bytes().as_slice(), SECRET, &[0]].concat();
        let mut bytes = [plain.clone(), exif].concat();
        let size = (bytes.len() as u32 - 8).to_le_bytes();
        bytes[4..8].copy_from_slice(&size);
        bytes.extend_from_slice(SECRET);
        assert_eq!(webp(&bytes).unwrap(), plain);
    }

    #[test]
    fn a_gif_keeps_its_pixels_only() {
        let plain = encoded(ImageFormat::Gif);
        let comment = [&[0x21, 0xfe, SECRET.len() as u8], SECRET, &[0]].concat();
        let at = 13 + if plain[10] & 0x80 == 0 { 0 } else { 3 << ((plain[10] & 7) + 1) };
        let bytes = [insert(&plain, at, &comment), SECRET.to_vec()].concat();
        let stripped = gif(&bytes).unwrap();
        assert!(has_secret(&bytes) && !has_secret(&stripped));
        assert_eq!(decoded(&stripped, ImageFormat::Gif), decoded(&plain, ImageFormat::Gif));
    }

    proptest! {
        #[test]
        fn whatever_is_broken_is_none_and_no_panic(cut in 0usize..2_000, at in 0usize..2_000, byte in any::<u8>()) {
            let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif];
            for format in formats {
                let mut bytes = encoded(format);
                let length = bytes.len();
                bytes[at % length] = byte;
                bytes.truncate(length - cut % length);
                for strip in [png, webp, gif, |bytes: &[u8]| jpeg(bytes, 3)] {
                    prop_assert!(strip(&bytes).is_none_or(|stripped| stripped.len() <= bytes.len() + 64));
                }
            }
        }
    }
}
