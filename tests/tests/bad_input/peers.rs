//! PACS that hang, drop the line, or promise what never comes.

use super::{CT, EXPLICIT_LE, takes_a_good_image};
use async_trait::async_trait;
use bildbro_dicom::phantom::Instance;
use bildbro_dimse::{
    client::Node as Destination,
    server::{
        Acceptance, Peer as Caller, Query, Refusal, Server, ServerConfig, Services, StoreRequest,
        StoreSink, StoredObject,
    },
    status,
};
use bildbro_domain::{AeTitle, ClassUid, InstanceUid, SyntaxUid};
use bildbro_testkit::{Folder, Gateway, GatewayOptions, Node, Peer, dcmtk, eventually};
use bildbro_tests::{Exchange, data_set, files, gateway_options, slices};
use futures::{StreamExt, stream};
use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// A PACS whose C-MOVE begins an object and never goes on.
struct Stuck {
    gateway: Arc<OnceLock<Destination>>,
}

#[async_trait]
impl Services for Stuck {
    fn welcome(&self, _peer: &Caller) -> Result<(), Refusal> {
        Ok(())
    }

    fn accept(&self, _peer: &Caller, _abstract: &str, proposed: &[String]) -> Acceptance {
        Acceptance::Accept(proposed[0].clone())
    }

    async fn store(&self, _: &Caller, _: StoreRequest) -> Result<Box<dyn StoreSink>, u16> {
        Err(status::CANNOT_UNDERSTAND)
    }

    async fn retrieve(&self, _: &Caller, _: Query) -> Result<Vec<StoredObject>, u16> {
        Ok(vec![StoredObject {
            class: ClassUid::new(CT).expect("a UID"),
            sop_uid: InstanceUid::new("1.2.3").expect("a UID"),
            syntax: SyntaxUid::new(EXPLICIT_LE).expect("a UID"),
            bytes: stream::pending().boxed(),
        }])
    }

    fn destination(&self, _title: &AeTitle) -> Option<Destination> {
        self.gateway.get().cloned()
    }
}

#[tokio::test]
async fn a_fetch_whose_first_image_never_comes_is_given_up() {
    let place = Arc::new(OnceLock::new());
    let config = ServerConfig {
        max_associations: 8,
        max_pdu: 16 * 1024,
        idle: Duration::from_secs(60),
        artim: Duration::from_secs(30),
        grace: Duration::ZERO,
        implementation_class: "1.2.3",
        implementation_version: "STUCK",
    };
    let services = Stuck {
        gateway: Arc::clone(&place),
    };
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(any, config, Arc::new(services)).await.unwrap();
    let node = Node::new("pacs", Peer::new("STUCK", server.local_addr().unwrap()));
    tokio::spawn(server.serve(CancellationToken::new()));
    let gateway = Gateway::start(gateway_options(super::GATEWAY, vec![node])).await;
    let address = gateway.peer().address;
    let destination = Destination {
        ae_title: AeTitle::new(super::GATEWAY).unwrap(),
        host: address.ip().to_string(),
        port: address.port(),
    };
    place.set(destination).unwrap();

    let begun = Instant::now();
    let fetch = [
        "fetch",
        "--node",
        "pacs",
        "--study",
        "1.2",
        "--patience",
        "2",
    ];
    let outcome = gateway.run(&fetch).await;
    assert!(!outcome.success);
    assert!(outcome.text.contains("no progress"), "{}", outcome.text);
    assert!(begun.elapsed() < Duration::from_secs(15));
    takes_a_good_image(&gateway).await;
}

/// Lets so many bytes through to a PACS before it fails.
const BEFORE_FAILING: usize = 2_000;

/// The way to `pacs`: the first association that brings an object breaks off
/// in the middle, the second falls silent, from then on all is well.
async fn faulty_line(pacs: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.expect("the machine has a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    tokio::spawn(async move {
        let mut failures = 0;
        let mut silent = Vec::new();
        while let Ok((mut caller, _)) = listener.accept().await {
            let mut callee = TcpStream::connect(pacs).await.expect("the PACS listens");
            if failures < 2 {
                let all = first_bytes(&mut caller, &mut callee).await;
                // An echo is over before that many bytes.
                failures += u32::from(all.is_ok_and(|all| all));
                if failures == 2 {
                    // Only towards the gateway: storescp serves one at a time.
                    silent.push(caller);
                }
            } else {
                tokio::spawn(async move { copy_bidirectional(&mut caller, &mut callee).await });
            }
        }
    });
    address
}

/// Answers whether as many bytes came as are let through.
async fn first_bytes(caller: &mut TcpStream, callee: &mut TcpStream) -> std::io::Result<bool> {
    let mut passed = 0;
    let (mut from, mut back) = ([0; 256], [0; 256]);
    while passed < BEFORE_FAILING {
        tokio::select! {
            read = caller.read(&mut from) => match read? {
                0 => return Ok(false),
                n => {
                    callee.write_all(&from[..n]).await?;
                    passed += n;
                }
            },
            read = callee.read(&mut back) => match read? {
                0 => return Ok(false),
                n => caller.write_all(&back[..n]).await?,
            },
        }
    }
    Ok(true)
}

/// Waits until storescp holds these, each as it was sent, and nothing else.
async fn has_all(storescp: &dcmtk::Storescp, study: &[Instance]) {
    let wanted: BTreeSet<_> = study.iter().map(|i| i.data_set.clone()).collect();
    eventually("every image at the PACS", async || {
        // What broke off may lie there, too short.
        let whole = |set: &Vec<u8>| wanted.contains(set);
        let read = |file: PathBuf| fs::read(file).ok().filter(|file| file.len() > 1024);
        let files: Vec<_> = storescp.files().into_iter().filter_map(read).collect();
        let sets: BTreeSet<_> = files.iter().map(|file| data_set(file).1.to_vec()).collect();
        (sets.iter().filter(|set| whole(set)).count() == wanted.len()).then_some(())
    })
    .await;
    assert_eq!(storescp.files().len(), wanted.len());
}

const IMPATIENT: &str = "[limits]\nnode_seconds = 2\n[study]\nquiet_seconds = 0.5\n";

#[tokio::test]
async fn a_pacs_that_drops_the_line_and_then_hangs_gets_all_in_the_end() {
    let storescp = dcmtk::Storescp::start("STORESCP", &[]).await;
    let line = faulty_line(storescp.peer().address).await;
    let mut node = Node::new("pacs", Peer::new("STORESCP", line));
    node.settings = "direct_as = \"PACS\"\nfind = false".to_owned();
    let gateway = Gateway::start(GatewayOptions {
        settings: IMPATIENT.to_owned(),
        ..gateway_options(super::GATEWAY, vec![node])
    })
    .await;
    let study = slices(21, 4);
    send(&gateway.peer_as("PACS"), &study).await;
    takes_a_good_image(&gateway).await;
    has_all(&storescp, &study).await;
}

#[tokio::test]
async fn the_same_line_costs_nothing_of_what_comes_from_the_hub() {
    let storescp = dcmtk::Storescp::start("STORESCP", &[]).await;
    let line = faulty_line(storescp.peer().address).await;
    let node = Node::new("pacs", Peer::new("STORESCP", line));
    let skane = GatewayOptions {
        settings: IMPATIENT.to_owned(),
        ..gateway_options("GW_SKANE", vec![node])
    };
    let exchange = Exchange::start_with(gateway_options("GW_HALLAND", vec![]), skane).await;
    let study = slices(22, 4);
    send(&exchange.to_skane(), &study).await;
    let delivery = exchange.delivered(4).await;
    assert_eq!(delivery["failed"], 0);
    has_all(&storescp, &study).await;
    takes_a_good_image(&exchange.skane).await;
}

async fn send(to: &Peer, study: &[Instance]) {
    let folder = Folder::new("send-");
    let sent = files(&folder, study);
    dcmtk::storescu("TEST", to, &[], &sent)
        .await
        .expect_success();
}
