//! What a query finds in the archive (PS3.4 C.4, C.6): C-FIND's answers, and
//! the objects that a C-MOVE or C-GET asks for.
//!
//! Keys above the level narrow the search and need not be there, so that
//! relational queries work too; keys that the archive does not have are left
//! out of the matching (PS3.4 C.2.2.1.3).

use super::{Index, disk::Kept};
use bildbro_dicom::{Tag, identifier::Identifier, tag};
use bildbro_dimse::{server::Query, sop, status};
use bildbro_domain::{AeTitle, InstanceHeader};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// Query/Retrieve Level (0008,0052), from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Patient,
    Study,
    Series,
    Image,
}

impl Level {
    const ALL: [Self; 4] = [Self::Patient, Self::Study, Self::Series, Self::Image];

    /// The level of a query, if its model has it.
    fn of(query: &Query, identifier: &Identifier) -> Option<Self> {
        let level = match identifier.get(tag::QUERY_RETRIEVE_LEVEL)? {
            "PATIENT" => Self::Patient,
            "STUDY" => Self::Study,
            "SERIES" => Self::Series,
            "IMAGE" => Self::Image,
            _ => return None,
        };
        (level > Self::Patient || is_patient_root(&query.model)).then_some(level)
    }

    /// The level's unique key (PS3.4 C.6.1.1, C.6.2.1).
    const fn unique_key(self) -> Tag {
        match self {
            Self::Patient => tag::PATIENT_ID,
            Self::Study => tag::STUDY_INSTANCE_UID,
            Self::Series => tag::SERIES_INSTANCE_UID,
            Self::Image => tag::SOP_INSTANCE_UID,
        }
    }

    fn unique_value(self, header: &InstanceHeader) -> &str {
        match self {
            Self::Patient => header.patient_id.reveal(),
            Self::Study => header.study_uid.as_str(),
            Self::Series => header.series_uid.as_str(),
            Self::Image => header.sop_uid.as_str(),
        }
    }
}

fn is_patient_root(model: &str) -> bool {
    matches!(
        model,
        sop::PATIENT_ROOT_FIND | sop::PATIENT_ROOT_MOVE | sop::PATIENT_ROOT_GET
    )
}

/// Whether this is a query's SOP class that is answered here.
pub fn is_model(class: &str) -> bool {
    is_patient_root(class)
        || matches!(
            class,
            sop::STUDY_ROOT_FIND | sop::STUDY_ROOT_MOVE | sop::STUDY_ROOT_GET
        )
}

fn read(query: &Query) -> Result<(Level, Identifier), u16> {
    let identifier = Identifier::decode(&query.identifier, &query.syntax).map_err(|error| {
        tracing::warn!(%error, "archive.query_refused");
        status::CANNOT_UNDERSTAND
    })?;
    let level = Level::of(query, &identifier).ok_or(status::DOES_NOT_MATCH)?;
    Ok((level, identifier))
}

/// The answers to a C-FIND, in its syntax; `title` is where they can be had.
///
/// # Errors
/// A DIMSE status (PS3.4 C.4.1.1.4).
pub fn find(index: &Index, title: &AeTitle, query: &Query) -> Result<Vec<Bytes>, u16> {
    let (level, keys) = read(query)?;
    let mut groups: BTreeMap<(&str, &str), Vec<&InstanceHeader>> = BTreeMap::new();
    for kept in index.values() {
        let header = &kept.header;
        // A patient's ID is one only together with who gave it.
        let issuer = match level {
            Level::Patient => header.patient_id_issuer.as_str(),
            _ => "",
        };
        let group = groups.entry((level.unique_value(header), issuer));
        group.or_default().push(header);
    }
    let records = groups.values().filter_map(|group| record(level, group));
    let found = records.filter(|record| known(&keys, record).matches(record));
    let answers = found.map(|record| {
        let mut answer = keys.answer(&record);
        answer.set(tag::RETRIEVE_AE_TITLE, title.as_str());
        Bytes::from(answer.encode(&query.syntax))
    });
    Ok(answers.collect())
}

/// The query with its keys emptied that the record has no attribute for.
fn known(keys: &Identifier, record: &Identifier) -> Identifier {
    let mut known = Identifier::new();
    for (tag, key) in keys.iter() {
        known.set(tag, record.get(tag).map_or("", |_| key));
    }
    known
}

/// All attributes of one patient, study, series or image, absent values empty.
/// `None` for a group of no instances.
fn record(level: Level, group: &[&InstanceHeader]) -> Option<Identifier> {
    let first = group.first()?;
    let mut record = Identifier::new();
    record.set(tag::PATIENT_ID, first.patient_id.reveal());
    record.set(tag::ISSUER_OF_PATIENT_ID, &first.patient_id_issuer);
    record.set(tag::PATIENT_NAME, first.patient_name.reveal());
    record.set(tag::PATIENT_BIRTH_DATE, first.patient_birth_date.reveal());
    record.set(tag::PATIENT_SEX, first.patient_sex.reveal());
    if level >= Level::Study {
        record.set(tag::STUDY_INSTANCE_UID, first.study_uid.as_str());
        record.set(tag::STUDY_DATE, &first.study_date);
        record.set(tag::STUDY_TIME, &first.study_time);
        record.set(tag::STUDY_DESCRIPTION, &first.study_description);
        record.set(tag::ACCESSION_NUMBER, first.accession.reveal());
    }
    if level >= Level::Series {
        record.set(tag::SERIES_INSTANCE_UID, first.series_uid.as_str());
        record.set(tag::SERIES_NUMBER, &number(first.series_number));
        record.set(tag::SERIES_DESCRIPTION, &first.series_description);
        record.set(tag::MODALITY, &first.modality);
        record.set(tag::BODY_PART_EXAMINED, &first.body_part);
        record.set(tag::INSTITUTION_NAME, &first.institution);
    }
    let count = group.len().to_string();
    match level {
        Level::Patient => {}
        Level::Study => {
            let series: BTreeSet<_> = group.iter().map(|h| &h.series_uid).collect();
            let modalities: BTreeSet<_> = group.iter().map(|h| h.modality.as_str()).collect();
            let modalities: Vec<_> = modalities.into_iter().filter(|m| !m.is_empty()).collect();
            record.set(tag::MODALITIES_IN_STUDY, &modalities.join("\\"));
            record.set(
                tag::NUMBER_OF_STUDY_RELATED_SERIES,
                &series.len().to_string(),
            );
            record.set(tag::NUMBER_OF_STUDY_RELATED_INSTANCES, &count);
        }
        Level::Series => record.set(tag::NUMBER_OF_SERIES_RELATED_INSTANCES, &count),
        Level::Image => {
            record.set(tag::SOP_INSTANCE_UID, first.sop_uid.as_str());
            record.set(tag::SOP_CLASS_UID, first.class_uid.as_str());
            record.set(tag::INSTANCE_NUMBER, &number(first.instance_number));
            record.set(tag::NUMBER_OF_FRAMES, &number(first.frames.map(i64::from)));
        }
    }
    Some(record)
}

fn number(number: Option<i64>) -> String {
    number.map(|n| n.to_string()).unwrap_or_default()
}

/// What a C-MOVE or C-GET asks for, in order of series and instance number.
///
/// # Errors
/// A DIMSE status (PS3.4 C.4.2.1.5). The unique key of the level must be
/// there: an empty one is no request for everything (PS3.4 C.4.2.2.1).
pub fn select(index: &Index, query: &Query) -> Result<Vec<Kept>, u16> {
    let (level, keys) = read(query)?;
    let key = |level: Level| {
        keys.get(level.unique_key())
            .filter(|value| !value.is_empty())
    };
    if key(level).is_none() {
        return Err(status::DOES_NOT_MATCH);
    }
    let asked_for = |kept: &&Kept| {
        let levels = Level::ALL.into_iter().filter(|l| *l <= level);
        let mut given = levels.filter_map(|l| Some((l, key(l)?)));
        given.all(|(l, values)| {
            let value = l.unique_value(&kept.header);
            values.split('\\').any(|v| v.trim() == value)
        })
    };
    let mut found: Vec<Kept> = index.values().filter(asked_for).cloned().collect();
    found.sort_by_key(|kept| (kept.header.series_number, kept.header.instance_number));
    Ok(found)
}
