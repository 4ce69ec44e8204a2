//! What a recipient's people do with what has come.

use super::{allowed_to, not_found};
use crate::{
    audit,
    database::{Connection, hold},
    fault::Fault,
    hub::{
        delivery::{self, Delivery},
        people::{acting::whole_member, stop::Stop},
        queue,
    },
    value::{id, micros},
};
use bildbro_domain::{
    CareUnitId, DeliveryId, MemberId, OrganisationId, Personal, ShareId,
    audit::{Action, Entry, Outcome},
    matching::{Described, Verdict},
    member::Acting,
    permission::Permission,
};
use bildbro_flow::ports::portal::{
    Caller, Refusal,
    inbox::{Colleagues, Compared, Decision, Handler},
    will::Named,
};
use uuid::Uuid;

const HOLD: &str = "SELECT id FROM share WHERE id = $1";

/// What can still be undone has not come yet, and what was undone never does.
const ITEM: &str = "SELECT i.verdict, i.recall_at, i.recalled_at FROM inbox i \
     JOIN share sh ON sh.id = i.share WHERE i.share = $1 AND i.recipient = $2 \
     AND (sh.sends_at IS NULL OR sh.sends_at <= $3 \
     AND (sh.revoked_at IS NULL OR sh.revoked_at >= sh.sends_at))";

const DELIVERIES: &str = "SELECT id FROM delivery WHERE share = $1 AND recipient = $2 ORDER BY id";

const PATIENTS: &str = "SELECT DISTINCT st.patient_id, st.patient_id_issuer, st.patient_name, \
     st.patient_birth_date, st.patient_sex FROM delivery d JOIN study st ON st.id = d.study \
     WHERE d.share = $1 AND d.recipient = $2 AND d.state <> 'withdrawn'";

const COMPARED: &str = "UPDATE inbox SET verdict = $3, compared = $4 \
     WHERE share = $1 AND recipient = $2";

const LET_IN: &str = "UPDATE delivery SET held = FALSE, updated_at = $2 WHERE id = $1";

const ACCEPTED: &str = "UPDATE inbox SET accepted_at = $3, changed_at = $3 \
     WHERE share = $1 AND recipient = $2";

const DECLINED: &str = "UPDATE inbox SET declined_at = $3, changed_at = $3, decline_reason = $4 \
     WHERE share = $1 AND recipient = $2";

const GIVEN: &str = "UPDATE inbox SET member = $3, unit = $4, changed_at = $5 \
     WHERE share = $1 AND recipient = $2";

const RECALLED: &str = "UPDATE inbox SET recalled_at = $3, changed_at = $3, recalled_what = $4 \
     WHERE share = $1 AND recipient = $2";

const OPENED: &str = "UPDATE inbox SET opened_at = $3, opened_by = $4, changed_at = $3 \
     WHERE share = $1 AND recipient = $2 AND opened_at IS NULL";

const MEMBERS: &str = "SELECT id FROM member WHERE organisation = $1 AND active \
     ORDER BY name, id";

const UNITS: &str = "SELECT id, name FROM care_unit WHERE organisation = $1 AND active \
     ORDER BY name_key";

const UNIT: &str = "SELECT id FROM care_unit WHERE id = $1 AND organisation = $2 AND active";

const OVER: &str = "The delivery has been turned away, taken back, or has run out.";

struct Item {
    who: Acting,
    own: OrganisationId,
    verdict: Option<Verdict>,
    recall: bool,
}

/// Something in the caller's inbox, held until the transaction ends: of two who
/// decide, one does.
async fn item(
    connection: &mut Connection,
    caller: &Caller,
    action: Action,
    share: ShareId,
) -> Result<Item, Stop> {
    let who = allowed_to(connection, caller, action).await?;
    let own = who.member.organisation;
    hold(connection, HOLD, share.to_string()).await?;
    let row: Option<(Option<String>, Option<i64>, Option<i64>)> = sqlx::query_as(ITEM)
        .bind(share.to_string())
        .bind(own.to_string())
        .bind(micros(caller.at))
        .fetch_optional(&mut *connection)
        .await?;
    let Some((verdict, recall, recalled)) = row else {
        return Err(not_found(connection, &who, action, share, caller.at).await?);
    };
    Ok(Item {
        who,
        own,
        verdict: verdict.as_deref().and_then(Verdict::parse),
        recall: recall.is_some() && recalled.is_none(),
    })
}

pub async fn open(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
) -> Result<(), Stop> {
    let item = item(connection, caller, Action::OpenInbox, share).await?;
    let opened = sqlx::query(OPENED)
        .bind(share.to_string())
        .bind(item.own.to_string())
        .bind(micros(caller.at))
        .bind(item.who.member.id.to_string())
        .execute(&mut *connection)
        .await?;
    if opened.rows_affected() == 0 {
        return Ok(());
    }
    let mut entry = Entry::by(
        Uuid::now_v7(),
        caller.at,
        Action::OpenInbox,
        Outcome::Success,
        &item.who,
    );
    entry.share = Some(share);
    entry.detail = Some("opened, the first time".to_owned());
    audit::append(connection, &[entry]).await?;
    Ok(())
}

pub async fn patients(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
) -> Result<Vec<Described>, Stop> {
    let item = item(connection, caller, Action::Accept, share).await?;
    let rows: Vec<(String, String, String, String, String)> = sqlx::query_as(PATIENTS)
        .bind(share.to_string())
        .bind(item.own.to_string())
        .fetch_all(connection)
        .await?;
    let described = |(id, issuer, name, birth_date, sex)| Described {
        id: Personal::new(id),
        issuer: Personal::new(issuer),
        name: Personal::new(name),
        birth_date: Personal::new(birth_date),
        sex,
    };
    Ok(rows.into_iter().map(described).collect())
}

pub async fn keep_comparison(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
    compared: &Compared,
) -> Result<(), Stop> {
    let item = item(connection, caller, Action::Accept, share).await?;
    sqlx::query(COMPARED)
        .bind(share.to_string())
        .bind(item.own.to_string())
        .bind(compared.verdict.as_str())
        .bind(&compared.sealed)
        .execute(connection)
        .await?;
    Ok(())
}

/// Its deliveries, each held.
async fn deliveries(
    connection: &mut Connection,
    share: ShareId,
    own: OrganisationId,
) -> Result<Vec<Delivery>, Fault> {
    let ids: Vec<String> = sqlx::query_scalar(DELIVERIES)
        .bind(share.to_string())
        .bind(own.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let mut found = Vec::new();
    for text in ids {
        let id: DeliveryId = id(&text, "delivery.id")?;
        delivery::keep(connection, id).await?;
        found.extend(delivery::read(connection, id).await?);
    }
    Ok(found)
}

pub async fn accept(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
    decision: Decision,
    reason: &Personal,
) -> Result<(), Stop> {
    let item = item(connection, caller, Action::Accept, share).await?;
    let mut all = deliveries(connection, share, item.own).await?;
    all.retain(|delivery| !delivery.is_over(caller.at));
    if all.is_empty() {
        return Err(Refusal::Over(OVER).into());
    }
    all.retain(|delivery| delivery.held);
    if all.is_empty() {
        return Err(Refusal::Over("The delivery has been let in already.").into());
    }
    decided(item.verdict, decision, reason)?;
    let mut entries = Vec::new();
    for delivery in &all {
        sqlx::query(LET_IN)
            .bind(delivery.id.to_string())
            .bind(micros(caller.at))
            .execute(&mut *connection)
            .await?;
        if delivery.pending > 0 {
            queue::arm(connection, item.own, delivery.id, caller.at).await?;
        }
        let mut entry = of(&item, delivery, Action::Accept, caller, reason);
        entry.detail = Some(said(item.verdict, decision).to_owned());
        entries.push(entry);
    }
    mark(connection, ACCEPTED, share, &item, caller).await?;
    audit::append(connection, &entries).await?;
    Ok(())
}

/// A certain match needs one click, an uncertain one a decision, a mismatch a
/// reason too.
fn decided(verdict: Option<Verdict>, decision: Decision, reason: &Personal) -> Result<(), Refusal> {
    let is_said = decision != Decision::None;
    match verdict {
        Some(Verdict::Certain | Verdict::New) => Ok(()),
        Some(Verdict::Uncertain | Verdict::Unknown) | None if is_said => Ok(()),
        Some(Verdict::Mismatch) if is_said && !reason.reveal().trim().is_empty() => Ok(()),
        Some(Verdict::Mismatch) => Err(Refusal::Undecided { reason: true }),
        _ => Err(Refusal::Undecided { reason: false }),
    }
}

/// For the log, without personal data.
const fn said(verdict: Option<Verdict>, decision: Decision) -> &'static str {
    match (verdict, decision) {
        (Some(Verdict::Certain), _) => "the own PACS has the same patient",
        (Some(Verdict::New), _) => "the own PACS does not know the patient",
        (_, Decision::SamePerson) => "judged to be the same patient",
        (_, Decision::NewPatient) => "judged to be a new patient",
        (_, Decision::None) => "not compared",
    }
}

fn of(
    item: &Item,
    delivery: &Delivery,
    action: Action,
    caller: &Caller,
    reason: &Personal,
) -> Entry {
    let mut entry = Entry::by(
        Uuid::now_v7(),
        caller.at,
        action,
        Outcome::Success,
        &item.who,
    );
    entry.counterpart = Some(delivery.sender);
    entry.patient_id = Some(delivery.patient_id.clone());
    entry.studies = vec![delivery.study_uid.clone()];
    entry.share = Some(delivery.share);
    entry.delivery = Some(delivery.id);
    entry.purpose = Some(delivery.purpose);
    entry.legal_mode = Some(delivery.legal_mode);
    entry.reason = (!reason.reveal().is_empty()).then(|| reason.clone());
    entry
}

async fn mark(
    connection: &mut Connection,
    statement: &'static str,
    share: ShareId,
    item: &Item,
    caller: &Caller,
) -> Result<(), Fault> {
    sqlx::query(statement)
        .bind(share.to_string())
        .bind(item.own.to_string())
        .bind(micros(caller.at))
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends what has not come yet, of this recipient only.
pub async fn decline(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
    reason: &Personal,
) -> Result<(), Stop> {
    let item = item(connection, caller, Action::Decline, share).await?;
    let mut all = deliveries(connection, share, item.own).await?;
    all.retain(|delivery| !delivery.is_over(caller.at));
    if all.is_empty() {
        return Err(Refusal::Over(OVER).into());
    }
    if all.iter().all(|delivery| !delivery.held) {
        return Err(Refusal::Over("The delivery has been let in already.").into());
    }
    let mut entries = Vec::new();
    for delivery in &all {
        delivery::withdraw(connection, delivery.id, caller.at).await?;
        entries.push(of(&item, delivery, Action::Decline, caller, reason));
    }
    sqlx::query(DECLINED)
        .bind(share.to_string())
        .bind(item.own.to_string())
        .bind(micros(caller.at))
        .bind(reason.reveal())
        .execute(&mut *connection)
        .await?;
    audit::append(connection, &entries).await?;
    Ok(())
}

/// Whether this member of one's organisation may receive.
async fn receives(connection: &mut Connection, member: MemberId) -> Result<Option<Acting>, Fault> {
    let found = whole_member(connection, member).await?;
    Ok(found.filter(|who| {
        who.assignments
            .iter()
            .any(|a| a.role.permissions.contains(&Permission::Receive))
    }))
}

pub async fn assign(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
    to: Handler,
) -> Result<(), Stop> {
    let item = item(connection, caller, Action::Assign, share).await?;
    let (member, unit) = match to {
        Handler::Nobody => (None, None),
        Handler::Member(member) => {
            let found = receives(connection, member).await?;
            let is_ours =
                found.is_some_and(|who| who.member.organisation == item.own && who.member.active);
            if !is_ours {
                return Err(Refusal::NotFound.into());
            }
            (Some(member), None)
        }
        Handler::Unit(unit) => {
            let found: Option<String> = sqlx::query_scalar(UNIT)
                .bind(unit.to_string())
                .bind(item.own.to_string())
                .fetch_optional(&mut *connection)
                .await?;
            if found.is_none() {
                return Err(Refusal::NotFound.into());
            }
            (None, Some(unit))
        }
    };
    sqlx::query(GIVEN)
        .bind(share.to_string())
        .bind(item.own.to_string())
        .bind(member.map(|member| member.to_string()))
        .bind(unit.map(|unit| unit.to_string()))
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    let mut entry = Entry::by(
        Uuid::now_v7(),
        caller.at,
        Action::Assign,
        Outcome::Success,
        &item.who,
    );
    entry.share = Some(share);
    entry.about = member;
    audit::append(connection, &[entry]).await?;
    Ok(())
}

pub async fn answer_recall(
    connection: &mut Connection,
    caller: &Caller,
    share: ShareId,
    removed: bool,
    reason: &Personal,
) -> Result<(), Stop> {
    let item = item(connection, caller, Action::AnswerRecall, share).await?;
    if !item.recall {
        return Err(Refusal::Over("Nothing is recalled, or it has been answered.").into());
    }
    sqlx::query(RECALLED)
        .bind(share.to_string())
        .bind(item.own.to_string())
        .bind(micros(caller.at))
        .bind(if removed { "removed" } else { "kept" })
        .execute(&mut *connection)
        .await?;
    let mut entries = Vec::new();
    for delivery in deliveries(connection, share, item.own).await? {
        let mut entry = of(&item, &delivery, Action::AnswerRecall, caller, reason);
        entry.detail = Some(if removed {
            "the copies were removed".to_owned()
        } else {
            "the copies were kept".to_owned()
        });
        entries.push(entry);
    }
    audit::append(connection, &entries).await?;
    Ok(())
}

pub async fn colleagues(connection: &mut Connection, caller: &Caller) -> Result<Colleagues, Stop> {
    let who = allowed_to(connection, caller, Action::OpenInbox).await?;
    let own = who.member.organisation;
    let ids: Vec<String> = sqlx::query_scalar(MEMBERS)
        .bind(own.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let mut members = Vec::new();
    for text in ids {
        let member: MemberId = id(&text, "member.id")?;
        if let Some(who) = receives(connection, member).await? {
            members.push(Named {
                id: member,
                name: who.member.name,
            });
        }
    }
    let rows: Vec<(String, String)> = sqlx::query_as(UNITS)
        .bind(own.to_string())
        .fetch_all(connection)
        .await?;
    let unit = |(unit, name): (String, String)| {
        let id: CareUnitId = id(&unit, "care_unit.id")?;
        Ok(Named {
            id,
            name: Personal::new(name),
        })
    };
    let units = rows.into_iter().map(unit).collect::<Result<_, Fault>>()?;
    Ok(Colleagues { members, units })
}
