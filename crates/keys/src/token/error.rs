//! What can go wrong with a token, and whether to try again.

use crate::secret::SecretError;
use bildbro_domain::ErrorClass;
use bildbro_seal::SealError;
use cryptoki::error::{Error, RvError};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the module {module} cannot be loaded: {source}")]
    Load {
        module: PathBuf,
        #[source]
        source: Error,
    },
    #[error("exactly one of pin_file and pin_env is needed")]
    PinPlace,
    #[error("the PIN: {0}")]
    Pin(#[from] SecretError),
    #[error("the module shows no token labelled `{0}`")]
    Away(String),
    #[error("more than one token is labelled `{0}`")]
    ManyTokens(String),
    #[error(
        "the token `{token}` refuses the PIN, which is not tried again before a restart: {source}"
    )]
    PinRefused {
        token: String,
        #[source]
        source: Error,
    },
    #[error(
        "the PIN of token `{0}` is not tried: it was refused before, or one try is left before the token locks (log in once with the maker's tool)"
    )]
    PinNotTried(String),
    #[error("the token `{token}` has no AES key labelled `{label}` that the PIN opens")]
    NoKey { token: String, label: String },
    #[error("the token `{token}` has more than one AES key labelled `{label}`")]
    ManyKeys { token: String, label: String },
    #[error("the token `{token}` has a key labelled `{label}` already")]
    KeyExists { token: String, label: String },
    #[error("the key labelled `{label}` on the token `{token}` is no AES-256 key")]
    NotAes256 { token: String, label: String },
    #[error(
        "the module does not do AES-GCM with the nonce it is given and a tag of 16 bytes, as is needed here"
    )]
    OtherGcm,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("{operation}: {source}")]
    Module {
        operation: &'static str,
        #[source]
        source: Error,
    },
    #[error("the token `{0}` does not answer")]
    Silent(String),
    #[error("the work was broken off: {0}")]
    Stopped(#[source] tokio::task::JoinError),
}

impl TokenError {
    #[must_use]
    pub const fn class(&self) -> ErrorClass {
        match self {
            Self::Away(_) | Self::Silent(_) | Self::Stopped(_) => ErrorClass::Transient,
            Self::Module { source, .. } => module_class(source),
            Self::Load { .. }
            | Self::PinPlace
            | Self::Pin(_)
            | Self::ManyTokens(_)
            | Self::PinRefused { .. }
            | Self::PinNotTried(_)
            | Self::NoKey { .. }
            | Self::ManyKeys { .. }
            | Self::KeyExists { .. }
            | Self::NotAes256 { .. }
            | Self::OtherGcm
            | Self::Seal(_) => ErrorClass::Permanent,
        }
    }
}

/// What the key, the mechanism or the module cannot do, it never can. All else
/// may be the token's state, its line or its session.
const fn module_class(error: &Error) -> ErrorClass {
    match error {
        Error::Pkcs11(
            RvError::ActionProhibited
            | RvError::ArgumentsBad
            | RvError::AttributeTypeInvalid
            | RvError::AttributeValueInvalid
            | RvError::FunctionNotSupported
            | RvError::KeyFunctionNotPermitted
            | RvError::KeySizeRange
            | RvError::KeyTypeInconsistent
            | RvError::MechanismInvalid
            | RvError::MechanismParamInvalid
            | RvError::TemplateIncomplete
            | RvError::TemplateInconsistent
            | RvError::TokenWriteProtected,
            _,
        ) => ErrorClass::Permanent,
        Error::Pkcs11(..) => ErrorClass::Transient,
        _ => ErrorClass::Permanent,
    }
}

/// Whether a login failed for the PIN, so that another try would bring the
/// token nearer to locking.
pub(super) const fn is_pin(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::PinExpired
                | RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinLocked
                | RvError::UserPinNotInitialized,
            _
        )
    )
}

/// Whether the module said that the sealed bytes, and nothing else, are wrong.
pub(super) const fn is_about_data(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::DataInvalid
                | RvError::DataLenRange
                | RvError::EncryptedDataInvalid
                | RvError::EncryptedDataLenRange,
            _
        )
    )
}
