//! Telling people of what has come and waits for them, and of what nobody opens.
//!
//! That something is told is a mark in its row of the inbox, made by the
//! transaction that writes the letters. Rows are held before they are looked at,
//! and what another hub holds is passed by; so each is told once.

mod call;
mod digest;
mod escalate;
mod news;
mod tell;
mod whom;

use crate::{
    HubDb,
    database::{Connection, Lock, locking},
    fault::Fault,
    hub::people::letters,
    value::micros,
};
use async_trait::async_trait;
use bildbro_domain::OrganisationId;
use bildbro_flow::{
    letter::Letter,
    notice::Pen,
    ports::{StoreError, portal::notices::Notices},
};
use jiff::Timestamp;

/// Seals a letter and puts it with those that are due, if anyone brings letters.
async fn write(
    connection: &mut Connection,
    pen: &Pen,
    letter: &Letter,
    at: Timestamp,
) -> Result<bool, Fault> {
    match pen.seal(letter) {
        None => Ok(false),
        Some(sealed) => {
            letters::queue(connection, &sealed, at).await?;
            Ok(true)
        }
    }
}

/// A share and its recipient, held until the transaction ends.
type Held = (String, String);

/// The rows of the inbox that `due` finds at this time, those aside that another
/// holds.
async fn hold_due(
    connection: &mut Connection,
    due: &'static str,
    at: Timestamp,
) -> Result<Vec<Held>, Fault> {
    let select = locking(connection, due, Lock::AloneIfFree);
    Ok(sqlx::query_as(select)
        .bind(micros(at))
        .fetch_all(connection)
        .await?)
}

#[async_trait]
impl Notices for HubDb {
    async fn call_out(&self, pen: &Pen, at: Timestamp) -> Result<u32, StoreError> {
        let mut tx = self.db.write("tell whoever is on call").await?;
        let done = call::out(&mut tx, pen, at).await;
        tx.end(done).await
    }

    async fn to_be_told(
        &self,
        before: Timestamp,
        at: Timestamp,
    ) -> Result<Vec<OrganisationId>, StoreError> {
        let mut tx = self.db.read("find who is to be told").await?;
        let done = tell::organisations(&mut tx, before, at).await;
        tx.end(done).await
    }

    async fn tell(
        &self,
        pen: &Pen,
        organisation: OrganisationId,
        before: Timestamp,
        at: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut tx = self.db.write("tell of what has come").await?;
        let done = tell::members(&mut tx, pen, organisation, (before, at)).await;
        tx.end(done).await
    }

    async fn digest(&self, pen: &Pen, at: Timestamp) -> Result<u32, StoreError> {
        let mut tx = self.db.write("write digests").await?;
        let done = digest::write_due(&mut tx, pen, at).await;
        tx.end(done).await
    }

    async fn escalate(&self, pen: &Pen, at: Timestamp) -> Result<u32, StoreError> {
        let mut tx = self.db.write("tell of what nobody has opened").await?;
        let done = escalate::due(&mut tx, pen, at).await;
        // The sender's pages show it.
        tx.end_telling(done, |looked_at| *looked_at > 0).await
    }
}

/// For answers.
fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}
