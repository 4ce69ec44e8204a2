//! Whatever comes in at the port ends its own connection, in bounded time, and
//! the server goes on.

use crate::archive::{Archive, CT, LONG, client, config, serve};
use bildbro_dimse::{
    client::{Association, Offer},
    command::{Command, field},
    pdu::{self, AssociateRq, HEADER, Pdu, Proposal, Role, UserInformation},
    server::ServerConfig,
    sop, status,
};
use bytes::Bytes;
use futures::future::join_all;
use std::{net::SocketAddr, sync::atomic::Ordering, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Short, since the silent cases wait for it.
fn hasty() -> ServerConfig {
    let short = Duration::from_millis(300);
    ServerConfig {
        idle: short,
        artim: short,
        ..config()
    }
}

fn request(contexts: &[(u8, &str)], roles: Vec<Role>) -> Vec<u8> {
    let contexts = contexts.iter().map(|&(id, abstract_syntax)| Proposal {
        id,
        abstract_syntax: abstract_syntax.to_owned(),
        transfer_syntaxes: vec![sop::IMPLICIT_LE.to_owned()],
    });
    pdu::encode(&Pdu::AssociateRq(AssociateRq {
        called: "ARCHIVE".to_owned(),
        calling: "MODALITY".to_owned(),
        contexts: contexts.collect(),
        user: UserInformation {
            roles,
            ..UserInformation::default()
        },
    }))
}

fn value(context: u8, command: bool, last: bool, data: &[u8]) -> Vec<u8> {
    let head = pdu::data_head(context, command, last, u32::try_from(data.len()).unwrap());
    [&head, data].concat()
}

fn store(context: u8) -> Vec<u8> {
    let command = Command {
        field: field::STORE_RQ,
        class: CT.to_owned(),
        message_id: 1,
        has_data: true,
        sop_uid: "1.2.3".to_owned(),
        ..Command::default()
    };
    value(context, true, true, &command.encode())
}

async fn read_pdu(stream: &mut TcpStream) -> Option<Pdu> {
    let mut head = [0; HEADER];
    stream.read_exact(&mut head).await.ok()?;
    let (kind, length) = pdu::header(head, 1 << 20).unwrap();
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.ok()?;
    Some(pdu::decode(kind, &body).unwrap())
}

/// Sends, after an association if one is wanted; answers the abort that comes.
async fn abort_after(address: SocketAddr, associated: bool, bytes: &[u8]) -> Option<(u8, u8)> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    if associated {
        stream
            .write_all(&request(&[(1, CT)], vec![]))
            .await
            .unwrap();
        let answer = read_pdu(&mut stream).await;
        assert!(matches!(answer, Some(Pdu::AssociateAc(_))), "{answer:?}");
    }
    stream.write_all(bytes).await.unwrap();
    match timeout(LONG, read_pdu(&mut stream))
        .await
        .expect("bounded time")
    {
        Some(Pdu::Abort { source, reason }) => Some((source, reason)),
        None => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_ends_its_own_connection_and_no_other() {
    let running = serve(Archive::default(), hasty()).await;
    let whole = request(&[(1, CT)], vec![]);
    let command = |field| {
        let command = Command {
            field,
            ..Command::default()
        };
        value(1, true, true, &command.encode())
    };
    // What it is, whether after an association, the bytes, the abort's source
    // and reason.
    let cases = [
        ("HTTP", false, b"GET / HTTP/1.1\r\n\r\n".to_vec(), (2, 1)),
        (
            "TLS",
            false,
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc".to_vec(),
            (2, 1),
        ),
        ("silence", false, vec![], (2, 0)),
        ("half a request", false, whole[..100].to_vec(), (2, 0)),
        (
            "a request of 4 GB",
            false,
            b"\x01\0\xff\xff\xff\xff".to_vec(),
            (2, 6),
        ),
        (
            "a request of nothing",
            false,
            vec![1, 0, 0, 0, 0, 0],
            (2, 6),
        ),
        ("data before association", false, store(1), (2, 2)),
        (
            "release before association",
            false,
            pdu::encode(&Pdu::ReleaseRq),
            (2, 2),
        ),
        ("association twice", true, whole.clone(), (2, 2)),
        ("silence later", true, vec![], (2, 0)),
        (
            "4 GB of data",
            true,
            b"\x04\0\xff\xff\xff\xff".to_vec(),
            (2, 6),
        ),
        (
            "a value longer than its PDU",
            true,
            [store(1)[..9].to_vec(), vec![0xff; 999]].concat(),
            (2, 6),
        ),
        ("a context never accepted", true, store(9), (2, 2)),
        (
            "data before its command",
            true,
            value(1, false, true, b"data"),
            (2, 2),
        ),
        (
            "a command too long",
            true,
            value(1, true, false, &[0; 40_000]).repeat(2),
            (2, 6),
        ),
        (
            "a command never finished",
            true,
            value(1, true, false, b"\0\0"),
            (2, 0),
        ),
        (
            "a command of nonsense",
            true,
            value(1, true, true, &[0xAB; 64]),
            (2, 6),
        ),
        (
            "an answer to nothing",
            true,
            command(field::STORE_RQ | field::RESPONSE),
            (2, 2),
        ),
        (
            "fragments without content",
            true,
            value(1, true, false, b"").repeat(5000),
            (2, 2),
        ),
    ];
    let tried = cases
        .into_iter()
        .map(|(name, associated, bytes, expected)| async move {
            let ended = abort_after(running.address, associated, &bytes).await;
            assert_eq!(ended, Some(expected), "{name}");
        });
    join_all(tried).await;

    let offers = [Offer::user(sop::VERIFICATION, &[sop::IMPLICIT_LE])];
    let opened = Association::open(&running.node(), &client("MODALITY"), &offers).await;
    let mut association = opened.unwrap();
    association.echo().await.unwrap();
    association.release().await;
    assert!(running.archive.stored().is_empty());
}

#[tokio::test]
async fn inside_a_data_set_too() {
    let running = serve(Archive::default(), hasty()).await;
    let data = value(1, false, false, b"half");
    for (name, then, expected) in [
        ("release", pdu::encode(&Pdu::ReleaseRq), (2, 2)),
        ("another command", store(1), (2, 2)),
        ("another context", value(3, false, true, b"rest"), (2, 2)),
        ("silence", vec![], (2, 0)),
        ("garbage", b"garbage".to_vec(), (2, 1)),
    ] {
        let bytes = [store(1), data.clone(), then].concat();
        let ended = abort_after(running.address, true, &bytes).await;
        assert_eq!(ended, Some(expected), "{name}");
    }
    assert!(running.archive.stored().is_empty());
}

#[tokio::test]
async fn a_refused_data_set_without_end_is_not_read_for_ever() {
    let archive = Archive {
        max_object: 1000,
        ..Archive::default()
    };
    let running = serve(archive, hasty()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(&request(&[(1, CT)], vec![]))
        .await
        .unwrap();
    read_pdu(&mut stream).await.unwrap();
    stream.write_all(&store(1)).await.unwrap();
    let more = value(1, false, false, &[0; 10_000]);
    let cut_off = async { while stream.write_all(&more).await.is_ok() {} };
    timeout(LONG, cut_off).await.expect("bounded time");
    assert_eq!(running.open.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn an_answer_is_no_longer_than_its_question_needs() {
    let running = serve(Archive::default(), config()).await;
    let long = format!("1.2.840.10008.5.1.4.1.1.{}", "1".repeat(30_000));
    let role = Role {
        class: CT.to_owned(),
        scu: true,
        scp: true,
    };
    // A class as long as an item allows, ids twice and even, and one role over
    // and over.
    let contexts = [(1, CT), (3, long.as_str()), (1, CT), (4, CT)];
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(&request(&contexts, vec![role.clone(); 1900]))
        .await
        .unwrap();
    let Some(Pdu::AssociateAc(answer)) = read_pdu(&mut stream).await else {
        panic!("not accepted");
    };
    let results: Vec<bool> = answer
        .contexts
        .iter()
        .map(|context| context.result == pdu::ContextResult::Accepted)
        .collect();
    assert_eq!(results, [true, false, false, false]);
    assert_eq!(answer.user.roles, [role]);
}

#[tokio::test]
async fn an_unknown_operation_is_answered_and_the_association_goes_on() {
    let running = serve(Archive::default(), config()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream
        .write_all(&request(&[(1, CT)], vec![]))
        .await
        .unwrap();
    read_pdu(&mut stream).await.unwrap();
    // N-CREATE-RQ, with its data set.
    let create = Command {
        field: 0x0140,
        message_id: 5,
        has_data: true,
        ..Command::default()
    };
    let bytes = [
        value(1, true, true, &create.encode()),
        value(1, false, true, b"data"),
    ]
    .concat();
    for _ in 0..2 {
        stream.write_all(&bytes).await.unwrap();
        let mut head = [0; HEADER];
        stream.read_exact(&mut head).await.unwrap();
        let (kind, length) = pdu::header(head, 1 << 16).unwrap();
        assert_eq!(kind, pdu::P_DATA);
        let mut body = vec![0; length as usize];
        stream.read_exact(&mut body).await.unwrap();
        let fragments = pdu::fragments(Bytes::from(body)).unwrap();
        let answer = Command::decode(&fragments[0].data).unwrap();
        assert_eq!(answer.status, Some(status::UNRECOGNIZED_OPERATION));
        assert_eq!(answer.responding_to, 5);
    }
}
