//! Organisations, care units, partners, gateways, test images.
//!
//! One module for each; this one gives each port method its transaction. An
//! answer that refuses commits, since a denial is on record; but "taken", which
//! may be found out half-way, rolls back.

mod gateways;
mod hub;
mod own;
mod partners;
mod test_image;
mod units;

use super::acting::{acting, refuse};
use crate::{
    HubDb,
    database::{Connection, Tx},
    fault::{During, Fault},
};
use async_trait::async_trait;
use bildbro_domain::{
    CareUnitId, DeliveryId, Digest, GatewayId, OrganisationId,
    audit::{Action, Entry, Outcome},
    member::Acting,
    organisation::Takes,
    permission::Permission,
    policy::{self, Denial},
};
use bildbro_flow::ports::portal::{
    Answer, Caller, Refusal,
    directory::{
        ChangedOrganisation, Directory, GatewayState, Health, ListedOrganisation, NewParty,
        OwnOrganisation, Partners, PartyView, TestImage, TestProgress, UnitParticulars, UnitView,
    },
};
use jiff::Timestamp;
use uuid::Uuid;

/// What a refusal inside a transaction ends it with.
macro_rules! granted {
    ($answer:expr) => {
        match $answer {
            Ok(granted) => granted,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}
use granted;

/// Who calls, for an act: what they may do, [`super::allow`] says.
async fn caller_of(connection: &mut Connection, caller: &Caller) -> Result<Answer<Acting>, Fault> {
    Ok(acting(connection, caller).await?.ok_or(Refusal::NoSession))
}

/// Ends an act. What was taken by something else leaves nothing behind.
async fn end<T>(tx: Tx, answer: Result<Answer<T>, Fault>) -> Answer<T> {
    match answer {
        Ok(Err(refusal @ Refusal::Taken(_))) => Err(refusal),
        answer => tx.end_telling(answer, Result::is_ok).await?,
    }
}

impl HubDb {
    /// Who reads what tells nothing of a patient, and one state to read it from.
    /// A denial is on record when this returns.
    async fn reader(
        &self,
        operation: &'static str,
        caller: &Caller,
        need: Option<Permission>,
    ) -> Answer<(Tx, Acting)> {
        let mut tx = self.db.read(operation).await?;
        let who = acting(&mut tx, caller).await.during(operation)?;
        let who = who.ok_or(Refusal::NoSession)?;
        let may = policy::logged_in(&who).and_then(|()| match need {
            Some(need) if !who.holds(need) => Err(Denial::NoPermission(need)),
            _ => Ok(()),
        });
        let Err(denial) = may else {
            return Ok((tx, who));
        };
        drop(tx);
        let mut tx = self.db.write(operation).await?;
        let (action, outcome) = (Action::LogIn, Outcome::Denied);
        let entry = Entry::by(Uuid::now_v7(), caller.at, action, outcome, &who);
        let refusal = refuse(&mut tx, entry, denial).await;
        Err(tx.end(refusal).await?)
    }
}

#[async_trait]
impl Directory for HubDb {
    async fn parties(&self, caller: &Caller) -> Answer<Vec<PartyView>> {
        let need = Some(Permission::RunHub);
        let (mut tx, _) = self.reader("list the organisations", caller, need).await?;
        let all = hub::all(&mut tx).await;
        Ok(tx.end(all).await?)
    }

    async fn add_party(&self, caller: &Caller, new: NewParty) -> Answer<OrganisationId> {
        let mut tx = self.db.write("add an organisation").await?;
        let added = hub::add(&mut tx, caller, new).await;
        end(tx, added).await
    }

    async fn close_party(&self, caller: &Caller, organisation: OrganisationId) -> Answer<()> {
        let mut tx = self.db.write("close an organisation").await?;
        let done = hub::close(&mut tx, caller, organisation).await;
        end(tx, done).await
    }

    async fn open_party(&self, caller: &Caller, organisation: OrganisationId) -> Answer<()> {
        let mut tx = self.db.write("open an organisation").await?;
        let done = hub::open(&mut tx, caller, organisation).await;
        end(tx, done).await
    }

    async fn health(&self, caller: &Caller) -> Answer<Health> {
        let need = Some(Permission::RunHub);
        let (mut tx, _) = self.reader("read the hub's health", caller, need).await?;
        let health = hub::health(&mut tx).await;
        Ok(tx.end(health).await?)
    }

    async fn own_organisation(&self, caller: &Caller) -> Answer<OwnOrganisation> {
        let (mut tx, who) = self.reader("read an organisation", caller, None).await?;
        let own = own::read(&mut tx, who.member.organisation).await;
        Ok(tx.end(own).await?)
    }

    async fn change_organisation(
        &self,
        caller: &Caller,
        change: ChangedOrganisation,
    ) -> Answer<()> {
        let mut tx = self.db.write("change an organisation").await?;
        let done = own::change(&mut tx, caller, change).await;
        end(tx, done).await
    }

    async fn set_four_eyes(&self, caller: &Caller, actions: Vec<Action>) -> Answer<()> {
        let mut tx = self.db.write("say what needs approval").await?;
        let done = own::set_four_eyes(&mut tx, caller, &actions).await;
        end(tx, done).await
    }

    async fn listed(&self, caller: &Caller) -> Answer<Vec<ListedOrganisation>> {
        let (mut tx, _) = self.reader("read the directory", caller, None).await?;
        let all = partners::listed(&mut tx).await;
        Ok(tx.end(all).await?)
    }

    async fn partners(&self, caller: &Caller) -> Answer<Partners> {
        let need = Some(Permission::ManageOrganisation);
        let (mut tx, who) = self.reader("read the partners", caller, need).await?;
        let all = partners::all(&mut tx, who.member.organisation).await;
        Ok(tx.end(all).await?)
    }

    async fn set_takes(&self, caller: &Caller, takes: Takes) -> Answer<()> {
        let mut tx = self.db.write("say what is taken").await?;
        let done = partners::set_takes(&mut tx, caller, takes).await;
        end(tx, done).await
    }

    async fn set_partner(
        &self,
        caller: &Caller,
        sender: OrganisationId,
        takes: Option<Takes>,
    ) -> Answer<()> {
        let mut tx = self.db.write("say what is taken from a partner").await?;
        let done = partners::set(&mut tx, caller, sender, takes).await;
        end(tx, done).await
    }

    async fn units(&self, caller: &Caller) -> Answer<Vec<UnitView>> {
        let (mut tx, who) = self.reader("read the care units", caller, None).await?;
        let all = units::all(&mut tx, who.member.organisation).await;
        Ok(tx.end(all).await?)
    }

    async fn add_unit(&self, caller: &Caller, new: UnitParticulars) -> Answer<CareUnitId> {
        let mut tx = self.db.write("add a care unit").await?;
        let added = units::add(&mut tx, caller, &new).await;
        end(tx, added).await
    }

    async fn change_unit(
        &self,
        caller: &Caller,
        unit: CareUnitId,
        change: UnitParticulars,
    ) -> Answer<()> {
        let mut tx = self.db.write("change a care unit").await?;
        let done = units::change(&mut tx, caller, unit, &change).await;
        end(tx, done).await
    }

    async fn gateways(&self, caller: &Caller) -> Answer<Vec<GatewayState>> {
        let need = Some(Permission::ManageGateways);
        let (mut tx, who) = self.reader("read the gateways", caller, need).await?;
        let all = gateways::all(&mut tx, who.member.organisation).await;
        Ok(tx.end(all).await?)
    }

    async fn issue_gateway_code(
        &self,
        caller: &Caller,
        code_hash: Digest,
        expires: Timestamp,
    ) -> Answer<()> {
        let mut tx = self.db.write("keep an enrolment code").await?;
        let done = gateways::issue_code(&mut tx, caller, code_hash, expires).await;
        end(tx, done).await
    }

    async fn cut_gateway_off(
        &self,
        caller: &Caller,
        gateway: GatewayId,
        confirm: &str,
    ) -> Answer<()> {
        let mut tx = self.db.write("revoke a gateway").await?;
        let done = gateways::cut_off(&mut tx, caller, gateway, confirm).await;
        end(tx, done).await
    }

    async fn send_test(
        &self,
        caller: &Caller,
        gateway: GatewayId,
        image: TestImage,
    ) -> Answer<DeliveryId> {
        let mut tx = self.db.write("send a test image").await?;
        let sent = test_image::send(&mut tx, &self.timing, caller, gateway, image).await;
        end(tx, sent).await
    }

    async fn test_progress(&self, caller: &Caller, delivery: DeliveryId) -> Answer<TestProgress> {
        // Looked at each second: only a denial takes a transaction that writes.
        let need = Some(Permission::ManageGateways);
        let (mut tx, who) = self.reader("follow a test image", caller, need).await?;
        let found = test_image::progress(&mut tx, who.member.organisation, delivery).await;
        match tx.end(found).await? {
            test_image::Found::Ours(progress) => Ok(*progress),
            test_image::Found::Nothing => Err(Refusal::NotFound),
            test_image::Found::Others(whose) => {
                let mut tx = self.db.write("refuse to show a test image").await?;
                let refused = test_image::refuse_other(&mut tx, caller, whose).await;
                Err(tx.end(refused).await?)
            }
        }
    }
}
