//! Ultrasound of the heart: a loop of 40 frames, 640 x 480, RGB; four chambers
//! from the apex, two beats.

use super::{
    Instance, Study,
    attributes::{Series, begin},
    canvas::{Ellipse, Point, distance},
    dataset::{DataSet, tags},
    noise::{Field, lerp, step},
};
use std::f32::consts::PI;

const COLUMNS: u16 = 640;
const ROWS: u16 = 480;
const FRAMES: u16 = 40;
/// Frames of one heartbeat.
const BEAT: u16 = 20;
/// Milliseconds.
const FRAME_TIME: f32 = 40.0;
/// Where the sector begins and how far it reaches, pixels of the full size.
const APEX: Point = (320.0, 34.0);
const REACH: f32 = 400.0;
/// Half of its opening, radians.
const OPENING: f32 = 0.66;
/// Pixels to a centimetre at full size.
const CENTIMETRE: f32 = 25.0;

pub(super) fn instance(study: &Study) -> Instance {
    let reduction = study.plan().reduction;
    let (columns, rows) = (COLUMNS / reduction, ROWS / reduction);
    let series = Series {
        number: 1,
        description: "Apikal fyrkammarbild",
        body_part: "HEART",
        class: "1.2.840.10008.5.1.4.1.1.3.1",
    };
    let mut draft = begin(study, &series, 1);
    let data = &mut draft.data;
    data.text(tags::IMAGE_TYPE, "ORIGINAL\\PRIMARY\\TTE\\0001")
        .text(tags::PATIENT_ORIENTATION, "")
        .short(tags::SAMPLES_PER_PIXEL, 3)
        .text(tags::PHOTOMETRIC_INTERPRETATION, "RGB")
        .short(tags::PLANAR_CONFIGURATION, 0)
        .integer(tags::NUMBER_OF_FRAMES, FRAMES.into())
        .pointer(tags::FRAME_INCREMENT_POINTER, tags::FRAME_TIME)
        .decimals(tags::FRAME_TIME, &[FRAME_TIME])
        .integer(tags::CINE_RATE, 25)
        .integer(tags::RECOMMENDED_DISPLAY_FRAME_RATE, 25)
        .integer(tags::HEART_RATE, 75)
        .short(tags::ROWS, rows)
        .short(tags::COLUMNS, columns)
        .short(tags::BITS_ALLOCATED, 8)
        .short(tags::BITS_STORED, 8)
        .short(tags::HIGH_BIT, 7)
        .short(tags::PIXEL_REPRESENTATION, 0)
        .short(tags::ULTRASOUND_COLOR_DATA_PRESENT, 0)
        .text(tags::BURNED_IN_ANNOTATION, "NO")
        .text(tags::LOSSY_IMAGE_COMPRESSION, "00");
    let region = region(study, columns, rows);
    data.sequence(tags::SEQUENCE_OF_ULTRASOUND_REGIONS, vec![region]);

    let scene = Scene::new(study, columns, rows);
    let size = usize::from(columns) * usize::from(rows) * 3;
    let length = size * usize::from(FRAMES);
    draft.finish(|data| {
        let mut out = data.with_pixel_header(*b"OB", length + length % 2);
        for frame in 0..FRAMES {
            scene.draw(frame, &mut out);
        }
        out.resize(out.len() + length % 2, 0);
        out
    })
}

/// The picture's scale (PS3.3 C.8.5.5).
fn region(study: &Study, columns: u16, rows: u16) -> DataSet {
    let mut region = DataSet::new(study.plan().character_set);
    let delta = f64::from(study.plan().reduction) / f64::from(CENTIMETRE);
    region
        .long(tags::REGION_LOCATION_MIN_X0, 0)
        .long(tags::REGION_LOCATION_MIN_Y0, 0)
        .long(tags::REGION_LOCATION_MAX_X1, u32::from(columns) - 1)
        .long(tags::REGION_LOCATION_MAX_Y1, u32::from(rows) - 1)
        // 2D, tissue, centimetres.
        .short(tags::REGION_SPATIAL_FORMAT, 1)
        .short(tags::REGION_DATA_TYPE, 1)
        .long(tags::REGION_FLAGS, 0)
        .short(tags::PHYSICAL_UNITS_X_DIRECTION, 3)
        .short(tags::PHYSICAL_UNITS_Y_DIRECTION, 3)
        .signed(tags::REFERENCE_PIXEL_X0, i32::from(columns) / 2)
        .signed(
            tags::REFERENCE_PIXEL_Y0,
            APEX.1 as i32 / i32::from(study.plan().reduction),
        )
        .double(tags::PHYSICAL_DELTA_X, delta)
        .double(tags::PHYSICAL_DELTA_Y, delta);
    region
}

/// What does not change from frame to frame.
struct Scene {
    columns: u16,
    rows: u16,
    scale: f32,
    speckle: Field,
    /// Angle and depth of each pixel, in the sector's terms; `None` outside.
    polar: Vec<Option<(f32, f32)>>,
}

impl Scene {
    fn new(study: &Study, columns: u16, rows: u16) -> Self {
        let scale = f32::from(study.plan().reduction);
        let mut polar = Vec::with_capacity(usize::from(columns) * usize::from(rows));
        for row in 0..rows {
            for column in 0..columns {
                let x = f32::from(column) * scale - APEX.0;
                let y = f32::from(row) * scale - APEX.1;
                let (angle, depth) = (x.atan2(y), (x * x + y * y).sqrt());
                let inside = angle.abs() < OPENING && (8.0..REACH).contains(&depth);
                polar.push(inside.then_some((angle, depth)));
            }
        }
        Self {
            columns,
            rows,
            scale,
            speckle: Field::new(study.derive(&[7])),
            polar,
        }
    }

    fn draw(&self, frame: u16, out: &mut Vec<u8>) {
        let heart = Heart::at(f32::from(frame % BEAT) / f32::from(BEAT));
        let mut polar = self.polar.iter();
        for row in 0..self.rows {
            for column in 0..self.columns {
                let (x, y) = (f32::from(column) * self.scale, f32::from(row) * self.scale);
                let colour = match polar.next() {
                    Some(Some((angle, depth))) => {
                        let echo = heart.echo(self.speckle, (x, y), *angle, *depth);
                        let grey = (255.0 * echo.clamp(0.0, 1.0)) as u8;
                        // Slightly warm, as the machines make it.
                        [grey, grey, (f32::from(grey) * 0.92) as u8]
                    }
                    _ => furniture(frame, x, y, self.scale),
                };
                out.extend_from_slice(&colour);
            }
        }
    }
}

/// Depth scale and electrocardiogram, outside the sector.
fn furniture(frame: u16, x: f32, y: f32, scale: f32) -> [u8; 3] {
    let depth = (y - APEX.1) / CENTIMETRE;
    if (604.0..614.0).contains(&x) && (0.0..16.5).contains(&depth) {
        let long = (depth + 0.02).rem_euclid(5.0) < 0.06 * scale;
        let tick = (depth + 0.02).rem_euclid(1.0) < 0.05 * scale;
        if tick && (long || x > 608.0) {
            return [170, 170, 170];
        }
    }
    if y > 425.0 && (20.0..620.0).contains(&x) {
        // Two beats across; the part not yet reached by the sweep is dim.
        let swept = (x - 20.0) / 600.0 * f32::from(FRAMES);
        let phase = (swept / f32::from(BEAT)).fract();
        let ecg = |phase: f32| 463.0 - 30.0 * lead(phase);
        let here = ecg(phase);
        let next = ecg((phase + scale / 300.0).fract());
        let (low, high) = (here.min(next) - scale, here.max(next) + scale);
        if (low..high).contains(&y) {
            return if swept <= f32::from(frame) + 1.0 {
                [60, 220, 90]
            } else {
                [15, 60, 25]
            };
        }
    }
    [0, 0, 0]
}

/// P, QRS and T; the beat begins at R.
fn lead(phase: f32) -> f32 {
    let bump = |centre: f32, width: f32| {
        let d = (phase - centre) / width;
        (-d * d).exp()
    };
    bump(0.0, 0.012) + bump(1.0, 0.012) - 0.25 * bump(0.035, 0.012) - 0.15 * bump(0.97, 0.01)
        + 0.28 * bump(0.3, 0.05)
        + 0.14 * bump(0.86, 0.03)
}

/// Chambers and valves at one moment of the beat.
struct Heart {
    /// 0 at rest, 1 most contracted.
    squeeze: f32,
    /// Left and right ventricle, left and right atrium, and the openings
    /// between them.
    chambers: [Ellipse; 6],
    outside: Ellipse,
    leaflets: [(Point, Point); 4],
}

impl Heart {
    fn at(phase: f32) -> Self {
        // Contraction takes two fifths of the beat.
        let squeeze = if phase < 0.4 {
            (phase / 0.4 * PI).sin()
        } else {
            0.0
        };
        // Valves between: shut while it contracts; open early and, for the
        // atrial kick, late in the filling.
        let early = step(0.40, 0.48, phase) * (1.0 - step(0.58, 0.68, phase));
        let late = step(0.78, 0.85, phase) * (1.0 - step(0.92, 0.99, phase));
        let open = early.max(0.7 * late);
        let ring = 258.0 - 14.0 * squeeze;
        let s = 1.0 - 0.2 * squeeze;
        let a = 1.0 + 0.14 * squeeze - 0.08 * late;
        let hinge = |x: f32, reach: f32, sign: f32| {
            let shut = (x + sign * reach, ring - 10.0);
            let wide = (x + sign * 9.0, ring - 36.0);
            (
                (x, ring),
                (lerp(shut.0, wide.0, open), lerp(shut.1, wide.1, open)),
            )
        };
        Self {
            squeeze,
            chambers: [
                Ellipse::new(364.0, 186.0, 47.0 * s, 80.0 - 10.0 * squeeze).turned(-0.12),
                Ellipse::new(266.0, 200.0, 32.0 * s, 62.0 - 7.0 * squeeze).turned(0.2),
                Ellipse::new(370.0, ring + 50.0, 42.0 * a, 43.0 * a),
                Ellipse::new(272.0, ring + 46.0, 38.0 * a, 40.0 * a),
                Ellipse::new(368.0, ring, 31.0, 20.0),
                Ellipse::new(271.0, ring, 25.0, 18.0),
            ],
            outside: Ellipse::new(322.0, 236.0, 118.0 - 3.0 * squeeze, 158.0).square(0.1),
            leaflets: [
                hinge(331.0, 34.0, 1.0),
                hinge(404.0, 38.0, -1.0),
                hinge(242.0, 28.0, 1.0),
                hinge(301.0, 28.0, -1.0),
            ],
        }
    }

    /// Strength of the echo, 0 to 1, at a pixel.
    fn echo(&self, speckle: Field, (x, y): Point, angle: f32, depth: f32) -> f32 {
        // Tissue moves with the beat, and its speckle with it.
        let moved = depth + 9.0 * self.squeeze * step(340.0, 180.0, depth);
        let grain =
            speckle.at2(angle * 95.0, moved / 2.6) + 0.6 * speckle.at2(angle * 210.0, moved / 1.7);
        let grain = (0.6 + 0.5 * grain).max(0.05);
        let blood = self
            .chambers
            .iter()
            .map(|c| c.depth(x, y))
            .fold(f32::MIN, f32::max);
        // No inner wall is smooth.
        let blood = blood + 3.2 * speckle.at2(x / 13.0, y / 13.0);
        let wall = self.outside.depth(x, y) + 4.0 * speckle.at2(x / 30.0, y / 30.0);
        let tissue = if wall > 0.0 {
            // Walls across the beam answer more.
            0.42 + 0.32 * (1.0 - step(0.0, 7.0, -blood)) + 0.4 * (1.0 - step(0.0, 5.0, wall))
        } else {
            0.2 + 0.2 * step(0.0, 0.5, speckle.at2(x / 34.0, y / 20.0))
        };
        let mut echo = lerp(tissue, 0.035, step(-1.5, 2.5, blood)) * grain;
        for leaflet in &self.leaflets {
            let off = distance((x, y), *leaflet);
            if off < 5.0 {
                echo = echo.max((1.0 - off / 5.0).sqrt() * (0.6 + 0.35 * grain));
            }
        }
        // Near field clutter; less from far away and from the sides.
        let clutter = 0.5 * (1.0 - step(10.0, 46.0, depth)) * grain;
        let gain = (1.5 - 0.7 * depth / REACH) * (1.0 - step(0.5, OPENING, angle.abs()) * 0.5);
        echo * gain + clutter
    }
}
