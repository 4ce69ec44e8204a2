//! The extract as readers see it: through pdftotext and pdfinfo (poppler).

#![expect(clippy::unwrap_used, reason = "tests")]

use bildbro_print::{Extract, Language, Row, csv, patient_extract};
use bildbro_testkit::{Folder, program};
use jiff::tz::TimeZone;
use std::{process::Command, time::Instant};

fn extract(rows: usize) -> Extract {
    let units = [
        "Röntgen, Skånes universitetssjukhus Malmö",
        "Akutmottagningen Helsingborg",
    ];
    let rows = (0..rows).map(|n| Row {
        at: jiff::Timestamp::from_second(1_793_000_000 + i64::try_from(n).unwrap() * 3_600)
            .unwrap(),
        care_unit: units[n % 2].into(),
        activity: format!("Läste bilder, undersökning {}", n + 1),
        reason: if n % 7 == 3 {
            "Nödöppning"
        } else {
            "Vård och behandling"
        }
        .into(),
        by: Some("Åsa Öberg, överläkare".into()),
    });
    Extract {
        language: Language::Swedish,
        care_provider: "Region Skåne".into(),
        care_provider_id: Some("SE2321000255-000001".into()),
        patient_id: "19121212-1212".into(),
        patient_name: Some("Tolvan Tolvansson".into()),
        period: ("2026-01-01".parse().unwrap(), "2026-11-24".parse().unwrap()),
        drawn_up: "2026-11-24T09:00:00Z".parse().unwrap(),
        drawn_up_by: "Loggansvarig Lena Loggsson".into(),
        zone: TimeZone::get("Europe/Stockholm").unwrap_or(TimeZone::UTC),
        with_names: true,
        rows: rows.collect(),
    }
}

fn tool(name: &str, arguments: &[&str], pdf: &[u8]) -> String {
    let folder = Folder::new("print-");
    let file = folder.write("extract.pdf", pdf);
    let output = Command::new(program(name, "poppler-utils"))
        .args(arguments)
        .arg(&file)
        .args((name == "pdftotext").then_some("-"))
        .output()
        .unwrap();
    // PDF/UA wants the entry; this poppler takes a boolean there for an error.
    let complaints = String::from_utf8_lossy(&output.stderr).replace(
        "Syntax Error: Suspects object is wrong type (boolean)\n",
        "",
    );
    assert!(
        output.status.success() && complaints.is_empty(),
        "{complaints}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn text(pdf: &[u8]) -> String {
    tool("pdftotext", &["-layout"], pdf)
}

/// All text without white space: lines may break anywhere.
fn dense(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn an_extract_says_what_the_law_asks_for() {
    let pdf = patient_extract(&extract(60)).unwrap();
    let text = text(&pdf);
    for words in [
        "Utdrag ur åtkomstloggen",
        "Region Skåne (SE2321000255-000001)",
        "Tolvan Tolvansson (19121212-1212)",
        "2026-01-01 till 2026-11-24",
        "av Loggansvarig Lena Loggsson",
        "Sida 1 av 3",
        "Sida 3 av 3",
        "8 kap. 5 § patientdatalagen",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    let dense = dense(&text);
    assert!(dense.contains("Åsa"), "{text}");
    assert_eq!(
        text.matches("Vad som gjordes").count(),
        3,
        "headings on each page"
    );
    let info = tool("pdfinfo", &[], &pdf);
    assert!(info.contains("Tagged:          yes"), "{info}");
    assert!(info.contains("A4"), "{info}");
    let structure = tool("pdfinfo", &["-struct-text"], &pdf);
    for part in ["H1", "Table", "THead", "TH", "TBody", "TD"] {
        assert!(structure.contains(part), "{part} is not in the structure");
    }
    let rows = structure
        .lines()
        .filter(|line| line.trim_start().starts_with("TR"));
    assert_eq!(rows.count(), 61, "{structure}");
}

#[test]
fn each_row_is_there_once() {
    let pdf = patient_extract(&extract(500)).unwrap();
    let raw = dense(&tool("pdftotext", &["-raw"], &pdf));
    for n in 1..=500 {
        let row = format!("undersökning{n}Vård");
        let emergency = format!("undersökning{n}Nöd");
        let count = raw.matches(&row).count() + raw.matches(&emergency).count();
        assert_eq!(count, 1, "row {n}");
    }
}

#[test]
fn names_are_left_out_when_the_care_provider_chooses_so() {
    let mut extract = extract(3);
    extract.with_names = false;
    extract.language = Language::English;
    let text = text(&patient_extract(&extract).unwrap());
    assert!(
        !text.contains("Öberg") && !text.contains("By whom"),
        "{text}"
    );
    assert!(
        text.contains("Care unit") && text.contains("Page 1 of 1"),
        "{text}"
    );
    let csv = String::from_utf8(csv(&extract)).unwrap();
    assert!(!csv.contains("Öberg"));
}

#[test]
fn long_strange_and_missing_texts_are_borne() {
    let mut extract = extract(0);
    let empty = text(&patient_extract(&extract).unwrap());
    assert!(empty.contains("Ingen har haft åtkomst"), "{empty}");
    extract.care_provider = "Vårdgivare med ett mycket långt namn ".repeat(30);
    extract.patient_name = Some("山田 \u{202e}fdp.exe\u{0}\n".into());
    for text in [
        "",
        "x",
        &"Långt namn ".repeat(500),
        &"y".repeat(5_000),
        "\u{0}\u{feff}\r\n",
    ] {
        extract.rows.push(Row {
            at: extract.drawn_up,
            care_unit: text.into(),
            activity: text.into(),
            reason: text.into(),
            by: None,
        });
    }
    let text = text(&patient_extract(&extract).unwrap());
    assert!(text.contains("□□ fdp.exe"), "{text}");
    assert!(dense(&text).contains(&"y".repeat(20)));
}

#[test]
fn ten_thousand_rows_take_seconds_and_grow_evenly() {
    let start = Instant::now();
    let small = patient_extract(&extract(1_000)).unwrap().len();
    let large = patient_extract(&extract(10_000)).unwrap();
    let took = start.elapsed();
    assert!(took.as_secs() < 60, "{took:?}");
    assert!(large.len() < 12 * small, "{} for {small}", large.len());
    let info = tool("pdfinfo", &[], &large);
    let pages = info
        .lines()
        .find_map(|line| line.strip_prefix("Pages:"))
        .unwrap();
    assert!(pages.trim().parse::<usize>().unwrap() > 250, "{info}");
}

#[test]
fn the_same_extract_gives_the_same_bytes() {
    assert_eq!(
        patient_extract(&extract(5)).unwrap(),
        patient_extract(&extract(5)).unwrap()
    );
}

#[test]
fn csv_holds_all_and_runs_nothing() {
    let mut extract = extract(1);
    extract.rows[0].care_unit = "=HYPERLINK(\"http://x\")".into();
    extract.rows[0].activity = "a, \"b\"\nc".into();
    extract.rows[0].reason = " @SUM(1)".into();
    extract.rows[0].by = Some("-2+3".into());
    let csv = String::from_utf8(csv(&extract)).unwrap();
    let (head, row) = csv.split_once("\r\n").unwrap();
    assert_eq!(head, "\u{feff}När,Vårdenhet,Vad som gjordes,Varför,Av vem");
    assert!(
        row.ends_with(",\"'=HYPERLINK(\"\"http://x\"\")\",\"a, \"\"b\"\"\nc\",' @SUM(1),'-2+3\r\n"),
        "{row}"
    );
}
