//! A file reads back to the same links, and the chain holds.

use bildbro_archive::{ArchiveError, ROWS, read, write};
use bildbro_domain::audit::{GENESIS, Link, chain, run::Whole};
use std::fs::File;
use uuid::Uuid;

fn links(n: u64) -> Vec<Link> {
    let mut previous = GENESIS;
    let one = |sequence: u64| {
        let id = Uuid::from_u128(sequence.into());
        let studies = ["", "\"1.2.3\"", "\"1.2.3\",\"1.2.4\""][sequence as usize % 3];
        let text = format!(
            "{{\"id\":\"{id}\",\"at\":\"2026-11-24T18:00:00.25Z\",\"action\":\"admit\",\
             \"outcome\":\"success\",\"actor\":{{\"kind\":\"anonymous\"}},\
             \"studies\":[{studies}],\"images\":{sequence},\"detail\":\"å\",\"new\":{{}}}}"
        );
        let link = chain(previous, sequence, text);
        previous = link.hash;
        link
    };
    (1..=n).map(one).collect()
}

#[test]
fn what_was_written_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.parquet");
    let all = links(ROWS as u64 + 7);
    let summary = write(all.clone(), File::create(&path).unwrap()).unwrap();
    assert_eq!((summary.first, summary.last), (1, all.len() as u64));
    let mut whole = Whole::default();
    let mut count = 0;
    for (link, expected) in read(File::open(&path).unwrap()).unwrap().zip(&all) {
        let link = link.unwrap();
        assert_eq!(link, *expected);
        whole.push(&link).unwrap();
        count += 1;
    }
    assert_eq!(count, all.len());
    assert_eq!(
        whole.finish(summary.last, summary.head),
        Ok(summary.entries)
    );
}

#[test]
fn what_is_no_entry_or_no_archive_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.parquet");
    let wrong = chain(GENESIS, 1, "{}".into());
    let error = write([wrong], File::create(&path).unwrap()).unwrap_err();
    assert!(matches!(error, ArchiveError::Entry(1)), "{error}");
    std::fs::write(&path, b"PAR1 this is nothing PAR1").unwrap();
    assert!(read(File::open(&path).unwrap()).is_err());
}
