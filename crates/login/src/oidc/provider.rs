//! One organisation's identity provider, as configured.

use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};
use zeroize::Zeroize;

/// What one must know to log in at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Our own name for it; a login begun with one ends with the same.
    pub id: String,
    /// As the provider itself writes it, to the letter.
    pub issuer: String,
    pub client_id: String,
    pub authentication: ClientAuthentication,
    /// Asked for besides `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    #[serde(default)]
    pub mapping: Mapping,
    /// Levels of assurance that are good enough, such as
    /// `http://id.elegnamnden.se/loa/1.0/loa3`. Sent as `acr_values`, best
    /// first, and an ID token with another is refused. None: all are taken.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// Whether a login there counts as two factors here.
    #[serde(default)]
    pub two_factors: bool,
    /// PEM; trusted besides the system's authorities.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
}

/// How we prove at the token endpoint that we are the client (OpenID Connect
/// Core 9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientAuthentication {
    ClientSecretBasic {
        secret: Secret,
    },
    ClientSecretPost {
        secret: Secret,
    },
    PrivateKeyJwt {
        /// PKCS#8 as PEM.
        key: Secret,
        #[serde(default)]
        kid: Option<String>,
        #[serde(default)]
        algorithm: SigningAlgorithm,
        /// Whom the assertion is for. The issuer when it is not given, as FAPI
        /// 2.0 has it; some providers want their token endpoint.
        #[serde(default)]
        audience: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    #[default]
    ES256,
    PS256,
    RS256,
}

/// A secret; prints as nothing and is wiped when let go of.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Which claims say what. Of several names the first that is there counts. A
/// name that begins with `/` is a JSON Pointer (RFC 6901) into nested claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// What an account is known by; it must not change or pass to others.
    pub subject: Vec<String>,
    pub email: Vec<String>,
    /// `given_name` and `family_name` stand in when none is there.
    pub name: Vec<String>,
    pub employee_hsa_id: Vec<String>,
    /// Twelve digits, with or without hyphen.
    pub personal_number: Vec<String>,
    pub commissions: CommissionMapping,
}

/// A commission (medarbetaruppdrag) is read from claims at the top level, which
/// have one value each, and from the members of each object in `list`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CommissionMapping {
    pub list: Vec<String>,
    pub commission_hsa_id: Vec<String>,
    pub name: Vec<String>,
    pub purpose: Vec<String>,
    pub rights: Vec<String>,
    pub care_unit_hsa_id: Vec<String>,
    pub care_provider_hsa_id: Vec<String>,
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

impl Default for Mapping {
    /// The standard claims (OpenID Connect Core 5.1), and Sweden Connect's
    /// personal identity number.
    fn default() -> Self {
        Self {
            subject: names(&["sub"]),
            email: names(&["email"]),
            name: names(&["name"]),
            employee_hsa_id: Vec::new(),
            personal_number: names(&["https://id.oidc.se/claim/personalIdentityNumber"]),
            commissions: CommissionMapping::default(),
        }
    }
}

impl Mapping {
    /// Claims of Inera's IdP, which staff with SITHS cards log in at.
    #[must_use]
    pub fn siths() -> Self {
        Self {
            employee_hsa_id: names(&["employeeHsaId"]),
            personal_number: names(&[
                "https://id.oidc.se/claim/personalIdentityNumber",
                "personalIdentityNumber",
                "credentialPersonalIdentityNumber",
            ]),
            commissions: CommissionMapping {
                list: names(&["allCommissions"]),
                commission_hsa_id: names(&["commissionHsaId"]),
                name: names(&["commissionName"]),
                purpose: names(&["commissionPurpose"]),
                rights: names(&["commissionRight"]),
                care_unit_hsa_id: names(&["healthCareUnitHsaId"]),
                care_provider_hsa_id: names(&["healthCareProviderHsaId"]),
            },
            ..Self::default()
        }
    }
}
