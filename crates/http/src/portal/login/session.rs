//! The session as its browser sees it; logging out; where to act.

use super::{
    super::refusal::Refused,
    browser::{self, Browser},
};
use crate::{HubState, message::Message};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bildbro_domain::{
    CareUnitId,
    member::{FactorKind, Level},
    permission::Permission,
    policy::FRESH,
};
use bildbro_flow::ports::portal::{
    Refusal,
    login::{Factor, UnitChoice, View},
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Session {
    /// none, first, setup or full.
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<MemberSeen>,
    /// The care unit acted at.
    unit: Option<Unit>,
    units: Vec<Unit>,
    whole_organisation: bool,
    must_choose_unit: bool,
    permissions: Vec<&'static str>,
    roles: Vec<String>,
    #[schemars(with = "Option<String>")]
    fresh_until: Option<Timestamp>,
    factors: Factors,
    #[schemars(with = "Option<String>")]
    idle_until: Option<Timestamp>,
    #[schemars(with = "Option<String>")]
    ends_at: Option<Timestamp>,
    passkeys_available: bool,
    means: Means,
}

#[derive(Debug, Serialize, JsonSchema)]
struct MemberSeen {
    #[schemars(with = "String")]
    id: Uuid,
    name: String,
    email: String,
    organisation: OrganisationSeen,
    language: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct OrganisationSeen {
    #[schemars(with = "String")]
    id: Uuid,
    name: String,
    kind: &'static str,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Unit {
    #[schemars(with = "String")]
    id: Uuid,
    name: String,
    hsa_id: Option<String>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct Factors {
    passkeys: usize,
    totp: bool,
    recovery_left: u64,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct Means {
    password: bool,
    /// Which identity providers there are depends on the address:
    /// `/api/login/means`.
    oidc: Vec<String>,
    bankid: bool,
}

impl From<UnitChoice> for Unit {
    fn from(unit: UnitChoice) -> Self {
        Self {
            id: unit.id.0,
            name: unit.name,
            hsa_id: unit.hsa_id.map(|id| id.to_string()),
        }
    }
}

pub fn has(factors: &[Factor], kind: FactorKind) -> impl Iterator<Item = &Factor> {
    factors.iter().filter(move |f| f.proven && f.kind == kind)
}

impl Session {
    fn none(state: &HubState) -> Self {
        Self {
            level: "none",
            passkeys_available: state.login.passkeys.is_some(),
            means: Means {
                password: true,
                oidc: Vec::new(),
                bankid: state.bankid.is_some(),
            },
            ..Self::default()
        }
    }

    fn of(state: &HubState, view: View) -> Self {
        let who = &view.who;
        let full = who.level == Level::Full;
        let counting = || who.counting().filter(|_| full);
        let held = Permission::ALL
            .iter()
            .filter(|one| full && who.holds(**one));
        let permissions: BTreeSet<_> = held.map(|permission| permission.as_str()).collect();
        let roles: BTreeSet<_> = counting().map(|a| a.role.word.clone()).collect();
        let fresh_until = who.fresh_at.checked_add(FRESH).ok();
        let units: Vec<Unit> = view.units.into_iter().map(Unit::from).collect();
        let acted_at = |unit: CareUnitId| units.iter().find(|one| one.id == unit.0).cloned();
        Self {
            level: who.level.as_str(),
            member: Some(MemberSeen {
                id: who.member.id.0,
                name: who.member.name.reveal().to_owned(),
                email: who.member.email.reveal().to_owned(),
                organisation: OrganisationSeen {
                    id: who.member.organisation.0,
                    name: view.organisation_name,
                    kind: view.kind.as_str(),
                },
                language: view.language,
            }),
            unit: who.unit.and_then(acted_at),
            whole_organisation: view.whole_organisation,
            must_choose_unit: full && view.must_choose_unit,
            permissions: permissions.into_iter().collect(),
            roles: roles.into_iter().collect(),
            fresh_until: fresh_until.filter(|_| full),
            factors: Factors {
                passkeys: has(&view.factors, FactorKind::Passkey).count(),
                totp: has(&view.factors, FactorKind::Totp).count() > 0,
                recovery_left: view.recovery_left,
            },
            idle_until: Some(view.idle_until),
            ends_at: Some(view.ends_at),
            units: if full { units } else { Vec::new() },
            ..Self::none(state)
        }
    }
}

pub async fn see(
    State(state): State<HubState>,
    browser: Browser,
) -> Result<Json<Session>, Refused> {
    match state.portal.session(&browser.caller).await {
        Ok(view) => Ok(Json(Session::of(&state, view))),
        Err(Refusal::NoSession) => Ok(Json(Session::none(&state))),
        Err(refusal) => Err(refusal.into()),
    }
}

/// The session after it was changed, under the token that it has now.
pub async fn now_of(
    state: &HubState,
    caller: &bildbro_flow::ports::portal::Caller,
) -> Result<Json<Session>, Refused> {
    let view = state.portal.session(caller).await?;
    Ok(Json(Session::of(state, view)))
}

/// Whoever is not logged in is out as well.
pub async fn log_out(State(state): State<HubState>, browser: Browser) -> Result<Response, Refused> {
    match state.portal.log_out(&browser.caller, None).await {
        Ok(()) | Err(Refusal::NoSession) => {
            let done = StatusCode::NO_CONTENT.into_response();
            Ok(browser::with(done, [browser::no_session()]))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct UnitAsk {
    /// `null`: the whole organisation.
    #[schemars(with = "Option<String>")]
    unit: Option<Uuid>,
}

pub async fn choose_unit(
    State(state): State<HubState>,
    browser: Browser,
    Message(ask): Message<UnitAsk>,
) -> Result<Json<Session>, Refused> {
    let unit = ask.unit.map(CareUnitId);
    state.portal.choose_unit(&browser.caller, unit).await?;
    now_of(&state, &browser.caller).await
}
