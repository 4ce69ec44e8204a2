//! From a share to the letters at a mail server that nobody here wrote
//! (`aiosmtpd`): nothing of the patient is in any of them.

use super::*;
use bildbro_domain::{
    AeTitle, Digest, OrganisationId, Personal, ShareId, StudyUid,
    audit::Actor,
    member::Level,
    organisation::Kind,
    permission::BuiltIn,
    share::{Priority, Purpose},
};
use bildbro_flow::ports::{
    hub::{HubStore, NewGateway, NewOrganisation, Timing},
    portal::{
        Caller,
        directory::{ChangedOrganisation, Directory},
        login::{Login, NewSession, SessionLife},
        members::{FirstMember, Members},
        sharing::{FoundToShare, Sharing, WantedShare, WantedStudy},
    },
};
use bildbro_mail::{Config, Tls};
use bildbro_seal::DataKey;
use bildbro_store::HubDb;
use bildbro_testkit::samples;
use bildbro_wire::errand::FoundStudy;
use jiff::Timestamp;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mail/tests/server.py");
        let mut child = Command::new(samples::python())
            .arg(script)
            .arg("plain")
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        lines.read_line(&mut port).unwrap();
        let port = port.trim().parse().expect("aiosmtpd is installed");
        Self { child, lines, port }
    }

    /// The next message that it took: as it is, and as read.
    fn message(&mut self) -> (String, Value) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        let message = serde_json::from_str(&line).unwrap();
        (line, message)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    start
        .checked_add(SignedDuration::from_mins(minutes))
        .unwrap()
}

fn operator() -> Actor {
    Actor::Operator {
        login: "test".into(),
    }
}

async fn organisation(hub: &HubDb, name: &str, ae_title: &str) -> OrganisationId {
    let new = NewOrganisation {
        name: name.into(),
        kind: Kind::Region,
        ae_title: AeTitle::new(ae_title).unwrap(),
    };
    let made = hub.add_organisation(new, operator(), at(0)).await;
    made.unwrap().id
}

/// A member with a session.
async fn member(
    hub: &HubDb,
    organisation: OrganisationId,
    (email, language): (&str, &str),
    role: BuiltIn,
) -> Caller {
    let new = FirstMember {
        organisation,
        name: "Siv Syster".into(),
        email: email.into(),
        language: language.into(),
        roles: vec![role],
    };
    let member = hub.add_first_member(new, operator(), at(0)).await.unwrap();
    let token = Digest::of(email.as_bytes());
    let session = NewSession {
        token,
        member,
        level: Level::Full,
        means: "password",
        life: SessionLife::default(),
        from: "192.0.2.7".into(),
        agent: "test".into(),
        at: at(0),
    };
    hub.begin_session(session).await.unwrap();
    Caller {
        token,
        from: "192.0.2.7".into(),
        at: at(0),
    }
}

async fn share(hub: &HubDb, sender: OrganisationId, recipient: OrganisationId, by: &Caller) {
    let code_hash = Digest::of(b"code");
    hub.issue_code(sender, code_hash, at(60), operator(), at(0))
        .await
        .unwrap();
    let new = NewGateway {
        code_hash,
        name: "gateway".into(),
        public_key: "PEM".into(),
    };
    let gateway = hub.redeem_code(new, at(0)).await.unwrap().gateway;
    let study = FoundStudy {
        node: "PACS".into(),
        study_uid: StudyUid::new("1.2.3.4711").unwrap(),
        patient_id: Personal::new("19121212-1212"),
        patient_id_issuer: Personal::default(),
        patient_name: Personal::new("Tolvansson^Tolvan"),
        patient_birth_date: Personal::new("19121212"),
        patient_sex: "M".into(),
        accession: Personal::new("ACC815"),
        study_date: "20260301".into(),
        study_time: "081500".into(),
        description: "Thorax".into(),
        institution: "Lungkliniken".into(),
        modalities: vec!["CT".into()],
        series: Some(1),
        images: Some(2),
    };
    let found = FoundToShare {
        organisation: sender,
        gateway,
        study,
        at: at(0),
    };
    let new = WantedShare {
        id: ShareId(Uuid::now_v7()),
        studies: vec![WantedStudy {
            found,
            fetch: "sealed".into(),
        }],
        recipients: vec![recipient],
        purpose: Purpose::SecondOpinion,
        priority: Priority::Emergency,
        message: Personal::new("Please look at the left lung."),
        expires: None,
        sends_at: None,
        several_patients: false,
        answers: None,
        request: Digest::of(b"one"),
    };
    assert!(hub.share(by, &new).await.unwrap());
}

#[tokio::test]
async fn no_letter_says_whom_it_is_about() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("hub.db");
    let hub = HubDb::open(&file, Timing::default()).await.unwrap();
    let skane = organisation(&hub, "Region Skåne", "BB_SKANE").await;
    let halland = organisation(&hub, "Region Halland", "BB_HALLAND").await;
    let sven = member(&hub, skane, ("sven@example.com", "en"), BuiltIn::Sender).await;
    member(&hub, halland, ("rut@example.com", "sv"), BuiltIn::Receiver).await;
    let ada = ("ada@example.com", "sv");
    let ada = member(&hub, halland, ada, BuiltIn::Administrator).await;
    let change = ChangedOrganisation {
        name: "Region Halland".into(),
        hsa_id: None,
        number: None,
        postal: String::new(),
        on_call: "jour@example.com".into(),
        names_staff: true,
        escalate_hours: 24,
    };
    hub.change_organisation(&ada, change).await.unwrap();
    share(&hub, skane, halland, &sven).await;

    let mut server = Server::start();
    let vault = Arc::new(Vault::new(&DataKey::new([7; 32])));
    let url = "https://bild.example.org".to_owned();
    let pen = Pen::new(Arc::clone(&vault), url, true);
    let config = Config {
        host: "localhost".to_owned(),
        port: server.port,
        tls: Tls::None,
        username: None,
        password: None,
        from: Address::parse("Bildbro <bildbro@example.org>").unwrap(),
        ca_file: None,
    };
    let mailer = Mailer::new(config).unwrap();
    let zone = notice::zone();
    let post = Smtp { mailer, zone };
    // At once, and when nobody has opened it for an hour.
    let mut taken = Vec::new();
    for minutes in [0, 60] {
        notice::round(&hub, &pen, at(minutes)).await.unwrap();
        let posted = send_due(&hub, &vault, &post, at(minutes), 0.5).await;
        assert_eq!(posted.unwrap().sent, 2);
        taken.extend([server.message(), server.message()]);
    }
    for (whole, message) in &taken {
        assert_eq!(message["defects"], serde_json::json!([]));
        for personal in [
            "olvan",
            "1212",
            "Thorax",
            "Lung",
            "lung",
            "ACC815",
            "4711",
            "2026-03-01",
            "Syster",
        ] {
            let text = [&message["headers"], &message["text"], &message["html"]];
            let said = text.iter().any(|part| part.to_string().contains(personal));
            assert!(!said, "{personal}: {whole}");
        }
        let text = message["text"].as_str().unwrap();
        assert!(text.contains("https://bild.example.org/"), "{text}");
    }
    let subject = |to: &str, which: usize| {
        let theirs = taken.iter().filter(|(_, message)| message["to"][0] == to);
        let subjects: Vec<_> = theirs
            .map(|(_, m)| m["headers"]["Subject"].clone())
            .collect();
        subjects[which].as_str().unwrap().to_owned()
    };
    let jour = "jour@example.com";
    assert_eq!(
        subject(jour, 0),
        "AKUT: bilder från Region Skåne väntar i Bildbro"
    );
    assert_eq!(
        subject(jour, 1),
        "Ingen har öppnat det som kom från Region Skåne på en timme"
    );
    assert_eq!(
        subject("rut@example.com", 0),
        "En delning väntar på er i Bildbro"
    );
    assert_eq!(
        subject("sven@example.com", 0),
        "Nobody at Region Halland has opened what you sent"
    );
}
