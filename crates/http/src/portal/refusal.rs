//! What a use-case of the portal refuses, as an HTTP answer.

use crate::problem::ProblemResponse;
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bildbro_domain::{
    ErrorClass,
    permission::{BuiltIn, Permission},
    policy::Denial,
};
use bildbro_flow::ports::portal::Refusal;
use serde_json::json;

/// A portal handler's error.
pub struct Refused(Box<Response>);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(Box::new(respond(refusal)))
    }
}

impl From<ProblemResponse> for Refused {
    fn from(problem: ProblemResponse) -> Self {
        Self(Box::new(problem.into_response()))
    }
}

impl From<Response> for Refused {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}

fn respond(refusal: Refusal) -> Response {
    let permanent = |status, word, title: &str| {
        ProblemResponse::new(status, word, title, ErrorClass::Permanent)
    };
    match refusal {
        Refusal::NoSession => permanent(
            StatusCode::UNAUTHORIZED,
            "not-logged-in",
            "You are not logged in",
        )
        .into_response(),
        Refusal::Denied { denial, would } => denied(denial, &would),
        Refusal::NotFound => ProblemResponse::not_found().into_response(),
        Refusal::Taken(field) => permanent(StatusCode::CONFLICT, "taken", "It is taken already")
            .with("field", field.into())
            .into_response(),
        Refusal::InUse(what) => permanent(StatusCode::CONFLICT, "in-use", "It is in use")
            .with("field", what.into())
            .into_response(),
        Refusal::Invalid { field, why } => permanent(
            StatusCode::BAD_REQUEST,
            "unreadable",
            "What was given cannot be taken",
        )
        .detail(why)
        .with("field", field.into())
        .into_response(),
        Refusal::Over(word @ ("used" | "expired")) => {
            permanent(StatusCode::GONE, word, "It can no longer be used").into_response()
        }
        Refusal::Over(why) => permanent(StatusCode::GONE, "over", "It can no longer be done")
            .detail(why)
            .into_response(),
        Refusal::LastAdministrator => permanent(
            StatusCode::CONFLICT,
            "last-administrator",
            "It is the organisation's last administrator",
        )
        .detail("Make someone else an administrator first.")
        .into_response(),
        Refusal::LastFactor => permanent(
            StatusCode::CONFLICT,
            "last-factor",
            "It is the only second factor",
        )
        .detail("Add another first.")
        .into_response(),
        Refusal::ApprovalAsked(approval) => (
            StatusCode::ACCEPTED,
            Json(json!({ "approval_id": approval })),
        )
            .into_response(),
        Refusal::SeveralPatients(_) => permanent(
            StatusCode::CONFLICT,
            "several-patients",
            "The studies are of several patients",
        )
        .into_response(),
        Refusal::RecipientRefuses { recipient, denial } => permanent(
            StatusCode::CONFLICT,
            "recipient-refuses",
            "It cannot be shared with this recipient",
        )
        .detail(denial.to_string())
        .with("recipient", recipient.to_string().into())
        .with("reason", denial.as_str().into())
        .into_response(),
        Refusal::NotTheAskedPatient => permanent(
            StatusCode::CONFLICT,
            "not-the-asked-patient",
            "The studies are not of the patient asked for",
        )
        .detail("An answer has studies of that patient alone.")
        .into_response(),
        Refusal::TooSoon(from) => {
            permanent(StatusCode::CONFLICT, "too-soon", "It was done a moment ago")
                .with("from", from.to_string().into())
                .into_response()
        }
        Refusal::Undecided { reason: false } => permanent(
            StatusCode::CONFLICT,
            "decision-needed",
            "Say first whether it is the same patient",
        )
        .into_response(),
        Refusal::Undecided { reason: true } => permanent(
            StatusCode::CONFLICT,
            "reason-needed",
            "The patients differ: say which it is, and why",
        )
        .into_response(),
        Refusal::Store(error) => ProblemResponse::from(error).into_response(),
    }
}

fn denied(denial: Denial, would: &[BuiltIn]) -> Response {
    let problem = |status, word, title: &str| {
        ProblemResponse::new(status, word, title, ErrorClass::Permanent)
    };
    match denial {
        Denial::NotLoggedIn => problem(
            StatusCode::UNAUTHORIZED,
            "second-factor-needed",
            "The log-in is not complete",
        ),
        // Whoever was closed out is as if they had never come in.
        Denial::MemberInactive | Denial::SubjectInactive => problem(
            StatusCode::UNAUTHORIZED,
            "not-logged-in",
            "You are not logged in",
        )
        .detail(denial.to_string()),
        Denial::StepUp => problem(
            StatusCode::FORBIDDEN,
            "step-up-needed",
            "Show your second factor once more",
        ),
        Denial::NoPermission(permission) => problem(
            StatusCode::FORBIDDEN,
            "no-permission",
            "Your roles do not give this here",
        )
        .with("permission", Permission::as_str(permission).into())
        .with(
            "would",
            would
                .iter()
                .map(|role| role.as_str())
                .collect::<Vec<_>>()
                .into(),
        ),
        denial => problem(StatusCode::FORBIDDEN, "denied", "It is not allowed")
            .detail(denial.to_string())
            .with("denial", denial.as_str().into()),
    }
    .into_response()
}
