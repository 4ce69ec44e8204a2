//! What a provider says about a person, in our own words.

use super::{
    error::{OidcError, What},
    id_token::Claims,
    provider::{CommissionMapping, Provider},
};
use bildbro_domain::Personal;
use serde_json::Value;

/// Longest text in a claim, in characters.
const LONGEST: usize = 256;

/// Longest HSA-id (Inera, HSA-id: 31 characters).
const LONGEST_HSA_ID: usize = 31;

/// Most commissions of one person.
const MOST_COMMISSIONS: usize = 200;

/// Claims about the login itself count in the signed ID token only.
const SIGNED: [&str; 9] = [
    "iss", "sub", "aud", "exp", "iat", "nonce", "acr", "amr", "azp",
];

/// Who logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// A subject means something together with its issuer only.
    pub issuer: String,
    /// May be a personal number, where the mapping says so.
    pub subject: Personal,
    /// Empty when the provider gives none.
    pub name: Personal,
    /// Not one that the provider calls unverified.
    pub email: Option<Personal>,
    pub employee_hsa_id: Option<String>,
    /// Twelve digits.
    pub personal_number: Option<Personal>,
    /// Those that may be acted in; the person may yet have to choose.
    pub commissions: Vec<Commission>,
    pub acr: Option<String>,
    pub two_factors: bool,
}

/// A commission (medarbetaruppdrag): in which someone works for a care unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    pub commission_hsa_id: String,
    pub name: Option<String>,
    /// Such as `Vård och behandling`.
    pub purpose: Option<String>,
    pub rights: Vec<String>,
    pub care_unit_hsa_id: Option<String>,
    pub care_provider_hsa_id: Option<String>,
}

/// Refuses a login whose level of assurance is not one of `accepted`, when any
/// are asked for.
pub(super) fn check_assurance(claims: &Claims, accepted: &[String]) -> Result<(), OidcError> {
    let level = claims.get("acr").and_then(Value::as_str);
    let good = accepted.is_empty() || accepted.iter().any(|one| Some(one.as_str()) == level);
    if good {
        Ok(())
    } else {
        Err(OidcError::Assurance)
    }
}

pub(super) fn identity(
    provider: &Provider,
    id_token: &Claims,
    user_info: Option<&Claims>,
) -> Result<Identity, OidcError> {
    let said = Said {
        id_token: Value::Object(id_token.clone()),
        user_info: user_info.cloned().map(Value::Object),
    };
    let mapping = &provider.mapping;
    let subject = said.text(&mapping.subject, "the subject")?;
    Ok(Identity {
        issuer: provider.issuer.clone(),
        subject: Personal::new(subject.ok_or(OidcError::Claim("the subject"))?),
        name: Personal::new(said.name(&mapping.name)?),
        email: said.email(&mapping.email)?.map(Personal::new),
        employee_hsa_id: said.hsa_id(&mapping.employee_hsa_id, "the employee's HSA-id")?,
        personal_number: said.personal_number(&mapping.personal_number)?,
        commissions: said.commissions(&mapping.commissions)?,
        acr: id_token
            .get("acr")
            .and_then(Value::as_str)
            .map(str::to_owned),
        two_factors: provider.two_factors,
    })
}

/// All that was said: the ID token first, then the user info.
struct Said {
    id_token: Value,
    user_info: Option<Value>,
}

impl Said {
    /// The first claim of these names that is there and not null.
    fn find(&self, names: &[String]) -> Option<&Value> {
        names.iter().find_map(|name| {
            let more = self.user_info.as_ref().filter(|_| {
                let top = name.trim_start_matches('/').split('/').next();
                top.is_none_or(|top| !SIGNED.contains(&top))
            });
            member(&self.id_token, name).or_else(|| more.and_then(|more| member(more, name)))
        })
    }

    fn text(&self, names: &[String], what: What) -> Result<Option<String>, OidcError> {
        self.find(names).map_or(Ok(None), |value| text(value, what))
    }

    fn hsa_id(&self, names: &[String], what: What) -> Result<Option<String>, OidcError> {
        self.find(names)
            .map_or(Ok(None), |value| hsa_id(value, what))
    }

    fn name(&self, names: &[String]) -> Result<String, OidcError> {
        let what = "the name";
        if let Some(name) = self.text(names, what)? {
            return Ok(name);
        }
        let given = self.text(&["given_name".to_owned()], what)?;
        let family = self.text(&["family_name".to_owned()], what)?;
        let parts: Vec<String> = given.into_iter().chain(family).collect();
        Ok(parts.join(" "))
    }

    fn email(&self, names: &[String]) -> Result<Option<String>, OidcError> {
        let verified = self.find(&["email_verified".to_owned()]);
        if verified.is_some_and(|verified| verified == false || verified == "false") {
            return Ok(None);
        }
        let email = self.text(names, "the e-mail address")?;
        Ok(email.filter(|email| email.contains('@')))
    }

    fn personal_number(&self, names: &[String]) -> Result<Option<Personal>, OidcError> {
        let what = "the personal number";
        let Some(number) = self.text(names, what)? else {
            return Ok(None);
        };
        let digits = match number.split_at_checked(8) {
            Some((date, rest)) => format!("{date}{}", rest.strip_prefix('-').unwrap_or(rest)),
            None => number,
        };
        if digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Some(Personal::new(digits)))
        } else {
            Err(OidcError::Claim(what))
        }
    }

    fn commissions(&self, mapping: &CommissionMapping) -> Result<Vec<Commission>, OidcError> {
        let mut all: Vec<Commission> = Vec::new();
        let mut add = |found: Option<Commission>| {
            if let Some(new) = found
                && all.len() < MOST_COMMISSIONS
                && all
                    .iter()
                    .all(|known| known.commission_hsa_id != new.commission_hsa_id)
            {
                all.push(new);
            }
        };
        add(commission(mapping, |names| self.find(names))?);
        let listed = match self.find(&mapping.list) {
            Some(Value::Array(listed)) => listed.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        for one in listed {
            let find = |names: &[String]| names.iter().find_map(|name| member(one, name));
            add(commission(mapping, find)?);
        }
        Ok(all)
    }
}

/// A commission, where there is one: without its id it is none.
fn commission<'a>(
    mapping: &CommissionMapping,
    find: impl Fn(&[String]) -> Option<&'a Value>,
) -> Result<Option<Commission>, OidcError> {
    let what = "a commission";
    let id = |names: &[String]| find(names).map_or(Ok(None), |value| hsa_id(value, what));
    let plain = |names: &[String]| find(names).map_or(Ok(None), |value| text(value, what));
    let Some(commission_hsa_id) = id(&mapping.commission_hsa_id)? else {
        return Ok(None);
    };
    let rights = match find(&mapping.rights) {
        Some(Value::Array(rights)) => rights.as_slice(),
        Some(right) => std::slice::from_ref(right),
        None => &[],
    };
    let rights = rights.iter().take(MOST_COMMISSIONS);
    let rights: Result<Vec<Option<String>>, OidcError> =
        rights.map(|right| text(right, what)).collect();
    Ok(Some(Commission {
        commission_hsa_id,
        name: plain(&mapping.name)?,
        purpose: plain(&mapping.purpose)?,
        rights: rights?.into_iter().flatten().collect(),
        care_unit_hsa_id: id(&mapping.care_unit_hsa_id)?,
        care_provider_hsa_id: id(&mapping.care_provider_hsa_id)?,
    }))
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let found = if name.starts_with('/') {
        value.pointer(name)
    } else {
        value.get(name)
    };
    found.filter(|value| !value.is_null())
}

/// One line of text; also as the only element of an array, since attributes
/// that come from SAML are many-valued. Several are not one.
fn text(value: &Value, what: What) -> Result<Option<String>, OidcError> {
    let value = match value {
        Value::Array(many) => match many.as_slice() {
            [] => return Ok(None),
            [one] => one,
            _ => return Err(OidcError::Claim(what)),
        },
        one => one,
    };
    let text = value.as_str().ok_or(OidcError::Claim(what))?.trim();
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        return Err(OidcError::Claim(what));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn hsa_id(value: &Value, what: What) -> Result<Option<String>, OidcError> {
    let Some(id) = text(value, what)? else {
        return Ok(None);
    };
    let good = id.len() <= LONGEST_HSA_ID
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if good {
        Ok(Some(id.to_ascii_uppercase()))
    } else {
        Err(OidcError::Claim(what))
    }
}

#[cfg(test)]
mod tests;
