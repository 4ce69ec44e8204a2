use super::*;
use bildbro_dicom::{
    Tag,
    identifier::Identifier,
    phantom::{self, Study},
    tag,
};
use bildbro_dimse::client::{
    Association, ClientConfig, ClientError, Offer, StoreHeader, storage_proposals,
};
use std::{collections::BTreeSet, net::Ipv4Addr};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// An archive that serves until it is dropped.
struct Running {
    archive: Archive,
    node: Node,
    directory: TempDir,
    stop: CancellationToken,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn title(text: &str) -> AeTitle {
    AeTitle::new(text).unwrap()
}

async fn start(name: &str) -> Running {
    let directory = tempfile::tempdir().unwrap();
    let archive = Archive::open(directory.path().to_owned(), title(name)).unwrap();
    let server = archive.bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let node = Node {
        ae_title: title(name),
        host: "127.0.0.1".to_owned(),
        port: server.local_addr().unwrap().port(),
    };
    let stop = CancellationToken::new();
    tokio::spawn(server.serve(stop.clone()));
    Running {
        archive,
        node,
        directory,
        stop,
    }
}

fn samples() -> [Study; 2] {
    let plan = |key| {
        let mut all = phantom::catalogue().into_iter();
        all.find(|plan| plan.key == key).unwrap().reduced(16)
    };
    [
        plan("ct-thorax").with_slices(3).study(1),
        plan("mr-hjarna").study(2),
    ]
}

fn fill(archive: &Archive, study: &Study) {
    for instance in study.instances() {
        archive.put(&instance).unwrap();
    }
}

async fn open(node: &Node, offers: &[Offer]) -> Result<Association, ClientError> {
    let config = ClientConfig {
        calling: title("ANYONE"),
        connect: Duration::from_secs(10),
        response: Duration::from_secs(10),
        max_pdu: 16 * 1024,
    };
    Association::open(node, &config, offers).await
}

/// Stores a study; answers the statuses.
async fn send(node: &Node, study: &Study) -> BTreeSet<u16> {
    let first = study.instance(0).unwrap();
    let offers = storage_proposals([(&first.class_uid, &first.syntax)].into_iter());
    let mut association = open(node, &offers).await.unwrap();
    let mut statuses = BTreeSet::new();
    for i in study.instances() {
        let header = StoreHeader::of(&i.class_uid, &i.sop_uid, &i.syntax);
        let bytes = stream::iter([Ok(Bytes::from(i.data_set))]);
        statuses.insert(association.store(&header, bytes).await.unwrap());
    }
    association.release().await;
    statuses
}

fn ask(level: &str, keys: &[(Tag, &str)]) -> Identifier {
    let mut query = Identifier::at_level(level);
    for (tag, value) in keys {
        query.set(*tag, value);
    }
    query
}

async fn find(
    node: &Node,
    model: &str,
    syntax: &str,
    query: &Identifier,
) -> Result<Vec<Identifier>, ClientError> {
    let offers = [Offer::user(model, &[syntax])];
    let mut association = open(node, &offers).await.unwrap();
    let mut found = Vec::new();
    let encode = |syntax: &str| Bytes::from(query.encode(syntax));
    let each = |syntax: &str, bytes: Bytes| {
        found.push(Identifier::decode(&bytes, syntax).unwrap());
        true
    };
    association.find(model, encode, each).await?;
    Ok(found)
}

fn files(running: &Running) -> usize {
    std::fs::read_dir(running.directory.path()).unwrap().count()
}

fn is_no_match<T>(outcome: &Result<T, ClientError>) -> bool {
    matches!(outcome, Err(ClientError::Status(status::DOES_NOT_MATCH)))
}

#[tokio::test]
async fn what_is_stored_is_kept_once_and_there_after_a_restart() {
    let running = start("PACS").await;
    let [ct, mr] = samples();
    for study in [&ct, &ct, &mr] {
        let statuses = send(&running.node, study).await;
        assert_eq!(statuses, BTreeSet::from([status::SUCCESS]));
    }
    let all = ct.len() + mr.len();
    assert_eq!(running.archive.count(&ct.uid()), ct.len());
    assert_eq!(files(&running), all);

    std::fs::write(running.directory.path().join("crash.part"), "half").unwrap();
    let again = Archive::open(running.directory.path().to_owned(), title("PACS")).unwrap();
    assert_eq!(again.studies(), running.archive.studies());
    assert_eq!(again.count(&mr.uid()), mr.len());
    assert_eq!(files(&running), all);
}

#[tokio::test]
async fn an_object_cut_off_or_other_than_announced_leaves_nothing() {
    let running = start("PACS").await;
    let [ct, _] = samples();
    let [one, other] = [0, 1].map(|n| ct.instance(n).unwrap());
    let offers = storage_proposals([(&one.class_uid, &one.syntax)].into_iter());
    let mut association = open(&running.node, &offers).await.unwrap();
    let half = one.data_set[..one.data_set.len() / 2].to_vec();
    for (data_set, expected) in [
        (half, status::CANNOT_UNDERSTAND),
        (other.data_set, status::DOES_NOT_MATCH),
    ] {
        let header = StoreHeader::of(&one.class_uid, &one.sop_uid, &one.syntax);
        let bytes = stream::iter([Ok(Bytes::from(data_set))]);
        let answered = association.store(&header, bytes).await.unwrap();
        assert_eq!(answered, expected);
    }
    association.release().await;
    assert!(running.archive.studies().is_empty());
    assert_eq!(files(&running), 0);
}

#[tokio::test]
async fn studies_are_found() {
    let running = start("PACS").await;
    let [ct, mr] = samples();
    fill(&running.archive, &ct);
    fill(&running.archive, &mr);
    let (uid, accession) = (ct.uid(), ct.accession());
    let keys = [
        (tag::ACCESSION_NUMBER, accession.as_str()),
        (tag::STUDY_INSTANCE_UID, ""),
        (tag::MODALITIES_IN_STUDY, ""),
        (tag::NUMBER_OF_STUDY_RELATED_INSTANCES, ""),
        // Of no attribute of this level: left out of the matching.
        (tag::BODY_PART_EXAMINED, "NOWHERE"),
    ];
    let query = ask("STUDY", &keys);
    for syntax in [sop::IMPLICIT_LE, sop::EXPLICIT_LE] {
        let found = find(&running.node, sop::STUDY_ROOT_FIND, syntax, &query).await;
        let found = found.unwrap();
        assert_eq!(found.len(), 1);
        let get = |tag| found[0].get(tag);
        assert_eq!(get(tag::STUDY_INSTANCE_UID), Some(uid.as_str()));
        assert_eq!(get(tag::MODALITIES_IN_STUDY), Some("CT"));
        assert_eq!(get(tag::NUMBER_OF_STUDY_RELATED_INSTANCES), Some("3"));
        assert_eq!(get(tag::RETRIEVE_AE_TITLE), Some("PACS"));
    }
}

#[tokio::test]
async fn patients_series_and_images_are_found() {
    let running = start("PACS").await;
    let [ct, mr] = samples();
    fill(&running.archive, &ct);
    fill(&running.archive, &mr);
    let ask_for =
        async |model, query: &Identifier| find(&running.node, model, sop::EXPLICIT_LE, query).await;
    let uid = ct.uid();
    let study = (tag::STUDY_INSTANCE_UID, uid.as_str());
    let count = (tag::NUMBER_OF_SERIES_RELATED_INSTANCES, "");

    let series = ask("SERIES", &[study, (tag::MODALITY, "C*"), count]);
    let found = ask_for(sop::STUDY_ROOT_FIND, &series).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].get(count.0), Some("3"));

    let images = ask("IMAGE", &[study, (tag::SOP_CLASS_UID, "")]);
    let found = ask_for(sop::PATIENT_ROOT_FIND, &images).await.unwrap();
    let class = ct.instance(0).unwrap().class_uid;
    assert_eq!(found.len(), ct.len());
    assert_eq!(found[0].get(tag::SOP_CLASS_UID), Some(class.as_str()));

    let patients = ask("PATIENT", &[(tag::PATIENT_ID, "")]);
    let found = ask_for(sop::PATIENT_ROOT_FIND, &patients).await.unwrap();
    let ids: BTreeSet<_> = found.iter().map(|p| p.get(tag::PATIENT_ID)).collect();
    assert_eq!((found.len(), ids.len()), (2, 2));
    // Study root has no such level (PS3.4 C.6.2.1).
    assert!(is_no_match(&ask_for(sop::STUDY_ROOT_FIND, &patients).await));
}

#[tokio::test]
async fn a_study_is_moved_to_a_node_that_is_known() {
    let [from, to] = [start("FROM").await, start("TO").await];
    let [ct, mr] = samples();
    fill(&from.archive, &ct);
    fill(&from.archive, &mr);
    let uid = ct.uid();
    let query = ask("STUDY", &[(tag::STUDY_INSTANCE_UID, uid.as_str())]);
    let everything = ask("STUDY", &[(tag::STUDY_INSTANCE_UID, "")]);
    let model = sop::STUDY_ROOT_MOVE;
    let offers = [Offer::user(model, &[sop::IMPLICIT_LE])];
    let mut association = open(&from.node, &offers).await.unwrap();
    let mut go = async |query: &Identifier| {
        let encode = |syntax: &str| Bytes::from(query.encode(syntax));
        let patience = Duration::from_secs(10);
        let there = &to.node.ae_title;
        association
            .move_to(model, there, encode, patience, |_| {})
            .await
    };
    let unknown = ClientError::Status(status::MOVE_DESTINATION_UNKNOWN).to_string();
    assert_eq!(go(&query).await.unwrap_err().to_string(), unknown);
    from.archive.know(to.node.clone());
    let moved = go(&query).await.unwrap();
    assert_eq!((usize::from(moved.completed), moved.failed), (ct.len(), 0));
    assert_eq!(to.archive.studies(), [uid]);
    assert!(is_no_match(&go(&everything).await));

    // Byte for byte what it was.
    let first = ct.instance(0).unwrap();
    let name = bildbro_domain::Digest::of(first.sop_uid.as_str().as_bytes());
    let file = std::fs::read(to.directory.path().join(format!("{name}.dcm"))).unwrap();
    assert!(file == first.file());
}

#[tokio::test]
async fn a_series_is_got_on_the_same_association() {
    let running = start("PACS").await;
    let [ct, _] = samples();
    fill(&running.archive, &ct);
    let first = ct.instance(0).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let own = Archive::open(directory.path().to_owned(), title("OWN")).unwrap();
    let offers = [
        Offer::user(sop::STUDY_ROOT_GET, &[sop::EXPLICIT_LE]),
        Offer {
            as_provider: true,
            ..Offer::user(first.class_uid.as_str(), &[first.syntax.as_str()])
        },
    ];
    let mut association = open(&running.node, &offers).await.unwrap();
    let query = ask(
        "SERIES",
        &[(tag::SERIES_INSTANCE_UID, first.series_uid.as_str())],
    );
    let encode = |syntax: &str| Bytes::from(query.encode(syntax));
    let got = association
        .get(
            sop::STUDY_ROOT_GET,
            encode,
            |request| own.begin(request),
            |_| {},
        )
        .await;
    assert_eq!(usize::from(got.unwrap().completed), ct.len());
    assert_eq!(own.count(&ct.uid()), ct.len());
}

#[tokio::test]
async fn only_its_own_title_is_answered_to() {
    let running = start("PACS").await;
    let offers = [Offer::user(sop::VERIFICATION, &[sop::IMPLICIT_LE])];
    let mut association = open(&running.node, &offers).await.unwrap();
    association.echo().await.unwrap();
    association.release().await;
    let other = Node {
        ae_title: title("ANOTHER"),
        ..running.node.clone()
    };
    let refused = open(&other, &offers).await.err();
    assert!(matches!(refused, Some(ClientError::Rejected(_))));
}
