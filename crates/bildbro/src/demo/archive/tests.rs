use super::*;
use bildbro_dicom::{identifier::Identifier, phantom, tag};
use bildbro_dimse::client::{Association, ClientConfig, Offer, StoreHeader, storage_proposals};
use std::net::Ipv4Addr;
use tokio_util::sync::CancellationToken;

const NATIVE: [&str; 2] = [sop::EXPLICIT_LE, sop::IMPLICIT_LE];

async fn start(dir: &Path, title: &str) -> (Archive, Node) {
    let ae_title = AeTitle::new(title).unwrap();
    let archive = Archive::open(dir.join(title), ae_title.clone()).unwrap();
    let server = archive.bind((Ipv4Addr::LOCALHOST, 0).into()).await.unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(server.serve(CancellationToken::new()));
    let node = Node {
        ae_title,
        host: address.ip().to_string(),
        port: address.port(),
    };
    (archive, node)
}

fn client() -> ClientConfig {
    ClientConfig {
        calling: AeTitle::new("TEST").unwrap(),
        connect: Duration::from_secs(5),
        response: Duration::from_secs(10),
        max_pdu: 16_384,
    }
}

fn study_query(uid: &str) -> impl Fn(&str) -> Bytes {
    move |syntax| {
        let mut query = Identifier::at_level("STUDY");
        query.set(tag::STUDY_INSTANCE_UID, uid);
        query.set(tag::PATIENT_NAME, "");
        query.set(tag::NUMBER_OF_STUDY_RELATED_INSTANCES, "");
        Bytes::from(query.encode(syntax))
    }
}

#[tokio::test]
async fn a_study_is_stored_found_moved_and_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (first, node) = start(dir.path(), "FIRST").await;
    let (second, other) = start(dir.path(), "SECOND").await;
    first.know(other);

    let plan = phantom::catalogue()
        .into_iter()
        .find(|p| p.key == "mr-hjarna");
    let study = plan.unwrap().reduced(16).study(7);
    let instances: Vec<_> = study.instances().collect();
    let kinds = instances.iter().map(|i| (&i.class_uid, &i.syntax));
    let mut storing = Association::open(&node, &client(), &storage_proposals(kinds))
        .await
        .unwrap();
    for instance in &instances {
        let header = StoreHeader::of(&instance.class_uid, &instance.sop_uid, &instance.syntax);
        let bytes = futures::stream::iter([Ok(Bytes::from(instance.data_set.clone()))]);
        assert_eq!(storing.store(&header, bytes).await.unwrap(), 0);
    }
    storing.release().await;

    let offers = [
        Offer::user(sop::STUDY_ROOT_FIND, &NATIVE),
        Offer::user(sop::STUDY_ROOT_MOVE, &NATIVE),
    ];
    let mut asking = Association::open(&node, &client(), &offers).await.unwrap();
    let mut found = Vec::new();
    let uid = study.uid().to_string();
    asking
        .find(sop::STUDY_ROOT_FIND, study_query(&uid), |syntax, answer| {
            found.push(Identifier::decode(&answer, syntax).unwrap());
            true
        })
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    let count = instances.len().to_string();
    assert_eq!(
        found[0].get(tag::NUMBER_OF_STUDY_RELATED_INSTANCES),
        Some(count.as_str())
    );
    assert!(
        found[0]
            .get(tag::PATIENT_NAME)
            .is_some_and(|n| n.contains('Ö'))
    );

    let to = AeTitle::new("SECOND").unwrap();
    let patience = Duration::from_secs(10);
    let moved = asking
        .move_to(
            sop::STUDY_ROOT_MOVE,
            &to,
            study_query(&uid),
            patience,
            |_| {},
        )
        .await
        .unwrap();
    assert_eq!(usize::from(moved.completed), instances.len());
    assert_eq!(second.objects().len(), instances.len());

    let again = Archive::open(dir.path().join("SECOND"), to).unwrap();
    assert_eq!(again.objects().len(), instances.len());
}
