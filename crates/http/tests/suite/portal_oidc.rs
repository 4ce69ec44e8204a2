//! Log-in at an organisation's own identity provider, there and back: npm
//! `oidc-provider`, its pages walked by plain requests. It is on this machine,
//! where the API lets nobody place one, and so its settings are sealed here.

use crate::fixture::{Answer, Hub, Party, later, now, operator};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use bildbro_domain::{
    Digest,
    audit::{Action, Entry, Outcome},
    permission::BuiltIn,
};
use bildbro_flow::{
    clock::Clock,
    ports::portal::{
        Caller,
        identity_provider::{KeptProvider, place},
        members::FirstMember,
    },
};
use bildbro_login::oidc::{ClientAuthentication, Mapping, Provider, Secret};
use reqwest::{Client, redirect};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
};
use tower::ServiceExt;
use url::Url;

const HUB: &str = "https://hub.example";
const CALLBACK: &str = "https://hub.example/api/login/oidc/callback";

/// Whom the provider means, whatever name is typed there.
const TOLVAN: &str = "tolvan@example.org";

/// A provider for Region Halland, where Tolvan works, and for Region Skåne.
struct World {
    hub: Hub,
    issuer: String,
    _process: Child,
    /// Kept open: what it writes later must not end it.
    _stdout: BufReader<ChildStdout>,
}

impl World {
    async fn new(two_factors: bool) -> Self {
        // reqwest asks for a provider even when nothing is encrypted.
        let _already_set = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../login/tests/oidc/provider.mjs");
        let settings = json!({"redirect_uri": CALLBACK, "jwks": {"keys": []}, "tls": false});
        let mut process = Command::new("node")
            .arg(script)
            .env("OIDC_TEST", settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is there; run `make setup`");
        let mut issuer = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut issuer).await.unwrap();
        assert!(issuer.starts_with("http"), "run `make setup`");
        let mut hub = Hub::new().await;
        // The provider's tokens are of today.
        hub.state.clock = Clock::system();
        let world = Self {
            hub,
            issuer: issuer.trim().to_owned(),
            _process: process,
            _stdout: stdout,
        };
        world.member(&world.hub.sender, TOLVAN).await;
        world.member(&world.hub.recipient, "agda@example.net").await;
        world.provide(&world.hub.sender, two_factors).await;
        world.provide(&world.hub.recipient, two_factors).await;
        world
    }

    async fn member(&self, party: &Party, email: &str) {
        let new = FirstMember {
            organisation: party.organisation,
            name: "Tolvan Tolvansson".into(),
            email: email.into(),
            language: "sv".into(),
            roles: vec![BuiltIn::Sender],
        };
        let portal = &self.hub.state.portal;
        let member = portal.add_first_member(new, operator(), now()).await;
        let link = Digest::of(email.as_bytes());
        let issued = portal.issue_link(member.unwrap(), link, later(3600), operator(), now());
        issued.await.unwrap();
    }

    /// An administrator places the provider.
    async fn provide(&self, party: &Party, two_factors: bool) {
        let organisation = party.organisation;
        let roles = [BuiltIn::Administrator];
        let anna = self.hub.member(organisation, &roles).await;
        let provider = Provider {
            id: organisation.to_string(),
            issuer: self.issuer.clone(),
            client_id: "basic".into(),
            authentication: ClientAuthentication::ClientSecretBasic {
                secret: Secret::new("a secret: with + and %"),
            },
            scopes: vec!["siths".into()],
            mapping: Mapping::siths(),
            acr_values: vec!["loa3".into()],
            two_factors,
            ca_file: None,
        };
        let kept = KeptProvider {
            name: "Regionens inloggning".into(),
            sealed: self.hub.state.vault.seal(&place(organisation), &provider),
        };
        let caller = Caller {
            token: Digest::of(anna.token.as_bytes()),
            from: "192.0.2.7".into(),
            at: now(),
        };
        let portal = &self.hub.state.portal;
        let done = portal.put_identity_provider(&caller, Some(&kept)).await;
        done.unwrap();
    }

    async fn log_ins(&self, outcome: Outcome) -> Vec<Entry> {
        let links = self.hub.store.audit_links(0, 10_000).await.unwrap();
        links
            .iter()
            .map(|link| serde_json::from_str::<Entry>(&link.text).unwrap())
            .filter(|entry| entry.action == Action::LogIn && entry.outcome == outcome)
            // Those of the fixture's own making.
            .filter(|entry| entry.detail.as_deref() != Some("password"))
            .collect()
    }
}

/// A browser: with the hub's cookies, and those of the provider.
#[derive(Clone, Default)]
struct Browser {
    ours: BTreeMap<String, String>,
    theirs: BTreeMap<String, String>,
}

impl Browser {
    async fn call(&mut self, world: &World, method: &str, path: &str, body: Value) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, pairs(&self.ours));
        // A way back from another's page is a plain GET.
        if method != "GET" {
            request = request
                .header("x-bildbro", "1")
                .header(header::ORIGIN, HUB)
                .header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let answer = world.hub.public().oneshot(request).await.unwrap();
        let answer = Answer::of(answer).await;
        keep(&mut self.ours, &answer.headers);
        answer
    }

    async fn session(&mut self, world: &World) -> Value {
        let answer = self.call(world, "GET", "/api/session", Value::Null).await;
        answer.json()
    }

    /// Where the hub sends it to.
    async fn begin(&mut self, world: &World, email: &str) -> Url {
        let ask = json!({"email": email, "return_to": "/studies?of=today"});
        let begun = self.call(world, "POST", "/api/login/oidc/begin", ask).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
        let url: Url = begun.json()["url"].as_str().unwrap().parse().unwrap();
        assert_eq!(url.origin().ascii_serialization(), world.issuer);
        url
    }

    /// Through the provider's redirects and pages, until it sends the browser
    /// back: path and query at the hub.
    async fn walk(&mut self, start: Url, login: &str) -> String {
        let client = Client::builder().no_proxy();
        let client = client.redirect(redirect::Policy::none()).build().unwrap();
        let mut url = start;
        let mut form: Option<Vec<(&str, &str)>> = None;
        for _ in 0..20 {
            let request = match form.take() {
                Some(form) => client.post(url.clone()).form(&form),
                None => client.get(url.clone()),
            };
            let request = request.header(header::COOKIE, pairs(&self.theirs));
            let response = request.send().await.unwrap();
            keep(&mut self.theirs, response.headers());
            if let Some(location) = response.headers().get(header::LOCATION) {
                url = url.join(location.to_str().unwrap()).unwrap();
                if url.as_str().starts_with(CALLBACK) {
                    return url.as_str()[HUB.len()..].to_owned();
                }
                continue;
            }
            let page = response.text().await.unwrap();
            let action = between(&page, "action=\"", "\"").expect("a form");
            url = url.join(action).unwrap();
            form = Some(match between(&page, "name=\"prompt\" value=\"", "\"") {
                Some("login") => vec![("prompt", "login"), ("login", login), ("password", "x")],
                _ => vec![("prompt", "consent")],
            });
        }
        panic!("the log-in does not end");
    }

    /// Comes back, and is sent on to.
    async fn come_back(&mut self, world: &World, to: &str) -> String {
        let answer = self.call(world, "GET", to, Value::Null).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        assert!(!self.ours.contains_key("__Host-oidc"));
        let place = answer.headers[header::LOCATION].to_str().unwrap();
        place.to_owned()
    }
}

fn pairs(cookies: &BTreeMap<String, String>) -> String {
    let cookies = cookies.iter();
    let pairs: Vec<_> = cookies
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("; ")
}

fn keep(cookies: &mut BTreeMap<String, String>, headers: &header::HeaderMap) {
    for set in headers.get_all(header::SET_COOKIE) {
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        if value.is_empty() {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

#[tokio::test]
async fn one_comes_back_from_the_provider_logged_in_and_only_once() {
    let world = World::new(true).await;
    let mut tolvan = Browser::default();
    let url = tolvan.begin(&world, " Tolvan@Example.org").await;
    let way_back = tolvan.walk(url, "tolvan").await;
    assert_eq!(tolvan.session(&world).await["level"], "none");
    let before = tolvan.clone();
    let place = tolvan.come_back(&world, &way_back).await;
    assert_eq!(place, "/studies?of=today");
    let session = tolvan.session(&world).await;
    assert_eq!(session["level"], "full", "{session}");
    assert_eq!(session["member"]["email"], TOLVAN);
    assert_eq!(session["roles"], json!(["sender"]));
    let log_ins = world.log_ins(Outcome::Success).await;
    let own = log_ins
        .iter()
        .filter(|e| e.detail.as_deref() == Some("oidc"));
    let own: Vec<_> = own.collect();
    assert_eq!(own.len(), 1, "{log_ins:?}");
    assert_eq!(own[0].organisation, Some(world.hub.sender.organisation));

    // The same way back again: with all that the browser had, with nothing, and
    // with a log-in that has begun since.
    let mut again = before.clone();
    let place = again.come_back(&world, &way_back).await;
    assert_eq!(place, "/login?problem=expired");
    let mut without = Browser::default();
    let place = without.come_back(&world, &way_back).await;
    assert_eq!(place, "/login?problem=other-browser");
    let mut anew = before;
    anew.begin(&world, TOLVAN).await;
    let place = anew.come_back(&world, &way_back).await;
    assert_eq!(place, "/login?problem=other-browser");
    for browser in [&mut again, &mut without, &mut anew] {
        assert_eq!(browser.session(&world).await["level"], "none");
    }
    assert_eq!(world.log_ins(Outcome::Success).await.len(), log_ins.len());
}

#[tokio::test]
async fn no_one_comes_back_with_what_is_not_theirs_or_not_enough() {
    let world = World::new(true).await;

    // What another browser was sent back with.
    let (mut one, mut other) = (Browser::default(), Browser::default());
    let url = one.begin(&world, TOLVAN).await;
    let way_back = one.walk(url, "tolvan").await;
    other.begin(&world, TOLVAN).await;
    let place = other.come_back(&world, &way_back).await;
    assert_eq!(place, "/login?problem=other-browser");
    assert_eq!(other.session(&world).await["level"], "none");
    assert_eq!(world.log_ins(Outcome::Failure).await.len(), 1);
    // Whose it is has it still.
    let place = one.come_back(&world, &way_back).await;
    assert_eq!(place, "/studies?of=today");

    // Too low a level of assurance.
    let mut low = Browser::default();
    let url = low.begin(&world, TOLVAN).await;
    let way_back = low.walk(url, "low").await;
    let place = low.come_back(&world, &way_back).await;
    assert_eq!(place, "/login?problem=assurance");

    // Tolvan, said by the provider of an organisation that he is not of.
    let mut skane = Browser::default();
    let url = skane.begin(&world, "agda@example.net").await;
    let way_back = skane.walk(url, "tolvan").await;
    let place = skane.come_back(&world, &way_back).await;
    assert_eq!(place, "/login?problem=no-account");

    // The provider says no.
    let mut refused = Browser::default();
    let url = refused.begin(&world, TOLVAN).await;
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("error", "access_denied")
        .append_pair("state", &state.1)
        .append_pair("iss", &world.issuer)
        .finish();
    let way_back = format!("/api/login/oidc/callback?{query}");
    let place = refused.come_back(&world, &way_back).await;
    assert_eq!(place, "/login?problem=provider");

    for browser in [&mut low, &mut skane, &mut refused] {
        assert_eq!(browser.session(&world).await["level"], "none");
    }
    let failed = world.log_ins(Outcome::Failure).await;
    assert_eq!(failed.len(), 4, "{failed:?}");

    // Back is to a place of ours, or nowhere; for who has no provider there is none.
    let begin = "/api/login/oidc/begin";
    for to in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
    ] {
        let ask = json!({"email": TOLVAN, "return_to": to});
        let answer = one.call(&world, "POST", begin, ask).await;
        assert_eq!(answer.problem(), "unreadable", "{to}");
        assert_eq!(answer.json()["field"], "return_to");
    }
    let ask = json!({"email": "x@example.edu", "return_to": "/"});
    let answer = one.call(&world, "POST", begin, ask).await;
    assert_eq!(answer.problem(), "not-found");
}

#[tokio::test]
async fn a_provider_that_is_one_factor_leads_to_the_second() {
    let world = World::new(false).await;
    let mut tolvan = Browser::default();
    let url = tolvan.begin(&world, TOLVAN).await;
    let way_back = tolvan.walk(url, "tolvan").await;
    let place = tolvan.come_back(&world, &way_back).await;
    assert_eq!(place, "/login?back=%2Fstudies%3Fof%3Dtoday");
    let session = tolvan.session(&world).await;
    assert_ne!(session["level"], "full", "{session}");
    assert_ne!(session["level"], "none", "{session}");
    let members = tolvan.call(&world, "GET", "/api/partners", Value::Null);
    assert_eq!(members.await.status, StatusCode::UNAUTHORIZED);
}
