//! Log-in by BankID on the whole path: the hub, the server that plays BankID
//! (`bildbro sim bankid`) with the certificates that it makes, and a browser.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "people_bankid/browser.rs"]
mod browser;
#[path = "people_bankid/qr.rs"]
mod qr;

use bildbro_testkit::{Folder, Hub, HubOptions, Process, bildbro, eventually};
use browser::Browser;
use serde_json::{Value, json};
use std::{fs, path::PathBuf, process::Command};

const NILS: &str = "198112189876";
/// Has a BankID, and no account.
const AGDA: &str = "189001019802";

/// Two addresses of this machine.
const HERE: &str = "127.0.0.1";
const ELSEWHERE: &str = "127.0.0.2";

/// BankID, played, and the citizen's app by its control interface.
struct BankId {
    /// What it has told as it started.
    told: String,
    app: String,
    _process: Process,
    _folder: Folder,
}

impl BankId {
    async fn start() -> Self {
        let folder = Folder::new("bankid-");
        let log = folder.path().join("log");
        let mut command = Command::new(bildbro());
        command.args(["sim", "bankid", "--port", "0", "--app-port", "0", "--dir"]);
        command.arg(folder.path().join("certificates"));
        let mut process = Process::spawn("bankid", &mut command, &log);
        let ready = process.until_ready(async || {
            let told = fs::read_to_string(&log).ok()?;
            let app = word(&told, "listening bankid-app ", "\n")?;
            Some((app.trim_end_matches('/').to_owned(), told))
        });
        let (app, told) = ready.await.expect("the simulator starts");
        Self {
            told,
            app,
            _process: process,
            _folder: folder,
        }
    }

    /// `[bankid]`, from what it says when it starts.
    fn settings(&self) -> String {
        let told = |before: &str, after: &str| word(&self.told, before, after).expect(before);
        format!(
            "[bankid]\nendpoint = {:?}\npkcs12 = {:?}\npassword = {:?}\nauthority = {:?}\n",
            told("listening bankid ", "\n"),
            PathBuf::from(told("relying party    ", ", password ")),
            told(", password ", ";"),
            PathBuf::from(told("authority        ", "\n")),
        )
    }

    async fn control(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/control/{path}", self.app);
        let client = browser::client(None);
        let answer = client.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        answer.json().await.unwrap()
    }

    async fn orders(&self) -> Vec<Value> {
        let url = format!("{}/control/orders", self.app);
        let answer = browser::client(None).get(url).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// A camera, or a link: which order it opens.
    async fn scan(&self, text: &str) -> String {
        let scanned = self.control("scan", json!({"text": text})).await;
        scanned["order_ref"].as_str().unwrap().to_owned()
    }

    /// Someone identifies themselves in the app that has the order.
    async fn identify(&self, order: &str, personal_number: &str) {
        let who = json!({"personal_number": personal_number});
        self.control(&format!("orders/{order}/complete"), who).await;
    }
}

fn word<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(word, _)| word)
}

/// A hub with Anna, who administers and audits, logged in, and with Nils, whose
/// personal number she has entered.
struct Stage {
    bankid: BankId,
    hub: Hub,
    anna: Browser,
}

impl Stage {
    async fn start() -> Self {
        let bankid = BankId::start().await;
        let hub = Hub::start(HubOptions {
            settings: bankid.settings(),
            ..HubOptions::default()
        })
        .await;
        hub.add_organisation("Region Halland", "BB_HALLAND").await;
        let anna = invite(
            &hub,
            "Anna Admin",
            "anna@example.com",
            &["administrator", "auditor"],
        );
        let anna = Browser::settled(&hub.link_url, &anna.await).await;
        let mut stage = Self { bankid, hub, anna };
        stage.nils().await;
        stage
    }

    async fn nils(&mut self) {
        let link = invite(&self.hub, "Nils Testsson", "nils@example.com", &["sender"]).await;
        let mut nils = self.browser(HERE);
        nils.accept(&link).await;
        let found = self.anna.get("/api/members?search=Nils").await;
        let id = found["items"][0]["id"].as_str().unwrap().to_owned();
        let particulars = json!({
            "name": "Nils Testsson", "email": "nils@example.com", "hsa_id": null,
            "personal_number": "811218-9876",
        });
        let path = format!("/api/members/{id}");
        self.anna.done("PUT", &path, particulars).await;
    }

    fn browser(&self, address: &str) -> Browser {
        Browser::new(&self.hub.link_url, address)
    }

    /// What the log has of log-ins by BankID, newest first, as Anna reads it.
    async fn log_ins(&mut self, outcome: &str) -> Vec<Value> {
        let asked = json!({"action": "log_in", "outcome": outcome});
        let found = self.anna.post("/api/audit/search", asked).await;
        let items = found["items"].as_array().unwrap().iter();
        let own = items.filter(|entry| entry["detail"] != "password, totp");
        own.cloned().collect()
    }

    /// The whole log, for what is nobody's: it is of no organisation.
    async fn shown(&self, outcome: &str) -> Vec<Value> {
        let shown = self.hub.admin(&["audit", "show", "--most", "1000"]).await;
        let text = shown.expect_success();
        let entries = text.lines();
        let entries = entries.map(|line| serde_json::from_str::<Value>(line).unwrap());
        entries
            .filter(|entry| entry["action"] == "log_in" && entry["outcome"] == outcome)
            .collect()
    }
}

/// An account from the command line: the link that sets it up.
async fn invite(hub: &Hub, name: &str, email: &str, roles: &[&str]) -> String {
    let url = hub.link_url.clone();
    let mut arguments = vec!["member", "invite", "--organisation", "Region Halland"];
    arguments.extend(["--name", name, "--email", email, "--url", &url]);
    arguments.extend(roles.iter().flat_map(|role| ["--role", role]));
    let invited = hub.admin(&arguments).await;
    let told = invited.expect_success();
    let link = told.lines().next().unwrap();
    link.rsplit('/').next().unwrap().to_owned()
}

async fn begin(browser: &mut Browser, same_device: bool) -> (String, Value) {
    let ask = json!({"return_to": "/studies", "same_device": same_device});
    let begun = browser.post("/api/login/bankid/begin", ask).await;
    let ceremony = begun["ceremony"].as_str().unwrap().to_owned();
    (ceremony, begun["start_url"].clone())
}

/// What `collect` answers: status, and body.
async fn collect(browser: &mut Browser, ceremony: &str) -> (u16, Value) {
    let ask = json!({"ceremony": ceremony});
    browser.call("POST", "/api/login/bankid/collect", ask).await
}

fn drawn(ceremony: &str) -> String {
    format!("/api/login/bankid/qr?ceremony={ceremony}")
}

#[tokio::test]
async fn people_bankid_log_in_by_the_code_on_the_screen() {
    let mut stage = Stage::start().await;
    let mut nils = stage.browser(HERE);
    let ask = json!({"email": "nils@example.com"});
    let means = nils.post("/api/login/means", ask).await;
    assert_eq!(means["bankid"], true, "{means}");

    let (ceremony, start_url) = begin(&mut nils, false).await;
    assert_eq!(start_url, Value::Null);
    let (status, progress) = collect(&mut nils, &ceremony).await;
    assert_eq!((status, &progress["status"]), (200, &json!("pending")));
    let asked = progress["message"].clone();
    assert!(
        asked["sv"].is_string() && asked["en"].is_string(),
        "{asked}"
    );

    // The drawing is another each second, and a camera reads it.
    let first = qr::read(&nils.text(&drawn(&ceremony)).await);
    let second = eventually("the next code", async || {
        let text = qr::read(&nils.text(&drawn(&ceremony)).await);
        (text != first).then_some(text)
    })
    .await;
    let order = stage.bankid.scan(&second).await;
    let (_, progress) = collect(&mut nils, &ceremony).await;
    assert_eq!(progress["status"], "pending");
    assert_ne!(progress["message"], asked);
    assert_eq!(nils.get("/api/session").await["level"], "none");

    // The one who looks at the screen may have a phone at another address.
    stage.bankid.identify(&order, NILS).await;
    let (status, progress) = collect(&mut nils, &ceremony).await;
    assert_eq!(status, 200, "{progress}");
    assert_eq!(progress["status"], "complete");
    assert_eq!(progress["level"], "full");
    let session = nils.get("/api/session").await;
    assert_eq!(session["level"], "full");
    assert_eq!(session["member"]["name"], "Nils Testsson");
    assert_eq!(session["roles"], json!(["sender"]));

    let log_ins = stage.log_ins("success").await;
    let by_bankid = log_ins.iter().filter(|entry| entry["detail"] == "bankid");
    let by_bankid: Vec<_> = by_bankid.collect();
    assert_eq!(by_bankid.len(), 1, "{log_ins:?}");
    assert_eq!(by_bankid[0]["actor"]["name"], "Nils Testsson");
    assert_eq!(by_bankid[0]["from"], HERE);

    // An order logs in once, whoever has its name.
    let mut other = stage.browser(HERE);
    let (status, problem) = collect(&mut other, &ceremony).await;
    assert_eq!((status, browser::word(&problem)), (410, "expired"));
    let (status, _) = other.call("GET", &drawn(&ceremony), Value::Null).await;
    assert_eq!(status, 410);
    assert_eq!(other.get("/api/session").await["level"], "none");
}

#[tokio::test]
async fn people_bankid_refused_passed_on_or_given_up() {
    let mut stage = Stage::start().await;

    // Someone with a BankID and no account.
    let mut agda = stage.browser(HERE);
    let (ceremony, _) = begin(&mut agda, false).await;
    let order = stage
        .bankid
        .scan(&qr::read(&agda.text(&drawn(&ceremony)).await))
        .await;
    stage.bankid.identify(&order, AGDA).await;
    let (status, problem) = collect(&mut agda, &ceremony).await;
    assert_eq!((status, browser::word(&problem)), (401, "no-account"));
    assert_eq!(agda.get("/api/session").await["level"], "none");
    let failed = stage.shown("failure").await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0]["detail"], "BankID's person has no account");
    assert!(!failed[0].to_string().contains(AGDA), "{failed:?}");

    // On the same device, asked for at one address and shown at another.
    let mut here = stage.browser(HERE);
    let mut elsewhere = stage.browser(ELSEWHERE);
    let (ceremony, link) = begin(&mut here, true).await;
    let order = stage.bankid.scan(link.as_str().unwrap()).await;
    stage.bankid.identify(&order, NILS).await;
    let (status, problem) = collect(&mut elsewhere, &ceremony).await;
    assert_eq!((status, browser::word(&problem)), (401, "bankid-elsewhere"));
    assert_eq!(elsewhere.get("/api/session").await["level"], "none");
    let denied = stage.shown("denied").await;
    assert_eq!(denied.len(), 1, "{denied:?}");
    assert_eq!(denied[0]["from"], ELSEWHERE);
    // Nor is there anything left of it at the right address.
    let (status, _) = collect(&mut here, &ceremony).await;
    assert_eq!(status, 410);

    // The app says no.
    let (ceremony, link) = begin(&mut here, true).await;
    let order = stage.bankid.scan(link.as_str().unwrap()).await;
    let path = format!("orders/{order}/cancel");
    stage.bankid.control(&path, json!({})).await;
    let (status, progress) = collect(&mut here, &ceremony).await;
    assert_eq!((status, &progress["status"]), (200, &json!("failed")));
    assert!(progress["message"]["sv"].is_string(), "{progress}");

    // The page is left: BankID is told.
    let (ceremony, _) = begin(&mut here, false).await;
    assert_eq!(stage.bankid.orders().await.len(), 1);
    let ask = json!({"ceremony": ceremony});
    here.done("POST", "/api/login/bankid/cancel", ask).await;
    assert_eq!(stage.bankid.orders().await, [Value::Null; 0]);
    let (status, _) = collect(&mut here, &ceremony).await;
    assert_eq!(status, 410);

    // BankID is away: said so, in both languages.
    let away = json!({"error": "Maintenance"});
    stage.bankid.control("outage", away).await;
    let ask = json!({"return_to": "/", "same_device": false});
    let (status, problem) = here.call("POST", "/api/login/bankid/begin", ask).await;
    assert_eq!((status, browser::word(&problem)), (502, "bankid"));
    assert!(problem["sv"].is_string(), "{problem}");
    stage.bankid.control("outage", json!({"error": null})).await;

    // And where it was asked for, it logs in.
    let (ceremony, link) = begin(&mut here, true).await;
    let order = stage.bankid.scan(link.as_str().unwrap()).await;
    stage.bankid.identify(&order, NILS).await;
    let (_, progress) = collect(&mut here, &ceremony).await;
    assert_eq!(progress["level"], "full", "{progress}");
    let log_ins = stage.log_ins("success").await;
    let by_bankid = log_ins.iter().filter(|entry| entry["detail"] == "bankid");
    assert_eq!(by_bankid.count(), 1);
}
