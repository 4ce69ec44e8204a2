//! The whole way with a real provider, its pages walked by plain requests.

use crate::{REDIRECT, callback, key::Key, now, patient, provider, random};
use bildbro_login::oidc::{
    Callback, ClientAuthentication, Commission, Flow, IdTokenError, OidcError, Provider,
    RelyingParty, Secret, SigningAlgorithm,
};
use reqwest::{Certificate, Client, Response, redirect};
use serde_json::json;
use std::{collections::BTreeMap, path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
};
use url::Url;

/// Of the test's own authority, which nobody else trusts.
const AUTHORITY: &[u8] = include_bytes!("tls/ca.pem");

struct Real {
    issuer: String,
    key: Key,
    _process: Child,
    /// Kept open: what it writes later must not end it.
    _stdout: BufReader<ChildStdout>,
}

impl Real {
    async fn start(tls: bool) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
        let key = Key::new("ours");
        let settings = json!({
            "redirect_uri": REDIRECT, "jwks": {"keys": [key.jwk()]}, "tls": tls,
        });
        let mut process = Command::new("node")
            .arg(here.join("provider.mjs"))
            .env("OIDC_TEST", settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .expect("node is there; run `make setup`");
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        let mut stdout = BufReader::new(stdout);
        stdout.read_line(&mut line).await.unwrap();
        assert!(line.starts_with("http"), "run `make setup`");
        Self {
            issuer: line.trim().to_owned(),
            key,
            _process: process,
            _stdout: stdout,
        }
    }

    /// Begins a login, goes through the provider's pages as `login`, and comes
    /// back to `finish`.
    async fn log_in(
        &self,
        party: &RelyingParty,
        provider: &Provider,
        login: &str,
        seed: u8,
    ) -> Result<bildbro_login::oidc::Identity, OidcError> {
        let begun = party.begin(provider, REDIRECT, "/studies", now(), random(seed));
        let (url, flow) = begun.await.unwrap();
        let callback = Browser::new().walk(url, login).await;
        party.finish(provider, flow, &callback, now()).await
    }
}

/// As much of a browser as login pages need.
struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new() -> Self {
        let client = Client::builder()
            .no_proxy()
            .tls_certs_only([Certificate::from_pem(AUTHORITY).unwrap()])
            .redirect(redirect::Policy::none());
        Self {
            client: client.build().unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    async fn ask(&mut self, url: &Url, form: Option<&[(&str, &str)]>) -> Response {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = match form {
            Some(form) => self.client.post(url.clone()).form(form),
            None => self.client.get(url.clone()),
        };
        let response = request
            .header("cookie", cookies.join("; "))
            .send()
            .await
            .unwrap();
        for set in response.headers().get_all("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        response
    }

    /// Through redirects, the login page and the consent page, back to us.
    async fn walk(&mut self, start: Url, login: &str) -> Callback {
        let mut url = start;
        let mut form: Option<Vec<(&str, &str)>> = None;
        for _ in 0..20 {
            let response = self.ask(&url, form.take().as_deref()).await;
            if let Some(location) = response.headers().get("location") {
                url = url.join(location.to_str().unwrap()).unwrap();
                if url.as_str().starts_with(REDIRECT) {
                    return query(&url);
                }
                continue;
            }
            let status = response.status();
            let page = response.text().await.unwrap();
            assert!(status.is_success(), "{status} at {url}: {page}");
            let action = between(&page, "action=\"", "\"").expect("a form");
            url = url.join(action).unwrap();
            form = Some(match between(&page, "name=\"prompt\" value=\"", "\"") {
                Some("login") => vec![("prompt", "login"), ("login", login), ("password", "x")],
                _ => vec![("prompt", "consent")],
            });
        }
        panic!("the login does not end");
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?
        .1
        .split_once(after)
        .map(|(found, _)| found)
}

fn query(url: &Url) -> Callback {
    let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    serde_json::from_value(json!(query)).unwrap()
}

#[tokio::test]
async fn one_logs_in_with_each_way_to_prove_the_client() {
    let real = Real::start(false).await;
    let party = patient();
    let mut ways = vec![provider(&real.issuer)];
    let mut post = provider(&real.issuer);
    post.client_id = "post".into();
    post.authentication = ClientAuthentication::ClientSecretPost {
        secret: Secret::new("another"),
    };
    ways.push(post);
    let mut key = provider(&real.issuer);
    key.client_id = "key".into();
    key.authentication = ClientAuthentication::PrivateKeyJwt {
        key: Secret::new(real.key.pem()),
        kid: Some("ours".into()),
        algorithm: SigningAlgorithm::ES256,
        audience: None,
    };
    ways.push(key);
    for (seed, provider) in (1..).zip(&ways) {
        let client = &provider.client_id;
        let identity = real.log_in(&party, provider, "tolvan", seed).await;
        let identity = identity.unwrap_or_else(|error| panic!("{client}: {error}"));
        assert_eq!(identity.subject.reveal(), "tolvan");
        assert_eq!(identity.name.reveal(), "Tolvan Tolvansson");
        assert_eq!(identity.personal_number.unwrap().reveal(), "191212121212");
        assert_eq!(identity.acr.as_deref(), Some("loa3"));
        assert_eq!(identity.issuer, real.issuer);
        let [commission]: [Commission; 1] = identity.commissions.try_into().unwrap();
        assert_eq!(commission.commission_hsa_id, "TSTNMT2321000156-10NM");
    }
    let mut wrong = provider(&real.issuer);
    wrong.authentication = ClientAuthentication::ClientSecretBasic {
        secret: Secret::new("a wrong one"),
    };
    let error = real.log_in(&party, &wrong, "tolvan", 9).await.unwrap_err();
    assert!(
        matches!(&error, OidcError::Exchange(code) if code == "invalid_client"),
        "{error}"
    );
}

#[tokio::test]
async fn a_real_answer_is_good_once_in_its_own_flow_at_its_own_level() {
    let real = Real::start(false).await;
    let party = patient();
    let provider = provider(&real.issuer);
    let begin = async |seed| {
        let begun = party.begin(&provider, REDIRECT, "/", now(), random(seed));
        begun.await.unwrap()
    };

    let (url, flow) = begin(1).await;
    let back = Browser::new().walk(url, "tolvan").await;
    assert!(back.iss.is_some(), "this provider follows RFC 9207");
    let finish =
        async |flow: Flow, back: &Callback| party.finish(&provider, flow, back, now()).await;
    assert!(finish(flow.clone(), &back).await.is_ok());
    let replayed = finish(flow, &back).await.unwrap_err();
    assert!(matches!(&replayed, OidcError::Exchange(code) if code == "invalid_grant"));

    // Another's answer, put into this browser: its state is not ours.
    let (url, _) = begin(2).await;
    let foreign = Browser::new().walk(url, "other").await;
    let (_, flow) = begin(3).await;
    let error = finish(flow.clone(), &foreign).await.unwrap_err();
    assert!(matches!(error, OidcError::State), "{error}");
    // Even with our state its code is bound to another's PKCE challenge.
    let mut swapped = callback(&flow.state, foreign.code.as_deref().unwrap());
    swapped.iss = foreign.iss.clone();
    let error = finish(flow, &swapped).await.unwrap_err();
    assert!(matches!(&error, OidcError::Exchange(code) if code == "invalid_grant"));

    let (url, mut flow) = begin(4).await;
    let back = Browser::new().walk(url, "tolvan").await;
    flow.nonce = "another".into();
    let error = finish(flow, &back).await.unwrap_err();
    assert!(
        matches!(error, OidcError::IdToken(IdTokenError::Nonce)),
        "{error}"
    );

    let (url, flow) = begin(5).await;
    let back = Browser::new().walk(url, "low").await;
    let error = finish(flow, &back).await.unwrap_err();
    assert!(matches!(error, OidcError::Assurance), "{error}");
}

#[tokio::test]
async fn a_providers_own_authority_is_trusted_where_it_is_configured() {
    let real = Real::start(true).await;
    let party = patient();
    let mut provider = provider(&real.issuer);
    assert!(provider.issuer.starts_with("https://"));
    let begun = party
        .begin(&provider, REDIRECT, "/", now(), random(1))
        .await;
    assert!(matches!(begun, Err(OidcError::Unreachable(..))));
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    provider.ca_file = Some(here.join("tests/oidc/tls/ca.pem"));
    let identity = real.log_in(&party, &provider, "tolvan", 2).await.unwrap();
    assert_eq!(identity.subject.reveal(), "tolvan");
    // What one provider's file vouches for, another's does not.
    provider.ca_file = None;
    let begun = party
        .begin(&provider, REDIRECT, "/", now(), random(3))
        .await;
    assert!(matches!(begun, Err(OidcError::Unreachable(..))));
}
