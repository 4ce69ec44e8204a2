//! Reviewing what was drawn.

use super::names;
use crate::{
    audit,
    database::{Connection, hold},
    fault::Fault,
    hub::people::{acting, allow, refuse},
    value::{from_json, id, maybe_time, micros, signed, time, unsigned, word},
};
use bildbro_domain::{
    MemberId, Personal,
    audit::{
        Action, Entry, Outcome,
        spot_check::{Assessment, Rule},
    },
    member::Acting,
    permission::Permission,
    policy::Denial,
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    log::{Draw, Drawn, DrawnLine, Line, SpotCheck},
};
use uuid::Uuid;

macro_rules! checks {
    ($end:literal) => {
        concat!(
            "SELECT s.id, s.rule, s.from_at, s.until_at, s.drawn_at, s.drawn_by, \
             m.name AS drawn_by_name, s.found, s.closed_at, COUNT(e.sequence) AS size, \
             COUNT(e.assessment) AS reviewed, \
             COUNT(CASE WHEN e.assessment = 'unjustified' THEN 1 END) AS unjustified \
             FROM spot_check s JOIN member m ON m.id = s.drawn_by \
             LEFT JOIN spot_check_entry e ON e.spot_check = s.id WHERE s.organisation = $1 ",
            $end
        )
    };
}

const ALL: &str = checks!(
    "GROUP BY s.id, s.rule, s.from_at, s.until_at, s.drawn_at, s.drawn_by, m.name, s.found, \
     s.closed_at ORDER BY s.drawn_at DESC, s.id DESC LIMIT 200"
);

const ONE: &str = checks!(
    "AND s.id = $2 GROUP BY s.id, s.rule, s.from_at, s.until_at, s.drawn_at, s.drawn_by, m.name, \
     s.found, s.closed_at"
);

const ENTRIES: &str = "SELECT e.sequence, e.why, e.assessment, e.comment, e.reviewed_by, \
     m.name AS reviewed_by_name, e.reviewed_at, a.text FROM spot_check_entry e \
     JOIN audit a ON a.sequence = e.sequence LEFT JOIN member m ON m.id = e.reviewed_by \
     WHERE e.spot_check = $1 ORDER BY e.sequence";

const ENTRY: &str = "SELECT a.text FROM spot_check_entry e \
     JOIN audit a ON a.sequence = e.sequence WHERE e.spot_check = $1 AND e.sequence = $2";

const HOLD: &str = "SELECT id FROM spot_check WHERE id = $1";

const ASSESS: &str = "UPDATE spot_check_entry SET assessment = $3, comment = $4, \
     reviewed_by = $5, reviewed_at = $6 WHERE spot_check = $1 AND sequence = $2";

const CLOSE: &str = "UPDATE spot_check SET closed_at = $2 WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    rule: String,
    from_at: i64,
    until_at: i64,
    drawn_at: i64,
    drawn_by: String,
    drawn_by_name: String,
    found: i64,
    closed_at: Option<i64>,
    size: i64,
    reviewed: i64,
    unjustified: i64,
}

impl Row {
    fn read(self) -> Result<SpotCheck, Fault> {
        Ok(SpotCheck {
            id: id(&self.id, "spot_check.id")?,
            draw: Draw {
                rule: word(Rule::parse(&self.rule), "spot_check.rule")?,
                from: time(self.from_at)?,
                until: time(self.until_at)?,
                size: u32::try_from(self.size).unwrap_or(0),
            },
            drawn_at: time(self.drawn_at)?,
            drawn_by: id(&self.drawn_by, "spot_check.drawn_by")?,
            drawn_by_name: Personal::new(self.drawn_by_name),
            found: unsigned(self.found),
            reviewed: unsigned(self.reviewed),
            unjustified: unsigned(self.unjustified),
            closed_at: maybe_time(self.closed_at)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    sequence: i64,
    why: String,
    assessment: Option<String>,
    comment: String,
    reviewed_by: Option<String>,
    reviewed_by_name: Option<String>,
    reviewed_at: Option<i64>,
    text: String,
}

impl EntryRow {
    fn read(self) -> Result<DrawnLine, Fault> {
        let assessment = self.assessment.as_deref().map(Assessment::parse);
        let reviewer: Option<MemberId> = match &self.reviewed_by {
            Some(member) => Some(id(member, "spot_check_entry.reviewed_by")?),
            None => None,
        };
        let name = Personal::new(self.reviewed_by_name.unwrap_or_default());
        Ok(DrawnLine {
            line: Line {
                sequence: unsigned(self.sequence),
                entry: from_json(&self.text, "audit.text")?,
            },
            why: self.why,
            assessment: assessment
                .map(|parsed| word(parsed, "spot_check_entry.assessment"))
                .transpose()?,
            comment: Personal::new(self.comment),
            reviewed_by: reviewer.map(|member| (member, name)),
            reviewed_at: maybe_time(self.reviewed_at)?,
        })
    }
}

pub async fn all(
    connection: &mut Connection,
    caller: &Caller,
) -> Result<Answer<Vec<SpotCheck>>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let own = who.member.organisation;
    if let Err(refusal) = allow(connection, &who, Action::ReviewAudit, own, caller.at).await? {
        return Ok(Err(refusal));
    }
    let rows: Vec<Row> = sqlx::query_as(ALL)
        .bind(own.to_string())
        .fetch_all(connection)
        .await?;
    Ok(Ok(rows
        .into_iter()
        .map(Row::read)
        .collect::<Result<_, _>>()?))
}

/// One of the caller's organisation's; `None`: there is none.
async fn one(
    connection: &mut Connection,
    who: &Acting,
    check: Uuid,
) -> Result<Option<SpotCheck>, Fault> {
    let row: Option<Row> = sqlx::query_as(ONE)
        .bind(who.member.organisation.to_string())
        .bind(check.to_string())
        .fetch_optional(connection)
        .await?;
    row.map(Row::read).transpose()
}

pub async fn open(
    connection: &mut Connection,
    caller: &Caller,
    check: Uuid,
) -> Result<Answer<Drawn>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let own = who.member.organisation;
    let allowed = match allow(connection, &who, Action::ReviewAudit, own, caller.at).await? {
        Ok(allowed) => allowed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(found) = one(connection, &who, check).await? else {
        return Ok(Err(Refusal::NotFound));
    };
    let rows: Vec<EntryRow> = sqlx::query_as(ENTRIES)
        .bind(check.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let lines = rows.into_iter().map(EntryRow::read);
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    let names = names::of(connection, lines.iter().map(|drawn| &drawn.line.entry)).await?;
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.detail = Some(format!("spot check {check} was opened"));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(Drawn {
        check: found,
        lines,
        names,
        whole_numbers: who.holds(Permission::SearchAudit),
    }))
}

/// What a reviewer says of an entry.
pub struct Verdict {
    pub sequence: u64,
    pub assessment: Assessment,
    pub comment: Personal,
}

pub async fn assess(
    connection: &mut Connection,
    caller: &Caller,
    check: Uuid,
    verdict: Verdict,
) -> Result<Answer<()>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let own = who.member.organisation;
    let allowed = match allow(connection, &who, Action::ReviewAudit, own, caller.at).await? {
        Ok(allowed) => allowed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    hold(connection, HOLD, check.to_string()).await?;
    let Some(found) = one(connection, &who, check).await? else {
        return Ok(Err(Refusal::NotFound));
    };
    let text: Option<String> = sqlx::query_scalar(ENTRY)
        .bind(check.to_string())
        .bind(signed(verdict.sequence))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(text) = text else {
        return Ok(Err(Refusal::NotFound));
    };
    if found.closed_at.is_some() {
        return Ok(Err(Refusal::Over("the spot check is closed")));
    }
    let drawn: Entry = from_json(&text, "audit.text")?;
    let about = drawn.actor.member_id();
    let note = format!("spot check {check}, entry {}", verdict.sequence);
    if about == Some(who.member.id) {
        let (fresh, action) = (Uuid::now_v7(), Action::ReviewAudit);
        let mut entry = Entry::by(fresh, caller.at, action, Outcome::Denied, &who);
        entry.about = about;
        // A second member must look at it: what one did oneself, one does not judge.
        return refuse(connection, entry, Denial::FourEyes).await.map(Err);
    }
    sqlx::query(ASSESS)
        .bind(check.to_string())
        .bind(signed(verdict.sequence))
        .bind(verdict.assessment.as_str())
        .bind(crate::value::plain(verdict.comment.reveal()))
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.about = about;
    entry.patient_id = drawn.patient_id;
    entry.reason = Some(verdict.comment).filter(|comment| !comment.is_empty());
    entry.detail = Some(format!("{note}: {}", verdict.assessment.as_str()));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

pub async fn close(
    connection: &mut Connection,
    caller: &Caller,
    check: Uuid,
) -> Result<Answer<()>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let own = who.member.organisation;
    let allowed = match allow(connection, &who, Action::ReviewAudit, own, caller.at).await? {
        Ok(allowed) => allowed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    hold(connection, HOLD, check.to_string()).await?;
    let Some(found) = one(connection, &who, check).await? else {
        return Ok(Err(Refusal::NotFound));
    };
    if found.closed_at.is_some() {
        return Ok(Err(Refusal::Over("the spot check is closed already")));
    }
    if found.reviewed < u64::from(found.draw.size) {
        let (field, why) = ("entries", "not all of them have been assessed");
        return Ok(Err(Refusal::Invalid { field, why }));
    }
    sqlx::query(CLOSE)
        .bind(check.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.detail = Some(format!("spot check {check} was closed"));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}
