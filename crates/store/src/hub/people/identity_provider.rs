//! Organisations' own identity providers, as sealed.

use super::{
    acting::{acting_alone, allow},
    stop::{Stop, settle},
};
use crate::{HubDb, audit, database::Connection, value::micros};
use async_trait::async_trait;
use bildbro_domain::{OrganisationId, audit::Action};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    identity_provider::{IdentityProviders, KeptProvider},
};
use uuid::Uuid;

const FIND: &str = "SELECT name, config FROM identity_provider WHERE organisation = $1";

const PUT: &str = "INSERT INTO identity_provider (organisation, name, config, changed_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT (organisation) DO UPDATE \
     SET name = excluded.name, config = excluded.config, changed_at = excluded.changed_at";

const DELETE: &str = "DELETE FROM identity_provider WHERE organisation = $1";

#[async_trait]
impl IdentityProviders for HubDb {
    async fn identity_provider(
        &self,
        caller: &Caller,
    ) -> Answer<(OrganisationId, Option<KeptProvider>)> {
        let mut tx = self.db.write("read an identity provider").await?;
        let found = settle(read(&mut tx, caller).await);
        tx.end(found).await?
    }

    async fn put_identity_provider(
        &self,
        caller: &Caller,
        provider: Option<&KeptProvider>,
    ) -> Answer<()> {
        let mut tx = self.db.write("set an identity provider").await?;
        let done = settle(put(&mut tx, caller, provider).await);
        tx.end(done).await?
    }
}

async fn read(
    connection: &mut Connection,
    caller: &Caller,
) -> Result<(OrganisationId, Option<KeptProvider>), Stop> {
    let who = acting_alone(connection, caller).await?;
    let own = who.member.organisation;
    allow(connection, &who, Action::ExplainMember, own, caller.at).await??;
    let row: Option<(String, String)> = sqlx::query_as(FIND)
        .bind(own.to_string())
        .fetch_optional(connection)
        .await?;
    Ok((own, row.map(|(name, sealed)| KeptProvider { name, sealed })))
}

async fn put(
    connection: &mut Connection,
    caller: &Caller,
    provider: Option<&KeptProvider>,
) -> Result<(), Stop> {
    let who = acting_alone(connection, caller).await?;
    let own = who.member.organisation;
    let action = Action::ChangeIdentityProvider;
    let allowed = allow(connection, &who, action, own, caller.at).await??;
    let mut entry = allowed.entry(Uuid::now_v7());
    if let Some(provider) = provider {
        sqlx::query(PUT)
            .bind(own.to_string())
            .bind(&provider.name)
            .bind(&provider.sealed)
            .bind(micros(caller.at))
            .execute(&mut *connection)
            .await?;
    } else {
        let gone = sqlx::query(DELETE)
            .bind(own.to_string())
            .execute(&mut *connection)
            .await?;
        if gone.rows_affected() == 0 {
            return Err(Refusal::NotFound.into());
        }
        entry.detail = Some("taken away".to_owned());
    }
    Ok(audit::append(connection, &[entry]).await?)
}
