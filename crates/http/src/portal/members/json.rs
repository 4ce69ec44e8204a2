//! The messages.

use crate::{portal::refusal::Refused, problem::ProblemResponse};
use bildbro_domain::{
    CareUnitId, HsaId, Personal, patient,
    permission::{BuiltIn, Permission},
};
use bildbro_flow::ports::portal::{Refusal, members, roles};
use jiff::{Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use uuid::Uuid;

const LONGEST_NAME: usize = 200;
/// RFC 5321 4.5.3.1.3, without its brackets.
const LONGEST_ADDRESS: usize = 254;
const MOST_ASSIGNMENTS: usize = 50;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Named {
    pub id: Uuid,
    pub name: String,
}

impl From<members::NamedUnit> for Named {
    fn from(unit: members::NamedUnit) -> Self {
        Self {
            id: unit.id.0,
            name: unit.name,
        }
    }
}

/// What was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Made {
    pub id: Uuid,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    Sv,
    En,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Particulars {
    pub name: String,
    pub email: String,
    #[serde(default)]
    pub hsa_id: Option<String>,
    #[serde(default)]
    pub personal_number: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    pub name: String,
    pub email: String,
    #[serde(default)]
    pub hsa_id: Option<String>,
    #[serde(default)]
    pub personal_number: Option<String>,
    pub language: Language,
    #[serde(default)]
    pub assignments: Vec<NewAssignment>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAssignment {
    /// A built-in role's word, or the id of one's own.
    pub role: String,
    /// `null`: the whole organisation.
    #[serde(default)]
    pub unit: Option<Uuid>,
    #[serde(default)]
    pub commission: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The member's name.
    pub confirm: String,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Password,
    Factors,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    pub what: What,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Invitation {
    /// `null`: it is only sent, not told.
    pub url: Option<String>,
    pub expires_at: Timestamp,
    pub mailed: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Linked {
    pub invitation: Invitation,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct InvitedMember {
    pub member: Uuid,
    pub invitation: Invitation,
    /// Roles that a second member must approve first.
    pub approvals: Vec<Uuid>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct RoleName {
    pub word: String,
    pub name: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Assignment {
    pub id: Uuid,
    pub role: RoleName,
    pub unit: Option<Named>,
    pub commission: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct FactorCount {
    pub passkeys: u32,
    pub totp: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Member {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub hsa_id: Option<String>,
    /// Only of one member, not in lists.
    pub personal_number: Option<String>,
    pub active: bool,
    pub invited: bool,
    pub last_login: Option<Timestamp>,
    pub factors: FactorCount,
    pub assignments: Vec<Assignment>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Members {
    pub items: Vec<Member>,
    pub next: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Ground {
    pub role: String,
    pub name: String,
    pub unit: Option<Named>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Verdict {
    pub permission: String,
    pub allowed: bool,
    pub by: Vec<Ground>,
    /// Built-in roles that would give it.
    pub would: Vec<String>,
}

/// What counts for someone who acts there.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Choice {
    /// `null`: the whole organisation.
    pub unit: Option<Named>,
    pub permissions: Vec<Verdict>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Explained {
    pub member: Named,
    pub choices: Vec<Choice>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Session {
    pub id: Uuid,
    pub address: String,
    pub agent: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub unit: Option<Uuid>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Sessions {
    pub items: Vec<Session>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Role {
    /// Of a built-in role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// Of one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub name: String,
    pub built_in: bool,
    pub permissions: Vec<String>,
    pub members: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Roles {
    pub items: Vec<Role>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleDefinition {
    pub name: String,
    /// Words of permissions.
    pub permissions: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// Of the care unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Approval {
    pub id: Uuid,
    pub action: String,
    pub about: Option<Named>,
    pub summary: Summary,
    pub asked_by: Named,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
    pub state: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Approvals {
    pub items: Vec<Approval>,
}

/// A field that cannot be taken.
pub fn invalid(field: &'static str, why: &'static str) -> Refused {
    Refused::from(Refusal::Invalid { field, why })
}

/// A name of something: one line, not too long.
pub fn name(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    let good = !text.is_empty()
        && text.chars().count() <= LONGEST_NAME
        && !text.chars().any(char::is_control);
    if good {
        Ok(text.to_owned())
    } else {
        Err(invalid(
            "name",
            "A name is one line of 1 to 200 characters.",
        ))
    }
}

fn email(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    let plain =
        text.len() <= LONGEST_ADDRESS && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    match text.split_once('@') {
        Some((local, host))
            if plain && !local.is_empty() && !host.is_empty() && !host.contains('@') =>
        {
            Ok(text.to_owned())
        }
        _ => Err(invalid("email", "It is no e-mail address.")),
    }
}

/// An empty field says nothing.
fn hsa_id(text: Option<&str>, field: &'static str) -> Result<Option<HsaId>, Refused> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let read = text.map(HsaId::new).transpose();
    read.map_err(|_| invalid(field, "An HSA-id is SE, ten digits, a hyphen and a name."))
}

impl Particulars {
    pub fn read(&self, now: Timestamp) -> Result<members::Particulars, Refused> {
        let number = self.personal_number.as_deref().map(str::trim);
        let number = number.filter(|text| !text.is_empty());
        let today = now.to_zoned(TimeZone::UTC).date();
        let why = "It is no personal identity number.";
        let number = number
            .map(|text| patient::personnummer(text, today).ok_or(invalid("personal_number", why)))
            .transpose()?;
        Ok(members::Particulars {
            name: name(&self.name)?,
            email: email(&self.email)?,
            hsa_id: hsa_id(self.hsa_id.as_deref(), "hsa_id")?,
            personal_number: number.map(Personal::new),
        })
    }
}

impl NewAssignment {
    pub fn read(&self) -> Result<members::NewAssignment, Refused> {
        // Ids are written one way, so that the same role is not given twice.
        let role = match BuiltIn::parse(&self.role) {
            Some(role) => role.as_str().to_owned(),
            None => match self.role.parse::<Uuid>() {
                Ok(id) => id.to_string(),
                Err(_) => return Err(invalid("role", "There is no such role.")),
            },
        };
        Ok(members::NewAssignment {
            role,
            unit: self.unit.map(CareUnitId),
            commission: hsa_id(self.commission.as_deref(), "commission")?,
        })
    }
}

impl NewMember {
    pub fn read(self, now: Timestamp) -> Result<members::NewMember, Refused> {
        let particulars = Particulars {
            name: self.name,
            email: self.email,
            hsa_id: self.hsa_id,
            personal_number: self.personal_number,
        };
        if self.assignments.len() > MOST_ASSIGNMENTS {
            return Err(invalid("assignments", "At most 50 at a time."));
        }
        let assignments = self.assignments.iter().map(NewAssignment::read);
        Ok(members::NewMember {
            particulars: particulars.read(now)?,
            language: match self.language {
                Language::Sv => "sv".to_owned(),
                Language::En => "en".to_owned(),
            },
            assignments: assignments.collect::<Result<_, _>>()?,
        })
    }
}

impl RoleDefinition {
    pub fn read(&self) -> Result<roles::RoleDefinition, Refused> {
        let permissions: Option<BTreeSet<Permission>> = self
            .permissions
            .iter()
            .map(|word| Permission::parse(word))
            .collect();
        let why = "One of them is no permission.";
        Ok(roles::RoleDefinition {
            name: name(&self.name)?,
            permissions: permissions.ok_or_else(|| invalid("permissions", why))?,
        })
    }
}

impl From<members::MemberView> for Member {
    fn from(view: members::MemberView) -> Self {
        let assignments = view.assignments.into_iter().map(|one| Assignment {
            id: one.id.0,
            role: RoleName {
                word: one.role,
                name: one.role_name,
            },
            unit: one.unit.map(Named::from),
            commission: one.commission.map(String::from),
        });
        Self {
            id: view.id.0,
            name: view.name.reveal().to_owned(),
            email: view.email.reveal().to_owned(),
            hsa_id: view.hsa_id.map(String::from),
            personal_number: view.personal_number.map(|one| one.reveal().to_owned()),
            active: view.active,
            invited: view.invited,
            last_login: view.last_login,
            factors: FactorCount {
                passkeys: view.passkeys,
                totp: view.totp,
            },
            assignments: assignments.collect(),
        }
    }
}

impl From<members::Explained> for Explained {
    fn from(explained: members::Explained) -> Self {
        let named = |unit| {
            let found = explained.units.iter().find(|one| Some(one.id) == unit);
            found.cloned().map(Named::from)
        };
        let places = explained.units.iter().map(|unit| Some(unit.id));
        let choices = std::iter::once(None).chain(places).map(|place| Choice {
            unit: named(place),
            permissions: explained
                .all
                .iter()
                .map(|one| {
                    let counts = one
                        .by
                        .iter()
                        .filter(|g| g.unit.is_none() || g.unit == place);
                    let by: Vec<Ground> = counts
                        .map(|ground| Ground {
                            role: ground.role.clone(),
                            name: ground.name.clone(),
                            unit: named(ground.unit),
                        })
                        .collect();
                    Verdict {
                        permission: one.permission.as_str().to_owned(),
                        allowed: !by.is_empty(),
                        by,
                        would: one.would.iter().map(|r| r.as_str().to_owned()).collect(),
                    }
                })
                .collect(),
        });
        Self {
            choices: choices.collect(),
            member: Named {
                id: explained.member.0,
                name: explained.name.reveal().to_owned(),
            },
        }
    }
}

/// A query string that cannot be read.
pub fn bad_query() -> Refused {
    ProblemResponse::unreadable("The address has a parameter that cannot be read.").into()
}
