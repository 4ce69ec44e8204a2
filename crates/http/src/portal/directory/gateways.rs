//! An organisation's gateways.

use super::{Items, Nothing, fields};
use crate::{
    HubState,
    message::Message,
    portal::{caller::Caller, refusal::Refused},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use bildbro_domain::Digest;
use bildbro_flow::ports::portal::{self, Answer, directory::GatewayState};
use bildbro_identity::code;
use bildbro_wire::link::NodeStatus;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long an enrolment code is good.
const CODE: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Gateway {
    id: String,
    name: String,
    version: String,
    /// False: revoked.
    active: bool,
    created_at: String,
    last_seen: Option<String>,
    /// It has said something within the last 90 seconds.
    live: bool,
    waiting_images: u64,
    waiting_bytes: u64,
    /// When the hub last took an image in from the organisation.
    last_image_at: Option<String>,
    nodes: Vec<Node>,
}

#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Node {
    name: String,
    ae_title: String,
    /// Whether it answers; null: not asked yet.
    ok: Option<bool>,
    direct_waiting: u64,
    direct_failed: u64,
}

impl Gateway {
    fn of(state: GatewayState, at: Timestamp) -> Self {
        let node = |node: NodeStatus| Node {
            name: node.name,
            ae_title: node.ae_title.as_str().to_owned(),
            ok: node.answers,
            direct_waiting: node.direct_waiting,
            direct_failed: node.direct_failed,
        };
        Self {
            live: state.is_live(at),
            id: state.id.to_string(),
            name: state.name,
            version: state.version,
            active: state.active,
            created_at: state.created.to_string(),
            last_seen: state.last_seen.map(|at| at.to_string()),
            waiting_images: state.waiting_images,
            waiting_bytes: state.waiting_bytes,
            last_image_at: state.last_image_at.map(|at| at.to_string()),
            nodes: state.nodes.into_iter().map(node).collect(),
        }
    }
}

/// The gateways as they are at the caller's time.
pub async fn look(state: &HubState, caller: &portal::Caller) -> Answer<Items<Gateway>> {
    let all = state.portal.gateways(caller).await?;
    let items = all.into_iter().map(|one| Gateway::of(one, caller.at));
    Ok(Items::all(items.collect()))
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct EnrolCode {
    /// Good for one gateway, once.
    code: String,
    expires_at: String,
    /// How the gateway reaches the hub: `hub.url` in its configuration.
    hub: String,
    /// What to run on the gateway's machine, as it stands.
    command: String,
}

#[derive(Debug, Deserialize)]
pub struct Confirm {
    confirm: Option<String>,
}

/// `GET /api/gateways`
pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Items<Gateway>>, Refused> {
    Ok(Json(look(&state, &caller).await?))
}

/// `POST /api/gateways/codes`
pub async fn issue_code(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(Nothing {}): Message<Nothing>,
) -> Result<(StatusCode, Json<EnrolCode>), Refused> {
    let code = code::generate();
    let hash = Digest::of(code::normalise(&code).as_bytes());
    let expires = caller.at.checked_add(CODE).unwrap_or(caller.at);
    state
        .portal
        .issue_gateway_code(&caller, hash, expires)
        .await?;
    let issued = EnrolCode {
        command: format!(
            "bildbro gateway --config gateway.toml enrol --hub {} --code {code}",
            state.public_url
        ),
        code,
        expires_at: expires.to_string(),
        hub: state.public_url.clone(),
    };
    Ok((StatusCode::CREATED, Json(issued)))
}

/// `DELETE /api/gateways/{id}?confirm=NAME`
pub async fn revoke(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(gateway): Path<String>,
    Query(Confirm { confirm }): Query<Confirm>,
) -> Result<StatusCode, Refused> {
    let gateway = fields::id(&gateway)?;
    let confirm = confirm.unwrap_or_default();
    state
        .portal
        .cut_gateway_off(&caller, gateway, &confirm)
        .await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}
