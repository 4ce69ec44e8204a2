//! C-FIND, and what C-MOVE and C-GET ask for (PS3.4 C.4).

use super::Object;
use bildbro_dicom::{Tag, identifier::Identifier, tag};
use bildbro_dimse::{server::Query, sop, status};
use bildbro_domain::InstanceUid;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

type Objects = BTreeMap<InstanceUid, Object>;

pub fn is_query_model(uid: &str) -> bool {
    [
        sop::STUDY_ROOT_FIND,
        sop::STUDY_ROOT_MOVE,
        sop::STUDY_ROOT_GET,
        sop::PATIENT_ROOT_FIND,
        sop::PATIENT_ROOT_MOVE,
        sop::PATIENT_ROOT_GET,
    ]
    .contains(&uid)
}

/// One answer for each patient, study, series or image that matches.
pub fn find(objects: &Objects, query: &Query) -> Result<Vec<Bytes>, u16> {
    let asked = decode(query)?;
    let level = level(&asked)?;
    let mut groups: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for object in objects.values() {
        groups.entry(key(object, level)).or_default().push(object);
    }
    let answers = groups.into_values().filter_map(|group| {
        let record = record(&group, level, objects)?;
        let matches = asked.matches(&record);
        matches.then(|| Bytes::from(asked.answer(&record).encode(&query.syntax)))
    });
    Ok(answers.collect())
}

/// The objects that the unique keys name, in the order of their numbers.
pub fn retrieve(objects: &Objects, query: &Query) -> Result<Vec<Object>, u16> {
    let asked = decode(query)?;
    level(&asked)?;
    let named = |tag: Tag| -> Vec<String> {
        let value = asked.get(tag).unwrap_or("");
        value
            .split('\\')
            .filter(|v| !v.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (patients, studies) = (named(tag::PATIENT_ID), named(tag::STUDY_INSTANCE_UID));
    let (series, images) = (
        named(tag::SERIES_INSTANCE_UID),
        named(tag::SOP_INSTANCE_UID),
    );
    if patients.is_empty() && studies.is_empty() && images.is_empty() {
        // Everything at once is never what was meant.
        return Err(status::DOES_NOT_MATCH);
    }
    let is =
        |wanted: &[String], value: &str| wanted.is_empty() || wanted.iter().any(|w| w == value);
    let mut found: Vec<Object> = objects
        .values()
        .filter(|o| {
            is(&patients, o.header.patient_id.reveal())
                && is(&studies, o.header.study_uid.as_str())
                && is(&series, o.header.series_uid.as_str())
                && is(&images, o.header.sop_uid.as_str())
        })
        .cloned()
        .collect();
    found.sort_by_key(|o| (o.header.series_number, o.header.instance_number));
    Ok(found)
}

fn decode(query: &Query) -> Result<Identifier, u16> {
    Identifier::decode(&query.identifier, &query.syntax).map_err(|_| status::CANNOT_UNDERSTAND)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Patient,
    Study,
    Series,
    Image,
}

fn level(asked: &Identifier) -> Result<Level, u16> {
    match asked.get(tag::QUERY_RETRIEVE_LEVEL) {
        Some("PATIENT") => Ok(Level::Patient),
        Some("STUDY") => Ok(Level::Study),
        Some("SERIES") => Ok(Level::Series),
        Some("IMAGE") => Ok(Level::Image),
        _ => Err(status::DOES_NOT_MATCH),
    }
}

fn key(object: &Object, level: Level) -> String {
    let header = &object.header;
    match level {
        Level::Patient => header.patient_id.reveal().to_owned(),
        Level::Study => header.study_uid.to_string(),
        Level::Series => header.series_uid.to_string(),
        Level::Image => header.sop_uid.to_string(),
    }
}

/// What is known at a level, counts included.
fn record(group: &[&Object], level: Level, objects: &Objects) -> Option<Identifier> {
    let header = &group.first()?.header;
    let mut record = Identifier::at_level(match level {
        Level::Patient => "PATIENT",
        Level::Study => "STUDY",
        Level::Series => "SERIES",
        Level::Image => "IMAGE",
    });
    record.set(tag::PATIENT_ID, header.patient_id.reveal());
    record.set(tag::PATIENT_NAME, header.patient_name.reveal());
    record.set(tag::PATIENT_BIRTH_DATE, header.patient_birth_date.reveal());
    record.set(tag::PATIENT_SEX, header.patient_sex.reveal());
    record.set(tag::ISSUER_OF_PATIENT_ID, &header.patient_id_issuer);
    if level == Level::Patient {
        return Some(record);
    }
    let of_study = objects
        .values()
        .filter(|o| o.header.study_uid == header.study_uid);
    let study: Vec<&Object> = of_study.collect();
    let modalities: BTreeSet<&str> = study.iter().map(|o| o.header.modality.as_str()).collect();
    let series: BTreeSet<_> = study.iter().map(|o| &o.header.series_uid).collect();
    let joined = modalities.into_iter().collect::<Vec<_>>().join("\\");
    record.set(tag::STUDY_INSTANCE_UID, header.study_uid.as_str());
    record.set(tag::STUDY_DATE, &header.study_date);
    record.set(tag::STUDY_TIME, &header.study_time);
    record.set(tag::STUDY_DESCRIPTION, &header.study_description);
    record.set(tag::ACCESSION_NUMBER, header.accession.reveal());
    record.set(tag::MODALITIES_IN_STUDY, &joined);
    record.set(
        tag::NUMBER_OF_STUDY_RELATED_SERIES,
        &series.len().to_string(),
    );
    record.set(
        tag::NUMBER_OF_STUDY_RELATED_INSTANCES,
        &study.len().to_string(),
    );
    if level == Level::Study {
        return Some(record);
    }
    record.set(tag::SERIES_INSTANCE_UID, header.series_uid.as_str());
    record.set(tag::SERIES_DESCRIPTION, &header.series_description);
    record.set(tag::MODALITY, &header.modality);
    let number = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
    record.set(tag::SERIES_NUMBER, &number(header.series_number));
    if level == Level::Series {
        record.set(
            tag::NUMBER_OF_SERIES_RELATED_INSTANCES,
            &group.len().to_string(),
        );
        return Some(record);
    }
    record.set(tag::SOP_INSTANCE_UID, header.sop_uid.as_str());
    record.set(tag::SOP_CLASS_UID, header.class_uid.as_str());
    record.set(tag::INSTANCE_NUMBER, &number(header.instance_number));
    Some(record)
}
