//! Gateways, and the image that shows that the way works.

use bildbro_domain::{
    GatewayId,
    share::{DeliveryState, Failure},
};
use bildbro_wire::link::NodeStatus;
use jiff::{SignedDuration, Timestamp};

use crate::ports::hub::Item;

/// A gateway says hello every few seconds; after this it is not live.
const LIVE: SignedDuration = SignedDuration::from_secs(90);

/// A gateway as its organisation sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayState {
    pub id: GatewayId,
    pub name: String,
    pub version: String,
    /// False: revoked.
    pub active: bool,
    pub created: Timestamp,
    pub last_seen: Option<Timestamp>,
    pub waiting_images: u64,
    pub waiting_bytes: u64,
    /// When the hub last took an image in from the gateway's organisation.
    pub last_image_at: Option<Timestamp>,
    pub nodes: Vec<NodeStatus>,
}

impl GatewayState {
    /// Whether it has said something just now.
    #[must_use]
    pub fn is_live(&self, at: Timestamp) -> bool {
        let seen = |seen: Timestamp| at.duration_since(seen) < LIVE;
        self.active && self.last_seen.is_some_and(seen)
    }
}

/// A test image of which the bytes are safe.
#[derive(Debug, Clone)]
pub struct TestImage {
    pub item: Item,
    /// When its bytes were safe.
    pub at_hub: Timestamp,
}

/// How far a test image has come. Each time is `None` until it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestProgress {
    pub state: DeliveryState,
    pub made: Timestamp,
    pub at_hub: Timestamp,
    /// Policy said yes, and it was given to a gateway.
    pub allowed: Option<Timestamp>,
    pub in_pacs: Option<Timestamp>,
    /// The gateway that took it on; an organisation may have several.
    pub gateway: Option<GatewayId>,
    pub failure: Option<Failure>,
    /// The last change of all.
    pub updated: Timestamp,
}
