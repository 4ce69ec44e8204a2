//! Writing a file.

use crate::{
    ArchiveError, BYTES, ROWS,
    columns::{Row, SCHEMA, TEXTS},
};
use bildbro_domain::audit::Link;
use parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{
        ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int64Type,
    },
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};
use std::{fs::File, sync::Arc};

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub entries: u64,
    pub first: u64,
    pub last: u64,
    /// Hash of the last link.
    pub head: [u8; 32],
}

/// Writes links, in their order, and returns when they are on disk.
///
/// # Errors
/// When the disk says no, or a text is no entry. The file is then of no use.
pub fn write(links: impl IntoIterator<Item = Link>, file: File) -> Result<Summary, ArchiveError> {
    let synced = file.try_clone().map_err(ArchiveError::Sync)?;
    let schema = parse_message_type(SCHEMA).map_err(ArchiveError::Write)?;
    let zstd = ZstdLevel::try_new(3).map_err(ArchiveError::Write)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(zstd))
        .build();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))
        .map_err(ArchiveError::Write)?;
    let mut summary = Summary::default();
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for link in links {
        if summary.entries == 0 {
            summary.first = link.sequence;
        }
        summary.entries += 1;
        summary.last = link.sequence;
        summary.head = link.hash;
        bytes += link.text.len();
        rows.push(Row::of(link)?);
        if rows.len() == ROWS || bytes >= BYTES {
            group(&mut writer, &rows).map_err(ArchiveError::Write)?;
            rows.clear();
            bytes = 0;
        }
    }
    if !rows.is_empty() {
        group(&mut writer, &rows).map_err(ArchiveError::Write)?;
    }
    writer.close().map_err(ArchiveError::Write)?;
    synced.sync_all().map_err(ArchiveError::Sync)?;
    Ok(summary)
}

fn group(writer: &mut SerializedFileWriter<File>, rows: &[Row]) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let hash = |hash: &[u8; 32]| FixedLenByteArray::from(hash.to_vec());
    let all = |value: &dyn Fn(&Row) -> i64| rows.iter().map(value).collect::<Vec<_>>();
    column::<Int64Type>(
        &mut group,
        &all(&|row| number(row.link.sequence)),
        None,
        None,
    )?;
    let previous: Vec<_> = rows.iter().map(|row| hash(&row.link.previous)).collect();
    column::<FixedLenByteArrayType>(&mut group, &previous, None, None)?;
    let hashes: Vec<_> = rows.iter().map(|row| hash(&row.link.hash)).collect();
    column::<FixedLenByteArrayType>(&mut group, &hashes, None, None)?;
    column::<Int64Type>(&mut group, &all(&|row| row.at.as_microsecond()), None, None)?;
    for name in TEXTS {
        let texts = rows.iter().map(|row| row.text(name));
        let texts = texts.map(|text| text.map(|text| ByteArray::from(text.into_bytes())));
        optional::<ByteArrayType>(&mut group, texts)?;
    }
    optional::<Int64Type>(&mut group, rows.iter().map(Row::images))?;
    let (mut studies, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let before = studies.len();
        for study in row.studies() {
            repetition.push(i16::from(studies.len() > before));
            definition.push(1);
            studies.push(ByteArray::from(study.as_bytes().to_vec()));
        }
        if studies.len() == before {
            repetition.push(0);
            definition.push(0);
        }
    }
    column::<ByteArrayType>(&mut group, &studies, Some(&definition), Some(&repetition))?;
    let texts = rows.iter().map(|row| row.link.text.as_bytes().to_vec());
    let texts: Vec<_> = texts.map(ByteArray::from).collect();
    column::<ByteArrayType>(&mut group, &texts, None, None)?;
    group.close()?;
    Ok(())
}

fn optional<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let values: Vec<_> = values.collect();
    let definition: Vec<i16> = values.iter().map(|value| value.is_some().into()).collect();
    let values: Vec<_> = values.into_iter().flatten().collect();
    column::<T>(group, &values, Some(&definition), None)
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: &[T::T],
    definition: Option<&[i16]>,
    repetition: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let next = group.next_column()?;
    let mut column = next.ok_or_else(|| ParquetError::General("one column too many".into()))?;
    column
        .typed::<T>()
        .write_batch(values, definition, repetition)?;
    column.close()
}
