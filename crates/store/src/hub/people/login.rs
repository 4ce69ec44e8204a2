//! Sessions.

use super::acting::{acting, refuse, whole_member};
use crate::{
    HubDb, audit,
    database::Connection,
    fault::Fault,
    value::{cut, micros},
};
use async_trait::async_trait;
use bildbro_domain::{
    SessionId,
    audit::{Action, Entry, Outcome},
    member::Level,
    policy::{self, Denial},
};
use bildbro_flow::ports::{
    StoreError,
    portal::{
        Answer, Caller, Refusal,
        login::{Login, Need, NewSession, SessionLife},
    },
};
use jiff::SignedDuration;
use uuid::Uuid;

/// What is kept of a browser's own words.
const LONGEST_AGENT: usize = 200;

const BEGIN: &str = "INSERT INTO session (id, token_hash, member, level, means, created_at, \
     seen_at, idle_until, ends_at, fresh_at, address, agent) \
     VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $6, $9, $10)";

const SEEN: &str =
    "UPDATE session SET seen_at = $2, idle_until = $3 WHERE id = $1 AND seen_at <= $4";

/// A sign of life is written down this seldom.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(30);

const LOGGED_IN: &str = "UPDATE member SET last_login = $2 WHERE id = $1";

#[async_trait]
impl Login for HubDb {
    async fn may(&self, caller: &Caller, need: Need, life: SessionLife) -> Answer<()> {
        let mut tx = self.db.write("see who calls").await?;
        let answer = may(&mut tx, caller, need, life).await;
        tx.end(answer).await?
    }

    async fn begin_session(&self, new: NewSession) -> Result<SessionId, StoreError> {
        let mut tx = self.db.write("begin a session").await?;
        let begun = begin(&mut tx, new).await;
        tx.end(begun).await
    }
}

async fn may(
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
        Need::Session => (policy::open(&who).err(), None),
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

pub async fn begin(connection: &mut Connection, new: NewSession) -> Result<SessionId, Fault> {
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
        .execute(&mut *connection)
        .await?;
    if new.level == Level::Full {
        sqlx::query(LOGGED_IN)
            .bind(new.member.to_string())
            .bind(micros(new.at))
            .execute(&mut *connection)
            .await?;
        if let Some(mut who) = whole_member(connection, new.member).await? {
            who.from = new.from;
            let mut entry = Entry::by(
                Uuid::now_v7(),
                new.at,
                Action::LogIn,
                Outcome::Success,
                &who,
            );
            entry.detail = Some(new.means.to_owned());
            audit::append(connection, &[entry]).await?;
        }
    }
    Ok(session)
}
