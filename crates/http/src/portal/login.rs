//! Log-in: password and second factor, identity providers, BankID.

use crate::endpoints::Endpoint;

pub const ENDPOINTS: &[Endpoint] = &[];
