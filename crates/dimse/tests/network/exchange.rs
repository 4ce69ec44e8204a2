//! Our client and our server against each other, and our client against peers
//! that hang, refuse and break off.

use crate::archive::{Archive, CT, LONG, client, config, identifier, serve};
use bildbro_dimse::{
    ChannelError,
    client::{Association, ClientConfig, ClientError, MAX_CONTEXTS, Node, Offer, StoreHeader},
    pdu::{self, AssociateAc, ContextAnswer, ContextResult, HEADER, Pdu, UserInformation},
    server::ServerConfig,
    sop, status,
};
use bildbro_domain::{AeTitle, ErrorClass};
use bildbro_testkit::dcmtk;
use bytes::Bytes;
use futures::{SinkExt, Stream, channel::mpsc, stream};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

fn header(sop_uid: &str) -> StoreHeader {
    StoreHeader {
        class: CT.to_owned(),
        sop_uid: sop_uid.to_owned(),
        syntax: sop::EXPLICIT_LE.to_owned(),
        originator: None,
    }
}

fn ct() -> Offer {
    Offer::user(CT, &[sop::EXPLICIT_LE])
}

fn chunks(bytes: &[u8], size: usize) -> impl Stream<Item = io::Result<Bytes>> + Unpin + use<> {
    let pieces: Vec<_> = bytes
        .chunks(size)
        .map(|c| Ok(Bytes::copy_from_slice(c)))
        .collect();
    stream::iter(pieces)
}

fn image(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}

async fn fill(node: &Node, objects: usize) {
    let mut association = Association::open(node, &client("MODALITY"), &[ct()])
        .await
        .unwrap();
    for n in 0..objects {
        let header = header(&format!("1.2.{n}"));
        let stored = association.store(&header, chunks(&image(5000), 999)).await;
        assert_eq!(stored.unwrap(), status::SUCCESS);
    }
    association.release().await;
}

#[tokio::test]
async fn what_is_stored_is_what_was_sent_however_it_is_cut() {
    for max_pdu in [4096, 128 * 1024] {
        let limits = ServerConfig {
            max_pdu,
            ..config()
        };
        let running = serve(Archive::default(), limits).await;
        let node = running.node();
        let mut association = Association::open(&node, &client("MODALITY"), &[ct()])
            .await
            .unwrap();
        assert!(association.accepts(CT, sop::EXPLICIT_LE));
        assert!(!association.accepts(CT, sop::IMPLICIT_LE));
        let room = max_pdu as usize - 6;
        let kinds = [
            (0, 1),
            (1, 1),
            (300_000, 333),
            (room, room),
            (room + 1, 7),
            (2 * room, 1 << 20),
        ];
        for (length, size) in kinds {
            let stored = association
                .store(&header("1.2.3"), chunks(&image(length), size))
                .await;
            assert_eq!(
                stored.unwrap(),
                status::SUCCESS,
                "{length} in pieces of {size}"
            );
            assert!(running.archive.stored().pop().unwrap().bytes == image(length));
        }
        association.release().await;
    }
}

#[tokio::test]
async fn a_refused_object_does_not_cost_the_next_its_association() {
    let archive = Archive {
        max_object: 10_000,
        ..Archive::default()
    };
    let running = serve(archive, config()).await;
    let mut association = Association::open(&running.node(), &client("MODALITY"), &[ct()])
        .await
        .unwrap();
    let too_long = association
        .store(&header("1.1"), chunks(&image(500_000), 9000))
        .await;
    assert_eq!(too_long.unwrap(), status::OUT_OF_RESOURCES);
    let no_uid = association
        .store(&header("../../x"), chunks(&image(10), 10))
        .await;
    assert_eq!(no_uid.unwrap(), status::CANNOT_UNDERSTAND);
    let well = association
        .store(&header("1.2"), chunks(&image(10_000), 9000))
        .await;
    assert_eq!(well.unwrap(), status::SUCCESS);
    assert_eq!(running.archive.stored().len(), 1);
}

#[tokio::test]
async fn a_source_that_breaks_off_leaves_nothing_behind() {
    let running = serve(Archive::default(), config()).await;
    let mut association = Association::open(&running.node(), &client("MODALITY"), &[ct()])
        .await
        .unwrap();
    let broken = stream::iter([
        Ok(Bytes::from(image(200_000))),
        Err(io::Error::other("gone")),
    ]);
    let error = association.store(&header("1.2"), broken).await.unwrap_err();
    assert!(
        matches!(error, ClientError::Channel(ChannelError::Source(_))),
        "{error}"
    );
    assert_eq!(error.class(), ErrorClass::Transient);
    association.abort().await;
    running.stop.cancel();
    timeout(LONG, running.served).await.unwrap().unwrap();
    assert!(running.archive.stored().is_empty());
}

#[tokio::test]
async fn finds_all_and_stops_when_told() {
    let offers = [Offer::user(sop::STUDY_ROOT_FIND, &[sop::IMPLICIT_LE])];
    for (matches, wanted) in [(Some(0), 0), (Some(7), 7), (None, 7)] {
        let archive = Archive {
            matches,
            ..Archive::default()
        };
        let running = serve(archive, config()).await;
        let mut association = Association::open(&running.node(), &client("MODALITY"), &offers)
            .await
            .unwrap();
        let mut found = 0;
        let asked = association.find(
            sop::STUDY_ROOT_FIND,
            |syntax| identifier(syntax, "").into(),
            |syntax, bytes| {
                assert_eq!(bytes, identifier(syntax, "1.2.3"));
                found += 1;
                found < wanted
            },
        );
        asked.await.unwrap();
        assert_eq!(found, wanted);
        association.release().await;
    }
}

#[tokio::test]
async fn gets_on_the_same_association() {
    let running = serve(Archive::default(), config()).await;
    fill(&running.node(), 3).await;
    let own = std::sync::Arc::new(Archive::default());
    let offers = [
        Offer::user(sop::STUDY_ROOT_GET, &[sop::IMPLICIT_LE]),
        Offer {
            as_provider: true,
            ..ct()
        },
    ];
    let mut association = Association::open(&running.node(), &client("MODALITY"), &offers)
        .await
        .unwrap();
    // The second is refused, which costs only itself.
    let mut n = 0;
    let mut heard = Vec::new();
    let open = |request| {
        n += 1;
        if n == 2 {
            Err(status::OUT_OF_RESOURCES)
        } else {
            Ok(own.sink(request))
        }
    };
    let progress = association
        .get(
            sop::STUDY_ROOT_GET,
            |syntax| identifier(syntax, "1.2.3").into(),
            open,
            |progress| heard.push(progress),
        )
        .await
        .unwrap();
    assert_eq!((progress.completed, progress.failed), (2, 1));
    assert_eq!(heard.last(), Some(&progress));
    assert!(
        own.stored()
            .iter()
            .all(|stored| stored.bytes == image(5000))
    );
    association.release().await;
}

#[tokio::test]
async fn moves_to_a_known_destination_only() {
    let destination = serve(Archive::default(), config()).await;
    let archive = Archive {
        destination: Some(destination.node()),
        ..Archive::default()
    };
    let source = serve(archive, config()).await;
    let offers = [Offer::user(sop::STUDY_ROOT_MOVE, &[sop::IMPLICIT_LE])];
    let mut association = Association::open(&source.node(), &client("WORKSTATION"), &offers)
        .await
        .unwrap();
    let mut seen = Vec::new();
    for (title, objects) in [("ARCHIVE", 0), ("ARCHIVE", 3), ("NOWHERE", 0)] {
        fill(&source.node(), objects).await;
        let to = AeTitle::new(title).unwrap();
        let asked = association.move_to(
            sop::STUDY_ROOT_MOVE,
            &to,
            |syntax| identifier(syntax, "1.2.3").into(),
            LONG,
            |progress| seen.push(progress.completed),
        );
        match asked.await {
            Ok(progress) => assert_eq!(usize::from(progress.completed), objects),
            Err(ClientError::Status(code)) => {
                assert_eq!((title, code), ("NOWHERE", status::MOVE_DESTINATION_UNKNOWN));
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(destination.archive.stored().len(), 3);
    association.release().await;
}

#[tokio::test]
async fn who_is_turned_away_learns_why() {
    let limits = ServerConfig {
        max_associations: 1,
        ..config()
    };
    let running = serve(Archive::default(), limits).await;
    let node = running.node();
    let other = Node {
        ae_title: AeTitle::new("OTHER").unwrap(),
        ..node.clone()
    };
    let _only_one = Association::open(&node, &client("MODALITY"), &[ct()])
        .await
        .unwrap();
    for (node, calling, expected) in [
        (&node, "STRANGER", (1, 1, 3)),
        (&other, "MODALITY", (1, 1, 7)),
        (&node, "MODALITY", (2, 3, 2)),
    ] {
        let error = Association::open(node, &client(calling), &[ct()])
            .await
            .err()
            .unwrap();
        let ClientError::Rejected(r) = error else {
            panic!("{error}");
        };
        assert_eq!((r.result, r.source, r.reason), expected);
    }
    let many = vec![ct(); MAX_CONTEXTS + 1];
    let error = Association::open(&node, &client("MODALITY"), &many)
        .await
        .err()
        .unwrap();
    assert_eq!(error.class(), ErrorClass::Permanent);
}

#[tokio::test]
async fn a_stopping_server_takes_what_has_begun() {
    let running = serve(Archive::default(), config()).await;
    let mut association = Association::open(&running.node(), &client("MODALITY"), &[ct()])
        .await
        .unwrap();
    let (mut chunks, source) = mpsc::channel(1);
    let header = header("1.2");
    let meanwhile = async {
        // More than fits one PDU, so that a part of it goes.
        chunks.send(Ok(Bytes::from(image(300_000)))).await.unwrap();
        running.archive.pushed.notified().await;
        running.stop.cancel();
        chunks.send(Ok(Bytes::from(image(1000)))).await.unwrap();
        drop(chunks);
    };
    let (stored, ()) = tokio::join!(association.store(&header, source), meanwhile);
    assert_eq!(stored.unwrap(), status::SUCCESS);
    association.release().await;
    timeout(LONG, running.served).await.unwrap().unwrap();
}

async fn read_pdu(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; HEADER];
    stream.read_exact(&mut head).await.unwrap();
    let (kind, length) = pdu::header(head, 1 << 20).unwrap();
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.unwrap();
    (kind, body)
}

/// A node that accepts its only context, in a syntax of its choice, reads
/// `pdus` PDUs, and then hangs or breaks off.
async fn odd_node(accepts: bool, pdus: usize, hangs: bool) -> Node {
    odd_node_that_says(accepts, pdus, hangs, Vec::new()).await
}

/// With some last bytes before it hangs or breaks off.
async fn odd_node_that_says(accepts: bool, pdus: usize, hangs: bool, last: Vec<u8>) -> Node {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_pdu(&mut stream).await;
        if accepts {
            let answer = AssociateAc {
                called: "ODD".to_owned(),
                calling: "MODALITY".to_owned(),
                contexts: vec![ContextAnswer {
                    id: 1,
                    result: ContextResult::Accepted,
                    transfer_syntax: sop::EXPLICIT_LE.to_owned(),
                }],
                user: UserInformation::default(),
            };
            stream
                .write_all(&pdu::encode(&Pdu::AssociateAc(answer)))
                .await
                .unwrap();
        }
        for _ in 0..pdus {
            read_pdu(&mut stream).await;
        }
        stream.write_all(&last).await.unwrap();
        if hangs {
            std::future::pending::<()>().await;
        }
    });
    Node {
        ae_title: AeTitle::new("ODD").unwrap(),
        host: "127.0.0.1".to_owned(),
        port,
    }
}

#[tokio::test]
async fn a_peer_that_hangs_or_breaks_off_gives_a_classed_error() {
    let hasty = ClientConfig {
        response: Duration::from_millis(200),
        ..client("MODALITY")
    };
    for hangs in [true, false] {
        let node = odd_node(false, 0, hangs).await;
        let error = Association::open(&node, &hasty, &[ct()])
            .await
            .err()
            .unwrap();
        assert_eq!(error.class(), ErrorClass::Transient, "{error}");

        // Command and data set have gone, so nobody knows.
        let node = odd_node(true, 2, hangs).await;
        let mut association = Association::open(&node, &hasty, &[ct()]).await.unwrap();
        let error = association
            .store(&header("1.2"), chunks(b"data", 4))
            .await
            .unwrap_err();
        assert_eq!(error.class(), ErrorClass::Ambiguous, "{error}");
    }
    let node = odd_node(true, 2, true).await;
    let offers = [Offer::user(sop::STUDY_ROOT_MOVE, &[sop::EXPLICIT_LE])];
    let mut association = Association::open(&node, &client("MODALITY"), &offers)
        .await
        .unwrap();
    let to = AeTitle::new("ME").unwrap();
    let asked = association.move_to(
        sop::STUDY_ROOT_MOVE,
        &to,
        |syntax| identifier(syntax, "1.2.3").into(),
        Duration::from_millis(200),
        |_| {},
    );
    assert!(matches!(asked.await, Err(ClientError::NoProgress(_))));
    // It accepted what was not offered.
    let node = odd_node(true, 0, true).await;
    let offers = [Offer::user(CT, &[sop::IMPLICIT_LE])];
    let association = Association::open(&node, &hasty, &offers).await.unwrap();
    assert!(!association.accepts(CT, sop::EXPLICIT_LE));
}

#[tokio::test]
async fn why_a_peer_broke_off_is_told_also_while_we_write() {
    // It reads the command and one piece, and closes with the rest unread: what
    // this end writes then fails.
    let abort = Pdu::Abort {
        source: 2,
        reason: 6,
    };
    let node = odd_node_that_says(true, 2, false, pdu::encode(&abort)).await;
    let opened = Association::open(&node, &client("MODALITY"), &[ct()]).await;
    let mut association = opened.unwrap();
    let image = image(64 << 20);
    let error = association
        .store(&header("1.2"), chunks(&image, 1 << 20))
        .await
        .unwrap_err();
    let told = ChannelError::Aborted {
        source_code: 2,
        reason: 6,
    };
    assert_eq!(error.to_string(), told.to_string());
}

#[tokio::test]
async fn what_was_not_moved_is_named() {
    let nowhere = Node {
        ae_title: AeTitle::new("NOWHERE").unwrap(),
        host: "127.0.0.1".to_owned(),
        // Nothing listens there.
        port: 1,
    };
    let archive = Archive {
        destination: Some(nowhere),
        ..Archive::default()
    };
    let running = serve(archive, config()).await;
    fill(&running.node(), 2).await;
    let options = [
        "-d",
        "-S",
        "-aem",
        "NOWHERE",
        "-k",
        "StudyInstanceUID=1.2.3",
    ];
    let port = running.address.port().to_string();
    let place = ["-aec", "ARCHIVE", "127.0.0.1", &port];
    let moved = dcmtk::run("movescu", options.iter().chain(&place)).await;
    assert!(
        moved.text.contains("(0008,0058) UI [1.2.0\\1.2.1]"),
        "{}",
        moved.text
    );
}
