//! Organisations, care units, partners, gateways, test images, held deliveries.

use crate::endpoints::Endpoint;

pub const ENDPOINTS: &[Endpoint] = &[];
