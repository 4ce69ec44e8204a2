//! One's own account: second factors, sessions, password.

use crate::endpoints::Endpoint;

pub const ENDPOINTS: &[Endpoint] = &[];
