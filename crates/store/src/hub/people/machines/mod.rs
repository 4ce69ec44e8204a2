//! Machines with an account: keys and scopes. Their tokens are in [`tokens`].
//!
//! Whoever changes a machine holds its row, and so does whoever makes a token
//! for it: none is made after a key was removed or the machine revoked.

pub mod tokens;

use super::{
    acting::{acting_alone, allow},
    stop::{Stop, settle},
};
use crate::{
    HubDb, audit,
    database::{Connection, Flag, hold},
    fault::Fault,
    value::{id, maybe_time, micros, time},
};
use async_trait::async_trait;
use bildbro_domain::{
    Digest, MachineId, OrganisationId,
    audit::{Action, Entry},
    policy::Allowed,
};
use bildbro_flow::ports::portal::log::AUDIT_EVENT;
use bildbro_flow::ports::{
    StoreError,
    portal::{
        Answer, Caller, Refusal,
        machines::{
            KeyView, MachineKeys, MachineView, Machines, NewKey, NewMachine, NewToken,
            ServiceSubject,
        },
    },
};
use jiff::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

/// Most keys of one machine that are good at a time; as many as are tried.
const MOST_KEYS: usize = 16;

const ALL: &str = "SELECT id, name, scopes, active IS TRUE AS active, created_at, last_seen \
     FROM machine WHERE organisation = $1 ORDER BY name, id LIMIT 1000";

const KEYS: &str = "SELECT k.machine, k.kid, k.public_key, k.added_at, k.removed_at \
     FROM machine_key k JOIN machine m ON m.id = k.machine WHERE m.organisation = $1 \
     ORDER BY k.added_at, k.kid";

const FIND: &str = "SELECT organisation, active IS TRUE AS active FROM machine WHERE id = $1";

const HOLD: &str = "SELECT id FROM machine WHERE id = $1";

const ADD: &str = "INSERT INTO machine (id, organisation, name, scopes, active, created_at) \
     VALUES ($1, $2, $3, $4, TRUE, $5)";

const COUNT_KEYS: &str =
    "SELECT COUNT(*) FROM machine_key WHERE machine = $1 AND removed_at IS NULL";

const ADD_KEY: &str = "INSERT INTO machine_key (machine, kid, public_key, added_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

const REMOVE_KEY: &str = "UPDATE machine_key SET removed_at = $3 \
     WHERE machine = $1 AND kid = $2 AND removed_at IS NULL";

const END_TOKENS: &str = "DELETE FROM machine_token WHERE machine = $1";

const REVOKE: &str = "UPDATE machine SET active = FALSE WHERE id = $1";

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    scopes: String,
    active: Flag,
    created_at: i64,
    last_seen: Option<i64>,
}

#[async_trait]
impl Machines for HubDb {
    async fn machines(&self, caller: &Caller) -> Answer<Vec<MachineView>> {
        let mut tx = self.db.write("list machines").await?;
        let all = settle(all(&mut tx, caller).await);
        tx.end(all).await?
    }

    async fn add_machine(&self, caller: &Caller, new: &NewMachine) -> Answer<MachineId> {
        let mut tx = self.db.write("add a machine").await?;
        let added = settle(add(&mut tx, caller, new).await);
        tx.end(added).await?
    }

    async fn add_machine_key(
        &self,
        caller: &Caller,
        machine: MachineId,
        key: &NewKey,
    ) -> Answer<()> {
        let mut tx = self.db.write("add a machine's key").await?;
        let done = settle(add_key(&mut tx, caller, machine, key).await);
        tx.end(done).await?
    }

    async fn remove_machine_key(
        &self,
        caller: &Caller,
        machine: MachineId,
        kid: &str,
    ) -> Answer<()> {
        let mut tx = self.db.write("remove a machine's key").await?;
        let done = settle(remove_key(&mut tx, caller, machine, kid).await);
        tx.end(done).await?
    }

    async fn revoke_machine(&self, caller: &Caller, machine: MachineId) -> Answer<()> {
        let mut tx = self.db.write("revoke a machine").await?;
        let done = settle(revoke(&mut tx, caller, machine).await);
        tx.end(done).await?
    }

    async fn machine_keys(&self, machine: MachineId) -> Result<Option<MachineKeys>, StoreError> {
        let mut tx = self.db.read("read a machine's keys").await?;
        let found = tokens::keys(&mut tx, machine).await;
        tx.end(found).await
    }

    async fn put_machine_token(&self, new: &NewToken) -> Result<bool, StoreError> {
        let mut tx = self.db.write("keep a machine's token").await?;
        let kept = tokens::put(&mut tx, new).await;
        tx.end(kept).await
    }

    async fn service_subject(
        &self,
        token: Digest,
        at: Timestamp,
    ) -> Result<Option<ServiceSubject>, StoreError> {
        let mut tx = self.db.read("read a machine's token").await?;
        let subject = tokens::subject(&mut tx, token, at).await;
        tx.end(subject).await
    }
}

async fn all(connection: &mut Connection, caller: &Caller) -> Result<Vec<MachineView>, Stop> {
    let who = acting_alone(connection, caller).await?;
    let own = who.member.organisation;
    super::acting::allow_reading(connection, &who, Action::ChangeMachine, caller.at).await??;
    let rows: Vec<Row> = sqlx::query_as(ALL)
        .bind(own.to_string())
        .fetch_all(&mut *connection)
        .await?;
    let mut keys = keys(connection, own).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(MachineView {
            id: id(&row.id, "machine.id")?,
            name: row.name,
            scopes: row.scopes,
            active: row.active.0,
            created_at: time(row.created_at)?,
            last_seen: maybe_time(row.last_seen)?,
            keys: keys.remove(&row.id).unwrap_or_default(),
        });
    }
    Ok(all)
}

async fn keys(
    connection: &mut Connection,
    organisation: OrganisationId,
) -> Result<HashMap<String, Vec<KeyView>>, Fault> {
    let rows: Vec<(String, String, String, i64, Option<i64>)> = sqlx::query_as(KEYS)
        .bind(organisation.to_string())
        .fetch_all(connection)
        .await?;
    let mut all: HashMap<String, Vec<KeyView>> = HashMap::new();
    for (machine, kid, jwk, added_at, removed_at) in rows {
        all.entry(machine).or_default().push(KeyView {
            kid,
            jwk,
            added_at: time(added_at)?,
            removed_at: maybe_time(removed_at)?,
        });
    }
    Ok(all)
}

async fn add(
    connection: &mut Connection,
    caller: &Caller,
    new: &NewMachine,
) -> Result<MachineId, Stop> {
    let who = acting_alone(connection, caller).await?;
    let own = who.member.organisation;
    let allowed = allow(connection, &who, Action::AddMachine, own, caller.at).await??;
    if new.scopes.split(' ').any(|scope| scope == AUDIT_EVENT) {
        // What one may not read oneself, one does not have a machine read.
        super::acting::allow_reading(connection, &who, Action::SearchAudit, caller.at).await??;
    }
    let machine = MachineId(Uuid::now_v7());
    sqlx::query(ADD)
        .bind(machine.to_string())
        .bind(own.to_string())
        .bind(&new.name)
        .bind(&new.scopes)
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    for key in &new.keys {
        put_key(connection, machine, key, caller.at).await?;
    }
    let entry = entry(&allowed, machine, &new.scopes);
    audit::append(connection, &[entry]).await?;
    Ok(machine)
}

/// The machine, held, if the caller may change it.
async fn changing<'a>(
    connection: &mut Connection,
    who: &'a bildbro_domain::member::Acting,
    machine: MachineId,
    action: Action,
    at: Timestamp,
) -> Result<Allowed<'a>, Stop> {
    hold(connection, HOLD, machine.to_string()).await?;
    let row: Option<(String, Flag)> = sqlx::query_as(FIND)
        .bind(machine.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let (whose, active) = row.ok_or(Refusal::NotFound)?;
    let whose = id(&whose, "machine.organisation")?;
    let allowed = allow(connection, who, action, whose, at).await??;
    if active.0 {
        Ok(allowed)
    } else {
        Err(Refusal::Over("the machine has been revoked").into())
    }
}

/// Whether it was put down: not when the machine has, or had, one of the name.
async fn put_key(
    connection: &mut Connection,
    machine: MachineId,
    key: &NewKey,
    at: Timestamp,
) -> Result<bool, Fault> {
    let added = sqlx::query(ADD_KEY)
        .bind(machine.to_string())
        .bind(&key.kid)
        .bind(&key.jwk)
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(added.rows_affected() == 1)
}

async fn add_key(
    connection: &mut Connection,
    caller: &Caller,
    machine: MachineId,
    key: &NewKey,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let action = Action::ChangeMachine;
    let allowed = changing(connection, &who, machine, action, caller.at).await?;
    let there: i64 = sqlx::query_scalar(COUNT_KEYS)
        .bind(machine.to_string())
        .fetch_one(&mut *connection)
        .await?;
    if usize::try_from(there).unwrap_or(MOST_KEYS) >= MOST_KEYS {
        let why = "There are 16 keys already; remove some first.";
        return Err(Refusal::Invalid { field: "jwk", why }.into());
    }
    if !put_key(connection, machine, key, caller.at).await? {
        return Err(Refusal::Taken("kid").into());
    }
    let entry = entry(&allowed, machine, "key added");
    Ok(audit::append(connection, &[entry]).await?)
}

async fn remove_key(
    connection: &mut Connection,
    caller: &Caller,
    machine: MachineId,
    kid: &str,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let action = Action::ChangeMachine;
    let allowed = changing(connection, &who, machine, action, caller.at).await?;
    let removed = sqlx::query(REMOVE_KEY)
        .bind(machine.to_string())
        .bind(kid)
        .bind(micros(caller.at))
        .execute(&mut *connection)
        .await?;
    if removed.rows_affected() == 0 {
        return Err(Refusal::NotFound.into());
    }
    // Some may have been got with that key; with another the machine gets new ones.
    end_tokens(connection, machine).await?;
    let entry = entry(&allowed, machine, "key removed");
    Ok(audit::append(connection, &[entry]).await?)
}

async fn revoke(
    connection: &mut Connection,
    caller: &Caller,
    machine: MachineId,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let action = Action::RevokeMachine;
    let allowed = changing(connection, &who, machine, action, caller.at).await?;
    sqlx::query(REVOKE)
        .bind(machine.to_string())
        .execute(&mut *connection)
        .await?;
    end_tokens(connection, machine).await?;
    let entry = entry(&allowed, machine, "revoked");
    Ok(audit::append(connection, &[entry]).await?)
}

async fn end_tokens(connection: &mut Connection, machine: MachineId) -> Result<(), Fault> {
    sqlx::query(END_TOKENS)
        .bind(machine.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

fn entry(allowed: &Allowed<'_>, machine: MachineId, what: &str) -> Entry {
    let mut entry = allowed.entry(Uuid::now_v7());
    entry.detail = Some(format!("machine {machine}: {what}"));
    entry
}
