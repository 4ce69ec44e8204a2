//! Sessions: how they begin, rise, are looked at, and where they act.

use super::factor;
use crate::{
    audit,
    database::{Connection, hold},
    fault::Fault,
    hub::people::{
        acting::{acting, refuse, whole_member},
        letters,
    },
    value::{cut, from_json, id, micros, time, to_json, word},
};
use bildbro_domain::{
    CareUnitId, HsaId, Personal, SessionId,
    audit::{Action, Entry, Outcome},
    member::{Acting, Level},
    organisation::Kind,
    policy::{self, Denial},
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    login::{Goal, Need, NewSession, Proof, Renewal, SessionLife, UnitChoice, View},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// What is kept of a browser's own words.
const LONGEST_AGENT: usize = 200;

/// A sign of life is written down this seldom.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(30);

const BEGIN: &str = "INSERT INTO session (id, token_hash, member, level, means, created_at, \
     seen_at, idle_until, ends_at, fresh_at, address, agent) \
     VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $6, $9, $10)";

const SEEN: &str =
    "UPDATE session SET seen_at = $2, idle_until = $3 WHERE id = $1 AND seen_at <= $4";

const LOGGED_IN: &str = "UPDATE member SET last_login = $2 WHERE id = $1";

const NAME_COMMISSIONS: &str = "UPDATE session SET commissions = $2 WHERE id = $1";

/// Whoever comes second with the old token finds nothing.
const RISE: &str = "UPDATE session SET token_hash = $3, level = 'full', fresh_at = $4, \
     seen_at = $4, idle_until = $5, ends_at = COALESCE($6, ends_at) \
     WHERE id = $1 AND token_hash = $2";

const ACT_AT: &str = "UPDATE session SET care_unit = $2 WHERE id = $1";

const END: &str = "DELETE FROM session WHERE id = $1";

/// Over for long; with each session that begins.
const HOLD_MEMBER: &str = "SELECT id FROM member WHERE id = $1";

const STILL: &str = "SELECT id FROM member WHERE id = $1 AND password = $2";

const SWEEP: &str = "DELETE FROM session WHERE member = $1 AND (ends_at <= $2 OR idle_until <= $2)";

const ABOUT: &str = "SELECT o.name, o.kind, m.language, m.password, s.idle_until, s.ends_at, \
     s.means, s.commissions FROM session s JOIN member m ON m.id = s.member \
     JOIN organisation o ON o.id = m.organisation WHERE s.id = $1";

const UNITS: &str = "SELECT id, name, hsa_id FROM care_unit \
     WHERE organisation = $1 AND active ORDER BY name, id LIMIT 2000";

#[derive(sqlx::FromRow)]
struct AboutRow {
    name: String,
    kind: String,
    language: String,
    password: Option<String>,
    idle_until: i64,
    ends_at: i64,
    means: String,
    commissions: Option<String>,
}

pub async fn may(
    connection: &mut Connection,
    caller: &Caller,
    need: Need,
    life: SessionLife,
) -> Result<Answer<()>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    let at = caller.at;
    let until = at.checked_add(life.idle).unwrap_or(at);
    sqlx::query(SEEN)
        .bind(who.session.to_string())
        .bind(micros(at))
        .bind(micros(until))
        .bind(micros(at.checked_sub(SEEN_EVERY).unwrap_or(at)))
        .execute(&mut *connection)
        .await?;
    let (denial, action) = match need {
        Need::Session => (policy::is_open(&who).err(), None),
        Need::Member => (policy::logged_in(&who).err(), None),
        Need::Permission(permission, action) => {
            let holds = policy::logged_in(&who).and_then(|()| {
                let holds = who.holds(permission);
                holds.then_some(()).ok_or(Denial::NoPermission(permission))
            });
            (holds.err(), action)
        }
    };
    let Some(denial) = denial else {
        return Ok(Ok(()));
    };
    let action = action.unwrap_or(Action::LogIn);
    let entry = Entry::by(Uuid::now_v7(), at, action, Outcome::Denied, &who);
    refuse(connection, entry, denial).await.map(Err)
}

/// A session as given: for whoever has judged all of it.
pub async fn begin(connection: &mut Connection, new: NewSession) -> Result<SessionId, Fault> {
    let session = insert(connection, &new).await?;
    if new.level == Level::Full {
        let caller = Caller {
            token: new.token,
            from: new.from.clone(),
            at: new.at,
        };
        logged_in(connection, &caller, new.means).await?;
    }
    Ok(session)
}

async fn insert(connection: &mut Connection, new: &NewSession) -> Result<SessionId, Fault> {
    let session = SessionId(Uuid::now_v7());
    let until = |life| new.at.checked_add(life).unwrap_or(new.at);
    sqlx::query(BEGIN)
        .bind(session.to_string())
        .bind(new.token.to_string())
        .bind(new.member.to_string())
        .bind(new.level.as_str())
        .bind(new.means)
        .bind(micros(new.at))
        .bind(micros(until(new.life.idle)))
        .bind(micros(until(new.life.whole)))
        .bind(&new.from)
        .bind(cut(&new.agent, LONGEST_AGENT))
        .execute(connection)
        .await?;
    Ok(session)
}

/// Who calls, when account and organisation are open.
pub async fn open(connection: &mut Connection, caller: &Caller) -> Result<Answer<Acting>, Fault> {
    let who = acting(connection, caller).await?;
    let open = who.filter(|who| policy::is_open(who).is_ok());
    Ok(open.ok_or(Refusal::NoSession))
}

/// Begins a session of someone who has shown one thing or more.
pub async fn log_in(
    connection: &mut Connection,
    mut new: NewSession,
    judged: Option<Personal>,
    commissions: Option<Vec<HsaId>>,
) -> Result<Answer<(SessionId, Level)>, Fault> {
    // A reset meanwhile has ended what was judged before it.
    hold(connection, HOLD_MEMBER, new.member.to_string()).await?;
    if let Some(judged) = judged {
        let still: Option<String> = sqlx::query_scalar(STILL)
            .bind(new.member.to_string())
            .bind(judged.reveal())
            .fetch_optional(&mut *connection)
            .await?;
        if still.is_none() {
            return Ok(Err(Refusal::NoSession));
        }
    }
    let who = whole_member(connection, new.member).await?;
    if who.is_none_or(|who| policy::is_open(&who).is_err()) {
        return Ok(Err(Refusal::NoSession));
    }
    if new.level == Level::First && factor::proven(connection, new.member).await? == 0 {
        new.level = Level::Setup;
    }
    sqlx::query(SWEEP)
        .bind(new.member.to_string())
        .bind(micros(new.at))
        .execute(&mut *connection)
        .await?;
    let caller = Caller {
        token: new.token,
        from: new.from.clone(),
        at: new.at,
    };
    let level = new.level;
    let session = insert(connection, &new).await?;
    if let Some(commissions) = commissions {
        sqlx::query(NAME_COMMISSIONS)
            .bind(session.to_string())
            .bind(to_json(&commissions, "commissions")?)
            .execute(&mut *connection)
            .await?;
    }
    if level == Level::Full {
        logged_in(connection, &caller, new.means).await?;
    }
    Ok(Ok((session, level)))
}

/// What follows when a log-in is complete: where to act, if there is no choice,
/// and the entry.
async fn logged_in(
    connection: &mut Connection,
    caller: &Caller,
    detail: &str,
) -> Result<(), Fault> {
    let Some(mut who) = acting(connection, caller).await? else {
        return Ok(());
    };
    sqlx::query(LOGGED_IN)
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    let (units, whole) = choices(connection, &who).await?;
    if let ([only], false) = (&units[..], whole) {
        act_at(connection, &who, Some(only.id)).await?;
        who.unit = Some(only.id);
    }
    let mut entry = done(&who, Action::LogIn, caller.at);
    entry.detail = Some(detail.to_owned());
    audit::append(connection, &[entry]).await
}

/// The entry that a member did something of their own.
pub fn done(who: &Acting, action: Action, at: Timestamp) -> Entry {
    Entry::by(Uuid::now_v7(), at, action, Outcome::Success, who)
}

async fn act_at(
    connection: &mut Connection,
    who: &Acting,
    unit: Option<CareUnitId>,
) -> Result<(), Fault> {
    sqlx::query(ACT_AT)
        .bind(who.session.to_string())
        .bind(unit.map(|unit| unit.to_string()))
        .execute(connection)
        .await?;
    Ok(())
}

/// The care units that something of theirs counts at, and whether something
/// counts everywhere.
async fn choices(
    connection: &mut Connection,
    who: &Acting,
) -> Result<(Vec<UnitChoice>, bool), Fault> {
    let rows: Vec<(String, String, Option<String>)> = sqlx::query_as(UNITS)
        .bind(who.member.organisation.to_string())
        .fetch_all(connection)
        .await?;
    let mut units = Vec::new();
    for (unit, name, hsa_id) in rows {
        let unit: CareUnitId = id(&unit, "care_unit.id")?;
        if who.assignments.iter().any(|a| a.counts_at(Some(unit))) {
            let hsa_id = hsa_id
                .map(|text| id(&text, "care_unit.hsa_id"))
                .transpose()?;
            units.push(UnitChoice {
                id: unit,
                name,
                hsa_id,
            });
        }
    }
    let whole = who.assignments.iter().any(|a| a.unit.is_none());
    Ok((units, whole))
}

pub async fn view(connection: &mut Connection, caller: &Caller) -> Result<Answer<View>, Fault> {
    let who = match open(connection, caller).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let about: AboutRow = sqlx::query_as(ABOUT)
        .bind(who.session.to_string())
        .fetch_one(&mut *connection)
        .await?;
    let (units, whole_organisation) = choices(connection, &who).await?;
    let factors = factor::all(connection, who.member.id).await?;
    let recovery_left = factor::recovery_left(connection, who.member.id).await?;
    let acts = who
        .unit
        .is_some_and(|unit| units.iter().any(|choice| choice.id == unit));
    // Whoever came with commissions acts in one of them.
    let named: Option<Vec<HsaId>> = about
        .commissions
        .map(|text| from_json(&text, "session.commissions"))
        .transpose()?;
    let several = named.is_some_and(|named| named.len() > 1)
        && who.assignments.iter().filter(|a| a.unit.is_some()).count() > 1;
    Ok(Ok(View {
        must_choose_unit: !acts && (several || !whole_organisation) && units.len() > 1,
        organisation_name: about.name,
        kind: word(Kind::parse(&about.kind), "organisation.kind")?,
        language: about.language,
        password: about.password.map(Personal::new),
        units,
        whole_organisation,
        factors,
        recovery_left,
        idle_until: time(about.idle_until)?,
        ends_at: time(about.ends_at)?,
        means: about.means,
        who,
    }))
}

pub async fn choose_unit(
    connection: &mut Connection,
    caller: &Caller,
    unit: Option<CareUnitId>,
) -> Result<Answer<()>, Fault> {
    let mut who = match open(connection, caller).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(denial) = policy::logged_in(&who) {
        let entry = Entry::by(
            Uuid::now_v7(),
            caller.at,
            Action::ChooseUnit,
            Outcome::Denied,
            &who,
        );
        return refuse(connection, entry, denial).await.map(Err);
    }
    let (units, whole) = choices(connection, &who).await?;
    let may = match unit {
        Some(unit) => units.iter().any(|choice| choice.id == unit),
        None => whole,
    };
    if !may {
        return Ok(Err(Refusal::NotFound));
    }
    act_at(connection, &who, unit).await?;
    who.unit = unit;
    audit::append(connection, &[done(&who, Action::ChooseUnit, caller.at)]).await?;
    Ok(Ok(()))
}

pub async fn log_out(
    connection: &mut Connection,
    caller: &Caller,
    why: Option<&'static str>,
) -> Result<Answer<()>, Fault> {
    let Some(who) = acting(connection, caller).await? else {
        return Ok(Err(Refusal::NoSession));
    };
    sqlx::query(END)
        .bind(who.session.to_string())
        .execute(&mut *connection)
        .await?;
    let action = if why.is_some() {
        Action::EndSession
    } else {
        Action::LogOut
    };
    let mut entry = done(&who, action, caller.at);
    entry.detail = why.map(str::to_owned);
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

pub async fn rise(
    connection: &mut Connection,
    caller: &Caller,
    goal: Goal,
    proof: &Proof,
    renewal: &Renewal,
    letter: Option<String>,
) -> Result<Answer<()>, Fault> {
    let who = match open(connection, caller).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (action, level) = match goal {
        Goal::LogIn => (Action::LogIn, Level::First),
        Goal::StepUp => (Action::StepUp, Level::Full),
    };
    if who.level != level {
        return Ok(Err(Refusal::NoSession));
    }
    if !factor::take(connection, who.member.id, proof, caller.at).await? {
        let mut entry = Entry::by(Uuid::now_v7(), caller.at, action, Outcome::Failure, &who);
        entry.detail = Some("the second factor was used already".to_owned());
        audit::append(connection, &[entry]).await?;
        return Ok(Err(Refusal::Over("used")));
    }
    if !renew(connection, &who, caller, renewal, goal == Goal::LogIn).await? {
        return Ok(Err(Refusal::NoSession));
    }
    if let Some(letter) = letter {
        letters::queue(connection, &letter, caller.at).await?;
    }
    match goal {
        Goal::LogIn => risen(connection, caller, renewal, factor::word_of(proof)).await?,
        Goal::StepUp => {
            let mut entry = done(&who, action, caller.at);
            entry.detail = Some(factor::word_of(proof).to_owned());
            audit::append(connection, &[entry]).await?;
        }
    }
    Ok(Ok(()))
}

/// Puts on record that someone is logged in under the new token.
pub async fn risen(
    connection: &mut Connection,
    caller: &Caller,
    renewal: &Renewal,
    by: &str,
) -> Result<(), Fault> {
    let caller = Caller {
        token: renewal.token,
        ..caller.clone()
    };
    logged_in(connection, &caller, by).await
}

/// The session goes on, full and fresh, under a new token. `false`: another was
/// faster with the old one.
pub async fn renew(
    connection: &mut Connection,
    who: &Acting,
    caller: &Caller,
    renewal: &Renewal,
    from_now: bool,
) -> Result<bool, Fault> {
    let until = |life| caller.at.checked_add(life).unwrap_or(caller.at);
    let ends = from_now.then(|| micros(until(renewal.life.whole)));
    let renewed = sqlx::query(RISE)
        .bind(who.session.to_string())
        .bind(caller.token.to_string())
        .bind(renewal.token.to_string())
        .bind(micros(caller.at))
        .bind(micros(until(renewal.life.idle)))
        .bind(ends)
        .execute(connection)
        .await?;
    Ok(renewed.rows_affected() > 0)
}
