//! Decodes compressed pixel data to native ones: little endian, samples of a
//! pixel side by side.
//!
//! JPEG goes to the decoder frame by frame, since how its colours were made
//! must be said by us; RLE is decoded here; the rest goes through dicom-rs, in
//! an object that holds nothing but the pixels and what describes them.

use super::{
    TranscodeError,
    attributes::{
        Attributes, BITS_ALLOCATED, COLUMNS, PHOTOMETRIC_INTERPRETATION, ROWS, SAMPLES_PER_PIXEL,
    },
    name, rle,
};
use crate::dictionary::Vr;
use dicom_core::{DataElement, PrimitiveValue, VR, value::PixelFragmentSequence};
use dicom_dictionary_std::tags;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_pixeldata::PixelDecoder;
use jpeg_decoder::ColorTransform;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub struct Decoded {
    pub vr: Vr,
    pub bytes: Vec<u8>,
    /// Photometric Interpretation (0028,0004) of the decoded pixels.
    pub photometric: Vec<u8>,
}

const RLE: &str = "1.2.840.10008.1.2.5";
const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
const JPEG_EXTENDED: &str = "1.2.840.10008.1.2.4.51";
const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.57";
const JPEG_LOSSLESS_SV1: &str = "1.2.840.10008.1.2.4.70";

/// `fragments` begin with the basic offset table.
pub fn decode(
    attributes: &Attributes<'_>,
    fragments: &[&[u8]],
    syntax: &str,
    most: u64,
) -> Result<Decoded, TranscodeError> {
    let size = size(attributes)?;
    if size > most {
        return Err(TranscodeError::TooLarge(size, most));
    }
    // Broken images make decoders panic; nothing of theirs outlives the call.
    let decoded = catch_unwind(AssertUnwindSafe(|| match syntax {
        JPEG_BASELINE | JPEG_EXTENDED => jpeg(attributes, fragments, syntax, false),
        JPEG_LOSSLESS | JPEG_LOSSLESS_SV1 => jpeg(attributes, fragments, syntax, true),
        RLE => run_length(attributes, fragments, syntax),
        _ if is_jpeg_2000(syntax) => {
            check_jpeg_2000(attributes, fragments, syntax)?;
            other(attributes, fragments, syntax)
        }
        _ => other(attributes, fragments, syntax),
    }));
    let bytes = decoded.map_err(|_panic| TranscodeError::DecoderPanicked(name(syntax)))??;
    if bytes.len() as u64 != size {
        return Err(wrong(
            syntax,
            "they make up more or fewer pixels than the object says",
        ));
    }
    let lossless_jpeg = matches!(syntax, JPEG_LOSSLESS | JPEG_LOSSLESS_SV1);
    let photometric = match attributes.photometric.as_str() {
        // Undone by the decoders (PS3.5 8.2.1, 8.2.4); lossless JPEG and RLE
        // keep whatever colour space they were given.
        "YBR_ICT" | "YBR_RCT" => "RGB",
        "YBR_FULL" | "YBR_FULL_422" | "YBR_PARTIAL_420" | "YBR_PARTIAL_422"
            if is_jpeg(syntax) && !lossless_jpeg =>
        {
            "RGB"
        }
        // Chroma is no longer subsampled.
        "YBR_FULL_422" => "YBR_FULL",
        same => same,
    };
    Ok(Decoded {
        vr: if attributes.allocated > 8 {
            *b"OW"
        } else {
            *b"OB"
        },
        bytes,
        photometric: photometric.as_bytes().to_vec(),
    })
}

fn is_jpeg(syntax: &str) -> bool {
    matches!(
        syntax,
        JPEG_BASELINE | JPEG_EXTENDED | JPEG_LOSSLESS | JPEG_LOSSLESS_SV1
    )
}

fn is_jpeg_2000(syntax: &str) -> bool {
    matches!(
        syntax.strip_prefix("1.2.840.10008.1.2.4."),
        Some("90" | "91" | "201" | "202" | "203")
    )
}

/// The decoder takes the memory that an image's own header asks for, so that
/// must ask for no more than the object says. Fragments that begin no image go
/// on with the last one.
fn check_jpeg_2000(
    attributes: &Attributes<'_>,
    fragments: &[&[u8]],
    syntax: &str,
) -> Result<(), TranscodeError> {
    let right = (
        u32::from(attributes.columns),
        u32::from(attributes.rows),
        attributes.samples,
    );
    let mut sizes = fragments
        .iter()
        .skip(1)
        .map(|fragment| codestream(fragment).and_then(jpeg_2000_size));
    let first = sizes.next().flatten();
    if first == Some(right) && sizes.all(|size| size.is_none_or(|size| size == right)) {
        Ok(())
    } else {
        Err(wrong(
            syntax,
            "a frame has another size than the object says",
        ))
    }
}

/// What is in the boxes of a JP2 file, which DICOM forbids and some write (PS3.5
/// A.4.4).
fn codestream(fragment: &[u8]) -> Option<&[u8]> {
    let mut rest = fragment;
    while !rest.starts_with(&[0xFF, 0x4F]) {
        let (head, _) = rest.split_first_chunk::<8>()?;
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        // Lengths 0 and 1 are special, and of use for gigabytes only.
        let length = if &head[4..] == b"jp2c" {
            8
        } else {
            length.max(8)
        };
        rest = rest.get(length..)?;
    }
    Some(rest)
}

/// Width, height and components from the SIZ segment (ISO 15444-1 A.5.1).
fn jpeg_2000_size(codestream: &[u8]) -> Option<(u32, u32, u16)> {
    let segment = codestream
        .strip_prefix(&[0xFF, 0x4F, 0xFF, 0x51])?
        .get(..38)?;
    let at =
        |n: usize| u32::from_be_bytes([segment[n], segment[n + 1], segment[n + 2], segment[n + 3]]);
    let components = u16::from_be_bytes([segment[36], segment[37]]);
    Some((
        at(4).checked_sub(at(12))?,
        at(8).checked_sub(at(16))?,
        components,
    ))
}

fn wrong(syntax: &str, reason: &'static str) -> TranscodeError {
    TranscodeError::Decode {
        syntax: name(syntax),
        reason,
    }
}

/// Bytes that the decoded pixels take.
fn size(attributes: &Attributes<'_>) -> Result<u64, TranscodeError> {
    for (tag, right) in [
        (ROWS, attributes.rows > 0),
        (COLUMNS, attributes.columns > 0),
        (SAMPLES_PER_PIXEL, matches!(attributes.samples, 1 | 3 | 4)),
        (BITS_ALLOCATED, matches!(attributes.allocated, 8 | 16)),
        (
            PHOTOMETRIC_INTERPRETATION,
            !attributes.photometric.is_empty(),
        ),
    ] {
        if !right {
            return Err(TranscodeError::Attribute(tag));
        }
    }
    Ok(frame_samples(attributes)
        * u64::from(attributes.allocated / 8)
        * u64::from(attributes.frames))
}

fn frame_samples(attributes: &Attributes<'_>) -> u64 {
    u64::from(attributes.rows) * u64::from(attributes.columns) * u64::from(attributes.samples)
}

/// Whole frames, each of one fragment or more (PS3.5 A.4): by the number of
/// fragments, by the offset table, or else by where JPEG images begin.
fn frames(fragments: &[&[u8]], count: usize) -> Vec<Vec<u8>> {
    let Some((table, fragments)) = fragments.split_first() else {
        return Vec::new();
    };
    if fragments.len() == count {
        return fragments.iter().map(|f| f.to_vec()).collect();
    }
    let offsets: Vec<u64> = table
        .chunks_exact(4)
        .map(|c| u64::from(u32::from_le_bytes([c[0], c[1], c[2], c[3]])))
        .collect();
    let by_table = offsets.len() == count;
    let mut frames: Vec<Vec<u8>> = Vec::new();
    let mut at = 0;
    for fragment in fragments {
        let begins = if count == 1 {
            frames.is_empty()
        } else if by_table {
            offsets.contains(&at)
        } else {
            fragment.starts_with(&[0xFF, 0xD8])
        };
        at += fragment.len() as u64 + 8;
        match frames.last_mut() {
            Some(frame) if !begins => frame.extend_from_slice(fragment),
            _ => frames.push(fragment.to_vec()),
        }
    }
    frames
}

fn jpeg(
    attributes: &Attributes<'_>,
    fragments: &[&[u8]],
    syntax: &str,
    lossless: bool,
) -> Result<Vec<u8>, TranscodeError> {
    let count = usize::try_from(attributes.frames).unwrap_or(usize::MAX);
    let frames = frames(fragments, count);
    if frames.len() != count {
        return Err(wrong(
            syntax,
            "there are more or fewer frames than the object says",
        ));
    }
    let samples = usize::try_from(frame_samples(attributes)).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    for frame in frames {
        let mut decoder = jpeg_decoder::Decoder::new(frame.as_slice());
        decoder.set_max_decoding_buffer_size(samples.saturating_mul(2));
        // The decoder looks at that only after it has taken memory for planes
        // of the image's own size, up to 65,535 a side.
        let info = decoder.read_info().map(|()| decoder.info());
        let info = info.map_err(|e| TranscodeError::DecoderFailed(name(syntax), Box::new(e)))?;
        if info.map(|i| (i.width, i.height)) != Some((attributes.columns, attributes.rows)) {
            return Err(wrong(
                syntax,
                "a frame has another size than the object says",
            ));
        }
        if attributes.samples == 3 {
            decoder.set_color_transform(match colours(&frame, &attributes.photometric) {
                _ if lossless => ColorTransform::None,
                Colours::Rgb => ColorTransform::RGB,
                Colours::YCbCr => ColorTransform::YCbCr,
            });
        }
        let pixels = decoder
            .decode()
            .map_err(|error| TranscodeError::DecoderFailed(name(syntax), Box::new(error)))?;
        match (pixels.len() / samples.max(1), attributes.allocated) {
            _ if pixels.len() % samples.max(1) != 0 => {
                return Err(wrong(
                    syntax,
                    "a frame has another size than the object says",
                ));
            }
            (1, 8) => out.extend_from_slice(&pixels),
            (1, 16) => out.extend(pixels.iter().flat_map(|&p| u16::from(p).to_le_bytes())),
            // The decoder gives 16 bits in the machine's own byte order.
            (2, 16) => out.extend(
                pixels
                    .chunks_exact(2)
                    .flat_map(|p| u16::from_ne_bytes([p[0], p[1]]).to_le_bytes()),
            ),
            _ => {
                return Err(wrong(
                    syntax,
                    "a frame has another depth or size than the object says",
                ));
            }
        }
    }
    Ok(out)
}

/// Frames are fragments (PS3.5 A.4.2), and each is as large as all others.
fn run_length(
    attributes: &Attributes<'_>,
    fragments: &[&[u8]],
    syntax: &str,
) -> Result<Vec<u8>, TranscodeError> {
    let frames = fragments.get(1..).unwrap_or_default();
    if frames.len() as u64 != u64::from(attributes.frames) {
        return Err(wrong(
            syntax,
            "there are more or fewer frames than the object says",
        ));
    }
    let pixels = usize::from(attributes.rows) * usize::from(attributes.columns);
    let samples = usize::from(attributes.samples);
    let bytes = usize::from(attributes.allocated / 8);
    let mut out = Vec::new();
    for fragment in frames {
        rle::frame(fragment, pixels, samples, bytes, &mut out)
            .ok_or_else(|| wrong(syntax, "a frame is cut off, or is no frame of this size"))?;
    }
    Ok(out)
}

enum Colours {
    Rgb,
    YCbCr,
}

/// What colours a JPEG image is in: by its own word (Adobe's marker, JFIF,
/// which is always YCbCr, component ids), since Photometric Interpretation is
/// often that of before the compression; and by that where it has none.
fn colours(jpeg: &[u8], photometric: &str) -> Colours {
    let mut at = 2;
    let mut jfif = false;
    while let Some(&[0xFF, marker, high, low]) = jpeg.get(at..at + 4) {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let content = jpeg.get(at + 4..at + 2 + length).unwrap_or_default();
        match marker {
            0xE0 if content.starts_with(b"JFIF\0") => jfif = true,
            0xEE if content.starts_with(b"Adobe") && content.len() >= 12 => {
                return if content[11] == 0 {
                    Colours::Rgb
                } else {
                    Colours::YCbCr
                };
            }
            // The frame header: precision, size, and three bytes a component.
            0xC0..=0xC2 if content.len() >= 15 => {
                let ids = [content[6], content[9], content[12]];
                if ids.eq_ignore_ascii_case(b"RGB") {
                    return Colours::Rgb;
                }
            }
            0xDA => break,
            _ => {}
        }
        at += 2 + length.max(2);
    }
    if jfif || photometric != "RGB" {
        Colours::YCbCr
    } else {
        Colours::Rgb
    }
}

fn other(
    attributes: &Attributes<'_>,
    fragments: &[&[u8]],
    syntax: &str,
) -> Result<Vec<u8>, TranscodeError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        TranscodeError::DecoderFailed(name(syntax), error)
    };
    let (table, fragments) = fragments
        .split_first()
        .ok_or_else(|| wrong(syntax, "there are none"))?;
    let offsets: Vec<u32> = table
        .chunks_exact(4)
        .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]))
        .collect();
    let fragments: Vec<Vec<u8>> = fragments.iter().map(|f| f.to_vec()).collect();
    let mut object = InMemDicomObject::new_empty();
    let stored = if attributes.stored == 0 {
        attributes.allocated
    } else {
        attributes.stored
    };
    for (tag, number) in [
        (tags::ROWS, attributes.rows),
        (tags::COLUMNS, attributes.columns),
        (tags::SAMPLES_PER_PIXEL, attributes.samples),
        (tags::BITS_ALLOCATED, attributes.allocated),
        (tags::BITS_STORED, stored),
        (tags::HIGH_BIT, stored - 1),
        (tags::PIXEL_REPRESENTATION, u16::from(attributes.signed)),
        (tags::PLANAR_CONFIGURATION, 0),
    ] {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(number)));
    }
    let frames = attributes.frames.to_string();
    object.put(DataElement::new(tags::NUMBER_OF_FRAMES, VR::IS, frames));
    let photometric = attributes.photometric.clone();
    object.put(DataElement::new(
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        photometric,
    ));
    object.put(DataElement::new(
        tags::PIXEL_DATA,
        VR::OB,
        PixelFragmentSequence::new(offsets, fragments),
    ));
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid("1.2.840.10008.5.1.4.1.1.7")
        .media_storage_sop_instance_uid("2.25.1")
        .transfer_syntax(syntax)
        .build()
        .map_err(|error| failed(Box::new(error)))?;
    let object = object.with_exact_meta(meta);
    let decoded = object
        .decode_pixel_data()
        .map_err(|error| failed(Box::new(error)))?;
    Ok(decoded.into_data())
}
