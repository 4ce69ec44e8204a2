//! Orthanc as a hospital's PACS.

use crate::{
    Folder, Peer,
    dcmtk::NO_DELAY,
    http::Http,
    process::{Process, answers, free_port, program},
    wait::eventually,
};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::Command,
};

/// How to set one up.
#[derive(Debug, Clone)]
pub struct OrthancOptions {
    pub ae_title: String,
    /// Whom it may send to, move to, and take queries from, by AE title.
    /// [`Orthanc::know`] adds more while it runs.
    pub peers: Vec<Peer>,
    /// Whether it syncs each file to the disk, as it does in hospitals. Off in
    /// tests, where only what was received counts.
    pub sync: bool,
    /// Further keys of Orthanc's configuration, over those set here.
    pub settings: Map<String, Value>,
}

impl Default for OrthancOptions {
    fn default() -> Self {
        Self::new("ORTHANC")
    }
}

impl OrthancOptions {
    pub fn new(ae_title: &str) -> Self {
        Self {
            ae_title: ae_title.to_owned(),
            peers: Vec::new(),
            sync: false,
            settings: Map::new(),
        }
    }

    fn configuration(&self, folder: &Folder, ports: &Ports) -> Value {
        let peers: Map<String, Value> = self
            .peers
            .iter()
            .map(|peer| (peer.ae_title.clone(), modality(peer)))
            .collect();
        let mut configuration = json!({
            "Name": self.ae_title,
            "StorageDirectory": folder.sub("storage"),
            "IndexDirectory": folder.sub("storage"),
            "StorageCompression": false,
            "SyncStorageArea": self.sync,
            "OverwriteInstances": true,
            "HttpPort": ports.http,
            "RemoteAccessAllowed": false,
            "AuthenticationEnabled": false,
            "DicomAet": self.ae_title,
            "DicomPort": ports.dicom,
            "DicomCheckCalledAet": false,
            "DicomCheckModalityHost": false,
            "DicomAlwaysAllowEcho": true,
            "DicomAlwaysAllowStore": true,
            "DicomAlwaysAllowFind": true,
            "DicomAlwaysAllowGet": true,
            "DicomAlwaysAllowMove": true,
            "UnknownSopClassAccepted": true,
            "AcceptedTransferSyntaxes": ["1.2.840.10008.1.*"],
            "DicomModalities": peers,
            "SynchronousCMove": true,
            "StableAge": 1,
            "SaveJobs": false,
            "Plugins": [],
        });
        if let Value::Object(configuration) = &mut configuration {
            configuration.extend(self.settings.clone());
        }
        configuration
    }
}

fn modality(peer: &Peer) -> Value {
    json!({
        "AET": peer.ae_title,
        "Host": peer.address.ip().to_string(),
        "Port": peer.address.port(),
        "Manufacturer": "Generic",
        "AllowEcho": true,
        "AllowFind": true,
        "AllowGet": true,
        "AllowMove": true,
        "AllowStore": true,
        "AllowTranscoding": true,
        "Timeout": 30,
    })
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    dicom: u16,
    http: u16,
}

impl Ports {
    fn free() -> Self {
        Self {
            dicom: free_port(),
            http: free_port(),
        }
    }

    /// The DICOM port opens after the other.
    async fn ready(self) -> Option<()> {
        let system = self.rest().ask(Method::GET, "/system", Vec::new()).await;
        let ready = system.is_some_and(|(status, _)| status.is_success()) && answers(self.dicom);
        ready.then_some(())
    }

    fn rest(self) -> Http {
        Http::new(format!("http://127.0.0.1:{}", self.http))
    }
}

/// A running Orthanc with an archive of its own.
#[derive(Debug)]
pub struct Orthanc {
    options: OrthancOptions,
    ports: Ports,
    process: Process,
    /// Its REST interface, for what has no method here.
    pub rest: Http,
    folder: Folder,
}

impl Orthanc {
    /// Starts one; returns when it takes both HTTP and associations.
    ///
    /// # Panics
    /// When it is not installed or does not start.
    pub async fn start(options: OrthancOptions) -> Self {
        let folder = Folder::new("orthanc-");
        let (process, ports) = launch(&options, &folder, None).await;
        Self {
            options,
            ports,
            process,
            rest: ports.rest(),
            folder,
        }
    }

    /// Its DICOM side.
    pub fn peer(&self) -> Peer {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.dicom));
        Peer::new(&self.options.ae_title, address)
    }

    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Where its files and index are.
    pub fn storage(&self) -> PathBuf {
        self.folder.sub("storage")
    }

    /// The PACS goes down.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// The PACS comes back, with the same archive, address and peers of its
    /// options (those of [`Orthanc::know`] must be told again).
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start_again(&mut self) {
        self.process.kill();
        (self.process, _) = launch(&self.options, &self.folder, Some(self.ports)).await;
    }

    /// Lets it send to `peer`, and take its queries.
    ///
    /// # Panics
    /// When the request fails.
    pub async fn know(&self, peer: &Peer) {
        let path = format!("/modalities/{}", peer.ae_title);
        self.rest
            .send(Method::PUT, &path, modality(peer).to_string())
            .await;
    }

    /// Adds a Part 10 file; gives Orthanc's identifier of the instance.
    ///
    /// # Panics
    /// When Orthanc refuses it.
    pub async fn upload(&self, file: Vec<u8>) -> String {
        let body = self.rest.send(Method::POST, "/instances", file).await;
        let answer: Value = serde_json::from_slice(&body).expect("Orthanc answers JSON");
        text(&answer["ID"])
    }

    /// Sends what the identifiers stand for (instances, series or studies) to
    /// a peer it knows, by C-STORE; returns when it has, or with why not.
    ///
    /// # Errors
    /// Orthanc's own description.
    pub async fn store(&self, to: &Peer, resources: &[String]) -> Result<(), String> {
        let path = format!("/modalities/{}/store", to.ae_title);
        let body = json!({ "Resources": resources, "Synchronous": true });
        match self
            .rest
            .ask(Method::POST, &path, body.to_string().into_bytes())
            .await
        {
            Some((status, _)) if status.is_success() => Ok(()),
            Some((_, body)) => Err(String::from_utf8_lossy(&body).into_owned()),
            None => Err("Orthanc does not answer".to_owned()),
        }
    }

    /// Orthanc's identifiers of all studies.
    pub async fn studies(&self) -> Vec<String> {
        texts(&self.rest.get_json("/studies").await)
    }

    /// SOP Instance UID → Orthanc's identifier, of all instances.
    pub async fn instances(&self) -> BTreeMap<String, String> {
        let instances = self.rest.get_json("/instances?expand").await;
        let each = instances.as_array().into_iter().flatten();
        each.map(|instance| {
            (
                text(&instance["MainDicomTags"]["SOPInstanceUID"]),
                text(&instance["ID"]),
            )
        })
        .collect()
    }

    /// The Part 10 file of an instance.
    pub async fn file(&self, instance: &str) -> Vec<u8> {
        self.rest.get(&format!("/instances/{instance}/file")).await
    }

    /// Waits until it holds `count` instances or more, and lists them.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn instances_when(&self, count: usize) -> BTreeMap<String, String> {
        let what = format!("{count} instances in {}", self.options.ae_title);
        eventually(&what, async || {
            let instances = self.instances().await;
            (instances.len() >= count).then_some(instances)
        })
        .await
    }

    /// Removes a study.
    ///
    /// # Panics
    /// When the request fails.
    pub async fn delete_study(&self, study: &str) {
        self.rest
            .send(Method::DELETE, &format!("/studies/{study}"), Vec::new())
            .await;
    }
}

/// With `ports` when it must come back where it was.
async fn launch(
    options: &OrthancOptions,
    folder: &Folder,
    ports: Option<Ports>,
) -> (Process, Ports) {
    let orthanc = program("Orthanc", "orthanc");
    let (process, ports, ()) = Process::start(
        &options.ae_title,
        &folder.path().join("log"),
        || {
            let ports = ports.unwrap_or_else(Ports::free);
            let configuration = options.configuration(folder, &ports).to_string();
            let file = folder.write("orthanc.json", configuration);
            let mut command = Command::new(&orthanc);
            // It is built on DCMTK.
            command.env(NO_DELAY.0, NO_DELAY.1);
            command.arg(file).current_dir(folder.path());
            (command, ports)
        },
        async |ports| ports.ready().await,
    )
    .await;
    (process, ports)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}
