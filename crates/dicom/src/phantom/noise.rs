//! Numbers that look random and are the same each time: hashes, a generator,
//! and smooth fields for tissue texture.

/// Spreads the bits of `x` (the finaliser of splitmix64).
pub(super) const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Hashes numbers in order.
pub(super) fn hash(parts: &[u64]) -> u64 {
    parts.iter().fold(GOLDEN, |h, &part| {
        mix(h.rotate_left(23) ^ part.wrapping_add(GOLDEN))
    })
}

/// splitmix64: small, fast, and good enough for pictures.
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Uniform from `low` to `high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.bits() >> 40) as f32 / (1u32 << 24) as f32;
        low + (high - low) * unit
    }

    /// Nearly normal, mean 0, deviation 1: the sum of four uniform numbers.
    pub(super) fn normal(&mut self) -> f32 {
        let bits = self.bits();
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
        (sum as f32 - 131_070.0) / 37_837.0
    }
}

/// Value noise: random numbers on a lattice of whole coordinates, smoothly
/// interpolated. Values from -1 to 1.
#[derive(Clone, Copy)]
pub(super) struct Field(u32);

impl Field {
    pub(super) fn new(seed: u64) -> Self {
        Self((mix(seed) >> 32) as u32)
    }

    fn lattice(self, x: i32, y: i32, z: i32) -> f32 {
        let mut h = self.0
            ^ (x as u32).wrapping_mul(0x8DA6_B343)
            ^ (y as u32).wrapping_mul(0xD816_3841)
            ^ (z as u32).wrapping_mul(0xCB1A_B31F);
        h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
        h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
        h ^= h >> 15;
        h as i32 as f32 / 2_147_483_648.0
    }

    pub(super) fn at2(self, x: f32, y: f32) -> f32 {
        let (ix, fx) = split(x);
        let (iy, fy) = split(y);
        self.plane(ix, iy, 0, fx, fy)
    }

    pub(super) fn at3(self, x: f32, y: f32, z: f32) -> f32 {
        let (ix, fx) = split(x);
        let (iy, fy) = split(y);
        let (iz, fz) = split(z);
        lerp(
            self.plane(ix, iy, iz, fx, fy),
            self.plane(ix, iy, iz + 1, fx, fy),
            fz,
        )
    }

    fn plane(self, ix: i32, iy: i32, iz: i32, fx: f32, fy: f32) -> f32 {
        lerp(
            lerp(self.lattice(ix, iy, iz), self.lattice(ix + 1, iy, iz), fx),
            lerp(
                self.lattice(ix, iy + 1, iz),
                self.lattice(ix + 1, iy + 1, iz),
                fx,
            ),
            fy,
        )
    }

    /// Octaves of half the size and half the weight each; about -1 to 1.
    pub(super) fn cloud(self, x: f32, y: f32, octaves: u32) -> f32 {
        let (mut sum, mut weight, mut scale) = (0.0, 0.6, 1.0);
        for octave in 0..octaves {
            // Shifted, so that the lattices do not coincide.
            let shift = octave as f32 * 17.3;
            sum += weight * self.at2(x * scale + shift, y * scale - shift);
            weight *= 0.5;
            scale *= 2.0;
        }
        sum
    }
}

/// Whole part (towards minus infinity) and eased fraction.
fn split(x: f32) -> (i32, f32) {
    let mut whole = x as i32;
    if (whole as f32) > x {
        whole -= 1;
    }
    let f = x - whole as f32;
    (whole, f * f * (3.0 - 2.0 * f))
}

pub(super) fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(super) fn step(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
