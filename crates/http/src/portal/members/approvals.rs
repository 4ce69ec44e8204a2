//! What waits for a second member.

use super::json;
use crate::{
    HubState,
    portal::{caller::Caller, ids::Ids, refusal::Refused},
};
use axum::{Json, extract::State, http::StatusCode};
use bildbro_flow::ports::portal::approvals::{ApprovalView, NamedMember};
use uuid::Uuid;

pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<json::Approvals>, Refused> {
    let all = state.portal.approvals(&caller).await?;
    let items = all.into_iter().map(shown).collect();
    Ok(Json(json::Approvals { items }))
}

fn shown(one: ApprovalView) -> json::Approval {
    let summary = one.summary;
    json::Approval {
        id: one.id,
        action: one.action.as_str().to_owned(),
        about: one.about.map(named),
        summary: json::Summary {
            role: summary.role.map(|word| json::RoleName {
                name: summary.role_name.unwrap_or_default(),
                word,
            }),
            unit: summary.unit,
            permissions: summary.permissions,
        },
        asked_by: named(one.asked_by),
        asked_at: one.asked_at,
        expires_at: one.expires_at,
        state: one.state.as_str().to_owned(),
    }
}

fn named(member: NamedMember) -> json::Named {
    json::Named {
        id: member.id.0,
        name: member.name.reveal().to_owned(),
    }
}

pub async fn approve(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(approval): Ids<Uuid>,
) -> Result<StatusCode, Refused> {
    state.portal.approve(&caller, approval).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn refuse(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(approval): Ids<Uuid>,
) -> Result<StatusCode, Refused> {
    state.portal.refuse_approval(&caller, approval).await?;
    Ok(StatusCode::NO_CONTENT)
}
