//! What the page needs besides itself, compiled into the program.

use crate::problem::ProblemResponse;
use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

/// A new program may bring new ones: asked again after five minutes.
const SOON: &str = "max-age=300";
/// Never changes under its name.
const LASTING: &str = "max-age=31536000, immutable";

/// `GET /assets/{name}`
pub async fn asset(Path(name): Path<String>) -> Response {
    let (media_type, cache, bytes): (_, _, &'static [u8]) = match name.as_str() {
        "status.css" => ("text/css", SOON, include_bytes!("../../assets/status.css")),
        "status.js" => (
            "text/javascript",
            SOON,
            include_bytes!("../../assets/status.js"),
        ),
        "mark.svg" => (
            "image/svg+xml",
            SOON,
            include_bytes!("../../assets/mark.svg"),
        ),
        "inter-latin.woff2" => (
            "font/woff2",
            LASTING,
            include_bytes!("../../assets/inter-latin.woff2"),
        ),
        "inter-latin-ext.woff2" => (
            "font/woff2",
            LASTING,
            include_bytes!("../../assets/inter-latin-ext.woff2"),
        ),
        "inter-LICENSE.txt" => (
            "text/plain",
            LASTING,
            include_bytes!("../../assets/inter-LICENSE.txt"),
        ),
        _ => return ProblemResponse::not_found().into_response(),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
    ];
    (headers, bytes).into_response()
}
