//! How asking BankID fails, and whether asking again is of use.

use bildbro_domain::{ErrorClass, Personal};
use bildbro_wire::bankid::{ErrorCode, ErrorResponse};
use reqwest::StatusCode;
use std::{error::Error, io};

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error("BankID's address `{0}` is not an https address")]
    Endpoint(String),
    #[error("the PKCS#12 file cannot be read: wrong password, or not PKCS#12")]
    Pkcs12(#[source] p12_keystore::error::Error),
    #[error("the PKCS#12 file holds no private key with its certificate")]
    Pkcs12Empty,
    #[error("the certificate is not PEM")]
    Certificate,
    #[error("the private key is not an unencrypted PEM key")]
    Key,
    #[error("certificate and private key cannot be used together")]
    Pair(#[source] rustls::Error),
    #[error("BankID's authority is not a PEM certificate")]
    Authority,
    #[error("this build's TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// How a request failed.
#[derive(Debug, thiserror::Error)]
pub enum BankIdError {
    /// The other order has been stopped as well; a new one can be started.
    #[error("BankID: an order for this person was under way")]
    AlreadyInProgress,
    /// Also what `collect` and `cancel` answer for an order that is unknown,
    /// too old, or whose end has been collected.
    #[error("BankID: a parameter is not valid")]
    InvalidParameters {
        /// BankID's words. May repeat what was sent.
        details: Personal,
    },
    #[error("BankID: the relying party has no access")]
    Unauthorized,
    #[error("BankID: no such endpoint")]
    NotFound,
    #[error("BankID: the method is not allowed")]
    MethodNotAllowed,
    #[error("BankID: the media type is not supported")]
    UnsupportedMediaType,
    #[error("BankID: sending the request took too long")]
    RequestTimeout,
    #[error("BankID: internal error")]
    Internal,
    #[error("BankID: closed for maintenance")]
    Maintenance,
    /// An error code that this program does not know, or none.
    #[error("BankID: unknown error with status {status}")]
    Unknown { status: u16, code: ErrorCode },
    #[error("BankID cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The answering server is not BankID's.
    #[error("the server's certificate is not from BankID's authority")]
    Untrusted(#[source] reqwest::Error),
    #[error("BankID refuses the relying party's certificate")]
    IdentityRefused(#[source] reqwest::Error),
    #[error("BankID did not answer in time")]
    TimedOut(#[source] reqwest::Error),
    #[error("BankID's answer cannot be understood")]
    Answer,
    #[error("BankID's answer is too large")]
    Oversized,
    /// Not sent: the text is longer than BankID takes.
    #[error("the text is empty or too long for BankID")]
    Text,
    /// Not sent: the return address is longer than BankID takes.
    #[error("the return address is empty or too long for BankID")]
    ReturnUrl,
}

impl BankIdError {
    /// Transient: a new order, or the same question, may succeed soon.
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::AlreadyInProgress
            | Self::RequestTimeout
            | Self::Internal
            | Self::Maintenance
            | Self::Unreachable(_)
            | Self::TimedOut(_) => ErrorClass::Transient,
            Self::Unknown { status, .. } if *status >= 500 || *status == 429 => {
                ErrorClass::Transient
            }
            Self::InvalidParameters { .. }
            | Self::Unauthorized
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::UnsupportedMediaType
            | Self::Unknown { .. }
            | Self::Untrusted(_)
            | Self::IdentityRefused(_)
            | Self::Answer
            | Self::Oversized
            | Self::Text
            | Self::ReturnUrl => ErrorClass::Permanent,
        }
    }

    /// From an answer that is no success. A proxy on the way may answer with
    /// a page of its own, so the status counts when the body says nothing.
    pub(super) fn answered(status: StatusCode, body: &[u8]) -> Self {
        let Ok(ErrorResponse {
            error_code,
            details,
        }) = serde_json::from_slice(body)
        else {
            return Self::by_status(status);
        };
        match error_code {
            ErrorCode::AlreadyInProgress => Self::AlreadyInProgress,
            ErrorCode::InvalidParameters => Self::InvalidParameters { details },
            ErrorCode::Unauthorized => Self::Unauthorized,
            ErrorCode::NotFound => Self::NotFound,
            ErrorCode::MethodNotAllowed => Self::MethodNotAllowed,
            ErrorCode::RequestTimeout => Self::RequestTimeout,
            ErrorCode::UnsupportedMediaType => Self::UnsupportedMediaType,
            ErrorCode::InternalError => Self::Internal,
            ErrorCode::Maintenance => Self::Maintenance,
            code @ ErrorCode::Unknown(_) => Self::Unknown {
                status: status.as_u16(),
                code,
            },
        }
    }

    fn by_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Unauthorized,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Maintenance,
            status => Self::Unknown {
                status: status.as_u16(),
                code: ErrorCode::default(),
            },
        }
    }

    /// From a request that got no answer.
    pub(super) fn unanswered(error: reqwest::Error) -> Self {
        let error = error.without_url();
        match tls_cause(&error) {
            Some(rustls::Error::InvalidCertificate(_)) => return Self::Untrusted(error),
            Some(rustls::Error::AlertReceived(_)) => return Self::IdentityRefused(error),
            _ => {}
        }
        if error.is_timeout() {
            Self::TimedOut(error)
        } else {
            Self::Unreachable(error)
        }
    }
}

/// rustls' own error, which travels inside I/O errors: those give what they
/// hold by `get_ref`, not by `source`.
fn tls_cause(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref() {
            return Some(tls);
        }
        let held = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .map(|held| held as &(dyn Error + 'static));
        cause = held.or_else(|| error.source());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_becomes_its_error() {
        let answered = |status: u16, body: &str| {
            BankIdError::answered(StatusCode::from_u16(status).unwrap(), body.as_bytes())
        };
        let error = answered(
            400,
            r#"{"errorCode":"invalidParameters","details":"no 191212121212"}"#,
        );
        assert!(
            matches!(&error, BankIdError::InvalidParameters { details } if details.reveal() == "no 191212121212")
        );
        assert!(!format!("{error:?} {error}").contains("1912"));
        assert_eq!(error.class(), ErrorClass::Permanent);
        assert!(matches!(
            answered(400, r#"{"errorCode":"alreadyInProgress"}"#),
            BankIdError::AlreadyInProgress
        ));
        let news = answered(400, r#"{"errorCode":"tooEarly","details":""}"#);
        assert!(
            matches!(&news, BankIdError::Unknown { code: ErrorCode::Unknown(code), .. } if code == "tooEarly")
        );
        assert_eq!(news.class(), ErrorClass::Permanent);
        let page = answered(503, "<h1>Service Unavailable</h1>");
        assert!(matches!(page, BankIdError::Maintenance));
        assert_eq!(answered(502, "").class(), ErrorClass::Transient);
    }
}
