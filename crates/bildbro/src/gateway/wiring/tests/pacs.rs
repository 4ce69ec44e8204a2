//! What is in the PACS, and PACS that are difficult.

use async_trait::async_trait;
use bildbro_dicom::{identifier::Identifier, phantom::Instance, tag};
use bildbro_dimse::{
    client::Node,
    server::{
        Acceptance, Peer as Caller, Query, Refusal, Server, ServerConfig, Services, StoreRequest,
        StoreSink, StoredObject,
    },
    sop, status,
};
use bildbro_domain::{AeTitle, ClassUid, InstanceUid, Personal, SeriesUid, StudyUid, SyntaxUid};
use bildbro_wire::errand::Find;
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Secondary capture.
const CLASS: &str = "1.2.840.10008.5.1.4.1.1.7";
const ROOT: &str = "1.2.826.0.1.3680043.9";

/// Name, number, date and modality; the same person in four forms, and a name
/// in the ways that PACS keep it.
const STUDIES: [(&str, &str, &str, &str); 5] = [
    ("Öberg^Åsa", "198112189876", "20240101", "CT"),
    ("OBERG^ASA", "19811218-9876", "20240131", "CT"),
    ("ÖBERG^ÅSA MARIA", "811218-9876", "20240201", "MR"),
    ("Andersson-Lind^Anna", "8112189876", "20230615", "CT"),
    ("Svensson^Örjan", "19121212-1212", "20200229", "MR"),
];

/// A study each, of one image.
pub fn studies() -> Vec<Instance> {
    let numbered = STUDIES.iter().zip(1..);
    numbered
        .map(|(study, number)| image(*study, number))
        .collect()
}

fn image((name, id, date, modality): (&str, &str, &str, &str), number: u32) -> Instance {
    let study = format!("{ROOT}.{number}");
    let (series, image) = (format!("{study}.1"), format!("{study}.1.1"));
    let mut data_set = Identifier::new();
    for (tag, value) in [
        (tag::SOP_CLASS_UID, CLASS),
        (tag::SOP_INSTANCE_UID, &image),
        (tag::STUDY_DATE, date),
        (tag::STUDY_TIME, "120000"),
        (tag::ACCESSION_NUMBER, &format!("A-{number}")),
        (tag::MODALITY, modality),
        (tag::STUDY_DESCRIPTION, "Hjärta"),
        (tag::PATIENT_NAME, name),
        (tag::PATIENT_ID, id),
        (tag::PATIENT_SEX, "M"),
        (tag::STUDY_INSTANCE_UID, &study),
        (tag::SERIES_INSTANCE_UID, &series),
    ] {
        data_set.set(tag, value);
    }
    Instance {
        study_uid: StudyUid::new(&study).unwrap(),
        series_uid: SeriesUid::new(&series).unwrap(),
        sop_uid: InstanceUid::new(&image).unwrap(),
        class_uid: ClassUid::new(CLASS).unwrap(),
        syntax: SyntaxUid::new(sop::EXPLICIT_LE).unwrap(),
        data_set: data_set.encode(sop::EXPLICIT_LE),
    }
}

pub fn by_name(name: &str, most: u32) -> Find {
    Find {
        name: Personal::new(name),
        most,
        ..Find::default()
    }
}

/// What is searched for, and which studies are found.
pub fn searches() -> Vec<(&'static str, Find, &'static [&'static str])> {
    let number = |id: &str| Find {
        patient_id: Personal::new(id),
        ..Find::default()
    };
    let name = |name| by_name(name, 0);
    let days = |from: &str, until: &str| Find {
        from: from.to_owned(),
        until: until.to_owned(),
        ..Find::default()
    };
    let with = |modality: &str, find: Find| Find {
        modality: modality.to_owned(),
        ..find
    };
    let hers: &[&str] = &["1", "2", "3", "4"];
    let oberg: &[&str] = &["1", "2", "3"];
    vec![
        ("12 digits", number("198112189876"), hers),
        ("12 with hyphen", number("19811218-9876"), hers),
        ("10 with hyphen", number("811218-9876"), hers),
        ("10 digits", number("8112189876"), hers),
        ("over a hundred", number("121212+1212"), &["5"]),
        ("nobody's", number("198112189877"), &[]),
        ("family name", name("öberg"), oberg),
        ("without diacritics", name("OBERG"), oberg),
        ("given name first", name("åsa Öberg"), oberg),
        ("with a comma", name("oberg, asa"), oberg),
        ("the beginning of it", name("ÖBER"), oberg),
        ("half of a double name", name("anna andersson"), &["4"]),
        ("all of a double name", name("Andersson-Lind"), &["4"]),
        ("a wildcard", name("sven*son"), &["5"]),
        ("not the middle of it", name("berg"), &[]),
        ("a month", days("20240101", "20240131"), &["1", "2"]),
        ("from", days("20240131", ""), &["2", "3"]),
        ("until", days("", "20230615"), &["4", "5"]),
        ("one day", days("20240201", "20240201"), &["3"]),
        ("modality", with("MR", Find::default()), &["3", "5"]),
        ("both", with("mr", name("oberg")), &["3"]),
        ("none of it", with("US", name("oberg")), &[]),
    ]
}

/// Takes any query, and makes trouble of it.
struct Difficult {
    /// Where its C-MOVE goes.
    destination: Option<SocketAddr>,
}

#[async_trait]
impl Services for Difficult {
    fn welcome(&self, _: &Caller) -> Result<(), Refusal> {
        Ok(())
    }
    fn accept(&self, _: &Caller, class: &str, proposed: &[String]) -> Acceptance {
        if class == sop::STUDY_ROOT_GET {
            return Acceptance::RefuseAbstractSyntax;
        }
        Acceptance::Accept(proposed[0].clone())
    }
    async fn store(&self, _: &Caller, _: StoreRequest) -> Result<Box<dyn StoreSink>, u16> {
        Err(status::CANNOT_UNDERSTAND)
    }
    /// Refuses what it need not know; answers with nonsense besides.
    async fn find(&self, _: &Caller, query: Query) -> Result<BoxStream<'static, Bytes>, u16> {
        let asked = Identifier::decode(&query.identifier, &query.syntax);
        let asked = asked.map_err(|_| status::CANNOT_UNDERSTAND)?;
        if asked.get(tag::INSTITUTION_NAME).is_some() {
            return Err(status::DOES_NOT_MATCH);
        }
        let answer = |uid: &str| {
            let mut answer = Identifier::at_level("STUDY");
            answer.set(tag::PATIENT_NAME, "Svensson^Örjan");
            answer.set(tag::STUDY_INSTANCE_UID, uid);
            answer
        };
        let answers = ["", "none", "1.2.5"].map(answer);
        let encoded = answers.map(|answer| Bytes::from(answer.encode(&query.syntax)));
        Ok(stream::iter(encoded).boxed())
    }
    async fn retrieve(&self, _: &Caller, _: Query) -> Result<Vec<StoredObject>, u16> {
        Ok(vec![StoredObject {
            class: ClassUid::new(CLASS).unwrap(),
            sop_uid: InstanceUid::new("1.2.3").unwrap(),
            syntax: SyntaxUid::new(sop::EXPLICIT_LE).unwrap(),
            bytes: stream::pending().boxed(),
        }])
    }
    fn destination(&self, ae_title: &AeTitle) -> Option<Node> {
        self.destination.map(|address| Node {
            ae_title: ae_title.clone(),
            host: address.ip().to_string(),
            port: address.port(),
        })
    }
}

/// A PACS whose C-MOVE begins and never goes on, and that knows no C-GET.
pub async fn stuck(destination: SocketAddr) -> SocketAddr {
    serve(Difficult {
        destination: Some(destination),
    })
    .await
}

/// A PACS that knows required keys only.
pub async fn strict() -> SocketAddr {
    serve(Difficult { destination: None }).await
}

async fn serve(services: Difficult) -> SocketAddr {
    let config = ServerConfig {
        max_associations: 8,
        max_pdu: 16 * 1024,
        idle: Duration::from_secs(60),
        artim: Duration::from_secs(30),
        grace: Duration::ZERO,
        implementation_class: "1.2.3",
        implementation_version: "DIFFICULT",
    };
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = Server::bind(any, config, Arc::new(services)).await.unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(server.serve(CancellationToken::new()));
    address
}
