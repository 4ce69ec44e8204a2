//! The relying party's side: `auth`, `sign`, `collect`, `cancel`.

use super::{
    Shared, evidence,
    orders::{Kind, NewOrder, OrderError, Stage},
};
use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bildbro_domain::Personal;
use bildbro_wire::bankid::{
    AUTH_TEXT, CollectResponse, ErrorCode, ErrorResponse, HIDDEN_TEXT, OrderRequest, PATH,
    Progress, RETURN_URL, SIGN_TEXT, SIMPLE_MARKDOWN, StartRequest, StartResponse,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// The largest body that can be right: both texts, and room for the rest.
const LARGEST: usize = SIGN_TEXT + HIDDEN_TEXT + 16_384;

/// A body that is longer under way is given up.
const BODY_WITHIN: Duration = Duration::from_secs(10);

pub fn router(shared: Shared) -> Router {
    let endpoint = |name: &str| format!("{PATH}{name}");
    Router::new()
        .route(&endpoint("auth"), post(auth))
        .route(&endpoint("sign"), post(sign))
        .route(&endpoint("collect"), post(collect))
        .route(&endpoint("cancel"), post(cancel))
        .method_not_allowed_fallback(async || {
            ApiError::new(ErrorCode::MethodNotAllowed, "Only POST is allowed")
        })
        .fallback(async || ApiError::new(ErrorCode::NotFound, "No such endpoint"))
        .with_state(shared)
}

/// What an endpoint answers instead.
pub struct ApiError {
    code: ErrorCode,
    details: String,
}

impl ApiError {
    pub fn new(code: ErrorCode, details: impl Into<String>) -> Self {
        Self {
            code,
            details: details.into(),
        }
    }

    fn invalid(details: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParameters, details)
    }
}

impl From<OrderError> for ApiError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::AlreadyInProgress => Self::new(
                ErrorCode::AlreadyInProgress,
                "Order already in progress for pno",
            ),
            OrderError::NoSuchOrder => Self::invalid("No such order"),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = match self.code {
            ErrorCode::Unauthorized => StatusCode::UNAUTHORIZED,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Maintenance => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::AlreadyInProgress | ErrorCode::InvalidParameters | ErrorCode::Unknown(_) => {
                StatusCode::BAD_REQUEST
            }
        };
        let body = ErrorResponse {
            error_code: self.code,
            details: Personal::new(self.details),
        };
        (status, Json(body)).into_response()
    }
}

/// The body, or why not: an outage that is on, the wrong type, too much, too
/// slow, not what the endpoint takes.
async fn read<T: DeserializeOwned>(shared: &Shared, request: Request) -> Result<T, ApiError> {
    if let Some(code) = shared.outage() {
        return Err(ApiError::new(code, "Simulated outage"));
    }
    // A charset is refused too: JSON has none.
    let json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media.as_bytes().eq_ignore_ascii_case(b"application/json"));
    if !json {
        return Err(ApiError::new(
            ErrorCode::UnsupportedMediaType,
            "Content-Type must be application/json",
        ));
    }
    let body = tokio::time::timeout(BODY_WITHIN, to_bytes(request.into_body(), LARGEST))
        .await
        .map_err(|_| ApiError::new(ErrorCode::RequestTimeout, "The body took too long"))?
        .map_err(|_| ApiError::invalid("The body is too large or broke off"))?;
    serde_json::from_slice(&body)
        .map_err(|error| ApiError::invalid(format!("Invalid parameter: {error}")))
}

async fn auth(
    State(shared): State<Shared>,
    request: Request,
) -> Result<Json<StartResponse>, ApiError> {
    start(&shared, request, Kind::Auth).await
}

async fn sign(
    State(shared): State<Shared>,
    request: Request,
) -> Result<Json<StartResponse>, ApiError> {
    start(&shared, request, Kind::Sign).await
}

async fn start(
    shared: &Shared,
    request: Request,
    kind: Kind,
) -> Result<Json<StartResponse>, ApiError> {
    let new = checked(read(shared, request).await?, kind)?;
    let answer = shared.with(|orders, now| orders.start(new, now))?;
    Ok(Json(answer))
}

fn checked(request: StartRequest, kind: Kind) -> Result<NewOrder, ApiError> {
    let wrong = |name: &str| ApiError::invalid(format!("Invalid parameter: {name}"));
    let most = match kind {
        Kind::Auth => AUTH_TEXT,
        Kind::Sign => SIGN_TEXT,
    };
    let text = |text: Option<Personal>, name: &str, most: usize| match text {
        Some(text) => {
            let text = text.reveal();
            let fits = (1..=most).contains(&text.len());
            if !fits || BASE64_STANDARD.decode(text).is_err() {
                return Err(wrong(name));
            }
            Ok(Some(text.to_owned()))
        }
        None => Ok(None),
    };
    let visible = text(request.user_visible_data, "userVisibleData", most)?;
    if visible.as_deref().is_some_and(|text| utf8(text).is_none())
        || (visible.is_none() && kind == Kind::Sign)
    {
        return Err(wrong("userVisibleData"));
    }
    let hidden = text(
        request.user_non_visible_data,
        "userNonVisibleData",
        HIDDEN_TEXT,
    )?;
    if request
        .user_visible_data_format
        .is_some_and(|format| format != SIMPLE_MARKDOWN)
    {
        return Err(wrong("userVisibleDataFormat"));
    }
    if request
        .return_url
        .as_ref()
        .is_some_and(|url| !(1..=RETURN_URL).contains(&url.chars().count()))
    {
        return Err(wrong("returnUrl"));
    }
    if request.web.is_some() && request.app.is_some() {
        return Err(wrong("web, app"));
    }
    let requirement = request.requirement.unwrap_or_default();
    let personal_number = requirement.personal_number;
    if personal_number.as_ref().is_some_and(|number| {
        number.reveal().len() != 12 || !number.reveal().bytes().all(|b| b.is_ascii_digit())
    }) {
        return Err(wrong("personalNumber"));
    }
    Ok(NewOrder {
        kind,
        end_user_ip: request.end_user_ip.to_string(),
        personal_number: personal_number.map(|number| number.reveal().to_owned()),
        visible,
        hidden,
        return_url: request.return_url,
        return_risk: request.return_risk.unwrap_or(false),
        mrtd: requirement.mrtd.unwrap_or(false),
    })
}

/// The text behind `userVisibleData`.
pub fn utf8(base64: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    String::from_utf8(bytes).ok()
}

async fn collect(
    State(shared): State<Shared>,
    request: Request,
) -> Result<Json<CollectResponse>, ApiError> {
    let OrderRequest { order_ref } = read(&shared, request).await?;
    let order = shared.with(|orders, now| orders.collect(&order_ref, now))?;
    let progress = match &order.stage {
        Stage::Failed(hint, _) => Progress::Failed {
            hint_code: hint.clone(),
        },
        Stage::Complete(person, at) => Progress::Complete {
            completion_data: Box::new(evidence::completion(&order, person, *at)),
        },
        Stage::Outstanding | Stage::Started | Stage::Chosen(_) => Progress::Pending {
            hint_code: order.pending_hint(),
        },
    };
    Ok(Json(CollectResponse {
        order_ref,
        progress,
    }))
}

async fn cancel(State(shared): State<Shared>, request: Request) -> Result<Json<Value>, ApiError> {
    let OrderRequest { order_ref } = read(&shared, request).await?;
    shared.with(|orders, now| orders.cancel(&order_ref, now))?;
    Ok(Json(json!({})))
}
