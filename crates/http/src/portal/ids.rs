//! Ids in a path. One that is none names nothing.

use crate::{HubState, problem::ProblemResponse};
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

/// One id, or a tuple of them.
pub struct Ids<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<HubState> for Ids<T> {
    type Rejection = ProblemResponse;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &HubState,
    ) -> Result<Self, ProblemResponse> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(_) => Err(ProblemResponse::not_found()),
        }
    }
}
