//! Listening for real, on a port that the system chooses.

use crate::fixture::Hub;
use bildbro_http::{Listener, ServeError, Tls, operations_router};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Far above what anything here takes.
const LIMIT: Duration = Duration::from_secs(20);

async fn ask(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

async fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut text = String::new();
    let mut buffer = vec![0; 64 << 10];
    while !text.contains(wanted) {
        let n = timeout(LIMIT, stream.read(&mut buffer))
            .await
            .unwrap()
            .unwrap();
        assert!(n > 0, "ended before {wanted:?}: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..n]));
    }
    text
}

#[tokio::test]
async fn the_stream_tells_changes_and_ends_when_the_hub_stops() {
    let hub = Hub::new().await;
    let listener = Listener::bind(([127, 0, 0, 1], 0).into(), None)
        .await
        .unwrap();
    let address = listener.address();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(listener.serve(operations_router(hub.state.clone()), stop.clone()));

    let mut health = TcpStream::connect(address).await.unwrap();
    ask(&mut health, "/healthz").await;
    read_until(&mut health, "alive").await;

    let mut events = TcpStream::connect(address).await.unwrap();
    ask(&mut events, "/events?lang=en").await;
    let first = read_until(&mut events, "Nothing has been sent yet.").await;
    assert!(first.contains("text/event-stream") && first.contains("event: parts"));

    hub.store
        .revoke_gateway(
            hub.recipient.gateway,
            crate::fixture::operator(),
            crate::fixture::now(),
        )
        .await
        .unwrap();
    hub.state.wake.all();
    let second = read_until(&mut events, "event: parts").await;
    assert!(
        !second.contains("\"deliveries\""),
        "only what changed is sent"
    );

    stop.cancel();
    timeout(LIMIT, serving).await.unwrap().unwrap().unwrap();
    let mut rest = Vec::new();
    let _ended = timeout(LIMIT, events.read_to_end(&mut rest)).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_not_there_is_named() {
    let tls = Tls {
        certificate: "/nowhere/cert.pem".into(),
        key: "/nowhere/key.pem".into(),
    };
    let error = Listener::bind(([127, 0, 0, 1], 0).into(), Some(tls))
        .await
        .unwrap_err();
    assert!(matches!(error, ServeError::Certificate { .. }));
    assert!(error.to_string().contains("/nowhere/cert.pem"));
}

#[tokio::test]
async fn a_taken_address_is_named() {
    let first = Listener::bind(([127, 0, 0, 1], 0).into(), None)
        .await
        .unwrap();
    let error = Listener::bind(first.address(), None).await.unwrap_err();
    assert!(error.to_string().contains(&first.address().to_string()));
}
