//! Members, roles, approvals.

use crate::endpoints::Endpoint;

pub const ENDPOINTS: &[Endpoint] = &[];
