//! Organisations, care units, partners, gateways, test images.
//!
//! What a method takes has been checked for its form; what it may clash with is
//! for the database. What is another organisation's is not found.

mod gateways;
mod hub;
mod own;

pub use gateways::{GatewayState, TestImage, TestProgress};
pub use hub::{FirstAdministrator, Health, NewParty, PartyView, SealLetter};
pub use own::{
    ChangedOrganisation, ListedOrganisation, OwnOrganisation, PartnerView, Partners,
    UnitParticulars, UnitView,
};

use super::{Answer, Caller};
use async_trait::async_trait;
use bildbro_domain::{
    CareUnitId, DeliveryId, Digest, GatewayId, OrganisationId, audit::Action, organisation::Takes,
};
use jiff::Timestamp;

#[async_trait]
pub trait Directory: Send + Sync + 'static {
    // Whoever runs the hub.

    /// Every organisation on the hub.
    async fn parties(&self, caller: &Caller) -> Answer<Vec<PartyView>>;
    /// Adds an organisation, its first administrator, and an invitation to them
    /// with its letter: all of it or nothing. `Taken`: `name`, `ae_title`,
    /// `hsa_id` or `email`.
    async fn add_party(&self, caller: &Caller, new: NewParty) -> Answer<OrganisationId>;
    /// Its members' sessions and its machines' tokens end at once; deliveries to
    /// and from it are denied from now on. `Over` when it is closed already;
    /// one's own cannot be.
    async fn close_party(&self, caller: &Caller, organisation: OrganisationId) -> Answer<()>;
    /// `Over` when it is open already.
    async fn open_party(&self, caller: &Caller, organisation: OrganisationId) -> Answer<()>;
    /// How the hub does. No personal data.
    async fn health(&self, caller: &Caller) -> Answer<Health>;

    // One's own organisation.

    async fn own_organisation(&self, caller: &Caller) -> Answer<OwnOrganisation>;
    /// `Taken`: `name` or `hsa_id`.
    async fn change_organisation(&self, caller: &Caller, change: ChangedOrganisation)
    -> Answer<()>;
    /// Which acts a second member must approve from now on.
    async fn set_four_eyes(&self, caller: &Caller, actions: Vec<Action>) -> Answer<()>;
    /// Everyone on the hub who has not left.
    async fn listed(&self, caller: &Caller) -> Answer<Vec<ListedOrganisation>>;
    async fn partners(&self, caller: &Caller) -> Answer<Partners>;
    /// What is taken from those that nothing is said of.
    async fn set_takes(&self, caller: &Caller, takes: Takes) -> Answer<()>;
    /// What is taken from one sender; `None`: as from everyone. What is held
    /// already stays so until someone lets it in.
    async fn set_partner(
        &self,
        caller: &Caller,
        sender: OrganisationId,
        takes: Option<Takes>,
    ) -> Answer<()>;
    async fn units(&self, caller: &Caller) -> Answer<Vec<UnitView>>;
    /// `Taken`: `name`, `hsa_id`, `institution`.
    async fn add_unit(&self, caller: &Caller, new: UnitParticulars) -> Answer<CareUnitId>;
    async fn change_unit(
        &self,
        caller: &Caller,
        unit: CareUnitId,
        change: UnitParticulars,
    ) -> Answer<()>;

    // Gateways.

    async fn gateways(&self, caller: &Caller) -> Answer<Vec<GatewayState>>;
    /// Keeps the hash of a code that enrols one gateway.
    async fn issue_gateway_code(
        &self,
        caller: &Caller,
        code_hash: Digest,
        expires: Timestamp,
    ) -> Answer<()>;
    /// Cuts a gateway off. `confirm` is its name, so that it is no other one.
    async fn cut_gateway_off(
        &self,
        caller: &Caller,
        gateway: GatewayId,
        confirm: &str,
    ) -> Answer<()>;
    /// Takes a test image in and puts it on the queue of the gateway's
    /// organisation: from there on it goes as any other image does.
    async fn send_test(
        &self,
        caller: &Caller,
        gateway: GatewayId,
        image: TestImage,
    ) -> Answer<DeliveryId>;
    async fn test_progress(&self, caller: &Caller, delivery: DeliveryId) -> Answer<TestProgress>;
}
