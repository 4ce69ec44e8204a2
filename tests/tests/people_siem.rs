//! The log on its way to a SIEM: a hub with `[siem]`, and rsyslog with TLS that
//! asks the hub for a certificate too.

#![expect(clippy::unwrap_used, reason = "tests")]

use bildbro_testkit::{
    Folder, Hub, HubOptions, Process,
    certificates::{Authority, Certificate},
    eventually, free_port, program,
};
use serde_json::Value;
use std::{fs, net::TcpStream, process::Command};

/// What comes in is on disk before more is read: it has no queue.
struct Rsyslog {
    folder: Folder,
    port: u16,
    process: Process,
}

impl Rsyslog {
    async fn start(authority: &Authority, own: &Certificate) -> Self {
        let folder = Folder::new("rsyslog-");
        let log = folder.path().join("rsyslog.log");
        let make = || {
            let port = free_port();
            folder.write(
                "rsyslog.conf",
                configuration(&folder, authority, own, port).as_str(),
            );
            (command(&folder), port)
        };
        let (process, port, ()) = Process::start("rsyslogd", &log, make, answers).await;
        Self {
            folder,
            port,
            process,
        }
    }

    /// After [`Process::kill`]: on the same port.
    async fn start_again(&mut self) {
        let log = self.folder.path().join("rsyslog.log");
        self.process = Process::spawn("rsyslogd", &mut command(&self.folder), &log);
        let ready = self.process.until_ready(async || answers(&self.port).await);
        ready.await.expect("rsyslogd comes up again");
    }

    /// Whole lines: each is a message, with its sequence number.
    fn messages(&self) -> Vec<(usize, String)> {
        let text = fs::read_to_string(self.folder.path().join("messages")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let numbered = |line: &str| {
            let (_, rest) = line.split_once("[meta sequenceId=\"").expect("a number");
            let number = rest.split('"').next().unwrap().parse().unwrap();
            (number, line.to_owned())
        };
        whole.lines().map(numbered).collect()
    }
}

fn configuration(folder: &Folder, authority: &Authority, own: &Certificate, port: u16) -> String {
    let at = folder.path().display();
    let ca = authority.file.display();
    let certificate = own.certificate_file.display();
    let key = own.key_file.display();
    format!(
        r#"global(
  workDirectory="{at}" maxMessageSize="256k" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="{ca}"
  defaultNetstreamDriverCertFile="{certificate}"
  defaultNetstreamDriverKeyFile="{key}"
  parser.escapeControlCharactersOnReceive="off"
)
main_queue(queue.type="direct")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1"
       streamDriver.authMode="x509/certvalid" maxSessions="50")
input(type="imtcp" address="127.0.0.1" port="{port}")
template(name="raw" type="string" string="%rawmsg%\n")
if $app-name == "bildbro" then action(type="omfile" file="{at}/messages" template="raw")
"#
    )
}

fn command(folder: &Folder) -> Command {
    let mut command = Command::new(program("rsyslogd", "rsyslog rsyslog-openssl"));
    let pid = folder.path().join("rsyslog.pid");
    // A killed one leaves it behind, and rsyslog then takes itself to be running.
    let _absent = fs::remove_file(&pid);
    command
        .arg("-n")
        .arg("-f")
        .arg(folder.path().join("rsyslog.conf"))
        .arg("-i")
        .arg(pid);
    command
}

async fn answers(port: &u16) -> Option<()> {
    TcpStream::connect(("127.0.0.1", *port)).ok().map(drop)
}

/// A hub that sends its log there, showing a certificate of the authority's.
async fn hub(authority: &Authority, port: u16) -> Hub {
    let own = authority.issue("hub.example");
    let settings = format!(
        "[siem]\nhost = \"localhost\"\nport = {port}\nca_file = {:?}\ncertificate = {:?}\nkey = {:?}\n",
        authority.file, own.certificate_file, own.key_file
    );
    Hub::start(HubOptions {
        settings,
        ..HubOptions::default()
    })
    .await
}

/// The log as the hub's own command line shows it, from its first entry.
async fn shown(hub: &Hub) -> Vec<Value> {
    let shown = hub.admin(&["audit", "show", "--most", "10000"]).await;
    let text = shown.expect_success();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Waits until all entries have arrived; that they did in order, with nothing
/// left out and each as what it is; answers how many there are.
async fn all_arrived(hub: &Hub, rsyslog: &Rsyslog, at_least: usize) -> usize {
    let entries = eventually("the whole log at the SIEM", async || {
        let entries = shown(hub).await;
        let last = rsyslog.messages().iter().map(|(number, _)| *number).max();
        (entries.len() >= at_least && last >= Some(entries.len())).then_some(entries)
    })
    .await;
    let mut first_seen: Vec<(usize, String)> = Vec::new();
    for (number, line) in rsyslog.messages() {
        match first_seen.iter().find(|(seen, _)| *seen == number) {
            // What was not confirmed comes again, as what it was: the same entry.
            Some((_, before)) => assert_eq!(xml(&line), xml(before)),
            None => first_seen.push((number, line)),
        }
    }
    let numbers: Vec<usize> = first_seen.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
    assert!(numbers.len() >= entries.len());
    for ((_, line), entry) in first_seen.iter().zip(&entries) {
        is_entry(line, entry);
    }
    entries.len()
}

fn xml(line: &str) -> &str {
    line.split_once('\u{feff}')
        .unwrap_or_else(|| panic!("no mark of UTF-8: {line}"))
        .1
}

/// The message is the entry's, as PS3.15 A.5 writes it, at its severity.
fn is_entry(line: &str, entry: &Value) {
    let severity = match entry["outcome"].as_str().unwrap() {
        "success" => 85,
        "denied" => 84,
        _ => 83,
    };
    assert!(line.starts_with(&format!("<{severity}>1 ")), "{line}");
    assert!(line.contains(" DICOM+RFC3881 [meta "), "{line}");
    let xml = xml(line);
    assert!(xml.starts_with("<?xml"), "{xml}");
    assert!(xml.ends_with("</AuditMessage>"), "{xml}");
    let action = entry["action"].as_str().unwrap();
    let named = [
        format!("EventDateTime=\"{}\"", entry["at"].as_str().unwrap()),
        format!("<EventTypeCode csd-code=\"{action}\" codeSystemName=\"99BILDBRO\""),
        format!("urn:uuid:{}", entry["id"].as_str().unwrap()),
    ];
    for part in named {
        assert!(xml.contains(&part), "no {part}: {xml}");
    }
}

/// Someone without an account tries to log in.
async fn stranger(hub: &Hub) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = serde_json::json!({"email": "okand@example.com", "password": "nio gula hus"});
    let answer = client
        .post(format!("{}/api/login/password", hub.link_url))
        .header("x-bildbro", "1")
        .header("sec-fetch-site", "same-origin")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
}

/// The hub has told in its log that it is in vain.
async fn waits(hub: &Hub, start: u32) {
    let log = hub.folder().join(format!("log-{start}"));
    eventually("the hub finds the SIEM away", async || {
        let text = fs::read_to_string(&log).ok()?;
        text.contains("audit messages wait for the syslog receiver")
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn people_siem_has_the_whole_log_in_order_whoever_was_away() {
    let authority = Authority::new("Bildbro test");
    let own = authority.issue("localhost");
    let mut rsyslog = Rsyslog::start(&authority, &own).await;
    let mut hub = hub(&authority, rsyslog.port).await;

    hub.add_organisation("Region Halland", "BB_HALLAND").await;
    let first = all_arrived(&hub, &rsyslog, 1).await;

    // An own name with what XML must escape, a member, and a try that fails.
    hub.add_organisation("Åsa & Öberg <AB>", "BB_ASA").await;
    let url = hub.link_url.clone();
    let invited = ["member", "invite", "--organisation", "Region Halland"];
    let who = ["--name", "Anna Admin", "--email", "anna@example.com"];
    let invited = [&invited[..], &who, &["--url", &url]].concat();
    hub.admin(&invited).await.expect_success();
    stranger(&hub).await;
    let second = all_arrived(&hub, &rsyslog, first + 3).await;
    let failed = rsyslog.messages();
    let failed = failed.iter().find(|(_, line)| line.contains("\"log_in\""));
    let (_, failed) = failed.expect("the try that failed");
    assert!(failed.starts_with("<83>1 "), "{failed}");
    assert!(
        failed.contains("NetworkAccessPointID=\"127.0.0.1\""),
        "{failed}"
    );

    // The SIEM is away while more happens.
    rsyslog.process.kill();
    let before = rsyslog.messages().len();
    hub.add_organisation("Region Skåne", "BB_SKANE").await;
    stranger(&hub).await;
    waits(&hub, 1).await;
    assert_eq!(rsyslog.messages().len(), before);
    rsyslog.start_again().await;
    let third = all_arrived(&hub, &rsyslog, second + 2).await;

    // Both are away; what an operator does meanwhile is on record.
    rsyslog.process.kill();
    hub.stop().await;
    hub.enrol_code("Region Skåne").await;
    hub.add_organisation("Region Blekinge", "BB_BLEKINGE").await;
    hub.start_again().await;
    waits(&hub, 2).await;
    hub.stop().await;
    rsyslog.start_again().await;
    hub.start_again().await;
    all_arrived(&hub, &rsyslog, third + 2).await;

    // The first entry was confirmed before a later one came: it came once.
    let messages = rsyslog.messages();
    let firsts = messages.iter().filter(|(number, _)| *number == 1);
    assert_eq!(firsts.count(), 1);
    let verified = hub.admin(&["audit", "verify"]).await;
    assert!(verified.expect_success().contains("the audit log is whole"));
}

#[tokio::test]
async fn people_siem_of_another_authority_is_told_nothing() {
    let authority = Authority::new("Bildbro test");
    let stranger = Authority::new("Someone else");
    let own = stranger.issue("localhost");
    let rsyslog = Rsyslog::start(&stranger, &own).await;
    let hub = hub(&authority, rsyslog.port).await;
    hub.add_organisation("Region Halland", "BB_HALLAND").await;
    waits(&hub, 1).await;
    assert_eq!(rsyslog.messages(), []);
}
