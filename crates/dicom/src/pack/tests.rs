use super::{BLOCK, Packer, UnpackError, Unpacker, VERSION};
use crate::{
    phantom::{self, Instance},
    syntax::{EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE},
};
use proptest::prelude::*;

/// Packs what comes in pieces of so many bytes, over and over.
fn pack(syntax: &str, bytes: &[u8], pieces: &[usize]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut packer = Packer::new(syntax, bytes.len() as u64);
    let mut rest = bytes;
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at((*piece).clamp(1, rest.len().max(1)).min(rest.len()));
        packer.push(now, &mut out);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    packer.finish(&mut out).unwrap();
    out
}

/// Restores what comes in pieces of so many bytes; `out` never grows by more
/// than a block at a time, nor beyond the limit.
fn unpack(packed: &[u8], limit: usize, piece: usize) -> Result<Vec<u8>, UnpackError> {
    let mut out = Vec::new();
    let mut unpacker = Unpacker::new(limit as u64);
    for mut piece in packed.chunks(piece.max(1)) {
        while !piece.is_empty() {
            let before = out.len();
            let result = unpacker.push(&mut piece, &mut out);
            assert!(out.len() - before <= BLOCK && out.len() <= limit);
            result?;
        }
    }
    unpacker.finish()?;
    Ok(out)
}

fn round_trip(syntax: &str, bytes: &[u8], pieces: &[usize]) -> Vec<u8> {
    let packed = pack(syntax, bytes, pieces);
    let piece = pieces[0];
    assert!(unpack(&packed, bytes.len(), piece).unwrap() == bytes);
    assert!(
        packed.len() <= bytes.len() + bytes.len() / 1000 + 64,
        "{} bytes became {}",
        bytes.len(),
        packed.len()
    );
    packed
}

/// What an image says of itself.
#[derive(Debug, Clone, Copy)]
struct Claims {
    samples: u16,
    planar: u16,
    columns: u16,
    bits: u16,
    signed: u16,
}

/// A data set that claims this of its pixels.
fn data_set(claims: Claims, syntax: &str, pixels: &[u8]) -> Vec<u8> {
    let encoding = crate::syntax::Encoding::of(syntax);
    let mut out = Vec::new();
    for (element, value) in [
        (0x0002, claims.samples),
        (0x0006, claims.planar),
        (0x0010, 7),
        (0x0011, claims.columns),
        (0x0100, claims.bits),
        (0x0103, claims.signed),
    ] {
        crate::element::write(&mut out, crate::Tag(0x0028, element), *b"US", 2, encoding);
        out.extend(if encoding.big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
    }
    let length = pixels.len() as u32;
    crate::element::write(&mut out, crate::tag::PIXEL_DATA, *b"OW", length, encoding);
    out.extend_from_slice(pixels);
    out
}

/// Pixels with some likeness to images: slow waves, and noise of so many bits.
fn waves(length: usize, noise: u32) -> Vec<u8> {
    let mut state = 1_u32;
    (0..length / 2)
        .flat_map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wave = ((i % 97) as f32 / 15.0).sin() * 300.0;
            (wave as i16)
                .wrapping_add((state >> 16 & ((1 << noise) - 1)) as i16)
                .to_le_bytes()
        })
        .collect()
}

fn claims() -> impl Strategy<Value = Claims> {
    let bits = prop_oneof![Just(8_u16), Just(16), Just(1), Just(32), any::<u16>()];
    let columns = prop_oneof![1_u16..200, any::<u16>()];
    (0_u16..6, 0_u16..2, columns, bits, 0_u16..2).prop_map(
        |(samples, planar, columns, bits, signed)| Claims {
            samples,
            planar,
            columns,
            bits,
            signed,
        },
    )
}

fn pixels() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20_000),
        (0_usize..60_000, 0_u32..15).prop_map(|(length, noise)| waves(length, noise)),
        (0_usize..60_000, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn restores_whatever_is_claimed_of_it(
        claims in claims(),
        syntax in prop_oneof![Just(EXPLICIT_LE), Just(IMPLICIT_LE), Just(EXPLICIT_BE)],
        pixels in pixels(),
        pieces in proptest::collection::vec(1_usize..9000, 1..6),
    ) {
        round_trip(syntax, &data_set(claims, syntax, &pixels), &pieces);
    }

    #[test]
    fn restores_any_bytes_in_any_syntax(
        bytes in proptest::collection::vec(any::<u8>(), 0..3000),
        syntax in prop_oneof![Just(EXPLICIT_LE), Just(EXPLICIT_BE), Just("1.2.840.10008.1.2.1.99"), Just("")],
        piece in 1_usize..100,
    ) {
        round_trip(syntax, &bytes, &[piece]);
    }

    #[test]
    fn damage_is_an_error_or_other_bytes(
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
        cut in any::<prop::sample::Index>(),
        noise in 0_u32..12,
        samples in 1_u16..4,
        bits in prop_oneof![Just(8_u16), Just(16)],
    ) {
        let claims = Claims { samples, planar: 0, columns: 60, bits, signed: 1 };
        let bytes = data_set(claims, EXPLICIT_LE, &waves(30_000, noise));
        let packed = pack(EXPLICIT_LE, &bytes, &[4096]);
        let cut = cut.index(packed.len());
        prop_assert!(unpack(&packed[..cut], bytes.len(), 1000).is_err());
        let mut damaged = packed.clone();
        *at.get_mut(&mut damaged) ^= flip;
        // Any end will do, but for a panic or too many bytes.
        let _ = unpack(&damaged, bytes.len() + 100, 1000);
        // Most of what can go wrong is near the front of the image block.
        let front = at.index(packed.len().min(400));
        let mut damaged = packed;
        damaged[front] ^= flip;
        let _ = unpack(&damaged, bytes.len() + 100, 1000);
    }
}

/// The sample studies, and to how much of themselves they shrink at most: some
/// tenths of a per cent above what was measured.
#[test]
fn sample_studies_shrink() {
    let most = |key: &str| match key {
        "ct-thorax" | "ct-thorax-prior" => 0.385,
        "mr-hjarna" => 0.51,
        "dx-lungor" | "dx-lungor-akut" => 0.43,
        "mg-screening" => 0.19,
        "us-hjarta" => 0.17,
        other => panic!("{other} is new: measure it"),
    };
    for plan in phantom::catalogue() {
        // CT as it is; of the others a quarter of the height and width will do.
        let plan = if plan.modality() == "CT" {
            plan
        } else {
            plan.reduced(4)
        };
        let study = plan.study(1);
        let Instance { data_set, .. } = study.instance(study.len() / 2).unwrap();
        let packed = round_trip(EXPLICIT_LE, &data_set, &[65_536]);
        let share = packed.len() as f64 / data_set.len() as f64;
        println!("{} {share:.4}", plan.key);
        assert!(share <= most(plan.key), "{}: {share:.3}", plan.key);
    }
}

#[test]
fn big_endian_shrinks_as_little_endian_does() {
    let claims = Claims {
        samples: 1,
        planar: 0,
        columns: 97,
        bits: 16,
        signed: 1,
    };
    let pixels = waves(400_000, 4);
    let swapped: Vec<u8> = pixels.chunks(2).flat_map(|p| [p[1], p[0]]).collect();
    let little = round_trip(
        EXPLICIT_LE,
        &data_set(claims, EXPLICIT_LE, &pixels),
        &[7000],
    );
    let big = round_trip(
        EXPLICIT_BE,
        &data_set(claims, EXPLICIT_BE, &swapped),
        &[7000],
    );
    assert!(little.len() < pixels.len() / 3);
    assert!(big.len().abs_diff(little.len()) < 200);
}

#[test]
fn what_is_packed_already_passes_as_it_is() {
    let noise: Vec<u8> = waves(3 * BLOCK, 15).chunks(2).map(|pair| pair[0]).collect();
    let mut packer = Packer::new("1.2.840.10008.1.2.4.90", noise.len() as u64);
    let mut out = Vec::new();
    packer.push(&noise, &mut out);
    packer.finish(&mut out).unwrap();
    assert!(out.len() < noise.len() + 64);
    assert!(unpack(&out, noise.len(), 10_000).unwrap() == noise);
}

/// For work off the threads that serve connections.
#[test]
fn both_sides_may_change_threads() {
    fn may<T: Send + 'static>() {}
    may::<Packer>();
    may::<Unpacker>();
}

#[test]
fn one_packer_serves_many_data_sets() {
    let (mut packer, mut unpacker) = (Packer::new("", 0), Unpacker::new(0));
    for length in [100_000, 3, 70_000] {
        let bytes = waves(length, 5);
        let mut packed = Vec::new();
        packer.restart(EXPLICIT_LE, bytes.len() as u64);
        packer.push(&bytes, &mut packed);
        packer.finish(&mut packed).unwrap();
        let mut out = Vec::new();
        unpacker.restart(bytes.len() as u64);
        let mut rest = &packed[..];
        while !rest.is_empty() {
            unpacker.push(&mut rest, &mut out).unwrap();
        }
        unpacker.finish().unwrap();
        assert!(out == bytes);
    }
}

#[test]
fn a_wrong_length_is_an_error_on_both_sides() {
    let mut packer = Packer::new(EXPLICIT_LE, 5);
    let mut out = Vec::new();
    packer.push(b"four", &mut out);
    assert_eq!(packer.finish(&mut out).unwrap_err().came, 4);
    assert!(matches!(unpack(&out, 5, 100), Err(UnpackError::CutOff)));

    let packed = pack(EXPLICIT_LE, &[7; 100], &[100]);
    assert!(matches!(
        unpack(&packed, 99, 100),
        Err(UnpackError::TooLong {
            length: 100,
            limit: 99
        })
    ));
    let mut more = packed.clone();
    more.push(0);
    assert!(unpack(&more, 1000, 100).is_err());
}

/// What a hostile peer writes in the headers of a stream and a block.
#[test]
fn headers_that_lie_are_refused_before_memory_is_taken() {
    let stream =
        |length: u64, block: &[u8]| [&[VERSION][..], &length.to_le_bytes(), block].concat();
    let block = |kind: u8, length: u32, packed: u32| {
        [&[kind][..], &length.to_le_bytes(), &packed.to_le_bytes()].concat()
    };
    let refused = |bytes: &[u8]| unpack(bytes, 1 << 20, 1000).unwrap_err();
    assert!(matches!(refused(&[9; 20]), UnpackError::Version(9)));
    assert!(matches!(
        refused(&stream(u64::MAX, &[])),
        UnpackError::TooLong { .. }
    ));
    assert!(matches!(
        refused(&stream(100, &block(77, 100, 50))),
        UnpackError::Kind(77)
    ));
    for kind in 0..3 {
        for (length, packed) in [(101, 50), (0, 0), (u32::MAX, 50)] {
            assert!(matches!(
                refused(&stream(100, &block(kind, length, packed))),
                UnpackError::BlockLength(_)
            ));
        }
    }
    for (length, packed) in [(100, 100), (100, u32::MAX), (100, 0)] {
        assert!(matches!(
            refused(&stream(100, &block(2, length, packed))),
            UnpackError::BlockLength(_)
        ));
    }
    // An image of one sample a row, of four planes, wider than it is long.
    for (width, planes) in [(0_u32, 1_u8), (1, 0), (1, 5), (u32::MAX, 4), (101, 1)] {
        let image = [&[0, planes][..], &width.to_le_bytes(), &[0; 40]].concat();
        let block = [block(2, 100, image.len() as u32), image].concat();
        assert!(matches!(refused(&stream(100, &block)), UnpackError::Image));
    }
}
