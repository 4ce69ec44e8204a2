//! Data sets that lie, and data sets that are only odd.

use super::{CT, gateway, store, takes_a_good_image};
use bildbro_testkit::{Node, dcmtk, eventually};
use bildbro_tests::{Exchange, data_set};
use std::fs;

const STUDY: &str = "1.2.3.4";
const SOP: &str = "1.2.3.4.5.6";

/// Explicit VR Little Endian, short form.
fn element(group: u16, number: u16, vr: &str, value: &[u8]) -> Vec<u8> {
    let odd = value.len() % 2 == 1;
    let length = u16::try_from(value.len()).expect("a short value") + u16::from(odd);
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend(vr.as_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(value);
    if odd {
        bytes.push(if vr == "UI" { 0 } else { b' ' });
    }
    bytes
}

/// An object with these UIDs, and these elements in group 0010.
fn object(sop_uid: &str, study_uid: &str, patient: &[u8]) -> Vec<u8> {
    [
        element(8, 0x0016, "UI", CT.as_bytes()),
        element(8, 0x0018, "UI", sop_uid.as_bytes()),
        element(8, 0x0060, "CS", b"CT"),
        patient.to_vec(),
        element(0x20, 0x000D, "UI", study_uid.as_bytes()),
        element(0x20, 0x000E, "UI", b"1.2.3.4.5"),
        element(0x28, 0x0010, "US", &[1, 0]),
    ]
    .concat()
}

fn long(group: u16, number: u16, vr: &str, claimed: u32, value: &[u8]) -> Vec<u8> {
    let mut bytes = [group.to_le_bytes(), number.to_le_bytes()].concat();
    bytes.extend(vr.as_bytes());
    bytes.extend([0, 0]);
    bytes.extend(claimed.to_le_bytes());
    bytes.extend(value);
    bytes
}

#[tokio::test]
async fn a_data_set_that_lies_is_refused_by_its_status() {
    let gateway = gateway().await;
    let good = object(SOP, STUDY, &[]);
    let with = |end: Vec<u8>| [good.clone(), end].concat();
    let nested: Vec<u8> = (0..200)
        .flat_map(|_| {
            [
                long(0x40, 0xA730, "SQ", u32::MAX, &[]),
                vec![0xFE, 0xFF, 0, 0xE0, 255, 255, 255, 255],
            ]
            .concat()
        })
        .collect();
    for (what, bytes, status) in [
        ("nothing", vec![], 0xC000),
        (
            "cut off in a value",
            good[..good.len() - 1].to_vec(),
            0xC000,
        ),
        (
            "cut off in a header",
            good[..good.len() - 7].to_vec(),
            0xC000,
        ),
        (
            "2 GB in 200 bytes",
            with(long(0x7FE0, 0x10, "OW", 0x8000_0000, &[0; 20])),
            0xC000,
        ),
        (
            "a value longer than all",
            with(element(0x28, 0x11, "US", &[1; 8])[..10].to_vec()),
            0xC000,
        ),
        (
            "a sequence never closed",
            with(long(0x40, 0xA730, "SQ", u32::MAX, &[])),
            0xC000,
        ),
        ("sequences without end", with(nested), 0xC000),
        (
            "a study that is a path",
            object(SOP, "../../../etc/passwd", &[]),
            0xC000,
        ),
        (
            "an instance that is a path",
            object("../1.2", STUDY, &[]),
            0xC000,
        ),
        ("no study", object(SOP, "", &[]), 0xC000),
        (
            "a UID of 80 characters",
            object(SOP, &"1.2345678.".repeat(8), &[]),
            0xC000,
        ),
        (
            "another instance than announced",
            object("1.2.3.4.5.7", STUDY, &[]),
            0xA900,
        ),
    ] {
        let answer = store(&gateway.peer(), SOP, &bytes).await;
        assert_eq!(answer.ok(), Some(status), "{what}");
    }
    takes_a_good_image(&gateway).await;

    let announced = store(&gateway.peer(), "../../1.2", &good).await;
    assert!(
        announced.ok().is_none_or(|status| status >= 0x0100),
        "a path in the command"
    );
    takes_a_good_image(&gateway).await;
}

#[tokio::test]
async fn an_odd_patient_passes_unchanged() {
    let storescp = dcmtk::Storescp::start("STORESCP", &[]).await;
    let exchange = Exchange::start(vec![], vec![Node::new("pacs", storescp.peer())]).await;
    let control = [&[0, 7, 0x1B, 0x7F][..], b"\r\n\\", &[0xFF]].concat();
    let name = |value: &[u8]| element(0x10, 0x10, "PN", value);
    let id = |value: &[u8]| element(0x10, 0x20, "LO", value);
    let odd = [
        ("no Patient ID", vec![]),
        ("an empty one", id(b"")),
        ("one of 100 characters", id(&[b'9'; 100])),
        ("control characters", id(&control)),
        (
            "no character set, Latin-1 all the same",
            [name("Å^Ä".as_bytes()), id(&[0xC5, 0xC4])].concat(),
        ),
        (
            "broken UTF-8",
            [name(&[0xC3, b'^', 0xE2, 0x82]), id(b"1")].concat(),
        ),
    ];
    for (number, (what, patient)) in odd.iter().enumerate() {
        let (sop_uid, study) = (format!("1.2.9.{number}.1"), format!("1.2.9.{number}"));
        let bytes = object(&sop_uid, &study, patient);
        let answer = store(&exchange.to_skane(), &sop_uid, &bytes).await;
        assert_eq!(answer.ok(), Some(0), "{what}");
        let arrived = eventually(what, async || {
            // storescp names files by class and instance.
            let files = storescp.files();
            let file = files
                .iter()
                .find(|f| f.to_string_lossy().contains(&sop_uid))?;
            let content = fs::read(file).ok()?;
            content.ends_with(&bytes).then_some(content)
        })
        .await;
        assert_eq!(data_set(&arrived).1, bytes, "{what}");
    }
    exchange
        .hub
        .admin(&["audit", "verify"])
        .await
        .expect_success();
}
