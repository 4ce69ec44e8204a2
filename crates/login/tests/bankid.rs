//! The client of BankID against a server that speaks its protocol over mutual
//! TLS (`bildbro_sim::bankid`), and against servers that do not.

#![expect(clippy::unwrap_used, reason = "tests")]

use bildbro_domain::{ErrorClass, Personal};
use bildbro_login::bankid::{
    App, Ask, BankId, BankIdError, Collected, Config, FailedHint, Identity, Order, PendingHint,
    Requirement, Risk, SetupError, Text, Web,
};
use bildbro_sim::bankid::{
    AUTHORITY, Config as SimConfig, PASSWORD, RELYING_PARTY, RELYING_PARTY_P12, Simulator,
};
use bildbro_testkit::{Folder, Http, certificates::Authority};
use jiff::Timestamp;
use reqwest::Method;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use std::{env, fs, path::Path, process::Command, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const TOLVAN: &str = "191212121212";

struct Stage {
    simulator: Simulator,
    app: Http,
    client: BankId,
    _folder: Folder,
}

async fn simulator(folder: &Folder) -> Simulator {
    let config = SimConfig {
        folder: folder.path().join("bankid"),
        port: 0,
        app_port: 0,
    };
    Simulator::start(config).await.unwrap()
}

fn authority(folder: &Path) -> Vec<u8> {
    fs::read(folder.join(AUTHORITY)).unwrap()
}

fn p12(folder: &Path, password: &str) -> Identity {
    Identity::Pkcs12 {
        file: fs::read(folder.join(RELYING_PARTY_P12)).unwrap(),
        password: password.to_owned().into(),
    }
}

fn client(endpoint: &str, identity: Identity, authority: Vec<u8>) -> BankId {
    let endpoint = endpoint.to_owned();
    BankId::new(&Config {
        endpoint,
        identity,
        authority,
    })
    .unwrap()
}

async fn stage() -> Stage {
    let folder = Folder::new("bankid-");
    let simulator = simulator(&folder).await;
    let files = &simulator.folder;
    Stage {
        app: Http::new(simulator.app_url.trim_end_matches('/')),
        client: client(&simulator.rp_url, p12(files, PASSWORD), authority(files)),
        simulator,
        _folder: folder,
    }
}

impl Stage {
    async fn control(&self, path: &str, body: Value) -> Value {
        let path = format!("/control/{path}");
        let request = reqwest::Client::new()
            .post(format!(
                "{}{path}",
                self.simulator.app_url.trim_end_matches('/')
            ))
            .json(&body);
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {response:?}");
        response.json().await.unwrap()
    }

    async fn act(&self, order: &Order, what: &str, body: Value) {
        let path = format!("orders/{}/{what}", order.order_ref);
        self.control(&path, body).await;
    }

    async fn auth(&self) -> Order {
        self.client.auth(ask(), None, Timestamp::now).await.unwrap()
    }

    async fn collect(&self, order: &Order) -> Collected {
        self.client.collect(&order.order_ref).await.unwrap()
    }
}

fn ask() -> Ask {
    Ask::from_ip([192, 0, 2, 7].into())
}

fn for_tolvan() -> Ask {
    let requirement = Requirement {
        personal_number: Some(Personal::new(TOLVAN)),
        ..Requirement::default()
    };
    Ask {
        requirement,
        ..ask()
    }
}

#[tokio::test]
async fn an_identification_goes_on_to_its_end() {
    let stage = stage().await;
    let ask = Ask {
        return_url: Some("https://portal.example/back".into()),
        web: Some(Web {
            referring_domain: "portal.example".into(),
            user_agent: "Browser".into(),
            device_identifier: Personal::new("device"),
        }),
        ..ask()
    };
    let text = Text::plain("Logga in på portalen");
    let order = stage.client.auth(ask, Some(text), Timestamp::now).await;
    let order = order.unwrap();
    let pending = Collected::Pending;
    assert_eq!(
        stage.collect(&order).await,
        pending(PendingHint::OutstandingTransaction)
    );
    // The animated code that the portal shows is one that the app takes.
    let scanned = json!({"text": order.qr_text(Timestamp::now())});
    let scanned = stage.control("scan", scanned).await;
    assert_eq!(scanned["order_ref"], order.order_ref.as_str());
    assert_eq!(stage.collect(&order).await, pending(PendingHint::Started));
    stage
        .act(&order, "choose", json!({"personal_number": TOLVAN}))
        .await;
    assert_eq!(stage.collect(&order).await, pending(PendingHint::UserSign));
    stage.act(&order, "complete", json!({})).await;
    let Collected::Complete(done) = stage.collect(&order).await else {
        panic!("not complete");
    };
    assert_eq!(done.personal_number.reveal(), TOLVAN);
    assert_eq!(done.name.reveal(), "Tolvan Tolvansson");
    assert_eq!(done.device_ip.reveal(), "192.0.2.7");
    assert_eq!(done.risk, Some(Risk::Low));
    assert!(!done.signature.is_empty() && !done.ocsp_response.is_empty());
    assert!(!format!("{done:?}").contains("olvan"));
    // The end is told once.
    let again = stage.client.collect(&order.order_ref).await.unwrap_err();
    assert!(matches!(again, BankIdError::InvalidParameters { .. }));
    assert_eq!(again.class(), ErrorClass::Permanent);
}

#[tokio::test]
async fn a_signature_on_the_same_device_by_the_page() {
    let stage = stage().await;
    let pem = fs::read(stage.simulator.folder.join(RELYING_PARTY)).unwrap();
    let identity = Identity::Pem {
        certificate: pem.clone(),
        key: pem.into(),
    };
    let files = &stage.simulator.folder;
    let client = client(&stage.simulator.rp_url, identity, authority(files));
    let text = Text::plain("Jag delar <b>mina</b> bilder");
    let order = client.sign(for_tolvan(), text, Timestamp::now).await;
    let order = order.unwrap();
    let link = order.same_device_url(
        App::Page(&stage.simulator.app_url),
        Some("https://portal.example/back"),
    );
    let browser = reqwest::Client::new();
    let page = browser.get(link).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].clone();
    assert!(policy.to_str().unwrap().starts_with("default-src 'none'"));
    let page = page.text().await.unwrap();
    assert!(page.contains("Jag delar &lt;b&gt;mina&lt;&#x2f;b&gt; bilder"));
    assert!(page.contains("Tolvan Tolvansson") && !page.contains("Nils"));
    let press = async |what: &str, form: &'static str| {
        let url = format!(
            "{}order/{}/{what}",
            stage.simulator.app_url, order.order_ref
        );
        let pressed = browser
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        pressed.send().await.unwrap()
    };
    press("choose", "personal_number=191212121212").await;
    let page = press("complete", "").await.text().await.unwrap();
    assert!(page.contains("portal.example&#x2f;back"), "{page}");
    assert!(matches!(
        stage.collect(&order).await,
        Collected::Complete(_)
    ));
    // Another site's page cannot press the buttons.
    let order = stage.auth().await;
    let url = format!(
        "{}order/{}/cancel",
        stage.simulator.app_url, order.order_ref
    );
    let foreign = browser.post(url).header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn either_side_can_stop() {
    let stage = stage().await;
    let order = stage.auth().await;
    stage.act(&order, "cancel", json!({})).await;
    assert_eq!(
        stage.collect(&order).await,
        Collected::Failed(FailedHint::UserCancel)
    );
    let order = stage.auth().await;
    stage.client.cancel(&order.order_ref).await.unwrap();
    let gone = stage.client.collect(&order.order_ref).await.unwrap_err();
    assert!(
        matches!(gone, BankIdError::InvalidParameters { details } if details.reveal() == "No such order")
    );
    let (status, _) = stage
        .app
        .ask(Method::GET, &format!("/order/{}", order.order_ref), vec![])
        .await
        .unwrap();
    assert_eq!(status, 422);
}

#[tokio::test]
async fn two_at_once_for_one_person_stop_each_other() {
    let stage = stage().await;
    let start = async || stage.client.auth(for_tolvan(), None, Timestamp::now).await;
    let first = start().await.unwrap();
    let error = start().await.unwrap_err();
    assert!(matches!(error, BankIdError::AlreadyInProgress), "{error:?}");
    assert_eq!(error.class(), ErrorClass::Transient);
    assert_eq!(
        stage.collect(&first).await,
        Collected::Failed(FailedHint::Cancelled)
    );
    start().await.unwrap();
}

#[tokio::test]
async fn time_runs_out() {
    let stage = stage().await;
    let never_opened = stage.auth().await;
    let never_signed = stage.auth().await;
    stage.act(&never_signed, "open", json!({})).await;
    stage.simulator.advance(Duration::from_secs(31));
    assert_eq!(
        stage.collect(&never_opened).await,
        Collected::Failed(FailedHint::StartFailed)
    );
    stage.simulator.advance(Duration::from_secs(150));
    assert_eq!(
        stage.collect(&never_signed).await,
        Collected::Failed(FailedHint::ExpiredTransaction)
    );
}

#[tokio::test]
async fn outages_and_news_are_told_apart() {
    let stage = stage().await;
    let order = stage.auth().await;
    stage
        .act(&order, "hint", json!({"hint": "userDances"}))
        .await;
    assert_eq!(
        stage.collect(&order).await,
        Collected::Pending(PendingHint::Unknown("userDances".into()))
    );
    stage
        .act(&order, "fail", json!({"hint": "moonPhase"}))
        .await;
    for (error, class) in [
        ("maintenance", ErrorClass::Transient),
        ("internalError", ErrorClass::Transient),
        ("requestTimeout", ErrorClass::Transient),
        ("unauthorized", ErrorClass::Permanent),
        ("brandNew", ErrorClass::Permanent),
    ] {
        stage.control("outage", json!({"error": error})).await;
        let failed = stage.client.collect(&order.order_ref).await.unwrap_err();
        let expected = match error {
            "maintenance" => matches!(failed, BankIdError::Maintenance),
            "internalError" => matches!(failed, BankIdError::Internal),
            "requestTimeout" => matches!(failed, BankIdError::RequestTimeout),
            "unauthorized" => matches!(failed, BankIdError::Unauthorized),
            _ => matches!(failed, BankIdError::Unknown { status: 400, .. }),
        };
        assert!(expected && failed.class() == class, "{error}: {failed:?}");
    }
    stage.control("outage", json!({"error": null})).await;
    assert_eq!(
        stage.collect(&order).await,
        Collected::Failed(FailedHint::Unknown("moonPhase".into()))
    );
}

#[tokio::test]
async fn another_authoritys_relying_party_is_not_let_in() {
    let stage = stage().await;
    let stranger = Authority::new("elsewhere").issue("relying-party.example");
    let identity = Identity::Pem {
        certificate: stranger.certificate.into(),
        key: stranger.key.into_bytes().into(),
    };
    let files = &stage.simulator.folder;
    let client = client(&stage.simulator.rp_url, identity, authority(files));
    let refused = client.auth(ask(), None, Timestamp::now).await.unwrap_err();
    // The alert may be lost when the server closes before the client has read
    // it (TLS 1.3 tells after the handshake).
    assert!(
        matches!(
            refused,
            BankIdError::IdentityRefused(_) | BankIdError::Unreachable(_)
        ),
        "{refused:?}"
    );
    assert_eq!(stage.app.get_json("/control/orders").await, json!([]));
}

#[tokio::test]
async fn what_is_wrong_in_the_configuration_shows_at_once() {
    let stage = stage().await;
    let files = &stage.simulator.folder;
    let wrong = |identity, authority| {
        BankId::new(&Config {
            endpoint: "https://localhost".into(),
            identity,
            authority,
        })
        .unwrap_err()
    };
    let error = wrong(p12(files, "guess"), authority(files));
    assert!(matches!(error, SetupError::Pkcs12(_)), "{error:?}");
    let error = wrong(p12(files, PASSWORD), b"no certificate".to_vec());
    assert!(matches!(error, SetupError::Authority), "{error:?}");
    let noise = Identity::Pkcs12 {
        file: vec![0x30; 4096],
        password: String::new().into(),
    };
    let error = wrong(noise, authority(files));
    assert!(matches!(error, SetupError::Pkcs12(_)), "{error:?}");
    let pem = fs::read(files.join(RELYING_PARTY)).unwrap();
    let other = Authority::new("elsewhere").issue("other.example");
    let mixed = Identity::Pem {
        certificate: pem,
        key: other.key.into_bytes().into(),
    };
    let error = wrong(mixed, authority(files));
    assert!(matches!(error, SetupError::Pair(_)), "{error:?}");
}

const SYSTEM: &str = "BILDBRO_TEST_SYSTEM_TRUSTED";

/// The machine's own store trusts the server, BankID's authority has not
/// issued it. Which store is the machine's comes from the environment, so the
/// other half runs in a process of its own.
#[tokio::test]
async fn the_machines_own_trust_does_not_count() {
    let (ours, other) = (stage().await, Folder::new("other-"));
    let other = simulator(&other).await;
    let folders = json!({
        "url": other.rp_url,
        "server": other.folder,
        "ours": ours.simulator.folder,
    });
    let child = tokio::process::Command::from(Command::new(env::current_exe().unwrap()))
        .args(["--exact", "trusted_by_the_machine", "--include-ignored"])
        .env("SSL_CERT_FILE", other.folder.join(AUTHORITY))
        .env(SYSTEM, folders.to_string())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::test]
#[ignore = "the other half of the_machines_own_trust_does_not_count"]
async fn trusted_by_the_machine() {
    let Ok(folders) = env::var(SYSTEM) else {
        return;
    };
    let folders: Value = serde_json::from_str(&folders).unwrap();
    let path = |name: &str| Path::new(folders[name].as_str().unwrap()).to_owned();
    let url = folders["url"].as_str().unwrap();
    let _set = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let pem = fs::read(path("server").join(RELYING_PARTY)).unwrap();
    let trusting = reqwest::Client::builder()
        .identity(reqwest::Identity::from_pem(&pem).unwrap())
        .build()
        .unwrap();
    let answer = trusting.get(format!("{url}auth")).send().await.unwrap();
    assert_eq!(answer.status(), 405);

    let identity = p12(&path("server"), PASSWORD);
    let client = client(url, identity, authority(&path("ours")));
    let error = client.auth(ask(), None, Timestamp::now).await.unwrap_err();
    assert!(matches!(error, BankIdError::Untrusted(_)), "{error:?}");
    assert_eq!(error.class(), ErrorClass::Permanent);
}

/// A server with the right certificate and the wrong manners: answers each
/// connection with `head`, then `rest` until nobody listens.
async fn rude(files: &Path, head: &'static str, rest: &'static [u8]) -> String {
    let pem = files.join("server.pem");
    let chain = CertificateDer::pem_file_iter(&pem).unwrap();
    let key = PrivateKeyDer::from_pem_file(&pem).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain.map(Result::unwrap).collect(), key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(tls));
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            let mut stream = acceptor.accept(stream).await.unwrap();
            let _request = stream.read(&mut [0; 4096]).await;
            let mut sent = stream.write_all(head.as_bytes()).await;
            while sent.is_ok() && !rest.is_empty() {
                sent = stream.write_all(rest).await;
            }
            let _closed = stream.shutdown().await;
        }
    });
    format!("https://{address}")
}

#[tokio::test]
async fn bad_answers_are_errors_and_end() {
    let stage = stage().await;
    let files = &stage.simulator.folder;
    let ask_of = async |head, rest| {
        let url = rude(files, head, rest).await;
        let client = client(&url, p12(files, PASSWORD), authority(files));
        client.collect("an-order").await.unwrap_err()
    };
    let endless = ask_of("HTTP/1.1 200 OK\r\n\r\n", &[b' '; 8192]).await;
    assert!(matches!(endless, BankIdError::Oversized), "{endless:?}");
    let elsewhere = ask_of(
        "HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        b"",
    )
    .await;
    assert!(
        matches!(elsewhere, BankIdError::Unknown { status: 307, .. }),
        "{elsewhere:?}"
    );
    let page = ask_of("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n<p/>", b"").await;
    assert!(matches!(page, BankIdError::Answer), "{page:?}");
    let another = "HTTP/1.1 200 OK\r\ncontent-length: 70\r\n\r\n\
        {\"orderRef\":\"another-order\",\"status\":\"pending\",\"hintCode\":\"userSign\"}  ";
    let another = ask_of(another, b"").await;
    assert!(matches!(another, BankIdError::Answer), "{another:?}");
    let broken = ask_of("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", b"").await;
    assert_eq!(broken.class(), ErrorClass::Transient, "{broken:?}");
}
