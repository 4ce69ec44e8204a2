//! Logging in and one's own account, as a browser does it, and as those do who
//! would like to be someone else. One-time codes are pyotp's.

mod attack;
mod own;

use crate::fixture::{Answer, Hub, later, now};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use bildbro_domain::{
    Digest, MemberId,
    audit::{Action, Entry, Outcome},
    permission::BuiltIn,
};
use bildbro_flow::{clock::Clock, ports::portal::login::Ceremony};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use tower::ServiceExt;

const PASSWORD: &str = "korrekt häst batteri";
const OTHER: &str = "en helt annan lång mening";

fn python(script: &str, arguments: &[&str]) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = env::var_os("BILDBRO_PYTHON")
        .map_or_else(|| here.join("../../.venv/bin/python"), PathBuf::from);
    let output = Command::new(&python)
        .args(["-c", script])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; run `make setup`", python.display()));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What an authenticator app of others' making shows.
fn code(secret: &str, seconds: i64) -> String {
    let at = later(seconds).as_second().to_string();
    let script = "import pyotp, sys; print(pyotp.TOTP(sys.argv[1]).at(int(sys.argv[2])))";
    python(script, &[secret, &at])
}

struct World {
    hub: Hub,
    clock: Arc<AtomicI64>,
}

impl World {
    async fn new() -> Self {
        let mut hub = Hub::new().await;
        let clock = Arc::new(AtomicI64::new(0));
        let seen = Arc::clone(&clock);
        hub.state.clock = Clock::from_fn(move || later(seen.load(Ordering::SeqCst)));
        hub.state.behind_proxy = true;
        Self { hub, clock }
    }

    fn at(&self, seconds: i64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    /// By hand in the database, for what no route of log-in does.
    fn sql(&self, statement: &str) {
        let file = self.hub.folder.path().join("hub.sqlite");
        let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=10); \
             c.execute(sys.argv[2]); c.commit()";
        python(script, &[file.to_str().unwrap(), statement]);
    }

    /// A member with a link in their letter box.
    async fn invited(&self) -> (MemberId, String, String) {
        let organisation = self.hub.sender.organisation;
        let person = self.hub.member(organisation, &[BuiltIn::Sender]).await;
        let link = bildbro_identity::token::generate();
        let kept = Ceremony {
            id: Digest::of(link.as_bytes()),
            kind: "nothing",
            data: String::new(),
            expires_at: later(3600),
        };
        let portal = &self.hub.state.portal;
        let member = Some(person.member);
        portal
            .ask_reset(member, kept, "letter".into(), String::new(), now())
            .await
            .unwrap();
        let email = format!("{}@example.com", &person.token[..12]);
        (person.member, email, link)
    }

    /// A member who has set up password and app, logged in in a browser.
    async fn settled(&self) -> Settled {
        let (member, email, link) = self.invited().await;
        let mut browser = Browser::from("192.0.2.1");
        let chosen = json!({"password": PASSWORD, "language": "sv"});
        let path = format!("/api/invitations/{link}");
        let answer = browser.call(self, "POST", &path, chosen).await;
        assert_eq!(answer.json()["level"], "setup", "{}", answer.text());
        let begun = browser
            .call(self, "POST", "/api/account/totp/begin", json!({}))
            .await
            .json();
        let secret = begun["secret"].as_str().unwrap().to_owned();
        let proof = json!({"factor": begun["factor"], "code": code(&secret, 0)});
        let answer = browser
            .call(self, "POST", "/api/account/totp/finish", proof)
            .await;
        assert_eq!(answer.json()["level"], "full", "{}", answer.text());
        Settled {
            member,
            email,
            secret,
            browser,
        }
    }

    async fn entries(&self, action: Action, outcome: Outcome) -> Vec<Entry> {
        let links = self.hub.store.audit_links(0, 10_000).await.unwrap();
        links
            .iter()
            .map(|link| serde_json::from_str::<Entry>(&link.text).unwrap())
            .filter(|entry| entry.action == action && entry.outcome == outcome)
            .collect()
    }
}

struct Settled {
    member: MemberId,
    email: String,
    secret: String,
    browser: Browser,
}

/// A browser with its cookies.
#[derive(Clone)]
struct Browser {
    cookies: BTreeMap<String, String>,
    address: String,
    agent: Vec<u8>,
}

impl Browser {
    fn from(address: &str) -> Self {
        Self {
            cookies: BTreeMap::new(),
            address: address.to_owned(),
            agent: b"Test/1.0".to_vec(),
        }
    }

    async fn call(&mut self, world: &World, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(world, method, path, body).await
    }

    async fn send(&mut self, world: &World, method: &str, path: &str, body: String) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-bildbro", "1")
            .header("x-forwarded-for", &self.address)
            .header(header::USER_AGENT, &self.agent[..])
            .header(header::ORIGIN, "https://hub.example")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, cookies.join("; "))
            .body(Body::from(body))
            .unwrap();
        let answer = Answer::of(world.hub.public().oneshot(request).await.unwrap()).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("; Path=/; Secure; HttpOnly; SameSite="),
                "{cookie}"
            );
            let (name, rest) = cookie.split_once('=').unwrap();
            assert!(name.starts_with("__Host-"));
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn level(&mut self, world: &World) -> Value {
        let answer = self.call(world, "GET", "/api/session", Value::Null).await;
        answer.json()["level"].clone()
    }

    async fn password(&mut self, world: &World, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.call(world, "POST", "/api/login/password", body).await
    }

    async fn totp(&mut self, world: &World, code: &str) -> Answer {
        self.call(world, "POST", "/api/login/totp", json!({"code": code}))
            .await
    }
}

#[tokio::test]
async fn every_rise_is_under_a_new_token_and_the_old_one_is_dead() {
    let world = World::new().await;
    let mut settled = world.settled().await;
    assert_eq!(settled.browser.level(&world).await, "full");
    world.at(60);

    // Whatever token someone put into the browser before, it is not logged in.
    let mut browser = Browser::from("192.0.2.1");
    let planted = "x".repeat(43);
    browser
        .cookies
        .insert("__Host-session".into(), planted.clone());
    let first = browser
        .password(&world, &settled.email.to_uppercase(), PASSWORD)
        .await;
    assert_eq!(first.json(), json!({"level": "first", "factors": ["totp"]}));
    let mut before = browser.clone();
    assert_ne!(before.cookies["__Host-session"], planted);
    // Nothing but the second factor follows.
    let early = browser
        .call(&world, "GET", "/api/account/factors", Value::Null)
        .await;
    assert_eq!(early.problem(), "second-factor-needed");
    let early = browser
        .call(&world, "POST", "/api/account/totp/begin", json!({}))
        .await;
    assert_eq!(early.problem(), "second-factor-needed");

    let full = browser.totp(&world, &code(&settled.secret, 60)).await;
    assert_eq!(full.json()["level"], "full", "{}", full.text());
    assert_eq!(before.level(&world).await, "none");
    let seen = browser
        .call(&world, "GET", "/api/session", Value::Null)
        .await
        .json();
    assert_eq!(seen["level"], "full");
    assert_eq!(seen["roles"], json!(["sender"]));
    assert_eq!(
        seen["factors"],
        json!({"passkeys": 0, "totp": true, "recovery_left": 0})
    );

    world.at(120);
    let mut before = browser.clone();
    let path = "/api/session/step-up/totp";
    let fresh = json!({"code": code(&settled.secret, 120)});
    let stepped = browser.call(&world, "POST", path, fresh).await;
    assert_eq!(stepped.json()["fresh_until"], later(720).to_string());
    assert_eq!(before.level(&world).await, "none");

    let out = browser
        .call(&world, "POST", "/api/logout", Value::Null)
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(!browser.cookies.contains_key("__Host-session"));
    assert_eq!(settled.browser.level(&world).await, "full");
    for action in [
        Action::LogIn,
        Action::StepUp,
        Action::LogOut,
        Action::AddFactor,
    ] {
        let about = world.entries(action, Outcome::Success).await;
        let own = about
            .iter()
            .filter(|e| e.actor.member_id() == Some(settled.member));
        assert!(own.count() > 0, "{}", action.as_str());
    }
}

#[tokio::test]
async fn a_code_is_taken_once_and_five_wrong_ones_end_the_session() {
    let world = World::new().await;
    let settled = world.settled().await;
    let mut browser = Browser::from("192.0.2.9");
    // Used already when the app was set up.
    browser.password(&world, &settled.email, PASSWORD).await;
    let replayed = browser.totp(&world, &code(&settled.secret, 0)).await;
    assert_eq!(replayed.problem(), "wrong-code");
    assert_eq!(
        world.entries(Action::LogIn, Outcome::Failure).await.len(),
        1
    );

    // At two hubs at once: one is let in.
    world.at(90);
    let mut other = browser.clone();
    other.password(&world, &settled.email, PASSWORD).await;
    browser.password(&world, &settled.email, PASSWORD).await;
    let good = code(&settled.secret, 90);
    let (one, two) = tokio::join!(async { browser.totp(&world, &good).await.status }, async {
        other.totp(&world, &good).await.status
    },);
    let mut both = [one.as_u16(), two.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [200, 401]);

    let mut guesser = Browser::from("192.0.2.10");
    guesser.password(&world, &settled.email, PASSWORD).await;
    for _ in 0..5 {
        assert_eq!(
            guesser.totp(&world, "nonsense").await.problem(),
            "wrong-code"
        );
    }
    let ended = guesser.totp(&world, &code(&settled.secret, 150)).await;
    assert_eq!(ended.problem(), "too-many-attempts");
    assert!(ended.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(guesser.level(&world).await, "none");
}

#[tokio::test]
async fn a_session_ends_when_idle_at_its_time_and_with_its_account() {
    let world = World::new().await;
    let mut settled = world.settled().await;
    let factors = "/api/account/factors";
    let mut browser = settled.browser.clone();
    for minutes in (0..12 * 60).step_by(20) {
        world.at(minutes * 60);
        let answer = browser.call(&world, "GET", factors, Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{minutes}");
    }
    world.at(12 * 3600);
    assert_eq!(browser.level(&world).await, "none");
    world.at(100);
    // Set back, it is still a session, but nothing in it is fresh.
    world.at(-3600);
    assert_eq!(settled.browser.level(&world).await, "full");
    let stale = settled
        .browser
        .call(&world, "POST", "/api/account/recovery", Value::Null)
        .await;
    assert_eq!(stale.problem(), "step-up-needed");

    world.at(200);
    assert_eq!(browser.level(&world).await, "full");
    world.sql(&format!(
        "UPDATE member SET active = FALSE WHERE id = '{}'",
        settled.member
    ));
    assert_eq!(browser.level(&world).await, "none");
    let closed = browser.call(&world, "GET", factors, Value::Null).await;
    assert_eq!(closed.problem(), "not-logged-in");
    let again = browser.password(&world, &settled.email, PASSWORD).await;
    assert_eq!(again.problem(), "wrong-login");

    let world = World::new().await;
    let mut settled = world.settled().await;
    world.at(1801);
    assert_eq!(settled.browser.level(&world).await, "none");
}

#[tokio::test]
async fn links_are_good_once_and_for_their_time() {
    let world = World::new().await;
    let (_, email, link) = world.invited().await;
    let path = format!("/api/invitations/{link}");
    let mut browser = Browser::from("192.0.2.3");
    let seen = browser.call(&world, "GET", &path, Value::Null).await.json();
    assert_eq!(
        (&seen["kind"], &seen["email"]),
        (&json!("reset"), &json!(email))
    );
    for (password, why) in [("short", "short"), ("siv syster i halland", "personal")] {
        let chosen = json!({"password": password, "language": "sv"});
        let refused = browser.call(&world, "POST", &path, chosen).await;
        assert_eq!(refused.problem(), "unreadable");
        assert_eq!(refused.json()["why"], why);
    }
    world.at(3600);
    let late = browser.call(&world, "GET", &path, Value::Null).await;
    assert_eq!(
        (late.status.as_u16(), late.problem().as_str()),
        (410, "expired")
    );
    world.at(10);
    let chosen = json!({"password": PASSWORD, "language": "en", "name": "Siv S"});
    let taken = browser.call(&world, "POST", &path, chosen.clone()).await;
    // The log goes by the name: with a new password comes no new one.
    assert_eq!(taken.json()["member"]["name"], "Siv Syster");
    let used = browser.call(&world, "POST", &path, chosen).await;
    assert_eq!(
        (used.status.as_u16(), used.problem().as_str()),
        (410, "used")
    );
    let unknown = browser
        .call(&world, "GET", "/api/invitations/x", Value::Null)
        .await;
    assert_eq!(unknown.problem(), "not-found");
}

#[tokio::test]
async fn a_ceremony_is_answered_once_in_its_own_session() {
    let world = World::new().await;
    let mut settled = world.settled().await;
    let browser = &mut settled.browser;
    let name = json!({"name": "nyckel"});
    let begun = browser
        .call(&world, "POST", "/api/account/passkeys/begin", name.clone())
        .await;
    let begun = begun.json();
    assert_eq!(begun["options"]["rp"]["id"], "hub.example");
    let ceremony = begun["ceremony"].as_str().unwrap();
    let kept = async |kind| {
        let id = Digest::of(ceremony.as_bytes());
        world
            .hub
            .state
            .portal
            .see_ceremony(id, kind, now())
            .await
            .unwrap()
    };
    assert!(kept("passkey new").await.is_some());
    assert!(kept("passkey log-in").await.is_none());
    let garbage = json!({"ceremony": ceremony, "credential": {"id": "x"}});
    let finish = "/api/account/passkeys/finish";
    let refused = browser.call(&world, "POST", finish, garbage).await;
    assert_eq!(refused.problem(), "wrong-passkey");
    assert!(
        kept("passkey new").await.is_none(),
        "gone before it is judged"
    );
    // No name, no passkeys: the hub is reached by an address.
    let mut world = world;
    world.hub.state.login = Arc::new(bildbro_http::LoginMeans::new("https://192.0.2.5"));
    let seen = browser
        .call(&world, "GET", "/api/session", Value::Null)
        .await
        .json();
    assert_eq!(seen["passkeys_available"], false);
    let none = browser
        .call(&world, "POST", "/api/account/passkeys/begin", name)
        .await;
    assert_eq!(none.problem(), "not-found");
}

#[tokio::test]
async fn where_to_act_is_where_something_counts() {
    let world = World::new().await;
    let mut settled = world.settled().await;
    let organisation = world.hub.sender.organisation;
    let other = world.hub.recipient.organisation;
    let unit = |n: u32| format!("00000000-0000-7000-8000-00000000000{n}");
    for (n, organisation) in [
        (1, organisation),
        (2, organisation),
        (3, organisation),
        (4, other),
    ] {
        world.sql(&format!(
            "INSERT INTO care_unit (id, organisation, name, name_key, active, created_at) \
             VALUES ('{}', '{organisation}', 'Unit {n}', 'unit {n}', TRUE, 0)",
            unit(n)
        ));
    }
    world.sql(&format!(
        "DELETE FROM assignment WHERE member = '{}'",
        settled.member
    ));
    for n in [1, 2] {
        world.sql(&format!(
            "INSERT INTO assignment (id, member, role, care_unit, granted_at) VALUES \
             ('00000000-0000-7000-8000-0000000000a{n}', '{}', 'sender', '{}', 0)",
            settled.member,
            unit(n)
        ));
    }
    let browser = &mut settled.browser;
    let seen = browser
        .call(&world, "GET", "/api/session", Value::Null)
        .await
        .json();
    assert_eq!(seen["must_choose_unit"], true);
    assert_eq!(
        (
            &seen["permissions"],
            seen["units"].as_array().unwrap().len()
        ),
        (&json!([]), 2)
    );
    for wrong in [Value::Null, json!(unit(3)), json!(unit(4)), json!(unit(9))] {
        let ask = json!({"unit": wrong});
        let refused = browser.call(&world, "POST", "/api/session/unit", ask).await;
        assert_eq!(refused.problem(), "not-found", "{wrong}");
    }
    let ask = json!({"unit": unit(2)});
    let acts = browser
        .call(&world, "POST", "/api/session/unit", ask)
        .await
        .json();
    assert_eq!(
        (&acts["unit"]["name"], &acts["must_choose_unit"]),
        (&json!("Unit 2"), &json!(false))
    );
    assert_eq!(acts["roles"], json!(["sender"]));
}
