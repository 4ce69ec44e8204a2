//! The simulator of BankID, driven by clients that others have written:
//! pybankid and bankid6 (`bankid_peers.py`).

use bildbro_sim::bankid::{Config, SimError, Simulator};
use bildbro_testkit::{Folder, LIMIT, root, samples};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

fn config(folder: PathBuf) -> Config {
    Config {
        folder,
        port: 0,
        app_port: 0,
    }
}

#[tokio::test]
async fn real_clients_get_to_every_end() {
    let folder = Folder::new("bankid-");
    let simulator = Simulator::start(config(folder.path().to_owned())).await;
    let simulator = simulator.unwrap();
    let script = root().join("crates/sim/tests/bankid_peers.py");
    let mut python = tokio::process::Command::new(samples::python());
    python
        .arg(script)
        .args([&simulator.rp_url, &simulator.app_url])
        .arg(&simulator.folder)
        .kill_on_drop(true);
    let run = tokio::time::timeout(LIMIT, python.output()).await;
    let output = run
        .expect("the clients come to an end")
        .expect("Python starts: run `make setup`, or set BILDBRO_PYTHON");
    let failure = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{failure}");
    assert!(output.stdout.ends_with(b"done\n"));
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn certificates_are_made_once_and_kept_from_others() {
    let folder = Folder::new("bankid-");
    let path = folder.path().join("made/by/it");
    Simulator::start(config(path.clone())).await.unwrap();
    let made = fs::read(path.join("rp.p12")).unwrap();
    let mode = fs::metadata(path.join("rp.pem")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    Simulator::start(config(path.clone())).await.unwrap();
    assert_eq!(fs::read(path.join("rp.p12")).unwrap(), made);

    fs::write(path.join("server.pem"), "spoilt").unwrap();
    let error = Simulator::start(config(path)).await.unwrap_err();
    assert!(
        matches!(&error, SimError::Certificate(file) if file.ends_with("server.pem")),
        "{error}"
    );
}
