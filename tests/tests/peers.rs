//! The kit itself: are its peers really there, and do they exchange images
//! without Bildbro? When these fail, the other tests of this package say
//! nothing.

use bildbro_testkit::{Folder, Orthanc, OrthancOptions, dcmtk, eventually, samples};
use std::fs;

const CT: &str = "CT_small.dcm";
const CT_UID: &str = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322";

#[tokio::test]
async fn one_orthanc_sends_to_another() {
    let (mut a, b) = tokio::join!(
        Orthanc::start(OrthancOptions::new("PACS_A")),
        Orthanc::start(OrthancOptions::new("PACS_B"))
    );
    let original = fs::read(samples::pydicom_file(CT)).unwrap();
    let instance = a.upload(original.clone()).await;
    assert_eq!(
        a.file(&instance).await,
        original,
        "Orthanc keeps bytes as uploaded"
    );

    // What one learns while it runs, it has forgotten when it comes back.
    a.start_again().await;
    assert!(
        a.store(&b.peer(), std::slice::from_ref(&instance))
            .await
            .is_err()
    );
    a.know(&b.peer()).await;
    a.store(&b.peer(), &a.studies().await).await.unwrap();

    let arrived = b.instances_when(1).await;
    assert_eq!(arrived.keys().collect::<Vec<_>>(), [CT_UID]);
    let folder = Folder::new("compare-");
    let sent = folder.write("sent.dcm", original);
    let received = folder.write("received.dcm", b.file(&arrived[CT_UID]).await);
    assert_eq!(data_set(&sent).await, data_set(&received).await);
}

#[tokio::test]
async fn storescu_sends_to_storescp_and_orthanc() {
    let (storescp, orthanc) = tokio::join!(
        dcmtk::Storescp::start("STORESCP", &[]),
        Orthanc::start(OrthancOptions::default())
    );
    let file = samples::pydicom_file(CT);
    for peer in [storescp.peer(), orthanc.peer()] {
        dcmtk::echoscu("TEST", &peer).await.expect_success();
        dcmtk::storescu("TEST", &peer, &[], std::slice::from_ref(&file))
            .await
            .expect_success();
    }
    let received = eventually("a file at storescp", async || storescp.files().pop()).await;
    assert_eq!(data_set(&file).await, data_set(&received).await);
    assert!(orthanc.instances().await.contains_key(CT_UID));
}

#[tokio::test]
async fn dcmqrscp_finds_gets_and_moves() {
    let storescp = dcmtk::Storescp::start("STORESCP", &[]).await;
    let archive = dcmtk::Dcmqrscp::start("QRSCP", &[storescp.peer()]).await;
    let peer = archive.peer();
    dcmtk::storescu("TEST", &peer, &[], &[samples::pydicom_file(CT)])
        .await
        .expect_success();
    assert_eq!(archive.files().len(), 1);

    let found = dcmtk::findscu(
        "TEST",
        &peer,
        &[
            "QueryRetrieveLevel=STUDY",
            "PatientID=1CT1",
            "StudyInstanceUID",
        ],
    );
    let found = found.await.expect_success();
    let study = found
        .lines()
        .find(|line| line.contains("(0020,000d)") && line.contains('['))
        .and_then(|line| line.split(['[', ']']).nth(1))
        .unwrap_or_else(|| panic!("no study in: {found}"))
        // PS3.5 9.1: a UID of odd length is padded with NUL.
        .trim_end_matches('\0')
        .to_owned();
    let study = format!("StudyInstanceUID={study}");
    let keys = ["QueryRetrieveLevel=STUDY", study.as_str()];

    let folder = Folder::new("getscu-");
    dcmtk::getscu("TEST", &peer, folder.path(), &keys)
        .await
        .expect_success();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    dcmtk::movescu("TEST", &peer, "STORESCP", &keys)
        .await
        .expect_success();
    assert_eq!(storescp.files().len(), 1);
}

#[test]
fn pydicom_has_files_of_many_kinds() {
    let files = samples::pydicom_files();
    assert!(files.len() > 50, "{}", files.len());
}

/// The data set as text, without what belongs to the file around it: the file
/// meta group, and the group's own marks.
async fn data_set(file: &std::path::Path) -> Vec<String> {
    let dump = dcmtk::dcmdump(file).await.expect_success();
    let elements = dump
        .lines()
        .filter(|line| line.starts_with('(') && !line.starts_with("(0002,"));
    // Peers may write group lengths, padding and VR of unknown elements anew.
    elements
        .filter(|line| !line.contains(",0000)") && !line.starts_with("(fffc,fffc)"))
        .map(str::to_owned)
        .collect()
}
