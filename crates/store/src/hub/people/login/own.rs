//! One's own account: sessions, password, name.

use super::{account, factor, session};
use crate::{
    audit,
    database::Connection,
    fault::Fault,
    hub::people::letters,
    value::{id, micros, time, word},
};
use bildbro_domain::{
    Personal, SessionId,
    audit::Action,
    member::{Acting, Level, Notices},
};
use bildbro_flow::{
    notice::next_digest,
    ports::portal::{
        Answer, Caller, Refusal,
        login::{OwnNotices, SessionRow},
    },
};

const SESSIONS: &str = "SELECT s.id, s.address, s.agent, s.created_at, s.seen_at, u.name \
     FROM session s LEFT JOIN care_unit u ON u.id = s.care_unit \
     WHERE s.member = $1 AND s.idle_until > $2 AND s.ends_at > $2 \
     ORDER BY s.created_at DESC, s.id DESC LIMIT 200";

const END: &str = "DELETE FROM session WHERE member = $1 AND id = $2";
const END_OTHERS: &str = "DELETE FROM session WHERE member = $1 AND id <> $2";

const NOTICES: &str = "SELECT notices, digest_hour FROM member WHERE id = $1";

const CHANGE_NOTICES: &str = "UPDATE member SET notices = $2, digest_hour = $3, \
     digest_at = $4 WHERE id = $1";

const CHANGE: &str = "UPDATE member SET language = $2 WHERE id = $1";

type Row = (String, String, String, i64, i64, Option<String>);

pub async fn sessions(
    connection: &mut Connection,
    caller: &Caller,
) -> Result<Answer<Vec<SessionRow>>, Fault> {
    let who = match session::open(connection, caller).await? {
        Ok(who) if who.level != Level::First => who,
        Ok(_) => return Ok(Err(Refusal::NoSession)),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let rows: Vec<Row> = sqlx::query_as(SESSIONS)
        .bind(who.member.id.to_string())
        .bind(micros(caller.at))
        .fetch_all(connection)
        .await?;
    let read = |(session, address, agent, created_at, seen_at, unit): Row| {
        let session: SessionId = id(&session, "session.id")?;
        Ok(SessionRow {
            id: session,
            current: session == who.session,
            address,
            agent,
            created_at: time(created_at)?,
            seen_at: time(seen_at)?,
            unit,
        })
    };
    rows.into_iter().map(read).collect::<Result<_, _>>().map(Ok)
}

/// Ending sessions asks for nothing fresh: whoever is worried shall not wait.
pub async fn end_sessions(
    connection: &mut Connection,
    caller: &Caller,
    which: Option<SessionId>,
) -> Result<Answer<()>, Fault> {
    let who = match session::open(connection, caller).await? {
        Ok(who) if who.level != Level::First => who,
        Ok(_) => return Ok(Err(Refusal::NoSession)),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let statement = if which.is_some() { END } else { END_OTHERS };
    let ended = sqlx::query(statement)
        .bind(who.member.id.to_string())
        .bind(which.unwrap_or(who.session).to_string())
        .execute(&mut *connection)
        .await?;
    if which.is_some() && ended.rows_affected() == 0 {
        return Ok(Err(Refusal::NotFound));
    }
    let mut entry = session::done(&who, Action::EndSession, caller.at);
    entry.about = Some(who.member.id);
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

pub async fn change_password(
    connection: &mut Connection,
    caller: &Caller,
    before: &Personal,
    after: &Personal,
    letter: Option<String>,
) -> Result<Answer<()>, Fault> {
    let who = match factor::owner(connection, caller, Action::ChangePassword).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !account::rehash(connection, who.member.id, before, after).await? {
        return Ok(Err(Refusal::Over("the password was changed meanwhile")));
    }
    sqlx::query(END_OTHERS)
        .bind(who.member.id.to_string())
        .bind(who.session.to_string())
        .execute(&mut *connection)
        .await?;
    if let Some(letter) = letter {
        letters::queue(connection, &letter, caller.at).await?;
    }
    let mut entry = session::done(&who, Action::ChangePassword, caller.at);
    entry.about = Some(who.member.id);
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

pub async fn change(
    connection: &mut Connection,
    caller: &Caller,
    language: &str,
) -> Result<Answer<()>, Fault> {
    let who = match beyond_first(connection, caller).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    sqlx::query(CHANGE)
        .bind(who.member.id.to_string())
        .bind(language)
        .execute(&mut *connection)
        .await?;
    let mut entry = session::done(&who, Action::ChangeMember, caller.at);
    entry.about = Some(who.member.id);
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}

/// Whoever is logged in so far that they may say how they are written to.
async fn beyond_first(
    connection: &mut Connection,
    caller: &Caller,
) -> Result<Answer<Acting>, Fault> {
    Ok(match session::open(connection, caller).await? {
        Ok(who) if who.level == Level::First => Err(Refusal::NoSession),
        other => other,
    })
}

pub async fn notices(
    connection: &mut Connection,
    caller: &Caller,
) -> Result<Answer<OwnNotices>, Fault> {
    let who = match beyond_first(connection, caller).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (notices, hour): (String, i64) = sqlx::query_as(NOTICES)
        .bind(who.member.id.to_string())
        .fetch_one(connection)
        .await?;
    Ok(Ok(OwnNotices {
        notices: word(Notices::parse(&notices), "member.notices")?,
        hour: u8::try_from(hour).unwrap_or(0),
    }))
}

pub async fn change_notices(
    connection: &mut Connection,
    caller: &Caller,
    new: OwnNotices,
) -> Result<Answer<()>, Fault> {
    let who = match beyond_first(connection, caller).await? {
        Ok(who) => who,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let digest = (new.notices == Notices::Digest).then(|| next_digest(new.hour, caller.at));
    sqlx::query(CHANGE_NOTICES)
        .bind(who.member.id.to_string())
        .bind(new.notices.as_str())
        .bind(i64::from(new.hour))
        .bind(digest.map(micros))
        .execute(&mut *connection)
        .await?;
    let mut entry = session::done(&who, Action::ChangeMember, caller.at);
    entry.about = Some(who.member.id);
    entry.detail = Some(format!(
        "written to of what comes: {}",
        new.notices.as_str()
    ));
    audit::append(connection, &[entry]).await?;
    Ok(Ok(()))
}
