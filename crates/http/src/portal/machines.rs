//! Machines with an account: keys, scopes, tokens.

use crate::endpoints::Endpoint;

pub const ENDPOINTS: &[Endpoint] = &[];
