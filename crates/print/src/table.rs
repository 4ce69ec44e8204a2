//! The extract as a table for a spreadsheet: CSV (RFC 4180), UTF-8 with the
//! mark by which spreadsheets know it.

use crate::Extract;

/// Header and rows, all that the PDF's table has.
#[must_use]
pub fn csv(extract: &Extract) -> Vec<u8> {
    let rows = extract.rows.iter().map(|row| extract.cells(row));
    sheet(&extract.columns(), rows)
}

/// Any table as a file for a spreadsheet. Each row has as many cells as the
/// header.
///
/// Spreadsheets take cells that begin with `=`, `+`, `-`, `@`, tab or return
/// for formulas. Such a cell gets an apostrophe in front, which they hide or
/// show, and run nothing (OWASP, CSV injection).
///
/// # Panics
/// When a row has another number of cells.
#[must_use]
pub fn sheet(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(&mut out);
    let memory = "writing to memory does not fail, and rows are of one length";
    writer.write_record(header).expect(memory);
    for cells in rows {
        writer
            .write_record(cells.iter().map(|cell| inert(cell)))
            .expect(memory);
    }
    writer.flush().expect(memory);
    drop(writer);
    out
}

/// Spaces before the sign are skipped by some, and full-width signs count too.
fn inert(cell: &str) -> String {
    const SIGNS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
    let begins = cell.starts_with(SIGNS) || cell.trim_start().starts_with(SIGNS);
    if begins {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}
