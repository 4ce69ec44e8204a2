//! Tokens: asked for with a signed assertion, kept until shortly before they
//! run out.

use crate::{
    client::{Signer, answer, checked, unreachable},
    connect::join,
};
use bildbro_flow::ports::gateway::HubError;
use bildbro_wire::link;
use jiff::Timestamp;
use reqwest::{Client, Url};
use serde::Deserialize;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// A token is renewed when less than this is left of it.
const MARGIN: Duration = Duration::from_secs(30);

pub struct Login {
    client: Client,
    url: Url,
    sign: Arc<Signer>,
    /// Locked while a token is asked for, so that all wait for one answer.
    current: Mutex<Option<Token>>,
}

struct Token {
    text: String,
    renew: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl Login {
    pub fn new(client: Client, base: Url, sign: Arc<Signer>) -> Self {
        Self {
            client,
            url: join(&base, link::TOKEN),
            sign,
            current: Mutex::new(None),
        }
    }

    pub async fn token(&self) -> Result<String, HubError> {
        let mut current = self.current.lock().await;
        if let Some(token) = &*current
            && Instant::now() < token.renew
        {
            return Ok(token.text.clone());
        }
        let assertion = (self.sign)(self.url.as_str(), Timestamp::now());
        let form = [
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion),
        ];
        let sent = self.client.post(self.url.clone()).form(&form).send().await;
        let granted: Granted = answer(checked(sent.map_err(unreachable)?).await?).await?;
        let life = Duration::from_secs(granted.expires_in).saturating_sub(MARGIN);
        *current = Some(Token {
            text: granted.access_token.clone(),
            renew: Instant::now() + life,
        });
        Ok(granted.access_token)
    }

    /// The hub no longer takes this token.
    pub async fn forget(&self, text: &str) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|token| token.text == text) {
            *current = None;
        }
    }
}
