//! A font: which glyph a character has, how wide a text is, where a line ends.
//!
//! Text is laid out one character after the other, without kerning or shaping:
//! enough for Latin, Greek and Cyrillic, which is what the font has. A character
//! that it lacks is drawn as a box, and copied from the document as one.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::{
    FontRef, MetadataProvider as _,
    instance::{LocationRef, Size},
};
use std::collections::HashMap;

/// Inter, by the SIL Open Font License (assets/inter-LICENSE.txt): the letters of
/// Debian's fonts-inter that Latin, Greek and Cyrillic need.
const REGULAR: &[u8] = include_bytes!("../assets/inter-regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../assets/inter-semibold.otf");

/// What stands for a character that the font lacks.
const BOX: char = '\u{25a1}';

pub struct Face {
    pub font: Font,
    glyphs: HashMap<char, (GlyphId, f32)>,
}

impl Face {
    pub fn regular() -> Self {
        Self::new(REGULAR)
    }

    pub fn semibold() -> Self {
        Self::new(SEMIBOLD)
    }

    fn new(data: &'static [u8]) -> Self {
        let reader = FontRef::new(data).expect("the font in the program is whole");
        let metrics = reader.glyph_metrics(Size::unscaled(), LocationRef::default());
        let font = Font::new(data.into(), 0).expect("the font in the program is whole");
        let em = font.units_per_em();
        let glyphs = reader.charmap().mappings().filter_map(|(code, glyph)| {
            let advance = metrics.advance_width(glyph)? / em;
            Some((
                char::from_u32(code)?,
                (GlyphId::new(glyph.to_u32()), advance),
            ))
        });
        let glyphs = glyphs.collect();
        Self { font, glyphs }
    }

    /// What can be drawn of a text: white space as spaces, other control and
    /// format characters gone, unknown ones as boxes. Without the last,
    /// direction overrides would do no more harm here than look like boxes.
    pub fn drawable(&self, text: &str) -> String {
        let known = |c: char| if self.glyphs.contains_key(&c) { c } else { BOX };
        let drawn = text.chars().filter_map(|c| match c {
            c if c.is_whitespace() => Some(' '),
            c if c.is_control() => None,
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => None,
            c => Some(known(c)),
        });
        drawn.collect()
    }

    /// Glyphs of a drawable text, each with the bytes it stands for.
    pub fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let each = text.char_indices().filter_map(|(at, c)| {
            let (glyph, advance) = *self.glyphs.get(&c)?;
            let range = at..at + c.len_utf8();
            Some(KrillaGlyph::new(glyph, advance, 0.0, 0.0, 0.0, range, None))
        });
        each.collect()
    }

    /// In the unit of `size`.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(c)).sum::<f32>() * size
    }

    fn advance(&self, c: char) -> f32 {
        self.glyphs.get(&c).map_or(0.0, |(_, advance)| *advance)
    }

    /// Lines no wider than `width`, broken at spaces, and inside a word that
    /// alone is wider. The space at a break stays at the end of its line, so
    /// that a reader of the text still finds two words. Never empty.
    pub fn lines(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        let text = self.drawable(text);
        let mut lines = vec![String::new()];
        let mut used = 0.0;
        for word in text.split_inclusive(' ') {
            let needed = self.width(word.trim_end(), size);
            if used > 0.0 && used + needed > width {
                lines.push(String::new());
                used = 0.0;
            }
            for c in word.chars() {
                let advance = self.advance(c) * size;
                if c != ' ' && used > 0.0 && used + advance > width {
                    lines.push(String::new());
                    used = 0.0;
                }
                lines.last_mut().expect("never empty").push(c);
                used += advance;
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_to_the_width_and_lose_nothing() {
        let face = Face::regular();
        let long = "Röntgenavdelningen ".repeat(9) + &"x".repeat(300);
        let lines = face.lines(&long, 8.5, 100.0);
        assert_eq!(lines.concat(), long);
        for line in &lines {
            assert!(face.width(line.trim_end(), 8.5) <= 100.0, "{line}");
        }
        assert_eq!(face.lines("", 8.5, 100.0), [""]);
        // Narrower than a letter: still an end.
        assert_eq!(face.lines("abc", 8.5, 1.0).len(), 3);
    }

    #[test]
    fn what_the_font_lacks_is_a_box() {
        let face = Face::regular();
        assert_eq!(face.drawable("Åsa\tШ 山\u{0}\u{202e}é"), "Åsa Ш □é");
        assert!(face.width("□", 10.0) > 1.0);
    }
}
