//! Who receives: the gateway, and what it is measured against.

use bildbro_testkit::{
    Folder, Gateway, GatewayOptions, Hub, HubOptions, Orthanc, OrthancOptions, Peer, Process,
    dcmtk::Storescp, free_port, root,
};
use std::{
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    Gateway,
    DcmtkStorescp,
    DicomRsStorescp,
    Orthanc,
}

/// A receiver that takes associations; stops on drop.
pub enum Running {
    Gateway(Box<Gateway>),
    DcmtkStorescp(Storescp),
    DicomRsStorescp {
        process: Process,
        peer: Peer,
        _folder: Folder,
    },
    Orthanc(Box<Orthanc>),
}

impl Receiver {
    pub const ALL: [Self; 4] = [
        Self::Gateway,
        Self::DcmtkStorescp,
        Self::DicomRsStorescp,
        Self::Orthanc,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "bildbro gateway",
            Self::DcmtkStorescp => "DCMTK storescp",
            Self::DicomRsStorescp => "dicom-rs storescp",
            Self::Orthanc => "Orthanc (SQLite)",
        }
    }

    pub fn is_installed(self) -> bool {
        match self {
            Self::Gateway => true,
            Self::DcmtkStorescp => Path::new("/usr/bin/storescp").is_file(),
            Self::DicomRsStorescp => dicom_rs_storescp().is_file(),
            Self::Orthanc => Path::new("/usr/sbin/Orthanc").is_file(),
        }
    }

    pub async fn start(self) -> Running {
        match self {
            Self::Gateway => Running::Gateway(Box::new(start_gateway().await)),
            Self::DcmtkStorescp => {
                Running::DcmtkStorescp(Storescp::start("STORESCP", &["--fork"]).await)
            }
            Self::DicomRsStorescp => start_dicom_rs().await,
            Self::Orthanc => {
                let options = OrthancOptions {
                    sync: true,
                    ..OrthancOptions::default()
                };
                Running::Orthanc(Box::new(Orthanc::start(options).await))
            }
        }
    }
}

impl Running {
    pub fn peer(&self) -> Peer {
        match self {
            Self::Gateway(gateway) => gateway.peer(),
            Self::DcmtkStorescp(storescp) => storescp.peer(),
            Self::DicomRsStorescp { peer, .. } => peer.clone(),
            Self::Orthanc(orthanc) => orthanc.peer(),
        }
    }

    pub fn process_id(&self) -> u32 {
        match self {
            Self::Gateway(gateway) => gateway.process().map_or(0, Process::id),
            Self::DcmtkStorescp(storescp) => storescp.process().id(),
            Self::DicomRsStorescp { process, .. } => process.id(),
            Self::Orthanc(orthanc) => orthanc.process().id(),
        }
    }
}

/// As in a hospital whose line to the hub is down: an enrolled gateway keeps
/// all and can send nothing on. Its limits are the defaults.
async fn start_gateway() -> Gateway {
    let hub = Hub::start(HubOptions::default()).await;
    hub.add_organisation("Bench", "BB_BENCH").await;
    let options = GatewayOptions {
        settings: String::new(),
        ..GatewayOptions::default()
    };
    // The hub ends here, with its folder.
    Gateway::start_enrolled(&hub, "Bench", options).await
}

/// Where `make bench` installs it.
fn dicom_rs_storescp() -> PathBuf {
    root().join(".work/tools/bin/dicom-storescp")
}

async fn start_dicom_rs() -> Running {
    let folder = Folder::new("dicom-rs-");
    let received = folder.sub("received");
    let (process, port, ()) = Process::start(
        "dicom-rs storescp",
        &folder.path().join("log"),
        || {
            let port = free_port();
            let mut command = Command::new(dicom_rs_storescp());
            // Without --non-blocking it takes one association after another.
            command
                .args([
                    "--non-blocking",
                    "--promiscuous",
                    "--max-pdu-length",
                    "131072",
                    "-o",
                ])
                .arg(&received);
            command.args(["-p", &port.to_string()]);
            (command, port)
        },
        async |&port| TcpStream::connect(("127.0.0.1", port)).ok().map(drop),
    )
    .await;
    Running::DicomRsStorescp {
        process,
        peer: Peer::local("STORE-SCP", port),
        _folder: folder,
    }
}
