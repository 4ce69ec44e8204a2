//! The extract as PDF: A4, tagged by PDF/UA-1 as far as the library can see to
//! it, fonts embedded.

use crate::{
    Extract,
    face::Face,
    page::{self, BOTTOM, INNER, LINE, Laid, MARGIN, PAD, TEXT},
    words::{self, Words},
};
use krilla::{
    Document, SerializeSettings,
    color::rgb,
    configure::{Accessibility, ConfigurationBuilder},
    destination::XyzDestination,
    error::KrillaError,
    geom::{PathBuilder, Point},
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, FillRule},
    surface::Surface,
    tagging::{
        Artifact, ArtifactType, ContentTag, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree,
    },
};
use std::num::NonZeroU16;

const TITLE: f32 = 18.0;
const FACT: f32 = 10.0;
const FACT_LINE: f32 = 15.0;
/// Where the facts' values begin.
const FACT_LEFT: f32 = MARGIN + 96.0;
const FOOT: f32 = page::HEIGHT - 34.0;

/// Why there is no document. Carries no text of the extract.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    #[error("the document breaks a rule of PDF/UA: {0}")]
    Accessibility(String),
    #[error("the document cannot be written")]
    Write,
}

/// "Utdrag ur åtkomstloggen": a heading with care provider, patient, period
/// and who drew it up; then a table with the rows in the order given.
///
/// # Errors
/// [`PrintError`], which no known extract leads to.
pub fn patient_extract(extract: &Extract) -> Result<Vec<u8>, PrintError> {
    let configuration = ConfigurationBuilder::new()
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|_| PrintError::Write)?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    let words = words::of(extract.language);
    document.set_metadata(metadata(extract, words));
    let printer = Printer::new(extract, words);
    let tags = printer.draw(&mut document);
    document.set_tag_tree(tags);
    let mut outline = Outline::new();
    let top = XyzDestination::new(0, Point::from_xy(MARGIN, MARGIN));
    outline.push_child(OutlineNode::new(words.title.to_owned(), top));
    document.set_outline(outline);
    document.finish().map_err(|error| match error {
        KrillaError::Validation(errors) => {
            // The first word of each says which rule; the rest may quote text.
            let rules = errors.iter().map(|(error, _)| format!("{error:?}"));
            let rules = rules.map(|rule| rule.split(['(', '{']).next().unwrap_or("").to_owned());
            PrintError::Accessibility(rules.collect::<Vec<_>>().join(", "))
        }
        _ => PrintError::Write,
    })
}

fn metadata(extract: &Extract, words: &Words) -> Metadata {
    let at = extract.drawn_up.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |n: i8| u8::try_from(n).unwrap_or(0);
    let date = DateTime::new(u16::try_from(at.year()).unwrap_or(0))
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    // No personal data: metadata are shown where documents are listed.
    Metadata::new()
        .title(words.title.to_owned())
        .language(words.code.to_owned())
        .creator("Bildbro".to_owned())
        .creation_date(date)
}

struct Printer<'a> {
    extract: &'a Extract,
    words: &'a Words,
    regular: Face,
    semibold: Face,
    columns: Vec<(f32, f32)>,
    headings: Laid,
    rows: Vec<Laid>,
    facts: Vec<(&'static str, Vec<String>)>,
    about: Vec<String>,
}

impl<'a> Printer<'a> {
    fn new(extract: &'a Extract, words: &'static Words) -> Self {
        let (regular, semibold) = (Face::regular(), Face::semibold());
        let headings: Vec<String> = extract.columns().into_iter().map(str::to_owned).collect();
        let columns = page::columns(headings.len());
        let lay = |row| page::lay(&regular, &extract.cells(row), &columns);
        let wide = page::WIDTH - MARGIN - FACT_LEFT;
        let facts = facts(extract, words)
            .into_iter()
            .map(|(name, value)| {
                let mut lines = regular.lines(&value, FACT, wide);
                // A name of a hundred lines leaves no page for the rows.
                lines.truncate(6);
                (name, lines)
            })
            .collect();
        Self {
            headings: page::lay(&semibold, &headings, &columns),
            rows: extract.rows.iter().map(lay).collect(),
            about: regular.lines(words.about, FACT, INNER),
            extract,
            words,
            regular,
            semibold,
            columns,
            facts,
        }
    }

    /// All pages; returns what is what on them, in reading order.
    fn draw(&self, document: &mut Document) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(self.words.code.to_owned()));
        let mut body = TagGroup::new(Tag::TBody);
        let mut head = TagGroup::new(Tag::THead);
        let top = self.height_of_heading();
        let first = BOTTOM - top - self.headings.height;
        let other = BOTTOM - MARGIN - self.headings.height;
        let pages = page::pages(&self.rows, first, other);
        for (number, rows) in pages.iter().enumerate() {
            let settings = PageSettings::from_wh(page::WIDTH, page::HEIGHT)
                .expect("A4 has a width and a height");
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            let mut y = if number == 0 {
                self.heading(&mut surface, &mut tree)
            } else {
                MARGIN
            };
            if !(self.rows.is_empty() || number == 0 && rows.is_empty()) {
                y = self.table_head(&mut surface, y, &mut head);
            }
            for row in &self.rows[rows.clone()] {
                body.push(self.row(&mut surface, y, row));
                y += row.height;
            }
            self.foot(&mut surface, number + 1, pages.len());
            surface.finish();
            page.finish();
        }
        if !self.rows.is_empty() {
            let mut table = TagGroup::new(Tag::Table);
            table.push(head);
            table.push(body);
            tree.push(table);
        }
        tree
    }

    fn height_of_heading(&self) -> f32 {
        let lines: usize = self.facts.iter().map(|(_, lines)| lines.len()).sum();
        let lines = (lines + self.about.len()) as f32;
        MARGIN + TITLE + 20.0 + lines * FACT_LINE + 26.0
    }

    /// Title, facts and explanation; returns where the table begins.
    fn heading(&self, surface: &mut Surface<'_>, tree: &mut TagTree) -> f32 {
        let mut y = MARGIN + TITLE;
        let level = NonZeroU16::MIN;
        let title = self.words.title;
        let mut group = TagGroup::new(Tag::Hn(level, Some(title.to_owned())));
        group.push(self.text(surface, &self.semibold, TITLE, (MARGIN, y), title));
        tree.push(group);
        y += 20.0;
        for (name, lines) in &self.facts {
            let mut group = TagGroup::new(Tag::P);
            let name = format!("{name} ");
            group.push(self.text(surface, &self.semibold, FACT, (MARGIN, y + FACT), &name));
            for line in lines {
                group.push(self.text(surface, &self.regular, FACT, (FACT_LEFT, y + FACT), line));
                y += FACT_LINE;
            }
            tree.push(group);
        }
        y += 8.0;
        let mut paragraph = |y: &mut f32, lines: &[String]| {
            let mut group = TagGroup::new(Tag::P);
            for line in lines {
                group.push(self.text(surface, &self.regular, FACT, (MARGIN, *y + FACT), line));
                *y += FACT_LINE;
            }
            tree.push(group);
        };
        paragraph(&mut y, &self.about);
        if self.rows.is_empty() {
            y += 12.0;
            paragraph(&mut y, &[self.words.nothing.to_owned()]);
        }
        self.height_of_heading()
    }

    /// The columns' headings. Tagged once: on later pages they only repeat.
    fn table_head(&self, surface: &mut Surface<'_>, y: f32, head: &mut TagGroup) -> f32 {
        let again = !head.children.is_empty();
        let mut row = TagGroup::new(Tag::TR);
        if again {
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
                ArtifactType::Header,
            )));
        }
        for (lines, (left, _)) in self.headings.cells.iter().zip(&self.columns) {
            let mut cell = TagGroup::new(Tag::TH(TableHeaderScope::Column));
            for (line, baseline) in lines.iter().zip(baselines(y)) {
                if again {
                    self.bare(surface, &self.semibold, TEXT, (*left, baseline), line);
                } else {
                    cell.push(self.text(surface, &self.semibold, TEXT, (*left, baseline), line));
                }
            }
            row.push(cell);
        }
        if again {
            surface.end_tagged();
        } else {
            head.push(row);
        }
        let end = y + self.headings.height;
        rule(surface, end, 0.9);
        end
    }

    fn row(&self, surface: &mut Surface<'_>, y: f32, row: &Laid) -> TagGroup {
        let mut group = TagGroup::new(Tag::TR);
        for (lines, (left, _)) in row.cells.iter().zip(&self.columns) {
            let mut cell = TagGroup::new(Tag::TD);
            for (line, baseline) in lines.iter().zip(baselines(y)) {
                if !line.is_empty() {
                    cell.push(self.text(surface, &self.regular, TEXT, (*left, baseline), line));
                }
            }
            if cell.children.is_empty() {
                // A cell without content would be dropped, and move the rest.
                cell.push(self.text(surface, &self.regular, TEXT, (*left, y + LINE), " "));
            }
            group.push(cell);
        }
        rule(surface, y + row.height, 0.25);
        group
    }

    fn foot(&self, surface: &mut Surface<'_>, number: usize, count: usize) {
        let Words { page, of, .. } = self.words;
        let numbering = format!("{page} {number} {of} {count}");
        let left = page::WIDTH - MARGIN - self.regular.width(&numbering, TEXT);
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
            ArtifactType::Footer,
        )));
        self.bare(surface, &self.regular, TEXT, (left, FOOT), &numbering);
        // Pages that fall apart must still say whose they are.
        let whose = format!("{}: {}", self.words.title, self.extract.patient_id);
        let mut lines = self.regular.lines(&whose, TEXT, INNER - 90.0);
        let whose = lines.swap_remove(0);
        self.bare(surface, &self.regular, TEXT, (MARGIN, FOOT), &whose);
        surface.end_tagged();
    }

    fn text(
        &self,
        surface: &mut Surface<'_>,
        face: &Face,
        size: f32,
        at: (f32, f32),
        text: &str,
    ) -> krilla::tagging::Identifier {
        let id = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
        self.bare(surface, face, size, at, text);
        surface.end_tagged();
        id
    }

    fn bare(&self, surface: &mut Surface<'_>, face: &Face, size: f32, at: (f32, f32), text: &str) {
        let text = face.drawable(text);
        let start = Point::from_xy(at.0, at.1);
        let glyphs = face.glyphs(&text);
        surface.draw_glyphs(start, &glyphs, face.font.clone(), &text, size, false);
    }
}

fn facts(extract: &Extract, words: &Words) -> Vec<(&'static str, String)> {
    let beside = |name: &str, id: Option<&str>| match id {
        Some(id) => format!("{name} ({id})"),
        None => name.to_owned(),
    };
    let patient = match &extract.patient_name {
        Some(name) => beside(name, Some(&extract.patient_id)),
        None => extract.patient_id.clone(),
    };
    let (from, to) = extract.period;
    let by = format!(
        "{} {} {}",
        extract.time(extract.drawn_up),
        words.by_whom,
        extract.drawn_up_by
    );
    vec![
        (
            words.care_provider,
            beside(&extract.care_provider, extract.care_provider_id.as_deref()),
        ),
        (words.patient, patient),
        (words.period, format!("{from} {} {to}", words.to)),
        (words.drawn_up, by),
        (words.number, extract.rows.len().to_string()),
    ]
}

/// Where the lines of a row that begins at `y` stand.
fn baselines(y: f32) -> impl Iterator<Item = f32> {
    std::iter::successors(Some(y + PAD + TEXT), |y| Some(y + LINE))
}

/// A grey line across the page.
fn rule(surface: &mut Surface<'_>, y: f32, width: f32) {
    let mut path = PathBuilder::new();
    let rect = krilla::geom::Rect::from_xywh(MARGIN, y - width, INNER, width);
    path.push_rect(rect.expect("a rule has a length and a width"));
    let Some(path) = path.finish() else { return };
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
        ArtifactType::Layout,
    )));
    surface.set_fill(Some(Fill {
        paint: rgb::Color::new(120, 130, 140).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::default(),
    }));
    surface.draw_path(&path);
    surface.set_fill(None);
    surface.end_tagged();
}
