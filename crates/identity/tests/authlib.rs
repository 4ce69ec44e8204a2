//! Assertions of a real client: Authlib's `private_key_jwt`.

#![expect(clippy::unwrap_used, reason = "a test")]

use bildbro_domain::MachineId;
use bildbro_identity::machine::{PublicKey, verify_machine};
use jiff::Timestamp;
use std::{
    env,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use uuid::Uuid;

const AUDIENCE: &str = "https://hub.example/oauth/token";

fn made(machine: MachineId) -> Vec<serde_json::Value> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = env::var_os("BILDBRO_PYTHON")
        .map_or_else(|| here.join("../../.venv/bin/python"), PathBuf::from);
    let mut client = Command::new(&python)
        .arg(here.join("tests/authlib_client.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; run `make setup`", python.display()));
    let asked = serde_json::json!({"machine": machine, "audience": AUDIENCE});
    let mut stdin = client.stdin.take().unwrap();
    stdin.write_all(asked.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = client.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "Authlib is not there; run `make setup`"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_client_of_others_making_logs_in_with_each_algorithm() {
    let machine = MachineId(Uuid::from_u128(9));
    let made = made(machine);
    let algorithms: Vec<&str> = made.iter().filter_map(|one| one["alg"].as_str()).collect();
    assert_eq!(algorithms, ["RS384", "ES384", "ES256"]);
    for one in &made {
        let keys = PublicKey::read(&one["jwks"].to_string()).unwrap();
        let jwt = one["assertion"].as_str().unwrap();
        let verified = verify_machine(
            jwt,
            |issuer| if issuer == machine { keys } else { Vec::new() },
            AUDIENCE,
            Timestamp::now(),
        );
        let verified = verified.unwrap_or_else(|error| panic!("{}: {error}", one["alg"]));
        assert_eq!(verified.machine, machine);
        assert!(verified.kid.is_some());
    }
}
