//! Two hospitals on a hub, as most tests need them: Halland sends, Skåne
//! receives.

use bildbro_testkit::{Gateway, GatewayOptions, Hub, HubOptions, Node, Peer, dcmtk, eventually};
use serde_json::Value;

/// AE titles that stand for the organisations.
pub const HALLAND: &str = "BB_HALLAND";
pub const SKANE: &str = "BB_SKANE";

/// A hub with a gateway at each of two organisations.
#[derive(Debug)]
pub struct Exchange {
    pub hub: Hub,
    pub halland: Gateway,
    pub skane: Gateway,
}

/// A gateway with these nodes, open to all callers and quick to call a study
/// complete.
pub fn gateway_options(ae_title: &str, nodes: Vec<Node>) -> GatewayOptions {
    GatewayOptions {
        ae_title: ae_title.to_owned(),
        nodes,
        ..GatewayOptions::default()
    }
}

impl Exchange {
    /// With these PACS at each hospital.
    ///
    /// # Panics
    /// When a part does not start.
    pub async fn start(halland: Vec<Node>, skane: Vec<Node>) -> Self {
        Self::start_with(
            gateway_options("GW_HALLAND", halland),
            gateway_options("GW_SKANE", skane),
        )
        .await
    }

    /// With these gateways.
    ///
    /// # Panics
    /// When a part does not start.
    pub async fn start_with(halland: GatewayOptions, skane: GatewayOptions) -> Self {
        let hub = Hub::start(HubOptions::default()).await;
        Self::start_on(hub, None, halland, skane).await
    }

    /// On a hub that runs; Skåne's gateway calls the other hub, if there is
    /// one. Returns when each gateway answers to the other's organisation.
    ///
    /// # Panics
    /// When a part does not start.
    pub async fn start_on(
        hub: Hub,
        other: Option<&Hub>,
        halland: GatewayOptions,
        skane: GatewayOptions,
    ) -> Self {
        hub.add_organisation("Region Halland", HALLAND).await;
        hub.add_organisation("Region Skåne", SKANE).await;
        let at = other.unwrap_or(&hub);
        let exchange = Self {
            halland: Gateway::start_enrolled(&hub, "Region Halland", halland).await,
            skane: Gateway::start_enrolled(at, "Region Skåne", skane).await,
            hub,
        };
        answers(&exchange.to_skane()).await;
        answers(&exchange.to_halland()).await;
        exchange
    }

    /// Where Halland's PACS sends what Skåne is to have.
    pub fn to_skane(&self) -> Peer {
        self.halland.peer_as(SKANE)
    }

    /// Where Skåne's PACS sends what Halland is to have.
    pub fn to_halland(&self) -> Peer {
        self.skane.peer_as(HALLAND)
    }

    /// `/overview.json` of the hub.
    ///
    /// # Panics
    /// When the hub does not answer.
    pub async fn overview(&self) -> Value {
        self.hub.operations().get_json("/overview.json").await
    }

    /// All deliveries, newest first, once `are` says so.
    ///
    /// # Panics
    /// When it never does; shows them.
    pub async fn deliveries_when(&self, what: &str, are: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        eventually(what, async || {
            let overview = self.overview().await;
            let deliveries = overview["deliveries"].as_array()?.clone();
            are(&deliveries).then_some(deliveries)
        })
        .await
    }

    /// Waits for the one delivery there is to have these many images, all
    /// delivered, and gives it.
    ///
    /// # Panics
    /// When it does not come to that.
    pub async fn delivered(&self, images: u64) -> Value {
        let what = format!("one delivery of {images} images");
        let deliveries = self.deliveries_when(&what, |deliveries| {
            deliveries.len() == 1
                && deliveries[0]["state"] == "delivered"
                && deliveries[0]["complete"] == true
                && deliveries[0]["images"] == images
        });
        deliveries.await.remove(0)
    }
}

/// Waits until the peer takes an association under that AE title.
async fn answers(peer: &Peer) {
    let what = format!("an answer from {}", peer.ae_title);
    eventually(&what, async || {
        let echo = dcmtk::echoscu("TEST", peer).await;
        echo.success.then_some(())
    })
    .await;
}
