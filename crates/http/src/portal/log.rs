//! The audit log for people: search, spot checks, extracts.

use crate::endpoints::Endpoint;

pub const ENDPOINTS: &[Endpoint] = &[];
