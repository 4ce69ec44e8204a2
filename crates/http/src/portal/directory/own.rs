//! One's own organisation, the others, and what is taken from them.

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
use bildbro_domain::{audit::Action, organisation::Takes};
use bildbro_flow::ports::portal::{
    Answer, Refusal,
    directory::{ChangedOrganisation, OwnOrganisation},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest postal address, in characters.
const LONGEST_POSTAL: usize = 500;

/// Hours that something may lie unopened at most: thirty days.
const LONGEST_UNOPENED: u16 = 720;

/// What a second member can be asked to approve.
const FOUR_EYES: [Action; 4] = [
    Action::GrantRole,
    Action::CloseMember,
    Action::ExtractAudit,
    Action::LiftBlock,
];

#[derive(Debug, Serialize, JsonSchema)]
pub struct Organisation {
    id: String,
    name: String,
    kind: &'static str,
    ae_title: String,
    hsa_id: Option<String>,
    number: Option<String>,
    postal: String,
    /// E-mail of whoever is on call.
    on_call: String,
    /// open, hold or closed.
    takes: &'static str,
    /// Acts that a second member must approve.
    four_eyes: Vec<&'static str>,
    /// Whether patients' extracts name who looked.
    names_staff: bool,
    /// Hours that what has come may lie unopened before that is told; 0: never.
    escalate_hours: u16,
}

impl From<OwnOrganisation> for Organisation {
    fn from(own: OwnOrganisation) -> Self {
        Self {
            id: own.id.to_string(),
            name: own.name,
            kind: own.kind.as_str(),
            ae_title: own.ae_title.as_str().to_owned(),
            hsa_id: own.hsa_id.map(String::from),
            number: Some(own.number).filter(|number| !number.is_empty()),
            postal: own.postal,
            on_call: own.on_call,
            takes: own.takes.as_str(),
            four_eyes: own.four_eyes.iter().map(|action| action.as_str()).collect(),
            names_staff: own.names_staff,
            escalate_hours: own.escalate_hours,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeOrganisation {
    name: String,
    hsa_id: Option<String>,
    number: Option<String>,
    postal: String,
    /// Empty: nobody.
    on_call: String,
    names_staff: bool,
    /// 0 to 720; 0: never.
    escalate_hours: u16,
}

impl ChangeOrganisation {
    fn read(self) -> Answer<ChangedOrganisation> {
        let on_call = self.on_call.trim();
        if self.escalate_hours > LONGEST_UNOPENED {
            return Err(Refusal::Invalid {
                field: "escalate_hours",
                why: "It is at most 720.",
            });
        }
        Ok(ChangedOrganisation {
            name: fields::line("name", &self.name, LONGEST_NAME)?,
            hsa_id: fields::hsa_id("hsa_id", self.hsa_id.as_deref())?,
            number: fields::number("number", self.number.as_deref())?,
            postal: fields::lines("postal", &self.postal, LONGEST_POSTAL)?,
            on_call: if on_call.is_empty() {
                String::new()
            } else {
                fields::email("on_call", on_call)?
            },
            names_staff: self.names_staff,
            escalate_hours: self.escalate_hours,
        })
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FourEyes {
    /// Of grant_role, close_member, extract_audit, lift_block.
    actions: Vec<String>,
}

/// An organisation on the hub, as everyone sees it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listed {
    id: String,
    name: String,
    kind: &'static str,
    ae_title: String,
    hsa_id: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct PartnerList {
    /// From those that nothing is said of: open, hold or closed.
    takes: &'static str,
    items: Vec<Partner>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Partner {
    organisation: PartnerName,
    /// Null: as from everyone.
    takes: Option<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct PartnerName {
    id: String,
    name: String,
    kind: &'static str,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTakes {
    takes: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPartner {
    /// Null: as from everyone.
    takes: Option<String>,
}

/// `GET /api/organisation`
pub async fn read(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Organisation>, Refused> {
    let own = state.portal.own_organisation(&caller).await?;
    Ok(Json(own.into()))
}

/// `PUT /api/organisation`
pub async fn change(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(change): Message<ChangeOrganisation>,
) -> Result<StatusCode, Refused> {
    let change = change.read()?;
    state.portal.change_organisation(&caller, change).await?;
    state.wake.all();
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/organisation/four-eyes`
pub async fn four_eyes(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(wanted): Message<FourEyes>,
) -> Result<StatusCode, Refused> {
    let known = |word: &String| Action::parse(word).filter(|action| FOUR_EYES.contains(action));
    let actions = wanted
        .actions
        .iter()
        .map(|word| fields::word("actions", known(word)));
    let mut actions = actions.collect::<Answer<Vec<Action>>>()?;
    actions.sort_unstable();
    actions.dedup();
    state.portal.set_four_eyes(&caller, actions).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/directory`
pub async fn directory(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<Items<Listed>>, Refused> {
    let all = state.portal.listed(&caller).await?;
    let items = all.into_iter().map(|one| Listed {
        id: one.id.to_string(),
        name: one.name,
        kind: one.kind.as_str(),
        ae_title: one.ae_title.as_str().to_owned(),
        hsa_id: one.hsa_id.map(String::from),
    });
    Ok(Json(Items::all(items.collect())))
}

/// `GET /api/partners`
pub async fn partners(
    State(state): State<HubState>,
    Caller(caller): Caller,
) -> Result<Json<PartnerList>, Refused> {
    let partners = state.portal.partners(&caller).await?;
    let items = partners.partners.into_iter().map(|partner| Partner {
        organisation: PartnerName {
            id: partner.id.to_string(),
            name: partner.name,
            kind: partner.kind.as_str(),
        },
        takes: partner.takes.map(Takes::as_str),
    });
    Ok(Json(PartnerList {
        takes: partners.takes.as_str(),
        items: items.collect(),
    }))
}

/// `PUT /api/partners`
pub async fn set_takes(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Message(wanted): Message<SetTakes>,
) -> Result<StatusCode, Refused> {
    let takes = fields::word("takes", Takes::parse(&wanted.takes))?;
    state.portal.set_takes(&caller, takes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/partners/{organisation}`
pub async fn set_partner(
    State(state): State<HubState>,
    Caller(caller): Caller,
    Path(sender): Path<String>,
    Message(wanted): Message<SetPartner>,
) -> Result<StatusCode, Refused> {
    let sender = fields::id(&sender)?;
    let takes = wanted.takes.as_deref();
    let takes = takes.map(|word| fields::word("takes", Takes::parse(word)));
    let takes = takes.transpose()?;
    state.portal.set_partner(&caller, sender, takes).await?;
    Ok(StatusCode::NO_CONTENT)
}
