//! Requests and answers.

use crate::{content::Frames, login::Login, upload};
use async_trait::async_trait;
use bildbro_domain::ErrorClass;
use bildbro_flow::ports::{
    ByteStream,
    gateway::{Content, Hub, HubError},
};
use bildbro_wire::{
    frame,
    link::{
        self, Answer, Answers, AskWork, Complete, DeliveryTask, Enrol, Enrolled, Fetch, Hello,
        HelloReply, Offer, Offers, Report, ReportReply, Work,
    },
    problem::Problem,
};
use jiff::Timestamp;
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, Url, header, redirect};
use serde::{Serialize, de::DeserializeOwned};
use std::{io, sync::Arc, time::Duration};

/// Longest silence of the hub while a connection is made, and in an answer; a
/// request for work may wait half a minute by itself.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(60);

/// Longest answer that is read whole.
const MAX_ANSWER: usize = 8 << 20;

/// Makes an assertion for an audience at a time.
pub type Signer = dyn Fn(&str, Timestamp) -> String + Send + Sync;

#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// `https://…`, or `http://` to a loopback address.
    pub hub_url: String,
    /// Certificate authorities trusted instead of the system's, PEM.
    pub ca_pem: Option<Vec<u8>>,
}

/// Why the link cannot be set up, or enrolment failed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("`{0}` is no web address; write https://hub.example")]
    Address(String),
    #[error("plain http is for loopback addresses only; use https for `{0}`")]
    Plain(String),
    #[error("the certificate authority file holds no PEM certificate")]
    Authority,
    #[error("the HTTPS client does not start")]
    Client(#[source] reqwest::Error),
    #[error(transparent)]
    Hub(#[from] HubError),
}

/// The hub.
pub struct HubLink {
    client: Client,
    base: Url,
    login: Login,
}

impl HubLink {
    /// # Errors
    /// [`LinkError`] when the configuration does not do.
    pub fn new(config: LinkConfig, sign: Arc<Signer>) -> Result<Self, LinkError> {
        let (client, base) = connect(&config)?;
        let login = Login::new(client.clone(), base.clone(), sign);
        Ok(Self {
            client,
            base,
            login,
        })
    }

    fn request(&self, path: &str) -> RequestBuilder {
        self.client.post(join(&self.base, path))
    }

    /// Sends with a token; once more with a new one when the hub no longer
    /// takes it.
    async fn send_authorised(
        &self,
        make: impl Fn() -> RequestBuilder,
    ) -> Result<Response, HubError> {
        for attempt in 0..2 {
            let token = self.login.token().await?;
            let response = make()
                .bearer_auth(&token)
                .send()
                .await
                .map_err(unreachable)?;
            if response.status() == StatusCode::UNAUTHORIZED && attempt == 0 {
                self.login.forget(&token).await;
                continue;
            }
            return checked(response).await;
        }
        unreachable!("the second attempt returns")
    }

    async fn ask<A: DeserializeOwned>(
        &self,
        path: &str,
        message: &(impl Serialize + Sync),
    ) -> Result<A, HubError> {
        let make = || self.request(path).timeout(SILENCE).json(message);
        answer(self.send_authorised(make).await?).await
    }
}

fn connect(config: &LinkConfig) -> Result<(Client, Url), LinkError> {
    let wrong = || LinkError::Address(config.hub_url.clone());
    let base: Url = config.hub_url.parse().map_err(|_| wrong())?;
    let host = base.host_str().ok_or_else(wrong)?;
    let loopback = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    match base.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(LinkError::Plain(config.hub_url.clone())),
        _ => return Err(wrong()),
    }
    let mut builder = Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .tcp_nodelay(true)
        .redirect(redirect::Policy::none())
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .user_agent(concat!("bildbro-gateway/", env!("CARGO_PKG_VERSION")))
        .no_proxy();
    if let Some(pem) = &config.ca_pem {
        let authorities = Certificate::from_pem_bundle(pem).map_err(|_| LinkError::Authority)?;
        if authorities.is_empty() {
            return Err(LinkError::Authority);
        }
        builder = builder.tls_certs_only(authorities);
    }
    Ok((builder.build().map_err(LinkError::Client)?, base))
}

/// Ties a new gateway to its organisation.
///
/// # Errors
/// [`LinkError`]; a [`HubError::Problem`] says whether the code is wrong.
pub async fn enrol(
    hub_url: &str,
    ca_pem: Option<&[u8]>,
    request: &Enrol,
) -> Result<Enrolled, LinkError> {
    let config = LinkConfig {
        hub_url: hub_url.to_owned(),
        ca_pem: ca_pem.map(<[u8]>::to_vec),
    };
    let (client, base) = connect(&config)?;
    let url = join(&base, link::ENROL);
    let sent = client.post(url).timeout(SILENCE).json(request).send().await;
    let response = checked(sent.map_err(unreachable)?).await?;
    Ok(answer(response).await?)
}

/// A path of the link under the hub's address, which may itself have a path.
pub fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let whole = format!("{}{path}", base.path().trim_end_matches('/'));
    url.set_path(&whole);
    url
}

pub fn unreachable(error: reqwest::Error) -> HubError {
    // The address is configuration; the rest of the error is the network's.
    HubError::Unreachable(Box::new(error.without_url()))
}

/// Turns a problem into an error.
pub async fn checked(response: Response) -> Result<Response, HubError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = whole(response).await.unwrap_or_default();
    let class = if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        ErrorClass::Transient
    } else {
        ErrorClass::Permanent
    };
    Err(match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => HubError::Problem {
            status: status.as_u16(),
            title: match problem.detail {
                Some(detail) => format!("{}. {detail}", problem.title),
                None => problem.title,
            },
            class: problem.class,
        },
        Err(_) => HubError::Problem {
            status: status.as_u16(),
            title: status
                .canonical_reason()
                .unwrap_or("no reason given")
                .to_owned(),
            class,
        },
    })
}

async fn whole(mut response: Response) -> Result<Vec<u8>, HubError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(HubError::Answer("the answer is too long".into()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub async fn answer<A: DeserializeOwned>(response: Response) -> Result<A, HubError> {
    let body = whole(response).await?;
    serde_json::from_slice(&body).map_err(|e| HubError::Answer(Box::new(e)))
}

/// As many answers as there were questions, or none of them can be trusted.
fn all(answers: Answers, expected: usize) -> Result<Vec<Answer>, HubError> {
    if answers.answers.len() == expected {
        Ok(answers.answers)
    } else {
        Err(HubError::Answer("the number of answers is wrong".into()))
    }
}

#[async_trait]
impl Hub for HubLink {
    async fn hello(&self, hello: &Hello) -> Result<HelloReply, HubError> {
        self.ask(link::HELLO, hello).await
    }

    async fn offer(&self, offers: &[Offer]) -> Result<Vec<Answer>, HubError> {
        let message = Offers {
            offers: offers.to_vec(),
        };
        all(self.ask(link::OFFER, &message).await?, offers.len())
    }

    async fn send(
        &self,
        offers: Vec<Offer>,
        read: Box<dyn Fn(usize) -> io::Result<ByteStream> + Send + Sync>,
    ) -> Result<Vec<Answer>, HubError> {
        let (offers, read) = (Arc::new(offers), Arc::new(read));
        let make = || {
            let body = upload::body(Arc::clone(&offers), Arc::clone(&read));
            self.request(link::INSTANCES)
                .header(header::CONTENT_TYPE, frame::MEDIA_TYPE)
                .body(body)
        };
        let response = self.send_authorised(make).await?;
        all(answer(response).await?, offers.len())
    }

    async fn complete(&self, complete: &Complete) -> Result<(), HubError> {
        let make = || self.request(link::COMPLETE).timeout(SILENCE).json(complete);
        self.send_authorised(make).await.map(|_| ())
    }

    async fn work(&self, wait: Duration) -> Result<Option<DeliveryTask>, HubError> {
        let message = AskWork {
            wait_seconds: u32::try_from(wait.as_secs()).unwrap_or(0),
        };
        let work: Work = self.ask(link::WORK, &message).await?;
        Ok(work.task)
    }

    async fn content(&self, fetch: &Fetch) -> Result<Box<dyn Content>, HubError> {
        let make = || self.request(link::CONTENT).json(fetch);
        let response = self.send_authorised(make).await?;
        Ok(Box::new(Frames::new(response)))
    }

    async fn report(&self, report: &Report) -> Result<ReportReply, HubError> {
        self.ask(link::REPORT, report).await
    }
}
