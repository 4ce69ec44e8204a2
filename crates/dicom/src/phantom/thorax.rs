//! What the CT and the chest X-ray show alike: the vessels of the lungs.
//!
//! Millimetres: x to the patient's left, y to the back, z down from the apex
//! of the lungs (about 0) to below the diaphragm (about 300).

use super::noise::Rng;

/// A piece of a vessel.
pub(super) struct Tube {
    pub(super) from: [f32; 3],
    pub(super) to: [f32; 3],
    pub(super) radius: f32,
}

/// Height of the diaphragm under a lung at a place: lower away from the dome.
pub(super) fn diaphragm(x: f32, y: f32) -> f32 {
    let (top, centre) = if x < 0.0 {
        (203.0, -75.0)
    } else {
        (213.0, 78.0)
    };
    let dx = x - centre;
    let dy = y + 8.0;
    top + 0.011 * dx * dx + 0.009 * dy * dy
}

/// Both lungs' vessels, some hundred pieces, branching out from the hila.
pub(super) fn vessels(seed: u64) -> Vec<Tube> {
    let mut rng = Rng::new(seed);
    let mut out = Vec::new();
    for side in [-1.0f32, 1.0] {
        let hilum = [side * 34.0, 6.0, 138.0];
        // Up, down, front, back and outwards.
        for direction in [
            [0.35, -0.2, -1.0],
            [0.7, 0.35, -0.7],
            [0.9, -0.5, -0.1],
            [0.8, 0.55, 0.25],
            [0.5, -0.45, 0.8],
            [0.45, 0.45, 1.0],
            [0.8, 0.1, 0.6],
        ] {
            let [x, y, z] = direction;
            grow(&mut rng, &mut out, hilum, [side * x, y, z], 4.6, 30.0, 6);
        }
    }
    out
}

fn grow(
    rng: &mut Rng,
    out: &mut Vec<Tube>,
    from: [f32; 3],
    direction: [f32; 3],
    radius: f32,
    length: f32,
    depth: u32,
) {
    let size = direction
        .iter()
        .map(|d| d * d)
        .sum::<f32>()
        .sqrt()
        .max(1e-3);
    let to: [f32; 3] = std::array::from_fn(|i| from[i] + direction[i] / size * length);
    if !in_lung(to) {
        return;
    }
    out.push(Tube { from, to, radius });
    if depth == 0 {
        return;
    }
    for _ in 0..2 {
        let bent = std::array::from_fn(|i| direction[i] / size + rng.between(-0.62, 0.62));
        let radius = radius * rng.between(0.62, 0.84);
        let length = length * rng.between(0.72, 0.92);
        grow(rng, out, to, bent, radius, length, depth - 1);
    }
}

fn in_lung([x, y, z]: [f32; 3]) -> bool {
    let (dx, dy, dz) = ((x.abs() - 78.0) / 56.0, y / 82.0, (z - 150.0) / 135.0);
    dx * dx + dy * dy + dz * dz < 1.0 && z < diaphragm(x, y) - 4.0
}
