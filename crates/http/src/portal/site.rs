//! The portal's pages: files from within the program. Each address of the portal
//! is the same page, which then looks at the address itself.

use crate::problem::ProblemResponse;
use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use bildbro_site::{File, INDEX, file};

/// A name with its content's digest in it never changes its content.
const LASTING: &str = "public, max-age=31536000, immutable";

/// Asked for anew each time, so that an upgrade shows at once.
const ANEW: &str = "no-cache";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
     <title>Bildbro</title><h1>The portal is not in this program</h1>\
     <p>It was built without its pages. Run <code>make web</code>, and build it again.</p>";

/// What no route answers: one of the portal's files, its page, or nothing.
pub async fn site(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if !matches!(method, Method::GET | Method::HEAD) {
        return ProblemResponse::not_found().into_response();
    }
    if let Some(found) = file(path).filter(|found| found.path != INDEX) {
        return serve(found, &headers);
    }
    if !is_page(path, &headers) {
        return ProblemResponse::not_found().into_response();
    }
    match file(INDEX) {
        Some(index) => serve(index, &headers),
        None => (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response(),
    }
}

/// A browser that opens an address asks for HTML; a program that mistypes one
/// does not, and is told that there is nothing.
fn is_page(path: &str, headers: &HeaderMap) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let wants_page = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    wants_page && !matches!(first, "api" | "fhir" | "link" | "oauth" | "assets")
}

fn serve(found: &'static File, headers: &HeaderMap) -> Response {
    let packed = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(takes_gzip);
    let cache = if found.is_lasting() { LASTING } else { ANEW };
    let bytes = if packed { found.gzip } else { found.bytes };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(found.media_type()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether `gzip` is among the codings, and not with weight 0 (RFC 9110 12.5.3).
fn takes_gzip(codings: &str) -> bool {
    codings.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip")
            && !parts.any(|part| matches!(part.trim_start_matches("q="), "0" | "0.0" | "0.000"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))])
    }

    #[test]
    fn only_a_browser_that_opens_an_address_gets_the_page() {
        let browser = accepting("text/html,application/xhtml+xml,*/*;q=0.8");
        assert!(is_page("", &browser));
        assert!(is_page("members/1", &browser));
        for other in ["api/x", "link/v1/x", "oauth/x", "assets/x.js"] {
            assert!(!is_page(other, &browser), "{other}");
        }
        assert!(!is_page("", &accepting("application/json")));
        assert!(!is_page("", &HeaderMap::new()));
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        assert!(takes_gzip("gzip, deflate, br"));
        assert!(takes_gzip("br;q=1, gzip;q=0.5"));
        assert!(!takes_gzip("br"));
        assert!(!takes_gzip("gzip;q=0"));
    }
}
