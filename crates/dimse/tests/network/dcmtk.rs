//! DCMTK at the other end: its user programs against our server, its storage
//! provider against our client.

use crate::archive::{Archive, CT, LONG, client, config, element, serve};
use bildbro_dicom::part10::{Meta, meta_header};
use bildbro_dimse::{
    client::{Association, Node, Offer, StoreHeader},
    sop, status,
};
use bildbro_domain::{AeTitle, ClassUid, InstanceUid, SyntaxUid};
use bytes::Bytes;
use futures::stream;
use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

fn start(program: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .kill_on_drop(true)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            panic!("{program} does not start ({error}): install DCMTK (apt-get install dcmtk)")
        }
    }
}

async fn run(program: &str, arguments: &[&str]) -> String {
    let child = start(program, arguments);
    let output = timeout(LONG * 3, child.wait_with_output())
        .await
        .expect("bounded time")
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{program}: {said}");
    said
}

/// A CT image as DCMTK takes it.
pub fn data_set(n: usize, pixels: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |tag, vr, value: &[u8]| {
        let mut value = value.to_vec();
        let padding = if vr == *b"UI" || vr == *b"OW" {
            0
        } else {
            b' '
        };
        value.resize(value.len().next_multiple_of(2), padding);
        element(&mut out, true, tag, vr, &value);
    };
    put((0x0008, 0x0016), *b"UI", CT.as_bytes());
    put((0x0008, 0x0018), *b"UI", format!("1.2.3.{n}").as_bytes());
    put((0x0010, 0x0010), *b"PN", b"Test^Test");
    put((0x0010, 0x0020), *b"LO", b"1");
    put((0x0020, 0x000D), *b"UI", b"1.2.3");
    put((0x0020, 0x000E), *b"UI", b"1.2.3.4");
    put((0x7FE0, 0x0010), *b"OW", &vec![7; pixels]);
    out
}

pub fn write_files(folder: &Path, count: usize, pixels: usize) {
    for n in 0..count {
        let meta = Meta {
            class: ClassUid::new(CT).unwrap(),
            sop_uid: InstanceUid::new(&format!("1.2.3.{n}")).unwrap(),
            syntax: SyntaxUid::new(sop::EXPLICIT_LE).unwrap(),
        };
        let file = [meta_header(&meta), data_set(n, pixels)].concat();
        std::fs::write(folder.join(format!("{n}.dcm")), file).unwrap();
    }
}

#[tokio::test]
async fn echoscu_and_storescu() {
    let running = serve(
        Archive {
            max_object: 2 << 20,
            ..Archive::default()
        },
        config(),
    )
    .await;
    let port = running.address.port().to_string();
    run("echoscu", &["-aec", "ARCHIVE", "127.0.0.1", &port]).await;

    let files = tempfile::tempdir().unwrap();
    let count = std::env::var("BILDBRO_TEST_OBJECTS").map_or(20, |n| n.parse().unwrap());
    write_files(files.path(), count, 512 * 1024);
    let begun = Instant::now();
    let folder = files.path().to_str().unwrap();
    run(
        "storescu",
        &["-aec", "ARCHIVE", "+sd", "127.0.0.1", &port, folder],
    )
    .await;
    println!("{count} objects of 512 KB in {:?}", begun.elapsed());
    let stored = running.archive.stored();
    assert_eq!(stored.len(), count);
    for object in stored {
        let n = object
            .request
            .sop_uid
            .as_str()
            .rsplit('.')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            object.bytes == data_set(n, 512 * 1024),
            "object {n} differs"
        );
    }
    running.stop.cancel();
    timeout(LONG, running.served).await.unwrap().unwrap();
}

#[tokio::test]
async fn storescu_goes_on_after_a_refusal() {
    let running = serve(
        Archive {
            max_object: 100_000,
            ..Archive::default()
        },
        config(),
    )
    .await;
    let port = running.address.port().to_string();
    let files = tempfile::tempdir().unwrap();
    write_files(files.path(), 1, 200_000);
    let refused = files.path().join("0.dcm");
    let small = tempfile::tempdir().unwrap();
    write_files(small.path(), 2, 1000);
    let well = small.path().join("1.dcm");
    let files = [refused.to_str().unwrap(), well.to_str().unwrap()];
    let arguments = [&["-nh", "-aec", "ARCHIVE", "127.0.0.1", &port], &files[..]].concat();
    let child = start("storescu", &arguments);
    timeout(LONG, child.wait_with_output())
        .await
        .expect("bounded time")
        .unwrap();
    assert_eq!(running.archive.stored().len(), 1);
}

#[tokio::test]
async fn findscu_getscu_and_movescu() {
    let destination = serve(Archive::default(), config()).await;
    let archive = Archive {
        destination: Some(destination.node()),
        ..Archive::default()
    };
    let running = serve(archive, config()).await;
    let port = running.address.port().to_string();
    let files = tempfile::tempdir().unwrap();
    write_files(files.path(), 3, 1000);
    let folder = files.path().to_str().unwrap();
    run(
        "storescu",
        &["-aec", "ARCHIVE", "+sd", "127.0.0.1", &port, folder],
    )
    .await;

    let query = [
        "-S",
        "-k",
        "QueryRetrieveLevel=STUDY",
        "-k",
        "StudyInstanceUID=1.2.3",
    ];
    let to = ["-aec", "ARCHIVE", "127.0.0.1", &port];
    let said = run("findscu", &[&["-v"], &query[..], &to[..]].concat()).await;
    assert_eq!(said.matches("Find Response: ").count(), 3, "{said}");

    let got = tempfile::tempdir().unwrap();
    let output = ["-od", got.path().to_str().unwrap()];
    run("getscu", &[&output[..], &query[..], &to[..]].concat()).await;
    assert_eq!(std::fs::read_dir(got.path()).unwrap().count(), 3);

    run(
        "movescu",
        &[&["-aem", "ARCHIVE"], &query[..], &to[..]].concat(),
    )
    .await;
    assert_eq!(destination.archive.stored().len(), 3);
}

#[tokio::test]
async fn storescp_takes_what_we_send() {
    let got = tempfile::tempdir().unwrap();
    // DCMTK does not say which port it was given, so a free one is looked up.
    let free = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let folder = got.path().to_str().unwrap();
    let _running = start("storescp", &["-od", folder, "+B", &port.to_string()]);
    let node = Node {
        ae_title: AeTitle::new("STORESCP").unwrap(),
        host: "127.0.0.1".to_owned(),
        port,
    };
    let offers = [
        Offer::user(CT, &[sop::EXPLICIT_LE]),
        Offer::user(sop::VERIFICATION, &[sop::IMPLICIT_LE]),
    ];
    let up = async {
        loop {
            match Association::open(&node, &client("GATEWAY"), &offers).await {
                Ok(association) => return association,
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    };
    let mut association = timeout(LONG, up).await.expect("storescp comes up");
    association.echo().await.unwrap();
    // In odd pieces: DCMTK refuses fragments of odd length.
    let bytes = data_set(1, 600_000);
    for (n, size) in [(1, 4097), (2, 100_001), (3, 1 << 20)] {
        let header = StoreHeader {
            class: CT.to_owned(),
            sop_uid: format!("1.2.3.{n}"),
            syntax: sop::EXPLICIT_LE.to_owned(),
            originator: Some(("PACS".to_owned(), 1)),
        };
        let pieces = bytes.chunks(size).map(|c| Ok(Bytes::copy_from_slice(c)));
        let pieces: Vec<_> = pieces.collect();
        let stored = association.store(&header, stream::iter(pieces)).await;
        assert_eq!(stored.unwrap(), status::SUCCESS, "in pieces of {size}");
    }
    association.release().await;
    for file in std::fs::read_dir(got.path()).unwrap() {
        assert!(
            std::fs::read(file.unwrap().path())
                .unwrap()
                .ends_with(&bytes)
        );
    }
}
