//! What nobody should send, and peers that hang or break off. Each gets a
//! clear answer, and afterwards the gateway still takes a good image.

mod data;
mod enrolment;
mod line;
mod peers;

use bildbro_dimse::client::{Association, ClientConfig, ClientError, Node, Offer, StoreHeader};
use bildbro_domain::AeTitle;
use bildbro_testkit::{Gateway, Peer};
use bildbro_tests::{gateway_options, slices};
use bytes::Bytes;
use futures::stream;
use std::time::Duration;

const GATEWAY: &str = "BILDBRO";
const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const EXPLICIT_LE: &str = "1.2.840.10008.1.2.1";

/// A gateway that takes images from anyone, and has no hub.
async fn gateway() -> Gateway {
    Gateway::start(gateway_options(GATEWAY, vec![])).await
}

async fn associate(to: &Peer, offers: &[Offer]) -> Result<Association, ClientError> {
    let node = Node {
        ae_title: AeTitle::new(&to.ae_title).expect("a good AE title"),
        host: to.address.ip().to_string(),
        port: to.address.port(),
    };
    let config = ClientConfig {
        calling: AeTitle::new("TEST").expect("a good AE title"),
        connect: Duration::from_secs(5),
        response: Duration::from_secs(10),
        max_pdu: 16 * 1024,
    };
    Association::open(&node, &config, offers).await
}

/// Stores these bytes under this SOP Instance UID; gives the DIMSE status.
async fn store(to: &Peer, sop_uid: &str, bytes: &[u8]) -> Result<u16, ClientError> {
    let mut association = associate(to, &[Offer::user(CT, &[EXPLICIT_LE])]).await?;
    let header = StoreHeader {
        class: CT.to_owned(),
        sop_uid: sop_uid.to_owned(),
        syntax: EXPLICIT_LE.to_owned(),
        originator: None,
    };
    let bytes = stream::iter([Ok(Bytes::copy_from_slice(bytes))]);
    let status = association.store(&header, bytes).await?;
    association.release().await;
    Ok(status)
}

/// The gateway is as good as before.
async fn takes_a_good_image(gateway: &Gateway) {
    let image = slices(99, 1).remove(0);
    let status = store(&gateway.peer(), image.sop_uid.as_str(), &image.data_set).await;
    assert_eq!(status.ok(), Some(0), "a good image is not taken any more");
}
