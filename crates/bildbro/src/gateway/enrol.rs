//! `bildbro gateway enrol`: makes a key pair, and has the hub tie its public
//! half to an organisation by a one-time code. The private half never leaves
//! the data directory.

use super::config::{Config, HubConfig};
use crate::{
    durable::write_private,
    fault::{Fault, While},
};
use bildbro_domain::{GatewayId, OrganisationId};
use bildbro_identity::machine::KeyPair;
use bildbro_wire::link::Enrol;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Who this gateway is, as the hub said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Enrolment {
    pub hub_url: String,
    pub gateway: GatewayId,
    pub organisation: OrganisationId,
    pub organisation_name: String,
}

fn enrolment_file(data_dir: &Path) -> PathBuf {
    data_dir.join("enrolment.json")
}

fn key_file(data_dir: &Path) -> PathBuf {
    data_dir.join("key.pem")
}

/// Reads the enrolment and the key; `None` when the gateway has not enrolled.
///
/// # Errors
/// When either file cannot be read or understood.
pub fn read(data_dir: &Path) -> Result<Option<(Enrolment, KeyPair)>, Fault> {
    let file = enrolment_file(data_dir);
    if !file.is_file() {
        return Ok(None);
    }
    let text = fs::read(&file).doing(format!("reading {}", file.display()))?;
    let enrolment = serde_json::from_slice(&text).doing(format!("reading {}", file.display()))?;
    let file = key_file(data_dir);
    let pem = fs::read_to_string(&file).doing(format!("reading {}", file.display()))?;
    let key = KeyPair::from_pem(&pem).doing(format!("reading {}", file.display()))?;
    Ok(Some((enrolment, key)))
}

/// Enrols this gateway and keeps what came of it.
///
/// # Errors
/// When it has enrolled already, the hub refuses, or a file cannot be written.
pub async fn enrol(
    config: &Config,
    hub: &HubConfig,
    code: &str,
    name: &str,
) -> Result<Enrolment, Fault> {
    let data_dir = &config.data_dir;
    fs::create_dir_all(data_dir).doing(format!("making {}", data_dir.display()))?;
    if let Some((enrolled, _)) = read(data_dir)? {
        return Err(Fault::new(format!(
            "this gateway has enrolled with {} for {}; to enrol anew, move {} away",
            enrolled.hub_url,
            enrolled.organisation_name,
            enrolment_file(data_dir).display()
        )));
    }
    let key = KeyPair::generate().doing("making a key pair")?;
    // The key first: an enrolment whose key is lost would be of no use.
    let pem = key.to_pem();
    write_private(&key_file(data_dir), pem.as_bytes())?;
    let request = Enrol {
        code: code.to_owned(),
        public_key: key.public_pem(),
        gateway_name: name.to_owned(),
    };
    let ca = super::wiring::read_ca(hub)?;
    let enrolled = bildbro_link::enrol(&hub.url, ca.as_deref(), &request)
        .await
        .doing("enrolling with the hub")?;
    let enrolment = Enrolment {
        hub_url: hub.url.clone(),
        gateway: enrolled.gateway,
        organisation: enrolled.organisation,
        organisation_name: enrolled.organisation_name,
    };
    let text = serde_json::to_vec_pretty(&enrolment).doing("writing the enrolment")?;
    write_private(&enrolment_file(data_dir), &text)?;
    Ok(enrolment)
}
