//! `/control/…`: the citizen's app by JSON, for tests and demos.
//!
//! `GET /control/orders` lists. `POST /control/scan {"text"}` opens by code,
//! token or link. `POST /control/orders/{ref}/…`: `open`, `choose
//! {"personal_number"}`, `complete {"personal_number"?}` (opens and chooses as
//! well), `cancel`, `fail {"hint"}`, `hint {"hint"}` (shown by `collect` while
//! pending, known or not). `POST /control/outage {"error"}` makes every
//! question of a relying party end in that error code; `null` ends it. `POST
//! /control/clock {"advance_seconds"}` moves the clock forward.

use super::{
    Shared,
    orders::{AppError, Kind, Stage},
    rp::utf8,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bildbro_wire::bankid::{ErrorCode, FailedHint, PendingHint};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/control/orders", get(list))
        .route("/control/scan", post(scan))
        .route("/control/orders/{order}/open", post(open))
        .route("/control/orders/{order}/choose", post(choose))
        .route("/control/orders/{order}/complete", post(complete))
        .route("/control/orders/{order}/cancel", post(cancel))
        .route("/control/orders/{order}/fail", post(fail))
        .route("/control/orders/{order}/hint", post(hint))
        .route("/control/outage", post(outage))
        .route("/control/clock", post(clock))
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoSuchOrder => StatusCode::NOT_FOUND,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}

type Answer = Result<Json<Value>, AppError>;

fn done(outcome: Result<(), AppError>) -> Answer {
    outcome.map(|()| Json(json!({})))
}

async fn list(State(shared): State<Shared>) -> Json<Value> {
    let orders = shared.with(|orders, now| {
        let shown = orders.all(now).iter().map(|order| {
            let (status, hint) = match &order.stage {
                Stage::Failed(hint, _) => ("failed", Some(hint.as_str().to_owned())),
                Stage::Complete(..) => ("complete", None),
                _ => ("pending", Some(order.pending_hint().as_str().to_owned())),
            };
            json!({
                "order_ref": order.order_ref,
                "kind": match order.new.kind { Kind::Auth => "auth", Kind::Sign => "sign" },
                "status": status,
                "hint": hint,
                "personal_number": order.new.personal_number,
                "text": order.new.visible.as_deref().and_then(utf8),
            })
        });
        shown.collect::<Vec<_>>()
    });
    Json(Value::Array(orders))
}

#[derive(Deserialize)]
struct Scan {
    text: String,
}

async fn scan(State(shared): State<Shared>, Json(scan): Json<Scan>) -> Answer {
    let order_ref = shared.with(|orders, now| {
        orders
            .scan(&scan.text, now)
            .map(|order| order.order_ref.clone())
    })?;
    Ok(Json(json!({"order_ref": order_ref})))
}

async fn open(State(shared): State<Shared>, Path(order): Path<String>) -> Answer {
    done(shared.with(|orders, now| orders.open(&order, now)))
}

#[derive(Deserialize)]
struct Choose {
    personal_number: String,
}

async fn choose(
    State(shared): State<Shared>,
    Path(order): Path<String>,
    Json(who): Json<Choose>,
) -> Answer {
    done(shared.with(|orders, now| orders.choose(&order, &who.personal_number, now)))
}

#[derive(Deserialize)]
struct Complete {
    personal_number: Option<String>,
}

async fn complete(
    State(shared): State<Shared>,
    Path(order): Path<String>,
    Json(who): Json<Complete>,
) -> Answer {
    done(shared.with(|orders, now| {
        if let Some(number) = &who.personal_number {
            orders.choose(&order, number, now)?;
        }
        orders.complete(&order, now).map(drop)
    }))
}

async fn cancel(State(shared): State<Shared>, Path(order): Path<String>) -> Answer {
    done(shared.with(|orders, now| orders.fail(&order, FailedHint::UserCancel, now)))
}

#[derive(Deserialize)]
struct Hint {
    hint: String,
}

async fn fail(
    State(shared): State<Shared>,
    Path(order): Path<String>,
    Json(hint): Json<Hint>,
) -> Answer {
    done(shared.with(|orders, now| orders.fail(&order, FailedHint::from(hint.hint), now)))
}

async fn hint(
    State(shared): State<Shared>,
    Path(order): Path<String>,
    Json(hint): Json<Hint>,
) -> Answer {
    done(shared.with(|orders, now| orders.show_hint(&order, PendingHint::from(hint.hint), now)))
}

#[derive(Deserialize)]
struct Outage {
    error: Option<ErrorCode>,
}

async fn outage(State(shared): State<Shared>, Json(outage): Json<Outage>) -> Json<Value> {
    shared.set_outage(outage.error);
    Json(json!({}))
}

#[derive(Deserialize)]
struct Clock {
    advance_seconds: u32,
}

async fn clock(State(shared): State<Shared>, Json(clock): Json<Clock>) -> Json<Value> {
    shared.advance(SignedDuration::from_secs(clock.advance_seconds.into()));
    Json(json!({}))
}
