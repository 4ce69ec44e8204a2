//! Against a mail server that nobody here wrote: `aiosmtpd` (PyPI).

#![expect(clippy::unwrap_used, reason = "tests")]

use bildbro_domain::{ErrorClass, share::Priority};
use bildbro_mail::{
    Address, Config, Mail, MailError, Mailer, Tls,
    templates::{self, Language, List, Notice, Share},
};
use bildbro_testkit::{certificates::Authority, samples};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;
use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start<A: AsRef<OsStr>>(arguments: &[A]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server.py");
        let mut child = Command::new(samples::python())
            .arg(script)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        lines.read_line(&mut port).unwrap();
        let port = port.trim().parse().expect("aiosmtpd is installed");
        Self { child, lines, port }
    }

    /// The next message that it took.
    fn message(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(port: u16, tls: Tls, ca_file: Option<PathBuf>) -> Config {
    Config {
        host: "localhost".to_owned(),
        port,
        tls,
        username: None,
        password: None,
        from: Address::parse("Bildbro <bildbro@example.org>").unwrap(),
        ca_file,
    }
}

fn invitation(language: Language, organisation: &str) -> Mail {
    let notice = Notice::Invitation {
        organisation,
        invited_by: "Tolvan Tolvansson",
        link: "https://bild.example.org/invitation?a=1&b=2",
        until: "2026-12-01T11:30:00Z".parse::<Timestamp>().unwrap(),
    };
    let to = Address::parse("Åsa <asa@example.org>").unwrap();
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    templates::write(&notice, language, to, &zone).unwrap()
}

#[tokio::test]
async fn an_invitation_arrives_as_it_was_written() {
    let mut server = Server::start(&["plain"]);
    let mailer = Mailer::new(config(server.port, Tls::None, None)).unwrap();
    let mail = invitation(Language::Swedish, "Region Skåne <b>&");
    mailer.send(&mail).await.unwrap();
    let taken = server.message();
    assert_eq!(taken["defects"], serde_json::json!([]));
    assert_eq!(taken["from"], "bildbro@example.org");
    assert_eq!(taken["to"][0], "asa@example.org");
    assert_eq!(taken["hello"], "example.org");
    assert_eq!(taken["tls"], false);
    let headers = &taken["headers"];
    assert_eq!(
        headers["Subject"],
        "Inbjudan till Region Skåne <b>& i Bildbro"
    );
    assert_eq!(headers["To"], "Åsa <asa@example.org>");
    assert_eq!(headers["Auto-Submitted"], "auto-generated");
    assert!(headers["Message-ID"].is_string() && headers["Date"].is_string());
    let text = taken["text"].as_str().unwrap().replace("\r\n", "\n");
    assert!(
        text.contains("\nhttps://bild.example.org/invitation?a=1&b=2\n"),
        "{text}"
    );
    assert!(
        text.contains("gäller till 2026-12-01 12:30 (+01)"),
        "{text}"
    );
    let html = taken["html"].as_str().unwrap();
    assert!(html.contains("Region Skåne &lt;b&gt;&amp;"), "{html}");
    assert!(html.contains("a=1&amp;b=2\">"), "{html}");
}

#[tokio::test]
async fn starttls_and_a_login_are_used_when_asked_for() {
    let authority = Authority::new("mail");
    let issued = authority.issue("localhost");
    let mode: &OsStr = "starttls".as_ref();
    let arguments = [
        mode,
        issued.certificate_file.as_ref(),
        issued.key_file.as_ref(),
    ];
    let mut server = Server::start(&arguments);
    let mut config = config(server.port, Tls::StartTls, Some(authority.file.clone()));
    config.username = Some("hub".to_owned());
    config.password = Some("lösen".to_owned());
    let mail = invitation(Language::English, "Region Skåne");
    Mailer::new(config.clone())
        .unwrap()
        .send(&mail)
        .await
        .unwrap();
    let taken = server.message();
    assert_eq!(
        (&taken["tls"], &taken["login"]),
        (&true.into(), &"hub".into())
    );

    let mut wrong = config.clone();
    wrong.password = Some("losen".to_owned());
    let refused = Mailer::new(wrong).unwrap().send(&mail).await.unwrap_err();
    assert!(
        matches!(refused, MailError::Refused(535, ErrorClass::Permanent)),
        "{refused:?}"
    );

    let mut stranger = config.clone();
    stranger.ca_file = Some(Authority::new("stranger").file.clone());
    // The folder of that authority is gone with it.
    assert!(matches!(
        Mailer::new(stranger),
        Err(MailError::Authorities(_))
    ));

    let other = Authority::new("other");
    let mut stranger = config.clone();
    stranger.ca_file = Some(other.file.clone());
    let refused = Mailer::new(stranger)
        .unwrap()
        .send(&mail)
        .await
        .unwrap_err();
    assert_eq!(refused.class(), ErrorClass::Permanent, "{refused:?}");

    let mut plain = config;
    plain.tls = Tls::None;
    assert!(matches!(Mailer::new(plain), Err(MailError::Login)));
}

#[tokio::test]
async fn tls_from_the_start_and_never_less_than_asked_for() {
    let authority = Authority::new("mail");
    let issued = authority.issue("localhost");
    let mode: &OsStr = "tls".as_ref();
    let mut server = Server::start(&[
        mode,
        issued.certificate_file.as_ref(),
        issued.key_file.as_ref(),
    ]);
    let file = Some(authority.file.clone());
    let mail = invitation(Language::English, "Region Skåne");
    let mailer = Mailer::new(config(server.port, Tls::Tls, file.clone())).unwrap();
    mailer.send(&mail).await.unwrap();
    assert_eq!(server.message()["tls"], true);

    let plain = Server::start(&["plain"]);
    let mailer = Mailer::new(config(plain.port, Tls::StartTls, file)).unwrap();
    let refused = mailer.send(&mail).await.unwrap_err();
    assert_eq!(refused.class(), ErrorClass::Permanent, "{refused:?}");
}

#[tokio::test]
async fn errors_say_whether_to_try_again() {
    let mail = invitation(Language::English, "Region Skåne");
    for (mode, code, class) in [
        ("busy", 451, ErrorClass::Transient),
        ("full", 552, ErrorClass::Permanent),
    ] {
        let server = Server::start(&[mode]);
        let mailer = Mailer::new(config(server.port, Tls::None, None)).unwrap();
        let error = mailer.send(&mail).await.unwrap_err();
        assert!(
            matches!(error, MailError::Refused(c, k) if (c, k) == (code, class)),
            "{error:?}"
        );
        let port = server.port;
        drop(server);
        let mailer = Mailer::new(config(port, Tls::None, None)).unwrap();
        let gone = mailer.send(&mail).await.unwrap_err();
        assert_eq!(gone.class(), ErrorClass::Transient, "{gone:?}");
    }
}

#[test]
fn every_message_is_filled_in_and_a_name_forges_nothing() {
    let at = Timestamp::UNIX_EPOCH;
    let link = "https://bild.example.org/x";
    let notices = [
        Notice::Invitation {
            organisation: "Region Skåne",
            invited_by: "Tolvan",
            link,
            until: at,
        },
        Notice::PasswordReset { link, until: at },
        Notice::SecondFactorChanged { at },
    ];
    let to = Address::parse("asa@example.org").unwrap();
    let write = |notice: &Notice<'_>, language| {
        templates::write(notice, language, to.clone(), &TimeZone::UTC)
    };
    for notice in &notices {
        for language in [Language::Swedish, Language::English] {
            let mail = write(notice, language).unwrap();
            assert!(
                mail.text.contains("1970-01-01 00:00 (UTC)"),
                "{}",
                mail.text
            );
            for part in [mail.subject.as_str(), &mail.text, &mail.html] {
                assert!(!part.is_empty() && !part.contains("{{"), "{part}");
            }
            let linked = !matches!(notice, Notice::SecondFactorChanged { .. });
            assert_eq!(mail.html.contains("<a href="), linked, "{}", mail.html);
        }
    }
    let forged = Notice::Invitation {
        organisation: "A\n\nhttps://evil.example",
        invited_by: "B",
        link,
        until: at,
    };
    assert!(write(&forged, Language::Swedish).is_err());
}

#[test]
fn letters_of_what_comes_say_how_much_and_where_and_no_more() {
    let share = |sender, priority, why| Share {
        sender,
        studies: 2,
        priority,
        why,
        link: "https://hub.example/inbox/1",
    };
    let shares = [
        share("Region Skåne", Priority::Urgent, "came"),
        share("Aleris", Priority::Ordinary, "held"),
        share("Capio", Priority::Emergency, "recalled"),
    ];
    let list = |shares, more| List {
        shares,
        more,
        link: "https://hub.example/inbox",
        settings: "https://hub.example/account",
    };
    let organisation = "Region Halland";
    let (link, hours) = ("https://hub.example/shares/1", 24);
    let written = |notice: &Notice<'_>, language| {
        let to = Address::parse("asa@example.org").unwrap();
        templates::write(notice, language, to, &TimeZone::UTC)
    };
    let emergency = |sender| Notice::Emergency {
        organisation,
        sender,
        studies: 1,
        link,
    };
    // (notice, links, a word of the Swedish, of the English)
    let cases = [
        (
            Notice::Arrived {
                organisation,
                list: list(&shares, 4),
            },
            5,
            [
                "7 delningar",
                "Region Skåne: 2 undersökningar, brådskar.\n",
                "tagit tillbaka",
            ],
            [
                "7 shares",
                "Region Skåne: 2 studies, urgent.\n",
                "taken it back",
            ],
        ),
        (
            Notice::Digest {
                organisation,
                list: list(&shares[1..2], 0),
            },
            2,
            [
                "en delning väntar",
                "vanlig prioritet. Den hålls kvar",
                "väljer du själv",
            ],
            [
                "one share waits",
                "ordinary priority. It is held",
                "You choose",
            ],
        ),
        (
            emergency("Region Skåne"),
            1,
            ["AKUT", "1 undersökning till", "Region Halland"],
            ["URGENT", "1 study to", "Region Halland"],
        ),
        (
            Notice::Unopened {
                organisation,
                share: shares[0],
                hours,
            },
            1,
            ["24 timmar", "Region Skåne", "brådskar"],
            ["24 hours", "Region Skåne", "urgent"],
        ),
        (
            Notice::SentUnopened {
                recipient: organisation,
                hours: 1,
                told: false,
                link,
            },
            1,
            ["en timme", "ring dem", "Region Halland"],
            ["an hour ago", "call them", "Region Halland"],
        ),
    ];
    for (notice, links, swedish, english) in &cases {
        for (language, words) in [(Language::Swedish, swedish), (Language::English, english)] {
            let mail = written(notice, language).unwrap();
            let all = format!("{}\n\n{}", mail.subject.as_str(), mail.text);
            for word in words {
                assert!(all.contains(word), "{word}: {all}");
            }
            assert!(!all.contains("{{") && !all.contains("{%"), "{all}");
            assert!(!all.contains("\n\n\n"), "{all}");
            assert_eq!(
                mail.html.matches("<a href=").count(),
                *links,
                "{}",
                mail.html
            );
        }
    }
    let forged = written(&emergency("A\n\nhttps://evil.example"), Language::Swedish);
    assert!(forged.is_err());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_let_go() {
    // Takes connections into its queue, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mailer = Mailer::new(config(port, Tls::None, None))
        .unwrap()
        .patience(std::time::Duration::from_millis(50));
    let mail = invitation(Language::English, "Region Skåne");
    let gone = mailer.send(&mail).await.unwrap_err();
    assert_eq!(gone.class(), ErrorClass::Transient, "{gone:?}");
}
