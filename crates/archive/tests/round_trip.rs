//! A file reads back to the same links, and the chain holds.

use bildbro_archive::{ArchiveError, ROWS, read, write};
use bildbro_domain::audit::{GENESIS, Link, chain, run::Whole};
use serde_json::{Value, json};
use std::{env, fs::File, path::Path, process::Command};
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

/// A program of others' making reads the columns, and verifies the chain with
/// nothing of ours.
#[test]
fn duckdb_reads_and_verifies_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.parquet");
    let summary = write(links(300), File::create(&path).unwrap()).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = env::var_os("BILDBRO_PYTHON")
        .map_or_else(|| here.join("../../.venv/bin/python"), Into::into);
    let read = Command::new(&python)
        .arg(here.join("tests/duckdb_reads.py"))
        .arg(&path)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; run `make setup`", python.display()));
    let said = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{said}");
    let head: String = summary.head.iter().map(|b| format!("{b:02x}")).collect();
    let sum = 300 * 301 / 2;
    let found: Value = serde_json::from_slice(&read.stdout).unwrap();
    assert_eq!(
        found,
        json!([
            head,
            300,
            sum,
            2,
            "admit",
            "anonymous",
            "å",
            1_795_543_200_250_000_i64
        ])
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
