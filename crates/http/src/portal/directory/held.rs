//! Deliveries that wait to be let in.

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
use bildbro_domain::Personal;
use bildbro_flow::ports::portal::{
    Refusal,
    directory::{HeldDelivery, NamedOrganisation},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// A page's items, when nothing is said, and at most.
const PAGE: u32 = 50;
const LONGEST_PAGE: u32 = 200;

#[derive(Debug, Serialize, JsonSchema)]
pub struct HeldItem {
    id: String,
    sender: NamedParty,
    recipient: NamedParty,
    purpose: &'static str,
    state: &'static str,
    images: u64,
    created_at: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct NamedParty {
    id: String,
    name: String,
}

impl From<NamedOrganisation> for NamedParty {
    fn from(named: NamedOrganisation) -> Self {
        Self {
            id: named.id.to_string(),
            name: named.name,
        }
    }
}

impl From<HeldDelivery> for HeldItem {
    fn from(held: HeldDelivery) -> Self {
        Self {
            id: held.id.to_string(),
            sender: held.sender.into(),
            recipient: held.recipient.into(),
            purpose: held.purpose.as_str(),
            state: held.state.as_str(),
            images: held.images,
            created_at: held.created.to_string(),
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct Asked {
    state: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineDelivery {
    reason: String,
}

/// `GET /api/deliveries?state=held`
pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<Items<HeldItem>>, Refused> {
    if asked.state.as_deref() != Some("held") {
        return Err(Refused::from(Refusal::Invalid {
            field: "state",
            why: "The list is of what is held: state=held.",
        }));
    }
    let limit = match asked.limit.as_deref().map(str::parse) {
        None => PAGE,
        Some(Ok(limit @ 1..=LONGEST_PAGE)) => limit,
        Some(_) => {
            return Err(Refused::from(Refusal::Invalid {
                field: "limit",
                why: "A page has 1 to 200 items.",
            }));
        }
    };
    let after = asked.after.as_deref();
    let page = state.portal.held_deliveries(&caller, after, limit).await?;
    Ok(Json(Items {
        items: page.items.into_iter().map(HeldItem::from).collect(),
        next: page.next,
    }))
}

/// `POST /api/deliveries/{id}/accept`
pub async fn accept(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(delivery): Path<String>,
    Message(Nothing {}): Message<Nothing>,
) -> Result<StatusCode, Refused> {
    let delivery = fields::id(&delivery)?;
    state.portal.accept_delivery(&caller, delivery).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/deliveries/{id}/decline`
pub async fn decline(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(delivery): Path<String>,
    Message(wanted): Message<DeclineDelivery>,
) -> Result<StatusCode, Refused> {
    let delivery = fields::id(&delivery)?;
    let reason = fields::lines("reason", &wanted.reason, LONGEST_REASON)?;
    if reason.is_empty() {
        return Err(Refused::from(Refusal::Invalid {
            field: "reason",
            why: "The sender is to know why: say it.",
        }));
    }
    let reason = Personal::new(reason);
    let declined = state.portal.decline_delivery(&caller, delivery, reason);
    declined.await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}
