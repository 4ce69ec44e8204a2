//! Who is told.

use super::news::News;
use crate::{
    database::Connection,
    fault::Fault,
    value::{from_json, id, word},
};
use bildbro_domain::{
    CareUnitId, MemberId,
    member::Notices,
    permission::{BuiltIn, Permission},
};
use std::collections::{BTreeSet, HashMap};

const ORGANISATION: &str = "SELECT name, on_call, escalate_hours FROM organisation \
     WHERE id = $1 AND active";

const MEMBERS: &str = "SELECT id, email, language, notices FROM member \
     WHERE organisation = $1 AND active ORDER BY id";

/// As they count for whoever acts (`acting`).
const ROLES: &str = "SELECT a.member, a.role, a.care_unit, r.permissions FROM assignment a \
     JOIN member m ON m.id = a.member AND m.organisation = $1 AND m.active \
     LEFT JOIN role r ON r.id = a.role AND r.active LEFT JOIN care_unit u ON u.id = a.care_unit \
     WHERE a.care_unit IS NULL OR u.active";

const ONE: &str = "SELECT m.email, m.language, m.notices FROM member m \
     JOIN organisation o ON o.id = m.organisation AND o.active WHERE m.id = $1 AND m.active";

/// An organisation that has not left, and its open accounts.
pub struct Staff {
    pub name: String,
    /// Empty: it has not said.
    pub on_call: String,
    /// 0: never.
    pub escalate_hours: i64,
    pub colleagues: Vec<Colleague>,
}

pub struct Colleague {
    pub id: MemberId,
    pub email: String,
    pub language: String,
    pub notices: Notices,
    /// Receives everywhere, or somewhere.
    everywhere: bool,
    units: Vec<CareUnitId>,
    pub manages: bool,
}

impl Colleague {
    fn receives(&self) -> bool {
        self.everywhere || !self.units.is_empty()
    }
}

impl Staff {
    /// Who is to see this: whom it was given to, if they still may; else all who
    /// receive. What was given to a unit where nobody receives is for those who do
    /// everywhere.
    pub fn see(&self, news: &News) -> Vec<&Colleague> {
        let receive = || self.colleagues.iter().filter(|who| who.receives());
        if let Some(member) = news.member
            && let Some(who) = receive().find(|who| who.id == member)
        {
            return vec![who];
        }
        if let Some(unit) = news.unit {
            let there: Vec<_> = receive().filter(|who| who.units.contains(&unit)).collect();
            if !there.is_empty() {
                return there;
            }
            let everywhere: Vec<_> = receive().filter(|who| who.everywhere).collect();
            if !everywhere.is_empty() {
                return everywhere;
            }
        }
        receive().collect()
    }
}

/// `None`: it has left the hub.
pub async fn staff(
    connection: &mut Connection,
    organisation: &str,
) -> Result<Option<Staff>, Fault> {
    let row: Option<(String, String, i64)> = sqlx::query_as(ORGANISATION)
        .bind(organisation)
        .fetch_optional(&mut *connection)
        .await?;
    let Some((name, on_call, escalate_hours)) = row else {
        return Ok(None);
    };
    let rows: Vec<(String, String, String, String)> = sqlx::query_as(MEMBERS)
        .bind(organisation)
        .fetch_all(&mut *connection)
        .await?;
    let mut colleagues = Vec::with_capacity(rows.len());
    let mut places = HashMap::with_capacity(rows.len());
    for (member, email, language, notices) in rows {
        colleagues.push(Colleague {
            id: id(&member, "member.id")?,
            email,
            language,
            notices: word(Notices::parse(&notices), "member.notices")?,
            everywhere: false,
            units: Vec::new(),
            manages: false,
        });
        places.insert(member, colleagues.len() - 1);
    }
    let rows: Vec<(String, String, Option<String>, Option<String>)> = sqlx::query_as(ROLES)
        .bind(organisation)
        .fetch_all(connection)
        .await?;
    for (member, role, unit, own) in rows {
        let who = places.get(&member).and_then(|at| colleagues.get_mut(*at));
        let Some(who) = who else {
            continue;
        };
        let permissions = permissions(&role, own.as_deref())?;
        if permissions.contains(&Permission::Receive) {
            match unit.as_deref() {
                None => who.everywhere = true,
                Some(unit) => who.units.push(id(unit, "assignment.care_unit")?),
            }
        }
        who.manages |= unit.is_none() && permissions.contains(&Permission::ManageOrganisation);
    }
    Ok(Some(Staff {
        name,
        on_call,
        escalate_hours,
        colleagues,
    }))
}

/// A role that is no longer there gives nothing.
fn permissions(role: &str, own: Option<&str>) -> Result<BTreeSet<Permission>, Fault> {
    match (BuiltIn::parse(role), own) {
        (Some(built_in), _) => Ok(built_in.permissions().iter().copied().collect()),
        (None, Some(own)) => from_json(own, "role.permissions"),
        (None, None) => Ok(BTreeSet::new()),
    }
}

/// An address and a language.
pub type Reached = (String, String);

/// A member, if their account is open and they want to be written to.
pub async fn reached(
    connection: &mut Connection,
    member: MemberId,
) -> Result<Option<Reached>, Fault> {
    let row: Option<(String, String, String)> = sqlx::query_as(ONE)
        .bind(member.to_string())
        .fetch_optional(connection)
        .await?;
    let Some((email, language, notices)) = row else {
        return Ok(None);
    };
    let notices = word(Notices::parse(&notices), "member.notices")?;
    Ok((notices != Notices::Off).then_some((email, language)))
}
