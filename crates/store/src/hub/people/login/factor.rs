//! Second factors: what is kept of them, and that each use counts once.
//!
//! A proof is judged by whoever knows the algorithm, on what was read before.
//! Here it is taken only if that is still so: a TOTP's step only upwards, a
//! passkey's data only from what was judged, a recovery code only unused. The
//! database lets one of several at once do so.

use super::session;
use crate::{
    audit,
    database::{Connection, Flag, hold},
    fault::Fault,
    hub::people::{acting::refuse, letters},
    value::{id, maybe_time, micros, time, unsigned, word},
};
use bildbro_domain::{
    MemberId,
    audit::{Action, Entry, Outcome},
    member::{Acting, FactorKind, Level},
    policy,
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    login::{Factor, NewFactor, Proof, Renewal},
};
use jiff::Timestamp;
use uuid::Uuid;

/// More are of no use to anyone.
const MOST: usize = 20;

const ALL: &str = "SELECT id, kind, name, data, last_step, proven_at IS NOT NULL AS proven, \
     created_at, used_at FROM factor WHERE member = $1 ORDER BY created_at, id";

const PROVEN: &str = "SELECT COUNT(*) FROM factor WHERE member = $1 AND proven_at IS NOT NULL";

const ADD: &str = "INSERT INTO factor (id, member, kind, name, credential, data, proven_at, \
     created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";

const FORGET_UNPROVEN: &str =
    "DELETE FROM factor WHERE member = $1 AND kind = 'totp' AND proven_at IS NULL";

const PROVE_TOTP: &str = "UPDATE factor SET proven_at = $4, used_at = $4, last_step = $3 \
     WHERE id = $1 AND member = $2 AND kind = 'totp' AND proven_at IS NULL AND last_step < $3";

const FORGET_OLDER_TOTP: &str =
    "DELETE FROM factor WHERE member = $1 AND kind = 'totp' AND id <> $2";

const TAKE_TOTP: &str = "UPDATE factor SET last_step = $3, used_at = $4 \
     WHERE id = $1 AND member = $2 AND kind = 'totp' AND proven_at IS NOT NULL AND last_step < $3";

const TAKE_PASSKEY: &str = "UPDATE factor SET data = $4, used_at = $5 \
     WHERE id = $1 AND member = $2 AND kind = 'passkey' AND data = $3";

const TAKE_RECOVERY: &str = "UPDATE recovery_code SET used_at = $3 \
     WHERE code_hash = $1 AND member = $2 AND used_at IS NULL";

const REMOVE: &str = "DELETE FROM factor WHERE id = $1 AND member = $2";

const RECOVERY_LEFT: &str =
    "SELECT COUNT(*) FROM recovery_code WHERE member = $1 AND used_at IS NULL";
const FORGET_RECOVERY: &str = "DELETE FROM recovery_code WHERE member = $1";
const ADD_RECOVERY: &str = "INSERT INTO recovery_code (code_hash, member) VALUES ($1, $2)";

const HOLD_MEMBER: &str = "SELECT 1 FROM member WHERE id = $1";

#[derive(sqlx::FromRow)]
struct FactorRow {
    id: String,
    kind: String,
    name: String,
    data: String,
    last_step: i64,
    proven: Flag,
    created_at: i64,
    used_at: Option<i64>,
}

pub async fn all(connection: &mut Connection, member: MemberId) -> Result<Vec<Factor>, Fault> {
    let rows: Vec<FactorRow> = sqlx::query_as(ALL)
        .bind(member.to_string())
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Factor {
                id: id(&row.id, "factor.id")?,
                kind: word(FactorKind::parse(&row.kind), "factor.kind")?,
                name: row.name,
                data: row.data,
                last_step: row.last_step,
                proven: row.proven.0,
                created_at: time(row.created_at)?,
                used_at: maybe_time(row.used_at)?,
            })
        })
        .collect()
}

pub async fn proven(connection: &mut Connection, member: MemberId) -> Result<u64, Fault> {
    count(connection, PROVEN, member).await
}

pub async fn recovery_left(connection: &mut Connection, member: MemberId) -> Result<u64, Fault> {
    count(connection, RECOVERY_LEFT, member).await
}

async fn count(
    connection: &mut Connection,
    select: &'static str,
    member: MemberId,
) -> Result<u64, Fault> {
    let (count,): (i64,) = sqlx::query_as(select)
        .bind(member.to_string())
        .fetch_one(connection)
        .await?;
    Ok(unsigned(count))
}

pub const fn word_of(proof: &Proof) -> &'static str {
    match proof {
        Proof::Totp { .. } => "by a one-time code",
        Proof::Passkey { .. } => "by a passkey",
        Proof::Recovery { .. } => "by a recovery code",
    }
}

/// Whether the proof is good, and the first of its kind.
pub async fn take(
    connection: &mut Connection,
    member: MemberId,
    proof: &Proof,
    at: Timestamp,
) -> Result<bool, Fault> {
    let member = member.to_string();
    let query = match proof {
        Proof::Totp { factor, step } => sqlx::query(TAKE_TOTP)
            .bind(factor.to_string())
            .bind(member)
            .bind(*step),
        Proof::Passkey {
            factor,
            before,
            after,
        } => sqlx::query(TAKE_PASSKEY)
            .bind(factor.to_string())
            .bind(member)
            .bind(before.clone())
            .bind(after.clone()),
        Proof::Recovery { code } => sqlx::query(TAKE_RECOVERY).bind(code.clone()).bind(member),
    };
    let taken = query.bind(micros(at)).execute(connection).await?;
    Ok(taken.rows_affected() == 1)
}

/// Who calls, if they may change their factors now; the member is held.
pub async fn owner(
    connection: &mut Connection,
    caller: &Caller,
    action: Action,
) -> Result<Answer<Acting>, Fault> {
    let who = match session::open(connection, caller).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    hold(connection, HOLD_MEMBER, who.member.id.to_string()).await?;
    // A reset that was waited for has ended the session.
    let who = match session::open(connection, caller).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let first = proven(connection, who.member.id).await? == 0;
    if let Err(denial) = policy::own_account(&who, first, caller.at) {
        let entry = Entry::by(Uuid::now_v7(), caller.at, action, Outcome::Denied, &who);
        return refuse(connection, entry, denial).await.map(Err);
    }
    Ok(Ok(who))
}

async fn insert(
    connection: &mut Connection,
    who: &Acting,
    new: NewFactor,
    proven_at: Option<Timestamp>,
    at: Timestamp,
) -> Result<bool, Fault> {
    let added = sqlx::query(ADD)
        .bind(new.id.to_string())
        .bind(who.member.id.to_string())
        .bind(new.kind.as_str())
        .bind(new.name)
        .bind(new.credential)
        .bind(new.data)
        .bind(proven_at.map(micros))
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(added.rows_affected() == 1)
}

pub async fn begin_totp(
    connection: &mut Connection,
    caller: &Caller,
    new: NewFactor,
) -> Result<Answer<()>, Fault> {
    let who = match owner(connection, caller, Action::AddFactor).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    sqlx::query(FORGET_UNPROVEN)
        .bind(who.member.id.to_string())
        .execute(&mut *connection)
        .await?;
    insert(connection, &who, new, None, caller.at).await?;
    Ok(Ok(()))
}

pub async fn prove_totp(
    connection: &mut Connection,
    caller: &Caller,
    factor: Uuid,
    step: i64,
    renewal: &Renewal,
    letter: Option<String>,
) -> Result<Answer<bool>, Fault> {
    let who = match owner(connection, caller, Action::AddFactor).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let proven = sqlx::query(PROVE_TOTP)
        .bind(factor.to_string())
        .bind(who.member.id.to_string())
        .bind(step)
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    if proven.rows_affected() == 0 {
        return Ok(Err(Refusal::NotFound));
    }
    sqlx::query(FORGET_OLDER_TOTP)
        .bind(who.member.id.to_string())
        .bind(factor.to_string())
        .execute(&mut *connection)
        .await?;
    added(connection, caller, &who, FactorKind::Totp, renewal, letter).await
}

pub async fn add_passkey(
    connection: &mut Connection,
    caller: &Caller,
    new: NewFactor,
    renewal: &Renewal,
    letter: Option<String>,
) -> Result<Answer<bool>, Fault> {
    let who = match owner(connection, caller, Action::AddFactor).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if all(connection, who.member.id).await?.len() >= MOST {
        return Ok(Err(Refusal::Over("there are too many passkeys already")));
    }
    if !insert(connection, &who, new, Some(caller.at), caller.at).await? {
        return Ok(Err(Refusal::Taken("credential")));
    }
    added(
        connection,
        caller,
        &who,
        FactorKind::Passkey,
        renewal,
        letter,
    )
    .await
}

/// Letter, a higher level for whoever was setting up, and the entries.
async fn added(
    connection: &mut Connection,
    caller: &Caller,
    who: &Acting,
    kind: FactorKind,
    renewal: &Renewal,
    letter: Option<String>,
) -> Result<Answer<bool>, Fault> {
    let rises = who.level == Level::Setup;
    if rises && !session::renew(connection, who, caller, renewal, true).await? {
        return Ok(Err(Refusal::NoSession));
    }
    if let Some(letter) = letter {
        letters::queue(connection, &letter, caller.at).await?;
    }
    let mut entry = session::done(who, Action::AddFactor, caller.at);
    entry.about = Some(who.member.id);
    entry.detail = Some(kind.as_str().to_owned());
    audit::append(connection, &[entry]).await?;
    if rises {
        session::risen(connection, caller, renewal, "by setting up the account").await?;
    }
    Ok(Ok(rises))
}

pub async fn remove(
    connection: &mut Connection,
    caller: &Caller,
    factor: Uuid,
    letter: Option<String>,
) -> Result<Answer<()>, Fault> {
    let who = match owner(connection, caller, Action::RemoveFactor).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let factors = all(connection, who.member.id).await?;
    let Some(found) = factors.iter().find(|one| one.id == factor) else {
        return Ok(Err(Refusal::NotFound));
    };
    let others = factors.iter().filter(|one| one.proven && one.id != factor);
    if found.proven && others.count() == 0 {
        return Ok(Err(Refusal::LastFactor));
    }
    sqlx::query(REMOVE)
        .bind(factor.to_string())
        .bind(who.member.id.to_string())
        .execute(&mut *connection)
        .await?;
    if let Some(letter) = letter {
        letters::queue(connection, &letter, caller.at).await?;
    }
    let mut entry = session::done(&who, Action::RemoveFactor, caller.at);
    entry.about = Some(who.member.id);
    entry.detail = Some(found.kind.as_str().to_owned());
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

pub async fn put_recovery(
    connection: &mut Connection,
    caller: &Caller,
    codes: Vec<String>,
    letter: Option<String>,
) -> Result<Answer<()>, Fault> {
    let who = match owner(connection, caller, Action::AddFactor).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // They stand in for a second factor, so there must be one.
    if proven(connection, who.member.id).await? == 0 {
        return Ok(Err(Refusal::Over("set up a second factor first")));
    }
    sqlx::query(FORGET_RECOVERY)
        .bind(who.member.id.to_string())
        .execute(&mut *connection)
        .await?;
    for code in codes {
        sqlx::query(ADD_RECOVERY)
            .bind(code)
            .bind(who.member.id.to_string())
            .execute(&mut *connection)
            .await?;
    }
    if let Some(letter) = letter {
        letters::queue(connection, &letter, caller.at).await?;
    }
    let mut entry = session::done(&who, Action::AddFactor, caller.at);
    entry.about = Some(who.member.id);
    entry.detail = Some("recovery codes".to_owned());
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}
