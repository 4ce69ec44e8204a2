//! Studies, series and instances as organisations hold them.

use crate::{
    database::{Builder, Connection, Flag, LIST, hold},
    fault::Fault,
    group::group,
    value::{cut, from_json, id, micros, name, patient_key, plain, signed, to_json, unsigned},
};
use bildbro_domain::{
    Digest, InstanceHeader, InstanceId, InstanceUid, OrganisationId, SeriesUid, StudyId, StudyUid,
};
use bildbro_flow::ports::hub::Existing;
use bildbro_wire::errand::FoundStudy;
use bildbro_wire::link::{InstanceMeta, Offer};
use jiff::Timestamp;
use std::collections::HashMap;

/// A modality is a code string of at most 16 characters (PS3.5 6.2); of a
/// study's, as many are kept as fit here.
const LONGEST_MODALITY: usize = 16;
const LONGEST_MODALITIES: usize = 64;

const HOLD: &str = "SELECT id FROM organisation WHERE id = $1";

const FIND: &str = "SELECT i.id, s.study_uid, i.sop_uid, i.digest, i.syntax, i.length, \
     i.series_number, i.instance_number, i.lost IS TRUE AS lost FROM instance i JOIN study s ON s.id = i.study \
     WHERE i.holder = ";

const OF_STUDY: &str = "SELECT i.id, s.study_uid, i.sop_uid, i.digest, i.syntax, \
     i.length, i.series_number, i.instance_number, i.lost IS TRUE AS lost \
     FROM instance i JOIN study s ON s.id = i.study WHERE i.study = $1 ORDER BY i.id";

const RESTORE: &str = "UPDATE instance SET lost = FALSE WHERE id = $1";

/// Says nothing of the study yet.
const PUT_STUDY: &str = "INSERT INTO study (id, holder, study_uid, patient_id, patient_id_issuer, \
     patient_name, patient_birth_date, patient_sex, accession, study_date, study_time, \
     description, institution, modality, images, bytes, first_at, latest_at, to_share) \
     VALUES ($1, $2, $3, '', '', '', '', '', '', '', '', '', '', '', $4, $5, $6, $6, FALSE) \
     ON CONFLICT (id) DO UPDATE SET images = study.images + excluded.images, \
     bytes = study.bytes + excluded.bytes, latest_at = excluded.latest_at \
     RETURNING modality, images";

/// A new study, or one that was deleted and comes again.
const DESCRIBE: &str = "UPDATE study SET patient_id = $2, patient_id_issuer = $3, \
     patient_key = $13, \
     patient_name = $4, patient_birth_date = $5, patient_sex = $6, accession = $7, \
     study_date = $8, study_time = $9, description = $10, institution = $11, first_at = $12, \
     deleted_at = NULL WHERE id = $1";

/// A study that a PACS has told of, and none of whose images has come. What the
/// images themselves say, when they come, goes before it.
const ANNOUNCE: &str = "INSERT INTO study (id, holder, study_uid, patient_id, patient_id_issuer, \
     patient_key, patient_name, patient_birth_date, patient_sex, accession, study_date, \
     study_time, description, institution, modality, images, bytes, first_at, latest_at, \
     to_share, expected) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
     $15, 0, 0, $16, $16, FALSE, $17) \
     ON CONFLICT (id) DO UPDATE SET patient_id = excluded.patient_id, \
     patient_id_issuer = excluded.patient_id_issuer, patient_key = excluded.patient_key, \
     patient_name = excluded.patient_name, patient_birth_date = excluded.patient_birth_date, \
     patient_sex = excluded.patient_sex, accession = excluded.accession, \
     study_date = excluded.study_date, study_time = excluded.study_time, \
     description = excluded.description, institution = excluded.institution, \
     modality = excluded.modality, expected = excluded.expected, deleted_at = NULL \
     WHERE study.images = 0";

const SET_MODALITY: &str = "UPDATE study SET modality = $2 WHERE id = $1";

const PUT_SERIES: &str = "INSERT INTO series \
     (study, series_uid, modality, series_number, description, body_part, images) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) \
     ON CONFLICT (study, series_uid) DO UPDATE SET images = series.images + excluded.images";

const PUT_INSTANCES: &str = "INSERT INTO instance (id, holder, study, series_uid, sop_uid, \
     class_uid, syntax, digest, length, series_number, instance_number, header, admitted_at) ";

const STUDY: &str = "SELECT id, study_uid, patient_id, complete_at IS NOT NULL AS complete, \
     expected FROM study WHERE holder = $1 AND study_uid = $2 AND deleted_at IS NULL";

/// An instance held, as far as admission and sharing need it.
#[derive(Debug, Clone)]
pub struct Held {
    pub existing: Existing,
    pub sop_uid: InstanceUid,
    pub length: u64,
    pub series_number: Option<i64>,
    pub instance_number: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    id: String,
    study_uid: String,
    sop_uid: String,
    digest: String,
    syntax: String,
    length: i64,
    series_number: Option<i64>,
    instance_number: Option<i64>,
    lost: Flag,
}

impl HeldRow {
    fn read(self) -> Result<Held, Fault> {
        Ok(Held {
            existing: Existing {
                instance: id(&self.id, "instance.id")?,
                study_uid: name(self.study_uid, "study.study_uid")?,
                digest: id(&self.digest, "instance.digest")?,
                syntax: name(self.syntax, "instance.syntax")?,
                lost: self.lost.0,
            },
            sop_uid: name(self.sop_uid, "instance.sop_uid")?,
            length: unsigned(self.length),
            series_number: self.series_number,
            instance_number: self.instance_number,
        })
    }
}

/// Holds all that a holder has at the hub, and its shares, as they stand: an
/// image is judged once, whichever processes it comes to, and a study is shared
/// with every image that was admitted before.
pub async fn keep(connection: &mut Connection, holder: OrganisationId) -> Result<(), Fault> {
    hold(connection, HOLD, holder.to_string()).await
}

/// What `holder` holds of these SOP Instance UIDs.
pub async fn find(
    connection: &mut Connection,
    holder: OrganisationId,
    sop_uids: &[&InstanceUid],
) -> Result<HashMap<InstanceUid, Held>, Fault> {
    let mut found = HashMap::new();
    for part in sop_uids.chunks(LIST) {
        let mut query = Builder::new(connection, FIND);
        query
            .push_bind(holder.to_string())
            .push(" AND i.sop_uid IN ");
        query.push_list(part.iter().map(|uid| uid.as_str()));
        let rows: Vec<HeldRow> = query.build_query_as().fetch_all(&mut *connection).await?;
        for row in rows {
            let held = row.read()?;
            found.insert(held.sop_uid.clone(), held);
        }
    }
    Ok(found)
}

/// All that is held of a study, in the order it came.
pub async fn of_study(connection: &mut Connection, study: StudyId) -> Result<Vec<Held>, Fault> {
    let rows: Vec<HeldRow> = sqlx::query_as(OF_STUDY)
        .bind(study.to_string())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(HeldRow::read).collect()
}

/// An image to be taken in, whose blob is safe.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    pub instance: InstanceId,
    pub offer: &'a Offer,
}

impl New<'_> {
    pub fn held(&self) -> Held {
        let header = &self.offer.header;
        Held {
            existing: Existing {
                instance: self.instance,
                study_uid: header.study_uid.clone(),
                digest: self.offer.digest,
                syntax: self.offer.syntax.clone(),
                lost: false,
            },
            sop_uid: header.sop_uid.clone(),
            length: self.offer.length,
            series_number: header.series_number,
            instance_number: header.instance_number,
        }
    }
}

/// The bytes of an image that had been lost are safe again.
pub async fn restore(connection: &mut Connection, instance: InstanceId) -> Result<(), Fault> {
    sqlx::query(RESTORE)
        .bind(instance.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes images in: a few statements for each study and series, one for many
/// instances.
pub async fn take_in(
    connection: &mut Connection,
    holder: OrganisationId,
    new: &[New<'_>],
    at: Timestamp,
) -> Result<(), Fault> {
    for (study_uid, images) in group(new.iter().map(|n| (&n.offer.header.study_uid, *n))) {
        let study = StudyId::of(holder, study_uid);
        put_study(connection, holder, study, &images, at).await?;
        for (series_uid, images) in group(images.iter().map(|n| (&n.offer.header.series_uid, *n))) {
            put_series(connection, study, series_uid, &images).await?;
        }
    }
    for part in new.chunks(LIST) {
        put_instances(connection, holder, part, at).await?;
    }
    Ok(())
}

/// The first image's header describes the study.
async fn put_study(
    connection: &mut Connection,
    holder: OrganisationId,
    study: StudyId,
    images: &[New<'_>],
    at: Timestamp,
) -> Result<(), Fault> {
    let Some(first) = images.first() else {
        return Ok(());
    };
    let count = signed(images.len() as u64);
    let header = &first.offer.header;
    let (modality, held): (String, i64) = sqlx::query_as(PUT_STUDY)
        .bind(study.to_string())
        .bind(holder.to_string())
        .bind(header.study_uid.as_str())
        .bind(count)
        .bind(signed(images.iter().map(|n| n.offer.length).sum()))
        .bind(micros(at))
        .fetch_one(&mut *connection)
        .await?;
    if held == count {
        describe(connection, study, header, at).await?;
    }
    let all = modalities(
        &modality,
        images.iter().map(|n| n.offer.header.modality.as_str()),
    );
    if all != modality {
        sqlx::query(SET_MODALITY)
            .bind(study.to_string())
            .bind(all)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Notes a study by what a PACS says of it.
pub async fn announce(
    connection: &mut Connection,
    holder: OrganisationId,
    found: &FoundStudy,
    at: Timestamp,
) -> Result<(), Fault> {
    let (id, issuer) = (found.patient_id.reveal(), found.patient_id_issuer.reveal());
    sqlx::query(ANNOUNCE)
        .bind(StudyId::of(holder, &found.study_uid).to_string())
        .bind(holder.to_string())
        .bind(found.study_uid.as_str())
        .bind(plain(id))
        .bind(plain(issuer))
        .bind(patient_key(id, issuer, at))
        .bind(plain(found.patient_name.reveal()))
        .bind(plain(found.patient_birth_date.reveal()))
        .bind(plain(&found.patient_sex))
        .bind(plain(found.accession.reveal()))
        .bind(plain(&found.study_date))
        .bind(plain(&found.study_time))
        .bind(plain(&found.description))
        .bind(plain(&found.institution))
        .bind(plain(&found.modalities.join("/")))
        .bind(micros(at))
        .bind(found.images.map(i64::from))
        .execute(connection)
        .await?;
    Ok(())
}

async fn describe(
    connection: &mut Connection,
    study: StudyId,
    header: &InstanceHeader,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(DESCRIBE)
        .bind(study.to_string())
        .bind(plain(header.patient_id.reveal()))
        .bind(plain(&header.patient_id_issuer))
        .bind(plain(header.patient_name.reveal()))
        .bind(plain(header.patient_birth_date.reveal()))
        .bind(plain(header.patient_sex.reveal()))
        .bind(plain(header.accession.reveal()))
        .bind(plain(&header.study_date))
        .bind(plain(&header.study_time))
        .bind(plain(&header.study_description))
        .bind(plain(&header.institution))
        .bind(micros(at))
        .bind(patient_key(
            header.patient_id.reveal(),
            &header.patient_id_issuer,
            at,
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// Adds what is new to a list of modalities joined by '/'.
fn modalities<'a>(known: &str, new: impl Iterator<Item = &'a str>) -> String {
    let mut all: Vec<String> = known
        .split('/')
        .filter(|m| !m.is_empty())
        .map(Into::into)
        .collect();
    for modality in new {
        let modality = cut(modality, LONGEST_MODALITY).replace('/', "");
        if !modality.is_empty() && !all.contains(&modality) {
            all.push(modality);
        }
    }
    while all.len() > 1 && all.iter().map(|m| m.len() + 1).sum::<usize>() > LONGEST_MODALITIES {
        all.pop();
    }
    all.join("/")
}

async fn put_series(
    connection: &mut Connection,
    study: StudyId,
    series: &SeriesUid,
    images: &[New<'_>],
) -> Result<(), Fault> {
    let Some(first) = images.first() else {
        return Ok(());
    };
    let header = &first.offer.header;
    sqlx::query(PUT_SERIES)
        .bind(study.to_string())
        .bind(series.as_str())
        .bind(plain(&header.modality))
        .bind(header.series_number)
        .bind(plain(&header.series_description))
        .bind(plain(&header.body_part))
        .bind(signed(images.len() as u64))
        .execute(connection)
        .await?;
    Ok(())
}

async fn put_instances(
    connection: &mut Connection,
    holder: OrganisationId,
    new: &[New<'_>],
    at: Timestamp,
) -> Result<(), Fault> {
    let headers = new
        .iter()
        .map(|n| to_json(&n.offer.header, "an instance's header"))
        .collect::<Result<Vec<_>, _>>()?;
    let mut query = Builder::new(connection, PUT_INSTANCES);
    query.push_values(new.iter().zip(headers), |row, (n, json)| {
        let header = &n.offer.header;
        row.push_bind(n.instance.to_string())
            .push_bind(holder.to_string())
            .push_bind(StudyId::of(holder, &header.study_uid).to_string())
            .push_bind(header.series_uid.as_str())
            .push_bind(header.sop_uid.as_str())
            .push_bind(header.class_uid.as_str())
            .push_bind(n.offer.syntax.as_str())
            .push_bind(n.offer.digest.to_string())
            .push_bind(signed(n.offer.length))
            .push_bind(header.series_number)
            .push_bind(header.instance_number)
            .push_bind(json)
            .push_bind(micros(at));
    });
    query.build().execute(connection).await?;
    Ok(())
}

/// A study as its holder has it.
#[derive(Debug, Clone)]
pub struct Study {
    pub id: StudyId,
    pub uid: StudyUid,
    pub patient_id: String,
    pub complete: bool,
    pub expected: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct StudyRow {
    id: String,
    study_uid: String,
    patient_id: String,
    complete: Flag,
    expected: Option<i64>,
}

pub async fn study(
    connection: &mut Connection,
    holder: OrganisationId,
    uid: &StudyUid,
) -> Result<Option<Study>, Fault> {
    let row: Option<StudyRow> = sqlx::query_as(STUDY)
        .bind(holder.to_string())
        .bind(uid.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(Study {
            id: id(&row.id, "study.id")?,
            uid: name(row.study_uid, "study.study_uid")?,
            patient_id: row.patient_id,
            complete: row.complete.0,
            expected: row.expected,
        })
    })
    .transpose()
}

/// An instance's columns as the link speaks of it.
#[derive(sqlx::FromRow)]
pub struct MetaRow {
    id: String,
    header: String,
    syntax: String,
    digest: String,
    length: i64,
}

impl MetaRow {
    /// The columns, of an instance named `i`.
    pub const COLUMNS: &str = "i.id, i.header, i.syntax, i.digest, i.length";

    pub fn read(self) -> Result<InstanceMeta, Fault> {
        Ok(InstanceMeta {
            instance: id(&self.id, "instance.id")?,
            header: from_json::<InstanceHeader>(&self.header, "instance.header")?,
            syntax: name(self.syntax, "instance.syntax")?,
            digest: id::<Digest>(&self.digest, "instance.digest")?,
            length: unsigned(self.length),
        })
    }
}
