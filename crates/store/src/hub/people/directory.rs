//! Organisations, care units, partners, gateways, test images, held deliveries.

use crate::HubDb;
use async_trait::async_trait;
use bildbro_flow::ports::portal::directory::Directory;

#[async_trait]
impl Directory for HubDb {}
