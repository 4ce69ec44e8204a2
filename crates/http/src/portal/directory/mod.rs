//! Organisations, care units, partners, gateways, test images.

mod events;
pub mod fields;
mod gateways;
mod hub;
mod own;
mod test_image;
mod units;

use crate::endpoints::{Caller, Endpoint, Method};
use axum::routing::{delete, get, post, put};
use bildbro_domain::{audit::Action, permission::Permission};
use schemars::JsonSchema;
use serde::Serialize;

/// A list, or a page of one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Items<T> {
    pub items: Vec<T>,
    /// What to ask for the next page with; null at the end.
    pub next: Option<String>,
}

impl<T> Items<T> {
    pub const fn all(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// That something was made.
#[derive(Debug, Serialize, JsonSchema)]
struct Made {
    id: String,
}

/// What is done with a path alone.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

const OPERATOR: Caller = Caller::Holder(Permission::RunHub);
const ORGANISATION: Caller = Caller::Holder(Permission::ManageOrganisation);
const GATEWAYS: Caller = Caller::Holder(Permission::ManageGateways);

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint::portal(
        Method::Get,
        "/api/organisations",
        OPERATOR,
        "Every organisation on the hub",
        || get(hub::list),
    )
    .answers::<Items<hub::Party>>(),
    Endpoint::act(
        Method::Post,
        "/api/organisations",
        Action::AddOrganisation,
        "Add an organisation, and invite its first administrator",
        || post(hub::add),
    )
    .takes::<hub::AddParty>()
    .answers::<hub::Added>(),
    Endpoint::act(
        Method::Post,
        "/api/organisations/{id}/close",
        Action::CloseOrganisation,
        "Close an organisation: its sessions and tokens end at once",
        || post(hub::close),
    ),
    Endpoint::act(
        Method::Post,
        "/api/organisations/{id}/open",
        Action::AddOrganisation,
        "Open an organisation that had been closed",
        || post(hub::open),
    ),
    Endpoint::portal(
        Method::Get,
        "/api/health",
        OPERATOR,
        "How the hub does; no personal data",
        || get(hub::health),
    )
    .answers::<hub::HubHealth>(),
    Endpoint::portal(
        Method::Get,
        "/api/organisation",
        Caller::Member,
        "One's own organisation",
        || get(own::read),
    )
    .answers::<own::Organisation>(),
    Endpoint::act(
        Method::Put,
        "/api/organisation",
        Action::ChangeOrganisation,
        "Change one's own organisation's particulars",
        || put(own::change),
    )
    .takes::<own::ChangeOrganisation>(),
    Endpoint::act(
        Method::Put,
        "/api/organisation/four-eyes",
        Action::ChangeFourEyes,
        "Say which acts a second member must approve",
        || put(own::four_eyes),
    )
    .takes::<own::FourEyes>(),
    Endpoint::portal(
        Method::Get,
        "/api/directory",
        Caller::Member,
        "Everyone on the hub",
        || get(own::directory),
    )
    .answers::<Items<own::Listed>>(),
    Endpoint::portal(
        Method::Get,
        "/api/partners",
        ORGANISATION,
        "What is taken from whom",
        || get(own::partners),
    )
    .answers::<own::PartnerList>(),
    Endpoint::act(
        Method::Put,
        "/api/partners",
        Action::ChangePartners,
        "Say what is taken from those that nothing is said of",
        || put(own::set_takes),
    )
    .takes::<own::SetTakes>(),
    Endpoint::act(
        Method::Put,
        "/api/partners/{organisation}",
        Action::ChangePartners,
        "Say what is taken from one organisation",
        || put(own::set_partner),
    )
    .takes::<own::SetPartner>(),
    Endpoint::portal(
        Method::Get,
        "/api/units",
        Caller::Member,
        "The organisation's care units",
        || get(units::list),
    )
    .answers::<Items<units::CareUnit>>(),
    Endpoint::act(
        Method::Post,
        "/api/units",
        Action::AddCareUnit,
        "Add a care unit",
        || post(units::add),
    )
    .takes::<units::AddCareUnit>()
    .answers::<Made>(),
    Endpoint::act(
        Method::Put,
        "/api/units/{id}",
        Action::ChangeCareUnit,
        "Change, close or open a care unit",
        || put(units::change),
    )
    .takes::<units::ChangeCareUnit>(),
    Endpoint::portal(
        Method::Get,
        "/api/gateways",
        GATEWAYS,
        "The organisation's gateways, as they are now",
        || get(gateways::list),
    )
    .answers::<Items<gateways::Gateway>>(),
    Endpoint::portal(
        Method::Get,
        "/api/gateways/events",
        GATEWAYS,
        "The same, whenever something changes (text/event-stream)",
        || get(events::events),
    ),
    Endpoint::act(
        Method::Post,
        "/api/gateways/codes",
        Action::IssueEnrolCode,
        "A code that enrols one gateway; it is shown once",
        || post(gateways::issue_code),
    )
    .takes::<Nothing>()
    .answers::<gateways::EnrolCode>(),
    Endpoint::act(
        Method::Delete,
        "/api/gateways/{id}",
        Action::RevokeGateway,
        "Revoke a gateway; `confirm` is its name",
        || delete(gateways::revoke),
    ),
    Endpoint::act(
        Method::Post,
        "/api/gateways/{id}/test",
        Action::SendTestImage,
        "Send a test image the ordinary way, to the organisation's PACS",
        || post(test_image::send),
    )
    .takes::<Nothing>()
    .answers::<test_image::TestSent>(),
    Endpoint::portal(
        Method::Get,
        "/api/tests/{delivery}",
        GATEWAYS,
        "How far a test image has come",
        || get(test_image::progress),
    )
    .answers::<test_image::Progress>(),
];
