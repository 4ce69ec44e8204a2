//! The one place where errors become HTTP answers: RFC 9457 problem details.
//!
//! Each port's error is mapped exhaustively. `type` is a stable word for
//! machines, `detail` says what to do. What a caller may not know of is
//! answered like what does not exist. Storage errors are logged here, once,
//! and never sent.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bildbro_domain::ErrorClass;
use bildbro_flow::ports::{
    StoreError,
    hub::{ClaimError, RedeemError},
};
use bildbro_wire::problem::{MEDIA_TYPE, Problem};
use serde::Serialize;
use serde_json::Value;

const PREFIX: &str = "urn:bildbro:problem:";

/// Seconds after which a transient failure is worth another try.
const RETRY_AFTER: &str = "1";

/// A request that ends in a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemResponse(pub Problem, Option<Box<Extra>>);

/// Members of a problem beside the usual ones (RFC 9457 3.2).
type Extra = serde_json::Map<String, Value>;

impl ProblemResponse {
    /// `word` is the stable end of the problem's type.
    pub fn new(status: StatusCode, word: &str, title: &str, class: ErrorClass) -> Self {
        let problem = Problem {
            kind: format!("{PREFIX}{word}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: None,
            class,
        };
        Self(problem, None)
    }

    /// The request itself is wrong: the same one will fail again.
    fn permanent(status: StatusCode, word: &str, title: &str) -> Self {
        Self::new(status, word, title, ErrorClass::Permanent)
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a member of its own.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        let extra = self.1.get_or_insert_default();
        extra.insert(member.to_owned(), value);
        self
    }

    pub fn cross_site() -> Self {
        let title = "This was not asked for by one of the portal's own pages";
        Self::permanent(StatusCode::FORBIDDEN, "cross-site", title)
            .detail("Open the portal itself and do it there.")
    }

    pub fn not_found() -> Self {
        Self::permanent(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
    }

    pub fn method_not_allowed() -> Self {
        let title = "This address does not take this method";
        Self::permanent(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title)
    }

    pub fn unauthorized() -> Self {
        let title = "A valid access token is needed";
        Self::permanent(StatusCode::UNAUTHORIZED, "unauthorized", title)
            .detail("Get a token from /oauth/token with the gateway's key. If that fails too, the gateway has been revoked: enrol it again.")
    }

    pub fn wrong_media_type(wanted: &str) -> Self {
        let title = "The body is not of the media type that this address takes";
        Self::permanent(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-media-type",
            title,
        )
        .detail(format!("Send it as {wanted}."))
    }

    pub fn too_large(most: usize) -> Self {
        Self::permanent(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "The body is too large",
        )
        .detail(format!("At most {most} bytes are taken."))
    }

    pub fn too_many(most: usize) -> Self {
        let title = "There are too many images in one message";
        Self::permanent(StatusCode::PAYLOAD_TOO_LARGE, "too-many", title).detail(format!(
            "At most {most} are taken; send the rest in the next."
        ))
    }

    /// `detail` is ours or serde's, which names fields and positions.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::permanent(
            StatusCode::BAD_REQUEST,
            "unreadable",
            "The message cannot be read",
        )
        .detail(detail)
    }

    pub fn stalled() -> Self {
        let title = "No more of the body came in time";
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "stalled",
            title,
            ErrorClass::Transient,
        )
    }

    pub fn broken_off() -> Self {
        let title = "The body broke off before its end";
        Self::new(
            StatusCode::BAD_REQUEST,
            "broken-off",
            title,
            ErrorClass::Transient,
        )
        .detail("What came whole is kept. Offer the images again.")
    }

    pub fn busy(detail: &str) -> Self {
        let title = "The hub is busy";
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            title,
            ErrorClass::Transient,
        )
        .detail(detail)
    }

    pub fn internal() -> Self {
        let title = "Something went wrong in the hub";
        Self::permanent(StatusCode::INTERNAL_SERVER_ERROR, "internal", title)
            .detail("It is in the hub's log at this time.")
    }

    pub fn not_ready() -> Self {
        let title = "The hub is not ready";
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            title,
            ErrorClass::Transient,
        )
        .detail("Its database or its image storage does not answer. It is in the hub's log.")
    }

    pub fn wrong_host() -> Self {
        let title = "The status page is reached by a local name only";
        Self::permanent(StatusCode::MISDIRECTED_REQUEST, "wrong-host", title)
            .detail("Open it as http://127.0.0.1 or http://localhost, on the hub's machine or through an SSH tunnel.")
    }
}

#[derive(Serialize)]
struct Body {
    #[serde(flatten)]
    problem: Problem,
    #[serde(flatten)]
    extra: Extra,
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = Body {
            problem: self.0,
            extra: self.1.map(|extra| *extra).unwrap_or_default(),
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
        }
        response
    }
}

impl From<StoreError> for ProblemResponse {
    fn from(error: StoreError) -> Self {
        log(&error);
        match error.class() {
            ErrorClass::Transient => Self::busy("The storage did not answer; try again."),
            ErrorClass::Ambiguous => {
                let title = "The hub cannot tell whether it was done";
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Self::new(status, "ambiguous", title, ErrorClass::Ambiguous)
                    .detail("Repeating it is safe: nothing is done twice.")
            }
            ErrorClass::Permanent => Self::internal(),
        }
    }
}

/// Storage errors in the log, with all their causes.
pub fn log(error: &StoreError) {
    let mut causes = error.source.to_string();
    let mut cause = error.source.source();
    while let Some(next) = cause {
        causes.push_str(": ");
        causes.push_str(&next.to_string());
        cause = next.source();
    }
    let operation = error.operation;
    match error.class() {
        ErrorClass::Transient => tracing::warn!(operation, causes, "storage.failed"),
        ErrorClass::Ambiguous | ErrorClass::Permanent => {
            tracing::error!(operation, causes, "storage.failed");
        }
    }
}

impl From<ClaimError> for ProblemResponse {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::NotFound => Self::not_found(),
            ClaimError::Denied(denial) if !denial.may_be_told() => Self::not_found(),
            ClaimError::Denied(denial) => {
                let title = "The images may not be released";
                Self::permanent(StatusCode::FORBIDDEN, "denied", title).detail(denial.to_string())
            }
            ClaimError::Stale => {
                let title = "This claim has ended";
                Self::permanent(StatusCode::CONFLICT, "claim-ended", title)
                    .detail("Another attempt has taken over. Ask for work again.")
            }
            ClaimError::Store(error) => error.into(),
        }
    }
}

impl From<RedeemError> for ProblemResponse {
    fn from(error: RedeemError) -> Self {
        match error {
            RedeemError::Unknown => {
                let title = "There is no such enrolment code";
                Self::permanent(StatusCode::NOT_FOUND, "no-such-code", title)
                    .detail("Check each character against the code that the hub's operator gave.")
            }
            RedeemError::Used => {
                let title = "The enrolment code has been used";
                Self::permanent(StatusCode::GONE, "code-used", title)
                    .detail("A code enrols one gateway. Ask the hub's operator for a new one.")
            }
            RedeemError::Expired => {
                let title = "The enrolment code has run out";
                Self::permanent(StatusCode::GONE, "code-expired", title)
                    .detail("Ask the hub's operator for a new one.")
            }
            RedeemError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bildbro_domain::policy::Denial;

    #[test]
    fn what_may_not_be_known_looks_like_nothing() {
        let hidden = ProblemResponse::from(ClaimError::Denied(Denial::NotRecipient));
        assert_eq!(hidden, ProblemResponse::from(ClaimError::NotFound));
        assert_eq!(hidden, ProblemResponse::not_found());
        let told = ProblemResponse::from(ClaimError::Denied(Denial::Revoked)).0;
        assert_eq!(
            (told.status, told.kind.as_str()),
            (403, "urn:bildbro:problem:denied")
        );
    }

    #[test]
    fn storage_errors_keep_their_class_and_their_words_to_themselves() {
        for (class, status) in [
            (ErrorClass::Transient, 503),
            (ErrorClass::Ambiguous, 503),
            (ErrorClass::Permanent, 500),
        ] {
            let error = StoreError {
                operation: "x",
                class,
                source: "secret".into(),
            };
            let problem = ProblemResponse::from(error).0;
            assert_eq!((problem.status, problem.class), (status, class));
            assert!(!format!("{problem:?}").contains("secret"));
        }
    }
}
