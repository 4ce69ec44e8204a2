//! Reading a file back, link by link.

use crate::ArchiveError;
use bildbro_domain::audit::Link;
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::{Field, Row, reader::RowIter},
    schema::parser::parse_message_type,
};
use std::fs::File;

/// What a link is made of.
const LINK: &str = "message audit {
    REQUIRED INT64 sequence;
    REQUIRED FIXED_LEN_BYTE_ARRAY(32) previous;
    REQUIRED FIXED_LEN_BYTE_ARRAY(32) hash;
    REQUIRED BYTE_ARRAY text (UTF8);
}";

/// The links of a file, in its order.
pub struct Links {
    rows: RowIter<'static>,
    number: u64,
}

/// Opens a file. Nothing is verified but its form.
///
/// # Errors
/// When it is no such file.
pub fn read(file: File) -> Result<Links, ArchiveError> {
    let reader = SerializedFileReader::new(file).map_err(ArchiveError::Read)?;
    let wanted = parse_message_type(LINK).map_err(ArchiveError::Read)?;
    let schema = reader.metadata().file_metadata().schema();
    let has = |wanted: &str| {
        schema
            .get_fields()
            .iter()
            .any(|field| field.name() == wanted)
    };
    if let Some(missing) = wanted.get_fields().iter().find(|field| !has(field.name())) {
        let text = format!("there is no column {}", missing.name());
        return Err(ArchiveError::Read(parquet::errors::ParquetError::General(
            text,
        )));
    }
    let rows = RowIter::from_file_into(Box::new(reader));
    let rows = rows.project(Some(wanted)).map_err(ArchiveError::Read)?;
    Ok(Links { rows, number: 0 })
}

impl Iterator for Links {
    type Item = Result<Link, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        self.number += 1;
        let link = row.map_err(ArchiveError::Read);
        Some(link.and_then(|row| link_of(&row).ok_or(ArchiveError::Row(self.number))))
    }
}

fn link_of(row: &Row) -> Option<Link> {
    let field = |name: &str| {
        let mut columns = row.get_column_iter();
        columns
            .find(|(column, _)| *column == name)
            .map(|(_, field)| field)
    };
    let hash = |name: &str| match field(name)? {
        Field::Bytes(bytes) => bytes.data().try_into().ok(),
        _ => None,
    };
    let Field::Long(sequence) = field("sequence")? else {
        return None;
    };
    let Field::Str(text) = field("text")? else {
        return None;
    };
    Some(Link {
        sequence: u64::try_from(*sequence).ok()?,
        previous: hash("previous")?,
        hash: hash("hash")?,
        text: text.clone(),
    })
}
