//! What whoever runs the hub does.

use super::{
    Items,
    fields::{self, LONGEST_NAME},
};
use crate::{
    HubState,
    message::Message,
    portal::{caller::Caller, refusal::Refused},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use bildbro_domain::{Digest, organisation::Kind, share::DeliveryState};
use bildbro_flow::{
    letter::{Letter, Notice, PLACE},
    ports::portal::{
        Answer,
        directory::{FirstAdministrator, NewParty, PartyView, SealLetter},
    },
    vault::Vault,
};
use bildbro_identity::token;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How long an invitation is good.
const INVITATION: SignedDuration = SignedDuration::from_hours(24 * 7);

/// A gateway says hello every few seconds; after this it is not live.
const LIVE: SignedDuration = SignedDuration::from_secs(90);

/// Longer than a storage that is there takes to say so.
const ANSWER: Duration = Duration::from_secs(5);

/// As `Totals::deliveries` counts them.
const STATES: [DeliveryState; 6] = [
    DeliveryState::Waiting,
    DeliveryState::UnderWay,
    DeliveryState::Retrying,
    DeliveryState::Delivered,
    DeliveryState::Stopped,
    DeliveryState::Withdrawn,
];

/// An organisation on the hub.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Party {
    id: String,
    name: String,
    /// region, private_clinic, insurer, authority or other.
    kind: &'static str,
    ae_title: String,
    hsa_id: Option<String>,
    /// Organisation number, ten digits; null: not said.
    number: Option<String>,
    active: bool,
    members: u64,
    gateways: u64,
    last_image_at: Option<String>,
}

impl From<PartyView> for Party {
    fn from(view: PartyView) -> Self {
        Self {
            id: view.id.to_string(),
            name: view.name,
            kind: view.kind.as_str(),
            ae_title: view.ae_title.as_str().to_owned(),
            hsa_id: view.hsa_id.map(String::from),
            number: Some(view.number).filter(|number| !number.is_empty()),
            active: view.active,
            members: view.members,
            gateways: view.gateways,
            last_image_at: view.last_image_at.map(|at| at.to_string()),
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddParty {
    name: String,
    kind: String,
    ae_title: String,
    hsa_id: Option<String>,
    number: Option<String>,
    administrator: Administrator,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Administrator {
    name: String,
    email: String,
    /// sv or en.
    language: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Added {
    organisation: String,
    invitation: InvitationSent,
}

/// An invitation, for whoever hands it over by hand too.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InvitationSent {
    url: String,
    expires_at: String,
    /// A letter with it is on its way.
    mailed: bool,
}

/// `GET /api/organisations`
pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Items<Party>>, Refused> {
    let all = state.portal.parties(&caller).await?;
    let items = all.into_iter().map(Party::from).collect();
    Ok(Json(Items::all(items)))
}

/// `POST /api/organisations`
pub async fn add(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(new): Message<AddParty>,
) -> Result<(StatusCode, Json<Added>), Refused> {
    let token = token::generate();
    let expires = caller.at.checked_add(INVITATION).unwrap_or(caller.at);
    let url = format!("{}/invitation/{token}", state.public_url);
    let sealed = Sealed {
        vault: state.vault.clone(),
        url: url.clone(),
        token: Digest::of(token.as_bytes()),
        expires,
    };
    let new = read(new, sealed)?;
    let organisation = state.portal.add_party(&caller, new).await?;
    state.wake.all();
    let added = Added {
        organisation: organisation.to_string(),
        invitation: InvitationSent {
            url,
            expires_at: expires.to_string(),
            mailed: true,
        },
    };
    Ok((StatusCode::CREATED, Json(added)))
}

/// What an invitation is made of, beside who is invited.
struct Sealed {
    vault: Arc<Vault>,
    url: String,
    token: Digest,
    expires: Timestamp,
}

fn read(new: AddParty, sealed: Sealed) -> Answer<NewParty> {
    let name = fields::line("name", &new.name, LONGEST_NAME)?;
    let first = new.administrator;
    let language = fields::word(
        "language",
        ["sv", "en"]
            .into_iter()
            .find(|known| *known == first.language),
    )?;
    let email = fields::email("email", &first.email)?;
    let to = email.clone();
    let organisation = name.clone();
    let letter = move |invited_by: &str| {
        let letter = Letter {
            to,
            language: language.to_owned(),
            notice: Notice::Invitation {
                organisation,
                invited_by: invited_by.to_owned(),
                url: sealed.url,
                expires: sealed.expires,
            },
        };
        sealed.vault.seal(PLACE, &letter)
    };
    Ok(NewParty {
        name,
        kind: fields::word("kind", Kind::parse(&new.kind))?,
        ae_title: fields::ae_title("ae_title", &new.ae_title)?,
        hsa_id: fields::hsa_id("hsa_id", new.hsa_id.as_deref())?,
        number: fields::number("number", new.number.as_deref())?,
        administrator: FirstAdministrator {
            name: fields::line("administrator", &first.name, LONGEST_NAME)?,
            email,
            language: language.to_owned(),
            token: sealed.token,
            expires: sealed.expires,
            letter: SealLetter(Box::new(letter)),
        },
    })
}

/// `POST /api/organisations/{id}/close`
pub async fn close(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(organisation): Path<String>,
) -> Result<StatusCode, Refused> {
    let organisation = fields::id(&organisation)?;
    state.portal.close_party(&caller, organisation).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/organisations/{id}/open`
pub async fn open(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(organisation): Path<String>,
) -> Result<StatusCode, Refused> {
    let organisation = fields::id(&organisation)?;
    state.portal.open_party(&caller, organisation).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct HubHealth {
    /// `ok`: read in this very answer.
    database: &'static str,
    /// Where images are kept: `ok` or `away`.
    storage: &'static str,
    gateways: Vec<GatewayHealth>,
    deliveries: DeliveryHealth,
    audit: AuditHealth,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct GatewayHealth {
    id: String,
    organisation: String,
    name: String,
    version: String,
    live: bool,
    last_seen: Option<String>,
    waiting_images: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct DeliveryHealth {
    /// How many deliveries stand so, by state.
    #[serde(flatten)]
    states: BTreeMap<&'static str, u64>,
    pending_images: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditHealth {
    entries: u64,
    /// When the newest checkpoint was signed.
    checkpoint_at: Option<String>,
}

/// `GET /api/health`
pub async fn health(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<HubHealth>, Refused> {
    let health = state.portal.health(&caller).await?;
    let ready = tokio::time::timeout(ANSWER, state.blobs.ready()).await;
    let gateways = health.gateways.into_iter().map(|gateway| GatewayHealth {
        id: gateway.gateway.to_string(),
        organisation: gateway.organisation,
        name: gateway.name,
        version: gateway.version,
        live: gateway
            .last_seen
            .is_some_and(|seen| caller.at.duration_since(seen) < LIVE),
        last_seen: gateway.last_seen.map(|at| at.to_string()),
        waiting_images: gateway.waiting_images,
    });
    let totals = health.totals;
    Ok(Json(HubHealth {
        database: "ok",
        storage: if matches!(ready, Ok(Ok(()))) {
            "ok"
        } else {
            "away"
        },
        gateways: gateways.collect(),
        deliveries: DeliveryHealth {
            states: STATES
                .iter()
                .map(|state| state.as_str())
                .zip(totals.deliveries)
                .collect(),
            pending_images: totals.pending_images,
        },
        audit: AuditHealth {
            entries: totals.audit_entries,
            checkpoint_at: health.checkpoint_at.map(|at| at.to_string()),
        },
    }))
}
