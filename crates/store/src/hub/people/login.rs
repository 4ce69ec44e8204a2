//! Sessions.

use super::acting::whole_member;
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
};
use bildbro_flow::ports::{
    StoreError,
    portal::login::{Login, NewSession},
};
use uuid::Uuid;

/// What is kept of a browser's own words.
const LONGEST_AGENT: usize = 200;

const BEGIN: &str = "INSERT INTO session (id, token_hash, member, level, means, created_at, \
     seen_at, idle_until, ends_at, fresh_at, address, agent) \
     VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $6, $9, $10)";

const LOGGED_IN: &str = "UPDATE member SET last_login = $2 WHERE id = $1";

#[async_trait]
impl Login for HubDb {
    async fn begin_session(&self, new: NewSession) -> Result<SessionId, StoreError> {
        let mut tx = self.db.write("begin a session").await?;
        let begun = begin(&mut tx, new).await;
        tx.end(begun).await
    }
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
