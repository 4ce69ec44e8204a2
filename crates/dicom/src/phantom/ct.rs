//! CT of the chest with contrast medium: 512 x 512, 16 bits, head to feet.

use super::{
    Instance, Study,
    abdomen::Organs,
    attributes::{Grey, Series, axial, begin, grey},
    canvas::{Canvas, Ellipse},
    dataset::tags,
    noise::{Field, Rng, lerp, step},
    thorax::{Tube, diaphragm, vessels},
};

const SIZE: u16 = 512;
/// Field of view and length scanned, millimetres.
const VIEW: f32 = 400.0;
const LENGTH: f32 = 300.0;
/// Stored values are Hounsfield units and this.
const OFFSET: f32 = 1024.0;

pub(super) fn instance(study: &Study, index: usize, slices: u16, nodule: bool) -> Instance {
    let reduction = study.plan().reduction;
    let size = SIZE / reduction;
    let spacing = VIEW / f32::from(size);
    let thickness = LENGTH / f32::from(slices);
    let z = (index as f32 + 0.5) * thickness;
    let series = Series {
        number: 2,
        description: "Thorax 2.5 mm",
        body_part: "CHEST",
        class: "1.2.840.10008.5.1.4.1.1.2",
    };
    let mut draft = begin(study, &series, index + 1);
    let data = &mut draft.data;
    axial(data, study, size, (spacing, thickness, -z));
    grey(
        data,
        &Grey {
            rows: size,
            columns: size,
            bits: 16,
            signed: true,
            photometric: "MONOCHROME2",
        },
    );
    data.text(tags::IMAGE_TYPE, "ORIGINAL\\PRIMARY\\AXIAL")
        .decimals(tags::RESCALE_INTERCEPT, &[-OFFSET])
        .decimals(tags::RESCALE_SLOPE, &[1.0])
        .text(tags::RESCALE_TYPE, "HU")
        .text(tags::WINDOW_CENTER, "50\\-600")
        .text(tags::WINDOW_WIDTH, "400\\1500")
        .text(tags::WINDOW_CENTER_WIDTH_EXPLANATION, "MJUKDEL\\LUNGA")
        .text(tags::KVP, "120")
        .integer(tags::X_RAY_TUBE_CURRENT, 210)
        .integer(tags::EXPOSURE_TIME, 500)
        .text(tags::CONVOLUTION_KERNEL, "STANDARD")
        .decimals(tags::DATA_COLLECTION_DIAMETER, &[500.0])
        .decimals(tags::RECONSTRUCTION_DIAMETER, &[VIEW])
        .decimals(tags::GANTRY_DETECTOR_TILT, &[0.0])
        .text(tags::SCAN_OPTIONS, "HELICAL")
        .text(tags::CONTRAST_BOLUS_AGENT, "Jodkontrast");
    let slice = Slice::new(study, z, thickness, nodule);
    let canvas = slice.draw(size, spacing);
    let mut rng = Rng::new(study.derive(&[9, index as u64]));
    draft.finish(|data| {
        data.with_words(canvas.pixels.iter().map(|hounsfield| {
            let stored = hounsfield + 11.0 * rng.normal() + OFFSET;
            (stored.clamp(0.0, 4095.0) as i16).cast_unsigned()
        }))
    })
}

/// One slice of the body; outlines that many organs follow.
struct Slice {
    z: f32,
    thickness: f32,
    nodule: bool,
    body: Ellipse,
    muscle: Ellipse,
    /// Inner side of the ribs, and its radii.
    cavity: Ellipse,
    cavity_radii: (f32, f32),
    /// Middle of the vertebral body.
    spine: f32,
    texture: Field,
    vessels: Vec<Tube>,
}

impl Slice {
    fn new(study: &Study, z: f32, thickness: f32, nodule: bool) -> Self {
        let wide = step(-10.0, 70.0, z);
        let inner = step(-30.0, 95.0, z);
        let body = Ellipse::new(0.0, 0.0, 108.0 + 57.0 * wide, 82.0 + 30.0 * wide).square(0.35);
        let radii = (46.0 + 84.0 * inner, 44.0 + 42.0 * inner);
        Self {
            z,
            thickness,
            nodule,
            body,
            muscle: body.inset(11.0),
            cavity: Ellipse::new(0.0, -2.0, radii.0, radii.1).square(0.25),
            cavity_radii: radii,
            spine: 30.0 + 27.0 * wide,
            texture: Field::new(study.derive(&[7])),
            vessels: vessels(study.derive(&[8])),
        }
    }

    fn draw(&self, size: u16, spacing: f32) -> Canvas {
        let mut c = Canvas::new(size, size, spacing, -1000.0);
        self.table(&mut c);
        self.wall(&mut c);
        self.shoulders(&mut c);
        self.ribs(&mut c);
        let mut lungs = Canvas::new(size, size, spacing, 0.0);
        self.chest(&mut c, &mut lungs);
        self.lung_vessels(&mut c, &lungs);
        self.heart(&mut c);
        self.great_vessels(&mut c);
        self.airways(&mut c);
        self.vertebra(&mut c);
        c
    }

    /// The height of a ball of this radius about `centre`, in this slice: its
    /// radius here, if it reaches here at all.
    fn cut(&self, centre: f32, radius: f32) -> Option<f32> {
        let d = self.z - centre;
        let rest = radius * radius - d * d;
        (rest > 0.0).then(|| rest.sqrt())
    }

    fn between(&self, from: f32, to: f32) -> bool {
        self.z >= from && self.z < to
    }

    fn table(&self, c: &mut Canvas) {
        c.paint((-190.0, 60.0, 190.0, 200.0), |x, y, old| {
            let depth = y - (122.0 - 0.0011 * x * x);
            match depth {
                0.0..2.0 | 22.0..24.0 => -250.0,
                2.0..22.0 => -940.0,
                _ => old,
            }
        });
    }

    fn wall(&self, c: &mut Canvas) {
        c.fill(&self.body, 1.5, 10.0);
        c.fill(&self.body.inset(1.6), 1.5, -100.0);
        let (muscle, texture) = (self.muscle, self.texture);
        // Strands of fat run between the muscles.
        c.paint(muscle.bounds(1.0), |x, y, old| {
            let cover = muscle.cover(x, y, 1.5);
            if cover == 0.0 {
                return old;
            }
            let strand = step(0.3, 0.9, texture.cloud(x / 22.0 + 40.0, y / 14.0, 2));
            lerp(old, lerp(58.0, -80.0, strand), cover)
        });
    }

    fn shoulders(&self, c: &mut Canvas) {
        if self.between(14.0, 34.0) {
            let end = 50.0 + (self.z - 14.0) * 1.5;
            for side in [-1.0, 1.0] {
                bone(c, ((side * 16.0, -56.0), (side * end, -50.0)), 5.0);
            }
        }
        if self.between(22.0, 150.0) {
            let low = (self.z - 22.0) / 128.0;
            for side in [-1.0, 1.0] {
                let inner = (side * (82.0 + 10.0 * low), 76.0 + 4.0 * low);
                let outer = (side * (132.0 - 26.0 * low), 34.0 + 32.0 * low);
                bone(c, (inner, outer), 3.4);
            }
        }
        if self.between(58.0, 225.0) {
            let y = -self.cavity_radii.1 - 7.0;
            let width = if self.z < 95.0 { 24.0 } else { 15.0 };
            c.fill(&Ellipse::new(0.0, y, width, 5.5), 1.2, 520.0);
            c.fill(&Ellipse::new(0.0, y, width - 2.0, 3.6), 1.5, 170.0);
        }
    }

    /// Ribs slope down towards the front, so that a slice cuts several.
    fn ribs(&self, c: &mut Canvas) {
        let (cavity, ry, z) = (self.cavity, self.cavity_radii.1, self.z);
        c.paint(cavity.bounds(12.0), |x, y, old| {
            let depth = cavity.depth(x, y);
            if !(-11.0..0.0).contains(&depth) {
                return old;
            }
            let front = (1.0 - (y + 2.0) / ry) / 2.0;
            let along = z - 95.0 * front + 130.0;
            let from_rib = along.rem_euclid(26.0) - 13.0;
            let (a, b) = (from_rib / 7.0, (depth + 5.5) / 5.0);
            let form = a * a + b * b;
            if form > 1.0 || x.abs() < 14.0 {
                return old;
            }
            // The front ends are cartilage.
            let hard = if front > 0.88 { 110.0 } else { 620.0 };
            let inside = if front > 0.88 { 90.0 } else { 230.0 };
            let cortex = step(0.35, 0.6, form);
            lerp(lerp(inside, hard, cortex), old, step(0.85, 1.0, form))
        });
    }

    fn chest(&self, c: &mut Canvas, lungs: &mut Canvas) {
        let (cavity, texture, z) = (self.cavity, self.texture, self.z);
        let (rx, ry) = self.cavity_radii;
        let organs = Organs::new();
        let pleura = cavity.inset(2.5);
        let height = step(6.0, 80.0, z).sqrt();
        let right = Ellipse::new(-80.0, 2.0, 22.0 + 44.0 * height, 104.0 * height).square(0.3);
        let left = Ellipse::new(81.0, 2.0, 22.0 + 42.0 * height, 104.0 * height).square(0.3);
        let mut covers = lungs.pixels.iter_mut();
        c.everywhere(|x, y, old| {
            let lung = covers.next();
            // Most of the picture is outside; this is quicker than the shape.
            if x.abs() > rx + 1.0 || (y + 2.0).abs() > ry + 1.0 {
                return old;
            }
            let inside = cavity.cover(x, y, 1.2);
            if inside == 0.0 {
                return old;
            }
            let dome = diaphragm(x, y);
            let side = if x < 0.0 { &right } else { &left };
            let above = (0.5 + (dome - z) / 4.0).clamp(0.0, 1.0);
            let air = side
                .cover(x, y, 1.2)
                .min(pleura.cover(x, y, 1.2))
                .min(above);
            if let Some(lung) = lung {
                *lung = air;
            }
            let tissue = if air >= 1.0 {
                0.0
            } else if above < 1.0 {
                organs.tissue(texture, x, y, z - dome)
            } else {
                lerp(
                    -85.0,
                    25.0,
                    step(-0.6, 0.6, texture.cloud(x / 13.0, y / 13.0, 2)),
                )
            };
            if air == 0.0 {
                return lerp(old, tissue, inside);
            }
            // Blood sinks towards the back.
            let lung = -845.0 + 0.35 * y + 22.0 * texture.at3(x / 7.0, y / 7.0, z / 7.0);
            lerp(old, lerp(tissue, lung, air), inside)
        });
        if self.nodule {
            self.nodule(c);
        }
    }

    /// In the right upper lobe, 13 mm wide, its rim uneven.
    fn nodule(&self, c: &mut Canvas) {
        let Some(radius) = self.cut(98.0, 6.5) else {
            return;
        };
        let texture = self.texture;
        let (cx, cy) = (-82.0, -12.0);
        c.paint((cx - 11.0, cy - 11.0, cx + 11.0, cy + 11.0), |x, y, old| {
            let (dx, dy) = (x - cx, y - cy);
            let rough = 1.4 * texture.at2(dx / 1.9, dy / 1.9);
            let depth = radius + rough - (dx * dx + dy * dy).sqrt();
            lerp(old, 38.0_f32.max(old), (0.5 + depth / 1.2).clamp(0.0, 1.0))
        });
    }

    fn lung_vessels(&self, c: &mut Canvas, lungs: &Canvas) {
        let half = (self.thickness / 2.0).max(0.6);
        let mut bright = Canvas::new(c.width as u16, c.height as u16, VIEW / c.width as f32, 0.0);
        for tube in &self.vessels {
            let reach = half + tube.radius;
            let (z0, z1) = (tube.from[2] - self.z, tube.to[2] - self.z);
            if z0.min(z1) > reach || z0.max(z1) < -reach {
                continue;
            }
            // The part of the tube within the slice, from 0 to 1 along it.
            let slope = z1 - z0;
            let (a, b) = if slope.abs() < 1e-3 {
                (0.0, 1.0)
            } else {
                let (a, b) = ((-reach - z0) / slope, (reach - z0) / slope);
                (a.min(b).clamp(0.0, 1.0), a.max(b).clamp(0.0, 1.0))
            };
            let at = |t: f32| {
                (
                    lerp(tube.from[0], tube.to[0], t),
                    lerp(tube.from[1], tube.to[1], t),
                )
            };
            let radius = tube.radius + 0.5;
            bright.line((at(a), at(b)), radius, |old, depth| {
                old.max((depth * radius / 1.1).min(1.0))
            });
        }
        let layers = bright.pixels.iter().zip(&lungs.pixels);
        for (pixel, (vessel, lung)) in c.pixels.iter_mut().zip(layers) {
            *pixel = lerp(*pixel, pixel.max(70.0), vessel * lung);
        }
    }

    fn heart(&self, c: &mut Canvas) {
        // Sections of an ellipsoid, its tip to the left, front and down.
        let d = (self.z - 182.0) / 58.0;
        if d.abs() >= 1.0 {
            return;
        }
        let s = (1.0 - d * d).sqrt();
        let (x, y) = (14.0 + 10.0 * d, -26.0 - 4.0 * d);
        let shape = |dx: f32, dy: f32, rx: f32, ry: f32| {
            Ellipse::new(x + dx * s, y + dy * s, rx * s, ry * s).turned(0.6)
        };
        c.fill(&shape(0.0, 0.0, 64.0, 47.0), 2.0, -70.0);
        c.fill(&shape(0.0, 0.0, 60.0, 43.0), 2.0, 105.0);
        for (dx, dy, rx, ry, value) in [
            // Left and right ventricle, left and right atrium.
            (22.0, 6.0, 28.0, 15.0, 205.0),
            (6.0, -22.0, 30.0, 11.0, 180.0),
            (-10.0, 26.0, 22.0, 14.0, 205.0),
            (-36.0, -8.0, 13.0, 20.0, 180.0),
        ] {
            c.fill(&shape(dx, dy, rx, ry), 2.5, value);
        }
    }

    fn great_vessels(&self, c: &mut Canvas) {
        let mut disc = |x, y, r, value| c.fill(&Ellipse::new(x, y, r, r), 1.4, value);
        if self.between(28.0, 92.0) {
            let apart = (92.0 - self.z) / 64.0;
            disc(-16.0 - 8.0 * apart, -10.0, 6.5, 215.0);
            disc(1.0 + 6.0 * apart, -6.0, 4.5, 215.0);
            disc(14.0 + 5.0 * apart, 8.0, 5.0, 215.0);
            disc(-34.0, -14.0, 7.0, 160.0);
        }
        if self.between(92.0, 158.0) {
            disc(-33.0, -12.0, 9.0, 170.0);
        }
        if self.between(95.0, 150.0) {
            disc(-12.0, -20.0, 15.5, 215.0);
        }
        if self.z >= 95.0 {
            disc(23.0, self.spine - 20.0, 11.5, 215.0);
        }
        if self.z >= 225.0 {
            disc(-26.0, 8.0, 12.0, 150.0);
        }
        if let Some(r) = self.cut(96.0, 13.0) {
            c.bar(((-10.0, -18.0), (23.0, self.spine - 22.0)), r, 215.0);
        }
        if let Some(r) = self.cut(126.0, 13.0) {
            c.bar(((14.0, -24.0), (32.0, 4.0)), r, 200.0);
        }
        if let Some(r) = self.cut(136.0, 11.0) {
            c.bar(((16.0, -8.0), (-36.0, 8.0)), r, 200.0);
        }
    }

    fn airways(&self, c: &mut Canvas) {
        let mut pipe = |x, y, r: f32| {
            c.fill(&Ellipse::new(x, y, r + 1.6, r + 1.6), 1.2, 40.0);
            c.fill(&Ellipse::new(x, y, r, r), 1.2, -985.0);
        };
        if self.z < 116.0 {
            pipe(-2.0, 13.0, 8.5);
        } else if self.z < 152.0 {
            let away = (self.z - 112.0) * 0.85;
            pipe(-2.0 - away, 14.0, 6.6);
            pipe(-2.0 + away, 15.0, 6.0);
        }
        // The gullet, with a little air.
        let y = self.spine - 23.0;
        c.fill(&Ellipse::new(5.0, y, 8.0, 5.5), 1.4, 45.0);
        c.fill(&Ellipse::new(5.0, y, 2.5, 1.2), 1.2, -300.0);
    }

    fn vertebra(&self, c: &mut Canvas) {
        let y = self.spine;
        let level = self.z.rem_euclid(25.0);
        let body = Ellipse::new(0.0, y, 17.5, 13.5).square(0.25);
        let texture = self.texture;
        if level < 5.0 {
            // A disc between two bodies.
            c.fill(&body, 1.4, 95.0);
        } else {
            c.fill(&body, 1.2, 560.0);
            let spongy = body.inset(1.8);
            c.paint(spongy.bounds(1.0), |x, y, old| {
                let grain = 200.0 + 55.0 * texture.at2(x / 1.6, y / 1.6);
                lerp(old, grain, spongy.cover(x, y, 1.4))
            });
        }
        let canal = y + 20.5;
        for side in [-1.0, 1.0] {
            bone(c, ((side * 11.0, y + 9.0), (side * 12.5, canal + 2.0)), 3.2);
            bone(
                c,
                ((side * 12.0, canal + 2.0), (side * 2.0, canal + 11.0)),
                3.2,
            );
            if (8.0..19.0).contains(&level) {
                bone(c, ((side * 14.0, canal), (side * 33.0, canal + 7.0)), 4.2);
            }
        }
        bone(
            c,
            ((0.0, canal + 11.0), (0.0, canal + 24.0 - level * 0.3)),
            3.2,
        );
        c.fill(&Ellipse::new(0.0, canal, 9.0, 7.5), 1.2, 12.0);
        c.fill(&Ellipse::new(0.0, canal, 5.5, 4.0), 1.2, 42.0);
    }
}

/// Bone about a line: hard outside, spongy inside.
fn bone(c: &mut Canvas, line: ((f32, f32), (f32, f32)), radius: f32) {
    c.bar(line, radius, 560.0);
    c.bar(line, (radius - 1.8).max(0.8), 300.0);
}
