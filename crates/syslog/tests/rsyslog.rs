//! The sender against a real receiver: rsyslog with TLS.

#![expect(clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use bildbro_domain::{Personal, audit::Outcome, retry::BackOff};
use bildbro_syslog::{
    DeliveryError, Element, Identity, Message, Origin, Pace, Receiver, Round, SendError, Sender,
    Severity, Source, SourceError, Trust,
};
use bildbro_testkit::{
    Folder, Process, certificates::Authority, certificates::Certificate, eventually, free_port,
    program,
};
use bildbro_wire::audit::{Actor, ActorKind, Event, Family};
use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// rsyslog with a folder of its own. What it takes in is on disk before it reads
/// on: it has no queue.
struct Rsyslog {
    folder: Folder,
    configuration: PathBuf,
    port: u16,
    process: Process,
}

impl Rsyslog {
    /// `authentication` is rsyslog's word: `anon` asks for no certificate.
    async fn start(authority: &Authority, own: &Certificate, authentication: &str) -> Self {
        let folder = Folder::new("rsyslog-");
        let configuration = folder.path().join("rsyslog.conf");
        let log = folder.path().join("rsyslog.log");
        let make = || {
            let port = free_port();
            let text = configure(&folder, authority, own, authentication, port);
            fs::write(&configuration, text).unwrap();
            (command(&folder), port)
        };
        let (process, port, ()) = Process::start("rsyslogd", &log, make, answers).await;
        Self {
            folder,
            configuration,
            port,
            process,
        }
    }

    /// After [`Process::kill`]: on the same port.
    async fn start_again(&mut self) {
        assert!(self.configuration.is_file());
        let log = self.folder.path().join("rsyslog.log");
        self.process = Process::spawn("rsyslogd", &mut command(&self.folder), &log);
        let ready = self.process.until_ready(async || answers(&self.port).await);
        ready.await.expect("rsyslogd comes up again");
    }

    /// Whole lines: each is a message.
    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("messages")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(str::to_owned).collect()
    }

    /// `meta sequenceId` of each, in the order of arrival.
    fn sequences(&self) -> Vec<u64> {
        let sequence = |line: &String| {
            let (_, rest) = line.split_once("sequenceId=\"")?;
            rest.split('"').next()?.parse().ok()
        };
        self.lines().iter().filter_map(sequence).collect()
    }

    fn receiver(&self, trust: Trust) -> Receiver {
        Receiver::new("localhost", self.port, trust).unwrap()
    }
}

fn command(folder: &Folder) -> Command {
    let mut command = Command::new(program("rsyslogd", "rsyslog rsyslog-openssl"));
    command
        .arg("-n")
        .arg("-f")
        .arg(folder.path().join("rsyslog.conf"))
        .arg("-i")
        .arg(folder.path().join("rsyslog.pid"));
    // A killed one leaves it behind, and rsyslog then takes itself to be running.
    let _absent = fs::remove_file(folder.path().join("rsyslog.pid"));
    command
}

async fn answers(port: &u16) -> Option<()> {
    TcpStream::connect(("127.0.0.1", *port))
        .await
        .ok()
        .map(drop)
}

fn configure(
    folder: &Folder,
    authority: &Authority,
    own: &Certificate,
    authentication: &str,
    port: u16,
) -> String {
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
       streamDriver.authMode="{authentication}" maxSessions="50")
input(type="imtcp" address="127.0.0.1" port="{port}")
template(name="raw" type="string" string="%rawmsg%\n")
if $app-name == "bildbro" then action(type="omfile" file="{at}/messages" template="raw")
"#
    )
}

/// A log in memory, and one cursor in it.
#[derive(Clone, Default)]
struct Memory {
    events: Arc<Vec<Event>>,
    cursor: Arc<Mutex<u64>>,
    held_elsewhere: Arc<Mutex<bool>>,
}

impl Memory {
    fn of(events: Vec<Event>) -> Self {
        Self {
            events: Arc::new(events),
            ..Self::default()
        }
    }

    fn cursor(&self) -> u64 {
        *self.cursor.lock().unwrap()
    }
}

#[async_trait]
impl Source for Memory {
    async fn take(&self, _: Duration) -> Result<Option<u64>, SourceError> {
        Ok((!*self.held_elsewhere.lock().unwrap()).then(|| self.cursor()))
    }

    async fn next(&self, after: u64, most: usize) -> Result<Vec<Event>, SourceError> {
        let events = self.events.iter().filter(|event| event.sequence > after);
        Ok(events.take(most).cloned().collect())
    }

    async fn advance(&self, to: u64, _: Duration) -> Result<bool, SourceError> {
        if *self.held_elsewhere.lock().unwrap() {
            return Ok(false);
        }
        let mut cursor = self.cursor.lock().unwrap();
        *cursor = to.max(*cursor);
        Ok(true)
    }

    async fn release(&self) -> Result<(), SourceError> {
        Ok(())
    }
}

fn event(sequence: u64, text: &str) -> Event {
    let actor = Actor {
        name: Some(Personal::new(text)),
        ..Actor::new(ActorKind::Member, Some("member-1".into()))
    };
    let at = "2026-11-24T08:15:30Z".parse().unwrap();
    let what = ("deliver", Family::Delivered, Outcome::Success);
    Event::new(
        (Uuid::from_u128(sequence.into()), sequence, at),
        what,
        actor,
        "hub.example",
    )
}

fn events(count: u64) -> Vec<Event> {
    (1..=count).map(|n| event(n, "Tolvan Tolvansson")).collect()
}

fn sender(source: Memory, receiver: Receiver, most: usize) -> Sender<Memory> {
    let origin = Origin {
        host: "hub.example".into(),
        process: "1".into(),
        version: "0.1.0".into(),
    };
    let back_off = BackOff {
        first: Duration::from_millis(20),
        most: Duration::from_millis(200),
    };
    let pace = Pace {
        most,
        back_off,
        look: Duration::from_millis(20),
        ..Pace::default()
    };
    Sender::new(source, receiver, origin, pace)
}

#[tokio::test]
async fn messages_arrive_whole_and_in_order() {
    let authority = Authority::new("Bildbro test");
    let own = authority.issue("localhost");
    let rsyslog = Rsyslog::start(&authority, &own, "anon").await;
    let trust = Trust::new(authority.certificate.as_bytes(), None).unwrap();

    let hostile = "Åsa Öberg]\"\\ \r\n<13>1 2026-01-01T00:00:00Z falsk falsk - - - falsk\u{85}x";
    let mut all = events(3);
    all.push(event(4, hostile));
    let mut large = event(5, "Tolvan");
    large.detail = Some("åäö 0123456789 ".repeat(4_000));
    all.push(large);
    all.push(event(6, "sist"));
    let source = Memory::of(all.clone());
    let sender = sender(source.clone(), rsyslog.receiver(trust.clone()), 4);
    assert_eq!(sender.round().await.unwrap(), Round::Sent(4));
    assert_eq!(source.cursor(), 4);
    assert_eq!(sender.round().await.unwrap(), Round::Sent(2));
    assert_eq!(sender.round().await.unwrap(), Round::Idle);

    // Confirmed is written: the receiver has no queue.
    let lines = rsyslog.lines();
    assert_eq!(rsyslog.sequences(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(lines.len(), 6, "a message became two");
    let origin = Origin {
        host: "hub.example".into(),
        process: "1".into(),
        version: "0.1.0".into(),
    };
    for (line, event) in lines.iter().zip(&all) {
        let frame = String::from_utf8(Message::audit(event, &origin).frame()).unwrap();
        assert_eq!(*line, frame.split_once(' ').unwrap().1);
    }
    assert!(
        lines[3].contains("Åsa Öberg]&quot;\\   &lt;13&gt;1"),
        "{}",
        lines[3]
    );
    assert!(lines[4].len() > 60_000);

    // Structured data with all that must be escaped, and a text that is no audit message.
    let message = Message {
        severity: Severity::Warning,
        at: all[0].at,
        host: "hub.example",
        process: "1",
        structured: vec![Element {
            id: "meta",
            parameters: vec![("note", "a]b\"c\\d\nå".into())],
        }],
        text: "två\nrader".into(),
    };
    rsyslog
        .receiver(trust)
        .deliver(&[message.frame()])
        .await
        .unwrap();
    let last = rsyslog.lines().pop().unwrap();
    assert!(last.starts_with("<84>1 "), "{last}");
    assert!(
        last.ends_with("[meta note=\"a\\]b\\\"c\\\\d å\"] \u{feff}två rader"),
        "{last}"
    );
}

#[tokio::test]
async fn a_receiver_that_is_killed_costs_no_entry() {
    let authority = Authority::new("Bildbro test");
    let own = authority.issue("localhost");
    let mut rsyslog = Rsyslog::start(&authority, &own, "anon").await;
    let trust = Trust::new(authority.certificate.as_bytes(), None).unwrap();
    let source = Memory::of(events(600));
    let sender = sender(source.clone(), rsyslog.receiver(trust), 15);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { sender.run(stop).await }
    });
    for kill_at in [60, 200, 380] {
        eventually("some messages", async || {
            (rsyslog.sequences().len() >= kill_at).then_some(())
        })
        .await;
        rsyslog.process.kill();
        assert!(source.cursor() < 600, "killed too late to mean anything");
        rsyslog.start_again().await;
    }
    eventually("the last message", async || {
        (source.cursor() == 600).then_some(())
    })
    .await;
    stop.cancel();
    running.await.unwrap();

    let mut first_seen = Vec::new();
    for sequence in rsyslog.sequences() {
        if !first_seen.contains(&sequence) {
            first_seen.push(sequence);
        }
    }
    assert_eq!(first_seen, (1..=600).collect::<Vec<_>>());
}

#[tokio::test]
async fn only_a_receiver_of_the_right_authority_and_name_is_sent_to() {
    let authority = Authority::new("Bildbro test");
    let own = authority.issue("localhost");
    let rsyslog = Rsyslog::start(&authority, &own, "anon").await;

    let stranger = Authority::new("Someone else");
    let trust = Trust::new(stranger.certificate.as_bytes(), None).unwrap();
    let source = Memory::of(events(1));
    let error = sender(source.clone(), rsyslog.receiver(trust), 10)
        .round()
        .await;
    assert!(
        matches!(error, Err(SendError::Delivery(DeliveryError::Tls(_)))),
        "{error:?}"
    );

    let trust = Trust::new(authority.certificate.as_bytes(), None).unwrap();
    let by_number = Receiver::new("127.0.0.1", rsyslog.port, trust).unwrap();
    let error = sender(source.clone(), by_number, 10).round().await;
    assert!(
        matches!(error, Err(SendError::Delivery(DeliveryError::Tls(_)))),
        "{error:?}"
    );

    assert_eq!(source.cursor(), 0);
    assert_eq!(rsyslog.lines(), [""; 0]);
}

#[tokio::test]
async fn a_receiver_may_ask_for_our_certificate() {
    let authority = Authority::new("Bildbro test");
    let own = authority.issue("localhost");
    let rsyslog = Rsyslog::start(&authority, &own, "x509/certvalid").await;
    let source = Memory::of(events(2));

    let without = Trust::new(authority.certificate.as_bytes(), None).unwrap();
    let error = sender(source.clone(), rsyslog.receiver(without), 10)
        .round()
        .await;
    assert!(matches!(error, Err(SendError::Delivery(_))), "{error:?}");
    assert_eq!(source.cursor(), 0);

    let hub = authority.issue("hub.example");
    let identity = Identity {
        certificate: hub.certificate.as_bytes(),
        key: hub.key.as_bytes(),
    };
    let with = Trust::new(authority.certificate.as_bytes(), Some(identity)).unwrap();
    let sent = sender(source, rsyslog.receiver(with), 10).round().await;
    assert_eq!(sent.unwrap(), Round::Sent(2));
    assert_eq!(rsyslog.sequences(), [1, 2]);
}

#[tokio::test]
async fn an_end_without_close_notify_confirms_nothing() {
    // Takes TLS for what it is not: ends each connection after the first bytes.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let deaf = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    let authority = Authority::new("Bildbro test");
    let trust = Trust::new(authority.certificate.as_bytes(), None).unwrap();
    let source = Memory::of(events(1));
    let receiver = Receiver::new("localhost", port, trust).unwrap();
    let error = sender(source.clone(), receiver, 10).round().await;
    assert!(matches!(error, Err(SendError::Delivery(_))), "{error:?}");
    assert_eq!(source.cursor(), 0);
    deaf.abort();
}

#[tokio::test]
async fn who_does_not_hold_the_cursor_sends_nothing() {
    let authority = Authority::new("Bildbro test");
    let trust = Trust::new(authority.certificate.as_bytes(), None).unwrap();
    let source = Memory::of(events(1));
    *source.held_elsewhere.lock().unwrap() = true;
    // Nobody listens there: connecting would fail.
    let receiver = Receiver::new("localhost", free_port(), trust).unwrap();
    let round = sender(source, receiver, 10).round().await;
    assert_eq!(round.unwrap(), Round::Elsewhere);
}
