//! The upper abdomen, as far as a CT of the chest shows it. Places as in
//! [`super::thorax`].

use super::{
    canvas::Ellipse,
    noise::{Field, lerp, step},
};

/// What lies under the diaphragm: liver, stomach with its bubble, spleen.
pub(super) struct Organs {
    liver: [Ellipse; 2],
    stomach: Ellipse,
    spleen: Ellipse,
}

impl Organs {
    pub(super) fn new() -> Self {
        Self {
            liver: [
                Ellipse::new(-66.0, -4.0, 66.0, 76.0).square(0.2),
                // The left lobe.
                Ellipse::new(-8.0, -44.0, 58.0, 32.0).turned(-0.12),
            ],
            stomach: Ellipse::new(66.0, -24.0, 40.0, 29.0).turned(0.35),
            spleen: Ellipse::new(98.0, 36.0, 17.0, 40.0).turned(0.3),
        }
    }

    /// Hounsfield units at a place `depth` millimetres under the diaphragm.
    pub(super) fn tissue(&self, texture: Field, x: f32, y: f32, depth: f32) -> f32 {
        if depth < 3.0 {
            return 40.0;
        }
        let mut value = -95.0 + 12.0 * texture.at2(x / 4.0, y / 4.0);
        let stomach = self.stomach.depth(x, y);
        let content = if y < -34.0 { -980.0 } else { 22.0 };
        value = lerp(value, 85.0, (0.5 + stomach / 1.4).clamp(0.0, 1.0));
        value = lerp(value, content, (stomach / 1.4 - 2.0).clamp(0.0, 1.0));
        let spleen = 125.0 + 8.0 * texture.at2(x / 5.0, y / 5.0);
        value = lerp(value, spleen, self.spleen.cover(x, y, 1.4));
        let liver = self
            .liver
            .iter()
            .map(|lobe| lobe.cover(x, y, 1.4))
            .fold(0.0, f32::max);
        if liver > 0.0 {
            let vein = texture.at3(x / 26.0, y / 26.0, depth / 26.0).abs();
            let vein = 1.0 - step(0.0, 0.08, vein);
            let grain = 108.0 + 38.0 * vein + 5.0 * texture.at2(x / 3.0, y / 3.0);
            value = lerp(value, grain, liver);
        }
        value
    }
}
