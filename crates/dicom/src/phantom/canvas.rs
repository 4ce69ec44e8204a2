//! A picture in millimetres, and the few shapes that bodies are made of.

use super::noise::lerp;
use std::ops::Range;

/// One plane of numbers; coordinates in millimetres from its centre, x to the
/// right, y down.
pub(super) struct Canvas {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Millimetres between pixel centres.
    spacing: f32,
    pub(super) pixels: Vec<f32>,
}

/// A point of the plane, millimetres.
pub(super) type Point = (f32, f32);

/// Left, top, right and bottom, millimetres.
pub(super) type Bounds = (f32, f32, f32, f32);

impl Canvas {
    pub(super) fn new(width: u16, height: u16, spacing: f32, fill: f32) -> Self {
        let (width, height) = (usize::from(width), usize::from(height));
        Self {
            width,
            height,
            spacing,
            pixels: vec![fill; width * height],
        }
    }

    fn span(&self, from: f32, to: f32, size: usize) -> Range<usize> {
        let middle = (size as f32 - 1.0) / 2.0;
        // The casts take what lies outside to 0 or to the size.
        let first = (from / self.spacing + middle).ceil().max(0.0) as usize;
        let end = (to / self.spacing + middle + 1.0).max(0.0) as usize;
        first.min(size)..end.min(size)
    }

    fn coordinate(&self, index: usize, size: usize) -> f32 {
        (index as f32 - (size as f32 - 1.0) / 2.0) * self.spacing
    }

    /// Replaces each pixel within `bounds` by what `f` makes of its place and
    /// its present value.
    pub(super) fn paint(&mut self, bounds: Bounds, mut f: impl FnMut(f32, f32, f32) -> f32) {
        let columns = self.span(bounds.0, bounds.2, self.width);
        for row in self.span(bounds.1, bounds.3, self.height) {
            let y = self.coordinate(row, self.height);
            let left = self.coordinate(columns.start, self.width);
            let line = &mut self.pixels[row * self.width..][columns.clone()];
            for (i, pixel) in line.iter_mut().enumerate() {
                *pixel = f(left + i as f32 * self.spacing, y, *pixel);
            }
        }
    }

    pub(super) fn everywhere(&mut self, f: impl FnMut(f32, f32, f32) -> f32) {
        self.paint((f32::MIN, f32::MIN, f32::MAX, f32::MAX), f);
    }

    /// Covers an ellipse with `value`, its edge `soft` millimetres wide.
    pub(super) fn fill(&mut self, ellipse: &Ellipse, soft: f32, value: f32) {
        self.paint(ellipse.bounds(soft), |x, y, old| {
            lerp(old, value, ellipse.cover(x, y, soft))
        });
    }

    /// Calls `f` with the old value and how far inside a line with round ends
    /// the pixel is: 0 at its edge, 1 at its axis.
    pub(super) fn line(
        &mut self,
        line: (Point, Point),
        radius: f32,
        mut f: impl FnMut(f32, f32) -> f32,
    ) {
        let bounds = around(line, radius);
        self.paint(bounds, |x, y, old| {
            let distance = distance((x, y), line);
            if distance < radius {
                f(old, 1.0 - distance / radius)
            } else {
                old
            }
        });
    }

    /// Covers a line with round ends with `value`.
    pub(super) fn bar(&mut self, line: (Point, Point), radius: f32, value: f32) {
        self.line(line, radius, |old, depth| {
            lerp(old, value, (depth * radius / 1.5).min(1.0))
        });
    }

    /// Adds `profile(depth)` along a bent line, once where its parts overlap;
    /// depth as in [`Canvas::line`].
    pub(super) fn add_curve(
        &mut self,
        points: &[Point],
        radius: f32,
        profile: impl Fn(f32) -> f32,
    ) {
        let Some(&first) = points.first() else { return };
        let bounds = points.iter().fold(around((first, first), radius), |b, p| {
            let next = around((*p, *p), radius);
            (
                b.0.min(next.0),
                b.1.min(next.1),
                b.2.max(next.2),
                b.3.max(next.3),
            )
        });
        let columns = self.span(bounds.0, bounds.2, self.width);
        let rows = self.span(bounds.1, bounds.3, self.height);
        let mut depths = vec![0f32; columns.len() * rows.len()];
        for pair in points.windows(2) {
            let line = (pair[0], pair[1]);
            let near = around(line, radius);
            let near_columns = self.span(near.0, near.2, self.width);
            for row in self.span(near.1, near.3, self.height) {
                let y = self.coordinate(row, self.height);
                for column in near_columns.clone() {
                    let x = self.coordinate(column, self.width);
                    let depth = 1.0 - distance((x, y), line) / radius;
                    let at = (row - rows.start) * columns.len() + column - columns.start;
                    depths[at] = depths[at].max(depth);
                }
            }
        }
        for (row, depths) in rows.zip(depths.chunks(columns.len().max(1))) {
            let line = &mut self.pixels[row * self.width..][columns.clone()];
            for (pixel, &depth) in line.iter_mut().zip(depths) {
                if depth > 0.0 {
                    *pixel += profile(depth);
                }
            }
        }
    }
}

fn around(line: (Point, Point), radius: f32) -> Bounds {
    let ((ax, ay), (bx, by)) = line;
    (
        ax.min(bx) - radius,
        ay.min(by) - radius,
        ax.max(bx) + radius,
        ay.max(by) + radius,
    )
}

/// From a point to a line of two ends.
pub(super) fn distance((x, y): Point, ((ax, ay), (bx, by)): (Point, Point)) -> f32 {
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 {
        (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (ex, ey) = (x - ax - along * dx, y - ay - along * dy);
    (ex * ex + ey * ey).sqrt()
}

/// An ellipse, or with `square` above 0 one with fuller corners.
#[derive(Clone, Copy)]
pub(super) struct Ellipse {
    centre: Point,
    radii: Point,
    /// 1 over each radius.
    scale: Point,
    square: f32,
    /// Cosine and sine of its turn.
    turn: Point,
}

impl Ellipse {
    /// Centre x and y, radii along x and y, millimetres.
    pub(super) fn new(x: f32, y: f32, rx: f32, ry: f32) -> Self {
        Self {
            centre: (x, y),
            radii: (0.0, 0.0),
            scale: (0.0, 0.0),
            square: 0.0,
            turn: (1.0, 0.0),
        }
        .sized(rx, ry)
    }

    fn sized(mut self, rx: f32, ry: f32) -> Self {
        let (rx, ry) = (rx.max(0.01), ry.max(0.01));
        self.radii = (rx, ry);
        self.scale = (1.0 / rx, 1.0 / ry);
        self
    }

    /// 0 is an ellipse, 1 nearly a box.
    pub(super) fn square(mut self, square: f32) -> Self {
        self.square = square;
        self
    }

    /// Turned clockwise on the screen, radians.
    pub(super) fn turned(mut self, radians: f32) -> Self {
        let (sin, cos) = radians.sin_cos();
        self.turn = (cos, sin);
        self
    }

    /// The same shape, its edge `by` millimetres further in.
    pub(super) fn inset(self, by: f32) -> Self {
        self.sized(self.radii.0 - by, self.radii.1 - by)
    }

    pub(super) fn bounds(&self, margin: f32) -> Bounds {
        let plain = self.turn.1 == 0.0;
        let widest = self.radii.0.max(self.radii.1);
        let rx = margin + if plain { self.radii.0 } else { widest };
        let ry = margin + if plain { self.radii.1 } else { widest };
        let (x, y) = self.centre;
        (x - rx, y - ry, x + rx, y + ry)
    }

    /// Place in units of the radii.
    fn unit(&self, x: f32, y: f32) -> Point {
        let (dx, dy) = (x - self.centre.0, y - self.centre.1);
        let (cos, sin) = self.turn;
        (
            (dx * cos + dy * sin) * self.scale.0,
            (dy * cos - dx * sin) * self.scale.1,
        )
    }

    /// 0 at the centre, 1 at the edge.
    fn form(&self, (u, v): Point) -> f32 {
        let (u2, v2, s) = (u * u, v * v, self.square);
        (1.0 - s) * (u2 + v2) + s * (u2 * u2 + v2 * v2)
    }

    /// Millimetres from the edge, positive inside; exact near the edge only.
    pub(super) fn depth(&self, x: f32, y: f32) -> f32 {
        let (u, v) = self.unit(x, y);
        let form = self.form((u, v));
        let s = self.square;
        // The form divided by its slope.
        let gu = 2.0 * u * ((1.0 - s) + 2.0 * s * u * u) * self.scale.0;
        let gv = 2.0 * v * ((1.0 - s) + 2.0 * s * v * v) * self.scale.1;
        let slope = (gu * gu + gv * gv).sqrt();
        // At the centre there is no slope: the shorter radius is the depth.
        let deepest = self.radii.0.min(self.radii.1);
        ((1.0 - form) / slope.max(1e-6)).min(deepest)
    }

    /// How much of the pixel is inside, for an edge `soft` millimetres wide.
    pub(super) fn cover(&self, x: f32, y: f32, soft: f32) -> f32 {
        // Most pixels are far from the edge, and need no exact depth: the form
        // changes by at most 4 a radius there.
        let margin = 2.5 * soft * self.scale.0.max(self.scale.1);
        let form = self.form(self.unit(x, y));
        if form > 1.0 + margin {
            return 0.0;
        }
        if form < 1.0 - margin {
            return 1.0;
        }
        (0.5 + self.depth(x, y) / soft).clamp(0.0, 1.0)
    }

    /// Path through an ellipsoid over this ellipse, as a share of its longest.
    pub(super) fn chord(&self, x: f32, y: f32) -> f32 {
        (1.0 - self.form(self.unit(x, y))).max(0.0).sqrt()
    }
}
