//! How the hub is reached: where, trusting whom.

use crate::client::LinkError;
use reqwest::{Certificate, Client, Url, redirect};
use std::time::Duration;

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// How often a connection in use is asked whether it still stands.
const ALIVE: Duration = Duration::from_secs(20);

pub struct Connect {
    pub base: Url,
    /// Trusted instead of the system's.
    authorities: Option<Vec<Certificate>>,
}

impl Connect {
    pub fn new(hub_url: &str, ca_pem: Option<&[u8]>) -> Result<Self, LinkError> {
        let wrong = || LinkError::Address(hub_url.to_owned());
        let base: Url = hub_url.parse().map_err(|_| wrong())?;
        let host = base.host_str().ok_or_else(wrong)?;
        let loopback = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        match base.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(LinkError::Plain(hub_url.to_owned())),
            _ => return Err(wrong()),
        }
        let authorities = ca_pem.map(|pem| match Certificate::from_pem_bundle(pem) {
            Ok(authorities) if !authorities.is_empty() => Ok(authorities),
            _ => Err(LinkError::Authority),
        });
        Ok(Self {
            base,
            authorities: authorities.transpose()?,
        })
    }

    /// A client whose answers may be silent for `silence`.
    pub fn client(&self, silence: Option<Duration>) -> Result<Client, LinkError> {
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .tcp_nodelay(true)
            .redirect(redirect::Policy::none())
            .http2_adaptive_window(true)
            .http2_keep_alive_interval(ALIVE)
            .user_agent(concat!("bildbro-gateway/", env!("CARGO_PKG_VERSION")))
            .no_proxy();
        if let Some(silence) = silence {
            builder = builder.read_timeout(silence);
        }
        if let Some(authorities) = &self.authorities {
            builder = builder.tls_certs_only(authorities.clone());
        }
        builder.build().map_err(LinkError::Client)
    }
}

/// A path of the link under the hub's address, which may itself have a path.
pub fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let whole = format!("{}{path}", base.path().trim_end_matches('/'));
    url.set_path(&whole);
    url
}
