//! DICOM by TLS between PACS and gateway, both ways, with programs of other
//! makers at the PACS's end.

use bildbro_dicom::phantom::Instance;
use bildbro_testkit::{
    Folder, Gateway, GatewayOptions, Node, Peer, Process,
    certificates::{Authority, Certificate},
    dcmtk::{self, Storescp},
    eventually, samples,
};
use bildbro_tests::{Exchange, SKANE, data_set, files, gateway_options, slices};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const HERE: &str = "127.0.0.1";

fn text(path: &Path) -> &str {
    path.to_str().expect("test folders have plain names")
}

/// A gateway that takes TLS beside its plain port, from those with a
/// certificate of the authority.
fn with_tls(mut options: GatewayOptions, own: &Certificate, clients: &Authority) -> GatewayOptions {
    options.settings.push_str(&format!(
        "[tls]\ncertificate = {:?}\nkey = {:?}\nclient_ca = {:?}\nlisten = \"{HERE}:0\"\n",
        own.certificate_file, own.key_file, clients.file
    ));
    options
}

/// A node that is called by TLS, and shown a certificate.
fn tls_node(peer: Peer, trusted: &Authority, own: &Certificate) -> Node {
    let mut node = Node::new("pacs", peer);
    node.settings = format!(
        "find = false\ntls = {{ ca_file = {:?}, certificate = {:?}, key = {:?} }}\n",
        trusted.file, own.certificate_file, own.key_file
    );
    node
}

/// DCMTK's options to speak TLS with this certificate.
fn shows<'a>(own: &'a Certificate, trusted: &'a Authority) -> [&'a str; 5] {
    let (key, certificate) = (text(&own.key_file), text(&own.certificate_file));
    ["+tls", key, certificate, "+cf", text(&trusted.file)]
}

async fn storescp(own: &Certificate, trusted: &Authority) -> Storescp {
    let options = [&shows(own, trusted)[..], &["-rc", "--fork"]].concat();
    Storescp::start("PACS_SKANE", &options).await
}

fn data_sets(files: &[PathBuf]) -> BTreeSet<Vec<u8>> {
    let read = files
        .iter()
        .map(|file| fs::read(file).expect("the file reads"));
    read.map(|file| data_set(&file).1.to_vec()).collect()
}

fn sent(study: &[Instance]) -> BTreeSet<Vec<u8>> {
    study.iter().map(|i| i.data_set.clone()).collect()
}

#[tokio::test]
async fn a_study_goes_by_tls_into_one_gateway_and_out_of_the_other() {
    let authority = Authority::new("Hospitals");
    let pacs = storescp(&authority.issue(HERE), &authority).await;
    let own = authority.issue("gateway.example");
    let exchange = Exchange::start_with(
        with_tls(
            gateway_options("GW_HALLAND", vec![]),
            &authority.issue(HERE),
            &authority,
        ),
        gateway_options("GW_SKANE", vec![tls_node(pacs.peer(), &authority, &own)]),
    )
    .await;
    let study = slices(21, 8);
    let folder = Folder::new("send-");
    let scanner = authority.issue("scanner.example");
    let to = exchange.halland.tls_peer_as(SKANE);
    let options = shows(&scanner, &authority);
    dcmtk::storescu("MODALITY", &to, &options, &files(&folder, &study))
        .await
        .expect_success();

    assert_eq!(exchange.delivered(8).await["stored"], 8);
    assert!(data_sets(&pacs.files()) == sent(&study), "bytes differ");
    let echoed = exchange.skane.run(&["echo"]).await.expect_success();
    assert!(echoed.contains("pacs (PACS_SKANE) answers"), "{echoed}");
}

#[tokio::test]
async fn who_shows_no_certificate_is_refused_and_leaves_nothing() {
    let authority = Authority::new("Hospitals");
    let gateway = Gateway::start(with_tls(
        gateway_options("GATEWAY", vec![]),
        &authority.issue(HERE),
        &authority,
    ))
    .await;
    let folder = Folder::new("send-");
    let files = files(&folder, &slices(22, 1));
    let strangers = Authority::new("Strangers");
    let stranger = strangers.issue("scanner.example");
    let anonymous = ["+tla", "+cf", text(&authority.file)];
    let to = gateway.tls_peer_as("GATEWAY");
    for (options, why) in [
        (&anonymous[..], "the peer shows no certificate"),
        (
            &shows(&stranger, &authority),
            "no authority that is trusted",
        ),
        (&[], "what the peer sends is no TLS"),
    ] {
        let outcome = dcmtk::storescu("MODALITY", &to, options, &files).await;
        assert!(!outcome.success, "{options:?}: {}", outcome.text);
        eventually(why, async || {
            gateway.process()?.log().contains(why).then_some(())
        })
        .await;
    }
    // And TLS on the plain port, which then still takes what is plain.
    let scanner = authority.issue("scanner.example");
    let plain = gateway.peer();
    let options = shows(&scanner, &authority);
    let outcome = dcmtk::storescu("MODALITY", &plain, &options, &files).await;
    assert!(!outcome.success, "{}", outcome.text);
    let log = gateway.process().unwrap().log();
    assert!(!log.contains("association.end"), "{log}");
    dcmtk::storescu("MODALITY", &plain, &[], &files)
        .await
        .expect_success();
}

#[tokio::test]
async fn a_node_that_cannot_be_trusted_gets_nothing_and_it_is_said_why() {
    let authority = Authority::new("Hospitals");
    let own = authority.issue("gateway.example");
    for (certificate, why) in [
        (authority.issue_expired(HERE), "certificate has expired"),
        (authority.issue("pacs.example"), "is for another name"),
        (
            Authority::new("Other").issue(HERE),
            "no authority that is trusted",
        ),
    ] {
        let pacs = storescp(&certificate, &authority).await;
        let node = tls_node(pacs.peer(), &authority, &own);
        let exchange = Exchange::start(vec![], vec![node]).await;
        let echoed = exchange.skane.run(&["echo"]).await;
        assert!(!echoed.success, "{}", echoed.text);
        let folder = Folder::new("send-");
        dcmtk::storescu(
            "MODALITY",
            &exchange.to_skane(),
            &[],
            &files(&folder, &slices(23, 1)),
        )
        .await
        .expect_success();
        let refused = |deliveries: &[serde_json::Value]| {
            let of = |d: &serde_json::Value| d["failure"] == "node_refused";
            deliveries.iter().any(of)
        };
        exchange.deliveries_when("a refusal", refused).await;
        let log = exchange.skane.process().unwrap().log();
        assert!(log.contains("node.no_tls") && log.contains(why), "{log}");
        assert!(pacs.files().is_empty());
    }
}

#[tokio::test]
async fn files_that_do_not_fit_stop_the_start_and_their_key_is_named() {
    let authority = Authority::new("Hospitals");
    let (own, other) = (authority.issue(HERE), authority.issue(HERE));
    let swapped = Certificate {
        key_file: other.key_file.clone(),
        ..own.clone()
    };
    let no_pem = Certificate {
        certificate_file: samples::pydicom_file("CT_small.dcm"),
        ..own.clone()
    };
    for (wrong, told) in [
        (swapped, "tls.key: the private key is not the certificate's"),
        (no_pem, "tls.certificate: it holds no certificate"),
    ] {
        let options = with_tls(gateway_options("GATEWAY", vec![]), &wrong, &authority);
        let log = Gateway::new(options).try_to_start().await.unwrap_err();
        assert!(log.contains(told), "{log}");
    }
}

/// An archive by pynetdicom: by TLS, and only from those with a certificate.
/// Writes each data set as it came.
const PYNETDICOM_SCP: &str = r"
import ssl, sys
from pynetdicom import AE, evt, AllStoragePresentationContexts
from pynetdicom.sop_class import Verification
key, certificate, authority, folder = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority)
context.verify_mode = ssl.CERT_REQUIRED
context.load_cert_chain(certificate, key)
def store(event):
    name = event.request.AffectedSOPInstanceUID
    with open(f'{folder}/{name}', 'wb') as file:
        file.write(event.request.DataSet.getvalue())
    return 0
ae = AE('PYTHON')
ae.supported_contexts = AllStoragePresentationContexts
ae.add_supported_context(Verification)
server = ae.start_server(('127.0.0.1', 0), block=False, ssl_context=context, evt_handlers=[(evt.EVT_C_STORE, store)])
print('port', server.socket.getsockname()[1], flush=True)
import threading
threading.Event().wait()
";

const PYNETDICOM_SCU: &str = r"
import ssl, sys
import pydicom
from pynetdicom import AE
key, certificate, authority, port, called, path = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=authority)
context.load_cert_chain(certificate, key)
image = pydicom.dcmread(path)
ae = AE('MODALITY')
ae.add_requested_context(image.SOPClassUID, image.file_meta.TransferSyntaxUID)
association = ae.associate('127.0.0.1', int(port), ae_title=called, tls_args=(context, '127.0.0.1'))
assert association.is_established
status = association.send_c_store(image)
association.release()
sys.exit(0 if status and status.Status == 0 else 1)
";

#[tokio::test]
async fn pynetdicom_sends_and_receives_by_tls() {
    let authority = Authority::new("Hospitals");
    let folder = Folder::new("pynetdicom-");
    let received = folder.sub("received");
    let python = |script: &str, own: &Certificate| {
        let mut command = Command::new(samples::python());
        command.args(["-c", script]);
        command.args([&own.key_file, &own.certificate_file, &authority.file]);
        command
    };
    let mut archive = python(PYNETDICOM_SCP, &authority.issue(HERE));
    archive.arg(&received);
    let log = folder.path().join("log");
    let mut archive = Process::spawn("pynetdicom", &mut archive, &log);
    let port = archive
        .until_ready(async || {
            let log = fs::read_to_string(&log).ok()?;
            log.lines()
                .find_map(|l| l.strip_prefix("port ")?.parse().ok())
        })
        .await
        .expect("pynetdicom starts");
    let own = authority.issue("gateway.example");
    let mut node = tls_node(Peer::local("PYTHON", port), &authority, &own);
    node.settings.push_str("direct_as = \"NEIGHBOUR\"\n");
    let gateway = Gateway::start(with_tls(
        gateway_options("GATEWAY", vec![node]),
        &authority.issue(HERE),
        &authority,
    ))
    .await;

    let image = &slices(24, 1)[0];
    let file = folder.write("image.dcm", image.file());
    let to = gateway.tls_peer_as("NEIGHBOUR");
    let mut scu = python(PYNETDICOM_SCU, &authority.issue("scanner.example"));
    scu.arg(to.address.port().to_string())
        .arg(&to.ae_title)
        .arg(file);
    let output = tokio::task::spawn_blocking(move || scu.output());
    let output = output.await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let stored = received.join(image.sop_uid.as_str());
    eventually("the image in pynetdicom", async || {
        (fs::read(&stored).ok()? == image.data_set).then_some(())
    })
    .await;
}
