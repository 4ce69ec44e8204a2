//! Roles.

use super::json;
use crate::{
    HubState,
    message::Message,
    portal::{caller::Caller, ids::Ids, refusal::Refused},
};
use axum::{Json, extract::State, http::StatusCode};
use bildbro_domain::RoleId;

pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<json::Roles>, Refused> {
    let all = state.portal.roles(&caller).await?;
    let items = all.into_iter().map(|role| {
        let (word, id) = if role.built_in {
            (Some(role.word), None)
        } else {
            (None, Some(role.word))
        };
        json::Role {
            word,
            id,
            name: role.name,
            built_in: role.built_in,
            permissions: role
                .permissions
                .iter()
                .map(|p| p.as_str().to_owned())
                .collect(),
            members: role.members,
        }
    });
    let items = items.collect();
    Ok(Json(json::Roles { items }))
}

pub async fn define(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(new): Message<json::RoleDefinition>,
) -> Result<(StatusCode, Json<json::Made>), Refused> {
    let id = state.portal.define_role(&caller, &new.read()?).await?.0;
    Ok((StatusCode::CREATED, Json(json::Made { id })))
}

pub async fn change(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(role): Ids<RoleId>,
    Message(to): Message<json::RoleDefinition>,
) -> Result<StatusCode, Refused> {
    state.portal.change_role(&caller, role, &to.read()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn remove(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(role): Ids<RoleId>,
) -> Result<StatusCode, Refused> {
    state.portal.delete_role(&caller, role).await?;
    Ok(StatusCode::NO_CONTENT)
}
