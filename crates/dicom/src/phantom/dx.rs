//! Chest X-ray from behind: 2048 x 2500, 12 bits. A projection: what lies in
//! the beam adds up.

use super::{
    Instance, Study,
    attributes::{Grey, Series, begin, grey, x_ray},
    canvas::{Canvas, Ellipse, Point},
    dataset::tags,
    noise::{Field, Rng, step},
    thorax::vessels,
};
use std::f32::consts::{FRAC_PI_2, PI};

const COLUMNS: u16 = 2048;
const ROWS: u16 = 2500;
const SPACING: f32 = 0.17;
const WHITE: f32 = 4095.0;

pub(super) fn instance(study: &Study, inverse: bool) -> Instance {
    let reduction = study.plan().reduction;
    let (columns, rows) = (COLUMNS / reduction, ROWS / reduction);
    let spacing = SPACING * f32::from(reduction);
    let series = Series {
        number: 1,
        description: "Lungor PA",
        body_part: "CHEST",
        class: "1.2.840.10008.5.1.4.1.1.1.1",
    };
    let mut draft = begin(study, &series, 1);
    let data = &mut draft.data;
    let photometric = if inverse {
        "MONOCHROME1"
    } else {
        "MONOCHROME2"
    };
    grey(
        data,
        &Grey {
            rows,
            columns,
            bits: 12,
            signed: false,
            photometric,
        },
    );
    x_ray(data, spacing, inverse);
    data.text(tags::IMAGE_LATERALITY, "U")
        .code(tags::ANATOMIC_REGION_SEQUENCE, ("51185008", "SCT", "Chest"))
        .code(
            tags::VIEW_CODE_SEQUENCE,
            ("272479007", "SCT", "postero-anterior"),
        )
        .text(tags::VIEW_POSITION, "PA")
        .text(tags::POSITIONER_TYPE, "NONE")
        .text(tags::PATIENT_ORIENTATION, "L\\F")
        .text(tags::KVP, "125")
        .integer(tags::EXPOSURE_INU_AS, 1600)
        .decimals(tags::WINDOW_CENTER, &[2048.0])
        .decimals(tags::WINDOW_WIDTH, &[4096.0]);
    let canvas = draw(study, columns, rows, spacing);
    let mut rng = Rng::new(study.derive(&[9]));
    draft.finish(|data| {
        data.with_words(canvas.pixels.iter().map(|absorbed| {
            // Film-like: steep in the middle, and grainier where little comes
            // through.
            let a = absorbed.max(0.0);
            let film = a * a / (a * a + 5.0) * 1.12;
            let value = (film * WHITE + (8.0 + 14.0 * film) * rng.normal()).clamp(0.0, WHITE);
            (if inverse { WHITE - value } else { value }) as u16
        }))
    })
}

/// Absorption; about 1 in lung, 2.5 behind the heart, 4 below the diaphragm.
/// The middle of the picture is 150 mm below the apices.
fn draw(study: &Study, columns: u16, rows: u16, spacing: f32) -> Canvas {
    let mut c = Canvas::new(columns, rows, spacing, 0.0);
    torso(&mut c, Field::new(study.derive(&[7])));
    mediastinum(&mut c);
    // The first pieces lie in the hila, which are drawn as such.
    for tube in vessels(study.derive(&[8]))
        .iter()
        .filter(|tube| tube.radius < 4.5)
    {
        let place = |p: [f32; 3]| (p[0], p[2] - 135.0);
        let weight = 0.045 * tube.radius;
        c.line(
            (place(tube.from), place(tube.to)),
            tube.radius + 0.6,
            |old, depth| old + weight * depth.sqrt(),
        );
    }
    spine(&mut c);
    for side in [-1.0, 1.0] {
        for rib in 0..10 {
            ribs(&mut c, side, rib as f32);
        }
        shoulder(&mut c, side);
    }
    // Lead letter: the patient's left.
    for line in [
        ((136.0, -190.0), (136.0, -176.0)),
        ((136.0, -176.0), (144.0, -176.0)),
    ] {
        c.bar(line, 1.6, 9.0);
    }
    c
}

/// Half the width of the chest's inside at a height.
fn half_width(y: f32) -> f32 {
    let top = ((y + 148.0) / 150.0).clamp(0.0, 1.0);
    16.0 + 116.0 * (1.0 - (1.0 - top) * (1.0 - top)).sqrt()
}

fn torso(c: &mut Canvas, texture: Field) {
    c.everywhere(|x, y, _| {
        let side = x.abs();
        // Neck, shoulders, then the flanks.
        let shoulder = step(-205.0, -150.0, y);
        let half = 52.0 + 150.0 * shoulder - 34.0 * step(-120.0, 40.0, y);
        let body = (1.0 - (side / half).powi(4)).max(0.0).sqrt();
        let thick = 2.5 + 0.5 * step(-60.0, 120.0, y);
        // The lung's depth: none at its edges, full in its middle.
        let heart_side = if x > 0.0 { 14.0 } else { 18.0 };
        let outer = half_width(y) - side;
        let inner = side - heart_side;
        let (dome, centre) = if x < 0.0 { (62.0, 72.0) } else { (74.0, 76.0) };
        let from_dome = (side - centre) / 62.0;
        let floor = dome + 30.0 * from_dome * from_dome - y;
        let top = y + 148.0;
        let edge = |distance: f32, width: f32| {
            let t = (distance / width).clamp(0.0, 1.0);
            (1.0 - (1.0 - t) * (1.0 - t)).sqrt()
        };
        let lung = edge(outer, 34.0) * edge(inner, 30.0) * edge(top, 60.0);
        // The dome's edge is sharp, the lung behind it shines through a little.
        let lung = lung * (0.1 * edge(floor + 34.0, 30.0) + 0.9 * step(-1.0, 3.5, floor));
        let soft = 0.08 * texture.cloud(x / 42.0, y / 42.0, 3);
        let bubble = Ellipse::new(58.0, 96.0, 24.0, 13.0).chord(x, y);
        let breast = Ellipse::new(70.0, 30.0, 62.0, 58.0).chord(side, y);
        let skin = step(0.0, 0.15, body);
        (body * thick - 2.0 * lung - 1.0 * bubble + 0.22 * breast + soft * skin).max(0.0)
    });
}

fn mediastinum(c: &mut Canvas) {
    let mut add = |shape: Ellipse, weight: f32| {
        c.paint(shape.bounds(0.0), |x, y, old| {
            old + weight * shape.chord(x, y)
        });
    };
    // Heart: left ventricle towards the left and down, right atrium.
    add(Ellipse::new(27.0, 44.0, 68.0, 44.0).turned(0.5), 1.15);
    add(Ellipse::new(-14.0, 42.0, 32.0, 44.0), 0.6);
    // Aortic knob and arch, pulmonary trunk, descending aorta, cava.
    add(Ellipse::new(18.0, -54.0, 17.0, 16.0), 0.75);
    add(Ellipse::new(24.0, -20.0, 17.0, 17.0), 0.55);
    add(Ellipse::new(16.0, 30.0, 14.0, 100.0).square(0.6), 0.3);
    add(Ellipse::new(-16.0, -50.0, 13.0, 70.0).square(0.5), 0.45);
    // Hila.
    add(Ellipse::new(38.0, -8.0, 14.0, 20.0).turned(-0.3), 0.42);
    add(Ellipse::new(-36.0, -2.0, 13.0, 22.0).turned(0.3), 0.42);
    // Windpipe and main bronchi are air.
    add(Ellipse::new(-2.0, -110.0, 9.0, 82.0).square(0.8), -0.5);
    add(Ellipse::new(14.0, -24.0, 6.0, 21.0).turned(-0.85), -0.3);
    add(Ellipse::new(-16.0, -24.0, 6.5, 21.0).turned(0.65), -0.3);
}

fn spine(c: &mut Canvas) {
    for level in 0..17 {
        let y = -205.0 + 25.0 * level as f32;
        let width = 15.0 + 0.35 * level as f32;
        let body = Ellipse::new(0.0, y, width, 10.8).square(0.75);
        c.paint(body.bounds(0.0), |x, y, old| {
            let depth = body.depth(x, y);
            let plate = 1.0 - step(0.5, 2.2, depth);
            old + step(0.0, 1.0, depth) * (0.3 + 0.16 * plate)
        });
        for side in [-1.0, 1.0] {
            let pedicle = Ellipse::new(side * (width - 5.0), y - 2.0, 3.2, 4.6);
            c.paint(pedicle.bounds(0.0), |x, y, old| {
                old + 0.22 * pedicle.chord(x, y)
            });
        }
        let process = Ellipse::new(0.0, y + 9.0, 2.8, 5.5);
        c.paint(process.bounds(0.0), |x, y, old| {
            old + 0.25 * process.chord(x, y)
        });
    }
}

/// A tube of bone: brightest at its rim.
fn cortex(weight: f32) -> impl Fn(f32) -> f32 {
    move |depth| {
        let rim = step(0.0, 0.18, depth) * (1.0 - 0.45 * step(0.25, 0.7, depth));
        weight * rim
    }
}

/// Rib from the spine outwards and down, and back to the front, fainter.
fn ribs(c: &mut Canvas, side: f32, number: f32) {
    let y0 = -152.0 + 25.0 * number;
    let drop = 20.0 + 4.6 * number;
    let width = half_width(y0 + drop * 0.8) + 5.0;
    let back: Vec<Point> = (0..=18)
        .map(|i| {
            let u = i as f32 / 18.0;
            let x = 12.0 + (width - 12.0) * (u * FRAC_PI_2).sin();
            let y = y0 - 9.0 * (u * PI).sin() + drop * (1.0 - (u * FRAC_PI_2).cos());
            (side * x, y)
        })
        .collect();
    if number > 7.0 {
        c.add_curve(&back, 5.4, cortex(0.32));
        return;
    }
    // In front cartilage takes over, which the picture does not show.
    let front = (1..=14).map(|i| {
        let u = i as f32 / 14.0;
        let end = 46.0 + 5.0 * number;
        let x = end + (width - end) * (u * FRAC_PI_2).cos();
        let y = y0 + drop + (24.0 + 3.4 * number) * (u * 1.2).sin();
        (side * x, y)
    });
    let whole: Vec<Point> = back.into_iter().chain(front).collect();
    c.add_curve(&whole, 5.4, cortex(0.32));
}

fn shoulder(c: &mut Canvas, side: f32) {
    let bent =
        |points: &[Point]| -> Vec<Point> { points.iter().map(|&(x, y)| (side * x, y)).collect() };
    let clavicle: Vec<Point> = (0..=16)
        .map(|i| {
            let u = i as f32 / 16.0;
            (
                side * (14.0 + 128.0 * u),
                -118.0 - 26.0 * u - 7.0 * (u * 2.0 * PI).sin(),
            )
        })
        .collect();
    c.add_curve(&clavicle, 6.4, cortex(0.55));
    // Shoulder blade, turned out of the lungs, and the head of the arm.
    let rim = bent(&[
        (150.0, -128.0),
        (138.0, -90.0),
        (128.0, -20.0),
        (124.0, 0.0),
    ]);
    c.add_curve(&rim, 4.5, cortex(0.4));
    let blade = Ellipse::new(side * 142.0, -78.0, 17.0, 66.0).turned(side * 0.22);
    c.paint(blade.bounds(0.0), |x, y, old| {
        old + 0.22 * step(0.0, 0.3, blade.chord(x, y))
    });
    let head = Ellipse::new(side * 172.0, -128.0, 23.0, 24.0);
    c.paint(head.bounds(0.0), |x, y, old| {
        old + 0.9 * head.chord(x, y).sqrt()
    });
}
