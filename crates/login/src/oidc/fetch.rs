//! Asking a provider, with bounded time and room.

use super::error::{OidcError, What};
use reqwest::{Certificate, Client, RequestBuilder, redirect};
use serde::de::DeserializeOwned;
use std::{fs, net::IpAddr, path::Path, time::Duration};
use url::{Host, Url};

/// What one request may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From its start to the end of its answer.
    pub time: Duration,
    /// Of an answer's body, unpacked.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(10),
            bytes: 256 << 10,
        }
    }
}

/// A client that follows no redirect, since an answer could lead it anywhere.
pub(super) fn client(
    issuer: &Url,
    ca_file: Option<&Path>,
    limits: Limits,
) -> Result<Client, OidcError> {
    let mut builder = Client::builder()
        .timeout(limits.time)
        .connect_timeout(limits.time)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("bildbro/", env!("CARGO_PKG_VERSION")));
    if is_loopback(issuer) {
        builder = builder.no_proxy();
    }
    if let Some(file) = ca_file {
        let pem = fs::read(file).map_err(OidcError::AuthorityFile)?;
        let authorities = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if authorities.is_empty() {
            return Err(OidcError::Authority);
        }
        builder = builder.tls_certs_merge(authorities);
    }
    builder.build().map_err(OidcError::Client)
}

/// The status and body of the answer.
pub(super) async fn answer(
    what: What,
    request: RequestBuilder,
    limits: Limits,
) -> Result<(u16, Vec<u8>), OidcError> {
    let unreachable = |error: reqwest::Error| OidcError::Unreachable(what, error.without_url());
    let mut response = request.send().await.map_err(unreachable)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > limits.bytes {
            return Err(OidcError::TooLong(what));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status().as_u16(), body))
}

/// A JSON document, which must come with status 200.
pub(super) async fn document<T: DeserializeOwned>(
    what: What,
    request: RequestBuilder,
    limits: Limits,
) -> Result<T, OidcError> {
    match answer(what, request, limits).await? {
        (200, body) => serde_json::from_slice(&body).map_err(|_| OidcError::Unreadable(what)),
        (status, _) => Err(OidcError::Status(what, status)),
    }
}

/// An address that may be called for a provider at `issuer`: https, or http on
/// this machine. What is on this machine may be named only by a provider that
/// is so too, lest a foreign one makes us ask our own services.
pub(super) fn address(what: What, text: &str, issuer: &str) -> Result<Url, OidcError> {
    let wrong = || OidcError::Address(what);
    let url = Url::parse(text).map_err(|_| wrong())?;
    let local = is_loopback(&url);
    let issuer_is_local = Url::parse(issuer).is_ok_and(|issuer| is_loopback(&issuer));
    let fits = match url.scheme() {
        "https" => !local || issuer_is_local,
        "http" => local && issuer_is_local,
        _ => false,
    };
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if fits && bare { Ok(url) } else { Err(wrong()) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_called_by_tls_unless_it_is_on_this_machine() {
        let far = "https://idp.example";
        let near = "http://127.0.0.1:4000";
        for (text, issuer, good) in [
            ("https://idp.example/token", far, true),
            ("https://other.example:8443/token?a=b", far, true),
            ("http://idp.example/token", far, false),
            ("http://idp.example/token", near, false),
            ("http://127.0.0.1:4000/token", near, true),
            ("http://localhost/token", near, true),
            ("http://[::1]/token", near, true),
            ("http://127.0.0.1:4000/token", far, false),
            ("https://localhost/token", far, false),
            ("https://[::ffff:127.0.0.1]/token", far, false),
            ("https://2130706433/token", far, false),
            ("http://127.0.0.1.elsewhere.example/", near, false),
            ("http://localhost.elsewhere.example/", near, false),
            ("https://user:word@idp.example/", far, false),
            ("https://idp.example/#part", far, false),
            ("file:///etc/passwd", near, false),
            ("/token", far, false),
            ("", far, false),
        ] {
            assert_eq!(address("address", text, issuer).is_ok(), good, "{text}");
        }
    }
}
