//! Care units.

use super::{
    Items, Made,
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
use bildbro_flow::ports::portal::{
    Answer,
    directory::{UnitParticulars, UnitView},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, JsonSchema)]
pub struct CareUnit {
    id: String,
    name: String,
    hsa_id: Option<String>,
    /// What its PACS writes as Institution Name, in lower case; empty: none.
    institution: String,
    active: bool,
    members: u64,
}

impl From<UnitView> for CareUnit {
    fn from(view: UnitView) -> Self {
        Self {
            id: view.id.to_string(),
            name: view.unit.name,
            hsa_id: view.unit.hsa_id.map(String::from),
            institution: view.unit.institution,
            active: view.unit.active,
            members: view.members,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddCareUnit {
    name: String,
    hsa_id: Option<String>,
    institution: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCareUnit {
    name: String,
    hsa_id: Option<String>,
    institution: Option<String>,
    active: bool,
}

fn read(
    name: &str,
    hsa_id: Option<&str>,
    institution: Option<&str>,
    active: bool,
) -> Answer<UnitParticulars> {
    let institution = institution.unwrap_or_default();
    Ok(UnitParticulars {
        name: fields::line("name", name, LONGEST_NAME)?,
        hsa_id: fields::hsa_id("hsa_id", hsa_id)?,
        institution: fields::maybe_line("institution", institution, LONGEST_NAME)?.to_lowercase(),
        active,
    })
}

/// `GET /api/units`
pub async fn list(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Items<CareUnit>>, Refused> {
    let all = state.portal.units(&caller).await?;
    let items = all.into_iter().map(CareUnit::from).collect();
    Ok(Json(Items::all(items)))
}

/// `POST /api/units`
pub async fn add(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(new): Message<AddCareUnit>,
) -> Result<(StatusCode, Json<Made>), Refused> {
    let (hsa_id, institution) = (new.hsa_id.as_deref(), new.institution.as_deref());
    let unit = read(&new.name, hsa_id, institution, true)?;
    let unit = state.portal.add_unit(&caller, unit).await?;
    let id = unit.to_string();
    Ok((StatusCode::CREATED, Json(Made { id })))
}

/// `PUT /api/units/{id}`
pub async fn change(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(unit): Path<String>,
    Message(new): Message<ChangeCareUnit>,
) -> Result<StatusCode, Refused> {
    let unit = fields::id(&unit)?;
    let (hsa_id, institution) = (new.hsa_id.as_deref(), new.institution.as_deref());
    let change = read(&new.name, hsa_id, institution, new.active)?;
    state.portal.change_unit(&caller, unit, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
