//! Who calls: a browser with a session's cookie.
//!
//! The cookie's name begins with `__Host-`, so only this host over TLS (or
//! `localhost`) can have set it, for the whole host (RFC 6265bis 4.1.3.2); it is
//! not readable by script, and not sent along from other sites. What changes
//! something is taken from our own pages only: browsers say where a request
//! comes from (`Sec-Fetch-Site`, `Origin`), and a header of our own cannot be set
//! from elsewhere without asking first, which is never allowed.

use super::refusal::Refused;
use crate::{HubState, problem::ProblemResponse};
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bildbro_domain::Digest;
use bildbro_flow::ports::portal::{
    self,
    login::{Need, SessionLife},
};
use std::net::{IpAddr, SocketAddr};

/// The session's cookie.
pub const COOKIE: &str = "__Host-session";

/// A header that only our own script sets.
const OWN_HEADER: &str = "x-bildbro";

/// Longer than any of ours: the one that names accounts has some 700.
const LONGEST_COOKIE: usize = 1024;

/// Longest address of a client that is believed from a proxy.
const LONGEST_ADDRESS: usize = 45;

/// The caller, for a port. Without a cookie there is a token that no session
/// has, so that the port says "nobody is logged in".
pub struct Caller(pub portal::Caller);

impl FromRequestParts<HubState> for Caller {
    type Rejection = ProblemResponse;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &HubState,
    ) -> Result<Self, ProblemResponse> {
        let token = cookie(&parts.headers, COOKIE).unwrap_or_default();
        Ok(Self(portal::Caller {
            token: Digest::of(token.as_bytes()),
            from: address(parts, state.behind_proxy),
            at: state.clock.now(),
        }))
    }
}

/// The value of one of the request's cookies.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && (1..=LONGEST_COOKIE).contains(&value.len()))
        .map(|(_, value)| value)
}

/// Where the request came from. Behind a proxy the last entry of
/// `X-Forwarded-For` is the proxy's own word; those before it are anyone's.
pub fn address(parts: &Parts, behind_proxy: bool) -> String {
    let forwarded = || {
        let values = parts.headers.get_all("x-forwarded-for");
        let last = values.iter().next_back()?.to_str().ok()?;
        let entry = last.rsplit(',').next()?.trim();
        entry.get(..entry.len().min(LONGEST_ADDRESS))?.parse().ok()
    };
    let peer = || {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(info.0.ip())
    };
    let address: Option<IpAddr> = if behind_proxy {
        forwarded().or_else(peer)
    } else {
        peer()
    };
    address.map_or_else(String::new, |address| address.to_canonical().to_string())
}

/// Lets a request that may change something pass only from our own pages.
pub async fn same_site(State(state): State<HubState>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && !is_own(request.headers(), &state.public_url) {
        return ProblemResponse::cross_site().into_response();
    }
    next.run(request).await
}

/// What stands before a route for people.
#[derive(Clone)]
pub struct Guard {
    state: HubState,
    need: Need,
}

impl Guard {
    pub const fn new(state: HubState, need: Need) -> Self {
        Self { state, need }
    }
}

/// Lets a request pass only when whoever calls may come in.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match Caller::from_request_parts(&mut parts, &guard.state).await {
        Ok(Caller(caller)) => caller,
        Err(problem) => return problem.into_response(),
    };
    let life = SessionLife::default();
    if let Err(refusal) = guard.state.portal.may(&caller, guard.need, life).await {
        return Refused::from(refusal).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

fn is_own(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let origin = text("origin").is_none_or(|origin| origin.eq_ignore_ascii_case(public_url));
    // Some browser that says neither is no browser of today.
    let says = text("sec-fetch-site").is_some() || text("origin").is_some();
    site && origin && says && headers.contains_key(OWN_HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const URL: &str = "https://hub.example";

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_our_own_pages_change_something() {
        let own = ("x-bildbro", "1");
        for good in [
            vec![own, ("origin", URL)],
            vec![own, ("sec-fetch-site", "same-origin")],
            vec![own, ("origin", URL), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(is_own(&headers(&good), URL), "{good:?}");
        }
        for bad in [
            vec![],
            vec![own],
            vec![("origin", URL)],
            vec![own, ("origin", "https://evil.example")],
            vec![own, ("origin", "null")],
            vec![own, ("origin", URL), ("sec-fetch-site", "cross-site")],
            vec![own, ("sec-fetch-site", "same-site")],
            vec![own, ("sec-fetch-site", "none")],
        ] {
            assert!(!is_own(&headers(&bad), URL), "{bad:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others_and_never_without_end() {
        let some = headers(&[("cookie", "a=b; __Host-session=tok; c=d")]);
        assert_eq!(cookie(&some, COOKIE), Some("tok"));
        assert_eq!(
            cookie(&headers(&[("cookie", "x__Host-session=t")]), COOKIE),
            None
        );
        assert_eq!(
            cookie(&headers(&[("cookie", "__Host-session=")]), COOKIE),
            None
        );
    }
}
