//! Patients' blocks and consents, emergency access, and looking up a patient's studies.

use crate::HubDb;
use async_trait::async_trait;
use bildbro_flow::ports::portal::will::Wills;

#[async_trait]
impl Wills for HubDb {}
