//! Organisations, care units, partners, gateways, test images, held deliveries.

use async_trait::async_trait;

#[async_trait]
pub trait Directory: Send + Sync + 'static {}
