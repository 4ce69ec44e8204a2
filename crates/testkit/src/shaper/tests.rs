//! Times are held against lower bounds only: a busy machine makes them longer.

use super::*;
use tokio::time::timeout;

/// Sends back what it gets.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (mut from, mut to) = connection.into_split();
            tokio::spawn(async move {
                let _ended = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    address
}

/// Sends `bytes` and reads as many; answers how long it took.
async fn round_trip(connection: &mut TcpStream, bytes: usize) -> Duration {
    let begin = Instant::now();
    let sent: Vec<u8> = (0..bytes).map(|n| (n % 251) as u8).collect();
    let mut got = vec![0; bytes];
    let (mut from, mut to) = connection.split();
    let (wrote, read) = tokio::join!(to.write_all(&sent), from.read_exact(&mut got));
    wrote.unwrap();
    read.unwrap();
    assert_eq!(got, sent);
    begin.elapsed()
}

#[tokio::test]
async fn bytes_pass_unchanged_and_are_counted() {
    let line = Shaper::start(echo().await).await;
    let mut connection = TcpStream::connect(line.address()).await.unwrap();
    round_trip(&mut connection, 3_000_000).await;
    connection.shutdown().await.unwrap();
    let mut rest = Vec::new();
    connection.read_to_end(&mut rest).await.unwrap();
    assert_eq!((rest.len(), line.passed()), (0, (3_000_000, 3_000_000)));
}

#[tokio::test]
async fn a_rate_and_a_delay_hold() {
    let line = Shaper::start(echo().await).await;
    line.delay(Duration::from_millis(10));
    let mut connection = TcpStream::connect(line.address()).await.unwrap();
    // The first has TCP's handshake in it.
    assert!(round_trip(&mut connection, 1).await >= Duration::from_millis(40));
    assert!(round_trip(&mut connection, 1).await >= Duration::from_millis(20));
    line.limit(Some(1_000_000));
    let took = round_trip(&mut connection, 200_000).await;
    assert!(took >= Duration::from_millis(200) - BURST, "{took:?}");
}

#[tokio::test]
async fn a_delay_costs_no_throughput() {
    let line = Shaper::start(echo().await).await;
    line.delay(Duration::from_millis(100));
    let mut connection = TcpStream::connect(line.address()).await.unwrap();
    // One chunk after another, each waiting for the one before, would be 16 s.
    let took = round_trip(&mut connection, 80 * CHUNK).await;
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[tokio::test]
async fn a_stalled_line_keeps_what_was_sent_and_a_cut_one_drops_it() {
    let line = Shaper::start(echo().await).await;
    let mut connection = TcpStream::connect(line.address()).await.unwrap();
    round_trip(&mut connection, 10).await;
    line.stall(true);
    let stalled = timeout(Duration::from_millis(50), round_trip(&mut connection, 10));
    assert!(stalled.await.is_err());
    line.stall(false);
    connection.read_exact(&mut [0; 10]).await.unwrap();
    line.cut();
    assert!(matches!(
        connection.read(&mut [0; 10]).await,
        Ok(0) | Err(_)
    ));
}

#[tokio::test]
async fn a_line_refuses_and_then_leads_to_whoever_answers() {
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, crate::free_port()));
    let line = Shaper::start(nobody).await;
    line.refuse(true);
    let mut refused = TcpStream::connect(line.address()).await.unwrap();
    assert!(matches!(refused.read(&mut [0; 10]).await, Ok(0) | Err(_)));
    line.refuse(false);
    line.set_targets(vec![nobody, echo().await]);
    for _ in 0..2 {
        let mut connection = TcpStream::connect(line.address()).await.unwrap();
        round_trip(&mut connection, 10).await;
    }
}
