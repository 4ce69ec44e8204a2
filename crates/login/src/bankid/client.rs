//! The four questions to BankID's server.

use super::{
    fault::{BankIdError, SetupError},
    identity::{Identity, tls},
    order::Order,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bildbro_domain::Personal;
use bildbro_wire::bankid::{
    AUTH_TEXT, CollectResponse, CompletionData, FailedHint, HIDDEN_TEXT, OrderRequest, PATH,
    PendingHint, Progress, RETURN_URL, Requirement, Risk, SIGN_TEXT, SIMPLE_MARKDOWN, StartRequest,
    StartResponse, Web,
};
use jiff::Timestamp;
use reqwest::{Client, Url, redirect};
use serde::{Serialize, de::DeserializeOwned};
use std::{net::IpAddr, time::Duration};

/// Making a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// A whole request with its answer. BankID answers at once; the citizen is
/// waiting, and the next `collect` comes two seconds later.
const ANSWER: Duration = Duration::from_secs(10);

/// Bytes of an answer. One with a signature is some 20 kB.
const LARGEST: usize = 1 << 20;

/// Where BankID is, and who asks.
#[derive(Debug)]
pub struct Config {
    /// Scheme, host and port, such as `https://appapi2.bankid.com`; the API's
    /// path is added unless it is there.
    pub endpoint: String,
    pub identity: Identity,
    /// PEM. Trusted for this client, and nothing else is.
    pub authority: Vec<u8>,
}

/// A client of BankID's server. Cloned cheaply; connections are shared.
#[derive(Debug, Clone)]
pub struct BankId {
    client: Client,
    base: Url,
}

/// Who asks for an identification or a signature, and on what terms.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The citizen's address as this service sees it: behind a proxy, from
    /// that proxy's header only.
    pub end_user_ip: IpAddr,
    /// Where the app sends the citizen after a start on the same device. The
    /// page there must check that it is the browser that started the order.
    pub return_url: Option<String>,
    pub requirement: Requirement,
    pub web: Option<Web>,
}

impl Ask {
    /// Without any terms.
    #[must_use]
    pub fn from_ip(end_user_ip: IpAddr) -> Self {
        Self {
            end_user_ip,
            return_url: None,
            requirement: Requirement::default(),
            web: None,
        }
    }
}

/// What the citizen reads in the app, and what is signed unseen.
#[derive(Debug, Clone, Default)]
pub struct Text {
    pub visible: Personal,
    /// Whether `visible` is BankID's simple Markdown.
    pub markdown: bool,
    /// Signed, not shown: for example a digest of a document.
    pub hidden: Option<Vec<u8>>,
}

impl Text {
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            visible: Personal::new(text),
            ..Self::default()
        }
    }
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// Ask again in two seconds. An unknown hint is pending like any other.
    Pending(PendingHint),
    /// The end. An unknown hint is a failure like any other.
    Failed(FailedHint),
    /// The end. BankID answers so once: a second `collect` is refused.
    Complete(Box<Completed>),
}

/// Who it was, and the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// 12 digits.
    pub personal_number: Personal,
    pub name: Personal,
    pub given_name: Personal,
    pub surname: Personal,
    /// Where BankID saw the citizen's app.
    pub device_ip: Personal,
    /// BankID's own name for the device.
    pub device_uhi: Option<Personal>,
    /// `YYYY-MM-DD` with an offset from UTC.
    pub issued: Option<String>,
    /// Whether an identity document was read.
    pub mrtd: Option<bool>,
    /// Base64 of the XML signature.
    pub signature: Personal,
    /// Base64 of the DER.
    pub ocsp_response: Personal,
    pub risk: Option<Risk>,
}

impl BankId {
    /// # Errors
    /// When the address, the certificates or the password are wrong.
    pub fn new(config: &Config) -> Result<Self, SetupError> {
        let base = base(&config.endpoint)?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls(&config.identity, &config.authority)?)
            .https_only(true)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("bildbro/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(SetupError::Client)?;
        Ok(Self { client, base })
    }

    /// Starts an identification at `now`, with up to 1,500 base64 characters
    /// of text.
    ///
    /// # Errors
    /// See [`BankIdError`].
    pub async fn auth(
        &self,
        ask: Ask,
        text: Option<Text>,
        now: impl Fn() -> Timestamp,
    ) -> Result<Order, BankIdError> {
        let request = request(ask, text, AUTH_TEXT)?;
        self.start("auth", &request, now).await
    }

    /// Starts a signature, with up to 40,000 base64 characters of text.
    ///
    /// # Errors
    /// See [`BankIdError`].
    pub async fn sign(
        &self,
        ask: Ask,
        text: Text,
        now: impl Fn() -> Timestamp,
    ) -> Result<Order, BankIdError> {
        let request = request(ask, Some(text), SIGN_TEXT)?;
        self.start("sign", &request, now).await
    }

    /// How the order stands; to be asked every two seconds while it is pending.
    ///
    /// # Errors
    /// See [`BankIdError`].
    pub async fn collect(&self, order_ref: &str) -> Result<Collected, BankIdError> {
        let order_ref = order_ref.to_owned();
        let request = OrderRequest { order_ref };
        let answer: CollectResponse = self.ask("collect", &request).await?;
        if answer.order_ref != request.order_ref {
            return Err(BankIdError::Answer);
        }
        Ok(match answer.progress {
            Progress::Pending { hint_code } => Collected::Pending(hint_code),
            Progress::Failed { hint_code } => Collected::Failed(hint_code),
            Progress::Complete { completion_data } => {
                Collected::Complete(Box::new(completed(*completion_data)))
            }
        })
    }

    /// Stops an order, for when its page is left.
    ///
    /// # Errors
    /// See [`BankIdError`]; `InvalidParameters` when it is at its end already.
    pub async fn cancel(&self, order_ref: &str) -> Result<(), BankIdError> {
        let order_ref = order_ref.to_owned();
        let _empty: serde_json::Value = self.ask("cancel", &OrderRequest { order_ref }).await?;
        Ok(())
    }

    async fn start(
        &self,
        endpoint: &str,
        request: &StartRequest,
        now: impl Fn() -> Timestamp,
    ) -> Result<Order, BankIdError> {
        let answer: StartResponse = self.ask(endpoint, request).await?;
        // The animated code counts from the answer, not from the question.
        Ok(Order::new(answer, now()))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        endpoint: &str,
        request: &impl Serialize,
    ) -> Result<T, BankIdError> {
        let url = self
            .base
            .join(endpoint)
            .expect("a fixed word under a valid address");
        let sent = self.client.post(url).json(request).send().await;
        let mut response = sent.map_err(BankIdError::unanswered)?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(BankIdError::unanswered)? {
            if body.len() + piece.len() > LARGEST {
                return Err(BankIdError::Oversized);
            }
            body.extend_from_slice(&piece);
        }
        if !response.status().is_success() {
            return Err(BankIdError::answered(response.status(), &body));
        }
        serde_json::from_slice(&body).map_err(|_| BankIdError::Answer)
    }
}

fn base(endpoint: &str) -> Result<Url, SetupError> {
    let wrong = || SetupError::Endpoint(endpoint.to_owned());
    let mut url: Url = endpoint.parse().map_err(|_| wrong())?;
    if url.scheme() != "https" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong());
    }
    match url.path() {
        "/" => url.set_path(PATH),
        path if path.ends_with('/') => {}
        path => {
            let path = format!("{path}/");
            url.set_path(&path);
        }
    }
    Ok(url)
}

fn request(ask: Ask, text: Option<Text>, most: usize) -> Result<StartRequest, BankIdError> {
    let return_url = ask.return_url;
    if return_url
        .as_ref()
        .is_some_and(|url| url.is_empty() || url.chars().count() > RETURN_URL)
    {
        return Err(BankIdError::ReturnUrl);
    }
    let encoded = |bytes: &[u8], most: usize| {
        let encoded = BASE64_STANDARD.encode(bytes);
        if encoded.is_empty() || encoded.len() > most {
            return Err(BankIdError::Text);
        }
        Ok(Personal::new(encoded))
    };
    let (visible, markdown, hidden) = match text {
        Some(text) => (
            Some(encoded(text.visible.reveal().as_bytes(), most)?),
            text.markdown.then(|| SIMPLE_MARKDOWN.to_owned()),
            text.hidden
                .map(|hidden| encoded(&hidden, HIDDEN_TEXT))
                .transpose()?,
        ),
        None => (None, None, None),
    };
    Ok(StartRequest {
        end_user_ip: ask.end_user_ip,
        user_visible_data: visible,
        user_visible_data_format: markdown,
        user_non_visible_data: hidden,
        return_url,
        return_risk: Some(true),
        web: ask.web,
        app: None,
        requirement: (ask.requirement != Requirement::default()).then_some(ask.requirement),
    })
}

fn completed(data: CompletionData) -> Completed {
    Completed {
        personal_number: data.user.personal_number,
        name: data.user.name,
        given_name: data.user.given_name,
        surname: data.user.surname,
        device_ip: data.device.ip_address,
        device_uhi: data.device.uhi,
        issued: data.bank_id_issue_date,
        mrtd: data.step_up.map(|step| step.mrtd),
        signature: data.signature,
        ocsp_response: data.ocsp_response,
        risk: data.risk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_https_and_gets_the_path() {
        let shown = |text: &str| base(text).map(String::from).ok();
        let whole = "https://appapi2.bankid.com/rp/v6.0/";
        for text in [
            "https://appapi2.bankid.com",
            "https://appapi2.bankid.com/",
            "https://appapi2.bankid.com/rp/v6.0",
            whole,
        ] {
            assert_eq!(shown(text).as_deref(), Some(whole), "{text}");
        }
        for text in ["http://appapi2.bankid.com", "appapi2.bankid.com", ""] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn what_bankid_would_refuse_is_not_sent() {
        let ask = || Ask::from_ip([192, 0, 2, 1].into());
        // 1,125 bytes make 1,500 characters of base64.
        assert!(request(ask(), Some(Text::plain("å".repeat(562))), AUTH_TEXT).is_ok());
        assert!(matches!(
            request(ask(), Some(Text::plain("å".repeat(563))), AUTH_TEXT),
            Err(BankIdError::Text)
        ));
        assert!(matches!(
            request(ask(), Some(Text::plain("")), SIGN_TEXT),
            Err(BankIdError::Text)
        ));
        let far = Ask {
            return_url: Some("x".repeat(513)),
            ..ask()
        };
        assert!(matches!(
            request(far, None, AUTH_TEXT),
            Err(BankIdError::ReturnUrl)
        ));
    }
}
