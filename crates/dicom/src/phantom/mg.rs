//! Mammograms, medio-lateral oblique, right and left: 3328 x 4096, 12 bits.
//! The left breast has a cluster of microcalcifications.

use super::{
    Instance, Study,
    attributes::{Grey, Series, begin, grey, x_ray},
    canvas::Ellipse,
    dataset::tags,
    noise::{Field, Rng, step},
};

const COLUMNS: u16 = 3328;
const ROWS: u16 = 4096;
const SPACING: f32 = 0.07;
const WHITE: f32 = 4095.0;
/// Right and left.
pub(super) const COUNT: usize = 2;

pub(super) fn instance(study: &Study, index: usize) -> Instance {
    let reduction = study.plan().reduction;
    let (columns, rows) = (COLUMNS / reduction, ROWS / reduction);
    let spacing = SPACING * f32::from(reduction);
    let left = index == 1;
    let series = Series {
        number: index as u16 + 1,
        description: if left { "L MLO" } else { "R MLO" },
        body_part: "BREAST",
        class: "1.2.840.10008.5.1.4.1.1.1.2",
    };
    let mut draft = begin(study, &series, 1);
    let data = &mut draft.data;
    grey(
        data,
        &Grey {
            rows,
            columns,
            bits: 12,
            signed: false,
            photometric: "MONOCHROME2",
        },
    );
    x_ray(data, spacing, false);
    let view = data.code_item(
        ("399368009", "SCT", "medio-lateral oblique"),
        &[tags::VIEW_MODIFIER_CODE_SEQUENCE],
    );
    data.text(tags::IMAGE_LATERALITY, if left { "L" } else { "R" })
        .text(tags::VIEW_POSITION, "MLO")
        .sequence(tags::VIEW_CODE_SEQUENCE, vec![view])
        .code(
            tags::ANATOMIC_REGION_SEQUENCE,
            ("76752008", "SCT", "Breast"),
        )
        .text(
            tags::PATIENT_ORIENTATION,
            if left { "A\\FR" } else { "P\\FL" },
        )
        .text(tags::POSITIONER_TYPE, "MAMMOGRAPHIC")
        .decimals(
            tags::POSITIONER_PRIMARY_ANGLE,
            &[if left { -45.0 } else { 45.0 }],
        )
        .text(tags::ORGAN_EXPOSED, "BREAST")
        .text(tags::BREAST_IMPLANT_PRESENT, "NO")
        .text(tags::PARTIAL_VIEW, "NO")
        .text(tags::KVP, "29")
        .text(tags::ANODE_TARGET_MATERIAL, "TUNGSTEN")
        .text(tags::FILTER_MATERIAL, "RHODIUM")
        .integer(tags::EXPOSURE, 90)
        .decimals(tags::BODY_PART_THICKNESS, &[56.0])
        .decimals(tags::COMPRESSION_FORCE, &[95.0])
        .decimals(tags::WINDOW_CENTER, &[2000.0])
        .decimals(tags::WINDOW_WIDTH, &[3600.0]);

    let breast = Breast::new(study, left);
    let mut rng = Rng::new(study.derive(&[9, index as u64]));
    draft.finish(|data| {
        let pixels = usize::from(columns) * usize::from(rows);
        let mut out = data.with_pixel_header(*b"OW", pixels * 2);
        let mut line = vec![0u16; columns.into()];
        for row in 0..rows {
            let v = (f32::from(row) - f32::from(rows) / 2.0) * spacing;
            breast.line(v, spacing, &mut rng, &mut line);
            if left {
                line.iter()
                    .for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
            } else {
                line.iter()
                    .rev()
                    .for_each(|w| out.extend_from_slice(&w.to_le_bytes()));
            }
        }
        out
    })
}

/// A breast drawn with the chest wall at the left edge; millimetres from that
/// edge (u) and from the middle downwards (v).
struct Breast {
    glands: Field,
    strands: Field,
    /// Place and radius of each calcification.
    calcifications: Vec<(f32, f32, f32)>,
}

/// Height of the nipple.
const NIPPLE: f32 = 34.0;

impl Breast {
    fn new(study: &Study, left: bool) -> Self {
        let side = u64::from(left);
        let mut rng = Rng::new(study.derive(&[8]));
        let calcifications = (0..if left { 17 } else { 0 })
            .map(|_| {
                (
                    64.0 + 5.0 * rng.normal(),
                    6.0 + 4.0 * rng.normal(),
                    rng.between(0.12, 0.34),
                )
            })
            .collect();
        Self {
            glands: Field::new(study.derive(&[6, side])),
            strands: Field::new(study.derive(&[7, side])),
            calcifications,
        }
    }

    /// One line of pixels.
    fn line(&self, v: f32, spacing: f32, rng: &mut Rng, line: &mut [u16]) {
        // The upper part goes on into the armpit, above the picture.
        let above = if v < NIPPLE { 225.0 } else { 88.0 };
        let outline = Ellipse::new(0.0, NIPPLE, 128.0, above);
        let nipple = Ellipse::new(127.0, NIPPLE, 6.0, 6.5);
        let near: Vec<_> = self
            .calcifications
            .iter()
            .filter(|(_, y, r)| (y - v).abs() < r + spacing)
            .collect();
        for (column, word) in line.iter_mut().enumerate() {
            let u = (column as f32 + 0.5) * spacing;
            let depth = outline.depth(u, v).max(nipple.depth(u, v));
            if depth <= 0.0 {
                *word = 0;
                continue;
            }
            let mut density = self.tissue(u, v, depth);
            for (x, y, radius) in &near {
                let distance = ((u - x) * (u - x) + (v - y) * (v - y)).sqrt();
                density += 0.3 * (1.0 - step(radius * 0.6, radius + spacing / 2.0, distance));
            }
            let value = WHITE * density.min(1.0) + 14.0 * rng.normal();
            *word = value.clamp(1.0, WHITE) as u16;
        }
    }

    /// Whiteness, 0 to 1, at a place `depth` millimetres inside the skin.
    fn tissue(&self, u: f32, v: f32, depth: f32) -> f32 {
        // Compressed to a plate, its rim rounded.
        let rim = (1.0 - depth / 22.0).max(0.0);
        let thick = (1.0 - rim * rim).max(0.0).sqrt();
        let skin = 1.0 - step(1.0, 1.9, depth);

        // Glands fill a cone with its tip at the nipple; strands run to it.
        let (du, dv) = (124.0 - u, v - NIPPLE);
        let reach = (du * du + dv * dv).sqrt();
        let cone = 1.0 - step(0.25, 0.62, (dv + 0.18 * du).abs() / (du + 26.0));
        let cloud = self.glands.cloud(u / 21.0, v / 21.0, 5);
        let lobes = cone * (1.0 - step(55.0, 105.0, reach)) * step(3.0, 12.0, depth);
        let glands = step(-0.25, 0.75, cloud + 0.75 * lobes - 0.35) * step(2.0, 9.0, depth);
        let slope = dv / (du + 30.0);
        let wave = self.strands.at2(reach / 32.0, slope * 17.0)
            + 0.5 * self.strands.at2(reach / 13.0, slope * 38.0 + 50.0);
        let strand = (1.0 - step(0.0, 0.11, wave.abs())) * step(2.0, 14.0, depth);
        let vessel = self.strands.at2(u / 55.0 + 90.0, v / 24.0).abs();
        let vessel = (1.0 - step(0.006, 0.022, vessel)) * step(4.0, 10.0, depth);

        // The chest muscle comes in at the top.
        let edge = 62.0 - 0.42 * (v + 118.0) - 0.0004 * v * v + 1.4 * self.glands.at2(v / 9.0, 3.0);
        let muscle = step(-2.5, 3.0, edge - u);
        let fibre = 0.05
            * self
                .strands
                .at2((u * 0.9 + v * 0.42) / 2.2, (v * 0.9 - u * 0.42) / 26.0);

        let fat = 0.17 + 0.04 * cloud;
        let whole = fat + 0.42 * glands + 0.035 * strand + 0.05 * vessel;
        let whole = whole + muscle * (0.46 + fibre - whole * 0.5);
        thick * whole + 0.14 * skin
    }
}
