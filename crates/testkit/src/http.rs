//! A small client for peers' REST interfaces and the product's own pages.

use crate::wait::LIMIT;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

/// Plain HTTP on loopback; a failed request panics unless a status is asked
/// for.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    base: String,
}

impl Http {
    /// `base` such as `http://127.0.0.1:8042`.
    ///
    /// # Panics
    /// Never: the client has no settings that can be wrong.
    pub fn new(base: impl Into<String>) -> Self {
        // reqwest asks for a provider even when nothing is encrypted.
        let _already_set = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder()
            .no_proxy()
            .timeout(LIMIT * 2)
            .build()
            .expect("a plain client can be made");
        Self {
            client,
            base: base.into(),
        }
    }

    /// The status and body, whatever they are; `None` when nobody answers.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Option<(StatusCode, Vec<u8>)> {
        let request = self
            .client
            .request(method, format!("{}{path}", self.base))
            .body(body);
        let response = request.send().await.ok()?;
        let status = response.status();
        Some((status, response.bytes().await.ok()?.to_vec()))
    }

    /// The body of a request that must succeed.
    ///
    /// # Panics
    /// When it does not.
    pub async fn send(&self, method: Method, path: &str, body: impl Into<Vec<u8>>) -> Vec<u8> {
        let shown = format!("{method} {}{path}", self.base);
        match self.ask(method, path, body.into()).await {
            Some((status, body)) if status.is_success() => body,
            Some((status, body)) => panic!("{shown}: {status}: {}", String::from_utf8_lossy(&body)),
            None => panic!("{shown}: no answer"),
        }
    }

    /// # Panics
    /// When the request fails.
    pub async fn get(&self, path: &str) -> Vec<u8> {
        self.send(Method::GET, path, Vec::new()).await
    }

    /// # Panics
    /// When the request fails or the answer is not JSON.
    pub async fn get_json(&self, path: &str) -> Value {
        json(path, &self.get(path).await)
    }

    /// # Panics
    /// When the request fails or the answer is not JSON.
    pub async fn post_json(&self, path: &str, body: &Value) -> Value {
        json(path, &self.send(Method::POST, path, body.to_string()).await)
    }
}

fn json(path: &str, body: &[u8]) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|error| panic!("{path}: {error}: {}", String::from_utf8_lossy(body)))
}
