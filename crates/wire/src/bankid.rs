//! What a relying party and BankID say to each other: requests, answers and
//! errors of the "BankID Relying Party API v6.0" (`auth`, `sign`, `collect`,
//! `cancel`), as JSON.
//!
//! New hint codes, error codes and risks come without notice, so each has a
//! variant for what is not known; it keeps the text. Only a `status` that is
//! none of the three is refused.
//!
//! What this module deliberately does not do: `phone/auth` and `phone/sign`,
//! and any checking of lengths (the caller's, and BankID's).

use bildbro_domain::Personal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, net::IpAddr};

/// The path of the API under the host, with both slashes.
pub const PATH: &str = "/rp/v6.0/";

/// The only `userVisibleDataFormat` there is.
pub const SIMPLE_MARKDOWN: &str = "simpleMarkdownV1";

/// Most characters of `userVisibleData` in `auth`, as base64.
pub const AUTH_TEXT: usize = 1_500;

/// Most characters of `userVisibleData` in `sign`, as base64.
pub const SIGN_TEXT: usize = 40_000;

/// Most characters of `userNonVisibleData`, as base64.
pub const HIDDEN_TEXT: usize = 200_000;

/// Most characters of `returnUrl`.
pub const RETURN_URL: usize = 512;

/// A token that must not reach logs; `Debug` says nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

/// The body of `auth` and of `sign`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartRequest {
    /// The citizen's address as the service sees it.
    pub end_user_ip: IpAddr,
    /// Base64 of UTF-8. Required in `sign`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_visible_data: Option<Personal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_visible_data_format: Option<String>,
    /// Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_non_visible_data: Option<Personal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_risk: Option<bool>,
    /// Either this or `app`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<Web>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<App>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<Requirement>,
}

/// Where the order comes from: a web page. For BankID's estimate of risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Web {
    pub referring_domain: String,
    pub user_agent: String,
    pub device_identifier: Personal,
}

/// Where the order comes from: the relying party's own app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct App {
    pub app_identifier: String,
    #[serde(rename = "deviceOS")]
    pub device_os: String,
    pub device_model_name: String,
    pub device_identifier: Personal,
}

/// What the identification must fulfil.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin_code: Option<bool>,
    /// An identity document is to be read as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mrtd: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_reader: Option<CardReader>,
    /// Object identifiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificate_policies: Vec<String>,
    /// 12 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_number: Option<Personal>,
    /// The most that is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardReader {
    /// The card's code is entered on a computer.
    Class1,
    /// The card's code is entered on the reader.
    Class2,
}

/// The answer to `auth` and to `sign`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartResponse {
    pub order_ref: String,
    pub auto_start_token: Secret,
    pub qr_start_token: String,
    /// Stays on the server: whoever has it can make codes.
    pub qr_start_secret: Secret,
}

/// The body of `collect` and of `cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRequest {
    pub order_ref: String,
}

/// The answer to `collect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectResponse {
    pub order_ref: String,
    #[serde(flatten)]
    pub progress: Progress,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "status",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum Progress {
    Pending {
        #[serde(default)]
        hint_code: PendingHint,
    },
    Failed {
        #[serde(default)]
        hint_code: FailedHint,
    },
    Complete {
        completion_data: Box<CompletionData>,
    },
}

/// An enum of words, of which more will come.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($variant,)*
            /// Newer than this program.
            Unknown(String),
        }

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Unknown(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$variant,)*
                    _ => Self::Unknown(word),
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Unknown(String::new())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from).map(Self::from)
            }
        }
    };
}

words! {
    /// Why an order is not at its end yet.
    PendingHint {
        OutstandingTransaction = "outstandingTransaction",
        NoClient = "noClient",
        Started = "started",
        UserMrtd = "userMrtd",
        UserCallConfirm = "userCallConfirm",
        UserSign = "userSign",
    }
}

words! {
    /// Why an order came to nothing.
    FailedHint {
        ExpiredTransaction = "expiredTransaction",
        CertificateErr = "certificateErr",
        UserCancel = "userCancel",
        Cancelled = "cancelled",
        StartFailed = "startFailed",
        UserDeclinedCall = "userDeclinedCall",
    }
}

words! {
    /// What went wrong with a request.
    ErrorCode {
        AlreadyInProgress = "alreadyInProgress",
        InvalidParameters = "invalidParameters",
        Unauthorized = "unauthorized",
        NotFound = "notFound",
        MethodNotAllowed = "methodNotAllowed",
        RequestTimeout = "requestTimeout",
        UnsupportedMediaType = "unsupportedMediaType",
        InternalError = "internalError",
        Maintenance = "maintenance",
    }
}

/// BankID's estimate of how likely a fraud is. Read in either case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Risk {
    Low,
    Moderate,
    High,
    /// Newer than this program; to be held for the highest.
    Unknown(String),
}

impl Serialize for Risk {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(match self {
            Self::Low => "LOW",
            Self::Moderate => "MODERATE",
            Self::High => "HIGH",
            Self::Unknown(word) => word,
        })
    }
}

impl<'de> Deserialize<'de> for Risk {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        Ok(match word.to_ascii_uppercase().as_str() {
            "LOW" => Self::Low,
            "MODERATE" => Self::Moderate,
            "HIGH" => Self::High,
            _ => Self::Unknown(word),
        })
    }
}

/// Who it was, and the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CompletionData {
    pub user: User,
    pub device: Device,
    /// `YYYY-MM-DD` with an offset from UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_id_issue_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_up: Option<StepUp>,
    /// Base64 of an XML signature; names the citizen.
    pub signature: Personal,
    /// Base64 of the DER.
    pub ocsp_response: Personal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// 12 digits.
    pub personal_number: Personal,
    pub name: Personal,
    pub given_name: Personal,
    pub surname: Personal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Where BankID saw the citizen's app.
    pub ip_address: Personal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uhi: Option<Personal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepUp {
    /// Whether an identity document was read.
    pub mrtd: bool,
}

/// The body of an answer with a status of 4xx or 5xx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorResponse {
    pub error_code: ErrorCode,
    /// For developers. May repeat what was sent, so it counts as personal.
    #[serde(default)]
    pub details: Personal,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json, to_value};

    #[test]
    fn what_is_new_is_kept_and_not_refused() {
        let read = |json| from_value::<CollectResponse>(json).map(|answer| answer.progress);
        assert_eq!(
            read(json!({"orderRef": "a", "status": "pending", "hintCode": "userDances", "new": 1}))
                .unwrap(),
            Progress::Pending {
                hint_code: PendingHint::Unknown("userDances".into())
            }
        );
        assert_eq!(
            read(json!({"orderRef": "a", "status": "failed", "hintCode": "startFailed"})).unwrap(),
            Progress::Failed {
                hint_code: FailedHint::StartFailed
            }
        );
        assert_eq!(
            read(json!({"orderRef": "a", "status": "failed"})).unwrap(),
            Progress::Failed {
                hint_code: FailedHint::default()
            }
        );
        assert!(read(json!({"orderRef": "a", "status": "perhaps"})).is_err());
        assert!(read(json!({"orderRef": "a", "status": "complete"})).is_err());
    }

    #[test]
    fn risk_is_read_in_either_case() {
        for (word, risk) in [
            ("low", Risk::Low),
            ("LOW", Risk::Low),
            ("Moderate", Risk::Moderate),
            ("high", Risk::High),
            ("purple", Risk::Unknown("purple".into())),
        ] {
            assert_eq!(from_value::<Risk>(json!(word)).unwrap(), risk, "{word}");
        }
    }

    #[test]
    fn a_request_has_the_documented_names_and_nothing_empty() {
        let request = StartRequest {
            end_user_ip: "192.0.2.7".parse().unwrap(),
            user_visible_data: None,
            user_visible_data_format: None,
            user_non_visible_data: None,
            return_url: Some("https://portal.example/back".into()),
            return_risk: Some(true),
            web: Some(Web {
                referring_domain: "portal.example".into(),
                user_agent: "Browser".into(),
                device_identifier: Personal::new("d"),
            }),
            app: None,
            requirement: Some(Requirement {
                card_reader: Some(CardReader::Class2),
                personal_number: Some(Personal::new("191212121212")),
                risk: Some(Risk::Moderate),
                ..Requirement::default()
            }),
        };
        assert_eq!(
            to_value(&request).unwrap(),
            json!({
                "endUserIp": "192.0.2.7",
                "returnUrl": "https://portal.example/back",
                "returnRisk": true,
                "web": {
                    "referringDomain": "portal.example",
                    "userAgent": "Browser",
                    "deviceIdentifier": "d"
                },
                "requirement": {
                    "cardReader": "class2",
                    "personalNumber": "191212121212",
                    "risk": "MODERATE"
                }
            })
        );
        assert!(!format!("{request:?}").contains("191212121212"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let answer: StartResponse = from_value(json!({
            "orderRef": "r", "autoStartToken": "starts", "qrStartToken": "q",
            "qrStartSecret": "hidden"
        }))
        .unwrap();
        let printed = format!("{answer:?}");
        assert!(
            !printed.contains("starts") && !printed.contains("hidden"),
            "{printed}"
        );
    }
}
