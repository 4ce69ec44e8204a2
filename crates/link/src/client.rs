//! Requests and answers.

use crate::{
    connect::{Connect, join},
    content::Frames,
    login::Login,
    pace::Pacer,
    upload::{self, Watch},
};
use async_trait::async_trait;
use bildbro_domain::ErrorClass;
use bildbro_flow::ports::{
    ByteStream,
    gateway::{Content, Hub, HubError, Sending},
};
use bildbro_wire::{
    errand::{self, AskErrand, AskedErrand, Errand, Found, FoundReply},
    frame,
    link::{
        self, Answer, Answers, AskWork, Complete, DeliveryTask, Encoding, Enrol, Enrolled, Fetch,
        Hello, HelloReply, Offer, Offers, Report, ReportReply, Work,
    },
    problem::Problem,
};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use reqwest::{Body, Client, RequestBuilder, Response, StatusCode, Url, header};
use serde::{Serialize, de::DeserializeOwned};
use std::{io, sync::Arc, time::Duration};

/// Longest silence of the hub in an answer, and while it takes a body; a
/// request for work may wait half a minute by itself.
const SILENCE: Duration = Duration::from_secs(60);

/// What a hub reads of an image that it goes on with, at the least.
const READS_A_SECOND: u64 = 8 << 20;

/// Longest answer that is read whole.
const MAX_ANSWER: usize = 8 << 20;

/// Makes an assertion for an audience at a time.
pub type Signer = dyn Fn(&str, Timestamp) -> String + Send + Sync;

#[derive(Clone)]
pub struct LinkConfig {
    /// `https://…`, or `http://` to a loopback address.
    pub hub_url: String,
    /// Certificate authorities trusted instead of the system's, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// How images travel.
    pub encoding: Encoding,
    /// How fast images may go to the hub, and come from it.
    pub up: Pacer,
    pub down: Pacer,
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
    /// The same, for bodies that may take longer to send than a hub may be
    /// silent.
    uploading: Client,
    base: Url,
    login: Login,
    encoding: Encoding,
    up: Pacer,
    down: Pacer,
}

impl HubLink {
    /// # Errors
    /// [`LinkError`] when the configuration does not do.
    pub fn new(config: LinkConfig, sign: Arc<Signer>) -> Result<Self, LinkError> {
        let connect = Connect::new(&config.hub_url, config.ca_pem.as_deref())?;
        let client = connect.client(Some(SILENCE))?;
        let uploading = connect.client(None)?;
        let base = connect.base;
        let login = Login::new(client.clone(), base.clone(), sign);
        Ok(Self {
            client,
            uploading,
            base,
            login,
            encoding: config.encoding,
            up: config.up,
            down: config.down,
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

/// Ties a new gateway to its organisation.
///
/// # Errors
/// [`LinkError`]; a [`HubError::Problem`] says whether the code is wrong.
pub async fn enrol(
    hub_url: &str,
    ca_pem: Option<&[u8]>,
    request: &Enrol,
) -> Result<Enrolled, LinkError> {
    let connect = Connect::new(hub_url, ca_pem)?;
    let url = join(&connect.base, link::ENROL);
    let client = connect.client(Some(SILENCE))?;
    let sent = client.post(url).timeout(SILENCE).json(request).send().await;
    let response = checked(sent.map_err(unreachable)?).await?;
    Ok(answer(response).await?)
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
        images: Vec<Sending>,
        read: Box<dyn Fn(usize) -> io::Result<ByteStream> + Send + Sync>,
    ) -> Result<Vec<Answer>, HubError> {
        let (images, read) = (Arc::new(images), Arc::new(read));
        let watch = Watch::default();
        // Before the hub goes on with a body it reads what it has.
        let begun: u64 = images.iter().map(|image| image.from).sum();
        let reading = Duration::from_secs(begun / READS_A_SECOND);
        let make = || {
            let body = upload::body(Arc::clone(&images), Arc::clone(&read), self.encoding);
            let body = watch.watched(self.up.paced(body));
            self.uploading
                .post(join(&self.base, link::INSTANCES))
                .header(header::CONTENT_TYPE, frame::MEDIA_TYPE)
                .body(Body::wrap_stream(body))
        };
        let answered = async { answer(self.send_authorised(make).await?).await };
        let answers = tokio::select! {
            answers = answered => answers?,
            () = watch.still_for(SILENCE + reading) => {
                return Err(HubError::Unreachable("the hub takes no more bytes".into()));
            }
        };
        all(answers, images.len())
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
        let fetch = Fetch {
            encoding: self.encoding,
            ..fetch.clone()
        };
        let make = || self.request(link::CONTENT).json(&fetch);
        let response = self.send_authorised(make).await?;
        let body = response
            .bytes_stream()
            .map_err(|e| io::Error::other(e.without_url()));
        Ok(Box::new(Frames::new(self.down.paced(body.boxed()))))
    }

    async fn report(&self, report: &Report) -> Result<ReportReply, HubError> {
        self.ask(link::REPORT, report).await
    }

    async fn errand(&self, wait: Duration, urgent_only: bool) -> Result<Option<Errand>, HubError> {
        let message = AskErrand {
            wait_seconds: u32::try_from(wait.as_secs()).unwrap_or(0),
            urgent_only,
        };
        let asked: AskedErrand = self.ask(errand::ERRAND, &message).await?;
        Ok(asked.errand)
    }

    async fn found(&self, found: &Found) -> Result<FoundReply, HubError> {
        self.ask(errand::FOUND, found).await
    }
}
