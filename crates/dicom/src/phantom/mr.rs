//! MR of the head: T1, T2 and FLAIR, 24 axial slices each, 256 x 256.

use super::{
    Instance, Study,
    attributes::{Grey, Series, axial, begin, grey},
    canvas::{Canvas, Ellipse},
    dataset::tags,
    noise::{Field, Rng, lerp, step},
};

const SIZE: u16 = 256;
/// Field of view and distance between slices, millimetres.
const VIEW: f32 = 230.0;
const DISTANCE: f32 = 5.5;
const SLICES: usize = 24;
/// Images of the three series.
pub(super) const COUNT: usize = 3 * SLICES;

/// A weighting: how it was taken, and what it makes of the tissues.
struct Weighting {
    description: &'static str,
    repetition: f32,
    echo: f32,
    inversion: Option<f32>,
    sequence: &'static str,
    train: usize,
    fat: f32,
    marrow: f32,
    muscle: f32,
    fluid: f32,
    grey: f32,
    white: f32,
    lesion: f32,
}

const WEIGHTINGS: [Weighting; 3] = [
    Weighting {
        description: "T1 SE ax",
        repetition: 560.0,
        echo: 12.0,
        inversion: None,
        sequence: "SE",
        train: 1,
        fat: 1050.0,
        marrow: 640.0,
        muscle: 420.0,
        fluid: 170.0,
        grey: 440.0,
        white: 690.0,
        lesion: 430.0,
    },
    Weighting {
        description: "T2 TSE ax",
        repetition: 4600.0,
        echo: 98.0,
        inversion: None,
        sequence: "SE",
        train: 15,
        fat: 760.0,
        marrow: 380.0,
        muscle: 230.0,
        fluid: 1120.0,
        grey: 640.0,
        white: 400.0,
        lesion: 860.0,
    },
    Weighting {
        description: "T2 FLAIR ax",
        repetition: 9000.0,
        echo: 120.0,
        inversion: Some(2500.0),
        sequence: "SE\\IR",
        train: 21,
        fat: 620.0,
        marrow: 330.0,
        muscle: 260.0,
        fluid: 70.0,
        grey: 590.0,
        white: 410.0,
        lesion: 980.0,
    },
];

pub(super) fn instance(study: &Study, index: usize) -> Instance {
    let (number, slice) = (index / SLICES, index % SLICES);
    let weighting = &WEIGHTINGS[number];
    let size = SIZE / study.plan().reduction;
    let spacing = VIEW / f32::from(size);
    // From the base upwards.
    let z = -58.0 + slice as f32 * DISTANCE;
    let series = Series {
        number: number as u16 + 2,
        description: weighting.description,
        body_part: "HEAD",
        class: "1.2.840.10008.5.1.4.1.1.4",
    };
    let mut draft = begin(study, &series, slice + 1);
    let data = &mut draft.data;
    axial(data, study, size, (spacing, 5.0, z));
    grey(
        data,
        &Grey {
            rows: size,
            columns: size,
            bits: 12,
            signed: false,
            photometric: "MONOCHROME2",
        },
    );
    data.text(tags::IMAGE_TYPE, "ORIGINAL\\PRIMARY\\OTHER")
        .text(tags::SCANNING_SEQUENCE, weighting.sequence)
        .text(
            tags::SEQUENCE_VARIANT,
            if weighting.train > 1 { "SK" } else { "NONE" },
        )
        .text(tags::SCAN_OPTIONS, "")
        .text(tags::MR_ACQUISITION_TYPE, "2D")
        .decimals(tags::REPETITION_TIME, &[weighting.repetition])
        .decimals(tags::ECHO_TIME, &[weighting.echo])
        .integer(tags::ECHO_TRAIN_LENGTH, weighting.train)
        .decimals(tags::FLIP_ANGLE, &[90.0])
        .decimals(tags::MAGNETIC_FIELD_STRENGTH, &[1.5])
        .decimals(tags::IMAGING_FREQUENCY, &[63.87])
        .text(tags::IMAGED_NUCLEUS, "1H")
        .decimals(tags::SPACING_BETWEEN_SLICES, &[DISTANCE])
        .decimals(tags::WINDOW_CENTER, &[560.0])
        .decimals(tags::WINDOW_WIDTH, &[1150.0]);
    if let Some(inversion) = weighting.inversion {
        data.decimals(tags::INVERSION_TIME, &[inversion]);
    }
    let head = Head::new(study, z);
    let mut canvas = Canvas::new(size, size, spacing, 0.0);
    canvas.everywhere(|x, y, _| head.signal(weighting, x, y));
    let mut rng = Rng::new(study.derive(&[9, index as u64]));
    draft.finish(|data| {
        data.with_words(canvas.pixels.iter().map(|signal| {
            // Magnitude of a signal with noise in both channels.
            let (real, imaginary) = (signal + 9.0 * rng.normal(), 9.0 * rng.normal());
            (real * real + imaginary * imaginary).sqrt().min(4095.0) as u16
        }))
    })
}

/// The head in one slice.
struct Head {
    z: f32,
    scalp: Ellipse,
    texture: Field,
    folds: Field,
    lesions: Vec<[f32; 3]>,
}

impl Head {
    fn new(study: &Study, z: f32) -> Self {
        let size = if z > 0.0 {
            let d = z / 92.0;
            (1.0 - d * d).max(0.02).sqrt()
        } else {
            1.0 - 0.13 * (z / 60.0) * (z / 60.0)
        };
        // The same places in each weighting.
        let mut rng = Rng::new(study.derive(&[8]));
        let lesions = (0..9)
            .map(|i| {
                let side = if i % 2 == 0 { -1.0 } else { 1.0 };
                [
                    side * rng.between(17.0, 33.0),
                    rng.between(-36.0, 38.0),
                    rng.between(4.0, 34.0),
                ]
            })
            .collect();
        Self {
            z,
            scalp: Ellipse::new(0.0, 0.0, 77.0 * size, 97.0 * size),
            texture: Field::new(study.derive(&[6])),
            folds: Field::new(study.derive(&[7])),
            lesions,
        }
    }

    fn signal(&self, w: &Weighting, x: f32, y: f32) -> f32 {
        let depth = self.scalp.depth(x, y) + 0.5 * self.texture.at2(x / 14.0, y / 14.0);
        if depth < -1.0 {
            return 0.0;
        }
        // Receive coils see the rim better.
        let coil = 1.06 - 0.0022 * depth.min(60.0);
        let signal = if depth < 14.5 {
            shell(w, depth)
        } else if self.z < -28.0 {
            self.base(w, x, y, depth - 14.5)
        } else {
            self.brain(w, x, y, depth - 14.5)
        };
        signal * coil
    }

    /// Cerebrum, from its surface.
    fn brain(&self, w: &Weighting, x: f32, y: f32, depth: f32) -> f32 {
        let z = self.z;
        // Sulci are where a smooth field is near 0, grey matter is beside them.
        let fold = (self.folds.at3(x / 10.5, y / 10.5, z / 16.0)
            + 0.45 * self.folds.at3(x / 5.0 + 9.0, y / 5.0, z / 8.0))
        .abs();
        let reach = 1.0 - step(13.0, 27.0, depth);
        let sulcus = (1.0 - step(0.03, 0.09, fold)) * reach;
        let ribbon = (1.0 - step(0.3, 0.4, fold)) * reach;
        let ribbon = ribbon.max(1.0 - step(2.6, 3.6, depth));
        let mut signal = lerp(w.white, w.grey, ribbon);
        signal = lerp(signal, w.fluid, sulcus.max(1.0 - step(0.2, 1.0, depth)));
        // Between the hemispheres, but for the corpus callosum.
        let bridge = Ellipse::new(0.0, -2.0, 20.0, 31.0).cover(x, y, 3.0);
        let apart = 1.0 - bridge * (1.0 - step(27.0, 37.0, z));
        let wavy = x.abs() + 0.8 * self.folds.at2(y / 6.0, z / 9.0);
        let mantle = 1.0 - step(3.8, 4.8, wavy);
        signal = lerp(signal, w.grey, mantle * (1.0 - sulcus) * apart);
        signal = lerp(signal, w.fluid, (1.0 - step(0.7, 1.5, wavy)) * apart);
        signal = self.midbrain(w, signal, x, y);
        signal = self.deep_grey(w, signal, x, y);
        signal = self.ventricles(w, signal, x, y);
        for lesion in &self.lesions {
            let (dx, dy, dz) = (x - lesion[0], y - lesion[1], (z - lesion[2]) * 0.7);
            let distance = (dx * dx + dy * dy + dz * dz).sqrt();
            signal = lerp(signal, w.lesion, 1.0 - step(1.8, 3.4, distance));
        }
        signal * (1.0 + 0.03 * self.texture.at2(x / 3.0, y / 3.0))
    }

    /// Between the temporal lobes, in its cistern.
    fn midbrain(&self, w: &Weighting, signal: f32, x: f32, y: f32) -> f32 {
        let level = 1.0 - step(-17.0, -13.0, self.z);
        let cistern = Ellipse::new(0.0, 10.0, 23.0, 20.0).cover(x, y, 2.0);
        let signal = lerp(signal, w.fluid, cistern * level);
        let stem = Ellipse::new(0.0, 12.0, 15.0, 14.0).cover(x, y, 1.6);
        let peduncle = Ellipse::new(10.0, 4.0, 7.0, 10.0)
            .turned(0.6)
            .cover(x.abs(), y, 1.6);
        let signal = lerp(
            signal,
            lerp(w.grey, w.white, 0.6),
            stem.max(peduncle) * level,
        );
        let aqueduct = Ellipse::new(0.0, 19.0, 1.6, 1.8).cover(x, y, 1.2);
        lerp(signal, w.fluid, aqueduct * level)
    }

    fn deep_grey(&self, w: &Weighting, signal: f32, x: f32, y: f32) -> f32 {
        let level = 1.0 - step(12.0, 20.0, (self.z - 2.0).abs());
        if level == 0.0 {
            return signal;
        }
        // Each side is the mirror of the other.
        let x = x.abs();
        let cover = [
            Ellipse::new(12.0, 13.0, 8.0, 12.5).turned(-0.45),
            Ellipse::new(26.0, -6.0, 5.0, 15.0).turned(0.3),
            Ellipse::new(13.0, -23.0, 5.0, 8.0).turned(-0.2),
            // The insula's ribbon.
            Ellipse::new(36.0, -4.0, 2.2, 19.0).turned(0.12),
        ]
        .iter()
        .map(|nucleus| nucleus.cover(x, y, 1.8))
        .fold(0.0, f32::max);
        lerp(signal, lerp(w.grey, w.white, 0.12), cover * level)
    }

    fn ventricles(&self, w: &Weighting, signal: f32, x: f32, y: f32) -> f32 {
        let z = self.z;
        let x = x.abs();
        let mut cover: f32 = 0.0;
        let lateral = 1.0 - step(14.0, 21.0, (z - 16.0).abs());
        if lateral > 0.0 {
            let front = Ellipse::new(8.0, -20.0, 3.8, 14.0).turned(-0.24);
            let body = Ellipse::new(8.5, 2.0, 3.2, 24.0).turned(-0.1);
            let back = Ellipse::new(17.0, 30.0, 5.0, 16.0).turned(-0.38);
            for part in [front, body, back] {
                // The body joins the horns only higher up.
                cover = cover.max(part.cover(x, y, 1.4) * lateral);
                if z < 8.0 {
                    cover *= 1.0 - step(4.0, 8.0, 8.0 - (y - 2.0).abs());
                }
            }
        }
        if (-14.0..6.0).contains(&z) {
            cover = cover.max(Ellipse::new(0.0, 8.0, 1.9, 12.0).cover(x, y, 1.4));
        }
        lerp(signal, w.fluid, cover)
    }

    /// Below the cerebrum: temporal lobes, brainstem, cerebellum, eyes.
    fn base(&self, w: &Weighting, x: f32, y: f32, depth: f32) -> f32 {
        let z = self.z;
        let low = (-28.0 - z) / 32.0;
        let side = x.abs();
        // Skull base: marrow and muscle, with the air of the sinuses.
        let grain = self.texture.at3(x / 9.0, y / 9.0, z / 12.0);
        let mut signal = lerp(w.muscle, w.marrow, step(-0.2, 0.5, grain)) * 0.7;
        let sinus = Ellipse::new(0.0, -58.0 + 10.0 * low, 17.0, 19.0);
        signal = lerp(signal, 20.0, sinus.cover(x, y, 2.0));
        let mastoid = Ellipse::new(50.0, 24.0, 9.0, 10.0);
        signal = lerp(
            signal,
            60.0,
            mastoid.cover(side, y, 3.0) * step(-0.4, 0.4, grain),
        );
        let orbit = Ellipse::new(31.0, -62.0, 17.0, 22.0);
        signal = lerp(
            signal,
            w.fat,
            orbit.cover(side, y, 1.6) * step(0.05, 0.2, low),
        );
        let eye = Ellipse::new(31.0, -67.0, 12.0, 12.0);
        let eye_here = step(0.1, 0.3, low) * (1.0 - step(0.75, 0.9, low));
        signal = lerp(signal, w.muscle, eye.cover(side, y, 1.4) * eye_here);
        signal = lerp(
            signal,
            w.fluid,
            eye.inset(1.6).cover(side, y, 1.4) * eye_here,
        );
        let nerve = Ellipse::new(25.0, -46.0, 2.2, 10.0).turned(-0.25);
        signal = lerp(signal, w.white, nerve.cover(side, y, 1.2) * eye_here);

        let temporal = Ellipse::new(41.0, -14.0, 24.0 - 7.0 * low, 31.0 - 11.0 * low);
        let inside = temporal.depth(side, y).min(depth + 1.0);
        signal = lerp(signal, w.fluid, (inside + 0.5).clamp(0.0, 1.0));
        signal = lerp(
            signal,
            self.cortex(w, x, y, inside - 1.0),
            (inside - 0.5).clamp(0.0, 1.0),
        );

        // Cistern about the stem and the cerebellum.
        let hindbrain = Ellipse::new(0.0, 42.0, 54.0 - 8.0 * low, 42.0 - 5.0 * low).square(0.15);
        let inside = hindbrain.depth(x, y).min(depth + 1.0);
        signal = lerp(signal, w.fluid, (inside + 0.5).clamp(0.0, 1.0));
        let leaves = self.texture.at2(x / 14.0, y / 14.0) * 2.5 + inside;
        let leaf = (leaves * 1.5).sin() * (1.0 - step(10.0, 20.0, inside));
        let cerebellum = lerp(
            w.grey,
            w.white,
            step(0.1, 0.9, leaf).max(step(13.0, 19.0, inside)),
        );
        signal = lerp(signal, cerebellum, (inside - 2.0).clamp(0.0, 1.0));
        let clear = Ellipse::new(0.0, 12.0, 20.0, 15.0);
        signal = lerp(signal, w.fluid, clear.cover(x, y, 2.0));
        let stem = Ellipse::new(0.0, 15.0, 15.0 - 4.0 * low, 12.5 - 2.0 * low).square(0.2);
        signal = lerp(signal, lerp(w.grey, w.white, 0.6), stem.cover(x, y, 1.4));
        let fourth = Ellipse::new(0.0, 31.0, 7.5 - 3.0 * low, 4.0);
        lerp(signal, w.fluid, fourth.cover(x, y, 1.4))
    }

    fn cortex(&self, w: &Weighting, x: f32, y: f32, depth: f32) -> f32 {
        let fold = self.folds.at3(x / 9.0, y / 9.0, self.z / 14.0).abs();
        let reach = 1.0 - step(6.0, 15.0, depth);
        let ribbon = ((1.0 - step(0.2, 0.3, fold)) * reach).max(1.0 - step(2.5, 3.6, depth));
        let sulcus = (1.0 - step(0.03, 0.09, fold)) * reach;
        lerp(lerp(w.white, w.grey, ribbon), w.fluid, sulcus)
    }
}

/// Skin, fat, outer table, marrow, inner table and fluid, by depth.
fn shell(w: &Weighting, depth: f32) -> f32 {
    let layers = [
        (-0.5, w.muscle),
        (1.2, w.fat),
        (5.2, 45.0),
        (6.9, w.marrow),
        (10.3, 40.0),
        (12.4, w.fluid),
    ];
    layers.iter().fold(0.0, |signal, (from, value)| {
        lerp(signal, *value, step(from - 0.4, from + 0.4, depth))
    })
}
