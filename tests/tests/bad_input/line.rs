//! What is no DICOM, or breaks its rules, before any object comes.

use super::{CT, EXPLICIT_LE, GATEWAY, associate, gateway, takes_a_good_image};
use bildbro_dimse::{
    client::{ClientError, Offer},
    pdu::{ABORT, ASSOCIATE_RJ, Rejection},
};
use bildbro_testkit::{Gateway, LIMIT, Peer};
use bildbro_tests::gateway_options;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Sends bytes and the end of the stream; gives all that is answered before
/// the other side closes.
async fn say(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the gateway listens");
    // It may close before all has been sent.
    let _sent = stream.write_all(bytes).await;
    let _shut = stream.shutdown().await;
    let mut answer = Vec::new();
    let read = timeout(LIMIT, stream.read_to_end(&mut answer)).await;
    let _reset = read.expect("the gateway closes the connection");
    answer
}

/// A PDU's type and claimed length, and what comes of it.
fn pdu(kind: u8, length: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0];
    bytes.extend(length.to_be_bytes());
    bytes.extend(body);
    bytes
}

#[tokio::test]
async fn what_is_no_association_is_aborted() {
    let gateway = gateway().await;
    let hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3][..], &[7; 500]].concat();
    for (what, bytes) in [
        ("garbage", vec![0xAA; 4096]),
        ("a TLS hello", hello),
        (
            "an HTTP request",
            b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n".to_vec(),
        ),
        ("a request cut off", pdu(1, 500, &[0, 1, 0, 0])),
        ("a header cut off", vec![1, 0, 0]),
        ("a request of 4 GB", pdu(1, u32::MAX, &[0; 100])),
        ("a request of zeros", pdu(1, 200, &[0; 200])),
        (
            "an item longer than the request",
            pdu(
                1,
                72,
                &[&[0, 1][..], &[b'A'; 66], &[0x10, 0, 0xFF, 0xFF]].concat(),
            ),
        ),
        (
            "data without an association",
            pdu(4, 10, &[0, 0, 0, 6, 1, 3, 0, 0, 0, 0]),
        ),
        ("a release without an association", pdu(5, 4, &[0; 4])),
    ] {
        let answer = say(gateway.peer().address, &bytes).await;
        // What is cut off may find the line closed at once; AE titles of zeros
        // are read, but not known.
        let cut_off = what.contains("cut off") && answer.is_empty();
        let rejected = what.contains("zeros") && answer.first() == Some(&ASSOCIATE_RJ);
        assert!(
            cut_off || rejected || answer.first() == Some(&ABORT),
            "{what}: {answer:?}"
        );
        takes_a_good_image(&gateway).await;
    }
}

#[tokio::test]
async fn who_is_not_known_is_rejected_with_the_reason() {
    let open = gateway().await;
    let wrong = open.peer_as("NOBODY");
    assert_eq!(rejection(&wrong).await, Rejection::CALLED_UNKNOWN);
    takes_a_good_image(&open).await;

    let mut options = gateway_options(GATEWAY, vec![]);
    options.accept_any_calling = false;
    let closed = Gateway::start(options).await;
    assert_eq!(rejection(&closed.peer()).await, Rejection::CALLING_UNKNOWN);
}

async fn rejection(to: &Peer) -> Rejection {
    match associate(to, &[Offer::user(CT, &[EXPLICIT_LE])]).await {
        Err(ClientError::Rejected(rejection)) => rejection,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{} is let in", to.ae_title),
    }
}

#[tokio::test]
async fn an_unknown_transfer_syntax_costs_its_context_only() {
    let gateway = gateway().await;
    let offers = [
        Offer::user(CT, &["1.2.826.0.1.3680043.10.9999.1"]),
        Offer::user("1.2.840.10008.1.1", &[EXPLICIT_LE]),
    ];
    let mut association = associate(&gateway.peer(), &offers).await.unwrap();
    assert!(!association.accepts(CT, "1.2.826.0.1.3680043.10.9999.1"));
    association.echo().await.unwrap();
    association.release().await;
    takes_a_good_image(&gateway).await;
}
