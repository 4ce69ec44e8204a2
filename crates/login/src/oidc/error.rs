//! What goes wrong at login. Nothing of the person or of a token is in it.

/// Which of a provider's answers it was about.
pub(super) type What = &'static str;

#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    #[error("the provider's {0} is no https address that may be called")]
    Address(What),
    #[error("the file with the provider's certificate authorities cannot be read")]
    AuthorityFile(#[source] std::io::Error),
    #[error("the file with the provider's certificate authorities holds no certificate as PEM")]
    Authority,
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
    #[error("the key that we sign with at the provider cannot be used")]
    SigningKey,
    #[error("the provider's {0} cannot be had")]
    Unreachable(What, #[source] reqwest::Error),
    #[error("the provider answered {1} for its {0}")]
    Status(What, u16),
    #[error("the provider's {0} is too long")]
    TooLong(What),
    #[error("the provider's {0} cannot be understood")]
    Unreadable(What),
    #[error("the discovery document is another issuer's")]
    OtherIssuer,
    #[error("the page to go to after login is not on this site")]
    ReturnTo,
    #[error("the login was begun with another provider")]
    OtherProvider,
    #[error("the login took too long")]
    Expired,
    #[error("the answer's state is not that of the login in this browser")]
    State,
    #[error("the answer names another issuer, or none (RFC 9207)")]
    AnswerIssuer,
    #[error("the provider refused: {0}")]
    Refused(String),
    #[error("the answer has no code")]
    NoCode,
    #[error("the provider did not take the code: {0}")]
    Exchange(String),
    #[error("the ID token does not hold: {0}")]
    IdToken(#[from] IdTokenError),
    #[error("the level of assurance (acr) is not one that is accepted")]
    Assurance,
    #[error("the user info is another person's")]
    OtherSubject,
    #[error("the claim for {0} is missing or malformed")]
    Claim(What),
}

impl OidcError {
    /// Whether it may go well a little later, with nothing changed here.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(..) => true,
            Self::Status(_, status) => *status >= 500 || *status == 429,
            Self::Refused(code) => code == "temporarily_unavailable" || code == "server_error",
            _ => false,
        }
    }
}

/// What does not hold in an ID token (OpenID Connect Core 3.1.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    #[error("it is no JWT, or too long")]
    Form,
    #[error("it is not signed with RS256, PS256 or ES256")]
    Algorithm,
    #[error("the provider has no key for it")]
    Key,
    #[error("its signature is wrong")]
    Signature,
    #[error("it is another issuer's")]
    Issuer,
    #[error("it is for another client")]
    Audience,
    #[error("it is over, or from another time")]
    Life,
    #[error("its nonce is not that of this login")]
    Nonce,
    #[error("it belongs to another access token")]
    AccessToken,
    #[error("it has no proper subject")]
    Subject,
}

/// An error code of the provider's (RFC 6749 4.1.2.1, 5.2), fit for a log.
pub(super) fn code(text: &str) -> String {
    let plain = (1..=60).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if plain { text } else { "an unreadable error" }.to_owned()
}
