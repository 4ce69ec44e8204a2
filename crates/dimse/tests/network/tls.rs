//! Associations by TLS: with itself at both ends, with DCMTK and OpenSSL at the
//! other, and with peers that should not be talked to.

use crate::{
    archive::{Archive, CT, LONG, Running, client, config, identifier, serve, serve_over},
    dcmtk::{data_set, write_files},
};
use bildbro_dimse::{
    client::{Association, ClientError, Node, Offer, StoreHeader},
    server::ServerConfig,
    sop, status,
    tls::{ClientTls, Identity, ServerTls, TlsError},
};
use bildbro_domain::{AeTitle, ErrorClass};
use bildbro_testkit::{
    Folder, Peer,
    certificates::{Authority, Certificate},
    dcmtk::{self, Storescp},
    eventually, program,
};
use bytes::Bytes;
use futures::stream;
use std::{io, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Command,
    time::timeout,
};

const HERE: &str = "127.0.0.1";

fn identity(of: &Certificate) -> Identity<'_> {
    Identity {
        certificate: of.certificate.as_bytes(),
        key: of.key.as_bytes(),
    }
}

fn server(own: &Certificate, clients: Option<&Authority>) -> ServerTls {
    let clients = clients.map(|authority| authority.certificate.as_bytes());
    ServerTls::new(identity(own), clients).unwrap()
}

fn client_tls(name: &str, trusted: &Authority, own: Option<&Certificate>) -> ClientTls {
    ClientTls::new(name, trusted.certificate.as_bytes(), own.map(identity)).unwrap()
}

async fn running(tls: ServerTls) -> Running {
    serve_over(Some(tls), Archive::default(), config()).await
}

async fn open(to: &Running, tls: &ClientTls, offer: &Offer) -> Result<Association, ClientError> {
    let offers = std::slice::from_ref(offer);
    Association::open_tls(&to.node(), tls, &client("MODALITY"), offers).await
}

fn ct() -> Offer {
    Offer::user(CT, &[sop::EXPLICIT_LE])
}

/// Opening has to fail for TLS; answers the words.
async fn refusal(to: &Running, tls: &ClientTls) -> String {
    let error = match open(to, tls, &ct()).await {
        Ok(_) => panic!("let in"),
        Err(error) => error,
    };
    assert!(matches!(error, ClientError::Tls(_)), "{error:?}");
    // Goes by itself once the certificate is mended.
    assert_eq!(error.class(), ErrorClass::Transient);
    error.to_string()
}

fn pieces(bytes: &[u8], size: usize) -> Vec<io::Result<Bytes>> {
    let pieces = bytes.chunks(size);
    pieces.map(|c| Ok(Bytes::copy_from_slice(c))).collect()
}

#[tokio::test]
async fn what_is_stored_by_tls_is_what_was_sent() {
    let authority = Authority::new("Hospital");
    let tls = server(&authority.issue(HERE), Some(&authority));
    let running = running(tls).await;
    let own = authority.issue("gateway.example");
    let to = client_tls(HERE, &authority, Some(&own));
    let mut association = open(&running, &to, &ct()).await.unwrap();
    for (length, size) in [(0, 1), (300_001, 333), (2_000_000, 1 << 20)] {
        let image: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let header = StoreHeader {
            class: CT.to_owned(),
            sop_uid: "1.2.3".to_owned(),
            syntax: sop::EXPLICIT_LE.to_owned(),
            originator: None,
        };
        let sent = stream::iter(pieces(&image, size));
        let stored = association.store(&header, sent).await;
        assert_eq!(stored.unwrap(), status::SUCCESS);
        assert!(running.archive.stored().pop().unwrap().bytes == image);
    }
    association.release().await;
}

#[tokio::test]
async fn a_query_is_taken_back_by_tls_too() {
    let authority = Authority::new("Hospital");
    let endless = Archive {
        matches: None,
        ..Archive::default()
    };
    let tls = server(&authority.issue(HERE), None);
    let running = serve_over(Some(tls), endless, config()).await;
    let to = client_tls(HERE, &authority, None);
    let offer = Offer::user(sop::STUDY_ROOT_FIND, &[sop::IMPLICIT_LE]);
    let mut association = open(&running, &to, &offer).await.unwrap();
    let mut found = 0;
    let asked = association.find(
        sop::STUDY_ROOT_FIND,
        |syntax| identifier(syntax, "").into(),
        |_, _| {
            found += 1;
            found < 7
        },
    );
    timeout(LONG, asked).await.expect("it ends").unwrap();
    assert_eq!(found, 7);
    association.release().await;
}

#[tokio::test]
async fn a_server_that_cannot_be_trusted_is_refused_and_it_is_said_why() {
    let authority = Authority::new("Hospital");
    let other = Authority::new("Other");
    let tls = client_tls(HERE, &authority, None);
    for (own, expected) in [
        (other.issue(HERE), "no authority that is trusted here"),
        (authority.issue_expired(HERE), "has expired"),
        (authority.issue("pacs.example"), "is for another name"),
    ] {
        let running = running(server(&own, None)).await;
        let told = refusal(&running, &tls).await;
        assert!(told.contains(expected), "{told}");
    }
    // The name that its certificate is for mends the last.
    let running = running(server(&authority.issue("pacs.example"), None)).await;
    let by_name = client_tls("pacs.example", &authority, None);
    open(&running, &by_name, &ct())
        .await
        .unwrap()
        .release()
        .await;
}

#[tokio::test]
async fn a_client_that_cannot_be_trusted_is_refused_and_learns_why() {
    let authority = Authority::new("Hospital");
    let other = Authority::new("Other");
    let running = running(server(&authority.issue(HERE), Some(&authority))).await;
    for (own, expected) in [
        (None, "demands a certificate of ours"),
        (
            Some(other.issue("x")),
            "does not trust the authority of our",
        ),
        (
            Some(authority.issue_expired("x")),
            "our certificate has expired",
        ),
    ] {
        let tls = client_tls(HERE, &authority, own.as_ref());
        let told = refusal(&running, &tls).await;
        assert!(told.contains(expected), "{told}");
    }
    assert!(running.archive.stored().is_empty());
}

#[tokio::test]
async fn storescu_with_and_without_its_certificate() {
    let authority = Authority::new("Hospital");
    let scanner = authority.issue("scanner.example");
    let files = Folder::new("send-");
    write_files(files.path(), 1, 300_000);
    let file = files.path().join("0.dcm");
    let ca = authority.file.to_str().unwrap();
    let (key, certificate) = (&scanner.key_file, &scanner.certificate_file);
    let shown = [
        "+tls",
        key.to_str().unwrap(),
        certificate.to_str().unwrap(),
        "+cf",
        ca,
    ];
    let anonymous = ["+tla", "+cf", ca];
    for own in [authority.issue(HERE), authority.issue_rsa(HERE)] {
        for (clients, options, well) in [
            (Some(&authority), &shown[..], true),
            (Some(&authority), &anonymous[..], false),
            (None, &anonymous[..], true),
            (Some(&authority), &[], false),
        ] {
            let running = running(server(&own, clients)).await;
            let peer = Peer::new("ARCHIVE", running.address);
            let port = running.address.port().to_string();
            let place = ["-aec", "ARCHIVE", HERE, &port];
            let echo = dcmtk::run("echoscu", options.iter().chain(&place)).await;
            assert_eq!(echo.success, well, "{options:?}: {}", echo.text);
            let files = std::slice::from_ref(&file);
            let sent = dcmtk::storescu("MODALITY", &peer, options, files).await;
            assert_eq!(sent.success, well, "{options:?}: {}", sent.text);
            let stored = running.archive.stored();
            assert_eq!(stored.len(), usize::from(well));
            assert!(stored.iter().all(|one| one.bytes == data_set(0, 300_000)));
        }
    }
}

#[tokio::test]
async fn storescp_demands_a_certificate_of_ours() {
    let authority = Authority::new("Hospital");
    let (pacs, own) = (authority.issue_rsa(HERE), authority.issue("gateway"));
    let options = [
        "+tls",
        pacs.key_file.to_str().unwrap(),
        pacs.certificate_file.to_str().unwrap(),
        "+cf",
        authority.file.to_str().unwrap(),
        "--require-peer-cert",
    ];
    let storescp = Storescp::start("STORESCP", &options).await;
    let node = Node {
        ae_title: AeTitle::new("STORESCP").unwrap(),
        host: HERE.to_owned(),
        port: storescp.peer().address.port(),
    };
    let offers = [ct()];
    let without = client_tls(HERE, &authority, None);
    let refused = Association::open_tls(&node, &without, &client("GATEWAY"), &offers).await;
    assert!(
        matches!(refused, Err(ClientError::Tls(_))),
        "{:?}",
        refused.err()
    );

    let tls = client_tls(HERE, &authority, Some(&own));
    let opened = Association::open_tls(&node, &tls, &client("GATEWAY"), &offers).await;
    let mut association = opened.unwrap();
    let image = data_set(1, 600_000);
    let header = StoreHeader {
        class: CT.to_owned(),
        sop_uid: "1.2.3.1".to_owned(),
        syntax: sop::EXPLICIT_LE.to_owned(),
        originator: None,
    };
    let sent = stream::iter(pieces(&image, 4097));
    let stored = association.store(&header, sent).await;
    assert_eq!(stored.unwrap(), status::SUCCESS);
    association.release().await;
    let received = eventually("the file", async || storescp.files().pop()).await;
    assert!(std::fs::read(received).unwrap().ends_with(&image));
}

#[tokio::test]
async fn nothing_older_or_weaker_than_bcp_195() {
    let authority = Authority::new("Hospital");
    let running = running(server(&authority.issue_rsa(HERE), None)).await;
    for (arguments, well) in [
        (&["-tls1_3"][..], true),
        (&["-tls1_2"], true),
        (&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], true),
        (&["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"], false),
        (&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], false),
        (&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"], false),
        (&["-tls1_2", "-cipher", "AES128-GCM-SHA256"], false),
        (&["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], false),
        (
            &["-tls1_2", "-cipher", "ECDHE-RSA-CHACHA20-POLY1305"],
            false,
        ),
    ] {
        let mut openssl = Command::new(program("openssl", "openssl"));
        openssl
            .args(["s_client", "-verify_return_error", "-connect"])
            .arg(running.address.to_string())
            .arg("-CAfile")
            .arg(&authority.file)
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = timeout(LONG, openssl.output()).await.expect("it ends");
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), well, "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn who_stalls_in_the_handshake_is_let_go_and_takes_no_place() {
    let authority = Authority::new("Hospital");
    let short = Duration::from_millis(300);
    let hasty = ServerConfig {
        max_associations: 1,
        idle: short,
        ..config()
    };
    let tls = server(&authority.issue(HERE), None);
    let running = serve_over(Some(tls), Archive::default(), hasty).await;
    let mut stalled = Vec::new();
    for first in [&b""[..], &b"\x16\x03\x01"[..]].repeat(4) {
        let mut socket = TcpStream::connect(running.address).await.unwrap();
        socket.write_all(first).await.unwrap();
        stalled.push(socket);
    }
    let tls = client_tls(HERE, &authority, None);
    open(&running, &tls, &ct()).await.unwrap().release().await;
    for mut socket in stalled {
        let end = timeout(LONG, socket.read(&mut [0; 64])).await;
        assert!(matches!(end.expect("bounded time"), Ok(0) | Err(_)));
    }
}

#[tokio::test]
async fn plain_and_tls_on_the_wrong_port_end_quickly() {
    let authority = Authority::new("Hospital");
    let secure = running(server(&authority.issue(HERE), None)).await;
    let plain = serve(Archive::default(), config()).await;
    let tls = client_tls(HERE, &authority, None);

    let told = refusal(&plain, &tls).await;
    assert!(told.contains("is no TLS"), "{told}");
    let offers = [ct()];
    let config = client("MODALITY");
    let opened = timeout(LONG, Association::open(&secure.node(), &config, &offers)).await;
    let error = opened.expect("bounded time").err().unwrap();
    assert!(matches!(error, ClientError::Connect(_)), "{error:?}");

    // Neither has harmed its port.
    open(&secure, &tls, &ct()).await.unwrap().release().await;
    let opened = Association::open(&plain.node(), &config, &offers).await;
    opened.unwrap().release().await;
}

#[test]
fn what_cannot_be_used_is_told_without_its_content() {
    let authority = Authority::new("Hospital");
    let (one, two) = (authority.issue(HERE), authority.issue(HERE));
    let with = |certificate: &str, key: &str, clients: Option<&str>| {
        let identity = Identity {
            certificate: certificate.as_bytes(),
            key: key.as_bytes(),
        };
        ServerTls::new(identity, clients.map(str::as_bytes)).unwrap_err()
    };
    let broken = one.key.replace('M', "!");
    let errors = [
        with(&one.key, &one.key, None),
        with(&one.certificate, &one.certificate, None),
        with(&one.certificate, &broken, None),
        with(&one.certificate, &two.key, None),
        with(&one.certificate, &one.key, Some("nothing")),
        with("", &one.key, None),
    ];
    assert!(matches!(
        errors,
        [
            TlsError::NoCertificate,
            TlsError::NoKey,
            TlsError::NoKey,
            TlsError::Mismatch,
            TlsError::NoAuthority,
            TlsError::NoCertificate,
        ]
    ));
    let name = ClientTls::new("not a name", authority.certificate.as_bytes(), None);
    assert!(matches!(name.unwrap_err(), TlsError::Name));
}
