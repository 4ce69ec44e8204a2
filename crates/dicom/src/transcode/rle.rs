//! RLE (PS3.5 G): a frame is one fragment, with a header of 64 bytes, and a
//! segment of packed bits for each byte of each sample, most significant first.
//!
//! Our own, since a header may announce four thousand million segments, and a
//! segment a sixty-four times longer plane: what is decoded here goes straight
//! to its place among the pixels, and no further than those go.

/// Bytes of a frame's header: the number of segments, and their offsets.
const HEADER: usize = 64;

/// Appends a frame of `pixels` pixels, of `samples` samples of `bytes` bytes
/// each, as they are native: little endian, samples of a pixel side by side.
/// `None` when the fragment holds another frame, or none.
pub fn frame(
    fragment: &[u8],
    pixels: usize,
    samples: usize,
    bytes: usize,
    out: &mut Vec<u8>,
) -> Option<()> {
    let (header, _) = fragment.split_at_checked(HEADER)?;
    let word = |at: usize| {
        let four = header[at * 4..].first_chunk().copied().unwrap_or_default();
        u32::from_le_bytes(four) as usize
    };
    let segments = samples * bytes;
    if word(0) != segments || segments >= HEADER / 4 {
        return None;
    }
    let start = out.len();
    out.resize(start + pixels * segments, 0);
    for segment in 0..segments {
        let from = word(1 + segment);
        let to = if segment + 1 < segments {
            word(2 + segment)
        } else {
            fragment.len()
        };
        let packed = fragment.get(from..to).filter(|_| from >= HEADER)?;
        // Most significant first becomes little endian.
        let place = segment / bytes * bytes + (bytes - 1 - segment % bytes);
        unpack(packed, out[start + place..].iter_mut().step_by(segments))?;
    }
    Some(())
}

/// PackBits (PS3.5 G.3.2). What is packed beyond the last place is padding.
fn unpack<'a>(packed: &[u8], mut places: impl ExactSizeIterator<Item = &'a mut u8>) -> Option<()> {
    let mut rest = packed;
    while places.len() > 0 {
        let (&control, after) = rest.split_first()?;
        rest = after;
        let count = usize::from(control);
        match control {
            0..=127 => {
                let (literal, after) = rest.split_at_checked(count + 1)?;
                rest = after;
                literal.iter().zip(&mut places).for_each(|(b, p)| *p = *b);
            }
            128 => {}
            129.. => {
                let (&byte, after) = rest.split_first()?;
                rest = after;
                places.by_ref().take(257 - count).for_each(|p| *p = byte);
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fragment with these segments, and what its header says of their number.
    fn fragment(announced: u32, segments: &[&[u8]]) -> Vec<u8> {
        let mut out = announced.to_le_bytes().to_vec();
        let mut at = 64;
        for segment in segments {
            out.extend_from_slice(&u32::try_from(at).unwrap().to_le_bytes());
            at += segment.len();
        }
        out.resize(HEADER, 0);
        out.extend(segments.concat());
        out
    }

    fn decoded(fragment: &[u8], pixels: usize, samples: usize, bytes: usize) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        frame(fragment, pixels, samples, bytes, &mut out).map(|()| out)
    }

    #[test]
    fn bytes_and_samples_come_to_their_places() {
        // Literal, run, no operation; the second of three bytes is padding.
        let sixteen = fragment(2, &[&[2, 1, 3, 5], &[0x80, 0, 2, 0xFF, 4, 0, 6]]);
        assert_eq!(decoded(&sixteen, 3, 1, 2).unwrap(), [2, 1, 4, 3, 4, 5]);
        let colours = fragment(3, &[&[0xFF, 1], &[0xFE, 2], &[1, 3, 4]]);
        assert_eq!(decoded(&colours, 2, 3, 1).unwrap(), [1, 2, 3, 1, 2, 4]);
    }

    #[test]
    fn what_is_no_frame_of_this_size_is_refused() {
        let whole = fragment(1, &[&[3, 1, 2, 3, 4]]);
        assert!(decoded(&whole, 4, 1, 1).is_some());
        assert_eq!(decoded(&whole, 5, 1, 1), None, "too few pixels");
        assert_eq!(decoded(&whole, 4, 1, 2), None, "too few segments");
        for end in 0..whole.len() {
            assert_eq!(decoded(&whole[..end], 4, 1, 1), None, "cut off at {end}");
        }
        // Found by fuzzing: room for so many was made before they were looked for.
        for many in [16, 0xFFFC_0001, u32::MAX] {
            assert_eq!(decoded(&fragment(many, &[]), 4, 1, 1), None);
        }
        let mut backwards = fragment(1, &[&[3, 1, 2, 3, 4]]);
        backwards[4] = 0;
        assert_eq!(decoded(&backwards, 4, 1, 1), None, "inside its own header");
    }
}
