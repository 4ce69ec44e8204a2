//! As much of a browser as the portal's API needs. Cookies are kept by hand:
//! ours are for TLS, which a hub on loopback does not have.

use bildbro_testkit::samples::python;
use reqwest::{Client, Method, header};
use serde_json::{Value, json};
use std::{collections::BTreeMap, process::Command};

const PASSWORD: &str = "nio gula hus vid havet";

pub struct Browser {
    client: Client,
    hub: String,
    cookies: BTreeMap<String, String>,
}

/// One that calls from that address.
pub fn client(address: Option<&str>) -> Client {
    let client = Client::builder().no_proxy();
    let address = address.map(|address| address.parse().unwrap());
    client.local_address(address).build().unwrap()
}

/// The stable word of a problem.
pub fn word(problem: &Value) -> &str {
    let kind = problem["type"].as_str().unwrap_or_default();
    kind.strip_prefix("urn:bildbro:problem:")
        .unwrap_or_else(|| panic!("no problem: {problem}"))
}

impl Browser {
    pub fn new(hub: &str, address: &str) -> Self {
        Self {
            client: client(Some(address)),
            hub: hub.to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// Someone who has chosen a password by that link, and set up an
    /// authenticator app.
    pub async fn settled(hub: &str, link: &str) -> Self {
        let mut browser = Self::new(hub, "127.0.0.1");
        browser.accept(link).await;
        let begun = browser.post("/api/account/totp/begin", json!({})).await;
        let code = code(begun["secret"].as_str().unwrap());
        let proof = json!({"factor": begun["factor"], "code": code});
        let done = browser.post("/api/account/totp/finish", proof).await;
        assert_eq!(done["level"], "full", "{done}");
        browser
    }

    pub async fn accept(&mut self, link: &str) {
        let chosen = json!({"password": PASSWORD, "language": "sv"});
        let path = format!("/api/invitations/{link}");
        let accepted = self.post(&path, chosen).await;
        assert_eq!(accepted["level"], "setup", "{accepted}");
    }

    pub async fn call(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let (status, text) = self.send(method, path, body).await;
        let value = serde_json::from_str(&text).unwrap_or(Value::Null);
        (status, value)
    }

    pub async fn get(&mut self, path: &str) -> Value {
        self.good("GET", path, Value::Null).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Value {
        self.good("POST", path, body).await
    }

    /// What is answered by nothing.
    pub async fn done(&mut self, method: &str, path: &str, body: Value) {
        let (status, text) = self.send(method, path, body).await;
        assert_eq!(status, 204, "{method} {path}: {text}");
    }

    /// A page or drawing.
    pub async fn text(&mut self, path: &str) -> String {
        let (status, text) = self.send("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    async fn good(&mut self, method: &str, path: &str, body: Value) -> Value {
        let (status, text) = self.send(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn send(&mut self, method: &str, path: &str, body: Value) -> (u16, String) {
        let cookies = self.cookies.iter();
        let cookies: Vec<_> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.hub))
            .header("x-bildbro", "1")
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, cookies.join("; "));
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap())
    }
}

/// What an authenticator app of others' making shows now.
fn code(secret: &str) -> String {
    let script = "import pyotp, sys; print(pyotp.TOTP(sys.argv[1]).now())";
    let output = Command::new(python()).args(["-c", script, secret]).output();
    let output = output.expect("Python starts: run `make setup`");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
