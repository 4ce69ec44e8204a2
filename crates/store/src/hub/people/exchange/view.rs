//! A share with all that is known of it, as its sender or a recipient sees it.

use super::{make::is_named, search::SILENT};
use crate::{
    database::{Builder, Connection, Flag},
    fault::Fault,
    hub::will,
    value::{id, maybe_time, name, time, unsigned, word},
};
use bildbro_domain::{
    CareUnitId, MemberId, OrganisationId, Personal, ShareId,
    care::Closed,
    matching::Described,
    patient::may_be_one,
    share::{DeliveryState, Failure, LegalMode, Priority, Purpose},
};
use bildbro_flow::ports::portal::{
    sharing::{
        FetchState, FetchView, ShareView, SharedDelivery, SharedRecipient, SharedSeries,
        SharedStudy,
    },
    will::Named,
};
use bildbro_wire::errand::Moved;
use jiff::Timestamp;
use std::collections::HashMap;

const SHARES: &str = "SELECT sh.id, sh.sender, s.name AS sender_name, sh.created_at, sh.made_by, \
     m.name AS made_by_name, sh.unit, u.name AS unit_name, sh.purpose, sh.legal_mode, \
     sh.priority, sh.message, sh.expires_at, sh.sends_at, sh.revoked_at, sh.revoked_why, \
     r.id AS answers, r.asker FROM share sh LEFT JOIN image_request r ON r.share = sh.id JOIN organisation s ON s.id = sh.sender \
     LEFT JOIN member m ON m.id = sh.made_by LEFT JOIN care_unit u ON u.id = sh.unit \
     WHERE sh.id IN ";

const DELIVERIES: &str = "SELECT d.share, d.study, d.recipient, d.state, d.held IS TRUE AS held, \
     d.complete IS TRUE AS complete, d.images, d.bytes, d.pending, d.stored, d.already_there, \
     d.failed, d.failure, d.updated_at, d.expected, sh.purpose, d.patient_key, j.due_at, st.study_uid, st.holder, \
     st.patient_key AS study_key, st.patient_id, \
     st.patient_id_issuer, st.patient_name, st.patient_birth_date, st.patient_sex, \
     st.accession, st.study_date, st.study_time, st.description, st.institution, st.modality, \
     st.images AS here, st.expected AS study_expected \
     FROM delivery d JOIN study st ON st.id = d.study JOIN share sh ON sh.id = d.share \
     LEFT JOIN job j ON j.kind = 'delivery' AND j.subject = d.id WHERE d.share IN ";

const RECIPIENTS: &str = "SELECT i.share, i.recipient, o.name, i.came_at, i.changed_at, \
     i.opened_at, i.opened_by, mo.name AS opened_by_name, i.member, mm.name AS member_name, \
     i.unit, u.name AS unit_name, i.accepted_at, i.declined_at, i.decline_reason, i.recall_at, \
     i.recalled_at, i.escalated_at, o.on_call <> '' AS on_call, g.seen FROM inbox i JOIN organisation o ON o.id = i.recipient \
     LEFT JOIN member mo ON mo.id = i.opened_by LEFT JOIN member mm ON mm.id = i.member \
     LEFT JOIN care_unit u ON u.id = i.unit \
     LEFT JOIN (SELECT organisation, MAX(COALESCE(last_seen, created_at)) AS seen \
     FROM gateway WHERE active GROUP BY organisation) g ON g.organisation = i.recipient \
     WHERE i.share IN ";

const FETCHES: &str = "SELECT e.study, e.state, e.node, e.completed, e.failed, e.remaining, \
     e.failure, e.due_at, e.updated_at, e.asked_at, g.last_seen FROM errand e \
     JOIN gateway g ON g.id = e.gateway WHERE e.kind = 'fetch' AND e.study IN ";

const SERIES: &str = "SELECT study, modality, description, body_part, images FROM series \
     WHERE study IN ";

#[derive(sqlx::FromRow)]
struct ShareRow {
    id: String,
    sender: String,
    sender_name: String,
    created_at: i64,
    made_by: Option<String>,
    made_by_name: Option<String>,
    unit: Option<String>,
    unit_name: Option<String>,
    purpose: String,
    legal_mode: String,
    priority: String,
    message: String,
    expires_at: Option<i64>,
    sends_at: Option<i64>,
    revoked_at: Option<i64>,
    revoked_why: String,
    answers: Option<String>,
    /// Who asked for it.
    asker: Option<String>,
}

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    share: String,
    study: String,
    recipient: String,
    state: String,
    held: Flag,
    complete: Flag,
    images: i64,
    bytes: i64,
    pending: i64,
    stored: i64,
    already_there: i64,
    failed: i64,
    failure: Option<String>,
    updated_at: i64,
    expected: Option<i64>,
    patient_key: String,
    purpose: String,
    due_at: Option<i64>,
    holder: String,
    study_key: String,
    study_uid: String,
    patient_id: String,
    patient_id_issuer: String,
    patient_name: String,
    patient_birth_date: String,
    patient_sex: String,
    accession: String,
    study_date: String,
    study_time: String,
    description: String,
    institution: String,
    modality: String,
    here: i64,
    study_expected: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct RecipientRow {
    share: String,
    recipient: String,
    name: String,
    came_at: i64,
    changed_at: i64,
    opened_at: Option<i64>,
    opened_by: Option<String>,
    opened_by_name: Option<String>,
    member: Option<String>,
    member_name: Option<String>,
    unit: Option<String>,
    unit_name: Option<String>,
    accepted_at: Option<i64>,
    declined_at: Option<i64>,
    decline_reason: String,
    recall_at: Option<i64>,
    recalled_at: Option<i64>,
    escalated_at: Option<i64>,
    on_call: Flag,
    seen: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct FetchRow {
    study: String,
    state: String,
    node: String,
    completed: i64,
    failed: i64,
    remaining: Option<i64>,
    failure: Option<String>,
    due_at: i64,
    updated_at: i64,
    asked_at: i64,
    last_seen: Option<i64>,
}

/// Who looks: the sender, who sees all recipients; or one of these, who sees
/// itself.
#[derive(Debug, Clone, Copy)]
pub enum Eyes {
    Sender,
    Recipient(OrganisationId),
}

impl Eyes {
    fn sees(self, recipient: OrganisationId) -> bool {
        match self {
            Self::Sender => true,
            Self::Recipient(own) => own == recipient,
        }
    }

    /// A recipient is told nothing of a study whose images are of another
    /// patient than the one who was chosen, nor of what the patient has closed
    /// since, unless it has it.
    async fn must_not_see(
        self,
        connection: &mut Connection,
        row: &DeliveryRow,
    ) -> Result<bool, Fault> {
        let Self::Recipient(own) = self else {
            return Ok(false);
        };
        let chosen = row.patient_key.as_str();
        if is_named(chosen) && !may_be_one(chosen, &row.study_key) {
            return Ok(true);
        }
        if row.stored + row.already_there > 0 {
            return Ok(false);
        }
        let purpose = word(Purpose::parse(&row.purpose), "share.purpose")?;
        if purpose == Purpose::PatientRequest {
            return Ok(false);
        }
        let of = will::Of {
            holder: id(&row.holder, "study.holder")?,
            patient_key: &row.study_key,
            institution: &row.institution,
        };
        Ok(will::met(connection, of, own, None).await? != Closed::Nothing)
    }
}

/// What the shares are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// How they go, several times a second: nothing of whom they are is told, so
    /// nothing of that is decided.
    Going,
    /// A line of a list.
    List,
    /// Everything.
    Page,
}

/// These shares, in the order asked for.
pub async fn load(
    connection: &mut Connection,
    shares: &[ShareId],
    eyes: Eyes,
    wanted: For,
    at: Timestamp,
) -> Result<Vec<ShareView>, Fault> {
    if shares.is_empty() {
        return Ok(Vec::new());
    }
    let mut views: HashMap<ShareId, ShareView> = HashMap::new();
    for row in rows::<ShareRow>(connection, SHARES, shares, "").await? {
        let asker = row
            .asker
            .as_deref()
            .map(|asker| id(asker, "image_request.asker"));
        let asker: Option<OrganisationId> = asker.transpose()?;
        let mut view = share(row)?;
        view.answers = view
            .answers
            .filter(|_| asker.is_some_and(|asker| eyes.sees(asker)));
        views.insert(view.id, view);
    }
    let mut studies: HashMap<String, Vec<(ShareId, usize)>> = HashMap::new();
    for row in rows::<DeliveryRow>(connection, DELIVERIES, shares, " ORDER BY d.id").await? {
        let recipient = id(&row.recipient, "delivery.recipient")?;
        let share: ShareId = id(&row.share, "delivery.share")?;
        if !eyes.sees(recipient) {
            continue;
        }
        if wanted != For::Going && eyes.must_not_see(connection, &row).await? {
            continue;
        }
        let Some(view) = views.get_mut(&share) else {
            continue;
        };
        let uid = row.study_uid.clone();
        if !view.studies.iter().any(|study| study.uid.as_str() == uid) {
            let places = studies.entry(row.study.clone()).or_default();
            places.push((share, view.studies.len()));
            view.studies.push(study(&row)?);
        }
        view.deliveries.push(delivery(row, recipient)?);
    }
    for row in rows::<RecipientRow>(connection, RECIPIENTS, shares, " ORDER BY o.name_key").await? {
        let recipient = id(&row.recipient, "inbox.recipient")?;
        let share: ShareId = id(&row.share, "inbox.share")?;
        if let Some(view) = views.get_mut(&share).filter(|_| eyes.sees(recipient)) {
            view.recipients.push(recipient_of(row, recipient, at)?);
        }
    }
    if matches!(eyes, Eyes::Sender) {
        put_fetches(connection, &mut views, &studies, at).await?;
    }
    if wanted == For::Page {
        put_series(connection, &mut views, &studies).await?;
    }
    if matches!(eyes, Eyes::Recipient(_)) {
        views.values_mut().for_each(|view| close(view, at));
    }
    Ok(shares.iter().filter_map(|id| views.remove(id)).collect())
}

fn left(delivery: &SharedDelivery) -> bool {
    delivery.stored + delivery.already_there > 0
}

/// What is over, for everyone or for this recipient, and left nothing with it,
/// tells it nothing of whom it was about.
fn close(view: &mut ShareView, at: Timestamp) {
    let is_over = view.taken_back.is_some() || view.expires.is_some_and(|end| end <= at);
    let is_over = is_over
        || view
            .deliveries
            .iter()
            .all(|d| d.state == DeliveryState::Withdrawn);
    if is_over && !view.deliveries.iter().any(left) {
        view.studies.clear();
        view.message = Personal::default();
    }
}

async fn rows<T: for<'r> sqlx::FromRow<'r, sqlx::any::AnyRow> + Send + Unpin>(
    connection: &mut Connection,
    select: &str,
    shares: &[ShareId],
    order: &'static str,
) -> Result<Vec<T>, Fault> {
    let mut query = Builder::new(connection, select);
    query
        .push_list(shares.iter().map(ShareId::to_string))
        .push(order);
    Ok(query.build_query_as().fetch_all(connection).await?)
}

async fn put_fetches(
    connection: &mut Connection,
    views: &mut HashMap<ShareId, ShareView>,
    studies: &HashMap<String, Vec<(ShareId, usize)>>,
    at: Timestamp,
) -> Result<(), Fault> {
    if studies.is_empty() {
        return Ok(());
    }
    let mut query = Builder::new(connection, FETCHES);
    query
        .push_list(studies.keys().map(String::as_str))
        .push(" ORDER BY e.asked_at");
    let found: Vec<FetchRow> = query.build_query_as().fetch_all(connection).await?;
    // The newest comes last.
    for row in found {
        let places = studies.get(&row.study).map_or(&[][..], Vec::as_slice);
        let asked = time(row.asked_at)?;
        let view = fetch(row, at)?;
        for (share, position) in places {
            // A fetch of before the share was for another one.
            let study = views
                .get_mut(share)
                .filter(|view| view.made <= asked)
                .and_then(|view| view.studies.get_mut(*position));
            if let Some(study) = study {
                study.fetch = Some(view.clone());
            }
        }
    }
    Ok(())
}

async fn put_series(
    connection: &mut Connection,
    views: &mut HashMap<ShareId, ShareView>,
    studies: &HashMap<String, Vec<(ShareId, usize)>>,
) -> Result<(), Fault> {
    if studies.is_empty() {
        return Ok(());
    }
    let mut query = Builder::new(connection, SERIES);
    query
        .push_list(studies.keys().map(String::as_str))
        .push(" ORDER BY series_number, series_uid");
    let found: Vec<(String, String, String, String, i64)> =
        query.build_query_as().fetch_all(connection).await?;
    for (study, modality, description, body_part, images) in found {
        for (share, position) in studies.get(&study).map_or(&[][..], Vec::as_slice) {
            let study = views
                .get_mut(share)
                .and_then(|v| v.studies.get_mut(*position));
            if let Some(study) = study {
                study.series.push(SharedSeries {
                    modality: modality.clone(),
                    description: description.clone(),
                    body_part: body_part.clone(),
                    images: unsigned(images),
                });
            }
        }
    }
    Ok(())
}

fn member(member: Option<String>, name: Option<String>) -> Result<Option<Named<MemberId>>, Fault> {
    let named = |member: String| {
        Ok(Named {
            id: id(&member, "a member")?,
            name: Personal::new(name.unwrap_or_default()),
        })
    };
    member.map(named).transpose()
}

fn unit(unit: Option<String>, name: Option<String>) -> Result<Option<Named<CareUnitId>>, Fault> {
    let named = |unit: String| {
        Ok(Named {
            id: id(&unit, "a care unit")?,
            name: Personal::new(name.unwrap_or_default()),
        })
    };
    unit.map(named).transpose()
}

fn share(row: ShareRow) -> Result<ShareView, Fault> {
    Ok(ShareView {
        id: id(&row.id, "share.id")?,
        sender: Named {
            id: id(&row.sender, "share.sender")?,
            name: Personal::new(row.sender_name),
        },
        made: time(row.created_at)?,
        made_by: member(row.made_by, row.made_by_name)?,
        unit: unit(row.unit, row.unit_name)?,
        purpose: word(Purpose::parse(&row.purpose), "share.purpose")?,
        legal_mode: word(LegalMode::parse(&row.legal_mode), "share.legal_mode")?,
        priority: word(Priority::parse(&row.priority), "share.priority")?,
        message: Personal::new(row.message),
        expires: maybe_time(row.expires_at)?,
        sends_at: maybe_time(row.sends_at)?,
        taken_back: maybe_time(row.revoked_at)?,
        taken_back_why: row.revoked_why,
        answers: row
            .answers
            .map(|request| id(&request, "image_request.id"))
            .transpose()?,
        studies: Vec::new(),
        recipients: Vec::new(),
        deliveries: Vec::new(),
    })
}

fn study(row: &DeliveryRow) -> Result<SharedStudy, Fault> {
    Ok(SharedStudy {
        uid: name(row.study_uid.clone(), "study.study_uid")?,
        patient: Described {
            id: Personal::new(row.patient_id.clone()),
            issuer: Personal::new(row.patient_id_issuer.clone()),
            name: Personal::new(row.patient_name.clone()),
            birth_date: Personal::new(row.patient_birth_date.clone()),
            sex: row.patient_sex.clone(),
        },
        date: row.study_date.clone(),
        time: row.study_time.clone(),
        modalities: row.modality.clone(),
        description: row.description.clone(),
        accession: Personal::new(row.accession.clone()),
        institution: row.institution.clone(),
        here: unsigned(row.here),
        expected: row.expected.or(row.study_expected).map(unsigned),
        complete: row.complete.0,
        series: Vec::new(),
        fetch: None,
    })
}

fn delivery(row: DeliveryRow, recipient: OrganisationId) -> Result<SharedDelivery, Fault> {
    Ok(SharedDelivery {
        study: name(row.study_uid, "study.study_uid")?,
        recipient,
        state: word(DeliveryState::parse(&row.state), "delivery.state")?,
        held: row.held.0,
        complete: row.complete.0,
        images: unsigned(row.images),
        bytes: unsigned(row.bytes),
        pending: unsigned(row.pending),
        stored: unsigned(row.stored),
        already_there: unsigned(row.already_there),
        failed: unsigned(row.failed),
        failure: row.failure.as_deref().and_then(Failure::parse),
        next_attempt: maybe_time(row.due_at)?,
        changed: time(row.updated_at)?,
        stored_bytes: 0,
        first_stored: None,
    })
}

/// Since when a gateway that was last heard from then has been silent, if it is.
fn silent_since(seen: Option<i64>, at: Timestamp) -> Result<Option<Timestamp>, Fault> {
    let since = at.checked_sub(SILENT).unwrap_or(at);
    Ok(maybe_time(seen)?.filter(|seen| *seen < since))
}

fn recipient_of(
    row: RecipientRow,
    recipient: OrganisationId,
    at: Timestamp,
) -> Result<SharedRecipient, Fault> {
    Ok(SharedRecipient {
        id: recipient,
        name: row.name,
        came: time(row.came_at)?,
        opened: maybe_time(row.opened_at)?,
        opened_by: member(row.opened_by, row.opened_by_name)?,
        member: member(row.member, row.member_name)?,
        unit: unit(row.unit, row.unit_name)?,
        accepted: maybe_time(row.accepted_at)?,
        declined: maybe_time(row.declined_at)?,
        decline_reason: Personal::new(row.decline_reason),
        recall: maybe_time(row.recall_at)?,
        recalled: maybe_time(row.recalled_at)?,
        changed: time(row.changed_at)?,
        on_call: row.on_call.0,
        escalated: maybe_time(row.escalated_at)?,
        silent_since: silent_since(row.seen, at)?,
    })
}

fn fetch(row: FetchRow, at: Timestamp) -> Result<FetchView, Fault> {
    let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let state = match row.state.as_str() {
        "waiting" => FetchState::Waiting,
        "under_way" => FetchState::UnderWay,
        "done" => FetchState::Done,
        _ => FetchState::Failed,
    };
    Ok(FetchView {
        state,
        node: row.node,
        moved: Moved {
            remaining: row.remaining.map(count),
            completed: count(row.completed),
            failed: count(row.failed),
        },
        failure: row.failure.as_deref().and_then(Failure::parse),
        due: time(row.due_at)?,
        changed: time(row.updated_at)?,
        silent_since: silent_since(row.last_seen, at)?,
    })
}
