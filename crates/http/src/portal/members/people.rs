//! Members.

use super::{
    json::{self, bad_query},
    links::{invitation, link, seal, way_back},
};
use crate::{
    HubState,
    message::Message,
    portal::{caller::Caller, ids::Ids, refusal::Refused},
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use bildbro_domain::{AssignmentId, MemberId};
use bildbro_flow::ports::portal::members::{MemberQuery, Reset};
use serde::Deserialize;

/// Items of a page, when nothing is said.
const PAGE: u32 = 50;
const MOST: u32 = 200;

#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    search: String,
    active: Option<bool>,
    after: Option<MemberId>,
    limit: Option<u32>,
}

pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
    search: Result<Query<Search>, QueryRejection>,
) -> Result<Json<json::Members>, Refused> {
    let Query(search) = search.map_err(|_| bad_query())?;
    let query = MemberQuery {
        search: search.search,
        active: search.active,
        after: search.after,
        limit: search.limit.unwrap_or(PAGE).clamp(1, MOST),
    };
    let page = state.portal.members(&caller, &query).await?;
    let mut items: Vec<json::Member> = page.items.into_iter().map(Into::into).collect();
    for member in &mut items {
        member.personal_number = None;
    }
    let next = page.next;
    Ok(Json(json::Members { items, next }))
}

pub async fn one(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(member): Ids<MemberId>,
) -> Result<Json<json::Member>, Refused> {
    Ok(Json(state.portal.member(&caller, member).await?.into()))
}

pub async fn invite(
    State(state): State<HubState>,
    caller: Caller,
    Message(new): Message<json::NewMember>,
) -> Result<(StatusCode, Json<json::InvitedMember>), Refused> {
    let new = new.read(caller.0.at)?;
    let link = link(&state, &caller);
    let seal = seal(&state);
    let seal: Option<&(dyn Fn(&_) -> String + Send + Sync)> = state.post.then_some(&seal);
    let invited = state.portal.invite(&caller.0, &new, &link, seal).await?;
    let body = json::InvitedMember {
        member: invited.member.0,
        invitation: invitation(&state, &link),
        approvals: invited.approvals,
    };
    Ok((StatusCode::CREATED, Json(body)))
}

pub async fn invite_again(
    State(state): State<HubState>,
    caller: Caller,
    Ids(member): Ids<MemberId>,
) -> Result<Json<json::Linked>, Refused> {
    let link = link(&state, &caller);
    let seal = seal(&state);
    let seal: Option<&(dyn Fn(&_) -> String + Send + Sync)> = state.post.then_some(&seal);
    let done = state.portal.invite_again(&caller.0, member, &link, seal);
    done.await?;
    let invitation = invitation(&state, &link);
    Ok(Json(json::Linked { invitation }))
}

pub async fn reset(
    State(state): State<HubState>,
    caller: Caller,
    Ids(member): Ids<MemberId>,
    Message(asked): Message<json::Reset>,
) -> Result<Json<json::Linked>, Refused> {
    let what = match asked.what {
        json::What::Password => Reset::Password,
        json::What::Factors => Reset::Factors,
    };
    let link = link(&state, &caller);
    let seal = seal(&state);
    let seal: Option<&(dyn Fn(&_) -> String + Send + Sync)> = state.post.then_some(&seal);
    let portal = &state.portal;
    portal
        .reset_member(&caller.0, member, what, &link, seal)
        .await?;
    let invitation = way_back(&state, &link);
    Ok(Json(json::Linked { invitation }))
}

pub async fn change(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(member): Ids<MemberId>,
    Message(to): Message<json::Particulars>,
) -> Result<StatusCode, Refused> {
    let to = to.read(caller.at)?;
    state.portal.change_member(&caller, member, &to).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn close(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(member): Ids<MemberId>,
    Message(body): Message<json::Confirm>,
) -> Result<StatusCode, Refused> {
    let done = state.portal.close_member(&caller, member, &body.confirm);
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn open(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(member): Ids<MemberId>,
) -> Result<StatusCode, Refused> {
    state.portal.open_member(&caller, member).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn grant(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(member): Ids<MemberId>,
    Message(new): Message<json::NewAssignment>,
) -> Result<(StatusCode, Json<json::Made>), Refused> {
    let new = new.read()?;
    let granted = state.portal.grant_role(&caller, member, &new).await?;
    let id = granted.0;
    Ok((StatusCode::CREATED, Json(json::Made { id })))
}

pub async fn withdraw(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids((member, assignment)): Ids<(MemberId, AssignmentId)>,
) -> Result<StatusCode, Refused> {
    let done = state.portal.withdraw_role(&caller, member, assignment);
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn explain(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(member): Ids<MemberId>,
) -> Result<Json<json::Explained>, Refused> {
    let explained = state.portal.explain_member(&caller, member).await?;
    Ok(Json(explained.into()))
}

pub async fn sessions(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(member): Ids<MemberId>,
) -> Result<Json<json::Sessions>, Refused> {
    let all = state.portal.member_sessions(&caller, member).await?;
    let items = all.into_iter().map(|one| json::Session {
        id: one.id.0,
        address: one.address,
        agent: one.agent,
        created_at: one.created,
        seen_at: one.seen,
        unit: one.unit.map(|unit| unit.0),
    });
    let items = items.collect();
    Ok(Json(json::Sessions { items }))
}

pub async fn end_sessions(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Ids(member): Ids<MemberId>,
) -> Result<StatusCode, Refused> {
    state.portal.end_member_sessions(&caller, member).await?;
    Ok(StatusCode::NO_CONTENT)
}
