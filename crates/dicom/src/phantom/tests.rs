use super::*;
use crate::{charset, element, syntax::Encoding, tag};
use std::collections::{HashMap, HashSet};

/// Top-level elements of a data set, checked for order and even lengths.
fn elements(bytes: &[u8]) -> HashMap<crate::Tag, &[u8]> {
    let encoding = Encoding::of(crate::syntax::EXPLICIT_LE);
    let mut found = HashMap::new();
    let (mut at, mut last) = (0, crate::Tag(0, 0));
    while at < bytes.len() {
        let header = element::read(&bytes[at..], encoding).unwrap();
        assert!(header.tag > last, "{} after {last}", header.tag);
        assert_eq!(header.length % 2, 0, "{}", header.tag);
        let start = at + header.size;
        at = start + header.length as usize;
        found.insert(header.tag, &bytes[start..at]);
        last = header.tag;
    }
    found
}

fn small() -> impl Iterator<Item = Study> {
    catalogue()
        .into_iter()
        .map(|plan| plan.with_slices(3).reduced(16).study(7))
}

#[test]
fn each_image_says_who_it_is_and_has_all_its_pixels() {
    let mut uids = HashSet::new();
    for study in small() {
        let plan = study.plan();
        let number = |bytes: &[u8]| usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        assert_eq!(study.instances().count(), study.len(), "{}", plan.key);
        for instance in study.instances() {
            let found = elements(&instance.data_set);
            let text = |tag| {
                charset::decode(plan.character_set, found[&tag])
                    .trim_end_matches([' ', '\0'])
                    .to_owned()
            };
            assert_eq!(text(tag::PATIENT_NAME), plan.patient.name);
            assert_eq!(text(tag::PATIENT_ID), plan.patient.id);
            assert_eq!(text(tag::STUDY_DESCRIPTION), plan.description);
            assert_eq!(text(tag::STUDY_INSTANCE_UID), study.uid().as_str());
            assert_eq!(text(tag::SERIES_INSTANCE_UID), instance.series_uid.as_str());
            assert_eq!(text(tag::SOP_INSTANCE_UID), instance.sop_uid.as_str());
            assert_eq!(text(tag::SOP_CLASS_UID), instance.class_uid.as_str());
            assert!(uids.insert(instance.sop_uid.clone()), "a UID came twice");
            let frames = found
                .get(&tag::NUMBER_OF_FRAMES)
                .map_or(1, |_| text(tag::NUMBER_OF_FRAMES).parse().unwrap());
            let pixels = number(found[&crate::Tag(0x28, 0x10)])
                * number(found[&crate::Tag(0x28, 0x11)])
                * number(found[&crate::Tag(0x28, 0x02)])
                * (number(found[&crate::Tag(0x28, 0x100)]) / 8)
                * frames;
            assert_eq!(found[&tag::PIXEL_DATA].len(), pixels, "{}", plan.key);
        }
    }
}

#[test]
fn a_seed_decides_everything() {
    for plan in catalogue() {
        let plan = plan.with_slices(2).reduced(16);
        let once = plan.study(1).instance(0).unwrap();
        let again = plan.study(1).instance(0).unwrap();
        let other = plan.study(2).instance(0).unwrap();
        assert_eq!(once.data_set, again.data_set, "{}", plan.key);
        assert_ne!(once.study_uid, other.study_uid);
        assert_ne!(once.sop_uid, other.sop_uid);
        assert_ne!(plan.study(1).accession(), plan.study(2).accession());
    }
}

#[test]
fn past_the_last_there_is_none() {
    for study in small() {
        assert!(study.instance(study.len()).is_none());
    }
}

#[test]
fn personal_identity_numbers_have_a_right_check_digit() {
    for plan in catalogue() {
        let digits = plan.patient.id[2..].bytes().map(|b| u32::from(b - b'0'));
        let sum: u32 = digits
            .enumerate()
            .map(|(i, d)| {
                if i % 2 == 0 {
                    d * 2 / 10 + d * 2 % 10
                } else {
                    d
                }
            })
            .sum();
        assert_eq!(sum % 10, 0, "{}", plan.key);
        assert!(plan.patient.id.starts_with(plan.patient.birth_date));
        let male = plan.patient.id.as_bytes()[10] % 2 == 1;
        assert_eq!(plan.patient.sex, if male { "M" } else { "F" });
    }
}

#[test]
fn a_file_begins_with_its_meta_header() {
    let instance = catalogue()[0]
        .clone()
        .reduced(16)
        .study(1)
        .instance(0)
        .unwrap();
    let file = instance.file();
    let (meta, start) = part10::read_meta(&file).unwrap();
    assert_eq!(meta, instance.meta());
    assert_eq!(&file[start..], instance.data_set);
}

/// For the eye: writes full-size files to the directory `PHANTOM_DIR` names.
#[test]
#[ignore = "writes files to look at, some hundred megabytes"]
fn write_files_to_look_at() {
    let Some(directory) = std::env::var_os("PHANTOM_DIR") else {
        return;
    };
    let directory = std::path::Path::new(&directory);
    for plan in catalogue() {
        let started = std::time::Instant::now();
        let study = plan.with_slices(24).study(1);
        for (index, instance) in study.instances().enumerate() {
            let name = format!("{}-{index:03}.dcm", study.plan().key);
            std::fs::write(directory.join(name), instance.file()).unwrap();
        }
        let each = started.elapsed() / u32::try_from(study.len()).unwrap();
        println!("{}: {each:?} an image", study.plan().key);
    }
}
