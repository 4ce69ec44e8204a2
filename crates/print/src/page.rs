//! Where everything stands: rows are made into lines, lines into pages, before
//! anything is drawn, since each page says how many there are.
//!
//! Lengths are points (1/72 inch), from the top left corner of A4.

use crate::face::Face;

pub const WIDTH: f32 = 595.28;
pub const HEIGHT: f32 = 841.89;
pub const MARGIN: f32 = 42.0;
pub const INNER: f32 = WIDTH - 2.0 * MARGIN;
/// Below it stands the foot.
pub const BOTTOM: f32 = HEIGHT - 56.0;
pub const TEXT: f32 = 8.5;
pub const LINE: f32 = 11.5;
/// Above and below a row's text.
pub const PAD: f32 = 3.5;
/// Between columns.
pub const GAP: f32 = 8.0;

/// Characters of a cell that are drawn. A row must fit a page; nothing that an
/// audit log holds of itself comes near, and the CSV has all.
const MOST: usize = 800;

/// A row as lines for each of its cells.
pub struct Laid {
    pub cells: Vec<Vec<String>>,
    pub height: f32,
}

/// Left edge and width of each column.
pub fn columns(count: usize) -> Vec<(f32, f32)> {
    let shares: &[f32] = match count {
        5 => &[0.15, 0.24, 0.20, 0.18, 0.23],
        _ => &[0.16, 0.34, 0.27, 0.23],
    };
    let mut left = MARGIN;
    let mut columns = Vec::new();
    for share in shares {
        let width = INNER * share;
        columns.push((left, width - GAP));
        left += width;
    }
    columns
}

/// A row's cells in lines.
pub fn lay(face: &Face, cells: &[String], columns: &[(f32, f32)]) -> Laid {
    let cells: Vec<_> = cells
        .iter()
        .zip(columns)
        .map(|(cell, (_, width))| face.lines(&bounded(cell), TEXT, *width))
        .collect();
    let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
    Laid {
        cells,
        height: lines as f32 * LINE + 2.0 * PAD,
    }
}

fn bounded(cell: &str) -> String {
    match cell.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &cell[..end]),
        None => cell.to_owned(),
    }
}

/// Which rows stand on which page: the first has `first` points for them, the
/// others `other`. There is always a first page.
pub fn pages(rows: &[Laid], first: f32, other: f32) -> Vec<std::ops::Range<usize>> {
    let mut pages = Vec::new();
    let (mut start, mut left) = (0, first);
    for (index, row) in rows.iter().enumerate() {
        if row.height > left && (index > start || pages.is_empty()) {
            pages.push(start..index);
            (start, left) = (index, other);
        }
        left -= row.height;
    }
    pages.push(start..rows.len());
    pages
}
