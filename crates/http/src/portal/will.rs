//! Patients' blocks and consents, emergency access, and looking up a patient's studies.

use crate::endpoints::Endpoint;

pub const ENDPOINTS: &[Endpoint] = &[];
