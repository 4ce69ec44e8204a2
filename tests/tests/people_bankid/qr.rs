//! As much of a camera as the portal's animated codes need: reads a QR code
//! (ISO/IEC 18004) off the drawing of one, of versions 5 and 6 at level L.
//! A drawing has no dirt on it, so no errors are corrected.

/// The text in an SVG whose path is a rectangle for each dark stretch.
///
/// # Panics
/// When it is no such drawing.
pub fn read(svg: &str) -> String {
    let dark = modules(svg);
    let size = dark.len();
    let version = (size - 17) / 4;
    // Table 9: codewords with data, and in how many blocks.
    let (codewords, blocks) = match version {
        5 => (108, 1),
        6 => (136, 2),
        other => panic!("a code of version {other}"),
    };
    let format = [2, 3, 4].map(|column| dark[8][column]);
    let mask = [(4, true), (2, false), (1, true)]
        .iter()
        .zip(format)
        .map(|((weight, flipped), bit)| if bit == *flipped { 0 } else { *weight })
        .sum();
    let bits: Vec<bool> = path(size)
        .filter(|(row, column)| !is_function(size, *row, *column))
        .map(|(row, column)| dark[row][column] != masked(mask, row, column))
        .collect();
    let words: Vec<u8> = bits.chunks(8).map(|bits| number(bits) as u8).collect();
    // Blocks lie interleaved: a codeword of each in turn.
    let block = |first| words[..codewords].iter().skip(first).step_by(blocks);
    let data: Vec<u8> = (0..blocks).flat_map(block).copied().collect();
    text(&data)
}

/// Whether each is dark, by row and column, without the margin of four.
fn modules(svg: &str) -> Vec<Vec<bool>> {
    let attribute = |name: &str| {
        let (_, rest) = svg.split_once(&format!(" {name}=\"")).expect(name);
        rest.split('"').next().unwrap()
    };
    let width: usize = attribute("width").parse().unwrap();
    let drawn = attribute("d");
    let rectangles = drawn.split('M').skip(1).map(|one| {
        let numbers = one.split(|c: char| !c.is_ascii_digit());
        let numbers: Vec<usize> = numbers.filter_map(|n| n.parse().ok()).collect();
        [numbers[0], numbers[1], numbers[2], numbers[3]]
    });
    let rectangles: Vec<_> = rectangles.collect();
    let unit = rectangles.iter().map(|[.., height]| *height).min().unwrap();
    let size = width / unit - 8;
    let mut dark = vec![vec![false; size]; size];
    for [left, top, wide, high] in rectangles {
        for y in (top..top + high).step_by(unit) {
            for x in (left..left + wide).step_by(unit) {
                dark[y / unit - 4][x / unit - 4] = true;
            }
        }
    }
    dark
}

/// All modules, in pairs of columns from the right, up and down in turn; the
/// column of the timing pattern is none (7.7.3).
fn path(size: usize) -> impl Iterator<Item = (usize, usize)> {
    let pairs = (0..size).rev().filter(|column| *column != 6);
    let pairs: Vec<usize> = pairs.step_by(2).collect();
    let walk = move |(turn, right): (usize, usize)| {
        (0..size).flat_map(move |step| {
            let row = if turn % 2 == 0 { size - 1 - step } else { step };
            [(row, right), (row, right - 1)]
        })
    };
    pairs.into_iter().enumerate().flat_map(walk)
}

/// Patterns to find the code by, timing, and the format.
fn is_function(size: usize, row: usize, column: usize) -> bool {
    let finder = (row < 9 && (column < 9 || column >= size - 8)) || (row >= size - 8 && column < 9);
    let alignment = size - 9..size - 4;
    finder || row == 6 || column == 6 || (alignment.contains(&row) && alignment.contains(&column))
}

/// Table 10.
fn masked(mask: u8, i: usize, j: usize) -> bool {
    let whole = match mask {
        0 => (i + j) % 2,
        1 => i % 2,
        2 => j % 3,
        3 => (i + j) % 3,
        4 => (i / 2 + j / 3) % 2,
        5 => i * j % 2 + i * j % 3,
        6 => (i * j % 2 + i * j % 3) % 2,
        _ => ((i + j) % 2 + i * j % 3) % 2,
    };
    whole == 0
}

fn number(bits: &[bool]) -> usize {
    bits.iter()
        .fold(0, |number, bit| number * 2 + usize::from(*bit))
}

/// Segments of digits, of capitals and digits, and of bytes (7.4).
fn text(data: &[u8]) -> String {
    const CAPITALS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let bits = data
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1 == 1));
    let bits: Vec<bool> = bits.collect();
    let mut at = 0;
    let mut take = |count: usize| {
        at += count;
        number(bits.get(at - count..at).unwrap_or_default())
    };
    let mut text = String::new();
    loop {
        match take(4) {
            1 => {
                let mut left = take(10);
                while left > 0 {
                    let digits = left.min(3);
                    let value = take([0, 4, 7, 10][digits]);
                    text.push_str(&format!("{value:0digits$}"));
                    left -= digits;
                }
            }
            2 => {
                let mut left = take(9);
                while left > 0 {
                    let value = take(if left > 1 { 11 } else { 6 });
                    if left > 1 {
                        text.push(char::from(CAPITALS[value / 45]));
                    }
                    text.push(char::from(CAPITALS[value % 45]));
                    left -= left.min(2);
                }
            }
            4 => {
                for _ in 0..take(8) {
                    text.push(char::from(take(8) as u8));
                }
            }
            _ => return text,
        }
    }
}
